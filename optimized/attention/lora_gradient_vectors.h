/*
 * Vectors of one CPU level and precision. Each file that includes this defines before it
 *   LORA_REAL     double or float, the type of tokens, scores and features; LORA_REAL_IS_DOUBLE 1 or 0
 *   LORA_BYTES    size of a register
 *   LORA_FMA(a, b, c), LORA_MAX(a, b)  on vectors of LORA_REAL
 *   LORA_FMA_WIDE(a, b, c)             on vectors of double
 *   LORA_TILE     columns of a register tile of two vectors
 *   LORA_KERNELS  the name of the table of kernels
 */
#ifndef ASSAY_LORA_GRADIENT_VECTORS_H
#define ASSAY_LORA_GRADIENT_VECTORS_H

#include "optimized/attention/lora_gradient_kernels.h"

#include <math.h>
#include <string.h>

typedef LORA_REAL real;
enum {
    LANES = LORA_BYTES / sizeof(real),
    WIDE_LANES = LORA_BYTES / sizeof(double),
    STRIP = 2 * LANES, /* queries that a register tile holds */
    BLOCK = LORA_BLOCK,
    KEYS = 128 /* keys whose scores are kept at a time */
};
_Static_assert(BLOCK % STRIP == 0, "a block is made of whole strips");

typedef real vector __attribute__((vector_size(LORA_BYTES)));
typedef double wide __attribute__((vector_size(LORA_BYTES)));

