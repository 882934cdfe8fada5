/* Reads the store into the model: newest run first, so that the first record of a key is the newest. */
#include "reports/model.h"

#include "reports/timings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One pass over one run. */
typedef struct loader {
    report_model *model;
    size_t run; /* index in model->runs */
    report_timing_batch batch;
    assay_status status;
} loader;

static const report_model_run *run_of(const loader *l)
{
    return &l->model->runs[l->run];
}

static bool fail(loader *l, const char *what)
{
    l->status = assay_fail(ASSAY_NO_MEMORY, "no memory for the %s of the report", what);
    return false;
}

/* Replaces each borrowed string by a kept one. */
static bool keep(report_arena *arena, const char **const *strings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!(*strings[i] = report_arena_string(arena, *strings[i])))
            return false;
    }
    return true;
}

#define KEEP(arena, ...)                                                                                               \
    keep(arena, (const char **[]){__VA_ARGS__}, sizeof((const char **[]){__VA_ARGS__}) / sizeof(const char **))

/* ---- Runs ------------------------------------------------------------------------------------------------------- */

typedef struct run_list {
    report_model *model;
    size_t capacity;
    assay_status status;
} run_list;

static bool visit_run(void *self, const report_run *stored)
{
    run_list *list = self;
    report_arena *arena = &list->model->arena;
    report_model_run *run =
        report_arena_append(arena, &list->model->runs, &list->model->run_count, &list->capacity, sizeof *run);
    if (run) {
        run->stored = *stored;
        assay_run *r = &run->stored.run;
        if (KEEP(arena, &r->command, &r->revision, &r->compiler, &r->flags, &r->machine, &r->system, &r->level,
                 &r->depth, &r->shard, &r->started, &r->data))
            return true;
    }
    list->status = assay_fail(ASSAY_NO_MEMORY, "no memory for the runs of the report");
    return false;
}

/* By time, then by number: joined databases number their runs anew. */
static int compare_runs(const void *a, const void *b)
{
    const report_model_run *x = a, *y = b;
    int order = strcmp(x->stored.run.started, y->stored.run.started);
    return order ? order : (x->stored.id > y->stored.id) - (x->stored.id < y->stored.id);
}

/* ---- Algorithms ------------------------------------------------------------------------------------------------- */

/* A file name for any algorithm name: letters, digits and '_' stay, any other byte becomes -XX; "index" is taken. */
static const char *page_file(report_arena *arena, const char *name)
{
    char file[256];
    size_t used = 0;
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        hash = (hash ^ c) * 0x100000001b3u;
        bool plain = strchr("abcdefghijklmnopqrstuvwxyz0123456789_", c) && !(p == name && strcmp(name, "index") == 0);
        if (used < 120)
            used += (size_t)snprintf(file + used, sizeof file - used, plain ? "%c" : "-%02X", c);
    }
    if (used >= 120)
        used += (size_t)snprintf(file + used, sizeof file - used, "-%016llX", (unsigned long long)hash);
    snprintf(file + used, sizeof file - used, "%s.html", used ? "" : "-");
    return report_arena_string(arena, file);
}

/* The algorithm of a name, entered in order of name if it is new; null if there is no memory. */
static report_model_algorithm *algorithm_of(report_model *model, const char *name)
{
    report_arena *arena = &model->arena;
    const char *kept = report_arena_string(arena, name);
    size_t at = 0;
    while (kept && at < model->algorithm_count && strcmp(model->algorithms[at]->name, kept) < 0)
        at++;
    if (!kept)
        return NULL;
    if (at < model->algorithm_count && model->algorithms[at]->name == kept)
        return model->algorithms[at];
    report_model_algorithm *made = report_arena_allocate(arena, 1, sizeof *made);
    if (!made || !report_arena_append(arena, &model->algorithms, &model->algorithm_count, &model->algorithm_capacity,
                                      sizeof(report_model_algorithm *)))
        return NULL;
    memmove(model->algorithms + at + 1, model->algorithms + at,
            (model->algorithm_count - 1 - at) * sizeof(report_model_algorithm *));
    made->name = kept;
    made->file = page_file(arena, kept);
    made->entry = assay_catalogue_find(kept);
    made->history = report_arena_allocate(arena, model->run_count, sizeof *made->history);
    model->algorithms[at] = made;
    return made->file && made->history ? made : NULL;
}

