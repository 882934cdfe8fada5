/* The kernels of sinkhorn_newton that exist once for each instruction set. Potentials are in units of 1/eta here. */
#ifndef ASSAY_SINKHORN_NEWTON_KERNELS_H
#define ASSAY_SINKHORN_NEWTON_KERNELS_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

/* Entries of a row are stored in multiples of this: the widest vector. What fills a row up has an infinite exponent, so
 * that it is 0. Arrays over columns have as many numbers more. */
enum { SINKHORN_NEWTON_PAD = 8 };

/* One instruction set. count is a multiple of SINKHORN_NEWTON_PAD everywhere but where it says otherwise. */
typedef struct sinkhorn_newton_kernels {
    /* out[k] = exp(t[k]) below 1 ulp; 0 below -708, infinity above 709. out may be t. */
    void (*exponentials)(const double *t, double *out, size_t count);
    /* The columns j < m (any m) with y[j] - eta cost[j] > threshold, in order, and eta cost[j] + 1 for each. Both
     * outputs have room for m + SINKHORN_NEWTON_PAD. Returns how many. */
    size_t (*filter)(const double *cost, const double *y, size_t m, double eta, double threshold, uint32_t *column,
                     double *exponent);
    /* log sum_j exp(y[j] - eta cost[j] - 1), j < m (any m). */
    double (*log_sum)(const double *cost, const double *y, size_t m, double eta);
    /* most[j] = max(most[j], x - eta cost[j]), j < m (any m). */
    void (*column_most)(const double *cost, double x, size_t m, double eta, double *most);
    /* sum[j] += exp(x - eta cost[j] - most[j]), j < m (any m). */
    void (*column_sum)(const double *cost, double x, size_t m, double eta, const double *most, double *sum);
    /* value[k] = exp(x + y[column[k]] - exponent[k]), added to sums[column[k]]; returns the sum. A null column means
     * k itself. */
    double (*evaluate)(double x, const double *y, const double *exponent, const uint32_t *column, size_t count,
                       double *value, double *sums);
    /* s = sum of value[k] v[column[k]], then mass / s times value[k] is added to sums[column[k]]; returns s. */
    double (*scale)(const double *value, const uint32_t *column, size_t count, const double *v, double mass,
                    double *sums);
    /* out[i] = sum of value[k] v[column[k]] over begin[i] <= k < begin[i + 1], i < rows (any). */
    void (*multiply)(const uint32_t *begin, const uint32_t *column, const double *value, const double *v, size_t rows,
                     double *out);
} sinkhorn_newton_kernels;

extern const sinkhorn_newton_kernels sinkhorn_newton_kernels_baseline, sinkhorn_newton_kernels_avx2,
    sinkhorn_newton_kernels_avx512;

/* The kernels of the level in force; null at the reference level. */
const sinkhorn_newton_kernels *sinkhorn_newton_kernels_in_force(void);

#endif
