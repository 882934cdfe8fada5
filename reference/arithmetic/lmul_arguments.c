/* Checks of arguments and constants of the formats, for the reference and the optimized code alike. */
#include "reference/arithmetic/lmul_arguments.h"

#include <math.h>

const lmul_layout lmul_layouts[LMUL_FORMATS] = {
    [LMUL_FP32] = LMUL_LAYOUT_FP32,
    [LMUL_BF16] = {"BF16", 8, 7, 127, 0x7f80, 0x7f80, 0x7fc0},
    [LMUL_FP16] = {"FP16", 5, 10, 15, 0x7c00, 0x7c00, 0x7e00},
    [LMUL_E5M2] = {"E5M2", 5, 2, 15, 0x7c, 0x7c, 0x7e},
    [LMUL_E4M3] = {"E4M3", 4, 3, 7, 0x7f, 0x7e, 0x7f},
};

unsigned lmul_offset_exponent(unsigned mantissa_bits)
{
    return mantissa_bits <= 3 ? mantissa_bits : mantissa_bits == 4 ? 3 : 4;
}

uint32_t lmul_offset_f32(const lmul_arithmetic *arithmetic)
{
    if (arithmetic->kind != LMUL_ADDITION)
        return 0;
    if (arithmetic->offset == LMUL_OFFSET_PAPER)
        return UINT32_C(1) << (23 - lmul_offset_exponent(arithmetic->bits));
    return (uint32_t)arithmetic->offset << (23 - arithmetic->bits);
}

lmul_arithmetic lmul_with_bits(unsigned bits)
{
    return (lmul_arithmetic){.kind = LMUL_ADDITION, .bits = bits, .offset = LMUL_OFFSET_PAPER};
}

lmul_arithmetic lmul_exact(void)
{
    return (lmul_arithmetic){.kind = LMUL_EXACT};
}

lmul_arithmetic lmul_fp8(lmul_format format)
{
    return (lmul_arithmetic){.kind = LMUL_FP8, .format = format};
}

assay_status lmul_check_rounding(unsigned bits, lmul_rounding rounding)
{
    if (bits < 1 || bits > 23)
        return assay_fail(ASSAY_OUT_OF_RANGE, "bits is %u, must be 1 to 23", bits);
    if (rounding != LMUL_TRUNCATE && rounding != LMUL_NEAREST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "rounding is %d, must be LMUL_TRUNCATE or LMUL_NEAREST", (int)rounding);
    return ASSAY_OK;
}

assay_status lmul_check_fp8(lmul_format format)
{
    return lmul_check_multiply_format(format, LMUL_E5M2, LMUL_E4M3);
}

assay_status lmul_check_multiply_format(lmul_format format, lmul_format first, lmul_format second)
{
    if (format != first && format != second)
        return assay_fail(ASSAY_OUT_OF_RANGE, "format is %d, must be %d (%s) or %d (%s)", (int)format, (int)first,
                          lmul_layouts[first].name, (int)second, lmul_layouts[second].name);
    return ASSAY_OK;
}

assay_status lmul_check_arithmetic(const lmul_arithmetic *arithmetic)
{
    if (!arithmetic)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "arithmetic is null");
    switch (arithmetic->kind) {
    case LMUL_EXACT: return ASSAY_OK;
    case LMUL_FP8: return lmul_check_fp8(arithmetic->format);
    case LMUL_ADDITION: break;
    default: return assay_fail(ASSAY_OUT_OF_RANGE, "kind is %d, must be 0 to 2", (int)arithmetic->kind);
    }
    const assay_status status = lmul_check_rounding(arithmetic->bits, arithmetic->rounding);
    if (status != ASSAY_OK)
        return status;
    if (arithmetic->offset != LMUL_OFFSET_PAPER &&
        (arithmetic->offset < 0 || arithmetic->offset >= INT32_C(1) << arithmetic->bits))
        return assay_fail(ASSAY_OUT_OF_RANGE, "offset is %d, must be -1 (paper's) or 0 to %d with %u bits",
                          (int)arithmetic->offset, (1 << arithmetic->bits) - 1, arithmetic->bits);
    return ASSAY_OK;
}

