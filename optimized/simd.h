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
#include <stddef.h>

/* SIMDe's round the product first, all but one of them; the kernels need one rounding. */
#define ASSAY_FUSED(name, type, field, fma, sign)                                                                      \
    static inline simde__##type assay_##name(simde__##type a, simde__##type b, simde__##type c)                        \
    {                                                                                                                  \
        simde__##type##_private x = simde__##type##_to_private(a), y = simde__##type##_to_private(b),                  \
                                z = simde__##type##_to_private(c);                                                     \
        for (size_t i = 0; i < sizeof z.field / sizeof z.field[0]; i++)                                                \
            z.field[i] = fma(sign x.field[i], y.field[i], z.field[i]);                                                 \
        return simde__##type##_from_private(z);                                                                        \
    }
ASSAY_FUSED(fmadd_ps, m256, f32, __builtin_fmaf, +)
ASSAY_FUSED(fnmadd_ps, m256, f32, __builtin_fmaf, -)
ASSAY_FUSED(fmadd_pd, m256d, f64, __builtin_fma, +)
ASSAY_FUSED(fnmadd_pd, m256d, f64, __builtin_fma, -)
#undef ASSAY_FUSED
#undef _mm256_fmadd_ps
#undef _mm256_fnmadd_ps
#undef _mm256_fmadd_pd
#undef _mm256_fnmadd_pd
#define _mm256_fmadd_ps  assay_fmadd_ps
#define _mm256_fnmadd_ps assay_fnmadd_ps
#define _mm256_fmadd_pd  assay_fmadd_pd
#define _mm256_fnmadd_pd assay_fnmadd_pd

/* SIMDe's reads what the mask leaves out, too. */
static inline simde__m256 assay_maskload_ps(const float *from, simde__m256i mask)
{
    const simde__m256i_private wanted = simde__m256i_to_private(mask);
    simde__m256_private r = {0};
    for (size_t i = 0; i < sizeof r.f32 / sizeof r.f32[0]; i++)
        r.f32[i] = wanted.i32[i] < 0 ? from[i] : 0;
    return simde__m256_from_private(r);
}
#undef _mm256_maskload_ps
#define _mm256_maskload_ps assay_maskload_ps
#endif

#endif
