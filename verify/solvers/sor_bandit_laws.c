/* sor_bandit: what theory demands of the solvers and scenarios. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const sor_bandit_goal from_start = {1e-8, 10000, SOR_BANDIT_TO_START};

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

/* e^T A e of e = x - exact. */
static double energy(const assay_csr *a, const double *x, const double *exact)
{
    double sum = 0;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            sum += (x[i] - exact[i]) * a->values[k] * (x[a->indices[k]] - exact[a->indices[k]]);
    return sum;
}

/* Ostrowski and Reich: the energy of the error falls in every sweep, as long as it is above rounding: x and exact are
 * below 10 and so each known to 1e-15, whose energy is below 150 * 20 * 1e-30 < 1e-26. */
void sor_bandit_check_ostrowski(verify_context *v)
{
    enum { N = 150 };
    assay_csr a = sor_bandit_random_matrix(verify_random(v, 500), N);
    double *dense = sor_bandit_dense(&a), b[N], exact[N], x[N];
    assay_random_fill_normal(verify_random(v, 501), 0, 0, 1, exact, N);
    if (verify_true(v, dense, "memory") && verify_ok(v, assay_csr_multiply(&a, exact, b), "b")) {
        static const double omegas[5] = {0.05, 0.7, 1.2, 1.7, 1.95};
        for (int k = 0; k < 5; k++) {
            memset(x, 0, sizeof x);
            double before = energy(&a, x, exact);
            const double first = before;
            int sweeps = 0;
            for (; sweeps < 60 && before > 1e-20 * first; sweeps++) {
                const sor_bandit_goal one = {1e-300, 1, SOR_BANDIT_TO_RIGHT_SIDE};
                const assay_status status = sor_bandit_sor(&a, b, omegas[k], &one, x, NULL);
                const double now = energy(&a, x, exact);
                if (!verify_true(v, status == ASSAY_NOT_CONVERGED && now < before,
                                 "omega %g, sweep %d: energy %g after %g", omegas[k], sweeps, now, before))
                    break;
                before = now;
            }
            verify_true(v, sweeps > 3, "omega %g: only %d sweeps", omegas[k], sweeps);
        }
    }
    assay_release(dense);
    assay_csr_release(&a);
}

/* Young: the spectral radius of SOR's matrix is that of R3; Kahan: it is at least |omega - 1|. Near the optimum two
 * eigenvalues meet and a rounding of 1e-15 moves them by its root, so omegas within 0.03 of it are left out; elsewhere
 * they move by at most 1e-15 / 0.03 times the matrix's departure from normality, which the limit of 1e-10 has room for.
 */
void sor_bandit_check_young(verify_context *v)
{
    const size_t side = verify_depth_of(v) == VERIFY_QUICK ? 6 : 10,
                 stride = verify_depth_of(v) == VERIFY_QUICK ? 4 : 1;
    static const double shifts[5] = {-0.15, -0.05, 0.1, 0.25, 0.45};
    for (int k = 0; k < 5; k++) {
        assay_csr a;
        const sor_bandit_grid grid = {side, side, 4 + shifts[k], 1};
        if (!verify_ok(v, sor_bandit_grid_matrix(&grid, &a), "grid"))
            return;
        const double beta = sor_bandit_jacobi_radius(&grid);
        for (size_t i = 0; i < SOR_BANDIT_ARMS; i += stride) {
            const double omega = sor_bandit_arms[i];
            if (fabs(omega - sor_bandit_young_omega(beta)) < 0.03)
                continue;
            double *c = sor_bandit_iteration_matrix(&a, omega);
            const double radius = sor_bandit_spectral_radius(a.rows, c);
            verify_at_most(v, fabs(radius - sor_bandit_young_radius(beta, omega)), 1e-10, "absolute error",
                           "shift %g, omega %g", shifts[k], omega);
            verify_at_least(v, radius, fabs(omega - 1) - 1e-10, "spectral radius", "Kahan: shift %g, omega %g",
                            shifts[k], omega);
            assay_release(c);
        }
        assay_csr_release(&a);
    }
    for (double beta = 0; beta < 1; beta += 0.0625) { /* no omega beats Young's, and both formulas meet there */
        const double best = sor_bandit_young_omega(beta), least = sor_bandit_young_radius(beta, best);
        verify_at_most(v, fabs(least - (best - 1)), DBL_EPSILON, "absolute error", "beta %g", beta);
        for (double omega = 0.02; omega < 2; omega += 0.02)
            verify_at_least(v, sor_bandit_young_radius(beta, omega), least - 4 * DBL_EPSILON, "spectral radius",
                            "beta %g, omega %g", beta, omega);
    }
}

