/*
 * Distances up to k (step 5 of the algorithm), for ranges of m / 2 shifts.
 *
 * A filter that loses no distance up to k leaves few shifts, which are compared directly, or many. Many mean that text
 * and pattern nearly repeat themselves every l symbols, l being the smallest gap between them; then the places where
 * they do not, the events, determine all matches.
 */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

/* ---- Step a: the filter --------------------------------------------------------------------------------------- */

/* All symbols as one, whose weights are their signs. */
static assay_status find_signs(const uint16_t *string, size_t length, uint64_t seed, size_t filter,
                               hamming_distance_places *places)
{
    hamming_distance_places found = {.symbols = 1,
                                     .length = length,
                                     .start = assay_allocate(2, sizeof *found.start),
                                     .position = assay_allocate(length, sizeof *found.position),
                                     .weight = assay_allocate(length, sizeof *found.weight)};
    if (!found.start || !found.position || !found.weight) {
        hamming_distance_release_places(&found);
        return ASSAY_NO_MEMORY;
    }
    found.start[1] = (uint32_t)length;
    for (size_t i = 0; i < length; i++) {
        found.position[i] = (uint32_t)i;
        found.weight[i] = (int8_t)hamming_distance_sign(seed, filter, string[i]);
    }
    *places = found;
    return ASSAY_OK;
}

/* One random sign for each symbol maps it to a distance that is never larger, because equal symbols have equal signs;
 * the correlation c of signs, agreements minus disagreements of m, gives it as (m - c) / 2. */
static assay_status filter_once(hamming_distance_range *r, size_t filter, size_t N, int64_t *correlation)
{
    const uint32_t only = 0;
    hamming_distance_counters counters = {0};
    hamming_distance_places text = {0}, pattern = {0};
    assay_status status = find_signs(r->text, r->n, r->settings->seed, filter, &text);
    if (status == ASSAY_OK)
        status = find_signs(r->pattern, r->m, r->settings->seed, filter, &pattern);
    memset(correlation, 0, N * sizeof *correlation);
    if (status == ASSAY_OK)
        status = r->cyclic(&text, &pattern, &only, 1, 0, N, correlation, &counters);
    r->counters->filter_butterflies += counters.butterflies;
    size_t kept = 0;
    for (size_t i = 0; status == ASSAY_OK && i < r->kept_count; i++) {
        const size_t shift = r->kept[i];
        if ((int64_t)r->m - correlation[shift] <= 2 * (int64_t)r->k)
            r->kept[kept++] = shift;
    }
    r->kept_count = kept;
    hamming_distance_release_places(&text);
    hamming_distance_release_places(&pattern);
    return status;
}

assay_status hamming_distance_filter(hamming_distance_range *r)
{
    const size_t N = hamming_distance_power_of_two(r->n);
    int64_t *correlation = assay_allocate(N, sizeof *correlation);
    assay_status status = correlation ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t f = 0; status == ASSAY_OK && f < r->settings->filters; f++)
        status = filter_once(r, f, N, correlation);
    assay_release(correlation);
    return status;
}

/* ---- Step b: comparison --------------------------------------------------------------------------------------- */

static void verify_directly(hamming_distance_range *r)
{
    for (size_t i = 0; i < r->kept_count; i++) {
        const uint16_t *text = r->text + r->kept[i];
        size_t distance = 0;
        for (size_t j = 0; j < r->m && distance <= r->k; j++)
            distance += text[j] != r->pattern[j];
        r->out[r->kept[i]] = (int32_t)distance;
    }
    r->counters->verified += r->kept_count;
}

/* ---- Steps c to e: periods ------------------------------------------------------------------------------------ */

