/*
 * Chebyshev points with target values and weights, and the error of a program over them.
 */
#include "assay/memory.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>

enum { POINTS_MOST = 1 << 24 };

static void fill(const evolved_exp_problem *problem, size_t count, evolved_exp_points *points)
{
    const double pi = 0x1.921fb54442d18p+1;
    for (size_t i = 0; i < points->count; i++) {
        const double j = (double)(i < count ? i : count - 1);
        double x =
            problem->low + (problem->high - problem->low) * (0.5 * (1 - cos((2 * j + 1) * pi / (2.0 * (double)count))));
        if (problem->precision == EVOLVED_EXP_F32)
            x = (double)(float)x;
        double high, low;
        evolved_exp_target_pair(problem->target, x, &high, &low);
        points->x[i] = x;
        points->x32[i] = (float)x;
        points->y[i] = high + low;
        points->weight[i] = evolved_exp_weight(problem, x, points->y[i]);
    }
}

assay_status evolved_exp_points_create(const evolved_exp_problem *problem, size_t count, evolved_exp_points *points)
{
    if (count < 1 || count > POINTS_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "points is %zu, must be 1 to %d", count, POINTS_MOST);
    const size_t block = EVOLVED_EXP_POINTS_BLOCK;
    evolved_exp_points result = {.count = (count + block - 1) / block * block, .precision = problem->precision};
    result.x = assay_allocate(result.count, sizeof *result.x);
    result.y = assay_allocate(result.count, sizeof *result.y);
    result.weight = assay_allocate(result.count, sizeof *result.weight);
    result.x32 = assay_allocate(result.count, sizeof *result.x32);
    if (!result.x || !result.y || !result.weight || !result.x32) {
        evolved_exp_points_release(&result);
        return ASSAY_NO_MEMORY;
    }
    fill(problem, count, &result);
    *points = result;
    return ASSAY_OK;
}

void evolved_exp_points_release(evolved_exp_points *points)
{
    assay_release(points->x);
    assay_release(points->y);
    assay_release(points->weight);
    assay_release(points->x32);
    *points = (evolved_exp_points){0};
}

double evolved_exp_reference_error(const evolved_exp_program *program, const evolved_exp_points *points)
{
    double worst = 0;
    for (size_t i = 0; i < points->count; i++) {
        double f = NAN; /* and so infinite an error if the program could not be run */
        float f32 = NAN;
        if (points->precision == EVOLVED_EXP_F64) {
            evolved_exp_reference_evaluate_f64(program, &points->x[i], &f, 1);
        } else {
            evolved_exp_reference_evaluate_f32(program, &points->x32[i], &f32, 1);
            f = (double)f32;
        }
        const double error = fabs(f - points->y[i]) * points->weight[i];
        if (!isfinite(error))
            return INFINITY;
        worst = error > worst ? error : worst;
    }
    return worst;
}

assay_status evolved_exp_reference_measure(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                           size_t points, double *error)
{
    if (!error)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "error is null");
    assay_status status = evolved_exp_check(program);
    if (status == ASSAY_OK)
        status = evolved_exp_problem_check(problem);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_points prepared;
    status = evolved_exp_points_create(problem, points, &prepared);
    if (status != ASSAY_OK)
        return status;
    *error = evolved_exp_reference_error(program, &prepared);
    evolved_exp_points_release(&prepared);
    return ASSAY_OK;
}
