/* What is timed of hnsw_recall: search at several breadths with its recall, building, exact search, local dimensions,
 * files; beside hnswlib and FAISS. */
#include "assay/hnsw_recall.h"
#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/cpu.h"
#include "assay/readers.h"
#include "assay/threads.h"
#include "bench/discrete/hnsw_recall_peers.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { K = 10, M = 16, EF_CONSTRUCTION = 128, LID_K = 100 };

/* ---- A stage --------------------------------------------------------------------------------------------------- */

/* A set of vectors with everything that is built of it: made for the first of the workloads that use it, kept for the
 * next ones, as building takes longer than all searches. */
typedef struct stage {
    const char *name;
    float *x, *unit; /* n + queries rows as they are, and as the peers get them: normalised for the cosine */
    size_t n, queries, dimension;
    hnsw_recall_metric metric;
    uint64_t *exact, *found; /* queries x K */
    hnsw_recall_index *index;
    hnsw_peer *peers[HNSW_PEERS];
} stage;

static stage now; /* the one that is set up */

static void clear_stage(void)
{
    hnsw_recall_release(now.index);
    for (int i = 0; i < HNSW_PEERS; i++)
        hnsw_peer_release(now.peers[i]);
    if (now.unit != now.x)
        free(now.unit);
    free(now.x);
    free(now.exact);
    free(now.found);
    now = (stage){0};
}

/* Which peers are to be timed: they are asked whether they are available before anything is set up. */
static bool wanted[HNSW_PEERS];

#define WANT(KIND)                                                                                                     \
    static bool want_##KIND(void)                                                                                      \
    {                                                                                                                  \
        return wanted[KIND] = true;                                                                                    \
    }
WANT(HNSW_PEER_HNSWLIB)
WANT(HNSW_PEER_HNSWLIB_OURS)
WANT(HNSW_PEER_FAISS)
WANT(HNSW_PEER_FAISS_FLAT)
WANT(HNSW_PEER_HNSWLIB_FLAT)

/* Takes x over. */
static assay_status fill_stage(const char *name, float *x, size_t rows, size_t queries, size_t dimension,
                               hnsw_recall_metric metric)
{
    now = (stage){.name = name,
                  .x = x,
                  .unit = metric == HNSW_RECALL_COSINE ? malloc(rows * dimension * sizeof *x) : x,
                  .n = rows - queries,
                  .queries = queries,
                  .dimension = dimension,
                  .metric = metric,
                  .exact = malloc(queries * K * sizeof *now.exact),
                  .found = malloc(queries * K * sizeof *now.found)};
    if (!now.unit || !now.exact || !now.found)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu vectors", rows);
    assay_status status = ASSAY_OK;
    if (metric == HNSW_RECALL_COSINE)
        status = hnsw_recall_normalise(dimension, x, rows, now.unit);
    if (status == ASSAY_OK)
        status = hnsw_recall_exact(metric, dimension, x, now.n, x + now.n * dimension, queries, K, now.exact, NULL);
    return status;
}

static assay_status read_stage(const char *name, const char *path, size_t most, size_t queries,
                               hnsw_recall_metric metric)
{
    float *x = NULL;
    size_t rows, dimension;
    const assay_status status = hnsw_recall_read(path, most, &x, &rows, &dimension);
    if (status != ASSAY_OK)
        return status;
    if (rows >= 20)
        return fill_stage(name, x, rows, queries < rows / 10 ? queries : rows / 10, dimension, metric);
    free(x);
    return assay_fail(ASSAY_BAD_DATA, "%s has %zu vectors, must have 20 at least", path, rows);
}

static assay_status data_stage(const char *name, const char *file, bool prepared, size_t rows, size_t queries,
                               hnsw_recall_metric metric)
{
    char path[4096];
    if (now.name && strcmp(now.name, name) == 0)
        return ASSAY_OK;
    clear_stage();
    assay_status status =
        prepared ? assay_dataset_path(file, path, sizeof path) : assay_data_path(file, path, sizeof path);
    if (status == ASSAY_OK)
        status = read_stage(name, path, rows, queries, metric);
    return status;
}

/* The small set of words, or the user's vectors. */
static assay_status data(void)
{
    if (!assay_user_data())
        return data_stage("small words", "words_small.fvecs", false, 0, 500, HNSW_RECALL_COSINE);
    if (now.name && strcmp(now.name, "user data") == 0)
        return ASSAY_OK;
    clear_stage();
    return read_stage("user data", assay_user_data(), 0, 500, HNSW_RECALL_L2);
}

