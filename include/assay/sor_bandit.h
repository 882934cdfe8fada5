/**
 * @file sor_bandit.h
 * Learning to relax: bandits that choose the relaxation factor of SOR and SSOR across a sequence of linear systems.
 *
 * M. Khodak, E. Chow, M.-F. Balcan, A. Talwalkar, Learning to Relax: Setting Solver Parameters Across a Sequence of
 * Linear System Instances, ICLR 2024, arXiv:2310.02246.
 *
 * A simulation solves A_t x = b_t for t = 1, 2, ... by SOR, or by conjugate gradients preconditioned by SSOR. Both have
 * one parameter, the relaxation factor omega, and the only feedback is the number of iterations. A bandit chooses omega
 * for each system such that the total comes near that of the best fixed omega; a contextual one, which sees a number
 * that describes A_t (its shift c, or the diffusion coefficient), comes near the best omega for each.
 *
 * All floating-point data are double, grids and tables row-major. Everything is deterministic: the same bits for any
 * number of threads, the same choices for the same random numbers and losses. What depends on the CPU level is said at
 * each function. Failing calls leave their outputs untouched, except that ASSAY_NOT_CONVERGED leaves the last iterate
 * and its report, which is the best one in the energy norm. Inputs and outputs do not overlap.
 */
#ifndef ASSAY_SOR_BANDIT_H
#define ASSAY_SOR_BANDIT_H

#include "assay/random.h"
#include "assay/sparse.h"
#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Solvers -------------------------------------------------------------------------------------------------- */

/** The omega of sor_bandit_gradients() without preconditioner. */
#define SOR_BANDIT_PLAIN 0.0

/** What the norm of the residual is relative to. */
typedef enum sor_bandit_relative {
    SOR_BANDIT_TO_START,     /**< ||b - A x||_2 of the start */
    SOR_BANDIT_TO_RIGHT_SIDE /**< ||b||_2; b = 0 then gives x = 0 in 0 iterations */
} sor_bandit_relative;

/** When a solver stops. */
typedef struct sor_bandit_goal {
    double tolerance;             /**< of the relative residual, in (0, 1); 1e-8 in the paper's experiments */
    size_t limit;                 /**< most iterations, 1 to UINT32_MAX; 10000 in the paper's code */
    sor_bandit_relative relative; /**< to what; the start for SOR, the right side for gradients in the paper's code */
} sor_bandit_goal;

/** What a solver did. */
typedef struct sor_bandit_report {
    size_t iterations; /**< sweeps of SOR, or steps of conjugate gradients */
    double residual;   /**< its relative residual at the end (0 if what it is relative to is 0) */
} sor_bandit_report;

/**
 * SOR in natural order from the start @p x, which gets the result:
 * x_i += omega ((b_i - sum over j != i of a_ij x_j) / a_ii - x_i), newest values used, until the residual after a sweep
 * is below the goal (at a residual of 0 none is made). A is square with a positive diagonal; 0 < omega < 2 (for a
 * symmetric positive definite A it then converges: Ostrowski and Reich). The same bits of @p x and the same number of
 * sweeps at every level, except that the norm of the residual is summed in another order, which matters only if it
 * comes within rounding of the goal. @p report may be null. ASSAY_NOT_CONVERGED after goal->limit sweeps.
 */
assay_status sor_bandit_sor(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal, double *x,
                            sor_bandit_report *report);

/**
 * Conjugate gradients with the preconditioner M = (D + omega L) D^-1 (D + omega L)^T / (omega (2 - omega)), where
 * A = L + D + L^T; omega in (0, 2), or SOR_BANDIT_PLAIN for M = I. Stops when the recurrence's residual is at most the
 * goal, before the first step too. A must be symmetric (not looked at) with a positive diagonal. The levels sum in
 * other orders: their counts may differ by 1, and A x by 2.5 tolerances of what the residual is relative to.
 * ASSAY_NOT_CONVERGED after goal->limit steps; ASSAY_SINGULAR if p^T A p <= 0: A is not positive definite.
 */
assay_status sor_bandit_gradients(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal,
                                  double *x, sor_bandit_report *report);

/** The 5-point operator on rows x columns points with zeros around them: y = diagonal x - neighbour (the sum of x
 * above, left, right and below). */
typedef struct sor_bandit_grid {
    size_t rows;      /**< at least 1 */
    size_t columns;   /**< at least 1; rows * columns at most 2^31 */
    double diagonal;  /**< above 0 and finite */
    double neighbour; /**< finite; positive definite if 4 |neighbour| <= diagonal */
} sor_bandit_grid;

/** The matrix of a grid, point (i, j) being unknown i columns + j; release it with assay_csr_release(). */
assay_status sor_bandit_grid_matrix(const sor_bandit_grid *grid, assay_csr *a);

