/*
 * Saved states: bytes of little-endian 64-bit words that grow or are read, and the file that holds them; private to the
 * library.
 *
 * Layout of a file, all numbers little-endian 64-bit words: magic, version, length of the payload in bytes, FNV-1a of
 * the payload, payload.
 */
#ifndef ASSAY_CORE_STATE_FILE_H
#define ASSAY_CORE_STATE_FILE_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing output, or an input being read. Once something failed, nothing more is put or taken. */
typedef struct state_bytes {
    unsigned char *bytes;
    size_t used, capacity;  /* for an input: position and length */
    bool failed, no_memory; /* the latter: not for what was read, but for want of memory for it */
} state_bytes;

void state_put(state_bytes *b, const void *bytes, size_t n);
void state_put_word(state_bytes *b, uint64_t word);
void state_put_double(state_bytes *b, double number);

/* Zero once something failed. */
uint64_t state_take_word(state_bytes *b);
double state_take_double(state_bytes *b);

/* A word that must be at most @p most. */
uint64_t state_take_count(state_bytes *b, uint64_t most);

/* The next n bytes in place, or null. */
const unsigned char *state_take(state_bytes *b, size_t n);

void state_release(state_bytes *b);

/* What a file holds: its magic word, its version, and what to call it in messages, e.g. "state of a search". */
typedef struct state_kind {
    uint64_t magic, version;
    const char *name;
} state_kind;

/* Writes a payload into a temporary file beside @p path, which then takes its name. */
assay_status state_write_file(const char *path, const state_kind *kind, const state_bytes *payload);

/* Reads a file and leaves *b, which the caller releases in any case, at the payload. ASSAY_BAD_DATA for one that is
 * truncated, changed, of another kind or version. */
assay_status state_read_file(const char *path, const state_kind *kind, state_bytes *b);

/* FNV-1a, for checksums. */
static inline uint64_t state_fnv(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n > 0; n--)
        hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
    return hash;
}
#define STATE_FNV_START UINT64_C(0xcbf29ce484222325)

#endif
