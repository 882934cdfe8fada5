/* What the files of sinkhorn_newton share: checks of arguments, the bookkeeping of a call, and reference parts. */
#ifndef ASSAY_SINKHORN_NEWTON_REFERENCE_H
#define ASSAY_SINKHORN_NEWTON_REFERENCE_H

#include "assay/sinkhorn_newton.h"

/* ---- Checks of arguments, for the reference and the optimized code alike --------------------------------------- */

assay_status sinkhorn_newton_check_problem(const sinkhorn_newton_problem *problem);
assay_status sinkhorn_newton_check_limit(size_t limit, double tolerance);
assay_status sinkhorn_newton_check_solution(const sinkhorn_newton_solution *solution);
/* Those that all methods with sweeps and steps have in common; of the sparse method's too if sparse. */
assay_status sinkhorn_newton_check_options(const sinkhorn_newton_problem *problem,
                                           const sinkhorn_newton_options *options, bool sparse);

/* The arguments of sinkhorn_newton_sparsify(). */
assay_status sinkhorn_newton_check_sparsify(const sinkhorn_newton_problem *problem,
                                            const sinkhorn_newton_options *options, const double *x, const double *y,
                                            const double *kept, const size_t *count);

/* Entries of P that the options keep by number; n m if the rule is MASS or allows more. */
size_t sinkhorn_newton_kept_entries(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options);

/* How the steps go. */
typedef struct sinkhorn_newton_progress {
    double error; /* before the last step */
    int slow;     /* steps in a row that did not halve the error */
} sinkhorn_newton_progress;

/* Makes options->keep keep more if the steps are slow, to be called before each step; nothing if not adaptive. */
void sinkhorn_newton_adapt(const sinkhorn_newton_problem *problem, sinkhorn_newton_options *options,
                           sinkhorn_newton_progress *progress, double error);

/* The relative residual that CG has to reach when the error is @p error. */
double sinkhorn_newton_cg_goal(const sinkhorn_newton_options *options, double error);

/* Exponents of P change by no more than about twice this in a step: far from the end the quadratic model of f goes
 * astray, and where parts of P are connected by next to nothing it sends them anywhere. */
#define SINKHORN_NEWTON_LONGEST_STEP 64.0

/* The first step that the line search tries along d (n numbers): 1, or less where d is longer than that; scale d is in
 * units of 1/eta. */
double sinkhorn_newton_first_step(const double *d, size_t n, double scale);

/* A curvature is rounding alone below this part of that of the diagonal. */
#define SINKHORN_NEWTON_FLAT 0x1p-50

/* Whether a step of size @p alpha is good enough: f grows by Armijo's condition, or (near the end, where f is but
 * rounding) the slope at the new point is not far negative and f as good as before. */
bool sinkhorn_newton_accepts(double alpha, double slope, double value, double new_slope, double new_value);

/* ---- Bookkeeping ----------------------------------------------------------------------------------------------- */

/* A call in progress: its solution is written to the caller's only at the end. */
typedef struct sinkhorn_newton_call {
    const sinkhorn_newton_problem *problem;
    sinkhorn_newton_solution *solution;
    double start; /* seconds of the clock */
} sinkhorn_newton_call;

/* Clears what the methods set. */
sinkhorn_newton_call sinkhorn_newton_begin(const sinkhorn_newton_problem *problem, sinkhorn_newton_solution *solution);

/* Records an iteration, and that its error and value are the solution's now. */
void sinkhorn_newton_record(sinkhorn_newton_call *call, sinkhorn_newton_iteration iteration);

/* Gives potentials and plan to the caller, and the status that belongs to solution->end. */
assay_status sinkhorn_newton_finish(sinkhorn_newton_call *call, const double *x, const double *y);

/* ---- Reference parts ------------------------------------------------------------------------------------------- */

/* P at (x, y) with its marginals; only plan may be null. Value f, or -infinity where P cannot be worked with: it
 * overflows, or a marginal is 0. */
double sinkhorn_newton_evaluate(const sinkhorn_newton_problem *problem, const double *x, const double *y, double *plan,
                                double *rows, double *columns);

/* A point of the iteration: potentials, P, its marginals, the gradient. */
typedef struct sinkhorn_newton_point {
    double *x, *y;          /* n, m: one array of n + m */
    double *plan;           /* n m */
    double *rows, *columns; /* n, m: one array of n + m */
    double *gradient;       /* n + m */
    double value, error;
} sinkhorn_newton_point;

assay_status sinkhorn_newton_point_allocate(const sinkhorn_newton_problem *problem, sinkhorn_newton_point *point);
void sinkhorn_newton_point_release(sinkhorn_newton_point *point);
/* Sets everything from x and y. */
void sinkhorn_newton_point_update(const sinkhorn_newton_problem *problem, sinkhorn_newton_point *point);

/* Sweeps in the log domain from (x, y): at most limit, or until the error is at most tolerance. */
assay_status sinkhorn_newton_sweep_log(sinkhorn_newton_call *call, size_t limit, double tolerance, double *x,
                                       double *y);

/* An ascent direction d (n + m) at a point; context is the method's. */
typedef assay_status (*sinkhorn_newton_direction)(void *context, sinkhorn_newton_call *call,
                                                  const sinkhorn_newton_point *at, double *d,
                                                  sinkhorn_newton_iteration *iteration);

/* Both stages with a direction of one's own. */
assay_status sinkhorn_newton_ascend(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                    sinkhorn_newton_solution *solution, sinkhorn_newton_direction direction,
                                    void *context);

/* Solves a x = b for symmetric positive definite a (n x n, row-major, destroyed) by Cholesky; x replaces b. False if a
 * is not positive definite. */
bool sinkhorn_newton_cholesky(double *a, size_t n, double *b);

double sinkhorn_newton_dot(const double *a, const double *b, size_t n);

/* ---- L-BFGS, for any evaluation -------------------------------------------------------------------------------- */

/* f at z, with its gradient. */
typedef double (*sinkhorn_newton_function)(void *context, const double *z, double *gradient);

/* Minimises from z (which it moves) until |gradient|_1 <= goal; tells @p step of every iteration. At most limit
 * iterations. */
assay_status sinkhorn_newton_minimise(sinkhorn_newton_function function, void *context, double *z, size_t n,
                                      double goal, size_t limit,
                                      void (*step)(void *context, double value, double error, double alpha),
                                      sinkhorn_newton_end *end, size_t *evaluations);

#endif
