/* Benchmarks under mpirun. A rank above 0 keeps the records of a group until it begins the next one, and sends them
 * while it times that one; rank 0 looks for what has come between its own groups, and waits for the rest at the end. */
#include "bench/ranks.h"

#include "assay/build.h"
#include "assay/threads.h"
#include "bench/plan.h"
#include "bench/ranks_message.h"

#include <stdlib.h>
#include <string.h>

#if ASSAY_HAVE_MPI

#include "verify/ranks_talk.h"

#include <math.h>
#include <poll.h>
#include <signal.h>

/* NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker): every request is waited for, by wait_for(), which sleeps */

/* A rank above 0 sends groups, then that it is done; rank 0 may tell it to stop, and at the end tells it how all went.
 */
enum { TAG_GROUP = 1, TAG_DONE, TAG_STOP, TAG_END, PATIENCE = 10 /* milliseconds between looks */ };

/* A run in progress. */
typedef struct sharing {
    bench_ranks *ranks;
    const bench_sink *sink; /* rank 0's */
    ranks_message group;    /* rank above 0: records not sent yet */
    ranks_message sent;     /* those on their way */
    MPI_Request sending;
    int done;             /* rank 0: how many others have ended */
    bool stopping;        /* the others were told to stop, or this one was */
    ranks_ending problem; /* the first one */
} sharing;

static volatile sig_atomic_t interrupted; /* outside of bench_run(), which has its own */

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* MPI's own waiting keeps a processor busy, which another rank on this host may be timing on. */
static void wait_for(MPI_Request *request)
{
    for (int there = 0; !there;) {
        MPI_Test(request, &there, MPI_STATUS_IGNORE);
        if (!there)
            poll(NULL, 0, PATIENCE);
    }
    MPI_Wait(request, MPI_STATUS_IGNORE); /* at once: it is none any more */
}

static void gather(const void *mine, void *all, size_t size)
{
    MPI_Request request;
    MPI_Iallgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD, &request);
    wait_for(&request);
}

/* ---- Getting together -------------------------------------------------------------------------------------------- */

/* What a rank tells the others of itself. */
typedef struct introduction {
    uint64_t items, seed, level, threads, shard, shards;
    char revision[64];
    assay_status status; /* of making its plan; from here on ranks may differ */
    char error[256];
    char host[MPI_MAX_PROCESSOR_NAME], identity[MPI_MAX_PROCESSOR_NAME], machine[128];
} introduction;

/* Containers on one host have names of their own, but one kernel. */
static void identify_host(introduction *me)
{
    char name[MPI_MAX_PROCESSOR_NAME];
    int length;
    MPI_Get_processor_name(name, &length);
    snprintf(me->host, sizeof me->host, "%s", name);
    snprintf(me->identity, sizeof me->identity, "%s", name);
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file && !fgets(me->identity, sizeof me->identity, file))
        snprintf(me->identity, sizeof me->identity, "%s", name);
    if (file)
        fclose(file);
}

