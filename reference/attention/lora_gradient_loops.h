/* The loops of linear algebra that the reference needs, written out; row-major. */
#ifndef ASSAY_LORA_GRADIENT_LOOPS_H
#define ASSAY_LORA_GRADIENT_LOOPS_H

#include <stddef.h>

static inline double lora_dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* y += factor x */
static inline void lora_add(double *y, double factor, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

/* C (m x n) = A (m x k) B (k x n) */
static inline void lora_multiply(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = 0;
        for (size_t t = 0; t < k; t++)
            lora_add(c + i * n, a[i * k + t], b + t * n, n);
    }
}

/* C (m x n) = factor A^T B with A k x m and B k x n */
static inline void lora_multiply_transposed(size_t m, size_t n, size_t k, double factor, const double *a,
                                            const double *b, double *c)
{
    for (size_t i = 0; i < m * n; i++)
        c[i] = 0;
    for (size_t t = 0; t < k; t++) {
        for (size_t i = 0; i < m; i++)
            lora_add(c + i * n, factor * a[t * m + i], b + t * n, n);
    }
}

/* C (m x n) = A B^T with A m x k and B n x k */
static inline void lora_multiply_by_transposed(size_t m, size_t n, size_t k, const double *a, const double *b,
                                               double *c)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = lora_dot(a + i * k, b + j * k, k);
    }
}

#endif
