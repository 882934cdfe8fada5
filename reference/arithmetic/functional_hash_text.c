/* Texts of candidates, and what the keys of all representations share. */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>

void functional_hash_append(functional_hash_text *t, const char *format, ...)
{
    va_list arguments;
    const size_t room = t->length < t->capacity ? t->capacity - t->length : 0;
    va_start(arguments, format);
    const int written = vsnprintf(room ? t->text + t->length : NULL, room, format, arguments);
    va_end(arguments);
    t->length += written > 0 ? (size_t)written : 0;
}

assay_status functional_hash_end_text(const functional_hash_text *t, size_t *length)
{
    if (t->capacity > 0 && t->length >= t->capacity)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be at least %zu", t->capacity, t->length + 1);
    if (length)
        *length = t->length;
    return ASSAY_OK;
}

functional_hash_options functional_hash_domain_options(void)
{
    functional_hash_options options = functional_hash_default();
    options.floor = FUNCTIONAL_HASH_FLOOR_OF_DOMAIN;
    return options;
}

assay_status functional_hash_resolve(functional_hash_equality equality, const functional_hash_options *options,
                                     double largest_input, const functional_hash_key *key,
                                     functional_hash_options *resolved)
{
    if (!options || !key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", options ? "key" : "options");
    if ((unsigned)equality < FUNCTIONAL_HASH_BY_STRUCTURE || (unsigned)equality > FUNCTIONAL_HASH_BY_FUNCTION)
        return assay_fail(ASSAY_OUT_OF_RANGE, "equality is %d, must be %d to %d", (int)equality,
                          FUNCTIONAL_HASH_BY_STRUCTURE, FUNCTIONAL_HASH_BY_FUNCTION);
    functional_hash_options result = *options;
    if (result.floor == FUNCTIONAL_HASH_FLOOR_OF_DOMAIN)
        result.floor = 0x1p-40 * largest_input;
    const assay_status status = functional_hash_check_options(&result);
    if (status == ASSAY_OK)
        *resolved = result;
    return status;
}

functional_hash_options functional_hash_audit_options(double largest_input)
{
    return (functional_hash_options){.bits = 20, .floor = 0x1p-40 * largest_input};
}

functional_hash_key functional_hash_bytes_key(const void *bytes, size_t n)
{
    functional_hash_key key = functional_hash_start(n);
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        for (size_t j = 0; j < 8 && i + j < n; j++)
            word |= (uint64_t)p[i + j] << (8 * j);
        functional_hash_add_word(&key, word);
    }
    return functional_hash_finish(key);
}