/* The non-zeros of E[x] = [X[x] = s] - [X[x - l] = s], x = 0 to |X| + l - 1, as places with weights, by symbol s. */
static assay_status find_events(const uint16_t *string, size_t length, size_t period, size_t symbols,
                                hamming_distance_places *places)
{
    const size_t extended = length + period, none = SIZE_MAX;
    hamming_distance_places found = {.symbols = symbols,
                                     .length = extended,
                                     .start = assay_allocate(symbols + 1, sizeof *found.start),
                                     .position = assay_allocate(2 * extended, sizeof *found.position),
                                     .weight = assay_allocate(2 * extended, sizeof *found.weight)};
    if (!found.start || !found.position || !found.weight) {
        hamming_distance_release_places(&found);
        return ASSAY_NO_MEMORY;
    }
    /* Two passes from the back: how many, then where; between them the counts become the symbols' ends. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t x = extended; x-- > 0;) {
            const size_t now = x < length ? string[x] : none, before = x >= period ? string[x - period] : none;
            if (now == before)
                continue;
            for (int side = 0; side < 2; side++) {
                const size_t s = side == 0 ? now : before;
                if (s >= symbols)
                    continue;
                if (pass == 0) {
                    found.start[s]++;
                } else {
                    const uint32_t place = --found.start[s];
                    found.position[place] = (uint32_t)x;
                    found.weight[place] = side == 0 ? 1 : -1;
                }
            }
        }
        for (size_t s = 0, end = 0; pass == 0 && s <= symbols; s++) {
            end += s < symbols ? found.start[s] : 0;
            found.start[s] = (uint32_t)end;
        }
    }
    *places = found;
    return ASSAY_OK;
}

/* W[d] = sum of the products of weights of pairs of events x - y = d; w points to W[0]. */
static assay_status multiply_events(hamming_distance_cyclic cyclic, const hamming_distance_places *text,
                                    const hamming_distance_places *pattern, double few, int64_t *w,
                                    hamming_distance_counters *counters)
{
    const size_t N = hamming_distance_power_of_two(text->length + pattern->length);
    uint32_t *many = assay_allocate(pattern->symbols, sizeof *many);
    int64_t *counts = assay_allocate(N, sizeof *counts);
    size_t many_count = 0;
    assay_status status = many && counts ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (uint32_t s = 0; status == ASSAY_OK && s < pattern->symbols; s++) {
        if ((double)hamming_distance_count(pattern, s) > few) {
            many[many_count++] = s;
            continue;
        }
        for (size_t i = text->start[s]; i < text->start[s + 1]; i++)
            for (size_t j = pattern->start[s]; j < pattern->start[s + 1]; j++)
                w[(ptrdiff_t)text->position[i] - (ptrdiff_t)pattern->position[j]] +=
                    text->weight[i] * pattern->weight[j];
        counters->pairs += (uint64_t)hamming_distance_count(text, s) * hamming_distance_count(pattern, s);
    }
    if (status == ASSAY_OK && many_count > 0)
        status = cyclic(text, pattern, many, many_count, 0, N, counts, counters);
    if (status == ASSAY_OK && many_count > 0)
        for (ptrdiff_t d = 1 - (ptrdiff_t)pattern->length; d < (ptrdiff_t)text->length; d++)
            w[d] += counts[(size_t)d & (N - 1)];
    assay_release(many);
    assay_release(counts);
    return status;
}

/* From W[d] = 2 M[d] - M[d - l] - M[d + l] to M, by sums along steps of l: first from above, A[d] = W[d] + A[d + l] =
 * M[d] - M[d - l], then from below. W and M are 0 below @p low and from @p high on. */
static void sum_along_period(int64_t *w, ptrdiff_t low, ptrdiff_t high, ptrdiff_t period)
{
    for (ptrdiff_t d = high - 1 - period; d >= low; d--)
        w[d] += w[d + period];
    for (ptrdiff_t d = low + period; d < high; d++)
        w[d] += w[d - period];
}

assay_status hamming_distance_by_period(hamming_distance_cyclic cyclic, const uint16_t *text, size_t n,
                                        const uint16_t *pattern, size_t m, size_t symbols, size_t period,
                                        int64_t *matches, hamming_distance_counters *counters)
{
    hamming_distance_places in_text = {0}, in_pattern = {0};
    int64_t *w = assay_allocate(n + m + 2 * period, sizeof *w);
    int64_t *zero = w ? w + m + period : NULL; /* W[0] */
    assay_status status = w ? find_events(text, n, period, symbols, &in_text) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = find_events(pattern, m, period, symbols, &in_pattern);
    if (status == ASSAY_OK) {
        counters->events += in_text.start[symbols] + in_pattern.start[symbols];
        status = multiply_events(cyclic, &in_text, &in_pattern, sqrt((double)m), zero, counters);
    }
    if (status == ASSAY_OK) {
        sum_along_period(zero, -(ptrdiff_t)(m + period), (ptrdiff_t)(n + period), (ptrdiff_t)period);
        memcpy(matches, zero, (n - m + 1) * sizeof *matches);
    }
    hamming_distance_release_places(&in_text);
    hamming_distance_release_places(&in_pattern);
    assay_release(w);
    return status;
}

assay_status hamming_distance_count_by_period(hamming_distance_range *r)
{
    const size_t first = r->kept[0], last = r->kept[r->kept_count - 1];
    size_t period = last - first;
    for (size_t i = 1; i < r->kept_count; i++)
        period = r->kept[i] - r->kept[i - 1] < period ? r->kept[i] - r->kept[i - 1] : period;
    int64_t *matches = assay_allocate(last - first + 1, sizeof *matches);
    if (!matches)
        return ASSAY_NO_MEMORY;
    const assay_status status = hamming_distance_by_period(r->cyclic, r->text + first, last - first + r->m, r->pattern,
                                                           r->m, r->symbols, period, matches, r->counters);
    r->counters->periodic_blocks++;
    for (size_t i = 0; status == ASSAY_OK && i < r->kept_count; i++) {
        const int64_t distance = (int64_t)r->m - matches[r->kept[i] - first];
        r->out[r->kept[i]] = (int32_t)(distance <= (int64_t)r->k ? distance : (int64_t)r->k + 1);
    }
    assay_release(matches);
    return status;
}

/* ---- All ranges ----------------------------------------------------------------------------------------------- */

static assay_status run_range(hamming_distance_range *r)
{
    const size_t k = r->k > 1 ? r->k : 1;
    r->kept_count = r->n - r->m + 1;
    for (size_t i = 0; i < r->kept_count; i++)
        r->kept[i] = i;
    const assay_status status = hamming_distance_filter(r);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i + r->m <= r->n; i++)
        r->out[i] = (int32_t)r->k + 1;
    r->counters->candidates += r->kept_count;
    if (r->kept_count < 3 || (double)r->kept_count * (double)k <= 2 * (double)r->m) {
        verify_directly(r);
        return ASSAY_OK;
    }
    return hamming_distance_count_by_period(r);
}

