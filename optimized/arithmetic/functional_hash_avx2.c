/* Rows mixed four to a vector; 64-bit products are put together from 32-bit ones. */
#define MIX_NAME  functional_hash_mix_rows_avx2
#define MIX_LANES 4
#include "optimized/arithmetic/functional_hash_mix_body.h"
