/* Tests of commands that are killed at any moment: what is left can be read, holds what was finished, once, and the
 * same command again comes to the same end as one that was never disturbed.
 *
 * A few moments each in `make test`; `make kill-tests MOMENTS=100` tries many. A failure names its moment, and
 * ASSAY_KILL_SEED draws others. */
#include "assay/cpu.h"
#include "tests/kill_fixture.h"
#include "tests/rows_fixture.h"
#include "tests/store_fixture.h"
#include "verify/ranks.h"

#include <dirent.h>
#include <jansson.h>

enum { USUAL_MOMENTS = 4, CHAINED = 2 /* kills in a row, at every fourth moment */ };

/* A command, and how it is judged. */
typedef struct victim {
    const char *name;
    const char *arguments[32];                     /* ends with a null pointer */
    unsigned ranks;                                /* under mpirun: of its children one is killed; 0: itself */
    const char *database;                          /* that it writes; null: none */
    void (*prepare)(void);                         /* before each moment */
    void (*judge)(const char *when, bool is_over); /* further demands, after each kill and at the end */
} victim;

static unsigned stream; /* of moments, for each command another one */

/* ---- What is to be found ----------------------------------------------------------------------------------------- */

static char database[96]; /* "a.db" in the test's folder */

static void remove_database(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", database, suffixes[i]);
        unlink(path);
    }
}

/* True if one of the lines begins like this. */
static bool is_among(const rows *r, const char *start)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strncmp(r->lines[i], start, strlen(start)) == 0)
            return true;
    }
    return false;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Whole lines that the command printed tell of results; each of them is kept. */
static void demand_what_was_told(const rows *kept, const char *when)
{
    size_t size;
    char *text = read_file(in_folder("out"), &size), *start = text, start_of_row[512];
    for (char *end; start < text + size && (end = memchr(start, '\n', (size_t)(text + size - start)));
         start = end + 1) {
        json_t *object = json_loadb(start, (size_t)(end - start), 0, NULL);
        if (!object || !json_object_get(object, "algorithm")) {
            json_decref(object);
            continue; /* the summary */
        }
        if (json_object_get(object, "check"))
            snprintf(start_of_row, sizeof start_of_row, "result|%s|%s|%s|", text_of(object, "algorithm"),
                     text_of(object, "implementation"), text_of(object, "check"));
        else
            snprintf(start_of_row, sizeof start_of_row, "timing|%s|%s|%s|%lld|", text_of(object, "algorithm"),
                     text_of(object, "implementation"), text_of(object, "workload"),
                     (long long)json_integer_value(json_object_get(object, "size")));
        ck_assert_msg(is_among(kept, start_of_row), "%s: told, but not kept: %s", when, start_of_row);
        json_decref(object);
    }
    free(text);
}

static void judge_database(const victim *v, const rows *whole, const char *when)
{
    rows kept = {0};
    if (!v->database)
        return;
    if (access(v->database, F_OK) == 0) {
        report_store *store;
        assert_ok(report_store_open(v->database, &store)); /* also finishes a database that was being made */
        report_store_close(store);
        rows_demand_sound(v->database, whole, when);
        kept = rows_of_all(v->database);
        rows_demand_part(&kept, whole, when);
    }
    demand_what_was_told(&kept, when);
    rows_release(&kept);
}

/* ---- One command ------------------------------------------------------------------------------------------------- */

static kill_ending run_and_kill(const victim *v, unsigned which, double seconds)
{
    const pid_t program = kill_start(v->arguments, folder);
    const pid_t killed = v->ranks ? kill_find_child(program, which, v->ranks) : program;
    return kill_after(program, killed ? killed : program, killed ? seconds : INFINITY);
}

static void demand_success(const kill_ending *ending, const char *when)
{
    size_t size;
    char *text = read_file(in_folder("err"), &size);
    ck_assert_msg(!ending->was_killed && ending->status == 0, "%s: exit status %d: %.*s", when, ending->status,
                  (int)(size < 800 ? size : 800), text);
    free(text);
}

/* The time of an undisturbed run and what it leaves. */
static double measure(const victim *v, rows *whole)
{
    double seconds[3];
    for (size_t i = 0; i < COUNT(seconds); i++) {
        v->prepare();
        const kill_ending ending = run_and_kill(v, 0, INFINITY);
        demand_success(&ending, v->name);
        if (v->judge)
            v->judge("undisturbed", true);
        seconds[i] = ending.seconds;
        if (!v->database)
            continue;
        rows now = rows_of_whole(v->database);
        ck_assert_uint_gt(now.count, 0);
        if (i == 0)
            *whole = now;
        else
            rows_demand_same(&now, whole, "undisturbed runs");
        if (i > 0)
            rows_release(&now);
    }
    return fmin(seconds[0], fmin(seconds[1], seconds[2])); /* what else runs here makes it longer */
}

