/* Tests of the bench layer, on an algorithm whose cost, failures and calls are known. No test depends on how fast the
 * machine is; the one that compares times has a factor of eight between them. */
#include "assay/bench.h"

#include "assay/catalogue.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "bench/caches.h"
#include "bench/counters.h"
#include "bench/limits.h"
#include "bench/shim.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/perf_event.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- The algorithm ----------------------------------------------------------------------------------------------- */

ASSAY_CATALOGUE(bench_probe, .family = "arithmetic", .title = "Probe of the bench layer", .authors = "-", .year = 2026,
                .identifier = "-", .summary = "Costs what it is told.",
                .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX512));

enum { CALLS = 1 << 20, PEER_RUNS = 100 };

/* What the workloads saw. */
static int setups, teardowns;
static assay_random random_of_setup;
static int calls[CALLS]; /* of the kernel: ten times the level in force (or PEER_RUNS) plus the number of threads */
static size_t call_count;
static uint64_t turns_out_of_order;
static uint64_t last_turn;

/* How far apart, in cache lines, two arrays lay that a setup made one after the other. */
enum { DISTANCES = 64 };
static bool lay_apart[DISTANCES];

static int distances_seen(void)
{
    int count = 0;
    for (int i = 0; i < DISTANCES; i++)
        count += lay_apart[i];
    return count;
}

static void note_distance(const void *data)
{
    void *next = assay_allocate(16, sizeof(double));
    lay_apart[((uintptr_t)next - (uintptr_t)data) / ASSAY_ALIGNMENT % DISTANCES] = true;
    assay_release(next);
}

static void note_call(const bench_state *state, int who)
{
    if (call_count < CALLS)
        calls[call_count++] = who + assay_threads();
    turns_out_of_order += state->turn != last_turn;
    last_turn = state->turn + 1;
}

static assay_status make_numbers(bench_state *state)
{
    setups++;
    last_turn = 0;
    random_of_setup = state->random;
    state->data = assay_allocate(16, sizeof(double));
    if (!state->data)
        return ASSAY_NO_MEMORY;
    note_distance(state->data);
    ((double *)state->data)[0] = 1.0;
    state->bytes_read = 2.0 * (double)state->size;
    state->bytes_written = 1.0 * (double)state->size;
    state->flops = (double)state->size;
    return ASSAY_OK;
}

static void release_numbers(bench_state *state)
{
    teardowns++;
    assay_release(state->data);
    state->data = NULL;
}

/* A chain of multiplications that cannot be shortened. */
static void work(bench_state *state, uint64_t steps)
{
    double x = *(double *)state->data;
    for (uint64_t i = 0; i < steps; i++) {
        x *= 1.0000001;
        __asm__ volatile("" : "+m"(x));
    }
    *(double *)state->data = x > 2 ? 1 : x;
}

static assay_status run_weighted(bench_state *state)
{
    note_call(state, 10 * (int)assay_cpu_level());
    work(state, assay_cpu_level() == ASSAY_REFERENCE ? 8 * state->size : state->size);
    return ASSAY_OK;
}

static assay_status run_peer(bench_state *state)
{
    note_call(state, PEER_RUNS);
    work(state, 2 * state->size);
    return ASSAY_OK;
}

static bool never(void)
{
    return false;
}

static assay_status make_numbers_slowly(bench_state *state)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
    return make_numbers(state);
}

static assay_status refuse_setup(bench_state *state)
{
    make_numbers(state);
    return assay_fail(ASSAY_IO, "no file \"data.npy\"");
}

static assay_status refuse_setup_at_once(bench_state *state)
{
    (void)state;
    setups++;
    return assay_fail(ASSAY_IO, "no folder");
}

static assay_status run_until_broken(bench_state *state)
{
    if (assay_cpu_level() != ASSAY_REFERENCE)
        return assay_fail(ASSAY_NOT_CONVERGED, "residual is 0.5, must be below 0.1");
    work(state, state->size);
    return ASSAY_OK;
}

static assay_status run_and_interrupt(bench_state *state)
{
    work(state, state->size);
    if (state->size == 2000 && state->turn == 5)
        raise(SIGINT);
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "weighted",
     .sizes = {1000, 4000},
     .quick_sizes = {500},
     .setup = make_numbers,
     .teardown = release_numbers,
     .run = run_weighted,
     .threads = true,
     .peers = {{.name = "double work", .note = "exact", .run = run_peer, .single_thread = true},
               {.name = "library", .run = run_peer},
               {.name = "absent", .available = never, .run = run_peer},
               {.name = "needs 512", .level = ASSAY_AVX512, .run = run_peer, .single_thread = true}}},
    {.name = "slow_setup",
     .sizes = {100},
     .setup = make_numbers_slowly,
     .teardown = release_numbers,
     .run = run_weighted,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE)},
    {.name = "no_file",
     .sizes = {10},
     .setup = refuse_setup,
     .teardown = release_numbers,
     .run = run_weighted,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE)},
    {.name = "no_folder",
     .sizes = {10},
     .setup = refuse_setup_at_once,
     .teardown = release_numbers,
     .run = run_weighted,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
    {.name = "breaks",
     .sizes = {100},
     .setup = make_numbers,
     .teardown = release_numbers,
     .run = run_until_broken,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE)},
    {.name = "interrupts",
     .sizes = {1000, 2000, 3000},
     .setup = make_numbers,
     .teardown = release_numbers,
     .run = run_and_interrupt,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
};

BENCH_WORKLOADS(bench_probe, workloads);

/* ---- Records ----------------------------------------------------------------------------------------------------- */

enum { KEPT = 64, SECONDS = 64 };

/* A kept record of a timed or skipped item. */
typedef struct kept {
    char implementation[96], workload[64], reason[256], replay[256], limit_name[64], counters_reason[192], note[64];
    uint64_t size;
    assay_timing timing;
    double seconds[SECONDS];
} kept;

static struct {
    size_t announced, timed, skipped, limits;
    kept timing[KEPT], skip[KEPT];
    struct {
        char name[32], level[16], where[16];
        int threads;
        double per_second;
    } limit[512];
    char started[KEPT][64];
    size_t starts;
} seen;

static void see_begin(void *self, size_t items)
{
    (void)self;
    seen.announced = items;
}

static void see_start(void *self, const char *what)
{
    (void)self;
    snprintf(seen.started[seen.starts++ % KEPT], sizeof seen.started[0], "%s", what);
}

