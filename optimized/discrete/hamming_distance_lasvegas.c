/*
 * LASVEGAS: light symbols by pairs, the others by transforms modulo a prime, repaired where that is not certain.
 *
 * As no difference has more matches of a symbol than the pattern has places of it, a group whose places are fewer than
 * the modulus needs no repair, and its transforms need not hold all differences: they overlap like those of FFT_ALL.
 * Only symbols that by themselves could exceed the modulus (all symbols, if groups are limited by mass alone or the
 * modulus is another one) go the specified way, in chunks of 2 m symbols.
 */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <string.h>

/* ---- Symbols that need repair --------------------------------------------------------------------------------- */

/* One chunk of text, done by one thread. */
typedef struct chunk {
    const hamming_kernels *kernels;
    const hamming_distance_settings *settings;
    hamming_distance_counters *counters;
    hamming_distance_input input;    /* the chunk's text */
    const hamming_alphabet *pattern; /* whose counts in the text are those of the whole text */
    hamming_distance_places text;    /* in the chunk, by number */
    size_t differences;
    uint64_t stream; /* of random numbers */
    int64_t *matches;
    uint32_t *residues;
    hamming_selection group;
    uint64_t mass, bound; /* of the group */
} chunk;

static assay_status add_exactly(chunk *c, const hamming_selection *selection)
{
    const size_t N = hamming_distance_power_of_two(c->differences);
    int64_t *counts = assay_allocate(N, sizeof *counts);
    if (!counts)
        return ASSAY_NO_MEMORY;
    const assay_status status =
        hamming_cyclic(&c->text, &c->pattern->places, selection->number, selection->count, 0, N, counts, c->counters);
    for (size_t e = 0; status == ASSAY_OK && e < c->differences; e++)
        c->matches[e] += counts[(e - (c->input.m - 1)) & (N - 1)];
    assay_release(counts);
    return status;
}

static assay_status count_residues(chunk *c)
{
    if (c->settings->modulus == HAMMING_MODULUS && c->differences <= hamming_modular_length_max())
        return hamming_modular_residues(c->kernels, &c->input, c->pattern, &c->group, c->residues, c->counters);
    return hamming_distance_reference_residues(&c->text, &c->pattern->places, c->group.number, c->group.count,
                                               c->input.n, c->input.m, c->settings->modulus, c->residues, c->counters);
}

static assay_status finish_group(chunk *c)
{
    const hamming_distance_group group = {&c->text,   &c->pattern->places,  c->group.number, c->group.count, c->input.n,
                                          c->input.m, c->settings->modulus, c->residues,     hamming_cyclic};
    if (c->group.count == 0)
        return ASSAY_OK;
    c->counters->groups++;
    assay_status status = count_residues(c);
    bool done = c->bound < c->settings->modulus;
    if (status == ASSAY_OK && !done) {
        c->counters->repaired_groups++;
        status = hamming_distance_repair(&group, c->settings->seed, c->stream++, &done, c->counters);
    }
    if (status == ASSAY_OK && done) {
        for (size_t e = 0; e < c->differences; e++)
            c->matches[e] += c->residues[e];
    } else if (status == ASSAY_OK) {
        c->counters->fallbacks++;
        status = add_exactly(c, &c->group);
    }
    c->group.count = 0;
    c->mass = c->bound = 0;
    return status;
}

static assay_status add_symbol(chunk *c, uint32_t number)
{
    const uint64_t in_text = hamming_distance_count(&c->text, number);
    const uint64_t in_pattern = hamming_distance_count(&c->pattern->places, number);
    const uint64_t mass = in_text * in_pattern, bound = in_text < in_pattern ? in_text : in_pattern;
    const uint64_t q = c->settings->modulus, limit = q * c->differences / 8;
    if (mass > limit)
        return add_exactly(c, &(hamming_selection){&number, 1});
    const bool would_overflow = !c->settings->group_by_mass && c->bound < q && c->bound + bound >= q;
    assay_status status = ASSAY_OK;
    if (c->mass + mass > limit || would_overflow)
        status = finish_group(c);
    c->group.number[c->group.count++] = number;
    c->mass += mass;
    c->bound += bound;
    return status;
}

/* The numbers of a chunk's symbols, for the places of each. */
static assay_status find_text_places(chunk *c)
{
    uint16_t *numbers = assay_allocate(c->input.n, sizeof *numbers);
    if (!numbers)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < c->input.n; i++)
        numbers[i] = (uint16_t)c->pattern->number[hamming_symbol_at(c->input.text, i, c->input.symbol_bytes)];
    /* With all 65,536 symbols in the pattern none is absent, and the number of absent ones means nothing. */
    const assay_status status = hamming_distance_find_places(numbers, c->input.n, c->pattern->symbols, &c->text);
    assay_release(numbers);
    return status;
}

static assay_status run_chunk(chunk *c, const hamming_selection *selection, int32_t *out)
{
    c->matches = assay_allocate(c->differences, sizeof *c->matches);
    c->residues = assay_allocate(c->differences, sizeof *c->residues);
    c->group = (hamming_selection){.number = assay_allocate(selection->count, sizeof *c->group.number)};
    assay_status status = c->matches && c->residues && c->group.number ? find_text_places(c) : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < selection->count; i++)
        status = add_symbol(c, selection->number[i]);
    if (status == ASSAY_OK)
        status = finish_group(c);
    for (size_t i = 0; status == ASSAY_OK && i + c->input.m <= c->input.n; i++)
        out[i] -= (int32_t)c->matches[i + c->input.m - 1];
    hamming_distance_release_places(&c->text);
    assay_release(c->matches);
    assay_release(c->residues);
    assay_release(c->group.number);
    return status;
}

