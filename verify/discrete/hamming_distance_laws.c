/* hamming_distance: what must hold whatever the input. */
#include "reference/discrete/hamming_distance_parts.h"
#include "verify/discrete/hamming_distance_checks.h"

#include <stdlib.h>
#include <string.h>

/* All laws use these sizes: long enough for every method to do its own thing. */
enum { N = 2000, M = 501, SHIFTS = N - M + 1 };

/* Runs @p law on every recipe with each method that takes any symbols. */
static void for_inputs(verify_context *v, uint64_t stream,
                       void (*law)(verify_context *v, hamming_input *input, hamming_distance_method method,
                                   const char *name))
{
    static const hamming_distance_method methods[] = {HAMMING_DISTANCE_AUTO,       HAMMING_DISTANCE_SIMD,
                                                      HAMMING_DISTANCE_SLICED,     HAMMING_DISTANCE_FFT_ALL,
                                                      HAMMING_DISTANCE_ABRAHAMSON, HAMMING_DISTANCE_LASVEGAS};
    const bool full = verify_depth_of(v) >= VERIFY_FULL;
    const size_t method_count = sizeof methods / sizeof *methods;
    for (uint64_t i = 0; i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, stream * 64 + i), N, M, &input))
            return;
        /* Quick: each input with one method, so that every method has its turn. */
        for (size_t j = 0; j < method_count; j++)
            if (full || j == (i + stream) % method_count)
                law(v, &input, methods[j], hamming_recipes[i].name);
        hamming_release_input(&input);
    }
}

static bool run(verify_context *v, const uint16_t *text, size_t n, const uint16_t *pattern, size_t m,
                hamming_distance_method method, int32_t *out)
{
    return verify_ok(v, hamming_distance_exact(text, n, pattern, m, 2, method, NULL, out), "%s",
                     hamming_distance_method_name(method));
}

/* ---- 0 <= distance <= m, 0 exactly where the strings are equal ------------------------------------------------ */

static void range_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    int32_t zero = -1;
    memcpy(input->pattern, input->text + 1034, M * sizeof *input->pattern); /* so that there is one */
    if (!run(v, input->text, N, input->pattern, M, method, input->actual))
        return;
    for (size_t i = 0; i < SHIFTS; i++) {
        const int32_t distance = input->actual[i];
        const bool equal = memcmp(input->text + i, input->pattern, M * sizeof *input->pattern) == 0;
        if (!verify_true(v, distance >= 0 && distance <= M && (distance == 0) == equal, "%s: [%zu] = %d, equal: %d",
                         name, i, (int)distance, (int)equal))
            return;
    }
    if (run(v, input->text, N, input->text, N, method, &zero))
        verify_true(v, zero == 0, "%s: a text is %d from itself", name, (int)zero);
}

void hamming_check_range(verify_context *v)
{
    for_inputs(v, 1, range_law);
}

/* ---- Reversal ------------------------------------------------------------------------------------------------- */

static void reverse(uint16_t *string, size_t length)
{
    for (size_t i = 0; i < length / 2; i++) {
        const uint16_t swap = string[i];
        string[i] = string[length - 1 - i];
        string[length - 1 - i] = swap;
    }
}

static void reversal_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    if (!run(v, input->text, N, input->pattern, M, method, input->expected))
        return;
    reverse(input->text, N);
    reverse(input->pattern, M);
    if (!run(v, input->text, N, input->pattern, M, method, input->actual))
        return;
    for (size_t i = 0; i < SHIFTS; i++)
        if (!verify_true(v, input->actual[i] == input->expected[SHIFTS - 1 - i], "%s reversed: [%zu] = %d, not %d",
                         name, i, (int)input->actual[i], (int)input->expected[SHIFTS - 1 - i]))
            return;
}

void hamming_check_reversal(verify_context *v)
{
    for_inputs(v, 2, reversal_law);
}

/* ---- Relabelling: one to one changes nothing, otherwise nothing grows ----------------------------------------- */

static void relabel(hamming_input *input, const uint16_t *label)
{
    for (size_t i = 0; i < N; i++)
        input->text[i] = label[input->text[i]];
    for (size_t j = 0; j < M; j++)
        input->pattern[j] = label[input->pattern[j]];
}

