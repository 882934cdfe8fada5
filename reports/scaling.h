/* How benchmarks go faster, or do more, with more threads. */
#ifndef ASSAY_REPORTS_SCALING_H
#define ASSAY_REPORTS_SCALING_H

#include "reports/model.h"

/* A timing with several threads beside the one with one thread of the same run. Strong: the same size. Weak: each
 * thread has the size that the one thread has. */
typedef struct report_scaling {
    const report_model_timing *timing, *single;
    bool weak;
    assay_interval speedup;    /* how many times as much is done in a second as by one thread, 95 % */
    assay_interval efficiency; /* speedup over threads: 1 is ideal */
} report_scaling;

/* Whether a timing is of a weak scaling, whose sizes cannot be compared with each other. */
bool report_is_weak(const assay_timing *timing);

/* Fills @p scaling; false if the timing has one thread, or there is none with one thread to compare it with. */
bool report_scaling_of(const report_model_algorithm *algorithm, const report_model_timing *timing,
                       report_scaling *scaling);

/* All of an algorithm, in the order of its timings. Released by the caller; null with *count = 0 if there are none, and
 * with *count > 0 if there is no memory. */
report_scaling *report_scalings(const report_model_algorithm *algorithm, size_t *count);

/* "strong" or "weak". */
const char *report_scaling_kind(const report_scaling *scaling);

#endif
