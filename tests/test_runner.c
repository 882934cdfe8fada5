/* The runner: crashes, hangs, exits, blind checks and wrong kernels must each be seen; good ones must pass. */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "assay/verify.h"

#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ASSAY_CATALOGUE(synthetic, .family = "tests", .title = "A synthetic algorithm", .authors = "nobody", .year = 2026,
                .identifier = "none", .summary = "doubles numbers", .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE));

static void fill(assay_random r, void *data, size_t count)
{
    assay_random_fill_uniform_f32(r, 0, -1, 1, data, count);
}

static void twice(const verify_call *call, size_t n)
{
    const float *x = call->in[0];
    for (size_t i = 0; i < n; i++)
        ((float *)call->out[0])[i] = 2 * x[i];
}

static assay_status good(const verify_call *call)
{
    twice(call, call->n);
    return ASSAY_OK;
}

static bool is_optimized(void)
{
    return assay_cpu_level() > ASSAY_REFERENCE;
}

static assay_status drops_tail(const verify_call *call)
{
    twice(call, is_optimized() && call->n > 8 ? call->n - 1 : call->n);
    return ASSAY_OK;
}

static assay_status overruns(const verify_call *call)
{
    twice(call, is_optimized() && call->n % 4 == 1 ? call->n + 1 : call->n);
    return ASSAY_OK;
}

static assay_status underruns(const verify_call *call)
{
    twice(call, call->n);
    volatile float before = call->n && is_optimized() ? ((const float *)call->in[0])[-1] : 0;
    (void)before;
    return ASSAY_OK;
}

static assay_status writes_input(const verify_call *call)
{
    twice(call, call->n);
    if (call->n && is_optimized())
        *(volatile float *)call->in[0] = 0;
    return ASSAY_OK;
}

static assay_status constant(const verify_call *call)
{
    for (size_t i = 0; i < call->n; i++)
        ((float *)call->out[0])[i] = 1;
    return ASSAY_OK;
}

static assay_status refuses_when_optimized(const verify_call *call)
{
    twice(call, call->n);
    return is_optimized() ? assay_fail(ASSAY_OUT_OF_RANGE, "n is wrong") : ASSAY_OK;
}

#define KERNEL(NAME, RUN, METRIC, TOLERANCE)                                                                           \
    static const verify_kernel NAME = {.in = {{"x", VERIFY_F32, NULL, fill}},                                          \
                                       .out = {{"y", VERIFY_F32, NULL, NULL}},                                         \
                                       .run = RUN,                                                                     \
                                       .metric = METRIC,                                                               \
                                       .tolerance = TOLERANCE,                                                         \
                                       .lanes = 16,                                                                    \
                                       .large = {1000}}

KERNEL(good_kernel, good, VERIFY_BITWISE, 0);
KERNEL(tail_kernel, drops_tail, VERIFY_ULP, 1);
KERNEL(overrun_kernel, overruns, VERIFY_BITWISE, 0);
KERNEL(underrun_kernel, underruns, VERIFY_BITWISE, 0);
KERNEL(input_kernel, writes_input, VERIFY_BITWISE, 0);
KERNEL(constant_kernel, constant, VERIFY_BITWISE, 0);
KERNEL(blind_kernel, good, VERIFY_MAX_ABSOLUTE, INFINITY);
KERNEL(numb_kernel, good, VERIFY_MAX_ABSOLUTE, 10);
KERNEL(refusing_kernel, refuses_when_optimized, VERIFY_BITWISE, 0);

/* Agreements with a run of their own: an optimized result that differs by @p wrong in one element. */
static void agree(verify_context *v, double wrong, double tolerance)
{
    double expected[100], actual[100];
    verify_use_reference(v);
    for (int i = 0; i < 100; i++)
        expected[i] = actual[i] = i;
    actual[57] += wrong;
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        if (!verify_agree(v, VERIFY_MAX_ABSOLUTE, tolerance, VERIFY_F64, expected, actual, 100, "x, %d threads",
                          *threads))
            return;
    }
}

