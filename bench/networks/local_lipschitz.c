/*
 * Timings of local_lipschitz: bounds of all outputs on trained networks, bounds of z alone, branch and bound, and the
 * exact constant of a tiny network. Peers are the weaker bounds, a product by OpenBLAS of as many operations as ours
 * needs, and GLPK.
 */
#include "assay/local_lipschitz.h"
#include "assay/bench.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "assay/threads.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is shared --------------------------------------------------------------------------------------------- */

enum { FLOOR_SIDE = 256, SPLITS = 32 };

typedef struct job {
    lipschitz_case c;
    double sampled;               /* the largest norm at sampled points: what bounds are held against */
    double *floor[3], floor_rows; /* the product by OpenBLAS: so many rows, 256 deep and wide */
} job;

static void teardown(bench_state *state)
{
    job *j = state->data;
    if (!j)
        return;
    lipschitz_case_release(&j->c);
    for (int i = 0; i < 3; i++)
        assay_release(j->floor[i]);
    free(j);
    state->data = NULL;
}

/* Takes over the network; the box lies around @p x. */
static assay_status make_job(bench_state *state, assay_network *network, const double *x, double radius)
{
    job *j = calloc(1, sizeof *j);
    state->data = j;
    if (!j) {
        assay_network_release(network);
        return ASSAY_NO_MEMORY;
    }
    j->c.network = network;
    const assay_status status = local_lipschitz_measure(network, &j->c.shape);
    if (status != ASSAY_OK)
        return status;
    const size_t inputs = j->c.shape.inputs;
    j->c.low = assay_allocate(2 * inputs, sizeof *j->c.low);
    if (!j->c.low)
        return ASSAY_NO_MEMORY;
    j->c.high = j->c.low + inputs;
    j->c.box = (local_lipschitz_box){j->c.low, j->c.high, inputs};
    lipschitz_box_around(&j->c, x, radius);
    j->sampled = lipschitz_sampled(&j->c, LOCAL_LIPSCHITZ_ALL_ROWS, 100, state->random);
    return ASSAY_OK;
}

/* Multiply-adds that LINEAR needs for all outputs if inactive neurons are left out, g is bounded where its lines are
 * needed, and what active neurons carry in the first step is computed once. */
static assay_status count_work(const job *j, double *work)
{
    const size_t n = j->c.shape.layers, hidden = j->c.shape.hidden;
    double *low = assay_allocate(2 * hidden, sizeof *low), *high = low + hidden;
    double d[16] = {(double)j->c.shape.inputs}, u[16] = {0}, compact[16] = {(double)j->c.shape.inputs}, sum = 0;
    if (!low)
        return ASSAY_NO_MEMORY;
    local_lipschitz_result r = {.z_low = low, .z_high = high};
    const assay_status status = local_lipschitz_bound(j->c.network, &j->c.box, 0, LOCAL_LIPSCHITZ_INTERVAL, NULL, &r);
    for (size_t k = 1, at = 0; status == ASSAY_OK && k < n; k++) {
        d[k] = (double)assay_network_layer(j->c.network, 2 * (k - 1)).outputs;
        for (size_t i = 0; i < (size_t)d[k]; i++, at++) {
            u[k] += low[at] <= 0 && high[at] >= 0;
            compact[k] += high[at] >= 0;
        }
    }
    for (size_t k = 2; k < n; k++) { /* z_k */
        sum += d[k] * (compact[k - 1] + u[k - 1]) * compact[k - 2];
        for (size_t q = k - 2; q > 0; q--)
            sum += 2 * d[k] * compact[q] * compact[q - 1];
    }
    const double outputs = (double)j->c.shape.outputs;
    for (size_t k = 1; k < n; k++) { /* g_{k-1}, and the norm's step through layer k */
        const double rows = k > 1 ? u[k - 1] : d[0];
        sum += k + 1 < n ? rows * (compact[k] - u[k]) * compact[k + 1] : 0;
        double row = 2 * compact[k];
        for (size_t q = k; q + 1 < n; q++)
            row += 2 * (q == k ? u[q] : compact[q]) * compact[q + 1];
        sum += outputs * (rows * row + compact[k - 1] * compact[k]);
    }
    *work = sum;
    assay_release(low);
    return status;
}

