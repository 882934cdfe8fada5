/* What the targets of arrays share. */
#include "fuzz/fuzz.h"

#include "assay/hnsw_recall.h"
#include "assay/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Not the conversion of the reader of tables, which is held against this one. */
static double number_at(const assay_array *array, size_t i)
{
    switch (array->element) {
    case ASSAY_ELEMENT_U8: return ((const uint8_t *)array->data)[i];
    case ASSAY_ELEMENT_I8: return ((const int8_t *)array->data)[i];
    case ASSAY_ELEMENT_I16: return ((const int16_t *)array->data)[i];
    case ASSAY_ELEMENT_I32: return ((const int32_t *)array->data)[i];
    case ASSAY_ELEMENT_I64: return (double)((const int64_t *)array->data)[i];
    case ASSAY_ELEMENT_F32: return (double)((const float *)array->data)[i];
    case ASSAY_ELEMENT_F64: return ((const double *)array->data)[i];
    }
    return 0;
}

void fuzz_expect_array(const assay_array *array)
{
    FUZZ_ASSERT(assay_element_size(array->element) > 0, "element type %d", (int)array->element);
    FUZZ_ASSERT(array->dimensions <= ASSAY_DIMENSIONS, "%zu dimensions", array->dimensions);
    size_t count = 1;
    for (size_t i = 0; i < array->dimensions; i++)
        count *= array->shape[i];
    FUZZ_ASSERT(count == array->count, "%zu elements, the shape says %zu", array->count, count);
    FUZZ_ASSERT(array->data && (uintptr_t)array->data % ASSAY_ALIGNMENT == 0, "data at %p", array->data);
    for (size_t i = 0; i < count; i++)
        FUZZ_ASSERT(isfinite(number_at(array, i)), "element %zu is %g", i, number_at(array, i));
}

void fuzz_expect_same_arrays(const assay_array *a, const assay_array *b)
{
    FUZZ_ASSERT(a->element == b->element && a->dimensions == b->dimensions && a->count == b->count &&
                    memcmp(a->shape, b->shape, a->dimensions * sizeof *a->shape) == 0,
                "the shapes differ: %zu and %zu elements", a->count, b->count);
    FUZZ_ASSERT(memcmp(a->data, b->data, a->count * assay_element_size(a->element)) == 0, "the elements differ");
}

static void expect_vectors(const char *path, const assay_array *array)
{
    float *x;
    size_t rows, dimension;
    fuzz_poison(&x, sizeof x);
    const assay_status status = hnsw_recall_read(path, 0, &x, &rows, &dimension);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&x, sizeof x);
        return;
    }
    FUZZ_ASSERT(rows * dimension == array->count, "%zu x %zu of %zu numbers", rows, dimension, array->count);
    for (size_t i = 0; i < array->count; i++)
        FUZZ_ASSERT(x[i] == (float)number_at(array, i), "coordinate %zu is %g", i, (double)x[i]);
    free(x);
}

void fuzz_expect_table(const char *path, const assay_array *array)
{
    assay_table table;
    fuzz_poison(&table, sizeof table);
    const assay_status status = assay_read_table(path, &table);
    FUZZ_ASSERT((status == ASSAY_OK) == (array->count > 0), "%s: %zu numbers", assay_status_name(status), array->count);
    if (status == ASSAY_OK) {
        FUZZ_ASSERT(table.rows * table.columns == array->count, "%zu x %zu of %zu", table.rows, table.columns,
                    array->count);
        for (size_t i = 0; i < array->count; i++)
            FUZZ_ASSERT(table.values[i] == number_at(array, i), "number %zu is %g", i, table.values[i]);
        assay_table_release(&table);
    } else {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&table, sizeof table);
    }
    expect_vectors(path, array);
}

int fuzz_array(const char *name, const uint8_t *data, size_t size,
               assay_status (*read)(const char *path, assay_array *array),
               uint8_t *(*write)(const assay_array *array, size_t *size))
{
    const char *path = fuzz_file(name, data, size);
    assay_array array, again;
    fuzz_poison(&array, sizeof array);
    const assay_status status = read(path, &array);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&array, sizeof array);
        return 0;
    }
    fuzz_expect_array(&array);
    fuzz_expect_table(path, &array);
    size_t written;
    uint8_t *bytes = write(&array, &written);
    FUZZ_OK(read(fuzz_file(name, bytes, written), &again));
    fuzz_expect_same_arrays(&array, &again);
    free(bytes);
    assay_array_release(&array);
    assay_array_release(&again);
    return 0;
}
