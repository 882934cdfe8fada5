/* sor_bandit: the paper's surrogates of counts and what right sides do to them (C4 to C6), measured again. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 5 };

/* ---- C4: the surrogate of SOR's count -----------------------------------------------------------------------------
 */

/* ||C^k||_2 by repeated squaring, scaled to the size 1 at each turn: log of it. */
static double log_norm_of_power(size_t n, const double *c, size_t k)
{
    double *power = assay_allocate(n * n, sizeof *power), *square = assay_allocate(n * n, sizeof *square);
    double *next = assay_allocate(n * n, sizeof *next), *s = assay_allocate(n, sizeof *s);
    double log_power = 0, log_square = 0, result = NAN;
    bool any = false, failed = !power || !square || !next || !s;
    for (size_t i = 0; !failed && i < n * n; i++)
        square[i] = c[i];
    for (; !failed && k > 0; k >>= 1) {
        if (k & 1) {
            if (any)
                failed = assay_dense_multiply(ASSAY_TRANSPOSE_NONE, n, n, n, 1, power, n, square, n, 0, next, n) != 0;
            memcpy(power, any ? next : square, n * n * sizeof *power);
            log_power += log_square;
            any = true;
        }
        failed =
            failed || assay_dense_multiply(ASSAY_TRANSPOSE_NONE, n, n, n, 1, square, n, square, n, 0, next, n) != 0;
        double size = 0;
        for (size_t i = 0; i < n * n; i++)
            size = fmax(size, fabs(next[i]));
        for (size_t i = 0; i < n * n; i++)
            square[i] = next[i] / size;
        /* cppcheck-suppress invalidFunctionArg ; no power of an iteration matrix is 0 */
        log_square = 2 * log_square + log(size);
        size = 0;
        for (size_t i = 0; i < n * n; i++)
            size = fmax(size, fabs(power[i]));
        for (size_t i = 0; any && i < n * n; i++)
            power[i] /= size;
        log_power += any ? log(size) : 0;
    }
    if (!failed && any && assay_dense_svd(n, n, power, NULL, s, NULL) == ASSAY_OK)
        result = log_power + log(s[0]);
    assay_release(power);
    assay_release(square);
    assay_release(next);
    assay_release(s);
    return result;
}

/* Counts over U(omega) and over the asymptotic estimate log tol / log rho, the largest over the omegas for one shift.
 */
static bool measure_surrogate(uint64_t seed, double shift, double *over_bound, double *over_asymptotic)
{
    enum { SIDE = 10, N = SIDE * SIDE };
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    const sor_bandit_grid grid = {SIDE, SIDE, 4 + shift, 1};
    const double beta = sor_bandit_jacobi_radius(&grid);
    double b[N], tau = 0;
    sor_bandit_problem problems[SOR_BANDIT_ARMS];
    uint32_t counts[SOR_BANDIT_ARMS];
    assay_csr a = {0};
    assay_random_fill_normal((assay_random){seed, 730}, 0, 0, 1, b, N);
    for (size_t i = 0; i < SOR_BANDIT_ARMS; i++)
        problems[i] = (sor_bandit_problem){grid.diagonal, sor_bandit_arms[i], b};
    bool fine = sor_bandit_grid_counts(&grid, problems, SOR_BANDIT_ARMS, &goal, counts) == ASSAY_OK &&
                sor_bandit_grid_matrix(&grid, &a) == ASSAY_OK;
    for (size_t i = 0; fine && i < SOR_BANDIT_ARMS; i++) {
        double *c = sor_bandit_iteration_matrix(&a, sor_bandit_arms[i]);
        const double rho = sor_bandit_young_radius(beta, sor_bandit_arms[i]);
        const double size = c ? exp(log_norm_of_power(N, c, counts[i] - 1) / (counts[i] - 1)) : NAN;
        fine = isfinite(size);
        tau = fmax(tau, (size - rho) / (1 - rho));
        assay_release(c);
    }
    *over_bound = *over_asymptotic = 0;
    for (size_t i = 0; i < SOR_BANDIT_ARMS; i++) {
        const double rho = sor_bandit_young_radius(beta, sor_bandit_arms[i]);
        *over_bound = fmax(*over_bound, counts[i] / sor_bandit_surrogate_sor(rho, tau, goal.tolerance));
        *over_asymptotic = fmax(*over_asymptotic, counts[i] / (log(goal.tolerance) / log(rho)));
    }
    assay_csr_release(&a);
    return fine;
}

