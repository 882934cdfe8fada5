/* Sinkhorn's sweeps: over all entries in the log domain, and by scaling the truncated kernel. */
#include "optimized/transport/sinkhorn_newton_truncated.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

/* ---- Sweeps in the log domain ----------------------------------------------------------------------------------- */

void truncated_row_logs(truncated_plan *plan, const double *y, double *logs)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const int threads = truncated_threads(6 * (double)p->n * (double)p->m);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t i = 0; i < p->n; i++)
        logs[i] = plan->kernels->log_sum(p->cost + i * p->m, y, p->m, p->eta);
    plan->scanned += (double)p->n * (double)p->m;
    plan->exponentials += (double)p->n * (double)p->m;
}

assay_status truncated_update_columns(truncated_plan *plan, const double *x, double *y)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const size_t stride = plan->stride;
    const int threads = truncated_threads(6 * (double)p->n * (double)p->m);
    double *most = assay_allocate(plan->blocks * stride, sizeof *most);
    if (!most)
        return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        for (size_t j = 0; j < p->m; j++)
            most[b * stride + j] = -INFINITY;
        for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1); i++)
            plan->kernels->column_most(p->cost + i * p->m, x[i], p->m, p->eta, most + b * stride);
    }
    for (size_t b = 1; b < plan->blocks; b++) {
        for (size_t j = 0; j < p->m; j++)
            most[j] = fmax(most[j], most[b * stride + j]);
    }
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        memset(plan->sums + b * stride, 0, stride * sizeof *plan->sums);
        for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1); i++)
            plan->kernels->column_sum(p->cost + i * p->m, x[i], p->m, p->eta, most, plan->sums + b * stride);
    }
    truncated_add_blocks(plan, y);
    for (size_t j = 0; j < p->m; j++)
        y[j] = log(p->c[j]) - (most[j] + log(y[j]) - 1);
    plan->scanned += 2 * (double)p->n * (double)p->m;
    plan->exponentials += (double)p->n * (double)p->m;
    assay_release(most);
    return ASSAY_OK;
}

/* ---- Sweeps by scaling ------------------------------------------------------------------------------------------- */

/* P = diag(u) K diag(v) with K the list's values at the potentials (x, y). */
typedef struct scaling {
    double *u, *next_u, *s; /* n */
    double *v, *next_v;     /* m and the padding */
} scaling;

/* What can be trusted of next_u and next_v. */
typedef struct trust {
    bool rows;    /* next_u: no sum of a row was 0 (masses may be as small as numbers get) */
    bool reach;   /* the list reaches as far as next_u and v */
    bool columns; /* next_v: no sum of a column was 0 */
} trust;

/* Rows, then columns; next_u, next_v and s = K v are set. Returns the error |P 1 - r|_1 of u and v. */
static double scale_once(truncated_plan *plan, scaling *w, trust *good)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const int threads = truncated_threads(3 * (double)plan->entries);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        const truncated_block *block = &plan->block[b];
        double *sums = plan->sums + b * plan->stride;
        memset(sums, 0, plan->stride * sizeof *sums);
        for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1); i++) {
            const truncated_row *row = &plan->rows[i];
            const bool is_list = row->first == TRUNCATED_LIST;
            const size_t first = is_list ? 0 : row->first;
            w->s[i] = plan->kernels->scale(block->value + row->offset, is_list ? block->column + row->offset : NULL,
                                           row->count, w->v + first, p->r[i], sums + first);
        }
    }
    truncated_add_blocks(plan, w->next_v);
    plan->multiply_adds += 2 * (double)plan->entries;
    double error = 0, most_u = 0, most_v = 0;
    *good = (trust){true, true, true};
    for (size_t i = 0; i < p->n; i++) {
        const double has = w->u[i] * w->s[i];
        error += fabs(has - p->r[i]);
        w->next_u[i] = p->r[i] / w->s[i];
        good->rows = good->rows && w->next_u[i] < INFINITY;
        most_u = w->next_u[i] > most_u ? w->next_u[i] : most_u;
    }
    for (size_t j = 0; j < p->m; j++) {
        most_v = w->v[j] > most_v ? w->v[j] : most_v;
        w->next_v[j] = p->c[j] / w->next_v[j];
        good->columns = good->columns && w->next_v[j] < INFINITY;
    }
    good->reach = most_u * most_v <= exp(TRUNCATED_MARGIN);
    return error;
}

/* Whether the list reaches as far as u and v, and these are in a range where products are. */
static bool reaches(const truncated_plan *plan, const scaling *w)
{
    double most_u = 0, most_v = 0;
    for (size_t i = 0; i < plan->problem->n; i++)
        most_u = w->u[i] > most_u ? w->u[i] : most_u;
    for (size_t j = 0; j < plan->problem->m; j++)
        most_v = w->v[j] > most_v ? w->v[j] : most_v;
    return most_u * most_v <= exp(TRUNCATED_MARGIN) && most_u < 1e50 && most_v < 1e50;
}

/* x += log u, u = 1; the same for y. */
static void absorb(const truncated_plan *plan, scaling *w, double *x, double *y)
{
    for (size_t i = 0; i < plan->problem->n; i++) {
        x[i] += log(w->u[i]);
        w->u[i] = 1;
    }
    for (size_t j = 0; j < plan->problem->m; j++) {
        y[j] += log(w->v[j]);
        w->v[j] = 1;
    }
}

