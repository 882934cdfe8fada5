/* Dense linear algebra by LAPACKE: arguments are looked at, LAPACK works on copies, results are copied out at the end.
 */
#include "assay/dense.h"
#include "assay/memory.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

/* ---- Arguments ------------------------------------------------------------------------------------------------ */

/* Sizes are LAPACK's integers, and the matrix's bytes must be countable. */
static assay_status check_shape(const char *rows_name, size_t rows, const char *columns_name, size_t columns)
{
    size_t bytes;
    if (rows < 1 || rows > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be 1 to %d", rows_name, rows, INT32_MAX);
    if (columns < 1 || columns > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be 1 to %d", columns_name, columns, INT32_MAX);
    if (__builtin_mul_overflow(rows, columns, &bytes) || __builtin_mul_overflow(bytes, sizeof(double), &bytes))
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s = %zu by %s = %zu: the matrix does not fit in memory", rows_name,
                          rows, columns_name, columns);
    return ASSAY_OK;
}

static assay_status check_null(const char *name, const void *pointer)
{
    return pointer ? ASSAY_OK : assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
}

static bool overlaps(const void *x, size_t x_count, const void *y, size_t y_count)
{
    const uintptr_t from = (uintptr_t)x, to = (uintptr_t)y;
    return x && y && from < to + y_count * sizeof(double) && to < from + x_count * sizeof(double);
}

/* Different outputs of one call. */
static assay_status check_apart(const char *name, const double *x, size_t x_count, const char *other, const double *y,
                                size_t y_count)
{
    if (overlaps(x, x_count, y, y_count))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s overlaps %s", name, other);
    return ASSAY_OK;
}

/* An output that is the input or lies apart from it. */
static assay_status check_same_or_apart(const char *name, const double *x, const char *other, const double *y,
                                        size_t count)
{
    return x == y ? ASSAY_OK : check_apart(name, x, count, other, y, count);
}

/* Row-major; @p lower: only the triangle that is read. */
static assay_status check_finite(const char *name, const double *a, size_t rows, size_t columns, bool lower)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < (lower ? i + 1 : columns); j++)
            if (!isfinite(a[i * columns + j]))
                return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu][%zu] is %g, must be finite", name, i, j,
                                  a[i * columns + j]);
    return ASSAY_OK;
}

static assay_status check_matrix(const char *name, const double *a, const char *rows_name, size_t rows,
                                 const char *columns_name, size_t columns, bool lower)
{
    assay_status status = check_shape(rows_name, rows, columns_name, columns);
    if (status == ASSAY_OK)
        status = check_null(name, a);
    return status ? status : check_finite(name, a, rows, columns, lower);
}

static assay_status no_memory(size_t m, size_t n)
{
    return assay_fail(ASSAY_NO_MEMORY, "no memory to work on a matrix of %zu x %zu", m, n);
}

static double *copy_of(const double *a, size_t count)
{
    double *copy = assay_allocate(count, sizeof *copy);
    if (copy)
        memcpy(copy, a, count * sizeof *copy);
    return copy;
}

/* LAPACKE's answers below 0: its own allocations, or our mistake. */
static assay_status lapack_failed(const char *routine, lapack_int info)
{
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory", routine);
    return assay_fail(info < 0 ? ASSAY_INVALID_ARGUMENT : ASSAY_NOT_CONVERGED, "%s of LAPACK gave %d", routine,
                      (int)info);
}

/* ---- Linear equations ----------------------------------------------------------------------------------------- */

