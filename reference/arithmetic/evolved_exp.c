/*
 * The exponentials in their plain form. Float32: double arithmetic and one final rounding; the error in double is below
 * 2^-49, so results are correctly rounded except where the exact value is that close to half-way between two floats.
 * Double: the known program T10 after reduction to [0, 1).
 */
#include "assay/evolved_exp.h"
#include "assay/catalogue.h"
#include "core/arguments.h"

#include <math.h>

ASSAY_CATALOGUE(evolved_exp, .family = "arithmetic",
                .title = "AutoNumerics-Zero: Automated Discovery of State-of-the-Art Mathematical Functions",
                .authors = "E. Real, Y. Chen, M. Rossini, C. de Souza, M. Garg, A. Verghese, M. Firsching, Q. V. Le, "
                           "E. D. Cubuk, D. H. Park",
                .year = 2023, .identifier = "arXiv:2312.08472",
                .summary = "Short evolved programs for transcendental functions, certified; float32 exponentials below "
                           "1 ulp; the evolutionary search that finds such programs",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* e^r for |r| <= ln 2 / 2: the Taylor polynomial of degree 13, whose remainder is below 5e-18. */
static double exp_taylor(double r)
{
    static const double coefficients[14] = {
        1,         1,          1. / 2,      1. / 6,       1. / 24,       1. / 120,       1. / 720,
        1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800,
    };
    double p = coefficients[13];
    for (int k = 12; k >= 0; k--)
        p = p * r + coefficients[k];
    return p;
}

static float exp2_value(float x)
{
    if (isnan(x) || x >= 128)
        return x + INFINITY;
    if (x <= -150)
        return 0;
    const double n = rint((double)x);
    return (float)ldexp(exp_taylor((x - n) * 0x1.62e42fefa39efp-1), (int)n);
}

static float exp_value(float x)
{
    const double ln2_high = 0x1.62e42fep-1, ln2_low = 0x1.f473de6af278fp-30; /* n ln2_high is exact */
    if (isnan(x) || x >= 89)
        return x + INFINITY;
    if (x <= -104)
        return 0;
    const double n = rint(x * 0x1.71547652b82fep+0);
    return (float)ldexp(exp_taylor((x - n * ln2_high) - n * ln2_low), (int)n);
}

/* 2^n T10(x - n), n = floor x. T10 is valid on (0, 1], and at 0 by way of infinity. */
static double exp2_program_value(double x)
{
    if (isnan(x) || x >= 1025)
        return x + INFINITY;
    if (x <= -1076)
        return 0;
    const double n = floor(x), r = x - n;
    const double w = r + 0x1.69786606e6b46p+12 / r;
    const double t = (0x1.d92f7201283bep+13 / w + w) - 0x1.f51aafffbd829p+7;
    double p = 0x1.f51aafffe299fp+8 / t + 0x1.ffffffffffffep-1;
    for (int k = 0; k < 3; k++)
        p *= p;
    return ldexp(p, (int)n);
}

assay_status evolved_exp_reference_exp2_f32(const float *x, float *y, size_t n)
{
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = exp2_value(x[i]);
    return status;
}

assay_status evolved_exp_reference_exp_f32(const float *x, float *y, size_t n)
{
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = exp_value(x[i]);
    return status;
}

assay_status evolved_exp_reference_exp2_f64(const double *x, double *y, size_t n)
{
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = exp2_program_value(x[i]);
    return status;
}
