/* Tests of core/double_double: every operation and function against MPFR with 400 bits, held to the bounds that the
 * header states. Arguments are pairs whose low parts are random too. */
#include "assay/random.h"
#include "core/double_double.h"

#include <check.h>
#include <math.h>
#include <mpfr.h>

enum { SAMPLES = 4000, BITS = 400 };

static const assay_random stream_of_tests = {.seed = 20240611, .stream = 1};

/* A pair between low and high; every eighth one is a plain double. */
static double_double draw(uint64_t index, double low, double high)
{
    const double a = low + (high - low) * assay_random_uniform(stream_of_tests, 2 * index);
    const double part = index % 8 ? 2 * assay_random_uniform(stream_of_tests, 2 * index + 1) - 1 : 0;
    return dd_quick_two_sum(a, a * part * 0x1p-53);
}

static void set(mpfr_t y, double_double a)
{
    mpfr_set_d(y, a.high, MPFR_RNDN);
    mpfr_add_d(y, y, a.low, MPFR_RNDN);
}

/* |a / exact - 1|, or |a| if exact is 0. */
static double relative_error(double_double a, const mpfr_t exact)
{
    mpfr_t y;
    mpfr_init2(y, BITS);
    set(y, a);
    mpfr_sub(y, y, exact, MPFR_RNDN);
    if (!mpfr_zero_p(exact))
        mpfr_div(y, y, exact, MPFR_RNDN);
    const double error = fabs(mpfr_get_d(y, MPFR_RNDN));
    mpfr_clear(y);
    return error;
}

static void assert_normalized(double_double a)
{
    ck_assert_double_eq(a.high + a.low, a.high);
}

/* ---- Operations ----------------------------------------------------------------------------------------------------
 */

typedef struct operation {
    double_double (*run)(double_double a, double_double b);
    int (*exact)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);
    double bound;
} operation;

static const operation operations[] = {
    {dd_add, mpfr_add, 0x1p-104},
    {dd_subtract, mpfr_sub, 0x1p-104},
    {dd_multiply, mpfr_mul, 0x1p-102},
    {dd_divide, mpfr_div, 0x1p-101},
};

static void check_operation(const operation *o, double_double a, double_double b)
{
    mpfr_t x, y;
    mpfr_inits2(BITS, x, y, (mpfr_ptr)NULL);
    set(x, a);
    set(y, b);
    o->exact(x, x, y, MPFR_RNDN);
    const double_double result = o->run(a, b);
    ck_assert_double_le(relative_error(result, x), o->bound);
    assert_normalized(result);
    mpfr_clears(x, y, (mpfr_ptr)NULL);
}

START_TEST(operations_keep_their_bounds)
{
    const operation *o = &operations[_i];
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double_double a = draw(2 * i, -1, 1), b = draw(2 * i + 1, -1, 1);
        check_operation(o, a, b);
        check_operation(o, a, dd_scale(b, 0x1p-60));
        check_operation(o, dd_scale(a, 0x1p200), dd_scale(b, 0x1p-200));
    }
}
END_TEST

START_TEST(sums_keep_their_bounds_under_cancellation)
{
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double_double a = draw(i, 1, 2);
        const double_double near = {a.high, nextafter(-a.low, 1)}, neighbour = {nextafter(a.high, 3), -a.low};
        check_operation(&operations[0], a, dd_negate(near));
        check_operation(&operations[1], a, neighbour);
        ck_assert_double_eq(dd_subtract(a, a).high, 0);
    }
}
END_TEST

START_TEST(two_sum_and_two_product_are_exact)
{
    mpfr_t x, y;
    mpfr_inits2(BITS, x, y, (mpfr_ptr)NULL);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double a = draw(2 * i, -1, 1).high, b = draw(2 * i + 1, -1, 1).high * (i % 2 ? 0x1p-30 : 0x1p30);
        mpfr_set_d(x, a, MPFR_RNDN);
        mpfr_add_d(y, x, b, MPFR_RNDN);
        ck_assert_double_eq(relative_error(dd_two_sum(a, b), y), 0);
        mpfr_mul_d(y, x, b, MPFR_RNDN);
        ck_assert_double_eq(relative_error(dd_two_product(a, b), y), 0);
        ck_assert_double_eq(dd_two_product(a, b).high, a * b);
    }
    mpfr_clears(x, y, (mpfr_ptr)NULL);
}
END_TEST

START_TEST(square_root_keeps_its_bound)
{
    mpfr_t x;
    mpfr_init2(x, BITS);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double_double a = draw(i, 0x1p-40, 4);
        set(x, a);
        mpfr_sqrt(x, x, MPFR_RNDN);
        ck_assert_double_le(relative_error(dd_sqrt(a), x), 0x1p-101);
    }
    mpfr_clear(x);
    ck_assert_double_eq(dd_sqrt(dd_from(0)).high, 0);
    ck_assert_double_eq(dd_sqrt(dd_from(9)).high, 3);
    ck_assert_double_nan(dd_sqrt(dd_from(-1)).high);
}
END_TEST

START_TEST(comparison_looks_at_both_parts)
{
    const double_double a = {1, 0x1p-60}, b = {1, 0x1p-61}, c = {-2, 0x1p-60};
    ck_assert_int_eq(dd_compare(a, b), 1);
    ck_assert_int_eq(dd_compare(b, a), -1);
    ck_assert_int_eq(dd_compare(a, a), 0);
    ck_assert(dd_less(c, a) && !dd_less(a, c) && !dd_less(a, a));
    ck_assert_double_eq(dd_absolute(c).high, 2);
    ck_assert_double_eq(dd_absolute(c).low, -0x1p-60);
    ck_assert_double_eq(dd_absolute(a).low, 0x1p-60);
    ck_assert_double_eq(dd_to_double(dd_scale(a, 4)), 4);
}
END_TEST

