/* Tests of verify/oracle.c and verify/oracle_fast.c.
 *
 * The independent method: 1200 bits of MPFR, turned into an integer times a power of two by GMP, and rounded, compared
 * and divided as integers and fractions. It shares nothing with the oracle but MPFR's functions themselves. */
#include "assay/random.h"
#include "assay/threads.h"
#include "verify/oracle_fast.h"

#include <check.h>
#include <float.h>
#include <gmp.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const assay_random stream_of_tests = {.seed = 20240607, .stream = 2};

static const oracle_function *const functions[] = {&oracle_exp, &oracle_exp2, &oracle_log2, &oracle_sin,
                                                   &oracle_cos, &oracle_tanh, &oracle_erf};

static float f32_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double f64_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool same_f64(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* ---- The independent method ------------------------------------------------------------------------------------ */

enum { WIDE = 1200 };

typedef struct plain_format {
    int precision, overflow, subnormal;
} plain_format;

static const plain_format single = {24, 128, -149}, twofold = {53, 1024, -1074};

/* v = digits * 2^exponent of a number that is not zero. */
static void take_apart(mpfr_srcptr v, mpz_t digits, long *exponent)
{
    *exponent = mpfr_get_z_2exp(digits, v);
}

/* The exponent of the last place of a nonzero v = digits * 2^exponent. */
static long place_of(const mpz_t digits, long exponent, plain_format format)
{
    long place = (long)mpz_sizeinbase(digits, 2) + exponent - format.precision;
    if (place > format.overflow - format.precision)
        place = format.overflow - format.precision;
    return place < format.subnormal ? format.subnormal : place;
}

/* Rounds digits * 2^exponent to nearest even by integer division. */
static double round_plainly(const mpz_t digits, long exponent, plain_format format)
{
    const bool negative = mpz_sgn(digits) < 0;
    const long place = place_of(digits, exponent, format), shift = place - exponent;
    mpz_t quotient, rest, half;
    mpz_inits(quotient, rest, half, NULL);
    mpz_abs(quotient, digits);
    if (shift > 0) {
        mpz_fdiv_r_2exp(rest, quotient, (mp_bitcnt_t)shift);
        mpz_fdiv_q_2exp(quotient, quotient, (mp_bitcnt_t)shift);
        mpz_ui_pow_ui(half, 2, (unsigned long)shift - 1);
        const int side = mpz_cmp(rest, half);
        if (side > 0 || (side == 0 && mpz_odd_p(quotient)))
            mpz_add_ui(quotient, quotient, 1);
    } else {
        mpz_mul_2exp(quotient, quotient, (mp_bitcnt_t)-shift);
    }
    double value = mpz_sizeinbase(quotient, 2) > 54 ? INFINITY : ldexp(mpz_get_d(quotient), (int)place);
    value = value >= ldexp(1, format.overflow - 1) * 2 ? INFINITY : value;
    mpz_clears(quotient, rest, half, NULL);
    return negative ? -value : value;
}

/* |y - digits * 2^exponent| / 2^place as a fraction, to a double. Both finite and below overflow. */
static double error_plainly(double y, const mpz_t digits, long exponent, plain_format format)
{
    const long place = place_of(digits, exponent, format);
    mpq_t truth, given;
    mpq_inits(truth, given, NULL);
    mpq_set_z(truth, digits);
    if (exponent >= 0)
        mpq_mul_2exp(truth, truth, (mp_bitcnt_t)exponent);
    else
        mpq_div_2exp(truth, truth, (mp_bitcnt_t)-exponent);
    mpq_set_d(given, y);
    mpq_sub(given, given, truth);
    mpq_abs(given, given);
    if (place >= 0)
        mpq_div_2exp(given, given, (mp_bitcnt_t)place);
    else
        mpq_mul_2exp(given, given, (mp_bitcnt_t)-place);
    /* To nearest, which mpq_get_d does not do: MPFR rounds a fraction correctly. */
    mpfr_t rounded;
    mpfr_init2(rounded, 53);
    mpfr_set_q(rounded, given, MPFR_RNDN);
    const double error = mpfr_get_d(rounded, MPFR_RNDN);
    mpfr_clear(rounded);
    mpq_clears(truth, given, NULL);
    return error;
}

/* Compares oracle and independent method for one finite x where f(x) is an ordinary number; false if it is none. */
static bool compare_plainly(const oracle_function *f, double x, uint64_t variation, plain_format format)
{
    mpfr_t argument, wide;
    mpfr_inits2(WIDE, argument, wide, (mpfr_ptr)NULL);
    mpfr_set_d(argument, x, MPFR_RNDN);
    const int inexact = f->mpfr(wide, argument, MPFR_RNDN);
    /* tanh and erf may differ from 1 by less than 1200 bits show. */
    const bool ordinary = mpfr_regular_p(wide) && mpfr_get_exp(wide) <= format.overflow && mpfr_get_exp(wide) > -2000 &&
                          (inexact == 0 || mpfr_min_prec(wide) > WIDE / 2);
    if (ordinary) {
        mpz_t digits;
        mpz_init(digits);
        long exponent;
        take_apart(wide, digits, &exponent);
        const double expected = round_plainly(digits, exponent, format);
        double y = isfinite(expected) ? expected : ldexp(1, format.overflow - 1);
        double actual, ulp, alone;
        if (format.precision == 24) {
            y += (double)((int)(variation % 7) - 3) * ldexp(1, (int)place_of(digits, exponent, format));
            y = (double)(float)y;
            y = isinf(y) ? (double)FLT_MAX : y;
            float rounded;
            ulp = oracle_judge_f32(f, (float)x, (float)y, &rounded);
            actual = (double)rounded;
            alone = (double)oracle_round_f32(f, (float)x);
        } else {
            for (uint64_t i = variation % 4; i > 0; i--)
                y = nextafter(y, variation & 8 ? INFINITY : -INFINITY);
            y = isinf(y) ? DBL_MAX : y;
            ulp = oracle_judge_f64(f, x, y, &actual);
            alone = oracle_round_f64(f, x);
        }
        ck_assert_msg(same_f64(actual, expected), "%s(%a) rounds to %a, not %a", f->name, x, expected, actual);
        ck_assert_msg(same_f64(alone, expected), "%s(%a) alone rounds to %a, not %a", f->name, x, expected, alone);
        const double expected_ulp = error_plainly(y, digits, exponent, format);
        ck_assert_msg(ulp == expected_ulp, "%s(%a) against %a: %a ulp, not %a", f->name, x, y, expected_ulp, ulp);
        mpz_clear(digits);
    }
    mpfr_clears(argument, wide, (mpfr_ptr)NULL);
    return ordinary;
}

START_TEST(agrees_with_integer_arithmetic_f32)
{
    const oracle_function *f = functions[_i];
    size_t compared = 0;
    for (uint64_t i = 0; i < 1500; i++) {
        const uint64_t random = assay_random_bits(stream_of_tests, i);
        /* Half of them from all floats, half of moderate size. */
        const uint32_t bits = i % 2 ? (uint32_t)random : ((uint32_t)random & 0x87ffffff) + 0x3c000000;
        const float x = f32_of(bits);
        if (isfinite(x) && fabsf(x) > 0x1p-120f)
            compared += compare_plainly(f, (double)x, random >> 32, single);
    }
    ck_assert_uint_ge(compared, 500); /* log2 has none for negative x, exp overflows */
}
END_TEST

START_TEST(agrees_with_integer_arithmetic_f64)
{
    const oracle_function *f = functions[_i];
    size_t compared = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        const uint64_t random = assay_random_bits(stream_of_tests, 10000 + i);
        const double x = f64_of((random & 0x80ffffffffffffff) + 0x3980000000000000); /* 2^-103 to 2^24 or so */
        if (isfinite(x))
            compared += compare_plainly(f, x, random >> 20, twofold);
    }
    ck_assert_uint_ge(compared, 250);
}
END_TEST

