/* Bounds of many arms, for AVX2 and FMA. */
#if defined(__x86_64__) /* elsewhere the baseline is the best that the compiler can do */
#include <immintrin.h>

#define LANES                   4
#define MINUS_PRODUCTS(c, a, b) ((lanes)_mm256_fnmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define KERNELS                 dp_federated_bandit_kernels_avx2
#define MINUS_PRODUCT(c, a, b)  __builtin_fma(-(a), b, c)
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
#else
typedef int dp_federated_bandit_has_no_avx2; /* a file must declare something */
#endif
