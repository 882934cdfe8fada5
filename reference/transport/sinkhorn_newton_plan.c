/* What plans and potentials are worth: values, gradients, errors, and rounding to the polytope of plans. */
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <string.h>

static double entry(const sinkhorn_newton_problem *p, const double *x, const double *y, size_t i, size_t j)
{
    return exp(p->eta * (x[i] + y[j] - p->cost[i * p->m + j]) - 1);
}

static void take_marginals(const double *plan, size_t n, size_t m, double *rows, double *columns)
{
    memset(rows, 0, n * sizeof *rows);
    memset(columns, 0, m * sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            rows[i] += plan[i * m + j];
            columns[j] += plan[i * m + j];
        }
    }
}

static double distance(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(a[i] - b[i]);
    return sum;
}

double sinkhorn_newton_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

double sinkhorn_newton_evaluate(const sinkhorn_newton_problem *p, const double *x, const double *y, double *plan,
                                double *rows, double *columns)
{
    double total = 0;
    memset(columns, 0, p->m * sizeof *columns);
    for (size_t i = 0; i < p->n; i++) {
        rows[i] = 0;
        for (size_t j = 0; j < p->m; j++) {
            const double value = entry(p, x, y, i, j);
            rows[i] += value;
            columns[j] += value;
            if (plan)
                plan[i * p->m + j] = value;
        }
        total += rows[i];
    }
    for (size_t k = 0; k < p->n + p->m; k++) {
        if ((k < p->n ? rows[k] : columns[k - p->n]) == 0)
            return -INFINITY;
    }
    if (!(total < INFINITY))
        return -INFINITY;
    return sinkhorn_newton_dot(p->r, x, p->n) + sinkhorn_newton_dot(p->c, y, p->m) - total / p->eta;
}

/* Problem and two arguments, as most functions here have them. */
static assay_status check_arguments(const sinkhorn_newton_problem *problem, const void *a, const char *a_name,
                                    const void *b, const char *b_name)
{
    const assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK && (!a || !b))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", a ? b_name : a_name);
    return status;
}

assay_status sinkhorn_newton_plan(const sinkhorn_newton_problem *p, const double *x, const double *y, double *plan)
{
    assay_status status = check_arguments(p, x, "x", y, "y");
    if (status == ASSAY_OK && !plan)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "plan is null");
    for (size_t i = 0; status == ASSAY_OK && i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++) {
            if (!isfinite(entry(p, x, y, i, j)))
                return assay_fail(ASSAY_OUT_OF_RANGE, "entry (%zu, %zu) of P is not finite at x = %g, y = %g", i, j,
                                  x[i], y[j]);
        }
    }
    for (size_t i = 0; status == ASSAY_OK && i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++)
            plan[i * p->m + j] = entry(p, x, y, i, j);
    }
    return status;
}

assay_status sinkhorn_newton_dual_value(const sinkhorn_newton_problem *p, const double *x, const double *y,
                                        double *value)
{
    assay_status status = check_arguments(p, x, "x", y, "y");
    if (status == ASSAY_OK && !value)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "value is null");
    if (status != ASSAY_OK)
        return status;
    double total = 0;
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++)
            total += entry(p, x, y, i, j);
    }
    *value = total < INFINITY ? sinkhorn_newton_dot(p->r, x, p->n) + sinkhorn_newton_dot(p->c, y, p->m) - total / p->eta
                              : -INFINITY;
    return ASSAY_OK;
}

assay_status sinkhorn_newton_dual_gradient(const sinkhorn_newton_problem *p, const double *x, const double *y,
                                           double *gradient)
{
    assay_status status = check_arguments(p, x, "x", y, "y");
    if (status == ASSAY_OK && !gradient)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "gradient is null");
    if (status != ASSAY_OK)
        return status;
    memcpy(gradient, p->r, p->n * sizeof *gradient);
    memcpy(gradient + p->n, p->c, p->m * sizeof *gradient);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; j < p->m; j++) {
            gradient[i] -= entry(p, x, y, i, j);
            gradient[p->n + j] -= entry(p, x, y, i, j);
        }
    }
    return ASSAY_OK;
}

assay_status sinkhorn_newton_transport_cost(const sinkhorn_newton_problem *p, const double *plan, double *cost)
{
    const assay_status status = check_arguments(p, plan, "plan", cost, "cost");
    if (status == ASSAY_OK)
        *cost = sinkhorn_newton_dot(p->cost, plan, p->n * p->m);
    return status;
}

assay_status sinkhorn_newton_primal_value(const sinkhorn_newton_problem *p, const double *plan, double *value)
{
    assay_status status = check_arguments(p, plan, "plan", value, "value");
    double entropy = 0;
    for (size_t k = 0; status == ASSAY_OK && k < p->n * p->m; k++) {
        if (!(plan[k] >= 0))
            return assay_fail(ASSAY_OUT_OF_RANGE, "plan[%zu] is %g, must not be below 0", k, plan[k]);
        entropy += plan[k] > 0 ? plan[k] * log(plan[k]) : 0;
    }
    if (status == ASSAY_OK)
        *value = sinkhorn_newton_dot(p->cost, plan, p->n * p->m) + entropy / p->eta;
    return status;
}

assay_status sinkhorn_newton_marginal_error(const sinkhorn_newton_problem *p, const double *plan, double *error)
{
    const assay_status status = check_arguments(p, plan, "plan", error, "error");
    if (status != ASSAY_OK)
        return status;
    double *rows = assay_allocate(p->n + p->m, sizeof *rows);
    if (!rows)
        return ASSAY_NO_MEMORY;
    double *columns = rows + p->n;
    take_marginals(plan, p->n, p->m, rows, columns);
    *error = distance(rows, p->r, p->n) + distance(columns, p->c, p->m);
    assay_release(rows);
    return ASSAY_OK;
}

assay_status sinkhorn_newton_round_to_polytope(const sinkhorn_newton_problem *p, double *plan)
{
    const assay_status status = check_arguments(p, plan, "plan", plan, "plan");
    if (status != ASSAY_OK)
        return status;
    const size_t n = p->n, m = p->m;
    for (size_t k = 0; k < n * m; k++) {
        if (!(plan[k] >= 0 && plan[k] < INFINITY))
            return assay_fail(ASSAY_OUT_OF_RANGE, "plan[%zu] is %g, must be finite and not below 0", k, plan[k]);
    }
    double *rows = assay_allocate(n + m, sizeof *rows);
    if (!rows)
        return ASSAY_NO_MEMORY;
    double *columns = rows + n, missing = 0;
    take_marginals(plan, n, m, rows, columns);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m && rows[i] > p->r[i]; j++)
            plan[i * m + j] *= p->r[i] / rows[i];
    }
    take_marginals(plan, n, m, rows, columns);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            plan[i * m + j] *= columns[j] > p->c[j] ? p->c[j] / columns[j] : 1;
    }
    take_marginals(plan, n, m, rows, columns);
    for (size_t i = 0; i < n; i++)
        missing += rows[i] = fmax(p->r[i] - rows[i], 0);
    for (size_t j = 0; j < m; j++)
        columns[j] = fmax(p->c[j] - columns[j], 0);
    for (size_t i = 0; i < n && missing > 0; i++) {
        for (size_t j = 0; j < m; j++)
            plan[i * m + j] += rows[i] * columns[j] / missing;
    }
    assay_release(rows);
    return ASSAY_OK;
}
