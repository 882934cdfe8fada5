/* Joining databases: shards of one run become one run, and what several databases hold is kept once.
 *
 * All runs and records are first collected in temporary tables, then grouped. What is kept of a group (a set union, a
 * least or a greatest value) depends neither on the order of the databases nor on how often one is given, nor on
 * whether some of them were joined before, so that joining is commutative, associative and idempotent; and as rows are
 * written in the order of their contents, the same contents make the same database. */
#include "reports/store_private.h"
#include "reports/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- joined(text): an SQL aggregate --------------------------------------------------------------------------------
 */

/* What differs between shards (machines, say) is told as "A; B": the union of the names, in order. A text that is the
 * only one stays as it is. */
typedef struct name_set {
    char **names;
    size_t count;
    char *only; /* the text, as long as all were the same */
    bool several, failed;
} name_set;

static void add_name(name_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strlen(set->names[i]) == length && memcmp(set->names[i], name, length) == 0)
            return;
    }
    char **larger = realloc(set->names, (set->count + 1) * sizeof *larger);
    if (larger) {
        set->names = larger;
        larger[set->count] = strndup(name, length);
    }
    if (larger && larger[set->count])
        set->count++;
    else
        set->failed = true;
}

static void joined_step(sqlite3_context *context, int count, sqlite3_value **values)
{
    name_set *set = sqlite3_aggregate_context(context, sizeof *set);
    const char *text = count == 1 ? (const char *)sqlite3_value_text(values[0]) : NULL;
    if (!set || !text)
        return;
    if (!set->only) {
        set->only = strdup(text);
        set->failed |= !set->only;
    } else {
        set->several |= strcmp(set->only, text) != 0;
    }
    for (const char *end; *text; text = *end ? end + 2 : end) {
        end = strstr(text, "; ");
        end = end ? end : text + strlen(text);
        add_name(set, text, (size_t)(end - text));
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void joined_final(sqlite3_context *context)
{
    name_set *set = sqlite3_aggregate_context(context, 0);
    if (!set)
        return;
    if (set->failed) {
        sqlite3_result_error_nomem(context);
    } else if (!set->several) {
        sqlite3_result_text(context, set->only, -1, SQLITE_TRANSIENT); /* null if all were */
    } else {
        sqlite3_str *text = sqlite3_str_new(NULL);
        qsort(set->names, set->count, sizeof *set->names, compare_names);
        for (size_t i = 0; i < set->count; i++)
            sqlite3_str_appendf(text, "%s%s", i > 0 ? "; " : "", set->names[i]);
        const int length = sqlite3_str_length(text);
        sqlite3_result_text(context, sqlite3_str_finish(text), length, sqlite3_free);
    }
    for (size_t i = 0; i < set->count; i++)
        free(set->names[i]);
    free(set->names);
    free(set->only);
}

/* ---- Collecting ----------------------------------------------------------------------------------------------------
 */

static assay_status execute_built(report_store *out, sqlite3_str *built)
{
    char *sql = sqlite3_str_finish(built);
    assay_status status =
        sql ? store_execute(out, "merge into", sql) : assay_fail(ASSAY_NO_MEMORY, "cannot make a statement");
    sqlite3_free(sql);
    return status;
}

/* Temporary copies of the tables, in which run_id counts over all databases. */
static assay_status create_stages(report_store *out)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "CREATE TEMP TABLE stage_run AS SELECT id AS run_id, * FROM main.run;"
                               "CREATE TEMP TABLE stage_part AS SELECT * FROM main.part;");
    for (size_t i = 0; i < STORE_TABLES; i++)
        sqlite3_str_appendf(sql, "CREATE TEMP TABLE stage_%s AS SELECT * FROM main.%s;", store_tables[i].name,
                            store_tables[i].name);
    return execute_built(out, sql);
}

/* What all runs must have in common; the values of the first run and where it was. */
typedef struct common {
    char *revision;
    int64_t seed, word_bits;
    const char *path;
} common;

