/* hamming_distance: what the floating-point transforms' results are turned into, beyond what other checks reach. */
#include "assay/memory.h"
#include "optimized/discrete/hamming_distance_kernels.h"
#include "verify/discrete/hamming_distance_checks.h"

#include <math.h>

/* How far results are from integers, at any place of any length: what is off by more than a quarter is done again. The
 * numbers and their distances are exact in float32, and so is the answer. */
void hamming_check_off_integers(verify_context *v)
{
    enum { MOST = 70 };
    static const float far[] = {0.5F, -0.4375F, 0.25F, 0.0625F};
    const hamming_kernels *kernels = hamming_kernels_in_force();
    float x[MOST];
    if (!kernels) {
        verify_skip(v, "the reference has no float32 transforms");
        return;
    }
    for (size_t n = 1; n <= MOST; n++)
        for (size_t at = 0; at < n; at++) {
            const float distance = far[(n + at) % 4];
            for (size_t i = 0; i < n; i++) /* all others are off by less */
                x[i] = (float)((int)assay_random_integer(verify_random(v, n), i, 4001) - 2000) + 0x1p-6F;
            x[at] += distance - 0x1p-6F;
            const double found = kernels->off_integers(x, n);
            if (!verify_true(v, found == (double)fabsf(distance), "number %zu of %zu is off by %g, found %g", at, n,
                             (double)distance, found))
                return;
            x[at] = NAN;
            if (!verify_true(v, !(kernels->off_integers(x, n) <= 0.25F), "number %zu of %zu is NaN", at, n))
                return;
        }
}

/* Transforms longer than 2^20 are in float64. Two blocks of text, the second of which is short, and what lies behind
 * the distances is not touched. */
void hamming_check_float64(verify_context *v)
{
    enum { BLOCK = 1 << 21, M = 17, N = BLOCK + 1000, SHIFTS = N - M + 1, BEHIND = 8 };
    uint8_t *text = assay_allocate(N, 1), pattern[M];
    int32_t *out = assay_allocate(SHIFTS + BEHIND, sizeof *out);
    const hamming_distance_options options = {.block = BLOCK};
    bool good = verify_true(v, text && out, "memory");
    for (size_t i = 0; good && i < N; i++)
        text[i] = (uint8_t)(assay_random_bits(verify_random(v, 1), i) & 1);
    for (size_t i = 0; i < M; i++)
        pattern[i] = (uint8_t)(i % 3 == 1);
    for (size_t i = 0; good && i < BEHIND; i++)
        out[SHIFTS + i] = 77;
    good = good && verify_ok(v, hamming_distance_exact(text, N, pattern, M, 1, HAMMING_DISTANCE_FFT_ALL, &options, out),
                             "transforms of 2^21 numbers");
    for (size_t i = 0; good && i < SHIFTS; i++) {
        int32_t distance = 0;
        for (size_t j = 0; j < M; j++)
            distance += text[i + j] != pattern[j];
        good = verify_true(v, out[i] == distance, "shift %zu has distance %d, found %d", i, distance, out[i]);
    }
    for (size_t i = 0; good && i < BEHIND; i++)
        good = verify_true(v, out[SHIFTS + i] == 77, "number %zu behind the distances was written", i);
    assay_release(text);
    assay_release(out);
}
