/* .fvecs and .ivecs: rows of 4-byte elements, each with its length before it, little-endian. */
#include "core/readers.h"

#include "assay/memory.h"

static uint32_t length_at(const file_bytes *file, size_t offset)
{
    uint32_t length;
    elements_copy(&length, file->bytes + offset, 1, sizeof length, false);
    return length;
}

static assay_status read_rows(const file_bytes *file, assay_array *array)
{
    if (file->size < 4)
        return assay_fail(ASSAY_BAD_DATA, "%s: is truncated at byte %zu", file->path, file->size);
    const uint32_t columns = length_at(file, 0);
    if (columns < 1 || columns > INT32_MAX)
        return assay_fail(ASSAY_BAD_DATA, "%s: the first row has length %d, must be at least 1", file->path,
                          (int)columns);
    const uint64_t stride = 4 * ((uint64_t)columns + 1);
    if (file->size % stride)
        return assay_fail(ASSAY_BAD_DATA, "%s: has %zu bytes, must be a multiple of %llu (rows of length %u)",
                          file->path, file->size, (unsigned long long)stride, columns);
    array->dimensions = 2;
    array->shape[0] = (size_t)(file->size / stride);
    array->shape[1] = columns;
    array->count = array->shape[0] * array->shape[1]; /* no overflow: the file holds that many */
    array->data = assay_allocate(array->count, 4);
    if (!array->data)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu elements", file->path, array->count);
    for (size_t row = 0; row < array->shape[0]; row++) {
        const size_t offset = row * (size_t)stride;
        if (length_at(file, offset) != columns)
            return assay_fail(ASSAY_BAD_DATA, "%s: byte %zu: row %zu has length %d, must be %u as the first",
                              file->path, offset, row, (int)length_at(file, offset), columns);
        elements_copy((char *)array->data + row * columns * 4, file->bytes + offset + 4, columns, 4, false);
    }
    return array_check_finite(array, file->path);
}

static assay_status read_fvecs(const file_bytes *file, assay_array *array)
{
    array->element = ASSAY_ELEMENT_F32;
    return read_rows(file, array);
}

static assay_status read_ivecs(const file_bytes *file, assay_array *array)
{
    array->element = ASSAY_ELEMENT_I32;
    return read_rows(file, array);
}

assay_status assay_read_fvecs(const char *path, assay_array *array)
{
    return array_read(path, array, read_fvecs);
}

assay_status assay_read_ivecs(const char *path, assay_array *array)
{
    return array_read(path, array, read_ivecs);
}