/* ---- Results ---------------------------------------------------------------------------------------------------- */

bool report_is_claim_verdict(assay_verdict verdict)
{
    return verdict == ASSAY_REPRODUCED || verdict == ASSAY_REPRODUCED_IN_PART || verdict == ASSAY_NOT_REPRODUCED;
}

void report_tally_add(report_tally *tally, assay_verdict verdict)
{
    switch (verdict) {
    case ASSAY_PASS: tally->passed++; break;
    case ASSAY_FAIL: tally->failed++; break;
    case ASSAY_SKIPPED: tally->skipped++; break;
    case ASSAY_REPRODUCED: tally->reproduced++; break;
    case ASSAY_REPRODUCED_IN_PART: tally->in_part++; break;
    case ASSAY_NOT_REPRODUCED: tally->not_reproduced++; break;
    }
}

double report_limit_used(const assay_result *r)
{
    if (isnan(r->measured) || isnan(r->limit) || r->measured < 0 || r->limit < 0)
        return NAN;
    double part = r->at_least ? r->limit : r->measured, whole = r->at_least ? r->measured : r->limit;
    return part == 0 ? 0 : part / whole; /* infinite if nothing was allowed and something was found */
}

static bool keep_result(report_arena *arena, assay_result *r)
{
    return KEEP(arena, &r->algorithm, &r->implementation, &r->check, &r->workload, &r->unit, &r->reason, &r->replay,
                &r->statement, &r->paper_value, &r->provenance);
}

static bool visit_result(void *self, const assay_result *record)
{
    loader *l = self;
    report_arena *arena = &l->model->arena;
    report_model_algorithm *a = algorithm_of(l->model, record->algorithm);
    assay_result kept = *record;
    if (!a || !keep_result(arena, &kept))
        return fail(l, "results");
    l->model->runs[l->run].results++;
    report_tally_add(&a->history[l->run], kept.verdict);
    for (size_t i = 0; i < a->result_count; i++) {
        const assay_result *known = &a->results[i].record;
        if (known->implementation == kept.implementation && known->check == kept.check &&
            known->workload == kept.workload) {
            if (a->results[i].run == run_of(l))
                a->results[i].record = kept; /* done again within the run: the later one */
            return true;
        }
    }
    report_model_result *made =
        report_arena_append(arena, &a->results, &a->result_count, &a->result_capacity, sizeof *made);
    if (!made)
        return fail(l, "results");
    *made = (report_model_result){.record = kept, .run = run_of(l)};
    return true;
}

/* The CPU level that a name begins with; ASSAY_LEVELS if none. */
static int level_of(const char *implementation)
{
    size_t length = strcspn(implementation, "-");
    for (int level = 0; level < ASSAY_LEVELS; level++) {
        const char *name = assay_level_name((assay_level)level);
        if (strlen(name) == length && strncmp(name, implementation, length) == 0)
            return level;
    }
    return ASSAY_LEVELS;
}

int report_compare_implementations(const char *a, const char *b)
{
    int x = level_of(a), y = level_of(b);
    return x != y ? (x > y) - (x < y) : strverscmp(a, b);
}

static int compare_results(const void *a, const void *b)
{
    const assay_result *x = &((const report_model_result *)a)->record, *y = &((const report_model_result *)b)->record;
    int order = (x->kind > y->kind) - (x->kind < y->kind);
    order = order ? order : strverscmp(x->check, y->check);
    order = order ? order : strcmp(x->workload, y->workload);
    return order ? order : report_compare_implementations(x->implementation, y->implementation);
}

/* ---- Series and sweeps ------------------------------------------------------------------------------------------ */

bool report_same_chart(const assay_series *a, const assay_series *b)
{
    return a->kind == b->kind && a->chart == b->chart && a->x_label == b->x_label && a->y_label == b->y_label;
}

bool report_same_counting(const assay_count *a, const assay_count *b)
{
    return a->workload == b->workload && a->counted == b->counted;
}

