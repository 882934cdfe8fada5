/* The problems that the paper solves. */
#include "assay/memory.h"
#include "assay/random.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>

/* Streams of random numbers, one for each purpose. */
enum { COSTS = 0x5c05, SOURCES, TARGETS };

static assay_status check_outputs(size_t n, const double *cost, const double *r, const double *c)
{
    size_t bytes;
    if (n == 0 || n > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be 1 to 2^31 - 1", n);
    if (__builtin_mul_overflow(n * sizeof *cost, n, &bytes) || bytes > PTRDIFF_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%zu x %zu costs do not fit in memory", n, n);
    if (!cost || !r || !c)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !cost ? "cost" : !r ? "r" : "c");
    return ASSAY_OK;
}

static void fill(double *values, size_t n, double value)
{
    for (size_t i = 0; i < n; i++)
        values[i] = value;
}

static void normalise(double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    for (size_t i = 0; i < n; i++)
        values[i] /= sum;
}

static void divide_by_largest(double *values, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, values[i]);
    for (size_t i = 0; largest > 0 && i < n; i++)
        values[i] /= largest;
}

assay_status sinkhorn_newton_make_assignment(size_t n, uint64_t seed, double *cost, double *r, double *c)
{
    const assay_status status = check_outputs(n, cost, r, c);
    if (status != ASSAY_OK)
        return status;
    fill(r, n, 1 / (double)n);
    fill(c, n, 1 / (double)n);
    return assay_random_fill_uniform((assay_random){seed, COSTS}, 0, 0, 1, cost, n * n);
}

assay_status sinkhorn_newton_make_gaussians(size_t n, uint64_t seed, double *cost, double *r, double *c)
{
    assay_status status = check_outputs(n, cost, r, c);
    if (status != ASSAY_OK)
        return status;
    double *points = assay_allocate(4 * n, sizeof *points);
    if (!points)
        return ASSAY_NO_MEMORY;
    double *s = points, *t = points + 2 * n;
    status = assay_random_fill_normal((assay_random){seed, SOURCES}, 0, 0, 1, s, 2 * n);
    if (status == ASSAY_OK)
        status = assay_random_fill_normal((assay_random){seed, TARGETS}, 0, 0, 1, t, 2 * n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const double across = t[2 * j] + 0.5 * t[2 * j + 1] + 1 - s[2 * i];
            const double along = 0.7 * t[2 * j + 1] + 1 - s[2 * i + 1];
            cost[i * n + j] = across * across + along * along;
        }
    }
    if (status == ASSAY_OK) {
        divide_by_largest(cost, n * n);
        fill(r, n, 1 / (double)n);
        fill(c, n, 1 / (double)n);
    }
    assay_release(points);
    return status;
}

static double bump(double t, double centre, double width)
{
    return exp(-0.5 * (t - centre) * (t - centre) / (width * width));
}

assay_status sinkhorn_newton_make_densities(size_t n, int power, double *cost, double *r, double *c)
{
    const assay_status status = check_outputs(n, cost, r, c);
    if (status != ASSAY_OK)
        return status;
    if (power != 1 && power != 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "power is %d, must be 1 or 2", power);
    for (size_t i = 0; i < n; i++) {
        const double s = ((double)i + 0.5) / (double)n;
        r[i] = 0.2 + 0.8 * (1 + sin(6 * M_PI * s)) / 2;
        c[i] = bump(s, 0.3, 0.1) + 0.6 * bump(s, 0.75, 0.08) + 0.05;
        for (size_t j = 0; j < n; j++) {
            const double distance = fabs(((double)j + 0.5) / (double)n - s);
            cost[i * n + j] = power == 1 ? distance : distance * distance;
        }
    }
    normalise(r, n);
    normalise(c, n);
    return ASSAY_OK;
}

assay_status sinkhorn_newton_make_grid(size_t height, size_t width, int power, double *cost)
{
    size_t pixels;
    if (power != 1 && power != 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "power is %d, must be 1 or 2", power);
    if (__builtin_mul_overflow(height, width, &pixels) || pixels < 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "height x width is %zu x %zu, must have at least 2 pixels", height,
                          width);
    const assay_status status = check_outputs(pixels, cost, cost, cost);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t j = 0; j < pixels; j++) {
            const size_t row = i / width, other = j / width;
            const double down = fabs((double)row - (double)other);
            const double across = fabs((double)(i % width) - (double)(j % width));
            cost[i * pixels + j] = power == 1 ? down + across : down * down + across * across;
        }
    }
    divide_by_largest(cost, pixels * pixels);
    return ASSAY_OK;
}

assay_status sinkhorn_newton_make_histogram(const uint8_t *pixels, size_t count, double *mass)
{
    if (!pixels || !mass)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", pixels ? "mass" : "pixels");
    if (count == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "count is 0, must be at least 1");
    for (size_t i = 0; i < count; i++)
        mass[i] = pixels[i] / 255.0 + 0.01;
    normalise(mass, count);
    return ASSAY_OK;
}
