/* The kernels of lora_gradient in double precision with SLEEF's exponential function. */
#include <immintrin.h>
#include <sleef.h>

#define LORA_REAL              double
#define LORA_REAL_IS_DOUBLE    1
#define LORA_BYTES             64
#define LORA_TILE              12
#define LORA_FMA(a, b, c)      ((vector)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define LORA_FMA_WIDE(a, b, c) ((wide)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define LORA_MAX(a, b)         ((vector)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define LORA_EXPONENTIAL(x)    ((vector)Sleef_expd8_u10avx512f((__m512d)(x)))
#define LORA_SCORE_SCALE       1.0
#define LORA_KERNELS           lora_kernels_sleef_avx512

#include "bench/attention/lora_gradient_peers.h"
#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"
