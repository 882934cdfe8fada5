/* Reads series over the runs from the store: which runs can be compared, and what each says. */
#include "reports/history.h"

#include "reports/model.h"
#include "reports/timings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST = 200 };

/* One pass over one run. */
typedef struct reader {
    report_history *history;
    const report_history_options *options;
    size_t run;
    size_t group[REPORT_MEASURES]; /* of the run, + 1; 0: not looked for yet */
    size_t hint;                   /* the series that comes next if this run has the same as the one before */
    report_timing_batch batch;
    assay_status status;
} reader;

static bool fail(reader *r)
{
    r->status = assay_fail(ASSAY_NO_MEMORY, "no memory for the history of run %zu", r->run + 1);
    return false;
}

/* ---- Runs ---------------------------------------------------------------------------------------------------------
 */

typedef struct run_list {
    report_history *history;
    size_t capacity;
    assay_status status;
} run_list;

static bool visit_run(void *self, const report_run *stored)
{
    run_list *list = self;
    report_history *h = list->history;
    report_run *run = report_arena_append(&h->arena, &h->runs, &h->run_count, &list->capacity, sizeof *run);
    bool kept = run != NULL;
    if (run) {
        *run = *stored;
        assay_run *r = &run->run;
        const char **const strings[] = {&r->command, &r->revision, &r->compiler, &r->flags,   &r->machine, &r->system,
                                        &r->level,   &r->depth,    &r->shard,    &r->started, &r->data};
        for (size_t i = 0; kept && i < sizeof strings / sizeof *strings; i++)
            kept = (*strings[i] = report_arena_string(&h->arena, *strings[i])) != NULL;
    }
    if (!kept)
        list->status = assay_fail(ASSAY_NO_MEMORY, "no memory for the runs of the history");
    return kept;
}

