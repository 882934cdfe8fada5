/* Tests of thread scaling: which numbers of threads and sizes are timed, on an algorithm that notes its calls, and what
 * the report makes of times that are known. */
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/threads.h"
#include "report_fixture.h"
#include "reports/report.h"
#include "reports/store.h"
#include "tests/plain_records.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_scaling(void);

/* ---- What is timed ----------------------------------------------------------------------------------------------- */

ASSAY_CATALOGUE(scaling_probe, .family = "arithmetic", .title = "Probe of thread scaling", .authors = "-", .year = 2026,
                .identifier = "-", .summary = "Notes who calls it.",
                .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2));

enum { FORBIDDEN = 4000, CROOKED = 500 };

static int set_up, most_set_up; /* states now, and at most */

static assay_status make(bench_state *state)
{
    if (state->size == FORBIDDEN)
        return assay_fail(ASSAY_IO, "no file for %d", FORBIDDEN);
    most_set_up = ++set_up > most_set_up ? set_up : most_set_up;
    state->data = malloc(1);
    state->items = (double)state->size;
    return state->data ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* Work that grows as the square of the size. */
static assay_status make_crooked(bench_state *state)
{
    const assay_status status = make(state);
    state->flops = (double)state->size * (double)state->size;
    return status;
}

static void release(bench_state *state)
{
    free(state->data);
    state->data = NULL;
    set_up--;
}

static int wrong_calls; /* of a weak scaling, with another size than its threads should have */

static assay_status run_probe(bench_state *state)
{
    wrong_calls += state->size > 3 && state->size % (uint64_t)assay_threads() != 0;
    for (volatile uint64_t i = 0; i < 100; i++)
        ;
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "strong", /* sizes 1 to 3, so that the probe can tell them from the weak ones */
     .sizes = {3},
     .setup = make,
     .teardown = release,
     .run = run_probe,
     .threads = true,
     .peers = {{.name = "peer", .run = run_probe}, {.name = "alone", .run = run_probe, .single_thread = true}}},
    {.name = "both",
     .sizes = {2},
     .setup = make,
     .teardown = release,
     .run = run_probe,
     .threads = true,
     .weak = 1000,
     .peers = {{.name = "peer", .run = run_probe}, {.name = "alone", .run = run_probe, .single_thread = true}}},
    {.name = "crooked",
     .sizes = {2},
     .setup = make_crooked,
     .teardown = release,
     .run = run_probe,
     .threads = true,
     .weak = CROOKED},
};

BENCH_WORKLOADS(scaling_probe, workloads);

/* What a run handed out: "avx2-2t/both-weak/2000 2" for each, with the number of threads; skipped ones with the reason.
 */
static char timed[4096], skipped[4096];

static void note(char *all, size_t capacity, const char *implementation, const char *workload, uint64_t size,
                 int threads, const char *more)
{
    const size_t length = strlen(all);
    snprintf(all + length, capacity - length, "%s/%s/%llu %d%s\n", implementation, workload, (unsigned long long)size,
             threads, more);
}

static void see_timing(void *self, const assay_timing *t)
{
    (void)self;
    ck_assert_uint_eq(t->repetitions, 9);
    note(timed, sizeof timed, t->implementation, t->workload, t->size, t->threads, t->is_reference ? " reference" : "");
}

static void see_skipped(void *self, const bench_item *item, const char *reason)
{
    (void)self;
    char more[512];
    snprintf(more, sizeof more, " %s", reason);
    note(skipped, sizeof skipped, item->implementation, item->workload->name, item->size, item->threads, more);
}

static void run(const char *pattern, int threads, assay_level level)
{
    const bench_sink sink = {.timing = see_timing, .skipped = see_skipped};
    const bench_options options = {.patterns = &pattern, .pattern_count = 1, .seconds = 1e-6};
    timed[0] = skipped[0] = '\0';
    most_set_up = wrong_calls = 0;
    ck_assert_int_eq(assay_cpu_set_level(level), ASSAY_OK);
    ck_assert_int_eq(assay_set_threads(threads), ASSAY_OK);
    const assay_status status = bench_run(&options, &sink);
    ck_assert_msg(status == ASSAY_OK, "%s", assay_error());
    ck_assert_int_eq(set_up, 0);
    ck_assert_int_eq(wrong_calls, 0);
}

