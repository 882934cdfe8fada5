/* Matrix Market: a header, comments that begin with '%', a line of sizes, and a line for each entry. */
#include "assay/memory.h"
#include "core/readers.h"
#include "core/sparse.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FREE_SIZE = 1 << 20 }; /* rows and columns that any file may have */

typedef enum mtx_symmetry { GENERAL, SYMMETRIC, SKEW } mtx_symmetry;
typedef enum mtx_field { REAL, INTEGER, PATTERN } mtx_field;

typedef struct mtx_reader {
    const file_bytes *file;
    const char *at, *end;
    size_t line;
    locale_t plain;
    mtx_symmetry symmetry;
    mtx_field field;
    size_t rows, columns, entries; /* as the file says */
    size_t count;                  /* of triplets, mirrored ones included */
    size_t *rows_of, *columns_of, *lines;
    double *values;
} mtx_reader;

static assay_status bad(const mtx_reader *r, const char *what)
{
    return assay_fail(ASSAY_BAD_DATA, "%s:%zu: %s", r->file->path, r->line, what);
}

static bool at_line_end(const mtx_reader *r)
{
    return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'));
}

static void skip_blanks(mtx_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

/* To the next line that holds something and is no comment; false at the end of the file. */
static bool next_line(mtx_reader *r)
{
    for (;;) {
        while (r->at < r->end && *r->at != '\n')
            r->at++;
        if (r->at == r->end)
            return false;
        r->at++;
        r->line++;
        skip_blanks(r);
        if (!at_line_end(r) && *r->at != '%')
            return true;
    }
}

/* The next word of the line is one of @p words (null at the end, whatever the case). */
static assay_status read_word(mtx_reader *r, const char *what, const char *const *words, int *which)
{
    skip_blanks(r);
    const char *start = r->at;
    while (!at_line_end(r) && *r->at != ' ' && *r->at != '\t')
        r->at++;
    const size_t length = (size_t)(r->at - start);
    for (*which = 0; words[*which]; ++*which)
        if (strlen(words[*which]) == length && strncasecmp(words[*which], start, length) == 0)
            return ASSAY_OK;
    return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the %s is \"%.*s\", must be %s%s%s%s%s", r->file->path, r->line, what,
                      (int)(length < 40 ? length : 40), start, words[0], words[1] ? ", " : "", words[1] ? words[1] : "",
                      words[1] && words[2] ? " or " : "", words[1] && words[2] ? words[2] : "");
}

static assay_status read_header(mtx_reader *r)
{
    static const char *const banners[] = {"%%MatrixMarket", NULL}, *const objects[] = {"matrix", NULL};
    static const char *const formats[] = {"coordinate", NULL}, *const fields[] = {"real", "integer", "pattern", NULL};
    static const char *const symmetries[] = {"general", "symmetric", "skew-symmetric", NULL};
    int ignored = 0, field = 0, symmetry = 0;
    assay_status status = read_word(r, "first word", banners, &ignored);
    if (status == ASSAY_OK)
        status = read_word(r, "object", objects, &ignored);
    if (status == ASSAY_OK)
        status = read_word(r, "format", formats, &ignored);
    if (status == ASSAY_OK)
        status = read_word(r, "field", fields, &field);
    if (status == ASSAY_OK)
        status = read_word(r, "symmetry", symmetries, &symmetry);
    r->field = (mtx_field)field;
    r->symmetry = (mtx_symmetry)symmetry;
    skip_blanks(r);
    return status == ASSAY_OK && !at_line_end(r) ? bad(r, "more follows the header") : status;
}

static assay_status read_size(mtx_reader *r, const char *what, size_t *size)
{
    skip_blanks(r);
    const char *start = r->at;
    for (*size = 0; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(*size, (size_t)10, size) ||
            __builtin_add_overflow(*size, (size_t)(*r->at - '0'), size))
            return assay_fail(ASSAY_BAD_DATA, "%s:%zu: %s is too large", r->file->path, r->line, what);
    if (r->at == start || !(at_line_end(r) || *r->at == ' ' || *r->at == '\t'))
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: %s is not a number", r->file->path, r->line, what);
    return ASSAY_OK;
}

static assay_status read_sizes(mtx_reader *r)
{
    if (!next_line(r))
        return bad(r, "the file ends before the line of sizes");
    assay_status status = read_size(r, "the number of rows", &r->rows);
    if (status == ASSAY_OK)
        status = read_size(r, "the number of columns", &r->columns);
    if (status == ASSAY_OK)
        status = read_size(r, "the number of entries", &r->entries);
    skip_blanks(r);
    if (status != ASSAY_OK)
        return status;
    if (!at_line_end(r))
        return bad(r, "more follows the sizes");
    const size_t most = r->file->size > FREE_SIZE ? r->file->size : FREE_SIZE;
    const size_t limit = most < UINT32_MAX ? most : UINT32_MAX;
    if (r->rows < 1 || r->rows > limit || r->columns < 1 || r->columns > limit)
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the size is %zu x %zu, each must be 1 to %zu", r->file->path,
                          r->line, r->rows, r->columns, limit);
    if (r->symmetry != GENERAL && r->rows != r->columns)
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the size is %zu x %zu, a symmetric matrix must be square",
                          r->file->path, r->line, r->rows, r->columns);
    if (r->entries > r->file->size / 3) /* "1 1" and the line's end before it */
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: %zu entries do not fit in a file of %zu bytes", r->file->path,
                          r->line, r->entries, r->file->size);
    return ASSAY_OK;
}