static void see_timing(void *self, const assay_timing *t)
{
    (void)self;
    ck_assert_uint_lt(seen.timed, KEPT);
    ck_assert_uint_le(t->repetitions, SECONDS);
    kept *k = &seen.timing[seen.timed++];
    k->timing = *t;
    k->size = t->size;
    memcpy(k->seconds, t->seconds, t->repetitions * sizeof(double));
    snprintf(k->implementation, sizeof k->implementation, "%s", t->implementation);
    snprintf(k->workload, sizeof k->workload, "%s", t->workload);
    snprintf(k->replay, sizeof k->replay, "%s", t->replay);
    snprintf(k->limit_name, sizeof k->limit_name, "%s", t->limit_name);
    snprintf(k->counters_reason, sizeof k->counters_reason, "%s", t->counters_reason);
    snprintf(k->note, sizeof k->note, "%s", t->note);
}

static void see_skipped(void *self, const bench_item *item, const char *reason)
{
    (void)self;
    ck_assert_uint_lt(seen.skipped, KEPT);
    kept *k = &seen.skip[seen.skipped++];
    snprintf(k->implementation, sizeof k->implementation, "%s", item->implementation);
    snprintf(k->workload, sizeof k->workload, "%s", item->workload->name);
    snprintf(k->reason, sizeof k->reason, "%s", reason);
    k->size = item->size;
}

static void see_limit(void *self, const assay_limit *limit)
{
    (void)self;
    ck_assert_uint_lt(seen.limits, COUNT(seen.limit));
    snprintf(seen.limit[seen.limits].name, sizeof seen.limit[0].name, "%s", limit->name);
    snprintf(seen.limit[seen.limits].level, sizeof seen.limit[0].level, "%s", limit->level);
    snprintf(seen.limit[seen.limits].where, sizeof seen.limit[0].where, "%s", limit->where);
    seen.limit[seen.limits].threads = limit->threads;
    seen.limit[seen.limits++].per_second = limit->per_second;
}

static const bench_sink sink = {
    .begin = see_begin, .start = see_start, .limit = see_limit, .timing = see_timing, .skipped = see_skipped};

static const kept *find(const kept *records, size_t count, const char *implementation)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].implementation, implementation) == 0)
            return &records[i];
    }
    return NULL;
}

static const kept *timing_of(const char *implementation)
{
    const kept *k = find(seen.timing, seen.timed, implementation);
    ck_assert_msg(k != NULL, "%s was not timed", implementation);
    return k;
}

static const kept *skip_of(const char *implementation)
{
    const kept *k = find(seen.skip, seen.skipped, implementation);
    ck_assert_msg(k != NULL, "%s was not skipped", implementation);
    return k;
}

static double least(const kept *k)
{
    double least = INFINITY;
    for (size_t i = 0; i < k->timing.repetitions; i++)
        least = fmin(least, k->seconds[i]);
    return least;
}

static assay_status run(const char *pattern, bench_options options)
{
    options.patterns = &pattern;
    options.pattern_count = 1;
    if (options.seconds == 0)
        options.seconds = 0.001;
    memset(&seen, 0, sizeof seen);
    setups = teardowns = 0;
    memset(lay_apart, 0, sizeof lay_apart);
    call_count = 0;
    turns_out_of_order = 0;
    return bench_run(&options, &sink);
}

#define assert_ok(CALL)                                                                                                \
    do {                                                                                                               \
        assay_status status_ = (CALL);                                                                                 \
        ck_assert_msg(status_ == ASSAY_OK, "%s: %s: %s", #CALL, assay_status_name(status_), assay_error());            \
    } while (0)

#define assert_refused(STATUS, CALL, TEXT)                                                                             \
    do {                                                                                                               \
        ck_assert_int_eq(CALL, STATUS);                                                                                \
        ck_assert_msg(strstr(assay_error(), TEXT) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), TEXT);     \
    } while (0)

#define assert_contains(TEXT, PART)                                                                                    \
    ck_assert_msg(strstr(TEXT, PART) != NULL, "\"%s\" does not contain \"%s\"", TEXT, PART)

/* A folder of its own for each test that writes files. */
static char folder[64];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/assay-test-bench-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % COUNT(path)];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* ---- Timing ------------------------------------------------------------------------------------------------------ */

START_TEST(every_repetition_is_recorded)
{
    assert_ok(assay_set_threads(2));
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){.seed = 7, .repetitions = 11}));
    ck_assert_uint_eq(seen.timed + seen.skipped, seen.announced);
    ck_assert_uint_gt(seen.timed, 3);
    for (size_t i = 0; i < seen.timed; i++) {
        const kept *k = &seen.timing[i];
        ck_assert_str_eq(k->workload, "weighted");
        ck_assert_uint_eq(k->timing.repetitions, 11);
        ck_assert_double_gt(least(k), 0);
        ck_assert_double_lt(least(k), 0.001);
        ck_assert_double_eq(k->timing.bytes, 3000); /* 2000 read and 1000 written */
        ck_assert_double_eq(k->timing.working_set, 3000);
        ck_assert_double_eq(k->timing.flops, 1000);
        ck_assert_double_nan(k->timing.items);
        ck_assert_double_nan(k->timing.limit_seconds); /* none were measured */
        ck_assert_int_eq(k->timing.is_reference, strcmp(k->implementation, "reference") == 0);
    }
    ck_assert_str_eq(timing_of("double work")->note, "exact");
    ck_assert_int_eq(timing_of("double work")->timing.is_peer, 1);
    ck_assert_int_eq(timing_of("baseline")->timing.is_peer, 0);
    ck_assert_int_eq(timing_of("library-2t")->timing.threads, 2);
    ck_assert_ptr_null(find(seen.timing, seen.timed, "reference-2t"));
    ck_assert_ptr_null(find(seen.timing, seen.timed, "double work-2t"));
    ck_assert_str_eq(seen.started[0], "bench_probe/weighted/1000");
}
END_TEST

START_TEST(eight_times_the_work_is_slower)
{
    /* Many short repetitions: however busy the machine, some are left alone. */
    assert_ok(run("bench_probe/*/weighted/4000", (bench_options){.seconds = 0.0002, .repetitions = 60}));
    double plain = least(timing_of("baseline")), eightfold = least(timing_of("reference"));
    double twofold = least(timing_of("double work"));
    ck_assert_double_gt(eightfold, 5 * plain);
    ck_assert_double_lt(eightfold, 12 * plain);
    ck_assert_double_gt(twofold, 1.4 * plain);
}
END_TEST

START_TEST(repetitions_are_interleaved)
{
    assert_ok(run("bench_probe/*/weighted/4000", (bench_options){.seconds = 0.002}));
    size_t changes = 0;
    for (size_t i = 1; i < call_count; i++)
        changes += calls[i] != calls[i - 1];
    ck_assert_uint_lt(call_count, CALLS);
    /* One after the other there would be as many changes as there are items but one. */
    ck_assert_uint_gt(changes, 3 * seen.timed);
}
END_TEST

