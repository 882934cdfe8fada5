/* lmul: invariants that theory demands. */
#include "verify/arithmetic/lmul_checks.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 4096 };

static const unsigned widths[] = {1, 2, 3, 4, 5, 7, 10, 23};
enum { WIDTHS = sizeof widths / sizeof *widths };

static void fill_patterns(assay_random r, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = lmul_float_of((uint32_t)assay_random_bits(r, i));
}

static bool multiply(verify_context *v, const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out,
                     size_t n)
{
    return verify_ok(v, lmul_multiply(arithmetic, x, y, out, n), "multiply with %u bits", arithmetic->bits);
}

void lmul_check_commutative(verify_context *v)
{
    float x[SAMPLES], y[SAMPLES], xy[SAMPLES], yx[SAMPLES];
    fill_patterns(verify_random(v, 20), x, SAMPLES);
    fill_patterns(verify_random(v, 21), y, SAMPLES);
    for (size_t w = 0; w < WIDTHS; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(widths[w]);
        if (!multiply(v, &arithmetic, x, y, xy, SAMPLES) || !multiply(v, &arithmetic, y, x, yx, SAMPLES))
            return;
        for (size_t i = 0; i < SAMPLES; i++)
            if (!verify_same_bits(v, lmul_bits_of(yx[i]), lmul_bits_of(xy[i]),
                                  "%u bits: y x against x y, x = %a, y = %a", widths[w], (double)x[i], (double)y[i]))
                return;
    }
    uint16_t a[SAMPLES], b[SAMPLES], ab[SAMPLES], ba[SAMPLES];
    memcpy(a, x, sizeof a);
    memcpy(b, y, sizeof b);
    for (lmul_format f = LMUL_BF16; f <= LMUL_FP16; f++) {
        verify_ok(v, lmul_multiply_u16(f, a, b, ab, SAMPLES), "a b");
        verify_ok(v, lmul_multiply_u16(f, b, a, ba, SAMPLES), "b a");
        verify_true(v, memcmp(ab, ba, sizeof ab) == 0, "16-bit format %d commutes", (int)f);
    }
}

