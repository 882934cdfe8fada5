/**
 * @file store.h
 * The result store: an SQLite database of runs and all that belongs to them.
 *
 * Every add_* call is one transaction (WAL), so that a run killed at any moment leaves a database that opens and holds
 * everything that was finished. A connection must not cross a fork. A database of a newer version, or one that is
 * corrupt or not ours, is refused and never written to: ASSAY_UNSUPPORTED for a newer version, ASSAY_BAD_DATA for what
 * is damaged or not ours, ASSAY_IO where the system refuses (read-only, full, locked for longer than ten seconds) and
 * where the file was deleted or replaced since it was opened.
 *
 * Every member of a record comes back as it was, null strings included; arrays bit for bit. Of a number that is not in
 * an array only this is lost: which NaN it was, and the sign of a zero.
 */
#ifndef ASSAY_REPORTS_STORE_H
#define ASSAY_REPORTS_STORE_H

#include "assay/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct report_store report_store;

enum {
    REPORT_STORE_APPLICATION = 0x41535359, /**< "ASSY": SQLite's application_id of our databases */
    REPORT_STORE_VERSION = 2               /**< SQLite's user_version: that of the schema which this program writes */
};

/** Opens or creates a database for writing, with its folder; migrates an older version. */
assay_status report_store_open(const char *path, report_store **store);

/** Opens an existing database for reading, also one of an older version: what it does not know yet is missing. */
assay_status report_store_open_read_only(const char *path, report_store **store);

/** Closes; null is fine. */
void report_store_close(report_store *store);

/** Enters a run; its number is used for all that follows. */
assay_status report_store_begin_run(report_store *store, const assay_run *run, int64_t *run_id);

/**
 * Two processes may write to one database, each to a run of its own. Between these two calls no other process chooses a
 * run to go on with or enters one; report_store_hold() then says that this process is at work on @p run_id, until the
 * store is closed or the process dies. ASSAY_IO if another process has it.
 */
assay_status report_store_choose_begin(report_store *store);
void report_store_choose_end(report_store *store);
assay_status report_store_hold(report_store *store, int64_t run_id);

/** True if another process is at work on a run; to be asked between report_store_choose_begin() and its end. */
bool report_store_is_held(const report_store *store, int64_t run_id);

/** What is added between these two calls is one transaction: all of it is kept, or nothing. Until the end other
 *  processes wait for the database. After a failure to add, the end undoes all and fails. */
assay_status report_store_group_begin(report_store *store);
assay_status report_store_group_end(report_store *store);

/** Notes that a run came to its end (a run without this was interrupted). */
assay_status report_store_end_run(report_store *store, int64_t run_id, double seconds);

assay_status report_store_add_result(report_store *store, int64_t run_id, const assay_result *result);
assay_status report_store_add_series(report_store *store, int64_t run_id, const assay_series *series);
assay_status report_store_add_count(report_store *store, int64_t run_id, const assay_count *count);
assay_status report_store_add_timing(report_store *store, int64_t run_id, const assay_timing *timing);
assay_status report_store_add_limit(report_store *store, int64_t run_id, const assay_limit *limit);
assay_status report_store_add_shard(report_store *store, int64_t run_id, const assay_sweep_shard *shard);

/** Fills @p shard (whose algorithm, implementation, check, shard and shards are set) from any run of this revision;
 *  *found says whether there is one. A revision that ends in "-dirty", or "unknown", never matches. The three names
 *  stay the caller's. */
assay_status report_store_find_shard(report_store *store, const char *revision, assay_sweep_shard *shard, bool *found);

/** A check whose claim verdict (or pass/fail) differs between runs of one revision, depth and seed. */
typedef struct report_contradiction {
    char algorithm[64], implementation[64], check[128], verdicts[128];
} report_contradiction;

/** Finds checks whose verdict in @p run_id differs from an earlier run of the same revision (not dirty), depth, level,
 *  seed and data of the user, or within the run itself (a merged one may have both). A skipped check has no verdict.
 * *count says how many there are, of which @p out gets the first @p capacity. */
assay_status report_store_contradictions(report_store *store, int64_t run_id, report_contradiction *out,
                                         size_t capacity, size_t *count);

/* ---- Reading. The records given to a visitor live only during the call; a visitor returns false to stop. --------- */

/** A stored run. */
typedef struct report_run {
    int64_t id;
    assay_run run;
    double seconds; /**< NaN if the run never came to its end */
} report_run;

assay_status report_store_each_run(report_store *store, bool (*visit)(void *self, const report_run *run), void *self);
assay_status report_store_each_result(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_result *result), void *self);
assay_status report_store_each_series(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_series *series), void *self);
assay_status report_store_each_count(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_count *count), void *self);
assay_status report_store_each_timing(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_timing *timing), void *self);
assay_status report_store_each_limit(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_limit *limit), void *self);
assay_status report_store_each_shard(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_sweep_shard *shard), void *self);

/** The algorithms of which the run has a result, a series, a count, a timing or a part of a sweep, each once, in order
 * of name.
 */
assay_status report_store_each_algorithm(report_store *store, int64_t run_id,
                                         bool (*visit)(void *self, const char *algorithm), void *self);

/** The newest run of a command ("verify", "bench") that has any record; 0 if there is none. */
assay_status report_store_newest(report_store *store, const char *command, int64_t *run_id);

/**
 * Joins databases into @p out, written whole under another name first. It must not exist, or with @p replace be a
 * database of ours that nobody is using; it may be among @p paths. Runs that are shards K/N
 * of one run (same command, revision, seed, depth, level, data of the user, machine word size and N) become one run,
 * whose shard is "1/1" when all are there, else the like of "1-3,5/8"; it started with the first of them, took the sum
 * of their seconds (NaN while one never came to its end), and names all their machines. Refused with ASSAY_MISMATCH,
 * naming both values, if revisions, seeds or word sizes differ. Joining is associative and idempotent: the same record
 * from two databases is kept once. Results and parts of sweeps that differ only in the time they took are the same; of
 * a limit measured twice the greater one is kept.
 */
assay_status report_store_merge(const char *const *paths, size_t count, const char *out, bool replace);

#endif
