/* The scenarios' systems (R9, R10), and the loop over a sequence of systems in which a policy chooses omega. */
#include "reference/solvers/sor_bandit_scenarios.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <string.h>

/* ---- Driving -------------------------------------------------------------------------------------------------- */

static assay_status choose(const sor_bandit_sequence *s, const sor_bandit_policy *policy, double context, size_t *arm,
                           double *omega)
{
    assay_status status = ASSAY_OK;
    *arm = 0;
    if (policy->learner)
        status = sor_bandit_choose(policy->learner, context, arm);
    if (policy->learner || !policy->rule) {
        *omega = policy->omegas[*arm];
        return status;
    }
    *omega = policy->rule(policy->self, context);
    return sor_bandit_check_omega("the rule's omega", *omega, s->may_be_plain);
}

static void note(sor_bandit_trace *trace, size_t t, size_t iterations, size_t arm, double context)
{
    if (trace->iterations)
        trace->iterations[t] = (uint32_t)iterations;
    if (trace->arms)
        trace->arms[t] = (uint32_t)arm;
    if (trace->contexts)
        trace->contexts[t] = context;
    trace->total += iterations;
}

assay_status sor_bandit_drive(const sor_bandit_sequence *s, const sor_bandit_policy *policy, sor_bandit_trace *trace)
{
    trace->total = 0;
    trace->unconverged = 0;
    for (size_t t = 0; t < s->steps; t++) {
        double context, omega;
        size_t arm;
        assay_status status = s->prepare(s->self, t, &context);
        if (status == ASSAY_OK)
            status = choose(s, policy, context, &arm, &omega);
        if (status != ASSAY_OK)
            return status;
        sor_bandit_report report;
        status = s->solve(s->self, omega, &report);
        if (status == ASSAY_NOT_CONVERGED) {
            trace->unconverged++;
            status = ASSAY_OK;
        }
        if (status == ASSAY_OK && policy->learner)
            status = sor_bandit_learn(policy->learner, (double)report.iterations);
        if (status != ASSAY_OK)
            return status;
        note(trace, t, report.iterations, arm, context);
    }
    return ASSAY_OK;
}

assay_status sor_bandit_replay(sor_bandit_learner *learner, size_t steps, size_t arms, const uint32_t *counts,
                               const double *contexts, sor_bandit_trace *trace)
{
    if (!learner || !counts || !contexts || !trace)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !learner    ? "learner"
                          : !counts   ? "counts"
                          : !contexts ? "contexts"
                                      : "trace");
    trace->total = 0;
    trace->unconverged = 0;
    for (size_t t = 0; t < steps; t++) {
        size_t arm;
        assay_status status = sor_bandit_choose(learner, contexts[t], &arm);
        if (status == ASSAY_OK && arm >= arms)
            status = assay_fail(ASSAY_MISMATCH, "the learner chose arm %zu of a table with %zu", arm, arms);
        if (status == ASSAY_OK)
            status = sor_bandit_learn(learner, (double)counts[t * arms + arm]);
        if (status != ASSAY_OK)
            return status;
        note(trace, t, counts[t * arms + arm], arm, contexts[t]);
    }
    return ASSAY_OK;
}

/* ---- Random shifts -------------------------------------------------------------------------------------------- */

sor_bandit_shift sor_bandit_shift_paper(bool high_variance, assay_random random)
{
    return (sor_bandit_shift){.side = 10,
                              .first = high_variance ? 1 : 4,
                              .second = high_variance ? 3 : 12,
                              .low = -0.15,
                              .width = 0.6,
                              .steps = 5000,
                              .goal = {1e-8, 10000, SOR_BANDIT_TO_START},
                              .random = random};
}

/* Beta(a / 2, b / 2) is the part that a of a + b squared normal numbers have in their sum. */
static double draw_beta(assay_random random, uint64_t index, unsigned a, unsigned b)
{
    double first = 0, second = 0;
    for (unsigned k = 0; k < a + b; k++) {
        const double x = assay_random_normal(random, index * (a + b) + k);
        *(k < a ? &first : &second) += x * x;
    }
    return first / (first + second);
}

