/* What an index is made of, for the reference and the optimized code alike: levels differ in how they compute, not in
 * what they store. */
#ifndef ASSAY_HNSW_RECALL_INDEX_H
#define ASSAY_HNSW_RECALL_INDEX_H

#include "assay/hnsw_recall.h"

#include <stdatomic.h>

/* Elements near something, and how far they are. */
typedef struct hnsw_near {
    float distance;
    uint32_t id;
} hnsw_near;

/* The order of everything: by distance, then by id. */
static inline bool hnsw_closer(hnsw_near a, hnsw_near b)
{
    return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
}

/* A list of links. The first `selected` are in order and thinned out: none of them is nearer to a nearer one of them
 * than to the owner. What follows was appended. Behind the room for ids is that for the distances from the owner. */
typedef struct hnsw_list {
    uint16_t count, selected;
    uint32_t ids[];
} hnsw_list;

/* What the optimized code knows of a vector x in 8 bits a coordinate: x is within `error` of scale * codes. Its length
 * is at most `length`, and `half_square` is (for L2) at most half the square of its length, otherwise 0. */
typedef struct hnsw_code {
    float scale, error, length, half_square;
    int8_t codes[];
} hnsw_code;

struct hnsw_recall_index {
    hnsw_recall_options options; /* without levels */
    size_t dimension;
    size_t stride; /* floats of a vector with padding, which is zero */
    size_t capacity, count;
    size_t list_bytes[2]; /* of a list on level 0, and above */
    uint32_t entry;
    int top;         /* level of the entry; -1: empty */
    uint64_t minstd; /* state of the generator of levels */
    int *forced;     /* options.levels, or null */

    float *vectors; /* capacity * stride */
    char *lists;    /* level 0 */
    char **upper;   /* for each element: levels 1, 2, ...; null: none */
    uint8_t *levels;
    uint64_t *labels;
    char *codes;       /* hnsw_code for each element; null for few dimensions */
    size_t code_bytes; /* of one */

    uint32_t *slots; /* hash table of labels: id + 1, or 0 */
    size_t slot_mask;

    struct hnsw_shared *shared; /* what searches change */
};

/* Scratch memory that searches lend and give back: begins with how it is released. */
typedef struct hnsw_spare {
    void (*release)(struct hnsw_spare *spare);
} hnsw_spare;

enum { HNSW_SPARES = 256 };

typedef struct hnsw_shared {
    _Atomic(hnsw_spare *) spares[HNSW_SPARES];
    atomic_uint_fast64_t distances, estimates, hops;
} hnsw_shared;

/* The most links on a level. */
static inline size_t hnsw_cap(const hnsw_recall_index *index, int level)
{
    return level == 0 ? 2 * index->options.m : index->options.m;
}

static inline hnsw_list *hnsw_list_of(const hnsw_recall_index *index, uint32_t id, int level)
{
    return (hnsw_list *)(level == 0 ? index->lists + id * index->list_bytes[0]
                                    : index->upper[id] + (size_t)(level - 1) * index->list_bytes[1]);
}

static inline float *hnsw_distances_of(const hnsw_recall_index *index, hnsw_list *list, int level)
{
    return (float *)(list->ids + hnsw_cap(index, level));
}

static inline const float *hnsw_vector(const hnsw_recall_index *index, uint32_t id)
{
    return index->vectors + id * index->stride;
}

static inline const hnsw_code *hnsw_code_of(const hnsw_recall_index *index, uint32_t id)
{
    return (const hnsw_code *)(index->codes + id * index->code_bytes);
}

/* Bytes of a list in a file, or without padding. */
static inline size_t hnsw_list_size(size_t cap)
{
    return sizeof(hnsw_list) + cap * (sizeof(uint32_t) + sizeof(float));
}

/* Memory for lists and vectors: aligned, not zeroed, in large pages where the system has them. */
void *hnsw_reserve(size_t count, size_t size);

/* Vectors to be inserted: row order[i] (null: i) of `vectors` becomes element base + i, with the label of that row
 * (null: the row's number). */
typedef struct hnsw_batch {
    const float *vectors;
    const uint64_t *labels;
    const size_t *order;
    size_t n, base;
} hnsw_batch;

static inline size_t hnsw_row(const hnsw_batch *batch, size_t i)
{
    return batch->order ? batch->order[i] : i;
}

static inline uint64_t hnsw_label(const hnsw_batch *batch, size_t i)
{
    return batch->labels ? batch->labels[hnsw_row(batch, i)] : hnsw_row(batch, i);
}

/* Whether all numbers are finite and no larger than allowed. */
bool hnsw_within(const float *x, size_t n);

/* Arguments. */
assay_status hnsw_check_vectors(const char *name, const float *vectors, size_t n, size_t dimension, bool not_zero);
assay_status hnsw_check_add(const hnsw_recall_index *index, const hnsw_batch *batch);
assay_status hnsw_check_search(const hnsw_recall_index *index, const float *queries, size_t n, size_t k, size_t ef,
                               const uint64_t *labels);
assay_status hnsw_check_shapes(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n, const float *q,
                               size_t queries, size_t k, const uint64_t *ids);
assay_status hnsw_check_lid(size_t dimension, const float *x, size_t n, size_t k, const double *lid);

/* x, or x / |x| for the cosine, with padding to `stride`. */
void hnsw_prepare(hnsw_recall_metric metric, const float *x, size_t dimension, size_t stride, float *out);

/* Inserts a batch: `round` inserts elements first to count - 1, which have been placed, and may fail before it changes
 * anything. */
assay_status hnsw_insert(hnsw_recall_index *index, const hnsw_batch *batch,
                         assay_status (*round)(hnsw_recall_index *index, uint32_t first, void *self), void *self);

/* Stores an element without links: vector, code, level. Its label must have been entered. */
assay_status hnsw_place(hnsw_recall_index *index, const float *vector, uint64_t label);

/* Enters the labels of a batch: all or none. */
assay_status hnsw_enter_labels(hnsw_recall_index *index, const hnsw_batch *batch);

/* The code of a vector, within the bounds that hnsw_code promises. */
void hnsw_encode(const float *x, size_t dimension, bool squares, hnsw_code *code);

/* An empty index; options are not checked. */
assay_status hnsw_make(size_t dimension, size_t capacity, const hnsw_recall_options *options,
                       hnsw_recall_index **index);

/* CRC-32C. */
uint32_t hnsw_crc(const void *data, size_t size);

/* The next drawn level. */
int hnsw_draw_level(uint64_t *minstd, size_t m);

#endif
