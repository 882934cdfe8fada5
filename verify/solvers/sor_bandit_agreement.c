/* sor_bandit: optimized against reference. */
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

/* ---- Solvers -------------------------------------------------------------------------------------------------- */

/*
 * SOR has the same bits in another order of the rows. The count would differ only if a residual came so near to the
 * goal that the order of the sum of its n squares decides: within n 2^-53 of it. Residuals fall by half a per cent in a
 * sweep at least, so that one comes so near with a probability of 2 n 2^-53 / 0.005 in a solve: 9 grids of up to 2867
 * points twice, 2e-9; 4 matrices of up to 9000 twice (which fall by a tenth), 2e-10; 240 counts of 100 points, 1e-9; 60
 * systems of 100 points by a learner whose arms are as certain as those of sor_bandit_agree_chebyshev(), 2e-9.
 */
static const sor_bandit_goal from_start = {1e-8, 10000, SOR_BANDIT_TO_START};
static const sor_bandit_goal from_right_side = {1e-8, 10000, SOR_BANDIT_TO_RIGHT_SIDE};

enum { SHAPES = 9, MOST = 61 * 47, POINTS = 1 + 9 + 7 + 15 + 100 + 153 + 128 + 1320 + MOST };
static const size_t shapes[SHAPES][2] = {{1, 1},  {1, 9},  {7, 1},   {3, 5},  {10, 10},
                                         {9, 17}, {16, 8}, {33, 40}, {61, 47}};

typedef struct solved {
    double x[POINTS]; /* one grid after the other */
    uint32_t counts[SHAPES * 2];
} solved;

static assay_status solve_grids(verify_context *v, bool gradients, solved *all)
{
    double *b = assay_allocate(MOST, sizeof *b);
    assay_status status = b ? ASSAY_OK : ASSAY_NO_MEMORY;
    double *x = all->x;
    for (size_t k = 0; status == ASSAY_OK && k < SHAPES; k++) {
        const size_t n = shapes[k][0] * shapes[k][1];
        const sor_bandit_grid grid = {shapes[k][0], shapes[k][1], 4.02 + 0.1 * (double)(k % 3), k % 2 ? 1 : -1};
        for (int turn = 0; turn < 2 && status == ASSAY_OK; turn++) { /* from random x, then from 0 with another goal */
            const double omega = turn == 0 ? 1.1 + 0.1 * (double)k : gradients ? SOR_BANDIT_PLAIN : 0.7;
            sor_bandit_report report;
            assay_random_fill_normal(verify_random(v, 100 + k), 0, 0, 1, b, n);
            assay_random_fill_normal(verify_random(v, 200 + k), 0, 0, turn == 0, x, n);
            const sor_bandit_goal *goal = turn == gradients ? &from_start : &from_right_side;
            status = gradients ? sor_bandit_grid_gradients(&grid, b, omega, goal, x, &report)
                               : sor_bandit_grid_sor(&grid, b, omega, goal, x, &report);
            all->counts[2 * k + (size_t)turn] = (uint32_t)report.iterations;
        }
        x += n;
    }
    assay_release(b);
    return status;
}

/* A x of all shapes, so that what is compared has the scale of b. */
static void apply_all(solved *all)
{
    double *x = all->x;
    for (size_t k = 0; k < SHAPES; k++) {
        const size_t rows = shapes[k][0], columns = shapes[k][1], n = rows * columns;
        const double diagonal = 4.02 + 0.1 * (double)(k % 3), neighbour = k % 2 ? 1 : -1;
        double old[MOST];
        memcpy(old, x, n * sizeof *old);
        for (size_t i = 0; i < n; i++) {
            const size_t row = i / columns, column = i % columns;
            const double around = (row > 0 ? old[i - columns] : 0) + (column > 0 ? old[i - 1] : 0) +
                                  (column + 1 < columns ? old[i + 1] : 0) + (row + 1 < rows ? old[i + columns] : 0);
            x[i] = diagonal * old[i] - neighbour * around;
        }
        x += n;
    }
}

void sor_bandit_agree_grid_sor(verify_context *v)
{
    solved *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    verify_use_reference(v);
    verify_ok(v, solve_grids(v, false, expected), "reference");
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof *actual);
        if (!verify_ok(v, solve_grids(v, false, actual), "%d threads", *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected->x, actual->x, POINTS, "x, %d threads",
                          *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected->counts, actual->counts, SHAPES * 2,
                          "counts, %d threads", *threads))
            break;
    }
    assay_release(expected);
}

/* Counts may differ by 1. Both residuals are at most the tolerance times ||b||, so A x by 2 tolerances, and half a one
 * is for the recurrence that is not the residual itself; relative to ||A x|| >= (1 - 1e-8) ||b||. A count differs if
 * the residual comes as near to the goal as rounding moves it, and by 2 if it then stands still in the next step. In
 * 1800 solves of these grids rounding moved it by at most 2.2e-13; it falls by a fifth in a step: 18 solves, or 8 of
 * the matrices, fail with a probability of 2 2.2e-13 / 0.2 each, below 1e-10 in all. */
