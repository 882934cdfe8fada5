/* sinkhorn_newton: what theory demands. */
#include "verify/transport/sinkhorn_newton_checks.h"

#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "assay/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double sum_of(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i];
    return sum;
}

static void marginals(const transport *t, double *rows, double *columns)
{
    memset(rows, 0, t->problem.n * sizeof *rows);
    memset(columns, 0, t->problem.m * sizeof *columns);
    for (size_t k = 0; k < t->problem.n * t->problem.m; k++) {
        rows[k / t->problem.m] += t->solution.plan[k];
        columns[k % t->problem.m] += t->solution.plan[k];
    }
}

/* P at the solution's potentials, into its plan; f. */
static double value_at(verify_context *v, transport *t)
{
    double f = NAN;
    verify_ok(v, sinkhorn_newton_dual_value(&t->problem, t->solution.x, t->solution.y, &f), "f");
    verify_ok(v, sinkhorn_newton_plan(&t->problem, t->solution.x, t->solution.y, t->solution.plan), "P");
    return f;
}

/* Half a sweep by hand: z += log(mass / sum) / eta. Returns what theory says of the gain of f. */
static double update(double eta, const double *mass, const double *sum, size_t n, double total, double *z)
{
    double gain = total;
    for (size_t i = 0; i < n; i++) {
        gain += mass[i] * log(mass[i] / sum[i]) - mass[i];
        z[i] += log(mass[i] / sum[i]) / eta;
    }
    return gain / eta;
}

/* An update of x gains (1/eta) (sum r log(r / P 1) - sum r + sum P) >= 0, one of y likewise, and both together are the
 * sweep of the library. f is a sum of terms of size |f| and less; 1e-12 leaves room for thousands of roundings. */
void sinkhorn_newton_check_ascent(verify_context *v)
{
    transport t, swept;
    double rows[30], columns[20];
    bool good = transport_open(v, &t, TRANSPORT_MASSES, 30, 20, 60, verify_seed_of(v));
    good = transport_open(v, &swept, TRANSPORT_MASSES, 30, 20, 60, verify_seed_of(v)) && good;
    sinkhorn_newton_options options = transport_options(1e-300);
    for (options.sweeps = 1; good && options.sweeps < 20; options.sweeps += 3) {
        transport_run(&t, TRANSPORT_SCALE, &options);
        double before = value_at(v, &t);
        const double tolerance = 1e-12 * (1 + fabs(before));
        verify_at_most(v, fabs(before - t.solution.value), tolerance, "f", "after %zu sweeps", options.sweeps);
        for (int half = 0; half < 2; half++) {
            marginals(&t, rows, columns);
            const double total = sum_of(rows, 30);
            const double gain = half ? update(60, t.c, columns, 20, total, t.solution.y)
                                     : update(60, t.r, rows, 30, total, t.solution.x);
            const double after = value_at(v, &t);
            verify_at_most(v, fabs(after - before - gain), tolerance, "f", "gain of %s after %zu sweeps",
                           half ? "y" : "x", options.sweeps);
            verify_at_least(v, gain, -1e-15, "gain of f", "%s", half ? "y" : "x");
            before = after;
        }
        options.sweeps++;
        transport_run(&swept, TRANSPORT_SCALE, &options);
        options.sweeps--;
        verify_at_most(v, transport_distance(t.solution.x, swept.solution.x, 30), 1e-12, "sum |x - x'|",
                       "sweep %zu by hand", options.sweeps + 1);
    }
    transport_close(&t);
    transport_close(&swept);
}

