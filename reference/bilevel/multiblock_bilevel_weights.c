/* Family HO of multiblock_bilevel: the weight of every training example, for logistic models of many temperatures. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

typedef multiblock_bilevel_weights_data weights;

static double sigmoid(double z)
{
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* log(1 + exp(-z)) without overflow. */
static double logistic_loss(double z)
{
    return z >= 0 ? log1p(exp(-z)) : -z + log1p(exp(z));
}

static size_t index_of(const multiblock_bilevel_point *at, size_t k)
{
    return at->samples ? at->samples[k] : k;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* ---- Below: weighted training loss ---- */

static void lower_gradient(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const weights *w = context;
    const double s = w->temperatures[at->block];
    for (size_t l = 0; l < w->features; l++)
        out[l] = w->lambda * at->y[l];
    for (size_t k = 0; k < at->count; k++) {
        const size_t j = index_of(at, k);
        const double *a = w->training.rows + j * w->features;
        const double margin = dot(a, at->y, w->features) / s;
        const double slope = -sigmoid(at->x[j]) * sigmoid(-margin) / s / (double)at->count;
        for (size_t l = 0; l < w->features; l++)
            out[l] += slope * a[l];
    }
}

/* The weight of a a^T in the Hessian for sample j. */
static double curvature(const weights *w, const multiblock_bilevel_point *at, size_t j)
{
    const double s = w->temperatures[at->block];
    const double p = sigmoid(dot(w->training.rows + j * w->features, at->y, w->features) / s);
    return sigmoid(at->x[j]) * p * (1 - p) / (s * s) / (double)at->count;
}

static void lower_hessian(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const weights *w = context;
    const size_t dy = w->features;
    memset(out, 0, dy * dy * sizeof *out);
    for (size_t l = 0; l < dy; l++)
        out[l * dy + l] = w->lambda;
    for (size_t k = 0; k < at->count; k++) {
        const size_t j = index_of(at, k);
        const double *a = w->training.rows + j * dy, c = curvature(w, at, j);
        for (size_t l = 0; l < dy; l++) {
            for (size_t r = 0; r < dy; r++)
                out[l * dy + r] += c * (a[l] * a[r]);
        }
    }
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point *at, const double *v, double *out)
{
    const weights *w = context;
    for (size_t l = 0; l < w->features; l++)
        out[l] = w->lambda * v[l];
    for (size_t k = 0; k < at->count; k++) {
        const size_t j = index_of(at, k);
        const double *a = w->training.rows + j * w->features;
        const double c = curvature(w, at, j) * dot(a, v, w->features);
        for (size_t l = 0; l < w->features; l++)
            out[l] += c * a[l];
    }
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point *at, const double *v, double scale,
                                double *sum)
{
    const weights *w = context;
    const double s = w->temperatures[at->block];
    for (size_t k = 0; k < at->count; k++) {
        const size_t j = index_of(at, k);
        const double *a = w->training.rows + j * w->features;
        const double weight = sigmoid(at->x[j]), margin = dot(a, at->y, w->features) / s;
        sum[j] -= scale / (double)at->count * weight * (1 - weight) * sigmoid(-margin) * dot(a, v, w->features) / s;
    }
}

/* ---- Above: validation loss ---- */

static void upper_gradient_y(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const weights *w = context;
    const double s = w->temperatures[at->block];
    memset(out, 0, w->features * sizeof *out);
    for (size_t k = 0; k < at->count; k++) {
        const double *a = w->validation.rows + index_of(at, k) * w->features;
        const double slope = -sigmoid(-dot(a, at->y, w->features) / s) / s / (double)at->count;
        for (size_t l = 0; l < w->features; l++)
            out[l] += slope * a[l];
    }
}

static double upper_value(const void *context, const multiblock_bilevel_point *at)
{
    const weights *w = context;
    double sum = 0;
    for (size_t k = 0; k < at->count; k++) {
        const double *a = w->validation.rows + index_of(at, k) * w->features;
        sum += logistic_loss(dot(a, at->y, w->features) / w->temperatures[at->block]) / (double)at->count;
    }
    return sum;
}

/* ---- Making ---- */

static void release(void *data)
{
    weights *w = data;
    assay_release(w->training.rows);
    assay_release(w->validation.rows);
    assay_release(w->temperatures);
    assay_release(w->training_counts);
    assay_release(w->validation_counts);
    assay_release(w);
}

static assay_status check_examples(const char *name, const multiblock_bilevel_examples *e)
{
    if (!e || !e->rows || !e->label)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null or lacks rows or labels", name);
    size_t numbers;
    if (e->count == 0 || e->features == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s has %zu examples of %zu features, must be at least 1 each", name,
                          e->count, e->features);
    if (__builtin_mul_overflow(e->count, e->features, &numbers) || numbers > SIZE_MAX / 64)
        return assay_fail(ASSAY_NO_MEMORY, "%s: %zu x %zu numbers do not fit in size_t", name, e->count, e->features);
    if (!multiblock_bilevel_finite(e->rows, numbers))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s: rows has a number that is not finite", name);
    for (size_t j = 0; j < e->count; j++) {
        if (e->label[j] != 1 && e->label[j] != -1)
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s: label[%zu] is %d, must be -1 or +1", name, j, e->label[j]);
    }
    return ASSAY_OK;
}

static assay_status check_arguments(const multiblock_bilevel_examples *training,
                                    const multiblock_bilevel_examples *validation, size_t blocks,
                                    const double *temperatures, double lambda,
                                    const multiblock_bilevel_instance *instance)
{
    assay_status status = check_examples("training", training);
    if (status == ASSAY_OK)
        status = check_examples("validation", validation);
    if (status != ASSAY_OK)
        return status;
    if (training->features != validation->features)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "training has %zu features, validation %zu", training->features,
                          validation->features);
    if (!temperatures || !instance)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", temperatures ? "instance" : "temperatures");
    if (blocks == 0 || blocks > SIZE_MAX / 64)
        return assay_fail(ASSAY_OUT_OF_RANGE, "blocks is %zu, must be at least 1", blocks);
    if (!(lambda > 0 && isfinite(lambda)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "lambda is %g, must be above 0", lambda);
    for (size_t i = 0; i < blocks; i++) {
        if (!(temperatures[i] > 0 && isfinite(temperatures[i])))
            return assay_fail(ASSAY_OUT_OF_RANGE, "temperatures[%zu] is %g, must be above 0", i, temperatures[i]);
    }
    return ASSAY_OK;
}

static double *times_label(const multiblock_bilevel_examples *e)
{
    double *rows = assay_allocate(e->count * e->features, sizeof *rows);
    for (size_t i = 0; rows && i < e->count; i++)
        for (size_t k = i * e->features; k < (i + 1) * e->features; k++)
            rows[k] = e->rows[k] * e->label[i];
    return rows;
}

static size_t *repeated(size_t value, size_t n)
{
    size_t *all = assay_allocate(n, sizeof *all);
    for (size_t i = 0; all && i < n; i++)
        all[i] = value;
    return all;
}

assay_status multiblock_bilevel_reference_make_weights(const multiblock_bilevel_examples *training,
                                                       const multiblock_bilevel_examples *validation, size_t blocks,
                                                       const double *temperatures, double lambda,
                                                       multiblock_bilevel_instance *instance)
{
    const assay_status status = check_arguments(training, validation, blocks, temperatures, lambda, instance);
    if (status != ASSAY_OK)
        return status;
    weights *w = assay_allocate(1, sizeof *w);
    if (!w)
        return ASSAY_NO_MEMORY;
    *w = (weights){.training = {training->count, times_label(training)},
                   .validation = {validation->count, times_label(validation)},
                   .features = training->features,
                   .lambda = lambda,
                   .temperatures = assay_allocate(blocks, sizeof(double)),
                   .training_counts = repeated(training->count, blocks),
                   .validation_counts = repeated(validation->count, blocks)};
    if (!w->training.rows || !w->validation.rows || !w->temperatures || !w->training_counts || !w->validation_counts) {
        release(w);
        return ASSAY_NO_MEMORY;
    }
    memcpy(w->temperatures, temperatures, blocks * sizeof *temperatures);
    *instance = (multiblock_bilevel_instance){.problem = {.context = w,
                                                          .blocks = blocks,
                                                          .dx = training->count,
                                                          .dy = training->features,
                                                          .lower_samples = w->training_counts,
                                                          .upper_samples = w->validation_counts,
                                                          .x_per_sample = true,
                                                          .lower_gradient = lower_gradient,
                                                          .lower_hessian = lower_hessian,
                                                          .lower_hessian_product = lower_hessian_product,
                                                          .lower_cross_product = lower_cross_product,
                                                          .upper_gradient_y = upper_gradient_y,
                                                          .upper_value = upper_value},
                                              .data = w,
                                              .release = release};
    return ASSAY_OK;
}
