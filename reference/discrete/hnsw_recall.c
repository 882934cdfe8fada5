/* HNSW as it is published: Algorithms 1 to 5 of Malkov and Yashunin, with hnswlib's variants of them. */
#include "assay/catalogue.h"
#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ASSAY_CATALOGUE(hnsw_recall, .family = "discrete",
                .title = "The Impacts of Data, Ordering, and Intrinsic Dimensionality on Recall in Hierarchical "
                         "Navigable Small Worlds",
                .authors = "Owen P. Elliott, Jesse Clark", .year = 2024, .identifier = "arXiv:2405.17813",
                .summary = "Finds approximate nearest neighbours in a graph with levels (HNSW) and measures how recall "
                           "depends on the data's intrinsic dimension and order.",
                .data = "vectors as .fvecs, .npy or .csv",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* ---- Distances ------------------------------------------------------------------------------------------------- */

static float distance(hnsw_recall_index *index, const float *x, const float *y)
{
    float sum = 0;
    for (size_t i = 0; i < index->dimension; i++)
        sum += index->options.metric == HNSW_RECALL_L2 ? (x[i] - y[i]) * (x[i] - y[i]) : x[i] * y[i];
    atomic_fetch_add_explicit(&index->shared->distances, 1, memory_order_relaxed);
    return index->options.metric == HNSW_RECALL_L2 ? sum : 1 - sum;
}

static hnsw_near near(hnsw_recall_index *index, const float *query, uint32_t id)
{
    return (hnsw_near){distance(index, query, hnsw_vector(index, id)), id};
}

/* ---- Heaps ----------------------------------------------------------------------------------------------------- */

/* A binary heap: the root is the nearest element, or the farthest. */
typedef struct heap {
    hnsw_near *items;
    size_t count;
    bool farthest_first;
} heap;

static bool above(const heap *h, size_t i, size_t j)
{
    return h->farthest_first ? hnsw_closer(h->items[j], h->items[i]) : hnsw_closer(h->items[i], h->items[j]);
}

static void swap(heap *h, size_t i, size_t j)
{
    const hnsw_near item = h->items[i];
    h->items[i] = h->items[j];
    h->items[j] = item;
}

