/* The two matrix products that all the time goes into, in register tiles. */
#ifndef ASSAY_LORA_GRADIENT_PRODUCTS_H
#define ASSAY_LORA_GRADIENT_PRODUCTS_H

#include "optimized/attention/lora_gradient_vectors.h"

#define LORA_INLINE static inline __attribute__((always_inline))

/* y[c][0 .. STRIP) += sum over k < n of a[k][0 .. STRIP) b[k][c], for c < columns, which is a constant. Rows of a are
 * lda numbers long, those of b ldb, those of y BLOCK. The sum over k is made in the precision of scores. */
LORA_INLINE void product_tile(const size_t columns, size_t n, const real *a, size_t lda, const real *b, size_t ldb,
                              double *y)
{
    vector sum[2][LORA_TILE];
    for (size_t c = 0; c < columns; c++)
        sum[0][c] = sum[1][c] = (vector){0};
    for (size_t k = 0; k < n; k++, a += lda, b += ldb) {
        const vector a0 = load(a), a1 = load(a + LANES);
        for (size_t c = 0; c < columns; c++) {
            const vector x = spread(b[c]);
            sum[0][c] = LORA_FMA(a0, x, sum[0][c]);
            sum[1][c] = LORA_FMA(a1, x, sum[1][c]);
        }
    }
    for (size_t c = 0; c < columns; c++) {
        add_to(y + c * BLOCK, sum[0][c]);
        add_to(y + c * BLOCK + LANES, sum[1][c]);
    }
}

/* The same for any number of columns, divided into tiles of about the same size. */
static void product(size_t columns, size_t n, const real *a, size_t lda, const real *b, size_t ldb, double *y)
{
    for (size_t c = 0, now; c < columns; c += now) {
        const size_t left = columns - c, tiles = (left + LORA_TILE - 1) / LORA_TILE;
        now = (left + tiles - 1) / tiles;
#define PRODUCT_CASE(C)                                                                                                \
    case C: product_tile(C, n, a, lda, b + c, ldb, y + c * BLOCK); break
        switch (now) {
            PRODUCT_CASE(1);
            PRODUCT_CASE(2);
            PRODUCT_CASE(3);
            PRODUCT_CASE(4);
            PRODUCT_CASE(5);
            PRODUCT_CASE(6);
#if LORA_TILE > 6
            PRODUCT_CASE(7);
            PRODUCT_CASE(8);
            PRODUCT_CASE(9);
            PRODUCT_CASE(10);
            PRODUCT_CASE(11);
            PRODUCT_CASE(12);
#endif
        }
#undef PRODUCT_CASE
    }
}

enum { GATHER_ROWS = LORA_TILE > 6 ? 8 : 4, GATHER_VECTORS = 3 };

/* t[a][0 .. vectors LANES) += sum over the rows of the block of u[a][row] g[row][0 ..), for a < features; features and
 * vectors are constants. The sum over the block is made in the precision of features. */
LORA_INLINE void gather_tile(const size_t features, const size_t vectors, const real *u, const real *g, size_t stride,
                             double *t)
{
    vector sum[GATHER_ROWS][GATHER_VECTORS];
    for (size_t a = 0; a < features; a++) {
        for (size_t c = 0; c < vectors; c++)
            sum[a][c] = (vector){0};
    }
    for (size_t i = 0; i < BLOCK; i++, g += stride) {
        vector x[GATHER_VECTORS];
        for (size_t c = 0; c < vectors; c++)
            x[c] = load(g + c * LANES);
        for (size_t a = 0; a < features; a++) {
            const vector y = spread(u[a * BLOCK + i]);
            for (size_t c = 0; c < vectors; c++)
                sum[a][c] = LORA_FMA(x[c], y, sum[a][c]);
        }
    }
    for (size_t a = 0; a < features; a++) {
        for (size_t c = 0; c < vectors; c++)
            add_to(t + a * stride + c * LANES, sum[a][c]);
    }
}

#define GATHER_CASE(FEATURES, VECTORS)                                                                                 \
    case FEATURES: gather_tile(FEATURES, VECTORS, u + a * BLOCK, g, stride, t + a * stride); break

/* The same for any number of features. */
LORA_INLINE void gather_columns(size_t features, const size_t vectors, const real *u, const real *g, size_t stride,
                                double *t)
{
    size_t a = 0;
    for (; a + GATHER_ROWS <= features; a += GATHER_ROWS)
        gather_tile(GATHER_ROWS, vectors, u + a * BLOCK, g, stride, t + a * stride);
    switch (features - a) {
        GATHER_CASE(1, vectors);
        GATHER_CASE(2, vectors);
        GATHER_CASE(3, vectors);
#if LORA_TILE > 6
        GATHER_CASE(4, vectors);
        GATHER_CASE(5, vectors);
        GATHER_CASE(6, vectors);
        GATHER_CASE(7, vectors);
#endif
    }
}
#undef GATHER_CASE

/* The same for any number of columns, which are a multiple of a vector's. */
static void gather_rows(size_t features, const real *u, const real *g, size_t stride, double *t)
{
    for (size_t c = 0, vectors; c < stride; c += vectors * LANES) {
        const size_t left = (stride - c) / LANES, tiles = (left + GATHER_VECTORS - 1) / GATHER_VECTORS;
        vectors = (left + tiles - 1) / tiles;
        switch (vectors) {
        case 1: gather_columns(features, 1, u, g + c, stride, t + c); break;
        case 2: gather_columns(features, 2, u, g + c, stride, t + c); break;
        default: gather_columns(features, 3, u, g + c, stride, t + c); break;
        }
    }
}

#endif
