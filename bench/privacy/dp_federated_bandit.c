/* What is timed of dp_federated_bandit: whole games on features that were made before, and the samplers. */
#include "assay/dp_federated_bandit.h"
#include "assay/bench.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/privacy.h"
#include "assay/readers.h"
#include "bench/privacy/dp_federated_bandit_gsl.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

/* ---- Games
 * ------------------------------------------------------------------------------------------------------------- */

enum { RING = 64 }; /* sets of features that rounds take in turn */

typedef struct workload {
    dp_federated_bandit_parameters parameters;
    dp_federated_bandit_environment environment;
    double *features; /* RING x K x d */
    double *theta;    /* d: rewards are <x, theta> */
    size_t images;    /* real data: rows of features; 0: the ring */
} workload;

static void teardown(bench_state *state)
{
    workload *w = state->data;
    if (!w)
        return;
    assay_release(w->features);
    assay_release(w->theta);
    assay_release(w);
    state->data = NULL;
}

static void take_features(void *context, size_t silo, size_t t, double *x)
{
    const workload *w = context;
    const size_t numbers = w->parameters.arms * w->parameters.dimension;
    memcpy(x, w->features + (silo * 7 + t) % RING * numbers, numbers * sizeof *x);
}

static double take_reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    const workload *w = context;
    (void)silo;
    (void)t;
    return cblas_ddot((int)w->parameters.dimension, x + arm * w->parameters.dimension, 1, w->theta, 1);
}

static assay_status begin(bench_state *state, dp_federated_bandit_parameters parameters, size_t rows, workload **made)
{
    workload *w = assay_allocate(1, sizeof *w);
    state->data = w;
    if (!w)
        return ASSAY_NO_MEMORY;
    const size_t d = parameters.dimension;
    w->parameters = parameters;
    w->parameters.seed = state->random.seed;
    w->environment = (dp_federated_bandit_environment){.context = w, .features = take_features, .reward = take_reward};
    w->features = assay_allocate(rows * d, sizeof *w->features);
    w->theta = assay_allocate(d, sizeof *w->theta);
    const double rounds = (double)(parameters.silos * parameters.rounds);
    state->items = rounds;
    state->flops = rounds * (double)parameters.arms * (double)(d * d + 4 * d);
    state->bytes_read = rounds * (double)(parameters.arms * d) * sizeof(double);
    *made = w;
    return w->features && w->theta ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void normalise(double *x, size_t d)
{
    const double norm = cblas_dnrm2((int)d, x, 1);
    for (size_t i = 0; i < d; i++)
        x[i] /= norm > 0 ? norm : 1;
}

/* Sizes are d. Rounds (and at 64 silos) are fewer than in an experiment, so that a timing of the reference takes less
 * than a second; arms and batches are whole. */
static assay_status setup_game(bench_state *state)
{
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    p.protocol = DP_FEDERATED_BANDIT_LDP;
    p.dimension = state->size;
    p.silos = state->size >= 64 ? 4 : state->size >= 16 ? 32 : 4;
    p.arms = state->size >= 64 ? 1000 : state->size >= 16 ? 100 : 20;
    p.rounds = state->size >= 64 ? 25 : state->size >= 16 ? 25 : 200;
    p.batch = 25;
    workload *w;
    const assay_status status = begin(state, p, RING * p.arms, &w);
    if (status != ASSAY_OK)
        return status;
    for (size_t r = 0; r <= RING * p.arms; r++) {
        double *row = r < RING * p.arms ? w->features + r * p.dimension : w->theta;
        for (size_t i = 0; i < p.dimension; i++)
            row[i] = assay_random_normal(state->random, r * p.dimension + i);
        normalise(row, p.dimension);
    }
    return ASSAY_OK;
}

static assay_status play(bench_state *state)
{
    workload *w = state->data;
    dp_federated_bandit_result result = {0};
    return dp_federated_bandit_run(&w->parameters, &w->environment, &result);
}

/* ---- Real data: ten random digits a round, the first 16 principal components
 * ---------------------------------------------- */

static void take_digits(void *context, size_t silo, size_t t, double *x)
{
    const workload *w = context;
    const size_t d = w->parameters.dimension;
    for (size_t a = 0; a < w->parameters.arms; a++) {
        const size_t image = (size_t)assay_random_integer((assay_random){silo, t}, a, w->images);
        memcpy(x + a * d, w->features + image * d, d * sizeof *x);
    }
}

/* The reward's mean is the linear fit of "is the digit at least 5", as the rows' theta gives it, within [-1, 1]. */
static assay_status fit(workload *w, const assay_table *table)
{
    const size_t n = table->rows, d = w->parameters.dimension;
    double *target = assay_allocate(n, sizeof *target);
    if (!target)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        target[i] = table->values[i * 65 + 64] >= 5 ? 1 : -1;
    const assay_status status = assay_dense_least_squares(n, d, w->features, 1, target, 0, w->theta, NULL);
    const double norm = cblas_dnrm2((int)d, w->theta, 1);
    for (size_t i = 0; i < d; i++)
        w->theta[i] /= fmax(1, norm);
    assay_release(target);
    return status;
}

static assay_status project(workload *w, const assay_table *table)
{
    const size_t n = table->rows, d = w->parameters.dimension;
    double *pixels = assay_allocate(n * 64, sizeof *pixels), *vt = assay_allocate(64 * 64, sizeof *vt),
           *u = assay_allocate(n * 64, sizeof *u), s[64];
    assay_status status = pixels && vt && u ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t j = 0; status == ASSAY_OK && j < 64; j++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += table->values[i * 65 + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            pixels[i * 64 + j] = table->values[i * 65 + j] - mean;
    }
    if (status == ASSAY_OK)
        status = assay_dense_svd(n, 64, pixels, u, s, vt);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        for (size_t k = 0; k < d; k++)
            w->features[i * d + k] = cblas_ddot(64, pixels + i * 64, 1, vt + k * 64, 1);
        normalise(w->features + i * d, d);
    }
    assay_release(pixels);
    assay_release(vt);
    assay_release(u);
    return status;
}

