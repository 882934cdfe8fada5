/* Matrix products: B is packed once, then threads take rows of A. Attention is two of them with a softmax between. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/arithmetic/lmul_kernels.h"

#include <omp.h>
#include <string.h>

/* Rows that a thread takes at once (so that a panel of B in its L2 cache serves many), and multiply-adds below which a
 * second thread costs more than it saves. */
enum { CHUNK_ROWS = 64, SMALL_CHUNK_ROWS = 4 * LMUL_TILE_ROWS, THREAD_PRODUCTS = 1 << 18, DOT_BLOCK = 512 };

static int threads_for(size_t m, size_t n, size_t k)
{
    const double products = (double)m * (double)n * (double)k;
    return products < 2.0 * THREAD_PRODUCTS ? 1 : assay_threads();
}

/* Element (l, j) of B is b[l * row + j * column]. */
static assay_status pack(const lmul_kernels *kernels, const lmul_arithmetic *arithmetic, size_t k, size_t n,
                         const float *b, size_t row, size_t column, int threads, lmul_packed *packed)
{
    *packed = (lmul_packed){.k = k, .n = n, .panel = kernels->panel, .panels = (n - 1) / kernels->panel + 1};
    size_t columns;
    const size_t blocks = (k - 1) / LMUL_DEPTH + 1;
    if (!__builtin_mul_overflow(packed->panels, packed->panel * sizeof *packed->words, &columns)) {
        packed->words = assay_allocate(k, columns);
        packed->zeros = assay_allocate(blocks * packed->panels, sizeof *packed->zeros);
        packed->ranges = assay_allocate(blocks * packed->panels, sizeof *packed->ranges);
    }
    if (!packed->words || !packed->zeros || !packed->ranges)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to pack b of %zu x %zu elements", k, n);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t panel = 0; panel < packed->panels; panel++)
        kernels->pack(arithmetic, b, row, column, panel, packed);
    return ASSAY_OK;
}

static void release(lmul_packed *packed)
{
    assay_release(packed->words);
    assay_release(packed->zeros);
    assay_release(packed->ranges);
}

/* Rows that each thread takes at once. */
static size_t chunk_of(size_t m, int threads)
{
    return threads > 1 && m < (size_t)threads * 2 * CHUNK_ROWS ? SMALL_CHUNK_ROWS : CHUNK_ROWS;
}

assay_status lmul_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a, size_t lda,
                       const float *b, size_t ldb, float *c, size_t ldc)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_gemm(arithmetic, m, n, k, a, lda, b, ldb, c, ldc);
    assay_status status = lmul_check_gemm(arithmetic, m, n, k, a, lda, b, ldb, c, ldc);
    if (status != ASSAY_OK || m == 0 || n == 0 || k == 0)
        return status;
    const int threads = threads_for(m, n, k);
    const size_t chunk = chunk_of(m, threads);
    lmul_packed packed;
    status = pack(kernels, arithmetic, k, n, b, ldb, 1, threads, &packed);
    if (status == ASSAY_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
        for (size_t i = 0; i < m; i += chunk)
            kernels->multiply_rows(arithmetic, m - i < chunk ? m - i : chunk, a + i * lda, lda, &packed, c + i * ldc,
                                   ldc);
    }
    release(&packed);
    return status;
}

/* Products by blocks, then one addition after the other: the order of the sum is part of the definition. */
static float dot(const lmul_kernels *kernels, const lmul_arithmetic *arithmetic, const float *x, const float *y,
                 size_t n)
{
    float products[DOT_BLOCK], sum = 0;
    if (arithmetic->kind == LMUL_EXACT)
        return kernels->exact_dot(x, y, n, sum);
    for (size_t i = 0; i < n; i += DOT_BLOCK) {
        const size_t count = n - i < DOT_BLOCK ? n - i : DOT_BLOCK;
        kernels->multiply(arithmetic, x + i, y + i, products, count, false);
        for (size_t j = 0; j < count; j++)
            sum += products[j];
    }
    return sum;
}

assay_status lmul_dot(const lmul_arithmetic *arithmetic, const float *x, const float *y, size_t n, float *result)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_dot(arithmetic, x, y, n, result);
    if (!result)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "result is null");
    float sum = 0;
    const assay_status status = lmul_check_gemm(arithmetic, 1, 1, n, x, n, y, 1, &sum, 1);
    if (status == ASSAY_OK)
        *result = dot(kernels, arithmetic, x, y, n);
    return status;
}

/* What threads share in attention. */
typedef struct attention {
    const lmul_kernels *kernels;
    const lmul_arithmetic *arithmetic;
    size_t keys, width, values, chunk;
    const float *q;
    float scale;
    float *o, *weights; /* weights: chunk x keys for each thread */
    lmul_packed packed_keys, packed_values;
} attention;

static void attend_rows(const attention *t, size_t first, size_t rows, float *weights)
{
    float *o = t->o + first * t->values;
    memset(weights, 0, rows * t->keys * sizeof *weights);
    memset(o, 0, rows * t->values * sizeof *o);
    t->kernels->multiply_rows(t->arithmetic, rows, t->q + first * t->width, t->width, &t->packed_keys, weights,
                              t->keys);
    for (size_t i = 0; i < rows; i++)
        t->kernels->softmax(weights + i * t->keys, t->keys, t->scale);
    t->kernels->multiply_rows(t->arithmetic, rows, weights, t->keys, &t->packed_values, o, t->values);
}

assay_status lmul_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width, size_t values,
                            const float *q, const float *k, const float *v, float scale, float *o)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_attention(arithmetic, queries, keys, width, values, q, k, v, scale, o);
    assay_status status = lmul_check_attention(arithmetic, queries, keys, width, values, q, k, v, scale, o);
    if (status != ASSAY_OK)
        return status;
    attention t = {.kernels = kernels, .arithmetic = arithmetic, .keys = keys, .width = width, .values = values};
    t.q = q;
    t.scale = scale;
    t.o = o;
    const int threads = threads_for(queries, keys, width + values);
    t.chunk = chunk_of(queries, threads);
    size_t weights;
    if (!__builtin_mul_overflow((size_t)threads * t.chunk, keys, &weights))
        t.weights = assay_allocate(weights, sizeof *t.weights);
    if (!t.weights)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the weights of %zu keys", keys);
    if (status == ASSAY_OK)
        status = pack(kernels, arithmetic, width, keys, k, 1, width, threads, &t.packed_keys);
    if (status == ASSAY_OK)
        status = pack(kernels, arithmetic, keys, values, v, values, 1, threads, &t.packed_values);
    if (status == ASSAY_OK) {
#pragma omp parallel num_threads(threads) if (threads > 1)
        {
            float *const own = t.weights + (size_t)omp_get_thread_num() * t.chunk * keys;
#pragma omp for schedule(dynamic)
            for (size_t i = 0; i < queries; i += t.chunk)
                attend_rows(&t, i, queries - i < t.chunk ? queries - i : t.chunk, own);
        }
    }
    release(&t.packed_keys);
    release(&t.packed_values);
    assay_release(t.weights);
    return status;
}
