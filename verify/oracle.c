/*
 * Truth by MPFR: correct rounding and exact errors.
 *
 * Both are Ziv's loop around the same enclosure low < f(x) < high: as soon as low and high lead to the same answer, it
 * is the answer for f(x). Where f(x) is exact (which the ternary value says) low = high, so that midpoints and errors
 * of exactly 1/2, which no precision would make certain, end the loop at once. The conversions round once, from the
 * full precision to the final format, subnormal or not; hence no double rounding.
 */
#include "verify/oracle.h"

#include "assay/threads.h"
#include "verify/oracle_fast.h"

#include <math.h>
#include <string.h>

const oracle_function oracle_exp = {.name = "exp",
                                    .mpfr = mpfr_exp,
                                    .fast = oracle_fast_exp,
                                    .fast_bound = ORACLE_FAST_BOUND,
                                    .closed = oracle_exp_closed,
                                    .closed_count = ORACLE_EXP_CLOSED};
const oracle_function oracle_exp2 = {.name = "exp2",
                                     .mpfr = mpfr_exp2,
                                     .fast = oracle_fast_exp2,
                                     .fast_bound = ORACLE_FAST_BOUND,
                                     .closed = oracle_exp2_closed,
                                     .closed_count = ORACLE_EXP2_CLOSED};
const oracle_function oracle_log2 = {.name = "log2", .mpfr = mpfr_log2};
const oracle_function oracle_sin = {.name = "sin", .mpfr = mpfr_sin};
const oracle_function oracle_cos = {.name = "cos", .mpfr = mpfr_cos};
const oracle_function oracle_tanh = {.name = "tanh", .mpfr = mpfr_tanh};
const oracle_function oracle_erf = {.name = "erf", .mpfr = mpfr_erf};

/* A binary format: its precision, the exponent e of the first number 2^e that is too large, and of the last place of
 * subnormal numbers. */
typedef struct binary_format {
    int precision, overflow, subnormal;
    mpfr_prec_t first_rounding; /* precision at which most inputs are decided: 2^-40 of them are not */
    mpfr_prec_t first_error;    /* the same for errors above 2^-24 ulp: precision + 24 + 53, and some */
} binary_format;

static const binary_format binary32 = {24, 128, -149, 64, 128};
static const binary_format binary64 = {53, 1024, -1074, 96, 192};

/* Where the loop ends if a function does not say that a result is exact; sin of the smallest double needs 1200 bits. */
enum { PRECISION_END = 1 << 14 };

/* Numbers nearer to 0 than 2^TINY_EXPONENT act alike: they round to 0, and so does their error in ulps. */
enum { TINY_EXPONENT = -4000 };

/* MPFR's state of this thread. A caller with a narrow exponent range would otherwise change our results. */
typedef struct mpfr_state {
    mpfr_exp_t low, high;
    mpfr_flags_t flags;
} mpfr_state;

static mpfr_state widen_exponents(void)
{
    mpfr_state state = {mpfr_get_emin(), mpfr_get_emax(), mpfr_flags_save()};
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    return state;
}

static void restore_exponents(mpfr_state state)
{
    mpfr_set_emin(state.low);
    mpfr_set_emax(state.high);
    mpfr_flags_restore(state.flags, MPFR_FLAGS_ALL);
}

/* low <= f(x) <= high at precision p; returns 1 if both are f(x) itself or stand for it. */
static int enclose(const oracle_function *f, mpfr_srcptr x, mpfr_prec_t p, mpfr_ptr low, mpfr_ptr high)
{
    mpfr_set_prec(low, p);
    mpfr_set_prec(high, p);
    int inexact = f->mpfr(low, x, MPFR_RNDN);
    if (!mpfr_nan_p(low) && !mpfr_inf_p(low) && (mpfr_zero_p(low) ? inexact != 0 : mpfr_get_exp(low) < TINY_EXPONENT)) {
        mpfr_set_si_2exp(low, mpfr_signbit(low) ? -1 : 1, TINY_EXPONENT, MPFR_RNDN);
        inexact = 0;
    }
    mpfr_set(high, low, MPFR_RNDN);
    if (inexact == 0 || mpfr_nan_p(low) || mpfr_inf_p(low) || mpfr_zero_p(low))
        return 1;
    MPFR_DECL_INIT(radius, 2);
    mpfr_set_ui_2exp(radius, 1, mpfr_get_exp(low) - p + f->guard_bits, MPFR_RNDN);
    mpfr_sub(low, low, radius, MPFR_RNDD);
    mpfr_add(high, high, radius, MPFR_RNDU);
    return 0;
}

