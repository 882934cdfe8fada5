/*
 * The float32 exponentials for AVX2 and FMA (by SIMDe for NEON): the bits of the AVX-512 version.
 *
 * Without a scaling instruction, inputs are clamped to where the result is already 0 or infinity (minima and maxima
 * return their second operand for NaN, which lets it pass), and 2^n is multiplied in two steps of about n / 2, of
 * which the first is exact and the second rounds.
 */
#include "optimized/arithmetic/evolved_exp_kernels.h"
#include "optimized/simd.h"

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8, UNROLL = 4, EXPONENT_BIT = 23, EXPONENT_ONE = 127 << EXPONENT_BIT };

INLINE __m256 constant(float a)
{
    return _mm256_set1_ps(a);
}

INLINE __m256 clamp(__m256 x, float low, float high)
{
    return _mm256_max_ps(constant(low), _mm256_min_ps(constant(high), x));
}

/* 2^k for integers k in -126 .. 127. */
INLINE __m256 power_of_two(__m256i k)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(k, EXPONENT_BIT), _mm256_set1_epi32(EXPONENT_ONE)));
}

INLINE __m256 exp2_of(__m256 x)
{
    const float magic = 0x1.8p23f;
    x = clamp(x, -152, 130);
    const __m256 t = _mm256_add_ps(x, constant(magic));
    const __m256 r = _mm256_sub_ps(x, _mm256_sub_ps(t, constant(magic)));
    __m256 p = _mm256_fmadd_ps(constant(EXP2_C6), r, constant(EXP2_C5));
    p = _mm256_fmadd_ps(p, r, constant(EXP2_C4));
    p = _mm256_fmadd_ps(p, r, constant(EXP2_C3));
    p = _mm256_fmadd_ps(p, r, constant(EXP2_C2));
    p = _mm256_fmadd_ps(p, r, constant(EXP2_C1));
    p = _mm256_fmadd_ps(p, r, constant(1));
    const __m256i n = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_castps_si256(constant(magic)));
    const __m256i half = _mm256_srai_epi32(n, 1);
    return _mm256_mul_ps(_mm256_mul_ps(p, power_of_two(half)), power_of_two(_mm256_sub_epi32(n, half)));
}

/* The table's entry for the last four bits of t: two tables of eight, chosen by the fourth bit. */
INLINE __m256 exp_table(__m256i t)
{
    static const float table[2 * LANES] __attribute__((aligned(32))) = EXP_TABLE;
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(table), t);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(table + LANES), t);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(t, 28)));
}

INLINE __m256 exp_of(__m256 x)
{
    x = clamp(x, -106, 90);
    const __m256 t = _mm256_fmadd_ps(x, constant(EXP_LOG2_E), constant(EXP_MAGIC));
    const __m256i bits = _mm256_castps_si256(t);
    const __m256 n = _mm256_sub_ps(t, constant(EXP_MAGIC));
    __m256 r = _mm256_fnmadd_ps(n, constant(EXP_LN2_HIGH), x);
    r = _mm256_fnmadd_ps(t, constant(EXP_LN2_LOW), r);
    const __m256 power = exp_table(bits);
    __m256 p = _mm256_fmadd_ps(constant(EXP_C3), r, constant(EXP_C2));
    p = _mm256_fmadd_ps(p, r, constant(1));
    p = _mm256_fmadd_ps(_mm256_mul_ps(power, r), p, power);
    const __m256i sixteenths = _mm256_sub_epi32(bits, _mm256_castps_si256(constant(EXP_MAGIC)));
    const __m256i whole = _mm256_srai_epi32(sixteenths, 4), half = _mm256_srai_epi32(sixteenths, 5);
    return _mm256_mul_ps(_mm256_mul_ps(p, power_of_two(half)), power_of_two(_mm256_sub_epi32(whole, half)));
}

INLINE void store(float *y, __m256 value, bool stream)
{
    if (stream)
        _mm256_stream_ps(y, value);
    else
        _mm256_storeu_ps(y, value);
}

INLINE void map_part(const float *x, float *y, size_t n, __m256 (*function)(__m256))
{
    float part[LANES] = {0};
    memcpy(part, x, n * sizeof *x);
    _mm256_storeu_ps(part, function(_mm256_loadu_ps(part)));
    memcpy(y, part, n * sizeof *y);
}

INLINE void map(const float *x, float *y, size_t n, bool stream, __m256 (*function)(__m256))
{
    size_t i = 0;
    if (stream) { /* these stores must be aligned */
        const size_t before = -((uintptr_t)y / sizeof *y) % LANES;
        i = before < n ? before : n;
        map_part(x, y, i, function);
    }
    for (; n - i >= LANES * UNROLL; i += LANES * UNROLL) {
        __m256 v[UNROLL];
        for (int k = 0; k < UNROLL; k++)
            v[k] = function(_mm256_loadu_ps(x + i + k * LANES));
        for (int k = 0; k < UNROLL; k++)
            store(y + i + k * LANES, v[k], stream);
    }
    for (; n - i >= LANES; i += LANES)
        store(y + i, function(_mm256_loadu_ps(x + i)), stream);
    if (n > i)
        map_part(x + i, y + i, n - i, function);
    if (stream)
        _mm_sfence();
}

void evolved_exp_exp2_f32_avx2(const float *x, float *y, size_t n, bool stream)
{
    if (stream)
        map(x, y, n, true, exp2_of);
    else
        map(x, y, n, false, exp2_of);
}

void evolved_exp_exp_f32_avx2(const float *x, float *y, size_t n, bool stream)
{
    if (stream)
        map(x, y, n, true, exp_of);
    else
        map(x, y, n, false, exp_of);
}

#define F64_BYTES 32
#define F64_NAME  evolved_exp_exp2_f64_avx2
#include "optimized/arithmetic/evolved_exp_f64.h"
