/*
 * Taylor series of the targets by the recurrences that their differential equations give, and Pade quotients.
 */
#include "reference/arithmetic/evolved_exp_baseline_parts.h"

#include <math.h>

static double_double divide_double(double_double a, double b)
{
    return dd_divide(a, dd_from(b));
}

static double_double value_of(evolved_exp_target target, double x)
{
    double_double y;
    evolved_exp_target_pair(target, x, &y.high, &y.low);
    return y;
}

/* y' = rate y */
static void series_of_exponential(double_double rate, uint32_t degree, double_double *a)
{
    for (uint32_t j = 0; j < degree; j++)
        a[j + 1] = divide_double(dd_multiply(a[j], rate), j + 1.0);
}

/* y' = log2(e) / u at distance u from the singularity. */
static void series_of_logarithm(double_double u, uint32_t degree, double_double *a)
{
    double_double power = dd_negate(dd_log2_e);
    for (uint32_t j = 1; j <= degree; j++) {
        power = dd_negate(dd_divide(power, u));
        a[j] = divide_double(power, j);
    }
}

/* y'' = -y, given y and y'. */
static void series_of_oscillation(double_double slope, uint32_t degree, double_double *a)
{
    if (degree >= 1)
        a[1] = slope;
    for (uint32_t j = 2; j <= degree; j++)
        a[j] = dd_negate(divide_double(a[j - 2], j * (j - 1.0)));
}

/* y' = g, g' = -2 x g, g = 2 / sqrt(pi) e^(-x^2) */
static void series_of_erf(double low, uint32_t degree, double_double *a)
{
    double_double before = dd_from(0);
    double_double g = dd_multiply(dd_two_over_sqrt_pi, dd_exp(dd_negate(dd_two_product(low, low))));
    for (uint32_t j = 0; j < degree; j++) {
        a[j + 1] = divide_double(g, j + 1.0);
        const double_double sum = dd_add(dd_multiply(dd_from(low), g), before);
        before = g;
        g = divide_double(dd_scale(sum, -2), j + 1.0);
    }
}

/* y' = 1 - y^2 */
static void series_of_tanh(uint32_t degree, double_double *a)
{
    for (uint32_t j = 0; j < degree; j++) {
        double_double sum = dd_from(j == 0);
        for (uint32_t i = 0; i <= j; i++)
            sum = dd_subtract(sum, dd_multiply(a[i], a[j - i]));
        a[j + 1] = divide_double(sum, j + 1.0);
    }
}

assay_status evolved_exp_series(evolved_exp_target target, double low, uint32_t degree, double_double *series)
{
    series[0] = value_of(target, low);
    switch (target) {
    case EVOLVED_EXP_TARGET_EXP2: series_of_exponential(dd_ln2, degree, series); return ASSAY_OK;
    case EVOLVED_EXP_TARGET_EXP: series_of_exponential(dd_from(1), degree, series); return ASSAY_OK;
    case EVOLVED_EXP_TARGET_LOG2: series_of_logarithm(dd_from(low), degree, series); return ASSAY_OK;
    case EVOLVED_EXP_TARGET_LOG2P1: series_of_logarithm(dd_two_sum(low, 1), degree, series); return ASSAY_OK;
    case EVOLVED_EXP_TARGET_SIN:
        series_of_oscillation(value_of(EVOLVED_EXP_TARGET_COS, low), degree, series);
        return ASSAY_OK;
    case EVOLVED_EXP_TARGET_COS:
        series_of_oscillation(dd_negate(value_of(EVOLVED_EXP_TARGET_SIN, low)), degree, series);
        return ASSAY_OK;
    case EVOLVED_EXP_TARGET_ERF: series_of_erf(low, degree, series); return ASSAY_OK;
    case EVOLVED_EXP_TARGET_TANH: series_of_tanh(degree, series); return ASSAY_OK;
    default:
        return assay_fail(ASSAY_UNSUPPORTED, "target %s has no series here, must be one of exp2 to tanh",
                          evolved_exp_target_name(target));
    }
}

/* sum_{i=1..m} q_i a_(n+j-i) = -a_(n+j), j = 1..m, with q_0 = 1: the series of P - Q f vanishes beyond degree n. */
static bool solve_denominator(const double_double *a, uint32_t n, uint32_t m, double_double *q)
{
    double_double rows[LINEAR_ORDER][LINEAR_ORDER + 1];
    for (uint32_t j = 1; j <= m; j++) {
        for (uint32_t i = 1; i <= m; i++)
            rows[j - 1][i - 1] = n + j >= i ? a[n + j - i] : dd_from(0);
        rows[j - 1][m] = dd_negate(a[n + j]);
    }
    if (!evolved_exp_solve(rows, m))
        return false;
    q[0] = dd_from(1);
    for (uint32_t i = 1; i <= m; i++)
        q[i] = rows[i - 1][m];
    return true;
}

assay_status evolved_exp_pade(evolved_exp_target target, double low, uint32_t n, uint32_t m,
                              evolved_exp_quotient *quotient)
{
    double_double a[BASELINE_TERMS] = {{0}};
    assay_status status = evolved_exp_series(target, low, n + m, a);
    if (status != ASSAY_OK)
        return status;
    *quotient = (evolved_exp_quotient){.n = n, .m = m};
    if (!solve_denominator(a, n, m, quotient->q))
        return assay_fail(ASSAY_NOT_CONVERGED, "there is no Pade quotient of degrees n = %u and m = %u of %s", n, m,
                          evolved_exp_target_name(target));
    for (uint32_t j = 0; j <= n; j++)
        for (uint32_t i = 0; i <= m && i <= j; i++)
            quotient->p[j] = dd_add(quotient->p[j], dd_multiply(quotient->q[i], a[j - i]));
    evolved_exp_substitute(quotient->p, n, dd_from(low), dd_from(1));
    evolved_exp_substitute(quotient->q, m, dd_from(low), dd_from(1));
    return ASSAY_OK;
}
