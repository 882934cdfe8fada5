/*
 * Checks of programs as data: evaluation at every level, the known and the stored programs, targets, minimax constants.
 */
#include "assay/evolved_exp_baseline.h"
#include "assay/readers.h"
#include "assay/verify.h"
#include "verify/arithmetic/evolved_exp_truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool load_known(verify_context *v, const char *name, evolved_exp_program *program)
{
    return verify_ok(v, evolved_exp_known(name, program), "evolved_exp_known(%s)", name);
}

/* ---- Agreement: every level gives the bits of the scalar code ---- */

/* Ordinary numbers, and one in sixteen of any bit pattern. */
static void fill_f64(assay_random r, void *data, size_t count)
{
    double *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        if (bits % 16 == 0)
            memcpy(&x[i], &bits, sizeof bits);
        else
            x[i] = (double)(bits >> 11) * 0x1p-53;
    }
}

static void fill_f32(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        const uint32_t pattern = (uint32_t)(bits >> 32);
        if (bits % 16 == 0)
            memcpy(&x[i], &pattern, sizeof pattern);
        else
            x[i] = (float)(bits >> 40) * 0x1p-24f;
    }
}

/* sqrt(x * x + fma(x, c, x / c)) - x, which has every operation. */
static const char every_operation[] = "0 x\n1 constant -0x1.5bf0a8b145769p+1\n2 multiply 0 0\n3 divide 0 1\n"
                                      "4 fma 0 1 3\n5 add 2 4\n6 sqrt 5\n7 subtract 6 0\noutput 7\n";

static assay_status run_known_f64(const verify_call *call)
{
    evolved_exp_program program;
    assay_status status = evolved_exp_known("f10", &program);
    return status == ASSAY_OK ? evolved_exp_evaluate_f64(&program, call->in[0], call->out[0], call->n) : status;
}

static assay_status run_every_f64(const verify_call *call)
{
    evolved_exp_program program;
    assay_status status = evolved_exp_parse(every_operation, &program);
    return status == ASSAY_OK ? evolved_exp_evaluate_f64(&program, call->in[0], call->out[0], call->n) : status;
}

static assay_status run_every_f32(const verify_call *call)
{
    evolved_exp_program program;
    assay_status status = evolved_exp_parse(every_operation, &program);
    return status == ASSAY_OK ? evolved_exp_evaluate_f32(&program, call->in[0], call->out[0], call->n) : status;
}

/* Bitwise: one rounding for each node at every level, so nothing may differ. */
#define EVALUATION(TYPE, FILL, RUN)                                                                                    \
    {                                                                                                                  \
        .in = {{.name = "x", .type = TYPE, .fill = FILL}}, .out = {{.name = "y", .type = TYPE}}, .run = RUN,           \
        .metric = VERIFY_BITWISE, .lanes = 64, .large = {1000},                                                        \
    }

static const verify_kernel known_f64 = EVALUATION(VERIFY_F64, fill_f64, run_known_f64);
static const verify_kernel every_f64 = EVALUATION(VERIFY_F64, fill_f64, run_every_f64);
static const verify_kernel every_f32 = EVALUATION(VERIFY_F32, fill_f32, run_every_f32);

/* E over points: scalar and blocks. */
static void check_measure(verify_context *v)
{
    static const size_t counts[] = {1, 63, 64, 65, 300};
    evolved_exp_problem problem;
    evolved_exp_program program;
    double scalar = NAN, blocks = NAN;
    for (int target = 0; target < EVOLVED_EXP_TARGETS; target++)
        for (size_t i = 0; i < 2 * sizeof counts / sizeof counts[0]; i++) {
            evolved_exp_problem_default((evolved_exp_target)target, &problem);
            problem.precision = i % 2 ? EVOLVED_EXP_F32 : EVOLVED_EXP_F64;
            if (!load_known(v, i % 3 ? "f5" : "T4", &program))
                return;
            verify_ok(v, evolved_exp_reference_measure(&problem, &program, counts[i / 2], &scalar), "reference");
            verify_ok(v, evolved_exp_measure(&problem, &program, counts[i / 2], &blocks), "measure");
            verify_true(v, scalar == blocks, "E for %s at %zu points, precision %zu: %a, must be %a",
                        evolved_exp_target_name(problem.target), counts[i / 2], i % 2, blocks, scalar);
        }
}