/* ---- Constants and functions ---------------------------------------------------------------------------------------
 */

START_TEST(constants_are_right)
{
    mpfr_t x;
    mpfr_init2(x, BITS);
    mpfr_const_log2(x, MPFR_RNDN);
    ck_assert_double_le(relative_error(dd_ln2, x), 0x1p-106);
    mpfr_ui_div(x, 1, x, MPFR_RNDN);
    ck_assert_double_le(relative_error(dd_log2_e, x), 0x1p-106);
    mpfr_const_pi(x, MPFR_RNDN);
    ck_assert_double_le(relative_error(dd_pi, x), 0x1p-106);
    mpfr_sqrt(x, x, MPFR_RNDN);
    mpfr_ui_div(x, 2, x, MPFR_RNDN);
    ck_assert_double_le(relative_error(dd_two_over_sqrt_pi, x), 0x1p-106);
    mpfr_clear(x);
}
END_TEST

typedef struct function {
    double_double (*run)(double_double x);
    int (*exact)(mpfr_t, const mpfr_t, mpfr_rnd_t);
    double low, high;
} function;

static const function functions[] = {
    {dd_exp, mpfr_exp, -1, 1},
    {dd_exp, mpfr_exp, -600, 700},
    {dd_exp_minus_1, mpfr_expm1, -1e-3, 1e-3},
    {dd_exp_minus_1, mpfr_expm1, -30, 30},
    {dd_exp2, mpfr_exp2, -1, 1},
    {dd_exp2, mpfr_exp2, -900, 1000},
    {dd_log, mpfr_log, 0.9, 1.1},
    {dd_log, mpfr_log, 1e-10, 0.5},
    {dd_log, mpfr_log, 1, 1e100},
    {dd_log_1_plus, mpfr_log1p, -0.5, 1},
    {dd_log_1_plus, mpfr_log1p, 1e-12, 1e-9},
    {dd_log2, mpfr_log2, 0.01, 100},
    {dd_sin, mpfr_sin, -1, 1},
    {dd_cos, mpfr_cos, -1, 1},
    {dd_tanh, mpfr_tanh, -1, 1},
    {dd_tanh, mpfr_tanh, -45, 45},
    {dd_erf, mpfr_erf, -1, 1},
    {dd_erf, mpfr_erf, -6, 6},
};

START_TEST(functions_keep_their_bound)
{
    const function *f = &functions[_i];
    mpfr_t x;
    mpfr_init2(x, BITS);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double_double a = draw(i, f->low, f->high);
        set(x, a);
        f->exact(x, x, MPFR_RNDN);
        ck_assert_double_le(relative_error(f->run(a), x), 0x1p-95);
    }
    mpfr_clear(x);
}
END_TEST

START_TEST(sine_and_cosine_far_from_zero_keep_an_absolute_bound)
{
    mpfr_t x, y;
    mpfr_inits2(BITS, x, y, (mpfr_ptr)NULL);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        const double_double a = draw(i, -16, 16);
        set(x, a);
        mpfr_sin(y, x, MPFR_RNDN);
        ck_assert_double_le(relative_error(dd_sin(a), y) * fabs(mpfr_get_d(y, MPFR_RNDN)), 0x1p-95);
        mpfr_cos(y, x, MPFR_RNDN);
        ck_assert_double_le(relative_error(dd_cos(a), y) * fabs(mpfr_get_d(y, MPFR_RNDN)), 0x1p-95);
    }
    mpfr_clears(x, y, (mpfr_ptr)NULL);
}
END_TEST

START_TEST(special_values_are_exact)
{
    ck_assert_double_eq(dd_exp(dd_from(0)).high, 1);
    ck_assert_double_eq(dd_exp(dd_from(0)).low, 0);
    ck_assert_double_eq(dd_exp2(dd_from(-30)).high, 0x1p-30);
    ck_assert_double_eq(dd_exp2(dd_from(1000)).high, 0x1p1000);
    ck_assert_double_eq(dd_log2(dd_from(0x1p-300)).high, -300);
    ck_assert_double_eq(dd_log2(dd_from(0x1p-300)).low, 0);
    ck_assert_double_eq(dd_log(dd_from(1)).high, 0);
    ck_assert_double_eq(dd_sin(dd_from(0)).high, 0);
    ck_assert_double_eq(dd_cos(dd_from(0)).high, 1);
    ck_assert_double_eq(dd_tanh(dd_from(-50)).high, -1);
    ck_assert_double_eq(dd_erf(dd_from(0)).high, 0);
}
END_TEST

Suite *test_double_double(void);

Suite *test_double_double(void)
{
    Suite *suite = suite_create("double_double");
    TCase *arithmetic = tcase_create("arithmetic");
    tcase_add_loop_test(arithmetic, operations_keep_their_bounds, 0, sizeof operations / sizeof operations[0]);
    tcase_add_test(arithmetic, sums_keep_their_bounds_under_cancellation);
    tcase_add_test(arithmetic, two_sum_and_two_product_are_exact);
    tcase_add_test(arithmetic, square_root_keeps_its_bound);
    tcase_add_test(arithmetic, comparison_looks_at_both_parts);
    suite_add_tcase(suite, arithmetic);
    TCase *values = tcase_create("functions");
    tcase_set_timeout(values, 60);
    tcase_add_test(values, constants_are_right);
    tcase_add_loop_test(values, functions_keep_their_bound, 0, sizeof functions / sizeof functions[0]);
    tcase_add_test(values, sine_and_cosine_far_from_zero_keep_an_absolute_bound);
    tcase_add_test(values, special_values_are_exact);
    suite_add_tcase(suite, values);
    return suite;
}
