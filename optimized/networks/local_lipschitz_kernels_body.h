/*
 * The kernels of local_lipschitz for one instruction set, which defines before it includes this:
 *
 * VECTOR, LANES      a vector of so many doubles
 * TILE_ROWS          rows of a tile of C; it is three vectors wide, all held in registers
 * LOAD, STORE, SET, ZERO, ADD, MULTIPLY, FMA, LARGER, SMALLER, SUM   what one does with them
 * KERNELS            the table's name
 */
#include "optimized/networks/local_lipschitz_kernels.h"

#include <math.h>

enum { TILE_VECTORS = 3, PANEL = TILE_VECTORS * LANES };

/* rows x vectors of C, kept in registers over all of k. Always inlined with constant rows and vectors. */
static inline __attribute__((always_inline)) void tile(size_t rows, size_t vectors, size_t k, const double *a,
                                                       size_t lda, const double *b, const double *d, double *c,
                                                       size_t ldc)
{
    VECTOR sum[TILE_ROWS][TILE_VECTORS];
    const size_t step = vectors * LANES;
    /* Unrolled by request, or the compiler passes the sums through memory at either end. */
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < vectors; j++)
            sum[i][j] = d ? LOAD(d + i * ldc + j * LANES) : ZERO;
    for (size_t l = 0; l < k; l++, b += step)
#pragma GCC unroll 8
        for (size_t i = 0; i < rows; i++) {
            const VECTOR x = SET(a[i * lda + l]);
#pragma GCC unroll 3
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] = FMA(x, LOAD(b + j * LANES), sum[i][j]);
        }
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < vectors; j++)
            STORE(c + i * ldc + j * LANES, sum[i][j]);
}

#define TILE(ROWS, VECTORS)                                                                                            \
    static void tile_##ROWS##_##VECTORS(size_t k, const double *a, size_t lda, const double *b, const double *d,       \
                                        double *c, size_t ldc)                                                         \
    {                                                                                                                  \
        tile(ROWS, VECTORS, k, a, lda, b, d, c, ldc);                                                                  \
    }

#define TILES(ROWS) TILE(ROWS, 1) TILE(ROWS, 2) TILE(ROWS, 3)

typedef void (*tile_function)(size_t k, const double *a, size_t lda, const double *b, const double *d, double *c,
                              size_t ldc);

#define TILES_OF(ROWS)                                                                                                 \
    {                                                                                                                  \
        tile_##ROWS##_1, tile_##ROWS##_2, tile_##ROWS##_3                                                              \
    }

TILES(1)
TILES(2)
TILES(3)
TILES(4)
#if TILE_ROWS == 8
TILES(5)
TILES(6)
TILES(7)
TILES(8)
static const tile_function tiles[TILE_ROWS][TILE_VECTORS] = {TILES_OF(1), TILES_OF(2), TILES_OF(3), TILES_OF(4),
                                                             TILES_OF(5), TILES_OF(6), TILES_OF(7), TILES_OF(8)};
#else
static const tile_function tiles[TILE_ROWS][TILE_VECTORS] = {TILES_OF(1), TILES_OF(2), TILES_OF(3), TILES_OF(4)};
#endif

static void multiply(size_t m, size_t k, const double *a, size_t lda, const lipschitz_packed *b, size_t first,
                     const double *d, double *c, size_t ldc)
{
    const size_t padded = lipschitz_padded(b->columns);
    for (size_t column = 0; column < padded; column += PANEL) {
        const size_t width = padded - column < PANEL ? padded - column : PANEL;
        const double *panel = b->numbers + column * b->rows + first * width;
        for (size_t row = 0; row < m; row += TILE_ROWS) {
            const size_t height = m - row < TILE_ROWS ? m - row : TILE_ROWS;
            tiles[height - 1][width / LANES - 1](k, a + row * lda, lda, panel, d ? d + row * ldc + column : NULL,
                                                 c + row * ldc + column, ldc);
        }
    }
}

static double relax(double *a, size_t n, const lipschitz_sides *s)
{
    VECTOR sum = ZERO;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const VECTOR x = LOAD(a + i), p = LARGER(x, ZERO), m = SMALLER(x, ZERO);
        sum = FMA(p, LOAD(s->positive + i), FMA(m, LOAD(s->negative + i), sum));
        STORE(a + i, FMA(p, LOAD(s->positive_slope + i), MULTIPLY(m, LOAD(s->negative_slope + i))));
    }
    double total = SUM(sum);
    for (; i < n; i++) {
        const bool positive = a[i] > 0;
        total += a[i] * (positive ? s->positive[i] : s->negative[i]);
        a[i] *= positive ? s->positive_slope[i] : s->negative_slope[i];
    }
    return total;
}

static double dot(const double *a, size_t n, const double *p, const double *m)
{
    VECTOR sum[2] = {ZERO, ZERO};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const VECTOR x = LOAD(a + i);
        sum[0] = FMA(LARGER(x, ZERO), LOAD(p + i), sum[0]);
        sum[1] = FMA(SMALLER(x, ZERO), LOAD(m + i), sum[1]);
    }
    double total = SUM(ADD(sum[0], sum[1]));
    for (; i < n; i++)
        total += a[i] * (a[i] > 0 ? p[i] : m[i]);
    return total;
}

static double dot_magnitude(const double *a, size_t n, const double *w)
{
    VECTOR sum = ZERO;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const VECTOR x = LOAD(a + i);
        sum = FMA(LARGER(x, MULTIPLY(x, SET(-1))), LOAD(w + i), sum);
    }
    double total = SUM(sum);
    for (; i < n; i++)
        total += fabs(a[i]) * w[i];
    return total;
}

const lipschitz_kernels KERNELS = {PANEL, multiply, relax, dot, dot_magnitude};
