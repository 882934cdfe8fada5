/* Tests of commands that are disturbed: the disk is full, nothing may be written, the database is deleted, replaced or
 * somebody else's, two processes write to it at once, a check is interrupted between what it records. */
#include "assay/catalogue.h"
#include "assay/verify.h"
#include "tests/command_fixture.h"
#include "tests/kill_fixture.h"
#include "tests/rows_fixture.h"
#include "tests/store_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <time.h>

static char database[96];

/* A sweep over a part of all floats at the plainest level, long enough to be disturbed, and checks that leave counts.
 */
static const char *const sweep[] = {ASSAY_PROGRAM,
                                    "verify",
                                    "--exhaustive",
                                    "--shard",
                                    "3/128",
                                    "--db",
                                    database,
                                    "evolved_exp/reference/exp*_sweep",
                                    "multiblock_bilevel/*/counters",
                                    NULL};

static void demand_ending(const kill_ending *ending, int status, const char *mentions)
{
    size_t size;
    char *bytes = read_file(in_folder("err"), &size), *text = strndup(bytes, size);
    free(bytes);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(ending->status == status, "exit status %d, not %d: %.800s", ending->status, status, text);
    ck_assert_msg(!mentions || strstr(text, mentions), "nothing of \"%s\": %.800s", mentions, text);
    free(text);
}

/* Waits until a command has stored the first part of a sweep. */
static void wait_for_a_part(void)
{
    for (const double end = kill_now() + 60; kill_now() < end;) {
        report_store *store;
        bool found = false;
        const struct timespec pause = {.tv_nsec = 2000000};
        if (access(database, F_OK) == 0 && report_store_open_read_only(database, &store) == ASSAY_OK) {
            report_store_close(store);
            rows all = rows_of_all(database);
            found = all.count > 0;
            rows_release(&all);
        }
        if (found)
            return;
        nanosleep(&pause, NULL);
    }
    ck_abort_msg("no part of a sweep was stored");
}

/* ---- A database that is lost ------------------------------------------------------------------------------------- */

START_TEST(a_deleted_database_is_told)
{
    kill_adopt_orphans();
    const pid_t program = kill_start(sweep, folder);
    wait_for_a_part();
    ck_assert_int_eq(unlink(database), 0);
    const kill_ending ending = kill_after(program, program, INFINITY);
    demand_ending(&ending, 3, "was deleted or replaced while it was written");
}
END_TEST

START_TEST(a_replaced_database_is_told_and_left)
{
    size_t size;
    report_store *other = open_new("other.db");
    report_store_close(other);
    char *bytes = read_file(in_folder("other.db"), &size);
    kill_adopt_orphans();
    const pid_t program = kill_start(sweep, folder);
    wait_for_a_part();
    ck_assert_int_eq(rename(in_folder("other.db"), database), 0);
    const kill_ending ending = kill_after(program, program, INFINITY);
    demand_ending(&ending, 3, "was deleted or replaced while it was written");
    assert_file_is(database, bytes, size);
    free(bytes);
}
END_TEST

START_TEST(a_group_is_all_or_nothing)
{
    report_store *store = open_new("a.db");
    const assay_run run = some_run("verify", NULL);
    const assay_result result = some_result("x", ASSAY_PASS);
    assay_result bad = result;
    int64_t id;
    size_t records;
    bad.algorithm = NULL;
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_group_end(store), "no group");
    assert_ok(report_store_begin_run(store, &run, &id));
    assert_ok(report_store_group_begin(store));
    assert_refused(ASSAY_INVALID_ARGUMENT, report_store_group_begin(store), "begun already");
    assert_ok(report_store_add_result(store, id, &result));
    ck_assert_int_ne(report_store_add_result(store, id, &bad), ASSAY_OK);
    assert_refused(ASSAY_IO, report_store_add_result(store, id, &result), "same group was refused");
    assert_refused(ASSAY_IO, report_store_group_end(store), "a record of the group was refused");
    assert_ok(report_store_group_begin(store));
    assert_ok(report_store_add_result(store, id, &result));
    assert_ok(report_store_group_end(store));
    assert_ok(report_store_group_begin(store));
    assert_ok(report_store_add_result(store, id, &result));
    report_store_close(store); /* in the middle */
    free(dump(database, &records));
    ck_assert_uint_eq(records, 1);
}
END_TEST

/* ---- Signals ----------------------------------------------------------------------------------------------------- */

