/* Tests of verify/sweep.c: both tiers must give the same totals as MPFR alone.
 *
 * ASSAY_TEST_DEPTH=full compares them on more than 10^7 inputs for each function, and searches all of them for those
 * near the edges where the fast tier must give up; that takes minutes. */
#include "assay/random.h"
#include "assay/threads.h"
#include "verify/oracle_fast.h"
#include "verify/sweep.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const assay_random stream_of_tests = {.seed = 20240607, .stream = 3};

static bool full_depth(void)
{
    const char *depth = getenv("ASSAY_TEST_DEPTH");
    return depth && strcmp(depth, "full") == 0;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float f32_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The same truth without a fast tier and closed intervals. */
static oracle_function by_mpfr_alone(const oracle_function *f)
{
    return (oracle_function){.name = f->name, .mpfr = f->mpfr};
}

#define assert_refused(STATUS, CALL, TEXT)                                                                             \
    do {                                                                                                               \
        ck_assert_int_eq(CALL, STATUS);                                                                                \
        ck_assert_msg(strstr(assay_error(), TEXT) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), TEXT);     \
    } while (0)

static void assert_same(const assay_sweep_shard *a, const assay_sweep_shard *b, const char *where)
{
    ck_assert_msg(a->inputs == b->inputs, "%s: inputs %lu, %lu", where, a->inputs, b->inputs);
    ck_assert_msg(a->not_correctly_rounded == b->not_correctly_rounded, "%s: not correctly rounded %lu, %lu", where,
                  a->not_correctly_rounded, b->not_correctly_rounded);
    ck_assert_msg(a->over_limit == b->over_limit, "%s: over limit %lu, %lu", where, a->over_limit, b->over_limit);
    ck_assert_msg(a->worst_ulp == b->worst_ulp && a->worst_input == b->worst_input, "%s: worst %a at %08x, %a at %08x",
                  where, a->worst_ulp, a->worst_input, b->worst_ulp, b->worst_input);
    for (size_t k = 0; k < SWEEP_BINS; k++)
        ck_assert_msg(a->histogram[k] == b->histogram[k], "%s: bin %zu has %lu, %lu", where, k, a->histogram[k],
                      b->histogram[k]);
    for (size_t k = 0; k < 256; k++) {
        ck_assert_msg(a->binade_inputs[k] == b->binade_inputs[k], "%s: binade %zu", where, k);
        ck_assert_msg(a->binade_worst[k] == b->binade_worst[k] ||
                          (isnan(a->binade_worst[k]) && isnan(b->binade_worst[k])),
                      "%s: binade %zu has worst %a, %a", where, k, a->binade_worst[k], b->binade_worst[k]);
    }
    ck_assert_uint_eq(a->output_hash, b->output_hash);
}

/* ---- Kernels to be swept ---------------------------------------------------------------------------------------- */

/* exp2 by a polynomial of degree 6: below 0.8785 ulp. */
static assay_status good_exp2(const float *x, float *y, size_t n)
{
    static const float c[] = {
        0x1.3fa208p-13f, 0x1.5f0b82p-10f, 0x1.3b30ap-7f, 0x1.c6af76p-5f, 0x1.ebfbd8p-3f, 0x1.62e43p-1f, 1};
    for (size_t i = 0; i < n; i++) {
        const float clamped = fmaxf(fminf(x[i], 200), -200), whole = rintf(clamped), r = clamped - whole;
        float p = c[0];
        for (size_t k = 1; k < COUNT(c); k++)
            p = fmaf(p, r, c[k]);
        const int half = (int)whole >> 1;
        y[i] = isnan(x[i]) ? x[i] : ldexpf(1, (int)whole - half) * (ldexpf(1, half) * p);
    }
    return ASSAY_OK;
}

