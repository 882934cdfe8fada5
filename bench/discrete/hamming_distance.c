/*
 * Timings of Hamming distances. The levels time the automatic choice; every method is a peer beside it, and so are
 * FFTW driving one correlation for each symbol (the plainest form of FFT_ALL), rows compared one by one, and Shift-Add.
 * Distances over a second mean nothing across methods, but items are pairs of symbols, n - m + 1 times m, for all.
 */
#include "assay/hamming_distance.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "assay/threads.h"

#include <fftw3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text with a pattern, and what peers keep between runs. */
typedef struct job {
    size_t n, m, symbol_bytes, k; /* k: bound of bounded distances */
    void *text, *pattern;
    int32_t *out;
    /* FFTW, one correlation for each symbol: plans and arrays. */
    size_t N;
    fftwf_plan forward, inverse;
    float *x, *spectrum, *pattern_spectrum;
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    if (j->forward)
        fftwf_destroy_plan(j->forward);
    if (j->inverse)
        fftwf_destroy_plan(j->inverse);
    assay_release(j->text);
    assay_release(j->pattern);
    assay_release(j->out);
    assay_release(j->x);
    assay_release(j->spectrum);
    assay_release(j->pattern_spectrum);
    assay_release(j);
    state->data = NULL;
}

static assay_status make_job(bench_state *state, size_t n, size_t m, size_t symbol_bytes)
{
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (!j)
        return ASSAY_NO_MEMORY;
    j->n = n;
    j->m = m;
    j->symbol_bytes = symbol_bytes;
    j->text = assay_allocate(n, symbol_bytes);
    j->pattern = assay_allocate(m, symbol_bytes);
    j->out = assay_allocate(n - m + 1, sizeof *j->out);
    state->items = (double)(n - m + 1) * (double)m;
    state->bytes_read = (double)(n + m) * (double)symbol_bytes;
    state->bytes_written = 4.0 * (double)(n - m + 1);
    return j->text && j->pattern && j->out ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* ---- Inputs --------------------------------------------------------------------------------------------------- */

static assay_status setup_random(bench_state *state, size_t n, size_t m, unsigned symbols)
{
    const assay_status status = make_job(state, n, m, 1);
    if (status != ASSAY_OK)
        return status;
    const job *j = state->data;
    const assay_random other = {state->random.seed, state->random.stream + 1};
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)j->text)[i] = (uint8_t)assay_random_integer(state->random, i, symbols);
    for (size_t i = 0; i < m; i++)
        ((uint8_t *)j->pattern)[i] = (uint8_t)assay_random_integer(other, i, symbols);
    return ASSAY_OK;
}

enum { SMALL = 1 << 14, MEDIUM = 1 << 20, LARGE = 1 << 26 };

static assay_status setup_small(bench_state *state)
{
    return setup_random(state, SMALL, state->size, 4);
}

static assay_status setup_4(bench_state *state)
{
    return setup_random(state, MEDIUM, state->size, 4);
}

static assay_status setup_20(bench_state *state)
{
    return setup_random(state, MEDIUM, state->size, 20);
}

static assay_status setup_64(bench_state *state)
{
    return setup_random(state, MEDIUM, state->size, 64);
}

static assay_status setup_256(bench_state *state)
{
    return setup_random(state, MEDIUM, state->size, 256);
}

/* Bytes of the user's file, else of a data set: as many as there are, at most @p most. */
static assay_status read_set(const char *set, uint8_t *bytes, size_t most, size_t *got)
{
    char path[4096];
    const char *name = assay_user_data();
    if (!name) {
        const assay_status status = assay_dataset_path(set, path, sizeof path);
        if (status != ASSAY_OK)
            return status;
        name = path;
    }
    FILE *file = fopen(name, "rb");
    if (!file)
        return assay_fail(ASSAY_IO, "%s cannot be opened", name);
    *got = fread(bytes, 1, most, file);
    fclose(file);
    return *got > 0 ? ASSAY_OK : assay_fail(ASSAY_BAD_DATA, "%s is empty", name);
}

