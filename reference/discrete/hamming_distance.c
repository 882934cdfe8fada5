/* Hamming distances: the definition, and the classical methods by transforms (Fischer and Paterson, Abrahamson). */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/discrete/hamming_distance_parts.h"

ASSAY_CATALOGUE(
    hamming_distance, .family = "discrete", .title = "Faster Algorithms for Text-to-Pattern Hamming Distances",
    .authors = "T. M. Chan, C. Jin, V. Vassilevska Williams, Y. Xu", .year = 2023, .identifier = "arXiv:2310.13174",
    .summary = "Hamming distances between a pattern and every substring of a text: exact, bounded, approximate.",
    .data = "any file, its bytes being the text",
    .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

#define DIRECT(TYPE)                                                                                                   \
    static void direct_##TYPE(const TYPE *text, size_t n, const TYPE *pattern, size_t m, int32_t *out)                 \
    {                                                                                                                  \
        for (size_t i = 0; i + m <= n; i++) {                                                                          \
            int32_t distance = 0;                                                                                      \
            for (size_t j = 0; j < m; j++)                                                                             \
                distance += text[i + j] != pattern[j];                                                                 \
            out[i] = distance;                                                                                         \
        }                                                                                                              \
    }

DIRECT(uint8_t)
DIRECT(uint16_t)

static void direct(const hamming_distance_input *input, int32_t *out)
{
    if (input->symbol_bytes == 1)
        direct_uint8_t(input->text, input->n, input->pattern, input->m, out);
    else
        direct_uint16_t(input->text, input->n, input->pattern, input->m, out);
}

/* The symbols with more than @p least places, the others counted pair by pair: M[x - y] for 0 <= x - y <= n - m. */
static size_t split_symbols(const hamming_distance_places *text, const hamming_distance_places *pattern, size_t least,
                            size_t shifts, int64_t *matches, uint32_t *frequent, hamming_distance_counters *counters)
{
    size_t count = 0;
    for (uint32_t s = 0; s < pattern->symbols; s++) {
        if (hamming_distance_count(pattern, s) > least) {
            frequent[count++] = s;
            continue;
        }
        for (size_t i = text->start[s]; i < text->start[s + 1]; i++)
            for (size_t j = pattern->start[s]; j < pattern->start[s + 1]; j++) {
                const uint32_t d = text->position[i] - pattern->position[j]; /* negative ones become large */
                if (d < shifts)
                    matches[d]++;
            }
        counters->pairs += (uint64_t)hamming_distance_count(text, s) * hamming_distance_count(pattern, s);
    }
    return count;
}

/* Symbols with more than @p least places in the pattern by transforms of N text symbols, which give the N - m + 1
 * shifts that do not wrap around (overlap and save); the others by pairs. */
static assay_status by_blocks(const hamming_distance_strings *strings, size_t N, size_t least, int32_t *out,
                              hamming_distance_counters *counters)
{
    const size_t n = strings->n, m = strings->m;
    hamming_distance_places text = {0}, pattern = {0};
    int64_t *matches = assay_allocate(N, sizeof *matches);
    uint32_t *frequent = assay_allocate(strings->symbols, sizeof *frequent);
    assay_status status = matches && frequent ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = hamming_distance_find_places(strings->pattern, m, strings->symbols, &pattern);
    for (size_t first = 0; status == ASSAY_OK && first + m <= n; first += N - m + 1) {
        const size_t length = n - first < N ? n - first : N, shifts = length - m + 1;
        for (size_t d = 0; d < N; d++)
            matches[d] = 0;
        status = hamming_distance_find_places(strings->text + first, length, strings->symbols, &text);
        if (status != ASSAY_OK)
            break;
        const size_t count = split_symbols(&text, &pattern, least, shifts, matches, frequent, counters);
        if (count > 0)
            status = hamming_distance_reference_cyclic(&text, &pattern, frequent, count, 0, N, matches, counters);
        for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
            out[first + i] = (int32_t)((int64_t)m - matches[i]);
        hamming_distance_release_places(&text);
    }
    hamming_distance_release_places(&pattern);
    assay_release(matches);
    assay_release(frequent);
    return status;
}

assay_status hamming_distance_reference_exact(const void *text, size_t n, const void *pattern, size_t m,
                                              size_t symbol_bytes, hamming_distance_method method,
                                              const hamming_distance_options *options, int32_t *out)
{
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_method(&input, method);
    if (status != ASSAY_OK)
        return status;
    hamming_distance_settings settings;
    hamming_distance_settle(options, m, &settings);
    const bool by_symbols = method == HAMMING_DISTANCE_FFT_ALL || method == HAMMING_DISTANCE_ABRAHAMSON ||
                            method == HAMMING_DISTANCE_LASVEGAS;
    if (!by_symbols) {
        direct(&input, out);
        return ASSAY_OK;
    }
    hamming_distance_strings strings;
    status = hamming_distance_make_strings(&input, &strings);
    if (status != ASSAY_OK)
        return status;
    const size_t N = settings.block ? settings.block : hamming_distance_power_of_two(4 * m);
    if (method == HAMMING_DISTANCE_LASVEGAS)
        status = hamming_distance_reference_lasvegas(&strings, &settings, out);
    else
        status = by_blocks(&strings, N, method == HAMMING_DISTANCE_ABRAHAMSON ? settings.threshold : 0, out,
                           settings.counters);
    hamming_distance_release_strings(&strings);
    return status;
}
