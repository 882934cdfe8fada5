/* The kernels of hnsw_recall for any CPU of the architecture. */
#include <stddef.h>
#include <stdint.h>

#define HNSW_LANES                4
#define HNSW_ROWS                 6
#define HNSW_FMA(a, b, c)         ((a) * (b) + (c))
#define HNSW_SUM(v)               (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#define HNSW_PARTIAL(p, n)        ((f32v){(p)[0], (n) > 1 ? (p)[1] : 0, (n) > 2 ? (p)[2] : 0, 0})
#define HNSW_BITS(v)              ((unsigned)(((v)[0] & 1) | ((v)[1] & 2) | ((v)[2] & 4) | ((v)[3] & 8)))
#define HNSW_PRODUCT(q, c, count) product(q, c, count)
#define HNSW_TABLE                hnsw_kernels_baseline

static int32_t product(const int16_t *q, const int8_t *c, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += q[i] * c[i];
    return sum;
}

#include "optimized/discrete/hnsw_recall_kernels_body.h"
