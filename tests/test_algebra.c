/* Tests of the linear algebra that the algorithms share: results against plain loops and against the identities that
 * define them, and every way in which an argument can be bad. */
#include "assay/assignment.h"
#include "assay/dense.h"
#include "assay/fourier.h"
#include "assay/random.h"
#include "assay/sparse.h"
#include "assay/threads.h"

#include <cblas.h>
#include <check.h>
#include <complex.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const assay_random numbers = {.seed = 20261124, .stream = 7};

#define assert_ok(CALL) ck_assert_msg((CALL) == ASSAY_OK, "%s: %s", #CALL, assay_error())

#define assert_refused(STATUS, CALL, WORDS)                                                                            \
    do {                                                                                                               \
        const assay_status got_ = (CALL);                                                                              \
        ck_assert_msg(got_ == (STATUS), "%s gave \"%s\": %s", #CALL, assay_status_name(got_), assay_error());          \
        ck_assert_msg(strstr(assay_error(), WORDS) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), WORDS);   \
    } while (0)

static double *make(size_t count)
{
    double *x = calloc(count ? count : 1, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

static double *make_normal(uint64_t stream, size_t count)
{
    double *x = make(count);
    assert_ok(assay_random_fill_normal((assay_random){numbers.seed, stream}, 0, 0, 1, x, count));
    return x;
}

static double largest_difference(const double *x, const double *y, size_t count)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++)
        worst = fabs(x[i] - y[i]) >= worst ? fabs(x[i] - y[i]) : worst;
    return worst;
}

/* c = op(a) op(b), m x n with inner length k, dense. */
static void plain_product(int transpose, size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t l = 0; l < k; l++)
                sum += a[transpose == 1 ? l * m + i : i * k + l] * b[transpose == 2 ? j * k + l : l * n + j];
            c[i * n + j] = sum;
        }
}

/* ---- Threads of OpenBLAS -------------------------------------------------------------------------------------- */

START_TEST(blas_sections_nest_and_restore)
{
    openblas_set_num_threads(2);
    assay_blas_serial_begin();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    assay_blas_serial_begin();
    assay_blas_serial_end();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    assay_blas_serial_end();
    ck_assert_int_eq(openblas_get_num_threads(), 2);
    assay_blas_serial_end(); /* one too many does nothing */
    assay_blas_serial_begin();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    assay_blas_serial_end();
    ck_assert_int_eq(openblas_get_num_threads(), 2);
}
END_TEST

/* ---- Products ------------------------------------------------------------------------------------------------- */

START_TEST(products_are_right_for_every_shape)
{
    static const size_t sizes[] = {0, 1, 2, 7, 33};
    for (int transpose = 0; transpose < 3; transpose++)
        for (size_t s = 0; s < 125; s++) {
            const size_t m = sizes[s % 5], n = sizes[s / 5 % 5], k = sizes[s / 25];
            double *a = make_normal(1, m * k), *b = make_normal(2, k * n), *c = make(m * n), *expected = make(m * n);
            plain_product(transpose, m, n, k, a, b, expected);
            assert_ok(assay_dense_multiply((assay_transpose)transpose, m, n, k, 1, a, transpose == 1 ? m : k, b,
                                           transpose == 2 ? k : n, 0, c, n));
            /* k products of normal numbers, each below 40 */
            ck_assert(largest_difference(c, expected, m * n) <= 40.0 * (double)(k * k + 1) * DBL_EPSILON);
            free(a), free(b), free(c), free(expected);
        }
}
END_TEST

START_TEST(products_of_many_pieces_have_the_bits_of_one_thread)
{
    enum { M = 700, N = 130, K = 90 };
    for (int transpose = 0; transpose < 3; transpose++)
        for (int wide = 0; wide < 2; wide++) {
            const size_t m = wide ? N : M, n = wide ? M : N, lda = transpose == 1 ? m : K, ldb = transpose == 2 ? K : n;
            double *a = make_normal(3, m * K), *b = make_normal(4, K * n), *one = make(m * n), *many = make(m * n);
            double *expected = make(m * n);
            plain_product(transpose, m, n, K, a, b, expected);
            assert_ok(assay_set_threads(1));
            assert_ok(assay_dense_multiply((assay_transpose)transpose, m, n, K, 1, a, lda, b, ldb, 0, one, n));
            assert_ok(assay_set_threads(3));
            assert_ok(assay_dense_multiply((assay_transpose)transpose, m, n, K, 1, a, lda, b, ldb, 0, many, n));
            ck_assert_mem_eq(one, many, m * n * sizeof *one);
            ck_assert(largest_difference(one, expected, m * n) <= 1e-10);
            free(a), free(b), free(one), free(many), free(expected);
        }
    assert_ok(assay_set_threads(0));
}
END_TEST

START_TEST(products_scale_add_and_keep_to_their_rows)
{
    const double a[] = {1, 2, -9, 3, 4, -9}, b[] = {5, 6, -9, 7, 8, -9};
    double c[] = {1, 1, -7, 1, 1, -7};
    assert_ok(assay_dense_multiply(ASSAY_TRANSPOSE_NONE, 2, 2, 2, 2, a, 3, b, 3, -1, c, 3));
    const double expected[] = {37, 43, -7, 85, 99, -7};
    ck_assert_mem_eq(c, expected, sizeof c);
    const float fa[] = {1, 2, 3, 4}, fb[] = {5, 6, 7, 8};
    float fc[] = {NAN, NAN, NAN, NAN}; /* beta = 0: need not be initialised */
    assert_ok(assay_dense_multiply_f32(ASSAY_TRANSPOSE_SECOND, 2, 2, 2, 1, fa, 2, fb, 2, 0, fc, 2));
    const float products[] = {17, 23, 39, 53};
    ck_assert_mem_eq(fc, products, sizeof fc);
    assert_ok(assay_dense_multiply(ASSAY_TRANSPOSE_NONE, 2, 2, 0, 1, NULL, 0, NULL, 2, 0.5, c, 3));
    ck_assert_double_eq(c[0], 18.5);
}
END_TEST

