/* Mixing outputs into keys, one value after the other. */
#include "assay/catalogue.h"
#include "reference/arithmetic/functional_hash_parts.h"

#include <math.h>
#include <stdlib.h>

ASSAY_CATALOGUE(functional_hash, .family = "arithmetic",
                .title = "Unified Functional Hashing in Automatic Machine Learning",
                .authors = "Ryan Gillard, Stephen Jonany, Yingjie Miao, Michael Munn, Connal de Souza, Jonathan "
                           "Dungay, Chen Liang, David R. So, Quoc V. Le, Esteban Real",
                .year = 2023, .identifier = "arXiv:2302.05433",
                .summary = "Finds candidates of a search that compute the same function by mixing their outputs on "
                           "canonical inputs into a key, and evaluates each function once.",
                .data = "handwritten digits as .csv: 64 pixels, 0 to 16, and the digit in each row, at least 1000 rows",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

enum { LENGTH_BITS = 32, RUN_OUTPUTS_BITS = 20 };

functional_hash_options functional_hash_default(void)
{
    return (functional_hash_options){.bits = 24};
}

assay_status functional_hash_check_options(const functional_hash_options *options)
{
    if (!options)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options is null");
    if (options->bits < 1 || options->bits > 52)
        return assay_fail(ASSAY_OUT_OF_RANGE, "bits is %u, must be 1 to 52", options->bits);
    if (!(options->floor >= 0 && isfinite(options->floor)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "floor is %g, must be finite and at least 0", options->floor);
    return ASSAY_OK;
}

bool functional_hash_is_hashable(functional_hash_key key)
{
    return key.word[0] != 0 || key.word[1] != 0;
}

bool functional_hash_equal(functional_hash_key a, functional_hash_key b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

functional_hash_key functional_hash_salt(functional_hash_key key, uint64_t salt)
{
    if (!functional_hash_is_hashable(key))
        return key;
    functional_hash_add_word(&key, salt);
    return functional_hash_finish(key);
}

static assay_status check_length(size_t n)
{
    if (n < 1 || (uint64_t)n > UINT64_C(1) << LENGTH_BITS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be 1 to 2^%d", n, LENGTH_BITS);
    return ASSAY_OK;
}

assay_status functional_hash_check_mix(const double *values, size_t count, size_t n,
                                       const functional_hash_options *options, const functional_hash_key *keys)
{
    size_t total;
    assay_status status = check_length(n);
    if (status == ASSAY_OK)
        status = functional_hash_check_options(options);
    if (status != ASSAY_OK)
        return status;
    if (count > 0 && (!values || !keys))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", values ? "keys" : "values");
    if (__builtin_mul_overflow(count, n, &total) || total > PTRDIFF_MAX / sizeof *values)
        return assay_fail(ASSAY_NO_MEMORY, "%zu rows of %zu values do not fit in memory", count, n);
    return ASSAY_OK;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The key of one row of values. */
static functional_hash_key key_of(const double *values, size_t n, const functional_hash_options *options)
{
    const uint64_t dropped = (UINT64_C(1) << (52 - options->bits)) - 1;
    functional_hash_key key = functional_hash_start(n);
    for (size_t i = 0; i < n; i++) {
        double value = values[i];
        if (!isfinite(value) && !options->sentinel)
            return (functional_hash_key){{0, 0}};
        if (value == 0 || fabs(value) < options->floor)
            value = 0; /* -0, too */
        functional_hash_add_word(&key, isfinite(value) ? bits_of(value) & ~dropped : FUNCTIONAL_HASH_NAN);
    }
    return functional_hash_finish(key);
}

assay_status functional_hash_reference_mix_rows(const double *values, size_t count, size_t n,
                                                const functional_hash_options *options, functional_hash_key *keys)
{
    const assay_status status = functional_hash_check_mix(values, count, n, options, keys);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++)
        keys[i] = key_of(values + i * n, n, options);
    return status;
}

assay_status functional_hash_reference_mix(const double *values, size_t n, const functional_hash_options *options,
                                           functional_hash_key *key)
{
    return functional_hash_reference_mix_rows(values, 1, n, options, key);
}

assay_status functional_hash_mix_words(const uint64_t *words, size_t n, functional_hash_key *key)
{
    const assay_status status = check_length(n);
    if (status != ASSAY_OK)
        return status;
    if (!words || !key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", words ? "key" : "words");
    functional_hash_key result = functional_hash_start(n);
    for (size_t i = 0; i < n; i++)
        functional_hash_add_word(&result, words[i]);
    *key = functional_hash_finish(result);
    return ASSAY_OK;
}

assay_status functional_hash_run(functional_hash_program *run, void *self, const double *inputs, size_t n,
                                 const functional_hash_options *options, functional_hash_key *key)
{
    assay_status status = functional_hash_check_options(options);
    if (status != ASSAY_OK)
        return status;
    if (n < 1 || n > (size_t)1 << RUN_OUTPUTS_BITS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be 1 to 2^%d", n, RUN_OUTPUTS_BITS);
    if (!run || !inputs || !key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !run ? "run" : !inputs ? "inputs" : "key");
    double *outputs = malloc(n * sizeof *outputs);
    if (!outputs)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu outputs", n);
    status = run(self, inputs, outputs, n);
    if (status == ASSAY_OK)
        status = functional_hash_mix(outputs, n, options, key);
    free(outputs);
    return status;
}

assay_status functional_hash_canonical_inputs(uint64_t stream, double *inputs, size_t n)
{
    return assay_random_fill_normal((assay_random){FUNCTIONAL_HASH_CANONICAL_SEED, stream}, 0, 0, 1, inputs, n);
}
