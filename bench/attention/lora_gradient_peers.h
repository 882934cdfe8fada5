/* Other people's code for lora_gradient. */
#ifndef ASSAY_BENCH_LORA_GRADIENT_PEERS_H
#define ASSAY_BENCH_LORA_GRADIENT_PEERS_H

#include "optimized/attention/lora_gradient_kernels.h"

#if defined(__x86_64__)
/* The exact gradient's kernels with SLEEF's exponential function in the place of ours. */
extern const lora_kernels lora_kernels_sleef_avx2, lora_kernels_sleef_avx512, lora_kernels_sleef_avx2_f32,
    lora_kernels_sleef_avx512_f32;
#endif

/* Whether libtorch's peer was built and can be loaded. */
bool lora_peer_torch_available(void);

/* All gradients by libtorch with assay_threads() threads. */
assay_status lora_peer_torch(const lora_gradient_problem *problem, lora_gradient_result *result);

#endif
