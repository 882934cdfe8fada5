/*
 * Timings of sor_bandit: whole scenarios with ChebCB, the grids of comparators, and the learner alone. Peers: the same
 * solvers with an omega that does not learn, and the best that others have for such systems: CHOLMOD, FFTW's sine
 * transforms (exact here, because the coefficients are constant), Eigen's conjugate gradients with incomplete Cholesky.
 */
#include "assay/sor_bandit.h"
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/cpu.h"
#include "assay/memory.h"
#include "bench/solvers/sor_bandit_peers.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <math.h>
#include <string.h>

enum { ARMS = SOR_BANDIT_ARMS, FEATURES = 6 };

#define PEER(NAME, NOTE, RUN)                                                                                          \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .level = ASSAY_REFERENCE, .run = RUN, .single_thread = true                        \
    }

/* What the workloads own; each uses a part. */
typedef struct job {
    sor_bandit_shift shift;
    sor_bandit_heat heat;
    double *initial; /* of heat, if not the scenario's own */
    double *state, *b, *x, *contexts;
    uint32_t *counts;
    assay_csr a;
    void *cholmod, *eigen, *sine; /* peers, made when they are first used */
    double *losses;
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    sor_bandit_cholmod_delete(j->cholmod);
    if (j->eigen)
        sor_bandit_eigen_delete(j->eigen);
    sor_bandit_sine_delete(j->sine);
    assay_release(j->initial);
    assay_release(j->state);
    assay_release(j->b);
    assay_release(j->x);
    assay_release(j->contexts);
    assay_release(j->counts);
    assay_release(j->losses);
    assay_csr_release(&j->a);
    assay_release(j);
    state->data = NULL;
}

/* With n points. */
static job *make_job(bench_state *state, size_t n)
{
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (!j)
        return NULL;
    j->state = assay_allocate(n, sizeof *j->state);
    j->b = assay_allocate(n, sizeof *j->b);
    j->x = assay_allocate(n, sizeof *j->x);
    return j->state && j->b && j->x ? j : NULL;
}

/* Runs @p drive with a fresh ChebCB for contexts in [low, high]. */
static assay_status with_chebyshev(bench_state *state, double low, double high,
                                   assay_status (*drive)(bench_state *state, const sor_bandit_policy *policy))
{
    sor_bandit_learner *learner;
    const assay_random r = {state->random.seed, state->random.stream + 7};
    assay_status status = sor_bandit_create_chebyshev(ARMS, FEATURES, low, high, r, &learner);
    if (status != ASSAY_OK)
        return status;
    const sor_bandit_policy policy = {.learner = learner, .omegas = sor_bandit_arms, .arms = ARMS};
    status = drive(state, &policy);
    sor_bandit_release(learner);
    return status;
}

static assay_status with_omega(bench_state *state, double omega,
                               assay_status (*drive)(bench_state *state, const sor_bandit_policy *policy))
{
    const sor_bandit_policy policy = {.omegas = &omega, .arms = 1};
    return drive(state, &policy);
}

/* ---- Random shifts -------------------------------------------------------------------------------------------- */

enum { SHIFT_POINTS = 100, SWEEP_FLOPS = 22 }; /* of a point: 12 in the sweep, 10 in the residual */

static assay_status drive_shift(bench_state *state, const sor_bandit_policy *policy)
{
    const job *j = state->data;
    sor_bandit_trace trace = {0};
    const assay_status status = sor_bandit_shift_run(&j->shift, policy, &trace);
    state->quality = (double)trace.total / (double)state->size;
    return status;
}

static assay_status run_shift(bench_state *state)
{
    return with_chebyshev(state, -0.15, 0.65, drive_shift);
}

