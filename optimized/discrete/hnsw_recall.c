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

/* Answers one query; returns how many elements were found. */
static size_t answer(hnsw_work *work, const float *query, size_t k, size_t ef, uint64_t *labels, float *distances)
{
    const hnsw_recall_index *index = work->index;
    hnsw_prepare(index->options.metric, query, index->dimension, index->stride, work->vector);
    work->count = 0;
    if (index->count > 0) {
        hnsw_work_query(work, work->vector);
        hnsw_key at = hnsw_work_key(work, index->entry);
        for (int level = index->top; level > 0; level--)
            at = hnsw_work_greedy(work, at, level);
        hnsw_work_search(work, &at, 1, ef, 0);
    }
    const size_t found = work->count < k ? work->count : k;
    for (size_t i = 0; i < k; i++) {
        labels[i] = i < found ? index->labels[hnsw_key_id(work->pool[i])] : UINT64_MAX;
        if (distances)
            distances[i] = i < found ? hnsw_key_distance(work->pool[i]) : INFINITY;
    }
    return found;
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
    *count = answer(work, query, k, breadth(index, k, ef), labels, distances);
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
    hnsw_work *works[ASSAY_THREADS_MAX];
    const int threads = n < (size_t)assay_threads() ? (int)n : assay_threads();
    if (hnsw_works_lend(index, kernels, breadth(index, k, ef), threads, works)) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 8) if (threads > 1)
        for (size_t i = 0; i < n; i++)
            answer(works[omp_get_thread_num()], queries + i * index->dimension, k, breadth(index, k, ef),
                   labels + i * k, distances ? distances + i * k : NULL);
        hnsw_works_return(works, threads);
        return ASSAY_OK;
    }
    return assay_fail(ASSAY_NO_MEMORY, "no memory for searches among %zu elements", index->count);
}