static assay_status compare_run(common *first, const char *path, const char *revision, int64_t seed, int64_t word_bits)
{
    if (!first->path) {
        *first = (common){.revision = strdup(revision), .seed = seed, .word_bits = word_bits, .path = path};
        return first->revision ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "cannot copy a revision");
    }
    if (strcmp(revision, first->revision) != 0)
        return assay_fail(ASSAY_MISMATCH, "cannot merge \"%s\" with \"%s\": revision \"%s\" differs from \"%s\"", path,
                          first->path, revision, first->revision);
    if (seed != first->seed)
        return assay_fail(ASSAY_MISMATCH, "cannot merge \"%s\" with \"%s\": seed %llu differs from %llu", path,
                          first->path, (unsigned long long)seed, (unsigned long long)first->seed);
    if (word_bits != first->word_bits)
        return assay_fail(ASSAY_MISMATCH, "cannot merge \"%s\" with \"%s\": word size %lld bits differs from %lld",
                          path, first->path, (long long)word_bits, (long long)first->word_bits);
    return ASSAY_OK;
}

static assay_status compare_runs(report_store *out, const char *path, common *first)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assay_status status = store_prepare(
        out, "merge into", "SELECT DISTINCT revision, seed, word_bits FROM source.run ORDER BY id", &statement);
    while (status == ASSAY_OK && (status = store_step(out, "merge into", statement, &row)) == ASSAY_OK && row)
        status = compare_run(first, path, (const char *)sqlite3_column_text(statement, 0),
                             sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2));
    sqlite3_finalize(statement);
    return status;
}

/* Runs are numbered on from those of the databases before; their parts and records before the runs, which have the
 * number to go on from. */
static assay_status copy_rows(report_store *out, int version)
{
    static const char next[] = "(SELECT coalesce(max(run_id), 0) FROM stage_run)";
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "INSERT INTO stage_part SELECT run_id + %s, number, seconds FROM source.part;", next);
    for (size_t i = 0; i < STORE_TABLES; i++) {
        const store_table *table = &store_tables[i];
        if (table->since > version)
            continue;
        sqlite3_str_appendf(sql, "INSERT INTO stage_%s (run_id", table->name);
        store_append_columns(sql, table, "", REPORT_STORE_VERSION);
        sqlite3_str_appendf(sql, ") SELECT run_id + %s", next);
        store_append_columns(sql, table, "", version);
        sqlite3_str_appendf(sql, " FROM source.%s;", table->name);
    }
    sqlite3_str_appendall(sql, "INSERT INTO stage_run (run_id, shards");
    store_append_columns(sql, &store_run_table, "", REPORT_STORE_VERSION);
    sqlite3_str_appendf(sql, ") SELECT id + %s, shards", next);
    store_append_columns(sql, &store_run_table, "", version);
    sqlite3_str_appendall(sql, " FROM source.run;");
    return execute_built(out, sql);
}

