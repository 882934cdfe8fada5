/* hamming_distance: every method at every CPU level and number of threads against the reference. */
#include "verify/discrete/hamming_distance_checks.h"

#include "reference/discrete/hamming_distance_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Guarded buffers ------------------------------------------------------------------------------------------ */

/* At scale n there are n shifts of a pattern whose length runs through 1 to 61; above 1000, of one of n / 3. */
static size_t pattern_count(size_t n)
{
    return n > 1000 ? n / 3 : 1 + n * 7 % 61;
}

static size_t text_count(size_t n)
{
    return n == 0 ? 0 : n + pattern_count(n) - 1;
}

static size_t shift_count(size_t n)
{
    return n;
}

static void fill_bases(assay_random r, void *data, size_t count)
{
    uint8_t *x = data;
    for (size_t i = 0; i < count; i++)
        x[i] = (uint8_t)assay_random_integer(r, i, 4);
}

static void fill_words(assay_random r, void *data, size_t count)
{
    uint16_t *x = data;
    for (size_t i = 0; i < count; i++)
        x[i] = (uint16_t)(assay_random_integer(r, i, 7) * 9000);
}

static assay_status run_method(const verify_call *call, size_t symbol_bytes, hamming_distance_method method)
{
    return hamming_distance_exact(call->in[0], text_count(call->n), call->in[1], pattern_count(call->n), symbol_bytes,
                                  method, NULL, call->out[0]);
}

#define KERNEL(NAME, TYPE, FILL, LANES, CALL, ...)                                                                     \
    static assay_status run_##NAME(const verify_call *call)                                                            \
    {                                                                                                                  \
        return CALL;                                                                                                   \
    }                                                                                                                  \
    const verify_kernel hamming_kernel_##NAME = {                                                                      \
        .in = {{"text", TYPE, text_count, FILL}, {"pattern", TYPE, pattern_count, FILL}},                              \
        .out = {{"out", VERIFY_U32, shift_count, NULL}},                                                               \
        .run = run_##NAME,                                                                                             \
        .metric = VERIFY_BITWISE,                                                                                      \
        .tolerance = 0, /* distances are integers */                                                                   \
        .lanes = LANES,                                                                                                \
        .large = {__VA_ARGS__}}

KERNEL(simd, VERIFY_U8, fill_bases, 64, run_method(call, 1, HAMMING_DISTANCE_SIMD), 511, 513, 9001);
KERNEL(simd_u16, VERIFY_U16, fill_words, 32, run_method(call, 2, HAMMING_DISTANCE_SIMD), 255, 257, 9001);
KERNEL(dna2, VERIFY_U8, fill_bases, 64, run_method(call, 1, HAMMING_DISTANCE_DNA2), 511, 513, 9001);
KERNEL(sliced, VERIFY_U8, fill_bases, 64, run_method(call, 1, HAMMING_DISTANCE_SLICED), 511, 513, 17001);
KERNEL(sliced_u16, VERIFY_U16, fill_words, 32, run_method(call, 2, HAMMING_DISTANCE_SLICED), 511, 513, 9001);
KERNEL(fft_all, VERIFY_U8, fill_bases, 8, run_method(call, 1, HAMMING_DISTANCE_FFT_ALL), 257, 9001);
KERNEL(abrahamson, VERIFY_U16, fill_words, 8, run_method(call, 2, HAMMING_DISTANCE_ABRAHAMSON), 257, 9001);
KERNEL(las_vegas, VERIFY_U8, fill_bases, 8, run_method(call, 1, HAMMING_DISTANCE_LASVEGAS), 257, 4001);
KERNEL(auto, VERIFY_U8, fill_bases, 8, run_method(call, 1, HAMMING_DISTANCE_AUTO), 257, 9001);
/* The bound is the mean distance: about half of the distances are below it and differ, whatever the seed. */
KERNEL(bounded, VERIFY_U8, fill_bases, 32,
       hamming_distance_bounded(call->in[0], text_count(call->n), call->in[1], pattern_count(call->n), 1,
                                pattern_count(call->n) * 3 / 4, NULL, call->out[0]),
       257, 3001);