/* In the midst of many repetitions, of which some are complete and the rest never start. */
START_TEST(an_interrupted_bench_ends_orderly)
{
    static const char *const bench[] = {ASSAY_PROGRAM, "bench",         "--no-limits", "--seconds",
                                        "0.0001",      "--repetitions", "10000",       "--threads",
                                        "1",           "--db",          database,      "lmul/*/multiply_f32/4096",
                                        NULL};
    kill_adopt_orphans();
    const pid_t program = kill_start(bench, folder);
    for (const double end = kill_now() + 60; access(database, F_OK) != 0 && kill_now() < end;)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    ck_assert_int_eq(kill(program, SIGINT), 0);
    const kill_ending ending = kill_after(program, program, INFINITY);
    demand_ending(&ending, 130, "interrupted");
    assert_integrity(database);
}
END_TEST

/* ---- Two at once ------------------------------------------------------------------------------------------------- */

static size_t count_runs(void)
{
    size_t runs = 0;
    char *text = dump(database, NULL);
    for (const char *line = text; (line = strstr(line, "run ")); line++)
        runs += line == text || line[-1] == '\n';
    free(text);
    return runs;
}

/* One run is stopped in the middle while the same command runs to its end beside it: that must not take the run for one
 * that was interrupted. */
START_TEST(a_run_in_progress_is_nobody_elses)
{
    kill_adopt_orphans();
    const pid_t first = kill_start(sweep, folder);
    wait_for_a_part();
    ck_assert_int_eq(kill(first, SIGSTOP), 0);
    char *command, *text;
    ck_assert_int_gt(
        asprintf(&command, "$ASSAY verify --exhaustive --shard 3/128 --db %s '%s' '%s'", database, sweep[7], sweep[8]),
        0);
    text = command_expect(command, 0);
    ck_assert_msg(!strstr(text, "going on with run"), "%s", text);
    free(text);
    ck_assert_int_eq(kill(first, SIGCONT), 0);
    const kill_ending ending = kill_after(first, first, INFINITY);
    demand_ending(&ending, 0, NULL);
    ck_assert_uint_eq(count_runs(), 2);
    rows whole = rows_of_whole(database);
    rows_demand_sound(database, &whole, "two at once");
    rows_release(&whole);
    ck_assert_int_ne(access(in_folder("a.db-lock"), F_OK), 0); /* the last one has removed it */
    free(command);
}
END_TEST

START_TEST(two_commands_write_to_one_database)
{
    static const char command[] =
        "cd %s; for i in 1 2 3; do $ASSAY verify --exhaustive --shard 3/128 --db a.db '%s' '%s' >$i.out 2>&1 & "
        "pids=\"$pids $!\"; done; $ASSAY bench --quick --no-limits --seconds 0.00001 --db a.db "
        "'lmul/*/multiply_f32/4096' "
        ">4.out 2>&1 || exit 4; for p in $pids; do wait $p || exit 5; done; cat ?.out";
    char *line, *text;
    ck_assert_int_gt(asprintf(&line, command, folder, "evolved_exp/baseline/exp*_sweep", sweep[8]), 0);
    text = command_expect(line, 0);
    rows whole = {0}, all = rows_of_all(database);
    ck_assert_uint_eq(count_runs(), 4);
    for (size_t i = 0; i < all.count; i++)
        ck_assert(strncmp(all.lines[i], "result|", 7) != 0 || strstr(all.lines[i], "|pass|"));
    /* Each of three runs has every result once, and every count as often as any other has. */
    report_store *store;
    assert_ok(report_store_open(database, &store));
    report_store_close(store);
    whole = all;
    rows_demand_sound(database, &whole, "three at once");
    size_t results = 0, counts = 0;
    for (size_t i = 0; i < all.count; i++) {
        results += strncmp(all.lines[i], "result|", 7) == 0;
        counts += strncmp(all.lines[i], "operation_count|", 16) == 0;
    }
    ck_assert_uint_eq(results % 3, 0);
    ck_assert_uint_gt(results, 0);
    ck_assert_uint_eq(counts % 3, 0);
    rows_release(&all);
    free(text);
    free(line);
}
END_TEST

START_TEST(two_merge_to_one_file)
{
    char *line, *text;
    int status;
    report_store *store = open_new("a.db");
    const assay_run run = some_run("verify", NULL);
    int64_t id;
    assert_ok(report_store_begin_run(store, &run, &id));
    report_store_close(store);
    ck_assert_int_gt(asprintf(&line,
                              "cd %s; for i in 1 2 3 4; do $ASSAY merge a.db -o out.db >$i 2>&1; echo $? >$i.status & "
                              "done; wait; cat ?.status | sort | tr -d '\\n'; rm -f a.db-*; ls -A | tr '\\n' ' '",
                              folder),
                     0);
    text = command_output(line, &status);
    ck_assert_msg(strncmp(text, "0222", 4) == 0, "%s", text);
    ck_assert_msg(strcmp(text + 4, "1 1.status 2 2.status 3 3.status 4 4.status a.db out.db ") == 0, "%s", text);
    free(text);
    free(line);
}
END_TEST

