/* What the readers share: a whole file in memory, and the making of results. */
#include "core/readers.h"

#include "assay/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static assay_status read_descriptor(int descriptor, file_bytes *file)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        return assay_fail(ASSAY_IO, "%s: %s", file->path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return assay_fail(ASSAY_IO, "%s: is not a regular file", file->path);
    if ((uint64_t)about.st_size > ASSAY_FILE_LIMIT || (uint64_t)about.st_size >= SIZE_MAX)
        return assay_fail(ASSAY_BAD_DATA, "%s: has %lld bytes, must have at most %llu", file->path,
                          (long long)about.st_size, (unsigned long long)ASSAY_FILE_LIMIT);
    const size_t size = (size_t)about.st_size;
    file->bytes = malloc(size + 1);
    if (!file->bytes)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu bytes", file->path, size);
    while (file->size < size) {
        const ssize_t got = read(descriptor, file->bytes + file->size, size - file->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return assay_fail(ASSAY_IO, "%s: %s", file->path, strerror(errno));
        if (got == 0)
            return assay_fail(ASSAY_IO, "%s: ended at byte %zu of %zu while it was read", file->path, file->size, size);
        file->size += (size_t)got;
    }
    file->bytes[size] = 0;
    return ASSAY_OK;
}

assay_status file_read(const char *path, file_bytes *file)
{
    *file = (file_bytes){.path = path};
    if (!path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "path is null");
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return assay_fail(ASSAY_IO, "%s: %s", path, strerror(errno));
    const assay_status status = read_descriptor(descriptor, file);
    close(descriptor);
    if (status != ASSAY_OK)
        file_release(file);
    return status;
}

void file_release(file_bytes *file)
{
    free(file->bytes);
    *file = (file_bytes){0};
}

/* Multiplies the shape out to a count of elements whose size in bytes is also representable; false on overflow. */
static bool count_elements(assay_array *array)
{
    size_t bytes = assay_element_size(array->element);
    array->count = 1;
    /* A zero among the factors makes the product 0, but an overflow among the others is still nonsense. */
    for (size_t i = 0; i < array->dimensions; i++) {
        if (__builtin_mul_overflow(bytes, array->shape[i] ? array->shape[i] : 1, &bytes))
            return false;
        array->count *= array->shape[i];
    }
    return true;
}

void elements_copy(void *to, const unsigned char *from, size_t count, size_t element_size, bool big_endian)
{
    const bool machine_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    unsigned char *out = to;
    if (big_endian == machine_is_big || element_size == 1) {
        if (count)
            memcpy(out, from, count * element_size);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < element_size; b++)
            out[i * element_size + b] = from[(i + 1) * element_size - 1 - b];
}

assay_status array_check_finite(const assay_array *array, const char *path)
{
    const float *singles = array->data;
    const double *doubles = array->data;
    if (array->element != ASSAY_ELEMENT_F32 && array->element != ASSAY_ELEMENT_F64)
        return ASSAY_OK;
    for (size_t i = 0; i < array->count; i++) {
        const double value = array->element == ASSAY_ELEMENT_F32 ? (double)singles[i] : doubles[i];
        if (!isfinite(value))
            return assay_fail(ASSAY_BAD_DATA, "%s: element %zu is %g, must be finite", path, i, value);
    }
    return ASSAY_OK;
}

assay_status array_from_bytes(const file_bytes *file, size_t offset, bool big_endian, assay_array *array)
{
    const size_t size = assay_element_size(array->element), rest = file->size - offset;
    if (!count_elements(array))
        return assay_fail(ASSAY_BAD_DATA, "%s: the shape overflows", file->path);
    if (array->count * size != rest)
        return assay_fail(ASSAY_BAD_DATA, "%s: the shape needs %zu bytes of data, but %zu follow byte %zu", file->path,
                          array->count * size, rest, offset);
    array->data = assay_allocate(array->count, size);
    if (!array->data)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu elements", file->path, array->count);
    elements_copy(array->data, file->bytes + offset, array->count, size, big_endian);
    return array_check_finite(array, file->path);
}

assay_status array_read(const char *path, assay_array *array,
                        assay_status (*parse)(const file_bytes *file, assay_array *array))
{
    if (!array)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "array is null");
    file_bytes file;
    assay_array made = {0};
    assay_status status = file_read(path, &file);
    if (status != ASSAY_OK)
        return status;
    status = parse(&file, &made);
    if (status == ASSAY_OK)
        *array = made;
    else
        assay_array_release(&made);
    file_release(&file);
    return status;
}

size_t assay_element_size(assay_element element)
{
    switch (element) {
    case ASSAY_ELEMENT_U8:
    case ASSAY_ELEMENT_I8: return 1;
    case ASSAY_ELEMENT_I16: return 2;
    case ASSAY_ELEMENT_I32:
    case ASSAY_ELEMENT_F32: return 4;
    case ASSAY_ELEMENT_I64:
    case ASSAY_ELEMENT_F64: return 8;
    }
    return 0;
}

void assay_array_release(assay_array *array)
{
    assay_release(array->data);
    *array = (assay_array){0};
}
