/* sor_bandit: the paper's results, measured again. Numbers of the specification come from its authors' code. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

enum { FEATURES = 6, PAPER_STEPS = 5000, QUICK_STEPS = 700 };

/* ---- Learners on tables ----------------------------------------------------------------------------------------- */

/* What every omega takes at each step, from which all totals follow without solving anything again. */
typedef struct table {
    size_t steps, arms;
    const double *omegas;
    uint32_t *counts; /* steps x arms */
    double *contexts;
    double low, high; /* of the contexts */
    size_t bins;      /* in the paper's code */
} table;

static void release(table *t)
{
    assay_release(t->counts);
    assay_release(t->contexts);
    *t = (table){0};
}

/* Of the paper's omegas from number @p first on. */
static bool make_table(verify_context *v, size_t steps, size_t first, double low, double high, size_t bins, table *t)
{
    *t = (table){.steps = steps, .arms = SOR_BANDIT_ARMS - first, .omegas = sor_bandit_arms + first};
    t->counts = assay_allocate(steps * t->arms, sizeof *t->counts);
    t->contexts = assay_allocate(steps, sizeof *t->contexts);
    t->low = low;
    t->high = high;
    t->bins = bins;
    if (!t->counts || !t->contexts)
        verify_note(v, "no memory for a table of %zu steps", steps);
    return t->counts && t->contexts;
}

/* The scenario of random shifts for a seed. */
static bool shift_table(verify_context *v, bool high, size_t steps, size_t first, uint64_t seed, table *t)
{
    sor_bandit_shift scenario = sor_bandit_shift_paper(high, (assay_random){seed, high ? 700 : 710});
    scenario.steps = steps;
    if (!make_table(v, steps, first, -0.15, 0.65, 5, t))
        return false;
    if (sor_bandit_shift_counts(&scenario, t->arms, t->omegas, t->counts, t->contexts) == ASSAY_OK)
        return true;
    verify_note(v, "%s", assay_error());
    return false;
}

/* The heat equation has nothing random: one table for all seeds of a check (which asks for one number of steps). */
static const table *heat_table(verify_context *v, size_t nx, size_t steps)
{
    static table tables[2];
    static size_t of[2];
    const size_t slot = nx == 25;
    if (of[slot] == nx)
        return &tables[slot];
    sor_bandit_heat scenario = sor_bandit_heat_paper(nx);
    scenario.steps = steps;
    release(&tables[slot]);
    of[slot] = 0;
    if (!make_table(v, steps, 0, 0, 10, 6, &tables[slot]))
        return NULL;
    if (sor_bandit_heat_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, tables[slot].counts,
                               tables[slot].contexts) != ASSAY_OK) {
        verify_note(v, "%s", assay_error());
        return NULL;
    }
    of[slot] = nx;
    return &tables[slot];
}

static double arm_total(const table *t, size_t arm)
{
    double total = 0;
    for (size_t k = 0; k < t->steps; k++)
        total += t->counts[k * t->arms + arm];
    return total;
}

static double best_total(const table *t)
{
    double best = INFINITY;
    for (size_t i = 0; i < t->arms; i++)
        best = fmin(best, arm_total(t, i));
    return best;
}

/* The best arm for each step. */
static double instance_total(const table *t)
{
    double total = 0;
    for (size_t k = 0; k < t->steps; k++) {
        uint32_t best = UINT32_MAX;
        for (size_t i = 0; i < t->arms; i++)
            best = t->counts[k * t->arms + i] < best ? t->counts[k * t->arms + i] : best;
        total += best;
    }
    return total;
}

typedef enum kind { TSALLIS, BINS, CHEBYSHEV } kind;

