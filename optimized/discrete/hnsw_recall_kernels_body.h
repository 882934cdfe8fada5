/*
 * The kernels of hnsw_recall in the compiler's vector types. A file of an instruction set defines, and then includes
 * this:
 *     HNSW_LANES           floats of a vector
 *     HNSW_ROWS            queries of a tile, so that 2 HNSW_ROWS sums stay in registers
 *     HNSW_FMA(a, b, c)    a * b + c
 *     HNSW_SUM(v)          the sum of the lanes
 *     HNSW_PARTIAL(p, n)   a vector of the n < HNSW_LANES floats at p, and zeros
 *     HNSW_ALL(x)          x in each lane
 *     HNSW_REACHED(a, b)   a bit for each lane, whether a >= b
 *     HNSW_LARGER(a, b)    the larger of two vectors of int32_t, lane by lane
 *     HNSW_SUM_FOUR(v, out) out[i] = HNSW_SUM(v[i]) for four vectors, with the additions in the same order
 *     HNSW_QUADS(p, n)     the four floats at p, at p + 4 n, at p + 8 n...
 *     HNSW_MIX_LOW(a, b), HNSW_MIX_HIGH    of each four lanes a0 b0 a1 b1, and a2 b2 a3 b3
 *     HNSW_PAIR_LOW(a, b), HNSW_PAIR_HIGH  of each four lanes a0 a1 b0 b1, and a2 a3 b2 b3
 *     HNSW_PRODUCT(q, c, n) the sum of products of 16-bit q and 8-bit c; q has zeros up to a multiple of 32
 *     HNSW_TABLE           the name of the table of kernels
 * and perhaps
 *     HNSW_ADD(c, v, ids, bits)  adds the lanes of v and ids whose bits are set to the candidates c
 */
#include "optimized/discrete/hnsw_recall_kernels.h"

#include <string.h>

#define HNSW_INLINE static inline __attribute__((always_inline))

typedef float f32v __attribute__((vector_size(4 * HNSW_LANES)));
typedef int32_t i32v __attribute__((vector_size(4 * HNSW_LANES)));

HNSW_INLINE f32v load(const float *from)
{
    f32v v;
    memcpy(&v, from, sizeof v);
    return v;
}

HNSW_INLINE void store(float *to, f32v v)
{
    memcpy(to, &v, sizeof v);
}

HNSW_INLINE f32v add_term(f32v q, f32v x, f32v sum, bool squares)
{
    const f32v factor = squares ? q - x : q;
    return HNSW_FMA(factor, squares ? factor : x, sum);
}

/* Every row is a chain of dependent additions; the processor overlaps the rows, which do not depend on each other. */
HNSW_INLINE void sums(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                      float *out, bool squares)
{
    for (size_t i = 0; i < n; i++) {
        const float *x = rows + ids[i] * stride;
        f32v sum = {0};
        size_t j = 0;
        for (; j + HNSW_LANES <= dimension; j += HNSW_LANES)
            sum = add_term(load(q + j), load(x + j), sum, squares);
        if (j < dimension)
            sum = add_term(HNSW_PARTIAL(q + j, dimension - j), HNSW_PARTIAL(x + j, dimension - j), sum, squares);
        out[i] = HNSW_SUM(sum);
    }
}

static void squares(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                    float *out)
{
    sums(q, rows, stride, dimension, ids, n, out, true);
}

static void products(const float *q, const float *rows, size_t stride, size_t dimension, const uint32_t *ids, size_t n,
                     float *out)
{
    sums(q, rows, stride, dimension, ids, n, out, false);
}

static void bounds(const hnsw_query *q, const char *codes, size_t code_bytes, size_t dimension, const uint32_t *ids,
                   size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        const hnsw_code *c = (const hnsw_code *)(codes + ids[i] * code_bytes);
        const float about = q->scale * c->scale * (float)HNSW_PRODUCT(q->codes, c->codes, dimension);
        out[i] = about + (c->error * q->by_error + c->length * q->by_length) - c->half_square;
    }
}

/* ---- Exact search, few queries --------------------------------------------------------------------------------- */

HNSW_INLINE i32v magnitude(f32v v)
{
    return (i32v)v & 0x7fffffff;
}

static int32_t largest_lane(i32v v)
{
    int32_t largest = 0;
    for (int i = 0; i < HNSW_LANES; i++)
        largest = v[i] > largest ? v[i] : largest;
    return largest;
}

/* One step of the sums of `count` rows, of which v(row) is to be loaded. */
#define HNSW_ADD_TERMS(Q, LOAD)                                                                                        \
    {                                                                                                                  \
        const f32v factor = (Q);                                                                                       \
        _Pragma("GCC unroll 4") for (size_t i = 0; i < count; i++)                                                     \
        {                                                                                                              \
            const f32v row = (LOAD);                                                                                   \
            sums[i] = add_term(factor, row, sums[i], squares);                                                         \
            most = HNSW_LARGER(most, magnitude(row));                                                                  \
        }                                                                                                              \
    }

