/* Samples of multiblock_bilevel: which blocks, and which examples of a block. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

void multiblock_bilevel_draw_blocks(const multiblock_bilevel_problem *problem,
                                    const multiblock_bilevel_options *options, size_t t, uint64_t purpose,
                                    size_t *order)
{
    const size_t m = problem->blocks, sampled = options->sampled_blocks;
    if (options->block_sequence) {
        for (size_t j = 0; j < sampled; j++) {
            size_t k = j;
            while (order[k] != options->block_sequence[t * sampled + j])
                k++;
            order[k] = order[j];
            order[j] = options->block_sequence[t * sampled + j];
        }
        return;
    }
    /* A partial shuffle of a permutation is uniform whatever it was before. */
    for (size_t j = 0; j < sampled; j++) {
        const assay_random r = {options->seed, purpose};
        const size_t k = j + (size_t)assay_random_integer(r, t * sampled + j, m - j), chosen = order[k];
        order[k] = order[j];
        order[j] = chosen;
    }
}

multiblock_bilevel_point multiblock_bilevel_draw_batch(const multiblock_bilevel_options *options, uint64_t purpose,
                                                       size_t t, size_t slot, size_t block, size_t samples,
                                                       size_t *room)
{
    if (options->full_batch)
        return (multiblock_bilevel_point){.block = block, .count = samples};
    /* Each address (t, slot) has a stream of its own, so that batches of any length never share numbers. */
    const assay_random r = {options->seed, (purpose << 56) ^ ((uint64_t)t << 24) ^ slot};
    for (size_t b = 0; b < options->batch; b++)
        room[b] = (size_t)assay_random_integer(r, b, samples);
    return (multiblock_bilevel_point){.block = block, .count = options->batch, .samples = room};
}
