/**
 * @file lmul.h
 * L-Mul: floating-point products by one integer addition, in vectors, matrix products and attention.
 *
 * H. Luo, W. Sun, Addition is All You Need for Energy-efficient Language Models, arXiv:2410.00907.
 *
 * For x = (1 + u) 2^i and y = (1 + v) 2^j the paper replaces (1 + u)(1 + v) by 1 + u + v + 2^-l(m), m being the number
 * of mantissa bits, l(m) = m for m <= 3, l(4) = 3, l(m) = 4 for m > 4. On bit patterns without sign, exponent over
 * mantissa, this is a + b - (bias << m) + 2^(m-l(m)): one integer addition. It is the definition here, so a mantissa
 * sum s = u + v + 2^-l of 1 or more carries into the exponent: the value is 1 + s for s < 1, 2s for 1 <= s < 2, and
 * 4(s - 1) for s >= 2, times 2^(i+j). The sign is the XOR of the signs.
 *
 * Special values: an exponent field of 0 (zero and subnormal numbers) counts as a signed zero; a result whose exponent
 * field would be below 1 is a signed zero; one above the largest is a signed infinity (E4M3, which has none: +-448);
 * infinity times a number that is not zero is an infinity; infinity times zero, and NaN times anything, is the quiet
 * NaN without sign.
 *
 * All functions are deterministic: the same bits at every CPU level and with any number of threads (but for the sign
 * and payload of a NaN that comes out of a sum, which the language leaves open). Outputs are
 * untouched when a call fails.
 */
#ifndef ASSAY_LMUL_H
#define ASSAY_LMUL_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Arithmetic ----------------------------------------------------------------------------------------------- */

/** Number formats: exponent bits, mantissa bits, bias. */
typedef enum lmul_format {
    LMUL_FP32,   /**< 8, 23, 127 */
    LMUL_BF16,   /**< 8, 7, 127 */
    LMUL_FP16,   /**< 5, 10, 15 */
    LMUL_E5M2,   /**< 5, 2, 15 */
    LMUL_E4M3,   /**< 4, 3, 7; no infinity, NaN is 0x7f, the largest number 448 */
    LMUL_FORMATS /**< how many there are */
} lmul_format;

/** How inputs are rounded to fewer mantissa bits. */
typedef enum lmul_rounding {
    LMUL_TRUNCATE, /**< the low bits are cleared */
    LMUL_NEAREST   /**< to nearest, ties to even; may carry into the exponent and so become infinite */
} lmul_rounding;

/** What makes a product of two float32 numbers. */
typedef enum lmul_kind {
    LMUL_ADDITION, /**< L-Mul on inputs rounded to @c bits mantissa bits */
    LMUL_EXACT,    /**< x * y; sums of products by fused multiply-add */
    LMUL_FP8       /**< inputs rounded to an 8-bit format (as lmul_fp8_encode() does), their product exact or rounded */
} lmul_kind;

/** lmul_arithmetic.offset: 2^-l(bits) as the paper says. */
#define LMUL_OFFSET_PAPER (-1)

/** lmul_arithmetic.offset: nothing is added (Mitchell's multiplication by logarithms). */
#define LMUL_OFFSET_NONE 0

/** The arithmetic of products. Zeroed except for @c bits it is L-Mul with truncation and without offset; see
 *  lmul_with_bits(), lmul_exact() and lmul_fp8(). */
typedef struct lmul_arithmetic {
    lmul_kind kind;         /**< which members below matter */
    unsigned bits;          /**< LMUL_ADDITION: mantissa bits, 1 to 23 */
    lmul_rounding rounding; /**< LMUL_ADDITION: of the inputs */
    int32_t offset;         /**< LMUL_ADDITION: LMUL_OFFSET_PAPER or j for j 2^-bits, 0 <= j < 2^bits */
    lmul_format format;     /**< LMUL_FP8: LMUL_E4M3 or LMUL_E5M2 */
    bool round_products;    /**< LMUL_FP8: products are rounded to the format too, saturating */
} lmul_arithmetic;