void sor_bandit_agree_grid_gradients(verify_context *v)
{
    solved *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    verify_use_reference(v);
    verify_ok(v, solve_grids(v, true, expected), "reference");
    apply_all(expected);
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof *actual);
        if (!verify_ok(v, solve_grids(v, true, actual), "%d threads", *threads))
            break;
        apply_all(actual);
        if (!verify_agree(v, VERIFY_RELATIVE_NORM, 2.5e-8, VERIFY_F64, expected->x, actual->x, POINTS,
                          "A x, %d threads", *threads) ||
            !verify_agree(v, VERIFY_MAX_ABSOLUTE, 1, VERIFY_U32, expected->counts, actual->counts, SHAPES * 2,
                          "counts, %d threads", *threads))
            break;
    }
    assay_release(expected);
}

/* ---- Any matrix ----------------------------------------------------------------------------------------------- */

enum { MATRICES = 4 };

/* A random one, one whose structure is not symmetric (for SOR only), a grid, a diagonal. */
static assay_status make_matrix(verify_context *v, int which, bool symmetric, assay_csr *a)
{
    if (which == 2)
        return sor_bandit_grid_matrix(&(sor_bandit_grid){60, 150, 4.6, 1}, a);
    *a = sor_bandit_random_matrix(verify_random(v, 300 + (uint64_t)which), which == 3 ? 1 : 500);
    if (a->rows == 0)
        return ASSAY_NO_MEMORY;
    if (which == 1 && !symmetric) { /* every third element off the diagonal goes */
        size_t to = 0, from = 0;
        for (size_t i = 0; i < a->rows; i++) {
            for (; from < a->starts[i + 1]; from++)
                if (a->indices[from] == i || from % 3) {
                    a->indices[to] = a->indices[from];
                    a->values[to++] = a->values[from];
                }
            a->starts[i + 1] = to; /* read as the next row's start above by from, which is past it */
        }
    }
    return ASSAY_OK;
}

enum { LONGEST = 9000, UNKNOWNS = 500 + 500 + LONGEST + 1 };
static const size_t begins[MATRICES] = {0, 500, 1000, 1000 + LONGEST};

typedef struct solved_matrices {
    double x[UNKNOWNS];
    uint32_t counts[MATRICES * 2];
} solved_matrices;

static assay_status solve_matrix(verify_context *v, int which, bool gradients, double *x, uint32_t counts[2])
{
    assay_csr a;
    assay_status status = make_matrix(v, which, gradients, &a);
    double *b = assay_allocate(LONGEST, sizeof *b);
    if (status == ASSAY_OK && !b)
        status = ASSAY_NO_MEMORY;
    for (int turn = 0; status == ASSAY_OK && turn < 2; turn++) {
        sor_bandit_report report;
        assay_random_fill_normal(verify_random(v, 310 + (uint64_t)which), 0, 0, 1, b, a.rows);
        assay_random_fill_normal(verify_random(v, 320), 0, 0, turn == 0, x, a.rows);
        const sor_bandit_goal *goal = turn == gradients ? &from_start : &from_right_side;
        /* Above 1 a dominant matrix that is not symmetric need not converge. */
        const double first = which == 1 ? 1 : 1.4, omega = turn == 0 ? first : gradients ? SOR_BANDIT_PLAIN : 0.9;
        status = gradients ? sor_bandit_gradients(&a, b, omega, goal, x, &report)
                           : sor_bandit_sor(&a, b, omega, goal, x, &report);
        counts[turn] = (uint32_t)report.iterations;
    }
    if (status == ASSAY_OK && gradients) {
        memcpy(b, x, a.rows * sizeof *b);
        status = assay_csr_multiply(&a, b, x);
    }
    assay_csr_release(&a);
    assay_release(b);
    return status;
}

static void agree_on_matrices(verify_context *v, bool gradients)
{
    solved_matrices *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    verify_use_reference(v);
    for (int k = 0; k < MATRICES; k++)
        verify_ok(v, solve_matrix(v, k, gradients, expected->x + begins[k], expected->counts + 2 * k), "matrix %d", k);
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof *actual);
        for (int k = 0; k < MATRICES; k++)
            verify_ok(v, solve_matrix(v, k, gradients, actual->x + begins[k], actual->counts + 2 * k), "matrix %d", k);
        /* The same bounds as on grids. */
        if (!verify_agree(v, gradients ? VERIFY_RELATIVE_NORM : VERIFY_BITWISE, gradients ? 2.5e-8 : 0, VERIFY_F64,
                          expected->x, actual->x, UNKNOWNS, "x, %d threads", *threads) ||
            !verify_agree(v, VERIFY_MAX_ABSOLUTE, gradients, VERIFY_U32, expected->counts, actual->counts, MATRICES * 2,
                          "counts, %d threads", *threads))
            break;
    }
    assay_release(expected);
}

