/* Fourier transforms in double precision, and convolutions. */
#include "core/fourier.h"
#include "assay/memory.h"

#include <fftw3.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

assay_status fourier_make_key(transform_kind kind, size_t dimensions, const size_t *shape, size_t size,
                              transform_key *key, size_t *elements, size_t *in_count, size_t *out_count)
{
    if (dimensions < 1 || dimensions > ASSAY_FOURIER_DIMENSIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimensions is %zu, must be 1 to %d", dimensions,
                          ASSAY_FOURIER_DIMENSIONS);
    if (!shape)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "shape is null");
    *key = (transform_key){.kind = kind, .dimensions = (unsigned)dimensions};
    size_t bytes = 4 * size; /* twice what a complex number has: room for the half spectrum's last dimension */
    *elements = 1;
    for (size_t d = 0; d < dimensions; d++) {
        if (shape[d] < 1 || shape[d] > INT_MAX)
            return assay_fail(ASSAY_OUT_OF_RANGE, "shape[%zu] is %zu, must be 1 to %d", d, shape[d], INT_MAX);
        if (__builtin_mul_overflow(bytes, shape[d], &bytes))
            return assay_fail(ASSAY_OUT_OF_RANGE, "the shape does not fit in memory");
        *elements *= shape[d];
        key->shape[d] = (int)shape[d];
    }
    const size_t last = shape[dimensions - 1], half = 2 * (*elements / last * (last / 2 + 1));
    *in_count = kind == REAL_FORWARD ? *elements : kind == REAL_INVERSE ? half : 2 * *elements;
    *out_count = kind == REAL_FORWARD ? half : kind == REAL_INVERSE ? *elements : 2 * *elements;
    return ASSAY_OK;
}

assay_status fourier_check_arrays(const void *in, size_t in_bytes, const void *out, size_t out_bytes, bool may_be_same)
{
    if (!in || !out)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the %s is null", in ? "output" : "input");
    if (in == out && may_be_same)
        return ASSAY_OK;
    if ((uintptr_t)in < (uintptr_t)out + out_bytes && (uintptr_t)out < (uintptr_t)in + in_bytes)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the output overlaps the input");
    return ASSAY_OK;
}

#define REAL         double
#define FFTW(NAME)   fftw_##NAME
#define PUBLIC(NAME) NAME
#include "core/fourier_body.h"

/* ---- Convolutions --------------------------------------------------------------------------------------------- */

/* The least number of at least n that has no prime factor above 5: FFTW is quick with those. */
static size_t smooth_above(size_t n)
{
    for (;; n++) {
        size_t rest = n;
        for (size_t prime = 2; prime <= 5; prime++)
            while (rest % prime == 0)
                rest /= prime;
        if (rest == 1)
            return n;
    }
}

static assay_status check_convolution(size_t m, const double *x, size_t n, const double *y, const double *out)
{
    if (m < 1 || m > INT_MAX / 4 || n < 1 || n > INT_MAX / 4)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be 1 to %d", m < 1 || m > INT_MAX / 4 ? "m" : "n",
                          m < 1 || m > INT_MAX / 4 ? m : n, INT_MAX / 4);
    if (!x || !y || !out)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !x ? "x" : !y ? "y" : "out");
    const size_t bytes = (m + n - 1) * sizeof *out;
    const assay_status status = fourier_check_arrays(x, m * sizeof *x, out, bytes, false);
    return status ? status : fourier_check_arrays(y, n * sizeof *y, out, bytes, false);
}

/* With y from its end if @p turned. */
static assay_status convolve(size_t m, const double *x, size_t n, const double *y, bool turned, double *out)
{
    assay_status status = check_convolution(m, x, n, y, out);
    if (status != ASSAY_OK)
        return status;
    const size_t length = smooth_above(m + n - 1), half = length / 2 + 1;
    double *signal = assay_allocate(length, sizeof *signal);
    double *first = assay_allocate(half, 2 * sizeof *first), *second = assay_allocate(half, 2 * sizeof *second);
    if (!signal || !first || !second)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory to convolve %zu and %zu elements", m, n);
    if (status == ASSAY_OK) {
        memcpy(signal, x, m * sizeof *x);
        status = assay_fourier_real_forward(1, &length, signal, first);
    }
    if (status == ASSAY_OK) {
        memset(signal, 0, length * sizeof *signal);
        for (size_t j = 0; j < n; j++)
            signal[j] = y[turned ? n - 1 - j : j];
        status = assay_fourier_real_forward(1, &length, signal, second);
    }
    if (status == ASSAY_OK) {
        for (size_t k = 0; k < half; k++) {
            const double re = first[2 * k], im = first[2 * k + 1];
            first[2 * k] = re * second[2 * k] - im * second[2 * k + 1];
            first[2 * k + 1] = re * second[2 * k + 1] + im * second[2 * k];
        }
        status = assay_fourier_real_inverse(1, &length, first, signal);
    }
    if (status == ASSAY_OK)
        memcpy(out, signal, (m + n - 1) * sizeof *out);
    assay_release(signal);
    assay_release(first);
    assay_release(second);
    return status;
}

assay_status assay_fourier_convolve(size_t m, const double *x, size_t n, const double *y, double *out)
{
    return convolve(m, x, n, y, false, out);
}

assay_status assay_fourier_correlate(size_t m, const double *x, size_t n, const double *y, double *out)
{
    return convolve(m, x, n, y, true, out);
}
