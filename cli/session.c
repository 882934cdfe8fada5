#include "cli/session.h"

#include "assay/build.h"
#include "assay/cpu.h"
#include "assay/threads.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static void describe_machine(session *s)
{
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(s->system, sizeof s->system, "%s %s %s", name.sysname, name.release, name.machine);
    time_t now = time(NULL);
    struct tm utc;
    strftime(s->started, sizeof s->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static void describe_run(session *s, const common_options *common, const char *command, const char *depth)
{
    describe_machine(s);
    snprintf(s->shard, sizeof s->shard, "%u/%u", common->shard + 1, common->shards);
    s->run = (assay_run){.command = command,
                         .revision = assay_build_revision(),
                         .compiler = assay_build_compiler(),
                         .flags = assay_build_flags(),
                         .machine = assay_cpu_model(),
                         .system = s->system,
                         .level = assay_level_name(assay_cpu_level()),
                         .depth = depth,
                         .shard = s->shard,
                         .started = s->started,
                         .word_bits = (int)(8 * sizeof(void *)),
                         .processors = assay_processors(),
                         .threads = assay_threads(),
                         .seed = common->seed,
                         .data = common->data};
}

static bool is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Notes the newest run that this one can go on with: one that lacks its end, but that nobody is at work on. */
static bool consider_run(void *self, const report_run *old)
{
    session *s = self;
    const assay_run *a = &old->run, *b = &s->run;
    const bool goes_on = isnan(old->seconds) && is_same(a->command, b->command) && is_same(a->revision, b->revision) &&
                         is_same(a->level, b->level) && is_same(a->depth, b->depth) && is_same(a->shard, b->shard) &&
                         is_same(a->compiler, b->compiler) && is_same(a->flags, b->flags) &&
                         is_same(a->machine, b->machine) && a->seed == b->seed &&
                         is_same(a->data ? a->data : "", b->data ? b->data : "");
    if (goes_on && old->id > s->run_id && !report_store_is_held(s->store, old->id)) {
        s->run_id = old->id;
        s->resumed = true;
    }
    return true;
}

static bool is_of_known_source(const char *revision)
{
    const char *dirty = strstr(revision, "-dirty");
    return !dirty && strcmp(revision, "unknown") != 0;
}

/* Chooses the run while no other process does, and holds it. */
static assay_status enter_run(session *s, bool resume)
{
    assay_status status = report_store_choose_begin(s->store);
    if (status == ASSAY_OK && resume && is_of_known_source(s->run.revision))
        status = report_store_each_run(s->store, consider_run, s);
    if (status == ASSAY_OK && !s->resumed)
        status = report_store_begin_run(s->store, &s->run, &s->run_id);
    if (status == ASSAY_OK)
        status = report_store_hold(s->store, s->run_id);
    report_store_choose_end(s->store);
    return status;
}

assay_status session_begin(session *s, const common_options *common, const char *command, const char *depth,
                           const char *machine, bool resume)
{
    *s = (session){0};
    clock_gettime(CLOCK_MONOTONIC, &s->start);
    describe_run(s, common, command, depth);
    if (machine) {
        snprintf(s->machine, sizeof s->machine, "%s", machine);
        s->run.machine = s->machine;
    }
    if (common->no_database)
        return ASSAY_OK;
    assay_status status = report_store_open(common->database, &s->store);
    if (status == ASSAY_OK)
        status = enter_run(s, resume);
    if (status != ASSAY_OK) {
        report_store_close(s->store);
        s->store = NULL;
    }
    return status;
}

void session_check(session *s, assay_status status)
{
    if (status == ASSAY_OK || s->failed)
        return;
    s->failed = true;
    snprintf(s->error, sizeof s->error, "%s", assay_error());
    raise(SIGTERM); /* caught while verify and bench run */
}

/* What comes before the result of its check waits for it. */
static void begin_group(session *s)
{
    if (s->store && !s->failed && !s->grouped) {
        s->grouped = true;
        session_check(s, report_store_group_begin(s->store));
    }
}

static void end_group(session *s)
{
    if (s->store && !s->failed && s->grouped)
        session_check(s, report_store_group_end(s->store));
    s->grouped = false;
}

/* The same for every kind of record. */
#define DEFINE_ADD(KIND, TYPE, BEFORE, AFTER)                                                                          \
    void session_add_##KIND(session *s, const TYPE *record)                                                            \
    {                                                                                                                  \
        BEFORE;                                                                                                        \
        if (s->store && !s->failed)                                                                                    \
            session_check(s, report_store_add_##KIND(s->store, s->run_id, record));                                    \
        AFTER;                                                                                                         \
    }

DEFINE_ADD(series, assay_series, begin_group(s), (void)0)
DEFINE_ADD(count, assay_count, begin_group(s), (void)0)
DEFINE_ADD(result, assay_result, (void)0, end_group(s))
DEFINE_ADD(shard, assay_sweep_shard, (void)0, (void)0)
DEFINE_ADD(timing, assay_timing, (void)0, (void)0)
DEFINE_ADD(limit, assay_limit, (void)0, (void)0)

assay_status session_end(session *s, bool complete)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double seconds = (double)(now.tv_sec - s->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - s->start.tv_nsec);
    assay_status status = ASSAY_OK;
    if (s->store && complete && !s->failed)
        status = report_store_end_run(s->store, s->run_id, seconds);
    report_store_close(s->store);
    s->store = NULL;
    if (s->failed)
        status = assay_fail(ASSAY_IO, "the database refused a result, those before it are kept: %s", s->error);
    return status;
}