/* The correctly rounded value (nearly always), made worse at random: by 1 or 2 ulps, or much. */
static void bad(void (*fast)(const float *x, double *y, size_t n), const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double t;
        fast(&x[i], &t, 1);
        const float clean = isnan(x[i])              ? NAN
                            : fabsf(x[i]) < 0x1p-31f ? 1
                            : x[i] <= (float)-160    ? 0
                            : x[i] >= (float)128     ? INFINITY
                                                     : (float)t;
        const uint64_t random = assay_random_bits(stream_of_tests, bits_of(x[i]));
        const float up = nextafterf(clean, INFINITY), down = nextafterf(clean, -INFINITY);
        switch (random % 4096) {
        case 0: y[i] = NAN; break;
        case 1: y[i] = INFINITY; break;
        case 2: y[i] = -INFINITY; break;
        case 3: y[i] = -clean; break;
        case 4: y[i] = FLT_MAX; break;
        case 5: y[i] = 0; break;
        case 6: y[i] = 2 * clean; break;
        case 7: y[i] = nextafterf(up, INFINITY); break;
        case 8: y[i] = nextafterf(down, -INFINITY); break;
        default: y[i] = random % 16 == 9 ? up : random % 16 == 10 ? down : clean; break;
        }
    }
}

static assay_status bad_exp(const float *x, float *y, size_t n)
{
    bad(oracle_fast_exp, x, y, n);
    return ASSAY_OK;
}

static assay_status bad_exp2(const float *x, float *y, size_t n)
{
    bad(oracle_fast_exp2, x, y, n);
    return ASSAY_OK;
}

static assay_status decent_exp(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = expf(x[i]);
    return ASSAY_OK;
}

static assay_status decent_exp2(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = exp2f(x[i]);
    return ASSAY_OK;
}

static const struct {
    const oracle_function *truth;
    assay_status (*run)(const float *x, float *y, size_t n);
} kernels[] = {
    {&oracle_exp, bad_exp}, {&oracle_exp2, bad_exp2}, {&oracle_exp, decent_exp}, {&oracle_exp2, decent_exp2}};

/* ---- Both tiers ------------------------------------------------------------------------------------------------- */

/* Every @p stride-th input of a block, and its last. */
static size_t pick_inputs(unsigned block, size_t stride, float *x)
{
    size_t n = 0;
    for (size_t i = 0; i < SWEEP_BLOCK; i += stride)
        x[n++] = f32_of(block * (uint32_t)SWEEP_BLOCK + (uint32_t)i);
    if (stride > 1)
        x[n++] = f32_of(block * (uint32_t)SWEEP_BLOCK + SWEEP_BLOCK - 1);
    return n;
}

/* Sweeps inputs in increasing order with and without the fast tier. */
static void compare_tiers(size_t kernel, double limit, const float *x, size_t n, const char *where)
{
    ck_assert_uint_gt(n, 0);
    float *y = malloc(n * sizeof *y);
    ck_assert_ptr_nonnull(y);
    assay_sweep_shard quick = {0}, slow = {0};
    sweep_clear(&quick);
    sweep_clear(&slow);
    const oracle_function alone = by_mpfr_alone(kernels[kernel].truth);
    kernels[kernel].run(x, y, n);
    ck_assert_int_eq(sweep_judge(kernels[kernel].truth, limit, x, y, n, &quick), ASSAY_OK);
    ck_assert_int_eq(sweep_judge(&alone, limit, x, y, n, &slow), ASSAY_OK);
    assert_same(&quick, &slow, where);
    ck_assert_uint_eq(slow.hard, n);
    ck_assert_uint_eq(slow.inputs, n);
    free(y);
}

/* Where something changes: zero, the least number, the ends of the closed intervals and of the results' range,
 * infinity, NaN, and blocks with integers and without. */
static const uint16_t special_blocks[] = {
    0x0000, 0x0080, 0x0100, 0x1234, 0x2fff, 0x3000, 0x3001, 0x3380, 0x3eff, 0x3f00, 0x3f80, 0x4000, 0x4128,
    0x42b0, 0x42b1, 0x42b2, 0x42ff, 0x4300, 0x7f7f, 0x7f80, 0x7f81, 0x7fff, 0x8000, 0x8001, 0xafff, 0xb000,
    0xbf7f, 0xc0a0, 0xc2ae, 0xc2af, 0xc2cf, 0xc2d0, 0xc2d7, 0xc2d8, 0xc2fc, 0xc2fd, 0xc314, 0xc315, 0xc316,
    0xc317, 0xc31a, 0xc31b, 0xc380, 0xc48f, 0xc499, 0xc4a0, 0xff7f, 0xff80, 0xffff};

