/* lora_gradient: what must hold whatever the numbers are. Limits are times the bars of the results, by the bound of
 * lora_gradient_truth.c (see lora_gradient_agreement.c): 1e-12 is above what rounding can do at these sizes. */
#include "verify/attention/lora_gradient_checks.h"

#include "assay/memory.h"
#include "assay/readers.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double LIMIT = 1e-12;

/* Ways to compute gradients that a law is held against. */
typedef enum way { EXACT, CHAINED, MOMENTS, WAYS } way;

static const char *const way_names[WAYS] = {"exact", "chained", "moments"};

static lora_gradient_options options_of(way how, double eps)
{
    lora_gradient_options options = lora_gradient_with_eps(eps);
    options.chain = how == CHAINED ? LORA_GRADIENT_CHAINED : LORA_GRADIENT_MOMENTS;
    return options;
}

static bool run(verify_context *v, way how, lora_case *x)
{
    const lora_gradient_options options = options_of(how, 1e-3);
    return verify_ok(v,
                     how == EXACT
                         ? lora_gradient_exact(&x->problem, LORA_GRADIENT_FULL, &x->result)
                         : lora_gradient_approximate(&x->problem, LORA_GRADIENT_FULL, &options, &x->result, NULL),
                     "%s", way_names[how]);
}

static bool make_case(verify_context *v, bool same, lora_case *x)
{
    return verify_ok(v, lora_make_random(150, 4, 2, same, 1, verify_seed_of(v), x), "problem");
}

/* ---- Approximation -------------------------------------------------------------------------------------------- */

/* With relative errors e of P, f~ = f (1 + delta) with |delta| <= e2 = 2 e / (1 - e), and |p~ - p| <= 3 e2 (1 + e2)^2
 * p-bar: the error of f times q - rho, and f times the errors of q, of rho by c and of rho by O. So for the gradients.
 */
void lora_check_close_to_exact(verify_context *v)
{
    static const double eps[] = {1e-1, 1e-2, 1e-3, 1e-6};
    for (int same = 0; same < 2; same++) {
        lora_case x;
        lora_bars bars;
        lora_snapshot kept = {0};
        if (!make_case(v, same, &x))
            return;
        if (verify_ok(v, lora_find_bars(&x.problem, &bars), "bars") && run(v, EXACT, &x) && lora_keep(v, &x, &kept)) {
            for (size_t i = 0; i < sizeof eps / sizeof *eps; i++) {
                for (int how = CHAINED; how <= MOMENTS; how++) {
                    lora_gradient_options options = options_of((way)how, eps[i]);
                    for (int variant = 0; variant < 4; variant++) {
                        lora_gradient_info info;
                        options.center = variant % 2 == 0;
                        options.kind = variant < 2 ? LORA_GRADIENT_CHEBYSHEV : LORA_GRADIENT_TAYLOR;
                        if (!verify_ok(
                                v,
                                lora_gradient_approximate(&x.problem, LORA_GRADIENT_FULL, &options, &x.result, &info),
                                "eps = %g", eps[i]))
                            break;
                        const double e2 = 2 * info.error / (1 - info.error);
                        verify_at_most(v, lora_deviation(&x, LORA_GRADIENT_FULL, &kept, &bars),
                                       3 * e2 * (1 + e2) * (1 + e2) + LIMIT, "of the bar", "eps = %g, %s, %s%s", eps[i],
                                       way_names[how], variant < 2 ? "Chebyshev" : "Taylor",
                                       options.center ? ", centred" : "");
                    }
                }
            }
        }
        lora_release_snapshot(&kept);
        lora_release_case(&x);
    }
}

