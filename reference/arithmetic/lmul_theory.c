/*
 * The expected error of L-Mul and of 8-bit products, and the models of gates and energy.
 *
 * With mantissas u, v uniform in [0, 1) and truncated to the grid i/n, n = 2^bits, the relative error of a product L is
 * L(i/n, j/n) / ((1 + u)(1 + v)) - 1. Its mean over the cell i of u needs a_i = integral of 1/(1 + u), its mean square
 * b_i = integral of 1/(1 + u)^2:
 *     mean = sum_ij L_ij a_i a_j - 1,   mean square = sum_ij L_ij^2 b_i b_j - 2 sum_ij L_ij a_i a_j + 1.
 * L is linear in v on each of the pieces s < 1, 1 <= s < 2 and 2 <= s of s = u + v + offset, so the sums over j need
 * only moments of a and b over intervals, and all is done in n steps. Without rounding, sums over j become integrals
 * with closed forms, and the one over u is done by Gauss and Legendre's rule.
 */
#include "assay/memory.h"
#include "reference/arithmetic/lmul_arguments.h"

#include <math.h>

/* Moments of the weights over v in an interval: of a up to v, of b up to v^2. */
typedef struct moments {
    double a0, a1, b0, b1, b2;
} moments;

/* Sums over v for one u: of L a and of L^2 b. */
typedef struct row_sums {
    double first, second;
} row_sums;

static moments difference(const moments *high, const moments *low)
{
    return (moments){high->a0 - low->a0, high->a1 - low->a1, high->b0 - low->b0, high->b1 - low->b1,
                     high->b2 - low->b2};
}

/* Adds the piece where L = constant + slope v. */
static void add_piece(row_sums *sums, double constant, double slope, moments m)
{
    sums->first += constant * m.a0 + slope * m.a1;
    sums->second += constant * constant * m.b0 + 2 * constant * slope * m.b1 + slope * slope * m.b2;
}

/* The three pieces for one u, with the moments up to 0, up to s = 1, up to s = 2, and up to the end. */
static row_sums sum_over_v(double u, double offset, const moments *zero, const moments *one, const moments *two,
                           const moments *end)
{
    row_sums sums = {0, 0};
    add_piece(&sums, 1 + u + offset, 1, difference(one, zero));
    add_piece(&sums, 2 * (u + offset), 2, difference(two, one));
    add_piece(&sums, 4 * (u + offset - 1), 4, difference(end, two));
    return sums;
}

static void finish(double first, double second, double *mean, double *rmse)
{
    *mean = first - 1;
    *rmse = sqrt(fmax(0, second - 2 * first + 1));
}

static double weight_a(double low, double high)
{
    return log1p((high - low) / (1 + low)); /* ln((1 + high)/(1 + low)) without cancellation */
}

static double weight_b(double low, double high)
{
    return (high - low) / ((1 + low) * (1 + high));
}

/* prefix[i] holds the moments of the grid points below i. */
static void fill_prefix(moments *prefix, size_t n)
{
    prefix[0] = (moments){0, 0, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        const double v = (double)i / (double)n, next = (double)(i + 1) / (double)n;
        const double a = weight_a(v, next), b = weight_b(v, next);
        const moments *m = &prefix[i];
        prefix[i + 1] = (moments){m->a0 + a, m->a1 + v * a, m->b0 + b, m->b1 + v * b, m->b2 + v * v * b};
    }
}

/* The first grid point j with i/n + j/n + offset >= s, at most n. */
static size_t first_at_least(double s, size_t i, size_t n, double offset)
{
    const double j = ceil((s - offset) * (double)n - (double)i);
    return j <= 0 ? 0 : j >= (double)n ? n : (size_t)j;
}

static assay_status theory_on_grid(unsigned bits, double offset, double *mean, double *rmse)
{
    const size_t n = (size_t)1 << bits;
    moments *prefix = assay_allocate(n + 1, sizeof *prefix);
    if (!prefix)
        return ASSAY_NO_MEMORY;
    fill_prefix(prefix, n);
    double first = 0, second = 0;
    for (size_t i = 0; i < n; i++) {
        const double u = (double)i / (double)n, next = (double)(i + 1) / (double)n;
        const row_sums sums = sum_over_v(u, offset, &prefix[0], &prefix[first_at_least(1, i, n, offset)],
                                         &prefix[first_at_least(2, i, n, offset)], &prefix[n]);
        first += weight_a(u, next) * sums.first;
        second += weight_b(u, next) * sums.second;
    }
    assay_release(prefix);
    finish(first, second, mean, rmse);
    return ASSAY_OK;
}

/* Antiderivatives of 1/(1+v), v/(1+v), 1/(1+v)^2, v/(1+v)^2, v^2/(1+v)^2. */
static moments moments_up_to(double v)
{
    const double logarithm = log1p(v), inverse = 1 / (1 + v);
    return (moments){logarithm, v - logarithm, -inverse, logarithm + inverse, v - 2 * logarithm - inverse};
}

