/* Layers with weights, through OpenBLAS. Work is cut by its size alone, so that the number of threads leaves no trace.
 */
#include "assay/threads.h"
#include "core/network_parts.h"

#include <cblas.h>
#include <string.h>

enum { PANEL = 64 };

/* Below this number of multiply-adds, about a millisecond, threads cost more than they give. */
#define WORK_FOR_THREADS 2e7

/* C (m x n) = A B + beta C, where A is m x k (or k x m, transposed) and B is k x n (or n x k, transposed). */
static void multiply(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const double *a, const double *b,
                     double beta, double *c)
{
    const size_t lda = transpose_a ? m : k, ldb = transpose_b ? k : n;
    const bool divide = (double)m * (double)n * (double)k >= WORK_FOR_THREADS;
    const size_t rows = divide ? PANEL : m, panels = (m + rows - 1) / rows;
#pragma omp parallel for num_threads(assay_threads()) schedule(static) if (panels > 1)
    for (size_t p = 0; p < panels; p++) {
        const size_t first = p * rows, height = first + rows < m ? rows : m - first;
        cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
                    (blasint)height, (blasint)n, (blasint)k, 1, a + first * (transpose_a ? 1 : k), (blasint)lda, b,
                    (blasint)ldb, beta, c + first * n, (blasint)n);
    }
}

void network_dense_forward_blas(const assay_layer_view *layer, const double *z, size_t n, double *y)
{
    multiply(false, true, n, layer->outputs, layer->inputs, z, layer->weights, 0, y);
}

void network_dense_backward_blas(const assay_layer_view *layer, const double *z, const double *dy, size_t n, double *dz,
                                 double *dw)
{
    if (dz)
        multiply(false, false, n, layer->inputs, layer->outputs, dy, layer->weights, 0, dz);
    if (dw)
        multiply(true, false, layer->outputs, layer->inputs, n, dy, z, 1, dw);
}

/* ---- Convolution ---------------------------------------------------------------------------------------------- */

/* Numbers in a patch, and patches of an example. */
static size_t patch_size(const assay_layer_view *layer)
{
    return layer->weight_count / layer->layer.outputs;
}

static size_t patch_count(const assay_layer_view *layer)
{
    return layer->output.height * layer->output.width;
}

assay_status network_convolution_scratch(const assay_layer_view *layer, size_t *count)
{
    size_t patches;
    if (__builtin_mul_overflow(patch_size(layer), patch_count(layer), &patches) ||
        __builtin_add_overflow(patches, layer->weight_count, count) ||
        __builtin_mul_overflow(*count, NETWORK_GROUPS, count))
        return assay_fail(ASSAY_NO_MEMORY, "the patches of a convolution are too many");
    return ASSAY_OK;
}

/* One example's patches as a matrix, patch size x patch count: from z to it, or added from it to z. */
static void copy_patches(const assay_layer_view *layer, bool add_to_z, double *z, double *patches)
{
    const assay_layer *l = &layer->layer;
    const assay_shape in = layer->input, out = layer->output;
    for (size_t c = 0; c < in.channels; c++)
        for (size_t a = 0; a < l->kernel_height; a++)
            for (size_t b = 0; b < l->kernel_width; b++)
                for (size_t row = 0; row < out.height; row++, patches += out.width) {
                    const size_t r = row * l->stride + a - l->padding; /* wraps around in the padding */
                    for (size_t column = 0; column < out.width; column++) {
                        const size_t s = column * l->stride + b - l->padding;
                        const bool inside = r < in.height && s < in.width;
                        double *number = inside ? &z[(c * in.height + r) * in.width + s] : NULL;
                        if (!add_to_z)
                            patches[column] = inside ? *number : 0;
                        else if (inside)
                            *number += patches[column];
                    }
                }
}

static bool worth_threads(const assay_layer_view *layer, size_t n)
{
    return (double)layer->weight_count * (double)patch_count(layer) * (double)n >= WORK_FOR_THREADS;
}

/* The group's part of n examples. */
static size_t group_start(size_t group, size_t n)
{
    return group * n / NETWORK_GROUPS;
}

void network_convolution_forward_blas(const assay_layer_view *layer, const double *z, size_t n, double *y,
                                      double *scratch)
{
    const size_t size = patch_size(layer), count = patch_count(layer);
#pragma omp parallel for num_threads(assay_threads()) schedule(static) if (worth_threads(layer, n))
    for (size_t group = 0; group < NETWORK_GROUPS; group++) {
        double *patches = scratch + group * size * count;
        for (size_t i = group_start(group, n); i < group_start(group + 1, n); i++) {
            copy_patches(layer, false, (double *)z + i * layer->inputs, patches);
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)layer->layer.outputs, (blasint)count,
                        (blasint)size, 1, layer->weights, (blasint)size, patches, (blasint)count, 0,
                        y + i * layer->outputs, (blasint)count);
        }
    }
}

void network_convolution_backward_blas(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                       double *dz, double *dw, double *scratch)
{
    const size_t size = patch_size(layer), count = patch_count(layer), weights = layer->weight_count;
    const blasint channels = (blasint)layer->layer.outputs;
    double *shares = scratch + NETWORK_GROUPS * size * count;
    memset(shares, 0, NETWORK_GROUPS * weights * sizeof *shares);
#pragma omp parallel for num_threads(assay_threads()) schedule(static) if (worth_threads(layer, n))
    for (size_t group = 0; group < NETWORK_GROUPS; group++) {
        double *patches = scratch + group * size * count;
        for (size_t i = group_start(group, n); i < group_start(group + 1, n); i++) {
            const double *g = dy + i * layer->outputs;
            if (dw) {
                copy_patches(layer, false, (double *)z + i * layer->inputs, patches);
                cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, channels, (blasint)size, (blasint)count, 1, g,
                            (blasint)count, patches, (blasint)count, 1, shares + group * weights, (blasint)size);
            }
            if (dz) {
                cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)size, (blasint)count, channels, 1,
                            layer->weights, (blasint)size, g, (blasint)count, 0, patches, (blasint)count);
                memset(dz + i * layer->inputs, 0, layer->inputs * sizeof *dz);
                copy_patches(layer, true, dz + i * layer->inputs, patches);
            }
        }
    }
    for (size_t group = 0; dw && group < NETWORK_GROUPS; group++)
        for (size_t j = 0; j < weights; j++)
            dw[j] += shares[group * weights + j];
}
