/**
 * @file run.h
 * A run of benchmarks that is one of several, which share the limits of their machines.
 */
#ifndef ASSAY_BENCH_RUN_H
#define ASSAY_BENCH_RUN_H

#include "bench/limits.h"

/** What a run does with the limits instead of measuring and reporting them by itself. */
typedef struct bench_sharing {
    void *self;
    bool measures; /**< this run measures them, others on its host do not */
    /** Called once in every run that is to have limits, with what became of it so far; makes @p machine what was
     * measured on this host. It reports them, too. What it returns is the run's status. */
    assay_status (*exchange)(void *self, assay_status so_far, bench_machine *machine);
} bench_sharing;

/** bench_run(), with @p sharing unless that is null. */
assay_status bench_run_shared(const bench_options *options, const bench_sink *sink, const bench_sharing *sharing);

#endif
