/* The kernels of local_lipschitz for any CPU: products by OpenBLAS, loops for the rest. */
#include "assay/cpu.h"
#include "optimized/networks/local_lipschitz_kernels.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

static void multiply(size_t m, size_t k, const double *a, size_t lda, const lipschitz_packed *b, size_t first,
                     const double *d, double *c, size_t ldc)
{
    const size_t padded = lipschitz_padded(b->columns);
    for (size_t i = 0; d != c && i < m; i++) {
        if (d)
            memcpy(c + i * ldc, d + i * ldc, padded * sizeof *c);
        else
            memset(c + i * ldc, 0, padded * sizeof *c);
    }
    if (k > 0)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)m, (blasint)padded, (blasint)k, 1, a,
                    (blasint)lda, b->numbers + first * padded, (blasint)padded, 1, c, (blasint)ldc);
}

static double relax(double *a, size_t n, const lipschitz_sides *s)
{
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        const double p = a[i] > 0 ? a[i] : 0, m = a[i] > 0 ? 0 : a[i];
        total += p * s->positive[i] + m * s->negative[i];
        a[i] = p * s->positive_slope[i] + m * s->negative_slope[i];
    }
    return total;
}

static double dot(const double *a, size_t n, const double *p, const double *m)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += a[i] * (a[i] > 0 ? p[i] : m[i]);
    return total;
}

static double dot_magnitude(const double *a, size_t n, const double *w)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += fabs(a[i]) * w[i];
    return total;
}

const lipschitz_kernels lipschitz_kernels_baseline = {0, multiply, relax, dot, dot_magnitude};

const lipschitz_kernels *lipschitz_kernels_in_force(void)
{
#if defined(__x86_64__)
    if (assay_cpu_level() >= ASSAY_AVX512)
        return &lipschitz_kernels_avx512;
#endif
    return assay_cpu_level() >= ASSAY_AVX2 ? &lipschitz_kernels_avx2 : &lipschitz_kernels_baseline;
}