/* By time, then by number: joined databases number their runs anew. */
static int compare_runs(const void *a, const void *b)
{
    const report_run *x = a, *y = b;
    const int order = strcmp(x->run.started, y->run.started);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* ---- Groups -------------------------------------------------------------------------------------------------------
 */

static bool is_of_group(const report_history_group *g, report_measure measure, const assay_run *r)
{
    return g->measure == measure && g->machine == r->machine && g->compiler == r->compiler && g->flags == r->flags &&
           g->data == r->data && g->processors == r->processors && (measure == REPORT_TIME || g->depth == r->depth);
}

/* The group of the run that is read, with the run counted in. */
static bool enter_group(reader *r, report_measure measure, size_t *group)
{
    report_history *h = r->history;
    const assay_run *run = &h->runs[r->run].run;
    if (!r->group[measure]) {
        size_t g = 0;
        while (g < h->group_count && !is_of_group(&h->groups[g], measure, run))
            g++;
        if (g == h->group_count) {
            report_history_group *made =
                report_arena_append(&h->arena, &h->groups, &h->group_count, &h->group_capacity, sizeof *made);
            if (!made)
                return fail(r);
            *made = (report_history_group){.measure = measure,
                                           .machine = run->machine,
                                           .compiler = run->compiler,
                                           .flags = run->flags,
                                           .data = run->data,
                                           .depth = measure == REPORT_TIME ? "" : run->depth,
                                           .processors = run->processors};
        }
        h->groups[g].runs++;
        h->groups[g].newest_run = r->run;
        r->group[measure] = g + 1;
    }
    *group = r->group[measure] - 1;
    return true;
}

/* ---- Series -------------------------------------------------------------------------------------------------------
 */

static bool is_same_series(const report_history_series *a, const report_history_series *b)
{
    return a->measure == b->measure && a->group == b->group && a->name == b->name && a->algorithm == b->algorithm &&
           a->implementation == b->implementation && a->workload == b->workload && a->size == b->size &&
           a->threads == b->threads;
}

/* The series of the description, which is entered if it is new; runs that have the same series in the same order find
 * them at once. */
static report_history_series *series_of(reader *r, const report_history_series *description)
{
    report_history *h = r->history;
    for (size_t i = 0; i < h->series_count; i++) {
        const size_t k = (r->hint + i) % h->series_count;
        if (is_same_series(&h->series[k], description)) {
            r->hint = k + 1;
            return &h->series[k];
        }
    }
    report_history_series *made =
        report_arena_append(&h->arena, &h->series, &h->series_count, &h->series_capacity, sizeof *made);
    if (made)
        *made = *description;
    return made;
}

/* Enters a point; measured again within a run, the later one holds. */
static bool enter(reader *r, const report_history_series *description, report_history_point point)
{
    report_history_series *s = series_of(r, description);
    if (!s)
        return fail(r);
    report_history_point *slot = s->count ? &s->points[s->count - 1] : NULL;
    if (!slot || slot->run != point.run)
        slot = report_arena_append(&r->history->arena, &s->points, &s->count, &s->capacity, sizeof *slot);
    if (!slot)
        return fail(r);
    *slot = point;
    s->unit = description->unit;
    s->at_least = description->at_least;
    return true;
}

static bool is_selected(const reader *r, const char *algorithm, const char *implementation, const char *rest)
{
    return !r->options->selects || r->options->selects(r->options->self, algorithm, implementation, rest);
}

/* ---- Times --------------------------------------------------------------------------------------------------------
 */

static bool visit_timing(void *self, const assay_timing *timing)
{
    reader *r = self;
    return report_timing_batch_add(&r->batch, &r->history->arena, timing) || fail(r);
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median with the interval between order statistics that the sign test leaves: the narrowest symmetric one with at
 * least 95 %, or of fewer than six repetitions all of them. */
static assay_interval median_of(const assay_timing *t)
{
    assay_interval median = {NAN, NAN, NAN};
    double *sorted = malloc((t->repetitions + 1) * sizeof *sorted);
    if (sorted && t->repetitions && assay_median(t->seconds, t->repetitions, &median.estimate) == ASSAY_OK) {
        const size_t n = t->repetitions;
        memcpy(sorted, t->seconds, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_numbers);
        size_t k = 0;
        double below = 0, coefficient = exp2(-(double)n); /* P(binomial < k) and the next term; 0 beyond n = 1074 */
        while (k + 1 < n / 2 && below + coefficient <= 0.025) {
            below += coefficient;
            coefficient *= (double)(n - k) / (double)(k + 1);
            k++;
        }
        k = k ? k - 1 : 0;
        median.low = sorted[k];
        median.high = sorted[n - 1 - k];
    }
    free(sorted);
    return median;
}

static bool enter_timing(reader *r, const assay_timing *t)
{
    char rest[300];
    snprintf(rest, sizeof rest, "%.200s/%llu", t->workload, (unsigned long long)t->size);
    if ((!r->options->peers && (t->is_peer || t->is_reference)) ||
        !is_selected(r, t->algorithm, t->implementation, rest))
        return true;
    assay_interval value = median_of(t);
    if (r->options->relative) {
        const assay_timing *reference = report_timing_batch_reference(&r->batch, t);
        const double unit = reference && !t->is_reference ? median_of(reference).estimate : NAN;
        value = (assay_interval){value.estimate / unit, value.low / unit, value.high / unit};
    }
    if (!(value.estimate > 0 && isfinite(value.estimate)))
        return true;
    report_history_series s = {.measure = REPORT_TIME,
                               .algorithm = t->algorithm,
                               .implementation = t->implementation,
                               .name = t->workload,
                               .workload = t->workload,
                               .unit = r->options->relative ? "of the reference" : "s",
                               .size = t->size,
                               .threads = t->threads,
                               .is_peer = t->is_peer,
                               .is_reference = t->is_reference};
    return enter_group(r, REPORT_TIME, &s.group) &&
           enter(r, &s, (report_history_point){r->run, value.estimate, value.low, value.high});
}

/* ---- Accuracy -----------------------------------------------------------------------------------------------------
 */

static bool visit_result(void *self, const assay_result *result)
{
    reader *r = self;
    report_arena *arena = &r->history->arena;
    /* Truth is deterministic; claims may rest on timings, and laws on tolerances of their own. */
    if ((result->kind != ASSAY_ORACLE && result->kind != ASSAY_AGREEMENT) || !isfinite(result->measured) ||
        !is_selected(r, result->algorithm, result->implementation, result->check))
        return true;
    report_history_series s = {.measure = REPORT_ACCURACY,
                               .algorithm = report_arena_string(arena, result->algorithm),
                               .implementation = report_arena_string(arena, result->implementation),
                               .name = report_arena_string(arena, result->check),
                               .workload = report_arena_string(arena, result->workload),
                               .unit = report_arena_string(arena, result->unit),
                               .threads = 1,
                               .at_least = result->at_least};
    if (!s.algorithm || !s.implementation || !s.name || !s.workload || !s.unit)
        return fail(r);
    return enter_group(r, REPORT_ACCURACY, &s.group) &&
           enter(r, &s, (report_history_point){r->run, result->measured, NAN, NAN});
}

/* ---- All of it ----------------------------------------------------------------------------------------------------
 */

static assay_status read_run(report_store *store, report_history *h, const report_history_options *options, size_t run)
{
    reader r = {.history = h, .options = options, .run = run};
    assay_status status = report_store_each_timing(store, h->runs[run].id, visit_timing, &r);
    for (size_t i = 0; status == ASSAY_OK && r.status == ASSAY_OK && i < r.batch.count; i++)
        enter_timing(&r, &r.batch.timings[i]);
    if (status == ASSAY_OK && r.status == ASSAY_OK)
        status = report_store_each_result(store, h->runs[run].id, visit_result, &r);
    report_timing_batch_free(&r.batch);
    return status == ASSAY_OK ? r.status : status;
}

/* The newest group of each measure; the others are left out unless they are asked for. */
static bool is_newest_group(const report_history *h, size_t group)
{
    for (size_t g = 0; g < h->group_count; g++) {
        if (h->groups[g].measure == h->groups[group].measure && h->groups[g].newest_run > h->groups[group].newest_run)
            return false;
    }
    return true;
}

static void choose_series(report_history *h, const report_history_options *options)
{
    size_t kept = 0;
    const size_t last = options->last ? options->last : LAST;
    for (size_t i = 0; i < h->series_count; i++) {
        report_history_series s = h->series[i];
        if (!options->all_groups && !is_newest_group(h, s.group))
            continue;
        if (s.count > last) {
            s.points += s.count - last;
            s.count = last;
        }
        h->series[kept++] = s;
    }
    h->series_count = kept;
}

static int compare_series(const void *a, const void *b)
{
    const report_history_series *x = a, *y = b;
    int order = (x->measure > y->measure) - (x->measure < y->measure);
    order = order ? order : (x->group > y->group) - (x->group < y->group);
    order = order ? order : strcmp(x->algorithm, y->algorithm);
    order = order ? order : strverscmp(x->name, y->name);
    order = order ? order : strcmp(x->workload, y->workload);
    order = order ? order : (x->size > y->size) - (x->size < y->size);
    order = order ? order : x->is_peer - y->is_peer;
    order = order ? order : report_compare_implementations(x->implementation, y->implementation);
    return order ? order : (x->threads > y->threads) - (x->threads < y->threads);
}

static assay_status load(report_store *store, const report_history_options *options, report_history *h)
{
    run_list list = {.history = h};
    assay_status status = report_store_each_run(store, visit_run, &list);
    if (status == ASSAY_OK)
        status = list.status;
    if (status == ASSAY_OK && h->run_count)
        qsort(h->runs, h->run_count, sizeof *h->runs, compare_runs);
    for (size_t i = 0; status == ASSAY_OK && i < h->run_count; i++)
        status = read_run(store, h, options, i);
    if (status != ASSAY_OK)
        return status;
    choose_series(h, options);
    if (h->series_count)
        qsort(h->series, h->series_count, sizeof *h->series, compare_series);
    return report_history_evaluate(h, options);
}

assay_status report_history_load(const char *database, const report_history_options *options, report_history *history)
{
    report_store *store = NULL;
    *history = (report_history){0};
    assay_status status = report_store_open_read_only(database, &store);
    if (status == ASSAY_OK)
        status = load(store, options, history);
    report_store_close(store);
    return status;
}

void report_history_free(report_history *history)
{
    report_arena_free(&history->arena);
    *history = (report_history){0};
}
