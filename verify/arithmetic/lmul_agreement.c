/* lmul: optimized against reference. */
#include "verify/arithmetic/lmul_checks.h"

#include <math.h>

/* ---- Inputs --------------------------------------------------------------------------------------------------- */

static void fill_normal(assay_random r, void *data, size_t count)
{
    assay_random_fill_normal_f32(r, 0, 0, 1, data, count);
}

/* Half zeros, some of them negative, some subnormal. */
static void fill_sparse(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++) {
        static const float zeros[4] = {0.0f, -0.0f, 0x1p-130f, -0x1p-149f};
        const uint64_t bits = assay_random_bits(r, 2 * i);
        x[i] = bits & 1 ? zeros[(bits >> 1) & 3] : assay_random_normal_f32(r, 2 * i + 1);
    }
}

/* Exponents over the whole range, so that many products are too small or too large. */
static void fill_extreme(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)assay_random_bits(r, i);
        x[i] = lmul_float_of((bits & 0x7f800000) == 0x7f800000 ? bits & 0xbfffffff : bits);
    }
}

/* Any bit pattern, special ones often. */
static void fill_special(assay_random r, void *data, size_t count)
{
    uint32_t *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        x[i] = (uint32_t)bits;
        switch (bits >> 60) {
        case 0: x[i] &= 0x80000000; break;                      /* zero */
        case 1: x[i] &= 0x807fffff; break;                      /* subnormal */
        case 2: x[i] = (x[i] & 0x80000000) | 0x7f800000; break; /* infinity */
        case 3: x[i] |= 0x7f800000; break;                      /* NaN */
        case 4: x[i] = (x[i] & 0x80000000) | 0x7f800001; break; /* NaN that truncation makes an infinity */
        case 5: x[i] |= 0x7f000000, x[i] &= 0xff7fffff; break;  /* largest binade */
        case 6: x[i] = (x[i] & 0x807fffff) | 0x00800000; break; /* smallest binade */
        case 7: x[i] = (x[i] & 0xbfffffff) | 0x3f000000; break; /* near 1 */
        case 8: x[i] = 0x007fffff | (x[i] & 0x80000000); break; /* rounds up to a normal number */
        case 9: x[i] = 0x7f7fffff | (x[i] & 0x80000000); break; /* rounds up to infinity */
        default: break;
        }
    }
}

/* Numbers, and one in 64 of them special: products of matrices stay mostly finite. */
static void fill_rarely_special(assay_random r, void *data, size_t count)
{
    float *x = data;
    fill_normal(r, data, count);
    for (size_t i = 0; i < count; i += 1 + assay_random_integer(r, i, 128))
        fill_special((assay_random){r.seed ^ i, r.stream}, &x[i], 1);
}

static void fill_bits(assay_random r, void *data, size_t count)
{
    uint8_t *x = data;
    for (size_t i = 0; i < count; i++)
        x[i] = (uint8_t)assay_random_bits(r, i);
}

static void fill_u16(assay_random r, void *data, size_t count)
{
    fill_bits(r, data, 2 * count);
}

/* Around the range of the 8-bit formats: subnormals, ties, saturation, special values. */
static void fill_for_fp8(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        const int exponent = (int)((bits >> 8) % 48) - 24;
        const float coarse = (float)(1 + bits % 64) / 32; /* often a tie */
        x[i] = ldexpf(bits & 128 ? coarse : assay_random_uniform_f32(r, i) + 1, exponent);
        x[i] = bits >> 63 ? -x[i] : x[i];
        if ((bits >> 32) % 16 == 0)
            fill_special(r, &x[i], 1);
    }
}

/* ---- Elements ------------------------------------------------------------------------------------------------- */

static lmul_arithmetic nearest(unsigned bits)
{
    lmul_arithmetic arithmetic = lmul_with_bits(bits);
    arithmetic.rounding = LMUL_NEAREST;
    return arithmetic;
}

static lmul_arithmetic rounded_fp8(lmul_format format)
{
    lmul_arithmetic arithmetic = lmul_fp8(format);
    arithmetic.round_products = true;
    return arithmetic;
}

static assay_status multiply_all(const verify_call *call, const lmul_arithmetic *arithmetic, size_t count)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++)
        status = lmul_multiply(&arithmetic[i], call->in[0], call->in[1], call->out[i], call->n);
    return status;
}

