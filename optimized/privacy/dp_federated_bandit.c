/*
 * dp_federated_bandit, fast: a silo keeps the Cholesky factor of V, updated by each played arm in O(d^2), and scores
 * all arms by one triangular solve across the lanes; silos are shared among threads, and among ranks.
 */
#include "assay/cpu.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "optimized/privacy/dp_federated_bandit_kernels.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

/* V = L L^T; the diagonal of L holds reciprocals, as both solves want them. */
typedef struct fast {
    double *l;           /* d x d */
    double *u, *theta;   /* d */
    double *work, *room; /* d; 2 d tiles */
} fast;

static void release_fast(void *engine)
{
    fast *e = engine;
    assay_release(e->l);
    assay_release(e);
}

static void *create_fast(size_t d, size_t arms)
{
    (void)arms;
    fast *e = assay_allocate(1, sizeof *e);
    double *numbers = assay_allocate(d * d + 3 * d + 2 * d * DP_FEDERATED_BANDIT_TILE + 8, sizeof *numbers);
    if (!e || !numbers) {
        assay_release(e);
        assay_release(numbers);
        return NULL;
    }
    *e = (fast){.l = numbers,
                .u = numbers + d * d,
                .theta = numbers + d * d + d,
                .work = numbers + d * d + 2 * d,
                .room = numbers + (d * d + 3 * d + 7) / 8 * 8};
    return e;
}

static assay_status begin_fast(void *engine, size_t d, const double *base, const double *shared)
{
    fast *e = engine;
    const assay_status status = assay_dense_cholesky(d, base, e->l);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < d; i++)
        e->l[i * d + i] = 1 / e->l[i * d + i];
    memcpy(e->u, shared, d * sizeof *shared);
    return ASSAY_OK;
}

/* theta = L^-T L^-1 u. */
static void estimate(fast *e, size_t d)
{
    for (size_t i = 0; i < d; i++) {
        double sum = e->u[i];
        for (size_t j = 0; j < i; j++)
            sum -= e->l[i * d + j] * e->theta[j];
        e->theta[i] = sum * e->l[i * d + i];
    }
    for (size_t i = d; i-- > 0;) {
        e->theta[i] *= e->l[i * d + i];
        const double value = e->theta[i];
        for (size_t j = 0; j < i; j++)
            e->theta[j] -= e->l[i * d + j] * value;
    }
}

static dp_federated_bandit_score *scorer(void)
{
#if defined(__x86_64__)
    switch (assay_cpu_level()) {
    case ASSAY_AVX512: return dp_federated_bandit_score_avx512;
    case ASSAY_AVX2: return dp_federated_bandit_score_avx2;
    default: break;
    }
#endif
    return dp_federated_bandit_score_baseline;
}

static assay_status score_fast(void *engine, const dp_federated_bandit_silo *silo, double beta)
{
    fast *e = engine;
    estimate(e, silo->dimension);
    scorer()(e->l, e->theta, beta, silo->x, silo->dimension, silo->arms, silo->bounds, e->room);
    return ASSAY_OK;
}

/* L L^T + x x^T = L' L'^T by one rotation for each column. */
static assay_status learn_fast(void *engine, size_t d, const double *x, double y)
{
    fast *e = engine;
    double *rest = e->work;
    memcpy(rest, x, d * sizeof *x);
    for (size_t k = 0; k < d; k++) {
        e->u[k] += y * x[k];
        const double diagonal = 1 / e->l[k * d + k], length = sqrt(diagonal * diagonal + rest[k] * rest[k]);
        const double c = length / diagonal, s = rest[k] / diagonal;
        e->l[k * d + k] = 1 / length;
        for (size_t i = k + 1; i < d; i++) {
            const double updated = (e->l[i * d + k] + s * rest[i]) / c;
            rest[i] = c * rest[i] - s * updated;
            e->l[i * d + k] = updated;
        }
    }
    return ASSAY_OK;
}

static const dp_federated_bandit_engine fast_engine = {.threads = true,
                                                       .create = create_fast,
                                                       .release = release_fast,
                                                       .begin = begin_fast,
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
