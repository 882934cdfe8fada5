/* Tests of the result store (reports/store*.c): what comes back, what is refused and left as it was, and what survives
 * a full disk, a second writer, and SIGKILL at any moment. */
#include "assay/random.h"
#include "tests/store_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

/* ---- What is put in comes out ------------------------------------------------------------------------------------ */

static bool copy_first(void *self, const report_run *stored)
{
    *(double *)self = stored->seconds;
    return false;
}

START_TEST(a_run_comes_back)
{
    report_store *store = open_new("a.db");
    assay_run run = some_run("verify", "2/3");
    run.seed = UINT64_MAX;
    run.depth = NULL;
    run.machine = "caf\xc3\xa9 '\"; DROP TABLE run; --";
    int64_t first = 0, second = 0;
    assert_ok(report_store_begin_run(store, &run, &first));
    double seconds = 0;
    assert_ok(report_store_each_run(store, copy_first, &seconds));
    ck_assert_double_nan(seconds);
    assert_ok(report_store_end_run(store, first, 12.5));
    assert_ok(report_store_each_run(store, copy_first, &seconds));
    ck_assert_double_eq(seconds, 12.5);
    run.shard = NULL;
    assert_ok(report_store_begin_run(store, &run, &second));
    ck_assert_int_ne(first, second);
    report_store_close(store);

    char expected[1024], *text = dump(in_folder("a.db"), NULL);
    snprintf(
        expected, sizeof expected,
        "run %lld \"verify\" \"0123456789ab\" \"gcc 12.2.0\" \"-O3 -ffp-contract=off\" \"%s\" \"Linux 6.1 x86_64\" "
        "\"avx2\" null \"2/3\" \"2026-11-24T16:24:58Z\" null 64 2 2 18446744073709551615 %a\n"
        "run %lld \"verify\" \"0123456789ab\" \"gcc 12.2.0\" \"-O3 -ffp-contract=off\" \"%s\" \"Linux 6.1 x86_64\" "
        "\"avx2\" null \"1/1\" \"2026-11-24T16:24:58Z\" null 64 2 2 18446744073709551615 %a\n",
        (long long)first, run.machine, 12.5, (long long)second, run.machine, NAN);
    ck_assert_str_eq(text, expected);
    free(text);
}
END_TEST

START_TEST(every_record_comes_back_bit_for_bit)
{
    report_store *store = open_new("a.db");
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    assert_ok(report_store_begin_run(store, &run, &id));
    char *expected = add_odd_records(store, id);
    report_store_close(store);
    size_t records;
    char *text = dump(in_folder("a.db"), &records);
    ck_assert_uint_eq(records, 9);
    ck_assert_str_eq(strchr(text, '\n') + 1, expected); /* after the line of the run */
    free(text);
    free(expected);
}
END_TEST

typedef struct nesting {
    report_store *store;
    int64_t run_id;
    size_t outer, inner;
} nesting;

static bool count_inner(void *self, const assay_result *result)
{
    nesting *n = self;
    ck_assert_str_eq(result->algorithm, "lmul");
    n->inner++;
    return true;
}

static bool count_outer(void *self, const assay_result *result)
{
    nesting *n = self;
    char name[8];
    snprintf(name, sizeof name, "c%zu", n->outer);
    assert_ok(report_store_each_result(n->store, n->run_id, count_inner, n));
    ck_assert_str_eq(result->check, name); /* in the order added, and still alive after reading inside */
    return ++n->outer < 3;
}

START_TEST(visitors_may_stop_and_read)
{
    nesting n = {.store = open_new("a.db")};
    const assay_run run = some_run("verify", "1/1");
    assert_ok(report_store_begin_run(n.store, &run, &n.run_id));
    for (unsigned i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%u", i);
        const assay_result result = some_result(name, ASSAY_PASS);
        assert_ok(report_store_add_result(n.store, n.run_id, &result));
    }
    assert_ok(report_store_each_result(n.store, n.run_id, count_outer, &n));
    ck_assert_uint_eq(n.outer, 3);
    ck_assert_uint_eq(n.inner, 15);
    n.inner = 0;
    assert_ok(report_store_each_result(n.store, n.run_id + 1, count_inner, &n));
    ck_assert_uint_eq(n.inner, 0);
    report_store_close(n.store);
}
END_TEST

static bool append_name(void *self, const char *algorithm)
{
    strcat(strcat(self, algorithm), " ");
    return true;
}

