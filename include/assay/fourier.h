/**
 * @file fourier.h
 * Discrete Fourier transforms in one to three dimensions by FFTW, with plans kept for the next transform of the shape.
 *
 * A complex number is two neighbours in an array, real part first; arrays are row-major, last dimension fastest. The
 * forward transform is X[k] = sum over j of x[j] exp(-2 pi i j k / n), the inverse has +i and divides by the number of
 * elements, so that it undoes the forward one. Plans are those of FFTW_ESTIMATE, without wisdom: the same call gives
 * the same bits on one machine, whatever the alignment of the arrays and the number of threads that call. Any number
 * may do so at once; but FFTW's planner is not safe against other code of the process that plans with FFTW at the same
 * time.
 *
 * Inputs are not written, except that an output may be the input. ASSAY_INVALID_ARGUMENT for null pointers and arrays
 * that overlap partly, ASSAY_OUT_OF_RANGE for shapes that are empty or do not fit; outputs are then untouched. NaN and
 * infinities go the way of arithmetic.
 */
#ifndef ASSAY_FOURIER_H
#define ASSAY_FOURIER_H

#include "assay/status.h"

#include <stddef.h>

ASSAY_BEGIN_DECLARATIONS

/** Largest number of dimensions. */
#define ASSAY_FOURIER_DIMENSIONS 3

/** Forward transform of shape[0] x ... x shape[dimensions - 1] complex numbers. @p out may be @p in. */
assay_status assay_fourier_forward(size_t dimensions, const size_t *shape, const double *in, double *out);

/** Its inverse. */
assay_status assay_fourier_inverse(size_t dimensions, const size_t *shape, const double *in, double *out);

/** Forward transform of real numbers of that shape. The other half being conjugate, @p spectrum has
 *  shape[last] / 2 + 1 complex numbers in the last dimension, and overlaps @p x not at all. */
assay_status assay_fourier_real_forward(size_t dimensions, const size_t *shape, const double *x, double *spectrum);

/** Its inverse: @p shape is that of the real numbers @p x. */
assay_status assay_fourier_real_inverse(size_t dimensions, const size_t *shape, const double *spectrum, double *x);

/** assay_fourier_forward() in single precision. */
assay_status assay_fourier_forward_f32(size_t dimensions, const size_t *shape, const float *in, float *out);

/** assay_fourier_inverse() in single precision. */
assay_status assay_fourier_inverse_f32(size_t dimensions, const size_t *shape, const float *in, float *out);

/** assay_fourier_real_forward() in single precision. */
assay_status assay_fourier_real_forward_f32(size_t dimensions, const size_t *shape, const float *x, float *spectrum);

/** assay_fourier_real_inverse() in single precision. */
assay_status assay_fourier_real_inverse_f32(size_t dimensions, const size_t *shape, const float *spectrum, float *x);

/** out[k] = sum over j of x[k - j] y[j], k < m + n - 1: the whole convolution of m and n real numbers. @p out overlaps
 *  neither. */
assay_status assay_fourier_convolve(size_t m, const double *x, size_t n, const double *y, double *out);

/** out[k] = sum over j of x[j + k - (n - 1)] y[j], k < m + n - 1: the whole correlation, lag 0 at k = n - 1. */
assay_status assay_fourier_correlate(size_t m, const double *x, size_t n, const double *y, double *out);

ASSAY_END_DECLARATIONS

#endif
