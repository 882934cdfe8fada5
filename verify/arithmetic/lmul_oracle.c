/* lmul: against exact rationals, MPFR, searches through all values, and other people's code. */
#include "assay/cpu.h"
#include "reference/arithmetic/lmul_softmax.h"
#include "verify/arithmetic/lmul_checks.h"

#include <cblas.h>
#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>

/* ---- The product as a rational number ------------------------------------------------------------------------- */

/* A format as its definition says, independently of the library's tables. */
typedef struct layout {
    const char *name;
    int exponent_bits, mantissa_bits, bias;
    bool has_infinity;
    uint32_t nan; /* the canonical one */
} layout;

static const layout layouts[LMUL_FORMATS] = {[LMUL_FP32] = {"FP32", 8, 23, 127, true, 0x7fc00000},
                                             [LMUL_BF16] = {"BF16", 8, 7, 127, true, 0x7fc0},
                                             [LMUL_FP16] = {"FP16", 5, 10, 15, true, 0x7e00},
                                             [LMUL_E5M2] = {"E5M2", 5, 2, 15, true, 0x7e},
                                             [LMUL_E4M3] = {"E4M3", 4, 3, 7, false, 0x7f}};

/* Sets q to 2^exponent times q. */
static void scale(mpq_t q, int exponent)
{
    if (exponent >= 0)
        mpq_mul_2exp(q, q, (mp_bitcnt_t)exponent);
    else
        mpq_div_2exp(q, q, (mp_bitcnt_t)-exponent);
}

static uint32_t field_of(const layout *f, uint32_t bits)
{
    return (bits >> f->mantissa_bits) & ((1u << f->exponent_bits) - 1);
}

static uint32_t mantissa_of(const layout *f, uint32_t bits)
{
    return bits & ((1u << f->mantissa_bits) - 1);
}

static bool is_nan(const layout *f, uint32_t bits)
{
    const uint32_t all = (1u << f->exponent_bits) - 1, mantissa = mantissa_of(f, bits);
    return field_of(f, bits) == all && (f->has_infinity ? mantissa != 0 : mantissa == (1u << f->mantissa_bits) - 1);
}

static bool is_infinite(const layout *f, uint32_t bits)
{
    return f->has_infinity && field_of(f, bits) == (1u << f->exponent_bits) - 1 && mantissa_of(f, bits) == 0;
}

/* The bits of the normal number |q| (which has that many mantissa bits), or what it becomes beyond the range. */
static uint32_t encode(const layout *f, mpq_t q)
{
    mpq_t least, limit;
    mpq_inits(least, limit, NULL);
    mpq_set_ui(least, 1, 1);
    scale(least, 1 - f->bias);
    const int all = (1 << f->exponent_bits) - 1, top = f->has_infinity ? all - 1 : all;
    mpq_set_ui(limit, f->has_infinity ? 2 : 2 * (1u << f->mantissa_bits) - 1,
               f->has_infinity ? 1 : 1u << f->mantissa_bits);
    mpq_canonicalize(limit);
    scale(limit, top - f->bias); /* infinite from here on, or with E4M3 NaN's place */
    uint32_t bits = 0;
    if (mpq_cmp(q, limit) >= 0) {
        bits = f->has_infinity ? (uint32_t)all << f->mantissa_bits
                               : ((uint32_t)all << f->mantissa_bits | ((1u << f->mantissa_bits) - 2));
    } else if (mpq_cmp(q, least) >= 0) {
        int exponent = 1 - f->bias;
        mpq_t twice;
        mpq_init(twice);
        mpq_mul_2exp(twice, least, 1);
        while (mpq_cmp(q, twice) >= 0) {
            exponent++;
            mpq_mul_2exp(twice, twice, 1);
        }
        scale(q, f->mantissa_bits - exponent);
        const uint32_t significand = (uint32_t)mpz_get_ui(mpq_numref(q)); /* an integer: the format's own */
        bits = (uint32_t)(exponent + f->bias) << f->mantissa_bits | (significand - (1u << f->mantissa_bits));
        mpq_clear(twice);
    }
    mpq_clears(least, limit, NULL);
    return bits;
}