static assay_status multiply(const verify_call *call)
{
    lmul_arithmetic offset_7 = lmul_with_bits(7);
    offset_7.offset = 127; /* carries by two */
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), nearest(4), offset_7, lmul_exact()};
    return multiply_all(call, arithmetic, 4);
}

/* Not with exact products: which NaN those give is the processor's affair. */
static assay_status multiply_special(const verify_call *call)
{
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), lmul_with_bits(3), nearest(3), rounded_fp8(LMUL_E4M3)};
    return multiply_all(call, arithmetic, 4);
}

/* The results become the first inputs of the next product. */
static assay_status multiply_in_place(const verify_call *call)
{
    const lmul_arithmetic full = lmul_with_bits(23), short_one = lmul_with_bits(4);
    float *x = call->out[0], *y = call->out[1];
    assay_status status = lmul_multiply(&full, x, call->in[0], x, call->n);
    if (status == ASSAY_OK)
        status = lmul_multiply(&short_one, call->in[0], y, y, call->n);
    if (status == ASSAY_OK)
        status = lmul_multiply(&short_one, x, x, x, call->n);
    return status;
}

/* Scales: threads start at 2^17. */
#define ELEMENT_SCALES .lanes = 64, .large = {131072 + 77}

const verify_kernel lmul_kernel_multiply = {.in = {{.name = "x", .type = VERIFY_F32, .fill = fill_extreme},
                                                   {.name = "y", .type = VERIFY_F32, .fill = fill_extreme}},
                                            .out = {{.name = "23 bits", .type = VERIFY_F32},
                                                    {.name = "4 bits to nearest", .type = VERIFY_F32},
                                                    {.name = "7 bits", .type = VERIFY_F32},
                                                    {.name = "exact", .type = VERIFY_F32}},
                                            .run = multiply,
                                            .metric = VERIFY_BITWISE,
                                            ELEMENT_SCALES};

static assay_status multiply_long(const verify_call *call)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    return lmul_multiply(&arithmetic, call->in[0], call->in[1], call->out[0], call->n);
}

/* So long that stores go past a last-level cache of 32 MiB. */
const verify_kernel lmul_kernel_multiply_long = {.in = {{.name = "x", .type = VERIFY_F32, .fill = fill_special},
                                                        {.name = "y", .type = VERIFY_F32, .fill = fill_extreme}},
                                                 .out = {{.name = "23 bits", .type = VERIFY_F32}},
                                                 .run = multiply_long,
                                                 .metric = VERIFY_BITWISE,
                                                 .lanes = 1,
                                                 .large = {3000001}};

const verify_kernel lmul_kernel_multiply_special = {.in = {{.name = "x", .type = VERIFY_F32, .fill = fill_special},
                                                           {.name = "y", .type = VERIFY_F32, .fill = fill_special}},
                                                    .out = {{.name = "23 bits", .type = VERIFY_F32},
                                                            {.name = "3 bits", .type = VERIFY_F32},
                                                            {.name = "3 bits to nearest", .type = VERIFY_F32},
                                                            {.name = "E4M3", .type = VERIFY_F32}},
                                                    .run = multiply_special,
                                                    .metric = VERIFY_BITWISE,
                                                    .lanes = 64,
                                                    .large = {4099}};

const verify_kernel lmul_kernel_multiply_in_place = {
    .in = {{.name = "y", .type = VERIFY_F32, .fill = fill_extreme}},
    .out = {{.name = "x, squared", .type = VERIFY_F32, .fill = fill_extreme},
            {.name = "x", .type = VERIFY_F32, .fill = fill_normal}},
    .run = multiply_in_place,
    .metric = VERIFY_BITWISE,
    ELEMENT_SCALES};

static assay_status multiply_u16(const verify_call *call)
{
    const assay_status status = lmul_multiply_u16(LMUL_BF16, call->in[0], call->in[1], call->out[0], call->n);
    return status ? status : lmul_multiply_u16(LMUL_FP16, call->in[0], call->in[1], call->out[1], call->n);
}

const verify_kernel lmul_kernel_multiply_u16 = {
    .in = {{.name = "x", .type = VERIFY_U16, .fill = fill_u16}, {.name = "y", .type = VERIFY_U16, .fill = fill_u16}},
    .out = {{.name = "BF16", .type = VERIFY_U16}, {.name = "FP16", .type = VERIFY_U16}},
    .run = multiply_u16,
    .metric = VERIFY_BITWISE,
    .lanes = 32,
    .large = {131072 + 77}};

