/* Checks of arguments and defaults, for the reference and the optimized code alike. */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/random.h"

#include <math.h>
#include <string.h>

const char *hamming_distance_method_name(hamming_distance_method method)
{
    static const char *const names[HAMMING_DISTANCE_METHODS] = {"auto",   "direct",  "simd",       "dna2",
                                                                "sliced", "fft all", "abrahamson", "las vegas"};
    return (unsigned)method < HAMMING_DISTANCE_METHODS ? names[method] : NULL;
}

double hamming_distance_word_operations(const hamming_distance_counters *counters)
{
    const uint64_t residues = counters->modular_butterflies + counters->modular_products;
    return (double)(counters->pairs + counters->butterflies) + (double)residues / 4;
}

bool hamming_distance_is_prime(uint64_t q)
{
    for (uint64_t divisor = 2; divisor * divisor <= q; divisor++)
        if (q % divisor == 0)
            return false;
    return q >= 2;
}

/* True if [a, a + a_bytes) and [b, b + b_bytes) share a byte. */
static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return first < second ? second - first < a_bytes : first - second < b_bytes;
}

static assay_status check_options(const hamming_distance_options *options, size_t m)
{
    if (!options)
        return ASSAY_OK;
    const size_t block = options->block;
    if (block != 0 && (block < m || block > (size_t)1 << 30 || (block & (block - 1)) != 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "block is %zu, must be 0 or a power of two from m = %zu to 2^30", block,
                          m);
    if (options->filters > 64)
        return assay_fail(ASSAY_OUT_OF_RANGE, "filters is %zu, must be 0 to 64", options->filters);
    if (options->modulus > 65521)
        return assay_fail(ASSAY_OUT_OF_RANGE, "modulus is %u, must be at most 65521", (unsigned)options->modulus);
    if (options->modulus != 0 && !hamming_distance_is_prime(options->modulus))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "modulus is %u, must be 0 or a prime", (unsigned)options->modulus);
    return ASSAY_OK;
}

assay_status hamming_distance_check(const hamming_distance_input *input, const hamming_distance_options *options,
                                    const void *out, size_t out_size)
{
    const size_t n = input->n, m = input->m, width = input->symbol_bytes;
    if (!input->text || !input->pattern || !out)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !input->text      ? "text"
                          : !input->pattern ? "pattern"
                                            : "out");
    if (width != 1 && width != 2)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "symbol_bytes is %zu, must be 1 or 2", width);
    if (n > HAMMING_DISTANCE_LENGTH_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at most %zu", n, HAMMING_DISTANCE_LENGTH_MAX);
    if (m < 1 || m > n)
        return assay_fail(ASSAY_OUT_OF_RANGE, "m is %zu, must be 1 to n = %zu", m, n);
    if (((uintptr_t)input->text | (uintptr_t)input->pattern) % width != 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is not aligned for 16-bit symbols",
                          (uintptr_t)input->text % width ? "text" : "pattern");
    if (overlap(out, (n - m + 1) * out_size, input->text, n * width) ||
        overlap(out, (n - m + 1) * out_size, input->pattern, m * width))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out overlaps text or pattern");
    return check_options(options, m);
}

/* Whether all bits of 64 bytes but the two lowest of each symbol are 0. */
static bool are_bases(const unsigned char *bytes, uint64_t high)
{
    uint64_t word[8], all = 0;
    memcpy(word, bytes, sizeof word);
    for (size_t i = 0; i < 8; i++)
        all |= word[i];
    return (all & high) == 0;
}

ptrdiff_t hamming_distance_first_above_3(const void *string, size_t length, size_t symbol_bytes)
{
    const uint64_t high = symbol_bytes == 1 ? UINT64_C(0xfcfcfcfcfcfcfcfc) : UINT64_C(0xfffcfffcfffcfffc);
    const size_t step = 64 / symbol_bytes;
    size_t i = 0;
    while (i + step <= length && are_bases((const unsigned char *)string + i * symbol_bytes, high))
        i += step;
    for (; i < length; i++)
        if ((symbol_bytes == 1 ? ((const uint8_t *)string)[i] : ((const uint16_t *)string)[i]) > 3)
            return (ptrdiff_t)i;
    return -1;
}