/** sor_bandit_sor() of sor_bandit_grid_matrix(), the same bits of @p x. */
assay_status sor_bandit_grid_sor(const sor_bandit_grid *grid, const double *b, double omega,
                                 const sor_bandit_goal *goal, double *x, sor_bandit_report *report);

/** sor_bandit_gradients() of sor_bandit_grid_matrix(). */
assay_status sor_bandit_grid_gradients(const sor_bandit_grid *grid, const double *b, double omega,
                                       const sor_bandit_goal *goal, double *x, sor_bandit_report *report);

/** One of many SOR solves on grids of one shape. */
typedef struct sor_bandit_problem {
    double diagonal; /**< of its grid */
    double omega;    /**< in (0, 2) */
    const double *b; /**< right side */
} sor_bandit_problem;

/** iterations[k] = the sweeps that sor_bandit_grid_sor() makes for problem k from x = 0 to the goal, goal->limit if it
 *  does not converge: many at once in the lanes of vectors and in threads. The diagonal of @p grid is not used. */
assay_status sor_bandit_grid_counts(const sor_bandit_grid *grid, const sor_bandit_problem *problems, size_t count,
                                    const sor_bandit_goal *goal, uint32_t *iterations);

/* ---- Theory --------------------------------------------------------------------------------------------------- */

/** The spectral radius beta of Jacobi's iteration on a grid: (2 |neighbour| / diagonal) (cos(pi / (rows + 1)) +
 *  cos(pi / (columns + 1))). NaN if the grid is not valid. */
double sor_bandit_jacobi_radius(const sor_bandit_grid *grid);

/** Young's optimal omega, 1 + (beta / (1 + sqrt(1 - beta^2)))^2, for a consistently ordered matrix with 0 <= beta < 1;
 *  NaN outside. */
double sor_bandit_young_omega(double beta);

/** Young's spectral radius of SOR's iteration, for 0 <= beta < 1 and 0 < omega < 2; NaN outside. */
double sor_bandit_young_radius(double beta, double omega);

/** The surrogate U(omega) of SOR's count: 1 + log(tolerance) / log(radius + tau (1 - radius)), where radius is that of
 *  the iteration matrix and tau in [0, 1) says how far its powers are above radius^k. NaN for arguments out of range.
 */
double sor_bandit_surrogate_sor(double radius, double tau, double tolerance);

/** Axelsson's bound for SSOR-preconditioned gradients, U(omega): kappa is the condition number of A, alpha the largest
 *  eigenvalue of D A^-1, beta that of (L D^-1 L^T - D / 4) A^-1. For 2 sqrt(2) - 2 <= omega < 2; NaN outside. */
double sor_bandit_surrogate_gradients(double omega, double kappa, double alpha, double beta, double tolerance);

/** A cost to be minimised over omega. */
typedef double (*sor_bandit_cost)(void *self, double omega);

/**
 * Golden-section search for the omega of least @p cost: first at @p starts (@p count >= 3 numbers, ascending), then
 * between the neighbours of the least ones, until @p evaluations (more than @p count) have been made. Among equal costs
 * it moves left after an even number of evaluations, right after an odd one; the answer is the middle between the
 * smallest and the largest omega of least cost. The paper's code has {1, 1.3, 1.5, 1.75, 1.95} and 12.
 */
assay_status sor_bandit_golden(sor_bandit_cost cost, void *self, const double *starts, size_t count, size_t evaluations,
                               double *omega);

/* ---- Learners ------------------------------------------------------------------------------------------------- */

/** A bandit over a fixed set of arms, numbered from 0. Choosing and learning must alternate. */
typedef struct sor_bandit_learner sor_bandit_learner;

/** Tsallis-INF (follow the regularised leader with 1/2-Tsallis entropy) over @p arms >= 2 arms; contexts are ignored.
 *  Uses the number @p random[t] for choice t. Release it with sor_bandit_release(). */
assay_status sor_bandit_create_tsallis(size_t arms, assay_random random, sor_bandit_learner **learner);

/** One Tsallis-INF for each of @p bins >= 1 equal parts of the contexts from @p low to @p high. */
assay_status sor_bandit_create_tsallis_bins(size_t arms, size_t bins, double low, double high, assay_random random,
                                            sor_bandit_learner **learner);

/** ChebCB: for each arm a regression of the loss on @p features (1 to 32; 6 in the paper's code) Chebyshev polynomials
 *  of the context in [low, high], and weights inverse to the gap to the arm that is predicted to be best. Probabilities
 *  differ by less than 1e-10 between the reference level and the others, where a step takes constant time. */
assay_status sor_bandit_create_chebyshev(size_t arms, size_t features, double low, double high, assay_random random,
                                         sor_bandit_learner **learner);

