/* A run and the database that its results go to as they come. */
#ifndef ASSAY_CLI_SESSION_H
#define ASSAY_CLI_SESSION_H

#include "cli/options.h"
#include "reports/store.h"

#include <time.h>

typedef struct session {
    report_store *store; /* null with --no-db */
    int64_t run_id;
    assay_run run;
    bool resumed; /* run_id is an interrupted run that goes on */
    bool grouped; /* records of a check are there whose result is still to come */
    bool failed;  /* the database refused a record, error says why */
    char error[512];
    char shard[32], system[256], started[32], machine[512]; /* what run's strings point to */
    struct timespec start;
} session;

/* Opens the database and enters a run of @p command, or with @p resume goes on with the newest run that was
 * interrupted, that no other process is at work on, and that does not differ in revision, depth, level, seed, shard,
 * data. @p depth is "" for bench. @p machine names the CPUs of all that take part; null: this one's. */
assay_status session_begin(session *s, const common_options *common, const char *command, const char *depth,
                           const char *machine, bool resume);

/* Takes note of what became of a record. If the database refused it, the run is asked to stop as an interrupt would
 * (results so far are kept) and session_end says why. */
void session_check(session *s, assay_status status);

/* Series and counts of a check are added directly before its result: they and it are kept together or not at all, or
 * the check would leave them a second time when an interrupted run goes on. */
void session_add_result(session *s, const assay_result *result);
void session_add_series(session *s, const assay_series *series);
void session_add_count(session *s, const assay_count *count);
void session_add_shard(session *s, const assay_sweep_shard *shard);
void session_add_timing(session *s, const assay_timing *timing);
void session_add_limit(session *s, const assay_limit *limit);

/* Closes the database, noting that the run is complete if @p complete. Returns ASSAY_IO if a record was refused. */
assay_status session_end(session *s, bool complete);

#endif
