/* sor_bandit: bad input gets its error, and outputs are left as they were; what reaches a limit says so. */
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

static const sor_bandit_goal good = {1e-8, 10000, SOR_BANDIT_TO_START};

#define REJECTS(STATUS, MENTIONS, CALL) verify_rejects(v, CALL, STATUS, MENTIONS, "%s", #CALL)

/* x, of 3 elements, and the report are as they were. */
static void check_untouched(verify_context *v, const double *x, const sor_bandit_report *report)
{
    verify_true(v, x[0] == 7 && x[1] == 8 && x[2] == 9 && report->iterations == 77 && report->residual == 5,
                "an output was written: x = (%g, %g, %g), %zu iterations", x[0], x[1], x[2], report->iterations);
}

void sor_bandit_reject_solvers(verify_context *v)
{
    size_t starts[4] = {0, 2, 5, 7};
    uint32_t indices[7] = {0, 1, 0, 1, 2, 1, 2};
    double values[7] = {2, -1, -1, 2, -1, -1, 2}, b[3] = {1, 2, 3}, x[3] = {7, 8, 9};
    assay_csr a = {3, 3, starts, indices, values};
    sor_bandit_report report = {77, 5};
    for (int gradients = 0; gradients < 2; gradients++) {
        assay_status (*solve)(const assay_csr *, const double *, double, const sor_bandit_goal *, double *,
                              sor_bandit_report *) = gradients ? sor_bandit_gradients : sor_bandit_sor;
        static const double omegas[] = {-1, 2, 2.5, INFINITY, NAN};
        for (int k = 0; k < 5; k++)
            REJECTS(ASSAY_OUT_OF_RANGE, "omega", solve(&a, b, omegas[k], &good, x, &report));
        if (!gradients)
            REJECTS(ASSAY_OUT_OF_RANGE, "omega", solve(&a, b, SOR_BANDIT_PLAIN, &good, x, &report));
        static const double tolerances[] = {0, 1, -1e-8, 2, NAN};
        for (int k = 0; k < 5; k++) {
            const sor_bandit_goal goal = {tolerances[k], 100, SOR_BANDIT_TO_START};
            REJECTS(ASSAY_OUT_OF_RANGE, "tolerance", solve(&a, b, 1, &goal, x, &report));
        }
        REJECTS(ASSAY_OUT_OF_RANGE, "limit", solve(&a, b, 1, &(sor_bandit_goal){1e-8, 0, 0}, x, &report));
        REJECTS(ASSAY_OUT_OF_RANGE, "limit", solve(&a, b, 1, &(sor_bandit_goal){1e-8, (size_t)1 << 32, 0}, x, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "relative",
                solve(&a, b, 1, &(sor_bandit_goal){1e-8, 10, (sor_bandit_relative)2}, x, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "goal", solve(&a, b, 1, NULL, x, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "matrix", solve(NULL, b, 1, &good, x, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "b is null", solve(&a, NULL, 1, &good, x, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "x is null", solve(&a, b, 1, &good, NULL, &report));
        REJECTS(ASSAY_INVALID_ARGUMENT, "overlaps", solve(&a, b, 1, &good, b, &report));
        values[3] = NAN;
        REJECTS(ASSAY_INVALID_ARGUMENT, "nan", solve(&a, b, 1, &good, x, &report));
        values[3] = INFINITY;
        REJECTS(ASSAY_INVALID_ARGUMENT, "inf", solve(&a, b, 1, &good, x, &report));
        values[3] = 0;
        REJECTS(ASSAY_OUT_OF_RANGE, "diagonal", solve(&a, b, 1, &good, x, &report));
        values[3] = -2;
        REJECTS(ASSAY_OUT_OF_RANGE, "diagonal", solve(&a, b, 1, &good, x, &report));
        values[3] = 2;
        indices[3] = 2, indices[4] = 1;
        REJECTS(ASSAY_INVALID_ARGUMENT, "ascending", solve(&a, b, 1, &good, x, &report));
        indices[3] = 1, indices[4] = 7;
        REJECTS(ASSAY_OUT_OF_RANGE, "column 7", solve(&a, b, 1, &good, x, &report));
        indices[4] = 2;
        a.columns = 4;
        REJECTS(ASSAY_INVALID_ARGUMENT, "square", solve(&a, b, 1, &good, x, &report));
        a.columns = 3;
        b[1] = NAN;
        REJECTS(ASSAY_INVALID_ARGUMENT, "b[1]", solve(&a, b, 1, &good, x, &report));
        b[1] = 1e300; /* finite, but its square is not */
        REJECTS(ASSAY_OUT_OF_RANGE, "overflows", solve(&a, b, 1, &good, x, &report));
        b[1] = 2;
        /* The first residual's norm alone, then that of b alone. */
        double far[3] = {1e200, 0, 0}, held[3] = {1e200, 0, 0}, product[3];
        REJECTS(ASSAY_OUT_OF_RANGE, "overflows", solve(&a, b, 1, &good, far, &report));
        for (size_t i = 0; i < 3; i++) {
            product[i] = 0;
            for (uint32_t k = starts[i]; k < starts[i + 1]; k++)
                product[i] += values[k] * far[indices[k]];
        }
        REJECTS(ASSAY_OUT_OF_RANGE, "overflows", solve(&a, product, 1, &good, far, &report));
        verify_true(v, memcmp(far, held, sizeof far) == 0, "x is untouched");
        x[2] = INFINITY;
        REJECTS(ASSAY_INVALID_ARGUMENT, "x[2]", solve(&a, b, 1, &good, x, &report));
        x[2] = 9;
        check_untouched(v, x, &report);
    }
    values[1] = values[2] = -5; /* symmetric with a positive diagonal, but not definite */
    REJECTS(ASSAY_SINGULAR, "positive definite", sor_bandit_gradients(&a, b, SOR_BANDIT_PLAIN, &good, x, &report));
    check_untouched(v, x, &report);
}

void sor_bandit_reject_grids(verify_context *v)
{
    double b[3] = {1, 2, 3}, x[3] = {7, 8, 9};
    sor_bandit_report report = {77, 5};
    assay_csr a = {.rows = 42};
    static const struct {
        sor_bandit_grid grid;
        const char *mentions;
    } bad[] = {{{0, 3, 4, 1}, "0 x 3"},           {{3, 0, 4, 1}, "3 x 0"},       {{1u << 20, 1u << 20, 4, 1}, "2^31"},
               {{1, 3, 0, 1}, "diagonal"},        {{1, 3, -4, 1}, "diagonal"},   {{1, 3, NAN, 1}, "diagonal"},
               {{1, 3, INFINITY, 1}, "diagonal"}, {{1, 3, 4, NAN}, "neighbour"}, {{1, 3, 4, INFINITY}, "neighbour"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        REJECTS(ASSAY_OUT_OF_RANGE, bad[k].mentions, sor_bandit_grid_sor(&bad[k].grid, b, 1, &good, x, &report));
        REJECTS(ASSAY_OUT_OF_RANGE, bad[k].mentions, sor_bandit_grid_gradients(&bad[k].grid, b, 1, &good, x, &report));
        REJECTS(ASSAY_OUT_OF_RANGE, bad[k].mentions, sor_bandit_grid_matrix(&bad[k].grid, &a));
        verify_true(v, isnan(sor_bandit_jacobi_radius(&bad[k].grid)), "a radius of a bad grid");
    }
    const sor_bandit_grid grid = {1, 3, 4, 1};
    REJECTS(ASSAY_INVALID_ARGUMENT, "grid is null", sor_bandit_grid_sor(NULL, b, 1, &good, x, &report));
    REJECTS(ASSAY_INVALID_ARGUMENT, "a is null", sor_bandit_grid_matrix(&grid, NULL));
    REJECTS(ASSAY_OUT_OF_RANGE, "omega", sor_bandit_grid_sor(&grid, b, 0, &good, x, &report));
    REJECTS(ASSAY_OUT_OF_RANGE, "omega", sor_bandit_grid_gradients(&grid, b, 2, &good, x, &report));
    REJECTS(ASSAY_OUT_OF_RANGE, "tolerance",
            sor_bandit_grid_gradients(&grid, b, 1, &(sor_bandit_goal){0, 1, 0}, x, NULL));
    REJECTS(ASSAY_INVALID_ARGUMENT, "overlaps", sor_bandit_grid_sor(&grid, b, 1, &good, b, &report));
    REJECTS(ASSAY_INVALID_ARGUMENT, "b is null", sor_bandit_grid_gradients(&grid, NULL, 1, &good, x, &report));
    const sor_bandit_grid indefinite = {1, 3, 1, 5};
    REJECTS(ASSAY_SINGULAR, "positive definite",
            sor_bandit_grid_gradients(&indefinite, b, SOR_BANDIT_PLAIN, &good, x, &report));
    check_untouched(v, x, &report);
    verify_true(v, a.rows == 42 && !a.starts, "a matrix was written");

    uint32_t counts[1] = {77};
    sor_bandit_problem problem = {4, 1, b};
    REJECTS(ASSAY_INVALID_ARGUMENT, "problems", sor_bandit_grid_counts(&grid, NULL, 1, &good, counts));
    REJECTS(ASSAY_INVALID_ARGUMENT, "iterations", sor_bandit_grid_counts(&grid, &problem, 1, &good, NULL));
    REJECTS(ASSAY_INVALID_ARGUMENT, "goal", sor_bandit_grid_counts(&grid, &problem, 1, NULL, counts));
    problem.diagonal = 0;
    REJECTS(ASSAY_OUT_OF_RANGE, "problems[0].diagonal", sor_bandit_grid_counts(&grid, &problem, 1, &good, counts));
    problem = (sor_bandit_problem){4, 2, b};
    REJECTS(ASSAY_OUT_OF_RANGE, "omega", sor_bandit_grid_counts(&grid, &problem, 1, &good, counts));
    problem = (sor_bandit_problem){4, 1, NULL};
    REJECTS(ASSAY_INVALID_ARGUMENT, "b is null", sor_bandit_grid_counts(&grid, &problem, 1, &good, counts));
    verify_true(v, counts[0] == 77, "a count was written");

    static const double bad_beta[] = {-0.1, 1, NAN};
    for (int k = 0; k < 3; k++)
        verify_true(v, isnan(sor_bandit_young_omega(bad_beta[k])) && isnan(sor_bandit_young_radius(bad_beta[k], 1)),
                    "Young's formulas take beta = %g", bad_beta[k]);
    verify_true(v, isnan(sor_bandit_young_radius(0.5, 0)) && isnan(sor_bandit_young_radius(0.5, 2)), "omega 0 and 2");
    verify_true(v,
                isnan(sor_bandit_surrogate_sor(1, 0, 1e-8)) && isnan(sor_bandit_surrogate_sor(0.5, 1, 1e-8)) &&
                    isnan(sor_bandit_surrogate_sor(0.5, 0, 0)),
                "the surrogate of SOR out of range");
    verify_true(v,
                isnan(sor_bandit_surrogate_gradients(0.8, 10, 5, 0, 1e-8)) &&
                    isnan(sor_bandit_surrogate_gradients(1, 0.5, 5, 0, 1e-8)) &&
                    isnan(sor_bandit_surrogate_gradients(1, 10, 5, NAN, 1e-8)) &&
                    isnan(sor_bandit_surrogate_gradients(1, 10, 5, 0, 1)),
                "the surrogate of gradients out of range");
}

static double no_cost(void *self, double omega)
{
    (void)self, (void)omega;
    return NAN;
}

void sor_bandit_reject_learners(verify_context *v)
{
    const assay_random r = verify_random(v, 800);
    sor_bandit_learner *const nothing = (sor_bandit_learner *)&r;
    sor_bandit_learner *learner = nothing;
    for (size_t arms = 0; arms < 2; arms++) {
        REJECTS(ASSAY_OUT_OF_RANGE, "arms", sor_bandit_create_tsallis(arms, r, &learner));
        REJECTS(ASSAY_OUT_OF_RANGE, "arms", sor_bandit_create_tsallis_bins(arms, 3, 0, 1, r, &learner));
        REJECTS(ASSAY_OUT_OF_RANGE, "arms", sor_bandit_create_chebyshev(arms, 6, 0, 1, r, &learner));
    }
    REJECTS(ASSAY_OUT_OF_RANGE, "bins", sor_bandit_create_tsallis_bins(3, 0, 0, 1, r, &learner));
    REJECTS(ASSAY_OUT_OF_RANGE, "features", sor_bandit_create_chebyshev(3, 0, 0, 1, r, &learner));
    REJECTS(ASSAY_OUT_OF_RANGE, "features", sor_bandit_create_chebyshev(3, 33, 0, 1, r, &learner));
    static const double intervals[][2] = {{1, 1}, {2, 1}, {NAN, 1}, {0, NAN}, {-INFINITY, 0}, {-1e308, 1e308}};
    for (size_t k = 0; k < sizeof intervals / sizeof *intervals; k++) {
        const double low = intervals[k][0], high = intervals[k][1];
        REJECTS(ASSAY_OUT_OF_RANGE, "low", sor_bandit_create_tsallis_bins(3, 3, low, high, r, &learner));
        REJECTS(ASSAY_OUT_OF_RANGE, "low", sor_bandit_create_chebyshev(3, 6, low, high, r, &learner));
    }
    REJECTS(ASSAY_INVALID_ARGUMENT, "learner", sor_bandit_create_chebyshev(3, 6, 0, 1, r, NULL));
    REJECTS(ASSAY_INVALID_ARGUMENT, "learner", sor_bandit_create_tsallis(3, r, NULL));
    verify_true(v, learner == nothing, "a learner was written");

    for (int kind = 0; kind < 2; kind++) {
        size_t arm = 99;
        double p[3], other[3];
        if (!verify_ok(v,
                       kind ? sor_bandit_create_chebyshev(3, 4, 0, 1, r, &learner)
                            : sor_bandit_create_tsallis(3, r, &learner),
                       "learner"))
            return;
        REJECTS(ASSAY_INVALID_ARGUMENT, "choose", sor_bandit_learn(learner, 3));
        REJECTS(ASSAY_INVALID_ARGUMENT, "context", sor_bandit_choose(learner, NAN, &arm));
        REJECTS(ASSAY_INVALID_ARGUMENT, "context", sor_bandit_choose(learner, INFINITY, &arm));
        REJECTS(ASSAY_INVALID_ARGUMENT, "arm", sor_bandit_choose(learner, 0, NULL));
        verify_true(v, arm == 99, "an arm was written");
        verify_ok(v, sor_bandit_choose(learner, 0.5, &arm), "choose");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        REJECTS(ASSAY_INVALID_ARGUMENT, "learn", sor_bandit_choose(learner, 0.5, &arm));
        static const double losses[] = {-1, NAN, INFINITY};
        for (int k = 0; k < 3; k++)
            REJECTS(ASSAY_OUT_OF_RANGE, "loss", sor_bandit_learn(learner, losses[k]));
        verify_ok(v, sor_bandit_probabilities(learner, other), "p");
        verify_true(v, memcmp(p, other, sizeof p) == 0, "a refused call changed the distribution");
        verify_ok(v, sor_bandit_learn(learner, 0), "a loss of 0"); /* a step that needs no iteration */
        REJECTS(ASSAY_INVALID_ARGUMENT, "choose", sor_bandit_learn(learner, 3));
        REJECTS(ASSAY_INVALID_ARGUMENT, "p is null", sor_bandit_probabilities(learner, NULL));
        REJECTS(ASSAY_INVALID_ARGUMENT, "coefficients", sor_bandit_coefficients(learner, NULL, NULL));
        if (!kind)
            REJECTS(ASSAY_INVALID_ARGUMENT, "ChebCB", sor_bandit_coefficients(learner, p, NULL));
        for (int k = 0; k < 30; k++) { /* losses of 0 only are no trouble */
            verify_ok(v, sor_bandit_choose(learner, 0.1 * (k % 11), &arm), "choose");
            verify_ok(v, sor_bandit_learn(learner, 0), "learn");
            verify_ok(v, sor_bandit_probabilities(learner, p), "p");
            verify_at_most(v, fabs(p[0] + p[1] + p[2] - 1), 1e-12, "absolute error", "sum of p");
        }
        sor_bandit_release(learner);
    }
    size_t arm;
    REJECTS(ASSAY_INVALID_ARGUMENT, "learner is null", sor_bandit_choose(NULL, 0, &arm));
    REJECTS(ASSAY_INVALID_ARGUMENT, "learner is null", sor_bandit_learn(NULL, 0));
    sor_bandit_release(NULL);
    double p[2] = {7, 7}, loss[2] = {1, NAN};
    REJECTS(ASSAY_INVALID_ARGUMENT, "loss[1]", sor_bandit_tsallis_distribution(2, loss, 1, p));
    REJECTS(ASSAY_OUT_OF_RANGE, "eta", sor_bandit_tsallis_distribution(2, loss, 0, p));
    REJECTS(ASSAY_INVALID_ARGUMENT, "arms", sor_bandit_tsallis_distribution(0, loss, 1, p));
    REJECTS(ASSAY_INVALID_ARGUMENT, "predicted[1]", sor_bandit_gap_distribution(2, loss, 1, p));
    REJECTS(ASSAY_OUT_OF_RANGE, "eta", sor_bandit_gap_distribution(2, loss, -1, p));
    REJECTS(ASSAY_OUT_OF_RANGE, "eta", sor_bandit_gap_distribution(2, loss, NAN, p));
    verify_true(v, p[0] == 7 && p[1] == 7, "a distribution was written");

    double omega = 7;
    static const double starts[4] = {1, 1.3, 1.3, 1.9};
    REJECTS(ASSAY_INVALID_ARGUMENT, "starts[2]", sor_bandit_golden(no_cost, NULL, starts, 4, 12, &omega));
    REJECTS(ASSAY_OUT_OF_RANGE, "count", sor_bandit_golden(no_cost, NULL, starts, 2, 12, &omega));
    REJECTS(ASSAY_OUT_OF_RANGE, "evaluations", sor_bandit_golden(no_cost, NULL, starts, 3, 3, &omega));
    REJECTS(ASSAY_INVALID_ARGUMENT, "starts is null", sor_bandit_golden(no_cost, NULL, NULL, 3, 12, &omega));
    REJECTS(ASSAY_INVALID_ARGUMENT, "cost", sor_bandit_golden(NULL, NULL, (double[]){1, 2, 3}, 3, 12, &omega));
    REJECTS(ASSAY_OUT_OF_RANGE, "cost", sor_bandit_golden(no_cost, NULL, (double[]){1, 2, 3}, 3, 12, &omega));
    verify_true(v, omega == 7, "an omega was written");
}

static double bad_rule(void *self, double context)
{
    (void)self, (void)context;
    return 3;
}

void sor_bandit_reject_scenarios(verify_context *v)
{
    const assay_random r = verify_random(v, 810);
    static const double omegas[3] = {1, 1.5, SOR_BANDIT_PLAIN}, bad_omegas[2] = {1, 2};
    const sor_bandit_policy policy = {.omegas = omegas, .arms = 2}, with_plain = {.omegas = omegas, .arms = 3};
    sor_bandit_trace trace = {.total = 77};
    double contexts[1] = {7};
    uint32_t counts[3] = {7, 7, 7};

    const sor_bandit_shift shift = sor_bandit_shift_paper(true, r);
    sor_bandit_shift s;
#define SHIFT(CHANGE, STATUS, MENTIONS)                                                                                \
    do {                                                                                                               \
        s = shift;                                                                                                     \
        CHANGE;                                                                                                        \
        REJECTS(STATUS, MENTIONS, sor_bandit_shift_run(&s, &policy, &trace));                                          \
        REJECTS(STATUS, MENTIONS, sor_bandit_shift_counts(&s, 2, omegas, counts, contexts));                           \
    } while (0)
    SHIFT(s.side = 0, ASSAY_OUT_OF_RANGE, "side");
    SHIFT(s.side = 1025, ASSAY_OUT_OF_RANGE, "side");
    SHIFT(s.first = 0, ASSAY_OUT_OF_RANGE, "first");
    SHIFT(s.second = 65, ASSAY_OUT_OF_RANGE, "second");
    SHIFT(s.low = -0.17, ASSAY_OUT_OF_RANGE, "low"); /* below the least eigenvalue 0.162 */
    SHIFT(s.low = NAN, ASSAY_OUT_OF_RANGE, "low");
    SHIFT(s.width = -1, ASSAY_OUT_OF_RANGE, "width");
    SHIFT(s.width = INFINITY, ASSAY_OUT_OF_RANGE, "width");
    SHIFT(s.steps = 0, ASSAY_OUT_OF_RANGE, "steps");
    SHIFT(s.goal.tolerance = 0, ASSAY_OUT_OF_RANGE, "tolerance");
    REJECTS(ASSAY_INVALID_ARGUMENT, "scenario", sor_bandit_shift_run(NULL, &policy, &trace));
    REJECTS(ASSAY_INVALID_ARGUMENT, "policy", sor_bandit_shift_run(&shift, NULL, &trace));
    REJECTS(ASSAY_INVALID_ARGUMENT, "trace", sor_bandit_shift_run(&shift, &policy, NULL));
    REJECTS(ASSAY_OUT_OF_RANGE, "omega", sor_bandit_shift_run(&shift, &with_plain, &trace));
    REJECTS(ASSAY_OUT_OF_RANGE, "omega", sor_bandit_shift_counts(&shift, 2, bad_omegas, counts, contexts));
    REJECTS(ASSAY_OUT_OF_RANGE, "arms", sor_bandit_shift_counts(&shift, 0, omegas, counts, contexts));
    REJECTS(ASSAY_INVALID_ARGUMENT, "counts", sor_bandit_shift_counts(&shift, 2, omegas, NULL, contexts));
    double b[100];
    REJECTS(ASSAY_INVALID_ARGUMENT, "shift", sor_bandit_shift_instance(&shift, 0, NULL, b));

    sor_bandit_heat h;
#define HEAT(CHANGE, STATUS, MENTIONS)                                                                                 \
    do {                                                                                                               \
        h = sor_bandit_heat_paper(4);                                                                                  \
        CHANGE;                                                                                                        \
        REJECTS(STATUS, MENTIONS, sor_bandit_heat_run(&h, &policy, &trace, b));                                        \
        REJECTS(STATUS, MENTIONS, sor_bandit_heat_counts(&h, 2, omegas, counts, contexts));                            \
    } while (0)
    double initial[9] = {0, 0, 0, 0, NAN};
    b[0] = 7;
    HEAT(h.rows = 0, ASSAY_OUT_OF_RANGE, "0 x 3");
    HEAT(h.spacing = 0, ASSAY_OUT_OF_RANGE, "spacing");
    HEAT(h.step = -1, ASSAY_OUT_OF_RANGE, "step");
    HEAT(h.start = NAN, ASSAY_OUT_OF_RANGE, "start");
    HEAT(h.source = INFINITY, ASSAY_OUT_OF_RANGE, "source");
    HEAT(h.steps = 0, ASSAY_OUT_OF_RANGE, "steps");
    HEAT(h.goal.limit = 0, ASSAY_OUT_OF_RANGE, "limit");
    HEAT(h.initial = initial, ASSAY_INVALID_ARGUMENT, "initial[4]");
    h = sor_bandit_heat_paper(4);
    REJECTS(ASSAY_INVALID_ARGUMENT, "policy", sor_bandit_heat_run(&h, NULL, &trace, b));
    REJECTS(ASSAY_INVALID_ARGUMENT, "trace", sor_bandit_heat_run(&h, &policy, NULL, b));
    REJECTS(ASSAY_INVALID_ARGUMENT, "omegas", sor_bandit_heat_counts(&h, 2, NULL, counts, contexts));
    verify_true(v, trace.total == 77 && contexts[0] == 7 && counts[0] == 7 && b[0] == 7, "an output was written");

    const sor_bandit_policy by_rule = {.rule = bad_rule};
    REJECTS(ASSAY_OUT_OF_RANGE, "rule", sor_bandit_heat_run(&h, &by_rule, &trace, b));
    sor_bandit_learner *learner;
    if (!verify_ok(v, sor_bandit_create_tsallis(4, r, &learner), "learner"))
        return;
    const sor_bandit_policy mismatch = {.learner = learner, .omegas = omegas, .arms = 2};
    REJECTS(ASSAY_MISMATCH, "4 arms", sor_bandit_heat_run(&h, &mismatch, &trace, b));
    REJECTS(ASSAY_INVALID_ARGUMENT, "counts", sor_bandit_replay(learner, 1, 4, NULL, contexts, &trace));
    REJECTS(ASSAY_INVALID_ARGUMENT, "learner", sor_bandit_replay(NULL, 1, 4, counts, contexts, &trace));
    sor_bandit_release(learner);
}

/* What ends at its limit says so and leaves the last iterate; b = 0, starts that are solutions, and scenarios whose
 * steps do not converge. */
void sor_bandit_check_limits(verify_context *v)
{
    const sor_bandit_grid grid = {5, 6, 4.1, 1};
    enum { N = 30 };
    double b[N], x[N], solution[N], energy_before = INFINITY;
    sor_bandit_report report;
    assay_random_fill_normal(verify_random(v, 820), 0, 0, 1, b, N);
    memset(solution, 0, sizeof solution);
    const sor_bandit_goal tight = {1e-14, 10000, SOR_BANDIT_TO_START};
    verify_ok(v, sor_bandit_grid_gradients(&grid, b, 1.2, &tight, solution, NULL), "solution");
    for (size_t limit = 1; limit <= 5; limit++) { /* each iterate is nearer than the last one */
        const sor_bandit_goal goal = {1e-8, limit, SOR_BANDIT_TO_START};
        double energy = 0;
        memset(x, 0, sizeof x);
        REJECTS(ASSAY_NOT_CONVERGED, "iterations", sor_bandit_grid_gradients(&grid, b, 1.2, &goal, x, &report));
        verify_true(v, report.iterations == limit && report.residual > 1e-8, "%zu of %zu", report.iterations, limit);
        for (size_t i = 0; i < N; i++) { /* e^T A e by the residual A e */
            const size_t row = i / 6, column = i % 6;
            double r = grid.diagonal * (x[i] - solution[i]);
            r -= row > 0 ? x[i - 6] - solution[i - 6] : 0;
            r -= row < 4 ? x[i + 6] - solution[i + 6] : 0;
            r -= column > 0 ? x[i - 1] - solution[i - 1] : 0;
            r -= column < 5 ? x[i + 1] - solution[i + 1] : 0;
            energy += r * (x[i] - solution[i]);
        }
        verify_true(v, energy < energy_before, "step %zu: energy %g after %g", limit, energy, energy_before);
        energy_before = energy;
    }
    const double zeros[N] = {0};
    const sor_bandit_goal to_b = {1e-8, 100, SOR_BANDIT_TO_RIGHT_SIDE};
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < N; i++)
            x[i] = 1;
        verify_ok(v,
                  k == 0   ? sor_bandit_grid_sor(&grid, zeros, 1.2, &to_b, x, &report)
                  : k == 1 ? sor_bandit_grid_gradients(&grid, zeros, 1.2, &to_b, x, &report)
                           : sor_bandit_grid_gradients(&grid, zeros, SOR_BANDIT_PLAIN, &to_b, x, &report),
                  "b = 0");
        verify_true(v, report.iterations == 0 && report.residual == 0 && memcmp(x, zeros, sizeof x) == 0,
                    "b = 0: %zu iterations, x_0 = %g", report.iterations, x[0]);
        memset(x, 0, sizeof x); /* the solution of b = 0: relative to the start too it takes no iteration */
        verify_ok(v,
                  k == 0 ? sor_bandit_grid_sor(&grid, zeros, 1.2, &good, x, &report)
                         : sor_bandit_grid_gradients(&grid, zeros, k == 1 ? 1.2 : SOR_BANDIT_PLAIN, &good, x, &report),
                  "b = 0, x = 0");
        verify_true(v, report.iterations == 0, "b = 0, x = 0: %zu iterations", report.iterations);
    }
    sor_bandit_shift scenario = sor_bandit_shift_paper(true, verify_random(v, 821));
    scenario.steps = 20;
    scenario.goal.limit = 3;
    const double omega = 1.5;
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    sor_bandit_trace trace = {0};
    verify_ok(v, sor_bandit_shift_run(&scenario, &policy, &trace), "short of breath");
    verify_true(v, trace.total == 60 && trace.unconverged == 20, "total %llu, %zu did not converge",
                (unsigned long long)trace.total, trace.unconverged);
}
