/**
 * @file report.h
 * Reports: the newest results of a database as pages for people and files for machines.
 *
 * What is shown is, for each check, timing, series and limit, the newest record of the database: a later run of a part
 * does not hide the rest. Speedups are only taken within one run. Earlier runs appear as history. The same database
 * gives the same bytes.
 */
#ifndef ASSAY_REPORTS_REPORT_H
#define ASSAY_REPORTS_REPORT_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Settings; null or zero members mean the default. */
typedef struct report_options {
    const char *chart_js; /**< path of Chart.js 3; default: environment ASSAY_CHART_JS, else where Debian installs it */
    size_t history;       /**< how many of the newest runs the history shows; default 30 */
} report_options;

/** How often which verdict was given. A claim that was skipped or could not be measured counts as skipped or failed. */
typedef struct report_tally {
    size_t passed, failed, skipped;             /**< checks */
    size_t reproduced, in_part, not_reproduced; /**< claims */
} report_tally;

/** One algorithm in the summary. */
typedef struct report_summary_row {
    char algorithm[64];
    report_tally tally;
    double speedup, speedup_low, speedup_high; /**< best over the reference with its 95 % interval; NaN: none */
    char fastest[128];                         /**< which implementation and workload that is */
    double over_peer;                          /**< our time against the best peer's on that workload; NaN: none */
    double limit_fraction;                     /**< of the machine's limit, by the same timing; NaN: unknown */
    double tightest;                           /**< largest share of a limit that a passing check used up; NaN: none */
} report_summary_row;

/** What a report says, in short. */
typedef struct report_summary {
    report_tally total;
    size_t contradictions; /**< verdicts that differ between runs of one revision, depth, level and seed */
    report_summary_row *rows;
    size_t row_count;
    char slowest[512]; /**< the checks that took longest, with their seconds; empty if there are none */
    char index[4096];  /**< path of the first page */
} report_summary;

/**
 * Reads @p database and writes index.html, a page for each algorithm, report.md, results.json and junit.xml to
 * @p folder, which is made if need be; each file is written whole or not at all. @p summary may be null; release it
 * with report_summary_free(). ASSAY_UNSUPPORTED if Chart.js is missing, ASSAY_IO if the folder cannot be written,
 * ASSAY_BAD_DATA if the database holds no run.
 */
assay_status report_write(const char *database, const char *folder, const report_options *options,
                          report_summary *summary);

/** Writes every claim of @p database to the Markdown file @p path (its folder is made if need be), whole or not at all.
 *  Results of runs of greater depth go before those of newer quick ones. Fails as report_write() does. */
assay_status report_write_claims(const char *database, const char *path);

/** Prints the summary as a table, one line for each algorithm, and the path of the first page. */
void report_print_summary(const report_summary *summary, FILE *out, bool colour);

/** Releases what report_write() put into @p summary; null is fine. */
void report_summary_free(report_summary *summary);

#endif
