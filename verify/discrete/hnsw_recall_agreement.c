/* hnsw_recall: optimized against reference. On small integers all levels compute the same distances, so that whole
 * graphs and answers must be the same, ties included. */
#include "reference/discrete/hnsw_recall_index.h"
#include "verify/discrete/hnsw_recall_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Graphs ---------------------------------------------------------------------------------------------------- */

typedef struct graph_case {
    const char *name;
    size_t n, dimension;
    unsigned most; /* of the integers */
    hnsw_recall_metric metric;
    size_t m, ef_construction, round;
    hnsw_recall_mode mode;
    bool extend, keep;
} graph_case;

/* Dimensions below and above that from which codes are stored, and no multiples of any vector's length. */
static const graph_case one_by_one[] = {
    {"a line", 300, 1, 200, HNSW_RECALL_L2, 2, 4, 1, HNSW_RECALL_LIBRARY, false, false},
    {"the plane", 500, 2, 30, HNSW_RECALL_L2, 5, 20, 1, HNSW_RECALL_LIBRARY, false, false},
    {"coded", 500, 50, 4, HNSW_RECALL_L2, 4, 30, 1, HNSW_RECALL_LIBRARY, false, false},
    {"coded products", 500, 100, 6, HNSW_RECALL_IP, 8, 40, 1, HNSW_RECALL_LIBRARY, false, false},
    {"products", 400, 13, 9, HNSW_RECALL_IP, 3, 12, 1, HNSW_RECALL_LIBRARY, false, false},
    {"as Malkov", 300, 7, 9, HNSW_RECALL_L2, 6, 30, 1, HNSW_RECALL_MALKOV, false, false},
    {"extended", 250, 49, 5, HNSW_RECALL_L2, 5, 10, 1, HNSW_RECALL_MALKOV, true, false},
    {"kept", 300, 5, 9, HNSW_RECALL_L2, 4, 20, 1, HNSW_RECALL_MALKOV, false, true},
    {"extended and kept", 200, 60, 3, HNSW_RECALL_IP, 3, 8, 1, HNSW_RECALL_MALKOV, true, true},
    {"all alike", 200, 48, 0, HNSW_RECALL_L2, 4, 16, 1, HNSW_RECALL_LIBRARY, false, false},
};

static const graph_case by_rounds[] = {
    {"rounds", 700, 50, 5, HNSW_RECALL_L2, 5, 30, HNSW_RECALL_ROUND, HNSW_RECALL_LIBRARY, false, false},
    {"rounds of products", 500, 9, 9, HNSW_RECALL_IP, 4, 20, 1000, HNSW_RECALL_LIBRARY, false, false},
    {"rounds as Malkov", 400, 53, 3, HNSW_RECALL_L2, 4, 20, 16, HNSW_RECALL_MALKOV, true, true},
};

static bool dump_case(verify_context *v, const graph_case *c, const float *x, hnsw_dump *dump)
{
    hnsw_recipe recipe = {x, c->n, c->dimension, hnsw_recall_defaults(c->metric), NULL};
    recipe.options.m = c->m;
    recipe.options.ef_construction = c->ef_construction;
    recipe.options.round = c->round;
    recipe.options.mode = c->mode;
    recipe.options.extend_candidates = c->extend;
    recipe.options.keep_pruned = c->keep;
    recipe.options.seed = verify_seed_of(v);
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    const bool good = index && hnsw_dump_graph(v, index, dump);
    hnsw_recall_release(index);
    return good;
}

static void compare_case(verify_context *v, const graph_case *c, bool every_thread_count)
{
    float *x = hnsw_integers(verify_random(v, 3), c->n, c->dimension, c->most);
    hnsw_dump expected = {0};
    verify_use_reference(v);
    bool good = dump_case(v, c, x, &expected);
    for (const int *threads = verify_thread_counts; good; threads++) {
        hnsw_dump actual = {0};
        verify_use_level(v, *threads);
        good = dump_case(v, c, x, &actual) &&
               verify_true(v, actual.count == expected.count, "%s: the number of links", c->name) &&
               verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected.words, actual.words, expected.count,
                            "%s, %d threads", c->name, *threads);
        free(actual.words);
        if (*threads == 0 || !every_thread_count)
            break;
    }
    free(expected.words);
    free(x);
}

