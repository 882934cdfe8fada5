/* Matches by transforms modulo a small prime: tables of roots, and groups of symbols over blocks of text. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <string.h>

enum { Q = HAMMING_MODULUS, Q_INVERSE = 53249, GENERATOR = 11, WIDTH_MIN = 32, LENGTH_MIN = 32, LENGTH_MAX = 4096 };

/* ---- Tables --------------------------------------------------------------------------------------------------- */

static uint32_t power_of(uint32_t base, uint32_t exponent)
{
    uint32_t result = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % Q;
        base = base * base % Q;
    }
    return result;
}

static hamming_factor factor_of(uint32_t x)
{
    const uint16_t value = (uint16_t)((x << 16) % Q);
    return (hamming_factor){value, (uint16_t)(value * Q_INVERSE)};
}

/* roots[h + j] is the j-th power of a primitive 2 h-th root of unity (or of its inverse), h = 1, 2, 4, ..., size / 2.
 */
static void fill_roots(hamming_factor *roots, size_t size, bool inverse)
{
    for (uint32_t h = 1; h <= size / 2; h *= 2) {
        const uint32_t root = power_of(GENERATOR, inverse ? Q - 1 - (Q - 1) / (2 * h) : (Q - 1) / (2 * h));
        uint32_t power = 1;
        for (size_t j = 0; j < h; j++) {
            roots[h + j] = factor_of(power);
            power = power * root % Q;
        }
    }
}

static void release_modular(hamming_modular *m)
{
    assay_release(m->row_roots);
    assay_release(m->row_inverse);
    assay_release(m->column_roots);
    assay_release(m->column_inverse);
    assay_release(m->fold);
    *m = (hamming_modular){0}; /* releasing it once more does nothing */
}

static assay_status make_modular(size_t N, hamming_modular *made)
{
    const size_t width = N / LENGTH_MAX > WIDTH_MIN ? N / LENGTH_MAX : WIDTH_MIN, length = N / width;
    *made = (hamming_modular){.width = width,
                              .length = length,
                              .N = N,
                              .row_roots = assay_allocate(length, sizeof *made->row_roots),
                              .row_inverse = assay_allocate(length, sizeof *made->row_inverse),
                              .column_roots = assay_allocate(2 * width, sizeof *made->column_roots),
                              .column_inverse = assay_allocate(2 * width, sizeof *made->column_inverse),
                              .fold = assay_allocate(length, sizeof *made->fold)};
    if (!made->row_roots || !made->row_inverse || !made->column_roots || !made->column_inverse || !made->fold) {
        release_modular(made);
        return ASSAY_NO_MEMORY;
    }
    fill_roots(made->row_roots, length, false);
    fill_roots(made->row_inverse, length, true);
    fill_roots(made->column_roots, 2 * width, false);
    fill_roots(made->column_inverse, 2 * width, true);
    /* The transform leaves frequency k in the row whose number has the bits of k reversed. */
    const uint32_t root = power_of(GENERATOR, (Q - 1) / (uint32_t)length);
    for (size_t row = 0; row < length; row++) {
        uint32_t frequency = 0;
        for (size_t bit = 1; bit < length; bit *= 2)
            frequency = frequency * 2 + ((row & bit) != 0);
        made->fold[row] = factor_of(power_of(root, frequency)).value;
    }
    made->scale = factor_of(power_of((uint32_t)(2 * N % Q), Q - 2));
    made->to_montgomery = factor_of((1u << 16) % Q);
    return ASSAY_OK;
}

size_t hamming_modular_pattern_max(void)
{
    return hamming_modular_length_max() / 4;
}

size_t hamming_modular_length_max(void)
{
    return (size_t)HAMMING_WIDTH_MAX * LENGTH_MAX;
}

size_t hamming_modular_length(size_t m)
{
    const size_t length = hamming_distance_power_of_two(4 * m);
    return length < WIDTH_MIN * LENGTH_MIN ? WIDTH_MIN * LENGTH_MIN : length;
}

