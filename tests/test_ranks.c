/* Checks over MPI ranks: the cases named "member" run under mpirun, on every rank, started by the others. */
#include "assay/catalogue.h"
#include "verify/oracle.h"
#include "verify/ranks.h"

#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Checks of many kinds --------------------------------------------------------------------------------------- */

ASSAY_CATALOGUE(ranked, .family = "tests", .title = "A synthetic algorithm", .authors = "nobody", .year = 2026,
                .identifier = "none", .summary = "is shared among ranks", .levels = 0);

static void pass(verify_context *v)
{
    verify_at_most(v, 0.25, 1, "ulp", "somewhere");
}

static void crash(verify_context *v)
{
    (void)v;
    raise(SIGSEGV);
}

static void hang(verify_context *v)
{
    (void)v;
    for (;;)
        pause();
}

static void skip(verify_context *v)
{
    verify_skip(v, "not here");
}

enum { POINTS = 400000 }; /* a message that MPI cannot buffer */

static double point(size_t i)
{
    return (double)i * 0.5;
}

static void draw(verify_context *v)
{
    static double x[POINTS], y[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
        x[i] = (double)i;
        y[i] = point(i);
    }
    const assay_series series = {
        .chart = "chart", .label = "label", .x_label = "x", .y_label = "y", .count = POINTS, .x = x, .y = y};
    verify_record_series(v, &series);
    verify_true(v, true, "drawn");
}

static double measure(verify_context *v, uint64_t seed)
{
    (void)v;
    return (double)(seed % 2);
}

static const verify_claim claim = {.statement = "is odd", .measure = measure, .low = 1, .high = 1, .seeds = 6};

static assay_status exp2_of_the_library(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = exp2f(x[i]);
    return ASSAY_OK;
}

static const verify_sweep sweep = {exp2_of_the_library, &oracle_exp2, 0.51, {0x11, 0x43, 0x7f, 0x91, 0xff}};

static const verify_check checks[] = {
    {.name = "pass_1", .kind = ASSAY_LAW, .run = pass},
    {.name = "crash", .kind = ASSAY_LAW, .run = crash},
    {.name = "hang_1", .kind = ASSAY_LAW, .run = hang, .seconds = 1},
    {.name = "skip", .kind = ASSAY_LAW, .run = skip},
    {.name = "draw_1", .kind = ASSAY_LAW, .run = draw},
    {.name = "draw_2", .kind = ASSAY_LAW, .run = draw},
    {.name = "claim", .claim = &claim},
    {.name = "sweep", .sweep = &sweep},
    {.name = "pass_2", .kind = ASSAY_LAW, .run = pass},
    {.name = "hang_2", .kind = ASSAY_LAW, .run = hang, .from = VERIFY_FULL},
};
VERIFY_CHECKS(ranked, checks);

/* ---- What rank 0 gets ------------------------------------------------------------------------------------------- */

typedef struct record {
    size_t planned, results, series, shards;
    assay_verdict verdicts[COUNT(checks)];
    bool seen[COUNT(checks)];
    char of_sweep[256];
    bool asked;
} record;

static void on_begin(void *self, size_t items)
{
    ((record *)self)->planned = items;
}

static void on_result(void *self, const assay_result *result)
{
    record *r = self;
    for (size_t i = 0; i < COUNT(checks); i++) {
        if (strcmp(result->check, checks[i].name) != 0)
            continue;
        ck_assert_msg(!r->seen[i], "%s came twice", result->check);
        r->seen[i] = true;
        r->verdicts[i] = result->verdict;
        if (checks[i].sweep)
            snprintf(r->of_sweep, sizeof r->of_sweep, "%s", result->reason);
    }
    r->results++;
}

static void on_series(void *self, const assay_series *series)
{
    ck_assert_uint_eq(series->count, POINTS);
    ck_assert_double_eq(series->y[POINTS - 1], point(POINTS - 1));
    ck_assert_str_eq(series->label, "label");
    ((record *)self)->series++;
}

static void on_shard(void *self, const assay_sweep_shard *shard)
{
    ck_assert_str_eq(shard->check, "sweep");
    ((record *)self)->shards++;
}

/* One part of the sweep is there already: it is computed on rank 0 alone, and must not be computed again. */
static bool on_find_shard(void *self, assay_sweep_shard *shard)
{
    record *r = self;
    r->asked = true;
    if (shard->shard != 0x43)
        return false;
    shard->inputs = 1 << 24;
    shard->output_hash = 12345;
    return true;
}

static verify_options options_for(const char *const *pattern, verify_depth depth)
{
    return (verify_options){.patterns = pattern, .pattern_count = 1, .depth = depth, .seed = 7, .program = "assay"};
}

static const char *const everything[] = {"ranked"}, *const hangs[] = {"ranked/*/hang_2"}, *const nothing[] = {"rank"};

static verify_sink sink_of(record *r)
{
    return (verify_sink){.self = r,
                         .begin = on_begin,
                         .result = on_result,
                         .series = on_series,
                         .shard = on_shard,
                         .find_shard = on_find_shard};
}

