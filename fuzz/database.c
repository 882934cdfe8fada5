/* Databases of which bytes are wrong. What does not begin as one is a list of changes to a small one: where (two bytes,
 * as a share of the length), and what (one byte); 0xff 0xff cuts it off there. */
#include "fuzz/stores.h"
#include "fuzz/targets.h"

#include <stdlib.h>
#include <string.h>

static const char *damage(const uint8_t *data, size_t size)
{
    fuzz_bytes b = {data, data + size};
    size_t length;
    const uint8_t *small = fuzz_store(fuzz_byte(&b) % 4 == 3, &length);
    uint8_t *copy = malloc(length);
    FUZZ_ASSERT(copy, "no memory");
    memcpy(copy, small, length);
    size_t end = length;
    while (b.at < b.end) {
        const size_t high = fuzz_byte(&b), low = fuzz_byte(&b), at = high << 8 | low;
        if (at == 0xffff)
            end = length * fuzz_byte(&b) / 256;
        else
            copy[at % length] = fuzz_byte(&b);
    }
    const char *path = fuzz_file("input.db", copy, end);
    free(copy);
    return path;
}

int fuzz_database(const uint8_t *data, size_t size)
{
    const bool whole = size >= 16 && memcmp(data, "SQLite format 3", 16) == 0;
    const char *path = whole ? fuzz_file("input.db", data, size) : damage(data, size);
    char *text = fuzz_dump_store(path);
    fuzz_merge_store(path);
    if (text)
        fuzz_write_store(path);
    free(text);
    fuzz_remove(fuzz_path("input.db-wal"));
    fuzz_remove(fuzz_path("input.db-shm"));
    return 0;
}
