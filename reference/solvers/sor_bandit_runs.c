/* The scenarios, solved by the reference solvers. */
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_arguments.h"
#include "reference/solvers/sor_bandit_scenarios.h"

#include <string.h>

/* ---- Random shifts (R9) --------------------------------------------------------------------------------------- */

/* The matrix at hand is that of the grid with its diagonal replaced. */
typedef struct shift_run {
    const sor_bandit_shift *scenario;
    assay_csr a;
    double *b, *x;
} shift_run;

static void set_values(assay_csr *a, double diagonal, double neighbour)
{
    for (size_t i = 0; i < a->rows; i++)
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            a->values[k] = a->indices[k] == i ? diagonal : -neighbour;
}

static assay_status prepare_shift(void *self, size_t t, double *context)
{
    shift_run *run = self;
    const assay_status status = sor_bandit_shift_instance(run->scenario, t, context, run->b);
    set_values(&run->a, 4 + *context, 1);
    return status;
}

static assay_status solve_shift(void *self, double omega, sor_bandit_report *report)
{
    shift_run *run = self;
    memset(run->x, 0, run->a.rows * sizeof *run->x);
    return sor_bandit_reference_sor(&run->a, run->b, omega, &run->scenario->goal, run->x, report);
}

static assay_status begin_shift(const sor_bandit_shift *scenario, shift_run *run)
{
    *run = (shift_run){.scenario = scenario};
    const assay_status status =
        sor_bandit_grid_matrix(&(sor_bandit_grid){scenario->side, scenario->side, 4, 1}, &run->a);
    if (status != ASSAY_OK)
        return status;
    run->b = assay_allocate(run->a.rows, sizeof *run->b);
    run->x = assay_allocate(run->a.rows, sizeof *run->x);
    return run->b && run->x ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu points", run->a.rows);
}

static void end_shift(shift_run *run)
{
    assay_csr_release(&run->a);
    assay_release(run->b);
    assay_release(run->x);
}

assay_status sor_bandit_reference_shift_run(const sor_bandit_shift *scenario, const sor_bandit_policy *policy,
                                            sor_bandit_trace *trace)
{
    assay_status status = sor_bandit_check_shift(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_policy(policy, false);
    if (status == ASSAY_OK && !trace)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "trace is null");
    if (status != ASSAY_OK)
        return status;
    shift_run run;
    status = begin_shift(scenario, &run);
    if (status == ASSAY_OK)
        status = sor_bandit_drive(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, false, prepare_shift, solve_shift},
            policy, trace);
    end_shift(&run);
    return status;
}

/* Every omega for one step after the other; the solver starts from @p start each time (null: as it likes). */
static assay_status count_all(const sor_bandit_sequence *s, size_t arms, const double *omegas, uint32_t *counts,
                              double *contexts)
{
    for (size_t t = 0; t < s->steps; t++) {
        double context;
        assay_status status = s->prepare(s->self, t, &context);
        for (size_t i = arms; status == ASSAY_OK && i-- > 0;) { /* omegas[0] last: the state goes on with it */
            sor_bandit_report report;
            status = s->solve(s->self, omegas[i], &report);
            counts[t * arms + i] = (uint32_t)report.iterations;
            status = status == ASSAY_NOT_CONVERGED ? ASSAY_OK : status;
        }
        if (status != ASSAY_OK)
            return status;
        if (contexts)
            contexts[t] = context;
    }
    return ASSAY_OK;
}

assay_status sor_bandit_reference_shift_counts(const sor_bandit_shift *scenario, size_t arms, const double *omegas,
                                               uint32_t *counts, double *contexts)
{
    assay_status status = sor_bandit_check_shift(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omegas(omegas, arms, false);
    if (status == ASSAY_OK && !counts)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "counts is null");
    if (status != ASSAY_OK)
        return status;
    shift_run run;
    status = begin_shift(scenario, &run);
    if (status == ASSAY_OK)
        status = count_all(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, false, prepare_shift, solve_shift},
            arms, omegas, counts, contexts);
    end_shift(&run);
    return status;
}

/* ---- Heat (R10) ----------------------------------------------------------------------------------------------- */

typedef struct heat_run {
    const sor_bandit_heat *scenario;
    assay_csr a;
    double *u, *b, *x; /* u: before the step; x: after it */
} heat_run;

