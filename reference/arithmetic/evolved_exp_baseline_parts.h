/*
 * What the parts of the baselines know of each other; private to the library.
 */
#ifndef ASSAY_EVOLVED_EXP_BASELINE_PARTS_H
#define ASSAY_EVOLVED_EXP_BASELINE_PARTS_H

#include "assay/evolved_exp_baseline.h"
#include "core/double_double.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

enum { BASELINE_TERMS = EVOLVED_EXP_DEGREES + 1 };

/* sum p[j] v^j / sum q[j] v^j, j <= n and j <= m. */
typedef struct evolved_exp_quotient {
    uint32_t n, m;
    double_double p[BASELINE_TERMS], q[BASELINE_TERMS];
} evolved_exp_quotient;

/* What is approximated as a function of v: the target of v = x, or the target over x of v = x^2. */
typedef struct evolved_exp_approximand {
    const evolved_exp_problem *problem;
    bool odd;
} evolved_exp_approximand;

/* ---- evolved_exp_linear.c ---- */

enum { LINEAR_ORDER = EVOLVED_EXP_DEGREES + 2 };

/* Solves the equations, of which each row holds the coefficients and then the right side; the solution takes the place
 * of the right side. Returns false if the matrix is singular to working precision. */
bool evolved_exp_solve(double_double rows[][LINEAR_ORDER + 1], size_t order);

/* p(v) becomes p((v - origin) / scale). */
void evolved_exp_substitute(double_double *p, uint32_t degree, double_double origin, double_double scale);

/* p(v). */
double_double evolved_exp_horner(const double_double *p, uint32_t degree, double_double v);

/* ---- evolved_exp_series.c ---- */

/* The coefficients of (x - low)^j, j <= degree, in the target's series; ASSAY_UNSUPPORTED if it is not known. */
assay_status evolved_exp_series(evolved_exp_target target, double low, uint32_t degree, double_double *series);

/* The Taylor (m = 0) or Pade quotient, in powers of x. */
assay_status evolved_exp_pade(evolved_exp_target target, double low, uint32_t n, uint32_t m,
                              evolved_exp_quotient *quotient);

/* ---- evolved_exp_remez.c ---- */

/* The polynomial that agrees at Chebyshev nodes. */
assay_status evolved_exp_interpolate(const evolved_exp_approximand *f, uint32_t n, evolved_exp_quotient *quotient);

/* The quotient with the least largest error. */
assay_status evolved_exp_exchange(const evolved_exp_approximand *f, uint32_t n, uint32_t m,
                                  evolved_exp_quotient *quotient);

/* The largest error over the interval; infinite if the quotient has a pole there. */
double evolved_exp_largest_error(const evolved_exp_approximand *f, const evolved_exp_quotient *quotient);

#endif
