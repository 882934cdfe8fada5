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
    const double least_r = smallest(p->r, p->n), least_c = smallest(p->c, p->m);
    double mass = 0;
    for (size_t i = 0; i < p->n; i++)
        mass += p->r[i];
    *plan = (truncated_plan){.problem = p, .kernels = sinkhorn_newton_kernels_in_force()};
    plan->depth = log((double)(p->n > p->m ? p->n : p->m)) - log(1e-15) - log(least_r) - log(least_c) + log(mass);
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
    if (!column)
        return false;
    block->column = column;
    double *exponent = realloc(block->exponent, capacity * sizeof *exponent);
    if (!exponent)
        return false;
    block->exponent = exponent;
    double *value = realloc(block->value, capacity * sizeof *value);
    if (!value)
        return false;
    block->value = value;
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

size_t truncated_first_row(const truncated_plan *plan, size_t b)
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
        for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1) && good; i++)
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
    for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1); i++) {
        const truncated_row *row = &plan->rows[i];
        const bool is_list = row->first == TRUNCATED_LIST;
        const size_t first = is_list ? 0 : row->first;
        rows[i] = plan->kernels->evaluate(x[i], y + first, block->exponent + row->offset,
                                          is_list ? block->column + row->offset : NULL, row->count,
                                          block->value + row->offset, sums + first);
    }
}

void truncated_add_blocks(const truncated_plan *plan, double *columns)
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
    truncated_add_blocks(plan, columns);
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
        for (size_t i = truncated_first_row(plan, b); i < truncated_first_row(plan, b + 1); i++) {
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
