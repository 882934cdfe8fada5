/* .fvecs and .ivecs: the same bytes as either. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t *write(const assay_array *array, size_t *size)
{
    char *bytes;
    FILE *out = open_memstream(&bytes, size);
    FUZZ_ASSERT(array->dimensions == 2 && array->shape[1] <= INT32_MAX, "%zu dimensions", array->dimensions);
    const uint32_t length = (uint32_t)array->shape[1];
    for (size_t i = 0; i < array->shape[0]; i++) {
        fwrite(&length, sizeof length, 1, out);
        fwrite((const uint8_t *)array->data + 4 * i * length, 4, length, out);
    }
    FUZZ_ASSERT(fclose(out) == 0, "no memory");
    return (uint8_t *)bytes;
}

int fuzz_vecs(const uint8_t *data, size_t size)
{
    fuzz_array("input.fvecs", data, size, assay_read_fvecs, write);
    return fuzz_array("input.ivecs", data, size, assay_read_ivecs, write);
}
