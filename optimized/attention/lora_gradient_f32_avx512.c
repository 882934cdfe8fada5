/* The kernels of lora_gradient in single precision for AVX-512. */
#include "optimized/simd.h"

#define LORA_REAL              float
#define LORA_REAL_IS_DOUBLE    0
#define LORA_BYTES             64
#define LORA_TILE              12
#define LORA_FMA(a, b, c)      ((vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define LORA_FMA_WIDE(a, b, c) ((wide)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define LORA_MAX(a, b)         ((vector)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define LORA_KERNELS           lora_kernels_avx512_f32

#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"
