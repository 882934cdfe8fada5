/**
 * @file record.h
 * What the harness records: runs, results of checks, timings, limits and series.
 *
 * The verify and bench layers make these records, the result store keeps them, the reports show them. Strings are
 * borrowed: whoever keeps a record copies them. Numbers that are missing are NaN.
 */
#ifndef ASSAY_RECORD_H
#define ASSAY_RECORD_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** One execution: where, when and of what. All other records belong to a run. */
typedef struct assay_run {
    const char *command;  /**< "verify" or "bench" */
    const char *revision; /**< of the source, with "-dirty" if it had changes */
    const char *compiler; /**< name and version */
    const char *flags;    /**< of the optimized files */
    const char *machine;  /**< CPU model */
    const char *system;   /**< kernel name, release and architecture */
    const char *level;    /**< the CPU level in force */
    const char *depth;    /**< "quick", "full" or "exhaustive"; empty for bench */
    const char *shard;    /**< "K/N", or "1/1" */
    const char *started;  /**< UTC, e.g. "2026-11-24T16:24:58Z" */
    int word_bits;        /**< 64 */
    int processors;       /**< that the process may use */
    int threads;          /**< in force */
    uint64_t seed;        /**< of all random numbers of the run */
    const char *data;     /**< the user's own input (`--data FILE`), as it was named; empty or null for none */
} assay_run;

/** The kinds of check. */
typedef enum assay_kind {
    ASSAY_ORACLE,    /**< against MPFR, GMP or exact truth */
    ASSAY_AGREEMENT, /**< optimized against reference */
    ASSAY_LAW,       /**< an invariant that theory demands */
    ASSAY_CLAIM,     /**< a result of the paper, measured again */
    ASSAY_REJECTION  /**< bad input gets its error */
} assay_kind;

/** The verdicts; the last three only for claims. */
typedef enum assay_verdict {
    ASSAY_PASS,               /**< every measurement was within its limit */
    ASSAY_FAIL,               /**< one was not, or the check did not come to its end */
    ASSAY_SKIPPED,            /**< it could not be run here; the reason says why */
    ASSAY_REPRODUCED,         /**< every seed gave the paper's result */
    ASSAY_REPRODUCED_IN_PART, /**< at least half of the seeds did, or all came near; see verify_claim */
    ASSAY_NOT_REPRODUCED      /**< neither: an honest verdict, no failure */
} assay_verdict;

/** The name of a kind as it is printed and stored: "oracle", "agreement", "law", "claim", "rejection". */
const char *assay_kind_name(assay_kind kind);

/** The name of a verdict as it is printed and stored: "pass", "fail", "skipped", "reproduced", "reproduced in part",
 *  "not reproduced". */
const char *assay_verdict_name(assay_verdict verdict);

/** The kind of a name; ASSAY_INVALID_ARGUMENT for an unknown one. */
assay_status assay_kind_parse(const char *name, assay_kind *kind);

/** The verdict of a name; ASSAY_INVALID_ARGUMENT for an unknown one. */
assay_status assay_verdict_parse(const char *name, assay_verdict *verdict);

