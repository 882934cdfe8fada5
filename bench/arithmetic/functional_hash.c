/*
 * Timings of functional hashing: keys of values beside XXH3 and SHA-256, lookups beside std::unordered_map, keys and
 * evaluations of graphs beside nauty and OpenBLAS. Evolution from end to end is in functional_hash_evolution.c.
 */
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/functional_hash_search.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "assay/threads.h"
#include "bench/arithmetic/functional_hash_peers.h"
#include "optimized/arithmetic/functional_hash_dag_kernels.h"
#include "verify/arithmetic/functional_hash_nauty.h"

#include <cblas.h>

/* ---- Keys of values ---- */

enum { VALUES = 1 << 16 };

typedef struct mixing {
    size_t n, count;
    double *values, *room;
    functional_hash_key *keys;
} mixing;

static void release_mixing(bench_state *state)
{
    mixing *m = state->data;
    if (m) {
        assay_release(m->values);
        assay_release(m->room);
        assay_release(m->keys);
    }
    assay_release(m);
    state->data = NULL;
}

static assay_status setup_mixing(bench_state *state)
{
    mixing *m = state->data = assay_allocate(1, sizeof *m);
    if (!m)
        return ASSAY_NO_MEMORY;
    m->n = state->size;
    m->count = VALUES / m->n;
    m->values = assay_allocate(VALUES, sizeof *m->values);
    m->room = assay_allocate(m->n, sizeof *m->room);
    m->keys = assay_allocate(m->count, sizeof *m->keys);
    if (!m->values || !m->room || !m->keys)
        return ASSAY_NO_MEMORY;
    state->items = VALUES;
    state->bytes_read = 8.0 * VALUES;
    state->bytes_written = 16.0 * (double)m->count;
    return assay_random_fill_normal(state->random, 0, 0, 1, m->values, VALUES);
}

static assay_status run_mixing(bench_state *state)
{
    const mixing *m = state->data;
    const functional_hash_options options = functional_hash_default();
    const assay_status status = functional_hash_mix_rows(m->values, m->count, m->n, &options, m->keys);
    bench_consume(m->keys);
    return status;
}

static assay_status run_xxh3(bench_state *state)
{
    const mixing *m = state->data;
    functional_hash_peer_xxh3(m->values, m->count, m->n, m->room, m->keys);
    bench_consume(m->keys);
    return ASSAY_OK;
}

static assay_status run_sha256(bench_state *state)
{
    const mixing *m = state->data;
    functional_hash_peer_sha256(m->values, m->count, m->n, m->room, m->keys);
    bench_consume(m->keys);
    return ASSAY_OK;
}

/* ---- Lookups ---- */

enum { LOOKUPS = 1 << 16, MAP_MOST = 1000000 };

typedef struct table {
    functional_hash_cache *cache;
    functional_hash_peer_map *map; /* null if it would be too large */
    functional_hash_key *keys;     /* to be looked up; every second one is there */
    double *outputs;
    uint32_t *evaluations;
} table;

static void release_table(bench_state *state)
{
    table *t = state->data;
    if (t) {
        functional_hash_cache_destroy(t->cache);
        functional_hash_peer_map_destroy(t->map);
        assay_release(t->keys);
        assay_release(t->outputs);
        assay_release(t->evaluations);
    }
    assay_release(t);
    state->data = NULL;
}

static functional_hash_key key_of(uint64_t word)
{
    functional_hash_key key;
    functional_hash_mix_words(&word, 1, &key);
    return key;
}

static assay_status fill_table(table *t, uint64_t size)
{
    assay_status status = ASSAY_OK;
    for (uint64_t i = 0; status == ASSAY_OK && i < size; i++) {
        functional_hash_lookup lookup;
        const double output = (double)i;
        status = functional_hash_cache_claim(t->cache, key_of(i), NULL, &lookup);
        if (status == ASSAY_OK)
            status = functional_hash_cache_enter(t->cache, key_of(i), &output);
    }
    functional_hash_key *all = status == ASSAY_OK && size <= MAP_MOST ? assay_allocate(size, sizeof *all) : NULL;
    for (uint64_t i = 0; all && i < size; i++)
        all[i] = key_of(i);
    if (all)
        t->map = functional_hash_peer_map_create(all, size);
    assay_release(all);
    return status;
}