static bool visit_series(void *self, const assay_series *record)
{
    loader *l = self;
    report_arena *arena = &l->model->arena;
    report_model_algorithm *a = algorithm_of(l->model, record->algorithm);
    assay_series s = *record;
    if (!a || !KEEP(arena, &s.algorithm, &s.implementation, &s.chart, &s.label, &s.x_label, &s.y_label))
        return fail(l, "series");
    l->model->runs[l->run].others++;
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *known = &a->series[i].record;
        if (report_same_chart(known, &s) && known->label == s.label && known->implementation == s.implementation &&
            (a->series[i].run != run_of(l) || s.kind != ASSAY_POINTS))
            return true; /* a newer run has it, or the first seed of a claim has recorded it */
    }
    double *x = report_arena_allocate(arena, s.count, sizeof *x), *y = report_arena_allocate(arena, s.count, sizeof *y);
    report_model_series *made =
        report_arena_append(arena, &a->series, &a->series_count, &a->series_capacity, sizeof *made);
    if (!x || !y || !made)
        return fail(l, "series");
    if (s.count) {
        memcpy(x, s.x, s.count * sizeof *x);
        memcpy(y, s.y, s.count * sizeof *y);
    }
    s.x = x;
    s.y = y;
    *made = (report_model_series){.record = s, .run = run_of(l), .order = a->series_count};
    return true;
}

static bool visit_count(void *self, const assay_count *record)
{
    loader *l = self;
    report_arena *arena = &l->model->arena;
    report_model_algorithm *a = algorithm_of(l->model, record->algorithm);
    assay_count c = *record;
    if (!a || !KEEP(arena, &c.algorithm, &c.implementation, &c.workload, &c.method, &c.counted))
        return fail(l, "counts");
    l->model->runs[l->run].others++;
    for (size_t i = 0; i < a->count_count; i++) {
        const assay_count *known = &a->counts[i].record;
        if (report_same_counting(known, &c) && known->method == c.method && known->implementation == c.implementation) {
            if (a->counts[i].run == run_of(l))
                a->counts[i].record = c; /* counted again within the run: the later one */
            return true;
        }
    }
    report_model_count *made =
        report_arena_append(arena, &a->counts, &a->count_count, &a->count_capacity, sizeof *made);
    if (!made)
        return fail(l, "counts");
    *made = (report_model_count){.record = c, .run = run_of(l), .order = a->count_count};
    return true;
}

static report_model_sweep *make_sweep(loader *l, report_model_algorithm *a, const assay_sweep_shard *s)
{
    report_arena *arena = &l->model->arena;
    report_model_sweep *sweep =
        report_arena_append(arena, &a->sweeps, &a->sweep_count, &a->sweep_capacity, sizeof *sweep);
    if (!sweep)
        return NULL;
    sweep->run = run_of(l);
    sweep->hashes = report_arena_allocate(arena, s->shards, sizeof *sweep->hashes);
    sweep->seen = report_arena_allocate(arena, s->shards, sizeof *sweep->seen);
    sweep->total = (assay_sweep_shard){
        .algorithm = s->algorithm, .implementation = s->implementation, .check = s->check, .shards = s->shards};
    for (size_t i = 0; i < 256; i++)
        sweep->positive[i] = sweep->negative[i] = sweep->total.binade_worst[i] = NAN;
    return sweep->hashes && sweep->seen ? sweep : NULL;
}

/* Adds a part. Parts are cut by the leading bits of the input, so that the second half are the negative inputs. */
static void join_shard(report_model_sweep *sweep, const assay_sweep_shard *s)
{
    assay_sweep_shard *t = &sweep->total;
    double *signed_worst = s->shard < (s->shards + 1) / 2 ? sweep->positive : sweep->negative;
    bool first = t->shard == 0;
    if (first || s->worst_ulp > t->worst_ulp || (s->worst_ulp == t->worst_ulp && s->worst_input < t->worst_input)) {
        t->worst_ulp = s->worst_ulp;
        t->worst_input = s->worst_input;
    }
    t->shard++;
    t->inputs += s->inputs;
    t->hard += s->hard;
    t->not_correctly_rounded += s->not_correctly_rounded;
    t->over_limit += s->over_limit;
    t->seconds += s->seconds;
    for (size_t i = 0; i < 64; i++)
        t->histogram[i] += s->histogram[i];
    for (size_t i = 0; i < 256; i++) {
        t->binade_worst[i] = fmax(t->binade_worst[i], s->binade_worst[i]);
        signed_worst[i] = fmax(signed_worst[i], s->binade_worst[i]);
        t->binade_inputs[i] += s->binade_inputs[i];
    }
    sweep->hashes[s->shard] = s->output_hash;
    sweep->seen[s->shard] = true;
}

