/* hnsw_recall: the worked example, hnswlib's graphs, exact neighbours in double, and dimensions in MPFR. */
#include "reference/discrete/hnsw_recall_index.h"
#include "verify/discrete/hnsw_recall_checks.h"
#include "verify/discrete/hnsw_recall_hnswlib.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

/* ---- Worked example -------------------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check_list(verify_context *v, const hnsw_recall_index *index, size_t id, int level,
                       const uint32_t *expected, size_t count)
{
    uint32_t ids[2 * HNSW_RECALL_M_MOST];
    size_t found = 0;
    if (!verify_ok(v, hnsw_recall_neighbors(index, id, level, ids, &found), "list of %zu", id))
        return;
    qsort(ids, found, sizeof *ids, compare_ids);
    verify_true(v, found == count && memcmp(ids, expected, count * sizeof *ids) == 0, "list of %zu on level %d", id,
                level);
}

static void check_answer(verify_context *v, const hnsw_recall_index *index, float query, size_t k,
                         const uint64_t *labels, const float *distances)
{
    uint64_t found[3];
    float far[3];
    size_t count = 0;
    if (!verify_ok(v, hnsw_recall_search(index, &query, k, k, found, far, &count), "search %g", (double)query) ||
        !verify_true(v, count == k, "search %g finds %zu of %zu", (double)query, count, k))
        return;
    for (size_t i = 0; i < k; i++) {
        verify_true(v, found[i] == labels[i], "result %zu of %g", i, (double)query);
        /* (q - x)^2 of numbers below 16 in float32: three roundings. */
        verify_at_most(v, fabs((double)far[i] - (double)distances[i]), 3 * 0x1p-24 * 16, "distance", "result %zu of %g",
                       i, (double)query);
    }
}

void hnsw_check_example(verify_context *v)
{
    static const float points[] = {0, 10, 1, 9, 5, 2, 6};
    static const int levels[] = {1, 0, 0, 1, 0, 0, 0};
    static const uint32_t lists[7][4] = {{1, 2}, {0, 2, 3}, {0, 5}, {1, 2, 4, 6}, {2, 3, 5, 6}, {2, 4}, {3, 4}};
    static const size_t counts[7] = {2, 3, 2, 4, 4, 2, 2};
    hnsw_recipe recipe = {points, 7, 1, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
    recipe.options.m = 2;
    recipe.options.ef_construction = 4;
    recipe.options.levels = levels;
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    if (!index)
        return;
    for (size_t id = 0; id < 7; id++)
        check_list(v, index, id, 0, lists[id], counts[id]);
    check_list(v, index, 0, 1, (const uint32_t[]){3}, 1);
    check_list(v, index, 3, 1, (const uint32_t[]){0}, 1);
    size_t entry = 9;
    int top = 9;
    verify_true(v, hnsw_recall_entry_point(index, &entry, &top) == ASSAY_OK && entry == 0 && top == 1,
                "the entry is 0 on level 1");
    check_answer(v, index, 5.6f, 2, (const uint64_t[]){6, 4}, (const float[]){0.16f, 0.36f});
    check_answer(v, index, 3.4f, 3, (const uint64_t[]){5, 4, 2}, (const float[]){1.96f, 2.56f, 5.76f});
    hnsw_recall_release(index);
}

void hnsw_check_levels(verify_context *v)
{
    uint64_t minstd = 100;
    for (int i = 0; i < 20; i++) {
        const int level = hnsw_draw_level(&minstd, 8);
        verify_true(v, level == (i == 11 || i == 14), "level %d for seed 100 and M = 8 is %d", i, level);
    }
}

/* ---- hnswlib --------------------------------------------------------------------------------------------------- */

/* The data are fixed: where two distances are equal the library's heaps and ours may choose differently, which no
 * bound on the run's random data could allow for. 2 m + 1 elements fill the first list. */
static const struct {
    size_t n, dimension, m, ef_construction, seed;
    bool squares;
} cases[] = {{1200, 8, 8, 40, 100, true}, {600, 2, 2, 5, 1, true},      {500, 16, 16, 128, 7, true},
             {700, 100, 5, 60, 0, true},  {600, 12, 16, 200, 3, false}, {40, 3, 20, 10, 5, true}};

typedef struct twins {
    float *x;
    hnsw_oracle *theirs;
    hnsw_recall_index *ours;
} twins;

static void release_twins(twins *t)
{
    free(t->x);
    hnsw_oracle_release(t->theirs);
    hnsw_recall_release(t->ours);
}

static bool make_twins(verify_context *v, size_t i, twins *t)
{
    hnsw_recipe recipe = {.n = cases[i].n, .dimension = cases[i].dimension};
    recipe.options = hnsw_recall_defaults(cases[i].squares ? HNSW_RECALL_L2 : HNSW_RECALL_IP);
    recipe.options.m = cases[i].m;
    recipe.options.ef_construction = cases[i].ef_construction;
    recipe.options.seed = cases[i].seed;
    *t = (twins){.x = hnsw_normals((assay_random){20240524, i}, cases[i].n + 100, cases[i].dimension)};
    recipe.vectors = t->x;
    verify_use_reference(v);
    t->ours = hnsw_built(v, &recipe);
    if (t->ours)
        t->theirs = hnsw_oracle_build(cases[i].squares, cases[i].dimension, t->x, cases[i].n, cases[i].m,
                                      cases[i].ef_construction, cases[i].seed);
    if (t->ours && verify_true(v, t->theirs != NULL, "hnswlib could not build its index"))
        return true;
    release_twins(t);
    return false;
}

void hnsw_check_hnswlib_graph(verify_context *v)
{
    size_t lists = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        twins t;
        size_t entry;
        int top;
        if (!make_twins(v, i, &t))
            return;
        verify_true(v,
                    hnsw_recall_entry_point(t.ours, &entry, &top) == ASSAY_OK && entry == hnsw_oracle_entry(t.theirs),
                    "case %zu: the entry", i);
        for (size_t id = 0; id < cases[i].n; id++) {
            int level = -1;
            hnsw_recall_element(t.ours, id, NULL, &level);
            if (!verify_true(v, level == hnsw_oracle_level(t.theirs, id), "case %zu: level of %zu", i, id))
                break;
            for (int l = 0; l <= level; l++, lists++) {
                uint32_t expected[2 * HNSW_RECALL_M_MOST];
                const size_t count = hnsw_oracle_list(t.theirs, id, l, expected);
                qsort(expected, count, sizeof *expected, compare_ids);
                check_list(v, t.ours, id, l, expected, count);
            }
        }
        release_twins(&t);
    }
    verify_note(v, "%zu lists", lists);
}

