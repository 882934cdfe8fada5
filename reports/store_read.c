/* Reading the store: runs, the records of a run, and what is looked for among all runs of a revision. */
#include "reports/store_private.h"

#include <math.h>
#include <stdio.h>

static assay_status fail_no_visitor(void)
{
    return assay_fail(ASSAY_INVALID_ARGUMENT, "visit is null");
}

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

/* Appends a range of shard numbers to "1-3,5" and the like. */
static void append_range(sqlite3_str *text, int64_t first, int64_t last)
{
    sqlite3_str_appendf(text, "%s%lld", sqlite3_str_length(text) > 0 ? "," : "", (long long)first);
    if (last > first)
        sqlite3_str_appendf(text, "-%lld", (long long)last);
}

/* The parts of a run as one: which shards there are ("1/1" if all), and the sum of their seconds (NaN if one of them
 * never came to its end). */
static assay_status join_parts(report_store *store, int64_t run_id, int64_t shards, char **shard, double *seconds)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_str *text = sqlite3_str_new(NULL);
    int64_t first = 0, last = 0, count = 0;
    bool row = true;
    *seconds = 0;
    assay_status status =
        store_prepare(store, "read", "SELECT number, seconds FROM part WHERE run_id = ? ORDER BY number", &statement);
    if (status == ASSAY_OK)
        sqlite3_bind_int64(statement, 1, run_id);
    while (status == ASSAY_OK && (status = store_step(store, "read", statement, &row)) == ASSAY_OK && row) {
        const int64_t number = sqlite3_column_int64(statement, 0);
        if (number < 1 || number > shards) {
            status = assay_fail(ASSAY_BAD_DATA, "cannot read \"%s\": run %lld has part %lld, must be 1 to %lld",
                                store->path, (long long)run_id, (long long)number, (long long)shards);
            break;
        }
        *seconds += sqlite3_column_type(statement, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, 1);
        if (count++ > 0 && number != last + 1)
            append_range(text, first, last);
        if (count == 1 || number != last + 1)
            first = number;
        last = number;
    }
    sqlite3_finalize(statement);
    append_range(text, first, last);
    sqlite3_str_appendf(text, "/%lld", (long long)shards);
    if (count == shards) {
        sqlite3_str_reset(text);
        sqlite3_str_appendall(text, "1/1");
    }
    *shard = sqlite3_str_finish(text);
    return status == ASSAY_OK && !*shard ? assay_fail(ASSAY_NO_MEMORY, "cannot make the shard's text") : status;
}

assay_status report_store_each_run(report_store *store, bool (*visit)(void *self, const report_run *run), void *self)
{
    sqlite3_stmt *statement = NULL;
    bool row = false, more = true;
    if (!visit)
        return fail_no_visitor();
    assay_status status = store_check(store, false);
    if (status == ASSAY_OK) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        sqlite3_str_appendall(sql, "SELECT id, shards");
        store_append_columns(sql, &store_run_table, "", store->version);
        sqlite3_str_appendall(sql, " FROM run ORDER BY id");
        status = store_prepare_built(store, "read", sql, &statement);
    }
    while (status == ASSAY_OK && more && (status = store_step(store, "read", statement, &row)) == ASSAY_OK && row) {
        report_run stored = {.id = sqlite3_column_int64(statement, 0)};
        char *shard = NULL;
        status = store_read(statement, 2, &store_run_table, &stored.run);
        if (status == ASSAY_OK)
            status = join_parts(store, stored.id, sqlite3_column_int64(statement, 1), &shard, &stored.seconds);
        if (status == ASSAY_OK) {
            stored.run.shard = shard;
            more = visit(self, &stored);
        }
        sqlite3_free(shard);
    }
    sqlite3_finalize(statement);
    return status;
}

assay_status report_store_newest(report_store *store, const char *command, int64_t *run_id)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    if (!command || !run_id)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", command ? "run_id" : "command");
    assay_status status = store_check(store, false);
    if (status == ASSAY_OK) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        sqlite3_str_appendall(sql, "SELECT max(id) FROM run WHERE command = ? AND (0");
        for (size_t i = 0; i < STORE_TABLES; i++) {
            if (store_tables[i].since <= store->version)
                sqlite3_str_appendf(sql, " OR EXISTS (SELECT 1 FROM %s WHERE run_id = run.id)", store_tables[i].name);
        }
        sqlite3_str_appendall(sql, ")");
        status = store_prepare_built(store, "read", sql, &statement);
    }
    if (status == ASSAY_OK) {
        sqlite3_bind_text(statement, 1, command, -1, SQLITE_STATIC);
        status = store_step(store, "read", statement, &row);
    }
    if (status == ASSAY_OK)
        *run_id = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status;
}

