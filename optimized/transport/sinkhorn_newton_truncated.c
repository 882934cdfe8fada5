/* The plan without the entries that are too small to count: its list and its evaluation. */
#include "optimized/transport/sinkhorn_newton_truncated.h"

#include "assay/cpu.h"
#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of rows: as many as this at most, of so many rows at least. Operations (a quarter of a nanosecond each) for
 * which a thread is worth while: where processors are busy, waiting for a second one costs more than that. */
enum { MOST_BLOCKS = 16, LEAST_ROWS = 32, THREAD_OPERATIONS = 1 << 20 };

const sinkhorn_newton_kernels *sinkhorn_newton_kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return &sinkhorn_newton_kernels_baseline;
    case ASSAY_AVX2: return &sinkhorn_newton_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return &sinkhorn_newton_kernels_avx512;
#else
    return &sinkhorn_newton_kernels_avx2;
#endif
}

int truncated_threads(double operations)
{
    const double useful = operations / THREAD_OPERATIONS;
    return useful < 2 ? 1 : useful < assay_threads() ? (int)useful : assay_threads();
}

static double smallest(const double *values, size_t n)
{
    double least = INFINITY;
    for (size_t i = 0; i < n; i++)
        least = fmin(least, values[i]);
    return least;
}

assay_status truncated_allocate(const sinkhorn_newton_problem *p, truncated_plan *plan)
{
    const double most = (double)(p->n > p->m ? p->n : p->m), least = fmin(smallest(p->r, p->n), smallest(p->c, p->m));
    *plan = (truncated_plan){.problem = p, .kernels = sinkhorn_newton_kernels_in_force()};
    plan->depth = log(most / (1e-15 * TRUNCATED_SHARE * least));
    plan->block_rows = (p->n + MOST_BLOCKS - 1) / MOST_BLOCKS;
    if (plan->block_rows < LEAST_ROWS)
        plan->block_rows = LEAST_ROWS;
    plan->blocks = (p->n + plan->block_rows - 1) / plan->block_rows;
    plan->stride = p->m + SINKHORN_NEWTON_PAD;
    plan->origin_x = assay_allocate(p->n, sizeof(double));
    plan->origin_y = assay_allocate(plan->stride, sizeof(double));
    plan->rows = assay_allocate(p->n, sizeof *plan->rows);
    plan->block = assay_allocate(plan->blocks, sizeof *plan->block);
    plan->sums = assay_allocate(plan->blocks * plan->stride, sizeof(double));
    return plan->origin_x && plan->origin_y && plan->rows && plan->block && plan->sums ? ASSAY_OK : ASSAY_NO_MEMORY;
}

void truncated_release(truncated_plan *plan)
{
    for (size_t b = 0; plan->block && b < plan->blocks; b++) {
        free(plan->block[b].column);
        free(plan->block[b].exponent);
        free(plan->block[b].value);
    }
    assay_release(plan->origin_x);
    assay_release(plan->origin_y);
    assay_release(plan->rows);
    assay_release(plan->block);
    assay_release(plan->sums);
}

/* Room for another row of m entries. */
static bool reserve(truncated_block *block, size_t m)
{
    const size_t needed = block->used + m + SINKHORN_NEWTON_PAD;
    if (needed <= block->capacity)
        return true;
    const size_t capacity = needed + block->capacity;
    uint32_t *column = realloc(block->column, capacity * sizeof *column);
    block->column = column ? column : block->column;
    double *exponent = realloc(block->exponent, capacity * sizeof *exponent);
    block->exponent = exponent ? exponent : block->exponent;
    double *value = realloc(block->value, capacity * sizeof *value);
    block->value = value ? value : block->value;
    if (!column || !exponent || !value)
        return false;
    block->capacity = capacity;
    return true;
}