/* beta is the spectral radius of I - D^-1 A. */
void sor_bandit_check_jacobi(verify_context *v)
{
    static const sor_bandit_grid grids[3] = {{6, 6, 4.1, 1}, {3, 8, 5, -1.2}, {1, 7, 3, 0.5}};
    for (int k = 0; k < 3; k++) {
        assay_csr a;
        if (!verify_ok(v, sor_bandit_grid_matrix(&grids[k], &a), "grid"))
            return;
        double *jacobi = sor_bandit_dense(&a);
        for (size_t i = 0; jacobi && i < a.rows * a.rows; i++)
            jacobi[i] = (i % (a.rows + 1) == 0) - jacobi[i] / grids[k].diagonal;
        /* Symmetric: eigenvalues are known to a few roundings */
        verify_at_most(v, fabs(sor_bandit_spectral_radius(a.rows, jacobi) - sor_bandit_jacobi_radius(&grids[k])), 1e-13,
                       "absolute error", "grid %d", k);
        assay_release(jacobi);
        assay_csr_release(&a);
    }
}

/* ---- SSOR ----------------------------------------------------------------------------------------------------- */

/* M = (D + omega L) D^-1 (D + omega L)^T / (omega (2 - omega)) from its factors. */
double *sor_bandit_dense_preconditioner(const assay_csr *a, double omega)
{
    const size_t n = a->rows;
    double *lower = sor_bandit_dense(a), *m = assay_allocate(n * n, sizeof *m);
    for (size_t i = 0; lower && m && i < n; i++)
        for (size_t j = 0; j < n; j++)
            lower[i * n + j] = j > i ? 0 : j < i ? omega * lower[i * n + j] : lower[i * n + j];
    for (size_t i = 0; lower && m && i < n; i++)
        for (size_t j = 0; j < n; j++) {
            for (size_t l = 0; l <= (i < j ? i : j); l++)
                m[i * n + j] += lower[i * n + l] * lower[j * n + l] / lower[l * n + l];
            m[i * n + j] /= omega * (2 - omega);
        }
    assay_release(lower);
    return m;
}

/* The first step from x = 0 goes along M^-1 b: its direction is that of the dense solution. M is positive definite, or
 * Cholesky's factors would not exist. For omega = 1 it is a sweep of Gauss and Seidel forwards and one backwards. */
