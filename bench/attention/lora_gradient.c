/*
 * Timings of lora_gradient: exact and approximate gradients of random heads and of heads over real tokens. In a group
 * of exact gradients the approximate ones are timed as peers, with their errors as quality, and the other way round;
 * other people's are OpenBLAS (with L x L matrices), SLEEF's exponential in our kernels, and libtorch's autograd.
 */
#include "assay/lora_gradient.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "bench/attention/lora_gradient_peers.h"
#include "verify/attention/lora_gradient_problems.h"

#include <math.h>
#include <string.h>

enum { PARTS = LORA_GRADIENT_PARTS };

typedef struct job {
    lora_case x;
    lora_gradient_options options;
    double *truth;         /* [PARTS][dA, dB] */
    double *workspace;     /* [2 L L] for the baseline, made when it is first timed */
    size_t reference_most; /* tokens up to which the reference is timed */
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    lora_release_case(&j->x);
    assay_release(j->truth);
    assay_release(j->workspace);
    assay_release(j);
    state->data = NULL;
}

static size_t adapter_of(const job *j)
{
    return j->x.problem.rank * j->x.problem.width;
}

/* The exact gradients; for long sequences approximate ones of eps = 1e-7, which are as good as exact beside eps = 1e-3.
 */
static assay_status find_truth(job *j)
{
    const lora_gradient_options options = lora_gradient_with_eps(1e-7);
    return j->x.problem.length <= 16384
               ? lora_gradient_exact(&j->x.problem, LORA_GRADIENT_FULL, &j->x.result)
               : lora_gradient_approximate(&j->x.problem, LORA_GRADIENT_FULL, &options, &j->x.result, NULL);
}

/* Keeps the exact gradients, and says what a run amounts to: an exponential of 27 operations for each pair of tokens,
 * the scores and the moments (or q, p X2 and another score where those are fewer). */
static assay_status prepare(bench_state *state, job *j, assay_status made)
{
    if (made != ASSAY_OK)
        return made;
    const size_t n = adapter_of(j);
    const double d = (double)j->x.problem.width, length = (double)j->x.problem.length;
    const assay_status status = find_truth(j);
    j->truth = status == ASSAY_OK ? assay_allocate(2 * PARTS * n, sizeof *j->truth) : NULL;
    if (!j->truth)
        return status ? status : ASSAY_NO_MEMORY;
    for (size_t m = 0; m < PARTS; m++) {
        memcpy(j->truth + 2 * m * n, j->x.result.a[m], n * sizeof(double));
        memcpy(j->truth + (2 * m + 1) * n, j->x.result.b[m], n * sizeof(double));
    }
    state->items = length;
    state->flops = length * length * (27 + 2 * d + fmin(d * (d + 3), 8 * d + 30));
    state->bytes_read = 8 * 2 * length * d;
    state->bytes_written = 8 * length * d;
    state->working_set = 8 * length * d * 8;
    state->quality = 0;
    return ASSAY_OK;
}

static job *make_job(bench_state *state)
{
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (j) {
        j->options = lora_gradient_with_eps(1e-3);
        j->reference_most = 4096;
    }
    return j;
}

/* Largest relative error of a gradient, in double. */
static double error_of(const job *j)
{
    const size_t n = adapter_of(j);
    double most = 0;
    for (size_t m = 0; m < PARTS; m++) {
        const double *const results[] = {j->x.result.a[m], j->x.result.b[m]};
        for (size_t k = 0; k < 2; k++) {
            const double *truth = j->truth + (2 * m + k) * n;
            double difference = 0, whole = 0;
            for (size_t i = 0; i < n; i++) {
                difference += (results[k][i] - truth[i]) * (results[k][i] - truth[i]);
                whole += truth[i] * truth[i];
            }
            most = fmax(most, sqrt(difference / whole));
        }
    }
    return most;
}

/* ---- Random heads --------------------------------------------------------------------------------------------- */

static assay_status setup_random(bench_state *state, size_t width, size_t rank, bool single)
{
    job *j = make_job(state);
    if (!j)
        return ASSAY_NO_MEMORY;
    assay_status status = lora_make_random(state->size, width, rank, true, 1, state->random.seed, &j->x);
    if (status == ASSAY_OK && single)
        status = lora_round_case(&j->x);
    return prepare(state, j, status);
}

