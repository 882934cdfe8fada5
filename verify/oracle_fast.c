/*
 * The fast tier: e^x and 2^x of float32 numbers in double, relative error below 2^-51 outside the closed intervals,
 * that is for 2^-31 <= |x|, x < 128 and x > -155 (exp2), x < 88.73 and x > -108 (exp).
 *
 * Both are 2^n e^r with |r| <= ln2/2. Only +, - and * are used, each rounded once, without contraction: the results are
 * the same bits on every CPU, and the compiler makes vectors of any width of the loops. Proof, with u = 2^-53:
 *
 * (1) Reduction of exp2. n = rint(x). d = x - n is exact: it is a multiple of ulp(x) >= 2^-54 and at most 1/2.
 *     r = d*LN2 with LN2 = ln2 (1 + e), |e| <= 0.31 u, and one rounding: r = d ln2 + a, |a| <= 0.347 * 1.31 u < 0.46 u.
 * (2) Reduction of exp. |x| <= 2^7, so that n = rint(x*LOG2E) is within 1/2 + 2^-44 of x/ln2, |n| <= 156. LN2_HIGH has
 *     40 bits: n*LN2_HIGH is exact, and so is d = x - n*LN2_HIGH, a multiple of 2^-54 below 1/2 (for n = 0, d = x).
 *     |n*LN2_LOW| < 2^-33, so that its rounding and that of the constant cost less than 2^-32 u, and the last
 *     subtraction, with a result below 1/2, at most u/4: r = x - n ln2 + a, |a| < 0.26 u.
 * (3) A shift a of r changes e^r by the factor 1 + a (1 + 2^-50): relative 0.46 u at most.
 * (4) Polynomial p(r) = 1 + (r + r^2 q(r)), degree 11, minimax for the relative error: |p/e^r - 1| <= 3.8e-18 < 0.04 u
 *     on [-0.34658, 0.34658] (Sollya's supnorm).
 * (5) Its evaluation. q is in [0.44, 0.57]. The last addition of Horner's rule costs u/2 at most, the last product
 *     (below 0.07) u/16, and what the steps before leave (value below 0.2, error below 0.2 u) times |r|: 0.07 u;
 *     q has an error below 0.64 u. r*r and its product with q (below 0.068) round relatively by u each:
 *     0.1202 * 0.64 u + 2 * 0.068 u < 0.22 u. Adding r gives s with |s| < 0.415: u/4 more, so 0.47 u.
 *     1 + s rounds by u/2 below 1 and by u from 1 to 1.42; relative to the result (0.47 + 0.5) u / 0.707 < 1.38 u
 *     below 1, (0.47 + 1) u = 1.47 u above. The factor 2^n is exact, for no result is near double's subnormals.
 * (3) + (4) + (5): at most (0.46 + 0.04 + 1.47) u plus terms in u^2, less than 2 u = 2^-52. ORACLE_FAST_BOUND is twice
 * that.
 */
#include "verify/oracle_fast.h"

#include <math.h>
#include <string.h>

#define LN2      0x1.62e42fefa39efp-1
#define LN2_HIGH 0x1.62e42fefa2p-1
#define LN2_LOW  0x1.9ef35793c7673p-41
#define LOG2E    0x1.71547652b82fep+0
#define SHIFT    0x1.8p52 /* adding it rounds to an integer, which then stands in the lowest bits */

/* e^r, see (4) and (5). */
static inline double exp_reduced(double r)
{
    double q = 0x1.ad92d1e47a0d8p-26;
    q = q * r + 0x1.28adf8e81298cp-22;
    q = q * r + 0x1.71df18f7a1dd8p-19;
    q = q * r + 0x1.a019996298ecdp-16;
    q = q * r + 0x1.a01a012fed2f7p-13;
    q = q * r + 0x1.6c16c18475fabp-10;
    q = q * r + 0x1.1111111126b36p-7;
    q = q * r + 0x1.55555555506bfp-5;
    q = q * r + 0x1.55555555554fep-3;
    q = q * r + 0x1.000000000000ap-1;
    return 1 + (r + r * r * q);
}

/* 2^n y by adding n to the exponent field; n stands in the lowest bits of @p shifted. */
static inline double scale(double y, double shifted)
{
    uint64_t bits, n;
    memcpy(&bits, &y, sizeof bits);
    memcpy(&n, &shifted, sizeof n);
    bits += n << 52;
    memcpy(&y, &bits, sizeof y);
    return y;
}

void oracle_fast_exp2(const float *restrict x, double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double z = (double)x[i], shifted = z + SHIFT, d = z - (shifted - SHIFT);
        y[i] = scale(exp_reduced(d * LN2), shifted);
    }
}

void oracle_fast_exp(const float *restrict x, double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double z = (double)x[i], shifted = z * LOG2E + SHIFT, k = shifted - SHIFT;
        y[i] = scale(exp_reduced((z - k * LN2_HIGH) - k * LN2_LOW), shifted);
    }
}

/*
 * Closed intervals. |x| < 2^-31: the answer is 1; its error, |x| ln2 or |x| in units of 2^-23 (2^-24 below 1), is at
 * most 2^-7 ulp, and grows strictly even from one x to the next. Results below 2^-155 are less than 2^-6 of the
 * smallest subnormal. Overflow: 2^128 is reached at 128 and at 88.7228391, between 0x42b17217 and the next float.
 */
const oracle_closed oracle_exp2_closed[ORACLE_EXP2_CLOSED] = {
    {0x00000000, 0x2fffffff, 1, ORACLE_GROWS},   {0x43000000, 0x7f800000, INFINITY, ORACLE_EXACT},
    {0x7f800001, 0x7fffffff, NAN, ORACLE_EXACT}, {0x80000000, 0xafffffff, 1, ORACLE_GROWS},
    {0xc31b0000, 0xff800000, 0, ORACLE_SHRINKS}, {0xff800001, 0xffffffff, NAN, ORACLE_EXACT},
};

const oracle_closed oracle_exp_closed[ORACLE_EXP_CLOSED] = {
    {0x00000000, 0x2fffffff, 1, ORACLE_GROWS},   {0x42b17218, 0x7f800000, INFINITY, ORACLE_EXACT},
    {0x7f800001, 0x7fffffff, NAN, ORACLE_EXACT}, {0x80000000, 0xafffffff, 1, ORACLE_GROWS},
    {0xc2d80000, 0xff800000, 0, ORACLE_SHRINKS}, {0xff800001, 0xffffffff, NAN, ORACLE_EXACT},
};
