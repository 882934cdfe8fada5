/* lmul: bad input gets its error, and outputs stay untouched. */
#include "verify/arithmetic/lmul_checks.h"

#include <math.h>

static const float UNTOUCHED = 12345.0f;

void lmul_check_rejects_arithmetic(verify_context *v)
{
    const float x = 1, y = 2;
    float out = UNTOUCHED;
    lmul_arithmetic good = lmul_with_bits(7), bad = good;
    verify_rejects(v, lmul_multiply(NULL, &x, &y, &out, 1), ASSAY_INVALID_ARGUMENT, "arithmetic", "null arithmetic");
    static const unsigned widths[] = {0, 24, 32, ~0u};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        bad = lmul_with_bits(widths[i]);
        verify_rejects(v, lmul_multiply(&bad, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "bits", "%u bits", widths[i]);
        verify_rejects(v, lmul_round(widths[i], LMUL_TRUNCATE, &x, &out, 1), ASSAY_OUT_OF_RANGE, "bits", "round to %u",
                       widths[i]);
        verify_rejects(v, lmul_gemm(&bad, 1, 1, 1, &x, 1, &y, 1, &out, 1), ASSAY_OUT_OF_RANGE, "bits", "gemm, %u bits",
                       widths[i]);
        verify_rejects(v, lmul_dot(&bad, &x, &y, 1, &out), ASSAY_OUT_OF_RANGE, "bits", "dot, %u bits", widths[i]);
    }
    static const int32_t offsets[] = {-2, 128, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        bad = good;
        bad.offset = offsets[i];
        verify_rejects(v, lmul_multiply(&bad, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "offset", "offset %d",
                       (int)offsets[i]);
    }
    bad = good;
    bad.rounding = (lmul_rounding)2;
    verify_rejects(v, lmul_multiply(&bad, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "rounding", "unknown rounding");
    bad = good;
    bad.kind = (lmul_kind)3;
    verify_rejects(v, lmul_multiply(&bad, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "kind", "unknown kind");
    bad = lmul_fp8(LMUL_BF16);
    verify_rejects(v, lmul_multiply(&bad, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "format", "BF16 as an 8-bit format");
    verify_true(v, out == UNTOUCHED, "the output is untouched");

    uint32_t product = 77;
    verify_rejects(v, lmul_multiply_bits((lmul_format)9, 0, 0, &product), ASSAY_OUT_OF_RANGE, "format", "format 9");
    verify_rejects(v, lmul_multiply_bits(LMUL_E4M3, 0x100, 0, &product), ASSAY_OUT_OF_RANGE, "a is 0x100", "9 bits");
    verify_rejects(v, lmul_multiply_bits(LMUL_BF16, 0, 0x10000, &product), ASSAY_OUT_OF_RANGE, "b is 0x10000",
                   "17 bits");
    verify_rejects(v, lmul_multiply_bits(LMUL_FP32, 0, 0, NULL), ASSAY_INVALID_ARGUMENT, "product", "null product");
    verify_true(v, product == 77, "the product is untouched");

    uint8_t byte = 99;
    uint16_t half = 99;
    verify_rejects(v, lmul_multiply_u8(LMUL_FP16, &byte, &byte, &byte, 1), ASSAY_OUT_OF_RANGE, "format", "FP16 bytes");
    verify_rejects(v, lmul_multiply_u16(LMUL_E4M3, &half, &half, &half, 1), ASSAY_OUT_OF_RANGE, "format", "E4M3 words");
    verify_rejects(v, lmul_fp8_encode(LMUL_FP32, &x, &byte, 1), ASSAY_OUT_OF_RANGE, "format", "encode to FP32");
    verify_rejects(v, lmul_fp8_decode((lmul_format)-1, &byte, &out, 1), ASSAY_OUT_OF_RANGE, "format", "decode -1");
    verify_true(v, byte == 99 && half == 99 && out == UNTOUCHED, "outputs are untouched");
    const lmul_arithmetic exact = lmul_exact();
    verify_rejects(v, lmul_reference_multiply_formula(&exact, &x, &y, &out, 1), ASSAY_OUT_OF_RANGE, "kind",
                   "the printed formula with exact products");
}

void lmul_check_rejects_arrays(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    float data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[4];
    uint8_t bytes[32] = {0};
    verify_rejects(v, lmul_multiply(&arithmetic, NULL, data, out, 4), ASSAY_INVALID_ARGUMENT, "x is null", "x");
    verify_rejects(v, lmul_multiply(&arithmetic, data, NULL, out, 4), ASSAY_INVALID_ARGUMENT, "y is null", "y");
    verify_rejects(v, lmul_multiply(&arithmetic, data, data, NULL, 4), ASSAY_INVALID_ARGUMENT, "out is null", "out");
    verify_rejects(v, lmul_multiply(&arithmetic, data, data + 4, data + 1, 4), ASSAY_INVALID_ARGUMENT, "overlaps x",
                   "out one beyond x");
    verify_rejects(v, lmul_multiply(&arithmetic, data, data + 4, data + 3, 4), ASSAY_INVALID_ARGUMENT, "overlaps",
                   "out across x and y");
    verify_rejects(v, lmul_multiply(&arithmetic, data, data, out, SIZE_MAX / 2), ASSAY_NO_MEMORY, "n is", "huge n");
    verify_rejects(v, lmul_round(3, LMUL_NEAREST, data, data + 1, 4), ASSAY_INVALID_ARGUMENT, "overlaps x",
                   "rounding into its own input");
    verify_rejects(v, lmul_fp8_encode(LMUL_E4M3, data, (uint8_t *)data, 4), ASSAY_INVALID_ARGUMENT, "overlaps x",
                   "encoding in place");
    verify_rejects(v, lmul_multiply_u8(LMUL_E4M3, bytes, bytes + 8, bytes + 4, 8), ASSAY_INVALID_ARGUMENT, "overlaps",
                   "bytes");
    verify_rejects(v, lmul_dot(&arithmetic, data, data, 4, NULL), ASSAY_INVALID_ARGUMENT, "result", "null result");
    float result = UNTOUCHED;
    verify_rejects(v, lmul_dot(&arithmetic, NULL, data, 4, &result), ASSAY_INVALID_ARGUMENT, "null", "dot of null");
    verify_true(v, data[0] == 1 && data[1] == 2 && data[4] == 5 && result == UNTOUCHED, "nothing was touched");
}

void lmul_check_rejects_gemm(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    float a[6] = {1, 1, 1, 1, 1, 1}, b[6] = {1, 1, 1, 1, 1, 1}, c[4] = {UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED};
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 2, b, 2, c, 2), ASSAY_OUT_OF_RANGE, "lda is 2", "lda < k");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, b, 1, c, 2), ASSAY_OUT_OF_RANGE, "ldb is 1", "ldb < n");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, b, 2, c, 1), ASSAY_OUT_OF_RANGE, "ldc is 1", "ldc < n");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, NULL, 3, b, 2, c, 2), ASSAY_INVALID_ARGUMENT, "a is null", "a");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, NULL, 2, c, 2), ASSAY_INVALID_ARGUMENT, "b is null", "b");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, b, 2, NULL, 2), ASSAY_INVALID_ARGUMENT, "c is null", "c");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, b, 2, a + 4, 2), ASSAY_INVALID_ARGUMENT, "c overlaps a",
                   "c in a");
    verify_rejects(v, lmul_gemm(&arithmetic, 2, 2, 3, a, 3, b, 2, b, 2), ASSAY_INVALID_ARGUMENT, "c overlaps b",
                   "c is b");
    verify_rejects(v, lmul_gemm(&arithmetic, SIZE_MAX / 2, 2, 3, a, 3, b, 2, c, 2), ASSAY_NO_MEMORY, "a of",
                   "rows that overflow");
    verify_rejects(v, lmul_gemm(&arithmetic, (size_t)-1, 2, 3, a, 3, b, 2, c, 2), ASSAY_NO_MEMORY, "a of",
                   "a negative number of rows");
    for (int i = 0; i < 4; i++)
        verify_true(v, c[i] == UNTOUCHED, "c[%d] is untouched", i);
}