START_TEST(products_are_refused)
{
    double x[8] = {0}, c[4] = {0};
#define MULTIPLY(T, M, N, K, ALPHA, A, LDA, B, LDB, BETA, C, LDC)                                                      \
    assay_dense_multiply(T, M, N, K, ALPHA, A, LDA, B, LDB, BETA, C, LDC)
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY((assay_transpose)3, 2, 2, 2, 1, x, 2, x, 2, 0, c, 2), "transpose");
    assert_refused(ASSAY_OUT_OF_RANGE, MULTIPLY(0, 2, 2, (size_t)1 << 31, 1, x, 2, x, 2, 0, c, 2), "k is 2147483648");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, NAN, x, 2, x, 2, 0, c, 2), "alpha is nan");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, x, 2, x, 2, INFINITY, c, 2), "beta is inf");
    assert_refused(ASSAY_OUT_OF_RANGE, MULTIPLY(0, 2, 2, 2, 1, x, 1, x, 2, 0, c, 2), "lda is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, MULTIPLY(2, 2, 2, 2, 1, x, 2, x, 1, 0, c, 2), "ldb is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, MULTIPLY(0, 2, 2, 2, 1, x, 2, x, 2, 0, c, 1), "ldc is 1");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, NULL, 2, x, 2, 0, c, 2), "a is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, x, 2, NULL, 2, 0, c, 2), "b is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, x, 2, x, 2, 0, NULL, 2), "c is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, x, 2, c, 2, 0, x + 3, 2), "c overlaps a");
    assert_refused(ASSAY_INVALID_ARGUMENT, MULTIPLY(0, 2, 2, 2, 1, c, 2, x, 2, 0, x, 2), "c overlaps b");
}
END_TEST

/* ---- Linear equations ----------------------------------------------------------------------------------------- */

/* a = b b^T + n I from a random b: symmetric, well away from singular. */
static double *make_definite(size_t n)
{
    double *b = make_normal(5, n * n), *a = make(n * n);
    plain_product(2, n, n, n, b, b, a);
    for (size_t i = 0; i < n; i++)
        a[i * n + i] += (double)n;
    free(b);
    return a;
}

START_TEST(cholesky_factors_and_solves)
{
    for (size_t n = 1; n < 40; n += 6) {
        double *a = make_definite(n), *l = make_normal(6, n * n), *back = make(n * n);
        double *exact = make_normal(8, 3 * n), *b = make(3 * n);
        plain_product(0, n, 3, n, a, exact, b);
        assert_ok(assay_dense_cholesky(n, a, l));
        plain_product(2, n, n, n, l, l, back);
        ck_assert(largest_difference(a, back, n * n) <= 1e-12 * (double)(n * n));
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                ck_assert_double_eq(l[i * n + j], 0);
        assert_ok(assay_dense_cholesky_solve(n, l, 3, b, b)); /* in place */
        ck_assert(largest_difference(b, exact, 3 * n) <= 1e-11);
        assert_ok(assay_dense_cholesky(n, a, a));
        ck_assert_mem_eq(a, l, n * n * sizeof *a);
        free(a), free(l), free(back), free(exact), free(b);
    }
}
END_TEST

START_TEST(lu_factors_and_solves)
{
    for (size_t n = 1; n < 40; n += 6) {
        double *a = make_normal(9, n * n), *lu = make(n * n), *exact = make_normal(10, 2 * n), *b = make(2 * n);
        int32_t *pivots = malloc(n * sizeof *pivots);
        for (size_t i = 0; i < n; i++) /* well conditioned, but with the large elements off the diagonal */
            a[i * n + (i + 1) % n] += 3 * (double)n;
        plain_product(0, n, 2, n, a, exact, b);
        assert_ok(assay_dense_lu(n, a, lu, pivots));
        assert_ok(assay_dense_lu_solve(n, lu, pivots, 2, b, b));
        ck_assert(largest_difference(b, exact, 2 * n) <= 1e-11);
        free(a), free(lu), free(exact), free(b), free(pivots);
    }
}
END_TEST

START_TEST(equations_are_refused)
{
    const double indefinite[] = {1, 2, 2, 1}, singular[] = {1, 2, 2, 4}, nearly[] = {1, 1, 1, 1 + DBL_EPSILON};
    double bad[] = {1, 0, NAN, 1}, out[4] = {7, 7, 7, 7}, kept[4] = {7, 7, 7, 7}, b[] = {1, 2};
    int32_t pivots[2] = {5, 5};
    assert_refused(ASSAY_SINGULAR, assay_dense_cholesky(2, indefinite, out), "minor of order 2 of 2");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_cholesky(2, bad, out), "a[1][0] is nan");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_cholesky(2, NULL, out), "a is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_cholesky(2, singular, NULL), "l is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_cholesky(0, singular, out), "n is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_cholesky((size_t)1 << 31, singular, out), "n is 2147483648");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_cholesky(2, out, out + 1), "overlaps");
    assert_refused(ASSAY_SINGULAR, assay_dense_lu(2, singular, out, pivots), "pivot 2 of 2 is 0");
    assert_refused(ASSAY_SINGULAR, assay_dense_lu(2, nearly, out, pivots), "reciprocal condition number");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_lu(2, bad, out, pivots), "a[1][0]");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_lu(2, singular, out, NULL), "pivots is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_lu_solve(2, singular, pivots, 1, b, out), "pivots[0] is 5");
    assert_refused(ASSAY_SINGULAR, assay_dense_cholesky_solve(2, (double[]){1, 0, 2, 0}, 1, b, out), "l[1][1] is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_cholesky_solve(2, singular, 0, b, out), "columns is 0");
    b[1] = INFINITY;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_cholesky_solve(2, singular, 1, b, out), "b[1][0] is inf");
    ck_assert_mem_eq(out, kept, sizeof out);
    ck_assert_int_eq(pivots[0], 5);
    bad[2] = 0, bad[1] = NAN; /* above the diagonal: not read */
    assert_ok(assay_dense_cholesky(2, bad, out));
}
END_TEST

/* ---- Eigenvalues, singular values, orthogonal factors ------------------------------------------------------------ */

