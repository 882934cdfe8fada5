/**
 * @file hamming_distance.h
 * Hamming distances between a pattern and every substring of a text: exact, bounded by k, and approximate.
 *
 * T. M. Chan, C. Jin, V. Vassilevska Williams, Y. Xu, Faster Algorithms for Text-to-Pattern Hamming Distances, FOCS
 * 2023, arXiv:2310.13174.
 *
 * For a text T of n symbols and a pattern P of m <= n symbols, distance[i] = #{ j < m : T[i + j] != P[j] } for every
 * shift i in 0..n-m. With M[d] = #{ (x, y) : T[x] = P[y], x - y = d }, the number of matches at difference d, that is
 * m - M[i].
 *
 * Symbols are uint8_t or uint16_t, as @p symbol_bytes (1 or 2) says, aligned as such. Limits: 1 <= m <= n <=
 * HAMMING_DISTANCE_LENGTH_MAX. Outputs must not overlap inputs and are untouched when a call is refused (null,
 * misaligned and overlapping pointers, symbol_bytes, methods and estimators that do not exist, a modulus that is no
 * prime: ASSAY_INVALID_ARGUMENT; other numbers out of their range: ASSAY_OUT_OF_RANGE). After ASSAY_NO_MEMORY they hold
 * nothing of meaning.
 *
 * Exact and bounded distances do not depend on seed, method, options, CPU level or number of threads. Approximate
 * ones depend on seed, epsilon, repetitions and estimator alone. At the reference level and with one thread a call may
 * take O(n m). Counters do not depend on the number of threads, but on the level: the optimized code counts what it
 * does, the reference what the plain algorithm does.
 */
#ifndef ASSAY_HAMMING_DISTANCE_H
#define ASSAY_HAMMING_DISTANCE_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** Longest text: 2^31 - 1 symbols. */
#define HAMMING_DISTANCE_LENGTH_MAX ((size_t)INT32_MAX)

/** How exact distances are computed. All methods give the same numbers. */
typedef enum hamming_distance_method {
    HAMMING_DISTANCE_AUTO,       /**< the one that a cost model of this library expects to be fastest */
    HAMMING_DISTANCE_DIRECT,     /**< two loops, O(n m): the definition */
    HAMMING_DISTANCE_SIMD,       /**< symbols compared in vectors, one pattern symbol against many shifts; O(n m) */
    HAMMING_DISTANCE_DNA2,       /**< symbols 0 to 3 as two bit planes, mismatches by counting bits; O(n m / word) */
    HAMMING_DISTANCE_SLICED,     /**< a bit plane for each symbol, counters in bit slices; O(n m / word + n symbols) */
    HAMMING_DISTANCE_FFT_ALL,    /**< Fischer and Paterson: a correlation for each symbol; O(symbols n log m) */
    HAMMING_DISTANCE_ABRAHAMSON, /**< rare symbols by pairs, frequent ones by FFT_ALL; O(n sqrt(m log m)) */
    HAMMING_DISTANCE_LASVEGAS,   /**< transforms modulo a small prime, repaired by hashing: a certain answer in random
                                  *   time; O(n sqrt m) in the paper */
    HAMMING_DISTANCE_METHODS     /**< how many there are */
} hamming_distance_method;

/** The name of a method, e.g. "fft all"; null if it is none. */
const char *hamming_distance_method_name(hamming_distance_method method);

/** What a call did. Every call adds to the numbers. */
typedef struct hamming_distance_counters {
    uint64_t pairs;               /**< matching pairs added one by one */
    uint64_t transforms;          /**< of floating-point numbers */
    uint64_t butterflies;         /**< of those: N/2 log2 N for N real numbers, a word for each number */
    uint64_t filter_butterflies;  /**< those spent by the filter of bounded distances; not in @c butterflies */
    uint64_t modular_transforms;  /**< of 16-bit residues */
    uint64_t modular_butterflies; /**< of those; four 16-bit residues fit in a 64-bit word */
    uint64_t modular_products;    /**< products of residues between transforms */
    uint64_t groups;              /**< groups of symbols whose matches were counted modulo a prime */
    uint64_t repaired_groups;     /**< of them, those whose counts could exceed the modulus */
    uint64_t attempts;            /**< pairs of hash primes drawn for these: at least one each */
    uint64_t fallbacks;           /**< groups given up after 8 attempts and done by floating-point transforms */
    uint64_t overflowed;          /**< differences whose count was at least the modulus, all of them repaired */
    uint64_t candidates;          /**< shifts that the filter of bounded distances kept */
    uint64_t verified;            /**< of them, those compared directly */
    uint64_t periodic_blocks;     /**< blocks of text done by their period */
    uint64_t events;              /**< places where a text or pattern differs from itself one period before */
    uint64_t float64_blocks;      /**< blocks of text done again in float64 because float32 was not certain */
} hamming_distance_counters;

/** Pairs, transforms and products in 64-bit words: a pair, a butterfly of real numbers, or four residues. */
double hamming_distance_word_operations(const hamming_distance_counters *counters);

