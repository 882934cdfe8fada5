/* The public functions: sweeps and Newton steps on the truncated plan. */
#include "optimized/transport/sinkhorn_newton_truncated.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

/* A point of the iteration; potentials in units of 1/eta. The padding of y makes vectors of columns whole. */
typedef struct point {
    double *x, *y;          /* n, m: one array */
    double *rows, *columns; /* marginals: one array */
    double *gradient;       /* n + m */
    double value, error, total;
} point;

/* What a method needs: the plan, two points and a direction. */
typedef struct method {
    const sinkhorn_newton_problem *problem;
    const sinkhorn_newton_options *options;
    sinkhorn_newton_call call;
    truncated_plan plan;
    point at, next;
    double *d;
    double *memory;
} method;

static point make_point(const sinkhorn_newton_problem *p, double *memory)
{
    const size_t unknowns = p->n + p->m + SINKHORN_NEWTON_PAD;
    return (point){.x = memory,
                   .y = memory + p->n,
                   .rows = memory + unknowns,
                   .columns = memory + unknowns + p->n,
                   .gradient = memory + 2 * unknowns};
}

static assay_status open_method(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options, method *t)
{
    const size_t unknowns = p->n + p->m + SINKHORN_NEWTON_PAD;
    t->problem = p;
    t->options = options;
    const assay_status status = truncated_allocate(p, &t->plan);
    t->memory = assay_allocate(7 * unknowns, sizeof *t->memory);
    if (status != ASSAY_OK || !t->memory)
        return ASSAY_NO_MEMORY;
    t->at = make_point(p, t->memory);
    t->next = make_point(p, t->memory + 3 * unknowns);
    t->d = t->memory + 6 * unknowns;
    return ASSAY_OK;
}

static void close_method(method *t)
{
    truncated_release(&t->plan);
    assay_release(t->memory);
}

/* Everything of a point from its potentials. */
static assay_status update(method *t, point *at)
{
    const sinkhorn_newton_problem *p = t->problem;
    const assay_status status = truncated_evaluate(&t->plan, at->x, at->y, at->rows, at->columns, &at->total);
    if (status != ASSAY_OK)
        return status;
    double sum = -at->total;
    bool good = at->total < INFINITY;
    at->error = 0;
    for (size_t i = 0; i < p->n; i++) {
        at->gradient[i] = p->r[i] - at->rows[i];
        at->error += fabs(at->gradient[i]);
        sum += p->r[i] * at->x[i];
        good = good && at->rows[i] > 0;
    }
    for (size_t j = 0; j < p->m; j++) {
        at->gradient[p->n + j] = p->c[j] - at->columns[j];
        at->error += fabs(at->gradient[p->n + j]);
        sum += p->c[j] * at->y[j];
        good = good && at->columns[j] > 0;
    }
    at->value = good ? sum / p->eta : -INFINITY;
    t->call.solution->evaluations++;
    return ASSAY_OK;
}

/* Moves to the first of x + d, x + d/2, ... that is good enough; *alpha is 0 if none is. */
static assay_status search_line(method *t, double *alpha)
{
    const size_t unknowns = t->problem->n + t->problem->m;
    /* slopes of f in its own units: g.d with d in units of 1/eta, over eta */
    const double slope = sinkhorn_newton_dot(t->at.gradient, t->d, unknowns) / t->problem->eta;
    *alpha = sinkhorn_newton_first_step(t->d, unknowns, 1);
    for (int halvings = 0; halvings <= 60; halvings++, *alpha /= 2) {
        for (size_t k = 0; k < unknowns; k++)
            t->next.x[k] = t->at.x[k] + *alpha * t->d[k];
        const assay_status status = update(t, &t->next);
        if (status != ASSAY_OK)
            return status;
        const double new_slope = sinkhorn_newton_dot(t->next.gradient, t->d, unknowns) / t->problem->eta;
        if (sinkhorn_newton_accepts(*alpha, slope, t->at.value, new_slope, t->next.value)) {
            const point left = t->at;
            t->at = t->next;
            t->next = left;
            return ASSAY_OK;
        }
    }
    *alpha = 0;
    return ASSAY_OK;
}

typedef assay_status (*direction)(void *context, method *t, sinkhorn_newton_iteration *iteration);