static assay_status make_floor(bench_state *state)
{
    job *j = state->data;
    double work;
    const assay_status status = count_work(j, &work);
    if (status != ASSAY_OK)
        return status;
    j->floor_rows = ceil(work / (FLOOR_SIDE * FLOOR_SIDE));
    const size_t rows = (size_t)j->floor_rows;
    const size_t counts[] = {rows * FLOOR_SIDE, FLOOR_SIDE * FLOOR_SIDE, rows * FLOOR_SIDE};
    for (int i = 0; i < 3; i++)
        if (!(j->floor[i] = assay_allocate(counts[i], sizeof(double))))
            return ASSAY_NO_MEMORY;
    state->flops = 2 * work;
    state->items = (double)j->c.shape.outputs;
    state->working_set = 8 * (double)assay_network_parameter_count(j->c.network);
    return ASSAY_OK;
}

/* ---- Bounds of all outputs -------------------------------------------------------------------------------------- */

/* Two hidden layers of `size` neurons; the user's rows in place of the digits, if there are some. */
static assay_status setup_digits(bench_state *state)
{
    lipschitz_data data = {0};
    assay_network *network = NULL;
    assay_status status = assay_user_data() ? lipschitz_read_user(state->random.seed, &data)
                                            : lipschitz_read_digits(state->random.seed, &data);
    const size_t trained = data.rows * 5 / 6;
    size_t classes = 10;
    for (size_t i = 0; i < data.rows; i++)
        classes = data.labels[i] >= classes ? data.labels[i] + 1 : classes;
    if (status == ASSAY_OK && trained == data.rows)
        status = assay_fail(ASSAY_BAD_DATA, "%zu rows are too few", data.rows);
    const size_t widths[] = {data.columns, state->size, state->size, classes};
    if (status == ASSAY_OK)
        status = lipschitz_train(widths, 3, &data, trained, 20, 2e-3, 64, state->random.seed, &network);
    if (status == ASSAY_OK)
        status = make_job(state, network, data.x + trained * data.columns, 0.05);
    lipschitz_data_release(&data);
    return status ? status : make_floor(state);
}

/* 784-256-256-10 with eps 0.02, or 784-512-512-512-512-10 with eps 0.01. */
static assay_status setup_mnist(bench_state *state)
{
    enum { TRAINED = 3000 };
    static const size_t medium[] = {784, 256, 256, 10}, large[] = {784, 512, 512, 512, 512, 10};
    const bool is_large = state->size > 256;
    lipschitz_data data = {0};
    assay_network *network = NULL;
    assay_status status = lipschitz_read_mnist(state->random.seed, TRAINED + 1, &data);
    if (status == ASSAY_OK)
        status = lipschitz_train(is_large ? large : medium, is_large ? 5 : 3, &data, TRAINED, 4, 1e-3, 128,
                                 state->random.seed, &network);
    if (status == ASSAY_OK)
        status = make_job(state, network, data.x + TRAINED * data.columns, is_large ? 0.01 : 0.02);
    lipschitz_data_release(&data);
    return status ? status : make_floor(state);
}

static assay_status run_method(bench_state *state, local_lipschitz_method method)
{
    const job *j = state->data;
    if (assay_cpu_level() == ASSAY_REFERENCE && j->c.shape.inputs > 64)
        return assay_fail(ASSAY_UNSUPPORTED, "the reference takes seconds for all outputs: mnist_row has it for one");
    local_lipschitz_result result = {0};
    const assay_status status =
        local_lipschitz_bound(j->c.network, &j->c.box, LOCAL_LIPSCHITZ_ALL_ROWS, method, NULL, &result);
    state->quality = result.value / j->sampled;
    bench_consume(&result);
    return status;
}

