/* sinkhorn_newton: bad input gets its error, and outputs stay untouched. */
#include "verify/transport/sinkhorn_newton_checks.h"

#include <math.h>

enum { N = 2, M = 3 };
#define UNTOUCHED 12345.0

/* A good problem and outputs that nothing may touch. */
typedef struct trial {
    double cost[N * M], r[N], c[M];
    sinkhorn_newton_problem problem;
    sinkhorn_newton_options options;
    double x[N], y[M], plan[N * M];
    sinkhorn_newton_iteration trace[4];
    sinkhorn_newton_solution solution;
} trial;

static void prepare(trial *t)
{
    *t = (trial){.cost = {0, 1, 2, 2, 1, 0}, .r = {0.5, 0.5}, .c = {0.25, 0.5, 0.25}};
    t->problem = (sinkhorn_newton_problem){N, M, t->cost, t->r, t->c, 2};
    t->options = sinkhorn_newton_defaults();
    for (size_t k = 0; k < N * M; k++)
        t->plan[k] = UNTOUCHED;
    t->x[0] = t->x[1] = t->y[0] = t->y[1] = t->y[2] = UNTOUCHED;
    t->trace[0].error = UNTOUCHED;
    t->solution = (sinkhorn_newton_solution){.x = t->x,
                                             .y = t->y,
                                             .plan = t->plan,
                                             .trace = t->trace,
                                             .trace_capacity = 4,
                                             .trace_length = 77,
                                             .error = UNTOUCHED,
                                             .steps = 77};
}

static void expect_untouched(verify_context *v, const trial *t, const char *what)
{
    bool same = t->x[0] == UNTOUCHED && t->x[1] == UNTOUCHED && t->y[0] == UNTOUCHED && t->y[2] == UNTOUCHED &&
                t->trace[0].error == UNTOUCHED && t->solution.trace_length == 77 && t->solution.error == UNTOUCHED &&
                t->solution.steps == 77;
    for (size_t k = 0; k < N * M; k++)
        same = same && t->plan[k] == UNTOUCHED;
    verify_true(v, same, "outputs are untouched: %s", what);
}

/* Every method refuses the trial. */
static void expect_refusal(verify_context *v, trial *t, assay_status expected, const char *mentions, const char *what)
{
    const sinkhorn_newton_problem *p = &t->problem;
    verify_rejects(v, sinkhorn_newton_scale_log(p, 5, 1e-9, &t->solution), expected, mentions, "log sweeps: %s", what);
    verify_rejects(v, sinkhorn_newton_scale(p, 5, 1e-9, &t->solution), expected, mentions, "sweeps: %s", what);
    verify_rejects(v, sinkhorn_newton_solve(p, &t->options, &t->solution), expected, mentions, "sparse: %s", what);
    verify_rejects(v, sinkhorn_newton_solve_dense(p, &t->options, &t->solution), expected, mentions, "dense: %s", what);
    verify_rejects(v, sinkhorn_newton_solve_lbfgs(p, &t->options, &t->solution), expected, mentions, "L-BFGS: %s",
                   what);
    expect_untouched(v, t, what);
}

void sinkhorn_newton_check_rejects_problem(verify_context *v)
{
    trial t;
    static const double bad_etas[] = {0, -1, NAN, INFINITY, -INFINITY};
    static const double bad_costs[] = {NAN, INFINITY, -INFINITY};
    static const double bad_masses[] = {0, -0.5, NAN, INFINITY};
    prepare(&t);
    t.problem.n = 0;
    expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "n is 0", "n = 0");
    prepare(&t);
    t.problem.m = 0;
    expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "m is 0", "m = 0");
    prepare(&t);
    t.problem.n = (size_t)-1;
    expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "n is", "n = -1");
    prepare(&t);
    t.problem.n = t.problem.m = INT32_MAX;
    expect_refusal(v, &t, ASSAY_NO_MEMORY, "do not fit", "n m 8 bytes beyond PTRDIFF_MAX");
    prepare(&t);
    t.problem.cost = NULL;
    expect_refusal(v, &t, ASSAY_INVALID_ARGUMENT, "cost is null", "null cost");
    prepare(&t);
    t.problem.r = NULL;
    expect_refusal(v, &t, ASSAY_INVALID_ARGUMENT, "r is null", "null r");
    prepare(&t);
    t.problem.c = NULL;
    expect_refusal(v, &t, ASSAY_INVALID_ARGUMENT, "c is null", "null c");
    for (size_t k = 0; k < sizeof bad_etas / sizeof *bad_etas; k++) {
        prepare(&t);
        t.problem.eta = bad_etas[k];
        expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "eta is", "eta");
    }
    prepare(&t);
    t.problem.eta = 1e13;
    expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "eta max|cost|", "exponents beyond all rounding");
    for (size_t k = 0; k < sizeof bad_costs / sizeof *bad_costs; k++) {
        prepare(&t);
        t.cost[N * M - 1] = bad_costs[k];
        expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "cost[5]", "a cost that is not finite");
    }
    for (size_t k = 0; k < sizeof bad_masses / sizeof *bad_masses; k++) {
        prepare(&t);
        t.r[1] = bad_masses[k];
        expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "r[1]", "a mass of r");
        prepare(&t);
        t.c[2] = bad_masses[k];
        expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "c[2]", "a mass of c");
    }
    prepare(&t);
    t.r[0] += 1e-11;
    expect_refusal(v, &t, ASSAY_MISMATCH, "sum", "sums that differ by 1e-11");
    prepare(&t);
    t.r[0] = t.r[1] = 1e308;
    expect_refusal(v, &t, ASSAY_OUT_OF_RANGE, "sum of r", "an infinite sum");
    prepare(&t);
    t.r[0] += 1e-13;
    verify_ok(v, sinkhorn_newton_solve(&t.problem, &t.options, &t.solution), "sums that differ by 1e-13");
}