/* The product by the value's definition: (1 + s), 2 s or 4 (s - 1) times 2^(i+j), s = u + v + 2^-l. */
static uint32_t product_of(const layout *f, uint32_t a, uint32_t b, int l)
{
    const uint32_t sign = (a ^ b) & (1u << (f->exponent_bits + f->mantissa_bits));
    const bool has_zero = field_of(f, a) == 0 || field_of(f, b) == 0;
    if (is_nan(f, a) || is_nan(f, b))
        return f->nan;
    if (is_infinite(f, a) || is_infinite(f, b))
        return has_zero ? f->nan : sign | ((1u << f->exponent_bits) - 1) << f->mantissa_bits;
    if (has_zero)
        return sign;
    mpq_t s, offset, value, one, two;
    mpq_inits(s, offset, value, one, two, NULL);
    mpq_set_ui(s, mantissa_of(f, a) + mantissa_of(f, b), 1);
    scale(s, -f->mantissa_bits);
    mpq_set_ui(offset, 1, 1);
    scale(offset, -l);
    mpq_add(s, s, offset);
    mpq_set_ui(one, 1, 1);
    mpq_set_ui(two, 2, 1);
    if (mpq_cmp(s, one) < 0) {
        mpq_add(value, s, one);
    } else if (mpq_cmp(s, two) < 0) {
        mpq_mul_2exp(value, s, 1);
    } else {
        mpq_sub(value, s, one);
        mpq_mul_2exp(value, value, 2);
    }
    scale(value, (int)field_of(f, a) + (int)field_of(f, b) - 2 * f->bias);
    const uint32_t bits = sign | encode(f, value);
    mpq_clears(s, offset, value, one, two, NULL);
    return bits;
}

static int paper_l(int mantissa_bits)
{
    return mantissa_bits <= 3 ? mantissa_bits : mantissa_bits == 4 ? 3 : 4;
}

static bool same_product(verify_context *v, lmul_format format, uint32_t a, uint32_t b, uint32_t actual)
{
    const layout *f = &layouts[format];
    return verify_same_bits(v, actual, product_of(f, a, b, paper_l(f->mantissa_bits)), "%s 0x%x times 0x%x", f->name,
                            (unsigned)a, (unsigned)b);
}

static void check_all_bytes(verify_context *v, lmul_format format)
{
    enum { PAIRS = 1 << 16 };
    uint8_t *x = malloc(3 * PAIRS);
    if (!x) {
        verify_true(v, false, "memory");
        return;
    }
    uint8_t *y = x + PAIRS, *out = y + PAIRS;
    for (int i = 0; i < PAIRS; i++) {
        x[i] = (uint8_t)(i >> 8);
        y[i] = (uint8_t)i;
    }
    bool good = verify_ok(v, lmul_multiply_u8(format, x, y, out, PAIRS), "multiply all pairs");
    for (int i = 0; good && i < PAIRS; i++) {
        uint32_t single = 0;
        good = same_product(v, format, x[i], y[i], out[i]) &&
               verify_ok(v, lmul_multiply_bits(format, x[i], y[i], &single), "multiply one pair") &&
               verify_same_bits(v, single, out[i], "one pair as in the array: 0x%x, 0x%x", x[i], y[i]);
    }
    free(x);
}

void lmul_check_e4m3_pairs(verify_context *v)
{
    check_all_bytes(v, LMUL_E4M3);
}

void lmul_check_e5m2_pairs(verify_context *v)
{
    check_all_bytes(v, LMUL_E5M2);
}

