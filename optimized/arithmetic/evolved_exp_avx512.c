/*
 * The float32 exponentials for AVX-512: 16 lanes, four registers at once to hide the latency of the multiply-adds.
 *
 * The scaling instruction (scalef) rounds once, saturates, and with n = +-infinity gives infinity or 0 even if p is
 * NaN, which takes care of infinite x (infinity - infinity in r). What is left for e^x are huge finite numbers, where n
 * is off and r large: a clamp of r keeps p positive and finite.
 */
#include "optimized/arithmetic/evolved_exp_kernels.h"

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, UNROLL = 4 };

INLINE __m512 constant(float a)
{
    return _mm512_set1_ps(a);
}

INLINE __m512 exp2_of(__m512 x)
{
    const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 r = _mm512_sub_ps(x, n);
    __m512 p = _mm512_fmadd_ps(constant(EXP2_C6), r, constant(EXP2_C5));
    p = _mm512_fmadd_ps(p, r, constant(EXP2_C4));
    p = _mm512_fmadd_ps(p, r, constant(EXP2_C3));
    p = _mm512_fmadd_ps(p, r, constant(EXP2_C2));
    p = _mm512_fmadd_ps(p, r, constant(EXP2_C1));
    p = _mm512_fmadd_ps(p, r, constant(1));
    return _mm512_scalef_ps(p, n);
}

INLINE __m512 exp_of(__m512 x)
{
    enum { SMALLER_MAGNITUDE_KEEP_SIGN = 2 };
    static const float table[LANES] __attribute__((aligned(64))) = EXP_TABLE;
    const __m512 t = _mm512_fmadd_ps(x, constant(EXP_LOG2_E), constant(EXP_MAGIC));
    const __m512 power = _mm512_permutexvar_ps(_mm512_castps_si512(t), _mm512_load_ps(table));
    const __m512 n = _mm512_sub_ps(t, constant(EXP_MAGIC));
    __m512 r = _mm512_fnmadd_ps(n, constant(EXP_LN2_HIGH), x);
    r = _mm512_fnmadd_ps(t, constant(EXP_LN2_LOW), r);
    r = _mm512_range_ps(r, constant(EXP_R_BOUND), SMALLER_MAGNITUDE_KEEP_SIGN);
    __m512 p = _mm512_fmadd_ps(constant(EXP_C3), r, constant(EXP_C2));
    p = _mm512_fmadd_ps(p, r, constant(1));
    return _mm512_scalef_ps(_mm512_fmadd_ps(_mm512_mul_ps(power, r), p, power), n); /* takes floor n */
}

INLINE void store(float *y, __m512 value, bool stream)
{
    if (stream)
        _mm512_stream_ps(y, value);
    else
        _mm512_storeu_ps(y, value);
}

INLINE void map_part(const float *x, float *y, size_t n, __m512 (*function)(__m512))
{
    const __mmask16 mask = _cvtu32_mask16((1u << n) - 1);
    _mm512_mask_storeu_ps(y, mask, function(_mm512_maskz_loadu_ps(mask, x)));
}

INLINE void map(const float *x, float *y, size_t n, bool stream, __m512 (*function)(__m512))
{
    size_t i = 0;
    if (stream) { /* these stores must be aligned */
        const size_t before = -((uintptr_t)y / sizeof *y) % LANES;
        i = before < n ? before : n;
        map_part(x, y, i, function);
    }
    for (; n - i >= LANES * UNROLL; i += LANES * UNROLL) {
        __m512 v[UNROLL];
        for (int k = 0; k < UNROLL; k++)
            v[k] = function(_mm512_loadu_ps(x + i + k * LANES));
        for (int k = 0; k < UNROLL; k++)
            store(y + i + k * LANES, v[k], stream);
    }
    for (; n - i >= LANES; i += LANES)
        store(y + i, function(_mm512_loadu_ps(x + i)), stream);
    if (n > i)
        map_part(x + i, y + i, n - i, function);
    if (stream)
        _mm_sfence();
}

void evolved_exp_exp2_f32_avx512(const float *x, float *y, size_t n, bool stream)
{
    if (stream)
        map(x, y, n, true, exp2_of);
    else
        map(x, y, n, false, exp2_of);
}

void evolved_exp_exp_f32_avx512(const float *x, float *y, size_t n, bool stream)
{
    if (stream)
        map(x, y, n, true, exp_of);
    else
        map(x, y, n, false, exp_of);
}

#define F64_BYTES 64
#define F64_NAME  evolved_exp_exp2_f64_avx512
#include "optimized/arithmetic/evolved_exp_f64.h"
