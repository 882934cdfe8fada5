/* What the files of hamming_distance share: checks, ranks of symbols, places of symbols, transforms, the repair. */
#ifndef ASSAY_HAMMING_DISTANCE_PARTS_H
#define ASSAY_HAMMING_DISTANCE_PARTS_H

#include "assay/hamming_distance.h"

/* The text and pattern of a call, as it got them. */
typedef struct hamming_distance_input {
    const void *text, *pattern;
    size_t n, m, symbol_bytes;
} hamming_distance_input;

/* ---- hamming_distance_arguments.c ---- */

/* Options with the defaults filled in; counters always point to something. */
typedef struct hamming_distance_settings {
    uint64_t seed;
    size_t block, threshold, filters;
    uint32_t modulus;
    bool group_by_mass, by_period;
    hamming_distance_counters *counters, ignored;
} hamming_distance_settings;

/* The first symbol above 3, or below 0 if there is none. */
ptrdiff_t hamming_distance_first_above_3(const void *string, size_t length, size_t symbol_bytes);

/* Checks what all functions have in common; @p out has n - m + 1 elements of @p out_size bytes. */
assay_status hamming_distance_check(const hamming_distance_input *input, const hamming_distance_options *options,
                                    const void *out, size_t out_size);
assay_status hamming_distance_check_method(const hamming_distance_input *input, hamming_distance_method method);
assay_status hamming_distance_check_bound(const hamming_distance_input *input, size_t k);
assay_status hamming_distance_check_estimate(double epsilon, size_t repetitions, hamming_distance_estimator estimator);
assay_status hamming_distance_check_karloff(double epsilon);
assay_status hamming_distance_check_product(const uint16_t *a, size_t rows, const uint16_t *b, size_t columns,
                                            size_t inner, const int32_t *c);

/* Fills *settings for a pattern of m symbols. settings->counters may point into *settings: do not copy it. */
void hamming_distance_settle(const hamming_distance_options *options, size_t m, hamming_distance_settings *settings);

bool hamming_distance_is_prime(uint64_t q);

/* The sign of a symbol in one of the filter's tries: +1 or -1. */
int hamming_distance_sign(uint64_t seed, size_t filter, uint16_t symbol);

/* ---- hamming_distance_strings.c ---- */

/* Text and pattern with the symbols of the pattern numbered in ascending order; all other symbols of the text have the
 * number @c symbols. */
typedef struct hamming_distance_strings {
    size_t n, m, symbols;
    uint16_t *text, *pattern;
} hamming_distance_strings;

assay_status hamming_distance_make_strings(const hamming_distance_input *input, hamming_distance_strings *strings);
void hamming_distance_release_strings(hamming_distance_strings *strings);

/* Where each symbol stands: places start[s] to start[s + 1] - 1 are those of symbol s, in ascending order of position.
 */
typedef struct hamming_distance_places {
    size_t symbols, length;
    uint32_t *start, *position;
    int8_t *weight; /* null: all 1 */
} hamming_distance_places;

/* Symbols of @p symbols and above are left out. */
assay_status hamming_distance_find_places(const uint16_t *string, size_t length, size_t symbols,
                                          hamming_distance_places *places);
void hamming_distance_release_places(hamming_distance_places *places);

static inline size_t hamming_distance_count(const hamming_distance_places *places, size_t symbol)
{
    return places->start[symbol + 1] - places->start[symbol];
}

/* ---- hamming_distance_transform.c ---- */

size_t hamming_distance_power_of_two(size_t least); /* the smallest one that is at least that */

/* counts[v] += sum of the products of weights of all pairs (x, y) of places of one of the symbols, in text and pattern,
 * with (x mod p - y mod p) = v modulo N; p = 0 takes positions as they are. N is a power of two. The sums are exact
 * while they and N are below 2^40 or so: see the file. */
assay_status hamming_distance_reference_cyclic(const hamming_distance_places *text,
                                               const hamming_distance_places *pattern, const uint32_t *symbols,
                                               size_t symbol_count, uint32_t p, size_t N, int64_t *counts,
                                               hamming_distance_counters *counters);

