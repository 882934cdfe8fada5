/* What a report shows, read from the store into plain structures: the newest record of each key, and the history.
 * All strings are valid UTF-8 and kept once, so that equal strings are equal pointers. */
#ifndef ASSAY_REPORTS_MODEL_H
#define ASSAY_REPORTS_MODEL_H

#include "assay/catalogue.h"
#include "assay/statistics.h"
#include "reports/arena.h"
#include "reports/history.h"
#include "reports/report.h"
#include "reports/store.h"

#include <stdbool.h>

/* A run, and how many records it has. */
typedef struct report_model_run {
    report_run stored;
    size_t results, timings, others;
} report_model_run;

/* The newest result of (algorithm, implementation, check, workload). */
typedef struct report_model_result {
    assay_result record;
    const report_model_run *run;
} report_model_result;

/* The timing of (algorithm, implementation, workload, size, threads): the newest of a run that also timed the
 * reference on that workload and size, because only ratios within a run mean anything; else the newest. */
typedef struct report_model_timing {
    assay_timing record;
    const report_model_run *run;
    bool has_reference;
    bool same_threads;        /* as the reference has */
    assay_interval median;    /* of seconds, 95 % */
    assay_interval speedup;   /* over the reference of the same run; NaN without one */
    assay_interval over_peer; /* ours only: over the fastest peer of the same run and number of threads; NaN: none */
    const char *peer;         /* that peer; "" if there is none */
    double limit_fraction;    /* of what the machine could do at best; NaN: unknown */
    double *history;          /* median seconds in each run of the model; NaN where there is none */
} report_model_timing;

/* A series of (kind, chart, labels of the axes, label, implementation). */
typedef struct report_model_series {
    assay_series record;
    const report_model_run *run;
    size_t order; /* as recorded */
} report_model_series;

/* The newest count of (workload, counted, method, implementation). */
typedef struct report_model_count {
    assay_count record;
    const report_model_run *run;
    size_t order; /* as recorded */
} report_model_count;

/* The parts of a sweep of one revision, joined. */
typedef struct report_model_sweep {
    assay_sweep_shard total;     /* its shard counts the parts that there are; output_hash joins theirs in order */
    const report_model_run *run; /* of the newest part */
    double positive[256], negative[256]; /* worst error for each exponent field by sign; NaN where none was seen */
    uint64_t *hashes;                    /* for each part; 0 where there is none */
    bool *seen;
} report_model_sweep;

/* A limit of the machine. */
typedef struct report_model_limit {
    assay_limit record;
    const report_model_run *run;
} report_model_limit;

/* Everything about one algorithm. */
typedef struct report_model_algorithm {
    const char *name;
    const char *file;             /* of its page: safe, unique */
    const assay_algorithm *entry; /* null if this build does not know it */
    report_model_result *results; /* in order of kind, check, implementation */
    size_t result_count, result_capacity;
    report_model_timing *timings; /* in order of workload, size, ours before peers, threads */
    size_t timing_count, timing_capacity;
    report_model_series *series; /* in order of kind, chart and axes */
    size_t series_count, series_capacity;
    report_model_count *counts; /* in order of workload and what was counted */
    size_t count_count, count_capacity;
    report_model_sweep *sweeps;
    size_t sweep_count, sweep_capacity;
    report_tally *history; /* for each run of the model */
    report_tally tally;    /* of results */
    const report_model_timing *best,
        *worst; /* speedups of our fastest code at as many threads as the reference, over the benchmarks; null: none */
} report_model_algorithm;

typedef struct report_model {
    report_arena arena;
    report_model_run *runs; /* oldest first */
    size_t run_count;
    const report_model_run *verify, *bench; /* the newest with records; null: none */
    report_model_algorithm **algorithms;    /* by name */
    size_t algorithm_count, algorithm_capacity;
    report_model_limit *limits;
    size_t limit_count, limit_capacity;
    report_contradiction contradictions[64];
    size_t contradiction_count;
    report_tally total;
    size_t history;             /* number of newest runs to be shown */
    const report_history *past; /* series over the runs; null: not looked at */
} report_model;

/* Reads @p database. With @p deep_first, what runs of greater depth found goes before what newer quick ones did.
 * Release with report_model_free(), also after a failure. */
assay_status report_model_load(const char *database, bool deep_first, report_model *model);
void report_model_free(report_model *model);

/* Adds a verdict. */
void report_tally_add(report_tally *tally, assay_verdict verdict);

/* True for the verdicts that only claims have. */
bool report_is_claim_verdict(assay_verdict verdict);

/* Whether two series belong on one chart. */
bool report_same_chart(const assay_series *a, const assay_series *b);

/* Whether two counts do. */
bool report_same_counting(const assay_count *a, const assay_count *b);

/* How much of its limit a result used up: at most 1 if it passed; NaN if that cannot be said. */
double report_limit_used(const assay_result *result);

/* Orders names of implementations: CPU levels by what they need ("avx2-2t" is avx2 with two threads), then the others.
 */
int report_compare_implementations(const char *a, const char *b);

/* A check and how long it took. */
typedef struct report_slow_check {
    const report_model_algorithm *algorithm;
    const report_model_result *result;
} report_slow_check;

/* The checks and claims that took longest, slowest first, at most @p most; returns their number. */
size_t report_slowest_checks(const report_model *model, report_slow_check *slowest, size_t most);

/* The seconds of all checks and claims of an algorithm, or (null) of all. */
double report_seconds_of(const report_model *model, const report_model_algorithm *only);

/* The revision of the newest run; what comes from another one is marked. */
const char *report_newest_revision(const report_model *model);

/* The first run of the history. */
size_t report_history_start(const report_model *model);

#endif