/* Lists the entries of row i at the end of its block. */
static bool list_row(const truncated_plan *plan, truncated_block *block, size_t i)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const double *cost = p->cost + i * p->m;
    if (!reserve(block, p->m))
        return false;
    uint32_t *column = block->column + block->used;
    double *exponent = block->exponent + block->used;
    const double threshold = 1 - plan->depth - TRUNCATED_MARGIN - plan->origin_x[i];
    size_t count = plan->kernels->filter(cost, plan->origin_y, p->m, p->eta, threshold, column, exponent);
    truncated_row *row = &plan->rows[i];
    row->offset = block->used;
    row->first = TRUNCATED_LIST;
    const size_t extent = count ? column[count - 1] - column[0] + (size_t)1 : 0;
    if (extent < 3 * count) {
        row->first = column[0];
        count = extent;
        for (size_t k = 0; k < count; k++)
            exponent[k] = p->eta * cost[row->first + k] + 1;
    }
    for (; count % SINKHORN_NEWTON_PAD; count++) {
        column[count] = 0;
        exponent[count] = INFINITY;
    }
    row->count = (uint32_t)count;
    block->used += count;
    return true;
}

static size_t first_row(const truncated_plan *plan, size_t b)
{
    const size_t row = b * plan->block_rows;
    return row < plan->problem->n ? row : plan->problem->n;
}

assay_status truncated_list(truncated_plan *plan, const double *x, const double *y)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const int threads = truncated_threads(3 * (double)p->n * (double)p->m);
    memcpy(plan->origin_x, x, p->n * sizeof *x);
    memcpy(plan->origin_y, y, p->m * sizeof *y);
    bool good = true;
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(&& : good) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        plan->block[b].used = 0;
        for (size_t i = first_row(plan, b); i < first_row(plan, b + 1) && good; i++)
            good = list_row(plan, &plan->block[b], i);
    }
    plan->made = good;
    plan->entries = 0;
    for (size_t b = 0; b < plan->blocks; b++)
        plan->entries += plan->block[b].used;
    plan->scanned += (double)p->n * (double)p->m;
    return good ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for a plan of %zu x %zu", p->n, p->m);
}

/* How far a rises above b. */
static double rise(const double *a, const double *b, size_t n)
{
    double most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        most = a[i] - b[i] > most ? a[i] - b[i] : most;
    return most;
}

static void evaluate_block(const truncated_plan *plan, size_t b, const double *x, const double *y, double *rows)
{
    const truncated_block *block = &plan->block[b];
    double *sums = plan->sums + b * plan->stride;
    memset(sums, 0, plan->stride * sizeof *sums);
    for (size_t i = first_row(plan, b); i < first_row(plan, b + 1); i++) {
        const truncated_row *row = &plan->rows[i];
        const bool is_list = row->first == TRUNCATED_LIST;
        const size_t first = is_list ? 0 : row->first;
        rows[i] = plan->kernels->evaluate(x[i], y + first, block->exponent + row->offset,
                                          is_list ? block->column + row->offset : NULL, row->count,
                                          block->value + row->offset, sums + first);
    }
}

static void add_blocks(const truncated_plan *plan, double *columns)
{
    const size_t m = plan->problem->m;
    memcpy(columns, plan->sums, m * sizeof *columns);
    for (size_t b = 1; b < plan->blocks; b++) {
        for (size_t j = 0; j < m; j++)
            columns[j] += plan->sums[b * plan->stride + j];
    }
}

assay_status truncated_evaluate(truncated_plan *plan, const double *x, const double *y, double *rows, double *columns,
                                double *total)
{
    const size_t n = plan->problem->n, m = plan->problem->m;
    if (!plan->made || !(rise(x, plan->origin_x, n) + rise(y, plan->origin_y, m) <= TRUNCATED_MARGIN)) {
        const assay_status status = truncated_list(plan, x, y);
        if (status != ASSAY_OK)
            return status;
    }
    const int threads = truncated_threads(4 * (double)plan->entries);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++)
        evaluate_block(plan, b, x, y, rows);
    add_blocks(plan, columns);
    *total = 0;
    for (size_t i = 0; i < n; i++)
        *total += rows[i];
    plan->exponentials += (double)plan->entries;
    return ASSAY_OK;
}

