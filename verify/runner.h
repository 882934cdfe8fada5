/**
 * @file runner.h
 * How checks run: a worker process goes through the plan and lets Check fork a process for each check; what they find
 * comes through a pipe, as messages, to the process that called. That one never starts a thread and alone touches the
 * sink, so that a SQLite connection may live there.
 */
#ifndef ASSAY_VERIFY_RUNNER_H
#define ASSAY_VERIFY_RUNNER_H

#include "verify/table.h"

#include <sys/types.h>

/** What a message says about an item of the plan. */
typedef enum verify_message_type {
    VERIFY_MESSAGE_START = 1, /**< the item begins */
    VERIFY_MESSAGE_OUTCOME,   /**< it ended: outcome_message */
    VERIFY_MESSAGE_SERIES,    /**< points to be drawn */
    VERIFY_MESSAGE_COUNT,     /**< a number of operations */
    VERIFY_MESSAGE_SHARD      /**< a finished part of a sweep: an assay_sweep_shard without names */
} verify_message_type;

/** A message. It names the item by its index in the plan, which every rank makes alike. */
typedef struct verify_message {
    uint32_t type;
    uint32_t item;
    uint32_t size;
    unsigned char *payload; /**< released by verify_message_release() */
} verify_message;

/** A sweep item in the eyes of the process that called: its parts as they come. */
typedef struct verify_sweep_progress verify_sweep_progress;

/** What an earlier run has left of an item. Plain bytes, so that one rank can tell the others. */
typedef struct verify_known {
    bool finished;   /**< its result is there */
    bool parts[256]; /**< of a sweep: parts that are there */
} verify_known;

/** What a worker has to do; in memory that it shares with its caller. */
typedef struct verify_orders verify_orders;

/** A worker process and what its caller knows of it. */
typedef struct verify_worker {
    const verify_options *options;
    verify_plan plan;
    verify_known *known;           /**< one for each item */
    verify_sweep_progress *sweeps; /**< one for each item; only those of sweeps are used */
    verify_orders *orders;
    verify_message *kept; /**< series and counts of items that have not ended */
    size_t kept_count, kept_capacity;
    pid_t process;
    int pipe; /**< read end */
} verify_worker;

/** Makes the plan and forks the worker, which waits for its orders. Nothing may have started threads before; what does
 *  not bear a fork (MPI) is started after. */
assay_status verify_prepare(const verify_options *options, verify_worker *worker);

/** Asks the sink which parts and results are already there, and fills @c known. */
void verify_look_up(verify_worker *worker, const verify_sink *sink);

/** Orders the worker to run the share of rank @p rank of @p ranks (0 of 1 for a single process) of what is not @c
 * known. Only rank 0 reports: the plan's length, and at once the sweeps of which nothing is left to do. */
void verify_begin(verify_worker *worker, const verify_sink *sink, unsigned rank, unsigned ranks,
                  verify_summary *summary);

/** Receives one message; ASSAY_INTERRUPTED at a signal, ASSAY_IO at the end of the pipe (then *ended is true). */
assay_status verify_receive(int pipe, verify_message *message, bool *ended);

/** Releases a message's payload. */
void verify_message_release(verify_message *message);

/** Hands what a message says to the sink and counts it. Series and counts wait for the outcome of their item: what is
 *  left of a check that did not end is nothing. */
void verify_dispatch(verify_worker *worker, const verify_message *message, const verify_sink *sink,
                     verify_summary *summary);

/** Ends: stops the worker if it still runs, waits for it, reports sweeps whose parts never came, releases all.
 *  @p interrupted says that missing results are no failures. */
assay_status verify_finish(verify_worker *worker, const verify_sink *sink, verify_summary *summary, bool interrupted);

/** True after SIGINT or SIGTERM. verify_catch_signals() starts to listen, verify_release_signals() restores. */
bool verify_was_interrupted(void);
void verify_catch_signals(void);
void verify_release_signals(void);

#endif