/* ---- One group ------------------------------------------------------------------------------------------------ */

/* Some of the places of a symbol in the pattern: less than the modulus, so that it can hold their matches. */
typedef struct share {
    uint32_t number, begin, end;
} share;

/* Symbols, or shares of them, whose matches are counted together, and the spectra of their places. */
typedef struct group {
    const hamming_kernels *kernels;
    const hamming_distance_input *input;
    const hamming_alphabet *alphabet;
    const share *share;
    size_t count;
    hamming_modular modular;
    uint16_t *spectra; /* 2 N each */
} group;

/* The memory of a thread: rows (N), sum (2 N). */
static uint16_t *make_work(const group *g)
{
    return assay_allocate(3 * g->modular.N, sizeof(uint16_t));
}

/* Place y of the pattern at position -y: the convolution correlates. */
static assay_status make_spectra(group *g)
{
    const size_t N = g->modular.N;
    uint16_t *x = assay_allocate(N, sizeof *x);
    g->spectra = assay_allocate(2 * N * g->count, sizeof *g->spectra);
    const assay_status status = x && g->spectra ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < g->count; i++) {
        memset(x, 0, N * sizeof *x);
        for (size_t k = g->share[i].begin; k < g->share[i].end; k++)
            x[(N - g->alphabet->places.position[k]) & (N - 1)] = 1;
        g->kernels->rows(&g->modular, x);
        g->kernels->columns(&g->modular, x, g->spectra + i * 2 * N);
    }
    assay_release(x);
    return status;
}

/* work[x - y modulo N] = matches modulo q for a window of at most N text symbols. */
static void run_window(const group *g, const void *text, size_t length, uint16_t *work)
{
    const size_t N = g->modular.N;
    uint16_t *sum = work + N;
    memset(sum, 0, 2 * N * sizeof *sum);
    for (size_t i = 0; i < g->count; i++) {
        const uint16_t symbol = g->alphabet->symbol[g->share[i].number];
        if (g->input->symbol_bytes == 1)
            g->kernels->rows_u8(&g->modular, text, length, (uint8_t)symbol, work);
        else
            g->kernels->rows_u16(&g->modular, text, length, symbol, work);
        g->kernels->multiply(&g->modular, work, g->spectra + i * 2 * N, sum);
    }
    g->kernels->inverse(&g->modular, sum, work);
}

static void count_operations(const group *g, size_t windows, hamming_distance_counters *counters)
{
    const size_t N = g->modular.N, width = g->modular.width;
    const uint64_t transforms = (uint64_t)(windows + 1) * g->count + windows;
    /* Rows: N/2 for each of log2 length stages; columns: 2 N/2 for each of log2 (2 width). */
    const uint64_t each =
        N / 2 * (uint64_t)__builtin_ctzll(g->modular.length) + N * (uint64_t)__builtin_ctzll(2 * width);
    counters->modular_transforms += transforms;
    counters->modular_butterflies += transforms * each;
    counters->modular_products += (uint64_t)windows * g->count * 2 * N;
}

static assay_status run_group(group *g, int32_t *out, hamming_distance_counters *counters)
{
    const size_t shifts = g->input->n - g->input->m + 1, step = g->modular.N - g->input->m + 1;
    const size_t windows = (shifts + step - 1) / step;
    bool no_memory = false;
    assay_status status = make_spectra(g);
    if (status == ASSAY_OK) {
#pragma omp parallel num_threads(assay_threads()) if (windows > 1)
        {
            uint16_t *work = make_work(g);
            if (!work) {
#pragma omp atomic write
                no_memory = true;
            }
#pragma omp for schedule(dynamic)
            for (size_t w = 0; w < windows; w++) {
                const size_t first = w * step, count = shifts - first < step ? shifts - first : step;
                if (work) {
                    run_window(g, hamming_text_from(g->input, first), count + g->input->m - 1, work);
                    for (size_t i = 0; i < count; i++)
                        out[first + i] -= work[i];
                }
            }
            assay_release(work);
        }
        count_operations(g, windows, counters);
        status = no_memory ? assay_fail(ASSAY_NO_MEMORY, "no memory for transforms of %zu residues", g->modular.N)
                           : ASSAY_OK;
    }
    assay_release(g->spectra);
    return status;
}