/* A part of the text as the pattern, a twentieth of it replaced by other symbols of the text. */
static void cut_pattern(const bench_state *state)
{
    const job *j = state->data;
    const assay_random r = {state->random.seed, state->random.stream + 2};
    const size_t from = j->n / 3 < j->n - j->m ? j->n / 3 : 0, width = j->symbol_bytes;
    for (size_t i = 0; i < j->m; i++) {
        const bool edited = assay_random_integer(r, 2 * i, 20) == 0;
        const size_t at = edited ? assay_random_integer(r, 2 * i + 1, j->n) : from + i;
        memcpy((char *)j->pattern + i * width, (const char *)j->text + at * width, width);
    }
}

enum { TEXT_PATTERN = 4096 };

/* English: licences, then a dictionary, again and again if that is not enough (it is 1.2 million bytes). */
static assay_status fill_english(uint8_t *text, size_t n)
{
    size_t first = 0, second = 0;
    assay_status status = read_set("licences.txt", text, n, &first);
    if (status == ASSAY_OK && first < n && !assay_user_data())
        status = read_set("dictionary.txt", text + first, n - first, &second);
    for (size_t i = first + second; status == ASSAY_OK && i < n; i++)
        text[i] = text[i - first - second];
    return status;
}

static assay_status setup_english(bench_state *state)
{
    assay_status status = make_job(state, state->size, TEXT_PATTERN, 1);
    const job *j = state->data;
    if (status == ASSAY_OK)
        status = fill_english(j->text, j->n);
    if (status == ASSAY_OK)
        cut_pattern(state);
    return status;
}

/* The bytes of a file of floating-point numbers, modulo 4. */
static assay_status setup_dna_like(bench_state *state)
{
    size_t got = 0;
    assay_status status = make_job(state, state->size, TEXT_PATTERN, 1);
    const job *j = state->data;
    if (status == ASSAY_OK)
        status = read_set("words.fvecs", j->text, j->n, &got);
    for (size_t i = 0; status == ASSAY_OK && i < j->n; i++)
        ((uint8_t *)j->text)[i] = ((const uint8_t *)j->text)[i < got ? i : i - got] & 3;
    if (status == ASSAY_OK)
        cut_pattern(state);
    return status;
}

/* A symbol for each of the last 65,536 different words by a hash of its letters: about 60,000 of them. */
static assay_status setup_words(bench_state *state)
{
    enum { WORDS = 1 << 17, BYTES = MEDIUM };
    assay_status status = make_job(state, WORDS, state->size, 2);
    uint8_t *bytes = assay_allocate(BYTES, 1);
    if (status == ASSAY_OK)
        status = bytes ? fill_english(bytes, BYTES) : ASSAY_NO_MEMORY;
    const job *j = state->data;
    size_t words = 0;
    uint64_t hash = 0;
    for (size_t i = 0; status == ASSAY_OK && i < BYTES && words < WORDS; i++) {
        const bool letter = (bytes[i] | 32) >= 'a' && (bytes[i] | 32) <= 'z';
        if (letter)
            hash = (hash + (bytes[i] | 32)) * UINT64_C(0x9e3779b97f4a7c15);
        else if (hash != 0) {
            ((uint16_t *)j->text)[words++] = (uint16_t)(hash >> 48);
            hash = 0;
        }
    }
    assay_release(bytes);
    if (status == ASSAY_OK && words == 0)
        status = assay_fail(ASSAY_BAD_DATA, "the text has no words");
    for (size_t i = words; status == ASSAY_OK && i < WORDS; i++)
        ((uint16_t *)j->text)[i] = ((const uint16_t *)j->text)[i - words];
    if (status == ASSAY_OK)
        cut_pattern(state);
    return status;
}

/* ---- Ours ----------------------------------------------------------------------------------------------------- */

/* The definition at 2 to 4 pairs a nanosecond is not worth the wait beyond this. */
static const double REFERENCE_ITEMS = 6e8;

static assay_status run_by(bench_state *state, hamming_distance_method method)
{
    const job *j = state->data;
    if (assay_cpu_level() == ASSAY_REFERENCE && state->items > REFERENCE_ITEMS)
        return assay_fail(ASSAY_UNSUPPORTED, "%g pairs would take the reference too long", state->items);
    const assay_status status =
        hamming_distance_exact(j->text, j->n, j->pattern, j->m, j->symbol_bytes, method, NULL, j->out);
    bench_consume(j->out);
    return status;
}