START_TEST(newest_has_records_and_algorithms_are_listed)
{
    report_store *store = open_new("a.db");
    const assay_run verify = some_run("verify", "1/1"), bench = some_run("bench", "1/1");
    int64_t first, second, third, newest = -1;
    assert_ok(report_store_newest(store, "verify", &newest));
    ck_assert_int_eq(newest, 0);
    assert_ok(report_store_begin_run(store, &verify, &first));
    assert_ok(report_store_begin_run(store, &bench, &second));
    assert_ok(report_store_begin_run(store, &verify, &third));
    const assay_limit limit = {.name = "copy bandwidth", .threads = 1, .per_second = 1e10};
    assert_ok(report_store_add_limit(store, second, &limit));
    free(add_odd_records(store, first));
    const assay_sweep_shard shard = some_shard(0, 256);
    assert_ok(report_store_add_shard(store, first, &shard));
    assert_ok(report_store_newest(store, "verify", &newest));
    ck_assert_int_eq(newest, first); /* the third run has nothing */
    assert_ok(report_store_newest(store, "bench", &newest));
    ck_assert_int_eq(newest, second);
    assert_ok(report_store_newest(store, "other", &newest));
    ck_assert_int_eq(newest, 0);
    char names[128] = "";
    assert_ok(report_store_each_algorithm(store, first, append_name, names));
    ck_assert_str_eq(names, "evolved_exp exp lmul ");
    report_store_close(store);
}
END_TEST

START_TEST(a_shard_is_found_for_its_revision_only)
{
    report_store *store = open_new("a.db");
    const char *revisions[] = {"aaa", "bbb-dirty", "unknown", "ccc"};
    const assay_sweep_shard part = some_shard(7, 256);
    const char *check = "exp2_ulp";
    for (size_t i = 0; i < COUNT(revisions); i++) {
        assay_run run = some_run("verify", "1/1");
        int64_t id;
        run.revision = revisions[i];
        assert_ok(report_store_begin_run(store, &run, &id));
        if (i < 3)
            assert_ok(report_store_add_shard(store, id, &part));
    }
    for (size_t i = 0; i < COUNT(revisions); i++) {
        assay_sweep_shard found = {
            .algorithm = "evolved_exp", .implementation = "avx512", .check = check, .shard = 7, .shards = 256};
        bool is_there = i != 0;
        assert_ok(report_store_find_shard(store, revisions[i], &found, &is_there));
        ck_assert_int_eq(is_there, i == 0);
        ck_assert_uint_eq(found.output_hash, i == 0 ? part.output_hash : 0);
        if (i == 0) {
            ck_assert_ptr_eq(found.check, check); /* the caller's own, which outlives the call */
            ck_assert_mem_eq(found.histogram, part.histogram, sizeof part.histogram);
            ck_assert_mem_eq(found.binade_worst, part.binade_worst, sizeof part.binade_worst);
            ck_assert_mem_eq(found.binade_inputs, part.binade_inputs, sizeof part.binade_inputs);
        }
    }
    assay_sweep_shard others[] = {part, part, part, part, part};
    others[0].shard = 8;
    others[1].shards = 128;
    others[2].check = "exp_ulp";
    others[3].implementation = "avx2";
    others[4].algorithm = "lmul";
    for (size_t i = 0; i < COUNT(others); i++) {
        bool is_there = true;
        assert_ok(report_store_find_shard(store, "aaa", &others[i], &is_there));
        ck_assert(!is_there);
    }
    report_store_close(store);
}
END_TEST

static int64_t add_verdict(report_store *store, const char *revision, const char *level, uint64_t seed,
                           const char *check, assay_verdict verdict)
{
    assay_run run = some_run("verify", "1/1");
    run.revision = revision;
    run.level = level;
    run.seed = seed;
    int64_t id;
    assert_ok(report_store_begin_run(store, &run, &id));
    assay_result result = some_result(check, verdict);
    result.kind = ASSAY_CLAIM;
    assert_ok(report_store_add_result(store, id, &result));
    return id;
}