assay_status sor_bandit_shift_instance(const sor_bandit_shift *scenario, size_t step, double *shift, double *b)
{
    const assay_status status = sor_bandit_check_shift(scenario);
    if (status != ASSAY_OK)
        return status;
    if (!shift || !b)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", shift ? "b" : "shift");
    const size_t n = scenario->side * scenario->side;
    const assay_random sides = {scenario->random.seed, scenario->random.stream + 1};
    *shift = scenario->low + scenario->width * draw_beta(scenario->random, step, scenario->first, scenario->second);
    /* Half of all normal vectors are short enough; 64 places are kept for the tries of a step. */
    double squares = INFINITY;
    for (uint64_t attempt = 0; squares > (double)n; attempt++) {
        assay_random_fill_normal(sides, (64 * (uint64_t)step + attempt) * n, 0, 1, b, n);
        squares = 0;
        for (size_t i = 0; i < n; i++)
            squares += b[i] * b[i];
    }
    return ASSAY_OK;
}

/* ---- Heat ----------------------------------------------------------------------------------------------------- */

sor_bandit_heat sor_bandit_heat_paper(size_t nx)
{
    return (sor_bandit_heat){.rows = nx - 1,
                             .columns = nx - 1,
                             .spacing = 1 / (double)nx,
                             .step = 1e-3,
                             .steps = 5000,
                             .source = 1,
                             .goal = {1e-8, 10000, SOR_BANDIT_TO_RIGHT_SIDE}};
}

double sor_bandit_heat_conductivity(double t)
{
    const double wave = sin(2 * M_PI * t);
    return fmax(0.1 * wave, -10 * wave);
}

double sor_bandit_heat_middle(const sor_bandit_heat *scenario, size_t t)
{
    return scenario->start + ((double)t + 0.5) * scenario->step;
}

double sor_bandit_bump(double x, double y, double center_x, double center_y, double radius)
{
    const double dx = x - center_x, dy = y - center_y, s = (dx * dx + dy * dy) / (radius * radius);
    return s < 1 ? exp(1 - 1 / (1 - s)) : 0;
}

void sor_bandit_heat_initial(const sor_bandit_heat *s, double *u)
{
    if (s->initial) {
        memcpy(u, s->initial, s->rows * s->columns * sizeof *u);
        return;
    }
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++)
            u[i * s->columns + j] =
                sor_bandit_bump((double)(j + 1) * s->spacing, (double)(i + 1) * s->spacing, 0.5, 0.5, 0.25);
}

static const double source_radius = 0.125;

static void source_center(double time, double *x, double *y)
{
    *x = 0.5 + cos(16 * M_PI * time) / 4;
    *y = 0.5 + sin(16 * M_PI * time) / 4;
}

/* Numbers of the points at or beyond @p place, one more than are needed, within [0, limit]. */
static size_t point_near(double place, double spacing, size_t limit, double outward)
{
    const double number = floor(place / spacing) + outward;
    return number <= 0 ? 0 : number < (double)limit ? (size_t)number : limit;
}

void sor_bandit_heat_source_range(const sor_bandit_heat *s, double time, size_t from[2], size_t to[2])
{
    double x, y;
    source_center(time, &x, &y);
    from[0] = point_near(y - source_radius, s->spacing, s->rows, -2);
    to[0] = point_near(y + source_radius, s->spacing, s->rows, 2);
    from[1] = point_near(x - source_radius, s->spacing, s->columns, -2);
    to[1] = point_near(x + source_radius, s->spacing, s->columns, 2);
}

double sor_bandit_heat_source(const sor_bandit_heat *s, double time, size_t row, size_t column)
{
    double x, y;
    source_center(time, &x, &y);
    return s->source * 32 *
           sor_bandit_bump((double)(column + 1) * s->spacing, (double)(row + 1) * s->spacing, x, y, source_radius);
}
