/* Exact and approximate distances: the choice of the instruction set and of the method. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/cpu.h"

const hamming_kernels *hamming_kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return &hamming_kernels_baseline;
    case ASSAY_AVX2: return &hamming_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return &hamming_kernels_avx512;
#else
    return &hamming_kernels_avx2;
#endif
}

/* The methods that count by symbols. */
static assay_status run_by_symbols(const hamming_kernels *kernels, const hamming_distance_input *input,
                                   hamming_distance_method method, const hamming_distance_settings *settings,
                                   int32_t *out)
{
    hamming_alphabet alphabet;
    const size_t N = settings->block ? settings->block : hamming_fourier_length(input->m);
    assay_status status = hamming_make_alphabet(input, &alphabet);
    if (status != ASSAY_OK)
        return status;
    if (method == HAMMING_DISTANCE_SLICED)
        status = hamming_count_sliced(kernels, input, &alphabet, out);
    else if (method == HAMMING_DISTANCE_LASVEGAS)
        status = hamming_las_vegas(kernels, input, &alphabet, settings, (hamming_las_vegas_way){.pair_limit = 1}, out);
    else
        status =
            hamming_abrahamson(kernels, input, &alphabet, method == HAMMING_DISTANCE_FFT_ALL ? 0 : settings->threshold,
                               N, out, settings->counters);
    hamming_release_alphabet(&alphabet);
    return status;
}

assay_status hamming_distance_exact(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                    hamming_distance_method method, const hamming_distance_options *options,
                                    int32_t *out)
{
    const hamming_kernels *kernels = hamming_kernels_in_force();
    if (!kernels)
        return hamming_distance_reference_exact(text, n, pattern, m, symbol_bytes, method, options, out);
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_method(&input, method);
    if (status != ASSAY_OK)
        return status;
    hamming_distance_settings settings;
    hamming_distance_settle(options, m, &settings);
    switch (method) {
    case HAMMING_DISTANCE_AUTO: return hamming_automatic(kernels, &input, &settings, out);
    case HAMMING_DISTANCE_DIRECT:
        return hamming_distance_reference_exact(text, n, pattern, m, symbol_bytes, method, options, out);
    case HAMMING_DISTANCE_SIMD: hamming_compare(kernels, &input, out); return ASSAY_OK;
    case HAMMING_DISTANCE_DNA2: return hamming_count_bases(kernels, &input, out);
    default: return run_by_symbols(kernels, &input, method, &settings, out);
    }
}

assay_status hamming_distance_approximate(const void *text, size_t n, const void *pattern, size_t m,
                                          size_t symbol_bytes, double epsilon, size_t repetitions,
                                          hamming_distance_estimator estimator, const hamming_distance_options *options,
                                          double *out)
{
    if (!hamming_kernels_in_force())
        return hamming_distance_reference_approximate(text, n, pattern, m, symbol_bytes, epsilon, repetitions,
                                                      estimator, options, out);
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_estimate(epsilon, repetitions, estimator);
    if (status != ASSAY_OK)
        return status;
    return hamming_distance_estimate(hamming_distance_exact, &input, epsilon, repetitions, estimator, options, out);
}

assay_status hamming_distance_karloff(const void *text, size_t n, const void *pattern, size_t m, size_t symbol_bytes,
                                      double epsilon, const hamming_distance_options *options, double *out)
{
    if (!hamming_kernels_in_force())
        return hamming_distance_reference_karloff(text, n, pattern, m, symbol_bytes, epsilon, options, out);
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_karloff(epsilon);
    if (status != ASSAY_OK)
        return status;
    return hamming_distance_estimate_by_signs(hamming_distance_exact, &input, epsilon, options, out);
}
