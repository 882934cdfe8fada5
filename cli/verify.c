/* assay verify: runs checks, prints and keeps their results as they come. */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/patterns.h"
#include "cli/results.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "verify/ranks.h"

#include <stdlib.h>
#include <string.h>

/* ---- Options ----------------------------------------------------------------------------------------------------- */

typedef struct verify_arguments {
    common_options common;
    bool fresh, fail_fast;
} verify_arguments;

enum { KEY_FRESH = 0x200, KEY_FAIL_FAST };

static const struct argp_option own_options[] = {
    {.name = "fresh",
     .key = KEY_FRESH,
     .doc =
         "Run again what an interrupted --full or --exhaustive run of this revision has finished, instead of going on"},
    {.name = "fail-fast", .key = KEY_FAIL_FAST, .doc = "Stop at the first check that fails; not under mpirun"},
    {0}};

static const struct argp_child children[] = {{.argp = &options_depth},
                                             {.argp = &options_run},
                                             {.argp = &options_machine},
                                             {.argp = &options_format},
                                             {.argp = &options_database},
                                             {.argp = &options_data},
                                             {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    (void)text;
    verify_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, &arguments->common, 6); return 0;
    case KEY_FRESH: arguments->fresh = true; return 0;
    case KEY_FAIL_FAST: arguments->fail_fast = true; return 0;
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
    .doc = "Checks every implementation against truth, reference and theory, each check in a process of its own.\v"
           "A PATTERN is a glob over algorithm/implementation/check. Without a depth, --quick is meant.",
    .children = children};

/* ---- What is to be run ------------------------------------------------------------------------------------------- */

/* What the patterns select. */
typedef struct selection {
    const verify_arguments *arguments;
    int width;       /* of the longest name */
    size_t selected; /* whatever the depth */
    size_t at_this_depth;
} selection;

static void consider_item(void *self, const verify_item *item)
{
    selection *s = self;
    if (!patterns_match(&s->arguments->common, item->algorithm, item->implementation, item->check->name))
        return;
    s->selected++;
    if (item->check->from > s->arguments->common.depth)
        return;
    s->at_this_depth++;
    const size_t length = strlen(item->algorithm) + strlen(item->implementation) + strlen(item->check->name) + 2;
    if ((int)length > s->width)
        s->width = (int)length;
}

static int select_items(const verify_arguments *arguments, selection *s)
{
    *s = (selection){.arguments = arguments};
    if (patterns_check(&arguments->common, PATTERN_CHECKS) != EXIT_ALL_GOOD ||
        patterns_check_data(&arguments->common, PATTERN_CHECKS) != EXIT_ALL_GOOD)
        return EXIT_USAGE;
    verify_each_item(consider_item, s);
    if (s->selected && !s->at_this_depth) {
        complain("what is asked for is not part of --%s; try --%s", verify_depth_name(arguments->common.depth),
                 arguments->common.depth == VERIFY_QUICK ? "full or --exhaustive" : "exhaustive");
        return EXIT_USAGE;
    }
    return EXIT_ALL_GOOD;
}

/* ---- The run ----------------------------------------------------------------------------------------------------- */

/* Names of checks that the interrupted run has finished. */
typedef struct finished_items {
    char **names;
    size_t count, capacity;
    bool failed; /* no memory */
} finished_items;

typedef struct verify_job {
    const verify_arguments *arguments;
    session session;
    result_writer writer;
    progress progress;
    verify_summary kept; /* counts of the results that the interrupted run had */
    finished_items finished;
} verify_job;

static void on_begin(void *self, size_t items)
{
    verify_job *job = self;
    progress_set_total(&job->progress, items > job->finished.count ? items - job->finished.count : 0);
}

static void on_start(void *self, const verify_item *item)
{
    verify_job *job = self;
    char name[160];
    snprintf(name, sizeof name, "%s/%s/%s", item->algorithm, item->implementation, item->check->name);
    progress_start_item(&job->progress, name);
}

static void on_advance(void *self, double done)
{
    progress_advance(&((verify_job *)self)->progress, done);
}

static void on_result(void *self, const assay_result *result)
{
    verify_job *job = self;
    session_add_result(&job->session, result); /* first: what was told is kept, whatever happens next */
    progress_clear(&job->progress);
    result_write(&job->writer, result);
    progress_finish_item(&job->progress);
}

static void on_series(void *self, const assay_series *series)
{
    session_add_series(&((verify_job *)self)->session, series);
}

static void on_count(void *self, const assay_count *count)
{
    session_add_count(&((verify_job *)self)->session, count);
}

static void on_shard(void *self, const assay_sweep_shard *shard)
{
    session_add_shard(&((verify_job *)self)->session, shard);
}

