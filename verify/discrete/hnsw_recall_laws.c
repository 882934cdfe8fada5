/* hnsw_recall: what holds of any index, of distances' bounds, and of the synthetic data. */
#include "optimized/discrete/hnsw_recall_search.h"
#include "verify/discrete/hnsw_recall_checks.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>

/* ---- Structure ------------------------------------------------------------------------------------------------- */

void hnsw_check_structure(verify_context *v)
{
    static hnsw_recall_statistics s;
    static const size_t sizes[] = {1, 2, 3, 50, 500};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int mode = 0; mode < 4; mode++) {
            /* Few different values: many vectors are stored several times. */
            float *x = hnsw_integers(verify_random(v, 10 + i), sizes[i], 3, 2);
            hnsw_recipe recipe = {x, sizes[i], 3, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
            recipe.options.m = 2 + i;
            recipe.options.ef_construction = 1 + 3 * i;
            recipe.options.seed = verify_seed_of(v) + i;
            recipe.options.mode = mode ? HNSW_RECALL_MALKOV : HNSW_RECALL_LIBRARY;
            recipe.options.extend_candidates = mode == 2;
            recipe.options.keep_pruned = mode == 3;
            hnsw_recall_index *index = hnsw_built(v, &recipe);
            if (index && verify_ok(v, hnsw_recall_check(index), "%zu elements, mode %d", sizes[i], mode) &&
                verify_ok(v, hnsw_recall_measure(index, &s), "statistics")) {
                size_t in = 0, out = 0, elements = 0;
                for (size_t d = 0; d <= 2 * HNSW_RECALL_M_MOST; d++) {
                    in += d * s.in_degrees[d]; /* no degree is beyond the histogram here: 500 elements, 12 links */
                    out += d * s.out_degrees[d];
                    elements += s.out_degrees[d];
                }
                verify_true(v,
                            out == s.links && (s.in_degrees[2 * HNSW_RECALL_M_MOST] > 0 || in == out) &&
                                elements == sizes[i],
                            "%zu elements, mode %d: degrees", sizes[i], mode);
                verify_true(v, s.reachable > 0 && s.reachable <= 1, "share of reachable elements %g", s.reachable);
            }
            hnsw_recall_release(index);
            free(x);
        }
    }
}

/* One broken law. */
typedef struct damage {
    const char *name;
    void (*make)(hnsw_recall_index *index);
} damage;

static void link_to_self(hnsw_recall_index *index)
{
    hnsw_list_of(index, 7, 0)->ids[0] = 7;
}

static void link_twice(hnsw_recall_index *index)
{
    hnsw_list *list = hnsw_list_of(index, 7, 0);
    list->ids[1] = list->ids[0];
}

static void link_beyond(hnsw_recall_index *index)
{
    hnsw_list_of(index, 7, 0)->ids[0] = (uint32_t)index->count;
}

static void link_too_high(hnsw_recall_index *index)
{
    uint32_t low = 0, high = 0;
    while (index->levels[low] > 0)
        low++;
    while (index->levels[high] == 0)
        high++;
    hnsw_list *list = hnsw_list_of(index, high, 1);
    list->count = 1;
    list->selected = 0;
    list->ids[0] = low;
}

static void too_many(hnsw_recall_index *index)
{
    hnsw_list_of(index, 7, 0)->count = (uint16_t)(hnsw_cap(index, 0) + 1);
}

static void none(hnsw_recall_index *index)
{
    hnsw_list_of(index, 7, 0)->count = hnsw_list_of(index, 7, 0)->selected = 0;
}

static void low_entry(hnsw_recall_index *index)
{
    index->entry = 0;
    while (index->levels[index->entry] == index->top)
        index->entry++;
    index->top = index->levels[index->entry];
}

static void wrong_top(hnsw_recall_index *index)
{
    index->top++;
}

static void entry_beyond(hnsw_recall_index *index)
{
    index->entry = (uint32_t)index->count;
}

static void same_label(hnsw_recall_index *index)
{
    index->labels[3] = index->labels[5];
}

static void not_a_number(hnsw_recall_index *index)
{
    index->vectors[5 * index->stride] = NAN;
}

