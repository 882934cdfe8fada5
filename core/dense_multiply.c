/* Matrix products by OpenBLAS. It runs with one thread; ours take pieces of the result that depend on its size alone,
 * so that the bits do not depend on the number of threads. */
#include "assay/dense.h"
#include "assay/threads.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>

/* ---- Threads of OpenBLAS -------------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned sections; /* open ones */
static int threads_before;

/* Setting the number starts OpenBLAS's threads if a fork ended them: not done when it is 1 already. */
static void set_threads(int threads)
{
    if (openblas_get_num_threads() != threads)
        openblas_set_num_threads(threads);
}

void assay_blas_serial_begin(void)
{
    pthread_mutex_lock(&lock);
    if (sections++ == 0) {
        threads_before = openblas_get_num_threads();
        set_threads(1);
    }
    pthread_mutex_unlock(&lock);
}

void assay_blas_serial_end(void)
{
    pthread_mutex_lock(&lock);
    if (sections > 0 && --sections == 0)
        set_threads(threads_before);
    pthread_mutex_unlock(&lock);
}

/* ---- Products ------------------------------------------------------------------------------------------------- */

/* One product; elements are floats or doubles. */
typedef struct product {
    assay_transpose transpose;
    size_t m, n, k, lda, ldb, ldc;
    const void *a, *b;
    void *c;
    double alpha, beta;
    size_t element; /* size in bytes */
} product;

/* The bytes from a matrix's first to its last element. */
static assay_status check_operand(const product *p, const char *name, const void *pointer, size_t rows, size_t columns,
                                  const char *length_name, size_t length, size_t *bytes)
{
    *bytes = 0;
    if (length < columns || length > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be %zu to %d", length_name, length, columns, INT32_MAX);
    if (rows == 0 || columns == 0)
        return ASSAY_OK;
    if (!pointer)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
    if (__builtin_mul_overflow(rows - 1, length, bytes) || __builtin_add_overflow(*bytes, columns, bytes) ||
        __builtin_mul_overflow(*bytes, p->element, bytes))
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s of %zu rows of length %zu does not fit in memory", name, rows,
                          length);
    return ASSAY_OK;
}

static bool overlap(const void *x, size_t x_bytes, const void *y, size_t y_bytes)
{
    return (uintptr_t)x < (uintptr_t)y + y_bytes && (uintptr_t)y < (uintptr_t)x + x_bytes;
}

static assay_status check(const product *p)
{
    const bool first = p->transpose == ASSAY_TRANSPOSE_FIRST, second = p->transpose == ASSAY_TRANSPOSE_SECOND;
    if (p->transpose != ASSAY_TRANSPOSE_NONE && !first && !second)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "transpose is %d, must be 0, 1 or 2", (int)p->transpose);
    const size_t sizes[3] = {p->m, p->n, p->k};
    for (size_t i = 0; i < 3; i++)
        if (sizes[i] > INT32_MAX)
            return assay_fail(ASSAY_OUT_OF_RANGE, "%c is %zu, must be at most %d", "mnk"[i], sizes[i], INT32_MAX);
    if (!isfinite(p->alpha) || !isfinite(p->beta))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is %g, must be finite", isfinite(p->alpha) ? "beta" : "alpha",
                          isfinite(p->alpha) ? p->beta : p->alpha);
    size_t a, b, c;
    assay_status status = check_operand(p, "a", p->a, first ? p->k : p->m, first ? p->m : p->k, "lda", p->lda, &a);
    if (status == ASSAY_OK)
        status = check_operand(p, "b", p->b, second ? p->n : p->k, second ? p->k : p->n, "ldb", p->ldb, &b);
    if (status == ASSAY_OK)
        status = check_operand(p, "c", p->c, p->m, p->n, "ldc", p->ldc, &c);
    if (status != ASSAY_OK)
        return status;
    if ((a && c && overlap(p->a, a, p->c, c)) || (b && c && overlap(p->b, b, p->c, c)))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "c overlaps %s", a && overlap(p->a, a, p->c, c) ? "a" : "b");
    return ASSAY_OK;
}

static const void *at(const product *p, const void *base, size_t index)
{
    return p->k ? (const char *)base + index * p->element : NULL;
}

/* Rows [row, row + rows) and columns [column, column + columns) of the result. */
static void multiply_piece(const product *p, size_t row, size_t rows, size_t column, size_t columns)
{
    const bool first = p->transpose == ASSAY_TRANSPOSE_FIRST, second = p->transpose == ASSAY_TRANSPOSE_SECOND;
    const enum CBLAS_TRANSPOSE ta = first ? CblasTrans : CblasNoTrans, tb = second ? CblasTrans : CblasNoTrans;
    /* A leading dimension must be at least 1, even of what is empty. */
    const int lda = p->lda ? (int)p->lda : 1, ldb = p->ldb ? (int)p->ldb : 1, ldc = (int)p->ldc;
    const void *a = at(p, p->a, first ? row : row * p->lda);
    const void *b = at(p, p->b, second ? column * p->ldb : column);
    void *c = (char *)p->c + (row * p->ldc + column) * p->element;
    if (p->element == sizeof(double))
        cblas_dgemm(CblasRowMajor, ta, tb, (int)rows, (int)columns, (int)p->k, p->alpha, a, lda, b, ldb, p->beta, c,
                    ldc);
    else
        cblas_sgemm(CblasRowMajor, ta, tb, (int)rows, (int)columns, (int)p->k, (float)p->alpha, a, lda, b, ldb,
                    (float)p->beta, c, ldc);
}

/* Each piece packs the whole of the other operand, which costs some per cent of its own work at PIECE rows or columns;
 * below SMALL multiply-adds a second thread does not pay. */
enum { PIECE = 512, LEAST_PIECE = 64, SMALL = 1 << 20 };

static size_t pieces_of(const product *p, size_t length)
{
    if ((double)p->m * (double)p->n * (double)p->k < SMALL || length < 2 * LEAST_PIECE)
        return 1;
    return length < 2 * PIECE ? 2 : length / PIECE;
}

static assay_status multiply(const product *p)
{
    const assay_status status = check(p);
    if (status != ASSAY_OK || p->m == 0 || p->n == 0)
        return status;
    const bool by_rows = p->m >= p->n;
    const size_t length = by_rows ? p->m : p->n, pieces = pieces_of(p, length);
    const int threads = pieces < (size_t)assay_threads() ? (int)pieces : assay_threads();
    assay_blas_serial_begin();
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t i = 0; i < pieces; i++) {
        const size_t from = length / pieces * i + (i < length % pieces ? i : length % pieces);
        const size_t count = length / pieces + (i < length % pieces);
        if (by_rows)
            multiply_piece(p, from, count, 0, p->n);
        else
            multiply_piece(p, 0, p->m, from, count);
    }
    assay_blas_serial_end();
    return ASSAY_OK;
}

assay_status assay_dense_multiply(assay_transpose transpose, size_t m, size_t n, size_t k, double alpha,
                                  const double *a, size_t lda, const double *b, size_t ldb, double beta, double *c,
                                  size_t ldc)
{
    return multiply(&(product){transpose, m, n, k, lda, ldb, ldc, a, b, c, alpha, beta, sizeof *c});
}

assay_status assay_dense_multiply_f32(assay_transpose transpose, size_t m, size_t n, size_t k, float alpha,
                                      const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                                      size_t ldc)
{
    return multiply(&(product){transpose, m, n, k, lda, ldb, ldc, a, b, c, (double)alpha, (double)beta, sizeof *c});
}
