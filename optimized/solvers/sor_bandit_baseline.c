/* The kernels for any CPU: one double at a time, but independent of each other along an anti-diagonal. */
#define LANES          1
#define V              double
#define MASK           int
#define TAIL(k)        (int)(k)
#define LOAD(p)        (*(p))
#define STORE(p, v)    (*(p) = (v))
#define KEEP(m, v)     ((void)(m), (v))
#define EARLIER(v, w)  ((void)(w), (v))
#define LATER(v, w)    ((void)(v), (w))
#define SET(a)         ((double)(a))
#define ADD(a, b)      ((a) + (b))
#define SUBTRACT(a, b) ((a) - (b))
#define MULTIPLY(a, b) ((a) * (b))
#define DIVIDE(a, b)   ((a) / (b))
#define FUSED(a, b, c) ((a) * (b) + (c))
#define SUM(v)         (v)
#define KERNELS        sor_bandit_kernels_baseline
#include "optimized/solvers/sor_bandit_kernels_body.h"