static bool on_find_shard(void *self, assay_sweep_shard *shard)
{
    session *s = &((verify_job *)self)->session;
    bool found = false;
    return report_store_find_shard(s->store, s->run.revision, shard, &found) == ASSAY_OK && found;
}

static bool on_is_finished(void *self, const verify_item *item)
{
    const finished_items *finished = &((verify_job *)self)->finished;
    char name[512];
    snprintf(name, sizeof name, "%s/%s/%s", item->algorithm, item->implementation, item->check->name);
    for (size_t i = 0; i < finished->count; i++) {
        if (strcmp(finished->names[i], name) == 0)
            return true;
    }
    return false;
}

/* ---- Going on with an interrupted run ---------------------------------------------------------------------------- */

static bool remember_finished(finished_items *finished, const assay_result *r)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s/%s", r->algorithm, r->implementation, r->check);
    if (finished->count == finished->capacity) {
        const size_t capacity = finished->capacity ? 2 * finished->capacity : 64;
        char **names = realloc(finished->names, capacity * sizeof *names);
        if (!names)
            return false;
        finished->names = names;
        finished->capacity = capacity;
    }
    finished->names[finished->count] = strdup(name);
    return finished->names[finished->count] && ++finished->count;
}

static void count_result(verify_summary *s, assay_verdict verdict)
{
    s->items++;
    s->passed += verdict == ASSAY_PASS;
    s->failed += verdict == ASSAY_FAIL;
    s->skipped += verdict == ASSAY_SKIPPED;
    s->reproduced += verdict == ASSAY_REPRODUCED;
    s->in_part += verdict == ASSAY_REPRODUCED_IN_PART;
    s->not_reproduced += verdict == ASSAY_NOT_REPRODUCED;
    s->claims += verdict >= ASSAY_REPRODUCED;
}

static bool keep_result(void *self, const assay_result *result)
{
    verify_job *job = self;
    if (!patterns_match(&job->arguments->common, result->algorithm, result->implementation, result->check))
        return true;
    job->finished.failed = !remember_finished(&job->finished, result);
    count_result(&job->kept, result->verdict);
    result_write(&job->writer, result);
    return !job->finished.failed;
}

static assay_status keep_results(verify_job *job)
{
    if (!job->session.resumed)
        return ASSAY_OK;
    complain("going on with run %lld, which was interrupted (--fresh runs all again)", (long long)job->session.run_id);
    assay_status status = report_store_each_result(job->session.store, job->session.run_id, keep_result, job);
    if (status == ASSAY_OK && job->finished.failed)
        status = assay_fail(ASSAY_NO_MEMORY, "cannot allocate the list of finished checks");
    return status;
}

static void add_kept(verify_summary *s, const verify_summary *kept)
{
    s->items += kept->items;
    s->passed += kept->passed;
    s->failed += kept->failed;
    s->skipped += kept->skipped;
    s->claims += kept->claims;
    s->reproduced += kept->reproduced;
    s->in_part += kept->in_part;
    s->not_reproduced += kept->not_reproduced;
}

/* ---- Verdicts that change ---------------------------------------------------------------------------------------- */