void lmul_check_rejects_attention(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    float q[4] = {1, 1, 1, 1}, k[4] = {1, 1, 1, 1}, w[4] = {1, 1, 1, 1},
          o[4] = {UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED};
#define ATTEND(T, S, D, E, Q, K, V, SCALE, O) lmul_attention(&arithmetic, T, S, D, E, Q, K, V, SCALE, O)
    verify_rejects(v, ATTEND(0, 2, 2, 2, q, k, w, 1, o), ASSAY_OUT_OF_RANGE, "queries", "no queries");
    verify_rejects(v, ATTEND(2, 0, 2, 2, q, k, w, 1, o), ASSAY_OUT_OF_RANGE, "keys", "no keys");
    verify_rejects(v, ATTEND(2, 2, 0, 2, q, k, w, 1, o), ASSAY_OUT_OF_RANGE, "width", "no width");
    verify_rejects(v, ATTEND(2, 2, 2, 0, q, k, w, 1, o), ASSAY_OUT_OF_RANGE, "values", "no values");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, k, w, NAN, o), ASSAY_OUT_OF_RANGE, "scale", "NaN scale");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, k, w, INFINITY, o), ASSAY_OUT_OF_RANGE, "scale", "infinite scale");
    verify_rejects(v, ATTEND(2, 2, 2, 2, NULL, k, w, 1, o), ASSAY_INVALID_ARGUMENT, "q is null", "q");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, NULL, w, 1, o), ASSAY_INVALID_ARGUMENT, "k is null", "k");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, k, NULL, 1, o), ASSAY_INVALID_ARGUMENT, "v is null", "v");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, k, w, 1, NULL), ASSAY_INVALID_ARGUMENT, "o is null", "o");
    verify_rejects(v, ATTEND(2, 2, 2, 2, q, k, w, 1, w), ASSAY_INVALID_ARGUMENT, "overlaps", "o is v");
    verify_rejects(v, ATTEND(2, SIZE_MAX / 4, 2, 2, q, k, w, 1, o), ASSAY_NO_MEMORY, "k of", "keys that overflow");
