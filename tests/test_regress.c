/* The verdicts of regress, on pairs whose truth is known. */
#include "cli/regress.h"
#include "cli/regress_accuracy.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 40 };

/* Pairs of lognormal noise around a ratio. */
static void measure(regress_comparison *c, double ratio, double noise, size_t pairs, uint64_t stream)
{
    assay_random r = {7, stream};
    snprintf(c->name, sizeof c->name, "benchmark %llu", (unsigned long long)stream);
    for (size_t i = 0; i < pairs; i++) {
        const double drift = exp(0.3 * assay_random_normal(r, 3 * i)); /* both halves of a pair share it */
        ck_assert_int_eq(regress_add_pair(c, drift * exp(noise * assay_random_normal(r, 3 * i + 1)),
                                          ratio * drift * exp(noise * assay_random_normal(r, 3 * i + 2))),
                         ASSAY_OK);
    }
    ck_assert_int_eq(regress_estimate(c, 1), ASSAY_OK);
}

static void release(regress_comparison *c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        regress_release(&c[i]);
}

START_TEST(equal_revisions_are_same)
{
    regress_comparison c[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++)
        measure(&c[i], 1, 0.01, 30, i);
    ck_assert_int_eq(regress_decide(c, COUNT, 0.03, 0.01), ASSAY_OK);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(c[i].verdict, REGRESS_SAME);
        ck_assert_double_ge(c[i].adjusted, c[i].p);
    }
    release(c, COUNT);
}
END_TEST

START_TEST(one_slow_benchmark_among_many_is_found)
{
    regress_comparison c[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++)
        measure(&c[i], i == 11 ? 1.06 : i == 12 ? 0.9 : 1, 0.01, 30, i);
    ck_assert_int_eq(regress_decide(c, COUNT, 0.03, 0.01), ASSAY_OK);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_int_eq(c[i].verdict, i == 11 ? REGRESS_SLOWER : i == 12 ? REGRESS_FASTER : REGRESS_SAME);
    ck_assert_double_eq_tol(c[11].ratio.estimate, 1.06, 0.015);
    release(c, COUNT);
}
END_TEST

START_TEST(a_small_significant_change_is_same_and_noise_is_undecided)
{
    regress_comparison c[2] = {0};
    measure(&c[0], 1.015, 0.001, 20, 1);
    measure(&c[1], 1, 0.3, 12, 2);
    ck_assert_int_eq(regress_decide(c, 2, 0.03, 0.01), ASSAY_OK);
    ck_assert_double_lt(c[0].adjusted, 0.01);
    ck_assert_int_eq(c[0].verdict, REGRESS_SAME);
    ck_assert_int_eq(c[1].verdict, REGRESS_UNDECIDED);
    ck_assert(regress_is_precise(&c[0], 0.03));
    ck_assert(!regress_is_precise(&c[1], 0.03));
    release(c, 2);
}
END_TEST

START_TEST(the_sign_test_is_exact)
{
    regress_comparison c = {.name = "coins"};
    for (size_t i = 0; i < 10; i++)
        ck_assert_int_eq(regress_add_pair(&c, 1, i < 9 ? 1.1 : 0.5), ASSAY_OK);
    ck_assert_int_eq(regress_estimate(&c, 1), ASSAY_OK);
    ck_assert_double_eq_tol(c.p, 2 * 11.0 / 1024, 1e-15);   /* nine or ten heads of ten */
    ck_assert_int_eq(regress_add_pair(&c, 1, 1), ASSAY_OK); /* a tie says nothing */
    ck_assert_int_eq(regress_estimate(&c, 1), ASSAY_OK);
    ck_assert_double_eq_tol(c.p, 2 * 11.0 / 1024, 1e-15);
    regress_forget_pairs(&c);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(regress_add_pair(&c, 1, i < 2 ? 2 : 0.5), ASSAY_OK);
    ck_assert_int_eq(regress_estimate(&c, 1), ASSAY_OK);
    ck_assert_double_eq(c.p, 1);
    release(&c, 1);
}
END_TEST

