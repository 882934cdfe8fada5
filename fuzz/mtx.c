/* Matrix Market files. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/sparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_same(const assay_csr *a, const assay_csr *b)
{
    FUZZ_ASSERT(a->rows == b->rows && a->columns == b->columns, "%zu x %zu and %zu x %zu", a->rows, a->columns, b->rows,
                b->columns);
    FUZZ_ASSERT(memcmp(a->starts, b->starts, (a->rows + 1) * sizeof *a->starts) == 0, "the rows differ");
    FUZZ_ASSERT(memcmp(a->indices, b->indices, a->starts[a->rows] * sizeof *a->indices) == 0, "the columns differ");
    FUZZ_ASSERT(memcmp(a->values, b->values, a->starts[a->rows] * sizeof *a->values) == 0, "the values differ");
}

static void expect_round_trip(const assay_csr *a)
{
    char *bytes;
    size_t size;
    assay_csr again;
    FILE *out = open_memstream(&bytes, &size);
    fprintf(out, "%%%%MatrixMarket matrix coordinate real general\n%zu %zu %zu\n", a->rows, a->columns,
            a->starts[a->rows]);
    for (size_t i = 0; i < a->rows; i++)
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            fprintf(out, "%zu %zu %.17g\n", i + 1, (size_t)a->indices[k] + 1, a->values[k]);
    FUZZ_ASSERT(fclose(out) == 0, "no memory");
    FUZZ_OK(assay_read_mtx(fuzz_file("again.mtx", bytes, size), &again));
    expect_same(a, &again);
    assay_csr_release(&again);
    free(bytes);
}

static void expect_transpose(const assay_csr *a)
{
    assay_csr transpose, back;
    FUZZ_OK(assay_csr_transpose(a, &transpose));
    FUZZ_OK(assay_csr_check(&transpose));
    FUZZ_OK(assay_csr_transpose(&transpose, &back));
    expect_same(a, &back);
    assay_csr_release(&transpose);
    assay_csr_release(&back);
}

int fuzz_mtx(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("input.mtx", data, size);
    assay_csr a;
    fuzz_poison(&a, sizeof a);
    const assay_status status = assay_read_mtx(path, &a);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&a, sizeof a);
        return 0;
    }
    FUZZ_OK(assay_csr_check(&a));
    expect_round_trip(&a);
    expect_transpose(&a);
    assay_csr_release(&a);
    return 0;
}
