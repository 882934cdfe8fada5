/* sinkhorn_newton: against exact truth. */
#include "verify/transport/sinkhorn_newton_checks.h"

#include "assay/assignment.h"
#include "optimized/transport/sinkhorn_newton_kernels.h"
#include "verify/linear_program.h"
#include "verify/oracle.h"
#include "verify/transport/sinkhorn_newton_simplex.h"
#include "verify/transport/sinkhorn_newton_truth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The exponential of the kernels ------------------------------------------------------------------------------ */

/* Below 1 ulp is a bound on every argument, so that no sample can fail. */
void sinkhorn_newton_check_exponentials(verify_context *v)
{
    enum { COUNT = 4096, BATCH = 64 };
    const sinkhorn_newton_kernels *kernels = sinkhorn_newton_kernels_in_force();
    static const double edges[8] = {0, -0.0, -708, -708.0000001, -INFINITY, 709, 709.5, 1e300};
    const double expected[8] = {1, 1, exp(-708), 0, 0, exp(709), INFINITY, INFINITY};
    const int batches = verify_depth_of(v) == VERIFY_QUICK ? 4 : BATCH;
    double *t = malloc(2 * COUNT * sizeof *t), edge[8];
    if (!kernels) {
        verify_skip(v, "the reference takes the C library's exponential");
    } else if (verify_true(v, t, "memory")) {
        kernels->exponentials(edges, edge, 8);
        for (int k = 0; k < 8; k++)
            verify_true(v, edge[k] == expected[k] || fabs(edge[k] / expected[k] - 1) < 1e-15,
                        "exp(%.17g) is %.17g, got %.17g", edges[k], expected[k], edge[k]);
        for (int batch = 0; batch < batches; batch++) {
            const double low = batch % 2 ? -708 : -60, high = batch % 2 ? 709 : 1;
            assay_random_fill_uniform(verify_random(v, (uint64_t)batch), 0, low, high, t, COUNT);
            kernels->exponentials(t, t + COUNT, COUNT);
            const oracle_worst worst = oracle_worst_f64(&oracle_exp, t, t + COUNT, COUNT);
            verify_at_most(v, worst.ulp, 1, "ulp", "exp(%.17g)", t[worst.where]);
        }
    }
    free(t);
}

/* ---- The worked example ------------------------------------------------------------------------------------------ */

static void expect(verify_context *v, double actual, double expected, double tolerance, const char *what)
{
    verify_at_most(v, fabs(actual - expected), tolerance, "absolute error", "%s: %.15g, must be %.15g", what, actual,
                   expected);
}

