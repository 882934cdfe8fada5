/* The quadratic family's derivatives, compiled once for each level. KERNELS is the name of the set.
 *
 * Each sample's row is loaded once for both points: the kernels are bound by memory. The sums are cut into lanes by
 * `omp simd`, hence the rounding of each level. */
#include "optimized/bilevel/multiblock_bilevel_kernels.h"

#include <string.h>

typedef multiblock_bilevel_quadratic_data quadratic;

static inline void dot_pair(const double *restrict row, const double *restrict p, const double *restrict q, size_t n,
                            double out[2])
{
    double first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
    for (size_t i = 0; i < n; i++) {
        first += row[i] * p[i];
        second += row[i] * q[i];
    }
    out[0] = first;
    out[1] = second;
}

static inline void add_pair(const double *restrict row, const double weight[2], double *restrict p, double *restrict q,
                            size_t n)
{
    const double first = weight[0], second = weight[1];
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        p[i] += first * row[i];
        q[i] += second * row[i];
    }
}

static inline size_t row_of(const quadratic *q, const multiblock_bilevel_point *at, size_t k)
{
    return at->block * q->sizes.samples + (at->samples ? at->samples[k] : k);
}

static void scaled(double *out, const double *y, double factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = factor * y[i];
}

static void lower_gradient(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    const quadratic *q = context;
    const size_t dx = q->sizes.dx, dy = q->sizes.dy;
    scaled(out[0], at[0].y, q->sizes.mu, dy);
    scaled(out[1], at[1].y, q->sizes.mu, dy);
    const double share = 1.0 / (double)at->count;
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        double ay[2], cx[2];
        dot_pair(q->a + row * dy, at[0].y, at[1].y, dy, ay);
        dot_pair(q->c + row * dx, at[0].x, at[1].x, dx, cx);
        const double weight[] = {share * (ay[0] - cx[0] - q->b[row]), share * (ay[1] - cx[1] - q->b[row])};
        add_pair(q->a + row * dy, weight, out[0], out[1], dy);
    }
}

/* The Hessian does not depend on x and y: the second is a copy. */
static void lower_hessian(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    const double share = 1.0 / (double)at->count;
    double *restrict h = out[0];
    memset(h, 0, dy * dy * sizeof *h);
    for (size_t k = 0; k < at->count; k++) {
        const double *restrict a = q->a + row_of(q, at, k) * dy;
        for (size_t l = 0; l < dy; l++) {
            const double weight = share * a[l];
#pragma omp simd
            for (size_t r = 0; r < dy; r++)
                h[l * dy + r] += weight * a[r];
        }
    }
    for (size_t l = 0; l < dy; l++)
        h[l * dy + l] += q->sizes.mu;
    memcpy(out[1], h, dy * dy * sizeof *h);
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                  double *const out[2])
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    const double share = 1.0 / (double)at->count;
    scaled(out[0], v[0], q->sizes.mu, dy);
    scaled(out[1], v[1], q->sizes.mu, dy);
    for (size_t k = 0; k < at->count; k++) {
        const double *a = q->a + row_of(q, at, k) * dy;
        double weight[2];
        dot_pair(a, v[0], v[1], dy, weight);
        weight[0] *= share;
        weight[1] *= share;
        add_pair(a, weight, out[0], out[1], dy);
    }
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                                double scale, double *const sum[2])
{
    const quadratic *q = context;
    const size_t dx = q->sizes.dx, dy = q->sizes.dy;
    const double share = -scale / (double)at->count;
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        double weight[2];
        dot_pair(q->a + row * dy, v[0], v[1], dy, weight);
        weight[0] *= share;
        weight[1] *= share;
        add_pair(q->c + row * dx, weight, sum[0], sum[1], dx);
    }
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    const double share = 1.0 / (double)at->count;
    memset(out[0], 0, dy * sizeof(double));
    memset(out[1], 0, dy * sizeof(double));
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        double weight[2];
        dot_pair(q->p + row * dy, at[0].y, at[1].y, dy, weight);
        weight[0] = share * (weight[0] - q->q[row]);
        weight[1] = share * (weight[1] - q->q[row]);
        add_pair(q->p + row * dy, weight, out[0], out[1], dy);
    }
}

const multiblock_bilevel_kernels KERNELS = {lower_gradient, lower_hessian, lower_hessian_product, lower_cross_product,
                                            upper_gradient_y};
