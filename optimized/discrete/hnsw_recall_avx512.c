/* The kernels of hnsw_recall for AVX-512. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define HNSW_LANES                16
#define HNSW_ROWS                 12
#define HNSW_FMA(a, b, c)         ((f32v)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define HNSW_SUM(v)               sum_lanes((__m512)(v))
#define HNSW_PARTIAL(p, n)        ((f32v)_mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p))
#define HNSW_BITS(v)              ((unsigned)_mm512_movepi32_mask((__m512i)(v)))
#define HNSW_PRODUCT(q, c, count) product(q, c, count)
#define HNSW_TABLE                hnsw_kernels_avx512

static inline float sum_lanes(__m512 v)
{
    const __m256 four = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/* Codes have room for a multiple of 16. What lies behind the last one meets a zero of q. */
static inline int32_t product(const int16_t *q, const int8_t *c, size_t n)
{
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 16 < n; i += 32) {
        const __m512i wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(c + i)));
        sum = _mm512_add_epi32(sum, _mm512_madd_epi16(wide, _mm512_loadu_si512(q + i)));
    }
    __m256i four = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    if (i < n) {
        const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(c + i)));
        four = _mm256_add_epi32(four, _mm256_madd_epi16(wide, _mm256_loadu_si256((const __m256i *)(q + i))));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

#include "optimized/discrete/hnsw_recall_kernels_body.h"
