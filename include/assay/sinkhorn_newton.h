/**
 * @file sinkhorn_newton.h
 * Entropic optimal transport: Sinkhorn sweeps, then Newton steps with a sparsified Hessian (SNS), and its baselines.
 *
 * X. Tang, M. Shavlovsky, H. Rahmanian, E. Tardini, K. K. Thekumparampil, T. Xiao, L. Ying, Accelerating Sinkhorn
 * Algorithm with Sparse Newton Iterations, ICLR 2024, arXiv:2401.12253.
 *
 * Given masses r (n) and c (m) with equal sums, costs C (n x m) and eta > 0, the plan P >= 0 with row sums r and column
 * sums c is sought that minimises <C, P> + (1/eta) sum P log P. With potentials x, y in units of cost it is
 *
 *     P_ij = exp(eta (x_i + y_j - C_ij) - 1),
 *
 * and (x, y) maximises the concave f(x, y) = -(1/eta) sum P_ij + sum r_i x_i + sum c_j y_j (the paper's Lyapunov
 * potential), whose gradient is (r - P 1, c - P^T 1) and whose Hessian is -eta [[diag(P 1), P], [P^T, diag(P^T 1)]].
 * f(x + g, y - g) = f(x, y). Large eta means little smoothing.
 *
 * An exponent of size eta max|C| is rounded to about eta max|C| 2^-52, which is the floor of every error here: 2.7e-13
 * at eta max|C| = 1200, total mass 1. Ask for no less.
 *
 * All methods are deterministic, and the same bits come out with any number of threads. CPU levels round differently:
 * of two solutions of error e or less the plans differ by at most (n + m - 1) e in the sum of |P_ij - P'_ij| (what one
 * has more than the other is a flow without cycles), f by at most e max(|x - x'|, |y - y'|).
 *
 * Entries of P below about 1e-308 count as 0, so that masses near that lose digits, and Newton's methods end before
 * their goal (SINKHORN_NEWTON_LINE_SEARCH) if a mass is smaller.
 *
 * Refused calls leave every output untouched. What an iteration cannot bring to its goal gives ASSAY_NOT_CONVERGED with
 * all outputs set: the potentials reached, and sinkhorn_newton_solution.end says why.
 */
#ifndef ASSAY_SINKHORN_NEWTON_H
#define ASSAY_SINKHORN_NEWTON_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Problems and methods ------------------------------------------------------------------------------------- */

/** Largest eta max|C|: beyond, the rounding of exponents alone would spoil four digits of the plan. */
#define SINKHORN_NEWTON_EXPONENT_MAX 1e12

/** Largest eta max|C| that may be solved without sweeps before the Newton steps: beyond, a whole row of the first P
 *  could be 0. */
#define SINKHORN_NEWTON_UNSWEPT_MAX 600.0

/** Most sweeps and steps that can be asked for. */
#define SINKHORN_NEWTON_ITERATIONS_MAX 1000000000

/** What is to be transported. */
typedef struct sinkhorn_newton_problem {
    size_t n;           /**< sources, at least 1 */
    size_t m;           /**< targets, at least 1; n, m below 2^31 */
    const double *cost; /**< n x m finite costs, row-major */
    const double *r;    /**< n masses above 0 (leave out sources without mass: log 0) */
    const double *c;    /**< m masses above 0, with the sum of @c r within a relative 1e-12 */
    double eta;         /**< above 0; 1/eta is the weight of the entropy */
} sinkhorn_newton_problem;

/** Which entries of P the sparsified Hessian keeps. The diagonal blocks are always whole, and are sums of the whole P.
 *  Of equal entries that with the lower index i m + j is kept first. */
typedef enum sinkhorn_newton_rule {
    SINKHORN_NEWTON_MASS,        /**< the fewest large entries that have at least 1 - keep of the sum of P */
    SINKHORN_NEWTON_TOPK_PLAN,   /**< the ceil(keep n) largest: @c keep of each row on average */
    SINKHORN_NEWTON_TOPK_HESSIAN /**< the paper's: of the ceil(keep (n + m)^2) largest entries of the Hessian, those
                                  *   that are left to P after the n + m of the diagonal, halved (it has P twice) */
} sinkhorn_newton_rule;

