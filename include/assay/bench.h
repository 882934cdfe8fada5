/**
 * @file bench.h
 * The bench layer: how an algorithm says what is to be timed, and how it is timed.
 *
 * An algorithm's bench file is a table of workloads; the measuring loop, repetitions, interleaving, hardware counters
 * and the machine's limits are done here. Docs: docs/benchmarks.md.
 */
#ifndef ASSAY_BENCH_H
#define ASSAY_BENCH_H

#include "assay/cpu.h"
#include "assay/random.h"
#include "assay/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** Lengths of the arrays of a workload. */
enum {
    BENCH_SIZES = 8, /**< most sizes */
    BENCH_PEERS = 16 /**< most peers */
};

/**
 * One workload at one size, prepared. All implementations and peers of the group share it, so that a run must leave it
 * such that the next one, whoever's, has the same work to do.
 */
typedef struct bench_state {
    uint64_t size;       /**< set by the harness */
    assay_random random; /**< set by the harness: the run's seed and the workload's stream */
    uint64_t turn;       /**< counts the runs of the kernel; setup that makes several inputs rotates them by this */
    void *data;          /**< the workload's own, made by setup and released by teardown (null before) */
    /* Set by setup, per run of the kernel (NaN or 0: means nothing here): */
    double bytes;         /**< read and written, at least; 0 means bytes_read + bytes_written */
    double flops;         /**< floating-point (or for integer kernels: elementary) operations, an FMA counting 2 */
    double items;         /**< elements, multiply-adds, queries: what a user counts */
    double working_set;   /**< bytes touched; 0 means @c bytes */
    double bytes_read;    /**< the parts of @c bytes, for a tighter limit: leave both 0 and it is taken for a copy, */
    double bytes_written; /**< half read and half written */
    /** How good the result is, where implementations differ in that: set by run (or setup, or a peer's run), e.g. the
     *  recall; see bench_workload.quality_label. NaN: all are alike. */
    double quality;
} bench_state;

/** Arithmetic that limits a workload besides bandwidth. */
typedef enum bench_arithmetic {
    BENCH_FMA_F32, /**< fused multiply-adds of float */
    BENCH_FMA_F64, /**< of double */
    BENCH_ADD_I32  /**< additions of 32-bit integers */
} bench_arithmetic;

/** Somebody else's implementation of the same job. */
typedef struct bench_peer {
    const char *name;                        /**< e.g. "SLEEF exp u10 avx512" */
    const char *note;                        /**< its accuracy or settings */
    assay_level level;                       /**< what it needs of the CPU */
    bool (*available)(void);                 /**< null: always */
    assay_status (*run)(bench_state *state); /**< with assay_threads() threads */
    bool single_thread;                      /**< true: not timed again with more threads */
} bench_peer;

/** A workload with who is timed on it. Names of workloads and peers are without any of / * ? [ ] \\ ' and control
 *  characters, and a peer's differs from the levels' and the other peers'. */
typedef struct bench_workload {
    const char *name;                          /**< "exp_uniform" */
    uint64_t sizes[BENCH_SIZES];               /**< ends at the first 0 */
    uint64_t quick_sizes[BENCH_SIZES];         /**< with --quick; empty means sizes */
    bool full_only;                            /**< left out with --quick: its setup takes long */
    const char *size_label;                    /**< e.g. "elements", "n of an n x n product" */
    const char *quality_label;                 /**< e.g. "recall@10"; null: all results are alike. Items per second are
                                                *   then drawn over it, one curve for each implementation over the sizes */
    bench_arithmetic arithmetic;               /**< whose peak is a limit to @c flops */
    assay_status (*setup)(bench_state *state); /**< outside the timed region, for all implementations; a quick one again
                                                *   for each repetition, and always with the same result */
    void (*teardown)(bench_state *state);      /**< may be null; called after a setup that failed if it left data */
    assay_status (*run)(bench_state *state);   /**< ours: timed at every level of the algorithm */
    unsigned levels;               /**< levels to be timed; 0 means those of the catalogue entry; reference always */
    bool threads;                  /**< also timed with all threads, except the reference (the rest with one), and at
                                    *   the best level and by peers with 2, 4, ...: strong scaling */
    uint64_t weak;                 /**< size for each thread of the weak scaling; 0: none. What a run costs must be
                                    *   proportional to the size, and @c threads be true. Timed as workload NAME-weak */
    bench_peer peers[BENCH_PEERS]; /**< ends at the first without a name */
} bench_workload;