static assay_status words(void)
{
    return data_stage("words", "words.fvecs", true, 100500, 500, HNSW_RECALL_COSINE);
}

static assay_status all_words(void)
{
    return data_stage("all words", "words.fvecs", true, 0, 500, HNSW_RECALL_COSINE);
}

static assay_status small_images(void)
{
    return data_stage("small images", "mnist_small-images.idx", false, 0, 100, HNSW_RECALL_L2);
}

static assay_status images(void)
{
    return data_stage("images", "mnist-images.idx", true, 0, 500, HNSW_RECALL_L2);
}

static assay_status subspace(void)
{
    enum { ROWS = 10500, DIMENSION = 128, INTRINSIC = 32 };
    if (now.name && strcmp(now.name, "subspace") == 0)
        return ASSAY_OK;
    clear_stage();
    float *x = malloc(sizeof *x * ROWS * DIMENSION);
    if (!x)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %d vectors", ROWS);
    const assay_status status = hnsw_recall_subspace((assay_random){1, 80}, DIMENSION, INTRINSIC, 0, ROWS, x);
    return status == ASSAY_OK ? fill_stage("subspace", x, ROWS, 500, DIMENSION, HNSW_RECALL_L2) : status;
}

/* Builds what is wanted and not there yet. */
static assay_status complete_stage(void)
{
    assay_status status = ASSAY_OK;
    if (!now.index) {
        hnsw_recall_options options = hnsw_recall_defaults(now.metric);
        options.round = HNSW_RECALL_ROUND;
        status = hnsw_recall_create(now.dimension, now.n, &options, &now.index);
        if (status == ASSAY_OK)
            status = hnsw_recall_add_batch(now.index, now.x, NULL, now.n, NULL);
    }
    for (int i = 0; status == ASSAY_OK && i < HNSW_PEERS; i++) {
        if (!wanted[i] || now.peers[i])
            continue;
        now.peers[i] = hnsw_peer_build((hnsw_peer_kind)i, now.metric == HNSW_RECALL_L2, now.dimension, now.unit, now.n,
                                       M, EF_CONSTRUCTION);
        if (!now.peers[i])
            status = assay_fail(ASSAY_NO_MEMORY, "a peer could not build its index of %zu vectors", now.n);
    }
    memset(wanted, 0, sizeof wanted);
    return status;
}

/* ---- Search ---------------------------------------------------------------------------------------------------- */

static assay_status begin_search(bench_state *state, assay_status status)
{
    if (status != ASSAY_OK)
        clear_stage();
    if (status == ASSAY_OK)
        status = complete_stage();
    state->items = (double)now.queries;
    state->working_set = (double)now.n * (double)(now.dimension + 2 * M) * sizeof(float);
    return status;
}

#define SEARCH_SETUP(STAGE)                                                                                            \
    static assay_status search_##STAGE(bench_state *state)                                                             \
    {                                                                                                                  \
        return begin_search(state, STAGE());                                                                           \
    }
SEARCH_SETUP(data)
SEARCH_SETUP(words)
SEARCH_SETUP(all_words)
SEARCH_SETUP(small_images)
SEARCH_SETUP(images)
SEARCH_SETUP(subspace)

/* The recall takes less than a thousandth of the searches' time. */
static assay_status judge(bench_state *state)
{
    return hnsw_recall_at_k(now.found, now.exact, now.queries, K, &state->quality);
}

static assay_status run_search(bench_state *state)
{
    const assay_status status = hnsw_recall_search_batch(now.index, now.x + now.n * now.dimension, now.queries, K,
                                                         state->size, now.found, NULL);
    return status == ASSAY_OK ? judge(state) : status;
}

static assay_status run_peer_search(bench_state *state, hnsw_peer_kind kind, size_t queries, size_t ef)
{
    const assay_status status =
        hnsw_peer_search(now.peers[kind], now.unit + now.n * now.dimension, queries, K, ef, now.found);
    bench_consume(now.found);
    return status == ASSAY_OK && queries == now.queries ? judge(state) : status;
}

static assay_status run_hnswlib(bench_state *state)
{
    return run_peer_search(state, HNSW_PEER_HNSWLIB, now.queries, state->size);
}

