/*
 * Exact integer noise (Canonne, Kamath and Steinke: The Discrete Gaussian for Differential Privacy, 2020): rational
 * parameters, whole random numbers, no floating point; and binomial numbers for simulation.
 */
#include "assay/privacy.h"

#include <math.h>

typedef unsigned __int128 wide;

static uint64_t next_word(assay_privacy_stream *s)
{
    return assay_random_bits(s->random, s->next++);
}

/* Uniform in [0, bound), bound at least 1: as many bits as are needed, rejected when they are too many. */
static wide below(assay_privacy_stream *s, wide bound)
{
    wide mask = bound - 1;
    for (int shift = 1; shift < 128; shift *= 2)
        mask |= mask >> shift;
    for (;;) {
        wide word = next_word(s);
        if (mask >> 64)
            word |= (wide)next_word(s) << 64;
        if ((word & mask) < bound)
            return word & mask;
    }
}

/* Bernoulli(exp(-n/d)) for n <= d: the first k at which Bernoulli(n / (d k)) fails is odd. */
static int bernoulli_exp_small(assay_privacy_stream *s, wide n, wide d)
{
    unsigned k = 1;
    while (below(s, d * k) < n)
        k++;
    return k % 2;
}

static int bernoulli_exp(assay_privacy_stream *s, wide n, wide d)
{
    for (; n > d; n -= d) {
        if (!bernoulli_exp_small(s, 1, 1))
            return 0;
    }
    return bernoulli_exp_small(s, n, d);
}

assay_status assay_privacy_bernoulli_exp(assay_privacy_stream *stream, unsigned __int128 numerator,
                                         unsigned __int128 denominator, int *outcome)
{
    if (!stream || !outcome)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", stream ? "outcome" : "stream");
    if (denominator == 0 || denominator >> 96 || numerator >> 96)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is out of range, must be %s2^96",
                          denominator == 0 || denominator >> 96 ? "denominator" : "numerator",
                          denominator == 0 ? "1 to below " : "below ");
    *outcome = bernoulli_exp(stream, numerator, denominator);
    return ASSAY_OK;
}

static int64_t discrete_laplace(assay_privacy_stream *s, uint64_t t, uint64_t scale)
{
    for (;;) {
        const uint64_t u = (uint64_t)below(s, t);
        if (!bernoulli_exp(s, u, t))
            continue;
        uint64_t v = 0;
        while (bernoulli_exp_small(s, 1, 1))
            v++;
        const int64_t y = (int64_t)((u + t * v) / scale);
        const int negative = (int)(next_word(s) & 1);
        if (negative && y == 0)
            continue; /* 0 has one sign */
        return negative ? -y : y;
    }
}

assay_status assay_privacy_discrete_laplace(assay_privacy_stream *stream, uint64_t t, uint64_t s, int64_t *y)
{
    if (!stream || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", stream ? "y" : "stream");
    if (t == 0 || t >> 31 || s == 0 || s >> 31)
        return assay_fail(ASSAY_OUT_OF_RANGE, "t is %llu and s %llu, must be 1 to below 2^31", (unsigned long long)t,
                          (unsigned long long)s);
    *y = discrete_laplace(stream, t, s);
    return ASSAY_OK;
}

assay_status assay_privacy_discrete_gaussian(assay_privacy_stream *stream, uint64_t numerator, uint64_t denominator,
                                             int64_t *y)
{
    if (!stream || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", stream ? "y" : "stream");
    if (numerator == 0 || numerator > 1 << 20 || denominator == 0 || denominator > 1 << 20)
        return assay_fail(ASSAY_OUT_OF_RANGE, "numerator is %llu and denominator %llu, must be 1 to 2^20",
                          (unsigned long long)numerator, (unsigned long long)denominator);
    uint64_t t = 1; /* floor(sigma) + 1 */
    while (t * t * denominator <= numerator)
        t++;
    for (;;) {
        const int64_t candidate = discrete_laplace(stream, t, 1);
        const wide size = candidate < 0 ? (wide)-candidate : (wide)candidate;
        /* (|y| - sigma^2 / t)^2 / (2 sigma^2) = (|y| t d - n)^2 / (2 n d t^2) */
        const wide product = size * t * denominator;
        const wide apart = product > numerator ? product - numerator : numerator - product;
        if (apart >> 46) /* below exp(-2^48): never, and the square must fit */
            continue;
        if (bernoulli_exp(stream, apart * apart, (wide)2 * numerator * denominator * t * t)) {
            *y = candidate;
            return ASSAY_OK;
        }
    }
}

/* ---- Binomial numbers ---------------------------------------------------------------------------------------------
 */

static double uniform(assay_privacy_stream *s)
{
    return assay_random_uniform(s->random, s->next++);
}

/* ln Gamma(k + 1) less Stirling's leading terms, for ratios of probabilities of large numbers. */
static double stirling_rest(double k)
{
    static const double small[] = {0.08106146679532726,  0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
                                   0.01664469118982119,  0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
                                   0.009255462182712733, 0.008330563433362871};
    if (k < 10)
        return small[(int)k];
    const double r = 1 / (k + 1), r2 = r * r;
    return (1.0 / 12 - (1.0 / 360 - r2 / 1260) * r2) * r;
}

/* BTRS: transformed rejection with squeeze (Hormann 1993), for n p >= 10 and p <= 1/2. */
static double transformed_rejection(assay_privacy_stream *s, double n, double p)
{
    const double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double c = n * p + 0.5, v_r = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread, m = floor((n + 1) * p);
    const double odds = p / (1 - p);
    for (;;) {
        const double u = uniform(s) - 0.5, us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + c);
        double v = uniform(s);
        if (us >= 0.07 && v <= v_r)
            return k;
        if (k < 0 || k > n)
            continue;
        v = log(v * alpha / (a / (us * us) + b));
        const double bound = (m + 0.5) * log((m + 1) / (odds * (n - m + 1))) +
                             (n + 1) * log((n - m + 1) / (n - k + 1)) + (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) +
                             stirling_rest(m) + stirling_rest(n - m) - stirling_rest(k) - stirling_rest(n - k);
        if (v <= bound)
            return k;
    }
}

/* Few successes: the gaps between them are geometric. */
static double by_gaps(assay_privacy_stream *s, double n, double p)
{
    double k = 0, position = 0;
    for (;;) {
        position += floor(log1p(-uniform(s)) / log1p(-p)) + 1;
        if (!(position <= n))
            return k;
        k++;
    }
}

assay_status assay_privacy_binomial(assay_privacy_stream *stream, uint64_t trials, double p, uint64_t *y)
{
    if (!stream || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", stream ? "y" : "stream");
    if (trials > (UINT64_C(1) << 53) || !(p >= 0 && p <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "trials is %llu and p %g, must be at most 2^53 and 0 to 1",
                          (unsigned long long)trials, p);
    const double n = (double)trials, rare = p > 0.5 ? 1 - p : p;
    double k = 0;
    if (rare > 0)
        k = n * rare >= 10 ? transformed_rejection(stream, n, rare) : by_gaps(stream, n, rare);
    *y = (uint64_t)(p > 0.5 ? n - k : k);
    return ASSAY_OK;
}
