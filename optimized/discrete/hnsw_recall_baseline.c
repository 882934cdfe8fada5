/* The kernels of hnsw_recall for any CPU of the architecture. */
#include <stddef.h>
#include <stdint.h>

#define HNSW_LANES                4
#define HNSW_ROWS                 6
#define HNSW_FMA(a, b, c)         ((a) * (b) + (c))
#define HNSW_SUM(v)               (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#define HNSW_PARTIAL(p, n)        ((f32v){(p)[0], (n) > 1 ? (p)[1] : 0, (n) > 2 ? (p)[2] : 0, 0})
#define HNSW_ALL(x)               ((x) - (f32v){0}) /* not +: that changes the sign of -0 */
#define HNSW_REACHED(a, b)        bits_of((a) >= (b))
#define HNSW_LARGER(a, b)         ((i32v)larger((flags)(a), (flags)(b)))
#define HNSW_SUM_FOUR(v, out)     sum_four(v, out)
#define HNSW_QUADS(p, n)          load(p)
#define HNSW_MIX_LOW(a, b)        __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HNSW_MIX_HIGH(a, b)       __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define HNSW_PAIR_LOW(a, b)       __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define HNSW_PAIR_HIGH(a, b)      __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define HNSW_PRODUCT(q, c, count) product(q, c, count)
#define HNSW_TABLE                hnsw_kernels_baseline

typedef float quad __attribute__((vector_size(16)));
typedef int32_t flags __attribute__((vector_size(16)));

static inline unsigned bits_of(flags v)
{
#if defined(__SSE__)
    return (unsigned)__builtin_ia32_movmskps((quad)v);
#else
    return (unsigned)((v[0] & 1) | (v[1] & 2) | (v[2] & 4) | (v[3] & 8));
#endif
}

static inline flags larger(flags a, flags b)
{
    const flags first = a > b;
    return (a & first) | (b & ~first);
}

static inline void sum_four(const quad *v, float *out)
{
    for (int i = 0; i < 4; i++)
        out[i] = HNSW_SUM(v[i]);
}

static int32_t product(const int16_t *q, const int8_t *c, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += q[i] * c[i];
    return sum;
}

#include "optimized/discrete/hnsw_recall_kernels_body.h"
