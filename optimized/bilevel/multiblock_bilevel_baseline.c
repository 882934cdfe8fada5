/* The families' kernels for any CPU of the architecture. */
#define KERNELS multiblock_bilevel_kernels_baseline
#define WEIGHTS multiblock_bilevel_weights_baseline
#include "optimized/bilevel/multiblock_bilevel_kernels_body.h"
