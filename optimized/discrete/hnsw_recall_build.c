/* Insertion. The graph is the reference's, with fewer distances: those from the owners are stored in the lists, and the
 * members of a list that were chosen together need not be compared with each other again. Elements of a round are
 * inserted by all threads: first each chooses its links in the graph as it is, then each thread makes the links back to
 * the owners that are its own. */
#include "optimized/discrete/hnsw_recall_build.h"

#include "assay/threads.h"

#include <omp.h>
#include <stdlib.h>

/* ---- Choosing links -------------------------------------------------------------------------------------------- */

/* Links being chosen for an owner. Candidates come in order. Those chosen once before are known not to be nearer to
 * each other than to the owner, as far as they stayed, so that they are compared with the new ones only. */
typedef struct choice {
    hnsw_work *work;
    size_t most;
    uint32_t old[2 * HNSW_RECALL_M_MOST], new[2 * HNSW_RECALL_M_MOST];
    size_t old_count, new_count;
    hnsw_key kept[2 * HNSW_RECALL_M_MOST];
    size_t count;
} choice;

/* Whether one of the elements is nearer to the vector than `distance`; looks at the nearest ones, which rule out most,
 * first. */
static bool any_nearer(hnsw_work *work, const float *vector, float distance, const uint32_t *ids, size_t n)
{
    enum { TOGETHER = 4 };
    float distances[TOGETHER];
    for (size_t i = 0; i < n; i += TOGETHER) {
        const size_t count = n - i < TOGETHER ? n - i : TOGETHER;
        hnsw_work_distances(work, vector, ids + i, count, distances);
        for (size_t j = 0; j < count; j++) {
            if (distances[j] < distance)
                return true;
        }
    }
    return false;
}

/* The next candidate; `old` tells that it was chosen before. */
static void consider(choice *c, hnsw_key candidate, bool old)
{
    const uint32_t id = hnsw_key_id(candidate);
    const float *vector = hnsw_vector(c->work->index, id);
    const float distance = hnsw_key_distance(candidate);
    if (any_nearer(c->work, vector, distance, c->new, c->new_count) ||
        (!old && any_nearer(c->work, vector, distance, c->old, c->old_count)))
        return;
    if (old)
        c->old[c->old_count++] = id;
    else
        c->new[c->new_count++] = id;
    c->kept[c->count++] = candidate;
}

/* Writes a list: what was chosen, and behind it the nearest others if they are to be kept. */
static void store(const choice *c, hnsw_list *list, int level, const hnsw_key *candidates, size_t count)
{
    const hnsw_recall_index *index = c->work->index;
    float *distances = hnsw_distances_of(index, list, level);
    size_t n = 0;
    for (; n < c->count; n++) {
        list->ids[n] = hnsw_key_id(c->kept[n]);
        distances[n] = hnsw_key_distance(c->kept[n]);
    }
    list->selected = (uint16_t)n;
    for (size_t i = 0, chosen = 0; index->options.keep_pruned && i < count && n < c->most; i++) {
        if (chosen < c->count && hnsw_key_id(candidates[i]) == hnsw_key_id(c->kept[chosen])) {
            chosen++;
            continue;
        }
        list->ids[n] = hnsw_key_id(candidates[i]);
        distances[n++] = hnsw_key_distance(candidates[i]);
    }
    list->count = (uint16_t)n;
}

/* The links of a new element from the pool. */
static void choose_from_pool(hnsw_work *work, hnsw_list *list, int level)
{
    const hnsw_recall_index *index = work->index;
    choice c = {.work = work, .most = index->options.m};
    if (index->options.mode == HNSW_RECALL_LIBRARY && work->count < c.most) {
        for (; c.count < work->count; c.count++)
            c.kept[c.count] = work->pool[c.count];
        store(&c, list, level, NULL, 0);
        list->selected = 0;
        return;
    }
    for (size_t i = 0; i < work->count && c.count < c.most; i++)
        consider(&c, work->pool[i], false);
    store(&c, list, level, work->pool, work->count);
}

/* ---- Insertion ------------------------------------------------------------------------------------------------- */

/* Adds the neighbours of what was found, and keeps all. */
static void extend(hnsw_work *work, int level)
{
    const size_t found = work->count;
    memcpy(work->entries, work->pool, found * sizeof *work->entries);
    hnsw_work_begin_visits(work);
    for (size_t i = 0; i < found; i++)
        work->visited[hnsw_key_id(work->entries[i])] = work->epoch;
    for (size_t i = 0; i < found; i++) {
        const hnsw_list *list = hnsw_list_of(work->index, hnsw_key_id(work->entries[i]), level);
        for (size_t j = 0; j < list->count; j++) {
            if (work->visited[list->ids[j]] != work->epoch)
                hnsw_work_enter(work, hnsw_work_key(work, list->ids[j]), SIZE_MAX);
            work->visited[list->ids[j]] = work->epoch;
        }
    }
}

/* Adds those of the round before element id that are on the level. */
static void add_round(hnsw_work *work, uint32_t first, uint32_t id, int level, size_t ef)
{
    for (uint32_t other = first; other < id; other++) {
        if (work->index->levels[other] >= level)
            hnsw_work_enter(work, hnsw_work_key(work, other), work->count > ef ? work->count : ef);
    }
}

