/* PATTERN arguments: that each matches something, and which names are near where one does not. */
#ifndef ASSAY_CLI_PATTERNS_H
#define ASSAY_CLI_PATTERNS_H

#include "cli/options.h"

/* What patterns can match. */
typedef enum pattern_scope { PATTERN_CHECKS = 1, PATTERN_WORKLOADS = 2, PATTERN_ALL = 3 } pattern_scope;

/* True if there are no patterns or one of them matches. */
bool patterns_match(const common_options *common, const char *algorithm, const char *implementation, const char *rest);

/* EXIT_ALL_GOOD if every pattern matches something, else EXIT_USAGE after a complaint that names the nearest. */
int patterns_check(const common_options *common, pattern_scope scope);

/* EXIT_ALL_GOOD if no --data is given, or it can be read and an algorithm that the patterns select takes such input;
 * else EXIT_USAGE after a complaint. */
int patterns_check_data(const common_options *common, pattern_scope scope);

#endif
