/*
 * libmvec's and SLEEF's exponentials for AVX2, one register after another as their users call them.
 */
#include "bench/arithmetic/evolved_exp_peers.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <sleef.h>

/* The compiler calls these by itself; no header declares them. */
__m256 _ZGVdN8v_expf(__m256 x);
__m256 _ZGVdN8v_exp2f(__m256 x);
__m256d _ZGVdN4v_exp2(__m256d x);

#define MAP_F32(NAME, FUNCTION)                                                                                        \
    void NAME(const float *x, float *y, size_t n)                                                                      \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i += 8)                                                                              \
            _mm256_storeu_ps(y + i, FUNCTION(_mm256_loadu_ps(x + i)));                                                 \
    }

#define MAP_F64(NAME, FUNCTION)                                                                                        \
    void NAME(const double *x, double *y, size_t n)                                                                    \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i += 4)                                                                              \
            _mm256_storeu_pd(y + i, FUNCTION(_mm256_loadu_pd(x + i)));                                                 \
    }

MAP_F32(evolved_exp_peer_libmvec_expf_avx2, _ZGVdN8v_expf)
MAP_F32(evolved_exp_peer_libmvec_exp2f_avx2, _ZGVdN8v_exp2f)
MAP_F32(evolved_exp_peer_sleef_expf_u10_avx2, Sleef_expf8_u10avx2)
MAP_F32(evolved_exp_peer_sleef_exp2f_u10_avx2, Sleef_exp2f8_u10avx2)
MAP_F32(evolved_exp_peer_sleef_exp2f_u35_avx2, Sleef_exp2f8_u35avx2)
MAP_F64(evolved_exp_peer_libmvec_exp2_avx2, _ZGVdN4v_exp2)
MAP_F64(evolved_exp_peer_sleef_exp2_u10_avx2, Sleef_exp2d4_u10avx2)

#endif