/* One bad point among 130: wherever it is, it must decide E. */
static void check_each_point(verify_context *v)
{
    enum { POINTS = 130 };
    static const char pole[] = "0 x\n1 constant %a\n2 subtract 0 1\n3 constant 0x1p-30\n4 divide 3 2\noutput 4\n";
    static const char none[] = "0 x\n1 constant %a\n2 subtract 0 1\n3 divide 2 2\noutput 3\n";
    evolved_exp_problem problem;
    evolved_exp_program program;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    for (int i = 0; i < POINTS; i++) {
        char text[256];
        double scalar = NAN, blocks = NAN;
        const double x = 0.5 * (1 - cos((2.0 * i + 1) * 0x1.921fb54442d18p+1 / (2.0 * POINTS)));
        snprintf(text, sizeof text, pole, x * (1 + 0x1p-50));
        verify_ok(v, evolved_exp_parse(text, &program), "a pole next to point %d", i);
        verify_ok(v, evolved_exp_reference_measure(&problem, &program, POINTS, &scalar), "reference");
        verify_ok(v, evolved_exp_measure(&problem, &program, POINTS, &blocks), "measure");
        verify_true(v, blocks == scalar && isfinite(blocks) && blocks > 1e4,
                    "E is %a, must be %a: a pole next to point %d", blocks, scalar, i);
        snprintf(text, sizeof text, none, x);
        verify_ok(v, evolved_exp_parse(text, &program), "0 / 0 at point %d", i);
        verify_ok(v, evolved_exp_measure(&problem, &program, POINTS, &blocks), "measure");
        verify_true(v, isinf(blocks), "E is %g, must be infinite: 0 / 0 at point %d", blocks, i);
    }
}

/* ---- Oracle ---- */

/* Largest errors in real arithmetic, as known beforehand and by tuning in 60 digits. f10: its c5 as a double is
 * -(1 - 2^-51), and its error at 0 is 1 - (1 - 2^-51)^8 = 2^-48. */
static void check_known(verify_context *v)
{
    static const struct {
        const char *name;
        uint32_t cost;
        double error;
    } known[] = {{"f2", 2, 0.04138},        {"f3", 3, 1.2266e-3},      {"f5", 5, 6.3386e-6},
                 {"f10", 10, 3.55267e-15},  {"T3", 3, 8.6723974e-4},   {"T4", 4, 2.1681274e-4},
                 {"T5", 5, 4.3407578e-6},   {"T6", 6, 2.732876e-7},    {"T7", 7, 5.636139e-10},
                 {"T8", 8, 8.9370492e-12},  {"T9", 9, 1.4014749e-13},  {"T10", 10, 2.1917777e-15},
                 {"T11", 11, 3.425423e-17}, {"T12", 12, 5.3525243e-19}};
    enum { KNOWN = sizeof known / sizeof known[0] };
    evolved_exp_problem problem;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    const size_t points = verify_depth_of(v) == VERIFY_QUICK ? 1000 : 4000;
    for (size_t i = 0; i < KNOWN; i++) {
        evolved_exp_program program;
        uint32_t cost = 0;
        const char *name = evolved_exp_known_name(i);
        verify_true(v, name && strcmp(name, known[i].name) == 0, "name %zu is %s", i, known[i].name);
        if (!load_known(v, known[i].name, &program))
            return;
        verify_ok(v, evolved_exp_cost(&program, &cost), "cost of %s", known[i].name);
        verify_true(v, cost == known[i].cost, "cost of %s is %u, must be %u", known[i].name, cost, known[i].cost);
        const double error = evolved_exp_truth_error(&problem, &program, points, true);
        verify_at_most(v, fabs(error / known[i].error - 1), 2e-3, "relative", "%s has error %.6g, expected %.6g",
                       known[i].name, error, known[i].error);
    }
    verify_true(v, evolved_exp_known_name(KNOWN) == NULL, "no further known program");
}

