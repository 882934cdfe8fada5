/**
 * @file limits.h
 * What the machine can do at best: bandwidths and arithmetic, and the roofline that follows from them.
 */
#ifndef ASSAY_BENCH_LIMITS_H
#define ASSAY_BENCH_LIMITS_H

#include "assay/bench.h"
#include "bench/caches.h"

/** Ways of going through memory. */
typedef enum limits_stream {
    LIMITS_READ,  /**< one array is read */
    LIMITS_WRITE, /**< one is written */
    LIMITS_COPY,  /**< one is read, one written */
    LIMITS_TRIAD, /**< two are read, one written */
    LIMITS_STREAMS
} limits_stream;

enum { LIMITS_ARITHMETICS = BENCH_ADD_I32 + 1, LIMITS_BLOCK = 1024 };

/** Goes once through arrays of @p bytes bytes each (a multiple of LIMITS_BLOCK, aligned to 64). */
typedef void limits_stream_kernel(void *to, const void *from, const void *other, size_t bytes);

/** Runs independent chains of operations @p steps steps; returns the number of operations. */
typedef double limits_arithmetic_kernel(uint64_t steps);

/** The kernels of one CPU level. */
typedef struct limits_kernels {
    limits_stream_kernel *plain[LIMITS_STREAMS];
    limits_stream_kernel *around[LIMITS_STREAMS]; /**< with stores that go around the caches; null: none */
    limits_arithmetic_kernel *arithmetic[LIMITS_ARITHMETICS];
} limits_kernels;

extern const limits_kernels limits_kernels_baseline, limits_kernels_avx2, limits_kernels_avx512;

/** What was measured: bytes or operations a second, NaN where nothing was. */
typedef struct bench_machine {
    bench_caches caches;
    int threads; /**< the larger number of threads */
    /** The second index is 0 for one thread and 1 for all. */
    double bandwidth[ASSAY_LEVELS][2][BENCH_PLACES][LIMITS_STREAMS];
    double arithmetic[ASSAY_LEVELS][2][LIMITS_ARITHMETICS];
} bench_machine;

/** Nothing measured yet. */
void limits_clear(bench_machine *machine);

/** Measures the levels up to @p highest, with one and @p threads threads. Gives up with ASSAY_INTERRUPTED soon after
 *  @p stop (may be null) says so. */
assay_status limits_measure(bool quick, assay_level highest, int threads, bool (*stop)(void), bench_machine *machine);

/** Hands what was measured to the sink. */
void limits_report(const bench_machine *machine, const bench_sink *sink);

/**
 * The least time in which the machine can do the bytes and operations of one run of @p state: what it does at best at
 * @p level or below with @p threads threads or fewer. NaN (and an empty name) if nothing is known. Docs:
 * docs/benchmarks.md.
 */
double limits_seconds(const bench_machine *machine, const bench_state *state, bench_arithmetic arithmetic,
                      assay_level level, int threads, const char **name);

#endif