/* |O~ - O| <= 2 e / (1 - e) max |V|, which is info.bound. */
void lora_check_output_bound(verify_context *v)
{
    static const double eps[] = {0.3, 1e-1, 1e-2, 1e-4, 1e-8};
    lora_case x;
    lora_snapshot kept = {0};
    if (!make_case(v, true, &x))
        return;
    if (run(v, EXACT, &x) && lora_keep(v, &x, &kept)) {
        for (size_t i = 0; i < sizeof eps / sizeof *eps; i++) {
            lora_gradient_info info;
            const lora_gradient_options options = options_of(CHAINED, eps[i]);
            if (!verify_ok(v, lora_gradient_approximate(&x.problem, LORA_GRADIENT_PARTIAL, &options, &x.result, &info),
                           "eps = %g", eps[i]))
                break;
            double most = 0;
            for (size_t j = 0; j < x.problem.length * x.problem.width; j++)
                most = fmax(most, fabs(x.result.output[j] - kept.output[j]));
            verify_at_most(v, most, info.bound, "absolute error", "O, eps = %g, degree %zu", eps[i], info.degree);
            verify_at_most(v, info.error, eps[i] * 1.0001 + 1e-13, "relative error", "what info says of eps = %g",
                           eps[i]);
            verify_at_most(v, fabs(info.range - lora_score_range(&x)), 1e-13 * info.range, "", "range %g", info.range);
        }
    }
    lora_release_snapshot(&kept);
    lora_release_case(&x);
}

/* ---- Adapters ------------------------------------------------------------------------------------------------- */

static double dot(const double *x, const double *y, size_t n, double *magnitude)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * y[i];
        *magnitude += fabs(x[i] * y[i]);
    }
    return sum;
}

/* dW_m is dB_m of an adapter of rank d with A = 1, B = 0 and s = 1 on weights that have the old one in them. */
static bool find_weight_gradients(verify_context *v, way how, const lora_case *x, lora_case *full)
{
    const size_t d = x->problem.width, r = x->problem.rank;
    const double s = x->problem.alpha / (double)r;
    if (!verify_ok(v, lora_make_empty(x->problem.length, d, d, x->tokens[0] == x->tokens[1], full), "memory"))
        return false;
    full->problem.alpha = (double)d;
    full->problem.beta = x->problem.beta;
    memcpy(full->target, x->target, x->problem.length * d * sizeof *x->target);
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        memcpy(full->tokens[m], x->tokens[m], x->problem.length * d * sizeof *x->target);
        for (size_t i = 0; i < d; i++) {
            full->a[m][i * d + i] = 1;
            for (size_t j = 0; j < d; j++) {
                double w = x->weight[m][i * d + j];
                for (size_t t = 0; t < r; t++)
                    w += s * x->b[m][i * r + t] * x->a[m][t * d + j];
                full->weight[m][i * d + j] = w;
            }
        }
    }
    return run(v, how, full);
}

/* <B, dB> = <A, dA> = s <B A, dW>. */
static void hold_balance(verify_context *v, way how, const lora_case *x, const lora_case *full, const lora_bars *bars)
{
    const size_t d = x->problem.width, r = x->problem.rank;
    const double s = x->problem.alpha / (double)r;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        double magnitude = 0, by_w = 0;
        const double by_b = dot(x->b[m], x->result.b[m], d * r, &magnitude);
        const double by_a = dot(x->a[m], x->result.a[m], d * r, &magnitude);
        for (size_t i = 0; i < d; i++) {
            for (size_t j = 0; j < d; j++) {
                for (size_t t = 0; t < r; t++)
                    by_w += s * x->b[m][i * r + t] * x->a[m][t * d + j] * full->result.b[m][i * d + j];
            }
        }
        for (size_t i = 0; i < d * r; i++) /* the gradients' own rounding errors are in units of their bars */
            magnitude += fabs(x->b[m][i]) * bars->b[m] + fabs(x->a[m][i]) * bars->a[m];
        verify_at_most(v, fabs(by_b - by_a), LIMIT * magnitude, "absolute error", "<B, dB> - <A, dA> of %s, %s",
                       lora_part_names[m], way_names[how]);
        verify_at_most(v, fabs(by_b - by_w), LIMIT * magnitude, "absolute error", "<B, dB> - s <B A, dW> of %s, %s",
                       lora_part_names[m], way_names[how]);
    }
}