START_TEST(each_runs_at_its_level_with_its_threads)
{
    assert_ok(assay_set_threads(3));
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){0}));
    bool expected[2 * PEER_RUNS] = {false}, found[2 * PEER_RUNS] = {false};
    for (int level = 0; level <= (int)assay_cpu_best(); level++) {
        expected[10 * level + 1] = true;
        expected[10 * level + 3] = level != ASSAY_REFERENCE;
    }
    expected[10 * (int)assay_cpu_best() + 2] = true; /* the scaling of the best level, and of the peers */
    expected[PEER_RUNS + 1] = expected[PEER_RUNS + 2] = expected[PEER_RUNS + 3] = true;
    for (size_t i = 0; i < call_count; i++)
        found[calls[i]] = true;
    for (size_t i = 0; i < COUNT(found); i++)
        ck_assert_msg(found[i] == expected[i], "level %zu with %zu threads: run %d, expected %d", i / 10, i % 10,
                      found[i], expected[i]);
    ck_assert_int_eq(assay_cpu_level(), assay_cpu_best()); /* as before */
    ck_assert_int_eq(assay_threads(), 3);
    ck_assert_uint_eq(turns_out_of_order, 0); /* every call, warm-up included, is a turn */
}
END_TEST

START_TEST(one_thread_is_timed_once)
{
    assert_ok(assay_set_threads(1));
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){0}));
    for (size_t i = 0; i < seen.timed; i++)
        ck_assert_int_eq(seen.timing[i].timing.threads, 1);
    ck_assert_ptr_null(find(seen.timing, seen.timed, "baseline-1t"));
}
END_TEST

START_TEST(setup_is_shared_and_torn_down)
{
    assert_ok(run("bench_probe/*/slow_setup", (bench_options){.seed = 99}));
    ck_assert_uint_eq(seen.timed, 2);
    ck_assert_int_eq(setups, 1); /* for both, and not again: it takes longer than what is timed */
    ck_assert_int_eq(teardowns, 1);
    ck_assert_uint_eq(random_of_setup.seed, 99);
    uint64_t stream = random_of_setup.stream;
    assert_ok(run("bench_probe/*/breaks", (bench_options){.seed = 99}));
    ck_assert_uint_ne(random_of_setup.stream, stream); /* each workload has its own numbers */
}
END_TEST

/* Where the data lie is no luck of the process: a quick setup is done anew for each repetition, with other distances.
 */
START_TEST(each_repetition_has_its_place)
{
    enum { REPETITIONS = 40, LEAST_DISTANCES = 10 }; /* 40 draws of 64 show fewer than 10 once in 1e23 */
    assert_ok(run("bench_probe/baseline/weighted/1000", (bench_options){.repetitions = REPETITIONS}));
    ck_assert_uint_eq(seen.timed, 1);
    ck_assert_int_ge(setups, REPETITIONS + 1);
    ck_assert_int_eq(teardowns, setups);
    ck_assert_int_ge(distances_seen(), LEAST_DISTANCES);
}
END_TEST

START_TEST(quick_takes_quick_sizes)
{
    assert_ok(run("bench_probe/reference/weighted", (bench_options){.quick = true}));
    ck_assert_uint_eq(seen.timed, 1);
    ck_assert_uint_eq(seen.timing[0].size, 500);
    assert_contains(timing_of("reference")->replay, " --quick");
    assert_ok(run("bench_probe/reference/breaks", (bench_options){.quick = true}));
    ck_assert_uint_eq(seen.timing[0].size, 100); /* has none of its own */
}
END_TEST

START_TEST(replay_selects_the_item)
{
    assert_ok(assay_set_threads(0));
    assert_ok(run("bench_probe/double work/weighted/4000", (bench_options){.seed = 5, .program = "/opt/assay"}));
    ck_assert_uint_eq(seen.timed, 1);
    ck_assert_str_eq(timing_of("double work")->replay,
                     "/opt/assay bench 'bench_probe/double work/weighted/4000' --seed 5");
    ck_assert_str_eq(seen.started[0], "bench_probe/weighted/4000");
    assert_ok(assay_set_threads(assay_processors() + 1));
    assert_ok(run("bench_probe/baseline/weighted/1000", (bench_options){.seed = 5}));
    assert_contains(timing_of("baseline")->replay,
                    "build/assay bench 'bench_probe/baseline/weighted/1000' --seed 5 --threads ");
}
END_TEST

/* ---- Skipping ---------------------------------------------------------------------------------------------------- */

START_TEST(what_is_missing_is_skipped)
{
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){0}));
    assert_contains(skip_of("absent")->reason, "absent is not available here");
    if (assay_cpu_lacks(ASSAY_AVX512)) {
        assert_contains(skip_of("avx512")->reason, "this CPU lacks avx512");
        assert_contains(skip_of("needs 512")->reason, "this CPU lacks avx512");
    }
}
END_TEST

START_TEST(a_narrowed_level_is_obeyed)
{
    assert_ok(assay_cpu_set_level(ASSAY_BASELINE));
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){0}));
    const char *reason = assay_cpu_lacks(ASSAY_AVX512) ? "this CPU lacks" : "the CPU level was narrowed to baseline";
    assert_contains(skip_of("avx512")->reason, reason);
    assert_contains(skip_of("needs 512")->reason, reason);
    timing_of("baseline");
    ck_assert_int_eq(assay_cpu_level(), ASSAY_BASELINE);
}
END_TEST

START_TEST(a_failed_setup_skips_its_group)
{
    assert_ok(run("bench_probe/*/no_*", (bench_options){0}));
    ck_assert_uint_eq(seen.timed, 0);
    ck_assert_uint_eq(seen.skipped, 3);
    ck_assert_str_eq(skip_of("baseline")->reason, "the setup failed: no file \"data.npy\"");
    ck_assert_int_eq(setups, 2);
    ck_assert_int_eq(teardowns, 1); /* of what the first one had left */
}
END_TEST

START_TEST(a_failed_kernel_is_skipped)
{
    make_folder();
    assert_ok(run("bench_probe/*/breaks", (bench_options){.json_path = in_folder("b.json")}));
    ck_assert_str_eq(skip_of("baseline")->reason,
                     "the kernel failed: not converged: residual is 0.5, must be below 0.1");
    ck_assert_uint_eq(timing_of("reference")->timing.repetitions, 9);
    ck_assert_int_eq(teardowns, setups);
    json_t *json = json_load_file(in_folder("b.json"), 0, NULL);
    ck_assert_ptr_nonnull(json);
    json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(json, "benchmarks"), i, entry)
        assert_contains(json_string_value(json_object_get(entry, "name")), "/reference/");
    ck_assert_uint_gt(i, 0);
    json_decref(json);
    remove_folder();
}
END_TEST