/* ---- Members ---------------------------------------------------------------------------------------------------- */

#define REQUIRE_RANKS(RANK, RANKS)                                                                                     \
    unsigned RANK, RANKS;                                                                                              \
    if (!ranks_launched(&RANK, &RANKS))                                                                                \
    return

static void expect_verdicts(const record *r)
{
    static const assay_verdict expected[] = {
        ASSAY_PASS, ASSAY_FAIL, ASSAY_FAIL, ASSAY_SKIPPED, ASSAY_PASS, ASSAY_PASS, ASSAY_REPRODUCED_IN_PART,
        ASSAY_PASS, ASSAY_PASS};
    ck_assert_uint_eq(r->planned, COUNT(expected));
    ck_assert_uint_eq(r->results, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        ck_assert(r->seen[i]);
        ck_assert_msg(r->verdicts[i] == expected[i], "%s: %s", checks[i].name, assay_verdict_name(r->verdicts[i]));
    }
    ck_assert_uint_eq(r->series, 2);
    ck_assert_uint_eq(r->shards, 4);
    ck_assert_ptr_nonnull(strstr(r->of_sweep, "83886080 inputs"));
    const char *file = getenv("ASSAY_TEST_OUTPUT");
    FILE *out = file ? fopen(file, "w") : NULL;
    ck_assert_ptr_nonnull(out);
    fputs(r->of_sweep, out);
    ck_assert_int_eq(fclose(out), 0);
}

START_TEST(member_gathers)
{
    REQUIRE_RANKS(rank, ranks);
    record r = {0};
    const verify_sink sink = sink_of(&r);
    const verify_options options = options_for(everything, VERIFY_QUICK);
    verify_summary summary;
    ck_assert_int_eq(ranks_verify(&options, &sink, &summary), ASSAY_OK);
    ck_assert_uint_eq(summary.items, 9);
    ck_assert_uint_eq(summary.passed, 5);
    ck_assert_uint_eq(summary.failed, 2);
    ck_assert_uint_eq(summary.in_part, 1);
    if (rank == 0)
        expect_verdicts(&r);
    else
        ck_assert(r.results == 0 && r.planned == 0 && r.shards == 0 && !r.asked);
}
END_TEST

static void terminate_now(int number)
{
    (void)number;
    raise(SIGTERM);
}

START_TEST(member_stops)
{
    REQUIRE_RANKS(rank, ranks);
    record r = {0};
    const verify_sink sink = sink_of(&r);
    const verify_options options = options_for(hangs, VERIFY_FULL);
    verify_summary summary;
    signal(SIGALRM, terminate_now);
    if (rank == (unsigned)_i % ranks) /* the item hangs on rank 0, whoever gets the signal */
        alarm(1);
    ck_assert_int_eq(ranks_verify(&options, &sink, &summary), ASSAY_INTERRUPTED);
    ck_assert_ptr_nonnull(strstr(assay_error(), "interrupted"));
    ck_assert_uint_eq(summary.items, 0);
}
END_TEST

START_TEST(member_differs)
{
    REQUIRE_RANKS(rank, ranks);
    record r = {0};
    const verify_sink sink = sink_of(&r);
    verify_options options = options_for(everything, VERIFY_QUICK);
    options.seed += rank;
    verify_summary summary;
    ck_assert_int_eq(ranks_verify(&options, &sink, &summary), ASSAY_MISMATCH);
    ck_assert_ptr_nonnull(strstr(assay_error(), "differ"));
    ck_assert_uint_eq(r.results, 0);
}
END_TEST

START_TEST(member_finds_nothing)
{
    REQUIRE_RANKS(rank, ranks);
    record r = {0};
    const verify_sink sink = sink_of(&r);
    const verify_options options = options_for(rank == ranks - 1 ? nothing : everything, VERIFY_QUICK);
    verify_summary summary;
    const assay_status status = ranks_verify(&options, &sink, &summary);
    ck_assert_int_eq(status, rank == ranks - 1 ? ASSAY_INVALID_ARGUMENT : ASSAY_IO);
}
END_TEST

/* ---- Those who start them --------------------------------------------------------------------------------------- */

/* Runs a member case on @p ranks ranks; returns false if there is no MPI here. */
static bool run_members(const char *name, int ranks, const char *folder)
{
    static const char find[] = "command -v mpirun >/dev/null 2>&1";
    unsigned rank, count;
    if (!ASSAY_HAVE_MPI || ranks_launched(&rank, &count) || system(find) != 0) { /* NOLINT(cert-env33-c) */
        fprintf(stderr, "skipped: no mpirun here, or no MPI in this build\n");
        return false;
    }
#ifdef __SANITIZE_ADDRESS__
    static const char leaks[] = "ASAN_OPTIONS=detect_leaks=0 "; /* Open MPI's own would be reported as ours */
#else
    static const char leaks[] = "";
#endif
    char program[512] = {0}, command[2048];
    ck_assert_int_gt(readlink("/proc/self/exe", program, sizeof program - 1), 0);
    snprintf(
        command, sizeof command,
        "%sCK_FORK=no CK_VERBOSITY=normal CK_RUN_SUITE=ranks CK_RUN_CASE=%s ASSAY_TEST_OUTPUT=%s/sweep%d timeout 100 "
        "mpirun --allow-run-as-root --oversubscribe --bind-to none --mca btl_vader_single_copy_mechanism none -n %d "
        "'%s' "
        ">%s/output 2>&1 </dev/null",
        leaks, name, folder, ranks, ranks, program, folder);
    const int status = system(command); /* NOLINT(cert-env33-c): mpirun is a command */
    char path[256], text[4096] = {0};
    snprintf(path, sizeof path, "%s/output", folder);
    FILE *file = fopen(path, "r");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s on %d ranks: wait status 0x%x\n%s", name, ranks,
                  (unsigned)status, text);
    return true;
}