/* f(x + g, y - g) = f(x, y), and P is the same. */
void sinkhorn_newton_check_shift(verify_context *v)
{
    transport t;
    double moved[12 * 17];
    if (transport_open(v, &t, TRANSPORT_MASSES, 12, 17, 40, verify_seed_of(v))) {
        sinkhorn_newton_options options = transport_options(1e-11);
        verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "solution");
        const double before = value_at(v, &t);
        memcpy(moved, t.solution.plan, sizeof moved);
        for (size_t i = 0; i < 12; i++)
            t.solution.x[i] += 0.7;
        for (size_t j = 0; j < 17; j++)
            t.solution.y[j] -= 0.7;
        verify_at_most(v, fabs(value_at(v, &t) - before), 1e-14, "f", "shifted by 0.7"); /* sum r = sum c exactly */
        verify_at_most(v, transport_distance(moved, t.solution.plan, 12 * 17), 2 * transport_rounding(&t),
                       "sum |P - P'|", "shifted by 0.7");
    }
    transport_close(&t);
}

/*
 * Central differences over h = 1e-5 in a random direction u of components within [-1, 1]. f has a third derivative of
 * at most eta^2 8 S there, its gradient one of at most eta^3 16 S in sum, S the sum of P nearby; the rounding of f and
 * gradient is that of sums of nm terms of which S is the largest, 8 nm 2^-53 S.
 */
void sinkhorn_newton_check_derivatives(verify_context *v)
{
    enum { N = 7, M = 5 };
    transport t;
    const double h = 1e-5, eta = 5;
    double u[N + M], x[N], y[M], g[N + M], ahead[N + M], behind[N + M], curved[N + M] = {0};
    if (transport_open(v, &t, TRANSPORT_MASSES, N, M, eta, verify_seed_of(v))) {
        assay_random_fill_uniform(verify_random(v, 1), 0, -1, 1, u, N + M);
        assay_random_fill_uniform(verify_random(v, 2), 0, -0.2, 0.2, t.solution.x, N);
        assay_random_fill_uniform(verify_random(v, 3), 0, -0.2, 0.2, t.solution.y, M);
        value_at(v, &t);
        sinkhorn_newton_dual_gradient(&t.problem, t.solution.x, t.solution.y, g);
        const double total = 1.01 * sum_of(t.solution.plan, N * M) + 1;
        double f[2], slope = 0;
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < N; i++)
                x[i] = t.solution.x[i] + (side ? -h : h) * u[i];
            for (size_t j = 0; j < M; j++)
                y[j] = t.solution.y[j] + (side ? -h : h) * u[N + j];
            verify_ok(v, sinkhorn_newton_dual_value(&t.problem, x, y, &f[side]), "f");
            verify_ok(v, sinkhorn_newton_dual_gradient(&t.problem, x, y, side ? behind : ahead), "gradient");
        }
        for (size_t k = 0; k < N + M; k++)
            slope += g[k] * u[k];
        const double rounding = 8 * N * M * 0x1p-53 * total / h;
        verify_at_most(v, fabs((f[0] - f[1]) / (2 * h) - slope), h * h / 6 * eta * eta * 8 * total + rounding,
                       "slope of f", "by differences");
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < M; j++) {
                const double part = eta * t.solution.plan[i * M + j] * (u[i] + u[N + j]);
                curved[i] -= part;
                curved[N + j] -= part;
            }
        }
        for (size_t k = 0; k < N + M; k++)
            verify_at_most(v, fabs((ahead[k] - behind[k]) / (2 * h) - curved[k]),
                           h * h / 6 * eta * eta * eta * 16 * total + rounding, "change of the gradient",
                           "Hessian, component %zu", k);
    }
    transport_close(&t);
}

