/*
 * Timings of the exponentials, beside the C library's, libmvec's and SLEEF's. The notes give the largest error over
 * all floats, by our sweep.
 */
#include "assay/evolved_exp.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "bench/arithmetic/evolved_exp_peers.h"

#include <math.h>

/* ---- Workloads ----------------------------------------------------------------------------------------------------
 */

typedef struct arrays_f32 {
    float *x, *y;
} arrays_f32;

typedef struct arrays_f64 {
    double *x, *y;
} arrays_f64;

static void teardown_f32(bench_state *state)
{
    arrays_f32 *a = state->data;
    if (a) {
        assay_release(a->x);
        assay_release(a->y);
        assay_release(a);
    }
    state->data = NULL;
}

static void teardown_f64(bench_state *state)
{
    arrays_f64 *a = state->data;
    if (a) {
        assay_release(a->x);
        assay_release(a->y);
        assay_release(a);
    }
    state->data = NULL;
}

/* What a run of n elements of @p size bytes does, with @p flops operations for each. */
static void count(bench_state *state, size_t size, double flops)
{
    const double n = (double)state->size;
    state->items = n;
    state->bytes_read = state->bytes_written = n * (double)size;
    state->flops = n * flops;
}

static assay_status allocate_f32(bench_state *state)
{
    arrays_f32 *a = assay_allocate(1, sizeof *a);
    state->data = a;
    if (!a)
        return ASSAY_NO_MEMORY;
    a->x = assay_allocate(state->size, sizeof *a->x);
    a->y = assay_allocate(state->size, sizeof *a->y);
    return a->x && a->y ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* The argument's reduction and the polynomial: multiply-adds count 2, scaling by 2^n nothing. */
enum { EXP_FLOPS = 14, EXP2_FLOPS = 13, EXP2_F64_FLOPS = 12 };

static assay_status setup_uniform(bench_state *state, double flops)
{
    assay_status status = allocate_f32(state);
    if (status != ASSAY_OK)
        return status;
    count(state, sizeof(float), flops);
    arrays_f32 *a = state->data;
    return assay_random_fill_uniform_f32(state->random, 0, -80, 80, a->x, state->size);
}

static assay_status setup_exp(bench_state *state)
{
    return setup_uniform(state, EXP_FLOPS);
}

static assay_status setup_exp2(bench_state *state)
{
    return setup_uniform(state, EXP2_FLOPS);
}

static assay_status setup_f64(bench_state *state)
{
    arrays_f64 *a = assay_allocate(1, sizeof *a);
    state->data = a;
    if (!a)
        return ASSAY_NO_MEMORY;
    a->x = assay_allocate(state->size, sizeof *a->x);
    a->y = assay_allocate(state->size, sizeof *a->y);
    if (!a->x || !a->y)
        return ASSAY_NO_MEMORY;
    count(state, sizeof(double), EXP2_F64_FLOPS);
    return assay_random_fill_uniform(state->random, 0, -80, 80, a->x, state->size);
}

/* ---- Real data: what the softmax of 1797 images of digits exponentiates. ------------------------------------------
 */

enum { DIGITS = 1797, PIXELS = 64, DIGITS_SIZE = DIGITS * PIXELS };

/* Pixels from [0, 1], centred for each place over all images, times 30, less the largest of the image. */
static assay_status logits_of(const assay_table *digits, float *x)
{
    if (digits->rows != DIGITS || digits->columns < PIXELS)
        return assay_fail(ASSAY_BAD_DATA, "digits.csv has %zu rows of %zu, must have %d of at least %d", digits->rows,
                          digits->columns, DIGITS, PIXELS);
    double mean[PIXELS] = {0};
    for (size_t i = 0; i < DIGITS_SIZE; i++)
        mean[i % PIXELS] += digits->values[i / PIXELS * digits->columns + i % PIXELS] / DIGITS;
    for (size_t row = 0; row < DIGITS; row++) {
        const double *pixels = digits->values + row * digits->columns;
        double largest = -INFINITY;
        for (size_t k = 0; k < PIXELS; k++)
            largest = fmax(largest, pixels[k] - mean[k]);
        for (size_t k = 0; k < PIXELS; k++)
            x[row * PIXELS + k] = (float)((pixels[k] - mean[k] - largest) / 16 * 30);
    }
    return ASSAY_OK;
}

static assay_status setup_softmax(bench_state *state)
{
    char path[4096];
    assay_table digits = {0};
    assay_status status = allocate_f32(state);
    if (status == ASSAY_OK)
        status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &digits);
    if (status == ASSAY_OK)
        status = logits_of(&digits, ((arrays_f32 *)state->data)->x);
    assay_table_release(&digits);
    count(state, sizeof(float), EXP_FLOPS);
    return status;
}