void hnsw_check_graphs(verify_context *v)
{
    for (size_t i = 0; i < sizeof one_by_one / sizeof *one_by_one; i++)
        compare_case(v, &one_by_one[i], false);
}

void hnsw_check_rounds(verify_context *v)
{
    for (size_t i = 0; i < sizeof by_rounds / sizeof *by_rounds; i++)
        compare_case(v, &by_rounds[i], true);
}

/* ---- Searches -------------------------------------------------------------------------------------------------- */

typedef struct answers {
    uint64_t *labels;
    float *distances;
} answers;

static bool ask(verify_context *v, const hnsw_recall_index *index, const float *queries, size_t n, size_t k, size_t ef,
                answers *a)
{
    *a = (answers){malloc(n * k * sizeof *a->labels), malloc(n * k * sizeof *a->distances)};
    if (!verify_true(v, a->labels && a->distances, "no memory"))
        return false;
    verify_spoil(a->labels, n * k * sizeof *a->labels);
    verify_spoil(a->distances, n * k * sizeof *a->distances);
    return verify_ok(v, hnsw_recall_search_batch(index, queries, n, k, ef, a->labels, a->distances),
                     "search with k = %zu, ef = %zu", k, ef);
}

static void forget(answers *a)
{
    free(a->labels);
    free(a->distances);
}

static void compare_searches(verify_context *v, const hnsw_recall_index *index, const float *queries, size_t n)
{
    static const struct {
        size_t k, ef;
    } cases[] = {{1, 1}, {10, 1}, {10, 25}, {3, 100}, {70, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t k = cases[i].k, ef = cases[i].ef;
        answers expected, actual;
        verify_use_reference(v);
        bool good = ask(v, index, queries, n, k, ef, &expected);
        for (const int *threads = verify_thread_counts; good; threads++) {
            verify_use_level(v, *threads);
            good = ask(v, index, queries, n, k, ef, &actual) &&
                   verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U64, expected.labels, actual.labels, n * k,
                                "labels, k = %zu, ef = %zu, %d threads", k, ef, *threads) &&
                   verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F32, expected.distances, actual.distances, n * k,
                                "distances, k = %zu, ef = %zu, %d threads", k, ef, *threads);
            forget(&actual);
            if (*threads == 0)
                break;
        }
        forget(&expected);
    }
}

