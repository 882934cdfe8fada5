/* Tests of report_store_merge(): shards make the unsharded run, the order and grouping of merges do not matter,
 * and what must not be joined is refused. */
#include "tests/store_fixture.h"

#include <dirent.h>

enum { SHARDS = 3, ITEMS = 14 };

/* What belongs to item i of a run: the same whoever runs it. */
static void add_item(report_store *store, int64_t id, unsigned i)
{
    char name[16];
    double numbers[] = {i, NAN, INFINITY, -0.0, 1.0 / (i + 1)};
    snprintf(name, sizeof name, "check %u", i);
    assay_result result = some_result(name, i % 5 ? ASSAY_PASS : ASSAY_FAIL);
    result.measured = i % 3 ? i : NAN;
    result.workload = i % 2 ? "uniform" : NULL;
    assert_ok(report_store_add_result(store, id, &result));
    const assay_series series = {
        .algorithm = "lmul", .implementation = "avx2", .chart = name, .count = 5, .x = numbers, .y = numbers};
    assert_ok(report_store_add_series(store, id, &series));
    const assay_timing timing = {.algorithm = "lmul",
                                 .implementation = "avx2",
                                 .workload = name,
                                 .size = i,
                                 .repetitions = 5,
                                 .seconds = numbers,
                                 .bytes = NAN,
                                 .flops = i};
    assert_ok(report_store_add_timing(store, id, &timing));
    const assay_sweep_shard part = some_shard(i, ITEMS);
    assert_ok(report_store_add_shard(store, id, &part));
}

