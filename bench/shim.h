/**
 * @file shim.h
 * Google Benchmark, as seen from C. Its measuring loop, its repetitions in random order and its JSON are used; what is
 * timed and what becomes of the numbers is decided by the caller.
 */
#ifndef ASSAY_BENCH_SHIM_H
#define ASSAY_BENCH_SHIM_H

#include "assay/bench.h"
#include "bench/counters.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One function to be timed. Times are seconds for one call of @c run. */
typedef struct shim_job {
    const char *name; /**< unique among the jobs of one call: the name in the JSON */
    bench_state *state;
    assay_status (*run)(bench_state *state); /**< what is timed */
    bool process_time;                       /**< CPU time in the JSON is that of all threads */
    void *self;                              /**< for the functions below, none of which is timed */
    /** Before a repetition of @p runs calls; a text keeps it from being run and is the reason. */
    const char *(*before)(void *self, uint64_t runs);
    /** After one that did not fail: what was counted, NaN where nothing was. Not every repetition is reported: the
     * first ones may only serve to find out how many runs it takes. */
    void (*after)(void *self, uint64_t runs, double counts_per_run[BENCH_COUNTERS]);
    /** The results, when all repetitions are done, in the order measured. */
    void (*timed)(void *self, double seconds, const double counts_per_run[BENCH_COUNTERS]);
    void (*failed)(void *self, const char *reason);
} shim_job;

/** Why a kernel that returned @p status is not timed. One that does not take this input or size is no failure. */
void shim_describe(assay_status status, char *text, size_t size);

/** An open Google Benchmark. */
typedef struct shim shim;

/** Starts a series of runs whose results go to @p json_path (null: none), in one JSON document. */
assay_status shim_open(const char *program, double seconds, size_t repetitions, const char *json_path, shim **opened);

/** Times jobs, the repetitions of all of them in random order. */
assay_status shim_run(shim *shim, const shim_job *jobs, size_t count);

/** Completes the JSON. Fails if it could not be written. Null is fine. */
assay_status shim_close(shim *shim);

#ifdef __cplusplus
}
#endif

#endif