/* Refused by the methods that have options. */
static void expect_bad_options(verify_context *v, trial *t, const char *mentions, bool sparse_only, const char *what)
{
    verify_rejects(v, sinkhorn_newton_solve(&t->problem, &t->options, &t->solution), ASSAY_OUT_OF_RANGE, mentions,
                   "sparse: %s", what);
    size_t count = 77;
    double kept[N * M];
    verify_rejects(v, sinkhorn_newton_sparsify(&t->problem, &t->options, t->x, t->y, kept, &count), ASSAY_OUT_OF_RANGE,
                   mentions, "sparsify: %s", what);
    verify_true(v, count == 77, "the count is untouched");
    if (!sparse_only) {
        verify_rejects(v, sinkhorn_newton_solve_dense(&t->problem, &t->options, &t->solution), ASSAY_OUT_OF_RANGE,
                       mentions, "dense: %s", what);
        verify_rejects(v, sinkhorn_newton_solve_lbfgs(&t->problem, &t->options, &t->solution), ASSAY_OUT_OF_RANGE,
                       mentions, "L-BFGS: %s", what);
    }
    expect_untouched(v, t, what);
}

void sinkhorn_newton_check_rejects_options(verify_context *v)
{
    trial t;
    static const double bad_tolerances[] = {0, -1e-9, NAN, INFINITY};
    static const struct {
        sinkhorn_newton_rule rule;
        double keep;
    } bad_keeps[] = {{SINKHORN_NEWTON_MASS, -1e-9},        {SINKHORN_NEWTON_MASS, 1},
                     {SINKHORN_NEWTON_MASS, NAN},          {SINKHORN_NEWTON_TOPK_PLAN, 0.49},
                     {SINKHORN_NEWTON_TOPK_PLAN, 3.01},    {SINKHORN_NEWTON_TOPK_PLAN, NAN},
                     {SINKHORN_NEWTON_TOPK_HESSIAN, 0},    {SINKHORN_NEWTON_TOPK_HESSIAN, 0.2},
                     {SINKHORN_NEWTON_TOPK_HESSIAN, 1.01}, {SINKHORN_NEWTON_TOPK_HESSIAN, NAN}};
    for (size_t k = 0; k < sizeof bad_tolerances / sizeof *bad_tolerances; k++) {
        prepare(&t);
        t.options.tolerance = bad_tolerances[k];
        expect_bad_options(v, &t, "tolerance is", false, "tolerance");
        verify_rejects(v, sinkhorn_newton_scale(&t.problem, 5, bad_tolerances[k], &t.solution), ASSAY_OUT_OF_RANGE,
                       "tolerance is", "tolerance of sweeps");
    }
    prepare(&t);
    t.options.sweeps = (size_t)-1;
    expect_bad_options(v, &t, "sweeps is", false, "a negative number of sweeps");
    prepare(&t);
    t.options.steps = (size_t)-1;
    expect_bad_options(v, &t, "steps is", false, "a negative number of steps");
    prepare(&t);
    t.options.sweeps = 0;
    t.problem.eta = 301;
    expect_bad_options(v, &t, "sweeps is 0", false, "no sweeps at eta max|C| = 602");
    for (size_t k = 0; k < sizeof bad_keeps / sizeof *bad_keeps; k++) {
        prepare(&t);
        t.options.rule = bad_keeps[k].rule;
        t.options.keep = bad_keeps[k].keep;
        expect_bad_options(v, &t, "keep is", true, "keep");
    }
    prepare(&t);
    t.options.rule = (sinkhorn_newton_rule)3;
    expect_bad_options(v, &t, "rule is 3", true, "rule");
    prepare(&t);
    t.options.solver = (sinkhorn_newton_solver)2;
    expect_bad_options(v, &t, "solver is 2", true, "solver");
    static const double bad_goals[] = {0, 1, -1, NAN};
    for (size_t k = 0; k < sizeof bad_goals / sizeof *bad_goals; k++) {
        prepare(&t);
        t.options.cg_tolerance = bad_goals[k];
        expect_bad_options(v, &t, "cg_tolerance is", true, "cg_tolerance");
    }
    prepare(&t);
    verify_rejects(v, sinkhorn_newton_scale(&t.problem, 0, 1e-9, &t.solution), ASSAY_OUT_OF_RANGE, "limit is 0",
                   "no sweeps");
    verify_rejects(v, sinkhorn_newton_scale_log(&t.problem, (size_t)-1, 1e-9, &t.solution), ASSAY_OUT_OF_RANGE,
                   "limit is", "a negative limit");
    expect_untouched(v, &t, "limit");
}