/* Complains of verdicts that differ from an earlier run of the same revision; returns their number. */
static size_t complain_of_contradictions(const session *s)
{
    enum { SHOWN = 64 };
    report_contradiction *found = calloc(SHOWN, sizeof *found);
    size_t count = 0;
    if (s->store && found && report_store_contradictions(s->store, s->run_id, found, SHOWN, &count) != ASSAY_OK)
        complain("cannot compare with earlier runs: %s", assay_error());
    for (size_t i = 0; i < count && i < SHOWN; i++)
        complain("contradiction: %s/%s/%s was %s in runs of the same revision and seed", found[i].algorithm,
                 found[i].implementation, found[i].check, found[i].verdicts);
    if (count > SHOWN)
        complain("and %zu contradictions more", count - SHOWN);
    free(found);
    return count;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static double timeout_scale(void)
{
    const char *text = getenv("ASSAY_TIMEOUT_SCALE"); /* slow tools around us: sanitizers, valgrind */
    uint64_t scale;
    return text && parse_number(text, 1, 100000, &scale) ? (double)scale : 1;
}

/* How the environment asks for something else than undisturbed checks between fences. */
static bool no_fences(void)
{
    return getenv("ASSAY_NO_FENCES") != NULL; /* for tools that watch memory themselves */
}

static bool starvation(uint64_t *after)
{
    const char *text = getenv("ASSAY_STARVE");
    return text && parse_number(text, 0, UINT32_MAX, after);
}

static verify_options options_of(const verify_arguments *arguments)
{
    const common_options *common = &arguments->common;
    uint64_t after = 0;
    const bool starve = starvation(&after);
    return (verify_options){.patterns = common->patterns,
                            .pattern_count = common->pattern_count,
                            .depth = common->depth,
                            .seed = common->seed,
                            .shard = common->shard,
                            .shards = common->shards,
                            .fail_fast = arguments->fail_fast,
                            .timeout_scale = timeout_scale(),
                            .no_fences = no_fences(),
                            .starve = starve,
                            .starve_after = after,
                            .program = command_program};
}

static assay_status run(verify_job *job, verify_summary *summary)
{
    const verify_arguments *arguments = job->arguments;
    const verify_options options = options_of(arguments);
    const bool reuse = job->session.store && !arguments->fresh;
    const verify_sink sink = {.self = job,
                              .begin = on_begin,
                              .start = on_start,
                              .advance = on_advance,
                              .result = on_result,
                              .series = on_series,
                              .count = on_count,
                              .shard = on_shard,
                              .find_shard = reuse && options.depth == VERIFY_EXHAUSTIVE ? on_find_shard : NULL,
                              .is_finished = job->session.resumed ? on_is_finished : NULL};
    unsigned rank, ranks;
    return ranks_launched(&rank, &ranks) ? ranks_verify(&options, &sink, summary)
                                         : verify_run(&options, &sink, summary);
}

/* A rank above 0 under mpirun: does its share and leaves printing and keeping to rank 0. */
static int follow(const verify_arguments *arguments)
{
    const verify_options options = options_of(arguments);
    const verify_sink nobody = {0};
    verify_summary unused;
    return exit_status_of(ranks_verify(&options, &nobody, &unused));
}

static void release(verify_job *job)
{
    for (size_t i = 0; i < job->finished.count; i++)
        free(job->finished.names[i]);
    free(job->finished.names);
}

/* The exit status after the run, with all last words. */
static int conclude(verify_job *job, assay_status status, const verify_summary *summary)
{
    char error[512];
    snprintf(error, sizeof error, "%s", assay_error());
    progress_clear(&job->progress);
    if (!result_writer_end(&job->writer))
        complain("not all results could be printed: no memory");
    size_t contradictions = status == ASSAY_OK ? complain_of_contradictions(&job->session) : 0;
    const bool cut_short = job->arguments->fail_fast && summary->failed > job->kept.failed;
    if (status == ASSAY_OK && cut_short)
        complain("stopped at the first failure (--fail-fast)");
    const assay_status kept = session_end(&job->session, status == ASSAY_OK && !cut_short);
    result_summarize(summary, job->writer.format == FORMAT_TEXT ? stdout : stderr);
    if (kept != ASSAY_OK)
        return complain_of(kept);
    if (status != ASSAY_OK) {
        complain("%s", error);
        return exit_status_of(status);
    }
    return summary->failed || contradictions ? EXIT_CHECK_FAILED : EXIT_ALL_GOOD;
}

int command_verify(int argc, char **argv)
{
    verify_arguments arguments = {.common = common_options_default(1u << FORMAT_TEXT | 1u << FORMAT_JSON |
                                                                   1u << FORMAT_JUNIT | 1u << FORMAT_CSV)};
    selection selected;
    parse_arguments(&argp, argc, argv, &arguments);
    int exit_status = options_apply(&arguments.common);
    if (exit_status == EXIT_ALL_GOOD)
        exit_status = select_items(&arguments, &selected);
    if (exit_status != EXIT_ALL_GOOD)
        return exit_status;
    unsigned rank, ranks;
    const bool is_rank = ranks_launched(&rank, &ranks);
    if (is_rank && arguments.fail_fast) {
        complain("--fail-fast is for a single process; leave it out under mpirun");
        return EXIT_USAGE;
    }
    if (is_rank && rank > 0)
        return follow(&arguments);

    verify_job job = {.arguments = &arguments, .progress = progress_begin()};
    verify_summary summary = {0};
    const bool resume = !arguments.fresh && arguments.common.depth > VERIFY_QUICK;
    assay_status status = session_begin(&job.session, &arguments.common, "verify",
                                        verify_depth_name(arguments.common.depth), NULL, resume);
    if (status != ASSAY_OK) {
        complain_of(status);
        return EXIT_ENVIRONMENT; /* the store says that a path or a file is invalid, not how we were called */
    }
    job.writer = result_writer_begin(arguments.common.format, stdout, selected.width);
    status = keep_results(&job);
    if (status == ASSAY_OK)
        status = run(&job, &summary);
    add_kept(&summary, &job.kept);
    exit_status = conclude(&job, status, &summary);
    release(&job);
    return close_output(exit_status);
}
