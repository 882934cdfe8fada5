/*
 * Keys of many rows: side by side, and on all threads.
 *
 * Without vectors of 64-bit products (before AVX-512) scalar registers are the widest there are, so that the baseline
 * keeps several rows in flight in them.
 */
#include "assay/cpu.h"
#include "assay/threads.h"
#include "optimized/arithmetic/functional_hash_kernels.h"

enum { THREAD_VALUES = 1 << 15, SCALAR_ROWS = 4 }; /* below so many values a second thread does not pay */

/* As the reference's, without a branch for each value. */
static inline uint64_t prepare(double value, const functional_hash_masks *masks, uint64_t *odd)
{
    uint64_t u;
    memcpy(&u, &value, sizeof u);
    const uint64_t magnitude = u & (UINT64_MAX >> 1);
    const bool finite = magnitude < UINT64_C(0x7ff) << 52;
    *odd |= !finite;
    u = magnitude < masks->floor || magnitude == 0 ? 0 : u & masks->keep;
    return finite || !masks->sentinel ? u : FUNCTIONAL_HASH_NAN;
}

/* ROWS rows of n values. */
static inline __attribute__((always_inline)) void
mix_scalar(size_t rows, const double *values, size_t n, const functional_hash_masks *masks, functional_hash_key *keys)
{
    functional_hash_key key[SCALAR_ROWS];
    uint64_t odd[SCALAR_ROWS] = {0};
    for (size_t row = 0; row < rows; row++)
        key[row] = functional_hash_start(n);
    for (size_t i = 0; i < n; i++)
        for (size_t row = 0; row < rows; row++)
            functional_hash_add_word(&key[row], prepare(values[row * n + i], masks, &odd[row]));
    for (size_t row = 0; row < rows; row++)
        keys[row] = odd[row] && !masks->sentinel ? (functional_hash_key){{0, 0}} : functional_hash_finish(key[row]);
}

functional_hash_key functional_hash_mix_row(const double *values, size_t n, const functional_hash_masks *masks)
{
    functional_hash_key key;
    mix_scalar(1, values, n, masks, &key);
    return key;
}

void functional_hash_mix_rows_baseline(const double *values, size_t n, const functional_hash_masks *masks,
                                       functional_hash_key *keys)
{
    for (size_t row = 0; row < FUNCTIONAL_HASH_ROWS; row += SCALAR_ROWS)
        mix_scalar(SCALAR_ROWS, values + row * n, n, masks, keys + row);
}

static functional_hash_mix_kernel *kernel_in_force(void)
{
    switch (assay_cpu_level()) {
#if defined(__x86_64__)
    case ASSAY_AVX512: return functional_hash_mix_rows_avx512;
#endif
    case ASSAY_AVX2: return functional_hash_mix_rows_avx2;
    default: return functional_hash_mix_rows_baseline;
    }
}

/* Rows in groups of FUNCTIONAL_HASH_ROWS. */
static void mix_groups(const double *values, size_t groups, size_t n, const functional_hash_masks *masks,
                       functional_hash_key *keys)
{
    functional_hash_mix_kernel *kernel = kernel_in_force();
    const size_t useful = groups * FUNCTIONAL_HASH_ROWS * n / THREAD_VALUES + 1;
    const int most = useful > 1 ? assay_threads() : 1, threads = useful < (size_t)most ? (int)useful : most;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (size_t g = 0; g < groups; g++)
        kernel(values + g * FUNCTIONAL_HASH_ROWS * n, n, masks, keys + g * FUNCTIONAL_HASH_ROWS);
}

assay_status functional_hash_mix_rows(const double *values, size_t count, size_t n,
                                      const functional_hash_options *options, functional_hash_key *keys)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return functional_hash_reference_mix_rows(values, count, n, options, keys);
    const assay_status status = functional_hash_check_mix(values, count, n, options, keys);
    if (status != ASSAY_OK)
        return status;
    const functional_hash_masks masks = functional_hash_masks_of(options);
    const size_t groups = count / FUNCTIONAL_HASH_ROWS;
    if (groups > 0)
        mix_groups(values, groups, n, &masks, keys);
    for (size_t i = groups * FUNCTIONAL_HASH_ROWS; i < count; i++)
        keys[i] = functional_hash_mix_row(values + i * n, n, &masks);
    return ASSAY_OK;
}

assay_status functional_hash_mix(const double *values, size_t n, const functional_hash_options *options,
                                 functional_hash_key *key)
{
    return functional_hash_mix_rows(values, 1, n, options, key);
}
