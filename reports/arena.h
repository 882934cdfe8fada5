/* Memory that is released all at once, and strings kept once each. */
#ifndef ASSAY_REPORTS_ARENA_H
#define ASSAY_REPORTS_ARENA_H

#include <stddef.h>

typedef struct report_arena {
    struct report_arena_block *blocks;
    const char **strings; /* open addressing; null where free */
    size_t string_count, string_capacity;
} report_arena;

/* Zeroed memory for @p count elements of @p size bytes; null if there is none. */
void *report_arena_allocate(report_arena *arena, size_t count, size_t size);

/* Makes room for one more element of @p size bytes at the end of *array; the new element is zeroed. Null if there is no
 * memory. */
void *report_arena_append(report_arena *arena, void *array, size_t *count, size_t *capacity, size_t size);

/* The kept copy of @p s in valid UTF-8: equal strings give equal pointers; null is the empty string. Null if there is
 * no memory. */
const char *report_arena_string(report_arena *arena, const char *s);

void report_arena_free(report_arena *arena);

#endif