/* The total of a learner; *second gets that of the second half (may be null). NaN with a note if it fails. */
static double learner_total(verify_context *v, const table *t, kind which, uint64_t seed, double *second)
{
    sor_bandit_learner *learner = NULL;
    const assay_random r = {seed, 720 + (uint64_t)which};
    assay_status status = which == TSALLIS ? sor_bandit_create_tsallis(t->arms, r, &learner)
                          : which == BINS
                              ? sor_bandit_create_tsallis_bins(t->arms, t->bins, t->low, t->high, r, &learner)
                              : sor_bandit_create_chebyshev(t->arms, FEATURES, t->low, t->high, r, &learner);
    uint32_t *iterations = assay_allocate(t->steps, sizeof *iterations);
    sor_bandit_trace trace = {.iterations = iterations};
    if (status == ASSAY_OK && iterations)
        status = sor_bandit_replay(learner, t->steps, t->arms, t->counts, t->contexts, &trace);
    double total = 0;
    if (second) {
        *second = 0;
        for (size_t k = t->steps / 2; iterations && k < t->steps; k++)
            *second += iterations[k];
    }
    if (status == ASSAY_OK && iterations)
        total = (double)trace.total;
    else
        verify_note(v, "%s", assay_error());
    sor_bandit_release(learner);
    assay_release(iterations);
    return total > 0 ? total : NAN;
}

/* ---- C1 to C3: random shifts --------------------------------------------------------------------------------------
 */

typedef struct totals {
    double best, fixed, tsallis, second, bins, chebyshev, young;
} totals;

/* Young's omega for each shift: what the best policy takes whose omega depends on A alone. */
static double young_rule(void *self, double context)
{
    const sor_bandit_grid grid = {10, 10, 4 + context, 1};
    (void)self;
    return sor_bandit_young_omega(sor_bandit_jacobi_radius(&grid));
}

static double young_total(verify_context *v, bool high, uint64_t seed)
{
    sor_bandit_shift scenario = sor_bandit_shift_paper(high, (assay_random){seed, high ? 700 : 710});
    scenario.steps = PAPER_STEPS;
    const sor_bandit_policy policy = {.rule = young_rule};
    sor_bandit_trace trace = {0};
    if (sor_bandit_shift_run(&scenario, &policy, &trace) == ASSAY_OK)
        return (double)trace.total;
    verify_note(v, "%s", assay_error());
    return NAN;
}

static bool measure_shift(verify_context *v, bool high, uint64_t seed, totals *m)
{
    table t;
    const bool made = shift_table(v, high, PAPER_STEPS, 0, seed, &t);
    if (made) {
        m->best = best_total(&t);
        m->fixed = arm_total(&t, 8);
        m->tsallis = learner_total(v, &t, TSALLIS, seed, &m->second);
        m->bins = learner_total(v, &t, BINS, seed, NULL);
        m->chebyshev = learner_total(v, &t, CHEBYSHEV, seed, NULL);
    }
    release(&t);
    return made;
}

static double c1_high(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.tsallis / m.best : NAN;
}

static double c1_low(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, false, seed, &m) ? m.tsallis / m.best : NAN;
}

static double c1_fixed(verify_context *v, uint64_t seed)
{
    totals high, low;
    return measure_shift(v, true, seed, &high) && measure_shift(v, false, seed, &low)
               ? fmax(high.tsallis / high.fixed, low.tsallis / low.fixed)
               : NAN;
}

/* The second half's best fixed arm is that of the whole. */
static double c1_half(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.second / (m.best / 2) : NAN;
}

static double c2_high(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.chebyshev / m.best : NAN;
}

static double c2_low(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, false, seed, &m) ? m.chebyshev / m.best : NAN;
}

static double c2_young(verify_context *v, uint64_t seed)
{
    double worst = 0;
    for (int high = 0; high < 2; high++) {
        totals m;
        if (!measure_shift(v, high, seed, &m))
            return NAN;
        const double ratio = m.chebyshev / young_total(v, high, seed);
        worst = ratio > worst || isnan(ratio) ? ratio : worst;
    }
    return worst;
}

