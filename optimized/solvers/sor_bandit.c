/* The solvers on grids: the choice of the instruction set, and the iterations over skewed vectors. */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "optimized/solvers/sor_bandit_kernels.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <string.h>

const sor_bandit_kernels *sor_bandit_kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return &sor_bandit_kernels_baseline;
    case ASSAY_AVX2: return &sor_bandit_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return &sor_bandit_kernels_avx512;
#else
    return &sor_bandit_kernels_avx2;
#endif
}

static assay_status not_converged(size_t limit, double reached, double tolerance)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "the relative residual is %.3g after %zu iterations, must come to %g",
                      reached, limit, tolerance);
}

/* r = b - A x; its norm and what it is relative to. */
static assay_status start(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                          const sor_bandit_goal *goal, const double *x, double *r, double *now, double *reference)
{
    double squares[2];
    kernels->residual(a, b, x, r, squares);
    *now = sqrt(squares[0]);
    *reference = goal->relative == SOR_BANDIT_TO_START ? *now : sqrt(squares[1]);
    if (isfinite(squares[0]) && isfinite(squares[1]))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "the norm of b or of the first residual overflows");
}

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

/*
 * Sweeps in groups that are made together; if the goal lies within a group, its sweeps are made again one by one from
 * what x was before, which is kept in @p r.
 */
static double sweep_to_goal(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                            double omega, double goal, size_t limit, bool want_x, double *x, double *r,
                            size_t *iterations)
{
    double squares[SOR_BANDIT_TOGETHER], now = INFINITY;
    while (!(now < goal) && limit - *iterations >= SOR_BANDIT_TOGETHER) {
        size_t made = 0;
        if (want_x)
            memcpy(r, x, a->skew->elements * sizeof *r);
        kernels->sweeps(a, omega, b, x, squares);
        while (made < SOR_BANDIT_TOGETHER && !(now < goal))
            now = sqrt(squares[made++]);
        *iterations += made;
        if (want_x && made < SOR_BANDIT_TOGETHER) {
            memcpy(x, r, a->skew->elements * sizeof *x);
            for (size_t k = 0; k < made; k++)
                kernels->sweep(a, omega, b, x);
        }
    }
    while (!(now < goal) && *iterations < limit) {
        now = sqrt(kernels->sweep(a, omega, b, x));
        ++*iterations;
    }
    return now;
}

assay_status sor_bandit_skew_sor(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                                 double omega, const sor_bandit_goal *goal, bool want_x, double *x, double *r,
                                 sor_bandit_report *report)
{
    double now, reference;
    assay_status status = start(kernels, a, b, goal, x, r, &now, &reference);
    *report = (sor_bandit_report){0};
    if (status != ASSAY_OK)
        return status;
    if (reference == 0 && goal->relative == SOR_BANDIT_TO_RIGHT_SIDE) {
        memset(x, 0, a->skew->elements * sizeof *x);
        return ASSAY_OK;
    }
    if (now == 0)
        return ASSAY_OK;
    now = sweep_to_goal(kernels, a, b, omega, goal->tolerance * reference, goal->limit, want_x, x, r,
                        &report->iterations);
    report->residual = now / reference;
    return now < goal->tolerance * reference ? ASSAY_OK
                                             : not_converged(report->iterations, report->residual, goal->tolerance);
}

/* ---- SSOR-preconditioned conjugate gradients -------------------------------------------------------------------- */

/*
 * Three passes over memory for each step: the solution and residual with the forward solve, the backward solve with
 * r z, the direction with A p. Eisenstat's trick (one product less for vectors in transformed coordinates) would need
 * three too, because the goal is set for the residual itself, and so has nothing to save here.
 */
