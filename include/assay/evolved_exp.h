/**
 * @file evolved_exp.h
 * Short programs for transcendental functions, found by evolution, and float32 exponentials below 1 ulp.
 *
 * E. Real et al., AutoNumerics-Zero: Automated Discovery of State-of-the-Art Mathematical Functions, arXiv:2312.08472.
 */
#ifndef ASSAY_EVOLVED_EXP_H
#define ASSAY_EVOLVED_EXP_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Exponentials --------------------------------------------------------------------------------------------- */

/*
 * All take any n (0 does nothing) and any alignment that suits the type. x and y may be the same array; if they overlap
 * in another way, or one is null and n is not 0, the call is refused with ASSAY_INVALID_ARGUMENT and y is untouched.
 * NaN gives NaN. Large arrays use all threads, and those of float32 are written past the caches; the bits do not depend
 * on either.
 */

/** y[i] = 2^x[i] for every float32, within 0.80 ulp where the result is normal and 0.8784 ulp where it is subnormal (at
 *  x = -0x1.f9fc6ap+6), at the levels avx2 and avx512, which give the same bits. 2^n is exact for integers -149 to 127;
 * x <= -150 gives 0, x >= 128 infinity. At the levels reference and baseline, which work in double, within 0.50002 ulp.
 */
assay_status evolved_exp_exp2_f32(const float *x, float *y, size_t n);

/** y[i] = e^x[i] for every float32, within 0.79 ulp where the result is normal and 0.8804 ulp where it is subnormal (at
 *  x = -0x1.5fe646p+6), at the levels avx2 and avx512, which give the same bits. x <= -0x1.9fe36ap+6 gives 0 and
 *  x >= 0x1.62e43p+6 infinity. At the levels reference and baseline, which work in double, within 0.50002 ulp. */
assay_status evolved_exp_exp_f32(const float *x, float *y, size_t n);

/** y[i] = 2^x[i] by the known program T10 (evolved_exp_known()) after reduction to [0, 1): relative error below 6e-15,
 *  and nothing is exact (2^n is off by 1.8e-15, 2^1024 just finite). x >= 1025 gives infinity, x <= -1076 gives 0.
 *  The same bits at every level. */
assay_status evolved_exp_exp2_f64(const double *x, double *y, size_t n);

/** evolved_exp_exp2_f32() plainly: scalar double arithmetic and one final rounding, within 0.50002 ulp. */
assay_status evolved_exp_reference_exp2_f32(const float *x, float *y, size_t n);

/** evolved_exp_exp_f32() plainly: scalar double arithmetic and one final rounding, within 0.50002 ulp. */
assay_status evolved_exp_reference_exp_f32(const float *x, float *y, size_t n);

/** evolved_exp_exp2_f64() plainly, one point after another; the same bits. */
assay_status evolved_exp_reference_exp2_f64(const double *x, double *y, size_t n);

/* ---- Straight-line programs ----------------------------------------------------------------------------------- */

/** Operations of a program's nodes. */
typedef enum evolved_exp_operation {
    EVOLVED_EXP_X,        /**< the input */
    EVOLVED_EXP_CONSTANT, /**< a number */
    EVOLVED_EXP_ADD,      /**< a + b */
    EVOLVED_EXP_SUBTRACT, /**< a - b */
    EVOLVED_EXP_MULTIPLY, /**< a * b */
    EVOLVED_EXP_DIVIDE,   /**< a / b */
    EVOLVED_EXP_SQRT,     /**< square root of a */
    EVOLVED_EXP_FMA       /**< a * b + c, rounded once */
} evolved_exp_operation;

/** Largest number of nodes of a program. */
#define EVOLVED_EXP_NODES 100

/** One node. Arguments are indices of earlier nodes. */
typedef struct evolved_exp_node {
    evolved_exp_operation operation; /**< what it computes */
    uint32_t a;                      /**< first argument, where the operation has one */
    uint32_t b;                      /**< second argument */
    uint32_t c;                      /**< third argument: the addend of a fused multiply-add */
    double constant;                 /**< value of EVOLVED_EXP_CONSTANT; finite */
} evolved_exp_node;

/** A program: nodes in an order in which each one's arguments come before it. */
typedef struct evolved_exp_program {
    size_t count;                              /**< 1 to EVOLVED_EXP_NODES */
    uint32_t output;                           /**< index of the node whose value is the result */
    evolved_exp_node nodes[EVOLVED_EXP_NODES]; /**< the first @c count are in use */
} evolved_exp_program;

ASSAY_END_DECLARATIONS

#endif
