/* Insertion by kernels. */
#ifndef ASSAY_HNSW_RECALL_BUILD_H
#define ASSAY_HNSW_RECALL_BUILD_H

#include "optimized/discrete/hnsw_recall_search.h"

/* A link to be made back: from `owner` to `id`. */
typedef struct hnsw_back_link {
    uint32_t owner, id;
    float distance;
    int level;
} hnsw_back_link;

/* The links of a round: those of its element i are links[starts[i]] and the counts[i] - 1 behind it. */
typedef struct hnsw_builder {
    const hnsw_kernels *kernels;
    hnsw_back_link *links;
    size_t capacity;
    size_t starts[HNSW_RECALL_ROUND_MOST], counts[HNSW_RECALL_ROUND_MOST];
} hnsw_builder;

/* The round of hnsw_insert(); self is an hnsw_builder. */
assay_status hnsw_build_round(hnsw_recall_index *index, uint32_t first, void *self);

#endif
