/* What the public functions ask of their arguments. */
#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>

static assay_status null_argument(const char *name)
{
    return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
}

bool hnsw_within(const float *x, size_t n)
{
    typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
    typedef int32_t flags __attribute__((vector_size(16)));
    flags good = {-1, -1, -1, -1};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const four y = *(const four *)(x + i);
        good &= (y <= HNSW_RECALL_LARGEST) & (y >= -HNSW_RECALL_LARGEST); /* false for NaN */
    }
    bool all = good[0] & good[1] & good[2] & good[3];
    for (; i < n; i++)
        all = all && fabsf(x[i]) <= HNSW_RECALL_LARGEST;
    return all;
}

static assay_status bad_coordinate(const char *name, const float *vectors, size_t n, size_t dimension)
{
    size_t i = 0;
    while (i + 1 < n * dimension && fabsf(vectors[i]) <= HNSW_RECALL_LARGEST)
        i++;
    return assay_fail(isfinite(vectors[i]) ? ASSAY_OUT_OF_RANGE : ASSAY_INVALID_ARGUMENT,
                      "%s[%zu][%zu] is %g, must be finite and at most %g in magnitude", name, i / dimension,
                      i % dimension, (double)vectors[i], (double)HNSW_RECALL_LARGEST);
}

static bool is_zero(const float *x, size_t dimension)
{
    for (size_t i = 0; i < dimension; i++) {
        if (x[i] != 0)
            return false;
    }
    return true;
}

assay_status hnsw_check_vectors(const char *name, const float *vectors, size_t n, size_t dimension, bool not_zero)
{
    size_t bytes;
    if (!vectors && n > 0)
        return null_argument(name);
    if (__builtin_mul_overflow(n, dimension * sizeof *vectors, &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "%s has %zu rows of %zu numbers, too many for size_t", name, n, dimension);
    if (!hnsw_within(vectors, n * dimension))
        return bad_coordinate(name, vectors, n, dimension);
    for (size_t row = 0; not_zero && row < n; row++) {
        if (is_zero(vectors + row * dimension, dimension))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is zero, must have a direction", name, row);
    }
    return ASSAY_OK;
}

static assay_status check_permutation(const size_t *order, size_t n)
{
    assay_status status = ASSAY_OK;
    bool *seen = calloc(n + !n, sizeof *seen);
    if (!seen)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu flags", n);
    for (size_t i = 0; i < n && status == ASSAY_OK; i++) {
        if (order[i] >= n || seen[order[i]])
            status = assay_fail(ASSAY_INVALID_ARGUMENT, "order[%zu] is %zu, must be %s", i, order[i],
                                order[i] >= n ? "a row" : "another row than the earlier ones");
        else
            seen[order[i]] = true;
    }
    free(seen);
    return status;
}

assay_status hnsw_check_add(const hnsw_recall_index *index, const hnsw_batch *batch)
{
    if (!index)
        return null_argument("index");
    if (batch->n > index->capacity - index->count)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the index holds %zu of at most %zu elements, no room for n = %zu",
                          index->count, index->capacity, batch->n);
    assay_status status = hnsw_check_vectors("vectors", batch->vectors, batch->n, index->dimension,
                                             index->options.metric == HNSW_RECALL_COSINE);
    if (status == ASSAY_OK && batch->order)
        status = check_permutation(batch->order, batch->n);
    for (size_t i = 0; status == ASSAY_OK && batch->labels && i < batch->n; i++) {
        if (batch->labels[i] == UINT64_MAX)
            status = assay_fail(ASSAY_OUT_OF_RANGE, "labels[%zu] is UINT64_MAX, must be less", i);
    }
    return status;
}

assay_status hnsw_check_search(const hnsw_recall_index *index, const float *queries, size_t n, size_t k, size_t ef,
                               const uint64_t *labels)
{
    if (!index)
        return null_argument("index");
    if (!labels && n > 0)
        return null_argument("labels");
    if (k < 1 || k > HNSW_RECALL_EF_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "k is %zu, must be 1 to %u", k, HNSW_RECALL_EF_MOST);
    if (ef < 1 || ef > HNSW_RECALL_EF_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "ef is %zu, must be 1 to %u", ef, HNSW_RECALL_EF_MOST);
    size_t cells;
    if (__builtin_mul_overflow(n, k * sizeof *labels, &cells))
        return assay_fail(ASSAY_NO_MEMORY, "n = %zu times k = %zu is too large for size_t", n, k);
    return hnsw_check_vectors("queries", queries, n, index->dimension, index->options.metric == HNSW_RECALL_COSINE);
}

assay_status hnsw_check_shapes(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n, const float *q,
                               size_t queries, size_t k, const uint64_t *ids)
{
    if ((unsigned)metric > HNSW_RECALL_COSINE)
        return assay_fail(ASSAY_OUT_OF_RANGE, "metric is %d, must be 0 to %d", (int)metric, HNSW_RECALL_COSINE);
    if (dimension < 1 || dimension > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu, must be 1 to %d", dimension, HNSW_RECALL_DIMENSIONS);
    if (!ids && queries > 0)
        return null_argument("ids");
    if (n > HNSW_RECALL_CAPACITY)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at most %d", n, HNSW_RECALL_CAPACITY);
    if (k < 1 || k > n)
        return assay_fail(ASSAY_OUT_OF_RANGE, "k is %zu, must be 1 to n = %zu", k, n);
    size_t cells;
    if (__builtin_mul_overflow(queries, k * sizeof *ids, &cells))
        return assay_fail(ASSAY_NO_MEMORY, "queries = %zu times k = %zu is too large for size_t", queries, k);
    if (__builtin_mul_overflow(n, dimension * sizeof *x, &cells))
        return assay_fail(ASSAY_NO_MEMORY, "x has %zu rows of %zu numbers, too many for size_t", n, dimension);
    if (!x)
        return null_argument("x");
    return hnsw_check_vectors("q", q, queries, dimension, metric == HNSW_RECALL_COSINE);
}

assay_status hnsw_check_lid(size_t dimension, const float *x, size_t n, size_t k, const double *lid)
{
    if (!lid)
        return null_argument("lid");
    if (dimension < 1 || dimension > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu, must be 1 to %d", dimension, HNSW_RECALL_DIMENSIONS);
    if (n > HNSW_RECALL_CAPACITY)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at most %d", n, HNSW_RECALL_CAPACITY);
    if (k < 2 || k >= n)
        return assay_fail(ASSAY_OUT_OF_RANGE, "k is %zu, must be 2 to n - 1 with n = %zu", k, n);
    return hnsw_check_vectors("x", x, n, dimension, false);
}
