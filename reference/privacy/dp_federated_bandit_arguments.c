/* Arguments of dp_federated_bandit, and the noise that they call for. */
#include "assay/privacy.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>

const char *dp_federated_bandit_protocol_name(dp_federated_bandit_protocol protocol)
{
    static const char *const names[] = {"none", "ldp", "sdp_amp", "sdp_vec", "central", "adaptive", "local"};
    return (unsigned)protocol < DP_FEDERATED_BANDIT_PROTOCOLS ? names[protocol] : "unknown";
}

dp_federated_bandit_parameters dp_federated_bandit_defaults(void)
{
    return (dp_federated_bandit_parameters){.silos = 8,
                                            .dimension = 5,
                                            .arms = 10,
                                            .rounds = 1000,
                                            .batch = 25,
                                            .epsilon = 1,
                                            .delta = 0.01,
                                            .parameter_bound = 1,
                                            .noise_bound = 0.5,
                                            .alpha = 0.01,
                                            .radius_scale = 1,
                                            .radius = NAN,
                                            .noise_deviation = NAN,
                                            .vector_scale = 1,
                                            .trigger = 10};
}

static assay_status check_sizes(const dp_federated_bandit_parameters *p)
{
    const struct {
        const char *name;
        size_t value, most;
    } sizes[] = {{"silos", p->silos, 4096},
                 {"dimension", p->dimension, 256},
                 {"arms", p->arms, 100000},
                 {"rounds", p->rounds, (size_t)1 << 40},
                 {"batch", p->batch, p->rounds}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i].value == 0 || sizes[i].value > sizes[i].most)
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %zu, must be 1 to %zu", sizes[i].name, sizes[i].value,
                              sizes[i].most);
    }
    return ASSAY_OK;
}