/* What a rule must keep: the count that its words say, or the fewest entries with the mass; always the largest. */
static void check_kept(verify_context *v, const transport *t, const sinkhorn_newton_options *options,
                       const double *kept, size_t count)
{
    const size_t n = t->problem.n, m = t->problem.m;
    const double unknowns = (double)(n + m);
    double least = INFINITY, most_left = 0, total = 0, mass = 0;
    for (size_t k = 0; k < n * m; k++) {
        const double p = t->solution.plan[k];
        total += p;
        mass += kept[k];
        if (kept[k] > 0)
            least = fmin(least, p);
        else
            most_left = fmax(most_left, p);
    }
    verify_true(v, least >= most_left * (1 - transport_rounding(t)), "the largest are kept: %g, not %g", least,
                most_left);
    if (options->rule == SINKHORN_NEWTON_TOPK_PLAN) {
        verify_true(v, (double)count == ceil(options->keep * (double)n), "keep n = %g, %zu are kept",
                    options->keep * (double)n, count);
    } else if (options->rule == SINKHORN_NEWTON_TOPK_HESSIAN) {
        const double asked = ceil(options->keep * unknowns * unknowns);
        verify_true(v, (double)count == floor((asked - unknowns) / 2), "%g of the Hessian, %zu are kept", asked, count);
    } else {
        const double goal = (1 - options->keep) * total, slack = 1e-13 * total;
        verify_at_least(v, mass, goal - slack, "mass", "kept");
        verify_at_most(v, mass - least, goal + slack, "mass", "kept without the least");
    }
}

/* M = [[diag(P 1), P_s], [P_s^T, diag(P^T 1)]] is symmetric by construction; weakly dominated by its diagonal, hence
 * without eigenvalues below 0; and v^T M v is twice what is dropped, which the row and the column both have. */
void sinkhorn_newton_check_sparsified(verify_context *v)
{
    enum { N = 20, M = 30, UNKNOWNS = N + M };
    static const struct {
        sinkhorn_newton_rule rule;
        double keep;
    } rules[] = {{SINKHORN_NEWTON_MASS, 0.2},         {SINKHORN_NEWTON_MASS, 1e-3},
                 {SINKHORN_NEWTON_TOPK_PLAN, 0.05},   {SINKHORN_NEWTON_TOPK_PLAN, 3},
                 {SINKHORN_NEWTON_TOPK_PLAN, 30},     {SINKHORN_NEWTON_TOPK_HESSIAN, 0.06},
                 {SINKHORN_NEWTON_TOPK_HESSIAN, 0.03}};
    transport t;
    double kept[N * M], rows[N], columns[M], *matrix = malloc(UNKNOWNS * UNKNOWNS * sizeof *matrix), values[UNKNOWNS];
    sinkhorn_newton_options options = transport_options(1e-300);
    options.sweeps = 4;
    const bool good =
        transport_open(v, &t, TRANSPORT_MASSES, N, M, 30, verify_seed_of(v)) && verify_true(v, matrix, "memory");
    if (good)
        transport_run(&t, TRANSPORT_SCALE, &options);
    for (size_t k = 0; good && k < sizeof rules / sizeof *rules; k++) {
        size_t count = 0;
        options.rule = rules[k].rule;
        options.keep = rules[k].keep;
        if (!verify_ok(v, sinkhorn_newton_sparsify(&t.problem, &options, t.solution.x, t.solution.y, kept, &count),
                       "rule %zu", k))
            break;
        check_kept(v, &t, &options, kept, count);
        marginals(&t, rows, columns);
        memset(matrix, 0, UNKNOWNS * UNKNOWNS * sizeof *matrix);
        double dropped = 0, form = 0;
        for (size_t i = 0; i < N; i++) {
            double left = rows[i];
            matrix[i * UNKNOWNS + i] = rows[i];
            for (size_t j = 0; j < M; j++) {
                matrix[(N + j) * UNKNOWNS + i] = matrix[i * UNKNOWNS + N + j] = kept[i * M + j];
                matrix[(N + j) * UNKNOWNS + N + j] = columns[j];
                dropped += kept[i * M + j] > 0 ? 0 : t.solution.plan[i * M + j];
                left -= kept[i * M + j];
            }
            verify_at_least(v, left, -1e-14, "dominance", "row %zu", i);
        }
        for (size_t a = 0; a < UNKNOWNS; a++) {
            for (size_t b = 0; b < UNKNOWNS; b++)
                form += (a < N) == (b < N) ? matrix[a * UNKNOWNS + b] : -matrix[a * UNKNOWNS + b];
        }
        verify_at_most(v, fabs(form - 2 * dropped), 1e-12, "v M v", "rule %zu: %g, dropped %g", k, form, dropped);
        if (verify_ok(v, assay_dense_symmetric_eigen(UNKNOWNS, matrix, values, NULL), "eigenvalues"))
            verify_at_least(v, values[0], -1e-14, "least eigenvalue", "rule %zu", k);
    }
    free(matrix);
    transport_close(&t);
}

