/* Checks of arguments. */
#include "reference/solvers/sor_bandit_arguments.h"
#include "reference/solvers/sor_bandit_learner.h"

#include <math.h>

assay_status sor_bandit_check_omega(const char *name, double omega, bool may_be_plain)
{
    if ((omega > 0 && omega < 2) || (may_be_plain && omega == SOR_BANDIT_PLAIN))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %g, must be in (0, 2)%s", name, omega,
                      may_be_plain ? " or SOR_BANDIT_PLAIN" : "");
}

assay_status sor_bandit_check_goal(const sor_bandit_goal *goal)
{
    if (!goal)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "goal is null");
    if (!(goal->tolerance > 0 && goal->tolerance < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "goal.tolerance is %g, must be in (0, 1)", goal->tolerance);
    if (goal->limit < 1 || goal->limit > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "goal.limit is %zu, must be 1 to %u", goal->limit, UINT32_MAX);
    if (goal->relative != SOR_BANDIT_TO_START && goal->relative != SOR_BANDIT_TO_RIGHT_SIDE)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "goal.relative is %d, must be 0 or 1", (int)goal->relative);
    return ASSAY_OK;
}

assay_status sor_bandit_check_matrix(const assay_csr *a)
{
    const assay_status status = assay_csr_check(a);
    if (status != ASSAY_OK)
        return status;
    if (a->rows != a->columns)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the matrix is %zu x %zu, must be square", a->rows, a->columns);
    for (size_t i = 0; i < a->rows; i++) {
        double diagonal = 0;
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            diagonal = a->indices[k] == i ? a->values[k] : diagonal;
        if (!(diagonal > 0))
            return assay_fail(ASSAY_OUT_OF_RANGE, "the diagonal element of row %zu is %g, must be above 0", i,
                              diagonal);
    }
    return ASSAY_OK;
}

assay_status sor_bandit_check_grid(const sor_bandit_grid *grid)
{
    size_t points;
    if (!grid)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "grid is null");
    if (grid->rows < 1 || grid->columns < 1 || __builtin_mul_overflow(grid->rows, grid->columns, &points) ||
        points > (size_t)1 << 31)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the grid is %zu x %zu, must have 1 to 2^31 points", grid->rows,
                          grid->columns);
    if (!(grid->diagonal > 0 && isfinite(grid->diagonal)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "grid.diagonal is %g, must be finite and above 0", grid->diagonal);
    if (!isfinite(grid->neighbour))
        return assay_fail(ASSAY_OUT_OF_RANGE, "grid.neighbour is %g, must be finite", grid->neighbour);
    return ASSAY_OK;
}

static assay_status check_finite(const char *name, size_t n, const double *x)
{
    if (!x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is %g, must be finite", name, i, x[i]);
    return ASSAY_OK;
}

assay_status sor_bandit_check_vectors(size_t n, const double *b, const double *x)
{
    assay_status status = check_finite("b", n, b);
    if (status == ASSAY_OK)
        status = check_finite("x", n, x);
    if (status == ASSAY_OK && (uintptr_t)x < (uintptr_t)(b + n) && (uintptr_t)b < (uintptr_t)(x + n))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "x overlaps b");
    return status;
}

assay_status sor_bandit_check_problems(const sor_bandit_grid *grid, const sor_bandit_problem *problems, size_t count,
                                       const uint32_t *iterations)
{
    assay_status status = sor_bandit_check_grid(grid);
    if (status == ASSAY_OK && count > 0 && (!problems || !iterations))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", problems ? "iterations" : "problems");
    for (size_t k = 0; status == ASSAY_OK && k < count; k++) {
        if (!(problems[k].diagonal > 0 && isfinite(problems[k].diagonal)))
            return assay_fail(ASSAY_OUT_OF_RANGE, "problems[%zu].diagonal is %g, must be finite and above 0", k,
                              problems[k].diagonal);
        status = sor_bandit_check_omega("omega", problems[k].omega, false);
        /* Neighbours often share their right side: looked at once. */
        if (status == ASSAY_OK && (k == 0 || problems[k].b != problems[k - 1].b))
            status = check_finite("b", grid->rows * grid->columns, problems[k].b);
    }
    return status;
}

assay_status sor_bandit_check_omegas(const double *omegas, size_t arms, bool may_be_plain)
{
    if (arms < 1 || arms > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "arms is %zu, must be 1 to %u", arms, UINT32_MAX);
    if (!omegas)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "omegas is null");
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < arms; i++)
        status = sor_bandit_check_omega("an omega", omegas[i], may_be_plain);
    return status;
}

assay_status sor_bandit_check_policy(const sor_bandit_policy *policy, bool may_be_plain)
{
    if (!policy)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "policy is null");
    if (!policy->learner && policy->rule)
        return ASSAY_OK; /* the rule's answers are looked at as they come */
    const assay_status status = sor_bandit_check_omegas(policy->omegas, policy->arms, may_be_plain);
    if (status == ASSAY_OK && policy->learner && policy->learner->arms != policy->arms)
        return assay_fail(ASSAY_MISMATCH, "policy has %zu omegas for a learner with %zu arms", policy->arms,
                          policy->learner->arms);
    return status;
}

assay_status sor_bandit_check_shift(const sor_bandit_shift *s)
{
    if (!s)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "scenario is null");
    if (s->side < 1 || s->side > 1024)
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.side is %zu, must be 1 to 1024", s->side);
    if (s->first < 1 || s->first > 64 || s->second < 1 || s->second > 64)
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.first and second are %u and %u, must be 1 to 64", s->first,
                          s->second);
    if (!(s->width >= 0 && isfinite(s->width)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.width is %g, must be finite and at least 0", s->width);
    const double least = 4 - 4 * cos(M_PI / (double)(s->side + 1));
    if (!(s->low > -least && isfinite(s->low)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.low is %g, must be above %g for a definite matrix", s->low,
                          -least);
    if (s->steps < 1 || s->steps > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.steps is %zu, must be 1 to %u", s->steps, UINT32_MAX);
    return sor_bandit_check_goal(&s->goal);
}

assay_status sor_bandit_check_heat(const sor_bandit_heat *s)
{
    if (!s)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "scenario is null");
    assay_status status = sor_bandit_check_grid(&(sor_bandit_grid){s->rows, s->columns, 1, 0});
    if (status != ASSAY_OK)
        return status;
    if (!(s->spacing > 0 && isfinite(s->spacing)) || !(s->step > 0 && isfinite(s->step)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.spacing and step are %g and %g, must be finite and above 0",
                          s->spacing, s->step);
    if (!(s->start >= 0 && isfinite(s->start)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.start is %g, must be finite and at least 0", s->start);
    if (!isfinite(s->source))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.source is %g, must be finite", s->source);
    if (s->steps < 1 || s->steps > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "scenario.steps is %zu, must be 1 to %u", s->steps, UINT32_MAX);
    status = sor_bandit_check_goal(&s->goal);
    if (status == ASSAY_OK && s->initial)
        status = check_finite("scenario.initial", s->rows * s->columns, s->initial);
    return status;
}
