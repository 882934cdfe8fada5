/* Bounds of many arms, for any CPU of the architecture. */
#define SCORE                  dp_federated_bandit_score_baseline
#define MINUS_PRODUCT(c, a, b) ((c) - (a) * (b))
#include "optimized/privacy/dp_federated_bandit_kernels_body.h"