/* After an update of y the columns are c, but for the rounding of an entry; at the end the sum of P is that of r. */
void sinkhorn_newton_check_marginals(verify_context *v)
{
    static const transport_method methods[] = {TRANSPORT_SCALE_LOG, TRANSPORT_SCALE};
    transport t;
    double rows[35], columns[25], error;
    bool good = transport_open(v, &t, TRANSPORT_MASSES, 35, 25, 100, verify_seed_of(v));
    for (size_t k = 0; good && k < 2; k++) {
        sinkhorn_newton_options options = transport_options(1e-300);
        options.sweeps = 6;
        transport_run(&t, methods[k], &options);
        marginals(&t, rows, columns);
        verify_at_most(v, fabs(transport_distance(rows, t.r, 35) - t.solution.error), transport_rounding(&t), "error",
                       "reported by %s", transport_method_names[methods[k]]);
        for (size_t j = 0; j < 25; j++)
            verify_at_most(v, fabs(columns[j] / t.c[j] - 1), transport_rounding(&t) + 2e-15, "relative error",
                           "column %zu", j);
    }
    sinkhorn_newton_options options = transport_options(1e-11);
    good = good && verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "solution");
    if (good) {
        verify_at_most(v, fabs(sum_of(t.solution.plan, 35 * 25) - sum_of(t.r, 35)), 1e-11, "sum P - sum r",
                       "at the end");
        verify_ok(v, sinkhorn_newton_marginal_error(&t.problem, t.solution.plan, &error), "error");
        verify_at_most(v, fabs(error - t.solution.error), transport_rounding(&t), "error", "reported by sparse Newton");
        verify_at_most(v, error, 1e-11 + transport_rounding(&t), "error", "of the plan");
    }
    transport_close(&t);
}

/* <C, P> + (1/eta) sum P log P = r.x + c.y - (1/eta) sum P: by P log P = P (eta (x + y - C) - 1) both sides differ by
 * the gradient times (x, y), e max(|x|, |y|) at most. */
static void check_duality(verify_context *v, transport *t, const char *what)
{
    double primal, dual, most = 0;
    for (size_t i = 0; i < t->problem.n; i++)
        most = fmax(most, fabs(t->solution.x[i]));
    for (size_t j = 0; j < t->problem.m; j++)
        most = fmax(most, fabs(t->solution.y[j]));
    verify_ok(v, sinkhorn_newton_primal_value(&t->problem, t->solution.plan, &primal), "primal value");
    verify_ok(v, sinkhorn_newton_dual_value(&t->problem, t->solution.x, t->solution.y, &dual), "dual value");
    verify_at_most(v, fabs(primal - dual), 1e-11 + t->solution.error * most, "primal - dual", "%s: %.12g, %.12g", what,
                   primal, dual);
    verify_at_most(v, fabs(t->solution.value - dual), 1e-12 * (1 + fabs(dual)), "f", "%s", what);
}

void sinkhorn_newton_check_duality(verify_context *v)
{
    static const struct {
        transport_kind kind;
        size_t n, m;
        double eta;
    } cases[] = {{TRANSPORT_MASSES, 40, 60, 100}, {TRANSPORT_ASSIGNMENT, 100, 100, 240}, {TRANSPORT_W2, 80, 80, 400}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        transport t;
        sinkhorn_newton_options options = transport_options(1e-11);
        if (transport_open(v, &t, cases[k].kind, cases[k].n, cases[k].m, cases[k].eta, verify_seed_of(v)) &&
            verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "solution"))
            check_duality(v, &t, "sparse Newton");
        transport_close(&t);
    }
}