/* The rows share what is loaded of q. */
HNSW_INLINE i32v scan_rows(const float *q, const float *x, size_t dimension, size_t count, bool squares, i32v most,
                           f32v *sums)
{
    size_t j = 0;
    for (; j + HNSW_LANES <= dimension; j += HNSW_LANES)
        HNSW_ADD_TERMS(load(q + j), load(x + i * dimension + j))
    if (j < dimension)
        HNSW_ADD_TERMS(HNSW_PARTIAL(q + j, dimension - j), HNSW_PARTIAL(x + i * dimension + j, dimension - j))
    return most;
}

HNSW_INLINE uint64_t scan_step(const float *q, const float *rows, size_t dimension, size_t n, bool squares, float worst,
                               float *out, int32_t *largest)
{
    i32v most = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        f32v sums[4] = {{0}, {0}, {0}, {0}};
        most = scan_rows(q, rows + i * dimension, dimension, 4, squares, most, sums);
        HNSW_SUM_FOUR(sums, out + i);
    }
    for (; i < n; i++) {
        f32v sum = {0};
        most = scan_rows(q, rows + i * dimension, dimension, 1, squares, most, &sum);
        out[i] = HNSW_SUM(sum);
    }
    for (; i < HNSW_STEP; i++)
        out[i] = 0;
    uint64_t near = 0;
    for (i = 0; i < HNSW_STEP; i += HNSW_LANES) {
        const f32v distance = squares ? load(out + i) : 1 - load(out + i);
        store(out + i, distance);
        near |= (uint64_t)HNSW_REACHED(HNSW_ALL(worst), distance) << i;
    }
    const int32_t found = largest_lane(most);
    *largest = found > *largest ? found : *largest;
    return n < HNSW_STEP ? near & ((UINT64_C(1) << n) - 1) : near;
}

static uint64_t scan(const float *q, const float *rows, size_t dimension, size_t n, bool squares, float worst,
                     float *out, int32_t *largest)
{
    return squares ? scan_step(q, rows, dimension, n, true, worst, out, largest)
                   : scan_step(q, rows, dimension, n, false, worst, out, largest);
}

/* ---- Exact search, many queries -------------------------------------------------------------------------------- */

enum { PANEL = 2 * HNSW_LANES };

/* Four columns of HNSW_LANES rows at a time: four rows to a vector's quarter, then each quarter transposed. */
HNSW_INLINE void transpose_four(const float *rows, size_t dimension, float *out)
{
    const f32v a = HNSW_QUADS(rows, dimension), b = HNSW_QUADS(rows + dimension, dimension),
               c = HNSW_QUADS(rows + 2 * dimension, dimension), d = HNSW_QUADS(rows + 3 * dimension, dimension);
    const f32v ab = HNSW_MIX_LOW(a, b), cd = HNSW_MIX_LOW(c, d);
    const f32v ab_high = HNSW_MIX_HIGH(a, b), cd_high = HNSW_MIX_HIGH(c, d);
    store(out, HNSW_PAIR_LOW(ab, cd));
    store(out + PANEL, HNSW_PAIR_HIGH(ab, cd));
    store(out + 2 * PANEL, HNSW_PAIR_LOW(ab_high, cd_high));
    store(out + 3 * PANEL, HNSW_PAIR_HIGH(ab_high, cd_high));
}

static int32_t pack(const float *rows, size_t dimension, size_t n, float *out, float *squares)
{
    size_t l = 0;
    /* The rows that follow are asked for in their order, as transposing reads them in no order that is foreseen. */
    const float *ahead = rows + PANEL * dimension;
    for (; n == PANEL && l + 4 <= dimension; l += 4) {
        for (size_t i = 0; i < PANEL / 4; i++)
            __builtin_prefetch(ahead + l * PANEL + i * 16);
        transpose_four(rows + l, dimension, out + l * PANEL);
        transpose_four(rows + HNSW_LANES * dimension + l, dimension, out + l * PANEL + HNSW_LANES);
    }
    for (; l < dimension; l++) {
        for (size_t j = 0; j < PANEL; j++)
            out[l * PANEL + j] = j < n ? rows[j * dimension + l] : 0;
    }
    f32v left_sum = {0}, right_sum = {0};
    i32v most = {0};
    for (l = 0; l < dimension; l++) {
        const f32v left = load(out + l * PANEL), right = load(out + l * PANEL + HNSW_LANES);
        left_sum = HNSW_FMA(left, left, left_sum);
        right_sum = HNSW_FMA(right, right, right_sum);
        most = HNSW_LARGER(most, HNSW_LARGER(magnitude(left), magnitude(right)));
    }
    store(squares, left_sum);
    store(squares + HNSW_LANES, right_sum);
    return largest_lane(most);
}

#ifndef HNSW_ADD
#define HNSW_ADD(c, v, ids, bits) add_lanes(c, v, ids, bits)

static inline void add_lanes(hnsw_candidates *c, f32v v, i32v ids, unsigned bits)
{
    for (; bits; bits &= bits - 1) {
        const int lane = __builtin_ctz(bits);
        c->values[c->count] = v[lane];
        c->ids[c->count++] = (uint32_t)ids[lane];
    }
}
#endif