/* Exponents in the middle, with the product just inside and just outside either end of the range. */
void lmul_check_bf16_mantissas(verify_context *v)
{
    static const uint16_t exponents[][2] = {{127, 127}, {1, 127}, {1, 126}, {254, 127}, {100, 27}};
    enum { PAIRS = 1 << 16 };
    uint16_t *x = malloc(3 * PAIRS * sizeof *x);
    if (!x) {
        verify_true(v, false, "memory");
        return;
    }
    uint16_t *y = x + PAIRS, *out = y + PAIRS;
    bool good = true;
    for (size_t e = 0; good && e < sizeof exponents / sizeof *exponents; e++) {
        for (int i = 0; i < PAIRS; i++) { /* 8 bits each: the sign and 7 mantissa bits */
            const int a = i >> 8, b = i & 255;
            x[i] = (uint16_t)((a & 128) << 8 | exponents[e][0] << 7 | (a & 127));
            y[i] = (uint16_t)((b & 128) << 8 | exponents[e][1] << 7 | (b & 127));
        }
        good = verify_ok(v, lmul_multiply_u16(LMUL_BF16, x, y, out, PAIRS), "multiply all pairs");
        for (int i = 0; good && i < PAIRS; i++)
            good = same_product(v, LMUL_BF16, x[i], y[i], out[i]);
    }
    free(x);
}

/* float32 with k bits as a format of its own: 8 exponent bits, k mantissa bits, after truncation. */
static bool same_kbit(verify_context *v, unsigned bits, const float *x, const float *y, const float *out, size_t n)
{
    const layout f = {"k bits", 8, (int)bits, 127, true, 0x7fc00000u >> (23 - bits)};
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        const uint32_t a = lmul_bits_of(x[i]), b = lmul_bits_of(y[i]);
        const bool is_number = !isnan(x[i]) && !isnan(y[i]);
        const uint32_t expected = is_number ? product_of(&f, a >> (23 - bits), b >> (23 - bits), paper_l((int)bits))
                                                  << (23 - bits)
                                            : 0x7fc00000;
        const uint32_t nan_or = isnan(lmul_float_of(expected)) ? 0x7fc00000 : expected;
        good =
            verify_same_bits(v, lmul_bits_of(out[i]), nan_or, "%u bits: %a times %a", bits, (double)x[i], (double)y[i]);
    }
    return good;
}

void lmul_check_wide_samples(verify_context *v)
{
    enum { PAIRS = 20000 };
    float *x = malloc(3 * PAIRS * sizeof *x);
    if (!x) {
        verify_true(v, false, "memory");
        return;
    }
    float *y = x + PAIRS, *out = y + PAIRS;
    bool good = true;
    static const unsigned widths[] = {23, 3, 7, 2};
    const assay_random r = verify_random(v, 11);
    for (int i = 0; good && i < PAIRS; i++) {
        const uint64_t bits = assay_random_bits(r, (uint64_t)i);
        x[i] = lmul_float_of((uint32_t)bits);
        /* Half of the products in the middle of the range, the others anywhere. */
        y[i] =
            lmul_float_of(i & 1 ? (uint32_t)(bits >> 32) : (uint32_t)(0x7f000000 - bits % 0x7f800000 + (bits >> 44)));
    }
    for (size_t w = 0; good && w < sizeof widths / sizeof *widths; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(widths[w]);
        good = verify_ok(v, lmul_multiply(&arithmetic, x, y, out, PAIRS), "multiply") &&
               same_kbit(v, widths[w], x, y, out, PAIRS);
    }
    for (int i = 0; good && i < PAIRS; i++) {
        const uint16_t a = (uint16_t)assay_random_bits(r, 2 * (uint64_t)i),
                       b = (uint16_t)assay_random_bits(r, 2 * (uint64_t)i + 1);
        uint16_t half = 0, brain = 0;
        good = verify_ok(v, lmul_multiply_u16(LMUL_FP16, &a, &b, &half, 1), "multiply FP16") &&
               verify_ok(v, lmul_multiply_u16(LMUL_BF16, &a, &b, &brain, 1), "multiply BF16") &&
               same_product(v, LMUL_FP16, a, b, half) && same_product(v, LMUL_BF16, a, b, brain);
    }
    free(x);
}

/* ---- 8-bit formats -------------------------------------------------------------------------------------------- */

