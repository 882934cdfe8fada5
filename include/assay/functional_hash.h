/**
 * @file functional_hash.h
 * Functional hashing: keys of what a candidate computes, and the cache that shares evaluations between equal keys.
 *
 * R. Gillard et al., Unified Functional Hashing in Automatic Machine Learning, arXiv:2302.05433.
 *
 * A search over graphs, programs or expressions wastes most of its evaluations on candidates that compute what an
 * earlier one does. Here a candidate is run on few canonical inputs, the low bits of its outputs are dropped and the
 * rest is mixed into a key; candidates with equal keys share one cached evaluation. The key sees outputs only, so that
 * it serves every representation. The representations that come with the library are in functional_hash_domains.h, the
 * evolution that uses the cache in functional_hash_search.h.
 *
 * Keys and all that is computed from them are the same bits at every CPU level and with any number of threads, unless a
 * function says otherwise. Outputs are untouched when a call fails.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_H
#define ASSAY_FUNCTIONAL_HASH_H

#include "assay/random.h"

#include <stdbool.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Keys ----------------------------------------------------------------------------------------------------- */

/** What a candidate computes, in 128 bits. Two words of 0 are the key of none: a candidate whose outputs are not
 *  finite. */
typedef struct functional_hash_key {
    uint64_t word[2]; /**< the two lanes of the mixing */
} functional_hash_key;

/** How outputs become a key. */
typedef struct functional_hash_options {
    unsigned bits; /**< mantissa bits that are kept, 1 to 52: the others are dropped (truncated, not rounded) */
    double floor;  /**< |v| below this counts as 0; finite, at least 0. 0 is the paper's form */
    bool sentinel; /**< NaN and infinities count as one and the same fixed pattern instead of making the key none */
} functional_hash_options;

/** 24 bits, as the paper's code; no floor, no sentinel. */
functional_hash_options functional_hash_default(void);

/** Seed of canonical inputs, and of everything else that must be the same in every search. */
#define FUNCTIONAL_HASH_CANONICAL_SEED UINT64_C(123)

/** ASSAY_OUT_OF_RANGE, naming the member, unless the options are as their comments demand. */
assay_status functional_hash_check_options(const functional_hash_options *options);

/** False for the key of none. */
bool functional_hash_is_hashable(functional_hash_key key);

/** True if both words are equal. */
bool functional_hash_equal(functional_hash_key a, functional_hash_key b);

/**
 * Mixes n values (1 to 2^32) into a key, in their order.
 *
 * -0 counts as +0. With u the bits of a value without its lowest 52 - bits ones, each of two lanes is updated by
 * h = s(h xor (u + C + (h << 6) + (h >> 2))), C being 0x9E3779B97F4A7C15 or 0xC2B2AE3D27D4EB4F, s the finalizer of
 * SplitMix64, and h = n or ~n at the start. A NaN or infinity gives the key of none, unless options->sentinel. Values
 * that differ by one unit in the last place may lie on different sides of a step and so have different keys: a merge
 * that is missed, never a wrong one.
 */
assay_status functional_hash_mix(const double *values, size_t n, const functional_hash_options *options,
                                 functional_hash_key *key);

/** The keys of @p count rows of n values (row-major, count x n), several rows at once. The same keys as of
 *  functional_hash_mix(), and NONE for rows that have none. count 0 does nothing. */
assay_status functional_hash_mix_rows(const double *values, size_t count, size_t n,
                                      const functional_hash_options *options, functional_hash_key *keys);

/** The key of n whole words (1 to 2^32), e.g. of a serialised structure: mixed in the same way, nothing dropped. */
assay_status functional_hash_mix_words(const uint64_t *words, size_t n, functional_hash_key *key);

/** The key of a function and of something else that must be equal, too, e.g. a number of operations. That of none stays
 *  what it is. */
functional_hash_key functional_hash_salt(functional_hash_key key, uint64_t salt);

/** A candidate that can be run: reads canonical inputs, writes @p n outputs. */
typedef assay_status functional_hash_program(void *self, const double *inputs, double *outputs, size_t n);

/** Runs a candidate on @p inputs and mixes its @p n outputs (1 to 2^20). What the run returns, if it is not ASSAY_OK,
 *  is passed on. */
assay_status functional_hash_run(functional_hash_program *run, void *self, const double *inputs, size_t n,
                                 const functional_hash_options *options, functional_hash_key *key);

