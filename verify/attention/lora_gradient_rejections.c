/* lora_gradient: bad input gets its error, and outputs stay untouched. */
#include "verify/attention/lora_gradient_checks.h"

#include <math.h>
#include <string.h>

static const double UNTOUCHED = 12345;

enum { LENGTH = 6, WIDTH = 3, RANK = 2 };

/* A good case whose outputs are marked. */
static bool make_good(verify_context *v, lora_case *x)
{
    if (!verify_ok(v, lora_make_random(LENGTH, WIDTH, RANK, false, 1, verify_seed_of(v), x), "problem") ||
        !verify_ok(v, lora_round_case(x), "problem in float"))
        return false;
    x->result.loss = x->result_f32.loss = UNTOUCHED;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        for (size_t i = 0; i < (size_t)WIDTH * RANK; i++) {
            x->result.a[m][i] = x->result.b[m][i] = UNTOUCHED;
            x->result_f32.a[m][i] = x->result_f32.b[m][i] = (float)UNTOUCHED;
        }
    }
    for (size_t i = 0; i < (size_t)LENGTH * WIDTH; i++) {
        x->result.output[i] = UNTOUCHED;
        x->result_f32.output[i] = (float)UNTOUCHED;
    }
    return true;
}

static void hold_untouched(verify_context *v, const lora_case *x, const char *what)
{
    bool untouched = x->result.loss == UNTOUCHED && x->result_f32.loss == UNTOUCHED;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        for (size_t i = 0; i < (size_t)WIDTH * RANK; i++)
            untouched = untouched && x->result.a[m][i] == UNTOUCHED && x->result.b[m][i] == UNTOUCHED &&
                        x->result_f32.a[m][i] == (float)UNTOUCHED && x->result_f32.b[m][i] == (float)UNTOUCHED;
    }
    for (size_t i = 0; i < (size_t)LENGTH * WIDTH; i++)
        untouched = untouched && x->result.output[i] == UNTOUCHED && x->result_f32.output[i] == (float)UNTOUCHED;
    verify_true(v, untouched, "an output was touched: %s", what);
}

/* All functions refuse a problem with the same words. */
static void refuse(verify_context *v, lora_case *x, const lora_gradient_problem *p, lora_gradient_mode mode,
                   assay_status status, const char *mentions, const char *what)
{
    const lora_gradient_options options = lora_gradient_with_eps(1e-2);
    lora_gradient_info info = {.features = 99};
    verify_rejects(v, lora_gradient_exact(p, mode, &x->result), status, mentions, "exact, %s", what);
    verify_rejects(v, lora_gradient_approximate(p, mode, &options, &x->result, &info), status, mentions,
                   "approximate, %s", what);
    verify_rejects(v, lora_gradient_materialised(p, mode, NULL, &x->result), status, mentions, "materialised, %s",
                   what);
    verify_true(v, info.features == 99, "info was touched: %s", what);
    hold_untouched(v, x, what);
}

static void refuse_f32(verify_context *v, lora_case *x, const lora_gradient_problem_f32 *p, lora_gradient_mode mode,
                       assay_status status, const char *mentions, const char *what)
{
    const lora_gradient_options options = lora_gradient_with_eps(1e-2);
    verify_rejects(v, lora_gradient_exact_f32(p, mode, &x->result_f32), status, mentions, "exact in float, %s", what);
    verify_rejects(v, lora_gradient_approximate_f32(p, mode, &options, &x->result_f32, NULL), status, mentions,
                   "approximate in float, %s", what);
    hold_untouched(v, x, what);
}

