# Interval arithmetic, for the proofs in verify/.
HARNESS_LIBS += -lmpfi
