/**
 * @file ranks.h
 * Checks under mpirun: every rank runs its share of the items and of the parts of sweeps, rank 0 gathers one result.
 */
#ifndef ASSAY_VERIFY_RANKS_H
#define ASSAY_VERIFY_RANKS_H

#include "assay/verify.h"

/** True if this process was started by Open MPI's mpirun; then says which of how many it is. */
bool ranks_launched(unsigned *rank, unsigned *ranks);

/**
 * verify_run() for all ranks together; every rank must call it with the same options. Only rank 0's sink is used: it is
 * asked what is already there, and it gets all records. The summary and the status are the same on every rank. A signal
 * to any rank stops all. ASSAY_UNSUPPORTED if this build is without MPI.
 */
assay_status ranks_verify(const verify_options *options, const verify_sink *sink, verify_summary *summary);

#endif
