/*
 * Timings of L-Mul: vectors, matrix products, attention. Peers are exact products in the same loops (that is, the same
 * tiling with one fused multiply-add for the two additions of L-Mul) and OpenBLAS.
 */
#include "assay/lmul.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "assay/threads.h"

#include <cblas.h>
#include <math.h>

/* What all workloads own: two inputs, an output, and the shape of a product m x k times k x n. */
typedef struct job {
    size_t m, n, k;
    float *a, *b, *c;
    uint8_t *x8, *y8, *out8; /* vectors of narrow formats, as bytes */
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    assay_release(j->a);
    assay_release(j->b);
    assay_release(j->c);
    assay_release(j->x8);
    assay_release(j->y8);
    assay_release(j->out8);
    assay_release(j);
    state->data = NULL;
}

/* Normal numbers in a and b; c is zero. */
static assay_status make_job(bench_state *state, size_t a_count, size_t b_count, size_t c_count)
{
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (!j)
        return ASSAY_NO_MEMORY;
    j->a = assay_allocate(a_count, sizeof *j->a);
    j->b = assay_allocate(b_count, sizeof *j->b);
    j->c = assay_allocate(c_count, sizeof *j->c);
    if (!j->a || !j->b || !j->c)
        return ASSAY_NO_MEMORY;
    const assay_random other = {state->random.seed, state->random.stream + 1};
    const assay_status status = assay_random_fill_normal_f32(state->random, 0, 0, 1, j->a, a_count);
    return status ? status : assay_random_fill_normal_f32(other, 0, 0, 1, j->b, b_count);
}

/* ---- Vectors -------------------------------------------------------------------------------------------------- */

static assay_status setup_vectors(bench_state *state)
{
    const double n = (double)state->size;
    state->bytes_read = 8 * n;
    state->bytes_written = 4 * n;
    state->items = state->flops = n;
    return make_job(state, state->size, state->size, state->size);
}

static assay_status run_vectors_by(bench_state *state, lmul_arithmetic arithmetic)
{
    const job *j = state->data;
    const assay_status status = lmul_multiply(&arithmetic, j->a, j->b, j->c, state->size);
    bench_consume(j->c);
    return status;
}

static assay_status run_vectors(bench_state *state)
{
    return run_vectors_by(state, lmul_with_bits(23));
}

static assay_status run_vectors_exact(bench_state *state)
{
    return run_vectors_by(state, lmul_exact());
}

/* The number of bytes is that of elements times their size. */
static assay_status setup_bytes(bench_state *state, size_t element)
{
    const size_t bytes = state->size * element;
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (!j)
        return ASSAY_NO_MEMORY;
    j->x8 = assay_allocate(bytes, 1);
    j->y8 = assay_allocate(bytes, 1);
    j->out8 = assay_allocate(bytes, 1);
    if (!j->x8 || !j->y8 || !j->out8)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < bytes; i++) {
        const uint64_t bits = assay_random_bits(state->random, i);
        j->x8[i] = (uint8_t)bits;
        j->y8[i] = (uint8_t)(bits >> 8);
    }
    state->bytes_read = 2 * (double)bytes;
    state->bytes_written = (double)bytes;
    state->items = (double)state->size;
    state->flops = (double)bytes / 4; /* so many additions of 32 bits */
    return ASSAY_OK;
}

static assay_status setup_u8(bench_state *state)
{
    return setup_bytes(state, 1);
}

static assay_status setup_u16(bench_state *state)
{
    return setup_bytes(state, 2);
}

static assay_status run_e4m3(bench_state *state)
{
    const job *j = state->data;
    const assay_status status = lmul_multiply_u8(LMUL_E4M3, j->x8, j->y8, j->out8, state->size);
    bench_consume(j->out8);
    return status;
}

static assay_status run_bf16(bench_state *state)
{
    const job *j = state->data; /* allocated memory is aligned for any type */
    const assay_status status =
        lmul_multiply_u16(LMUL_BF16, (const uint16_t *)(const void *)j->x8, (const uint16_t *)(const void *)j->y8,
                          (uint16_t *)(void *)j->out8, state->size);
    bench_consume(j->out8);
    return status;
}

/* ---- Matrix products ------------------------------------------------------------------------------------------ */

