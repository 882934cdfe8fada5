/* The kernels with 4 lanes. */
#include "optimized/simd.h"

#include <stdint.h>

static const int64_t tails[8] = {-1, -1, -1, -1, 0, 0, 0, 0};

#define LANES          4
#define V              __m256d
#define MASK           __m256i
#define TAIL(k)        _mm256_loadu_si256((const __m256i *)(tails + 4 - (k)))
#define LOAD(p)        _mm256_loadu_pd(p)
#define STORE(p, v)    _mm256_storeu_pd(p, v)
#define KEEP(m, v)     _mm256_and_pd(_mm256_castsi256_pd(m), v)
#define EARLIER(v, w)  _mm256_shuffle_pd(_mm256_permute2f128_pd(v, w, 0x21), w, 0x5)
#define LATER(v, w)    _mm256_shuffle_pd(v, _mm256_permute2f128_pd(v, w, 0x21), 0x5)
#define SET(a)         _mm256_set1_pd(a)
#define ADD(a, b)      _mm256_add_pd(a, b)
#define SUBTRACT(a, b) _mm256_sub_pd(a, b)
#define MULTIPLY(a, b) _mm256_mul_pd(a, b)
#define DIVIDE(a, b)   _mm256_div_pd(a, b)
#define FUSED(a, b, c) _mm256_fmadd_pd(a, b, c)
#define SUM(v)         sum_of(v)
#define KERNELS        sor_bandit_kernels_avx2

static inline double sum_of(__m256d v)
{
    const __m128d pairs = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(pairs, _mm_unpackhi_pd(pairs, pairs)));
}

#include "optimized/solvers/sor_bandit_kernels_body.h"
