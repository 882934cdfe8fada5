/* Rows mixed eight to a vector. */
#define MIX_NAME  functional_hash_mix_rows_avx512
#define MIX_LANES 8
#include "optimized/arithmetic/functional_hash_mix_body.h"
