/* The library hnswlib as an oracle, behind plain C. Its distances are computed one coordinate after the other, as the
 * reference computes them. */
#ifndef ASSAY_VERIFY_HNSW_RECALL_HNSWLIB_H
#define ASSAY_VERIFY_HNSW_RECALL_HNSWLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hnsw_oracle hnsw_oracle;

/* An index of n rows, inserted in their order with their numbers as labels; squares: L2, else inner product. Null if it
 * could not be made. */
hnsw_oracle *hnsw_oracle_build(bool squares, size_t dimension, const float *x, size_t n, size_t m,
                               size_t ef_construction, size_t seed);
void hnsw_oracle_release(hnsw_oracle *oracle);

int hnsw_oracle_level(const hnsw_oracle *oracle, size_t id);
size_t hnsw_oracle_entry(const hnsw_oracle *oracle);

/* The links of an element on a level; returns their number. */
size_t hnsw_oracle_list(const hnsw_oracle *oracle, size_t id, int level, uint32_t *ids);

/* The nearest first; returns how many. */
size_t hnsw_oracle_search(hnsw_oracle *oracle, const float *query, size_t k, size_t ef, uint64_t *labels,
                          float *distances);

#ifdef __cplusplus
}
#endif

#endif
