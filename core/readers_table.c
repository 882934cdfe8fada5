/* Any file of numbers as a table of rows, by the ending of its name. */
#include "assay/readers.h"

#include <stdlib.h>
#include <string.h>

static double element_at(const assay_array *array, size_t i)
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

/* Rows along the first dimension, all others in the columns; a single list of numbers is one column. */
static assay_status tabulate(const char *path, const assay_array *array, assay_table *table)
{
    const size_t rows = array->dimensions ? array->shape[0] : 1;
    if (array->count == 0)
        return assay_fail(ASSAY_BAD_DATA, "%s: holds no numbers", path);
    if (array->count > SIZE_MAX / sizeof(double))
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu numbers", path, array->count);
    double *values = malloc(array->count * sizeof *values);
    if (!values)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu numbers", path, array->count);
    for (size_t i = 0; i < array->count; i++)
        values[i] = element_at(array, i);
    *table = (assay_table){values, rows, array->count / rows};
    return ASSAY_OK;
}

assay_status assay_read_table(const char *path, assay_table *table)
{
    static const struct {
        const char *ending;
        assay_status (*read)(const char *path, assay_array *array);
    } readers[] = {
        {".npy", assay_read_npy}, {".idx", assay_read_idx}, {".fvecs", assay_read_fvecs}, {".ivecs", assay_read_ivecs}};
    if (!path || !table)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "table" : "path");
    const char *ending = strrchr(path, '.');
    if (ending && strcmp(ending, ".csv") == 0)
        return assay_read_csv(path, table);
    for (size_t i = 0; ending && i < sizeof readers / sizeof *readers; i++) {
        assay_array array;
        if (strcmp(ending, readers[i].ending) != 0)
            continue;
        assay_status status = readers[i].read(path, &array);
        if (status != ASSAY_OK)
            return status;
        status = tabulate(path, &array, table);
        assay_array_release(&array);
        return status;
    }
    return assay_fail(ASSAY_BAD_DATA, "%s: the name must end in .csv, .npy, .fvecs, .ivecs or .idx", path);
}