/* residues[d + m - 1] = number of pairs at difference d, modulo q, for d from -(m - 1) to n - 1. */
assay_status hamming_distance_reference_residues(const hamming_distance_places *text,
                                                 const hamming_distance_places *pattern, const uint32_t *symbols,
                                                 size_t symbol_count, size_t n, size_t m, uint32_t q,
                                                 uint32_t *residues, hamming_distance_counters *counters);

/* ---- hamming_distance_repair.c ---- */

/* Exact counts of hashed differences, as hamming_distance_reference_cyclic() makes them. */
typedef assay_status (*hamming_distance_cyclic)(const hamming_distance_places *text,
                                                const hamming_distance_places *pattern, const uint32_t *symbols,
                                                size_t symbol_count, uint32_t p, size_t N, int64_t *counts,
                                                hamming_distance_counters *counters);

/* A group whose counts are known modulo q and are to be known for certain. */
typedef struct hamming_distance_group {
    const hamming_distance_places *text, *pattern;
    const uint32_t *symbols;
    size_t symbol_count;
    size_t n, m; /* lengths of text and pattern: n + m - 1 differences */
    uint32_t q;
    uint32_t *residues; /* in: modulo q; out: exact (unless given up) */
    hamming_distance_cyclic cyclic;
} hamming_distance_group;

/* deficits[v] = number of pairs whose difference is v modulo p, less the sum of the residues of those differences. */
assay_status hamming_distance_deficits(const hamming_distance_group *group, uint32_t p, int64_t *deficits,
                                       hamming_distance_counters *counters);

/* One attempt with two primes; *done tells whether all residues are exact now. */
assay_status hamming_distance_repair_with(const hamming_distance_group *group, const uint32_t primes[2], bool *done,
                                          hamming_distance_counters *counters);

/* Up to 8 attempts with random primes from the numbers @p stream of @p seed. */
assay_status hamming_distance_repair(const hamming_distance_group *group, uint64_t seed, uint64_t stream, bool *done,
                                     hamming_distance_counters *counters);

/* ---- hamming_distance_bounded.c ---- */

/* A range of shifts in progress. Symbols are the numbers of those of the pattern; others do not match. */
typedef struct hamming_distance_range {
    const hamming_distance_settings *settings;
    hamming_distance_counters *counters;
    hamming_distance_cyclic cyclic;
    const uint16_t *text, *pattern; /* the text from the first shift on */
    size_t n, m, symbols, k;        /* n symbols of text: n - m + 1 shifts */
    size_t *kept, kept_count;       /* shifts that are left, in ascending order */
    int32_t *out;
} hamming_distance_range;

/* Leaves out shifts whose distance is certainly above k (step 5 a). */
assay_status hamming_distance_filter(hamming_distance_range *range);

/* Writes the distances of the shifts that are left, two at least, by their period (steps 5 c to e). */
assay_status hamming_distance_count_by_period(hamming_distance_range *range);

/* matches[d] = M[d], d = 0 to n - m, by the places where text and pattern (symbols numbered below @p symbols; others do
 * not count) differ from themselves @p period >= 1 symbols before. */
assay_status hamming_distance_by_period(hamming_distance_cyclic cyclic, const uint16_t *text, size_t n,
                                        const uint16_t *pattern, size_t m, size_t symbols, size_t period,
                                        int64_t *matches, hamming_distance_counters *counters);

/* ---- hamming_distance_approximate.c ---- */

/* hamming_distance_exact() or its reference. */
typedef assay_status (*hamming_distance_function)(const void *text, size_t n, const void *pattern, size_t m,
                                                  size_t symbol_bytes, hamming_distance_method method,
                                                  const hamming_distance_options *options, int32_t *out);

/* hamming_distance_approximate() and hamming_distance_karloff() of checked arguments, by exact distances of classes. */
assay_status hamming_distance_estimate(hamming_distance_function exact, const hamming_distance_input *input,
                                       double epsilon, size_t repetitions, hamming_distance_estimator estimator,
                                       const hamming_distance_options *options, double *out);
assay_status hamming_distance_estimate_by_signs(hamming_distance_function exact, const hamming_distance_input *input,
                                                double epsilon, const hamming_distance_options *options, double *out);

/* ---- hamming_distance_lasvegas.c ---- */

assay_status hamming_distance_reference_lasvegas(const hamming_distance_strings *strings,
                                                 const hamming_distance_settings *settings, int32_t *out);

#endif