static assay_status step_by_step(method *t, direction find, void *context)
{
    sinkhorn_newton_solution *s = t->call.solution;
    assay_status status = update(t, &t->at);
    s->error = t->at.error;
    s->value = t->at.value;
    for (size_t k = 0; status == ASSAY_OK; k++) {
        if (t->at.error <= t->options->tolerance)
            s->end = SINKHORN_NEWTON_CONVERGED;
        if (k == t->options->steps || t->at.error <= t->options->tolerance)
            break;
        sinkhorn_newton_iteration iteration = {.kind = SINKHORN_NEWTON_STEP};
        if (isfinite(t->at.value)) {
            status = find(context, t, &iteration);
            if (status == ASSAY_OK)
                status = search_line(t, &iteration.step);
        }
        if (status == ASSAY_OK && iteration.step == 0) {
            s->end = SINKHORN_NEWTON_LINE_SEARCH;
            break;
        }
        iteration.error = t->at.error;
        iteration.value = t->at.value;
        if (status == ASSAY_OK)
            sinkhorn_newton_record(&t->call, iteration);
    }
    return status;
}

/* Back to units of cost, and to the caller. */
static assay_status finish(method *t, double *x, double *y)
{
    const sinkhorn_newton_problem *p = t->problem;
    sinkhorn_newton_solution *s = t->call.solution;
    s->exponentials += t->plan.exponentials;
    s->scanned += t->plan.scanned;
    s->multiply_adds += t->plan.multiply_adds;
    double *const wanted = s->plan;
    const assay_status status = wanted ? truncated_whole_plan(&t->plan, x, y, wanted) : ASSAY_OK;
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < p->n; i++)
        x[i] /= p->eta;
    for (size_t j = 0; j < p->m; j++)
        y[j] /= p->eta;
    s->plan = NULL;
    const assay_status end = sinkhorn_newton_finish(&t->call, x, y);
    s->plan = wanted;
    return end;
}

/* Both stages. */
static assay_status ascend(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                           sinkhorn_newton_solution *solution, direction find, void *context)
{
    method t = {0};
    assay_status status = open_method(problem, options, &t);
    if (status == ASSAY_OK) {
        t.call = sinkhorn_newton_begin(problem, solution);
        if (options->sweeps > 0)
            status = truncated_sweep(&t.plan, &t.call, options->sweeps, options->tolerance, t.at.x, t.at.y);
        if (status == ASSAY_OK && solution->end != SINKHORN_NEWTON_CONVERGED)
            status = step_by_step(&t, find, context);
        if (status == ASSAY_OK)
            status = finish(&t, t.at.x, t.at.y);
    }
    close_method(&t);
    return status;
}

/* ---- The sparse method ------------------------------------------------------------------------------------------- */

static assay_status sparse_direction(void *context, method *t, sinkhorn_newton_iteration *iteration)
{
    return sparse_newton_direction(context, &t->plan, &t->call, t->at.rows, t->at.gradient, t->at.error, t->at.total,
                                   t->d, iteration);
}

assay_status sinkhorn_newton_solve(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                   sinkhorn_newton_solution *solution)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_solve(problem, options, solution);
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, true);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    sparse_newton system;
    status = sparse_newton_allocate(problem, options, &system);
    if (status == ASSAY_OK)
        status = ascend(problem, options, solution, sparse_direction, &system);
    sparse_newton_release(&system);
    return status;
}

assay_status sinkhorn_newton_sparsify(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                      const double *x, const double *y, double *kept, size_t *count)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_sparsify(problem, options, x, y, kept, count);
    assay_status status = sinkhorn_newton_check_sparsify(problem, options, x, y, kept, count);
    if (status != ASSAY_OK)
        return status;
    sinkhorn_newton_solution none = {0};
    sparse_newton system;
    method t = {0};
    status = sparse_newton_allocate(problem, options, &system);
    if (status == ASSAY_OK)
        status = open_method(problem, options, &t);
    if (status == ASSAY_OK) {
        t.call = (sinkhorn_newton_call){problem, &none, 0};
        for (size_t i = 0; i < problem->n; i++)
            t.at.x[i] = problem->eta * x[i];
        for (size_t j = 0; j < problem->m; j++)
            t.at.y[j] = problem->eta * y[j];
        status = update(&t, &t.at);
    }
    if (status == ASSAY_OK && !(t.at.total < INFINITY))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "P is not finite at x and y");
    if (status == ASSAY_OK)
        status = sparse_newton_keep(&system, &t.plan, t.at.total);
    if (status == ASSAY_OK) {
        memset(kept, 0, problem->n * problem->m * sizeof *kept);
        for (size_t i = 0; i < problem->n; i++) {
            for (size_t k = system.row_begin[i]; k < system.row_begin[i + 1]; k++)
                kept[i * problem->m + system.columns[k]] = system.by_rows[k];
        }
        *count = system.kept;
    }
    sparse_newton_release(&system);
    close_method(&t);
    return status;
}

