#include "core/state_file.h"

#include "core/readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_WORDS = 4 };

void state_put(state_bytes *b, const void *bytes, size_t n)
{
    if (!b->failed && b->used + n > b->capacity) {
        const size_t capacity = 2 * (b->used + n) + 4096;
        unsigned char *grown = realloc(b->bytes, capacity);
        b->failed = !grown;
        if (grown) {
            b->bytes = grown;
            b->capacity = capacity;
        }
    }
    if (b->failed || n == 0)
        return;
    memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
}

void state_put_word(state_bytes *b, uint64_t word)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
    state_put(b, bytes, sizeof bytes);
}

void state_put_double(state_bytes *b, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    state_put_word(b, bits);
}

const unsigned char *state_take(state_bytes *b, size_t n)
{
    if (b->failed || b->capacity - b->used < n) {
        b->failed = true;
        return NULL;
    }
    b->used += n;
    return b->bytes + b->used - n;
}

uint64_t state_take_word(state_bytes *b)
{
    const unsigned char *bytes = state_take(b, 8);
    uint64_t word = 0;
    for (int i = 0; bytes && i < 8; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

uint64_t state_take_count(state_bytes *b, uint64_t most)
{
    const uint64_t word = state_take_word(b);
    if (word > most)
        b->failed = true;
    return b->failed ? 0 : word;
}

double state_take_double(state_bytes *b)
{
    const uint64_t bits = state_take_word(b);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

void state_release(state_bytes *b)
{
    free(b->bytes);
    *b = (state_bytes){0};
}

static assay_status write_whole(const char *path, const state_bytes *header, const state_bytes *payload)
{
    char *temporary = malloc(strlen(path) + sizeof ".new");
    if (!temporary)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the name of %s", path);
    sprintf(temporary, "%s.new", path);
    FILE *file = fopen(temporary, "wb");
    bool good = file && fwrite(header->bytes, 1, header->used, file) == header->used &&
                fwrite(payload->bytes, 1, payload->used, file) == payload->used && fflush(file) == 0 &&
                fsync(fileno(file)) == 0;
    int reason = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = false;
        reason = errno;
    }
    if (!good && file)
        unlink(temporary);
    free(temporary);
    return good ? ASSAY_OK : assay_fail(ASSAY_IO, "path %s cannot be written: %s", path, strerror(reason));
}

assay_status state_write_file(const char *path, const state_kind *kind, const state_bytes *payload)
{
    state_bytes header = {0};
    state_put_word(&header, kind->magic);
    state_put_word(&header, kind->version);
    state_put_word(&header, payload->used);
    state_put_word(&header, state_fnv(STATE_FNV_START, payload->bytes, payload->used));
    assay_status status = header.failed || payload->failed
                              ? assay_fail(ASSAY_NO_MEMORY, "no memory for the %s", kind->name)
                              : write_whole(path, &header, payload);
    state_release(&header);
    return status;
}

static assay_status read_whole(const char *path, state_bytes *b)
{
    file_bytes file;
    const assay_status status = file_read(path, &file);
    if (status != ASSAY_OK)
        return assay_fail(status, "path %s", assay_error()); /* which begins with it */
    *b = (state_bytes){.bytes = file.bytes, .used = file.size, .capacity = file.size};
    return ASSAY_OK;
}

/* Checks the header and leaves the input at the payload. */
static assay_status open_payload(const char *path, const state_kind *kind, state_bytes *b)
{
    b->capacity = b->used;
    b->used = 0;
    const bool complete = b->capacity >= 8 * HEADER_WORDS;
    if (!complete || state_take_word(b) != kind->magic)
        return assay_fail(ASSAY_BAD_DATA, "path %s is no %s", path, kind->name);
    const uint64_t version = state_take_word(b), length = state_take_word(b), checksum = state_take_word(b);
    if (version != kind->version)
        return assay_fail(ASSAY_BAD_DATA, "path %s has version %llu, must be %llu", path, (unsigned long long)version,
                          (unsigned long long)kind->version);
    if (length != b->capacity - b->used)
        return assay_fail(ASSAY_BAD_DATA, "path %s has %zu bytes of %llu: it is truncated or has more", path,
                          b->capacity - b->used, (unsigned long long)length);
    if (checksum != state_fnv(STATE_FNV_START, b->bytes + b->used, (size_t)length))
        return assay_fail(ASSAY_BAD_DATA, "path %s does not match its checksum", path);
    return ASSAY_OK;
}

assay_status state_read_file(const char *path, const state_kind *kind, state_bytes *b)
{
    assay_status status = read_whole(path, b);
    return status == ASSAY_OK ? open_payload(path, kind, b) : status;
}