static assay_status setup_shift(bench_state *state)
{
    job *j = make_job(state, SHIFT_POINTS);
    if (!j)
        return ASSAY_NO_MEMORY;
    j->shift = sor_bandit_shift_paper(true, state->random);
    j->shift.steps = state->size;
    const assay_status status = run_shift(state);
    state->items = (double)state->size;
    state->flops = state->quality * state->items * SHIFT_POINTS * SWEEP_FLOPS;
    state->working_set = 5 * 8 * SHIFT_POINTS;
    return status;
}

static assay_status run_shift_fixed(bench_state *state)
{
    return with_omega(state, 1.4, drive_shift);
}

static double young_rule(void *self, double context)
{
    (void)self;
    return sor_bandit_young_omega(sor_bandit_jacobi_radius(&(sor_bandit_grid){10, 10, 4 + context, 1}));
}

static assay_status run_shift_young(bench_state *state)
{
    const sor_bandit_policy policy = {.rule = young_rule};
    return drive_shift(state, &policy);
}

static assay_status run_shift_cholmod(bench_state *state)
{
    job *j = state->data;
    assay_status status = ASSAY_OK;
    if (!j->cholmod) {
        status = sor_bandit_grid_matrix(&(sor_bandit_grid){10, 10, 4, 1}, &j->a);
        j->cholmod = status == ASSAY_OK ? sor_bandit_cholmod_new(&j->a) : NULL;
    }
    state->quality = NAN;
    for (size_t t = 0; status == ASSAY_OK && t < j->shift.steps; t++) {
        double shift;
        status = sor_bandit_shift_instance(&j->shift, t, &shift, j->b);
        for (size_t i = 0; i < j->a.rows; i++)
            for (size_t k = j->a.starts[i]; k < j->a.starts[i + 1]; k++)
                j->a.values[k] = j->a.indices[k] == i ? 4 + shift : -1;
        if (!j->cholmod || !sor_bandit_cholmod_run(j->cholmod, &j->a, j->b, j->x))
            return assay_fail(ASSAY_NO_MEMORY, "CHOLMOD failed");
    }
    return status;
}

/* ---- Comparators: every omega for every system ------------------------------------------------------------------- */

static assay_status run_counts(bench_state *state)
{
    const job *j = state->data;
    return sor_bandit_shift_counts(&j->shift, ARMS, sor_bandit_arms, j->counts, j->contexts);
}

static assay_status setup_counts(bench_state *state)
{
    job *j = make_job(state, SHIFT_POINTS);
    if (!j)
        return ASSAY_NO_MEMORY;
    j->shift = sor_bandit_shift_paper(true, state->random);
    j->shift.steps = state->size;
    j->counts = assay_allocate(state->size * ARMS, sizeof *j->counts);
    j->contexts = assay_allocate(state->size, sizeof *j->contexts);
    if (!j->counts || !j->contexts)
        return ASSAY_NO_MEMORY;
    const assay_status status = run_counts(state);
    for (size_t k = 0; k < state->size * ARMS; k++)
        state->items += j->counts[k]; /* sweeps */
    state->flops = state->items * SHIFT_POINTS * SWEEP_FLOPS;
    state->working_set = 2.0 * 8 * 8 * SHIFT_POINTS;
    return status;
}

/* ---- Heat ----------------------------------------------------------------------------------------------------- */

/* Of a point and step: forward solve 4, backward solve 4 and 2, direction 2, product 7 and 2, update 4 and 2. */
enum { GRADIENTS_FLOPS = 27 };

static assay_status drive_heat(bench_state *state, const sor_bandit_policy *policy)
{
    const job *j = state->data;
    sor_bandit_trace trace = {0};
    const assay_status status = sor_bandit_heat_run(&j->heat, policy, &trace, j->state);
    state->quality = (double)trace.total / (double)j->heat.steps;
    bench_consume(j->state);
    return status;
}

static assay_status run_heat(bench_state *state)
{
    return with_chebyshev(state, 0, 10, drive_heat);
}

static assay_status run_heat_plain(bench_state *state)
{
    return with_omega(state, SOR_BANDIT_PLAIN, drive_heat);
}

