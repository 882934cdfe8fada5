/* Derivatives of two families, compiled once for each level. KERNELS and WEIGHTS are the names of the sets.
 *
 * Each sample's row is loaded once for both points: the kernels are bound by memory. The sums are cut into lanes by
 * `omp simd`, hence the rounding of each level. */
#include "optimized/bilevel/multiblock_bilevel_kernels.h"

#include <math.h>
#include <string.h>

typedef multiblock_bilevel_quadratic_data quadratic;
typedef multiblock_bilevel_weights_data weights;

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

/* ---- Weights of training examples: each exponential and each product with a row once, for all derivatives ---------
 */

static inline double sigmoid(double z)
{
    const double e = exp(-fabs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
}

static void lower_pass(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                       double *const gradient[2], double *const product[2], double *const cross[2])
{
    const weights *w = context;
    const size_t n = w->features;
    const double scale = 1 / w->temperatures[at->block], share = 1 / (double)at->count;
    for (int time = 0; time < 2; time++) {
        scaled(gradient[time], at[time].y, w->lambda, n);
        scaled(product[time], v[time], w->lambda, n);
    }
    for (size_t b = 0; b < at->count; b++) {
        const size_t j = at->samples ? at->samples[b] : b;
        const double *row = w->training.rows + j * n;
        for (int time = 0; time < 2; time++) {
            double dots[2];
            dot_pair(row, at[time].y, v[time], n, dots);
            const double weight = sigmoid(at[time].x[j]), p = sigmoid(-scale * dots[0]), turn = scale * dots[1];
            const double slope[] = {-weight * p * scale * share, weight * p * (1 - p) * scale * share * turn};
            cross[time][b] = -share * weight * (1 - weight) * p * turn;
            add_pair(row, slope, gradient[time], product[time], n);
        }
    }
}

static void weights_upper_gradient_y(const void *context, const multiblock_bilevel_point at[2], double *const out[2])
{
    const weights *w = context;
    const size_t n = w->features;
    const double scale = 1 / w->temperatures[at->block], share = scale / (double)at->count;
    memset(out[0], 0, n * sizeof(double));
    memset(out[1], 0, n * sizeof(double));
    for (size_t b = 0; b < at->count; b++) {
        const double *row = w->validation.rows + (at->samples ? at->samples[b] : b) * n;
        double margin[2];
        dot_pair(row, at[0].y, at[1].y, n, margin);
        const double slope[] = {-share * sigmoid(-scale * margin[0]), -share * sigmoid(-scale * margin[1])};
        add_pair(row, slope, out[0], out[1], n);
    }
}

const multiblock_bilevel_weights_kernels WEIGHTS = {lower_pass, weights_upper_gradient_y};
