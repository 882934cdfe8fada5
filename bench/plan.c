/* The workloads of all algorithms, in order of the algorithms' names, and the selection of a run from them. */
#include "bench/plan.h"

#include "assay/catalogue.h"
#include "assay/threads.h"
#include "assay/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 1024 };

/* Workloads of one algorithm, as entered. */
typedef struct table {
    const char *algorithm;
    const bench_workload *workloads;
    size_t count;
    bool weak; /* of weak scalings, which are made from the tables of those that have one */
} table;

static table tables[CAPACITY];
static int table_count;

static void enter(const table *entered)
{
    if (table_count == CAPACITY)
        abort(); /* a mistake of the build, seen at the first start */
    int i = table_count++;
    for (; i > 0 && strcmp(tables[i - 1].algorithm, entered->algorithm) > 0; i--)
        tables[i] = tables[i - 1];
    tables[i] = *entered;
}

/* A workload's weak scaling: the same under a name of its own, at the size that each thread gets. Lives as long as the
 * process, like the tables of the algorithms. */
typedef struct weak_scaling {
    bench_workload workload;
    char name[96];
} weak_scaling;

static void enter_weak_scaling(const char *algorithm, const bench_workload *w)
{
    weak_scaling *made = malloc(sizeof *made);
    if (!made)
        abort(); /* before main: there is nobody to tell */
    made->workload = *w;
    snprintf(made->name, sizeof made->name, "%s" BENCH_WEAK, w->name);
    made->workload.name = made->name;
    memset(made->workload.sizes, 0, sizeof made->workload.sizes);
    memset(made->workload.quick_sizes, 0, sizeof made->workload.quick_sizes);
    made->workload.sizes[0] = w->weak;
    enter(&(table){algorithm, &made->workload, 1, true});
}

void bench_add(const char *algorithm, const bench_workload *workloads, size_t count)
{
    enter(&(table){algorithm, workloads, count, false});
    for (size_t i = 0; i < count; i++) {
        if (workloads[i].weak && workloads[i].name)
            enter_weak_scaling(algorithm, &workloads[i]);
    }
}

/* ---- Enumeration ------------------------------------------------------------------------------------------------- */

typedef enum which_sizes { NORMAL_SIZES, QUICK_SIZES, ALL_SIZES } which_sizes;

/* What is done with each item; false stops. */
typedef bool visitor(void *self, const bench_item *item);

static bool visit_with_threads(bench_item item, const char *name, int threads, visitor *visit, void *self)
{
    char full_name[sizeof((plan_entry *)0)->implementation];
    snprintf(full_name, sizeof full_name, threads > 1 ? "%s-%dt" : "%s", name, threads);
    item.implementation = full_name;
    item.threads = threads;
    return visit(self, &item);
}

/* The next of 1, 2, 4, ..., all; above all after the last. */
static int more_threads(int threads, int all)
{
    return threads == all ? all + 1 : 2 * threads < all ? 2 * threads : all;
}

/* The best level of those that may be used now: the one whose scaling is of interest. */
static int best_of(unsigned levels)
{
    int level = (int)assay_cpu_level();
    while (level > ASSAY_REFERENCE && !(levels & ASSAY_LEVEL_BIT(level)))
        level--;
    return level;
}

static bool each_level_of_group(bench_item item, unsigned levels, int threads, visitor *visit, void *self)
{
    bool go_on = true;
    for (int level = ASSAY_REFERENCE; go_on && level < ASSAY_LEVELS; level++) {
        if (!(levels & ASSAY_LEVEL_BIT(level)))
            continue;
        item.level = (assay_level)level;
        const int all = item.workload->threads && level != ASSAY_REFERENCE ? threads : 1; /* the reference knows none */
        for (int t = 1; go_on && t <= all; t = more_threads(t, all)) {
            if (t == 1 || t == all || level == best_of(levels))
                go_on = visit_with_threads(item, assay_level_name(item.level), t, visit, self);
        }
    }
    return go_on;
}

static bool each_peer_of_group(bench_item item, int threads, visitor *visit, void *self)
{
    bool go_on = true;
    for (int i = 0; go_on && i < BENCH_PEERS && item.workload->peers[i].name; i++) {
        item.peer = &item.workload->peers[i];
        item.level = item.peer->level;
        const int all = item.workload->threads && !item.peer->single_thread ? threads : 1;
        for (int t = 1; go_on && t <= all; t = more_threads(t, all))
            go_on = visit_with_threads(item, item.peer->name, t, visit, self);
    }
    return go_on;
}

static bool each_of_group(bench_item item, unsigned levels, int threads, visitor *visit, void *self)
{
    return each_level_of_group(item, levels, threads, visit, self) && each_peer_of_group(item, threads, visit, self);
}

