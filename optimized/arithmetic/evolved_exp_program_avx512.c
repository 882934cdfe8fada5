/*
 * Programs over blocks, for AVX-512.
 */
#define BLOCK_NAME(STEM) evolved_exp_block_##STEM##_avx512
#include "optimized/arithmetic/evolved_exp_blocks.h"