START_TEST(both_tiers_agree)
{
    static float x[SWEEP_BLOCK + 1];
    const double limits[] = {1, 0.5, 0.7, INFINITY, 0.02, 2, 1.5};
    const bool full = full_depth();
    const size_t random_blocks = full ? 160 : 12;
    const size_t stride = full ? 1 : 101;
    for (size_t k = 0; k < COUNT(special_blocks) + random_blocks; k++) {
        unsigned block = k < COUNT(special_blocks) ? special_blocks[k] : 0;
        if (k >= COUNT(special_blocks)) /* sign and exponent of inputs that are not closed */
            block = (unsigned)(assay_random_integer(stream_of_tests, k, 0x1300) + 0x3000) | (k % 2 ? 0x8000 : 0);
        char where[64];
        snprintf(where, sizeof where, "block %04x of kernel %d", block, _i);
        compare_tiers((size_t)_i, limits[k % COUNT(limits)], x, pick_inputs(block, stride, x), where);
    }
}
END_TEST

/* Adds the inputs of a shard whose error, seen by the fast tier, is nearer to a multiple of 1/32 ulp than @p reach. Of
 * these the multiples 1/2 + k are the boundaries of rounding. */
static size_t find_near_edges(const oracle_function *f, unsigned shard, double reach, float *found, size_t capacity)
{
    enum { STEP = 1024 };
    float x[STEP];
    double t[STEP];
    size_t n = 0;
    for (uint32_t start = 0; start < 1u << 24; start += STEP) {
        for (uint32_t i = 0; i < STEP; i++)
            x[i] = f32_of((shard << 24) + start + i);
        f->fast(x, t, STEP);
        for (size_t i = 0; i < STEP; i++) {
            int exponent;
            frexp(t[i], &exponent);
            const int place = exponent - 24 < -149 ? -149 : exponent - 24;
            const double edges = ldexp(t[i], 5 - place);                                    /* in units of 1/32 ulp */
            if (rint(edges) != 0 && fabs(edges - rint(edges)) < 32 * reach && n < capacity) /* 0 is no edge */
                found[n++] = x[i];
        }
    }
    ck_assert_uint_lt(n, capacity);
    return n;
}

/* Every input that the fast tier finds within 4 ulps of its own (2^-50 relative, so 2^-26 ulp of a float) of a boundary
 * of rounding, and more: a sixteen times wider neighbourhood of all edges of the histogram, is judged by both tiers. */
START_TEST(both_tiers_agree_near_edges)
{
    enum { CAPACITY = 1 << 16 };
    static float x[CAPACITY];
    const bool full = full_depth();
    const unsigned quick_shards[] = {0x3f, 0xc2};
    size_t total = 0;
    for (unsigned shard = 0x30; shard < 0xc4; shard++) {
        if (shard == 0x43)
            shard = 0xb0;
        if (!full && shard != quick_shards[0] && shard != quick_shards[1])
            continue;
        const size_t n = find_near_edges(kernels[_i].truth, shard, 0x1p-22, x, CAPACITY);
        if (n == 0)
            continue; /* a shard of closed intervals */
        char where[64];
        snprintf(where, sizeof where, "edges in shard %02x of kernel %d", shard, _i);
        for (size_t i = 0; i < n; i++) { /* one by one, or the worst of a block would hide the others */
            if (i % 16 == 0 || full)
                compare_tiers((size_t)_i, i % 3 ? 0.5 : 1, &x[i], 1, where);
        }
        compare_tiers((size_t)_i, 1, x, n, where);
        compare_tiers((size_t)_i, 0.5, x, n, where);
        total += n;
    }
    ck_assert_uint_gt(total, full ? 5000 : 300);
}
END_TEST

/* x*x with errors of nearly 2^-51 either way. Its errors in ulps are often multiples of 1/32, 1/2 and 1 among them, and
 * at powers of two the number of the fast tier may have half the ulp. */
static void adverse_fast(const float *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double square = (double)x[i] * (double)x[i];
        const bool power_of_two = (bits_of(x[i]) & 0x7fffff) == 0;
        const bool above = !power_of_two && assay_random_bits(stream_of_tests, bits_of(x[i])) & 1;
        y[i] = square * (above ? 1 + 0x1p-51 : 1 - 0x1p-51);
    }
}

