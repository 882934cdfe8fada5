/* The kernels, compiled once for each level: KERNELS is the name of their table, LANES the numbers in a vector,
 * MINUS_PRODUCT(c, a, b) is c - a b, and MINUS_PRODUCTS the same of vectors.
 *
 * Arms lie across the lanes: a tile of 32 is transposed, then z = L^-1 x goes row by row, each element of L being
 * loaded once for all of them, with the accumulators of a row in registers. */
#include "optimized/privacy/dp_federated_bandit_kernels.h"

#include <math.h>
#include <string.h>

enum { TILE = DP_FEDERATED_BANDIT_TILE, PARTS = 8 /* sums of a product of vectors that go on side by side */ };

typedef double four __attribute__((vector_size(32)));
typedef double lanes __attribute__((vector_size(8 * LANES), may_alias));

static inline const lanes *at_const(const double *p)
{
    return (const lanes *)(const void *)p;
}

static inline lanes *at(double *p)
{
    return (lanes *)(void *)p;
}

/* Four numbers of each of four arms. */
static inline void transpose_four(const double *const row[4], double *out)
{
    four a, b, c, d;
    memcpy(&a, row[0], sizeof a);
    memcpy(&b, row[1], sizeof b);
    memcpy(&c, row[2], sizeof c);
    memcpy(&d, row[3], sizeof d);
    const four ab = __builtin_shufflevector(a, b, 0, 4, 2, 6), ab_odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
    const four cd = __builtin_shufflevector(c, d, 0, 4, 2, 6), cd_odd = __builtin_shufflevector(c, d, 1, 5, 3, 7);
    a = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 4, 5);
    c = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    d = __builtin_shufflevector(ab_odd, cd_odd, 2, 3, 6, 7);
    memcpy(out, &a, sizeof a);
    memcpy(out + TILE, &b, sizeof b);
    memcpy(out + 2 * TILE, &c, sizeof c);
    memcpy(out + 3 * TILE, &d, sizeof d);
}

static void pack_tile(const double *x, size_t d, size_t count, double *columns)
{
    for (size_t a = 0; a < TILE; a += 4) {
        const double *row[4];
        for (size_t b = 0; b < 4; b++)
            row[b] = x + (a + b < count ? a + b : 0) * d;
        size_t i = 0;
        for (; i + 4 <= d; i += 4) {
            const double *const at[4] = {row[0] + i, row[1] + i, row[2] + i, row[3] + i};
            transpose_four(at, columns + i * TILE + a);
        }
        for (; i < d; i++) {
            for (size_t b = 0; b < 4; b++)
                columns[i * TILE + a + b] = row[b][i];
        }
    }
}

static bool pack(const double *x, size_t d, size_t arms, double limit, double *columns)
{
    bool good = true;
    for (size_t from = 0; from < arms; from += TILE) {
        double squares[TILE] = {0}, *tile = columns + from * d;
        pack_tile(x + from * d, d, arms - from < TILE ? arms - from : TILE, tile);
        for (size_t i = 0; i < d; i++) {
            for (int a = 0; a < TILE; a++)
                squares[a] = MINUS_PRODUCT(squares[a], -tile[i * TILE + a], tile[i * TILE + a]);
        }
        for (int a = 0; a < TILE; a++)
            good &= squares[a] <= limit; /* not so for NaN */
    }
    return good;
}

static void estimate(const dp_federated_bandit_factors *v, size_t d, const double *u, double *restrict theta)
{
    memcpy(theta, u, d * sizeof *u);
    for (size_t k = 0; k < d; k++) {
        const double *column = v->l + k * d, value = theta[k];
        for (size_t i = k + 1; i < d; i++)
            theta[i] = MINUS_PRODUCT(theta[i], column[i], value);
    }
    for (size_t k = d; k-- > 0;) {
        const double *column = v->l + k * d;
        double parts[PARTS] = {0}, sum = theta[k] * v->reciprocals[k];
        size_t i = k + 1;
        for (; i + PARTS <= d; i += PARTS) {
            for (size_t a = 0; a < PARTS; a++)
                parts[a] = MINUS_PRODUCT(parts[a], column[i + a], theta[i + a]);
        }
        for (; i < d; i++)
            sum = MINUS_PRODUCT(sum, column[i], theta[i]);
        for (size_t half = PARTS / 2; half > 0; half /= 2) {
            for (size_t a = 0; a < half; a++)
                parts[a] += parts[a + half];
        }
        theta[k] = sum + parts[0];
    }
}