void sinkhorn_newton_check_rejects_outputs(verify_context *v)
{
    trial t;
    prepare(&t);
    verify_rejects(v, sinkhorn_newton_solve(NULL, &t.options, &t.solution), ASSAY_INVALID_ARGUMENT, "problem",
                   "null problem");
    verify_rejects(v, sinkhorn_newton_solve(&t.problem, NULL, &t.solution), ASSAY_INVALID_ARGUMENT, "options",
                   "null options");
    verify_rejects(v, sinkhorn_newton_solve_dense(&t.problem, NULL, &t.solution), ASSAY_INVALID_ARGUMENT, "options",
                   "null options");
    verify_rejects(v, sinkhorn_newton_solve_lbfgs(&t.problem, NULL, &t.solution), ASSAY_INVALID_ARGUMENT, "options",
                   "null options");
    verify_rejects(v, sinkhorn_newton_solve(&t.problem, &t.options, NULL), ASSAY_INVALID_ARGUMENT, "solution",
                   "null solution");
    verify_rejects(v, sinkhorn_newton_scale(&t.problem, 5, 1e-9, NULL), ASSAY_INVALID_ARGUMENT, "solution",
                   "null solution");
    expect_untouched(v, &t, "null arguments");
    t.solution.x = NULL;
    verify_rejects(v, sinkhorn_newton_solve(&t.problem, &t.options, &t.solution), ASSAY_INVALID_ARGUMENT, "solution->x",
                   "null x");
    verify_rejects(v, sinkhorn_newton_scale_log(&t.problem, 5, 1e-9, &t.solution), ASSAY_INVALID_ARGUMENT,
                   "solution->x", "null x");
    expect_untouched(v, &t, "null x");
    t.solution.x = t.x;
    t.solution.y = NULL;
    verify_rejects(v, sinkhorn_newton_solve_lbfgs(&t.problem, &t.options, &t.solution), ASSAY_INVALID_ARGUMENT,
                   "solution->y", "null y");
    expect_untouched(v, &t, "null y");
    prepare(&t);
    t.solution.plan = NULL;
    t.solution.trace = NULL;
    verify_ok(v, sinkhorn_newton_solve(&t.problem, &t.options, &t.solution), "neither plan nor trace");
    verify_true(v, t.solution.trace_length == 0 && t.plan[0] == UNTOUCHED, "and none is written");
}

