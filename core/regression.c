/*
 * Power laws fitted to measurements: y = factor x^exponent.
 */
#include "assay/statistics.h"

#include <math.h>

/* P(|T| <= t) for Student's T with a whole number of degrees of freedom: the finite sums of Abramowitz and Stegun,
 * 26.7.3 and 26.7.4. */
static double student_within(double t, int freedom)
{
    const double theta = atan2(t, sqrt(freedom)), c = cos(theta), s = sin(theta);
    double term = freedom % 2 ? c : 1, sum = 0;
    for (int k = freedom % 2 ? 3 : 2; k <= freedom; k += 2) {
        sum += term;
        term *= c * c * (k - 1) / k;
    }
    return freedom % 2 ? (theta + s * sum) * 2 / M_PI : s * sum;
}

assay_status assay_student_quantile(double q, int freedom, double *quantile)
{
    if (!quantile)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "quantile is null");
    if (!(q > 0 && q < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "q is %g, must be in (0, 1)", q);
    if (freedom < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "freedom is %d, must be at least 1", freedom);
    const double within = fabs(2 * q - 1);
    double low = 0, high = 1;
    while (student_within(high, freedom) < within && high < 0x1p60)
        high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high)
            break;
        if (student_within(middle, freedom) < within)
            low = middle;
        else
            high = middle;
    }
    *quantile = q < 0.5 ? -high : high;
    if (q == 0.5)
        *quantile = 0;
    return ASSAY_OK;
}

static assay_status check_points(const double *x, const double *y, size_t n)
{
    if (!x || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "y" : "x");
    if (n < 3)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at least 3", n);
    size_t different = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0 && isfinite(x[i]) && y[i] > 0 && isfinite(y[i])))
            return assay_fail(ASSAY_OUT_OF_RANGE, "point %zu is (%g, %g), must be finite and above 0", i, x[i], y[i]);
        different += x[i] != x[0];
    }
    if (different == 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "all x are %g: no exponent can be fitted", x[0]);
    return ASSAY_OK;
}

assay_status assay_fit_exponent(const double *x, const double *y, size_t n, double confidence, assay_interval *exponent,
                                double *factor)
{
    if (!exponent)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "exponent is null");
    if (!(confidence > 0 && confidence < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "confidence is %g, must be in (0, 1)", confidence);
    assay_status status = check_points(x, y, n);
    double t = 0;
    if (status == ASSAY_OK)
        status = assay_student_quantile(0.5 + confidence / 2, (int)(n - 2), &t);
    if (status != ASSAY_OK)
        return status;

    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, residuals = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += log(x[i]) / (double)n;
        mean_y += log(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (log(x[i]) - mean_x) * (log(x[i]) - mean_x);
        xy += (log(x[i]) - mean_x) * (log(y[i]) - mean_y);
    }
    const double slope = xy / xx;
    for (size_t i = 0; i < n; i++) {
        const double residual = log(y[i]) - mean_y - slope * (log(x[i]) - mean_x);
        residuals += residual * residual;
    }
    const double half = t * sqrt(residuals / (double)(n - 2) / xx);
    *exponent = (assay_interval){slope, slope - half, slope + half};
    if (factor)
        *factor = exp(mean_y - slope * mean_x);
    return ASSAY_OK;
}