static void agree_well(verify_context *v)
{
    agree(v, 0.25, 0.5);
}

static void agree_wrongly(verify_context *v)
{
    agree(v, 0.75, 0.5);
}

static void agree_blindly(verify_context *v)
{
    agree(v, 0, INFINITY);
}

static void crash(verify_context *v)
{
    verify_true(v, true, "alive");
    raise(SIGSEGV);
}

static void hang(verify_context *v)
{
    (void)v;
    for (;;)
        pause();
}

static void leave(verify_context *v)
{
    (void)v;
    exit(0);
}

static void leave_loudly(verify_context *v)
{
    (void)v;
    exit(3);
}

static void say_nothing(verify_context *v)
{
    (void)v;
}

static void measure_nan(verify_context *v)
{
    verify_at_most(v, NAN, 1, "ulp", "not a number");
}

static void measure_three(verify_context *v)
{
    verify_at_most(v, 0.25, 1, "ulp", "first");
    verify_at_most(v, 0.75, 1, "ulp", "second");
    verify_at_least(v, 10, 5, "ulp", "third");
}

static void skip(verify_context *v)
{
    verify_skip(v, "no such thing here");
}

static void draw(verify_context *v)
{
    const double x[] = {1, 2, 3}, y[] = {4, 5, INFINITY};
    assay_series series = {.chart = "chart",
                           .label = "label",
                           .style = ASSAY_LINE,
                           .x_label = "x",
                           .y_label = "y",
                           .y_log = 1,
                           .count = 3,
                           .x = x,
                           .y = y};
    verify_record_series(v, &series);
    verify_true(v, true, "drawn");
}

static void record_all(verify_context *v)
{
    const double iterations[] = {0, 1, 2, 3}, error[] = {1, 0.5, 0, NAN}; /* the last two cannot be drawn */
    const double quality[] = {0.9, 0.99}, speed[] = {1e4, 1e3}, sizes[] = {10, 20, 40}, costs[] = {300, 1200, 4800};
    assay_interval exponent;
    verify_record_convergence(v, "chart", "method", VERIFY_ITERATIONS, "error", iterations, error, 4);
    verify_record_convergence(v, "chart", "method", VERIFY_SECONDS, "error", iterations, error, 4);
    verify_record_quality_speed(v, "chart", "method", "recall", "queries per second", quality, speed, 2);
    verify_record_count(v, "workload", "method", "steps", 120, 150);
    verify_record_count(v, "workload", "other", "steps", 130, NAN);
    if (verify_record_exponent(v, "chart", "method", "n", "steps", sizes, costs, 3, &exponent))
        verify_at_most(v, fabs(exponent.estimate - 2), 1e-12, "", "exponent");
}

static void record_wrongly(verify_context *v)
{
    const double x[] = {1, 1, 1}, y[] = {1, 2, 3};
    assay_interval exponent;
    verify_record_exponent(v, "chart", "method", "n", "steps", x, y, 3, &exponent);
}

static void refuse(verify_context *v)
{
    verify_rejects(v, assay_fail(ASSAY_OUT_OF_RANGE, "k is 0, must be 1 to 23"), ASSAY_OUT_OF_RANGE, "k", "k = 0");
}

static void refuse_wrongly(verify_context *v)
{
    verify_rejects(v, ASSAY_OK, ASSAY_OUT_OF_RANGE, "k", "k = 0");
}

static double seed_parity(verify_context *v, uint64_t seed)
{
    (void)v;
    return (double)(seed % 2);
}

static double seed_itself(verify_context *v, uint64_t seed)
{
    (void)v;
    return (double)seed;
}

static const verify_claim always = {"always", "1", "derived", "", seed_itself, 0, INFINITY, 0, 0, 5};
static const verify_claim sometimes = {"sometimes", "1", "derived", "", seed_parity, 1, 1, 0, 0, 6};
static const verify_claim never = {"never", "-1", "derived", "", seed_itself, -INFINITY, -1, 0, 0, 5};

