#include "verify/saboteur.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The comparison under suspicion, with a copy of the actual output to spoil. */
typedef struct comparison {
    verify_metric metric;
    double tolerance;
    verify_type type;
    size_t size, n;
    const char *expected, *actual, *stale;
    char *spoiled;
    assay_random random;
} comparison;

static bool is_float(const comparison *c)
{
    return c->type == VERIFY_F32 || c->type == VERIFY_F64;
}

static double float_at(const comparison *c, const void *data, size_t i)
{
    return c->type == VERIFY_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static void set_float(const comparison *c, size_t i, double value)
{
    if (c->type == VERIFY_F32)
        ((float *)(void *)c->spoiled)[i] = (float)value;
    else
        ((double *)(void *)c->spoiled)[i] = value;
}

static bool accepts_spoiled(const comparison *c)
{
    return verify_compare(c->metric, c->type, c->expected, c->spoiled, c->n).measure <= c->tolerance;
}

/* True if two elements are so far apart that the comparison has to tell them from one another. */
static bool must_tell(const comparison *c, const char *a, const char *b)
{
    if (c->metric == VERIFY_RELATIVE_NORM) {
        double x = float_at(c, a, 0), y = float_at(c, b, 0), squares = 0;
        for (size_t i = 0; i < c->n; i++)
            squares += float_at(c, c->expected, i) * float_at(c, c->expected, i);
        return isfinite(x) && isfinite(y) && fabs(x - y) > 2 * c->tolerance * sqrt(squares);
    }
    return verify_compare(c->metric == VERIFY_SET ? VERIFY_BITWISE : c->metric, c->type, a, b, 1).measure >
           2 * c->tolerance;
}

/* The next number that is more than the tolerance away from a finite one. */
static double just_beyond(const comparison *c, double value)
{
    double squares = 0, step;
    switch (c->metric) {
    case VERIFY_RELATIVE_NORM:
        for (size_t i = 0; i < c->n; i++)
            squares += float_at(c, c->expected, i) * float_at(c, c->expected, i);
        step = 1.01 * c->tolerance * sqrt(squares) + (c->tolerance == 0 ? fabs(value) * 0x1p-20 : 0);
        break;
    case VERIFY_MAX_ABSOLUTE: step = 1.01 * c->tolerance; break;
    default: step = 0; break;
    }
    double beyond = value + (value < 0 ? -step : step);
    /* In whole steps of the type: tolerance + 1 of them for ulps, one for the others, so that rounding back to the type
     * does not undo the fault. */
    double steps = c->metric == VERIFY_ULP ? floor(c->tolerance) + 1 : 1;
    for (double s = 0; s < steps && s < 1e6; s++) {
        double outwards = value < 0 ? -INFINITY : INFINITY;
        beyond =
            c->type == VERIFY_F32 ? (double)nextafterf((float)beyond, (float)outwards) : nextafter(beyond, outwards);
    }
    return beyond;
}

static size_t finite_element(const comparison *c, size_t from)
{
    for (size_t k = 0; k < c->n; k++) {
        size_t i = (from + k) % c->n;
        if (isfinite(float_at(c, c->expected, i)) && isfinite(just_beyond(c, float_at(c, c->expected, i))))
            return i;
    }
    return c->n;
}

static bool plant_off_by_little(comparison *c)
{
    size_t i = (size_t)assay_random_integer(c->random, 0, c->n);
    if (is_float(c)) {
        i = finite_element(c, i);
        if (i == c->n)
            return false;
        set_float(c, i, just_beyond(c, float_at(c, c->expected, i)));
        return true;
    }
    if (c->metric == VERIFY_MAX_ABSOLUTE || c->metric == VERIFY_ULP) { /* integers: a step of tolerance + 1 */
        uint64_t value = 0, most = c->size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * c->size)) - 1;
        memcpy(&value, c->expected + i * c->size, c->size);
        uint64_t step = (uint64_t)c->tolerance + 1;
        if (step > most / 2)
            return false;
        value = value > most - step ? value - step : value + step;
        memcpy(c->spoiled + i * c->size, &value, c->size);
        return true;
    }
    c->spoiled[i * c->size] ^= 1;
    return true;
}

static bool plant_stale_last(comparison *c)
{
    const size_t last = (c->n - 1) * c->size;
    if (!must_tell(c, c->expected + last, c->stale + last))
        return false;
    memcpy(c->spoiled + last, c->stale + last, c->size);
    return true;
}

static bool plant_swap(comparison *c)
{
    if (c->metric == VERIFY_SET)
        return false;
    const size_t start = (size_t)assay_random_integer(c->random, 1, c->n);
    for (size_t k = 1; k < c->n; k++) {
        const size_t i = start * c->size, j = (start + k) % c->n * c->size;
        if (must_tell(c, c->expected + i, c->expected + j)) {
            memcpy(c->spoiled + i, c->actual + j, c->size);
            memcpy(c->spoiled + j, c->actual + i, c->size);
            return true;
        }
    }
    return false;
}

static bool plant_nan(comparison *c)
{
    if (!is_float(c))
        return false;
    size_t i = finite_element(c, (size_t)assay_random_integer(c->random, 2, c->n));
    if (i == c->n)
        return false;
    set_float(c, i, NAN);
    return true;
}

static bool plant_dropped_tail(comparison *c)
{
    const size_t from = c->n - (c->n + 3) / 4;
    bool differs = false;
    for (size_t i = from; i < c->n && !differs; i++)
        differs = must_tell(c, c->expected + i * c->size, c->stale + i * c->size);
    if (!differs)
        return false;
    memcpy(c->spoiled + from * c->size, c->stale + from * c->size, (c->n - from) * c->size);
    return true;
}

const char *saboteur_find_blindness(verify_metric metric, double tolerance, verify_type type, const void *expected,
                                    const void *actual, const void *stale, size_t n, assay_random r, unsigned *planted)
{
    static const struct {
        const char *name;
        bool (*plant)(comparison *c);
    } faults[SABOTEUR_FAULTS] = {{"one element off by more than the tolerance", plant_off_by_little},
                                 {"last element stale", plant_stale_last},
                                 {"two elements swapped", plant_swap},
                                 {"a NaN", plant_nan},
                                 {"a dropped tail", plant_dropped_tail}};
    const size_t size = verify_type_size(type);
    comparison c = {metric, tolerance, type, size, n, expected, actual, stale, malloc(n * size + 1), r};
    const char *accepted = c.spoiled ? NULL : "(no memory to plant faults)";
    for (size_t f = 0; c.spoiled && !accepted && n > 0 && f < SABOTEUR_FAULTS; f++) {
        memcpy(c.spoiled, actual, n * size);
        if (faults[f].plant(&c)) {
            *planted |= 1u << f;
            if (accepts_spoiled(&c))
                accepted = faults[f].name;
        }
    }
    free(c.spoiled);
    return accepted;
}
