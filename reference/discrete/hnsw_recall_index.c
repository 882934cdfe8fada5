/* An index: its memory, its labels and levels, and how a vector gets into it. */
#include "reference/discrete/hnsw_recall_index.h"

#include "assay/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

static size_t round_up(size_t size, size_t multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

/* Random accesses to 4 KiB pages miss the translation buffers nearly always, to 2 MiB pages rarely. */
void *hnsw_reserve(size_t count, size_t size)
{
    static const size_t large_page = (size_t)2 << 20;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 2 * large_page)
        return NULL;
    if (bytes < large_page)
        return aligned_alloc(ASSAY_ALIGNMENT, round_up(bytes + !bytes, ASSAY_ALIGNMENT));
    bytes = round_up(bytes, large_page);
    void *memory = aligned_alloc(large_page, bytes);
    if (memory)
        madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* ---- Levels ---------------------------------------------------------------------------------------------------- */

enum { MINSTD_FACTOR = 16807, MINSTD_MODULUS = 2147483647 };

/* As libstdc++ seeds and calls std::default_random_engine, for hnswlib's levels: a number in [0, 1) of two draws. */
static uint64_t minstd_seed(uint64_t seed)
{
    const uint64_t x = seed % MINSTD_MODULUS;
    return x == 0 ? 1 : x;
}

static double minstd_uniform(uint64_t *x)
{
    const double range = MINSTD_MODULUS - 1;
    *x = *x * MINSTD_FACTOR % MINSTD_MODULUS;
    const double a = (double)(*x - 1);
    *x = *x * MINSTD_FACTOR % MINSTD_MODULUS;
    const double b = (double)(*x - 1);
    return (a + b * range) / (range * range);
}

int hnsw_draw_level(uint64_t *minstd, size_t m)
{
    double u = minstd_uniform(minstd);
    while (u == 0)
        u = minstd_uniform(minstd);
    return u >= 1 ? 0 : (int)(-log(u) * (1 / log((double)m)));
}

/* ---- Making an index ------------------------------------------------------------------------------------------- */

hnsw_recall_options hnsw_recall_defaults(hnsw_recall_metric metric)
{
    return (hnsw_recall_options){
        .metric = metric, .m = 16, .ef_construction = 128, .seed = 100, .mode = HNSW_RECALL_LIBRARY, .round = 1};
}

static assay_status check_options(const hnsw_recall_options *o, size_t capacity)
{
    if ((unsigned)o->metric > HNSW_RECALL_COSINE)
        return assay_fail(ASSAY_OUT_OF_RANGE, "metric is %d, must be 0 to %d", (int)o->metric, HNSW_RECALL_COSINE);
    if (o->m < HNSW_RECALL_M_LEAST || o->m > HNSW_RECALL_M_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "m is %zu, must be %d to %d", o->m, HNSW_RECALL_M_LEAST,
                          HNSW_RECALL_M_MOST);
    if (o->ef_construction < 1 || o->ef_construction > HNSW_RECALL_EF_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "ef_construction is %zu, must be 1 to %u", o->ef_construction,
                          HNSW_RECALL_EF_MOST);
    if ((unsigned)o->mode > HNSW_RECALL_MALKOV)
        return assay_fail(ASSAY_OUT_OF_RANGE, "mode is %d, must be 0 or 1", (int)o->mode);
    if (o->mode != HNSW_RECALL_MALKOV && (o->extend_candidates || o->keep_pruned))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is set, must be only with mode HNSW_RECALL_MALKOV",
                          o->extend_candidates ? "extend_candidates" : "keep_pruned");
    if (o->round < 1 || o->round > HNSW_RECALL_ROUND_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "round is %zu, must be 1 to %d", o->round, HNSW_RECALL_ROUND_MOST);
    for (size_t i = 0; o->levels && i < capacity; i++) {
        if (o->levels[i] < -1 || o->levels[i] >= HNSW_RECALL_LEVELS)
            return assay_fail(ASSAY_OUT_OF_RANGE, "levels[%zu] is %d, must be -1 to %d", i, o->levels[i],
                              HNSW_RECALL_LEVELS - 1);
    }
    return ASSAY_OK;
}

/* For fewer dimensions a vector is hardly longer than its code. */
enum { CODED_DIMENSIONS = 48 };