START_TEST(bad_pairs_and_unmeasured_benchmarks)
{
    regress_comparison c[2] = {{.name = "measured"}, {.name = "unmeasured", .problem = "not in the base"}};
    ck_assert_int_eq(regress_add_pair(&c[0], 0, 1), ASSAY_BAD_DATA);
    ck_assert_int_eq(regress_add_pair(&c[0], 1, NAN), ASSAY_BAD_DATA);
    ck_assert_ptr_nonnull(strstr(assay_error(), "measured"));
    measure(&c[0], 1, 0.001, 20, 3);
    ck_assert_int_eq(regress_decide(c, 2, 0.03, 0.01), ASSAY_OK);
    ck_assert_int_eq(c[0].verdict, REGRESS_SAME);
    ck_assert_int_eq(c[1].verdict, REGRESS_UNDECIDED);
    release(c, 2);
}
END_TEST

START_TEST(capture_keeps_output_status_and_time)
{
    char *output;
    int status;
    const char *const echo[] = {"sh", "-c", "printf hello; exit 7", NULL};
    ck_assert_int_eq(regress_capture(echo, 10, CAPTURE_PINNED, &output, &status), ASSAY_OK);
    ck_assert_str_eq(output, "hello");
    ck_assert_int_eq(status, 7);
    free(output);
    const char *const copied[] = {"/bin/echo", "a", "copy", NULL};
    ck_assert_int_eq(regress_capture(copied, 10, CAPTURE_COPIED, &output, &status), ASSAY_OK);
    ck_assert_str_eq(output, "a copy\n");
    free(output);
    const char *const sleep[] = {"sleep", "60", NULL};
    ck_assert_int_eq(regress_capture(sleep, 0.2, CAPTURE_PLAINLY, &output, &status), ASSAY_IO);
    ck_assert_ptr_null(output);
    const char *const absent[] = {"/nonexistent/program", NULL};
    ck_assert_int_eq(regress_capture(absent, 10, CAPTURE_COPIED, &output, &status), ASSAY_OK);
    ck_assert_int_eq(status, 127);
    free(output);
}
END_TEST

