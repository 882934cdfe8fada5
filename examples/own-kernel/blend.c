/* The optimized code for any CPU, and the choice of the level. */
#include "blend.h"

#include <assay/cpu.h>

assay_status blend(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out)
{
    const assay_level level = assay_cpu_level();
    if (level == ASSAY_REFERENCE || n == 0 || !a || !b || !weight || !out)
        return blend_reference(a, b, weight, n, out); /* which refuses what is wrong */
    if (level >= ASSAY_AVX2) {
        blend_avx2(a, b, weight, n, out);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = blend_pixel(a[i], b[i], weight[i]);
    return ASSAY_OK;
}
