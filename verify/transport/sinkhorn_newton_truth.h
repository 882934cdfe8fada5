/* Plans in 256 bits. */
#ifndef VERIFY_SINKHORN_NEWTON_TRUTH_H
#define VERIFY_SINKHORN_NEWTON_TRUTH_H

#include "assay/sinkhorn_newton.h"

#include <stdbool.h>

/* The plan of a 2 x 2 problem by the quadratic equation of P_11. False if no root is feasible. */
bool truth_two_by_two(const sinkhorn_newton_problem *problem, double plan[4]);

/* The plan of a problem of n + m <= 16 by Newton's method from (x, y), near the solution, until the error is below
 * 1e-40; the masses' sums must be exactly equal. False if it does not get there. */
bool truth_plan(const sinkhorn_newton_problem *problem, const double *x, const double *y, double *plan);

/* The least sum of an assignment, n <= 8, over all permutations; the second least and the columns of the best (null:
 * not wanted). */
double truth_assignment(const double *cost, size_t n, double *second, size_t *column_of);

#endif
