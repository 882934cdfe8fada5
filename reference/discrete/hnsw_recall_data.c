/* Synthetic vectors of a chosen intrinsic dimension, orders of insertion, and measures of results. */
#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Vectors --------------------------------------------------------------------------------------------------- */

/* Basis vectors and coefficients of group g have streams of their own; rows are addressed, so that any can be had. */
static assay_random stream_of(assay_random r, unsigned group, unsigned purpose)
{
    return (assay_random){r.seed, r.stream * 64 + (uint64_t)group * 2 + purpose};
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* `rows` orthonormal vectors: standard normal ones by modified Gram and Schmidt. */
static void make_basis(assay_random r, size_t dimension, size_t rows, double *basis)
{
    for (size_t i = 0; i < rows * dimension; i++)
        basis[i] = assay_random_normal(r, i);
    for (size_t i = 0; i < rows; i++) {
        double *row = basis + i * dimension;
        /* Twice, for the last of many rows are left with little more than rounding errors by one pass. */
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t j = 0; j < i; j++) {
                const double along = dot(row, basis + j * dimension, dimension);
                for (size_t c = 0; c < dimension; c++)
                    row[c] -= along * basis[j * dimension + c];
            }
        }
        const double length = sqrt(dot(row, row, dimension));
        for (size_t c = 0; c < dimension; c++)
            row[c] /= length;
    }
}

/* Row number `row`: a standard normal combination, normalised. */
static void make_row(assay_random r, const double *basis, size_t dimension, size_t intrinsic, uint64_t row,
                     double *coefficients, double *sum, float *out)
{
    double squares = 0;
    for (size_t i = 0; i < intrinsic; i++) {
        coefficients[i] = assay_random_normal(r, row * intrinsic + i);
        squares += coefficients[i] * coefficients[i];
    }
    memset(sum, 0, dimension * sizeof *sum);
    for (size_t i = 0; i < intrinsic; i++) {
        for (size_t c = 0; c < dimension; c++)
            sum[c] += coefficients[i] * basis[i * dimension + c];
    }
    for (size_t c = 0; c < dimension; c++)
        out[c] = (float)(sum[c] / sqrt(squares)); /* the basis is orthonormal */
}

/* Rows first, first + 1, ...: row i of group i mod groups, whose subspace has intrinsic << group dimensions. */
static assay_status make_rows(assay_random r, size_t dimension, size_t intrinsic, unsigned groups, uint64_t first,
                              size_t n, float *out)
{
    const size_t all = intrinsic * ((1u << groups) - 1), most = intrinsic << (groups - 1);
    double *basis = calloc(all * dimension + most + dimension, sizeof *basis);
    if (!basis)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a basis of %zu vectors", all);
    double *coefficients = basis + all * dimension, *sum = coefficients + most;
    for (unsigned g = 0; g < groups; g++)
        make_basis(stream_of(r, g, 0), dimension, intrinsic << g, basis + intrinsic * ((1u << g) - 1) * dimension);
    for (size_t i = 0; i < n; i++) {
        const unsigned g = (unsigned)((first + i) % groups);
        make_row(stream_of(r, g, 1), basis + intrinsic * ((1u << g) - 1) * dimension, dimension, intrinsic << g,
                 (first + i) / groups, coefficients, sum, out + i * dimension);
    }
    free(basis);
    return ASSAY_OK;
}

