/*
 * The kernels of functional_hash_dag_kernels.h for one instruction set: DAG_KERNELS is their table, DAG_LANES the
 * numbers in a vector, DAG_MAXIMUM(a, b) gives a where a > b, else b.
 *
 * Vectors are those of the compiler (GCC and clang). Products and sums are rounded one by one, as in the reference.
 */
#include "core/assert.h"
#include "optimized/arithmetic/functional_hash_dag_kernels.h"

#include <math.h>

enum {
    SIDE = 8,
    PIXELS = FUNCTIONAL_HASH_DAG_PIXELS,
    LANES = FUNCTIONAL_HASH_DAG_LANES,
    PARTS = LANES / DAG_LANES, /* vectors of a group of images */
    PADDED = SIDE + 2,
    TILE = FUNCTIONAL_HASH_GRAM_TILE,
    CLASSES = FUNCTIONAL_HASH_DAG_CLASSES,
    WEIGHTS = FUNCTIONAL_HASH_DAG_WEIGHTS
};

typedef double vector __attribute__((vector_size(8 * DAG_LANES)));
typedef vector unaligned __attribute__((aligned(8), may_alias)); /* memcpy() would go through memory in halves */

static inline vector load(const double *p)
{
    return *(const unaligned *)p;
}

static inline void store(double *p, vector v)
{
    *(unaligned *)p = v;
}

static inline vector every(double x)
{
    return (vector){0} + x;
}

#ifndef DAG_MAXIMUM
typedef int64_t mask __attribute__((vector_size(8 * DAG_LANES)));

static inline vector maximum(vector a, vector b)
{
    const mask first = a > b;
    return (vector)(((mask)a & first) | ((mask)b & ~first));
}
#define DAG_MAXIMUM maximum
#endif

/* ---- Graphs ---- */

/* The sum of the tiles at a place. */
static inline vector sum_at(const double *const *tiles, size_t count, size_t at)
{
    vector sum = load(tiles[0] + at);
    for (size_t k = 1; k < count; k++)
        sum += load(tiles[k] + at);
    return sum;
}

static void sum(const double *const *tiles, size_t count, double *out, size_t stride)
{
    for (size_t i = 0; i < PIXELS; i++)
        for (size_t part = 0; part < LANES; part += DAG_LANES)
            store(out + i * stride + part, sum_at(tiles, count, i * LANES + part));
}

/* Zero-padded correlation: the border adds +0, which changes no bit of a sum (it could only be that of -0 + 0). */
static void conv3(const double *const *tiles, size_t count, double *padded, double *out)
{
    const vector w[9] = {every(.4),  every(-.3), every(.1), every(.5), every(.7),
                         every(-.6), every(-.2), every(.3), every(.25)};
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++)
            for (size_t part = 0; part < LANES; part += DAG_LANES)
                store(padded + ((y + 1) * PADDED + x + 1) * LANES + part,
                      sum_at(tiles, count, (y * SIDE + x) * LANES + part));
    for (size_t part = 0; part < LANES; part += DAG_LANES) {
        for (size_t y = 0; y < SIDE; y++) {
            const double *row = padded + y * PADDED * LANES + part;
#pragma GCC unroll 8
            for (size_t x = 0; x < SIDE; x++) {
                vector total = w[0] * load(row + x * LANES);
#pragma GCC unroll 8
                for (size_t k = 1; k < 9; k++)
                    total += w[k] * load(row + (k / 3 * PADDED + x + k % 3) * LANES);
                store(out + (y * SIDE + x) * LANES + part, DAG_MAXIMUM(total - every(0.05), every(0)));
            }
        }
    }
}

static void conv1(const double *const *tiles, size_t count, double *out)
{
    for (size_t i = 0; i < FUNCTIONAL_HASH_TILE; i += DAG_LANES)
        store(out + i, DAG_MAXIMUM(every(0.8) * sum_at(tiles, count, i) + every(0.1), every(0)));
}

/* The largest of rows first, of columns then; which of equal numbers it is does not show. */
static void pool(const double *const *tiles, size_t count, double *out)
{
    for (size_t part = 0; part < LANES; part += DAG_LANES) {
        vector rows[3][SIDE]; /* of three rows of pixels, the largest of three neighbours */
        for (size_t y = 0; y <= SIDE; y++) {
            vector *new = rows[y % 3];
            if (y < SIDE) {
                vector z[SIDE];
#pragma GCC unroll 8
                for (size_t x = 0; x < SIDE; x++)
                    z[x] = sum_at(tiles, count, (y * SIDE + x) * LANES + part);
                new[0] = DAG_MAXIMUM(z[0], z[1]);
                new[SIDE - 1] = DAG_MAXIMUM(z[SIDE - 2], z[SIDE - 1]);
#pragma GCC unroll 8
                for (size_t x = 1; x + 1 < SIDE; x++)
                    new[x] = DAG_MAXIMUM(DAG_MAXIMUM(z[x - 1], z[x]), z[x + 1]);
            }
            if (y == 0)
                continue;
            const vector *middle = rows[(y + 2) % 3], *above = y > 1 ? rows[(y + 1) % 3] : middle,
                         *below = y < SIDE ? new : middle;
#pragma GCC unroll 8
            for (size_t x = 0; x < SIDE; x++)
                store(out + ((y - 1) * SIDE + x) * LANES + part,
                      DAG_MAXIMUM(DAG_MAXIMUM(above[x], middle[x]), below[x]));
        }
    }
}