/* Transposing (C, r, c) transposes P; C + a_i + b_j, and (s C, eta / s), leave it as it is. */
void sinkhorn_newton_check_symmetries(verify_context *v)
{
    enum { N = 21, M = 34 };
    transport t, other;
    sinkhorn_newton_options options = transport_options(1e-11);
    bool good = transport_open(v, &t, TRANSPORT_MASSES, N, M, 80, verify_seed_of(v));
    good = transport_open(v, &other, TRANSPORT_MASSES, N, M, 80, verify_seed_of(v)) && good &&
           verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "solution");
    const double bound = good ? transport_distance_bound(&t, 1e-11) : 0;
    if (good) {
        double shifts[N + M];
        assay_random_fill_uniform(verify_random(v, 1), 0, -0.5, 0.5, shifts, N + M);
        for (size_t k = 0; k < N * M; k++)
            other.cost[k] += shifts[k / M] + shifts[N + k % M];
        verify_ok(v, transport_run(&other, TRANSPORT_SOLVE, &options), "shifted");
        verify_at_most(v, transport_distance(t.solution.plan, other.solution.plan, N * M),
                       bound + transport_distance_bound(&other, 0), "sum |P - P'|", "C + a + b");
        for (size_t k = 0; k < N * M; k++)
            other.cost[k] = 8 * t.cost[k];
        other.problem.eta = 10;
        verify_ok(v, transport_run(&other, TRANSPORT_SOLVE, &options), "scaled");
        verify_at_most(v, transport_distance(t.solution.plan, other.solution.plan, N * M), bound, "sum |P - P'|",
                       "8 C, eta / 8");
        for (size_t k = 0; k < N * M; k++)
            other.cost[k % M * N + k / M] = t.cost[k];
        other.problem = (sinkhorn_newton_problem){M, N, other.cost, t.c, t.r, 80};
        double *const left = other.solution.x;
        other.solution.x = other.solution.y;
        other.solution.y = left;
        verify_ok(v, transport_run(&other, TRANSPORT_SOLVE, &options), "transposed");
        double distance = 0;
        for (size_t k = 0; k < N * M; k++)
            distance += fabs(t.solution.plan[k] - other.solution.plan[k % M * N + k / M]);
        verify_at_most(v, distance, bound, "sum |P - P'|", "transposed");
    }
    transport_close(&t);
    transport_close(&other);
}

/* <C, P> falls as eta grows. */
void sinkhorn_newton_check_eta(verify_context *v)
{
    transport t;
    double before = INFINITY, cost = 0;
    bool good = transport_open(v, &t, TRANSPORT_MASSES, 30, 30, 1, verify_seed_of(v));
    for (double eta = 1; good && eta < 2000; eta *= 2) {
        t.problem.eta = eta;
        sinkhorn_newton_options options = transport_options(1e-11);
        good = verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "eta = %g", eta);
        sinkhorn_newton_transport_cost(&t.problem, t.solution.plan, &cost);
        if (eta > 1)
            verify_at_most(v, cost - before, transport_distance_bound(&t, 1e-11), "growth of <C, P>", "eta = %g: %.12g",
                           eta, cost);
        before = cost;
    }
    transport_close(&t);
}

/* All methods come to the same P. */
void sinkhorn_newton_check_same_plan(verify_context *v)
{
    enum { N = 40 };
    double *plan = malloc(N * N * sizeof *plan);
    transport t;
    bool good = transport_open(v, &t, TRANSPORT_MASSES, N, N, 60, verify_seed_of(v)) && verify_true(v, plan, "memory");
    for (int method = TRANSPORT_SCALE_LOG; good && method <= TRANSPORT_DENSE; method++) {
        sinkhorn_newton_options options = transport_options(1e-10);
        if (method <= TRANSPORT_SCALE)
            options.sweeps = 1000000;
        good =
            verify_ok(v, transport_run(&t, (transport_method)method, &options), "%s", transport_method_names[method]);
        if (method == TRANSPORT_SCALE_LOG)
            memcpy(plan, t.solution.plan, N * N * sizeof *plan);
        verify_at_most(v, transport_distance(plan, t.solution.plan, N * N), transport_distance_bound(&t, 1e-10),
                       "sum |P - P'|", "%s", transport_method_names[method]);
    }
    free(plan);
    transport_close(&t);
}

