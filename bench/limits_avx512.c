/* Limits with AVX-512 F. */
#include <immintrin.h>

#define KERNELS              limits_kernels_avx512
#define BYTES                64
#define REGISTER             "v"
#define STEP_F32(x, b, c, i) _mm512_fmadd_ps(x, b, c)
#define STEP_F64(x, b, c, i) _mm512_fmadd_pd(x, b, c)
#define FLOPS_PER_STEP       2
#define STREAM(to, v)        _mm512_stream_si512((__m512i *)(to), (__m512i)(v))
#define STREAM_END()         _mm_sfence()
#include "bench/limits_kernels.h"
