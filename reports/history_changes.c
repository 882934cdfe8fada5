/* Where series changed, and whether their newest run is in a new, worse segment. docs/statistics.md has the reasons. */
#include "reports/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000, PERMUTATION_STREAM = 0x636870 /* "chp" */, RATIO_STREAM = 0x726174 /* "rat" */ };

static const double default_threshold = 0.03, default_rate = 0.01, confidence = 0.95;

/* Of what is marked, as nothing fails for it. */
static const double marking_rate = 0.05;

/* Errors repeat to the last digits, which another order of summation may move: what is beyond them counts. */
static const double accuracy_threshold = 1e-9;

/* What all evaluations share: the options without zeros. */
typedef struct evaluation {
    report_history *history;
    double threshold, rate;
    report_history_options options;
} evaluation;

/* ---- Segments -----------------------------------------------------------------------------------------------------
 */

void report_segment_of(const report_history_series *s, size_t at, size_t *first, size_t *end)
{
    *first = 0;
    *end = s->count;
    for (size_t i = 0; i < s->change_count; i++) {
        if (s->changes[i].at <= at)
            *first = s->changes[i].at;
        else if (s->changes[i].at < *end)
            *end = s->changes[i].at;
    }
}

double report_level(const report_history_series *s, size_t first, size_t end)
{
    double median = NAN, *values = malloc((end - first + 1) * sizeof *values);
    for (size_t i = first; values && i < end; i++)
        values[i - first] = s->points[i].value;
    if (!values || end == first || assay_median(values, end - first, &median) != ASSAY_OK)
        median = NAN;
    free(values);
    return median;
}

/* ---- The numbers that are tested ----------------------------------------------------------------------------------
 */

static bool all_positive(const report_history_series *s)
{
    bool positive = true;
    for (size_t i = 0; i < s->count; i++)
        positive &= s->points[i].value > 0;
    return positive;
}

/* The larger, the worse; logarithms where there are, so that equal ratios are equal steps. Released by the caller. */
static double *numbers_of(const report_history_series *s)
{
    double *x = malloc((s->count + 1) * sizeof *x);
    const bool positive = all_positive(s);
    for (size_t i = 0; x && i < s->count; i++) {
        x[i] = positive ? log(s->points[i].value) : s->points[i].value;
        x[i] = s->at_least ? -x[i] : x[i];
    }
    return x;
}

static double threshold_of(const evaluation *e, const report_history_series *s)
{
    return s->measure == REPORT_TIME ? e->threshold : accuracy_threshold;
}

/* The step of these numbers that counts. */
static double size_of(const evaluation *e, const report_history_series *s)
{
    double most = 0;
    if (all_positive(s))
        return log1p(threshold_of(e, s));
    for (size_t i = 0; i < s->count; i++)
        most = fmax(most, fabs(s->points[i].value));
    return threshold_of(e, s) * most;
}

/* One stream for each series, so that it does not depend on which others are looked at. */
static assay_random stream_of(const evaluation *e, const report_history_series *s, uint64_t purpose)
{
    uint64_t h = 0xcbf29ce484222325u ^ purpose;
    const char *const names[] = {s->algorithm, s->implementation, s->name, s->workload};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (const char *p = names[i]; *p; p++)
            h = (h ^ (unsigned char)*p) * 0x100000001b3u;
        h = (h ^ 0xff) * 0x100000001b3u;
    }
    return (assay_random){.seed = e->options.seed, .stream = (h ^ s->size) * 0x100000001b3u};
}

static bool is_constant(const report_history_series *s)
{
    for (size_t i = 1; i < s->count; i++) {
        if (s->points[i].value != s->points[0].value)
            return false;
    }
    return true;
}

/* ---- Changes over all runs ----------------------------------------------------------------------------------------
 */

static assay_status find_points(const evaluation *e, const report_history_series *s, double level, size_t most,
                                assay_change_point *points, size_t *count)
{
    double *x = numbers_of(s);
    const assay_change_options options = {.level = level, .most = most, .random = stream_of(e, s, PERMUTATION_STREAM)};
    const assay_status status = x ? assay_change_points(x, s->count, &options, points, count)
                                  : assay_fail(ASSAY_NO_MEMORY, "no memory for a series of %zu runs", s->count);
    free(x);
    return status;
}

