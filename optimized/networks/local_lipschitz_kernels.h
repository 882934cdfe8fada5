/* The kernels of local_lipschitz that exist once for each instruction set. */
#ifndef OPTIMIZED_NETWORKS_LOCAL_LIPSCHITZ_KERNELS_H
#define OPTIMIZED_NETWORKS_LOCAL_LIPSCHITZ_KERNELS_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The widest vector, in doubles: rows of panels are this many apart or a multiple of it. */
enum { LIPSCHITZ_LANES = 8 };

static inline size_t lipschitz_padded(size_t columns)
{
    return (columns + LIPSCHITZ_LANES - 1) / LIPSCHITZ_LANES * LIPSCHITZ_LANES;
}

/* A matrix that products are made with, as its kernel wants it: panels of so many columns, each row by row; the last
 * one only as wide as it must be, a multiple of the lanes. What is beyond the matrix is 0. */
typedef struct lipschitz_packed {
    size_t rows, columns;
    size_t panel;
    double *numbers; /* rows x the padded columns */
} lipschitz_packed;

/* What a linear function is turned into by lines: for a positive coefficient and for a negative one, the slope that it
 * is multiplied by and the intercept that is added for it. */
typedef struct lipschitz_sides {
    const double *positive_slope, *negative_slope, *positive, *negative;
} lipschitz_sides;

typedef struct lipschitz_kernels {
    size_t panel; /* columns; 0: all of them */

    /* C = D + A B', where B' are rows first to first + k of B; A is m x k; D has the row length of C, may be C itself,
     * and is 0 if null. C's rows are written up to the padded number of columns. */
    void (*multiply)(size_t m, size_t k, const double *a, size_t lda, const lipschitz_packed *b, size_t first,
                     const double *d, double *c, size_t ldc);

    /* a_i *= slope_i; returns the sum of a_i intercept_i. */
    double (*relax)(double *a, size_t n, const lipschitz_sides *sides);

    /* The sum of a_i p_i over positive a_i and of a_i m_i over negative ones. */
    double (*dot)(const double *a, size_t n, const double *p, const double *m);

    /* The sum of |a_i| w_i. */
    double (*dot_magnitude)(const double *a, size_t n, const double *w);
} lipschitz_kernels;

extern const lipschitz_kernels lipschitz_kernels_baseline, lipschitz_kernels_avx2, lipschitz_kernels_avx512;

/* The kernels of the level in force, which is not the reference. */
const lipschitz_kernels *lipschitz_kernels_in_force(void);

#endif
