/* `assay history` from databases of synthetic runs to its exit status, and what it says on the pages. */
#include "cli/history.h"
#include "reports/history.h"
#include "reports/report.h"
#include "tests/command_fixture.h"
#include "tests/history_fixture.h"
#include "tests/report_fixture.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], database[96];

static void set_up(void)
{
    strcpy(folder, "/tmp/assay-history-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/assay.db", folder);
    ck_assert_int_eq(setenv("FOLDER", folder, 1), 0);
}

static void tear_down(void)
{
    ck_assert(fixture_remove_folder(folder));
}

static void make(history_plan plan)
{
    plan.seed = plan.seed ? plan.seed : 7;
    ck_assert(fixture_add_history(database, &plan));
}

#define HISTORY "cd \"$FOLDER\" && LC_ALL=C.UTF-8 \"$ASSAY\" history --db assay.db "

static void assert_has(const char *text, const char *what)
{
    ck_assert_msg(strstr(text, what) != NULL, "lacks \"%s\": %.2500s", what, text);
}

static void assert_lacks(const char *text, const char *what)
{
    ck_assert_msg(strstr(text, what) == NULL, "has \"%s\": %.2500s", what, text);
}

/* ---- The check ----------------------------------------------------------------------------------------------------
 */

/* From the eighth run on 6 % slower, in noise of 1 %: seen after the tenth, eleventh and twelfth. (After the eighth
 * alone twelve runs would not be enough for four benchmarks and a rate of 1 %.) */
START_TEST(a_planted_slowdown_is_found_and_named)
{
    char revision[13], before[13], line[200];
    fixture_revision(7, revision);
    fixture_revision(6, before);
    for (size_t runs = 10; runs <= 12; runs++) {
        unlink(database);
        make((history_plan){.runs = runs, .slower_from = 7, .factor = 1.06});
        char *text = command_expect(HISTORY "--check lmul", 1);
        assert_has(text, "slower: lmul/avx2/multiply/4096: +");
        snprintf(line, sizeof line, "since revision %s (before: %s)\n", revision, before);
        assert_has(text, line);
        snprintf(line, sizeof line, "regress --base %s 'lmul/avx2/multiply/4096'\n", before);
        assert_has(text, line);
        assert_has(text, "7 judged: 1 worse, 6 steady; 0 with too few runs\n");
        assert_has(text, "│");
        free(text);
        free(command_expect(HISTORY "lmul > /dev/null", 0)); /* without --check nothing fails */
    }
}
END_TEST

/* Three fixed seeds; of all seeds at most one in a hundred may fail for each algorithm and measure
 * (test_change_points.c). */
START_TEST(without_a_change_nothing_is_found)
{
    for (unsigned seed = 1; seed <= 3; seed++) {
        unlink(database);
        make((history_plan){.runs = 14, .seed = seed});
        char *text = command_expect(HISTORY "--check", 0);
        assert_lacks(text, "since");
        assert_has(text, ": 0 worse,");
        free(text);
    }
}
END_TEST

START_TEST(an_old_change_is_shown_but_does_not_fail)
{
    make((history_plan){.runs = 24, .slower_from = 10, .factor = 1.05});
    char *text = command_expect(HISTORY "--check lmul", 0);
    assert_has(text, " slower since 2026-01-11 12:00, ");
    assert_lacks(text, ", new");
    free(text);
    free(command_expect(HISTORY "--check --recent 14 lmul", 1));
}
END_TEST

START_TEST(a_faster_benchmark_is_shown_but_does_not_fail)
{
    make((history_plan){.runs = 24, .slower_from = 20, .factor = 0.9});
    char *text = command_expect(HISTORY "--check lmul", 0);
    assert_has(text, " faster since ");
    free(text);
}
END_TEST

START_TEST(options_say_what_counts)
{
    make((history_plan){.runs = 12, .slower_from = 11, .factor = 1.12});
    free(command_expect(HISTORY "--check lmul", 1));
    free(command_expect(HISTORY "--check --confirm 2 lmul", 0));
    free(command_expect(HISTORY "--check --threshold 25% lmul", 0));
    free(command_expect(HISTORY "--check --rate 0.000001 lmul", 0));
    free(command_expect(HISTORY "--check 'lmul/avx512'", 0));
    free(command_expect(HISTORY "--check 'lmul/avx2/multiply'", 1));
    free(command_expect(HISTORY "--check --relative lmul", 1));
    char *text = command_expect(HISTORY "--last 6 --relative 'lmul/avx2/multiply'", 0);
    assert_has(text, "   6  0.04"); /* 1.2 µs over 30 µs */
    assert_has(text, " of the reference");
    free(text);
}
END_TEST

