/* The search on one level, which insertion and queries share. */
#ifndef ASSAY_HNSW_RECALL_SEARCH_H
#define ASSAY_HNSW_RECALL_SEARCH_H

#include "optimized/discrete/hnsw_recall_kernels.h"

#include <string.h>

/* An element and its distance as one number, whose order is that of hnsw_closer(): the distance's bits made monotone,
 * the id, and in the last bit whether its neighbours have been looked at. */
typedef uint64_t hnsw_key;

static inline hnsw_key hnsw_key_of(float distance, uint32_t id)
{
    uint32_t bits;
    memcpy(&bits, &distance, sizeof bits);
    bits ^= (uint32_t)((int32_t)bits >> 31) | UINT32_C(0x80000000);
    return (uint64_t)bits << 32 | id << 1;
}

static inline uint32_t hnsw_key_id(hnsw_key key)
{
    return (uint32_t)key >> 1;
}

static inline float hnsw_key_distance(hnsw_key key)
{
    uint32_t bits = (uint32_t)(key >> 32);
    bits ^= bits >> 31 ? UINT32_C(0x80000000) : UINT32_MAX;
    float distance;
    memcpy(&distance, &bits, sizeof distance);
    return distance;
}

/* What one thread needs. The pool holds the nearest elements found, in order. */
typedef struct hnsw_work {
    hnsw_spare spare; /* first */
    const hnsw_recall_index *index;
    const hnsw_kernels *kernels;
    hnsw_query query;
    double query_square; /* of its length */
    bool bounded;        /* whether bounds may be used for this query */
    float *vector;       /* room for a query */
    int16_t *codes;
    uint8_t *visited; /* == epoch */
    uint8_t epoch;
    size_t visited_capacity;
    hnsw_key *pool;
    size_t count, pool_capacity;
    uint32_t ids[2 * HNSW_RECALL_M_MOST];
    float numbers[2 * HNSW_RECALL_M_MOST];
    hnsw_key *entries; /* where a level is entered: as many as the pool may hold */
    /* The search under way: what is to be done next, with the first n ids; the first of the pool not looked at. */
    enum { HNSW_OPEN, HNSW_BOUND, HNSW_MEASURE } stage;
    size_t n, open, ef;
    int level;
    uint64_t distances, estimates, hops;
} hnsw_work;

/* Lends work memory for a pool of `pool` elements; null without memory. What it counted is added to the index when it
 * is given back. */
hnsw_work *hnsw_work_lend(const hnsw_recall_index *index, const hnsw_kernels *kernels, size_t pool);
void hnsw_work_return(hnsw_work *work);

/* The same for several threads; false and nothing lent without memory. */
bool hnsw_works_lend(const hnsw_recall_index *index, const hnsw_kernels *kernels, size_t pool, int threads,
                     hnsw_work **works);
void hnsw_works_return(hnsw_work **works, int threads);

/* From here on nothing is visited. */
void hnsw_work_begin_visits(hnsw_work *work);

/* Sets the query: a prepared vector with padding. */
void hnsw_work_query(hnsw_work *work, const float *vector);

/* Distances of the query, or of any prepared vector, from the elements ids. */
void hnsw_work_distances(hnsw_work *work, const float *vector, const uint32_t *ids, size_t n, float *out);

/* The key of one element for the query. */
hnsw_key hnsw_work_key(hnsw_work *work, uint32_t id);

/* Begins a search on a level that leaves the ef nearest elements in the pool. The query must have been set. */
void hnsw_work_begin(hnsw_work *work, const hnsw_key *entries, size_t entry_count, size_t ef, int level);

/* Does a part of it, and asks for the memory that the next part will read: in the meantime, other searches can go on.
 * False when the search has come to its end. */
bool hnsw_work_step(hnsw_work *work);

/* The whole of it. */
void hnsw_work_search(hnsw_work *work, const hnsw_key *entries, size_t entry_count, size_t ef, int level);

/* Enters a key into the pool of at most `most`; returns its place, or `most` if it has none. */
size_t hnsw_work_enter(hnsw_work *work, hnsw_key key, size_t most);

#endif