static void relabelling_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    uint16_t *label = malloc(65536 * sizeof *label);
    if (verify_true(v, label != NULL, "memory") && run(v, input->text, N, input->pattern, M, method, input->expected)) {
        for (size_t s = 0; s < 65536; s++) /* odd factor: one to one */
            label[s] = (uint16_t)(s * 40503 + 12345);
        relabel(input, label);
        if (run(v, input->text, N, input->pattern, M, method, input->actual)) {
            const size_t i = hamming_first_difference(input->actual, input->expected, SHIFTS);
            verify_true(v, i == SHIFTS, "%s relabelled: differs at %zu", name, i);
        }
        for (size_t s = 0; s < 65536; s++)
            label[s] = (uint16_t)(s % 11 * 5000);
        relabel(input, label);
        if (run(v, input->text, N, input->pattern, M, method, input->actual))
            for (size_t i = 0; i < SHIFTS; i++)
                if (!verify_true(v, input->actual[i] <= input->expected[i], "%s with merged symbols: [%zu] = %d > %d",
                                 name, i, (int)input->actual[i], (int)input->expected[i]))
                    break;
    }
    free(label);
}

void hamming_check_relabelling(verify_context *v)
{
    for_inputs(v, 3, relabelling_law);
}

/* ---- The sum over all shifts ---------------------------------------------------------------------------------- */

/* Sum of m - distance = number of pairs with 0 <= x - y <= n - m: for each place y of the pattern, the text symbols
 * equal to it among positions y to y + n - m, by prefix counts. */
static void sum_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    uint64_t sum = 0, pairs = 0;
    uint32_t *before = malloc((N + 1) * sizeof *before);
    if (verify_true(v, before != NULL, "memory") && run(v, input->text, N, input->pattern, M, method, input->actual)) {
        for (size_t i = 0; i < SHIFTS; i++)
            sum += (uint64_t)(M - input->actual[i]);
        for (uint16_t s = 0; s < 256; s++) {
            before[0] = 0;
            for (size_t x = 0; x < N; x++)
                before[x + 1] = before[x] + (input->text[x] == s);
            for (size_t y = 0; y < M; y++)
                pairs += input->pattern[y] == s ? before[y + SHIFTS] - before[y] : 0;
        }
        verify_true(v, sum == pairs, "%s: sum of matches %llu, pairs %llu", name, (unsigned long long)sum,
                    (unsigned long long)pairs);
    }
    free(before);
}

void hamming_check_sum(verify_context *v)
{
    for_inputs(v, 4, sum_law);
}

/* ---- A pattern in two parts, and two patterns ----------------------------------------------------------------- */

static void additivity_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    enum { CUT = 200 };
    int32_t *second = malloc(N * sizeof *second);
    if (verify_true(v, second != NULL, "memory") && run(v, input->text, N, input->pattern, M, method, input->actual) &&
        run(v, input->text, N - (M - CUT), input->pattern, CUT, method, input->expected) &&
        run(v, input->text + CUT, N - CUT, input->pattern + CUT, M - CUT, method, second))
        for (size_t i = 0; i < SHIFTS; i++)
            if (!verify_true(v, input->actual[i] == input->expected[i] + second[i], "%s at %zu: %d, not %d + %d", name,
                             i, (int)input->actual[i], (int)input->expected[i], (int)second[i]))
                break;
    free(second);
}

void hamming_check_additivity(verify_context *v)
{
    for_inputs(v, 5, additivity_law);
}

static void triangle_law(verify_context *v, hamming_input *input, hamming_distance_method method, const char *name)
{
    int32_t apart = 0;
    uint16_t other[M];
    for (size_t j = 0; j < M; j++) {
        other[j] = input->pattern[j * j % M];
        apart += other[j] != input->pattern[j];
    }
    if (run(v, input->text, N, input->pattern, M, method, input->actual) &&
        run(v, input->text, N, other, M, method, input->expected))
        for (size_t i = 0; i < SHIFTS; i++)
            if (!verify_true(v, abs(input->actual[i] - input->expected[i]) <= apart, "%s at %zu: %d and %d, %d apart",
                             name, i, (int)input->actual[i], (int)input->expected[i], (int)apart))
                return;
}

void hamming_check_triangle(verify_context *v)
{
    for_inputs(v, 6, triangle_law);
}

/* ---- W[d] = 2 M[d] - M[d - l] - M[d + l] ---------------------------------------------------------------------- */

