/* Attention: scores, softmax, weighted values. */
#include "assay/memory.h"
#include "reference/arithmetic/lmul_reference.h"
#include "reference/arithmetic/lmul_softmax.h"

/* One row of O at a time; @p keys_by_column is K transposed, as a matrix product needs it. */
static assay_status attend(const lmul_arithmetic *arithmetic, size_t keys, size_t width, size_t values, const float *q,
                           const float *keys_by_column, const float *v, float scale, float *weights, float *o)
{
    memset(weights, 0, keys * sizeof *weights);
    memset(o, 0, values * sizeof *o);
    assay_status status =
        lmul_reference_gemm(arithmetic, 1, keys, width, q, width, keys_by_column, keys, weights, keys);
    lmul_softmax_row(weights, keys, scale);
    if (status == ASSAY_OK)
        status = lmul_reference_gemm(arithmetic, 1, values, keys, weights, keys, v, values, o, values);
    return status;
}

assay_status lmul_reference_attention(const lmul_arithmetic *arithmetic, size_t queries, size_t keys, size_t width,
                                      size_t values, const float *q, const float *k, const float *v, float scale,
                                      float *o)
{
    assay_status status = lmul_check_attention(arithmetic, queries, keys, width, values, q, k, v, scale, o);
    if (status != ASSAY_OK)
        return status;
    float *transposed = assay_allocate(keys * width, sizeof *transposed);
    float *weights = assay_allocate(keys, sizeof *weights);
    if (!transposed || !weights)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu keys of width %zu", keys, width);
    for (size_t i = 0; status == ASSAY_OK && i < keys; i++)
        for (size_t j = 0; j < width; j++)
            transposed[j * keys + i] = k[i * width + j];
    for (size_t i = 0; status == ASSAY_OK && i < queries; i++)
        status = attend(arithmetic, keys, width, values, q + i * width, transposed, v, scale, weights, o + i * values);
    assay_release(transposed);
    assay_release(weights);
    return status;
}
