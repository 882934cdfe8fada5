/* The families' kernels for AVX2. */
#if defined(__x86_64__) /* elsewhere the baseline is the best that the compiler can do */
#define KERNELS multiblock_bilevel_kernels_avx2
#define WEIGHTS multiblock_bilevel_weights_avx2
#include "optimized/bilevel/multiblock_bilevel_kernels_body.h"
#else
typedef int multiblock_bilevel_has_no_avx2; /* a file must declare something */
#endif
