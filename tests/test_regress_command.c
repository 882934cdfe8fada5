/* `assay regress` from its options to its exit status. The base is a revision of a little repository, whose program is
 * this one behind a script that makes its times shorter or longer, its errors smaller, or fails. */
#include "tests/command_fixture.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCHMARK "lmul/baseline/multiply_f32/4096"

/* Whatever instruments this program makes single measurements slow. */
#define REGRESS "cd \"$REPOSITORY\" && \"$ASSAY\" regress --patience 60 --budget 60 --threshold 30% "

/* Multiplies each time in the JSON by the factor. */
#define TIMES(FACTOR)                                                                                                  \
    "\"$ASSAY\" \"$@\" | awk '{ if (match($0, /\"low\":[0-9.e+-]+/)) $0 = substr($0, 1, RSTART + 5) "                  \
    "sprintf(\"%.17g\", " FACTOR " * substr($0, RSTART + 6, RLENGTH - 6)) substr($0, RSTART + RLENGTH); print }'"

/* A branch of the repository for each base, and what its program does. */
static const char *const bases[][2] = {
    {"quick", TIMES("0.2")},
    {"slow", TIMES("5")},
    {"same", "exec \"$ASSAY\" \"$@\""},
    {"absent", "exit 2"},
    {"exact", "\"$ASSAY\" \"$@\" | sed 's/\"measured\":[0-9.e+-]*/\"measured\":0.125/'"},
    {"crashing", "kill -SEGV $$"},
};

static char repository[] = "/tmp/assay-repository-XXXXXX";

static void make_repository(void)
{
    ck_assert_ptr_nonnull(mkdtemp(repository));
    ck_assert_int_eq(setenv("REPOSITORY", repository, 1), 0);
    free(command_expect("cd \"$REPOSITORY\" && git init -q . && git config user.name test && "
                        "git config user.email test@localhost && "
                        "printf '$(BUILD)/assay: program\\n\\tmkdir -p $(BUILD)\\n\\tcp program $@\\n' > Makefile && "
                        "git add Makefile && git commit -qm base && printf '/build\\n' > .git/info/exclude",
                        0));
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        char path[64], command[256];
        snprintf(path, sizeof path, "%s/program", repository);
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fprintf(file, "#!/bin/sh\n%s\n", bases[i][1]);
        ck_assert_int_eq(fclose(file), 0);
        snprintf(command, sizeof command,
                 "cd \"$REPOSITORY\" && chmod +x program && git add program && git commit -qm %s && git tag %s",
                 bases[i][0], bases[i][0]);
        free(command_expect(command, 0));
    }
    free(command_expect("cd \"$REPOSITORY\" && cp \"$ASSAY\" program && git add program && git commit -qm twin && "
                        "git tag twin",
                        0));
}

static void remove_repository(void)
{
    free(command_expect("rm -rf \"$REPOSITORY\"", 0));
}

static void assert_has(const char *text, const char *what)
{
    ck_assert_msg(strstr(text, what) != NULL, "lacks \"%s\": %.1500s", what, text);
}

START_TEST(slower_than_a_quick_base_is_a_regression)
{
    char *text = command_expect(REGRESS "--base quick --no-accuracy " BENCHMARK, 1);
    assert_has(text, BENCHMARK);
    assert_has(text, " slower ");
    assert_has(text, " 30 pairs"); /* confirmed by new ones */
    assert_has(text, "1 slower, 0 faster, 0 same, 0 undecided; 0 accuracy losses\n");
    free(text);
}
END_TEST

START_TEST(faster_than_a_slow_base_is_good_news)
{
    char *text = command_expect(REGRESS "--base slow --no-accuracy --format markdown " BENCHMARK, 0);
    assert_has(text, "### assay regress: `");
    assert_has(text, "| `" BENCHMARK "` | faster :green_circle: | -");
    assert_has(text, "**0 slower, 1 faster, 0 same, 0 undecided; 0 accuracy losses**");
    assert_has(text, "<summary>All 1 benchmarks</summary>");
    free(text);
}
END_TEST

START_TEST(the_same_is_neither)
{
    char *text =
        command_expect(REGRESS "--base same --no-accuracy --reference --all-sizes --format json " BENCHMARK, 0);
    json_t *object = json_loads(text, 0, NULL);
    ck_assert_msg(object != NULL, "no JSON: %.500s", text);
    ck_assert_str_eq(json_string_value(json_object_get(object, "benchmark")), BENCHMARK);
    ck_assert_str_eq(json_string_value(json_object_get(object, "unit")), "seconds");
    ck_assert_str_ne(json_string_value(json_object_get(object, "verdict")), "slower");
    ck_assert_str_ne(json_string_value(json_object_get(object, "verdict")), "faster");
    ck_assert_int_ge(json_integer_value(json_object_get(object, "pairs")), 10);
    ck_assert_double_gt(json_real_value(json_object_get(object, "ratio")), 0);
    json_decref(object);
    free(text);
}
END_TEST

