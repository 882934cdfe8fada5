/* lora_gradient: against MPFR, finite differences, and numbers worked out by hand. */
#include "verify/attention/lora_gradient_checks.h"
#include "verify/attention/lora_gradient_truth.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>

/* ---- The worked example --------------------------------------------------------------------------------------- */

/* Its numbers are given to 16 or 17 digits; a relative error of 1e-14 is some 40 units in the last place, for about 30
 * operations and 2 exponentials. */
static const double EXAMPLE_LIMIT = 1e-14;

static void hold(verify_context *v, double actual, double expected, const char *name)
{
    verify_at_most(v, fabs(actual / expected - 1), EXAMPLE_LIMIT, "relative error", "%s: %.17g, expected %.17g", name,
                   actual, expected);
}

static lora_gradient_problem example(void)
{
    static const double x[] = {1, 2}, y[] = {0, 1}, half[] = {0.5}, one[] = {1}, two[] = {2}, quarter[] = {0.25};
    return (lora_gradient_problem){.length = 2,
                                   .width = 1,
                                   .rank = 1,
                                   .tokens = {x, x, x},
                                   .target = y,
                                   .weight = {half, one, one},
                                   .a = {one, NULL, two},
                                   .b = {half, NULL, quarter},
                                   .alpha = 1,
                                   .beta = 1};
}

void lora_check_example(verify_context *v)
{
    static const double minus_one[] = {-1}, half[] = {0.5}, more[] = {1.5}, one[] = {1}, zero[] = {0};
    double a[3], b[3], o[2];
    lora_gradient_problem p = example();
    lora_gradient_result result = {.a = {a, a + 1, a + 2}, .b = {b, b + 1, b + 2}, .output = o};
    if (!verify_ok(v, lora_gradient_exact(&p, LORA_GRADIENT_PARTIAL, &result), "partial"))
        return;
    hold(v, result.loss, 5.0295110156091841, "loss");
    hold(v, b[LORA_Q], 1.3394218134615620, "dB_Q");
    hold(v, a[LORA_Q], 0.66971090673078102, "dA_Q");
    hold(v, b[LORA_V], 15.840290197580256, "dB_V");
    hold(v, a[LORA_V], 1.9800362746975320, "dA_V");
    verify_at_most(v, fmax(fabs(o[0] - 2.59658787), fabs(o[1] - 2.82119562)), 5e-9, "absolute error", "O");
    /* The same effective W_K with an adapter. */
    p.weight[LORA_K] = more;
    p.a[LORA_K] = minus_one;
    p.b[LORA_K] = half;
    if (!verify_ok(v, lora_gradient_exact(&p, LORA_GRADIENT_FULL, &result), "full"))
        return;
    hold(v, b[LORA_K], -1.3394218134615620, "dB_K");
    hold(v, a[LORA_K], 0.66971090673078102, "dA_K");
    hold(v, b[LORA_Q], 1.3394218134615620, "dB_Q, full");
    hold(v, a[LORA_V], 1.9800362746975320, "dA_V, full");
    /* dW_m is dB_m of an adapter with A = 1 whose s is 1, on weights that have the old adapter in them. */
    p.weight[LORA_Q] = p.weight[LORA_K] = one;
    p.weight[LORA_V] = more;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        p.a[m] = one;
        p.b[m] = zero;
    }
    if (!verify_ok(v, lora_gradient_exact(&p, LORA_GRADIENT_FULL, &result), "gradients of weights"))
        return;
    hold(v, b[LORA_Q], 1.3394218134615620, "dW_Q");
    hold(v, b[LORA_K], 1.3394218134615620, "dW_K");
    hold(v, b[LORA_V], 7.9201450987901280, "dW_V");
}

/* ---- MPFR ----------------------------------------------------------------------------------------------------- */

typedef struct shape {
    size_t length, width, rank;
    bool same;
    double gamma;
} shape;

/* Widths on either side of where the exact gradient changes from one pass to two; the truth costs L^2 (5 d + an
 * exponential) operations of MPFR. */
static const shape shapes[] = {{64, 4, 2, true, 1},   {64, 4, 2, false, 1}, {5, 1, 1, true, 2},    {37, 3, 1, false, 2},
                               {41, 8, 4, true, 1.5}, {23, 7, 3, false, 1}, {19, 12, 12, true, 1}, {2, 2, 2, false, 3}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* The largest error of n numbers in units of its bound. */
static double in_bounds(const double *x, const double *truth, const double *bound, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        const double part = fabs(x[i] - truth[i]) / bound[i];
        most = part > most || isnan(part) ? part : most;
    }
    return most;
}