START_TEST(strong_scaling_has_the_powers_of_two)
{
    run("scaling_probe/*/strong", 6, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "reference/strong/3 1 reference\n"
                            "baseline/strong/3 1\nbaseline-2t/strong/3 2\nbaseline-4t/strong/3 4\n"
                            "baseline-6t/strong/3 6\n"
                            "peer/strong/3 1\npeer-2t/strong/3 2\npeer-4t/strong/3 4\npeer-6t/strong/3 6\n"
                            "alone/strong/3 1\n");
    run("scaling_probe/*/strong", 1, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "reference/strong/3 1 reference\nbaseline/strong/3 1\npeer/strong/3 1\nalone/strong/3 1\n");
    run("scaling_probe/*/strong", 2, ASSAY_REFERENCE);
    ck_assert_str_eq(timed, "reference/strong/3 1 reference\npeer/strong/3 1\npeer-2t/strong/3 2\nalone/strong/3 1\n");
}
END_TEST

START_TEST(lower_levels_have_one_and_all)
{
    if (assay_cpu_best() < ASSAY_AVX2)
        return;
    run("scaling_probe/*/strong", 8, ASSAY_AVX2);
    ck_assert_str_eq(timed, "reference/strong/3 1 reference\nbaseline/strong/3 1\nbaseline-8t/strong/3 8\n"
                            "avx2/strong/3 1\navx2-2t/strong/3 2\navx2-4t/strong/3 4\navx2-8t/strong/3 8\n"
                            "peer/strong/3 1\npeer-2t/strong/3 2\npeer-4t/strong/3 4\npeer-8t/strong/3 8\n"
                            "alone/strong/3 1\n");
}
END_TEST

START_TEST(weak_scaling_grows_with_the_threads)
{
    run("scaling_probe/*/both-weak", 3, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "baseline/both-weak/1000 1\npeer/both-weak/1000 1\nbaseline-2t/both-weak/2000 2\n"
                            "peer-2t/both-weak/2000 2\nbaseline-3t/both-weak/3000 3\npeer-3t/both-weak/3000 3\n");
    ck_assert_str_eq(skipped, "");
    ck_assert_int_eq(most_set_up, 3); /* together, so that they can be interleaved */
    run("scaling_probe/*/both/2", 3, ASSAY_BASELINE);
    ck_assert_ptr_null(strstr(timed, "weak"));
    ck_assert_int_eq(most_set_up, 1);
}
END_TEST

START_TEST(one_of_a_weak_scaling_can_be_repeated)
{
    run("scaling_probe/baseline-2t/both-weak/2000", 3, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "baseline-2t/both-weak/2000 2\n");
}
END_TEST

START_TEST(a_failed_size_leaves_the_others)
{
    run("scaling_probe/baseline*/both-weak", 5, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "baseline/both-weak/1000 1\nbaseline-2t/both-weak/2000 2\nbaseline-5t/both-weak/5000 5\n");
    ck_assert_str_eq(skipped, "baseline-4t/both-weak/4000 4 the setup failed: no file for 4000\n");
}
END_TEST

START_TEST(work_must_be_proportional)
{
    run("scaling_probe/*/crooked-weak", 2, ASSAY_BASELINE);
    ck_assert_str_eq(timed, "baseline/crooked-weak/500 1\n");
    ck_assert_str_eq(skipped, "baseline-2t/crooked-weak/1000 2 no weak scaling: flops (or items) for each unit of size "
                              "are 2 times those at size 500\n");
}
END_TEST

START_TEST(without_threads_there_is_no_weak_scaling)
{
    for (int threads = 1; threads <= 2; threads++) { /* the reference knows none */
        const char *pattern = "scaling_probe/*/both-weak";
        const bench_options options = {.patterns = &pattern, .pattern_count = 1};
        ck_assert_int_eq(assay_cpu_set_level(threads == 1 ? ASSAY_BASELINE : ASSAY_REFERENCE), ASSAY_OK);
        ck_assert_int_eq(assay_set_threads(threads), ASSAY_OK);
        ck_assert_int_eq(bench_run(&options, &(bench_sink){0}), ASSAY_INVALID_ARGUMENT);
    }
}
END_TEST

