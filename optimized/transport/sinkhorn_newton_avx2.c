/* The kernels of sinkhorn_newton for AVX2. */
#include "optimized/simd.h"
#include "optimized/transport/sinkhorn_newton_kernels.h"

#define LANES           4
#define FMA(a, b, c)    ((f64v)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define GATHER(y, k)    ((f64v){(y)[(k)[0]], (y)[(k)[1]], (y)[(k)[2]], (y)[(k)[3]]})
#define MOST(a, b)      ((f64v)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#define ANY_ABOVE(a, b) (_mm256_movemask_pd(_mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_GT_OQ)) != 0)
#define FILTER          filter
#define TABLE           sinkhorn_newton_kernels_avx2

static size_t filter(const double *cost, const double *y, size_t m, double eta, double threshold, uint32_t *column,
                     double *exponent)
{
    const __m256d e = _mm256_set1_pd(eta), least = _mm256_set1_pd(threshold);
    size_t count = 0, j = 0;
    for (; j + 8 <= m; j += 8) {
        const __m256d t = _mm256_mul_pd(e, _mm256_loadu_pd(cost + j));
        const __m256d s = _mm256_mul_pd(e, _mm256_loadu_pd(cost + j + 4));
        unsigned mask =
            (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_sub_pd(_mm256_loadu_pd(y + j), t), least, _CMP_GT_OQ));
        mask |=
            (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_sub_pd(_mm256_loadu_pd(y + j + 4), s), least, _CMP_GT_OQ))
            << 4;
        for (; mask; mask &= mask - 1, count++) {
            const size_t k = j + (size_t)__builtin_ctz(mask);
            column[count] = (uint32_t)k;
            exponent[count] = eta * cost[k] + 1;
        }
    }
    for (; j < m; j++) {
        column[count] = (uint32_t)j;
        exponent[count] = eta * cost[j] + 1;
        count += y[j] - eta * cost[j] > threshold;
    }
    return count;
}

#include "optimized/transport/sinkhorn_newton_kernels_body.h"