KERNEL(bounded_u16, VERIFY_U16, fill_words, 16,
       hamming_distance_bounded(call->in[0], text_count(call->n), call->in[1], pattern_count(call->n), 2,
                                pattern_count(call->n) * 6 / 7, NULL, call->out[0]),
       257, 3001);

/* The equality product of n x inner and inner x 5 matrices, inner being the length of the pattern above. */
static size_t product_a(size_t n)
{
    return n * pattern_count(n);
}

static size_t product_b(size_t n)
{
    return 5 * pattern_count(n);
}

static size_t product_c(size_t n)
{
    return 5 * n;
}

static assay_status run_product(const verify_call *call)
{
    return hamming_distance_equality_product(call->in[0], call->n, call->in[1], 5, pattern_count(call->n),
                                             call->out[0]);
}

const verify_kernel hamming_kernel_product = {
    .in = {{"a", VERIFY_U16, product_a, fill_words}, {"b", VERIFY_U16, product_b, fill_words}},
    .out = {{"c", VERIFY_U32, product_c, NULL}},
    .run = run_product,
    .metric = VERIFY_BITWISE,
    .tolerance = 0, /* integers, and float32 sums of at most 512 products of 0 and 1 */
    .lanes = 8,
    .large = {300}};

/* ---- Larger inputs -------------------------------------------------------------------------------------------- */

static void spoil(const hamming_input *input)
{
    verify_spoil(input->actual, (input->n - input->m + 1) * sizeof *input->actual);
}

/* Every method but the definition against it. FFT_ALL is left out with more symbols than it can do in time. */
static void compare_methods(verify_context *v, const hamming_input *input, unsigned symbols, const char *name)
{
    const size_t n = input->n, m = input->m;
    verify_use_reference(v);
    if (!verify_ok(v,
                   hamming_distance_exact(input->text, n, input->pattern, m, 2, HAMMING_DISTANCE_DIRECT, NULL,
                                          input->expected),
                   "reference"))
        return;
    for (hamming_distance_method method = 0; method < HAMMING_DISTANCE_METHODS; method++) {
        if (method == HAMMING_DISTANCE_DIRECT || (method == HAMMING_DISTANCE_DNA2 && symbols > 4) ||
            (method == HAMMING_DISTANCE_FFT_ALL && symbols > 100))
            continue;
        for (const int *threads = verify_thread_counts; *threads; threads++) {
            const size_t width = symbols <= 256 && *threads != 2 ? 1 : 2;
            const void *text = width == 1 ? (const void *)input->text8 : input->text;
            const void *pattern = width == 1 ? (const void *)input->pattern8 : input->pattern;
            verify_use_level(v, *threads);
            spoil(input);
            if (!verify_ok(v, hamming_distance_exact(text, n, pattern, m, width, method, NULL, input->actual), "%s, %s",
                           name, hamming_distance_method_name(method)) ||
                !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, input->expected, input->actual, n - m + 1,
                              "%s (%zu, %zu), %s, %zu bytes, %d threads", name, n, m,
                              hamming_distance_method_name(method), width, *threads))
                return;
            if (verify_level_of(v) == ASSAY_REFERENCE)
                break; /* which has no threads */
        }
    }
}

typedef struct large_case {
    hamming_input_recipe recipe;
    size_t n, m;
} large_case;

static void compare_cases(verify_context *v, const large_case *cases, size_t count, uint64_t stream)
{
    /* The reference is held against its own definition on shorter inputs. */
    const size_t part = verify_level_of(v) == ASSAY_REFERENCE ? 8 : 1;
    for (size_t i = 0; i < count; i++) {
        hamming_input input;
        const size_t m = cases[i].m / part, n = m + (cases[i].n - cases[i].m) / part;
        if (!hamming_make_input(v, &cases[i].recipe, verify_random(v, stream + i), n, m, &input))
            return;
        compare_methods(v, &input, cases[i].recipe.symbols, cases[i].recipe.name);
        hamming_release_input(&input);
    }
}