/* ---- Nothing may be written -------------------------------------------------------------------------------------- */

/* What each command says and returns where it may not write, as a shell script that prints what is wrong. */
static const char where_forbidden[] =
    "must() { want=$1; text=$2; shift 2; said=$(\"$@\" 2>&1 >/dev/null); got=$?\n"
    "  if [ $got != $want ]; then echo \"$*: exit status $got, not $want: $said\"; fi\n"
    "  case $said in *\"$text\"*) ;; *) echo \"$*: nothing of $text: $said\";; esac; }\n"
    "for how in 'verify lmul/avx2/scaling' 'bench --no-limits lmul/reference/multiply_f32/4096'; do\n"
    "  must 3 'choose another file' $ASSAY $how --db $D/locked/a.db\n"
    "  must 3 'Permission denied' $ASSAY $how --db $D/locked/below/a.db\n"
    "  must 3 'choose another file' $ASSAY $how --db $D/locked/new.db\n"
    "done\n"
    "must 3 'cannot' $ASSAY merge $D/locked/a.db -o $D/locked/b.db\n"
    "must 3 'cannot' $ASSAY report --db $D/locked/a.db -o $D/locked/pages\n"
    "must 3 'cannot' $ASSAY report --db $D/locked/a.db --claims $D/locked/claims.md\n"
    "must 0 '' $ASSAY report --db $D/locked/a.db -o $D/open/pages\n"
    "must 0 '' $ASSAY merge $D/locked/a.db -o $D/open/b.db\n";

/* Runs a script in a child, after @p prepare, which says false if it cannot be done here. */
static char *output_of(const char *script, bool (*prepare)(void), bool *done)
{
    int ends[2], state;
    char *text = NULL;
    size_t size = 0;
    ck_assert_int_eq(pipe(ends), 0);
    setenv("D", folder, 1);
    setenv("ASSAY", ASSAY_PROGRAM, 1);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        if (!prepare())
            _exit(77);
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    if (getdelim(&text, &size, '\0', from) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(from);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    *done = !(WIFEXITED(state) && WEXITSTATUS(state) == 77);
    if (!*done)
        fprintf(stderr, "disturbed: skipped: not possible here\n");
    return text;
}

/* Root may write everywhere, so be somebody else, who must be able to run the program. */
static bool be_nobody(void)
{
    return (getuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0)) && access(ASSAY_PROGRAM, X_OK) == 0;
}

START_TEST(forbidden_places_are_told)
{
    bool done;
    char *line;
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(mkdir(in_folder("locked"), 0755), 0);
    ck_assert_int_eq(mkdir(in_folder("open"), 0777), 0);
    ck_assert_int_eq(chmod(in_folder("open"), 0777), 0);
    ck_assert_int_gt(asprintf(&line, "$ASSAY verify --db %s/locked/a.db lmul/avx2/scaling", folder), 0);
    free(command_expect(line, 0));
    free(line);
    size_t size;
    char *bytes = read_file(in_folder("locked/a.db"), &size);
    ck_assert_int_eq(chmod(in_folder("locked/a.db"), 0444), 0);
    ck_assert_int_eq(chmod(in_folder("locked"), 0555), 0);
    char *text = output_of(where_forbidden, be_nobody, &done);
    ck_assert_msg(*text == '\0', "%.1500s", text);
    assert_file_is(in_folder("locked/a.db"), bytes, size);
    ck_assert_int_eq(chmod(in_folder("locked"), 0755), 0);
    free(bytes);
    free(text);
}
END_TEST

/* A file system of 300 kB within which everything happens; only root may make one. */
static bool mount_little(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, "size=300k") == 0;
}