assay_status truncated_whole_plan(const truncated_plan *plan, const double *x, const double *y, double *out)
{
    const sinkhorn_newton_problem *p = plan->problem;
    const int threads = truncated_threads(4 * (double)p->n * (double)p->m);
    double *memory = assay_allocate(plan->blocks * plan->stride, sizeof *memory);
    if (!memory)
        return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        double *t = memory + b * plan->stride;
        for (size_t i = first_row(plan, b); i < first_row(plan, b + 1); i++) {
            for (size_t j = 0; j < p->m; j++)
                t[j] = x[i] + y[j] - (p->eta * p->cost[i * p->m + j] + 1);
            plan->kernels->exponentials(t, t,
                                        (p->m + SINKHORN_NEWTON_PAD - 1) / SINKHORN_NEWTON_PAD * SINKHORN_NEWTON_PAD);
            memcpy(out + i * p->m, t, p->m * sizeof *t);
        }
    }
    assay_release(memory);
    return ASSAY_OK;
}

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
        for (size_t i = first_row(plan, b); i < first_row(plan, b + 1); i++)
            plan->kernels->column_most(p->cost + i * p->m, x[i], p->m, p->eta, most + b * stride);
    }
    for (size_t b = 1; b < plan->blocks; b++) {
        for (size_t j = 0; j < p->m; j++)
            most[j] = fmax(most[j], most[b * stride + j]);
    }
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t b = 0; b < plan->blocks; b++) {
        memset(plan->sums + b * stride, 0, stride * sizeof *plan->sums);
        for (size_t i = first_row(plan, b); i < first_row(plan, b + 1); i++)
            plan->kernels->column_sum(p->cost + i * p->m, x[i], p->m, p->eta, most, plan->sums + b * stride);
    }
    add_blocks(plan, y);
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
    bool rows;    /* sums of rows were large enough, so that next_u is right */
    bool reach;   /* the list reaches as far as next_u and v */
    bool columns; /* sums of columns were large enough */
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
        for (size_t i = first_row(plan, b); i < first_row(plan, b + 1); i++) {
            const truncated_row *row = &plan->rows[i];
            const bool is_list = row->first == TRUNCATED_LIST;
            const size_t first = is_list ? 0 : row->first;
            w->s[i] = plan->kernels->scale(block->value + row->offset, is_list ? block->column + row->offset : NULL,
                                           row->count, w->v + first, p->r[i], sums + first);
        }
    }
    add_blocks(plan, w->next_v);
    plan->multiply_adds += 2 * (double)plan->entries;
    double error = 0, most_u = 0, most_v = 0;
    *good = (trust){true, true, true};
    for (size_t i = 0; i < p->n; i++) {
        const double has = w->u[i] * w->s[i];
        error += fabs(has - p->r[i]);
        good->rows = good->rows && has >= TRUNCATED_SHARE * p->r[i];
        w->next_u[i] = p->r[i] / w->s[i];
        most_u = w->next_u[i] > most_u ? w->next_u[i] : most_u;
    }
    for (size_t j = 0; j < p->m; j++) {
        good->columns = good->columns && w->v[j] * w->next_v[j] >= TRUNCATED_SHARE * p->c[j];
        most_v = w->v[j] > most_v ? w->v[j] : most_v;
        w->next_v[j] = p->c[j] / w->next_v[j];
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
            enough = enough && w->next_v[j] >= TRUNCATED_SHARE * p->c[j];
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
    if (!good.rows) { /* at the start, or far from the goal */
        absorb(plan, w, x, y);
        truncated_row_logs(plan, y, x);
        for (size_t i = 0; i < p->n; i++)
            x[i] = log(p->r[i]) - x[i];
        return update_columns(plan, w, false, x, y, listed);
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
