/* The kernels of lora_gradient in single precision with SLEEF's exponential function. */
#if defined(__x86_64__)

#include <immintrin.h>
#include <sleef.h>

#define LORA_REAL              float
#define LORA_REAL_IS_DOUBLE    0
#define LORA_BYTES             32
#define LORA_TILE              6
#define LORA_FMA(a, b, c)      ((vector)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define LORA_FMA_WIDE(a, b, c) ((wide)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define LORA_MAX(a, b)         ((vector)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define LORA_EXPONENTIAL(x)    ((vector)Sleef_expf8_u10avx2((__m256)(x)))
#define LORA_SCORE_SCALE       1.0
#define LORA_KERNELS           lora_kernels_sleef_avx2_f32

#include "bench/attention/lora_gradient_peers.h"
#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"

#endif