static assay_status run_linear(bench_state *state)
{
    return run_method(state, LOCAL_LIPSCHITZ_LINEAR);
}

static assay_status run_recurjac(bench_state *state)
{
    return run_method(state, LOCAL_LIPSCHITZ_RECURJAC);
}

static assay_status run_fastlip(bench_state *state)
{
    return run_method(state, LOCAL_LIPSCHITZ_FASTLIP);
}

static assay_status run_interval(bench_state *state)
{
    return run_method(state, LOCAL_LIPSCHITZ_INTERVAL);
}

static assay_status run_floor(bench_state *state)
{
    const job *j = state->data;
    openblas_set_num_threads(assay_threads());
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)j->floor_rows, FLOOR_SIDE, FLOOR_SIDE, 1,
                j->floor[0], FLOOR_SIDE, j->floor[1], FLOOR_SIDE, 0, j->floor[2], FLOOR_SIDE);
    state->quality = NAN;
    bench_consume(j->floor[2]);
    return ASSAY_OK;
}

static assay_status run_row(bench_state *state)
{
    const job *j = state->data;
    local_lipschitz_result result = {0};
    const assay_status status =
        local_lipschitz_bound(j->c.network, &j->c.box, 0, LOCAL_LIPSCHITZ_LINEAR, NULL, &result);
    bench_consume(&result);
    return status;
}

static assay_status setup_row(bench_state *state)
{
    const assay_status status = setup_mnist(state);
    state->flops = NAN;
    state->items = 1;
    return status;
}

/* One output by intervals: all but a few per cent of it is the bounds of z. */
static assay_status run_forward(bench_state *state)
{
    const job *j = state->data;
    local_lipschitz_result result = {0};
    const assay_status status =
        local_lipschitz_bound(j->c.network, &j->c.box, 0, LOCAL_LIPSCHITZ_INTERVAL, NULL, &result);
    bench_consume(&result);
    return status;
}

static assay_status setup_forward(bench_state *state)
{
    const assay_status status = state->size > 128 ? setup_mnist(state) : setup_digits(state);
    state->flops = NAN;
    state->items = 1;
    return status;
}

/* ---- Branch and bound ------------------------------------------------------------------------------------------- */

static assay_status run_search(bench_state *state)
{
    const job *j = state->data;
    const local_lipschitz_search search = {.splits = SPLITS, .batch = SPLITS};
    local_lipschitz_outcome outcome = {0};
    const assay_status status =
        local_lipschitz_branch_and_bound(j->c.network, &j->c.box, LOCAL_LIPSCHITZ_ALL_ROWS, NULL, &search, &outcome);
    state->quality = outcome.upper / j->sampled;
    bench_consume(&outcome);
    return status;
}

static assay_status setup_search(bench_state *state)
{
    /* 64-n-n-10 on the digits. */
    lipschitz_data data = {0};
    assay_network *network = NULL;
    const size_t widths[] = {64, state->size, state->size, 10};
    assay_status status = lipschitz_read_digits(state->random.seed, &data);
    if (status == ASSAY_OK)
        status = lipschitz_train(widths, 3, &data, 1500, 20, 2e-3, 64, state->random.seed, &network);
    if (status == ASSAY_OK)
        status = make_job(state, network, data.x + (size_t)1500 * 64, 0.05);
    lipschitz_data_release(&data);
    if (status != ASSAY_OK)
        return status;
    const job *j = state->data;
    const local_lipschitz_search search = {.splits = SPLITS, .batch = SPLITS};
    local_lipschitz_outcome outcome = {0};
    status =
        local_lipschitz_branch_and_bound(j->c.network, &j->c.box, LOCAL_LIPSCHITZ_ALL_ROWS, NULL, &search, &outcome);
    state->items = (double)outcome.domains;
    return status;
}

/* ---- The exact constant of a tiny network ------------------------------------------------------------------------ */

