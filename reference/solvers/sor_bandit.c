/* SOR and SSOR-preconditioned conjugate gradients on a matrix by compressed rows, and what theory says of them. */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <string.h>

ASSAY_CATALOGUE(sor_bandit, .family = "solvers",
                .title = "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear System Instances",
                .authors = "Mikhail Khodak, Edmond Chow, Maria-Florina Balcan, Ameet Talwalkar", .year = 2023,
                .identifier = "arXiv:2310.02246",
                .summary = "Chooses the relaxation factor of SOR and SSOR-preconditioned conjugate gradients for each "
                           "of a sequence of linear systems by bandits that see iteration counts only.",
                .data = "a symmetric positive definite matrix as .mtx",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

static double norm(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* r = b - A x; returns its norm. */
static double residual(const assay_csr *a, const double *b, const double *x, double *r)
{
    for (size_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            sum += a->values[k] * x[a->indices[k]];
        r[i] = b[i] - sum;
    }
    return norm(r, a->rows);
}

static assay_status not_converged(size_t limit, double reached, double tolerance)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "the relative residual is %.3g after %zu iterations, must come to %g",
                      reached, limit, tolerance);
}

/* What residuals are relative to; fails if that is no number. */
static assay_status reference_norm(sor_bandit_relative relative, double start, double right_side, double *reference)
{
    *reference = relative == SOR_BANDIT_TO_START ? start : right_side;
    if (isfinite(start) && isfinite(right_side))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "the norm of b or of the first residual overflows");
}

/* ---- SOR (R1) ------------------------------------------------------------------------------------------------- */

static void sweep(const assay_csr *a, const double *b, double omega, double *x)
{
    for (size_t i = 0; i < a->rows; i++) {
        double sum = 0, diagonal = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++) {
            if (a->indices[k] == i)
                diagonal = a->values[k];
            else
                sum += a->values[k] * x[a->indices[k]];
        }
        x[i] += omega * ((b[i] - sum) / diagonal - x[i]);
    }
}

assay_status sor_bandit_reference_sor(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal,
                                      double *x, sor_bandit_report *report)
{
    assay_status status = sor_bandit_check_matrix(a);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omega("omega", omega, false);
    if (status == ASSAY_OK)
        status = sor_bandit_check_vectors(a->rows, b, x);
    if (status != ASSAY_OK)
        return status;
    double *r = assay_allocate(a->rows, sizeof *r), reference;
    if (!r)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a residual of %zu elements", a->rows);
    double now = residual(a, b, x, r);
    status = reference_norm(goal->relative, now, norm(b, a->rows), &reference);
    sor_bandit_report made = {0};
    if (status == ASSAY_OK && reference == 0 && goal->relative == SOR_BANDIT_TO_RIGHT_SIDE) {
        memset(x, 0, a->rows * sizeof *x);
        now = 0;
    } else if (status == ASSAY_OK && now > 0) {
        do {
            sweep(a, b, omega, x);
            now = residual(a, b, x, r);
            made.iterations++;
        } while (!(now < goal->tolerance * reference) && made.iterations < goal->limit);
        if (!(now < goal->tolerance * reference))
            status = not_converged(made.iterations, now / reference, goal->tolerance);
    }
    made.residual = now > 0 ? now / reference : now;
    if (report && (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED))
        *report = made;
    assay_release(r);
    return status;
}

/* ---- SSOR-preconditioned conjugate gradients (R2) --------------------------------------------------------------- */

/* z = M^-1 r: (D + omega L) y = r, then (D + omega L)^T z = omega (2 - omega) D y. */
static void precondition(const assay_csr *a, double omega, const double *r, double *z)
{
    if (omega == SOR_BANDIT_PLAIN) {
        memcpy(z, r, a->rows * sizeof *z);
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        double sum = 0, diagonal = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++) {
            if (a->indices[k] < i)
                sum += a->values[k] * z[a->indices[k]];
            else if (a->indices[k] == i)
                diagonal = a->values[k];
        }
        z[i] = (r[i] - omega * sum) / diagonal;
    }
    for (size_t i = a->rows; i-- > 0;) {
        double sum = 0, diagonal = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++) {
            if (a->indices[k] > i)
                sum += a->values[k] * z[a->indices[k]];
            else if (a->indices[k] == i)
                diagonal = a->values[k];
        }
        z[i] = (z[i] * (diagonal * omega * (2 - omega)) - omega * sum) / diagonal;
    }
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Vectors of one solution. */
typedef struct gradients {
    double *x, *r, *z, *p, *q;
} gradients;

static assay_status iterate(const assay_csr *a, double omega, const sor_bandit_goal *goal, double reference,
                            const gradients *g, sor_bandit_report *report)
{
    const size_t n = a->rows;
    double now = norm(g->r, n), rho = 0;
    for (;; report->iterations++) {
        report->residual = now > 0 ? now / reference : now;
        if (now <= goal->tolerance * reference)
            return ASSAY_OK;
        if (report->iterations == goal->limit)
            return not_converged(goal->limit, report->residual, goal->tolerance);
        precondition(a, omega, g->r, g->z);
        const double rho_before = rho;
        rho = dot(g->r, g->z, n);
        const double beta = report->iterations > 0 ? rho / rho_before : 0;
        for (size_t i = 0; i < n; i++)
            g->p[i] = g->z[i] + beta * g->p[i];
        for (size_t i = 0; i < n; i++) {
            g->q[i] = 0;
            for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
                g->q[i] += a->values[k] * g->p[a->indices[k]];
        }
        const double curvature = dot(g->p, g->q, n);
        if (!(curvature > 0))
            return assay_fail(ASSAY_SINGULAR, "the matrix is not positive definite: p^T A p is %g", curvature);
        const double alpha = rho / curvature;
        for (size_t i = 0; i < n; i++) {
            g->x[i] += alpha * g->p[i];
            g->r[i] -= alpha * g->q[i];
        }
        now = norm(g->r, n);
    }
}

assay_status sor_bandit_reference_gradients(const assay_csr *a, const double *b, double omega,
                                            const sor_bandit_goal *goal, double *x, sor_bandit_report *report)
{
    assay_status status = sor_bandit_check_matrix(a);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omega("omega", omega, true);
    if (status == ASSAY_OK)
        status = sor_bandit_check_vectors(a->rows, b, x);
    if (status != ASSAY_OK)
        return status;
    const size_t n = a->rows;
    double *memory = assay_allocate(n, 5 * sizeof *memory), reference;
    if (!memory)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for 5 vectors of %zu elements", n);
    const gradients g = {memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n};
    sor_bandit_report made = {0};
    const double start = residual(a, b, x, g.r);
    status = reference_norm(goal->relative, start, norm(b, n), &reference);
    if (status == ASSAY_OK && reference > 0) {
        memcpy(g.x, x, n * sizeof *x);
        status = iterate(a, omega, goal, reference, &g, &made);
    } else if (status == ASSAY_OK && goal->relative == SOR_BANDIT_TO_START) {
        memcpy(g.x, x, n * sizeof *x); /* the start is the solution; with b = 0 otherwise 0 is */
    }
    if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
        memcpy(x, g.x, n * sizeof *x);
        if (report)
            *report = made;
    }
    assay_release(memory);
    return status;
}