void hnsw_check_searches(verify_context *v)
{
    enum { N = 600, QUERIES = 40 };
    static const struct {
        hnsw_recall_metric metric;
        size_t dimension;
        unsigned most;
        float offset; /* far from the origin, where bounds are weak; differences stay exact */
    } cases[] = {{HNSW_RECALL_L2, 11, 9, 0},
                 {HNSW_RECALL_L2, 50, 9, 0},
                 {HNSW_RECALL_L2, 70, 5, 1000},
                 {HNSW_RECALL_IP, 100, 6, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t dimension = cases[i].dimension;
        float *x = hnsw_integers(verify_random(v, 4 + i), N + QUERIES, dimension, cases[i].most);
        for (size_t j = 0; x && j < (N + QUERIES) * dimension; j++)
            x[j] += cases[i].offset;
        hnsw_recipe recipe = {x, N, dimension, hnsw_recall_defaults(cases[i].metric), NULL};
        recipe.options.m = 6;
        recipe.options.ef_construction = 24;
        verify_use_level(v, 1);
        hnsw_recall_index *index = hnsw_built(v, &recipe);
        if (index)
            compare_searches(v, index, x + N * dimension, QUERIES);
        hnsw_recall_release(index);
        free(x);
    }
}

/* ---- Where rounding differs ------------------------------------------------------------------------------------ */

/* Normal numbers: distances differ in their last places between levels, and so do lists where two are that near to
 * each other. Demanded: at least 99 % of the lists equal and recall within 0.003. The data are fixed, for no
 * bound holds for all; a wrong distance changes most lists. */
void hnsw_check_near_graphs(verify_context *v)
{
    enum { N = 1000, QUERIES = 200, DIMENSION = 100, K = 10 };
    const assay_random r = {20240525, 1};
    float *x = hnsw_normals(r, N + QUERIES, DIMENSION);
    uint64_t *exact = malloc(QUERIES * K * sizeof *exact);
    hnsw_recipe recipe = {x, N, DIMENSION, hnsw_recall_defaults(HNSW_RECALL_COSINE), NULL};
    recipe.options.ef_construction = 64;
    hnsw_recall_index *indexes[2] = {NULL, NULL};
    double recall[2] = {NAN, NAN};
    for (int i = 0; i < 2 && exact; i++) {
        answers a;
        i == 0 ? verify_use_reference(v) : verify_use_level(v, 1);
        indexes[i] = hnsw_built(v, &recipe);
        if (!indexes[i] ||
            !verify_ok(
                v, hnsw_recall_exact(HNSW_RECALL_COSINE, DIMENSION, x, N, x + N * DIMENSION, QUERIES, K, exact, NULL),
                "exact"))
            break;
        if (ask(v, indexes[i], x + N * DIMENSION, QUERIES, K, 40, &a))
            hnsw_recall_at_k(a.labels, exact, QUERIES, K, &recall[i]);
        forget(&a);
    }
    if (indexes[0] && indexes[1]) {
        size_t equal = 0;
        for (uint32_t id = 0; id < N; id++) {
            const hnsw_list *one = hnsw_list_of(indexes[0], id, 0), *other = hnsw_list_of(indexes[1], id, 0);
            equal += one->count == other->count && memcmp(one->ids, other->ids, one->count * sizeof *one->ids) == 0;
        }
        verify_at_least(v, (double)equal / N, 0.99, "share of lists", "equal lists");
        verify_at_most(v, recall[0] > recall[1] ? recall[0] - recall[1] : recall[1] - recall[0], 0.003, "recall",
                       "recall@10 of %g and %g", recall[0], recall[1]);
    }
    hnsw_recall_release(indexes[0]);
    hnsw_recall_release(indexes[1]);
    free(exact);
    free(x);
}

/* Both look at the same elements: what the reference computes a distance of, the optimized code does or rules out. */
void hnsw_check_counts(verify_context *v)
{
    enum { N = 2000, QUERIES = 100, DIMENSION = 64 };
    static hnsw_recall_statistics before, after;
    float *x = malloc((N + QUERIES) * DIMENSION * sizeof *x);
    if (!verify_true(v, x != NULL, "no memory") ||
        !verify_ok(v, hnsw_recall_subspace(verify_random(v, 9), DIMENSION, 16, 0, N + QUERIES, x), "vectors"))
        return;
    for (size_t i = 0; i < (N + QUERIES) * DIMENSION; i++)
        x[i] = (float)(int)(x[i] * 127); /* 64 254^2 < 2^24 */
    hnsw_recipe recipe = {x, N, DIMENSION, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
    verify_use_level(v, 1);
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    double looked_at[2] = {0, 0}, hops[2] = {0, 0}, computed[2] = {0, 0};
    for (int i = 0; i < 2 && index; i++) {
        answers a;
        i == 0 ? verify_use_reference(v) : verify_use_level(v, 1);
        hnsw_recall_measure(index, &before);
        ask(v, index, x + N * DIMENSION, QUERIES, 10, 40, &a);
        hnsw_recall_measure(index, &after);
        forget(&a);
        computed[i] = (double)(after.distances - before.distances);
        looked_at[i] = computed[i] + (double)(after.estimates - before.estimates);
        hops[i] = (double)(after.hops - before.hops);
    }
    verify_true(v, looked_at[0] == looked_at[1], "%g and %g elements looked at", looked_at[0], looked_at[1]);
    verify_true(v, hops[0] == hops[1], "%g and %g lists read", hops[0], hops[1]);
    static const char workload[] = "2000 vectors of 64 numbers, intrinsic dimension 16, 100 queries with ef = 40";
    verify_record_count(v, workload, "reference", "distances", computed[0], computed[0]);
    verify_record_count(v, workload, "with bounds", "distances", computed[1], computed[0]);
    hnsw_recall_release(index);
    free(x);
}

/* ---- Exact search: a map of arrays ----------------------------------------------------------------------------- */

static size_t exact_rows(size_t scale)
{
    return scale + 1;
}

static size_t exact_dimension(size_t scale)
{
    return 1 + scale % 35;
}

static size_t exact_queries(size_t scale)
{
    return 1 + scale % 9;
}

static size_t exact_k(size_t scale)
{
    return scale < 4 ? 1 : 4 + (scale % 5 == 0);
}

static size_t count_x(size_t scale)
{
    return exact_rows(scale) * exact_dimension(scale);
}

static size_t count_q(size_t scale)
{
    return exact_queries(scale) * exact_dimension(scale);
}

static size_t count_results(size_t scale)
{
    return exact_queries(scale) * exact_k(scale);
}

static void fill_integers(assay_random r, void *data, size_t count)
{
    float *x = data;
    for (size_t i = 0; i < count; i++)
        x[i] = (float)((int)assay_random_integer(r, i, 61) - 30);
}

static assay_status run_exact(const verify_call *call)
{
    const size_t n = call->n;
    assay_status status = hnsw_recall_exact(HNSW_RECALL_L2, exact_dimension(n), call->in[0], exact_rows(n), call->in[1],
                                            exact_queries(n), exact_k(n), call->out[0], call->out[1]);
    if (status == ASSAY_OK)
        status = hnsw_recall_exact(HNSW_RECALL_IP, exact_dimension(n), call->in[0], exact_rows(n), call->in[1],
                                   exact_queries(n), exact_k(n), call->out[2], call->out[3]);
    return status;
}

const verify_kernel hnsw_kernel_exact = {
    .in = {{.name = "x", .type = VERIFY_F32, .count = count_x, .fill = fill_integers},
           {.name = "q", .type = VERIFY_F32, .count = count_q, .fill = fill_integers}},
    .out = {{.name = "ids by squares", .type = VERIFY_U64, .count = count_results},
            {.name = "squares", .type = VERIFY_F32, .count = count_results},
            {.name = "ids by products", .type = VERIFY_U64, .count = count_results},
            {.name = "products", .type = VERIFY_F32, .count = count_results}},
    .run = run_exact,
    .metric = VERIFY_BITWISE,
    .lanes = 32,
    .large = {700, 16389, 16394}}; /* several blocks; several parts, with 1 and 6 queries */

/* More queries than a task has, many of them with equal distances. */
static size_t many_queries(size_t scale)
{
    return 500 + scale % 3;
}

static size_t count_many(size_t scale)
{
    return many_queries(scale) * exact_dimension(scale);
}

static size_t count_many_results(size_t scale)
{
    return many_queries(scale) * exact_k(scale);
}

static assay_status run_exact_many(const verify_call *call)
{
    const size_t n = call->n;
    return hnsw_recall_exact(HNSW_RECALL_L2, exact_dimension(n), call->in[0], exact_rows(n), call->in[1],
                             many_queries(n), exact_k(n), call->out[0], call->out[1]);
}

const verify_kernel hnsw_kernel_exact_many = {
    .in = {{.name = "x", .type = VERIFY_F32, .count = count_x, .fill = fill_integers},
           {.name = "q", .type = VERIFY_F32, .count = count_many, .fill = fill_integers}},
    .out = {{.name = "ids", .type = VERIFY_U64, .count = count_many_results},
            {.name = "squares", .type = VERIFY_F32, .count = count_many_results}},
    .run = run_exact_many,
    .metric = VERIFY_BITWISE,
    .lanes = 4,
    .large = {70, 300}};

static size_t lid_rows(size_t scale)
{
    return scale + 3;
}

static size_t count_lid(size_t scale)
{
    return lid_rows(scale) * exact_dimension(scale);
}

static assay_status run_lid(const verify_call *call)
{
    const size_t n = lid_rows(call->n), k = 2 + call->n / 2;
    return hnsw_recall_lid(exact_dimension(call->n), call->in[0], n, k < 40 ? k : 40, call->out[0]);
}

const verify_kernel hnsw_kernel_lid = {
    .in = {{.name = "x", .type = VERIFY_F32, .count = count_lid, .fill = fill_integers}},
    .out = {{.name = "lid", .type = VERIFY_F64, .count = lid_rows}},
    .run = run_lid,
    .metric = VERIFY_BITWISE,
    .lanes = 16,
    .large = {500}};
