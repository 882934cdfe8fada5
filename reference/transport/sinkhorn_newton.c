/* The paper's algorithm: Sinkhorn sweeps (stage 1), then Newton steps with a line search (stage 2). */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <string.h>

ASSAY_CATALOGUE(sinkhorn_newton, .family = "transport",
                .title = "Accelerating Sinkhorn Algorithm with Sparse Newton Iterations",
                .authors = "Xun Tang, Michael Shavlovsky, Holakou Rahmanian, Elisa Tardini, Kiran Koshy "
                           "Thekumparampil, Tesi Xiao, Lexing Ying",
                .year = 2024, .identifier = "arXiv:2401.12253",
                .summary = "Solves entropic optimal transport to machine accuracy: a few Sinkhorn sweeps, then Newton "
                           "steps with a sparsified Hessian.",
                .data = "a matrix of costs as .npy or .csv; marginals are uniform",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* ---- Stage 1: block ascent in the log domain ------------------------------------------------------------------- */

/* log sum exp over k of (potential_k - cost_k) eta - 1, the costs stride apart. */
static double log_sum(const double *potential, const double *cost, size_t stride, size_t n, double eta)
{
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, eta * (potential[k] - cost[k * stride]) - 1);
    for (size_t k = 0; k < n; k++)
        sum += exp(eta * (potential[k] - cost[k * stride]) - 1 - most);
    /* cppcheck-suppress invalidFunctionArg ; the largest term is 1 */
    return most + log(sum);
}

assay_status sinkhorn_newton_sweep_log(sinkhorn_newton_call *call, size_t limit, double tolerance, double *x, double *y)
{
    const sinkhorn_newton_problem *p = call->problem;
    double *log_rows = assay_allocate(p->n, sizeof *log_rows), mass = 0;
    if (!log_rows)
        return ASSAY_NO_MEMORY;
    for (size_t j = 0; j < p->m; j++)
        mass += p->c[j];
    for (size_t k = 0;; k++) {
        /* The sums that the next update of x needs tell the error after the last sweep. Its columns are exact, so that
         * the sum of P is that of c. */
        double error = 0;
        for (size_t i = 0; i < p->n; i++) {
            log_rows[i] = log_sum(y, p->cost + i * p->m, 1, p->m, p->eta);
            error += fabs(exp(p->eta * x[i] + log_rows[i]) - p->r[i]);
        }
        call->solution->exponentials += (double)p->n * (double)p->m;
        if (k > 0) {
            const double value =
                sinkhorn_newton_dot(p->r, x, p->n) + sinkhorn_newton_dot(p->c, y, p->m) - mass / p->eta;
            sinkhorn_newton_record(call, (sinkhorn_newton_iteration){
                                             .kind = SINKHORN_NEWTON_SWEEP, .error = error, .value = value, .step = 1});
            if (error <= tolerance)
                call->solution->end = SINKHORN_NEWTON_CONVERGED;
        }
        if (k == limit || call->solution->end == SINKHORN_NEWTON_CONVERGED)
            break;
        for (size_t i = 0; i < p->n; i++)
            x[i] = (log(p->r[i]) - log_rows[i]) / p->eta;
        for (size_t j = 0; j < p->m; j++)
            y[j] = (log(p->c[j]) - log_sum(x, p->cost + j, p->m, p->n, p->eta)) / p->eta;
        call->solution->exponentials += (double)p->n * (double)p->m;
    }
    assay_release(log_rows);
    return ASSAY_OK;
}

assay_status sinkhorn_newton_reference_scale_log(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                                 sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_limit(limit, tolerance);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    double *x = assay_allocate(problem->n + problem->m, sizeof *x);
    if (!x)
        return ASSAY_NO_MEMORY;
    sinkhorn_newton_call call = sinkhorn_newton_begin(problem, solution);
    status = sinkhorn_newton_sweep_log(&call, limit, tolerance, x, x + problem->n);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_finish(&call, x, x + problem->n);
    assay_release(x);
    return status;
}

/* ---- Points of stage 2 ------------------------------------------------------------------------------------------ */

assay_status sinkhorn_newton_point_allocate(const sinkhorn_newton_problem *p, sinkhorn_newton_point *point)
{
    const size_t unknowns = p->n + p->m;
    *point = (sinkhorn_newton_point){.x = assay_allocate(unknowns, sizeof(double)),
                                     .plan = assay_allocate(p->n * p->m, sizeof(double)),
                                     .rows = assay_allocate(unknowns, sizeof(double)),
                                     .gradient = assay_allocate(unknowns, sizeof(double))};
    if (!point->x || !point->plan || !point->rows || !point->gradient)
        return ASSAY_NO_MEMORY;
    point->y = point->x + p->n;
    point->columns = point->rows + p->n;
    return ASSAY_OK;
}

