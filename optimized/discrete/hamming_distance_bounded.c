/*
 * Distances up to k. Comparing in vectors decides nearly all shifts after about k mismatches. Where a range of shifts
 * keeps too many, text and pattern are nearly periodic: the filter and the events of the reference count in another
 * order of magnitude than comparing, but methods that add bits in words of 512 cost less than either, so that they are
 * taken unless the algorithm as it is written down is asked for.
 */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

typedef struct job {
    const hamming_kernels *kernels;
    const hamming_distance_input *input;
    const hamming_distance_settings *settings;
    size_t k, symbols;
    uint32_t *number;  /* of each symbol; those that the pattern has not have @c symbols */
    uint16_t *pattern; /* by number */
} job;

static assay_status make_numbers(job *j)
{
    const size_t width = j->input->symbol_bytes, all = width == 1 ? 256 : 65536;
    j->number = assay_allocate(all, sizeof *j->number);
    j->pattern = assay_allocate(j->input->m, sizeof *j->pattern);
    if (!j->number || !j->pattern)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < j->input->m; i++)
        j->number[hamming_symbol_at(j->input->pattern, i, width)] = 1;
    for (size_t s = 0; s < all; s++)
        j->symbols += j->number[s];
    for (size_t s = 0, next = 0; s < all; s++)
        j->number[s] = (uint32_t)(j->number[s] ? next++ : j->symbols);
    for (size_t i = 0; i < j->input->m; i++)
        j->pattern[i] = (uint16_t)j->number[hamming_symbol_at(j->input->pattern, i, width)];
    return ASSAY_OK;
}

/* The distance over pattern symbols from first to first + length - 1; any number above @p limit if it is above. */
static size_t distance_at(const job *j, size_t shift, size_t first, size_t length, size_t limit)
{
    const void *text = hamming_text_from(j->input, shift + first);
    if (j->input->symbol_bytes == 1)
        return j->kernels->distance_u8(text, (const uint8_t *)j->input->pattern + first, length, limit);
    return j->kernels->distance_u16(text, (const uint16_t *)j->input->pattern + first, length, limit);
}

/* Enough symbols for k + 1 mismatches if a quarter of all differ. */
static size_t few_symbols(const job *j)
{
    const size_t few = 4 * j->k + 256;
    return few < j->input->m ? few : j->input->m;
}

/* Writes the distances that the first symbols decide; the other shifts are left. */
static size_t compare_beginnings(const job *j, size_t first, size_t count, int32_t *out, size_t *kept)
{
    const size_t few = few_symbols(j);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t distance = distance_at(j, first + i, 0, few, j->k);
        if (distance <= j->k && few < j->input->m)
            kept[left++] = i;
        out[i] = (int32_t)(distance <= j->k ? distance : j->k + 1);
    }
    return left;
}

static void compare_wholly(const job *j, size_t first, const size_t *kept, size_t count, int32_t *out,
                           hamming_distance_counters *counters)
{
    const size_t few = few_symbols(j), m = j->input->m;
    for (size_t i = 0; i < count; i++) {
        const size_t before = (size_t)out[kept[i]];
        const size_t distance = before + distance_at(j, first + kept[i], few, m - few, j->k - before);
        out[kept[i]] = (int32_t)(distance <= j->k ? distance : j->k + 1);
    }
    counters->verified += count;
}

/* True if so few shifts are left that they are compared directly: by the rule of the algorithm, or because words of 64
 * symbols make that cheaper than a dozen passes over text and pattern. */
static bool are_few(const job *j, size_t kept, size_t n)
{
    const double count = (double)kept, m = (double)j->input->m, k = j->k > 1 ? (double)j->k : 1;
    return kept < 3 || count * k <= 2 * m || count * m <= 1024 * ((double)n + m);
}

/* Text that nearly repeats itself. */
static assay_status run_periodic(const job *j, size_t first, size_t *kept, size_t kept_count, size_t count,
                                 int32_t *out, hamming_distance_counters *counters)
{
    const size_t n = count + j->input->m - 1;
    uint16_t *text = assay_allocate(n, sizeof *text);
    if (!text)
        return ASSAY_NO_MEMORY;
    const void *from = hamming_text_from(j->input, first);
    for (size_t i = 0; i < n; i++)
        text[i] = (uint16_t)j->number[hamming_symbol_at(from, i, j->input->symbol_bytes)];
    hamming_distance_range range = {.settings = j->settings,
                                    .counters = counters,
                                    .cyclic = hamming_cyclic,
                                    .text = text,
                                    .pattern = j->pattern,
                                    .n = n,
                                    .m = j->input->m,
                                    .symbols = j->symbols,
                                    .k = j->k,
                                    .kept = kept,
                                    .kept_count = kept_count,
                                    .out = out};
    /* What the filter leaves out has a distance above k; what the first symbols gave stands there until it is. */
    assay_status status = ASSAY_OK;
    size_t *all = assay_allocate(kept_count, sizeof *all);
    if (!all)
        status = ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < kept_count; i++)
        all[i] = kept[i];
    if (status == ASSAY_OK)
        status = hamming_distance_filter(&range);
    for (size_t i = 0, next = 0; status == ASSAY_OK && i < kept_count; i++) {
        if (next < range.kept_count && kept[next] == all[i])
            next++;
        else
            out[all[i]] = (int32_t)j->k + 1;
    }
    if (status == ASSAY_OK && are_few(j, range.kept_count, n))
        compare_wholly(j, first, kept, range.kept_count, out, counters);
    else if (status == ASSAY_OK)
        status = hamming_distance_count_by_period(&range);
    assay_release(all);
    assay_release(text);
    return status;
}

