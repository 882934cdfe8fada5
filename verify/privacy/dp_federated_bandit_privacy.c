/* The calculus of privacy against high precision, exact rationals and exact probabilities. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#include "assay/privacy.h"

#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>

/* ---- Gaussian noise ------------------------------------------------------------------------------------------------
 */

/* Phi(mu/2 - e/mu) - e^e Phi(-mu/2 - e/mu) in 256 bits, of which the cancellation leaves enough. */
static double true_delta(double epsilon, double mu)
{
    mpfr_t a, b, root, half;
    mpfr_inits2(256, a, b, root, half, NULL);
    mpfr_set_d(a, epsilon, MPFR_RNDN);
    mpfr_div_d(a, a, mu, MPFR_RNDN);
    mpfr_set_d(half, mu, MPFR_RNDN);
    mpfr_div_ui(half, half, 2, MPFR_RNDN);
    mpfr_add(b, a, half, MPFR_RNDN);
    mpfr_sub(a, a, half, MPFR_RNDN);
    mpfr_sqrt_ui(root, 2, MPFR_RNDN);
    mpfr_div(a, a, root, MPFR_RNDN);
    mpfr_div(b, b, root, MPFR_RNDN);
    mpfr_erfc(a, a, MPFR_RNDN);
    mpfr_erfc(b, b, MPFR_RNDN);
    mpfr_set_d(half, epsilon, MPFR_RNDN);
    mpfr_exp(half, half, MPFR_RNDN);
    mpfr_mul(b, b, half, MPFR_RNDN);
    mpfr_sub(a, a, b, MPFR_RNDN);
    mpfr_div_ui(a, a, 2, MPFR_RNDN);
    const double value = mpfr_get_d(a, MPFR_RNDN);
    mpfr_clears(a, b, root, half, NULL);
    return value;
}

void dp_federated_bandit_check_gaussian_delta(verify_context *v)
{
    const assay_random r = verify_random(v, 1);
    double delta;
    if (verify_ok(v, assay_privacy_gaussian_delta(1, 1, &delta), "delta(1, 1)"))
        verify_at_most(v, fabs(delta - 0.12693673750664394580), 1e-15, "absolute error", "delta(1, 1)");
    for (uint64_t k = 0; k < 600; k++) {
        const double epsilon = exp(-5 + 8 * assay_random_uniform(r, 2 * k));  /* 0.007 to 20 */
        const double mu = exp(-6.5 + 9 * assay_random_uniform(r, 2 * k + 1)); /* 0.0015 to 12 */
        if (!verify_ok(v, assay_privacy_gaussian_delta(epsilon, mu, &delta), "delta(%g, %g)", epsilon, mu))
            return;
        const double truth = true_delta(epsilon, mu);
        if (truth > 1e-290) /* as the header promises; a^2 up to 700 costs as many units in the exponential */
            verify_at_most(v, fabs(delta - truth) / truth, 1e-11, "relative error", "delta(%.17g, %.17g) = %.17g",
                           epsilon, mu, delta);
    }
}

void dp_federated_bandit_check_gaussian_mu(verify_context *v)
{
    const struct {
        double epsilon, delta, mu;
    } known[] = {{1, 1e-5, 0.2680511232112942}, {1, 1e-2, 0.5325166485029508}, {10, 1e-2, 2.856353799621403}};
    const assay_random r = verify_random(v, 2);
    double mu, delta;
    for (int k = 0; k < 3; k++) {
        if (verify_ok(v, assay_privacy_gaussian_mu(known[k].epsilon, known[k].delta, &mu), "mu"))
            verify_at_most(v, fabs(mu - known[k].mu) / known[k].mu, 1e-12, "relative error", "mu(%g, %g) = %.16g",
                           known[k].epsilon, known[k].delta, mu);
    }
    for (uint64_t k = 0; k < 300; k++) {
        const double epsilon = exp(-4 + 10 * assay_random_uniform(r, 2 * k)),
                     wanted = exp(-30 * assay_random_uniform(r, 2 * k + 1)) * 0.99;
        if (!verify_ok(v, assay_privacy_gaussian_mu(epsilon, wanted, &mu), "mu(%g, %g)", epsilon, wanted) ||
            !verify_ok(v, assay_privacy_gaussian_delta(epsilon, mu, &delta), "delta"))
            return;
        /* d ln delta / d ln mu grows like epsilon^2 / mu^2: one ulp of mu. */
        verify_at_most(v, fabs(delta - wanted) / wanted, 1e-11 + 1e-15 * epsilon * epsilon / (mu * mu),
                       "relative error", "delta(mu(%g, %g))", epsilon, wanted);
    }
}