static assay_status setup_table(bench_state *state)
{
    table *t = state->data = assay_allocate(1, sizeof *t);
    if (!t)
        return ASSAY_NO_MEMORY;
    t->keys = assay_allocate(LOOKUPS, sizeof *t->keys);
    t->outputs = assay_allocate(LOOKUPS, sizeof *t->outputs);
    t->evaluations = assay_allocate(LOOKUPS, sizeof *t->evaluations);
    if (!t->keys || !t->outputs || !t->evaluations)
        return ASSAY_NO_MEMORY;
    for (uint64_t i = 0; i < LOOKUPS; i++)
        t->keys[i] = key_of(assay_random_integer(state->random, i, 2 * state->size));
    state->items = LOOKUPS;
    state->working_set = 40.0 * (double)state->size;
    const functional_hash_cache_config config = {.capacity = state->size, .outputs = 1, .max_evaluations = 1};
    const assay_status status = functional_hash_cache_create(&config, &t->cache);
    return status ? status : fill_table(t, state->size);
}

static assay_status run_table(bench_state *state)
{
    const table *t = state->data;
    const assay_status status = functional_hash_cache_peek_all(t->cache, t->keys, LOOKUPS, t->outputs, t->evaluations);
    bench_consume(t->outputs);
    return status;
}

static assay_status run_map(bench_state *state)
{
    const table *t = state->data;
    if (!t->map)
        return assay_fail(ASSAY_UNSUPPORTED, "the map is built for up to %d keys only", MAP_MOST);
    functional_hash_peer_map_find(t->map, t->keys, LOOKUPS, t->outputs);
    bench_consume(t->outputs);
    return ASSAY_OK;
}

/* ---- Graphs ---- */

typedef struct graphs {
    functional_hash_dag_task *digits;
    functional_hash_dag *dags;
    double *fitness;
    functional_hash_key *keys;
} graphs;

static void release_graphs(bench_state *state)
{
    graphs *g = state->data;
    if (g) {
        functional_hash_dag_task_destroy(g->digits);
        assay_release(g->dags);
        assay_release(g->fitness);
        assay_release(g->keys);
    }
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
    g->dags = assay_allocate(state->size, sizeof *g->dags);
    g->fitness = assay_allocate(state->size, sizeof *g->fitness);
    g->keys = assay_allocate(state->size, sizeof *g->keys);
    if (!g->dags || !g->fitness || !g->keys)
        return ASSAY_NO_MEMORY;
    functional_hash_dice dice = {state->random, 0};
    for (size_t i = 0; i < state->size; i++)
        functional_hash_dag_random(&dice, &g->dags[i]);
    state->items = (double)state->size;
    /* The regression's products; what the vertices do is of the same order and differs from graph to graph. */
    state->flops = 2.0 * FUNCTIONAL_HASH_DAG_WEIGHTS * FUNCTIONAL_HASH_DAG_ROWS / 2 * 600 * (double)state->size;
    assay_status status = given ? ASSAY_OK : assay_data_path("digits.csv", path, sizeof path);
    return status ? status : functional_hash_dag_task_read(given ? given : path, 600, 400, &g->digits);
}

static assay_status setup_graph_keys(bench_state *state)
{
    const assay_status status = setup_graphs(state);
    state->flops = 0;
    return status;
}

static assay_status run_evaluations(bench_state *state)
{
    const graphs *g = state->data;
    const int threads = assay_threads();
    assay_status status = ASSAY_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < state->size; i++) {
        const assay_status own = functional_hash_dag_evaluate(g->digits, &g->dags[i], &g->fitness[i]);
        if (own != ASSAY_OK)
#pragma omp atomic write
            status = own;
    }
    bench_consume(g->fitness);
    return status;
}

static assay_status run_keys_by(bench_state *state, functional_hash_equality equality)
{
    const graphs *g = state->data;
    const functional_hash_options options = functional_hash_domain_options();
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < state->size; i++)
        status = functional_hash_dag_key(&g->dags[i], equality, NULL, &options, &g->keys[i]);
    bench_consume(g->keys);
    return status;
}

static assay_status run_keys(bench_state *state)
{
    return run_keys_by(state, FUNCTIONAL_HASH_BY_FUNCTION);
}

static assay_status run_isomorphism(bench_state *state)
{
    return run_keys_by(state, FUNCTIONAL_HASH_BY_ISOMORPHISM);
}

static assay_status run_nauty(bench_state *state)
{
    const graphs *g = state->data;
    for (size_t i = 0; i < state->size; i++) {
        functional_hash_dag pruned;
        functional_hash_form form;
        functional_hash_dag_prune(&g->dags[i], &pruned);
        functional_hash_canonical_form(&pruned, &form);
        bench_consume(&form);
    }
    return ASSAY_OK;
}