static bool is_dirty(const char *revision)
{
    const char *dash = strrchr(revision, '-');
    return dash && strcmp(dash, "-dirty") == 0;
}

static bool visit_shard(void *self, const assay_sweep_shard *record)
{
    loader *l = self;
    report_model_algorithm *a = algorithm_of(l->model, record->algorithm);
    assay_sweep_shard s = *record;
    if (!a || !KEEP(&l->model->arena, &s.algorithm, &s.implementation, &s.check))
        return fail(l, "sweeps");
    if (s.shards == 0 || s.shards > 65536 || s.shard >= s.shards)
        return true; /* not a part that anything can be said of */
    l->model->runs[l->run].others++;
    const char *revision = run_of(l)->stored.run.revision;
    report_model_sweep *sweep = NULL;
    for (size_t i = 0; !sweep && i < a->sweep_count; i++) {
        const assay_sweep_shard *known = &a->sweeps[i].total;
        if (known->implementation == s.implementation && known->check == s.check)
            sweep = &a->sweeps[i];
    }
    if (!sweep && !(sweep = make_sweep(l, a, &s)))
        return fail(l, "sweeps");
    bool same_code = sweep->run == run_of(l) || (sweep->run->stored.run.revision == revision && !is_dirty(revision));
    if (same_code && sweep->total.shards == s.shards && !sweep->seen[s.shard])
        join_shard(sweep, &s);
    return true;
}

static void finish_sweep(report_model_sweep *sweep)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < sweep->total.shards; i++) {
        if (sweep->seen[i])
            h = (h ^ sweep->hashes[i]) * 0x100000001b3u;
    }
    sweep->total.output_hash = h;
}

static int compare_series(const void *a, const void *b)
{
    const assay_series *x = &((const report_model_series *)a)->record, *y = &((const report_model_series *)b)->record;
    int order = (x->kind > y->kind) - (x->kind < y->kind);
    order = order ? order : strverscmp(x->chart, y->chart);
    order = order ? order : strverscmp(x->x_label, y->x_label);
    order = order ? order : strverscmp(x->y_label, y->y_label);
    order = order ? order : strverscmp(x->label, y->label);
    order = order ? order : report_compare_implementations(x->implementation, y->implementation);
    size_t first = ((const report_model_series *)a)->order, second = ((const report_model_series *)b)->order;
    return order ? order : (first > second) - (first < second);
}

static int compare_counts(const void *a, const void *b)
{
    const assay_count *x = &((const report_model_count *)a)->record, *y = &((const report_model_count *)b)->record;
    int order = strverscmp(x->workload, y->workload);
    order = order ? order : strverscmp(x->counted, y->counted);
    order = order ? order : strverscmp(x->method, y->method);
    order = order ? order : report_compare_implementations(x->implementation, y->implementation);
    size_t first = ((const report_model_count *)a)->order, second = ((const report_model_count *)b)->order;
    return order ? order : (first > second) - (first < second);
}

static int compare_sweeps(const void *a, const void *b)
{
    const assay_sweep_shard *x = &((const report_model_sweep *)a)->total, *y = &((const report_model_sweep *)b)->total;
    int order = strverscmp(x->check, y->check);
    return order ? order : report_compare_implementations(x->implementation, y->implementation);
}

/* ---- Limits ----------------------------------------------------------------------------------------------------- */

static bool visit_limit(void *self, const assay_limit *record)
{
    loader *l = self;
    report_model *model = l->model;
    assay_limit limit = *record;
    if (!KEEP(&model->arena, &limit.name, &limit.level, &limit.where, &limit.unit))
        return fail(l, "limits");
    model->runs[l->run].others++;
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *known = &model->limits[i].record;
        if (known->name == limit.name && known->level == limit.level && known->where == limit.where &&
            known->threads == limit.threads)
            return true;
    }
    report_model_limit *made =
        report_arena_append(&model->arena, &model->limits, &model->limit_count, &model->limit_capacity, sizeof *made);
    if (!made)
        return fail(l, "limits");
    *made = (report_model_limit){.record = limit, .run = run_of(l)};
    return true;
}

/* ---- Timings ---------------------------------------------------------------------------------------------------- */