/* ---- Records of a run -------------------------------------------------------------------------------------------- */

/* Rows of a table, one after the other. Each reader has a statement of its own, so that visitors may read, too. */
typedef struct cursor {
    report_store *store;
    const store_table *table;
    sqlite3_stmt *statement;
    void *record; /* filled by the last step */
    assay_status status;
} cursor;

static cursor open_cursor(report_store *store, store_kind kind, int64_t run_id)
{
    cursor rows = {.store = store, .table = &store_tables[kind], .status = store_check(store, false)};
    if (rows.status != ASSAY_OK || rows.table->since > store->version)
        return rows; /* without a statement it has no rows */
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT id");
    store_append_columns(sql, rows.table, "", store->version);
    sqlite3_str_appendf(sql, " FROM %s WHERE run_id = ? ORDER BY id", rows.table->name);
    rows.status = store_prepare_built(store, "read", sql, &rows.statement);
    if (rows.status == ASSAY_OK)
        sqlite3_bind_int64(rows.statement, 1, run_id);
    return rows;
}

static bool next_record(cursor *rows, void *record)
{
    bool row = false;
    if (rows->record)
        store_release(rows->table, rows->record);
    rows->record = NULL;
    if (rows->status == ASSAY_OK && rows->statement)
        rows->status = store_step(rows->store, "read", rows->statement, &row);
    if (rows->status == ASSAY_OK && row)
        rows->status = store_read(rows->statement, 1, rows->table, record);
    if (rows->status == ASSAY_OK && row)
        rows->record = record;
    return rows->record != NULL;
}

static assay_status close_cursor(cursor *rows)
{
    if (rows->record)
        store_release(rows->table, rows->record);
    sqlite3_finalize(rows->statement);
    return rows->status;
}

assay_status report_store_each_result(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_result *result), void *self)
{
    assay_result result;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_RESULT, run_id);
    while (next_record(&rows, &result) && visit(self, &result))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_series(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_series *series), void *self)
{
    assay_series series;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_SERIES, run_id);
    while (next_record(&rows, &series) && visit(self, &series))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_count(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_count *count), void *self)
{
    assay_count count;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_COUNT, run_id);
    while (next_record(&rows, &count) && visit(self, &count))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_timing(report_store *store, int64_t run_id,
                                      bool (*visit)(void *self, const assay_timing *timing), void *self)
{
    assay_timing timing;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_TIMING, run_id);
    while (next_record(&rows, &timing) && visit(self, &timing))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_limit(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_limit *limit), void *self)
{
    assay_limit limit;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_LIMIT, run_id);
    while (next_record(&rows, &limit) && visit(self, &limit))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_shard(report_store *store, int64_t run_id,
                                     bool (*visit)(void *self, const assay_sweep_shard *shard), void *self)
{
    assay_sweep_shard shard;
    if (!visit)
        return fail_no_visitor();
    cursor rows = open_cursor(store, STORE_SHARD, run_id);
    while (next_record(&rows, &shard) && visit(self, &shard))
        continue;
    return close_cursor(&rows);
}