START_TEST(symmetric_eigenvalues_and_vectors)
{
    enum { N = 23 };
    double *a = make_definite(N), *vectors = make(N * N), *left = make(N * N), values[N], alone[N];
    assert_ok(assay_dense_symmetric_eigen(N, a, values, vectors));
    assert_ok(assay_dense_symmetric_eigen(N, a, alone, NULL));
    ck_assert(largest_difference(values, alone, N) <= 1e-11);
    plain_product(0, N, N, N, a, vectors, left); /* A v = v lambda, by columns */
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            ck_assert(fabs(left[i * N + j] - vectors[i * N + j] * values[j]) <= 1e-11);
            ck_assert(j == 0 || values[j] >= values[j - 1]);
        }
    free(a), free(vectors), free(left);
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_symmetric_eigen(1, &(double){NAN}, values, NULL), "a[0][0]");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_symmetric_eigen(1, &(double){1}, NULL, NULL), "values is null");
}
END_TEST

START_TEST(eigenvalues_of_a_rotation)
{
    const double rotation[] = {0.6, -0.8, 0.8, 0.6};
    double real[2], imaginary[2];
    assert_ok(assay_dense_eigenvalues(2, rotation, real, imaginary));
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq_tol(real[i], 0.6, 1e-15);
        ck_assert_double_eq_tol(fabs(imaginary[i]), 0.8, 1e-15);
    }
    ck_assert(imaginary[0] == -imaginary[1]);
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_eigenvalues(2, rotation, real, real), "overlaps");
}
END_TEST

/* Columns of q (m x p) are orthonormal. */
static void assert_orthonormal(size_t m, size_t p, const double *q)
{
    double *gram = make(p * p);
    plain_product(1, p, p, m, q, q, gram);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            ck_assert_double_eq_tol(gram[i * p + j], i == j, 1e-13);
    free(gram);
}

START_TEST(svd_and_qr_give_the_matrix_back)
{
    static const size_t shapes[][2] = {{1, 1}, {5, 5}, {17, 6}, {6, 17}, {1, 4}, {4, 1}};
    for (size_t t = 0; t < sizeof shapes / sizeof *shapes; t++) {
        const size_t m = shapes[t][0], n = shapes[t][1], p = m < n ? m : n;
        double *a = make_normal(11, m * n), *u = make(m * p), *s = make(p), *vt = make(p * n), *back = make(m * n);
        assert_ok(assay_dense_svd(m, n, a, u, s, vt));
        assert_orthonormal(m, p, u);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < p; j++)
                u[i * p + j] *= s[j];
        plain_product(0, m, n, p, u, vt, back);
        ck_assert(largest_difference(a, back, m * n) <= 1e-13);
        for (size_t i = 0; i < p; i++)
            ck_assert(s[i] >= 0 && (i == 0 || s[i] <= s[i - 1]));
        assert_ok(assay_dense_svd(m, n, a, NULL, u, NULL));
        ck_assert(largest_difference(u, s, p) <= 1e-13);
        assert_ok(assay_dense_qr(m, n, a, u, vt));
        assert_orthonormal(m, p, u);
        plain_product(0, m, n, p, u, vt, back);
        ck_assert(largest_difference(a, back, m * n) <= 1e-13);
        for (size_t i = 0; i < p; i++)
            for (size_t j = 0; j < i; j++)
                ck_assert_double_eq(vt[i * n + j], 0);
        free(a), free(u), free(s), free(vt), free(back);
    }
    double x[4] = {1, 2, 3, 4}, y[4];
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_svd(2, 2, x, NULL, y, y), "u is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_svd(2, 2, x, NULL, NULL, NULL), "s is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_qr(2, 2, x, NULL, NULL), "r is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_qr(2, 2, x, NULL, x), "r overlaps a");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_qr(2, 0, x, NULL, y), "n is 0");
}
END_TEST

START_TEST(least_squares_minimise)
{
    const double tall[] = {1, 0, 1, 1, 1, 2}, b[] = {1, 3, 4}; /* the line through (0,1), (1,3), (2,4) */
    double x[6] = {0};
    size_t rank = 0;
    assert_ok(assay_dense_least_squares(3, 2, tall, 1, b, 0, x, &rank));
    ck_assert_uint_eq(rank, 2);
    ck_assert_double_eq_tol(x[0], 7.0 / 6, 1e-14);
    ck_assert_double_eq_tol(x[1], 1.5, 1e-14);
    const double wide[] = {1, 1, 1}; /* x + y + z = 3: the least one is (1, 1, 1) */
    assert_ok(assay_dense_least_squares(1, 3, wide, 1, &(double){3}, 0, x, NULL));
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol(x[i], 1, 1e-14);
    const double deficient[] = {1, 1, 1, 1}; /* two right sides */
    assert_ok(assay_dense_least_squares(2, 2, deficient, 2, (double[]){2, 4, 2, 4}, 1e-12, x, &rank));
    ck_assert_uint_eq(rank, 1);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(x[i], i % 2 ? 2 : 1, 1e-14);
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_least_squares(2, 2, deficient, 1, b, 1, x, NULL), "cutoff is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_dense_least_squares(2, 2, deficient, 1, b, NAN, x, NULL), "cutoff");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_dense_least_squares(2, 2, deficient, 1, b, 0, NULL, NULL), "x is");
}
END_TEST

/* ---- Sparse matrices ------------------------------------------------------------------------------------------ */

/* The matrix of the 5-point stencil on m x m points: 4 + shift on the diagonal, -1 to the neighbours. */
static assay_csr make_grid(size_t m, double shift)
{
    size_t *rows = malloc(5 * m * m * sizeof *rows), *columns = malloc(5 * m * m * sizeof *columns), count = 0;
    double *values = make(5 * m * m);
    assay_csr a;
    for (size_t i = m * m; i-- > 0;) { /* from the end: assembly must sort */
        const size_t x = i % m, y = i / m;
        const size_t to[] = {i, x > 0 ? i - 1 : i, x + 1 < m ? i + 1 : i, y > 0 ? i - m : i, y + 1 < m ? i + m : i};
        for (size_t k = 0; k < 5; k++)
            if (k == 0 || to[k] != i) {
                rows[count] = i, columns[count] = to[k];
                values[count++] = k ? -1 : 4 + shift;
            }
    }
    assert_ok(assay_csr_from_triplets(m * m, m * m, count, rows, columns, values, &a));
    free(rows), free(columns), free(values);
    assert_ok(assay_csr_check_symmetric(&a));
    return a;
}

