/* Databases for the targets: a small one, and wild changes to it. */
#include "fuzz/stores.h"

#include "reports/store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The small one -------------------------------------------------------------------------------------------------
 */

static void execute(sqlite3 *db, const char *sql)
{
    FUZZ_ASSERT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
}

static void add_records(report_store *store, int64_t run)
{
    static const double x[] = {1, 2, 4}, y[] = {0.5, 0.25, 0.125};
    const assay_result check = {.algorithm = "lmul",
                                .implementation = "avx2",
                                .kind = ASSAY_ORACLE,
                                .check = "ulp",
                                .workload = "w",
                                .measured = 0.5,
                                .limit = 1,
                                .unit = "ulp",
                                .verdict = ASSAY_PASS,
                                .seconds = 0.25,
                                .seed = 1,
                                .replay = "assay verify lmul",
                                .spread_low = NAN,
                                .spread_high = NAN};
    assay_result claim = check;
    claim.kind = ASSAY_CLAIM;
    claim.check = "C5";
    claim.verdict = ASSAY_REPRODUCED_IN_PART;
    claim.statement = "it is fast";
    claim.paper_value = "2.9";
    claim.spread_low = 0.25;
    claim.spread_high = 0.75;
    claim.seeds = 5;
    claim.seeds_passed = 3;
    const assay_series series = {.algorithm = "lmul",
                                 .implementation = "avx2",
                                 .chart = "chart",
                                 .label = "avx2",
                                 .style = ASSAY_LINE,
                                 .x_label = "x",
                                 .y_label = "y",
                                 .x_log = 1,
                                 .count = 3,
                                 .x = x,
                                 .y = y,
                                 .kind = ASSAY_SCALING,
                                 .exponent = -1,
                                 .exponent_low = -1.5,
                                 .exponent_high = -0.5,
                                 .factor = 0.5};
    assay_timing timing = {.algorithm = "lmul",
                           .implementation = "reference",
                           .is_reference = 1,
                           .workload = "w",
                           .size = 4096,
                           .threads = 1,
                           .repetitions = 3,
                           .seconds = x,
                           .bytes = 8192,
                           .flops = 1e6,
                           .items = 4096,
                           .working_set = 65536,
                           .limit_seconds = 0.1,
                           .limit_name = "copy",
                           .cycles = NAN,
                           .instructions = NAN,
                           .branch_misses = NAN,
                           .cache_misses = NAN,
                           .quality = 0.5,
                           .quality_label = "recall"};
    const assay_limit limit = {
        .name = "copy", .level = "avx2", .where = "L1", .threads = 1, .per_second = 1e10, .unit = "B/s"};
    const assay_count count = {.algorithm = "lmul",
                               .implementation = "avx2",
                               .workload = "w",
                               .method = "m",
                               .counted = "operations",
                               .count = 100,
                               .allowed = 200};
    const assay_sweep_shard shard = {.algorithm = "lmul",
                                     .implementation = "avx2",
                                     .check = "sweep",
                                     .shard = 3,
                                     .shards = 4,
                                     .inputs = 16,
                                     .worst_ulp = 0.5,
                                     .seconds = 1,
                                     .histogram = {16}};
    FUZZ_OK(report_store_add_result(store, run, &check));
    FUZZ_OK(report_store_add_result(store, run, &claim));
    FUZZ_OK(report_store_add_series(store, run, &series));
    FUZZ_OK(report_store_add_count(store, run, &count));
    FUZZ_OK(report_store_add_timing(store, run, &timing));
    timing.implementation = "avx2";
    timing.is_reference = 0;
    timing.seconds = y;
    FUZZ_OK(report_store_add_timing(store, run, &timing));
    FUZZ_OK(report_store_add_limit(store, run, &limit));
    FUZZ_OK(report_store_add_shard(store, run, &shard));
}

static void add_run(report_store *store, const char *command, const char *shard)
{
    int64_t id;
    const assay_run run = {.command = command,
                           .revision = "1234abcd",
                           .compiler = "gcc",
                           .flags = "-O3",
                           .machine = "machine",
                           .system = "Linux",
                           .level = "avx2",
                           .depth = "full",
                           .shard = shard,
                           .started = "2026-11-24T16:24:58Z",
                           .word_bits = 64,
                           .processors = 2,
                           .threads = 2,
                           .seed = 1};
    FUZZ_OK(report_store_begin_run(store, &run, &id));
    add_records(store, id);
    FUZZ_OK(report_store_end_run(store, id, 2.5));
}