/* Changes one member of both problems. */
#define REFUSE(MEMBER, VALUE, MODE, STATUS, MENTIONS)                                                                  \
    do {                                                                                                               \
        lora_gradient_problem bad_ = x.problem;                                                                        \
        lora_gradient_problem_f32 bad_f32_ = x.problem_f32;                                                            \
        bad_.MEMBER = VALUE;                                                                                           \
        bad_f32_.MEMBER = VALUE;                                                                                       \
        refuse(v, &x, &bad_, MODE, STATUS, MENTIONS, #MEMBER " = " #VALUE);                                            \
        refuse_f32(v, &x, &bad_f32_, MODE, STATUS, MENTIONS, #MEMBER " = " #VALUE);                                    \
    } while (0)

#define FULL LORA_GRADIENT_FULL

void lora_check_rejects_problem(verify_context *v)
{
    lora_case x;
    if (!make_good(v, &x))
        return;
    REFUSE(length, 0, FULL, ASSAY_OUT_OF_RANGE, "length is 0");
    REFUSE(width, 0, FULL, ASSAY_OUT_OF_RANGE, "width is 0");
    REFUSE(rank, 0, FULL, ASSAY_OUT_OF_RANGE, "rank is 0");
    REFUSE(rank, WIDTH + 1, FULL, ASSAY_OUT_OF_RANGE, "rank is 4");
    REFUSE(alpha, 0, FULL, ASSAY_OUT_OF_RANGE, "alpha");
    REFUSE(alpha, -1, FULL, ASSAY_OUT_OF_RANGE, "alpha");
    REFUSE(alpha, NAN, FULL, ASSAY_OUT_OF_RANGE, "alpha");
    REFUSE(beta, 0, FULL, ASSAY_OUT_OF_RANGE, "beta");
    REFUSE(beta, -0.5, FULL, ASSAY_OUT_OF_RANGE, "beta");
    REFUSE(beta, INFINITY, FULL, ASSAY_OUT_OF_RANGE, "beta");
    REFUSE(length, SIZE_MAX / 4, FULL, ASSAY_NO_MEMORY, "length");
    REFUSE(target, NULL, FULL, ASSAY_INVALID_ARGUMENT, "target");
    REFUSE(tokens[LORA_V], NULL, FULL, ASSAY_INVALID_ARGUMENT, "tokens[value]");
    REFUSE(weight[LORA_Q], NULL, FULL, ASSAY_INVALID_ARGUMENT, "weight[query]");
    REFUSE(a[LORA_V], NULL, FULL, ASSAY_INVALID_ARGUMENT, "a[value]");
    REFUSE(b[LORA_K], NULL, LORA_GRADIENT_PARTIAL, ASSAY_INVALID_ARGUMENT, "b[key]");
    REFUSE(beta, 0.5, (lora_gradient_mode)2, ASSAY_OUT_OF_RANGE, "mode");
    refuse(v, &x, NULL, FULL, ASSAY_INVALID_ARGUMENT, "problem", "null problem");
    refuse_f32(v, &x, NULL, FULL, ASSAY_INVALID_ARGUMENT, "problem", "null problem");
    verify_rejects(v, lora_gradient_exact(&x.problem, FULL, NULL), ASSAY_INVALID_ARGUMENT, "result", "null result");

    lora_gradient_problem bare = x.problem; /* no adapter of W_K: partial yes, full no */
    bare.a[LORA_K] = bare.b[LORA_K] = NULL;
    refuse(v, &x, &bare, FULL, ASSAY_INVALID_ARGUMENT, "a[key]", "full without an adapter of W_K");
    const lora_gradient_result good = x.result;
    x.result.b[LORA_K] = NULL;
    verify_rejects(v, lora_gradient_exact(&x.problem, FULL, &x.result), ASSAY_INVALID_ARGUMENT, "result b[key]",
                   "no room for dB_K");
    x.result.a[LORA_K] = NULL;
    verify_ok(v, lora_gradient_exact(&bare, LORA_GRADIENT_PARTIAL, &x.result), "partial without an adapter of W_K");
    verify_true(v, x.result.loss != UNTOUCHED && x.result.a[LORA_V][0] != UNTOUCHED, "results are there");
    x.result = good;
    lora_release_case(&x);
}

void lora_check_rejects_numbers(verify_context *v)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    lora_case x;
    if (!make_good(v, &x))
        return;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        double *const arrays[] = {x.tokens[m], x.weight[m], x.a[m], x.b[m], x.target};
        const float *const narrow[] = {x.problem_f32.tokens[m], x.problem_f32.weight[m], x.problem_f32.a[m],
                                       x.problem_f32.b[m], x.problem_f32.target};
        const size_t counts[] = {LENGTH * WIDTH, WIDTH * WIDTH, WIDTH * RANK, WIDTH * RANK, LENGTH * WIDTH};
        static const char *const names[] = {"tokens", "weight", "a[", "b[", "target"};
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
            for (size_t j = 0; j < 3; j++) {
                const size_t at = j == 0 ? counts[i] - 1 : j - 1;
                const double before = arrays[i][at];
                float *const single = (float *)x.memory_f32 + (narrow[i] - (const float *)x.memory_f32) + at;
                arrays[i][at] = bad[j];
                *single = (float)bad[j];
                refuse(v, &x, &x.problem, FULL, ASSAY_OUT_OF_RANGE, names[i], "a number that is not finite");
                refuse_f32(v, &x, &x.problem_f32, FULL, ASSAY_OUT_OF_RANGE, names[i], "a number that is not finite");
                arrays[i][at] = before;
                *single = (float)before;
            }
        }
    }
    lora_release_case(&x);
}

