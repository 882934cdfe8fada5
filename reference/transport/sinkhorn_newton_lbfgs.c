/* Baseline: L-BFGS with a line search for the strong Wolfe conditions (J. Nocedal, S. Wright, Numerical Optimization,
 * 2006, algorithms 3.5, 3.6, 7.4 and 7.5). */
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <string.h>

enum { MEMORY = 10, SEARCH_EVALUATIONS = 40 };

/* Minimisation in progress. */
typedef struct minimiser {
    sinkhorn_newton_function function;
    void *context;
    size_t n, evaluations;
    double *z, *gradient, value;                /* the point */
    double *next_z, *next_gradient, next_value; /* the last trial */
    double *direction;
    double *moves, *changes, curvatures[MEMORY]; /* rings of s = z' - z, y = g' - g, 1 / y.s */
    size_t remembered;                           /* ever */
} minimiser;

static double sum_of_magnitudes(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(a[i]);
    return sum;
}

/* The function along the direction, and its slope there. */
static double try_step(minimiser *t, double alpha, double *slope)
{
    for (size_t k = 0; k < t->n; k++)
        t->next_z[k] = t->z[k] + alpha * t->direction[k];
    t->next_value = t->function(t->context, t->next_z, t->next_gradient);
    t->evaluations++;
    if (!isfinite(t->next_value)) {
        *slope = INFINITY;
        return t->next_value = INFINITY;
    }
    *slope = sinkhorn_newton_dot(t->next_gradient, t->direction, t->n);
    return t->next_value;
}

/* Finds a step with f <= f(0) + 1e-4 alpha f'(0) and |f'| <= 0.9 |f'(0)|, beginning with 1 (first step: with `first`);
 * 0 if there is none to be seen. Brackets by doubling, then bisects with quadratic interpolation. */
static double search(minimiser *t, double first)
{
    const double slope_0 = sinkhorn_newton_dot(t->gradient, t->direction, t->n);
    double low = 0, low_value = t->value, low_slope = slope_0, high = INFINITY, alpha = first, slope;
    for (int k = 0; k < SEARCH_EVALUATIONS; k++) {
        const double value = try_step(t, alpha, &slope);
        if (value > t->value + 1e-4 * alpha * slope_0 || value >= (low == 0 ? INFINITY : low_value)) {
            high = alpha;
        } else {
            if (fabs(slope) <= -0.9 * slope_0)
                return alpha;
            if (slope * (high - low) >= 0) /* the minimum lies between low and here */
                high = low;
            low = alpha;
            low_value = value;
            low_slope = slope;
        }
        if (high == INFINITY) {
            alpha *= 2;
            continue;
        }
        /* The minimum of the parabola through f and f' at low and f at high is used if high was the last trial. */
        const double width = high - low, rise = value - low_value - low_slope * width;
        double part = alpha == high && isfinite(value) && rise > 0 ? -low_slope * width / (2 * rise) : 0.5;
        part = part >= 0.1 && part <= 0.9 ? part : 0.5;
        alpha = low + part * width;
    }
    return 0;
}

/* direction = -H gradient by the two loops over what is remembered. */
static void find_direction(minimiser *t)
{
    const size_t first = t->remembered > MEMORY ? t->remembered - MEMORY : 0;
    double part[MEMORY];
    for (size_t k = 0; k < t->n; k++)
        t->direction[k] = -t->gradient[k];
    for (size_t l = t->remembered; l-- > first;) {
        const double *s = t->moves + l % MEMORY * t->n, *y = t->changes + l % MEMORY * t->n;
        part[l % MEMORY] = t->curvatures[l % MEMORY] * sinkhorn_newton_dot(s, t->direction, t->n);
        for (size_t k = 0; k < t->n; k++)
            t->direction[k] -= part[l % MEMORY] * y[k];
    }
    if (t->remembered > 0) {
        const size_t last = (t->remembered - 1) % MEMORY;
        const double *y = t->changes + last * t->n;
        const double scale = 1 / (t->curvatures[last] * sinkhorn_newton_dot(y, y, t->n));
        for (size_t k = 0; k < t->n; k++)
            t->direction[k] *= scale;
    }
    for (size_t l = first; l < t->remembered; l++) {
        const double *s = t->moves + l % MEMORY * t->n, *y = t->changes + l % MEMORY * t->n;
        const double beta = t->curvatures[l % MEMORY] * sinkhorn_newton_dot(y, t->direction, t->n);
        for (size_t k = 0; k < t->n; k++)
            t->direction[k] += (part[l % MEMORY] - beta) * s[k];
    }
}