/** What the name of a workload's weak scaling has at its end. */
#define BENCH_WEAK "-weak"

/** Enters an algorithm's workloads; called before main by BENCH_WORKLOADS. */
void bench_add(const char *algorithm, const bench_workload *workloads, size_t count);

/** Registers a table of workloads: `BENCH_WORKLOADS(lmul, workloads);`. */
#define BENCH_WORKLOADS(ALGORITHM, TABLE)                                                                              \
    __attribute__((constructor)) static void ALGORITHM##_enter_workloads(void)                                         \
    {                                                                                                                  \
        bench_add(#ALGORITHM, TABLE, sizeof(TABLE) / sizeof((TABLE)[0]));                                              \
    }                                                                                                                  \
    struct ALGORITHM##_swallow_semicolon

/** Tells the compiler that @p memory is read, so that what wrote it is not optimized away. */
static inline void bench_consume(const void *memory)
{
    __asm__ volatile("" : : "g"(memory) : "memory");
}

/* ---- Running -------------------------------------------------------------------------------------------------- */

/** One thing to be timed. */
typedef struct bench_item {
    const char *algorithm;      /**< its name */
    const char *implementation; /**< name of a level, with "-2t" and the like for several threads, or a peer's name */
    const bench_workload *workload; /**< what it works on */
    const bench_peer *peer;         /**< null: ours */
    assay_level level;              /**< that it runs at, or that the peer needs */
    int threads;                    /**< that it uses */
    uint64_t size;                  /**< of the workload */
    bool weak;                      /**< of a weak scaling: size / threads is the same for its whole group */
} bench_item;

/** Visits every item of the catalogue, whatever the CPU; sizes of the quick depth included. */
void bench_each_item(void (*visit)(void *self, const bench_item *item), void *self);

/** What to time. */
typedef struct bench_options {
    const char *const *patterns; /**< globs over algorithm/implementation/workload/size */
    size_t pattern_count;        /**< 0: everything */
    bool quick;                  /**< quick sizes, less time for each */
    uint64_t seed;               /**< of the workloads' random numbers */
    unsigned shard;              /**< from 0: which part of the groups to run; see @c shards */
    unsigned shards;             /**< run the groups (a workload at a size) with index = shard modulo this, so that
                                  *   what is compared stays together; 0 or 1: all */
    size_t repetitions;          /**< at least 9; 0 means 9 */
    double seconds;              /**< least time of one repetition; 0 means 0.02, with quick 0.005 */
    bool counters;               /**< ask for hardware counters */
    bool limits;                 /**< measure the machine's limits in this run */
    const char *json_path;       /**< Google Benchmark's own JSON, written whole at the end; null: none */
    const char *program;         /**< for the replay commands; null means "build/assay" */
} bench_options;

/** Who gets the records, as they come. Null members are not called. */
typedef struct bench_sink {
    void *self;                                             /**< given to all of these */
    void (*begin)(void *self, size_t items);                /**< so many calls of timing or skipped are to come */
    void (*start)(void *self, const char *what);            /**< "limits", or a group: "lmul/multiply/4096" */
    void (*limit)(void *self, const assay_limit *limit);    /**< one measured limit */
    void (*timing)(void *self, const assay_timing *timing); /**< one item, when its group is done */
    void (*skipped)(void *self, const bench_item *item, const char *reason); /**< one item that could not be timed */
} bench_sink;

/**
 * Times what the options select, in this process, at the CPU levels up to the one in force and with one and
 * assay_threads() threads (and, for the scaling, the powers of two between). A setup or kernel that fails, and what the
 * machine lacks, is skipped with the reason and is no failure of the call. ASSAY_INVALID_ARGUMENT if a pattern matches
 * nothing, ASSAY_INTERRUPTED after SIGINT or SIGTERM. Starts threads: the process must not fork afterwards.
 */
assay_status bench_run(const bench_options *options, const bench_sink *sink);

/** Measures the machine's limits alone: in a few seconds (quick), or longer and surer. Starts threads. */
assay_status bench_limits(bool quick, const bench_sink *sink);

/** Sets one item up and runs its kernel @p runs times, untimed: for tools that count or profile from outside. */
assay_status bench_repeat(const bench_item *item, uint64_t seed, uint64_t runs);

ASSAY_END_DECLARATIONS

#endif
