/* Seeds that are text, and what they share with the targets. */
#ifndef ASSAY_FUZZ_SEEDS_H
#define ASSAY_FUZZ_SEEDS_H

#include "fuzz/fuzz.h"
#include "fuzz/state.h"

typedef struct fuzz_text_seed {
    const char *target, *name, *text;
    size_t size; /* 0: as strlen() says */
} fuzz_text_seed;

/* Ends at the first without a target. */
extern const fuzz_text_seed fuzz_text_seeds[];

#endif
