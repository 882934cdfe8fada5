/* Whether a database's schema is the one that this program makes.
 *
 * Somebody's file may bear our number and still have tables of its own making: views that never end, triggers, columns
 * that may be null, constraints that are programs. So nothing of a schema is run before it has proved to be ours. */
#include "reports/store_private.h"

/* The schema of a version, in memory. */
static assay_status make_model(const char *const *migrations, int64_t version, sqlite3 **model)
{
    bool made = sqlite3_open_v2(":memory:", model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;
    for (int64_t step = 0; made && step < version; step++)
        made = sqlite3_exec(*model, migrations[step], NULL, NULL, NULL) == SQLITE_OK;
    return made ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "cannot make a schema in memory");
}

/* Each definition of the model must be there, letter for letter. */
static assay_status compare_definitions(report_store *store, sqlite3_stmt *ours, sqlite3_stmt *theirs)
{
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && sqlite3_step(ours) == SQLITE_ROW) {
        bool same = false;
        sqlite3_bind_value(theirs, 1, sqlite3_column_value(ours, 0));
        sqlite3_bind_value(theirs, 2, sqlite3_column_value(ours, 1));
        status = store_step(store, "open", theirs, &same);
        if (status == ASSAY_OK && !same)
            status = assay_fail(ASSAY_BAD_DATA,
                                "database \"%s\" is not as this program makes it: its %s is missing or differs",
                                store->path, (const char *)sqlite3_column_text(ours, 0));
        sqlite3_reset(theirs);
    }
    return status;
}

static assay_status compare_with(report_store *store, sqlite3 *model)
{
    sqlite3_stmt *ours = NULL, *theirs = NULL;
    if (sqlite3_prepare_v2(model, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL", -1, &ours, NULL) !=
        SQLITE_OK)
        return assay_fail(ASSAY_NO_MEMORY, "cannot read a schema in memory");
    assay_status status =
        store_prepare(store, "open", "SELECT 1 FROM sqlite_schema WHERE name = ? AND sql = ? LIMIT 1", &theirs);
    if (status == ASSAY_OK)
        status = compare_definitions(store, ours, theirs);
    sqlite3_finalize(ours);
    sqlite3_finalize(theirs);
    return status;
}

/* What acts by itself. */
static assay_status refuse_active(report_store *store)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assay_status status = store_prepare(
        store, "open", "SELECT type || ' ' || name FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1",
        &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "open", statement, &row);
    if (status == ASSAY_OK && row)
        status = assay_fail(ASSAY_BAD_DATA, "database \"%s\" has a %s, which this program does not make", store->path,
                            (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

assay_status store_check_schema(report_store *store, const char *const *migrations, int64_t version)
{
    sqlite3 *model = NULL;
    assay_status status = make_model(migrations, version, &model);
    if (status == ASSAY_OK)
        status = compare_with(store, model);
    if (status == ASSAY_OK)
        status = refuse_active(store);
    sqlite3_close(model);
    return status;
}
