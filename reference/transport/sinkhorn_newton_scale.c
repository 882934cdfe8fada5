/* Baseline: Sinkhorn's sweeps as the scaling of a kernel, with absorption. */
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <string.h>

/* P = diag(u) K diag(v), K = exp(eta (x + y - C) - 1). */
typedef struct scaling {
    double *x, *y;                  /* one array */
    double *u, *v, *rows, *columns; /* rows = K v, columns = K^T u */
    double *kernel;
} scaling;

static void release(scaling *s)
{
    assay_release(s->x);
    assay_release(s->u);
    assay_release(s->rows);
    assay_release(s->kernel);
}

static assay_status allocate(const sinkhorn_newton_problem *p, scaling *s)
{
    const size_t unknowns = p->n + p->m;
    *s = (scaling){.x = assay_allocate(unknowns, sizeof(double)),
                   .u = assay_allocate(unknowns, sizeof(double)),
                   .rows = assay_allocate(unknowns, sizeof(double)),
                   .kernel = assay_allocate(p->n * p->m, sizeof(double))};
    if (!s->x || !s->u || !s->rows || !s->kernel)
        return ASSAY_NO_MEMORY;
    s->y = s->x + p->n;
    s->v = s->u + p->n;
    s->columns = s->rows + p->n;
    for (size_t k = 0; k < unknowns; k++)
        s->u[k] = 1;
    return ASSAY_OK;
}

/* Folds the scalings into the potentials, and makes the kernel there. */
static void absorb(sinkhorn_newton_call *call, scaling *s)
{
    const sinkhorn_newton_problem *p = call->problem;
    for (size_t k = 0; k < p->n + p->m; k++) {
        s->x[k] += log(s->u[k]) / p->eta;
        s->u[k] = 1;
    }
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++)
            s->kernel[i * p->m + j] = exp(p->eta * (s->x[i] + s->y[j] - p->cost[i * p->m + j]) - 1);
    }
    call->solution->exponentials += (double)p->n * (double)p->m;
}

static void multiply_rows(const sinkhorn_newton_problem *p, scaling *s)
{
    for (size_t i = 0; i < p->n; i++)
        s->rows[i] = sinkhorn_newton_dot(s->kernel + i * p->m, s->v, p->m);
}

static void multiply_columns(const sinkhorn_newton_problem *p, scaling *s)
{
    memset(s->columns, 0, p->m * sizeof *s->columns);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++)
            s->columns[j] += s->kernel[i * p->m + j] * s->u[i];
    }
}

/* scale = mass / sum; false if one leaves [1e-50, 1e50] or its sum is too small to be trusted. */
static bool divide(const double *mass, const double *sum, size_t n, double *scale)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good = good && sum[i] > 1e-250 && mass[i] / sum[i] > 1e-50 && mass[i] / sum[i] < 1e50;
        scale[i] = mass[i] / sum[i];
    }
    return good;
}

/* A sweep from u, v. If a scaling goes too far it is made in the log domain instead, from the potentials. */
static assay_status sweep(sinkhorn_newton_call *call, scaling *s, double *saved)
{
    const sinkhorn_newton_problem *p = call->problem;
    memcpy(saved, s->u, (p->n + p->m) * sizeof *saved);
    bool good = divide(p->r, s->rows, p->n, s->u);
    if (good) {
        multiply_columns(p, s);
        good = divide(p->c, s->columns, p->m, s->v);
    }
    if (!good) {
        memcpy(s->u, saved, (p->n + p->m) * sizeof *saved);
        for (size_t k = 0; k < p->n + p->m; k++) {
            s->x[k] += log(s->u[k]) / p->eta;
            s->u[k] = 1;
        }
        sinkhorn_newton_solution quiet = {.end = SINKHORN_NEWTON_LIMIT};
        sinkhorn_newton_call one = {p, &quiet, 0};
        const assay_status status = sinkhorn_newton_sweep_log(&one, 1, 0, s->x, s->y);
        if (status != ASSAY_OK)
            return status;
        call->solution->exponentials += quiet.exponentials;
        absorb(call, s);
    }
    multiply_rows(p, s);
    call->solution->multiply_adds += 2 * (double)p->n * (double)p->m;
    return ASSAY_OK;
}

/* Error and f after a sweep: columns are exact, the sum of P is that of c. */
static void record(sinkhorn_newton_call *call, const scaling *s, double mass)
{
    const sinkhorn_newton_problem *p = call->problem;
    double error = 0, value = -mass / p->eta;
    for (size_t i = 0; i < p->n; i++) {
        error += fabs(s->u[i] * s->rows[i] - p->r[i]);
        value += p->r[i] * (s->x[i] + log(s->u[i]) / p->eta);
    }
    for (size_t j = 0; j < p->m; j++)
        value += p->c[j] * (s->y[j] + log(s->v[j]) / p->eta);
    sinkhorn_newton_record(
        call, (sinkhorn_newton_iteration){.kind = SINKHORN_NEWTON_SWEEP, .error = error, .value = value, .step = 1});
}

assay_status sinkhorn_newton_reference_scale(const sinkhorn_newton_problem *p, size_t limit, double tolerance,
                                             sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(p);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_limit(limit, tolerance);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    scaling s;
    double *saved = assay_allocate(p->n + p->m, sizeof *saved), mass = 0;
    status = allocate(p, &s);
    if (status == ASSAY_OK && !saved)
        status = ASSAY_NO_MEMORY;
    for (size_t j = 0; j < p->m; j++)
        mass += p->c[j];
    if (status == ASSAY_OK) {
        sinkhorn_newton_call call = sinkhorn_newton_begin(p, solution);
        absorb(&call, &s);
        multiply_rows(p, &s);
        while (status == ASSAY_OK && solution->sweeps < limit && solution->end != SINKHORN_NEWTON_CONVERGED) {
            status = sweep(&call, &s, saved);
            if (status == ASSAY_OK)
                record(&call, &s, mass);
            if (solution->error <= tolerance)
                solution->end = SINKHORN_NEWTON_CONVERGED;
        }
        for (size_t k = 0; k < p->n + p->m; k++)
            s.x[k] += log(s.u[k]) / p->eta;
        if (status == ASSAY_OK)
            status = sinkhorn_newton_finish(&call, s.x, s.y);
    }
    release(&s);
    assay_release(saved);
    return status;
}