/* Each in a process of its own: a table once entered stays. */
START_TEST(mistaken_weak_scalings_are_named)
{
    static const bench_workload mistakes[] = {
        {.name = "w", .sizes = {1}, .setup = make, .run = run_probe, .weak = 5},
        {.name = "w", .sizes = {1}, .setup = make, .run = run_probe, .threads = true, .weak = UINT64_MAX / 2},
        {.name = "w-weak", .sizes = {1}, .setup = make, .run = run_probe},
    };
    static const char *const messages[] = {"workload w: weak is 5 without threads",
                                           "workload w: weak is 9223372036854775807 without",
                                           "\"w-weak\" is no name for a workload"};
    bench_add("scaling_probe", &mistakes[_i], 1);
    ck_assert_int_eq(bench_run(&(bench_options){0}, &(bench_sink){0}), ASSAY_INVALID_ARGUMENT);
    ck_assert_msg(strstr(assay_error(), messages[_i]) != NULL, "%s", assay_error());
}
END_TEST

/* ---- What is reported -------------------------------------------------------------------------------------------- */

static char folder[64], database[128], out[128];

static void make_folder(void)
{
    strcpy(folder, "/tmp/assay-scaling-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/assay.db", folder);
    snprintf(out, sizeof out, "%s/out", folder);
}

static void remove_folder(void)
{
    ck_assert(fixture_remove_folder(folder));
}

static int64_t add_run(report_store *store, const char *started)
{
    assay_run run = plain_run("bench", "a", started);
    run.processors = run.threads = 64;
    int64_t id = 0;
    ck_assert_int_eq(report_store_begin_run(store, &run, &id), ASSAY_OK);
    return id;
}

static void add(report_store *store, int64_t run, const char *implementation, const char *workload, uint64_t size,
                int threads, double seconds, double items)
{
    double repetitions[9];
    for (int i = 0; i < 9; i++)
        repetitions[i] = seconds;
    assay_timing t = plain_timing("lmul", implementation, workload, size, repetitions);
    t.is_peer = strncmp(implementation, "peer", 4) == 0;
    t.threads = threads;
    t.items = items;
    t.replay = "the command";
    ck_assert_int_eq(report_store_add_timing(store, run, &t), ASSAY_OK);
}

/* Sixty-four threads: strong scaling by Amdahl's law with a tenth that is serial, weak scaling at 3/4. */
static void add_timings(void)
{
    report_store *store = NULL;
    ck_assert_int_eq(report_store_open(database, &store), ASSAY_OK);
    const int64_t old = add_run(store, "2026-01-01T00:00:00Z"), now = add_run(store, "2026-01-02T00:00:00Z");
    for (int threads = 1; threads <= 64; threads *= 2) {
        char ours[32] = "avx2", peer[32] = "peer x";
        if (threads > 1) {
            snprintf(ours, sizeof ours, "avx2-%dt", threads);
            snprintf(peer, sizeof peer, "peer x-%dt", threads);
        }
        add(store, now, ours, "dot", 4096, threads, 1e-3 * (0.1 + 0.9 / threads), 4096);
        add(store, now, peer, "dot", 4096, threads, 2e-3 / threads, 4096);
        add(store, now, ours, "dot-weak", 1000 * (uint64_t)threads, threads, threads == 1 ? 3e-3 : 4e-3,
            threads == 1 ? 1000 : 1000.0 * threads * 1.05);
    }
    add(store, now, "baseline-64t", "dot", 4096, 64, 1e-3, 4096); /* nothing with one thread in this run */
    add(store, old, "baseline", "dot", 4096, 1, 1e-3, 4096);
    report_store_close(store);
    ck_assert_msg(report_write(database, out, NULL, NULL) == ASSAY_OK, "%s", assay_error());
}

static json_t *scaling_of(json_t *root, const char *implementation, const char *workload)
{
    size_t i;
    json_t *timing, *algorithm = json_array_get(json_object_get(root, "algorithms"), 0);
    json_array_foreach(json_object_get(algorithm, "timings"), i, timing)
    {
        if (strcmp(json_string_value(json_object_get(timing, "implementation")), implementation) == 0 &&
            strcmp(json_string_value(json_object_get(timing, "workload")), workload) == 0)
            return json_object_get(timing, "scaling");
    }
    ck_abort_msg("no %s on %s", implementation, workload);
}

