/* hamming_distance: the paper's claims about exactness, operations and errors (C1 to C5), and growth. */
#include "verify/discrete/hamming_distance_checks.h"

#include "reference/discrete/hamming_distance_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- C1: exact, and few repairs ------------------------------------------------------------------------------- */

/* The first alone leaves one seed of ten without a group to repair; the first two have 32 to 47 (100 seeds). */
static const size_t c1_sizes[][2] = {{600, 200}, {777, 777}, {3000, 1000}, {4000, 2000}};

/* Groups are limited by mass alone, as in the paper, so that they do need repair. */
static double measure_c1(verify_context *v, uint64_t seed)
{
    static const uint32_t moduli[] = {17, 97, 257};
    const size_t sizes = verify_depth_of(v) >= VERIFY_FULL ? 4 : 2;
    hamming_distance_counters counters = {0};
    size_t wrong = 0;
    for (uint64_t i = 0; i < HAMMING_RECIPES_C1; i++)
        for (size_t s = 0; s < sizes; s++) {
            const size_t n = c1_sizes[s][0], m = c1_sizes[s][1];
            hamming_input input;
            if (!hamming_make_input(v, &hamming_recipes[i], (assay_random){seed, 2000 + 16 * i + s}, n, m, &input))
                return NAN;
            hamming_expect(&input);
            for (size_t q = 0; q < sizeof moduli / sizeof *moduli; q++) {
                const hamming_distance_options options = {
                    .seed = seed, .modulus = moduli[q], .group_by_mass = true, .counters = &counters};
                if (!verify_ok(v,
                               hamming_distance_exact(input.text8, n, input.pattern8, m, 1, HAMMING_DISTANCE_LASVEGAS,
                                                      &options, input.actual),
                               "%s", hamming_recipes[i].name))
                    return NAN;
                wrong += hamming_first_difference(input.actual, input.expected, n - m + 1) <= n - m;
            }
            hamming_release_input(&input);
        }
    verify_note(v, "%zu wrong of %zu runs, %llu repaired groups, %llu attempts, %llu overflowed counts, %llu fallbacks",
                wrong, 3 * sizes * HAMMING_RECIPES_C1, (unsigned long long)counters.repaired_groups,
                (unsigned long long)counters.attempts, (unsigned long long)counters.overflowed,
                (unsigned long long)counters.fallbacks);
    if (wrong > 0 || counters.fallbacks > 0)
        return INFINITY;
    return counters.repaired_groups ? (double)counters.attempts / (double)counters.repaired_groups : NAN;
}

const verify_claim hamming_claim_c1 = {
    .statement = "Las Vegas: always exact, never given up, and repaired in few attempts: pairs of primes for each "
                 "repaired group, moduli 17, 97 and 257 on 7 kinds of text (infinite: a wrong distance or a fallback)",
    .paper_value = "exact, random time",
    .provenance = "abstract",
    .unit = "attempts",
    .measure = measure_c1,
    .low = 1,
    .high = 1.5,
    .seeds = 5};

/* ---- C2: operations against Abrahamson's ---------------------------------------------------------------------- */

/* sqrt(m / log2 m) symbols, each as often in the pattern as any other, and as likely in the text. */
static bool make_hard(verify_context *v, uint64_t seed, size_t n, size_t m, hamming_input *input)
{
    const hamming_input_recipe recipe = {"equal frequencies", HAMMING_UNIFORM,
                                         (unsigned)sqrt((double)m / log2((double)m)), 0, 0};
    if (!hamming_make_input(v, &recipe, (assay_random){seed, 2200}, n, m, input))
        return false;
    const assay_random shuffle = {seed, 2201};
    for (size_t j = 0; j < m; j++)
        input->pattern8[j] = (uint8_t)(j % recipe.symbols);
    for (size_t j = m - 1; j > 0; j--) {
        const size_t other = assay_random_integer(shuffle, j, j + 1);
        const uint8_t swap = input->pattern8[j];
        input->pattern8[j] = input->pattern8[other];
        input->pattern8[other] = swap;
    }
    return true;
}

/* Word operations for each shift; NaN if it cannot be computed. */
static double count_hard(verify_context *v, const hamming_input *input, hamming_distance_method method)
{
    hamming_distance_counters counters = {0};
    const hamming_distance_options options = {.counters = &counters};
    const assay_status status =
        hamming_distance_exact(input->text8, input->n, input->pattern8, input->m, 1, method, &options, input->actual);
    if (!verify_ok(v, status, "%s", hamming_distance_method_name(method)))
        return NAN;
    return hamming_distance_word_operations(&counters) / (double)(input->n - input->m + 1);
}

