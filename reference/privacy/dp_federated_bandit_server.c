/* The protocols of dp_federated_bandit: what silos send, and what the server makes of it. */
#include "assay/memory.h"
#include "assay/privacy.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

struct dp_federated_bandit_server {
    const dp_federated_bandit_parameters *p;
    size_t width, first, count, nodes, batches;
    dp_federated_bandit_tree **silo_trees; /* count: LDP and SDP_AMP */
    dp_federated_bandit_tree *tree;        /* CENTRAL and ADAPTIVE */
    double *sum;                           /* width: scratch, or the plain sums so far */
    double *records;                       /* SDP_VEC: T x M x (d + 1): x and y */
    double *released;                      /* SDP_VEC: nodes x width */
    dp_federated_bandit_vector *plans;     /* SDP_VEC: for each level */
};

void dp_federated_bandit_pack(size_t d, const double *x, double y, double *packed)
{
    for (size_t i = 0; i < d; i++)
        packed[i] += y * x[i];
    double *upper = packed + d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = i; j < d; j++)
            *upper++ += x[i] * x[j];
    }
}

double *dp_federated_bandit_deviations(size_t d, double sigma)
{
    double *deviations = assay_allocate(dp_federated_bandit_width(d), sizeof *deviations), *next = deviations;
    for (size_t i = 0; deviations && i < d; i++)
        *next++ = sigma;
    for (size_t i = 0; deviations && i < d; i++) {
        for (size_t j = i; j < d; j++)
            *next++ = i == j ? sigma : sigma * M_SQRT1_2;
    }
    return deviations;
}

static assay_status make_tree(const dp_federated_bandit_server *s, double sigma, size_t owner,
                              dp_federated_bandit_tree **tree)
{
    double *deviations = dp_federated_bandit_deviations(s->p->dimension, sigma);
    if (!deviations)
        return ASSAY_NO_MEMORY;
    const assay_random random = {s->p->seed, ((uint64_t)DP_FEDERATED_BANDIT_NOISE << 56) ^ owner};
    const assay_status status = dp_federated_bandit_tree_create_scaled(s->width, s->batches, deviations, random, tree);
    if (status != ASSAY_OK)
        assay_release(deviations);
    return status;
}

static assay_status make_vectors(dp_federated_bandit_server *s)
{
    const dp_federated_bandit_parameters *p = s->p;
    size_t numbers;
    if (__builtin_mul_overflow(p->rounds, p->silos, &numbers) ||
        __builtin_mul_overflow(numbers, p->dimension + 1, &numbers))
        return assay_fail(ASSAY_NO_MEMORY, "the records of %zu rounds of %zu silos do not fit", p->rounds, p->silos);
    s->records = assay_allocate(numbers, sizeof *s->records);
    s->released = assay_allocate(s->nodes * s->width, sizeof *s->released);
    s->plans = assay_allocate(s->nodes, sizeof *s->plans);
    if (!s->records || !s->released || !s->plans)
        return ASSAY_NO_MEMORY;
    assay_status status = ASSAY_OK;
    for (size_t level = 0; status == ASSAY_OK && level < s->nodes; level++) {
        const dp_federated_bandit_vector_task task = dp_federated_bandit_node_task(p, s->nodes, level);
        status = dp_federated_bandit_vector_plan(&task, &s->plans[level]);
    }
    return status;
}

static bool silos_add_noise(const dp_federated_bandit_parameters *p)
{
    return p->protocol == DP_FEDERATED_BANDIT_LDP || p->protocol == DP_FEDERATED_BANDIT_SDP_AMP;
}

assay_status dp_federated_bandit_server_create(const dp_federated_bandit_parameters *parameters,
                                               const dp_federated_bandit_ledger *ledger, size_t first, size_t count,
                                               dp_federated_bandit_server **server)
{
    const dp_federated_bandit_parameters *p = parameters;
    dp_federated_bandit_server *s = assay_allocate(1, sizeof *s);
    if (!s)
        return ASSAY_NO_MEMORY;
    *s = (dp_federated_bandit_server){.p = p,
                                      .width = dp_federated_bandit_width(p->dimension),
                                      .first = first,
                                      .count = count,
                                      .nodes = ledger->nodes,
                                      .batches = p->protocol == DP_FEDERATED_BANDIT_ADAPTIVE ? p->rounds
                                                                                             : p->rounds / p->batch};
    s->sum = assay_allocate(s->width, sizeof *s->sum);
    assay_status status = s->sum ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK && silos_add_noise(p)) {
        s->silo_trees = assay_allocate(count, sizeof(dp_federated_bandit_tree *));
        status = s->silo_trees ? ASSAY_OK : ASSAY_NO_MEMORY;
        for (size_t i = 0; status == ASSAY_OK && i < count; i++)
            status = make_tree(s, ledger->sigma, first + i + 1, &s->silo_trees[i]);
    } else if (status == ASSAY_OK &&
               (p->protocol == DP_FEDERATED_BANDIT_CENTRAL || p->protocol == DP_FEDERATED_BANDIT_ADAPTIVE)) {
        status = make_tree(s, ledger->sigma, 0, &s->tree);
    } else if (status == ASSAY_OK && p->protocol == DP_FEDERATED_BANDIT_SDP_VEC) {
        status = make_vectors(s);
    }
    if (status == ASSAY_OK)
        *server = s;
    else
        dp_federated_bandit_server_release(s);
    return status;
}

