/*
 * libmvec's and SLEEF's exponentials for AVX512, one register after another as their users call them.
 */
#include "bench/arithmetic/evolved_exp_peers.h"

#include <immintrin.h>
#include <sleef.h>

/* The compiler calls these by itself; no header declares them. */
__m512 _ZGVeN16v_expf(__m512 x);
__m512 _ZGVeN16v_exp2f(__m512 x);
__m512d _ZGVeN8v_exp2(__m512d x);

#define MAP_F32(NAME, FUNCTION)                                                                                        \
    void NAME(const float *x, float *y, size_t n)                                                                      \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i += 16)                                                                             \
            _mm512_storeu_ps(y + i, FUNCTION(_mm512_loadu_ps(x + i)));                                                 \
    }

#define MAP_F64(NAME, FUNCTION)                                                                                        \
    void NAME(const double *x, double *y, size_t n)                                                                    \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i += 8)                                                                              \
            _mm512_storeu_pd(y + i, FUNCTION(_mm512_loadu_pd(x + i)));                                                 \
    }

MAP_F32(evolved_exp_peer_libmvec_expf_avx512, _ZGVeN16v_expf)
MAP_F32(evolved_exp_peer_libmvec_exp2f_avx512, _ZGVeN16v_exp2f)
MAP_F32(evolved_exp_peer_sleef_expf_u10_avx512, Sleef_expf16_u10avx512f)
MAP_F32(evolved_exp_peer_sleef_exp2f_u10_avx512, Sleef_exp2f16_u10avx512f)
MAP_F32(evolved_exp_peer_sleef_exp2f_u35_avx512, Sleef_exp2f16_u35avx512f)
MAP_F64(evolved_exp_peer_libmvec_exp2_avx512, _ZGVeN8v_exp2)
MAP_F64(evolved_exp_peer_sleef_exp2_u10_avx512, Sleef_exp2d8_u10avx512f)
