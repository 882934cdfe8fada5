/* Exact nearest neighbours. Products of a tile of queries and a panel of rows tell by |q|^2 + |x|^2 - 2 q x which rows
 * might be near enough, with room for the rounding of that formula; only theirs are the distances by the direct
 * formula, and those alone decide. Few queries are compared with all rows directly, as fast as memory delivers them. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/discrete/hnsw_recall_search.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum {
    BLOCK = 512,     /* rows of x packed at a time: they stay in the L2 cache */
    TASK = 240,      /* queries of a task, a multiple of every tile's rows */
    PART = 16384,    /* rows of a task when there are few queries */
    FEW = 4,         /* queries for which packing does not pay */
    MANY = 2 * TASK, /* queries from which on a task takes all rows */
    CELLS = 1 << 24  /* results of tasks kept at a time */
};

/* The problem. */
typedef struct problem {
    const hnsw_kernels *kernels;
    hnsw_recall_metric metric;
    size_t dimension, n, k;
    const float *x, *q;
    bool without_self; /* query i is row i, which does not count */
} problem;

/* What a thread needs. */
typedef struct scratch {
    float *rows;     /* BLOCK x dimension, normalised; null if rows are taken as they are */
    float *panels;   /* BLOCK x dimension, packed */
    float *offsets;  /* BLOCK */
    float *queries;  /* TASK x dimension */
    float *packed;   /* the same, packed */
    double *lengths; /* TASK */
    float *thresholds;
    uint32_t *waiting; /* rows that might be near enough, of each query */
    size_t *waiting_count;
    float *row; /* one row, normalised */
    bool bad;   /* a row is not finite or too large */
} scratch;

enum {
    WAITING = 64, /* rows that wait at most */
    STEP = 64     /* rows that are scanned at a time */
};

/* The k nearest found of one query, in order. */
typedef struct nearest {
    hnsw_key *keys;
    size_t count;
} nearest;

static void enter(nearest *best, hnsw_key key, size_t k)
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