static assay_status setup_digits(bench_state *state)
{
    char path[1024];
    assay_table table = {0};
    workload *w = NULL;
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    p.protocol = DP_FEDERATED_BANDIT_LDP;
    p.silos = 16;
    p.dimension = state->size;
    p.arms = 10;
    p.rounds = 100;
    p.clip = true; /* unit vectors, to a rounding */
    assay_status status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &table);
    if (status == ASSAY_OK && (table.columns != 65 || state->size > 64))
        status = assay_fail(ASSAY_BAD_DATA, "%s has %zu columns, must have 65", path, table.columns);
    if (status == ASSAY_OK)
        status = begin(state, p, table.rows, &w);
    if (status == ASSAY_OK) {
        w->images = table.rows;
        w->environment.features = take_digits;
        status = project(w, &table);
    }
    if (status == ASSAY_OK)
        status = fit(w, &table);
    assay_table_release(&table);
    return status;
}

/* ---- A straightforward loop on OpenBLAS: dposv of V and a product with all arms, in every round
 * -------------------------------- */

typedef struct loop {
    double *v, *factor, *solved, *u, *x, *bounds;
} loop;

static void score_by_blas(const workload *w, loop *l, double beta)
{
    const int d = (int)w->parameters.dimension, arms = (int)w->parameters.arms;
    memcpy(l->factor, l->v, (size_t)(d * d) * sizeof(double));
    for (int a = 0; a < arms; a++) { /* the right sides: all arms and u, as columns */
        for (int i = 0; i < d; i++)
            l->solved[i * (arms + 1) + a] = l->x[a * d + i];
    }
    for (int i = 0; i < d; i++)
        l->solved[i * (arms + 1) + arms] = l->u[i];
    LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', d, arms + 1, l->factor, d, l->solved, arms + 1);
    for (int a = 0; a < arms; a++)
        l->bounds[a] = cblas_ddot(d, l->x + a * d, 1, l->solved + arms, arms + 1) +
                       beta * sqrt(cblas_ddot(d, l->x + a * d, 1, l->solved + a, arms + 1));
}