assay_status report_store_each_algorithm(report_store *store, int64_t run_id,
                                         bool (*visit)(void *self, const char *algorithm), void *self)
{
    sqlite3_stmt *statement = NULL;
    bool row = false, more = true;
    if (!visit)
        return fail_no_visitor();
    assay_status status = store_check(store, false);
    if (status == ASSAY_OK) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        for (size_t i = 0; i < STORE_TABLES; i++) {
            if (i != STORE_LIMIT && store_tables[i].since <= store->version)
                sqlite3_str_appendf(sql, "%sSELECT algorithm FROM %s WHERE run_id = ?1",
                                    sqlite3_str_length(sql) ? " UNION " : "", store_tables[i].name);
        }
        sqlite3_str_appendall(sql, " ORDER BY algorithm");
        status = store_prepare_built(store, "read", sql, &statement);
    }
    if (status == ASSAY_OK)
        sqlite3_bind_int64(statement, 1, run_id);
    while (status == ASSAY_OK && more && (status = store_step(store, "read", statement, &row)) == ASSAY_OK && row)
        more = visit(self, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

/* ---- Over all runs of a revision --------------------------------------------------------------------------------- */

/* A revision with changes, or one that is not known, may stand for anything. */
#define SETTLED "run.revision NOT GLOB '*-dirty' AND run.revision <> 'unknown'"

static assay_status read_shard(sqlite3_stmt *statement, assay_sweep_shard *shard)
{
    assay_sweep_shard stored;
    assay_status status = store_read(statement, 1, &store_tables[STORE_SHARD], &stored);
    if (status != ASSAY_OK)
        return status;
    /* The names are equal, but those that were read die with the statement. */
    stored.algorithm = shard->algorithm;
    stored.implementation = shard->implementation;
    stored.check = shard->check;
    *shard = stored;
    return ASSAY_OK;
}

assay_status report_store_find_shard(report_store *store, const char *revision, assay_sweep_shard *shard, bool *found)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    if (!revision || !shard || !found || !shard->algorithm || !shard->implementation || !shard->check)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "revision, shard, one of its names, or found is null");
    assay_status status = store_check(store, false);
    if (status == ASSAY_OK) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        sqlite3_str_appendall(sql, "SELECT part.id");
        store_append_columns(sql, &store_tables[STORE_SHARD], "part.", store->version);
        sqlite3_str_appendall(sql, " FROM sweep_shard AS part JOIN run ON run.id = part.run_id"
                                   " WHERE run.revision = ? AND part.algorithm = ? AND part.implementation = ?"
                                   " AND part.check_name = ? AND part.shard = ? AND part.shards = ?"
                                   " AND " SETTLED " ORDER BY part.id DESC LIMIT 1");
        status = store_prepare_built(store, "read", sql, &statement);
    }
    if (status == ASSAY_OK) {
        const char *names[] = {revision, shard->algorithm, shard->implementation, shard->check};
        for (int i = 0; i < 4; i++)
            sqlite3_bind_text(statement, i + 1, names[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 5, shard->shard);
        sqlite3_bind_int64(statement, 6, shard->shards);
        status = store_step(store, "read", statement, &row);
    }
    if (status == ASSAY_OK && row)
        status = read_shard(statement, shard);
    if (status == ASSAY_OK)
        *found = row;
    sqlite3_finalize(statement);
    return status;
}

/* The same check of runs of one revision with different verdicts. What was skipped had none. An older file knows no
 * data of the user. */
#define CONTRADICTIONS(SAME_DATA)                                                                                      \
    "SELECT now.algorithm, now.implementation, now.check_name,"                                                        \
    "  now.verdict || ', earlier ' || group_concat(DISTINCT before.verdict)"                                           \
    " FROM run"                                                                                                        \
    " JOIN result AS now ON now.run_id = run.id AND now.verdict <> 'skipped'"                                          \
    " JOIN run AS earlier ON earlier.id <= run.id AND earlier.revision = run.revision AND earlier.seed = run.seed"     \
    "  AND earlier.depth IS run.depth AND earlier.level IS run.level" SAME_DATA                                        \
    " JOIN result AS before ON before.run_id = earlier.id AND before.algorithm = now.algorithm"                        \
    "  AND before.implementation = now.implementation AND before.check_name = now.check_name"                          \
    "  AND before.kind = now.kind AND before.workload IS now.workload"                                                 \
    "  AND before.verdict <> now.verdict AND before.verdict <> 'skipped'"                                              \
    " WHERE run.id = ? AND " SETTLED " GROUP BY now.id ORDER BY now.id"

assay_status report_store_contradictions(report_store *store, int64_t run_id, report_contradiction *out,
                                         size_t capacity, size_t *count)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    size_t seen = 0;
    if (!count || (!out && capacity > 0))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", count ? "out" : "count");
    assay_status status = store_check(store, false);
    if (status == ASSAY_OK)
        status = store_prepare(store, "read",
                               store->version < 2
                                   ? CONTRADICTIONS("")
                                   : CONTRADICTIONS(" AND coalesce(earlier.data, '') = coalesce(run.data, '')"),
                               &statement);
    if (status == ASSAY_OK)
        sqlite3_bind_int64(statement, 1, run_id);
    while (status == ASSAY_OK && (status = store_step(store, "read", statement, &row)) == ASSAY_OK && row) {
        if (seen < capacity) {
            report_contradiction *next = &out[seen];
            snprintf(next->algorithm, sizeof next->algorithm, "%s", sqlite3_column_text(statement, 0));
            snprintf(next->implementation, sizeof next->implementation, "%s", sqlite3_column_text(statement, 1));
            snprintf(next->check, sizeof next->check, "%s", sqlite3_column_text(statement, 2));
            snprintf(next->verdicts, sizeof next->verdicts, "%s", sqlite3_column_text(statement, 3));
        }
        seen++;
    }
    if (status == ASSAY_OK)
        *count = seen;
    sqlite3_finalize(statement);
    return status;
}
