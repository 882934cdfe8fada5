/* local_lipschitz: data and trained networks. */
#include "assay/memory.h"
#include "assay/readers.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>
#include <string.h>

void lipschitz_data_release(lipschitz_data *data)
{
    assay_release(data->x);
    assay_release(data->labels);
    *data = (lipschitz_data){0};
}

static assay_status make_data(size_t rows, size_t columns, lipschitz_data *data)
{
    *data = (lipschitz_data){rows, columns, assay_allocate(rows * columns, sizeof(double)),
                             assay_allocate(rows, sizeof(size_t))};
    if (data->x && data->labels)
        return ASSAY_OK;
    lipschitz_data_release(data);
    return ASSAY_NO_MEMORY;
}

/* A table whose last column is the label, in random order. */
static assay_status read_labelled(const char *path, size_t classes, uint64_t seed, lipschitz_data *data)
{
    assay_table table = {0};
    assay_status status = assay_read_csv(path, &table);
    if (status == ASSAY_OK && table.columns < 2)
        status = assay_fail(ASSAY_BAD_DATA, "%s: has one column, must have numbers and a class", path);
    if (status == ASSAY_OK)
        status = make_data(table.rows, table.columns - 1, data);
    size_t *order = status ? NULL : assay_allocate(table.rows, sizeof *order);
    if (status == ASSAY_OK)
        status = order ? assay_random_permutation((assay_random){seed, 700}, order, table.rows) : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < table.rows; i++) {
        const double *row = table.values + order[i] * table.columns, label = row[data->columns];
        if (!(label >= 0 && label < (double)classes && label == floor(label)))
            status = assay_fail(ASSAY_BAD_DATA, "%s: label %g, must be 0 to %zu", path, label, classes - 1);
        memcpy(data->x + i * data->columns, row, data->columns * sizeof *row);
        data->labels[i] = status ? 0 : (size_t)label;
    }
    assay_release(order);
    assay_table_release(&table);
    return status;
}

assay_status lipschitz_read_digits(uint64_t seed, lipschitz_data *data)
{
    char path[4096];
    assay_status status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = read_labelled(path, 10, seed, data);
    for (size_t i = 0; status == ASSAY_OK && i < data->rows * data->columns; i++)
        data->x[i] /= 16;
    return status;
}

/* Every column to [0, 1]; a constant one to 0. */
static void scale_columns(lipschitz_data *data)
{
    for (size_t j = 0; j < data->columns; j++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < data->rows; i++) {
            low = fmin(low, data->x[i * data->columns + j]);
            high = fmax(high, data->x[i * data->columns + j]);
        }
        for (size_t i = 0; i < data->rows; i++)
            data->x[i * data->columns + j] = high > low ? (data->x[i * data->columns + j] - low) / (high - low) : 0;
    }
}

assay_status lipschitz_read_cancer(uint64_t seed, lipschitz_data *data)
{
    char path[4096];
    assay_status status = assay_data_path("breast_cancer.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = read_labelled(path, 2, seed, data);
    if (status == ASSAY_OK)
        scale_columns(data);
    return status;
}

assay_status lipschitz_read_user(uint64_t seed, lipschitz_data *data)
{
    const assay_status status = read_labelled(assay_user_data(), 100, seed, data);
    if (status == ASSAY_OK)
        scale_columns(data);
    return status;
}

static assay_status read_bytes(const char *name, size_t dimensions, assay_array *array)
{
    char path[4096];
    assay_status status = assay_dataset_path(name, path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_idx(path, array);
    if (status == ASSAY_OK && (array->element != ASSAY_ELEMENT_U8 || array->dimensions != dimensions))
        status = assay_fail(ASSAY_BAD_DATA, "%s: must be bytes in %zu dimensions", path, dimensions);
    return status;
}

assay_status lipschitz_read_mnist(uint64_t seed, size_t rows, lipschitz_data *data)
{
    assay_array images = {0}, labels = {0};
    assay_status status = read_bytes("mnist-images.idx", 3, &images);
    if (status == ASSAY_OK)
        status = read_bytes("mnist-labels.idx", 1, &labels);
    if (status == ASSAY_OK && (images.shape[0] != labels.shape[0] || images.shape[0] < rows))
        status = assay_fail(ASSAY_BAD_DATA, "mnist: %zu images and %zu labels, must be as many and at least %zu",
                            images.shape[0], labels.shape[0], rows);
    size_t *order = status ? NULL : assay_allocate(images.shape[0], sizeof *order);
    if (status == ASSAY_OK)
        status = order ? assay_random_permutation((assay_random){seed, 701}, order, images.shape[0]) : ASSAY_NO_MEMORY;
    const size_t pixels = status ? 0 : images.count / images.shape[0];
    if (status == ASSAY_OK)
        status = make_data(rows, pixels, data);
    const uint8_t *bytes = images.data, *classes = labels.data;
    for (size_t i = 0; status == ASSAY_OK && i < rows; i++) {
        for (size_t j = 0; j < pixels; j++)
            data->x[i * pixels + j] = bytes[order[i] * pixels + j] / 255.0;
        data->labels[i] = classes[order[i]];
    }
    assay_release(order);
    assay_array_release(&images);
    assay_array_release(&labels);
    return status;
}

assay_status lipschitz_make_leaders(uint64_t seed, lipschitz_data *data)
{
    enum { POINTS = 400, LEADERS = 12, CLASSES = 3 };
    const assay_random leaders = {seed, 702}, classes = {seed, 703}, points = {seed, 704};
    const assay_status status = make_data(POINTS, 2, data);
    for (size_t i = 0; status == ASSAY_OK && i < POINTS; i++) {
        double least = INFINITY;
        for (size_t j = 0; j < 2; j++)
            data->x[2 * i + j] = assay_random_uniform(points, 2 * i + j);
        for (size_t l = 0; l < LEADERS; l++) {
            const double distance = hypot(data->x[2 * i] - assay_random_uniform(leaders, 2 * l),
                                          data->x[2 * i + 1] - assay_random_uniform(leaders, 2 * l + 1));
            if (distance < least) {
                least = distance;
                data->labels[i] = assay_random_integer(classes, l, CLASSES);
            }
        }
    }
    return status;
}

assay_status lipschitz_train(const size_t *widths, size_t n, const lipschitz_data *data, size_t rows, size_t epochs,
                             double rate, size_t batch, uint64_t seed, assay_network **network)
{
    assay_network *made = lipschitz_dense(widths, n);
    if (!made)
        return ASSAY_NO_MEMORY;
    const assay_targets targets = {ASSAY_CROSS_ENTROPY, data->labels, NULL};
    const assay_training training = {.optimiser = {.kind = ASSAY_ADAM, .rate = rate}, .epochs = epochs, .batch = batch};
    assay_status status = assay_network_initialise(made, ASSAY_HE_NORMAL, (assay_random){seed, 705});
    if (status == ASSAY_OK)
        status = assay_network_train(made, data->x, rows, &targets, &training, (assay_random){seed, 1000}, NULL);
    if (status == ASSAY_OK)
        *network = made;
    else
        assay_network_release(made);
    return status;
}