static void distances(const problem *p, const float *query, const float *rows, const uint32_t *ids, size_t n,
                      float *out)
{
    if (p->metric == HNSW_RECALL_L2) {
        p->kernels->squares(query, rows, p->dimension, p->dimension, ids, n, out);
        return;
    }
    p->kernels->products(query, rows, p->dimension, p->dimension, ids, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = 1 - out[i];
}

/* Rows as they are compared: normalised if need be, checked in any case. */
static const float *take_rows(const problem *p, scratch *s, size_t first, size_t count)
{
    const float *rows = p->x + first * p->dimension;
    if (!hnsw_within(rows, count * p->dimension)) {
        s->bad = true;
        return NULL;
    }
    for (size_t i = 0; s->rows && i < count; i++)
        hnsw_prepare(p->metric, rows + i * p->dimension, p->dimension, p->dimension, s->rows + i * p->dimension);
    return s->rows ? s->rows : rows;
}

/* ---- Few queries ----------------------------------------------------------------------------------------------- */

/* Query number `number`, whose vector is q. */
static void scan(const problem *p, scratch *s, const float *q, size_t number, size_t first, size_t last, nearest *best)
{
    uint32_t ids[STEP];
    float found[STEP];
    for (uint32_t i = 0; i < STEP; i++)
        ids[i] = i;
    for (size_t row = first; row < last; row += STEP) {
        const size_t count = last - row < STEP ? last - row : STEP;
        const float *rows = take_rows(p, s, row, count);
        if (!rows)
            return;
        distances(p, q, rows, ids, count, found);
        const float worst = best->count == p->k ? hnsw_key_distance(best->keys[p->k - 1]) : INFINITY;
        for (size_t i = 0; i < count; i++) {
            if (found[i] <= worst && !(p->without_self && row + i == number))
                enter(best, hnsw_key_of(found[i], (uint32_t)(row + i)), p->k);
        }
    }
}

/* ---- Many queries ---------------------------------------------------------------------------------------------- */

static double length_of(const float *x, size_t dimension)
{
    double squares = 0;
    for (size_t i = 0; i < dimension; i++)
        squares += (double)x[i] * x[i];
    return sqrt(squares);
}

/* Packs rows by panels, with half the square of each one's length (L2) as its offset; columns beyond the last are never
 * hits. Returns the largest length. */
static double pack_rows(const problem *p, scratch *s, const float *rows, size_t count)
{
    const size_t panel = p->kernels->panel, dimension = p->dimension;
    double longest = 0;
    for (size_t first = 0; first < count; first += panel) {
        float *to = s->panels + first * dimension;
        const size_t width = count - first < panel ? count - first : panel;
        for (size_t j = 0; j < width; j++) {
            const float *row = rows + (first + j) * dimension;
            float squares = 0;
            for (size_t l = 0; l < dimension; l++) {
                to[l * panel + j] = row[l];
                squares += row[l] * row[l];
            }
            s->offsets[first + j] = p->metric == HNSW_RECALL_L2 ? squares / 2 : 0;
            longest = fmax(longest, squares);
        }
        for (size_t j = width; j < panel; j++) {
            for (size_t l = 0; l < dimension; l++)
                to[l * panel + j] = 0;
            s->offsets[first + j] = NAN;
        }
    }
    return sqrt(longest);
}

/*
 * What the computed q x - offset is at least for a row whose computed distance is at most `worst`, if no row is longer
 * than X. With u = 2^-24 and d dimensions: the sum of products and the offset (L2: a sum of d squares) are wrong by at
 * most (d + 4) u (|q| X + X^2), and the direct distance D' by (d + 4) u D for L2, (d + 4) u |q| X + u (1 + |D|) for
 * products. For L2, q x - |x|^2 / 2 = (|q|^2 - D) / 2. Twice these are taken, as X and |q| are rounded too.
 */
static float threshold(const problem *p, double length, double longest, float worst)
{
    const double u = ((double)p->dimension + 4) * 0x1p-23;
    double least;
    if (worst == INFINITY)
        return -INFINITY;
    longest *= 1 + u;
    if (p->metric == HNSW_RECALL_L2)
        least = (length * length - worst * (1 + u)) / 2 - u * (length * longest + longest * longest);
    else
        least = 1 - worst - 2 * u * length * longest - 0x1p-22 * (1 + fabs((double)worst));
    return (float)(least - 0x1p-22 * fabs(least));
}

/* Computes the distances of the rows that wait, and keeps the nearest. */
static void settle(const problem *p, scratch *s, size_t query, size_t number, nearest *best)
{
    float found[WAITING];
    const float *q = s->queries + query * p->dimension;
    const uint32_t *rows = s->waiting + query * WAITING, zero = 0;
    const size_t count = s->waiting_count[query];
    s->waiting_count[query] = 0;
    if (!s->rows)
        distances(p, q, p->x, rows, count, found);
    for (size_t i = 0; s->rows && i < count; i++) {
        hnsw_prepare(p->metric, p->x + rows[i] * p->dimension, p->dimension, p->dimension, s->row);
        distances(p, q, s->row, &zero, 1, &found[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (!(p->without_self && rows[i] == number))
            enter(best, hnsw_key_of(found[i], rows[i]), p->k);
    }
}

/* Takes note of the hits of a tile. */
static void note(const problem *p, scratch *s, const uint32_t *hits, size_t query, size_t queries, size_t row,
                 size_t first_number, double longest, nearest *best)
{
    for (size_t i = query; i < queries && i < query + p->kernels->rows; i++) {
        for (uint32_t left = hits[i - query]; left; left &= left - 1) {
            s->waiting[i * WAITING + s->waiting_count[i]++] = (uint32_t)(row + (size_t)__builtin_ctz(left));
            if (s->waiting_count[i] < WAITING)
                continue;
            settle(p, s, i, first_number + i, &best[i]);
            if (best[i].count == p->k)
                s->thresholds[i] = threshold(p, s->lengths[i], longest, hnsw_key_distance(best[i].keys[p->k - 1]));
        }
    }
}

/* Compares queries with a packed block of rows. */
static void compare_block(const problem *p, scratch *s, size_t queries, size_t first_number, size_t row, size_t count,
                          double longest, nearest *best)
{
    const size_t tile = p->kernels->rows, panel = p->kernels->panel;
    for (size_t i = 0; i < queries; i++)
        s->thresholds[i] = threshold(p, s->lengths[i], longest,
                                     best[i].count == p->k ? hnsw_key_distance(best[i].keys[p->k - 1]) : INFINITY);
    for (size_t i = 0; i < queries; i += tile) {
        for (size_t j = 0; j < count; j += panel) {
            uint32_t hits[HNSW_ROWS_MOST];
            p->kernels->tile(s->packed + i * p->dimension, s->panels + j * p->dimension, p->dimension, s->offsets + j,
                             s->thresholds + i, hits);
            note(p, s, hits, i, queries, row + j, first_number, longest, best);
        }
    }
}

static void pack_queries(const problem *p, scratch *s, size_t queries)
{
    const size_t tile = p->kernels->rows;
    for (size_t i = 0; i < TASK; i++) {
        float *to = s->packed + i / tile * tile * p->dimension + i % tile;
        for (size_t l = 0; l < p->dimension; l++)
            to[l * tile] = i < queries ? s->queries[i * p->dimension + l] : 0;
        s->lengths[i] = i < queries ? length_of(s->queries + i * p->dimension, p->dimension) : 0;
        s->waiting_count[i] = 0;
        s->thresholds[i] = INFINITY; /* no hits */
    }
}

static void compare_all(const problem *p, scratch *s, size_t queries, size_t first_number, size_t first, size_t last,
                        nearest *best)
{
    pack_queries(p, s, queries);
    for (size_t row = first; row < last; row += BLOCK) {
        const size_t count = last - row < BLOCK ? last - row : BLOCK;
        const float *rows = take_rows(p, s, row, count);
        if (!rows)
            return;
        const double longest = pack_rows(p, s, rows, count);
        compare_block(p, s, queries, first_number, row, count, longest, best);
    }
    for (size_t i = 0; i < queries; i++)
        settle(p, s, i, first_number + i, &best[i]);
}

/* ---- Tasks ----------------------------------------------------------------------------------------------------- */

static void release_scratch(scratch *s)
{
    assay_release(s->rows);
    assay_release(s->panels);
    assay_release(s->offsets);
    assay_release(s->queries);
    assay_release(s->packed);
    assay_release(s->lengths);
    assay_release(s->thresholds);
    assay_release(s->waiting);
    assay_release(s->waiting_count);
    assay_release(s->row);
}

/* Few queries need little: nothing is packed. */
static bool make_scratch(const problem *p, scratch *s, size_t queries)
{
    const bool normalised = p->metric == HNSW_RECALL_COSINE, few = queries <= FEW;
    const size_t dimension = p->dimension, rows = few ? STEP : BLOCK;
    *s = (scratch){.rows = normalised ? assay_allocate(rows * dimension, sizeof(float)) : NULL,
                   .queries = assay_allocate((few ? FEW : TASK) * dimension, sizeof(float)),
                   .row = assay_allocate(dimension, sizeof(float))};
    bool good = (s->rows || !normalised) && s->queries && s->row;
    if (few || !good)
        return good;
    s->panels = assay_allocate(BLOCK * dimension, sizeof(float));
    s->offsets = assay_allocate(BLOCK, sizeof(float));
    s->packed = assay_allocate(TASK * dimension, sizeof(float));
    s->lengths = assay_allocate(TASK, sizeof(double));
    s->thresholds = assay_allocate(TASK, sizeof(float));
    s->waiting = assay_allocate(TASK * WAITING, sizeof(uint32_t));
    s->waiting_count = assay_allocate(TASK, sizeof(size_t));
    good = s->panels && s->offsets && s->packed && s->lengths && s->thresholds && s->waiting && s->waiting_count;
    return good;
}

/* Queries first_query, ... with rows first, ..., last - 1. */
static void run_task(const problem *p, scratch *s, size_t first_query, size_t queries, size_t first, size_t last,
                     nearest *best)
{
    for (size_t i = 0; i < queries; i++)
        hnsw_prepare(p->metric, p->q + (first_query + i) * p->dimension, p->dimension, p->dimension,
                     s->queries + i * p->dimension);
    if (queries > FEW)
        compare_all(p, s, queries, first_query, first, last, best);
    for (size_t i = 0; queries <= FEW && i < queries; i++)
        scan(p, s, s->queries + i * p->dimension, first_query + i, first, last, &best[i]);
}

/* Some queries, all rows, in tasks of queries by rows whose number depends on the sizes alone. */
static void run_queries(const problem *p, scratch *scratches, int threads, size_t first_query, size_t queries,
                        size_t parts, nearest *best)
{
    const size_t groups = (queries + TASK - 1) / TASK, part = (p->n + parts - 1) / parts;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (size_t task = 0; task < groups * parts; task++) {
        const size_t query = task % groups * TASK, row = task / groups * part;
        const size_t last = row + part < p->n ? row + part : p->n;
        if (row < last)
            run_task(p, &scratches[omp_get_thread_num()], first_query + query,
                     queries - query < TASK ? queries - query : TASK, row, last,
                     best + task / groups * queries + query);
    }
}

/* Joins the parts' results of each query. */
static void join(const problem *p, size_t queries, size_t parts, nearest *best)
{
    for (size_t i = 0; i < queries; i++) {
        for (size_t part = 1; part < parts; part++) {
            const nearest *other = &best[part * queries + i];
            for (size_t j = 0; j < other->count; j++)
                enter(&best[i], other->keys[j], p->k);
        }
    }
}

/* Gives the keys of a group of queries, whose first is number `query`. */
typedef void emit(void *self, size_t query, const hnsw_key *keys, size_t count);

static assay_status run_problem(const problem *p, size_t queries, emit *give, void *self)
{
    const size_t parts = queries >= MANY || p->n <= PART ? 1 : (p->n + PART - 1) / PART;
    size_t together = CELLS / (parts * (p->k + 1)) / TASK * TASK;
    together = together < TASK ? TASK : together;
    together = together < queries ? together : queries;
    const size_t lists = together * parts;
    const size_t tasks = (together + TASK - 1) / TASK * parts;
    const int threads = tasks < (size_t)assay_threads() ? (int)tasks : assay_threads();
    hnsw_key *keys = NULL;
    nearest *best = malloc(lists * sizeof *best);
    scratch *scratches = calloc((size_t)threads, sizeof *scratches);
    size_t cells;
    if (!__builtin_mul_overflow(lists, (p->k + 1) * sizeof *keys, &cells))
        keys = malloc(cells);
    bool good = best && scratches && keys;
    for (int i = 0; good && i < threads; i++)
        good = make_scratch(p, &scratches[i], queries < TASK ? queries : TASK);
    assay_status status =
        good ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu results of %zu queries", p->k, together);
    for (size_t first = 0; status == ASSAY_OK && first < queries; first += together) {
        const size_t count = queries - first < together ? queries - first : together;
        for (size_t i = 0; i < count * parts; i++)
            best[i] = (nearest){.keys = keys + i * (p->k + 1)};
        run_queries(p, scratches, threads, first, count, parts, best);
        for (int i = 0; status == ASSAY_OK && i < threads; i++) {
            if (scratches[i].bad)
                status = hnsw_check_vectors("x", p->x, p->n, p->dimension, false);
        }
        if (status != ASSAY_OK)
            break;
        join(p, count, parts, best);
        for (size_t i = 0; i < count; i++)
            give(self, first + i, best[i].keys, best[i].count);
    }
    for (int i = 0; scratches && i < threads; i++)
        release_scratch(&scratches[i]);
    free(scratches);
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
    const problem p = {.kernels = kernels, .metric = metric, .dimension = dimension, .n = n, .k = k, .x = x, .q = q};
    return run_problem(&p, queries, give_exact, &(exact_result){k, ids, distances});
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
    const problem p = {.kernels = kernels,
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
