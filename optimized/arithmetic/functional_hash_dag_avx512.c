/* Graphs with vectors of eight numbers. */
#include <immintrin.h>

#define DAG_KERNELS       functional_hash_dag_kernels_avx512
#define DAG_LANES         8
#define DAG_MAXIMUM(a, b) ((vector)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#include "optimized/arithmetic/functional_hash_dag_body.h"