static void introduce(const bench_options *options, introduction *me)
{
    bench_plan plan;
    memset(me, 0, sizeof *me); /* padding, too: these are compared */
    const assay_status status = plan_make(options, assay_threads(), &plan);
    const ranks_ending e = ranks_ending_of(status);
    if (status == ASSAY_OK) {
        me->items = plan.count;
        plan_release(&plan);
    }
    me->seed = options->seed;
    me->level = (uint64_t)assay_cpu_level();
    me->threads = (uint64_t)assay_threads();
    me->shard = options->shard;
    me->shards = options->shards ? options->shards : 1;
    snprintf(me->revision, sizeof me->revision, "%s", assay_build_revision());
    me->status = status;
    snprintf(me->error, sizeof me->error, "%s", e.error);
    snprintf(me->machine, sizeof me->machine, "%s", assay_cpu_model());
    identify_host(me);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every CPU model once, as a merge of databases names them. */
static char *join_machines(const introduction *all, int count)
{
    const char **names = calloc((size_t)count, sizeof *names);
    char *text = NULL;
    size_t size;
    FILE *out = names ? open_memstream(&text, &size) : NULL;
    for (int i = 0; out && i < count; i++)
        names[i] = all[i].machine;
    if (out)
        qsort(names, (size_t)count, sizeof *names, compare_texts);
    for (int i = 0; out && i < count; i++) {
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            fprintf(out, "%s%s", i > 0 ? "; " : "", names[i]);
    }
    if (out)
        fclose(out);
    free(names);
    return text;
}

static assay_status check_alike(const introduction *all, int count)
{
    for (int i = 0; i < count; i++) {
        if (all[i].status != ASSAY_OK)
            return assay_fail(all[i].status, "%s", all[i].error);
    }
    for (int i = 1; i < count; i++) {
        if (memcmp(&all[i], &all[0], offsetof(introduction, status)) != 0)
            return assay_fail(
                ASSAY_MISMATCH,
                "ranks 0 (on %s) and %d (on %s) differ: revision %s and %s, CPU level %s and %s, %llu and "
                "%llu threads, seed %llu and %llu; give all the same program and options, and --cpu and "
                "--threads where the machines differ",
                all[0].host, i, all[i].host, all[0].revision, all[i].revision,
                assay_level_name((assay_level)all[0].level), assay_level_name((assay_level)all[i].level),
                (unsigned long long)all[0].threads, (unsigned long long)all[i].threads, (unsigned long long)all[0].seed,
                (unsigned long long)all[i].seed);
    }
    return ASSAY_OK;
}

/* The first rank on the host of rank @p rank. */
static int first_on_host(const introduction *all, int rank)
{
    int first = 0;
    while (strcmp(all[first].identity, all[rank].identity) != 0)
        first++;
    return first;
}

static assay_status find_hosts(bench_ranks *r, const introduction *all, bool share_hosts)
{
    r->host = first_on_host(all, r->rank);
    r->hosts = 0;
    for (int i = 0; i < r->ranks; i++) {
        const int first = first_on_host(all, i);
        r->hosts += first == i;
        if (first != i && !share_hosts)
            return assay_fail(
                ASSAY_INVALID_ARGUMENT,
                "ranks %d and %d are both on %s and would disturb each other's timings: start one on each "
                "host (mpirun --map-by ppr:1:node --bind-to none), or none, or say --share-hosts",
                first, i, all[i].host);
    }
    return ASSAY_OK;
}

assay_status bench_ranks_begin(const bench_options *options, bool share_hosts, bench_ranks *r)
{
    if (!options || !r)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", options ? "ranks" : "options");
    *r = (bench_ranks){.options = options};
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &r->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &r->ranks);
    introduction me, *all = calloc((size_t)r->ranks, sizeof *all);
    if (!all)
        ranks_give_up();
    introduce(options, &me);
    gather(&me, all, sizeof me);
    assay_status status = check_alike(all, r->ranks);
    if (status == ASSAY_OK)
        status = find_hosts(r, all, share_hosts);
    if (status == ASSAY_OK && r->rank == 0)
        r->machines = join_machines(all, r->ranks);
    r->items = me.items;
    free(all);
    if (status != ASSAY_OK)
        MPI_Finalize();
    return status;
}

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

/* What a rank tells the others of its host. */
typedef struct survey {
    assay_status status;
    bench_machine machine;
} survey;

/* Of a limit of several hosts the best is kept, as it is when their databases are merged. */
static void keep_best(bench_machine *best, const bench_machine *other)
{
    double *to[] = {&best->bandwidth[0][0][0][0], &best->arithmetic[0][0][0]};
    const double *from[] = {&other->bandwidth[0][0][0][0], &other->arithmetic[0][0][0]};
    const size_t counts[] = {sizeof best->bandwidth / sizeof(double), sizeof best->arithmetic / sizeof(double)};
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < counts[part]; i++)
            to[part][i] = fmax(to[part][i], from[part][i]);
    }
}

static assay_status exchange(void *self, assay_status so_far, bench_machine *machine)
{
    sharing *s = self;
    const bench_ranks *r = s->ranks;
    const survey mine = {.status = so_far, .machine = *machine};
    survey *all = calloc((size_t)r->ranks, sizeof *all);
    if (!all)
        ranks_give_up();
    gather(&mine, all, sizeof mine);
    bench_machine best = all[0].machine;
    assay_status status = so_far;
    for (int i = 0; i < r->ranks; i++) {
        keep_best(&best, &all[i].machine);
        if (status == ASSAY_OK && all[i].status != ASSAY_OK)
            status = assay_fail(all[i].status, "rank %d could not measure the limits of its host", i);
    }
    *machine = all[r->host].machine;
    free(all);
    if (status == ASSAY_OK && r->rank == 0)
        limits_report(&best, s->sink);
    return status;
}