/** How the sparse system is solved. */
typedef enum sinkhorn_newton_solver {
    SINKHORN_NEWTON_CG,   /**< conjugate gradients; changes to SCHUR when they reach @c cg_limit for the second time */
    SINKHORN_NEWTON_SCHUR /**< Cholesky factor of the m x m Schur complement (memory: m^2 numbers) */
} sinkhorn_newton_solver;

/** Settings of sinkhorn_newton_solve() and of the other methods that begin with sweeps. */
typedef struct sinkhorn_newton_options {
    size_t sweeps;                 /**< N1 of the paper: sweeps before the Newton steps, at most ITERATIONS_MAX */
    size_t steps;                  /**< N2: most Newton (or L-BFGS) steps, at most ITERATIONS_MAX */
    sinkhorn_newton_rule rule;     /**< which entries are kept */
    double keep;                   /**< MASS: the part in [0, 1) that may be dropped; TOPK_PLAN: in [1/n, m];
                                    *   TOPK_HESSIAN: in (0, 1], at least n + m + 2 entries of the Hessian */
    sinkhorn_newton_solver solver; /**< for the system */
    double cg_tolerance; /**< in (0, 1): the residual (in the norm of the inverse diagonal) to be reached, over
                          *   that of the start */
    size_t cg_limit;     /**< most iterations for a system; 0 means 10 (n + m) */
    bool adaptive;       /**< keep more when three steps in a row shrink the error by less than half each:
                          *   a tenth of what is dropped (MASS), twice the entries (TOPK) */
    bool inexact;        /**< solve only to max(cg_tolerance, min(1e-2, sqrt(error))): fewer iterations in all */
    double tolerance;    /**< above 0: the error |r - P 1|_1 + |c - P^T 1|_1 to be reached */
} sinkhorn_newton_options;

/** 20 sweeps, 100 steps, MASS of 1e-3, adaptive, CG to 1e-10, inexact, tolerance 1e-11. */
sinkhorn_newton_options sinkhorn_newton_defaults(void);

/** What an iteration was. */
typedef enum sinkhorn_newton_kind {
    SINKHORN_NEWTON_SWEEP,     /**< x, then y, by Sinkhorn's formula */
    SINKHORN_NEWTON_STEP,      /**< a Newton step */
    SINKHORN_NEWTON_LBFGS_STEP /**< a step of L-BFGS */
} sinkhorn_newton_kind;

/** One iteration. */
typedef struct sinkhorn_newton_iteration {
    sinkhorn_newton_kind kind; /**< what it was */
    double error;         /**< after it: |r - P 1|_1 + |c - P^T 1|_1; after a sweep the second part is rounding only
                           *   and left out */
    double value;         /**< f after it */
    size_t kept;          /**< entries of P in the sparsified Hessian; 0 for other kinds */
    size_t cg_iterations; /**< for its system; 0 if it was factorised */
    double step;          /**< alpha of the line search; 1 for sweeps */
    double seconds;       /**< since the call */
} sinkhorn_newton_iteration;

/** Why a method ended. */
typedef enum sinkhorn_newton_end {
    SINKHORN_NEWTON_CONVERGED,  /**< the tolerance was reached */
    SINKHORN_NEWTON_LIMIT,      /**< the allowed iterations were made */
    SINKHORN_NEWTON_LINE_SEARCH /**< no step along the direction was an ascent, or sums of P underflowed */
} sinkhorn_newton_end;

