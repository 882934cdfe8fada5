/* local_lipschitz, step 7: best first search over the signs of neurons, for any way to bound a domain. */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Points that are tried for a lower bound, the centre among them. */
enum { TRIED_POINTS = 8 };

double lipschitz_score(local_lipschitz_heuristic heuristic, bool last_layer, double low, double high,
                       double coefficient)
{
    const double a = fabs(coefficient);
    if (heuristic == LOCAL_LIPSCHITZ_AREA) /* 1: in the last layer g is a point, and D free all the same */
        return 1 + (high * fabs(high) - low * fabs(low)) * a;
    const double gap = last_layer ? a * fabs(low) : low < 0 && high > 0 ? a * 2 * -low / (high - low) * high : 0;
    return gap > LIPSCHITZ_MARGIN ? gap : 0; /* rounding is no gap */
}

typedef struct search_state {
    const lipschitz_net *net;
    const local_lipschitz_box *box;
    const lipschitz_values *values;
    const local_lipschitz_search *settings;
    const lipschitz_engine *engine;
    size_t first_row, rows;
    lipschitz_domain **heap; /* the largest first */
    size_t open, room;
    lipschitz_domain **parents, **children; /* of a round */
    double closed;                          /* the largest value of a domain without free signs */
    double *x;
    local_lipschitz_outcome outcome;
} search_state;

/* ---- Domains --------------------------------------------------------------------------------------------------- */

static void release_domain(const search_state *s, lipschitz_domain *domain)
{
    if (!domain)
        return;
    if (domain->bounds)
        s->engine->release_bounds(s->engine->self, domain->bounds);
    assay_release(domain->sign);
    free(domain);
}

static lipschitz_domain *make_domain(search_state *s, size_t row, const signed char *sign)
{
    const size_t hidden = s->net->chain.hidden;
    lipschitz_domain *made = calloc(1, sizeof *made);
    if (!made || !(made->sign = assay_allocate(hidden, 1))) {
        free(made);
        assay_fail(ASSAY_NO_MEMORY, "no memory for a domain");
        return NULL;
    }
    memcpy(made->sign, sign, hidden);
    made->row = row;
    made->id = s->outcome.domains++;
    return made;
}

/* The heap's order. */
static bool before(const lipschitz_domain *a, const lipschitz_domain *b)
{
    return a->value > b->value || (a->value == b->value && a->id < b->id);
}

static assay_status push(search_state *s, lipschitz_domain *domain)
{
    if (s->open == s->room) {
        const size_t room = 2 * s->room + 64;
        lipschitz_domain **larger = realloc(s->heap, room * sizeof(lipschitz_domain *));
        if (!larger)
            return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu domains", room);
        s->heap = larger;
        s->room = room;
    }
    size_t at = s->open++;
    for (; at > 0 && before(domain, s->heap[(at - 1) / 2]); at = (at - 1) / 2)
        s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = domain;
    return ASSAY_OK;
}