/* Goes to the last trial and remembers the move. */
static void move(minimiser *t)
{
    double *s = t->moves + t->remembered % MEMORY * t->n, *y = t->changes + t->remembered % MEMORY * t->n;
    for (size_t k = 0; k < t->n; k++) {
        s[k] = t->next_z[k] - t->z[k];
        y[k] = t->next_gradient[k] - t->gradient[k];
    }
    const double curvature = sinkhorn_newton_dot(s, y, t->n);
    if (curvature > 0)
        t->curvatures[t->remembered++ % MEMORY] = 1 / curvature;
    memcpy(t->z, t->next_z, t->n * sizeof *t->z);
    memcpy(t->gradient, t->next_gradient, t->n * sizeof *t->gradient);
    t->value = t->next_value;
}

assay_status sinkhorn_newton_minimise(sinkhorn_newton_function function, void *context, double *z, size_t n,
                                      double goal, size_t limit,
                                      void (*step)(void *context, double value, double error, double alpha),
                                      sinkhorn_newton_end *end, size_t *evaluations)
{
    minimiser t = {.function = function, .context = context, .n = n, .z = z};
    double *memory = assay_allocate(4 + 2 * MEMORY, n * sizeof *memory);
    if (!memory)
        return ASSAY_NO_MEMORY;
    t.gradient = memory;
    t.next_z = memory + n;
    t.next_gradient = memory + 2 * n;
    t.direction = memory + 3 * n;
    t.moves = memory + 4 * n;
    t.changes = memory + (4 + MEMORY) * n;
    t.value = function(context, z, t.gradient);
    t.evaluations = 1;
    *end = isfinite(t.value) ? SINKHORN_NEWTON_LIMIT : SINKHORN_NEWTON_LINE_SEARCH;
    for (size_t k = 0; *end == SINKHORN_NEWTON_LIMIT; k++) {
        const double error = sum_of_magnitudes(t.gradient, n);
        if (error <= goal)
            *end = SINKHORN_NEWTON_CONVERGED;
        if (error <= goal || k == limit)
            break;
        find_direction(&t);
        const double alpha = search(&t, t.remembered ? 1 : 1 / error);
        if (alpha == 0) {
            *end = SINKHORN_NEWTON_LINE_SEARCH;
        } else {
            move(&t);
            step(context, t.value, sum_of_magnitudes(t.gradient, n), alpha);
        }
    }
    *evaluations = t.evaluations;
    assay_release(memory);
    return ASSAY_OK;
}

/* -f and its gradient by z = (eta x, eta y). */
typedef struct dual {
    sinkhorn_newton_call *call;
    double *potentials, *marginals; /* n + m */
} dual;

static double evaluate_dual(void *context, const double *z, double *gradient)
{
    const dual *t = context;
    const sinkhorn_newton_problem *p = t->call->problem;
    for (size_t k = 0; k < p->n + p->m; k++)
        t->potentials[k] = z[k] / p->eta;
    const double value =
        sinkhorn_newton_evaluate(p, t->potentials, t->potentials + p->n, NULL, t->marginals, t->marginals + p->n);
    for (size_t k = 0; k < p->n + p->m; k++)
        gradient[k] = (t->marginals[k] - (k < p->n ? p->r[k] : p->c[k - p->n])) / p->eta;
    t->call->solution->exponentials += (double)p->n * (double)p->m;
    return -value;
}

static void record_step(void *context, double value, double error, double alpha)
{
    const dual *t = context;
    sinkhorn_newton_record(t->call, (sinkhorn_newton_iteration){.kind = SINKHORN_NEWTON_LBFGS_STEP,
                                                                .error = error * t->call->problem->eta,
                                                                .value = -value,
                                                                .step = alpha});
}

/* After the sweeps, from x (n + m numbers, moved). */
static assay_status descend(sinkhorn_newton_call *call, const sinkhorn_newton_options *options, double *x, double *work)
{
    const sinkhorn_newton_problem *p = call->problem;
    const size_t unknowns = p->n + p->m;
    dual t = {call, work, work + unknowns};
    for (size_t k = 0; k < unknowns; k++)
        x[k] *= p->eta;
    const assay_status status =
        sinkhorn_newton_minimise(evaluate_dual, &t, x, unknowns, options->tolerance / p->eta, options->steps,
                                 record_step, &call->solution->end, &call->solution->evaluations);
    for (size_t k = 0; k < unknowns; k++)
        x[k] /= p->eta;
    return status;
}

assay_status sinkhorn_newton_reference_solve_lbfgs(const sinkhorn_newton_problem *problem,
                                                   const sinkhorn_newton_options *options,
                                                   sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, false);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    const size_t unknowns = problem->n + problem->m;
    double *x = assay_allocate(3 * unknowns, sizeof *x);
    if (!x)
        return ASSAY_NO_MEMORY;
    sinkhorn_newton_call call = sinkhorn_newton_begin(problem, solution);
    if (options->sweeps > 0)
        status = sinkhorn_newton_sweep_log(&call, options->sweeps, options->tolerance, x, x + problem->n);
    if (status == ASSAY_OK && solution->end != SINKHORN_NEWTON_CONVERGED)
        status = descend(&call, options, x, x + unknowns);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_finish(&call, x, x + problem->n);
    assay_release(x);
    return status;
}