/** Where results go. The caller gives the first members, the methods set the others. */
typedef struct sinkhorn_newton_solution {
    double *x;                        /**< n potentials, wanted */
    double *y;                        /**< m potentials, wanted */
    double *plan;                     /**< n x m for P at (x, y), or null */
    sinkhorn_newton_iteration *trace; /**< the first @c trace_capacity iterations, or null */
    size_t trace_capacity;            /**< length of @c trace */
    size_t trace_length;              /**< set: iterations recorded */
    sinkhorn_newton_end end;          /**< set: why it ended */
    double error;                     /**< set: at (x, y), as in the trace */
    double value;                     /**< set: f at (x, y) */
    size_t sweeps;                    /**< set: Sinkhorn sweeps made */
    size_t steps;                     /**< set: Newton or L-BFGS steps made */
    size_t evaluations;               /**< set: of f and its gradient, after the sweeps */
    size_t cg_iterations;             /**< set: of all systems */
    size_t factorisations;            /**< set: Cholesky factors made */
    double exponentials;              /**< set: entries of P (or of its kernel) that were computed */
    double scanned;                   /**< set: entries of C that were read */
    double multiply_adds;             /**< set: with entries of P: in sweeps, sparse systems, and factors */
} sinkhorn_newton_solution;

/** The paper's method: @c sweeps sweeps, then Newton steps with the sparsified Hessian, each with a line search (the
 *  step is halved until f grows enough). What is dropped slows the steps down: if small entries alone connect parts of
 *  the plan, they no longer converge (the paper is silent on this), hence @c adaptive. The paper's TOPK rules need a
 *  keep that suits the plan. */
assay_status sinkhorn_newton_solve(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                   sinkhorn_newton_solution *solution);

/** Baseline: Sinkhorn's sweeps with sums in the log domain, until the error |r - P 1|_1 is at most @p tolerance > 0 or
 *  @p limit >= 1 sweeps were made. From x = y = 0. */
assay_status sinkhorn_newton_scale_log(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                       sinkhorn_newton_solution *solution);

/** Baseline: the same sweeps by scaling a kernel exp(eta (x + y - C) - 1), into which the scalings are absorbed before
 *  they leave [1e-50, 1e50]. The optimized form leaves out entries of the kernel that are too small to count: each
 *  sum of a row or column is that of all entries within a relative 1e-15. */
assay_status sinkhorn_newton_scale(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                   sinkhorn_newton_solution *solution);

/** Baseline: Newton's method with the whole Hessian, made definite by v v^T, v = (1_n, -1_m) (the augmented potential),
 *  by Cholesky. @c rule, @c keep, @c solver, @c cg_* and @c inexact of the options do not matter. */
assay_status sinkhorn_newton_solve_dense(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                         sinkhorn_newton_solution *solution);

/** Baseline: L-BFGS (memory 10, strong Wolfe conditions) on -f in the variables eta x, eta y, after @c sweeps sweeps;
 *  at most @c steps iterations. The other options but @c tolerance do not matter. */
assay_status sinkhorn_newton_solve_lbfgs(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                         sinkhorn_newton_solution *solution);

/* ---- Quantities ----------------------------------------------------------------------------------------------- */

/** P at (x, y), n x m. ASSAY_OUT_OF_RANGE if an entry is not finite. */
assay_status sinkhorn_newton_plan(const sinkhorn_newton_problem *problem, const double *x, const double *y,
                                  double *plan);

/** f at (x, y); -infinity if P overflows. */
assay_status sinkhorn_newton_dual_value(const sinkhorn_newton_problem *problem, const double *x, const double *y,
                                        double *value);

/** The gradient of f at (x, y): n + m numbers, r - P 1 and then c - P^T 1. */
assay_status sinkhorn_newton_dual_gradient(const sinkhorn_newton_problem *problem, const double *x, const double *y,
                                           double *gradient);

/** The entries of P at (x, y) that the rule of @p options keeps in the Hessian: n x m, the others 0. @p count gets how
 * many are not 0. ASSAY_OUT_OF_RANGE if an entry is not finite. The optimized form has no entries that are too small to
 *  count (see sinkhorn_newton_scale()), even if the rule would keep them. */
assay_status sinkhorn_newton_sparsify(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                      const double *x, const double *y, double *kept, size_t *count);

