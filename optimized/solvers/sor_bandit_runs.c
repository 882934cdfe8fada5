/* The scenarios on skewed vectors, which hold the state from step to step. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/solvers/sor_bandit_kernels.h"
#include "reference/solvers/sor_bandit_arguments.h"
#include "reference/solvers/sor_bandit_scenarios.h"

#include <omp.h>
#include <string.h>

/* ---- Random shifts -------------------------------------------------------------------------------------------- */

typedef struct shift_run {
    const sor_bandit_kernels *kernels;
    const sor_bandit_shift *scenario;
    sor_bandit_skew skew;
    sor_bandit_operator a;
    double *natural, *b, *x, *r;
} shift_run;

static assay_status prepare_shift(void *self, size_t t, double *context)
{
    shift_run *run = self;
    const assay_status status = sor_bandit_shift_instance(run->scenario, t, context, run->natural);
    sor_bandit_skew_in(&run->skew, run->natural, run->b);
    run->a = (sor_bandit_operator){&run->skew, 4 + *context, 1};
    return status;
}

static assay_status solve_shift(void *self, double omega, sor_bandit_report *report)
{
    shift_run *run = self;
    memset(run->x, 0, run->skew.elements * sizeof *run->x);
    return sor_bandit_skew_sor(run->kernels, &run->a, run->b, omega, &run->scenario->goal, false, run->x, run->r,
                               report);
}

static assay_status begin_shift(const sor_bandit_shift *scenario, shift_run *run)
{
    const size_t side = scenario->side;
    const assay_status status = sor_bandit_skew_make(side, side, SOR_BANDIT_ALIGNED, &run->skew);
    if (status != ASSAY_OK)
        return status;
    run->natural = assay_allocate(side * side, sizeof *run->natural);
    run->b = sor_bandit_skew_vector(&run->skew, 1);
    run->x = sor_bandit_skew_vector(&run->skew, 1);
    run->r = sor_bandit_skew_vector(&run->skew, 1);
    return run->natural && run->b && run->x && run->r
               ? ASSAY_OK
               : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu points", side * side);
}

assay_status sor_bandit_shift_run(const sor_bandit_shift *scenario, const sor_bandit_policy *policy,
                                  sor_bandit_trace *trace)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    if (!kernels)
        return sor_bandit_reference_shift_run(scenario, policy, trace);
    assay_status status = sor_bandit_check_shift(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_policy(policy, false);
    if (status == ASSAY_OK && !trace)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "trace is null");
    if (status != ASSAY_OK)
        return status;
    shift_run run = {.kernels = kernels, .scenario = scenario};
    status = begin_shift(scenario, &run);
    if (status == ASSAY_OK)
        status = sor_bandit_drive(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, false, prepare_shift, solve_shift},
            policy, trace);
    sor_bandit_skew_release(&run.skew);
    assay_release(run.natural);
    assay_release(run.b);
    assay_release(run.x);
    assay_release(run.r);
    return status;
}

/* Steps whose problems are solved together: enough to keep all lanes busy, few enough to be held in a cache. */
enum { TOGETHER = 64 };

/* Steps [from, from + steps), in the memory of TOGETHER right sides and their problems. */
static assay_status count_some(const sor_bandit_shift *scenario, size_t from, size_t steps, size_t arms,
                               const double *omegas, double *sides, sor_bandit_problem *problems, uint32_t *counts,
                               double *contexts)
{
    const size_t n = scenario->side * scenario->side;
    for (size_t t = 0; t < steps; t++) {
        double shift;
        const assay_status status = sor_bandit_shift_instance(scenario, from + t, &shift, sides + t * n);
        if (status != ASSAY_OK)
            return status;
        for (size_t i = 0; i < arms; i++)
            problems[t * arms + i] = (sor_bandit_problem){4 + shift, omegas[i], sides + t * n};
        if (contexts)
            contexts[from + t] = shift;
    }
    const sor_bandit_grid grid = {scenario->side, scenario->side, 4, 1};
    return sor_bandit_grid_counts(&grid, problems, steps * arms, &scenario->goal, counts + from * arms);
}

