/* Exact search for many queries: products of a tile of queries and a panel of rows, which stay in registers. They tell
 * by |q|^2 + |x|^2 - 2 q x which rows might be near enough, with room for the rounding of that formula. These are the
 * candidates of a query; what the k-th best of them reaches rules out most of the rows that follow. Only for those that
 * remain at the end are distances computed by the direct formula, and these alone decide. */
#include "optimized/discrete/hnsw_recall_exact.h"

#include "assay/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    BLOCK = 512,          /* rows packed at a time, at most, */
    BLOCK_FLOATS = 98304, /* and numbers in them, so that they stay in the L2 cache */
    SELECT_MOST = 400,    /* largest k for which candidates are ruled out by each other */
    FIRST = 128,          /* candidates that come at once, */
    SPARE = 64            /* and later, before they are looked through again */
};

struct hnsw_blocks {
    size_t block;    /* rows of a block */
    size_t capacity; /* of each query's candidates */
    float *panels;   /* block x dimension, packed */
    float *offsets;  /* block */
    float *packed;   /* queries x dimension, packed */
    double *lengths; /* of the queries */
    float *reached;  /* a value that the k-th best row seen has at least */
    uint32_t *limit; /* candidates from which on they are looked through */
    hnsw_candidates *candidates;
    float *values; /* of the candidates: queries x (capacity + HNSW_ROOM) */
    uint32_t *ids;
    double longest; /* row that has been seen */
    const float *q; /* the task's queries, and the number of the first */
    size_t first_number;
    hnsw_nearest *best;
};