void lmul_check_signs(verify_context *v)
{
    float x[SAMPLES], minus_x[SAMPLES], y[SAMPLES], out[SAMPLES], minus_out[SAMPLES];
    fill_patterns(verify_random(v, 22), x, SAMPLES);
    fill_patterns(verify_random(v, 23), y, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        minus_x[i] = -x[i];
    for (size_t w = 0; w < WIDTHS; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(widths[w]);
        if (!multiply(v, &arithmetic, x, y, out, SAMPLES) || !multiply(v, &arithmetic, minus_x, y, minus_out, SAMPLES))
            return;
        for (size_t i = 0; i < SAMPLES; i++) {
            const uint32_t expected = isnan(out[i]) ? lmul_bits_of(out[i]) : lmul_bits_of(out[i]) ^ 0x80000000;
            if (!verify_same_bits(v, lmul_bits_of(minus_out[i]), expected, "%u bits: (-x) y, x = %a, y = %a", widths[w],
                                  (double)x[i], (double)y[i]))
                return;
        }
    }
}

void lmul_check_scaling(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    const assay_random r = verify_random(v, 24);
    float x[SAMPLES], y[SAMPLES], x_scaled[SAMPLES], y_scaled[SAMPLES], out[SAMPLES], scaled[SAMPLES];
    int shift[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) { /* all numbers between 2^-60 and 2^60 */
        const int j = (int)assay_random_integer(r, 4 * i, 41) - 20,
                  k = (int)assay_random_integer(r, 4 * i + 1, 41) - 20;
        x[i] = assay_random_normal_f32(r, 4 * i + 2) + 3;
        y[i] = assay_random_normal_f32(r, 4 * i + 3) - 3;
        x[i] = fabsf(x[i]) < 0x1p-20f ? 1 : x[i];
        y[i] = fabsf(y[i]) < 0x1p-20f ? 1 : y[i];
        x_scaled[i] = ldexpf(x[i], j);
        y_scaled[i] = ldexpf(y[i], k);
        shift[i] = j + k;
    }
    if (!multiply(v, &arithmetic, x, y, out, SAMPLES) || !multiply(v, &arithmetic, x_scaled, y_scaled, scaled, SAMPLES))
        return;
    for (size_t i = 0; i < SAMPLES; i++)
        if (!verify_same_bits(v, lmul_bits_of(scaled[i]), lmul_bits_of(ldexpf(out[i], shift[i])),
                              "2^j x times 2^k y, x = %a, y = %a", (double)x[i], (double)y[i]))
            return;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void lmul_check_monotone(verify_context *v)
{
    float x[SAMPLES], y[SAMPLES], out[SAMPLES];
    const assay_random r = verify_random(v, 25);
    for (size_t i = 0; i + 1 < SAMPLES; i += 2) {
        x[i] = lmul_float_of((uint32_t)(assay_random_bits(r, i) % 0x7f800000));
        x[i + 1] = nextafterf(x[i], INFINITY);
    }
    qsort(x, SAMPLES, sizeof *x, by_value);
    for (size_t w = 0; w < WIDTHS; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(widths[w]);
        for (int turn = 0; turn < 8; turn++) {
            const float fixed = ldexpf(1 + assay_random_uniform_f32(r, SAMPLES + (uint64_t)turn), 12 * turn - 48);
            for (size_t i = 0; i < SAMPLES; i++)
                y[i] = fixed;
            if (!multiply(v, &arithmetic, x, y, out, SAMPLES))
                return;
            for (size_t i = 1; i < SAMPLES; i++)
                if (!verify_true(v, out[i] >= out[i - 1], "%u bits: %a times %a is below %a times it", widths[w],
                                 (double)x[i], (double)fixed, (double)x[i - 1]))
                    return;
        }
    }
}

/* x times 2^j is 1/31 (at mantissa 15/16, where the carry begins) to 1/16 (at 0 and 1) too large. */
void lmul_check_powers_of_two(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    const assay_random r = verify_random(v, 26);
    float x[SAMPLES], y[SAMPLES], out[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        x[i] = lmul_float_of(0x3f800000 | (uint32_t)(assay_random_bits(r, 2 * i) >> 41));
        y[i] = ldexpf(1, (int)assay_random_integer(r, 2 * i + 1, 200) - 100);
    }
    x[0] = 1;
    x[1] = 1.9375f;
    x[2] = lmul_float_of(0x3fffffff);
    if (!multiply(v, &arithmetic, x, y, out, SAMPLES))
        return;
    for (size_t i = 0; i < SAMPLES; i++) {
        const double exact = (double)x[i] * y[i], error = (out[i] - exact) / exact;
        verify_at_most(v, error, 0.0625, "relative error", "%a times %a", (double)x[i], (double)y[i]);
        verify_at_least(v, error, 0.03125, "relative error", "%a times %a", (double)x[i], (double)y[i]);
    }
    verify_same_bits(v, lmul_bits_of(lmul_f32(1, 1)), 0x3f880000, "1 times 1 is 1 + 2^-4");
}

/* Extremes of the relative error on a grid of 2048^2 mantissas with their successors at the end of the binade. */
static void find_error_range(verify_context *v, const lmul_arithmetic *arithmetic, double *least, double *most)
{
    enum { GRID = 2048 };
    float x[GRID + 1], y[GRID + 1], out[GRID + 1];
    *least = INFINITY;
    *most = -INFINITY;
    for (int i = 0; i < GRID; i++)
        x[i] = 1 + (float)i / GRID;
    x[GRID] = lmul_float_of(0x3fffffff);
    for (int i = 0; i <= GRID; i++) {
        for (int j = 0; j <= GRID; j++)
            y[j] = x[i];
        if (!multiply(v, arithmetic, x, y, out, GRID + 1))
            return;
        for (int j = 0; j <= GRID; j++) {
            const double error = out[j] / ((double)x[j] * y[j]) - 1;
            *least = fmin(*least, error);
            *most = fmax(*most, error);
        }
    }
}

void lmul_check_error_range(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    double least, most;
    find_error_range(v, &arithmetic, &least, &most);
    const double deepest = 2.0 / ((47.0 / 32) * (47.0 / 32)) - 1; /* both mantissas 15/32, just at the carry */
    verify_at_most(v, fabs(least - deepest), 1e-12, "absolute difference", "least error %.7f, by theory %.7f", least,
                   deepest);
    verify_at_most(v, fabs(most - 0.0625), 1e-6, "absolute difference", "largest error %.7f, by theory 1/16", most);
    verify_at_most(v, fabs(deepest + 0.0728837), 5e-8, "absolute difference", "-0.0728837, worked out beforehand");
}

void lmul_check_mitchell_range(verify_context *v)
{
    lmul_arithmetic arithmetic = lmul_with_bits(23);
    arithmetic.offset = LMUL_OFFSET_NONE;
    double least, most;
    find_error_range(v, &arithmetic, &least, &most);
    verify_at_most(v, fabs(least + 1.0 / 9), 1e-12, "absolute difference", "least error %.7f, by theory -1/9", least);
    verify_at_most(v, fabs(most), 1e-15, "absolute difference", "largest error %g, by theory 0", most);
}

void lmul_check_truncation_shift(verify_context *v)
{
    for (unsigned bits = 2; bits <= 12; bits++) {
        const double step = ldexp(1, -(int)bits), paper = ldexp(1, -(int)lmul_offset_exponent(bits));
        const double offsets[] = {paper, step, 2 * step};
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
            double mean = 0, shifted = 0, rmse;
            verify_ok(v, lmul_theory(bits, offsets[i], &mean, &rmse), "truncated to %u bits", bits);
            verify_ok(v, lmul_theory(0, offsets[i] - step, &shifted, &rmse), "not rounded");
            verify_at_most(v, fabs(mean - shifted), 1e-4, "absolute difference", "%u bits, offset %g", bits,
                           offsets[i]);
        }
    }
}

void lmul_check_kbit_in_f32(verify_context *v)
{
    float x[SAMPLES], y[SAMPLES], narrow[SAMPLES], wide[SAMPLES];
    for (unsigned bits = 1; bits <= 22; bits++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(bits);
        lmul_arithmetic full = lmul_with_bits(23);
        full.offset = 1 << (23 - lmul_offset_exponent(bits));
        fill_patterns(verify_random(v, 27), x, SAMPLES);
        fill_patterns(verify_random(v, 28), y, SAMPLES);
        verify_ok(v, lmul_round(bits, LMUL_TRUNCATE, x, x, SAMPLES), "round x");
        verify_ok(v, lmul_round(bits, LMUL_TRUNCATE, y, y, SAMPLES), "round y");
        if (!multiply(v, &arithmetic, x, y, narrow, SAMPLES) || !multiply(v, &full, x, y, wide, SAMPLES))
            return;
        for (size_t i = 0; i < SAMPLES; i++)
            if (!verify_same_bits(v, lmul_bits_of(narrow[i]), lmul_bits_of(wide[i]), "%u bits: %a times %a", bits,
                                  (double)x[i], (double)y[i]))
                return;
    }
}

void lmul_check_e4m3_is_kbit_3(verify_context *v)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(3);
    unsigned compared = 0;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            const uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
            uint8_t native = 0;
            float operands[2], wide = 0, product;
            verify_ok(v, lmul_multiply_u8(LMUL_E4M3, &bytes[0], &bytes[1], &native, 1), "native");
            verify_ok(v, lmul_fp8_decode(LMUL_E4M3, bytes, operands, 2), "decode");
            verify_ok(v, lmul_fp8_decode(LMUL_E4M3, &native, &product, 1), "decode");
            verify_ok(v, lmul_multiply(&arithmetic, &operands[0], &operands[1], &wide, 1), "3 bits");
            const bool is_normal = fabsf(operands[0]) >= 0x1p-6f && fabsf(operands[1]) >= 0x1p-6f &&
                                   fabsf(wide) >= 0x1p-6f && fabsf(wide) <= 448;
            if (!is_normal) /* also when one is NaN */
                continue;
            compared++;
            if (!verify_same_bits(v, lmul_bits_of(product), lmul_bits_of(wide), "0x%02x times 0x%02x", a, b))
                return;
        }
    }
    verify_at_least(v, compared, 20000, "pairs", "pairs compared");
}

