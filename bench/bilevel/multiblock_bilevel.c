/* What is timed of multiblock_bilevel: iterations in the steady state, logging left out. */
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

/* A problem with a run of every kind, each made when it is first asked for; a run goes on where it stopped, so that
 * every timing is of later iterations of the same kind. */
typedef struct workload {
    multiblock_bilevel_instance instance;
    multiblock_bilevel_options options;
    multiblock_bilevel_state *reference[MULTIBLOCK_BILEVEL_METHODS];
    multiblock_bilevel_solver *ours[MULTIBLOCK_BILEVEL_METHODS], *eager;
    double tolerance;                /* |grad F| at which a whole run stops */
    double *start;                   /* x and y at the start */
    double *matrices, *right, *work; /* for the LAPACK peer */
    size_t iterations;               /* in one run of the kernel */
} workload;

static void teardown(bench_state *state)
{
    workload *w = state->data;
    if (!w)
        return;
    for (int k = 0; k < MULTIBLOCK_BILEVEL_METHODS; k++) {
        multiblock_bilevel_destroy(w->reference[k]);
        multiblock_bilevel_stop(w->ours[k]);
    }
    multiblock_bilevel_stop(w->eager);
    multiblock_bilevel_release(&w->instance);
    assay_release(w->start);
    assay_release(w->matrices);
    assay_release(w->right);
    assay_release(w->work);
    assay_release(w);
    state->data = NULL;
}

/* Per iteration the batches' rows are read once for both times: a, c and p of each sample. */
static void account(bench_state *state, const workload *w)
{
    const multiblock_bilevel_problem *p = &w->instance.problem;
    const double samples = (double)(w->options.sampled_blocks * w->options.batch * w->iterations);
    const double row = (double)(2 * p->dy + p->dx);
    state->items = (double)w->iterations;
    state->bytes_read = samples * row * sizeof(double);
    state->bytes_written = (double)(w->options.sampled_blocks * w->iterations * p->dy * 4) * sizeof(double);
    state->flops = samples * 2 * 4 * row;
}

static assay_status begin(bench_state *state, multiblock_bilevel_method method, workload **made)
{
    workload *w = assay_allocate(1, sizeof *w);
    state->data = w;
    if (!w)
        return ASSAY_NO_MEMORY;
    w->options.method = method;
    w->iterations = 10;
    *made = w;
    return ASSAY_OK;
}

static assay_status finish(bench_state *state, workload *w)
{
    const multiblock_bilevel_problem *p = &w->instance.problem;
    const multiblock_bilevel_method method = w->options.method;
    w->options = multiblock_bilevel_defaults(p);
    w->options.method = method;
    w->options.eta = w->options.tau = 1e-3;
    w->options.neumann_step = 0.01;
    w->options.seed = state->random.seed;
    w->start = assay_allocate(p->dx + p->blocks * p->dy, sizeof *w->start);
    return w->start ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static assay_status setup_quadratic(bench_state *state, multiblock_bilevel_method method,
                                    multiblock_bilevel_quadratic sizes, size_t sampled, size_t batch)
{
    workload *w = NULL;
    assay_status status = begin(state, method, &w);
    if (status == ASSAY_OK)
        status = multiblock_bilevel_make_quadratic(&sizes, state->random.seed, &w->instance);
    if (status == ASSAY_OK)
        status = finish(state, w);
    if (status != ASSAY_OK)
        return status;
    w->options.sampled_blocks = sampled;
    w->options.batch = batch;
    w->options.hessian_floor = sizes.mu;
    account(state, w);
    return ASSAY_OK;
}

/* By the number of blocks: a small, a medium and a large problem. */
static assay_status setup_blocks(bench_state *state, multiblock_bilevel_method method)
{
    if (state->size >= 20000)
        return setup_quadratic(state, method, (multiblock_bilevel_quadratic){state->size, 20, 32, 20, 0.3, 0.02}, 64,
                               8);
    if (state->size >= 2000)
        return setup_quadratic(state, method, (multiblock_bilevel_quadratic){state->size, 50, 16, 200, 0.3, 0.02}, 32,
                               16);
    return setup_quadratic(state, method, (multiblock_bilevel_quadratic){state->size, 10, 5, 100, 0.3, 0.02}, 8, 8);
}

static assay_status setup_blocks_v1(bench_state *state)
{
    return setup_blocks(state, MULTIBLOCK_BILEVEL_V1);
}

static assay_status setup_blocks_v2(bench_state *state)
{
    return setup_blocks(state, MULTIBLOCK_BILEVEL_V2);
}

/* By dy, with the matrices for LAPACK: those of version 1 after some iterations. */
static assay_status setup_dimension(bench_state *state)
{
    const multiblock_bilevel_quadratic sizes = {16, 10, state->size, 100, 0.3, 0.02};
    assay_status status = setup_quadratic(state, MULTIBLOCK_BILEVEL_V1, sizes, 8, 8);
    if (status != ASSAY_OK)
        return status;
    workload *w = state->data;
    const multiblock_bilevel_problem *p = &w->instance.problem;
    const size_t square = p->dy * p->dy;
    w->matrices = assay_allocate(p->blocks * square, sizeof(double));
    w->right = assay_allocate(p->dy, sizeof(double));
    w->work = assay_allocate(square, sizeof(double));
    if (!w->matrices || !w->right || !w->work)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < p->blocks; i++) {
        const multiblock_bilevel_point at = {.block = i, .x = w->start, .y = w->start, .count = 8};
        p->lower_hessian(p->context, &at, w->matrices + i * square);
    }
    if (state->size >= 100)
        w->iterations = 2;
    account(state, w);
    return ASSAY_OK;
}

