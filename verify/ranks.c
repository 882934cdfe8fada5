/*
 * Checks under mpirun.
 *
 * Each rank forks its worker before MPI starts, for MPI does not bear forks; the worker waits. Rank 0 tells the others
 * what its database already holds, so that all of them reckon with the same missing parts and only rank 0 needs the
 * database. Then every rank's worker runs its share, ranks above 0 pass the messages on as they are, and rank 0 hands
 * them to its sink with those of its own worker.
 */
#include "verify/ranks.h"

#include "verify/runner.h"

#include <stdlib.h>
#include <string.h>

static bool read_count(const char *name, unsigned *value)
{
    const char *text = getenv(name);
    if (!text || *text < '0' || *text > '9')
        return false;
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    *value = (unsigned)number;
    return *end == '\0' && number < 1u << 20;
}

bool ranks_launched(unsigned *rank, unsigned *ranks)
{
    return read_count("OMPI_COMM_WORLD_RANK", rank) && read_count("OMPI_COMM_WORLD_SIZE", ranks) && *rank < *ranks;
}

static assay_status check_call(const verify_options *options, const verify_sink *sink, const verify_summary *summary)
{
    if (!options || !sink || !summary)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options, sink and summary must not be null");
    const unsigned shards = options->shards ? options->shards : 1;
    if (options->shard >= shards)
        return assay_fail(ASSAY_OUT_OF_RANGE, "shard is %u, must be below %u", options->shard, shards);
    return ASSAY_OK;
}

#if ASSAY_HAVE_MPI

#include "verify/ranks_talk.h"

#include <poll.h>

/* A rank above 0 sends messages, then that it is idle; in between, at most once, that it was interrupted; rank 0 tells
 * it to stop when all are idle or one was interrupted; then it says that it is done, and sends no more. */
enum {
    TAG_MESSAGE = 1, /* of a worker: head and payload */
    TAG_IDLE,
    TAG_INTERRUPT,
    TAG_STOP,
    TAG_DONE,     /* a ranks_ending */
    PATIENCE = 20 /* milliseconds between looks at what has come */
};

typedef struct message_head {
    uint32_t type, item, size, unused; /* 16 bytes: the payload behind it stays aligned */
} message_head;

/* Takes a message of this rank's worker if one comes within @p patience milliseconds; false if none will come any more,
 * then *status says whether that is a failure. */
static bool take_own(int pipe, int patience, verify_message *message, assay_status *status)
{
    struct pollfd event = {.fd = pipe, .events = POLLIN};
    *message = (verify_message){0};
    *status = ASSAY_OK;
    if (poll(&event, 1, patience) <= 0)
        return true;
    bool ended;
    const assay_status received = verify_receive(pipe, message, &ended);
    if (ended)
        return false; /* verify_finish() says whether it should have */
    if (received != ASSAY_OK && received != ASSAY_INTERRUPTED)
        *status = received;
    return *status == ASSAY_OK;
}

/* ---- Ranks above 0 ---------------------------------------------------------------------------------------------- */

static assay_status pass_on(const verify_message *message)
{
    const size_t size = sizeof(message_head) + message->size; /* fits an int: verify_receive() limits it */
    unsigned char *packed = malloc(size);
    if (!packed)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate a message of %u bytes", message->size);
    const message_head head = {message->type, message->item, message->size, 0};
    memcpy(packed, &head, sizeof head);
    memcpy(packed + sizeof head, message->payload, message->size);
    MPI_Send(packed, (int)size, MPI_BYTE, 0, TAG_MESSAGE, MPI_COMM_WORLD);
    free(packed);
    return ASSAY_OK;
}

/* Passes on a message if one comes; false if none will come any more. */
static bool work(verify_worker *worker, assay_status *status)
{
    verify_message message;
    bool goes_on = take_own(worker->pipe, PATIENCE, &message, status);
    if (message.payload) {
        *status = pass_on(&message);
        goes_on = goes_on && *status == ASSAY_OK;
    }
    verify_message_release(&message);
    return goes_on;
}