/* Ours at its best and the peers with ever more threads, each of which has as much to do as the only one. Those of one
 * size follow each other. */
static bool each_of_weak_scaling(bench_item item, unsigned levels, int threads, visitor *visit, void *self)
{
    const bench_workload *w = item.workload;
    const int best = best_of(levels);
    bool go_on = true;
    if (threads == 1 || best == ASSAY_REFERENCE) /* the reference knows no threads */
        return true;
    item.weak = true;
    for (int t = 1; go_on && t <= threads; t = more_threads(t, threads)) {
        item.size = w->weak * (uint64_t)t;
        item.peer = NULL;
        item.level = (assay_level)best;
        go_on = visit_with_threads(item, assay_level_name(item.level), t, visit, self);
        for (int i = 0; go_on && i < BENCH_PEERS && w->peers[i].name; i++) {
            item.peer = &w->peers[i];
            item.level = item.peer->level;
            if (!item.peer->single_thread)
                go_on = visit_with_threads(item, item.peer->name, t, visit, self);
        }
    }
    return go_on;
}

static bool contains(const uint64_t sizes[BENCH_SIZES], uint64_t size)
{
    for (int i = 0; i < BENCH_SIZES && sizes[i]; i++) {
        if (sizes[i] == size)
            return true;
    }
    return false;
}

static bool each_of_workload(const char *algorithm, const bench_workload *w, bool weak, which_sizes which, int threads,
                             visitor *visit, void *self)
{
    const assay_algorithm *entry = assay_catalogue_find(algorithm);
    const unsigned levels = (w->levels ? w->levels : entry ? entry->levels : 0) | ASSAY_LEVEL_BIT(ASSAY_REFERENCE);
    bench_item item = {.algorithm = algorithm, .workload = w};
    if (which == QUICK_SIZES && w->full_only)
        return true;
    if (weak)
        return each_of_weak_scaling(item, levels, threads, visit, self);
    const uint64_t *sizes = which == QUICK_SIZES && w->quick_sizes[0] ? w->quick_sizes : w->sizes;
    bool go_on = true;
    for (int i = 0; go_on && i < BENCH_SIZES && sizes[i]; i++) {
        item.size = sizes[i];
        go_on = each_of_group(item, levels, threads, visit, self);
    }
    for (int i = 0; which == ALL_SIZES && go_on && i < BENCH_SIZES && w->quick_sizes[i]; i++) {
        item.size = w->quick_sizes[i];
        if (!contains(w->sizes, item.size))
            go_on = each_of_group(item, levels, threads, visit, self);
    }
    return go_on;
}

static bool each(which_sizes which, int threads, visitor *visit, void *self)
{
    bool go_on = true;
    for (int t = 0; t < table_count; t++) {
        for (size_t i = 0; go_on && i < tables[t].count; i++)
            go_on = each_of_workload(tables[t].algorithm, &tables[t].workloads[i], tables[t].weak, which, threads,
                                     visit, self);
    }
    return go_on;
}

typedef struct public_visitor {
    void (*visit)(void *self, const bench_item *item);
    void *self;
} public_visitor;

static bool visit_publicly(void *self, const bench_item *item)
{
    const public_visitor *caller = self;
    caller->visit(caller->self, item);
    return true;
}

void bench_each_item(void (*visit)(void *self, const bench_item *item), void *self)
{
    if (visit)
        each(ALL_SIZES, assay_threads(), visit_publicly, &(public_visitor){visit, self});
}

/* ---- Mistakes in the tables -------------------------------------------------------------------------------------- */

/* BENCH_WEAK ends the names of weak scalings. */
static bool is_name_of_weak_scaling(const char *name)
{
    const size_t length = strlen(name), suffix = strlen(BENCH_WEAK);
    return length >= suffix && strcmp(name + length - suffix, BENCH_WEAK) == 0;
}

/* Names stand in patterns and in commands for the shell. */
static bool usable_name(const char *name)
{
    if (!name || !*name || strlen(name) > 64)
        return false;
    for (const char *c = name; *c; c++) {
        if (strchr("/*?[]\\'", *c) || (unsigned char)*c < ' ')
            return false;
    }
    return true;
}

static assay_status check_peers(const char *algorithm, const bench_workload *w)
{
    for (int i = 0; i < BENCH_PEERS && w->peers[i].name; i++) {
        const bench_peer *peer = &w->peers[i];
        assay_level level;
        if (!usable_name(peer->name) || assay_level_parse(peer->name, &level) == ASSAY_OK)
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s, workload %s: \"%s\" is no name for a peer", algorithm,
                              w->name, peer->name);
        if (!peer->run)
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s, workload %s: peer %s has no run function", algorithm,
                              w->name, peer->name);
        for (int j = 0; j < i; j++) {
            if (strcmp(w->peers[j].name, peer->name) == 0)
                return assay_fail(ASSAY_INVALID_ARGUMENT, "%s, workload %s: two peers are named %s", algorithm, w->name,
                                  peer->name);
        }
    }
    return ASSAY_OK;
}

