/* Tests of benchmarks over MPI ranks: all that one process would time is timed once, in one database; what cannot be
 * compared is refused; a signal to any rank stops all. */
#include "bench/ranks.h"
#include "bench/ranks_message.h"
#include "tests/command_fixture.h"
#include "tests/kill_fixture.h"
#include "tests/rows_fixture.h"
#include "tests/store_fixture.h"
#include "verify/ranks.h"

#include <signal.h>
#include <time.h>

/* Three groups. */
static const char *const patterns[] = {"lmul/*/multiply_f32/4096", "lmul/*/multiply_bf16/4096",
                                       "lmul/*/multiply_e4m3/4096"};

static bool has_mpi(void)
{
    unsigned rank, ranks;
    const bool has = ASSAY_HAVE_MPI && !ranks_launched(&rank, &ranks) &&
                     system("command -v mpirun >/dev/null 2>&1") == 0; /* NOLINT(cert-env33-c) */
    if (!has)
        fprintf(stderr, "bench_ranks: skipped: no mpirun here, or no MPI in this build\n");
    return has;
}

static void set_up(void)
{
    make_folder();
    setenv("D", folder, 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* Open MPI's own would be reported as ours */
    setenv("RUN", "mpirun --allow-run-as-root --oversubscribe --bind-to none", 1);
    setenv("BENCH",
           ASSAY_PROGRAM " bench --quick --no-limits --no-counters --threads 2 --seconds 0.00001 "
                         "lmul/*/multiply_f32/4096 lmul/*/multiply_bf16/4096 lmul/*/multiply_e4m3/4096",
           1);
}

/* Runs a shell script that knows $RUN, $BENCH and $D; the globs are for assay. */
static char *script(const char *text, int status)
{
    char *line, *output;
    ck_assert_int_gt(asprintf(&line, "set -f; %s", text), 0);
    output = command_expect(line, status);
    free(line);
    return output;
}

static void expect(const char *text, int status, const char *mentions)
{
    char *output = script(text, status);
    ck_assert_msg(strstr(output, mentions) != NULL, "%s: nothing of \"%s\": %.900s", text, mentions, output);
    free(output);
}

static void demand_same_rows(const char *name, const rows *expected)
{
    rows actual = rows_of_whole(in_folder(name));
    rows_demand_same(&actual, expected, name);
    rows_demand_sound(in_folder(name), expected, name);
    rows_release(&actual);
}

/* From any number of ranks, more than there are groups among them, and any shards of ranks: what one process times. */
START_TEST(ranks_time_what_one_process_does)
{
    if (!has_mpi())
        return;
    free(script("$BENCH --db $D/one.db", 0));
    rows one = rows_of_whole(in_folder("one.db"));
    ck_assert_uint_gt(one.count, COUNT(patterns));
    expect("$RUN -n 2 $BENCH --share-hosts --db $D/two.db", 0, "2 ranks share 1 host");
    demand_same_rows("two.db", &one);
    free(script("$RUN -n 5 $BENCH --share-hosts --db $D/five.db", 0));
    demand_same_rows("five.db", &one);
    free(script("for k in 1 2; do $RUN -n 2 $BENCH --share-hosts --shard $k/2 --db $D/part$k.db || exit 9; done\n"
                "$ASSAY merge $D/part1.db $D/part2.db -o $D/parts.db",
                0));
    demand_same_rows("parts.db", &one);
    rows part = rows_of_whole(in_folder("part1.db"));
    ck_assert(part.count > 0 && part.count < one.count);
    rows_release(&part);
    rows_release(&one);
}
END_TEST

/* Speedups are over the reference of the same rank: every group is printed whole, with its ratios. */
START_TEST(groups_stay_together)
{
    if (!has_mpi())
        return;
    char *text = script("$RUN -n 3 $BENCH --share-hosts --no-db 2>/dev/null", 0), *group = NULL;
    size_t groups = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64] = "";
        const char *multiply = strstr(line, "/multiply_");
        if (!multiply)
            continue;
        ck_assert_int_eq(sscanf(multiply, "/%63[^/]", name), 1);
        if (!group || strcmp(group, name) != 0) {
            groups++;
            free(group);
            group = strdup(name);
            ck_assert_msg(strstr(line, "lmul/reference/"), "%s", line); /* the first of each group */
        } else {
            ck_assert_msg(strchr(line, '['), "no speedup: %s", line);
        }
    }
    ck_assert_uint_eq(groups, COUNT(patterns));
    free(group);
    free(text);
}
END_TEST