static const verify_check checks[] = {
    {.name = "good", .kernel = &good_kernel},
    {.name = "tail", .kernel = &tail_kernel},
    {.name = "overrun", .kernel = &overrun_kernel},
    {.name = "underrun", .kernel = &underrun_kernel},
    {.name = "input", .kernel = &input_kernel},
    {.name = "constant", .kernel = &constant_kernel},
    {.name = "blind", .kernel = &blind_kernel},
    {.kind = ASSAY_AGREEMENT, .name = "agree_well", .every_level = true, .run = agree_well},
    {.kind = ASSAY_AGREEMENT, .name = "agree_wrongly", .every_level = true, .run = agree_wrongly},
    {.kind = ASSAY_AGREEMENT, .name = "agree_blindly", .every_level = true, .run = agree_blindly},
    {.name = "numb", .kernel = &numb_kernel},
    {.name = "refusing", .kernel = &refusing_kernel},
    {.kind = ASSAY_LAW, .name = "crash", .run = crash},
    {.kind = ASSAY_LAW, .name = "hang", .run = hang, .seconds = 0.5},
    {.kind = ASSAY_LAW, .name = "leave", .run = leave},
    {.kind = ASSAY_LAW, .name = "leave_loudly", .run = leave_loudly},
    {.kind = ASSAY_LAW, .name = "nothing", .run = say_nothing},
    {.kind = ASSAY_LAW, .name = "nan", .run = measure_nan},
    {.kind = ASSAY_ORACLE, .name = "three", .run = measure_three},
    {.kind = ASSAY_LAW, .name = "skip", .run = skip},
    {.kind = ASSAY_LAW, .name = "draw", .run = draw},
    {.kind = ASSAY_LAW, .name = "quantities", .run = record_all, .false_alarm = 1e-9},
    {.kind = ASSAY_LAW, .name = "no_exponent", .run = record_wrongly},
    {.kind = ASSAY_REJECTION, .name = "refuse", .run = refuse},
    {.kind = ASSAY_REJECTION, .name = "refuse_wrongly", .run = refuse_wrongly},
    {.name = "always", .claim = &always},
    {.name = "sometimes", .claim = &sometimes},
    {.name = "never", .claim = &never},
    {.kind = ASSAY_LAW, .name = "deep", .run = draw, .from = VERIFY_FULL},
};
VERIFY_CHECKS(synthetic, checks);

/* What the last run reported. */
static struct {
    size_t results, series;
    assay_result last;
    char reason[1024], replay[512];
    double y[3];
    int y_log;
    size_t kinds[4]; /* series of each kind */
    size_t points;   /* of convergences */
    double exponent, factor;
    double counts[2], allowed[2];
    size_t count;
} seen;

static void take_result(void *self, const assay_result *result)
{
    (void)self;
    if (seen.results++ == 0 || result->verdict == ASSAY_FAIL) {
        seen.last = *result;
        strncpy(seen.reason, result->reason, sizeof seen.reason - 1);
        strncpy(seen.replay, result->replay, sizeof seen.replay - 1);
    }
}

static void take_series(void *self, const assay_series *series)
{
    (void)self;
    ck_assert_str_eq(series->algorithm, "synthetic");
    ck_assert_str_eq(series->chart, "chart");
    ck_assert_str_eq(series->label, series->kind == ASSAY_POINTS ? "label" : "method");
    seen.kinds[series->kind]++;
    if (series->kind == ASSAY_CONVERGENCE)
        seen.points += series->count;
    if (series->kind == ASSAY_SCALING) {
        seen.exponent = series->exponent;
        seen.factor = series->factor;
        ck_assert(series->exponent_low <= series->exponent && series->exponent <= series->exponent_high);
    }
    if (series->kind != ASSAY_POINTS)
        return;
    seen.series++;
    memcpy(seen.y, series->y, sizeof seen.y);
    seen.y_log = series->y_log;
    ck_assert_str_eq(series->y_label, "y");
}