static assay_status setup_d4(bench_state *state)
{
    return setup_random(state, 4, state->size <= 512 ? 1 : 2, false);
}

static assay_status setup_d8(bench_state *state)
{
    return setup_random(state, 8, 4, false);
}

static assay_status setup_d8_f32(bench_state *state)
{
    return setup_random(state, 8, 4, true);
}

/* What an approximate gradient amounts to is counted by itself. */
static assay_status count_approximate(bench_state *state, assay_status status)
{
    job *j = state->data;
    lora_gradient_info info;
    if (status == ASSAY_OK)
        status = lora_gradient_approximate(&j->x.problem, LORA_GRADIENT_FULL, &j->options, &j->x.result, &info);
    if (status == ASSAY_OK) {
        state->flops = info.flops;
        j->reference_most = 16384;
    }
    return status;
}

static assay_status setup_approximate(bench_state *state)
{
    return count_approximate(state, setup_random(state, 4, 2, false));
}

static assay_status setup_approximate_f32(bench_state *state)
{
    return count_approximate(state, setup_random(state, 4, 2, true));
}

/* ---- Heads over real tokens ----------------------------------------------------------------------------------- */

static assay_status setup_real(bench_state *state, lora_source source, size_t width, double scale)
{
    job *j = make_job(state);
    if (!j)
        return ASSAY_NO_MEMORY;
    j->options = lora_gradient_with_eps(1e-2);
    return prepare(state, j, lora_make_real(source, state->size, width, 2, scale, state->random.seed, &j->x));
}

/* More features than tokens: the approximate gradient takes longer. (With a root mean square of 1, as in the claims, it
 * takes a second.) */
static assay_status setup_digits_above(bench_state *state)
{
    return setup_real(state, LORA_DIGITS, 6, 0.75);
}

static assay_status setup_digits_below(bench_state *state)
{
    return setup_real(state, LORA_DIGITS, 6, 0.5);
}

static assay_status setup_text(bench_state *state)
{
    return setup_real(state, LORA_TEXT, 4, 0.5);
}

/* ---- Runs ----------------------------------------------------------------------------------------------------- */

static assay_status done(bench_state *state, assay_status status)
{
    const job *j = state->data;
    bench_consume(j->x.result.a[0]);
    state->quality = error_of(j);
    return status;
}

/* A reference that takes a second is not worth the time. */
static assay_status check_patience(const job *j)
{
    if (assay_cpu_level() == ASSAY_REFERENCE && j->x.problem.length > j->reference_most)
        return assay_fail(ASSAY_UNSUPPORTED, "the reference is timed for up to %zu tokens", j->reference_most);
    return ASSAY_OK;
}

static assay_status run_exact(bench_state *state)
{
    job *j = state->data;
    const assay_status status = check_patience(j);
    return status ? status : done(state, lora_gradient_exact(&j->x.problem, LORA_GRADIENT_FULL, &j->x.result));
}

static assay_status run_approximate(bench_state *state)
{
    job *j = state->data;
    const assay_status status = check_patience(j);
    return status ? status
                  : done(state,
                         lora_gradient_approximate(&j->x.problem, LORA_GRADIENT_FULL, &j->options, &j->x.result, NULL));
}

/* Results in float beside those in double, for the error. */
static assay_status done_f32(bench_state *state, assay_status status)
{
    job *j = state->data;
    for (int m = 0; m < PARTS; m++) {
        for (size_t i = 0; i < adapter_of(j); i++) {
            j->x.result.a[m][i] = (double)j->x.result_f32.a[m][i];
            j->x.result.b[m][i] = (double)j->x.result_f32.b[m][i];
        }
    }
    return done(state, status);
}

static assay_status run_exact_f32(bench_state *state)
{
    job *j = state->data;
    const assay_status status = check_patience(j);
    return status ? status
                  : done_f32(state, lora_gradient_exact_f32(&j->x.problem_f32, LORA_GRADIENT_FULL, &j->x.result_f32));
}

static assay_status run_approximate_f32(bench_state *state)
{
    job *j = state->data;
    const assay_status status = check_patience(j);
    return status ? status
                  : done_f32(state, lora_gradient_approximate_f32(&j->x.problem_f32, LORA_GRADIENT_FULL, &j->options,
                                                                  &j->x.result_f32, NULL));
}

