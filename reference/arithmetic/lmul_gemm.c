/* Sums of products in the order of k, one rounding for each addition. */
#include "assay/memory.h"
#include "reference/arithmetic/lmul_reference.h"

/* A dense copy of a matrix with its elements rounded as the arithmetic demands of inputs; null if there is no memory.
 */
static float *round_matrix(const lmul_arithmetic *arithmetic, size_t rows, size_t columns, const float *x,
                           size_t stride)
{
    float *rounded = assay_allocate(rows * columns, sizeof *rounded); /* fits, for x does */
    for (size_t i = 0; rounded && i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            rounded[i * columns + j] = lmul_reference_round_input(arithmetic, x[i * stride + j]);
    return rounded;
}

static float add_product(const lmul_arithmetic *arithmetic, uint32_t offset, float sum, float x, float y)
{
    if (arithmetic->kind == LMUL_EXACT)
        return fmaf(x, y, sum);
    const float product = lmul_reference_product(arithmetic, offset, x, y);
    return sum + (arithmetic->kind == LMUL_ADDITION && product == 0 ? 0.0f : product);
}

assay_status lmul_reference_gemm(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a,
                                 size_t lda, const float *b, size_t ldb, float *c, size_t ldc)
{
    assay_status status = lmul_check_gemm(arithmetic, m, n, k, a, lda, b, ldb, c, ldc);
    if (status != ASSAY_OK || m == 0 || n == 0) /* nor may the other matrix be read then */
        return status;
    const uint32_t offset = lmul_offset_f32(arithmetic);
    float *x = round_matrix(arithmetic, m, k, a, lda), *y = round_matrix(arithmetic, k, n, b, ldb);
    if (!x || !y)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for copies of a and b");
    for (size_t i = 0; status == ASSAY_OK && i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = c[i * ldc + j];
            for (size_t l = 0; l < k; l++)
                sum = add_product(arithmetic, offset, sum, x[i * k + l], y[l * n + j]);
            c[i * ldc + j] = sum;
        }
    }
    assay_release(x);
    assay_release(y);
    return status;
}

assay_status lmul_reference_dot(const lmul_arithmetic *arithmetic, const float *x, const float *y, size_t n,
                                float *result)
{
    if (!result)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "result is null");
    float sum = 0;
    const assay_status status = lmul_reference_gemm(arithmetic, 1, 1, n, x, n, y, 1, &sum, 1);
    if (status == ASSAY_OK)
        *result = sum;
    return status;
}
