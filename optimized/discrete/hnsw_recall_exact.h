/* Exact search: what its two ways, for few queries and for many, share. */
#ifndef ASSAY_HNSW_RECALL_EXACT_H
#define ASSAY_HNSW_RECALL_EXACT_H

#include "optimized/discrete/hnsw_recall_search.h"

/* Vectors as they are compared: for cosine distance, queries are normalised, and rows if there are many queries. */
typedef struct hnsw_problem {
    const hnsw_kernels *kernels;
    hnsw_recall_metric metric;
    size_t dimension, n, k;
    const float *x, *q;
    bool normalise;    /* rows have yet to be normalised */
    bool without_self; /* query i is row i, which does not count */
} hnsw_problem;

/* The k nearest found of one query, in order. */
typedef struct hnsw_nearest {
    hnsw_key *keys; /* room for k + 1 */
    size_t count;
} hnsw_nearest;

enum { HNSW_TASK = 504 /* queries of a task at most: a multiple of every tile's rows */ };

/* Enters a key if it is among the k nearest. */
void hnsw_nearest_enter(hnsw_nearest *best, hnsw_key key, size_t k);

/* The distances of rows `ids`. */
void hnsw_distances(const hnsw_problem *p, const float *query, const uint32_t *ids, size_t n, float *out);

/* What a thread needs for tasks of up to so many queries; null without memory. */
typedef struct hnsw_blocks hnsw_blocks;
hnsw_blocks *hnsw_blocks_create(const hnsw_problem *p, size_t queries);
void hnsw_blocks_release(hnsw_blocks *blocks);

/* Compares queries first_query, ... (HNSW_TASK at most) with rows first, ..., last - 1. False if a row is not finite or
 * too large; then best is nothing. */
bool hnsw_blocks_compare(const hnsw_problem *p, hnsw_blocks *blocks, size_t first_query, size_t queries, size_t first,
                         size_t last, hnsw_nearest *best);

#endif
