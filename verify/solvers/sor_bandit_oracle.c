/* sor_bandit: truth by worked examples, MPFR, LAPACK, sine transforms and CHOLMOD. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

static const sor_bandit_goal from_start = {1e-8, 10000, SOR_BANDIT_TO_START};
static const sor_bandit_goal from_right_side = {1e-8, 10000, SOR_BANDIT_TO_RIGHT_SIDE};

/* ---- Worked examples ------------------------------------------------------------------------------------------ */

/* A = [[2, -1], [-1, 2]], b = (1, 0), of a grid of two points. */
static const sor_bandit_grid pair = {1, 2, 2, 1};

static void check_iterates(verify_context *v, double omega, size_t sweeps, const double expected[][2],
                           const double *residuals)
{
    const double b[2] = {1, 0};
    for (size_t k = 1; k <= sweeps; k++) {
        double x[2] = {0, 0};
        sor_bandit_report report;
        const sor_bandit_goal goal = {1e-300, k, SOR_BANDIT_TO_START};
        verify_rejects(v, sor_bandit_grid_sor(&pair, b, omega, &goal, x, &report), ASSAY_NOT_CONVERGED, "iterations",
                       "%zu sweeps only", k);
        /* Numbers below 1, a few operations each */
        for (int i = 0; i < 2; i++)
            verify_at_most(v, fabs(x[i] - expected[k - 1][i]), 4 * DBL_EPSILON, "absolute error",
                           "omega %g, x_%d^(%zu)", omega, i, k);
        verify_at_most(v, fabs(report.residual - residuals[k - 1]), 8 * DBL_EPSILON, "absolute error",
                       "omega %g, residual %zu", omega, k);
    }
}

void sor_bandit_check_example(verify_context *v)
{
    const double best = 8 - 4 * sqrt(3);
    static const double gauss[3][2] = {{0.5, 0.25}, {0.625, 0.3125}, {0.65625, 0.328125}};
    static const double young[2][2] = {{0.5358983848622456, 0.2871870788979635},
                                       {0.6513257036632891, 0.3284252880409359}};
    check_iterates(v, 1, 3, gauss, (const double[]){0.25, 0.0625, 0.015625});
    check_iterates(v, best, 2, young, (const double[]){0.21879984092473242, 0.026359384331193246});
    static const size_t counts[3] = {14, 9, 26};
    const double omegas[3] = {1, best, 1.5}, b[2] = {1, 0};
    for (int k = 0; k < 3; k++) {
        double x[2] = {0, 0};
        sor_bandit_report report;
        verify_ok(v, sor_bandit_grid_sor(&pair, b, omegas[k], &from_start, x, &report), "omega %g", omegas[k]);
        verify_true(v, report.iterations == counts[k], "omega %g took %zu sweeps, must take %zu", omegas[k],
                    report.iterations, counts[k]);
        /* A^-1 has norm 1 */
        verify_at_most(v, hypot(x[0] - 2.0 / 3, x[1] - 1.0 / 3), 1e-8, "absolute error", "omega %g, x", omegas[k]);
    }
    verify_at_most(v, fabs(sor_bandit_young_omega(sor_bandit_jacobi_radius(&pair)) - best), 2 * DBL_EPSILON,
                   "absolute error", "Young's omega");
}

void sor_bandit_check_example_learners(verify_context *v)
{
    static const double loss[3] = {0, 1, 2}, expected[3] = {0.53481434, 0.28676163, 0.17842404};
    double p[3];
    verify_ok(v, sor_bandit_tsallis_distribution(3, loss, 1, p), "tsallis");
    for (int i = 0; i < 3; i++)
        verify_at_most(v, fabs(p[i] - expected[i]), 0.5e-8, "absolute error", "p_%d of (0, 1, 2)", i);
    verify_at_most(v, fabs(p[0] - 4 / pow(2.7348182888589117, 2)), 1e-12, "absolute error", "p_0 by x");
    verify_ok(v, sor_bandit_tsallis_distribution(3, (const double[3]){0}, 2, p), "tsallis");
    for (int i = 0; i < 3; i++)
        verify_at_most(v, fabs(p[i] - 1.0 / 3), 1e-13, "absolute error", "p_%d of (0, 0, 0)", i);
    static const double gaps[3] = {1.0 / 4, 7.0 / 12, 1.0 / 6};
    verify_ok(v, sor_bandit_gap_distribution(3, (const double[]){0.2, 0.1, 0.4}, 10, p), "gaps");
    for (int i = 0; i < 3; i++)
        verify_at_most(v, fabs(p[i] - gaps[i]), 4 * DBL_EPSILON, "absolute error", "inverse-gap weight %d", i);
}

