/* Tests of the cost model (tools/scale_out.py) and of the Slurm example, whose tasks run here as the array would run
 * them. */
#include "tests/command_fixture.h"
#include "tests/store_fixture.h"

static void make_rates(const char *path, unsigned parts)
{
    report_store *store;
    int64_t id;
    const assay_run run = some_run("verify", NULL); /* 2 threads */
    assay_result check = some_result("exp2_f64_error", ASSAY_PASS);
    check.seconds = 0.02; /* for 20,000 inputs: a microsecond each */
    assert_ok(report_store_open(path, &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    assert_ok(report_store_group_begin(store));
    assert_ok(report_store_add_result(store, id, &check));
    for (unsigned i = 0; i < parts; i++) {
        assay_sweep_shard part = some_shard(i, 256);
        part.seconds = 4.5; /* on both threads: 9 core-seconds, 2304 for all */
        assert_ok(report_store_add_shard(store, id, &part));
        part.seconds = 6; /* slower once more: does not count */
        part.output_hash++;
        assert_ok(report_store_add_shard(store, id, &part));
    }
    assert_ok(report_store_group_end(store));
    report_store_close(store);
}

static void expect(const char *options, int status, const char *mentions)
{
    char *command;
    ck_assert_int_gt(asprintf(&command, "python3 %s/tools/scale_out.py %s", ASSAY_SOURCE, options), 0);
    char *text = command_expect(command, status);
    ck_assert_msg(strstr(text, mentions) != NULL, "%s: nothing of \"%s\": %s", command, mentions, text);
    free(text);
    free(command);
}

START_TEST(costs_follow_from_the_rates)
{
    char options[256];
    make_rates(in_folder("a.db"), 256);
    make_rates(in_folder("part.db"), 128);
    /* 2304 core-seconds are 0.64 core-hours; with efficiency 0.5 the double of it: 72 s on 64 cores, 18 on 256. */
    snprintf(options, sizeof options, "%s --price 100 --efficiency 0.5", in_folder("a.db"));
    expect(options, 0,
           "| `evolved_exp/avx512/exp2_ulp` | 2.3e+03 | 38.4 min, 64.00 | 1.2 min, 128.00 | 18 s (on 256), 128.00 |");
    snprintf(options, sizeof options, "%s --price 1 --efficiency 1 --inputs 3600000000", in_folder("part.db"));
    expect(options, 0, "from 128 of 256 parts | 2.3e+03 | 38.4 min, 0.64 | 36 s, 0.64 | 9 s (on 256), 0.64 |");
    expect(options, 0, "a double function, 3.6e+09 inputs, 1 µs each | 3.6e+03 | 1 h, 1.00 | 56.2 s, 1.00 |");
    expect("/nowhere.db", 1, "is it a database of results?");
    snprintf(options, sizeof options, "%s --efficiency 2", in_folder("a.db"));
    expect(options, 2, "--efficiency must be above 0");
}
END_TEST

START_TEST(the_slurm_example_runs)
{
    char *command;
    ck_assert_int_gt(
        asprintf(&command,
                 "cd %s/examples/slurm && for f in *.sbatch submit.sh; do bash -n $f || exit 9; done\n"
                 /* A stand-in that runs a few checks only; everything else is as in the array. */
                 "printf '#!/bin/sh\\n[ $1 = verify ] && exec %s \"$@\" lmul/avx2/s* \\nexec %s \"$@\"\\n' >%s/assay\n"
                 "chmod +x %s/assay; export ASSAY=%s/assay ASSAY_RESULTS=%s/results SLURM_ARRAY_TASK_COUNT=3\n"
                 "for k in 1 2 3; do SLURM_ARRAY_TASK_ID=$k bash verify.sbatch >/dev/null || exit 8; done\n"
                 "bash merge.sbatch && bash merge.sbatch && test -s %s/results/pages/index.html",
                 ASSAY_SOURCE, ASSAY_PROGRAM, ASSAY_PROGRAM, folder, folder, folder, folder, folder),
        0);
    free(command_expect(command, 0));
    free(command);
    assert_integrity(in_folder("results/all.db"));
}
END_TEST

Suite *test_scale_out(void);

Suite *test_scale_out(void)
{
    Suite *suite = suite_create("scale_out");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, make_folder, remove_folder);
    tcase_add_test(all, costs_follow_from_the_rates);
    tcase_add_test(all, the_slurm_example_runs);
    suite_add_tcase(suite, all);
    return suite;
}
