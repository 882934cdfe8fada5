/**
 * @file sweep.h
 * The two-tier exhaustive engine: every float32 input of a function against its truth.
 *
 * What comes out is what MPFR alone would give, to the last count and bit, only sooner: the fast tier decides the
 * inputs whose answer its proven error bound cannot change. Results depend neither on the number of threads nor on the
 * CPU level (but through the outputs of the function that is swept).
 */
#ifndef ASSAY_VERIFY_SWEEP_H
#define ASSAY_VERIFY_SWEEP_H

#include "assay/verify.h"
#include "verify/oracle.h"

enum {
    SWEEP_SHARDS = 256,     /**< by the top 8 bits of the input's bit pattern: 2^24 inputs each */
    SWEEP_BLOCK = 1 << 16,  /**< inputs handled at once, and hashed together */
    SWEEP_BLOCKS = 1 << 16, /**< all of them */
    SWEEP_BINS = 64,        /**< of the histogram */
    SWEEP_BINS_PER_ULP = 32
};

/**
 * Sweeps shard @p shard of SWEEP_SHARDS at the CPU level in force, with all threads; fills everything in @p out except
 * the three names. An input counts as over the limit unless its error is below it. The hash is FNV-1a over the hashes
 * of the 256 blocks, each that of sweep_hash(). If the function fails, so does the sweep, and @p out is untouched.
 */
assay_status sweep_shard(const verify_sweep *sweep, unsigned shard, assay_sweep_shard *out);

/** The same for @p count blocks from @p first on: the inputs with bit patterns from first * SWEEP_BLOCK. */
assay_status sweep_blocks(const verify_sweep *sweep, unsigned first, unsigned count, assay_sweep_shard *out);

/**
 * Judges outputs that are there already: adds @p n inputs, in increasing order of their bit patterns, to @p out, which
 * sweep_clear() has made. The hash is left alone.
 */
assay_status sweep_judge(const oracle_function *truth, double limit_ulp, const float *x, const float *y, size_t n,
                         assay_sweep_shard *out);

/** Makes @p out the result of no inputs; names are left alone. */
void sweep_clear(assay_sweep_shard *out);

/**
 * Joins a part into a total: counts and seconds added, worst case kept (the smallest input if several).
 *
 * A total is marked by shards = 1. Both arguments may be a part or a total; a @p total without inputs is replaced. The
 * total's hash is the sum, modulo 2^64, of FNV-1a over (shard, hash) of its parts, so that any order and grouping of
 * the same parts gives the same total.
 */
void sweep_join(assay_sweep_shard *total, const assay_sweep_shard *part);

/** 64-bit FNV-1a, taking 32-bit words instead of bytes, in 8 lanes: word i goes to lane i mod 8, and the hash is FNV-1a
 *  over the lanes' hashes. All NaNs count as the same one. */
uint64_t sweep_hash(const float *y, size_t n);

/** FNV-1a that takes 64-bit words instead of bytes: goes on from @p hash, which is SWEEP_HASH_BASIS at the start. */
uint64_t sweep_hash_words(uint64_t hash, const uint64_t *words, size_t n);

#define SWEEP_HASH_BASIS 0xcbf29ce484222325

#endif