void hnsw_check_hnswlib_search(verify_context *v)
{
    static const size_t efs[] = {1, 10, 40, 200};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        twins t;
        if (!make_twins(v, i, &t))
            return;
        for (size_t q = 0; q < 100; q++) {
            const float *query = t.x + (cases[i].n + q) * cases[i].dimension;
            const size_t ef = efs[q % 4];
            uint64_t ours[10], theirs[10];
            float near[10], far[10];
            size_t count = 0;
            verify_ok(v, hnsw_recall_search(t.ours, query, 10, ef, ours, near, &count), "search");
            const size_t expected = hnsw_oracle_search(t.theirs, query, 10, ef, theirs, far);
            verify_true(v,
                        count == expected && memcmp(ours, theirs, count * sizeof *ours) == 0 &&
                            memcmp(near, far, count * sizeof *near) == 0,
                        "case %zu, query %zu, ef = %zu", i, q, ef);
        }
        release_twins(&t);
    }
}

/* ---- Exact neighbours ------------------------------------------------------------------------------------------ */

static double true_distance(hnsw_recall_metric metric, const float *x, const float *y, size_t dimension)
{
    double sum = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < dimension; i++) {
        sum += metric == HNSW_RECALL_L2 ? ((double)x[i] - y[i]) * ((double)x[i] - y[i]) : (double)x[i] * y[i];
        xx += (double)x[i] * x[i];
        yy += (double)y[i] * y[i];
    }
    return metric == HNSW_RECALL_L2 ? sum : 1 - (metric == HNSW_RECALL_IP ? sum : sum / sqrt(xx * yy));
}

/* How wrong a float32 distance may be: (d + 2) roundings of L2; of a product, relative to |x| |y|, and twice as many
 * with the normalisation of both sides, and the last subtraction. */
