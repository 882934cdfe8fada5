/* sor_bandit: what is checked. */
#include "verify/solvers/sor_bandit_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracle: worked examples, MPFR, LAPACK, sine transforms, CHOLMOD. */
    {ASSAY_ORACLE, "example", "2 unknowns: iterates, residuals and counts", EVERY_LEVEL,
     .run = sor_bandit_check_example},
    {ASSAY_ORACLE, "example_learners", "distributions of 3 arms", .run = sor_bandit_check_example_learners},
    {ASSAY_ORACLE, "example_heat", "heat, nx = 25, 5000 steps: 85422 iterations of plain gradients", EVERY_LEVEL,
     .run = sor_bandit_check_example_heat},
    {ASSAY_ORACLE, "mpfr", "counts of SOR against 200 bits, 10 x 10 grids", EVERY_LEVEL, .false_alarm = 1e-10,
     .run = sor_bandit_check_mpfr},
    {ASSAY_ORACLE, "lapack", "solutions against Cholesky, random matrix and grid", EVERY_LEVEL,
     .run = sor_bandit_check_lapack},
    {ASSAY_ORACLE, "sine", "each step of heat against FFTW's sine transforms, nx = 25", EVERY_LEVEL,
     .run = sor_bandit_check_sine},
    {ASSAY_ORACLE, "sine_run", "60 steps of heat against sine transforms, nx = 40", EVERY_LEVEL,
     .run = sor_bandit_check_sine_run},
    {ASSAY_ORACLE, "cholmod", "solutions against CHOLMOD, grid and real matrix", EVERY_LEVEL,
     .run = sor_bandit_check_cholmod},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "grid_sor", "9 grids, bit for bit", EVERY_LEVEL, .false_alarm = 2e-9,
     .run = sor_bandit_agree_grid_sor},
    {ASSAY_AGREEMENT, "sor", "4 matrices, bit for bit", EVERY_LEVEL, .false_alarm = 2e-10, .run = sor_bandit_agree_sor},
    {ASSAY_AGREEMENT, "grid_gradients", "9 grids", EVERY_LEVEL, .false_alarm = 1e-10,
     .run = sor_bandit_agree_grid_gradients},
    {ASSAY_AGREEMENT, "gradients", "4 matrices", EVERY_LEVEL, .false_alarm = 1e-10, .run = sor_bandit_agree_gradients},
    {ASSAY_AGREEMENT, "counts", "20 omegas for 12 systems", EVERY_LEVEL, .false_alarm = 1e-9,
     .run = sor_bandit_agree_counts},
    {ASSAY_AGREEMENT, "shift", "60 systems by ChebCB", EVERY_LEVEL, .false_alarm = 2e-9, .run = sor_bandit_agree_shift},
    {ASSAY_AGREEMENT, "heat", "60 steps, 3 omegas", EVERY_LEVEL, .run = sor_bandit_agree_heat},
    {ASSAY_AGREEMENT, "heat_counts", "20 omegas for 12 steps", EVERY_LEVEL, .run = sor_bandit_agree_heat_counts},
    {ASSAY_AGREEMENT, "chebyshev", "600 losses from a tape", EVERY_LEVEL, .false_alarm = 4e-9,
     .run = sor_bandit_agree_chebyshev},

    /* Laws of the solvers. */
    {ASSAY_LAW, "ostrowski", "the energy of the error falls in every sweep", EVERY_LEVEL,
     .run = sor_bandit_check_ostrowski},
    {ASSAY_LAW, "young", "spectral radii by dense eigenvalues, Young and Kahan", .run = sor_bandit_check_young},
    {ASSAY_LAW, "jacobi", "spectral radius of Jacobi's iteration on 3 grids", .run = sor_bandit_check_jacobi},
    {ASSAY_ORACLE, "surrogates", "bounds of counts by other formulas, and by dense eigenvalues",
     .run = sor_bandit_check_surrogates},
    {ASSAY_LAW, "preconditioner", "first steps against the dense preconditioner", EVERY_LEVEL,
     .run = sor_bandit_check_preconditioner},
    {ASSAY_LAW, "finite", "gradients end within n + 5 steps, n up to 100", EVERY_LEVEL, .run = sor_bandit_check_finite},
    {ASSAY_LAW, "monotone", "iterations over tolerances 0.5 to 1e-12", EVERY_LEVEL, .run = sor_bandit_check_monotone},
    {ASSAY_LAW, "heat_decay", "without a source the norm never grows", EVERY_LEVEL, .run = sor_bandit_check_heat_decay},
    {ASSAY_LAW, "heat_transposed", "x and y swapped", EVERY_LEVEL, .run = sor_bandit_check_heat_transposed},
    {ASSAY_LAW, "golden", "101 valleys", .run = sor_bandit_check_golden},
    {ASSAY_LAW, "scenario_numbers", "moments of 20000 shifts and right sides", .false_alarm = 2e-10,
     .run = sor_bandit_check_scenario_numbers},
    {ASSAY_LAW, "replay", "tables against runs", EVERY_LEVEL, .run = sor_bandit_check_replay},

    /* Laws of the learners. */
    {ASSAY_LAW, "tsallis", "400 vectors of losses", .run = sor_bandit_check_tsallis},
    {ASSAY_LAW, "tsallis_minimum", "against random points of the simplex", .run = sor_bandit_check_tsallis_minimum},
    {ASSAY_LAW, "tsallis_steps", "300 steps by the definition", .run = sor_bandit_check_tsallis_steps},
    {ASSAY_LAW, "chebyshev_steps", "200 steps by the definition", EVERY_LEVEL, .false_alarm = 1e-9,
     .run = sor_bandit_check_chebyshev_steps},
    {ASSAY_LAW, "unbiased", "importance weights of many learners", .false_alarm = 6e-10,
     .run = sor_bandit_check_unbiased},
    {ASSAY_LAW, "gap", "inverse-gap weights of 300 vectors", .run = sor_bandit_check_gap},
    {ASSAY_LAW, "box", "coefficients of 500 steps", EVERY_LEVEL, .run = sor_bandit_check_box},
    {ASSAY_LAW, "least_squares", "conditions of the minimum over a box, 2000 problems",
     .run = sor_bandit_check_least_squares},
    {ASSAY_LAW, "linear", "linear losses are learned exactly", EVERY_LEVEL, .run = sor_bandit_check_linear},
    {ASSAY_LAW, "bins", "bins do not know of each other", .run = sor_bandit_check_bins},

    /* Claims. */
    {ASSAY_CLAIM, "C1_high", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c1_high},
    {ASSAY_CLAIM, "C1_low", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c1_low},
    {ASSAY_CLAIM, "C1_fixed", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c1_fixed},
    {ASSAY_CLAIM, "C1_second_half", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c1_half},
    {ASSAY_CLAIM, "C2_quick", "random shifts", .claim = &sor_bandit_claim_c2_quick},
    {ASSAY_CLAIM, "C2_high", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c2_high},
    {ASSAY_CLAIM, "C2_low", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c2_low},
    {ASSAY_CLAIM, "C2_young", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c2_young},
    {ASSAY_CLAIM, "C3", "random shifts", VERIFY_FULL, .claim = &sor_bandit_claim_c3},
    {ASSAY_CLAIM, "C4", "10 x 10 grid, Gaussian right side", VERIFY_FULL, .claim = &sor_bandit_claim_c4},
    {ASSAY_CLAIM, "C4_asymptotic", "10 x 10 grid, Gaussian right side", VERIFY_FULL,
     .claim = &sor_bandit_claim_c4_asymptotic},
    {ASSAY_CLAIM, "C5", "10 x 10 grid, eigenvector", .claim = &sor_bandit_claim_c5},
    {ASSAY_CLAIM, "C5_gaussian", "10 x 10 grid, Gaussian right sides", .claim = &sor_bandit_claim_c5_gaussian},
    {ASSAY_CLAIM, "C6", "square and L, 2 shifts", .claim = &sor_bandit_claim_c6},
    {ASSAY_CLAIM, "C7_quick", "heat, nx = 25", .claim = &sor_bandit_claim_c7_quick},
    {ASSAY_CLAIM, "C7_25", "heat, nx = 25", VERIFY_FULL, .claim = &sor_bandit_claim_c7_25},
    {ASSAY_CLAIM, "C7_50", "heat, nx = 50", VERIFY_FULL, .claim = &sor_bandit_claim_c7_50},
    {ASSAY_CLAIM, "C7_100", "heat, nx = 100", VERIFY_FULL, .claim = &sor_bandit_claim_c7_100},
    {ASSAY_CLAIM, "C7_grid", "heat, nx = 25 and 50", VERIFY_FULL, .claim = &sor_bandit_claim_c7_grid},
    {ASSAY_CLAIM, "C7_tsallis", "heat, nx = 25 and 50", VERIFY_FULL, .claim = &sor_bandit_claim_c7_tsallis},
    {ASSAY_CLAIM, "C7_plain", "heat, nx = 25 and 50", VERIFY_FULL, .claim = &sor_bandit_claim_c7_plain},
    {ASSAY_CLAIM, "C8", "heat, nx = 25 and 50", VERIFY_FULL, .claim = &sor_bandit_claim_c8},

    /* Curves for the report; each also holds something. */
    {ASSAY_LAW, "regret_curves", "random shifts: mean iterations over the steps", .run = sor_bandit_record_regret},
    {ASSAY_LAW, "omega_curves", "counts over omega beside theory", .run = sor_bandit_record_surface},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_solvers", "omega, goal, matrix, vectors", EVERY_LEVEL, .run = sor_bandit_reject_solvers},
    {ASSAY_REJECTION, "rejects_grids", "grids, problems, theory", EVERY_LEVEL, .run = sor_bandit_reject_grids},
    {ASSAY_REJECTION, "rejects_learners", "arms, intervals, order of calls, losses", EVERY_LEVEL,
     .run = sor_bandit_reject_learners},
    {ASSAY_REJECTION, "rejects_scenarios", "scenarios, policies, tables", EVERY_LEVEL,
     .run = sor_bandit_reject_scenarios},
    {ASSAY_REJECTION, "limits", "what does not converge, and b = 0", EVERY_LEVEL, .run = sor_bandit_check_limits},
};

VERIFY_CHECKS(sor_bandit, checks);