void sor_bandit_check_preconditioner(verify_context *v)
{
    enum { N = 60 };
    assay_csr a = sor_bandit_random_matrix(verify_random(v, 510), N);
    double b[N], z[N], x[N];
    assay_random_fill_normal(verify_random(v, 511), 0, 0, 1, b, N);
    static const double omegas[4] = {0.3, 1, 1.5, 1.9};
    for (int k = 0; k < 4; k++) {
        double *m = sor_bandit_dense_preconditioner(&a, omegas[k]);
        if (!verify_true(v, m, "memory") || !verify_ok(v, assay_dense_cholesky(N, m, m), "M, omega %g", omegas[k]) ||
            !verify_ok(v, assay_dense_cholesky_solve(N, m, 1, b, z), "M^-1 b"))
            break;
        const sor_bandit_goal one = {1e-300, 1, SOR_BANDIT_TO_RIGHT_SIDE};
        memset(x, 0, sizeof x);
        verify_rejects(v, sor_bandit_gradients(&a, b, omegas[k], &one, x, NULL), ASSAY_NOT_CONVERGED, "iterations",
                       "one step");
        double product = 0, difference = 0;
        for (size_t i = 0; i < N; i++)
            product += x[i] * z[i];
        const double length = product / (sor_bandit_norm(z, N) * sor_bandit_norm(z, N));
        for (size_t i = 0; i < N; i++)
            difference = fmax(difference, fabs(x[i] - length * z[i]));
        /* Condition of M at most some hundreds, sums of 60 terms */
        verify_at_most(v, difference / sor_bandit_norm(x, N), 1e-12, "relative error", "direction, omega %g",
                       omegas[k]);
        verify_true(v, length > 0, "omega %g: the step goes backwards", omegas[k]);
        assay_release(m);
    }
    /* Gauss and Seidel forwards from 0, then backwards. */
    double *dense = sor_bandit_dense(&a), *m = sor_bandit_dense_preconditioner(&a, 1);
    memset(x, 0, sizeof x);
    for (size_t turn = 0; dense && m && turn < 2; turn++)
        for (size_t step = 0; step < N; step++) {
            const size_t i = turn ? N - 1 - step : step;
            double sum = b[i];
            for (size_t j = 0; j < N; j++)
                sum -= j == i ? 0 : dense[i * N + j] * x[j];
            x[i] = sum / dense[i * N + i];
        }
    if (verify_true(v, dense && m, "memory") && verify_ok(v, assay_dense_cholesky(N, m, m), "M") &&
        verify_ok(v, assay_dense_cholesky_solve(N, m, 1, b, z), "M^-1 b"))
        for (size_t i = 0; i < N; i++)
            verify_at_most(v, fabs(x[i] - z[i]), 1e-12 * sor_bandit_norm(z, N), "absolute error", "Gauss and Seidel");
    assay_release(dense);
    assay_release(m);
    assay_csr_release(&a);
}

/* Conjugate gradients end within n steps but for rounding. */
void sor_bandit_check_finite(verify_context *v)
{
    static const double omegas[4] = {SOR_BANDIT_PLAIN, 0.8, 1.3, 1.9};
    for (size_t k = 0; k < 12; k++) {
        const size_t n = 1 + 9 * k;
        assay_csr a = sor_bandit_random_matrix(verify_random(v, 520 + k), n);
        double b[100], x[100] = {0};
        sor_bandit_report report = {0};
        assay_random_fill_normal(verify_random(v, 540), 0, 0, 1, b, n);
        verify_ok(v, sor_bandit_gradients(&a, b, omegas[k % 4], &from_start, x, &report), "n = %zu", n);
        verify_at_most(v, (double)report.iterations, (double)n + 5, "steps", "n = %zu, omega %g", n, omegas[k % 4]);
        assay_csr_release(&a);
    }
}

/* A smaller tolerance never needs fewer iterations. */
void sor_bandit_check_monotone(verify_context *v)
{
    const sor_bandit_grid grid = {20, 23, 4.05, 1};
    enum { N = 20 * 23 };
    double b[N], x[N];
    assay_random_fill_normal(verify_random(v, 550), 0, 0, 1, b, N);
    for (int solver = 0; solver < 4; solver++) {
        size_t before = 0;
        for (double tolerance = 0.5; tolerance > 1e-12; tolerance /= 4) {
            const sor_bandit_goal goal = {tolerance, 10000, SOR_BANDIT_TO_START};
            sor_bandit_report report;
            memset(x, 0, sizeof x);
            if (!verify_ok(v,
                           solver < 2 ? sor_bandit_grid_sor(&grid, b, solver ? 1.7 : 1.1, &goal, x, &report)
                                      : sor_bandit_grid_gradients(&grid, b, solver == 2 ? 1.4 : SOR_BANDIT_PLAIN, &goal,
                                                                  x, &report),
                           "solver %d", solver))
                return;
            verify_true(v, report.iterations >= before, "solver %d: %zu iterations for %g, %zu for 4 times that",
                        solver, report.iterations, tolerance, before);
            verify_true(v, report.residual <= tolerance, "solver %d: residual %g above %g", solver, report.residual,
                        tolerance);
            before = report.iterations;
        }
    }
}

/* ---- Heat ----------------------------------------------------------------------------------------------------- */

/* Without a source Crank and Nicolson makes nothing longer; the solver adds at most its tolerance times ||b||, which is
 * at most ||u|| (1 + 8 g). */
