/*
 * The block evaluators of each instruction set.
 */
#ifndef ASSAY_EVOLVED_EXP_BLOCKS_TYPE_H
#define ASSAY_EVOLVED_EXP_BLOCKS_TYPE_H

#include "reference/arithmetic/evolved_exp_search_parts.h"

enum { EVOLVED_EXP_BLOCK = EVOLVED_EXP_POINTS_BLOCK };

#define EVOLVED_EXP_DECLARE_BLOCKS(SUFFIX)                                                                             \
    void evolved_exp_block_evaluate_f64##SUFFIX(const evolved_exp_program *program, const double *x, double *y,        \
                                                size_t n);                                                             \
    void evolved_exp_block_evaluate_f32##SUFFIX(const evolved_exp_program *program, const float *x, float *y,          \
                                                size_t n);                                                             \
    double evolved_exp_block_error##SUFFIX(const evolved_exp_program *program, const evolved_exp_points *points)

EVOLVED_EXP_DECLARE_BLOCKS(_baseline);
EVOLVED_EXP_DECLARE_BLOCKS(_avx2);
EVOLVED_EXP_DECLARE_BLOCKS(_avx512);

#endif