START_TEST(what_cannot_be_compared_is_refused)
{
    if (!has_mpi())
        return;
    expect("$RUN -n 2 $BENCH --db $D/none.db", 2, "would disturb each other's timings");
    expect("$RUN -n 1 $BENCH --share-hosts --no-db --seed 1 : -n 1 $BENCH --share-hosts --no-db --seed 2", 2,
           "seed 1 and 2");
    expect("$RUN -n 1 $BENCH --share-hosts --no-db : -n 1 $BENCH --share-hosts --no-db lmul/*/gemm_square/64", 2,
           "differ");
    expect("$RUN -n 2 $BENCH --share-hosts --untimed 5", 2, "--untimed is of one process");
    expect("$RUN -n 2 $BENCH --share-hosts --no-db --benchmark-json $D/b.json", 2,
           "--benchmark-json is of one process");
    ck_assert_int_ne(access(in_folder("none.db"), F_OK), 0);
    /* Rank 0 has no database: nobody times, nobody waits. */
    write_file(in_folder("text"), "text", 4);
    expect("$RUN -n 3 $BENCH --share-hosts --db $D/text", 3, "is no SQLite database");
}
END_TEST

/* The limits of a host are measured by one of its ranks and known to all. */
START_TEST(limits_are_measured_once_for_each_host)
{
    if (!has_mpi())
        return;
    free(script(
        "$RUN -n 2 ${ASSAY} bench --quick --no-counters --cpu baseline --threads 1 --seconds 0.00001 --share-hosts "
        "--db $D/a.db lmul/*/multiply_f32/4096 lmul/*/multiply_bf16/4096",
        0));
    sqlite3 *db;
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_open(in_folder("a.db"), &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(db,
                           "SELECT (SELECT count(*) FROM machine_limit),"
                           " (SELECT count(DISTINCT name || level || place || threads) FROM machine_limit),"
                           " (SELECT count(*) FROM timing WHERE limit_seconds > 0), (SELECT count(*) FROM timing)",
                           -1, &statement, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_int_gt(sqlite3_column_int(statement, 0), 0);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), sqlite3_column_int(statement, 1));
    ck_assert_int_gt(sqlite3_column_int(statement, 3), 0);
    ck_assert_int_eq(sqlite3_column_int(statement, 2), sqlite3_column_int(statement, 3)); /* on both ranks */
    sqlite3_finalize(statement);
    sqlite3_close(db);
}
END_TEST

START_TEST(a_signal_to_any_rank_stops_all)
{
    if (!has_mpi())
        return;
    const char *const arguments[] = {"mpirun",
                                     "--allow-run-as-root",
                                     "--oversubscribe",
                                     "--bind-to",
                                     "none",
                                     "-n",
                                     "2",
                                     ASSAY_PROGRAM,
                                     "bench",
                                     "--quick",
                                     "--no-limits",
                                     "--share-hosts",
                                     "--seconds",
                                     "0.001",
                                     "--repetitions",
                                     "100",
                                     "--threads",
                                     "1",
                                     "--db",
                                     in_folder("a.db"),
                                     "lmul/*/multiply_*",
                                     NULL};
    kill_adopt_orphans();
    const pid_t program = kill_start(arguments, folder);
    pid_t rank = 0;
    for (const double end = kill_now() + 60; rank == 0 && kill_now() < end;) { /* until the database is there */
        const struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL);
        if (access(in_folder("a.db"), F_OK) == 0)
            rank = kill_find_child(program, (unsigned)_i, 2);
    }
    const struct timespec pause = {.tv_nsec = 500000000}; /* they time */
    nanosleep(&pause, NULL);
    ck_assert_int_eq(kill(rank, SIGTERM), 0);
    const kill_ending ending = kill_after(program, program, INFINITY);
    ck_assert_int_eq(ending.status, 130); /* it stops before the next group */
    assert_integrity(in_folder("a.db"));
}
END_TEST

/* ---- Messages ---------------------------------------------------------------------------------------------------- */

typedef struct seen {
    FILE *out;
    size_t skipped;
} seen;

static void see_timing(void *self, const assay_timing *timing)
{
    dumper d = {.out = ((seen *)self)->out};
    put_timing(&d, timing);
}