static size_t padded(size_t queries)
{
    enum { MULTIPLE = 12 }; /* of every tile's rows */
    return (queries + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

void hnsw_blocks_release(hnsw_blocks *s)
{
    if (!s)
        return;
    assay_release(s->panels);
    assay_release(s->offsets);
    assay_release(s->packed);
    assay_release(s->lengths);
    assay_release(s->reached);
    assay_release(s->limit);
    assay_release(s->candidates);
    free(s->values);
    free(s->ids);
    free(s);
}

hnsw_blocks *hnsw_blocks_create(const hnsw_problem *p, size_t queries)
{
    const size_t panel = p->kernels->panel, dimension = p->dimension, need = p->k + 1, places = padded(queries);
    hnsw_blocks *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->block = BLOCK_FLOATS / dimension / panel * panel;
    s->block = s->block < panel ? panel : s->block > BLOCK ? BLOCK : s->block;
    s->capacity = (need <= SELECT_MOST ? 2 * need : 0) + FIRST;
    s->panels = assay_allocate(s->block * dimension, sizeof(float));
    s->offsets = assay_allocate(s->block, sizeof(float));
    s->packed = assay_allocate(places * dimension, sizeof(float));
    s->lengths = assay_allocate(places, sizeof(double));
    s->reached = assay_allocate(places, sizeof(float));
    s->limit = assay_allocate(places, sizeof(uint32_t));
    s->candidates = assay_allocate(places, sizeof(hnsw_candidates));
    s->values = malloc(places * (s->capacity + HNSW_ROOM) * sizeof(float));
    s->ids = malloc(places * (s->capacity + HNSW_ROOM) * sizeof(uint32_t));
    if (s->panels && s->offsets && s->packed && s->lengths && s->reached && s->limit && s->candidates && s->values &&
        s->ids)
        return s;
    hnsw_blocks_release(s);
    return NULL;
}

/* ---- Packing --------------------------------------------------------------------------------------------------- */

static double length_of(const float *x, size_t dimension)
{
    double squares[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < dimension; i++)
        squares[i % 4] += (double)x[i] * x[i];
    return sqrt(squares[0] + squares[1] + squares[2] + squares[3]);
}

static void pack_queries(const hnsw_problem *p, hnsw_blocks *s, size_t queries)
{
    const size_t tile = p->kernels->rows, room = s->capacity + HNSW_ROOM;
    for (size_t i = 0; i < padded(queries); i++) {
        float *to = s->packed + i / tile * tile * p->dimension + i % tile;
        for (size_t l = 0; l < p->dimension; l++)
            to[l * tile] = i < queries ? s->q[i * p->dimension + l] : 0;
        s->lengths[i] = i < queries ? length_of(s->q + i * p->dimension, p->dimension) : 0;
        s->candidates[i] = (hnsw_candidates){.threshold = i < queries ? -INFINITY : INFINITY, /* no row reaches that */
                                             .values = s->values + i * room,
                                             .ids = s->ids + i * room};
        s->reached[i] = -INFINITY;
        s->limit[i] = (uint32_t)(s->capacity - p->kernels->panel);
    }
}

/* Packs rows by panels, with half the square of each one's length (L2) as its offset; columns beyond the last never
 * reach a threshold. False if a number is not finite or too large. */
static bool pack_rows(const hnsw_problem *p, hnsw_blocks *s, const float *rows, size_t count)
{
    const size_t panel = p->kernels->panel, dimension = p->dimension;
    const float limit = HNSW_RECALL_LARGEST;
    int32_t largest = 0, limit_bits;
    float longest = 0;
    for (size_t first = 0; first < count; first += panel) {
        const size_t width = count - first < panel ? count - first : panel;
        float *offsets = s->offsets + first;
        const int32_t found =
            p->kernels->pack(rows + first * dimension, dimension, width, s->panels + first * dimension, offsets);
        largest = found > largest ? found : largest;
        for (size_t j = 0; j < panel; j++) {
            longest = offsets[j] > longest ? offsets[j] : longest;
            offsets[j] = j >= width ? NAN : p->metric == HNSW_RECALL_L2 ? offsets[j] / 2 : 0;
        }
    }
    memcpy(&limit_bits, &limit, sizeof limit);
    s->longest = fmax(s->longest, sqrt((double)longest));
    return largest <= limit_bits;
}

/* ---- Thresholds ------------------------------------------------------------------------------------------------ */

/*
 * Let a value be the computed q x - offset of a row, |q| the query's length, X that of the longest row, u = 2^-24 and d
 * the number of dimensions. For products, s = q x; the value is wrong by at most e = (d + 4) u |q| X, and so is the
 * product in the direct distance D'. For L2, s = q x - |x|^2 / 2 = (|q|^2 - D) / 2; the value, a sum of products and of
 * the offset, itself a sum of d squares, is wrong by at most e = (d + 4) u (|q| X + X^2), and D' by (d + 4) u D. In
 * what follows u is taken twice, as X, |q| and these formulas are rounded too.
 *
 * The least value of a row whose D' is at most `worst`: for L2, s >= (|q|^2 - worst (1 + 2 (d + 4) u)) / 2, and the
 * value is e less; for products, s >= 1 - worst - u (1 + |worst|) - e, and the value is e less again.
 */
static double value_of_distance(const hnsw_problem *p, double length, double longest, double worst)
{
    const double u = ((double)p->dimension + 4) * 0x1p-23;
    if (worst == INFINITY)
        return -INFINITY;
    if (p->metric == HNSW_RECALL_L2)
        return (length * length - worst * (1 + u)) / 2 - u * (length * longest + longest * longest);
    return 1 - worst - 2 * u * length * longest - 0x1p-22 * (1 + fabs(worst));
}

/*
 * The least value of a row whose D' is at most that of the k-th best, if k rows have the value v at least. For
 * products, those k have s >= v - e and products of v - 2 e at least: so must the row's be, up to the rounding of 1 -
 * product, and its value 2 e less. For L2, those k have s >= v - e, D <= R = |q|^2 - 2 v + 2 e and D' <= (1 + (d + 4)
 * u) R; the row's D is less than (1 + 3 (d + 4) u) R, its s at least v - e - 3/2 (d + 4) u R, and its value e less.
 */
static double value_of_value(const hnsw_problem *p, double length, double longest, double v)
{
    const double u = ((double)p->dimension + 4) * 0x1p-23;
    if (v == -INFINITY)
        return -INFINITY;
    if (p->metric == HNSW_RECALL_L2) {
        const double e = u * (length * longest + longest * longest);
        return v - 2 * e - 1.5 * u * fmax(length * length - 2 * v + 2 * e, 0);
    }
    return v - 4 * u * length * longest - 0x1p-22 * (1 + fabs(v));
}

static void set_threshold(const hnsw_problem *p, hnsw_blocks *s, size_t query)
{
    const hnsw_nearest *best = &s->best[query];
    const double worst = best->count == p->k ? hnsw_key_distance(best->keys[p->k - 1]) : INFINITY;
    const double least = fmax(value_of_distance(p, s->lengths[query], s->longest, worst),
                              value_of_value(p, s->lengths[query], s->longest, s->reached[query]));
    s->candidates[query].threshold = (float)(least - 0x1p-22 * fabs(least));
}

/* ---- Candidates ------------------------------------------------------------------------------------------------ */

/* Computes the distances of the candidates, and keeps the nearest. */
static void settle(const hnsw_problem *p, hnsw_blocks *s, size_t query)
{
    hnsw_candidates *c = &s->candidates[query];
    float found[HNSW_STEP];
    for (size_t first = 0; first < c->count; first += HNSW_STEP) {
        const size_t count = c->count - first < HNSW_STEP ? c->count - first : HNSW_STEP;
        hnsw_distances(p, s->q + query * p->dimension, c->ids + first, count, found);
        for (size_t i = 0; i < count; i++) {
            if (!p->without_self || c->ids[first + i] != s->first_number + query)
                hnsw_nearest_enter(&s->best[query], hnsw_key_of(found[i], c->ids[first + i]), p->k);
        }
    }
    c->count = 0;
}

/* Drops the candidates that the k-th best of them rules out. */
static void tighten(const hnsw_problem *p, hnsw_blocks *s, size_t query)
{
    hnsw_candidates *c = &s->candidates[query];
    const size_t need = p->k + p->without_self; /* among which may be the query itself */
    if (c->count <= need)
        return;
    s->reached[query] = fmaxf(s->reached[query], p->kernels->select(c, need));
    set_threshold(p, s, query);
    p->kernels->keep(c);
}

/* Makes room. Where rounding hides who is near, and where k is large, distances must be computed. */
static void thin_out(const hnsw_problem *p, hnsw_blocks *s, size_t query)
{
    const uint32_t most = (uint32_t)(s->capacity - p->kernels->panel);
    hnsw_candidates *c = &s->candidates[query];
    tighten(p, s, query);
    if (c->count + SPARE > most) {
        settle(p, s, query);
        set_threshold(p, s, query);
    }
    s->limit[query] = c->count + SPARE < most && c->count >= p->k ? c->count + SPARE : most;
}

/* ---- Comparing ------------------------------------------------------------------------------------------------- */

/* Compares queries with a packed block of rows. */
static void compare_block(const hnsw_problem *p, hnsw_blocks *s, size_t queries, size_t row, size_t count)
{
    const size_t rows = p->kernels->rows, panel = p->kernels->panel;
    for (size_t i = 0; i < queries; i += rows) {
        for (size_t j = 0; j < count; j += panel) {
            if (!p->kernels->tile(s->packed + i * p->dimension, s->panels + j * p->dimension, p->dimension,
                                  s->offsets + j, (uint32_t)(row + j), s->candidates + i))
                continue;
            for (size_t query = i; query < i + rows; query++) {
                if (s->candidates[query].count > s->limit[query])
                    thin_out(p, s, query);
            }
        }
    }
}

/* The rows of the next query's candidates come from memory while those of one are compared. */
static void finish(const hnsw_problem *p, hnsw_blocks *s, size_t queries)
{
    for (size_t i = 0; i <= queries; i++) {
        if (i < queries) {
            if (s->candidates[i].count > p->k + SPARE / 8)
                tighten(p, s, i);
            for (size_t j = 0; j < s->candidates[i].count; j++) {
                for (size_t l = 0; l < p->dimension && l < 256; l += 16)
                    __builtin_prefetch(p->x + s->candidates[i].ids[j] * p->dimension + l);
            }
        }
        if (i > 0)
            settle(p, s, i - 1);
    }
}

bool hnsw_blocks_compare(const hnsw_problem *p, hnsw_blocks *s, size_t first_query, size_t queries, size_t first,
                         size_t last, hnsw_nearest *best)
{
    s->q = p->q + first_query * p->dimension;
    s->first_number = first_query;
    s->best = best;
    s->longest = 0;
    pack_queries(p, s, queries);
    for (size_t row = first; row < last; row += s->block) {
        const size_t count = last - row < s->block ? last - row : s->block;
        const double longest = s->longest;
        if (!pack_rows(p, s, p->x + row * p->dimension, count))
            return false;
        for (size_t i = 0; s->longest > longest && i < queries; i++)
            set_threshold(p, s, i);
        compare_block(p, s, queries, row, count);
    }
    finish(p, s, queries);
    return true;
}