static void infinite_link(hnsw_recall_index *index)
{
    hnsw_distances_of(index, hnsw_list_of(index, 7, 0), 0)[0] = INFINITY;
}

void hnsw_check_detects(verify_context *v)
{
    static const damage damages[] = {{"a link to itself", link_to_self},
                                     {"a link twice", link_twice},
                                     {"a link beyond", link_beyond},
                                     {"a link to a lower level", link_too_high},
                                     {"too many links", too_many},
                                     {"no links", none},
                                     {"a low entry", low_entry},
                                     {"a wrong top level", wrong_top},
                                     {"an entry beyond", entry_beyond},
                                     {"a label twice", same_label},
                                     {"NaN", not_a_number},
                                     {"an infinite link", infinite_link}};
    static const int levels[100] = {2, 1, 0, 0, 0, 0, 0, 0, 1};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        float *x = hnsw_normals(verify_random(v, 20), 100, 4);
        hnsw_recipe recipe = {x, 100, 4, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
        recipe.options.levels = levels;
        hnsw_recall_index *index = hnsw_built(v, &recipe);
        if (index && verify_ok(v, hnsw_recall_check(index), "undamaged")) {
            damages[i].make(index);
            verify_true(v, hnsw_recall_check(index) == ASSAY_BAD_DATA, "%s is found", damages[i].name);
        }
        hnsw_recall_release(index);
        free(x);
    }
}

/* ---- Results --------------------------------------------------------------------------------------------------- */

enum { N = 500, DIMENSION = 60, QUERIES = 60 };

/* An index of N vectors in a subspace of 8 dimensions whose labels are 1000 - 2 i, and the vectors with QUERIES more.
 * They are the same in every run: no bound is known on how many elements of a random graph cannot be reached. */
static hnsw_recall_index *usual(verify_context *v, uint64_t stream, float **x)
{
    uint64_t labels[N];
    for (size_t i = 0; i < N; i++)
        labels[i] = 1000 - 2 * i;
    *x = malloc(sizeof **x * (N + QUERIES) * DIMENSION);
    hnsw_recall_options options = hnsw_recall_defaults(HNSW_RECALL_L2);
    hnsw_recall_index *index = NULL;
    if (!verify_true(v, *x != NULL, "no memory") ||
        !verify_ok(v, hnsw_recall_subspace((assay_random){20240526, stream}, DIMENSION, 8, 0, N + QUERIES, *x),
                   "vectors") ||
        !verify_ok(v, hnsw_recall_create(DIMENSION, N, &options, &index), "create"))
        return NULL;
    if (verify_ok(v, hnsw_recall_add_batch(index, *x, labels, N, NULL), "add"))
        return index;
    hnsw_recall_release(index);
    return NULL;
}

static void check_result(verify_context *v, const float *x, const float *query, const uint64_t *labels,
                         const float *distances, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t id = (size_t)(1000 - labels[i]) / 2;
        if (!verify_true(v, labels[i] % 2 == 0 && id < N, "label %llu was inserted", (unsigned long long)labels[i]))
            return;
        double truth = 0;
        for (size_t j = 0; j < DIMENSION; j++)
            truth += ((double)x[id * DIMENSION + j] - query[j]) * ((double)x[id * DIMENSION + j] - query[j]);
        /* Each of the differences, squares and sums rounds once: (dimension + 2) 2^-24. */
        verify_at_most(v, fabs(distances[i] / truth - 1), (DIMENSION + 2) * 0x1p-24, "relative error", "distance");
        verify_true(v, i == 0 || distances[i - 1] <= distances[i], "in order");
        for (size_t j = 0; j < i; j++)
            verify_true(v, labels[j] != labels[i], "distinct");
    }
}

void hnsw_check_results(verify_context *v)
{
    enum { K = 30 };
    static hnsw_recall_statistics s;
    float *x, distances[K];
    uint64_t labels[K];
    hnsw_recall_index *index = usual(v, 21, &x);
    if (index && verify_ok(v, hnsw_recall_measure(index, &s), "statistics")) {
        for (size_t i = 0; i < QUERIES; i++) {
            const float *query = x + (N + i) * DIMENSION;
            const size_t k = 1 + i % K;
            size_t count = 0;
            verify_ok(v, hnsw_recall_search(index, query, k, 1 + i, labels, distances, &count), "search");
            verify_true(v, count == k, "%zu of %zu found", count, k);
            check_result(v, x, query, labels, distances, count);
        }
    }
    hnsw_recall_release(index);
    free(x);
}

