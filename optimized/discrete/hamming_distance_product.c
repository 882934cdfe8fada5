/*
 * The equality product by heavy and light symbols: those that stand often in a column of A become a column of a 0/1
 * matrix, and such a column with its row of B takes part in one dense product; the others are joined place by place.
 */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <string.h>

enum {
    ALPHABET = 1 << 16,
    BATCH = 512 /* heavy symbols in one dense product */,
    BLOCK = 512 /* columns of a thread */
};

/* A symbol that stands in column @c t of A more than rows / sqrt(inner) times. */
typedef struct heavy {
    uint32_t t;
    uint16_t symbol;
} heavy;

typedef struct product {
    const uint16_t *a, *b;
    size_t rows, columns, inner;
    int32_t *c;
    heavy *heavy; /* in ascending order of t */
    size_t heavy_count, heavy_capacity;
} product;

static assay_status add_heavy(product *p, heavy one)
{
    if (p->heavy_count == p->heavy_capacity) {
        const size_t capacity = 2 * p->heavy_capacity + BATCH;
        heavy *grown = assay_allocate(capacity, sizeof *grown);
        if (!grown)
            return ASSAY_NO_MEMORY;
        for (size_t i = 0; i < p->heavy_count; i++)
            grown[i] = p->heavy[i];
        assay_release(p->heavy);
        p->heavy = grown;
        p->heavy_capacity = capacity;
    }
    p->heavy[p->heavy_count++] = one;
    return ASSAY_OK;
}

/* There are at most sqrt(inner) for each column. */
static assay_status find_heavy(product *p)
{
    const double least = (double)p->rows / ceil(sqrt((double)p->inner));
    uint32_t *count = assay_allocate(ALPHABET, sizeof *count);
    assay_status status = count ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t t = 0; status == ASSAY_OK && t < p->inner; t++) {
        for (size_t i = 0; i < p->rows; i++)
            count[p->a[i * p->inner + t]]++;
        for (size_t i = 0; i < p->rows; i++) {
            const uint16_t symbol = p->a[i * p->inner + t];
            if (status == ASSAY_OK && (double)count[symbol] > least)
                status = add_heavy(p, (heavy){(uint32_t)t, symbol});
            count[symbol] = 0; /* each symbol once */
        }
    }
    assay_release(count);
    return status;
}

/* Pairs of columns from first to last - 1: for each t the rows of each light symbol are a chain. */
static assay_status join_light(const product *p, size_t first, size_t last)
{
    uint32_t *head = assay_allocate(ALPHABET, sizeof *head), *next = assay_allocate(p->rows + 1, sizeof *next);
    const assay_status status = head && next ? ASSAY_OK : ASSAY_NO_MEMORY; /* rows are numbered from 1; 0 ends */
    for (size_t t = 0, h = 0; status == ASSAY_OK && t < p->inner; t++) {
        for (size_t i = 0; i < p->rows; i++) {
            uint32_t *chain = &head[p->a[i * p->inner + t]];
            next[i + 1] = *chain;
            *chain = (uint32_t)i + 1;
        }
        for (; h < p->heavy_count && p->heavy[h].t == t; h++)
            head[p->heavy[h].symbol] = 0;
        for (size_t j = first; j < last; j++)
            for (size_t i = head[p->b[t * p->columns + j]]; i > 0; i = next[i])
                p->c[(i - 1) * p->columns + j]++;
        for (size_t i = 0; i < p->rows; i++)
            head[p->a[i * p->inner + t]] = 0;
    }
    assay_release(head);
    assay_release(next);
    return status;
}

/* Sums of at most BATCH products of 0 and 1 are exact in float32. */
static assay_status multiply_heavy(const product *p)
{
    float *a = assay_allocate(p->rows * BATCH, sizeof *a), *b = assay_allocate(p->columns * BATCH, sizeof *b);
    float *c = assay_allocate(p->rows * p->columns, sizeof *c);
    assay_status status = a && b && c ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t first = 0; status == ASSAY_OK && first < p->heavy_count; first += BATCH) {
        const size_t count = p->heavy_count - first < BATCH ? p->heavy_count - first : BATCH;
        for (size_t i = 0; i < p->rows; i++)
            for (size_t k = 0; k < count; k++)
                a[i * BATCH + k] = p->a[i * p->inner + p->heavy[first + k].t] == p->heavy[first + k].symbol;
        for (size_t k = 0; k < count; k++)
            for (size_t j = 0; j < p->columns; j++)
                b[k * p->columns + j] = p->b[p->heavy[first + k].t * p->columns + j] == p->heavy[first + k].symbol;
        status = assay_dense_multiply_f32(ASSAY_TRANSPOSE_NONE, p->rows, p->columns, count, 1, a, BATCH, b, p->columns,
                                          0, c, p->columns);
        for (size_t i = 0; status == ASSAY_OK && i < p->rows * p->columns; i++)
            p->c[i] += (int32_t)c[i];
    }
    assay_release(a);
    assay_release(b);
    assay_release(c);
    return status;
}

assay_status hamming_distance_equality_product(const uint16_t *a, size_t rows, const uint16_t *b, size_t columns,
                                               size_t inner, int32_t *c)
{
    if (!hamming_kernels_in_force())
        return hamming_distance_reference_equality_product(a, rows, b, columns, inner, c);
    assay_status status = hamming_distance_check_product(a, rows, b, columns, inner, c);
    if (status != ASSAY_OK)
        return status;
    if (rows >= UINT32_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "rows is %zu, more than can be joined", rows);
    product p = {.a = a, .b = b, .rows = rows, .columns = columns, .inner = inner, .c = c};
    const size_t blocks = (columns + BLOCK - 1) / BLOCK;
    status = find_heavy(&p);
    if (status == ASSAY_OK) {
        memset(c, 0, rows * columns * sizeof *c);
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) if (blocks > 1)
        for (size_t block = 0; block < blocks; block++) {
            const size_t first = block * BLOCK, last = columns - first < BLOCK ? columns : first + BLOCK;
            const assay_status mine = join_light(&p, first, last);
            if (mine != ASSAY_OK) {
#pragma omp atomic write
                status = mine;
            }
        }
    }
    if (status == ASSAY_OK && p.heavy_count > 0)
        status = multiply_heavy(&p);
    assay_release(p.heavy);
    return status;
}
