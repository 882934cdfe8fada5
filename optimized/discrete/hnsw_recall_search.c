/* Search. The candidates and the found elements of the reference's two heaps are one sorted array here, whose members
 * know whether they have been visited: what is not among the ef nearest is never visited, so that the result is the
 * same. It does not depend on the order in which the neighbours of one element are looked at, so that they are looked
 * at together, all their memory being asked for beforehand.
 *
 * Once there are ef elements, most neighbours are too far. That is seen from their codes, in a third of the memory of
 * the vectors: bounds rule out only what the distance, as rounded, would rule out too. */
#include "optimized/discrete/hnsw_recall_search.h"

#include "assay/memory.h"

#include <math.h>
#include <stdlib.h>

/* ---- Work memory ----------------------------------------------------------------------------------------------- */

static void release(hnsw_spare *spare)
{
    hnsw_work *work = (hnsw_work *)spare;
    if (!work)
        return;
    free(work->vector);
    free(work->codes);
    free(work->visited);
    free(work->pool);
    free(work);
}

static bool reserve(hnsw_work *work, const hnsw_recall_index *index, size_t pool)
{
    if (pool > work->pool_capacity) {
        free(work->pool);
        work->pool = malloc(2 * pool * sizeof *work->pool);
        work->pool_capacity = work->pool ? pool : 0;
    }
    if (!work->visited || index->count > work->visited_capacity) {
        const size_t capacity = 2 * index->count < index->capacity ? 2 * index->count + 1 : index->capacity;
        free(work->visited);
        work->visited = calloc(capacity, 1);
        work->visited_capacity = work->visited ? capacity : 0;
        work->epoch = 0;
    }
    if (!work->vector)
        work->vector = aligned_alloc(ASSAY_ALIGNMENT, index->stride * sizeof *work->vector);
    if (!work->codes) /* a multiple of 32 numbers */
        work->codes = aligned_alloc(ASSAY_ALIGNMENT, (index->stride + 16) / 32 * 32 * sizeof *work->codes);
    work->entries = work->pool + pool;
    return work->pool && work->visited && work->vector && work->codes;
}

static hnsw_work *take_spare(hnsw_shared *shared)
{
    hnsw_spare *spare = NULL;
    for (int i = 0; i < HNSW_SPARES && !spare; i++) {
        if (atomic_load_explicit(&shared->spares[i], memory_order_relaxed))
            spare = atomic_exchange(&shared->spares[i], NULL);
    }
    return (hnsw_work *)spare;
}

hnsw_work *hnsw_work_lend(const hnsw_recall_index *index, const hnsw_kernels *kernels, size_t pool)
{
    hnsw_work *work = take_spare(index->shared);
    if (!work)
        work = calloc(1, sizeof *work);
    if (work && !reserve(work, index, pool)) {
        release(&work->spare);
        work = NULL;
    }
    if (work) {
        work->spare.release = release;
        work->index = index;
        work->kernels = kernels;
        work->distances = work->estimates = work->hops = 0;
    }
    return work;
}

void hnsw_work_return(hnsw_work *work)
{
    if (!work)
        return;
    hnsw_shared *shared = work->index->shared;
    atomic_fetch_add_explicit(&shared->distances, work->distances, memory_order_relaxed);
    atomic_fetch_add_explicit(&shared->estimates, work->estimates, memory_order_relaxed);
    atomic_fetch_add_explicit(&shared->hops, work->hops, memory_order_relaxed);
    for (int i = 0; i < HNSW_SPARES; i++) {
        hnsw_spare *none = NULL;
        if (atomic_compare_exchange_strong(&shared->spares[i], &none, &work->spare))
            return;
    }
    release(&work->spare);
}

bool hnsw_works_lend(const hnsw_recall_index *index, const hnsw_kernels *kernels, size_t pool, int threads,
                     hnsw_work **works)
{
    int lent = 0;
    while (lent < threads && (works[lent] = hnsw_work_lend(index, kernels, pool)))
        lent++;
    if (lent < threads)
        hnsw_works_return(works, lent);
    return lent == threads;
}

void hnsw_works_return(hnsw_work **works, int threads)
{
    for (int i = 0; i < threads; i++)
        hnsw_work_return(works[i]);
}

/* ---- The query ------------------------------------------------------------------------------------------------- */

