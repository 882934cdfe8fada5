/* The equality product of two matrices of symbols. */
#include "reference/discrete/hamming_distance_parts.h"

assay_status hamming_distance_reference_equality_product(const uint16_t *a, size_t rows, const uint16_t *b,
                                                         size_t columns, size_t inner, int32_t *c)
{
    const assay_status status = hamming_distance_check_product(a, rows, b, columns, inner, c);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            int32_t equal = 0;
            for (size_t t = 0; t < inner; t++)
                equal += a[i * inner + t] == b[t * columns + j];
            c[i * columns + j] = equal;
        }
    return ASSAY_OK;
}
