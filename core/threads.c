#include "assay/threads.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int threads_set; /* 0: the default */

int assay_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static int default_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    char *end;
    long n = text ? strtol(text, &end, 10) : 0;
    if (text && end != text && (*end == '\0' || *end == ',') && n >= 1 && n <= ASSAY_THREADS_MAX)
        return (int)n;
    return assay_processors();
}

int assay_threads(void)
{
    int n = atomic_load_explicit(&threads_set, memory_order_relaxed);
    return n > 0 ? n : default_threads();
}

assay_status assay_set_threads(int threads)
{
    if (threads < 0 || threads > ASSAY_THREADS_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "threads is %d, must be 0 (default) to %d", threads, ASSAY_THREADS_MAX);
    atomic_store(&threads_set, threads);
    return ASSAY_OK;
}