static bool visit_timing(void *self, const assay_timing *record)
{
    loader *l = self;
    l->model->runs[l->run].timings++;
    if (!report_timing_batch_add(&l->batch, &l->model->arena, record))
        return fail(l, "timings");
    return true;
}

static report_model_timing *slot_of(report_model_algorithm *a, const assay_timing *t)
{
    for (size_t i = 0; i < a->timing_count; i++) {
        if (report_same_benchmark(&a->timings[i].record, t))
            return &a->timings[i];
    }
    return NULL;
}

/* Enters the timings of one run: each where the model has none yet, or none with a reference. */
static bool enter_timing(loader *l, const assay_timing *t)
{
    report_model *model = l->model;
    report_model_algorithm *a = algorithm_of(model, t->algorithm);
    if (!a)
        return false;
    report_model_timing *slot = slot_of(a, t);
    bool is_new = !slot;
    if (is_new) {
        slot = report_arena_append(&model->arena, &a->timings, &a->timing_count, &a->timing_capacity, sizeof *slot);
        double *history = report_arena_allocate(&model->arena, model->run_count, sizeof *history);
        if (!slot || !history)
            return false;
        for (size_t i = 0; i < model->run_count; i++)
            history[i] = NAN;
        slot->history = history;
    }
    if (is_new || (!slot->has_reference && report_timing_batch_reference(&l->batch, t))) {
        report_timing_batch_evaluate(&l->batch, t, &run_of(l)->stored.run, slot);
        slot->run = run_of(l);
    }
    double median = NAN;
    if (assay_median(t->seconds, t->repetitions, &median) == ASSAY_OK)
        slot->history[l->run] = median;
    return true;
}

/* ---- All of it -------------------------------------------------------------------------------------------------- */

static assay_status load_run(report_store *store, report_model *model, size_t run)
{
    loader l = {.model = model, .run = run};
    int64_t id = model->runs[run].stored.id;
    assay_status status = report_store_each_result(store, id, visit_result, &l);
    if (status == ASSAY_OK && l.status == ASSAY_OK)
        status = report_store_each_series(store, id, visit_series, &l);
    if (status == ASSAY_OK && l.status == ASSAY_OK)
        status = report_store_each_count(store, id, visit_count, &l);
    if (status == ASSAY_OK && l.status == ASSAY_OK)
        status = report_store_each_shard(store, id, visit_shard, &l);
    if (status == ASSAY_OK && l.status == ASSAY_OK)
        status = report_store_each_limit(store, id, visit_limit, &l);
    if (status == ASSAY_OK && l.status == ASSAY_OK)
        status = report_store_each_timing(store, id, visit_timing, &l);
    for (size_t i = 0; status == ASSAY_OK && l.status == ASSAY_OK && i < l.batch.count; i++) {
        if (!enter_timing(&l, &l.batch.timings[i]))
            fail(&l, "timings");
    }
    report_timing_batch_free(&l.batch);
    return status == ASSAY_OK ? l.status : status;
}

/* Of each workload and size our fastest implementation at as many threads as the reference; the best and the worst of
 * those. */
static void choose_speedups(report_model_algorithm *a)
{
    for (size_t i = 0; i < a->timing_count;) {
        const report_model_timing *first = &a->timings[i], *fastest = NULL;
        for (; i < a->timing_count && a->timings[i].record.workload == first->record.workload &&
               a->timings[i].record.size == first->record.size;
             i++) {
            const report_model_timing *t = &a->timings[i];
            if (!t->record.is_peer && !t->record.is_reference && t->same_threads && isfinite(t->speedup.estimate) &&
                (!fastest || t->speedup.estimate > fastest->speedup.estimate))
                fastest = t;
        }
        if (fastest && (!a->best || fastest->speedup.estimate > a->best->speedup.estimate))
            a->best = fastest;
        if (fastest && (!a->worst || fastest->speedup.estimate < a->worst->speedup.estimate))
            a->worst = fastest;
    }
}

