/* Nearest names, for whoever mistyped one. */
#ifndef ASSAY_CLI_NEAREST_H
#define ASSAY_CLI_NEAREST_H

#include <stddef.h>

enum { NEAREST_NAMES = 3, NEAREST_TEXT = 1024, NEAREST_NAME = 256 };

/* The names so far that are nearest to what was typed. */
typedef struct nearest {
    const char *typed;
    size_t count;
    size_t distance[NEAREST_NAMES];
    char name[NEAREST_NAMES][NEAREST_NAME];
} nearest;

/* Edit distance: insertions, deletions, replacements and swaps of neighbours. Names longer than NEAREST_NAME - 1 bytes
 * are infinitely far (SIZE_MAX). */
size_t edit_distance(const char *a, const char *b);

nearest nearest_begin(const char *typed);

/* Considers @p name, which would be advised as @p shown; what is too far off is passed over. */
void nearest_consider(nearest *near, const char *name, const char *shown);

/* "; did you mean a, b or c?" or nothing at all, in @p text, which is returned. */
const char *nearest_advice(const nearest *near, char text[NEAREST_TEXT]);

#endif
