/* The kernels of hnsw_recall that exist once for each instruction set. */
#ifndef ASSAY_HNSW_RECALL_KERNELS_H
#define ASSAY_HNSW_RECALL_KERNELS_H

#include "reference/discrete/hnsw_recall_index.h"

/* A vector as bounds of its distances are computed with: it is within `error` of scale * codes. */
typedef struct hnsw_query {
    const float *vector;
    const int16_t *codes; /* with zeros up to a multiple of 32 */
    float scale;
    float by_error, by_length; /* what a unit of hnsw_code.error and of .length may add to a product */
} hnsw_query;

enum { HNSW_PANEL_MOST = 32, HNSW_ROWS_MOST = 12 };

typedef struct hnsw_kernels {
    /* out[i] = sum of (q - x)^2, or of q x, over the dimensions, for x = row ids[i] of rows. The order of the sum is
     * that of the level alone: d(x, y) is d(y, x), whatever the stride and the other rows. */
    void (*squares)(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                    float *out);
    void (*products)(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                     float *out);
    /* out[i] is at least q x - half_square, for x = element ids[i]. */
    void (*bounds)(const hnsw_query *q, const char *codes, size_t code_bytes, size_t dimension, const uint32_t *ids,
                   size_t n, float *out);

    /* Exact search: rows of queries times a panel of columns. */
    size_t rows, panel;
    /* Bit j of hits[i] tells whether q_i x_j - offsets[j] >= thresholds[i]; q is depth x rows, x depth x panel. */
    void (*tile)(const float *q, const float *x, size_t depth, const float *offsets, const float *thresholds,
                 uint32_t *hits);
} hnsw_kernels;

extern const hnsw_kernels hnsw_kernels_baseline, hnsw_kernels_avx2, hnsw_kernels_avx512;

/* The kernels of the level in force; null at the reference level. */
const hnsw_kernels *hnsw_kernels_in_force(void);

#endif
