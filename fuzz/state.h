/* Files of saved states (core/state_file.h) for the targets of what they hold. */
#ifndef ASSAY_FUZZ_STATE_H
#define ASSAY_FUZZ_STATE_H

#include "fuzz/fuzz.h"

#include "assay/evolved_exp_search.h"

/* Writes data as a file of its own, with the length and the checksum of its header made right if @p repair. */
const char *fuzz_state_file(const char *name, const uint8_t *data, size_t size, bool repair);

/* The search whose states are read: as small as can be, and with everything in it. */
enum { FUZZ_SEARCH_SEED = 11 };
void fuzz_small_search(evolved_exp_search_config *config);

#endif
