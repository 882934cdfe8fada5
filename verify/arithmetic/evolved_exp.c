/*
 * Checks of the exponentials: against MPFR (every float32 input at exhaustive depth), against the reference, the laws
 * that powers obey, claim C8 and bad arguments. The programs have files of their own.
 */
#include "assay/evolved_exp.h"
#include "assay/memory.h"
#include "assay/statistics.h"
#include "optimized/arithmetic/evolved_exp_kernels.h"
#include "verify/oracle.h"
#include "verify/sweep.h"

#include <math.h>
#include <string.h>
#include <time.h>

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* One of the two float32 functions, with what is true of it. */
typedef struct function {
    const char *name;
    assay_status (*run)(const float *x, float *y, size_t n);
    const oracle_function *truth;
    float last_zero;      /* this and below: 0 */
    float first_infinity; /* this and above: infinity */
} function;

/* The first float that gives infinity is the least where the exact value reaches (2 - 2^-24) 2^127, the last that gives
 * 0 the largest where it does not exceed 2^-150. */
static const function exp2_function = {"exp2", evolved_exp_exp2_f32, &oracle_exp2, -150, 128};
static const function exp_function = {"exp", evolved_exp_exp_f32, &oracle_exp, -0x1.9fe36ap+6f, 0x1.62e43p+6f};

static float value_of(verify_context *v, const function *f, float x)
{
    float y = NAN;
    verify_ok(v, f->run(&x, &y, 1), "%s(%a)", f->name, x);
    return y;
}

/* ---- Agreement ----------------------------------------------------------------------------------------------------
 */

/* Numbers of every kind: mostly where results are finite, some subnormal, huge, infinite, or no numbers at all. */
static void fill_f32(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        if (bits % 16 == 0)
            x[i] = float_of((uint32_t)(bits >> 32));
        else
            x[i] = (float)((double)(bits >> 11) * 0x1p-53 * 320 - 160);
    }
}

static void fill_f64(assay_random r, void *data, size_t count)
{
    double *x = data;
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        if (bits % 16 == 0)
            memcpy(&x[i], &bits, sizeof bits);
        else
            x[i] = (double)(bits >> 11) * 0x1p-53 * 2200 - 1100;
    }
}

static assay_status call_exp2_f32(const verify_call *call)
{
    return evolved_exp_exp2_f32(call->in[0], call->out[0], call->n);
}

static assay_status call_exp_f32(const verify_call *call)
{
    return evolved_exp_exp_f32(call->in[0], call->out[0], call->n);
}

static assay_status call_exp2_f64(const verify_call *call)
{
    return evolved_exp_exp2_f64(call->in[0], call->out[0], call->n);
}

/* The kernels are within 0.88 ulp of the truth and the reference within 0.51, so that as floats, which are whole ulps
 * apart, they are at most 1 ulp apart. Threads start at 131072 elements. */
static const verify_kernel exp2_f32_kernel = {
    .in = {{.name = "x", .type = VERIFY_F32, .fill = fill_f32}},
    .out = {{.name = "y", .type = VERIFY_F32}},
    .run = call_exp2_f32,
    .metric = VERIFY_ULP,
    .tolerance = 1,
    .lanes = 64,
    .large = {1000, 131072 + 77},
};

static const verify_kernel exp_f32_kernel = {
    .in = {{.name = "x", .type = VERIFY_F32, .fill = fill_f32}},
    .out = {{.name = "y", .type = VERIFY_F32}},
    .run = call_exp_f32,
    .metric = VERIFY_ULP,
    .tolerance = 1,
    .lanes = 64,
    .large = {1000, 131072 + 77},
};

/* Only operations that IEEE 754 defines to the bit. (Not VERIFY_BITWISE: the sign of a NaN is not defined.) */
static const verify_kernel exp2_f64_kernel = {
    .in = {{.name = "x", .type = VERIFY_F64, .fill = fill_f64}},
    .out = {{.name = "y", .type = VERIFY_F64}},
    .run = call_exp2_f64,
    .metric = VERIFY_ULP,
    .tolerance = 0,
    .lanes = 8,
    .large = {1000, 131072 + 77},
};

