/* sor_bandit: the surrogates of counts, by other formulas and by eigenvalues. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

/* ---- Eigenvalues that the bound of SSOR-preconditioned gradients is made of -----------------------------------------
 */

/* x = K^-1 x for A = K K^T, then transposed. */
static void solve_and_transpose(size_t n, const double *k, double *x)
{
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++) {
            double sum = x[i * n + j];
            for (size_t l = 0; l < i; l++)
                sum -= k[i * n + l] * x[l * n + j];
            x[i * n + j] = sum / k[i * n + i];
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double swap = x[i * n + j];
            x[i * n + j] = x[j * n + i];
            x[j * n + i] = swap;
        }
}

assay_status sor_bandit_relative_eigenvalues(size_t n, const double *a, double *x, double *values)
{
    double *k = assay_allocate(n * n, sizeof *k);
    assay_status status = k ? assay_dense_cholesky(n, a, k) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        solve_and_transpose(n, k, x);
        solve_and_transpose(n, k, x);
        status = assay_dense_symmetric_eigen(n, x, values, NULL);
    }
    assay_release(k);
    return status;
}

/* L D^-1 L^T - D / 4, L being what is below the diagonal. */
static void make_difference(size_t n, const double *a, double *x)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            x[i * n + j] = i == j ? -a[i * n + i] / 4 : 0;
            for (size_t l = 0; l < (i < j ? i : j); l++)
                x[i * n + j] += a[i * n + l] * a[j * n + l] / a[l * n + l];
        }
}

bool sor_bandit_axelsson_numbers(const assay_csr *a, double *kappa, double *alpha, double *beta)
{
    const size_t n = a->rows;
    double *dense = sor_bandit_dense(a), *x = assay_allocate(n * n, sizeof *x);
    double *values = assay_allocate(n, sizeof *values);
    bool fine = dense && x && values && assay_dense_symmetric_eigen(n, dense, values, NULL) == ASSAY_OK;
    if (fine) {
        *kappa = values[n - 1] / values[0];
        for (size_t i = 0; i < n; i++)
            x[i * n + i] = dense[i * n + i];
        fine = sor_bandit_relative_eigenvalues(n, dense, x, values) == ASSAY_OK;
        *alpha = values[n - 1];
        make_difference(n, dense, x);
        fine = fine && sor_bandit_relative_eigenvalues(n, dense, x, values) == ASSAY_OK;
        *beta = values[n - 1];
    }
    assay_release(dense);
    assay_release(x);
    assay_release(values);
    return fine;
}

/* ---- The check ------------------------------------------------------------------------------------------------------
 */

/* s of the bound, from U: U - 1 = acosh(sqrt(kappa) / tolerance) / (2 artanh(sqrt s)). */
static double s_of(double bound, double kappa, double tolerance)
{
    return pow(tanh(acosh(sqrt(kappa) / tolerance) / (2 * (bound - 1))), 2);
}

/* Axelsson: the eigenvalues of M^-1 A lie between s and 1, for which U is then the bound of conjugate gradients. That
 * ties kappa, alpha and beta to what they are said to be. */
static void check_bound(verify_context *v, const assay_csr *a, const char *name)
{
    const size_t n = a->rows;
    double kappa, alpha, beta;
    double *dense = sor_bandit_dense(a), *values = assay_allocate(n, sizeof *values);
    if (!verify_true(v, dense && values && sor_bandit_axelsson_numbers(a, &kappa, &alpha, &beta), "eigenvalues of %s",
                     name))
        return;
    for (double omega = 0.85; omega < 2; omega += 0.25) {
        double *m = sor_bandit_dense_preconditioner(a, omega);
        if (!verify_true(v, m != NULL, "memory") ||
            !verify_ok(v, sor_bandit_relative_eigenvalues(n, dense, m, values), "eigenvalues of A^-1 M"))
            break;
        const double s = s_of(sor_bandit_surrogate_gradients(omega, kappa, alpha, beta, 1e-8), kappa, 1e-8);
        /* Eigenvalues of matrices of condition below 1000, twice solved with: 1e-10 */
        verify_at_least(v, 1 / values[n - 1], s * (1 - 1e-10), "eigenvalue", "least of M^-1 A, %s, omega %g", name,
                        omega);
        verify_at_most(v, 1 / values[0], 1 + 1e-10, "eigenvalue", "largest of M^-1 A, %s, omega %g", name, omega);
        assay_release(m);
    }
    assay_release(dense);
    assay_release(values);
}