START_TEST(a_larger_error_fails_at_once)
{
    char revision[13];
    make((history_plan){.runs = 10, .less_exact_from = 9});
    fixture_revision(9, revision);
    char *text = command_expect(HISTORY "--check lmul", 1);
    assert_has(text, "less accurate: lmul/avx2/gemm: +25 % [+25, +25] in the newest run, since revision ");
    assert_has(text, revision);
    assert_has(text, "less accurate: lmul/avx2/found: −8.16 % ["); /* of this one more was better */
    assert_lacks(text, "timed claim");                             /* no truth */
    assert_has(text, "  1 worst error without a change\n");
    free(text);
    text = command_expect(HISTORY "--all 'lmul/avx2/exact'", 0);
    assert_has(text, "avx2/exact");
    free(text);
}
END_TEST

/* ---- What can be compared -----------------------------------------------------------------------------------------
 */

START_TEST(another_machine_is_no_regression)
{
    make((history_plan){.runs = 9, .other_machine = 4});
    char *text = command_expect(HISTORY "--check lmul", 0);
    assert_has(text, "lmul, times over 9 runs: AMD EPYC 9R14 (2 processors), gcc 12.2.0, ");
    assert_has(text, "(4 runs of other machines or builds cannot be compared; --all shows them)");
    assert_lacks(text, "Intel Atom");
    free(text);
    text = command_expect(HISTORY "--all lmul", 0);
    assert_has(text, "lmul, times over 4 runs: Intel Atom");
    assert_has(text, "OpenBLAS/multiply/4096 (peer)");
    free(text);
}
END_TEST

START_TEST(only_ours_in_the_newest_run_is_judged)
{
    make((history_plan){.runs = 12, .slower_from = 9, .factor = 1.2, .peer_slower = true});
    free(command_expect(HISTORY "--check --all 'lmul/OpenBLAS' 'lmul/avx512'", 0));
    char *text = command_expect(HISTORY "--check --all lmul", 1);
    assert_has(text, "slower: lmul/avx2/multiply/4096: ");
    assert_lacks(text, "slower: lmul/OpenBLAS");
    free(text);
    unlink(database);
    make((history_plan){.runs = 13, .slower_from = 9, .factor = 1.2, .newest_is_partial = true});
    text = command_expect(HISTORY "--check lmul", 0);
    assert_has(text, "not in the newest run\n"); /* avx512, which did not change */
    assert_lacks(text, "slower: ");
    free(text);
}
END_TEST

START_TEST(too_few_runs_are_said)
{
    make((history_plan){.runs = 9, .other_machine = 2, .other_machine_is_newest = true});
    char *text = command_expect(HISTORY "--check sor_bandit", 3);
    assert_has(text, "too few comparable runs to judge: the database has 2 of this machine and build, 6 are needed");
    free(text);
    text = command_expect(HISTORY "sor_bandit", 0);
    assert_has(text, "too few runs\n");
    free(text);
    text = command_expect("\"$ASSAY\" history --check --db /nonexistent/assay.db lmul", 3);
    assert_has(text, "/nonexistent/assay.db");
    free(text);
    text = command_expect(HISTORY "evolved_exp", 3);
    assert_has(text, "holds no times or errors of \"evolved_exp\": run `");
    free(text);
}
END_TEST

