/*
 * Programs over blocks for any CPU, and the choice between the instruction sets.
 */
#include "assay/cpu.h"
#include "assay/evolved_exp_search.h"

#define BLOCK_NAME(STEM) evolved_exp_block_##STEM##_baseline
#include "optimized/arithmetic/evolved_exp_blocks.h"

static assay_status check_arrays(const evolved_exp_program *program, const void *x, const void *y, size_t n)
{
    if (n > 0 && (!x || !y))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with n = %zu", x ? "y" : "x", n);
    return evolved_exp_check(program);
}

assay_status evolved_exp_evaluate_f64(const evolved_exp_program *program, const double *x, double *y, size_t n)
{
    assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE)
        return evolved_exp_reference_evaluate_f64(program, x, y, n);
    assay_status status = check_arrays(program, x, y, n);
    if (status != ASSAY_OK)
        return status;
#if defined(__x86_64__)
    if (level == ASSAY_AVX512)
        evolved_exp_block_evaluate_f64_avx512(program, x, y, n);
    else
#endif
        if (level == ASSAY_AVX2)
        evolved_exp_block_evaluate_f64_avx2(program, x, y, n);
    else
        evolved_exp_block_evaluate_f64_baseline(program, x, y, n);
    return ASSAY_OK;
}

assay_status evolved_exp_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n)
{
    assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE)
        return evolved_exp_reference_evaluate_f32(program, x, y, n);
    assay_status status = check_arrays(program, x, y, n);
    if (status != ASSAY_OK)
        return status;
#if defined(__x86_64__)
    if (level == ASSAY_AVX512)
        evolved_exp_block_evaluate_f32_avx512(program, x, y, n);
    else
#endif
        if (level == ASSAY_AVX2)
        evolved_exp_block_evaluate_f32_avx2(program, x, y, n);
    else
        evolved_exp_block_evaluate_f32_baseline(program, x, y, n);
    return ASSAY_OK;
}
