/* The 8-bit formats: rounding to them and back. */
#include "reference/arithmetic/lmul_reference.h"

#include <math.h>

/* Distance of the format's numbers in the binade of x; below the least normal number it stays the same. */
static float quantum(const lmul_layout *f, float x)
{
    const int least_exponent = 1 - (int)f->bias, exponent = x == 0 ? least_exponent : ilogbf(x);
    return ldexpf(1, (exponent < least_exponent ? least_exponent : exponent) - (int)f->mantissa_bits);
}

float lmul_reference_fp8_round(lmul_format format, float x)
{
    const float largest = format == LMUL_E4M3 ? 448 : 57344, magnitude = fabsf(x);
    if (isnan(x))
        return lmul_reference_float(lmul_reference_fp32.nan);
    if (magnitude >= largest)
        return copysignf(largest, x);
    const float step = quantum(&lmul_layouts[format], x);
    const float rounded = rintf(magnitude / step) * step; /* ties to even; may end in the next binade */
    return copysignf(rounded > largest ? largest : rounded, x);
}

static uint8_t encode(lmul_format format, float x)
{
    const lmul_layout *f = &lmul_layouts[format];
    if (isnan(x))
        return (uint8_t)f->nan;
    const float rounded = lmul_reference_fp8_round(format, x), step = quantum(f, rounded);
    /* A normal number's leading bit is among the steps: it adds the 1 that binades counted from the least normal one
     * lack. */
    const int binade = ilogbf(step) - (1 - (int)f->bias - (int)f->mantissa_bits);
    const uint32_t magnitude = ((uint32_t)binade << f->mantissa_bits) + (uint32_t)(fabsf(rounded) / step);
    return (uint8_t)((signbit(x) ? 0x80u : 0u) | magnitude);
}

static float decode(lmul_format format, uint8_t pattern)
{
    const lmul_layout *f = &lmul_layouts[format];
    const uint32_t magnitude = pattern & 0x7f, mantissa = magnitude & ((1u << f->mantissa_bits) - 1);
    const int field = (int)(magnitude >> f->mantissa_bits), mantissa_bits = (int)f->mantissa_bits;
    float value;
    if (magnitude > f->overflow)
        return NAN;
    if (magnitude == f->infinity)
        value = INFINITY;
    else if (field == 0)
        value = ldexpf((float)mantissa, 1 - (int)f->bias - mantissa_bits);
    else
        value = ldexpf((float)(mantissa + (1u << mantissa_bits)), field - (int)f->bias - mantissa_bits);
    return pattern & 0x80 ? -value : value;
}

assay_status lmul_reference_fp8_encode(lmul_format format, const float *x, uint8_t *out, size_t n)
{
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = encode(format, x[i]);
    return status;
}

assay_status lmul_reference_fp8_decode(lmul_format format, const uint8_t *x, float *out, size_t n)
{
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        out[i] = decode(format, x[i]);
    return status;
}
