/*
 * The AVX2 and FMA intrinsics: the compiler's own on x86-64, elsewhere SIMDe's, which become NEON on AArch64.
 */
#ifndef ASSAY_OPTIMIZED_SIMD_H
#define ASSAY_OPTIMIZED_SIMD_H

#if defined(__x86_64__)
#include <immintrin.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>
#endif

#endif
