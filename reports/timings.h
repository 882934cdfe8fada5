/* Timings of one run together, because ratios are only taken within a run. */
#ifndef ASSAY_REPORTS_TIMINGS_H
#define ASSAY_REPORTS_TIMINGS_H

#include "reports/model.h"

typedef struct report_timing_batch {
    assay_timing *timings;
    size_t count, capacity;
} report_timing_batch;

/* Adds a copy, strings and repetitions kept in the arena; false if there is no memory. */
bool report_timing_batch_add(report_timing_batch *batch, report_arena *arena, const assay_timing *timing);
void report_timing_batch_free(report_timing_batch *batch);

/* Whether two timings are of the same thing: implementation, workload, size and threads. */
bool report_same_benchmark(const assay_timing *a, const assay_timing *b);

/* The reference that @p timing is compared to: on the same workload and size, with as few threads as there are; null
 * if there is none. */
const assay_timing *report_timing_batch_reference(const report_timing_batch *batch, const assay_timing *timing);

/* How many times as fast as @p slow is @p fast, with its 95 % interval? Both of @p run; NaN if it cannot be told. */
assay_interval report_timing_ratio(const assay_timing *slow, const assay_timing *fast, const assay_run *run);

/* Fills the record, median, ratios and fraction of @p out, not its run and history. */
void report_timing_batch_evaluate(const report_timing_batch *batch, const assay_timing *timing, const assay_run *run,
                                  report_model_timing *out);

/* In order of workload, size, reference, ours, peers, implementation and threads. */
void report_timings_sort(report_model_timing *timings, size_t count);

#endif