void lora_check_balance(verify_context *v)
{
    for (int same = 0; same < 2; same++) {
        lora_case x;
        lora_bars bars;
        if (!make_case(v, same, &x))
            return;
        for (int how = 0; how < WAYS && verify_ok(v, lora_find_bars(&x.problem, &bars), "bars"); how++) {
            lora_case full = {0};
            if (run(v, (way)how, &x) && find_weight_gradients(v, (way)how, &x, &full))
                hold_balance(v, (way)how, &x, &full, &bars);
            lora_release_case(&full);
        }
        lora_release_case(&x);
    }
}

/* B_m = 0, as adapters begin, makes dA_m exactly 0, and dB_m not (72 sums are 0 by chance with 2^-50 or so each:
 * 1e-12).
 */
void lora_check_zero_factor(verify_context *v)
{
    lora_case x;
    if (!make_case(v, true, &x))
        return;
    const size_t n = x.problem.width * x.problem.rank;
    for (int m = 0; m < LORA_PART_COUNT; m++)
        memset(x.b[m], 0, n * sizeof(double));
    for (int how = 0; how < WAYS && run(v, (way)how, &x); how++) {
        for (int m = 0; m < LORA_PART_COUNT; m++) {
            for (size_t i = 0; i < n; i++) {
                verify_true(v, x.result.a[m][i] == 0, "dA_%s[%zu] is %g, %s", lora_part_names[m], i, x.result.a[m][i],
                            way_names[how]);
                verify_true(v, x.result.b[m][i] != 0, "dB_%s[%zu] is 0, %s", lora_part_names[m], i, way_names[how]);
            }
        }
    }
    lora_release_case(&x);
}

/* Y = O leaves nothing to be learned: the same call computes the same O, and c is exactly 0. */
void lora_check_zero_residual(verify_context *v)
{
    for (int how = 0; how < WAYS; how++) {
        lora_case x;
        if (!make_case(v, false, &x))
            return;
        const size_t n = x.problem.width * x.problem.rank;
        if (run(v, (way)how, &x)) {
            memcpy(x.target, x.result.output, x.problem.length * x.problem.width * sizeof(double));
            if (run(v, (way)how, &x)) {
                verify_true(v, x.result.loss == 0, "the loss is %g, %s", x.result.loss, way_names[how]);
                for (int m = 0; m < LORA_PART_COUNT; m++) {
                    for (size_t i = 0; i < n; i++)
                        verify_true(v, x.result.a[m][i] == 0 && x.result.b[m][i] == 0,
                                    "gradient of %s is %g and %g, %s", lora_part_names[m], x.result.a[m][i],
                                    x.result.b[m][i], way_names[how]);
                }
            }
        }
        lora_release_case(&x);
    }
}

/* ---- Symmetries ----------------------------------------------------------------------------------------------- */

/* One token attends to itself alone: O = V, p = 0. */
void lora_check_single_token(verify_context *v)
{
    for (size_t d = 1; d <= 12; d++) {
        for (int how = 0; how < (d < 6 ? WAYS : 1); how++) {
            lora_case x;
            lora_bars bars;
            if (!verify_ok(v, lora_make_random(1, d, 1, d % 2 == 0, 1, verify_seed_of(v) + d, &x), "problem"))
                return;
            if (verify_ok(v, lora_find_bars(&x.problem, &bars), "bars") && run(v, (way)how, &x)) {
                for (size_t i = 0; i < d; i++) {
                    for (int m = 0; m < 2; m++) {
                        verify_at_most(v, fabs(x.result.a[m][i]), 1e-14 * bars.a[m], "absolute", "dA_%s, d = %zu",
                                       lora_part_names[m], d);
                        verify_at_most(v, fabs(x.result.b[m][i]), 1e-14 * bars.b[m], "absolute", "dB_%s, d = %zu",
                                       lora_part_names[m], d);
                    }
                    double value = 0;
                    for (size_t t = 0; t < d; t++)
                        value += x.tokens[LORA_V][t] *
                                 (x.weight[LORA_V][t * d + i] + x.problem.alpha * x.b[LORA_V][t] * x.a[LORA_V][i]);
                    verify_at_most(v, fabs(x.result.output[i] - value), 1e-14 * bars.output, "absolute", "O, d = %zu",
                                   d);
                }
            }
            lora_release_case(&x);
        }
    }
}