START_TEST(contradictions_are_found)
{
    report_store *store = open_new("a.db");
    report_contradiction out[2];
    size_t count;
    const int64_t first = add_verdict(store, "aaa", "avx2", 1, "C1", ASSAY_REPRODUCED);
    add_verdict(store, "aaa", "avx2", 1, "C1", ASSAY_SKIPPED);
    add_verdict(store, "aaa", "avx2", 1, "C1", ASSAY_REPRODUCED_IN_PART);
    /* None of these contradicts: other revision, level, seed, check; no verdict; the same verdict. */
    const int64_t innocent[] = {
        first,
        add_verdict(store, "bbb", "avx2", 1, "C1", ASSAY_NOT_REPRODUCED),
        add_verdict(store, "aaa", "avx512", 1, "C1", ASSAY_NOT_REPRODUCED),
        add_verdict(store, "aaa", "avx2", 2, "C1", ASSAY_NOT_REPRODUCED),
        add_verdict(store, "aaa", "avx2", 1, "C2", ASSAY_NOT_REPRODUCED),
        add_verdict(store, "aaa", "avx2", 1, "C1", ASSAY_SKIPPED),
        add_verdict(store, "ccc-dirty", "avx2", 1, "C1", ASSAY_NOT_REPRODUCED),
        add_verdict(store, "ccc-dirty", "avx2", 1, "C1", ASSAY_REPRODUCED),
    };
    for (size_t i = 0; i < COUNT(innocent); i++) {
        count = 42;
        assert_ok(report_store_contradictions(store, innocent[i], out, 2, &count));
        ck_assert_uint_eq(count, 0);
    }
    assay_run other_data = some_run("verify", "1/1"); /* nor does another input */
    other_data.revision = "aaa";
    other_data.data = "mine.csv";
    assay_result result = some_result("C1", ASSAY_NOT_REPRODUCED);
    result.kind = ASSAY_CLAIM;
    int64_t other;
    assert_ok(report_store_begin_run(store, &other_data, &other));
    assert_ok(report_store_add_result(store, other, &result));
    assert_ok(report_store_contradictions(store, other, out, 2, &count));
    ck_assert_uint_eq(count, 0);
    const int64_t last = add_verdict(store, "aaa", "avx2", 1, "C1", ASSAY_NOT_REPRODUCED);
    assert_ok(report_store_contradictions(store, last, out, 2, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(out[0].algorithm, "lmul");
    ck_assert_str_eq(out[0].implementation, "avx2");
    ck_assert_str_eq(out[0].check, "C1");
    ck_assert_str_eq(out[0].verdicts, "not reproduced, earlier reproduced,reproduced in part");
    assert_ok(report_store_contradictions(store, last, NULL, 0, &count));
    ck_assert_uint_eq(count, 1);
    report_store_close(store);
}
END_TEST

/* ---- Bad arguments ----------------------------------------------------------------------------------------------- */

START_TEST(bad_arguments_are_refused)
{
    report_store *store = NULL, *reader;
    int64_t id = 42;
    size_t count;
    bool found;
    assay_run run = some_run("verify", "1/1");
    assay_result result = some_result("x", ASSAY_PASS);
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_open(NULL, &store), "path is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_open("", &store), "path is empty");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_open(in_folder("a.db"), NULL), "store is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(NULL, &run, &id), "store is null");
    store = open_new("a.db");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(store, NULL, &id), "run is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(store, &run, NULL), "run_id is null");
    const char *shards[] = {"", "1", "0/4", "5/4", "1/4x", "-1/4", "1/0", "1/99999999999999"};
    for (size_t i = 0; i < COUNT(shards); i++) {
        run.shard = shards[i];
        assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(store, &run, &id), "must be \"K/N\"");
    }
    run = some_run(NULL, "1/1");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(store, &run, &id), "command is null");
    ck_assert_int_eq(id, 42);
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(store, 1, &result), "run_id is 1");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_end_run(store, 1, 1.0), "run_id is 1");
    run = some_run("verify", "1/1");
    assert_ok(report_store_begin_run(store, &run, &id));
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_end_run(store, id, NAN), "seconds is nan");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(store, id, NULL), "is null");
    result.algorithm = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(store, id, &result), "algorithm is null");
    result = some_result("x", (assay_verdict)6);
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(store, id, &result), "verdict is 6");
    result = some_result("x", ASSAY_PASS);
    result.kind = (assay_kind)-1;
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(store, id, &result), "kind is -1");
    const assay_series hollow = {.algorithm = "a", .implementation = "b", .chart = "c", .count = 3};
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_series(store, id, &hollow), "x is null with 3");
    const double one = 1;
    const assay_series vast = {
        .algorithm = "a", .implementation = "b", .chart = "c", .count = SIZE_MAX / 4, .x = &one, .y = &one};
    assert_refused(ASSAY_OUT_OF_RANGE, report_store_add_series(store, id, &vast), "must have at most");
    assay_sweep_shard shard = some_shard(256, 256);
    assert_refused(ASSAY_OUT_OF_RANGE, report_store_add_shard(store, id, &shard), "shard is 256");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_each_run(store, NULL, NULL), "visit is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_each_result(store, id, NULL, NULL), "visit is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_each_algorithm(store, id, NULL, NULL), "visit is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_newest(store, NULL, &id), "command is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_contradictions(store, id, NULL, 1, &count), "out is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_find_shard(store, NULL, &shard, &found), "null");
    result = some_result("x", ASSAY_PASS);
    assert_ok(report_store_add_result(store, id, &result)); /* nothing of this has hurt the store */
    assert_ok(report_store_open_read_only(in_folder("a.db"), &reader));
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_add_result(reader, id, &result), "opened for reading");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_begin_run(reader, &run, &id), "opened for reading");
    report_store_close(reader);
    report_store_close(store);
    report_store_close(NULL);
    size_t records;
    free(dump(in_folder("a.db"), &records));
    ck_assert_uint_eq(records, 1);
}
END_TEST

static void use_inherited(void *self)
{
    report_store *store = self;
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    demand(report_store_begin_run(store, &run, &id) == ASSAY_INVALID_ARGUMENT, "a store in a child");
    demand(strstr(assay_error(), "must not be used in its child") != NULL, "message");
    report_store_close(store); /* must leave the parent's database alone */
}

