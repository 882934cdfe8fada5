/*
 * Intervals for probabilities: the incomplete beta function, and Clopper and Pearson's interval.
 */
#include "assay/statistics.h"

#include <math.h>

/* The continued fraction of I_x(a, b) by Lentz's method (NIST Handbook, 8.17.22); converges fast for
 * x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= 100000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return value;
}

static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

assay_status assay_incomplete_beta(double a, double b, double x, double *value)
{
    if (!value)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "value is null");
    if (!(a > 0 && isfinite(a) && b > 0 && isfinite(b)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "a is %g and b %g, must be above 0", a, b);
    if (!(x >= 0 && x <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "x is %g, must be 0 to 1", x);
    *value = incomplete_beta(a, b, x);
    return ASSAY_OK;
}

/* The x with I_x(a, b) = q, by bisection. */
static double beta_quantile(double a, double b, double q)
{
    double low = 0, high = 1;
    for (int i = 0; i < 200 && high - low > 1e-17 * high; i++) {
        const double middle = low + (high - low) / 2;
        if (incomplete_beta(a, b, middle) < q)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

assay_status assay_clopper_pearson(size_t successes, size_t n, double confidence, assay_interval *interval)
{
    if (!interval)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "interval is null");
    if (n == 0 || successes > n)
        return assay_fail(ASSAY_OUT_OF_RANGE, "successes is %zu of n = %zu, n must be at least 1 and not less",
                          successes, n);
    if (!(confidence > 0 && confidence < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "confidence is %g, must be in (0, 1)", confidence);
    const double k = (double)successes, total = (double)n, tail = (1 - confidence) / 2;
    *interval = (assay_interval){.estimate = k / total,
                                 .low = successes == 0 ? 0 : beta_quantile(k, total - k + 1, tail),
                                 .high = successes == n ? 1 : beta_quantile(k + 1, total - k, 1 - tail)};
    return ASSAY_OK;
}
