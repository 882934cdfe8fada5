/* Family Q of multiblock_bilevel: quadratic on both levels, so that everything has a closed form. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

typedef multiblock_bilevel_quadratic_data quadratic;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The row of sample number @p k of the batch. */
static size_t row_of(const quadratic *q, const multiblock_bilevel_point *at, size_t k)
{
    return at->block * q->sizes.samples + (at->samples ? at->samples[k] : k);
}

/* ---- Derivatives ---- */

static void lower_gradient(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const quadratic *q = context;
    const size_t dx = q->sizes.dx, dy = q->sizes.dy;
    for (size_t l = 0; l < dy; l++)
        out[l] = q->sizes.mu * at->y[l];
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        const double *a = q->a + row * dy;
        const double residual = dot(a, at->y, dy) - dot(q->c + row * dx, at->x, dx) - q->b[row];
        for (size_t l = 0; l < dy; l++)
            out[l] += residual / (double)at->count * a[l];
    }
}

static void lower_hessian(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    memset(out, 0, dy * dy * sizeof *out);
    for (size_t l = 0; l < dy; l++)
        out[l * dy + l] = q->sizes.mu;
    for (size_t k = 0; k < at->count; k++) {
        const double *a = q->a + row_of(q, at, k) * dy;
        for (size_t l = 0; l < dy; l++) {
            for (size_t r = 0; r < dy; r++)
                out[l * dy + r] += a[l] * a[r] / (double)at->count;
        }
    }
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point *at, const double *v, double *out)
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    for (size_t l = 0; l < dy; l++)
        out[l] = q->sizes.mu * v[l];
    for (size_t k = 0; k < at->count; k++) {
        const double *a = q->a + row_of(q, at, k) * dy;
        const double weight = dot(a, v, dy) / (double)at->count;
        for (size_t l = 0; l < dy; l++)
            out[l] += weight * a[l];
    }
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point *at, const double *v, double scale,
                                double *sum)
{
    const quadratic *q = context;
    const size_t dx = q->sizes.dx, dy = q->sizes.dy;
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        const double weight = -scale / (double)at->count * dot(q->a + row * dy, v, dy);
        for (size_t j = 0; j < dx; j++)
            sum[j] += weight * q->c[row * dx + j];
    }
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    memset(out, 0, dy * sizeof *out);
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        const double *p = q->p + row * dy;
        const double residual = (dot(p, at->y, dy) - q->q[row]) / (double)at->count;
        for (size_t l = 0; l < dy; l++)
            out[l] += residual * p[l];
    }
}

static void upper_gradient_x(const void *context, const multiblock_bilevel_point *at, double scale, double *sum)
{
    const quadratic *q = context;
    for (size_t j = 0; j < q->sizes.dx; j++)
        sum[j] += scale * q->sizes.rho * at->x[j];
}

static double upper_value(const void *context, const multiblock_bilevel_point *at)
{
    const quadratic *q = context;
    const size_t dy = q->sizes.dy;
    double sum = 0;
    for (size_t k = 0; k < at->count; k++) {
        const size_t row = row_of(q, at, k);
        const double residual = dot(q->p + row * dy, at->y, dy) - q->q[row];
        sum += 0.5 * residual * residual / (double)at->count;
    }
    return sum + 0.5 * q->sizes.rho * dot(at->x, at->x, q->sizes.dx);
}

/* ---- Closed forms ---- */

static assay_status exact_gradient(const void *context, const double *x, double *out)
{
    const quadratic *q = context;
    const size_t dx = q->sizes.dx;
    for (size_t j = 0; j < dx; j++)
        out[j] = dot(q->normal + j * dx, x, dx) - q->right[j];
    return ASSAY_OK;
}

/* y_i(x) = solution (x, 1): A_i y = sum a (c.x + b) / n, for dx + 1 right sides at once. */
static assay_status solve_block(const quadratic *q, const multiblock_bilevel_problem *problem, size_t i, double *work)
{
    const size_t n = q->sizes.samples, dx = q->sizes.dx, dy = q->sizes.dy, columns = dx + 1;
    double *hessian = work, *right = q->solution + i * dy * columns;
    const multiblock_bilevel_point at = {.block = i, .count = n};
    lower_hessian(problem->context, &at, hessian);
    for (size_t k = 0; k < n; k++) {
        const size_t row = i * n + k;
        for (size_t l = 0; l < dy; l++) {
            const double a = q->a[row * dy + l] / (double)n;
            for (size_t j = 0; j < dx; j++)
                right[l * columns + j] += a * q->c[row * dx + j];
            right[l * columns + dx] += a * q->b[row];
        }
    }
    assay_status status = assay_dense_cholesky(dy, hessian, hessian);
    if (status == ASSAY_OK)
        status = assay_dense_cholesky_solve(dy, hessian, columns, right, right);
    return status;
}

