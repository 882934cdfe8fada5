/* hnswlib and FAISS behind plain C. All vectors are rows of float32, already normalised for the cosine; searches and
 * builds use assay_threads() threads. */
#ifndef ASSAY_BENCH_HNSW_RECALL_PEERS_H
#define ASSAY_BENCH_HNSW_RECALL_PEERS_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hnsw_peer_kind {
    HNSW_PEER_HNSWLIB,      /* HierarchicalNSW, with the distances that it chooses when built for any x86-64 */
    HNSW_PEER_HNSWLIB_OURS, /* the same with the distances of our kernels */
    HNSW_PEER_FAISS,        /* IndexHNSWFlat */
    HNSW_PEER_FAISS_FLAT,   /* IndexFlat: exact */
    HNSW_PEER_HNSWLIB_FLAT, /* BruteforceSearch: exact */
    HNSW_PEERS
} hnsw_peer_kind;

typedef struct hnsw_peer hnsw_peer;

/* Squares: L2, else inner product. The parameters of a graph are ignored by exact search. Null if it cannot be made. */
hnsw_peer *hnsw_peer_build(hnsw_peer_kind kind, bool squares, size_t dimension, const float *x, size_t n, size_t m,
                           size_t ef_construction);
void hnsw_peer_release(hnsw_peer *peer);

/* labels are queries x k. */
assay_status hnsw_peer_search(hnsw_peer *peer, const float *queries, size_t n, size_t k, size_t ef, uint64_t *labels);

#ifdef __cplusplus
}
#endif

#endif