START_TEST(usage_is_checked)
{
    make((history_plan){.runs = 2});
    static const char *const cases[][2] = {{"--threshold x", "--threshold is \"x\", must be"},
                                           {"--threshold 5x", "--threshold is \"5x\", must be"},
                                           {"--rate 1", "--rate is \"1\", must be"},
                                           {"--recent 0", "--recent is \"0\", must be 1 to"},
                                           {"--last 5", "--last is \"5\", must be 6 to"},
                                           {"--confirm 6", "--confirm is 6, must be at most --recent, 5"},
                                           {"--format junit", "must be text, json or csv"},
                                           {"lmull", "did you mean lmul"},
                                           {"lmul 'lmul/avx2/nothing'", "nothing matches"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[256];
        snprintf(command, sizeof command, HISTORY "%s", cases[i][0]);
        char *text = command_expect(command, 2);
        assert_has(text, cases[i][1]);
        free(text);
    }
}
END_TEST

/* ---- For machines -------------------------------------------------------------------------------------------------
 */

START_TEST(json_has_points_and_changes)
{
    char revision[13];
    make((history_plan){.runs = 12, .slower_from = 9, .factor = 1.06, .other_machine = 1});
    fixture_revision(10, revision);
    char *text = command_expect(HISTORY "--format json 'lmul/avx2/multiply'", 0);
    json_t *object = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_str_eq(json_string_value(json_object_get(object, "judgement")), "worse");
    ck_assert_double_le(json_number_value(json_object_get(object, "p_adjusted")), 0.01);
    json_t *changes = json_object_get(object, "changes"), *points = json_object_get(object, "points");
    ck_assert_uint_eq(json_array_size(points), 12);
    ck_assert_uint_eq(json_array_size(changes), 1);
    json_t *change = json_array_get(changes, 0);
    ck_assert_str_eq(json_string_value(json_object_get(change, "revision")), revision);
    ck_assert(json_is_true(json_object_get(change, "worse")));
    /* Medians of noise of 1 %: 4 standard errors of 3 and 9 numbers. */
    ck_assert_double_eq_tol(json_number_value(json_object_get(change, "ratio")), 1.06, 0.035);
    /* Nine repetitions: the second and the eighth, 1.2 % from the middle. */
    json_t *point = json_array_get(points, 0);
    const double value = json_number_value(json_object_get(point, "value"));
    ck_assert_double_eq_tol(json_number_value(json_object_get(point, "low")), value * 0.988, 1e-12);
    ck_assert_double_eq_tol(json_number_value(json_object_get(point, "high")), value * 1.012, 1e-12);
    ck_assert_double_gt(json_number_value(json_object_get(json_array_get(points, 11), "level")),
                        1.03 * json_number_value(json_object_get(point, "level")));
    json_decref(object);
    char *again = command_expect(HISTORY "--format json 'lmul/avx2/multiply'", 0);
    ck_assert_str_eq(text, again);
    free(again);
    free(text);
}
END_TEST

START_TEST(csv_has_a_row_for_each_point)
{
    make((history_plan){.runs = 8});
    char *text = command_expect(HISTORY "--format csv lmul | tr -d '\\r'", 0);
    size_t rows = 0, columns = 0;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest)); rows++) {
        size_t commas = 0;
        for (const char *c = line; *c; c++)
            commas += *c == ',';
        ck_assert_uint_eq(commas, rows ? columns : (columns = commas));
    }
    ck_assert_uint_eq(rows, 1 + 8 * (4 + 3)); /* four benchmarks of ours, three errors */
    free(text);
}
END_TEST

/* ---- Small pictures -----------------------------------------------------------------------------------------------
 */

START_TEST(sparklines_show_levels_and_changes)
{
    report_history_point points[] = {{.value = 1}, {.value = 1}, {.value = 8}, {.value = 8}};
    report_history_change change = {.at = 2};
    report_history_series s = {.points = points, .count = 4, .changes = &change, .change_count = 1};
    ck_assert_str_eq(history_draw(&s, 10, true).text, "▁▁│██");
    ck_assert_str_eq(history_draw(&s, 10, false).text, "__|##");
    ck_assert_str_eq(history_draw(&s, 2, true).text, "▅▅"); /* the newest two, alike */
    points[3].value = 8.01;                                 /* noise is no mountain */
    ck_assert_str_eq(history_draw(&s, 2, false).text, "-=");
}
END_TEST

START_TEST(blocks_are_drawn_where_they_can_be_seen)
{
    make((history_plan){.runs = 7});
    char *text = command_expect("cd \"$FOLDER\" && LC_ALL=C \"$ASSAY\" history --db assay.db lmul/avx2/dot", 0);
    assert_lacks(text, "▄");
    free(text);
    text = command_expect(HISTORY "lmul/avx2/dot", 0);
    assert_has(text, "▄");
    assert_lacks(text, "\033"); /* no colour but on a terminal */
    free(text);
}
END_TEST

/* ---- Pages --------------------------------------------------------------------------------------------------------
 */

