/* Limits with what every CPU of the architecture has: SSE2 on x86-64, Advanced SIMD on AArch64. */
#define KERNELS limits_kernels_baseline
#define BYTES   16

#if defined(__x86_64__)

#include <immintrin.h>

/* No fused multiply-add: half of the chains multiply, half add, and neither waits for the other. */
#define REGISTER             "x"
#define STEP_F32(x, b, c, i) ((i) % 2 ? (x) + (c) : (x) * (b))
#define STEP_F64(x, b, c, i) ((i) % 2 ? (x) + (c) : (x) * (b))
#define FLOPS_PER_STEP       1
#define STREAM(to, v)        _mm_stream_si128((__m128i *)(to), (__m128i)(v))
#define STREAM_END()         _mm_sfence()

#elif defined(__aarch64__)

#include <arm_neon.h>

#define REGISTER             "w"
#define STEP_F32(x, b, c, i) vfmaq_f32(c, x, b)
#define STEP_F64(x, b, c, i) vfmaq_f64(c, x, b)
#define FLOPS_PER_STEP       2

#else
#error "say for this architecture what REGISTER, STEP_F32 and STEP_F64 are"
#endif

#include "bench/limits_kernels.h"
