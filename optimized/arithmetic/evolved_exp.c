/*
 * The float32 exponentials: arguments, threads, the choice of the instruction set, and the version for any CPU.
 *
 * The version for any CPU has no fused multiply-add, so it works in double, where 2^n is a matter of adding to the
 * exponent and the final conversion to float rounds once, saturates and makes subnormal numbers.
 */
#include "assay/evolved_exp.h"
#include "assay/cpu.h"
#include "assay/threads.h"
#include "core/arguments.h"
#include "optimized/arithmetic/evolved_exp_kernels.h"

#include <stdint.h>
#include <string.h>

enum {
    ELEMENTS_FOR_THREADS = 1 << 17, /* with fewer (some 20 microseconds) threads cost more than they give */
    BYTES_TO_STREAM = 1 << 24       /* with fewer for each array, a last-level cache of 32 MB may keep both; what the
                                       system says of that cache is wrong on many virtual machines */
};

/* Four lanes in the vector types of the compiler, which makes of them what the architecture has. */
enum { LANES = 4 };
typedef float float4 __attribute__((vector_size(16)));
typedef int32_t mask4 __attribute__((vector_size(16)));
typedef double double4 __attribute__((vector_size(32)));
typedef int64_t integer4 __attribute__((vector_size(32)));

/* y = 2^(x log2_base), four at once. Clamping passes NaN, which then takes the place of p. The polynomial for 2^r,
 * |r| <= 1/2, is within 8.2e-13. */
static inline void power_of(const float *x, float *y, double log2_base)
{
    const float bound = 300;
    const double magic = 0x1.8p52; /* the last bit of numbers near it is worth 1 */
    float4 v;
    memcpy(&v, x, sizeof v);
    const mask4 above = v > bound, below = v < -bound;
    v = (float4)(((mask4)v & ~(above | below)) | (above & (mask4)(float4){bound, bound, bound, bound}) |
                 (below & (mask4)(float4){-bound, -bound, -bound, -bound}));
    const double4 z = __builtin_convertvector(v, double4) * log2_base;
    const double4 t = z + magic;
    const double4 r = z - (t - magic);
    const double4 square = r * r, fourth = square * square;
    const double4 p01 = 0x1.62e42fef89d1fp-1 * r + 1;
    const double4 p23 = 0x1.c6b08dced33e3p-5 * r + 0x1.ebfbdff8ede83p-3;
    const double4 p45 = 0x1.5d874d07141f8p-10 * r + 0x1.3b2ab5ed6fdfp-7;
    const double4 p67 = 0x1.00d8533617c35p-16 * r + 0x1.430aa882a3b6ep-13;
    const double4 p8 = 0x1.61c4f0e5d3034p-20 * fourth;
    double4 p = (p01 + square * p23) + fourth * ((p45 + square * p67) + p8);
    p = (double4)((integer4)p + ((integer4)t << 52)); /* the exponent of p takes n */
    v = __builtin_convertvector(p, float4);
    memcpy(y, &v, sizeof v);
}

static inline void map(const float *x, float *y, size_t n, double log2_base)
{
    size_t i = 0;
    for (; n - i >= LANES; i += LANES)
        power_of(x + i, y + i, log2_base);
    if (n > i) {
        float part[LANES] = {0};
        memcpy(part, x + i, (n - i) * sizeof *x);
        power_of(part, part, log2_base);
        memcpy(y + i, part, (n - i) * sizeof *y);
    }
}

static void exp2_f32_baseline(const float *x, float *y, size_t n, bool stream)
{
    (void)stream;
    map(x, y, n, 1);
}

static void exp_f32_baseline(const float *x, float *y, size_t n, bool stream)
{
    (void)stream;
    map(x, y, n, 0x1.71547652b82fep+0);
}

#define F64_BYTES 16
#define F64_NAME  evolved_exp_exp2_f64_baseline
#include "optimized/arithmetic/evolved_exp_f64.h"

static size_t threads_for(size_t n)
{
    return n < ELEMENTS_FOR_THREADS ? 1 : (size_t)assay_threads();
}

/* Thread k of threads takes count elements from *first: whole cache lines. Bits do not depend on who computes them. */
static size_t share_of(size_t k, size_t threads, size_t n, size_t size, size_t *first)
{
    const size_t line = 64 / size, share = (n / threads / line + 1) * line;
    *first = k * share < n ? k * share : n;
    return n - *first < share ? n - *first : share;
}

static void run(evolved_exp_kernel_f32 *kernel, const float *x, float *y, size_t n)
{
    const bool stream = n > BYTES_TO_STREAM / sizeof *y;
    const size_t threads = threads_for(n);
    if (threads == 1) { /* even a team of one takes longer than a short array */
        kernel(x, y, n, stream);
        return;
    }
#pragma omp parallel for num_threads((int)threads) schedule(static)
    for (size_t k = 0; k < threads; k++) {
        size_t first;
        const size_t count = share_of(k, threads, n, sizeof *y, &first);
        kernel(x + first, y + first, count, stream);
    }
}

static void run_f64(evolved_exp_kernel_f64 *kernel, const double *x, double *y, size_t n)
{
    const size_t threads = threads_for(n);
    if (threads == 1) {
        kernel(x, y, n);
        return;
    }
#pragma omp parallel for num_threads((int)threads) schedule(static)
    for (size_t k = 0; k < threads; k++) {
        size_t first;
        const size_t count = share_of(k, threads, n, sizeof *y, &first);
        kernel(x + first, y + first, count);
    }
}

/* The kernels of one function, by level; none for the reference. */
typedef evolved_exp_kernel_f32 *kernels[ASSAY_LEVELS];

static const kernels exp2_kernels = {
    [ASSAY_BASELINE] = exp2_f32_baseline,
    [ASSAY_AVX2] = evolved_exp_exp2_f32_avx2,
#if defined(__x86_64__)
    [ASSAY_AVX512] = evolved_exp_exp2_f32_avx512,
#endif
};

static const kernels exp_kernels = {
    [ASSAY_BASELINE] = exp_f32_baseline,
    [ASSAY_AVX2] = evolved_exp_exp_f32_avx2,
#if defined(__x86_64__)
    [ASSAY_AVX512] = evolved_exp_exp_f32_avx512,
#endif
};

assay_status evolved_exp_exp2_f32(const float *x, float *y, size_t n)
{
    const assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE)
        return evolved_exp_reference_exp2_f32(x, y, n);
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    if (status == ASSAY_OK)
        run(exp2_kernels[level], x, y, n);
    return status;
}

assay_status evolved_exp_exp_f32(const float *x, float *y, size_t n)
{
    const assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE)
        return evolved_exp_reference_exp_f32(x, y, n);
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    if (status == ASSAY_OK)
        run(exp_kernels[level], x, y, n);
    return status;
}

assay_status evolved_exp_exp2_f64(const double *x, double *y, size_t n)
{
    static evolved_exp_kernel_f64 *const kernels_f64[ASSAY_LEVELS] = {
        [ASSAY_BASELINE] = evolved_exp_exp2_f64_baseline,
        [ASSAY_AVX2] = evolved_exp_exp2_f64_avx2,
#if defined(__x86_64__)
        [ASSAY_AVX512] = evolved_exp_exp2_f64_avx512,
#endif
    };
    const assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE)
        return evolved_exp_reference_exp2_f64(x, y, n);
    const assay_status status = assay_check_map(x, y, n, sizeof *x);
    if (status == ASSAY_OK)
        run_f64(kernels_f64[level], x, y, n);
    return status;
}
