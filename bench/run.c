/* A run of benchmarks: group by group (a workload at a size), all implementations and peers of a group in random order.
 * Ratios are thus taken within seconds of each other, and only one workload is in memory at a time. */
#include "bench/run.h"
#include "bench/counters.h"
#include "bench/limits.h"
#include "bench/plan.h"
#include "bench/publish.h"
#include "bench/shim.h"
#include "verify/replay.h"

#include "assay/memory.h"
#include "assay/statistics.h"
#include "assay/threads.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_REPETITIONS = 9, MOST_REPETITIONS = 100000, WARM_UP_FROM = 10 };
#define PLACING_SHARE  0.25 /* of a repetition's least time: a setup that takes no longer is done anew for each */
#define WEAK_TOLERANCE 0.1  /* in the work for each thread; sizes have ends, and random inputs vary */

/* A run in progress. */
typedef struct bench_execution {
    const bench_options *options;
    const bench_sink *sink;
    const bench_sharing *sharing; /* null: this run is alone */
    assay_level level;            /* in force when the run began: nothing is timed above it */
    int threads;                  /* likewise: the number of "all threads" */
    size_t repetitions;
    double least_seconds; /* of a repetition */
    bench_plan plan;
    bench_counters counters;
    bench_machine machine;
    shim *shim;
    char *json_part;
} bench_execution;

/* A workload at one size, in memory. */
typedef struct prepared {
    const bench_item *item; /* one of those that share it */
    bench_state state;
    bool is_set_up;
    double seconds;      /* that its setup took at best */
    uint64_t placements; /* how often it was set up */
} prepared;

/* One item while its group is timed. */
typedef struct timer {
    bench_execution *run;
    const bench_item *item;
    prepared *workload;
    double *seconds;                /* of each repetition */
    double *counts[BENCH_COUNTERS]; /* likewise */
    size_t count;
    double set_up_quality; /* what the setup said of every result; NaN: nothing */
    double quality;        /* of this item's last result */
    counters_sample before;
    char name[256];
    char reason[256]; /* why it is not timed; empty if it is */
} timer;

/* ---- Interruption ------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool is_interrupted(void)
{
    return interrupted;
}

typedef struct signal_actions {
    struct sigaction interrupt, terminate;
} signal_actions;

static void catch_signals(signal_actions *previous)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sigaction(SIGINT, &action, &previous->interrupt);
    sigaction(SIGTERM, &action, &previous->terminate);
}

static void restore_signals(const signal_actions *previous)
{
    sigaction(SIGINT, &previous->interrupt, NULL);
    sigaction(SIGTERM, &previous->terminate, NULL);
}

/* ---- The workload ------------------------------------------------------------------------------------------------ */