static void follow(verify_worker *worker)
{
    const verify_sink nobody = {0};
    verify_summary unused = {0};
    assay_status status = ASSAY_OK;
    MPI_Status there;
    bool works = true, complained = false;
    while (!ranks_is_waiting(0, TAG_STOP, &there)) {
        if (!works) {
            poll(NULL, 0, PATIENCE);
        } else if (!work(worker, &status)) {
            works = false;
            ranks_say(0, TAG_IDLE);
        }
        if (verify_was_interrupted() && !complained) {
            complained = true;
            ranks_say(0, TAG_INTERRUPT);
        }
    }
    ranks_hear(0, TAG_STOP);
    ranks_ending e = ranks_ending_of(status);
    status = verify_finish(worker, &nobody, &unused, works || status != ASSAY_OK);
    if (e.status == ASSAY_OK)
        e = ranks_ending_of(status);
    MPI_Send(&e, sizeof e, MPI_BYTE, 0, TAG_DONE, MPI_COMM_WORLD);
}

/* ---- Rank 0 ----------------------------------------------------------------------------------------------------- */

/* What rank 0 knows of the others. */
typedef struct gathering {
    verify_worker *worker;
    const verify_sink *sink;
    verify_summary *summary;
    unsigned idle, done;      /* ranks */
    bool interrupted, broken; /* broken: the own worker sends nonsense */
    ranks_ending problem;     /* the first one */
} gathering;

static void receive_message(gathering *g, const MPI_Status *there)
{
    size_t size;
    unsigned char *packed = ranks_receive(there, &size);
    message_head head;
    memcpy(&head, packed, sizeof head);
    const verify_message message = {head.type, head.item, head.size, packed + sizeof head};
    if (size == sizeof head + head.size)
        verify_dispatch(g->worker, &message, g->sink, g->summary);
    free(packed);
}