static assay_status multiply_u8(const verify_call *call)
{
    const assay_status status = lmul_multiply_u8(LMUL_E5M2, call->in[0], call->in[1], call->out[0], call->n);
    return status ? status : lmul_multiply_u8(LMUL_E4M3, call->in[0], call->in[1], call->out[1], call->n);
}

const verify_kernel lmul_kernel_multiply_u8 = {
    .in = {{.name = "x", .type = VERIFY_U8, .fill = fill_bits}, {.name = "y", .type = VERIFY_U8, .fill = fill_bits}},
    .out = {{.name = "E5M2", .type = VERIFY_U8}, {.name = "E4M3", .type = VERIFY_U8}},
    .run = multiply_u8,
    .metric = VERIFY_BITWISE,
    .lanes = 64,
    .large = {131072 + 77}};

static assay_status round_all(const verify_call *call)
{
    static const struct {
        unsigned bits;
        lmul_rounding rounding;
    } cases[4] = {{1, LMUL_TRUNCATE}, {23, LMUL_NEAREST}, {3, LMUL_NEAREST}, {10, LMUL_TRUNCATE}};
    assay_status status = ASSAY_OK;
    for (int i = 0; i < 4 && status == ASSAY_OK; i++)
        status = lmul_round(cases[i].bits, cases[i].rounding, call->in[0], call->out[i], call->n);
    return status;
}

const verify_kernel lmul_kernel_round = {.in = {{.name = "x", .type = VERIFY_F32, .fill = fill_special}},
                                         .out = {{.name = "1 bit", .type = VERIFY_F32},
                                                 {.name = "23 bits", .type = VERIFY_F32},
                                                 {.name = "3 bits to nearest", .type = VERIFY_F32},
                                                 {.name = "10 bits", .type = VERIFY_F32}},
                                         .run = round_all,
                                         .metric = VERIFY_BITWISE,
                                         .lanes = 16,
                                         .large = {131072 + 77}};

static assay_status fp8_encode(const verify_call *call)
{
    const assay_status status = lmul_fp8_encode(LMUL_E4M3, call->in[0], call->out[0], call->n);
    return status ? status : lmul_fp8_encode(LMUL_E5M2, call->in[0], call->out[1], call->n);
}

const verify_kernel lmul_kernel_fp8_encode = {
    .in = {{.name = "x", .type = VERIFY_F32, .fill = fill_for_fp8}},
    .out = {{.name = "E4M3", .type = VERIFY_U8}, {.name = "E5M2", .type = VERIFY_U8}},
    .run = fp8_encode,
    .metric = VERIFY_BITWISE,
    .lanes = 16,
    .large = {131072 + 77}};

static assay_status fp8_decode(const verify_call *call)
{
    const assay_status status = lmul_fp8_decode(LMUL_E4M3, call->in[0], call->out[0], call->n);
    return status ? status : lmul_fp8_decode(LMUL_E5M2, call->in[0], call->out[1], call->n);
}

const verify_kernel lmul_kernel_fp8_decode = {
    .in = {{.name = "x", .type = VERIFY_U8, .fill = fill_bits}},
    .out = {{.name = "E4M3", .type = VERIFY_F32}, {.name = "E5M2", .type = VERIFY_F32}},
    .run = fp8_decode,
    .metric = VERIFY_BITWISE,
    .lanes = 16,
    .large = {131072 + 77}};

/* ---- Sums of products ----------------------------------------------------------------------------------------- */

enum { DOTS = 3 };

static size_t count_dots(size_t n)
{
    (void)n;
    return DOTS;
}

/* Dots of the first n, n - 1 and n - 2 elements. */
static assay_status dot(const verify_call *call)
{
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), nearest(3), lmul_exact(), rounded_fp8(LMUL_E5M2)};
    assay_status status = ASSAY_OK;
    for (size_t a = 0; a < 4; a++)
        for (size_t i = 0; i < DOTS && status == ASSAY_OK; i++)
            status = lmul_dot(&arithmetic[a], call->in[0], call->in[1], call->n > i ? call->n - i : 0,
                              (float *)call->out[a] + i);
    return status;
}

