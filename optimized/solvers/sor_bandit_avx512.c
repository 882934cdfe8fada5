/* The kernels with 8 lanes. */
#include <immintrin.h>

#define LANES           8
#define V               __m512d
#define MASK            __mmask8
#define TAIL(k)         (__mmask8)((1u << (k)) - 1)
#define LOAD(p)         _mm512_loadu_pd(p)
#define STORE(p, v)     _mm512_storeu_pd(p, v)
#define KEEP(m, v)      _mm512_maskz_mov_pd(m, v)
#define JOINED(v, w, k) _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(w), _mm512_castpd_si512(v), k))
#define EARLIER(v, w)   JOINED(v, w, 7)
#define LATER(v, w)     JOINED(v, w, 1)
#define SET(a)          _mm512_set1_pd(a)
#define ADD(a, b)       _mm512_add_pd(a, b)
#define SUBTRACT(a, b)  _mm512_sub_pd(a, b)
#define MULTIPLY(a, b)  _mm512_mul_pd(a, b)
#define DIVIDE(a, b)    _mm512_div_pd(a, b)
#define FUSED(a, b, c)  _mm512_fmadd_pd(a, b, c)
#define SUM(v)          _mm512_reduce_add_pd(v)
#define KERNELS         sor_bandit_kernels_avx512
#include "optimized/solvers/sor_bandit_kernels_body.h"
