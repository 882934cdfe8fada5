/* Peers of sor_bandit: each solves one symmetric positive definite system after the other, all of one structure. */
#ifndef BENCH_SOLVERS_SOR_BANDIT_PEERS_H
#define BENCH_SOLVERS_SOR_BANDIT_PEERS_H

#include "assay/sparse.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CHOLMOD: analysed once, factorised and solved for each system. */
void *sor_bandit_cholmod_new(const assay_csr *a);
int sor_bandit_cholmod_run(void *self, const assay_csr *a, const double *b, double *x); /* 0 if it failed */
void sor_bandit_cholmod_delete(void *self);

/* Eigen's conjugate gradients with incomplete Cholesky factors in natural order, from the start x to a residual of
 * 1e-8 ||b||; the factors are made for each system. */
void *sor_bandit_eigen_new(const assay_csr *a);
int sor_bandit_eigen_run(void *self, const assay_csr *a, const double *b, double *x, long *iterations);
void sor_bandit_eigen_delete(void *self);

/* FFTW's sine transforms on a grid: (1 + 4 g) x - g (neighbours) = b exactly, by two transforms. */
void *sor_bandit_sine_new(int rows, int columns);
void sor_bandit_sine_run(void *self, double g, const double *b, double *x);
void sor_bandit_sine_delete(void *self);

#ifdef __cplusplus
}
#endif

#endif