/* ---- The dense method -------------------------------------------------------------------------------------------- */

/* Matrices of the dense method. */
typedef struct dense_system {
    double *plan, *scaled; /* n x m: P, diag(P 1)^-1 P */
    double *schur;         /* m x m */
} dense_system;

/* P whole from its list. */
static void expand(const truncated_plan *plan, double *out)
{
    const size_t n = plan->problem->n, m = plan->problem->m;
    memset(out, 0, n * m * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const truncated_row *row = &plan->rows[i];
        const truncated_block *block = &plan->block[i / plan->block_rows];
        const double *value = block->value + row->offset;
        for (size_t k = 0; k < row->count; k++) {
            const size_t j = row->first == TRUNCATED_LIST ? block->column[row->offset + k] : row->first + k;
            if (value[k] > 0)
                out[i * m + j] = value[k];
        }
    }
}

/* The direction of the reference by half the work: with the x's eliminated, S + w 1 1^T is definite (S has the kernel
 * 1), and any solution of M d = g becomes that of the augmented system by moving along v until v.d = 0. */
static assay_status dense_direction(void *context, method *t, sinkhorn_newton_iteration *iteration)
{
    const dense_system *dense = context;
    const size_t n = t->problem->n, m = t->problem->m;
    const double *rows = t->at.rows, *g = t->at.gradient;
    double *d_x = t->d, *d_y = t->d + n, mean = 0, along = 0;
    (void)iteration;
    expand(&t->plan, dense->plan);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            dense->scaled[i * m + j] = dense->plan[i * m + j] / rows[i];
    }
    for (size_t j = 0; j < m; j++)
        mean += t->at.columns[j] / (double)m;
    for (size_t k = 0; k < m * m; k++)
        dense->schur[k] = mean / (double)m;
    for (size_t j = 0; j < m; j++)
        dense->schur[j * m + j] += t->at.columns[j];
    assay_status status =
        assay_dense_multiply(ASSAY_TRANSPOSE_FIRST, m, m, n, -1, dense->plan, m, dense->scaled, m, 1, dense->schur, m);
    if (status != ASSAY_OK)
        return status;
    memcpy(d_y, g + n, m * sizeof *d_y);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            d_y[j] -= dense->scaled[i * m + j] * g[i];
    }
    t->call.solution->factorisations++;
    t->plan.multiply_adds += (double)m * (double)m * ((double)n + (double)m / 6);
    status = assay_dense_cholesky(m, dense->schur, dense->schur);
    if (status == ASSAY_OK)
        status = assay_dense_cholesky_solve(m, dense->schur, 1, d_y, d_y);
    if (status == ASSAY_SINGULAR) { /* to rounding; the line search will refuse this */
        memset(t->d, 0, (n + m) * sizeof *t->d);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < n; i++)
        d_x[i] = g[i] / rows[i] - sinkhorn_newton_dot(dense->scaled + i * m, d_y, m);
    for (size_t k = 0; k < n + m; k++)
        along += (k < n ? t->d[k] : -t->d[k]) / (double)(n + m);
    for (size_t k = 0; k < n + m; k++)
        t->d[k] += k < n ? -along : along;
    return status;
}

assay_status sinkhorn_newton_solve_dense(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                         sinkhorn_newton_solution *solution)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_solve_dense(problem, options, solution);
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, false);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    const size_t m = problem->m;
    size_t bytes;
    if (__builtin_mul_overflow(m, m * sizeof(double), &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "a matrix of m = %zu rows does not fit in memory", m);
    dense_system dense = {.plan = assay_allocate(problem->n * m, sizeof(double)),
                          .scaled = assay_allocate(problem->n * m, sizeof(double)),
                          .schur = assay_allocate(bytes, 1)};
    status = dense.plan && dense.scaled && dense.schur ? ascend(problem, options, solution, dense_direction, &dense)
                                                       : ASSAY_NO_MEMORY;
    assay_release(dense.plan);
    assay_release(dense.scaled);
    assay_release(dense.schur);
    return status;
}

/* ---- Sweeps alone ------------------------------------------------------------------------------------------------ */

static assay_status check_scaling(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                  const sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_limit(limit, tolerance);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    return status;
}

