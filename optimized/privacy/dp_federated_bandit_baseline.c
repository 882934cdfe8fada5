/* Bounds of many arms, for any CPU of the architecture. */
#define LANES                   2
#define MINUS_PRODUCTS(c, a, b) ((c) - (a) * (b))
#define KERNELS                 dp_federated_bandit_kernels_baseline
#define MINUS_PRODUCT(c, a, b)  ((c) - (a) * (b))
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