static assay_status run_auto(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_AUTO);
}

static assay_status run_simd(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_SIMD);
}

static assay_status run_dna2(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_DNA2);
}

static assay_status run_sliced(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_SLICED);
}

static assay_status run_fft_all(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_FFT_ALL);
}

static assay_status run_abrahamson(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_ABRAHAMSON);
}

static assay_status run_las_vegas(bench_state *state)
{
    return run_by(state, HAMMING_DISTANCE_LASVEGAS);
}

/* ---- FFTW in the plainest form -------------------------------------------------------------------------------- */

/* Plans and arrays, once: not timed (the harness runs everything once before). The length is that of FFT_ALL. */
static assay_status prepare_fftw(job *j)
{
    if (j->N)
        return ASSAY_OK;
    size_t N = 8192;
    while (N < 4 * j->m)
        N *= 2;
    j->x = assay_allocate(N, sizeof *j->x);
    j->spectrum = assay_allocate(N + 2, sizeof *j->spectrum);
    j->pattern_spectrum = assay_allocate(N + 2, sizeof *j->pattern_spectrum);
    if (!j->x || !j->spectrum || !j->pattern_spectrum)
        return ASSAY_NO_MEMORY;
    j->forward = fftwf_plan_dft_r2c_1d((int)N, j->x, (fftwf_complex *)j->spectrum, FFTW_ESTIMATE);
    j->inverse = fftwf_plan_dft_c2r_1d((int)N, (fftwf_complex *)j->spectrum, j->x, FFTW_ESTIMATE);
    j->N = N;
    return j->forward && j->inverse ? ASSAY_OK : assay_fail(ASSAY_UNSUPPORTED, "FFTW has no plan");
}

/* One symbol in one block of text: to the spectrum, times the pattern's, and back. */
static void correlate_symbol(job *j, uint8_t symbol, size_t first)
{
    const uint8_t *text = (const uint8_t *)j->text + first;
    const size_t length = j->n - first < j->N ? j->n - first : j->N;
    for (size_t i = 0; i < j->N; i++)
        j->x[i] = i < length && text[i] == symbol ? 1 : 0;
    fftwf_execute(j->forward);
    for (size_t k = 0; k < j->N + 2; k += 2) {
        const float re = j->spectrum[k], im = j->spectrum[k + 1];
        const float pattern_re = j->pattern_spectrum[k], pattern_im = j->pattern_spectrum[k + 1];
        j->spectrum[k] = re * pattern_re + im * pattern_im;
        j->spectrum[k + 1] = im * pattern_re - re * pattern_im;
    }
    fftwf_execute(j->inverse);
    const size_t shifts = length - j->m + 1;
    for (size_t i = 0; i < shifts; i++)
        j->out[first + i] -= (int32_t)(j->x[i] / (float)j->N + 0.5F);
}

static assay_status run_fftw(bench_state *state)
{
    job *j = state->data;
    const assay_status status = prepare_fftw(j);
    if (status != ASSAY_OK)
        return status;
    bool present[256] = {false};
    for (size_t i = 0; i < j->m; i++)
        present[((const uint8_t *)j->pattern)[i]] = true;
    for (size_t i = 0; i + j->m <= j->n; i++)
        j->out[i] = (int32_t)j->m;
    for (size_t s = 0; s < 256; s++) {
        if (!present[s])
            continue;
        for (size_t i = 0; i < j->N; i++)
            j->x[i] = i < j->m && ((const uint8_t *)j->pattern)[i] == s ? 1 : 0;
        fftwf_execute_dft_r2c(j->forward, j->x, (fftwf_complex *)j->pattern_spectrum);
        for (size_t first = 0; first + j->m <= j->n; first += j->N - j->m + 1)
            correlate_symbol(j, (uint8_t)s, first);
    }
    bench_consume(j->out);
    return ASSAY_OK;
}

/* ---- Row by row, and Shift-Add -------------------------------------------------------------------------------- */

