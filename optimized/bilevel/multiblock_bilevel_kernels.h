/* Kernels of multiblock_bilevel: derivatives of two families at two points at once, one set for each level. */
#ifndef ASSAY_MULTIBLOCK_BILEVEL_KERNELS_H
#define ASSAY_MULTIBLOCK_BILEVEL_KERNELS_H

#include "reference/bilevel/multiblock_bilevel_reference.h"

typedef struct multiblock_bilevel_kernels {
    void (*lower_gradient)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
    void (*lower_hessian)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
    void (*lower_hessian_product)(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                  double *const out[2]);
    void (*lower_cross_product)(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                double scale, double *const sum[2]);
    void (*upper_gradient_y)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
} multiblock_bilevel_kernels;

/* Of the weights of training examples. */
typedef struct multiblock_bilevel_weights_kernels {
    void (*lower_pass)(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                       double *const gradient[2], double *const product[2], double *const cross[2]);
    void (*upper_gradient_y)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
} multiblock_bilevel_weights_kernels;

extern const multiblock_bilevel_weights_kernels multiblock_bilevel_weights_baseline;
#if defined(__x86_64__)
extern const multiblock_bilevel_weights_kernels multiblock_bilevel_weights_avx2, multiblock_bilevel_weights_avx512;
#endif

extern const multiblock_bilevel_kernels multiblock_bilevel_kernels_baseline;
#if defined(__x86_64__)
extern const multiblock_bilevel_kernels multiblock_bilevel_kernels_avx2, multiblock_bilevel_kernels_avx512;
#endif

#endif