/* ---- Binomial noise -------------------------------------------------------------------------------------------------
 */

/* sum_x max(0, P(x) - 2 P(x - shift)) for Binomial(n, 1/4), exactly. */
static double exact_one_sided(unsigned n, long shift, unsigned factor)
{
    mpz_t term, other, sum;
    mpq_t value;
    mpz_inits(term, other, sum, NULL);
    mpq_init(value);
    for (long x = 0; x <= (long)n; x++) { /* 4^n P(x) = C(n, x) 3^(n - x) */
        mpz_bin_uiui(term, n, (unsigned long)x);
        mpz_ui_pow_ui(other, 3, n - (unsigned long)x);
        mpz_mul(term, term, other);
        const long y = x - shift;
        if (y >= 0 && y <= (long)n) {
            mpz_t power;
            mpz_init(power);
            mpz_bin_uiui(other, n, (unsigned long)y);
            mpz_ui_pow_ui(power, 3, n - (unsigned long)y);
            mpz_mul(other, other, power);
            mpz_mul_ui(other, other, factor);
            mpz_sub(term, term, other);
            mpz_clear(power);
        }
        if (mpz_sgn(term) > 0)
            mpz_add(sum, sum, term);
    }
    mpz_ui_pow_ui(other, 4, n);
    mpq_set_num(value, sum);
    mpq_set_den(value, other);
    mpq_canonicalize(value);
    const double result = mpq_get_d(value);
    mpz_clears(term, other, sum, NULL);
    mpq_clear(value);
    return result;
}

void dp_federated_bandit_check_binomial_delta(verify_context *v)
{
    verify_true(v, exact_one_sided(8, 1, 2) == 10935.0 / 65536, "8 trials, upwards: 10935/65536");
    verify_true(v, exact_one_sided(8, -1, 2) == 6149.0 / 65536, "8 trials, downwards: 6149/65536");
    const unsigned trials[] = {1, 8, 50, 333, 2000}, factors[] = {1, 2, 3, 20};
    for (int k = 0; k < 5; k++) {
        for (long shift = 1; shift <= 40; shift = 2 * shift + 1) {
            for (int f = 0; f < 4; f++) {
                double delta;
                const double truth =
                    fmax(exact_one_sided(trials[k], shift, factors[f]), exact_one_sided(trials[k], -shift, factors[f]));
                if (!verify_ok(v,
                               assay_privacy_binomial_delta(trials[k], 0.25, (uint64_t)shift, log(factors[f]), &delta),
                               "delta"))
                    return;
                /* An upper bound, by up to the 1e-20 that is added and 400 roundings. */
                verify_at_most(v, fabs(delta - truth), 1e-12 * truth + 2e-15, "absolute error",
                               "%u trials, shift %ld, e^epsilon %u: %.17g", trials[k], shift, factors[f], delta);
            }
        }
    }
}