/* ---- Ranks above 0 ----------------------------------------------------------------------------------------------- */

/* Sends the records of the group that is done; the one before it has arrived by now, or this waits for it. */
static void send_group(sharing *s)
{
    MPI_Request *request = &s->sending;
    wait_for(request); /* at once if nothing is on its way */
    const ranks_message used = s->sent;
    s->sent = s->group;
    s->group = used;
    s->group.size = 0;
    if (s->sent.failed) {
        const ranks_ending e =
            ranks_ending_of(assay_fail(ASSAY_NO_MEMORY, "rank %d has no memory for its records", s->ranks->rank));
        ranks_note(&s->problem, &e);
    }
    if (s->sent.size && !s->sent.failed)
        MPI_Isend(s->sent.data, (int)s->sent.size, MPI_BYTE, 0, TAG_GROUP, MPI_COMM_WORLD, request);
}

static void follower_start(void *self, const char *what)
{
    sharing *s = self;
    MPI_Status about;
    (void)what;
    send_group(s);
    if (!s->stopping && ranks_is_waiting(0, TAG_STOP, &about)) {
        ranks_hear(0, TAG_STOP);
        s->stopping = true;
        raise(SIGTERM); /* ends bench_run() */
    }
}

static void follower_timing(void *self, const assay_timing *timing)
{
    ranks_message_add_timing(&((sharing *)self)->group, timing);
}

static void follower_skipped(void *self, const bench_item *item, const char *reason)
{
    ranks_message_add_skipped(&((sharing *)self)->group, item, reason);
}

