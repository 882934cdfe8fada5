#include "verify/runner.h"
#include "assay/dense.h"
#include "verify/message.h"
#include "verify/replay.h"
#include "verify/sweep.h"
#include "verify/worker.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Signals ---------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;
static struct sigaction old_interrupt, old_terminate;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

bool verify_was_interrupted(void)
{
    return interrupted != 0;
}

void verify_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal}; /* no SA_RESTART: a waiting read returns */
    interrupted = 0;
    sigaction(SIGINT, &action, &old_interrupt);
    sigaction(SIGTERM, &action, &old_terminate);
}

void verify_release_signals(void)
{
    sigaction(SIGINT, &old_interrupt, NULL);
    sigaction(SIGTERM, &old_terminate, NULL);
}

/* ---- Records of checks that have not ended ---------------------------------------------------------------------- */

/* Nothing of a check is handed out before its result: who goes on with an interrupted run repeats the checks without a
 * result, and would have the records of one that was interrupted in between twice. This keeps a copy. */
static bool keep(verify_worker *worker, const verify_message *message)
{
    if (worker->kept_count == worker->kept_capacity) {
        const size_t capacity = worker->kept_capacity ? 2 * worker->kept_capacity : 16;
        verify_message *larger = realloc(worker->kept, capacity * sizeof *larger);
        if (!larger)
            return false;
        worker->kept = larger;
        worker->kept_capacity = capacity;
    }
    unsigned char *payload = malloc(message->size ? message->size : 1);
    if (!payload)
        return false;
    memcpy(payload, message->payload, message->size);
    worker->kept[worker->kept_count++] = (verify_message){message->type, message->item, message->size, payload};
    /* cppcheck-suppress memleak ; it is kept */
    return true;
}

static void hand_out(const verify_item *item, const verify_message *message, const verify_sink *sink)
{
    assay_series series;
    assay_count count;
    if (message->type == VERIFY_MESSAGE_SERIES && sink->series && message_unpack_series(message, &series)) {
        series.algorithm = item->algorithm;
        series.implementation = item->implementation;
        sink->series(sink->self, &series);
    }
    if (message->type == VERIFY_MESSAGE_COUNT && sink->count && message_unpack_count(message, &count)) {
        count.algorithm = item->algorithm;
        count.implementation = item->implementation;
        sink->count(sink->self, &count);
    }
}

/* Hands out what item @p index has left, in its order. */
static void release_kept(verify_worker *worker, size_t index, const verify_sink *sink)
{
    size_t left = 0;
    for (size_t i = 0; i < worker->kept_count; i++) {
        verify_message *kept = &worker->kept[i];
        if (kept->item != index) {
            worker->kept[left++] = *kept;
            continue;
        }
        hand_out(&worker->plan.items[index], kept, sink);
        verify_message_release(kept);
    }
    worker->kept_count = left;
}

/* ---- Reporting -------------------------------------------------------------------------------------------------- */

static void replay_command(const verify_options *options, const verify_item *item, char *text, size_t size)
{
    /* Checks that are not repeated for each level run at the one in force, and have its name. */
    const bool is_narrowed = assay_cpu_level() != assay_cpu_best();
    const int length = snprintf(text, size, "%s verify '%s/%s/%s' --%s --seed %llu%s%s",
                                options->program ? options->program : "assay", item->algorithm, item->implementation,
                                item->check->name, verify_depth_name(options->depth), (unsigned long long)options->seed,
                                is_narrowed ? " --cpu " : "", is_narrowed ? assay_level_name(assay_cpu_level()) : "");
    if (length > 0 && (size_t)length < size)
        verify_replay_data(item->algorithm, text + length, size - (size_t)length);
}

static assay_kind kind_of(const verify_check *check)
{
    return check->kernel ? ASSAY_AGREEMENT : check->claim ? ASSAY_CLAIM : check->sweep ? ASSAY_ORACLE : check->kind;
}