/* Inverted by the periodic path, for random periods: it must give M whatever the period. */
void hamming_check_period_identity(verify_context *v)
{
    enum { LONG = 400, SHORT = 90 };
    const assay_random r = verify_random(v, 7);
    for (uint64_t trial = 0; trial < 50; trial++) {
        hamming_input input;
        int64_t matches[LONG - SHORT + 1];
        hamming_distance_strings strings = {0};
        hamming_distance_counters counters = {0};
        const hamming_input_recipe *recipe = &hamming_recipes[trial % HAMMING_RECIPES];
        const size_t period = 1 + assay_random_integer(r, trial, LONG);
        if (!hamming_make_input(v, recipe, verify_random(v, 512 + trial), LONG, SHORT, &input))
            return;
        const hamming_distance_input both = {input.text, input.pattern, LONG, SHORT, 2};
        hamming_expect(&input);
        if (verify_ok(v, hamming_distance_make_strings(&both, &strings), "numbers of symbols") &&
            verify_ok(v,
                      hamming_distance_by_period(hamming_distance_reference_cyclic, strings.text, LONG, strings.pattern,
                                                 SHORT, strings.symbols, period, matches, &counters),
                      "%s, period %zu", recipe->name, period))
            for (size_t i = 0; i <= LONG - SHORT; i++)
                if (!verify_true(v, SHORT - matches[i] == input.expected[i], "%s, period %zu, at %zu: %lld",
                                 recipe->name, period, i, (long long)matches[i]))
                    break;
        hamming_distance_release_strings(&strings);
        hamming_release_input(&input);
    }
}

/* ---- The certificate of LASVEGAS ------------------------------------------------------------------------------ */

/* Every deficit is at least 0 and divisible by q, and together they are q times the sum of floor(M / q). */
static void check_deficits(verify_context *v, const hamming_distance_group *group, const uint32_t *counts,
                           const char *name)
{
    static const uint32_t primes[] = {1021, 1877, 3571};
    const size_t differences = group->n + group->m - 1;
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        const uint32_t p = primes[i];
        int64_t deficits[4096] = {0}, sum = 0, expected = 0;
        hamming_distance_counters counters = {0};
        if (!verify_ok(v, hamming_distance_deficits(group, p, deficits, &counters), "%s, prime %u", name, p))
            return;
        for (size_t bucket = 0; bucket < p; bucket++) {
            if (!verify_true(v, deficits[bucket] >= 0 && deficits[bucket] % group->q == 0, "%s, q %u, p %u: %lld", name,
                             group->q, p, (long long)deficits[bucket]))
                return;
            sum += deficits[bucket];
        }
        for (size_t e = 0; e < differences; e++)
            expected += counts[e] / group->q * group->q;
        verify_true(v, sum == expected, "%s, q %u, p %u: deficits are %lld, must be %lld", name, group->q, p,
                    (long long)sum, (long long)expected);
    }
}

void hamming_check_certificate(verify_context *v)
{
    enum { LONG = 1500, SHORT = 500, DIFFERENCES = LONG + SHORT - 1 };
    static const uint32_t moduli[] = {2, 17, 97, 257, 12289};
    static const uint32_t group_symbols[] = {0, 1, 2};
    for (uint64_t i = 0; i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, 640 + i), LONG, SHORT, &input))
            return;
        hamming_distance_places text = {0}, pattern = {0};
        uint32_t counts[DIFFERENCES] = {0}, residues[DIFFERENCES];
        for (size_t x = 0; x < LONG; x++)
            for (size_t y = 0; y < SHORT; y++)
                counts[x + SHORT - 1 - y] += input.text[x] == input.pattern[y] && input.text[x] < 3;
        bool good = verify_ok(v, hamming_distance_find_places(input.text, LONG, 256, &text), "places") &&
                    verify_ok(v, hamming_distance_find_places(input.pattern, SHORT, 256, &pattern), "places");
        for (size_t j = 0; good && j < sizeof moduli / sizeof *moduli; j++) {
            const hamming_distance_group group = {
                &text, &pattern, group_symbols, 3, LONG, SHORT, moduli[j], residues, hamming_distance_reference_cyclic};
            hamming_distance_counters counters = {0};
            good = verify_ok(v,
                             hamming_distance_reference_residues(&text, &pattern, group_symbols, 3, LONG, SHORT,
                                                                 moduli[j], residues, &counters),
                             "residues");
            for (size_t e = 0; good && e < DIFFERENCES; e++)
                good = verify_true(v, residues[e] == counts[e] % moduli[j], "residue of %u modulo %u is %u", counts[e],
                                   moduli[j], residues[e]);
            if (good)
                check_deficits(v, &group, counts, hamming_recipes[i].name);
        }
        hamming_distance_release_places(&text);
        hamming_distance_release_places(&pattern);
        hamming_release_input(&input);
    }
}

/* ---- Bounded and approximate distances ------------------------------------------------------------------------ */