HNSW_INLINE i32v numbers_from(uint32_t first)
{
    i32v numbers;
    for (int i = 0; i < HNSW_LANES; i++)
        numbers[i] = (int32_t)first + i;
    return numbers;
}

static bool tile(const float *q, const float *x, size_t depth, const float *offsets, uint32_t first,
                 hnsw_candidates *candidates)
{
    f32v sums[HNSW_ROWS][2];
    const f32v first_half = -load(offsets), second_half = -load(offsets + HNSW_LANES);
    for (int i = 0; i < HNSW_ROWS; i++) {
        sums[i][0] = first_half;
        sums[i][1] = second_half;
    }
    for (size_t l = 0; l < depth; l++) {
        const f32v left = load(x + l * PANEL), right = load(x + l * PANEL + HNSW_LANES);
#pragma GCC unroll 16
        for (int i = 0; i < HNSW_ROWS; i++) {
            const f32v factor = HNSW_ALL(q[l * HNSW_ROWS + i]);
            sums[i][0] = HNSW_FMA(factor, left, sums[i][0]);
            sums[i][1] = HNSW_FMA(factor, right, sums[i][1]);
        }
    }
    unsigned reached[HNSW_ROWS][2], all = 0;
#pragma GCC unroll 16
    for (int i = 0; i < HNSW_ROWS; i++) {
        const f32v threshold = HNSW_ALL(candidates[i].threshold);
        for (int half = 0; half < 2; half++)
            all |= reached[i][half] = HNSW_REACHED(sums[i][half], threshold);
    }
    if (!all)
        return false;
    const i32v left = numbers_from(first), right = numbers_from(first + HNSW_LANES);
#pragma GCC unroll 16
    for (int i = 0; i < HNSW_ROWS; i++) {
        if (!(reached[i][0] | reached[i][1]))
            continue;
        HNSW_ADD(&candidates[i], sums[i][0], left, reached[i][0]);
        HNSW_ADD(&candidates[i], sums[i][1], right, reached[i][1]);
    }
    return true;
}

/* The order of floats as integers. */
static int32_t order_of(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) & 0x7fffffff);
}

static float in_order(int32_t order)
{
    const int32_t bits = order ^ ((order >> 31) & 0x7fffffff);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* How many of the values reach x. */
static size_t count_reaching(const float *values, size_t n, float x)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += HNSW_LANES)
        count += (size_t)__builtin_popcount(HNSW_REACHED(load(values + i), HNSW_ALL(x)));
    return count;
}

/* By bisection between the least and the largest, in the order of their bits, whatever the values are. */
static float select_value(const hnsw_candidates *c, size_t need)
{
    for (size_t i = c->count; i % HNSW_LANES; i++)
        c->values[i] = c->values[0];
    i32v most = {0}, least_inverted = {0};
    most += order_of(c->values[0]);
    least_inverted += ~order_of(c->values[0]);
    for (size_t i = 0; i < c->count; i += HNSW_LANES) {
        const i32v bits = (i32v)load(c->values + i), order = bits ^ ((bits >> 31) & 0x7fffffff);
        most = HNSW_LARGER(most, order);
        least_inverted = HNSW_LARGER(least_inverted, ~order);
    }
    for (size_t i = c->count; i % HNSW_LANES; i++)
        c->values[i] = -__builtin_inff();
    int64_t low = INT32_MAX, high = INT32_MIN; /* all reach low, none reaches high */
    for (int i = 0; i < HNSW_LANES; i++) {
        low = ~least_inverted[i] < low ? ~least_inverted[i] : low;
        high = most[i] >= high ? (int64_t)most[i] + 1 : high;
    }
    for (size_t reaching = c->count; high - low > 1 && reaching > need + need / 8;) {
        const int64_t middle = low + (high - low) / 2;
        const size_t above = count_reaching(c->values, c->count, in_order((int32_t)middle));
        if (above >= need) {
            low = middle;
            reaching = above;
        } else {
            high = middle;
        }
    }
    return in_order((int32_t)low);
}

/* What is kept never lies behind where it was. */
static void keep(hnsw_candidates *c)
{
    const size_t n = c->count;
    for (size_t i = n; i % HNSW_LANES; i++)
        c->values[i] = __builtin_nanf("");
    c->count = 0;
    for (size_t i = 0; i < n; i += HNSW_LANES) {
        i32v ids;
        memcpy(&ids, c->ids + i, sizeof ids);
        const f32v v = load(c->values + i);
        const unsigned bits = HNSW_REACHED(v, HNSW_ALL(c->threshold));
        HNSW_ADD(c, v, ids, bits);
    }
}

const hnsw_kernels HNSW_TABLE = {.squares = squares,
                                 .products = products,
                                 .bounds = bounds,
                                 .scan = scan,
                                 .rows = HNSW_ROWS,
                                 .panel = PANEL,
                                 .pack = pack,
                                 .tile = tile,
                                 .select = select_value,
                                 .keep = keep};
