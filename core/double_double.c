/*
 * Elementary functions in double-double arithmetic, by series after argument reduction; for coefficients and checks,
 * where digits matter and time does not.
 */
#include "core/double_double.h"

#include <math.h>

static double_double multiply_double(double_double a, double b)
{
    return dd_multiply(a, dd_from(b));
}

static double_double divide_double(double_double a, double b)
{
    return dd_divide(a, dd_from(b));
}

/* e^r - 1 for |r| <= 0.35: Taylor series of r / 512, then nine times e^(2t) - 1 = e (e + 2) with e = e^t - 1, which
 * keeps the relative error. The series ends below 2^-110 of its sum. */
static double_double small_exp_minus_1(double_double r)
{
    enum { TERMS = 10, DOUBLINGS = 9 };
    const double_double t = dd_scale(r, 0x1p-9);
    double_double sum = dd_from(1);
    for (int k = TERMS; k >= 2; k--)
        sum = dd_add(dd_from(1), divide_double(dd_multiply(t, sum), k));
    double_double e = dd_multiply(t, sum);
    for (int k = 0; k < DOUBLINGS; k++)
        e = dd_multiply(e, dd_add(e, dd_from(2)));
    return e;
}

/* 2^n e^r - 1 for |r| <= 0.35 and an integer n. */
static double_double scaled_exp_minus_1(double n, double_double r)
{
    double_double e = small_exp_minus_1(r);
    if (n == 0)
        return e;
    double_double y = dd_add(dd_from(1), e);
    const int half = (int)n / 2; /* two steps: 2^n itself may be out of range */
    y = dd_scale(dd_scale(y, ldexp(1, half)), ldexp(1, (int)n - half));
    return dd_subtract(y, dd_from(1));
}

double_double dd_exp_minus_1(double_double x)
{
    const double n = rint(x.high * dd_log2_e.high);
    return scaled_exp_minus_1(n, dd_subtract(x, multiply_double(dd_ln2, n)));
}

double_double dd_exp(double_double x)
{
    const double n = rint(x.high * dd_log2_e.high);
    const double_double y = dd_add(dd_from(1), small_exp_minus_1(dd_subtract(x, multiply_double(dd_ln2, n))));
    const int half = (int)n / 2;
    return dd_scale(dd_scale(y, ldexp(1, half)), ldexp(1, (int)n - half));
}

double_double dd_exp2(double_double x)
{
    const double n = rint(x.high);
    const double_double r = dd_multiply(dd_subtract(x, dd_from(n)), dd_ln2);
    const double_double y = dd_add(dd_from(1), small_exp_minus_1(r));
    const int half = (int)n / 2;
    return dd_scale(dd_scale(y, ldexp(1, half)), ldexp(1, (int)n - half));
}

/* Newton from the double result y: y + ((1 + x) e^-y - 1), whose error is the square of the first. */
double_double dd_log_1_plus(double_double x)
{
    const double_double y = dd_from(log1p(x.high));
    const double_double m = dd_exp_minus_1(dd_negate(y));
    return dd_add(y, dd_add(dd_add(x, m), dd_multiply(x, m)));
}

double_double dd_log(double_double x)
{
    if (x.high > 0.5 && x.high < 2)
        return dd_log_1_plus(dd_subtract(x, dd_from(1)));
    int n = 0;
    const double m = frexp(x.high, &n);
    const double_double scaled = {m, ldexp(x.low, -n)};
    return dd_add(dd_log_1_plus(dd_subtract(scaled, dd_from(1))), multiply_double(dd_ln2, n));
}

double_double dd_log2(double_double x)
{
    int n = 0;
    if (frexp(x.high, &n) == 0.5 && x.low == 0) /* exact powers of two */
        return dd_from(n - 1);
    return dd_multiply(dd_log(x), dd_log2_e);
}

/* x - x^3/3! + ... (odd) or 1 - x^2/2! + ... for |x| <= 0.8. */
static double_double alternating_series(double_double x, int odd)
{
    enum { TERMS = 15 };
    const double_double square = dd_multiply(x, x);
    double_double sum = dd_from(1);
    for (int k = TERMS; k >= 1; k--) {
        const int a = 2 * k + odd;
        sum = dd_subtract(dd_from(1), divide_double(dd_multiply(square, sum), (double)a * (a - 1)));
    }
    return odd ? dd_multiply(x, sum) : sum;
}

static double_double sine_of_quadrant(double_double x, int shift)
{
    const double n = rint(x.high / (dd_pi.high / 2));
    const double_double r = dd_subtract(x, multiply_double(dd_scale(dd_pi, 0.5), n));
    const unsigned quadrant = (unsigned)((int)n + shift) & 3;
    const double_double y = alternating_series(r, !(quadrant & 1));
    return quadrant & 2 ? dd_negate(y) : y;
}

double_double dd_sin(double_double x)
{
    return sine_of_quadrant(x, 0);
}

double_double dd_cos(double_double x)
{
    return sine_of_quadrant(x, 1);
}

double_double dd_tanh(double_double x)
{
    if (fabs(x.high) > 40) /* 1 - 2^-115 */
        return dd_from(copysign(1, x.high));
    const double_double e = dd_exp_minus_1(dd_scale(x, 2));
    return dd_divide(e, dd_add(e, dd_from(2)));
}

/* 2/sqrt(pi) e^(-x^2) sum over k of 2^k x^(2k+1) / (1 * 3 * ... * (2k+1)): every term has the same sign. */
double_double dd_erf(double_double x)
{
    const double_double square = dd_multiply(x, x);
    const double_double twice = dd_scale(square, 2);
    double_double term = x, sum = x;
    for (int k = 1; fabs(term.high) > 0x1p-112 * fabs(sum.high); k++) {
        term = divide_double(dd_multiply(term, twice), 2 * k + 1);
        sum = dd_add(sum, term);
    }
    return dd_multiply(dd_multiply(dd_two_over_sqrt_pi, dd_exp(dd_negate(square))), sum);
}