/** The result of one check. */
typedef struct assay_result {
    const char *algorithm;      /**< its name in the catalogue */
    const char *implementation; /**< "reference", "baseline", "avx2", "avx512" */
    assay_kind kind;            /**< what the check rests on */
    const char *check;          /**< its name within the algorithm */
    const char *workload;       /**< what it was measured on; empty for an agreement */
    double measured;       /**< the tightest of the check's measurements (for a claim: the median over its seeds) */
    double limit;          /**< what it was held against; NaN if nothing numeric was */
    int at_least;          /**< 1 if measured must be at least the limit, 0 if at most */
    const char *unit;      /**< e.g. "ulp", "relative error", "" */
    assay_verdict verdict; /**< what became of it */
    const char *reason;    /**< why it failed or was skipped, or where the worst case is; may be empty */
    double seconds;        /**< that the check took, by the clock on the wall */
    uint64_t seed;         /**< the run's seed */
    const char *replay;    /**< the command that repeats this one check */
    double false_alarm; /**< at most so probable is it that a right implementation fails at a random seed; 0: never */
    /* Claims only (null, NaN or 0 otherwise): */
    const char *statement;   /**< the claim in words */
    const char *paper_value; /**< the paper's number, as text */
    const char *provenance;  /**< "abstract", "paper", "recalled", "derived", ... : where the number is from */
    double spread_low;       /**< smallest measurement over the seeds */
    double spread_high;      /**< largest measurement over the seeds */
    int seeds;               /**< number of seeds measured */
    int seeds_passed;        /**< how many of them reproduced the claim */
} assay_result;

/** How a series is drawn. */
typedef enum assay_series_style {
    ASSAY_HISTOGRAM, /**< bars: y counts what falls at x */
    ASSAY_LINE,      /**< points joined in their order */
    ASSAY_SCATTER,   /**< points alone */
    ASSAY_FRONT      /**< points of a Pareto front, joined by steps */
} assay_series_style;

/** The name of a style as it is stored: "histogram", "line", "scatter", "front". */
const char *assay_series_style_name(assay_series_style style);

/** The style of a name; ASSAY_INVALID_ARGUMENT for an unknown one. */
assay_status assay_series_style_parse(const char *name, assay_series_style *style);

/** What a series says. Each kind but the first has a standard chart of its own. */
typedef enum assay_series_kind {
    ASSAY_POINTS,        /**< what the check says: axes and style are its own */
    ASSAY_CONVERGENCE,   /**< the error of an iterative method over its progress; @c x_label is that progress' unit */
    ASSAY_QUALITY_SPEED, /**< speed over quality, a point for each setting */
    ASSAY_SCALING        /**< measurements with a power law fitted to them */
} assay_series_kind;

/** The name of a kind of series as it is stored: "points", "convergence", "quality and speed", "scaling". */
const char *assay_series_kind_name(assay_series_kind kind);

/** The kind of a name; ASSAY_INVALID_ARGUMENT for an unknown one. */
assay_status assay_series_kind_parse(const char *name, assay_series_kind *kind);

/** Points to be drawn. Series of one algorithm with the same kind, chart name and labels of the axes share one chart.
 *  Of those that a run records several times under one label (the seeds of a claim) the first is drawn; of ASSAY_POINTS
 *  all are. */
typedef struct assay_series {
    const char *algorithm;      /**< its name in the catalogue */
    const char *implementation; /**< that it was measured on */
    const char *chart;          /**< e.g. "error of exp2 over all floats" */
    const char *label;          /**< e.g. "avx512": the legend within the chart */
    assay_series_style style;   /**< how the points are drawn */
    const char *x_label;        /**< of the horizontal axis, with unit */
    const char *y_label;        /**< of the vertical axis, with unit */
    int x_log;                  /**< 1 for a logarithmic horizontal axis */
    int y_log;                  /**< 1 for a logarithmic vertical axis */
    size_t count;               /**< number of points */
    const double *x;            /**< @c count coordinates */
    const double *y;            /**< @c count coordinates */
    assay_series_kind kind;     /**< what it says */
    /* ASSAY_SCALING only (0 otherwise): y = factor x^exponent. */
    double exponent;      /**< the fitted one */
    double exponent_low;  /**< its interval of 95 % */
    double exponent_high; /**< see @c exponent_low */
    double factor;        /**< the fitted one */
} assay_series;

/** A number of operations that was counted, and what theory allows. */
typedef struct assay_count {
    const char *algorithm;      /**< its name in the catalogue */
    const char *implementation; /**< that it was counted in */
    const char *workload;       /**< on what */
    const char *method;         /**< whose operations, e.g. "las vegas": counts of one workload are compared */
    const char *counted;        /**< what, e.g. "word operations" */
    double count;               /**< how many */
    double allowed;             /**< at most so many by theory; NaN: no bound */
} assay_count;