/*
 * How large a relative error of L-Mul with k bits and offset c can be.
 *
 * Mitchell's product of mantissas with the sum s of their fractions is M(s) = 1 + s, 2 s, 4 (s - 1) in [0, 1], [1, 2],
 * [2, 3]; it is never too large, and (1 + s + c) / (1 + s) and the other pieces show M(s + c) <= (1 + c) M(s): so the
 * error is at most c. For the other side, M(s) >= 2^s and f > log2(1 + f) - 0.0861: truncated to k bits the two
 * fractions sum up to more than log2 of the product less 2 * 0.0861 + 2 * 2^-k, which is what the error is above in
 * powers of two.
 */
static double largest_error(unsigned k, double c)
{
    return fmax(c, 1 - exp2(c - 2 * 0.0861 - 2 * ldexp(1, -(int)k)));
}

/*
 * By how much the mean of n independent numbers within +-bound of their expectation, of variance at most v, can miss
 * that expectation, but for a probability p: Bernstein's inequality, P(|miss| >= t) <= 2 exp(-n t^2 / 2 / (v + bound t
 * / 3)), solved for t.
 */
static double bernstein(double n, double bound, double v, double p)
{
    const double l = log(2 / p), linear = l * bound / 3;
    return (linear + sqrt(linear * linear + 2 * n * l * v)) / n;
}

