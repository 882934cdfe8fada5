/*
 * dp_federated_bandit, fast: a silo keeps the factors of V = L D L^T, updated by each played arm in O(d^2), and scores
 * all arms by one triangular solve across the lanes; silos are shared among threads, and among ranks.
 */
#include "assay/cpu.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "optimized/privacy/dp_federated_bandit_kernels.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

typedef struct fast {
    const dp_federated_bandit_kernels *kernels;
    dp_federated_bandit_factors v;
    double *u, *theta, *work; /* d */
    double *columns;          /* the arms, packed */
    double *room;             /* d tiles */
    bool packed;              /* for this round */
} fast;

static const dp_federated_bandit_kernels *kernels_in_force(void)
{
#if defined(__x86_64__)
    switch (assay_cpu_level()) {
    case ASSAY_AVX512: return &dp_federated_bandit_kernels_avx512;
    case ASSAY_AVX2: return &dp_federated_bandit_kernels_avx2;
    default: break;
    }
#endif
    return &dp_federated_bandit_kernels_baseline;
}

static void release_fast(void *engine)
{
    fast *e = engine;
    assay_release(e->columns);
    assay_release(e);
}

static void *create_fast(size_t d, size_t arms)
{
    const size_t places = (arms + DP_FEDERATED_BANDIT_TILE - 1) / DP_FEDERATED_BANDIT_TILE * DP_FEDERATED_BANDIT_TILE;
    fast *e = assay_allocate(1, sizeof *e);
    double *numbers = assay_allocate(d * (places + DP_FEDERATED_BANDIT_TILE) + d * d + 5 * d, sizeof *numbers);
    if (!e || !numbers) {
        assay_release(e);
        assay_release(numbers);
        return NULL;
    }
    *e = (fast){.kernels = kernels_in_force(), .columns = numbers, .room = numbers + places * d};
    e->v.l = e->room + d * DP_FEDERATED_BANDIT_TILE;
    e->v.diagonal = e->v.l + d * d;
    e->v.reciprocals = e->v.diagonal + d;
    e->u = e->v.reciprocals + d;
    e->theta = e->u + d;
    e->work = e->theta + d;
    return e;
}

/* By the Cholesky factor C of the base: L_ik = C_ik / C_kk, D_k = C_kk^2. */
static assay_status begin_fast(void *engine, size_t d, const double *base, const double *shared)
{
    fast *e = engine;
    double *l = e->v.l;
    const assay_status status = assay_dense_cholesky(d, base, l);
    if (status != ASSAY_OK)
        return status;
    for (size_t k = 0; k < d; k++) {
        const double diagonal = l[k * d + k];
        e->v.diagonal[k] = diagonal * diagonal;
        e->v.reciprocals[k] = 1 / e->v.diagonal[k];
        for (size_t i = k + 1; i < d; i++)
            l[k * d + i] = l[i * d + k] / diagonal; /* what was above the diagonal is not wanted */
    }
    memcpy(e->u, shared, d * sizeof *shared);
    return ASSAY_OK;
}

/* The limit is between 1, which rounding may exceed, and what is refused. */
static bool within_fast(void *engine, const dp_federated_bandit_silo *silo)
{
    fast *e = engine;
    return e->packed = e->kernels->pack(silo->x, silo->dimension, silo->arms, 1 + 1e-9, e->columns);
}

static assay_status score_fast(void *engine, const dp_federated_bandit_silo *silo, double beta)
{
    fast *e = engine;
    const size_t d = silo->dimension;
    if (!e->packed)
        e->kernels->pack(silo->x, d, silo->arms, INFINITY, e->columns);
    e->packed = false;
    e->kernels->estimate(&e->v, d, e->u, e->theta);
    e->kernels->score(&e->v, e->theta, beta, e->columns, d, silo->arms, silo->bounds, e->room);
    return ASSAY_OK;
}

static assay_status learn_fast(void *engine, size_t d, const double *x, double y)
{
    fast *e = engine;
    for (size_t k = 0; k < d; k++)
        e->u[k] += y * x[k];
    memcpy(e->work, x, d * sizeof *x);
    e->kernels->update(&e->v, d, e->work);
    return ASSAY_OK;
}

static const dp_federated_bandit_engine fast_engine = {.threads = true,
                                                       .create = create_fast,
                                                       .release = release_fast,
                                                       .begin = begin_fast,
                                                       .within = within_fast,
                                                       .score = score_fast,
                                                       .learn = learn_fast};

static const dp_federated_bandit_engine *engine(void)
{
    return assay_cpu_level() == ASSAY_REFERENCE ? &dp_federated_bandit_plain_engine : &fast_engine;
}

assay_status dp_federated_bandit_run(const dp_federated_bandit_parameters *parameters,
                                     const dp_federated_bandit_environment *environment,
                                     dp_federated_bandit_result *result)
{
    const assay_status status = dp_federated_bandit_check(parameters, environment, result);
    return status == ASSAY_OK ? dp_federated_bandit_play(parameters, environment, engine(), NULL, result) : status;
}

assay_status dp_federated_bandit_run_ranks(const dp_federated_bandit_parameters *parameters,
                                           const dp_federated_bandit_environment *environment,
                                           const dp_federated_bandit_ranks *ranks, dp_federated_bandit_result *result)
{
    const assay_status status = dp_federated_bandit_check(parameters, environment, result);
    if (status != ASSAY_OK)
        return status;
    if (!ranks || !ranks->gather || !ranks->broadcast)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "ranks is null or lacks a function");
    if (ranks->size == 0 || ranks->size > parameters->silos || ranks->rank >= ranks->size)
        return assay_fail(ASSAY_OUT_OF_RANGE, "ranks: rank %zu of %zu, must be below 1 to %zu", ranks->rank,
                          ranks->size, parameters->silos);
    if (ranks->size > 1 &&
        (parameters->protocol == DP_FEDERATED_BANDIT_ADAPTIVE || parameters->protocol == DP_FEDERATED_BANDIT_SDP_VEC))
        return assay_fail(ASSAY_UNSUPPORTED, "protocol %s needs one process, there are %zu",
                          dp_federated_bandit_protocol_name(parameters->protocol), ranks->size);
    return dp_federated_bandit_play(parameters, environment, engine(), ranks, result);
}