/* Results around the ends of the formats, where subnormal rounding must be single. */
START_TEST(agrees_with_integer_arithmetic_at_the_ends)
{
    for (uint64_t i = 0; i < 1000; i++) {
        const double u = assay_random_uniform(stream_of_tests, 20000 + i);
        const uint64_t variation = assay_random_bits(stream_of_tests, 30000 + i);
        compare_plainly(&oracle_exp2, (double)(float)(-151 + 26 * u), variation, single);
        compare_plainly(&oracle_exp, (double)(float)(-105 + 18 * u), variation, single);
        compare_plainly(&oracle_exp2, (double)(float)(127.5 + 0.5 * u), variation, single);
        compare_plainly(&oracle_exp2, -1076 + 56 * u, variation, twofold);
        compare_plainly(&oracle_exp2, 1023.5 + 0.5 * u, variation, twofold);
    }
    for (int k = -160; k < 128; k++) /* exact results, subnormal ones and the midpoint 2^-150 among them */
        ck_assert(compare_plainly(&oracle_exp2, k, (uint64_t)k, single));
}
END_TEST

/* ---- Hard cases ------------------------------------------------------------------------------------------------ */

/* Distance of f(x) from the nearest whole number (offset 0) or midpoint (offset 1/2) of ulps, from 1200 bits. */
static double distance_in_ulps(const oracle_function *f, double x, int precision, double offset)
{
    mpfr_t v, whole;
    mpfr_inits2(WIDE, v, whole, (mpfr_ptr)NULL);
    mpfr_set_d(v, x, MPFR_RNDN);
    f->mpfr(v, v, MPFR_RNDN);
    mpfr_mul_2si(v, v, precision - mpfr_get_exp(v), MPFR_RNDN);
    mpfr_sub_d(v, v, offset, MPFR_RNDN);
    mpfr_round(whole, v);
    mpfr_sub(v, v, whole, MPFR_RNDN);
    const double distance = fabs(mpfr_get_d(v, MPFR_RNDN));
    mpfr_clears(v, whole, (mpfr_ptr)NULL);
    return distance;
}

