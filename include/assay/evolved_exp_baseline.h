/**
 * @file evolved_exp_baseline.h
 * The classical approximations that the evolved programs are compared with, as programs.
 *
 * E. Real et al., AutoNumerics-Zero: Automated Discovery of State-of-the-Art Mathematical Functions, arXiv:2312.08472.
 */
#ifndef ASSAY_EVOLVED_EXP_BASELINE_H
#define ASSAY_EVOLVED_EXP_BASELINE_H

#include "assay/evolved_exp_search.h"

ASSAY_BEGIN_DECLARATIONS

/** Ways to choose the coefficients of a polynomial of degree n, or of a quotient of degrees n and m. */
typedef enum evolved_exp_kind {
    EVOLVED_EXP_TAYLOR,             /**< the Taylor polynomial about the interval's left end */
    EVOLVED_EXP_CHEBYSHEV,          /**< the polynomial that agrees with the target at the n + 1 Chebyshev nodes */
    EVOLVED_EXP_MINIMAX_POLYNOMIAL, /**< the polynomial with the least largest error, by Remez exchange */
    EVOLVED_EXP_PADE,            /**< the quotient whose Taylor series about the left end agrees up to degree n + m */
    EVOLVED_EXP_MINIMAX_RATIONAL /**< the quotient with the least largest error, by Remez exchange */
} evolved_exp_kind;

/** Ways to evaluate them, with the operations that they take. */
typedef enum evolved_exp_form {
    EVOLVED_EXP_HORNER,             /**< 2n for a polynomial, 2n + 2m for a quotient, whose denominator is monic */
    EVOLVED_EXP_CONTINUED_FRACTION, /**< a0 + b1 / (x + c1 + b2 / (x + c2 + ...)): 3n; n = m needed */
    EVOLVED_EXP_ODD_HORNER          /**< x R(x^2) with the quotient or polynomial R by Horner's rule: two more */
} evolved_exp_form;

/** Largest n + m. */
#define EVOLVED_EXP_DEGREES 24

/**
 * Makes the baseline program of a problem: its target, interval and kind of error (which minimax kinds minimize).
 *
 * n + m is at most EVOLVED_EXP_DEGREES; m is 0 for polynomials and at least 1 for quotients. TAYLOR and PADE know the
 * derivatives of the targets exp2 to tanh, in the order of their list, and do not go with ODD_HORNER, which needs
 * low >= 0 and a target that is odd for good results. Coefficients are computed in double-double arithmetic and rounded
 * to double. @p error, which may be null, receives the largest error over the interval before that rounding.
 *
 * ASSAY_INVALID_ARGUMENT or ASSAY_OUT_OF_RANGE for arguments that contradict the above, ASSAY_UNSUPPORTED for series of
 * the other targets, ASSAY_NOT_CONVERGED if there is no such approximation or if exchange does not find it: the error
 * is not one that alternates often enough, or too small for double-double arithmetic. The program is then untouched.
 */
assay_status evolved_exp_baseline(evolved_exp_kind kind, uint32_t n, uint32_t m, const evolved_exp_problem *problem,
                                  evolved_exp_form form, evolved_exp_program *program, double *error);

ASSAY_END_DECLARATIONS

#endif
