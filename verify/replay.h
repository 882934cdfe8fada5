/**
 * @file replay.h
 * What replay commands have in common: the user's data.
 */
#ifndef ASSAY_VERIFY_REPLAY_H
#define ASSAY_VERIFY_REPLAY_H

#include <stddef.h>

enum { VERIFY_REPLAY = 4 * 4096 + 1024 /**< bytes of a command with the longest path, each of its letters quoted */ };

/** Writes " --data 'FILE'" if the user gave data (assay_user_data()) and @p algorithm takes it; else an empty text. */
void verify_replay_data(const char *algorithm, char *text, size_t size);

#endif