static void vertex(functional_hash_dag_operation operation, const double *const *tiles, size_t count, double *padded,
                   double *out)
{
    if (operation == FUNCTIONAL_HASH_CONV3)
        conv3(tiles, count, padded, out);
    else if (operation == FUNCTIONAL_HASH_CONV1)
        conv1(tiles, count, out);
    else
        pool(tiles, count, out);
}

/* ---- Rows ---- */

static inline double add_parts(const vector *v)
{
    double part[LANES];
    for (int k = 0; k < PARTS; k++)
        store(part + k * DAG_LANES, v[k]);
    return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

/* Four rows at once, because sums wait for themselves. */
static void scale(double *rows, size_t stride, size_t training, size_t count)
{
    vector mean[TILE], totals[TILE][PARTS] = {{{0}}}, squares[TILE][PARTS] = {{{0}}};
    for (size_t i = 0; i < training; i += LANES)
#pragma GCC unroll 4
        for (size_t r = 0; r < TILE; r++)
#pragma GCC unroll 4
            for (size_t v = 0; v < PARTS; v++)
                totals[r][v] += load(rows + r * stride + i + v * DAG_LANES);
    for (size_t r = 0; r < TILE; r++)
        mean[r] = every(add_parts(totals[r]) / (double)training);
    for (size_t i = 0; i < training; i += LANES)
#pragma GCC unroll 4
        for (size_t r = 0; r < TILE; r++)
#pragma GCC unroll 4
            for (size_t v = 0; v < PARTS; v++) {
                const vector d = load(rows + r * stride + i + v * DAG_LANES) - mean[r];
                squares[r][v] += d * d;
            }
    for (size_t r = 0; r < TILE; r++) {
        const double deviation = sqrt(add_parts(squares[r]) / (double)training);
        const vector factor = every(1 / (deviation + FUNCTIONAL_HASH_DAG_SOFTENING));
        for (size_t i = 0; i < count; i += DAG_LANES)
            store(rows + r * stride + i, load(rows + r * stride + i) * factor);
    }
}

static void products(const double *const *rows, const double *const *columns, size_t n, double result[TILE][TILE])
{
    double parts[TILE][TILE][LANES];
    for (size_t part = 0; part < LANES; part += DAG_LANES) {
        vector total[TILE][TILE] = {{{0}}};
        for (size_t i = part; i < n; i += LANES) {
            vector b[TILE];
#pragma GCC unroll 4
            for (size_t k = 0; k < TILE; k++)
                b[k] = load(columns[k] + i);
#pragma GCC unroll 4
            for (size_t j = 0; j < TILE; j++) {
                const vector a = load(rows[j] + i);
#pragma GCC unroll 4
                for (size_t k = 0; k < TILE; k++)
                    total[j][k] += a * b[k];
            }
        }
#pragma GCC unroll 4
        for (size_t j = 0; j < TILE; j++)
#pragma GCC unroll 4
            for (size_t k = 0; k < TILE; k++)
                store(&parts[j][k][part], total[j][k]);
    }
    for (size_t j = 0; j < TILE; j++)
        for (size_t k = 0; k < TILE; k++) {
            const double *p = parts[j][k];
            result[j][k] = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
        }
}

static void subtract(double *a, const double *b, double factor, size_t n)
{
    ASSAY_ASSERT(n % 8 == 0);
    for (size_t k = 0; k < n; k += DAG_LANES)
        store(a + k, load(a + k) - every(factor) * load(b + k));
}

static void divide(double *a, double divisor, size_t n)
{
    for (size_t k = 0; k < n; k += DAG_LANES)
        store(a + k, load(a + k) / every(divisor));
}

static void predict(const double *rows, size_t stride, const double *weights, size_t weights_stride,
                    double *predictions)
{
    for (size_t part = 0; part < LANES; part += DAG_LANES) {
        vector total[CLASSES] = {{0}};
        for (size_t j = 0; j < WEIGHTS; j++) {
            const vector x = load(rows + j * stride + part);
#pragma GCC unroll 10
            for (size_t c = 0; c < CLASSES; c++)
                total[c] += x * every(weights[j * weights_stride + c]);
        }
#pragma GCC unroll 10
        for (size_t c = 0; c < CLASSES; c++)
            store(predictions + c * LANES + part, total[c]);
    }
}

const functional_hash_dag_kernels DAG_KERNELS = {vertex, sum, scale, products, subtract, divide, predict};