void dp_federated_bandit_server_release(dp_federated_bandit_server *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->silo_trees && i < s->count; i++)
        dp_federated_bandit_tree_release(s->silo_trees[i]);
    assay_release(s->silo_trees);
    dp_federated_bandit_tree_release(s->tree);
    assay_release(s->sum);
    assay_release(s->records);
    assay_release(s->released);
    assay_release(s->plans);
    assay_release(s);
}

assay_status dp_federated_bandit_server_send(dp_federated_bandit_server *s, size_t silo, const double *packed,
                                             double *message)
{
    if (s->silo_trees)
        return dp_federated_bandit_tree_add(s->silo_trees[silo - s->first], packed, message);
    if (s->p->protocol == DP_FEDERATED_BANDIT_SDP_VEC) /* users send messages, the silo nothing */
        memset(message, 0, s->width * sizeof *message);
    else
        memcpy(message, packed, s->width * sizeof *message);
    return ASSAY_OK;
}

void dp_federated_bandit_server_record(dp_federated_bandit_server *s, size_t silo, size_t t, const double *x, double y)
{
    if (!s->records)
        return;
    const size_t d = s->p->dimension;
    double *record = s->records + ((t - 1) * s->p->silos + silo) * (d + 1);
    memcpy(record, x, d * sizeof *x);
    record[d] = y;
}

/* Number @p c of a record's packed sum. */
static double component(const double *record, size_t d, size_t c)
{
    if (c < d)
        return record[d] * record[c];
    size_t i = 0;
    for (c -= d; c >= d - i; i++)
        c -= d - i;
    return record[i] * record[i + c];
}

/* Node (k, level) anew from its users' messages. */
static assay_status release_node(dp_federated_bandit_server *s, size_t k, size_t level)
{
    const dp_federated_bandit_parameters *p = s->p;
    const dp_federated_bandit_vector *plan = &s->plans[level];
    const size_t d = p->dimension, users = p->silos * p->batch, from = (k - ((size_t)1 << level)) * users,
                 to = k * users;
    for (size_t c = 0; c < s->width; c++) {
        const assay_random rounding = {p->seed, ((uint64_t)DP_FEDERATED_BANDIT_ROUNDING << 56) ^
                                                    ((uint64_t)level << 48) ^ ((uint64_t)c << 24)};
        assay_privacy_stream noise = {
            {p->seed, ((uint64_t)DP_FEDERATED_BANDIT_BINOMIAL << 56) ^ ((uint64_t)c << 32) ^ k}, 0};
        uint64_t messages = 0, one = 0;
        assay_status status = assay_privacy_binomial(&noise, plan->trials, 0.25, &messages);
        for (size_t r = from; status == ASSAY_OK && r < to; r++) {
            status =
                dp_federated_bandit_vector_randomize(plan, fmax(-1, fmin(1, component(s->records + r * (d + 1), d, c))),
                                                     assay_random_uniform(rounding, r), &one);
            messages += one;
        }
        if (status == ASSAY_OK)
            status = dp_federated_bandit_vector_analyze(plan, messages, &s->released[level * s->width + c]);
        if (status != ASSAY_OK)
            return status;
    }
    return ASSAY_OK;
}

static assay_status combine_vectors(dp_federated_bandit_server *s, size_t k, double *shared)
{
    const assay_status status = release_node(s, k, (size_t)__builtin_ctzll(k));
    memset(shared, 0, s->width * sizeof *shared);
    for (size_t j = s->nodes; status == ASSAY_OK && j-- > 0;) {
        for (size_t c = 0; (k >> j & 1) && c < s->width; c++)
            shared[c] += s->released[j * s->width + c];
    }
    return status;
}

assay_status dp_federated_bandit_server_combine(dp_federated_bandit_server *s, const double *messages, size_t rounds,
                                                double *shared)
{
    if (s->records)
        return combine_vectors(s, rounds / s->p->batch, shared);
    memset(s->sum, 0, s->width * sizeof *s->sum);
    for (size_t i = 0; i < s->p->silos; i++) { /* in the order of silos, whoever sent them */
        for (size_t c = 0; c < s->width; c++)
            s->sum[c] += messages[i * s->width + c];
    }
    if (s->tree)
        return dp_federated_bandit_tree_add(s->tree, s->sum, shared);
    for (size_t c = 0; c < s->width; c++) /* the silos' prefixes, or plain sums of one more batch */
        shared[c] = s->silo_trees ? s->sum[c] : shared[c] + s->sum[c];
    return ASSAY_OK;
}
