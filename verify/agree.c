/* Agreement of results that are no map of arrays: see verify_agree(). */
#include "verify/context.h"
#include "verify/saboteur.h"

#include "assay/threads.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int verify_thread_counts[] = {1, 2, 5, 0};

void verify_spoil(void *results, size_t bytes)
{
    if (results)
        memset(results, 0xff, bytes);
}

void verify_use_reference(verify_context *v)
{
    (void)v;
    assay_cpu_set_level(ASSAY_REFERENCE);
    assay_set_threads(1);
}

void verify_use_level(verify_context *v, int threads)
{
    assay_cpu_set_level(verify_level_of(v)); /* the runner has made sure that the machine has it */
    assay_set_threads(threads);
}

/* What an output holds that was never written: NaN as floating-point numbers. */
static void *never_written(size_t bytes)
{
    void *stale = malloc(bytes + 1);
    if (stale)
        memset(stale, 0xff, bytes);
    return stale;
}

bool verify_agree(verify_context *v, verify_metric metric, double tolerance, verify_type type, const void *expected,
                  const void *actual, size_t n, const char *format, ...)
{
    char what[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    const verify_difference d = verify_compare(metric, type, expected, actual, n);
    verify_at_most(v, d.measure, tolerance, verify_metric_unit(metric), "%s [%zu]: %.9g (%a), reference %.9g (%a)",
                   what, d.where, d.actual, d.actual, d.expected, d.expected);
    if (!(d.measure <= tolerance))
        return false;
    void *stale = never_written(n * verify_type_size(type));
    if (!verify_true(v, stale, "memory for planted faults"))
        return false;
    unsigned planted = 0;
    const char *accepted = saboteur_find_blindness(metric, tolerance, type, expected, actual, stale, n,
                                                   verify_random(v, UINT64_MAX), &planted);
    free(stale);
    return verify_true(v, !accepted, "blind check: the comparison of %s accepts %s", what, accepted ? accepted : "") &&
           verify_true(v, n == 0 || planted, "blind check: no fault could be planted in %s", what);
}
