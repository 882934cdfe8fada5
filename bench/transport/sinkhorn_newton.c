/*
 * Time to a tolerance of sparse Newton (ours at each level), beside Sinkhorn's sweeps, dense Newton and L-BFGS, POT and
 * LEMON; and time of a number of sweeps. Costs are given, plans are not written.
 */
#include "assay/sinkhorn_newton.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "bench/transport/sinkhorn_newton_pot.h"
#include "verify/transport/sinkhorn_newton_checks.h"
#include "verify/transport/sinkhorn_newton_simplex.h"

#include <math.h>

/* Sizes up to which a method takes less than about 0.3 s. */
enum { REFERENCE_SIZE = 250, LOGS_SIZE = 250, SWEEPS_SIZE = 250, DENSE_SIZE = 800, SIMPLEX_UNITS = 1 << 19 };

typedef struct job {
    transport t;
    double tolerance;
    size_t sweeps; /* of the workloads that count sweeps */
    transport_simplex *simplex;
    int64_t *units;   /* n + m masses as whole numbers */
    double pot_error; /* of POT's method `pot_method`, found once */
    const char *pot_method;
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    transport_close(&j->t);
    transport_simplex_release(j->simplex);
    assay_release(j->units);
    assay_release(j);
    state->data = NULL;
}

static assay_status setup(bench_state *state, transport_kind kind, double eta, double tolerance)
{
    job *j = assay_allocate(1, sizeof *j);
    state->data = j;
    if (!j)
        return ASSAY_NO_MEMORY;
    const assay_status status = transport_make(&j->t, kind, state->size, state->size, eta, state->random.seed);
    if (status != ASSAY_OK)
        return status;
    const size_t n = j->t.problem.n, m = j->t.problem.m;
    if (kind == TRANSPORT_USER) {
        double most = 0;
        for (size_t k = 0; k < n * m; k++)
            most = fmax(most, fabs(j->t.cost[k]));
        j->t.problem.eta = eta / most;
    }
    assay_release(j->t.solution.plan);
    j->t.solution.plan = NULL;
    j->tolerance = tolerance;
    state->items = (double)n * (double)m;
    state->working_set = 8 * state->items;
    return ASSAY_OK;
}

/* ---- Ours ----------------------------------------------------------------------------------------------------------
 */

static assay_status refuse(const job *j, size_t limit, const char *what)
{
    return j->t.problem.n <= limit ? ASSAY_OK : assay_fail(ASSAY_UNSUPPORTED, "%s would take long here", what);
}

/* A method that may stop short of its tolerance: the quality shows how far it came. */
static assay_status run_method(bench_state *state, transport_method method)
{
    job *j = state->data;
    sinkhorn_newton_options options = transport_options(j->tolerance);
    if (method <= TRANSPORT_SCALE)
        options.sweeps = 10000000;
    if (method == TRANSPORT_LBFGS)
        options.steps = 3000;
    const assay_status status = transport_run(&j->t, method, &options);
    state->quality = -log10(j->t.solution.error);
    bench_consume(j->t.solution.x);
    return status == ASSAY_NOT_CONVERGED ? ASSAY_OK : status;
}

static assay_status run_sparse(bench_state *state)
{
    const assay_status status =
        assay_cpu_level() == ASSAY_REFERENCE ? refuse(state->data, REFERENCE_SIZE, "the reference") : ASSAY_OK;
    return status == ASSAY_OK ? run_method(state, TRANSPORT_SOLVE) : status;
}

static assay_status run_dense(bench_state *state)
{
    const assay_status status = refuse(state->data, DENSE_SIZE, "dense Newton");
    return status == ASSAY_OK ? run_method(state, TRANSPORT_DENSE) : status;
}

static assay_status run_lbfgs(bench_state *state)
{
    const assay_status status = refuse(state->data, DENSE_SIZE, "L-BFGS");
    return status == ASSAY_OK ? run_method(state, TRANSPORT_LBFGS) : status;
}

/* Sweeps to a loose tolerance are few; to a tight one they are many. */
static assay_status run_scale(bench_state *state)
{
    const job *j = state->data;
    const assay_status status = refuse(j, j->tolerance < 1e-4 ? SWEEPS_SIZE : 2 * DENSE_SIZE, "Sinkhorn's method");
    return status == ASSAY_OK ? run_method(state, TRANSPORT_SCALE) : status;
}