static bool allocate(hnsw_recall_index *index)
{
    const size_t capacity = index->capacity;
    index->vectors = hnsw_reserve(capacity, index->stride * sizeof *index->vectors);
    index->lists = hnsw_reserve(capacity, index->list_bytes[0]);
    index->upper = calloc(capacity, sizeof *index->upper);
    index->levels = malloc(capacity);
    index->labels = malloc(capacity * sizeof *index->labels);
    index->slots = calloc(index->slot_mask + 1, sizeof *index->slots);
    index->shared = calloc(1, sizeof *index->shared);
    if (index->code_bytes > 0)
        index->codes = hnsw_reserve(capacity, index->code_bytes);
    if (index->options.levels)
        index->forced = malloc(capacity * sizeof *index->forced);
    return index->vectors && index->lists && index->upper && index->levels && index->labels && index->slots &&
           index->shared && (index->codes || !index->code_bytes) && (index->forced || !index->options.levels);
}

assay_status hnsw_make(size_t dimension, size_t capacity, const hnsw_recall_options *options, hnsw_recall_index **index)
{
    hnsw_recall_index *made = calloc(1, sizeof *made);
    if (!made)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for an index");
    made->options = *options;
    if (made->options.ef_construction < made->options.m)
        made->options.ef_construction = made->options.m;
    made->dimension = dimension;
    made->stride = round_up(dimension, 16);
    made->capacity = capacity;
    made->list_bytes[0] = round_up(hnsw_list_size(2 * options->m), ASSAY_ALIGNMENT);
    made->list_bytes[1] = round_up(hnsw_list_size(options->m), ASSAY_ALIGNMENT);
    made->top = -1;
    made->minstd = minstd_seed(options->seed);
    if (dimension >= CODED_DIMENSIONS)
        made->code_bytes = round_up(sizeof(hnsw_code) + round_up(dimension, 16), ASSAY_ALIGNMENT);
    made->slot_mask = 1;
    while (made->slot_mask < 2 * capacity)
        made->slot_mask = 2 * made->slot_mask + 1;
    if (!allocate(made)) {
        hnsw_recall_release(made);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for an index of %zu vectors of %zu numbers", capacity, dimension);
    }
    if (options->levels)
        memcpy(made->forced, options->levels, capacity * sizeof *made->forced);
    made->options.levels = NULL;
    *index = made;
    return ASSAY_OK;
}

assay_status hnsw_recall_create(size_t dimension, size_t capacity, const hnsw_recall_options *options,
                                hnsw_recall_index **index)
{
    const hnsw_recall_options defaults = hnsw_recall_defaults(HNSW_RECALL_L2);
    options = options ? options : &defaults;
    if (!index)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "index is null");
    if (dimension < 1 || dimension > HNSW_RECALL_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu, must be 1 to %d", dimension, HNSW_RECALL_DIMENSIONS);
    if (capacity < 1 || capacity > HNSW_RECALL_CAPACITY)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be 1 to %d", capacity, HNSW_RECALL_CAPACITY);
    const assay_status status = check_options(options, capacity);
    return status == ASSAY_OK ? hnsw_make(dimension, capacity, options, index) : status;
}

void hnsw_recall_release(hnsw_recall_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; index->upper && i < index->count; i++)
        free(index->upper[i]);
    for (int i = 0; index->shared && i < HNSW_SPARES; i++) {
        hnsw_spare *spare = atomic_load(&index->shared->spares[i]);
        if (spare)
            spare->release(spare);
    }
    free(index->shared);
    free(index->slots);
    free(index->forced);
    free(index->codes);
    free(index->labels);
    free(index->levels);
    free((void *)index->upper);
    free(index->lists);
    free(index->vectors);
    free(index);
}

/* ---- Vectors --------------------------------------------------------------------------------------------------- */

static double length_of(const float *x, size_t dimension)
{
    double squares = 0;
    for (size_t i = 0; i < dimension; i++)
        squares += (double)x[i] * x[i];
    return sqrt(squares);
}

void hnsw_prepare(hnsw_recall_metric metric, const float *x, size_t dimension, size_t stride, float *out)
{
    const double length = metric == HNSW_RECALL_COSINE ? length_of(x, dimension) : 1;
    for (size_t i = 0; i < dimension; i++)
        out[i] = metric == HNSW_RECALL_COSINE ? (float)(x[i] / length) : x[i];
    for (size_t i = dimension; i < stride; i++)
        out[i] = 0;
}