/* Holds a changed problem to the same results; @p bars are those of the problem with the larger numbers. */
static void hold_same(verify_context *v, way how, const lora_case *x, const lora_snapshot *kept, const lora_bars *bars,
                      const char *what)
{
    verify_at_most(v, lora_deviation(x, LORA_GRADIENT_FULL, kept, bars), LIMIT, "of the bar", "%s, %s", what,
                   way_names[how]);
    verify_at_most(v, fabs(x->result.loss - kept->loss), LIMIT * bars->loss, "absolute error", "loss, %s, %s", what,
                   way_names[how]);
}

static void hold_output(verify_context *v, way how, const lora_case *x, const lora_snapshot *kept,
                        const lora_bars *bars, const char *what)
{
    for (size_t i = 0; i < x->problem.length * x->problem.width; i++)
        verify_at_most(v, fabs(x->result.output[i] - kept->output[i]), LIMIT * bars->output, "absolute error",
                       "O[%zu], %s, %s", i, what, way_names[how]);
}

/* Runs a case before and after @p change for all ways. A change that makes other approximations of exp(S), because it
 * moves the range, is for the exact gradients only. */
static void hold_changed(verify_context *v, void (*change)(verify_context *v, lora_case *x), int ways, bool output_too,
                         const char *what)
{
    for (int how = 0; how < ways; how++) {
        lora_case x;
        lora_bars bars;
        lora_snapshot kept = {0};
        if (!make_case(v, false, &x))
            return;
        if (run(v, (way)how, &x) && lora_keep(v, &x, &kept)) {
            change(v, &x);
            if (verify_ok(v, lora_find_bars(&x.problem, &bars), "bars") && run(v, (way)how, &x)) {
                hold_same(v, (way)how, &x, &kept, &bars, what);
                if (output_too)
                    hold_output(v, (way)how, &x, &kept, &bars, what);
            }
        }
        lora_release_snapshot(&kept);
        lora_release_case(&x);
    }
}

/* A vector common to all keys changes nothing (rows of p sum to 0): not even dB_K, whose X2 it is added to. Centring
 * takes it off again, so that this holds for approximations too. */
static void shift_keys(verify_context *v, lora_case *x)
{
    const size_t d = x->problem.width;
    for (size_t i = 0; i < x->problem.length * d; i++)
        x->tokens[LORA_K][i] += 3 * assay_random_uniform(verify_random(v, 5), i % d) - 1;
}

void lora_check_common_shift(verify_context *v)
{
    hold_changed(v, shift_keys, WAYS, true, "a vector added to all keys");
}

static void swap_rows(double *x, size_t d, size_t i, size_t j)
{
    for (size_t t = 0; t < d; t++) {
        const double y = x[i * d + t];
        x[i * d + t] = x[j * d + t];
        x[j * d + t] = y;
    }
}

/* Reverses rows: (X2, X3) or (X1, Y) together. */
static void reverse(lora_case *x, double *first, double *second)
{
    const size_t length = x->problem.length, d = x->problem.width;
    for (size_t i = 0; i < length / 2; i++) {
        swap_rows(first, d, i, length - 1 - i);
        swap_rows(second, d, i, length - 1 - i);
    }
}

static void reverse_keys(verify_context *v, lora_case *x)
{
    (void)v;
    reverse(x, x->tokens[LORA_K], x->tokens[LORA_V]);
}

static void reverse_queries(verify_context *v, lora_case *x)
{
    (void)v;
    reverse(x, x->tokens[LORA_Q], x->target);
}

void lora_check_key_order(verify_context *v)
{
    hold_changed(v, reverse_keys, WAYS, true, "keys and values in another order");
}

void lora_check_query_order(verify_context *v)
{
    hold_changed(v, reverse_queries, WAYS, false, "queries and targets in another order");
}