START_TEST(rounds_hard_cases)
{
    /* The hardest float32 inputs of both functions (found by a search over all) are nearer to a midpoint than 2^-29. */
    const struct {
        const oracle_function *f;
        uint32_t x;
    } cases[] = {{&oracle_exp, 0xc16912cd}, {&oracle_exp2, 0x3b429d37}, {&oracle_exp2, 0xb52d1f9a}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const float x = f32_of(cases[i].x);
        ck_assert_double_lt(distance_in_ulps(cases[i].f, (double)x, 24, 0.5), 0x1p-28);
        for (uint64_t variation = 0; variation < 7; variation++)
            ck_assert(compare_plainly(cases[i].f, (double)x, variation, single));
    }
    /* The hardest double for exp (Lefevre and Muller), and one almost on a floating-point number. */
    ck_assert_double_lt(distance_in_ulps(&oracle_exp, 0x1.9e9cbbfd6080bp-31, 53, 0.5), 0x1p-58);
    ck_assert_double_lt(distance_in_ulps(&oracle_exp, -0x1.ed318efb627eap-27, 53, 0), 0x1p-58);
    for (uint64_t variation = 0; variation < 16; variation++) {
        ck_assert(compare_plainly(&oracle_exp, 0x1.9e9cbbfd6080bp-31, variation, twofold));
        ck_assert(compare_plainly(&oracle_exp, -0x1.ed318efb627eap-27, variation, twofold));
    }
}
END_TEST

/* ---- Functions of one's own ------------------------------------------------------------------------------------ */

static const oracle_function square = {.name = "square", .mpfr = mpfr_sqr};