START_TEST(a_size_that_a_kernel_does_not_take_is_no_failure)
{
    char text[64];
    shim_describe(assay_fail(ASSAY_UNSUPPORTED, "up to 4096 tokens are timed"), text, sizeof text);
    ck_assert_str_eq(text, "up to 4096 tokens are timed");
    shim_describe(assay_fail(ASSAY_NOT_CONVERGED, "residual is 1"), text, sizeof text);
    ck_assert_str_eq(text, "the kernel failed: not converged: residual is 1");
}
END_TEST

START_TEST(an_interrupted_run_keeps_what_was_finished)
{
    make_folder();
    struct sigaction before, after;
    sigaction(SIGINT, NULL, &before);
    bench_options options = {.json_path = in_folder("b.json")};
    assert_refused(ASSAY_INTERRUPTED, run("bench_probe/*/interrupts", options), "interrupted");
    ck_assert_uint_eq(seen.timed, 1);
    ck_assert_uint_eq(seen.timing[0].size, 1000);
    ck_assert_uint_eq(seen.skipped, 0);
    ck_assert_uint_eq(seen.starts, 2); /* the third group is not begun */
    ck_assert_int_eq(teardowns, setups);
    json_t *json = json_load_file(options.json_path, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_gt(json_array_size(json_object_get(json, "benchmarks")), 8);
    json_decref(json);
    remove_folder();
    sigaction(SIGINT, NULL, &after);
    ck_assert(after.sa_handler == before.sa_handler);
}
END_TEST

/* ---- Options ----------------------------------------------------------------------------------------------------- */

START_TEST(options_are_checked)
{
    const char *none = NULL, *two[] = {"bench_probe", "bench_prob"};
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_run(NULL, &sink), "options is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_run(&(bench_options){0}, NULL), "sink is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_run(&(bench_options){.pattern_count = 1}, &sink), "patterns is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_run(&(bench_options){.pattern_count = 1, .patterns = &none}, &sink),
                   "patterns[0] is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_run(&(bench_options){.pattern_count = 2, .patterns = two}, &sink),
                   "no benchmark matches \"bench_prob\"");
    assert_refused(ASSAY_INVALID_ARGUMENT, run("bench_probe/*/*/7", (bench_options){0}), "no benchmark matches");
    assert_refused(ASSAY_OUT_OF_RANGE, run("bench_probe", (bench_options){.repetitions = 8}), "repetitions is 8");
    assert_refused(ASSAY_OUT_OF_RANGE, run("bench_probe", (bench_options){.seconds = -1}), "seconds is -1");
    assert_refused(ASSAY_OUT_OF_RANGE, run("bench_probe", (bench_options){.seconds = NAN}), "seconds is nan");
    assert_refused(ASSAY_OUT_OF_RANGE, run("bench_probe", (bench_options){.shard = 5, .shards = 3}), "shard is 5");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_limits(true, NULL), "sink is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, bench_repeat(NULL, 1, 1), "item is null");
    ck_assert_int_eq(setups, 0);
}
END_TEST

START_TEST(an_empty_sink_will_do)
{
    const char *pattern = "bench_probe/*/breaks";
    bench_options options = {.patterns = &pattern, .pattern_count = 1, .seconds = 0.001};
    assert_ok(bench_run(&options, &(bench_sink){0}));
}
END_TEST

START_TEST(shards_share_the_groups)
{
    size_t items = 0;
    char groups[3][64];
    for (unsigned shard = 0; shard < 3; shard++) {
        bench_options options = {.shard = shard, .shards = 3};
        assay_status status = run("bench_probe/*/interrupts", options);
        ck_assert_int_eq(status, shard == 1 ? ASSAY_INTERRUPTED : ASSAY_OK); /* the second size interrupts itself */
        items += seen.announced;
        ck_assert_uint_eq(seen.starts, 1);
        snprintf(groups[shard], sizeof groups[0], "%s", seen.started[0]);
    }
    ck_assert_uint_eq(items, 3);
    ck_assert_str_eq(groups[0], "bench_probe/interrupts/1000");
    ck_assert_str_eq(groups[1], "bench_probe/interrupts/2000");
    ck_assert_str_eq(groups[2], "bench_probe/interrupts/3000");
}
END_TEST

static void count_item(void *self, const bench_item *item)
{
    if (strcmp(item->algorithm, "bench_probe") != 0)
        return;
    size_t *counts = self;
    counts[0]++;
    counts[1] += strcmp(item->implementation, "avx512-2t") == 0;
    counts[2] += item->size == 500;
    counts[3] += item->peer != NULL;
}

START_TEST(the_list_is_complete)
{
    size_t counts[4] = {0};
    assert_ok(assay_set_threads(2));
    bench_each_item(count_item, counts);
    /* weighted: (4 levels, 3 of them with 2 threads, and 4 peers, 2 of them with 2 threads) at 3 sizes */
    ck_assert_uint_eq(counts[0], (7 + 6) * 3 + 2 + 2 + 1 + 2 + 3);
    ck_assert_uint_eq(counts[1], 3);
    ck_assert_uint_eq(counts[2], 13);
    ck_assert_uint_eq(counts[3], 18);
    bench_each_item(NULL, NULL);
}
END_TEST

static void repeat_baseline(void *self, const bench_item *item)
{
    if (strcmp(item->algorithm, "bench_probe") == 0 && strcmp(item->implementation, self) == 0 && item->size == 1000 &&
        strcmp(item->workload->name, "weighted") == 0)
        assert_ok(bench_repeat(item, 3, 7));
}

START_TEST(an_item_is_repeated_so_often)
{
    char name[] = "baseline";
    call_count = 0;
    setups = teardowns = 0;
    bench_each_item(repeat_baseline, name);
    ck_assert_uint_eq(call_count, 7);
    for (size_t i = 0; i < call_count; i++)
        ck_assert_int_eq(calls[i], 10 * ASSAY_BASELINE + 1);
    ck_assert_int_eq(setups, 1);
    ck_assert_int_eq(teardowns, 1);
    ck_assert_int_eq(assay_cpu_level(), assay_cpu_best());
}
END_TEST

