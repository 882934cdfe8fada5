# Optional libraries. MPI=0 builds without Open MPI.
# CHOLMOD is truth and peer of the sparse solvers.
PEER_LIBS += -lcholmod
ifeq ($(MPI),1)
verify_mpi_flags := -DASSAY_HAVE_MPI=1 $(shell pkg-config --cflags ompi-c)
HARNESS_LIBS += $(shell pkg-config --libs ompi-c)
else
verify_mpi_flags := -DASSAY_HAVE_MPI=0
endif
C_FLAGS   += $(verify_mpi_flags)
CXX_FLAGS += $(verify_mpi_flags)
# Network simplex: truth and peer of optimal transport.
PEER_LIBS += -llemon
# Nearest-neighbour graphs: peers.
PEER_LIBS += -lfaiss
# Equality of graphs: truth; hashes: peers.
PEER_LIBS += -lnauty -lxxhash -lcrypto
# Random numbers: peer of the samplers.
PEER_LIBS += -lgsl