/* ---- Peers ---------------------------------------------------------------------------------------------------- */

static assay_status run_variant(bench_state *state, lora_gradient_kind kind, bool center, lora_gradient_chain chain)
{
    job *j = state->data;
    lora_gradient_options options = j->options;
    options.kind = kind;
    options.center = center;
    options.chain = chain;
    return done(state, lora_gradient_approximate(&j->x.problem, LORA_GRADIENT_FULL, &options, &j->x.result, NULL));
}

static assay_status run_moments(bench_state *state)
{
    return run_variant(state, LORA_GRADIENT_CHEBYSHEV, true, LORA_GRADIENT_MOMENTS);
}

static assay_status run_chained(bench_state *state)
{
    return run_variant(state, LORA_GRADIENT_CHEBYSHEV, true, LORA_GRADIENT_CHAINED);
}

static assay_status run_taylor(bench_state *state)
{
    return run_variant(state, LORA_GRADIENT_TAYLOR, true, LORA_GRADIENT_CHEAPER);
}

static assay_status run_uncentred(bench_state *state)
{
    return run_variant(state, LORA_GRADIENT_CHEBYSHEV, false, LORA_GRADIENT_CHEAPER);
}

/* L x L matrices in memory beyond this are not made. */
enum { SQUARE_MOST = 8192 };

static assay_status check_square(const job *j)
{
    if (j->x.problem.length > SQUARE_MOST)
        return assay_fail(ASSAY_UNSUPPORTED, "L x L matrices are made for up to %d tokens", SQUARE_MOST);
    return ASSAY_OK;
}

static assay_status run_openblas(bench_state *state)
{
    job *j = state->data;
    const size_t length = j->x.problem.length;
    const assay_status status = check_square(j);
    if (status != ASSAY_OK)
        return status;
    if (!j->workspace)
        j->workspace = assay_allocate(length, 2 * length * sizeof *j->workspace);
    if (!j->workspace)
        return ASSAY_NO_MEMORY;
    return done(state, lora_gradient_materialised(&j->x.problem, LORA_GRADIENT_FULL, j->workspace, &j->x.result));
}

static assay_status run_torch(bench_state *state)
{
    job *j = state->data;
    const assay_status status = check_square(j);
    return status ? status : done(state, lora_peer_torch(&j->x.problem, &j->x.result));
}

#if defined(__x86_64__)
static assay_status run_sleef(bench_state *state, const lora_kernels *kernels)
{
    job *j = state->data;
    lora_view view;
    const assay_status status = lora_view_of(&j->x.problem, &j->x.result, &view);
    return status ? status : done(state, lora_run_exact(kernels, &view, LORA_GRADIENT_FULL));
}

static assay_status run_sleef_f32(bench_state *state, const lora_kernels *kernels)
{
    job *j = state->data;
    lora_view view;
    const assay_status status = lora_view_of_f32(&j->x.problem_f32, &j->x.result_f32, &view);
    return status ? status : done_f32(state, lora_run_exact(kernels, &view, LORA_GRADIENT_FULL));
}

static assay_status run_sleef_avx2(bench_state *state)
{
    return run_sleef(state, &lora_kernels_sleef_avx2);
}

static assay_status run_sleef_avx512(bench_state *state)
{
    return run_sleef(state, &lora_kernels_sleef_avx512);
}

static assay_status run_sleef_f32_avx2(bench_state *state)
{
    return run_sleef_f32(state, &lora_kernels_sleef_avx2_f32);
}

static assay_status run_sleef_f32_avx512(bench_state *state)
{
    return run_sleef_f32(state, &lora_kernels_sleef_avx512_f32);
}
#endif

#define PEER(NAME, NOTE, LEVEL, RUN)                                                                                   \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .level = LEVEL, .run = RUN                                                         \
    }

#define OPENBLAS PEER("OpenBLAS L x L", "f and p in memory, products by dgemm", ASSAY_REFERENCE, run_openblas)
#define TORCH                                                                                                          \
    {                                                                                                                  \
        .name = "libtorch autograd", .note = "the same graph in double", .available = lora_peer_torch_available,       \
        .run = run_torch                                                                                               \
    }