/* Everything is computed in double and then rounded away from what it bounds, by far more than double's errors. */
void hnsw_encode(const float *x, size_t dimension, bool squares, hnsw_code *code)
{
    float largest = 0;
    double square = 0, lost = 0;
    for (size_t i = 0; i < dimension; i++) {
        largest = fmaxf(largest, fabsf(x[i]));
        square += (double)x[i] * x[i];
    }
    code->scale = largest / 127;
    const double inverse = code->scale > 1e-30f ? 1 / (double)code->scale : 0; /* tiny ones: all codes 0 */
    for (size_t i = 0; i < dimension; i++) {
        code->codes[i] = (int8_t)lrint(fmin(fmax(x[i] * inverse, -127), 127));
        const double missed = x[i] - (double)code->scale * code->codes[i];
        lost += missed * missed;
    }
    code->error = (float)(sqrt(lost) * (1 + 0x1p-20) + 0x1p-140);
    code->length = (float)(sqrt(square) * (1 + 0x1p-20) + 0x1p-140);
    code->half_square = squares ? (float)(square / 2 * (1 - 0x1p-20)) : 0;
}

assay_status hnsw_place(hnsw_recall_index *index, const float *vector, uint64_t label)
{
    const size_t id = index->count;
    uint64_t minstd = index->minstd;
    const int drawn = hnsw_draw_level(&minstd, index->options.m);
    const int level = index->forced && index->forced[id] >= 0 ? index->forced[id] : drawn;
    index->upper[id] = level > 0 ? aligned_alloc(ASSAY_ALIGNMENT, (size_t)level * index->list_bytes[1]) : NULL;
    if (level > 0 && !index->upper[id])
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the links of element %zu", id);
    index->minstd = minstd;
    index->levels[id] = (uint8_t)level;
    index->labels[id] = label;
    hnsw_prepare(index->options.metric, vector, index->dimension, index->stride, index->vectors + id * index->stride);
    memset(index->lists + id * index->list_bytes[0], 0, index->list_bytes[0]);
    if (level > 0)
        memset(index->upper[id], 0, (size_t)level * index->list_bytes[1]);
    if (index->codes) {
        hnsw_code *code = (hnsw_code *)(index->codes + id * index->code_bytes);
        memset(code, 0, index->code_bytes);
        hnsw_encode(hnsw_vector(index, (uint32_t)id), index->dimension, index->options.metric == HNSW_RECALL_L2, code);
    }
    index->count++;
    return ASSAY_OK;
}

/* ---- Labels ---------------------------------------------------------------------------------------------------- */

