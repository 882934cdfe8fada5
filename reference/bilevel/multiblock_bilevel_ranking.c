/* Family NDCG of multiblock_bilevel: a linear scorer, trained on a smooth surrogate of top-K NDCG. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

typedef struct ranking {
    multiblock_bilevel_ranking sizes; /* its rows and relevance are copies */
    double *rows, *gain;              /* gain = (2^relevance - 1) N / ideal DCG of the query */
    size_t *counts;
} ranking;

static double sigmoid(double z)
{
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

static const double *item(const ranking *r, size_t query, size_t i)
{
    return r->rows + (query * r->sizes.items + i) * r->sizes.features;
}

static double score(const ranking *r, const multiblock_bilevel_point *at, size_t i)
{
    const double *row = item(r, at->block, i);
    double sum = 0;
    for (size_t j = 0; j < r->sizes.features; j++)
        sum += row[j] * at->x[j];
    return sum;
}

static size_t index_of(const multiblock_bilevel_point *at, size_t k)
{
    return at->samples ? at->samples[k] : k;
}

static double gate(const ranking *r, double h, double lambda)
{
    return sigmoid((h - lambda) / r->sizes.t1);
}

/* ---- Below: y = (lambda, u_1 .. u_N) ---- */

static void lower_gradient(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const ranking *r = context;
    const size_t n = r->sizes.items;
    const double share = 1.0 / (double)at->count;
    out[0] = (double)r->sizes.top / (double)n + r->sizes.t2 * at->y[0];
    memcpy(out + 1, at->y + 1, n * sizeof *out);
    for (size_t k = 0; k < at->count; k++) {
        const double h = score(r, at, index_of(at, k));
        out[0] -= share * gate(r, h, at->y[0]);
        for (size_t i = 0; i < n; i++) {
            const double hinge = fmax(0, h - score(r, at, i) + 1);
            out[1 + i] -= share * hinge * hinge;
        }
    }
}

/* The only curvature that is not 1. */
static double threshold_curvature(const ranking *r, const multiblock_bilevel_point *at)
{
    double sum = r->sizes.t2;
    for (size_t k = 0; k < at->count; k++) {
        const double p = gate(r, score(r, at, index_of(at, k)), at->y[0]);
        sum += p * (1 - p) / r->sizes.t1 / (double)at->count;
    }
    return sum;
}

static void lower_hessian(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const ranking *r = context;
    const size_t dy = r->sizes.items + 1;
    memset(out, 0, dy * dy * sizeof *out);
    for (size_t l = 0; l < dy; l++)
        out[l * dy + l] = 1;
    out[0] = threshold_curvature(r, at);
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point *at, const double *v, double *out)
{
    const ranking *r = context;
    memcpy(out + 1, v + 1, r->sizes.items * sizeof *out);
    out[0] = threshold_curvature(r, at) * v[0];
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point *at, const double *v, double scale,
                                double *sum)
{
    const ranking *r = context;
    const size_t n = r->sizes.items, features = r->sizes.features;
    const double share = scale / (double)at->count;
    for (size_t k = 0; k < at->count; k++) {
        const size_t chosen = index_of(at, k);
        const double h = score(r, at, chosen), p = gate(r, h, at->y[0]);
        const double *row = item(r, at->block, chosen);
        double own = -share * v[0] * p * (1 - p) / r->sizes.t1; /* weight of the chosen item's row */
        for (size_t i = 0; i < n; i++) {
            const double slope = 2 * share * v[1 + i] * fmax(0, h - score(r, at, i) + 1);
            const double *other = item(r, at->block, i);
            own -= slope;
            for (size_t j = 0; j < features; j++)
                sum[j] += slope * other[j];
        }
        for (size_t j = 0; j < features; j++)
            sum[j] += own * row[j];
    }
}

/* ---- Above: the gated, discounted gain ---- */

/* log2(1 + N u) with the least u that there can be. */
static double discount(const ranking *r, double u)
{
    const double n = (double)r->sizes.items;
    return log2(1 + n * fmax(u, 1 / n));
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const ranking *r = context;
    const double n = (double)r->sizes.items, share = 1.0 / (double)at->count;
    memset(out, 0, (r->sizes.items + 1) * sizeof *out);
    for (size_t k = 0; k < at->count; k++) {
        const size_t i = index_of(at, k);
        const double p = gate(r, score(r, at, i), at->y[0]), u = at->y[1 + i], d = discount(r, u);
        const double gain = share * r->gain[at->block * r->sizes.items + i];
        out[0] += gain * p * (1 - p) / r->sizes.t1 / d;
        if (u > 1 / n)
            out[1 + i] += gain * p * n / ((1 + n * u) * M_LN2 * d * d);
    }
}

static void upper_gradient_x(const void *context, const multiblock_bilevel_point *at, double scale, double *sum)
{
    const ranking *r = context;
    for (size_t k = 0; k < at->count; k++) {
        const size_t i = index_of(at, k);
        const double p = gate(r, score(r, at, i), at->y[0]), *row = item(r, at->block, i);
        const double slope = scale / (double)at->count * r->gain[at->block * r->sizes.items + i] * p * (1 - p) /
                             r->sizes.t1 / discount(r, at->y[1 + i]);
        for (size_t j = 0; j < r->sizes.features; j++)
            sum[j] -= slope * row[j];
    }
}

static double upper_value(const void *context, const multiblock_bilevel_point *at)
{
    const ranking *r = context;
    double sum = 0;
    for (size_t k = 0; k < at->count; k++) {
        const size_t i = index_of(at, k);
        sum -= r->gain[at->block * r->sizes.items + i] * gate(r, score(r, at, i), at->y[0]) /
               discount(r, at->y[1 + i]) / (double)at->count;
    }
    return sum;
}

/* ---- Making ---- */

static void release(void *data)
{
    ranking *r = data;
    assay_release(r->rows);
    assay_release(r->gain);
    assay_release(r->counts);
    assay_release(r);
}

/* DCG of the best order: the larger relevances first. */
static double ideal_dcg(const double *relevance, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        size_t rank = 1;
        for (size_t k = 0; k < n; k++)
            rank += relevance[k] > relevance[i] || (relevance[k] == relevance[i] && k < i);
        sum += (exp2(relevance[i]) - 1) / log2(1 + (double)rank);
    }
    return sum;
}

