/* Matches by transforms of indicators (Fischer and Paterson), and counts of hashed differences. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/fourier.h"
#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <string.h>

typedef struct fourier_job {
    const hamming_kernels *kernels;
    const hamming_distance_input *input;
    const hamming_alphabet *alphabet;
    const hamming_selection *selection; /* without the pivot */
    size_t N, shifts;                   /* length of a transform, and the shifts that do not wrap around in it */
    bool has_pivot;
    uint32_t pivot;
} fourier_job;

typedef struct float64_work {
    double *x, *spectrum, *sum;
} float64_work;

typedef struct float32_work {
    float *x, *spectrum, *sum;
} float32_work;

static void indicate(const fourier_job *job, const void *text, size_t length, uint16_t symbol, double *x)
{
    for (size_t i = 0; i < length; i++)
        x[i] = hamming_symbol_at(text, i, job->input->symbol_bytes) == symbol;
}

/* sum += a conj(b). */
static void correlate(const fourier_job *job, const double *a, const double *b, size_t count, double *sum)
{
    (void)job;
    for (size_t k = 0; k < 2 * count; k += 2) {
        sum[k] += a[k] * b[k] + a[k + 1] * b[k + 1];
        sum[k + 1] += a[k + 1] * b[k] - a[k] * b[k + 1];
    }
}

static double off_integers(const fourier_job *job, const double *x, size_t count)
{
    double worst = 0;
    (void)job;
    for (size_t i = 0; i < count; i++)
        worst = fmax(worst, fabs(x[i] - rint(x[i])));
    return worst;
}

static void subtract(const fourier_job *job, const double *x, size_t count, int32_t constant, int32_t *out)
{
    (void)job;
    for (size_t i = 0; i < count; i++)
        out[i] -= (int32_t)lrint(x[i]) + constant;
}

/*
 * In float64 rounding to the nearest integer is certain: the reference's argument (hamming_distance_transform.c) holds
 * for FFTW's transforms, whose errors are not larger.
 */
#define REAL         double
#define NAME(name)   float64_##name
#define FORWARD      assay_fourier_real_forward
#define INVERSE      assay_fourier_real_inverse
#define INDICATE     indicate
#define CORRELATE    correlate
#define OFF_INTEGERS off_integers
#define SUBTRACT     subtract
#define AGAIN(...)   assay_fail(ASSAY_NOT_CONVERGED, "a float64 transform is off by more than a quarter")
#include "optimized/discrete/hamming_distance_fourier_body.h"
#undef REAL
#undef NAME
#undef FORWARD
#undef INVERSE
#undef INDICATE
#undef CORRELATE
#undef OFF_INTEGERS
#undef SUBTRACT
#undef AGAIN

/* A block that was not certain in float32, by itself, in float64. */
static assay_status run_again(const fourier_job *job, size_t first, size_t count, size_t begin, size_t shifts,
                              int32_t constant, int32_t *out)
{
    hamming_distance_input part = *job->input;
    hamming_distance_counters ignored = {0};
    fourier_job again = *job;
    const hamming_selection selection = {job->selection->number + first, count};
    part.text = hamming_text_from(job->input, begin);
    part.n = shifts + part.m - 1;
    again.input = &part;
    again.selection = &selection;
    for (size_t i = 0; i < shifts; i++) /* the batch below adds the constant of a first one */
        out[begin + i] +=
            job->has_pivot ? (int32_t)hamming_distance_count(&job->alphabet->places, job->pivot) - constant : 0;
    return float64_run_batch(&again, 0, count, out + begin, &ignored);
}

/*
 * In float32 errors are random and about u sqrt(log2 N) times the root mean square of what is summed (u = 2^-24): with
 * patterns of up to 65,536 symbols and N = 4 m at most 2^-24 * 4 * 2^17 = 1/32, so that what is within a quarter of an
 * integer is taken for it; anything else is done again in float64.
 */
#define REAL       float
#define NAME(name) float32_##name
#define FORWARD    assay_fourier_real_forward_f32
#define INVERSE    assay_fourier_real_inverse_f32
#define INDICATE(JOB, TEXT, LENGTH, SYMBOL, X)                                                                         \
    ((JOB)->input->symbol_bytes == 1 ? (JOB)->kernels->indicate_u8(TEXT, LENGTH, (uint8_t)(SYMBOL), X)                 \
                                     : (JOB)->kernels->indicate_u16(TEXT, LENGTH, SYMBOL, X))
