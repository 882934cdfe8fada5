/* Whether all that a database holds can be read: asked before it is handed on to another one. */
#include "reports/store_private.h"

/* Merging numbers runs on, so that a stray number would fall among those of another database. */
static assay_status check_numbers(report_store *store)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assay_status status =
        store_prepare(store, "read", "SELECT id FROM run WHERE id NOT BETWEEN 1 AND 1 << 53 LIMIT 1", &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "read", statement, &row);
    if (status == ASSAY_OK && row)
        status = assay_fail(ASSAY_BAD_DATA, "cannot read \"%s\": a run has the number %lld, must be 1 to 2^53",
                            store->path, (long long)sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

static assay_status check_references(report_store *store)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assay_status status = store_prepare(store, "read", "PRAGMA foreign_key_check", &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "read", statement, &row);
    if (status == ASSAY_OK && row)
        status = assay_fail(ASSAY_BAD_DATA, "cannot read \"%s\": a row of table %s belongs to no run", store->path,
                            (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

/* Each kind of record has a visitor of its own type. */
#define ACCEPT(KIND, TYPE)                                                                                             \
    static bool accept_##KIND(void *self, const TYPE *record)                                                          \
    {                                                                                                                  \
        (void)self, (void)record;                                                                                      \
        return true;                                                                                                   \
    }                                                                                                                  \
    struct accept_##KIND##_swallow_semicolon

ACCEPT(result, assay_result);
ACCEPT(series, assay_series);
ACCEPT(count, assay_count);
ACCEPT(timing, assay_timing);
ACCEPT(limit, assay_limit);
ACCEPT(shard, assay_sweep_shard);

typedef struct checker {
    report_store *store;
    assay_status status;
} checker;

static bool check_run(void *self, const report_run *run)
{
    checker *c = self;
    c->status = report_store_each_result(c->store, run->id, accept_result, NULL);
    if (c->status == ASSAY_OK)
        c->status = report_store_each_series(c->store, run->id, accept_series, NULL);
    if (c->status == ASSAY_OK)
        c->status = report_store_each_count(c->store, run->id, accept_count, NULL);
    if (c->status == ASSAY_OK)
        c->status = report_store_each_timing(c->store, run->id, accept_timing, NULL);
    if (c->status == ASSAY_OK)
        c->status = report_store_each_limit(c->store, run->id, accept_limit, NULL);
    if (c->status == ASSAY_OK)
        c->status = report_store_each_shard(c->store, run->id, accept_shard, NULL);
    return c->status == ASSAY_OK;
}

assay_status store_check_records(report_store *store)
{
    checker c = {.store = store};
    assay_status status = check_numbers(store);
    if (status == ASSAY_OK)
        status = check_references(store);
    if (status == ASSAY_OK)
        status = report_store_each_run(store, check_run, &c);
    return status == ASSAY_OK ? c.status : status;
}
