/*
 * What the optimized files of functional hashing share: the kernels of each instruction set.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_KERNELS_H
#define ASSAY_FUNCTIONAL_HASH_KERNELS_H

#include "reference/arithmetic/functional_hash_parts.h"

enum { FUNCTIONAL_HASH_ROWS = 8 }; /* whose keys are made side by side */

/* One row, the two lanes of its key and nothing else side by side: bound by latency. */
functional_hash_key functional_hash_mix_row(const double *values, size_t n, const functional_hash_masks *masks);

/* The keys of FUNCTIONAL_HASH_ROWS rows of n values each. */
typedef void functional_hash_mix_kernel(const double *values, size_t n, const functional_hash_masks *masks,
                                        functional_hash_key *keys);
functional_hash_mix_kernel functional_hash_mix_rows_baseline, functional_hash_mix_rows_avx2,
    functional_hash_mix_rows_avx512;

#endif