/* f never falls, in any method; the l1 error of sweeps never grows. Both but for rounding: of f as in its acceptance,
 * of the error the sum of n marginals'. */
void sinkhorn_newton_check_monotone(verify_context *v)
{
    transport t;
    bool good = transport_open(v, &t, TRANSPORT_ASSIGNMENT, 64, 64, 150, verify_seed_of(v));
    t.solution.trace = assay_allocate(2000, sizeof *t.solution.trace);
    t.solution.trace_capacity = 2000;
    good = good && verify_true(v, t.solution.trace, "memory");
    for (int method = 0; good && method < TRANSPORT_METHODS; method++) {
        sinkhorn_newton_options options = transport_options(1e-11);
        options.sweeps = method <= TRANSPORT_SCALE ? 300 : 10;
        options.steps = 300;
        transport_run(&t, (transport_method)method, &options);
        verify_true(v, t.solution.trace_length == t.solution.sweeps + t.solution.steps, "%s: %zu rows, %zu iterations",
                    transport_method_names[method], t.solution.trace_length, t.solution.sweeps + t.solution.steps);
        for (size_t k = 1; k < t.solution.trace_length; k++) {
            const sinkhorn_newton_iteration *a = &t.solution.trace[k - 1], *b = &t.solution.trace[k];
            verify_at_least(v, b->value - a->value, -1.1e-12 * (1 + fabs(a->value)), "growth of f", "%s, iteration %zu",
                            transport_method_names[method], k);
            if (a->kind == SINKHORN_NEWTON_SWEEP && b->kind == SINKHORN_NEWTON_SWEEP)
                verify_at_most(v, b->error - a->error, transport_rounding(&t), "growth of the error",
                               "%s, iteration %zu", transport_method_names[method], k);
        }
    }
    transport_close(&t);
}

/* Rounding to the polytope: marginals are right, nothing is below 0, and P moves by at most twice its error. */
void sinkhorn_newton_check_rounding(verify_context *v)
{
    enum { N = 23, M = 31 };
    transport t;
    double before[N * M], error = 0, after = 0;
    bool good = transport_open(v, &t, TRANSPORT_MASSES, N, M, 40, verify_seed_of(v));
    for (size_t sweeps = 1; good && sweeps < 50; sweeps *= 3) {
        sinkhorn_newton_options options = transport_options(1e-300);
        options.sweeps = sweeps;
        transport_run(&t, TRANSPORT_SCALE, &options);
        memcpy(before, t.solution.plan, sizeof before);
        sinkhorn_newton_marginal_error(&t.problem, before, &error);
        verify_ok(v, sinkhorn_newton_round_to_polytope(&t.problem, t.solution.plan), "rounding");
        sinkhorn_newton_marginal_error(&t.problem, t.solution.plan, &after);
        verify_at_most(v, after, 1e-14, "error", "rounded after %zu sweeps, from %g", sweeps, error);
        verify_at_most(v, transport_distance(before, t.solution.plan, N * M), 2 * error + 1e-14, "sum |P - P'|",
                       "rounded after %zu sweeps", sweeps);
        for (size_t k = 0; k < N * M; k++)
            verify_true(v, t.solution.plan[k] >= 0, "entry %zu is %g", k, t.solution.plan[k]);
    }
    transport_close(&t);
}