/*
 * A sample's mean and mean square against theory. Errors are within +-B of 0, B = largest_error(), hence within 2 B of
 * their mean, and their variance is theory's own. Squares are within B^2 of theirs and have a variance of at most
 * B^2 m - m^2, for E e^4 <= B^2 E e^2 = B^2 m. With p = 5e-10 for each of two tests at each of 10 widths a right
 * implementation fails with a probability of at most 1e-8; the mean may then miss by 6.6 standard errors. Theory has
 * uniform mantissas where these are multiples of 2^-23, which moves expectations by less than 2^-21.
 */
void lmul_check_sampled_moments(verify_context *v)
{
    enum { N = 1 << 18 };
    const double p = 5e-10, grid = 0x1p-21;
    float *x = malloc(3 * N * sizeof *x);
    if (!x) {
        verify_true(v, false, "memory");
        return;
    }
    float *y = x + N, *out = y + N;
    const assay_random r = verify_random(v, 29);
    for (size_t i = 0; i < N; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        x[i] = lmul_float_of(0x3f800000 | (bits & 0x7fffff));
        y[i] = lmul_float_of(0x3f800000 | (bits >> 41));
    }
    for (unsigned k = 1; k <= 10; k++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(k);
        const double offset = ldexp(1, -(int)lmul_offset_exponent(k)), largest = largest_error(k, offset);
        double sum = 0, squares = 0, worst = 0, mean = 0, rmse = 0;
        if (!multiply(v, &arithmetic, x, y, out, N))
            break;
        for (size_t i = 0; i < N; i++) {
            const double error = out[i] / ((double)x[i] * y[i]) - 1;
            sum += error;
            squares += error * error;
            worst = fmax(worst, fabs(error));
        }
        verify_ok(v, lmul_theory(k, offset, &mean, &rmse), "theory");
        const double square = rmse * rmse, bound = largest * largest;
        verify_at_most(v, worst, largest, "relative error", "largest error, %u bits", k);
        verify_at_most(v, fabs(sum / N - mean), bernstein(N, 2 * largest, square - mean * mean, p) + grid,
                       "relative error", "mean, %u bits", k);
        verify_at_most(v, fabs(squares / N - square), bernstein(N, bound, bound * square - square * square, p) + grid,
                       "squared relative error", "mean square, %u bits", k);
    }
    free(x);
}