START_TEST(a_store_does_not_cross_a_fork)
{
    report_store *store = open_new("a.db");
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    assert_ok(report_store_begin_run(store, &run, &id));
    assert_child_succeeds(start_child(use_inherited, store));
    const assay_result result = some_result("x", ASSAY_PASS);
    assert_ok(report_store_add_result(store, id, &result));
    report_store_close(store);
    assert_integrity(in_folder("a.db"));
    size_t records;
    free(dump(in_folder("a.db"), &records));
    ck_assert_uint_eq(records, 1);
}
END_TEST

/* ---- Files that are refused -------------------------------------------------------------------------------------- */

static void assert_both_refuse(assay_status expected, const char *path, const char *text)
{
    report_store *store = NULL;
    assert_refused(expected, report_store_open(path, &store), text);
    assert_refused(expected, report_store_open_read_only(path, &store), text);
    ck_assert_ptr_null(store);
}

START_TEST(a_newer_version_is_refused_and_left)
{
    const char *path = in_folder("newer.db");
    size_t size;
    free(make_database(path, &size));
    sql(path, "PRAGMA user_version = 1234");
    char *bytes = read_file(path, &size);
    assert_both_refuse(ASSAY_UNSUPPORTED, path, "is of version 1234; this program knows versions up to 2");
    assert_file_is(path, bytes, size);
    free(bytes);
}
END_TEST

/* What version 1 did not have. */
static const char to_version_1[] =
    "ALTER TABLE run DROP COLUMN data; ALTER TABLE result DROP COLUMN false_alarm; ALTER TABLE series DROP COLUMN kind;"
    "ALTER TABLE series DROP COLUMN exponent; ALTER TABLE series DROP COLUMN exponent_low;"
    "ALTER TABLE series DROP COLUMN exponent_high; ALTER TABLE series DROP COLUMN factor;"
    "ALTER TABLE timing DROP COLUMN quality; ALTER TABLE timing DROP COLUMN quality_label; DROP TABLE operation_count;"
    "PRAGMA user_version = 1";

static bool expect_a_plain_series(void *self, const assay_series *series)
{
    ck_assert_int_eq(series->kind, ASSAY_POINTS);
    ck_assert_double_nan(series->exponent);
    ++*(int *)self;
    return true;
}

static bool expect_no_count(void *self, const assay_count *count)
{
    (void)self;
    ck_abort_msg("an old database has a count on %s", count->workload);
    return true;
}

static bool expect_an_algorithm(void *self, const char *algorithm)
{
    ck_assert_ptr_nonnull(algorithm);
    ++*(int *)self;
    return true;
}

/* Databases of version 1 are read as they are, joined, and brought to ours when they are written. */
START_TEST(older_databases_open)
{
    const char *path = in_folder("older.db"), *joined = in_folder("joined.db");
    size_t size, records;
    free(make_database(path, &size));
    sql(path, to_version_1);
    char *bytes = read_file(path, &size), *before = dump(path, &records);
    assert_file_is(path, bytes, size);
    ck_assert_uint_eq(records, 7); /* all but the counts */
    report_store *store;
    int series = 0, algorithms = 0;
    int64_t newest;
    assert_ok(report_store_open_read_only(path, &store));
    assert_ok(report_store_each_series(store, 1, expect_a_plain_series, &series));
    assert_ok(report_store_each_count(store, 1, expect_no_count, NULL));
    assert_ok(report_store_each_algorithm(store, 1, expect_an_algorithm, &algorithms));
    assert_ok(report_store_newest(store, "verify", &newest));
    assert_ok(report_store_contradictions(store, 1, NULL, 0, &records));
    report_store_close(store);
    ck_assert_int_eq(series, 2);
    ck_assert_int_eq(algorithms, 3);
    ck_assert_int_eq((int)newest, 1);

    assert_ok(report_store_merge(&path, 1, joined, false));
    char *merged = sorted(dump(joined, NULL)), *expected = sorted(strdup(before));
    ck_assert_str_eq(merged, expected);
    assert_ok(report_store_open(path, &store)); /* migrates */
    const assay_count count = {"lmul", "avx2", "w", "m", "c", 1, 2};
    assert_ok(report_store_add_count(store, 1, &count));
    report_store_close(store);
    assert_integrity(path);
    char *after = dump(path, &records);
    ck_assert_uint_eq(records, 8);
    ck_assert_int_eq(strncmp(after, before, 200), 0);
    free(after);
    free(expected);
    free(merged);
    free(before);
    free(bytes);
}
END_TEST