assay_status hamming_subtract_repaired(const hamming_kernels *kernels, const hamming_distance_input *input,
                                       const hamming_alphabet *alphabet, const hamming_selection *selection,
                                       const hamming_distance_settings *settings, int32_t *out)
{
    const size_t n = input->n, m = input->m, chunks = (n - m + 1 + m) / (m + 1);
    assay_status status = ASSAY_OK;
    if (selection->count == 0)
        return ASSAY_OK;
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) if (chunks > 1)
    for (size_t i = 0; i < chunks; i++) {
        const size_t first = i * (m + 1);
        hamming_distance_counters counters = {0};
        chunk c = {
            .kernels = kernels, .settings = settings, .counters = &counters, .input = *input, .pattern = alphabet};
        c.input.text = hamming_text_from(input, first);
        c.input.n = n - first < 2 * m ? n - first : 2 * m;
        c.differences = c.input.n + m - 1;
        c.stream = (uint64_t)i << 17; /* groups of other chunks have streams of their own */
        const assay_status mine = run_chunk(&c, selection, out + first);
#pragma omp critical(hamming_repaired)
        {
            hamming_add_counters(settings->counters, &counters);
            status = mine != ASSAY_OK ? mine : status;
        }
    }
    return status;
}

/* ---- All symbols ---------------------------------------------------------------------------------------------- */

/* A pattern that is too long for transforms of residues, in parts whose distances are added. */
static assay_status in_parts(const hamming_kernels *kernels, const hamming_distance_input *input,
                             const hamming_distance_settings *settings, hamming_las_vegas_way way, int32_t *out)
{
    const size_t most = hamming_modular_pattern_max(), shifts = input->n - input->m + 1;
    int32_t *part_out = assay_allocate(shifts, sizeof *part_out);
    assay_status status = part_out ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
        out[i] = 0;
    for (size_t first = 0; status == ASSAY_OK && first < input->m; first += most) {
        hamming_distance_input part = *input;
        hamming_alphabet alphabet;
        part.text = hamming_text_from(input, first);
        part.pattern = (const unsigned char *)input->pattern + first * input->symbol_bytes;
        part.m = input->m - first < most ? input->m - first : most;
        part.n = shifts + part.m - 1;
        status = hamming_make_alphabet(&part, &alphabet);
        if (status == ASSAY_OK) {
            status = hamming_las_vegas(kernels, &part, &alphabet, settings, way, part_out);
            hamming_release_alphabet(&alphabet);
        }
        for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
            out[i] += part_out[i];
    }
    assay_release(part_out);
    return status;
}

assay_status hamming_las_vegas(const hamming_kernels *kernels, const hamming_distance_input *input,
                               const hamming_alphabet *alphabet, const hamming_distance_settings *settings,
                               hamming_las_vegas_way way, int32_t *out)
{
    if (!way.fourier && input->m > hamming_modular_pattern_max())
        return in_parts(kernels, input, settings, way, out);
    uint32_t *numbers = assay_allocate(3 * alphabet->symbols, sizeof *numbers);
    if (!numbers)
        return ASSAY_NO_MEMORY;
    hamming_selection light = {.number = numbers}, certain = {.number = numbers + alphabet->symbols},
                      others = {.number = numbers + 2 * alphabet->symbols};
    const size_t N = way.fourier ? hamming_fourier_length(input->m) : hamming_modular_length(input->m),
                 shifts = input->n - input->m + 1, step = N - input->m + 1, windows = (shifts + step - 1) / step;
    const double positions = (double)N * (double)windows;
    const bool specified = settings->group_by_mass || settings->modulus != HAMMING_MODULUS;
    /* The specified way counts by chunks of 2 m symbols with 3 m - 1 differences, for m + 1 shifts each. */
    const double differences = 3.0 * (double)shifts;
    for (uint32_t s = 0; s < alphabet->symbols; s++) {
        const double pairs = (double)hamming_pairs_of(alphabet, s);
        const size_t places = hamming_distance_count(&alphabet->places, s);
        hamming_selection *kind = pairs <= way.pair_limit * (specified ? differences : positions)         ? &light
                                  : !specified && (way.shares || way.fourier || places < HAMMING_MODULUS) ? &certain
                                                                                                          : &others;
        kind->number[kind->count++] = s;
    }
    for (size_t i = 0; i < shifts; i++)
        out[i] = (int32_t)input->m;
    assay_status status = hamming_subtract_pairs(input, alphabet, &light, out, settings->counters);
    if (status == ASSAY_OK)
        status = way.fourier ? hamming_subtract_fourier(kernels, input, alphabet, &certain, N, out, settings->counters)
                             : hamming_subtract_modular(kernels, input, alphabet, &certain, out, settings->counters);
    if (status == ASSAY_OK)
        status = hamming_subtract_repaired(kernels, input, alphabet, &others, settings, out);
    assay_release(numbers);
    return status;
}