void sor_bandit_agree_sor(verify_context *v)
{
    agree_on_matrices(v, false);
}

void sor_bandit_agree_gradients(verify_context *v)
{
    agree_on_matrices(v, true);
}

/* ---- Counts and scenarios ------------------------------------------------------------------------------------- */

enum { STEPS = 12, CELLS = STEPS * SOR_BANDIT_ARMS };

void sor_bandit_agree_counts(verify_context *v)
{
    uint32_t expected[CELLS], actual[CELLS];
    double expected_contexts[STEPS], contexts[STEPS];
    sor_bandit_shift scenario = sor_bandit_shift_paper(true, verify_random(v, 400));
    scenario.steps = STEPS;
    scenario.goal.limit = 700; /* so that some do not converge */
    verify_use_reference(v);
    verify_ok(v, sor_bandit_shift_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, expected, expected_contexts),
              "reference");
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof actual);
        verify_spoil(contexts, sizeof contexts);
        if (!verify_ok(v, sor_bandit_shift_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, actual, contexts),
                       "%d threads", *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected, actual, CELLS, "counts, %d threads", *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected_contexts, contexts, STEPS, "contexts"))
            break;
    }
    /* One problem with b = 0, and none at all. */
    const double zeros[6] = {0}, ones[6] = {1, 1, 1, 1, 1, 1};
    const sor_bandit_grid grid = {2, 3, 4, 1};
    const sor_bandit_problem problems[3] = {{4, 1.2, ones}, {4, 1.2, zeros}, {5, 1, ones}};
    uint32_t made[3] = {7, 7, 7}, wanted[3] = {9, 9, 9};
    verify_ok(v, sor_bandit_reference_grid_counts(&grid, problems, 3, &from_start, wanted), "reference");
    verify_ok(v, sor_bandit_grid_counts(&grid, problems, 3, &from_start, made), "with b = 0");
    verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, wanted, made, 3, "counts with b = 0");
    verify_true(v, made[1] == 0, "b = 0 took %u sweeps", made[1]);
    verify_ok(v, sor_bandit_grid_counts(&grid, NULL, 0, &from_start, NULL), "no problems");
}

/* A run of a scenario by a learner, with everything that it traces. */
enum { RUN = 60 };

typedef struct traced {
    uint32_t iterations[RUN], arms[RUN];
    double contexts[RUN], state[24 * 24];
    uint64_t total;
} traced;

static assay_status run_shift(verify_context *v, traced *t)
{
    sor_bandit_learner *learner;
    sor_bandit_shift scenario = sor_bandit_shift_paper(false, verify_random(v, 410));
    scenario.steps = RUN;
    assay_status status = sor_bandit_create_chebyshev(SOR_BANDIT_ARMS, 6, -0.15, 0.65, verify_random(v, 420), &learner);
    if (status != ASSAY_OK)
        return status;
    const sor_bandit_policy policy = {.learner = learner, .omegas = sor_bandit_arms, .arms = SOR_BANDIT_ARMS};
    sor_bandit_trace trace = {.iterations = t->iterations, .arms = t->arms, .contexts = t->contexts};
    status = sor_bandit_shift_run(&scenario, &policy, &trace);
    t->total = trace.total;
    sor_bandit_release(learner);
    return status;
}

/* The learner sees the same counts, and so chooses the same arms (see the agreement of the learners). */
void sor_bandit_agree_shift(verify_context *v)
{
    traced *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    verify_use_reference(v);
    verify_ok(v, run_shift(v, expected), "reference");
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof *actual);
        if (!verify_ok(v, run_shift(v, actual), "%d threads", *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected->arms, actual->arms, RUN, "arms") ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected->iterations, actual->iterations, RUN, "counts") ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected->contexts, actual->contexts, RUN, "contexts"))
            break;
        verify_true(v, actual->total == expected->total, "the total is %llu, reference %llu",
                    (unsigned long long)actual->total, (unsigned long long)expected->total);
    }
    assay_release(expected);
}

static assay_status run_heat(double omega, traced *t)
{
    sor_bandit_heat scenario = sor_bandit_heat_paper(25);
    scenario.steps = RUN;
    scenario.start = 0.5; /* where the conductivity begins to rise */
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    sor_bandit_trace trace = {.iterations = t->iterations, .arms = t->arms, .contexts = t->contexts};
    const assay_status status = sor_bandit_heat_run(&scenario, &policy, &trace, t->state);
    t->total = trace.total;
    return status;
}

