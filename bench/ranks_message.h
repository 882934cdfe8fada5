/* What one rank tells another of a group that it has timed: the records of the group, as bytes. Both ends are the same
 * program on the same kind of machine, so structures travel as they are, and what their pointers pointed to behind. */
#ifndef ASSAY_BENCH_RANKS_MESSAGE_H
#define ASSAY_BENCH_RANKS_MESSAGE_H

#include "assay/bench.h"

/* Bytes that grow; released by free(data). After a failure to allocate nothing more is added. */
typedef struct ranks_message {
    unsigned char *data;
    size_t size, capacity;
    bool failed;
} ranks_message;

void ranks_message_add_timing(ranks_message *m, const assay_timing *timing);
void ranks_message_add_skipped(ranks_message *m, const bench_item *item, const char *reason);

/* Hands the records of a message to a sink. False if it is malformed. */
bool ranks_message_deliver(const unsigned char *data, size_t size, const bench_sink *sink);

#endif