assay_status assay_dense_cholesky(size_t n, const double *a, double *l)
{
    assay_status status = check_matrix("a", a, "n", n, "n", n, true);
    if (status == ASSAY_OK)
        status = check_null("l", l);
    if (status == ASSAY_OK)
        status = check_same_or_apart("l", l, "a", a, n * n);
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(a, n * n);
    if (!work)
        return no_memory(n, n);
    for (size_t i = 0; i < n; i++)
        memset(work + i * n + i + 1, 0, (n - i - 1) * sizeof *work);
    /* The lower triangle by rows is the upper one by columns, which saves LAPACKE's transposition. */
    assay_blas_serial_begin();
    const lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, work, (lapack_int)n);
    assay_blas_serial_end();
    if (info == 0)
        memcpy(l, work, n * n * sizeof *l);
    else if (info > 0)
        status = assay_fail(ASSAY_SINGULAR, "a is not positive definite: the leading minor of order %d of %zu is not",
                            (int)info, n);
    else
        status = lapack_failed("dpotrf", info);
    assay_release(work);
    return status;
}

assay_status assay_dense_cholesky_solve(size_t n, const double *l, size_t columns, const double *b, double *x)
{
    assay_status status = check_matrix("l", l, "n", n, "n", n, true);
    if (status == ASSAY_OK)
        status = check_matrix("b", b, "n", n, "columns", columns, false);
    if (status == ASSAY_OK)
        status = check_null("x", x);
    if (status == ASSAY_OK)
        status = check_same_or_apart("x", x, "b", b, n * columns);
    if (status == ASSAY_OK)
        status = check_apart("x", x, n * columns, "l", l, n * n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        if (!(l[i * n + i] > 0))
            status = assay_fail(ASSAY_SINGULAR, "l[%zu][%zu] is %g, must be above 0", i, i, l[i * n + i]);
    if (status != ASSAY_OK)
        return status;
    if (x != b)
        memcpy(x, b, n * columns * sizeof *x);
    assay_blas_serial_begin();
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, (int)columns, 1, l, (int)n, x,
                (int)columns);
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, (int)n, (int)columns, 1, l, (int)n, x,
                (int)columns);
    assay_blas_serial_end();
    return ASSAY_OK;
}

/* Factors @p work in place, and estimates whether that is worth anything. */
static assay_status factor(size_t n, double *work, int32_t *pivots)
{
    const lapack_int size = (lapack_int)n;
    const double norm = LAPACKE_dlange(LAPACK_ROW_MAJOR, '1', size, size, work, size);
    lapack_int info = LAPACKE_dgetrf(LAPACK_ROW_MAJOR, size, size, work, size, pivots);
    if (info > 0)
        return assay_fail(ASSAY_SINGULAR, "a is singular: pivot %d of %zu is 0", (int)info, n);
    double reciprocal = 0;
    if (info == 0)
        info = LAPACKE_dgecon(LAPACK_ROW_MAJOR, '1', size, work, size, norm, &reciprocal);
    if (info != 0)
        return lapack_failed("dgetrf or dgecon", info);
    if (!(reciprocal >= DBL_EPSILON))
        return assay_fail(ASSAY_SINGULAR, "a is singular to working precision: its reciprocal condition number is %.3g",
                          reciprocal);
    return ASSAY_OK;
}

assay_status assay_dense_lu(size_t n, const double *a, double *lu, int32_t *pivots)
{
    assay_status status = check_matrix("a", a, "n", n, "n", n, false);
    if (status == ASSAY_OK)
        status = check_null("lu", lu);
    if (status == ASSAY_OK)
        status = check_null("pivots", pivots);
    if (status == ASSAY_OK)
        status = check_same_or_apart("lu", lu, "a", a, n * n);
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(a, n * n);
    int32_t *order = assay_allocate(n, sizeof *order);
    if (work && order) {
        assay_blas_serial_begin();
        status = factor(n, work, order);
        assay_blas_serial_end();
    } else {
        status = no_memory(n, n);
    }
    if (status == ASSAY_OK) {
        memcpy(lu, work, n * n * sizeof *lu);
        memcpy(pivots, order, n * sizeof *pivots);
    }
    assay_release(work);
    assay_release(order);
    return status;
}