static assay_status run_hnswlib_ours(bench_state *state)
{
    return run_peer_search(state, HNSW_PEER_HNSWLIB_OURS, now.queries, state->size);
}

static assay_status run_faiss(bench_state *state)
{
    return run_peer_search(state, HNSW_PEER_FAISS, now.queries, state->size);
}

/* ---- Building -------------------------------------------------------------------------------------------------- */

static assay_status setup_build(bench_state *state)
{
    assay_status status = state->size <= 4500 ? data() : words();
    if (status != ASSAY_OK)
        clear_stage();
    else if (state->size > now.n)
        status = assay_fail(ASSAY_BAD_DATA, "there are %zu words, too few", now.n);
    memset(wanted, 0, sizeof wanted);
    state->items = (double)state->size;
    return status;
}

static assay_status run_build(bench_state *state)
{
    hnsw_recall_options options = hnsw_recall_defaults(now.metric);
    hnsw_recall_index *index = NULL;
    options.round = assay_threads() > 1 ? HNSW_RECALL_ROUND : 1;
    assay_status status = hnsw_recall_create(now.dimension, state->size, &options, &index);
    if (status == ASSAY_OK)
        status = hnsw_recall_add_batch(index, now.x, NULL, state->size, NULL);
    hnsw_recall_release(index);
    return status;
}

static assay_status build_peer(bench_state *state, hnsw_peer_kind kind)
{
    hnsw_peer *peer =
        hnsw_peer_build(kind, now.metric == HNSW_RECALL_L2, now.dimension, now.unit, state->size, M, EF_CONSTRUCTION);
    hnsw_peer_release(peer);
    return peer ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "a peer could not build its index");
}

static assay_status build_hnswlib(bench_state *state)
{
    return build_peer(state, HNSW_PEER_HNSWLIB);
}

static assay_status build_hnswlib_ours(bench_state *state)
{
    return build_peer(state, HNSW_PEER_HNSWLIB_OURS);
}

static assay_status build_faiss(bench_state *state)
{
    return build_peer(state, HNSW_PEER_FAISS);
}

/* ---- Exact search ---------------------------------------------------------------------------------------------- */

/* Products of normalised vectors: the peers know no cosine. */
static assay_status begin_exact(bench_state *state, assay_status status)
{
    if (status != ASSAY_OK)
        clear_stage();
    for (int i = 0; status == ASSAY_OK && i < HNSW_PEERS; i++) {
        if (wanted[i] && !now.peers[i])
            now.peers[i] = hnsw_peer_build((hnsw_peer_kind)i, false, now.dimension, now.unit, now.n, 0, 0);
        if (wanted[i] && !now.peers[i])
            status = assay_fail(ASSAY_NO_MEMORY, "a peer has no memory for %zu vectors", now.n);
    }
    memset(wanted, 0, sizeof wanted);
    if (status == ASSAY_OK && state->size > now.queries)
        status = assay_fail(ASSAY_BAD_DATA, "there are %zu queries, too few", now.queries);
    state->items = (double)state->size;
    state->flops = 2.0 * (double)state->size * (double)now.n * (double)now.dimension;
    state->bytes_read = (double)(now.n + state->size) * (double)now.dimension * sizeof(float);
    state->data = status == ASSAY_OK ? malloc((size_t)state->size * 1024 * sizeof(float)) : NULL;
    return status == ASSAY_OK && !state->data ? assay_fail(ASSAY_NO_MEMORY, "no memory for products") : status;
}

static void end_exact(bench_state *state)
{
    free(state->data);
    state->data = NULL;
}

static assay_status exact_data(bench_state *state)
{
    return begin_exact(state, data());
}

static assay_status exact_words(bench_state *state)
{
    return begin_exact(state, words());
}

/* A reference that would take longer than all others together is not run. */
static assay_status spare_reference(double work)
{
    return assay_cpu_level() == ASSAY_REFERENCE && work > 2e8
               ? assay_fail(ASSAY_UNSUPPORTED, "the reference takes too long at this size")
               : ASSAY_OK;
}

static assay_status run_exact(bench_state *state)
{
    assay_status status = spare_reference(state->flops);
    if (status == ASSAY_OK)
        status = hnsw_recall_exact(HNSW_RECALL_IP, now.dimension, now.unit, now.n, now.unit + now.n * now.dimension,
                                   state->size, K, now.found, NULL);
    bench_consume(now.found);
    return status;
}

