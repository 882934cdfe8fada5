/* The laws of the structure, and numbers about it. */
#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One list. `last_seen` tells for each element in which list it was seen last, by the list's number. */
static assay_status check_list(const hnsw_recall_index *index, uint32_t id, int level, uint64_t number,
                               uint64_t *last_seen)
{
    hnsw_list *list = hnsw_list_of(index, id, level);
    const size_t cap = hnsw_cap(index, level);
    const float *distances = hnsw_distances_of(index, list, level);
    if (list->count > cap || list->selected > list->count)
        return assay_fail(ASSAY_BAD_DATA,
                          "element %u has %u links on level %d, %u of them selected, must be at most %zu", id,
                          list->count, level, list->selected, cap);
    if (list->count == 0 && level == 0 && index->count > 1)
        return assay_fail(ASSAY_BAD_DATA, "element %u has no link", id);
    for (size_t i = 0; i < list->count; i++) {
        const uint32_t other = list->ids[i];
        if (other >= index->count)
            return assay_fail(ASSAY_BAD_DATA, "element %u has a link to %u on level %d, must be below %zu", id, other,
                              level, index->count);
        if (other == id)
            return assay_fail(ASSAY_BAD_DATA, "element %u has a link to itself on level %d", id, level);
        if (index->levels[other] < level)
            return assay_fail(ASSAY_BAD_DATA, "element %u has a link on level %d to %u, which is on level %d at most",
                              id, level, other, index->levels[other]);
        if (last_seen[other] == number)
            return assay_fail(ASSAY_BAD_DATA, "element %u has two links to %u on level %d", id, other, level);
        if (!isfinite(distances[i]))
            return assay_fail(ASSAY_BAD_DATA, "element %u has a link to %u at the distance %g, must be finite", id,
                              other, (double)distances[i]);
        last_seen[other] = number;
    }
    return ASSAY_OK;
}

static assay_status check_lists(const hnsw_recall_index *index)
{
    assay_status status = ASSAY_OK;
    uint64_t number = 0, *last_seen = calloc(index->count, sizeof *last_seen);
    if (!last_seen)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to check %zu elements", index->count);
    for (uint32_t id = 0; id < index->count && status == ASSAY_OK; id++) {
        for (int level = 0; level <= index->levels[id] && status == ASSAY_OK; level++)
            status = check_list(index, id, level, ++number, last_seen);
    }
    free(last_seen);
    return status;
}

static assay_status check_levels(const hnsw_recall_index *index)
{
    if (index->entry >= index->count)
        return assay_fail(ASSAY_BAD_DATA, "the entry is element %u, must be below %zu", index->entry, index->count);
    if (index->top != index->levels[index->entry])
        return assay_fail(ASSAY_BAD_DATA, "the entry is on level %d, must be on the highest, %d",
                          index->levels[index->entry], index->top);
    for (uint32_t id = 0; id < index->count; id++) {
        if (index->levels[id] > index->top)
            return assay_fail(ASSAY_BAD_DATA, "element %u is on level %d, must be at most the entry's, %d", id,
                              index->levels[id], index->top);
    }
    return ASSAY_OK;
}

static int compare_labels(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static assay_status check_labels(const hnsw_recall_index *index)
{
    assay_status status = ASSAY_OK;
    uint64_t *sorted = malloc(index->count * sizeof *sorted);
    if (!sorted)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to check %zu labels", index->count);
    memcpy(sorted, index->labels, index->count * sizeof *sorted);
    qsort(sorted, index->count, sizeof *sorted, compare_labels);
    for (size_t i = 0; i < index->count && status == ASSAY_OK; i++) {
        if (sorted[i] == UINT64_MAX || (i > 0 && sorted[i] == sorted[i - 1]))
            status = assay_fail(ASSAY_BAD_DATA, "two elements have the label %llu, or it is none",
                                (unsigned long long)sorted[i]);
    }
    free(sorted);
    return status;
}

assay_status hnsw_recall_check(const hnsw_recall_index *index)
{
    if (!index)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "index is null");
    if (index->count == 0)
        return index->top == -1 ? ASSAY_OK : assay_fail(ASSAY_BAD_DATA, "an empty index has level %d", index->top);
    for (uint32_t id = 0; id < index->count; id++) {
        if (!hnsw_within(hnsw_vector(index, id), index->stride))
            return assay_fail(ASSAY_BAD_DATA, "the vector of element %u is not finite, or too large", id);
    }
    assay_status status = check_levels(index);
    if (status == ASSAY_OK)
        status = check_lists(index);
    return status == ASSAY_OK ? check_labels(index) : status;
}

/* How many elements links on level 0 lead to from the entry. */
static assay_status count_reachable(const hnsw_recall_index *index, size_t *reached)
{
    uint32_t *queue = malloc(index->count * sizeof *queue);
    bool *seen = calloc(index->count, sizeof *seen);
    size_t end = 0;
    if (queue && seen) {
        seen[index->entry] = true;
        queue[end++] = index->entry;
    }
    for (size_t next = 0; next < end; next++) {
        const hnsw_list *list = hnsw_list_of(index, queue[next], 0);
        for (size_t i = 0; i < list->count; i++) {
            if (!seen[list->ids[i]])
                queue[end++] = list->ids[i];
            seen[list->ids[i]] = true;
        }
    }
    const bool fits = queue && seen;
    free(queue);
    free(seen);
    if (!fits)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to visit %zu elements", index->count);
    *reached = end;
    return ASSAY_OK;
}

/* Fills the histograms of degrees on level 0. */
static assay_status count_degrees(const hnsw_recall_index *index, hnsw_recall_statistics *s)
{
    const size_t last = sizeof s->in_degrees / sizeof *s->in_degrees - 1;
    uint32_t *in = calloc(index->count, sizeof *in);
    if (!in)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to count the links of %zu elements", index->count);
    for (uint32_t id = 0; id < index->count; id++) {
        const hnsw_list *list = hnsw_list_of(index, id, 0);
        s->out_degrees[list->count]++;
        s->links += list->count;
        for (size_t i = 0; i < list->count; i++)
            in[list->ids[i]]++;
    }
    for (uint32_t id = 0; id < index->count; id++)
        s->in_degrees[in[id] < last ? in[id] : last]++;
    free(in);
    return ASSAY_OK;
}

assay_status hnsw_recall_measure(const hnsw_recall_index *index, hnsw_recall_statistics *statistics)
{
    if (!index || !statistics)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", index ? "statistics" : "index");
    hnsw_recall_statistics s = {.distances = atomic_load(&index->shared->distances),
                                .estimates = atomic_load(&index->shared->estimates),
                                .hops = atomic_load(&index->shared->hops),
                                .reachable = 1};
    assay_status status = ASSAY_OK;
    if (index->count > 0) {
        size_t reached = 0;
        status = count_degrees(index, &s);
        if (status == ASSAY_OK)
            status = count_reachable(index, &reached);
        s.reachable = (double)reached / (double)index->count;
    }
    for (uint32_t id = 0; id < index->count; id++)
        s.levels[index->levels[id]]++;
    if (status == ASSAY_OK)
        *statistics = s;
    return status;
}