assay_status assay_dense_lu_solve(size_t n, const double *lu, const int32_t *pivots, size_t columns, const double *b,
                                  double *x)
{
    assay_status status = check_matrix("lu", lu, "n", n, "n", n, false);
    if (status == ASSAY_OK)
        status = check_null("pivots", pivots);
    if (status == ASSAY_OK)
        status = check_matrix("b", b, "n", n, "columns", columns, false);
    if (status == ASSAY_OK)
        status = check_null("x", x);
    if (status == ASSAY_OK)
        status = check_same_or_apart("x", x, "b", b, n * columns);
    if (status == ASSAY_OK)
        status = check_apart("x", x, n * columns, "lu", lu, n * n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        if (pivots[i] < 1 || (size_t)pivots[i] > n)
            status = assay_fail(ASSAY_OUT_OF_RANGE, "pivots[%zu] is %d, must be 1 to %zu", i, (int)pivots[i], n);
        else if (lu[i * n + i] == 0)
            status = assay_fail(ASSAY_SINGULAR, "lu[%zu][%zu] is 0", i, i);
    }
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(b, n * columns);
    if (!work)
        return no_memory(n, columns);
    assay_blas_serial_begin();
    const lapack_int info = LAPACKE_dgetrs(LAPACK_ROW_MAJOR, 'N', (lapack_int)n, (lapack_int)columns, lu, (lapack_int)n,
                                           pivots, work, (lapack_int)columns);
    assay_blas_serial_end();
    if (info == 0)
        memcpy(x, work, n * columns * sizeof *x);
    else
        status = lapack_failed("dgetrs", info);
    assay_release(work);
    return status;
}

/* ---- Eigenvalues and singular values -------------------------------------------------------------------------- */

assay_status assay_dense_symmetric_eigen(size_t n, const double *a, double *values, double *vectors)
{
    assay_status status = check_matrix("a", a, "n", n, "n", n, true);
    if (status == ASSAY_OK)
        status = check_null("values", values);
    if (status == ASSAY_OK)
        status = check_apart("values", values, n, "a", a, n * n);
    if (status == ASSAY_OK && vectors)
        status = check_same_or_apart("vectors", vectors, "a", a, n * n);
    if (status == ASSAY_OK)
        status = check_apart("values", values, n, "vectors", vectors, n * n);
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(a, n * n), *found = assay_allocate(n, sizeof *found);
    if (work && found) {
        assay_blas_serial_begin();
        const lapack_int info =
            LAPACKE_dsyevd(LAPACK_ROW_MAJOR, vectors ? 'V' : 'N', 'L', (lapack_int)n, work, (lapack_int)n, found);
        assay_blas_serial_end();
        if (info != 0)
            status = lapack_failed("dsyevd", info);
    } else {
        status = no_memory(n, n);
    }
    if (status == ASSAY_OK) {
        memcpy(values, found, n * sizeof *values);
        if (vectors)
            memcpy(vectors, work, n * n * sizeof *vectors);
    }
    assay_release(work);
    assay_release(found);
    return status;
}

assay_status assay_dense_eigenvalues(size_t n, const double *a, double *real, double *imaginary)
{
    assay_status status = check_matrix("a", a, "n", n, "n", n, false);
    if (status == ASSAY_OK)
        status = check_null("real", real);
    if (status == ASSAY_OK)
        status = check_null("imaginary", imaginary);
    if (status == ASSAY_OK)
        status = check_apart("real", real, n, "imaginary", imaginary, n);
    if (status == ASSAY_OK)
        status = check_apart("real", real, n, "a", a, n * n);
    if (status == ASSAY_OK)
        status = check_apart("imaginary", imaginary, n, "a", a, n * n);
    if (status != ASSAY_OK)
        return status;
    /* The transpose has the same eigenvalues, and LAPACKE need not transpose. */
    double *work = copy_of(a, n * n), *found = assay_allocate(n, 2 * sizeof *found);
    if (work && found) {
        assay_blas_serial_begin();
        const lapack_int info = LAPACKE_dgeev(LAPACK_COL_MAJOR, 'N', 'N', (lapack_int)n, work, (lapack_int)n, found,
                                              found + n, NULL, 1, NULL, 1);
        assay_blas_serial_end();
        if (info != 0)
            status = lapack_failed("dgeev", info);
    } else {
        status = no_memory(n, n);
    }
    if (status == ASSAY_OK) {
        memcpy(real, found, n * sizeof *real);
        memcpy(imaginary, found + n, n * sizeof *imaginary);
    }
    assay_release(work);
    assay_release(found);
    return status;
}

