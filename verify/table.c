#include "verify/table.h"

#include "assay/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES = 1024 };

typedef struct table {
    const char *algorithm;
    const verify_check *checks;
    size_t count;
} table;

static table tables[TABLES];
static size_t table_count;

void verify_add(const char *algorithm, const verify_check *checks, size_t count)
{
    if (table_count == TABLES)
        abort(); /* before main: there is nobody to tell */
    tables[table_count++] = (table){algorithm, checks, count};
}

const char *verify_depth_name(verify_depth depth)
{
    static const char *const names[] = {"quick", "full", "exhaustive"};
    return (unsigned)depth < 3 ? names[depth] : "unknown";
}

static bool is_repeated(const verify_check *check)
{
    return check->every_level || check->kernel || check->sweep;
}

static void visit_check(const table *t, const verify_check *check, void (*visit)(void *, const verify_item *),
                        void *self)
{
    const assay_algorithm *entry = assay_catalogue_find(t->algorithm);
    const unsigned levels = 1u | (entry ? entry->levels : 0);
    const assay_level best = assay_cpu_level();
    for (int level = 0; level < ASSAY_LEVELS; level++) {
        if (is_repeated(check) ? levels & ASSAY_LEVEL_BIT(level) : level == (int)best) {
            verify_item item = {t->algorithm, assay_level_name((assay_level)level), (assay_level)level, check};
            visit(self, &item);
        }
    }
}

void verify_each_item(void (*visit)(void *self, const verify_item *item), void *self)
{
    /* By algorithm in the catalogue's order, then as written; algorithms outside the catalogue come last. */
    for (int a = 0; a <= assay_catalogue_size(); a++) {
        const assay_algorithm *algorithm = assay_catalogue_at(a);
        for (size_t t = 0; t < table_count; t++) {
            bool here = algorithm ? strcmp(algorithm->name, tables[t].algorithm) == 0
                                  : !assay_catalogue_find(tables[t].algorithm);
            for (size_t c = 0; here && c < tables[t].count; c++)
                visit_check(&tables[t], &tables[t].checks[c], visit, self);
        }
    }
}

/* What the visitor that makes the plan carries along. */
typedef struct making {
    const verify_options *options;
    verify_plan *plan;
    size_t capacity;
    bool *pattern_used;
    bool out_of_memory;
    size_t selected;
} making;

static bool is_selected(making *m, const verify_item *item)
{
    bool selected = m->options->pattern_count == 0;
    for (size_t i = 0; i < m->options->pattern_count; i++) {
        if (assay_pattern_matches(m->options->patterns[i], item->algorithm, item->implementation, item->check->name)) {
            m->pattern_used[i] = true;
            selected = true;
        }
    }
    return selected && item->check->from <= m->options->depth;
}

static bool is_in_shard(making *m, const verify_item *item)
{
    const unsigned shards = m->options->shards ? m->options->shards : 1;
    if (item->check->sweep && m->options->depth == VERIFY_EXHAUSTIVE)
        return true; /* split by its parts instead */
    return m->selected++ % shards == m->options->shard;
}

static void consider(void *self, const verify_item *item)
{
    making *m = self;
    if (m->out_of_memory || !is_selected(m, item) || !is_in_shard(m, item))
        return;
    if (m->plan->count == m->capacity) {
        size_t capacity = m->capacity ? 2 * m->capacity : 64;
        verify_item *items = realloc(m->plan->items, capacity * sizeof *items);
        if (!items) {
            m->out_of_memory = true;
            return;
        }
        m->plan->items = items;
        m->capacity = capacity;
    }
    m->plan->items[m->plan->count++] = *item;
}

/* How many checks of the algorithm come before check @p c of table @p t and have its name. */
static size_t namesakes_before(size_t t, size_t c)
{
    size_t count = 0;
    for (size_t i = 0; i <= t; i++) {
        if (strcmp(tables[i].algorithm, tables[t].algorithm) != 0)
            continue;
        for (size_t k = 0; k < (i == t ? c : tables[i].count); k++)
            count += strcmp(tables[i].checks[k].name, tables[t].checks[c].name) == 0;
    }
    return count;
}

/* A check is known by its name: an interrupted run would take the second of two for done, and the store for measured.
 */
static assay_status check_names(void)
{
    for (size_t t = 0; t < table_count; t++) {
        for (size_t c = 0; c < tables[t].count; c++) {
            if (namesakes_before(t, c))
                return assay_fail(ASSAY_INVALID_ARGUMENT, "%s has two checks named \"%s\": give one another name",
                                  tables[t].algorithm, tables[t].checks[c].name);
        }
    }
    return ASSAY_OK;
}

assay_status verify_plan_make(const verify_options *options, verify_plan *plan)
{
    *plan = (verify_plan){0};
    making m = {.options = options, .plan = plan};
    assay_status status = check_names();
    if (status != ASSAY_OK)
        return status;
    m.pattern_used = calloc(options->pattern_count + 1, sizeof *m.pattern_used);
    if (!m.pattern_used)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate the plan");
    verify_each_item(consider, &m);
    for (size_t i = 0; status == ASSAY_OK && i < options->pattern_count; i++) {
        if (!m.pattern_used[i])
            status = assay_fail(ASSAY_INVALID_ARGUMENT, "pattern \"%s\" matches no check", options->patterns[i]);
    }
    if (m.out_of_memory)
        status = assay_fail(ASSAY_NO_MEMORY, "cannot allocate the plan");
    free(m.pattern_used);
    if (status != ASSAY_OK)
        verify_plan_release(plan);
    return status;
}

void verify_plan_release(verify_plan *plan)
{
    free(plan->items);
    *plan = (verify_plan){0};
}
