/* The kernels of local_lipschitz for AVX-512. */
#include <immintrin.h>

#define VECTOR         __m512d
#define LANES          8
#define TILE_ROWS      8
#define LOAD(P)        _mm512_loadu_pd(P)
#define STORE(P, X)    _mm512_storeu_pd(P, X)
#define SET(X)         _mm512_set1_pd(X)
#define ZERO           _mm512_setzero_pd()
#define ADD(X, Y)      _mm512_add_pd(X, Y)
#define MULTIPLY(X, Y) _mm512_mul_pd(X, Y)
#define FMA(X, Y, Z)   _mm512_fmadd_pd(X, Y, Z)
#define LARGER(X, Y)   _mm512_max_pd(X, Y)
#define SMALLER(X, Y)  _mm512_min_pd(X, Y)
#define SUM(X)         _mm512_reduce_add_pd(X)
#define KERNELS        lipschitz_kernels_avx512

#include "optimized/networks/local_lipschitz_kernels_body.h"
