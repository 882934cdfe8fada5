/* Checks of arguments that the reference and the optimized code share; each says what is wrong by assay_fail(). */
#ifndef REFERENCE_SOLVERS_SOR_BANDIT_ARGUMENTS_H
#define REFERENCE_SOLVERS_SOR_BANDIT_ARGUMENTS_H

#include "assay/sor_bandit.h"

assay_status sor_bandit_check_omega(const char *name, double omega, bool may_be_plain);
assay_status sor_bandit_check_goal(const sor_bandit_goal *goal);

/* Square, as assay_csr_check() wants it, with a diagonal element above 0 in each row. */
assay_status sor_bandit_check_matrix(const assay_csr *a);
assay_status sor_bandit_check_grid(const sor_bandit_grid *grid);

/* b and x have n finite elements and lie apart. */
assay_status sor_bandit_check_vectors(size_t n, const double *b, const double *x);
assay_status sor_bandit_check_problems(const sor_bandit_grid *grid, const sor_bandit_problem *problems, size_t count,
                                       const uint32_t *iterations);

assay_status sor_bandit_check_omegas(const double *omegas, size_t arms, bool may_be_plain);
assay_status sor_bandit_check_policy(const sor_bandit_policy *policy, bool may_be_plain);
assay_status sor_bandit_check_shift(const sor_bandit_shift *scenario);
assay_status sor_bandit_check_heat(const sor_bandit_heat *scenario);

#endif
