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

/* Rows of x that may be among the nearest of a query: those whose value, q x - offset, reached the threshold. */
typedef struct hnsw_candidates {
    float threshold;
    uint32_t count;
    float *values; /* with HNSW_ROOM behind the last */
    uint32_t *ids;
} hnsw_candidates;

enum {
    HNSW_STEP = 64, /* rows that are scanned at a time */
    HNSW_ROOM = 16  /* what may be spoiled behind candidates: a vector */
};

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

    /* Exact search, few queries: the distances of n <= HNSW_STEP rows (room for all), as squares() or products() give
     * them. Bit i tells whether out[i] <= worst. Raises *largest to the bits of the largest magnitude in the rows. */
    uint64_t (*scan)(const float *q, const float *rows, size_t dimension, size_t n, bool squares, float worst,
                     float *out, int32_t *largest);

    /* Exact search, many queries: `rows` queries times a panel of columns. */
    size_t rows, panel;
    /* Puts n <= panel rows side by side, zeros beyond: out[l * panel + j] = rows[j * dimension + l], and writes the sum
     * of each one's squares. Returns the bits of the largest magnitude. */
    int32_t (*pack)(const float *rows, size_t dimension, size_t n, float *out, float *squares);
    /* Adds column j as `first` + j to the candidates of each query where q_i x_j - offsets[j] reaches the threshold.
     * q is depth x rows, x depth x panel. Whether anything was added. */
    bool (*tile)(const float *q, const float *x, size_t depth, const float *offsets, uint32_t first,
                 hnsw_candidates *candidates);
    /* A value that at least `need` of the more candidates reach, and no more than a few others; all reach the
     * threshold. */
    float (*select)(const hnsw_candidates *candidates, size_t need);
    /* Keeps the candidates that reach the threshold. */
    void (*keep)(hnsw_candidates *candidates);
} hnsw_kernels;

extern const hnsw_kernels hnsw_kernels_baseline, hnsw_kernels_avx2, hnsw_kernels_avx512;

/* The kernels of the level in force; null at the reference level. */
const hnsw_kernels *hnsw_kernels_in_force(void);

#endif