/* Bounds. Let x' = s c and q' = t k be what the codes stand for, e >= |x - x'| and r >= |q - q'|. Then
 *     q x <= q' x' + |q| e + r |x'| <= t s (k c) + (|q| + r) e + r |x|.
 * Rounding: k c is an integer below 2^31. Its conversion and the operations on it and on the terms beside it, and the
 * rounding of the distance itself, which is within (dimension + 2) 2^-24 of |q| |x| (L2: of |q - x|^2), together are
 * below (dimension + 32) 2^-24 |q| |x|, which is added; what concerns |q|^2 and |x|^2 alone is in the threshold and in
 * half_square. */
void hnsw_work_query(hnsw_work *work, const float *vector)
{
    const hnsw_recall_index *index = work->index;
    work->query.vector = vector;
    work->bounded = false;
    if (!index->codes)
        return;
    const size_t dimension = index->stride; /* padding is zero */
    float largest = 0;
    double squares[4] = {0}, missed[4] = {0}; /* four sums go on at once */
    for (size_t i = 0; i < dimension; i++) {
        const float magnitude = fabsf(vector[i]);
        largest = magnitude > largest ? magnitude : largest;
        squares[i % 4] += (double)vector[i] * vector[i];
    }
    /* So that no sum of products exceeds 31 bits. */
    const double most = fmin(32767, floor(2147483647.0 / (127.0 * (double)dimension)));
    const float scale = (float)(largest / most);
    work->bounded = scale > 1e-30f;
    if (!work->bounded)
        return;
    const float inverse = 1 / scale, limit = (float)most;
    for (size_t i = 0; i < dimension; i++) {
        const float code = vector[i] * inverse;
        const float inside = code > limit ? limit : code < -limit ? -limit : code;
        const float whole = (inside + 0x1.8p23f) - 0x1.8p23f; /* to nearest: there are no smaller units up there */
        work->codes[i] = (int16_t)whole;
        const double lost = vector[i] - (double)scale * whole;
        missed[i % 4] += lost * lost;
    }
    for (size_t i = dimension; i < (dimension + 16) / 32 * 32; i++)
        work->codes[i] = 0;
    const double square = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    const double lost = (missed[0] + missed[1]) + (missed[2] + missed[3]);
    const double length = sqrt(square), error = sqrt(lost) * (1 + 0x1p-20);
    const double rounding = ((double)dimension + 32) * 0x1p-24;
    work->query_square = square;
    work->query.codes = work->codes;
    work->query.scale = scale;
    work->query.by_error = (float)((length + error) * (1 + 0x1p-20));
    work->query.by_length = (float)((error + rounding * length) * (1 + 0x1p-20));
}

/* What q x - half_square is at least, unless the distance, as rounded, is above `worst`. */
static float threshold(const hnsw_work *work, float worst)
{
    const double slack = ((double)work->index->dimension + 32) * 0x1p-23;
    double least;
    if (work->index->options.metric == HNSW_RECALL_L2)
        least = (work->query_square * (1 - 0x1p-19) - (double)worst * (1 + slack)) / 2;
    else
        least = 1 - (double)worst - 0x1p-22 * (1 + fabs((double)worst));
    return (float)(least - 0x1p-22 * fabs(least));
}

void hnsw_work_distances(hnsw_work *work, const float *vector, const uint32_t *ids, size_t n, float *out)
{
    const hnsw_recall_index *index = work->index;
    work->distances += n;
    if (index->options.metric == HNSW_RECALL_L2) {
        work->kernels->squares(vector, index->vectors, index->stride, index->stride, ids, n, out);
        return;
    }
    work->kernels->products(vector, index->vectors, index->stride, index->stride, ids, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = 1 - out[i];
}

hnsw_key hnsw_work_key(hnsw_work *work, uint32_t id)
{
    float distance;
    hnsw_work_distances(work, work->query.vector, &id, 1, &distance);
    return hnsw_key_of(distance, id);
}

/* ---- Levels ---------------------------------------------------------------------------------------------------- */

static void fetch(const void *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const char *)memory + i);
}

static void fetch_vectors(const hnsw_recall_index *index, const uint32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fetch(hnsw_vector(index, ids[i]), index->stride * sizeof(float));
}

size_t hnsw_work_enter(hnsw_work *work, hnsw_key key, size_t most)
{
    size_t low = 0;
    if (work->count == most) {
        if (key >= work->pool[most - 1])
            return most;
        work->count--;
    }
    for (size_t left = work->count; left > 0;) { /* how many are less, without branches */
        const size_t half = left / 2;
        const bool right = work->pool[low + half] < key;
        low = right ? low + half + 1 : low;
        left = right ? left - half - 1 : half;
    }
    memmove(work->pool + low + 1, work->pool + low, (work->count - low) * sizeof *work->pool);
    work->pool[low] = key;
    work->count++;
    return low;
}

