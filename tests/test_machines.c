/* Tests of what makes other machines and compilers: the CPU level that is asked for is the code that runs, big-endian
 * machines are refused, and verdicts of several builds are compared. */
#include "tests/command_fixture.h"

#include "assay/cpu.h"
#include "optimized/arithmetic/lmul_kernels.h"
#include "optimized/attention/lora_gradient_kernels.h"
#include "optimized/discrete/hamming_distance_kernels.h"
#include "optimized/discrete/hnsw_recall_kernels.h"
#include "optimized/networks/local_lipschitz_kernels.h"
#include "optimized/solvers/sor_bandit_kernels.h"
#include "optimized/transport/sinkhorn_newton_kernels.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_machines(void);

/* ---- CPU levels -------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define TABLES(NAME)                                                                                                   \
    {                                                                                                                  \
        [ASSAY_BASELINE] = &NAME##_baseline, [ASSAY_AVX2] = &NAME##_avx2, [ASSAY_AVX512] = &NAME##_avx512              \
    }
#else
#define TABLES(NAME)                                                                                                   \
    {                                                                                                                  \
        [ASSAY_BASELINE] = &NAME##_baseline, [ASSAY_AVX2] = &NAME##_avx2                                               \
    }
#endif

/* What an algorithm's functions would run now. */
static const void *chosen(size_t algorithm)
{
    switch (algorithm) {
    case 0: return lmul_kernels_in_force();
    case 1: return lora_kernels_in_force(false);
    case 2: return hamming_kernels_in_force();
    case 3: return hnsw_kernels_in_force();
    case 4: return lipschitz_kernels_in_force();
    case 5: return sor_bandit_kernels_in_force();
    default: return sinkhorn_newton_kernels_in_force();
    }
}

static const void *const tables[][ASSAY_LEVELS] = {
    TABLES(lmul_kernels),      TABLES(lora_kernels),       TABLES(hamming_kernels),         TABLES(hnsw_kernels),
    TABLES(lipschitz_kernels), TABLES(sor_bandit_kernels), TABLES(sinkhorn_newton_kernels),
};

START_TEST(each_level_has_its_own_kernels)
{
    for (int level = ASSAY_BASELINE; level <= (int)assay_cpu_best(); level++) {
        ck_assert_int_eq(assay_cpu_set_level((assay_level)level), ASSAY_OK);
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
            ck_assert_ptr_nonnull(tables[i][level]);
            ck_assert_msg(chosen(i) == tables[i][level], "algorithm %zu at level %s takes another one's kernels", i,
                          assay_level_name((assay_level)level));
        }
    }
}
END_TEST

/* Each in a process of its own, as the environment is read once. */
START_TEST(the_environment_narrows_the_level)
{
    const assay_level wanted = (assay_level)_i;
    ck_assert_int_eq(setenv("ASSAY_CPU", assay_level_name(wanted), 1), 0);
    const assay_level expected = wanted < assay_cpu_best() ? wanted : assay_cpu_best();
    ck_assert_int_eq(assay_cpu_level(), expected);
    ck_assert_int_eq(assay_cpu_check_environment(), assay_cpu_lacks(wanted) ? ASSAY_UNSUPPORTED : ASSAY_OK);
    for (size_t i = 0; expected > ASSAY_REFERENCE && i < sizeof tables / sizeof *tables; i++)
        ck_assert_ptr_eq(chosen(i), tables[i][expected]);
}
END_TEST

/* Checks of the levels up to the one in the environment run and pass, those above are skipped for that reason. */
START_TEST(verify_keeps_to_the_level_of_the_environment)
{
    char command[256];
    const assay_level narrow = (assay_level)_i;
    if (narrow > assay_cpu_best())
        return;
    snprintf(command, sizeof command, "ASSAY_CPU=%s $ASSAY verify --quick --no-db --format csv 'lmul/*/multiply'",
             assay_level_name(narrow));
    char *text = command_expect(command, 0);
    for (int level = ASSAY_BASELINE; level < ASSAY_LEVELS; level++) {
        char name[64];
        snprintf(name, sizeof name, "lmul,%s,agreement,multiply,", assay_level_name((assay_level)level));
        char *line = strstr(text, name), *end = line ? strchr(line, '\n') : NULL;
        if (!line)
            ck_assert_msg(assay_cpu_lacks((assay_level)level), "no line %s in %s", name,
                          text); /* no code for it here */
        if (!end)
            continue;
        *end = '\0';
        const char *verdict = level <= (int)narrow ? ",pass," : ",skipped,";
        ck_assert_msg(strstr(line, verdict) != NULL, "%s lacks %s", line, verdict);
        *end = '\n';
    }
    free(text);
}
END_TEST

/* ---- Byte order -------------------------------------------------------------------------------------------------- */

#define BIG_ENDIAN_CC "gcc -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__"

START_TEST(big_endian_machines_are_refused)
{
    char *text = command_expect("cd '" ASSAY_SOURCE "' && make -n CC='" BIG_ENDIAN_CC "' all", 2);
    ck_assert_msg(strstr(text, "is a big-endian machine; assay is for little-endian ones") != NULL, "%s", text);
    free(text);
    text = command_expect("cd '" ASSAY_SOURCE "'/include && for header in assay/*.h; do " BIG_ENDIAN_CC
                          " -I. -fsyntax-only -x c $header && echo \"$header was accepted\"; done",
                          1);
    ck_assert_msg(strstr(text, "assay is for little-endian ones") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "was accepted") == NULL, "%s", strstr(text, "assay/"));
    free(text);
}
END_TEST