START_TEST(triplets_are_sorted_and_added)
{
    const size_t rows[] = {2, 0, 2, 0, 2}, columns[] = {3, 1, 0, 1, 3};
    const double values[] = {1e16, 5, 6, -2, 1};
    assay_csr a, t, back;
    assert_ok(assay_csr_from_triplets(3, 4, 5, rows, columns, values, &a));
    assert_ok(assay_csr_check(&a));
    const size_t starts[] = {0, 1, 1, 3};
    const uint32_t indices[] = {1, 0, 3};
    const double sums[] = {3, 6, 1e16 + 1};
    ck_assert_mem_eq(a.starts, starts, sizeof starts);
    ck_assert_mem_eq(a.indices, indices, sizeof indices);
    ck_assert_mem_eq(a.values, sums, sizeof sums);
    assert_ok(assay_csr_transpose(&a, &t));
    assert_ok(assay_csr_check(&t));
    ck_assert(t.rows == 4 && t.columns == 3 && t.starts[1] == 1 && t.starts[2] == 2 && t.starts[3] == 2);
    ck_assert(t.indices[0] == 2 && t.indices[1] == 0 && t.indices[2] == 2 && t.values[1] == 3);
    assert_ok(assay_csr_transpose(&t, &back));
    ck_assert_mem_eq(back.starts, starts, sizeof starts);
    ck_assert_mem_eq(back.indices, indices, sizeof indices);
    ck_assert_mem_eq(back.values, sums, sizeof sums);
    double x[] = {1, 2, 3, 4}, y[3] = {7, 7, 7};
    assert_ok(assay_csr_multiply(&a, x, y));
    ck_assert(y[0] == 6 && y[1] == 0 && y[2] == 6 + 4 * (1e16 + 1));
    assay_csr_release(&a), assay_csr_release(&t), assay_csr_release(&back), assay_csr_release(&back);
}
END_TEST

START_TEST(sparse_products_have_the_bits_of_one_thread)
{
    assay_csr a = make_grid(150, 0.3);
    double *x = make_normal(12, a.columns), *one = make(a.rows), *many = make(a.rows);
    assert_ok(assay_set_threads(1));
    assert_ok(assay_csr_multiply(&a, x, one));
    assert_ok(assay_set_threads(3));
    assert_ok(assay_csr_multiply(&a, x, many));
    assert_ok(assay_set_threads(0));
    ck_assert_mem_eq(one, many, a.rows * sizeof *one);
    const size_t i = 75 * 150 + 20; /* an inner point */
    ck_assert_double_eq_tol(one[i], 4.3 * x[i] - x[i - 1] - x[i + 1] - x[i - 150] - x[i + 150], 1e-13);
    assay_csr_release(&a);
    free(x), free(one), free(many);
}
END_TEST

START_TEST(sparse_matrices_are_refused)
{
    size_t starts[] = {0, 2, 3};
    uint32_t indices[] = {0, 1, 1};
    double values[] = {2, 1, 2}, x[2] = {0}, y[2] = {0};
    assay_csr a = {2, 2, starts, indices, values}, t;
    assert_ok(assay_csr_check(&a));
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check_symmetric(&a), "must be symmetric");
    indices[1] = 0;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(&a), "row 0 has column 0 after 0");
    indices[1] = 2;
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_check(&a), "row 0 has an element in column 2");
    indices[1] = 1, values[2] = NAN;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(&a), "row 1 has nan");
    values[2] = 2, starts[1] = 4;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(&a), "starts[1] is 4");
    starts[1] = 2, starts[0] = 1;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(&a), "starts[0] is 1");
    starts[0] = 0, a.rows = 0;
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_check(&a), "rows is 0");
    a.rows = 2, a.columns = (size_t)1 << 32;
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_check(&a), "columns is 4294967296");
    a.columns = 2, a.values = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(&a), "values is null");
    a.values = values, a.starts = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_multiply(&a, x, y), "starts is null");
    a.starts = starts;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_multiply(&a, NULL, y), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_multiply(&a, x, x + 1), "overlaps");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_check(NULL), "matrix is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_transpose(&a, NULL), "transpose is null");
    values[1] = 0, values[2] = -1, starts[1] = 1, starts[2] = 2; /* diag(2, 0 stored) */
    assert_refused(ASSAY_SINGULAR, assay_csr_check_symmetric(&a), "diagonal element of row 1");
    const size_t row = 1, column = 2;
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_from_triplets(2, 2, 1, &row, &column, x, &t), "at (1, 2)");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_from_triplets(2, 3, 1, &row, &column, &(double){NAN}, &t), "nan");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_from_triplets(2, 3, 1, NULL, &column, x, &t), "rows_of is null");
    assert_ok(assay_csr_from_triplets(2, 3, 0, NULL, NULL, NULL, &t));
    assert_ok(assay_csr_check(&t));
    assay_csr_release(&t);
}
END_TEST