void hnsw_check_batch(verify_context *v)
{
    enum { K = 10 };
    float *x, distances[QUERIES * K], alone[K];
    uint64_t labels[QUERIES * K], single[K];
    hnsw_recall_index *index = usual(v, 22, &x);
    if (index &&
        verify_ok(v, hnsw_recall_search_batch(index, x + N * DIMENSION, QUERIES, K, 20, labels, distances), "batch")) {
        for (size_t i = 0; i < QUERIES; i++) {
            size_t count = 0;
            verify_ok(v, hnsw_recall_search(index, x + (N + i) * DIMENSION, K, 20, single, alone, &count), "search");
            verify_true(v,
                        count == K && memcmp(single, labels + i * K, sizeof single) == 0 &&
                            memcmp(alone, distances + i * K, sizeof alone) == 0,
                        "query %zu alone", i);
        }
    }
    hnsw_recall_release(index);
    free(x);
}

/* A stored vector is found at distance 0. */
void hnsw_check_stored(verify_context *v)
{
    float *x, *distances = malloc(N * sizeof *distances);
    uint64_t *labels = malloc(N * sizeof *labels);
    hnsw_recall_index *index = usual(v, 23, &x);
    if (index && distances && labels &&
        verify_ok(v, hnsw_recall_search_batch(index, x, N, 1, 100, labels, distances), "search")) {
        size_t right = 0;
        for (size_t i = 0; i < N; i++)
            right += labels[i] == 1000 - 2 * i && distances[i] == 0;
        verify_at_least(v, (double)right / N, 0.99, "share", "stored vectors found first");
    }
    hnsw_recall_release(index);
    free(labels);
    free(distances);
    free(x);
}

/* With ef = n everything that links lead to is found, in the order of exact search; on integers bit for bit. */
void hnsw_check_all_found(verify_context *v)
{
    enum { ALL = 200, D = 8 };
    uint64_t exact[ALL], labels[ALL];
    float far[ALL], distances[ALL];
    size_t complete = 0;
    float *x = hnsw_integers(verify_random(v, 24), ALL + 20, D, 9);
    hnsw_recipe recipe = {x, ALL, D, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    for (size_t q = 0; index && q < 20; q++) {
        size_t count = 0, next = 0;
        verify_ok(v, hnsw_recall_exact(HNSW_RECALL_L2, D, x, ALL, x + (ALL + q) * D, 1, ALL, exact, far), "exact");
        verify_ok(v, hnsw_recall_search(index, x + (ALL + q) * D, ALL, ALL, labels, distances, &count), "search");
        for (size_t i = 0; i < ALL && next < count; i++)
            next += labels[next] == exact[i] && distances[next] == far[i];
        verify_true(v, next == count, "query %zu: %zu of %zu in the exact order", q, next, count);
        complete += count == ALL;
    }
    verify_note(v, "all %d elements found by %zu of 20 queries", ALL, complete);
    hnsw_recall_release(index);
    free(x);
}

/* Recall rises with ef. The data are the same in every run, as for the others. */
void hnsw_check_monotone(verify_context *v)
{
    enum { ALL = 1500, ASKED = 400, D = 24, K = 10 };
    float *x = hnsw_normals((assay_random){20240526, 25}, ALL + ASKED, D);
    hnsw_recipe recipe = {x, ALL, D, hnsw_recall_defaults(HNSW_RECALL_L2), NULL};
    recipe.options.m = 6;
    recipe.options.ef_construction = 30;
    uint64_t *labels = malloc(2 * ASKED * K * sizeof *labels);
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    double before = 0, recall = 0;
    if (index && labels &&
        verify_ok(v, hnsw_recall_exact(HNSW_RECALL_L2, D, x, ALL, x + ALL * D, ASKED, K, labels + ASKED * K, NULL),
                  "exact")) {
        for (size_t ef = 10; ef <= 640; ef *= 2, before = recall) {
            verify_ok(v, hnsw_recall_search_batch(index, x + ALL * D, ASKED, K, ef, labels, NULL), "search");
            hnsw_recall_at_k(labels, labels + ASKED * K, ASKED, K, &recall);
            verify_at_least(v, recall - before, -0.005, "recall", "ef = %zu after %zu", ef, ef / 2);
        }
    }
    hnsw_recall_release(index);
    free(labels);
    free(x);
}

/* ---- Invariances ----------------------------------------------------------------------------------------------- */

static void compare_graphs(verify_context *v, const hnsw_recall_index *one, const hnsw_recall_index *other,
                           const char *what)
{
    size_t different = 0;
    for (uint32_t id = 0; id < one->count; id++) {
        for (int l = 0; l <= one->levels[id]; l++) {
            const hnsw_list *a = hnsw_list_of(one, id, l), *b = hnsw_list_of(other, id, l);
            different += a->count != b->count || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) != 0;
        }
    }
    verify_true(v, different == 0, "%s: %zu lists differ", what, different);
}

