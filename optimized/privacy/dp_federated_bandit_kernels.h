/* Kernels of dp_federated_bandit: upper confidence bounds of many arms, one for each level. */
#ifndef ASSAY_DP_FEDERATED_BANDIT_KERNELS_H
#define ASSAY_DP_FEDERATED_BANDIT_KERNELS_H

#include <stddef.h>

enum { DP_FEDERATED_BANDIT_TILE = 32 }; /* arms that are handled at once */

/* bounds[a] = x_a.theta + beta |L^-1 x_a| for @p arms arms (arms x d, row-major), with L (d x d, lower) whose diagonal
 * holds reciprocals. @p room has 2 d DP_FEDERATED_BANDIT_TILE numbers. */
typedef void dp_federated_bandit_score(const double *l, const double *theta, double beta, const double *x, size_t d,
                                       size_t arms, double *bounds, double *room);

dp_federated_bandit_score dp_federated_bandit_score_baseline;
#if defined(__x86_64__)
dp_federated_bandit_score dp_federated_bandit_score_avx2, dp_federated_bandit_score_avx512;
#endif

#endif
