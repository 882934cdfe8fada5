/* Strong and weak scaling, from the timings that a run took at several numbers of threads. */
#include "reports/scaling.h"

#include "assay/bench.h"
#include "reports/timings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool report_is_weak(const assay_timing *timing)
{
    const size_t length = strlen(timing->workload), suffix = strlen(BENCH_WEAK);
    return length > suffix && strcmp(timing->workload + length - suffix, BENCH_WEAK) == 0;
}

/* Whether @p several is called as @p single is, with its number of threads after it: "avx2-4t" and "avx2". */
static bool is_named_after(const assay_timing *several, const assay_timing *single)
{
    char threads[24];
    snprintf(threads, sizeof threads, "-%dt", several->threads);
    const size_t length = strlen(single->implementation);
    return strncmp(several->implementation, single->implementation, length) == 0 &&
           strcmp(several->implementation + length, threads) == 0;
}

static bool is_single_of(const report_model_timing *single, const report_model_timing *several, bool weak)
{
    const assay_timing *a = &single->record, *b = &several->record;
    const uint64_t times = weak ? (uint64_t)b->threads : 1;
    return single->run == several->run && a->threads == 1 && a->workload == b->workload && a->is_peer == b->is_peer &&
           b->size % times == 0 && a->size == b->size / times && is_named_after(b, a);
}

/* Work of a run of the kernel: what must double when the size does. */
static double work_of(const assay_timing *t)
{
    return t->flops > 0 ? t->flops : t->items;
}

static assay_interval times(assay_interval interval, double factor)
{
    return (assay_interval){interval.estimate * factor, interval.low * factor, interval.high * factor};
}

bool report_scaling_of(const report_model_algorithm *a, const report_model_timing *timing, report_scaling *scaling)
{
    const assay_timing *r = &timing->record;
    *scaling = (report_scaling){.timing = timing, .weak = report_is_weak(r)};
    for (size_t i = 0; r->threads > 1 && i < a->timing_count && !scaling->single; i++) {
        if (is_single_of(&a->timings[i], timing, scaling->weak))
            scaling->single = &a->timings[i];
    }
    if (!scaling->single)
        return false;
    const assay_timing *one = &scaling->single->record;
    const assay_interval faster = report_timing_ratio(one, r, &timing->run->stored.run);
    const double more = scaling->weak ? work_of(r) / work_of(one) : 1;
    scaling->speedup = times(faster, more);
    scaling->efficiency = times(scaling->speedup, 1.0 / r->threads);
    return isfinite(scaling->speedup.estimate);
}

report_scaling *report_scalings(const report_model_algorithm *a, size_t *count)
{
    report_scaling one;
    size_t found = 0;
    *count = 0;
    for (size_t i = 0; i < a->timing_count; i++)
        *count += report_scaling_of(a, &a->timings[i], &one);
    report_scaling *list = *count ? malloc(*count * sizeof *list) : NULL;
    for (size_t i = 0; list && i < a->timing_count; i++) {
        if (report_scaling_of(a, &a->timings[i], &one))
            list[found++] = one;
    }
    return list;
}

const char *report_scaling_kind(const report_scaling *scaling)
{
    return scaling->weak ? "weak" : "strong";
}