void hnsw_work_begin_visits(hnsw_work *work)
{
    if (++work->epoch == 0) {
        memset(work->visited, 0, work->visited_capacity);
        work->epoch = 1;
    }
}

/* Collects the neighbours not visited before, and marks them. */
static size_t collect(hnsw_work *work, const hnsw_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++) {
        const uint32_t id = list->ids[i];
        work->ids[n] = id;
        n += work->visited[id] != work->epoch;
        work->visited[id] = work->epoch;
    }
    return n;
}

/* Leaves those that are not certainly too far. */
static size_t rule_out(hnsw_work *work, size_t n, float worst)
{
    const hnsw_recall_index *index = work->index;
    const float least = threshold(work, worst);
    work->kernels->bounds(&work->query, index->codes, index->code_bytes, index->dimension, work->ids, n, work->numbers);
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        work->ids[left] = work->ids[i];
        left += !(work->numbers[i] < least);
    }
    work->estimates += n - left;
    return left;
}

/* The first of the pool from `from` on that has not been looked at. */
static size_t next_open(const hnsw_work *work, size_t from)
{
    while (from < work->count && (work->pool[from] & 1))
        from++;
    return from;
}

/* The list of the next element to be looked at: both lines that most lists fill. */
static void fetch_next_list(const hnsw_work *work)
{
    if (work->open < work->count)
        fetch(hnsw_list_of(work->index, hnsw_key_id(work->pool[work->open]), work->level), 128);
}

void hnsw_work_begin(hnsw_work *work, const hnsw_key *entries, size_t entry_count, size_t ef, int level)
{
    hnsw_work_begin_visits(work);
    work->count = 0;
    for (size_t i = 0; i < entry_count; i++) {
        work->visited[hnsw_key_id(entries[i])] = work->epoch;
        hnsw_work_enter(work, entries[i] & ~UINT64_C(1), ef);
    }
    work->stage = HNSW_OPEN;
    work->open = 0;
    work->ef = ef;
    work->level = level;
    fetch_next_list(work);
}

/* Collects the new neighbours of the nearest element not looked at. */
static void open_element(hnsw_work *work)
{
    const hnsw_recall_index *index = work->index;
    const hnsw_list *list = hnsw_list_of(index, hnsw_key_id(work->pool[work->open]), work->level);
    work->pool[work->open] |= 1;
    work->open = next_open(work, work->open + 1);
    fetch_next_list(work); /* likely the next one */
    work->hops++;
    work->n = collect(work, list);
    work->stage = work->bounded && work->count == work->ef ? HNSW_BOUND : HNSW_MEASURE;
    if (work->stage == HNSW_MEASURE)
        fetch_vectors(index, work->ids, work->n);
    for (size_t i = 0; work->stage == HNSW_BOUND && i < work->n; i++)
        fetch(hnsw_code_of(index, work->ids[i]), index->code_bytes);
}

/* Computes the distances of what is left, and enters what is near enough. */
static void measure(hnsw_work *work)
{
    hnsw_work_distances(work, work->query.vector, work->ids, work->n, work->numbers);
    for (size_t i = 0; i < work->n; i++) {
        const size_t place = hnsw_work_enter(work, hnsw_key_of(work->numbers[i], work->ids[i]), work->ef);
        work->open = place < work->open ? place : work->open;
    }
    work->open = next_open(work, work->open); /* an open one may have been pushed out by others */
    fetch_next_list(work);
    work->stage = HNSW_OPEN;
}

bool hnsw_work_step(hnsw_work *work)
{
    switch (work->stage) {
    case HNSW_OPEN: open_element(work); return true;
    case HNSW_BOUND:
        work->n = rule_out(work, work->n, hnsw_key_distance(work->pool[work->ef - 1]));
        fetch_vectors(work->index, work->ids, work->n);
        work->stage = HNSW_MEASURE;
        return true;
    case HNSW_MEASURE: measure(work); break;
    }
    return work->open < work->count;
}

void hnsw_work_search(hnsw_work *work, const hnsw_key *entries, size_t entry_count, size_t ef, int level)
{
    hnsw_work_begin(work, entries, entry_count, ef, level);
    while (hnsw_work_step(work))
        continue;
}
