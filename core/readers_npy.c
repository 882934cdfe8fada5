/* NumPy's .npy: a magic word, a version, and a header that is a Python dictionary with three keys. */
#include "core/readers.h"

#include <stdlib.h>
#include <string.h>

/* The header's text and what it says. */
typedef struct npy_header {
    const char *path, *text, *at, *end;
    assay_array shape; /* element, dimensions and shape */
    bool big_endian, have_type, have_order, have_shape;
} npy_header;

static assay_status malformed(const npy_header *h, const char *what)
{
    return assay_fail(ASSAY_BAD_DATA, "%s: header byte %td: %s", h->path, h->at - h->text, what);
}

static void skip_blanks(npy_header *h)
{
    while (h->at < h->end && strchr(" \t\n", *h->at) && *h->at)
        h->at++;
}

/* Takes @p word if the text continues with it. */
static bool take(npy_header *h, const char *word)
{
    skip_blanks(h);
    const size_t length = strlen(word);
    if ((size_t)(h->end - h->at) < length || memcmp(h->at, word, length) != 0)
        return false;
    h->at += length;
    return true;
}

static bool take_quoted(npy_header *h, char *word, size_t size)
{
    skip_blanks(h);
    if (h->at == h->end || (*h->at != '\'' && *h->at != '"'))
        return false;
    const char *start = h->at + 1, *stop = memchr(start, *h->at, (size_t)(h->end - start));
    if (!stop || (size_t)(stop - start) >= size)
        return false;
    memcpy(word, start, (size_t)(stop - start));
    word[stop - start] = '\0';
    h->at = stop + 1;
    return true;
}

static assay_status read_type(npy_header *h)
{
    static const struct {
        const char *name;
        assay_element element;
    } types[] = {{"u1", ASSAY_ELEMENT_U8},  {"i1", ASSAY_ELEMENT_I8},  {"i2", ASSAY_ELEMENT_I16},
                 {"i4", ASSAY_ELEMENT_I32}, {"i8", ASSAY_ELEMENT_I64}, {"f4", ASSAY_ELEMENT_F32},
                 {"f8", ASSAY_ELEMENT_F64}};
    char text[16];
    if (!take_quoted(h, text, sizeof text) || !*text || !strchr("<>|=", *text))
        return malformed(h, "the type is not a simple one");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(text + 1, types[i].name) == 0) {
            h->shape.element = types[i].element;
            h->big_endian = *text == '>' || (*text == '=' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
            h->have_type = true;
            return ASSAY_OK;
        }
    }
    return assay_fail(ASSAY_BAD_DATA, "%s: elements are \"%s\", must be u1, i1, i2, i4, i8, f4 or f8", h->path, text);
}

static assay_status read_order(npy_header *h)
{
    if (take(h, "True"))
        return assay_fail(ASSAY_BAD_DATA, "%s: is in Fortran order, must be in C order", h->path);
    if (!take(h, "False"))
        return malformed(h, "fortran_order is neither True nor False");
    h->have_order = true;
    return ASSAY_OK;
}

static assay_status read_size(npy_header *h, size_t *size)
{
    *size = 0;
    const char *start = h->at;
    for (; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++)
        if (__builtin_mul_overflow(*size, (size_t)10, size) ||
            __builtin_add_overflow(*size, (size_t)(*h->at - '0'), size))
            return malformed(h, "a size of the shape is too large");
    return h->at > start ? ASSAY_OK : malformed(h, "a size of the shape is not a number");
}

static assay_status read_shape(npy_header *h)
{
    if (!take(h, "("))
        return malformed(h, "the shape does not begin with '('");
    h->shape.dimensions = 0;
    while (!take(h, ")")) {
        if (h->shape.dimensions == ASSAY_DIMENSIONS)
            return assay_fail(ASSAY_BAD_DATA, "%s: has more than %d dimensions", h->path, ASSAY_DIMENSIONS);
        const assay_status status = read_size(h, &h->shape.shape[h->shape.dimensions]);
        if (status != ASSAY_OK)
            return status;
        h->shape.dimensions++;
        if (!take(h, ",") && !(take(h, ")") && (h->at--, true)))
            return malformed(h, "the shape does not go on with ',' or ')'");
    }
    h->have_shape = true;
    return ASSAY_OK;
}

static assay_status read_dictionary(npy_header *h)
{
    if (!take(h, "{"))
        return malformed(h, "does not begin with '{'");
    while (!take(h, "}")) {
        char key[16];
        assay_status status;
        if (!take_quoted(h, key, sizeof key) || !take(h, ":"))
            return malformed(h, "is not a key with ':'");
        if (strcmp(key, "descr") == 0)
            status = read_type(h);
        else if (strcmp(key, "fortran_order") == 0)
            status = read_order(h);
        else if (strcmp(key, "shape") == 0)
            status = read_shape(h);
        else
            status = malformed(h, "has an unknown key");
        if (status != ASSAY_OK)
            return status;
        if (!take(h, ",") && !(take(h, "}") && (h->at--, true)))
            return malformed(h, "does not go on with ',' or '}'");
    }
    if (!h->have_type || !h->have_order || !h->have_shape)
        return assay_fail(ASSAY_BAD_DATA, "%s: header lacks %s", h->path,
                          h->have_type ? h->have_order ? "shape" : "fortran_order" : "descr");
    return ASSAY_OK;
}

/* Finds the header's text; @p data_offset is where the data begin. */
static assay_status find_header(const file_bytes *file, npy_header *h, size_t *data_offset)
{
    const unsigned char *bytes = file->bytes;
    if (file->size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return assay_fail(ASSAY_BAD_DATA, "%s: does not begin as a .npy file", file->path);
    if (bytes[6] < 1 || bytes[6] > 3)
        return assay_fail(ASSAY_BAD_DATA, "%s: is of .npy version %u, must be 1 to 3", file->path, bytes[6]);
    const size_t prefix = bytes[6] == 1 ? 10 : 12;
    if (file->size < prefix)
        return assay_fail(ASSAY_BAD_DATA, "%s: is truncated at byte %zu", file->path, file->size);
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    if (prefix == 12)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > file->size - prefix)
        return assay_fail(ASSAY_BAD_DATA, "%s: the header has %zu bytes, but only %zu follow", file->path, length,
                          file->size - prefix);
    *h = (npy_header){.path = file->path, .text = (const char *)bytes + prefix};
    h->at = h->text;
    h->end = h->text + length;
    *data_offset = prefix + length;
    return ASSAY_OK;
}

static assay_status read_array(const file_bytes *file, assay_array *array)
{
    npy_header h;
    size_t offset = 0;
    assay_status status = find_header(file, &h, &offset);
    if (status == ASSAY_OK)
        status = read_dictionary(&h);
    if (status != ASSAY_OK)
        return status;
    *array = h.shape;
    return array_from_bytes(file, offset, h.big_endian, array);
}

assay_status assay_read_npy(const char *path, assay_array *array)
{
    return array_read(path, array, read_array);
}
