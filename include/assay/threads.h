/**
 * @file threads.h
 * How many threads the library uses.
 *
 * Parallel loops say `#pragma omp parallel num_threads(assay_threads())`. Results do not depend on the number of
 * threads unless a function's header says so, with the bound.
 */
#ifndef ASSAY_THREADS_H
#define ASSAY_THREADS_H

#include "assay/status.h"

ASSAY_BEGIN_DECLARATIONS

/** Upper bound of assay_set_threads(). */
#define ASSAY_THREADS_MAX 1024

/** The number of processors that this process may run on. */
int assay_processors(void);

/** The number of threads in force: the one that was set, else OMP_NUM_THREADS if valid, else assay_processors(). */
int assay_threads(void);

/** Sets the number of threads, 1 to ASSAY_THREADS_MAX; 0 restores the default. More threads than processors is allowed.
 */
assay_status assay_set_threads(int threads);

ASSAY_END_DECLARATIONS

#endif
