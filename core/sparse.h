/* What the makers of sparse matrices share. */
#ifndef ASSAY_CORE_SPARSE_H
#define ASSAY_CORE_SPARSE_H

#include "assay/sparse.h"

/* Triplets, with rows and columns in range. */
typedef struct triplets {
    size_t rows, columns, count;
    const size_t *rows_of, *columns_of;
    const double *values;
} triplets;

/* Makes a matrix of triplets. Several of one place are added if @p repeated is null; else *repeated gets the number of
 * the second one of a place that has two (unchanged if there is none), and the sums mean nothing. */
assay_status csr_assemble(const triplets *t, assay_csr *a, size_t *repeated);

#endif
