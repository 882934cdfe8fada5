/* The families' kernels for AVX-512. */
#define KERNELS multiblock_bilevel_kernels_avx512
#define WEIGHTS multiblock_bilevel_weights_avx512
#include "optimized/bilevel/multiblock_bilevel_kernels_body.h"
