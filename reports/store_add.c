/* Adding runs and records to the store: one transaction each. */
#include "reports/store_private.h"

#include <math.h>
#include <stdio.h>

/* "K/N" with 1 <= K <= N; null is "1/1". */
static assay_status parse_shard(const char *text, unsigned *number, unsigned *shards)
{
    int used = 0;
    *number = *shards = 1;
    if (text && (sscanf(text, "%9u/%9u%n", number, shards, &used) != 2 || text[used] != '\0' || *number < 1 ||
                 *number > *shards))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "shard is \"%s\", must be \"K/N\" with 1 <= K <= N", text);
    return ASSAY_OK;
}

static sqlite3_str *start_insert(const store_table *table, const char *first)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "INSERT INTO %s (%s", table->name, first);
    store_append_columns(sql, table, "", REPORT_STORE_VERSION);
    sqlite3_str_appendall(sql, ") VALUES (?");
    for (size_t i = 0; i < table->count; i++)
        sqlite3_str_appendall(sql, ", ?");
    sqlite3_str_appendall(sql, ")");
    return sql;
}

static assay_status insert_run(report_store *store, const assay_run *run, unsigned shards, int64_t *run_id)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    assay_status status = store_prepare_built(store, "write", start_insert(&store_run_table, "shards"), &statement);
    if (status == ASSAY_OK)
        status = store_bind(statement, 2, &store_run_table, run);
    if (status == ASSAY_OK) {
        sqlite3_bind_int64(statement, 1, shards);
        status = store_step(store, "write", statement, &row);
    }
    *run_id = sqlite3_last_insert_rowid(store->db);
    sqlite3_finalize(statement);
    return status;
}

static assay_status insert_part(report_store *store, int64_t run_id, unsigned number)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    assay_status status = store_prepare(store, "write", "INSERT INTO part (run_id, number) VALUES (?, ?)", &statement);
    if (status == ASSAY_OK) {
        sqlite3_bind_int64(statement, 1, run_id);
        sqlite3_bind_int64(statement, 2, number);
        status = store_step(store, "write", statement, &row);
    }
    sqlite3_finalize(statement);
    return status;
}

assay_status report_store_begin_run(report_store *store, const assay_run *run, int64_t *run_id)
{
    unsigned number, shards;
    int64_t id = 0;
    if (!run || !run_id)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", run ? "run_id" : "run");
    assay_status status = store_check(store, true);
    if (status == ASSAY_OK)
        status = parse_shard(run->shard, &number, &shards);
    if (status == ASSAY_OK)
        status = store_execute(store, "write", "BEGIN IMMEDIATE");
    if (status != ASSAY_OK)
        return status;
    status = insert_run(store, run, shards, &id);
    if (status == ASSAY_OK)
        status = insert_part(store, id, number);
    if (status == ASSAY_OK)
        status = store_execute(store, "write", "COMMIT");
    if (status == ASSAY_OK)
        *run_id = id;
    else
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static assay_status fail_no_run(const report_store *store, int64_t run_id)
{
    return assay_fail(ASSAY_INVALID_ARGUMENT, "run_id is %lld, but \"%s\" has no such run", (long long)run_id,
                      store->path);
}

/* May this store be written, and is its file still there? SQLite writes on into one that was deleted, and all of it
 * vanishes when it is closed. */
static assay_status check_writing(const report_store *store)
{
    int moved = 0;
    assay_status status = store_check(store, true);
    if (status != ASSAY_OK)
        return status;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
        return assay_fail(ASSAY_IO,
                          "\"%s\" was deleted or replaced while it was written: what it held is lost, run again",
                          store->path);
    return ASSAY_OK;
}

/* ---- Groups ------------------------------------------------------------------------------------------------------ */

assay_status report_store_group_begin(report_store *store)
{
    assay_status status = store_check(store, true);
    if (status != ASSAY_OK)
        return status;
    if (store->grouped)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "a group of \"%s\" was begun already", store->path);
    status = store_execute(store, "write", "BEGIN IMMEDIATE");
    store->grouped = status == ASSAY_OK;
    return status;
}