static assay_status run_heat_fixed(bench_state *state)
{
    return with_omega(state, 1.5, drive_heat);
}

/* Sets what a run of the heat equation is worth, from one run with the learner. */
static assay_status measure_heat(bench_state *state)
{
    const job *j = state->data;
    const double n = (double)j->heat.rows * (double)j->heat.columns;
    const assay_status status = run_heat(state);
    state->items = (double)j->heat.steps;
    state->flops = state->quality * state->items * n * GRADIENTS_FLOPS;
    state->working_set = 7 * 8 * n;
    return status;
}

/* From where the conductivity begins to rise; as many steps as keep the reference below some seconds. */
static assay_status setup_heat(bench_state *state)
{
    const size_t nx = state->size;
    job *j = make_job(state, (nx - 1) * (nx - 1));
    if (!j)
        return ASSAY_NO_MEMORY;
    j->heat = sor_bandit_heat_paper(nx);
    j->heat.start = 0.5;
    j->heat.steps = nx <= 50 ? 200 : nx <= 100 ? 500 : 6;
    if (nx > 100)
        j->heat.start = 0.6;
    return measure_heat(state);
}

static assay_status setup_picture(bench_state *state)
{
    const size_t rows = SOR_BANDIT_PICTURE_ROWS, columns = SOR_BANDIT_PICTURE_COLUMNS;
    job *j = make_job(state, rows * columns);
    assay_status status = j ? sor_bandit_picture(&j->initial) : ASSAY_NO_MEMORY;
    if (status != ASSAY_OK)
        return status;
    j->heat = sor_bandit_heat_paper(columns + 1);
    j->heat.rows = rows;
    j->heat.columns = columns;
    j->heat.initial = j->initial;
    j->heat.source = 0;
    j->heat.start = 0.505; /* gently: the digits stay legible */
    j->heat.steps = state->size;
    return measure_heat(state);
}

/* A peer's heat equation: right sides by plain loops over the state, solutions by @p solve. */
static assay_status heat_by(bench_state *state, bool (*solve)(job *j, double g, double *iterations))
{
    job *j = state->data;
    const sor_bandit_heat *s = &j->heat;
    double total = 0;
    if (s->initial)
        memcpy(j->state, s->initial, s->rows * s->columns * sizeof *j->state);
    for (size_t i = 0; !s->initial && i < s->rows; i++)
        for (size_t k = 0; k < s->columns; k++) {
            const double x = (double)(k + 1) * s->spacing - 0.5, y = (double)(i + 1) * s->spacing - 0.5;
            const double part = (x * x + y * y) * 16;
            j->state[i * s->columns + k] = part < 1 ? exp(1 - 1 / (1 - part)) : 0;
        }
    for (size_t t = 0; t < s->steps; t++) {
        const double middle = s->start + ((double)t + 0.5) * s->step;
        const double g = sor_bandit_heat_conductivity(middle) * s->step / (2 * s->spacing * s->spacing);
        const double center_x = 0.5 + cos(16 * M_PI * middle) / 4, center_y = 0.5 + sin(16 * M_PI * middle) / 4;
        for (size_t i = 0; i < s->rows; i++)
            for (size_t k = 0; k < s->columns; k++) {
                const double *u = j->state + i * s->columns + k;
                const double around = (i > 0 ? u[-(ptrdiff_t)s->columns] : 0) + (k > 0 ? u[-1] : 0) +
                                      (k + 1 < s->columns ? u[1] : 0) + (i + 1 < s->rows ? u[s->columns] : 0);
                const double x = (double)(k + 1) * s->spacing - center_x, y = (double)(i + 1) * s->spacing - center_y;
                const double part = (x * x + y * y) * 64;
                j->b[i * s->columns + k] = (1 - 4 * g) * *u + g * around;
                if (s->source != 0 && part < 1)
                    j->b[i * s->columns + k] += s->step * s->source * 32 * exp(1 - 1 / (1 - part));
            }
        if (!solve(j, g, &total))
            return assay_fail(ASSAY_NO_MEMORY, "the peer failed");
    }
    state->quality = total > 0 ? total / (double)s->steps : NAN;
    bench_consume(j->state);
    return ASSAY_OK;
}

