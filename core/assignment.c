/* Linear sum assignment: one row after the other is given a column along a shortest augmenting path of reduced costs.
 */
#include "assay/assignment.h"
#include "assay/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NOBODY SIZE_MAX

/* The state; "distance" is that of a column from the row being added, in reduced costs. */
typedef struct assignment {
    size_t rows, columns;
    const double *cost;
    double *u, *v, *distance;
    size_t *column_of, *row_of; /* NOBODY: none */
    size_t *before;             /* the row from which a column was reached */
    size_t *open;               /* columns whose distance is not final, ascending */
    size_t *done;               /* those whose distance is, in the order of distances */
} assignment;

/* Dijkstra's search from row @p start to the nearest column that has no row, which is returned; *length gets its
 * distance, and *final the number of columns before it in done. */
static size_t search(assignment *t, size_t start, double *length, size_t *final)
{
    size_t open = t->columns, row = start;
    for (size_t j = 0; j < t->columns; j++) {
        t->distance[j] = INFINITY;
        t->open[j] = j;
    }
    *length = 0;
    for (* final = 0;; ++*final) {
        const double *cost = t->cost + row * t->columns;
        size_t nearest = 0;
        for (size_t k = 0; k < open; k++) {
            const size_t j = t->open[k];
            const double reached = *length + ((cost[j] - t->u[row]) - t->v[j]);
            if (reached < t->distance[j]) {
                t->distance[j] = reached;
                t->before[j] = row;
            }
            /* Of two equally near columns a free one, which ends the search. */
            const double least = t->distance[t->open[nearest]];
            if (t->distance[j] < least ||
                (t->distance[j] == least && t->row_of[j] == NOBODY && t->row_of[t->open[nearest]] != NOBODY))
                nearest = k;
        }
        const size_t column = t->open[nearest];
        *length = t->distance[column];
        if (t->row_of[column] == NOBODY)
            return column;
        memmove(t->open + nearest, t->open + nearest + 1, (--open - nearest) * sizeof *t->open);
        t->done[*final] = column;
        row = t->row_of[column];
    }
}

/* Keeps the reduced costs at 0 or above, and at 0 along the path, which is then turned over. */
static void augment(assignment *t, size_t start)
{
    double length;
    size_t final;
    size_t column = search(t, start, &length, &final);
    t->u[start] += length;
    for (size_t k = 0; k < final; k++) {
        const size_t j = t->done[k];
        t->u[t->row_of[j]] += length - t->distance[j];
        t->v[j] -= length - t->distance[j];
    }
    for (size_t row = NOBODY; row != start;) {
        row = t->before[column];
        t->row_of[column] = row;
        const size_t next = t->column_of[row];
        t->column_of[row] = column;
        column = next;
    }
}

static assay_status check(size_t rows, size_t columns, const double *cost, const size_t *column_of)
{
    size_t bytes;
    if (rows < 1 || rows > columns)
        return assay_fail(ASSAY_OUT_OF_RANGE, "rows is %zu, must be 1 to columns = %zu", rows, columns);
    if (__builtin_mul_overflow(rows, columns, &bytes) || __builtin_mul_overflow(bytes, sizeof *cost, &bytes))
        return assay_fail(ASSAY_OUT_OF_RANGE, "rows = %zu by columns = %zu do not fit in memory", rows, columns);
    if (!cost || !column_of)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cost ? "column_of" : "cost");
    for (size_t k = 0; k < rows * columns; k++)
        if (!isfinite(cost[k]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "cost[%zu][%zu] is %g, must be finite", k / columns, k % columns,
                              cost[k]);
    return ASSAY_OK;
}

static bool allocate(assignment *t)
{
    t->u = assay_allocate(t->rows, sizeof *t->u);
    t->v = assay_allocate(t->columns, 2 * sizeof *t->v);
    t->column_of = assay_allocate(t->rows, sizeof *t->column_of);
    t->row_of = assay_allocate(t->columns, 4 * sizeof *t->row_of);
    if (!t->u || !t->v || !t->column_of || !t->row_of)
        return false;
    t->distance = t->v + t->columns;
    t->before = t->row_of + t->columns;
    t->open = t->before + t->columns;
    t->done = t->open + t->columns;
    for (size_t i = 0; i < t->rows; i++)
        t->column_of[i] = NOBODY;
    for (size_t j = 0; j < t->columns; j++)
        t->row_of[j] = NOBODY;
    return true;
}

assay_status assay_assignment_solve(size_t rows, size_t columns, const double *cost, size_t *column_of,
                                    double *row_dual, double *column_dual, double *total)
{
    assay_status status = check(rows, columns, cost, column_of);
    if (status != ASSAY_OK)
        return status;
    assignment t = {.rows = rows, .columns = columns, .cost = cost};
    if (allocate(&t)) {
        double sum = 0;
        for (size_t i = 0; i < rows; i++)
            augment(&t, i);
        for (size_t i = 0; i < rows; i++)
            sum += cost[i * columns + t.column_of[i]];
        memcpy(column_of, t.column_of, rows * sizeof *column_of);
        if (row_dual)
            memcpy(row_dual, t.u, rows * sizeof *row_dual);
        if (column_dual)
            memcpy(column_dual, t.v, columns * sizeof *column_dual);
        if (total)
            *total = sum;
    } else {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu rows and %zu columns", rows, columns);
    }
    assay_release(t.u);
    assay_release(t.v);
    assay_release(t.column_of);
    assay_release(t.row_of);
    return status;
}