/* Vectors of one number are the scalar case; equal parts of two numbers against the exact double sum. */
void dp_federated_bandit_check_binomial_vector(verify_context *v)
{
    double scalar, vector;
    verify_ok(v, assay_privacy_binomial_delta(400, 0.25, 5, 1, &scalar), "scalar");
    if (verify_ok(v, assay_privacy_binomial_delta_vector(400, 0.25, 5, 1, 1, &vector), "vector"))
        verify_true(v, scalar == vector, "a vector of one number is a number");
    enum { N = 60, SHIFT = 3 };
    double p[N + 1], truth[2] = {0, 0};
    for (int x = 0; x <= N; x++)
        p[x] = exp(lgamma(N + 1) - lgamma(x + 1) - lgamma(N - x + 1) + x * log(0.25) + (N - x) * log(0.75));
    for (int side = 0; side < 2; side++) {
        for (int x = 0; x <= N; x++) {
            for (int y = 0; y <= N; y++) {
                const int shift = side ? -SHIFT : SHIFT, a = x - shift, b = y - shift;
                const double other = a >= 0 && a <= N && b >= 0 && b <= N ? p[a] * p[b] : 0;
                truth[side] += fmax(0, p[x] * p[y] - exp(0.5) * other);
            }
        }
    }
    const double exact = fmax(truth[0], truth[1]), length = SHIFT * M_SQRT2 - 1e-9;
    if (verify_ok(v, assay_privacy_binomial_delta_vector(N, 0.25, length, 2, 0.5, &vector), "two numbers")) {
        double single;
        verify_ok(v, assay_privacy_binomial_delta(N, 0.25, (uint64_t)length, 0.5, &single), "all in one");
        verify_at_least(v, vector, fmax(exact, single) * (1 - 1e-12), "delta", "an upper bound");
        /* Losses are rounded up by 1e-4 each: delta changes by at most 2e-4 of the mass that counts. */
        verify_at_most(v, vector, fmax(exact, single) + 2e-4, "delta", "and a close one");
    }
}

/* ---- Samplers
 * -------------------------------------------------------------------------------------------------------- */

/* The probability that Pearson's statistic with k degrees of freedom exceeds k + 2 sqrt(k x) + 2 x is at most e^-x
 * (Laurent and Massart 2000); x = 20 gives 2e-9. Bins expect at least 20 draws, so that the statistic is close to its
 * limit. */
static void hold_chi_square(verify_context *v, const double *observed, const double *expected, size_t bins,
                            const char *name)
{
    double statistic = 0, freedom = -1, rest_observed = 0, rest_expected = 0;
    for (size_t k = 0; k < bins; k++) {
        if (expected[k] < 20) {
            rest_observed += observed[k];
            rest_expected += expected[k];
            continue;
        }
        statistic += (observed[k] - expected[k]) * (observed[k] - expected[k]) / expected[k];
        freedom++;
    }
    if (rest_expected >= 20) {
        statistic += (rest_observed - rest_expected) * (rest_observed - rest_expected) / rest_expected;
        freedom++;
    } else {
        verify_at_most(v, rest_observed, rest_expected + 10 * sqrt(rest_expected) + 25, "draws", "%s: rare values",
                       name);
    }
    verify_at_most(v, statistic, freedom + 2 * sqrt(20 * freedom) + 40, "chi-square", "%s, %g degrees of freedom", name,
                   freedom);
}

enum { DRAWS = 40000, HALF = 200, BINS = 2 * HALF + 1 };

/* Draws from a sampler against probabilities proportional to exp(-weight(y)). */
static void hold_sampler(verify_context *v, int64_t (*draw)(assay_privacy_stream *), double (*weight)(double),
                         uint64_t stream, const char *name)
{
    double observed[BINS] = {0}, expected[BINS], total = 0;
    assay_privacy_stream s = {verify_random(v, stream), 0};
    for (int k = 0; k < DRAWS; k++) {
        const int64_t y = draw(&s);
        observed[y < -HALF ? 0 : y > HALF ? BINS - 1 : y + HALF]++;
    }
    for (int k = 0; k < BINS; k++)
        total += expected[k] = exp(-weight(k - HALF));
    for (int k = 0; k < BINS; k++)
        expected[k] *= DRAWS / total;
    hold_chi_square(v, observed, expected, BINS, name);
}

static int64_t gaussian(assay_privacy_stream *s, uint64_t n, uint64_t d)
{
    int64_t y = INT64_MIN;
    assay_privacy_discrete_gaussian(s, n, d, &y);
    return y;
}

static int64_t gaussian_4(assay_privacy_stream *s)
{
    return gaussian(s, 4, 1);
}

static int64_t gaussian_half(assay_privacy_stream *s)
{
    return gaussian(s, 1, 2);
}

static int64_t gaussian_100(assay_privacy_stream *s)
{
    return gaussian(s, 100, 1);
}

static int64_t laplace(assay_privacy_stream *s)
{
    int64_t y = INT64_MIN;
    assay_privacy_discrete_laplace(s, 3, 2, &y);
    return y;
}