static assay_status check_rows(size_t dimension, size_t least, size_t n, const float *out)
{
    size_t bytes;
    if (dimension < least || dimension > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu, must be %zu to %d", dimension, least,
                          HNSW_RECALL_DIMENSIONS);
    if (!out && n > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out is null");
    if (__builtin_mul_overflow(n, dimension * sizeof *out, &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "n = %zu rows of %zu numbers are too many for size_t", n, dimension);
    return ASSAY_OK;
}

assay_status hnsw_recall_subspace(assay_random r, size_t dimension, size_t intrinsic, uint64_t first, size_t n,
                                  float *out)
{
    const assay_status status = check_rows(dimension, 1, n, out);
    if (status != ASSAY_OK)
        return status;
    if (intrinsic < 1 || intrinsic > dimension)
        return assay_fail(ASSAY_OUT_OF_RANGE, "intrinsic is %zu, must be 1 to dimension = %zu", intrinsic, dimension);
    return make_rows(r, dimension, intrinsic, 1, first, n, out);
}

assay_status hnsw_recall_mixture(assay_random r, size_t dimension, uint64_t first, size_t n, float *out)
{
    const assay_status status = check_rows(dimension, (size_t)1 << HNSW_RECALL_GROUPS, n, out);
    return status == ASSAY_OK ? make_rows(r, dimension, 2, HNSW_RECALL_GROUPS, first, n, out) : status;
}

/* ---- Orders ---------------------------------------------------------------------------------------------------- */

typedef struct keyed {
    double key;
    size_t place, row; /* in the shuffle, and in the data */
} keyed;

/* By key, NaN last, then by place. */
static int compare_keyed(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    const bool x_nan = isnan(x->key), y_nan = isnan(y->key);
    if (x_nan != y_nan)
        return x_nan ? 1 : -1;
    if (!x_nan && x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static assay_status order_by_key(const double *keys, double sign, size_t n, size_t *order)
{
    keyed *sorted = malloc((n + 1) * sizeof *sorted);
    if (!sorted)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to order %zu elements", n);
    for (size_t i = 0; i < n; i++)
        /* cppcheck-suppress constStatement ; a compound literal */
        sorted[i] = (keyed){sign * keys[order[i]], i, order[i]};
    qsort(sorted, n, sizeof *sorted, compare_keyed);
    for (size_t i = 0; i < n; i++)
        order[i] = sorted[i].row;
    free(sorted);
    return ASSAY_OK;
}

assay_status hnsw_recall_order(hnsw_recall_ordering kind, const double *keys, size_t n, assay_random r, size_t *order)
{
    const bool by_key = kind == HNSW_RECALL_ASCENDING || kind == HNSW_RECALL_DESCENDING;
    if ((unsigned)kind > HNSW_RECALL_DESCENDING)
        return assay_fail(ASSAY_OUT_OF_RANGE, "kind is %d, must be 0 to %d", (int)kind, HNSW_RECALL_DESCENDING);
    if (!order || (by_key && !keys))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", order ? "keys" : "order");
    if (kind == HNSW_RECALL_GIVEN) {
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        return ASSAY_OK;
    }
    const assay_status status = assay_random_permutation(r, order, n);
    return status == ASSAY_OK && by_key ? order_by_key(keys, kind == HNSW_RECALL_ASCENDING ? 1 : -1, n, order) : status;
}

/* ---- Measures -------------------------------------------------------------------------------------------------- */

static assay_status check_results(const void *one, const void *other, size_t queries, size_t k, const double *result)
{
    if (!one || !other || !result)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", result ? "a table of results" : "the result");
    if (queries < 1 || k < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "queries is %zu and k is %zu, must be at least 1", queries, k);
    return ASSAY_OK;
}

assay_status hnsw_recall_at_k(const uint64_t *found, const uint64_t *exact, size_t queries, size_t k, double *recall)
{
    const assay_status status = check_results(found, exact, queries, k, recall);
    size_t hits = 0;
    for (size_t i = 0; status == ASSAY_OK && i < queries * k; i++) {
        const uint64_t *right = exact + i / k * k;
        for (size_t j = 0; found[i] != UINT64_MAX && j < k; j++) {
            if (right[j] == found[i]) {
                hits++;
                break;
            }
        }
    }
    if (status == ASSAY_OK)
        *recall = (double)hits / (double)(queries * k);
    return status;
}

assay_status hnsw_recall_at_k_by_distance(const float *found, const float *exact, size_t queries, size_t k,
                                          double *recall)
{
    const assay_status status = check_results(found, exact, queries, k, recall);
    size_t hits = 0;
    for (size_t i = 0; status == ASSAY_OK && i < queries * k; i++) {
        const double last = exact[i / k * k + k - 1];
        hits += isfinite(found[i]) && found[i] <= last + 1e-6 * fabs(last);
    }
    if (status == ASSAY_OK)
        *recall = (double)hits / (double)(queries * k);
    return status;
}

assay_status hnsw_recall_ndcg(const bool *relevant, size_t queries, size_t k, double *ndcg)
{
    const assay_status status = check_results(relevant, relevant, queries, k, ndcg);
    double gained = 0, ideal = 0;
    for (size_t i = 0; status == ASSAY_OK && i < queries * k; i++) {
        const double gain = 1 / log2((double)(i % k) + 2);
        gained += relevant[i] ? gain : 0;
        ideal += i < k ? gain : 0;
    }
    if (status == ASSAY_OK)
        *ndcg = gained / (ideal * (double)queries);
    return status;
}
