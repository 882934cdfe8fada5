/* Bounds of many arms, for AVX-512. */
#include <immintrin.h>

#define LANES                   8
#define MINUS_PRODUCTS(c, a, b) ((lanes)_mm512_fnmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define KERNELS                 dp_federated_bandit_kernels_avx512
#define MINUS_PRODUCT(c, a, b)  __builtin_fma(-(a), b, c)
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