/* Kills at one moment (or two in a row); true if it came in time. */
static bool kill_once(const victim *v, unsigned i, double seconds, const rows *whole)
{
    bool in_time = false;
    char when[160];
    v->prepare();
    for (unsigned k = 0; k < (i % 4 == 3 ? CHAINED : 1); k++) {
        const double moment = kill_moment(stream, CHAINED * i + k, seconds);
        snprintf(when, sizeof when, "%s killed at %.6f s of %.6f (moment %u.%u, seed %llu)", v->name, moment, seconds,
                 i, k, (unsigned long long)kill_seed());
        const kill_ending ending = run_and_kill(v, i, moment);
        in_time = in_time || ending.was_killed;
        judge_database(v, whole, when);
        if (v->judge)
            v->judge(when, false);
    }
    const kill_ending last = run_and_kill(v, 0, INFINITY);
    strcat(when, ", and run again");
    demand_success(&last, when);
    if (v->database) {
        rows_demand_sound(v->database, whole, when);
        rows again = rows_of_whole(v->database);
        rows_demand_same(&again, whole, when);
        rows_release(&again);
    }
    if (v->judge)
        v->judge(when, true);
    return in_time;
}

static void kill_at_moments(const victim *v, unsigned usual)
{
    rows whole = {0};
    const unsigned moments = kill_moments(usual);
    unsigned in_time = 0;
    ck_assert_ptr_null(v->arguments[COUNT(v->arguments) - 1]);
    kill_adopt_orphans();
    const double seconds = measure(v, &whole), start = kill_now();
    for (unsigned i = 0; i < moments; i++)
        in_time += kill_once(v, i, seconds, &whole);
    fprintf(stderr, "%s: seed %llu, %u moments over %.3f s, %u of them before the end; %.1f s\n", v->name,
            (unsigned long long)kill_seed(), moments, seconds, in_time, kill_now() - start);
    ck_assert_uint_gt(in_time, 0); /* else nothing was tested */
    rows_release(&whole);
}

/* ---- bench, verify, a rank --------------------------------------------------------------------------------------- */

/* Three groups. */
#define SHORT_BENCH                                                                                                    \
    ASSAY_PROGRAM, "bench", "--quick", "--no-limits", "--no-counters", "--seconds", "0.00001", "--threads", "1",       \
        "--format", "json", "--db", database, "lmul/*/gemm_square/64", "lmul/*/multiply_f32/4096",                     \
        "lmul/*/multiply_bf16/4096"

START_TEST(bench)
{
    const victim v = {.name = "bench", .arguments = {SHORT_BENCH}, .database = database, .prepare = remove_database};
    stream = 1;
    kill_at_moments(&v, USUAL_MOMENTS);
}
END_TEST

/* Two parts each of the sweeps over all floats, and a check that leaves counts. */
#define SHORT_SWEEPS                                                                                                   \
    "verify", "--exhaustive", "--shard", "3/128", "--format", "json", "--db", database, sweeps,                        \
        "multiblock_bilevel/*/counters"

static char sweeps[64];

static void choose_sweeps(void)
{
    snprintf(sweeps, sizeof sweeps, "evolved_exp/%s/exp*_sweep", assay_level_name(assay_cpu_best()));
}

START_TEST(verify_exhaustive)
{
    choose_sweeps();
    const victim v = {.name = "verify --exhaustive",
                      .arguments = {ASSAY_PROGRAM, SHORT_SWEEPS},
                      .database = database,
                      .prepare = remove_database};
    stream = 2;
    kill_at_moments(&v, USUAL_MOMENTS);
}
END_TEST

static bool is_mpi_possible(void)
{
    unsigned rank, ranks;
    const bool is_possible = ASSAY_HAVE_MPI && !ranks_launched(&rank, &ranks) &&
                             system("command -v mpirun >/dev/null 2>&1") == 0; /* NOLINT(cert-env33-c) */
    if (!is_possible)
        fprintf(stderr, "a rank: skipped: no mpirun here, or no MPI in this build\n");
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* Open MPI's own would be reported as ours */
    return is_possible;
}