START_TEST(conjugate_gradients_solve)
{
    assay_csr a = make_grid(17, 0.01);
    const size_t n = a.rows;
    double *exact = make_normal(13, n), *b = make(n), *x = make(n), *again = make(n);
    assert_ok(assay_csr_multiply(&a, exact, b));
    for (int precondition = 0; precondition < 2; precondition++) {
        assay_gradients_report report;
        memset(x, 0, n * sizeof *x);
        assert_ok(assay_csr_conjugate_gradients(&a, precondition, b, x, 1e-12, n, &report));
        ck_assert(report.iterations > 10 && report.iterations < 80 && report.residual <= 1e-12);
        /* ||A x - b|| <= 1e-12 ||b||, ||b|| < 8.1 * 17 * 1.2, and the least eigenvalue is above 0.05 */
        ck_assert(largest_difference(x, exact, n) <= 1e-12 * 170 / 0.05);
        assert_ok(assay_csr_conjugate_gradients(&a, precondition, b, x, 1e-6, n, &report));
        ck_assert_uint_eq(report.iterations, 0); /* a start that is good enough stays */
    }
    memset(b, 0, n * sizeof *b);
    assert_ok(assay_csr_conjugate_gradients(&a, false, b, x, 1e-6, n, NULL));
    ck_assert_mem_eq(x, b, n * sizeof *x);
    b[0] = 1;
    assay_gradients_report report;
    assert_refused(ASSAY_NOT_CONVERGED, assay_csr_conjugate_gradients(&a, false, b, x, 1e-12, 3, &report), "after 3");
    ck_assert(report.iterations == 3 && report.residual > 1e-12 && x[0] > 0);
    a.values[0] = -4; /* no longer definite; starting at 0, p = b sees it at once */
    memset(x, 0, n * sizeof *x);
    assert_refused(ASSAY_SINGULAR, assay_csr_conjugate_gradients(&a, false, b, x, 1e-12, n, NULL), "p^T A p is -4");
    ck_assert_double_eq(x[0], 0);
    assert_refused(ASSAY_SINGULAR, assay_csr_conjugate_gradients(&a, true, b, x, 1e-12, n, NULL), "row 0 is -4");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_conjugate_gradients(&a, false, b, x, 0, n, NULL), "tolerance is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_conjugate_gradients(&a, false, b, x, 1, n, NULL), "tolerance is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_csr_conjugate_gradients(&a, false, b, x, 0.1, 0, NULL), "limit is 0");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_conjugate_gradients(&a, false, b, b, 0.1, n, NULL), "overlaps");
    b[5] = NAN;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_csr_conjugate_gradients(&a, false, b, x, 0.1, n, NULL), "b[5] is nan");
    assay_csr_release(&a);
    free(exact), free(b), free(x), free(again);
}
END_TEST

/* ---- Matrix Market -------------------------------------------------------------------------------------------- */

static char mtx_path[] = "/tmp/assay-algebra-XXXXXX";

