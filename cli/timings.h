/* Timings as they are printed. A group, what is timed on one workload at one size, is printed once it is complete,
 * because speedups need its reference, which may come last. */
#ifndef ASSAY_CLI_TIMINGS_H
#define ASSAY_CLI_TIMINGS_H

#include "cli/formats.h"
#include "cli/options.h"

#include "assay/bench.h"

typedef struct timing_writer {
    output_format format;
    FILE *out;
    int width; /* of the column of names */
    uint64_t seed;
    struct kept_timing *group; /* its members so far */
    size_t count, capacity;
    junit cases;
    size_t timings, skipped; /* so far */
    bool failed;             /* no memory */
} timing_writer;

timing_writer timing_writer_begin(output_format format, FILE *out, int width, uint64_t seed);

/* Takes a timing into its group; prints the group before if it belongs to another. */
void timing_write(timing_writer *w, const assay_timing *timing);

void timing_write_skipped(timing_writer *w, const bench_item *item, const char *reason);

/* Prints what is waiting. False if memory ran out. */
bool timing_writer_flush(timing_writer *w);

/* Flushes, prints what could not be printed before, releases. */
bool timing_writer_end(timing_writer *w);

#endif