/* True if [a, a + a_bytes) and [b, b + b_bytes) share a byte. */
static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return a_bytes && b_bytes && (first < second ? second - first < a_bytes : first - second < b_bytes);
}

assay_status lmul_check_arrays(const void *x, bool has_y, const void *y, const void *out, size_t n, size_t in_size,
                               size_t out_size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, in_size > out_size ? in_size : out_size, &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "n is %zu, too many for the address space", n);
    if (n > 0 && (!x || (has_y && !y) || !out))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with n = %zu", !x ? "x" : has_y && !y ? "y" : "out", n);
    const bool in_place = in_size == out_size;
    if (!(in_place && out == x) && overlap(x, n * in_size, out, n * out_size))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out overlaps x");
    if (has_y && !(in_place && out == y) && overlap(y, n * in_size, out, n * out_size))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out overlaps y");
    return ASSAY_OK;
}

/* A matrix as an argument: fails unless it fits in memory; *bytes is from its first to its last element. */
static assay_status check_matrix(const char *name, const float *data, size_t rows, size_t columns, size_t stride,
                                 size_t *bytes)
{
    *bytes = 0;
    if (stride < columns)
        return assay_fail(ASSAY_OUT_OF_RANGE, "ld%s is %zu, must be at least %zu", name, stride, columns);
    if (rows == 0 || columns == 0)
        return ASSAY_OK;
    if (__builtin_mul_overflow(rows - 1, stride, bytes) || __builtin_add_overflow(*bytes, columns, bytes) ||
        __builtin_mul_overflow(*bytes, sizeof *data, bytes) || *bytes > PTRDIFF_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%s of %zu rows of length %zu does not fit in the address space", name, rows,
                          stride);
    if (!data)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with %zu x %zu elements", name, rows, columns);
    return ASSAY_OK;
}

assay_status lmul_check_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a,
                             size_t lda, const float *b, size_t ldb, const float *c, size_t ldc)
{
    size_t a_bytes = 0, b_bytes = 0, c_bytes = 0;
    assay_status status = lmul_check_arithmetic(arithmetic);
    if (status == ASSAY_OK)
        status = check_matrix("a", a, m, k, lda, &a_bytes);
    if (status == ASSAY_OK)
        status = check_matrix("b", b, k, n, ldb, &b_bytes);
    if (status == ASSAY_OK)
        status = check_matrix("c", c, m, n, ldc, &c_bytes);
    if (status != ASSAY_OK)
        return status;
    if (overlap(a, a_bytes, c, c_bytes) || overlap(b, b_bytes, c, c_bytes))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "c overlaps %s", overlap(a, a_bytes, c, c_bytes) ? "a" : "b");
    return ASSAY_OK;
}

assay_status lmul_check_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width,
                                  size_t values, const float *q, const float *k, const float *v, float scale,
                                  const float *o)
{
    size_t q_bytes = 0, k_bytes = 0, v_bytes = 0, o_bytes = 0;
    assay_status status = lmul_check_arithmetic(arithmetic);
    if (status != ASSAY_OK)
        return status;
    const struct {
        const char *name;
        size_t value;
    } sizes[] = {{"queries", queries}, {"keys", keys}, {"width", width}, {"values", values}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value == 0)
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s is 0, must be at least 1", sizes[i].name);
    if (!isfinite(scale))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scale is %g, must be finite", (double)scale);
    status = check_matrix("q", q, queries, width, width, &q_bytes);
    if (status == ASSAY_OK)
        status = check_matrix("k", k, keys, width, width, &k_bytes);
    if (status == ASSAY_OK)
        status = check_matrix("v", v, keys, values, values, &v_bytes);
    if (status == ASSAY_OK)
        status = check_matrix("o", o, queries, values, values, &o_bytes);
    if (status != ASSAY_OK)
        return status;
    if (overlap(q, q_bytes, o, o_bytes) || overlap(k, k_bytes, o, o_bytes) || overlap(v, v_bytes, o, o_bytes))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "o overlaps q, k or v");
    return ASSAY_OK;
}