void sor_bandit_check_heat_decay(verify_context *v)
{
    enum { NX = 30, N = (NX - 1) * (NX - 1) };
    double u[N], next[N];
    sor_bandit_heat one = sor_bandit_heat_paper(NX);
    const double omega = 1.3;
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    assay_random_fill_normal(verify_random(v, 560), 0, 0, 1, u, N);
    one.steps = 1;
    one.source = 0;
    one.initial = u;
    for (int t = 0; t < 60; t++) {
        sor_bandit_trace trace = {0};
        one.start = 0.02 * t;
        if (!verify_ok(v, sor_bandit_heat_run(&one, &policy, &trace, next), "step %d", t))
            return;
        const double g = sor_bandit_heat_conductivity(one.start + one.step / 2) * one.step * NX * NX / 2;
        verify_at_most(v, sor_bandit_norm(next, N) / sor_bandit_norm(u, N), 1 + 1.001e-8 * (1 + 8 * g), "growth",
                       "step %d", t);
        memcpy(u, next, sizeof u);
    }
}

/* x and y may be swapped: the transposed start gives the transposed end, within what two runs of 20 steps leave: each
 * step 2 tolerances times ||b|| <= (1 + 8 g) ||u||, g <= 6.4. */
void sor_bandit_check_heat_transposed(verify_context *v)
{
    enum { ROWS = 19, COLUMNS = 32, N = ROWS * COLUMNS };
    double u[N], turned[N], end[N], turned_end[N];
    const double omega = 1.4;
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    sor_bandit_heat run = sor_bandit_heat_paper(36);
    assay_random_fill_normal(verify_random(v, 570), 0, 0, 1, u, N);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            turned[j * ROWS + i] = u[i * COLUMNS + j];
    run.source = 0;
    run.start = 0.7;
    run.steps = 20;
    sor_bandit_trace trace = {0};
    run.rows = ROWS, run.columns = COLUMNS, run.initial = u;
    verify_ok(v, sor_bandit_heat_run(&run, &policy, &trace, end), "rows and columns");
    run.rows = COLUMNS, run.columns = ROWS, run.initial = turned;
    verify_ok(v, sor_bandit_heat_run(&run, &policy, &trace, turned_end), "columns and rows");
    double difference = 0;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            difference += pow(turned_end[j * ROWS + i] - end[i * COLUMNS + j], 2);
    verify_at_most(v, sqrt(difference), 20 * 2.002e-8 * (1 + 8 * 6.5) * sor_bandit_norm(u, N), "2-norm",
                   "after 20 steps");
    verify_at_least(v, sor_bandit_norm(end, N), 1e-3, "2-norm", "something is left to compare");
}

/* ---- Golden section ------------------------------------------------------------------------------------------- */

typedef struct counted {
    double place;
    size_t calls;
    double lowest, highest;
} counted;

static double valley(void *self, double omega)
{
    counted *c = self;
    c->calls++;
    c->lowest = fmin(c->lowest, omega);
    c->highest = fmax(c->highest, omega);
    return floor(100 * fabs(omega - c->place)); /* a count: flat near the minimum */
}

typedef struct recorded {
    double omegas[12];
    size_t calls;
} recorded;

static double plain(void *self, double omega)
{
    recorded *r = self;
    r->omegas[r->calls++] = omega;
    return 7;
}

/* 12 evaluations within the starts; the bracket of at most 0.45 shrinks by the golden ratio with each of the last six,
 * and the answer is the middle of what is flat within it. */
void sor_bandit_check_golden(verify_context *v)
{
    static const double starts[5] = {1, 1.3, 1.5, 1.75, 1.95};
    for (int k = 0; k <= 100; k++) {
        counted c = {.place = 1 + 0.0095 * k, .lowest = INFINITY, .highest = -INFINITY};
        double omega = 0;
        verify_ok(v, sor_bandit_golden(valley, &c, starts, 5, 12, &omega), "place %g", c.place);
        verify_true(v, c.calls == 12, "place %g: %zu evaluations", c.place, c.calls);
        verify_true(v, c.lowest >= 1 && c.highest <= 1.95, "place %g: looked at %g and %g", c.place, c.lowest,
                    c.highest);
        /* 0.45 * 0.618^6 = 0.025 of bracket, and 0.01 of flatness */
        verify_at_most(v, fabs(omega - c.place), 0.035, "distance", "place %g", c.place);
    }
    /* All costs are equal: it moves right after 7 evaluations and left after 8. */
    recorded r = {.calls = 0};
    double omega = 0;
    verify_ok(v, sor_bandit_golden(plain, &r, starts, 5, 12, &omega), "a plain");
    verify_true(v, r.omegas[5] < r.omegas[6] && r.omegas[7] > r.omegas[6] && r.omegas[8] < r.omegas[7],
                "on a plain it looks at %g, %g, %g, %g", r.omegas[5], r.omegas[6], r.omegas[7], r.omegas[8]);
    verify_at_most(v, fabs(omega - 1.475), 1e-15, "distance", "the middle of a plain");
}