static void finish_algorithm(report_model *model, report_model_algorithm *a)
{
    if (a->result_count)
        qsort(a->results, a->result_count, sizeof *a->results, compare_results);
    if (a->series_count)
        qsort(a->series, a->series_count, sizeof *a->series, compare_series);
    if (a->count_count)
        qsort(a->counts, a->count_count, sizeof *a->counts, compare_counts);
    if (a->sweep_count)
        qsort(a->sweeps, a->sweep_count, sizeof *a->sweeps, compare_sweeps);
    report_timings_sort(a->timings, a->timing_count);
    for (size_t i = 0; i < a->result_count; i++) {
        report_tally_add(&a->tally, a->results[i].record.verdict);
        report_tally_add(&model->total, a->results[i].record.verdict);
    }
    for (size_t i = 0; i < a->sweep_count; i++)
        finish_sweep(&a->sweeps[i]);
    choose_speedups(a);
}

static void choose_runs(report_model *model)
{
    for (size_t i = 0; i < model->run_count; i++) {
        const report_model_run *run = &model->runs[i];
        if (strcmp(run->stored.run.command, "verify") == 0 && run->results)
            model->verify = run;
        if (strcmp(run->stored.run.command, "bench") == 0 && (run->timings || run->others))
            model->bench = run;
    }
}

static bool is_quick(const report_model_run *run)
{
    return strcmp(run->stored.run.depth, "quick") == 0;
}

/* Newest first, so that the newest record of a key is there first; with @p deep_first quick runs come last. */
static assay_status load_runs(report_store *store, bool deep_first, report_model *model)
{
    assay_status status = ASSAY_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = model->run_count; status == ASSAY_OK && i-- > 0;) {
            if ((deep_first && is_quick(&model->runs[i])) == (pass == 1))
                status = load_run(store, model, i);
        }
    }
    return status;
}

static assay_status load(report_store *store, bool deep_first, report_model *model)
{
    run_list list = {.model = model};
    assay_status status = report_store_each_run(store, visit_run, &list);
    if (status == ASSAY_OK)
        status = list.status;
    if (status != ASSAY_OK)
        return status;
    if (model->run_count)
        qsort(model->runs, model->run_count, sizeof *model->runs, compare_runs);
    status = load_runs(store, deep_first, model);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < model->algorithm_count; i++)
        finish_algorithm(model, model->algorithms[i]);
    choose_runs(model);
    if (model->verify)
        status = report_store_contradictions(store, model->verify->stored.id, model->contradictions,
                                             sizeof model->contradictions / sizeof *model->contradictions,
                                             &model->contradiction_count);
    return status;
}

assay_status report_model_load(const char *database, bool deep_first, report_model *model)
{
    *model = (report_model){0};
    report_store *store = NULL;
    assay_status status = report_store_open_read_only(database, &store);
    if (status == ASSAY_OK)
        status = load(store, deep_first, model);
    report_store_close(store);
    if (status == ASSAY_OK && model->algorithm_count == 0 && model->limit_count == 0)
        status =
            assay_fail(ASSAY_BAD_DATA, "'%s' holds no results: run `assay verify` or `assay bench` first", database);
    return status;
}

void report_model_free(report_model *model)
{
    report_arena_free(&model->arena);
    *model = (report_model){0};
}

const char *report_newest_revision(const report_model *model)
{
    return model->run_count ? model->runs[model->run_count - 1].stored.run.revision : "";
}

size_t report_history_start(const report_model *model)
{
    return model->run_count > model->history ? model->run_count - model->history : 0;
}

/* ---- Where the time goes ---------------------------------------------------------------------------------------- */

/* Puts a check into its place among the slowest so far. */
static size_t insert_slow(report_slow_check *slowest, size_t count, size_t most, report_slow_check check)
{
    size_t at = count < most ? count++ : most;
    for (; at > 0 && slowest[at - 1].result->record.seconds < check.result->record.seconds; at--) {
        if (at < most)
            slowest[at] = slowest[at - 1];
    }
    if (at < most)
        slowest[at] = check;
    return count;
}

size_t report_slowest_checks(const report_model *model, report_slow_check *slowest, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        for (size_t k = 0; k < a->result_count; k++) {
            if (a->results[k].record.seconds > 0)
                count = insert_slow(slowest, count, most, (report_slow_check){a, &a->results[k]});
        }
    }
    return count;
}

double report_seconds_of(const report_model *model, const report_model_algorithm *only)
{
    double seconds = 0;
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        for (size_t k = 0; (!only || a == only) && k < a->result_count; k++)
            seconds += a->results[k].record.seconds > 0 ? a->results[k].record.seconds : 0;
    }
    return seconds;
}