/* 85422 and 32793 were found with another order of summation: 0.2 per cent is what another order may change. */
void sor_bandit_check_example_heat(verify_context *v)
{
    static const double omegas[2] = {SOR_BANDIT_PLAIN, 1}, expected[2] = {85422, 32793};
    const sor_bandit_heat scenario = sor_bandit_heat_paper(25);
    for (int k = 0; k < (verify_depth_of(v) == VERIFY_QUICK ? 1 : 2); k++) {
        const sor_bandit_policy policy = {.omegas = omegas + k, .arms = 1};
        sor_bandit_trace trace = {0};
        if (!verify_ok(v, sor_bandit_heat_run(&scenario, &policy, &trace, NULL), "omega %g", omegas[k]))
            return;
        verify_at_most(v, fabs((double)trace.total / expected[k] - 1), 0.002, "relative difference",
                       "omega %g: %llu iterations, expected %g", omegas[k], (unsigned long long)trace.total,
                       expected[k]);
    }
}

/* ---- MPFR ----------------------------------------------------------------------------------------------------- */

enum { BITS = 200 };

/* SOR of the definition on a grid with zeros around it, in @p BITS bits. */
typedef struct exact_grid {
    size_t side;
    mpfr_t *x; /* (side + 2)^2 */
    mpfr_t diagonal, omega, sum, term;
} exact_grid;

static void neighbours(exact_grid *g, size_t at)
{
    mpfr_add(g->sum, g->x[at - 1], g->x[at + 1], MPFR_RNDN);
    mpfr_add(g->sum, g->sum, g->x[at - (g->side + 2)], MPFR_RNDN);
    mpfr_add(g->sum, g->sum, g->x[at + g->side + 2], MPFR_RNDN);
}

/* One sweep; the relative residual after it. */
static double exact_sweep(exact_grid *g, const double *b, double squares)
{
    for (size_t i = 0; i < g->side * g->side; i++) {
        const size_t at = (i / g->side + 1) * (g->side + 2) + i % g->side + 1;
        neighbours(g, at);
        mpfr_add_d(g->sum, g->sum, b[i], MPFR_RNDN);
        mpfr_div(g->sum, g->sum, g->diagonal, MPFR_RNDN);
        mpfr_sub(g->sum, g->sum, g->x[at], MPFR_RNDN);
        mpfr_fma(g->x[at], g->omega, g->sum, g->x[at], MPFR_RNDN);
    }
    double total = 0;
    for (size_t i = 0; i < g->side * g->side; i++) {
        const size_t at = (i / g->side + 1) * (g->side + 2) + i % g->side + 1;
        neighbours(g, at);
        mpfr_add_d(g->sum, g->sum, b[i], MPFR_RNDN);
        mpfr_fms(g->sum, g->diagonal, g->x[at], g->sum, MPFR_RNDN);
        const double r = mpfr_get_d(g->sum, MPFR_RNDN);
        total += r * r;
    }
    return sqrt(total / squares);
}

/* The exact count of sweeps, or 0 if the residual at the end is within 1e-6 of the goal: then rounding may decide. */
static size_t exact_count(size_t side, double diagonal, double omega, const double *b, double tolerance)
{
    exact_grid g = {.side = side, .x = malloc((side + 2) * (side + 2) * sizeof *g.x)};
    if (!g.x)
        return 0;
    for (size_t k = 0; k < (side + 2) * (side + 2); k++) {
        mpfr_init2(g.x[k], BITS);
        mpfr_set_zero(g.x[k], 1);
    }
    mpfr_inits2(BITS, g.diagonal, g.omega, g.sum, g.term, (mpfr_ptr)0);
    mpfr_set_d(g.diagonal, diagonal, MPFR_RNDN);
    mpfr_set_d(g.omega, omega, MPFR_RNDN);
    const double norm = sor_bandit_norm(b, side * side);
    size_t count = 0;
    bool clear = true;
    for (double now = 1; !(now < tolerance) && count < 10000; count++) {
        now = exact_sweep(&g, b, norm * norm);
        clear = clear && fabs(now / tolerance - 1) > 1e-6;
    }
    for (size_t k = 0; k < (side + 2) * (side + 2); k++)
        mpfr_clear(g.x[k]);
    mpfr_clears(g.diagonal, g.omega, g.sum, g.term, (mpfr_ptr)0);
    free(g.x);
    return clear ? count : 0;
}

