/**
 * @file sweep.h
 * The two-tier exhaustive engine: every float32 input of a function against its truth.
 */
#ifndef ASSAY_VERIFY_SWEEP_H
#define ASSAY_VERIFY_SWEEP_H

#include "assay/verify.h"

enum { SWEEP_SHARDS = 256 }; /* by the top 8 bits of the input's bit pattern: 2^24 inputs each */

/**
 * Sweeps shard @p shard of SWEEP_SHARDS at the CPU level in force, with all threads; fills everything in @p out except
 * the three names. The result does not depend on the number of threads.
 */
assay_status sweep_shard(const verify_sweep *sweep, unsigned shard, assay_sweep_shard *out);

/** Joins parts into totals: counts added, worst case kept (the smallest input if several), hash of the hashes in order. */
void sweep_join(assay_sweep_shard *total, const assay_sweep_shard *part);

#endif