static void take_count(void *self, const assay_count *count)
{
    (void)self;
    ck_assert_str_eq(count->algorithm, "synthetic");
    ck_assert_str_eq(count->workload, "workload");
    ck_assert_str_eq(count->method, seen.count ? "other" : "method");
    ck_assert_str_eq(count->counted, "steps");
    ck_assert_uint_lt(seen.count, 2);
    seen.counts[seen.count] = count->count;
    seen.allowed[seen.count++] = count->allowed;
}

static verify_summary run(const char *pattern)
{
    verify_options options = {.patterns = &pattern, .pattern_count = 1, .seed = 1, .program = "assay"};
    verify_sink sink = {.result = take_result, .series = take_series, .count = take_count};
    verify_summary summary;
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(verify_run(&options, &sink, &summary), ASSAY_OK);
    ck_assert_uint_eq(summary.items, seen.results);
    return summary;
}

static void expect_failure(const char *pattern, const char *reason)
{
    verify_summary s = run(pattern);
    ck_assert_msg(s.failed >= 1, "%s was accepted", pattern);
    ck_assert_msg(strstr(seen.reason, reason) != NULL, "%s: \"%s\" lacks \"%s\"", pattern, seen.reason, reason);
}

START_TEST(good_kernel_passes)
{
    verify_summary s = run("synthetic/*/good");
    ck_assert_uint_eq(s.items, 2); /* reference and baseline */
    ck_assert_uint_eq(s.passed, 2);
}
END_TEST

START_TEST(wrong_kernels_fail)
{
    expect_failure("synthetic/*/tail", "y[");
    expect_failure("synthetic/*/overrun", "Segmentation fault");
    ck_assert_ptr_nonnull(strstr(seen.reason, "ending at a forbidden page"));
    expect_failure("synthetic/*/underrun", "Segmentation fault");
    expect_failure("synthetic/*/input", "Segmentation fault");
    expect_failure("synthetic/*/refusing", "out of range");
}
END_TEST

START_TEST(blind_checks_fail)
{
    expect_failure("synthetic/*/blind", "blind check");
    expect_failure("synthetic/*/numb", "blind check"); /* tolerance 10 for values within 2 */
    expect_failure("synthetic/*/constant", "blind check");
}
END_TEST

START_TEST(agreements_of_their_own_are_believed_no_sooner)
{
    verify_summary s = run("synthetic/*/agree_well");
    ck_assert_uint_eq(s.failed, 0);
    ck_assert_uint_ge(s.passed, 1);
    expect_failure("synthetic/*/agree_wrongly", "x, 1 threads [57]: 57.75");
    expect_failure("synthetic/*/agree_blindly", "blind check");
}
END_TEST

START_TEST(accidents_are_named)
{
    expect_failure("synthetic/*/crash", "Segmentation fault");
    ck_assert_ptr_nonnull(strstr(seen.replay, "assay verify 'synthetic/"));
    ck_assert_ptr_nonnull(strstr(seen.replay, "/crash' --quick --seed 1"));
    expect_failure("synthetic/*/hang", "timeout");
    expect_failure("synthetic/*/leave", "before the check did");
    expect_failure("synthetic/*/leave_loudly", "return value 3");
    expect_failure("synthetic/*/nothing", "asserted nothing");
    expect_failure("synthetic/*/nan", "nan");
    expect_failure("synthetic/*/refuse_wrongly", "status is \"ok\"");
}
END_TEST

START_TEST(the_tightest_measurement_is_shown)
{
    ck_assert_uint_eq(run("synthetic/*/three").passed, 1);
    ck_assert_double_eq(seen.last.measured, 0.75);
    ck_assert_str_eq(seen.reason, "second");
}
END_TEST