static void compare_built(verify_context *v, const float *x, const float *y, hnsw_recall_metric metric,
                          hnsw_recall_metric other_metric, size_t n, size_t dimension, const char *what)
{
    hnsw_recipe one = {x, n, dimension, hnsw_recall_defaults(metric), NULL}, other = one;
    other.vectors = y;
    other.options.metric = other_metric;
    hnsw_recall_index *a = hnsw_built(v, &one), *b = a ? hnsw_built(v, &other) : NULL;
    if (b)
        compare_graphs(v, a, b, what);
    hnsw_recall_release(a);
    hnsw_recall_release(b);
}

void hnsw_check_invariances(verify_context *v)
{
    enum { ALL = 400, D = 50 };
    float *x = hnsw_integers(verify_random(v, 26), ALL, D, 9), *y = hnsw_integers(verify_random(v, 26), ALL, D, 9);
    float *z = hnsw_normals(verify_random(v, 27), ALL, D), *w = hnsw_normals(verify_random(v, 27), ALL, D);
    if (verify_true(v, x && y && z && w, "no memory")) {
        for (size_t i = 0; i < ALL * D; i++)
            y[i] = x[i] + (float)(i % D * 8);
        compare_built(v, x, y, HNSW_RECALL_L2, HNSW_RECALL_L2, ALL, D, "translated");
        for (size_t i = 0; i < ALL * D; i++)
            y[i] = x[i / D * D + (i % D * 7 + 3) % D];
        compare_built(v, x, y, HNSW_RECALL_L2, HNSW_RECALL_L2, ALL, D, "coordinates exchanged");
        for (size_t i = 0; i < ALL * D; i++)
            w[i] = z[i] * 0x1p20f;
        compare_built(v, z, w, HNSW_RECALL_L2, HNSW_RECALL_L2, ALL, D, "scaled up");
        for (size_t i = 0; i < ALL * D; i++)
            w[i] = z[i] * 0x1p-20f;
        compare_built(v, z, w, HNSW_RECALL_L2, HNSW_RECALL_L2, ALL, D, "scaled down");
    }
    free(x);
    free(y);
    free(z);
    free(w);
}

void hnsw_check_cosine(verify_context *v)
{
    enum { ALL = 400, D = 50 };
    float *x = hnsw_normals(verify_random(v, 28), ALL, D), *y = hnsw_normals(verify_random(v, 28), ALL, D);
    if (verify_true(v, x && y, "no memory") && verify_ok(v, hnsw_recall_normalise(D, x, ALL, y), "normalise"))
        compare_built(v, x, y, HNSW_RECALL_COSINE, HNSW_RECALL_IP, ALL, D, "normalised");
    free(x);
    free(y);
}