/* One call on arrays beyond the caches, which are written past them, and the same in pieces too small for that. */
static void check_streaming_of(verify_context *v, const function *f, const float *x, float *whole, float *pieces,
                               size_t n)
{
    enum { PIECE = 100000 };
    verify_ok(v, f->run(x, whole, n), "one call");
    for (size_t i = 0; i < n; i += PIECE)
        verify_ok(v, f->run(x + i, pieces + i, n - i < PIECE ? n - i : PIECE), "a piece");
    const verify_difference d = verify_compare(VERIFY_BITWISE, VERIFY_U32, pieces, whole, n);
    verify_at_most(v, d.measure, 0, "different elements", "%s of %zu elements, first at %zu", f->name, n, d.where);
}

static void check_streaming(verify_context *v)
{
    enum { N = 9000001 };
    float *x = assay_allocate(N, sizeof *x), *whole = assay_allocate(N, sizeof *x),
          *pieces = assay_allocate(N, sizeof *x);
    if (verify_true(v, x && whole && pieces, "memory for %d elements", N)) {
        fill_f32(verify_random(v, 1), x, N);
        check_streaming_of(v, &exp2_function, x, whole + 1, pieces + 1, N - 1); /* not on a cache line */
        check_streaming_of(v, &exp_function, x, whole + 13, pieces + 13, N - 13);
    }
    assay_release(x);
    assay_release(whole);
    assay_release(pieces);
}

/* The kernels' algorithms once more, one number at a time, with the C library's fmaf, which is exact on any CPU. */

static float scalar_exp2(float x)
{
    const float clamped = fminf(fmaxf(x, -200), 200), n = rintf(clamped), r = clamped - n;
    static const float coefficients[] = {EXP2_C5, EXP2_C4, EXP2_C3, EXP2_C2, EXP2_C1, 1};
    float p = EXP2_C6;
    for (int k = 0; k < 6; k++)
        p = fmaf(p, r, coefficients[k]);
    return isnan(x) ? NAN : ldexpf(p, (int)n);
}

static float scalar_exp(float x)
{
    static const float table[16] = EXP_TABLE;
    const float clamped = fminf(fmaxf(x, -128), 128);
    const float t = fmaf(clamped, EXP_LOG2_E, EXP_MAGIC), n = t - EXP_MAGIC;
    const float r = fmaf(-t, EXP_LN2_LOW, fmaf(-n, EXP_LN2_HIGH, clamped));
    const float power = table[bits_of(t) % 16];
    const float p = fmaf(fmaf(EXP_C3, r, EXP_C2), r, 1);
    return isnan(x) ? NAN : ldexpf(fmaf(power * r, p, power), (int)floorf(n));
}

static void check_same_bits_of(verify_context *v, const function *f, float (*scalar)(float))
{
    enum { N = 1 << 16 };
    static float x[N], y[N], expected[N];
    fill_f32(verify_random(v, 2), x, N);
    for (size_t i = 0; i < N; i++)
        expected[i] = scalar(x[i]);
    for (assay_level level = ASSAY_AVX2; level <= assay_cpu_best(); level++) {
        verify_ok(v, assay_cpu_set_level(level), "level %s", assay_level_name(level));
        verify_ok(v, f->run(x, y, N), "%s", f->name);
        const verify_difference d = verify_compare(VERIFY_ULP, VERIFY_F32, expected, y, N);
        verify_at_most(v, d.measure, 0, "ulp", "%s(%a) at level %s: %a, and %a by scalar fmaf", f->name, x[d.where],
                       assay_level_name(level), d.actual, d.expected);
    }
}

static void check_same_bits(verify_context *v)
{
    if (assay_cpu_lacks(ASSAY_AVX2)) {
        verify_skip(v, "this CPU lacks %s", assay_cpu_lacks(ASSAY_AVX2));
        return;
    }
    check_same_bits_of(v, &exp2_function, scalar_exp2);
    check_same_bits_of(v, &exp_function, scalar_exp);
}

/* ---- Truth --------------------------------------------------------------------------------------------------------
 */