/* The finalizer of MurmurHash3: every bit of the label changes every bit of the slot. */
static size_t slot_of(const hnsw_recall_index *index, uint64_t label)
{
    label = (label ^ (label >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    label = (label ^ (label >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (label ^ (label >> 33)) & index->slot_mask;
}

/* The slot that holds `label`, or the free one where it belongs. */
static size_t find(const hnsw_recall_index *index, uint64_t label, const hnsw_batch *batch)
{
    size_t slot = slot_of(index, label);
    for (; index->slots[slot]; slot = (slot + 1) & index->slot_mask) {
        const size_t id = index->slots[slot] - 1;
        const uint64_t other = id < batch->base ? index->labels[id] : hnsw_label(batch, id - batch->base);
        if (other == label)
            break;
    }
    return slot;
}

/* Takes back the labels of a batch from the one numbered `first` to the one before `last`: the last ones first, so that
 * a chain of slots never gets a hole. */
static void withdraw_labels(hnsw_recall_index *index, const hnsw_batch *batch, size_t first, size_t last)
{
    while (last-- > first)
        index->slots[find(index, hnsw_label(batch, last), batch)] = 0;
}

assay_status hnsw_enter_labels(hnsw_recall_index *index, const hnsw_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        const uint64_t label = hnsw_label(batch, i);
        const size_t slot = find(index, label, batch);
        if (index->slots[slot]) {
            withdraw_labels(index, batch, 0, i);
            return assay_fail(ASSAY_INVALID_ARGUMENT, "label %" PRIu64 " of vector %zu is there already", label,
                              hnsw_row(batch, i));
        }
        index->slots[slot] = (uint32_t)(batch->base + i + 1);
    }
    return ASSAY_OK;
}

/* ---- Rounds ---------------------------------------------------------------------------------------------------- */

/* How many elements the next round has, when `left` are still to be inserted. */
static size_t next_round(const hnsw_recall_index *index, size_t left)
{
    const size_t share = index->count / 16, most = index->options.round;
    size_t round = share < most ? share : most;
    round = round < left ? round : left;
    return round > 0 ? round : 1;
}

/* Forgets the elements from `first` on, as far as hnsw_place() made them. */
static void unplace(hnsw_recall_index *index, size_t first)
{
    while (index->count > first)
        free(index->upper[--index->count]);
}

static void raise_entry(hnsw_recall_index *index, uint32_t first)
{
    for (uint32_t id = first; id < index->count; id++) {
        if (index->levels[id] > index->top) {
            index->top = index->levels[id];
            index->entry = id;
        }
    }
}

static assay_status insert_round(hnsw_recall_index *index, const hnsw_batch *batch,
                                 assay_status (*round)(hnsw_recall_index *index, uint32_t first, void *self),
                                 void *self)
{
    const size_t first = index->count;
    const uint64_t minstd = index->minstd;
    const size_t size = next_round(index, batch->base + batch->n - first);
    assay_status status = ASSAY_OK;
    for (size_t i = first; status == ASSAY_OK && i < first + size; i++)
        status = hnsw_place(index, batch->vectors + hnsw_row(batch, i - batch->base) * index->dimension,
                            hnsw_label(batch, i - batch->base));
    if (status == ASSAY_OK)
        status = round(index, (uint32_t)first, self);
    if (status == ASSAY_OK) {
        raise_entry(index, (uint32_t)first);
    } else {
        unplace(index, first);
        index->minstd = minstd;
    }
    return status;
}

assay_status hnsw_insert(hnsw_recall_index *index, const hnsw_batch *batch,
                         assay_status (*round)(hnsw_recall_index *index, uint32_t first, void *self), void *self)
{
    assay_status status = hnsw_enter_labels(index, batch);
    if (status != ASSAY_OK)
        return status;
    while (status == ASSAY_OK && index->count < batch->base + batch->n)
        status = insert_round(index, batch, round, self);
    withdraw_labels(index, batch, index->count - batch->base, batch->n); /* of what could not be inserted */
    return status;
}

/* ---- Looking into it ------------------------------------------------------------------------------------------- */

size_t hnsw_recall_size(const hnsw_recall_index *index)
{
    return index ? index->count : 0;
}

size_t hnsw_recall_dimension(const hnsw_recall_index *index)
{
    return index ? index->dimension : 0;
}

assay_status hnsw_recall_options_of(const hnsw_recall_index *index, hnsw_recall_options *options)
{
    if (!index || !options)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", index ? "options" : "index");
    *options = index->options;
    return ASSAY_OK;
}

assay_status hnsw_recall_entry_point(const hnsw_recall_index *index, size_t *id, int *level)
{
    if (!index || !id || !level)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !index ? "index" : !id ? "id" : "level");
    if (index->count == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the index is empty, must have an element");
    *id = index->entry;
    *level = index->top;
    return ASSAY_OK;
}

static assay_status check_id(const hnsw_recall_index *index, size_t id)
{
    if (!index)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "index is null");
    if (id >= index->count)
        return assay_fail(ASSAY_OUT_OF_RANGE, "id is %zu, must be below %zu", id, index->count);
    return ASSAY_OK;
}

assay_status hnsw_recall_element(const hnsw_recall_index *index, size_t id, uint64_t *label, int *level)
{
    const assay_status status = check_id(index, id);
    if (status != ASSAY_OK)
        return status;
    if (label)
        *label = index->labels[id];
    if (level)
        *level = index->levels[id];
    return ASSAY_OK;
}

assay_status hnsw_recall_neighbors(const hnsw_recall_index *index, size_t id, int level, uint32_t *ids, size_t *count)
{
    const assay_status status = check_id(index, id);
    if (status != ASSAY_OK)
        return status;
    if (!ids || !count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", ids ? "count" : "ids");
    if (level < 0 || level > index->levels[id])
        return assay_fail(ASSAY_OUT_OF_RANGE, "level is %d, must be 0 to %d", level, index->levels[id]);
    const hnsw_list *list = hnsw_list_of(index, (uint32_t)id, level);
    memcpy(ids, list->ids, list->count * sizeof *ids);
    *count = list->count;
    return ASSAY_OK;
}
