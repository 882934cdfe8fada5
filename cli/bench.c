/* assay bench: times implementations and peers, prints and keeps the timings as they come. */
#include "assay/threads.h"
#include "bench/ranks.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/patterns.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/timings.h"
#include "verify/ranks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Options ----------------------------------------------------------------------------------------------------- */

typedef struct bench_arguments {
    common_options common;
    size_t repetitions;
    double seconds;   /* least time of a repetition; 0: the default */
    uint64_t untimed; /* run kernels so many times instead of timing them; 0: time them */
    bool no_counters, no_limits, share_hosts;
    const char *json_path;
} bench_arguments;

enum { KEY_REPETITIONS = 0x200, KEY_SECONDS, KEY_UNTIMED, KEY_NO_COUNTERS, KEY_NO_LIMITS, KEY_JSON, KEY_SHARE_HOSTS };

static const struct argp_option own_options[] = {
    {.name = "repetitions", .key = KEY_REPETITIONS, .arg = "N", .doc = "Time each N times, 9 to 10000 (default 9)"},
    {.name = "seconds",
     .key = KEY_SECONDS,
     .arg = "S",
     .doc = "Let a repetition take at least S seconds (default 0.02)"},
    {.name = "untimed",
     .key = KEY_UNTIMED,
     .arg = "N",
     .doc = "Time nothing, run each kernel N times: for tools that count or profile from outside"},
    {.name = "no-counters", .key = KEY_NO_COUNTERS, .doc = "Ask for no hardware counters"},
    {.name = "no-limits", .key = KEY_NO_LIMITS, .doc = "Do not measure the limits of the machine"},
    {.name = "share-hosts",
     .key = KEY_SHARE_HOSTS,
     .doc = "Under mpirun: time although several ranks on one host disturb each other"},
    {.name = "benchmark-json", .key = KEY_JSON, .arg = "FILE", .doc = "Also write Google Benchmark's own JSON"},
    {0}};

static const struct argp_child children[] = {{.argp = &options_sizes},
                                             {.argp = &options_run},
                                             {.argp = &options_machine},
                                             {.argp = &options_format},
                                             {.argp = &options_database},
                                             {.argp = &options_data},
                                             {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    bench_arguments *arguments = state->input;
    uint64_t number = 0;
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, &arguments->common, 6); return 0;
    case KEY_REPETITIONS:
        if (!parse_number(text, 9, 10000, &number))
            argp_error(state, "--repetitions is \"%s\", must be 9 to 10000", text);
        arguments->repetitions = (size_t)number;
        return 0;
    case KEY_SECONDS: {
        char *end;
        arguments->seconds = strtod(text, &end);
        if (end == text || *end || !(arguments->seconds > 0 && arguments->seconds <= 3600))
            argp_error(state, "--seconds is \"%s\", must be above 0 and at most 3600", text);
        return 0;
    }
    case KEY_UNTIMED:
        if (!parse_number(text, 1, UINT32_MAX, &arguments->untimed))
            argp_error(state, "--untimed is \"%s\", must be 1 to %u", text, UINT32_MAX);
        return 0;
    case KEY_NO_COUNTERS: arguments->no_counters = true; return 0;
    case KEY_NO_LIMITS: arguments->no_limits = true; return 0;
    case KEY_SHARE_HOSTS: arguments->share_hosts = true; return 0;
    case KEY_JSON: arguments->json_path = text; return 0;
    case ARGP_KEY_ARGS:
        arguments->common.patterns = (const char *const *)(state->argv + state->next);
        arguments->common.pattern_count = (size_t)(state->argc - state->next);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = own_options,
    .parser = parse_option,
    .args_doc = "[PATTERN...]",
    .doc = "Times the implementations of algorithms beside their peers, interleaved in one run.\v"
           "A PATTERN is a glob over algorithm/implementation/workload/size. Speedups are over the reference of the "
           "same workload and size and need it to be among what is timed.",
    .children = children};

/* ---- The run ----------------------------------------------------------------------------------------------------- */

typedef struct bench_job {
    const bench_arguments *arguments;
    session session;
    timing_writer writer;
    progress progress;
    int width; /* of the longest name */
} bench_job;

static void measure_name(void *self, const bench_item *item)
{
    bench_job *job = self;
    char rest[256], name[512];
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    if (!patterns_match(&job->arguments->common, item->algorithm, item->implementation, rest))
        return;
    const int length = snprintf(name, sizeof name, "%s/%s/%s", item->algorithm, item->implementation, rest);
    if (length > job->width)
        job->width = length;
}

static void on_begin(void *self, size_t items)
{
    progress_set_total(&((bench_job *)self)->progress, items);
}

static void on_start(void *self, const char *what)
{
    bench_job *job = self;
    progress_clear(&job->progress);
    timing_writer_flush(&job->writer);
    progress_start_item(&job->progress, what);
}

static void on_limit(void *self, const assay_limit *limit)
{
    session_add_limit(&((bench_job *)self)->session, limit);
}

static void on_timing(void *self, const assay_timing *timing)
{
    bench_job *job = self;
    session_add_timing(&job->session, timing); /* first: what was told is kept, whatever happens next */
    progress_clear(&job->progress);
    timing_write(&job->writer, timing);
    progress_finish_item(&job->progress);
}

static void on_skipped(void *self, const bench_item *item, const char *reason)
{
    bench_job *job = self;
    progress_clear(&job->progress);
    timing_write_skipped(&job->writer, item, reason);
    progress_finish_item(&job->progress);
}