/* Infinite and overflowing numbers become the number after the largest finite one. */
static void saturate(mpfr_ptr v, const binary_format *format)
{
    if (!mpfr_nan_p(v) && (mpfr_inf_p(v) || (!mpfr_zero_p(v) && mpfr_get_exp(v) > format->overflow)))
        mpfr_set_si_2exp(v, mpfr_signbit(v) ? -1 : 1, format->overflow, MPFR_RNDN);
}

/* Exponent of the last place of a saturated v. */
static mpfr_exp_t last_place(mpfr_srcptr v, const binary_format *format)
{
    mpfr_exp_t e = mpfr_zero_p(v) ? format->subnormal : mpfr_get_exp(v) - format->precision;
    if (e > format->overflow - format->precision)
        return format->overflow - format->precision;
    return e < format->subnormal ? format->subnormal : e;
}

/* |y - f| in ulps of f, correctly rounded, of saturated numbers: the difference is computed exactly. */
static double error_of(mpfr_srcptr y, mpfr_srcptr f, const binary_format *format)
{
    mpfr_prec_t bits = mpfr_get_prec(y) > mpfr_get_prec(f) ? mpfr_get_prec(y) : mpfr_get_prec(f);
    if (!mpfr_zero_p(y) && !mpfr_zero_p(f)) { /* from the lowest place of either to a carry out of the highest */
        const mpfr_exp_t high_y = mpfr_get_exp(y), low_y = high_y - mpfr_get_prec(y);
        const mpfr_exp_t high_f = mpfr_get_exp(f), low_f = high_f - mpfr_get_prec(f);
        bits = (high_y > high_f ? high_y : high_f) + 1 - (low_y < low_f ? low_y : low_f);
    }
    mpfr_t difference;
    mpfr_init2(difference, bits);
    mpfr_sub(difference, y, f, MPFR_RNDN);
    mpfr_abs(difference, difference, MPFR_RNDN);
    mpfr_mul_2si(difference, difference, -last_place(f, format), MPFR_RNDN);
    double error = mpfr_get_d(difference, MPFR_RNDN);
    mpfr_clear(difference);
    return error;
}

/* The error if it is certain, else -1. Low and high are saturated here, after they have served for rounding. */
static double certain_error(mpfr_srcptr y, mpfr_ptr low, mpfr_ptr high, int exact, const binary_format *format)
{
    if (mpfr_nan_p(y) || mpfr_nan_p(low))
        return mpfr_nan_p(y) && mpfr_nan_p(low) ? 0 : INFINITY;
    saturate(low, format);
    saturate(high, format);
    if (exact || mpfr_equal_p(low, high))
        return error_of(y, low, format);
    /* Between low and high the error must be monotone: one ulp, and y on one side. */
    if (last_place(low, format) != last_place(high, format) || (mpfr_cmp(y, low) > 0 && mpfr_cmp(y, high) < 0))
        return -1;
    double at_low = error_of(y, low, format), at_high = error_of(y, high, format);
    return at_low == at_high ? at_low : -1;
}

static double to_format(mpfr_srcptr v, const binary_format *format)
{
    return format == &binary32 ? (double)mpfr_get_flt(v, MPFR_RNDN) : mpfr_get_d(v, MPFR_RNDN);
}