/* ---- Verdicts ---------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/assay-machines-XXXXXX";

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("F", folder, 1), 0);
}

static void remove_folder(void)
{
    free(command_expect("rm -rf \"$F\"", 0));
}

static void write_verdicts(const char *build, const char *rows)
{
    char command[1024];
    snprintf(command, sizeof command,
             "mkdir -p \"$F/%s\" && printf 'algorithm,implementation,kind,check,verdict,reason\\r\\n%s' > "
             "\"$F/%s/verdicts.csv\"",
             build, rows, build);
    free(command_expect(command, 0));
}

#define COMPARE "python3 '" ASSAY_SOURCE "/tools/verdicts.py' \"$F\"/a/verdicts.csv \"$F\"/b/verdicts.csv"

static void assert_compared(int status, const char *printed)
{
    char *text = command_expect(COMPARE, status);
    ck_assert_msg(strstr(text, printed) != NULL, "\"%s\" is not in \"%s\"", printed, text);
    free(text);
}

START_TEST(same_verdicts_are_no_news)
{
    write_verdicts("a", "x,avx2,law,l,pass,\\nx,avx2,agreement,k,skipped,no \"\"such\"\" CPU\\n");
    write_verdicts("b", "x,avx2,agreement,k,skipped,no CPU\\nx,avx2,law,l,pass,worst at 7\\n");
    assert_compared(0, "2 checks in 2 builds (a, b): 0 differ, 0 fail everywhere, 0 claims differ");
}
END_TEST

START_TEST(other_verdicts_are_named)
{
    write_verdicts("a", "x,avx2,law,l,pass,\\nx,avx2,law,only,pass,\\nx,avx2,claim,c,reproduced,\\n");
    write_verdicts("b", "x,avx2,law,l,fail,\"one, two\"\\nx,avx2,claim,c,not reproduced,\\n");
    assert_compared(1, "differ: x/avx2/l: pass in a; fail in b (one, two)\n");
    assert_compared(1, "differ: x/avx2/only: pass in a; absent in b\n");
    assert_compared(1, "claims that differ: x/avx2/c: reproduced in a; not reproduced in b\n");
    assert_compared(1, "3 checks in 2 builds (a, b): 2 differ, 0 fail everywhere, 1 claims differ");
}
END_TEST

START_TEST(failures_that_agree_are_failures)
{
    write_verdicts("a", "x,avx2,law,l,fail,wrong\\n");
    write_verdicts("b", "x,avx2,law,l,fail,wrong\\n");
    assert_compared(1, "fail in every build: x/avx2/l: fail in a, b (wrong)\n");
}
END_TEST

START_TEST(claims_alone_may_differ)
{
    write_verdicts("a", "x,avx2,claim,c,reproduced,\\n");
    write_verdicts("b", "x,avx2,claim,c,reproduced in part,\\n");
    assert_compared(0, "1 claims differ");
    write_verdicts("b", "x,avx2,claim,c,fail,no memory\\n"); /* could not be measured: a check that failed */
    assert_compared(1, "1 differ");
}
END_TEST

START_TEST(unreadable_verdicts_are_named)
{
    write_verdicts("a", "x,avx2,law,l,pass,\\n");
    assert_compared(2, "/b/verdicts.csv");
    write_verdicts("b", "");
    assert_compared(2, "has 0 rows for 0 checks");
    write_verdicts("b", "x,avx2,law,l,pass,\\nx,avx2,law,l,pass,\\n");
    assert_compared(2, "has 2 rows for 1 checks");
}
END_TEST

START_TEST(unknown_configurations_are_refused)
{
    char *text = command_expect("cd '" ASSAY_SOURCE "' && make -s MATRIX=tcc-O9 BUILD=\"$F\" matrix", 2);
    ck_assert_msg(strstr(text, "tcc-O9 is no configuration") != NULL, "%s", text);
    free(text);
}
END_TEST

Suite *test_machines(void)
{
    Suite *suite = suite_create("machines");
    TCase *levels = tcase_create("levels"), *order = tcase_create("byte order"), *verdicts = tcase_create("verdicts");
    tcase_set_timeout(levels, 300);
    tcase_add_test(levels, each_level_has_its_own_kernels);
    tcase_add_loop_test(levels, the_environment_narrows_the_level, 0, ASSAY_LEVELS);
    tcase_add_loop_test(levels, verify_keeps_to_the_level_of_the_environment, 0, ASSAY_LEVELS);
    suite_add_tcase(suite, levels);
    tcase_set_timeout(order, 60);
    tcase_add_test(order, big_endian_machines_are_refused);
    suite_add_tcase(suite, order);
    tcase_add_checked_fixture(verdicts, make_folder, remove_folder);
    tcase_set_timeout(verdicts, 60);
    tcase_add_test(verdicts, same_verdicts_are_no_news);
    tcase_add_test(verdicts, other_verdicts_are_named);
    tcase_add_test(verdicts, failures_that_agree_are_failures);
    tcase_add_test(verdicts, claims_alone_may_differ);
    tcase_add_test(verdicts, unreadable_verdicts_are_named);
    tcase_add_test(verdicts, unknown_configurations_are_refused);
    suite_add_tcase(suite, verdicts);
    return suite;
}