/* The value of a pattern, by the definition. NaN for what is none. */
static double value_of(const layout *f, uint32_t bits)
{
    if (is_nan(f, bits))
        return NAN;
    if (is_infinite(f, bits))
        return bits & 0x80 ? -INFINITY : INFINITY;
    const int field = (int)field_of(f, bits);
    const double significand = mantissa_of(f, bits) + (field ? 1u << f->mantissa_bits : 0u);
    const double magnitude = ldexp(significand, (field ? field : 1) - f->bias - f->mantissa_bits);
    return bits & 0x80 ? -magnitude : magnitude;
}

/* The finite pattern nearest to x, the even one of two as near, by looking at all. */
static uint32_t search_nearest(const layout *f, float x)
{
    uint32_t best = 0;
    double least = INFINITY;
    if (isnan(x))
        return f->nan;
    const double target = copysign(fmin(fabs((double)x), 1e6), (double)x); /* beyond the largest it is all one */
    for (uint32_t i = 0; i < 256; i++) {
        const double value = value_of(f, i), distance = fabs(value - target);
        if (!isfinite(value) || (i & 0x80) != (signbit(x) ? 0x80u : 0u))
            continue;
        if (distance < least || (distance == least && !(i & 1))) {
            best = i;
            least = distance;
        }
    }
    return best;
}

static void check_encode(verify_context *v, lmul_format format)
{
    enum { MOST = 8192 };
    const layout *f = &layouts[format];
    float x[MOST];
    uint8_t out[MOST];
    size_t n = 0;
    for (uint32_t i = 0; i < 256; i++) {
        const double value = value_of(f, i);
        float decoded = 0;
        const uint8_t pattern = (uint8_t)i;
        verify_ok(v, lmul_fp8_decode(format, &pattern, &decoded, 1), "decode");
        if (!verify_true(v,
                         isnan(value) ? isnan(decoded) : (double)decoded == value && !signbit(decoded) == !(i & 0x80),
                         "%s 0x%02x decodes to %g, must be %g", f->name, (unsigned)i, (double)decoded, value))
            return;
        const double next = value_of(f, i + 1 < 256 ? i + 1 : i);
        const double points[2] = {value, isfinite(next) ? 0.5 * (value + next) : value * 1.0625};
        for (int p = 0; p < 2 && isfinite(points[p]); p++) {
            x[n++] = nextafterf((float)points[p], -INFINITY);
            x[n++] = (float)points[p];
            x[n++] = nextafterf((float)points[p], INFINITY);
        }
    }
    static const float special[] = {INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-149f, 3.4e38f, -3.4e38f};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        x[n++] = special[i];
    const assay_random r = verify_random(v, 12);
    for (uint64_t i = 0; n < MOST; i++) {
        const double scale_of = ldexp(1, (int)assay_random_integer(r, 2 * i, 48) - 26);
        x[n++] = (float)(assay_random_normal(r, 2 * i + 1) * scale_of);
    }
    bool good = verify_ok(v, lmul_fp8_encode(format, x, out, n), "encode");
    for (size_t i = 0; good && i < n; i++)
        good = verify_same_bits(v, out[i], search_nearest(f, x[i]), "%s of %a", f->name, (double)x[i]);
}

void lmul_check_fp8_encode(verify_context *v)
{
    check_encode(v, LMUL_E4M3);
    check_encode(v, LMUL_E5M2);
}

/* ---- Theory --------------------------------------------------------------------------------------------------- */

enum { PRECISION = 200 };

/* a = ln((1 + high)/(1 + low)), b = 1/(1 + low) - 1/(1 + high), with low and high in units of 1/(2n). */
static void weights(mpfr_t a, mpfr_t b, unsigned long low, unsigned long high, unsigned long n)
{
    mpfr_t x, y;
    mpfr_inits2(PRECISION, x, y, NULL);
    mpfr_set_ui(x, 2 * n + low, MPFR_RNDN);
    mpfr_div_ui(x, x, 2 * n, MPFR_RNDN);
    mpfr_set_ui(y, 2 * n + high, MPFR_RNDN);
    mpfr_div_ui(y, y, 2 * n, MPFR_RNDN);
    mpfr_div(a, y, x, MPFR_RNDN);
    mpfr_log(a, a, MPFR_RNDN);
    mpfr_ui_div(x, 1, x, MPFR_RNDN);
    mpfr_ui_div(y, 1, y, MPFR_RNDN);
    mpfr_sub(b, x, y, MPFR_RNDN);
    mpfr_clears(x, y, NULL);
}