#undef ATTEND
    for (int i = 0; i < 4; i++)
        verify_true(v, o[i] == UNTOUCHED, "o[%d] is untouched", i);
}

void lmul_check_rejects_theory(verify_context *v)
{
    double mean = 7, rmse = 7;
    verify_rejects(v, lmul_theory(24, 0, &mean, &rmse), ASSAY_OUT_OF_RANGE, "bits", "24 bits");
    verify_rejects(v, lmul_theory(3, 1, &mean, &rmse), ASSAY_OUT_OF_RANGE, "offset", "offset 1");
    verify_rejects(v, lmul_theory(3, -0.1, &mean, &rmse), ASSAY_OUT_OF_RANGE, "offset", "negative offset");
    verify_rejects(v, lmul_theory(3, NAN, &mean, &rmse), ASSAY_OUT_OF_RANGE, "offset", "NaN offset");
    verify_rejects(v, lmul_theory(3, 0, NULL, &rmse), ASSAY_INVALID_ARGUMENT, "mean", "null mean");
    verify_rejects(v, lmul_theory(3, 0, &mean, NULL), ASSAY_INVALID_ARGUMENT, "rmse", "null rmse");
    verify_rejects(v, lmul_theory_rounded_product(0, &mean, &rmse), ASSAY_OUT_OF_RANGE, "bits", "0 bits");
    verify_rejects(v, lmul_theory_rounded_product(24, &mean, &rmse), ASSAY_OUT_OF_RANGE, "bits", "24 bits");
    verify_true(v, mean == 7 && rmse == 7, "outputs are untouched");
    verify_true(v, lmul_gates(0, 3) == 0 && lmul_gates(4, 65) == 0 && lmul_multiplier_gates(4, 0) == 0,
                "no gates outside 1 to 64 bits");
    verify_true(v, isnan(lmul_energy(LMUL_OPERATIONS)) && isnan(lmul_energy((lmul_operation)-1)),
                "no energy of an unknown operation");
}

void lmul_check_accepts_empty(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    float c = UNTOUCHED, result = UNTOUCHED;
    verify_ok(v, lmul_multiply(&arithmetic, NULL, NULL, NULL, 0), "multiply nothing");
    verify_ok(v, lmul_multiply_u8(LMUL_E4M3, NULL, NULL, NULL, 0), "multiply no bytes");
    verify_ok(v, lmul_multiply_u16(LMUL_BF16, NULL, NULL, NULL, 0), "multiply no words");
    verify_ok(v, lmul_round(3, LMUL_TRUNCATE, NULL, NULL, 0), "round nothing");
    verify_ok(v, lmul_fp8_encode(LMUL_E5M2, NULL, NULL, 0), "encode nothing");
    verify_ok(v, lmul_fp8_decode(LMUL_E5M2, NULL, NULL, 0), "decode nothing");
    verify_ok(v, lmul_gemm(&arithmetic, 0, 5, 5, NULL, 5, &c, 5, NULL, 5), "no rows");
    verify_ok(v, lmul_gemm(&arithmetic, 1, 1, 0, NULL, 0, NULL, 1, &c, 1), "no depth");
    verify_ok(v, lmul_dot(&arithmetic, NULL, NULL, 0, &result), "dot of nothing");
    verify_true(v, c == UNTOUCHED, "C += an empty sum leaves C");
    verify_same_bits(v, lmul_bits_of(result), 0, "an empty dot is +0");
}
