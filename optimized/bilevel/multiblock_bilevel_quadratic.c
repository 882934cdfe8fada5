/* The quadratic family with kernels that look at both points at once, for the CPU level in force. */
#include "optimized/bilevel/multiblock_bilevel_kernels.h"

#include "assay/cpu.h"

static const multiblock_bilevel_kernels *kernels(void)
{
#if defined(__x86_64__)
    switch (assay_cpu_level()) {
    case ASSAY_AVX512: return &multiblock_bilevel_kernels_avx512;
    case ASSAY_AVX2: return &multiblock_bilevel_kernels_avx2;
    default: break;
    }
#endif
    return &multiblock_bilevel_kernels_baseline;
}

static void lower_gradient(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    kernels()->lower_gradient(context, at, out);
}

static void lower_hessian(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    kernels()->lower_hessian(context, at, out);
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                  double *const out[2])
{
    kernels()->lower_hessian_product(context, at, v, out);
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                double scale, double *const sum[2])
{
    kernels()->lower_cross_product(context, at, v, scale, sum);
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    kernels()->upper_gradient_y(context, at, out);
}

assay_status multiblock_bilevel_make_quadratic(const multiblock_bilevel_quadratic *sizes, uint64_t seed,
                                               multiblock_bilevel_instance *instance)
{
    const assay_status status = multiblock_bilevel_reference_make_quadratic(sizes, seed, instance);
    if (status != ASSAY_OK)
        return status;
    instance->problem.lower_gradient_pair = lower_gradient;
    instance->problem.lower_hessian_pair = lower_hessian;
    instance->problem.lower_hessian_product_pair = lower_hessian_product;
    instance->problem.lower_cross_product_pair = lower_cross_product;
    instance->problem.upper_gradient_y_pair = upper_gradient_y;
    return ASSAY_OK;
}