START_TEST(skips_and_series)
{
    ck_assert_uint_eq(run("synthetic/*/skip").skipped, 1);
    ck_assert_str_eq(seen.reason, "no such thing here");
    ck_assert_uint_eq(run("synthetic/*/draw").passed, 1);
    ck_assert_uint_eq(seen.series, 1);
    ck_assert(isinf(seen.y[2]) && seen.y[1] == 5 && seen.y_log == 1);
    ck_assert_uint_eq(run("synthetic/*/refuse").passed, 1);
}
END_TEST

START_TEST(quantities_come_through)
{
    ck_assert_uint_eq(run("synthetic/*/quantities").passed, 1);
    ck_assert_double_eq(seen.last.false_alarm, 1e-9);
    ck_assert_uint_eq(seen.kinds[ASSAY_CONVERGENCE], 2);
    ck_assert_uint_eq(seen.points, 4); /* errors of 0 and NaN are left out */
    ck_assert_uint_eq(seen.kinds[ASSAY_QUALITY_SPEED], 1);
    ck_assert_uint_eq(seen.kinds[ASSAY_SCALING], 1);
    ck_assert_double_eq_tol(seen.exponent, 2, 1e-12);
    ck_assert_double_eq_tol(seen.factor, 3, 1e-9);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert(seen.counts[0] == 120 && seen.allowed[0] == 150 && seen.counts[1] == 130 && isnan(seen.allowed[1]));
    expect_failure("synthetic/*/no_exponent", "no exponent can be fitted");
}
END_TEST

START_TEST(claims_get_their_verdicts)
{
    verify_summary s = run("synthetic/*/always");
    ck_assert_uint_eq(s.reproduced, 1);
    ck_assert_int_eq(seen.last.seeds, 5);
    ck_assert_double_eq(seen.last.measured, 3); /* median of seeds 1 to 5 */
    ck_assert_double_eq(seen.last.spread_high, 5);
    s = run("synthetic/*/sometimes");
    ck_assert_uint_eq(s.in_part, 1);
    ck_assert_int_eq(seen.last.seeds_passed, 3);
    s = run("synthetic/*/never");
    ck_assert_uint_eq(s.not_reproduced, 1);
    ck_assert_uint_eq(s.failed, 0);
}
END_TEST

START_TEST(plan_obeys_depth_patterns_and_shards)
{
    verify_summary s;
    verify_sink sink = {0};
    const char *deep = "synthetic/*/deep", *nothing = "synthetic/*/no_such",
               *laws[] = {"synthetic/*/draw", "synthetic/*/skip"};
    ck_assert_uint_eq(run(deep).items, 0);
    verify_options options = {.patterns = &deep, .pattern_count = 1, .depth = VERIFY_FULL};
    ck_assert_int_eq(verify_run(&options, &sink, &s), ASSAY_OK);
    ck_assert_uint_eq(s.passed, 1);
    options = (verify_options){.patterns = &nothing, .pattern_count = 1};
    ck_assert_int_eq(verify_run(&options, &sink, &s), ASSAY_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(assay_error(), "no_such"));
    size_t total = 0;
    for (unsigned k = 0; k < 3; k++) {
        options = (verify_options){.patterns = laws, .pattern_count = 2, .shard = k, .shards = 3};
        ck_assert_int_eq(verify_run(&options, &sink, &s), ASSAY_OK);
        total += s.items;
    }
    ck_assert_uint_eq(total, 2);
    options.shard = 3;
    ck_assert_int_eq(verify_run(&options, &sink, &s), ASSAY_OUT_OF_RANGE);
}
END_TEST

/* In a process of its own, as every test is: a table once entered stays. */
START_TEST(two_checks_of_one_name_are_refused)
{
    static const verify_check again[] = {{.kind = ASSAY_LAW, .name = "draw", .run = draw}};
    const char *deep = "synthetic/*/deep";
    const verify_options options = {.patterns = &deep, .pattern_count = 1};
    verify_summary s;
    verify_add("another", again, 1); /* of another algorithm: no matter */
    ck_assert_int_eq(verify_run(&options, &(verify_sink){0}, &s), ASSAY_OK);
    verify_add("synthetic", again, 1);
    ck_assert_int_eq(verify_run(&options, &(verify_sink){0}, &s), ASSAY_INVALID_ARGUMENT);
    ck_assert_str_eq(assay_error(), "synthetic has two checks named \"draw\": give one another name");
}
END_TEST