static bench_options options_of(const bench_arguments *arguments)
{
    const common_options *common = &arguments->common;
    return (bench_options){.patterns = common->patterns,
                           .pattern_count = common->pattern_count,
                           .quick = common->has_depth && common->depth == VERIFY_QUICK,
                           .seed = common->seed,
                           .shard = common->shard,
                           .shards = common->shards,
                           .repetitions = arguments->repetitions,
                           .seconds = arguments->seconds,
                           .counters = !arguments->no_counters,
                           .limits = !arguments->no_limits,
                           .json_path = arguments->json_path,
                           .program = command_program};
}

static bench_sink sink_of(bench_job *job)
{
    return (bench_sink){.self = job,
                        .begin = on_begin,
                        .start = on_start,
                        .limit = on_limit,
                        .timing = on_timing,
                        .skipped = on_skipped};
}

static int conclude(bench_job *job, assay_status status)
{
    char error[512];
    snprintf(error, sizeof error, "%s", assay_error());
    progress_clear(&job->progress);
    if (!timing_writer_end(&job->writer))
        complain("not all timings could be printed: no memory");
    const assay_status kept = session_end(&job->session, status == ASSAY_OK);
    fprintf(job->writer.format == FORMAT_TEXT ? stdout : stderr, "%zu timed, %zu skipped\n", job->writer.timings,
            job->writer.skipped);
    if (kept != ASSAY_OK)
        return complain_of(kept);
    if (status == ASSAY_OK)
        return EXIT_ALL_GOOD;
    complain("%s", error);
    return exit_status_of(status);
}

/* ---- Untimed ----------------------------------------------------------------------------------------------------- */

typedef struct untimed_job {
    const bench_arguments *arguments;
    assay_status status;
} untimed_job;

static void run_untimed(void *self, const bench_item *item)
{
    untimed_job *job = self;
    const common_options *common = &job->arguments->common;
    char rest[256];
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    if (job->status != ASSAY_OK || !patterns_match(common, item->algorithm, item->implementation, rest))
        return;
    /* Whether a peer is there may cost more than its run: asked only of those that match. */
    if (item->level <= assay_cpu_level() && (!item->peer || !item->peer->available || item->peer->available()))
        job->status = bench_repeat(item, common->seed, job->arguments->untimed);
}

/* ---- One process, or rank 0 of several --------------------------------------------------------------------------- */

/* Opens the database and times, with the other ranks if there are any. */
static int time_all(const bench_arguments *arguments, bench_ranks *ranks)
{
    const bench_options options = options_of(arguments);
    bench_job job = {.arguments = arguments, .progress = progress_begin()};
    const bench_sink sink = sink_of(&job);
    bench_each_item(measure_name, &job);
    assay_status status =
        session_begin(&job.session, &arguments->common, "bench", "", ranks ? ranks->machines : NULL, false);
    if (status != ASSAY_OK) {
        complain_of(status);
        if (ranks)
            bench_ranks_run(ranks, status, &sink);
        return EXIT_ENVIRONMENT;
    }
    job.writer = timing_writer_begin(arguments->common.format, stdout, job.width, arguments->common.seed);
    status = ranks ? bench_ranks_run(ranks, ASSAY_OK, &sink) : bench_run(&options, &sink);
    return close_output(conclude(&job, status));
}

static void warn_of_sharing(const bench_ranks *ranks)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (ranks->hosts < ranks->ranks)
        complain("%d ranks share %d %s: they disturb each other, only ratios within a group mean something",
                 ranks->ranks, ranks->hosts, ranks->hosts == 1 ? "host" : "hosts");
    if (assay_processors() < processors)
        complain("this rank may use %d of %ld processors; mpirun --bind-to none lets it use all", assay_processors(),
                 processors);
}

/* Rank 0 prints and keeps everything and tells how it went; the others end well, lest mpirun kill it before. */
static int time_over_ranks(const bench_arguments *arguments, unsigned rank)
{
    const char *fault = arguments->untimed ? "--untimed" : arguments->json_path ? "--benchmark-json" : NULL;
    if (fault) {
        if (rank == 0)
            complain("%s is of one process: start bench without mpirun", fault);
        return rank == 0 ? EXIT_USAGE : EXIT_ALL_GOOD;
    }
    const bench_options options = options_of(arguments);
    bench_ranks ranks;
    assay_status status = bench_ranks_begin(&options, arguments->share_hosts, &ranks);
    if (status != ASSAY_OK)
        return rank == 0 ? complain_of(status) : EXIT_ALL_GOOD;
    if (rank > 0) {
        bench_ranks_run(&ranks, ASSAY_OK, &(bench_sink){0});
        return EXIT_ALL_GOOD;
    }
    warn_of_sharing(&ranks);
    return time_all(arguments, &ranks);
}

int command_bench(int argc, char **argv)
{
    bench_arguments arguments = {.common = common_options_default(1u << FORMAT_TEXT | 1u << FORMAT_JSON |
                                                                  1u << FORMAT_JUNIT | 1u << FORMAT_CSV)};
    parse_arguments(&argp, argc, argv, &arguments);
    int exit_status = options_apply(&arguments.common);
    if (exit_status == EXIT_ALL_GOOD)
        exit_status = patterns_check(&arguments.common, PATTERN_WORKLOADS);
    if (exit_status == EXIT_ALL_GOOD)
        exit_status = patterns_check_data(&arguments.common, PATTERN_WORKLOADS);
    if (exit_status != EXIT_ALL_GOOD)
        return exit_status;
    unsigned rank, ranks;
    if (ranks_launched(&rank, &ranks) && ranks > 1)
        return time_over_ranks(&arguments, rank);
    if (arguments.untimed) {
        untimed_job untimed = {.arguments = &arguments};
        bench_each_item(run_untimed, &untimed);
        return untimed.status == ASSAY_OK ? EXIT_ALL_GOOD : complain_of(untimed.status);
    }
    return time_all(&arguments, NULL);
}
