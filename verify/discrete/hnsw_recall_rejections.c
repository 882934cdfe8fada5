/* hnsw_recall: bad arguments get their errors, and nothing changes. */
#include "verify/discrete/hnsw_recall_checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hnsw_check_rejects_create(verify_context *v)
{
    hnsw_recall_index *index = NULL;
    const hnsw_recall_options good = hnsw_recall_defaults(HNSW_RECALL_L2);
    hnsw_recall_options bad;
    verify_rejects(v, hnsw_recall_create(4, 10, &good, NULL), ASSAY_INVALID_ARGUMENT, "index", "index null");
    verify_rejects(v, hnsw_recall_create(0, 10, &good, &index), ASSAY_OUT_OF_RANGE, "dimension", "dimension 0");
    verify_rejects(v, hnsw_recall_create(4097, 10, &good, &index), ASSAY_OUT_OF_RANGE, "dimension", "dimension 4097");
    verify_rejects(v, hnsw_recall_create(4, 0, &good, &index), ASSAY_OUT_OF_RANGE, "capacity", "capacity 0");
    verify_rejects(v, hnsw_recall_create(4, (size_t)1 << 31, &good, &index), ASSAY_OUT_OF_RANGE, "capacity",
                   "capacity 2^31");
#define WITH(MEMBER, VALUE, STATUS)                                                                                    \
    bad = good;                                                                                                        \
    bad.MEMBER = VALUE;                                                                                                \
    verify_rejects(v, hnsw_recall_create(4, 10, &bad, &index), STATUS, #MEMBER, #MEMBER " " #VALUE)
    WITH(metric, (hnsw_recall_metric)3, ASSAY_OUT_OF_RANGE);
    WITH(m, 1, ASSAY_OUT_OF_RANGE);
    WITH(m, 129, ASSAY_OUT_OF_RANGE);
    WITH(ef_construction, 0, ASSAY_OUT_OF_RANGE);
    WITH(ef_construction, HNSW_RECALL_EF_MOST + 1, ASSAY_OUT_OF_RANGE);
    WITH(mode, (hnsw_recall_mode)2, ASSAY_OUT_OF_RANGE);
    WITH(extend_candidates, true, ASSAY_INVALID_ARGUMENT);
    WITH(keep_pruned, true, ASSAY_INVALID_ARGUMENT);
    WITH(round, 0, ASSAY_OUT_OF_RANGE);
    WITH(round, 1025, ASSAY_OUT_OF_RANGE);
    static const int levels[10] = {0, 0, 64}, negative[10] = {0, -2};
    WITH(levels, levels, ASSAY_OUT_OF_RANGE);
    WITH(levels, negative, ASSAY_OUT_OF_RANGE);
#undef WITH
    verify_true(v, index == NULL, "index untouched");
}

void hnsw_check_rejects_add(verify_context *v)
{
    enum { D = 3 };
    hnsw_recall_index *index = NULL, *cosine = NULL;
    const hnsw_recall_options by_angle = hnsw_recall_defaults(HNSW_RECALL_COSINE);
    float x[4][D] = {{1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {4, 5, 6}};
    const float zero[D] = {0};
    if (!verify_ok(v, hnsw_recall_create(D, 5, NULL, &index), "create") ||
        !verify_ok(v, hnsw_recall_create(D, 5, &by_angle, &cosine), "create") ||
        !verify_ok(v, hnsw_recall_add(index, x[0], 7), "add"))
        return;
    verify_rejects(v, hnsw_recall_add(NULL, x[0], 8), ASSAY_INVALID_ARGUMENT, "index", "null index");
    verify_rejects(v, hnsw_recall_add(index, NULL, 8), ASSAY_INVALID_ARGUMENT, "vectors", "null vector");
    verify_rejects(v, hnsw_recall_add(index, x[0], 7), ASSAY_INVALID_ARGUMENT, "label 7", "label twice");
    verify_rejects(v, hnsw_recall_add(index, x[0], UINT64_MAX), ASSAY_OUT_OF_RANGE, "labels[0]", "label UINT64_MAX");
    verify_rejects(v, hnsw_recall_add(cosine, zero, 1), ASSAY_INVALID_ARGUMENT, "zero", "no direction");
    verify_rejects(v, hnsw_recall_add_batch(index, x[0], (const uint64_t[]){1, 2, 3, 1}, 4, NULL),
                   ASSAY_INVALID_ARGUMENT, "label 1 of vector 3", "label twice in a batch");
    verify_rejects(v, hnsw_recall_add_batch(index, x[0], (const uint64_t[]){1, 2, 7, 4}, 4, NULL),
                   ASSAY_INVALID_ARGUMENT, "label 7 of vector 2", "label there already");
    verify_rejects(v, hnsw_recall_add_batch(index, x[0], NULL, 4, (const size_t[]){0, 1, 2, 4}), ASSAY_INVALID_ARGUMENT,
                   "order[3]", "order beyond");
    verify_rejects(v, hnsw_recall_add_batch(index, x[0], NULL, 4, (const size_t[]){0, 1, 2, 1}), ASSAY_INVALID_ARGUMENT,
                   "order[3]", "order twice");
    verify_rejects(v, hnsw_recall_add_batch(index, x[0], NULL, 5, NULL), ASSAY_OUT_OF_RANGE, "no room", "too many");
    static const float bad[] = {NAN, INFINITY, -INFINITY, 2e15f};
    for (size_t i = 0; i < 4; i++) {
        x[2][1] = bad[i];
        verify_rejects(v, hnsw_recall_add_batch(index, x[0], NULL, 4, NULL),
                       i < 3 ? ASSAY_INVALID_ARGUMENT : ASSAY_OUT_OF_RANGE, "vectors[2][1]", "a coordinate of %g",
                       (double)bad[i]);
    }
    x[2][1] = 4;
    verify_true(v, hnsw_recall_size(index) == 1 && hnsw_recall_size(cosine) == 0, "nothing was added");
    /* The labels of refused batches are free. */
    verify_ok(v, hnsw_recall_add_batch(index, x[0], (const uint64_t[]){1, 2, 3, 4}, 4, NULL), "the rest");
    verify_rejects(v, hnsw_recall_add(index, x[0], 9), ASSAY_OUT_OF_RANGE, "5 of at most 5", "full");
    verify_ok(v, hnsw_recall_check(index), "check");
    hnsw_recall_release(index);
    hnsw_recall_release(cosine);
}

void hnsw_check_rejects_search(verify_context *v)
{
    hnsw_recall_index *index = NULL;
    const hnsw_recall_options by_angle = hnsw_recall_defaults(HNSW_RECALL_COSINE);
    const float query[2] = {1, 2}, zero[2] = {0, 0}, nan[2] = {1, NAN};
    uint64_t labels[3] = {11, 12, 13};
    float distances[3] = {1, 2, 3};
    size_t count = 9;
    if (!verify_ok(v, hnsw_recall_create(2, 5, &by_angle, &index), "create") ||
        !verify_ok(v, hnsw_recall_add(index, query, 1), "add"))
        return;
#define SEARCH(INDEX, QUERY, K, EF, LABELS, COUNT) hnsw_recall_search(INDEX, QUERY, K, EF, LABELS, distances, COUNT)
    verify_rejects(v, SEARCH(NULL, query, 1, 1, labels, &count), ASSAY_INVALID_ARGUMENT, "index", "null index");
    verify_rejects(v, SEARCH(index, NULL, 1, 1, labels, &count), ASSAY_INVALID_ARGUMENT, "queries", "null query");
    verify_rejects(v, SEARCH(index, query, 0, 1, labels, &count), ASSAY_OUT_OF_RANGE, "k is 0", "k = 0");
    verify_rejects(v, SEARCH(index, query, HNSW_RECALL_EF_MOST + 1, 1, labels, &count), ASSAY_OUT_OF_RANGE, "k is",
                   "k too large");
    verify_rejects(v, SEARCH(index, query, 1, 0, labels, &count), ASSAY_OUT_OF_RANGE, "ef is 0", "ef = 0");
    verify_rejects(v, SEARCH(index, query, 1, 1, NULL, &count), ASSAY_INVALID_ARGUMENT, "labels", "null labels");
    verify_rejects(v, SEARCH(index, query, 1, 1, labels, NULL), ASSAY_INVALID_ARGUMENT, "count", "null count");
    verify_rejects(v, SEARCH(index, zero, 1, 1, labels, &count), ASSAY_INVALID_ARGUMENT, "queries[0]", "zero query");
    verify_rejects(v, SEARCH(index, nan, 1, 1, labels, &count), ASSAY_INVALID_ARGUMENT, "queries[0][1]", "NaN");
#undef SEARCH
    verify_rejects(v, hnsw_recall_search_batch(index, query, (size_t)1 << 62, 8, 8, labels, distances), ASSAY_NO_MEMORY,
                   "n", "too many results");
    verify_true(v, labels[0] == 11 && distances[0] == 1 && count == 9, "results untouched");
    size_t id;
    int level;
    uint32_t ids[256];
    verify_rejects(v, hnsw_recall_element(index, 1, NULL, &level), ASSAY_OUT_OF_RANGE, "id", "no element 1");
    verify_rejects(v, hnsw_recall_neighbors(index, 0, 64, ids, &count), ASSAY_OUT_OF_RANGE, "level", "no level 64");
    verify_rejects(v, hnsw_recall_entry_point(NULL, &id, &level), ASSAY_INVALID_ARGUMENT, "index", "no index");
    verify_rejects(v, hnsw_recall_save(index, NULL), ASSAY_INVALID_ARGUMENT, "path", "no path");
    verify_rejects(v, hnsw_recall_save(index, "/nonexistent/index"), ASSAY_IO, "/nonexistent/index", "no such folder");
    hnsw_recall_index *loaded = NULL;
    verify_rejects(v, hnsw_recall_load("/nonexistent/index", 0, &loaded), ASSAY_IO, "/nonexistent/index", "no file");
    verify_rejects(v, hnsw_recall_load("/tmp", 0, &loaded), ASSAY_IO, "/tmp", "a folder");
    verify_rejects(v, hnsw_recall_load("/dev/null", 0, &loaded), ASSAY_IO, "/dev/null", "a device");
    verify_true(v, loaded == NULL, "nothing loaded");
    hnsw_recall_release(index);
}

void hnsw_check_rejects_exact(verify_context *v)
{
    float x[] = {1, 2, 3, 4, 5, 6}, q[] = {1, 1};
    uint64_t ids[3] = {9, 9, 9};
    double lid[3] = {7, 7, 7};
#define EXACT(METRIC, D, X, N, Q, QUERIES, K, IDS) hnsw_recall_exact(METRIC, D, X, N, Q, QUERIES, K, IDS, NULL)
    verify_rejects(v, EXACT((hnsw_recall_metric)3, 2, x, 3, q, 1, 1, ids), ASSAY_OUT_OF_RANGE, "metric", "metric 3");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 0, x, 3, q, 1, 1, ids), ASSAY_OUT_OF_RANGE, "dimension", "dimension 0");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, NULL, 3, q, 1, 1, ids), ASSAY_INVALID_ARGUMENT, "x", "null x");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, NULL, 1, 1, ids), ASSAY_INVALID_ARGUMENT, "q", "null q");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, q, 1, 1, NULL), ASSAY_INVALID_ARGUMENT, "ids", "null ids");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, q, 1, 0, ids), ASSAY_OUT_OF_RANGE, "k", "k = 0");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, q, 1, 4, ids), ASSAY_OUT_OF_RANGE, "k", "k > n");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 0, q, 1, 1, ids), ASSAY_OUT_OF_RANGE, "k", "nothing to find");
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, q, (size_t)1 << 62, 1, ids), ASSAY_NO_MEMORY, "queries",
                   "too many queries");
    x[3] = NAN;
    verify_rejects(v, EXACT(HNSW_RECALL_L2, 2, x, 3, q, 1, 1, ids), ASSAY_INVALID_ARGUMENT, "x[1][1]", "NaN");
    verify_rejects(v, hnsw_recall_lid(2, x, 3, 2, lid), ASSAY_INVALID_ARGUMENT, "x[1][1]", "NaN");
    x[2] = x[3] = 0;
    verify_rejects(v, EXACT(HNSW_RECALL_COSINE, 2, x, 3, q, 1, 1, ids), ASSAY_INVALID_ARGUMENT, "x[1]", "zero");
    verify_rejects(v, hnsw_recall_normalise(2, x, 3, x), ASSAY_INVALID_ARGUMENT, "x[1]", "zero");