assay_status sor_bandit_shift_counts(const sor_bandit_shift *scenario, size_t arms, const double *omegas,
                                     uint32_t *counts, double *contexts)
{
    if (!sor_bandit_kernels_in_force())
        return sor_bandit_reference_shift_counts(scenario, arms, omegas, counts, contexts);
    assay_status status = sor_bandit_check_shift(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omegas(omegas, arms, false);
    if (status == ASSAY_OK && !counts)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "counts is null");
    if (status != ASSAY_OK)
        return status;
    double *sides = assay_allocate(TOGETHER * scenario->side * scenario->side, sizeof *sides);
    sor_bandit_problem *problems = assay_allocate(arms, TOGETHER * sizeof *problems);
    if (!sides || !problems)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %d right sides", TOGETHER);
    for (size_t from = 0; status == ASSAY_OK && from < scenario->steps; from += TOGETHER) {
        const size_t left = scenario->steps - from;
        status = count_some(scenario, from, left < TOGETHER ? left : TOGETHER, arms, omegas, sides, problems, counts,
                            contexts);
    }
    assay_release(sides);
    assay_release(problems);
    return status;
}

/* ---- Heat ----------------------------------------------------------------------------------------------------- */

typedef struct heat_run {
    const sor_bandit_kernels *kernels;
    const sor_bandit_heat *scenario;
    sor_bandit_skew skew;
    sor_bandit_operator a;
    sor_bandit_workspace w;
    double *u, *b, *x; /* u: before the step; x: after it */
} heat_run;

static assay_status prepare_heat(void *self, size_t t, double *context)
{
    heat_run *run = self;
    const sor_bandit_heat *s = run->scenario;
    const double middle = sor_bandit_heat_middle(s, t);
    *context = sor_bandit_heat_conductivity(middle);
    const double g = *context * s->step / (2 * s->spacing * s->spacing);
    double *before = run->u;
    run->u = run->x; /* what x was is not needed: solving begins with a copy of u */
    run->x = before;
    run->a = (sor_bandit_operator){&run->skew, 1 + 4 * g, g};
    run->kernels->explicit_step(&run->skew, 1 - 4 * g, g, run->u, run->b);
    size_t from[2], to[2];
    sor_bandit_heat_source_range(s, middle, from, to);
    for (size_t i = from[0]; s->source != 0 && i < to[0]; i++)
        for (size_t j = from[1]; j < to[1]; j++)
            run->b[run->skew.origin[i + j] + (ptrdiff_t)i] += s->step * sor_bandit_heat_source(s, middle, i, j);
    return ASSAY_OK;
}

static assay_status solve_heat(void *self, double omega, sor_bandit_report *report)
{
    heat_run *run = self;
    memcpy(run->x, run->u, run->skew.elements * sizeof *run->x);
    return sor_bandit_skew_gradients(run->kernels, &run->a, run->b, omega, &run->scenario->goal, run->x, &run->w,
                                     report);
}

static assay_status begin_heat(const sor_bandit_heat *scenario, heat_run *run)
{
    assay_status status = sor_bandit_skew_make(scenario->rows, scenario->columns, SOR_BANDIT_ALIGNED, &run->skew);
    if (status == ASSAY_OK)
        status = sor_bandit_workspace_make(&run->skew, &run->w);
    if (status != ASSAY_OK)
        return status;
    run->u = sor_bandit_skew_vector(&run->skew, 1);
    run->b = sor_bandit_skew_vector(&run->skew, 1);
    run->x = sor_bandit_skew_vector(&run->skew, 1);
    double *natural = assay_allocate(scenario->rows * scenario->columns, sizeof *natural);
    if (run->u && run->b && run->x && natural) {
        sor_bandit_heat_initial(scenario, natural);
        sor_bandit_skew_in(&run->skew, natural, run->x);
    } else {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for vectors of %zu elements", run->skew.elements);
    }
    assay_release(natural);
    return status;
}

static void end_heat(heat_run *run)
{
    sor_bandit_workspace_release(&run->w);
    assay_release(run->u);
    assay_release(run->b);
    assay_release(run->x);
    sor_bandit_skew_release(&run->skew);
}