/* mean = first - 1, rmse = sqrt(second - 2 first + 1) held against the function's. */
static void hold_moments(verify_context *v, mpfr_t first, mpfr_t second, double mean, double rmse, const char *what,
                         unsigned bits, double offset)
{
    mpfr_t t;
    mpfr_init2(t, PRECISION);
    mpfr_sub_ui(t, first, 1, MPFR_RNDN);
    verify_at_most(v, fabs(mean - mpfr_get_d(t, MPFR_RNDN)), 1e-14, "absolute error", "%s mean, %u bits, offset %g",
                   what, bits, offset);
    mpfr_mul_2ui(t, first, 1, MPFR_RNDN);
    mpfr_sub(t, second, t, MPFR_RNDN);
    mpfr_add_ui(t, t, 1, MPFR_RNDN);
    mpfr_sqrt(t, t, MPFR_RNDN);
    verify_at_most(v, fabs(rmse - mpfr_get_d(t, MPFR_RNDN)), 1e-13, "absolute error", "%s rmse, %u bits, offset %g",
                   what, bits, offset);
    mpfr_clear(t);
}

static void check_theory(verify_context *v, unsigned bits, double offset)
{
    const unsigned long n = 1ul << bits;
    mpfr_t a[128], b[128], first, second, l, t;
    mpfr_inits2(PRECISION, first, second, l, t, NULL);
    mpfr_set_ui(first, 0, MPFR_RNDN);
    mpfr_set_ui(second, 0, MPFR_RNDN);
    for (unsigned long i = 0; i < n; i++) {
        mpfr_inits2(PRECISION, a[i], b[i], NULL);
        weights(a[i], b[i], 2 * i, 2 * (i + 1), n);
    }
    for (unsigned long i = 0; i < n; i++) {
        for (unsigned long j = 0; j < n; j++) {
            const double s = ldexp((double)(i + j), -(int)bits) + offset; /* exact */
            mpfr_set_d(l, s < 1 ? 1 + s : s < 2 ? 2 * s : 4 * (s - 1), MPFR_RNDN);
            mpfr_mul(t, a[i], a[j], MPFR_RNDN);
            mpfr_mul(t, t, l, MPFR_RNDN);
            mpfr_add(first, first, t, MPFR_RNDN);
            mpfr_mul(t, b[i], b[j], MPFR_RNDN);
            mpfr_mul(t, t, l, MPFR_RNDN);
            mpfr_mul(t, t, l, MPFR_RNDN);
            mpfr_add(second, second, t, MPFR_RNDN);
        }
    }
    double mean = 0, rmse = 0;
    verify_ok(v, lmul_theory(bits, offset, &mean, &rmse), "theory of %u bits", bits);
    hold_moments(v, first, second, mean, rmse, "L-Mul", bits, offset);
    for (unsigned long i = 0; i < n; i++)
        mpfr_clears(a[i], b[i], NULL);
    mpfr_clears(first, second, l, t, NULL);
}

void lmul_check_theory(verify_context *v)
{
    for (unsigned bits = 1; bits <= 7; bits++) {
        const double last = ldexp(1, -(int)bits);
        check_theory(v, bits, ldexp(1, -(int)lmul_offset_exponent(bits)));
        check_theory(v, bits, 0);
        check_theory(v, bits, last);
        check_theory(v, bits, 1 - last);
    }
}