static void hold_truth(verify_context *v, const shape *s, const lora_case *x, const lora_truth *truth, double unit)
{
    const size_t adapter = x->problem.rank * x->problem.width;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        verify_at_most(v, in_bounds(x->result.a[m], truth->a[m], truth->a_bound[m], adapter), unit,
                       "of the error that rounding may make", "dA_%s, L = %zu, d = %zu", lora_part_names[m], s->length,
                       s->width);
        verify_at_most(v, in_bounds(x->result.b[m], truth->b[m], truth->b_bound[m], adapter), unit,
                       "of the error that rounding may make", "dB_%s, L = %zu, d = %zu", lora_part_names[m], s->length,
                       s->width);
    }
    for (size_t i = 0; i < s->length * s->width; i++)
        verify_at_most(v, fabs(x->result.output[i] - truth->output[i]) / truth->output_bound, unit,
                       "of the error that rounding may make", "O[%zu], L = %zu, d = %zu", i, s->length, s->width);
    verify_at_most(v, fabs(x->result.loss - truth->loss) / truth->loss_bound, unit,
                   "of the error that rounding may make", "loss, L = %zu, d = %zu", s->length, s->width);
}

void lora_check_truth(verify_context *v)
{
    for (size_t i = 0; i < SHAPES; i++) {
        const shape *s = &shapes[i];
        lora_case x;
        lora_truth truth;
        if (!verify_ok(v, lora_make_random(s->length, s->width, s->rank, s->same, s->gamma, verify_seed_of(v) + i, &x),
                       "problem"))
            return;
        if (verify_ok(v, lora_find_truth(&x.problem, &truth), "truth")) {
            if (verify_ok(v, lora_gradient_exact(&x.problem, LORA_GRADIENT_FULL, &x.result), "exact"))
                hold_truth(v, s, &x, &truth, DBL_EPSILON / 2);
            lora_release_truth(&truth);
        }
        lora_release_case(&x);
    }
}

/* Results in float, as double beside the case's own. */
static void widen(lora_case *x)
{
    const size_t adapter = x->problem.rank * x->problem.width;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        for (size_t i = 0; i < adapter; i++) {
            x->result.a[m][i] = (double)x->result_f32.a[m][i];
            x->result.b[m][i] = (double)x->result_f32.b[m][i];
        }
    }
    for (size_t i = 0; i < x->problem.length * x->problem.width; i++)
        x->result.output[i] = (double)x->result_f32.output[i];
    x->result.loss = x->result_f32.loss;
}

void lora_check_truth_f32(verify_context *v)
{
    for (size_t i = 0; i < SHAPES; i++) {
        const shape *s = &shapes[i];
        lora_case x;
        lora_truth truth;
        if (!verify_ok(v, lora_make_random(s->length, s->width, s->rank, s->same, s->gamma, verify_seed_of(v) + i, &x),
                       "problem"))
            return;
        if (verify_ok(v, lora_round_case(&x), "problem in float") &&
            verify_ok(v, lora_find_truth(&x.problem, &truth), "truth")) {
            if (verify_ok(v, lora_gradient_exact_f32(&x.problem_f32, LORA_GRADIENT_FULL, &x.result_f32), "exact")) {
                widen(&x);
                hold_truth(v, s, &x, &truth, (double)FLT_EPSILON / 2);
            }
            lora_release_truth(&truth);
        }
        lora_release_case(&x);
    }
}

/* ---- Finite differences --------------------------------------------------------------------------------------- */

static double loss_at(lora_case *x, double *number, double value)
{
    const double before = *number;
    *number = value;
    const assay_status status = lora_gradient_reference_exact(&x->problem, LORA_GRADIENT_FULL, &x->result);
    *number = before;
    return status == ASSAY_OK ? x->result.loss : NAN;
}

/* Differences of the loss at four points, h = 1e-4, against the gradient: (8 (f(h) - f(-h)) - f(2h) + f(-2h)) / 12 h.
 * They are wrong by h^4 times a fifth derivative, 1e-16 of the gradients' size, and by the rounding of losses over h,
 * at worst 1.5 16 sqrt(L d) 2^-53 loss / h = 2e-9 for a loss of 40. 1e-6 of the largest entry is above both unless that
 * is below 2e-3, where it is of order 1: all 48 entries, which depend on no fewer than 6 independent numbers, would
 * have to be 500 times smaller than usual, below 1e-15. */
static void hold_differences(verify_context *v, lora_case *x, const double *gradient, double *numbers, size_t n,
                             double largest, const char *name, int part)
{
    const double h = 1e-4;
    for (size_t i = 0; i < n; i++) {
        double losses[4];
        for (int k = 0; k < 4; k++) /* at -2h, -h, h, 2h */
            losses[k] = loss_at(x, &numbers[i], numbers[i] + (k < 2 ? k - 2 : k - 1) * h);
        const double difference = (8 * (losses[2] - losses[1]) - losses[3] + losses[0]) / (12 * h);
        verify_at_most(v, fabs(difference - gradient[i]) / largest, 1e-6, "of the largest entry", "d%s_%s[%zu]", name,
                       lora_part_names[part], i);
    }
}