#undef EXACT
    verify_rejects(v, hnsw_recall_lid(2, x, 3, 3, lid), ASSAY_OUT_OF_RANGE, "k", "k = n");
    verify_rejects(v, hnsw_recall_lid(2, x, 3, 1, lid), ASSAY_OUT_OF_RANGE, "k", "k = 1");
    verify_rejects(v, hnsw_recall_lid(2, x, 3, 2, NULL), ASSAY_INVALID_ARGUMENT, "lid", "null lid");
    /* Bad rows among many queries, which are seen elsewhere. */
    float *many = hnsw_normals(verify_random(v, 50), 600, 2);
    uint64_t *found = malloc(600 * sizeof *found);
    if (verify_true(v, many && found, "no memory")) {
        many[1111] = 3e15f;
        verify_rejects(v, hnsw_recall_exact(HNSW_RECALL_IP, 2, many, 600, many, 500, 1, found, NULL),
                       ASSAY_OUT_OF_RANGE, "x[555][1]", "a large coordinate");
    }
    free(found);
    free(many);
    verify_true(v, ids[0] == 9 && lid[0] == 7, "results untouched");
}

void hnsw_check_rejects_data(verify_context *v)
{
    float x[128];
    size_t order[2];
    double result;
    const assay_random r = {1, 2};
    verify_rejects(v, hnsw_recall_subspace(r, 0, 1, 0, 1, x), ASSAY_OUT_OF_RANGE, "dimension", "dimension 0");
    verify_rejects(v, hnsw_recall_subspace(r, 8, 0, 0, 1, x), ASSAY_OUT_OF_RANGE, "intrinsic", "intrinsic 0");
    verify_rejects(v, hnsw_recall_subspace(r, 8, 9, 0, 1, x), ASSAY_OUT_OF_RANGE, "intrinsic", "intrinsic 9 of 8");
    verify_rejects(v, hnsw_recall_subspace(r, 8, 4, 0, 1, NULL), ASSAY_INVALID_ARGUMENT, "out", "null");
    verify_rejects(v, hnsw_recall_mixture(r, 63, 0, 1, x), ASSAY_OUT_OF_RANGE, "dimension", "dimension 63");
    verify_rejects(v, hnsw_recall_order((hnsw_recall_ordering)4, NULL, 2, r, order), ASSAY_OUT_OF_RANGE, "kind",
                   "kind 4");
    verify_rejects(v, hnsw_recall_order(HNSW_RECALL_ASCENDING, NULL, 2, r, order), ASSAY_INVALID_ARGUMENT, "keys",
                   "no keys");
    verify_rejects(v, hnsw_recall_order(HNSW_RECALL_GIVEN, NULL, 2, r, NULL), ASSAY_INVALID_ARGUMENT, "order", "null");
    verify_rejects(v, hnsw_recall_at_k(NULL, NULL, 1, 1, &result), ASSAY_INVALID_ARGUMENT, "null", "null results");
    verify_rejects(v, hnsw_recall_at_k_by_distance(x, x, 0, 1, &result), ASSAY_OUT_OF_RANGE, "queries", "no queries");
    verify_rejects(v, hnsw_recall_ndcg((const bool[]){true}, 1, 0, &result), ASSAY_OUT_OF_RANGE, "k", "k = 0");
}

