/* What the transforms of both precisions share. */
#ifndef ASSAY_CORE_FOURIER_H
#define ASSAY_CORE_FOURIER_H

#include "assay/fourier.h"

#include <stdbool.h>

enum { TRANSFORMS = 64 }; /* plans that are kept for each precision */

typedef enum transform_kind { FORWARD, INVERSE, REAL_FORWARD, REAL_INVERSE } transform_kind;

/* What a plan is for; compared by its bytes, of which none is padding. */
typedef struct transform_key {
    transform_kind kind;
    unsigned dimensions;
    int shape[ASSAY_FOURIER_DIMENSIONS + 1];
} transform_key;

/* Looks at a shape, and counts its elements and the numbers of the two arrays, real and imaginary parts one by one. */
assay_status fourier_make_key(transform_kind kind, size_t dimensions, const size_t *shape, size_t size,
                              transform_key *key, size_t *elements, size_t *in_count, size_t *out_count);

assay_status fourier_check_arrays(const void *in, size_t in_bytes, const void *out, size_t out_bytes, bool may_be_same);

#endif