/** Writes @p n canonical inputs: standard normal numbers of FUNCTIONAL_HASH_CANONICAL_SEED and @p stream, the same
 *  always. Streams below 2^32 are for users; the library's own are above. */
assay_status functional_hash_canonical_inputs(uint64_t stream, double *inputs, size_t n);

/* ---- The cache of functions ----------------------------------------------------------------------------------- */

/** What an entry keeps of several evaluations. */
typedef enum functional_hash_aggregate {
    FUNCTIONAL_HASH_MEAN, /**< the running mean of each output, the new evaluation included: for noisy measurements */
    FUNCTIONAL_HASH_BEST, /**< all outputs of the evaluation whose first output is largest (the earlier one if equal):
                           *   when an evaluation is itself an optimisation */
    FUNCTIONAL_HASH_LAST  /**< those of the last evaluation */
} functional_hash_aggregate;

/** The configuration of a cache. */
typedef struct functional_hash_cache_config {
    size_t capacity;                     /**< entries that there is room for at first, 1 to 2^32; it grows */
    size_t outputs;                      /**< numbers that an evaluation gives, 1 to 4096 */
    uint32_t max_evaluations;            /**< evaluations of one key before it is only looked up; at least 1 */
    double remove_probability;           /**< an entry is removed with this probability after a hit; 0 to 1 */
    functional_hash_aggregate aggregate; /**< what is kept of several evaluations */
    uint64_t seed;                       /**< of the removals, which have a stream of their own */
    bool audit;                          /**< a second key is kept with each entry, and compared */
} functional_hash_cache_config;

/** What became of a lookup. */
typedef enum functional_hash_lookup {
    FUNCTIONAL_HASH_MISS,    /**< the key was new: evaluated */
    FUNCTIONAL_HASH_PARTIAL, /**< known, but with fewer than max_evaluations evaluations: evaluated again */
    FUNCTIONAL_HASH_HIT,     /**< not evaluated */
    FUNCTIONAL_HASH_UNCACHED /**< the key of none: evaluated, and nothing kept */
} functional_hash_lookup;

/** What has happened since the cache was created; saving and loading do not interrupt the count. */
typedef struct functional_hash_cache_counts {
    uint64_t lookups;      /**< the sum of the next four */
    uint64_t misses;       /**< FUNCTIONAL_HASH_MISS */
    uint64_t partial_hits; /**< FUNCTIONAL_HASH_PARTIAL */
    uint64_t hits;         /**< FUNCTIONAL_HASH_HIT */
    uint64_t uncached;     /**< FUNCTIONAL_HASH_UNCACHED */
    uint64_t removed;      /**< entries removed after a hit */
    uint64_t size;         /**< entries now */
    uint64_t false_merges; /**< lookups of a known key whose audit key was another one than the entry's */
} functional_hash_cache_counts;

/** A cache. */
typedef struct functional_hash_cache functional_hash_cache;

/** Makes an empty cache. ASSAY_OUT_OF_RANGE, naming the member, for a configuration that its comments forbid. */
assay_status functional_hash_cache_create(const functional_hash_cache_config *config, functional_hash_cache **cache);

/** Ends a cache; null is fine. */
void functional_hash_cache_destroy(functional_hash_cache *cache);

/** Evaluates candidate @p i of a call (0 for functional_hash_cache_get()): writes the configured number of outputs. May
 *  be called by several threads at once. */
typedef assay_status functional_hash_evaluation(void *self, size_t i, double *outputs);

/**
 * Looks a key up and evaluates if need be (section 3 of the paper's code). A miss or a partial hit evaluates, adds the
 * result to the entry and gives the entry's outputs, this evaluation included; a hit gives the entry's outputs, and
 * then removes the entry with the configured probability. @p audit is a second key of the same candidate, needed (and
 * used) only if the cache audits. @p lookup may be null. If the evaluation fails, its status is passed on, the
 * outputs are undefined and the lookup does not count.
 *
 * Any number of threads may call this at once. A thread whose key is being evaluated by as many others as allowed waits
 * for them, so that no key is ever evaluated more than max_evaluations times. Which thread comes first is then a matter
 * of chance; functional_hash_cache_get_all() is not.
 */
assay_status functional_hash_cache_get(functional_hash_cache *cache, functional_hash_key key,
                                       const functional_hash_key *audit, functional_hash_evaluation *evaluate,
                                       void *self, double *outputs, functional_hash_lookup *lookup);