static bool set_matrix(job *j, double g)
{
    if (!j->a.starts &&
        sor_bandit_grid_matrix(&(sor_bandit_grid){j->heat.rows, j->heat.columns, 1, 1}, &j->a) != ASSAY_OK)
        return false;
    for (size_t i = 0; i < j->a.rows; i++)
        for (size_t k = j->a.starts[i]; k < j->a.starts[i + 1]; k++)
            j->a.values[k] = j->a.indices[k] == i ? 1 + 4 * g : -g;
    return true;
}

static bool solve_cholmod(job *j, double g, double *iterations)
{
    (void)iterations;
    if (!set_matrix(j, g))
        return false;
    if (!j->cholmod)
        j->cholmod = sor_bandit_cholmod_new(&j->a);
    return j->cholmod && sor_bandit_cholmod_run(j->cholmod, &j->a, j->b, j->state);
}

static bool solve_eigen(job *j, double g, double *iterations)
{
    long made = 0;
    if (!set_matrix(j, g))
        return false;
    if (!j->eigen)
        j->eigen = sor_bandit_eigen_new(&j->a);
    const bool solved = sor_bandit_eigen_run(j->eigen, &j->a, j->b, j->state, &made) != 0;
    *iterations += (double)made;
    return solved;
}

static bool solve_sine(job *j, double g, double *iterations)
{
    (void)iterations;
    if (!j->sine)
        j->sine = sor_bandit_sine_new((int)j->heat.rows, (int)j->heat.columns);
    if (j->sine)
        sor_bandit_sine_run(j->sine, g, j->b, j->state);
    return j->sine != NULL;
}

static assay_status run_heat_cholmod(bench_state *state)
{
    return heat_by(state, solve_cholmod);
}

static assay_status run_heat_eigen(bench_state *state)
{
    return heat_by(state, solve_eigen);
}

static assay_status run_heat_sine(bench_state *state)
{
    return heat_by(state, solve_sine);
}

/* ---- A real matrix -------------------------------------------------------------------------------------------- */

/* System t is the matrix with the shift c_t of the scenario's high variance, moved to [0, 0.6], on its diagonal, and a
 * normal right side. */
static void set_system(job *j, size_t t)
{
    const double shift = j->contexts[t] - (t > 0 ? j->contexts[t - 1] : j->contexts[j->shift.steps]);
    for (size_t i = 0; i < j->a.rows; i++)
        for (size_t k = j->a.starts[i]; k < j->a.starts[i + 1]; k++)
            if (j->a.indices[k] == i)
                j->a.values[k] += shift;
    j->contexts[j->shift.steps] = j->contexts[t];
    assay_random_fill_normal(j->shift.random, t * j->a.rows, 0, 1, j->b, j->a.rows);
}

static assay_status setup_matrix(bench_state *state)
{
    assay_csr a;
    assay_status status = sor_bandit_real_matrix(&a);
    if (status != ASSAY_OK)
        return status;
    job *j = make_job(state, a.rows);
    if (!j) {
        assay_csr_release(&a);
        return ASSAY_NO_MEMORY;
    }
    j->a = a;
    j->shift = sor_bandit_shift_paper(true, state->random);
    j->shift.steps = state->size;
    j->contexts = assay_allocate(state->size + 1, sizeof *j->contexts); /* the last: what is on the diagonal now */
    for (size_t t = 0; j->contexts && t < state->size; t++) {
        double b[SHIFT_POINTS];
        status = status ? status : sor_bandit_shift_instance(&j->shift, t, &j->contexts[t], b);
        j->contexts[t] += 0.15;
    }
    state->items = (double)state->size;
    state->working_set = 12.0 * (double)a.starts[a.rows] + 6 * 8.0 * (double)a.rows;
    return j->contexts ? status : ASSAY_NO_MEMORY;
}

