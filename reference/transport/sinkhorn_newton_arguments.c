/* Checks of arguments, and the bookkeeping of a call, for the reference and the optimized code alike. */
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <string.h>
#include <time.h>

static assay_status check_masses(const char *name, const double *mass, size_t count, double *sum)
{
    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(mass[i] > 0 && mass[i] < INFINITY))
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s[%zu] is %g, must be finite and above 0", name, i, mass[i]);
        *sum += mass[i];
    }
    if (*sum < INFINITY)
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "the sum of %s is infinite", name);
}

/* NaN if a cost is not finite. Four at a time: this is the one pass over all costs that every call makes. */
static double largest_cost(const sinkhorn_newton_problem *p)
{
    const size_t count = p->n * p->m;
    double most[4] = {0, 0, 0, 0}, zero[4] = {0, 0, 0, 0}; /* c - c is NaN unless c is finite */
    size_t k = 0;
    for (; k + 4 <= count; k += 4) {
        for (int l = 0; l < 4; l++) {
            const double size = fabs(p->cost[k + (size_t)l]);
            most[l] = size > most[l] ? size : most[l];
            zero[l] += size - size;
        }
    }
    for (; k < count; k++) {
        const double size = fabs(p->cost[k]);
        most[0] = size > most[0] ? size : most[0];
        zero[0] += size - size;
    }
    return fmax(fmax(most[0], most[1]), fmax(most[2], most[3])) + zero[0] + zero[1] + zero[2] + zero[3];
}

static assay_status check_sizes(const sinkhorn_newton_problem *p)
{
    size_t count, bytes;
    if (p->n == 0 || p->n > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be 1 to 2^31 - 1", p->n);
    if (p->m == 0 || p->m > INT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "m is %zu, must be 1 to 2^31 - 1", p->m);
    if (__builtin_mul_overflow(p->n, p->m, &count) || __builtin_mul_overflow(count, sizeof *p->cost, &bytes) ||
        bytes > PTRDIFF_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%zu x %zu entries do not fit in memory", p->n, p->m);
    return ASSAY_OK;
}

assay_status sinkhorn_newton_check_problem(const sinkhorn_newton_problem *p)
{
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "problem is null");
    assay_status status = check_sizes(p);
    if (status != ASSAY_OK)
        return status;
    if (!p->cost || !p->r || !p->c)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !p->cost ? "cost" : !p->r ? "r" : "c");
    if (!(p->eta > 0 && p->eta < INFINITY))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eta is %g, must be finite and above 0", p->eta);
    const double largest = largest_cost(p);
    for (size_t k = 0; isnan(largest) && k < p->n * p->m; k++) {
        if (!isfinite(p->cost[k]))
            return assay_fail(ASSAY_OUT_OF_RANGE, "cost[%zu] is %g, must be finite", k, p->cost[k]);
    }
    if (!(p->eta * largest <= SINKHORN_NEWTON_EXPONENT_MAX))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eta max|cost| is %g, must be at most %g", p->eta * largest,
                          SINKHORN_NEWTON_EXPONENT_MAX);
    double sum_r, sum_c;
    status = check_masses("r", p->r, p->n, &sum_r);
    if (status == ASSAY_OK)
        status = check_masses("c", p->c, p->m, &sum_c);
    if (status == ASSAY_OK && !(fabs(sum_r - sum_c) <= 1e-12 * sum_r))
        status = assay_fail(ASSAY_MISMATCH, "r has the sum %.17g, c %.17g: must be equal within a relative 1e-12",
                            sum_r, sum_c);
    return status;
}

static assay_status check_tolerance(double tolerance)
{
    if (tolerance > 0 && tolerance < INFINITY)
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "tolerance is %g, must be finite and above 0", tolerance);
}

assay_status sinkhorn_newton_check_limit(size_t limit, double tolerance)
{
    if (limit == 0 || limit > SINKHORN_NEWTON_ITERATIONS_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "limit is %zu, must be 1 to %d", limit, SINKHORN_NEWTON_ITERATIONS_MAX);
    return check_tolerance(tolerance);
}

assay_status sinkhorn_newton_check_solution(const sinkhorn_newton_solution *solution)
{
    if (!solution)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "solution is null");
    if (!solution->x || !solution->y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "solution->%s is null", solution->x ? "y" : "x");
    return ASSAY_OK;
}

