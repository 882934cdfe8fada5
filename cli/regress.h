/**
 * @file regress.h
 * The parts of `assay regress`: another revision's binary, paired measurements of both, and the verdicts.
 */
#ifndef ASSAY_CLI_REGRESS_H
#define ASSAY_CLI_REGRESS_H

#include "assay/statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- regress_build.c: the binary of another revision --------------------------------------------------------------
 */

/** A revision, built. */
typedef struct regress_base {
    char hash[64];      /**< its full hash */
    char program[4096]; /**< its assay command */
} regress_base;

/** Builds @p revision in a git worktree under build/regress/<hash>; what is already built there is used again.
 *  ASSAY_INVALID_ARGUMENT if there is no such revision, ASSAY_UNSUPPORTED if it does not build (the message names the
 *  log) or there is no git repository. Progress goes to @p progress, which may be null. */
assay_status regress_build(const char *revision, FILE *progress, regress_base *base);

/** How a program is run. */
enum {
    CAPTURE_PLAINLY = 0,
    CAPTURE_PINNED = 1, /**< on one processor */
    CAPTURE_COPIED = 2  /**< from a fresh copy in memory, under a name of its own: see regress_build.c */
};

/** Runs a program, its standard output into a text that the caller frees, at most @p seconds long (0: no limit);
 *  *exit_status is 128 + the signal if one ended it. */
assay_status regress_capture(const char *const *arguments, double seconds, unsigned how, char **output,
                             int *exit_status);

/* ---- regress_verdict.c: what pairs of measurements say -------------------------------------------------------------
 */

/** The verdict on one benchmark. */
typedef enum regress_verdict { REGRESS_SAME, REGRESS_FASTER, REGRESS_SLOWER, REGRESS_UNDECIDED } regress_verdict;

const char *regress_verdict_name(regress_verdict verdict);

/** One benchmark of both revisions, measured in pairs. */
typedef struct regress_comparison {
    char name[512];     /**< algorithm/implementation/workload/size */
    double *base, *now; /**< seconds (or instructions), pair by pair */
    size_t pairs, capacity;
    assay_interval ratio; /**< median of now / base with its 95 % interval */
    double p;             /**< two-sided sign test of the pairs */
    double adjusted;      /**< p corrected for the number of benchmarks (Benjamini and Hochberg) */
    regress_verdict verdict;
    bool confirming;   /**< looked slower or faster: measured anew, and judged by the new pairs alone */
    char problem[256]; /**< why there is no measurement; empty if there is one */
} regress_comparison;

/** Appends a pair. */
assay_status regress_add_pair(regress_comparison *c, double base, double now);

/** Forgets the pairs, for a confirmation by new ones. */
void regress_forget_pairs(regress_comparison *c);

void regress_release(regress_comparison *c);

/** Computes ratio and p of one comparison with at least one pair. */
assay_status regress_estimate(regress_comparison *c, uint64_t seed);

/** True if the interval is narrower than the threshold, so that more pairs would not change the verdict. */
bool regress_is_precise(const regress_comparison *c, double threshold);

/**
 * Corrects the p values for their number and gives the verdicts: slower (faster) if the adjusted p is below @p rate and
 * the ratio is above 1 + threshold (below 1 / (1 + threshold)); same if the whole interval lies within the threshold,
 * or the change is significant but smaller than it; else undecided.
 */
assay_status regress_decide(regress_comparison *c, size_t count, double threshold, double rate);

#endif