static const sor_bandit_goal to_right_side = {1e-8, 10000, SOR_BANDIT_TO_RIGHT_SIDE};

static assay_status drive_matrix(bench_state *state, const sor_bandit_policy *policy)
{
    job *j = state->data;
    assay_status status = ASSAY_OK;
    double total = 0;
    for (size_t t = 0; status == ASSAY_OK && t < state->size; t++) {
        size_t arm = 0;
        sor_bandit_report report = {0};
        set_system(j, t);
        memset(j->x, 0, j->a.rows * sizeof *j->x);
        if (policy->learner)
            status = sor_bandit_choose(policy->learner, j->contexts[t], &arm);
        if (status == ASSAY_OK)
            status = sor_bandit_gradients(&j->a, j->b, policy->omegas[arm], &to_right_side, j->x, &report);
        if (status == ASSAY_OK && policy->learner)
            status = sor_bandit_learn(policy->learner, (double)report.iterations);
        total += (double)report.iterations;
    }
    state->quality = total / (double)state->size;
    bench_consume(j->x);
    return status;
}

static assay_status run_matrix(bench_state *state)
{
    return with_chebyshev(state, 0, 0.6, drive_matrix);
}

static assay_status run_matrix_plain(bench_state *state)
{
    return with_omega(state, SOR_BANDIT_PLAIN, drive_matrix);
}

static assay_status run_matrix_jacobi(bench_state *state)
{
    job *j = state->data;
    double total = 0;
    for (size_t t = 0; t < state->size; t++) {
        assay_gradients_report report;
        set_system(j, t);
        memset(j->x, 0, j->a.rows * sizeof *j->x);
        const assay_status status = assay_csr_conjugate_gradients(&j->a, true, j->b, j->x, 1e-8, 10000, &report);
        if (status != ASSAY_OK)
            return status;
        total += (double)report.iterations;
    }
    state->quality = total / (double)state->size;
    return ASSAY_OK;
}

static assay_status run_matrix_cholmod(bench_state *state)
{
    job *j = state->data;
    state->quality = NAN;
    for (size_t t = 0; t < state->size; t++) {
        set_system(j, t);
        if (!j->cholmod)
            j->cholmod = sor_bandit_cholmod_new(&j->a);
        if (!j->cholmod || !sor_bandit_cholmod_run(j->cholmod, &j->a, j->b, j->x))
            return assay_fail(ASSAY_SINGULAR, "CHOLMOD failed");
    }
    return ASSAY_OK;
}

/* ---- The learner alone ---------------------------------------------------------------------------------------- */

/* Losses of a tape: what the arm and the context make of it does not matter to the time. */
static assay_status setup_learner(bench_state *state)
{
    job *j = make_job(state, 1);
    if (!j)
        return ASSAY_NO_MEMORY;
    j->contexts = assay_allocate(state->size, sizeof *j->contexts);
    j->losses = assay_allocate(state->size, sizeof *j->losses);
    if (!j->contexts || !j->losses)
        return ASSAY_NO_MEMORY;
    for (size_t t = 0; t < state->size; t++) {
        j->contexts[t] = 0.8 * assay_random_uniform(state->random, 2 * t) - 0.15;
        j->losses[t] = floor(30 + 100 * pow(assay_random_uniform(state->random, 2 * t + 1), 4));
    }
    state->items = (double)state->size;
    return ASSAY_OK;
}

