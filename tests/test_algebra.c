/* Tests of the linear algebra that the algorithms share: results against plain loops and against the identities that
 * define them, and every way in which an argument can be bad. */
#include "assay/dense.h"
#include "assay/random.h"
#include "assay/threads.h"

#include <cblas.h>
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    return suite;
}