static assay_status setup_shape(bench_state *state, size_t m, size_t n, size_t k)
{
    const assay_status status = make_job(state, m * k, k * n, m * n);
    if (status != ASSAY_OK)
        return status;
    job *j = state->data;
    j->m = m;
    j->n = n;
    j->k = k;
    state->items = (double)m * (double)n * (double)k;
    state->flops = 2 * state->items; /* an addition of integers and one of floats, in place of a multiply-add */
    state->bytes_read = 4 * ((double)m * (double)k + (double)k * (double)n + (double)m * (double)n);
    state->bytes_written = 4 * (double)m * (double)n;
    return ASSAY_OK;
}

static assay_status setup_square(bench_state *state)
{
    return setup_shape(state, state->size, state->size, state->size);
}

enum { PIXELS = 64, QUERIES = 512 };

/* A row of pixels, centred and of length 1. */
static void normalise(const double *pixels, const double *mean, float *to, size_t stride)
{
    double squares = 0;
    for (size_t j = 0; j < PIXELS; j++)
        squares += (pixels[j] - mean[j]) * (pixels[j] - mean[j]);
    for (size_t j = 0; j < PIXELS; j++)
        to[j * stride] = (float)((pixels[j] - mean[j]) / sqrt(squares));
}

/* Scores of 512 digits against 1200 others: the product that attention to a memory needs (the size is the number of
 * keys). */
static assay_status setup_digits(bench_state *state)
{
    char path[4096];
    assay_table digits = {0};
    const size_t keys = state->size;
    double mean[PIXELS] = {0};
    assay_status status = setup_shape(state, QUERIES, keys, PIXELS);
    if (status == ASSAY_OK)
        status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &digits);
    if (status == ASSAY_OK && (digits.columns < PIXELS || digits.rows < keys + QUERIES))
        status = assay_fail(ASSAY_BAD_DATA, "%s has %zu rows of %zu, must have at least %zu of %d", path, digits.rows,
                            digits.columns, keys + QUERIES, PIXELS);
    const job *j = state->data;
    for (size_t i = 0; status == ASSAY_OK && i < keys * PIXELS; i++)
        mean[i % PIXELS] += digits.values[i / PIXELS * digits.columns + i % PIXELS] / (double)keys;
    for (size_t i = 0; status == ASSAY_OK && i < keys; i++)
        normalise(digits.values + i * digits.columns, mean, j->b + i, keys);
    for (size_t i = 0; status == ASSAY_OK && i < QUERIES; i++)
        normalise(digits.values + (keys + i) * digits.columns, mean, j->a + i * PIXELS, 1);
    assay_table_release(&digits);
    return status;
}

/* C grows by A B with every run, which changes nothing about the work. */
static assay_status run_gemm_by(bench_state *state, lmul_arithmetic arithmetic)
{
    const job *j = state->data;
    const assay_status status = lmul_gemm(&arithmetic, j->m, j->n, j->k, j->a, j->k, j->b, j->n, j->c, j->n);
    bench_consume(j->c);
    return status;
}

static assay_status run_gemm(bench_state *state)
{
    return run_gemm_by(state, lmul_with_bits(23));
}

static assay_status run_gemm_exact(bench_state *state)
{
    return run_gemm_by(state, lmul_exact());
}

static assay_status run_gemm_e4m3(bench_state *state)
{
    return run_gemm_by(state, lmul_fp8(LMUL_E4M3));
}

static assay_status run_openblas(bench_state *state)
{
    const job *j = state->data;
    openblas_set_num_threads(assay_threads());
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)j->m, (blasint)j->n, (blasint)j->k, 1, j->a,
                (blasint)j->k, j->b, (blasint)j->n, 1, j->c, (blasint)j->n);
    bench_consume(j->c);
    return ASSAY_OK;
}

/* ---- Attention ------------------------------------------------------------------------------------------------ */

enum { HEAD_WIDTH = 64 };

/* Queries in a, keys in b, values after the keys. */
static assay_status setup_attention(bench_state *state)
{
    const size_t t = state->size;
    const double pairs = (double)t * (double)t;
    state->items = 2 * pairs * HEAD_WIDTH;
    state->flops = 2 * state->items;
    state->bytes_read = 4.0 * 3 * HEAD_WIDTH * (double)t;
    state->bytes_written = 4.0 * HEAD_WIDTH * (double)t;
    return make_job(state, t * HEAD_WIDTH, 2 * t * HEAD_WIDTH, t * HEAD_WIDTH);
}

static assay_status run_attention_by(bench_state *state, lmul_arithmetic arithmetic)
{
    const job *j = state->data;
    const size_t t = state->size;
    const assay_status status =
        lmul_attention(&arithmetic, t, t, HEAD_WIDTH, HEAD_WIDTH, j->a, j->b, j->b + t * HEAD_WIDTH, 0.125f, j->c);
    bench_consume(j->c);
    return status;
}