static double weight_4(double y)
{
    return y * y / 8;
}

static double weight_half(double y)
{
    return y * y;
}

static double weight_100(double y)
{
    return y * y / 200;
}

static double weight_laplace(double y)
{
    return fabs(y) * 2 / 3;
}

static int64_t binomial(assay_privacy_stream *s)
{
    uint64_t y = 0;
    assay_privacy_binomial(s, 100, 0.25, &y);
    return (int64_t)y;
}

static double weight_binomial(double y)
{
    return y < 0 || y > 100 ? INFINITY
                            : -(lgamma(101) - lgamma(y + 1) - lgamma(101 - y) + y * log(0.25) + (100 - y) * log(0.75));
}

static int64_t rare_binomial(assay_privacy_stream *s)
{
    uint64_t y = 0;
    assay_privacy_binomial(s, 100, 0.95, &y);
    return (int64_t)y;
}

static double weight_rare_binomial(double y)
{
    return y < 0 || y > 100 ? INFINITY
                            : -(lgamma(101) - lgamma(y + 1) - lgamma(101 - y) + y * log(0.95) + (100 - y) * log(0.05));
}

void dp_federated_bandit_check_samplers(verify_context *v)
{
    hold_sampler(v, gaussian_4, weight_4, 10, "discrete Gaussian, variance 4");
    hold_sampler(v, gaussian_half, weight_half, 11, "discrete Gaussian, variance 1/2");
    hold_sampler(v, gaussian_100, weight_100, 12, "discrete Gaussian, variance 100");
    hold_sampler(v, laplace, weight_laplace, 13, "discrete Laplace, scale 3/2");
    hold_sampler(v, binomial, weight_binomial, 14, "Binomial(100, 1/4)");
    hold_sampler(v, rare_binomial, weight_rare_binomial, 15, "Binomial(100, 0.95)");
    /* Bernoulli(exp(-5/3)): Hoeffding's inequality, 2 exp(-2 n t^2) = 4e-9 at t = 0.0158. */
    assay_privacy_stream s = {verify_random(v, 16), 0};
    double successes = 0;
    for (int k = 0; k < DRAWS; k++) {
        int outcome = 0;
        verify_ok(v, assay_privacy_bernoulli_exp(&s, 5, 3, &outcome), "Bernoulli");
        successes += outcome;
    }
    verify_at_most(v, fabs(successes / DRAWS - exp(-5.0 / 3)), 0.0158, "absolute error", "Bernoulli(exp(-5/3))");
}

/* ---- Clopper and Pearson
 * ---------------------------------------------------------------------------------------------- */

/* P(X >= k) for Binomial(n, p), as a sum. */
static double tail(int n, int k, double p)
{
    double sum = 0;
    for (int x = k; x <= n; x++)
        sum += exp(lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0) + x * log(p) + (n - x) * log1p(-p));
    return sum;
}

/* At the ends of the interval the tails are exactly half of 1 - confidence: the definition. */
void dp_federated_bandit_check_clopper_pearson(verify_context *v)
{
    assay_interval i;
    for (int n = 1; n <= 60; n += 7) {
        for (int k = 0; k <= n; k += 1 + n / 6) {
            if (!verify_ok(v, assay_clopper_pearson((size_t)k, (size_t)n, 0.9, &i), "interval"))
                return;
            if (k > 0)
                verify_at_most(v, fabs(tail(n, k, i.low) - 0.05), 1e-10, "absolute error", "lower end of %d of %d", k,
                               n);
            if (k < n)
                verify_at_most(v, fabs(1 - tail(n, k + 1, i.high) - 0.05), 1e-10, "absolute error",
                               "upper end of %d of %d", k, n);
            verify_true(v, (k > 0 || i.low == 0) && (k < n || i.high == 1), "ends of %d of %d", k, n);
        }
    }
    if (verify_ok(v, assay_clopper_pearson(0, 10, 0.95, &i), "0 of 10"))
        verify_at_most(v, fabs(i.high - (1 - pow(0.025, 0.1))), 1e-12, "absolute error", "0 of 10");
}