static const verify_sweep exp2_sweep = {
    evolved_exp_exp2_f32, &oracle_exp2, 1.0, {0x3e, 0x3f, 0x40, 0x42, 0xbe, 0xbf, 0xc2}};
static const verify_sweep exp_sweep = {evolved_exp_exp_f32, &oracle_exp, 1.0, {0x3f, 0x41, 0xc2}};

/* The header's bounds, at the worst inputs that the exhaustive sweep found. */
static void check_worst_inputs(verify_context *v)
{
    const bool fused = verify_level_of(v) >= ASSAY_AVX2;
    static const struct {
        const function *f;
        uint32_t input;
        double limit;
    } cases[] = {
        {&exp2_function, 0xbeff9641, 0.80},
        {&exp2_function, 0xc2fcfe35, 0.8784},
        {&exp_function, 0x41b99713, 0.79},
        {&exp_function, 0xc2aff323, 0.8804},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float x = float_of(cases[i].input);
        verify_at_most(v, oracle_ulp_f32(cases[i].f->truth, x, value_of(v, cases[i].f, x)),
                       fused ? cases[i].limit : 0.50002, "ulp", "%s(%a)", cases[i].f->name, x);
    }
}

/* 2^x in double: relative error, from the error in ulp. */
static void check_f64_error(verify_context *v)
{
    enum { N = 20000 };
    static double x[N], y[N];
    const assay_random r = verify_random(v, 3);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 2 ? assay_random_uniform(r, i) : -1021 + 2044 * assay_random_uniform(r, i);
    x[0] = 0;
    x[1] = 0x1p-1074;
    x[2] = 0x1p-500;
    verify_ok(v, evolved_exp_exp2_f64(x, y, N), "exp2_f64");
    double worst = 0;
    size_t where = 0;
    for (size_t i = 0; i < N; i++) {
        const double ulp = ldexp(1, ilogb(y[i]) - 52);
        const double error = oracle_ulp_f64(&oracle_exp2, x[i], y[i]) * ulp / y[i];
        if (!(error <= worst)) {
            worst = error;
            where = i;
        }
    }
    verify_at_most(v, worst, 6e-15, "relative error", "exp2_f64(%a) = %a", x[where], y[where]);
}

/* ---- Worked examples ----------------------------------------------------------------------------------------------
 */

