/**
 * @file dense.h
 * Dense linear algebra in double precision by LAPACK and OpenBLAS; and how many threads OpenBLAS uses.
 *
 * Matrices are row-major and dense (row i of an m x n matrix a begins at a + i n) unless a row length is an argument.
 * Every function looks at its arguments first: ASSAY_INVALID_ARGUMENT for null, NaN, infinities and overlap,
 * ASSAY_OUT_OF_RANGE for sizes that are 0 or do not fit, ASSAY_SINGULAR for a matrix that is singular or not positive
 * definite to working precision, ASSAY_NOT_CONVERGED if an iteration of LAPACK fails. Inputs are not written, outputs
 * untouched when a call fails. An output may be the input of the same shape where the text says so, and overlaps
 * nothing otherwise. Results are the same bits for any number of threads on one machine; another CPU may have other
 * kernels in OpenBLAS, and so other roundings.
 */
#ifndef ASSAY_DENSE_H
#define ASSAY_DENSE_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Threads of OpenBLAS -------------------------------------------------------------------------------------- */

/**
 * From here to assay_blas_serial_end() OpenBLAS computes with one thread, in the whole process: around parallel regions
 * whose threads call it, and in a process that forks. Sections nest, and may be opened by several threads; the end of
 * the last one restores the number that was in force. All functions of this header do this themselves.
 */
void assay_blas_serial_begin(void);

/** Ends what assay_blas_serial_begin() began. */
void assay_blas_serial_end(void);

/* ---- Products ------------------------------------------------------------------------------------------------- */

/** Which operand of a product is transposed. */
typedef enum assay_transpose {
    ASSAY_TRANSPOSE_NONE = 0,  /**< C = A B */
    ASSAY_TRANSPOSE_FIRST = 1, /**< C = A^T B */
    ASSAY_TRANSPOSE_SECOND = 2 /**< C = A B^T */
} assay_transpose;

/**
 * C = alpha op(A) op(B) + beta C, with op(A) m x k, op(B) k x n and C m x n. Row lengths: lda is at least k (m if A is
 * transposed), ldb at least n (k if B is), ldc at least n. With beta = 0, C need not be initialised. Any size may be 0.
 * NaN and infinities go the way of arithmetic, but alpha and beta must be finite. Uses assay_threads() threads.
 */
assay_status assay_dense_multiply(assay_transpose transpose, size_t m, size_t n, size_t k, double alpha,
                                  const double *a, size_t lda, const double *b, size_t ldb, double beta, double *c,
                                  size_t ldc);

/** The same in single precision. */
assay_status assay_dense_multiply_f32(assay_transpose transpose, size_t m, size_t n, size_t k, float alpha,
                                      const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                                      size_t ldc);

/* ---- Linear equations ----------------------------------------------------------------------------------------- */

/** A = L L^T for a symmetric positive definite n x n matrix, of which the lower triangle is read. @p l gets L, with
 *  zeros above the diagonal; it may be @p a. ASSAY_SINGULAR, naming the leading minor, if A is not positive definite.
 */
assay_status assay_dense_cholesky(size_t n, const double *a, double *l);

/** Solves L L^T X = B for @p columns right sides: B and X are n x columns; @p x may be @p b. ASSAY_SINGULAR if L has a
 *  diagonal element that is not above 0. */
assay_status assay_dense_cholesky_solve(size_t n, const double *l, size_t columns, const double *b, double *x);

/** A = P L U with partial pivoting: @p lu gets L (unit diagonal, not stored) and U, @p pivots n row numbers from 1 as
 *  LAPACK has them. @p lu may be @p a. ASSAY_SINGULAR if U has a zero pivot or the reciprocal condition number in the
 *  1-norm is estimated below 2^-52. */
assay_status assay_dense_lu(size_t n, const double *a, double *lu, int32_t *pivots);

/** Solves A X = B by what assay_dense_lu() gave: B and X are n x columns; @p x may be @p b. */
assay_status assay_dense_lu_solve(size_t n, const double *lu, const int32_t *pivots, size_t columns, const double *b,
                                  double *x);

/* ---- Eigenvalues and singular values -------------------------------------------------------------------------- */

/** Eigenvalues of a symmetric n x n matrix in ascending order; only the lower triangle is read. Column j of @p vectors
 *  (n x n) is the eigenvector of values[j], of length 1. @p vectors may be null, or be @p a. */
assay_status assay_dense_symmetric_eigen(size_t n, const double *a, double *values, double *vectors);

/** Eigenvalues real[j] + i imaginary[j] of any square matrix, in no certain order; conjugate pairs side by side. */
assay_status assay_dense_eigenvalues(size_t n, const double *a, double *real, double *imaginary);

/** A = U diag(s) V^T with p = min(m, n): U is m x p, @p s has the p singular values in descending order, V^T is p x n.
 *  Both @p u and @p vt may be null, then only @p s is computed. */
assay_status assay_dense_svd(size_t m, size_t n, const double *a, double *u, double *s, double *vt);

/* ---- Orthogonal factors --------------------------------------------------------------------------------------- */

/** A = Q R with p = min(m, n): Q is m x p with orthonormal columns, R is p x n with zeros below its diagonal (whose
 *  signs are LAPACK's). @p q may be null. */
assay_status assay_dense_qr(size_t m, size_t n, const double *a, double *q, double *r);

/** The X (n x columns) of least norm among those that minimise ||A X - B||_2 column by column; A is m x n, B is
 *  m x columns. Singular values up to @p cutoff (0 <= cutoff < 1) times the largest count as 0. @p rank gets the number
 *  of the others; it may be null. */
assay_status assay_dense_least_squares(size_t m, size_t n, const double *a, size_t columns, const double *b,
                                       double cutoff, double *x, size_t *rank);

ASSAY_END_DECLARATIONS

#endif
