/* The kernels of hamming_distance that exist once for each instruction set. */
#ifndef ASSAY_HAMMING_DISTANCE_KERNELS_H
#define ASSAY_HAMMING_DISTANCE_KERNELS_H

#include "reference/discrete/hamming_distance_parts.h"

/* ---- Bit slices ----------------------------------------------------------------------------------------------- */

/* Inputs of a bit-sliced sum are taken so many at a time: the lists of their offsets are padded to a multiple. */
enum { HAMMING_SLICE_INPUTS = 16 };

/* A pattern of DNA in eight copies, shifted by 0 to 7 bits: for each word of 64 bits the copies' words of both planes.
 * The masks, of the first word and of the last two (or one) beyond it, are 0 outside the pattern. */
typedef struct hamming_bases {
    size_t words;
    uint64_t (*word)[8][2];
    uint64_t mask[3][8];
} hamming_bases;

/* ---- Transforms of residues ----------------------------------------------------------------------------------- */

/* The modulus of vector transforms; four times it fits in 16 bits, so that sums need not be reduced at once. */
enum { HAMMING_MODULUS = 12289, HAMMING_WIDTH_MAX = 256 };

/* A factor in Montgomery form (times 2^16 modulo q) with its product by 1/q modulo 2^16: two numbers that multiply a
 * vector in four instructions. */
typedef struct hamming_factor {
    uint16_t value, quotient;
} hamming_factor;

/*
 * Cyclic convolutions of N = width * length residues. A position is width * row + column: as a polynomial in x of
 * degree below width, whose coefficients are polynomials in y = x^width. First y is put to all powers of a root of
 * unity (a transform over the rows for each column: no vector needs shuffling), then x likewise at 2 * width points,
 * enough for a product of two polynomials; the surplus over degree width is folded back at the end by x^width = y.
 */
typedef struct hamming_modular {
    size_t width, length, N;                       /* width a multiple of 32 */
    hamming_factor *row_roots, *row_inverse;       /* for rows: roots of stages of half length 1, 2, 4, ... in turn */
    hamming_factor *column_roots, *column_inverse; /* the same for 2 * width columns */
    uint16_t *fold;       /* y of each row, in the order in which the transform leaves them, in Montgomery form */
    hamming_factor scale; /* 1 / (2 width length) */
    hamming_factor to_montgomery;
} hamming_modular;

/* ---- The table ------------------------------------------------------------------------------------------------ */

typedef struct hamming_kernels {
    size_t vector_bytes;

    /* out[i] = distance at shift i, i < shifts. */
    void (*compare_u8)(const uint8_t *text, size_t shifts, const uint8_t *pattern, size_t m, int32_t *out);
    void (*compare_u16)(const uint16_t *text, size_t shifts, const uint16_t *pattern, size_t m, int32_t *out);

    /* The distance of two strings; any number above @p limit if it is above it. */
    size_t (*distance_u8)(const uint8_t *a, const uint8_t *b, size_t m, size_t limit);
    size_t (*distance_u16)(const uint16_t *a, const uint16_t *b, size_t m, size_t limit);

    /* Bit i of the plane = (text[i] == symbol), i < length, and 0 to the end of the last 64-bit word; null: there is no
     * quick way. */
    void (*plane_u8)(const uint8_t *text, size_t length, uint8_t symbol, uint64_t *plane);
    void (*plane_u16)(const uint16_t *text, size_t length, uint16_t symbol, uint64_t *plane);

    /* counts[i] += number of k < count whose bit i, counted from byte offsets[k] of the planes, is set; i < 8 *
     * vector_bytes * blocks, count a multiple of HAMMING_SLICE_INPUTS and at most 65520. */
    void (*sliced)(const unsigned char *planes, const uint32_t *offsets, size_t count, size_t blocks, uint16_t *counts);

    /* out[i] = distance, i < shifts, for the bit planes of a text of bases, readable for two vectors beyond its end. */
    void (*bases)(const unsigned char *const text[2], const hamming_bases *pattern, size_t shifts, int32_t *out);

    /* x[i] = (text[i] == symbol), i < length. */
    void (*indicate_u8)(const uint8_t *text, size_t length, uint8_t symbol, float *x);
    void (*indicate_u16)(const uint16_t *text, size_t length, uint16_t symbol, float *x);
    /* sum += a conj(b), count complex numbers. */
    void (*correlate)(const float *a, const float *b, size_t count, float *sum);
    /* The largest distance of any x[i] from an integer; they are below 2^22. NaN is far from any. */
    float (*off_integers)(const float *x, size_t count);
    /* out[i] -= x[i] rounded, plus a constant. */
    void (*subtract)(const float *x, size_t count, int32_t constant, int32_t *out);

    /* x[i] = (text[i] == symbol), i < length, else 0 to N; transformed over the rows. */
    void (*rows_u8)(const hamming_modular *modular, const uint8_t *text, size_t length, uint8_t symbol, uint16_t *x);
    void (*rows_u16)(const hamming_modular *modular, const uint16_t *text, size_t length, uint16_t symbol, uint16_t *x);
    /* Transforms N residues below 2 q over the rows. */
    void (*rows)(const hamming_modular *modular, uint16_t *x);
    /* From rows to the spectrum of 2 N numbers, in Montgomery form. */
    void (*columns)(const hamming_modular *modular, const uint16_t *x, uint16_t *spectrum);
    /* sum += product of the spectra of x and of the other; sums are below 2 q. */
    void (*multiply)(const hamming_modular *modular, const uint16_t *x, const uint16_t *spectrum, uint16_t *sum);
    /* From a sum of spectra (destroyed) to N residues below q. */
    void (*inverse)(const hamming_modular *modular, uint16_t *sum, uint16_t *x);
} hamming_kernels;

extern const hamming_kernels hamming_kernels_baseline, hamming_kernels_avx2, hamming_kernels_avx512;

/* Those of the level in force; null at the reference level. */
const hamming_kernels *hamming_kernels_in_force(void);

#endif