void hamming_check_methods_agree(verify_context *v)
{
    static const large_case cases[] = {
        {{"uniform 4", HAMMING_UNIFORM, 4, 0, 0}, 20000, 1500}, /* several blocks of every kind */
        {{"uniform 64", HAMMING_UNIFORM, 64, 0, 0}, 9000, 777},
        {{"one symbol", HAMMING_UNIFORM, 1, 0, 0}, 20200, 20000}, /* counts above the modulus */
        {{"two symbols", HAMMING_UNIFORM, 2, 0, 0}, 27000, 26900},
        {{"Zipf 1.5", HAMMING_ZIPF, 300, 0, 0}, 12000, 3000},
    };
    compare_cases(v, cases, sizeof cases / sizeof *cases, 1000);
}

/* Patterns longer than any transform of residues, long ones with few and with all symbols. */
void hamming_check_long_patterns(verify_context *v)
{
    static const large_case cases[] = {
        {{"uniform 40", HAMMING_UNIFORM, 40, 0, 0}, 266600, 266465},
        {{"uniform 3", HAMMING_UNIFORM, 3, 0, 0}, 150300, 150000},
        {{"uniform 65536", HAMMING_UNIFORM, 65536, 0, 0}, 70300, 70000},
        {{"Zipf 1.5", HAMMING_ZIPF, 3000, 0, 0}, 36000, 9000},
    };
    compare_cases(v, cases, sizeof cases / sizeof *cases, 1020);
}

/* A pattern one part and a bit long, for which the distances of both are added. */
void hamming_check_pattern_in_parts(verify_context *v)
{
    enum { PART = 262144, M = PART + 321, SHIFTS = 40, N = M + SHIFTS - 1 };
    static const hamming_input_recipe recipe = {"uniform 5", HAMMING_UNIFORM, 5, 0, 0};
    hamming_input input;
    if (!hamming_make_input(v, &recipe, verify_random(v, 1030), N, M, &input))
        return;
    hamming_expect(&input);
    spoil(&input);
    verify_use_level(v, 2);
    if (verify_ok(
            v,
            hamming_distance_exact(input.text8, N, input.pattern8, M, 1, HAMMING_DISTANCE_LASVEGAS, NULL, input.actual),
            "%d symbols", M))
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, input.expected, input.actual, SHIFTS, "%d symbols", M);
    hamming_release_input(&input);
}

/* ---- Options -------------------------------------------------------------------------------------------------- */

/* LASVEGAS with other moduli and groups by mass, ABRAHAMSON and FFT_ALL with other thresholds and blocks. */
void hamming_check_options_agree(verify_context *v)
{
    static const hamming_distance_options options[] = {
        {.modulus = 2},
        {.modulus = 17, .group_by_mass = true},
        {.modulus = 97, .group_by_mass = true},
        {.modulus = 257},
        {.modulus = 257, .group_by_mass = true},
        {.modulus = 65521},
        {.group_by_mass = true},
        {.threshold = 1},
        {.threshold = 100000},
        {.block = 512},
        {.block = 1 << 14},
    };
    enum { N = 1500, M = 400, SHIFTS = N - M + 1 };
    for (uint64_t i = 0; i < HAMMING_RECIPES; i++) {
        hamming_input input;
        if (verify_depth_of(v) < VERIFY_FULL && i % 4 != 1) /* 20 letters and Zipf's */
            continue;
        if (!hamming_make_input(v, &hamming_recipes[i], verify_random(v, 1040 + i), N, M, &input))
            return;
        hamming_expect(&input);
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            const hamming_distance_method method = options[o].block           ? HAMMING_DISTANCE_FFT_ALL
                                                   : options[o].threshold > 0 ? HAMMING_DISTANCE_ABRAHAMSON
                                                                              : HAMMING_DISTANCE_LASVEGAS;
            hamming_distance_options own = options[o];
            own.seed = verify_seed_of(v);
            verify_use_level(v, (int)(1 + o % 2));
            spoil(&input);
            if (!verify_ok(v, hamming_distance_exact(input.text8, N, input.pattern8, M, 1, method, &own, input.actual),
                           "%s, options %zu", hamming_recipes[i].name, o) ||
                !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, input.expected, input.actual, SHIFTS, "%s, options %zu",
                              hamming_recipes[i].name, o))
                break;
        }
        hamming_release_input(&input);
    }
}