static assay_status run_attention(bench_state *state)
{
    return run_attention_by(state, lmul_with_bits(23));
}

static assay_status run_attention_exact(bench_state *state)
{
    return run_attention_by(state, lmul_exact());
}

/* ---- Exact products at a level -------------------------------------------------------------------------------- */

/* A peer is timed at the best level: this holds it to its own. */
static assay_status run_at(assay_level level, assay_status (*run)(bench_state *state), bench_state *state)
{
    const assay_level before = assay_cpu_level();
    assay_status status = assay_cpu_set_level(level);
    if (status == ASSAY_OK)
        status = run(state);
    assay_cpu_set_level(before);
    return status;
}

#define AT_LEVELS(RUN)                                                                                                 \
    static assay_status RUN##_avx2(bench_state *state)                                                                 \
    {                                                                                                                  \
        return run_at(ASSAY_AVX2, RUN, state);                                                                         \
    }                                                                                                                  \
    static assay_status RUN##_avx512(bench_state *state)                                                               \
    {                                                                                                                  \
        return run_at(ASSAY_AVX512, RUN, state);                                                                       \
    }

AT_LEVELS(run_vectors_exact)
AT_LEVELS(run_gemm_exact)
AT_LEVELS(run_gemm_e4m3)
AT_LEVELS(run_attention_exact)

#define PEER(NAME, NOTE, LEVEL, RUN)                                                                                   \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .level = LEVEL, .run = RUN                                                         \
    }

#define GEMM_PEERS                                                                                                     \
    {                                                                                                                  \
        PEER("FMA tiles avx2", "the same tiling, exact products", ASSAY_AVX2, run_gemm_exact_avx2),                    \
            PEER("FMA tiles avx512", "the same tiling, exact products", ASSAY_AVX512, run_gemm_exact_avx512),          \
            PEER("E4M3 avx2", "the same tiling, inputs rounded to E4M3", ASSAY_AVX2, run_gemm_e4m3_avx2),              \
            PEER("E4M3 avx512", "the same tiling, inputs rounded to E4M3", ASSAY_AVX512, run_gemm_e4m3_avx512),        \
            PEER("OpenBLAS sgemm", "exact products", ASSAY_REFERENCE, run_openblas)                                    \
    }

static const bench_workload workloads[] = {
    {.name = "multiply_f32",
     .sizes = {4096, 1000000, 16000000},
     .size_label = "elements",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_vectors,
     .teardown = teardown,
     .run = run_vectors,
     .threads = true,
     .weak = 262144,
     .peers = {PEER("exact product avx2", "x * y in the same loops", ASSAY_AVX2, run_vectors_exact_avx2),
               PEER("exact product avx512", "x * y in the same loops", ASSAY_AVX512, run_vectors_exact_avx512)}},
    {.name = "multiply_bf16",
     .sizes = {4096, 1000000},
     .quick_sizes = {4096},
     .size_label = "elements",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_u16,
     .teardown = teardown,
     .run = run_bf16},
    {.name = "multiply_e4m3",
     .sizes = {4096, 1000000},
     .quick_sizes = {4096},
     .size_label = "elements",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_u8,
     .teardown = teardown,
     .run = run_e4m3},
    {.name = "gemm_square",
     .sizes = {64, 256, 1024},
     .quick_sizes = {64, 256},
     .size_label = "n of an n x n product",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_square,
     .teardown = teardown,
     .run = run_gemm,
     .threads = true,
     .peers = GEMM_PEERS},
    {.name = "gemm_digits",
     .sizes = {1200},
     .size_label = "digits as keys, with 512 queries of 64 pixels",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_digits,
     .teardown = teardown,
     .run = run_gemm,
     .threads = true,
     .peers = GEMM_PEERS},
    {.name = "attention",
     .sizes = {128, 512, 2048},
     .quick_sizes = {128, 512},
     .size_label = "tokens, heads of width 64",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_attention,
     .teardown = teardown,
     .run = run_attention,
     .threads = true,
     .peers = {PEER("FMA tiles avx2", "the same attention, exact products", ASSAY_AVX2, run_attention_exact_avx2),
               PEER("FMA tiles avx512", "the same attention, exact products", ASSAY_AVX512,
                    run_attention_exact_avx512)}},
};

BENCH_WORKLOADS(lmul, workloads);