static void count_verdict(verify_summary *summary, assay_verdict verdict)
{
    summary->items++;
    switch (verdict) {
    case ASSAY_PASS: summary->passed++; break;
    case ASSAY_FAIL: summary->failed++; break;
    case ASSAY_SKIPPED: summary->skipped++; break;
    case ASSAY_REPRODUCED: summary->claims++, summary->reproduced++; break;
    case ASSAY_REPRODUCED_IN_PART: summary->claims++, summary->in_part++; break;
    case ASSAY_NOT_REPRODUCED: summary->claims++, summary->not_reproduced++; break;
    }
}

static assay_verdict verdict_of(const verify_outcome *o)
{
    return o->failed ? ASSAY_FAIL : o->skipped ? ASSAY_SKIPPED : o->is_claim ? o->claim_verdict : ASSAY_PASS;
}

static void report(verify_worker *worker, size_t index, const verify_outcome *o, double seconds,
                   const verify_sink *sink, verify_summary *summary)
{
    const verify_item *item = &worker->plan.items[index];
    const verify_claim *claim = item->check->claim;
    char replay[VERIFY_REPLAY], reason[sizeof o->reason + 8];
    replay_command(worker->options, item, replay, sizeof replay);
    snprintf(reason, sizeof reason, "%s", o->failed || o->skipped ? o->reason : *o->note ? o->note : o->place);
    assay_result r = {.algorithm = item->algorithm,
                      .implementation = item->implementation,
                      .kind = kind_of(item->check),
                      .check = item->check->name,
                      .workload = item->check->workload ? item->check->workload : "",
                      .measured = o->measured_something ? o->measured : NAN,
                      .limit = o->measured_something ? o->limit : NAN,
                      .at_least = o->at_least,
                      .unit = o->unit,
                      .verdict = verdict_of(o),
                      .reason = reason,
                      .seconds = seconds,
                      .seed = worker->options->seed,
                      .replay = replay,
                      .false_alarm = item->check->false_alarm,
                      .statement = claim ? claim->statement : NULL,
                      .paper_value = claim ? claim->paper_value : NULL,
                      .provenance = claim ? claim->provenance : NULL,
                      .spread_low = o->is_claim && o->seeds ? o->spread_low : NAN,
                      .spread_high = o->is_claim && o->seeds ? o->spread_high : NAN,
                      .seeds = o->seeds,
                      .seeds_passed = o->seeds_passed};
    count_verdict(summary, r.verdict);
    release_kept(worker, index, sink);
    if (sink->result)
        sink->result(sink->self, &r);
}

/* A sweep's result, made of its parts once all have come. */
static void report_sweep(verify_worker *worker, size_t index, const verify_sink *sink, verify_summary *summary)
{
    verify_sweep_progress *progress = &worker->sweeps[index];
    const verify_sweep *sweep = worker->plan.items[index].check->sweep;
    assay_sweep_shard total = {.worst_ulp = -1};
    bool first = true;
    for (unsigned part = 0; part < SWEEP_SHARDS; part++) {
        if (!progress->wanted[part])
            continue;
        if (first)
            total = progress->parts[part];
        else
            sweep_join(&total, &progress->parts[part]);
        first = false;
    }
    verify_outcome o = {
        .done = true, .measured_something = true, .measured = total.worst_ulp, .limit = sweep->limit_ulp};
    snprintf(o.unit, sizeof o.unit, "ulp");
    float worst;
    memcpy(&worst, &total.worst_input, sizeof worst);
    snprintf(o.place, sizeof o.place,
             "worst at %a (0x%08x); %llu inputs, %llu not correctly rounded, %llu decided by MPFR; outputs %016llx",
             (double)worst, total.worst_input, (unsigned long long)total.inputs,
             (unsigned long long)total.not_correctly_rounded, (unsigned long long)total.hard,
             (unsigned long long)total.output_hash);
    o.failed = total.over_limit > 0 || !(total.worst_ulp < sweep->limit_ulp);
    if (o.failed)
        snprintf(o.reason, sizeof o.reason, "%llu inputs reach %g ulp: %s", (unsigned long long)total.over_limit,
                 sweep->limit_ulp, o.place);
    progress->reported = true;
    report(worker, index, &o, total.seconds, sink, summary);
}