static assay_status setup_tiny(bench_state *state)
{
    lipschitz_data data = {0};
    assay_network *network = NULL;
    const size_t widths[] = {2, state->size, state->size, 3};
    assay_status status = lipschitz_make_leaders(state->random.seed, &data);
    if (status == ASSAY_OK)
        status = lipschitz_train(widths, 3, &data, 400, 80, 5e-3, 32, state->random.seed, &network);
    if (status == ASSAY_OK)
        status = make_job(state, network, data.x, 0.1);
    lipschitz_data_release(&data);
    state->items = 1;
    return status;
}

static assay_status run_exact_search(bench_state *state)
{
    const job *j = state->data;
    const local_lipschitz_search search = {.splits = 100000, .batch = 1, .feasible = true};
    local_lipschitz_outcome outcome = {0};
    const assay_status status = local_lipschitz_branch_and_bound(j->c.network, &j->c.box, 0, NULL, &search, &outcome);
    bench_consume(&outcome);
    return status;
}

static assay_status run_enumeration(bench_state *state)
{
    const job *j = state->data;
    double value = 0;
    const assay_status status = local_lipschitz_exact(j->c.network, &j->c.box, 0, 1000000, &value, NULL);
    bench_consume(&value);
    return status;
}

static assay_status run_glpk(bench_state *state)
{
    const job *j = state->data;
    double value = 0;
    const assay_status status = lipschitz_integer_program(&j->c, 0, &value, NULL);
    bench_consume(&value);
    return status;
}

#define BOUND_PEERS                                                                                                    \
    {                                                                                                                  \
        {.name = "RECURJAC", .note = "weaker relaxation, our code", .run = run_recurjac},                              \
            {.name = "FASTLIP", .note = "our code", .run = run_fastlip},                                               \
            {.name = "INTERVAL", .note = "interval arithmetic, our code", .run = run_interval},                        \
        {                                                                                                              \
            .name = "OpenBLAS dgemm", .note = "as many operations, nothing else: the floor", .run = run_floor          \
        }                                                                                                              \
    }

static const bench_workload workloads[] = {
    {.name = "digits",
     .sizes = {32, 128},
     .size_label = "neurons in each of two hidden layers, 64 inputs, 10 outputs",
     .quality_label = "bound over largest sampled norm",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_digits,
     .teardown = teardown,
     .run = run_linear,
     .threads = true,
     .peers = BOUND_PEERS},
    {.name = "mnist",
     .sizes = {256, 512},
     .quick_sizes = {256},
     .size_label = "neurons in each of two (256) or four (512) hidden layers, 784 inputs, 10 outputs",
     .quality_label = "bound over largest sampled norm",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_mnist,
     .teardown = teardown,
     .run = run_linear,
     .threads = true,
     .peers = BOUND_PEERS},
    {.name = "mnist_row",
     .sizes = {256},
     .size_label = "neurons in each of two hidden layers, 784 inputs, one output",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_row,
     .teardown = teardown,
     .run = run_row,
     .threads = true},
    {.name = "bounds_of_z",
     .sizes = {32, 256},
     .quick_sizes = {32},
     .size_label = "neurons in each of two hidden layers; 64 inputs, or 784 from 256 on",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_forward,
     .teardown = teardown,
     .run = run_forward,
     .threads = true},
    {.name = "search",
     .sizes = {32, 64},
     .quick_sizes = {64},
     .size_label = "neurons in each of two hidden layers, 64 inputs, 10 outputs, 32 splits; items are domains",
     .quality_label = "bound over largest sampled norm",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_search,
     .teardown = teardown,
     .run = run_search,
     .threads = true},
    {.name = "exact",
     .sizes = {12},
     .size_label = "neurons in each of two hidden layers, 2 inputs",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_tiny,
     .teardown = teardown,
     .run = run_exact_search,
     .peers =
         {{.name = "enumeration", .note = "of all regions, our code", .run = run_enumeration, .single_thread = true},
          {.name = "GLPK", .note = "mixed-integer program", .run = run_glpk, .single_thread = true}}},
};

BENCH_WORKLOADS(local_lipschitz, workloads);