/* Each in a process of its own: a table once entered stays. */
START_TEST(mistaken_tables_are_named)
{
    static const bench_workload mistakes[] = {
        {.name = "a/b", .sizes = {1}, .setup = make_numbers, .run = run_weighted},
        {.name = "unset", .sizes = {1}, .run = run_weighted},
        {.name = "sizeless", .setup = make_numbers, .run = run_weighted},
        {.name = "w",
         .sizes = {1},
         .setup = make_numbers,
         .run = run_weighted,
         .peers = {{.name = "avx2", .run = run_peer}}},
        {.name = "w",
         .sizes = {1},
         .setup = make_numbers,
         .run = run_weighted,
         .peers = {{.name = "it's", .run = run_peer}}},
        {.name = "w", .sizes = {1}, .setup = make_numbers, .run = run_weighted, .peers = {{.name = "idle"}}},
        {.name = "w",
         .sizes = {1},
         .setup = make_numbers,
         .run = run_weighted,
         .peers = {{.name = "twin", .run = run_peer}, {.name = "twin", .run = run_peer}}},
        {.name = "w", .sizes = {1}, .setup = make_numbers, .run = run_weighted, .arithmetic = (bench_arithmetic)9},
    };
    static const char *const messages[] = {"\"a/b\" is no name for a workload", "workload unset: setup, run and sizes",
                                           "workload sizeless: setup, run",     "\"avx2\" is no name for a peer",
                                           "\"it's\" is no name for a peer",    "peer idle has no run function",
                                           "two peers are named twin",          "arithmetic is 9, must be 0 to 2"};
    bench_add("bench_probe", &mistakes[_i], 1);
    assert_refused(ASSAY_INVALID_ARGUMENT, run("bench_probe", (bench_options){0}), messages[_i]);
}
END_TEST

START_TEST(a_table_needs_an_algorithm)
{
    bench_add("nobody", workloads, 1);
    assert_refused(ASSAY_INVALID_ARGUMENT, run("bench_probe", (bench_options){0}),
                   "nobody has workloads, but no entry");
}
END_TEST

/* ---- Google Benchmark's JSON ---------------------------------------------------------------------------------------
 */

START_TEST(json_has_what_compare_needs)
{
    make_folder();
    bench_options options = {.json_path = in_folder("b.json"), .program = "the-program"};
    write_file("b.json", "an older one");
    assert_ok(assay_set_threads(2));
    assert_ok(run("bench_probe/*/weighted", options));
    json_error_t problem;
    json_t *json = json_load_file(options.json_path, 0, &problem);
    ck_assert_msg(json != NULL, "%s", problem.text);
    json_t *context = json_object_get(json, "context"), *entry;
    ck_assert_str_eq(json_string_value(json_object_get(context, "executable")), "the-program");
    ck_assert(json_is_integer(json_object_get(context, "num_cpus")));
    ck_assert(json_is_string(json_object_get(context, "assay_revision")));
    size_t i, iterations = 0;
    json_array_foreach(json_object_get(json, "benchmarks"), i, entry)
    {
        ck_assert(json_is_string(json_object_get(entry, "name")));
        ck_assert(json_is_string(json_object_get(entry, "run_name")));
        ck_assert(json_is_number(json_object_get(entry, "real_time")));
        ck_assert(json_is_number(json_object_get(entry, "cpu_time")));
        ck_assert_str_eq(json_string_value(json_object_get(entry, "time_unit")), "ns");
        iterations += strcmp(json_string_value(json_object_get(entry, "run_type")), "iteration") == 0;
        ck_assert_ptr_null(json_object_get(entry, "error_occurred"));
    }
    ck_assert_uint_eq(iterations, 9 * seen.timed); /* both groups in one document */
    json_decref(json);
    ck_assert_int_ne(access(in_folder("b.json.part"), F_OK), 0);
    remove_folder();
}
END_TEST

START_TEST(json_times_are_the_recorded_ones)
{
    make_folder();
    bench_options options = {.json_path = in_folder("b.json")};
    assert_ok(run("bench_probe/baseline/weighted/1000", options));
    json_t *json = json_load_file(options.json_path, 0, NULL), *entry;
    ck_assert_ptr_nonnull(json);
    const kept *k = timing_of("baseline");
    size_t i;
    json_array_foreach(json_object_get(json, "benchmarks"), i, entry)
    {
        if (i >= k->timing.repetitions)
            break; /* means and medians */
        ck_assert_str_eq(json_string_value(json_object_get(entry, "name")),
                         "bench_probe/baseline/weighted/1000/real_time");
        double time = json_number_value(json_object_get(entry, "real_time")) * 1e-9;
        ck_assert_double_eq_tol(time, k->seconds[i], 1e-12 * time);
        double rate = json_number_value(json_object_get(entry, "bytes_per_second"));
        ck_assert_double_eq_tol(rate, 3000 / k->seconds[i], 1e-9 * rate);
    }
    json_decref(json);
    remove_folder();
}
END_TEST