/* Version 1 is what version 2 is without what came with it. */
static const char to_first_version[] =
    "DROP TABLE operation_count; ALTER TABLE run DROP COLUMN data; ALTER TABLE result DROP COLUMN false_alarm;"
    "ALTER TABLE series DROP COLUMN kind; ALTER TABLE series DROP COLUMN exponent;"
    "ALTER TABLE series DROP COLUMN exponent_low; ALTER TABLE series DROP COLUMN exponent_high;"
    "ALTER TABLE series DROP COLUMN factor; ALTER TABLE timing DROP COLUMN quality;"
    "ALTER TABLE timing DROP COLUMN quality_label; PRAGMA user_version = 1;";

static uint8_t *make(bool first_version, size_t *size)
{
    const char *path = fuzz_path("small.db");
    report_store *store;
    sqlite3 *db;
    unlink(path);
    FUZZ_OK(report_store_open(path, &store));
    add_run(store, "verify", "1/2");
    add_run(store, "verify", "2/2");
    add_run(store, "bench", "1/1");
    report_store_close(store);
    FUZZ_ASSERT(sqlite3_open(path, &db) == SQLITE_OK, "%s", path);
    if (first_version)
        execute(db, to_first_version);
    execute(db, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM");
    sqlite3_close(db);
    return (uint8_t *)fuzz_read(path, size);
}

const uint8_t *fuzz_store(bool first_version, size_t *size)
{
    static uint8_t *bytes[2];
    static size_t sizes[2];
    if (!bytes[first_version])
        bytes[first_version] = make(first_version, &sizes[first_version]);
    *size = sizes[first_version];
    return bytes[first_version];
}

/* ---- Changes -------------------------------------------------------------------------------------------------------
 */

static const char *const tables[] = {"run",    "part",          "result",      "series",
                                     "timing", "machine_limit", "sweep_shard", "operation_count"};

enum { TABLES = sizeof tables / sizeof *tables };

/* As SQL: anything that a cell could hold. */
static const char *const values[] = {"NULL",
                                     "0",
                                     "1",
                                     "-1",
                                     "2",
                                     "7",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "4294967296",
                                     "2147483648",
                                     "0.5",
                                     "1e308",
                                     "-1e308",
                                     "5e-324",
                                     "9e999",
                                     "-9e999",
                                     "1e-300",
                                     "''",
                                     "'x'",
                                     "'pass'",
                                     "'fail'",
                                     "'skipped'",
                                     "'not reproduced'",
                                     "'claim'",
                                     "'law'",
                                     "'line'",
                                     "'histogram'",
                                     "'front'",
                                     "'convergence'",
                                     "'quality and speed'",
                                     "'<i x=''&\">'",
                                     "hex(zeroblob(5000))",
                                     "CAST(x'fffe80c0' AS TEXT)",
                                     "char(27) || '[31m' || char(10, 13, 0, 9)",
                                     "'%s%n%999999d'",
                                     "x''",
                                     "x'0000000000000000'",
                                     "x'00000000000000'",
                                     "zeroblob(2048)",
                                     "zeroblob(4608)",
                                     "zeroblob(20000)",
                                     "x'000000000000f07f000000000000f8ff'",
                                     "x'000000000000f03f00000000000000c0000000000000f87f'",
                                     "x'ffffffffffffef7fffffffffffffefff0100000000000000'",
                                     "'1234abcd-dirty'",
                                     "'unknown'",
                                     "'../../x/y'",
                                     "'; ; '",
                                     "'reference'",
                                     "'2026-11-24'",
                                     "'\xc3\xa9\xe2\x82\xac'",
                                     "random()",
                                     "rowid",
                                     "'a' || rowid"};

enum { VALUES = sizeof values / sizeof *values };

/* Changes of the schema; %s is a table. */
static const char *const structures[] = {
    "DROP TABLE %s",
    "ALTER TABLE %s RENAME TO other",
    "ALTER TABLE %s RENAME COLUMN run_id TO other",
    "ALTER TABLE %s DROP COLUMN algorithm",
    "ALTER TABLE %s ADD COLUMN other TEXT",
    "CREATE VIEW view AS SELECT * FROM %s",
    "CREATE TABLE other AS SELECT * FROM %s; DROP TABLE %s; ALTER TABLE other RENAME TO %s",
    "ALTER TABLE %s RENAME TO other; CREATE VIEW %s AS SELECT * FROM other",
    ("ALTER TABLE %s RENAME TO other; CREATE VIEW %s AS WITH RECURSIVE "
     "c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT other.* FROM other, c"),
    "CREATE TRIGGER wild AFTER INSERT ON %s BEGIN DELETE FROM part; END",
    "CREATE INDEX wild ON %s (abs(rowid))",
    "CREATE UNIQUE INDEX wild ON %s (rowid)",
    "DROP INDEX result_of_run",
    "ANALYZE %s",
    "ALTER TABLE %s ADD COLUMN other AS (hex(zeroblob(1000)))",
    "PRAGMA encoding = 'UTF-16'; VACUUM",
    "CREATE VIRTUAL TABLE other USING fts5(x)",
};

enum { STRUCTURES = sizeof structures / sizeof *structures };

/* A change may meet an endless view that an earlier one made. */
static int stop(void *self)
{
    (void)self;
    return 1;
}

/* Statements that fail change nothing. */
static void attempt(sqlite3 *db, const char *sql)
{
    sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void set_cell(sqlite3 *db, const char *table, unsigned column, unsigned value, unsigned which)
{
    char sql[512];
    sqlite3_stmt *names;
    if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?1)", -1, &names, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_text(names, 1, table, -1, SQLITE_STATIC);
    bool there = sqlite3_step(names) == SQLITE_ROW;
    for (unsigned i = 0; there && i < column % 32; i++)
        there = sqlite3_step(names) == SQLITE_ROW;
    if (there) {
        snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET \"%s\" = %s%s", table,
                 (const char *)sqlite3_column_text(names, 0), values[value % VALUES],
                 which % 2 && strcmp(table, "part") != 0 ? " WHERE rowid % 2" : "");
        sqlite3_finalize(names);
        attempt(db, sql);
    } else {
        sqlite3_finalize(names);
    }
}

