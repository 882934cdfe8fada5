/* hamming_distance: bad input gets its error, and outputs stay untouched. */
#include "verify/discrete/hamming_distance_checks.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <string.h>

enum { UNTOUCHED = 123456789 };

static const uint8_t text[16] = "abracadabra", pattern[4] = "abra";

void hamming_check_rejects_strings(verify_context *v)
{
    int32_t out[16];
    for (size_t i = 0; i < 16; i++)
        out[i] = UNTOUCHED;
    for (int bounded = 0; bounded < 2; bounded++) {
#define CALL(T, N, P, M, WIDTH, OUT)                                                                                   \
    (bounded ? hamming_distance_bounded(T, N, P, M, WIDTH, 0, NULL, OUT)                                               \
             : hamming_distance_exact(T, N, P, M, WIDTH, HAMMING_DISTANCE_AUTO, NULL, OUT))
        verify_rejects(v, CALL(NULL, 11, pattern, 4, 1, out), ASSAY_INVALID_ARGUMENT, "text is null", "no text");
        verify_rejects(v, CALL(text, 11, NULL, 4, 1, out), ASSAY_INVALID_ARGUMENT, "pattern is null", "no pattern");
        verify_rejects(v, CALL(text, 11, pattern, 4, 1, NULL), ASSAY_INVALID_ARGUMENT, "out is null", "no out");
        verify_rejects(v, CALL(text, 11, pattern, 0, 1, out), ASSAY_OUT_OF_RANGE, "m is 0", "m = 0");
        verify_rejects(v, CALL(text, 3, pattern, 4, 1, out), ASSAY_OUT_OF_RANGE, "m is 4", "n < m");
        verify_rejects(v, CALL(text, 0, pattern, 0, 1, out), ASSAY_OUT_OF_RANGE, "m is 0", "both empty");
        verify_rejects(v, CALL(text, (size_t)1 << 31, pattern, 4, 1, out), ASSAY_OUT_OF_RANGE, "n is", "n = 2^31");
        verify_rejects(v, CALL(text, SIZE_MAX, pattern, 4, 1, out), ASSAY_OUT_OF_RANGE, "n is", "huge n");
        static const size_t widths[] = {0, 3, 4, SIZE_MAX};
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            verify_rejects(v, CALL(text, 4, pattern, 4, widths[i], out), ASSAY_INVALID_ARGUMENT, "symbol_bytes",
                           "symbols of %zu bytes", widths[i]);
        uint16_t words[8] = {0};
        const uint8_t *odd = (const uint8_t *)words + 1;
        verify_rejects(v, CALL(odd, 5, words, 2, 2, out), ASSAY_INVALID_ARGUMENT, "aligned",
                       "a text at an odd address");
        verify_rejects(v, CALL(words, 5, odd, 2, 2, out), ASSAY_INVALID_ARGUMENT, "aligned",
                       "a pattern at an odd address");
        verify_rejects(v, CALL(out + 1, 8, pattern, 4, 1, out), ASSAY_INVALID_ARGUMENT, "overlaps", "text in out");
        verify_rejects(v, CALL(text, 11, (const uint8_t *)out + 28, 4, 1, out), ASSAY_INVALID_ARGUMENT, "overlaps",
                       "pattern in out");
#undef CALL
    }
    verify_rejects(v, hamming_distance_bounded(text, 11, pattern, 4, 1, 5, NULL, out), ASSAY_OUT_OF_RANGE, "k is 5",
                   "k > m");
    verify_rejects(v, hamming_distance_bounded(text, 11, pattern, 4, 1, (size_t)-1, NULL, out), ASSAY_OUT_OF_RANGE,
                   "k is", "k = -1");
    for (size_t i = 0; i < 16; i++)
        verify_true(v, out[i] == UNTOUCHED, "out[%zu] is untouched", i);
}

void hamming_check_rejects_options(verify_context *v)
{
    int32_t out[8] = {UNTOUCHED};
    static const int methods[] = {-1, HAMMING_DISTANCE_METHODS, 99};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const hamming_distance_method method = (hamming_distance_method)methods[i];
        verify_rejects(v, hamming_distance_exact(text, 11, pattern, 4, 1, method, NULL, out), ASSAY_INVALID_ARGUMENT,
                       "method", "method %d", methods[i]);
        verify_true(v, hamming_distance_method_name(method) == NULL, "method %d has no name", methods[i]);
    }
    verify_rejects(v, hamming_distance_exact(text, 11, pattern, 4, 1, HAMMING_DISTANCE_DNA2, NULL, out),
                   ASSAY_OUT_OF_RANGE, "symbol 0 of text", "letters as DNA");
    static const uint8_t bases[12] = {0, 1, 2, 3, 0, 1, 2, 3, 2, 1, 0, 2}, wrong[3] = {3, 2, 4};
    static const uint16_t wide[4] = {0, 1, 259, 3};
    verify_rejects(v, hamming_distance_exact(bases, 12, wrong, 3, 1, HAMMING_DISTANCE_DNA2, NULL, out),
                   ASSAY_OUT_OF_RANGE, "symbol 2 of pattern", "a base 4");
    verify_rejects(v, hamming_distance_exact(wide, 4, wide, 2, 2, HAMMING_DISTANCE_DNA2, NULL, out), ASSAY_OUT_OF_RANGE,
                   "symbol 2 of text", "a wide base 259");
    static const uint32_t composite[] = {1, 4, 9, 12288, 65520}, large[] = {65522, 65537, UINT32_MAX};
    for (size_t i = 0; i < sizeof composite / sizeof *composite; i++)
        verify_rejects(v,
                       hamming_distance_exact(text, 11, pattern, 4, 1, HAMMING_DISTANCE_LASVEGAS,
                                              &(hamming_distance_options){.modulus = composite[i]}, out),
                       ASSAY_INVALID_ARGUMENT, "modulus", "modulus %u", composite[i]);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        verify_rejects(v,
                       hamming_distance_exact(text, 11, pattern, 4, 1, HAMMING_DISTANCE_LASVEGAS,
                                              &(hamming_distance_options){.modulus = large[i]}, out),
                       ASSAY_OUT_OF_RANGE, "modulus", "modulus %u", large[i]);
    static const size_t blocks[] = {1, 2, 3, 5, 12, (size_t)1 << 31, SIZE_MAX};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        verify_rejects(v,
                       hamming_distance_exact(text, 11, pattern, 4, 1, HAMMING_DISTANCE_FFT_ALL,
                                              &(hamming_distance_options){.block = blocks[i]}, out),
                       ASSAY_OUT_OF_RANGE, "block", "block %zu", blocks[i]);
    verify_rejects(
        v, hamming_distance_bounded(text, 11, pattern, 4, 1, 2, &(hamming_distance_options){.filters = 65}, out),
        ASSAY_OUT_OF_RANGE, "filters", "65 filters");
    verify_rejects(v, assay_set_threads(-1), ASSAY_OUT_OF_RANGE, "threads", "-1 threads");
    verify_true(v, out[0] == UNTOUCHED, "the output is untouched");
}