/** What may be set; zeroed (or a null pointer) it means the defaults. */
typedef struct hamming_distance_options {
    uint64_t seed;      /**< of hash primes, of the filter's signs, and of approximate distances */
    size_t block;       /**< FFT_ALL, ABRAHAMSON: length of transforms, a power of two from m to 2^30; 0: chosen */
    size_t threshold;   /**< ABRAHAMSON: symbols with at most so many places in the pattern count as rare; 0:
                         *   ceil(sqrt(m log2 max(m, 2))) */
    uint32_t modulus;   /**< LASVEGAS: a prime from 2 to 65521; 0: 12289 = 3 * 2^12 + 1 */
    bool group_by_mass; /**< LASVEGAS: groups limited by the number of their pairs alone, so that more of them need
                         *   repair; false: also by what the modulus can hold, so that few do */
    size_t filters;     /**< bounded: random signs tried by the filter, 1 to 64; 0: 6 */
    bool by_period;     /**< bounded: text that nearly repeats itself always goes through filter and events, as the
                         *   algorithm is written down; false: exact distances by AUTO where they cost less */
    hamming_distance_counters *counters; /**< added to; null: nothing is counted */
} hamming_distance_options;

/* ---- Distances ------------------------------------------------------------------------------------------------ */

/** out[i] = distance[i], i <= n - m. HAMMING_DISTANCE_DNA2 refuses symbols above 3 with ASSAY_OUT_OF_RANGE. */
assay_status hamming_distance_exact(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                    hamming_distance_method method, const hamming_distance_options *options,
                                    int32_t *out);

/** out[i] = min(distance[i], k + 1), i <= n - m, for 0 <= k <= m. O(n + n k / sqrt m) in the paper, up to logarithms.
 */
assay_status hamming_distance_bounded(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      size_t k, const hamming_distance_options *options, int32_t *out);

/** How repetitions of an approximation are put together. */
typedef enum hamming_distance_estimator {
    HAMMING_DISTANCE_MAX_LOWER,       /**< the largest: never more than the distance */
    HAMMING_DISTANCE_MEDIAN_CORRECTED /**< the median times K / (K - 1), at most m: on either side of the distance. With
                                       *   K > 65,536 the median */
} hamming_distance_estimator;

/**
 * Kopelowitz and Porat 2018: with K = ceil(2 / epsilon) classes, each of @p repetitions (at least 1, usually 8) gives
 * every symbol s the class hamming_distance_class(seed, repetition, s, K) at random and computes the exact distances
 * of the classes by FFT_ALL. None exceeds the distance, and the expected loss of each is distance / K. 0 < epsilon
 * <= 1. O(repetitions n log m / epsilon); where HAMMING_DISTANCE_AUTO picks a word-parallel method, exact distances
 * cost less.
 */
assay_status hamming_distance_approximate(const void *text, size_t n, const void *pattern, size_t m,
                                          size_t symbol_bytes, double epsilon, size_t repetitions,
                                          hamming_distance_estimator estimator, const hamming_distance_options *options,
                                          double *out);

/** Number of classes for @p epsilon in (0, 1]: ceil(2 / epsilon), at most 2^32; 0 for any other. */
uint64_t hamming_distance_classes(double epsilon);

/** Class of a symbol, 0 to classes - 1, by assay_random_integer() with stream 2^32 + repetition and index symbol. With
 *  more than 65,536 classes every symbol is one of its own (and the distances of the classes are exact). */
uint64_t hamming_distance_class(uint64_t seed, size_t repetition, uint16_t symbol, uint64_t classes);

/** Karloff 1993: with K = 2, twice the mean of ceil(4 / epsilon^2) repetitions. Unbiased, error epsilon with constant
 *  probability. epsilon from 2^-10 to 1. */
assay_status hamming_distance_karloff(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      double epsilon, const hamming_distance_options *options, double *out);

/** The equality product C[i][j] = #{ t < b : A[i][t] = B[t][j] } of A (rows x inner) and B (inner x columns), C being
 *  rows x columns, all row-major. Sizes from 1; inner < 2^24. C must not overlap A or B. */
assay_status hamming_distance_equality_product(const uint16_t *a, size_t rows, const uint16_t *b, size_t columns,
                                               size_t inner, int32_t *c);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** hamming_distance_exact() as its algorithms are written down; SIMD, DNA2, SLICED and AUTO are two loops here. */
assay_status hamming_distance_reference_exact(const void *text, size_t n, const void *pattern, size_t m,
                                              size_t symbol_bytes, hamming_distance_method method,
                                              const hamming_distance_options *options, int32_t *out);

/** hamming_distance_bounded() as its algorithm is written down. */
assay_status hamming_distance_reference_bounded(const void *text, size_t n, const void *pattern, size_t m,
                                                size_t symbol_bytes, size_t k, const hamming_distance_options *options,
                                                int32_t *out);

/** hamming_distance_approximate() as its algorithm is written down. */
assay_status hamming_distance_reference_approximate(const void *text, size_t n, const void *pattern, size_t m,
                                                    size_t symbol_bytes, double epsilon, size_t repetitions,
                                                    hamming_distance_estimator estimator,
                                                    const hamming_distance_options *options, double *out);

/** hamming_distance_karloff() as its algorithm is written down. */
assay_status hamming_distance_reference_karloff(const void *text, size_t n, const void *pattern, size_t m,
                                                size_t symbol_bytes, double epsilon,
                                                const hamming_distance_options *options, double *out);

/** hamming_distance_equality_product() by three loops. */
assay_status hamming_distance_reference_equality_product(const uint16_t *a, size_t rows, const uint16_t *b,
                                                         size_t columns, size_t inner, int32_t *c);

ASSAY_END_DECLARATIONS

#endif