assay_status hamming_distance_check_method(const hamming_distance_input *input, hamming_distance_method method)
{
    if ((unsigned)method >= HAMMING_DISTANCE_METHODS)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "method is %d, must be 0 to %d", (int)method,
                          HAMMING_DISTANCE_METHODS - 1);
    if (method != HAMMING_DISTANCE_DNA2)
        return ASSAY_OK;
    const ptrdiff_t in_text = hamming_distance_first_above_3(input->text, input->n, input->symbol_bytes);
    const ptrdiff_t in_pattern = hamming_distance_first_above_3(input->pattern, input->m, input->symbol_bytes);
    if (in_text >= 0 || in_pattern >= 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "symbol %td of %s is above 3, must be 0 to 3 for this method",
                          in_text >= 0 ? in_text : in_pattern, in_text >= 0 ? "text" : "pattern");
    return ASSAY_OK;
}

assay_status hamming_distance_check_bound(const hamming_distance_input *input, size_t k)
{
    if (k > input->m)
        return assay_fail(ASSAY_OUT_OF_RANGE, "k is %zu, must be 0 to m = %zu", k, input->m);
    return ASSAY_OK;
}

assay_status hamming_distance_check_estimate(double epsilon, size_t repetitions, hamming_distance_estimator estimator)
{
    if (!(epsilon > 0 && epsilon <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be above 0 and at most 1", epsilon);
    if (repetitions < 1 || repetitions > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "repetitions is %zu, must be 1 to 2^32 - 1", repetitions);
    if (estimator != HAMMING_DISTANCE_MAX_LOWER && estimator != HAMMING_DISTANCE_MEDIAN_CORRECTED)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "estimator is %d, must be 0 or 1", (int)estimator);
    return ASSAY_OK;
}

assay_status hamming_distance_check_karloff(double epsilon)
{
    if (!(epsilon >= 0x1p-10 && epsilon <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be 2^-10 to 1", epsilon);
    return ASSAY_OK;
}

assay_status hamming_distance_check_product(const uint16_t *a, size_t rows, const uint16_t *b, size_t columns,
                                            size_t inner, const int32_t *c)
{
    if (!a || !b || !c)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !a ? "a" : !b ? "b" : "c");
    if (rows == 0 || columns == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is 0, must be at least 1", rows == 0 ? "rows" : "columns");
    if (inner < 1 || inner >= 1 << 24)
        return assay_fail(ASSAY_OUT_OF_RANGE, "inner is %zu, must be 1 to 2^24 - 1", inner);
    size_t a_bytes, b_bytes, c_bytes;
    if (__builtin_mul_overflow(rows, inner * sizeof *a, &a_bytes) ||
        __builtin_mul_overflow(columns, inner * sizeof *b, &b_bytes) ||
        __builtin_mul_overflow(rows, columns, &c_bytes) || __builtin_mul_overflow(c_bytes, sizeof *c, &c_bytes) ||
        a_bytes > PTRDIFF_MAX || b_bytes > PTRDIFF_MAX || c_bytes > PTRDIFF_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%zu x %zu times %zu x %zu does not fit in the address space", rows, inner,
                          inner, columns);
    if (overlap(a, a_bytes, c, c_bytes) || overlap(b, b_bytes, c, c_bytes))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "c overlaps %s", overlap(a, a_bytes, c, c_bytes) ? "a" : "b");
    return ASSAY_OK;
}

void hamming_distance_settle(const hamming_distance_options *options, size_t m, hamming_distance_settings *settings)
{
    const hamming_distance_options o = options ? *options : (hamming_distance_options){0};
    const double length = m > 2 ? (double)m : 2;
    *settings = (hamming_distance_settings){
        .seed = o.seed,
        .block = o.block,
        .threshold = o.threshold ? o.threshold : (size_t)ceil(sqrt((double)m * log2(length))),
        .filters = o.filters ? o.filters : 6,
        .modulus = o.modulus ? o.modulus : 12289,
        .group_by_mass = o.group_by_mass,
        .by_period = o.by_period,
    };
    settings->counters = o.counters ? o.counters : &settings->ignored;
}

/* Streams of random numbers below those of hamming_distance_class(): the filter's signs from 2^16, hash primes from
 * 2^17 on. */
int hamming_distance_sign(uint64_t seed, size_t filter, uint16_t symbol)
{
    return assay_random_bits((assay_random){seed, (UINT64_C(1) << 16) + filter}, symbol) >> 63 ? 1 : -1;
}

uint64_t hamming_distance_classes(double epsilon)
{
    if (!(epsilon > 0 && epsilon <= 1))
        return 0;
    return epsilon > 0x1p-31 ? (uint64_t)ceil(2 / epsilon) : UINT64_C(1) << 32;
}

uint64_t hamming_distance_class(uint64_t seed, size_t repetition, uint16_t symbol, uint64_t classes)
{
    if (classes > UINT64_C(1) << 16)
        return symbol;
    return assay_random_integer((assay_random){seed, (UINT64_C(1) << 32) + repetition}, symbol, classes);
}
