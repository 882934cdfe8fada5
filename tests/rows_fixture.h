/* What a database holds, as lines of text that can be compared: what differs between two runs of the same (times,
 * numbers of rows) is left out. */
#ifndef ASSAY_TESTS_ROWS_FIXTURE_H
#define ASSAY_TESTS_ROWS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

/* Lines in order. */
typedef struct rows {
    char **lines;
    size_t count;
} rows;

void rows_release(rows *r);

/* Every record of every run. */
rows rows_of_all(const char *path);

/* Those of the newest run that came to its end, and with them the parts of sweeps of all runs, each once: what a run
 * finds there already it does not store again. */
rows rows_of_whole(const char *path);

/* Fails unless the two are the same. */
void rows_demand_same(const rows *actual, const rows *expected, const char *when);

/* Fails unless all lines of @p part are in @p whole. */
void rows_demand_part(const rows *part, const rows *whole, const char *when);

/* Fails unless the database is sound, and each run holds each of its results, timings and parts of sweeps once, and
 * each of its other records no more often than @p whole does. */
void rows_demand_sound(const char *path, const rows *whole, const char *when);

#endif