static const char on_a_full_disk[] =
    "must() { want=$1; text=$2; shift 2; said=$(\"$@\" 2>&1 >/dev/null); got=$?\n"
    "  if [ $got != $want ]; then echo \"$*: exit status $got, not $want: $said\"; fi\n"
    "  case $said in *\"$text\"*) ;; *) echo \"$*: nothing of $text: $said\";; esac; }\n"
    "cd $D\n"
    "must 0 '' $ASSAY verify --db a.db lmul/avx2/scaling\n"
    "mkdir pages; echo old >pages/index.html; echo old >claims.md\n"
    "head -c 1000000 /dev/zero >filler 2>/dev/null\n"
    "must 3 'make room' $ASSAY bench --no-limits --db a.db --seconds 0.00001 lmul/avx2/multiply_f32/4096\n"
    "must 3 'make room' $ASSAY verify --db a.db lmul/avx2/scaling\n"
    "must 3 'cannot' $ASSAY merge a.db -o b.db\n"
    "must 3 'No space left' $ASSAY report --db a.db -o pages\n"
    "must 3 'No space left' $ASSAY report --db a.db --claims claims.md\n"
    "[ \"$(cat pages/index.html) $(cat claims.md)\" = 'old old' ] || echo a page was lost\n"
    "[ ! -e b.db ] || echo half a merge\n"
    "[ -z \"$(find . -name '.*.*')\" ] || find . -name '.*.*'\n"
    "rm filler\n"
    "must 0 '' $ASSAY verify --db a.db lmul/avx2/scaling\n"
    "must 0 '' $ASSAY merge a.db -o b.db\n";

START_TEST(a_full_disk_is_told)
{
    bool done;
    char *text = output_of(on_a_full_disk, mount_little, &done);
    ck_assert_msg(*text == '\0', "%.1500s", text);
    free(text);
}
END_TEST

/* ---- A check that is interrupted --------------------------------------------------------------------------------- */

ASSAY_CATALOGUE(interrupted, .family = "tests", .title = "A synthetic algorithm", .authors = "nobody", .year = 2026,
                .identifier = "none", .summary = "is interrupted", .levels = 0);

static pid_t caller;
static size_t series_seen, counts_seen, results_seen;

static void record(verify_context *v)
{
    static const double x[] = {1, 2};
    verify_record_series(
        v, &(assay_series){.chart = "c", .label = "l", .x_label = "x", .y_label = "y", .count = 2, .x = x, .y = x});
    verify_record_count(v, "w", "m", "operations", 3, NAN);
}

static void record_and_end(verify_context *v)
{
    record(v);
    verify_true(v, true, "well");
}

static void record_and_be_interrupted(verify_context *v)
{
    record(v);
    const struct timespec pause = {.tv_nsec = 200000000}; /* what was recorded arrives */
    nanosleep(&pause, NULL);
    kill(caller, SIGTERM);
    for (;;)
        sleep(1);
}

static const verify_check checks[] = {
    {.name = "ends", .kind = ASSAY_LAW, .run = record_and_end},
    {.name = "interrupted", .kind = ASSAY_LAW, .run = record_and_be_interrupted},
};
VERIFY_CHECKS(interrupted, checks);

static void see_series(void *self, const assay_series *series)
{
    (void)self, (void)series;
    series_seen++;
}

static void see_count(void *self, const assay_count *count)
{
    (void)self, (void)count;
    counts_seen++;
}

static void see_result(void *self, const assay_result *result)
{
    (void)self, (void)result;
    results_seen++;
}

/* A check that is run again when its run goes on must not have left anything yet. */
START_TEST(what_a_check_records_waits_for_its_result)
{
    static const char *const pattern = "interrupted";
    const verify_options options = {.patterns = &pattern, .pattern_count = 1, .seed = 1};
    const verify_sink sink = {.series = see_series, .count = see_count, .result = see_result};
    verify_summary summary;
    caller = getpid();
    ck_assert_int_eq(verify_run(&options, &sink, &summary), ASSAY_INTERRUPTED);
    ck_assert_uint_eq(results_seen, 1);
    ck_assert_uint_eq(series_seen, 1);
    ck_assert_uint_eq(counts_seen, 1);
}
END_TEST

static void set_up(void)
{
    make_folder();
    snprintf(database, sizeof database, "%s/a.db", folder);
    unsetenv("ASSAY_CPU");
}

Suite *test_disturbed(void);

Suite *test_disturbed(void)
{
    const TTest *tests[] = {a_deleted_database_is_told,
                            a_replaced_database_is_told_and_left,
                            a_group_is_all_or_nothing,
                            an_interrupted_bench_ends_orderly,
                            a_run_in_progress_is_nobody_elses,
                            two_commands_write_to_one_database,
                            two_merge_to_one_file,
                            forbidden_places_are_told,
                            a_full_disk_is_told,
                            what_a_check_records_waits_for_its_result};
    Suite *suite = suite_create("disturbed");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_checked_fixture(all, set_up, remove_folder);
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    return suite;
}
