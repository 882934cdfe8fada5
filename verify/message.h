/* Messages from the processes that check to the process that called. */
#ifndef ASSAY_VERIFY_MESSAGE_H
#define ASSAY_VERIFY_MESSAGE_H

#include "verify/context.h"
#include "verify/runner.h"

/* Payload of VERIFY_MESSAGE_OUTCOME. Both ends are the same program, so structures travel as they are. */
typedef struct outcome_message {
    verify_outcome outcome;
    double seconds;
} outcome_message;

/* Writes a whole message; returns false if nobody reads any more. */
bool message_send(int pipe, verify_message_type type, size_t item, const void *payload, size_t size);

bool message_send_series(int pipe, size_t item, const assay_series *series);

/* Unpacks a series in place: its strings and points stay in the payload. False if the payload is malformed. */
bool message_unpack_series(const verify_message *message, assay_series *series);

bool message_send_count(int pipe, size_t item, const assay_count *count);

/* The same for a count. */
bool message_unpack_count(const verify_message *message, assay_count *count);

#endif
