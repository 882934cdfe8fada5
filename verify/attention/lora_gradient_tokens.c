/* Real tokens: images of digits, words of English prose, or what the user brings; their principal components. */
#include "verify/attention/lora_gradient_tokens.h"

#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/readers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tokens as they are read, rows x columns. */
typedef struct tokens {
    double *values;
    size_t rows, columns;
} tokens;

static assay_status allocate_tokens(size_t rows, size_t columns, tokens *t)
{
    *t = (tokens){.values = assay_allocate(rows, columns * sizeof(double)), .rows = rows, .columns = columns};
    return t->values ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* ---- Tables --------------------------------------------------------------------------------------------------- */

/* The first columns of a table (all but @p leave_out of them). */
static assay_status copy_table(const assay_table *table, size_t most, size_t leave_out, tokens *t)
{
    const size_t rows = table->rows < most ? table->rows : most, columns = table->columns - leave_out;
    const assay_status status = allocate_tokens(rows, columns, t);
    for (size_t i = 0; status == ASSAY_OK && i < rows; i++)
        memcpy(t->values + i * columns, table->values + i * table->columns, columns * sizeof *t->values);
    return status;
}

static assay_status read_csv(const char *path, size_t most, size_t leave_out, tokens *t)
{
    assay_table table = {0};
    assay_status status = assay_read_csv(path, &table);
    if (status == ASSAY_OK && table.columns <= leave_out)
        status =
            assay_fail(ASSAY_BAD_DATA, "%s has %zu columns, must have more than %zu", path, table.columns, leave_out);
    if (status == ASSAY_OK)
        status = copy_table(&table, most, leave_out, t);
    assay_table_release(&table);
    return status;
}

static assay_status read_npy(const char *path, size_t most, tokens *t)
{
    assay_array array = {0};
    assay_status status = assay_read_npy(path, &array);
    if (status == ASSAY_OK && (array.dimensions != 2 || array.count == 0 ||
                               (array.element != ASSAY_ELEMENT_F32 && array.element != ASSAY_ELEMENT_F64)))
        status = assay_fail(ASSAY_BAD_DATA, "%s must be a matrix of float32 or float64, a row for each token", path);
    const size_t rows = status == ASSAY_OK && array.shape[0] < most ? array.shape[0] : most;
    if (status == ASSAY_OK)
        status = allocate_tokens(rows, array.shape[1], t);
    for (size_t i = 0; status == ASSAY_OK && i < rows * array.shape[1]; i++)
        t->values[i] = array.element == ASSAY_ELEMENT_F64 ? ((const double *)array.data)[i]
                                                          : (double)((const float *)array.data)[i];
    assay_array_release(&array);
    return status;
}

static assay_status read_digits(size_t most, tokens *t)
{
    char path[4096];
    const char *user = assay_user_data();
    const size_t length = user ? strlen(user) : 0;
    if (user && length > 4 && strcmp(user + length - 4, ".npy") == 0)
        return read_npy(user, most, t);
    if (user)
        return read_csv(user, most, 0, t);
    const assay_status status = assay_data_path("digits.csv", path, sizeof path);
    return status ? status : read_csv(path, most, 1, t); /* the last column is the label */
}

/* ---- Text ----------------------------------------------------------------------------------------------------- */

static assay_status read_text(const char *path, char **text)
{
    FILE *file = fopen(path, "rb");
    long length = -1;
    if (file && fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (!file || length < 0 || fseek(file, 0, SEEK_SET) != 0) {
        if (file)
            fclose(file);
        return assay_fail(ASSAY_IO, "cannot read %s: %s", path, strerror(errno));
    }
    *text = assay_allocate((size_t)length + 1, 1); /* with a zero at the end */
    const bool all = *text && fread(*text, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    if (*text && !all) {
        assay_release(*text);
        return assay_fail(ASSAY_IO, "cannot read all of %s", path);
    }
    return *text ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* A known word and the number of its vector. */
typedef struct word {
    const char *text;
    size_t row;
} word;

static int compare_words(const void *x, const void *y)
{
    return strcmp(((const word *)x)->text, ((const word *)y)->text);
}

/* The lines of the list of words (which is cut up), sorted. */
static assay_status index_words(char *list, size_t count, word **words)
{
    word *made = assay_allocate(count, sizeof *made);
    if (!made)
        return ASSAY_NO_MEMORY;
    char *rest = NULL, *line = strtok_r(list, "\n", &rest);
    size_t n = 0;
    for (; line && n < count; line = strtok_r(NULL, "\n", &rest), n++)
        made[n] = (word){line, n};
    if (n < count) {
        assay_release(made);
        return assay_fail(ASSAY_BAD_DATA, "there are %zu words, but %zu vectors", n, count);
    }
    qsort(made, count, sizeof *made, compare_words);
    *words = made;
    return ASSAY_OK;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_capital(c) || (c >= 'a' && c <= 'z');
}

/* The next run of letters of the text, in lower case and ended by a zero; null at the end. */
static char *next_word(char **text)
{
    char *c = *text;
    while (*c && !is_letter(*c))
        c++;
    char *const start = c;
    for (; is_letter(*c); c++) {
        if (is_capital(*c))
            *c = (char)(*c - 'A' + 'a');
    }
    *text = *c ? c + 1 : c;
    *c = '\0';
    return *start ? start : NULL;
}

static assay_status look_up(char *text, const word *words, const assay_array *vectors, size_t most, tokens *t)
{
    const size_t columns = vectors->shape[1];
    assay_status status = allocate_tokens(most, columns, t);
    t->rows = 0;
    for (char *found; status == ASSAY_OK && t->rows < most && (found = next_word(&text));) {
        const word key = {found, 0}, *known = bsearch(&key, words, vectors->shape[0], sizeof *words, compare_words);
        if (!known)
            continue;
        for (size_t i = 0; i < columns; i++)
            t->values[t->rows * columns + i] = (double)((const float *)vectors->data)[known->row * columns + i];
        t->rows++;
    }
    return status;
}

static assay_status read_words(size_t most, tokens *t)
{
    char text_path[4096], vectors_path[4096], list_path[4096], *text = NULL, *list = NULL;
    assay_array vectors = {0};
    word *words = NULL;
    assay_status status = assay_dataset_path("licences.txt", text_path, sizeof text_path);
    if (status == ASSAY_OK)
        status = assay_data_path("words_small.fvecs", vectors_path, sizeof vectors_path);
    if (status == ASSAY_OK)
        status = assay_data_path("words_small.txt", list_path, sizeof list_path);
    if (status == ASSAY_OK)
        status = read_text(text_path, &text);
    if (status == ASSAY_OK)
        status = read_text(list_path, &list);
    if (status == ASSAY_OK)
        status = assay_read_fvecs(vectors_path, &vectors);
    if (status == ASSAY_OK)
        status = index_words(list, vectors.shape[0], &words);
    if (status == ASSAY_OK)
        status = look_up(text, words, &vectors, most, t);
    assay_release(words);
    assay_array_release(&vectors);
    assay_release(list);
    assay_release(text);
    return status;
}

/* ---- Principal components ------------------------------------------------------------------------------------- */

static void center(const tokens *t)
{
    for (size_t j = 0; j < t->columns; j++) {
        double mean = 0;
        for (size_t i = 0; i < t->rows; i++)
            mean += t->values[i * t->columns + j] / (double)t->rows;
        for (size_t i = 0; i < t->rows; i++)
            t->values[i * t->columns + j] -= mean;
    }
}

/* X [rows x width]: the components of largest variance, each with root mean square scale. */
static assay_status project(const tokens *t, size_t width, double scale, double *x)
{
    const size_t n = t->columns;
    double *covariance = assay_allocate(n, (2 * n + 1) * sizeof *covariance);
    if (!covariance)
        return ASSAY_NO_MEMORY;
    double *vectors = covariance + n * n, *values = vectors + n * n;
    center(t);
    assay_status status = assay_dense_multiply(ASSAY_TRANSPOSE_FIRST, n, n, t->rows, 1 / (double)t->rows, t->values, n,
                                               t->values, n, 0, covariance, n);
    if (status == ASSAY_OK)
        status = assay_dense_symmetric_eigen(n, covariance, values, vectors);
    if (status == ASSAY_OK && !(values[n - width] > 1e-12 * values[n - 1]))
        status = assay_fail(ASSAY_BAD_DATA, "the tokens have fewer than %zu independent columns", width);
    for (size_t i = 0; status == ASSAY_OK && i < t->rows; i++) {
        for (size_t c = 0; c < width; c++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += t->values[i * n + j] * vectors[j * n + n - 1 - c];
            x[i * width + c] = scale * sum / sqrt(values[n - 1 - c]);
        }
    }
    assay_release(covariance);
    return status;
}

assay_status lora_make_real(lora_source source, size_t most, size_t width, size_t rank, double scale, uint64_t seed,
                            lora_case *x)
{
    tokens t = {0};
    assay_status status = source == LORA_DIGITS ? read_digits(most, &t) : read_words(most, &t);
    if (status == ASSAY_OK && (t.columns < width || t.rows <= width))
        status =
            assay_fail(ASSAY_BAD_DATA, "there are %zu tokens of %zu numbers, must be more than %zu of at least %zu",
                       t.rows, t.columns, width, width);
    if (status == ASSAY_OK)
        status = lora_make_empty(t.rows, width, rank, true, x);
    if (status == ASSAY_OK) {
        x->problem.beta = 1 / sqrt((double)width);
        lora_draw_head(seed, x);
        status = project(&t, width, scale, x->tokens[0]);
        if (status != ASSAY_OK)
            lora_release_case(x);
    }
    assay_release(t.values);
    return status;
}