START_TEST(gives_up_where_the_bound_says)
{
    static float x[SWEEP_BLOCK], y[SWEEP_BLOCK];
    const oracle_function adverse = {
        .name = "square", .mpfr = mpfr_sqr, .fast = adverse_fast, .fast_bound = 0x1p-51}; /* exactly kept */
    const oracle_function alone = by_mpfr_alone(&adverse);
    const double limits[] = {1 - 9.0 / 2048, 1.25, 0.5, 0.53, 1.5}; /* the first is no edge, but the error of 3/2^17 */
    for (unsigned k = 0; k < COUNT(limits); k++) {
        /* From a power of two on, at every 64th float, so that nothing depends on a crowd. */
        for (uint32_t i = 0; i < SWEEP_BLOCK; i++) {
            x[i] = f32_of(0x3f800000 + (k << 23) + i * (k % 2 ? 1 : 64));
            const float clean = x[i] * x[i], up = nextafterf(clean, INFINITY);
            const uint64_t random = assay_random_bits(stream_of_tests, 1000000 + i);
            /* Errors above 1/2 only for odd i, where they are no edges: the worst must be found for being the worst. */
            const bool worse = i % 2 == 1 && random % 8 < 2;
            y[i] = i == 0 || (worse && random % 8) ? up : worse ? nextafterf(clean, 0) : clean;
        }
        assay_sweep_shard quick = {0}, slow = {0};
        sweep_clear(&quick);
        sweep_clear(&slow);
        ck_assert_int_eq(sweep_judge(&adverse, limits[k], x, y, SWEEP_BLOCK, &quick), ASSAY_OK);
        ck_assert_int_eq(sweep_judge(&alone, limits[k], x, y, SWEEP_BLOCK, &slow), ASSAY_OK);
        assert_same(&quick, &slow, "adverse");
        ck_assert_uint_lt(quick.hard, SWEEP_BLOCK / 8);
    }
}
END_TEST

START_TEST(whole_blocks_agree_with_mpfr)
{
    const unsigned block = _i ? 0xc2fc : 0x3f00;
    const oracle_function alone = by_mpfr_alone(&oracle_exp2);
    const verify_sweep quick = {.run = good_exp2, .truth = &oracle_exp2, .limit_ulp = 1};
    const verify_sweep slow = {.run = good_exp2, .truth = &alone, .limit_ulp = 1};
    assay_sweep_shard a, b;
    ck_assert_int_eq(sweep_blocks(&quick, block, 1, &a), ASSAY_OK);
    ck_assert_int_eq(sweep_blocks(&slow, block, 1, &b), ASSAY_OK);
    assert_same(&a, &b, "block");
    /* The known worst cases. */
    ck_assert_uint_eq(a.worst_input, _i ? 0xc2fcfe35 : 0x3f000e7f);
    ck_assert_double_eq_tol(a.worst_ulp, _i ? 0.8784 : 0.7886, 1e-4);
    ck_assert_uint_lt(a.hard, 100);
}
END_TEST

/* ---- Results of shards ------------------------------------------------------------------------------------------ */

START_TEST(threads_do_not_matter)
{
    const verify_sweep sweep = {.run = bad_exp2, .truth = &oracle_exp2, .limit_ulp = 1};
    assay_sweep_shard one = {.algorithm = "a"}, many = {.algorithm = "b"};
    ck_assert_int_eq(assay_set_threads(1), ASSAY_OK);
    ck_assert_int_eq(sweep_blocks(&sweep, 0x42f8, 16, &one), ASSAY_OK);
    for (int threads = 2; threads <= 5; threads += 3) {
        ck_assert_int_eq(assay_set_threads(threads), ASSAY_OK);
        ck_assert_int_eq(sweep_blocks(&sweep, 0x42f8, 16, &many), ASSAY_OK);
        ck_assert_str_eq(many.algorithm, "b");
        many.algorithm = one.algorithm;
        many.seconds = one.seconds;
        ck_assert_mem_eq(&one, &many, sizeof one);
        many.algorithm = "b";
    }
    ck_assert_str_eq(one.algorithm, "a");
    ck_assert_uint_eq(one.inputs, 16 * SWEEP_BLOCK);
}
END_TEST

