#include "fuzz/state.h"

#include "core/state_file.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH = 16, CHECKSUM = 24, HEADER = 32 };

static void put(uint8_t *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(word >> 8 * i);
}

const char *fuzz_state_file(const char *name, const uint8_t *data, size_t size, bool repair)
{
    uint8_t *copy = calloc(size + 1, 1);
    FUZZ_ASSERT(copy, "no memory");
    if (size)
        memcpy(copy, data, size);
    if (repair && size >= HEADER) {
        put(copy + LENGTH, size - HEADER);
        put(copy + CHECKSUM, state_fnv(STATE_FNV_START, copy + HEADER, size - HEADER));
    }
    const char *path = fuzz_file(name, copy, size);
    free(copy);
    return path;
}
