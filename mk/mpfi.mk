# Interval arithmetic, for the proofs in verify/.
PEER_LIBS += -lmpfi
