/* Sparse matrices by compressed rows. */
#include "core/sparse.h"
#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <string.h>

static assay_status check_sizes(size_t rows, size_t columns)
{
    if (rows < 1 || rows > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "rows is %zu, must be 1 to %u", rows, UINT32_MAX);
    if (columns < 1 || columns > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "columns is %zu, must be 1 to %u", columns, UINT32_MAX);
    return ASSAY_OK;
}

/* What every function looks at. */
static assay_status check_pointers(const assay_csr *a)
{
    if (!a)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the matrix is null");
    const assay_status status = check_sizes(a->rows, a->columns);
    if (status != ASSAY_OK)
        return status;
    if (!a->starts || (a->starts[a->rows] > 0 && (!a->indices || !a->values)))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the matrix's %s is null",
                          !a->starts    ? "starts"
                          : !a->indices ? "indices"
                                        : "values");
    return ASSAY_OK;
}

static assay_status check_row(const assay_csr *a, size_t i)
{
    for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++) {
        if (a->indices[k] >= a->columns)
            return assay_fail(ASSAY_OUT_OF_RANGE, "row %zu has an element in column %u, must be below %zu", i,
                              a->indices[k], a->columns);
        if (k > a->starts[i] && a->indices[k] <= a->indices[k - 1])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "row %zu has column %u after %u, must be ascending", i,
                              a->indices[k], a->indices[k - 1]);
        if (!isfinite(a->values[k]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "row %zu has %g in column %u, must be finite", i, a->values[k],
                              a->indices[k]);
    }
    return ASSAY_OK;
}

assay_status assay_csr_check(const assay_csr *a)
{
    assay_status status = check_pointers(a);
    if (status != ASSAY_OK)
        return status;
    if (a->starts[0] != 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "starts[0] is %zu, must be 0", a->starts[0]);
    for (size_t i = 0; i < a->rows; i++)
        if (a->starts[i + 1] < a->starts[i] || a->starts[i + 1] > a->starts[a->rows])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "starts[%zu] is %zu, must be %zu to %zu", i + 1, a->starts[i + 1],
                              a->starts[i], a->starts[a->rows]);
    for (size_t i = 0; status == ASSAY_OK && i < a->rows; i++)
        status = check_row(a, i);
    return status;
}

assay_status assay_csr_check_symmetric(const assay_csr *a)
{
    assay_csr transpose = {0};
    assay_status status = assay_csr_check(a);
    if (status == ASSAY_OK && a->rows != a->columns)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "the matrix is %zu x %zu, must be square", a->rows, a->columns);
    if (status == ASSAY_OK)
        status = assay_csr_transpose(a, &transpose);
    for (size_t i = 0; status == ASSAY_OK && i < a->rows; i++) {
        bool positive = false;
        if (a->starts[i + 1] != transpose.starts[i + 1])
            status = assay_fail(ASSAY_INVALID_ARGUMENT, "row and column %zu differ, the matrix must be symmetric", i);
        for (size_t k = a->starts[i]; status == ASSAY_OK && k < a->starts[i + 1]; k++) {
            positive |= a->indices[k] == i && a->values[k] > 0;
            if (a->indices[k] != transpose.indices[k] || a->values[k] != transpose.values[k])
                status =
                    assay_fail(ASSAY_INVALID_ARGUMENT, "row and column %zu differ, the matrix must be symmetric", i);
        }
        if (status == ASSAY_OK && !positive)
            status = assay_fail(ASSAY_SINGULAR, "the diagonal element of row %zu is not above 0", i);
    }
    assay_csr_release(&transpose);
    return status;
}

void assay_csr_release(assay_csr *a)
{
    assay_release(a->starts);
    assay_release(a->indices);
    assay_release(a->values);
    *a = (assay_csr){0};
}

static assay_status allocate(size_t rows, size_t columns, size_t count, assay_csr *a)
{
    *a = (assay_csr){.rows = rows, .columns = columns};
    a->starts = assay_allocate(rows + 1, sizeof *a->starts);
    a->indices = assay_allocate(count, sizeof *a->indices);
    a->values = assay_allocate(count, sizeof *a->values);
    if (a->starts && a->indices && a->values)
        return ASSAY_OK;
    assay_csr_release(a);
    return assay_fail(ASSAY_NO_MEMORY, "no memory for a matrix of %zu rows with %zu elements", rows, count);
}

/* Elements of one place are neighbours: adds them up, or notes one. order[k] is the triplet of element k. */
static void merge(assay_csr *a, const size_t *order, size_t *repeated)
{
    size_t to = 0, from = 0;
    for (size_t i = 0; i < a->rows; i++) {
        const size_t first = to;
        for (; from < a->starts[i + 1]; from++) {
            if (to > first && a->indices[to - 1] == a->indices[from]) {
                a->values[to - 1] += a->values[from];
                if (repeated)
                    *repeated = order[from];
                continue;
            }
            a->indices[to] = a->indices[from];
            a->values[to++] = a->values[from];
        }
        a->starts[i + 1] = to;
    }
}