/* The largest ratio over pattern lengths from 2^12 to 2^last, texts 16 times as long. */
static double measure_ratio(verify_context *v, uint64_t seed, unsigned last)
{
    double worst = 0;
    for (unsigned bits = 12; bits <= last; bits++) {
        const size_t m = (size_t)1 << bits;
        hamming_input input;
        char workload[32];
        if (!make_hard(v, seed, 16 * m, m, &input))
            return NAN;
        const double abrahamson = count_hard(v, &input, HAMMING_DISTANCE_ABRAHAMSON);
        const double las_vegas = count_hard(v, &input, HAMMING_DISTANCE_LASVEGAS);
        hamming_release_input(&input);
        snprintf(workload, sizeof workload, "hard family, m = 2^%u", bits);
        if (seed == verify_seed_of(v)) {
            verify_record_count(v, workload, "Abrahamson", "word operations for each shift", abrahamson, NAN);
            verify_record_count(v, workload, "Las Vegas", "word operations for each shift", las_vegas,
                                0.5 * abrahamson);
        }
        worst = fmax(worst, las_vegas / abrahamson);
        if (isnan(abrahamson) || isnan(las_vegas))
            return NAN;
    }
    return worst;
}

static double measure_c2(verify_context *v, uint64_t seed)
{
    return measure_ratio(v, seed, 12);
}

static double measure_c2_long(verify_context *v, uint64_t seed)
{
    return measure_ratio(v, seed, 16);
}

#define C2_STATEMENT                                                                                                   \
    "O(n sqrt m) against O(n sqrt(m log m)): word operations of Las Vegas (pairs, and residues of butterflies and "    \
    "products, four to a word) over Abrahamson's (pairs, and butterflies of N/2 log2 N real numbers) on sqrt(m / "     \
    "log2 m) symbols of equal frequency, n = 16 m, "

const verify_claim hamming_claim_c2 = {.statement = C2_STATEMENT "m = 2^12",
                                       .paper_value = "fewer by sqrt(log m)",
                                       .provenance = "abstract",
                                       .unit = "ratio",
                                       .measure = measure_c2,
                                       .low = 0,
                                       .high = 0.5,
                                       .part_low = 0,
                                       .part_high = 1,
                                       .seeds = 5};

const verify_claim hamming_claim_c2_long = {.statement = C2_STATEMENT "the largest for m = 2^12 to 2^16",
                                            .paper_value = "fewer by sqrt(log m)",
                                            .provenance = "abstract",
                                            .unit = "ratio",
                                            .measure = measure_c2_long,
                                            .low = 0,
                                            .high = 0.5,
                                            .part_low = 0,
                                            .part_high = 1,
                                            .seeds = 5};

/* Growth with the pattern: both are sqrt(m) and a power of log m. */
void hamming_record_exponents(verify_context *v)
{
    enum { POINTS = 5 };
    static const hamming_distance_method methods[] = {HAMMING_DISTANCE_ABRAHAMSON, HAMMING_DISTANCE_LASVEGAS};
    for (size_t i = 0; i < 2; i++) {
        double length[POINTS], operations[POINTS];
        assay_interval exponent;
        for (size_t p = 0; p < POINTS; p++) {
            const size_t m = (size_t)1 << (10 + p);
            hamming_input input;
            if (!make_hard(v, verify_seed_of(v), 16 * m, m, &input))
                return;
            length[p] = (double)m;
            operations[p] = count_hard(v, &input, methods[i]);
            hamming_release_input(&input);
        }
        if (verify_record_exponent(v, "operations on the hard family", hamming_distance_method_name(methods[i]),
                                   "length of the pattern", "word operations for each shift", length, operations,
                                   POINTS, &exponent))
            verify_at_most(v, exponent.estimate, 0.75, "exponent",
                           "%s: %.3f (%.3f to %.3f), in theory 1/2 and a logarithm",
                           hamming_distance_method_name(methods[i]), exponent.estimate, exponent.low, exponent.high);
    }
}

/* ---- C3: bounded distances ------------------------------------------------------------------------------------ */