START_TEST(shards_and_blocks_count_alike)
{
    const verify_sweep sweep = {.run = decent_exp2, .truth = &oracle_exp2, .limit_ulp = 1};
    assay_sweep_shard shard;
    ck_assert_int_eq(sweep_shard(&sweep, 0x41, &shard), ASSAY_OK);
    ck_assert_uint_eq(shard.shard, 0x41);
    ck_assert_uint_eq(shard.shards, 256);
    ck_assert_uint_eq(shard.inputs, 1u << 24);
    ck_assert_uint_eq(shard.over_limit, 0);
    ck_assert_uint_eq(shard.binade_inputs[0x82], 1u << 23);
    ck_assert_uint_eq(shard.binade_inputs[0x83], 1u << 23);
    ck_assert(isnan(shard.binade_worst[0x84]));
    ck_assert_double_eq(fmax(shard.binade_worst[0x82], shard.binade_worst[0x83]), shard.worst_ulp);
    uint64_t sum = 0;
    for (size_t k = 0; k < SWEEP_BINS; k++)
        sum += shard.histogram[k];
    ck_assert_uint_eq(sum, shard.inputs);
    float y;
    const float x = f32_of(shard.worst_input);
    decent_exp2(&x, &y, 1);
    ck_assert_double_eq(oracle_ulp_f32(&oracle_exp2, x, y), shard.worst_ulp);
    ck_assert_double_gt(shard.worst_ulp, 0.5);
}
END_TEST

/* Functions without a fast tier. */
START_TEST(sweeps_by_mpfr_alone)
{
    static float x[4001], y[4001];
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = f32_of((uint32_t)(i << 20)); /* all binades of both signs, infinities and NaN */
    for (size_t i = 0; i < COUNT(x); i++)
        y[i] = oracle_round_f32(&oracle_tanh, x[i]);
    assay_sweep_shard out = {0};
    sweep_clear(&out);
    ck_assert_int_eq(sweep_judge(&oracle_tanh, 0.51, x, y, COUNT(x), &out), ASSAY_OK);
    ck_assert_uint_eq(out.not_correctly_rounded, 0);
    ck_assert_uint_eq(out.over_limit, 0);
    ck_assert_uint_eq(out.hard, COUNT(x));
    ck_assert_double_le(out.worst_ulp, 0.5);
    y[1000] = nextafterf(y[1000], 2);
    ck_assert_int_eq(sweep_judge(&oracle_tanh, 0.51, x, y, COUNT(x), &out), ASSAY_OK);
    ck_assert_uint_eq(out.not_correctly_rounded, 1);
    ck_assert_uint_eq(out.over_limit, 1);
    ck_assert_uint_eq(out.worst_input, bits_of(x[1000]));
    ck_assert_uint_eq(out.inputs, 2 * COUNT(x));
}
END_TEST

static assay_status forgetful_exp2(const float *x, float *y, size_t n)
{
    return good_exp2(x, y, n - 1);
}

START_TEST(sees_outputs_that_are_not_written)
{
    const verify_sweep sweep = {.run = forgetful_exp2, .truth = &oracle_exp2, .limit_ulp = 1};
    assay_sweep_shard out;
    ck_assert_int_eq(sweep_blocks(&sweep, 0x3f80, 3, &out), ASSAY_OK);
    ck_assert_uint_eq(out.over_limit, 3);
    ck_assert_double_infinite(out.worst_ulp);
    ck_assert_uint_eq(out.worst_input, 0x3f80ffff); /* the first of them */
}
END_TEST

/* ---- Hash and join ---------------------------------------------------------------------------------------------- */