/* ---- Starting --------------------------------------------------------------------------------------------------- */

/* Which parts of a sweep belong to this run. */
static void choose_parts(const verify_worker *worker, size_t index)
{
    const verify_options *options = worker->options;
    const verify_sweep *sweep = worker->plan.items[index].check->sweep;
    bool *wanted = worker->sweeps[index].wanted;
    const unsigned shards = options->shards ? options->shards : 1;
    if (options->depth == VERIFY_EXHAUSTIVE) {
        for (unsigned part = 0; part < SWEEP_SHARDS; part++)
            wanted[part] = part % shards == options->shard;
    } else {
        for (size_t k = 0; k < 8 && sweep->quick_shards[k]; k++)
            wanted[sweep->quick_shards[k] % SWEEP_SHARDS] = true;
    }
}

static assay_status allocate_worker(verify_worker *worker)
{
    const size_t count = worker->plan.count;
    const size_t size = sizeof *worker->orders + count * sizeof worker->orders->shares[0];
    worker->known = calloc(count + 1, sizeof *worker->known);
    worker->sweeps = calloc(count + 1, sizeof *worker->sweeps);
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    worker->orders = shared == MAP_FAILED ? NULL : shared;
    if (!worker->known || !worker->sweeps || !worker->orders)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate the plan");
    worker->orders->size = size;
    if (sem_init(&worker->orders->given, 1, 0) != 0)
        return assay_fail(ASSAY_IO, "cannot make a semaphore: %s", strerror(errno));
    for (size_t i = 0; i < count; i++) {
        if (!worker->plan.items[i].check->sweep)
            continue;
        worker->sweeps[i].parts = calloc(SWEEP_SHARDS, sizeof(assay_sweep_shard));
        if (!worker->sweeps[i].parts)
            return assay_fail(ASSAY_NO_MEMORY, "cannot allocate the parts of a sweep");
        choose_parts(worker, i);
    }
    return ASSAY_OK;
}

static void release_worker(verify_worker *worker)
{
    for (size_t i = 0; worker->sweeps && i < worker->plan.count; i++)
        free(worker->sweeps[i].parts);
    free(worker->sweeps);
    free(worker->known);
    for (size_t i = 0; i < worker->kept_count; i++)
        verify_message_release(&worker->kept[i]);
    free(worker->kept);
    if (worker->orders)
        munmap(worker->orders, worker->orders->size);
    verify_plan_release(&worker->plan);
    if (worker->pipe >= 0)
        close(worker->pipe);
    *worker = (verify_worker){.pipe = -1};
}

static assay_status fork_worker(verify_worker *worker)
{
    int ends[2];
    if (pipe(ends) != 0)
        return assay_fail(ASSAY_IO, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL); /* or the child would print once more what is waiting */
    const pid_t caller = getpid();
    worker->process = fork();
    if (worker->process == 0) {
        close(ends[0]);
        worker_end_with(caller, SIGTERM);
        setpgid(0, 0); /* an interrupt from the keyboard reaches the caller alone, which decides */
        worker_run(worker, ends[1]);
    }
    close(ends[1]);
    worker->pipe = ends[0];
    if (worker->process < 0)
        return assay_fail(ASSAY_IO, "cannot fork: %s", strerror(errno));
    return ASSAY_OK;
}

assay_status verify_prepare(const verify_options *options, verify_worker *worker)
{
    *worker = (verify_worker){.options = options, .pipe = -1, .process = -1};
    assay_status status = verify_plan_make(options, &worker->plan);
    if (status == ASSAY_OK)
        status = allocate_worker(worker);
    if (status == ASSAY_OK)
        status = fork_worker(worker);
    if (status != ASSAY_OK)
        release_worker(worker);
    return status;
}

