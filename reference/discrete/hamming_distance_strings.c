/* Symbols by their numbers among those of the pattern, and the places of each. */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"

enum { ALPHABET = 1 << 16 };

static const uint32_t ABSENT = UINT32_MAX;

static uint16_t symbol_at(const void *string, size_t i, size_t symbol_bytes)
{
    return symbol_bytes == 1 ? ((const uint8_t *)string)[i] : ((const uint16_t *)string)[i];
}

assay_status hamming_distance_make_strings(const hamming_distance_input *input, hamming_distance_strings *strings)
{
    uint32_t *number = assay_allocate(ALPHABET, sizeof *number);
    hamming_distance_strings made = {.n = input->n,
                                     .m = input->m,
                                     .text = assay_allocate(input->n, sizeof *made.text),
                                     .pattern = assay_allocate(input->m, sizeof *made.pattern)};
    if (!number || !made.text || !made.pattern) {
        assay_release(number);
        hamming_distance_release_strings(&made);
        return ASSAY_NO_MEMORY;
    }
    for (size_t i = 0; i < input->m; i++)
        number[symbol_at(input->pattern, i, input->symbol_bytes)] = 1;
    for (size_t s = 0; s < ALPHABET; s++)
        number[s] = number[s] ? (uint32_t)made.symbols++ : ABSENT;
    for (size_t i = 0; i < input->m; i++)
        made.pattern[i] = (uint16_t)number[symbol_at(input->pattern, i, input->symbol_bytes)];
    /* If all 65,536 symbols are in the pattern no number is needed for others. */
    for (size_t i = 0; i < input->n; i++) {
        const uint32_t s = number[symbol_at(input->text, i, input->symbol_bytes)];
        made.text[i] = (uint16_t)(s == ABSENT ? made.symbols : s);
    }
    assay_release(number);
    *strings = made;
    return ASSAY_OK;
}

void hamming_distance_release_strings(hamming_distance_strings *strings)
{
    assay_release(strings->text);
    assay_release(strings->pattern);
    *strings = (hamming_distance_strings){0};
}

assay_status hamming_distance_find_places(const uint16_t *string, size_t length, size_t symbols,
                                          hamming_distance_places *places)
{
    hamming_distance_places found = {.symbols = symbols,
                                     .length = length,
                                     .start = assay_allocate(symbols + 1, sizeof *found.start),
                                     .position = assay_allocate(length, sizeof *found.position)};
    if (!found.start || !found.position) {
        hamming_distance_release_places(&found);
        return ASSAY_NO_MEMORY;
    }
    /* Counting sort: how many, then where each symbol ends, then filled from the back. */
    for (size_t i = 0; i < length; i++)
        if (string[i] < symbols)
            found.start[string[i]]++;
    for (size_t s = 0, end = 0; s <= symbols; s++) {
        end += s < symbols ? found.start[s] : 0;
        found.start[s] = (uint32_t)end;
    }
    for (size_t i = length; i-- > 0;)
        if (string[i] < symbols)
            found.position[--found.start[string[i]]] = (uint32_t)i;
    *places = found;
    return ASSAY_OK;
}

void hamming_distance_release_places(hamming_distance_places *places)
{
    assay_release(places->start);
    assay_release(places->position);
    assay_release(places->weight);
    *places = (hamming_distance_places){0};
}
