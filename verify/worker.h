/* The worker process: goes through the plan, one process for each check. */
#ifndef ASSAY_VERIFY_WORKER_H
#define ASSAY_VERIFY_WORKER_H

#include "verify/runner.h"

#include <semaphore.h>

/* What a worker has to do with an item. */
typedef struct worker_share {
    bool left_out;   /* nothing */
    bool parts[256]; /* of a sweep: these */
} worker_share;

struct verify_orders {
    sem_t given;
    size_t size; /* of all this */
    worker_share shares[];
};

/* What a sweep item has to do and what has come of it. */
struct verify_sweep_progress {
    bool wanted[256]; /* parts that belong to this run */
    bool have[256];   /* parts that have come, or were there before */
    unsigned missing;
    bool reported;
    assay_sweep_shard *parts; /* 256, by part; null if the item is no sweep */
};

/* Lets this process get a signal when its parent dies; ends it if that has happened already. */
void worker_end_with(pid_t parent, int signal_number);

/* Waits for orders, runs everything and exits the process. */
_Noreturn void worker_run(const verify_worker *worker, int pipe);

#endif