/* Small enough for every day: 12 omegas from 1.40 on, which learners know sooner, and which take fewer sweeps. */
static double c2_quick(verify_context *v, uint64_t seed)
{
    table t;
    const bool made = shift_table(v, true, QUICK_STEPS, 8, seed, &t);
    const double ratio = made ? learner_total(v, &t, CHEBYSHEV, seed, NULL) / best_total(&t) : NAN;
    release(&t);
    return ratio;
}

static double c3(verify_context *v, uint64_t seed)
{
    totals high, low;
    return measure_shift(v, true, seed, &high) && measure_shift(v, false, seed, &low)
               ? fmax(high.chebyshev / high.bins, low.chebyshev / low.bins)
               : NAN;
}

#define SEEDS 5

const verify_claim sor_bandit_claim_c1_high = {
    "Tsallis-INF over the best fixed omega, 10 x 10 grid, high variance, 5000 systems",
    "approaches the best fixed omega",
    "abstract",
    "",
    c1_high,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_low = {
    "Tsallis-INF over the best fixed omega, 10 x 10 grid, low variance, 5000 systems",
    "approaches the best fixed omega",
    "abstract",
    "",
    c1_low,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_fixed = {
    "Tsallis-INF over omega = 1.4 always, the worse of both variances, 5000 systems",
    "well below a guessed omega",
    "code",
    "",
    c1_fixed,
    -INFINITY,
    0.70,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_half = {
    "The second half of Tsallis-INF over that of the best fixed omega, high variance",
    "the regret fades",
    "abstract",
    "",
    c1_half,
    -INFINITY,
    1.12,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c2_high = {"ChebCB over the best fixed omega, high variance, 5000 systems",
                                               "near instance-optimal, below every fixed omega",
                                               "abstract",
                                               "",
                                               c2_high,
                                               -INFINITY,
                                               0.72,
                                               0,
                                               0,
                                               SEEDS};
const verify_claim sor_bandit_claim_c2_low = {"ChebCB over the best fixed omega, low variance, 5000 systems",
                                              "near instance-optimal, below every fixed omega",
                                              "abstract",
                                              "",
                                              c2_low,
                                              -INFINITY,
                                              0.85,
                                              0,
                                              0,
                                              SEEDS};
const verify_claim sor_bandit_claim_c2_young = {
    "ChebCB over Young's omega for each system, the worse of both variances, 5000 systems",
    "near instance-optimal",
    "abstract",
    "",
    c2_young,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c2_quick = {
    "ChebCB over the best fixed omega, high variance, 700 systems, 12 omegas from 1.4",
    "below every fixed omega",
    "abstract",
    "",
    c2_quick,
    -INFINITY,
    1,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c3 = {
    "ChebCB over Tsallis-INF with 5 bins of contexts, the worse of both variances, 5000 systems",
    "regression beats binning",
    "code",
    "",
    c3,
    -INFINITY,
    0.80,
    0,
    0,
    SEEDS};

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

/* A 12 x 12 square without a corner of 6 x 8 has 96 points, which is the L that the specification may have meant. */
static assay_status l_shape(double diagonal, assay_csr *a)
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

/* Condition number of A, and largest eigenvalues of D A^-1 and (L D^-1 L^T - D / 4) A^-1, by the symmetric
 * K^-1 X K^-T with A = K K^T. The diagonal of A is constant here. */
static bool axelsson_numbers(const assay_csr *a, double *kappa, double *alpha, double *beta)
{
    const size_t n = a->rows;
    double *dense = sor_bandit_dense(a), *k = assay_allocate(n * n, sizeof *k), *x = assay_allocate(n * n, sizeof *x);
    double *values = assay_allocate(n, sizeof *values);
    bool fine = dense && k && x && values && assay_dense_symmetric_eigen(n, dense, values, NULL) == ASSAY_OK &&
                assay_dense_cholesky(n, dense, k) == ASSAY_OK;
    if (fine) {
        const double d = dense[0];
        *kappa = values[n - 1] / values[0];
        *alpha = d / values[0];
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                for (size_t l = 0; l < (i < j ? i : j); l++)
                    x[i * n + j] += dense[i * n + l] * dense[j * n + l] / d;
                x[i * n + j] -= i == j ? d / 4 : 0;
            }
        /* x = K^-1 X, transposed, and again */
        for (int turn = 0; turn < 2; turn++) {
            for (size_t j = 0; j < n; j++)
                for (size_t i = 0; i < n; i++) {
                    double sum = x[i * n + j];
                    for (size_t l = 0; l < i; l++)
                        sum -= k[i * n + l] * x[l * n + j];
                    x[i * n + j] = sum / k[i * n + i];
                }
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < i; j++) {
                    const double swap = x[i * n + j];
                    x[i * n + j] = x[j * n + i];
                    x[j * n + i] = swap;
                }
        }
        fine = assay_dense_symmetric_eigen(n, x, values, NULL) == ASSAY_OK;
        *beta = values[n - 1];
    }
    assay_release(dense);
    assay_release(k);
    assay_release(x);
    assay_release(values);
    return fine;
}

/* The largest (count - 1) / (U - 1) of one matrix over 25 omegas. */
static double axelsson_ratio(const assay_csr *a, uint64_t seed)
{
    enum { MOST = 100, OMEGAS = 25 };
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    double b[MOST], x[MOST], kappa, alpha, beta, worst = 0;
    if (!axelsson_numbers(a, &kappa, &alpha, &beta))
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
        const assay_status status =
            k < 2 ? sor_bandit_grid_matrix(&(sor_bandit_grid){10, 10, diagonal, 1}, &a) : l_shape(diagonal, &a);
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

/* ---- C7, C8: heat ---------------------------------------------------------------------------------------------------
 */

static double chebyshev_over_best(verify_context *v, size_t nx, uint64_t seed)
{
    const table *t = heat_table(v, nx, PAPER_STEPS);
    return t ? learner_total(v, t, CHEBYSHEV, seed, NULL) / best_total(t) : NAN;
}

/* One turn of cooling and warming. */
static double c7_quick(verify_context *v, uint64_t seed)
{
    const table *t = heat_table(v, 25, 1000);
    return t ? learner_total(v, t, CHEBYSHEV, seed, NULL) / best_total(t) : NAN;
}

static double c7_25(verify_context *v, uint64_t seed)
{
    return chebyshev_over_best(v, 25, seed);
}

static double c7_50(verify_context *v, uint64_t seed)
{
    return chebyshev_over_best(v, 50, seed);
}

static double c7_100(verify_context *v, uint64_t seed)
{
    return chebyshev_over_best(v, 100, seed);
}

static double larger(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static double chebyshev_over_instance(verify_context *v, size_t nx, uint64_t seed)
{
    const table *t = heat_table(v, nx, PAPER_STEPS);
    return t ? learner_total(v, t, CHEBYSHEV, seed, NULL) / instance_total(t) : NAN;
}

static double c7_grid(verify_context *v, uint64_t seed)
{
    return larger(chebyshev_over_instance(v, 25, seed), chebyshev_over_instance(v, 50, seed));
}

static double tsallis_over_best(verify_context *v, size_t nx, uint64_t seed)
{
    const table *t = heat_table(v, nx, PAPER_STEPS);
    return t ? learner_total(v, t, TSALLIS, seed, NULL) / best_total(t) : NAN;
}

static double c7_tsallis(verify_context *v, uint64_t seed)
{
    return larger(tsallis_over_best(v, 25, seed), tsallis_over_best(v, 50, seed));
}

static double heat_total(verify_context *v, size_t nx, const sor_bandit_policy *policy)
{
    const sor_bandit_heat scenario = sor_bandit_heat_paper(nx);
    sor_bandit_trace trace = {0};
    if (sor_bandit_heat_run(&scenario, policy, &trace, NULL) == ASSAY_OK)
        return (double)trace.total;
    verify_note(v, "nx = %zu: %s", nx, assay_error());
    return NAN;
}

static double fixed_total(verify_context *v, size_t nx, double omega)
{
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    return heat_total(v, nx, &policy);
}

/* By solving, not by a table. Plain gradients do not depend on the seed. */
static double c7_plain(verify_context *v, uint64_t seed)
{
    static const size_t sizes[2] = {25, 50};
    static double plain[2];
    double least = INFINITY;
    for (int k = 0; k < 2; k++) {
        sor_bandit_learner *learner;
        if (plain[k] == 0)
            plain[k] = fixed_total(v, sizes[k], SOR_BANDIT_PLAIN);
        if (sor_bandit_create_chebyshev(SOR_BANDIT_ARMS, FEATURES, 0, 10, (assay_random){seed, 760}, &learner) !=
            ASSAY_OK)
            return NAN;
        const sor_bandit_policy policy = {.learner = learner, .omegas = sor_bandit_arms, .arms = SOR_BANDIT_ARMS};
        const double ratio = plain[k] / heat_total(v, sizes[k], &policy);
        sor_bandit_release(learner);
        if (isnan(ratio))
            return NAN;
        least = fmin(least, ratio);
    }
    return least;
}

/* How much the better of two omegas gains on either side of the crossing. */
static double c8(verify_context *v, uint64_t seed)
{
    (void)seed;
    const double coarse = fixed_total(v, 25, 1.5) / fixed_total(v, 25, 1.3);
    const double fine = fixed_total(v, 50, 1.3) / fixed_total(v, 50, 1.5);
    return isnan(coarse) || isnan(fine) ? NAN : fmin(coarse, fine);
}

const verify_claim sor_bandit_claim_c7_quick = {"ChebCB over the best fixed omega, heat equation, nx = 25, 1000 steps",
                                                "below it",
                                                "paper",
                                                "",
                                                c7_quick,
                                                -INFINITY,
                                                1,
                                                0,
                                                0,
                                                SEEDS};
const verify_claim sor_bandit_claim_c7_25 = {"ChebCB over the best fixed omega, heat equation, nx = 25, 5000 steps",
                                             "below it",
                                             "paper",
                                             "",
                                             c7_25,
                                             -INFINITY,
                                             0.92,
                                             0,
                                             0,
                                             SEEDS};
const verify_claim sor_bandit_claim_c7_50 = {"ChebCB over the best fixed omega, heat equation, nx = 50, 5000 steps",
                                             "below it",
                                             "paper",
                                             "",
                                             c7_50,
                                             -INFINITY,
                                             0.92,
                                             0,
                                             0,
                                             SEEDS};
const verify_claim sor_bandit_claim_c7_100 = {"ChebCB over the best fixed omega, heat equation, nx = 100, 5000 steps",
                                              "below it",
                                              "paper",
                                              "",
                                              c7_100,
                                              -INFINITY,
                                              0.92,
                                              0,
                                              0,
                                              SEEDS};
const verify_claim sor_bandit_claim_c7_grid = {
    "ChebCB over the best of 20 omegas for each step, heat equation, the worse of nx = 25 and 50",
    "near instance-optimal",
    "paper",
    "",
    c7_grid,
    -INFINITY,
    1.10,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c7_tsallis = {
    "Tsallis-INF over the best fixed omega, heat equation, the worse of nx = 25 and 50",
    "near it",
    "paper",
    "",
    c7_tsallis,
    -INFINITY,
    1.20,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c7_plain = {
    "Gradients without preconditioner over ChebCB, heat equation, the lesser of nx = 25 and 50",
    "several times as many",
    "paper",
    "",
    c7_plain,
    2.5,
    INFINITY,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c8 = {
    "Least gain of omega = 1.3 over 1.5 at nx = 25 and of 1.5 over 1.3 at nx = 50, heat equation",
    "above 1: they cross",
    "code",
    "",
    c8,
    1.0000001,
    INFINITY,
    0,
    0,
    1};

/* ---- For the report --------------------------------------------------------------------------------------------- */

/* Mean iterations so far over the steps, for learners and fixed omegas; the learners' ends are held against the worst.
 */
void sor_bandit_record_regret(verify_context *v)
{
    enum { POINTS = 60 };
    const size_t steps = verify_depth_of(v) == VERIFY_QUICK ? 400 : PAPER_STEPS;
    table t;
    if (!shift_table(v, true, steps, 0, verify_seed_of(v), &t)) {
        verify_true(v, false, "%s", assay_error());
        release(&t);
        return;
    }
    static const char *const names[6] = {"Tsallis-INF",      "Tsallis-INF, 5 bins", "ChebCB",
                                         "best fixed omega", "omega = 1.4",         "best omega for each"};
    size_t best = 0;
    for (size_t i = 0; i < SOR_BANDIT_ARMS; i++)
        best = arm_total(&t, i) < arm_total(&t, best) ? i : best;
    uint32_t *iterations = assay_allocate(steps, sizeof *iterations);
    for (int k = 0; iterations && k < 6; k++) {
        double x[POINTS], y[POINTS], sum = 0;
        sor_bandit_learner *learner = NULL;
        const assay_random r = {verify_seed_of(v), 720 + (uint64_t)k};
        if (k < 3) {
            sor_bandit_trace trace = {.iterations = iterations};
            const assay_status made =
                k == 0   ? sor_bandit_create_tsallis(SOR_BANDIT_ARMS, r, &learner)
                : k == 1 ? sor_bandit_create_tsallis_bins(SOR_BANDIT_ARMS, t.bins, t.low, t.high, r, &learner)
                         : sor_bandit_create_chebyshev(SOR_BANDIT_ARMS, FEATURES, t.low, t.high, r, &learner);
            verify_ok(v, made, "%s", names[k]);
            verify_ok(v, sor_bandit_replay(learner, steps, SOR_BANDIT_ARMS, t.counts, t.contexts, &trace), "%s",
                      names[k]);
            sor_bandit_release(learner);
        }
        size_t point = 0;
        for (size_t s = 0; s < steps; s++) {
            uint32_t least = UINT32_MAX;
            for (size_t i = 0; i < SOR_BANDIT_ARMS; i++)
                least = t.counts[s * SOR_BANDIT_ARMS + i] < least ? t.counts[s * SOR_BANDIT_ARMS + i] : least;
            sum += k < 3    ? iterations[s]
                   : k == 3 ? t.counts[s * SOR_BANDIT_ARMS + best]
                   : k == 4 ? t.counts[s * SOR_BANDIT_ARMS + 8]
                            : least;
            if ((s + 1) * POINTS / steps > point) {
                x[point] = (double)(s + 1);
                y[point++] = sum / (double)(s + 1);
            }
        }
        verify_record_series(v, &(assay_series){.chart = "iterations per system, random shifts of high variance",
                                                .label = names[k],
                                                .style = ASSAY_LINE,
                                                .x_label = "systems solved",
                                                .y_label = "mean sweeps so far",
                                                .count = point,
                                                .x = x,
                                                .y = y});
        verify_true(v, sum >= instance_total(&t) && sum <= arm_total(&t, 0), "%s: total %g", names[k], sum);
    }
    assay_release(iterations);
    release(&t);
}

/* Counts over omega beside Young's radius and the surrogate, one shift. */
void sor_bandit_record_surface(verify_context *v)
{
    const sor_bandit_goal goal = {1e-8, 10000, SOR_BANDIT_TO_START};
    enum { SIDE = 10, N = SIDE * SIDE, OMEGAS = 96 };
    static const double shifts[3] = {-0.1, 0, 0.45};
    static const char *const names[3] = {"c = -0.1", "c = 0", "c = 0.45"};
    double b[N];
    assay_random_fill_normal(verify_random(v, 770), 0, 0, 1, b, N);
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
