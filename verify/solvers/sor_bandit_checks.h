/* The checks of sor_bandit and what they share. */
#ifndef VERIFY_SOLVERS_SOR_BANDIT_CHECKS_H
#define VERIFY_SOLVERS_SOR_BANDIT_CHECKS_H

#include "assay/sor_bandit.h"
#include "assay/verify.h"

/* The paper's arms for shifts and for heat: 1.00, 1.05, ..., 1.95. */
enum { SOR_BANDIT_ARMS = 20 };
extern const double sor_bandit_arms[SOR_BANDIT_ARMS];

/* Dense n x n copies; the caller releases them with assay_release(). */
double *sor_bandit_dense(const assay_csr *a);

/* C = I - A (D / omega + L)^-1, by which a sweep multiplies the residual. */
double *sor_bandit_iteration_matrix(const assay_csr *a, double omega);

/* M = (D + omega L) D^-1 (D + omega L)^T / (omega (2 - omega)), dense. */
double *sor_bandit_dense_preconditioner(const assay_csr *a, double omega);

/* Eigenvalues of A^-1 X, ascending, for a symmetric positive definite A and a symmetric X, which is overwritten. */
assay_status sor_bandit_relative_eigenvalues(size_t n, const double *a, double *x, double *values);

/* Condition number of A, and the largest eigenvalues of D A^-1 and of (L D^-1 L^T - D / 4) A^-1. */
bool sor_bandit_axelsson_numbers(const assay_csr *a, double *kappa, double *alpha, double *beta);

/* The 5-point matrix of an L of 96 points. */
assay_status sor_bandit_l_shape(double diagonal, assay_csr *a);

/* Largest modulus of the eigenvalues of a dense matrix; NaN if LAPACK fails. */
double sor_bandit_spectral_radius(size_t n, const double *a);

/* A random sparse symmetric positive definite matrix, strictly diagonally dominant, about 5 elements a row. */
assay_csr sor_bandit_random_matrix(assay_random r, size_t n);

/* ||b - A x||_2 and ||x||_2. */
double sor_bandit_residual(const assay_csr *a, const double *b, const double *x);
double sor_bandit_norm(const double *x, size_t n);

/* The real matrix: the user's (--data FILE), else the graph of the 1797 digits (each joined to its 10 nearest, Gaussian
 * weights), its Laplacian with 0.05 added to the diagonal. Release it with assay_csr_release(). */
assay_status sor_bandit_real_matrix(assay_csr *a);

/* The picture: 15 x 23 handwritten digits side by side, 420 x 644 pixels from 0 to 1; release with assay_release(). */
enum { SOR_BANDIT_PICTURE_ROWS = 420, SOR_BANDIT_PICTURE_COLUMNS = 644 };
assay_status sor_bandit_picture(double **pixels);

/* Solves A x = b by CHOLMOD. */
assay_status sor_bandit_cholmod_solve(const assay_csr *a, const double *b, double *x);

/* One step of the heat equation in the eigenvectors of the grid's Laplacian, from @p u to @p next, by FFTW's sine
 * transforms: exact up to rounding. Rows and columns as in the scenario; no source if it is 0. */
assay_status sor_bandit_exact_step(const sor_bandit_heat *scenario, const double *u, double *next);

/* Tables. */
void sor_bandit_check_example(verify_context *v);
void sor_bandit_check_example_learners(verify_context *v);
void sor_bandit_check_example_heat(verify_context *v);
void sor_bandit_check_mpfr(verify_context *v);
void sor_bandit_check_lapack(verify_context *v);
void sor_bandit_check_sine(verify_context *v);
void sor_bandit_check_sine_run(verify_context *v);
void sor_bandit_check_cholmod(verify_context *v);

void sor_bandit_agree_grid_sor(verify_context *v);
void sor_bandit_agree_sor(verify_context *v);
void sor_bandit_agree_grid_gradients(verify_context *v);
void sor_bandit_agree_gradients(verify_context *v);
void sor_bandit_agree_counts(verify_context *v);
void sor_bandit_agree_shift(verify_context *v);
void sor_bandit_agree_heat(verify_context *v);
void sor_bandit_agree_heat_counts(verify_context *v);
void sor_bandit_agree_chebyshev(verify_context *v);

void sor_bandit_check_ostrowski(verify_context *v);
void sor_bandit_check_young(verify_context *v);
void sor_bandit_check_jacobi(verify_context *v);
void sor_bandit_check_surrogates(verify_context *v);
void sor_bandit_check_preconditioner(verify_context *v);
void sor_bandit_check_finite(verify_context *v);
void sor_bandit_check_monotone(verify_context *v);
void sor_bandit_check_heat_decay(verify_context *v);
void sor_bandit_check_heat_transposed(verify_context *v);
void sor_bandit_check_golden(verify_context *v);
void sor_bandit_check_scenario_numbers(verify_context *v);
void sor_bandit_check_replay(verify_context *v);

void sor_bandit_check_tsallis(verify_context *v);
void sor_bandit_check_tsallis_minimum(verify_context *v);
void sor_bandit_check_tsallis_steps(verify_context *v);
void sor_bandit_check_chebyshev_steps(verify_context *v);
void sor_bandit_check_unbiased(verify_context *v);
void sor_bandit_check_gap(verify_context *v);
void sor_bandit_check_box(verify_context *v);
void sor_bandit_check_least_squares(verify_context *v);
void sor_bandit_check_linear(verify_context *v);
void sor_bandit_check_bins(verify_context *v);

void sor_bandit_reject_solvers(verify_context *v);
void sor_bandit_reject_grids(verify_context *v);
void sor_bandit_reject_learners(verify_context *v);
void sor_bandit_reject_scenarios(verify_context *v);
void sor_bandit_check_limits(verify_context *v);

extern const verify_claim sor_bandit_claim_c1_high, sor_bandit_claim_c1_low, sor_bandit_claim_c1_fixed,
    sor_bandit_claim_c1_half, sor_bandit_claim_c2_high, sor_bandit_claim_c2_low, sor_bandit_claim_c2_young,
    sor_bandit_claim_c2_quick, sor_bandit_claim_c3, sor_bandit_claim_c4, sor_bandit_claim_c4_asymptotic,
    sor_bandit_claim_c5, sor_bandit_claim_c5_gaussian, sor_bandit_claim_c6, sor_bandit_claim_c7_quick,
    sor_bandit_claim_c7_25, sor_bandit_claim_c7_50, sor_bandit_claim_c7_100, sor_bandit_claim_c7_grid,
    sor_bandit_claim_c7_tsallis, sor_bandit_claim_c7_plain, sor_bandit_claim_c8;

void sor_bandit_record_regret(verify_context *v);
void sor_bandit_record_surface(verify_context *v);

#endif