/* The same bits with any number of threads; large enough that several are used. */
void sinkhorn_newton_check_threads(verify_context *v)
{
    static const transport_kind kinds[] = {TRANSPORT_ASSIGNMENT, TRANSPORT_W2};
    static const transport_method methods[] = {TRANSPORT_SCALE_LOG, TRANSPORT_SCALE, TRANSPORT_SOLVE, TRANSPORT_DENSE,
                                               TRANSPORT_LBFGS};
    enum { N = 850 };
    if (verify_level_of(v) == ASSAY_REFERENCE) {
        verify_skip(v, "the reference has one thread");
        return;
    }
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 3 : sizeof methods / sizeof *methods;
    for (size_t k = 0; k < 2; k++) {
        transport t;
        double *z = malloc(2 * N * sizeof *z);
        const bool good =
            transport_open(v, &t, kinds[k], N, N, k ? 60 : 1700, verify_seed_of(v)) && verify_true(v, z, "memory");
        assay_release(t.solution.plan);
        t.solution.plan = NULL;
        for (size_t l = 0; good && l < count; l++) {
            sinkhorn_newton_options options = transport_options(1e-300);
            options.sweeps = 4;
            options.steps = methods[l] == TRANSPORT_DENSE ? 1 : 2;
            options.solver = k ? SINKHORN_NEWTON_SCHUR : SINKHORN_NEWTON_CG;
            for (const int *threads = verify_thread_counts; *threads; threads++) {
                assay_set_threads(*threads);
                transport_run(&t, methods[l], &options);
                if (*threads == 1) {
                    memcpy(z, t.solution.x, N * sizeof *z);
                    memcpy(z + N, t.solution.y, N * sizeof *z);
                }
                verify_true(
                    v, memcmp(z, t.solution.x, N * sizeof *z) == 0 && memcmp(z + N, t.solution.y, N * sizeof *z) == 0,
                    "%s, workload %zu: the bits of %d threads are those of 1", transport_method_names[methods[l]], k,
                    *threads);
            }
        }
        free(z);
        transport_close(&t);
    }
}

/* CG that is not let finish hands over to the factor after two systems, and both solve. */
void sinkhorn_newton_check_solvers(verify_context *v)
{
    transport t;
    if (transport_open(v, &t, TRANSPORT_ASSIGNMENT, 60, 60, 600, verify_seed_of(v))) {
        sinkhorn_newton_options options = transport_options(1e-11);
        options.cg_limit = 2;
        options.inexact = false;
        options.steps = 300;
        verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "CG of 2 iterations");
        verify_true(v, t.solution.factorisations > 0, "%zu factors were made", t.solution.factorisations);
        verify_true(v, t.solution.cg_iterations == 4, "%zu iterations of CG before", t.solution.cg_iterations);
        options = transport_options(1e-11);
        options.solver = SINKHORN_NEWTON_SCHUR;
        verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "factors");
        verify_true(v, t.solution.factorisations == t.solution.steps && t.solution.cg_iterations == 0,
                    "%zu factors in %zu steps", t.solution.factorisations, t.solution.steps);
    }
    transport_close(&t);
}

/* Rows of the first P that underflow as a whole: sweeps get over it (the sums are made in logs), and nothing is
 * divided by 0. */
static void check_far_costs(verify_context *v)
{
    transport t;
    if (transport_open(v, &t, TRANSPORT_MASSES, 20, 20, 100, verify_seed_of(v))) {
        for (size_t j = 0; j < 20; j++) {
            t.cost[3 * 20 + j] += 40; /* exp(-4000) */
            t.cost[j * 20 + 7] -= 30; /* exp(3000) */
        }
        for (int method = 0; method <= TRANSPORT_DENSE; method++) {
            sinkhorn_newton_options options = transport_options(1e-9);
            options.sweeps = method <= TRANSPORT_SCALE ? 1000000 : 20;
            verify_ok(v, transport_run(&t, (transport_method)method, &options), "%s", transport_method_names[method]);
            for (size_t k = 0; k < 400; k++)
                verify_true(v, isfinite(t.solution.plan[k]), "entry %zu of the plan by %s is %g", k,
                            transport_method_names[method], t.solution.plan[k]);
        }
    }
    transport_close(&t);
}