/* Counters are the same for any number of threads. */
void hamming_check_counters(verify_context *v)
{
    enum { LONG = 12000, SHORT = 600 };
    hamming_input input;
    if (!hamming_make_input(v, &hamming_recipes[5], verify_random(v, 1060), LONG, SHORT, &input))
        return;
    for (hamming_distance_method method = 0; method <= HAMMING_DISTANCE_METHODS; method++) { /* the last: bounded */
        hamming_distance_counters first = {0};
        for (const int *threads = verify_thread_counts; *threads; threads++) {
            hamming_distance_counters counters = {0};
            const hamming_distance_options options = {.counters = &counters, .modulus = 257, .group_by_mass = true};
            if (method == HAMMING_DISTANCE_DNA2)
                break;
            verify_use_level(v, *threads);
            const assay_status status = method < HAMMING_DISTANCE_METHODS
                                            ? hamming_distance_exact(input.text8, LONG, input.pattern8, SHORT, 1,
                                                                     method, &options, input.actual)
                                            : hamming_distance_bounded(input.text8, LONG, input.pattern8, SHORT, 1, 600,
                                                                       &options, input.actual);
            verify_ok(v, status, "method %d", (int)method);
            if (*threads == 1)
                first = counters;
            if (verify_level_of(v) == ASSAY_REFERENCE)
                break;
            verify_true(v, memcmp(&first, &counters, sizeof first) == 0, "counters of method %d, %d threads",
                        (int)method, *threads);
        }
        const double operations = hamming_distance_word_operations(&first);
        const bool counts = method == HAMMING_DISTANCE_FFT_ALL || method == HAMMING_DISTANCE_ABRAHAMSON ||
                            method == HAMMING_DISTANCE_LASVEGAS;
        verify_true(v, !counts || operations > 0, "method %d counts %g operations", (int)method, operations);
    }
    hamming_release_input(&input);
}

/* ---- Bounded -------------------------------------------------------------------------------------------------- */