static char *content_of(const char *name)
{
    char path[160];
    char *text = calloc(1, 1 << 22);
    snprintf(path, sizeof path, "%s/out/%s", folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_gt(fread(text, 1, (1 << 22) - 1, file), 0);
    fclose(file);
    return text;
}

START_TEST(pages_show_the_change)
{
    char revision[13], mark[64], out[128];
    make((history_plan){.runs = 12, .slower_from = 9, .factor = 1.06});
    fixture_revision(9, revision);
    snprintf(out, sizeof out, "%s/out", folder);
    ck_assert_msg(report_write(database, out, NULL, NULL) == ASSAY_OK, "%s", assay_error());
    char *page = content_of("lmul.html");
    snprintf(mark, sizeof mark, " %% · %.7s\"}", revision);
    assert_has(page, mark); /* the mark on the chart */
    assert_has(page, "\"draw\":\"worse\"");
    assert_has(page, " slower, new</span>");
    assert_has(page, "<svg class=\"spark\"");
    free(page);
    page = content_of("index.html");
    assert_has(page, "Worse in the newest runs");
    assert_has(page, "multiply, size 4,096: avx2, since 2026-01-10 12:00");
    free(page);
    page = content_of("sor_bandit.html"); /* steady */
    assert_lacks(page, "\"draw\":\"worse\",\"points\":[{");
    assert_has(page, "\"draw\":\"level\"");
    free(page);
    page = content_of("report.md");
    assert_has(page, "## Changes over the runs");
    assert_has(page, "lmul: multiply, size 4,096: avx2");
    free(page);
    page = content_of("results.json");
    assert_has(page, "\"judgement\": \"worse\"");
    free(page);
}
END_TEST

START_TEST(few_runs_have_no_changes_on_pages)
{
    char out[128];
    make((history_plan){.runs = 4});
    snprintf(out, sizeof out, "%s/out", folder);
    ck_assert_msg(report_write(database, out, NULL, NULL) == ASSAY_OK, "%s", assay_error());
    char *page = content_of("lmul.html");
    assert_lacks(page, "E‑divisive");
    assert_has(page, "Time over the runs: multiply, size 4,096");
    free(page);
}
END_TEST

/* ---- The files of docs/ci.md --------------------------------------------------------------------------------------
 */

START_TEST(files_for_continuous_integration_parse)
{
    if (system("python3 -c 'import yaml' 2>/dev/null") != 0) { /* NOLINT(cert-env33-c) */
        fprintf(stderr, "skipped: python3-yaml is not installed\n");
        return;
    }
    free(
        command_expect("cd " ASSAY_SOURCE "/docs/ci && python3 -c '\n"
                       "import yaml\n"
                       "github = yaml.safe_load(open(\"github.yml\"))\n"
                       "steps = [s for job in github[\"jobs\"].values() for s in job[\"steps\"]]\n"
                       "assert all((\"run\" in s) != (\"uses\" in s) for s in steps)\n"
                       "scripts = \"\\n\".join(s.get(\"run\", \"\") for s in steps)\n"
                       "gitlab = yaml.safe_load(open(\"gitlab.yml\"))\n"
                       "jobs = [j for j in gitlab.values() if isinstance(j, dict) and \"script\" in j]\n"
                       "assert jobs and any(\"junit\" in j.get(\"artifacts\", {}).get(\"reports\", {}) for j in jobs)\n"
                       "others = \"\\n\".join(line for j in jobs for line in j[\"script\"])\n"
                       "for words in (\"regress\", \"history --check\", \"report\", \"bench\"):\n"
                       "    assert words in scripts and words in others, words\n"
                       "'",
                       0));
}
END_TEST

Suite *test_history(void);

Suite *test_history(void)
{
    Suite *suite = suite_create("history");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, a_planted_slowdown_is_found_and_named);
    tcase_add_test(all, without_a_change_nothing_is_found);
    tcase_add_test(all, an_old_change_is_shown_but_does_not_fail);
    tcase_add_test(all, a_faster_benchmark_is_shown_but_does_not_fail);
    tcase_add_test(all, options_say_what_counts);
    tcase_add_test(all, a_larger_error_fails_at_once);
    tcase_add_test(all, another_machine_is_no_regression);
    tcase_add_test(all, only_ours_in_the_newest_run_is_judged);
    tcase_add_test(all, too_few_runs_are_said);
    tcase_add_test(all, usage_is_checked);
    tcase_add_test(all, json_has_points_and_changes);
    tcase_add_test(all, csv_has_a_row_for_each_point);
    tcase_add_test(all, sparklines_show_levels_and_changes);
    tcase_add_test(all, blocks_are_drawn_where_they_can_be_seen);
    tcase_add_test(all, pages_show_the_change);
    tcase_add_test(all, few_runs_have_no_changes_on_pages);
    tcase_add_test(all, files_for_continuous_integration_parse);
    suite_add_tcase(suite, all);
    return suite;
}