/* Masses of all sizes: sweeps by scaling are those in logs; half sweeps add their rounding as in the agreements, and
 * sums of numbers below 1e-292 have lost digits to underflow, as the header says. */
static void check_small_masses(verify_context *v, double smallest, double tolerance)
{
    enum { N = 24 };
    transport t;
    double x[N], y[N];
    if (transport_open(v, &t, TRANSPORT_MASSES, N, N, 40, verify_seed_of(v))) {
        for (size_t i = 0; i < N / 2; i++) {
            t.r[i] *= pow(smallest, 2 * (double)i / (N - 2));
            t.c[N - 1 - i] = t.r[i];
            t.r[N - 1 - i] = t.c[i] = 1.0 / N;
        }
        for (size_t sweeps = 1; sweeps < 100; sweeps *= 3) {
            sinkhorn_newton_options options = transport_options(1e-300);
            options.sweeps = sweeps;
            transport_run(&t, TRANSPORT_SCALE_LOG, &options);
            memcpy(x, t.solution.x, sizeof x);
            memcpy(y, t.solution.y, sizeof y);
            transport_run(&t, TRANSPORT_SCALE, &options);
            for (size_t i = 0; i < N; i++)
                verify_at_most(v, fmax(fabs(x[i] - t.solution.x[i]), fabs(y[i] - t.solution.y[i])), tolerance,
                               "potential", "%zu after %zu sweeps, masses from %g", i, sweeps, smallest);
        }
    }
    transport_close(&t);
}

/* Newton's method without sweeps begins where it can, and ends in numbers. */
static void check_unswept(verify_context *v)
{
    transport t;
    if (transport_open(v, &t, TRANSPORT_MASSES, 12, 15, 100, verify_seed_of(v))) {
        sinkhorn_newton_options options = transport_options(1e-10);
        options.sweeps = 0;
        const assay_status status = transport_run(&t, TRANSPORT_SOLVE, &options);
        verify_true(v, status == ASSAY_OK || status == ASSAY_NOT_CONVERGED, "without sweeps: %s", assay_error());
        verify_true(v, isfinite(t.solution.value), "f is %g", t.solution.value);
    }
    transport_close(&t);
}

void sinkhorn_newton_check_underflow(verify_context *v)
{
    check_far_costs(v);
    check_small_masses(v, 1e-12, 1e-11);
    check_small_masses(v, 1e-150, 1e-11);
    check_small_masses(v, 1e-307, 1);
    check_unswept(v);
}

/* The user's matrix, or the digits: solved, strongly dual, and its marginals right. */
void sinkhorn_newton_check_real_data(verify_context *v)
{
    transport t;
    const bool is_user = assay_user_data() != NULL;
    if (transport_open(v, &t, is_user ? TRANSPORT_USER : TRANSPORT_DIGITS_L2, 0, 0, 1200, 0)) {
        double most = 0, error = 0;
        for (size_t k = 0; k < t.problem.n * t.problem.m; k++)
            most = fmax(most, fabs(t.cost[k]));
        t.problem.eta = 1200 / most;
        sinkhorn_newton_options options = transport_options(1e-10);
        if (verify_ok(v, transport_run(&t, TRANSPORT_SOLVE, &options), "solution")) {
            check_duality(v, &t, is_user ? assay_user_data() : "digits");
            verify_ok(v, sinkhorn_newton_marginal_error(&t.problem, t.solution.plan, &error), "error");
            verify_at_most(v, error, 1e-10 + transport_rounding(&t), "error", "of the plan");
            verify_note(v, "%zu x %zu: %zu sweeps, %zu steps, %.3g", t.problem.n, t.problem.m, t.solution.sweeps,
                        t.solution.steps, t.solution.error);
        }
    }
    transport_close(&t);
}
