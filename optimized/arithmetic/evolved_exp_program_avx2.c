/*
 * Programs over blocks, for AVX2 and FMA (and for NEON, which the compiler uses on AArch64).
 */
#define BLOCK_NAME(STEM) evolved_exp_block_##STEM##_avx2
#include "optimized/arithmetic/evolved_exp_blocks.h"