static void look_up_parts(verify_worker *worker, size_t index, const verify_sink *sink)
{
    const verify_item *item = &worker->plan.items[index];
    if (assay_cpu_lacks(item->level) || item->level > assay_cpu_level())
        return; /* it will be skipped */
    for (unsigned part = 0; part < SWEEP_SHARDS; part++) {
        assay_sweep_shard *shard = &worker->sweeps[index].parts[part];
        *shard = (assay_sweep_shard){.algorithm = item->algorithm,
                                     .implementation = item->implementation,
                                     .check = item->check->name,
                                     .shard = part,
                                     .shards = SWEEP_SHARDS};
        worker->known[index].parts[part] = worker->sweeps[index].wanted[part] && sink->find_shard(sink->self, shard);
    }
}

void verify_look_up(verify_worker *worker, const verify_sink *sink)
{
    for (size_t i = 0; i < worker->plan.count; i++) {
        worker->known[i].finished = sink->is_finished && sink->is_finished(sink->self, &worker->plan.items[i]);
        if (worker->sweeps[i].parts && sink->find_shard && !worker->known[i].finished)
            look_up_parts(worker, i, sink);
    }
}

/* The share of a rank in the parts of a sweep that are missing; a sweep that cannot run here needs one part to say so.
 */
static void share_parts(verify_worker *worker, size_t index, unsigned rank, unsigned ranks)
{
    verify_sweep_progress *progress = &worker->sweeps[index];
    worker_share *share = &worker->orders->shares[index];
    share->left_out = true;
    for (unsigned part = 0; part < SWEEP_SHARDS; part++) {
        progress->have[part] = progress->wanted[part] && worker->known[index].parts[part];
        if (!progress->wanted[part] || progress->have[part])
            continue;
        share->parts[part] = progress->missing++ % ranks == rank;
        share->left_out = share->left_out && !share->parts[part];
    }
}

void verify_begin(verify_worker *worker, const verify_sink *sink, unsigned rank, unsigned ranks,
                  verify_summary *summary)
{
    for (size_t i = 0; i < worker->plan.count; i++) {
        worker_share *share = &worker->orders->shares[i];
        if (worker->known[i].finished)
            share->left_out = true;
        else if (worker->sweeps[i].parts)
            share_parts(worker, i, rank, ranks);
        else
            share->left_out = i % ranks != rank;
    }
    sem_post(&worker->orders->given);
    if (rank == 0 && sink->begin)
        sink->begin(sink->self, worker->plan.count);
    for (size_t i = 0; rank == 0 && i < worker->plan.count; i++) {
        if (worker->sweeps[i].parts && worker->sweeps[i].missing == 0 && !worker->known[i].finished)
            report_sweep(worker, i, sink, summary);
    }
}

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

static void receive_shard(verify_worker *worker, const verify_message *message, const verify_sink *sink,
                          verify_summary *summary)
{
    const verify_item *item = &worker->plan.items[message->item];
    verify_sweep_progress *progress = &worker->sweeps[message->item];
    assay_sweep_shard shard;
    if (message->size != sizeof shard || !progress->parts)
        return;
    memcpy(&shard, message->payload, sizeof shard);
    shard.algorithm = item->algorithm;
    shard.implementation = item->implementation;
    shard.check = item->check->name;
    if (shard.shard >= SWEEP_SHARDS || progress->have[shard.shard])
        return;
    progress->parts[shard.shard] = shard;
    progress->have[shard.shard] = true;
    progress->missing--;
    if (sink->shard)
        sink->shard(sink->self, &shard);
    unsigned wanted = 0;
    for (unsigned part = 0; part < SWEEP_SHARDS; part++)
        wanted += progress->wanted[part];
    if (sink->advance)
        sink->advance(sink->self, 1 - (double)progress->missing / wanted);
    if (progress->missing == 0 && !progress->reported)
        report_sweep(worker, message->item, sink, summary);
}