START_TEST(json_that_cannot_be_written_is_an_error)
{
    make_folder();
    bench_options options = {.json_path = in_folder("missing/b.json")};
    assert_refused(ASSAY_IO, run("bench_probe/reference/breaks", options), "cannot write");
    ck_assert_int_eq(setups, 0); /* said before anything is timed */
    write_file("full.json", "an older one");
    ck_assert_int_eq(symlink("/dev/full", in_folder("full.json.part")), 0); /* stands for a full disk */
    options.json_path = in_folder("full.json");
    assert_refused(ASSAY_IO, run("bench_probe/reference/breaks", options), "the disk may be full");
    ck_assert_uint_eq(seen.timed, 1); /* the timings were handed out all the same */
    char text[32] = "";
    FILE *file = fopen(options.json_path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
    fclose(file);
    ck_assert_str_eq(text, "an older one");
    ck_assert_int_ne(access(in_folder("full.json.part"), F_OK), 0);
    remove_folder();
}
END_TEST

/* ---- Hardware counters ---------------------------------------------------------------------------------------------
 */

START_TEST(counters_are_there_or_say_why_not)
{
    assert_ok(run("bench_probe/baseline/weighted/1000", (bench_options){.counters = true}));
    const kept *k = timing_of("baseline");
    bench_counters probe;
    bool have = counters_open(&probe, counters_hardware);
    counters_close(&probe);
    if (have && k->counters_reason[0] == '\0') {
        ck_assert_double_gt(k->timing.instructions, 1000);
    } else {
        ck_assert_double_nan(k->timing.cycles);
        ck_assert_str_eq(k->counters_reason, probe.reason);
        assert_contains(k->counters_reason, "hardware counters: ");
    }
    assert_ok(run("bench_probe/baseline/weighted/1000", (bench_options){0}));
    ck_assert_str_eq(timing_of("baseline")->counters_reason, "hardware counters: not asked for");
    ck_assert_double_nan(timing_of("baseline")->timing.cycles);
}
END_TEST

START_TEST(reasons_name_the_setting)
{
    char reason[160];
    counters_explain(EACCES, 4, reason, sizeof reason);
    ck_assert_str_eq(reason,
                     "hardware counters: not permitted (perf_event_open: EACCES, kernel.perf_event_paranoid is 4)");
    counters_explain(ENOENT, 2, reason, sizeof reason);
    ck_assert_str_eq(reason, "hardware counters: not supported on this machine (perf_event_open: ENOENT)");
}
END_TEST

START_TEST(multiplexed_counts_are_scaled)
{
    bench_counters counters = counters_none("");
    counters.descriptor[BENCH_CYCLES] = counters.descriptor[BENCH_CACHE_MISSES] = 0;
    counters_sample before = {1000, 500, {100, 0, 0, 10}}, after = {3000, 1000, {1100, 0, 0, 20}};
    double per_run[BENCH_COUNTERS];
    counters_between(&counters, &before, &after, 10, per_run);
    ck_assert_double_eq(per_run[BENCH_CYCLES], 400); /* 1000 in a quarter of the time, ten runs */
    ck_assert_double_eq(per_run[BENCH_CACHE_MISSES], 4);
    ck_assert_double_nan(per_run[BENCH_INSTRUCTIONS]);
    after.running = before.running;
    counters_between(&counters, &before, &after, 10, per_run);
    ck_assert_double_nan(per_run[BENCH_CYCLES]); /* never counted */
}
END_TEST

enum { PAGES = 64 };

static void *touch_pages(void *argument)
{
    (void)argument;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = aligned_alloc(page, PAGES * page + ((size_t)4 << 20)); /* large: fresh from the system */
    ck_assert_ptr_nonnull(memory);
    for (size_t i = 0; i < PAGES; i++)
        ((volatile char *)memory)[i * page] = 1;
    free(memory);
    return NULL;
}

/* The kernel counts page faults itself, on every machine: the group, its reading and its inheritance are the same. */
START_TEST(groups_are_read_and_inherited)
{
    const counters_event events[BENCH_COUNTERS] = {{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
                                                   {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
                                                   {PERF_TYPE_SOFTWARE, UINT64_C(0xffff)}, /* there is none such */
                                                   {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS}};
    bench_counters counters;
    if (!counters_open(&counters, events))
        return; /* not permitted here: counters_are_there_or_say_why_not looks at that */
    counters_sample before, after;
    double here[BENCH_COUNTERS], thread[BENCH_COUNTERS];
    ck_assert(counters_read(&counters, &before));
    touch_pages(NULL);
    ck_assert(counters_read(&counters, &after));
    counters_between(&counters, &before, &after, 1, here);
    ck_assert_double_gt(here[0], 0);
    ck_assert_double_ge(here[1], PAGES);
    ck_assert_double_nan(here[2]);
    ck_assert_double_eq(here[3], here[1]);
    assert_contains(counters.reason, "hardware counters: no branch misses here");
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, touch_pages, NULL), 0);
    pthread_join(other, NULL);
    before = after;
    ck_assert(counters_read(&counters, &after));
    counters_between(&counters, &before, &after, 1, thread);
    if (counters.threads)
        ck_assert_double_ge(thread[1], PAGES);
    counters_close(&counters);
    ck_assert(!counters_read(&counters, &after));
}
END_TEST

/* ---- Caches --------------------------------------------------------------------------------------------------------
 */

static void write_cache(int index, const char *level, const char *type, const char *size, const char *list)
{
    char name[64];
    snprintf(name, sizeof name, "index%d", index);
    ck_assert_int_eq(mkdir(in_folder(name), 0700), 0);
    const char *const names[] = {"level", "type", "size", "shared_cpu_list"}, *const texts[] = {level, type, size,
                                                                                                list};
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof name, "index%d/%s", index, names[i]);
        write_file(name, texts[i]);
    }
}

START_TEST(caches_are_those_of_the_kernel)
{
    make_folder();
    write_cache(0, "1\n", "Data\n", "48K\n", "0,4\n");
    write_cache(1, "1\n", "Instruction\n", "32K\n", "0,4\n");
    write_cache(2, "2\n", "Unified\n", "2048K\n", "0,4\n");
    write_cache(3, "3\n", "Unified\n", "32M\n", "0-1,4-5\n");
    bench_caches caches = bench_caches_read(folder, 8);
    ck_assert_uint_eq(caches.level[BENCH_L1].bytes, 48 << 10);
    ck_assert_int_eq(caches.level[BENCH_L1].instances, 4);
    ck_assert_uint_eq(caches.level[BENCH_L3].bytes, 32 << 20);
    ck_assert_int_eq(caches.level[BENCH_L3].instances, 2);
    ck_assert_uint_eq(bench_cache_total(&caches, BENCH_L1, 8), 4 * (48 << 10));
    ck_assert_uint_eq(bench_cache_total(&caches, BENCH_L1, 2), 2 * (48 << 10));
    ck_assert_int_eq(bench_place_of(&caches, 48 << 10, 1), BENCH_L1);
    ck_assert_int_eq(bench_place_of(&caches, (48 << 10) + 1, 1), BENCH_L2);
    ck_assert_int_eq(bench_place_of(&caches, (48 << 10) + 1, 2), BENCH_L1);
    ck_assert_int_eq(bench_place_of(&caches, 60e6, 1), BENCH_MEMORY);
    ck_assert_int_eq(bench_place_of(&caches, 60e6, 8), BENCH_L3);
    remove_folder();
}
END_TEST

START_TEST(caches_have_a_fallback)
{
    make_folder();
    bench_caches caches = bench_caches_read(folder, 2);
    for (int i = 0; i < BENCH_CACHES; i++)
        ck_assert_uint_gt(caches.level[i].bytes, 1024);
    write_cache(0, "1\n", "Data\n", "64K\n", "0\n");
    write_cache(1, "2\n", "Unified\n", "1M\n", "0-3\n");
    caches = bench_caches_read(folder, 2);
    ck_assert_uint_eq(caches.level[BENCH_L3].bytes, 0); /* a kernel that tells of the others means that there is none */
    ck_assert_int_eq(caches.level[BENCH_L2].instances, 1);
    ck_assert_int_eq(bench_place_of(&caches, 2 << 20, 1), BENCH_MEMORY);
    remove_folder();
}
END_TEST

/* ---- Limits --------------------------------------------------------------------------------------------------------
 */

static double limit_of(const char *level, int threads, const char *name, const char *where)
{
    for (size_t i = 0; i < seen.limits; i++) {
        if (strcmp(seen.limit[i].level, level) == 0 && seen.limit[i].threads == threads &&
            strcmp(seen.limit[i].name, name) == 0 && strcmp(seen.limit[i].where, where) == 0)
            return seen.limit[i].per_second;
    }
    ck_abort_msg("no %s %s at %s with %d threads", where, name, level, threads);
    return NAN;
}