/* Mismatches of two rows, eight bytes at a time, given up above @p limit. */
static size_t compare_rows(const uint8_t *a, const uint8_t *b, size_t m, size_t limit)
{
    size_t distance = 0, i = 0;
    for (; i + 8 <= m && distance <= limit; i += 8) {
        const uint64_t lower = UINT64_C(0x7f7f7f7f7f7f7f7f);
        uint64_t x, y;
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        x ^= y;
        x = (((x & lower) + lower) | x) >> 7 & UINT64_C(0x0101010101010101);
        distance += x * UINT64_C(0x0101010101010101) >> 56;
    }
    for (; i < m && distance <= limit; i++)
        distance += a[i] != b[i];
    return distance;
}

static assay_status run_rows(bench_state *state)
{
    const job *j = state->data;
    const size_t limit = j->k ? j->k : j->m;
    for (size_t i = 0; i + j->m <= j->n; i++) {
        const size_t distance = compare_rows((const uint8_t *)j->text + i, j->pattern, j->m, limit);
        j->out[i] = (int32_t)(distance <= limit ? distance : limit + 1);
    }
    bench_consume(j->out);
    return ASSAY_OK;
}

/* Baeza-Yates and Gonnet: a counter of a byte for each prefix of at most 64 symbols, all moved on by one for each
 * symbol of text and added to. */
static assay_status run_shift_add(bench_state *state)
{
    const job *j = state->data;
    const uint8_t *text = j->text, *pattern = j->pattern;
    uint8_t differs[256][64], counter[65] = {0};
    if (j->m > 64)
        return assay_fail(ASSAY_UNSUPPORTED, "m is %zu, must be at most 64", j->m);
    for (size_t s = 0; s < 256; s++)
        for (size_t p = 0; p < 64; p++)
            differs[s][p] = p < j->m && pattern[p] != s;
    for (size_t i = 0; i < j->n; i++) {
        memmove(counter + 1, counter, 64);
        counter[0] = 0;
        for (size_t p = 0; p < 64; p++) /* counter[p + 1]: of the prefix of p + 1 symbols */
            counter[p + 1] = (uint8_t)(counter[p + 1] + differs[text[i]][p]);
        if (i + 1 >= j->m)
            j->out[i + 1 - j->m] = counter[j->m];
    }
    bench_consume(j->out);
    return ASSAY_OK;
}

/* ---- Bounded distances ---------------------------------------------------------------------------------------- */

static assay_status setup_bounded_english(bench_state *state)
{
    assay_status status = make_job(state, MEDIUM, TEXT_PATTERN, 1);
    job *j = state->data;
    if (status == ASSAY_OK)
        status = fill_english(j->text, j->n);
    if (status == ASSAY_OK) {
        cut_pattern(state);
        j->k = state->size;
    }
    return status;
}

/* A period of 3 symbols, one in 500 of them replaced, in the text and in the pattern. */
static assay_status setup_periodic(bench_state *state)
{
    enum { N = 1 << 18, M = 16384 };
    const assay_status status = make_job(state, N, M, 1);
    job *j = state->data;
    if (status != ASSAY_OK)
        return status;
    const assay_random r = {state->random.seed, state->random.stream + 3};
    for (size_t i = 0; i < N + M; i++) {
        uint8_t *at = i < N ? (uint8_t *)j->text + i : (uint8_t *)j->pattern + (i - N);
        const size_t phase = (i < N ? i : i - N) % 3;
        *at = (uint8_t)(assay_random_integer(r, 2 * i, 500) == 0 ? assay_random_integer(r, 2 * i + 1, 20) : phase);
    }
    j->k = state->size;
    return ASSAY_OK;
}

static assay_status run_bounded(bench_state *state)
{
    const job *j = state->data;
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return assay_fail(ASSAY_UNSUPPORTED, "%zu symbols would take the reference too long", j->n);
    const assay_status status =
        hamming_distance_bounded(j->text, j->n, j->pattern, j->m, j->symbol_bytes, j->k, NULL, j->out);
    bench_consume(j->out);
    return status;
}

/* ---- Tables --------------------------------------------------------------------------------------------------- */

#define PEER(NAME, NOTE, RUN)                                                                                          \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .run = RUN                                                                         \
    }
#define OTHER(NAME, NOTE, RUN)                                                                                         \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .run = RUN, .single_thread = true                                                  \
    }