/* The formulas in other words, in long double: rho + tau (1 - rho) = 1 - (1 - rho) (1 - tau), and acosh and artanh. */
static void check_formulas(verify_context *v)
{
    const assay_random r = verify_random(v, 595);
    for (uint64_t k = 0; k < 200; k++) {
        const double rho = assay_random_uniform(r, 8 * k), tau = 0.9 * assay_random_uniform(r, 8 * k + 1);
        const double tolerance = pow(10, -1 - 10 * assay_random_uniform(r, 8 * k + 2));
        const double omega = 0.83 + 1.16 * assay_random_uniform(r, 8 * k + 3);
        const double kappa = 1 + 1000 * assay_random_uniform(r, 8 * k + 4);
        const double alpha = 1 + kappa * assay_random_uniform(r, 8 * k + 5);
        const double beta = 5 * assay_random_uniform(r, 8 * k + 6) - 0.25;
        const long double logarithm = log1pl(-(1.0L - rho) * (1.0L - tau));
        const double sor = (double)(1 + logl(tolerance) / logarithm);
        /* log(1 - e) of a rounded 1 - e is off by 2^-53 / e, e >= 0.1 (1 - rho) */
        verify_at_most(v, fabs(sor_bandit_surrogate_sor(rho, tau, tolerance) / sor - 1),
                       1e-14 + 0x1p-51 / fabs((double)logarithm), "relative error", "U of SOR, radius %g, tau %g", rho,
                       tau);
        const long double s =
            (2.0L - omega) / (1 + (2.0L - omega) * (2.0L - omega) * alpha / (4.0L * omega) + (long double)beta * omega);
        const long double rate = 2 * atanhl(sqrtl(s));
        const double gradients = (double)(1 + acoshl(sqrtl(kappa) / tolerance) / rate);
        verify_at_most(v, fabs(sor_bandit_surrogate_gradients(omega, kappa, alpha, beta, tolerance) / gradients - 1),
                       1e-14 + 0x1p-50 / (double)rate, "relative error", "U of gradients, omega %g, kappa %g", omega,
                       kappa);
    }
}

/* 10 x 10 points, omega = 1.6: 36.1 sweeps by the radius alone, 46.8 with tau = 0.173, of which the third figure is
 * rounded: by 0.05. */
void sor_bandit_check_surrogates(verify_context *v)
{
    const sor_bandit_grid grid = {10, 10, 4, 1};
    const double radius = sor_bandit_young_radius(sor_bandit_jacobi_radius(&grid), 1.6);
    verify_at_most(v, fabs(log(1e-8) / log(radius) - 36.1), 0.05, "sweeps", "the asymptotic estimate");
    verify_at_most(v, fabs(sor_bandit_surrogate_sor(radius, 0.173, 1e-8) - 46.8), 0.1, "sweeps", "the surrogate");
    verify_at_most(v, fabs(sor_bandit_surrogate_sor(radius, 0, 1e-8) - 1 - log(1e-8) / log(radius)), 1e-12, "sweeps",
                   "the surrogate with tau = 0");
    check_formulas(v);
    assay_csr a;
    if (verify_ok(v, sor_bandit_grid_matrix(&(sor_bandit_grid){6, 9, 4.1, 1}, &a), "grid")) {
        check_bound(v, &a, "a grid");
        assay_csr_release(&a);
    }
    if (verify_ok(v, sor_bandit_l_shape(4, &a), "L")) {
        check_bound(v, &a, "an L");
        assay_csr_release(&a);
    }
    a = sor_bandit_random_matrix(verify_random(v, 596), 60);
    if (verify_true(v, a.rows == 60, "matrix"))
        check_bound(v, &a, "a random matrix");
    assay_csr_release(&a);
}