void hnsw_check_accepts_empty(verify_context *v)
{
    static hnsw_recall_statistics s;
    hnsw_recall_index *index = NULL, *loaded = NULL;
    const float query[2] = {1, 2};
    uint64_t labels[2] = {5, 6};
    float distances[2] = {5, 6};
    size_t count = 9;
    char path[] = "/tmp/assay-empty-XXXXXX";
    const int descriptor = mkstemp(path);
    hnsw_recall_release(NULL);
    if (!verify_true(v, descriptor >= 0, "a temporary file") ||
        !verify_ok(v, hnsw_recall_create(2, 5, NULL, &index), "create"))
        return;
    verify_ok(v, hnsw_recall_check(index), "check");
    verify_ok(v, hnsw_recall_measure(index, &s), "statistics");
    verify_ok(v, hnsw_recall_search(index, query, 2, 2, labels, distances, &count), "search");
    verify_true(v, count == 0 && labels[0] == UINT64_MAX && distances[1] == INFINITY, "nothing found");
    verify_ok(v, hnsw_recall_search_batch(index, NULL, 0, 2, 2, NULL, NULL), "no queries");
    verify_ok(v, hnsw_recall_add_batch(index, NULL, NULL, 0, NULL), "no vectors");
    verify_ok(v, hnsw_recall_save(index, path), "save");
    verify_ok(v, hnsw_recall_load(path, 3, &loaded), "load");
    verify_ok(v, hnsw_recall_add(loaded, query, 3), "add to it");
    verify_ok(v, hnsw_recall_search(loaded, query, 2, 2, labels, distances, &count), "search");
    verify_true(v, count == 1 && labels[0] == 3 && distances[0] == 0 && labels[1] == UINT64_MAX, "one found");
    verify_ok(v, hnsw_recall_exact(HNSW_RECALL_L2, 2, query, 1, NULL, 0, 1, NULL, NULL), "exact, no queries");
    hnsw_recall_release(loaded);
    hnsw_recall_release(index);
    remove(path);
}