static inline vector load(const real *x)
{
    vector v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline void store(real *x, vector v)
{
    memcpy(x, &v, sizeof v);
}

static inline wide load_wide(const double *x)
{
    wide v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline void store_wide(double *x, wide v)
{
    memcpy(x, &v, sizeof v);
}

/* x in every lane; x - 0 is x, whatever its sign. */
static inline vector spread(real x)
{
    return x - (vector){0};
}

static inline wide spread_wide(double x)
{
    return x - (wide){0};
}

/* y[0 .. LANES) += v, in double. */
static inline void add_to(double *y, vector v)
{
    real x[LANES];
    store(x, v);
    for (int l = 0; l < LANES; l++)
        y[l] += (double)x[l];
}

static inline double sum_of(wide v)
{
    double x[WIDE_LANES];
    store_wide(x, v);
    for (int half = WIDE_LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++)
            x[l] += x[l + half];
    }
    return x[0];
}

/* ---- 2^x ------------------------------------------------------------------------------------------------------ */

/*
 * 2^x for x <= 0, below 2 ulp; where the result would be below the smallest normal number (about), 2^EXP2_LOWEST
 * instead. With n the integer nearest to x and r = x - n (exact), 2^r is a polynomial (Chebyshev interpolation on
 * [-1/2, 1/2]) of relative error 4.3e-18 in double, 2.6e-9 in float, and n is added to its exponent. Adding 1.5 times
 * 2^52 (2^23) to x leaves n in the last bits of the sum.
 */
#if LORA_REAL_IS_DOUBLE
#define EXP2_LOWEST -1021.0
#define LEAST_SCORE -0x1p1000 /* below all scores */
#define EXP2_MAGIC  0x1.8p52
enum { EXP2_DEGREE = 11, EXP2_MANTISSA = 52 };
static const double exp2_coefficients[] = {0x1p+0,
                                           0x1.62e42fefa39efp-1,
                                           0x1.ebfbdff82c5aep-3,
                                           0x1.c6b08d704a0c6p-5,
                                           0x1.3b2ab6fb9f1a5p-7,
                                           0x1.5d87fe78a3f9cp-10,
                                           0x1.430913112c61bp-13,
                                           0x1.ffcbfc6da6ed1p-17,
                                           0x1.62bfc2c86d700p-20,
                                           0x1.b524ebd13a55fp-24,
                                           0x1.e6228acd1c6e5p-28,
                                           0x1.e9ec1fcb69a7fp-32};
typedef int64_t integers __attribute__((vector_size(LORA_BYTES)));
#else
#define EXP2_LOWEST -125.0f
#define LEAST_SCORE -0x1p120f
#define EXP2_MAGIC  0x1.8p23f
enum { EXP2_DEGREE = 6, EXP2_MANTISSA = 23 };
static const float exp2_coefficients[] = {0x1p+0f,        0x1.62e430p-1f,  0x1.ebfbe0p-3f, 0x1.c6aeccp-5f,
                                          0x1.3b2a1cp-7f, 0x1.5f48c0p-10f, 0x1.444000p-13f};
typedef int32_t integers __attribute__((vector_size(LORA_BYTES)));
#endif

/* For levels without an instruction for it. */
static inline vector larger_of(vector a, vector b)
{
    const integers first = a > b;
    return (vector)((first & (integers)a) | (~first & (integers)b));
}

static inline vector exp2_of(vector x)
{
    x = LORA_MAX(x, spread(EXP2_LOWEST));
    const vector shifted = x + EXP2_MAGIC, r = x - (shifted - EXP2_MAGIC);
    vector p = spread(exp2_coefficients[EXP2_DEGREE]);
    for (int j = EXP2_DEGREE - 1; j >= 0; j--)
        p = LORA_FMA(p, r, spread(exp2_coefficients[j]));
    return (vector)((integers)p + ((integers)shifted << EXP2_MANTISSA));
}

/* The exponential function of the scores, and the scale that they need for it. Another one may be put in its place. */
#ifndef LORA_EXPONENTIAL
#define LORA_EXPONENTIAL exp2_of
#define LORA_SCORE_SCALE 1.44269504088896340736 /* log2(e) */
#endif

/* ---- Tokens --------------------------------------------------------------------------------------------------- */

/* The tokens of a block. */
static inline size_t rows_of(const lora_job *job, size_t block)
{
    const size_t left = job->length - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

/* x[t][row] = element t of token first + row, 0 beyond the last one. */
static inline void load_tokens(const lora_job *job, const void *tokens, size_t block, double *x)
{
    const size_t d = job->width, rows = rows_of(job, block);
    const real *from = (const real *)tokens + block * BLOCK * d;
    for (size_t t = 0; t < d; t++) {
        for (size_t i = 0; i < rows; i++)
            x[t * BLOCK + i] = (double)from[i * d + t];
        for (size_t i = rows; i < BLOCK; i++)
            x[t * BLOCK + i] = 0;
    }
}

/* y[t][row] = sum_s x[s][row] w[s][t], w of in x out numbers with row length stride: rows of Y = X W. */
static inline void project(size_t in, size_t out, const double *w, size_t stride, const double *x, double *y)
{
    for (size_t i = 0; i < BLOCK; i += WIDE_LANES) {
        for (size_t t = 0; t < out; t++) {
            wide sum = {0};
            for (size_t s = 0; s < in; s++)
                sum = LORA_FMA_WIDE(spread_wide(w[s * stride + t]), load_wide(x + s * BLOCK + i), sum);
            store_wide(y + t * BLOCK + i, sum);
        }
    }
}

/* The same with w transposed, out x in: rows of Y = X W^T. */
static inline void project_transposed(size_t in, size_t out, const double *w, const double *x, double *y)
{
    for (size_t i = 0; i < BLOCK; i += WIDE_LANES) {
        for (size_t t = 0; t < out; t++) {
            wide sum = {0};
            for (size_t s = 0; s < in; s++)
                sum = LORA_FMA_WIDE(spread_wide(w[t * in + s]), load_wide(x + s * BLOCK + i), sum);
            store_wide(y + t * BLOCK + i, sum);
        }
    }
}

/* to[s][t] = sum over the rows of the block of x[s][row] y[t][row]. */
static inline void multiply_rows(size_t m, size_t n, const double *x, const double *y, double *to)
{
    for (size_t s = 0; s < m; s++) {
        for (size_t t = 0; t < n; t++) {
            wide sum = {0};
            for (size_t i = 0; i < BLOCK; i += WIDE_LANES)
                sum = LORA_FMA_WIDE(load_wide(x + s * BLOCK + i), load_wide(y + t * BLOCK + i), sum);
            to[s * n + t] = sum_of(sum);
        }
    }
}

/* Rounds n numbers to the precision of scores. */
static inline void narrow(const double *x, size_t n, real *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (real)x[i];
}

/* Takes memory of so many doubles, in multiples of a cache line. */
static inline double *take(double **scratch, size_t count)
{
    double *taken = *scratch;
    *scratch += (count + 7) / 8 * 8;
    return taken;
}

static inline real *take_reals(double **scratch, size_t count)
{
    return (real *)take(scratch, (count * sizeof(real) + sizeof(double) - 1) / sizeof(double));
}

#endif