/* min(distance, k + 1); the last of these inputs is long and periodic enough for the optimized code's events. */
void hamming_check_bounded_agrees(verify_context *v)
{
    static const struct {
        hamming_input_recipe recipe;
        size_t n, m, k;
    } cases[] = {
        {{"uniform 4", HAMMING_UNIFORM, 4, 0, 0}, 9000, 2000, 8},
        {{"uniform 4", HAMMING_UNIFORM, 4, 0, 0}, 9000, 2000, 1495},
        {{"near match", HAMMING_NEAR, 200, 0, 0}, 9000, 2000, 300},
        {{"blocks", HAMMING_BLOCKS, 3, 0, 0}, 6000, 1500, 900},
        {{"period 7", HAMMING_PERIODIC, 20, 7, 0.002}, 5000, 1300, 40},
        {{"long period 2", HAMMING_PERIODIC, 20, 2, 0.001}, 30000, 16000, 100},
    };
    const size_t count = sizeof cases / sizeof *cases;
    for (size_t i = 0; i < count; i++) {
        hamming_input input;
        const size_t n = cases[i].n, m = cases[i].m, k = cases[i].k;
        if (verify_level_of(v) == ASSAY_REFERENCE && m > 2000)
            continue;
        if (!hamming_make_input(v, &cases[i].recipe, verify_random(v, 1080 + i), n, m, &input))
            return;
        verify_use_level(v, 0);
        if (!verify_ok(v,
                       hamming_distance_exact(input.text8, n, input.pattern8, m, 1, HAMMING_DISTANCE_SIMD, NULL,
                                              input.expected),
                       "exact"))
            break;
        for (size_t s = 0; s <= n - m; s++)
            input.expected[s] = input.expected[s] <= (int32_t)k ? input.expected[s] : (int32_t)k + 1;
        for (const int *threads = verify_thread_counts; *threads; threads++) {
            hamming_distance_counters counters = {0};
            const hamming_distance_options options = {
                .seed = verify_seed_of(v), .by_period = *threads != 2, .counters = &counters};
            verify_use_level(v, *threads);
            spoil(&input);
            const assay_status status =
                *threads == 2
                    ? hamming_distance_bounded(input.text, n, input.pattern, m, 2, k, &options, input.actual)
                    : hamming_distance_bounded(input.text8, n, input.pattern8, m, 1, k, &options, input.actual);
            if (!verify_ok(v, status, "%s", cases[i].recipe.name) ||
                !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, input.expected, input.actual, n - m + 1,
                              "%s (%zu, %zu), k = %zu, %d threads", cases[i].recipe.name, n, m, k, *threads))
                break;
            verify_true(v, i + 1 < count || *threads == 2 || counters.periodic_blocks > 0, "%s: the events are counted",
                        cases[i].recipe.name);
        }
        hamming_release_input(&input);
    }
}

/* ---- Approximate ---------------------------------------------------------------------------------------------- */

void hamming_check_approximate_agrees(verify_context *v)
{
    enum { N = 2600, M = 300, SHIFTS = N - M + 1, REPETITIONS = 3 };
    const bool full = verify_depth_of(v) >= VERIFY_FULL;
    static const double epsilons[] = {0.5, 0.21, 1, 1e-6};
    double *expected = malloc(SHIFTS * sizeof *expected), *actual = malloc(SHIFTS * sizeof *actual);
    for (uint64_t i = 0; expected && actual && i < (full ? 4 : 2); i++) {
        hamming_input input;
        if (!hamming_make_input(v, &hamming_recipes[2 * i + 1], verify_random(v, 1100 + i), N, M, &input))
            break;
        const hamming_distance_options options = {.seed = verify_seed_of(v) + i};
        for (int estimator = 0; estimator < 2; estimator++) {
            verify_use_reference(v);
            verify_ok(v,
                      hamming_distance_approximate(input.text, N, input.pattern, M, 2, epsilons[i], REPETITIONS,
                                                   (hamming_distance_estimator)estimator, &options, expected),
                      "reference");
            for (const int *threads = verify_thread_counts; *threads; threads++) {
                verify_use_level(v, *threads);
                if (!verify_ok(v,
                               hamming_distance_approximate(input.text8, N, input.pattern8, M, 1, epsilons[i],
                                                            REPETITIONS, (hamming_distance_estimator)estimator,
                                                            &options, actual),
                               "%s", hamming_recipes[2 * i + 1].name) ||
                    !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected, actual, SHIFTS,
                                  "%s, epsilon %g, estimator %d, %d threads", hamming_recipes[2 * i + 1].name,
                                  epsilons[i], estimator, *threads))
                    break;
            }
        }
        hamming_release_input(&input);
    }
    free(expected);
    free(actual);
}