/* beta / t with (W_Q, B_Q) t: the same scores, so the same loss, dA_Q and the rest, and dB_Q / t. */
void lora_check_scaling(verify_context *v)
{
    const double t = 3;
    for (int how = 0; how < WAYS; how++) {
        lora_case x;
        lora_bars bars;
        lora_snapshot kept = {0};
        if (!make_case(v, true, &x))
            return;
        const size_t d = x.problem.width, n = d * x.problem.rank;
        if (verify_ok(v, lora_find_bars(&x.problem, &bars), "bars") && run(v, (way)how, &x) &&
            lora_keep(v, &x, &kept)) {
            x.problem.beta /= t;
            for (size_t i = 0; i < d * d; i++)
                x.weight[LORA_Q][i] *= t;
            for (size_t i = 0; i < n; i++)
                x.b[LORA_Q][i] *= t;
            if (run(v, (way)how, &x)) {
                for (size_t i = 0; i < n; i++)
                    x.result.b[LORA_Q][i] *= t;
                hold_same(v, (way)how, &x, &kept, &bars, "another scale");
            }
        }
        lora_release_snapshot(&kept);
        lora_release_case(&x);
    }
}

/* ---- Polynomials, features, threshold ------------------------------------------------------------------------- */

/* What a degree promises holds between the 2001 points too: between two of them, h = R / 1000 apart, the error changes
 * by at most h times its slope, which for |P' - P| of the size of (g + 1)^2 / R times the error is 1 / 1000 (g + 1)^2
 * of it. */
void lora_check_polynomial_error(verify_context *v)
{
    static const double ranges[] = {0, 0.01, 0.3, 1, 2.7, 6}, eps[] = {0.5, 1e-2, 1e-5};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        for (size_t j = 0; j < sizeof eps / sizeof *eps; j++) {
            for (int kind = 0; kind < 2; kind++) {
                const lora_gradient_kind k = (lora_gradient_kind)kind;
                double c[LORA_GRADIENT_DEGREE_MAX + 1], error = NAN, before = NAN;
                size_t g = 99;
                if (!verify_ok(v, lora_gradient_degree(k, ranges[i], eps[j], &g), "degree") ||
                    !verify_ok(v, lora_gradient_polynomial(k, g, ranges[i], c, &error), "polynomial"))
                    return;
                verify_at_most(v, error, eps[j], "relative error", "degree %zu on %g", g, ranges[i]);
                verify_true(v, ranges[i] > 0 || g == 0, "degree %zu for R = 0", g);
                if (g > 0 && verify_ok(v, lora_gradient_polynomial(k, g - 1, ranges[i], c, &before), "one less"))
                    verify_true(v, before > eps[j], "degree %zu would do on %g: error %g", g - 1, ranges[i], before);
                lora_gradient_polynomial(k, g, ranges[i], c, NULL);
                for (size_t s = 0; s < 1000; s++) {
                    const double x = ranges[i] * (2 * assay_random_uniform(verify_random(v, 6), s) - 1);
                    double p = c[g];
                    for (size_t t = g; t-- > 0;)
                        p = p * x + c[t];
                    const double slack = 1 + (double)((g + 1) * (g + 1)) / 1000;
                    verify_at_most(v, fabs(p / exp(x) - 1), eps[j] * slack + 1e-10, "relative error",
                                   "degree %zu on %g at %g", g, ranges[i], x);
                }
            }
        }
    }
}

void lora_check_features(verify_context *v)
{
    /* Pascal's triangle: C(d + g, g) = C(d + g - 1, g - 1) + C(d - 1 + g, g). */
    for (size_t d = 1; d <= 30; d++) {
        verify_true(v, lora_gradient_features(d, 0) == 1 && lora_gradient_features(d, 1) == d + 1, "width %zu", d);
        for (size_t g = 1; g <= 30; g++) {
            const size_t left = d > 1 ? lora_gradient_features(d - 1, g) : 1;
            verify_true(v, lora_gradient_features(d, g) == lora_gradient_features(d, g - 1) + left,
                        "features(%zu, %zu) is %zu", d, g, lora_gradient_features(d, g));
        }
    }
    verify_true(v,
                lora_gradient_features(4, 3) == 35 && lora_gradient_features(6, 8) == 3003 &&
                    lora_gradient_features(5, 7) == 792,
                "35, 3003 and 792 features");
    verify_true(v, lora_gradient_features(1000000, 40) == SIZE_MAX, "too many to count");
    size_t before = 0;
    for (int i = 0; i <= 60; i++) { /* the degree grows with the range, and with 1 / eps */
        size_t g = 0, finer = 0;
        const double range = 0.1 * i;
        verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, range, 1e-3, &g), "R = %g", range);
        verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, range, 1e-4, &finer), "R = %g", range);
        verify_true(v, g >= before && finer >= g, "R = %g: degrees %zu and %zu after %zu", range, g, finer, before);
        before = g;
    }
}

