/* hnsw_recall: exact search goes different ways for few queries and for many, but the direct distances decide in both:
 * queries asked one at a time and all together get the same answers, bit for bit. */
#include "verify/discrete/hnsw_recall_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUERIES = 40 };

typedef struct ways_case {
    size_t n, dimension, k;
    float offset; /* of all coordinates: far from the origin the products of many queries tell little */
    int decades;  /* by which coordinates differ in size */
} ways_case;

static void fill(verify_context *v, const ways_case *c, float *x)
{
    const assay_random sizes = verify_random(v, 31);
    for (size_t i = 0; i < (c->n + QUERIES) * c->dimension; i++) {
        const double size = c->decades ? pow(10, assay_random_uniform(sizes, i) * c->decades) : 1;
        x[i] = c->offset + x[i] * (float)size;
    }
}

static void compare(verify_context *v, const ways_case *c, hnsw_recall_metric metric, const float *x, uint64_t *ids,
                    float *distances)
{
    const size_t results = QUERIES * c->k, d = c->dimension;
    const float *q = x + c->n * d;
    if (!verify_ok(v, hnsw_recall_exact(metric, d, x, c->n, q, QUERIES, c->k, ids, distances), "all together"))
        return;
    for (size_t i = 0; i < QUERIES; i++) {
        uint64_t *id = ids + results;
        float *distance = distances + results;
        if (!verify_ok(v, hnsw_recall_exact(metric, d, x, c->n, q + i * d, 1, c->k, id, distance), "query %zu", i))
            return;
        verify_true(v,
                    memcmp(id, ids + i * c->k, c->k * sizeof *id) == 0 &&
                        memcmp(distance, distances + i * c->k, c->k * sizeof *distance) == 0,
                    "metric %d, %zu of %zu rows of %zu numbers around %g: query %zu alone as with others", (int)metric,
                    c->k, c->n, d, (double)c->offset, i);
    }
}

void hnsw_check_exact_ways(verify_context *v)
{
    static const ways_case cases[] = {{1500, 30, 10, 0, 0}, {900, 17, 10, 300, 0},  {600, 20, 10, 100000, 0},
                                      {1100, 9, 1, 0, 12},  {700, 100, 150, 10, 0}, {900, 12, 500, 0, 0},
                                      {400, 300, 20, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ways_case *c = &cases[i];
        float *x = hnsw_normals(verify_random(v, 32 + i), c->n + QUERIES, c->dimension);
        uint64_t *ids = malloc((QUERIES + 1) * c->k * sizeof *ids);
        float *distances = malloc((QUERIES + 1) * c->k * sizeof *distances);
        if (verify_true(v, x && ids && distances, "no memory")) {
            fill(v, c, x);
            for (int metric = 0; metric < 3; metric++)
                compare(v, c, (hnsw_recall_metric)metric, x, ids, distances);
        }
        free(distances);
        free(ids);
        free(x);
    }
}
