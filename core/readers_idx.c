/* IDX: two zero bytes, the type, the number of dimensions, the sizes and the data, all big-endian. */
#include "core/readers.h"

static bool find_element(unsigned code, assay_element *element)
{
    switch (code) {
    case 0x08: *element = ASSAY_ELEMENT_U8; return true;
    case 0x09: *element = ASSAY_ELEMENT_I8; return true;
    case 0x0b: *element = ASSAY_ELEMENT_I16; return true;
    case 0x0c: *element = ASSAY_ELEMENT_I32; return true;
    case 0x0d: *element = ASSAY_ELEMENT_F32; return true;
    case 0x0e: *element = ASSAY_ELEMENT_F64; return true;
    default: return false;
    }
}

static assay_status read_array(const file_bytes *file, assay_array *array)
{
    const unsigned char *bytes = file->bytes;
    if (file->size < 4)
        return assay_fail(ASSAY_BAD_DATA, "%s: is truncated at byte %zu", file->path, file->size);
    if (bytes[0] || bytes[1])
        return assay_fail(ASSAY_BAD_DATA, "%s: begins with bytes %02x %02x, must be 00 00 in an IDX file", file->path,
                          bytes[0], bytes[1]);
    if (!find_element(bytes[2], &array->element))
        return assay_fail(ASSAY_BAD_DATA, "%s: byte 2, the type, is 0x%02x, must be 08, 09, 0b, 0c, 0d or 0e",
                          file->path, bytes[2]);
    if (bytes[3] < 1 || bytes[3] > ASSAY_DIMENSIONS)
        return assay_fail(ASSAY_BAD_DATA, "%s: byte 3, the number of dimensions, is %u, must be 1 to %d", file->path,
                          bytes[3], ASSAY_DIMENSIONS);
    array->dimensions = bytes[3];
    const size_t offset = 4 + 4 * array->dimensions;
    if (file->size < offset)
        return assay_fail(ASSAY_BAD_DATA, "%s: is truncated at byte %zu, within the sizes", file->path, file->size);
    for (size_t i = 0; i < array->dimensions; i++) {
        uint32_t size;
        elements_copy(&size, bytes + 4 + 4 * i, 1, sizeof size, true);
        array->shape[i] = size;
    }
    return array_from_bytes(file, offset, true, array);
}

assay_status assay_read_idx(const char *path, assay_array *array)
{
    return array_read(path, array, read_array);
}