static assay_status check_workload(const char *algorithm, const bench_workload *w)
{
    if (!usable_name(w->name) || is_name_of_weak_scaling(w->name))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s: \"%s\" is no name for a workload", algorithm,
                          w->name ? w->name : "");
    if (!w->setup || !w->run || !w->sizes[0])
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s, workload %s: setup, run and sizes must be given", algorithm,
                          w->name);
    if ((unsigned)w->arithmetic > BENCH_ADD_I32)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s, workload %s: arithmetic is %d, must be 0 to %d", algorithm,
                          w->name, (int)w->arithmetic, (int)BENCH_ADD_I32);
    if (w->weak && (!w->threads || w->weak > UINT64_MAX / ASSAY_THREADS_MAX))
        return assay_fail(ASSAY_INVALID_ARGUMENT,
                          "%s, workload %s: weak is %" PRIu64 " without threads, or too large to be multiplied by them",
                          algorithm, w->name, w->weak);
    return check_peers(algorithm, w);
}

static assay_status check_tables(void)
{
    assay_status status = ASSAY_OK;
    for (int t = 0; t < table_count; t++) {
        if (!assay_catalogue_find(tables[t].algorithm))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s has workloads, but no entry in the catalogue",
                              tables[t].algorithm);
        for (size_t i = 0; status == ASSAY_OK && !tables[t].weak && i < tables[t].count; i++)
            status = check_workload(tables[t].algorithm, &tables[t].workloads[i]);
    }
    return status;
}

/* ---- Selection --------------------------------------------------------------------------------------------------- */

typedef struct selection {
    const bench_options *options;
    bench_plan *plan;
    bool *matched; /* for each pattern */
    size_t capacity, groups;
    const bench_workload *workload; /* of the last group */
    uint64_t size;
} selection;

static bool matches(selection *s, const bench_item *item)
{
    char rest[128];
    snprintf(rest, sizeof rest, "%s/%" PRIu64, item->workload->name, item->size);
    bool any = s->options->pattern_count == 0;
    for (size_t i = 0; i < s->options->pattern_count; i++) {
        if (assay_pattern_matches(s->options->patterns[i], item->algorithm, item->implementation, rest))
            any = s->matched[i] = true;
    }
    return any;
}

static bool append(bench_plan *plan, size_t *capacity, const bench_item *item, size_t group)
{
    if (plan->count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 64;
        plan_entry *entries = realloc(plan->entries, larger * sizeof *entries);
        if (!entries)
            return false;
        plan->entries = entries;
        *capacity = larger;
    }
    plan_entry *entry = &plan->entries[plan->count++];
    *entry = (plan_entry){.item = *item, .group = group};
    snprintf(entry->implementation, sizeof entry->implementation, "%s", item->implementation);
    return true;
}

static bool select_item(void *self, const bench_item *item)
{
    selection *s = self;
    const unsigned shards = s->options->shards ? s->options->shards : 1;
    if (!matches(s, item))
        return true;
    if (s->groups == 0 || s->workload != item->workload || (s->size != item->size && !item->weak)) {
        s->groups++;
        s->workload = item->workload;
        s->size = item->size;
    }
    if ((s->groups - 1) % shards != s->options->shard)
        return true;
    return append(s->plan, &s->capacity, item, s->groups - 1);
}

static assay_status select_items(selection *s, int threads)
{
    if (!each(s->options->quick ? QUICK_SIZES : NORMAL_SIZES, threads, select_item, s))
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the plan of the benchmarks");
    for (size_t i = 0; i < s->options->pattern_count; i++) {
        if (!s->matched[i])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "no benchmark matches \"%s\"", s->options->patterns[i]);
    }
    for (size_t i = 0; i < s->plan->count; i++) /* now that the entries stay where they are */
        s->plan->entries[i].item.implementation = s->plan->entries[i].implementation;
    return ASSAY_OK;
}

assay_status plan_make(const bench_options *options, int threads, bench_plan *plan)
{
    *plan = (bench_plan){0};
    assay_status status = check_tables();
    if (status != ASSAY_OK)
        return status;
    bool *matched = calloc(options->pattern_count + 1, sizeof *matched);
    if (!matched)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu patterns", options->pattern_count);
    selection s = {.options = options, .plan = plan, .matched = matched};
    status = select_items(&s, threads);
    free(matched);
    if (status != ASSAY_OK)
        plan_release(plan);
    return status;
}

void plan_release(bench_plan *plan)
{
    free(plan->entries);
    *plan = (bench_plan){0};
}
