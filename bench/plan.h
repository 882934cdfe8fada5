/**
 * @file plan.h
 * What is to be timed: the workloads of all algorithms, and those of them that a run selects.
 */
#ifndef ASSAY_BENCH_PLAN_H
#define ASSAY_BENCH_PLAN_H

#include "assay/bench.h"

/** An item of a plan, with room for its name. Items of one group (a workload at a size, or a weak
 * scaling at all of its sizes in increasing order) follow each other. */
typedef struct plan_entry {
    bench_item item;
    size_t group;
    char implementation[96];
} plan_entry;

/** All that a run times, in order. */
typedef struct bench_plan {
    plan_entry *entries;
    size_t count;
} bench_plan;

/** Selects what the options' patterns and shard say, with @p threads as the larger number of threads. */
assay_status plan_make(const bench_options *options, int threads, bench_plan *plan);

void plan_release(bench_plan *plan);

#endif
