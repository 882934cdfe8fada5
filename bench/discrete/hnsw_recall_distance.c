/* Distances of our kernels for hnswlib. */
#include "bench/discrete/hnsw_recall_distance.h"

#include "assay/cpu.h"
#include "optimized/discrete/hnsw_recall_kernels.h"

static const hnsw_kernels *best(void)
{
#if defined(__x86_64__)
    if (assay_cpu_best() == ASSAY_AVX512)
        return &hnsw_kernels_avx512;
#endif
    return assay_cpu_best() >= ASSAY_AVX2 ? &hnsw_kernels_avx2 : &hnsw_kernels_baseline;
}

static const hnsw_kernels *kernels;

__attribute__((constructor)) static void choose(void)
{
    kernels = best();
}

float hnsw_distance_squares(const void *x, const void *y, const void *dimension)
{
    const uint32_t first = 0;
    float sum;
    kernels->squares(x, y, 0, *(const size_t *)dimension, &first, 1, &sum);
    return sum;
}

float hnsw_distance_product(const void *x, const void *y, const void *dimension)
{
    const uint32_t first = 0;
    float sum;
    kernels->products(x, y, 0, *(const size_t *)dimension, &first, 1, &sum);
    return 1 - sum;
}
