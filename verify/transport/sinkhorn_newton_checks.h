/* Checks of sinkhorn_newton, in the files of this folder, and what they share. */
#ifndef VERIFY_SINKHORN_NEWTON_CHECKS_H
#define VERIFY_SINKHORN_NEWTON_CHECKS_H

#include "assay/sinkhorn_newton.h"
#include "assay/verify.h"

/* Problems. */
typedef enum transport_kind {
    TRANSPORT_ASSIGNMENT, /* n = m */
    TRANSPORT_GAUSSIANS,  /* n = m */
    TRANSPORT_W1,         /* n = m; W1 and W2 have no randomness */
    TRANSPORT_W2,
    TRANSPORT_MASSES,    /* any n, m: costs uniform in [0, 1), random masses that are multiples of 2^-19, with sum 1 */
    TRANSPORT_DIGITS_L1, /* n and m are ignored: images 3 and 7 of mnist_small, 784 pixels */
    TRANSPORT_DIGITS_L2,
    TRANSPORT_USER /* the user's matrix of costs, uniform masses; n and m are ignored */
} transport_kind;

/* A problem with room for a solution (with its plan). */
typedef struct transport {
    sinkhorn_newton_problem problem;
    sinkhorn_newton_solution solution;
    double *cost, *r, *c;
} transport;

/* Close it in any case. */
assay_status transport_make(transport *t, transport_kind kind, size_t n, size_t m, double eta, uint64_t seed);
/* The same in a check; false, with the check failed, if it could not be made. */
bool transport_open(verify_context *v, transport *t, transport_kind kind, size_t n, size_t m, double eta,
                    uint64_t seed);
void transport_close(transport *t);

/* The methods. */
typedef enum transport_method {
    TRANSPORT_SCALE_LOG,
    TRANSPORT_SCALE,
    TRANSPORT_SOLVE,
    TRANSPORT_DENSE,
    TRANSPORT_LBFGS,
    TRANSPORT_METHODS
} transport_method;

extern const char *const transport_method_names[TRANSPORT_METHODS];

/* Calls a method; options->sweeps is the limit of the first two. */
assay_status transport_run(transport *t, transport_method method, const sinkhorn_newton_options *options);

/* Default options with another tolerance. */
sinkhorn_newton_options transport_options(double tolerance);

/*
 * Rounding of a plan: relative, of every entry. An exponent is the sum of eta x_i, eta y_j and eta C_ij, each of them
 * of at most eta max|C| + 60 in size (potentials of a solution differ from costs by logarithms of masses) and rounded a
 * few times to 2^-53 of that.
 */
double transport_rounding(const transport *t);

/*
 * How far, in the sum of |P_ij - P'_ij|, two plans may lie apart whose errors are at most e. P'_ij - P_ij has the sign
 * of a_i + b_j, the changes of the potentials: a flow from higher to lower among the potentials a_i, -b_j, thus without
 * cycles, of at most e in all (half of the sum of all surpluses and deficits, 2 e). It is a sum of paths of at most
 * n + m - 1 edges. No edge carries more than e.
 */
double transport_distance_bound(const transport *t, double e);

/* sum |P_ij - P'_ij| */
double transport_distance(const double *p, const double *q, size_t count);

/* Oracles. */
void sinkhorn_newton_check_exponentials(verify_context *v);
void sinkhorn_newton_check_example(verify_context *v);
void sinkhorn_newton_check_two_by_two(verify_context *v);
void sinkhorn_newton_check_small_plans(verify_context *v);
void sinkhorn_newton_check_permutations(verify_context *v);
void sinkhorn_newton_check_linear_programs(verify_context *v);
void sinkhorn_newton_check_network_simplex(verify_context *v);

/* Agreements. */
void sinkhorn_newton_agree_scale_log(verify_context *v);
void sinkhorn_newton_agree_scale(verify_context *v);
void sinkhorn_newton_agree_solve(verify_context *v);
void sinkhorn_newton_agree_dense(verify_context *v);
void sinkhorn_newton_agree_lbfgs(verify_context *v);
void sinkhorn_newton_agree_sparsify(verify_context *v);

/* Laws. */
void sinkhorn_newton_check_ascent(verify_context *v);
void sinkhorn_newton_check_shift(verify_context *v);
void sinkhorn_newton_check_derivatives(verify_context *v);
void sinkhorn_newton_check_sparsified(verify_context *v);
void sinkhorn_newton_check_marginals(verify_context *v);
void sinkhorn_newton_check_duality(verify_context *v);
void sinkhorn_newton_check_symmetries(verify_context *v);
void sinkhorn_newton_check_eta(verify_context *v);
void sinkhorn_newton_check_same_plan(verify_context *v);
void sinkhorn_newton_check_monotone(verify_context *v);
void sinkhorn_newton_check_rounding(verify_context *v);
void sinkhorn_newton_check_threads(verify_context *v);
void sinkhorn_newton_check_solvers(verify_context *v);
void sinkhorn_newton_check_underflow(verify_context *v);
void sinkhorn_newton_check_real_data(verify_context *v);
void sinkhorn_newton_record_convergence(verify_context *v);

/* Claims. */
extern const verify_claim sinkhorn_newton_claim_c1_steps, sinkhorn_newton_claim_c1_ratio,
    sinkhorn_newton_claim_c1_small, sinkhorn_newton_claim_c2_steps, sinkhorn_newton_claim_c2_ratio,
    sinkhorn_newton_claim_c3_steps, sinkhorn_newton_claim_c3_ratio, sinkhorn_newton_claim_c3_sweeps,
    sinkhorn_newton_claim_c4, sinkhorn_newton_claim_c5, sinkhorn_newton_claim_c6_steps_w1,
    sinkhorn_newton_claim_c6_steps_w2, sinkhorn_newton_claim_c6_steps_gaussians, sinkhorn_newton_claim_c6_ratio_w1,
    sinkhorn_newton_claim_c6_ratio_w2, sinkhorn_newton_claim_c6_ratio_gaussians, sinkhorn_newton_claim_c7,
    sinkhorn_newton_claim_c8, sinkhorn_newton_claim_c9;

/* Rejections. */
void sinkhorn_newton_check_rejects_problem(verify_context *v);
void sinkhorn_newton_check_rejects_options(verify_context *v);
void sinkhorn_newton_check_rejects_outputs(verify_context *v);
void sinkhorn_newton_check_rejects_quantities(verify_context *v);
void sinkhorn_newton_check_rejects_workloads(verify_context *v);

#endif