/* What the thin singular value decomposition works in. */
typedef struct svd_work {
    double *a, *u, *s, *vt;
} svd_work;

static assay_status decompose(size_t m, size_t n, bool vectors, svd_work *work)
{
    const size_t p = m < n ? m : n;
    work->s = assay_allocate(p, sizeof *work->s);
    work->u = vectors ? assay_allocate(m * p, sizeof *work->u) : NULL;
    work->vt = vectors ? assay_allocate(p * n, sizeof *work->vt) : NULL;
    if (!work->a || !work->s || (vectors && (!work->u || !work->vt)))
        return no_memory(m, n);
    assay_blas_serial_begin();
    const lapack_int info = LAPACKE_dgesdd(LAPACK_ROW_MAJOR, vectors ? 'S' : 'N', (lapack_int)m, (lapack_int)n, work->a,
                                           (lapack_int)n, work->s, work->u, (lapack_int)p, work->vt, (lapack_int)n);
    assay_blas_serial_end();
    return info == 0 ? ASSAY_OK : lapack_failed("dgesdd", info);
}

assay_status assay_dense_svd(size_t m, size_t n, const double *a, double *u, double *s, double *vt)
{
    const size_t p = m < n ? m : n;
    assay_status status = check_matrix("a", a, "m", m, "n", n, false);
    if (status == ASSAY_OK)
        status = check_null("s", s);
    if (status == ASSAY_OK && !u != !vt)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null and the other is not", u ? "vt" : "u");
    if (status == ASSAY_OK)
        status = check_apart("s", s, p, "a", a, m * n);
    if (status == ASSAY_OK)
        status = check_apart("s", s, p, "u", u, m * p);
    if (status == ASSAY_OK)
        status = check_apart("s", s, p, "vt", vt, p * n);
    if (status == ASSAY_OK)
        status = check_apart("u", u, m * p, "vt", vt, p * n);
    if (status == ASSAY_OK)
        status = check_apart("u", u, m * p, "a", a, m * n);
    if (status == ASSAY_OK)
        status = check_apart("vt", vt, p * n, "a", a, m * n);
    if (status != ASSAY_OK)
        return status;
    svd_work work = {.a = copy_of(a, m * n)};
    status = decompose(m, n, u != NULL, &work);
    if (status == ASSAY_OK) {
        memcpy(s, work.s, p * sizeof *s);
        if (u) {
            memcpy(u, work.u, m * p * sizeof *u);
            memcpy(vt, work.vt, p * n * sizeof *vt);
        }
    }
    assay_release(work.a);
    assay_release(work.u);
    assay_release(work.s);
    assay_release(work.vt);
    return status;
}

/* ---- Orthogonal factors --------------------------------------------------------------------------------------- */

/* @p work (m x n) becomes the reflectors, then Q in its first p columns; R is taken out in between. */
static assay_status orthogonalise(size_t m, size_t n, double *work, double *scales, double *r, bool want_q)
{
    const size_t p = m < n ? m : n;
    lapack_int info = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, (lapack_int)m, (lapack_int)n, work, (lapack_int)n, scales);
    for (size_t i = 0; info == 0 && i < p; i++) {
        memset(r + i * n, 0, i * sizeof *r);
        memcpy(r + i * n + i, work + i * n + i, (n - i) * sizeof *r);
    }
    if (info == 0 && want_q)
        info =
            LAPACKE_dorgqr(LAPACK_ROW_MAJOR, (lapack_int)m, (lapack_int)p, (lapack_int)p, work, (lapack_int)n, scales);
    return info == 0 ? ASSAY_OK : lapack_failed("dgeqrf or dorgqr", info);
}