/* A period of k / 8 symbols for both, k / 3 errors in each. */
static bool make_noisy(verify_context *v, uint64_t seed, size_t n, size_t m, size_t k, hamming_input *input)
{
    const hamming_input_recipe recipe = {"noisy period", HAMMING_PERIODIC, 20, (unsigned)(k / 8 > 1 ? k / 8 : 1), 0};
    if (!hamming_make_input(v, &recipe, (assay_random){seed, 2300}, n, m, input))
        return false;
    const assay_random errors = {seed, 2301};
    for (uint64_t e = 0; e < k / 3; e++) {
        input->text8[assay_random_integer(errors, 4 * e, n)] = (uint8_t)assay_random_integer(errors, 4 * e + 1, 20);
        input->pattern8[assay_random_integer(errors, 4 * e + 2, m)] =
            (uint8_t)assay_random_integer(errors, 4 * e + 3, 20);
    }
    return true;
}

/* The largest count of operations over 1 + k / sqrt m; by the algorithm as it is written down, the reference. */
static double measure_c3(verify_context *v, uint64_t seed)
{
    const unsigned last = verify_depth_of(v) >= VERIFY_FULL ? 13 : 10;
    double worst = 0;
    for (unsigned bits = 9; bits <= last; bits++)
        for (size_t factor = 1; factor <= 4; factor *= 2) {
            const size_t m = (size_t)1 << bits, n = m + m / 2, k = (size_t)((double)factor * sqrt((double)m));
            hamming_distance_counters counters = {0};
            const hamming_distance_options options = {.seed = seed, .counters = &counters};
            hamming_input input;
            if (!make_noisy(v, seed, n, m, k, &input))
                return NAN;
            const assay_status status =
                hamming_distance_reference_bounded(input.text8, n, input.pattern8, m, 1, k, &options, input.actual);
            hamming_release_input(&input);
            if (!verify_ok(v, status, "m = %zu, k = %zu", m, k))
                return NAN;
            const double operations = (double)(counters.events + counters.pairs + counters.butterflies);
            const double bound = 1 + (double)k / sqrt((double)m), each = operations / (double)(n - m + 1);
            char workload[48];
            snprintf(workload, sizeof workload, "noisy period, m = %zu, k = %zu", m, k);
            if (seed == verify_seed_of(v))
                verify_record_count(v, workload, "bounded", "operations for each shift after the filter", each,
                                    2 * bound);
            if (each / bound > worst) {
                worst = each / bound;
                verify_note(v, "m = %zu, k = %zu: %.3g operations for each shift, 1 + k / sqrt m is %.3g", m, k, each,
                            bound);
            }
        }
    return worst;
}

const verify_claim hamming_claim_c3 = {
    .statement = "Distances up to k in O(n + n k / sqrt m): events, pairs and butterflies after the filter for each "
                 "shift, over 1 + k / sqrt m, at most; noisy periodic texts, n = 1.5 m, m from 2^9 (to 2^13 at full "
                 "depth, else 2^10), k = 1, 2 and 4 sqrt m",
    .paper_value = "bounded",
    .provenance = "abstract",
    .unit = "operations",
    .measure = measure_c3,
    .low = 0,
    .high = 2,
    .seeds = 5};

/* ---- C4: approximate distances -------------------------------------------------------------------------------- */

enum { C4_N = 20000, C4_M = 2000, C4_SHIFTS = C4_N - C4_M + 1, C4_REPETITIONS = 4 };

/* The largest relative error over epsilon, for one kind of text. */
static double measure_errors(verify_context *v, uint64_t seed, const hamming_input_recipe *recipe, uint64_t stream)
{
    static const double epsilons[] = {0.5, 0.2, 0.1, 0.05};
    const size_t count = verify_depth_of(v) >= VERIFY_FULL ? 4 : 2;
    double worst = 0, *estimate = malloc(C4_SHIFTS * sizeof *estimate);
    hamming_input input;
    if (!hamming_make_input(v, recipe, (assay_random){seed, stream}, C4_N, C4_M, &input)) {
        free(estimate);
        return NAN;
    }
    bool good = estimate && verify_ok(v,
                                      hamming_distance_exact(input.text, C4_N, input.pattern, C4_M, 2,
                                                             HAMMING_DISTANCE_AUTO, NULL, input.expected),
                                      "exact");
    for (size_t e = 0; good && e < count; e++) {
        const hamming_distance_options options = {.seed = seed};
        good = verify_ok(v,
                         hamming_distance_approximate(input.text, C4_N, input.pattern, C4_M, 2, epsilons[e],
                                                      C4_REPETITIONS, HAMMING_DISTANCE_MAX_LOWER, &options, estimate),
                         "%s, epsilon %g", recipe->name, epsilons[e]);
        for (size_t i = 0; good && i < C4_SHIFTS; i++)
            if (input.expected[i] > 0)
                worst = fmax(worst, (1 - estimate[i] / input.expected[i]) / epsilons[e]);
    }
    hamming_release_input(&input);
    free(estimate);
    return good ? worst : NAN;
}

