/* Conjugate gradients (Hestenes and Stiefel 1952), with the diagonal as preconditioner if wanted. */
#include "assay/memory.h"
#include "assay/sparse.h"

#include <math.h>
#include <string.h>

/* One solution in progress; the vectors have n elements each. */
typedef struct gradients {
    size_t n;
    assay_operator apply;
    void *self;
    const double *diagonal; /* null: none */
    double *x, *r, *z, *p, *q;
} gradients;

/* Four sums side by side, which neither threads nor compilers reorder. */
static double dot(const double *x, const double *y, size_t n)
{
    double sums[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t lane = 0; lane < 4; lane++)
            sums[lane] += x[i + lane] * y[i + lane];
    for (size_t lane = 0; i < n; i++, lane++)
        sums[lane] += x[i] * y[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* z = r over the diagonal. */
static void precondition(const gradients *g)
{
    for (size_t i = 0; i < g->n; i++)
        g->z[i] = g->diagonal ? g->r[i] / g->diagonal[i] : g->r[i];
}

static assay_status iterate(const gradients *g, double goal, size_t limit, size_t *iterations, double *norm)
{
    double rho = 0;
    for (*iterations = 0; *norm > goal; ++*iterations) {
        if (*iterations == limit)
            return assay_fail(ASSAY_NOT_CONVERGED, "the residual is %.3g after %zu iterations, must be at most %.3g",
                              *norm, limit, goal);
        precondition(g);
        const double rho_before = rho;
        rho = dot(g->r, g->z, g->n);
        const double beta = *iterations ? rho / rho_before : 0;
        for (size_t i = 0; i < g->n; i++)
            g->p[i] = g->z[i] + beta * g->p[i];
        const assay_status status = g->apply(g->self, g->p, g->q);
        if (status != ASSAY_OK)
            return status;
        const double curvature = dot(g->p, g->q, g->n);
        if (!(curvature > 0))
            return assay_fail(ASSAY_SINGULAR, "the matrix is not positive definite: p^T A p is %g in iteration %zu",
                              curvature, *iterations + 1);
        const double alpha = rho / curvature;
        for (size_t i = 0; i < g->n; i++) {
            g->x[i] += alpha * g->p[i];
            g->r[i] -= alpha * g->q[i];
        }
        *norm = sqrt(dot(g->r, g->r, g->n));
        if (!isfinite(*norm))
            return assay_fail(ASSAY_NOT_CONVERGED, "the residual is %g in iteration %zu", *norm, *iterations + 1);
    }
    return ASSAY_OK;
}

static assay_status check_vector(const char *name, const double *x, size_t n, bool positive)
{
    if (!x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]) || (positive && x[i] <= 0))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is %g, must be %s", name, i, x[i],
                              positive ? "finite and above 0" : "finite");
    return ASSAY_OK;
}

static assay_status check_arguments(size_t n, assay_operator apply, const double *diagonal, const double *b,
                                    const double *x, double tolerance, size_t limit)
{
    size_t bytes;
    if (n < 1 || __builtin_mul_overflow(n, 5 * sizeof *b, &bytes))
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at least 1 and fit in memory", n);
    if (!apply)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "apply is null");
    if (!(tolerance > 0 && tolerance < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "tolerance is %g, must be in (0, 1)", tolerance);
    if (limit < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "limit is 0, must be at least 1");
    assay_status status = check_vector("b", b, n, false);
    if (status == ASSAY_OK)
        status = check_vector("x", x, n, false);
    if (status == ASSAY_OK && diagonal)
        status = check_vector("diagonal", diagonal, n, true);
    if (status == ASSAY_OK && x < b + n && b < x + n)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "x overlaps b");
    return status;
}

/* From the start in g->x. */
static assay_status solve(const gradients *g, const double *b, double reference, double tolerance, size_t limit,
                          assay_gradients_report *report)
{
    assay_status status = g->apply(g->self, g->x, g->q);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < g->n; i++)
        g->r[i] = b[i] - g->q[i];
    double norm = sqrt(dot(g->r, g->r, g->n));
    status = iterate(g, tolerance * reference, limit, &report->iterations, &norm);
    report->residual = norm / reference;
    return status;
}

assay_status assay_conjugate_gradients(size_t n, assay_operator apply, void *self, const double *diagonal,
                                       const double *b, double *x, double tolerance, size_t limit,
                                       assay_gradients_report *report)
{
    assay_status status = check_arguments(n, apply, diagonal, b, x, tolerance, limit);
    if (status != ASSAY_OK)
        return status;
    double *memory = assay_allocate(n, 5 * sizeof *memory);
    if (!memory)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for 5 vectors of %zu elements", n);
    gradients g = {n, apply, self, diagonal};
    g.x = memory;
    g.r = memory + n;
    g.z = memory + 2 * n;
    g.p = memory + 3 * n;
    g.q = memory + 4 * n;
    assay_gradients_report made = {0};
    const double reference = sqrt(dot(b, b, n));
    if (reference > 0) {
        memcpy(g.x, x, n * sizeof *x);
        status = solve(&g, b, reference, tolerance, limit, &made);
    }
    if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
        memcpy(x, g.x, n * sizeof *x);
        if (report)
            *report = made;
    }
    assay_release(memory);
    return status;
}

static assay_status multiply(void *self, const double *x, double *y)
{
    return assay_csr_multiply(self, x, y);
}

assay_status assay_csr_conjugate_gradients(const assay_csr *a, bool precondition_it, const double *b, double *x,
                                           double tolerance, size_t limit, assay_gradients_report *report)
{
    assay_status status = assay_csr_check(a);
    if (status != ASSAY_OK)
        return status;
    if (a->rows != a->columns)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the matrix is %zu x %zu, must be square", a->rows, a->columns);
    double *diagonal = NULL;
    if (precondition_it) {
        diagonal = assay_allocate(a->rows, sizeof *diagonal);
        if (!diagonal)
            return assay_fail(ASSAY_NO_MEMORY, "no memory for a diagonal of %zu elements", a->rows);
        for (size_t i = 0; i < a->rows; i++)
            for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
                diagonal[i] = a->indices[k] == i ? a->values[k] : diagonal[i];
        for (size_t i = 0; status == ASSAY_OK && i < a->rows; i++)
            if (!(diagonal[i] > 0))
                status = assay_fail(ASSAY_SINGULAR, "the diagonal element of row %zu is %g, must be above 0", i,
                                    diagonal[i]);
    }
    if (status == ASSAY_OK)
        status = assay_conjugate_gradients(a->rows, multiply, (void *)a, diagonal, b, x, tolerance, limit, report);
    assay_release(diagonal);
    return status;
}