void sinkhorn_newton_check_rejects_quantities(verify_context *v)
{
    trial t;
    prepare(&t);
    const sinkhorn_newton_problem *p = &t.problem;
    double z[N + M] = {0}, plan[N * M] = {0}, out = UNTOUCHED;
    verify_rejects(v, sinkhorn_newton_plan(p, NULL, z, plan), ASSAY_INVALID_ARGUMENT, "x is null", "null x");
    verify_rejects(v, sinkhorn_newton_plan(p, z, z, NULL), ASSAY_INVALID_ARGUMENT, "plan is null", "null plan");
    verify_rejects(v, sinkhorn_newton_dual_value(p, z, NULL, &out), ASSAY_INVALID_ARGUMENT, "y is null", "null y");
    verify_rejects(v, sinkhorn_newton_dual_gradient(p, z, z, NULL), ASSAY_INVALID_ARGUMENT, "gradient",
                   "null gradient");
    verify_rejects(v, sinkhorn_newton_transport_cost(p, NULL, &out), ASSAY_INVALID_ARGUMENT, "plan", "null plan");
    verify_rejects(v, sinkhorn_newton_marginal_error(p, plan, NULL), ASSAY_INVALID_ARGUMENT, "error", "null error");
    verify_rejects(v, sinkhorn_newton_primal_value(NULL, plan, &out), ASSAY_INVALID_ARGUMENT, "problem", "no problem");
    verify_rejects(v, sinkhorn_newton_round_to_polytope(p, NULL), ASSAY_INVALID_ARGUMENT, "plan", "null plan");
    const double far[N + M] = {1e4, 1e4, 1e4, 1e4, 1e4};
    plan[0] = UNTOUCHED;
    verify_rejects(v, sinkhorn_newton_plan(p, far, far, plan), ASSAY_OUT_OF_RANGE, "not finite", "an entry overflows");
    verify_true(v, plan[0] == UNTOUCHED, "the plan is untouched");
    verify_ok(v, sinkhorn_newton_dual_value(p, far, far, &out), "f where P overflows");
    verify_true(v, out == -INFINITY, "f is %g where P overflows", out);
    out = UNTOUCHED;
    plan[0] = -1e-3;
    verify_rejects(v, sinkhorn_newton_primal_value(p, plan, &out), ASSAY_OUT_OF_RANGE, "plan[0]", "below 0");
    verify_rejects(v, sinkhorn_newton_round_to_polytope(p, plan), ASSAY_OUT_OF_RANGE, "plan[0]", "below 0");
    verify_true(v, out == UNTOUCHED && plan[0] == -1e-3, "outputs are untouched");
    size_t count = 77;
    verify_rejects(v, sinkhorn_newton_sparsify(p, &t.options, z, z, NULL, &count), ASSAY_INVALID_ARGUMENT, "kept",
                   "null kept");
    verify_rejects(v, sinkhorn_newton_sparsify(p, &t.options, far, far, plan, &count), ASSAY_OUT_OF_RANGE, "not finite",
                   "an entry overflows");
    verify_true(v, count == 77 && plan[0] == -1e-3, "outputs are untouched");
}

void sinkhorn_newton_check_rejects_workloads(verify_context *v)
{
    double cost[16], r[4], c[4];
    uint8_t pixels[4] = {0};
    verify_rejects(v, sinkhorn_newton_make_assignment(0, 1, cost, r, c), ASSAY_OUT_OF_RANGE, "n is 0", "n = 0");
    verify_rejects(v, sinkhorn_newton_make_assignment(2, 1, NULL, r, c), ASSAY_INVALID_ARGUMENT, "cost", "null cost");
    verify_rejects(v, sinkhorn_newton_make_gaussians(2, 1, cost, NULL, c), ASSAY_INVALID_ARGUMENT, "r is", "null r");
    verify_rejects(v, sinkhorn_newton_make_gaussians((size_t)-1, 1, cost, r, c), ASSAY_OUT_OF_RANGE, "n is", "huge n");
    verify_rejects(v, sinkhorn_newton_make_densities(4, 3, cost, r, c), ASSAY_OUT_OF_RANGE, "power is 3", "power");
    verify_rejects(v, sinkhorn_newton_make_densities(4, 1, cost, r, NULL), ASSAY_INVALID_ARGUMENT, "c is", "null c");
    verify_rejects(v, sinkhorn_newton_make_grid(1, 1, 2, cost), ASSAY_OUT_OF_RANGE, "1 x 1", "one pixel");
    verify_rejects(v, sinkhorn_newton_make_grid((size_t)1 << 40, (size_t)1 << 40, 2, cost), ASSAY_OUT_OF_RANGE,
                   "height x width", "pixels that overflow");
    verify_rejects(v, sinkhorn_newton_make_grid(2, 2, 0, cost), ASSAY_OUT_OF_RANGE, "power is 0", "power");
    verify_rejects(v, sinkhorn_newton_make_histogram(NULL, 4, r), ASSAY_INVALID_ARGUMENT, "pixels", "null pixels");
    verify_rejects(v, sinkhorn_newton_make_histogram(pixels, 0, r), ASSAY_OUT_OF_RANGE, "count is 0", "no pixels");
    verify_ok(v, sinkhorn_newton_make_assignment(1, 1, cost, r, c), "n = 1");
    verify_ok(v, sinkhorn_newton_make_histogram(pixels, 4, r), "4 pixels");
}