START_TEST(patterns_match_by_part)
{
    ck_assert(assay_pattern_matches("lmul", "lmul", "avx2", "C1"));
    ck_assert(assay_pattern_matches("*/avx*", "lmul", "avx2", "C1"));
    ck_assert(assay_pattern_matches("//C1", "lmul", "avx2", "C1"));
    ck_assert(assay_pattern_matches("lmul/avx2/multiply/4096", "lmul", "avx2", "multiply/4096"));
    ck_assert(assay_pattern_matches("lmul/avx2/multiply", "lmul", "avx2", "multiply/4096"));
    ck_assert(!assay_pattern_matches("lmul/avx2/multiply/4", "lmul", "avx2", "multiply/4096"));
    ck_assert(!assay_pattern_matches("lm", "lmul", "avx2", "C1"));
    ck_assert(!assay_pattern_matches("lmul/avx2/C1/x", "lmul", "avx2", "C1"));
}
END_TEST

START_TEST(metrics)
{
    const float e[] = {1, 2, 3, 4}, near[] = {1, 2, 0x1.800002p+1f, 4}, swapped[] = {2, 1, 3, 4};
    const float with_nan[] = {1, NAN, 3, 4}, zero[] = {0, 0x1p-149f}, minus[] = {-0.0f, 0};
    ck_assert_double_eq(verify_compare(VERIFY_ULP, VERIFY_F32, e, near, 4).measure, 1);
    ck_assert_uint_eq(verify_compare(VERIFY_ULP, VERIFY_F32, e, near, 4).where, 2);
    ck_assert_double_eq(verify_compare(VERIFY_BITWISE, VERIFY_F32, e, near, 4).measure, 1);
    ck_assert_double_eq(verify_compare(VERIFY_BITWISE, VERIFY_F32, e, swapped, 4).measure, 2);
    ck_assert_double_eq(verify_compare(VERIFY_SET, VERIFY_F32, e, swapped, 4).measure, 0);
    ck_assert_double_eq(verify_compare(VERIFY_SET, VERIFY_F32, e, near, 4).measure, 1);
    ck_assert_double_eq(verify_compare(VERIFY_ORDER, VERIFY_F32, e, swapped, 4).measure, 2);
    ck_assert_double_eq(verify_compare(VERIFY_MAX_ABSOLUTE, VERIFY_F32, e, swapped, 4).measure, 1);
    ck_assert(isinf(verify_compare(VERIFY_ULP, VERIFY_F32, e, with_nan, 4).measure));
    ck_assert_double_eq(verify_compare(VERIFY_ULP, VERIFY_F32, with_nan, with_nan, 4).measure, 0);
    ck_assert(isinf(verify_compare(VERIFY_RELATIVE_NORM, VERIFY_F32, e, with_nan, 4).measure));
    ck_assert_double_eq_tol(verify_compare(VERIFY_RELATIVE_NORM, VERIFY_F32, e, swapped, 4).measure, sqrt(2. / 30),
                            1e-15);
    ck_assert_double_eq(verify_compare(VERIFY_ULP, VERIFY_F32, zero, minus, 2).measure, 1); /* one subnormal step */
    ck_assert_double_eq(verify_compare(VERIFY_BITWISE, VERIFY_F32, zero, minus, 2).measure, 2);
    const uint64_t big[] = {UINT64_MAX, 0}, less[] = {UINT64_MAX - 1, 0};
    ck_assert_double_eq(verify_compare(VERIFY_MAX_ABSOLUTE, VERIFY_U64, big, less, 2).measure, 1);
    ck_assert_double_eq(verify_compare(VERIFY_ORDER, VERIFY_U64, big, less, 2).measure, 1);
}
END_TEST