static assay_status run_faiss_flat(bench_state *state)
{
    return run_peer_search(state, HNSW_PEER_FAISS_FLAT, state->size, 0);
}

static assay_status run_hnswlib_flat(bench_state *state)
{
    if (state->size > 100)
        return assay_fail(ASSAY_UNSUPPORTED,
                          "it compares one query after the other, which takes too long at this size");
    return run_peer_search(state, HNSW_PEER_HNSWLIB_FLAT, state->size, 0);
}

/* The products alone, without finding the largest: no exact search by OpenBLAS can be faster. */
static assay_status run_products(bench_state *state)
{
    const blasint queries = (blasint)state->size, d = (blasint)now.dimension;
    openblas_set_num_threads(assay_threads());
    for (size_t row = 0; row < now.n; row += 1024) {
        const size_t count = now.n - row < 1024 ? now.n - row : 1024;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, queries, (blasint)count, d, 1,
                    now.unit + now.n * now.dimension, d, now.unit + row * now.dimension, d, 0, state->data, 1024);
        bench_consume(state->data);
    }
    return ASSAY_OK;
}

/* ---- Local intrinsic dimension --------------------------------------------------------------------------------- */

static assay_status setup_lid(bench_state *state)
{
    assay_status status = state->size <= 4500 ? data() : words();
    if (status != ASSAY_OK)
        clear_stage();
    if (status == ASSAY_OK && state->size > now.n)
        status = assay_fail(ASSAY_BAD_DATA, "there are %zu words, too few", now.n);
    state->items = (double)state->size;
    state->flops = 2.0 * (double)state->size * (double)state->size * (double)now.dimension;
    state->data = malloc(state->size * sizeof(double));
    return status == ASSAY_OK && !state->data ? assay_fail(ASSAY_NO_MEMORY, "no memory") : status;
}

static assay_status run_lid(bench_state *state)
{
    const assay_status status = spare_reference(state->flops);
    return status == ASSAY_OK ? hnsw_recall_lid(now.dimension, now.unit, state->size, LID_K, state->data) : status;
}

/* ---- Files ----------------------------------------------------------------------------------------------------- */

static assay_status begin_file(bench_state *state, assay_status status)
{
    char *path = strdup("/tmp/assay-bench-XXXXXX");
    status = begin_search(state, status);
    const int file = path ? mkstemp(path) : -1;
    if (status == ASSAY_OK && file < 0)
        status = assay_fail(ASSAY_IO, "no temporary file");
    if (status == ASSAY_OK)
        status = hnsw_recall_save(now.index, path);
    if (file >= 0)
        close(file);
    state->data = path;
    state->items = (double)now.n;
    state->bytes = (double)now.n * ((double)now.dimension * 4 + 2 * M * 8 + 13);
    return status;
}

static void end_file(bench_state *state)
{
    if (state->data)
        unlink(state->data);
    free(state->data);
    state->data = NULL;
}

static assay_status file_data(bench_state *state)
{
    return begin_file(state, data());
}

static assay_status file_words(bench_state *state)
{
    return begin_file(state, words());
}

static assay_status run_save(bench_state *state)
{
    return hnsw_recall_save(now.index, state->data);
}

static assay_status run_load(bench_state *state)
{
    hnsw_recall_index *index = NULL;
    const assay_status status = hnsw_recall_load(state->data, 0, &index);
    hnsw_recall_release(index);
    return status;
}

/* ---- The table ------------------------------------------------------------------------------------------------- */

#define PEER(NAME, NOTE, KIND, RUN)                                                                                    \
    {                                                                                                                  \
        .name = NAME, .note = NOTE, .available = want_##KIND, .run = RUN                                               \
    }

#define SEARCH(NAME, STAGE, ...)                                                                                       \
    .name = NAME, .size_label = "ef", .quality_label = "recall@10", .setup = search_##STAGE, .run = run_search,        \
    .threads = true,                                                                                                   \
    .peers = {PEER("hnswlib", "0.6.2, M = 16, efConstruction = 128, SSE", HNSW_PEER_HNSWLIB, run_hnswlib),             \
              PEER("hnswlib with our distances", "the same graph search, our kernels", HNSW_PEER_HNSWLIB_OURS,         \
                   run_hnswlib_ours),                                                                                  \
              PEER("FAISS HNSWFlat", "1.7.3, M = 16, efConstruction = 128", HNSW_PEER_FAISS, run_faiss)},              \
    __VA_ARGS__