START_TEST(hash_sees_every_output)
{
    float y[37];
    for (size_t i = 0; i < COUNT(y); i++)
        y[i] = (float)i;
    const uint64_t hash = sweep_hash(y, COUNT(y));
    for (size_t i = 0; i < COUNT(y); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            const float before = y[i];
            y[i] = f32_of(bits_of(before) ^ 1u << bit);
            ck_assert_uint_ne(sweep_hash(y, COUNT(y)), hash);
            y[i] = before;
        }
    }
    y[3] = 11;
    y[11] = 3; /* exchanged within a lane */
    ck_assert_uint_ne(sweep_hash(y, COUNT(y)), hash);
    y[3] = f32_of(0x7fc00001);
    const uint64_t with_nan = sweep_hash(y, COUNT(y));
    y[3] = f32_of(0xff800001);
    ck_assert_uint_eq(sweep_hash(y, COUNT(y)), with_nan);
    ck_assert_uint_ne(sweep_hash(y, 36), sweep_hash(y, 35));
    /* By hand: each of eight lanes is the basis, or (basis ^ word) * prime. */
    const float one = 1;
    uint64_t lanes[8], expected = 0xcbf29ce484222325;
    for (size_t k = 0; k < 8; k++)
        lanes[k] = k == 0 ? (0xcbf29ce484222325 ^ 0x3f800000) * 0x100000001b3 : 0xcbf29ce484222325;
    for (size_t k = 0; k < 8; k++)
        expected = (expected ^ lanes[k]) * 0x100000001b3;
    ck_assert_uint_eq(sweep_hash(&one, 1), expected);
}
END_TEST

/* A made-up part. */
static assay_sweep_shard part_of(unsigned shard)
{
    assay_sweep_shard part = {.algorithm = "x"};
    sweep_clear(&part);
    part.shard = shard;
    part.inputs = 1000 + shard;
    part.hard = shard;
    part.not_correctly_rounded = 2 * shard;
    part.over_limit = 3 * shard;
    part.worst_ulp = shard % 3 ? 0.75 : 0.5;
    part.worst_input = 5000 - shard;
    part.output_hash = assay_random_bits(stream_of_tests, shard);
    part.seconds = 1;
    part.histogram[shard] = part.inputs;
    part.binade_worst[shard / 2] = part.worst_ulp;
    part.binade_inputs[shard / 2] = part.inputs;
    return part;
}

START_TEST(joins_in_any_order)
{
    enum { PARTS = 12 };
    assay_sweep_shard parts[PARTS], forward = {0}, backward = {0}, halves[2] = {{0}, {0}}, from_first;
    for (unsigned k = 0; k < PARTS; k++)
        parts[k] = part_of(k);
    from_first = parts[0];
    for (unsigned k = 0; k < PARTS; k++) {
        sweep_join(&forward, &parts[k]);
        sweep_join(&backward, &parts[PARTS - 1 - k]);
        sweep_join(&halves[k % 2], &parts[k]);
        if (k > 0)
            sweep_join(&from_first, &parts[k]);
    }
    sweep_join(&halves[1], &halves[0]);
    assert_same(&forward, &backward, "backward");
    assert_same(&forward, &halves[1], "halves");
    assert_same(&forward, &from_first, "from the first");
    ck_assert_uint_eq(forward.inputs, 12 * 1000 + 66);
    ck_assert_uint_eq(forward.hard, 66);
    ck_assert_uint_eq(forward.over_limit, 3 * 66);
    ck_assert_double_eq(forward.seconds, 12);
    ck_assert_double_eq(forward.worst_ulp, 0.75);
    ck_assert_uint_eq(forward.worst_input, 5000 - 11);
    ck_assert_double_eq(forward.binade_worst[0], 0.75);
    ck_assert(isnan(forward.binade_worst[6]));
    ck_assert_str_eq(forward.algorithm, "x");
    ck_assert_uint_eq(forward.shards, 1);
    /* Hashes in other places are other outputs. */
    assay_sweep_shard exchanged = {0};
    const uint64_t hash = parts[3].output_hash;
    parts[3].output_hash = parts[4].output_hash;
    parts[4].output_hash = hash;
    for (unsigned k = 0; k < PARTS; k++)
        sweep_join(&exchanged, &parts[k]);
    ck_assert_uint_ne(exchanged.output_hash, forward.output_hash);
    /* Nothing joined to something is something. */
    assay_sweep_shard nothing = {0};
    sweep_clear(&nothing);
    const assay_sweep_shard before = forward;
    sweep_join(&forward, &nothing);
    ck_assert_mem_eq(&before, &forward, sizeof before);
}
END_TEST

/* ---- Refusals --------------------------------------------------------------------------------------------------- */