static const double surrogate_shifts[3] = {-0.1, 0, 0.45};

static double c4(verify_context *v, uint64_t seed)
{
    double worst = 0;
    for (int k = 0; k < 3; k++) {
        double bound, asymptotic;
        if (!measure_surrogate(seed, surrogate_shifts[k], &bound, &asymptotic)) {
            verify_note(v, "shift %g: %s", surrogate_shifts[k], assay_error());
            return NAN;
        }
        worst = fmax(worst, bound);
    }
    return worst;
}

static double c4_asymptotic(verify_context *v, uint64_t seed)
{
    double least = INFINITY;
    for (int k = 0; k < 3; k++) {
        double bound, asymptotic;
        if (!measure_surrogate(seed, surrogate_shifts[k], &bound, &asymptotic)) {
            verify_note(v, "shift %g: %s", surrogate_shifts[k], assay_error());
            return NAN;
        }
        least = fmin(least, asymptotic);
    }
    return least;
}

const verify_claim sor_bandit_claim_c4 = {
    "Largest count over the near-asymptotic surrogate U(omega), 10 x 10 grid, 3 shifts, 20 omegas",
    "at most 1",
    "paper",
    "",
    c4,
    -INFINITY,
    1,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c4_asymptotic = {
    "Largest count over the asymptotic estimate log tol / log rho, least of the 3 shifts",
    "above 1: it is no bound",
    "paper",
    "",
    c4_asymptotic,
    1.0000001,
    INFINITY,
    0,
    0,
    SEEDS};

/* ---- C5: right sides move the optimum ------------------------------------------------------------------------------
 */

/* The eigenvector of C_1.4 of smallest modulus, whose eigenvalue is (omega - 1)^2 over the largest one (the product of
 * each pair is (omega - 1)^2), by inverse iteration beside it. */
static bool smallest_eigenvector(const assay_csr *a, double omega, double eigenvalue, assay_random r, double *vector)
{
    const size_t n = a->rows;
    double *c = sor_bandit_iteration_matrix(a, omega);
    int32_t *pivots = assay_allocate(n, sizeof *pivots);
    for (size_t i = 0; c && i < n; i++)
        c[i * n + i] -= eigenvalue * (1 + 1e-7);
    bool fine = c && pivots && assay_dense_lu(n, c, c, pivots) == ASSAY_OK;
    assay_random_fill_normal(r, 0, 0, 1, vector, n);
    for (int k = 0; fine && k < 6; k++) {
        fine = assay_dense_lu_solve(n, c, pivots, 1, vector, vector) == ASSAY_OK;
        const double norm = sor_bandit_norm(vector, n);
        for (size_t i = 0; i < n; i++)
            vector[i] /= norm;
    }
    assay_release(c);
    assay_release(pivots);
    return fine;
}

enum { TARGETS = 20 };

/* Counts at omega = 1.4 for the eigenvector, and the mean for Gaussian right sides. */
static bool measure_targets(uint64_t seed, double *of_vector, double *of_gaussian)
{
    enum { SIDE = 10, N = SIDE * SIDE };
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    const sor_bandit_grid grid = {SIDE, SIDE, 4, 1};
    const double omega = 1.4, radius = sor_bandit_young_radius(sor_bandit_jacobi_radius(&grid), omega);
    static double sides[TARGETS + 1][N];
    sor_bandit_problem problems[TARGETS + 1];
    uint32_t counts[TARGETS + 1];
    assay_csr a;
    if (sor_bandit_grid_matrix(&grid, &a) != ASSAY_OK)
        return false;
    bool fine = smallest_eigenvector(&a, omega, 0.16 / radius, (assay_random){seed, 740}, sides[0]);
    for (size_t k = 0; k <= TARGETS; k++) {
        if (k > 0)
            assay_random_fill_normal((assay_random){seed, 741}, k * N, 0, 1, sides[k], N);
        problems[k] = (sor_bandit_problem){grid.diagonal, omega, sides[k]};
    }
    fine = fine && sor_bandit_grid_counts(&grid, problems, TARGETS + 1, &goal, counts) == ASSAY_OK;
    *of_vector = counts[0];
    *of_gaussian = 0;
    for (size_t k = 1; k <= TARGETS; k++)
        *of_gaussian += counts[k] / (double)TARGETS;
    assay_csr_release(&a);
    return fine;
}

static double c5(verify_context *v, uint64_t seed)
{
    double of_vector, of_gaussian;
    if (measure_targets(seed, &of_vector, &of_gaussian))
        return of_vector;
    verify_note(v, "%s", assay_error());
    return NAN;
}

static double c5_gaussian(verify_context *v, uint64_t seed)
{
    double of_vector, of_gaussian;
    if (measure_targets(seed, &of_vector, &of_gaussian))
        return of_gaussian;
    verify_note(v, "%s", assay_error());
    return NAN;
}

const verify_claim sor_bandit_claim_c5 = {
    "Sweeps at omega = 1.4 if b is the eigenvector of C_1.4 of least modulus, 10 x 10 grid",
    "12",
    "code",
    "sweeps",
    c5,
    -INFINITY,
    15,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c5_gaussian = {"Mean sweeps at omega = 1.4 of 20 Gaussian b, 10 x 10 grid",
                                                   "77",
                                                   "code",
                                                   "sweeps",
                                                   c5_gaussian,
                                                   60,
                                                   INFINITY,
                                                   0,
                                                   0,
                                                   SEEDS};

/* ---- C6: Axelsson's bound -------------------------------------------------------------------------------------------
 */

/* A 12 x 12 square without a corner of 6 x 8 has 96 points, which may be the L that was meant. */
assay_status sor_bandit_l_shape(double diagonal, assay_csr *a)
{
    enum { SIDE = 12, MOST = SIDE * SIDE };
    size_t number[MOST], rows[5 * MOST], columns[5 * MOST], points = 0, count = 0;
    double values[5 * MOST];
    for (size_t k = 0; k < MOST; k++)
        number[k] = k / SIDE < 6 && k % SIDE < 8 ? SIZE_MAX : points++;
    for (size_t k = 0; k < MOST; k++) {
        const bool has[4] = {k / SIDE > 0, k % SIDE > 0, k % SIDE + 1 < SIDE, k / SIDE + 1 < SIDE};
        const size_t at[4] = {k - SIDE, k - 1, k + 1, k + SIDE};
        if (number[k] == SIZE_MAX)
            continue;
        rows[count] = columns[count] = number[k];
        values[count++] = diagonal;
        for (size_t d = 0; d < 4; d++)
            if (has[d] && number[at[d]] != SIZE_MAX) {
                rows[count] = number[k];
                columns[count] = number[at[d]];
                values[count++] = -1;
            }
    }
    return assay_csr_from_triplets(points, points, count, rows, columns, values, a);
}

/* The largest (count - 1) / (U - 1) of one matrix over 25 omegas. */
static double axelsson_ratio(const assay_csr *a, uint64_t seed)
{
    enum { MOST = 100, OMEGAS = 25 };
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    double b[MOST], x[MOST], kappa, alpha, beta, worst = 0;
    if (!sor_bandit_axelsson_numbers(a, &kappa, &alpha, &beta))
        return NAN;
    assay_random_fill_normal((assay_random){seed, 750}, 0, 0, 1, b, a->rows);
    for (int k = 0; k < OMEGAS; k++) {
        const double omega = 0.83 + (1.9 - 0.83) * k / (OMEGAS - 1);
        sor_bandit_report report;
        memset(x, 0, sizeof x);
        if (sor_bandit_gradients(a, b, omega, &goal, x, &report) != ASSAY_OK)
            return NAN;
        const double bound = sor_bandit_surrogate_gradients(omega, kappa, alpha, beta, goal.tolerance);
        worst = fmax(worst, ((double)report.iterations - 1) / (bound - 1));
    }
    return worst;
}

static double c6(verify_context *v, uint64_t seed)
{
    double worst = 0;
    for (int k = 0; k < 4; k++) {
        assay_csr a;
        const double diagonal = k % 2 ? 4.5 : 4;
        const assay_status status = k < 2 ? sor_bandit_grid_matrix(&(sor_bandit_grid){10, 10, diagonal, 1}, &a)
                                          : sor_bandit_l_shape(diagonal, &a);
        const double ratio = status == ASSAY_OK ? axelsson_ratio(&a, seed) : NAN;
        if (status == ASSAY_OK)
            assay_csr_release(&a);
        if (isnan(ratio)) {
            verify_note(v, "matrix %d: %s", k, assay_error());
            return NAN;
        }
        worst = fmax(worst, ratio);
    }
    return worst;
}

const verify_claim sor_bandit_claim_c6 = {
    "Largest (count - 1) / (U - 1) of SSOR-preconditioned gradients, square and L of 100 and 96 points, 25 omegas",
    "below 1",
    "code",
    "",
    c6,
    -INFINITY,
    0.9999999,
    0,
    0,
    SEEDS};

/* ---- For the report --------------------------------------------------------------------------------------------- */

/* Counts over omega beside Young's radius and the surrogate, one shift. */
void sor_bandit_record_surface(verify_context *v)
{
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    enum { SIDE = 10, N = SIDE * SIDE, OMEGAS = 96 };
    static const double shifts[3] = {-0.1, 0, 0.45};
    static const char *const names[3] = {"c = -0.1", "c = 0", "c = 0.45"};
    double b[N];
    assay_random_fill_normal((assay_random){1, 770}, 0, 0, 1, b, N); /* always the same: b moves the least count */
    for (int k = 0; k < 3; k++) {
        const sor_bandit_grid grid = {SIDE, SIDE, 4 + shifts[k], 1};
        sor_bandit_problem problems[OMEGAS];
        uint32_t counts[OMEGAS];
        double x[OMEGAS], y[OMEGAS], asymptotic[OMEGAS];
        size_t best = 0;
        for (size_t i = 0; i < OMEGAS; i++) {
            x[i] = 1 + 0.01 * (double)i;
            problems[i] = (sor_bandit_problem){grid.diagonal, x[i], b};
            asymptotic[i] = log(goal.tolerance) / log(sor_bandit_young_radius(sor_bandit_jacobi_radius(&grid), x[i]));
        }
        if (!verify_ok(v, sor_bandit_grid_counts(&grid, problems, OMEGAS, &goal, counts), "counts"))
            return;
        for (size_t i = 0; i < OMEGAS; i++) {
            y[i] = counts[i];
            best = counts[i] < counts[best] ? i : best;
        }
        for (int curve = 0; curve < 2; curve++) {
            char label[64];
            strcpy(label, names[k]);
            strcat(label, curve ? ", log tol / log rho" : "");
            verify_record_series(v, &(assay_series){.chart = "sweeps of SOR over omega, 10 x 10 grid",
                                                    .label = label,
                                                    .style = ASSAY_LINE,
                                                    .x_label = "omega",
                                                    .y_label = "sweeps to 1e-8",
                                                    .y_log = 1,
                                                    .count = OMEGAS,
                                                    .x = x,
                                                    .y = curve ? asymptotic : y});
        }
        /* The count is least above Young's omega, where the transient is short, but within a tenth of it. */
        verify_at_most(v, fabs(x[best] - sor_bandit_young_omega(sor_bandit_jacobi_radius(&grid))), 0.12, "distance",
                       "least count from Young's omega, %s", names[k]);
    }
}
