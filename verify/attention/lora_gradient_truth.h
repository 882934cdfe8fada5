/* The exact gradients in 200 bits, and how far rounding may take them. */
#ifndef ASSAY_LORA_GRADIENT_TRUTH_H
#define ASSAY_LORA_GRADIENT_TRUTH_H

#include "verify/attention/lora_gradient_problems.h"

/* Rounded to double. */
typedef struct lora_truth {
    double loss;
    double *a[LORA_GRADIENT_PARTS], *b[LORA_GRADIENT_PARTS];             /* r x d, d x r */
    double *a_bound[LORA_GRADIENT_PARTS], *b_bound[LORA_GRADIENT_PARTS]; /* largest error of each for u = 1 */
    double *output;                                                      /* L x d */
    double loss_bound, output_bound;
    void *memory;
} lora_truth;

/* All gradients (FULL) of a problem whose parts all have adapters. */
assay_status lora_find_truth(const lora_gradient_problem *problem, lora_truth *truth);
void lora_release_truth(lora_truth *truth);

#endif