static assay_status run_scale_log(bench_state *state)
{
    const job *j = state->data;
    const assay_status status = refuse(j, j->tolerance < 1e-4 ? 0 : LOGS_SIZE, "Sinkhorn's method in logs");
    return status == ASSAY_OK ? run_method(state, TRANSPORT_SCALE_LOG) : status;
}

/* The reference of a method, as a peer. */
static assay_status run_scale_reference(bench_state *state)
{
    job *j = state->data;
    assay_status status = refuse(j, 100, "the reference of Sinkhorn's method");
    if (status != ASSAY_OK)
        return status;
    status = sinkhorn_newton_reference_scale(&j->t.problem, 10000000, j->tolerance, &j->t.solution);
    state->quality = -log10(j->t.solution.error);
    return status;
}

/* ---- Peers ---------------------------------------------------------------------------------------------------------
 */

static assay_status run_emd(bench_state *state)
{
    const job *j = state->data;
    return pot_emd(&j->t.problem);
}

/* |v|_1 <= sqrt(m) |v|_2: POT tests the latter, every tenth sweep. */
static assay_status run_pot(bench_state *state, const char *method, size_t limit)
{
    job *j = state->data;
    assay_status status = refuse(j, limit, "POT's Sinkhorn");
    if (status != ASSAY_OK)
        return status;
    const bool is_first = j->pot_method != method;
    status = pot_sinkhorn(&j->t.problem, method, 10000000, j->tolerance / sqrt((double)j->t.problem.m),
                          is_first ? &j->pot_error : NULL);
    j->pot_method = method;
    state->quality = -log10(j->pot_error);
    return status;
}

static assay_status run_pot_sinkhorn(bench_state *state)
{
    return run_pot(state, "sinkhorn", ((job *)state->data)->tolerance < 1e-4 ? 100 : 500);
}

static assay_status run_pot_log(bench_state *state)
{
    return run_pot(state, "sinkhorn_log", ((job *)state->data)->tolerance < 1e-4 ? 0 : 100);
}

static assay_status run_pot_stabilized(bench_state *state)
{
    return run_pot(state, "sinkhorn_stabilized", 100);
}

/* Masses in whole numbers: 1 each if they are equal, else rounded to 2^-19 of the sum, the last one made to fit. */
static void make_units(const double *mass, size_t n, bool equal, int64_t *units)
{
    int64_t left = SIMPLEX_UNITS;
    for (size_t i = 0; i < n; i++) {
        units[i] = equal ? 1 : i + 1 == n ? left : llround(mass[i] * SIMPLEX_UNITS);
        left -= units[i];
    }
}

static assay_status run_lemon(bench_state *state)
{
    job *j = state->data;
    const sinkhorn_newton_problem *p = &j->t.problem;
    if (!j->simplex) { /* the first run is a warm-up */
        j->simplex = transport_simplex_create(p->n, p->m);
        j->units = assay_allocate(p->n + p->m, sizeof *j->units);
        if (!j->simplex || !j->units)
            return assay_fail(ASSAY_NO_MEMORY, "no memory for LEMON's graph");
        const bool equal = p->n == p->m && p->r[0] == p->r[p->n - 1] && p->c[0] == p->c[p->m - 1] && p->r[0] == p->c[0];
        make_units(p->r, p->n, equal, j->units);
        make_units(p->c, p->m, equal, j->units + p->n);
    }
    const double cost = transport_simplex_solve(j->simplex, p->cost, j->units, j->units + p->n);
    return isfinite(cost) ? ASSAY_OK : assay_fail(ASSAY_NOT_CONVERGED, "LEMON has found no optimum");
}

/* ---- A number of sweeps
 * ---------------------------------------------------------------------------------------------- */

static assay_status run_sweeps(bench_state *state, transport_method method)
{
    job *j = state->data;
    sinkhorn_newton_options options = transport_options(1e-300);
    options.sweeps = j->sweeps;
    const assay_status status = transport_run(&j->t, method, &options);
    bench_consume(j->t.solution.x);
    return status == ASSAY_NOT_CONVERGED ? ASSAY_OK : status;
}