/* ---- Real data --------------------------------------------------------------------------------------------------- */

/* Splits a table whose last column is the class into training and validation examples. */
static assay_status make_weights(const assay_table *table, double threshold, double scale,
                                 multiblock_bilevel_instance *instance)
{
    const size_t n = table->rows, features = table->columns - 1, half = n / 2;
    double *rows = assay_allocate(n * features, sizeof *rows), temperatures[20];
    signed char *label = assay_allocate(n, sizeof *label);
    assay_status status = rows && label ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        for (size_t j = 0; j < features; j++)
            rows[i * features + j] = scale * table->values[i * table->columns + j];
        const double class = table->values[i * table->columns + features];
        label[i] = (threshold < 0 ? (long)class % 2 != 0 : class > threshold) ? 1 : -1;
    }
    for (int k = 0; k < 20; k++)
        temperatures[k] = pow(10, -1 + k / 19.0);
    const multiblock_bilevel_examples training = {half, features, rows, label};
    const multiblock_bilevel_examples validation = {n - half, features, rows + half * features, label + half};
    if (status == ASSAY_OK)
        status = multiblock_bilevel_make_weights(&training, &validation, 20, temperatures, 0.01, instance);
    assay_release(rows);
    assay_release(label);
    return status;
}

/* Size 30: breast_cancer (30 features); size 64: digits, even or odd (64 pixels). */
static assay_status setup_weights(bench_state *state)
{
    const bool digits = state->size == 64;
    workload *w = NULL;
    char path[1024];
    assay_table table = {0};
    assay_status status = begin(state, MULTIBLOCK_BILEVEL_V2, &w);
    if (status == ASSAY_OK)
        status = assay_data_path(digits ? "digits.csv" : "breast_cancer.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &table);
    if (status == ASSAY_OK)
        status = make_weights(&table, digits ? -1 : 0.5, digits ? 1.0 / 64 : 1e-3, &w->instance);
    if (status == ASSAY_OK)
        status = finish(state, w);
    assay_table_release(&table);
    if (status != ASSAY_OK)
        return status;
    w->options.sampled_blocks = 5;
    w->options.batch = 16;
    w->options.eta = 1;
    w->options.hessian_floor = 0.01;
    w->iterations = 50;
    state->items = (double)w->iterations;
    state->bytes_read = (double)(w->iterations * 5 * 16 * 2 * state->size) * sizeof(double);
    state->flops = (double)(w->iterations * 5 * 16 * 2 * 8 * state->size);
    return ASSAY_OK;
}

/* ---- Runs ---------------------------------------------------------------------------------------------------------
 */

static assay_status advance_reference(workload *w, multiblock_bilevel_method method)
{
    assay_status status = ASSAY_OK;
    if (!w->reference[method]) {
        multiblock_bilevel_options o = w->options;
        o.method = method;
        status = multiblock_bilevel_create(&w->instance.problem, &o, w->start, w->start + w->instance.problem.dx,
                                           &w->reference[method]);
    }
    for (size_t t = 0; status == ASSAY_OK && t < w->iterations; t++)
        status = multiblock_bilevel_step(w->reference[method]);
    return status;
}

static assay_status advance(workload *w, multiblock_bilevel_method method, bool lazy,
                            multiblock_bilevel_solver **solver)
{
    assay_status status = ASSAY_OK;
    if (!*solver) {
        multiblock_bilevel_options o = w->options;
        o.method = method;
        o.lazy = lazy;
        status =
            multiblock_bilevel_start(&w->instance.problem, &o, w->start, w->start + w->instance.problem.dx, solver);
    }
    return status == ASSAY_OK ? multiblock_bilevel_advance(*solver, w->iterations) : status;
}

static assay_status advance_ours(workload *w, multiblock_bilevel_method method)
{
    return advance(w, method, w->options.lazy, &w->ours[method]);
}

/* All blocks move in every iteration, as the paper has it. */
static assay_status run_eager(bench_state *state)
{
    workload *w = state->data;
    return advance(w, w->options.method, false, &w->eager);
}

static assay_status run(bench_state *state)
{
    workload *w = state->data;
    return assay_cpu_level() == ASSAY_REFERENCE ? advance_reference(w, w->options.method)
                                                : advance_ours(w, w->options.method);
}

#define BASELINE(NAME, METHOD)                                                                                         \
    static assay_status NAME(bench_state *state)                                                                       \
    {                                                                                                                  \
        return advance_reference(state->data, METHOD);                                                                 \
    }

BASELINE(run_rsvrb, MULTIBLOCK_BILEVEL_RSVRB)
BASELINE(run_stocbio, MULTIBLOCK_BILEVEL_STOCBIO)
BASELINE(run_mrbo, MULTIBLOCK_BILEVEL_MRBO)
BASELINE(run_sustain, MULTIBLOCK_BILEVEL_SUSTAIN)

static assay_status run_v2(bench_state *state)
{
    return advance_ours(state->data, MULTIBLOCK_BILEVEL_V2);
}

/* What version 1 cannot do without: two systems for each sampled block. */
static assay_status run_lapack(bench_state *state)
{
    workload *w = state->data;
    const lapack_int n = (lapack_int)w->instance.problem.dy;
    const size_t square = (size_t)n * (size_t)n;
    for (size_t k = 0; k < 2 * w->options.sampled_blocks * w->iterations; k++) {
        memcpy(w->work, w->matrices + k % w->instance.problem.blocks * square, square * sizeof(double));
        for (lapack_int l = 0; l < n; l++)
            w->right[l] = 1;
        if (LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', n, 1, w->work, n, w->right, 1) != 0)
            return assay_fail(ASSAY_SINGULAR, "dposv failed");
    }
    bench_consume(w->right);
    return ASSAY_OK;
}

/* ---- Whole runs ---------------------------------------------------------------------------------------------------
 */

/* The default problem and the steps of the claims; |grad F| is looked at every 10 iterations. */
static assay_status setup_whole(bench_state *state)
{
    assay_status status = setup_blocks(state, MULTIBLOCK_BILEVEL_V2);
    workload *w = state->data;
    double gradient[64], squares = 0;
    if (status == ASSAY_OK)
        status = w->instance.problem.exact_gradient(w->instance.problem.context, w->start, gradient);
    if (status != ASSAY_OK)
        return status;
    for (size_t j = 0; j < w->instance.problem.dx; j++)
        squares += gradient[j] * gradient[j];
    w->tolerance = 0.03 * sqrt(squares);
    w->options.iterations = 3000;
    w->options.log_every = 10;
    w->options.tolerance = w->tolerance;
    w->options.batch = 16;
    w->options.eta = 0.03;
    w->options.tau = 0.1;
    w->options.alpha = w->options.beta = 0.1;
    state->items = 1;
    state->bytes_read = state->bytes_written = state->flops = 0;
    return ASSAY_OK;
}

static assay_status whole(bench_state *state, multiblock_bilevel_method method)
{
    const workload *w = state->data;
    const multiblock_bilevel_problem *p = &w->instance.problem;
    multiblock_bilevel_options o = w->options;
    multiblock_bilevel_trace trace = {0};
    double *x = assay_allocate(p->dx + p->blocks * p->dy, sizeof *x);
    if (!x)
        return ASSAY_NO_MEMORY;
    o.method = method;
    const assay_status status = assay_cpu_level() == ASSAY_REFERENCE
                                    ? multiblock_bilevel_reference_run(p, &o, x, x + p->dx, &trace)
                                    : multiblock_bilevel_run(p, &o, x, x + p->dx, &trace);
    state->quality = (double)trace.iterations;
    assay_release(x);
    return status;
}

static assay_status run_whole(bench_state *state)
{
    return whole(state, MULTIBLOCK_BILEVEL_V2);
}

static assay_status run_whole_v1(bench_state *state)
{
    return whole(state, MULTIBLOCK_BILEVEL_V1);
}

static assay_status run_whole_rsvrb(bench_state *state)
{
    return whole(state, MULTIBLOCK_BILEVEL_RSVRB);
}

#define EAGER                                                                                                          \
    {                                                                                                                  \
        {                                                                                                              \
            .name = "not lazy", .note = "ours, all blocks move in every iteration", .run = run_eager,                  \
            .single_thread = true                                                                                      \
        }                                                                                                              \
    }

static const bench_workload workloads[] = {
    {.name = "iterations_v1",
     .sizes = {40, 2000, 20000},
     .quick_sizes = {40, 2000},
     .size_label = "blocks",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_blocks_v1,
     .teardown = teardown,
     .run = run,
     .threads = true,
     .peers = EAGER},
    {.name = "iterations_v2",
     .sizes = {40, 2000, 20000},
     .quick_sizes = {40, 20000},
     .size_label = "blocks",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_blocks_v2,
     .teardown = teardown,
     .run = run,
     .threads = true,
     .peers = EAGER},
    {.name = "methods",
     .sizes = {40},
     .size_label = "blocks",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_blocks_v2,
     .teardown = teardown,
     .run = run,
     .peers =
         {{.name = "rsvrb", .note = "the paper's rival, as the reference", .run = run_rsvrb, .single_thread = true},
          {.name = "stocbio", .note = "5 inner steps, 10 Neumann terms", .run = run_stocbio, .single_thread = true},
          {.name = "mrbo", .note = "10 Neumann terms at two times", .run = run_mrbo, .single_thread = true},
          {.name = "sustain", .note = "up to 9 Neumann terms", .run = run_sustain, .single_thread = true}}},
    {.name = "dimension",
     .sizes = {8, 32, 128},
     .size_label = "dy",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_dimension,
     .teardown = teardown,
     .run = run,
     .threads = true,
     .peers = {{.name = "v2", .note = "the other version, without matrices", .run = run_v2},
               {.name = "LAPACKE dposv", .note = "the 2 I solves of version 1 alone", .run = run_lapack}}},
    {.name = "to_3_per_cent",
     .sizes = {40},
     .size_label = "blocks, from 0 to 3 % of the hypergradient's norm by version 2, I = 8, B = 16, at most 3000 steps",
     .quality_label = "iterations",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_whole,
     .teardown = teardown,
     .run = run_whole,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE),
     .peers = {{.name = "v1", .note = "the same steps", .run = run_whole_v1, .single_thread = true},
               {.name = "rsvrb", .note = "the same steps", .run = run_whole_rsvrb, .single_thread = true}}},
    {.name = "weights_v2",
     .sizes = {30, 64},
     .size_label = "features: breast_cancer 30, digits 64",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_weights,
     .teardown = teardown,
     .run = run},
};

BENCH_WORKLOADS(multiblock_bilevel, workloads);
