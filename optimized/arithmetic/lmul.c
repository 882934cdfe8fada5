/* Elements: the choice of the instruction set, and threads for long vectors. */
#include "assay/cpu.h"
#include "assay/threads.h"
#include "optimized/arithmetic/lmul_kernels.h"

/* Elements for each thread below which starting it costs more than it saves, and the granule of the division: a
 * multiple of every vector's length and of a page. */
enum { THREAD_ELEMENTS = 1 << 16, GRANULE = 1 << 12 };

const lmul_kernels *lmul_kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return &lmul_kernels_baseline;
    case ASSAY_AVX2: return &lmul_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return &lmul_kernels_avx512;
#else
    return &lmul_kernels_avx2;
#endif
}

/* Bytes of operands and results from which on stores had better go past the caches. Fixed, because a virtual machine's
 * word on the size of its last cache is not to be trusted: too small a figure costs little, too large a one a third. */
static const size_t past_caches = (size_t)32 << 20;

/* How many threads are worth while for n elements. */
static int threads_for(size_t n)
{
    const size_t useful = n / THREAD_ELEMENTS;
    const int threads = assay_threads();
    return useful <= 1 ? 1 : useful < (size_t)threads ? (int)useful : threads;
}

/* The part of a thread: [*first, *first + *count). */
static void part_of(size_t n, int thread, int threads, size_t *first, size_t *count)
{
    const size_t granules = (n + GRANULE - 1) / GRANULE;
    const size_t low = granules * (size_t)thread / (size_t)threads * GRANULE;
    size_t high = granules * ((size_t)thread + 1) / (size_t)threads * GRANULE;
    high = high < n ? high : n;
    *first = low;
    *count = high > low ? high - low : 0;
}

/* Runs CALL for the parts [first, first + count) of n elements. */
#define FOR_PARTS(n, CALL)                                                                                             \
    do {                                                                                                               \
        const int threads_ = threads_for(n);                                                                           \
        if (threads_ == 1) {                                                                                           \
            const size_t first = 0, count = (n);                                                                       \
            CALL;                                                                                                      \
        } else {                                                                                                       \
            _Pragma("omp parallel for num_threads(threads_) schedule(static)") for (int thread_ = 0;                   \
                                                                                    thread_ < threads_; thread_++)     \
            {                                                                                                          \
                size_t first, count;                                                                                   \
                part_of((n), thread_, threads_, &first, &count);                                                       \
                CALL;                                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

assay_status lmul_multiply(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_multiply(arithmetic, x, y, out, n);
    assay_status status = lmul_check_arithmetic(arithmetic);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    const bool past_cache = n >= past_caches / (3 * sizeof *x);
    FOR_PARTS(n, kernels->multiply(arithmetic, x + first, y + first, out + first, count, past_cache));
    return ASSAY_OK;
}

assay_status lmul_multiply_u16(lmul_format format, const uint16_t *x, const uint16_t *y, uint16_t *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_multiply_u16(format, x, y, out, n);
    assay_status status = lmul_check_multiply_format(format, LMUL_BF16, LMUL_FP16);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    FOR_PARTS(n, kernels->multiply_u16(&lmul_layouts[format], x + first, y + first, out + first, count));
    return ASSAY_OK;
}

assay_status lmul_multiply_u8(lmul_format format, const uint8_t *x, const uint8_t *y, uint8_t *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_multiply_u8(format, x, y, out, n);
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, true, y, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    FOR_PARTS(n, kernels->multiply_u8(&lmul_layouts[format], x + first, y + first, out + first, count));
    return ASSAY_OK;
}

assay_status lmul_round(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_round(bits, rounding, x, out, n);
    assay_status status = lmul_check_rounding(bits, rounding);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    FOR_PARTS(n, kernels->round(bits, rounding, x + first, out + first, count));
    return ASSAY_OK;
}

assay_status lmul_fp8_encode(lmul_format format, const float *x, uint8_t *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_fp8_encode(format, x, out, n);
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    FOR_PARTS(n, kernels->fp8_encode(format, x + first, out + first, count));
    return ASSAY_OK;
}

assay_status lmul_fp8_decode(lmul_format format, const uint8_t *x, float *out, size_t n)
{
    const lmul_kernels *kernels = lmul_kernels_in_force();
    if (!kernels)
        return lmul_reference_fp8_decode(format, x, out, n);
    assay_status status = lmul_check_fp8(format);
    if (status == ASSAY_OK)
        status = lmul_check_arrays(x, false, NULL, out, n, sizeof *x, sizeof *out);
    if (status != ASSAY_OK || n == 0)
        return status;
    FOR_PARTS(n, kernels->fp8_decode(format, x + first, out + first, count));
    return ASSAY_OK;
}