static assay_status run_kernel_sweeps(bench_state *state)
{
    return run_sweeps(state, TRANSPORT_SCALE);
}

static assay_status run_log_sweeps(bench_state *state)
{
    return run_sweeps(state, TRANSPORT_SCALE_LOG);
}

static assay_status run_pot_sweeps(bench_state *state, const char *method)
{
    const job *j = state->data;
    return pot_sinkhorn(&j->t.problem, method, j->sweeps, 0, NULL);
}

static assay_status run_pot_kernel_sweeps(bench_state *state)
{
    return run_pot_sweeps(state, "sinkhorn");
}

static assay_status run_pot_stabilized_sweeps(bench_state *state)
{
    return run_pot_sweeps(state, "sinkhorn_stabilized");
}

static assay_status run_pot_log_sweeps(bench_state *state)
{
    return run_pot_sweeps(state, "sinkhorn_log");
}

/* ---- Workloads
 * --------------------------------------------------------------------------------------------------------- */

static double assignment_eta(uint64_t n)
{
    return n >= 2000 ? 2400 : 2.4 * (double)n;
}

static assay_status setup_assignment_1e3(bench_state *state)
{
    return setup(state, TRANSPORT_ASSIGNMENT, assignment_eta(state->size), 1e-3);
}

static assay_status setup_assignment_1e6(bench_state *state)
{
    return setup(state, TRANSPORT_ASSIGNMENT, assignment_eta(state->size), 1e-6);
}

static assay_status setup_assignment_1e10(bench_state *state)
{
    return setup(state, TRANSPORT_ASSIGNMENT, assignment_eta(state->size), 1e-10);
}

static assay_status setup_sweeps(bench_state *state, transport_kind kind, double eta, size_t sweeps)
{
    const assay_status status = setup(state, kind, eta, 1e-300);
    if (status != ASSAY_OK)
        return status;
    ((job *)state->data)->sweeps = sweeps;
    state->items *= (double)sweeps;
    return ASSAY_OK;
}

static assay_status setup_kernel_sweeps(bench_state *state)
{
    return setup_sweeps(state, TRANSPORT_ASSIGNMENT, assignment_eta(state->size), 100);
}

static assay_status setup_dense_sweeps(bench_state *state)
{
    return setup_sweeps(state, TRANSPORT_MASSES, 50, 100); /* not so easy that the error becomes 0 */
}

static assay_status setup_log_sweeps(bench_state *state)
{
    return setup_sweeps(state, TRANSPORT_ASSIGNMENT, assignment_eta(state->size), 10);
}

static assay_status setup_digits(bench_state *state)
{
    return setup(state, state->size == 1 ? TRANSPORT_DIGITS_L1 : TRANSPORT_DIGITS_L2, 1200, 1e-10);
}

static assay_status setup_w1(bench_state *state)
{
    return setup(state, TRANSPORT_W1, 1200, 1e-10);
}

static assay_status setup_w2(bench_state *state)
{
    return setup(state, TRANSPORT_W2, state->size >= 2000 ? 20000 : 1200, 1e-10);
}

static assay_status setup_gaussians(bench_state *state)
{
    return setup(state, TRANSPORT_GAUSSIANS, 1200, 1e-10);
}

static assay_status setup_user(bench_state *state)
{
    if (!assay_user_data())
        return assay_fail(ASSAY_UNSUPPORTED, "give a matrix of costs by --data FILE");
    return setup(state, TRANSPORT_USER, 1200, 1e-10);
}

#define QUALITY "digits of the marginals, -log10 of the l1 error"

#define OURS(NAME, NOTE, RUN)                                                                                          \
    {                                                                                                                  \
        .name = NAME, .note = "ours: " NOTE, .run = RUN, .single_thread = true                                         \
    }

#define POT(NAME, NOTE, RUN)                                                                                           \
    {                                                                                                                  \
        .name = "POT " NAME, .note = NOTE, .available = pot_is_available, .run = RUN, .single_thread = true            \
    }