/* Entries of P that a rule by number asks for, perhaps more than there are; below 1 if none. */
static double asked_entries(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options)
{
    const double unknowns = (double)p->n + (double)p->m;
    if (options->rule == SINKHORN_NEWTON_TOPK_PLAN)
        return ceil(options->keep * (double)p->n);
    return floor((ceil(options->keep * unknowns * unknowns) - unknowns) / 2);
}

static assay_status check_keep(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options)
{
    const double keep = options->keep;
    switch (options->rule) {
    case SINKHORN_NEWTON_MASS:
        if (!(keep >= 0 && keep < 1))
            return assay_fail(ASSAY_OUT_OF_RANGE, "keep is %g, must be in [0, 1) for the rule MASS", keep);
        return ASSAY_OK;
    case SINKHORN_NEWTON_TOPK_PLAN:
        if (!(keep * (double)p->n >= 1 && keep <= (double)p->m))
            return assay_fail(ASSAY_OUT_OF_RANGE, "keep is %g, must be in [1/n, m] = [%g, %zu] for the rule TOPK_PLAN",
                              keep, 1 / (double)p->n, p->m);
        return ASSAY_OK;
    case SINKHORN_NEWTON_TOPK_HESSIAN:
        if (!(keep > 0 && keep <= 1 && asked_entries(p, options) >= 1))
            return assay_fail(ASSAY_OUT_OF_RANGE,
                              "keep is %g, must be in (0, 1], with n + m + 2 entries of the Hessian or more, for the "
                              "rule TOPK_HESSIAN",
                              keep);
        return ASSAY_OK;
    }
    return assay_fail(ASSAY_OUT_OF_RANGE, "rule is %d, must be 0 to 2", (int)options->rule);
}

assay_status sinkhorn_newton_check_options(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options,
                                           bool sparse)
{
    if (!options)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options is null");
    if (options->sweeps > SINKHORN_NEWTON_ITERATIONS_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "sweeps is %zu, must be at most %d", options->sweeps,
                          SINKHORN_NEWTON_ITERATIONS_MAX);
    if (options->steps > SINKHORN_NEWTON_ITERATIONS_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "steps is %zu, must be at most %d", options->steps,
                          SINKHORN_NEWTON_ITERATIONS_MAX);
    assay_status status = check_tolerance(options->tolerance);
    if (status != ASSAY_OK)
        return status;
    if (options->sweeps == 0 && p->eta * largest_cost(p) > SINKHORN_NEWTON_UNSWEPT_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "sweeps is 0 and eta max|cost| %g, must be at most %g without sweeps",
                          p->eta * largest_cost(p), SINKHORN_NEWTON_UNSWEPT_MAX);
    if (!sparse)
        return ASSAY_OK;
    if (options->solver != SINKHORN_NEWTON_CG && options->solver != SINKHORN_NEWTON_SCHUR)
        return assay_fail(ASSAY_OUT_OF_RANGE, "solver is %d, must be 0 or 1", (int)options->solver);
    if (!(options->cg_tolerance > 0 && options->cg_tolerance < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "cg_tolerance is %g, must be in (0, 1)", options->cg_tolerance);
    return check_keep(p, options);
}

assay_status sinkhorn_newton_check_sparsify(const sinkhorn_newton_problem *problem,
                                            const sinkhorn_newton_options *options, const double *x, const double *y,
                                            const double *kept, const size_t *count)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, true);
    if (status == ASSAY_OK && (!x || !y || !kept || !count))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !x ? "x" : !y ? "y" : !kept ? "kept" : "count");
    return status;
}

size_t sinkhorn_newton_kept_entries(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options)
{
    const size_t all = p->n * p->m;
    if (options->rule == SINKHORN_NEWTON_MASS)
        return all;
    const double asked = asked_entries(p, options);
    return asked < (double)all ? (size_t)asked : all;
}

