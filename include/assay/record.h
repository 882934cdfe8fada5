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
    uint64_t seed;
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
    ASSAY_PASS,
    ASSAY_FAIL,
    ASSAY_SKIPPED,
    ASSAY_REPRODUCED,
    ASSAY_REPRODUCED_IN_PART,
    ASSAY_NOT_REPRODUCED
} assay_verdict;

/** Names as they are printed and stored: "oracle", ..., "reproduced in part". */
const char *assay_kind_name(assay_kind kind);
const char *assay_verdict_name(assay_verdict verdict);

/** The inverse; ASSAY_INVALID_ARGUMENT for an unknown name. */
assay_status assay_kind_parse(const char *name, assay_kind *kind);
assay_status assay_verdict_parse(const char *name, assay_verdict *verdict);

/** The result of one check. */
typedef struct assay_result {
    const char *algorithm;
    const char *implementation; /**< "reference", "baseline", "avx2", "avx512" */
    assay_kind kind;
    const char *check;
    const char *workload;
    double measured;  /**< the tightest of the check's measurements (for a claim: the median over its seeds) */
    double limit;     /**< what it was held against; NaN if nothing numeric was */
    int at_least;     /**< 1 if measured must be at least the limit, 0 if at most */
    const char *unit; /**< e.g. "ulp", "relative error", "" */
    assay_verdict verdict;
    const char *reason; /**< why it failed or was skipped, or where the worst case is; may be empty */
    double seconds;
    uint64_t seed;
    const char *replay; /**< the command that repeats this one check */
    /* Claims only (null, NaN or 0 otherwise): */
    const char *statement;   /**< the claim in words */
    const char *paper_value; /**< the paper's number, as text */
    const char
        *provenance;   /**< "abstract", "paper", "recalled", "derived", ... : where the specification has it from */
    double spread_low; /**< smallest and largest measurement over the seeds */
    double spread_high;
    int seeds;        /**< number of seeds measured */
    int seeds_passed; /**< how many of them reproduced the claim */
} assay_result;

/** How a series is drawn. */
typedef enum assay_series_style { ASSAY_HISTOGRAM, ASSAY_LINE, ASSAY_SCATTER, ASSAY_FRONT } assay_series_style;

const char *assay_series_style_name(assay_series_style style); /**< "histogram", "line", "scatter", "front" */
assay_status assay_series_style_parse(const char *name, assay_series_style *style);

/** Points to be drawn. Series of one algorithm with the same chart name share one chart. */
typedef struct assay_series {
    const char *algorithm;
    const char *implementation;
    const char *chart; /**< e.g. "error of exp2 over all floats" */
    const char *label; /**< e.g. "avx512": the legend within the chart */
    assay_series_style style;
    const char *x_label; /**< with unit */
    const char *y_label; /**< with unit */
    int x_log, y_log;    /**< 1 for a logarithmic axis */
    size_t count;
    const double *x;
    const double *y;
} assay_series;

/** One finished part of an exhaustive sweep; identical when computed again. */
typedef struct assay_sweep_shard {
    const char *algorithm;
    const char *implementation;
    const char *check;
    uint32_t shard, shards; /**< shard 0 <= shard < shards; 256 shards of 2^24 inputs for float32 */
    uint64_t inputs;        /**< inputs seen */
    uint64_t hard;          /**< of them handed to MPFR */
    uint64_t not_correctly_rounded;
    uint64_t over_limit;  /**< inputs whose error was above the limit */
    double worst_ulp;     /**< largest error */
    uint32_t worst_input; /**< its bit pattern, the smallest one if several */
    uint64_t output_hash; /**< FNV-1a over all outputs in order */
    double seconds;
    uint64_t histogram[64];      /**< counts by error: bin k holds [k/32, (k+1)/32) ulp, the last one also all above */
    double binade_worst[256];    /**< largest error for each exponent field of the input; NaN where none was seen */
    uint64_t binade_inputs[256]; /**< inputs for each exponent field */
} assay_sweep_shard;

/** Timings of one implementation (or peer) on one workload at one size. */
typedef struct assay_timing {
    const char *algorithm;
    const char *implementation; /**< a level, or a peer's name */
    int is_peer;                /**< 1: somebody else's implementation */
    int is_reference;           /**< 1: what speedups are over */
    const char *workload;
    uint64_t size;
    int threads;
    size_t repetitions;
    const double *seconds;      /**< per run of the kernel, one for each repetition, in the order measured */
    double bytes, flops, items; /**< per run of the kernel; NaN where they mean nothing */
    double working_set;         /**< bytes touched */
    double limit_seconds;       /**< the least time that the machine's limits allow; NaN if unknown */
    const char *limit_name;     /**< which limit that is, e.g. "L2 copy bandwidth" */
    const char *note;           /**< e.g. a peer's accuracy: "at most 1.0 ulp" */
    /* Hardware counters per run of the kernel; NaN where there are none, then counters_reason says why. */
    double cycles, instructions, branch_misses, cache_misses;
    const char *counters_reason;
    const char *replay;
} assay_timing;

/** One measured limit of the machine. */
typedef struct assay_limit {
    const char *name;  /**< e.g. "read bandwidth", "copy bandwidth", "fma f32", "add i32" */
    const char *level; /**< CPU level it was measured with */
    const char *where; /**< "L1", "L2", "L3", "memory", or "" for arithmetic */
    int threads;
    double per_second; /**< bytes or operations */
    const char *unit;  /**< "B/s", "flop/s", "op/s" */
} assay_limit;

ASSAY_END_DECLARATIONS

#endif