static char *make_folder(void)
{
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/assay-ranks-XXXXXX");
    return mkdtemp(folder);
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void read_sweep(const char *folder, int ranks, char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/sweep%d", folder, ranks);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(text, (int)size, file));
    fclose(file);
}

/* The same totals, the hash of all outputs among them, from any number of ranks: more than there are items, too. */
START_TEST(gathers_one_result)
{
    char *folder = make_folder();
    const int ranks[] = {1, 2, 3};
    char first[256], text[256];
    for (size_t i = 0; i < COUNT(ranks); i++) {
        if (!run_members("member_gathers", ranks[i], folder))
            break;
        read_sweep(folder, ranks[i], i == 0 ? first : text, sizeof text);
        if (i > 0)
            ck_assert_str_eq(text, first);
    }
    remove_folder(folder);
}
END_TEST

START_TEST(any_signal_stops_all)
{
    char *folder = make_folder();
    run_members(_i ? "member_stops_1" : "member_stops_0", 2, folder);
    remove_folder(folder);
}
END_TEST

START_TEST(ranks_must_be_alike)
{
    char *folder = make_folder();
    run_members("member_differs", 2, folder);
    run_members("member_finds_nothing", 2, folder);
    remove_folder(folder);
}
END_TEST

/* ---- Without mpirun --------------------------------------------------------------------------------------------- */

START_TEST(reads_the_environment)
{
    const struct {
        const char *rank, *size;
        bool launched;
    } cases[] = {{"0", "1", true},   {"3", "4", true},   {"4", "4", false},  {"", "4", false},
                 {"1", NULL, false}, {NULL, "2", false}, {"-1", "2", false}, {"1x", "2", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsetenv("OMPI_COMM_WORLD_RANK");
        unsetenv("OMPI_COMM_WORLD_SIZE");
        if (cases[i].rank)
            setenv("OMPI_COMM_WORLD_RANK", cases[i].rank, 1);
        if (cases[i].size)
            setenv("OMPI_COMM_WORLD_SIZE", cases[i].size, 1);
        unsigned rank = 99, ranks = 99;
        ck_assert_msg(ranks_launched(&rank, &ranks) == cases[i].launched, "case %zu", i);
        if (cases[i].launched)
            ck_assert(rank == (unsigned)atoi(cases[i].rank) && ranks == (unsigned)atoi(cases[i].size));
    }
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    record r = {0};
    const verify_sink sink = sink_of(&r);
    verify_options options = options_for(everything, VERIFY_QUICK);
    verify_summary summary;
    ck_assert_int_eq(ranks_verify(NULL, &sink, &summary), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(ranks_verify(&options, NULL, &summary), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(ranks_verify(&options, &sink, NULL), ASSAY_INVALID_ARGUMENT);
    options.shard = options.shards = 3;
    ck_assert_int_eq(ranks_verify(&options, &sink, &summary), ASSAY_OUT_OF_RANGE);
#if !ASSAY_HAVE_MPI
    options = options_for(everything, VERIFY_QUICK);
    ck_assert_int_eq(ranks_verify(&options, &sink, &summary), ASSAY_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(assay_error(), "MPI=1"));
#endif
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *test, int from, int to)
{
    TCase *test_case = tcase_create(name);
    tcase_set_timeout(test_case, 300);
    tcase_add_loop_test(test_case, test, from, to);
    suite_add_tcase(suite, test_case);
}

Suite *test_ranks(void);

Suite *test_ranks(void)
{
    Suite *suite = suite_create("ranks");
    add_case(suite, "member_gathers", member_gathers, 0, 1);
    add_case(suite, "member_stops_0", member_stops, 0, 1);
    add_case(suite, "member_stops_1", member_stops, 1, 2);
    add_case(suite, "member_differs", member_differs, 0, 1);
    add_case(suite, "member_finds_nothing", member_finds_nothing, 0, 1);
    add_case(suite, "gathers", gathers_one_result, 0, 1);
    add_case(suite, "signals", any_signal_stops_all, 0, 2);
    add_case(suite, "alike", ranks_must_be_alike, 0, 1);
    add_case(suite, "environment", reads_the_environment, 0, 1);
    add_case(suite, "arguments", refuses_bad_arguments, 0, 1);
    return suite;
}