/* Values to 15 digits, computed in 50: 1e-14 is rounding and the last of them. */
void sinkhorn_newton_check_example(verify_context *v)
{
    static const double cost[4] = {0, 1, 1, 0}, r[2] = {0.5, 0.5}, c[2] = {0.75, 0.25};
    static const double errors[4] = {0.0611787, 1.63797e-3, 1.98720e-6, 3.29309e-12};
    const sinkhorn_newton_problem problem = {2, 2, cost, r, c, 2};
    double z[4] = {0}, plan[4], f;
    sinkhorn_newton_iteration trace[16];
    sinkhorn_newton_solution s = {.x = z, .y = z + 2, .plan = plan, .trace = trace, .trace_capacity = 16};
    verify_ok(v, sinkhorn_newton_dual_value(&problem, z, z + 2, &f), "f at 0");
    expect(v, f, -0.417666509539306, 1e-14, "f at 0");

    verify_true(v, sinkhorn_newton_scale_log(&problem, 1, 1e-15, &s) == ASSAY_NOT_CONVERGED, "one sweep is not enough");
    expect(v, z[0], 0.0899624041985411, 1e-14, "x_1 after sweep 1");
    expect(v, z[1], 0.0899624041985411, 1e-14, "x_2 after sweep 1");
    expect(v, z[2], 0.202732554054082, 1e-14, "y_1 after sweep 1");
    expect(v, z[3], -0.346573590279973, 1e-14, "y_2 after sweep 1");
    expect(v, plan[0], 0.660597808483412, 1e-14, "P_11 after sweep 1");
    expect(v, plan[1], 0.0298007305055298, 1e-14, "P_12 after sweep 1");
    expect(v, plan[2], 0.0894021915165882, 1e-14, "P_21 after sweep 1");
    expect(v, plan[3], 0.220199269494471, 1e-14, "P_22 after sweep 1");
    expect(v, s.value, -0.344631577830890, 1e-14, "f after sweep 1");
    const double zero[2] = {0, 0};
    verify_ok(v, sinkhorn_newton_dual_value(&problem, z, zero, &f), "f between");
    expect(v, f, -0.410037595801459, 1e-14, "f after x of sweep 1");

    verify_true(v, sinkhorn_newton_scale(&problem, 2, 1e-15, &s) == ASSAY_NOT_CONVERGED, "nor are two");
    expect(v, z[0], -0.0713680583835725, 1e-14, "x_1 after sweep 2");
    expect(v, z[1], 0.329623523043434, 1e-14, "x_2 after sweep 2");
    expect(v, z[2], 0.295656086989265, 1e-14, "y_1 after sweep 2");
    expect(v, z[3], -0.552230328260238, 1e-14, "y_2 after sweep 2");
    expect(v, s.value, -0.287187784493180, 1e-14, "f after sweep 2");
    expect(v, s.error, 2 * 0.0904331273842348, 1e-14, "error after sweep 2");

    const double before[4] = {z[0], z[1], z[2], z[3]};
    const double d[4] = {-0.167169812168743, 0.140323904928704, 0.0958840978363096, -0.122730005076349};
    sinkhorn_newton_options options = transport_options(1e-15);
    options.sweeps = 2;
    options.steps = 1;
    verify_true(v, sinkhorn_newton_solve_dense(&problem, &options, &s) == ASSAY_NOT_CONVERGED,
                "one step is not enough");
    for (int k = 0; k < 4; k++)
        expect(v, z[k] - before[k], d[k], 1e-14, "first Newton step");
    options.tolerance = 1e-11;
    options.steps = 10;
    verify_ok(v, sinkhorn_newton_solve_dense(&problem, &options, &s), "Newton's method");
    verify_true(v, s.steps == 4 && s.trace_length == 6, "4 steps after 2 sweeps, got %zu", s.steps);
    for (int k = 0; k < 4; k++) {
        verify_true(v, trace[2 + k].step == 1, "step %d is whole", k + 1);
        expect(v, trace[2 + k].error, errors[k], 1e-15 + 5e-6 * errors[k], "error of a Newton step");
    }
    static const double solution[4] = {0.491582876863963, 0.00841712313603698, 0.258417123136037, 0.241582876863963};
    for (int k = 0; k < 4; k++)
        expect(v, plan[k], solution[k], 4e-12, "P"); /* the last error, 3.3e-12, is what is left */
    expect(v, s.value, -0.274246549909719, 1e-14, "f at the end");
}

/* ---- Plans in 256 bits --------------------------------------------------------------------------------------------
 */

/* All methods on one problem against its true plan: an error of e or less leaves half of transport_distance_bound(e),
 * the truth having none. L-BFGS goes as far as it gets, which it says. */
static void compare_methods(verify_context *v, transport *t, const double *truth, const char *what)
{
    const size_t count = t->problem.n * t->problem.m;
    for (int method = 0; method < TRANSPORT_METHODS; method++) {
        sinkhorn_newton_options options = transport_options(1e-12);
        options.sweeps = method <= TRANSPORT_SCALE ? 1000000 : 5;
        options.steps = method == TRANSPORT_LBFGS ? 10000 : 100;
        const assay_status status = transport_run(t, (transport_method)method, &options);
        if (method != TRANSPORT_LBFGS)
            verify_ok(v, status, "%s by %s", what, transport_method_names[method]);
        const double distance = transport_distance(truth, t->solution.plan, count);
        verify_at_most(v, distance, transport_distance_bound(t, t->solution.error), "sum |P - truth|", "%s by %s", what,
                       transport_method_names[method]);
    }
}