/* f at (x, y) scaled by u and v after a sweep, when the sum of P is that of c. */
static double value_after_sweep(const truncated_plan *plan, const scaling *w, const double *x, const double *y)
{
    const sinkhorn_newton_problem *p = plan->problem;
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += p->r[i] * (x[i] + log(w->u[i]));
    for (size_t j = 0; j < p->m; j++)
        sum += p->c[j] * (y[j] + log(w->v[j]) - 1);
    return sum / p->eta;
}

static void exchange(double **a, double **b)
{
    double *const left = *a;
    *a = *b;
    *b = left;
}

/* Lists the entries around (x, y), where u = v = 1, for the scaling; w->next_v gets the sums of columns there. */
static assay_status list_kernel(truncated_plan *plan, scaling *w, const double *x, const double *y)
{
    double total;
    const assay_status status = truncated_list(plan, x, y);
    return status == ASSAY_OK ? truncated_evaluate(plan, x, y, w->s, w->next_v, &total) : status;
}

/* The columns' half of a sweep, where the one made by scale_once() cannot be trusted: around the new x, or (where that
 * does not do either) over all entries in the log domain. Sets *listed to whether w is good for the next sweep. */
static assay_status update_columns(truncated_plan *plan, scaling *w, bool reach, double *x, double *y, bool *listed)
{
    const sinkhorn_newton_problem *p = plan->problem;
    assay_status status = ASSAY_OK;
    *listed = false;
    absorb(plan, w, x, y);
    if (!reach) {
        bool enough = true;
        status = list_kernel(plan, w, x, y);
        for (size_t j = 0; status == ASSAY_OK && j < p->m; j++) {
            enough = enough && w->next_v[j] > 0;
            w->next_v[j] = p->c[j] / w->next_v[j];
        }
        if (status == ASSAY_OK && enough) {
            exchange(&w->v, &w->next_v);
            *listed = reaches(plan, w);
            if (!*listed)
                absorb(plan, w, x, y);
            return ASSAY_OK;
        }
    }
    return status == ASSAY_OK ? truncated_update_columns(plan, x, y) : status;
}

/* One sweep, after scale_once() said what can be trusted. */
static assay_status advance(truncated_plan *plan, scaling *w, trust good, double *x, double *y, bool *listed)
{
    const sinkhorn_newton_problem *p = plan->problem;
    if (!good.rows) { /* at the start, or where sums underflow */
        absorb(plan, w, x, y);
        truncated_row_logs(plan, y, x);
        for (size_t i = 0; i < p->n; i++)
            x[i] = log(p->r[i]) - x[i];
        *listed = false;
        return truncated_update_columns(plan, x, y);
    }
    exchange(&w->u, &w->next_u);
    if (!good.reach || !good.columns)
        return update_columns(plan, w, good.reach, x, y, listed);
    exchange(&w->v, &w->next_v);
    *listed = reaches(plan, w);
    if (!*listed)
        absorb(plan, w, x, y);
    return ASSAY_OK;
}

static assay_status sweep(truncated_plan *plan, sinkhorn_newton_call *call, size_t limit, double tolerance, scaling *w,
                          double *x, double *y)
{
    sinkhorn_newton_solution *solution = call->solution;
    assay_status status = ASSAY_OK;
    trust good = {0};
    bool listed = false; /* if not, u = v = 1 */
    for (size_t k = 0; status == ASSAY_OK; k++) {
        if (k > 0) {
            if (!listed)
                status = list_kernel(plan, w, x, y);
            if (status != ASSAY_OK)
                return status;
            const double error = scale_once(plan, w, &good);
            const bool last = k == limit || error <= tolerance;
            const bool is_wanted = last || solution->trace_length < solution->trace_capacity;
            sinkhorn_newton_record(
                call, (sinkhorn_newton_iteration){.kind = SINKHORN_NEWTON_SWEEP,
                                                  .error = error,
                                                  .value = is_wanted ? value_after_sweep(plan, w, x, y) : 0,
                                                  .step = 1});
            if (error <= tolerance)
                solution->end = SINKHORN_NEWTON_CONVERGED;
            if (last)
                break;
        }
        status = advance(plan, w, good, x, y, &listed);
    }
    absorb(plan, w, x, y);
    return status;
}

assay_status truncated_sweep(truncated_plan *plan, sinkhorn_newton_call *call, size_t limit, double tolerance,
                             double *x, double *y)
{
    const size_t n = plan->problem->n;
    double *memory = assay_allocate(3 * n + 2 * plan->stride, sizeof *memory);
    if (!memory)
        return ASSAY_NO_MEMORY;
    scaling w = {.u = memory, .next_u = memory + n, .s = memory + 2 * n, .v = memory + 3 * n};
    w.next_v = w.v + plan->stride;
    for (size_t i = 0; i < n; i++)
        w.u[i] = 1;
    for (size_t j = 0; j < plan->stride; j++)
        w.v[j] = w.next_v[j] = 1;
    const assay_status status = sweep(plan, call, limit, tolerance, &w, x, y);
    assay_release(memory);
    return status;
}
