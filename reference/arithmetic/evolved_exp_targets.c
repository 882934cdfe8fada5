/*
 * The target functions, as sums of two doubles, and the weights that turn |f - y| into an error.
 */
#include "core/double_double.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double_double root_pi = {0x1.c5bf891b4ef6bp+0, -0x1.618f13eb7ca89p-54};
static const double_double airy_at_0 = {0x1.6b8c7962715b8p-2, 0x1.7a96d7bb04e65p-56};         /* Ai(0) */
static const double_double minus_slope_at_0 = {0x1.0907f42b70f8bp-2, -0x1.d1459035afde2p-56}; /* -Ai'(0) */

static double_double from_long_double(long double value)
{
    double high = (double)value;
    return (double_double){high, isfinite(high) ? (double)(value - high) : 0};
}

/* Ai(z) by its Taylor series at 0. Terms reach exp(2/3 |z|^1.5), 1e15 at z = -14, which leaves 16 of 32 digits. */
static double_double airy(double_double z)
{
    const double_double cube = dd_multiply(dd_multiply(z, z), z);
    double_double f = dd_from(1), g = z, f_term = f, g_term = z;
    for (int k = 1; k < 300; k++) {
        f_term = dd_divide(dd_multiply(f_term, cube), dd_from((3.0 * k - 1) * (3.0 * k)));
        g_term = dd_divide(dd_multiply(g_term, cube), dd_from((3.0 * k) * (3.0 * k + 1)));
        f = dd_add(f, f_term);
        g = dd_add(g, g_term);
        if (fabs(f_term.high) + fabs(g_term.high) < 0x1p-110)
            break;
    }
    return dd_subtract(dd_multiply(airy_at_0, f), dd_multiply(minus_slope_at_0, g));
}

static double_double airy_scaled(double x)
{
    if (!(x >= 0 && x <= 2))
        return dd_from(NAN);
    return airy(dd_two_product(-7, x));
}

/* sqrt(2 / (pi x)) sinh x; sinh by e^x - 1, so that nothing cancels. */
static double_double bessel_half(double x)
{
    if (x == 0)
        return dd_from(0);
    if (!(x > 0 && x < 700))
        return dd_from(NAN);
    const double_double e = dd_exp_minus_1(dd_from(x));
    const double_double sinh = dd_divide(dd_multiply(e, dd_add(e, dd_from(2))), dd_scale(dd_add(e, dd_from(1)), 2));
    return dd_multiply(dd_sqrt(dd_divide(dd_from(2), dd_multiply(dd_pi, dd_from(x)))), sinh);
}

/* x sqrt(pi) exp(x^2): what erfc is multiplied with to give G. */
static double_double tail_factor(double x)
{
    return dd_multiply(dd_multiply(dd_from(x), root_pi), dd_exp(dd_two_product(x, x)));
}

static double_double tail(double x)
{
    if (!(x > 0 && x <= 5))
        return dd_from(NAN);
    return dd_multiply(tail_factor(x), dd_subtract(dd_from(1), dd_erf(dd_from(x))));
}

static double_double value(evolved_exp_target target, double x)
{
    const double_double z = dd_from(x);
    switch (target) {
    case EVOLVED_EXP_TARGET_EXP2: return fabs(x) < 960 ? dd_exp2(z) : dd_from(exp2(x));
    case EVOLVED_EXP_TARGET_EXP: return fabs(x) < 660 ? dd_exp(z) : dd_from(exp(x));
    case EVOLVED_EXP_TARGET_LOG2: return x > 0 && x <= DBL_MAX ? dd_log2(z) : dd_from(log2(x));
    case EVOLVED_EXP_TARGET_LOG2P1:
        return x > -1 && x <= DBL_MAX ? dd_multiply(dd_log_1_plus(z), dd_log2_e) : dd_from(log1p(x));
    case EVOLVED_EXP_TARGET_SIN: return fabs(x) <= 16 ? dd_sin(z) : from_long_double(sinl(x));
    case EVOLVED_EXP_TARGET_COS: return fabs(x) <= 16 ? dd_cos(z) : from_long_double(cosl(x));
    case EVOLVED_EXP_TARGET_ERF: return fabs(x) <= 6 ? dd_erf(z) : from_long_double(erfl(x));
    case EVOLVED_EXP_TARGET_TANH: return fabs(x) <= 40 ? dd_tanh(z) : from_long_double(tanhl(x));
    case EVOLVED_EXP_TARGET_ERF_TAIL: return tail(x);
    case EVOLVED_EXP_TARGET_AIRY: return airy_scaled(x);
    case EVOLVED_EXP_TARGET_WAVY: return dd_add(dd_from(1), airy_scaled(x));
    case EVOLVED_EXP_TARGET_BESSEL: return bessel_half(x);
    }
    return dd_from(NAN);
}

void evolved_exp_target_pair(evolved_exp_target target, double x, double *high, double *low)
{
    const double_double y = value(target, x);
    *high = y.high;
    *low = y.low;
}

double evolved_exp_weight(const evolved_exp_problem *problem, double x, double y)
{
    double scale = 1, magnitude = fabs(y);
    if (problem->target == EVOLVED_EXP_TARGET_ERF_TAIL) { /* an error of G, as an error of erf */
        scale = 1 / dd_to_double(tail_factor(x));
        magnitude = erf(x);
    }
    switch (problem->error) {
    case EVOLVED_EXP_RELATIVE: return scale / magnitude;
    case EVOLVED_EXP_ABSOLUTE: return scale;
    case EVOLVED_EXP_ULP32_FIXED: {
        int exponent;
        frexp(problem->ulp_of, &exponent);
        return ldexp(scale, FLT_MANT_DIG - exponent);
    }
    }
    return NAN;
}

