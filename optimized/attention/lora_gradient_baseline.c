/* The kernels of lora_gradient in double precision for any CPU of the architecture: registers of 16 bytes, products and
 * sums rounded one after the other. */
#include <stdint.h>

#define LORA_REAL              double
#define LORA_REAL_IS_DOUBLE    1
#define LORA_BYTES             16
#define LORA_TILE              6
#define LORA_FMA(a, b, c)      ((a) * (b) + (c))
#define LORA_FMA_WIDE(a, b, c) ((a) * (b) + (c))
#define LORA_MAX(a, b)         larger_of(a, b)
#define LORA_KERNELS           lora_kernels_baseline

#include "optimized/attention/lora_gradient_exact_body.h"

#include "optimized/attention/lora_gradient_approximate_body.h"