/** Chooses an arm. A finite @p context outside the learner's interval counts as its nearest end (and is counted). */
assay_status sor_bandit_choose(sor_bandit_learner *learner, double context, size_t *arm);

/** Learns the loss (finite, at least 0: a number of iterations) of the arm that was chosen. */
assay_status sor_bandit_learn(sor_bandit_learner *learner, double loss);

/** The distribution from which the last arm was drawn: one probability for each arm. */
assay_status sor_bandit_probabilities(const sor_bandit_learner *learner, double *p);

/** Coefficients of ChebCB's regressions, arms x features, and the box |coefficient j| <= box[j] in which they lie;
 *  ASSAY_INVALID_ARGUMENT for other learners. @p box may be null. */
assay_status sor_bandit_coefficients(const sor_bandit_learner *learner, double *coefficients, double *box);

/** How many contexts lay outside the interval. */
size_t sor_bandit_clamped(const sor_bandit_learner *learner);

/** Releases a learner; null is fine. */
void sor_bandit_release(sor_bandit_learner *learner);

/** The distribution of Tsallis-INF for the losses @p loss of @p arms arms and the rate eta > 0: the p that minimises
 *  <p, loss> - (4 / eta) sum of sqrt(p_i) over the simplex, p_i = 4 / (eta (loss_i - x))^2. */
assay_status sor_bandit_tsallis_distribution(size_t arms, const double *loss, double eta, double *p);

/** Inverse-gap weights for the predicted losses @p predicted: 1 / (arms + eta gap_i), the rest for the best arm (the
 *  lowest one of several). Needs eta >= 0. */
assay_status sor_bandit_gap_distribution(size_t arms, const double *predicted, double eta, double *p);

/* ---- Scenarios ------------------------------------------------------------------------------------------------ */

/** Who chooses omega for each step: @c learner among @c omegas; else @c rule if it is set; else omegas[0] always. */
typedef struct sor_bandit_policy {
    sor_bandit_learner *learner;                /**< with as many arms as there are omegas; may be null */
    const double *omegas;                       /**< each in (0, 2), or SOR_BANDIT_PLAIN for the heat equation */
    size_t arms;                                /**< number of omegas */
    double (*rule)(void *self, double context); /**< omega for a context; may be null */
    void *self;                                 /**< given to @c rule */
} sor_bandit_policy;

/** What a run was: arrays of one element for each step, any of them null if not wanted, and totals. */
typedef struct sor_bandit_trace {
    uint32_t *iterations; /**< of the step (the goal's limit if it did not converge) */
    uint32_t *arms;       /**< number of the omega; 0 without a learner */
    double *contexts;     /**< what the learner saw */
    uint64_t total;       /**< set: all iterations */
    size_t unconverged;   /**< set: steps that reached the limit */
} sor_bandit_trace;

/** Systems with random shifts: A_t = A + c_t I with the 5-point A (diagonal 4, neighbours -1) on side x side points and
 *  c_t = low + width Beta(first / 2, second / 2); b_t is standard normal, given that ||b_t||_2 <= side. Solved by SOR
 *  from 0. The context is c_t. */
typedef struct sor_bandit_shift {
    size_t side;          /**< 1 to 1024 */
    unsigned first;       /**< twice the first parameter of the Beta distribution, 1 to 64 */
    unsigned second;      /**< twice the second one */
    double low;           /**< least shift; above minus the least eigenvalue of A */
    double width;         /**< of the shifts, at least 0 */
    size_t steps;         /**< at least 1 */
    sor_bandit_goal goal; /**< of each solve */
    assay_random random;  /**< uses two streams, this one and the next */
} sor_bandit_shift;

/** The paper's: side 10, low -0.15, width 0.6, 5000 steps, tolerance 1e-8; Beta(1/2, 3/2) for high variance, Beta(2, 6)
 *  for low. The arms in its code are 1.00, 1.05, ..., 1.95 and the contexts' interval [-0.15, 0.65]. */
sor_bandit_shift sor_bandit_shift_paper(bool high_variance, assay_random random);

/** System @p step (from 0): its shift and right side, side * side numbers. */
assay_status sor_bandit_shift_instance(const sor_bandit_shift *scenario, size_t step, double *shift, double *b);

/** Runs it. */
assay_status sor_bandit_shift_run(const sor_bandit_shift *scenario, const sor_bandit_policy *policy,
                                  sor_bandit_trace *trace);

/** What every omega would have taken: counts[t * arms + i] for step t and omegas[i]; contexts[t] (may be null). */
assay_status sor_bandit_shift_counts(const sor_bandit_shift *scenario, size_t arms, const double *omegas,
                                     uint32_t *counts, double *contexts);

