/* Accuracy of two revisions: the same quick checks with the same seed, result by result. */
#ifndef ASSAY_CLI_REGRESS_ACCURACY_H
#define ASSAY_CLI_REGRESS_ACCURACY_H

#include "assay/status.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Runs `verify --quick` in both binaries; *changes becomes an array of objects {check, what, base, now, worse}. A
 * change is worse if a check fails that passed, a check's worst error grew, or a claim's verdict sank. */
assay_status regress_compare_accuracy(const char *base_program, const char *program, const char *const *patterns,
                                      size_t pattern_count, uint64_t seed, json_t **changes);

/* The comparison alone, of two texts of JSON lines. */
assay_status regress_compare_results(char *base_lines, char *lines, json_t **changes);

#endif
