/**
 * @file sparse.h
 * Sparse matrices by compressed rows: construction, products, conjugate gradients, and the Matrix Market reader.
 *
 * Results are the same bits for any number of threads. Outputs are untouched when a call fails, except where the text
 * says otherwise, and overlap nothing.
 */
#ifndef ASSAY_SPARSE_H
#define ASSAY_SPARSE_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** A rows x columns matrix by compressed rows: the elements of row i are those with numbers starts[i] to
 *  starts[i + 1] - 1, in strictly ascending order of their columns. */
typedef struct assay_csr {
    size_t rows;       /**< 1 to UINT32_MAX */
    size_t columns;    /**< 1 to UINT32_MAX */
    size_t *starts;    /**< rows + 1 numbers from 0 up; starts[rows] is the number of stored elements */
    uint32_t *indices; /**< column of each element, from 0 */
    double *values;    /**< of each element, finite */
} assay_csr;

/** Whether a matrix is what the structure's text says: ASSAY_INVALID_ARGUMENT naming the row (and null pointers,
 *  unsorted or duplicate columns, NaN, infinities), ASSAY_OUT_OF_RANGE for sizes and columns. The other functions rely
 *  on it and look at null pointers and sizes only, because the check costs as much as a product. */
assay_status assay_csr_check(const assay_csr *a);

/** The same, and that it is square with a diagonal element above 0 in every row, and symmetric in structure and values:
 *  what a solver for symmetric positive definite matrices can see without factorising. */
assay_status assay_csr_check_symmetric(const assay_csr *a);

/** Makes a matrix of @p count triplets (rows_of[k], columns_of[k], values[k]), from 0, in any order. Those of the same
 *  place are added in their order. Release it with assay_csr_release(). */
assay_status assay_csr_from_triplets(size_t rows, size_t columns, size_t count, const size_t *rows_of,
                                     const size_t *columns_of, const double *values, assay_csr *a);

/** Releases what a function of this header made and zeroes the structure; a zeroed structure is fine. */
void assay_csr_release(assay_csr *a);

/** The transpose of @p a, to be released. */
assay_status assay_csr_transpose(const assay_csr *a, assay_csr *transpose);

/** y = A x, each element summed in the order of its row from +0; x has a->columns elements, y a->rows. */
assay_status assay_csr_multiply(const assay_csr *a, const double *x, double *y);

/* ---- Conjugate gradients -------------------------------------------------------------------------------------- */

/** y = A x for a symmetric positive definite A of which @p self knows what it is. A failure ends the iteration. */
typedef assay_status (*assay_operator)(void *self, const double *x, double *y);

/** What conjugate gradients did. */
typedef struct assay_gradients_report {
    size_t iterations; /**< products with A, without the first residual's */
    double residual;   /**< ||b - A x||_2 / ||b||_2 by the recurrence; 0 if b is 0 */
} assay_gradients_report;

/**
 * Solves A x = b by conjugate gradients from the start @p x (n elements, in and out) until the recurrence's residual
 * has
 * ||r||_2 <= tolerance ||b||_2; b = 0 gives x = 0. @p diagonal, n numbers above 0 (that of A), makes it the
 * preconditioner; null: none. @p report may be null. Needs 0 < tolerance < 1, limit >= 1, finite b and x.
 * ASSAY_NOT_CONVERGED after @p limit iterations, with the last x and the report written; ASSAY_SINGULAR, with x
 * untouched, if p^T A p <= 0: A is not positive definite.
 */
assay_status assay_conjugate_gradients(size_t n, assay_operator apply, void *self, const double *diagonal,
                                       const double *b, double *x, double tolerance, size_t limit,
                                       assay_gradients_report *report);

/** The same for a matrix, with its diagonal as the preconditioner if @p precondition. */
assay_status assay_csr_conjugate_gradients(const assay_csr *a, bool precondition, const double *b, double *x,
                                           double tolerance, size_t limit, assay_gradients_report *report);

/* ---- Matrix Market -------------------------------------------------------------------------------------------- */

/**
 * Reads a Matrix Market file (.mtx): coordinate; real, integer or pattern (values 1); general, symmetric or
 * skew-symmetric (of which the other triangle is filled in). As for the readers of readers.h nothing in a file is
 * trusted, and ASSAY_BAD_DATA names the line: headers of other kinds (array, complex, hermitian), truncated or too many
 * entries, rows or columns out of range, duplicates, elements above the diagonal of a symmetric matrix, malformed
 * numbers, NaN and infinities. Rows and columns must be at most 2^20 or the number of bytes of the file, whichever is
 * more, so that a short file cannot ask for much memory. Release the result with assay_csr_release().
 */
assay_status assay_read_mtx(const char *path, assay_csr *a);

ASSAY_END_DECLARATIONS

#endif