#define PEERS                                                                                                          \
    {                                                                                                                  \
        OURS("Sinkhorn", "truncated kernel, one pass a sweep", run_scale),                                             \
            OURS("Sinkhorn plain", "the reference", run_scale_reference),                                              \
            OURS("Sinkhorn in logs", "vectorised exponentials", run_scale_log),                                        \
            OURS("dense Newton", "Schur complement, LAPACK", run_dense),                                               \
            OURS("L-BFGS", "memory 10; ends near 1e-8", run_lbfgs), POT("emd", "exact: network simplex", run_emd),     \
            POT("sinkhorn", "NumPy, OpenBLAS", run_pot_sinkhorn), POT("sinkhorn_log", "NumPy", run_pot_log),           \
            POT("sinkhorn_stabilized", "NumPy, OpenBLAS", run_pot_stabilized),                                         \
        {                                                                                                              \
            .name = "LEMON", .note = "exact: network simplex, costs in multiples of 2^-40", .run = run_lemon,          \
            .single_thread = true                                                                                      \
        }                                                                                                              \
    }

#define SOLVE(NAME, SETUP, LABEL, ...)                                                                                 \
    {                                                                                                                  \
        .name = NAME, .size_label = LABEL, .quality_label = QUALITY, .setup = SETUP, .teardown = teardown,             \
        .run = run_sparse, .threads = true, .peers = PEERS, __VA_ARGS__                                                \
    }

static const bench_workload workloads[] = {
    SOLVE("assignment_1e-10", setup_assignment_1e10, "n of n x n uniform costs", .sizes = {100, 250, 500, 2000},
          .quick_sizes = {100, 500}),
    SOLVE("assignment_1e-6", setup_assignment_1e6, "n of n x n uniform costs", .sizes = {100, 500},
          .quick_sizes = {100}),
    SOLVE("assignment_1e-3", setup_assignment_1e3, "n of n x n uniform costs", .sizes = {100, 500},
          .quick_sizes = {100}),
    SOLVE("digits", setup_digits, "power of the distance between 784 pixels", .sizes = {1, 2}, .quick_sizes = {2}),
    SOLVE("densities_w1", setup_w1, "points on a line", .sizes = {200, 500}, .quick_sizes = {200}),
    SOLVE("densities_w2", setup_w2, "points on a line", .sizes = {200, 500, 2000}, .quick_sizes = {200}),
    SOLVE("gaussians", setup_gaussians, "points in the plane", .sizes = {200, 2000}, .quick_sizes = {200}),
    SOLVE("user_costs", setup_user, "the user's matrix", .sizes = {1}),
    {.name = "sweeps",
     .sizes = {500, 2000},
     .quick_sizes = {500},
     .size_label = "n of n x n uniform costs, 100 sweeps at eta = 2.4 n",
     .setup = setup_kernel_sweeps,
     .teardown = teardown,
     .run = run_kernel_sweeps,
     .threads = true,
     .peers = {{.name = "POT sinkhorn",
                .note = "NumPy, OpenBLAS",
                .available = pot_is_available,
                .run = run_pot_kernel_sweeps},
               {.name = "POT sinkhorn_stabilized",
                .note = "NumPy, OpenBLAS",
                .available = pot_is_available,
                .run = run_pot_stabilized_sweeps}}},
    {.name = "sweeps_whole_kernel",
     .sizes = {500, 2000},
     .quick_sizes = {500},
     .size_label = "n of n x n uniform costs, random masses, 100 sweeps at eta = 50, where every entry counts",
     .setup = setup_dense_sweeps,
     .teardown = teardown,
     .run = run_kernel_sweeps,
     .threads = true,
     .peers = {{.name = "POT sinkhorn",
                .note = "NumPy, OpenBLAS",
                .available = pot_is_available,
                .run = run_pot_kernel_sweeps}}},
    {.name = "sweeps_in_logs",
     .sizes = {200, 500},
     .quick_sizes = {200},
     .size_label = "n of n x n uniform costs, 10 sweeps at eta = 2.4 n",
     .setup = setup_log_sweeps,
     .teardown = teardown,
     .run = run_log_sweeps,
     .threads = true,
     .peers =
         {{.name = "POT sinkhorn_log", .note = "NumPy", .available = pot_is_available, .run = run_pot_log_sweeps}}},
};

BENCH_WORKLOADS(sinkhorn_newton, workloads);