/* Counts differ by at most 1 a step and 0.5 per cent in all. States differ by what each step leaves, twice the
 * tolerance times ||b|| <= (1 + 8 g) ||u||, g <= 3.2, with A^-1 and the step itself at most 1: 2 * 60 * 1e-8 * 27
 * = 3.3e-5. */
void sor_bandit_agree_heat(verify_context *v)
{
    traced *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    static const double omegas[3] = {SOR_BANDIT_PLAIN, 1, 1.6};
    for (int k = 0; k < 3; k++) {
        verify_use_reference(v);
        verify_ok(v, run_heat(omegas[k], expected), "reference");
        for (const int *threads = verify_thread_counts; *threads; threads++) {
            verify_use_level(v, *threads);
            verify_spoil(actual, sizeof *actual);
            if (!verify_ok(v, run_heat(omegas[k], actual), "%d threads", *threads) ||
                !verify_agree(v, VERIFY_MAX_ABSOLUTE, 1, VERIFY_U32, expected->iterations, actual->iterations, RUN,
                              "counts, omega %g", omegas[k]) ||
                !verify_agree(v, VERIFY_RELATIVE_NORM, 3.3e-5, VERIFY_F64, expected->state, actual->state, 24 * 24,
                              "state, omega %g", omegas[k]) ||
                !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected->contexts, actual->contexts, RUN, "contexts"))
                break;
            verify_at_most(v, fabs((double)actual->total / (double)expected->total - 1), 0.005, "relative difference",
                           "total, omega %g: %llu and %llu", omegas[k], (unsigned long long)actual->total,
                           (unsigned long long)expected->total);
        }
    }
    assay_release(expected);
}

void sor_bandit_agree_heat_counts(verify_context *v)
{
    uint32_t expected[CELLS], actual[CELLS];
    double expected_contexts[STEPS], contexts[STEPS];
    sor_bandit_heat scenario = sor_bandit_heat_paper(30);
    scenario.steps = STEPS;
    scenario.start = 0.6;
    verify_use_reference(v);
    verify_ok(v, sor_bandit_heat_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, expected, expected_contexts),
              "reference");
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof actual);
        verify_spoil(contexts, sizeof contexts);
        if (!verify_ok(v, sor_bandit_heat_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, actual, contexts),
                       "%d threads", *threads) ||
            !verify_agree(v, VERIFY_MAX_ABSOLUTE, 1, VERIFY_U32, expected, actual, CELLS, "counts, %d threads",
                          *threads) ||
            !verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, expected_contexts, contexts, STEPS, "contexts"))
            break;
    }
}

/* ---- Learners ------------------------------------------------------------------------------------------------- */

enum { TAPE = 600, ARMS = 7 };

typedef struct played {
    double p[TAPE * ARMS];
    uint32_t arms[TAPE];
} played;

/* Losses that depend on arm and context, with noise, from a tape. */
static assay_status play(verify_context *v, played *t)
{
    const assay_random r = verify_random(v, 430);
    sor_bandit_learner *learner = NULL;
    assay_status status = sor_bandit_create_chebyshev(ARMS, 6, -1, 2, verify_random(v, 431), &learner);
    for (size_t k = 0; status == ASSAY_OK && k < TAPE; k++) {
        const double context = -1 + 3 * assay_random_uniform(r, 2 * k);
        size_t arm = 0;
        status = sor_bandit_choose(learner, context, &arm);
        if (status == ASSAY_OK)
            status = sor_bandit_probabilities(learner, t->p + k * ARMS);
        t->arms[k] = (uint32_t)arm;
        const double shape = (double)arm / (ARMS - 1) * 3 - 1 - context;
        if (status == ASSAY_OK)
            status = sor_bandit_learn(learner, floor(5 + 20 * shape * shape + 4 * assay_random_uniform(r, 2 * k + 1)));
    }
    sor_bandit_release(learner);
    return status;
}

/* The sums of each arm have the same bits; only eta comes from other sums, whose cancellation costs some 1e-13 of its
 * terms. The arms differ if a uniform number falls into such a gap of a distribution: 600 * 7 * 1e-12 = 4e-9. */
void sor_bandit_agree_chebyshev(verify_context *v)
{
    played *expected = assay_allocate(2, sizeof *expected), *actual = expected ? expected + 1 : NULL;
    if (!verify_true(v, expected, "memory"))
        return;
    verify_use_reference(v);
    verify_ok(v, play(v, expected), "reference");
    verify_use_level(v, 1);
    if (verify_ok(v, play(v, actual), "sums") &&
        verify_agree(v, VERIFY_MAX_ABSOLUTE, 1e-10, VERIFY_F64, expected->p, actual->p, TAPE * ARMS, "probabilities"))
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, expected->arms, actual->arms, TAPE, "arms");
    assay_release(expected);
}