/** One finished part of an exhaustive sweep; identical when computed again. */
typedef struct assay_sweep_shard {
    const char *algorithm;          /**< its name in the catalogue */
    const char *implementation;     /**< the level whose outputs were judged */
    const char *check;              /**< the sweep's name within the algorithm */
    uint32_t shard;                 /**< which part, 0 <= shard < shards */
    uint32_t shards;                /**< how many there are: 256 of 2^24 inputs each for float32 */
    uint64_t inputs;                /**< inputs seen */
    uint64_t hard;                  /**< of them handed to MPFR */
    uint64_t not_correctly_rounded; /**< inputs whose output is not the nearest float to the truth */
    uint64_t over_limit;            /**< inputs whose error was above the limit */
    double worst_ulp;               /**< largest error, in ulp of the truth */
    uint32_t worst_input;           /**< its bit pattern, the smallest one if several */
    uint64_t output_hash;           /**< FNV-1a over all outputs in order */
    double seconds;                 /**< that it took; the one member that differs when computed again */
    uint64_t histogram[64];      /**< counts by error: bin k holds [k/32, (k+1)/32) ulp, the last one also all above */
    double binade_worst[256];    /**< largest error for each exponent field of the input; NaN where none was seen */
    uint64_t binade_inputs[256]; /**< inputs for each exponent field */
} assay_sweep_shard;

/** Timings of one implementation (or peer) on one workload at one size. */
typedef struct assay_timing {
    const char *algorithm;      /**< its name in the catalogue */
    const char *implementation; /**< a level, or a peer's name */
    int is_peer;                /**< 1: somebody else's implementation */
    int is_reference;           /**< 1: what speedups are over */
    const char *workload;       /**< its name within the algorithm */
    uint64_t size;              /**< of the workload, in its own unit (bench_workload.size_label) */
    int threads;                /**< in force */
    size_t repetitions;         /**< length of @c seconds */
    const double *seconds;      /**< per run of the kernel, one for each repetition, in the order measured */
    double bytes;               /**< moved per run of the kernel; NaN where it means nothing */
    double flops;               /**< operations per run of the kernel; NaN where it means nothing */
    double items;               /**< what a user counts, per run of the kernel; NaN where it means nothing */
    double working_set;         /**< bytes touched */
    double limit_seconds;       /**< the least time that the machine's limits allow; NaN if unknown */
    const char *limit_name;     /**< which limit that is, e.g. "L2 copy bandwidth" */
    const char *note;           /**< e.g. a peer's accuracy: "at most 1.0 ulp" */
    double quality;             /**< of the result, e.g. the recall; NaN: alike for all */
    const char *quality_label;  /**< e.g. "recall@10"; empty if there is none */
    /* Hardware counters per run of the kernel; NaN where there are none, then counters_reason says why. */
    double cycles;               /**< of the CPU's clock, in user space */
    double instructions;         /**< retired */
    double branch_misses;        /**< mispredicted branches */
    double cache_misses;         /**< of the last level */
    const char *counters_reason; /**< why there are none; empty if there are */
    const char *replay;          /**< the command that measures this again */
} assay_timing;

/** One measured limit of the machine. */
typedef struct assay_limit {
    const char *name;  /**< e.g. "read bandwidth", "copy bandwidth", "fma f32", "add i32" */
    const char *level; /**< CPU level it was measured with */
    const char *where; /**< "L1", "L2", "L3", "memory", or "" for arithmetic */
    int threads;       /**< that ran it */
    double per_second; /**< bytes or operations */
    const char *unit;  /**< "B/s", "flop/s", "op/s" */
} assay_limit;

ASSAY_END_DECLARATIONS

#endif