/* A database of one run that has the items with index = number - 1 modulo shards, and took @p seconds (NaN: no end). */
static const char *make_shard(const char *name, assay_run run, unsigned number, unsigned shards, double seconds)
{
    char shard[32];
    const char *path = in_folder(name);
    report_store *store;
    int64_t id;
    snprintf(shard, sizeof shard, "%u/%u", number, shards);
    run.shard = shard;
    assert_ok(report_store_open(path, &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    for (unsigned i = number - 1; i < ITEMS; i += shards)
        add_item(store, id, i);
    if (!isnan(seconds))
        assert_ok(report_store_end_run(store, id, seconds));
    report_store_close(store);
    return path;
}

static const char *merge(const char *name, size_t count, const char *const *paths)
{
    const char *out = in_folder(name);
    assert_ok(report_store_merge(paths, count, out, false));
    assert_integrity(out);
    return out;
}

#define MERGE(NAME, ...) merge(NAME, COUNT(((const char *[]){__VA_ARGS__})), (const char *[]){__VA_ARGS__})

static void assert_same(const char *one, const char *other)
{
    char *first = dump(one, NULL), *second = dump(other, NULL);
    ck_assert_str_eq(first, second);
    ck_assert_uint_gt(strlen(first), 0);
    free(first);
    free(second);
}

/* Three shards on two machines, one of which was interrupted once and run again, and one was run twice; beside each a
 * shard of another depth, and a run of another command that was not sharded, with a limit of its own. */
static void make_shards(const char *shards[SHARDS])
{
    const double bandwidths[] = {1.5e10, 1.75e10, NAN};
    const char *names[] = {"a.db", "b.db", "c.db"};
    for (unsigned i = 0; i < SHARDS; i++) {
        assay_run run = some_run("verify", NULL);
        run.machine = i == 1 ? "Machine B" : "Machine A";
        run.started = i == 2 ? "2026-11-24T16:24:57Z" : run.started;
        run.processors = (int)i + 1;
        if (i != 1)
            make_shard(names[i], run, i + 1, SHARDS, i == 2 ? NAN : 0.25);
        shards[i] = make_shard(names[i], run, i + 1, SHARDS, i + 0.5);
        run.depth = "full";
        make_shard(names[i], run, i + 1, SHARDS, 1);
        run.command = "bench";
        run.machine = "Machine A";
        run.processors = 1;
        run.started = i == 0 ? "2026-11-24T17:00:00Z" : i == 1 ? "2026-11-24T16:00:00Z" : "2026-11-24T18:00:00Z";
        make_shard(names[i], run, 1, 1, 1);
        report_store *store;
        int64_t id;
        assert_ok(report_store_open(shards[i], &store));
        assert_ok(report_store_newest(store, "bench", &id));
        const assay_limit limit = {.name = "copy bandwidth", .threads = 2, .per_second = bandwidths[i], .unit = "B/s"};
        assert_ok(report_store_add_limit(store, id, &limit));
        report_store_close(store);
    }
}

START_TEST(shards_make_the_unsharded_run)
{
    const assay_run run = some_run("verify", NULL);
    const char *whole = make_shard("whole.db", run, 1, 1, 7.5);
    const char *first = make_shard("1.db", run, 1, SHARDS, 1.5), *second = make_shard("2.db", run, 2, SHARDS, 2),
               *third = make_shard("3.db", run, 3, SHARDS, 4);
    char *expected = sorted(dump(whole, NULL));
    char *joined = sorted(dump(MERGE("joined.db", third, first, second), NULL));
    ck_assert_str_eq(joined, expected);
    free(joined);
    joined = sorted(dump(MERGE("part.db", third, first), NULL));
    ck_assert_str_ne(joined, expected);
    ck_assert_ptr_nonnull(strstr(joined, "\"1,3/3\""));
    free(joined);
    joined = sorted(dump(MERGE("alone.db", whole), NULL));
    ck_assert_str_eq(joined, expected);
    free(joined);
    free(expected);
}
END_TEST

START_TEST(order_and_grouping_do_not_matter)
{
    const char *s[SHARDS];
    make_shards(s);
    const char *all = MERGE("all.db", s[0], s[1], s[2]);
    assert_same(all, MERGE("reverse.db", s[2], s[1], s[0]));
    assert_same(all, MERGE("left.db", MERGE("ab.db", s[0], s[1]), s[2]));
    assert_same(all, MERGE("right.db", s[0], MERGE("bc.db", s[1], s[2])));
    assert_same(all, MERGE("twice.db", s[0], s[1], s[0], s[2], s[2]));
    assert_same(all, MERGE("again.db", all));
    assert_same(all, MERGE("both.db", all, all));
    assert_same(all, MERGE("absorbed.db", s[1], all));
    assert_same(all, MERGE("overlapping.db", in_folder("ab.db"), in_folder("bc.db")));
    assert_same(MERGE("a1.db", s[0]), MERGE("a2.db", s[0], s[0]));
}
END_TEST

typedef struct merged_runs {
    report_store *store;
    size_t runs, limits;
    double best;
    char last_start[32];
} merged_runs;

static bool note_limit(void *self, const assay_limit *limit)
{
    merged_runs *m = self;
    m->limits++;
    m->best = limit->per_second;
    return true;
}

static bool note_run(void *self, const report_run *stored)
{
    merged_runs *m = self;
    m->runs++;
    ck_assert_str_ge(stored->run.started, m->last_start); /* numbered in the order of their starts */
    snprintf(m->last_start, sizeof m->last_start, "%s", stored->run.started);
    if (strcmp(stored->run.command, "bench") == 0) {
        ck_assert_str_eq(stored->run.shard, "1/1");
        assert_ok(report_store_each_limit(m->store, stored->id, note_limit, m));
    } else {
        ck_assert_str_eq(stored->run.shard, "1/1");
        ck_assert_str_eq(stored->run.machine, "Machine A; Machine B");
        ck_assert_str_eq(stored->run.started, "2026-11-24T16:24:57Z");
        ck_assert_int_eq(stored->run.processors, 3);
        /* The interrupted attempt at shard 3 does not make the run an interrupted one; of shard 1 the longer attempt
         * counts. */
        ck_assert_double_eq(stored->seconds, strcmp(stored->run.depth, "full") == 0 ? 3 : 0.5 + 1.5 + 2.5);
    }
    return true;
}

START_TEST(a_merged_run_tells_of_all_its_shards)
{
    const char *s[SHARDS];
    make_shards(s);
    merged_runs m = {.best = NAN};
    assert_ok(report_store_open_read_only(MERGE("all.db", s[0], s[1], s[2]), &m.store));
    assert_ok(report_store_each_run(m.store, note_run, &m));
    report_store_close(m.store);
    ck_assert_uint_eq(m.runs, 2 + SHARDS); /* two depths of verify, and three benches that were never shards */
    ck_assert_uint_eq(m.limits, SHARDS);
}
END_TEST

/* Two shards of one bench run have measured the same limit: the better one is what the machine can do. */
START_TEST(the_best_limit_is_kept)
{
    const double bandwidths[] = {1.5e10, 1.75e10};
    const char *paths[2];
    for (unsigned i = 0; i < 2; i++) {
        report_store *store;
        const assay_limit limits[] = {
            {.name = "copy bandwidth", .where = "L2", .threads = 2, .per_second = bandwidths[i], .unit = "B/s"},
            {.name = "copy bandwidth", .where = "L3", .threads = 2, .per_second = 1e9, .unit = "B/s"},
        };
        paths[i] = make_shard(i ? "b.db" : "a.db", some_run("bench", NULL), i + 1, 2, 1);
        assert_ok(report_store_open(paths[i], &store));
        assert_ok(report_store_add_limit(store, 1, &limits[0]));
        assert_ok(report_store_add_limit(store, 1, &limits[1]));
        report_store_close(store);
    }
    merged_runs m = {0};
    assert_ok(report_store_open_read_only(merge("all.db", 2, paths), &m.store));
    assert_ok(report_store_each_limit(m.store, 1, note_limit, &m));
    report_store_close(m.store);
    ck_assert_uint_eq(m.limits, 2);
    ck_assert_double_eq(m.best, 1e9); /* L3 comes after L2 */
    char *text = dump(in_folder("all.db"), NULL), expected[128];
    snprintf(expected, sizeof expected, "limit \"copy bandwidth\" null \"L2\" \"B/s\" 2 %a\n", 1.75e10);
    ck_assert_ptr_nonnull(strstr(text, expected));
    free(text);
}
END_TEST

/* The same check with two verdicts is two records; the same but for the time it took is one, with the least time. */
START_TEST(a_contradiction_survives_a_merge)
{
    const char *paths[2];
    for (int i = 0; i < 2; i++) {
        report_store *store;
        int64_t id;
        const assay_run run = some_run("verify", i ? "2/2" : "1/2");
        paths[i] = in_folder(i ? "b.db" : "a.db");
        assert_ok(report_store_open(paths[i], &store));
        assert_ok(report_store_begin_run(store, &run, &id));
        assay_result same = some_result("same", ASSAY_PASS);
        same.seconds = i ? 2 : 3;
        assert_ok(report_store_add_result(store, id, &same));
        const assay_result flips = some_result("flips", i ? ASSAY_PASS : ASSAY_FAIL);
        assert_ok(report_store_add_result(store, id, &flips));
        report_store_close(store);
    }
    size_t records, count;
    char *text = dump(merge("all.db", 2, paths), &records);
    ck_assert_uint_eq(records, 3);
    char seconds[32];
    snprintf(seconds, sizeof seconds, " %a 1 ", 2.0);
    ck_assert_ptr_nonnull(strstr(text, seconds));
    free(text);
    report_store *store;
    report_contradiction found;
    assert_ok(report_store_open_read_only(in_folder("all.db"), &store));
    assert_ok(report_store_contradictions(store, 1, &found, 1, &count));
    report_store_close(store);
    ck_assert_uint_eq(count, 2); /* either of the two contradicts the other */
    ck_assert_str_eq(found.check, "flips");
}
END_TEST

/* A log that a killed writer left is read, and a database whose log has not been folded in yet is merged whole. */
START_TEST(a_database_in_use_is_merged_with_its_log)
{
    report_store *store;
    int64_t id;
    const assay_run run = some_run("verify", "1/1");
    assert_ok(report_store_open(in_folder("a.db"), &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    add_item(store, id, 0);
    const char *out = MERGE("out.db", in_folder("a.db"));
    size_t records;
    free(dump(out, &records));
    ck_assert_uint_eq(records, 4);
    report_store_close(store);
    ck_assert_int_ne(access(in_folder("out.db-wal"), F_OK), 0); /* one file, to be sent around */
}
END_TEST

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (const struct dirent *entry; (entry = readdir(listing));)
        count += entry->d_name[0] != '.' && !strstr(entry->d_name, "-shm") && !strstr(entry->d_name, "-wal");
    closedir(listing);
    return count;
}

START_TEST(what_does_not_belong_together_is_refused)
{
    assay_run run = some_run("verify", NULL);
    const char *base = make_shard("base.db", run, 1, 2, 1);
    run.revision = "ffffffffffff";
    const char *revision = make_shard("revision.db", run, 2, 2, 1);
    run = some_run("verify", NULL);
    run.seed = UINT64_MAX;
    const char *seed = make_shard("seed.db", run, 2, 2, 1);
    run = some_run("verify", NULL);
    run.word_bits = 32;
    const char *word = make_shard("word.db", run, 2, 2, 1), *out = in_folder("out.db"), *text = in_folder("text.db");
    const struct {
        assay_status status;
        const char *paths[3];
        const char *message;
    } cases[] = {
        {ASSAY_MISMATCH, {base, revision}, "revision \"ffffffffffff\" differs from \"0123456789ab\""},
        {ASSAY_MISMATCH, {base, base, seed}, "seed 18446744073709551615 differs from 1"},
        {ASSAY_MISMATCH, {word, base}, "word size 64 bits differs from 32"},
        {ASSAY_IO, {base, in_folder("missing.db")}, "missing.db"},
        {ASSAY_BAD_DATA, {base, text}, "is no SQLite database"},
    };
    write_file(text, "text", 4);
    const size_t files = files_in_folder();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const size_t count = cases[i].paths[2] ? 3 : 2;
        assert_refused(cases[i].status, report_store_merge(cases[i].paths, count, out, false), cases[i].message);
        ck_assert_uint_eq(files_in_folder(), files); /* nothing half-done is left behind */
    }
    /* A database with a history of several revisions is refused as well, even alone. */
    make_shard("revision.db", some_run("verify", NULL), 1, 1, 1);
    assert_refused(ASSAY_MISMATCH, report_store_merge(&revision, 1, out, false), "differs from");
}
END_TEST

START_TEST(what_cannot_be_read_is_not_handed_on)
{
    static const char *const changes[][2] = {
        {"UPDATE result SET seeds = 4294967296", "seeds is 4294967296, must be"},
        {"UPDATE result SET verdict = 'perhaps'", "\"perhaps\""},
        {"UPDATE result SET run_id = 7", "a row of table result belongs to no run"},
        {"UPDATE run SET id = 0; UPDATE part SET run_id = 0; UPDATE result SET run_id = 0; UPDATE timing SET run_id = "
         "0;"
         " UPDATE series SET run_id = 0; UPDATE machine_limit SET run_id = 0; UPDATE sweep_shard SET run_id = 0;"
         " UPDATE operation_count SET run_id = 0",
         "a run has the number 0"},
        {"UPDATE part SET number = 3", "run 1 has part 3, must be 1 to 2"},
    };
    const char *good = make_shard("good.db", some_run("verify", NULL), 1, 2, 1), *out = in_folder("out.db");
    size_t size;
    char *bytes = read_file(good, &size);
    for (size_t i = 0; i < COUNT(changes); i++) {
        const char *paths[] = {good, in_folder("bad.db")};
        write_file(paths[1], bytes, size);
        sql(paths[1], changes[i][0]);
        assert_refused(ASSAY_BAD_DATA, report_store_merge(paths, 2, out, false), changes[i][1]);
        ck_assert_ptr_nonnull(strstr(assay_error(), paths[1]));
    }
    free(bytes);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    const char *base = make_shard("base.db", some_run("verify", NULL), 1, 1, 1), *none = NULL,
               *out = in_folder("out.db");
    size_t size;
    char *bytes = read_file(base, &size);
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(NULL, 1, out, false), "paths is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&base, 1, NULL, false), "out is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&base, 0, out, false), "no databases");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&none, 1, out, false), "paths[0] is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&base, 1, base, false), "exists");
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&base, 1, folder, false), "exists");
    ck_assert_int_eq(symlink("nowhere", in_folder("dangling.db")), 0);
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(&base, 1, in_folder("dangling.db"), false), "exists");
    assert_refused(ASSAY_IO, report_store_merge(&base, 1, in_folder("base.db/out.db"), false), "cannot");
    assert_file_is(base, bytes, size);
    free(bytes);
}
END_TEST

Suite *test_store_merge(void);

Suite *test_store_merge(void)
{
    const TTest *tests[] = {shards_make_the_unsharded_run,
                            order_and_grouping_do_not_matter,
                            a_merged_run_tells_of_all_its_shards,
                            the_best_limit_is_kept,
                            a_contradiction_survives_a_merge,
                            a_database_in_use_is_merged_with_its_log,
                            what_does_not_belong_together_is_refused,
                            what_cannot_be_read_is_not_handed_on,
                            bad_arguments_are_refused};
    Suite *suite = suite_create("store_merge");
    TCase *group = tcase_create("merge");
    tcase_set_timeout(group, 60);
    tcase_add_checked_fixture(group, make_folder, remove_folder);
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(group, tests[i]);
    suite_add_tcase(suite, group);
    return suite;
}