/* True if the range is left to exact distances (and its numbers mean nothing). */
static assay_status run_range(const job *j, size_t first, size_t count, int32_t *out,
                              hamming_distance_counters *counters, bool *is_left)
{
    size_t *kept = assay_allocate(count, sizeof *kept);
    if (!kept)
        return ASSAY_NO_MEMORY;
    const size_t kept_count = compare_beginnings(j, first, count, out, kept);
    assay_status status = ASSAY_OK;
    counters->candidates += kept_count;
    *is_left = false;
    if (are_few(j, kept_count, count + j->input->m - 1))
        compare_wholly(j, first, kept, kept_count, out, counters);
    else if (j->settings->by_period)
        status = run_periodic(j, first, kept, kept_count, count, out, counters);
    else
        *is_left = true;
    assay_release(kept);
    return status;
}

/* Ranges of m / 2 shifts, but no shorter than makes sense. */
static size_t range_length(size_t m)
{
    enum { LEAST = 1024 };
    return m / 2 > LEAST ? m / 2 : LEAST;
}

/* Exact distances of some shifts, cut off. */
static assay_status run_exactly(const job *j, size_t first, size_t count, int32_t *out)
{
    hamming_distance_input part = *j->input;
    part.text = hamming_text_from(j->input, first);
    part.n = count + part.m - 1;
    const assay_status status = hamming_automatic(j->kernels, &part, j->settings, out + first);
    for (size_t i = first; status == ASSAY_OK && i < first + count; i++)
        out[i] = out[i] <= (int32_t)j->k ? out[i] : (int32_t)j->k + 1;
    return status;
}

static assay_status run_ranges(const job *j, size_t shifts, int32_t *out)
{
    const size_t step = range_length(j->input->m), ranges = (shifts + step - 1) / step;
    bool *is_left = assay_allocate(ranges, sizeof *is_left);
    assay_status status = is_left ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) if (ranges > 1)
        for (size_t i = 0; i < ranges; i++) {
            const size_t first = i * step, count = shifts - first < step ? shifts - first : step;
            hamming_distance_counters counters = {0};
            const assay_status mine = run_range(j, first, count, out + first, &counters, &is_left[i]);
#pragma omp critical(hamming_bounded)
            {
                hamming_add_counters(j->settings->counters, &counters);
                status = mine != ASSAY_OK ? mine : status;
            }
        }
    }
    /* Neighbouring ranges that are left are done together. */
    for (size_t i = 0, end; status == ASSAY_OK && i < ranges; i = end) {
        for (end = i + 1; end < ranges && is_left[end] == is_left[i]; end++) {
        }
        const size_t first = i * step, last = end * step < shifts ? end * step : shifts;
        if (is_left[i])
            status = run_exactly(j, first, last - first, out);
    }
    assay_release(is_left);
    return status;
}

/* Pairs of symbols that comparing is expected to look at for each shift, from some shifts that are spread over all. */
static double expected_pairs(const job *j, size_t shifts)
{
    enum { SAMPLES = 64, STEP = 256 };
    const size_t few = few_symbols(j), samples = shifts < SAMPLES ? shifts : SAMPLES;
    double pairs = 0;
    for (size_t i = 0; i < samples; i++) {
        const double distance = (double)distance_at(j, i * (shifts / samples), 0, few, few);
        const double needed = (double)few * ((double)j->k + 1) / (distance + 1) + STEP;
        pairs += needed < (double)j->input->m ? needed : (double)j->input->m;
    }
    return pairs / (double)samples;
}

/* True if exact distances of all shifts are expected to cost less than comparing. */
static assay_status choose(const job *j, size_t shifts, bool *exactly)
{
    static const double CALL = 3, LITTLE = 6; /* of a shift: a call of the comparison, and what is not worth a choice */
    const double comparing = CALL + hamming_cost_of_pairs(j->input, expected_pairs(j, shifts));
    hamming_alphabet alphabet;
    *exactly = false;
    if (j->settings->by_period || comparing < LITTLE)
        return ASSAY_OK;
    const assay_status status = hamming_make_alphabet(j->input, &alphabet);
    if (status == ASSAY_OK) {
        *exactly = hamming_cost_of_automatic(j->kernels, j->input, &alphabet) < comparing * (double)shifts;
        hamming_release_alphabet(&alphabet);
    }
    return status;
}

assay_status hamming_distance_bounded(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      size_t k, const hamming_distance_options *options, int32_t *out)
{
    const hamming_kernels *kernels = hamming_kernels_in_force();
    if (!kernels)
        return hamming_distance_reference_bounded(text, n, pattern, m, symbol_bytes, k, options, out);
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_bound(&input, k);
    if (status != ASSAY_OK)
        return status;
    hamming_distance_settings settings;
    hamming_distance_settle(options, m, &settings);
    job j = {.kernels = kernels, .input = &input, .settings = &settings, .k = k};
    const size_t shifts = n - m + 1;
    bool exactly = false;
    if (settings.by_period)
        status = make_numbers(&j);
    if (status == ASSAY_OK)
        status = choose(&j, shifts, &exactly);
    if (status == ASSAY_OK)
        status = exactly ? run_exactly(&j, 0, shifts, out) : run_ranges(&j, shifts, out);
    assay_release(j.number);
    assay_release(j.pattern);
    return status;
}
