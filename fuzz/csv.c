/* CSV files. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/hnsw_recall.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_same(const assay_table *a, const assay_table *b)
{
    FUZZ_ASSERT(a->rows == b->rows && a->columns == b->columns, "%zu x %zu and %zu x %zu", a->rows, a->columns, b->rows,
                b->columns);
    FUZZ_ASSERT(memcmp(a->values, b->values, a->rows * a->columns * sizeof *a->values) == 0, "the numbers differ");
}

static void expect_round_trip(const assay_table *table)
{
    char *bytes;
    size_t size;
    assay_table again;
    FILE *out = open_memstream(&bytes, &size);
    for (size_t i = 0; i < table->rows; i++)
        for (size_t j = 0; j < table->columns; j++)
            fprintf(out, "%.17g%c", table->values[i * table->columns + j], j + 1 < table->columns ? ',' : '\n');
    FUZZ_ASSERT(fclose(out) == 0, "no memory");
    FUZZ_OK(assay_read_csv(fuzz_file("again.csv", bytes, size), &again));
    expect_same(table, &again);
    assay_table_release(&again);
    free(bytes);
}

int fuzz_csv(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("input.csv", data, size);
    assay_table table, by_name;
    float *x = NULL;
    size_t rows, columns;
    fuzz_poison(&table, sizeof table);
    const assay_status status = assay_read_csv(path, &table);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&table, sizeof table);
        FUZZ_ASSERT(hnsw_recall_read(path, 0, &x, &rows, &columns) != ASSAY_OK, "vectors of a file that is none");
        return 0;
    }
    FUZZ_ASSERT(table.rows >= 1 && table.columns >= 1, "%zu x %zu", table.rows, table.columns);
    for (size_t i = 0; i < table.rows * table.columns; i++)
        FUZZ_ASSERT(isfinite(table.values[i]), "number %zu is %g", i, table.values[i]);
    FUZZ_OK(assay_read_table(path, &by_name));
    expect_same(&table, &by_name);
    assay_table_release(&by_name);
    expect_round_trip(&table);
    if (hnsw_recall_read(path, 0, &x, &rows, &columns) == ASSAY_OK) {
        FUZZ_ASSERT(rows == table.rows && columns == table.columns, "%zu x %zu vectors", rows, columns);
        free(x);
    }
    assay_table_release(&table);
    return 0;
}