/* ---- Who runs -----------------------------------------------------------------------------------------------------
 */

static assay_status run_exp(bench_state *state)
{
    const arrays_f32 *a = state->data;
    const assay_status status = evolved_exp_exp_f32(a->x, a->y, state->size);
    bench_consume(a->y);
    return status;
}

static assay_status run_exp2(bench_state *state)
{
    const arrays_f32 *a = state->data;
    const assay_status status = evolved_exp_exp2_f32(a->x, a->y, state->size);
    bench_consume(a->y);
    return status;
}

static assay_status run_exp2_f64(bench_state *state)
{
    const arrays_f64 *a = state->data;
    const assay_status status = evolved_exp_exp2_f64(a->x, a->y, state->size);
    bench_consume(a->y);
    return status;
}

#define PEER(REAL, NAME)                                                                                               \
    static assay_status run_##NAME(bench_state *state)                                                                 \
    {                                                                                                                  \
        const arrays_##REAL *a = state->data;                                                                          \
        evolved_exp_peer_##NAME(a->x, a->y, state->size);                                                              \
        bench_consume(a->y);                                                                                           \
        return ASSAY_OK;                                                                                               \
    }

PEER(f32, glibc_expf)
PEER(f32, glibc_exp2f)
PEER(f64, glibc_exp2)
#if defined(__x86_64__)
PEER(f32, libmvec_expf_avx2)
PEER(f32, libmvec_exp2f_avx2)
PEER(f32, sleef_expf_u10_avx2)
PEER(f32, sleef_exp2f_u10_avx2)
PEER(f32, sleef_exp2f_u35_avx2)
PEER(f64, libmvec_exp2_avx2)
PEER(f64, sleef_exp2_u10_avx2)
PEER(f32, libmvec_expf_avx512)
PEER(f32, libmvec_exp2f_avx512)
PEER(f32, sleef_expf_u10_avx512)
PEER(f32, sleef_exp2f_u10_avx512)
PEER(f32, sleef_exp2f_u35_avx512)
PEER(f64, libmvec_exp2_avx512)
PEER(f64, sleef_exp2_u10_avx512)
#endif

#if defined(__x86_64__)
#define EXP_PEERS                                                                                                      \
    {                                                                                                                  \
        {"glibc expf", "scalar; at most 0.502 ulp", ASSAY_BASELINE, NULL, run_glibc_expf, true},                       \
            {"libmvec expf avx2", "at most 2.638 ulp", ASSAY_AVX2, NULL, run_libmvec_expf_avx2, true},                 \
            {"libmvec expf avx512", "at most 2.638 ulp", ASSAY_AVX512, NULL, run_libmvec_expf_avx512, true},           \
            {"SLEEF expf u10 avx2", "at most 0.988 ulp", ASSAY_AVX2, NULL, run_sleef_expf_u10_avx2, true},             \
            {"SLEEF expf u10 avx512", "at most 0.988 ulp", ASSAY_AVX512, NULL, run_sleef_expf_u10_avx512, true},       \
    }