/* With 16-digit rounding errors against a goal of 1e-8 a clear case cannot come out otherwise. */
void sor_bandit_check_mpfr(verify_context *v)
{
    enum { SIDE = 10 };
    const int instances = verify_depth_of(v) == VERIFY_QUICK ? 5 : 40;
    int judged = 0;
    for (int k = 0; k < instances; k++) {
        const assay_random r = verify_random(v, 1000 + (uint64_t)k);
        double b[SIDE * SIDE], x[SIDE * SIDE] = {0};
        const double shift = -0.1 + 0.6 * assay_random_uniform(r, 1 << 20), omega = sor_bandit_arms[(3 * k + 8) % 20];
        assay_random_fill_normal(r, 0, 0, 1, b, SIDE * SIDE);
        const size_t expected = exact_count(SIDE, 4 + shift, omega, b, from_start.tolerance);
        if (expected == 0)
            continue;
        const sor_bandit_grid grid = {SIDE, SIDE, 4 + shift, 1};
        sor_bandit_report report;
        verify_ok(v, sor_bandit_grid_sor(&grid, b, omega, &from_start, x, &report), "shift %g, omega %g", shift, omega);
        verify_true(v, report.iterations == expected, "shift %.17g, omega %g: %zu sweeps, MPFR has %zu", shift, omega,
                    report.iterations, expected);
        judged++;
    }
    /* Each is unclear with a probability of some 2e-5: three of 5 below 1e-12, three of 40 below 1e-10 */
    verify_at_least(v, judged, instances - 2, "instances", "clear cases");
}

/* ---- LAPACK --------------------------------------------------------------------------------------------------- */

/* Both solvers on one matrix against Cholesky: ||x - exact|| <= ||A^-1|| (tolerance ||b||), and A^-1 is at most
 * 1 / least, plus rounding of both, n^2 epsilon condition. */
static void check_dense(verify_context *v, const assay_csr *a, double least, const char *name)
{
    const size_t n = a->rows;
    double *dense = sor_bandit_dense(a), *l = assay_allocate(n * n, sizeof *l), *b = assay_allocate(3 * n, sizeof *b);
    if (!verify_true(v, dense && l && b, "memory"))
        return;
    double *exact = b + n, *x = b + 2 * n;
    assay_random_fill_normal(verify_random(v, 40), 0, 0, 1, b, n);
    verify_ok(v, assay_dense_cholesky(n, dense, l), "%s", name);
    verify_ok(v, assay_dense_cholesky_solve(n, l, 1, b, exact), "%s", name);
    const double bound = 1.001 * from_start.tolerance * sor_bandit_norm(b, n) / least;
    for (int solver = 0; solver < 3; solver++) {
        memset(x, 0, n * sizeof *x);
        verify_ok(v,
                  solver == 0
                      ? sor_bandit_sor(a, b, 1.2, &from_start, x, NULL)
                      : sor_bandit_gradients(a, b, solver == 1 ? 1.3 : SOR_BANDIT_PLAIN, &from_right_side, x, NULL),
                  "%s, solver %d", name, solver);
        for (size_t i = 0; i < n; i++)
            x[i] -= exact[i];
        verify_at_most(v, sor_bandit_norm(x, n), bound, "2-norm", "%s, solver %d", name, solver);
    }
    assay_release(dense);
    assay_release(l);
    assay_release(b);
}

void sor_bandit_check_lapack(verify_context *v)
{
    assay_csr a = sor_bandit_random_matrix(verify_random(v, 41), 150);
    if (verify_true(v, a.rows == 150, "matrix"))
        check_dense(v, &a, 0.5, "random"); /* diagonally dominant by 0.5 */
    assay_csr_release(&a);
    const sor_bandit_grid grid = {9, 14, 4.1, 1};
    if (verify_ok(v, sor_bandit_grid_matrix(&grid, &a), "grid"))
        check_dense(v, &a, 0.1, "grid");
    assay_csr_release(&a);
}

/* ---- Sine transforms ------------------------------------------------------------------------------------------ */

/* Each step from where we are: the residual of our result is at most the tolerance times ||b||, and as A >= I that
 * bounds the difference. ||b|| <= ||(2 A - I) u|| + dt ||f||; it is bounded by what we have, ||A u_new||, through 1 + 8
 * g. */