START_TEST(other_files_are_refused_and_left)
{
    const char *text = in_folder("text.db"), *foreign = in_folder("foreign.db"), *negative = in_folder("negative.db");
    static const char prose[] = "Once upon a time there was a file that only looked like a database by its name.\n";
    write_file(text, prose, sizeof prose);
    assert_both_refuse(ASSAY_BAD_DATA, text, "is no SQLite database");
    assert_file_is(text, prose, sizeof prose);
    write_file(text, prose, 10);
    assert_both_refuse(ASSAY_BAD_DATA, text, "is no SQLite database");
    size_t size;
    sql(foreign, "CREATE TABLE bookmarks (id INTEGER); INSERT INTO bookmarks VALUES (7)");
    char *bytes = read_file(foreign, &size);
    assert_both_refuse(ASSAY_BAD_DATA, foreign, "of another program");
    assert_file_is(foreign, bytes, size);
    free(bytes);
    free(make_database(negative, &size));
    sql(negative, "PRAGMA user_version = -1");
    bytes = read_file(negative, &size);
    assert_both_refuse(ASSAY_BAD_DATA, negative, "impossible version -1");
    assert_file_is(negative, bytes, size);
    free(bytes);
    report_store *store = NULL;
    assert_refused(ASSAY_IO, report_store_open(folder, &store), "no regular file");
    assert_refused(ASSAY_IO, report_store_open_read_only(in_folder("none.db"), &store), "No such file");
    assert_refused(ASSAY_BAD_DATA, (write_file(text, "", 0), report_store_open_read_only(text, &store)), "is empty");
    ck_assert_int_ne(access(in_folder("none.db"), F_OK), 0);
}
END_TEST

static void leave_log(void *self)
{
    sqlite3 *db;
    demand(sqlite3_open(self, &db) == SQLITE_OK, "open");
    demand(sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (7)", NULL, NULL,
                        NULL) == SQLITE_OK,
           "write");
    _exit(0); /* as if killed: the log stays */
}

/* Merely opening another program's database and closing it again would move its log into it. */
START_TEST(a_foreign_log_is_left)
{
    char path[256], log[300];
    snprintf(path, sizeof path, "%s/foreign.db", folder);
    snprintf(log, sizeof log, "%s-wal", path);
    assert_child_succeeds(start_child(leave_log, path));
    size_t size, log_size;
    char *bytes = read_file(path, &size), *log_bytes = read_file(log, &log_size);
    ck_assert_uint_gt(log_size, 0);
    assert_both_refuse(ASSAY_BAD_DATA, path, "of another program");
    assert_file_is(path, bytes, size);
    assert_file_is(log, log_bytes, log_size);
    /* A main file that was lost while its log is there is not taken for a new database. */
    write_file(path, "", 0);
    assert_both_refuse(ASSAY_BAD_DATA, path, "is empty");
    assert_file_is(log, log_bytes, log_size);
    free(bytes);
    free(log_bytes);
}
END_TEST

START_TEST(a_truncated_database_is_refused_and_left)
{
    char *path = strdup(in_folder("cut.db"));
    size_t size;
    char *bytes = make_database(path, &size);
    ck_assert_uint_gt(size, 8192);
    for (size_t cut = 1; cut < size; cut += cut < 200 ? 33 : 2048 - 7) {
        write_file(path, bytes, cut);
        assert_both_refuse(ASSAY_BAD_DATA, path, cut < 16 ? "is no SQLite database" : "is truncated");
        assert_file_is(path, bytes, cut);
    }
    free(bytes);
    free(path);
}
END_TEST

static bool accept_series(void *self, const assay_series *series)
{
    (void)self, (void)series;
    return true;
}

START_TEST(a_damaged_database_is_refused_and_left)
{
    char *path = strdup(in_folder("damaged.db"));
    size_t size;
    char *bytes = make_database(path, &size);
    for (size_t page = 4096; page < size; page += 4096) {
        char *damaged = malloc(size);
        memcpy(damaged, bytes, size);
        memset(damaged + page, 0xa5, 4096);
        write_file(path, damaged, size);
        assert_both_refuse(ASSAY_BAD_DATA, path, path);
        assert_file_is(path, damaged, size);
        free(damaged);
    }
    static const char *const malformed[][2] = {
        {"UPDATE series SET y = x'00'", "y has 1 bytes"},
        {"UPDATE series SET y = zeroblob(8)", "y has 1 numbers, must have 5"},
        {"UPDATE series SET style = 'cubist'", "no series style"},
    };
    report_store *store;
    for (size_t i = 0; i < COUNT(malformed); i++) {
        write_file(path, bytes, size);
        sql(path, malformed[i][0]);
        assert_ok(report_store_open_read_only(path, &store));
        assert_refused(ASSAY_BAD_DATA, report_store_each_series(store, 1, accept_series, NULL), malformed[i][1]);
        report_store_close(store);
    }
    static const char *const foreign[][2] = {
        {"DROP TABLE series", "series is missing or differs"},
        {"DROP INDEX series_of_run", "series_of_run is missing or differs"},
        {"ALTER TABLE run RENAME TO other; CREATE VIEW run AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM "
         "c)"
         " SELECT other.* FROM other, c",
         "is missing or differs"},
        {"CREATE TRIGGER t AFTER INSERT ON result BEGIN DELETE FROM part; END", "trigger t"},
        {"CREATE VIEW v AS SELECT 1", "view v"},
    };
    for (size_t i = 0; i < COUNT(foreign); i++) { /* whole, but not as we left it */
        write_file(path, bytes, size);
        sql(path, foreign[i][0]);
        assert_both_refuse(ASSAY_BAD_DATA, path, foreign[i][1]);
    }
    free(bytes);
    free(path);
}
END_TEST

