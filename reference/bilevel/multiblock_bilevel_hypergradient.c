/* The exact hypergradient of a multi-block problem: Newton's method below, a direct solve above. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

enum { MOST_STEPS = 200 };

static double norm(const double *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

/* Moves y to the minimiser of g_i(x, .): damped Newton steps, halved until the gradient gets smaller. */
static assay_status minimise(const multiblock_bilevel_problem *p, const double *x, size_t i, double tolerance,
                             double *y, double *work)
{
    const size_t dy = p->dy;
    double *g = work, *step = g + dy, *trial = step + dy, *hessian = trial + dy;
    multiblock_bilevel_point at = {.block = i, .x = x, .y = y, .count = p->lower_samples[i]};
    p->lower_gradient(p->context, &at, g);
    double size = norm(g, dy);
    for (int k = 0; k < MOST_STEPS && size > tolerance; k++) {
        at.y = y;
        p->lower_hessian(p->context, &at, hessian);
        assay_status status = assay_dense_cholesky(dy, hessian, hessian);
        if (status == ASSAY_OK)
            status = assay_dense_cholesky_solve(dy, hessian, 1, g, step);
        if (status != ASSAY_OK)
            return status;
        at.y = trial;
        double length = 1, trial_size = INFINITY;
        for (int half = 0; half < 40 && !(trial_size < size); half++, length *= 0.5) {
            for (size_t j = 0; j < dy; j++)
                trial[j] = y[j] - length * step[j];
            p->lower_gradient(p->context, &at, g);
            trial_size = norm(g, dy);
        }
        if (!(trial_size < size)) /* rounding: it does not get smaller */
            break;
        memcpy(y, trial, dy * sizeof *y);
        size = trial_size;
    }
    if (!(size <= tolerance))
        return assay_fail(ASSAY_NOT_CONVERGED, "block %zu: |dg/dy| stays at %g, tolerance %g", i, size, tolerance);
    return ASSAY_OK;
}

static assay_status add_block(const multiblock_bilevel_problem *p, const double *x, size_t i, double tolerance,
                              double *y, double *work, double *gradient, double *value)
{
    const size_t dy = p->dy;
    const double share = 1.0 / (double)p->blocks;
    double *fy = work, *hessian = work + 3 * dy;
    const assay_status status = minimise(p, x, i, tolerance, y, work);
    if (status != ASSAY_OK)
        return status;
    const multiblock_bilevel_point lower = {.block = i, .x = x, .y = y, .count = p->lower_samples[i]};
    const multiblock_bilevel_point upper = {.block = i, .x = x, .y = y, .count = p->upper_samples[i]};
    p->upper_gradient_y(p->context, &upper, fy);
    p->lower_hessian(p->context, &lower, hessian);
    assay_status solved = assay_dense_cholesky(dy, hessian, hessian);
    if (solved == ASSAY_OK)
        solved = assay_dense_cholesky_solve(dy, hessian, 1, fy, fy);
    if (solved != ASSAY_OK)
        return solved;
    if (p->upper_gradient_x)
        p->upper_gradient_x(p->context, &upper, share, gradient);
    p->lower_cross_product(p->context, &lower, fy, -share, gradient);
    if (value)
        *value += share * p->upper_value(p->context, &upper);
    return ASSAY_OK;
}

assay_status multiblock_bilevel_hypergradient(const multiblock_bilevel_problem *problem, const double *x,
                                              double tolerance, double *gradient, double *y, double *value)
{
    assay_status status = multiblock_bilevel_check_problem(problem);
    if (status != ASSAY_OK)
        return status;
    if (!x || !gradient)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "gradient" : "x");
    if (!(tolerance > 0 && isfinite(tolerance)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "tolerance is %g, must be above 0", tolerance);
    if (!multiblock_bilevel_finite(x, problem->dx))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "x has a number that is not finite");
    if (value && !problem->upper_value)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "value is wanted, but problem has no upper_value");
    const size_t dx = problem->dx, dy = problem->dy;
    double *sum = assay_allocate(dx + problem->blocks * dy + 3 * dy + dy * dy, sizeof *sum);
    if (!sum)
        return ASSAY_NO_MEMORY;
    double *all = sum + dx, *work = all + problem->blocks * dy, total = 0;
    for (size_t i = 0; status == ASSAY_OK && i < problem->blocks; i++)
        status = add_block(problem, x, i, tolerance, all + i * dy, work, sum, value ? &total : NULL);
    if (status == ASSAY_OK) {
        memcpy(gradient, sum, dx * sizeof *gradient);
        if (y)
            memcpy(y, all, problem->blocks * dy * sizeof *y);
        if (value)
            *value = total;
    }
    assay_release(sum);
    return status;
}
