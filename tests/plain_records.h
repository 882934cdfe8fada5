/* Records of which a test sets only what it looks at: all other numbers are unknown, all other texts empty. */
#ifndef ASSAY_TESTS_PLAIN_RECORDS_H
#define ASSAY_TESTS_PLAIN_RECORDS_H

#include "assay/record.h"

/* A whole run on a machine with two processors and AVX-512. */
assay_run plain_run(const char *command, const char *revision, const char *started);

/* Nine repetitions with one thread. */
assay_timing plain_timing(const char *algorithm, const char *implementation, const char *workload, uint64_t size,
                          const double seconds[9]);

#endif