void hamming_check_rejects_estimates(verify_context *v)
{
    double out[8] = {UNTOUCHED};
    static const double epsilons[] = {0, -0.5, 1.0000001, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < sizeof epsilons / sizeof *epsilons; i++) {
        verify_rejects(v,
                       hamming_distance_approximate(text, 11, pattern, 4, 1, epsilons[i], 8, HAMMING_DISTANCE_MAX_LOWER,
                                                    NULL, out),
                       ASSAY_OUT_OF_RANGE, "epsilon", "epsilon %g", epsilons[i]);
        verify_rejects(v, hamming_distance_karloff(text, 11, pattern, 4, 1, epsilons[i], NULL, out), ASSAY_OUT_OF_RANGE,
                       "epsilon", "Karloff, epsilon %g", epsilons[i]);
        verify_true(v, hamming_distance_classes(epsilons[i]) == 0, "no classes for epsilon %g", epsilons[i]);
    }
    verify_rejects(v,
                   hamming_distance_approximate(text, 11, pattern, 4, 1, 0.5, 0, HAMMING_DISTANCE_MAX_LOWER, NULL, out),
                   ASSAY_OUT_OF_RANGE, "repetitions is 0", "no repetitions");
    verify_rejects(
        v, hamming_distance_approximate(text, 11, pattern, 4, 1, 0.5, 8, (hamming_distance_estimator)2, NULL, out),
        ASSAY_INVALID_ARGUMENT, "estimator", "estimator 2");
    verify_rejects(v,
                   hamming_distance_approximate(NULL, 11, pattern, 4, 1, 0.5, 8, HAMMING_DISTANCE_MAX_LOWER, NULL, out),
                   ASSAY_INVALID_ARGUMENT, "text is null", "no text");
    verify_rejects(v, hamming_distance_karloff(text, 3, pattern, 4, 1, 0.5, NULL, out), ASSAY_OUT_OF_RANGE, "m is 4",
                   "n < m");
    verify_true(v, out[0] == UNTOUCHED, "the output is untouched");
}

void hamming_check_rejects_product(verify_context *v)
{
    const uint16_t a[4] = {1, 2, 3, 4}, b[4] = {1, 3, 2, 4};
    uint16_t overlapping[16] = {0};
    int32_t c[4] = {UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED};
    verify_rejects(v, hamming_distance_equality_product(NULL, 2, b, 2, 2, c), ASSAY_INVALID_ARGUMENT, "a is null", "a");
    verify_rejects(v, hamming_distance_equality_product(a, 2, NULL, 2, 2, c), ASSAY_INVALID_ARGUMENT, "b is null", "b");
    verify_rejects(v, hamming_distance_equality_product(a, 2, b, 2, 2, NULL), ASSAY_INVALID_ARGUMENT, "c is null", "c");
    verify_rejects(v, hamming_distance_equality_product(a, 0, b, 2, 2, c), ASSAY_OUT_OF_RANGE, "rows", "no rows");
    verify_rejects(v, hamming_distance_equality_product(a, 2, b, 0, 2, c), ASSAY_OUT_OF_RANGE, "columns", "no columns");
    verify_rejects(v, hamming_distance_equality_product(a, 2, b, 2, 0, c), ASSAY_OUT_OF_RANGE, "inner", "no inner");
    verify_rejects(v, hamming_distance_equality_product(a, 2, b, 2, 1 << 24, c), ASSAY_OUT_OF_RANGE, "inner",
                   "inner 2^24");
    verify_rejects(v, hamming_distance_equality_product(a, SIZE_MAX / 2, b, 2, 2, c), ASSAY_NO_MEMORY, "fit",
                   "too many rows");
    verify_rejects(v, hamming_distance_equality_product(a, (size_t)1 << 40, b, (size_t)1 << 40, 2, c), ASSAY_NO_MEMORY,
                   "fit", "too large a product");
    verify_rejects(v, hamming_distance_equality_product(overlapping, 2, b, 2, 2, (int32_t *)(void *)overlapping),
                   ASSAY_INVALID_ARGUMENT, "overlaps a", "c over a");
    verify_true(v, c[0] == UNTOUCHED && c[3] == UNTOUCHED, "c is untouched");
}