/* What a bound says of each element, against double. It may be weak, but never too low. */
static void check_bounds_of(verify_context *v, hnsw_recall_index *index, hnsw_work *work, const float *query,
                            const float *x)
{
    const size_t dimension = index->dimension;
    const bool squares = index->options.metric == HNSW_RECALL_L2;
    hnsw_work_query(work, query);
    if (!verify_true(v, work->bounded, "bounded"))
        return;
    for (uint32_t id = 0; id < index->count; id++) {
        float bound;
        double product = 0, square = 0, lengths = 0;
        work->kernels->bounds(&work->query, index->codes, index->code_bytes, dimension, &id, 1, &bound);
        for (size_t i = 0; i < dimension; i++) {
            product += (double)query[i] * x[id * dimension + i];
            square += (double)x[id * dimension + i] * x[id * dimension + i];
            lengths += (double)query[i] * query[i];
        }
        const double truth = product - (squares ? square / 2 : 0), unit = sqrt(lengths * square);
        verify_at_least(v, ((double)bound - truth) / (unit + square), 0, "of the vectors' lengths", "element %u", id);
        /* Not much too high either, or it would be of no use: codes are within 1/254 of the largest coordinate. */
        verify_at_most(v, ((double)bound - truth) / (unit + square), 0.2, "of the vectors' lengths", "element %u", id);
    }
}

/* What a code promises of its vector. */
static void check_codes(verify_context *v, const hnsw_recall_index *index, const float *x)
{
    for (uint32_t id = 0; id < index->count; id++) {
        const hnsw_code *code = hnsw_code_of(index, id);
        double lost = 0, square = 0;
        for (size_t i = 0; i < index->dimension; i++) {
            const double original = x[id * index->dimension + i];
            lost +=
                (original - (double)code->scale * code->codes[i]) * (original - (double)code->scale * code->codes[i]);
            square += original * original;
        }
        verify_at_most(v, sqrt(lost) / (double)code->error, 1, "of the error", "element %u", id);
        verify_at_most(v, sqrt(square) / (double)code->length, 1, "of the length", "element %u", id);
        verify_at_most(v, code->half_square, square / 2, "half square", "element %u", id);
    }
}

void hnsw_check_bounds(verify_context *v)
{
    enum { ALL = 300, D = 77 };
    verify_use_level(v, 1);
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    for (int metric = 0; metric < 2; metric++) {
        float *x = hnsw_normals(verify_random(v, 29), ALL + 8, D), query[96] = {0};
        for (size_t i = 0; x && i < (ALL + 8) * D; i++) /* rows of very different lengths, and single large numbers */
            x[i] = ldexpf(x[i], (int)(i / D % 61) - 30) * (i % 1000 == 0 ? 50.0f : 1.0f);
        hnsw_recipe recipe = {x, ALL, D, hnsw_recall_defaults((hnsw_recall_metric)metric), NULL};
        recipe.options.ef_construction = 20;
        hnsw_recall_index *index = hnsw_built(v, &recipe);
        if (index && x)
            check_codes(v, index, x);
        hnsw_work *work = index && x && kernels ? hnsw_work_lend(index, kernels, 10) : NULL;
        for (size_t q = 0; work && q < 8; q++) {
            memcpy(query, x + (ALL + q) * D, D * sizeof *query);
            check_bounds_of(v, index, work, query, x);
        }
        hnsw_work_return(work);
        hnsw_recall_release(index);
        free(x);
    }
}

void hnsw_check_lid_invariances(verify_context *v)
{
    enum { ALL = 300, D = 20, K = 40 };
    float *x = hnsw_integers(verify_random(v, 30), ALL, D, 30), *y = hnsw_integers(verify_random(v, 30), ALL, D, 30);
    double before[ALL], after[ALL];
    if (verify_true(v, x && y, "no memory") && verify_ok(v, hnsw_recall_lid(D, x, ALL, K, before), "lid")) {
        for (size_t i = 0; i < ALL * D; i++)
            y[i] = x[i] * 4;
        verify_ok(v, hnsw_recall_lid(D, y, ALL, K, after), "scaled");
        verify_true(v, memcmp(before, after, sizeof before) == 0, "scaling by 4 changes nothing");
        for (size_t i = 0; i < ALL * D; i++)
            y[i] = x[i] + (float)(i % D * 10);
        verify_ok(v, hnsw_recall_lid(D, y, ALL, K, after), "translated");
        verify_true(v, memcmp(before, after, sizeof before) == 0, "translation changes nothing");
    }
    free(x);
    free(y);
}