static void write_mtx(const char *text)
{
    strcpy(mtx_path + sizeof mtx_path - 7, "XXXXXX");
    const int descriptor = mkstemp(mtx_path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

static assay_csr read_text(const char *text)
{
    assay_csr a;
    write_mtx(text);
    const assay_status status = assay_read_mtx(mtx_path, &a);
    unlink(mtx_path);
    ck_assert_msg(status == ASSAY_OK, "%s", assay_error());
    assert_ok(assay_csr_check(&a));
    return a;
}

static void refuse_text(const char *text, const char *place, const char *words)
{
    assay_csr a = {.rows = 77};
    write_mtx(text);
    const assay_status status = assay_read_mtx(mtx_path, &a);
    unlink(mtx_path);
    ck_assert_int_eq(status, ASSAY_BAD_DATA);
    ck_assert_msg(strstr(assay_error(), place) && strstr(assay_error(), words), "\"%s\" lacks \"%s\" or \"%s\"",
                  assay_error(), place, words);
    ck_assert(a.rows == 77 && !a.starts);
}

#define BANNER "%%MatrixMarket matrix coordinate "

START_TEST(mtx_is_read)
{
    assay_csr a = read_text(BANNER "real general\n% comment\n\n2 3 3\n2 3 -1.5e1\n\n% more\n1 1 .5\r\n 1\t2 +7 \n");
    const double values[] = {0.5, 7, -15};
    ck_assert(a.rows == 2 && a.columns == 3 && a.starts[1] == 2 && a.starts[2] == 3 && a.indices[2] == 2);
    ck_assert_mem_eq(a.values, values, sizeof values);
    assay_csr_release(&a);
    a = read_text("%%matrixmarket MATRIX Coordinate Integer Symmetric\n2 2 2\n1 1 4\n2 1 -3");
    ck_assert(a.starts[1] == 2 && a.starts[2] == 3 && a.values[0] == 4 && a.values[1] == -3 && a.values[2] == -3);
    assay_csr_release(&a);
    a = read_text(BANNER "pattern general\n1 4 2\n1 4\n1 1\n");
    ck_assert(a.starts[1] == 2 && a.indices[1] == 3 && a.values[0] == 1 && a.values[1] == 1);
    assay_csr_release(&a);
    a = read_text(BANNER "real skew-symmetric\n2 2 1\n2 1 3\n");
    ck_assert(a.values[0] == -3 && a.values[1] == 3);
    assay_csr_release(&a);
    a = read_text(BANNER "real general\n5 5 0\n");
    ck_assert_uint_eq(a.starts[5], 0);
    assay_csr_release(&a);
}
END_TEST

START_TEST(mtx_is_read_in_any_locale)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        setlocale(LC_NUMERIC, "C.UTF-8");
    assay_csr a = read_text(BANNER "real general\n1 1 1\n1 1 2.5\n");
    ck_assert_double_eq(a.values[0], 2.5);
    assay_csr_release(&a);
    setlocale(LC_NUMERIC, "C");
}
END_TEST

START_TEST(mtx_is_refused)
{
    refuse_text("", ":1:", "first word");
    refuse_text("%%MatrixMarkt matrix coordinate real general\n1 1 0\n", ":1:", "MatrixMarkt");
    refuse_text("%%MatrixMarket matrix array real general\n1 1\n1\n", ":1:", "format is \"array\"");
    refuse_text(BANNER "complex general\n1 1 1\n1 1 1 1\n", ":1:", "field is \"complex\"");
    refuse_text(BANNER "real hermitian\n1 1 1\n1 1 1\n", ":1:", "symmetry is \"hermitian\"");
    refuse_text(BANNER "real general x\n1 1 1\n1 1 1\n", ":1:", "more follows the header");
    refuse_text(BANNER "real general", ":1:", "ends before the line of sizes");
    refuse_text(BANNER "real general\n% 1 1 1\n", ":", "ends before the line of sizes");
    refuse_text(BANNER "real general\n2 2\n", ":2:", "number of entries is not a number");
    refuse_text(BANNER "real general\n-2 2 1\n", ":2:", "number of rows is not a number");
    refuse_text(BANNER "real general\n2 2 1 1\n", ":2:", "more follows the sizes");
    refuse_text(BANNER "real general\n0 2 0\n", ":2:", "size is 0 x 2");
    refuse_text(BANNER "real general\n2 1048577 0\n", ":2:", "must be 1 to 1048576");
    refuse_text(BANNER "real general\n99999999999999999999 1 0\n", ":2:", "too large");
    refuse_text(BANNER "real symmetric\n2 3 0\n", ":2:", "must be square");
    refuse_text(BANNER "real general\n2 2 1000000\n1 1 1\n", ":2:", "do not fit in a file of");
    refuse_text(BANNER "real general\n2 2 2\n1 1 1\n", ":4:", "ends after 1 of 2 entries");
    refuse_text(BANNER "real general\n2 2 1\n1 1 1\n2 2 1\n", ":4:", "more follows the 1 entries");
    refuse_text(BANNER "real general\n2 2 1\n3 1 1\n", ":3:", "row is 3, must be 1 to 2");
    refuse_text(BANNER "real general\n2 2 1\n1 0 1\n", ":3:", "column is 0, must be 1 to 2");
    refuse_text(BANNER "real general\n2 2 1\n1 1.5 1\n", ":3:", "column is not a number");
    refuse_text(BANNER "real general\n2 2 1\n1 1\n", ":3:", "value is not a number");
    refuse_text(BANNER "real general\n2 2 1\n1 1 \v\n2\n", ":3:", "value is not a number");
    refuse_text(BANNER "real general\n2 2 1\n1 1 1x\n", ":3:", "value is not a number");
    refuse_text(BANNER "real general\n2 2 1\n1 1 nan\n", ":3:", "must be finite");
    refuse_text(BANNER "real general\n2 2 1\n1 1 1e999\n", ":3:", "must be finite");
    refuse_text(BANNER "real general\n2 2 1\n1 1 1 1\n", ":3:", "more follows the entry");
    refuse_text(BANNER "integer general\n2 2 1\n1 1 1.5\n", ":3:", "must be an integer");
    refuse_text(BANNER "pattern general\n2 2 1\n1 1 1\n", ":3:", "more follows the entry");
    refuse_text(BANNER "real symmetric\n2 2 1\n1 2 1\n", ":3:", "above the diagonal");
    refuse_text(BANNER "real skew-symmetric\n2 2 1\n2 2 1\n", ":3:", "on the diagonal");
    refuse_text(BANNER "real general\n2 2 3\n1 1 1\n2 2 1\n1 1 5\n", ":5:", "row 1 and column 1 have had an entry");
    refuse_text(BANNER "real symmetric\n2 2 2\n2 1 1\n2 1 1\n", ":4:", "have had an entry");
    assay_csr a;
    assert_refused(ASSAY_IO, assay_read_mtx("/nowhere/at.all", &a), "/nowhere/at.all");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_mtx(NULL, &a), "path is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_mtx("/nowhere/at.all", NULL), "a is null");
}
END_TEST

/* ---- Assignment ----------------------------------------------------------------------------------------------- */

/* The least sum over all choices of different columns for rows i and up. */
static double enumerate(size_t rows, size_t columns, const double *cost, size_t i, unsigned taken)
{
    double best = i == rows ? 0 : INFINITY;
    for (size_t j = 0; i < rows && j < columns; j++)
        if (!(taken >> j & 1))
            best = fmin(best, cost[i * columns + j] + enumerate(rows, columns, cost, i + 1, taken | 1u << j));
    return best;
}

/* What the header promises of the duals, within @p slack. */
static void assert_certificate(size_t rows, size_t columns, const double *cost, double slack)
{
    size_t *column_of = malloc(rows * sizeof *column_of), *row_of = malloc(columns * sizeof *row_of);
    double *u = make(rows), *v = make(columns), total, sum = 0;
    assert_ok(assay_assignment_solve(rows, columns, cost, column_of, u, v, &total));
    memset(row_of, 0xff, columns * sizeof *row_of);
    for (size_t i = 0; i < rows; i++) {
        ck_assert_uint_lt(column_of[i], columns);
        ck_assert_uint_eq(row_of[column_of[i]], SIZE_MAX);
        row_of[column_of[i]] = i;
        for (size_t j = 0; j < columns; j++)
            ck_assert(u[i] + v[j] <= cost[i * columns + j] + slack);
        ck_assert(fabs(u[i] + v[column_of[i]] - cost[i * columns + column_of[i]]) <= slack);
        sum += u[i];
    }
    for (size_t j = 0; j < columns; j++) {
        ck_assert(v[j] <= 0 && (row_of[j] != SIZE_MAX || v[j] == 0));
        sum += v[j];
    }
    ck_assert(fabs(sum - total) <= slack * (double)columns);
    free(column_of), free(row_of), free(u), free(v);
}

START_TEST(assignment_is_the_best_of_all)
{
    for (size_t t = 0; t < 300; t++) {
        const size_t rows = 1 + t % 6, columns = rows + t / 6 % 3;
        double cost[64], total;
        size_t column_of[8];
        for (size_t k = 0; k < rows * columns; k++) /* few different costs: many ties */
            cost[k] = (double)assay_random_integer(numbers, 100 * t + k, 7) - 3;
        assert_ok(assay_assignment_solve(rows, columns, cost, column_of, NULL, NULL, &total));
        ck_assert_double_eq(total, enumerate(rows, columns, cost, 0, 0));
        assert_certificate(rows, columns, cost, 0);
    }
    double cost[49], total;
    size_t column_of[7];
    assert_ok(assay_random_fill_normal(numbers, 0, 0, 1, cost, 49));
    assert_ok(assay_assignment_solve(7, 7, cost, column_of, NULL, NULL, &total));
    ck_assert_double_eq_tol(total, enumerate(7, 7, cost, 0, 0), 1e-14);
}
END_TEST

START_TEST(assignment_proves_itself)
{
    static const size_t shapes[][2] = {{100, 100}, {60, 200}, {1, 300}, {150, 151}};
    for (size_t t = 0; t < sizeof shapes / sizeof *shapes; t++) {
        const size_t rows = shapes[t][0], count = rows * shapes[t][1];
        double *cost = make_normal(20 + t, count);
        assert_certificate(rows, shapes[t][1], cost, 16 * 0x1p-53 * (double)(rows * rows) * 6);
        for (size_t k = 0; k < count; k++)
            cost[k] = floor(1000 * cost[k]);
        assert_certificate(rows, shapes[t][1], cost, 0);
        free(cost);
    }
}
END_TEST

START_TEST(assignment_is_refused)
{
    double cost[4] = {1, 2, 3, INFINITY};
    size_t column_of[2];
    assert_refused(ASSAY_OUT_OF_RANGE, assay_assignment_solve(0, 2, cost, column_of, NULL, NULL, NULL), "rows is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_assignment_solve(2, 1, cost, column_of, NULL, NULL, NULL), "rows is 2");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_assignment_solve(2, 2, cost, column_of, NULL, NULL, NULL),
                   "cost[1][1] is inf");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_assignment_solve(1, 2, cost, NULL, NULL, NULL, NULL), "column_of");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_assignment_solve(1, 2, NULL, column_of, NULL, NULL, NULL), "cost is");
    assert_refused(ASSAY_OUT_OF_RANGE,
                   assay_assignment_solve((size_t)1 << 33, (size_t)1 << 33, cost, column_of, NULL, NULL, NULL), "fit");
}
END_TEST

