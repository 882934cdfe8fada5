/* What random problems and those over real tokens share. */
#ifndef ASSAY_LORA_GRADIENT_TOKENS_H
#define ASSAY_LORA_GRADIENT_TOKENS_H

#include "verify/attention/lora_gradient_problems.h"

/* Draws weights, adapters and targets of a case whose tokens come from elsewhere. */
void lora_draw_head(uint64_t seed, lora_case *x);

#endif
