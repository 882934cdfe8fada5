/* Memory that is released all at once, and strings kept once each. */
#include "reports/arena.h"

#include "reports/text.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };

typedef struct report_arena_block {
    struct report_arena_block *next;
    size_t used, capacity;
    alignas(max_align_t) unsigned char data[];
} report_arena_block;

void *report_arena_allocate(report_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    report_arena_block *block = arena->blocks;
    if (!block || block->capacity - block->used < bytes) {
        size_t capacity = bytes > BLOCK ? bytes : BLOCK;
        block = malloc(sizeof *block + capacity);
        if (!block)
            return NULL;
        *block = (report_arena_block){.next = arena->blocks, .capacity = capacity};
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += bytes;
    return memset(memory, 0, bytes);
}

void *report_arena_append(report_arena *arena, void *array, size_t *count, size_t *capacity, size_t size)
{
    void **elements = array;
    if (*count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 16;
        void *copy = report_arena_allocate(arena, larger, size);
        if (!copy)
            return NULL;
        if (*count)
            memcpy(copy, *elements, *count * size);
        *elements = copy;
        *capacity = larger;
    }
    return (char *)*elements + (*count)++ * size;
}

void report_arena_free(report_arena *arena)
{
    while (arena->blocks) {
        report_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    free(arena->strings);
    *arena = (report_arena){0};
}

static uint64_t hash(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

/* Where @p s is, or would be put. */
static size_t find(const char *const *strings, size_t capacity, const char *s)
{
    size_t at = hash(s) & (capacity - 1);
    while (strings[at] && strcmp(strings[at], s) != 0)
        at = (at + 1) & (capacity - 1);
    return at;
}

static int grow(report_arena *arena)
{
    size_t capacity = arena->string_capacity ? 2 * arena->string_capacity : 1024;
    const char **strings = calloc(capacity, sizeof *strings);
    if (!strings)
        return 0;
    for (size_t i = 0; i < arena->string_capacity; i++) {
        if (arena->strings[i])
            strings[find(strings, capacity, arena->strings[i])] = arena->strings[i];
    }
    free(arena->strings);
    arena->strings = strings;
    arena->string_capacity = capacity;
    return 1;
}

/* Enters a string that is valid and lives as long as the arena. */
static const char *enter(report_arena *arena, const char *valid)
{
    if (2 * arena->string_count >= arena->string_capacity && !grow(arena))
        return NULL;
    size_t at = find(arena->strings, arena->string_capacity, valid);
    if (!arena->strings[at]) {
        char *copy = report_arena_allocate(arena, strlen(valid) + 1, 1);
        if (!copy)
            return NULL;
        strcpy(copy, valid);
        arena->strings[at] = copy;
        arena->string_count++;
    }
    return arena->strings[at];
}

const char *report_arena_string(report_arena *arena, const char *s)
{
    char small[1024], *valid = small;
    size_t room = 3 * strlen(s ? s : "") + 1;
    if (room > sizeof small && !(valid = malloc(room)))
        return NULL;
    report_valid_utf8(valid, s ? s : "");
    const char *kept = enter(arena, valid);
    if (valid != small)
        free(valid);
    return kept;
}
