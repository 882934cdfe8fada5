/* AUTO: the method that a model of costs expects to be the fastest. */
#include "optimized/discrete/hamming_distance_methods.h"

assay_status hamming_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                               const hamming_distance_settings *settings, int32_t *out)
{
    (void)settings;
    hamming_compare(kernels, input, out);
    return ASSAY_OK;
}