static const struct {
    const char *name;
    double low, high;
    evolved_exp_error_kind error;
} targets[EVOLVED_EXP_TARGETS] = {
    [EVOLVED_EXP_TARGET_EXP2] = {"exp2", 0, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_EXP] = {"exp", 0, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_LOG2] = {"log2", 1, 2, EVOLVED_EXP_ABSOLUTE},
    [EVOLVED_EXP_TARGET_LOG2P1] = {"log2p1", 1e-3, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_SIN] = {"sin", 1e-3, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_COS] = {"cos", 0, 0x1.921fb54442d18p-1, EVOLVED_EXP_ABSOLUTE},
    [EVOLVED_EXP_TARGET_ERF] = {"erf", 1e-3, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_TANH] = {"tanh", 1e-3, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_ERF_TAIL] = {"erf_tail", 1, 5, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_AIRY] = {"airy", 0, 1, EVOLVED_EXP_ABSOLUTE},
    [EVOLVED_EXP_TARGET_WAVY] = {"wavy", 0, 1, EVOLVED_EXP_RELATIVE},
    [EVOLVED_EXP_TARGET_BESSEL] = {"bessel", 1e-3, 1, EVOLVED_EXP_RELATIVE},
};

const char *evolved_exp_target_name(evolved_exp_target target)
{
    return (unsigned)target < EVOLVED_EXP_TARGETS ? targets[target].name : NULL;
}

static assay_status check_target(evolved_exp_target target)
{
    if ((unsigned)target >= EVOLVED_EXP_TARGETS)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "target is %u, must be 0 to %d", (unsigned)target,
                          EVOLVED_EXP_TARGETS - 1);
    return ASSAY_OK;
}

assay_status evolved_exp_target_parse(const char *name, evolved_exp_target *target)
{
    if (!name || !target)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name ? "target" : "name");
    for (unsigned i = 0; i < EVOLVED_EXP_TARGETS; i++)
        if (strcmp(name, targets[i].name) == 0) {
            *target = (evolved_exp_target)i;
            return ASSAY_OK;
        }
    return assay_fail(ASSAY_INVALID_ARGUMENT, "name \"%s\" is no target", name);
}

assay_status evolved_exp_target_values(evolved_exp_target target, const double *x, double *y, size_t n)
{
    if (n > 0 && (!x || !y))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with n = %zu", x ? "y" : "x", n);
    assay_status status = check_target(target);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = dd_to_double(value(target, x[i]));
    return status;
}

assay_status evolved_exp_problem_default(evolved_exp_target target, evolved_exp_problem *problem)
{
    if (!problem)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "problem is null");
    assay_status status = check_target(target);
    if (status == ASSAY_OK)
        *problem = (evolved_exp_problem){.target = target,
                                         .low = targets[target].low,
                                         .high = targets[target].high,
                                         .error = targets[target].error,
                                         .ulp_of = 1.5,
                                         .precision = EVOLVED_EXP_F64};
    return status;
}

/* The target must be finite over the interval, and keep its sign if errors are relative. */
static assay_status check_values(const evolved_exp_problem *problem)
{
    enum { STEPS = 256 };
    double last = 0;
    for (int i = 0; i <= STEPS; i++) {
        const double t = (double)i / STEPS, x = problem->low * (1 - t) + problem->high * t;
        const double y = dd_to_double(value(problem->target, x));
        if (!isfinite(y))
            return assay_fail(ASSAY_OUT_OF_RANGE, "interval [%g, %g]: %s is %g at %g, must be finite", problem->low,
                              problem->high, targets[problem->target].name, y, x);
        if (problem->error == EVOLVED_EXP_RELATIVE && (y == 0 || y * last < 0))
            return assay_fail(ASSAY_OUT_OF_RANGE,
                              "interval [%g, %g]: %s has a zero near %g, where errors cannot be relative", problem->low,
                              problem->high, targets[problem->target].name, x);
        last = y;
    }
    return ASSAY_OK;
}

assay_status evolved_exp_problem_check(const evolved_exp_problem *problem)
{
    if (!problem)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "problem is null");
    assay_status status = check_target(problem->target);
    if (status != ASSAY_OK)
        return status;
    if (!isfinite(problem->low) || !isfinite(problem->high) || !(problem->low < problem->high))
        return assay_fail(ASSAY_OUT_OF_RANGE, "interval is low = %g, high = %g, must be finite with low < high",
                          problem->low, problem->high);
    if ((unsigned)problem->error > EVOLVED_EXP_ULP32_FIXED)
        return assay_fail(ASSAY_OUT_OF_RANGE, "error kind is %u, must be 0 to 2", (unsigned)problem->error);
    if ((unsigned)problem->precision > EVOLVED_EXP_F32)
        return assay_fail(ASSAY_OUT_OF_RANGE, "precision is %u, must be 0 or 1", (unsigned)problem->precision);
    const double magnitude = fabs(problem->ulp_of);
    if (problem->error == EVOLVED_EXP_ULP32_FIXED && !(magnitude >= (double)FLT_MIN && magnitude <= (double)FLT_MAX))
        return assay_fail(ASSAY_OUT_OF_RANGE, "ulp_of is %g, must be a normal float", problem->ulp_of);
    return check_values(problem);
}
