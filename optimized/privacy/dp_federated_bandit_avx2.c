/* Bounds of many arms, for AVX2 and FMA. */
#if defined(__x86_64__) /* elsewhere the baseline is the best that the compiler can do */
#define SCORE                  dp_federated_bandit_score_avx2
#define MINUS_PRODUCT(c, a, b) __builtin_fma(-(a), b, c)
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
#else
typedef int dp_federated_bandit_has_no_avx2; /* a file must declare something */
#endif