/**
 * Looks @p n keys up as if one after the other, but evaluates on all threads: the same outputs (n x outputs,
 * row-major), lookups, entries and counts for any number of threads. @p audits (n keys) and @p lookups may be null as
 * above. If an evaluation fails, the status of the first such one (by index) is given, the outputs are undefined, and
 * of the keys that were to be evaluated those that succeeded are kept.
 */
assay_status functional_hash_cache_get_all(functional_hash_cache *cache, const functional_hash_key *keys,
                                           const functional_hash_key *audits, size_t n,
                                           functional_hash_evaluation *evaluate, void *self, double *outputs,
                                           functional_hash_lookup *lookups);

/** functional_hash_cache_get_all() by one thread, one key after the other; the same in every bit. */
assay_status functional_hash_reference_cache_get_all(functional_hash_cache *cache, const functional_hash_key *keys,
                                                     const functional_hash_key *audits, size_t n,
                                                     functional_hash_evaluation *evaluate, void *self, double *outputs,
                                                     functional_hash_lookup *lookups);

/**
 * The first half of a lookup, for those who evaluate in their own time: counts it, and for a miss or partial hit claims
 * one evaluation of the key, which functional_hash_cache_enter() must supply or functional_hash_cache_abandon() give
 * up. Nothing is removed. A hit may be on a key whose claimed evaluations are still to come. In the same thread do not
 * mix with functional_hash_cache_get() while claims are open: it may wait for them.
 */
assay_status functional_hash_cache_claim(functional_hash_cache *cache, functional_hash_key key,
                                         const functional_hash_key *audit, functional_hash_lookup *lookup);

/** The second half: adds an evaluation to a claimed key. ASSAY_MISMATCH if there is no open claim on it. */
assay_status functional_hash_cache_enter(functional_hash_cache *cache, functional_hash_key key, const double *outputs);

/** Gives a claim up. ASSAY_MISMATCH if there is no open one. */
assay_status functional_hash_cache_abandon(functional_hash_cache *cache, functional_hash_key key);

/** Reads an entry, uncounted: *evaluations is how many went into it (0: unknown key or none yet, outputs untouched).
 *  @p outputs may be null. */
assay_status functional_hash_cache_peek(const functional_hash_cache *cache, functional_hash_key key, double *outputs,
                                        uint32_t *evaluations);

/** Reads @p n entries (outputs: n x outputs, row-major; rows of unknown keys are untouched), many in flight at once.
 *  @p outputs may be null. */
assay_status functional_hash_cache_peek_all(const functional_hash_cache *cache, const functional_hash_key *keys,
                                            size_t n, double *outputs, uint32_t *evaluations);

/** functional_hash_cache_peek_all(), one after the other. */
assay_status functional_hash_reference_cache_peek_all(const functional_hash_cache *cache,
                                                      const functional_hash_key *keys, size_t n, double *outputs,
                                                      uint32_t *evaluations);

/** What has happened so far. */
assay_status functional_hash_cache_count(const functional_hash_cache *cache, functional_hash_cache_counts *counts);

/** Writes the whole state to a file: into a temporary one beside it, which then takes its name. ASSAY_MISMATCH if
 *  claims are open. */
assay_status functional_hash_cache_save(const functional_hash_cache *cache, const char *path);

/** Goes on from a file, bit for bit. ASSAY_BAD_DATA for one that is truncated, changed or of another version,
 *  ASSAY_MISMATCH for one of another configuration (the capacity excepted). */
assay_status functional_hash_cache_load(const functional_hash_cache_config *config, const char *path,
                                        functional_hash_cache **cache);

/** The same state as bytes for a file of one's own; release them with assay_release(). Open claims are part of it. */
assay_status functional_hash_cache_pack(const functional_hash_cache *cache, unsigned char **bytes, size_t *count);

/** Makes a cache of packed bytes; errors as for functional_hash_cache_load(). */
assay_status functional_hash_cache_unpack(const functional_hash_cache_config *config, const unsigned char *bytes,
                                          size_t count, functional_hash_cache **cache);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** functional_hash_mix() plainly, one value after the other; the same bits. */
assay_status functional_hash_reference_mix(const double *values, size_t n, const functional_hash_options *options,
                                           functional_hash_key *key);

/** functional_hash_mix_rows() plainly, one row after the other; the same bits. */
assay_status functional_hash_reference_mix_rows(const double *values, size_t count, size_t n,
                                                const functional_hash_options *options, functional_hash_key *keys);

ASSAY_END_DECLARATIONS

#endif