/* ---- Folders and names ------------------------------------------------------------------------------------------- */

START_TEST(folders_are_made_and_names_are_names)
{
    const char *names[] = {"new/folder/of/a.db", ":memory:", "a?mode=ro&b#c%20d.db", "file:a.db", "caf\xc3\xa9 'x'.db"};
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(chdir(folder), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t size, records;
        free(make_database(names[i], &size));
        ck_assert_uint_gt(size, 0);
        free(dump(names[i], &records));
        ck_assert_uint_eq(records, 9);
        char merged[64];
        snprintf(merged, sizeof merged, "merged/%zu.db", i);
        assert_ok(report_store_merge(&names[i], 1, merged, false)); /* attaches by URI */
        free(dump(merged, &records));
        ck_assert_uint_eq(records, 9);
    }
    ck_assert_int_eq(fchdir(here), 0);
    close(here);
    report_store *store = NULL;
    const char *below_a_file = in_folder(":memory:/below.db");
    assert_refused(ASSAY_IO, report_store_open(below_a_file, &store), "Not a directory");
    assert_refused(ASSAY_IO, report_store_open("/proc/assay/a.db", &store), "cannot create folder \"/proc/assay\"");
}
END_TEST

/* As a user who may not write here: root may everywhere. */
static void write_where_forbidden(void *self)
{
    (void)self;
    report_store *store = NULL;
    size_t records;
    demand(getuid() != 0 || setuid(65534) == 0, "setuid");
    demand(report_store_open(in_folder("locked/new.db"), &store) == ASSAY_IO, "new file in a read-only folder");
    demand(report_store_open(in_folder("locked/sub/new.db"), &store) == ASSAY_IO, "new folder in a read-only folder");
    demand(strstr(assay_error(), "Permission denied") != NULL, "message");
    demand(report_store_open(in_folder("locked/a.db"), &store) == ASSAY_IO, "old file in a read-only folder");
    demand(strstr(assay_error(), "read-only") != NULL, "message");
    const char *paths[] = {in_folder("locked/a.db")};
    demand(report_store_merge(paths, 1, in_folder("locked/merged.db"), false) == ASSAY_IO,
           "merging into a read-only folder");
    free(dump(paths[0], &records)); /* reading it works */
    demand(records == 9, "records in a read-only folder");
}

START_TEST(a_read_only_folder_is_told)
{
    size_t size;
    char *bytes = make_database(in_folder("locked/a.db"), &size);
    chmod(folder, 0755);
    chmod(in_folder("locked/a.db"), 0444);
    chmod(in_folder("locked"), 0555);
    assert_child_succeeds(start_child(write_where_forbidden, NULL));
    assert_file_is(in_folder("locked/a.db"), bytes, size);
    chmod(in_folder("locked"), 0755);
    free(bytes);
}
END_TEST

/* ---- Full disks -------------------------------------------------------------------------------------------------- */

/* Adds until it fails and tells how many were committed. */
static size_t fill_up(report_store *store, int64_t id)
{
    double numbers[500] = {0};
    const assay_series series = {
        .algorithm = "a", .implementation = "b", .chart = "c", .count = 500, .x = numbers, .y = numbers};
    size_t added = 0;
    assay_status status = ASSAY_OK;
    while (added < 5000 && (status = report_store_add_series(store, id, &series)) == ASSAY_OK)
        added++;
    demand(status == ASSAY_IO, "adding to a full disk");
    demand(strstr(assay_error(), "cannot write") != NULL, "message");
    demand(report_store_add_series(store, id, &series) == ASSAY_IO, "adding to a full disk again");
    return added;
}

/* A child that reports a count. */
typedef struct counting_child {
    pid_t id;
    int from;
} counting_child;

static counting_child start_counting(size_t (*body)(void))
{
    counting_child child;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    child.id = fork();
    ck_assert_int_ge(child.id, 0);
    if (child.id == 0) {
        const size_t count = body();
        demand(write(ends[1], &count, sizeof count) == sizeof count, "pipe");
        _exit(0);
    }
    close(ends[1]);
    child.from = ends[0];
    return child;
}

static size_t count_of(counting_child child)
{
    size_t count = 0;
    const ssize_t got = read(child.from, &count, sizeof count);
    close(child.from);
    assert_child_succeeds(child.id);
    ck_assert_int_eq(got, sizeof count);
    return count;
}