const verify_kernel lmul_kernel_dot = {.in = {{.name = "x", .type = VERIFY_F32, .fill = fill_sparse},
                                              {.name = "y", .type = VERIFY_F32, .fill = fill_normal}},
                                       .out = {{.name = "23 bits", .type = VERIFY_F32, .count = count_dots},
                                               {.name = "3 bits to nearest", .type = VERIFY_F32, .count = count_dots},
                                               {.name = "exact", .type = VERIFY_F32, .count = count_dots},
                                               {.name = "E5M2", .type = VERIFY_F32, .count = count_dots}},
                                       .run = dot,
                                       .metric = VERIFY_BITWISE,
                                       .lanes = 64,
                                       .large = {10007}};

/* Shapes of a matrix product at a scale: every remainder of the tiles' sizes, rows longer than needed, and at the large
 * scales several depth blocks and threads. */
typedef struct shape {
    size_t m, n, k, lda, ldb, ldc;
} shape;

static shape shape_of(size_t scale)
{
    shape s = {.m = scale % 11, .n = (scale * 7) % 141, .k = scale};
    if (scale > 256) {
        s.m += 37;
        s.n += 64;
    }
    s.lda = s.k + scale % 3;
    s.ldb = s.n + scale % 4;
    s.ldc = s.n + scale % 5;
    return s;
}

static size_t span(size_t rows, size_t columns, size_t stride)
{
    return rows && columns ? (rows - 1) * stride + columns : 0;
}

static size_t count_a(size_t scale)
{
    const shape s = shape_of(scale);
    return span(s.m, s.k, s.lda);
}

static size_t count_b(size_t scale)
{
    const shape s = shape_of(scale);
    return span(s.k, s.n, s.ldb);
}

static size_t count_c(size_t scale)
{
    const shape s = shape_of(scale);
    return span(s.m, s.n, s.ldc);
}

static assay_status gemm_all(const verify_call *call, const lmul_arithmetic *arithmetic, size_t count)
{
    const shape s = shape_of(call->n);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++)
        status = lmul_gemm(&arithmetic[i], s.m, s.n, s.k, call->in[0], s.lda, call->in[1], s.ldb, call->out[i], s.ldc);
    return status;
}

static assay_status gemm(const verify_call *call)
{
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), nearest(3), lmul_exact(), rounded_fp8(LMUL_E4M3)};
    return gemm_all(call, arithmetic, 4);
}

static assay_status gemm_of_lmul(const verify_call *call)
{
    lmul_arithmetic mitchell = lmul_with_bits(23);
    mitchell.offset = LMUL_OFFSET_NONE;
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), lmul_with_bits(4), mitchell, lmul_fp8(LMUL_E5M2)};
    return gemm_all(call, arithmetic, 4);
}

#define GEMM_OUT(NAME, FILL)                                                                                           \
    {                                                                                                                  \
        NAME, VERIFY_F32, count_c, FILL                                                                                \
    }
/* 257 is two depth blocks and enough for threads. */
#define GEMM_SCALES .lanes = 16, .large = {257}

const verify_kernel lmul_kernel_gemm = {
    .in = {{.name = "a", .type = VERIFY_F32, .count = count_a, .fill = fill_normal},
           {.name = "b", .type = VERIFY_F32, .count = count_b, .fill = fill_normal}},
    .out = {GEMM_OUT("23 bits", fill_normal), GEMM_OUT("3 bits to nearest", fill_normal),
            GEMM_OUT("exact", fill_normal), GEMM_OUT("E4M3", fill_normal)},
    .run = gemm,
    .metric = VERIFY_BITWISE,
    .lanes = 32,
    .large = {257, 300}};

/* Zeros in A, B and C (also negative ones in C, which sums of zeros must not keep). */
const verify_kernel lmul_kernel_gemm_sparse = {
    .in = {{.name = "a", .type = VERIFY_F32, .count = count_a, .fill = fill_sparse},
           {.name = "b", .type = VERIFY_F32, .count = count_b, .fill = fill_sparse}},
    .out = {GEMM_OUT("23 bits", fill_sparse), GEMM_OUT("4 bits", fill_sparse), GEMM_OUT("Mitchell", fill_sparse),
            GEMM_OUT("E5M2", fill_sparse)},
    .run = gemm_of_lmul,
    .metric = VERIFY_BITWISE,
    GEMM_SCALES};

