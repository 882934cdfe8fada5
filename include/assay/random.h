/**
 * @file random.h
 * Counter-based random numbers (Philox4x64-10 of Salmon et al., SC 2011, by way of Random123).
 *
 * A number is addressed by (seed, stream, index) and computed from that alone, so that the same numbers come out
 * whatever the number of threads, shards or ranks, and any element can be had without those before it. Use one stream
 * for one purpose. All functions are pure.
 */
#ifndef ASSAY_RANDOM_H
#define ASSAY_RANDOM_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** One sequence of random numbers. */
typedef struct assay_random {
    uint64_t seed;   /**< the run's seed */
    uint64_t stream; /**< the purpose within the run */
} assay_random;

/** 64 random bits. */
uint64_t assay_random_bits(assay_random r, uint64_t index);

/** out[j] = assay_random_bits(r, 4 block + j): one computation gives four. */
void assay_random_block(assay_random r, uint64_t block, uint64_t out[4]);

/** Uniform in [0, 1), a multiple of 2^-53. */
double assay_random_uniform(assay_random r, uint64_t index);

/** Uniform in [0, 1), a multiple of 2^-24. */
float assay_random_uniform_f32(assay_random r, uint64_t index);

/** Standard normal (Box and Muller; indices 2k and 2k+1 share one pair of uniforms). */
double assay_random_normal(assay_random r, uint64_t index);

/** Standard normal, rounded to float. */
float assay_random_normal_f32(assay_random r, uint64_t index);

/** Uniform integer in [0, bound) without bias (Lemire's multiplication with rejection). @p bound 0 means all 64 bits.
 */
uint64_t assay_random_integer(assay_random r, uint64_t index, uint64_t bound);

/** out[i] = lo + (hi - lo) * uniform(first + i), i < n. Needs finite lo <= hi. */
assay_status assay_random_fill_uniform(assay_random r, uint64_t first, double lo, double hi, double *out, size_t n);

/** The same for float. */
assay_status assay_random_fill_uniform_f32(assay_random r, uint64_t first, float lo, float hi, float *out, size_t n);

/** out[i] = mean + deviation * normal(first + i), i < n. Needs finite mean and finite deviation >= 0. */
assay_status assay_random_fill_normal(assay_random r, uint64_t first, double mean, double deviation, double *out,
                                      size_t n);

/** The same for float. */
assay_status assay_random_fill_normal_f32(assay_random r, uint64_t first, float mean, float deviation, float *out,
                                          size_t n);

/** A uniformly random permutation of 0..n-1 (Fisher and Yates). */
assay_status assay_random_permutation(assay_random r, size_t *out, size_t n);

ASSAY_END_DECLARATIONS

#endif