/* After the last group: sends it, says how it went, and waits to hear how all went. */
static ranks_ending follower_end(sharing *s, assay_status status)
{
    MPI_Status about;
    ranks_ending mine = ranks_ending_of(status), all;
    send_group(s);
    wait_for(&s->sending);
    if (s->problem.status != ASSAY_OK && mine.status == ASSAY_OK)
        mine = s->problem;
    MPI_Send(&mine, sizeof mine, MPI_BYTE, 0, TAG_DONE, MPI_COMM_WORLD);
    while (!ranks_is_waiting(0, TAG_END, &about)) {
        if (ranks_is_waiting(0, TAG_STOP, &about))
            ranks_hear(0, TAG_STOP);
        poll(NULL, 0, PATIENCE);
    }
    MPI_Recv(&all, sizeof all, MPI_BYTE, 0, TAG_END, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return all;
}

/* ---- Rank 0 ------------------------------------------------------------------------------------------------------ */

static void receive_group(sharing *s, const MPI_Status *about)
{
    size_t size;
    unsigned char *data = ranks_receive(about, &size);
    if (!ranks_message_deliver(data, size, s->sink)) {
        const ranks_ending e =
            ranks_ending_of(assay_fail(ASSAY_BAD_DATA, "rank %d sent what cannot be read", about->MPI_SOURCE));
        ranks_note(&s->problem, &e);
    }
    free(data);
}

/* Takes one message of another rank; false if there is none. */
static bool take_one(sharing *s)
{
    MPI_Status about;
    if (ranks_is_waiting(MPI_ANY_SOURCE, TAG_GROUP, &about)) {
        receive_group(s, &about);
        return true;
    }
    if (!ranks_is_waiting(MPI_ANY_SOURCE, TAG_DONE, &about))
        return false;
    ranks_ending e;
    MPI_Recv(&e, sizeof e, MPI_BYTE, about.MPI_SOURCE, TAG_DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    ranks_note(&s->problem, &e);
    s->done++;
    return true;
}

static void leader_start(void *self, const char *what)
{
    sharing *s = self;
    while (take_one(s))
        continue;
    if (s->sink->start)
        s->sink->start(s->sink->self, what);
    if (s->problem.status != ASSAY_OK)
        raise(SIGTERM); /* ends bench_run() */
}

static void leader_timing(void *self, const assay_timing *timing)
{
    const bench_sink *sink = ((sharing *)self)->sink;
    if (sink->timing)
        sink->timing(sink->self, timing);
}

static void leader_skipped(void *self, const bench_item *item, const char *reason)
{
    const bench_sink *sink = ((sharing *)self)->sink;
    if (sink->skipped)
        sink->skipped(sink->self, item, reason);
}

/* After the own last group: waits for the others, which a problem or a signal stops. */
static ranks_ending leader_end(sharing *s, assay_status status)
{
    const ranks_ending mine = ranks_ending_of(status);
    ranks_note(&s->problem, &mine);
    while (s->done + 1 < s->ranks->ranks) {
        if (interrupted && s->problem.status == ASSAY_OK)
            s->problem = ranks_ending_of(assay_fail(ASSAY_INTERRUPTED, "interrupted"));
        for (int rank = 1; s->problem.status != ASSAY_OK && !s->stopping && rank < s->ranks->ranks; rank++)
            ranks_say(rank, TAG_STOP);
        s->stopping = s->stopping || s->problem.status != ASSAY_OK;
        if (!take_one(s))
            poll(NULL, 0, PATIENCE);
    }
    for (int rank = 1; rank < s->ranks->ranks; rank++)
        MPI_Send(&s->problem, sizeof s->problem, MPI_BYTE, rank, TAG_END, MPI_COMM_WORLD);
    return s->problem;
}

/* ---- All together ------------------------------------------------------------------------------------------------ */

/* This rank's part of what the options say: of N shards by R ranks. */
static bench_options options_of_rank(const bench_ranks *r)
{
    bench_options mine = *r->options;
    const unsigned shards = mine.shards ? mine.shards : 1;
    mine.shard += shards * (unsigned)r->rank;
    mine.shards = shards * (unsigned)r->ranks;
    return mine;
}

static ranks_ending run_together(sharing *s)
{
    const bench_ranks *r = s->ranks;
    const bench_sharing limits = {.self = s, .measures = r->host == r->rank, .exchange = exchange};
    const bench_sink leader = {.self = s, .start = leader_start, .timing = leader_timing, .skipped = leader_skipped};
    const bench_sink follower = {
        .self = s, .start = follower_start, .timing = follower_timing, .skipped = follower_skipped};
    const bench_options options = options_of_rank(r);
    if (r->rank == 0 && s->sink->begin)
        s->sink->begin(s->sink->self, r->items);
    const assay_status status = bench_run_shared(&options, r->rank == 0 ? &leader : &follower, &limits);
    return r->rank == 0 ? leader_end(s, status) : follower_end(s, status);
}

assay_status bench_ranks_run(bench_ranks *r, assay_status ready, const bench_sink *sink)
{
    sharing s = {.ranks = r, .sink = sink, .sending = MPI_REQUEST_NULL};
    ranks_ending all = ranks_ending_of(r->rank == 0 ? ready : ASSAY_OK);
    struct sigaction action = {.sa_handler = note_signal}, old_interrupt, old_terminate;
    MPI_Request request;
    interrupted = 0;
    sigaction(SIGINT, &action, &old_interrupt);
    sigaction(SIGTERM, &action, &old_terminate);
    MPI_Ibcast(&all, sizeof all, MPI_BYTE, 0, MPI_COMM_WORLD, &request);
    wait_for(&request);
    if (all.status == ASSAY_OK)
        all = run_together(&s);
    free(s.group.data);
    free(s.sent.data);
    free(r->machines);
    r->machines = NULL;
    MPI_Finalize();
    sigaction(SIGINT, &old_interrupt, NULL);
    sigaction(SIGTERM, &old_terminate, NULL);
    return all.status == ASSAY_OK ? ASSAY_OK : assay_fail(all.status, "%s", all.error);
}

/* NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker) */

#else

assay_status bench_ranks_begin(const bench_options *options, bool share_hosts, bench_ranks *r)
{
    (void)share_hosts;
    if (!options || !r)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", options ? "ranks" : "options");
    *r = (bench_ranks){.options = options};
    return assay_fail(ASSAY_UNSUPPORTED, "started by mpirun, but built without Open MPI: build with MPI=1 "
                                         "(libopenmpi-dev), or start one process, or use --shard");
}

assay_status bench_ranks_run(bench_ranks *r, assay_status ready, const bench_sink *sink)
{
    (void)r, (void)sink;
    return ready == ASSAY_OK ? assay_fail(ASSAY_UNSUPPORTED, "built without Open MPI") : ready;
}

#endif