static void change_structure(sqlite3 *db, const char *table, unsigned which)
{
    const char *pattern = structures[which % STRUCTURES];
    sqlite3_str *sql = sqlite3_str_new(db);
    for (const char *at = pattern; *at; at++) {
        if (at[0] == '%' && at[1] == 's')
            sqlite3_str_appendall(sql, table), at++;
        else
            sqlite3_str_appendchar(sql, 1, *at);
    }
    char *text = sqlite3_str_finish(sql);
    attempt(db, text);
    sqlite3_free(text);
}

static void duplicate(sqlite3 *db, const char *table)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "CREATE TEMP TABLE copy AS SELECT * FROM %s; UPDATE copy SET id = NULL; INSERT OR IGNORE INTO %s SELECT * "
             "FROM copy; DROP TABLE copy",
             table, table);
    attempt(db, sql);
    attempt(db, "DROP TABLE IF EXISTS temp.copy");
}

/* What the schema demands of cells, no more. */
static void weaken(sqlite3 *db)
{
    attempt(db, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(replace(replace(replace("
                "sql, ' NOT NULL', ''), ' STRICT, WITHOUT ROWID', ' WITHOUT ROWID'), ' STRICT', ''),"
                " ' CHECK (shards >= 1)', ''), ' CHECK (number >= 1)', ''); PRAGMA writable_schema = RESET");
}

static void change(sqlite3 *db, fuzz_bytes *b)
{
    char sql[256];
    const unsigned what = fuzz_byte(b) % 12;
    const char *table = tables[fuzz_byte(b) % TABLES];
    const unsigned first = fuzz_byte(b), second = fuzz_byte(b);
    switch (what) {
    case 6: weaken(db); break;
    case 7: duplicate(db, table); break;
    case 8:
        snprintf(sql, sizeof sql, "DELETE FROM %s", table);
        attempt(db, sql);
        break;
    case 9:
        snprintf(sql, sizeof sql, "PRAGMA %s = %d", first % 2 ? "user_version" : "application_id", (int)second - 2);
        attempt(db, sql);
        break;
    case 10: change_structure(db, table, first); break;
    case 11:
        snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO part SELECT id, %s, %s FROM run", values[first % VALUES],
                 values[second % VALUES]);
        attempt(db, sql);
        break;
    default: set_cell(db, table, first, second, what); break;
    }
}

const char *fuzz_wild_store(const char *name, const uint8_t *data, size_t size)
{
    enum { MOST = 16 };
    fuzz_bytes b = {data, data + size};
    sqlite3 *db;
    size_t length;
    const uint8_t *small = fuzz_store(fuzz_byte(&b) % 4 == 3, &length);
    uint8_t *copy = sqlite3_malloc64(length);
    FUZZ_ASSERT(copy && sqlite3_open(":memory:", &db) == SQLITE_OK, "no memory");
    memcpy(copy, small, length);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_progress_handler(db, 200000, stop, NULL);
    FUZZ_ASSERT(sqlite3_deserialize(db, "main", copy, (sqlite3_int64)length, (sqlite3_int64)length,
                                    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK,
                "%s", sqlite3_errmsg(db));
    for (int i = 0; i < MOST && b.at < b.end; i++)
        change(db, &b);
    sqlite3_int64 bytes;
    uint8_t *image = sqlite3_serialize(db, "main", &bytes, 0);
    FUZZ_ASSERT(image, "no memory");
    const char *path = fuzz_file(name, image, (size_t)bytes);
    sqlite3_free(image);
    sqlite3_close(db);
    return path;
}
