/* .npy files. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = {
    [ASSAY_ELEMENT_U8] = "|u1",  [ASSAY_ELEMENT_I8] = "|i1",  [ASSAY_ELEMENT_I16] = "<i2", [ASSAY_ELEMENT_I32] = "<i4",
    [ASSAY_ELEMENT_I64] = "<i8", [ASSAY_ELEMENT_F32] = "<f4", [ASSAY_ELEMENT_F64] = "<f8"};

/* As NumPy writes it, but for the padding of the header. */
static uint8_t *write(const assay_array *array, size_t *size)
{
    char *bytes;
    FILE *out = open_memstream(&bytes, size);
    char header[512];
    int length =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[array->element]);
    for (size_t i = 0; i < array->dimensions; i++)
        length += snprintf(header + length, sizeof header - (size_t)length, "%zu, ", array->shape[i]);
    length += snprintf(header + length, sizeof header - (size_t)length, "), }\n");
    fwrite("\x93NUMPY\x01", 1, 8, out);
    fputc(length & 255, out);
    fputc(length >> 8, out);
    fwrite(header, 1, (size_t)length, out);
    fwrite(array->data, assay_element_size(array->element), array->count, out);
    FUZZ_ASSERT(fclose(out) == 0, "no memory");
    return (uint8_t *)bytes;
}

int fuzz_npy(const uint8_t *data, size_t size)
{
    return fuzz_array("input.npy", data, size, assay_read_npy, write);
}
