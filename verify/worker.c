#include "verify/worker.h"
#include "assay/memory.h"
#include "verify/message.h"
#include "verify/sweep.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* What the check's process inherits. */
static struct {
    const verify_worker *worker;
    pid_t process; /* of the worker */
    verify_context context;
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A sweep sends each part as it is finished, so that an interrupt loses at most one. */
static void sweep_parts(verify_context *v, const verify_sweep *sweep, const worker_share *share)
{
    for (unsigned part = 0; part < SWEEP_SHARDS; part++) {
        if (!share->parts[part])
            continue;
        assay_sweep_shard shard = {0};
        snprintf(v->outcome->underway, sizeof v->outcome->underway, "part %u of %u of the inputs", part,
                 (unsigned)SWEEP_SHARDS);
        if (!verify_ok(v, sweep_shard(sweep, part, &shard), "part %u", part))
            return;
        message_send(v->pipe, VERIFY_MESSAGE_SHARD, v->index, &shard, sizeof shard);
    }
}

START_TEST(perform)
{
    worker_end_with(job.process, SIGKILL); /* nobody is left to read */
    verify_context *v = &job.context;
    const verify_sweep *sweep = v->item->check->sweep;
    const verify_options *options = job.worker->options;
    assay_fence(!v->item->check->claim && !options->no_fences); /* some claims are about time */
    if (options->starve)
        assay_starve(options->starve_after);
    assay_status status = assay_cpu_set_level(v->item->level);
    if (status != ASSAY_OK)
        verify_ok(v, status, "setting the CPU level");
    else if (sweep)
        sweep_parts(v, sweep, &job.worker->orders->shares[v->index]);
    else
        verify_perform(v);
    if (!v->outcome->failed)
        verify_true(v, assay_fenced_blocks() == 0, "all memory has been released but %zu allocations",
                    assay_fenced_blocks());
    v->outcome->done = true;
    if (v->outcome->failed)
        ck_abort_msg("%s", v->outcome->reason);
}
END_TEST

static double time_limit(const verify_check *check, const verify_options *options)
{
    double seconds = check->seconds > 0 ? check->seconds : options->depth == VERIFY_QUICK ? 60 : 1200;
    if (check->sweep && options->depth == VERIFY_EXHAUSTIVE)
        seconds = 24 * 3600;
    return seconds * (options->timeout_scale > 0 ? options->timeout_scale : 1);
}

/* Lets Check run one item in a process of its own; what Check says matters if the check did not come to its end. */
static void run_item(const verify_worker *worker, size_t index, verify_outcome *outcome)
{
    const verify_item *item = &worker->plan.items[index];
    Suite *suite = suite_create(item->algorithm);
    TCase *test_case = tcase_create(item->check->name);
    tcase_set_timeout(test_case, time_limit(item->check, worker->options));
    tcase_add_test(test_case, perform);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_SILENT);
    if (srunner_ntests_failed(runner) > 0 && !(outcome->done && outcome->failed)) {
        TestResult **failures = srunner_failures(runner);
        const char *message = failures && failures[0] ? tr_msg(failures[0]) : "no word from the check's process";
        char before[sizeof outcome->reason];
        snprintf(before, sizeof before, "%s", outcome->failed ? outcome->reason : "");
        snprintf(outcome->reason, sizeof outcome->reason, "%s%s%s%s%.300s", message ? message : "ended without a word",
                 *outcome->underway ? " at " : "", outcome->underway, *before ? "; before that: " : "", before);
        outcome->failed = true;
        outcome->skipped = false;
        free(failures);
    } else if (!outcome->done) { /* exit(0) inside the check */
        outcome->failed = true;
        snprintf(outcome->reason, sizeof outcome->reason, "the check's process ended before the check did");
    }
    srunner_free(runner);
}

/* Why an item cannot run here; false if it can. */
static bool cannot_run(const verify_item *item, verify_outcome *outcome)
{
    const char *missing = assay_cpu_lacks(item->level);
    if (missing)
        snprintf(outcome->reason, sizeof outcome->reason, "this CPU lacks %s", missing);
    else if (item->level > assay_cpu_level())
        snprintf(outcome->reason, sizeof outcome->reason, "above the level in force, %s",
                 assay_level_name(assay_cpu_level()));
    else
        return false;
    outcome->skipped = true;
    return true;
}

#ifdef ASSAY_COVERAGE
void __gcov_dump(void);
#endif

/* Without the exit handlers and buffers that were inherited. */
static _Noreturn void leave(int status)
{
#ifdef ASSAY_COVERAGE
    __gcov_dump(); /* which _exit() would lose */
#endif
    _exit(status);
}

void worker_end_with(pid_t parent, int signal_number)
{
    prctl(PR_SET_PDEATHSIG, signal_number);
    if (getppid() != parent) /* it died before it could be asked for that */
        leave(EXIT_FAILURE);
}

_Noreturn void worker_run(const verify_worker *worker, int pipe)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    unsetenv("CK_RUN_SUITE"); /* meant for a test that runs us */
    unsetenv("CK_RUN_CASE");
    verify_outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED)
        leave(EXIT_FAILURE);
    while (sem_wait(&worker->orders->given) != 0)
        continue; /* a signal */
    for (size_t i = 0; i < worker->plan.count; i++) {
        if (worker->orders->shares[i].left_out)
            continue;
        memset(outcome, 0, sizeof *outcome);
        job.worker = worker;
        job.process = getpid();
        job.context = (verify_context){.item = &worker->plan.items[i],
                                       .outcome = outcome,
                                       .depth = worker->options->depth,
                                       .seed = worker->options->seed,
                                       .pipe = pipe,
                                       .index = i};
        if (!message_send(pipe, VERIFY_MESSAGE_START, i, "", 0))
            leave(EXIT_FAILURE);
        const double start = now();
        if (!cannot_run(job.context.item, outcome))
            run_item(worker, i, outcome);
        outcome_message message = {*outcome, now() - start};
        if (!message_send(pipe, VERIFY_MESSAGE_OUTCOME, i, &message, sizeof message))
            leave(EXIT_FAILURE);
    }
    leave(EXIT_SUCCESS);
}

void verify_record_series(verify_context *v, const assay_series *series)
{
    message_send_series(v->pipe, v->index, series);
}

void verify_record_count(verify_context *v, const char *workload, const char *label, const char *counted, double count,
                         double bound)
{
    const assay_count record = {
        .workload = workload, .method = label, .counted = counted, .count = count, .allowed = bound};
    message_send_count(v->pipe, v->index, &record);
}