static void check_scaling(json_t *root, const char *implementation, const char *workload, const char *kind,
                          double speedup, int threads)
{
    json_t *scaling = scaling_of(root, implementation, workload);
    ck_assert_msg(json_is_object(scaling), "%s on %s does not scale", implementation, workload);
    ck_assert_str_eq(json_string_value(json_object_get(scaling, "kind")), kind);
    static const char *const members[] = {"estimate", "low", "high"}; /* the repetitions are all alike */
    for (size_t i = 0; i < 3; i++) {
        const json_t *faster = json_object_get(json_object_get(scaling, "speedup"), members[i]),
                     *efficiency = json_object_get(json_object_get(scaling, "efficiency"), members[i]);
        ck_assert_double_eq_tol(json_number_value(faster), speedup, 1e-9 * speedup);
        ck_assert_double_eq_tol(json_number_value(efficiency), speedup / threads, 1e-9 * speedup);
    }
}

START_TEST(efficiencies_are_computed)
{
    add_timings();
    char path[256];
    snprintf(path, sizeof path, "%s/results.json", out);
    json_t *root = json_load_file(path, 0, NULL);
    ck_assert_ptr_nonnull(root);
    check_scaling(root, "avx2-2t", "dot", "strong", 1 / 0.55, 2);
    check_scaling(root, "avx2-64t", "dot", "strong", 1 / (0.1 + 0.9 / 64), 64);
    check_scaling(root, "peer x-8t", "dot", "strong", 8, 8);
    check_scaling(root, "avx2-16t", "dot-weak", "weak", 16 * 0.75 * 1.05, 16); /* by the work, not by the size */
    ck_assert(json_is_null(scaling_of(root, "avx2", "dot")));
    ck_assert(json_is_null(scaling_of(root, "baseline-64t", "dot"))); /* one thread was timed in another run only */
    json_decref(root);
}
END_TEST

static char *content_of(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", out, name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    char *text = NULL;
    size_t size = 0;
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    return text;
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

START_TEST(pages_show_the_curves)
{
    add_timings();
    char *page = content_of("lmul.html"), *text = content_of("report.md");
    ck_assert_uint_eq(count_of(page, "-title\">Strong scaling: the same size</h4>"), 1);
    ck_assert_uint_eq(count_of(page, "-title\">Weak scaling: the same size for each thread</h4>"), 1);
    ck_assert_ptr_nonnull(strstr(page, "dot, avx2, size 1,000"));
    ck_assert_ptr_nonnull(strstr(page, "<h3>dot</h3>"));
    ck_assert_ptr_null(strstr(page, "<h3>dot-weak</h3>"));
    ck_assert_ptr_null(strstr(page, "Time over size: dot-weak"));
    ck_assert_uint_eq(count_of(text, "| strong |"), 12); /* six numbers of threads, ours and the peer's */
    ck_assert_uint_eq(count_of(text, "| weak |"), 6);
    ck_assert_ptr_nonnull(strstr(text, "### Threads"));
    free(page);
    free(text);
}
END_TEST

Suite *test_scaling(void)
{
    Suite *suite = suite_create("scaling");
    TCase *timed_case = tcase_create("timed"), *tables = tcase_create("tables"), *reported = tcase_create("reported");
    tcase_set_timeout(timed_case, 60);
    tcase_add_test(timed_case, strong_scaling_has_the_powers_of_two);
    tcase_add_test(timed_case, lower_levels_have_one_and_all);
    tcase_add_test(timed_case, weak_scaling_grows_with_the_threads);
    tcase_add_test(timed_case, one_of_a_weak_scaling_can_be_repeated);
    tcase_add_test(timed_case, a_failed_size_leaves_the_others);
    tcase_add_test(timed_case, work_must_be_proportional);
    tcase_add_test(timed_case, without_threads_there_is_no_weak_scaling);
    suite_add_tcase(suite, timed_case);
    tcase_add_loop_test(tables, mistaken_weak_scalings_are_named, 0, 3);
    suite_add_tcase(suite, tables);
    tcase_add_checked_fixture(reported, make_folder, remove_folder);
    tcase_set_timeout(reported, 60);
    tcase_add_test(reported, efficiencies_are_computed);
    tcase_add_test(reported, pages_show_the_curves);
    suite_add_tcase(suite, reported);
    return suite;
}