static void receive_outcome(verify_worker *worker, const verify_message *message, const verify_sink *sink,
                            verify_summary *summary)
{
    outcome_message m;
    if (message->size != sizeof m)
        return;
    memcpy(&m, message->payload, sizeof m);
    verify_sweep_progress *progress = &worker->sweeps[message->item];
    if (progress->parts) {
        /* A sweep's result comes from its parts, unless it crashed or cannot run here. */
        if (progress->reported || !(m.outcome.failed || m.outcome.skipped))
            return;
        progress->reported = true;
    }
    report(worker, message->item, &m.outcome, m.seconds, sink, summary);
}

void verify_dispatch(verify_worker *worker, const verify_message *message, const verify_sink *sink,
                     verify_summary *summary)
{
    if (message->item >= worker->plan.count)
        return;
    const verify_item *item = &worker->plan.items[message->item];
    switch (message->type) {
    case VERIFY_MESSAGE_START:
        if (sink->start)
            sink->start(sink->self, item);
        break;
    case VERIFY_MESSAGE_OUTCOME: receive_outcome(worker, message, sink, summary); break;
    case VERIFY_MESSAGE_SHARD: receive_shard(worker, message, sink, summary); break;
    case VERIFY_MESSAGE_SERIES:
    case VERIFY_MESSAGE_COUNT:
        if (!keep(worker, message)) /* no memory to wait with */
            hand_out(item, message, sink);
        break;
    default: break;
    }
}

assay_status verify_finish(verify_worker *worker, const verify_sink *sink, verify_summary *summary,
                           bool was_interrupted)
{
    int state = 0;
    if (was_interrupted)
        kill(worker->process, SIGTERM); /* Check passes it on to the check's process */
    while (waitpid(worker->process, &state, 0) < 0 && errno == EINTR)
        continue;
    assay_status status = ASSAY_OK;
    if (was_interrupted)
        status = assay_fail(ASSAY_INTERRUPTED, "interrupted; finished results are kept");
    else if (!WIFEXITED(state) || WEXITSTATUS(state) != EXIT_SUCCESS)
        status =
            assay_fail(ASSAY_IO, "the process that runs the checks ended early (wait status 0x%x)", (unsigned)state);
    for (size_t i = 0; !was_interrupted && i < worker->plan.count; i++) {
        verify_sweep_progress *progress = &worker->sweeps[i];
        if (progress->parts && !progress->reported && progress->missing > 0) {
            verify_outcome o = {.failed = true};
            snprintf(o.reason, sizeof o.reason, "%u parts of the inputs never came", progress->missing);
            report(worker, i, &o, 0, sink, summary);
        }
    }
    release_worker(worker);
    return status;
}

assay_status verify_run(const verify_options *options, const verify_sink *sink, verify_summary *summary)
{
    if (!options || !sink || !summary)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options, sink and summary must not be null");
    const unsigned shards = options->shards ? options->shards : 1;
    if (options->shard >= shards)
        return assay_fail(ASSAY_OUT_OF_RANGE, "shard is %u, must be below %u", options->shard, shards);
    verify_worker worker;
    *summary = (verify_summary){0};
    assay_blas_serial_begin(); /* what forks must not start threads, and what it forks inherits this */
    verify_catch_signals();
    assay_status status = verify_prepare(options, &worker);
    if (status == ASSAY_OK) {
        verify_look_up(&worker, sink);
        verify_begin(&worker, sink, 0, 1, summary);
        bool ended = false, stopped = false, failed = false;
        while (!ended && !stopped && !failed) {
            verify_message message;
            status = verify_receive(worker.pipe, &message, &ended);
            if (status == ASSAY_OK)
                verify_dispatch(&worker, &message, sink, summary);
            stopped = verify_was_interrupted() || (status != ASSAY_OK && !ended);
            verify_message_release(&message);
            failed = options->fail_fast && summary->failed > 0;
        }
        status = verify_finish(&worker, sink, summary, stopped || failed);
        if (failed && !stopped)
            status = ASSAY_OK;
    }
    verify_release_signals();
    assay_blas_serial_end();
    return status;
}