void hamming_check_bounded_monotone(verify_context *v)
{
    static const size_t bounds[] = {0, 1, 5, 26, 80, 300, M};
    for (uint64_t i = 0; i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, 704 + i), N, M, &input))
            return;
        hamming_expect(&input);
        int32_t *before = calloc(SHIFTS, sizeof *before);
        for (size_t j = 0; before && j < sizeof bounds / sizeof *bounds; j++) {
            const int32_t k = (int32_t)bounds[j];
            if (!verify_ok(v,
                           hamming_distance_bounded(input.text, N, input.pattern, M, 2, bounds[j], NULL, input.actual),
                           "%s, k = %zu", hamming_recipes[i].name, bounds[j]))
                break;
            for (size_t s = 0; s < SHIFTS; s++) {
                const int32_t limit = input.expected[s] <= k ? input.expected[s] : k + 1, actual = input.actual[s];
                if (!verify_true(v, actual == limit && actual >= before[s], "%s, k = %d: [%zu] = %d, must be %d",
                                 hamming_recipes[i].name, (int)k, s, (int)actual, (int)limit))
                    break;
            }
            memcpy(before, input.actual, SHIFTS * sizeof *before);
        }
        free(before);
        hamming_release_input(&input);
    }
}

void hamming_check_lower_bound(verify_context *v)
{
    static const double epsilons[] = {1, 0.3, 0.1, 1e-5};
    double *estimate = malloc(SHIFTS * sizeof *estimate);
    for (uint64_t i = 0; estimate && i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, 768 + i), N, M, &input))
            break;
        memcpy(input.pattern, input.text + 77, M * sizeof *input.pattern);
        hamming_expect(&input);
        const hamming_distance_options options = {.seed = verify_seed_of(v) + i};
        const double epsilon = epsilons[i % 4];
        if (verify_ok(v,
                      hamming_distance_approximate(input.text, N, input.pattern, M, 2, epsilon, 3,
                                                   HAMMING_DISTANCE_MAX_LOWER, &options, estimate),
                      "%s", hamming_recipes[i].name))
            for (size_t s = 0; s < SHIFTS; s++)
                if (!verify_true(v,
                                 estimate[s] >= 0 && estimate[s] <= input.expected[s] &&
                                     (epsilon > 1e-4 || estimate[s] == input.expected[s]),
                                 "%s, epsilon %g: [%zu] = %g, distance %d", hamming_recipes[i].name, epsilon, s,
                                 estimate[s], (int)input.expected[s]))
                    break;
        hamming_release_input(&input);
    }
    free(estimate);
}

void hamming_check_product_row(verify_context *v)
{
    enum { SHORT = 200, LONG = 700, COLUMNS = LONG - SHORT + 1 };
    uint16_t *b = malloc(SHORT * COLUMNS * sizeof *b);
    for (uint64_t i = 0; b && i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, 832 + i), LONG, SHORT, &input))
            break;
        for (size_t t = 0; t < SHORT; t++)
            for (size_t j = 0; j < COLUMNS; j++)
                b[t * COLUMNS + j] = input.text[j + t];
        hamming_expect(&input);
        if (verify_ok(v, hamming_distance_equality_product(input.pattern, 1, b, COLUMNS, SHORT, input.actual),
                      "product"))
            for (size_t j = 0; j < COLUMNS; j++)
                if (!verify_true(v, input.actual[j] == SHORT - input.expected[j], "%s: column %zu is %d",
                                 hamming_recipes[i].name, j, (int)input.actual[j]))
                    break;
        hamming_release_input(&input);
    }
    free(b);
}

/*
 * Karloff's estimate is twice the mean of R = ceil(4 / epsilon^2) independent numbers. For one shift each of them, the
 * number of mismatched signs, is sum over pairs of different symbols of c(a, b) [sign a != sign b], between 0 and D and
 * with mean D / 2: by Hoeffding twice the mean is off by t D with probability at most 2 exp(-R t^2 / 2). With epsilon =
 * 0.0625, R = 1024 and t = 0.21: 2 exp(-22.6) = 3.1e-10 for a shift, and for the 61 shifts looked at 1.9e-8 at most.
 */
void hamming_check_karloff_mean(verify_context *v)
{
    enum { LONG = 160, SHORT = 100, COUNT = LONG - SHORT + 1 };
    hamming_input input;
    double estimate[COUNT];
    const hamming_distance_options options = {.seed = verify_seed_of(v)};
    if (!hamming_make_input(v, &hamming_recipes[1], verify_random(v, 900), LONG, SHORT, &input))
        return;
    hamming_expect(&input);
    if (verify_ok(v, hamming_distance_karloff(input.text8, LONG, input.pattern8, SHORT, 1, 0.0625, &options, estimate),
                  "Karloff"))
        for (size_t i = 0; i < COUNT; i++)
            verify_at_most(v,
                           estimate[i] / input.expected[i] > 1 ? estimate[i] / input.expected[i] - 1
                                                               : 1 - estimate[i] / input.expected[i],
                           0.21, "relative", "shift %zu: %g, distance %d", i, estimate[i], (int)input.expected[i]);
    hamming_release_input(&input);
}
