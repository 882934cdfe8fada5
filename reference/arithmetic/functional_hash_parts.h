/*
 * What the parts of functional hashing know of each other; private to the library.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_PARTS_H
#define ASSAY_FUNCTIONAL_HASH_PARTS_H

#include "assay/functional_hash.h"

#include <string.h>

/* ---- Mixing ---- */

#define FUNCTIONAL_HASH_LANE_0 UINT64_C(0x9E3779B97F4A7C15)
#define FUNCTIONAL_HASH_LANE_1 UINT64_C(0xC2B2AE3D27D4EB4F)
#define FUNCTIONAL_HASH_NAN    UINT64_C(0x7ff8000000000000) /* what a sentinel counts as */

/* The finalizer of SplitMix64. */
static inline uint64_t functional_hash_splitmix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t functional_hash_step(uint64_t h, uint64_t word, uint64_t lane)
{
    return functional_hash_splitmix(h ^ (word + lane + (h << 6) + (h >> 2)));
}

static inline functional_hash_key functional_hash_start(size_t n)
{
    return (functional_hash_key){{n, ~(uint64_t)n}};
}

static inline void functional_hash_add_word(functional_hash_key *key, uint64_t word)
{
    key->word[0] = functional_hash_step(key->word[0], word, FUNCTIONAL_HASH_LANE_0);
    key->word[1] = functional_hash_step(key->word[1], word, FUNCTIONAL_HASH_LANE_1);
}

/* Two words of 0 are taken; no real key may be that by chance. */
static inline functional_hash_key functional_hash_finish(functional_hash_key key)
{
    if (key.word[0] == 0 && key.word[1] == 0)
        key.word[1] = 1;
    return key;
}

/* Options as masks. */
typedef struct functional_hash_masks {
    uint64_t keep;  /* bits of a value that are kept */
    uint64_t floor; /* the bits of the floor: magnitudes below count as 0 */
    bool sentinel;
} functional_hash_masks;

static inline functional_hash_masks functional_hash_masks_of(const functional_hash_options *options)
{
    functional_hash_masks masks = {.keep = ~((UINT64_C(1) << (52 - options->bits)) - 1), .sentinel = options->sentinel};
    memcpy(&masks.floor, &options->floor, sizeof masks.floor);
    masks.floor &= UINT64_MAX >> 1; /* a floor of -0 */
    return masks;
}

/* The arguments of functional_hash_mix_rows(). */
assay_status functional_hash_check_mix(const double *values, size_t count, size_t n,
                                       const functional_hash_options *options, const functional_hash_key *keys);

#endif