START_TEST(what_the_base_cannot_measure_is_said)
{
    char *text = command_expect(REGRESS "--base absent --no-accuracy " BENCHMARK, 0);
    assert_has(text, BENCHMARK);
    assert_has(text, "not measured: ");
    assert_has(text, "does not have the benchmark " BENCHMARK);
    assert_has(text, "0 slower, 0 faster, 0 same, 0 undecided");
    free(text);
    text = command_expect(REGRESS "--base crashing --format markdown " BENCHMARK, 0);
    assert_has(text, "| `" BENCHMARK "` | not measured | ");
    assert_has(text, "gave no measurement");
    assert_has(text, "Accuracy was not compared: ");
    free(text);
}
END_TEST

START_TEST(a_larger_error_is_a_regression)
{
    char *text = command_expect(REGRESS "--base exact --no-timing 'evolved_exp/avx2/exp_uniform/*'", 1);
    assert_has(text, "worst error: 0.125 -> ");
    assert_has(text, " WORSE\n");
    assert_has(text, "0 slower, 0 faster, 0 same, 0 undecided; ");
    ck_assert_msg(!strstr(text, "; 0 accuracy losses"), "%.1500s", text);
    free(text);
}
END_TEST

START_TEST(equal_accuracy_is_no_change)
{
    char *text = command_expect(REGRESS "--base same --no-timing 'evolved_exp/baseline/exp_uniform/*'", 0);
    assert_has(text, "accuracy: no check changed\n");
    free(text);
}
END_TEST

/* Callgrind counts what a sanitizer does, if it runs it at all. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#ifdef ASSAY_COVERAGE /* whose bookkeeping at the end of each process is counted too */
#define COUNT_THRESHOLD 10
#else
#define COUNT_THRESHOLD 0.1
#endif
#define TEXT_OF(NUMBER) #NUMBER
#define PERCENT(NUMBER) TEXT_OF(NUMBER) "%"

START_TEST(instructions_of_twins_are_equal)
{
    if (access("/usr/bin/valgrind", X_OK) != 0)
        return;
    char *text = command_expect("cd \"$REPOSITORY\" && \"$ASSAY\" regress --instructions --base twin --no-accuracy "
                                "--format json --threshold " PERCENT(COUNT_THRESHOLD) " " BENCHMARK,
                                0);
    json_t *object = json_loads(text, 0, NULL);
    ck_assert_msg(object != NULL, "no JSON: %.500s", text);
    ck_assert_msg(strcmp(json_string_value(json_object_get(object, "verdict")), "same") == 0, "%.500s", text);
    ck_assert_str_eq(json_string_value(json_object_get(object, "unit")), "instructions");
    ck_assert_double_lt(fabs(json_real_value(json_object_get(object, "ratio")) - 1), COUNT_THRESHOLD / 100.0);
    json_decref(object);
    free(text);
}
END_TEST
#endif

START_TEST(wrong_requests_are_refused)
{
    static const struct {
        const char *command;
        int status;
        const char *mentions;
    } wrong[] = {
        {"\"$ASSAY\" regress", 2, "--base is missing"},
        {REGRESS "--base no-such-revision", 2, "there is no revision \"no-such-revision\""},
        {REGRESS "--base same --threshold 0", 2, "--threshold is \"0\""},
        {REGRESS "--base same --threshold 3%%", 2, "--threshold is \"3%%\""},
        {REGRESS "--base same --budget -1", 2, "--budget is \"-1\""},
        {REGRESS "--base same --patience x", 2, "--patience is \"x\""},
        {REGRESS "--base same --seed x", 2, "--seed is \"x\""},
        {REGRESS "--base same --format xml", 2, "--format is \"xml\""},
        {REGRESS "--base same no_such/benchmark", 2, "\"no_such/benchmark\" matches no benchmark"},
        {REGRESS "--base HEAD~7", 3, "does not build"}, /* it has no program */
        {"cd / && \"$ASSAY\" regress --base HEAD " BENCHMARK, 3, "inside the repository"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *text = command_expect(wrong[i].command, wrong[i].status);
        ck_assert_msg(strstr(text, wrong[i].mentions) != NULL, "%s: lacks \"%s\": %.1000s", wrong[i].command,
                      wrong[i].mentions, text);
        free(text);
    }
}
END_TEST

Suite *test_regress_command(void);

Suite *test_regress_command(void)
{
    Suite *suite = suite_create("regress_command");
    TCase *test_case = tcase_create("regress_command");
    tcase_set_timeout(test_case, 300);
    tcase_add_checked_fixture(test_case, make_repository, remove_repository);
    tcase_add_test(test_case, slower_than_a_quick_base_is_a_regression);
    tcase_add_test(test_case, faster_than_a_slow_base_is_good_news);
    tcase_add_test(test_case, the_same_is_neither);
    tcase_add_test(test_case, what_the_base_cannot_measure_is_said);
    tcase_add_test(test_case, a_larger_error_is_a_regression);
    tcase_add_test(test_case, equal_accuracy_is_no_change);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tcase_add_test(test_case, instructions_of_twins_are_equal);
#endif
    tcase_add_test(test_case, wrong_requests_are_refused);
    suite_add_tcase(suite, test_case);
    return suite;
}