void sor_bandit_check_sine(verify_context *v)
{
    enum { NX = 25, N = (NX - 1) * (NX - 1) };
    double *u = assay_allocate(3 * N, sizeof *u);
    if (!verify_true(v, u, "memory"))
        return;
    double *next = u + N, *exact = u + 2 * N;
    sor_bandit_heat one = sor_bandit_heat_paper(NX);
    const double omega = 1.3;
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    one.steps = 1;
    assay_random_fill_normal(verify_random(v, 50), 0, 0, 1, u, N);
    one.initial = u;
    const int steps = verify_depth_of(v) == VERIFY_QUICK ? 50 : 1000;
    for (int t = 0; t < steps; t++) {
        sor_bandit_trace trace = {0};
        one.start = 0.37 + 7e-3 * t;
        if (!verify_ok(v, sor_bandit_heat_run(&one, &policy, &trace, next), "step %d", t) ||
            !verify_ok(v, sor_bandit_exact_step(&one, u, exact), "step %d", t))
            break;
        const double g = sor_bandit_heat_conductivity(one.start + one.step / 2) * one.step * NX * NX / 2;
        double difference = 0;
        for (size_t i = 0; i < N; i++)
            difference += (next[i] - exact[i]) * (next[i] - exact[i]);
        /* and 1e-13 for the rounding of the transforms, whose numbers are below 10 */
        verify_at_most(v, sqrt(difference),
                       1.001 * one.goal.tolerance * (1 + 8 * g) * sor_bandit_norm(exact, N) + 1e-13, "2-norm",
                       "step %d, g = %g", t, g);
        memcpy(u, exact, N * sizeof *u);
    }
    assay_release(u);
}

/* A whole run: errors add up but do not grow, because a step of Crank and Nicolson makes nothing longer. */
void sor_bandit_check_sine_run(verify_context *v)
{
    enum { NX = 40, N = (NX - 1) * (NX - 1), STEPS = 60 };
    double *u = assay_allocate(3 * N, sizeof *u);
    if (!verify_true(v, u, "memory"))
        return;
    double *ours = u + N, *exact = u + 2 * N, bound = 0;
    assay_random_fill_uniform(verify_random(v, 51), 0, 0, 1, u, N);
    sor_bandit_heat run = sor_bandit_heat_paper(NX), one;
    const double omega = 1.4;
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    sor_bandit_trace trace = {0};
    run.steps = STEPS;
    run.start = 0.6; /* where kappa is large */
    run.initial = u;
    verify_ok(v, sor_bandit_heat_run(&run, &policy, &trace, ours), "run");
    one = run;
    for (size_t t = 0; t < STEPS; t++) {
        one.start = run.start + (double)t * run.step;
        verify_ok(v, sor_bandit_exact_step(&one, u, exact), "step %zu", t);
        memcpy(u, exact, N * sizeof *u);
        const double g = sor_bandit_heat_conductivity(one.start + one.step / 2) * one.step * NX * NX / 2;
        bound += 1.001 * run.goal.tolerance * (1 + 8 * g) * (sor_bandit_norm(exact, N) + bound) + 1e-13;
    }
    for (size_t i = 0; i < N; i++)
        ours[i] -= exact[i];
    verify_at_most(v, sor_bandit_norm(ours, N), bound, "2-norm", "after %d steps", STEPS);
    assay_release(u);
}

/* ---- CHOLMOD -------------------------------------------------------------------------------------------------- */

static void check_sparse(verify_context *v, const assay_csr *a, const char *name)
{
    const size_t n = a->rows;
    double *b = assay_allocate(4 * n, sizeof *b);
    if (!verify_true(v, b, "memory"))
        return;
    double *exact = b + n, *x = b + 2 * n, *difference = b + 3 * n;
    assay_random_fill_normal(verify_random(v, 60), 0, 0, 1, b, n);
    if (verify_ok(v, sor_bandit_cholmod_solve(a, b, exact), "%s", name)) {
        const double norm = sor_bandit_norm(b, n), own = sor_bandit_residual(a, b, exact);
        for (int solver = 0; solver < 2; solver++) {
            memset(x, 0, n * sizeof *x);
            verify_ok(v,
                      solver == 0 ? sor_bandit_sor(a, b, 1.5, &from_start, x, NULL)
                                  : sor_bandit_gradients(a, b, 1.2, &from_right_side, x, NULL),
                      "%s, solver %d", name, solver);
            for (size_t i = 0; i < n; i++)
                difference[i] = x[i] - exact[i];
            memset(x, 0, n * sizeof *x);
            /* ||A (x - exact)|| <= tolerance ||b|| + what CHOLMOD leaves */
            verify_at_most(v, sor_bandit_residual(a, x, difference), 1.001 * from_start.tolerance * norm + own,
                           "2-norm", "%s, solver %d", name, solver);
        }
    }
    assay_release(b);
}

void sor_bandit_check_cholmod(verify_context *v)
{
    assay_csr a;
    const sor_bandit_grid grid = {37, 53, 4.05, 1};
    if (verify_ok(v, sor_bandit_grid_matrix(&grid, &a), "grid")) {
        check_sparse(v, &a, "grid");
        assay_csr_release(&a);
    }
    const bool cheap = verify_depth_of(v) == VERIFY_QUICK && !assay_user_data(); /* the digits' graph takes a while */
    if (!cheap && verify_ok(v, sor_bandit_real_matrix(&a), "real matrix")) {
        check_sparse(v, &a, "real matrix");
        assay_csr_release(&a);
    }
}
