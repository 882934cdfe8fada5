/*
 * What the optimized files share: vectors on a grid in the order of its anti-diagonals, and the kernels on them.
 *
 * The points of an anti-diagonal (row + column = s) do not need each other in a sweep in natural order: point (i, j)
 * takes new values from (i - 1, j) and (i, j - 1), both on anti-diagonal s - 1, and old ones from s + 1. So one
 * anti-diagonal after the other gives the values of the natural order, bit for bit, and each of them is contiguous in
 * memory: no chain of dependences, and as many lanes as the machine has.
 */
#ifndef OPTIMIZED_SOLVERS_SOR_BANDIT_KERNELS_H
#define OPTIMIZED_SOLVERS_SOR_BANDIT_KERNELS_H

#include "assay/sor_bandit.h"

/* Where an anti-diagonal lies: the element of its first point; those of the same row on the ones before and behind; and
 * whether these begin in the same row (level), or else one above (before) or below (behind). */
typedef struct sor_bandit_place {
    size_t n; /* points */
    ptrdiff_t here, before, behind;
    bool level_before, level_behind;
} sor_bandit_place;

/* Where anti-diagonals lie. Point (i, s - i) is element origin[s] + i of a vector; the elements before the first and
 * behind the last point of an anti-diagonal are 0, and so are anti-diagonals -1 and @c diagonals, which have no points:
 * neighbours outside the grid need no exception. */
typedef struct sor_bandit_skew {
    size_t rows, columns, diagonals;
    size_t elements; /* of a vector */
    ptrdiff_t *origin;
    sor_bandit_place *places;
} sor_bandit_skew;

/* Elements between anti-diagonals, so that the first point of each is aligned to a vector; 1 packs them. */
enum { SOR_BANDIT_ALIGNED = 8, SOR_BANDIT_PACKED = 1 };

enum { SOR_BANDIT_TOGETHER = 4 };

/* The 5-point operator on a skewed grid. */
typedef struct sor_bandit_operator {
    const sor_bandit_skew *skew;
    double diagonal, neighbour;
} sor_bandit_operator;

/* Sums come out of the kernels in the order of the lanes: the same for any number of threads, another at each level. */
typedef struct sor_bandit_kernels {
    size_t lanes;
    /* One sweep of SOR; the squared norm of the residual after it. */
    double (*sweep)(const sor_bandit_operator *a, double omega, const double *b, double *x);
    /* SOR_BANDIT_TOGETHER of them, overlapped in time; the squared norms of the residual after each. */
    void (*sweeps)(const sor_bandit_operator *a, double omega, const double *b, double *x, double *squares);
    /* r = b - A x; squares[0] = its squared norm, squares[1] = that of b. */
    void (*residual)(const sor_bandit_operator *a, const double *b, const double *x, double *r, double squares[2]);
    /* x += alpha p, r -= alpha q (unless p is null), then (D + omega L) y = r (unless y is null); r's squared norm. */
    double (*advance)(const sor_bandit_operator *a, double omega, double alpha, const double *p, const double *q,
                      double *x, double *r, double *y);
    /* y = z with (D + omega L)^T z = omega (2 - omega) D y; the product r z. */
    double (*backward)(const sor_bandit_operator *a, double omega, const double *r, double *y);
    /* p = z + beta p (p = z if beta is 0), q = A p; the product p q. */
    double (*direction)(const sor_bandit_operator *a, double beta, const double *z, double *p, double *q);
    /* b = center u + g (the sum of u's neighbours). */
    void (*explicit_step)(const sor_bandit_skew *skew, double center, double g, const double *u, double *b);
    /* Sweeps of @c lanes grids side by side: element k of lane l is [k * lanes + l], diagonals and omegas are of each
     * lane. Squared norms of the residuals after it. */
    void (*sweep_lanes)(const sor_bandit_skew *skew, double neighbour, const double *diagonals, const double *omegas,
                        const double *b, double *x, double *squares);
} sor_bandit_kernels;

extern const sor_bandit_kernels sor_bandit_kernels_baseline, sor_bandit_kernels_avx2;
#if defined(__x86_64__)
extern const sor_bandit_kernels sor_bandit_kernels_avx512;
#endif

/* Those of the level in force; null for the reference. */
const sor_bandit_kernels *sor_bandit_kernels_in_force(void);

assay_status sor_bandit_skew_make(size_t rows, size_t columns, size_t alignment, sor_bandit_skew *skew);
void sor_bandit_skew_release(sor_bandit_skew *skew);
double *sor_bandit_skew_vector(const sor_bandit_skew *skew, size_t lanes); /* zeros; null if there is no memory */
void sor_bandit_skew_in(const sor_bandit_skew *skew, const double *natural, double *skewed);
void sor_bandit_skew_out(const sor_bandit_skew *skew, const double *skewed, double *natural);

/* Vectors of one solution by gradients, in the skewed order. */
typedef struct sor_bandit_workspace {
    double *r, *y, *p, *q;
} sor_bandit_workspace;

assay_status sor_bandit_workspace_make(const sor_bandit_skew *skew, sor_bandit_workspace *w);
void sor_bandit_workspace_release(sor_bandit_workspace *w);

/* The solvers on skewed vectors; all is checked already. They start from x and leave the last iterate there, except
 * that SOR without @p want_x may leave a later one. */
assay_status sor_bandit_skew_sor(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                                 double omega, const sor_bandit_goal *goal, bool want_x, double *x, double *r,
                                 sor_bandit_report *report);
assay_status sor_bandit_skew_gradients(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                                       double omega, const sor_bandit_goal *goal, double *x,
                                       const sor_bandit_workspace *w, sor_bandit_report *report);

#endif
