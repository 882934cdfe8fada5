/* The digits data set: 1797 images of 8 x 8 pixels (data/origin.md). */
#include "verify/arithmetic/lmul_digits_data.h"

#include "assay/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static bool is_whole(double x, double most)
{
    return x >= 0 && x <= most && x == floor(x);
}

static assay_status split(const assay_table *table, const char *path, uint64_t seed, lmul_digits *digits)
{
    size_t order[DIGITS];
    if (table->rows != DIGITS || table->columns != DIGIT_PIXELS + 1)
        return assay_fail(ASSAY_BAD_DATA, "%s: is %zu x %zu, must be %d x %d", path, table->rows, table->columns,
                          DIGITS, DIGIT_PIXELS + 1);
    assay_status status = assay_random_permutation((assay_random){seed, 51}, order, DIGITS);
    for (size_t i = 0; status == ASSAY_OK && i < DIGITS; i++) {
        const double *row = table->values + order[i] * table->columns;
        for (size_t j = 0; j < DIGIT_PIXELS; j++) {
            if (!is_whole(row[j], 16))
                return assay_fail(ASSAY_BAD_DATA, "%s:%zu: pixel %zu is %g, must be 0 to 16", path, order[i] + 1, j,
                                  row[j]);
            digits->pixels[i][j] = (float)row[j];
        }
        if (!is_whole(row[DIGIT_PIXELS], DIGIT_CLASSES - 1))
            return assay_fail(ASSAY_BAD_DATA, "%s:%zu: the label is %g, must be 0 to 9", path, order[i] + 1,
                              row[DIGIT_PIXELS]);
        digits->labels[i] = (int)row[DIGIT_PIXELS];
    }
    return status;
}

assay_status lmul_digits_read(uint64_t seed, lmul_digits **digits)
{
    char path[4096];
    assay_table table = {0};
    assay_status status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &table);
    if (status != ASSAY_OK)
        return status;
    lmul_digits *made = malloc(sizeof *made);
    status = made ? split(&table, path, seed, made) : assay_fail(ASSAY_NO_MEMORY, "no memory for the digits");
    if (status == ASSAY_OK)
        *digits = made;
    else
        free(made);
    assay_table_release(&table);
    return status;
}
