/* L-Mul, plainly: special values first, then the addition. */
#ifndef ASSAY_LMUL_REFERENCE_H
#define ASSAY_LMUL_REFERENCE_H

#include "reference/arithmetic/lmul_arguments.h"

#include <math.h>
#include <string.h>

static const lmul_layout lmul_reference_fp32 = LMUL_LAYOUT_FP32;

/* x rounded to an 8-bit format. */
float lmul_reference_fp8_round(lmul_format format, float x);

static inline uint32_t lmul_reference_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float lmul_reference_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* E4M3 has no infinity: the magnitude where the others have it is its NaN. */
static inline bool lmul_reference_is_nan(const lmul_layout *f, uint32_t magnitude)
{
    return magnitude > f->infinity || (magnitude == f->infinity && f->overflow != f->infinity);
}

/* The product of two bit patterns, the sum of the magnitudes and of the offset; @p offset is in units of the last
 * mantissa bit. */
static inline uint32_t lmul_reference_add(const lmul_layout *f, uint32_t a, uint32_t b, uint32_t offset)
{
    const uint32_t sign_bit = UINT32_C(1) << (f->exponent_bits + f->mantissa_bits);
    const uint32_t least_normal = UINT32_C(1) << f->mantissa_bits;
    const uint32_t sign = (a ^ b) & sign_bit, x = a & (sign_bit - 1), y = b & (sign_bit - 1);
    const bool has_zero = x < least_normal || y < least_normal;
    const bool has_infinity = x == f->infinity || y == f->infinity;
    if (lmul_reference_is_nan(f, x) || lmul_reference_is_nan(f, y) || (has_infinity && has_zero))
        return f->nan;
    if (has_infinity)
        return sign | f->infinity;
    if (has_zero)
        return sign;
    const int64_t result = (int64_t)x + y - ((int64_t)f->bias << f->mantissa_bits) + offset;
    if (result < least_normal)
        return sign;
    return sign | (result > f->overflow ? f->overflow : (uint32_t)result);
}

/* x rounded to a number of mantissa bits. */
static inline float lmul_reference_round_f32(unsigned bits, lmul_rounding rounding, float x)
{
    if (isnan(x))
        return lmul_reference_float(lmul_reference_fp32.nan);
    const uint32_t pattern = lmul_reference_bits(x), low = (UINT32_C(1) << (23 - bits)) - 1;
    if (rounding == LMUL_TRUNCATE || low == 0)
        return lmul_reference_float(pattern & ~low);
    const uint32_t last_kept = (pattern >> (23 - bits)) & 1;
    return lmul_reference_float((pattern + low / 2 + last_kept) & ~low); /* half minus one is low / 2 */
}

/* An input of a product as the arithmetic rounds it. */
static inline float lmul_reference_round_input(const lmul_arithmetic *arithmetic, float x)
{
    switch (arithmetic->kind) {
    case LMUL_ADDITION: return lmul_reference_round_f32(arithmetic->bits, arithmetic->rounding, x);
    case LMUL_FP8: return lmul_reference_fp8_round(arithmetic->format, x);
    case LMUL_EXACT: break;
    }
    return x;
}

/* The product of two rounded inputs; @p offset is lmul_offset_f32() of the arithmetic. */
static inline float lmul_reference_product(const lmul_arithmetic *arithmetic, uint32_t offset, float x, float y)
{
    if (arithmetic->kind == LMUL_ADDITION)
        return lmul_reference_float(
            lmul_reference_add(&lmul_reference_fp32, lmul_reference_bits(x), lmul_reference_bits(y), offset));
    const float product = x * y;
    return arithmetic->kind == LMUL_FP8 && arithmetic->round_products
               ? lmul_reference_fp8_round(arithmetic->format, product)
               : product;
}

#endif