#define EXP2_PEERS                                                                                                     \
    {                                                                                                                  \
        {"glibc exp2f", "scalar; at most 0.502 ulp", ASSAY_BASELINE, NULL, run_glibc_exp2f, true},                     \
            {"libmvec exp2f avx2", "at most 0.823 ulp", ASSAY_AVX2, NULL, run_libmvec_exp2f_avx2, true},               \
            {"libmvec exp2f avx512", "at most 1.005 ulp", ASSAY_AVX512, NULL, run_libmvec_exp2f_avx512, true},         \
            {"SLEEF exp2f u10 avx2", "at most 0.885 ulp", ASSAY_AVX2, NULL, run_sleef_exp2f_u10_avx2, true},           \
            {"SLEEF exp2f u10 avx512", "at most 0.885 ulp", ASSAY_AVX512, NULL, run_sleef_exp2f_u10_avx512, true},     \
            {"SLEEF exp2f u35 avx2", "at most 0.885 ulp", ASSAY_AVX2, NULL, run_sleef_exp2f_u35_avx2, true},           \
            {"SLEEF exp2f u35 avx512", "at most 0.885 ulp", ASSAY_AVX512, NULL, run_sleef_exp2f_u35_avx512, true},     \
    }
#define EXP2_F64_PEERS                                                                                                 \
    {                                                                                                                  \
        {"glibc exp2", "scalar; documented: 1 ulp", ASSAY_BASELINE, NULL, run_glibc_exp2, true},                       \
            {"libmvec exp2 avx2", "documented: 4 ulp", ASSAY_AVX2, NULL, run_libmvec_exp2_avx2, true},                 \
            {"libmvec exp2 avx512", "documented: 4 ulp", ASSAY_AVX512, NULL, run_libmvec_exp2_avx512, true},           \
            {"SLEEF exp2 u10 avx2", "documented: 1 ulp", ASSAY_AVX2, NULL, run_sleef_exp2_u10_avx2, true},             \
            {"SLEEF exp2 u10 avx512", "documented: 1 ulp", ASSAY_AVX512, NULL, run_sleef_exp2_u10_avx512, true},       \
    }
#else
#define EXP_PEERS                                                                                                      \
    {                                                                                                                  \
        {                                                                                                              \
            "glibc expf", "scalar; at most 0.502 ulp", ASSAY_BASELINE, NULL, run_glibc_expf, true                      \
        }                                                                                                              \
    }
#define EXP2_PEERS                                                                                                     \
    {                                                                                                                  \
        {                                                                                                              \
            "glibc exp2f", "scalar; at most 0.502 ulp", ASSAY_BASELINE, NULL, run_glibc_exp2f, true                    \
        }                                                                                                              \
    }
#define EXP2_F64_PEERS                                                                                                 \
    {                                                                                                                  \
        {                                                                                                              \
            "glibc exp2", "scalar; documented: 1 ulp", ASSAY_BASELINE, NULL, run_glibc_exp2, true                      \
        }                                                                                                              \
    }
#endif

static const bench_workload workloads[] = {
    {
        .name = "exp_uniform",
        .sizes = {4096, 262144, 16777216},
        .size_label = "floats uniform in [-80, 80]",
        .setup = setup_exp,
        .teardown = teardown_f32,
        .run = run_exp,
        .threads = true,
        .weak = 262144,
        .peers = EXP_PEERS,
    },
    {
        .name = "exp2_uniform",
        .sizes = {4096, 262144, 16777216},
        .size_label = "floats uniform in [-80, 80]",
        .setup = setup_exp2,
        .teardown = teardown_f32,
        .run = run_exp2,
        .threads = true,
        .peers = EXP2_PEERS,
    },
    {
        .name = "exp_softmax",
        .sizes = {DIGITS_SIZE},
        .size_label = "logits of digits",
        .setup = setup_softmax,
        .teardown = teardown_f32,
        .run = run_exp,
        .peers = EXP_PEERS,
    },
    {
        .name = "exp2_f64_uniform",
        .sizes = {4096, 262144},
        .size_label = "doubles uniform in [-80, 80]",
        .arithmetic = BENCH_FMA_F64,
        .setup = setup_f64,
        .teardown = teardown_f64,
        .run = run_exp2_f64,
        .threads = true,
        .weak = 131072,
        .peers = EXP2_F64_PEERS,
    },
};

BENCH_WORKLOADS(evolved_exp, workloads);
