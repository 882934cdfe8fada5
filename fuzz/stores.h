/* Databases for the targets: a small one with every kind of record, wild changes to it, and the use of what came of
 * them. */
#ifndef ASSAY_FUZZ_STORES_H
#define ASSAY_FUZZ_STORES_H

#include "fuzz/fuzz.h"

/* The bytes of a small database of the newest version, or of version 1. */
const uint8_t *fuzz_store(bool first_version, size_t *size);

/* Writes the small database under a name of the folder, changed as the bytes say; returns its path. */
const char *fuzz_wild_store(const char *name, const uint8_t *data, size_t size);

/* Text that is put into databases and must not be found on pages as it is. */
#define FUZZ_MARKUP "<i x='&\">"

/* Reads everything that a database holds; as text, to be released by free(), or null if it was refused. */
char *fuzz_dump_store(const char *path);

/* Joins a database with itself; what comes of it must be readable, and the same when it is joined again. */
void fuzz_merge_store(const char *path);

/* Opens a database for writing and adds to it. */
void fuzz_write_store(const char *path);

#endif
