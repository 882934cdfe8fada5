/* One measurement of one benchmark by one binary, in a fresh process. */
#ifndef ASSAY_CLI_REGRESS_MEASURE_H
#define ASSAY_CLI_REGRESS_MEASURE_H

#include "assay/status.h"

#include <stdbool.h>
#include <stdint.h>

/* How benchmarks are measured. */
typedef struct regress_settings {
    bool instructions; /* count instructions under callgrind, at the AVX2 level, instead of taking the time */
    bool all_sizes;    /* not only the quick ones */
    uint64_t seed;
} regress_settings;

/* Seconds (or instructions) of one run of the benchmark's kernel. ASSAY_MISMATCH if this binary does not have the
 * benchmark, ASSAY_UNSUPPORTED if the machine lacks what it needs; the message says which. */
assay_status regress_measure(const char *program, const char *name, bool one_thread, const regress_settings *settings,
                             double *measured);

/* ASSAY_UNSUPPORTED if valgrind is not installed. */
assay_status regress_need_valgrind(void);

#endif