/** <C, P>. */
assay_status sinkhorn_newton_transport_cost(const sinkhorn_newton_problem *problem, const double *plan, double *cost);

/** <C, P> + (1/eta) sum P log P for P >= 0, with 0 log 0 = 0: what the plan minimises; f at its end. */
assay_status sinkhorn_newton_primal_value(const sinkhorn_newton_problem *problem, const double *plan, double *value);

/** |P 1 - r|_1 + |P^T 1 - c|_1. */
assay_status sinkhorn_newton_marginal_error(const sinkhorn_newton_problem *problem, const double *plan, double *error);

/** Changes P >= 0 (n x m) into a plan with marginals r and c exactly but for rounding (J. Altschuler, J. Weed, P.
 *  Rigollet 2017, algorithm 2): rows, then columns are scaled down where they have too much, and what is missing is
 *  added with rank one. It moves at most twice the marginal error of P. */
assay_status sinkhorn_newton_round_to_polytope(const sinkhorn_newton_problem *problem, double *plan);

/* ---- Workloads of the paper ----------------------------------------------------------------------------------- */

/** Random assignment: n x n costs uniform in [0, 1), r = c = 1/n. n at least 1. */
assay_status sinkhorn_newton_make_assignment(size_t n, uint64_t seed, double *cost, double *r, double *c);

/** Two samples of n points: of the standard normal distribution in the plane, and of its image under
 *  [[1, 1/2], [0, 7/10]] shifted by (1, 1). Squared distances over the largest one, r = c = 1/n. */
assay_status sinkhorn_newton_make_gaussians(size_t n, uint64_t seed, double *cost, double *r, double *c);

/** Two densities on n midpoints of [0, 1]: a wave of three periods, and two bumps; costs |s - t|^power, power 1 or 2.
 */
assay_status sinkhorn_newton_make_densities(size_t n, int power, double *cost, double *r, double *c);

/** Costs between the pixels of an image of @p height x @p width >= 2 pixels, (height width)^2 numbers: Manhattan (power
 *  1) or squared Euclidean (power 2) distances over the largest one. */
assay_status sinkhorn_newton_make_grid(size_t height, size_t width, int power, double *cost);

/** Masses from @p count pixels of 0 to 255: (pixel / 255 + 0.01), normalised. */
assay_status sinkhorn_newton_make_histogram(const uint8_t *pixels, size_t count, double *mass);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** sinkhorn_newton_solve() plainly: all entries of P each time, sorted, CG on the n + m unknowns. */
assay_status sinkhorn_newton_reference_solve(const sinkhorn_newton_problem *problem,
                                             const sinkhorn_newton_options *options,
                                             sinkhorn_newton_solution *solution);

/** sinkhorn_newton_sparsify() plainly, by sorting. */
assay_status sinkhorn_newton_reference_sparsify(const sinkhorn_newton_problem *problem,
                                                const sinkhorn_newton_options *options, const double *x,
                                                const double *y, double *kept, size_t *count);

/** sinkhorn_newton_scale_log() plainly. */
assay_status sinkhorn_newton_reference_scale_log(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                                 sinkhorn_newton_solution *solution);

/** sinkhorn_newton_scale() plainly: two passes over the whole kernel for a sweep. */
assay_status sinkhorn_newton_reference_scale(const sinkhorn_newton_problem *problem, size_t limit, double tolerance,
                                             sinkhorn_newton_solution *solution);

/** sinkhorn_newton_solve_dense() plainly: Cholesky of the n + m unknowns. */
assay_status sinkhorn_newton_reference_solve_dense(const sinkhorn_newton_problem *problem,
                                                   const sinkhorn_newton_options *options,
                                                   sinkhorn_newton_solution *solution);

/** sinkhorn_newton_solve_lbfgs() plainly. */
assay_status sinkhorn_newton_reference_solve_lbfgs(const sinkhorn_newton_problem *problem,
                                                   const sinkhorn_newton_options *options,
                                                   sinkhorn_newton_solution *solution);

ASSAY_END_DECLARATIONS

#endif