START_TEST(limits_are_measured_in_the_run)
{
    assert_ok(assay_set_threads(2));
    assert_ok(run("bench_probe/*/weighted/1000", (bench_options){.quick = false, .limits = true}));
    ck_assert_str_eq(seen.started[0], "limits");
    static const char *const names[] = {"read bandwidth", "write bandwidth", "copy bandwidth", "triad bandwidth"};
    static const char *const arithmetic[] = {"fma f32", "fma f64", "add i32"};
    bench_caches caches = bench_caches_here();
    for (int level = ASSAY_BASELINE; level <= (int)assay_cpu_best(); level++) {
        const char *name = assay_level_name((assay_level)level);
        for (int threads = 1; threads <= 2; threads++) {
            for (int place = 0; place < BENCH_PLACES; place++) {
                if (place != BENCH_MEMORY && caches.level[place].bytes == 0)
                    continue;
                for (size_t i = 0; i < COUNT(names); i++) {
                    double limit = limit_of(name, threads, names[i], bench_place_name((bench_place)place));
                    ck_assert_double_gt(limit, 1e7);
                    ck_assert_double_lt(limit, 1e14);
                }
            }
#if !defined(__SANITIZE_ADDRESS__) && !defined(ASSAY_COVERAGE) /* which take longer than the loads themselves */
            ck_assert_double_ge(limit_of(name, threads, "read bandwidth", "L1"),
                                0.8 * limit_of(name, threads, "read bandwidth", "memory"));
#endif
            for (size_t i = 0; i < COUNT(arithmetic); i++)
                ck_assert_double_gt(limit_of(name, threads, arithmetic[i], ""), 1e7); /* even instrumented */
        }
    }
    for (size_t i = 0; i < seen.timed; i++) {
        ck_assert_double_gt(seen.timing[i].timing.limit_seconds, 0);
        ck_assert_str_ne(seen.timing[i].limit_name, "");
        /* a chain of dependent multiplications cannot come near what independent ones reach */
        ck_assert_double_lt(seen.timing[i].timing.limit_seconds, least(&seen.timing[i]));
    }
    ck_assert_double_eq(timing_of("reference")->timing.limit_seconds,
                        timing_of("double work")->timing.limit_seconds); /* both against the best level */
    ck_assert_double_eq(timing_of("reference")->timing.limit_seconds,
                        timing_of(assay_level_name(assay_cpu_best()))->timing.limit_seconds);
    ck_assert_double_ge(timing_of("baseline")->timing.limit_seconds, timing_of("reference")->timing.limit_seconds);
}
END_TEST

START_TEST(operations_are_counted)
{
    static const limits_kernels *const kernels[ASSAY_LEVELS] = {
        [ASSAY_BASELINE] = &limits_kernels_baseline,
#if defined(__x86_64__)
        [ASSAY_AVX2] = &limits_kernels_avx2,
        [ASSAY_AVX512] = &limits_kernels_avx512
#endif
    };
    for (int level = ASSAY_BASELINE; level < ASSAY_LEVELS && level <= (int)assay_cpu_best(); level++) {
        if (!kernels[level])
            continue;
        const double bytes = 8 << level; /* of a vector: 16, 32, 64 */
#if defined(__x86_64__)
        const double flops = level == ASSAY_BASELINE ? 1 : 2; /* a step multiplies or adds, or does both */
#else
        const double flops = 2;
#endif
        ck_assert_double_eq(kernels[level]->arithmetic[BENCH_FMA_F32](10), 10 * 12 * flops * bytes / 4);
        ck_assert_double_eq(kernels[level]->arithmetic[BENCH_FMA_F64](10), 10 * 12 * flops * bytes / 8);
        ck_assert_double_eq(kernels[level]->arithmetic[BENCH_ADD_I32](10), 10 * 12 * bytes / 4);
    }
}
END_TEST

START_TEST(streams_go_over_the_whole_arrays)
{
    const limits_kernels *kernels[2] = {&limits_kernels_baseline, &limits_kernels_baseline};
#if defined(__x86_64__)
    if (assay_cpu_best() >= ASSAY_AVX2)
        kernels[1] = assay_cpu_best() == ASSAY_AVX512 ? &limits_kernels_avx512 : &limits_kernels_avx2;
#endif
    enum { NUMBERS = 2 * LIMITS_BLOCK / sizeof(int32_t) };
    int32_t *a = assay_allocate(NUMBERS, sizeof *a), *b = assay_allocate(NUMBERS, sizeof *b),
            *c = assay_allocate(NUMBERS, sizeof *c);
    ck_assert(a && b && c);
    for (int32_t i = 0; i < NUMBERS; i++) {
        b[i] = i;
        c[i] = 1000;
    }
    for (int k = 0; k < 2; k++) {
        for (int around = 0; around < 2; around++) {
            limits_stream_kernel *const *streams = around ? kernels[k]->around : kernels[k]->plain;
            if (!streams[LIMITS_COPY])
                continue;
            memset(a, -1, NUMBERS * sizeof *a);
            streams[LIMITS_COPY](a, b, c, NUMBERS * sizeof *a);
            ck_assert_mem_eq(a, b, NUMBERS * sizeof *a);
            streams[LIMITS_TRIAD](a, b, c, NUMBERS * sizeof *a);
            for (int32_t i = 0; i < NUMBERS; i++)
                ck_assert_int_eq(a[i], i + 1000);
            streams[LIMITS_WRITE](a, b, c, NUMBERS * sizeof *a);
            for (int32_t i = 0; i < NUMBERS; i++)
                ck_assert_int_lt(a[i], 5); /* none of the sums is left */
        }
    }
    assay_release(a);
    assay_release(b);
    assay_release(c);
}
END_TEST

START_TEST(limits_obey_the_level)
{
    assert_ok(assay_cpu_set_level(ASSAY_REFERENCE));
    assert_ok(assay_set_threads(1));
    memset(&seen, 0, sizeof seen);
    assert_ok(bench_limits(true, &sink));
    ck_assert_uint_gt(seen.limits, 0);
    for (size_t i = 0; i < seen.limits; i++)
        ck_assert_str_eq(seen.limit[i].level, "baseline");
}
END_TEST

/* A machine with round numbers: 32 KiB, 1 MiB and 32 MiB of cache, two processors. */
static bench_machine made_up_machine(void)
{
    bench_machine m;
    limits_clear(&m);
    m.caches = (bench_caches){{{32 << 10, 2}, {1 << 20, 2}, {32 << 20, 1}}};
    m.threads = 2;
    for (int place = 0; place < BENCH_PLACES; place++) {
        for (int stream = 0; stream < LIMITS_STREAMS; stream++)
            m.bandwidth[ASSAY_BASELINE][0][place][stream] = 1e9 * (4 - place) * (1 + stream);
    }
    m.arithmetic[ASSAY_BASELINE][0][BENCH_FMA_F32] = 1e10;
    m.arithmetic[ASSAY_AVX2][0][BENCH_FMA_F32] = 4e10;
    m.arithmetic[ASSAY_AVX512][0][BENCH_FMA_F32] = 3e10; /* slower than the level below it */
    m.arithmetic[ASSAY_AVX2][1][BENCH_FMA_F32] = 8e10;
    return m;
}

