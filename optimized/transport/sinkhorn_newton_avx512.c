/* The kernels of sinkhorn_newton for AVX-512. */
#include "optimized/transport/sinkhorn_newton_kernels.h"

#include <immintrin.h>

#define LANES           8
#define FMA(a, b, c)    ((f64v)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define GATHER(y, k)    ((f64v)_mm512_i32gather_pd(_mm256_loadu_si256((const void *)(k)), y, 8))
#define MOST(a, b)      ((f64v)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define ANY_ABOVE(a, b) (_mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_GT_OQ) != 0)
#define FILTER          filter
#define TABLE           sinkhorn_newton_kernels_avx512

static size_t filter(const double *cost, const double *y, size_t m, double eta, double threshold, uint32_t *column,
                     double *exponent)
{
    const __m512d e = _mm512_set1_pd(eta), least = _mm512_set1_pd(threshold), one = _mm512_set1_pd(1);
    __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t count = 0;
    for (size_t j = 0; j < m; j += 8, index = _mm256_add_epi32(index, _mm256_set1_epi32(8))) {
        const __mmask8 valid = m - j < 8 ? (__mmask8)((1u << (m - j)) - 1) : 0xff;
        const __m512d t = _mm512_mul_pd(e, _mm512_maskz_loadu_pd(valid, cost + j));
        const __m512d s = _mm512_sub_pd(_mm512_maskz_loadu_pd(valid, y + j), t);
        const __mmask8 mask = _mm512_mask_cmp_pd_mask(valid, s, least, _CMP_GT_OQ);
        if (!mask)
            continue;
        _mm512_storeu_pd(exponent + count, _mm512_maskz_compress_pd(mask, _mm512_add_pd(t, one)));
        _mm256_storeu_si256((void *)(column + count), _mm256_maskz_compress_epi32(mask, index));
        count += (size_t)__builtin_popcount(mask);
    }
    return count;
}

#include "optimized/transport/sinkhorn_newton_kernels_body.h"
