/* The kernels of hnsw_recall for AVX-512. */
#include "optimized/discrete/hnsw_recall_kernels.h"

#include <immintrin.h>

#define HNSW_LANES                16
#define HNSW_ROWS                 12
#define HNSW_FMA(a, b, c)         ((f32v)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define HNSW_SUM(v)               sum_lanes((__m512)(v))
#define HNSW_PARTIAL(p, n)        ((f32v)_mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p))
#define HNSW_ALL(x)               ((f32v)_mm512_set1_ps(x))
#define HNSW_REACHED(a, b)        ((unsigned)_mm512_cmp_ps_mask((__m512)(a), (__m512)(b), _CMP_GE_OQ))
#define HNSW_LARGER(a, b)         ((i32v)_mm512_max_epi32((__m512i)(a), (__m512i)(b)))
#define HNSW_SUM_FOUR(v, out)     sum_four((__m512)(v)[0], (__m512)(v)[1], (__m512)(v)[2], (__m512)(v)[3], out)
#define HNSW_QUADS(p, n)          ((f32v)quads(p, n))
#define HNSW_MIX_LOW(a, b)        ((f32v)_mm512_unpacklo_ps((__m512)(a), (__m512)(b)))
#define HNSW_MIX_HIGH(a, b)       ((f32v)_mm512_unpackhi_ps((__m512)(a), (__m512)(b)))
#define HNSW_PAIR_LOW(a, b)       ((f32v)_mm512_unpacklo_pd((__m512d)(a), (__m512d)(b)))
#define HNSW_PAIR_HIGH(a, b)      ((f32v)_mm512_unpackhi_pd((__m512d)(a), (__m512d)(b)))
#define HNSW_ADD(c, v, ids, bits) add_lanes(c, (__m512)(v), (__m512i)(ids), bits)
#define HNSW_PRODUCT(q, c, count) product(q, c, count)
#define HNSW_TABLE                hnsw_kernels_avx512

static inline float sum_lanes(__m512 v)
{
    const __m256 four = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/* The same additions, of four vectors side by side. */
static inline void sum_four(__m512 a, __m512 b, __m512 c, __m512 d, float *out)
{
    const __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    const __m512 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
    __m512 all = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
    all = _mm512_add_ps(all, _mm512_permute_ps(all, 0x4e));
    all = _mm512_add_ps(all, _mm512_permute_ps(all, 0xb1));
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, all)));
}

static inline __m512 quads(const float *p, size_t n)
{
    const __m512 one = _mm512_castps128_ps512(_mm_loadu_ps(p));
    const __m512 two = _mm512_insertf32x4(one, _mm_loadu_ps(p + 4 * n), 1);
    const __m512 three = _mm512_insertf32x4(two, _mm_loadu_ps(p + 8 * n), 2);
    return _mm512_insertf32x4(three, _mm_loadu_ps(p + 12 * n), 3);
}

/* Stores all lanes, those wanted first: to compress in a register is fast, into memory not. */
static inline void add_lanes(hnsw_candidates *c, __m512 v, __m512i ids, unsigned bits)
{
    _mm512_storeu_ps(c->values + c->count, _mm512_maskz_compress_ps((__mmask16)bits, v));
    _mm512_storeu_si512(c->ids + c->count, _mm512_maskz_compress_epi32((__mmask16)bits, ids));
    c->count += (uint32_t)__builtin_popcount(bits);
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
