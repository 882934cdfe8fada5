/* Limits with AVX2 and FMA. Elsewhere the level is carried by 16-byte vectors: the baseline's limits are its limits. */
#include "bench/limits.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define KERNELS              limits_kernels_avx2
#define BYTES                32
#define REGISTER             "x"
#define STEP_F32(x, b, c, i) _mm256_fmadd_ps(x, b, c)
#define STEP_F64(x, b, c, i) _mm256_fmadd_pd(x, b, c)
#define FLOPS_PER_STEP       2
#define STREAM(to, v)        _mm256_stream_si256((__m256i *)(to), (__m256i)(v))
#define STREAM_END()         _mm_sfence()
#include "bench/limits_kernels.h"

#endif