#if defined(__x86_64__)
#define SLEEF                                                                                                          \
    PEER("SLEEF exp in the avx2 kernel", "Sleef_expd4_u10, 1.0 ulp", ASSAY_AVX2, run_sleef_avx2),                      \
        PEER("SLEEF exp in the avx512 kernel", "Sleef_expd8_u10, 1.0 ulp", ASSAY_AVX512, run_sleef_avx512)
#define SLEEF_F32                                                                                                      \
    PEER("SLEEF exp in the avx2 kernel", "Sleef_expf8_u10, 1.0 ulp", ASSAY_AVX2, run_sleef_f32_avx2),                  \
        PEER("SLEEF exp in the avx512 kernel", "Sleef_expf16_u10, 1.0 ulp", ASSAY_AVX512, run_sleef_f32_avx512)
#else
#define SLEEF     PEER(NULL, NULL, ASSAY_REFERENCE, NULL)
#define SLEEF_F32 SLEEF
#endif
#define MOMENTS PEER("approximate by moments", "best level, Chebyshev, centred", ASSAY_REFERENCE, run_moments)
#define CHAINED PEER("approximate chained", "best level, the paper's chains", ASSAY_REFERENCE, run_chained)

#define COMMON                                                                                                         \
    .quality_label = "largest relative error of a gradient", .arithmetic = BENCH_FMA_F64, .teardown = teardown,        \
    .threads = true

static const bench_workload workloads[] = {
    {.name = "exact_d4",
     .sizes = {512, 4096, 16384},
     .quick_sizes = {512, 2048},
     .size_label = "tokens, d = 4, r = 2 (1 for 512)",
     .setup = setup_d4,
     .run = run_exact,
     .peers = {OPENBLAS, TORCH, MOMENTS, CHAINED, SLEEF},
     COMMON},
    {.name = "exact_d8",
     .sizes = {4096},
     .quick_sizes = {2048},
     .size_label = "tokens, d = 8, r = 4",
     .setup = setup_d8,
     .run = run_exact,
     .peers = {OPENBLAS, TORCH, MOMENTS, CHAINED, SLEEF},
     COMMON},
    {.name = "exact_d8_f32",
     .sizes = {4096},
     .quick_sizes = {2048},
     .size_label = "tokens, d = 8, r = 4",
     .quality_label = "largest relative error of a gradient",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_d8_f32,
     .teardown = teardown,
     .run = run_exact_f32,
     .threads = true,
     .peers = {SLEEF_F32}},
    {.name = "approximate_d4",
     .sizes = {4096, 16384, 131072},
     .quick_sizes = {4096, 16384},
     .size_label = "tokens, d = 4, r = 2, Gamma = 1, eps = 1e-3",
     .setup = setup_approximate,
     .run = run_approximate,
     .peers = {CHAINED, PEER("Taylor", "best level, cheaper chain", ASSAY_REFERENCE, run_taylor),
               PEER("uncentred", "best level, cheaper chain", ASSAY_REFERENCE, run_uncentred)},
     COMMON},
    {.name = "approximate_d4_f32",
     .sizes = {16384, 131072},
     .quick_sizes = {16384},
     .size_label = "tokens, d = 4, r = 2, Gamma = 1, eps = 1e-3",
     .quality_label = "largest relative error of a gradient",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_approximate_f32,
     .teardown = teardown,
     .run = run_approximate_f32,
     .threads = true,
     .weak = 8192},
    {.name = "digits_above",
     .sizes = {1797},
     .size_label = "images, 6 components of root mean square 3/4, eps = 1e-2",
     .setup = setup_digits_above,
     .run = run_exact,
     .peers = {OPENBLAS, MOMENTS},
     COMMON},
    {.name = "digits_below",
     .sizes = {1797},
     .size_label = "images, 6 components of root mean square 1/2, eps = 1e-2",
     .setup = setup_digits_below,
     .run = run_exact,
     .peers = {OPENBLAS, MOMENTS, CHAINED, PEER("approximate uncentred", "best level", ASSAY_REFERENCE, run_uncentred)},
     COMMON},
    {.name = "text",
     .sizes = {4096},
     .quick_sizes = {2048},
     .size_label = "words of licences, 4 components of root mean square 1/2, eps = 1e-2",
     .setup = setup_text,
     .run = run_exact,
     .peers = {OPENBLAS, MOMENTS, CHAINED},
     COMMON},
};

BENCH_WORKLOADS(lora_gradient, workloads);
