/* Medians, speedups over the reference and over peers, fractions of the limit. */
#include "reports/timings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many as `assay bench` can ask for, 10000 repetitions, get them all; of more, which a file may claim to have, the
 * work no longer grows as fast. */
enum { RESAMPLES = 1000, FEWEST_RESAMPLES = 100, DRAWS = 10000 * RESAMPLES };

static size_t resamples_of(size_t repetitions)
{
    if (repetitions <= DRAWS / RESAMPLES)
        return RESAMPLES;
    return repetitions < DRAWS / FEWEST_RESAMPLES ? DRAWS / repetitions : FEWEST_RESAMPLES;
}

static const double confidence = 0.95;
static const assay_interval unknown = {NAN, NAN, NAN};

bool report_timing_batch_add(report_timing_batch *batch, report_arena *arena, const assay_timing *timing)
{
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity ? 2 * batch->capacity : 64;
        assay_timing *timings = realloc(batch->timings, capacity * sizeof *timings);
        if (!timings)
            return false;
        batch->timings = timings;
        batch->capacity = capacity;
    }
    assay_timing t = *timing;
    const char **const strings[] = {&t.algorithm, &t.implementation,  &t.workload, &t.limit_name,
                                    &t.note,      &t.counters_reason, &t.replay,   &t.quality_label};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (!(*strings[i] = report_arena_string(arena, *strings[i])))
            return false;
    }
    double *seconds = report_arena_allocate(arena, t.repetitions, sizeof *seconds);
    if (!seconds)
        return false;
    if (t.repetitions)
        memcpy(seconds, t.seconds, t.repetitions * sizeof *seconds);
    t.seconds = seconds;
    batch->timings[batch->count++] = t;
    return true;
}

void report_timing_batch_free(report_timing_batch *batch)
{
    free(batch->timings);
    *batch = (report_timing_batch){0};
}

static bool same_job(const assay_timing *a, const assay_timing *b)
{
    return a->algorithm == b->algorithm && a->workload == b->workload && a->size == b->size;
}

bool report_same_benchmark(const assay_timing *a, const assay_timing *b)
{
    return same_job(a, b) && a->implementation == b->implementation && a->threads == b->threads;
}

const assay_timing *report_timing_batch_reference(const report_timing_batch *batch, const assay_timing *timing)
{
    const assay_timing *reference = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        const assay_timing *t = &batch->timings[i];
        if (t->is_reference && same_job(t, timing) && (!reference || t->threads < reference->threads))
            reference = t;
    }
    return reference;
}

static double median_of(const assay_timing *t)
{
    double median;
    return assay_median(t->seconds, t->repetitions, &median) == ASSAY_OK ? median : NAN;
}

/* The fastest peer with as many threads; null if there is none. */
static const assay_timing *fastest_peer(const report_timing_batch *batch, const assay_timing *timing)
{
    const assay_timing *fastest = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        const assay_timing *t = &batch->timings[i];
        if (t->is_peer && same_job(t, timing) && t->threads == timing->threads && median_of(t) > 0 &&
            (!fastest || median_of(t) < median_of(fastest)))
            fastest = t;
    }
    return fastest;
}

/* One stream for each benchmark, so that its interval does not depend on what else was timed. */
static assay_random stream_of(const assay_run *run, const assay_timing *t)
{
    uint64_t h = 0xcbf29ce484222325u;
    const char *const names[] = {t->algorithm, t->implementation, t->workload};
    for (size_t i = 0; i < 3; i++) {
        for (const char *p = names[i]; *p; p++)
            h = (h ^ (unsigned char)*p) * 0x100000001b3u;
        h = (h ^ 0xff) * 0x100000001b3u;
    }
    h = (h ^ t->size) * 0x100000001b3u;
    return (assay_random){.seed = run->seed, .stream = (h ^ (uint64_t)t->threads) * 0x100000001b3u};
}

/* How many times as fast as @p slow is @p fast? */
static assay_interval ratio(const assay_timing *slow, const assay_timing *fast, assay_random r)
{
    assay_interval interval = unknown;
    if (slow && assay_bootstrap_ratio(
                    slow->seconds, slow->repetitions, fast->seconds, fast->repetitions, confidence,
                    resamples_of(slow->repetitions > fast->repetitions ? slow->repetitions : fast->repetitions), r,
                    &interval) != ASSAY_OK)
        interval = unknown;
    return interval;
}

assay_interval report_timing_ratio(const assay_timing *slow, const assay_timing *fast, const assay_run *run)
{
    return ratio(slow, fast, stream_of(run, fast));
}

void report_timing_batch_evaluate(const report_timing_batch *batch, const assay_timing *timing, const assay_run *run,
                                  report_model_timing *out)
{
    assay_random r = stream_of(run, timing);
    const assay_timing *reference = report_timing_batch_reference(batch, timing);
    const assay_timing *peer = timing->is_peer || timing->is_reference ? NULL : fastest_peer(batch, timing);
    out->record = *timing;
    out->has_reference = reference;
    out->same_threads = reference && reference->threads == timing->threads;
    if (assay_bootstrap_median(timing->seconds, timing->repetitions, confidence, resamples_of(timing->repetitions), r,
                               &out->median) != ASSAY_OK)
        out->median = unknown;
    out->speedup = reference == timing ? (assay_interval){1, 1, 1} : ratio(reference, timing, r);
    out->over_peer = ratio(peer, timing, r);
    out->peer = peer ? peer->implementation : "";
    out->limit_fraction = timing->limit_seconds / out->median.estimate;
}

static int compare_timings(const void *a, const void *b)
{
    const assay_timing *x = &((const report_model_timing *)a)->record, *y = &((const report_model_timing *)b)->record;
    int order = strverscmp(x->workload, y->workload);
    order = order ? order : (x->size > y->size) - (x->size < y->size);
    order = order ? order : !!y->is_reference - !!x->is_reference;
    order = order ? order : !!x->is_peer - !!y->is_peer;
    order = order ? order : report_compare_implementations(x->implementation, y->implementation);
    return order ? order : (x->threads > y->threads) - (x->threads < y->threads);
}

void report_timings_sort(report_model_timing *timings, size_t count)
{
    if (count)
        qsort(timings, count, sizeof *timings, compare_timings);
}
