/* Temporary: the public functions by the reference. */
#include "reference/discrete/hamming_distance_parts.h"

assay_status hamming_distance_exact(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                    hamming_distance_method method, const hamming_distance_options *options,
                                    int32_t *out)
{
    return hamming_distance_reference_exact(text, n, pattern, m, symbol_bytes, method, options, out);
}

assay_status hamming_distance_bounded(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      size_t k, const hamming_distance_options *options, int32_t *out)
{
    return hamming_distance_reference_bounded(text, n, pattern, m, symbol_bytes, k, options, out);
}

assay_status hamming_distance_approximate(const void *text, size_t n, const void *pattern, size_t m,
                                          size_t symbol_bytes, double epsilon, size_t repetitions,
                                          hamming_distance_estimator estimator, const hamming_distance_options *options,
                                          double *out)
{
    return hamming_distance_reference_approximate(text, n, pattern, m, symbol_bytes, epsilon, repetitions, estimator,
                                                  options, out);
}

assay_status hamming_distance_karloff(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      double epsilon, const hamming_distance_options *options, double *out)
{
    return hamming_distance_reference_karloff(text, n, pattern, m, symbol_bytes, epsilon, options, out);
}

assay_status hamming_distance_equality_product(const uint16_t *a, size_t rows, const uint16_t *b, size_t columns,
                                               size_t inner, int32_t *c)
{
    return hamming_distance_reference_equality_product(a, rows, b, columns, inner, c);
}