/* The worked example. */
static void check_examples(verify_context *v)
{
    static const struct {
        const char *name;
        double x, y;
    } examples[] = {{"f5", 0.5, 0x1.6a098bb2cb53ep+0},
                    {"f5", 1, 1.9999936614531961},
                    {"f10", 0.5, 0x1.6a09e667f3bbep+0},
                    {"f10", 1, 0x1.0000000000009p+1},
                    {"f10", 0.125, 1.0905077326652612},
                    {"f10", 0, 0.99999999999999645}}; /* c3 / 0 is infinite: (-c5)^8 by three squarings */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        evolved_exp_program program;
        double y = NAN;
        if (!load_known(v, examples[i].name, &program))
            return;
        verify_ok(v, evolved_exp_evaluate_f64(&program, &examples[i].x, &y, 1), "%s", examples[i].name);
        verify_true(v, y == examples[i].y, "%s(%g) = %a, must be %a", examples[i].name, examples[i].x, y,
                    examples[i].y);
    }
}

/* Target values against MPFR. */
static void check_targets(verify_context *v)
{
    const size_t points = verify_depth_of(v) == VERIFY_QUICK ? 200 : 4000;
    mpfr_t truth;
    mpfr_init2(truth, EVOLVED_EXP_TRUTH_BITS);
    for (int target = 0; target < EVOLVED_EXP_TARGETS; target++) {
        evolved_exp_problem problem;
        evolved_exp_problem_default((evolved_exp_target)target, &problem);
        double worst = 0, where = 0;
        for (size_t i = 0; i < points; i++) {
            const double t = assay_random_uniform(verify_random(v, (uint64_t)target), i);
            const double x = problem.low + (problem.high - problem.low) * t;
            double y = NAN;
            verify_ok(v, evolved_exp_target_values(problem.target, &x, &y, 1), "target value");
            evolved_exp_truth(problem.target, x, truth);
            const double rounded = mpfr_get_d(truth, MPFR_RNDN);
            const double ulp = fabs(rounded) > 0 ? ldexp(1, ilogb(rounded) - 52) : 0x1p-1074;
            mpfr_d_sub(truth, y, truth, MPFR_RNDN);
            const double error = fabs(mpfr_get_d(truth, MPFR_RNDN)) / ulp;
            if (!(error <= worst)) {
                worst = error;
                where = x;
            }
        }
        /* 32 digits, then one rounding to double */
        verify_at_most(v, worst, 0.501, "ulp", "%s at %a", evolved_exp_target_name(problem.target), where);
    }
    mpfr_clear(truth);
}

/* ---- Stored programs ---- */

/* A stored program and what its line "#@ ..." says. */
typedef struct stored {
    unsigned operations;
    double digits, error;
    unsigned long long seed, candidate, candidates;
    unsigned max_operations;
    evolved_exp_program program;
} stored;

enum { FILE_BYTES = 1 << 20 };