static double measure_c4(verify_context *v, uint64_t seed)
{
    static const hamming_input_recipe recipes[] = {{"uniform 1000", HAMMING_UNIFORM, 1000, 0, 0},
                                                   {"two symbols", HAMMING_UNIFORM, 2, 0, 0},
                                                   {"Zipf 1.5", HAMMING_ZIPF, 64, 0, 0},
                                                   {"near match", HAMMING_NEAR, 1000, 0, 0}};
    double worst[4], largest = 0;
    for (uint64_t i = 0; i < 4; i++) {
        worst[i] = measure_errors(v, seed, &recipes[i], 2400 + 2 * i);
        largest = isnan(worst[i]) || worst[i] > largest ? worst[i] : largest;
        if (isnan(largest))
            return NAN;
    }
    verify_note(v, "uniform %.3g, two symbols %.3g, Zipf %.3g, near match %.3g", worst[0], worst[1], worst[2],
                worst[3]);
    return largest;
}

const verify_claim hamming_claim_c4 = {
    .statement = "(1 + epsilon)-approximation in O(n log m / epsilon): largest relative error of 4 repetitions over "
                 "epsilon, uniform, two-symbol, Zipf and nearly matching texts, n = 20000, m = 2000, epsilon from 0.5 "
                 "(to 0.05 at full depth)",
    .paper_value = "1",
    .provenance = "recalled",
    .unit = "of epsilon",
    .measure = measure_c4,
    .low = 0,
    .high = 1,
    .seeds = 5};

/* Transforms of a block and repetition over 2 K + 1. */
static double measure_c4_transforms(verify_context *v, uint64_t seed)
{
    enum { BLOCK = 8192, BLOCKS = (C4_SHIFTS + BLOCK - C4_M) / (BLOCK - C4_M + 1) };
    static const hamming_input_recipe recipe = {"uniform 1000", HAMMING_UNIFORM, 1000, 0, 0};
    hamming_distance_counters counters = {0};
    const hamming_distance_options options = {.seed = seed, .block = BLOCK, .counters = &counters};
    double *estimate = malloc(C4_SHIFTS * sizeof *estimate);
    hamming_input input;
    if (!hamming_make_input(v, &recipe, (assay_random){seed, 2420}, C4_N, C4_M, &input)) {
        free(estimate);
        return NAN;
    }
    const bool good =
        estimate && verify_ok(v,
                              hamming_distance_approximate(input.text, C4_N, input.pattern, C4_M, 2, 0.2, 1,
                                                           HAMMING_DISTANCE_MAX_LOWER, &options, estimate),
                              "estimate");
    hamming_release_input(&input);
    free(estimate);
    return good ? (double)counters.transforms / BLOCKS / (double)(2 * hamming_distance_classes(0.2) + 1) : NAN;
}

const verify_claim hamming_claim_c4_transforms = {
    .statement =
        "(1 + epsilon)-approximation in O(n log m / epsilon): transforms for each block of text and repetition "
        "over 2 K + 1, K = ceil(2 / epsilon) = 10",
    .paper_value = "1",
    .provenance = "recalled",
    .unit = "ratio",
    .measure = measure_c4_transforms,
    .low = 0,
    .high = 1,
    .seeds = 5};

/* ---- C5 ------------------------------------------------------------------------------------------------------- */

static double measure_c5(verify_context *v, uint64_t seed)
{
    (void)seed;
    verify_skip(v,
                "not measured: the parameters that give the exponent 0.93 are beyond any input; the equality product "
                "that it rests on is held against its definition by the checks product, products and product_row");
    return NAN;
}

const verify_claim hamming_claim_c5 = {.statement =
                                           "(1 + epsilon)-approximation in O(epsilon^-0.93 n) up to logarithms",
                                       .paper_value = "0.93",
                                       .provenance = "abstract",
                                       .unit = "exponent",
                                       .measure = measure_c5,
                                       .low = 0,
                                       .high = 0.93,
                                       .seeds = 1};