/* The largest of the definition applied to the classes, which anybody can compute. */
void hamming_check_classes(verify_context *v)
{
    enum { N = 1500, M = 300, SHIFTS = N - M + 1, REPETITIONS = 3 };
    hamming_input input;
    double estimate[SHIFTS], expected[SHIFTS] = {0};
    const hamming_distance_options options = {.seed = verify_seed_of(v) + 5};
    if (!hamming_make_input(v, &hamming_recipes[7], verify_random(v, 1120), N, M, &input))
        return;
    const bool good = verify_ok(v,
                                hamming_distance_approximate(input.text8, N, input.pattern8, M, 1, 0.3, REPETITIONS,
                                                             HAMMING_DISTANCE_MAX_LOWER, &options, estimate),
                                "estimate");
    verify_true(v, hamming_distance_classes(0.3) == 7, "2 / 0.3 rounded up is %llu",
                (unsigned long long)hamming_distance_classes(0.3));
    for (size_t r = 0; good && r < REPETITIONS; r++)
        for (size_t i = 0; i < SHIFTS; i++) {
            double distance = 0;
            for (size_t j = 0; j < M; j++)
                distance += hamming_distance_class(options.seed, r, input.text8[i + j], 7) !=
                            hamming_distance_class(options.seed, r, input.pattern8[j], 7);
            expected[i] = distance > expected[i] ? distance : expected[i];
        }
    if (good)
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected, estimate, SHIFTS, "distances of classes");
    hamming_release_input(&input);
}

void hamming_check_karloff_agrees(verify_context *v)
{
    enum { N = 1500, M = 300, SHIFTS = N - M + 1 };
    double expected[SHIFTS], actual[SHIFTS];
    hamming_input input;
    const hamming_distance_options options = {.seed = verify_seed_of(v) + 7};
    if (!hamming_make_input(v, &hamming_recipes[5], verify_random(v, 1140), N, M, &input))
        return;
    verify_use_reference(v);
    verify_ok(v, hamming_distance_karloff(input.text, N, input.pattern, M, 2, 0.5, &options, expected), "reference");
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_ok(v, hamming_distance_karloff(input.text8, N, input.pattern8, M, 1, 0.5, &options, actual), "Karloff");
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected, actual, SHIFTS, "Karloff, %d threads", *threads);
    }
    hamming_release_input(&input);
}

/* ---- Product -------------------------------------------------------------------------------------------------- */

void hamming_check_product_agrees(verify_context *v)
{
    static const struct {
        size_t rows, columns, inner;
        unsigned symbols;
    } cases[] = {{70, 1100, 90, 4}, {40, 60, 700, 300}, {1, 1, 1, 2}, {130, 520, 33, 60000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t rows = cases[i].rows, columns = cases[i].columns, inner = cases[i].inner, size = rows * columns;
        uint16_t *a = malloc(rows * inner * sizeof *a), *b = malloc(inner * columns * sizeof *b);
        int32_t *expected = malloc(size * sizeof *expected), *actual = malloc(size * sizeof *actual);
        if (verify_true(v, a && b && expected && actual, "memory")) {
            const assay_random r = verify_random(v, 1160 + i);
            for (size_t k = 0; k < rows * inner; k++) /* half of the symbols are few, so that some are heavy */
                a[k] = (uint16_t)assay_random_integer(r, 3 * k, k % 2 ? 2 : cases[i].symbols);
            for (size_t k = 0; k < inner * columns; k++)
                b[k] = (uint16_t)assay_random_integer(r, 3 * k + 1, k % 3 ? cases[i].symbols : 2);
            verify_use_reference(v);
            verify_ok(v, hamming_distance_equality_product(a, rows, b, columns, inner, expected), "reference");
            for (const int *threads = verify_thread_counts; *threads; threads++) {
                verify_use_level(v, *threads);
                verify_ok(v, hamming_distance_equality_product(a, rows, b, columns, inner, actual), "product");
                verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected, actual, size, "%zu x %zu x %zu, %d threads",
                             rows, inner, columns, *threads);
            }
        }
        free(a);
        free(b);
        free(expected);
        free(actual);
    }
}