static assay_status collect_attached(report_store *out, const char *path, int version, common *first)
{
    assay_status status = store_execute(out, "merge into", "BEGIN");
    if (status == ASSAY_OK)
        status = compare_runs(out, path, first);
    if (status == ASSAY_OK)
        status = copy_rows(out, version);
    if (status == ASSAY_OK)
        status = store_execute(out, "merge into", "COMMIT");
    if (status != ASSAY_OK)
        sqlite3_exec(out->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* Opening it as a store first proves that it is one, and finds the way in which it can be read. */
static assay_status collect(report_store *out, const char *path, common *first)
{
    report_store *source = NULL;
    assay_status status = report_store_open_read_only(path, &source);
    if (status == ASSAY_OK)
        status = store_check_records(source); /* what cannot be read must not be handed on */
    if (status != ASSAY_OK) {
        report_store_close(source);
        return status;
    }
    sqlite3_str *attach = sqlite3_str_new(NULL);
    sqlite3_str_appendf(attach, "ATTACH %Q AS source", source->uri);
    status = execute_built(out, attach);
    if (status == ASSAY_OK) {
        status = collect_attached(out, path, source->version, first);
        assay_status detached = store_execute(out, "merge into", "DETACH source");
        status = status == ASSAY_OK ? detached : status;
    }
    report_store_close(source);
    return status;
}

/* ---- Joining -------------------------------------------------------------------------------------------------------
 */

/* Which runs are one: shards of the same run, of which only what must be the same is compared, or copies of one run
 * that was not sharded, of which everything is. New numbers follow the time of the start, as they do in a database that
 * grew. */
static const char group_runs_sql[] =
    "CREATE TEMP TABLE grouped AS SELECT run_id AS old_id, started, dense_rank() OVER (ORDER BY"
    "  command, revision, seed, depth, level, word_bits, coalesce(data, ''), shards, iif(shards = 1, started, NULL),"
    "  iif(shards = 1, compiler, NULL), iif(shards = 1, flags, NULL), iif(shards = 1, machine, NULL),"
    "  iif(shards = 1, system, NULL), iif(shards = 1, processors, NULL), iif(shards = 1, threads, NULL)) AS family"
    " FROM stage_run;"
    "CREATE TEMP TABLE numbered AS SELECT family, row_number() OVER (ORDER BY min(started), family) AS new_id"
    " FROM grouped GROUP BY family;"
    "CREATE TEMP TABLE renamed AS SELECT old_id AS run_id, new_id FROM grouped JOIN numbered USING (family);"
    "CREATE INDEX temp.renamed_by_run ON renamed (run_id);"
    "INSERT INTO main.run (id, command, revision, compiler, flags, machine, system, level, depth, started, word_bits,"
    "  processors, threads, seed, shards, data)"
    " SELECT new_id, min(command), min(revision), joined(compiler), joined(flags), joined(machine), joined(system),"
    "  min(level), min(depth), min(started), min(word_bits), max(processors), max(threads), min(seed), min(shards),"
    "  min(data)"
    " FROM stage_run JOIN renamed USING (run_id) GROUP BY new_id ORDER BY new_id;"
    /* Of a shard that was run again after an interrupt, the run that came to its end counts: max() passes over NULL. */
    "INSERT INTO main.part (run_id, number, seconds) SELECT new_id, number, max(seconds)"
    " FROM stage_part JOIN renamed USING (run_id) GROUP BY new_id, number;";

static void append_identity(sqlite3_str *sql, const store_table *table)
{
    sqlite3_str_appendall(sql, "new_id");
    for (size_t i = 0; i < table->count; i++) {
        if (!table->fields[i].fold)
            sqlite3_str_appendf(sql, ", %s", table->fields[i].column);
    }
}

/* Records that are the same but for a folded column become one. */
static assay_status join_records(report_store *out, const store_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "INSERT INTO main.%s (run_id", table->name);
    store_append_columns(sql, table, "", REPORT_STORE_VERSION);
    sqlite3_str_appendall(sql, ") SELECT new_id");
    for (size_t i = 0; i < table->count; i++) {
        const store_field *field = &table->fields[i];
        sqlite3_str_appendf(sql, field->fold ? ", %s(%s)" : ", %s%s", field->fold ? field->fold : "", field->column);
    }
    sqlite3_str_appendf(sql, " FROM stage_%s JOIN renamed USING (run_id) GROUP BY ", table->name);
    append_identity(sql, table);
    sqlite3_str_appendall(sql, " ORDER BY ");
    append_identity(sql, table);
    return execute_built(out, sql);
}

static assay_status join(report_store *out)
{
    assay_status status = store_execute(out, "merge into", "BEGIN IMMEDIATE");
    if (status == ASSAY_OK)
        status = store_execute(out, "merge into", group_runs_sql);
    for (size_t i = 0; status == ASSAY_OK && i < STORE_TABLES; i++)
        status = join_records(out, &store_tables[i]);
    /* COMMIT, and the log folded into the file, which is then complete in itself. */
    if (status == ASSAY_OK)
        status = store_execute(out, "merge into", "COMMIT; PRAGMA journal_mode = DELETE");
    return status;
}

static assay_status merge_into(const char *path, const char *const *paths, size_t count)
{
    report_store *out = NULL;
    common first = {0};
    assay_status status = report_store_open(path, &out);
    if (status == ASSAY_OK && sqlite3_create_function(out->db, "joined", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                                      NULL, joined_step, joined_final) != SQLITE_OK)
        status = store_fail(out, "merge into");
    if (status == ASSAY_OK)
        status = create_stages(out);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        status = collect(out, paths[i], &first);
    if (status == ASSAY_OK)
        status = join(out);
    report_store_close(out);
    free(first.revision);
    return status;
}

/* ---- The file ------------------------------------------------------------------------------------------------------
 */

static assay_status fail_exists(const char *out)
{
    return assay_fail(ASSAY_INVALID_ARGUMENT, "\"%s\" exists; merging writes a new file, or --replace replaces it",
                      out);
}

/* Gives the finished file its name, which nobody may have taken meanwhile unless it is to be replaced. */
static assay_status publish(const char *temporary, const char *out, bool replace)
{
    assay_status status = temporary_sync(temporary);
    if (status != ASSAY_OK)
        return status;
    bool renamed = renameat2(AT_FDCWD, temporary, AT_FDCWD, out, replace ? 0 : RENAME_NOREPLACE) == 0;
    if (!renamed && errno == EEXIST)
        return fail_exists(out);
    if (!renamed && (errno == EINVAL || errno == ENOSYS)) /* a file system without this flag */
        renamed = rename(temporary, out) == 0;
    if (!renamed)
        return assay_fail(ASSAY_IO, "cannot rename \"%s\" to \"%s\": %s", temporary, out, strerror(errno));
    return temporary_sync_folder(out);
}

/* Folds the log into the file, which only goes when nobody else has the database open. */
static assay_status come_to_rest(report_store *store, const char *path)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    sqlite3_busy_timeout(store->db, 0);
    assay_status status = store_prepare(store, "replace", "PRAGMA journal_mode = DELETE", &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "replace", statement, &row);
    const char *mode = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (status == ASSAY_OK ? !mode || strcmp(mode, "delete") != 0 : sqlite3_errcode(store->db) == SQLITE_BUSY)
        status = assay_fail(ASSAY_IO, "cannot replace \"%s\": another process is using it; try again when it has ended",
                            path);
    sqlite3_finalize(statement);
    return status;
}

