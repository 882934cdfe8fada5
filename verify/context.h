/* A check in progress, in the process that runs it, and the outcome that it leaves in memory shared with the runner. */
#ifndef ASSAY_VERIFY_CONTEXT_H
#define ASSAY_VERIFY_CONTEXT_H

#include "assay/verify.h"

/* Lives in shared memory, so that a check that crashes leaves what it had found. */
typedef struct verify_outcome {
    bool done; /* the check came to its end */
    bool failed;
    bool skipped;
    bool measured_something;
    bool asserted_something;
    int at_least;
    double measured, limit;
    double tightness; /* measured over limit (or the inverse): the measurement shown is the tightest one */
    char unit[48];
    char reason[640];   /* of the failure or the skip */
    char underway[200]; /* what was being done, in case it crashes */
    char place[320];    /* where the tightest measurement was taken */
    char note[320];
    /* claims */
    bool is_claim;
    assay_verdict claim_verdict;
    double spread_low, spread_high;
    int seeds, seeds_passed;
} verify_outcome;

struct verify_context {
    const verify_item *item;
    verify_outcome *outcome;
    verify_depth depth;
    uint64_t seed;
    int pipe; /* where series and shards go; -1: nowhere */
    size_t index;
};

/* Runs the check of the context to its end and sets outcome->done. */
void verify_perform(verify_context *v);

/* The kinds of check that the harness itself carries out. */
void verify_perform_kernel(verify_context *v, const verify_kernel *kernel);
void verify_perform_claim(verify_context *v, const verify_claim *claim);

/* What the measure of a metric counts, in words. */
const char *verify_metric_unit(verify_metric metric);

#endif