#define BUILD_PEERS                                                                                                    \
    {                                                                                                                  \
        PEER("hnswlib", "0.6.2, M = 16, efConstruction = 128, SSE", HNSW_PEER_HNSWLIB, build_hnswlib),                 \
            PEER("hnswlib with our distances", "the same graph search, our kernels", HNSW_PEER_HNSWLIB_OURS,           \
                 build_hnswlib_ours),                                                                                  \
            PEER("FAISS HNSWFlat", "1.7.3, M = 16, efConstruction = 128", HNSW_PEER_FAISS, build_faiss)                \
    }

#define EXACT_PEERS                                                                                                    \
    {                                                                                                                  \
        PEER("FAISS Flat", "1.7.3, exact", HNSW_PEER_FAISS_FLAT, run_faiss_flat),                                      \
            PEER("hnswlib brute force", "0.6.2, exact, SSE", HNSW_PEER_HNSWLIB_FLAT, run_hnswlib_flat),                \
        {                                                                                                              \
            .name = "OpenBLAS sgemm", .note = "the products alone", .run = run_products                                \
        }                                                                                                              \
    }

static const bench_workload workloads[] = {
    {SEARCH("search_data", data, .sizes = {10, 16, 24, 40, 80, 160, 320}, .quick_sizes = {10, 40, 160})},
    {SEARCH("search_small_images", small_images, .sizes = {10, 40, 160}, .quick_sizes = {40})},
    {SEARCH("search_subspace", subspace, .sizes = {10, 40, 80, 160, 320}, .full_only = true)},
    {SEARCH("search_images", images, .sizes = {10, 40, 160}, .full_only = true)},
    {SEARCH("search_words", words, .sizes = {10, 24, 40, 64, 100, 160, 320, 480}, .full_only = true)},
    {.name = "exact_words",
     .full_only = true,
     .sizes = {1, 500},
     .size_label = "queries to 100,000 words",
     .arithmetic = BENCH_FMA_F32,
     .setup = exact_words,
     .teardown = end_exact,
     .run = run_exact,
     .threads = true,
     .peers = EXACT_PEERS},
    {.name = "save_words",
     .full_only = true,
     .sizes = {100000},
     .size_label = "words",
     .setup = file_words,
     .teardown = end_file,
     .run = run_save,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
    {.name = "load_words",
     .full_only = true,
     .sizes = {100000},
     .size_label = "words",
     .setup = file_words,
     .teardown = end_file,
     .run = run_load,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
    {.name = "build_words",
     .full_only = true,
     .sizes = {10000},
     .size_label = "words",
     .setup = setup_build,
     .run = run_build,
     .threads = true,
     .peers = BUILD_PEERS},
    {.name = "lid_words",
     .full_only = true,
     .sizes = {20000},
     .size_label = "words",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_lid,
     .teardown = end_exact,
     .run = run_lid,
     .threads = true},
    {SEARCH("search_all_words", all_words, .sizes = {40, 160}, .full_only = true)},
    {.name = "build_data",
     .sizes = {500, 4500},
     .quick_sizes = {500},
     .size_label = "words",
     .setup = setup_build,
     .run = run_build,
     .threads = true,
     .peers = BUILD_PEERS},
    {.name = "exact_data",
     .sizes = {1, 500},
     .size_label = "queries to 4500 words, or to --data",
     .arithmetic = BENCH_FMA_F32,
     .setup = exact_data,
     .teardown = end_exact,
     .run = run_exact,
     .threads = true,
     .peers = EXACT_PEERS},
    {.name = "lid_data",
     .sizes = {1000, 4500},
     .quick_sizes = {1000},
     .size_label = "words",
     .arithmetic = BENCH_FMA_F32,
     .setup = setup_lid,
     .teardown = end_exact,
     .run = run_lid,
     .threads = true},
    {.name = "save_data",
     .sizes = {4500},
     .size_label = "words",
     .setup = file_data,
     .teardown = end_file,
     .run = run_save,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
    {.name = "load_data",
     .sizes = {4500},
     .size_label = "words",
     .setup = file_data,
     .teardown = end_file,
     .run = run_load,
     .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE)},
};

BENCH_WORKLOADS(hnsw_recall, workloads);
