/* IDX files. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>

static void put_reversed(FILE *out, const void *number, size_t size)
{
    for (size_t i = size; i-- > 0;)
        fputc(((const uint8_t *)number)[i], out);
}

static uint8_t *write(const assay_array *array, size_t *size)
{
    static const uint8_t codes[] = {[ASSAY_ELEMENT_U8] = 0x08,  [ASSAY_ELEMENT_I8] = 0x09,  [ASSAY_ELEMENT_I16] = 0x0b,
                                    [ASSAY_ELEMENT_I32] = 0x0c, [ASSAY_ELEMENT_F32] = 0x0d, [ASSAY_ELEMENT_F64] = 0x0e};
    char *bytes;
    FILE *out = open_memstream(&bytes, size);
    const uint8_t head[4] = {0, 0, codes[array->element], (uint8_t)array->dimensions};
    const size_t element = assay_element_size(array->element);
    fwrite(head, 1, sizeof head, out);
    for (size_t i = 0; i < array->dimensions; i++) {
        const uint32_t length = (uint32_t)array->shape[i];
        put_reversed(out, &length, sizeof length);
    }
    for (size_t i = 0; i < array->count; i++)
        put_reversed(out, (const uint8_t *)array->data + i * element, element);
    FUZZ_ASSERT(fclose(out) == 0, "no memory");
    return (uint8_t *)bytes;
}

int fuzz_idx(const uint8_t *data, size_t size)
{
    return fuzz_array("input.idx", data, size, assay_read_idx, write);
}
