/* Exact nearest neighbours, by comparing with all, and the local intrinsic dimension from them. */
#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>

static float distance(hnsw_recall_metric metric, const float *x, const float *y, size_t dimension)
{
    float sum = 0;
    for (size_t i = 0; i < dimension; i++)
        sum += metric == HNSW_RECALL_L2 ? (x[i] - y[i]) * (x[i] - y[i]) : x[i] * y[i];
    return metric == HNSW_RECALL_L2 ? sum : 1 - sum;
}

static int compare(const void *a, const void *b)
{
    const hnsw_near x = *(const hnsw_near *)a, y = *(const hnsw_near *)b;
    return hnsw_closer(y, x) - hnsw_closer(x, y);
}

/* All elements in order of distance from q, those of x that are `without` left out (SIZE_MAX: none). */
static size_t rank(hnsw_recall_metric metric, const float *x, size_t n, const float *q, size_t dimension,
                   size_t without, hnsw_near *ranked)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (i != without)
            ranked[count++] = (hnsw_near){distance(metric, x + i * dimension, q, dimension), (uint32_t)i};
    }
    qsort(ranked, count, sizeof *ranked, compare);
    return count;
}

assay_status hnsw_recall_normalise(size_t dimension, const float *x, size_t n, float *out)
{
    if (dimension < 1 || dimension > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu, must be 1 to %d", dimension, HNSW_RECALL_DIMENSIONS);
    if (!out && n > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out is null");
    const assay_status status = hnsw_check_vectors("x", x, n, dimension, true);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        hnsw_prepare(HNSW_RECALL_COSINE, x + i * dimension, dimension, dimension, out + i * dimension);
    return status;
}

assay_status hnsw_recall_reference_exact(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n,
                                         const float *q, size_t queries, size_t k, uint64_t *ids, float *distances)
{
    const bool cosine = metric == HNSW_RECALL_COSINE;
    assay_status status = hnsw_check_shapes(metric, dimension, x, n, q, queries, k, ids);
    if (status == ASSAY_OK)
        status = hnsw_check_vectors("x", x, n, dimension, cosine);
    if (status != ASSAY_OK || queries == 0)
        return status;
    float *unit = cosine ? malloc((n + 1) * dimension * sizeof *unit) : NULL;
    hnsw_near *ranked = malloc(n * sizeof *ranked);
    if (!ranked || (cosine && !unit)) {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu distances", n);
    } else if (cosine) {
        status = hnsw_recall_normalise(dimension, x, n, unit);
        x = unit;
    }
    for (size_t i = 0; status == ASSAY_OK && i < queries; i++) {
        const float *query = q + i * dimension;
        if (cosine)
            hnsw_prepare(metric, query, dimension, dimension, unit + n * dimension);
        rank(metric, x, n, cosine ? unit + n * dimension : query, dimension, SIZE_MAX, ranked);
        for (size_t j = 0; j < k; j++) {
            ids[i * k + j] = ranked[j].id;
            if (distances)
                distances[i * k + j] = ranked[j].distance;
        }
    }
    free(ranked);
    free(unit);
    return status;
}

double hnsw_recall_lid_of(const double *distances, size_t k)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < k; i++) {
        if (distances[i] > 0) {
            sum += log(distances[i] / distances[k - 1]);
            count++;
        }
    }
    return sum < 0 ? -(double)count / sum : NAN;
}

assay_status hnsw_recall_reference_lid(size_t dimension, const float *x, size_t n, size_t k, double *lid)
{
    assay_status status = hnsw_check_lid(dimension, x, n, k, lid);
    if (status != ASSAY_OK)
        return status;
    hnsw_near *ranked = malloc(n * sizeof *ranked);
    double *roots = malloc(k * sizeof *roots);
    if (!ranked || !roots)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu distances", n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        rank(HNSW_RECALL_L2, x, n, x + i * dimension, dimension, i, ranked);
        for (size_t j = 0; j < k; j++)
            roots[j] = sqrt((double)ranked[j].distance);
        lid[i] = hnsw_recall_lid_of(roots, k);
    }
    free(roots);
    free(ranked);
    return status;
}
