/* The kernels of lmul that exist once for each instruction set, and what they share. */
#ifndef ASSAY_LMUL_KERNELS_H
#define ASSAY_LMUL_KERNELS_H

#include "reference/arithmetic/lmul_arguments.h"

/* Rows of a tile of C, and the depth of a block of A and B: a block of B's panel stays in the L2 cache, one of A in L1.
 */
enum { LMUL_TILE_ROWS = 4, LMUL_DEPTH = 256 };

/* What is known of the finite, non-zero numbers of a block: extremes of their exponent fields; and of the others. */
typedef struct lmul_range {
    uint32_t least, most;
    bool has_zero, has_special;
} lmul_range;

/* A bit for each row of a block of B (or column of one of A): whether it has a zero. */
typedef struct lmul_zeros {
    uint64_t bits[LMUL_DEPTH / 64];
} lmul_zeros;

/* B of a matrix product, rounded and rearranged: for each depth block, for each panel of columns, its rows. The last
 * panel is filled up with numbers that are never stored. */
typedef struct lmul_packed {
    size_t k, n;        /* shape of B */
    size_t panel;       /* columns of a panel */
    size_t panels;      /* of them */
    uint32_t *words;    /* k * panels * panel bit patterns */
    lmul_range *ranges; /* by depth block, then panel */
    lmul_zeros *zeros;  /* likewise */
} lmul_packed;

/* One instruction set. */
typedef struct lmul_kernels {
    size_t panel;
    void (*multiply)(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n,
                     bool past_cache);
    void (*multiply_u16)(const lmul_layout *format, const uint16_t *x, const uint16_t *y, uint16_t *out, size_t n);
    void (*multiply_u8)(const lmul_layout *format, const uint8_t *x, const uint8_t *y, uint8_t *out, size_t n);
    void (*round)(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n);
    void (*fp8_encode)(lmul_format format, const float *x, uint8_t *out, size_t n);
    void (*fp8_decode)(lmul_format format, const uint8_t *x, float *out, size_t n);
    /* Sum of exact products, by fused multiply-add in order. */
    float (*exact_dot)(const float *x, const float *y, size_t n, float sum);
    /* Packs panel @p index of all depth blocks; element (l, j) of B is b[l * row + j * column]. */
    void (*pack)(const lmul_arithmetic *arithmetic, const float *b, size_t row, size_t column, size_t index,
                 lmul_packed *packed);
    /* C += A B for m rows. */
    void (*multiply_rows)(const lmul_arithmetic *arithmetic, size_t m, const float *a, size_t lda, const lmul_packed *b,
                          float *c, size_t ldc);
    void (*softmax)(float *row, size_t n, float scale);
} lmul_kernels;

extern const lmul_kernels lmul_kernels_baseline, lmul_kernels_avx2, lmul_kernels_avx512;

/* The kernels of the level in force; null at the reference level. */
const lmul_kernels *lmul_kernels_in_force(void);

/* How inputs are rounded to fewer mantissa bits: (pattern + half + last kept bit) & keep, or only & keep. */
typedef struct lmul_rounder {
    uint32_t keep, half, shift;
    uint32_t last; /* 1 to add the last kept bit (nearest), else 0 */
} lmul_rounder;

static inline lmul_rounder lmul_rounder_of(unsigned bits, lmul_rounding rounding)
{
    const uint32_t low = (UINT32_C(1) << (23 - bits)) - 1;
    const bool nearest = rounding == LMUL_NEAREST && low != 0;
    return (lmul_rounder){~low, nearest ? low / 2 : 0, 23 - bits, nearest};
}

/* Numbers of the 8-bit formats as float32: rounding to them needs the mantissa bits, the least normal number, the
 * number whose addition rounds subnormals, and the largest one. */
typedef struct lmul_fp8_grid {
    unsigned mantissa_bits;
    float least_normal, subnormal_rounder, largest;
} lmul_fp8_grid;

static inline lmul_fp8_grid lmul_fp8_grid_of(lmul_format format)
{
    /* 1.5 * 2^23 times the least subnormal number has that as its last place. */
    return format == LMUL_E4M3 ? (lmul_fp8_grid){3, 0x1p-6f, 0x1.8p14f, 448.0f}
                               : (lmul_fp8_grid){2, 0x1p-14f, 0x1.8p7f, 57344.0f};
}

#endif
