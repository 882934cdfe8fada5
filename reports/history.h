/* Series over the runs of a database: what a benchmark took, and how large the worst error of a check was, run after
 * run, with the points where they changed.
 *
 * Only like is compared with like: a series belongs to a group of runs, on one machine (model and number of
 * processors), by one compiler with the same flags, for checks of one depth too, with the same data of the user. */
#ifndef ASSAY_REPORTS_HISTORY_H
#define ASSAY_REPORTS_HISTORY_H

#include "assay/change_points.h"
#include "assay/statistics.h"
#include "reports/arena.h"
#include "reports/store.h"

#include <stdbool.h>

/* What a series is of. */
typedef enum report_measure {
    REPORT_TIME,     /* median seconds of a benchmark; with `relative` over the reference's in the same run */
    REPORT_ACCURACY, /* worst error of an oracle or agreement */
    REPORT_MEASURES
} report_measure;

/* "time", "accuracy". */
const char *report_measure_name(report_measure measure);

/* Settings; zero members mean the default. */
typedef struct report_history_options {
    bool (*selects)(const void *self, const char *algorithm, const char *implementation, const char *rest);
    const void *self; /* of selects; a null selects means everything */
    bool peers;       /* also peers and the reference */
    bool all_groups;  /* also runs that cannot be compared with the newest one */
    bool relative;    /* times over those of the reference in the same run */
    size_t last;      /* of the newest runs of a group, at most so many; default 200 */
    double threshold; /* the smallest relative change of a time that counts; default 0.03 */
    double rate;      /* of false alarms; default 0.01 */
    size_t recent;    /* a new segment has at most so many runs; default 5 */
    size_t confirm;   /* and at least so many; default 1 */
    uint64_t seed;    /* of the permutations */
} report_history_options;

/* Runs that can be compared with each other. */
typedef struct report_history_group {
    report_measure measure;
    const char *machine, *compiler, *flags, *depth, *data;
    int processors;
    size_t runs;       /* with a selected series */
    size_t newest_run; /* the last of them */
} report_history_group;

/* What one run says. */
typedef struct report_history_point {
    size_t run; /* of report_history.runs */
    double value;
    double low, high; /* of the median, from the repetitions within this run (at least 93 %); NaN: none */
} report_history_point;

/* A point where a series changed. */
typedef struct report_history_change {
    size_t at;            /* the first point of the new segment */
    double p;             /* of the test that found it, for a new one corrected for the number of series */
    assay_interval ratio; /* medians after over before, 95 %; no number if one is 0 */
    bool worse;
    bool newest; /* found by the test of the newest runs alone: not yet by permutations */
} report_history_change;

typedef enum report_judgement {
    REPORT_STEADY,
    REPORT_WORSE,   /* the newest run is in a new, worse segment */
    REPORT_TOO_FEW, /* comparable runs, to say anything */
    REPORT_ENDED,   /* the newest run of the group does not have it */
    REPORT_SHOWN    /* a peer or the reference: not judged */
} report_judgement;

/* "steady", "worse", "too few runs", "not in the newest run", "not judged". */
const char *report_judgement_name(report_judgement judgement);

typedef struct report_history_series {
    report_measure measure;
    size_t group;
    const char *algorithm, *implementation;
    const char *name;     /* of the workload, or of the check */
    const char *workload; /* of a check */
    const char *unit;     /* as report_quantity() takes it */
    uint64_t size;        /* of a benchmark */
    int threads;
    bool is_peer, is_reference;
    bool at_least; /* the larger, the better */
    report_history_point *points;
    size_t count, capacity;
    report_history_change *changes; /* in order of place */
    size_t change_count;
    double p, adjusted; /* of a rise at the end: of its test, and corrected for the number of series; NaN: not judged */
    report_judgement judgement;
} report_history_series;

typedef struct report_history {
    report_arena arena;
    report_run *runs; /* oldest first */
    size_t run_count;
    report_history_group *groups;
    size_t group_count, group_capacity;
    report_history_series *series; /* by measure, group, algorithm, name, size, implementation */
    size_t series_count, series_capacity;
} report_history;

/* The fewest points that change points are looked for among. */
enum { REPORT_HISTORY_LEAST = ASSAY_RISE_BASE + 1 };

/* Reads the series of @p database and finds where they changed. Release with report_history_free(), also after a
 * failure. A database without any has 0 series. */
assay_status report_history_load(const char *database, const report_history_options *options, report_history *history);
void report_history_free(report_history *history);

/* ---- Words (history_words.c) --------------------------------------------------------------------------------------
 */

/* A text by value. */
typedef struct report_words {
    char text[400];
} report_words;

/* "implementation/workload/size" or "implementation/check", as patterns have it. */
report_words report_name_of_series(const report_history_series *series);

/* "multiply, size 4,096: avx2" */
report_words report_title_of_series(const report_history_series *series);

/* "+5.1 %", "2.3×"; "changed" where a ratio means nothing. */
report_words report_size_of_change(const report_history_change *change);

/* "+4.2 to +6.0 %"; empty where there is no interval. */
report_words report_interval_of_change(const report_history_change *change);

/* "slower", "more accurate", ... */
const char *report_direction_of_change(const report_history_series *series, const report_history_change *change);

/* ---- Segments -----------------------------------------------------------------------------------------------------
 */

/* The first point of the segment that point @p at belongs to, and one beyond its last. */
void report_segment_of(const report_history_series *series, size_t at, size_t *first, size_t *end);

/* The median of points. */
double report_level(const report_history_series *series, size_t first, size_t end);

/* ---- For report_history_load() only (history_changes.c) ---------------------------------------------------------- */

/* Finds the changes of all series. */
assay_status report_history_evaluate(report_history *history, const report_history_options *options);

#endif
