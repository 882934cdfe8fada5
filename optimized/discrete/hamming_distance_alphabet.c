/* The symbols of a pattern: their numbers, places and frequencies. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

/* Frequencies of all symbols in the text, in four tables so that runs of one symbol do not wait for themselves. */
static assay_status count_text(const hamming_distance_input *input, size_t all, uint32_t *count)
{
    uint32_t *tables = assay_allocate(4 * all, sizeof *tables);
    if (!tables)
        return ASSAY_NO_MEMORY;
    const size_t n = input->n;
    size_t i = 0;
    if (input->symbol_bytes == 1) {
        const uint8_t *text = input->text;
        for (; i + 4 <= n; i += 4)
            for (size_t k = 0; k < 4; k++)
                tables[k * all + text[i + k]]++;
    } else {
        const uint16_t *text = input->text;
        for (; i + 4 <= n; i += 4)
            for (size_t k = 0; k < 4; k++)
                tables[k * all + text[i + k]]++;
    }
    for (; i < n; i++)
        tables[hamming_symbol_at(input->text, i, input->symbol_bytes)]++;
    for (size_t s = 0; s < all; s++)
        count[s] = tables[s] + tables[all + s] + tables[2 * all + s] + tables[3 * all + s];
    assay_release(tables);
    return ASSAY_OK;
}

assay_status hamming_make_alphabet(const hamming_distance_input *input, hamming_alphabet *alphabet)
{
    const size_t all = input->symbol_bytes == 1 ? 256 : 65536, m = input->m;
    hamming_alphabet made = {.number = assay_allocate(all, sizeof *made.number)};
    uint32_t *in_pattern = assay_allocate(all, sizeof *in_pattern), *in_text = assay_allocate(all, sizeof *in_text);
    uint16_t *numbers = assay_allocate(m, sizeof *numbers);
    assay_status status = made.number && in_pattern && in_text && numbers ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = count_text(input, all, in_text);
    if (status == ASSAY_OK) {
        for (size_t j = 0; j < m; j++)
            in_pattern[hamming_symbol_at(input->pattern, j, input->symbol_bytes)]++;
        for (size_t s = 0; s < all; s++)
            made.symbols += in_pattern[s] > 0;
        made.symbol = assay_allocate(made.symbols, sizeof *made.symbol);
        made.in_text = assay_allocate(made.symbols + 1, sizeof *made.in_text);
        status = made.symbol && made.in_text ? ASSAY_OK : ASSAY_NO_MEMORY;
    }
    if (status == ASSAY_OK) {
        size_t next = 0;
        for (size_t s = 0; s < all; s++) {
            made.number[s] = (uint32_t)(in_pattern[s] ? next : made.symbols);
            made.in_text[made.number[s]] += in_text[s];
            if (in_pattern[s])
                made.symbol[next++] = (uint16_t)s;
        }
        for (size_t j = 0; j < m; j++)
            numbers[j] = (uint16_t)made.number[hamming_symbol_at(input->pattern, j, input->symbol_bytes)];
        status = hamming_distance_find_places(numbers, m, made.symbols, &made.places);
    }
    assay_release(in_pattern);
    assay_release(in_text);
    assay_release(numbers);
    if (status != ASSAY_OK) {
        hamming_release_alphabet(&made);
        return status;
    }
    *alphabet = made;
    return ASSAY_OK;
}

void hamming_release_alphabet(hamming_alphabet *alphabet)
{
    assay_release(alphabet->symbol);
    assay_release(alphabet->number);
    assay_release(alphabet->in_text);
    hamming_distance_release_places(&alphabet->places);
    *alphabet = (hamming_alphabet){0};
}

void hamming_add_counters(hamming_distance_counters *sum, const hamming_distance_counters *part)
{
    _Static_assert(sizeof *sum % sizeof(uint64_t) == 0, "counters are numbers of 64 bits");
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)part;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
}
