/*
 * Evolution from end to end, with evaluations shared by function and, as peers, by weaker equalities and not at all;
 * and evolved_exp's search with the cache and without.
 */
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/functional_hash_search.h"
#include "assay/memory.h"
#include "assay/readers.h"

/* What takes the reference seconds is not timed with it. */
static assay_status check_size(const bench_state *state, uint64_t most)
{
    if (assay_cpu_level() == ASSAY_REFERENCE && state->size > most)
        return assay_fail(ASSAY_UNSUPPORTED, "size is %llu, the reference is timed up to %llu",
                          (unsigned long long)state->size, (unsigned long long)most);
    return ASSAY_OK;
}

static assay_status evolve(const bench_state *state, const functional_hash_domain *domain,
                           functional_hash_equality equality, size_t batch)
{
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_search_result result;
    config.candidates = state->size;
    config.equality = equality;
    config.batch = batch;
    const assay_status status = functional_hash_search_run(domain, &config, state->random.seed, &result, NULL);
    bench_consume(&result);
    return status;
}

/* ---- Graphs ---- */

typedef struct graphs {
    functional_hash_dag_task *digits;
} graphs;

static void release_graphs(bench_state *state)
{
    graphs *g = state->data;
    if (g)
        functional_hash_dag_task_destroy(g->digits);
    assay_release(g);
    state->data = NULL;
}

static assay_status setup_graphs(bench_state *state)
{
    char path[4096];
    const char *given = assay_user_data();
    graphs *g = state->data = assay_allocate(1, sizeof *g);
    if (!g)
        return ASSAY_NO_MEMORY;
    state->items = (double)state->size;
    assay_status status = given ? ASSAY_OK : assay_data_path("digits.csv", path, sizeof path);
    return status ? status : functional_hash_dag_task_read(given ? given : path, 600, 400, &g->digits);
}

static assay_status run_graphs_by(bench_state *state, functional_hash_equality equality, size_t batch)
{
    const graphs *g = state->data;
    const functional_hash_dag_domain_task task = {g->digits, {4, false}};
    const functional_hash_domain domain = functional_hash_dag_domain(&task);
    const assay_status status = check_size(state, 200);
    return status ? status : evolve(state, &domain, equality, batch);
}

static assay_status run_graphs(bench_state *state)
{
    return run_graphs_by(state, FUNCTIONAL_HASH_BY_FUNCTION, 1);
}

static assay_status run_graphs_in_batches(bench_state *state)
{
    return run_graphs_by(state, FUNCTIONAL_HASH_BY_FUNCTION, 16);
}

static assay_status run_graphs_isomorphism(bench_state *state)
{
    return run_graphs_by(state, FUNCTIONAL_HASH_BY_ISOMORPHISM, 1);
}

static assay_status run_graphs_structure(bench_state *state)
{
    return run_graphs_by(state, FUNCTIONAL_HASH_BY_STRUCTURE, 1);
}

static assay_status run_graphs_nothing(bench_state *state)
{
    return run_graphs_by(state, FUNCTIONAL_HASH_BY_NOTHING, 1);
}

/* ---- Learning programs and lambda terms ---- */

static assay_status setup_count(bench_state *state)
{
    state->items = (double)state->size;
    return ASSAY_OK;
}

#define RUN(NAME, DOMAIN)                                                                                              \
    static assay_status NAME(bench_state *state)                                                                       \
    {                                                                                                                  \
        const functional_hash_domain domain = DOMAIN();                                                                \
        return evolve(state, &domain, FUNCTIONAL_HASH_BY_FUNCTION, 1);                                                 \
    }                                                                                                                  \
    static assay_status NAME##_isomorphism(bench_state *state)                                                         \
    {                                                                                                                  \
        const functional_hash_domain domain = DOMAIN();                                                                \
        return evolve(state, &domain, FUNCTIONAL_HASH_BY_ISOMORPHISM, 1);                                              \
    }                                                                                                                  \
    static assay_status NAME##_structure(bench_state *state)                                                           \
    {                                                                                                                  \
        const functional_hash_domain domain = DOMAIN();                                                                \
        return evolve(state, &domain, FUNCTIONAL_HASH_BY_STRUCTURE, 1);                                                \
    }                                                                                                                  \
    static assay_status NAME##_nothing(bench_state *state)                                                             \
    {                                                                                                                  \
        const functional_hash_domain domain = DOMAIN();                                                                \
        return evolve(state, &domain, FUNCTIONAL_HASH_BY_NOTHING, 1);                                                  \
    }                                                                                                                  \
    struct NAME##_swallow_semicolon

RUN(run_codes, functional_hash_code_domain);
RUN(run_terms, functional_hash_term_domain);

#define PEERS(NAME)                                                                                                    \
    {                                                                                                                  \
        {.name = "by isomorphism", .note = "ours", .run = NAME##_isomorphism, .single_thread = true},                  \
            {.name = "by structure", .note = "ours", .run = NAME##_structure, .single_thread = true},                  \
        {                                                                                                              \
            .name = "no sharing", .note = "ours", .run = NAME##_nothing, .single_thread = true                         \
        }                                                                                                              \
    }

/* ---- evolved_exp's search ---- */

static assay_status search_with(const bench_state *state, uint32_t evaluations)
{
    evolved_exp_search_config config;
    evolved_exp_search *search;
    assay_status status = check_size(state, 500);
    if (status == ASSAY_OK)
        status = evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    if (status != ASSAY_OK)
        return status;
    config.evaluations = evaluations;
    status = evolved_exp_search_create(&config, state->random.seed, &search);
    if (status != ASSAY_OK)
        return status;
    status = evolved_exp_search_run(search, state->size);
    evolved_exp_search_destroy(search);
    return status;
}

static assay_status run_search(bench_state *state)
{
    return search_with(state, 12);
}

static assay_status run_search_alone(bench_state *state)
{
    return search_with(state, 0);
}

static const bench_workload workloads[] = {
    {.name = "evolve_graphs",
     .sizes = {150, 2000},
     .quick_sizes = {150},
     .size_label = "graphs on digits, one after the other",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_graphs,
     .teardown = release_graphs,
     .run = run_graphs,
     .peers = PEERS(run_graphs)},
    {.name = "evolve_graphs_batch",
     .sizes = {2000},
     .quick_sizes = {150},
     .size_label = "graphs on digits, 16 at once",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_graphs,
     .teardown = release_graphs,
     .run = run_graphs_in_batches,
     .threads = true},
    {.name = "evolve_codes",
     .sizes = {3000},
     .quick_sizes = {1000},
     .size_label = "learning programs",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_count,
     .run = run_codes,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE),
     .peers = PEERS(run_codes)},
    {.name = "evolve_terms",
     .sizes = {2000},
     .quick_sizes = {300},
     .size_label = "lambda terms",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_count,
     .run = run_terms,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE),
     .peers = PEERS(run_terms)},
    {.name = "evolved_exp_search",
     .sizes = {200, 4000},
     .quick_sizes = {200},
     .size_label = "candidates of evolved_exp's search for 2^x, with the cache",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_count,
     .run = run_search,
     .threads = true,
     .peers = {{.name = "without the cache", .note = "every candidate is tuned", .run = run_search_alone}}},
};

__attribute__((constructor)) static void enter_workloads(void)
{
    bench_add("functional_hash", workloads, sizeof workloads / sizeof workloads[0]);
}
