/**
 * @file caches.h
 * The data caches of the processor that this process runs on.
 */
#ifndef ASSAY_BENCH_CACHES_H
#define ASSAY_BENCH_CACHES_H

#include <stddef.h>

/** Where data are. */
typedef enum bench_place { BENCH_L1, BENCH_L2, BENCH_L3, BENCH_MEMORY } bench_place;

enum { BENCH_CACHES = 3, BENCH_PLACES = 4 };

/** One level of cache. */
typedef struct bench_cache {
    size_t bytes;  /**< of one instance; 0: this machine has no such level */
    int instances; /**< that this process's processors have, at least 1 */
} bench_cache;

/** The levels: caches.level[BENCH_L1] ... */
typedef struct bench_caches {
    bench_cache level[BENCH_CACHES];
} bench_caches;

/** "L1", "L2", "L3", "memory". */
const char *bench_place_name(bench_place place);

/** Reads what the kernel says under @p folder (/sys/devices/system/cpu/cpu0/cache); where it says nothing, what the C
 *  library says; where that says nothing either, usual sizes. @p processors is how many this process may use. */
bench_caches bench_caches_read(const char *folder, int processors);

/** The caches of this machine. */
bench_caches bench_caches_here(void);

/** What @p threads threads, spread as widely as they can be, have together of a level (BENCH_L1 to BENCH_L3). */
size_t bench_cache_total(const bench_caches *caches, bench_place place, int threads);

/** The first place that holds @p bytes when @p threads threads share the work. */
bench_place bench_place_of(const bench_caches *caches, double bytes, int threads);

#endif