static assay_status failing(const float *x, float *y, size_t n)
{
    (void)y;
    return x[n - 1] > 2 ? assay_fail(ASSAY_NO_MEMORY, "no room at %g", (double)x[0]) : ASSAY_OK;
}

START_TEST(refuses_bad_arguments)
{
    oracle_function loose = oracle_exp2;
    loose.fast_bound = 0x1p-40;
    verify_sweep sweep = {.run = good_exp2, .truth = &oracle_exp2, .limit_ulp = 1};
    assay_sweep_shard out = {.inputs = 7};
    assert_refused(ASSAY_OUT_OF_RANGE, sweep_shard(&sweep, 256, &out), "shard is 256");
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_shard(NULL, 0, &out), "sweep is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_shard(&sweep, 0, NULL), "out is null");
    assert_refused(ASSAY_OUT_OF_RANGE, sweep_blocks(&sweep, 65535, 2, &out), "blocks are 2 from 65535");
    assert_refused(ASSAY_OUT_OF_RANGE, sweep_blocks(&sweep, 65536, 0, &out), "65536");
    sweep.run = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_shard(&sweep, 0, &out), "run is null");
    sweep.run = good_exp2;
    const double limits[] = {0, -1, NAN};
    for (size_t k = 0; k < COUNT(limits); k++) {
        sweep.limit_ulp = limits[k];
        assert_refused(ASSAY_OUT_OF_RANGE, sweep_shard(&sweep, 0, &out), "limit_ulp is ");
    }
    sweep.limit_ulp = 1;
    sweep.truth = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_shard(&sweep, 0, &out), "truth is null");
    sweep.truth = &loose;
    assert_refused(ASSAY_OUT_OF_RANGE, sweep_shard(&sweep, 0, &out), "fast_bound is ");
    sweep = (verify_sweep){.run = failing, .truth = &oracle_exp2, .limit_ulp = 1};
    assert_refused(ASSAY_NO_MEMORY, sweep_blocks(&sweep, 0x3ffe, 4, &out), "inputs from 0x40000000: no room at 2");
    const float unsorted[] = {1, 3, 2}, twice[] = {1, 1};
    float y[3] = {0};
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_judge(&oracle_exp2, 1, unsorted, y, 3, &out), "x[2]");
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_judge(&oracle_exp2, 1, twice, y, 2, &out), "x[1]");
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_judge(&oracle_exp2, 1, NULL, y, 2, &out), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, sweep_judge(&oracle_exp2, 1, y, y, 2, NULL), "out is null");
    ck_assert_uint_eq(out.inputs, 7);
    ck_assert_int_eq(sweep_judge(&oracle_exp2, 1, NULL, NULL, 0, &out), ASSAY_OK);
}
END_TEST

Suite *test_sweep(void);

Suite *test_sweep(void)
{
    Suite *suite = suite_create("sweep");
    TCase *tiers = tcase_create("tiers");
    tcase_set_timeout(tiers, full_depth() ? 3600 : 120);
    tcase_add_loop_test(tiers, both_tiers_agree, 0, (int)COUNT(kernels));
    tcase_add_test(tiers, gives_up_where_the_bound_says);
    tcase_add_loop_test(tiers, whole_blocks_agree_with_mpfr, 0, 2);
    suite_add_tcase(suite, tiers);
    TCase *edges = tcase_create("edges");
    tcase_set_timeout(edges, full_depth() ? 3600 : 120);
    tcase_add_loop_test(edges, both_tiers_agree_near_edges, 0, (int)COUNT(kernels));
    suite_add_tcase(suite, edges);
    TCase *shards = tcase_create("shards");
    tcase_set_timeout(shards, 120);
    tcase_add_test(shards, threads_do_not_matter);
    tcase_add_test(shards, shards_and_blocks_count_alike);
    tcase_add_test(shards, sweeps_by_mpfr_alone);
    tcase_add_test(shards, sees_outputs_that_are_not_written);
    tcase_add_test(shards, hash_sees_every_output);
    tcase_add_test(shards, joins_in_any_order);
    tcase_add_test(shards, refuses_bad_arguments);
    suite_add_tcase(suite, shards);
    return suite;
}
