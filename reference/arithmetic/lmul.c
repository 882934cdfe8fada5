/* L-Mul of elements, one after the other. */
#include "assay/catalogue.h"
#include "reference/arithmetic/lmul_reference.h"

#include <math.h>

ASSAY_CATALOGUE(lmul, .family = "arithmetic", .title = "Addition is All You Need for Energy-efficient Language Models",
                .authors = "Hongyin Luo, Wei Sun", .year = 2024, .identifier = "arXiv:2410.00907",
                .summary = "Approximates floating-point products by one integer addition of the bit patterns, in "
                           "vectors, matrix products and attention.",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* The paper's offset, 2^-l, in units of the last mantissa bit. */
static uint32_t paper_offset(const lmul_layout *f)
{
    return UINT32_C(1) << (f->mantissa_bits - lmul_offset_exponent(f->mantissa_bits));
}

assay_status lmul_multiply_bits(lmul_format format, uint32_t a, uint32_t b, uint32_t *product)
{
    if ((unsigned)format >= LMUL_FORMATS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "format is %d, must be 0 to %d", (int)format, LMUL_FORMATS - 1);
    if (!product)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "product is null");
    const lmul_layout *f = &lmul_layouts[format];
    const uint32_t beyond = UINT32_C(0xffffffff) << (f->exponent_bits + f->mantissa_bits) << 1;
    if ((a | b) & beyond)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is 0x%x, must have at most %u bits", a & beyond ? "a" : "b",
                          (unsigned)(a & beyond ? a : b), f->exponent_bits + f->mantissa_bits + 1);
    *product = lmul_reference_add(f, a, b, paper_offset(f));
    return ASSAY_OK;
}

float lmul_f32(float x, float y)
{
    return lmul_reference_float(
        lmul_reference_add(&lmul_reference_fp32, lmul_reference_bits(x), lmul_reference_bits(y), UINT32_C(1) << 19));
}

static float multiply(const lmul_arithmetic *arithmetic, uint32_t offset, float x, float y)
{
    return lmul_reference_product(arithmetic, offset, lmul_reference_round_input(arithmetic, x),
                                  lmul_reference_round_input(arithmetic, y));
}

assay_status lmul_reference_multiply(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out,
                                     size_t n)
{
    assay_status status = lmul_check_arithmetic(arithmetic);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK)
        return status;
    const uint32_t offset = lmul_offset_f32(arithmetic);
    for (size_t i = 0; i < n; i++)
        out[i] = multiply(arithmetic, offset, x[i], y[i]);
    return ASSAY_OK;
}

assay_status lmul_reference_multiply_u16(lmul_format format, const uint16_t *x, const uint16_t *y, uint16_t *out,
                                         size_t n)
{
    assay_status status = lmul_check_multiply_format(format, LMUL_BF16, LMUL_FP16);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = (uint16_t)lmul_reference_add(&lmul_layouts[format], x[i], y[i], paper_offset(&lmul_layouts[format]));
    return status;
}

assay_status lmul_reference_multiply_u8(lmul_format format, const uint8_t *x, const uint8_t *y, uint8_t *out, size_t n)
{
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = (uint8_t)lmul_reference_add(&lmul_layouts[format], x[i], y[i], paper_offset(&lmul_layouts[format]));
    return status;
}

assay_status lmul_reference_round(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n)
{
    assay_status status = lmul_check_rounding(bits, rounding);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = lmul_reference_round_f32(bits, rounding, x[i]);
    return status;
}

/* (1 + s) 2^(i+j) with s = u + v + offset up to 3, rounded to float32; i + j and the result must be normal. */
static float formula(const lmul_arithmetic *arithmetic, float x, float y)
{
    const float a = lmul_reference_round_f32(arithmetic->bits, arithmetic->rounding, x);
    const float b = lmul_reference_round_f32(arithmetic->bits, arithmetic->rounding, y);
    if (!isnormal(a) || !isnormal(b))
        return multiply(arithmetic, lmul_offset_f32(arithmetic), x, y);
    const int i = ilogbf(a), j = ilogbf(b);
    const double u = fabs(ldexp(a, -i)) - 1, v = fabs(ldexp(b, -j)) - 1;
    const double s = u + v + (double)lmul_offset_f32(arithmetic) * 0x1p-23;
    const double value = ldexp(1 + s, i + j);
    if (value < 0x1p-126 || value >= 0x1p128)
        return multiply(arithmetic, lmul_offset_f32(arithmetic), x, y);
    return (float)copysign(value, (double)a * b);
}

assay_status lmul_reference_multiply_formula(const lmul_arithmetic *arithmetic, const float *x, const float *y,
                                             float *out, size_t n)
{
    assay_status status = lmul_check_arithmetic(arithmetic);
    if (status == ASSAY_OK && arithmetic->kind != LMUL_ADDITION)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "kind is %d, must be LMUL_ADDITION", (int)arithmetic->kind);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = formula(arithmetic, x[i], y[i]);
    return status;
}
