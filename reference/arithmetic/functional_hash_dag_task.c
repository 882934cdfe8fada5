/*
 * What graphs are evaluated on: a ridge regression of ten classes on the outputs.
 */
#include "assay/memory.h"
#include "assay/readers.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <stdlib.h>

enum {
    PIXELS = FUNCTIONAL_HASH_DAG_PIXELS,
    LANES = FUNCTIONAL_HASH_DAG_LANES,
    CLASSES = FUNCTIONAL_HASH_DAG_CLASSES,
    WEIGHTS = FUNCTIONAL_HASH_DAG_WEIGHTS,
    ROWS = FUNCTIONAL_HASH_DAG_ROWS,
    INK = 16,
    COUNT_BITS = 20
};

/* ---- Tasks ---- */

static assay_status check_count(const char *name, size_t count)
{
    if (count < LANES || count > (size_t)1 << COUNT_BITS || count % LANES != 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be a multiple of %d, %d to 2^%d", name, count, LANES,
                          LANES, COUNT_BITS);
    return ASSAY_OK;
}

static assay_status check_images(const double *images, const uint8_t *labels, size_t count)
{
    if (!images || !labels)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", images ? "labels" : "images");
    for (size_t i = 0; i < count; i++) {
        if (labels[i] >= CLASSES)
            return assay_fail(ASSAY_OUT_OF_RANGE, "labels of image %zu is %u, must be 0 to %d", i, labels[i],
                              CLASSES - 1);
        for (size_t j = 0; j < PIXELS; j++)
            if (!(images[i * PIXELS + j] >= 0 && images[i * PIXELS + j] <= INK))
                return assay_fail(ASSAY_OUT_OF_RANGE, "images has pixel %g in image %zu, must be 0 to %d",
                                  images[i * PIXELS + j], i, INK);
    }
    return ASSAY_OK;
}

assay_status functional_hash_dag_task_create(const double *images, const uint8_t *labels, size_t training,
                                             size_t validation, functional_hash_dag_task **task)
{
    assay_status status = check_count("training", training);
    if (status == ASSAY_OK)
        status = check_count("validation", validation);
    const size_t count = training + validation;
    if (status == ASSAY_OK)
        status = check_images(images, labels, count);
    if (status != ASSAY_OK)
        return status;
    if (!task)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "task is null");
    functional_hash_dag_task *result = assay_allocate(1, sizeof *result);
    if (!result)
        return ASSAY_NO_MEMORY;
    result->training = training;
    result->validation = validation;
    result->images = assay_allocate(count * PIXELS, sizeof *result->images);
    result->tiles = assay_allocate(count * PIXELS, sizeof *result->tiles);
    result->hot = assay_allocate(count * CLASSES, sizeof *result->hot);
    result->labels = assay_allocate(count, sizeof *result->labels);
    if (!result->images || !result->tiles || !result->hot || !result->labels) {
        functional_hash_dag_task_destroy(result);
        return ASSAY_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < PIXELS; j++) {
            const double pixel = images[i * PIXELS + j] / INK - 0.3;
            result->images[i * PIXELS + j] = pixel;
            result->tiles[(i / LANES * PIXELS + j) * LANES + i % LANES] = pixel;
        }
        result->hot[labels[i] * count + i] = 1;
        result->labels[i] = labels[i];
    }
    *task = result;
    return ASSAY_OK;
}

void functional_hash_dag_task_destroy(functional_hash_dag_task *task)
{
    if (!task)
        return;
    assay_release(task->images);
    assay_release(task->tiles);
    assay_release(task->hot);
    assay_release(task->labels);
    assay_release(task);
}

assay_status functional_hash_dag_task_read(const char *path, size_t training, size_t validation,
                                           functional_hash_dag_task **task)
{
    assay_table table = {0};
    assay_status status = check_count("training", training);
    if (status == ASSAY_OK)
        status = check_count("validation", validation);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &table);
    if (status != ASSAY_OK)
        return status;
    const size_t count = training + validation;
    double *images = malloc(count * PIXELS * sizeof *images);
    uint8_t *labels = malloc(count);
    size_t *order = malloc(table.rows * sizeof *order);
    if (!images || !labels || !order)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu images", count);
    else if (table.columns != PIXELS + 1 || table.rows < count)
        status = assay_fail(ASSAY_BAD_DATA, "path %s has %zu rows of %zu numbers, must have at least %zu of %d", path,
                            table.rows, table.columns, count, PIXELS + 1);
    if (status == ASSAY_OK)
        status = assay_random_permutation(functional_hash_stream(FUNCTIONAL_HASH_STREAM_ROWS), order, table.rows);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        const double *row = table.values + order[i] * table.columns, label = row[PIXELS];
        memcpy(images + i * PIXELS, row, PIXELS * sizeof *row);
        if (label != floor(label) || label < 0 || label >= CLASSES)
            status = assay_fail(ASSAY_BAD_DATA, "path %s has the label %g in row %zu, must be 0 to %d", path, label,
                                order[i] + 1, CLASSES - 1);
        labels[i] = status == ASSAY_OK ? (uint8_t)label : 0;
    }
    if (status == ASSAY_OK)
        status = functional_hash_dag_task_create(images, labels, training, validation, task);
    free(images);
    free(labels);
    free(order);
    assay_table_release(&table);
    return status == ASSAY_OUT_OF_RANGE ? ASSAY_BAD_DATA : status;
}

