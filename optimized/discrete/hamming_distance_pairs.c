/* Matches of rare symbols, pair by pair, and Abrahamson's method. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

/* Shifts of a stripe: it depends on the pattern alone, not on threads. */
static size_t stripe_of(size_t m)
{
    return m > HAMMING_STRIPE ? m : HAMMING_STRIPE;
}

/* Lists of the selected symbols' places by symbol: empty for all others. */
typedef struct lists {
    const uint32_t *position;
    uint32_t *begin, *end; /* by symbol */
} lists;

/* Text symbol x gives a pair of difference x - y with every place y of it in the pattern: those of them that are shifts
 * of the stripe from first on. */
static void run_stripe(const hamming_distance_input *input, const lists *l, size_t first, size_t count, int32_t *out)
{
    const size_t m = input->m;
    for (size_t x = first; x < first + count + m - 1; x++) {
        const size_t symbol = hamming_symbol_at(input->text, x, input->symbol_bytes);
        const uint32_t *at = l->position + l->begin[symbol], *end = l->position + l->end[symbol];
        int32_t *from = out + x;
        if (x >= first + m - 1 && x < first + count) {
            for (; at < end; at++)
                from[-(ptrdiff_t)*at]--;
        } else {
            for (; at < end; at++)
                if (x - *at - first < count) /* differences below first become large */
                    from[-(ptrdiff_t)*at]--;
        }
    }
}

assay_status hamming_subtract_pairs(const hamming_distance_input *input, const hamming_alphabet *alphabet,
                                    const hamming_selection *selection, int32_t *out,
                                    hamming_distance_counters *counters)
{
    const size_t shifts = input->n - input->m + 1, all = input->symbol_bytes == 1 ? 256 : 65536;
    const size_t stripe = stripe_of(input->m), stripes = (shifts + stripe - 1) / stripe;
    if (selection->count == 0)
        return ASSAY_OK;
    lists l = {.position = alphabet->places.position, .begin = assay_allocate(2 * all, sizeof *l.begin)};
    if (!l.begin)
        return ASSAY_NO_MEMORY;
    l.end = l.begin + all;
    for (size_t i = 0; i < selection->count; i++) {
        const uint32_t number = selection->number[i];
        l.begin[alphabet->symbol[number]] = alphabet->places.start[number];
        l.end[alphabet->symbol[number]] = alphabet->places.start[number + 1];
        counters->pairs += hamming_pairs_of(alphabet, number);
    }
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) if (stripes > 1)
    for (size_t b = 0; b < stripes; b++) {
        const size_t first = b * stripe, count = shifts - first < stripe ? shifts - first : stripe;
        run_stripe(input, &l, first, count, out);
    }
    assay_release(l.begin);
    return ASSAY_OK;
}

assay_status hamming_abrahamson(const hamming_kernels *kernels, const hamming_distance_input *input,
                                const hamming_alphabet *alphabet, size_t threshold, size_t N, int32_t *out,
                                hamming_distance_counters *counters)
{
    uint32_t *numbers = assay_allocate(2 * alphabet->symbols, sizeof *numbers);
    if (!numbers)
        return ASSAY_NO_MEMORY;
    hamming_selection rare = {.number = numbers}, frequent = {.number = numbers + alphabet->symbols};
    for (uint32_t s = 0; s < alphabet->symbols; s++) {
        hamming_selection *side = hamming_distance_count(&alphabet->places, s) <= threshold ? &rare : &frequent;
        side->number[side->count++] = s;
    }
    for (size_t i = 0; i < input->n - input->m + 1; i++)
        out[i] = (int32_t)input->m;
    assay_status status = hamming_subtract_pairs(input, alphabet, &rare, out, counters);
    if (status == ASSAY_OK)
        status = hamming_subtract_fourier(kernels, input, alphabet, &frequent, N, out, counters);
    assay_release(numbers);
    return status;
}