/* ---- All of a selection --------------------------------------------------------------------------------------- */

/* Cuts the selected symbols' places into shares of less than the modulus. */
static share *make_shares(const hamming_alphabet *alphabet, const hamming_selection *selection, size_t *count)
{
    const uint32_t most = Q - 1, *start = alphabet->places.start;
    *count = 0;
    for (size_t i = 0; i < selection->count; i++)
        *count += (hamming_distance_count(&alphabet->places, selection->number[i]) + most - 1) / most;
    share *shares = assay_allocate(*count, sizeof *shares), *next = shares;
    for (size_t i = 0; shares && i < selection->count; i++) {
        const uint32_t number = selection->number[i], end = start[number + 1];
        for (uint32_t begin = start[number]; begin < end; begin += most)
            *next++ = (share){number, begin, end - begin < most ? end : begin + most};
    }
    return shares;
}

/* A group takes shares while the modulus can hold their matches, and memory their spectra. No difference has more
 * matches of a share than it has places, or the text symbols. */
static size_t count_group(const hamming_alphabet *alphabet, const share *shares, size_t count, size_t most)
{
    uint64_t bound = 0;
    size_t taken = 0;
    for (; taken < count && taken < most; taken++) {
        const uint64_t places = shares[taken].end - shares[taken].begin,
                       in_text = alphabet->in_text[shares[taken].number];
        bound += places < in_text ? places : in_text;
        if (bound >= Q)
            break;
    }
    return taken > 0 ? taken : 1;
}

assay_status hamming_subtract_modular(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection,
                                      int32_t *out, hamming_distance_counters *counters)
{
    enum { SPECTRA_BYTES = 1 << 28 };
    size_t count;
    if (selection->count == 0)
        return ASSAY_OK;
    share *shares = make_shares(alphabet, selection, &count);
    group g = {.kernels = kernels, .input = input, .alphabet = alphabet};
    assay_status status = shares ? make_modular(hamming_modular_length(input->m), &g.modular) : ASSAY_NO_MEMORY;
    for (size_t first = 0; status == ASSAY_OK && first < count; first += g.count) {
        const size_t most = SPECTRA_BYTES / (2 * g.modular.N * sizeof *g.spectra);
        g.share = shares + first;
        g.count = count_group(alphabet, g.share, count - first, most);
        counters->groups++;
        status = run_group(&g, out, counters);
    }
    release_modular(&g.modular);
    assay_release(shares);
    return status;
}

assay_status hamming_modular_residues(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection,
                                      uint32_t *residues, hamming_distance_counters *counters)
{
    const size_t differences = input->n + input->m - 1, least = (size_t)WIDTH_MIN * LENGTH_MIN;
    const size_t N = hamming_distance_power_of_two(differences > least ? differences : least);
    share *shares = assay_allocate(selection->count, sizeof *shares);
    group g = {.kernels = kernels, .input = input, .alphabet = alphabet, .share = shares, .count = selection->count};
    uint16_t *work = NULL;
    assay_status status = shares ? make_modular(N, &g.modular) : ASSAY_NO_MEMORY;
    for (size_t i = 0; shares && i < selection->count; i++)
        shares[i] = (share){selection->number[i], alphabet->places.start[selection->number[i]],
                            alphabet->places.start[selection->number[i] + 1]};
    if (status == ASSAY_OK)
        status = make_spectra(&g);
    if (status == ASSAY_OK && !(work = make_work(&g)))
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        run_window(&g, input->text, input->n, work);
        for (size_t e = 0; e < differences; e++)
            residues[e] = work[(e - (input->m - 1)) & (N - 1)];
        count_operations(&g, 1, counters);
    }
    assay_release(work);
    assay_release(shares);
    assay_release(g.spectra);
    release_modular(&g.modular);
    return status;
}
