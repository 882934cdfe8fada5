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

/* ---- float32 kernels ------------------------------------------------------------------------------------------ */

/** y[i] = 2^x[i] within 1 ulp for every float32 (largest error 0.8785 ulp), subnormal results included. NaN gives NaN.
 *  Any n and alignment; x and y may be the same array, but must not overlap otherwise. The same bits at every level
 *  above reference. */
assay_status evolved_exp_exp2_f32(const float *x, float *y, size_t n);

/** y[i] = e^x[i] within 1 ulp for every float32 (largest error 0.8914 ulp); otherwise as evolved_exp_exp2_f32(). */
assay_status evolved_exp_exp_f32(const float *x, float *y, size_t n);

/** The plain versions: double arithmetic, one final rounding. */
assay_status evolved_exp_reference_exp2_f32(const float *x, float *y, size_t n);
assay_status evolved_exp_reference_exp_f32(const float *x, float *y, size_t n);

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
    evolved_exp_operation operation;
    uint32_t a, b, c;
    double constant;
} evolved_exp_node;

/** A program: nodes in an order in which each one's arguments come before it. */
typedef struct evolved_exp_program {
    size_t count;    /**< 1 to EVOLVED_EXP_NODES */
    uint32_t output; /**< index of the node whose value is the result */
    evolved_exp_node nodes[EVOLVED_EXP_NODES];
} evolved_exp_program;

ASSAY_END_DECLARATIONS

#endif