/* The ratio of the segments' medians with its interval; no number where it means nothing. */
static assay_interval ratio_at(const evaluation *e, const report_history_series *s, size_t at)
{
    size_t before, after, end;
    assay_interval ratio = {NAN, NAN, NAN};
    report_segment_of(s, at - 1, &before, &end);
    report_segment_of(s, at, &after, &end);
    double *values = malloc((s->count + 1) * sizeof *values);
    for (size_t i = 0; values && i < s->count; i++)
        values[i] = s->points[i].value;
    if (!values || !all_positive(s) ||
        assay_bootstrap_ratio(values + at, end - at, values + before, at - before, confidence, RESAMPLES,
                              stream_of(e, s, RATIO_STREAM), &ratio) != ASSAY_OK)
        ratio = (assay_interval){NAN, NAN, NAN};
    free(values);
    return ratio;
}

/* The step between the medians of the segments on both sides of a change, in the numbers that are tested. */
static double step_at(const report_history_series *s, size_t at)
{
    size_t before, after, middle, end;
    report_segment_of(s, at - 1, &before, &middle);
    report_segment_of(s, at, &after, &end);
    const double a = report_level(s, before, at), b = report_level(s, at, end);
    const double step = all_positive(s) ? log(b / a) : b - a;
    return s->at_least ? -step : step;
}

static void remove_change(report_history_series *s, size_t which)
{
    s->change_count--;
    memmove(s->changes + which, s->changes + which + 1, (s->change_count - which) * sizeof *s->changes);
}

/* Significant alone is not enough: what is smaller than the size that counts is taken away, the smallest first, as that
 * joins its segments. */
static void drop_small_changes(const evaluation *e, report_history_series *s)
{
    while (s->changes && s->change_count) {
        size_t least = 0;
        for (size_t i = 1; i < s->change_count; i++) {
            if (fabs(step_at(s, s->changes[i].at)) < fabs(step_at(s, s->changes[least].at)))
                least = i;
        }
        if (fabs(step_at(s, s->changes[least].at)) >= size_of(e, s))
            return;
        remove_change(s, least);
    }
}

static assay_status mark_changes(const evaluation *e, report_history_series *s, double level)
{
    size_t count = 0;
    assay_change_point *points = malloc((s->count + 1) * sizeof *points);
    /* One more, for what the test of the newest runs may find. */
    s->changes = report_arena_allocate(&e->history->arena, s->count + 1, sizeof *s->changes);
    assay_status status = points && s->changes
                              ? find_points(e, s, level, 0, points, &count)
                              : assay_fail(ASSAY_NO_MEMORY, "no memory for a series of %zu runs", s->count);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        s->changes[s->change_count++] = (report_history_change){.at = points[i].at, .p = points[i].p};
    free(points);
    drop_small_changes(e, s);
    return status;
}

/* The p-value of the best cut; 1 without one. */
static assay_status first_p(const evaluation *e, const report_history_series *s, double *p)
{
    assay_change_point point;
    size_t count = 0;
    *p = 1;
    if (s->count < REPORT_HISTORY_LEAST || is_constant(s))
        return ASSAY_OK;
    const assay_status status = find_points(e, s, 1, 1, &point, &count);
    if (count)
        *p = point.p;
    return status;
}

/* Benjamini and Hochberg choose the series that changed at all; within those the cuts are tested at the level that
 * Benjamini and Bogomolov give to chosen families: rate times the share of the chosen. */
static assay_status mark_family(const evaluation *e, report_history_series *family, size_t count)
{
    double *p = calloc(count, sizeof *p), *adjusted = calloc(count, sizeof *adjusted);
    assay_status status = p && adjusted ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu series", count);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        status = first_p(e, &family[i], &p[i]);
    if (status == ASSAY_OK)
        status = assay_benjamini_hochberg(p, count, adjusted);
    size_t chosen = 0;
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        chosen += adjusted[i] <= marking_rate;
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        if (adjusted[i] <= marking_rate)
            status = mark_changes(e, &family[i], marking_rate * (double)chosen / (double)count);
    }
    free(adjusted);
    free(p);
    return status;
}

/* ---- The newest run -----------------------------------------------------------------------------------------------
 */

static report_judgement can_be_judged(const evaluation *e, const report_history_series *s)
{
    const report_history_group *g = &e->history->groups[s->group];
    if (s->is_peer || s->is_reference)
        return REPORT_SHOWN;
    if (s->points[s->count - 1].run != g->newest_run)
        return REPORT_ENDED;
    return s->count < ASSAY_RISE_BASE + e->options.confirm ? REPORT_TOO_FEW : REPORT_STEADY;
}