/* ---- Levels ---------------------------------------------------------------------------------------------------- */

/* The probability that chi-square with `freedom` degrees of freedom is above x. */
static double chi_square_tail(double x, int freedom)
{
    mpfr_t half, a, all;
    mpfr_inits2(100, half, a, all, (mpfr_ptr)NULL);
    mpfr_set_d(half, x / 2, MPFR_RNDN);
    mpfr_set_d(a, freedom / 2.0, MPFR_RNDN);
    mpfr_gamma(all, a, MPFR_RNDN);
    mpfr_gamma_inc(a, a, half, MPFR_RNDN);
    mpfr_div(a, a, all, MPFR_RNDN);
    const double tail = mpfr_get_d(a, MPFR_RNDN);
    mpfr_clears(half, a, all, (mpfr_ptr)NULL);
    return tail;
}

static double level_tail(uint64_t seed, size_t m)
{
    enum { DRAWS = 100000 };
    double counts[HNSW_RECALL_LEVELS] = {0}, chi_square = 0, left = DRAWS;
    uint64_t minstd = seed;
    for (size_t i = 0; i < DRAWS; i++)
        counts[hnsw_draw_level(&minstd, m)]++;
    int bins = 0;
    double seen = 0;
    /* Bins of at least 20 expected, and one of all higher levels. */
    while (left / (double)m >= 20) {
        const double expected = left - left / (double)m;
        chi_square += (counts[bins] - expected) * (counts[bins] - expected) / expected;
        seen += counts[bins++];
        left /= (double)m;
    }
    chi_square += (DRAWS - seen - left) * (DRAWS - seen - left) / left;
    return chi_square_tail(chi_square, bins);
}

/* P(level >= l) = M^-l. For the default seed: p > 1e-4. For the run's: p > 1e-10, which the approximation
 * of the multinomial by chi-square with expectations of 20 makes a false alarm below 1e-8 for three M. */
void hnsw_check_level_law(verify_context *v)
{
    static const size_t ms[] = {2, 8, 16};
    for (size_t i = 0; i < 3; i++) {
        verify_at_least(v, level_tail(100, ms[i]), 1e-4, "p", "seed 100, M = %zu", ms[i]);
        verify_at_least(v, level_tail(1 + verify_seed_of(v) % 2147483646, ms[i]), 1e-10, "p", "M = %zu", ms[i]);
    }
}

/* ---- Measures and data ----------------------------------------------------------------------------------------- */

/* Moving a hit to a later rank never raises NDCG; all hits give 1. */
void hnsw_check_ndcg_order(verify_context *v)
{
    enum { K = 10 };
    bool hits[K];
    double before, after;
    for (unsigned set = 0; set < 1u << K; set++) {
        for (int i = 0; i < K; i++)
            hits[i] = set >> i & 1;
        hnsw_recall_ndcg(hits, 1, K, &before);
        for (int i = 0; i + 1 < K; i++) {
            if (!hits[i] || hits[i + 1])
                continue;
            hits[i] = false;
            hits[i + 1] = true;
            hnsw_recall_ndcg(hits, 1, K, &after);
            verify_true(v, after < before, "a hit moved from rank %d to %d", i + 1, i + 2);
            hits[i] = true;
            hits[i + 1] = false;
        }
    }
    verify_at_most(v, fabs(before - 1), 1e-15, "error", "all hits");
}