/* ---- Scenarios ------------------------------------------------------------------------------------------------ */

/* Shifts have the mean and variance of their Beta distribution, low + width p / (p + q), and right sides the mean 0. By
 * Hoeffding a mean of N numbers in an interval of width w is off by more than e with a probability of at most
 * 2 exp(-2 N (e / w)^2). With N = 20000: shifts, w = 0.6 and e = 0.015, 3e-11; their squared distances from the mean,
 * w = 0.36 and e = 0.01, 4e-13; first elements of right sides of norm at most 2, w = 4 and e = 0.1, 3e-11. Both
 * variances together: 2e-10. */
void sor_bandit_check_scenario_numbers(verify_context *v)
{
    enum { STEPS = 20000 };
    for (int high = 0; high < 2; high++) {
        sor_bandit_shift scenario = sor_bandit_shift_paper(high, verify_random(v, 580));
        scenario.side = 2;
        scenario.steps = STEPS;
        const double p = high ? 0.5 : 2, q = high ? 1.5 : 6, mean = -0.15 + 0.6 * p / (p + q);
        const double variance = 0.36 * p * q / ((p + q) * (p + q) * (p + q + 1));
        double shifts = 0, squares = 0, first = 0;
        for (size_t t = 0; t < STEPS; t++) {
            double shift, b[4];
            if (!verify_ok(v, sor_bandit_shift_instance(&scenario, t, &shift, b), "step %zu", t))
                return;
            shifts += shift;
            squares += (shift - mean) * (shift - mean);
            first += b[0];
            verify_true(v, shift >= -0.15 && shift <= 0.45 && sor_bandit_norm(b, 4) <= 2, "step %zu: shift %g, norm %g",
                        t, shift, sor_bandit_norm(b, 4));
        }
        verify_at_most(v, fabs(shifts / STEPS - mean), 0.015, "absolute error", "mean shift, high %d", high);
        verify_at_most(v, fabs(squares / STEPS - variance), 0.01, "absolute error", "variance, high %d", high);
        verify_at_most(v, fabs(first / STEPS), 0.1, "absolute error", "mean of b_0, high %d", high);
    }
    /* kappa: slow warming up to 0.1, fast cooling up to 10. */
    verify_at_most(v, fabs(sor_bandit_heat_conductivity(0.25) - 0.1), 1e-15, "absolute error", "kappa(1/4)");
    verify_at_most(v, fabs(sor_bandit_heat_conductivity(0.75) - 10), 1e-14, "absolute error", "kappa(3/4)");
}

/* A table holds what runs do: for shifts a learner takes as many by the table as by solving. */
static void replay_shift(verify_context *v)
{
    enum { STEPS = 50 };
    static uint32_t counts[STEPS * SOR_BANDIT_ARMS];
    double contexts[STEPS];
    sor_bandit_shift shift = sor_bandit_shift_paper(true, verify_random(v, 590));
    sor_bandit_learner *learners[2] = {NULL, NULL};
    uint64_t totals[2] = {0, 0};
    shift.steps = STEPS;
    verify_ok(v, sor_bandit_shift_counts(&shift, SOR_BANDIT_ARMS, sor_bandit_arms, counts, contexts), "table");
    for (int k = 0; k < 2; k++) {
        sor_bandit_trace trace = {0};
        if (!verify_ok(
                v, sor_bandit_create_tsallis_bins(SOR_BANDIT_ARMS, 5, -0.15, 0.65, verify_random(v, 591), &learners[k]),
                "learner"))
            return;
        const sor_bandit_policy policy = {.learner = learners[k], .omegas = sor_bandit_arms, .arms = SOR_BANDIT_ARMS};
        verify_ok(v,
                  k == 0 ? sor_bandit_replay(learners[k], STEPS, SOR_BANDIT_ARMS, counts, contexts, &trace)
                         : sor_bandit_shift_run(&shift, &policy, &trace),
                  "run %d", k);
        totals[k] = trace.total;
        verify_true(v, sor_bandit_clamped(learners[k]) == 0, "contexts outside the interval");
        sor_bandit_release(learners[k]);
    }
    verify_true(v, totals[0] == totals[1], "%llu by the table, %llu by solving", (unsigned long long)totals[0],
                (unsigned long long)totals[1]);
}

