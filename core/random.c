#include "assay/random.h"

#include <math.h>

#include <Random123/philox.h>

/* Counter (block, stream, attempt, 0), key (seed, 0): the attempt serves only the rejection in assay_random_integer. */
static philox4x64_ctr_t block(assay_random r, uint64_t number, uint64_t attempt)
{
    const philox4x64_ctr_t counter = {{number, r.stream, attempt, 0}};
    const philox4x64_key_t key = {{r.seed, 0}};
    return philox4x64(counter, key);
}

static uint64_t word(assay_random r, uint64_t index, uint64_t attempt)
{
    return block(r, index >> 2, attempt).v[index & 3];
}

static double unit_f64(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

static float unit_f32(uint64_t bits)
{
    return (float)(bits >> 40) * 0x1p-24f;
}

uint64_t assay_random_bits(assay_random r, uint64_t index)
{
    return word(r, index, 0);
}

void assay_random_block(assay_random r, uint64_t block, uint64_t out[4])
{
    philox4x64_ctr_t counter = {{block, r.stream, 0, 0}};
    philox4x64_key_t key = {{r.seed, 0}};
    counter = philox4x64(counter, key);
    for (int j = 0; j < 4; j++)
        out[j] = counter.v[j];
}

double assay_random_uniform(assay_random r, uint64_t index)
{
    return unit_f64(word(r, index, 0));
}

float assay_random_uniform_f32(assay_random r, uint64_t index)
{
    return unit_f32(word(r, index, 0));
}

/* 1 - u is in (0, 1], so that the logarithm is finite. */
static double radius(uint64_t bits)
{
    return sqrt(-2.0 * log(1.0 - unit_f64(bits)));
}

static double angle(uint64_t bits)
{
    return 6.283185307179586477 * unit_f64(bits);
}

double assay_random_normal(assay_random r, uint64_t index)
{
    const philox4x64_ctr_t words = block(r, index >> 2, 0);
    const double a = angle(words.v[(index & 3) | 1]);
    return radius(words.v[index & 2]) * (index & 1 ? sin(a) : cos(a));
}

float assay_random_normal_f32(assay_random r, uint64_t index)
{
    return (float)assay_random_normal(r, index);
}

uint64_t assay_random_integer(assay_random r, uint64_t index, uint64_t bound)
{
    if (bound == 0)
        return word(r, index, 0);
    const uint64_t threshold = -bound % bound; /* 2^64 mod bound: so many low products would be over-represented */
    for (uint64_t attempt = 0;; attempt++) {
        unsigned __int128 product = (unsigned __int128)word(r, index, attempt) * bound;
        if ((uint64_t)product >= threshold)
            return (uint64_t)(product >> 64);
    }
}

static assay_status check_fill(const void *out, size_t n, double a, double b, int ordered)
{
    if (!out && n > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out is null with n = %zu", n);
    if (!isfinite(a) || !isfinite(b))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "parameters %g and %g must be finite", a, b);
    if (ordered ? a > b : b < 0)
        return assay_fail(ASSAY_OUT_OF_RANGE,
                          ordered ? "lo %g is above hi %g" : "mean %g with deviation %g, must be at least 0", a, b);
    return ASSAY_OK;
}

/* Four words at a time: a block costs as much as a word. */
#define FILL_UNIFORM(unit)                                                                                             \
    for (size_t i = 0; status == ASSAY_OK && i < n;) {                                                                 \
        const philox4x64_ctr_t words = block(r, (first + i) >> 2, 0);                                                  \
        for (size_t k = (first + i) & 3; k < 4 && i < n; k++, i++)                                                     \
            out[i] = lo + (hi - lo) * unit(words.v[k]);                                                                \
    }

assay_status assay_random_fill_uniform(assay_random r, uint64_t first, double lo, double hi, double *out, size_t n)
{
    assay_status status = check_fill(out, n, lo, hi, 1);
    FILL_UNIFORM(unit_f64)
    return status;
}

assay_status assay_random_fill_uniform_f32(assay_random r, uint64_t first, float lo, float hi, float *out, size_t n)
{
    assay_status status = check_fill(out, n, lo, hi, 1);
    FILL_UNIFORM(unit_f32)
    return status;
}

/* Four at a time: a block has two pairs of uniforms, and a pair's radius serves both of its numbers. */
#define FILL_NORMAL(type)                                                                                              \
    for (size_t i = 0; status == ASSAY_OK && i < n;) {                                                                 \
        const philox4x64_ctr_t words = block(r, (first + i) >> 2, 0);                                                  \
        const double radii[2] = {radius(words.v[0]), radius(words.v[2])};                                              \
        for (size_t k = (first + i) & 3; k < 4 && i < n; k++, i++) {                                                   \
            const double a = angle(words.v[k | 1]);                                                                    \
            out[i] = mean + deviation * (type)(radii[k >> 1] * (k & 1 ? sin(a) : cos(a)));                             \
        }                                                                                                              \
    }

assay_status assay_random_fill_normal(assay_random r, uint64_t first, double mean, double deviation, double *out,
                                      size_t n)
{
    assay_status status = check_fill(out, n, mean, deviation, 0);
    FILL_NORMAL(double)
    return status;
}

assay_status assay_random_fill_normal_f32(assay_random r, uint64_t first, float mean, float deviation, float *out,
                                          size_t n)
{
    assay_status status = check_fill(out, n, mean, deviation, 0);
    FILL_NORMAL(float)
    return status;
}

assay_status assay_random_permutation(assay_random r, size_t *out, size_t n)
{
    if (!out && n > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "out is null with n = %zu", n);
    for (size_t i = 0; i < n; i++) {
        size_t j =
            (size_t)assay_random_integer(r, i, i + 1); /* inside-out: out[0..i] is a uniform permutation of 0..i */
        out[i] = out[j];
        out[j] = i;
    }
    return ASSAY_OK;
}
