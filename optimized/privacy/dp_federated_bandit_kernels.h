/* Kernels of dp_federated_bandit, for each level: a silo's V = L D L^T and the bounds of its many arms. */
#ifndef ASSAY_DP_FEDERATED_BANDIT_KERNELS_H
#define ASSAY_DP_FEDERATED_BANDIT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

enum { DP_FEDERATED_BANDIT_TILE = 32 }; /* arms that are handled at once */

/* L, d x d, has ones on its diagonal, and its columns lie one after the other: L_ik is l[k * d + i]. */
typedef struct dp_federated_bandit_factors {
    double *l, *diagonal, *reciprocals; /* D, and 1 / D */
} dp_federated_bandit_factors;

typedef struct dp_federated_bandit_kernels {
    /* Arms (arms x d, row-major) to tiles of columns, the last one filled up with its first arm. Whether the square of
     * no arm's length is above @p limit. */
    bool (*pack)(const double *x, size_t d, size_t arms, double limit, double *columns);
    /* theta = V^-1 u. */
    void (*estimate)(const dp_federated_bandit_factors *v, size_t d, const double *u, double *theta);
    /* bounds[a] = x_a.theta + beta sqrt(x_a.V^-1 x_a) for packed arms. @p room has d tiles. */
    void (*score)(const dp_federated_bandit_factors *v, const double *theta, double beta, const double *columns,
                  size_t d, size_t arms, double *bounds, double *room);
    /* V += x x^T; x is destroyed. */
    void (*update)(const dp_federated_bandit_factors *v, size_t d, double *x);
} dp_federated_bandit_kernels;

extern const dp_federated_bandit_kernels dp_federated_bandit_kernels_baseline;
#if defined(__x86_64__)
extern const dp_federated_bandit_kernels dp_federated_bandit_kernels_avx2, dp_federated_bandit_kernels_avx512;
#endif

#endif