START_TEST(revisions_that_do_not_exist_are_refused)
{
    regress_base base;
    ck_assert_int_eq(regress_build("no-such-revision", NULL, &base), ASSAY_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(assay_error(), "no-such-revision"));
    ck_assert_int_eq(regress_build("--help", NULL, &base), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(regress_build("", NULL, &base), ASSAY_INVALID_ARGUMENT);
}
END_TEST

/* Two commits of a little repository: the first builds an "assay", the second does not build. */
START_TEST(a_revision_is_built_once_and_one_that_does_not_build_is_named)
{
    char folder[] = "/tmp/assay-regress-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    const char *const make_repository[] = {
        "sh", "-c",
        "git init -q . && git config user.name test && git config user.email test@localhost && "
        "printf '$(BUILD)/assay:\\n\\tmkdir -p $(BUILD); echo built > $@; echo again >> $(BUILD)/count\\n' > Makefile "
        "&& "
        "git add Makefile && git commit -qm good && git tag good && "
        "printf '$(BUILD)/assay:\\n\\techo no such luck; false\\n' > Makefile && git commit -qam bad && git tag bad",
        NULL};
    char *output;
    int status = 1;
    ck_assert_int_eq(regress_capture(make_repository, 30, CAPTURE_PLAINLY, &output, &status), ASSAY_OK);
    ck_assert_int_eq(status, 0);
    free(output);
    regress_base base;
    for (int i = 0; i < 2; i++)
        ck_assert_msg(regress_build("good", NULL, &base) == ASSAY_OK, "%s", assay_error());
    struct stat facts;
    ck_assert_int_eq(stat(base.program, &facts), 0);
    char count[4200];
    snprintf(count, sizeof count, "%.4000s", base.program);
    strcpy(strrchr(count, '/'), "/count");
    ck_assert_int_eq(stat(count, &facts), 0);
    ck_assert_int_eq(facts.st_size, 6); /* "again", once */
    ck_assert_int_eq(regress_build("bad", NULL, &base), ASSAY_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(assay_error(), "does not build"));
    ck_assert_ptr_nonnull(strstr(assay_error(), "build.log"));
    ck_assert_int_eq(regress_build("ugly", NULL, &base), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(chdir("/"), 0);
    const char *const clean[] = {"rm", "-rf", folder, NULL};
    ck_assert_int_eq(regress_capture(clean, 30, CAPTURE_PLAINLY, &output, &status), ASSAY_OK);
    free(output);
}
END_TEST

/* A result as `verify --format json` prints it. */
#define RESULT(KIND, CHECK, MEASURED, VERDICT)                                                                         \
    "{\"algorithm\":\"a\",\"implementation\":\"avx2\",\"kind\":\"" KIND "\",\"check\":\"" CHECK                        \
    "\",\"measured\":" MEASURED ",\"verdict\":\"" VERDICT "\"}\n"

START_TEST(accuracy_is_compared_result_by_result)
{
    static const struct {
        const char *base, *now, *what; /* what: null if nothing changed */
        bool worse;
    } cases[] = {
        {RESULT("oracle", "c", "0.5", "pass"), RESULT("oracle", "c", "0.5", "pass"), NULL, false},
        {RESULT("oracle", "c", "0.5", "pass"), RESULT("oracle", "c", "0.9", "pass"), "worst error", true},
        {RESULT("oracle", "c", "0.9", "pass"), RESULT("oracle", "c", "0.5", "pass"), "worst error", false},
        {RESULT("agreement", "c", "0", "pass"), RESULT("agreement", "c", "1", "pass"), "worst error", true},
        {RESULT("claim", "c", "3", "reproduced"), RESULT("claim", "c", "2", "reproduced"), NULL, false},
        {RESULT("claim", "c", "3", "reproduced"), RESULT("claim", "c", "2", "not reproduced"), "verdict", true},
        {RESULT("claim", "c", "3", "reproduced in part"), RESULT("claim", "c", "2", "reproduced"), "verdict", false},
        {RESULT("law", "c", "1", "pass"), RESULT("law", "c", "1", "fail"), "verdict", true},
        {RESULT("law", "c", "1", "pass"), RESULT("law", "c", "1", "skipped"), NULL, false},
        {RESULT("law", "c", "1", "pass") RESULT("law", "d", "1", "pass"), RESULT("law", "c", "1", "pass"),
         "check is gone", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char base[512], now[512];
        json_t *changes = NULL;
        snprintf(base, sizeof base, "%s", cases[i].base);
        snprintf(now, sizeof now, "%s", cases[i].now);
        ck_assert_int_eq(regress_compare_results(base, now, &changes), ASSAY_OK);
        ck_assert_msg(json_array_size(changes) == (cases[i].what ? 1 : 0), "case %zu", i);
        if (cases[i].what) {
            const json_t *change = json_array_get(changes, 0);
            ck_assert_str_eq(json_string_value(json_object_get(change, "what")), cases[i].what);
            ck_assert_msg(json_is_true(json_object_get(change, "worse")) == cases[i].worse, "case %zu", i);
        }
        json_decref(changes);
    }
    char nothing[] = "no JSON at all\n", something[] = RESULT("law", "c", "1", "pass");
    json_t *changes = NULL;
    ck_assert_int_eq(regress_compare_results(nothing, something, &changes), ASSAY_BAD_DATA);
    ck_assert_ptr_null(changes);
}
END_TEST

Suite *test_regress(void);

Suite *test_regress(void)
{
    Suite *suite = suite_create("regress");
    TCase *test_case = tcase_create("regress");
    tcase_set_timeout(test_case, 60);
    tcase_add_test(test_case, equal_revisions_are_same);
    tcase_add_test(test_case, one_slow_benchmark_among_many_is_found);
    tcase_add_test(test_case, a_small_significant_change_is_same_and_noise_is_undecided);
    tcase_add_test(test_case, the_sign_test_is_exact);
    tcase_add_test(test_case, bad_pairs_and_unmeasured_benchmarks);
    tcase_add_test(test_case, capture_keeps_output_status_and_time);
    tcase_add_test(test_case, a_revision_is_built_once_and_one_that_does_not_build_is_named);
    tcase_add_test(test_case, accuracy_is_compared_result_by_result);
    tcase_add_test(test_case, revisions_that_do_not_exist_are_refused);
    suite_add_tcase(suite, test_case);
    return suite;
}