/** The paper's L-Mul with @p bits mantissa bits: truncation, offset 2^-l(bits). */
lmul_arithmetic lmul_with_bits(unsigned bits);

/** Products of float32. */
lmul_arithmetic lmul_exact(void);

/** Exact products of 8-bit numbers. */
lmul_arithmetic lmul_fp8(lmul_format format);

/** l(m) of the paper; 0 for m = 0. */
unsigned lmul_offset_exponent(unsigned mantissa_bits);

/* ---- Elements ------------------------------------------------------------------------------------------------- */

/** L-Mul of two numbers with the paper's offset (23 bits). */
float lmul_f32(float x, float y);

/** L-Mul of two bit patterns of a format, paper's offset. ASSAY_OUT_OF_RANGE if @p a or @p b has bits beyond it. */
assay_status lmul_multiply_bits(lmul_format format, uint32_t a, uint32_t b, uint32_t *product);

/** out[i] = x[i] times y[i], i < n. @p out may be @p x or @p y, but must not overlap them otherwise. */
assay_status lmul_multiply(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n);

/** The same on bit patterns of LMUL_BF16 or LMUL_FP16, paper's offset. */
assay_status lmul_multiply_u16(lmul_format format, const uint16_t *x, const uint16_t *y, uint16_t *out, size_t n);

/** The same on bit patterns of LMUL_E5M2 or LMUL_E4M3, paper's offset. */
assay_status lmul_multiply_u8(lmul_format format, const uint8_t *x, const uint8_t *y, uint8_t *out, size_t n);

/** out[i] = x[i] rounded to @p bits (1 to 23) mantissa bits; NaN becomes the quiet NaN without sign. @p out may be
 *  @p x. */
assay_status lmul_round(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n);

/** out[i] = x[i] in an 8-bit format: to nearest, ties to even, with subnormals; beyond the largest number, infinities
 *  included, it is the largest one. NaN becomes NaN (0x7f in E4M3, 0x7e in E5M2). */
assay_status lmul_fp8_encode(lmul_format format, const float *x, uint8_t *out, size_t n);

/** out[i] = the value of the 8-bit pattern x[i]. */
assay_status lmul_fp8_decode(lmul_format format, const uint8_t *x, float *out, size_t n);

/* ---- Sums of products ----------------------------------------------------------------------------------------- */

/** *result = sum of x[i] times y[i] in float32, in the order of i from +0, rounded once for each addition. */
assay_status lmul_dot(const lmul_arithmetic *arithmetic, const float *x, const float *y, size_t n, float *result);

/** C += A B in float32: A is m x k, B is k x n, C is m x n, row-major with row lengths lda >= k, ldb >= n, ldc >= n.
 *  Each element of C gets its products in the order of k, rounded once for each addition; zero products of
 *  LMUL_ADDITION count as +0. The memory from the first to the last element of C must not overlap that of A or B. */
assay_status lmul_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a, size_t lda,
                       const float *b, size_t ldb, float *c, size_t ldc);

/** Attention, O = softmax(scale Q K^T) V by rows: Q is queries x width, K keys x width, V keys x values, O queries x
 *  values, all dense row-major. Both matrix products are made by @p arithmetic; the scale and the softmax are float32
 *  (exponential below 1.5 ulp for arguments down to -87, 0 below). Needs queries, keys, width and values of at least
 *  1 and a finite scale. O must not overlap the inputs. */
assay_status lmul_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width, size_t values,
                            const float *q, const float *k, const float *v, float scale, float *o);

/* ---- Theory --------------------------------------------------------------------------------------------------- */

/** Mean and root mean square of the relative error of L-Mul, for mantissas uniform in [0, 1), truncated to @p bits
 *  (1 to 23; 0 for not rounded at all) with the offset @p offset in [0, 1). Exact sums over the grid, in double. */