assay_status sor_bandit_heat_run(const sor_bandit_heat *scenario, const sor_bandit_policy *policy,
                                 sor_bandit_trace *trace, double *state)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    if (!kernels)
        return sor_bandit_reference_heat_run(scenario, policy, trace, state);
    assay_status status = sor_bandit_check_heat(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_policy(policy, true);
    if (status == ASSAY_OK && !trace)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "trace is null");
    if (status != ASSAY_OK)
        return status;
    heat_run run = {.kernels = kernels, .scenario = scenario};
    status = begin_heat(scenario, &run);
    if (status == ASSAY_OK)
        status = sor_bandit_drive(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, true, prepare_heat, solve_heat}, policy,
            trace);
    if (status == ASSAY_OK && state)
        sor_bandit_skew_out(&run.skew, run.x, state);
    end_heat(&run);
    return status;
}

/* ---- Every omega for every step of the heat equation ---------------------------------------------------------------
 */

/* What a thread solves in; the first arm's solution is wanted afterwards, and so has a vector of its own. */
typedef struct solver {
    sor_bandit_workspace w;
    double *x;
} solver;

static assay_status count_step(heat_run *run, solver *solvers, int threads, size_t arms, const double *omegas,
                               uint32_t *counts)
{
    assay_status status = ASSAY_OK;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (size_t i = 0; i < arms; i++) {
        const solver *own = &solvers[omp_get_thread_num()];
        double *x = i == 0 ? run->x : own->x;
        sor_bandit_report report;
        memcpy(x, run->u, run->skew.elements * sizeof *x);
        const assay_status got = sor_bandit_skew_gradients(run->kernels, &run->a, run->b, omegas[i],
                                                           &run->scenario->goal, x, &own->w, &report);
        counts[i] = (uint32_t)report.iterations;
        if (got != ASSAY_OK && got != ASSAY_NOT_CONVERGED) {
#pragma omp critical(sor_bandit_count_step)
            status = got;
        }
    }
    return status == ASSAY_OK ? status : assay_fail(status, "a system of the heat equation could not be solved");
}

/* Points times omegas of a step below which waiting for the threads costs more than they save. */
enum { SMALL_STEP = 1 << 17 };

static assay_status count_steps(heat_run *run, size_t arms, const double *omegas, uint32_t *counts, double *contexts)
{
    const bool small = run->skew.elements * arms < SMALL_STEP;
    const int threads = small ? 1 : arms < (size_t)assay_threads() ? (int)arms : assay_threads();
    solver *solvers = assay_allocate((size_t)threads, sizeof *solvers);
    if (!solvers)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %d threads", threads);
    assay_status status = ASSAY_OK;
    for (int i = 0; status == ASSAY_OK && i < threads; i++) {
        status = sor_bandit_workspace_make(&run->skew, &solvers[i].w);
        solvers[i].x = sor_bandit_skew_vector(&run->skew, 1);
        if (status == ASSAY_OK && !solvers[i].x)
            status = assay_fail(ASSAY_NO_MEMORY, "no memory for vectors of %zu elements", run->skew.elements);
    }
    for (size_t t = 0; status == ASSAY_OK && t < run->scenario->steps; t++) {
        double context;
        prepare_heat(run, t, &context);
        status = count_step(run, solvers, threads, arms, omegas, counts + t * arms);
        if (contexts)
            contexts[t] = context;
    }
    for (int i = 0; i < threads; i++) {
        sor_bandit_workspace_release(&solvers[i].w);
        assay_release(solvers[i].x);
    }
    assay_release(solvers);
    return status;
}

assay_status sor_bandit_heat_counts(const sor_bandit_heat *scenario, size_t arms, const double *omegas,
                                    uint32_t *counts, double *contexts)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    if (!kernels)
        return sor_bandit_reference_heat_counts(scenario, arms, omegas, counts, contexts);
    assay_status status = sor_bandit_check_heat(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omegas(omegas, arms, true);
    if (status == ASSAY_OK && !counts)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "counts is null");
    if (status != ASSAY_OK)
        return status;
    heat_run run = {.kernels = kernels, .scenario = scenario};
    status = begin_heat(scenario, &run);
    if (status == ASSAY_OK)
        status = count_steps(&run, arms, omegas, counts, contexts);
    end_heat(&run);
    return status;
}