void lora_check_differences(verify_context *v)
{
    lora_case x;
    lora_snapshot kept = {0};
    if (!verify_ok(v, lora_make_random(64, 4, 2, true, 1, verify_seed_of(v), &x), "problem"))
        return;
    const size_t n = x.problem.rank * x.problem.width;
    if (verify_ok(v, lora_gradient_exact(&x.problem, LORA_GRADIENT_FULL, &x.result), "exact") &&
        lora_keep(v, &x, &kept)) {
        double largest = 0;
        for (int m = 0; m < LORA_PART_COUNT; m++) {
            for (size_t i = 0; i < n; i++)
                largest = fmax(largest, fmax(fabs(kept.a[m][i]), fabs(kept.b[m][i])));
        }
        for (int m = 0; m < LORA_PART_COUNT; m++) {
            hold_differences(v, &x, kept.a[m], x.a[m], n, largest, "A", m);
            hold_differences(v, &x, kept.b[m], x.b[m], n, largest, "B", m);
        }
    }
    lora_release_snapshot(&kept);
    lora_release_case(&x);
}

/* ---- Polynomials ---------------------------------------------------------------------------------------------- */

/* The known largest ranges for degrees 1 to 8 and 1e-3, to three decimals. */
void lora_check_degrees(verify_context *v)
{
    static const double ranges[] = {0.062, 0.269, 0.586, 0.963, 1.372, 1.797, 2.233, 2.675};
    for (size_t g = 1; g <= sizeof ranges / sizeof *ranges; g++) {
        size_t inside = 0, outside = 0;
        verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, ranges[g - 1] - 5.1e-4, 1e-3, &inside), "inside");
        verify_ok(v, lora_gradient_degree(LORA_GRADIENT_CHEBYSHEV, ranges[g - 1] + 5.1e-4, 1e-3, &outside), "outside");
        verify_true(v, inside == g && outside == g + 1,
                    "degrees on either side of R = %g: %zu and %zu, expected %zu and %zu", ranges[g - 1], inside,
                    outside, g, g + 1);
    }
}

/* P(x) by MPFR with its double coefficients. */
static void evaluate(const double *coefficients, size_t degree, const mpfr_t x, mpfr_t p)
{
    mpfr_set_d(p, coefficients[degree], MPFR_RNDN);
    for (size_t j = degree; j-- > 0;) {
        mpfr_mul(p, p, x, MPFR_RNDN);
        mpfr_add_d(p, p, coefficients[j], MPFR_RNDN);
    }
}

/* The interpolant meets e^x at the nodes: coefficients are correct to half a unit of double each (they come from long
 * double, which loses 0.38 digits a degree: 1e-19 10^(0.38 g) stays below 1e-15 up to g = 10), so that at a node P is
 * off by at most 2^-52 sum |c_j| R^j, up to g = 10. */
void lora_check_polynomial(verify_context *v)
{
    mpfr_t x, p, e, pi;
    mpfr_inits2(200, x, p, e, pi, (mpfr_ptr)0);
    mpfr_const_pi(pi, MPFR_RNDN);
    for (size_t g = 0; g <= 10; g++) {
        const double range = 0.25 * (double)(g + 1);
        double c[LORA_GRADIENT_DEGREE_MAX + 1], magnitude = 0;
        if (!verify_ok(v, lora_gradient_polynomial(LORA_GRADIENT_CHEBYSHEV, g, range, c, NULL), "degree %zu", g))
            break;
        for (size_t j = g + 1; j-- > 0;)
            magnitude = magnitude * range + fabs(c[j]);
        for (size_t node = 0; node <= g; node++) {
            mpfr_mul_ui(x, pi, 2 * (unsigned long)node + 1, MPFR_RNDN);
            mpfr_div_ui(x, x, 2 * (unsigned long)(g + 1), MPFR_RNDN);
            mpfr_cos(x, x, MPFR_RNDN);
            mpfr_mul_d(x, x, range, MPFR_RNDN);
            evaluate(c, g, x, p);
            mpfr_exp(e, x, MPFR_RNDN);
            mpfr_sub(p, p, e, MPFR_RNDN);
            verify_at_most(v, fabs(mpfr_get_d(p, MPFR_RNDN)) / magnitude, DBL_EPSILON, "of the sum of magnitudes",
                           "degree %zu, R = %g, node %zu", g, range, node);
        }
    }
    for (size_t j = 0; j <= 20; j++) {
        double c[LORA_GRADIENT_DEGREE_MAX + 1] = {0};
        verify_ok(v, lora_gradient_polynomial(LORA_GRADIENT_TAYLOR, 20, 1, c, NULL), "Taylor");
        verify_at_most(v, fabs(c[j] * tgamma((double)j + 1) - 1), 4 * DBL_EPSILON, "relative error", "1/%zu!", j);
    }
    mpfr_clears(x, p, e, pi, (mpfr_ptr)0);
    mpfr_free_cache();
}