/* Counts, then where each bucket begins. */
static void begin_buckets(size_t *begins, size_t buckets, const size_t *bucket_of, size_t count)
{
    for (size_t k = 0; k < count; k++)
        begins[bucket_of[k] + 1]++;
    for (size_t i = 0; i < buckets; i++)
        begins[i + 1] += begins[i];
}

/* Two stable distributions, first by columns and then by rows, sort the triplets in linear time. */
assay_status csr_assemble(const triplets *t, assay_csr *a, size_t *repeated)
{
    assay_csr made;
    assay_status status = allocate(t->rows, t->columns, t->count, &made);
    size_t *begins = assay_allocate(t->columns + 1, sizeof *begins), *next = assay_allocate(t->rows + 1, sizeof *next);
    size_t *by_column = assay_allocate(t->count, sizeof *by_column), *order = assay_allocate(t->count, sizeof *order);
    if (status == ASSAY_OK && (!begins || !next || !by_column || !order))
        status = assay_fail(ASSAY_NO_MEMORY, "no memory to sort %zu triplets", t->count);
    if (status == ASSAY_OK) {
        begin_buckets(begins, t->columns, t->columns_of, t->count);
        for (size_t k = 0; k < t->count; k++)
            by_column[begins[t->columns_of[k]]++] = k;
        begin_buckets(made.starts, t->rows, t->rows_of, t->count);
        memcpy(next, made.starts, (t->rows + 1) * sizeof *next);
        for (size_t l = 0; l < t->count; l++) {
            const size_t k = by_column[l], to = next[t->rows_of[k]]++;
            made.indices[to] = (uint32_t)t->columns_of[k];
            made.values[to] = t->values[k];
            order[to] = k;
        }
        merge(&made, order, repeated);
        *a = made;
    } else {
        assay_csr_release(&made);
    }
    assay_release(begins);
    assay_release(next);
    assay_release(by_column);
    assay_release(order);
    return status;
}

assay_status assay_csr_from_triplets(size_t rows, size_t columns, size_t count, const size_t *rows_of,
                                     const size_t *columns_of, const double *values, assay_csr *a)
{
    const assay_status status = check_sizes(rows, columns);
    if (status != ASSAY_OK)
        return status;
    if (!a || (count > 0 && (!rows_of || !columns_of || !values)))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !a            ? "a"
                          : !rows_of    ? "rows_of"
                          : !columns_of ? "columns_of"
                                        : "values");
    for (size_t k = 0; k < count; k++) {
        if (rows_of[k] >= rows || columns_of[k] >= columns)
            return assay_fail(ASSAY_OUT_OF_RANGE, "triplet %zu is at (%zu, %zu), must be within %zu x %zu", k,
                              rows_of[k], columns_of[k], rows, columns);
        if (!isfinite(values[k]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "values[%zu] is %g, must be finite", k, values[k]);
    }
    return csr_assemble(&(triplets){rows, columns, count, rows_of, columns_of, values}, a, NULL);
}

assay_status assay_csr_transpose(const assay_csr *a, assay_csr *transpose)
{
    assay_csr made;
    assay_status status = check_pointers(a);
    if (status == ASSAY_OK && !transpose)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "transpose is null");
    if (status == ASSAY_OK)
        status = allocate(a->columns, a->rows, a->starts[a->rows], &made);
    if (status != ASSAY_OK)
        return status;
    /* starts[j + 1] first is where the next element of row j goes, and so ends as where row j ends. */
    for (size_t k = 0; k < a->starts[a->rows]; k++)
        if (a->indices[k] + (size_t)2 <= made.rows)
            made.starts[a->indices[k] + (size_t)2]++;
    for (size_t j = 2; j <= made.rows; j++)
        made.starts[j] += made.starts[j - 1];
    for (size_t i = 0; i < a->rows; i++)
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++) {
            const size_t to = made.starts[a->indices[k] + (size_t)1]++;
            made.indices[to] = (uint32_t)i;
            made.values[to] = a->values[k];
        }
    *transpose = made;
    return ASSAY_OK;
}

/* Elements below which a second thread costs more than it saves. */
enum { SMALL = 1 << 16 };

assay_status assay_csr_multiply(const assay_csr *a, const double *x, double *y)
{
    const assay_status status = check_pointers(a);
    if (status != ASSAY_OK)
        return status;
    if (!x || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "y" : "x");
    if ((uintptr_t)x < (uintptr_t)(y + a->rows) && (uintptr_t)y < (uintptr_t)(x + a->columns))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "y overlaps x");
    const int threads = a->starts[a->rows] < SMALL ? 1 : assay_threads();
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            sum += a->values[k] * x[a->indices[k]];
        y[i] = sum;
    }
    return ASSAY_OK;
}