static void play_silo_by_blas(workload *w, loop *l, size_t silo)
{
    const size_t d = w->parameters.dimension;
    memset(l->v, 0, d * d * sizeof(double));
    memset(l->u, 0, d * sizeof(double));
    for (size_t i = 0; i < d; i++)
        l->v[i * d + i] = 1;
    for (size_t t = 1; t <= w->parameters.rounds; t++) {
        w->environment.features(w, silo, t, l->x);
        score_by_blas(w, l, 1);
        const size_t arm = cblas_idamax((int)w->parameters.arms, l->bounds, 1);
        const double y = w->environment.reward(w, silo, t, arm, l->x);
        cblas_dsyr(CblasRowMajor, CblasLower, (int)d, 1, l->x + arm * d, 1, l->v, (int)d);
        cblas_daxpy((int)d, y, l->x + arm * d, 1, l->u, 1);
    }
}

static assay_status play_by_blas(bench_state *state)
{
    workload *w = state->data;
    const size_t d = w->parameters.dimension, arms = w->parameters.arms;
    double *room = assay_allocate(2 * d * d + d * (arms + 1) + d + arms * d + arms, sizeof *room);
    if (!room)
        return ASSAY_NO_MEMORY;
    loop l = {.v = room, .factor = room + d * d, .solved = room + 2 * d * d};
    l.u = l.solved + d * (arms + 1);
    l.x = l.u + d;
    l.bounds = l.x + arms * d;
    for (size_t silo = 0; silo < w->parameters.silos; silo++)
        play_silo_by_blas(w, &l, silo);
    bench_consume(l.bounds);
    assay_release(room);
    return ASSAY_OK;
}

/* ---- Samplers
 * --------------------------------------------------------------------------------------------------------------------
 */

static assay_status setup_samples(bench_state *state)
{
    state->data = assay_allocate(1, sizeof(uint64_t));
    state->items = (double)state->size;
    return state->data ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void teardown_samples(bench_state *state)
{
    assay_release(state->data);
    state->data = NULL;
}

static assay_status sample_gaussian(bench_state *state)
{
    assay_privacy_stream s = {state->random, 0};
    int64_t sum = 0, y;
    for (uint64_t k = 0; k < state->size; k++) {
        const assay_status status = assay_privacy_discrete_gaussian(&s, 400, 1, &y);
        if (status != ASSAY_OK)
            return status;
        sum += y;
    }
    *(uint64_t *)state->data = (uint64_t)sum;
    bench_consume(state->data);
    return ASSAY_OK;
}

static assay_status sample_binomial(bench_state *state)
{
    assay_privacy_stream s = {state->random, 0};
    uint64_t sum = 0, y;
    for (uint64_t k = 0; k < state->size; k++) {
        const assay_status status = assay_privacy_binomial(&s, 1000000, 0.25, &y);
        if (status != ASSAY_OK)
            return status;
        sum += y;
    }
    *(uint64_t *)state->data = sum;
    bench_consume(state->data);
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "game",
     .sizes = {5, 16, 64},
     .size_label = "d",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_game,
     .teardown = teardown,
     .run = play,
     .threads = true,
     .peers = {{.name = "OpenBLAS loop",
                .note = "dposv and dot products in every round, no synchronisation",
                .run = play_by_blas,
                .single_thread = true}}},
    {.name = "digits",
     .sizes = {16},
     .size_label = "principal components",
     .arithmetic = BENCH_FMA_F64,
     .setup = setup_digits,
     .teardown = teardown,
     .run = play,
     .threads = true,
     .peers = {{.name = "OpenBLAS loop",
                .note = "dposv and dot products in every round, no synchronisation",
                .run = play_by_blas,
                .single_thread = true}}},
    {.name = "discrete_gaussian",
     .sizes = {1000},
     .size_label = "draws",
     .setup = setup_samples,
     .teardown = teardown_samples,
     .run = sample_gaussian,
     .levels = 1u << ASSAY_BASELINE,
     .peers = {{.name = "GSL gaussian ziggurat",
                .note = "double precision: not private",
                .run = dp_federated_bandit_gsl_gaussian,
                .single_thread = true}}},
    {.name = "binomial",
     .sizes = {1000},
     .size_label = "draws",
     .setup = setup_samples,
     .teardown = teardown_samples,
     .run = sample_binomial,
     .levels = 1u << ASSAY_BASELINE,
     .peers =
         {{.name = "GSL binomial", .note = "BTPE", .run = dp_federated_bandit_gsl_binomial, .single_thread = true}}},
};

BENCH_WORKLOADS(dp_federated_bandit, workloads);
