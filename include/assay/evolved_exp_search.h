/**
 * @file evolved_exp_search.h
 * Straight-line programs as data, and the evolutionary search that finds them.
 *
 * E. Real et al., AutoNumerics-Zero: Automated Discovery of State-of-the-Art Mathematical Functions, arXiv:2312.08472.
 * The program type itself is in evolved_exp.h. A program computes f(x) by the nodes that its output needs, in their
 * order, one IEEE operation for each; its accuracy against a target function and its cost (a count of operations) are
 * the two objectives of the search.
 */
#ifndef ASSAY_EVOLVED_EXP_SEARCH_H
#define ASSAY_EVOLVED_EXP_SEARCH_H

#include "assay/evolved_exp.h"

#include <stdbool.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Programs ------------------------------------------------------------------------------------------------- */

/** Number of arguments of an operation, 0 to 3: those of a node are a, then b, then c; the others mean nothing. */
unsigned evolved_exp_arguments(evolved_exp_operation operation);

/** Fails with ASSAY_INVALID_ARGUMENT unless the program has 1 to EVOLVED_EXP_NODES nodes, known operations, arguments
 *  that are earlier nodes (so there is no cycle), an output that is one of its nodes, and finite constants. */
assay_status evolved_exp_check(const evolved_exp_program *program);

/** y[i] = f(x[i]) in IEEE double arithmetic, one rounding for each node, no reassociation: the same bits at every level.
 *  A NaN result is always the positive quiet NaN. Any n and alignment; y may be x, but must not overlap it otherwise. */
assay_status evolved_exp_evaluate_f64(const evolved_exp_program *program, const double *x, double *y, size_t n);

/** The same in IEEE float arithmetic, with the constants rounded to float. */
assay_status evolved_exp_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n);

/** The plain versions: one point after another, one node after another. */
assay_status evolved_exp_reference_evaluate_f64(const evolved_exp_program *program, const double *x, double *y,
                                                size_t n);
assay_status evolved_exp_reference_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n);

/** The cost: nodes that are operations, that the output needs and that depend on x, but at least 2. A node that is used
 *  twice counts once, a fused multiply-add counts 1, and what depends on constants alone is free. */
assay_status evolved_exp_cost(const evolved_exp_program *program, uint32_t *cost);

/** Drops the nodes that the output does not need; the others keep their order. */
assay_status evolved_exp_prune(evolved_exp_program *program);

/** Replaces each largest part that does not depend on x by one constant with its value (in double), then prunes.
 *  ASSAY_OUT_OF_RANGE if such a value is not finite. */
assay_status evolved_exp_collapse(evolved_exp_program *program);

/**
 * Writes the program as text, one line for each node and one for the output, constants in hexadecimal:
 *
 *     0 x
 *     1 constant 0x1.9p+4
 *     2 divide 1 0
 *     output 2
 *
 * @p length, which may be null, receives the length without the final null byte. @p text may be null with
 * capacity 0 to ask for the length. ASSAY_OUT_OF_RANGE if the text does not fit.
 */
assay_status evolved_exp_print(const evolved_exp_program *program, char *text, size_t capacity, size_t *length);

/** Reads what evolved_exp_print() writes, bit for bit; arguments that mean nothing become 0. Empty lines and lines that
 *  start with '#' are skipped. ASSAY_BAD_DATA, naming the line, for anything else, text after the output included. */
assay_status evolved_exp_parse(const char *text, evolved_exp_program *program);

/**
 * Programs for 2^x on (0, 1] that are known by name. At x = 0 those that divide by x rely on IEEE infinity.
 *
 * - "f2", "f3", "f5", "f10": evolved, Figure 11 of the paper; the number is the cost. Largest relative errors 4.138e-2,
 *   1.2266e-3, 6.3386e-6 and 3.5200e-15.
 * - "T3" to "T12": the same three forms with minimax constants and a power of two as exponent, the best of each cost.
 *   Digits 3.062, 3.664, 5.362, 6.563, 9.249, 11.049, 12.853, 14.659, 16.465, 18.271 in real arithmetic. T11 and T12
 *   hold each constant as a sum of two, which costs nothing and carries the digits that one double cannot.
 */
assay_status evolved_exp_known(const char *name, evolved_exp_program *program);

/** The name of the known program at @p position, 0, 1, ...; null beyond the last. */
const char *evolved_exp_known_name(size_t position);

ASSAY_END_DECLARATIONS

#endif
