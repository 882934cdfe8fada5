/* The kernels of sinkhorn_newton for any CPU. */
#include "optimized/transport/sinkhorn_newton_kernels.h"

#define LANES           2
#define FMA(a, b, c)    ((a) * (b) + (c))
#define GATHER(y, k)    ((f64v){(y)[(k)[0]], (y)[(k)[1]]})
#define MOST(a, b)      choose((a) > (b), a, b)
#define ANY_ABOVE(a, b) ((a)[0] > (b)[0] || (a)[1] > (b)[1])
#define FILTER          filter
#define TABLE           sinkhorn_newton_kernels_baseline

static size_t filter(const double *cost, const double *y, size_t m, double eta, double threshold, uint32_t *column,
                     double *exponent)
{
    size_t count = 0;
    for (size_t j = 0; j < m; j++) {
        const double t = eta * cost[j];
        column[count] = (uint32_t)j;
        exponent[count] = t + 1;
        count += y[j] - t > threshold;
    }
    return count;
}

#include "optimized/transport/sinkhorn_newton_kernels_body.h"
