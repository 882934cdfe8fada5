#include "core/arguments.h"

#include <stdint.h>

assay_status assay_check_map(const void *x, const void *y, size_t n, size_t size)
{
    if (n == 0)
        return ASSAY_OK;
    if (!x || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null, must point to n = %zu elements", x ? "y" : "x", n);
    size_t bytes;
    const uintptr_t from = (uintptr_t)x, to = (uintptr_t)y;
    if (__builtin_mul_overflow(n, size, &bytes) || from > UINTPTR_MAX - bytes || to > UINTPTR_MAX - bytes)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu: that many elements of %zu bytes do not fit in memory", n,
                          size);
    if (from != to && from < to + bytes && to < from + bytes)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "y overlaps x by %zu bytes, must be x itself or apart from it",
                          bytes - (size_t)(from < to ? to - from : from - to));
    return ASSAY_OK;
}