static void push(heap *h, hnsw_near item)
{
    size_t i = h->count++;
    h->items[i] = item;
    for (; i > 0 && above(h, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(h, i, (i - 1) / 2);
}

static hnsw_near pop(heap *h)
{
    const hnsw_near root = h->items[0];
    h->items[0] = h->items[--h->count];
    for (size_t i = 0, child; (child = 2 * i + 1) < h->count; i = child) {
        child += child + 1 < h->count && above(h, child + 1, child);
        if (!above(h, child, i))
            break;
        swap(h, i, child);
    }
    return root;
}

/* Puts the items of a heap, farthest first, in order. */
static void sort(heap *h)
{
    const size_t count = h->count;
    while (h->count > 1) {
        const hnsw_near farthest = pop(h);
        h->items[h->count] = farthest;
    }
    h->count = count;
}

/* ---- Search on a level ----------------------------------------------------------------------------------------- */

/* What a search needs: C and W of the paper, and who was visited. */
typedef struct search {
    heap candidates, found;
    bool *visited;
} search;

static void end_search(search *s)
{
    free(s->candidates.items);
    free(s->found.items);
    free(s->visited);
}

/* Room for a search among all elements that keeps ef, and for `more` further ones. */
static assay_status begin_search(const hnsw_recall_index *index, size_t ef, size_t more, search *s)
{
    *s = (search){.found = {.farthest_first = true}};
    s->candidates.items = malloc((index->count + 1) * sizeof *s->candidates.items);
    s->found.items = malloc(((ef < index->count ? ef : index->count) + more + 1) * sizeof *s->found.items);
    s->visited = malloc(index->count + 1);
    if (s->candidates.items && s->found.items && s->visited)
        return ASSAY_OK;
    end_search(s);
    return assay_fail(ASSAY_NO_MEMORY, "no memory for a search among %zu elements", index->count);
}

/* Algorithm 2. Leaves the ef nearest in s->found, in order. */
static void search_level(hnsw_recall_index *index, const float *query, const hnsw_near *entries, size_t entry_count,
                         size_t ef, int level, search *s)
{
    memset(s->visited, 0, index->count);
    s->candidates.count = s->found.count = 0;
    for (size_t i = 0; i < entry_count; i++) {
        s->visited[entries[i].id] = true;
        push(&s->candidates, entries[i]);
        push(&s->found, entries[i]);
        if (s->found.count > ef)
            pop(&s->found);
    }
    while (s->candidates.count > 0) {
        const hnsw_near nearest = pop(&s->candidates);
        if (s->found.count == ef && hnsw_closer(s->found.items[0], nearest))
            break;
        const hnsw_list *list = hnsw_list_of(index, nearest.id, level);
        atomic_fetch_add_explicit(&index->shared->hops, 1, memory_order_relaxed);
        for (size_t i = 0; i < list->count; i++) {
            if (s->visited[list->ids[i]])
                continue;
            s->visited[list->ids[i]] = true;
            const hnsw_near next = near(index, query, list->ids[i]);
            if (s->found.count == ef && !hnsw_closer(next, s->found.items[0]))
                continue;
            push(&s->candidates, next);
            push(&s->found, next);
            if (s->found.count > ef)
                pop(&s->found);
        }
    }
    sort(&s->found);
}

/* From the entry down to above `level`: the nearest element found on each level is where the next is entered. */
static hnsw_near descend(hnsw_recall_index *index, const float *query, int level, search *s)
{
    hnsw_near at = near(index, query, index->entry);
    for (int l = index->top; l > level; l--) {
        search_level(index, query, &at, 1, 1, l, s);
        at = s->found.items[0];
    }
    return at;
}

/* ---- Choosing links -------------------------------------------------------------------------------------------- */

/* Algorithm 4: of candidates in order, those that are not nearer to one kept before than to the owner, at most `most`.
 * Writes them to kept, and behind the *selected chosen ones the nearest others if they are to be kept. */
static size_t select_links(hnsw_recall_index *index, const hnsw_near *candidates, size_t count, size_t most,
                           hnsw_near *kept, size_t *selected)
{
    const bool library = index->options.mode == HNSW_RECALL_LIBRARY;
    *selected = 0;
    if (library && count < most) {
        memcpy(kept, candidates, count * sizeof *kept);
        return count;
    }
    size_t n = 0;
    for (size_t i = 0; i < count && n < most; i++) {
        const float *vector = hnsw_vector(index, candidates[i].id);
        bool good = true;
        for (size_t j = 0; j < n && good; j++)
            good = distance(index, vector, hnsw_vector(index, kept[j].id)) >= candidates[i].distance;
        if (good)
            kept[n++] = candidates[i];
    }
    *selected = n;
    for (size_t i = 0, chosen = 0; index->options.keep_pruned && i < count && n < most; i++) {
        if (chosen < *selected && candidates[i].id == kept[chosen].id)
            chosen++;
        else
            kept[n++] = candidates[i];
    }
    return n;
}

static void store(hnsw_recall_index *index, hnsw_list *list, int level, const hnsw_near *links, size_t count,
                  size_t selected)
{
    list->count = (uint16_t)count;
    list->selected = (uint16_t)selected;
    for (size_t i = 0; i < count; i++) {
        list->ids[i] = links[i].id;
        hnsw_distances_of(index, list, level)[i] = links[i].distance;
    }
}

/* Adds the neighbours of what was found on a level to it. */
static void extend(hnsw_recall_index *index, const float *query, int level, search *s)
{
    const size_t found = s->found.count;
    s->candidates.count = 0; /* now a place to collect */
    memset(s->visited, 0, index->count);
    for (size_t i = 0; i < found; i++)
        s->visited[s->found.items[i].id] = true;
    for (size_t i = 0; i < found; i++) {
        const hnsw_list *list = hnsw_list_of(index, s->found.items[i].id, level);
        for (size_t j = 0; j < list->count; j++) {
            if (!s->visited[list->ids[j]])
                s->candidates.items[s->candidates.count++] = near(index, query, list->ids[j]);
            s->visited[list->ids[j]] = true;
        }
    }
    s->found.count = 0;
    for (size_t i = 0; i < found; i++)
        push(&s->found, s->found.items[i]);
    for (size_t i = 0; i < s->candidates.count; i++)
        push(&s->found, s->candidates.items[i]);
    sort(&s->found);
}

/* ---- Insertion ------------------------------------------------------------------------------------------------- */

/* Adds those of the round before element id that are on the level, and keeps the ef nearest. */
static void add_round(hnsw_recall_index *index, uint32_t first, uint32_t id, int level, search *s)
{
    const size_t found = s->found.count;
    s->found.count = 0;
    for (size_t i = 0; i < found; i++)
        push(&s->found, s->found.items[i]);
    for (uint32_t other = first; other < id; other++) {
        if (index->levels[other] < level)
            continue;
        push(&s->found, near(index, hnsw_vector(index, id), other));
        if (s->found.count > index->options.ef_construction)
            pop(&s->found);
    }
    sort(&s->found);
}

/* Algorithm 1 up to the choice of links: writes the lists of an element, on all its levels. */
static void choose_links(hnsw_recall_index *index, uint32_t first, uint32_t id, search *s, hnsw_near *room)
{
    const hnsw_recall_options *o = &index->options;
    const float *query = hnsw_vector(index, id);
    const int level = index->levels[id];
    size_t entry_count = 0, selected;
    hnsw_near *entries = room, *kept = room + index->count;
    if (index->top >= 0) {
        entries[0] = descend(index, query, level, s);
        entry_count = 1;
    }
    for (int l = level; l >= 0; l--) {
        s->found.count = 0;
        if (l <= index->top) {
            search_level(index, query, entries, entry_count, o->ef_construction, l, s);
            entry_count = o->mode == HNSW_RECALL_MALKOV ? s->found.count : 1;
            memcpy(entries, s->found.items, entry_count * sizeof *entries);
            if (o->extend_candidates)
                extend(index, query, l, s);
        }
        add_round(index, first, id, l, s);
        const size_t count = select_links(index, s->found.items, s->found.count, o->m, kept, &selected);
        store(index, hnsw_list_of(index, id, l), l, kept, count, selected);
    }
}

/* Algorithm 1 from there: a link from `owner` back to `id`; a list that is full is chosen anew. */
static void link_back(hnsw_recall_index *index, uint32_t owner, hnsw_near link, int level, hnsw_near *room)
{
    hnsw_list *list = hnsw_list_of(index, owner, level);
    const size_t cap = hnsw_cap(index, level);
    float *distances = hnsw_distances_of(index, list, level);
    if (list->count < cap) {
        distances[list->count] = link.distance;
        list->ids[list->count++] = link.id;
        return;
    }
    heap candidates = {.items = room, .farthest_first = true};
    hnsw_near *kept = room + cap + 1;
    size_t selected;
    push(&candidates, link);
    for (size_t i = 0; i < list->count; i++)
        push(&candidates, near(index, hnsw_vector(index, owner), list->ids[i]));
    sort(&candidates);
    const size_t count = select_links(index, candidates.items, candidates.count, cap, kept, &selected);
    store(index, list, level, kept, count, selected);
}

/* What was chosen for element id is to be linked back; `count` of its links on the level were chosen by itself. */
static void link_element(hnsw_recall_index *index, uint32_t id, const hnsw_near *links, size_t count, int level,
                         hnsw_near *room)
{
    for (size_t i = 0; i < count; i++)
        link_back(index, links[i].id, (hnsw_near){links[i].distance, id}, level, room);
}

static size_t copy_links(const hnsw_recall_index *index, uint32_t id, int level, hnsw_near *links)
{
    hnsw_list *list = hnsw_list_of(index, id, level);
    for (size_t i = 0; i < list->count; i++)
        links[i] = (hnsw_near){hnsw_distances_of(index, list, level)[i], list->ids[i]};
    return list->count;
}

/* Every element of the round chooses its links among the elements before the round and those of the round before it;
 * then the links back are made, as the links were chosen. For a round of one this is Algorithm 1. */
static assay_status insert_round(hnsw_recall_index *index, uint32_t first, void *self)
{
    (void)self;
    const size_t m = index->options.m;
    size_t lists = 0, chosen = 0;
    for (uint32_t id = first; id < index->count; id++)
        lists += 1 + (size_t)index->levels[id];
    search s = {0};
    hnsw_near *room = malloc((index->count + 4 * (m + 1) + lists * m) * sizeof *room);
    size_t *counts = calloc(lists + 1, sizeof *counts);
    assay_status status = room && counts ? begin_search(index, index->options.ef_construction, index->count, &s)
                                         : assay_fail(ASSAY_NO_MEMORY, "no memory to insert elements");
    if (status == ASSAY_OK) {
        hnsw_near *links = room + index->count + 4 * (m + 1);
        for (uint32_t id = first; id < index->count; id++) {
            choose_links(index, first, id, &s, room);
            for (int level = 0; level <= index->levels[id]; level++, chosen++)
                counts[chosen] = copy_links(index, id, level, links + chosen * m);
        }
        chosen = 0;
        for (uint32_t id = first; id < index->count; id++) {
            for (int level = 0; level <= index->levels[id]; level++, chosen++)
                link_element(index, id, links + chosen * m, counts[chosen], level, room);
        }
        end_search(&s);
    }
    free(counts);
    free(room);
    return status;
}

assay_status hnsw_recall_reference_add_batch(hnsw_recall_index *index, const float *vectors, const uint64_t *labels,
                                             size_t n, const size_t *order)
{
    hnsw_batch batch = {vectors, labels, order, n, hnsw_recall_size(index)};
    const assay_status status = hnsw_check_add(index, &batch);
    return status == ASSAY_OK ? hnsw_insert(index, &batch, insert_round, NULL) : status;
}

assay_status hnsw_recall_reference_add(hnsw_recall_index *index, const float *vector, uint64_t label)
{
    return hnsw_recall_reference_add_batch(index, vector, &label, 1, NULL);
}

/* ---- Search ---------------------------------------------------------------------------------------------------- */

/* Algorithm 5. */
static size_t find(hnsw_recall_index *index, const float *query, size_t k, size_t ef, search *s)
{
    if (index->count == 0)
        return 0;
    const hnsw_near at = descend(index, query, 0, s);
    search_level(index, query, &at, 1, ef > k ? ef : k, 0, s);
    return s->found.count < k ? s->found.count : k;
}

assay_status hnsw_recall_reference_search_batch(const hnsw_recall_index *index, const float *queries, size_t n,
                                                size_t k, size_t ef, uint64_t *labels, float *distances)
{
    assay_status status = hnsw_check_search(index, queries, n, k, ef, labels);
    if (status != ASSAY_OK || n == 0)
        return status;
    search s;
    float *query = malloc(index->stride * sizeof *query);
    status = query ? begin_search(index, ef > k ? ef : k, 0, &s) : assay_fail(ASSAY_NO_MEMORY, "no memory for a query");
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        hnsw_prepare(index->options.metric, queries + i * index->dimension, index->dimension, index->stride, query);
        const size_t found = find((hnsw_recall_index *)index, query, k, ef, &s); /* changes counters only */
        for (size_t j = 0; j < k; j++) {
            labels[i * k + j] = j < found ? index->labels[s.found.items[j].id] : UINT64_MAX;
            if (distances)
                distances[i * k + j] = j < found ? s.found.items[j].distance : INFINITY;
        }
    }
    if (status == ASSAY_OK)
        end_search(&s);
    free(query);
    return status;
}

assay_status hnsw_recall_reference_search(const hnsw_recall_index *index, const float *query, size_t k, size_t ef,
                                          uint64_t *labels, float *distances, size_t *count)
{
    if (!count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "count is null");
    const assay_status status = hnsw_recall_reference_search_batch(index, query, 1, k, ef, labels, distances);
    if (status == ASSAY_OK) {
        *count = 0;
        while (*count < k && *count < index->count && labels[*count] != UINT64_MAX)
            (*count)++;
    }
    return status;
}