/* Products out of range, sums that become infinite. By value and not bit for bit, for the processor chooses between
 * NaN of different signs when infinities meet; NaN agrees with NaN only. */
const verify_kernel lmul_kernel_gemm_extreme = {
    .in = {{.name = "a", .type = VERIFY_F32, .count = count_a, .fill = fill_extreme},
           {.name = "b", .type = VERIFY_F32, .count = count_b, .fill = fill_extreme}},
    .out = {GEMM_OUT("23 bits", fill_normal), GEMM_OUT("4 bits", fill_normal), GEMM_OUT("Mitchell", fill_normal),
            GEMM_OUT("E5M2", fill_normal)},
    .run = gemm_of_lmul,
    .metric = VERIFY_ORDER,
    GEMM_SCALES};

const verify_kernel lmul_kernel_gemm_special = {
    .in = {{.name = "a", .type = VERIFY_F32, .count = count_a, .fill = fill_rarely_special},
           {.name = "b", .type = VERIFY_F32, .count = count_b, .fill = fill_rarely_special}},
    .out = {GEMM_OUT("23 bits", fill_normal), GEMM_OUT("4 bits", fill_normal), GEMM_OUT("Mitchell", fill_normal),
            GEMM_OUT("E5M2", fill_normal)},
    .run = gemm_of_lmul,
    .metric = VERIFY_ORDER,
    GEMM_SCALES};

static void fill_small(assay_random r, void *data, size_t count)
{
    float *x = data;
    fill_normal(r, data, count);
    for (size_t i = 0; i < count; i++)
        x[i] = (x[i] + copysignf(1, x[i])) * 0x1p-20F;
}

/* The same with factors so small that the exponents of all products would be in range, were infinity a number. */
const verify_kernel lmul_kernel_gemm_special_small = {
    .in = {{.name = "a", .type = VERIFY_F32, .count = count_a, .fill = fill_rarely_special},
           {.name = "b", .type = VERIFY_F32, .count = count_b, .fill = fill_small}},
    .out = {GEMM_OUT("23 bits", fill_normal), GEMM_OUT("4 bits", fill_normal), GEMM_OUT("Mitchell", fill_normal),
            GEMM_OUT("E5M2", fill_normal)},
    .run = gemm_of_lmul,
    .metric = VERIFY_ORDER,
    .lanes = 8,
    .large = {65}};

/* Attention at a scale: sizes are at least 1. */
typedef struct attention_shape {
    size_t queries, keys, width, values;
} attention_shape;

static attention_shape attention_of(size_t scale)
{
    return (attention_shape){1 + scale % 67, 1 + scale, 1 + scale % 33, 1 + (scale * 3) % 70};
}

static size_t count_queries(size_t scale)
{
    return attention_of(scale).queries * attention_of(scale).width;
}

static size_t count_keys(size_t scale)
{
    return attention_of(scale).keys * attention_of(scale).width;
}

static size_t count_values(size_t scale)
{
    return attention_of(scale).keys * attention_of(scale).values;
}

static size_t count_results(size_t scale)
{
    return attention_of(scale).queries * attention_of(scale).values;
}

static assay_status attention(const verify_call *call)
{
    const attention_shape s = attention_of(call->n);
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), lmul_with_bits(3), lmul_exact(), lmul_fp8(LMUL_E4M3)};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < 4 && status == ASSAY_OK; i++)
        status = lmul_attention(&arithmetic[i], s.queries, s.keys, s.width, s.values, call->in[0], call->in[1],
                                call->in[2], 0.3f, call->out[i]);
    return status;
}

const verify_kernel lmul_kernel_attention = {
    .in = {{.name = "q", .type = VERIFY_F32, .count = count_queries, .fill = fill_normal},
           {.name = "k", .type = VERIFY_F32, .count = count_keys, .fill = fill_normal},
           {.name = "v", .type = VERIFY_F32, .count = count_values, .fill = fill_normal}},
    .out = {{.name = "23 bits", .type = VERIFY_F32, .count = count_results},
            {.name = "3 bits", .type = VERIFY_F32, .count = count_results},
            {.name = "exact", .type = VERIFY_F32, .count = count_results},
            {.name = "E4M3", .type = VERIFY_F32, .count = count_results}},
    .run = attention,
    .metric = VERIFY_BITWISE,
    .lanes = 16,
    .large = {200}};