static double allowed(hnsw_recall_metric metric, const float *x, const float *y, size_t dimension, double truth)
{
    const double u = ((double)dimension + 4) * 0x1p-24;
    double xx = 0, yy = 0;
    for (size_t i = 0; i < dimension; i++) {
        xx += (double)x[i] * x[i];
        yy += (double)y[i] * y[i];
    }
    return metric == HNSW_RECALL_L2       ? u * truth
           : metric == HNSW_RECALL_COSINE ? 2 * u + 0x1p-24 * fabs(truth)
                                          : u * sqrt(xx * yy) + 0x1p-24 * fabs(truth);
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each result's distance is right, and no more than rounding above the true one of its rank. */
static void check_ranks(verify_context *v, hnsw_recall_metric metric, const float *x, size_t n, const float *q,
                        size_t dimension, size_t k, const uint64_t *ids, const float *distances)
{
    double *truth = malloc(n * sizeof *truth), worst = 0, slack = 0;
    if (!verify_true(v, truth != NULL, "no memory"))
        return;
    for (size_t i = 0; i < n; i++) {
        truth[i] = true_distance(metric, x + i * dimension, q, dimension);
        slack = fmax(slack, allowed(metric, x + i * dimension, q, dimension, truth[i]));
    }
    for (size_t i = 0; i < k; i++)
        worst = fmax(worst, fabs(distances[i] - truth[ids[i]]) /
                                allowed(metric, x + ids[i] * dimension, q, dimension, truth[ids[i]]));
    verify_at_most(v, worst, 1, "of the allowed error", "distances, metric %d", (int)metric);
    for (size_t i = 0; i < k; i++) {
        const double mine = truth[ids[i]];
        for (size_t j = 0; j < i; j++)
            verify_true(v, ids[j] != ids[i], "ids %zu and %zu", j, i);
        truth[ids[i]] = mine; /* stays, as all are ranked below */
    }
    qsort(truth, n, sizeof *truth, compare_numbers);
    for (size_t i = 0; i < k; i++)
        verify_at_most(v, fabs(distances[i] - truth[i]), slack, "distance", "rank %zu, metric %d", i, (int)metric);
    free(truth);
}

void hnsw_check_exact_truth(verify_context *v)
{
    enum { N = 700, QUERIES = 20, K = 12 };
    static const size_t dimensions[] = {3, 50, 100};
    for (int metric = 0; metric < 3; metric++) {
        for (size_t d = 0; d < 3; d++) {
            const size_t dimension = dimensions[d];
            uint64_t ids[QUERIES * K];
            float distances[QUERIES * K];
            float *x = hnsw_normals(verify_random(v, 1), N + QUERIES, dimension);
            if (!verify_true(v, x != NULL, "no memory"))
                return;
            if (verify_ok(v,
                          hnsw_recall_exact((hnsw_recall_metric)metric, dimension, x, N, x + N * dimension, QUERIES, K,
                                            ids, distances),
                          "metric %d, dimension %zu", metric, dimension)) {
                for (size_t i = 0; i < QUERIES; i++)
                    check_ranks(v, (hnsw_recall_metric)metric, x, N, x + (N + i) * dimension, dimension, K, ids + i * K,
                                distances + i * K);
            }
            free(x);
        }
    }
}

/* ---- Local intrinsic dimension --------------------------------------------------------------------------------- */

/* ln(r_i) of all others in MPFR; returns the estimate from the k nearest. */
static double lid_in_mpfr(const float *x, size_t n, size_t dimension, size_t row, size_t k, double *squares)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0; /* of integers: exact */
        for (size_t j = 0; j < dimension; j++)
            sum += ((double)x[i * dimension + j] - x[row * dimension + j]) *
                   ((double)x[i * dimension + j] - x[row * dimension + j]);
        if (i != row)
            squares[count++] = sum;
    }
    qsort(squares, count, sizeof *squares, compare_numbers);
    mpfr_t sum, term, last;
    mpfr_inits2(200, sum, term, last, (mpfr_ptr)NULL);
    mpfr_set_zero(sum, 1);
    mpfr_set_d(last, squares[k - 1], MPFR_RNDN);
    mpfr_log(last, last, MPFR_RNDN);
    for (size_t i = 0; i < k; i++) {
        mpfr_set_d(term, squares[i], MPFR_RNDN);
        mpfr_log(term, term, MPFR_RNDN);
        mpfr_sub(term, term, last, MPFR_RNDN);
        mpfr_div_2ui(term, term, 1, MPFR_RNDN); /* of roots */
        mpfr_add(sum, sum, term, MPFR_RNDN);
    }
    mpfr_ui_div(sum, k, sum, MPFR_RNDN);
    const double lid = -mpfr_get_d(sum, MPFR_RNDN);
    mpfr_clears(sum, term, last, (mpfr_ptr)NULL);
    return lid;
}

