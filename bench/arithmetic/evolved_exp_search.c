/*
 * Timings of programs and of the search: evaluations of E and candidates per second. Nobody else does this job.
 */
#include "assay/evolved_exp_search.h"
#include "assay/bench.h"
#include "assay/memory.h"

/* ---- A program over an array; 64 elements are one evaluation of the search's error ---- */

typedef struct arrays {
    evolved_exp_program program;
    double *x, *y;
} arrays;

static void release_arrays(bench_state *state)
{
    arrays *a = state->data;
    if (a) {
        assay_release(a->x);
        assay_release(a->y);
    }
    assay_release(a);
    state->data = NULL;
}

static assay_status setup_arrays(bench_state *state)
{
    const size_t n = state->size;
    uint32_t operations = 0;
    arrays *a = state->data = assay_allocate(1, sizeof *a);
    if (!a)
        return ASSAY_NO_MEMORY;
    a->x = assay_allocate(n, sizeof *a->x);
    a->y = assay_allocate(n, sizeof *a->y);
    assay_status status = a->x && a->y ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = evolved_exp_known("T8", &a->program);
    if (status == ASSAY_OK)
        status = evolved_exp_cost(&a->program, &operations);
    if (status == ASSAY_OK)
        status = assay_random_fill_uniform(state->random, 0, 0, 1, a->x, n);
    if (status != ASSAY_OK)
        release_arrays(state);
    state->bytes = 16.0 * (double)n;
    state->flops = (double)operations * (double)n;
    state->items = (double)n;
    return status;
}

static assay_status run_arrays(bench_state *state)
{
    const arrays *a = state->data;
    assay_status status = evolved_exp_evaluate_f64(&a->program, a->x, a->y, state->size);
    bench_consume(a->y);
    return status;
}

/* ---- The search from the empty program; items are candidates ---- */

static assay_status setup_search(bench_state *state)
{
    state->bytes = state->flops = 0;
    state->items = (double)state->size;
    return ASSAY_OK;
}

static assay_status run_search(bench_state *state)
{
    evolved_exp_search_config config;
    evolved_exp_search *search;
    assay_status status = evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    if (status == ASSAY_OK)
        status = evolved_exp_search_create(&config, state->random.seed, &search);
    if (status != ASSAY_OK)
        return status;
    status = evolved_exp_search_run(search, state->size);
    evolved_exp_search_destroy(search);
    return status;
}

static const bench_workload workloads[] = {
    {.name = "program_f64",
     .sizes = {64, 4096, 1000000},
     .quick_sizes = {64},
     .size_label = "elements",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_arrays,
     .teardown = release_arrays,
     .run = run_arrays},
    {.name = "search_exp2",
     .sizes = {500},
     .quick_sizes = {200},
     .size_label = "candidates",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_search,
     .run = run_search,
     .threads = true},
};

__attribute__((constructor)) static void enter_workloads(void)
{
    bench_add("evolved_exp", workloads, sizeof workloads / sizeof workloads[0]);
}