assay_status assay_dense_qr(size_t m, size_t n, const double *a, double *q, double *r)
{
    const size_t p = m < n ? m : n;
    assay_status status = check_matrix("a", a, "m", m, "n", n, false);
    if (status == ASSAY_OK)
        status = check_null("r", r);
    if (status == ASSAY_OK)
        status = check_apart("r", r, p * n, "a", a, m * n);
    if (status == ASSAY_OK)
        status = check_apart("q", q, m * p, "a", a, m * n);
    if (status == ASSAY_OK)
        status = check_apart("q", q, m * p, "r", r, p * n);
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(a, m * n), *scales = assay_allocate(p, sizeof *scales);
    double *triangle = assay_allocate(p * n, sizeof *triangle);
    if (work && scales && triangle) {
        assay_blas_serial_begin();
        status = orthogonalise(m, n, work, scales, triangle, q != NULL);
        assay_blas_serial_end();
    } else {
        status = no_memory(m, n);
    }
    if (status == ASSAY_OK) {
        memcpy(r, triangle, p * n * sizeof *r);
        for (size_t i = 0; q && i < m; i++)
            memcpy(q + i * p, work + i * n, p * sizeof *q);
    }
    assay_release(work);
    assay_release(scales);
    assay_release(triangle);
    return status;
}

/* The right sides, and behind them the solutions, are max(m, n) x columns in LAPACK. */
static assay_status minimise(size_t m, size_t n, double *a, size_t columns, double *sides, double cutoff,
                             lapack_int *rank)
{
    const size_t p = m < n ? m : n;
    double *singular = assay_allocate(p, sizeof *singular);
    if (!a || !sides || !singular) {
        assay_release(singular);
        return no_memory(m, n);
    }
    assay_blas_serial_begin();
    const lapack_int info = LAPACKE_dgelsd(LAPACK_ROW_MAJOR, (lapack_int)m, (lapack_int)n, (lapack_int)columns, a,
                                           (lapack_int)n, sides, (lapack_int)columns, singular, cutoff, rank);
    assay_blas_serial_end();
    assay_release(singular);
    return info == 0 ? ASSAY_OK : lapack_failed("dgelsd", info);
}

assay_status assay_dense_least_squares(size_t m, size_t n, const double *a, size_t columns, const double *b,
                                       double cutoff, double *x, size_t *rank)
{
    assay_status status = check_matrix("a", a, "m", m, "n", n, false);
    if (status == ASSAY_OK)
        status = check_matrix("b", b, "m", m, "columns", columns, false);
    if (status == ASSAY_OK)
        status = check_shape("n", n, "columns", columns);
    if (status == ASSAY_OK)
        status = check_null("x", x);
    if (status == ASSAY_OK && !(cutoff >= 0 && cutoff < 1))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "cutoff is %g, must be in [0, 1)", cutoff);
    if (status == ASSAY_OK)
        status = check_apart("x", x, n * columns, "a", a, m * n);
    if (status == ASSAY_OK)
        status = check_apart("x", x, n * columns, "b", b, m * columns);
    if (status != ASSAY_OK)
        return status;
    double *work = copy_of(a, m * n), *sides = assay_allocate((m > n ? m : n) * columns, sizeof *sides);
    if (sides)
        memcpy(sides, b, m * columns * sizeof *sides);
    lapack_int found = 0;
    status = minimise(m, n, work, columns, sides, cutoff, &found);
    if (status == ASSAY_OK) {
        memcpy(x, sides, n * columns * sizeof *x);
        if (rank)
            *rank = (size_t)found;
    }
    assay_release(work);
    assay_release(sides);
    return status;
}
