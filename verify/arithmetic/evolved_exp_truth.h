/*
 * The truth about programs: targets and programs in MPFR at 200 bits.
 */
#ifndef ASSAY_VERIFY_EVOLVED_EXP_TRUTH_H
#define ASSAY_VERIFY_EVOLVED_EXP_TRUTH_H

#include "assay/evolved_exp_search.h"

#include <mpfr.h>

enum { EVOLVED_EXP_TRUTH_BITS = 200 };

/* y = target(x). */
void evolved_exp_truth(evolved_exp_target target, double x, mpfr_t y);

/* y = f(x) in 200-bit arithmetic, constants exact. */
void evolved_exp_truth_program(const evolved_exp_program *program, double x, mpfr_t y);

/* E of a program over Chebyshev points in the open interval; run in double arithmetic by the public function, or in
 * 200-bit arithmetic if @p real. */
double evolved_exp_truth_error(const evolved_exp_problem *problem, const evolved_exp_program *program, size_t points,
                               bool real);

#endif