/* Just inside the threshold the approximate gradient is cheaper in the model, just outside it is not. Where degrees
 * stay below 20: above, the rounding of coefficients makes errors jump. */
void lora_check_threshold(verify_context *v)
{
    static const size_t shapes[][2] = {{1 << 8, 3}, {1 << 8, 4}, {5000, 4}, {5000, 7}, {1 << 16, 7}, {1 << 16, 10}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t length = shapes[i][0], d = shapes[i][1];
        for (int mode = 0; mode < 2; mode++) {
            const lora_gradient_mode m = (lora_gradient_mode)mode;
            double range = NAN, gamma = NAN;
            size_t in = 99, out = 99;
            if (!verify_ok(v, lora_gradient_threshold(length, d, 1, 1e-3, m, &range, &gamma), "threshold"))
                return;
            verify_at_most(v, fabs(gamma * gamma - range), 1e-14 * range, "", "gamma^2 and R = %g", range);
            verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, range * (1 - 1e-9), 1e-3, &in), "inside");
            verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, range * (1 + 1e-9), 1e-3, &out), "outside");
            const double exact = lora_gradient_model_exact(length, d);
            verify_true(v, lora_gradient_model_approximate(length, d, 1, m, lora_gradient_features(d, in)) < exact,
                        "L = %zu, d = %zu: R = %g with degree %zu is not cheaper", length, d, range, in);
            verify_true(v, lora_gradient_model_approximate(length, d, 1, m, lora_gradient_features(d, out)) >= exact,
                        "L = %zu, d = %zu: beyond R = %g degree %zu is cheaper", length, d, range, out);
        }
    }
    double range = NAN, gamma = NAN;
    verify_ok(v, lora_gradient_threshold(1, 1, 1, 0.1, LORA_GRADIENT_PARTIAL, &range, &gamma), "one token");
    verify_true(v, range < 0.2, "R = %g for one token", range);
}

/* ---- Real text ------------------------------------------------------------------------------------------------ */

/* A head over 4096 words of licence texts: the approximation keeps its promise there too. */
void lora_check_text(verify_context *v)
{
    lora_case x;
    lora_bars bars;
    lora_snapshot kept = {0};
    const assay_status status = lora_make_real(LORA_TEXT, 4096, 4, 2, 0.25, verify_seed_of(v), &x);
    if (status == ASSAY_UNSUPPORTED) {
        verify_skip(v, "%s", assay_error());
        return;
    }
    if (!verify_ok(v, status, "words"))
        return;
    if (verify_ok(v, lora_find_bars(&x.problem, &bars), "bars") && run(v, EXACT, &x) && lora_keep(v, &x, &kept)) {
        lora_gradient_info info;
        const lora_gradient_options options = lora_gradient_with_eps(1e-2);
        if (verify_ok(v, lora_gradient_approximate(&x.problem, LORA_GRADIENT_FULL, &options, &x.result, &info),
                      "approximate")) {
            const double e2 = 2 * info.error / (1 - info.error);
            verify_at_most(v, lora_deviation(&x, LORA_GRADIENT_FULL, &kept, &bars), 3 * e2 * (1 + e2) * (1 + e2),
                           "of the bar", "%zu words, R = %.2f, %zu features", x.problem.length, info.range,
                           info.features);
        }
    }
    lora_release_snapshot(&kept);
    lora_release_case(&x);
}
