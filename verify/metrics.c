/* How far one array is from another. */
#include "assay/verify.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t verify_type_size(verify_type type)
{
    switch (type) {
    case VERIFY_F32:
    case VERIFY_U32: return 4;
    case VERIFY_F64:
    case VERIFY_U64: return 8;
    case VERIFY_U16: return 2;
    case VERIFY_U8: return 1;
    }
    return 1;
}

static double value_at(verify_type type, const void *data, size_t i)
{
    switch (type) {
    case VERIFY_F32: return (double)((const float *)data)[i];
    case VERIFY_F64: return ((const double *)data)[i];
    case VERIFY_U8: return ((const uint8_t *)data)[i];
    case VERIFY_U16: return ((const uint16_t *)data)[i];
    case VERIFY_U32: return ((const uint32_t *)data)[i];
    case VERIFY_U64: return (double)((const uint64_t *)data)[i];
    }
    return NAN;
}

/* One unit in the last place of a finite number of the type. */
static double ulp_of(verify_type type, double value)
{
    const int digits = type == VERIFY_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int smallest = type == VERIFY_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    int exponent = smallest;
    if (value != 0)
        frexp(value, &exponent);
    return ldexp(1.0, (exponent > smallest ? exponent : smallest) - digits);
}

static bool is_float(verify_type type)
{
    return type == VERIFY_F32 || type == VERIFY_F64;
}

/* Distance of two numbers: equal ones (two NaNs, two equal infinities) are 0 apart, a special one from any other one
 * infinitely far. */
static double distance(verify_metric metric, verify_type type, double expected, double actual)
{
    if (expected == actual || (isnan(expected) && isnan(actual)))
        return 0;
    if (!isfinite(expected) || !isfinite(actual))
        return INFINITY;
    double apart = fabs(actual - expected); /* exact, or the distance is so large that the rounding does not matter */
    return metric == VERIFY_ULP && is_float(type) ? apart / ulp_of(type, expected) : apart;
}

static verify_difference compare_bits(verify_type type, const void *expected, const void *actual, size_t n)
{
    const size_t size = verify_type_size(type);
    verify_difference d = {0};
    if (memcmp(expected, actual, n * size) == 0)
        return d;
    for (size_t i = n; i-- > 0;) {
        if (memcmp((const char *)expected + i * size, (const char *)actual + i * size, size) != 0) {
            d.measure++;
            d.where = i; /* the first one in the end */
        }
    }
    return d;
}

static verify_difference compare_largest(verify_metric metric, verify_type type, const void *expected,
                                         const void *actual, size_t n)
{
    verify_difference d = {0};
    for (size_t i = 0; i < n; i++) {
        double apart;
        if (type == VERIFY_U64) { /* beyond the integers that a double holds */
            uint64_t e = ((const uint64_t *)expected)[i], a = ((const uint64_t *)actual)[i];
            apart = (double)(e > a ? e - a : a - e);
        } else {
            apart = distance(metric, type, value_at(type, expected, i), value_at(type, actual, i));
        }
        if (apart > d.measure) {
            d.measure = apart;
            d.where = i;
        }
    }
    return d;
}

static verify_difference compare_norm(verify_type type, const void *expected, const void *actual, size_t n)
{
    long double norm = 0, apart = 0;
    double worst = -1;
    verify_difference d = {0};
    for (size_t i = 0; i < n; i++) {
        double e = value_at(type, expected, i);
        double difference = distance(VERIFY_MAX_ABSOLUTE, type, e, value_at(type, actual, i));
        if (difference > worst) {
            worst = difference;
            d.where = i;
        }
        apart += (long double)difference * difference;
        norm += isfinite(e) ? (long double)e * e : 0;
    }
    d.measure = apart == 0 ? 0 : (double)sqrtl(apart / norm); /* infinite for a zero expectation */
    return d;
}

static verify_difference compare_order(verify_type type, const void *expected, const void *actual, size_t n)
{
    verify_difference d = {0};
    for (size_t i = n; i-- > 0;) {
        bool same = type == VERIFY_U64
                        ? ((const uint64_t *)expected)[i] == ((const uint64_t *)actual)[i]
                        : distance(VERIFY_ORDER, type, value_at(type, expected, i), value_at(type, actual, i)) == 0;
        if (!same) {
            d.measure++;
            d.where = i;
        }
    }
    return d;
}

/* ---- Sets ------------------------------------------------------------------------------------------------------- */

/* An element as a number that sorts, with the position it came from. */
typedef struct keyed {
    uint64_t key;
    size_t position;
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

static keyed *sorted(verify_type type, const void *data, size_t n)
{
    const size_t size = verify_type_size(type);
    keyed *keys = malloc((n ? n : 1) * sizeof *keys);
    for (size_t i = 0; keys && i < n; i++) {
        keys[i] = (keyed){.position = i};
        memcpy(&keys[i].key, (const char *)data + i * size, size); /* little-endian: checked when configured */
    }
    if (keys)
        qsort(keys, n, sizeof *keys, by_key);
    return keys;
}

static verify_difference compare_sets(verify_type type, const void *expected, const void *actual, size_t n)
{
    verify_difference d = {.measure = INFINITY};
    keyed *e = sorted(type, expected, n), *a = sorted(type, actual, n);
    if (e && a) {
        size_t i = 0, j = 0, missing = 0;
        while (i < n) {
            if (j < n && a[j].key < e[i].key) {
                j++;
            } else if (j < n && a[j].key == e[i].key) {
                i++, j++;
            } else {
                if (missing++ == 0)
                    d.where = e[i].position;
                i++;
            }
        }
        d.measure = (double)missing;
    }
    free(e);
    free(a);
    return d;
}

verify_difference verify_compare(verify_metric metric, verify_type type, const void *expected, const void *actual,
                                 size_t n)
{
    verify_difference d = {0};
    if (n == 0)
        return d;
    switch (metric) {
    case VERIFY_BITWISE: d = compare_bits(type, expected, actual, n); break;
    case VERIFY_ULP:
    case VERIFY_MAX_ABSOLUTE: d = compare_largest(metric, type, expected, actual, n); break;
    case VERIFY_RELATIVE_NORM: d = compare_norm(type, expected, actual, n); break;
    case VERIFY_SET: d = compare_sets(type, expected, actual, n); break;
    case VERIFY_ORDER: d = compare_order(type, expected, actual, n); break;
    }
    d.expected = value_at(type, expected, d.where);
    d.actual = value_at(type, actual, d.where);
    return d;
}
