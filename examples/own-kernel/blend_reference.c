/* The reference: the definition, and the entry that makes the algorithm known to the harness. */
#include "blend.h"

#include <assay/build.h>
#include <assay/catalogue.h>

#include "revision.h" /* written by the Makefile */

ASSAY_BUILD(REVISION, FLAGS);

ASSAY_CATALOGUE(blend, .family = "images", .title = "Compositing Digital Images", .authors = "T. Porter, T. Duff",
                .year = 1984, .identifier = "doi:10.1145/800031.808606",
                .summary = "Blends two images of bytes by weights, rounded to the nearest.",
                .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2));

assay_status blend_reference(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out)
{
    if (n > 0 && (!a || !b || !weight || !out))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !a ? "a" : !b ? "b" : !weight ? "weight" : "out");
    for (size_t i = 0; i < n; i++) {
        const unsigned sum = a[i] * weight[i] + b[i] * (255u - weight[i]);
        out[i] = (uint8_t)((2 * sum + 255) / 510); /* sum / 255 + 1/2, rounded down; 255 is odd: there are no ties */
    }
    return ASSAY_OK;
}
