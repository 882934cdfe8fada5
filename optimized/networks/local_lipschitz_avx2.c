/* The kernels of local_lipschitz for AVX2. */
#include "optimized/simd.h"

#define VECTOR         __m256d
#define LANES          4
#define TILE_ROWS      4
#define LOAD(P)        _mm256_loadu_pd(P)
#define STORE(P, X)    _mm256_storeu_pd(P, X)
#define SET(X)         _mm256_set1_pd(X)
#define ZERO           _mm256_setzero_pd()
#define ADD(X, Y)      _mm256_add_pd(X, Y)
#define MULTIPLY(X, Y) _mm256_mul_pd(X, Y)
#define FMA(X, Y, Z)   _mm256_fmadd_pd(X, Y, Z)
#define LARGER(X, Y)   _mm256_max_pd(X, Y)
#define SMALLER(X, Y)  _mm256_min_pd(X, Y)
#define SUM(X)         sum_of(X)
#define KERNELS        lipschitz_kernels_avx2

static inline double sum_of(__m256d x)
{
    const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

#include "optimized/networks/local_lipschitz_kernels_body.h"