void lmul_check_theory_rounded(verify_context *v)
{
    for (unsigned bits = 1; bits <= 14; bits++) {
        const unsigned long n = 1ul << bits;
        mpfr_t a, b, x, first, second;
        mpfr_inits2(PRECISION, a, b, x, first, second, NULL);
        mpfr_set_ui(first, 0, MPFR_RNDN);
        mpfr_set_ui(second, 0, MPFR_RNDN);
        for (unsigned long i = 0; i <= n; i++) {
            weights(a, b, i == 0 ? 0 : 2 * i - 1, i == n ? 2 * n : 2 * i + 1, n);
            mpfr_set_ui(x, n + i, MPFR_RNDN);
            mpfr_div_ui(x, x, n, MPFR_RNDN);
            mpfr_fma(first, x, a, first, MPFR_RNDN);
            mpfr_sqr(x, x, MPFR_RNDN);
            mpfr_fma(second, x, b, second, MPFR_RNDN);
        }
        mpfr_sqr(first, first, MPFR_RNDN);
        mpfr_sqr(second, second, MPFR_RNDN);
        double mean = 0, rmse = 0;
        verify_ok(v, lmul_theory_rounded_product(bits, &mean, &rmse), "theory of %u bits", bits);
        hold_moments(v, first, second, mean, rmse, "rounded product", bits, 0);
        mpfr_clears(a, b, x, first, second, NULL);
    }
}

/* The error density is piecewise smooth and continuous, so the midpoint rule is good to about h^2 = 6e-8. */
void lmul_check_theory_continuous(verify_context *v)
{
    enum { CELLS = 4096 };
    static const double offsets[] = {0, 0.0625, 0.05525, 0.3};
    for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
        const double offset = offsets[o];
        double first = 0, second = 0;
        for (int i = 0; i < CELLS; i++) {
            const double u = (i + 0.5) / CELLS;
            double row_first = 0, row_second = 0;
            for (int j = 0; j < CELLS; j++) {
                const double w = (j + 0.5) / CELLS, s = u + w + offset;
                const double error = (s < 1 ? 1 + s : s < 2 ? 2 * s : 4 * (s - 1)) / ((1 + u) * (1 + w)) - 1;
                row_first += error;
                row_second += error * error;
            }
            first += row_first / CELLS;
            second += row_second / CELLS;
        }
        double mean = 0, rmse = 0;
        verify_ok(v, lmul_theory(0, offset, &mean, &rmse), "theory without rounding");
        verify_at_most(v, fabs(mean - first / CELLS), 1e-7, "absolute error", "mean, offset %g", offset);
        verify_at_most(v, fabs(rmse - sqrt(second / CELLS)), 1e-7, "absolute error", "rmse, offset %g", offset);
    }
}

/* ---- Others --------------------------------------------------------------------------------------------------- */

/* glibc's exp in double is right to 1e-15, so that the error in float32 ulp is known to 1e-8. */
void lmul_check_exponential(verify_context *v)
{
    const uint32_t from = lmul_bits_of(-0.0f), to = lmul_bits_of(-87.0f);
    const uint32_t step = verify_depth_of(v) == VERIFY_EXHAUSTIVE ? 1 : verify_depth_of(v) == VERIFY_FULL ? 101 : 997;
    double worst = 0;
    float where = 0;
    for (uint64_t bits = from; bits <= to; bits += step) {
        const float x = lmul_float_of((uint32_t)bits), y = lmul_exponential(x);
        const double truth = exp((double)x);
        int exponent;
        frexp(truth, &exponent);
        const double error = fabs((double)y - truth) / ldexp(1, exponent - 24);
        if (error > worst) {
            worst = error;
            where = x;
        }
    }
    verify_at_most(v, worst, 1.5, "ulp", "exponential(%a)", (double)where);
    verify_same_bits(v, lmul_bits_of(lmul_exponential(-87.5f)), 0, "below -87");
    verify_same_bits(v, lmul_bits_of(lmul_exponential(-INFINITY)), 0, "at -infinity");
    verify_same_bits(v, lmul_bits_of(lmul_exponential(0)), 0x3f800000, "at 0");
    verify_true(v, isnan(lmul_exponential(NAN)), "NaN stays NaN");
}