static double clamp(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* Adds the integrals over u in [low, high], where the integrand is smooth, by 5-point Gauss rules on 64 parts. */
static void integrate(double low, double high, double offset, double *first, double *second)
{
    static const double node[5] = {-0.90617984593866399, -0.53846931010568309, 0, 0.53846931010568309,
                                   0.90617984593866399};
    static const double weight[5] = {0.23692688505618909, 0.47862867049936647, 0.56888888888888889, 0.47862867049936647,
                                     0.23692688505618909};
    enum { PARTS = 64 };
    const double half = (high - low) / (2 * PARTS);
    const moments zero = moments_up_to(0), end = moments_up_to(1);
    for (int part = 0; part < PARTS; part++) {
        for (int i = 0; i < 5; i++) {
            const double u = low + half * (2 * part + 1 + node[i]);
            const moments one = moments_up_to(clamp(1 - offset - u)), two = moments_up_to(clamp(2 - offset - u));
            const row_sums sums = sum_over_v(u, offset, &zero, &one, &two, &end);
            *first += half * weight[i] * sums.first / (1 + u);
            *second += half * weight[i] * sums.second / ((1 + u) * (1 + u));
        }
    }
}

assay_status lmul_theory(unsigned bits, double offset, double *mean, double *rmse)
{
    if (bits > 23)
        return assay_fail(ASSAY_OUT_OF_RANGE, "bits is %u, must be 0 (not rounded) to 23", bits);
    if (!(offset >= 0 && offset < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "offset is %g, must be at least 0 and below 1", offset);
    if (!mean || !rmse)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", mean ? "rmse" : "mean");
    if (bits > 0)
        return theory_on_grid(bits, offset, mean, rmse);
    double first = 0, second = 0;
    integrate(0, 1 - offset, offset, &first, &second);
    integrate(1 - offset, 1, offset, &first, &second);
    finish(first, second, mean, rmse);
    return ASSAY_OK;
}

/* Integrals over t from 0 of t/(1 + t) and of (t/(1 + t))^2, by their series, which are exact also for tiny t. */
static void integrate_shortfall(double t, double *first, double *square)
{
    double power = t * t;
    *first = *square = 0;
    for (int k = 0; k < 64 && fabs(power) > 1e-20 * t * t; k++) {
        *first += power / (k + 2);
        *square += power * t * (k + 1) / (k + 3);
        power *= -t;
    }
}

/*
 * Rounded to nearest the cell of x = 1 + i/n is [i - 1/2, i + 1/2)/n cut to [0, 1), and an input's error is
 * e = x/(1 + u) - 1 = -t/(1 + t) with t = (1 + u)/x - 1. The two inputs are independent, the product's error is
 * e1 + e2 + e1 e2: with m = E e and s = E e^2 its mean is 2 m + m^2, its mean square 2 s + 2 m^2 + 4 m s + s^2.
 */
assay_status lmul_theory_rounded_product(unsigned bits, double *mean, double *rmse)
{
    if (bits < 1 || bits > 23)
        return assay_fail(ASSAY_OUT_OF_RANGE, "bits is %u, must be 1 to 23", bits);
    if (!mean || !rmse)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", mean ? "rmse" : "mean");
    const size_t n = (size_t)1 << bits;
    double m = 0, s = 0;
    for (size_t i = 0; i <= n; i++) {
        const double x = 1 + (double)i / (double)n, half = 0.5 / ((double)n * x);
        double first, square;
        if (i > 0) { /* below x: t from -half to 0 */
            integrate_shortfall(-half, &first, &square);
            m += x * first;
            s -= x * square;
        }
        if (i < n) {
            integrate_shortfall(half, &first, &square);
            m -= x * first;
            s += x * square;
        }
    }
    *mean = 2 * m + m * m;
    *rmse = sqrt(2 * s + 2 * m * m + 4 * m * s + s * s);
    return ASSAY_OK;
}

/* Unit gates: a ripple adder of n bits is a half adder and n - 1 full adders. */
enum { HALF_ADDER = 2, FULL_ADDER = 5, MULTIPLEXER = 3 };

static unsigned adder(unsigned bits)
{
    return HALF_ADDER + FULL_ADDER * (bits - 1);
}

static bool has_gates(unsigned e, unsigned m)
{
    return e >= 1 && e <= 64 && m >= 1 && m <= 64;
}

/* Sign, one adder over exponent and mantissa, and the constant (bias and offset) by a row of half adders. */
unsigned lmul_gates(unsigned e, unsigned m)
{
    return has_gates(e, m) ? 1 + adder(e + m) + HALF_ADDER * (e + m) : 0;
}

/* Sign, exponent adder and bias, an array multiplier of p = m + 1 bits, normalisation by one position, rounding (sticky
 * bits, two decisions, an incrementer), and the exponent's increment. */
unsigned lmul_multiplier_gates(unsigned e, unsigned m)
{
    if (!has_gates(e, m))
        return 0;
    const unsigned p = m + 1;
    const unsigned array = p * p + (p - 1) * adder(p);
    const unsigned normalisation = MULTIPLEXER * p, rounding = (p - 1) + 3 + HALF_ADDER * p;
    return 1 + adder(e) + HALF_ADDER * e + array + normalisation + rounding + HALF_ADDER * e;
}

double lmul_energy(lmul_operation operation)
{
    static const double picojoules[LMUL_OPERATIONS] = {
        [LMUL_ADD_I8] = 0.03,     [LMUL_ADD_I32] = 0.1,      [LMUL_ADD_F16] = 0.4,     [LMUL_ADD_F32] = 0.9,
        [LMUL_MULTIPLY_I8] = 0.2, [LMUL_MULTIPLY_F16] = 1.1, [LMUL_MULTIPLY_F32] = 3.7};
    return (unsigned)operation < LMUL_OPERATIONS ? picojoules[operation] : NAN;
}

double lmul_energy_saved_by_product(void)
{
    return 1 - lmul_energy(LMUL_ADD_I32) / lmul_energy(LMUL_MULTIPLY_F32);
}

double lmul_energy_saved_by_dot(void)
{
    return 1 - (lmul_energy(LMUL_ADD_I32) + lmul_energy(LMUL_ADD_F32)) /
                   (lmul_energy(LMUL_MULTIPLY_F32) + lmul_energy(LMUL_ADD_F32));
}
