/**
 * @file oracle.h
 * Truth: correctly rounded values and exact errors, by MPFR.
 */
#ifndef ASSAY_VERIFY_ORACLE_H
#define ASSAY_VERIFY_ORACLE_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

#include <mpfr.h>

/** A function of one real variable of which we know the truth. */
typedef struct oracle_function {
    const char *name;
    /** MPFR's function (correctly rounded at the precision of the result). */
    int (*mpfr)(mpfr_t result, const mpfr_t x, mpfr_rnd_t rounding);
    /** Fast tier: y[i] near f(x[i]) with relative error at most @c fast_bound (of the exact value), for x[i] in
     *  [fast_low, fast_high] and not trivial; null if there is none. */
    void (*fast)(const float *x, double *y, size_t n);
    double fast_bound;
    double fast_low, fast_high;
    /** The answer for inputs outside that range, exact or rounded; returns 0 if @p x is not such an input. */
    int (*trivial)(float x, float *y);
} oracle_function;

extern const oracle_function oracle_exp, oracle_exp2, oracle_log2, oracle_sin, oracle_cos, oracle_tanh, oracle_erf;

/** f(x) correctly rounded to nearest even (Ziv's loop: precision is raised until the rounding is certain). */
float oracle_round_f32(const oracle_function *f, float x);
double oracle_round_f64(const oracle_function *f, double x);

/**
 * The error |y - f(x)| in units in the last place of f(x), as a real number rounded to double (error < 2^-20 ulp).
 *
 * One ulp is 2^(e-p+1) for 2^e <= |f(x)| < 2^(e+1), never less than the smallest subnormal; an infinite y counts as
 * the number after the largest finite one, so that an overflow that should be is 0 to 1/2 ulp off and one that should
 * not is finite but large. NaN against NaN is 0, NaN against a number infinite; -0 equals +0.
 */
double oracle_ulp_f32(const oracle_function *f, float x, float y);
double oracle_ulp_f64(const oracle_function *f, double x, double y);

/** The largest error over an array, and where it is. */
typedef struct oracle_worst {
    double ulp;
    size_t where;
} oracle_worst;

oracle_worst oracle_worst_f32(const oracle_function *f, const float *x, const float *y, size_t n);
oracle_worst oracle_worst_f64(const oracle_function *f, const double *x, const double *y, size_t n);

#endif
