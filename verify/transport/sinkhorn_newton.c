/* sinkhorn_newton: what is checked. */
#include "verify/transport/sinkhorn_newton_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracles. */
    {ASSAY_ORACLE, "exponentials", "the kernels' exponential on [-708, 709] and beyond", EVERY_LEVEL,
     .run = sinkhorn_newton_check_exponentials},
    {ASSAY_ORACLE, "example", "worked example to 14 digits", EVERY_LEVEL, .run = sinkhorn_newton_check_example},
    {ASSAY_ORACLE, "two_by_two", "random 2 x 2 problems against the closed form in 256 bits", EVERY_LEVEL,
     .run = sinkhorn_newton_check_two_by_two},
    {ASSAY_ORACLE, "small_plans", "1 x 1 to 8 x 8 against Newton's method in 256 bits", EVERY_LEVEL,
     .run = sinkhorn_newton_check_small_plans},
    {ASSAY_ORACLE, "permutations", "bias over the linear program, n = 2 to 7, all n! permutations", EVERY_LEVEL,
     .run = sinkhorn_newton_check_permutations},
    {ASSAY_ORACLE, "linear_programs", "bias over the linear program in rationals", EVERY_LEVEL,
     .run = sinkhorn_newton_check_linear_programs},
    {ASSAY_ORACLE, "network_simplex", "bias over the linear program by network simplex", EVERY_LEVEL,
     .run = sinkhorn_newton_check_network_simplex},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "scale_log", .run = sinkhorn_newton_agree_scale_log, EVERY_LEVEL},
    {ASSAY_AGREEMENT, "scale", .run = sinkhorn_newton_agree_scale, EVERY_LEVEL},
    {ASSAY_AGREEMENT, "solve", .run = sinkhorn_newton_agree_solve, EVERY_LEVEL},
    {ASSAY_AGREEMENT, "solve_dense", .run = sinkhorn_newton_agree_dense, EVERY_LEVEL},
    {ASSAY_AGREEMENT, "solve_lbfgs", .run = sinkhorn_newton_agree_lbfgs, EVERY_LEVEL},
    /* Fails if two entries, or a sum and its goal, are equal to rounding (1e-13) at the threshold. Logarithms of 2800
     * entries spread over 40 lie 1/70 apart: 8 rules x 70 x 1e-13. */
    {ASSAY_AGREEMENT, "sparsify", .run = sinkhorn_newton_agree_sparsify, EVERY_LEVEL, .false_alarm = 1e-9},

    /* Laws. */
    {ASSAY_LAW, "ascent", "gain of f of half sweeps, 30 x 20", EVERY_LEVEL, .run = sinkhorn_newton_check_ascent},
    {ASSAY_LAW, "shift", "f(x + g, y - g) = f(x, y)", EVERY_LEVEL, .run = sinkhorn_newton_check_shift},
    {ASSAY_LAW, "derivatives", "gradient and Hessian against differences", .run = sinkhorn_newton_check_derivatives},
    {ASSAY_LAW, "sparsified", "which entries are kept; no eigenvalue below 0; v M v is twice what is dropped",
     EVERY_LEVEL, .run = sinkhorn_newton_check_sparsified},
    {ASSAY_LAW, "marginals", "columns after a sweep, the sum at the end", EVERY_LEVEL,
     .run = sinkhorn_newton_check_marginals},
    {ASSAY_LAW, "duality", "primal value is f at the end", EVERY_LEVEL, .run = sinkhorn_newton_check_duality},
    {ASSAY_LAW, "symmetries", "transposed, shifted and scaled costs", EVERY_LEVEL,
     .run = sinkhorn_newton_check_symmetries},
    {ASSAY_LAW, "eta", "<C, P> falls as eta grows", EVERY_LEVEL, .run = sinkhorn_newton_check_eta},
    {ASSAY_LAW, "same_plan", "all methods come to one plan", EVERY_LEVEL, .run = sinkhorn_newton_check_same_plan},
    {ASSAY_LAW, "monotone", "f never falls, the error of sweeps never grows", EVERY_LEVEL,
     .run = sinkhorn_newton_check_monotone},
    {ASSAY_LAW, "rounding", "to the polytope: exact marginals, moved by twice the error at most", EVERY_LEVEL,
     .run = sinkhorn_newton_check_rounding},
    {ASSAY_LAW, "threads", "the same bits with 1, 2 and 5 threads, n = 850", EVERY_LEVEL,
     .run = sinkhorn_newton_check_threads},
    {ASSAY_LAW, "solvers", "CG hands over to the factor", EVERY_LEVEL, .run = sinkhorn_newton_check_solvers},
    {ASSAY_LAW, "underflow", "rows of the first plan that are all 0", EVERY_LEVEL,
     .run = sinkhorn_newton_check_underflow},
    {ASSAY_LAW, "real_data", "digits 3 and 7, squared Euclidean cost; or the user's costs",
     .run = sinkhorn_newton_check_real_data},
    {ASSAY_LAW, "convergence", "curves of all methods", .run = sinkhorn_newton_record_convergence},

    /* Claims. */
    {ASSAY_CLAIM, "C1_steps", "random assignment, n = 500", .claim = &sinkhorn_newton_claim_c1_steps},
    {ASSAY_CLAIM, "C1_ratio", "random assignment, n = 500", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c1_ratio},
    {ASSAY_CLAIM, "C1_small", "random assignment, n = 100", .claim = &sinkhorn_newton_claim_c1_small},
    {ASSAY_CLAIM, "C2_steps", "digits, squared Euclidean cost", .claim = &sinkhorn_newton_claim_c2_steps},
    {ASSAY_CLAIM, "C2_ratio", "digits, squared Euclidean cost", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c2_ratio},
    {ASSAY_CLAIM, "C3_steps", "digits, Manhattan cost", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c3_steps},
    {ASSAY_CLAIM, "C3_ratio", "digits, Manhattan cost", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c3_ratio},
    {ASSAY_CLAIM, "C3_sweeps", "digits, Manhattan cost", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c3_sweeps},
    {ASSAY_CLAIM, "C4", "30 random assignments, n = 6", .claim = &sinkhorn_newton_claim_c4},
    {ASSAY_CLAIM, "C5", "random assignment, n = 250 to 2000", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c5},
    {ASSAY_CLAIM, "C6_steps_w1", "densities, cost |s - t|", .claim = &sinkhorn_newton_claim_c6_steps_w1},
    {ASSAY_CLAIM, "C6_steps_w2", "densities, cost (s - t)^2", .claim = &sinkhorn_newton_claim_c6_steps_w2},
    {ASSAY_CLAIM, "C6_steps_gaussians", "Gaussians in the plane", VERIFY_FULL,
     .claim = &sinkhorn_newton_claim_c6_steps_gaussians},
    {ASSAY_CLAIM, "C6_ratio_w1", "densities, cost |s - t|", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c6_ratio_w1},
    {ASSAY_CLAIM, "C6_ratio_w2", "densities, cost (s - t)^2", VERIFY_FULL, .claim = &sinkhorn_newton_claim_c6_ratio_w2},
    {ASSAY_CLAIM, "C6_ratio_gaussians", "Gaussians in the plane", VERIFY_FULL,
     .claim = &sinkhorn_newton_claim_c6_ratio_gaussians},
    {ASSAY_CLAIM, "C7", "random assignment, n = 500", .claim = &sinkhorn_newton_claim_c7},
    {ASSAY_CLAIM, "C8", "random assignment, n = 500", .claim = &sinkhorn_newton_claim_c8},
    {ASSAY_CLAIM, "C9", "random assignment, n = 500", .claim = &sinkhorn_newton_claim_c9},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_problem", "sizes, null, eta, costs, masses", EVERY_LEVEL,
     .run = sinkhorn_newton_check_rejects_problem},
    {ASSAY_REJECTION, "rejects_options", "counts, tolerances, rules", EVERY_LEVEL,
     .run = sinkhorn_newton_check_rejects_options},
    {ASSAY_REJECTION, "rejects_outputs", "null arguments and optional outputs", EVERY_LEVEL,
     .run = sinkhorn_newton_check_rejects_outputs},
    {ASSAY_REJECTION, "rejects_quantities", "plans and potentials", .run = sinkhorn_newton_check_rejects_quantities,
     EVERY_LEVEL},
    {ASSAY_REJECTION, "rejects_workloads", "sizes, powers, null", .run = sinkhorn_newton_check_rejects_workloads},
};

VERIFY_CHECKS(sinkhorn_newton, checks);