static assay_status test_newest(const evaluation *e, report_history_series *s, assay_rise *rise)
{
    double *x = numbers_of(s);
    const assay_rise_options options = {.changes = {.level = e->rate, .random = stream_of(e, s, PERMUTATION_STREAM)},
                                        .recent = e->options.recent,
                                        .least = e->options.confirm,
                                        .size = size_of(e, s)};
    const assay_status status = x ? assay_newest_rise(x, s->count, &options, rise)
                                  : assay_fail(ASSAY_NO_MEMORY, "no memory for a series of %zu runs", s->count);
    free(x);
    return status;
}

/* Marks where the newest segment begins. Permutations may have found it too, but not as exactly, as they need three
 * numbers on either side. */
static assay_status mark_newest(const evaluation *e, report_history_series *s, size_t at)
{
    report_history_change *last = s->change_count ? &s->changes[s->change_count - 1] : NULL;
    if (last && s->count - last->at <= e->options.recent) {
        last->at = at;
        return ASSAY_OK;
    }
    if (!s->changes)
        s->changes = report_arena_allocate(&e->history->arena, 1, sizeof *s->changes);
    if (!s->changes)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a change");
    s->changes[s->change_count++] = (report_history_change){.at = at, .p = s->adjusted, .newest = true};
    return ASSAY_OK;
}

static assay_status judge_family(const evaluation *e, report_history_series *family, size_t count)
{
    double *p = calloc(count, sizeof *p);
    assay_rise *rises = calloc(count, sizeof *rises);
    size_t judged = 0;
    assay_status status = p && rises ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu series", count);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        report_history_series *s = &family[i];
        s->judgement = can_be_judged(e, s);
        s->p = s->adjusted = NAN;
        if (s->judgement != REPORT_STEADY)
            continue;
        status = test_newest(e, s, &rises[judged]);
        s->p = rises[judged].p;
        p[judged++] = s->p;
    }
    if (status == ASSAY_OK && judged)
        status = assay_benjamini_hochberg(p, judged, p);
    for (size_t i = 0, k = 0; status == ASSAY_OK && i < count; i++) {
        report_history_series *s = &family[i];
        if (s->judgement != REPORT_STEADY)
            continue;
        s->adjusted = p[k];
        if (s->adjusted <= e->rate) {
            s->judgement = REPORT_WORSE;
            status = mark_newest(e, s, rises[k].at);
        }
        k++;
    }
    free(rises);
    free(p);
    return status;
}

/* ---- All of it ----------------------------------------------------------------------------------------------------
 */

/* The series of one measure, group and algorithm are tested together: the verdict on an algorithm does not depend on
 * which others are looked at, and with hundreds of series no permutations would be enough. */
static bool is_same_family(const report_history_series *a, const report_history_series *b)
{
    return a->measure == b->measure && a->group == b->group && a->algorithm == b->algorithm;
}

static void measure_changes(const evaluation *e, report_history_series *s)
{
    for (size_t i = 0; i < s->change_count; i++) {
        s->changes[i].ratio = ratio_at(e, s, s->changes[i].at);
        s->changes[i].worse = step_at(s, s->changes[i].at) > 0;
    }
}

assay_status report_history_evaluate(report_history *history, const report_history_options *options)
{
    evaluation e = {.history = history,
                    .options = *options,
                    .threshold = options->threshold > 0 ? options->threshold : default_threshold,
                    .rate = options->rate > 0 ? options->rate : default_rate};
    e.options.recent = options->recent ? options->recent : 5;
    e.options.confirm = options->confirm ? options->confirm : 1;
    assay_status status = ASSAY_OK;
    for (size_t i = 0, end; status == ASSAY_OK && i < history->series_count; i = end) {
        for (end = i + 1; end < history->series_count && is_same_family(&history->series[i], &history->series[end]);)
            end++;
        status = mark_family(&e, history->series + i, end - i);
        if (status == ASSAY_OK)
            status = judge_family(&e, history->series + i, end - i);
    }
    for (size_t i = 0; status == ASSAY_OK && i < history->series_count; i++)
        measure_changes(&e, &history->series[i]);
    return status;
}
