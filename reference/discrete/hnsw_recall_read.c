/* Vectors from files. */
#include "assay/memory.h"
#include "assay/readers.h"
#include "reference/discrete/hnsw_recall_index.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);
    return length >= end && strcmp(name + length - end, ending) == 0;
}

static float number_at(const assay_array *array, size_t i)
{
    switch (array->element) {
    case ASSAY_ELEMENT_U8: return ((const uint8_t *)array->data)[i];
    case ASSAY_ELEMENT_F64: return (float)((const double *)array->data)[i];
    default: return ((const float *)array->data)[i];
    }
}

/* A table as an array, which takes its numbers over. */
static assay_status read_table(const char *path, assay_array *array)
{
    assay_table table = {0};
    const assay_status status = assay_read_csv(path, &table);
    if (status != ASSAY_OK)
        return status;
    array->data = assay_allocate(table.rows * table.columns, sizeof(double));
    if (array->data) {
        memcpy(array->data, table.values, table.rows * table.columns * sizeof(double));
        array->element = ASSAY_ELEMENT_F64;
        array->dimensions = 2;
        array->shape[0] = table.rows;
        array->shape[1] = table.columns;
        array->count = table.rows * table.columns;
    }
    assay_table_release(&table);
    return array->data ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static assay_status read_array(const char *path, assay_array *array)
{
    if (ends_with(path, ".fvecs"))
        return assay_read_fvecs(path, array);
    if (ends_with(path, ".npy"))
        return assay_read_npy(path, array);
    if (ends_with(path, ".idx"))
        return assay_read_idx(path, array);
    if (ends_with(path, ".csv"))
        return read_table(path, array);
    return assay_fail(ASSAY_BAD_DATA, "%s must end with .fvecs, .npy, .idx or .csv", path);
}

static assay_status convert(const char *path, const assay_array *array, size_t most, float **x, size_t *rows,
                            size_t *dimension)
{
    const bool numbers = array->element == ASSAY_ELEMENT_U8 || array->element == ASSAY_ELEMENT_F32 ||
                         array->element == ASSAY_ELEMENT_F64;
    if (!numbers || array->dimensions < 2 || array->count == 0)
        return assay_fail(ASSAY_BAD_DATA, "%s has no rows of bytes, float or double", path);
    const size_t width = array->count / array->shape[0];
    const size_t count = most && most < array->shape[0] ? most : array->shape[0];
    if (width > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_BAD_DATA, "%s has rows of %zu numbers, must be at most %d", path, width,
                          HNSW_RECALL_DIMENSIONS);
    float *read = malloc(count * width * sizeof *read);
    if (!read)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu rows of %s", count, path);
    for (size_t i = 0; i < count * width; i++)
        read[i] = number_at(array, i);
    if (!hnsw_within(read, count * width)) {
        free(read);
        return assay_fail(ASSAY_BAD_DATA, "%s has a number that is not finite, or above %g", path,
                          (double)HNSW_RECALL_LARGEST);
    }
    *x = read;
    *rows = count;
    *dimension = width;
    return ASSAY_OK;
}

assay_status hnsw_recall_read(const char *path, size_t most, float **x, size_t *rows, size_t *dimension)
{
    if (!path || !x || !rows || !dimension)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !path   ? "path"
                          : !x    ? "x"
                          : !rows ? "rows"
                                  : "dimension");
    assay_array array = {0};
    assay_status status = read_array(path, &array);
    if (status == ASSAY_OK)
        status = convert(path, &array, most, x, rows, dimension);
    assay_array_release(&array);
    return status;
}