/* Writes the lists of an element on all its levels, and notes the links to be made back. */
static size_t choose_links(hnsw_work *work, uint32_t first, uint32_t id, hnsw_back_link *links)
{
    const hnsw_recall_index *index = work->index;
    const hnsw_recall_options *o = &index->options;
    const size_t ef = o->ef_construction < index->count ? o->ef_construction : index->count;
    const int level = index->levels[id];
    size_t entry_count = 0, count = 0;
    hnsw_work_query(work, hnsw_vector(index, id));
    if (index->top >= 0) {
        work->entries[0] = hnsw_work_key(work, index->entry);
        entry_count = 1;
    }
    for (int l = index->top; l > level; l--) {
        hnsw_work_search(work, work->entries, 1, 1, l);
        work->entries[0] = work->pool[0];
    }
    for (int l = level; l >= 0; l--) {
        hnsw_list *list = hnsw_list_of(index, id, l);
        work->count = 0;
        if (l <= index->top) {
            hnsw_work_search(work, work->entries, entry_count, ef, l);
            entry_count = o->mode == HNSW_RECALL_MALKOV ? work->count : 1;
            if (o->extend_candidates)
                extend(work, l);
            else
                memcpy(work->entries, work->pool, entry_count * sizeof *work->entries);
        }
        add_round(work, first, id, l, ef);
        choose_from_pool(work, list, l);
        const float *distances = hnsw_distances_of(index, list, l);
        for (size_t i = 0; i < list->count; i++)
            links[count++] = (hnsw_back_link){list->ids[i], id, distances[i], l};
    }
    return count;
}

/* The members of a list in order: the chosen ones are, the appended ones are sorted in. */
static size_t sort_list(const hnsw_recall_index *index, hnsw_list *list, int level, hnsw_key *sorted)
{
    const float *distances = hnsw_distances_of(index, list, level);
    for (size_t i = 0; i < list->count; i++) {
        const hnsw_key key =
            hnsw_key_of(distances[i], list->ids[i]) | (i < list->selected); /* the bit: chosen before */
        size_t place = i;
        for (; place > 0 && sorted[place - 1] > key; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = key;
    }
    return list->count;
}

/* Makes a link back; a list that is full is chosen anew. */
static void link_back(hnsw_work *work, hnsw_back_link link)
{
    const hnsw_recall_index *index = work->index;
    hnsw_list *list = hnsw_list_of(index, link.owner, link.level);
    const size_t cap = hnsw_cap(index, link.level);
    if (list->count < cap) {
        hnsw_distances_of(index, list, link.level)[list->count] = link.distance;
        list->ids[list->count++] = link.id;
        return;
    }
    hnsw_key sorted[2 * HNSW_RECALL_M_MOST + 1];
    const hnsw_key key = hnsw_key_of(link.distance, link.id);
    size_t count = sort_list(index, list, link.level, sorted), place = count++;
    for (; place > 0 && sorted[place - 1] > key; place--)
        sorted[place] = sorted[place - 1];
    sorted[place] = key;
    choice c = {.work = work, .most = cap};
    for (size_t i = 0; i < count && c.count < cap; i++)
        consider(&c, sorted[i], sorted[i] & 1);
    store(&c, list, link.level, sorted, count);
}

/* Asks for the memory of a list that will be chosen anew. */
static void fetch_list(const hnsw_recall_index *index, hnsw_back_link link)
{
    const hnsw_list *list = hnsw_list_of(index, link.owner, link.level);
    if (list->count < hnsw_cap(index, link.level))
        return;
    for (size_t i = 0; i < list->count; i++) {
        const char *vector = (const char *)hnsw_vector(index, list->ids[i]);
        for (size_t byte = 0; byte < index->stride * sizeof(float); byte += 64)
            __builtin_prefetch(vector + byte);
    }
}

/* Makes the links back to lists of this thread's owners, in the order of the round: so each list changes in that order,
 * whoever does it. */
static void link_round(const hnsw_builder *b, hnsw_work *work, size_t size, uint32_t thread, uint32_t threads)
{
    for (size_t i = 0; i < size; i++) {
        const hnsw_back_link *links = b->links + b->starts[i];
        for (size_t j = 0; j < b->counts[i]; j++) {
            if (j + 1 < b->counts[i] && links[j + 1].owner % threads == thread)
                fetch_list(work->index, links[j + 1]);
            if (links[j].owner % threads == thread)
                link_back(work, links[j]);
        }
    }
}

/* Room for the links of a round. */
static bool reserve(hnsw_builder *b, const hnsw_recall_index *index, uint32_t first)
{
    size_t needed = 0;
    for (uint32_t id = first; id < index->count; id++) {
        b->starts[id - first] = needed;
        needed += (1 + (size_t)index->levels[id]) * index->options.m;
    }
    if (needed <= b->capacity)
        return true;
    free(b->links);
    b->links = malloc(2 * needed * sizeof *b->links);
    b->capacity = b->links ? 2 * needed : 0;
    return b->links != NULL;
}

/* Elements for each thread below which waiting for the others costs more than it saves. */
enum { SHARE = 4 };

assay_status hnsw_build_round(hnsw_recall_index *index, uint32_t first, void *self)
{
    hnsw_builder *b = self;
    const size_t size = index->count - first, ef = index->options.ef_construction;
    /* Extended candidates may be all elements. */
    const size_t pool = index->options.extend_candidates || ef > index->count ? index->count : ef;
    const size_t useful = size / SHARE;
    const int threads = useful <= 1 ? 1 : useful < (size_t)assay_threads() ? (int)useful : assay_threads();
    hnsw_work *works[ASSAY_THREADS_MAX];
    if (!reserve(b, index, first) || !hnsw_works_lend(index, b->kernels, pool + 1, threads, works))
        return assay_fail(ASSAY_NO_MEMORY, "no memory to insert %zu elements", size);
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        hnsw_work *work = works[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < size; i++)
            b->counts[i] = choose_links(work, first, first + (uint32_t)i, b->links + b->starts[i]);
        link_round(b, work, size, (uint32_t)omp_get_thread_num(), (uint32_t)omp_get_num_threads());
    }
    hnsw_works_return(works, threads);
    return ASSAY_OK;
}