/* ---- Sums over images, in eight interleaved parts ---- */

static double add_parts(const double part[LANES])
{
    return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static double dot(const double *a, const double *b, size_t n)
{
    double part[LANES] = {0};
    for (size_t i = 0; i < n; i++)
        part[i % LANES] += a[i] * b[i];
    return add_parts(part);
}

static double mean_of(const double *a, size_t n)
{
    double part[LANES] = {0};
    for (size_t i = 0; i < n; i++)
        part[i % LANES] += a[i];
    return add_parts(part) / (double)n;
}

static double deviation_of(const double *a, size_t n)
{
    const double mean = mean_of(a, n);
    double part[LANES] = {0};
    for (size_t i = 0; i < n; i++)
        part[i % LANES] += (a[i] - mean) * (a[i] - mean);
    return sqrt(add_parts(part) / (double)n);
}

/* ---- The regression ---- */

/* Rows of the regression, each over all images: 64 scaled outputs, the constant 1, the ten classes. */
static void make_rows(const functional_hash_dag_task *task, const double *outputs, double *rows)
{
    const size_t count = task->training + task->validation;
    for (size_t j = 0; j < PIXELS; j++) {
        double *row = rows + j * count;
        for (size_t i = 0; i < count; i++)
            row[i] = outputs[i * PIXELS + j];
        const double scale = 1 / (deviation_of(row, task->training) + FUNCTIONAL_HASH_DAG_SOFTENING);
        for (size_t i = 0; i < count; i++)
            row[i] *= scale;
    }
    for (size_t i = 0; i < count; i++)
        rows[PIXELS * count + i] = 1;
    memcpy(rows + WEIGHTS * count, task->hot, CLASSES * count * sizeof *rows);
}

void functional_hash_reference_dag_products(const double *rows, size_t stride, size_t n, double ridge,
                                            double (*a)[ROWS])
{
    for (size_t i = 0; i < WEIGHTS; i++)
        for (size_t k = i; k < ROWS; k++)
            a[i][k] = dot(rows + i * stride, rows + k * stride, n) + (i == k ? ridge : 0);
}

/* Solves (X X' + ridge I) W = X Y' by Cholesky factors U'U = A, over the upper triangle of @p a (WEIGHTS x ROWS, right
 * sides behind it), which ends as W. Pivots cannot be below the ridge but by rounding. */
static void solve(double (*a)[ROWS], double ridge)
{
    for (size_t j = 0; j < WEIGHTS; j++) {
        const double pivot = sqrt(a[j][j] > ridge ? a[j][j] : ridge);
        a[j][j] = pivot;
        for (size_t k = j + 1; k < ROWS; k++)
            a[j][k] /= pivot;
        for (size_t i = j + 1; i < WEIGHTS; i++)
            for (size_t k = i; k < ROWS; k++)
                a[i][k] -= a[j][i] * a[j][k];
    }
    for (size_t j = WEIGHTS; j-- > 0;) {
        for (size_t k = WEIGHTS; k < ROWS; k++)
            a[j][k] /= a[j][j];
        for (size_t i = 0; i < j; i++)
            for (size_t k = WEIGHTS; k < ROWS; k++)
                a[i][k] -= a[i][j] * a[j][k];
    }
}

/* Accuracy and mean squared error over the validation images. */
static double judge(const functional_hash_dag_task *task, const double *rows, double (*weights)[ROWS])
{
    const size_t count = task->training + task->validation;
    double part[LANES] = {0};
    size_t right = 0;
    for (size_t i = task->training; i < count; i++) {
        double prediction[CLASSES] = {0};
        size_t best = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            for (size_t j = 0; j < WEIGHTS; j++)
                prediction[c] += rows[j * count + i] * weights[j][WEIGHTS + c];
            const double error = prediction[c] - task->hot[c * count + i];
            part[i % LANES] += error * error;
            best = prediction[c] > prediction[best] ? c : best;
        }
        right += best == task->labels[i];
    }
    const double images = (double)task->validation, error = add_parts(part) / (images * CLASSES);
    return (double)right / images - FUNCTIONAL_HASH_DAG_ERROR * error;
}

assay_status functional_hash_reference_dag_evaluate(const functional_hash_dag_task *task,
                                                    const functional_hash_dag *dag, double *fitness)
{
    if (!task || !fitness)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", task ? "fitness" : "task");
    const size_t count = task->training + task->validation;
    double(*a)[ROWS] = malloc(WEIGHTS * sizeof *a);
    double *outputs = malloc(count * PIXELS * sizeof *outputs), *rows = calloc(count * ROWS, sizeof *rows);
    assay_status status = a && outputs && rows ? functional_hash_reference_dag_run(dag, task->images, count, outputs)
                                               : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu images", count);
    if (status == ASSAY_OK) {
        const double ridge = FUNCTIONAL_HASH_DAG_RIDGE * (double)task->training;
        make_rows(task, outputs, rows);
        functional_hash_reference_dag_products(rows, count, task->training, ridge, a);
        solve(a, ridge);
        *fitness = judge(task, rows, a);
    }
    free(a);
    free(outputs);
    free(rows);
    return status;
}