/* Bits that hold at the levels with fused multiply-adds; those that are not correctly rounded hold only there. */
static void check_bits(verify_context *v)
{
    const bool fused = verify_level_of(v) >= ASSAY_AVX2;
    static const struct {
        const function *f;
        uint32_t input, output, correct;
    } cases[] = {
        {&exp2_function, 0x3f000000, 0x3fb504f3, 0x3fb504f3}, {&exp2_function, 0x3f000e7f, 0x3fb50c0f, 0x3fb50c0e},
        {&exp2_function, 0xc2fcfe35, 0x005abaca, 0x005abac9}, {&exp2_function, 0xc2fe0000, 0x00400000, 0x00400000},
        {&exp2_function, 0xc3150000, 0x00000001, 0x00000001}, {&exp2_function, 0xc316ffff, 0x00000000, 0x00000000},
        {&exp2_function, 0x42ffffff, 0x7f7fffa7, 0x7f7fffa7}, {&exp2_function, 0x43000000, 0x7f800000, 0x7f800000},
        {&exp_function, 0x3f000000, 0x3fd3094c, 0x3fd3094c},  {&exp_function, 0x3e800000, 0x3fa45af2, 0x3fa45af2},
        {&exp_function, 0x42ffffff, 0x7f800000, 0x7f800000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        verify_same_bits(v, bits_of(value_of(v, cases[i].f, float_of(cases[i].input))),
                         fused ? cases[i].output : cases[i].correct, "%s(%08x)", cases[i].f->name, cases[i].input);
}

/* ---- Laws ---------------------------------------------------------------------------------------------------------
 */

static void check_integers(verify_context *v)
{
    for (int n = -149; n <= 127; n++)
        verify_same_bits(v, bits_of(value_of(v, &exp2_function, (float)n)), bits_of(ldexpf(1, n)), "2^%d", n);
}

/* The ends of the range, zeros, and what is no number. */
static void check_ends_of(verify_context *v, const function *f)
{
    static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++)
        verify_true(v, isnan(value_of(v, f, float_of(nans[i]))), "%s(NaN %08x) is NaN", f->name, nans[i]);
    verify_same_bits(v, bits_of(value_of(v, f, 0.0f)), bits_of(1), "%s(0)", f->name);
    verify_same_bits(v, bits_of(value_of(v, f, -0.0f)), bits_of(1), "%s(-0)", f->name);
    verify_same_bits(v, bits_of(value_of(v, f, f->first_infinity)), bits_of(INFINITY), "%s first infinite", f->name);
    verify_same_bits(v, bits_of(value_of(v, f, f->last_zero)), 0, "%s last zero", f->name);
    for (int k = 0; k <= 1214; k++) { /* from 256 to the largest float, ten in an octave, and infinity */
        const float x = (float)fmin(exp2(8 + k / 10.0), k == 1214 ? INFINITY : 0x1.fffffep+127);
        verify_same_bits(v, bits_of(value_of(v, f, x)), bits_of(INFINITY), "%s(%a)", f->name, x);
        verify_same_bits(v, bits_of(value_of(v, f, -x)), 0, "%s(%a)", f->name, -x);
    }
    const float inside = nextafterf(f->first_infinity, 0);
    verify_true(v, isfinite(value_of(v, f, inside)), "%s(%a) is finite", f->name, inside);
}

static void check_ends(verify_context *v)
{
    check_ends_of(v, &exp2_function);
    check_ends_of(v, &exp_function);
}

/* y(next x) >= y(x) - 1 ulp, over runs of neighbouring floats, and no result below zero. */
static void check_monotone_of(verify_context *v, const function *f, uint64_t stream)
{
    enum { RUNS = 64, LENGTH = 1 << 14 };
    static float x[LENGTH], y[LENGTH];
    const float span = f->first_infinity - f->last_zero;
    double largest_fall = 0;
    float where = 0;
    bool positive = true;
    for (uint64_t run = 0; run < RUNS; run++) {
        x[0] = f->last_zero + span * assay_random_uniform_f32(verify_random(v, stream), run);
        for (size_t i = 1; i < LENGTH; i++)
            x[i] = nextafterf(x[i - 1], INFINITY);
        verify_ok(v, f->run(x, y, LENGTH), "%s", f->name);
        for (size_t i = 1; i < LENGTH; i++) {
            positive &= !signbit(y[i]);
            if (!(y[i - 1] > y[i]))
                continue;
            const double fall = (y[i - 1] - y[i]) / (nextafterf(y[i], INFINITY) - y[i]);
            if (!(fall <= largest_fall)) {
                largest_fall = fall;
                where = x[i];
            }
        }
    }
    verify_true(v, positive, "%s is never negative", f->name);
    verify_at_most(v, largest_fall, 1, "ulp", "fall of %s at %a", f->name, where);
}

static void check_monotone(verify_context *v)
{
    check_monotone_of(v, &exp2_function, 4);
    check_monotone_of(v, &exp_function, 5);
}

static void check_in_place(verify_context *v)
{
    enum { N = 1001 };
    float x[N], y[N], both[N];
    double x64[N], y64[N];
    fill_f32(verify_random(v, 6), x, N);
    fill_f64(verify_random(v, 7), x64, N);
    const function *const functions[] = {&exp2_function, &exp_function};
    for (int k = 0; k < 2; k++) {
        memcpy(both, x, sizeof both);
        verify_ok(v, functions[k]->run(x, y, N), "apart");
        verify_ok(v, functions[k]->run(both, both, N), "in place");
        verify_at_most(v, verify_compare(VERIFY_ULP, VERIFY_F32, y, both, N).measure, 0, "ulp", "%s in place",
                       functions[k]->name);
    }
    verify_ok(v, evolved_exp_exp2_f64(x64, y64, N), "apart");
    verify_ok(v, evolved_exp_exp2_f64(x64, x64, N), "in place");
    verify_at_most(v, verify_compare(VERIFY_ULP, VERIFY_F64, y64, x64, N).measure, 0, "ulp", "exp2_f64 in place");
}

/* ---- Claim C8: float32 below 1 ulp and faster ---------------------------------------------------------------------
 */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The C library's function, one call after another. */
static void run_library(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = expf(x[i]);
        __asm__ volatile("" : : "r"(y) : "memory");
    }
}