/* f_i(x, y_i(x)) is quadratic in x: adds its normal matrix S^T P S and right side, P y - r = df_i/dy. */
static void add_normal(quadratic *q, size_t i, double *row)
{
    const size_t n = q->sizes.samples, dx = q->sizes.dx, dy = q->sizes.dy, columns = dx + 1;
    const double *solution = q->solution + i * dy * columns, share = 1.0 / ((double)n * (double)q->sizes.blocks);
    for (size_t k = i * n; k < (i + 1) * n; k++) {
        memset(row, 0, columns * sizeof *row);
        for (size_t l = 0; l < dy; l++) {
            for (size_t j = 0; j < columns; j++)
                row[j] += q->p[k * dy + l] * solution[l * columns + j];
        }
        for (size_t j = 0; j < dx; j++) {
            for (size_t r = 0; r < dx; r++)
                q->normal[j * dx + r] += share * row[j] * row[r];
            q->right[j] -= share * row[j] * (row[dx] - q->q[k]);
        }
    }
}

static assay_status close_forms(quadratic *q, const multiblock_bilevel_problem *problem)
{
    const size_t dx = q->sizes.dx, dy = q->sizes.dy;
    double *work = assay_allocate(dy * dy + dx + 1, sizeof *work);
    if (!work)
        return ASSAY_NO_MEMORY;
    assay_status status = ASSAY_OK;
    for (size_t j = 0; j < dx; j++)
        q->normal[j * dx + j] = q->sizes.rho;
    for (size_t i = 0; status == ASSAY_OK && i < q->sizes.blocks; i++) {
        status = solve_block(q, problem, i, work);
        add_normal(q, i, work + dy * dy);
    }
    assay_release(work);
    return status;
}

/* ---- Making ---- */

enum { STREAM_A, STREAM_P, STREAM_C, STREAM_NOISE, STREAM_B, STREAM_Q, STREAM_X };

static double normal_number(uint64_t seed, unsigned stream, size_t index)
{
    return assay_random_normal((assay_random){seed, stream}, index);
}

static void fill(quadratic *q, uint64_t seed, double *matrix, double *minimiser)
{
    const size_t n = q->sizes.samples, dx = q->sizes.dx, dy = q->sizes.dy;
    const double width = 1 / sqrt((double)dx);
    for (size_t j = 0; j < dx; j++)
        minimiser[j] = normal_number(seed, STREAM_X, j);
    for (size_t i = 0; i < q->sizes.blocks; i++) {
        q->counts[i] = n;
        for (size_t k = 0; k < dx * dy; k++)
            matrix[k] = width * normal_number(seed, STREAM_C, i * dx * dy + k);
        for (size_t row = i * n; row < (i + 1) * n; row++) {
            for (size_t l = 0; l < dy; l++) {
                q->a[row * dy + l] = normal_number(seed, STREAM_A, row * dy + l);
                q->p[row * dy + l] = normal_number(seed, STREAM_P, row * dy + l);
            }
            for (size_t j = 0; j < dx; j++)
                q->c[row * dx + j] = dot(matrix + j * dy, q->a + row * dy, dy) +
                                     0.5 * width * normal_number(seed, STREAM_NOISE, row * dx + j);
            q->b[row] = 0.5 * normal_number(seed, STREAM_B, row);
            double target = 0; /* p.(C^T x*) */
            for (size_t l = 0; l < dy; l++) {
                for (size_t j = 0; j < dx; j++)
                    target += q->p[row * dy + l] * matrix[j * dy + l] * minimiser[j];
            }
            q->q[row] = target + 0.5 * normal_number(seed, STREAM_Q, row);
        }
    }
}