static struct {
    size_t results;
} interruption;

static void count_and_interrupt(void *self, const assay_result *result)
{
    (void)self;
    (void)result;
    if (++interruption.results == 1)
        kill(getpid(), SIGINT);
}

START_TEST(an_interrupt_stops_soon_and_keeps_results)
{
    const char *patterns[] = {"synthetic/*/draw", "synthetic/*/good", "synthetic/*/hang"};
    verify_options options = {.patterns = patterns, .pattern_count = 3};
    verify_sink sink = {.result = count_and_interrupt};
    verify_summary summary;
    interruption.results = 0;
    ck_assert_int_eq(verify_run(&options, &sink, &summary), ASSAY_INTERRUPTED);
    ck_assert_uint_ge(interruption.results, 1);
    ck_assert_uint_lt(summary.items, 4);
}
END_TEST

static bool finish_all_but_skip(void *self, const verify_item *item)
{
    (void)self;
    return strcmp(item->check->name, "skip") != 0;
}

START_TEST(finished_items_are_left_out)
{
    const char *patterns[] = {"synthetic/*/draw", "synthetic/*/skip"};
    verify_options options = {.patterns = patterns, .pattern_count = 2};
    verify_sink sink = {.is_finished = finish_all_but_skip};
    verify_summary summary;
    ck_assert_int_eq(verify_run(&options, &sink, &summary), ASSAY_OK);
    ck_assert_uint_eq(summary.items, 1);
    ck_assert_uint_eq(summary.skipped, 1);
}
END_TEST

START_TEST(the_first_failure_can_be_the_last)
{
    const char *patterns[] = {"synthetic/*/draw", "synthetic/*/leave", "synthetic/*/nothing"};
    verify_options options = {.patterns = patterns, .pattern_count = 3};
    verify_sink sink = {0};
    verify_summary all, few;
    ck_assert_int_eq(verify_run(&options, &sink, &all), ASSAY_OK);
    ck_assert_uint_eq(all.items, 3);
    ck_assert_uint_eq(all.failed, 2);
    options.fail_fast = true;
    ck_assert_int_eq(verify_run(&options, &sink, &few), ASSAY_OK);
    ck_assert_uint_eq(few.failed, 1);
    ck_assert_uint_lt(few.items, 3);
    patterns[1] = patterns[2] = patterns[0];
    ck_assert_int_eq(verify_run(&options, &sink, &all), ASSAY_OK);
    ck_assert_uint_eq(all.passed, 1);
}
END_TEST

Suite *test_runner(void);

Suite *test_runner(void)
{
    Suite *suite = suite_create("runner");
    TCase *test_case = tcase_create("runner");
    tcase_set_timeout(test_case, 60);
    tcase_add_test(test_case, good_kernel_passes);
    tcase_add_test(test_case, wrong_kernels_fail);
    tcase_add_test(test_case, blind_checks_fail);
    tcase_add_test(test_case, agreements_of_their_own_are_believed_no_sooner);
    tcase_add_test(test_case, accidents_are_named);
    tcase_add_test(test_case, the_tightest_measurement_is_shown);
    tcase_add_test(test_case, skips_and_series);
    tcase_add_test(test_case, quantities_come_through);
    tcase_add_test(test_case, claims_get_their_verdicts);
    tcase_add_test(test_case, plan_obeys_depth_patterns_and_shards);
    tcase_add_test(test_case, two_checks_of_one_name_are_refused);
    tcase_add_test(test_case, patterns_match_by_part);
    tcase_add_test(test_case, metrics);
    tcase_add_test(test_case, an_interrupt_stops_soon_and_keeps_results);
    tcase_add_test(test_case, finished_items_are_left_out);
    tcase_add_test(test_case, the_first_failure_can_be_the_last);
    suite_add_tcase(suite, test_case);
    return suite;
}