/* A stream of random numbers for each workload: FNV-1a of its name. */
static uint64_t stream_of(const bench_item *item)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *parts[] = {item->algorithm, "/", item->workload->name};
    for (int i = 0; i < 3; i++) {
        for (const char *c = parts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Releases what a setup made; also what one that failed has left. */
static void tear_down(const bench_item *item, bench_state *state, bool was_set_up)
{
    if (item->workload->teardown && (was_set_up || state->data))
        item->workload->teardown(state);
}

static assay_status set_up(const bench_item *item, uint64_t seed, assay_level level, int threads, bench_state *state)
{
    *state = (bench_state){.size = item->size, .random = {seed, stream_of(item)}, .quality = NAN};
    assay_status status = assay_cpu_set_level(level);
    if (status == ASSAY_OK)
        status = assay_set_threads(threads);
    if (status == ASSAY_OK)
        status = item->workload->setup(state);
    if (status != ASSAY_OK) {
        tear_down(item, state, false);
        return status;
    }
    if (!(state->bytes > 0) && (state->bytes_read > 0 || state->bytes_written > 0))
        state->bytes = fmax(state->bytes_read, 0) + fmax(state->bytes_written, 0);
    if (!(state->working_set > 0))
        state->working_set = state->bytes;
    return ASSAY_OK;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void remove_workload(prepared *p)
{
    if (p->is_set_up)
        tear_down(p->item, &p->state, true);
    p->is_set_up = false;
}

/* Sets the workload up, or anew at another place: which addresses get in each other's way, in caches and in what
 * predicts their ways, can cost a kernel a third of its speed and would otherwise be one throw of dice for the whole
 * process. */
static assay_status place_workload(bench_execution *run, prepared *p)
{
    const bench_options *o = run->options;
    remove_workload(p);
    const assay_random places = {o->seed, ~stream_of(p->item)};
    assay_scatter(assay_random_bits(places, p->placements++) | 1);
    const double begun = now();
    const assay_status status = set_up(p->item, o->seed, run->level, run->threads, &p->state);
    assay_scatter(0);
    p->seconds = p->placements == 1 ? now() - begun : fmin(p->seconds, now() - begun);
    p->is_set_up = status == ASSAY_OK;
    return status;
}

/* ---- One repetition ---------------------------------------------------------------------------------------------- */

/* The level that an item runs at: its own, or for a peer all that is allowed. */
static assay_level level_of(const bench_execution *run, const bench_item *item)
{
    return item->peer ? run->level : item->level;
}

static assay_status call(const bench_item *item, bench_state *state)
{
    return item->peer ? item->peer->run(state) : item->workload->run(state);
}

void shim_describe(assay_status status, char *text, size_t size)
{
    if (status == ASSAY_UNSUPPORTED)
        snprintf(text, size, "%s", assay_error());
    else
        snprintf(text, size, "the kernel failed: %s: %s", assay_status_name(status), assay_error());
}

/* Not timed: a place for the data, the settings, and a first run that brings data and threads back to where they are in
 * the long run. */
static const char *before_repetition(void *self, uint64_t runs)
{
    timer *t = self;
    if (interrupted)
        snprintf(t->reason, sizeof t->reason, "interrupted");
    if (t->reason[0])
        return t->reason;
    assay_status status = ASSAY_OK;
    if (!t->workload->is_set_up || t->workload->seconds <= PLACING_SHARE * t->run->least_seconds)
        status = place_workload(t->run, t->workload);
    if (status == ASSAY_OK)
        status = assay_cpu_set_level(level_of(t->run, t->item));
    if (status == ASSAY_OK)
        status = assay_set_threads(t->item->threads);
    bench_state *const state = &t->workload->state;
    state->quality = t->set_up_quality; /* not that of another item's result */
    if (status == ASSAY_OK && runs >= WARM_UP_FROM) {
        status = call(t->item, state);
        state->turn++;
    }
    if (status != ASSAY_OK) {
        shim_describe(status, t->reason, sizeof t->reason);
        return t->reason;
    }
    counters_read(&t->run->counters, &t->before);
    return NULL;
}

static void after_repetition(void *self, uint64_t runs, double counts_per_run[BENCH_COUNTERS])
{
    timer *t = self;
    counters_sample after;
    t->quality = t->workload->state.quality;
    bool read = counters_read(&t->run->counters, &after);
    bool whole = t->item->threads == 1 || t->run->counters.threads;
    counters_between(&t->run->counters, &t->before, read ? &after : &t->before, whole ? runs : 0, counts_per_run);
}

static void repetition_timed(void *self, double seconds, const double counts_per_run[BENCH_COUNTERS])
{
    timer *t = self;
    if (t->count == t->run->repetitions)
        return;
    for (int i = 0; i < BENCH_COUNTERS; i++)
        t->counts[i][t->count] = counts_per_run[i];
    t->seconds[t->count++] = seconds;
}

static void repetitions_failed(void *self, const char *reason)
{
    timer *t = self;
    if (!t->reason[0])
        snprintf(t->reason, sizeof t->reason, "%s", reason);
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static double number_or_nan(double number)
{
    return number > 0 ? number : NAN;
}

static void fill_counts(const timer *t, assay_timing *timing)
{
    double *const targets[BENCH_COUNTERS] = {&timing->cycles, &timing->instructions, &timing->branch_misses,
                                             &timing->cache_misses};
    timing->counters_reason = t->run->counters.reason;
    if (t->run->counters.leader >= 0 && t->item->threads > 1 && !t->run->counters.threads)
        timing->counters_reason = "hardware counters: this kernel counts one thread only";
    for (int i = 0; i < BENCH_COUNTERS; i++) {
        if (assay_median(t->counts[i], t->count, targets[i]) != ASSAY_OK) { /* NaN among them */
            *targets[i] = NAN;
            if (!timing->counters_reason[0])
                timing->counters_reason = "hardware counters: other programs held them during some repetitions";
        }
    }
}

static void fill_limit(const timer *t, assay_timing *timing)
{
    const bench_execution *run = t->run;
    /* The reference and the peers are held against the best that the machine can do, ours against its own level. */
    assay_level level = t->item->peer || t->item->level == ASSAY_REFERENCE ? run->level : t->item->level;
    level = level < ASSAY_BASELINE ? ASSAY_BASELINE : level;
    timing->limit_seconds = limits_seconds(&run->machine, &t->workload->state, t->item->workload->arithmetic, level,
                                           t->item->threads, &timing->limit_name);
}

static void write_replay(const bench_execution *run, const bench_item *item, char *text, size_t capacity)
{
    const char *program = run->options->program ? run->options->program : "build/assay";
    char threads[32] = "";
    if (run->threads != assay_processors())
        snprintf(threads, sizeof threads, " --threads %d", run->threads);
    const int length = snprintf(text, capacity, "%s bench '%s/%s/%s/%" PRIu64 "' --seed %" PRIu64 "%s%s", program,
                                item->algorithm, item->implementation, item->workload->name, item->size,
                                run->options->seed, run->options->quick ? " --quick" : "", threads);
    if (length > 0 && (size_t)length < capacity)
        verify_replay_data(item->algorithm, text + length, capacity - (size_t)length);
}

static void report_timing(const timer *t)
{
    const bench_item *item = t->item;
    const bench_sink *sink = t->run->sink;
    if (!sink->timing)
        return;
    char replay[VERIFY_REPLAY];
    write_replay(t->run, item, replay, sizeof replay);
    assay_timing timing = {
        .algorithm = item->algorithm,
        .implementation = item->implementation,
        .is_peer = item->peer != NULL,
        .is_reference = !item->peer && item->level == ASSAY_REFERENCE,
        .workload = item->workload->name,
        .size = item->size,
        .threads = item->threads,
        .repetitions = t->count,
        .seconds = t->seconds,
        .bytes = number_or_nan(t->workload->state.bytes),
        .flops = number_or_nan(t->workload->state.flops),
        .items = number_or_nan(t->workload->state.items),
        .working_set = number_or_nan(t->workload->state.working_set),
        .note = item->peer && item->peer->note ? item->peer->note : "",
        .quality = item->workload->quality_label ? t->quality : NAN,
        .quality_label = item->workload->quality_label && !isnan(t->quality) ? item->workload->quality_label : "",
        .replay = replay,
    };
    fill_limit(t, &timing);
    fill_counts(t, &timing);
    sink->timing(sink->self, &timing);
}

static void report(const timer *t)
{
    const bench_sink *sink = t->run->sink;
    if (!t->reason[0])
        report_timing(t);
    else if (sink->skipped && !interrupted)
        sink->skipped(sink->self, t->item, t->reason);
}

/* ---- One group --------------------------------------------------------------------------------------------------- */

/* Writes why an item cannot be timed here; leaves an empty text if it can. */
static void find_obstacle(const bench_execution *run, const bench_item *item, char *reason, size_t capacity)
{
    const char *missing = assay_cpu_lacks(item->level);
    if (missing)
        snprintf(reason, capacity, "this CPU lacks %s", missing);
    else if (item->level > run->level)
        snprintf(reason, capacity, "the CPU level was narrowed to %s", assay_level_name(run->level));
    else if (item->peer && item->peer->available && !item->peer->available())
        snprintf(reason, capacity, "%s is not available here", item->peer->name);
}

static bool prepare_timer(bench_execution *run, const bench_item *item, prepared *workload, timer *t)
{
    *t = (timer){.run = run, .item = item, .workload = workload, .set_up_quality = NAN, .quality = NAN};
    snprintf(t->name, sizeof t->name, "%s/%s/%s/%" PRIu64, item->algorithm, item->implementation, item->workload->name,
             item->size);
    find_obstacle(run, item, t->reason, sizeof t->reason);
    double *numbers = calloc((1 + BENCH_COUNTERS) * run->repetitions, sizeof *numbers);
    t->seconds = numbers;
    for (int i = 0; numbers && i < BENCH_COUNTERS; i++)
        t->counts[i] = numbers + (size_t)(1 + i) * run->repetitions;
    return numbers != NULL;
}

/* Times those of a group that can be timed. */
static assay_status time_group(bench_execution *run, timer *timers, size_t count)
{
    shim_job *jobs = calloc(count, sizeof *jobs);
    if (!jobs)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu benchmarks", count);
    size_t runnable = 0;
    for (size_t i = 0; i < count; i++) {
        timer *t = &timers[i];
        if (t->reason[0])
            continue;
        jobs[runnable++] = (shim_job){.name = t->name,
                                      .state = &t->workload->state,
                                      .run = t->item->peer ? t->item->peer->run : t->item->workload->run,
                                      .process_time = t->item->threads > 1,
                                      .self = t,
                                      .before = before_repetition,
                                      .after = after_repetition,
                                      .timed = repetition_timed,
                                      .failed = repetitions_failed};
    }
    assay_status status = shim_run(run->shim, jobs, runnable);
    free(jobs);
    return status;
}

/* Sets the workload up at one size for the timers that share it; a setup that fails is the reason why none is timed. */
static void set_up_size(bench_execution *run, timer *timers, size_t count)
{
    prepared *workload = timers[0].workload;
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any = any || !timers[i].reason[0];
    if (!any)
        return;
    workload->item = timers[0].item;
    if (place_workload(run, workload) != ASSAY_OK) {
        char problem[256];
        snprintf(problem, sizeof problem, "the setup failed: %s", assay_error());
        for (size_t i = 0; i < count; i++)
            repetitions_failed(&timers[i], problem);
        return;
    }
    for (size_t i = 0; i < count; i++)
        timers[i].set_up_quality = workload->state.quality;
}

/* Operations, or what else the setup counted, for each unit of size. */
static double work_per_size(const bench_state *state)
{
    return (state->flops > 0 ? state->flops : state->items) / (double)state->size;
}

/* In a weak scaling each thread must have as much to do at every size; where it has not, the time says nothing. @p
 * least is the state at the first size. */
static void compare_work(timer *timers, size_t count, const bench_state *least)
{
    const double ratio = work_per_size(&timers[0].workload->state) / work_per_size(least);
    if (ratio > 1 - WEAK_TOLERANCE && ratio < 1 + WEAK_TOLERANCE)
        return;
    char problem[256];
    snprintf(problem, sizeof problem,
             "no weak scaling: flops (or items) for each unit of size are %g times those at size %" PRIu64, ratio,
             least->size);
    for (size_t i = 0; i < count; i++)
        repetitions_failed(&timers[i], problem);
}

/* Sets a group up, at each of its sizes, and times it. */
static assay_status set_up_and_time(bench_execution *run, timer *timers, size_t count)
{
    const bench_state *least = NULL;
    for (size_t first = 0, next; first < count; first = next) {
        const prepared *workload = timers[first].workload;
        for (next = first + 1; next < count && timers[next].workload == workload;)
            next++;
        set_up_size(run, &timers[first], next - first);
        if (least && workload->is_set_up)
            compare_work(&timers[first], next - first, least);
        least = !least && workload->is_set_up ? &workload->state : least;
    }
    return least ? time_group(run, timers, count) : ASSAY_OK;
}

/* Times a group and hands out its records. Those of one size share a workload; only a weak scaling has several sizes,
 * which must be in memory together, so that their repetitions can be interleaved too. */
static assay_status run_timers(bench_execution *run, const plan_entry *entries, timer *timers, size_t count)
{
    prepared *workloads = calloc(count, sizeof *workloads);
    bool ready = workloads != NULL;
    for (size_t i = 0; ready && i < count; i++) {
        const bool same = i > 0 && entries[i].item.size == entries[i - 1].item.size;
        ready = prepare_timer(run, &entries[i].item, same ? timers[i - 1].workload : &workloads[i], &timers[i]);
    }
    assay_status status = ready ? set_up_and_time(run, timers, count)
                                : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu repetitions", run->repetitions);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        report(&timers[i]);
    for (size_t i = 0; workloads && i < count; i++)
        remove_workload(&workloads[i]);
    free(workloads);
    return status;
}

static assay_status run_group(bench_execution *run, const plan_entry *entries, size_t count)
{
    const bench_item *item = &entries[0].item;
    char what[192];
    snprintf(what, sizeof what, "%s/%s/%" PRIu64, item->algorithm, item->workload->name, item->size);
    if (run->sink->start)
        run->sink->start(run->sink->self, what);
    timer *timers = calloc(count, sizeof *timers);
    if (!timers)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu timings", count);
    assay_status status = run_timers(run, entries, timers, count);
    for (size_t i = 0; i < count; i++)
        free(timers[i].seconds);
    free(timers);
    return status;
}

/* ---- The run ----------------------------------------------------------------------------------------------------- */

static assay_status check_options(const bench_options *o, const bench_sink *sink)
{
    if (!o || !sink)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", o ? "sink" : "options");
    if (o->pattern_count > 0 && !o->patterns)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "patterns is null with pattern_count = %zu", o->pattern_count);
    for (size_t i = 0; i < o->pattern_count; i++) {
        if (!o->patterns[i])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "patterns[%zu] is null", i);
    }
    if (o->shard >= (o->shards ? o->shards : 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "shard is %u, must be below shards = %u", o->shard,
                          o->shards ? o->shards : 1);
    if (o->repetitions != 0 && (o->repetitions < LEAST_REPETITIONS || o->repetitions > MOST_REPETITIONS))
        return assay_fail(ASSAY_OUT_OF_RANGE, "repetitions is %zu, must be %d to %d, or 0 for %d", o->repetitions,
                          LEAST_REPETITIONS, MOST_REPETITIONS, LEAST_REPETITIONS);
    if (!(o->seconds >= 0 && o->seconds <= 3600))
        return assay_fail(ASSAY_OUT_OF_RANGE, "seconds is %g, must be 0 (the default) to 3600", o->seconds);
    return ASSAY_OK;
}

static assay_status open_shim(bench_execution *run)
{
    const bench_options *o = run->options;
    if (o->json_path && asprintf(&run->json_part, "%s.part", o->json_path) < 0) {
        run->json_part = NULL;
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a file name");
    }
    return shim_open(o->program ? o->program : "build/assay", run->least_seconds, run->repetitions, run->json_part,
                     &run->shim);
}

/* Completes the JSON with all that was finished; an earlier problem counts more than one here. */
static assay_status close_shim(bench_execution *run, assay_status so_far)
{
    const bool opened = run->shim != NULL;
    assay_status status = shim_close(run->shim);
    if (status == ASSAY_OK && opened && run->json_part)
        status = bench_publish(run->json_part, run->options->json_path);
    else if (opened && run->json_part)
        unlink(run->json_part);
    free(run->json_part);
    return so_far != ASSAY_OK ? so_far : status;
}

static assay_status measure_limits(bench_execution *run, assay_status so_far)
{
    const bench_sharing *sharing = run->sharing;
    assay_status status = so_far;
    if (status == ASSAY_OK && run->sink->start)
        run->sink->start(run->sink->self, "limits");
    if (status == ASSAY_OK && (!sharing || sharing->measures))
        status = limits_measure(run->options->quick, run->level, run->threads, is_interrupted, &run->machine);
    if (sharing) /* whatever happened: the others wait for it */
        return sharing->exchange(sharing->self, status, &run->machine);
    if (status == ASSAY_OK)
        limits_report(&run->machine, run->sink);
    return status;
}

static assay_status run_groups(bench_execution *run)
{
    const bench_plan *plan = &run->plan;
    assay_status status = ASSAY_OK;
    for (size_t first = 0, next; status == ASSAY_OK && !interrupted && first < plan->count; first = next) {
        for (next = first + 1; next < plan->count && plan->entries[next].group == plan->entries[first].group;)
            next++;
        status = run_group(run, &plan->entries[first], next - first);
    }
    return status;
}

static assay_status execute(bench_execution *run)
{
    if (run->sink->begin)
        run->sink->begin(run->sink->self, run->plan.count);
    assay_status status = open_shim(run);
    if (run->options->limits)
        status = measure_limits(run, status);
    if (status == ASSAY_OK)
        status = run_groups(run);
    status = close_shim(run, status);
    return status == ASSAY_OK && interrupted ? assay_fail(ASSAY_INTERRUPTED, "interrupted") : status;
}

assay_status bench_run_shared(const bench_options *options, const bench_sink *sink, const bench_sharing *sharing)
{
    assay_status status = check_options(options, sink);
    if (status != ASSAY_OK)
        return status;
    bench_execution run = {
        .options = options, .sink = sink, .sharing = sharing, .level = assay_cpu_level(), .threads = assay_threads()};
    run.repetitions = options->repetitions ? options->repetitions : LEAST_REPETITIONS;
    run.least_seconds = options->seconds > 0 ? options->seconds : options->quick ? 0.005 : 0.02;
    limits_clear(&run.machine);
    status = plan_make(options, run.threads, &run.plan);
    if (status != ASSAY_OK)
        return status;
    run.counters = counters_none("hardware counters: not asked for");
    if (options->counters) /* before any thread is started, so that all of them are counted */
        counters_open(&run.counters, counters_hardware);
    signal_actions previous;
    catch_signals(&previous);
    status = execute(&run);
    restore_signals(&previous);
    counters_close(&run.counters);
    plan_release(&run.plan);
    assay_cpu_set_level(run.level);
    assay_set_threads(run.threads);
    return status;
}

assay_status bench_run(const bench_options *options, const bench_sink *sink)
{
    return bench_run_shared(options, sink, NULL);
}

/* ---- One item, untimed ------------------------------------------------------------------------------------------- */

assay_status bench_repeat(const bench_item *item, uint64_t seed, uint64_t runs)
{
    if (!item || !item->workload)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "item is null or has no workload");
    const assay_level level = assay_cpu_level();
    const int threads = assay_threads();
    bench_state state;
    assay_status status = set_up(item, seed, level, threads, &state);
    if (status != ASSAY_OK)
        return status;
    status = assay_cpu_set_level(item->peer ? level : item->level);
    if (status == ASSAY_OK)
        status = assay_set_threads(item->threads);
    for (uint64_t i = 0; status == ASSAY_OK && i < runs; i++) {
        status = call(item, &state);
        bench_consume(state.data);
        state.turn++;
    }
    tear_down(item, &state, true);
    assay_cpu_set_level(level);
    assay_set_threads(threads);
    return status;
}