void lmul_check_examples(verify_context *v)
{
    static const struct {
        float x, y;
        uint32_t product;
    } singles[] = {{1, 1, 0x3f880000},
                   {1.5f, 1.5f, 0x40080000},
                   {3, -2.5f, 0xc0e80000},
                   {1.9f, 1.9f, 0x406e6666},
                   {0.1f, 0.2f, 0x3ca1999a},
                   {123.45f, 67.89f, 0x4606ae14},
                   {1e-30f, 1e-20f, 0x00000000},
                   {3e38f, 2, 0x7f800000},
                   {0, 5, 0x00000000},
                   {-0.0f, 5, 0x80000000},
                   {0, INFINITY, 0x7fc00000},
                   {-INFINITY, 0x1p-126f, 0xff800000},
                   {INFINITY, 0x1p-127f, 0x7fc00000},
                   {-1, -NAN, 0x7fc00000}};
    const lmul_arithmetic full = lmul_with_bits(23);
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        float out = 0;
        verify_ok(v, lmul_multiply(&full, &singles[i].x, &singles[i].y, &out, 1), "multiply");
        verify_same_bits(v, lmul_bits_of(out), singles[i].product, "%g times %g", (double)singles[i].x,
                         (double)singles[i].y);
        verify_same_bits(v, lmul_bits_of(lmul_f32(singles[i].x, singles[i].y)), singles[i].product, "lmul_f32(%g, %g)",
                         (double)singles[i].x, (double)singles[i].y);
    }
    static const struct {
        lmul_format format;
        uint8_t x, y, product;
    } bytes[] = {{LMUL_E4M3, 0x3c, 0x3c, 0x41}, {LMUL_E4M3, 0x38, 0x38, 0x39}, {LMUL_E5M2, 0x3e, 0x3e, 0x41},
                 {LMUL_E4M3, 0x7e, 0x7e, 0x7e}, {LMUL_E4M3, 0xfe, 0x7f, 0x7f}, {LMUL_E5M2, 0x7b, 0xfb, 0xfc}};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        uint8_t out = 0;
        verify_ok(v, lmul_multiply_u8(bytes[i].format, &bytes[i].x, &bytes[i].y, &out, 1), "multiply");
        verify_same_bits(v, out, bytes[i].product, "%s 0x%02x times 0x%02x", layouts[bytes[i].format].name, bytes[i].x,
                         bytes[i].y);
    }
    float sixteen[16], ones[16], c[1] = {1}; /* 1 + 16 products of 1.0625 */
    for (int i = 0; i < 16; i++)
        sixteen[i] = ones[i] = 1;
    verify_ok(v, lmul_gemm(&full, 1, 1, 16, sixteen, 16, ones, 1, c, 1), "1 x 16 times 16 x 1");
    verify_same_bits(v, lmul_bits_of(c[0]), lmul_bits_of(18.0f), "1 + 16 * 1.0625");
}

/* Two sums of products of k terms differ by their order of additions only: about sqrt(k) 2^-24 of their size. */
void lmul_check_openblas(verify_context *v)
{
    static const int shapes[][3] = {{64, 64, 64}, {33, 129, 257}, {200, 100, 300}};
    const lmul_arithmetic exact = lmul_exact();
    openblas_set_num_threads(1);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        const size_t a_count = (size_t)m * (size_t)k, b_count = (size_t)k * (size_t)n, c_count = (size_t)m * (size_t)n;
        float *a = calloc(a_count + b_count + 2 * c_count, sizeof *a);
        if (!verify_true(v, a != NULL, "memory"))
            return;
        float *b = a + a_count, *ours = b + b_count, *theirs = ours + c_count;
        assay_random_fill_normal_f32(verify_random(v, 13 + s), 0, 0, 1, a, a_count + b_count);
        verify_ok(v, lmul_gemm(&exact, (size_t)m, (size_t)n, (size_t)k, a, (size_t)k, b, (size_t)n, ours, (size_t)n),
                  "exact product");
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, theirs, n);
        verify_at_most(v, verify_compare(VERIFY_RELATIVE_NORM, VERIFY_F32, theirs, ours, c_count).measure, 1e-5,
                       "relative norm", "%d x %d x %d", m, n, k);
        free(a);
    }
}