START_TEST(the_roof_is_the_tighter_limit)
{
    const bench_machine m = made_up_machine();
    const char *name;
    /* Only bytes: a copy. L1 copies 12e9 B/s; half of it is read (4e9 B/s), half written (8e9 B/s). */
    bench_state state = {.bytes = 1200, .working_set = 32 << 10};
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 600 / 4e9);
    ck_assert_str_eq(name, "L1 read bandwidth");
    state.working_set = (32 << 10) + 1;
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 600 / 3e9);
    ck_assert_str_eq(name, "L2 read bandwidth");
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 2, &name), 600 / 4e9); /* two L1 */
    state.working_set = 1e9;
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 600 / 1e9);
    ck_assert_str_eq(name, "memory read bandwidth");
    /* Only written. */
    state = (bench_state){.bytes = 1200, .bytes_written = 1200};
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 1200 / 8e9);
    ck_assert_str_eq(name, "L1 write bandwidth");
    /* Arithmetic beyond that. */
    state.flops = 1e6;
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 1e6 / 1e10);
    ck_assert_str_eq(name, "fma f32");
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_AVX2, 1, &name), 1e6 / 4e10);
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_AVX512, 1, &name), 1e6 / 4e10);
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_AVX2, 2, &name), 1e6 / 8e10);
}
END_TEST

START_TEST(mixed_streams_have_their_own_roof)
{
    bench_machine m = made_up_machine();
    const char *name;
    m.bandwidth[ASSAY_BASELINE][0][BENCH_L1][LIMITS_COPY] = 2e9;
    bench_state state = {.bytes_read = 200, .bytes_written = 100};
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 200 / 2e9);
    ck_assert_str_eq(name, "L1 copy bandwidth");
    m.bandwidth[ASSAY_BASELINE][0][BENCH_L1][LIMITS_TRIAD] = 2.5e9; /* 300 bytes take longer than the copy's 200 */
    ck_assert_double_eq(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name), 300 / 2.5e9);
    ck_assert_str_eq(name, "L1 triad bandwidth");
}
END_TEST

START_TEST(nothing_known_is_no_limit)
{
    bench_machine m = made_up_machine();
    const char *name;
    bench_state nothing = {.bytes = NAN, .flops = NAN}, integers = {.flops = 1e6};
    ck_assert_double_nan(limits_seconds(&m, &nothing, BENCH_FMA_F32, ASSAY_BASELINE, 1, &name));
    ck_assert_str_eq(name, "");
    ck_assert_double_nan(limits_seconds(&m, &integers, BENCH_ADD_I32, ASSAY_AVX512, 1, &name));
    limits_clear(&m);
    bench_state state = {.bytes = 1e6, .flops = 1e6};
    ck_assert_double_nan(limits_seconds(&m, &state, BENCH_FMA_F32, ASSAY_AVX512, 2, &name));
}
END_TEST

/* ---- Quality ----------------------------------------------------------------------------------------------------- */

static assay_status make_graded(bench_state *state)
{
    const assay_status status = make_numbers(state);
    state->quality = 0.5;
    return status;
}

static assay_status run_graded(bench_state *state)
{
    work(state, state->size);
    state->quality = assay_cpu_level() == ASSAY_REFERENCE ? 1 : 0.9;
    return ASSAY_OK;
}

static assay_status run_ungraded(bench_state *state)
{
    work(state, state->size);
    return ASSAY_OK;
}

static const bench_workload graded[] = {{.name = "graded",
                                         .sizes = {1000},
                                         .quality_label = "recall@10",
                                         .setup = make_graded,
                                         .teardown = release_numbers,
                                         .run = run_graded,
                                         .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE),
                                         .peers = {{.name = "silent", .run = run_ungraded, .single_thread = true}}}};

/* Items share a state; a result's quality is still that of its own item, or what the setup said of all. */
START_TEST(qualities_are_of_the_item)
{
    bench_add("bench_probe", graded, 1);
    assert_ok(run("bench_probe/*/graded", (bench_options){0}));
    ck_assert_double_eq(timing_of("reference")->timing.quality, 1);
    ck_assert_double_eq(timing_of("baseline")->timing.quality, 0.9);
    ck_assert_double_eq(timing_of("silent")->timing.quality, 0.5);
    ck_assert_str_eq(timing_of("silent")->timing.quality_label, "recall@10");
    assert_ok(run("bench_probe/reference/weighted", (bench_options){.quick = true}));
    ck_assert_double_nan(timing_of("reference")->timing.quality);
    ck_assert_str_eq(timing_of("reference")->timing.quality_label, "");
}
END_TEST

/* ---- The suite -----------------------------------------------------------------------------------------------------
 */

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

#define ADD(NAME, ...)                                                                                                 \
    add(suite, NAME, (const TTest *const[]){__VA_ARGS__}, COUNT(((const TTest *const[]){__VA_ARGS__})))

Suite *test_bench(void);

Suite *test_bench(void)
{
    Suite *suite = suite_create("bench");
    ADD("timing", every_repetition_is_recorded, eight_times_the_work_is_slower, repetitions_are_interleaved,
        each_runs_at_its_level_with_its_threads, one_thread_is_timed_once, setup_is_shared_and_torn_down,
        each_repetition_has_its_place, quick_takes_quick_sizes, replay_selects_the_item, qualities_are_of_the_item);
    ADD("skipping", what_is_missing_is_skipped, a_narrowed_level_is_obeyed, a_failed_setup_skips_its_group,
        a_failed_kernel_is_skipped, a_size_that_a_kernel_does_not_take_is_no_failure,
        an_interrupted_run_keeps_what_was_finished);
    ADD("options", options_are_checked, an_empty_sink_will_do, shards_share_the_groups, the_list_is_complete,
        an_item_is_repeated_so_often, a_table_needs_an_algorithm);
    ADD("json", json_has_what_compare_needs, json_times_are_the_recorded_ones, json_that_cannot_be_written_is_an_error);
    ADD("counters", counters_are_there_or_say_why_not, reasons_name_the_setting, multiplexed_counts_are_scaled,
        groups_are_read_and_inherited);
    ADD("caches", caches_are_those_of_the_kernel, caches_have_a_fallback);
    ADD("limits", operations_are_counted, streams_go_over_the_whole_arrays, limits_are_measured_in_the_run,
        limits_obey_the_level, the_roof_is_the_tighter_limit, mixed_streams_have_their_own_roof,
        nothing_known_is_no_limit);
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, mistaken_tables_are_named, 0, 8);
    suite_add_tcase(suite, tables);
    return suite;
}
