/* Graphs with vectors of four numbers. */
#include "optimized/simd.h"

#define DAG_KERNELS       functional_hash_dag_kernels_avx2
#define DAG_LANES         4
#define DAG_MAXIMUM(a, b) ((vector)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#include "optimized/arithmetic/functional_hash_dag_body.h"