START_TEST(rounds_midpoints_to_even)
{
    /* x*x is exact in double, and has plenty of midpoints: those of odd multiples of 2^-12 in [1, 2). */
    size_t midpoints = 0;
    for (int k = 4097; k < 8192; k += 2) {
        const float x = ldexpf((float)k, -12);
        const double exact = (double)x * (double)x;
        const float expected = (float)exact;
        const double distance = fabs((double)expected - exact) * (exact < 2 ? 0x1p23 : 0x1p22);
        midpoints += distance == 0.5;
        ck_assert_double_eq((double)oracle_round_f32(&square, x), (double)expected);
        ck_assert_double_eq(oracle_ulp_f32(&square, x, expected), distance);
        const float other = nextafterf(expected, (double)expected < exact ? INFINITY : 0);
        ck_assert_double_eq(oracle_ulp_f32(&square, x, other), 1 - distance);
    }
    ck_assert_uint_gt(midpoints, 500);
    /* Subnormal results. */
    for (uint64_t i = 0; i < 5000; i++) {
        const uint64_t random = assay_random_bits(stream_of_tests, 40000 + i);
        const float x = ldexpf((float)(random % 4096), -75 - (int)(random >> 32) % 12);
        const double exact = (double)x * (double)x;
        ck_assert_double_eq((double)oracle_round_f32(&square, x), (double)(float)exact);
    }
    ck_assert_double_eq((double)oracle_round_f32(&square, 0x1p-75f), 0); /* 2^-150 is half of the smallest */
    ck_assert_double_eq(oracle_ulp_f32(&square, 0x1p-75f, 0), 0.5);
    ck_assert_double_eq(oracle_ulp_f32(&square, 0x1p-75f, 0x1p-149f), 0.5);
}
END_TEST

/* log(1 + e^x), by a composition that is off by some units in the last place. */
static int softplus(mpfr_t result, const mpfr_t x, mpfr_rnd_t rounding)
{
    mpfr_exp(result, x, rounding);
    const int inexact = mpfr_log1p(result, result, rounding);
    return inexact ? inexact : 1;
}

/* e^x with an error of 0.9 * 2^46 units in the last place, either way: of 128 bits just about what is needed is left.
 */
static int sloppy_exp(mpfr_t result, const mpfr_t x, mpfr_rnd_t rounding)
{
    const int inexact = mpfr_exp(result, x, rounding);
    const double sign = mpfr_get_prec(result) == 128 ? 1 : -1;
    mpfr_t error;
    mpfr_init2(error, 53);
    mpfr_set_d(error, sign * 0.9 * 0x1p46, MPFR_RNDN);
    mpfr_mul_2si(error, error, mpfr_get_exp(result) - mpfr_get_prec(result), MPFR_RNDN);
    mpfr_add(result, result, error, MPFR_RNDN);
    mpfr_clear(error);
    return inexact;
}

START_TEST(takes_compositions_with_guard_bits)
{
    const oracle_function composed = {.name = "softplus", .mpfr = softplus, .guard_bits = 3};
    const oracle_function sloppy = {.name = "sloppy", .mpfr = sloppy_exp, .guard_bits = 46};
    for (uint64_t i = 0; i < 2000; i++) {
        const float x = (float)(40 * assay_random_uniform(stream_of_tests, 50000 + i) - 20);
        const double near = log1p(exp((double)x));
        const float rounded = oracle_round_f32(&composed, x);
        ck_assert_double_le(fabs((double)rounded - near), 0x1p-23 * near);
        float expected, actual;
        const float y = expf(x);
        const double expected_ulp = oracle_judge_f32(&oracle_exp, x, y, &expected);
        ck_assert_double_eq(oracle_judge_f32(&sloppy, x, y, &actual), expected_ulp);
        ck_assert_double_eq((double)actual, (double)expected);
    }
}
END_TEST

/* The identity, by a function that never says that it is exact. */
static int shy_identity(mpfr_t result, const mpfr_t x, mpfr_rnd_t rounding)
{
    mpfr_set(result, x, rounding);
    return 1;
}

