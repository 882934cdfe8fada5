/**
 * @file oracle.h
 * Truth: correctly rounded values and exact errors, by MPFR.
 *
 * The errors are real numbers, and what is returned is the double nearest to them: two ways of computing the same
 * error can be compared for equality. All functions may be called from several threads, leave MPFR's exponent range and
 * flags as they were, and never end the process.
 */
#ifndef ASSAY_VERIFY_ORACLE_H
#define ASSAY_VERIFY_ORACLE_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

#include <mpfr.h>

/** How |f(x) - answer| changes over an interval of inputs, in the order of their bit patterns. */
typedef enum oracle_drift {
    ORACLE_EXACT,  /**< it is 0 everywhere */
    ORACLE_GROWS,  /**< it increases strictly, as a double too, and stays below 1/32 ulp */
    ORACLE_SHRINKS /**< it does not increase, and starts below 1/32 ulp */
} oracle_drift;

/** Inputs, by bit pattern, where f(x) rounds to the same @c answer everywhere. A saturated f(x) is exact (see below).
 */
typedef struct oracle_closed {
    uint32_t first, last;
    float answer;
    oracle_drift drift;
} oracle_closed;

/** A function of one real variable of which we know the truth. Name and mpfr suffice; the rest makes sweeps fast. */
typedef struct oracle_function {
    const char *name;
    /** The function as MPFR has it: the result has an error of less than 2^guard_bits units in its last place, and 0 is
     *  returned only if it is exact. All functions of MPFR qualify with guard_bits 0; a composition of some needs more.
     */
    int (*mpfr)(mpfr_t result, const mpfr_t x, mpfr_rnd_t rounding);
    int guard_bits;
    /** Fast tier: y[i] has a relative error of at most @c fast_bound, for any float32 x[i] in no closed interval. Null
     *  if there is none. */
    void (*fast)(const float *x, double *y, size_t n);
    double fast_bound;
    /** Answers known beforehand: intervals in increasing order, disjoint. */
    const oracle_closed *closed;
    size_t closed_count;
} oracle_function;

extern const oracle_function oracle_exp, oracle_exp2, oracle_log2, oracle_sin, oracle_cos, oracle_tanh, oracle_erf;

/** f(x) correctly rounded to nearest even (Ziv's loop: precision is raised until the rounding is certain). */
float oracle_round_f32(const oracle_function *f, float x);
double oracle_round_f64(const oracle_function *f, double x);

/**
 * The error |y - f(x)| in units in the last place of f(x): the double nearest to the real number (Ziv's loop again).
 *
 * One ulp is 2^(e-p+1) for 2^e <= |f(x)| < 2^(e+1), never less than the smallest subnormal. Infinities saturate: an
 * infinite y counts as the number after the largest finite one, and so does an f(x) that is as large or infinite, so
 * that an overflow that should be has error 0 (1/2 or less where f(x) only rounds to infinity), and one that should not
 * be a finite but large one. NaN against NaN is 0, NaN against a number infinite; -0 equals +0.
 */
double oracle_ulp_f32(const oracle_function *f, float x, float y);
double oracle_ulp_f64(const oracle_function *f, double x, double y);

/** Both at once, for the price of the second: the correctly rounded value, and the error of @p y. */
double oracle_judge_f32(const oracle_function *f, float x, float y, float *rounded);
double oracle_judge_f64(const oracle_function *f, double x, double y, double *rounded);

/** out[i] = f(x[i]) correctly rounded, i < n, with all threads. */
void oracle_round_array_f32(const oracle_function *f, const float *x, float *out, size_t n);
void oracle_round_array_f64(const oracle_function *f, const double *x, double *out, size_t n);

/** The largest error over an array, and where it is (the first place if several). */
typedef struct oracle_worst {
    double ulp;
    size_t where;
} oracle_worst;

/** The worst of y[i] against f(x[i]), i < n, with all threads; 0 at 0 if n is 0. */
oracle_worst oracle_worst_f32(const oracle_function *f, const float *x, const float *y, size_t n);
oracle_worst oracle_worst_f64(const oracle_function *f, const double *x, const double *y, size_t n);

/** Frees the constants that MPFR keeps for the calling thread. The array functions do so for the threads they use. */
void oracle_release_thread(void);

#endif
