/* Databases that SQLite is content with, but that hold what they should not. */
#include "fuzz/stores.h"
#include "fuzz/targets.h"

#include <stdlib.h>

int fuzz_rows(const uint8_t *data, size_t size)
{
    const char *path = fuzz_wild_store("input.db", data, size);
    free(fuzz_dump_store(path));
    fuzz_merge_store(path);
    fuzz_write_store(path);
    free(fuzz_dump_store(path));
    fuzz_remove(fuzz_path("input.db-wal"));
    fuzz_remove(fuzz_path("input.db-shm"));
    return 0;
}