static assay_status check_numbers(const dp_federated_bandit_parameters *p)
{
    if (!(p->epsilon > 0 && p->epsilon <= 1e4))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be in (0, 1e4]", p->epsilon);
    if (!(p->delta > 0 && p->delta < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "delta is %g, must be in (0, 1)", p->delta);
    if (!isfinite(p->lambda))
        return assay_fail(ASSAY_OUT_OF_RANGE, "lambda is %g, must be finite", p->lambda);
    if (!(p->parameter_bound > 0 && isfinite(p->parameter_bound)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "parameter_bound is %g, must be above 0", p->parameter_bound);
    if (!(p->noise_bound >= 0 && isfinite(p->noise_bound)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "noise_bound is %g, must be at least 0", p->noise_bound);
    if (!(p->alpha > 0 && p->alpha < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "alpha is %g, must be in (0, 1)", p->alpha);
    if (!(p->radius_scale >= 0 && isfinite(p->radius_scale)) || isinf(p->radius))
        return assay_fail(ASSAY_OUT_OF_RANGE, "radius_scale is %g and radius %g, must be at least 0 and finite or NaN",
                          p->radius_scale, p->radius);
    if (!isnan(p->noise_deviation) && !(p->noise_deviation >= 0 && isfinite(p->noise_deviation)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "noise_deviation is %g, must be at least 0, or NaN", p->noise_deviation);
    if (!(p->vector_scale >= 1 && p->vector_scale <= 10))
        return assay_fail(ASSAY_OUT_OF_RANGE, "vector_scale is %g, must be 1 to 10", p->vector_scale);
    if (!(p->trigger > 0 && isfinite(p->trigger)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "trigger is %g, must be above 0", p->trigger);
    return ASSAY_OK;
}

static assay_status check_parameters(const dp_federated_bandit_parameters *p)
{
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "parameters is null");
    if ((unsigned)p->protocol >= DP_FEDERATED_BANDIT_PROTOCOLS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "protocol is %d, must be 0 to %d", (int)p->protocol,
                          DP_FEDERATED_BANDIT_PROTOCOLS - 1);
    if ((unsigned)p->calibration >= DP_FEDERATED_BANDIT_CALIBRATIONS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "calibration is %d, must be 0 to %d", (int)p->calibration,
                          DP_FEDERATED_BANDIT_CALIBRATIONS - 1);
    const assay_status status = check_sizes(p);
    return status == ASSAY_OK ? check_numbers(p) : status;
}

assay_status dp_federated_bandit_check(const dp_federated_bandit_parameters *parameters,
                                       const dp_federated_bandit_environment *environment,
                                       const dp_federated_bandit_result *result)
{
    const assay_status status = check_parameters(parameters);
    if (status != ASSAY_OK)
        return status;
    if (!environment || !environment->features || !environment->reward)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "environment is null or lacks a function");
    if (!result)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "result is null");
    if (result->capacity && !result->synchronised)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "result has a capacity of %zu but no room", result->capacity);
    return ASSAY_OK;
}

size_t dp_federated_bandit_nodes(size_t batches)
{
    size_t nodes = 1;
    while (batches >>= 1)
        nodes++;
    return nodes;
}

/* sigma of the Gaussian protocols. One user replaced moves U by at most 2 and W by at most sqrt 2 in the Frobenius
 * norm, in each of N nodes: mu^2 = N (4 + 2) / sigma^2. */
static assay_status gaussian_sigma(const dp_federated_bandit_parameters *p, size_t nodes, double *sigma)
{
    const double n = (double)nodes;
    double mu = 1;
    assay_status status = ASSAY_OK;
    switch (p->calibration) {
    case DP_FEDERATED_BANDIT_PAPER: *sigma = sqrt(8 * n * (log(2 / p->delta) + p->epsilon)) / p->epsilon; break;
    case DP_FEDERATED_BANDIT_CODE: *sigma = sqrt(n * (log(1 / p->delta) + p->epsilon)) / p->epsilon; break;
    default:
        status = assay_privacy_gaussian_mu(p->epsilon, p->delta, &mu);
        *sigma = sqrt(6 * n) / mu;
        break;
    }
    return status;
}

/* The smaller noise of silos whose sums are shuffled. */
static double amplified_sigma(const dp_federated_bandit_parameters *p, size_t nodes)
{
    const double n = (double)nodes, m = (double)p->silos;
    return sqrt(n * log(1 / p->delta) * log1p(n / ((double)p->rounds * p->delta)) * log(m * n / p->delta)) /
           (p->epsilon * sqrt(m));
}

dp_federated_bandit_vector_task dp_federated_bandit_node_task(const dp_federated_bandit_parameters *p, size_t nodes,
                                                              size_t level)
{
    return (dp_federated_bandit_vector_task){.records = p->silos * p->batch << level,
                                             .dimension = dp_federated_bandit_width(p->dimension),
                                             .bound = 1,
                                             .sensitivity = sqrt(6), /* 2 of U, at most sqrt 2 of W's upper triangle */
                                             .releases = nodes,
                                             .epsilon = p->epsilon,
                                             .delta = p->delta,
                                             .calibration = p->calibration,
                                             .scale = p->vector_scale};
}

/* The vector sums: all levels of the tree have about the variance of the smallest node, which the ledger names. */
static assay_status vector_ledger(const dp_federated_bandit_parameters *p, dp_federated_bandit_ledger *l)
{
    const dp_federated_bandit_vector_task task = dp_federated_bandit_node_task(p, l->nodes, 0);
    dp_federated_bandit_vector plan;
    const assay_status status = dp_federated_bandit_vector_plan(&task, &plan);
    if (status != ASSAY_OK)
        return status;
    l->messages = plan.trials;
    l->sigma = l->aggregate = sqrt(3.0 / 16 * (double)plan.trials) / (double)plan.grid;
    l->mu = NAN;
    l->delta = p->calibration == DP_FEDERATED_BANDIT_CODE ? 1 : p->delta;
    return ASSAY_OK;
}

assay_status dp_federated_bandit_calibrate(const dp_federated_bandit_parameters *parameters,
                                           dp_federated_bandit_ledger *ledger)
{
    assay_status status = check_parameters(parameters);
    if (status != ASSAY_OK)
        return status;
    if (!ledger)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "ledger is null");
    const dp_federated_bandit_parameters *p = parameters;
    const size_t batches = p->protocol == DP_FEDERATED_BANDIT_ADAPTIVE ? p->rounds : p->rounds / p->batch;
    dp_federated_bandit_ledger l = {
        .nodes = dp_federated_bandit_nodes(batches ? batches : 1), .epsilon = p->epsilon, .delta = 1};
    if (p->protocol == DP_FEDERATED_BANDIT_LOCAL || p->protocol == DP_FEDERATED_BANDIT_NONE) {
        l.delta = p->protocol == DP_FEDERATED_BANDIT_LOCAL ? 0 : 1; /* nothing leaves the silo; or everything does */
        *ledger = l;
        return ASSAY_OK;
    }
    if (p->protocol == DP_FEDERATED_BANDIT_SDP_VEC && isnan(p->noise_deviation)) {
        status = vector_ledger(p, &l);
        if (status == ASSAY_OK)
            *ledger = l;
        return status;
    }
    if (!isnan(p->noise_deviation))
        l.sigma = p->noise_deviation;
    else if (p->protocol == DP_FEDERATED_BANDIT_SDP_AMP)
        l.sigma = amplified_sigma(p, l.nodes);
    else
        status = gaussian_sigma(p, l.nodes, &l.sigma);
    if (status != ASSAY_OK)
        return status;
    const bool local_noise = p->protocol == DP_FEDERATED_BANDIT_LDP || p->protocol == DP_FEDERATED_BANDIT_SDP_AMP;
    l.aggregate = l.sigma * (local_noise ? sqrt((double)p->silos) : 1);
    l.mu = sqrt(6 * (double)l.nodes) / l.sigma;
    if (p->protocol == DP_FEDERATED_BANDIT_SDP_AMP) {
        l.amplified = 2 * (double)p->batch * ldexp(1, (int)l.nodes - 1) <= l.sigma;
        l.delta = l.amplified ? p->delta : 1;
    } else if (p->protocol != DP_FEDERATED_BANDIT_ADAPTIVE && l.sigma > 0) { /* of ADAPTIVE nothing is proved */
        status = assay_privacy_gaussian_delta(p->epsilon, l.mu, &l.delta);
    }
    if (status == ASSAY_OK)
        *ledger = l;
    return status;
}
