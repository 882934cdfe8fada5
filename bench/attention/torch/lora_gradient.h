/* The peer that libtorch is. It is a library of its own, build/assay-torch.so, loaded when it is first timed: libtorch
 * is too large, and starts too much, to be linked into the command. */
#ifndef ASSAY_BENCH_TORCH_LORA_GRADIENT_H
#define ASSAY_BENCH_TORCH_LORA_GRADIENT_H

#include "assay/lora_gradient.h"

ASSAY_BEGIN_DECLARATIONS

/** Name of the one function of the library, and its type: all gradients by autograd of the same graph in double, with
 * so many threads; 0 if all is well. */
#define LORA_TORCH_FUNCTION "lora_gradient_torch"
typedef int lora_gradient_torch_function(const lora_gradient_problem *problem, int threads,
                                         lora_gradient_result *result);

lora_gradient_torch_function lora_gradient_torch;

ASSAY_END_DECLARATIONS

#endif