static assay_status check_sizes(const multiblock_bilevel_quadratic *s, multiblock_bilevel_instance *instance)
{
    if (!s || !instance)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", s ? "instance" : "sizes");
    if (s->blocks == 0 || s->dx == 0 || s->dy == 0 || s->samples == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "blocks %zu, dx %zu, dy %zu, samples %zu: must be at least 1 each",
                          s->blocks, s->dx, s->dy, s->samples);
    if (!(s->mu > 0 && isfinite(s->mu) && s->rho >= 0 && isfinite(s->rho)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "mu is %g and rho %g, must be above 0 and at least 0", s->mu, s->rho);
    size_t rows, numbers, width = s->dx > s->dy ? s->dx : s->dy;
    if (__builtin_mul_overflow(s->blocks, s->samples, &rows) || __builtin_mul_overflow(rows, width, &numbers) ||
        numbers > SIZE_MAX / 64 || s->dx > SIZE_MAX / 64 / width)
        return assay_fail(ASSAY_NO_MEMORY, "%zu blocks of %zu samples do not fit in size_t", s->blocks, s->samples);
    return ASSAY_OK;
}

static void release(void *data)
{
    quadratic *q = data;
    assay_release(q->a);
    assay_release(q->counts);
    assay_release(q);
}

assay_status multiblock_bilevel_reference_make_quadratic(const multiblock_bilevel_quadratic *sizes, uint64_t seed,
                                                         multiblock_bilevel_instance *instance)
{
    assay_status status = check_sizes(sizes, instance);
    if (status != ASSAY_OK)
        return status;
    const size_t m = sizes->blocks, dx = sizes->dx, dy = sizes->dy, rows = m * sizes->samples;
    const size_t numbers = rows * (2 * dy + dx + 2) + m * dy * (dx + 1) + dx * dx + dx;
    quadratic *q = assay_allocate(1, sizeof *q);
    double *all = assay_allocate(numbers, sizeof *all), *scratch = assay_allocate(dx * dy + dx, sizeof *scratch);
    size_t *counts = assay_allocate(m, sizeof *counts);
    if (!q || !all || !scratch || !counts) {
        status = ASSAY_NO_MEMORY;
    } else {
        *q = (quadratic){.sizes = *sizes, .counts = counts, .a = all};
        q->p = q->a + rows * dy;
        q->c = q->p + rows * dy;
        q->b = q->c + rows * dx;
        q->q = q->b + rows;
        q->solution = q->q + rows;
        q->normal = q->solution + m * dy * (dx + 1);
        q->right = q->normal + dx * dx;
        fill(q, seed, scratch, scratch + dx * dy);
        const multiblock_bilevel_problem problem = {.context = q,
                                                    .blocks = m,
                                                    .dx = dx,
                                                    .dy = dy,
                                                    .lower_samples = counts,
                                                    .upper_samples = counts,
                                                    .lower_gradient = lower_gradient,
                                                    .lower_hessian = lower_hessian,
                                                    .lower_hessian_product = lower_hessian_product,
                                                    .lower_cross_product = lower_cross_product,
                                                    .upper_gradient_y = upper_gradient_y,
                                                    .upper_gradient_x = upper_gradient_x,
                                                    .upper_value = upper_value,
                                                    .exact_gradient = exact_gradient};
        status = close_forms(q, &problem);
        if (status == ASSAY_OK)
            *instance = (multiblock_bilevel_instance){.problem = problem, .data = q, .release = release};
    }
    assay_release(scratch);
    if (status != ASSAY_OK) {
        assay_release(all);
        assay_release(counts);
        assay_release(q);
    }
    return status;
}

assay_status multiblock_bilevel_quadratic_minimiser(const multiblock_bilevel_instance *instance, double *x)
{
    if (!instance || !x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", instance ? "x" : "instance");
    if (instance->problem.exact_gradient != exact_gradient)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "instance is not of the quadratic family");
    const quadratic *q = instance->data;
    const size_t dx = q->sizes.dx;
    double *factor = assay_allocate(dx * dx, sizeof *factor);
    if (!factor)
        return ASSAY_NO_MEMORY;
    assay_status status = assay_dense_cholesky(dx, q->normal, factor);
    if (status == ASSAY_OK)
        status = assay_dense_cholesky_solve(dx, factor, 1, q->right, x);
    assay_release(factor);
    return status;
}

void multiblock_bilevel_release(multiblock_bilevel_instance *instance)
{
    if (!instance)
        return;
    if (instance->release)
        instance->release(instance->data);
    *instance = (multiblock_bilevel_instance){0};
}