/* b = (I + kappa dt / 2 Laplace) u + dt f. */
static void set_right_side(const heat_run *run, double middle, double g)
{
    const sor_bandit_heat *s = run->scenario;
    const size_t rows = s->rows, columns = s->columns;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const double *u = run->u + i * columns + j;
            const double up = i > 0 ? u[-(ptrdiff_t)columns] : 0, left = j > 0 ? u[-1] : 0;
            const double right = j + 1 < columns ? u[1] : 0, down = i + 1 < rows ? u[columns] : 0;
            run->b[i * columns + j] = (1 - 4 * g) * *u + g * (((up + left) + right) + down);
        }
    size_t from[2], to[2];
    sor_bandit_heat_source_range(s, middle, from, to);
    for (size_t i = from[0]; i < to[0]; i++)
        for (size_t j = from[1]; j < to[1]; j++)
            run->b[i * columns + j] += s->step * sor_bandit_heat_source(s, middle, i, j);
}

static assay_status prepare_heat(void *self, size_t t, double *context)
{
    heat_run *run = self;
    const sor_bandit_heat *s = run->scenario;
    const double middle = sor_bandit_heat_middle(s, t);
    *context = sor_bandit_heat_conductivity(middle);
    const double g = *context * s->step / (2 * s->spacing * s->spacing);
    memcpy(run->u, run->x, run->a.rows * sizeof *run->u);
    set_values(&run->a, 1 + 4 * g, g);
    set_right_side(run, middle, g);
    return ASSAY_OK;
}

static assay_status solve_heat(void *self, double omega, sor_bandit_report *report)
{
    heat_run *run = self;
    memcpy(run->x, run->u, run->a.rows * sizeof *run->x);
    return sor_bandit_reference_gradients(&run->a, run->b, omega, &run->scenario->goal, run->x, report);
}

static assay_status begin_heat(const sor_bandit_heat *scenario, heat_run *run)
{
    *run = (heat_run){.scenario = scenario};
    const assay_status status =
        sor_bandit_grid_matrix(&(sor_bandit_grid){scenario->rows, scenario->columns, 1, 1}, &run->a);
    if (status != ASSAY_OK)
        return status;
    run->u = assay_allocate(run->a.rows, sizeof *run->u);
    run->b = assay_allocate(run->a.rows, sizeof *run->b);
    run->x = assay_allocate(run->a.rows, sizeof *run->x);
    if (!run->u || !run->b || !run->x)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu points", run->a.rows);
    sor_bandit_heat_initial(scenario, run->x);
    return ASSAY_OK;
}

static void end_heat(heat_run *run)
{
    assay_csr_release(&run->a);
    assay_release(run->u);
    assay_release(run->b);
    assay_release(run->x);
}

assay_status sor_bandit_reference_heat_run(const sor_bandit_heat *scenario, const sor_bandit_policy *policy,
                                           sor_bandit_trace *trace, double *state)
{
    assay_status status = sor_bandit_check_heat(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_policy(policy, true);
    if (status == ASSAY_OK && !trace)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "trace is null");
    if (status != ASSAY_OK)
        return status;
    heat_run run;
    status = begin_heat(scenario, &run);
    if (status == ASSAY_OK)
        status = sor_bandit_drive(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, true, prepare_heat, solve_heat}, policy,
            trace);
    if (status == ASSAY_OK && state)
        memcpy(state, run.x, run.a.rows * sizeof *state);
    end_heat(&run);
    return status;
}

assay_status sor_bandit_reference_heat_counts(const sor_bandit_heat *scenario, size_t arms, const double *omegas,
                                              uint32_t *counts, double *contexts)
{
    assay_status status = sor_bandit_check_heat(scenario);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omegas(omegas, arms, true);
    if (status == ASSAY_OK && !counts)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "counts is null");
    if (status != ASSAY_OK)
        return status;
    heat_run run;
    status = begin_heat(scenario, &run);
    if (status == ASSAY_OK)
        status = count_all(
            &(sor_bandit_sequence){&run, scenario->steps, scenario->goal.limit, true, prepare_heat, solve_heat}, arms,
            omegas, counts, contexts);
    end_heat(&run);
    return status;
}
