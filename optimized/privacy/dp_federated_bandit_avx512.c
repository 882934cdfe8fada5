/* Bounds of many arms, for AVX-512. */
#define SCORE                  dp_federated_bandit_score_avx512
#define MINUS_PRODUCT(c, a, b) __builtin_fma(-(a), b, c)
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