static char *read_file(verify_context *v, evolved_exp_target target)
{
    char name[64], path[512];
    snprintf(name, sizeof name, "evolved_exp/%s.txt", evolved_exp_target_name(target));
    if (!verify_ok(v, assay_data_path(name, path, sizeof path), "data file %s", name))
        return NULL;
    FILE *file = fopen(path, "r");
    char *text = calloc(1, FILE_BYTES);
    if (verify_true(v, file && text, "%s can be read", path))
        text[fread(text, 1, FILE_BYTES - 1, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* Takes the next stored program out of a file's text; false at its end. */
static bool next_stored(verify_context *v, char **text, stored *s)
{
    char *start = strstr(*text, "#@ ");
    if (!start)
        return false;
    char *end = strstr(start, "\n\n");
    *text = end ? end + 1 : start + strlen(start);
    if (end)
        *end = '\0';
    const int fields =
        sscanf(start,
               "#@ operations=%u digits=%lf error=%la seed=%llu candidate=%llu candidates=%llu "
               "max_operations=%u",
               &s->operations, &s->digits, &s->error, &s->seed, &s->candidate, &s->candidates, &s->max_operations);
    return verify_true(v, fields == 7, "a stored program's line is complete: %.60s", start) &&
           verify_ok(v, evolved_exp_parse(start, &s->program), "stored program with %u operations", s->operations);
}

/* A front for the report: accuracy over operations. */
static void record_front(verify_context *v, evolved_exp_target target, const char *label, const double *operations,
                         const double *digits, size_t count)
{
    char chart[96];
    snprintf(chart, sizeof chart, "accuracy of %s by number of operations", evolved_exp_target_name(target));
    const assay_series series = {.chart = chart,
                                 .label = label,
                                 .style = ASSAY_FRONT,
                                 .x_label = "operations",
                                 .y_label = "digits, -log10 of the largest error",
                                 .count = count,
                                 .x = operations,
                                 .y = digits};
    verify_record_series(v, &series);
}

/* The front of a classical method, as far as it reaches: some targets have no series, and exchange ends where the error
 * does. */
static void record_classical(verify_context *v, evolved_exp_target target, const char *label, evolved_exp_kind kind,
                             bool quotient)
{
    enum { DEGREES = 5 };
    double operations[DEGREES], digits[DEGREES];
    size_t count = 0;
    evolved_exp_problem problem;
    evolved_exp_problem_default(target, &problem);
    for (uint32_t n = 1; n <= (quotient ? 3 : DEGREES); n++) {
        evolved_exp_program program;
        uint32_t cost = 0;
        double error = NAN;
        const evolved_exp_form form = quotient ? EVOLVED_EXP_CONTINUED_FRACTION : EVOLVED_EXP_HORNER;
        if (evolved_exp_baseline(kind, n, quotient ? n : 0, &problem, form, &program, &error) != ASSAY_OK ||
            !(error < 1))
            continue;
        evolved_exp_cost(&program, &cost);
        operations[count] = cost;
        digits[count++] = -log10(error);
        const bool minimax = kind == EVOLVED_EXP_MINIMAX_POLYNOMIAL || kind == EVOLVED_EXP_MINIMAX_RATIONAL;
        verify_true(v, !minimax || count < 2 || digits[count - 1] >= digits[count - 2],
                    "%s of %s: %.4f digits with %u operations, %.4f with fewer", label, evolved_exp_target_name(target),
                    digits[count - 1], cost, count < 2 ? 0 : digits[count - 2]);
    }
    if (count > 0)
        record_front(v, target, label, operations, digits, count);
}

static void check_stored_target(verify_context *v, evolved_exp_target target, size_t points)
{
    enum { MOST = 32 };
    double operations[MOST], digits[MOST], least = INFINITY;
    size_t count = 0;
    const char *name = evolved_exp_target_name(target);
    evolved_exp_problem problem;
    evolved_exp_problem_default(target, &problem);
    char *text = read_file(v, target), *rest = text;
    stored s;
    while (text && count < MOST && next_stored(v, &rest, &s)) {
        uint32_t cost = 0;
        const double error = evolved_exp_truth_error(&problem, &s.program, points, false);
        verify_ok(v, evolved_exp_cost(&s.program, &cost), "cost");
        verify_true(v, cost == s.operations, "%s: cost %u, stored %u", name, cost, s.operations);
        verify_true(v, s.error < least, "%s: %u operations are better than fewer", name, cost);
        /* Other points than the 4096 of the search: at @c points of them a peak is missed by at most a part of
         * (k / points)^2 for k peaks; near 1e-15 single roundings show. */
        const double part = 4096.0 / (double)points * 1e-3;
        verify_at_most(v, fabs(error - s.error) / (part * s.error + 3e-16), 1, "of the tolerance",
                       "%s, %u operations: error %.6g by MPFR, stored %.6g", name, cost, error, s.error);
        least = s.error;
        operations[count] = cost;
        digits[count++] = -log10(error);
    }
    if (verify_true(v, count > 0, "%s has stored programs", name))
        record_front(v, target, "evolved", operations, digits, count);
    free(text);
}

/* The classical lines beside the evolved ones; those of 2^x are recorded by the check classical_fronts. */
static void check_classical(verify_context *v)
{
    for (int target = EVOLVED_EXP_TARGET_EXP2 + 1; target < EVOLVED_EXP_TARGETS; target++) {
        record_classical(v, (evolved_exp_target)target, "Taylor", EVOLVED_EXP_TAYLOR, false);
        record_classical(v, (evolved_exp_target)target, "minimax polynomial", EVOLVED_EXP_MINIMAX_POLYNOMIAL, false);
        record_classical(v, (evolved_exp_target)target, "Pade", EVOLVED_EXP_PADE, true);
        record_classical(v, (evolved_exp_target)target, "minimax quotient", EVOLVED_EXP_MINIMAX_RATIONAL, true);
    }
}

static void check_stored(verify_context *v)
{
    const size_t points = verify_depth_of(v) == VERIFY_QUICK ? 250 : 4000;
    for (int target = 0; target < EVOLVED_EXP_TARGETS; target++)
        check_stored_target(v, (evolved_exp_target)target, target == EVOLVED_EXP_TARGET_EXP2 ? 2 * points : points);
}

/* Runs the search of a stored program again, to the end of the round in which it was found. */
static void replay_stored(verify_context *v, evolved_exp_target target, const stored *s)
{
    static evolved_exp_archive archive;
    evolved_exp_search_config config;
    evolved_exp_search *search = NULL;
    evolved_exp_search_default(target, &config);
    config.max_operations = s->max_operations;
    const uint64_t round = (uint64_t)2 * config.population, rounds = (s->candidate + round - 1) / round;
    bool found = false;
    if (verify_ok(v, evolved_exp_search_create(&config, s->seed, &search), "create") &&
        verify_ok(v, evolved_exp_search_run(search, rounds * round), "run") &&
        verify_ok(v, evolved_exp_search_archive(search, true, &archive), "archive"))
        for (size_t i = 0; i < archive.count; i++)
            found |= archive.found[i].operations == s->operations && archive.found[i].candidate == s->candidate &&
                     archive.found[i].error == s->error && archive.found[i].program.count == s->program.count &&
                     memcmp(archive.found[i].program.nodes, s->program.nodes,
                            s->program.count * sizeof s->program.nodes[0]) == 0;
    verify_true(v, found, "%s: seed %llu finds the stored program of %u operations as candidate %llu",
                evolved_exp_target_name(target), s->seed, s->operations, s->candidate);
    evolved_exp_search_destroy(search);
}

/* Stored programs that were found early are found again, bit for bit. */
static void check_replay(verify_context *v)
{
#ifdef __GLIBC__
    const unsigned long long early = verify_depth_of(v) == VERIFY_QUICK ? 600 : 1500;
    unsigned replayed = 0;
    for (int target = 0; target < EVOLVED_EXP_TARGETS; target++) {
        char *text = read_file(v, (evolved_exp_target)target), *rest = text;
        stored s;
        while (text && next_stored(v, &rest, &s))
            if (s.candidate <= early) {
                replay_stored(v, (evolved_exp_target)target, &s);
                replayed++;
            }
        free(text);
    }
    verify_true(v, replayed > 0, "%u programs were found by candidate %llu", replayed, early);
#else
    verify_skip(v, "the search uses log, sin, cos and pow, and another C library than glibc rounds them differently");
#endif
}

/* The known programs as fronts, beside the evolved ones: each must be better than the cheaper ones. */
static void check_fronts(verify_context *v)
{
    static const char *const paper[] = {"f2", "f3", "f5", "f10"};
    static const char *const family[] = {"T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12"};
    double operations[10], digits[10];
    evolved_exp_problem problem;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    for (int set = 0; set < 2; set++) {
        const size_t count = set ? sizeof family / sizeof family[0] : sizeof paper / sizeof paper[0];
        for (size_t i = 0; i < count; i++) {
            evolved_exp_program program;
            uint32_t cost = 0;
            if (!load_known(v, set ? family[i] : paper[i], &program))
                return;
            evolved_exp_cost(&program, &cost);
            operations[i] = cost;
            digits[i] = -log10(evolved_exp_truth_error(&problem, &program, 500, true));
            verify_true(v, i == 0 || digits[i] > digits[i - 1], "%s is better than the one before",
                        set ? family[i] : paper[i]);
        }
        if (set == 0) /* the check family_T records the others */
            record_front(v, EVOLVED_EXP_TARGET_EXP2, "paper, Figure 11", operations, digits, count);
    }
}

/* ---- Laws ---- */

/* At a tuned optimum the error alternates at k + 1 points with one size; a squaring more adds (q - 1) log10 2 digits,
 * q = 3, 5, 7. */
static void check_minimax(verify_context *v)
{
    evolved_exp_problem problem;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    double before = NAN;
    for (int i = 3; i <= 12; i++) {
        char name[8];
        evolved_exp_program program;
        evolved_exp_tuning tuning;
        snprintf(name, sizeof name, "T%d", i);
        if (!load_known(v, name, &program) || !verify_ok(v, evolved_exp_collapse(&program), "collapse %s", name))
            return;
        size_t constants = 0;
        for (size_t j = 0; j < program.count; j++)
            if (program.nodes[j].operation == EVOLVED_EXP_CONSTANT)
                program.nodes[j].constant *= 1 + (constants++ % 2 ? -1e-12 : 1e-12); /* off the optimum */
        if (!verify_ok(v, evolved_exp_tune(&problem, &program, &tuning), "tune %s", name))
            return;
        verify_true(v, tuning.extrema == constants + 1, "%s: %zu extrema for %zu constants", name, tuning.extrema,
                    constants);
        verify_at_most(v, tuning.spread, 1e-4, "relative spread", "extrema of %s", name);
        const double digits = -log10(tuning.error);
        const double step = i == 4 ? 2 * log10(2) : i == 6 ? 4 * log10(2) : i >= 8 ? 6 * log10(2) : NAN;
        /* the law holds in the limit of short intervals; the step to T8 is 0.0064 short of it */
        if (!isnan(step))
            verify_at_most(v, fabs(digits - before - step), 0.007, "digits", "step to %s: %.4f", name, digits - before);
        before = digits;
    }
}

/* If g has relative error e against 2^x, then g^2 has 2e + e^2 against 2^2x. */
static void check_squaring(verify_context *v)
{
    evolved_exp_program g, square;
    if (!load_known(v, "f5", &g))
        return;
    square = g;
    square.nodes[g.count] = (evolved_exp_node){.operation = EVOLVED_EXP_MULTIPLY, .a = g.output, .b = g.output};
    square.output = (uint32_t)square.count++;
    mpfr_t f, y, e;
    mpfr_inits2(EVOLVED_EXP_TRUTH_BITS, f, y, e, (mpfr_ptr)NULL);
    for (int i = 1; i <= 100; i++) {
        const double x = i / 128.0; /* doubled exactly */
        evolved_exp_truth_program(&g, x, f);
        evolved_exp_truth(EVOLVED_EXP_TARGET_EXP2, x, y);
        mpfr_div(e, f, y, MPFR_RNDN);
        mpfr_sub_ui(e, e, 1, MPFR_RNDN);
        evolved_exp_truth_program(&square, x, f);
        evolved_exp_truth(EVOLVED_EXP_TARGET_EXP2, 2 * x, y);
        mpfr_div(f, f, y, MPFR_RNDN);
        mpfr_sub_ui(f, f, 1, MPFR_RNDN); /* the error of the square */
        mpfr_add_ui(y, e, 2, MPFR_RNDN);
        mpfr_mul(y, y, e, MPFR_RNDN); /* 2e + e^2 */
        mpfr_sub(f, f, y, MPFR_RNDN);
        verify_at_most(v, fabs(mpfr_get_d(f, MPFR_RNDN)), 1e-50, "", "x = %g", x);
    }
    mpfr_clears(f, y, e, (mpfr_ptr)NULL);
}

/* The points of n are among those of 3n, so E cannot fall. */
static void check_points(verify_context *v)
{
    evolved_exp_problem problem;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    for (size_t i = 0; evolved_exp_known_name(i); i++) {
        evolved_exp_program program;
        double before = 0;
        if (!load_known(v, evolved_exp_known_name(i), &program))
            return;
        for (size_t points = 1; points <= 729; points *= 3) {
            double error = NAN;
            verify_ok(v, evolved_exp_measure(&problem, &program, points, &error), "measure");
            /* shared points may differ by their rounding, which shows near 1e-15 */
            verify_true(v, error >= before * (1 - 1e-9) - 1e-15, "E of %s at %zu points is %.17g, was %.17g",
                        evolved_exp_known_name(i), points, error, before);
            before = error;
        }
    }
}

static const verify_check checks[] = {
    {.kind = ASSAY_AGREEMENT, .name = "program_f64", .workload = "f10", .kernel = &known_f64},
    {.kind = ASSAY_AGREEMENT, .name = "every_operation_f64", .workload = "all operations", .kernel = &every_f64},
    {.kind = ASSAY_AGREEMENT, .name = "every_operation_f32", .workload = "all operations", .kernel = &every_f32},
    {.kind = ASSAY_AGREEMENT, .name = "error", .workload = "all targets", .every_level = true, .run = check_measure},
    {.kind = ASSAY_AGREEMENT,
     .name = "error_at_each_point",
     .workload = "2^x, 130 points",
     .every_level = true,
     .run = check_each_point},
    {.kind = ASSAY_ORACLE, .name = "known_programs", .workload = "2^x on (0, 1], Chebyshev points", .run = check_known},
    {.kind = ASSAY_ORACLE,
     .name = "program_examples",
     .workload = "f5, f10",
     .every_level = true,
     .run = check_examples},
    {.kind = ASSAY_ORACLE, .name = "targets", .workload = "random points of the intervals", .run = check_targets},
    {.kind = ASSAY_ORACLE, .name = "stored_programs", .workload = "data/evolved_exp", .run = check_stored},
    {.kind = ASSAY_AGREEMENT, .name = "stored_replay", .workload = "data/evolved_exp", .run = check_replay},
    {.kind = ASSAY_LAW, .name = "other_fronts", .workload = "11 targets", .from = VERIFY_FULL, .run = check_classical},
    {.kind = ASSAY_LAW, .name = "known_fronts", .workload = "2^x on (0, 1]", .run = check_fronts},
    {.kind = ASSAY_LAW, .name = "minimax", .workload = "T3 to T12, constants disturbed", .run = check_minimax},
    {.kind = ASSAY_LAW, .name = "squaring", .workload = "f5", .run = check_squaring},
    {.kind = ASSAY_LAW, .name = "points", .workload = "known programs at 3^k points", .run = check_points},
};

__attribute__((constructor)) static void enter_checks(void)
{
    verify_add("evolved_exp", checks, sizeof checks / sizeof checks[0]);
}