assay_status report_store_group_end(report_store *store)
{
    assay_status status = store_check(store, true);
    if (status != ASSAY_OK)
        return status;
    if (!store->grouped)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "no group of \"%s\" was begun", store->path);
    store->grouped = false;
    if (store->group_failed)
        status = assay_fail(ASSAY_IO, "cannot write \"%s\": a record of the group was refused", store->path);
    else
        status = check_writing(store);
    if (status == ASSAY_OK)
        status = store_execute(store, "write", "COMMIT");
    if (status != ASSAY_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->group_failed = false;
    return status;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

assay_status report_store_end_run(report_store *store, int64_t run_id, double seconds)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    assay_status status = check_writing(store);
    if (status == ASSAY_OK && !isfinite(seconds))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "seconds is %g, must be finite", seconds);
    if (status == ASSAY_OK)
        status = store_prepare(store, "write", "UPDATE part SET seconds = ? WHERE run_id = ?", &statement);
    if (status == ASSAY_OK) {
        sqlite3_bind_double(statement, 1, seconds);
        sqlite3_bind_int64(statement, 2, run_id);
        status = store_step(store, "write", statement, &row);
    }
    if (status == ASSAY_OK && sqlite3_changes(store->db) == 0)
        status = fail_no_run(store, run_id);
    sqlite3_finalize(statement);
    return status;
}

/* One statement and hence, outside of a group, one transaction: all of the record or nothing of it. */
static assay_status insert_record(report_store *store, store_kind kind, int64_t run_id, const void *record)
{
    bool row;
    if (!record)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the record for table %s is null", store_tables[kind].name);
    assay_status status = check_writing(store);
    if (status == ASSAY_OK && store->group_failed) /* SQLite may have rolled it back: this would be kept alone */
        status = assay_fail(ASSAY_IO, "cannot write \"%s\": a record of the same group was refused", store->path);
    if (status == ASSAY_OK && !store->insert[kind])
        status = store_prepare_built(store, "write", start_insert(&store_tables[kind], "run_id"), &store->insert[kind]);
    if (status != ASSAY_OK)
        return status;
    sqlite3_stmt *statement = store->insert[kind];
    status = store_bind(statement, 2, &store_tables[kind], record);
    if (status == ASSAY_OK) {
        sqlite3_bind_int64(statement, 1, run_id);
        status = store_step(store, "write", statement, &row);
        if (status != ASSAY_OK && sqlite3_extended_errcode(store->db) == SQLITE_CONSTRAINT_FOREIGNKEY)
            status = fail_no_run(store, run_id);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

static assay_status add(report_store *store, store_kind kind, int64_t run_id, const void *record)
{
    assay_status status = insert_record(store, kind, run_id, record);
    if (status != ASSAY_OK && store && store->grouped)
        store->group_failed = true;
    return status;
}

assay_status report_store_add_result(report_store *store, int64_t run_id, const assay_result *result)
{
    return add(store, STORE_RESULT, run_id, result);
}

assay_status report_store_add_series(report_store *store, int64_t run_id, const assay_series *series)
{
    return add(store, STORE_SERIES, run_id, series);
}

assay_status report_store_add_count(report_store *store, int64_t run_id, const assay_count *count)
{
    return add(store, STORE_COUNT, run_id, count);
}

assay_status report_store_add_timing(report_store *store, int64_t run_id, const assay_timing *timing)
{
    return add(store, STORE_TIMING, run_id, timing);
}

assay_status report_store_add_limit(report_store *store, int64_t run_id, const assay_limit *limit)
{
    return add(store, STORE_LIMIT, run_id, limit);
}

assay_status report_store_add_shard(report_store *store, int64_t run_id, const assay_sweep_shard *shard)
{
    if (shard && shard->shard >= shard->shards)
        return assay_fail(ASSAY_OUT_OF_RANGE, "shard is %u, must be below shards, %u", shard->shard, shard->shards);
    return add(store, STORE_SHARD, run_id, shard);
}
