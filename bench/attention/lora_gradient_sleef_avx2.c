/* The kernels of lora_gradient in double precision with SLEEF's exponential function. */
#if defined(__x86_64__)

#include <immintrin.h>
#include <sleef.h>

#define LORA_REAL              double
#define LORA_REAL_IS_DOUBLE    1
#define LORA_BYTES             32
#define LORA_TILE              6
#define LORA_FMA(a, b, c)      ((vector)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define LORA_FMA_WIDE(a, b, c) ((wide)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define LORA_MAX(a, b)         ((vector)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#define LORA_EXPONENTIAL(x)    ((vector)Sleef_expd4_u10avx2((__m256d)(x)))
#define LORA_SCORE_SCALE       1.0
#define LORA_KERNELS           lora_kernels_sleef_avx2

#include "bench/attention/lora_gradient_peers.h"
#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"

#endif