assay_status lmul_theory(unsigned bits, double offset, double *mean, double *rmse);

/** The same for exact products of inputs rounded to nearest with @p bits (1 to 23) mantissa bits, such as fp8. */
assay_status lmul_theory_rounded_product(unsigned bits, double *mean, double *rmse);

/** Gates of an L-Mul unit with @p e exponent and @p m mantissa bits, 1 to 64 each, in a unit-gate model (half adder 2,
 *  full adder 5, 2:1 multiplexer 3); 0 outside that range. */
unsigned lmul_gates(unsigned e, unsigned m);

/** Gates of a floating-point multiplier of that format in the same model; 0 outside the range. */
unsigned lmul_multiplier_gates(unsigned e, unsigned m);

/** Operations of the energy model. */
typedef enum lmul_operation {
    LMUL_ADD_I8,       /**< 8-bit integer addition */
    LMUL_ADD_I32,      /**< 32-bit integer addition */
    LMUL_ADD_F16,      /**< 16-bit floating-point addition */
    LMUL_ADD_F32,      /**< 32-bit floating-point addition */
    LMUL_MULTIPLY_I8,  /**< 8-bit integer multiplication */
    LMUL_MULTIPLY_F16, /**< 16-bit floating-point multiplication */
    LMUL_MULTIPLY_F32, /**< 32-bit floating-point multiplication */
    LMUL_OPERATIONS    /**< how many there are */
} lmul_operation;

/** Picojoules of one operation at 45 nm (Horowitz, ISSCC 2014); NaN if @p operation is none. */
double lmul_energy(lmul_operation operation);

/** The part (0 to 1) of the energy of a float32 product that L-Mul saves by its integer addition. */
double lmul_energy_saved_by_product(void);

/** The same for a product with the float32 addition that sums it up. */
double lmul_energy_saved_by_dot(void);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** lmul_multiply() plainly; like all of these the same bits, by one thread, element after element. */
assay_status lmul_reference_multiply(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out,
                                     size_t n);

/** lmul_multiply_u16() plainly. */
assay_status lmul_reference_multiply_u16(lmul_format format, const uint16_t *x, const uint16_t *y, uint16_t *out,
                                         size_t n);

/** lmul_multiply_u8() plainly. */
assay_status lmul_reference_multiply_u8(lmul_format format, const uint8_t *x, const uint8_t *y, uint8_t *out, size_t n);

/** lmul_round() plainly. */
assay_status lmul_reference_round(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n);

/** lmul_fp8_encode() plainly. */
assay_status lmul_reference_fp8_encode(lmul_format format, const float *x, uint8_t *out, size_t n);

/** lmul_fp8_decode() plainly. */
assay_status lmul_reference_fp8_decode(lmul_format format, const uint8_t *x, float *out, size_t n);

/** lmul_dot() plainly. */
assay_status lmul_reference_dot(const lmul_arithmetic *arithmetic, const float *x, const float *y, size_t n,
                                float *result);

/** lmul_gemm() plainly. */
assay_status lmul_reference_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a,
                                 size_t lda, const float *b, size_t ldb, float *c, size_t ldc);

/** lmul_attention() plainly. */
assay_status lmul_reference_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width,
                                      size_t values, const float *q, const float *k, const float *v, float scale,
                                      float *o);

/** The formula as the paper prints it, without the carry: (1 + s) 2^(i+j) for every s, inputs rounded and offset as in
 *  @p arithmetic (of kind LMUL_ADDITION). Only for comparison. Normal numbers whose product is one are multiplied so;
 *  anything else gives what lmul_multiply() does. */
assay_status lmul_reference_multiply_formula(const lmul_arithmetic *arithmetic, const float *x, const float *y,
                                             float *out, size_t n);

ASSAY_END_DECLARATIONS

#endif