static assay_status check(const multiblock_bilevel_ranking *k, const multiblock_bilevel_instance *instance)
{
    if (!k || !instance || !k->rows || !k->relevance)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !k          ? "ranking"
                          : !instance ? "instance"
                          : k->rows   ? "relevance"
                                      : "rows");
    if (k->queries == 0 || k->items < 2 || k->features == 0 || k->top == 0 || k->top >= k->items)
        return assay_fail(ASSAY_OUT_OF_RANGE,
                          "ranking has %zu queries, %zu items, %zu features, top %zu: must be at least 1, 2, 1, and "
                          "top 1 to items - 1",
                          k->queries, k->items, k->features, k->top);
    if (!(k->t1 > 0 && isfinite(k->t1) && k->t2 > 0 && isfinite(k->t2)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "t1 is %g and t2 %g, must be above 0", k->t1, k->t2);
    size_t all, numbers;
    if (__builtin_mul_overflow(k->queries, k->items, &all) || __builtin_mul_overflow(all, k->features, &numbers) ||
        numbers > SIZE_MAX / 64)
        return assay_fail(ASSAY_NO_MEMORY, "%zu x %zu x %zu numbers do not fit in size_t", k->queries, k->items,
                          k->features);
    if (!multiblock_bilevel_finite(k->rows, numbers))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "rows has a number that is not finite");
    for (size_t i = 0; i < all; i++) {
        if (!(k->relevance[i] >= 0 && k->relevance[i] <= 64))
            return assay_fail(ASSAY_OUT_OF_RANGE, "relevance[%zu] is %g, must be 0 to 64", i, k->relevance[i]);
    }
    for (size_t q = 0; q < k->queries; q++) {
        if (ideal_dcg(k->relevance + q * k->items, k->items) == 0)
            return assay_fail(ASSAY_INVALID_ARGUMENT, "relevance: query %zu has no relevant item", q);
    }
    return ASSAY_OK;
}

assay_status multiblock_bilevel_make_ranking(const multiblock_bilevel_ranking *sizes,
                                             multiblock_bilevel_instance *instance)
{
    const assay_status status = check(sizes, instance);
    if (status != ASSAY_OK)
        return status;
    const size_t n = sizes->items, all = sizes->queries * n;
    ranking *r = assay_allocate(1, sizeof *r);
    if (!r)
        return ASSAY_NO_MEMORY;
    *r = (ranking){.sizes = *sizes,
                   .rows = assay_allocate(all * sizes->features, sizeof(double)),
                   .gain = assay_allocate(all, sizeof(double)),
                   .counts = assay_allocate(sizes->queries, sizeof(size_t))};
    if (!r->rows || !r->gain || !r->counts) {
        release(r);
        return ASSAY_NO_MEMORY;
    }
    memcpy(r->rows, sizes->rows, all * sizes->features * sizeof(double));
    for (size_t i = 0; i < all; i++)
        r->gain[i] = (exp2(sizes->relevance[i]) - 1) * (double)n / ideal_dcg(sizes->relevance + i / n * n, n);
    for (size_t q = 0; q < sizes->queries; q++)
        r->counts[q] = n;
    r->sizes.rows = r->sizes.relevance = NULL;
    *instance = (multiblock_bilevel_instance){.problem = {.context = r,
                                                          .blocks = sizes->queries,
                                                          .dx = sizes->features,
                                                          .dy = n + 1,
                                                          .lower_samples = r->counts,
                                                          .upper_samples = r->counts,
                                                          .lower_gradient = lower_gradient,
                                                          .lower_hessian = lower_hessian,
                                                          .lower_hessian_product = lower_hessian_product,
                                                          .lower_cross_product = lower_cross_product,
                                                          .upper_gradient_y = upper_gradient_y,
                                                          .upper_gradient_x = upper_gradient_x,
                                                          .upper_value = upper_value},
                                              .data = r,
                                              .release = release};
    return ASSAY_OK;
}