#define CORRELATE(JOB, ...)    (JOB)->kernels->correlate(__VA_ARGS__)
#define OFF_INTEGERS(JOB, ...) (JOB)->kernels->off_integers(__VA_ARGS__)
#define SUBTRACT(JOB, ...)     (JOB)->kernels->subtract(__VA_ARGS__)
#define AGAIN(JOB, FIRST, COUNT, BEGIN, SHIFTS, CONSTANT, OUT, COUNTERS)                                               \
    run_again(JOB, FIRST, COUNT, BEGIN, SHIFTS, CONSTANT, OUT)
#include "optimized/discrete/hamming_distance_fourier_body.h"

size_t hamming_fourier_length(size_t m)
{
    enum { LEAST = 1 << 13 };
    const size_t length = hamming_distance_power_of_two(4 * m);
    return length < LEAST ? LEAST : length;
}

assay_status hamming_subtract_fourier(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection, size_t N,
                                      int32_t *out, hamming_distance_counters *counters)
{
    enum { SPECTRA_BYTES = 1 << 28 }; /* of the pattern, at a time */
    const size_t m = input->m, longest = hamming_distance_power_of_two(input->n);
    hamming_selection rest = *selection;
    if (selection->count == 0)
        return ASSAY_OK;
    N = N < longest ? N : longest; /* no longer than the text */
    fourier_job job = {
        .kernels = kernels, .input = input, .alphabet = alphabet, .selection = &rest, .N = N, .shifts = N - m + 1};
    if (selection->count == alphabet->symbols && selection->count > 1 && alphabet->in_text[alphabet->symbols] == 0) {
        job.has_pivot = true;
        job.pivot = selection->number[--rest.count];
    }
    const bool wide = m > 65536 || N > 1 << 20;
    const size_t bytes = (N + 2) * (wide ? sizeof(double) : sizeof(float)), fit = SPECTRA_BYTES / bytes;
    const size_t batch = fit > 1 ? fit : 1;
    assay_status status = ASSAY_OK;
    for (size_t first = 0; status == ASSAY_OK && first < rest.count; first += batch) {
        const size_t count = rest.count - first < batch ? rest.count - first : batch;
        status = wide ? float64_run_batch(&job, first, count, out, counters)
                      : float32_run_batch(&job, first, count, out, counters);
    }
    return status;
}

/* ---- Counts of hashed differences ----------------------------------------------------------------------------- */

static void spread(const hamming_distance_places *places, size_t symbol, uint32_t p, size_t N, double *x)
{
    memset(x, 0, N * sizeof *x);
    for (size_t i = places->start[symbol]; i < places->start[symbol + 1]; i++) {
        const size_t position = p ? places->position[i] % p : places->position[i];
        x[position & (N - 1)] += places->weight ? places->weight[i] : 1;
    }
}

assay_status hamming_cyclic(const hamming_distance_places *text, const hamming_distance_places *pattern,
                            const uint32_t *symbols, size_t symbol_count, uint32_t p, size_t N, int64_t *counts,
                            hamming_distance_counters *counters)
{
    const size_t half = N / 2 + 1;
    double *x = assay_allocate(N, sizeof *x), *a = assay_allocate(2 * half, sizeof *a);
    double *b = assay_allocate(2 * half, sizeof *b), *sum = assay_allocate(2 * half, sizeof *sum);
    assay_status status = x && a && b && sum ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t s = 0; status == ASSAY_OK && s < symbol_count; s++) {
        spread(text, symbols[s], p, N, x);
        status = assay_fourier_real_forward(1, &N, x, a);
        spread(pattern, symbols[s], p, N, x);
        if (status == ASSAY_OK)
            status = assay_fourier_real_forward(1, &N, x, b);
        if (status == ASSAY_OK)
            correlate(NULL, a, b, half, sum);
    }
    if (status == ASSAY_OK)
        status = assay_fourier_real_inverse(1, &N, sum, x);
    if (status == ASSAY_OK) {
        for (size_t v = 0; v < N; v++)
            counts[v] += llrint(x[v]);
        counters->transforms += 2 * symbol_count + 1;
        counters->butterflies += (2 * symbol_count + 1) * (N / 2) * (uint64_t)__builtin_ctzll(N);
    }
    assay_release(x);
    assay_release(a);
    assay_release(b);
    assay_release(sum);
    return status;
}