static lipschitz_domain *pop(search_state *s)
{
    lipschitz_domain *top = s->heap[0], *last = s->heap[--s->open];
    size_t at = 0;
    for (size_t child = 1; child < s->open; child = 2 * at + 1) {
        if (child + 1 < s->open && before(s->heap[child + 1], s->heap[child]))
            child++;
        if (!before(s->heap[child], last))
            break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = last;
    return top;
}

/* ---- Lower bounds ---------------------------------------------------------------------------------------------- */

static void try_point(search_state *s, size_t first, size_t rows, const double *x)
{
    s->outcome.lower = fmax(s->outcome.lower, s->engine->norm_at(s->engine->self, x, first, rows));
}

static void try_points(search_state *s)
{
    const size_t inputs = s->net->chain.width[0];
    for (size_t t = 0; t < TRIED_POINTS; t++) {
        for (size_t i = 0; i < inputs; i++) {
            const double share = t ? assay_random_uniform((assay_random){0, t}, i) : 0.5;
            s->x[i] = s->box->low[i] + share * (s->box->high[i] - s->box->low[i]);
        }
        try_point(s, s->first_row, s->rows, s->x);
    }
}

/* ---- Rounds ---------------------------------------------------------------------------------------------------- */

/* What an open domain has to exceed to be of interest: by more than rounding. */
static double threshold(const search_state *s)
{
    return fmax(s->closed, s->outcome.lower) * (1 + LIPSCHITZ_MARGIN) + s->settings->tolerance;
}

/* Bounds the new domains and puts them where they belong; all of them are gone from the array afterwards. */
static assay_status take_in(search_state *s, lipschitz_domain *const *parents, size_t count)
{
    lipschitz_domain **domains = s->children;
    assay_status status = s->engine->evaluate(s->engine->self, domains, parents, count);
    for (size_t c = 0; c < count; c++) {
        lipschitz_domain *domain = domains[c];
        domains[c] = NULL;
        if (isnan(domain->value))
            domain->value = INFINITY;
        /* A child cannot be worse than its parent; one that is hardly better counts as equal, so that rounding does not
         * decide which domain is the best. */
        if (parents && !(domain->value < parents[c]->value * (1 - LIPSCHITZ_MARGIN)))
            domain->value = parents[c]->value;
        if (status == ASSAY_OK && domain->layer > 0) {
            status = push(s, domain);
            if (status == ASSAY_OK)
                continue;
        }
        s->closed = fmax(s->closed, domain->value);
        release_domain(s, domain);
    }
    return status;
}

static assay_status make_roots(search_state *s)
{
    size_t count = 0;
    for (; count < s->rows; count++)
        if (!(s->children[count] = make_domain(s, s->first_row + count, s->values->sign)))
            break;
    if (count == s->rows)
        return take_in(s, NULL, count);
    while (count-- > 0)
        release_domain(s, s->children[count]);
    return ASSAY_NO_MEMORY;
}

/* The two halves of a domain, those left out that are proved empty. */
static assay_status split(search_state *s, lipschitz_domain *parent, lipschitz_domain **parents, size_t *count)
{
    const size_t at = s->net->chain.offset[parent->layer] + parent->neuron;
    for (int sign = LIPSCHITZ_ACTIVE; sign >= LIPSCHITZ_INACTIVE; sign -= 2) {
        lipschitz_domain *child = make_domain(s, parent->row, parent->sign);
        if (!child)
            return ASSAY_NO_MEMORY;
        child->sign[at] = (signed char)sign;
        bool feasible = true;
        assay_status status = ASSAY_OK;
        if (s->settings->feasible) {
            status = lipschitz_feasible(s->net, s->box, s->values, child->sign, &feasible, s->x);
            if (status == ASSAY_OK && feasible)
                try_point(s, child->row, 1, s->x);
        }
        if (status != ASSAY_OK || !feasible) {
            release_domain(s, child);
            if (status != ASSAY_OK)
                return status;
            continue;
        }
        parents[*count] = parent;
        s->children[(*count)++] = child;
    }
    return ASSAY_OK;
}

static void record(search_state *s, const lipschitz_domain *parent)
{
    if (s->outcome.splits < s->settings->history_count)
        s->settings->history[s->outcome.splits] =
            (local_lipschitz_split){parent->row, parent->layer, parent->neuron, 0};
    s->outcome.splits++;
}

static double upper_bound(const search_state *s)
{
    return fmax(fmax(s->closed, s->outcome.lower), s->open ? s->heap[0]->value : 0);
}

/* Splits the best domains, as many as a round has. */
static assay_status run_round(search_state *s)
{
    const size_t left = s->settings->splits - s->outcome.splits;
    const size_t most = left < s->settings->batch ? left : s->settings->batch, first = s->outcome.splits;
    const double limit = threshold(s);
    size_t chosen = 0, count = 0;
    assay_status status = ASSAY_OK;
    /* One parent for each child: children have two places each in s->parents, after those of the chosen ones. */
    lipschitz_domain **parents = s->parents + s->settings->batch;
    while (status == ASSAY_OK && chosen < most && s->open > 0 && s->heap[0]->value > limit) {
        s->parents[chosen] = pop(s);
        record(s, s->parents[chosen]);
        status = split(s, s->parents[chosen++], parents, &count);
    }
    if (status == ASSAY_OK) {
        status = take_in(s, parents, count);
        count = 0;
    }
    while (count-- > 0)
        release_domain(s, s->children[count]);
    while (chosen-- > 0)
        release_domain(s, s->parents[chosen]);
    for (size_t i = first; i < s->outcome.splits && i < s->settings->history_count; i++)
        s->settings->history[i].bound = upper_bound(s);
    return status;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static assay_status run(search_state *s)
{
    const double start = now();
    try_points(s);
    assay_status status = make_roots(s);
    s->outcome.root = upper_bound(s);
    s->outcome.end = LOCAL_LIPSCHITZ_EXACT;
    while (status == ASSAY_OK && s->open > 0 && s->heap[0]->value > threshold(s)) {
        if (s->outcome.splits >= s->settings->splits ||
            (s->settings->seconds > 0 && now() - start >= s->settings->seconds)) {
            s->outcome.end = LOCAL_LIPSCHITZ_BUDGET;
            break;
        }
        status = run_round(s);
    }
    s->outcome.upper = upper_bound(s);
    for (size_t i = 0; i < s->open; i++)
        s->outcome.open += s->heap[i]->value > threshold(s);
    return status;
}

assay_status lipschitz_search(const lipschitz_net *net, const local_lipschitz_box *box, size_t row,
                              const lipschitz_values *values, const local_lipschitz_search *search,
                              const lipschitz_engine *engine, local_lipschitz_outcome *outcome)
{
    const lipschitz_chain *chain = &net->chain;
    search_state s = {.net = net,
                      .box = box,
                      .values = values,
                      .settings = search,
                      .engine = engine,
                      .first_row = lipschitz_first_row(row),
                      .rows = lipschitz_rows(chain, row)};
    const size_t most = 2 * search->batch > s.rows ? 2 * search->batch : s.rows;
    s.children = assay_allocate(most, sizeof(lipschitz_domain *));
    s.parents = assay_allocate(3 * search->batch, sizeof(lipschitz_domain *));
    s.x = assay_allocate(chain->width[0], sizeof *s.x);
    assay_status status = s.children && s.parents && s.x ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = run(&s);
    if (status == ASSAY_OK)
        *outcome = s.outcome;
    for (size_t i = 0; i < s.open; i++)
        release_domain(&s, s.heap[i]);
    free(s.heap);
    assay_release(s.children);
    assay_release(s.parents);
    assay_release(s.x);
    return status;
}