/* Every arm in turn. */
static double next_arm(void *self, double context)
{
    size_t *turn = self;
    (void)context;
    return sor_bandit_arms[7 * (*turn)++ % SOR_BANDIT_ARMS];
}

/* For heat the states of other arms differ by the tolerance, and so some counts by 1. Nothing here is random. */
static void replay_heat(verify_context *v)
{
    enum { STEPS = 60 };
    static uint32_t counts[STEPS * SOR_BANDIT_ARMS];
    uint32_t iterations[STEPS];
    double contexts[STEPS], seen[STEPS];
    size_t turn = 0;
    sor_bandit_heat warm = sor_bandit_heat_paper(25);
    warm.steps = STEPS;
    warm.start = 0.5;
    const sor_bandit_policy policy = {.rule = next_arm, .self = &turn};
    sor_bandit_trace trace = {.iterations = iterations, .contexts = seen};
    if (!verify_ok(v, sor_bandit_heat_counts(&warm, SOR_BANDIT_ARMS, sor_bandit_arms, counts, contexts), "table") ||
        !verify_ok(v, sor_bandit_heat_run(&warm, &policy, &trace, NULL), "run"))
        return;
    for (size_t t = 0; t < STEPS; t++) {
        const double apart = (double)iterations[t] - (double)counts[t * SOR_BANDIT_ARMS + 7 * t % SOR_BANDIT_ARMS];
        verify_at_most(v, fabs(apart), 1, "iterations", "step %zu: %u", t, iterations[t]);
        verify_true(v, seen[t] == contexts[t], "step %zu: context %g", t, seen[t]);
    }
}

/* A learner in a run sees what the trace says: another one that is told the same chooses the same arms. */
static void retell_heat(verify_context *v)
{
    enum { STEPS = 80 };
    uint32_t iterations[STEPS], arms[STEPS];
    double contexts[STEPS];
    sor_bandit_heat warm = sor_bandit_heat_paper(25);
    sor_bandit_learner *learners[2] = {NULL, NULL};
    warm.steps = STEPS;
    warm.start = 0.5;
    for (int k = 0; k < 2; k++)
        if (!verify_ok(v,
                       sor_bandit_create_tsallis_bins(SOR_BANDIT_ARMS, 5, 0, 10, verify_random(v, 592), &learners[k]),
                       "learner"))
            return;
    const sor_bandit_policy policy = {.learner = learners[0], .omegas = sor_bandit_arms, .arms = SOR_BANDIT_ARMS};
    sor_bandit_trace trace = {.iterations = iterations, .arms = arms, .contexts = contexts};
    uint64_t total = 0;
    if (verify_ok(v, sor_bandit_heat_run(&warm, &policy, &trace, NULL), "run"))
        for (size_t t = 0; t < STEPS; t++) {
            size_t arm = SOR_BANDIT_ARMS;
            verify_ok(v, sor_bandit_choose(learners[1], contexts[t], &arm), "choose");
            verify_true(v, arm == arms[t], "step %zu: arm %zu, the run took %u", t, arm, arms[t]);
            verify_ok(v, sor_bandit_learn(learners[1], iterations[t]), "learn");
            total += iterations[t];
        }
    verify_true(v, total == trace.total, "the total is %llu", (unsigned long long)trace.total);
    sor_bandit_release(learners[0]);
    sor_bandit_release(learners[1]);
}

void sor_bandit_check_replay(verify_context *v)
{
    replay_shift(v);
    replay_heat(v);
    retell_heat(v);
}
