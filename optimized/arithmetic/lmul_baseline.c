/* The kernels of lmul for any CPU. */
#include "optimized/arithmetic/lmul_kernels.h"

#include <math.h>

#define LMUL_LANES          4
#define LMUL_GROUPS         2
#define LMUL_FMA(a, b, c)   fma_by_lane(a, b, c)
#define LMUL_FMA_1(a, b, c) fmaf(a, b, c)
#define LMUL_MULTIPLY       leave_to_generic
#define LMUL_LEAST(a, b)    choose((u32v)((a) < (b)), a, b)
#define LMUL_MOST(a, b)     choose((u32v)((a) > (b)), a, b)
#define LMUL_TABLE          lmul_kernels_baseline

typedef float four_floats __attribute__((vector_size(16)));

static inline four_floats fma_by_lane(four_floats a, four_floats b, four_floats c)
{
    return (four_floats){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]),
                         fmaf(a[3], b[3], c[3])};
}

/* The generic vector code is as good as any here: none of the elements are done specially. */
static size_t leave_to_generic(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n,
                               bool past_cache)
{
    (void)arithmetic, (void)x, (void)y, (void)out, (void)n, (void)past_cache;
    return 0;
}

#include "optimized/arithmetic/lmul_kernels_body.h"
