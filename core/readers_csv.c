/* Comma-separated numbers. */
#include "core/readers.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A walk through the text. Lines and columns count from 1. */
typedef struct csv_reader {
    const char *path, *at, *end;
    locale_t plain; /* where the decimal point is a point */
    double *values;
    size_t count, capacity, line, columns;
} csv_reader;

static bool append(csv_reader *r, double value)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 1024;
        double *values = capacity > SIZE_MAX / sizeof *values ? NULL : realloc(r->values, capacity * sizeof *values);
        if (!values)
            return false;
        r->values = values;
        r->capacity = capacity;
    }
    r->values[r->count++] = value;
    return true;
}

static void skip_blanks(csv_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool at_line_end(const csv_reader *r)
{
    return r->at == r->end || *r->at == '\n';
}

/* What stands in the way of a number, for the message. */
static assay_status complain(const csv_reader *r, size_t column)
{
    const char *stop = r->at;
    while (stop < r->end && *stop != ',' && *stop != '\n' && *stop != '\r' && stop - r->at < 32)
        stop++;
    char shown[33];
    size_t length = (size_t)(stop - r->at);
    for (size_t i = 0; i < length; i++)
        shown[i] = r->at[i] >= ' ' && r->at[i] <= '~' ? r->at[i] : '?';
    shown[length] = '\0';
    return assay_fail(ASSAY_BAD_DATA, "%s:%zu: column %zu is \"%s\", must be a finite number", r->path, r->line, column,
                      shown);
}

static assay_status read_number(csv_reader *r, size_t column)
{
    skip_blanks(r);
    /* strtod alone would also take leading newlines, "nan" and "inf". */
    if (at_line_end(r) || !strchr("+-.0123456789", *r->at) || *r->at == '\0')
        return complain(r, column);
    char *stop;
    const double value = strtod_l(r->at, &stop, r->plain);
    if (stop == r->at || !isfinite(value) || stop > r->end)
        return complain(r, column);
    const char *start = r->at;
    r->at = stop;
    skip_blanks(r);
    if (!at_line_end(r) && *r->at != ',') {
        r->at = start;
        return complain(r, column);
    }
    return append(r, value) ? ASSAY_OK
                            : assay_fail(ASSAY_NO_MEMORY, "%s: no memory for %zu numbers", r->path, r->count + 1);
}

static assay_status read_line(csv_reader *r)
{
    size_t columns = 0;
    for (bool more = true; more;) {
        const assay_status status = read_number(r, ++columns);
        if (status != ASSAY_OK)
            return status;
        more = !at_line_end(r);
        r->at += more;
    }
    if (r->columns == 0)
        r->columns = columns;
    if (columns != r->columns)
        return assay_fail(ASSAY_BAD_DATA, "%s:%zu: has %zu columns, must have %zu as the first line", r->path, r->line,
                          columns, r->columns);
    return ASSAY_OK;
}

static assay_status read_lines(csv_reader *r)
{
    for (r->line = 1; r->at < r->end; r->line++) {
        skip_blanks(r);
        if (!at_line_end(r) && *r->at == '#')
            while (!at_line_end(r))
                r->at++;
        const assay_status status = at_line_end(r) ? ASSAY_OK : read_line(r);
        if (status != ASSAY_OK)
            return status;
        r->at += r->at < r->end;
    }
    return r->count ? ASSAY_OK : assay_fail(ASSAY_BAD_DATA, "%s: holds no numbers", r->path);
}

assay_status assay_read_csv(const char *path, assay_table *table)
{
    if (!table)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "table is null");
    file_bytes file;
    assay_status status = file_read(path, &file);
    if (status != ASSAY_OK)
        return status;
    csv_reader r = {.path = path, .at = (const char *)file.bytes, .end = (const char *)file.bytes + file.size};
    r.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    status = r.plain ? read_lines(&r) : assay_fail(ASSAY_NO_MEMORY, "%s: no memory for a locale", path);
    if (status == ASSAY_OK)
        *table = (assay_table){r.values, r.count / r.columns, r.columns};
    else
        free(r.values);
    if (r.plain)
        freelocale(r.plain);
    file_release(&file);
    return status;
}

void assay_table_release(assay_table *table)
{
    free(table->values);
    *table = (assay_table){0};
}