void lora_check_rejects_overlap(verify_context *v)
{
    lora_case x;
    if (!make_good(v, &x))
        return;
    const lora_gradient_result good = x.result;
    struct {
        double **output;
        double *onto;
        const char *mentions;
    } const cases[] = {{&x.result.output, x.tokens[LORA_Q], "overlaps the input tokens"},
                       {&x.result.output, x.target + 1, "overlaps the input target"},
                       {&x.result.a[LORA_Q], x.a[LORA_Q], "overlaps the input a[query]"},
                       {&x.result.b[LORA_V], x.weight[LORA_V] + 8, "overlaps the input weight[value]"},
                       {&x.result.a[LORA_K], good.b[LORA_K] - 1, "overlaps the result"},
                       {&x.result.b[LORA_Q], good.output, "overlaps the result"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        *cases[i].output = cases[i].onto;
        verify_rejects(v, lora_gradient_exact(&x.problem, FULL, &x.result), ASSAY_INVALID_ARGUMENT, cases[i].mentions,
                       "case %zu", i);
        const lora_gradient_options options = lora_gradient_with_eps(1e-2);
        verify_rejects(v, lora_gradient_approximate(&x.problem, FULL, &options, &x.result, NULL),
                       ASSAY_INVALID_ARGUMENT, cases[i].mentions, "approximate, case %zu", i);
        x.result.a[LORA_Q] = good.a[LORA_Q], x.result.a[LORA_K] = good.a[LORA_K];
        x.result.b[LORA_Q] = good.b[LORA_Q], x.result.b[LORA_V] = good.b[LORA_V];
        x.result.output = good.output;
        hold_untouched(v, &x, "overlap");
    }
    /* Of a part that is not trained nothing is looked at. */
    x.result.a[LORA_K] = x.a[LORA_K];
    verify_ok(v, lora_gradient_exact(&x.problem, LORA_GRADIENT_PARTIAL, &x.result), "partial, dA_K over A_K");
    x.result = good;
    lora_release_case(&x);
}

void lora_check_rejects_options(verify_context *v)
{
    lora_case x;
    lora_gradient_info info = {.features = 99};
    if (!make_good(v, &x))
        return;
#define REFUSE_OPTION(MEMBER, VALUE)                                                                                   \
    do {                                                                                                               \
        lora_gradient_options bad_ = lora_gradient_with_eps(1e-2);                                                     \
        bad_.MEMBER = VALUE;                                                                                           \
        verify_rejects(v, lora_gradient_approximate(&x.problem, FULL, &bad_, &x.result, &info), ASSAY_OUT_OF_RANGE,    \
                       #MEMBER, #MEMBER " = " #VALUE);                                                                 \
        verify_rejects(v, lora_gradient_approximate_f32(&x.problem_f32, FULL, &bad_, &x.result_f32, &info),            \
                       ASSAY_OUT_OF_RANGE, #MEMBER, "in float, " #MEMBER " = " #VALUE);                                \
    } while (0)
    REFUSE_OPTION(eps, 0);
    REFUSE_OPTION(eps, 1);
    REFUSE_OPTION(eps, -0.1);
    REFUSE_OPTION(eps, NAN);
    REFUSE_OPTION(degree, -2);
    REFUSE_OPTION(degree, 41);
    REFUSE_OPTION(range, -1);
    REFUSE_OPTION(range, NAN);
    REFUSE_OPTION(features_max, 0);
    REFUSE_OPTION(kind, (lora_gradient_kind)2);
    REFUSE_OPTION(chain, (lora_gradient_chain)3);
    verify_rejects(v, lora_gradient_approximate(&x.problem, FULL, NULL, &x.result, &info), ASSAY_INVALID_ARGUMENT,
                   "options", "null options");
    verify_true(v, info.features == 99, "info was touched");
    hold_untouched(v, &x, "options");
    lora_release_case(&x);
}

/* More features than allowed, a degree that is too high, a polynomial beyond its range. */
void lora_check_rejects_features(verify_context *v)
{
    lora_case x;
    lora_gradient_info info = {0};
    if (!make_good(v, &x))
        return;
    lora_gradient_options options = lora_gradient_with_eps(1e-2);
    options.features_max = 3;
    verify_rejects(v, lora_gradient_approximate(&x.problem, FULL, &options, &x.result, &info), ASSAY_NOT_CONVERGED,
                   "features", "4 features and more");
    verify_true(v, info.range > 0 && info.degree >= 1 && info.features > 3, "info: R = %g, degree %zu, %zu features",
                info.range, info.degree, info.features);
    hold_untouched(v, &x, "too many features");

    options = lora_gradient_with_eps(1e-2);
    x.problem.beta *= 1000;
    x.problem_f32.beta *= 1000;
    info = (lora_gradient_info){0};
    verify_rejects(v, lora_gradient_approximate(&x.problem, FULL, &options, &x.result, &info), ASSAY_NOT_CONVERGED,
                   "degree", "a range of hundreds");
    verify_true(v, info.range > 50 && info.degree == LORA_GRADIENT_DEGREE_MAX + 1, "info: R = %g, degree %zu",
                info.range, info.degree);
    verify_rejects(v, lora_gradient_approximate_f32(&x.problem_f32, FULL, &options, &x.result_f32, &info),
                   ASSAY_NOT_CONVERGED, "degree", "a range of hundreds, in float");
    x.problem.beta /= 1000;
    x.problem_f32.beta /= 1000;
    hold_untouched(v, &x, "too high a degree");

    /* 1 + S of the one pair of tokens that there is: 1 - 8 < 0. */
    static const double minus[] = {-8}, one[] = {1}, zero[] = {0};
    double a[3] = {UNTOUCHED}, b[3] = {UNTOUCHED}, o[1] = {UNTOUCHED};
    const lora_gradient_problem p = {.length = 1,
                                     .width = 1,
                                     .rank = 1,
                                     .tokens = {one, one, one},
                                     .target = one,
                                     .weight = {one, minus, one},
                                     .a = {one, one, one},
                                     .b = {zero, zero, zero},
                                     .alpha = 1,
                                     .beta = 1};
    lora_gradient_result result = {.loss = UNTOUCHED, .a = {a, a + 1, a + 2}, .b = {b, b + 1, b + 2}, .output = o};
    options.degree = 1;
    options.kind = LORA_GRADIENT_TAYLOR;
    options.center = false;
    for (int chain = 0; chain < 3; chain++) {
        options.chain = (lora_gradient_chain)chain;
        info.features = 99;
        verify_rejects(v, lora_gradient_approximate(&p, FULL, &options, &result, &info), ASSAY_MISMATCH, "row 0",
                       "a negative row sum, chain %d", chain);
        verify_true(v,
                    info.features == 99 && result.loss == UNTOUCHED && a[0] == UNTOUCHED && b[0] == UNTOUCHED &&
                        o[0] == UNTOUCHED,
                    "an output was touched");
    }
    lora_release_case(&x);
}

void lora_check_rejects_polynomials(verify_context *v)
{
    double c[LORA_GRADIENT_DEGREE_MAX + 1] = {UNTOUCHED}, error = UNTOUCHED, range = UNTOUCHED, gamma = UNTOUCHED;
    size_t degree = 77;
    const lora_gradient_kind kind = LORA_GRADIENT_CHEBYSHEV;
    verify_rejects(v, lora_gradient_polynomial((lora_gradient_kind)2, 3, 1, c, &error), ASSAY_OUT_OF_RANGE, "kind",
                   "kind");
    verify_rejects(v, lora_gradient_polynomial(kind, 41, 1, c, &error), ASSAY_OUT_OF_RANGE, "degree is 41", "degree");
    verify_rejects(v, lora_gradient_polynomial(kind, 3, -1, c, &error), ASSAY_OUT_OF_RANGE, "range", "negative range");
    verify_rejects(v, lora_gradient_polynomial(kind, 3, NAN, c, &error), ASSAY_OUT_OF_RANGE, "range", "NaN");
    verify_rejects(v, lora_gradient_polynomial(kind, 3, 351, c, &error), ASSAY_OUT_OF_RANGE, "range", "351");
    verify_rejects(v, lora_gradient_polynomial(kind, 3, 1, NULL, &error), ASSAY_INVALID_ARGUMENT, "coefficients",
                   "null");
    verify_rejects(v, lora_gradient_degree((lora_gradient_kind)-1, 1, 0.1, &degree), ASSAY_OUT_OF_RANGE, "kind",
                   "kind");
    verify_rejects(v, lora_gradient_degree(kind, -1, 0.1, &degree), ASSAY_OUT_OF_RANGE, "range", "negative range");
    verify_rejects(v, lora_gradient_degree(kind, 1, 0, &degree), ASSAY_OUT_OF_RANGE, "eps", "eps = 0");
    verify_rejects(v, lora_gradient_degree(kind, 1, 1, &degree), ASSAY_OUT_OF_RANGE, "eps", "eps = 1");
    verify_rejects(v, lora_gradient_degree(kind, 1, NAN, &degree), ASSAY_OUT_OF_RANGE, "eps", "NaN");
    verify_rejects(v, lora_gradient_degree(kind, 1, 0.1, NULL), ASSAY_INVALID_ARGUMENT, "degree", "null degree");
    verify_rejects(v, lora_gradient_degree(kind, 100, 0.1, &degree), ASSAY_NOT_CONVERGED, "above 40", "R = 100");
    verify_rejects(v, lora_gradient_degree(kind, 1e300, 0.1, &degree), ASSAY_NOT_CONVERGED, "above 40", "R = 1e300");
    verify_rejects(v, lora_gradient_threshold(0, 1, 1, 0.1, FULL, &range, &gamma), ASSAY_OUT_OF_RANGE, "length",
                   "L = 0");
    verify_rejects(v, lora_gradient_threshold(9, 0, 1, 0.1, FULL, &range, &gamma), ASSAY_OUT_OF_RANGE, "width",
                   "d = 0");
    verify_rejects(v, lora_gradient_threshold(9, 2, 3, 0.1, FULL, &range, &gamma), ASSAY_OUT_OF_RANGE, "rank", "r = 3");
    verify_rejects(v, lora_gradient_threshold(9, 2, 1, 1, FULL, &range, &gamma), ASSAY_OUT_OF_RANGE, "eps", "eps = 1");
    verify_rejects(v, lora_gradient_threshold(9, 2, 1, 0.1, (lora_gradient_mode)7, &range, &gamma), ASSAY_OUT_OF_RANGE,
                   "mode", "mode 7");
    verify_true(v, c[0] == UNTOUCHED && error == UNTOUCHED && degree == 77 && range == UNTOUCHED && gamma == UNTOUCHED,
                "an output was touched");
    verify_true(v, isnan(lora_gradient_model_exact(0, 1)) && isnan(lora_gradient_model_approximate(1, 1, 0, FULL, 1)),
                "models of nothing are NaN");
}