void sinkhorn_newton_adapt(const sinkhorn_newton_problem *p, sinkhorn_newton_options *options,
                           sinkhorn_newton_progress *progress, double error)
{
    progress->slow = progress->error > 0 && error > 0.5 * progress->error ? progress->slow + 1 : 0;
    progress->error = error;
    if (!options->adaptive || progress->slow < 3)
        return;
    progress->slow = 0;
    switch (options->rule) {
    case SINKHORN_NEWTON_MASS: options->keep /= 10; break;
    case SINKHORN_NEWTON_TOPK_PLAN: options->keep = fmin(2 * options->keep, (double)p->m); break;
    case SINKHORN_NEWTON_TOPK_HESSIAN: options->keep = fmin(2 * options->keep, 1); break;
    }
}

double sinkhorn_newton_cg_goal(const sinkhorn_newton_options *options, double error)
{
    return options->inexact ? fmax(options->cg_tolerance, fmin(1e-2, sqrt(error))) : options->cg_tolerance;
}

double sinkhorn_newton_first_step(const double *d, size_t n, double scale)
{
    double longest = 0;
    for (size_t k = 0; k < n; k++)
        longest = fmax(longest, fabs(scale * d[k]));
    return longest > SINKHORN_NEWTON_LONGEST_STEP ? SINKHORN_NEWTON_LONGEST_STEP / longest : 1;
}

bool sinkhorn_newton_accepts(double alpha, double slope, double value, double new_slope, double new_value)
{
    if (!isfinite(new_value))
        return false;
    if (new_value >= value + 1e-4 * alpha * slope)
        return true;
    return new_slope >= -0.8 * slope && new_value >= value - 1e-12 * (1 + fabs(value));
}

sinkhorn_newton_options sinkhorn_newton_defaults(void)
{
    return (sinkhorn_newton_options){.sweeps = 20,
                                     .steps = 100,
                                     .rule = SINKHORN_NEWTON_MASS,
                                     .keep = 1e-3,
                                     .solver = SINKHORN_NEWTON_CG,
                                     .cg_tolerance = 1e-10,
                                     .adaptive = true,
                                     .inexact = true,
                                     .tolerance = 1e-11};
}

/* ---- Bookkeeping ----------------------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

sinkhorn_newton_call sinkhorn_newton_begin(const sinkhorn_newton_problem *problem, sinkhorn_newton_solution *solution)
{
    *solution = (sinkhorn_newton_solution){.x = solution->x,
                                           .y = solution->y,
                                           .plan = solution->plan,
                                           .trace = solution->trace,
                                           .trace_capacity = solution->trace ? solution->trace_capacity : 0,
                                           .end = SINKHORN_NEWTON_LIMIT,
                                           .error = INFINITY,
                                           .value = -INFINITY};
    return (sinkhorn_newton_call){problem, solution, seconds_now()};
}

void sinkhorn_newton_record(sinkhorn_newton_call *call, sinkhorn_newton_iteration iteration)
{
    sinkhorn_newton_solution *s = call->solution;
    s->error = iteration.error;
    s->value = iteration.value;
    if (iteration.kind == SINKHORN_NEWTON_SWEEP)
        s->sweeps++;
    else
        s->steps++;
    s->cg_iterations += iteration.cg_iterations;
    if (s->trace_length < s->trace_capacity) {
        iteration.seconds = seconds_now() - call->start;
        s->trace[s->trace_length++] = iteration;
    }
}

assay_status sinkhorn_newton_finish(sinkhorn_newton_call *call, const double *x, const double *y)
{
    const sinkhorn_newton_problem *p = call->problem;
    sinkhorn_newton_solution *s = call->solution;
    memcpy(s->x, x, p->n * sizeof *x);
    memcpy(s->y, y, p->m * sizeof *y);
    if (s->plan) {
        const assay_status status = sinkhorn_newton_plan(p, x, y, s->plan);
        if (status != ASSAY_OK)
            return status;
    }
    switch (s->end) {
    case SINKHORN_NEWTON_CONVERGED: return ASSAY_OK;
    case SINKHORN_NEWTON_LINE_SEARCH:
        return assay_fail(ASSAY_NOT_CONVERGED, "no ascent along the direction of step %zu; the error is %g",
                          s->steps + 1, s->error);
    case SINKHORN_NEWTON_LIMIT: break;
    }
    return assay_fail(ASSAY_NOT_CONVERGED, "the error is %g after %zu sweeps and %zu steps", s->error, s->sweeps,
                      s->steps);
}