START_TEST(ends_without_word_of_exactness)
{
    const oracle_function shy = {.name = "shy", .mpfr = shy_identity};
    ck_assert_double_eq(oracle_ulp_f32(&shy, 1.5f, 1.5f), 0);
    ck_assert_double_eq(oracle_ulp_f32(&shy, 1.5f, 1.25f), 0x1p21);
    ck_assert_double_eq(oracle_round_f64(&shy, 0.1), 0.1);
    ck_assert_double_infinite(oracle_ulp_f32(&shy, 1.5f, NAN));
}
END_TEST

/* ---- Edges ----------------------------------------------------------------------------------------------------- */

START_TEST(measures_at_the_edges_f32)
{
    const float largest = FLT_MAX, least = 0x1p-149f;
    const struct {
        const oracle_function *f;
        float x, y;
        double ulp;
    } cases[] = {
        {&oracle_exp2, 3, 8, 0},
        {&oracle_exp2, 3, 0x1.fffffep+2f, 0.5}, /* the ulp is that of 8, twice the distance below */
        {&oracle_exp2, 3, 0x1.000002p+3f, 1},
        {&oracle_exp2, -149, least, 0},
        {&oracle_exp2, -149, 0, 1},
        {&oracle_exp2, -150, 0, 0.5},
        {&oracle_exp2, -150, least, 0.5},
        {&oracle_exp2, -150, -least, 1.5},
        {&oracle_exp2, -1000, 0, 0x1p-851},
        {&oracle_exp2, -3e38f, 0, 0},
        {&oracle_exp2, -3e38f, least, 1},
        {&oracle_exp2, -INFINITY, 0, 0},
        {&oracle_exp2, 128, INFINITY, 0},
        {&oracle_exp2, 128, largest, 1},
        {&oracle_exp2, 128, -INFINITY, 0x1p25},
        {&oracle_exp2, 127, INFINITY, 0x1p23},
        {&oracle_exp2, 0, INFINITY, 0x1p151 - 0x1p23},
        {&oracle_exp2, 3e38f, INFINITY, 0},
        {&oracle_exp2, 3e38f, largest, 1},
        {&oracle_exp2, INFINITY, INFINITY, 0},
        {&oracle_exp2, INFINITY, largest, 1},
        {&oracle_exp2, INFINITY, NAN, INFINITY},
        {&oracle_exp2, NAN, NAN, 0},
        {&oracle_exp2, NAN, -NAN, 0},
        {&oracle_exp2, NAN, 1, INFINITY},
        {&oracle_exp2, 0, NAN, INFINITY},
        {&oracle_log2, 0, -INFINITY, 0},
        {&oracle_log2, 0, -largest, 1},
        {&oracle_log2, 0, 0, 0x1p24},
        {&oracle_log2, -1, NAN, 0},
        {&oracle_log2, 1, 0, 0},
        {&oracle_log2, 1, -0.0f, 0},
        {&oracle_log2, 1, -least, 1},
        {&oracle_sin, -0.0f, 0, 0},
        {&oracle_sin, 0x1p-100f, 0x1p-100f, 0x1p-177 / 3}, /* sin x = x - x^3/6, below 2^-100: ulp 2^-124 */
        {&oracle_sin, least, least, 0},                    /* 2^-447/6 in units of 2^-149, see below */
        {&oracle_sin, INFINITY, NAN, 0},
        {&oracle_tanh, INFINITY, 1, 0},
        {&oracle_tanh, 100, 1, 0}, /* 1 - 2e^-200: see below */
        {&oracle_cos, 0x1p-20f, 1, 0x1p-17 * (1 - 0x1p-40 / 12)},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double expected = cases[i].ulp;
        if (cases[i].f == &oracle_sin && cases[i].x == least)
            expected = 0x1p-299 / 3;
        if (cases[i].f == &oracle_tanh && cases[i].x == 100)
            expected = 0x1p25 * 1.3838965267367376e-87; /* e^-200 */
        const double actual = oracle_ulp_f32(cases[i].f, cases[i].x, cases[i].y);
        ck_assert_msg(same_f64(actual, expected), "case %zu, %s(%a) against %a: %a ulp, not %a", i, cases[i].f->name,
                      (double)cases[i].x, (double)cases[i].y, actual, expected);
    }
}
END_TEST