assay_status sinkhorn_newton_scale(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                   sinkhorn_newton_solution *solution)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_scale(problem, limit, tolerance, solution);
    assay_status status = check_scaling(problem, limit, tolerance, solution);
    if (status != ASSAY_OK)
        return status;
    method t = {0};
    status = open_method(problem, NULL, &t);
    if (status == ASSAY_OK) {
        t.call = sinkhorn_newton_begin(problem, solution);
        status = truncated_sweep(&t.plan, &t.call, limit, tolerance, t.at.x, t.at.y);
        if (status == ASSAY_OK)
            status = finish(&t, t.at.x, t.at.y);
    }
    close_method(&t);
    return status;
}

/* Sweeps in the log domain, as in the reference; logs: n numbers. */
static assay_status sweep_in_logs(method *t, size_t limit, double tolerance, double *logs)
{
    const sinkhorn_newton_problem *p = t->problem;
    double *x = t->at.x, *y = t->at.y;
    for (size_t k = 0;; k++) {
        truncated_row_logs(&t->plan, y, logs);
        if (k > 0) {
            double error = 0, value = 0;
            for (size_t i = 0; i < p->n; i++) {
                error += fabs(exp(x[i] + logs[i]) - p->r[i]);
                value += p->r[i] * x[i] / p->eta;
            }
            for (size_t j = 0; j < p->m; j++)
                value += p->c[j] * (y[j] - 1) / p->eta;
            sinkhorn_newton_record(
                &t->call,
                (sinkhorn_newton_iteration){.kind = SINKHORN_NEWTON_SWEEP, .error = error, .value = value, .step = 1});
            if (error <= tolerance)
                t->call.solution->end = SINKHORN_NEWTON_CONVERGED;
            if (error <= tolerance || k == limit)
                return ASSAY_OK;
        }
        for (size_t i = 0; i < p->n; i++)
            x[i] = log(p->r[i]) - logs[i];
        const assay_status status = truncated_update_columns(&t->plan, x, y);
        if (status != ASSAY_OK)
            return status;
    }
}

assay_status sinkhorn_newton_scale_log(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                       sinkhorn_newton_solution *solution)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_scale_log(problem, limit, tolerance, solution);
    assay_status status = check_scaling(problem, limit, tolerance, solution);
    if (status != ASSAY_OK)
        return status;
    method t = {0};
    status = open_method(problem, NULL, &t);
    if (status == ASSAY_OK) {
        t.call = sinkhorn_newton_begin(problem, solution);
        status = sweep_in_logs(&t, limit, tolerance, t.next.rows);
        if (status == ASSAY_OK)
            status = finish(&t, t.at.x, t.at.y);
    }
    close_method(&t);
    return status;
}

/* ---- L-BFGS ------------------------------------------------------------------------------------------------------ */

/* -f and its gradient by z = (eta x, eta y). */
static double evaluate_dual(void *context, const double *z, double *gradient)
{
    method *t = context;
    const size_t unknowns = t->problem->n + t->problem->m;
    memcpy(t->next.x, z, unknowns * sizeof *z);
    if (update(t, &t->next) != ASSAY_OK)
        return INFINITY;
    for (size_t k = 0; k < unknowns; k++)
        gradient[k] = -t->next.gradient[k] / t->problem->eta;
    return -t->next.value;
}

static void record_step(void *context, double value, double error, double alpha)
{
    method *t = context;
    sinkhorn_newton_record(&t->call, (sinkhorn_newton_iteration){.kind = SINKHORN_NEWTON_LBFGS_STEP,
                                                                 .error = error * t->problem->eta,
                                                                 .value = -value,
                                                                 .step = alpha});
}

assay_status sinkhorn_newton_solve_lbfgs(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                         sinkhorn_newton_solution *solution)
{
    if (!sinkhorn_newton_kernels_in_force())
        return sinkhorn_newton_reference_solve_lbfgs(problem, options, solution);
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, false);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    method t = {0};
    status = open_method(problem, options, &t);
    if (status == ASSAY_OK) {
        t.call = sinkhorn_newton_begin(problem, solution);
        if (options->sweeps > 0)
            status = truncated_sweep(&t.plan, &t.call, options->sweeps, options->tolerance, t.at.x, t.at.y);
        if (status == ASSAY_OK && solution->end != SINKHORN_NEWTON_CONVERGED)
            status = sinkhorn_newton_minimise(evaluate_dual, &t, t.at.x, problem->n + problem->m,
                                              options->tolerance / problem->eta, options->steps, record_step,
                                              &solution->end, &solution->evaluations);
        if (status == ASSAY_OK)
            status = finish(&t, t.at.x, t.at.y);
    }
    close_method(&t);
    return status;
}