static size_t fill_limited_file(void)
{
    const struct rlimit limit = {300000, 300000};
    report_store *store;
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    signal(SIGXFSZ, SIG_IGN);
    demand(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
    demand(report_store_open(in_folder("full.db"), &store) == ASSAY_OK, "open");
    demand(report_store_begin_run(store, &run, &id) == ASSAY_OK, "begin");
    const size_t added = fill_up(store, id);
    report_store_close(store);
    return added;
}

START_TEST(a_file_at_its_limit_keeps_what_it_had)
{
    size_t records;
    const size_t added = count_of(start_counting(fill_limited_file));
    ck_assert_uint_gt(added, 10);
    assert_integrity(in_folder("full.db"));
    free(dump(in_folder("full.db"), &records));
    ck_assert_uint_eq(records, added);
}
END_TEST

/* A disk of 500 kB; only root may make one. Everything happens in a mount namespace that ends with the child. */
static size_t fill_disk(void)
{
    report_store *store;
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    size_t records;
    mkdir(in_folder("disk"), 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", in_folder("disk"), "tmpfs", 0, "size=500k") != 0)
        return SIZE_MAX;
    demand(report_store_open(in_folder("disk/full.db"), &store) == ASSAY_OK, "open");
    demand(report_store_begin_run(store, &run, &id) == ASSAY_OK, "begin");
    const size_t added = fill_up(store, id);
    demand(strstr(assay_error(), "database or disk is full") != NULL, "message");
    report_store_close(store);
    const char *paths[] = {in_folder("disk/full.db")};
    demand(report_store_merge(paths, 1, in_folder("disk/merged.db"), false) == ASSAY_IO, "merging on a full disk");
    demand(access(in_folder("disk/merged.db"), F_OK) != 0, "no half-merged file");
    free(dump(paths[0], &records));
    demand(records == added, "records on a full disk");
    return added;
}

START_TEST(a_full_disk_keeps_what_it_had)
{
    const size_t added = count_of(start_counting(fill_disk));
    if (added != SIZE_MAX) /* else no file system may be mounted here */
        ck_assert_uint_gt(added, 10);
}
END_TEST

/* ---- Several processes, and their deaths --------------------------------------------------------------------------
 */

enum { WRITERS = 3, EACH = 60 };

static void write_records(void *self)
{
    (void)self;
    report_store *store;
    const assay_run run = some_run("verify", "1/1");
    const assay_result result = some_result("x", ASSAY_PASS);
    int64_t id;
    demand(report_store_open(in_folder("shared.db"), &store) == ASSAY_OK, "open");
    demand(report_store_begin_run(store, &run, &id) == ASSAY_OK, "begin");
    for (int i = 0; i < EACH; i++)
        demand(report_store_add_result(store, id, &result) == ASSAY_OK, "add");
    demand(report_store_end_run(store, id, 1) == ASSAY_OK, "end");
    report_store_close(store);
}

START_TEST(several_processes_write_to_one_database)
{
    for (int round = 0; round < 20; round++) { /* the database is created by all at once, too */
        pid_t writers[WRITERS];
        size_t records;
        for (int i = 0; i < WRITERS; i++)
            writers[i] = start_child(write_records, NULL);
        for (int i = 0; i < WRITERS; i++)
            assert_child_succeeds(writers[i]);
        assert_integrity(in_folder("shared.db"));
        free(dump(in_folder("shared.db"), &records));
        ck_assert_uint_eq(records, WRITERS * EACH);
        ck_assert_int_eq(unlink(in_folder("shared.db")), 0);
    }
}
END_TEST

/* Tells the parent of every record once it is stored, until it is killed. */
static void write_until_killed(const char *path, int acknowledge)
{
    report_store *store;
    const assay_run run = some_run("verify", "1/1");
    const assay_result result = some_result("x", ASSAY_PASS);
    const assay_sweep_shard shard = some_shard(3, 256);
    double numbers[800] = {0};
    const assay_series series = {
        .algorithm = "a", .implementation = "b", .chart = "c", .count = 800, .x = numbers, .y = numbers};
    const assay_timing timing = {
        .algorithm = "a", .implementation = "b", .workload = "c", .repetitions = 9, .seconds = numbers};
    int64_t id;
    demand(report_store_open(path, &store) == ASSAY_OK, "open");
    demand(report_store_begin_run(store, &run, &id) == ASSAY_OK, "begin");
    for (unsigned i = 0;; i++) {
        assay_status status;
        switch (i % 4) {
        case 0: status = report_store_add_result(store, id, &result); break;
        case 1: status = report_store_add_series(store, id, &series); break;
        case 2: status = report_store_add_timing(store, id, &timing); break;
        default: status = report_store_add_shard(store, id, &shard); break;
        }
        demand(status == ASSAY_OK, "add");
        demand(write(acknowledge, "r", 1) == 1, "pipe");
    }
}

/* Returns how many records were acknowledged before the death. */
static size_t kill_a_writer(const char *path, long microseconds)
{
    int ends[2], status;
    char acknowledged[512];
    size_t count = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        write_until_killed(path, ends[1]);
    }
    close(ends[1]);
    const struct timespec pause = {.tv_nsec = microseconds * 1000};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the writer ended by itself with %#x", status);
    for (ssize_t got; (got = read(ends[0], acknowledged, sizeof acknowledged)) > 0;)
        count += (size_t)got;
    close(ends[0]);
    return count;
}

static bool count_run(void *self, const report_run *stored);

static size_t count_records(const char *path)
{
    dumper d = {0};
    assert_ok(report_store_open_read_only(path, &d.store));
    assert_ok(report_store_each_run(d.store, count_run, &d));
    report_store_close(d.store);
    return d.records;
}

static bool count_result(void *self, const assay_result *result)
{
    ck_assert_str_eq(result->check, "x");
    ((dumper *)self)->records++;
    return true;
}

static bool count_series(void *self, const assay_series *series)
{
    ck_assert_uint_eq(series->count, 800);
    ((dumper *)self)->records++;
    return true;
}

static bool count_timing(void *self, const assay_timing *timing)
{
    ck_assert_uint_eq(timing->repetitions, 9);
    ((dumper *)self)->records++;
    return true;
}

static bool count_shard(void *self, const assay_sweep_shard *shard)
{
    ck_assert_uint_eq(shard->shard, 3);
    ((dumper *)self)->records++;
    return true;
}

static bool count_run(void *self, const report_run *stored)
{
    dumper *d = self;
    assert_ok(report_store_each_result(d->store, stored->id, count_result, d));
    assert_ok(report_store_each_series(d->store, stored->id, count_series, d));
    assert_ok(report_store_each_timing(d->store, stored->id, count_timing, d));
    assert_ok(report_store_each_shard(d->store, stored->id, count_shard, d));
    return true;
}

/* Three times what making a database takes here, in microseconds, and a little. */
static uint64_t time_to_live(void)
{
    struct timespec start, end;
    size_t size;
    clock_gettime(CLOCK_MONOTONIC, &start);
    free(make_database(in_folder("timed.db"), &size));
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (uint64_t)(3 * ((end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000)) + 1000;
}

static void kill_writers(bool fresh, uint64_t stream)
{
    const assay_random r = {.seed = 7, .stream = stream};
    const uint64_t most = time_to_live();
    char *path = strdup(in_folder("killed.db"));
    size_t stored = 0, told = 0;
    for (uint64_t round = 0; round < 40; round++) {
        const size_t acknowledged = kill_a_writer(path, (long)assay_random_integer(r, round, most));
        report_store *store;
        if (stored > 0)
            ck_assert_uint_ge(count_records(path), stored + acknowledged); /* reading takes the log as it was left */
        assert_ok(report_store_open(path, &store)); /* makes the database, if the writer did not come so far */
        report_store_close(store);
        assert_integrity(path);
        const size_t now = count_records(path);
        ck_assert_uint_ge(now, stored + acknowledged);
        ck_assert_uint_le(now, stored + acknowledged + 1); /* stored, but killed before it could tell */
        told += acknowledged;
        stored = fresh ? 0 : now;
        if (fresh)
            ck_assert_int_eq(unlink(path), 0);
    }
    free(path);
    ck_assert_uint_gt(told, 0); /* not all were killed before they began */
}

START_TEST(a_killed_writer_loses_nothing_that_it_told)
{
    kill_writers(false, 1);
}
END_TEST

START_TEST(a_writer_killed_while_creating_does_no_harm)
{
    kill_writers(true, 2);
}
END_TEST

Suite *test_store(void);

Suite *test_store(void)
{
    const struct {
        const char *name;
        const TTest *tests[10];
    } cases[] = {
        {"records",
         {a_run_comes_back, every_record_comes_back_bit_for_bit, visitors_may_stop_and_read,
          newest_has_records_and_algorithms_are_listed, a_shard_is_found_for_its_revision_only,
          contradictions_are_found, bad_arguments_are_refused, a_store_does_not_cross_a_fork}},
        {"files",
         {a_newer_version_is_refused_and_left, older_databases_open, other_files_are_refused_and_left,
          a_foreign_log_is_left, a_truncated_database_is_refused_and_left, a_damaged_database_is_refused_and_left,
          folders_are_made_and_names_are_names, a_read_only_folder_is_told}},
        {"survival",
         {a_file_at_its_limit_keeps_what_it_had, a_full_disk_keeps_what_it_had, several_processes_write_to_one_database,
          a_killed_writer_loses_nothing_that_it_told, a_writer_killed_while_creating_does_no_harm}},
    };
    Suite *suite = suite_create("store");
    for (size_t i = 0; i < COUNT(cases); i++) {
        TCase *group = tcase_create(cases[i].name);
        tcase_set_timeout(group, 60);
        tcase_add_checked_fixture(group, make_folder, remove_folder);
        for (size_t j = 0; j < COUNT(cases[i].tests) && cases[i].tests[j]; j++)
            tcase_add_test(group, cases[i].tests[j]);
        suite_add_tcase(suite, group);
    }
    return suite;
}