static void see_skipped(void *self, const bench_item *item, const char *reason)
{
    seen *s = self;
    s->skipped++;
    fprintf(s->out, "skipped %s %s %s %llu %s\n", item->algorithm, item->implementation, item->workload->name,
            (unsigned long long)item->size, reason);
}

static char *delivered(const unsigned char *data, size_t size, bool *good)
{
    char *text;
    size_t length;
    seen s = {.out = open_memstream(&text, &length)};
    const bench_sink sink = {.self = &s, .timing = see_timing, .skipped = see_skipped};
    *good = ranks_message_deliver(data, size, &sink);
    fclose(s.out);
    return text;
}

static ranks_message some_message(char **expected)
{
    static const double seconds[] = {1, NAN, 5e-324, -0.0};
    const bench_workload workload = {.name = "w"};
    const bench_item item = {.algorithm = "a", .implementation = "avx2-2t", .workload = &workload, .size = 7};
    ranks_message m = {0};
    size_t length;
    seen s = {.out = open_memstream(expected, &length)};
    for (size_t i = 0; i < COUNT(seconds); i++) {
        const assay_timing timing = {.algorithm = "lmul",
                                     .implementation = i % 2 ? "reference" : "avx512",
                                     .is_reference = i % 2,
                                     .workload = "a longer name",
                                     .size = UINT64_MAX - i,
                                     .threads = 2,
                                     .repetitions = i,
                                     .seconds = seconds,
                                     .bytes = NAN,
                                     .limit_seconds = 0.25,
                                     .limit_name = i ? "L1 copy bandwidth" : NULL,
                                     .note = "",
                                     .counters_reason = "none",
                                     .replay = "assay bench 'x'"};
        ranks_message_add_timing(&m, &timing);
        see_timing(&s, &timing);
        ranks_message_add_skipped(&m, &item, "not here");
        see_skipped(&s, &item, "not here");
    }
    fclose(s.out);
    ck_assert(!m.failed);
    return m;
}

START_TEST(records_travel_whole)
{
    bool good;
    char *expected, *text;
    const ranks_message m = some_message(&expected);
    text = delivered(m.data, m.size, &good);
    ck_assert(good);
    ck_assert_str_eq(text, expected);
    free(text);
    free(delivered(m.data, 0, &good)); /* nothing is a message, too */
    ck_assert(good);
    free(expected);
    free(m.data);
}
END_TEST

/* Any part of a message that does not end with a record, and sizes that are not true, are refused. */
START_TEST(malformed_messages_are_refused)
{
    bool good;
    char *expected;
    size_t whole = 0;
    const ranks_message m = some_message(&expected);
    for (size_t size = 0; size <= m.size; size++) {
        unsigned char *part = malloc(size + 1); /* of just this size, so that reading beyond it is seen */
        memcpy(part, m.data, size);
        free(delivered(part, size, &good));
        whole += good;
        free(part);
    }
    ck_assert_uint_eq(whole, 9);         /* 0 to 8 records */
    for (size_t at = 0; at < 24; at++) { /* the head of the first */
        unsigned char *copy = malloc(m.size);
        memcpy(copy, m.data, m.size);
        copy[at] ^= 0x41;
        free(delivered(copy, m.size, &good));
        ck_assert_msg(!good, "byte %zu", at);
        free(copy);
    }
    free(expected);
    free(m.data);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    bench_ranks ranks;
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_ranks_begin(NULL, false, &ranks), "options is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_ranks_begin(&(bench_options){0}, false, NULL), "ranks is null");
#if !ASSAY_HAVE_MPI
    assert_refused(ASSAY_UNSUPPORTED, bench_ranks_begin(&(bench_options){0}, false, &ranks), "MPI=1");
#endif
}
END_TEST

Suite *test_bench_ranks(void);

Suite *test_bench_ranks(void)
{
    const TTest *tests[] = {ranks_time_what_one_process_does,
                            groups_stay_together,
                            what_cannot_be_compared_is_refused,
                            limits_are_measured_once_for_each_host,
                            records_travel_whole,
                            malformed_messages_are_refused,
                            bad_arguments_are_refused};
    Suite *suite = suite_create("bench_ranks");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_checked_fixture(all, set_up, remove_folder);
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, a_signal_to_any_rank_stops_all, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