/* Rows i, ... of z = L^-1 x, for four vectors of arms. */
static inline __attribute__((always_inline)) void solve_rows(const dp_federated_bandit_factors *v, const double *theta,
                                                             size_t d, size_t i, size_t count, const double *columns,
                                                             double *z, lanes *squares, lanes *means)
{
    lanes row[2][4];
#pragma GCC unroll 2
    for (size_t r = 0; r < count; r++) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++)
            row[r][k] = at_const(columns + (i + r) * TILE)[k];
    }
    for (size_t j = 0; j < i; j++) {
        const lanes *above = at_const(z + j * TILE);
#pragma GCC unroll 2
        for (size_t r = 0; r < count; r++) {
            const lanes factor = v->l[j * d + i + r] - (lanes){0};
#pragma GCC unroll 4
            for (int k = 0; k < 4; k++)
                row[r][k] = MINUS_PRODUCTS(row[r][k], factor, above[k]);
        }
    }
#pragma GCC unroll 2
    for (size_t r = 0; r < count; r++) {
        const lanes reciprocal = -v->reciprocals[i + r] - (lanes){0}, weight = -theta[i + r] - (lanes){0};
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
            if (r > 0)
                row[r][k] = MINUS_PRODUCTS(row[r][k], v->l[i * d + i + r] - (lanes){0}, row[0][k]);
            at(z + (i + r) * TILE)[k] = row[r][k];
            squares[k] = MINUS_PRODUCTS(squares[k], reciprocal * row[r][k], row[r][k]);
            means[k] = MINUS_PRODUCTS(means[k], weight, at_const(columns + (i + r) * TILE)[k]);
        }
    }
}

static void score_tile(const dp_federated_bandit_factors *v, const double *theta, double beta, size_t d,
                       const double *columns, double *z, double *restrict bounds)
{
    enum { PART = 4 * LANES };
    for (size_t part = 0; part < TILE; part += PART) {
        lanes squares[4] = {{0}}, means[4] = {{0}};
        size_t i = 0;
        for (; i + 2 <= d; i += 2) /* two rows at a time, as they share what is loaded */
            solve_rows(v, theta, d, i, 2, columns + part, z + part, squares, means);
        if (i < d)
            solve_rows(v, theta, d, i, 1, columns + part, z + part, squares, means);
        double square[PART], mean[PART];
        memcpy(square, squares, sizeof square);
        memcpy(mean, means, sizeof mean);
        for (size_t a = 0; a < PART; a++)
            bounds[part + a] = mean[a] + beta * sqrt(square[a]);
    }
}

static void score(const dp_federated_bandit_factors *v, const double *theta, double beta, const double *columns,
                  size_t d, size_t arms, double *bounds, double *room)
{
    double last[TILE];
    size_t from = 0;
    for (; from + TILE <= arms; from += TILE)
        score_tile(v, theta, beta, d, columns + from * d, room, bounds + from);
    if (from < arms) {
        score_tile(v, theta, beta, d, columns + from * d, room, last);
        memcpy(bounds + from, last, (arms - from) * sizeof *bounds);
    }
}

/* Column by column (method C1 of Gill, Golub, Murray and Saunders): what remains of x waits for no division. */
static void update(const dp_federated_bandit_factors *v, size_t d, double *restrict x)
{
    double weight = 1;
    for (size_t k = 0; k < d; k++) {
        double *restrict column = v->l + k * d;
        const double p = x[k], old = v->diagonal[k], scaled = weight * p;
        const double updated = MINUS_PRODUCT(old, -scaled, p), reciprocal = 1 / updated, b = -scaled * reciprocal;
        for (size_t i = k + 1; i < d; i++) {
            x[i] = MINUS_PRODUCT(x[i], p, column[i]);
            column[i] = MINUS_PRODUCT(column[i], b, x[i]);
        }
        weight *= old * reciprocal;
        v->diagonal[k] = updated;
        v->reciprocals[k] = reciprocal;
    }
}

const dp_federated_bandit_kernels KERNELS = {.pack = pack, .estimate = estimate, .score = score, .update = update};