/* ---- Fourier -------------------------------------------------------------------------------------------------- */

/* The definition, in one dimension after the other. */
static void plain_transform(size_t dimensions, const size_t *shape, double complex *x)
{
    size_t count = 1, stride = 1;
    for (size_t d = 0; d < dimensions; d++)
        count *= shape[d];
    double complex *line = malloc(count * sizeof *line);
    for (size_t d = dimensions; d-- > 0; stride *= shape[d])
        for (size_t at = 0; at < count; at++) {
            if (at / stride % shape[d])
                continue;
            for (size_t k = 0; k < shape[d]; k++) {
                line[k] = 0;
                for (size_t j = 0; j < shape[d]; j++)
                    line[k] += x[at + j * stride] * cexp(-2 * M_PI * I * (double)(j * k % shape[d]) / (double)shape[d]);
            }
            for (size_t k = 0; k < shape[d]; k++)
                x[at + k * stride] = line[k];
        }
    free(line);
}

static const size_t fourier_shapes[][4] = {{1, 1},    {1, 2},    {1, 12},      {1, 31},
                                           {2, 4, 6}, {2, 5, 3}, {3, 2, 3, 5}, {3, 1, 4, 1}};

START_TEST(transforms_are_those_of_the_definition)
{
    const size_t dimensions = fourier_shapes[_i][0], *shape = fourier_shapes[_i] + 1;
    size_t n = 1;
    for (size_t d = 0; d < dimensions; d++)
        n *= shape[d];
    const size_t last = shape[dimensions - 1], half = n / last * (last / 2 + 1);
    double *x = make_normal(30, 2 * n), *spectrum = make(2 * n), *back = make(2 * n);
    double complex *exact = malloc(n * sizeof *exact);
    memcpy(exact, x, n * sizeof *exact);
    plain_transform(dimensions, shape, exact);
    assert_ok(assay_fourier_forward(dimensions, shape, x, spectrum));
    ck_assert(largest_difference(spectrum, (double *)exact, 2 * n) <= 1e-13);
    assert_ok(assay_fourier_inverse(dimensions, shape, spectrum, back));
    ck_assert(largest_difference(x, back, 2 * n) <= 1e-14);
    memcpy(back, x, 2 * n * sizeof *x);
    assert_ok(assay_fourier_forward(dimensions, shape, back, back)); /* in place: the same bits */
    ck_assert_mem_eq(back, spectrum, 2 * n * sizeof *back);

    for (size_t k = 0; k < n; k++)
        exact[k] = x[k];
    plain_transform(dimensions, shape, exact);
    assert_ok(assay_fourier_real_forward(dimensions, shape, x, spectrum));
    for (size_t k = 0; k < half; k++) {
        const double complex got = spectrum[2 * k] + I * spectrum[2 * k + 1];
        ck_assert(cabs(got - exact[k / (last / 2 + 1) * last + k % (last / 2 + 1)]) <= 1e-13);
    }
    memcpy(back, spectrum, 2 * half * sizeof *back);
    double *real = make(n + 1);
    assert_ok(assay_fourier_real_inverse(dimensions, shape, spectrum, real + 1)); /* misaligned */
    ck_assert(largest_difference(real + 1, x, n) <= 1e-14);
    ck_assert_mem_eq(spectrum, back, 2 * half * sizeof *back); /* the input stays */

    float *fx = malloc(2 * n * sizeof *fx), *fy = malloc(2 * n * sizeof *fy), *fz = malloc(2 * n * sizeof *fz);
    for (size_t k = 0; k < 2 * n; k++)
        fx[k] = (float)x[k];
    assert_ok(assay_fourier_forward_f32(dimensions, shape, fx, fy));
    assert_ok(assay_fourier_inverse_f32(dimensions, shape, fy, fz));
    for (size_t k = 0; k < 2 * n; k++)
        ck_assert(fabsf(fz[k] - fx[k]) <= 4e-6f);
    assert_ok(assay_fourier_real_forward_f32(dimensions, shape, fx, fy));
    for (size_t k = 0; k < 2 * half; k++)
        ck_assert(fabs((double)fy[k] - spectrum[k]) <= 1e-4);
    assert_ok(assay_fourier_real_inverse_f32(dimensions, shape, fy, fz));
    for (size_t k = 0; k < n; k++)
        ck_assert(fabsf(fz[k] - fx[k]) <= 4e-6f);
    free(x), free(spectrum), free(back), free(exact), free(real), free(fx), free(fy), free(fz);
}
END_TEST