/* ---- The regression's products ---- */

enum { ROWS = FUNCTIONAL_HASH_DAG_ROWS, WEIGHTS = FUNCTIONAL_HASH_DAG_WEIGHTS, WIDTH = FUNCTIONAL_HASH_GRAM_WIDTH };

typedef struct products {
    double *rows;
    double (*a)[WIDTH];
    double (*plain)[ROWS];
} products;

static void release_products(bench_state *state)
{
    products *p = state->data;
    if (p) {
        assay_release(p->rows);
        assay_release(p->a);
        assay_release(p->plain);
    }
    assay_release(p);
    state->data = NULL;
}

static assay_status setup_products(bench_state *state)
{
    products *p = state->data = assay_allocate(1, sizeof *p);
    if (!p)
        return ASSAY_NO_MEMORY;
    p->rows = assay_allocate(ROWS * state->size, sizeof *p->rows);
    p->a = assay_allocate(WEIGHTS, sizeof *p->a);
    p->plain = assay_allocate(WEIGHTS, sizeof *p->plain);
    if (!p->rows || !p->a || !p->plain)
        return ASSAY_NO_MEMORY;
    state->items = 1;
    state->flops = (WEIGHTS * (WEIGHTS + 1) + 2.0 * WEIGHTS * (ROWS - WEIGHTS)) * (double)state->size;
    state->bytes_read = 8.0 * ROWS * (double)state->size;
    state->bytes_written = 8.0 * WEIGHTS * ROWS;
    return assay_random_fill_normal(state->random, 0, 0, 1, p->rows, ROWS * state->size);
}

static assay_status run_products(bench_state *state)
{
    const products *p = state->data;
    if (assay_cpu_level() == ASSAY_REFERENCE)
        functional_hash_reference_dag_products(p->rows, state->size, state->size, 6, p->plain);
    else
        functional_hash_dag_products(p->rows, state->size, state->size, 6, p->a);
    bench_consume(p->a);
    return ASSAY_OK;
}

static assay_status run_openblas(bench_state *state)
{
    const products *p = state->data;
    const blasint n = (blasint)state->size;
    openblas_set_num_threads(1);
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, WEIGHTS, n, 1, p->rows, n, 0, p->a[0], WIDTH);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, WEIGHTS, ROWS - WEIGHTS, n, 1, p->rows, n,
                p->rows + WEIGHTS * state->size, n, 0, p->a[0] + WEIGHTS, WIDTH);
    bench_consume(p->a);
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "mix",
     .sizes = {4, 64, 4096},
     .size_label = "values in a key, 65,536 in all",
     .arithmetic = BENCH_ADD_I32,
     .setup = setup_mixing,
     .teardown = release_mixing,
     .run = run_mixing,
     .threads = true,
     .peers = {{.name = "XXH3", .note = "128 bits, of masked values", .run = run_xxh3, .single_thread = true},
               {.name = "SHA-256", .note = "OpenSSL, of masked values", .run = run_sha256, .single_thread = true}}},
    {.name = "cache_lookup",
     .sizes = {10000, 100000, 1000000, 10000000},
     .quick_sizes = {10000, 1000000},
     .size_label = "entries, half of the keys that are looked up among them",
     .setup = setup_table,
     .teardown = release_table,
     .run = run_table,
     .levels = ASSAY_LEVEL_BIT(ASSAY_BASELINE),
     .peers = {{.name = "std unordered_map", .note = "load factor 0.5", .run = run_map, .single_thread = true}}},
    {.name = "graph_evaluation",
     .sizes = {32},
     .quick_sizes = {8},
     .size_label = "random graphs, on 1000 digits",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_graphs,
     .teardown = release_graphs,
     .run = run_evaluations,
     .threads = true},
    {.name = "graph_key",
     .sizes = {64},
     .size_label = "random graphs",
     .setup = setup_graph_keys,
     .teardown = release_graphs,
     .run = run_keys,
     .peers = {{.name = "NAS-Bench-101 hash", .note = "by isomorphism", .run = run_isomorphism, .single_thread = true},
               {.name = "nauty", .note = "canonical form", .run = run_nauty, .single_thread = true}}},
    {.name = "regression_products",
     .sizes = {600},
     .size_label = "images of 64 outputs, 10 classes",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_products,
     .teardown = release_products,
     .run = run_products,
     .peers = {{.name = "OpenBLAS",
                .note = "dsyrk and dgemm; other order of sums",
                .run = run_openblas,
                .single_thread = true}}},
};

BENCH_WORKLOADS(functional_hash, workloads);
