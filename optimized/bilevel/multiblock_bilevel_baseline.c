/* The quadratic family's kernels for any CPU of the architecture. */
#define KERNELS multiblock_bilevel_kernels_baseline
#include "optimized/bilevel/multiblock_bilevel_kernels_body.h"
