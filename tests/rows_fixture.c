#include "tests/rows_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What makes a record what it is, and all of it that is the same whenever it is made again. */
static const struct {
    const char *table, *identity, *columns;
} tables[] = {
    {"result", "algorithm, implementation, check_name",
     "algorithm, implementation, check_name, kind, workload, measured, limit_value, at_least, unit, verdict, reason, "
     "seed, statement, spread_low, spread_high, seeds, seeds_passed"},
    {"sweep_shard", "algorithm, implementation, check_name, shard, shards",
     "algorithm, implementation, check_name, shard, shards, inputs, hard, not_correctly_rounded, over_limit, "
     "worst_ulp, "
     "worst_input, output_hash, hex(histogram), hex(binade_worst), hex(binade_inputs)"},
    {"timing", "algorithm, implementation, workload, size, threads",
     "algorithm, implementation, workload, size, threads, is_peer, is_reference, length(seconds), bytes, flops, items"},
    {"machine_limit", "name, level, place, threads", "name, level, place, threads, unit"},
    {"operation_count", NULL, "algorithm, implementation, workload, method, counted, number, allowed"},
    {"series", NULL, "algorithm, implementation, chart, label, style, x_label, y_label, length(x), length(y)"},
};

enum { TABLES = sizeof tables / sizeof tables[0] };

static sqlite3 *open_database(const char *path)
{
    sqlite3 *db;
    ck_assert_msg(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s: %s", path,
                  sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static void add_lines(rows *r, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int code;
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        char *line = NULL;
        size_t size;
        FILE *out = open_memstream(&line, &size);
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            fprintf(out, "%s|", text ? text : "null");
        }
        fclose(out);
        r->lines = realloc(r->lines, (r->count + 1) * sizeof *r->lines);
        ck_assert_ptr_nonnull(r->lines);
        r->lines[r->count++] = line;
    }
    ck_assert_msg(code == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static rows read_rows(const char *path, bool whole)
{
    rows r = {0};
    sqlite3 *db = open_database(path);
    for (size_t i = 0; i < TABLES; i++) {
        char sql[1024];
        const bool parts = strcmp(tables[i].table, "sweep_shard") == 0;
        snprintf(sql, sizeof sql, "SELECT %s'%s', %s FROM %s %s", whole && parts ? "DISTINCT " : "", tables[i].table,
                 tables[i].columns, tables[i].table,
                 whole && !parts ? "WHERE run_id = (SELECT max(run_id) FROM part WHERE seconds IS NOT NULL)" : "");
        add_lines(&r, db, sql);
    }
    sqlite3_close(db);
    if (r.count)
        qsort(r.lines, r.count, sizeof *r.lines, compare);
    return r;
}

rows rows_of_all(const char *path)
{
    return read_rows(path, false);
}

rows rows_of_whole(const char *path)
{
    return read_rows(path, true);
}

void rows_release(rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->lines[i]);
    free(r->lines);
    *r = (rows){0};
}

void rows_demand_same(const rows *actual, const rows *expected, const char *when)
{
    for (size_t i = 0; i < actual->count && i < expected->count; i++)
        ck_assert_msg(strcmp(actual->lines[i], expected->lines[i]) == 0, "%s: %.400s instead of %.400s", when,
                      actual->lines[i], expected->lines[i]);
    ck_assert_msg(actual->count == expected->count, "%s: %zu records instead of %zu, the next is %.400s", when,
                  actual->count, expected->count,
                  actual->count > expected->count ? actual->lines[expected->count] : expected->lines[actual->count]);
}

static size_t occurrences(const rows *r, const char *line)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += strcmp(r->lines[i], line) == 0;
    return count;
}

void rows_demand_part(const rows *part, const rows *whole, const char *when)
{
    for (size_t i = 0; i < part->count; i++)
        ck_assert_msg(occurrences(whole, part->lines[i]) > 0, "%s: an undisturbed run has no %.400s", when,
                      part->lines[i]);
}

static void demand_once(sqlite3 *db, size_t table, const char *when)
{
    rows twice = {0};
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT '%s', %s, count(*) FROM %s GROUP BY run_id, %s HAVING count(*) > 1",
             tables[table].table, tables[table].identity, tables[table].table, tables[table].identity);
    add_lines(&twice, db, sql);
    for (size_t i = 0; i < twice.count; i++)
        ck_abort_msg("%s: more than once: %.400s", when, twice.lines[i]);
    rows_release(&twice);
}

/* Of a run's records that may be alike there are no more than the whole has. */
static void demand_no_more(sqlite3 *db, size_t table, const rows *whole, const char *when)
{
    rows runs = {0};
    add_lines(&runs, db, "SELECT id FROM run");
    for (size_t run = 0; run < runs.count; run++) {
        rows have = {0};
        char sql[512];
        snprintf(sql, sizeof sql, "SELECT '%s', %s FROM %s WHERE run_id = %lld", tables[table].table,
                 tables[table].columns, tables[table].table, strtoll(runs.lines[run], NULL, 10));
        add_lines(&have, db, sql);
        for (size_t i = 0; i < have.count; i++)
            ck_assert_msg(occurrences(&have, have.lines[i]) <= occurrences(whole, have.lines[i]),
                          "%s: more often than in an undisturbed run: %.400s", when, have.lines[i]);
        rows_release(&have);
    }
    rows_release(&runs);
}

void rows_demand_sound(const char *path, const rows *whole, const char *when)
{
    rows verdict = {0};
    sqlite3 *db = open_database(path);
    add_lines(&verdict, db, "PRAGMA integrity_check");
    ck_assert_uint_eq(verdict.count, 1);
    for (size_t i = 0; i < verdict.count; i++)
        ck_assert_msg(strcmp(verdict.lines[i], "ok|") == 0, "%s: %.400s", when, verdict.lines[i]);
    rows_release(&verdict);
    for (size_t i = 0; i < TABLES; i++) {
        if (tables[i].identity)
            demand_once(db, i, when);
        else
            demand_no_more(db, i, whole, when);
    }
    sqlite3_close(db);
}
