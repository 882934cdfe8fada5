/* Graphs with the vectors that every CPU of the architecture has: two numbers. */
#define DAG_KERNELS functional_hash_dag_kernels_baseline
#define DAG_LANES   2
#include "optimized/arithmetic/functional_hash_dag_body.h"