START_TEST(a_rank)
{
    if (!is_mpi_possible())
        return;
    choose_sweeps();
    const victim v = {.name = "a rank",
                      .arguments = {"mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "2",
                                    ASSAY_PROGRAM, SHORT_SWEEPS},
                      .ranks = 2,
                      .database = database,
                      .prepare = remove_database};
    stream = 3;
    kill_at_moments(&v, 2);
}
END_TEST

START_TEST(a_bench_rank)
{
    if (!is_mpi_possible())
        return;
    const victim v = {.name = "a rank of bench",
                      .arguments = {"mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "2",
                                    SHORT_BENCH, "--share-hosts"},
                      .ranks = 2,
                      .database = database,
                      .prepare = remove_database};
    stream = 7;
    kill_at_moments(&v, 1);
}
END_TEST

/* ---- merge ------------------------------------------------------------------------------------------------------- */

enum { SOURCES = 3, RECORDS = 400 };

static char sources[SOURCES][96], merged[96];
static char *old_merged, *new_merged; /* dumps */

/* Databases of shards, large enough for merging to take some time. */
static void make_source(unsigned k)
{
    report_store *store;
    int64_t id;
    char shard[16], check[32];
    snprintf(shard, sizeof shard, "%u/%d", k + 1, SOURCES);
    const assay_run run = some_run("verify", shard);
    snprintf(sources[k], sizeof sources[k], "%s/%u.db", folder, k);
    assert_ok(report_store_open(sources[k], &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    assert_ok(report_store_group_begin(store)); /* quickly */
    for (unsigned i = 0; i < RECORDS; i++) {
        snprintf(check, sizeof check, "check_%u", i * SOURCES + k);
        const assay_result result = some_result(check, ASSAY_PASS);
        const assay_sweep_shard part = some_shard(i % 256, 256);
        assert_ok(report_store_add_result(store, id, &result));
        assert_ok(report_store_add_shard(store, id, &part));
    }
    assert_ok(report_store_group_end(store));
    assert_ok(report_store_end_run(store, id, 1));
    report_store_close(store);
}

/* Half of the time there is a merged database of two shards that is to be replaced. */
static void prepare_merge(void)
{
    static bool with_old;
    const char *paths[] = {sources[0], sources[1]};
    unlink(merged);
    if (with_old)
        assert_ok(report_store_merge(paths, 2, merged, false));
    with_old = !with_old;
}

static void demand_nothing_temporary(const char *in, const char *when)
{
    DIR *files = opendir(in);
    ck_assert_ptr_nonnull(files);
    for (struct dirent *entry; (entry = readdir(files));)
        ck_assert_msg(entry->d_name[0] != '.' || strspn(entry->d_name, ".") == strlen(entry->d_name), "%s: %s is left",
                      when, entry->d_name);
    closedir(files);
}

/* The old, the new, or nothing yet; the sources as they were. */
static void judge_merged(const char *when, bool is_over)
{
    if (access(merged, F_OK) == 0) {
        assert_integrity(merged);
        char *now = dump(merged, NULL);
        ck_assert_msg(strcmp(now, new_merged) == 0 || (!is_over && strcmp(now, old_merged) == 0), "%s: neither", when);
        free(now);
    } else {
        ck_assert_msg(!is_over, "%s: nothing was written", when);
    }
    for (unsigned k = 0; k < SOURCES; k++)
        assert_integrity(sources[k]);
    if (is_over)
        demand_nothing_temporary(folder, when);
}

START_TEST(merge)
{
    const char *paths[SOURCES];
    snprintf(merged, sizeof merged, "%s/merged.db", folder);
    for (unsigned k = 0; k < SOURCES; k++) {
        make_source(k);
        paths[k] = sources[k];
    }
    assert_ok(report_store_merge(paths, SOURCES, merged, false));
    new_merged = dump(merged, NULL);
    assert_ok(report_store_merge(paths, 2, merged, true));
    old_merged = dump(merged, NULL);
    const victim v = {
        .name = "merge",
        .arguments = {ASSAY_PROGRAM, "merge", "--replace", "-o", merged, sources[0], sources[1], sources[2]},
        .prepare = prepare_merge,
        .judge = judge_merged};
    stream = 4;
    kill_at_moments(&v, USUAL_MOMENTS);
    free(new_merged);
    free(old_merged);
}
END_TEST

/* ---- report ------------------------------------------------------------------------------------------------------ */

/* Pages of a database with one result, and of the same with one more. */
static char pages[96], old_pages[96], new_pages[96], claims[112];

static void make_results(unsigned count)
{
    report_store *store;
    int64_t id;
    const assay_run run = some_run("verify", NULL);
    assert_ok(report_store_open(database, &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    for (unsigned i = 0; i < count; i++) {
        char check[16];
        snprintf(check, sizeof check, "C%u", i);
        assay_result claim = some_result(check, ASSAY_REPRODUCED);
        claim.kind = ASSAY_CLAIM;
        claim.statement = "is so";
        claim.paper_value = "1";
        claim.provenance = "paper";
        claim.seeds = claim.seeds_passed = 3;
        assert_ok(report_store_add_result(store, id, &claim));
    }
    assert_ok(report_store_end_run(store, id, 1));
    report_store_close(store);
}

static void write_pages(const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "%s report --db %s -o %s >/dev/null && %s report --db %s --claims %s/claims.md",
             ASSAY_PROGRAM, database, to, ASSAY_PROGRAM, database, to);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void restore_old_pages(void)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf %s && cp -r %s %s", pages, old_pages, pages);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static bool is_same_file(const char *name, const char *there)
{
    char ours[512], theirs[512];
    size_t size, other;
    snprintf(ours, sizeof ours, "%s/%s", pages, name);
    snprintf(theirs, sizeof theirs, "%s/%s", there, name);
    char *a = read_file(ours, &size), *b = read_file(theirs, &other);
    const bool same = size == other && memcmp(a, b, size) == 0;
    free(a);
    free(b);
    return same;
}

static void judge_pages(const char *when, bool is_over)
{
    DIR *files = opendir(new_pages);
    ck_assert_ptr_nonnull(files);
    for (struct dirent *entry; (entry = readdir(files));) {
        const bool of_report = strcmp(entry->d_name, "claims.md") != 0;
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_msg(is_same_file(entry->d_name, new_pages) ||
                          ((!is_over || of_report == (*claims != '\0')) && is_same_file(entry->d_name, old_pages)),
                      "%s: %s is neither the old nor the new one", when, entry->d_name);
    }
    closedir(files);
    if (is_over)
        demand_nothing_temporary(pages, when);
}

static void make_pages(void)
{
    snprintf(pages, sizeof pages, "%s/pages", folder);
    snprintf(old_pages, sizeof old_pages, "%s/old", folder);
    snprintf(new_pages, sizeof new_pages, "%s/new", folder);
    make_results(1);
    write_pages(old_pages);
    make_results(2);
    write_pages(new_pages);
    /* The pages must differ, or the old could not be told from the new. */
    snprintf(pages, sizeof pages, "%s", old_pages);
    ck_assert(!is_same_file("index.html", new_pages) && !is_same_file("claims.md", new_pages));
    snprintf(pages, sizeof pages, "%s/pages", folder);
}

START_TEST(report)
{
    make_pages();
    *claims = '\0';
    const victim v = {.name = "report",
                      .arguments = {ASSAY_PROGRAM, "report", "--db", database, "-o", pages},
                      .prepare = restore_old_pages,
                      .judge = judge_pages};
    stream = 5;
    kill_at_moments(&v, USUAL_MOMENTS);
}
END_TEST

START_TEST(report_claims)
{
    make_pages();
    snprintf(claims, sizeof claims, "%s/claims.md", pages);
    const victim v = {.name = "report --claims",
                      .arguments = {ASSAY_PROGRAM, "report", "--db", database, "--claims", claims},
                      .prepare = restore_old_pages,
                      .judge = judge_pages};
    stream = 6;
    kill_at_moments(&v, USUAL_MOMENTS);
}
END_TEST

/* ---- All --------------------------------------------------------------------------------------------------------- */

static void set_up(void)
{
    make_folder();
    snprintf(database, sizeof database, "%s/a.db", folder);
    unsetenv("ASSAY_CPU");
}

Suite *test_killed(void);

Suite *test_killed(void)
{
    const struct {
        const char *name;
        const TTest *test;
    } cases[] = {{"bench", bench},         {"verify", verify_exhaustive},
                 {"rank", a_rank},         {"bench rank", a_bench_rank},
                 {"merge", merge},         {"report", report},
                 {"claims", report_claims}};
    Suite *suite = suite_create("killed");
    for (size_t i = 0; i < COUNT(cases); i++) {
        TCase *one = tcase_create(cases[i].name);
        tcase_set_timeout(one, 60 + 20 * kill_moments(USUAL_MOMENTS));
        tcase_add_checked_fixture(one, set_up, remove_folder);
        tcase_add_test(one, cases[i].test);
        suite_add_tcase(suite, one);
    }
    return suite;
}