#define SIMD       PEER("simd", "method SIMD of this library", run_simd)
#define DNA2       PEER("dna2", "method DNA2 of this library", run_dna2)
#define SLICED     PEER("sliced", "method SLICED of this library", run_sliced)
#define FFT_ALL    PEER("fft all", "method FFT_ALL of this library", run_fft_all)
#define ABRAHAMSON PEER("abrahamson", "method ABRAHAMSON of this library", run_abrahamson)
#define LAS_VEGAS  PEER("las vegas", "method LASVEGAS of this library", run_las_vegas)
#define FFTW       OTHER("FFTW per symbol", "fftwf r2c and c2r, a correlation for each symbol", run_fftw)
#define ROWS       OTHER("row compare", "rows one by one, eight bytes at a time", run_rows)
#define SHIFT_ADD  OTHER("Shift-Add", "Baeza-Yates and Gonnet, a byte for each prefix", run_shift_add)

static const bench_workload workloads[] = {
    {.name = "small",
     .sizes = {16, 64},
     .quick_sizes = {64},
     .size_label = "symbols of pattern, 4 letters, 2^14 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_small,
     .teardown = teardown,
     .run = run_auto,
     .peers = {SIMD, DNA2, SLICED, ROWS, SHIFT_ADD}},
    {.name = "letters_4",
     .sizes = {256, 4096, 65536},
     .quick_sizes = {256, 4096},
     .size_label = "symbols of pattern, 2^20 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_4,
     .teardown = teardown,
     .run = run_auto,
     .threads = true,
     .peers = {SIMD, DNA2, SLICED, FFT_ALL, LAS_VEGAS, FFTW}},
    {.name = "letters_20",
     .sizes = {256, 4096, 65536},
     .quick_sizes = {4096},
     .size_label = "symbols of pattern, 2^20 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_20,
     .teardown = teardown,
     .run = run_auto,
     .peers = {SIMD, SLICED, FFT_ALL, ABRAHAMSON, LAS_VEGAS, FFTW}},
    {.name = "letters_64",
     .sizes = {256, 4096, 65536},
     .quick_sizes = {4096},
     .size_label = "symbols of pattern, 2^20 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_64,
     .teardown = teardown,
     .run = run_auto,
     .peers = {SIMD, SLICED, ABRAHAMSON, LAS_VEGAS}},
    {.name = "letters_256",
     .sizes = {256, 4096, 65536},
     .quick_sizes = {4096},
     .size_label = "symbols of pattern, 2^20 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_256,
     .teardown = teardown,
     .run = run_auto,
     .peers = {SIMD, SLICED, ABRAHAMSON, LAS_VEGAS}},
    {.name = "english",
     .sizes = {MEDIUM, LARGE},
     .quick_sizes = {MEDIUM},
     .size_label = "symbols of text, pattern of 4096 from it with 5 % edits",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_english,
     .teardown = teardown,
     .run = run_auto,
     .threads = true,
     .weak = MEDIUM / 4,
     .peers = {SIMD, SLICED, ABRAHAMSON}},
    {.name = "dna_like",
     .sizes = {MEDIUM, LARGE},
     .quick_sizes = {MEDIUM},
     .size_label = "symbols of text, bytes of a file modulo 4, pattern of 4096",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_dna_like,
     .teardown = teardown,
     .run = run_auto,
     .threads = true,
     .peers = {DNA2, SLICED, LAS_VEGAS}},
    {.name = "words",
     .sizes = {8192},
     .size_label = "words of pattern, 2^17 words of text as 16-bit symbols",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_words,
     .teardown = teardown,
     .run = run_auto,
     .peers = {SIMD, ABRAHAMSON, LAS_VEGAS}},
    {.name = "bounded_english",
     .sizes = {8, 64, 512},
     .quick_sizes = {64},
     .size_label = "k, pattern of 4096, 2^20 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_bounded_english,
     .teardown = teardown,
     .run = run_bounded,
     .threads = true,
     .peers = {PEER("exact", "all distances by AUTO", run_auto), ROWS}},
    {.name = "bounded_periodic",
     .sizes = {8, 64, 512},
     .quick_sizes = {64},
     .size_label = "k, noisy period of 3, pattern of 16384, 2^18 of text",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_periodic,
     .teardown = teardown,
     .run = run_bounded,
     .peers = {PEER("exact", "all distances by AUTO", run_auto), ROWS}},
};

BENCH_WORKLOADS(hamming_distance, workloads);
