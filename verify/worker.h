/* The worker process: goes through the plan, one process for each check. */
#ifndef ASSAY_VERIFY_WORKER_H
#define ASSAY_VERIFY_WORKER_H

#include "verify/runner.h"

/* What a sweep item has to do and what has come of it. */
struct verify_sweep_progress {
    bool wanted[256]; /* parts that belong to this run */
    bool here[256];   /* of them, those that this process runs */
    bool have[256];   /* parts that have come, or were there before */
    unsigned missing;
    bool reported;
    assay_sweep_shard *parts; /* 256, by part; null if the item is no sweep */
};

/* Runs everything and exits the process. */
_Noreturn void worker_run(const verify_worker *worker, int pipe);

#endif