START_TEST(measures_at_the_edges_f64)
{
    const double least = 0x1p-1074;
    const struct {
        const oracle_function *f;
        double x, y, ulp;
    } cases[] = {
        {&oracle_exp2, -1074, least, 0},
        {&oracle_exp2, -1075, 0, 0.5},
        {&oracle_exp2, -1075, least, 0.5},
        {&oracle_exp2, -2000, 0, 0x1p-926},
        {&oracle_exp2, -1e300, 0, 0},
        {&oracle_exp2, -1e300, least, 1},
        {&oracle_exp, -1e308, 0, 0},
        {&oracle_exp, 1e308, INFINITY, 0},
        {&oracle_exp2, 1024, INFINITY, 0},
        {&oracle_exp2, 1024, DBL_MAX, 1},
        {&oracle_exp2, 1023, INFINITY, 0x1p52},
        {&oracle_sin, 0x1p-1000, 0x1p-1000, 0},               /* x^3/6 is 2^-1950 ulp, less than any double */
        {&oracle_sin, 0x1p-1000, 0x1.0000000000001p-1000, 2}, /* f below the power of two: ulp 2^-1053 */
        {&oracle_sin, least, least, 0},
        {&oracle_log2, 0, -INFINITY, 0},
        {&oracle_erf, 30, 1, 0}, /* 1 - 2.6e-393: less than any double, in ulps too */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const double actual = oracle_ulp_f64(cases[i].f, cases[i].x, cases[i].y);
        ck_assert_msg(same_f64(actual, cases[i].ulp), "case %zu, %s(%a) against %a: %a ulp, not %a", i,
                      cases[i].f->name, cases[i].x, cases[i].y, actual, cases[i].ulp);
    }
    ck_assert(same_f64(oracle_round_f64(&oracle_exp2, -1075), 0));
    ck_assert(same_f64(oracle_round_f64(&oracle_sin, -0.0), -0.0));
    ck_assert(same_f64(oracle_round_f64(&oracle_exp2, 1e300), INFINITY));
    ck_assert(same_f64(oracle_round_f64(&oracle_sin, -least), -least));
}
END_TEST

START_TEST(grows_away_from_the_truth)
{
    for (uint64_t i = 0; i < 200; i++) {
        const float x = (float)(180 * assay_random_uniform(stream_of_tests, 60000 + i) - 100);
        float up = oracle_round_f32(&oracle_exp, x), down = up;
        double above = 0, below = 0;
        for (int step = 0; step < 12; step++) {
            up = nextafterf(up, INFINITY);
            down = nextafterf(down, -INFINITY);
            const double next_above = oracle_ulp_f32(&oracle_exp, x, up);
            const double next_below = oracle_ulp_f32(&oracle_exp, x, down);
            ck_assert_double_gt(next_above, above);
            ck_assert_double_gt(next_below, below);
            above = next_above;
            below = next_below;
        }
    }
}
END_TEST

/* ---- Arrays and state ------------------------------------------------------------------------------------------ */