/* Takes what has come from other ranks, one message at most; false if there was none. */
static bool take_others(gathering *g)
{
    MPI_Status there;
    if (!ranks_is_waiting(MPI_ANY_SOURCE, MPI_ANY_TAG, &there))
        return false;
    ranks_ending e = {.status = ASSAY_OK};
    switch (there.MPI_TAG) {
    case TAG_MESSAGE: receive_message(g, &there); break;
    case TAG_IDLE:
        ranks_hear(there.MPI_SOURCE, TAG_IDLE);
        g->idle++;
        break;
    case TAG_INTERRUPT:
        ranks_hear(there.MPI_SOURCE, TAG_INTERRUPT);
        g->interrupted = true;
        break;
    default:
        MPI_Recv(&e, sizeof e, MPI_BYTE, there.MPI_SOURCE, TAG_DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        g->done++;
        break;
    }
    ranks_note(&g->problem, &e);
    return true;
}

/* Dispatches a message of this rank's own worker if there is one within @p patience milliseconds. */
static bool take_one_of_own(gathering *g, int patience, bool *any)
{
    verify_message message;
    assay_status status;
    const bool goes_on = take_own(g->worker->pipe, patience, &message, &status);
    const ranks_ending e = ranks_ending_of(status);
    ranks_note(&g->problem, &e);
    g->broken = g->broken || status != ASSAY_OK;
    *any = message.payload != NULL;
    if (*any)
        verify_dispatch(g->worker, &message, g->sink, g->summary);
    verify_message_release(&message);
    return goes_on;
}

static void lead(gathering *g, unsigned ranks)
{
    bool own = true, busy = false;
    while ((own || g->idle + 1 < ranks) && !g->interrupted) {
        bool any = false;
        if (own)
            own = take_one_of_own(g, busy ? 0 : PATIENCE, &any);
        else if (!busy)
            poll(NULL, 0, PATIENCE);
        busy = take_others(g) || any;
        g->interrupted = g->interrupted || verify_was_interrupted();
    }
    for (unsigned rank = 1; rank < ranks; rank++)
        ranks_say((int)rank, TAG_STOP);
    const bool interrupted = g->interrupted; /* later it makes no difference */
    while (g->done + 1 < ranks) {
        if (!take_others(g))
            poll(NULL, 0, PATIENCE);
    }
    const ranks_ending e = ranks_ending_of(verify_finish(g->worker, g->sink, g->summary, interrupted || g->broken));
    if (interrupted)
        g->problem = e;
    ranks_note(&g->problem, &e);
}

/* ---- All together ----------------------------------------------------------------------------------------------- */

/* What must be the same on all ranks. */
typedef struct likeness {
    uint64_t items, seed, level, size_of_known;
} likeness;

/* True on all ranks if all are ready and alike; the message says what is wrong on whichever rank. */
static assay_status check_likeness(const verify_worker *worker, assay_status prepared)
{
    const likeness mine = {worker->plan.count, worker->options ? worker->options->seed : 0, assay_cpu_level(),
                           sizeof *worker->known};
    likeness first = mine;
    MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
    const int here = prepared != ASSAY_OK ? 2 : memcmp(&mine, &first, sizeof mine) != 0;
    int worst;
    MPI_Allreduce(&here, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (prepared != ASSAY_OK || worst == 0)
        return prepared;
    return worst == 2 ? assay_fail(ASSAY_IO, "another rank could not start its worker")
                      : assay_fail(ASSAY_MISMATCH, "the ranks differ in their checks, seed or CPU level");
}

static void run_together(verify_worker *worker, const verify_sink *sink, verify_summary *summary, unsigned rank,
                         unsigned ranks, ranks_ending *all)
{
    if (rank == 0)
        verify_look_up(worker, sink);
    MPI_Bcast(worker->known, (int)(worker->plan.count * sizeof *worker->known), MPI_BYTE, 0, MPI_COMM_WORLD);
    verify_begin(worker, sink, rank, ranks, summary);
    if (rank == 0) {
        gathering g = {.worker = worker, .sink = sink, .summary = summary};
        lead(&g, ranks);
        *all = g.problem;
    } else {
        follow(worker);
    }
    MPI_Bcast(all, sizeof *all, MPI_BYTE, 0, MPI_COMM_WORLD);
    MPI_Bcast(summary, sizeof *summary, MPI_BYTE, 0, MPI_COMM_WORLD);
}

assay_status ranks_verify(const verify_options *options, const verify_sink *sink, verify_summary *summary)
{
    assay_status status = check_call(options, sink, summary);
    if (status != ASSAY_OK)
        return status;
    verify_worker worker;
    *summary = (verify_summary){0};
    verify_catch_signals();
    status = verify_prepare(options, &worker);
    MPI_Init(NULL, NULL);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const bool has_worker = status == ASSAY_OK;
    ranks_ending all = ranks_ending_of(check_likeness(&worker, status));
    if (all.status == ASSAY_OK) {
        run_together(&worker, sink, summary, (unsigned)rank, (unsigned)ranks, &all);
    } else if (has_worker) {
        verify_finish(&worker, &(verify_sink){0}, summary, true);
    }
    MPI_Finalize();
    verify_release_signals();
    return all.status == ASSAY_OK ? ASSAY_OK : assay_fail(all.status, "%s", all.error);
}

#else

assay_status ranks_verify(const verify_options *options, const verify_sink *sink, verify_summary *summary)
{
    assay_status status = check_call(options, sink, summary);
    if (status != ASSAY_OK)
        return status;
    return assay_fail(ASSAY_UNSUPPORTED, "started by mpirun, but built without Open MPI: build with MPI=1 "
                                         "(libopenmpi-dev), or start one process, or use --shard");
}

#endif