/* Softmax weights add up to 1: with exact products, values that are all the same come out as they are. */
void lmul_check_attention_weights(verify_context *v)
{
    enum { QUERIES = 37, KEYS = 301, WIDTH = 19, VALUES = 7 };
    float q[QUERIES * WIDTH], k[KEYS * WIDTH], values[KEYS * VALUES], o[QUERIES * VALUES];
    assay_random_fill_normal_f32(verify_random(v, 30), 0, 0, 1, q, QUERIES * WIDTH);
    assay_random_fill_normal_f32(verify_random(v, 31), 0, 0, 1, k, KEYS * WIDTH);
    for (size_t i = 0; i < KEYS * VALUES; i++)
        values[i] = (float)(1 + i % VALUES);
    const lmul_arithmetic exact = lmul_exact(), mitchell = {.bits = 23};
    verify_ok(v, lmul_attention(&exact, QUERIES, KEYS, WIDTH, VALUES, q, k, values, 1, o), "attention");
    for (size_t i = 0; i < QUERIES * VALUES; i++) {
        const double value = (double)(1 + i % VALUES);
        /* 301 additions, each with half an ulp of at most twice the value */
        verify_at_most(v, fabs(o[i] / value - 1), 301 * 0x1p-24, "relative error", "output %zu", i);
    }
    /* Mitchell's products are never too large and by at most 1/9 too small. */
    verify_ok(v, lmul_attention(&mitchell, QUERIES, KEYS, WIDTH, VALUES, q, k, values, 1, o), "attention");
    for (size_t i = 0; i < QUERIES * VALUES; i++) {
        const double value = (double)(1 + i % VALUES);
        verify_at_most(v, o[i] / value, 1 + 301 * 0x1p-24, "of the value", "Mitchell, output %zu", i);
        verify_at_least(v, o[i] / value, 8.0 / 9 - 301 * 0x1p-24, "of the value", "Mitchell, output %zu", i);
    }
}

/* Numbers of one binade, half of them its last one. */
static void fill_binade(assay_random r, uint64_t from, int field, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = assay_random_bits(r, from + i);
        x[i] = lmul_float_of((uint32_t)field << 23 | (bits >> 63 ? 0x7fffff : (uint32_t)(bits & 0x7fffff)));
    }
}

/* Where a block's exponents just allow the plain addition, or just do not: products whose exponent fields add up to
 * what gives 252 to 256 and -1 to 2, and mantissas whose sum carries by 0, 1 or 2. All positive, so that no NaN comes
 * up. */
void lmul_check_gemm_edges(verify_context *v)
{
    enum { M = 5, N = 70, K = 9 };
    static const int fields[] = {252, 253, 254, 255, 256, -1, 0, 1, 2};
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(23), lmul_with_bits(4), {.bits = 7, .offset = 127}};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        float a[M * K], b[K * N], c[M * N], expected[M * N];
        const int sum = fields[f] + 127, first = sum / 2 > 254 ? 254 : sum / 2;
        const assay_random r = verify_random(v, 80 + f);
        fill_binade(r, 0, first, a, M * K);
        fill_binade(r, M * K, sum - first, b, K * N);
        for (size_t w = 0; w < sizeof arithmetic / sizeof *arithmetic; w++) {
            memset(c, 0, sizeof c);
            memset(expected, 0, sizeof expected);
            verify_ok(v, lmul_gemm(&arithmetic[w], M, N, K, a, K, b, N, c, N), "product");
            verify_ok(v, lmul_reference_gemm(&arithmetic[w], M, N, K, a, K, b, N, expected, N), "reference");
            for (size_t i = 0; i < M * N; i++)
                if (!verify_same_bits(v, lmul_bits_of(c[i]), lmul_bits_of(expected[i]),
                                      "exponent field %d, arithmetic %zu, element %zu", fields[f], w, i))
                    return;
        }
    }
}
