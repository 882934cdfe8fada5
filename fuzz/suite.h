/* The targets by name. */
#ifndef ASSAY_FUZZ_SUITE_H
#define ASSAY_FUZZ_SUITE_H

#include <stddef.h>
#include <stdint.h>

typedef int fuzz_target(const uint8_t *data, size_t size);

typedef struct fuzz_entry {
    const char *name;
    fuzz_target *run;
} fuzz_entry;

/* All targets; ends at the first without a name. */
extern const fuzz_entry fuzz_entries[];

/* Null if there is none of this name. */
fuzz_target *fuzz_find_target(const char *name);

#endif
