/* Magnitudes that errors are measured by. */
#ifndef ASSAY_LORA_GRADIENT_BARS_H
#define ASSAY_LORA_GRADIENT_BARS_H

#include "verify/attention/lora_gradient_problems.h"

/* The gradients with every factor but f replaced by its magnitude and every difference by a sum: what the terms of each
 * number add up to without cancellation (lora_gradient_truth.c tells how errors are bounded by it). The largest number
 * of each. Unlike the gradients themselves, which may happen to be small, these are never near 0. */
typedef struct lora_bars {
    double a[LORA_GRADIENT_PARTS], b[LORA_GRADIENT_PARTS]; /* of dA, dB; 0 where there is no adapter */
    double output, loss;
} lora_bars;

assay_status lora_find_bars(const lora_gradient_problem *problem, lora_bars *bars);

#endif
