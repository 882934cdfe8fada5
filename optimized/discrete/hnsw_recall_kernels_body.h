/*
 * The kernels of hnsw_recall in the compiler's vector types. A file of an instruction set defines, and then includes
 * this:
 *     HNSW_LANES           floats of a vector
 *     HNSW_ROWS            queries of a tile, so that 2 HNSW_ROWS sums stay in registers
 *     HNSW_FMA(a, b, c)    a * b + c
 *     HNSW_SUM(v)          the sum of the lanes
 *     HNSW_PARTIAL(p, n)   a vector of the n < HNSW_LANES floats at p, and zeros
 *     HNSW_BITS(v)         a bit for each lane of a vector of flags, all ones or all zeros
 *     HNSW_PRODUCT(q, c, n) the sum of products of 16-bit q and 8-bit c; q has zeros up to a multiple of 32
 *     HNSW_TABLE           the name of the table of kernels
 */
#include "optimized/discrete/hnsw_recall_kernels.h"

#include <string.h>

#define HNSW_INLINE static inline __attribute__((always_inline))

typedef float f32v __attribute__((vector_size(4 * HNSW_LANES)));
typedef int32_t i32v __attribute__((vector_size(4 * HNSW_LANES)));

HNSW_INLINE f32v load(const float *from)
{
    f32v v;
    memcpy(&v, from, sizeof v);
    return v;
}

HNSW_INLINE f32v add_term(f32v q, f32v x, f32v sum, bool squares)
{
    const f32v factor = squares ? q - x : q;
    return HNSW_FMA(factor, squares ? factor : x, sum);
}

/* Every row is a chain of dependent additions; the processor overlaps the rows, which do not depend on each other. */
HNSW_INLINE void sums(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                      float *out, bool squares)
{
    for (size_t i = 0; i < n; i++) {
        const float *x = rows + ids[i] * stride;
        f32v sum = {0};
        size_t j = 0;
        for (; j + HNSW_LANES <= dimension; j += HNSW_LANES)
            sum = add_term(load(q + j), load(x + j), sum, squares);
        if (j < dimension)
            sum = add_term(HNSW_PARTIAL(q + j, dimension - j), HNSW_PARTIAL(x + j, dimension - j), sum, squares);
        out[i] = HNSW_SUM(sum);
    }
}

static void squares(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                    float *out)
{
    sums(q, rows, stride, dimension, ids, n, out, true);
}

static void products(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                     float *out)
{
    sums(q, rows, stride, dimension, ids, n, out, false);
}

static void bounds(const hnsw_query *q, const char *codes, size_t code_bytes, size_t dimension, const uint32_t *ids,
                   size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        const hnsw_code *c = (const hnsw_code *)(codes + ids[i] * code_bytes);
        const float about = q->scale * c->scale * (float)HNSW_PRODUCT(q->codes, c->codes, dimension);
        out[i] = about + (c->error * q->by_error + c->length * q->by_length) - c->half_square;
    }
}

static void tile(const float *q, const float *x, size_t depth, const float *offsets, const float *thresholds,
                 uint32_t *hits)
{
    f32v sums[HNSW_ROWS][2];
    const f32v first = -load(offsets), second = -load(offsets + HNSW_LANES);
    for (int i = 0; i < HNSW_ROWS; i++) {
        sums[i][0] = first;
        sums[i][1] = second;
    }
    for (size_t l = 0; l < depth; l++) {
        const f32v left = load(x + l * 2 * HNSW_LANES), right = load(x + l * 2 * HNSW_LANES + HNSW_LANES);
#pragma GCC unroll 16
        for (int i = 0; i < HNSW_ROWS; i++) {
            const f32v factor = (f32v){0} + q[l * HNSW_ROWS + i];
            sums[i][0] = HNSW_FMA(factor, left, sums[i][0]);
            sums[i][1] = HNSW_FMA(factor, right, sums[i][1]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < HNSW_ROWS; i++) {
        const f32v threshold = (f32v){0} + thresholds[i];
        hits[i] = HNSW_BITS(sums[i][0] >= threshold) | (uint32_t)HNSW_BITS(sums[i][1] >= threshold) << HNSW_LANES;
    }
}

const hnsw_kernels HNSW_TABLE = {.squares = squares,
                                 .products = products,
                                 .bounds = bounds,
                                 .rows = HNSW_ROWS,
                                 .panel = 2 * HNSW_LANES,
                                 .tile = tile};