void hnsw_check_orders(verify_context *v)
{
    enum { ALL = 300 };
    double keys[ALL];
    size_t order[ALL], shuffle[ALL], place[ALL];
    const assay_random r = verify_random(v, 31);
    for (size_t i = 0; i < ALL; i++)
        keys[i] = i % 10 == 3 ? NAN : (double)assay_random_integer(verify_random(v, 32), i, 20);
    verify_ok(v, hnsw_recall_order(HNSW_RECALL_RANDOM, NULL, ALL, r, shuffle), "shuffle");
    for (size_t i = 0; i < ALL; i++)
        place[shuffle[i]] = i;
    for (int kind = HNSW_RECALL_RANDOM; kind <= HNSW_RECALL_DESCENDING; kind++) {
        bool seen[ALL] = {false};
        verify_ok(v, hnsw_recall_order((hnsw_recall_ordering)kind, keys, ALL, r, order), "order %d", kind);
        const double sign = kind == HNSW_RECALL_DESCENDING ? -1 : 1;
        for (size_t i = 0; i < ALL; i++) {
            verify_true(v, order[i] < ALL && !seen[order[i]], "a permutation, order %d", kind);
            seen[order[i]] = true;
            verify_true(v, kind != HNSW_RECALL_GIVEN || order[i] == i, "as given");
            if (kind < HNSW_RECALL_ASCENDING || i == 0)
                continue;
            const double before = sign * keys[order[i - 1]], now = sign * keys[order[i]];
            verify_true(v, isnan(now) || before <= now, "by key, NaN last");
            verify_true(v, !(before == now || (isnan(before) && isnan(now))) || place[order[i - 1]] < place[order[i]],
                        "equal keys as shuffled");
        }
    }
}

/* Takes the longest row out of all others; returns how long it was. */
static double take_longest(double *rows, size_t n, size_t dimension)
{
    size_t longest = 0;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        for (size_t c = 0; c < dimension; c++)
            square += rows[i * dimension + c] * rows[i * dimension + c];
        if (square > most) {
            most = square;
            longest = i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        double along = 0;
        for (size_t c = 0; c < dimension; c++)
            along += rows[i * dimension + c] * rows[longest * dimension + c];
        for (size_t c = 0; i != longest && c < dimension; c++)
            rows[i * dimension + c] -= along / most * rows[longest * dimension + c];
    }
    memset(rows + longest * dimension, 0, dimension * sizeof *rows);
    return sqrt(most);
}

/* Rows are of length 1, can be had from anywhere, and span INTRINSIC dimensions: when the longest has been taken out of
 * the others so many times, rounding is left, and not before. The coefficients are a 400 x 12 normal matrix, whose
 * least singular value is below sqrt(400) - sqrt(12) - 10 > 6 with a probability below exp(-50) (Davidson and Szarek
 * 2001), so that some row is 6 / sqrt(400) away from any 11 dimensions, before its division by a length below 6 (chi
 * with 12 degrees of freedom is longer in 400 trials with a probability below 1e-2, all of them at that row: 1e-8 at
 * most for a length of 9, hence 0.03). Rounding of 2^-24 grows at most 2^12 times in 12 steps with pivots. */
void hnsw_check_subspaces(verify_context *v)
{
    enum { D = 70, INTRINSIC = 12, ALL = 400 };
    float *x = malloc(ALL * D * sizeof *x), y[10 * D];
    double *rows = malloc(ALL * D * sizeof *rows);
    const assay_random r = verify_random(v, 33);
    if (verify_true(v, x && rows, "no memory") &&
        verify_ok(v, hnsw_recall_subspace(r, D, INTRINSIC, 0, ALL, x), "subspace") &&
        verify_ok(v, hnsw_recall_subspace(r, D, INTRINSIC, 25, 10, y), "from row 25")) {
        verify_true(v, memcmp(x + (size_t)25 * D, y, sizeof y) == 0, "rows are addressed");
        for (size_t i = 0; i < ALL; i++) {
            double square = 0;
            for (size_t c = 0; c < D; c++) {
                rows[i * D + c] = x[i * D + c];
                square += rows[i * D + c] * rows[i * D + c];
            }
            /* Each coordinate is rounded to 2^-24 of itself. */
            verify_at_most(v, fabs(square - 1), 0x1p-22, "error", "square of the length of row %zu", i);
        }
        double length = 1;
        for (int i = 0; i < INTRINSIC; i++)
            length = take_longest(rows, ALL, D);
        verify_at_least(v, length, 0.03, "length", "outside of %d dimensions", INTRINSIC - 1);
        verify_at_most(v, take_longest(rows, ALL, D), 0x1p-10, "length", "outside of %d dimensions", INTRINSIC);
    }
    free(rows);
    free(x);
}