/* What is replaced must be ours, and complete in itself: a log that stayed beside it would be taken for that of the new
 * file, and another process would write on into a file without a name. */
static assay_status check_replaceable(const char *out)
{
    report_store *old = NULL;
    struct stat file;
    if (lstat(out, &file) != 0)
        return ASSAY_OK;
    assay_status status = report_store_open(out, &old);
    if (status == ASSAY_OK)
        status = come_to_rest(old, out);
    report_store_close(old);
    return status;
}

assay_status report_store_merge(const char *const *paths, size_t count, const char *out, bool replace)
{
    struct stat file;
    char *temporary = NULL;
    if (!paths || !out || count == 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, !paths ? "paths is null"
                                                  : !out ? "out is null"
                                                         : "there are no databases to merge");
    for (size_t i = 0; i < count; i++) {
        if (!paths[i])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "paths[%zu] is null", i);
    }
    if (!replace && lstat(out, &file) == 0)
        return fail_exists(out);
    assay_status status = store_make_parents(out);
    if (status == ASSAY_OK && replace)
        status = check_replaceable(out);
    if (status == ASSAY_OK)
        status = temporary_name(out, &temporary);
    if (status == ASSAY_OK) {
        status = merge_into(temporary, paths, count);
        if (status == ASSAY_OK)
            status = publish(temporary, out, replace);
        if (status != ASSAY_OK)
            temporary_remove(temporary);
    }
    free(temporary);
    return status;
}
