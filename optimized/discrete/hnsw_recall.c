/* The public functions of an index: by the reference, or by the kernels of the level in force. */
#include "assay/cpu.h"
#include "assay/threads.h"
#include "optimized/discrete/hnsw_recall_build.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

const hnsw_kernels *hnsw_kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return &hnsw_kernels_baseline;
    case ASSAY_AVX2: return &hnsw_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return &hnsw_kernels_avx512;
#else
    return &hnsw_kernels_avx2;
#endif
}

/* ---- Insertion ------------------------------------------------------------------------------------------------- */

assay_status hnsw_recall_add_batch(hnsw_recall_index *index, const float *vectors, const uint64_t *labels, size_t n,
                                   const size_t *order)
{
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    if (!kernels)
        return hnsw_recall_reference_add_batch(index, vectors, labels, n, order);
    hnsw_batch batch = {vectors, labels, order, n, hnsw_recall_size(index)};
    assay_status status = hnsw_check_add(index, &batch);
    if (status != ASSAY_OK || n == 0)
        return status;
    hnsw_builder builder = {.kernels = kernels};
    status = hnsw_insert(index, &batch, hnsw_build_round, &builder);
    free(builder.links);
    return status;
}

assay_status hnsw_recall_add(hnsw_recall_index *index, const float *vector, uint64_t label)
{
    return hnsw_recall_add_batch(index, vector, &label, 1, NULL);
}

/* ---- Search ---------------------------------------------------------------------------------------------------- */

enum {
    TOGETHER = 4, /* queries that a thread answers at the same time */
    PART = 64     /* queries that it takes at a time */
};

/* Queries being answered. */
typedef struct inquiry {
    const hnsw_recall_index *index;
    const float *queries;
    size_t k, ef;
    uint64_t *labels;
    float *distances; /* or null */
} inquiry;

/* Begins with a query, on the highest level; false if there is nothing to be found. */
static bool begin(hnsw_work *work, const inquiry *q, size_t number)
{
    const hnsw_recall_index *index = q->index;
    work->count = 0;
    if (index->count == 0)
        return false;
    hnsw_prepare(index->options.metric, q->queries + number * index->dimension, index->dimension, index->stride,
                 work->vector);
    hnsw_work_query(work, work->vector);
    const hnsw_key entry = hnsw_work_key(work, index->entry);
    hnsw_work_begin(work, &entry, 1, index->top > 0 ? 1 : q->ef, index->top);
    return true;
}

/* Goes on, down the levels; false at the end. */
static bool go_on(hnsw_work *work, const inquiry *q)
{
    if (hnsw_work_step(work))
        return true;
    if (work->level == 0)
        return false;
    const hnsw_key at = work->pool[0];
    hnsw_work_begin(work, &at, 1, work->level > 1 ? 1 : q->ef, work->level - 1);
    return true;
}

/* Writes what was found; returns how many. */
static size_t give(const hnsw_work *work, const inquiry *q, size_t number)
{
    const size_t found = work->count < q->k ? work->count : q->k;
    for (size_t i = 0; i < q->k; i++) {
        q->labels[number * q->k + i] = i < found ? q->index->labels[hnsw_key_id(work->pool[i])] : UINT64_MAX;
        if (q->distances)
            q->distances[number * q->k + i] = i < found ? hnsw_key_distance(work->pool[i]) : INFINITY;
    }
    return found;
}

/* Answers queries first to last - 1, several at a time: while one waits for memory, the others compute. */
static void answer(hnsw_work **works, const inquiry *q, size_t first, size_t last)
{
    size_t numbers[TOGETHER], active = 0;
    hnsw_work *busy[TOGETHER];
    for (; active < TOGETHER && first < last; first++) {
        numbers[active] = first;
        busy[active] = works[active];
        if (begin(busy[active], q, first))
            active++;
        else
            give(busy[active], q, first);
    }
    while (active > 0) {
        for (size_t i = 0; i < active; i++) {
            if (go_on(busy[i], q))
                continue;
            give(busy[i], q, numbers[i]);
            if (first < last) {
                numbers[i] = first++;
                begin(busy[i], q, numbers[i]);
            } else {
                active--;
                busy[i] = busy[active];
                numbers[i] = numbers[active];
            }
        }
    }
}

/* No more than all can be found. */
static size_t breadth(const hnsw_recall_index *index, size_t k, size_t ef)
{
    ef = ef > k ? ef : k;
    ef = ef < index->count ? ef : index->count;
    return ef > 0 ? ef : 1;
}

assay_status hnsw_recall_search(const hnsw_recall_index *index, const float *query, size_t k, size_t ef,
                                uint64_t *labels, float *distances, size_t *count)
{
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    if (!kernels)
        return hnsw_recall_reference_search(index, query, k, ef, labels, distances, count);
    if (!count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "count is null");
    const assay_status status = hnsw_check_search(index, query, 1, k, ef, labels);
    if (status != ASSAY_OK)
        return status;
    hnsw_work *work = hnsw_work_lend(index, kernels, breadth(index, k, ef));
    if (!work)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a search among %zu elements", index->count);
    const inquiry q = {index, query, k, breadth(index, k, ef), labels, distances};
    for (bool more = begin(work, &q, 0); more;)
        more = go_on(work, &q);
    *count = give(work, &q, 0);
    hnsw_work_return(work);
    return ASSAY_OK;
}

assay_status hnsw_recall_search_batch(const hnsw_recall_index *index, const float *queries, size_t n, size_t k,
                                      size_t ef, uint64_t *labels, float *distances)
{
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    if (!kernels)
        return hnsw_recall_reference_search_batch(index, queries, n, k, ef, labels, distances);
    const assay_status status = hnsw_check_search(index, queries, n, k, ef, labels);
    if (status != ASSAY_OK || n == 0)
        return status;
    const size_t parts = (n + PART - 1) / PART;
    const int threads = parts < (size_t)assay_threads() ? (int)parts : assay_threads();
    const inquiry q = {index, queries, k, breadth(index, k, ef), labels, distances};
    hnsw_work *works[ASSAY_THREADS_MAX * TOGETHER];
    if (hnsw_works_lend(index, kernels, q.ef, threads * TOGETHER, works)) {
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
        for (size_t part = 0; part < parts; part++)
            answer(works + (size_t)omp_get_thread_num() * TOGETHER, &q, part * PART,
                   n - part * PART < PART ? n : (part + 1) * PART);
        hnsw_works_return(works, threads * TOGETHER);
        return ASSAY_OK;
    }
    return assay_fail(ASSAY_NO_MEMORY, "no memory for searches among %zu elements", index->count);
}