/* Median time of expf over the median time of ours, taken in turns. */
static double measure_speed(verify_context *v, uint64_t seed)
{
    enum { N = 4096, PAIRS = 101, WARM_UP = 3 };
    static float x[N], y[N];
    double library[PAIRS], ours[PAIRS], library_median, our_median;
    if (!verify_ok(v, assay_random_fill_uniform_f32((assay_random){seed, 8}, 0, -80, 80, x, N), "input"))
        return NAN;
    for (int k = -WARM_UP; k < PAIRS; k++) {
        const double start = seconds_now();
        run_library(x, y, N);
        const double middle = seconds_now();
        if (!verify_ok(v, evolved_exp_exp_f32(x, y, N), "exp"))
            return NAN;
        const double end = seconds_now();
        library[k < 0 ? 0 : k] = middle - start;
        ours[k < 0 ? 0 : k] = end - middle;
    }
    if (!verify_ok(v, assay_median(library, PAIRS, &library_median), "median") ||
        !verify_ok(v, assay_median(ours, PAIRS, &our_median), "median"))
        return NAN;
    return library_median / our_median;
}

static const verify_claim speed_claim = {
    .statement = "Float32 exponentials are faster than the C library's: time of expf over time of ours, 4096 numbers "
                 "uniform in [-80, 80]",
    .paper_value = "faster than the compiler's library",
    .provenance = "abstract",
    .unit = "times",
    .measure = measure_speed,
    .low = 8,
    .high = INFINITY,
    .part_low = 1,
    .part_high = INFINITY,
    .seeds = 5,
};

static double measure_error(verify_context *v, uint64_t seed)
{
    enum { N = 50000 };
    static float x[N], y[N];
    const function *const functions[] = {&exp2_function, &exp_function};
    double worst = 0;
    for (uint64_t k = 0; k < 2; k++) {
        fill_f32((assay_random){seed, 9 + k}, x, N);
        if (!verify_ok(v, functions[k]->run(x, y, N), "%s", functions[k]->name))
            return NAN;
        worst = fmax(worst, oracle_worst_f32(functions[k]->truth, x, y, N).ulp);
    }
    return worst;
}

static const verify_claim error_claim = {
    .statement = "Float32 exponentials are below 1 ulp: largest error of exp2 and exp over 100,000 random inputs (the "
                 "sweeps take all inputs)",
    .paper_value = "below 1 ulp",
    .provenance = "abstract",
    .unit = "ulp",
    .measure = measure_error,
    .low = 0,
    .high = 0x1.fffffffffffffp-1,
    .seeds = 5,
};

/* ---- Bad input ----------------------------------------------------------------------------------------------------
 */

static void check_bad_arguments_f32(verify_context *v, const char *name,
                                    assay_status (*run)(const float *, float *, size_t))
{
    float a[32], before[32];
    for (size_t i = 0; i < 32; i++)
        a[i] = (float)i;
    memcpy(before, a, sizeof a);
    verify_ok(v, run(NULL, NULL, 0), "%s of nothing", name);
    verify_rejects(v, run(NULL, a, 3), ASSAY_INVALID_ARGUMENT, "x is null", "%s from null", name);
    verify_rejects(v, run(a, NULL, 3), ASSAY_INVALID_ARGUMENT, "y is null", "%s to null", name);
    verify_rejects(v, run(a, a + 1, 16), ASSAY_INVALID_ARGUMENT, "y overlaps x", "%s one element ahead", name);
    verify_rejects(v, run(a + 15, a, 16), ASSAY_INVALID_ARGUMENT, "y overlaps x", "%s 15 elements behind", name);
    verify_rejects(v, run(a, a + 16, SIZE_MAX / 4 + 2), ASSAY_OUT_OF_RANGE, "n is", "%s of too many", name);
    verify_rejects(v, run(a, a + 16, SIZE_MAX / 4), ASSAY_OUT_OF_RANGE, "n is", "%s of too many", name);
    verify_true(v, memcmp(a, before, sizeof a) == 0, "%s leaves its arrays alone when it refuses", name);
    verify_ok(v, run(a, a + 16, 16), "%s into the elements right behind", name);
}