START_TEST(finds_the_worst_of_an_array)
{
    enum { N = 3000 };
    static float x[N], y[N], rounded[N];
    static double wide_x[N], wide_y[N];
    ck_assert_int_eq(assay_random_fill_uniform_f32(stream_of_tests, 70000, -80, 80, x, N), ASSAY_OK);
    oracle_round_array_f32(&oracle_exp, x, rounded, N);
    for (size_t i = 0; i < N; i++) {
        wide_x[i] = (double)x[i];
        ck_assert_double_eq((double)rounded[i], (double)oracle_round_f32(&oracle_exp, x[i]));
    }
    oracle_round_array_f64(&oracle_exp, wide_x, wide_y, N);
    memcpy(y, rounded, sizeof y);
    y[1234] = nextafterf(nextafterf(y[1234], INFINITY), INFINITY);
    wide_y[2999] = nextafter(wide_y[2999], 0);
    for (int threads = 1; threads <= 5; threads += 2) {
        ck_assert_int_eq(assay_set_threads(threads), ASSAY_OK);
        oracle_worst worst = oracle_worst_f32(&oracle_exp, x, y, N);
        ck_assert_uint_eq(worst.where, 1234);
        ck_assert_double_eq(worst.ulp, oracle_ulp_f32(&oracle_exp, x[1234], y[1234]));
        worst = oracle_worst_f64(&oracle_exp, wide_x, wide_y, N);
        ck_assert_uint_eq(worst.where, 2999);
    }
    for (size_t i = 70; i < N; i++)
        y[i] = NAN;
    for (int repeat = 0; repeat < 50; repeat++) { /* the first of many, whichever thread comes last */
        ck_assert_uint_eq(oracle_worst_f32(&oracle_exp, x, y, N).where, 70);
        ck_assert_double_infinite(oracle_worst_f32(&oracle_exp, x, y, N).ulp);
    }
    ck_assert_double_eq(oracle_worst_f32(&oracle_exp, NULL, NULL, 0).ulp, 0);
}
END_TEST

START_TEST(leaves_the_state_of_mpfr)
{
    mpfr_set_emin(-10);
    mpfr_set_emax(10);
    mpfr_clear_flags();
    mpfr_set_divby0();
    ck_assert_double_eq((double)oracle_round_f32(&oracle_exp2, 100), 0x1p100);
    ck_assert_double_eq(oracle_ulp_f64(&oracle_exp2, -1000, 0x1p-1000), 0);
    ck_assert_double_eq((double)oracle_round_f32(&oracle_exp, 1e38f), INFINITY);
    ck_assert_int_eq(mpfr_get_emin(), -10);
    ck_assert_int_eq(mpfr_get_emax(), 10);
    ck_assert_uint_eq(mpfr_flags_save(), MPFR_FLAGS_DIVBY0);
}
END_TEST

/* ---- The fast tier --------------------------------------------------------------------------------------------- */

/* |t/f - 1| at 200 bits. */
static double relative_error(const oracle_function *f, float x, double t)
{
    mpfr_t v;
    mpfr_init2(v, 200);
    mpfr_set_flt(v, x, MPFR_RNDN);
    f->mpfr(v, v, MPFR_RNDN);
    mpfr_d_div(v, t, v, MPFR_RNDN);
    mpfr_sub_ui(v, v, 1, MPFR_RNDN);
    const double error = fabs(mpfr_get_d(v, MPFR_RNDN));
    mpfr_clear(v);
    return error;
}

static bool is_closed(const oracle_function *f, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    for (size_t k = 0; k < f->closed_count; k++) {
        if (bits >= f->closed[k].first && bits <= f->closed[k].last)
            return true;
    }
    return false;
}

/* The proof says 2^-52; the bound in use is 2^-51. */
static double worst_of_fast(const oracle_function *f, const float *x, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double t;
        f->fast(&x[i], &t, 1);
        const double error = is_closed(f, x[i]) ? 0 : relative_error(f, x[i], t);
        ck_assert_msg(error < 0x1p-52, "%s(%a): relative error %a", f->name, (double)x[i], error);
        worst = error > worst ? error : worst;
    }
    return worst;
}