void sinkhorn_newton_check_two_by_two(verify_context *v)
{
    const int cases = verify_depth_of(v) == VERIFY_QUICK ? 20 : 400;
    for (int k = 0; k < cases; k++) {
        transport t;
        double truth[4];
        const uint64_t seed = verify_seed_of(v) + 1000 * (uint64_t)k;
        const double eta = 0.5 + 7.5 * assay_random_uniform((assay_random){seed, 9}, 0);
        if (transport_open(v, &t, TRANSPORT_MASSES, 2, 2, eta, seed) &&
            verify_true(v, truth_two_by_two(&t.problem, truth), "one root is feasible"))
            compare_methods(v, &t, truth, "2 x 2");
        transport_close(&t);
    }
}

/* At costs within [0, 1) a sweep shrinks the error by tanh(eta / 2)^2 at worst (Birkhoff's theorem): at eta = 10 sweeps
 * come to 1e-12 within 160,000. */
void sinkhorn_newton_check_small_plans(verify_context *v)
{
    static const size_t shapes[][2] = {{1, 1}, {1, 5}, {6, 1}, {3, 3}, {8, 8}, {5, 8}, {8, 3}};
    static const double etas[] = {1, 10};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        for (size_t e = 0; e < sizeof etas / sizeof *etas; e++) {
            transport t;
            double truth[64];
            const bool good = transport_open(v, &t, TRANSPORT_MASSES, shapes[k][0], shapes[k][1], etas[e],
                                             verify_seed_of(v) + 17 * k);
            sinkhorn_newton_options options = transport_options(1e-12);
            if (good && verify_ok(v, sinkhorn_newton_solve_dense(&t.problem, &options, &t.solution), "start") &&
                verify_true(v, truth_plan(&t.problem, t.solution.x, t.solution.y, truth),
                            "Newton's method in 256 bits ends below 1e-40"))
                compare_methods(v, &t, truth, "small plan");
            transport_close(&t);
        }
    }
}

/* ---- The linear program -------------------------------------------------------------------------------------------
 */

/* 0 <= <C, P> - LP <= min(S(r), S(c)) / eta, where P is first made feasible, which changes its cost by rounding and
 * what transport_distance_bound() says of the error. */
static void check_bias(verify_context *v, transport *t, double least, double least_error, const char *what)
{
    double entropy_r = 0, entropy_c = 0, cost = 0;
    sinkhorn_newton_options options = transport_options(1e-11);
    if (!verify_ok(v, sinkhorn_newton_solve(&t->problem, &options, &t->solution), "%s", what))
        return;
    const double slack = transport_distance_bound(t, t->solution.error) + least_error;
    verify_ok(v, sinkhorn_newton_round_to_polytope(&t->problem, t->solution.plan), "rounding");
    sinkhorn_newton_transport_cost(&t->problem, t->solution.plan, &cost);
    for (size_t i = 0; i < t->problem.n; i++)
        entropy_r -= t->r[i] * log(t->r[i]);
    for (size_t j = 0; j < t->problem.m; j++)
        entropy_c -= t->c[j] * log(t->c[j]);
    verify_at_least(v, cost - least, -slack, "<C, P> - LP", "%s: %.12g - %.12g", what, cost, least);
    verify_at_most(v, cost - least, fmin(entropy_r, entropy_c) / t->problem.eta + slack, "<C, P> - LP",
                   "%s: %.12g - %.12g", what, cost, least);
}

void sinkhorn_newton_check_permutations(verify_context *v)
{
    const int cases = verify_depth_of(v) == VERIFY_QUICK ? 3 : 30;
    for (int k = 0; k < cases; k++) {
        for (size_t n = 2; n <= 7; n++) {
            transport t;
            size_t column_of[8];
            double total = 0;
            if (transport_open(v, &t, TRANSPORT_ASSIGNMENT, n, n, 20 * (double)n, verify_seed_of(v) + (uint64_t)k)) {
                const double least = truth_assignment(t.cost, n, NULL, NULL);
                assay_assignment_solve(n, n, t.cost, column_of, NULL, NULL, &total);
                verify_at_most(v, fabs(total - least), 1e-14, "absolute error", "assignment of %zu", n);
                check_bias(v, &t, least / (double)n, 1e-14, "all permutations");
            }
            transport_close(&t);
        }
    }
}