void sinkhorn_newton_point_release(sinkhorn_newton_point *point)
{
    assay_release(point->x);
    assay_release(point->plan);
    assay_release(point->rows);
    assay_release(point->gradient);
}

void sinkhorn_newton_point_update(const sinkhorn_newton_problem *p, sinkhorn_newton_point *point)
{
    point->value = sinkhorn_newton_evaluate(p, point->x, point->y, point->plan, point->rows, point->columns);
    point->error = 0;
    for (size_t k = 0; k < p->n + p->m; k++) {
        point->gradient[k] = k < p->n ? p->r[k] - point->rows[k] : p->c[k - p->n] - point->columns[k - p->n];
        point->error += fabs(point->gradient[k]);
    }
}

/* ---- Stage 2: Newton's method ----------------------------------------------------------------------------------- */

/* Moves to the first of x + d, x + d/2, ..., x + d/2^60 (or from less than d on, if that is far) that is good enough;
 * alpha is 0 if none is. */
static double search_line(sinkhorn_newton_call *call, sinkhorn_newton_point *at, sinkhorn_newton_point *next,
                          const double *d)
{
    const sinkhorn_newton_problem *p = call->problem;
    const size_t unknowns = p->n + p->m;
    const double slope = sinkhorn_newton_dot(at->gradient, d, unknowns);
    double alpha = sinkhorn_newton_first_step(d, unknowns, p->eta);
    for (int halvings = 0; halvings <= 60; halvings++, alpha /= 2) {
        for (size_t k = 0; k < unknowns; k++)
            next->x[k] = at->x[k] + alpha * d[k];
        sinkhorn_newton_point_update(p, next);
        call->solution->evaluations++;
        call->solution->exponentials += (double)p->n * (double)p->m;
        if (sinkhorn_newton_accepts(alpha, slope, at->value, sinkhorn_newton_dot(next->gradient, d, unknowns),
                                    next->value)) {
            const sinkhorn_newton_point left = *at;
            *at = *next;
            *next = left;
            return alpha;
        }
    }
    return 0;
}

/* Newton steps from at->x on. */
static assay_status step_by_step(sinkhorn_newton_call *call, const sinkhorn_newton_options *options,
                                 sinkhorn_newton_direction direction, void *context, sinkhorn_newton_point *at,
                                 sinkhorn_newton_point *next, double *d)
{
    sinkhorn_newton_solution *s = call->solution;
    sinkhorn_newton_point_update(call->problem, at);
    s->error = at->error;
    s->value = at->value;
    s->evaluations++;
    s->exponentials += (double)call->problem->n * (double)call->problem->m;
    for (size_t k = 0;; k++) {
        if (at->error <= options->tolerance)
            s->end = SINKHORN_NEWTON_CONVERGED;
        if (k == options->steps || at->error <= options->tolerance)
            return ASSAY_OK;
        sinkhorn_newton_iteration iteration = {.kind = SINKHORN_NEWTON_STEP};
        const assay_status status = isfinite(at->value) ? direction(context, call, at, d, &iteration) : ASSAY_OK;
        if (status != ASSAY_OK)
            return status;
        iteration.step = isfinite(at->value) ? search_line(call, at, next, d) : 0;
        if (iteration.step == 0) {
            s->end = SINKHORN_NEWTON_LINE_SEARCH;
            return ASSAY_OK;
        }
        iteration.error = at->error;
        iteration.value = at->value;
        sinkhorn_newton_record(call, iteration);
    }
}

assay_status sinkhorn_newton_ascend(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                    sinkhorn_newton_solution *solution, sinkhorn_newton_direction direction,
                                    void *context)
{
    sinkhorn_newton_point at, next = {0};
    double *d = assay_allocate(problem->n + problem->m, sizeof *d);
    assay_status status = sinkhorn_newton_point_allocate(problem, &at);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_point_allocate(problem, &next);
    if (status == ASSAY_OK && !d)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        sinkhorn_newton_call call = sinkhorn_newton_begin(problem, solution);
        if (options->sweeps > 0)
            status = sinkhorn_newton_sweep_log(&call, options->sweeps, options->tolerance, at.x, at.y);
        if (status == ASSAY_OK && solution->end != SINKHORN_NEWTON_CONVERGED)
            status = step_by_step(&call, options, direction, context, &at, &next, d);
        if (status == ASSAY_OK)
            status = sinkhorn_newton_finish(&call, at.x, at.y);
    }
    sinkhorn_newton_point_release(&at);
    sinkhorn_newton_point_release(&next);
    assay_release(d);
    return status;
}