START_TEST(transforms_have_the_same_bits_whatever_the_alignment)
{
    const size_t shape[] = {96};
    double *x = make_normal(31, 200), *y = make(200), *z = make(210);
    assert_ok(assay_fourier_forward(1, shape, x, y));
    for (size_t shift = 0; shift < 8; shift++) {
        double *moved = make(210);
        memcpy(moved + shift, x, 192 * sizeof *x);
        assert_ok(assay_fourier_forward(1, shape, moved + shift, z + 7 - shift));
        ck_assert_mem_eq(y, z + 7 - shift, 192 * sizeof *y);
        free(moved);
    }
    free(x), free(y), free(z);
}
END_TEST

/* More shapes than plans are kept, from several threads at once. */
static void *transform_many(void *self)
{
    for (size_t turn = 0; turn < 400; turn++) {
        const size_t n = 1 + (turn * 7 + *(const size_t *)self) % 100;
        double x[200], y[200];
        for (size_t k = 0; k < 2 * n; k++)
            x[k] = (double)(k * k % 17);
        if (assay_fourier_forward(1, &n, x, y) != ASSAY_OK || assay_fourier_inverse(1, &n, y, y) != ASSAY_OK ||
            largest_difference(x, y, 2 * n) > 1e-12)
            return self;
    }
    return NULL;
}

START_TEST(transforms_of_many_shapes_in_many_threads)
{
    pthread_t threads[4];
    size_t own[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, transform_many, &own[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

START_TEST(convolutions_and_correlations)
{
    static const size_t sizes[] = {1, 2, 5, 40};
    for (size_t t = 0; t < 16; t++) {
        const size_t m = sizes[t % 4], n = sizes[t / 4];
        double *x = make_normal(40, m), *y = make_normal(41, n), *out = make(m + n), *exact = make(m + n);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                exact[i + j] += x[i] * y[j];
        assert_ok(assay_fourier_convolve(m, x, n, y, out));
        ck_assert(largest_difference(out, exact, m + n - 1) <= 1e-13);
        memset(exact, 0, (m + n) * sizeof *exact);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                exact[i + (n - 1) - j] += x[i] * y[j];
        assert_ok(assay_fourier_correlate(m, x, n, y, out));
        ck_assert(largest_difference(out, exact, m + n - 1) <= 1e-13);
        free(x), free(y), free(out), free(exact);
    }
}
END_TEST

START_TEST(transforms_are_refused)
{
    double x[16] = {0}, y[16] = {0};
    const size_t shape[4] = {2, 2, 2, 2}, empty[2] = {2, 0}, huge[3] = {1 << 30, 1 << 30, 1 << 30};
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_forward(0, shape, x, y), "dimensions is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_forward(4, shape, x, y), "dimensions is 4");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_forward(2, empty, x, y), "shape[1] is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_forward(3, huge, x, y), "does not fit");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_forward(1, NULL, x, y), "shape is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_forward(1, shape, NULL, y), "input is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_forward(1, shape, x, NULL), "output is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_forward(1, shape, x, x + 1), "overlaps");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_real_forward(1, shape, x, x), "overlaps");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_convolve(0, x, 1, y, y + 8), "m is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fourier_convolve(1, x, 0, y, y + 8), "n is 0");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_convolve(1, x, 1, NULL, y), "y is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fourier_correlate(4, x, 4, y, x + 3), "overlaps");
}
END_TEST

Suite *test_algebra(void);

Suite *test_algebra(void)
{
    Suite *suite = suite_create("algebra");
    TCase *dense = tcase_create("dense");
    tcase_set_timeout(dense, 30);
    tcase_add_test(dense, blas_sections_nest_and_restore);
    tcase_add_test(dense, products_are_right_for_every_shape);
    tcase_add_test(dense, products_of_many_pieces_have_the_bits_of_one_thread);
    tcase_add_test(dense, products_scale_add_and_keep_to_their_rows);
    tcase_add_test(dense, products_are_refused);
    tcase_add_test(dense, cholesky_factors_and_solves);
    tcase_add_test(dense, lu_factors_and_solves);
    tcase_add_test(dense, equations_are_refused);
    tcase_add_test(dense, symmetric_eigenvalues_and_vectors);
    tcase_add_test(dense, eigenvalues_of_a_rotation);
    tcase_add_test(dense, svd_and_qr_give_the_matrix_back);
    tcase_add_test(dense, least_squares_minimise);
    suite_add_tcase(suite, dense);
    TCase *sparse = tcase_create("sparse");
    tcase_add_test(sparse, triplets_are_sorted_and_added);
    tcase_add_test(sparse, sparse_products_have_the_bits_of_one_thread);
    tcase_add_test(sparse, sparse_matrices_are_refused);
    tcase_add_test(sparse, conjugate_gradients_solve);
    tcase_add_test(sparse, mtx_is_read);
    tcase_add_test(sparse, mtx_is_read_in_any_locale);
    tcase_add_test(sparse, mtx_is_refused);
    suite_add_tcase(suite, sparse);
    TCase *assignment = tcase_create("assignment");
    tcase_set_timeout(assignment, 30);
    tcase_add_test(assignment, assignment_is_the_best_of_all);
    tcase_add_test(assignment, assignment_proves_itself);
    tcase_add_test(assignment, assignment_is_refused);
    suite_add_tcase(suite, assignment);
    TCase *fourier = tcase_create("fourier");
    tcase_set_timeout(fourier, 30);
    tcase_add_loop_test(fourier, transforms_are_those_of_the_definition, 0,
                        sizeof fourier_shapes / sizeof *fourier_shapes);
    tcase_add_test(fourier, transforms_have_the_same_bits_whatever_the_alignment);
    tcase_add_test(fourier, transforms_of_many_shapes_in_many_threads);
    tcase_add_test(fourier, convolutions_and_correlations);
    tcase_add_test(fourier, transforms_are_refused);
    suite_add_tcase(suite, fourier);
    return suite;
}