/* Coordinates are integers, so that the squares of distances are exact, and 100 random rows of 20 of them with 2001
 * values each are never alike (probability of a zero distance below 100^2 2001^-20). Then the only errors are those of
 * roots, logarithms and their sum in double: each term ln(r_i / r_k) of magnitude below 8 is wrong by at most 8 2^-52,
 * and the sum of 30 terms by 30 times that and 30 roundings: below 2^-40 of a sum that is above 0.01. */
void hnsw_check_lid_truth(verify_context *v)
{
    enum { N = 100, DIMENSION = 20, K = 30 };
    double lid[N], squares[N];
    float *x = hnsw_integers(verify_random(v, 2), N, DIMENSION, 400);
    if (!verify_true(v, x != NULL, "no memory") || !verify_ok(v, hnsw_recall_lid(DIMENSION, x, N, K, lid), "lid"))
        return;
    for (size_t i = 0; i < N; i++) {
        const double truth = lid_in_mpfr(x, N, DIMENSION, i, K, squares);
        verify_at_most(v, fabs(lid[i] / truth - 1), 0x1p-33, "relative error", "row %zu", i);
    }
    free(x);
}

/* For r_i = c i^(1/d): -k / sum ln((i/k)^(1/d)) = d k / (k ln k - ln k!), which tends to d. */
void hnsw_check_lid_closed_form(verify_context *v)
{
    enum { K = 100000 };
    double *r = malloc(K * sizeof *r);
    if (!verify_true(v, r != NULL, "no memory"))
        return;
    for (int d = 1; d <= 64; d *= 4) {
        for (size_t i = 0; i < K; i++)
            r[i] = 3 * pow((double)(i + 1), 1.0 / d);
        const double expected = d * (double)K / (K * log(K) - lgamma(K + 1.0));
        verify_at_most(v, fabs(hnsw_recall_lid_of(r, K) / expected - 1), 1e-10, "relative error", "d = %d", d);
        /* By Stirling's formula expected / d - 1 is ln(2 pi k) / (2 k) and less than it, to first order. */
        verify_at_most(v, fabs(hnsw_recall_lid_of(r, K) / d - 1), 1e-4, "relative error", "the limit, d = %d", d);
    }
    free(r);
    verify_at_most(v, fabs(hnsw_recall_lid_of((const double[]){1, 2, 4}, 3) - 1 / log(2)), 1e-15, "error",
                   "distances 1, 2, 4");
    verify_at_most(v, fabs(hnsw_recall_lid_of((const double[]){0, 1, 2, 4}, 4) - 1 / log(2)), 1e-15, "error",
                   "distances 0, 1, 2, 4");
    verify_true(v, isnan(hnsw_recall_lid_of((const double[]){2, 2, 2}, 3)), "equal distances");
    verify_true(v, isnan(hnsw_recall_lid_of((const double[]){0, 0, 0}, 3)), "distances 0");
}

/* ---- Measures -------------------------------------------------------------------------------------------------- */

void hnsw_check_measures(verify_context *v)
{
    double result = NAN;
    verify_ok(v, hnsw_recall_ndcg((const bool[]){true, false, true}, 1, 3, &result), "ndcg");
    verify_at_most(v, fabs(result - 1.5 / (1.5 + 1 / log2(3))), 1e-15, "error", "hits at ranks 1 and 3 of 3");
    verify_at_most(v, fabs(result - 0.703918), 5e-7, "error", "hits at ranks 1 and 3 of 3");
    static const uint64_t found[] = {5, 3, UINT64_MAX, 1, 2, 9}, exact[] = {3, 4, 5, 9, 1, 8};
    verify_ok(v, hnsw_recall_at_k(found, exact, 2, 3, &result), "recall");
    verify_at_most(v, fabs(result - 4.0 / 6), 1e-15, "error", "4 hits of 6");
    static const float far[] = {1, 2, INFINITY, 1, 4.000001f, 5}, truth[] = {1, 2, 3, 1, 2, 4};
    verify_ok(v, hnsw_recall_at_k_by_distance(far, truth, 2, 3, &result), "recall by distance");
    verify_at_most(v, fabs(result - 4.0 / 6), 1e-15, "error", "4 hits of 6 by distance");
}