static assay_status play(bench_state *state, sor_bandit_learner *learner)
{
    const job *j = state->data;
    assay_status status = ASSAY_OK;
    for (size_t t = 0, arm = 0; status == ASSAY_OK && t < state->size; t++) {
        status = sor_bandit_choose(learner, j->contexts[t], &arm);
        if (status == ASSAY_OK) /* arms differ a little, for the learner to find out */
            status = sor_bandit_learn(learner, j->losses[t] + fabs((double)arm - 12));
    }
    sor_bandit_release(learner);
    return status;
}

static assay_status run_learner(bench_state *state)
{
    sor_bandit_learner *learner;
    const assay_status status = sor_bandit_create_chebyshev(ARMS, FEATURES, -0.15, 0.65, state->random, &learner);
    return status ? status : play(state, learner);
}

static assay_status run_learner_tsallis(bench_state *state)
{
    sor_bandit_learner *learner;
    const assay_status status = sor_bandit_create_tsallis(ARMS, state->random, &learner);
    return status ? status : play(state, learner);
}

/* ---- The table ------------------------------------------------------------------------------------------------ */

#define HEAT_PEERS                                                                                                     \
    PEER("no preconditioner", "our gradients, omega = 0", run_heat_plain),                                             \
        PEER("omega = 1.5", "our gradients, never learning", run_heat_fixed),                                          \
        PEER("FFTW sine transforms", "exact, for constant coefficients only", run_heat_sine)

static const bench_workload workloads[] = {
    {.name = "shift",
     .sizes = {500, 5000},
     .quick_sizes = {500},
     .size_label = "systems of 100 unknowns with random shifts",
     .quality_label = "iterations per system",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_shift,
     .teardown = teardown,
     .run = run_shift,
     .peers = {PEER("omega = 1.4", "our SOR, never learning", run_shift_fixed),
               PEER("omega of Young", "our SOR, the optimum from the eigenvalues", run_shift_young),
               PEER("CHOLMOD", "direct, analysed once", run_shift_cholmod)}},
    {.name = "shift_counts",
     .sizes = {20},
     .size_label = "systems of 100 unknowns, 20 omegas each",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_counts,
     .teardown = teardown,
     .run = run_counts,
     .threads = true,
     .weak = 20},
    {.name = "heat",
     .sizes = {50, 100, 400},
     .quick_sizes = {50},
     .size_label = "nx: heat equation with (nx - 1)^2 unknowns",
     .quality_label = "iterations per system",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_heat,
     .teardown = teardown,
     .run = run_heat,
     .peers = {HEAT_PEERS, PEER("CHOLMOD", "direct, analysed once", run_heat_cholmod),
               PEER("Eigen CG, incomplete Cholesky", "residual 1e-8, natural order", run_heat_eigen)}},
    {.name = "heat_picture",
     .sizes = {4},
     .quick_sizes = {1},
     .size_label = "steps: 345 MNIST digits in a picture of 420 x 644 pixels, diffused",
     .quality_label = "iterations per system",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_picture,
     .teardown = teardown,
     .run = run_heat,
     .peers = {HEAT_PEERS}},
    {.name = "real_matrix",
     .sizes = {40},
     .quick_sizes = {20},
     .size_label = "systems of the digits' graph (or --data FILE) with random shifts",
     .quality_label = "iterations per system",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_matrix,
     .teardown = teardown,
     .run = run_matrix,
     .peers = {PEER("no preconditioner", "our gradients, omega = 0", run_matrix_plain),
               PEER("diagonal preconditioner", "assay_csr_conjugate_gradients()", run_matrix_jacobi),
               PEER("CHOLMOD", "direct, analysed once", run_matrix_cholmod)}},
    {.name = "learner",
     .sizes = {500, 2000},
     .quick_sizes = {500},
     .size_label = "steps of ChebCB with 20 arms, nothing solved",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_learner,
     .teardown = teardown,
     .run = run_learner,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE),
     .peers = {PEER("Tsallis-INF", "the other learner", run_learner_tsallis)}},
};

BENCH_WORKLOADS(sor_bandit, workloads);