assay_status hamming_distance_reference_bounded(const void *text, size_t n, const void *pattern, size_t m,
                                                size_t symbol_bytes, size_t k, const hamming_distance_options *options,
                                                int32_t *out)
{
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_bound(&input, k);
    if (status != ASSAY_OK)
        return status;
    hamming_distance_settings settings;
    hamming_distance_settle(options, m, &settings);
    const size_t shifts = n - m + 1, step = m / 2 > 1 ? m / 2 : 1;
    hamming_distance_strings strings = {0};
    hamming_distance_range r = {.settings = &settings,
                                .counters = settings.counters,
                                .cyclic = hamming_distance_reference_cyclic,
                                .m = m,
                                .k = k,
                                .kept = assay_allocate(step, sizeof *r.kept)};
    status = r.kept ? hamming_distance_make_strings(&input, &strings) : ASSAY_NO_MEMORY;
    r.pattern = strings.pattern;
    r.symbols = strings.symbols;
    for (size_t first = 0; status == ASSAY_OK && first < shifts; first += step) {
        const size_t count = shifts - first < step ? shifts - first : step;
        r.text = strings.text + first;
        r.n = count + m - 1;
        r.out = out + first;
        status = run_range(&r);
    }
    hamming_distance_release_strings(&strings);
    assay_release(r.kept);
    return status;
}
