/* The kernels of lora_gradient in single precision for any CPU of the architecture: registers of 16 bytes, products and
 * sums rounded one after the other. */
#include <stdint.h>

#define LORA_REAL              float
#define LORA_REAL_IS_DOUBLE    0
#define LORA_BYTES             16
#define LORA_TILE              6
#define LORA_FMA(a, b, c)      ((a) * (b) + (c))
#define LORA_FMA_WIDE(a, b, c) ((a) * (b) + (c))
#define LORA_MAX(a, b)         larger_of(a, b)
#define LORA_KERNELS           lora_kernels_baseline_f32

#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"
