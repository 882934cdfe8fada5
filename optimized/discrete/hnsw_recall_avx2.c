/* The kernels of hnsw_recall for AVX2. */
#include "optimized/simd.h"

#include <stddef.h>
#include <stdint.h>

#define HNSW_LANES                8
#define HNSW_ROWS                 6
#define HNSW_FMA(a, b, c)         ((f32v)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define HNSW_SUM(v)               sum_lanes((__m256)(v))
#define HNSW_PARTIAL(p, n)        ((f32v)partial(p, n))
#define HNSW_ALL(x)               ((f32v)_mm256_set1_ps(x))
#define HNSW_REACHED(a, b)        ((unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)(a), (__m256)(b), _CMP_GE_OQ)))
#define HNSW_LARGER(a, b)         ((i32v)_mm256_max_epi32((__m256i)(a), (__m256i)(b)))
#define HNSW_SUM_FOUR(v, out)     sum_four((__m256)(v)[0], (__m256)(v)[1], (__m256)(v)[2], (__m256)(v)[3], out)
#define HNSW_QUADS(p, n)          ((f32v)quads(p, n))
#define HNSW_MIX_LOW(a, b)        ((f32v)_mm256_unpacklo_ps((__m256)(a), (__m256)(b)))
#define HNSW_MIX_HIGH(a, b)       ((f32v)_mm256_unpackhi_ps((__m256)(a), (__m256)(b)))
#define HNSW_PAIR_LOW(a, b)       ((f32v)_mm256_unpacklo_pd((__m256d)(a), (__m256d)(b)))
#define HNSW_PAIR_HIGH(a, b)      ((f32v)_mm256_unpackhi_pd((__m256d)(a), (__m256d)(b)))
#define HNSW_PRODUCT(q, c, count) product(q, c, count)
#define HNSW_TABLE                hnsw_kernels_avx2

static inline float sum_lanes(__m256 v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/* The same additions, of four vectors side by side. */
static inline void sum_four(__m256 a, __m256 b, __m256 c, __m256 d, float *out)
{
    const __m256 ab = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    const __m256 cd = _mm256_add_ps(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    const __m256 ac_bd = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
    const __m256 sums = _mm256_add_ps(ac_bd, _mm256_shuffle_ps(ac_bd, ac_bd, 0xb1)); /* a a c c b b d d */
    const __m128 left = _mm256_castps256_ps128(sums), right = _mm256_extractf128_ps(sums, 1);
    const __m128 mixed = _mm_unpacklo_ps(left, right), rest = _mm_unpackhi_ps(left, right); /* a b a b, c d c d */
    _mm_storeu_ps(out, _mm_movelh_ps(mixed, rest));
}

static inline __m256 quads(const float *p, size_t n)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * n), 1);
}

static inline __m256 partial(const float *p, size_t n)
{
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), places));
}

/* Codes have room for a multiple of 16. What lies behind the last one meets a zero of q. */
static inline int32_t product(const int16_t *q, const int8_t *c, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < n; i += 16) {
        const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(c + i)));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(wide, _mm256_loadu_si256((const __m256i *)(q + i))));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

#include "optimized/discrete/hnsw_recall_kernels_body.h"