static assay_status read_index(mtx_reader *r, const char *what, size_t limit, size_t *index)
{
    const assay_status status = read_size(r, what, index);
    if (status != ASSAY_OK)
        return status;
    if (*index < 1 || *index > limit)
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: %s is %zu, must be 1 to %zu", r->file->path, r->line, what, *index,
                          limit);
    --*index;
    return ASSAY_OK;
}

static assay_status read_value(mtx_reader *r, double *value)
{
    static const char starts[] = "+-.0123456789nNiI";
    *value = 1;
    if (r->field == PATTERN)
        return ASSAY_OK;
    skip_blanks(r);
    char *stop = (char *)r->at;
    if (!at_line_end(r) && memchr(starts, *r->at, sizeof starts - 1)) /* strtod would skip the end of the line */
        *value = strtod_l(r->at, &stop, r->plain);
    if (stop == r->at || stop > r->end)
        return bad(r, "the value is not a number");
    r->at = stop;
    if (!(at_line_end(r) || *r->at == ' ' || *r->at == '\t'))
        return bad(r, "the value is not a number");
    if (!isfinite(*value) || (r->field == INTEGER && (*value != trunc(*value) || fabs(*value) > 0x1p53)))
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the value is %g, must be %s", r->file->path, r->line, *value,
                          r->field == INTEGER ? "an integer of at most 2^53" : "finite");
    return ASSAY_OK;
}

static void add(mtx_reader *r, size_t row, size_t column, double value)
{
    r->rows_of[r->count] = row;
    r->columns_of[r->count] = column;
    r->values[r->count] = value;
    r->lines[r->count++] = r->line;
}

static assay_status read_entry(mtx_reader *r)
{
    size_t row = 0, column = 0;
    double value = 0;
    assay_status status = read_index(r, "the row", r->rows, &row);
    if (status == ASSAY_OK)
        status = read_index(r, "the column", r->columns, &column);
    if (status == ASSAY_OK)
        status = read_value(r, &value);
    skip_blanks(r);
    if (status != ASSAY_OK)
        return status;
    if (!at_line_end(r))
        return bad(r, "more follows the entry");
    if (r->symmetry != GENERAL && row < column)
        return bad(r, "the entry is above the diagonal of a symmetric matrix");
    if (r->symmetry == SKEW && row == column)
        return bad(r, "the entry is on the diagonal of a skew-symmetric matrix");
    add(r, row, column, value);
    if (r->symmetry != GENERAL && row != column)
        add(r, column, row, r->symmetry == SKEW ? -value : value);
    return ASSAY_OK;
}

static assay_status read_entries(mtx_reader *r)
{
    const size_t most = r->symmetry == GENERAL ? r->entries : 2 * r->entries; /* no overflow: a third of the file */
    r->rows_of = assay_allocate(most, sizeof *r->rows_of);
    r->columns_of = assay_allocate(most, sizeof *r->columns_of);
    r->lines = assay_allocate(most, sizeof *r->lines);
    r->values = assay_allocate(most, sizeof *r->values);
    if (!r->rows_of || !r->columns_of || !r->lines || !r->values)
        return assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu entries", r->file->path, most);
    for (size_t k = 0; k < r->entries; k++) {
        if (!next_line(r))
            return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the file ends after %zu of %zu entries", r->file->path, r->line,
                              k, r->entries);
        const assay_status status = read_entry(r);
        if (status != ASSAY_OK)
            return status;
    }
    return next_line(r)
               ? assay_fail(ASSAY_BAD_DATA, "%s:%zu: more follows the %zu entries", r->file->path, r->line, r->entries)
               : ASSAY_OK;
}

static assay_status assemble(const mtx_reader *r, assay_csr *a)
{
    size_t repeated = SIZE_MAX;
    assay_csr made;
    const triplets t = {r->rows, r->columns, r->count, r->rows_of, r->columns_of, r->values};
    const assay_status status = csr_assemble(&t, &made, &repeated);
    if (status != ASSAY_OK)
        return status;
    if (repeated != SIZE_MAX) {
        assay_csr_release(&made);
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: row %zu and column %zu have had an entry before", r->file->path,
                          r->lines[repeated], r->rows_of[repeated] + 1, r->columns_of[repeated] + 1);
    }
    *a = made;
    return ASSAY_OK;
}

assay_status assay_read_mtx(const char *path, assay_csr *a)
{
    if (!a)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "a is null");
    file_bytes file;
    assay_status status = file_read(path, &file);
    if (status != ASSAY_OK)
        return status;
    mtx_reader r = {.file = &file, .at = (const char *)file.bytes, .line = 1};
    r.end = r.at + file.size;
    r.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    status = r.plain ? read_header(&r) : assay_fail(ASSAY_NO_MEMORY, "%s: no memory for a locale", path);
    if (status == ASSAY_OK)
        status = read_sizes(&r);
    if (status == ASSAY_OK)
        status = read_entries(&r);
    if (status == ASSAY_OK)
        status = assemble(&r, a);
    assay_release(r.rows_of);
    assay_release(r.columns_of);
    assay_release(r.lines);
    assay_release(r.values);
    if (r.plain)
        freelocale(r.plain);
    file_release(&file);
    return status;
}
