/*
 * The kernels of graphs on eight images side by side, and of the regression on their outputs.
 *
 * A tile is [pixel][image] of a group of eight images. Rows of the regression are over all images, eight being the
 * interleaved parts in which the reference sums; so every kernel gives the reference's bits.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_DAG_KERNELS_H
#define ASSAY_FUNCTIONAL_HASH_DAG_KERNELS_H

#include "reference/arithmetic/functional_hash_domain_parts.h"

enum {
    FUNCTIONAL_HASH_TILE = FUNCTIONAL_HASH_DAG_PIXELS * FUNCTIONAL_HASH_DAG_LANES,
    FUNCTIONAL_HASH_PADDED = 10 * 10 * FUNCTIONAL_HASH_DAG_LANES,
    FUNCTIONAL_HASH_GRAM_TILE = 4, /* rows and columns of products that are summed at once */
    /* The matrix of the regression with room for whole tiles and whole vectors. */
    FUNCTIONAL_HASH_GRAM_WIDTH = (FUNCTIONAL_HASH_DAG_ROWS + 7) / 8 * 8
};

typedef struct functional_hash_dag_kernels {
    /* out = operation(sum of the tiles). @p padded is scratch whose border is 0. */
    void (*vertex)(functional_hash_dag_operation operation, const double *const *tiles, size_t count, double *padded,
                   double *out);
    /* out = sum of the tiles, pixel after pixel, @p stride numbers apart. */
    void (*sum)(const double *const *tiles, size_t count, double *out, size_t stride);
    /* Scales FUNCTIONAL_HASH_GRAM_TILE rows of @p count numbers, each by the deviation of its first @p training ones.
     */
    void (*scale)(double *rows, size_t stride, size_t training, size_t count);
    /* products[a][b] = sum over n images of rows[a] rows[b], a tile of them. */
    void (*products)(const double *const *rows, const double *const *columns, size_t n,
                     double products[FUNCTIONAL_HASH_GRAM_TILE][FUNCTIONAL_HASH_GRAM_TILE]);
    /* a[k] -= factor b[k], k < n: n a multiple of 8. */
    void (*subtract)(double *a, const double *b, double factor, size_t n);
    void (*divide)(double *a, double divisor, size_t n);
    /* Predictions of eight images from rows @p stride apart: predictions[c][image] = sum of rows[j] weights[j][c]. */
    void (*predict)(const double *rows, size_t stride, const double *weights, size_t weights_stride,
                    double *predictions);
} functional_hash_dag_kernels;

/* functional_hash_reference_dag_products() by the kernels of the level in force, which must not be the reference. */
void functional_hash_dag_products(const double *rows, size_t stride, size_t n, double ridge,
                                  double (*a)[FUNCTIONAL_HASH_GRAM_WIDTH]);

extern const functional_hash_dag_kernels functional_hash_dag_kernels_baseline, functional_hash_dag_kernels_avx2,
    functional_hash_dag_kernels_avx512;

#endif