/** The heat equation u_t = kappa(t) Laplace(u) + source f on rows x columns inner points with u = 0 around them, by
 *  Crank and Nicolson: with the middle h of a step, (I - kappa(h) dt/2 Laplace) u_new = (I + kappa(h) dt/2 Laplace) u +
 *  dt source f(h), kappa(t) = max(0.1 sin 2 pi t, -10 sin 2 pi t), f = 32 B((0.5 + cos(16 pi t) / 4, 0.5 +
 *  sin(16 pi t) / 4), 1/8), B(c, r) = exp(1 - 1 / (1 - s)) for s = |x - c|^2 / r^2 < 1, else 0. Solved by gradients
 * from the old u. The context is kappa(h). */
typedef struct sor_bandit_heat {
    size_t rows;           /**< at least 1; point (i, j) is at ((j + 1) spacing, (i + 1) spacing) */
    size_t columns;        /**< at least 1 */
    double spacing;        /**< above 0; 1 / nx on the unit square with rows = columns = nx - 1 */
    double start;          /**< time at which it begins, at least 0 */
    double step;           /**< dt, above 0 */
    size_t steps;          /**< at least 1 */
    double source;         /**< factor of f */
    const double *initial; /**< rows x columns; null: B((0.5, 0.5), 1/4) */
    sor_bandit_goal goal;  /**< of each solve */
} sor_bandit_heat;

/** The paper's: unit square with @p nx intervals a side, dt = 1e-3, 5000 steps, source 1, tolerance 1e-8 relative to
 * the right side. Its contexts lie in [0, 10]. */
sor_bandit_heat sor_bandit_heat_paper(size_t nx);

/** kappa(t). */
double sor_bandit_heat_conductivity(double t);

/** Runs it; @p state (rows x columns) gets the last u and may be null. */
assay_status sor_bandit_heat_run(const sor_bandit_heat *scenario, const sor_bandit_policy *policy,
                                 sor_bandit_trace *trace, double *state);

/** What every omega would take from the same u: counts[t * arms + i]; u goes on with the solution of omegas[0]. */
assay_status sor_bandit_heat_counts(const sor_bandit_heat *scenario, size_t arms, const double *omegas,
                                    uint32_t *counts, double *contexts);

/** Lets a learner play against a table of counts (steps x arms) and contexts as if the systems were solved. */
assay_status sor_bandit_replay(sor_bandit_learner *learner, size_t steps, size_t arms, const uint32_t *counts,
                               const double *contexts, sor_bandit_trace *trace);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** sor_bandit_sor() plainly. */
assay_status sor_bandit_reference_sor(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal,
                                      double *x, sor_bandit_report *report);

/** sor_bandit_gradients() plainly. */
assay_status sor_bandit_reference_gradients(const assay_csr *a, const double *b, double omega,
                                            const sor_bandit_goal *goal, double *x, sor_bandit_report *report);

/** sor_bandit_grid_sor() plainly. */
assay_status sor_bandit_reference_grid_sor(const sor_bandit_grid *grid, const double *b, double omega,
                                           const sor_bandit_goal *goal, double *x, sor_bandit_report *report);

/** sor_bandit_grid_gradients() plainly. */
assay_status sor_bandit_reference_grid_gradients(const sor_bandit_grid *grid, const double *b, double omega,
                                                 const sor_bandit_goal *goal, double *x, sor_bandit_report *report);

/** sor_bandit_grid_counts() plainly. */
assay_status sor_bandit_reference_grid_counts(const sor_bandit_grid *grid, const sor_bandit_problem *problems,
                                              size_t count, const sor_bandit_goal *goal, uint32_t *iterations);

/** sor_bandit_create_chebyshev() plainly: it keeps every context and loss, and goes through all of them in each step.
 */
assay_status sor_bandit_reference_create_chebyshev(size_t arms, size_t features, double low, double high,
                                                   assay_random random, sor_bandit_learner **learner);

/** sor_bandit_shift_run() plainly. */
assay_status sor_bandit_reference_shift_run(const sor_bandit_shift *scenario, const sor_bandit_policy *policy,
                                            sor_bandit_trace *trace);

/** sor_bandit_shift_counts() plainly. */
assay_status sor_bandit_reference_shift_counts(const sor_bandit_shift *scenario, size_t arms, const double *omegas,
                                               uint32_t *counts, double *contexts);

/** sor_bandit_heat_run() plainly. */
assay_status sor_bandit_reference_heat_run(const sor_bandit_heat *scenario, const sor_bandit_policy *policy,
                                           sor_bandit_trace *trace, double *state);

/** sor_bandit_heat_counts() plainly. */
assay_status sor_bandit_reference_heat_counts(const sor_bandit_heat *scenario, size_t arms, const double *omegas,
                                              uint32_t *counts, double *contexts);

ASSAY_END_DECLARATIONS

#endif
