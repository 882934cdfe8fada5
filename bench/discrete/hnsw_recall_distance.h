/* Distances of our kernels at the best level, in the form that hnswlib calls them: two vectors, and where their
 * dimension is. */
#ifndef ASSAY_BENCH_HNSW_RECALL_DISTANCE_H
#define ASSAY_BENCH_HNSW_RECALL_DISTANCE_H

float hnsw_distance_squares(const void *x, const void *y, const void *dimension);
float hnsw_distance_product(const void *x, const void *y, const void *dimension);

#endif
