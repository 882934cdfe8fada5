/* Checks of arguments and constants of the formats, for the reference and the optimized code alike. */
#ifndef ASSAY_LMUL_ARGUMENTS_H
#define ASSAY_LMUL_ARGUMENTS_H

#include "assay/lmul.h"

/* What L-Mul needs to know of a format. Magnitudes are bit patterns without sign. */
typedef struct lmul_layout {
    const char *name;
    unsigned exponent_bits, mantissa_bits;
    uint32_t bias;
    uint32_t infinity; /* the least magnitude that is no number any more: infinity, or NaN in E4M3 */
    uint32_t overflow; /* what a result of that or more becomes */
    uint32_t nan;      /* the canonical one */
} lmul_layout;

#define LMUL_LAYOUT_FP32                                                                                               \
    {                                                                                                                  \
        "FP32", 8, 23, 127, 0x7f800000, 0x7f800000, 0x7fc00000                                                         \
    }

extern const lmul_layout lmul_layouts[LMUL_FORMATS];

/* The offset of LMUL_ADDITION in units of the last of 23 mantissa bits; 0 for other arithmetic. */
uint32_t lmul_offset_f32(const lmul_arithmetic *arithmetic);

assay_status lmul_check_arithmetic(const lmul_arithmetic *arithmetic);
assay_status lmul_check_rounding(unsigned bits, lmul_rounding rounding);
assay_status lmul_check_fp8(lmul_format format);

/* Two inputs (y may be null if it does not exist: then has_y is false) and an output of n elements of some size; the
 * output may be an input but must not overlap it otherwise. */
assay_status lmul_check_arrays(const void *x, bool has_y, const void *y, const void *out, size_t n, size_t in_size,
                               size_t out_size);

assay_status lmul_check_multiply_format(lmul_format format, lmul_format first, lmul_format second);

assay_status lmul_check_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a,
                             size_t lda, const float *b, size_t ldb, const float *c, size_t ldc);

assay_status lmul_check_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width,
                                  size_t values, const float *q, const float *k, const float *v, float scale,
                                  const float *o);

#endif