/* Rounds f(x), and finds the error of y if error is not null. Float arguments are exact as doubles. */
static void judge(const oracle_function *f, const binary_format *format, double x, double y, double *rounded,
                  double *error)
{
    mpfr_state state = widen_exponents();
    MPFR_DECL_INIT(argument, 53);
    MPFR_DECL_INIT(given, 53);
    mpfr_set_d(argument, x, MPFR_RNDN);
    mpfr_set_d(given, y, MPFR_RNDN);
    saturate(given, format);
    mpfr_t low, high;
    mpfr_init2(low, 64);
    mpfr_init2(high, 64);
    for (mpfr_prec_t p = error ? format->first_error : format->first_rounding;; p *= 2) {
        const int last = enclose(f, argument, p, low, high) || p >= PRECISION_END;
        *rounded = to_format(low, format);
        if (!last && *rounded != to_format(high, format))
            continue;
        const double found = error ? certain_error(given, low, high, last, format) : 0;
        if (found < 0)
            continue;
        if (error)
            *error = found;
        break;
    }
    mpfr_clear(low);
    mpfr_clear(high);
    restore_exponents(state);
}

float oracle_round_f32(const oracle_function *f, float x)
{
    double rounded;
    judge(f, &binary32, (double)x, 0, &rounded, NULL);
    return (float)rounded;
}

double oracle_round_f64(const oracle_function *f, double x)
{
    double rounded;
    judge(f, &binary64, x, 0, &rounded, NULL);
    return rounded;
}

double oracle_judge_f32(const oracle_function *f, float x, float y, float *rounded)
{
    double value, error;
    judge(f, &binary32, (double)x, (double)y, &value, &error);
    *rounded = (float)value;
    return error;
}

double oracle_judge_f64(const oracle_function *f, double x, double y, double *rounded)
{
    double error;
    judge(f, &binary64, x, y, rounded, &error);
    return error;
}

double oracle_ulp_f32(const oracle_function *f, float x, float y)
{
    float rounded;
    return oracle_judge_f32(f, x, y, &rounded);
}

double oracle_ulp_f64(const oracle_function *f, double x, double y)
{
    double rounded;
    return oracle_judge_f64(f, x, y, &rounded);
}

void oracle_release_thread(void)
{
    mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);
}

/* ---- Arrays ----------------------------------------------------------------------------------------------------- */

void oracle_round_array_f32(const oracle_function *f, const float *x, float *out, size_t n)
{
#pragma omp parallel num_threads(assay_threads())
    {
#pragma omp for schedule(dynamic, 64)
        for (size_t i = 0; i < n; i++)
            out[i] = oracle_round_f32(f, x[i]);
        oracle_release_thread();
    }
}

void oracle_round_array_f64(const oracle_function *f, const double *x, double *out, size_t n)
{
#pragma omp parallel num_threads(assay_threads())
    {
#pragma omp for schedule(dynamic, 64)
        for (size_t i = 0; i < n; i++)
            out[i] = oracle_round_f64(f, x[i]);
        oracle_release_thread();
    }
}

static oracle_worst worse(oracle_worst a, oracle_worst b)
{
    return b.ulp > a.ulp || (b.ulp == a.ulp && b.where < a.where) ? b : a;
}

oracle_worst oracle_worst_f32(const oracle_function *f, const float *x, const float *y, size_t n)
{
    oracle_worst worst = {0, 0};
#pragma omp parallel num_threads(assay_threads())
    {
        oracle_worst mine = {0, 0};
#pragma omp for schedule(dynamic, 64)
        for (size_t i = 0; i < n; i++)
            mine = worse(mine, (oracle_worst){oracle_ulp_f32(f, x[i], y[i]), i});
#pragma omp critical(oracle_worst)
        worst = worse(worst, mine);
        oracle_release_thread();
    }
    return worst;
}

oracle_worst oracle_worst_f64(const oracle_function *f, const double *x, const double *y, size_t n)
{
    oracle_worst worst = {0, 0};
#pragma omp parallel num_threads(assay_threads())
    {
        oracle_worst mine = {0, 0};
#pragma omp for schedule(dynamic, 64)
        for (size_t i = 0; i < n; i++)
            mine = worse(mine, (oracle_worst){oracle_ulp_f64(f, x[i], y[i]), i});
#pragma omp critical(oracle_worst)
        worst = worse(worst, mine);
        oracle_release_thread();
    }
    return worst;
}
