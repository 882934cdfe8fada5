/* Exact nearest neighbours: few queries are compared with all rows directly, as fast as memory delivers these; many by
 * blocks (hnsw_recall_exact_blocks.c). How the work is cut depends on the threads, but what is nearest is decided by
 * distances that do not. */
#include "optimized/discrete/hnsw_recall_exact.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum {
    FEW = 6,        /* queries for which packing does not pay */
    PART = 1 << 20, /* numbers in the rows of a task, where rows are shared out */
    WORK = 1 << 22, /* products that are worth a thread */
    CELLS = 1 << 24 /* results of tasks kept at a time */
};

void hnsw_nearest_enter(hnsw_nearest *best, hnsw_key key, size_t k)
{
    if (best->count == k) {
        if (key >= best->keys[k - 1])
            return;
        best->count--;
    }
    size_t low = 0, high = best->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (best->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(best->keys + low + 1, best->keys + low, (best->count - low) * sizeof key);
    best->keys[low] = key;
    best->count++;
}

void hnsw_distances(const hnsw_problem *p, const float *query, const uint32_t *ids, size_t n, float *out)
{
    if (p->metric == HNSW_RECALL_L2) {
        p->kernels->squares(query, p->x, p->dimension, p->dimension, ids, n, out);
        return;
    }
    p->kernels->products(query, p->x, p->dimension, p->dimension, ids, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = 1 - out[i];
}

/* ---- Few queries ----------------------------------------------------------------------------------------------- */

/* What a thread needs. */
typedef struct scratch {
    float *rows;         /* HNSW_STEP rows, normalised; null if they are taken as they are */
    hnsw_blocks *blocks; /* null for few queries */
    bool bad;            /* a row is not finite or too large */
} scratch;

static void scan_step(const hnsw_problem *p, const float *rows, size_t first_query, size_t queries, size_t row,
                      size_t count, int32_t *largest, hnsw_nearest *best)
{
    float found[HNSW_STEP];
    for (size_t i = 0; i < queries; i++) {
        const float worst = best[i].count == p->k ? hnsw_key_distance(best[i].keys[p->k - 1]) : INFINITY;
        uint64_t near = p->kernels->scan(p->q + (first_query + i) * p->dimension, rows, p->dimension, count,
                                         p->metric == HNSW_RECALL_L2, worst, found, largest);
        for (; near; near &= near - 1) {
            const size_t j = (size_t)__builtin_ctzll(near);
            if (!p->without_self || row + j != first_query + i)
                hnsw_nearest_enter(&best[i], hnsw_key_of(found[j], (uint32_t)(row + j)), p->k);
        }
    }
}

static bool scan(const hnsw_problem *p, scratch *s, size_t first_query, size_t queries, size_t first, size_t last,
                 hnsw_nearest *best)
{
    const float limit = HNSW_RECALL_LARGEST;
    int32_t largest = 0, limit_bits;
    memcpy(&limit_bits, &limit, sizeof limit);
    for (size_t row = first; row < last && largest <= limit_bits; row += HNSW_STEP) {
        const size_t count = last - row < HNSW_STEP ? last - row : HNSW_STEP;
        const float *rows = p->x + row * p->dimension;
        for (size_t i = 0; s->rows && i < count; i++)
            hnsw_prepare(HNSW_RECALL_COSINE, rows + i * p->dimension, p->dimension, p->dimension,
                         s->rows + i * p->dimension);
        scan_step(p, s->rows ? s->rows : rows, first_query, queries, row, count, &largest, best);
    }
    return largest <= limit_bits;
}

/* ---- Tasks ----------------------------------------------------------------------------------------------------- */

/* How queries and rows are shared out. */
typedef struct sharing {
    size_t group;    /* queries of a task */
    size_t together; /* queries whose results are kept at a time */
    size_t parts;    /* of the rows, of `part` each */
    size_t part;
    int threads;
} sharing;

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static sharing share(const hnsw_problem *p, size_t queries)
{
    enum { ROWS = 12 }; /* a multiple of every tile's rows */
    const size_t threads = (size_t)assay_threads(), numbers = p->n * p->dimension;
    sharing s = {.group = queries, .parts = 1};
    size_t groups = (queries + HNSW_TASK - 1) / HNSW_TASK;
    if (queries > FEW && (groups > 1 || numbers > WORK / queries)) {
        groups = (groups + threads - 1) / threads * threads;
        s.group = (queries + groups - 1) / groups;
        s.group = least((s.group + ROWS - 1) / ROWS * ROWS, HNSW_TASK);
        groups = (queries + s.group - 1) / s.group;
    }
    if (groups < threads)
        s.parts = (numbers + PART - 1) / PART;
    s.parts = least(s.parts, p->n);
    s.part = (p->n + s.parts - 1) / s.parts;
    s.together = CELLS / s.group / (s.parts * (p->k + 1)) * s.group;
    s.together = least(s.together < s.group ? s.group : s.together, queries);
    s.threads = (int)least((s.together + s.group - 1) / s.group * s.parts, threads);
    return s;
}

static void run_task(const hnsw_problem *p, scratch *s, size_t first_query, size_t queries, size_t first, size_t last,
                     hnsw_nearest *best)
{
    const bool good = s->blocks ? hnsw_blocks_compare(p, s->blocks, first_query, queries, first, last, best)
                                : scan(p, s, first_query, queries, first, last, best);
    s->bad = s->bad || !good;
}

/* Some queries, all rows. */
static void run_queries(const hnsw_problem *p, scratch *scratches, const sharing *s, size_t first_query, size_t queries,
                        hnsw_nearest *best)
{
    const size_t groups = (queries + s->group - 1) / s->group;
#pragma omp parallel for num_threads(s->threads) schedule(dynamic) if (s->threads > 1)
    for (size_t task = 0; task < groups * s->parts; task++) {
        const size_t query = task % groups * s->group, part = task / groups, row = part * s->part;
        if (row < p->n)
            run_task(p, &scratches[omp_get_thread_num()], first_query + query, least(queries - query, s->group), row,
                     least(row + s->part, p->n), best + part * queries + query);
    }
}

/* Joins the parts' results of each query. */
static void join(const hnsw_problem *p, size_t queries, size_t parts, hnsw_nearest *best)
{
    for (size_t i = 0; i < queries; i++) {
        for (size_t part = 1; part < parts; part++) {
            const hnsw_nearest *other = &best[part * queries + i];
            for (size_t j = 0; j < other->count; j++)
                hnsw_nearest_enter(&best[i], other->keys[j], p->k);
        }
    }
}

static void release_scratches(scratch *scratches, int threads)
{
    for (int i = 0; scratches && i < threads; i++) {
        assay_release(scratches[i].rows);
        hnsw_blocks_release(scratches[i].blocks);
    }
    free(scratches);
}

static scratch *make_scratches(const hnsw_problem *p, const sharing *share, bool few)
{
    scratch *scratches = calloc((size_t)share->threads, sizeof *scratches);
    bool good = scratches != NULL;
    for (int i = 0; good && i < share->threads; i++) {
        scratch *s = &scratches[i];
        if (p->normalise)
            s->rows = assay_allocate(HNSW_STEP * p->dimension, sizeof(float));
        if (!few)
            s->blocks = hnsw_blocks_create(p, share->group);
        good = (s->rows || !p->normalise) && (s->blocks || few);
    }
    if (good)
        return scratches;
    release_scratches(scratches, share->threads);
    return NULL;
}

/* Gives the keys of a query. */
typedef void emit(void *self, size_t query, const hnsw_key *keys, size_t count);

static assay_status run_together(const hnsw_problem *p, const sharing *s, scratch *scratches, size_t first,
                                 size_t count, hnsw_nearest *best)
{
    run_queries(p, scratches, s, first, count, best);
    for (int i = 0; i < s->threads; i++) {
        if (scratches[i].bad)
            return hnsw_check_vectors("x", p->x, p->n, p->dimension, false);
    }
    join(p, count, s->parts, best);
    return ASSAY_OK;
}

static assay_status run_problem(const hnsw_problem *p, size_t queries, emit *give, void *self)
{
    const sharing s = share(p, queries);
    const size_t lists = s.together * s.parts;
    hnsw_key *keys = NULL;
    size_t bytes;
    hnsw_nearest *best = malloc(lists * sizeof *best);
    scratch *scratches = make_scratches(p, &s, queries <= FEW);
    if (!__builtin_mul_overflow(lists, (p->k + 1) * sizeof *keys, &bytes))
        keys = malloc(bytes);
    assay_status status = ASSAY_OK;
    if (!best || !scratches || !keys)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu results of %zu queries", p->k, s.together);
    for (size_t first = 0; status == ASSAY_OK && first < queries; first += s.together) {
        const size_t count = least(queries - first, s.together);
        for (size_t i = 0; i < count * s.parts; i++)
            best[i] = (hnsw_nearest){.keys = keys + i * (p->k + 1)};
        status = run_together(p, &s, scratches, first, count, best);
        for (size_t i = 0; status == ASSAY_OK && i < count; i++)
            give(self, first + i, best[i].keys, best[i].count);
    }
    release_scratches(scratches, s.threads);
    free(keys);
    free(best);
    return status;
}
/* ---- The public functions -------------------------------------------------------------------------------------- */

typedef struct exact_result {
    size_t k;
    uint64_t *ids;
    float *distances;
} exact_result;

static void give_exact(void *self, size_t query, const hnsw_key *keys, size_t count)
{
    const exact_result *r = self;
    for (size_t i = 0; i < count; i++) {
        r->ids[query * r->k + i] = hnsw_key_id(keys[i]);
        if (r->distances)
            r->distances[query * r->k + i] = hnsw_key_distance(keys[i]);
    }
}

static void normalise(const hnsw_problem *p, const float *from, size_t n, float *to)
{
    const int threads = n * p->dimension > PART / 8 ? assay_threads() : 1;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i++)
        hnsw_prepare(HNSW_RECALL_COSINE, from + i * p->dimension, p->dimension, p->dimension, to + i * p->dimension);
}

/* For cosine distance, products of normalised copies are compared. */
static assay_status run_cosine(hnsw_problem *p, size_t queries, exact_result *result)
{
    const bool all = queries > FEW;
    float *q = malloc(queries * p->dimension * sizeof *q), *x = all ? malloc(p->n * p->dimension * sizeof *x) : NULL;
    assay_status status = ASSAY_OK;
    if (!q || (all && !x)) {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu normalised vectors", queries + (all ? p->n : 0));
    } else {
        normalise(p, p->q, queries, q);
        normalise(p, p->x, all ? p->n : 0, x);
        p->q = q;
        p->x = all ? x : p->x;
        p->normalise = !all;
        status = run_problem(p, queries, give_exact, result);
    }
    free(q);
    free(x);
    return status;
}

assay_status hnsw_recall_exact(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n, const float *q,
                               size_t queries, size_t k, uint64_t *ids, float *distances)
{
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    if (!kernels)
        return hnsw_recall_reference_exact(metric, dimension, x, n, q, queries, k, ids, distances);
    assay_status status = hnsw_check_shapes(metric, dimension, x, n, q, queries, k, ids);
    if (status == ASSAY_OK && metric == HNSW_RECALL_COSINE) /* the rest is checked when the rows are read */
        status = hnsw_check_vectors("x", x, n, dimension, true);
    if (status != ASSAY_OK || queries == 0)
        return status;
    hnsw_problem p = {.kernels = kernels, .metric = metric, .dimension = dimension, .n = n, .k = k, .x = x, .q = q};
    exact_result result = {k, ids, distances};
    return metric == HNSW_RECALL_COSINE ? run_cosine(&p, queries, &result)
                                        : run_problem(&p, queries, give_exact, &result);
}

typedef struct lid_result {
    double *lid, *roots;
} lid_result;

static void give_lid(void *self, size_t query, const hnsw_key *keys, size_t count)
{
    const lid_result *r = self;
    for (size_t i = 0; i < count; i++)
        r->roots[i] = sqrt((double)hnsw_key_distance(keys[i]));
    r->lid[query] = hnsw_recall_lid_of(r->roots, count);
}

assay_status hnsw_recall_lid(size_t dimension, const float *x, size_t n, size_t k, double *lid)
{
    const hnsw_kernels *kernels = hnsw_kernels_in_force();
    if (!kernels)
        return hnsw_recall_reference_lid(dimension, x, n, k, lid);
    assay_status status = hnsw_check_lid(dimension, x, n, k, lid);
    if (status != ASSAY_OK)
        return status;
    const hnsw_problem p = {.kernels = kernels,
                            .metric = HNSW_RECALL_L2,
                            .dimension = dimension,
                            .n = n,
                            .k = k,
                            .x = x,
                            .q = x,
                            .without_self = true};
    lid_result result = {lid, malloc(k * sizeof *result.roots)};
    status = result.roots ? run_problem(&p, n, give_lid, &result)
                          : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu distances", k);
    free(result.roots);
    return status;
}
