/**
 * @file ranks.h
 * Benchmarks under mpirun: every rank times its share of the groups (a workload at a size, with all levels and peers,
 * so that what is compared is timed by one rank); rank 0 gathers one result. Nothing is sent while anything is timed on
 * the same rank, and who waits sleeps.
 */
#ifndef ASSAY_BENCH_RANKS_H
#define ASSAY_BENCH_RANKS_H

#include "bench/run.h"

/** The ranks of a run. */
typedef struct bench_ranks {
    const bench_options *options;
    int rank, ranks;
    int host;       /**< the first rank on this rank's host */
    int hosts;      /**< how many there are */
    size_t items;   /**< that all ranks have to time */
    char *machines; /**< rank 0: the names of the CPUs, each once, "A; B" */
} bench_ranks;

/**
 * Starts MPI. Every rank must call it with the same options, and gets the same status. ASSAY_MISMATCH if the ranks
 * differ in what they would time, ASSAY_INVALID_ARGUMENT if several of them are on one host, where they would disturb
 * each other's timings, unless @p share_hosts; ASSAY_UNSUPPORTED if this build is without MPI. After a failure MPI has
 * ended.
 */
assay_status bench_ranks_begin(const bench_options *options, bool share_hosts, bench_ranks *ranks);

/**
 * bench_run() for all ranks together, and the end of MPI. @p ready says whether rank 0 is ready for the records; if it
 * is not, nothing is timed. Only rank 0's sink is used; an item that another rank could not time has nothing but names
 * and size. The limits are measured once on each host, and of several hosts' the best are reported. The status is the
 * same on every rank; a signal to any of them stops all.
 */
assay_status bench_ranks_run(bench_ranks *ranks, assay_status ready, const bench_sink *sink);

#endif
