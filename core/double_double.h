/*
 * Double-double arithmetic: numbers of about 32 decimal digits as unevaluated sums of two doubles.
 *
 * A value is high + low with |low| at most half an ulp of high. Relative errors, for results away from underflow and
 * overflow: add, subtract 2^-104 (also under cancellation), multiply 2^-102, divide 2^-101, square root 2^-101; the
 * functions at the end, which are in double_double.c, 2^-95. Algorithms: Dekker 1971, Knuth, Joldes et al. 2017.
 * Includes nothing; needs -ffp-contract=off and rounding to nearest. The same bits on every CPU.
 */
#ifndef ASSAY_CORE_DOUBLE_DOUBLE_H
#define ASSAY_CORE_DOUBLE_DOUBLE_H

typedef struct double_double {
    double high, low;
} double_double;

static const double_double dd_ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const double_double dd_log2_e = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const double_double dd_pi = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
static const double_double dd_two_over_sqrt_pi = {0x1.20dd750429b6dp+0, 0x1.1ae3a914fed8p-56};

static inline double_double dd_from(double a)
{
    return (double_double){a, 0};
}

static inline double dd_to_double(double_double a)
{
    return a.high + a.low;
}

/* a + b exactly. */
static inline double_double dd_two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (double_double){s, (a - (s - t)) + (b - t)};
}

/* a + b exactly if |a| >= |b| or a = 0. */
static inline double_double dd_quick_two_sum(double a, double b)
{
    double s = a + b;
    return (double_double){s, b - (s - a)};
}

/* a * b exactly, for |a|, |b| below 2^996 and a product above 2^-969 (Veltkamp splitting: the same with or without an
 * FMA instruction). */
static inline double_double dd_two_product(double a, double b)
{
    const double splitter = 0x1p27 + 1;
    double p = a * b, s = splitter * a, t = splitter * b;
    double a_high = s - (s - a), b_high = t - (t - b);
    double a_low = a - a_high, b_low = b - b_high;
    return (double_double){p, a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)};
}

static inline double_double dd_negate(double_double a)
{
    return (double_double){-a.high, -a.low};
}

static inline double_double dd_absolute(double_double a)
{
    return a.high < 0 || (a.high == 0 && a.low < 0) ? dd_negate(a) : a;
}

/* a * factor for a power of two: exact. */
static inline double_double dd_scale(double_double a, double factor)
{
    return (double_double){a.high * factor, a.low * factor};
}

static inline double_double dd_add(double_double a, double_double b)
{
    double_double s = dd_two_sum(a.high, b.high), t = dd_two_sum(a.low, b.low);
    s = dd_quick_two_sum(s.high, s.low + t.high);
    return dd_quick_two_sum(s.high, s.low + t.low);
}

static inline double_double dd_subtract(double_double a, double_double b)
{
    return dd_add(a, dd_negate(b));
}

static inline double_double dd_multiply(double_double a, double_double b)
{
    double_double p = dd_two_product(a.high, b.high);
    return dd_quick_two_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static inline double_double dd_divide(double_double a, double_double b)
{
    double q = a.high / b.high;
    double_double r = dd_subtract(a, dd_multiply(b, dd_from(q)));
    double second = r.high / b.high;
    r = dd_subtract(r, dd_multiply(b, dd_from(second)));
    return dd_add(dd_quick_two_sum(q, second), dd_from(r.high / b.high));
}

/* Square root of a >= 0; NaN below. */
static inline double_double dd_sqrt(double_double a)
{
    double root = __builtin_sqrt(a.high);
    if (!(root > 0))
        return dd_from(root);
    double_double rest = dd_subtract(a, dd_two_product(root, root));
    return dd_quick_two_sum(root, rest.high / (2 * root));
}

/* -1, 0 or 1 as a is below, equal to or above b. */
static inline int dd_compare(double_double a, double_double b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

static inline int dd_less(double_double a, double_double b)
{
    return dd_compare(a, b) < 0;
}

/* The functions, for results that are neither subnormal nor infinite, with |x| <= 16 for sine and cosine (absolute
 * error 2^-95 near their zeros beyond 1) and |x| <= 6 for erf. */
double_double dd_exp(double_double x);
double_double dd_exp_minus_1(double_double x);
double_double dd_exp2(double_double x);
double_double dd_log(double_double x);
double_double dd_log_1_plus(double_double x);
double_double dd_log2(double_double x);
double_double dd_sin(double_double x);
double_double dd_cos(double_double x);
double_double dd_tanh(double_double x);
double_double dd_erf(double_double x);

#endif
