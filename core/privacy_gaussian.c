/*
 * The privacy of Gaussian noise, exactly.
 *
 * With a = epsilon/mu - mu/2 and b = epsilon/mu + mu/2, b^2 - a^2 = 2 epsilon, so that e^epsilon phi(b) = phi(a) and
 * delta = exp(-a^2/2) / 2 [erfcx(a / sqrt 2) - erfcx(b / sqrt 2)], erfcx(x) = exp(x^2) erfc(x): nothing under- or
 * overflows, and nothing cancels that is not really close.
 */
#include "assay/privacy.h"

#include <math.h>

/* exp(x^2) erfc(x) for x >= 0: directly while erfc is not small, then by its continued fraction (NIST Handbook, 7.9.2),
 * whose 60 terms are enough from 4 on. */
static double scaled_erfc(double x)
{
    if (x < 4) {
        const double square = x * x;
        return exp(square) * (1 + fma(x, x, -square)) * erfc(x);
    }
    double value = x;
    for (int k = 60; k >= 1; k--)
        value = x + k * 0.5 / value;
    return 1 / (value * sqrt(M_PI));
}

static double gaussian_delta(double epsilon, double mu)
{
    const double a = (epsilon / mu - mu / 2) * M_SQRT1_2, b = (epsilon / mu + mu / 2) * M_SQRT1_2;
    const double density = exp(-a * a) / 2;
    return a >= 0 ? density * (scaled_erfc(a) - scaled_erfc(b)) : erfc(a) / 2 - density * scaled_erfc(b);
}

assay_status assay_privacy_gaussian_delta(double epsilon, double mu, double *delta)
{
    if (!delta)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "delta is null");
    if (!(epsilon >= 0 && isfinite(epsilon)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be at least 0", epsilon);
    if (!(mu > 0 && isfinite(mu)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "mu is %g, must be above 0", mu);
    *delta = gaussian_delta(epsilon, mu);
    return ASSAY_OK;
}

assay_status assay_privacy_gaussian_mu(double epsilon, double delta, double *mu)
{
    if (!mu)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "mu is null");
    if (!(epsilon > 0 && epsilon <= 1e4))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be in (0, 1e4]", epsilon);
    if (!(delta > 0 && delta < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "delta is %g, must be in (0, 1)", delta);
    /* delta grows with mu; Newton's method would not stay in the bracket for large epsilon. */
    double low = 1e-6, high = 1e-6;
    while (gaussian_delta(epsilon, high) < delta && high < 1e9)
        high *= 2;
    for (int i = 0; i < 200; i++) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high)
            break;
        if (gaussian_delta(epsilon, middle) <= delta)
            low = middle;
        else
            high = middle;
    }
    *mu = low;
    return ASSAY_OK;
}