/* The program by GLPK in rationals, masses as whole numbers (it may round others): NaN if it fails. */
static double solve_program(verify_context *v, const sinkhorn_newton_problem *p)
{
    const size_t n = p->n, m = p->m;
    linear_program *program = NULL;
    size_t columns[64];
    double ones[64], value = NAN;
    linear_program_outcome outcome = LINEAR_PROGRAM_LIMIT;
    assay_status status = linear_program_create(n * m, LINEAR_PROGRAM_MINIMISE, &program);
    for (size_t k = 0; k < 64; k++)
        ones[k] = 1;
    for (size_t k = 0; status == ASSAY_OK && k < n * m; k++) {
        status = linear_program_bound(program, k, 0, INFINITY);
        if (status == ASSAY_OK)
            status = linear_program_cost(program, k, p->cost[k]);
    }
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        for (size_t j = 0; j < m; j++)
            columns[j] = i * m + j;
        status = linear_program_row(program, m, columns, ones, ldexp(p->r[i], 19), ldexp(p->r[i], 19));
    }
    for (size_t j = 0; status == ASSAY_OK && j < m; j++) {
        for (size_t i = 0; i < n; i++)
            columns[i] = i * m + j;
        status = linear_program_row(program, n, columns, ones, ldexp(p->c[j], 19), ldexp(p->c[j], 19));
    }
    if (status == ASSAY_OK)
        status = linear_program_solve(program, LINEAR_PROGRAM_EXACT, 0, &outcome);
    if (verify_ok(v, status, "GLPK") &&
        verify_true(v, outcome == LINEAR_PROGRAM_OPTIMAL, "GLPK: %s", linear_program_outcome_name(outcome)))
        value = ldexp(linear_program_value(program), -19);
    linear_program_release(program);
    return value;
}

/* LEMON's answer; costs are rounded to 2^-40 there. */
static double solve_simplex(const transport *t)
{
    const size_t n = t->problem.n, m = t->problem.m;
    transport_simplex *simplex = transport_simplex_create(n, m);
    int64_t *units = malloc((n + m) * sizeof *units);
    double value = NAN;
    if (simplex && units) {
        for (size_t i = 0; i < n; i++)
            units[i] = (int64_t)ldexp(t->r[i], 19);
        for (size_t j = 0; j < m; j++)
            units[n + j] = (int64_t)ldexp(t->c[j], 19);
        value = ldexp(transport_simplex_solve(simplex, t->cost, units, units + n), -19);
    }
    free(units);
    transport_simplex_release(simplex);
    return value;
}

void sinkhorn_newton_check_linear_programs(verify_context *v)
{
    static const size_t shapes[][2] = {{2, 3}, {5, 4}, {9, 12}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        transport t;
        if (transport_open(v, &t, TRANSPORT_MASSES, shapes[k][0], shapes[k][1], 50, verify_seed_of(v) + k)) {
            const double least = solve_program(v, &t.problem), other = solve_simplex(&t);
            verify_at_most(v, fabs(least - other), 0x1p-40, "absolute error", "GLPK %.12g, LEMON %.12g", least, other);
            check_bias(v, &t, least, 1e-15, "GLPK");
        }
        transport_close(&t);
    }
}

void sinkhorn_newton_check_network_simplex(verify_context *v)
{
    static const size_t shapes[][2] = {{60, 40}, {120, 150}, {500, 500}};
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 2 : 3;
    for (size_t k = 0; k < count; k++) {
        transport t;
        if (transport_open(v, &t, TRANSPORT_MASSES, shapes[k][0], shapes[k][1], 2.4 * (double)shapes[k][0],
                           verify_seed_of(v) + k))
            check_bias(v, &t, solve_simplex(&t), 0x1p-40, "LEMON");
        transport_close(&t);
    }
}
