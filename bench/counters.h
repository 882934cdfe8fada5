/**
 * @file counters.h
 * Hardware counters of this process by perf_event_open.
 */
#ifndef ASSAY_BENCH_COUNTERS_H
#define ASSAY_BENCH_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_CYCLES, BENCH_INSTRUCTIONS, BENCH_BRANCH_MISSES, BENCH_CACHE_MISSES, BENCH_COUNTERS };

/** What perf_event_open shall count. */
typedef struct counters_event {
    uint32_t type;
    uint64_t config;
} counters_event;

/** The four events of the hardware. */
extern const counters_event counters_hardware[BENCH_COUNTERS];

/** A group of counters; all zero bytes but the descriptors when closed. */
typedef struct bench_counters {
    int descriptor[BENCH_COUNTERS]; /**< -1: the machine has no such counter, or all are closed */
    int leader;                     /**< the one that is read for all; -1: closed */
    bool threads;                   /**< the threads started after opening are counted too */
    char reason[160];               /**< why there are none, or not all; empty if all are there */
} bench_counters;

/** Counts at one moment. */
typedef struct counters_sample {
    uint64_t enabled, running; /**< nanoseconds during which the group should have counted, and did */
    uint64_t value[BENCH_COUNTERS];
} counters_sample;

/** Opens counters, which count from now on; false with the reason if there are none. */
bool counters_open(bench_counters *counters, const counters_event events[BENCH_COUNTERS]);

/** A group that is closed, for @p reason. */
bench_counters counters_none(const char *reason);

void counters_close(bench_counters *counters);

/** Reads them all at once; false if they are closed or cannot be read. */
bool counters_read(const bench_counters *counters, counters_sample *sample);

/** What was counted between two samples, for each of @p runs runs, scaled up by the time in which the counters had to
 *  give way to others; NaN where there is no counter. */
void counters_between(const bench_counters *counters, const counters_sample *before, const counters_sample *after,
                      uint64_t runs, double per_run[BENCH_COUNTERS]);

/** The reason for an error number of perf_event_open; @p paranoid is the kernel's setting, or -1000 if unknown. */
void counters_explain(int error, int paranoid, char *reason, int capacity);

#endif
