/* What the solvers on sparse matrices share: the matrix in the order of levels, and what all of them do with it. */
#ifndef OPTIMIZED_SOLVERS_SOR_BANDIT_CSR_H
#define OPTIMIZED_SOLVERS_SOR_BANDIT_CSR_H

#include "assay/sor_bandit.h"

/* A matrix with its rows and columns in the order of levels; each row's elements stay in their order. */
typedef struct sor_bandit_ordered {
    size_t n;
    size_t *row_of;             /* position to row */
    size_t *starts, *diagonals; /* of elements; diagonals: where each row's diagonal element is */
    uint32_t *indices;          /* positions */
    double *values;
    double *memory; /* vectors of n */
} sor_bandit_ordered;

/* Checks the arguments of a solver. */
assay_status sor_bandit_ordered_check(const assay_csr *a, const double *b, double omega, bool may_be_plain,
                                      const sor_bandit_goal *goal, const double *x);

/* Orders a matrix, with memory for so many vectors; to be released even if it failed. */
assay_status sor_bandit_ordered_make(const assay_csr *a, size_t vectors, sor_bandit_ordered *o);
void sor_bandit_ordered_release(sor_bandit_ordered *o);
void sor_bandit_ordered_in(const sor_bandit_ordered *o, const double *natural, double *x);
void sor_bandit_ordered_out(const sor_bandit_ordered *o, const double *x, double *natural);

/* out = A x, or b - A x if b is not null; its product with @p other (null: with itself). Uses threads. */
double sor_bandit_ordered_multiply(const sor_bandit_ordered *o, const double *b, const double *x, double *out,
                                   const double *other);

/* What residuals are relative to, from the squares of the first one and b. */
assay_status sor_bandit_ordered_reference(const sor_bandit_ordered *o, const sor_bandit_goal *goal, double start,
                                          const double *b, double *reference);

assay_status sor_bandit_ordered_not_converged(size_t limit, double reached, double tolerance);

/* Sum of the elements from k to end times x, on top of @p sum. */
static inline double sor_bandit_ordered_sum(const sor_bandit_ordered *o, size_t k, size_t end, const double *x,
                                            double sum)
{
    for (; k < end; k++)
        sum += o->values[k] * x[o->indices[k]];
    return sum;
}

#endif
