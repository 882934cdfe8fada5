#include "cli/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance, with three rows of its table. */
size_t edit_distance(const char *a, const char *b)
{
    const size_t rows = strlen(a), columns = strlen(b);
    if (rows >= NEAREST_NAME || columns >= NEAREST_NAME)
        return SIZE_MAX;
    size_t table[3][NEAREST_NAME];
    size_t *before = table[0], *above = table[1], *row = table[2];
    for (size_t j = 0; j <= columns; j++)
        above[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *reused = before;
        before = above;
        above = row;
        row = reused;
    }
    return above[columns];
}

nearest nearest_begin(const char *typed)
{
    return (nearest){.typed = typed};
}

static bool is_known(const nearest *near, const char *shown)
{
    for (size_t i = 0; i < near->count; i++) {
        if (strcmp(near->name[i], shown) == 0)
            return true;
    }
    return false;
}

/* A third of the letters may be wrong; the beginning or an inner part of a name is near whatever its length. */
static size_t distance_of(const char *typed, const char *name)
{
    const size_t length = strlen(typed), distance = edit_distance(typed, name);
    if (length >= 3 && strstr(name, typed))
        return smaller(distance, 1);
    return distance <= 1 + length / 3 && distance < length ? distance : SIZE_MAX;
}

void nearest_consider(nearest *near, const char *name, const char *shown)
{
    const size_t distance = distance_of(near->typed, name);
    if (distance == SIZE_MAX || strlen(shown) >= NEAREST_NAME || is_known(near, shown))
        return;
    size_t at = near->count;
    while (at > 0 && near->distance[at - 1] > distance)
        at--;
    if (at == NEAREST_NAMES)
        return;
    const size_t last = near->count < NEAREST_NAMES ? near->count++ : NEAREST_NAMES - 1;
    for (size_t i = last; i > at; i--) {
        near->distance[i] = near->distance[i - 1];
        memcpy(near->name[i], near->name[i - 1], NEAREST_NAME);
    }
    near->distance[at] = distance;
    snprintf(near->name[at], NEAREST_NAME, "%s", shown);
}

const char *nearest_advice(const nearest *near, char text[NEAREST_TEXT])
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < near->count; i++) {
        const char *before = i == 0 ? "; did you mean " : i + 1 < near->count ? ", " : " or ";
        length += (size_t)snprintf(text + length, NEAREST_TEXT - length, "%s%s", before, near->name[i]);
    }
    if (near->count)
        snprintf(text + length, NEAREST_TEXT - length, "?");
    return text;
}
