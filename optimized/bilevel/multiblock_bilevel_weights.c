/* The weights of training examples with kernels that look at both points at once, for the CPU level in force. */
#include "optimized/bilevel/multiblock_bilevel_kernels.h"

#include "assay/cpu.h"

static const multiblock_bilevel_weights_kernels *kernels(void)
{
#if defined(__x86_64__)
    switch (assay_cpu_level()) {
    case ASSAY_AVX512: return &multiblock_bilevel_weights_avx512;
    case ASSAY_AVX2: return &multiblock_bilevel_weights_avx2;
    default: break;
    }
#endif
    return &multiblock_bilevel_weights_baseline;
}

static void lower_pass(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                       double *const gradient[2], double *const product[2], double *const cross[2])
{
    kernels()->lower_pass(context, at, v, gradient, product, cross);
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    kernels()->upper_gradient_y(context, at, out);
}

assay_status multiblock_bilevel_make_weights(const multiblock_bilevel_examples *training,
                                             const multiblock_bilevel_examples *validation, size_t blocks,
                                             const double *temperatures, double lambda,
                                             multiblock_bilevel_instance *instance)
{
    const assay_status status =
        multiblock_bilevel_reference_make_weights(training, validation, blocks, temperatures, lambda, instance);
    if (status != ASSAY_OK)
        return status;
    instance->problem.lower_pass_pair = lower_pass;
    instance->problem.upper_gradient_y_pair = upper_gradient_y;
    return ASSAY_OK;
}