START_TEST(fast_tier_keeps_its_bound)
{
    const oracle_function *f = _i ? &oracle_exp2 : &oracle_exp;
    const double low = _i ? -155 : -108, high = _i ? 128 : 88.73, step = _i ? 1 : log(2.0);
    enum { N = 50000 };
    static float x[N];
    for (uint64_t i = 0; i < N; i++) { /* half uniform, half with all exponents alike */
        const uint64_t random = assay_random_bits(stream_of_tests, 80000 + i);
        x[i] = i % 2 ? (float)(low + (high - low) * (double)(random >> 11) * 0x1p-53)
                     : f32_of((uint32_t)(random & 0x80000000) | (0x30000000 + (uint32_t)(random >> 32) % 0x13000000));
    }
    const double worst = worst_of_fast(f, x, N);
    ck_assert_double_gt(worst, 0x1p-54); /* it is double arithmetic after all */
    /* Both ends, and the floats around the integers and half integers of x/ln2, where the reduction turns over. */
    size_t n = 0;
    const float ends[] = {0x1p-31f, -0x1p-31f, (float)low, (float)high, 0x1.62e42ep+6f, 0x1.fffffep+6f};
    for (size_t k = 0; k < COUNT(ends); k++) {
        x[n++] = ends[k];
        x[n++] = nextafterf(ends[k], 0);
    }
    for (int half = -310; half < 257; half++) {
        float near = (float)(0.5 * half * step);
        near = nextafterf(nextafterf(near, -INFINITY), -INFINITY);
        for (int k = 0; k < 5; k++, near = nextafterf(near, INFINITY)) {
            if ((double)near > low && (double)near < high)
                x[n++] = near;
        }
    }
    worst_of_fast(f, x, n);
}
END_TEST

/* Answers of closed intervals at their ends, and their errors' drift. */
START_TEST(closed_intervals_hold)
{
    const oracle_function *f = _i ? &oracle_exp2 : &oracle_exp;
    for (size_t k = 0; k < f->closed_count; k++) {
        const oracle_closed *closed = &f->closed[k];
        ck_assert(k == 0 || closed->first > f->closed[k - 1].last);
        double last = -1;
        for (uint64_t i = 0; i <= 2000; i++) {
            const uint64_t span = closed->last - closed->first;
            const float x = f32_of(closed->first + (uint32_t)(span * i / 2000));
            float rounded;
            const double ulp = oracle_judge_f32(f, x, closed->answer, &rounded);
            ck_assert(same_f64((double)rounded, (double)closed->answer) || isnan(rounded));
            ck_assert(isnan(rounded) == isnan(closed->answer));
            switch (closed->drift) {
            case ORACLE_EXACT: ck_assert_double_eq(ulp, 0); break;
            case ORACLE_GROWS: ck_assert(ulp > last && ulp < 1.0 / 32); break;
            case ORACLE_SHRINKS: ck_assert((i == 0 || ulp <= last) && ulp < 1.0 / 32); break;
            }
            last = ulp;
        }
    }
}
END_TEST

Suite *test_oracle(void);

Suite *test_oracle(void)
{
    Suite *suite = suite_create("oracle");
    TCase *values = tcase_create("values");
    tcase_set_timeout(values, 120);
    tcase_add_loop_test(values, agrees_with_integer_arithmetic_f32, 0, (int)COUNT(functions));
    tcase_add_loop_test(values, agrees_with_integer_arithmetic_f64, 0, (int)COUNT(functions));
    tcase_add_test(values, agrees_with_integer_arithmetic_at_the_ends);
    tcase_add_test(values, rounds_hard_cases);
    tcase_add_test(values, rounds_midpoints_to_even);
    tcase_add_test(values, takes_compositions_with_guard_bits);
    tcase_add_test(values, ends_without_word_of_exactness);
    tcase_add_test(values, measures_at_the_edges_f32);
    tcase_add_test(values, measures_at_the_edges_f64);
    tcase_add_test(values, grows_away_from_the_truth);
    suite_add_tcase(suite, values);
    TCase *arrays = tcase_create("arrays");
    tcase_set_timeout(arrays, 120);
    tcase_add_test(arrays, finds_the_worst_of_an_array);
    tcase_add_test(arrays, leaves_the_state_of_mpfr);
    suite_add_tcase(suite, arrays);
    TCase *fast = tcase_create("fast tier");
    tcase_set_timeout(fast, 120);
    tcase_add_loop_test(fast, fast_tier_keeps_its_bound, 0, 2);
    tcase_add_loop_test(fast, closed_intervals_hold, 0, 2);
    suite_add_tcase(suite, fast);
    return suite;
}