assay_status sor_bandit_skew_gradients(const sor_bandit_kernels *kernels, const sor_bandit_operator *a, const double *b,
                                       double omega, const sor_bandit_goal *goal, double *x,
                                       const sor_bandit_workspace *w, sor_bandit_report *report)
{
    const bool plain = omega == SOR_BANDIT_PLAIN;
    double now, reference, rho = 0;
    const assay_status status = start(kernels, a, b, goal, x, w->r, &now, &reference);
    *report = (sor_bandit_report){0};
    if (status != ASSAY_OK)
        return status;
    if (reference == 0) {
        if (goal->relative == SOR_BANDIT_TO_RIGHT_SIDE)
            memset(x, 0, a->skew->elements * sizeof *x);
        return ASSAY_OK;
    }
    const double limit = goal->tolerance * reference;
    if (now > limit && !plain)
        kernels->advance(a, omega, 0, NULL, NULL, x, w->r, w->y);
    for (;; report->iterations++) {
        report->residual = now / reference;
        if (now <= limit)
            return ASSAY_OK;
        if (report->iterations == goal->limit)
            return not_converged(goal->limit, report->residual, goal->tolerance);
        const double rho_before = rho;
        rho = plain ? now * now : kernels->backward(a, omega, w->r, w->y);
        const double beta = report->iterations > 0 ? rho / rho_before : 0;
        const double curvature = kernels->direction(a, beta, plain ? w->r : w->y, w->p, w->q);
        if (!(curvature > 0))
            return assay_fail(ASSAY_SINGULAR, "the matrix is not positive definite: p^T A p is %g", curvature);
        const double alpha = rho / curvature;
        if (!isfinite(alpha)) /* and would leave NaN in what has to stay 0 */
            return assay_fail(ASSAY_OUT_OF_RANGE, "the numbers overflow: r^T z is %g", rho);
        now = sqrt(kernels->advance(a, omega, alpha, w->p, w->q, x, w->r, plain ? NULL : w->y));
    }
}

/* ---- Natural order -------------------------------------------------------------------------------------------- */

/* Checks, takes b and x over into skewed order, solves, and gives x back. */
static assay_status solve(const sor_bandit_kernels *kernels, const sor_bandit_grid *grid, bool gradients,
                          const double *b, double omega, const sor_bandit_goal *goal, double *x,
                          sor_bandit_report *report)
{
    assay_status status = sor_bandit_check_grid(grid);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omega("omega", omega, gradients);
    if (status == ASSAY_OK)
        status = sor_bandit_check_vectors(grid->rows * grid->columns, b, x);
    if (status != ASSAY_OK)
        return status;
    sor_bandit_skew skew;
    status = sor_bandit_skew_make(grid->rows, grid->columns, SOR_BANDIT_ALIGNED, &skew);
    if (status != ASSAY_OK)
        return status;
    const sor_bandit_operator a = {&skew, grid->diagonal, grid->neighbour};
    sor_bandit_workspace w = {0};
    sor_bandit_report made = {0};
    double *sides = sor_bandit_skew_vector(&skew, 1), *solution = sor_bandit_skew_vector(&skew, 1);
    if (!sides || !solution)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for vectors of %zu elements", skew.elements);
    if (status == ASSAY_OK)
        status = sor_bandit_workspace_make(&skew, &w);
    if (status == ASSAY_OK) {
        sor_bandit_skew_in(&skew, b, sides);
        sor_bandit_skew_in(&skew, x, solution);
        status = gradients ? sor_bandit_skew_gradients(kernels, &a, sides, omega, goal, solution, &w, &made)
                           : sor_bandit_skew_sor(kernels, &a, sides, omega, goal, true, solution, w.r, &made);
    }
    if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
        sor_bandit_skew_out(&skew, solution, x);
        if (report)
            *report = made;
    }
    sor_bandit_workspace_release(&w);
    assay_release(sides);
    assay_release(solution);
    sor_bandit_skew_release(&skew);
    return status;
}

assay_status sor_bandit_grid_sor(const sor_bandit_grid *grid, const double *b, double omega,
                                 const sor_bandit_goal *goal, double *x, sor_bandit_report *report)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    return kernels ? solve(kernels, grid, false, b, omega, goal, x, report)
                   : sor_bandit_reference_grid_sor(grid, b, omega, goal, x, report);
}

assay_status sor_bandit_grid_gradients(const sor_bandit_grid *grid, const double *b, double omega,
                                       const sor_bandit_goal *goal, double *x, sor_bandit_report *report)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    return kernels ? solve(kernels, grid, true, b, omega, goal, x, report)
                   : sor_bandit_reference_grid_gradients(grid, b, omega, goal, x, report);
}