static void check_bad_arguments_f64(verify_context *v, const char *name,
                                    assay_status (*run)(const double *, double *, size_t))
{
    double a[8] = {0};
    verify_ok(v, run(NULL, NULL, 0), "%s of nothing", name);
    verify_rejects(v, run(NULL, a, 1), ASSAY_INVALID_ARGUMENT, "x is null", "%s from null", name);
    verify_rejects(v, run(a, NULL, 1), ASSAY_INVALID_ARGUMENT, "y is null", "%s to null", name);
    verify_rejects(v, run(a, a + 3, 4), ASSAY_INVALID_ARGUMENT, "y overlaps x", "%s overlapping", name);
    verify_rejects(v, run(a, a + 4, SIZE_MAX / 8 + 1), ASSAY_OUT_OF_RANGE, "n is", "%s of too many", name);
    verify_true(v, a[0] == 0 && a[4] == 0, "%s leaves its arrays alone when it refuses", name);
}

static void check_bad_arguments(verify_context *v)
{
    check_bad_arguments_f32(v, "exp2_f32", evolved_exp_exp2_f32);
    check_bad_arguments_f32(v, "exp_f32", evolved_exp_exp_f32);
    check_bad_arguments_f32(v, "reference_exp2_f32", evolved_exp_reference_exp2_f32);
    check_bad_arguments_f32(v, "reference_exp_f32", evolved_exp_reference_exp_f32);
    check_bad_arguments_f64(v, "exp2_f64", evolved_exp_exp2_f64);
    check_bad_arguments_f64(v, "reference_exp2_f64", evolved_exp_reference_exp2_f64);
}

/* ---- The table ----------------------------------------------------------------------------------------------------
 */

static const verify_check checks[] = {
    {.name = "exp2_f32", .kernel = &exp2_f32_kernel},
    {.name = "exp_f32", .kernel = &exp_f32_kernel},
    {.name = "exp2_f64", .kernel = &exp2_f64_kernel},
    {ASSAY_AGREEMENT, "streaming", "9,000,001 floats", .every_level = true, .run = check_streaming},
    {ASSAY_AGREEMENT, "same_bits", "65,536 random floats", .run = check_same_bits},
    {.name = "exp2_sweep", .workload = "floats", .sweep = &exp2_sweep},
    {.name = "exp_sweep", .workload = "floats", .sweep = &exp_sweep},
    {ASSAY_ORACLE, "worst_inputs", "worst inputs of the sweeps", .every_level = true, .run = check_worst_inputs},
    {ASSAY_ORACLE, "exp2_f64_error", "20,000 random doubles", .every_level = true, .run = check_f64_error},
    {ASSAY_ORACLE, "bits", "worked examples", .every_level = true, .run = check_bits},
    {ASSAY_LAW, "integers", "2^-149 to 2^127", .every_level = true, .run = check_integers},
    {ASSAY_LAW, "ends", "special numbers", .every_level = true, .run = check_ends},
    {ASSAY_LAW, "monotone", "64 runs of 16,384 neighbours", .every_level = true, .run = check_monotone},
    {ASSAY_LAW, "in_place", "1001 numbers", .every_level = true, .run = check_in_place},
    {.name = "C8_speed", .workload = "4096 floats", .claim = &speed_claim},
    {.name = "C8_error", .workload = "random floats", .claim = &error_claim},
    {ASSAY_REJECTION, "bad_arguments", "bad input", .every_level = true, .run = check_bad_arguments},
};

VERIFY_CHECKS(evolved_exp, checks);
