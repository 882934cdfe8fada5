/* Bad input to dp_federated_bandit and to the calculus of privacy. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#include "assay/privacy.h"

#include <math.h>
#include <string.h>

static void good_features(void *context, size_t silo, size_t t, double *x)
{
    (void)silo;
    (void)t;
    const double *value = context;
    for (int k = 0; k < 4; k++)
        x[k] = k % 3 == 0 ? (value ? *value : 1) : 0;
}

static double good_reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    (void)context;
    (void)silo;
    (void)t;
    (void)arm;
    (void)x;
    return 0.5;
}

static double bad_reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    (void)context;
    (void)silo;
    (void)arm;
    (void)x;
    return t == 3 ? NAN : 7;
}

static dp_federated_bandit_parameters tiny(void)
{
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    p.silos = p.dimension = p.arms = p.batch = 2;
    p.rounds = 6;
    return p;
}

static void refuse(verify_context *v, const dp_federated_bandit_parameters *p, assay_status expected,
                   const char *mentions)
{
    const dp_federated_bandit_environment e = {.features = good_features, .reward = good_reward};
    double shared[6] = {42, 42, 42, 42, 42, 42};
    dp_federated_bandit_result result = {.shared = shared, .total_regret = 42};
    verify_rejects(v, dp_federated_bandit_run(p, &e, &result), expected, mentions, "%s", mentions);
    verify_rejects(v, dp_federated_bandit_reference_run(p, &e, &result), expected, mentions, "reference: %s", mentions);
    verify_true(v, shared[0] == 42 && result.total_regret == 42, "nothing is written: %s", mentions);
}

#define REFUSE(MEMBER, VALUE)                                                                                          \
    do {                                                                                                               \
        dp_federated_bandit_parameters p_ = tiny();                                                                    \
        p_.MEMBER = VALUE;                                                                                             \
        refuse(v, &p_, ASSAY_OUT_OF_RANGE, #MEMBER);                                                                   \
    } while (0)

void dp_federated_bandit_check_bad_parameters(verify_context *v)
{
    REFUSE(silos, 0);
    REFUSE(silos, 5000);
    REFUSE(dimension, 0);
    REFUSE(dimension, 257);
    REFUSE(arms, 0);
    REFUSE(arms, 200000);
    REFUSE(rounds, 0);
    REFUSE(batch, 0);
    REFUSE(batch, 7);
    REFUSE(protocol, (dp_federated_bandit_protocol)99);
    REFUSE(calibration, (dp_federated_bandit_calibration)99);
    REFUSE(epsilon, 0);
    REFUSE(epsilon, -1);
    REFUSE(epsilon, NAN);
    REFUSE(delta, 0);
    REFUSE(delta, 1);
    REFUSE(delta, NAN);
    REFUSE(lambda, INFINITY);
    REFUSE(parameter_bound, 0);
    REFUSE(noise_bound, -1);
    REFUSE(alpha, 0);
    REFUSE(alpha, 1);
    REFUSE(radius_scale, -1);
    REFUSE(radius, INFINITY);
    REFUSE(noise_deviation, -1);
    REFUSE(vector_scale, 0.5);
    REFUSE(trigger, 0);
    dp_federated_bandit_parameters p = tiny();
    p.protocol = DP_FEDERATED_BANDIT_SDP_VEC; /* more messages than can be counted */
    p.calibration = DP_FEDERATED_BANDIT_PAPER;
    p.epsilon = 1e-6;
    p.silos = 4096;
    p.rounds = 1 << 20;
    p.batch = 1 << 10;
    refuse(v, &p, ASSAY_OUT_OF_RANGE, "messages");
}

enum { ARMS = 35, DIMENSION = 9 };

/* One arm is too long, and would not be without any one of its coordinates. */
static void one_long_arm(void *context, size_t silo, size_t t, double *x)
{
    const size_t *which = context;
    (void)silo;
    (void)t;
    for (size_t i = 0; i < (size_t)ARMS * DIMENSION; i++)
        x[i] = i / DIMENSION == *which ? 0.35 : 0.1;
}

static void refuse_long_arms(verify_context *v)
{
    dp_federated_bandit_parameters p = tiny();
    p.arms = ARMS;
    p.dimension = DIMENSION;
    for (size_t which = 0; which <= ARMS; which++) {
        const dp_federated_bandit_environment e = {.features = one_long_arm, .reward = good_reward, .context = &which};
        dp_federated_bandit_result result = {0};
        if (which < ARMS)
            verify_rejects(v, dp_federated_bandit_run(&p, &e, &result), ASSAY_BAD_DATA, "norm 1.05",
                           "arm %zu of norm 1.05", which);
        else
            verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "no long arm");
    }
}

void dp_federated_bandit_check_bad_worlds(verify_context *v)
{
    refuse_long_arms(v);
    dp_federated_bandit_parameters p = tiny();
    dp_federated_bandit_environment e = {.features = good_features, .reward = good_reward};
    dp_federated_bandit_result result = {0};
    verify_rejects(v, dp_federated_bandit_run(NULL, &e, &result), ASSAY_INVALID_ARGUMENT, "parameters", "null");
    verify_rejects(v, dp_federated_bandit_run(&p, NULL, &result), ASSAY_INVALID_ARGUMENT, "environment", "null");
    verify_rejects(v,
                   dp_federated_bandit_run(&p, &(dp_federated_bandit_environment){.features = good_features}, &result),
                   ASSAY_INVALID_ARGUMENT, "environment", "no reward");
    verify_rejects(v, dp_federated_bandit_run(&p, &e, NULL), ASSAY_INVALID_ARGUMENT, "result", "null");
    verify_rejects(v, dp_federated_bandit_run(&p, &e, &(dp_federated_bandit_result){.capacity = 3}),
                   ASSAY_INVALID_ARGUMENT, "capacity", "no room");
    verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, NULL, &result), ASSAY_INVALID_ARGUMENT, "ranks", "null");

    double bad = NAN;
    e.context = &bad;
    verify_rejects(v, dp_federated_bandit_run(&p, &e, &result), ASSAY_BAD_DATA, "features", "NaN");
    bad = 1.5;
    verify_rejects(v, dp_federated_bandit_run(&p, &e, &result), ASSAY_BAD_DATA, "norm 1.5", "norm above 1");
    p.clip = true;
    if (verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "the same, clipped"))
        verify_same_bits(v, result.clipped, 2 * 6 * 2, "feature vectors scaled down");
    bad = INFINITY;
    verify_rejects(v, dp_federated_bandit_run(&p, &e, &result), ASSAY_BAD_DATA, "features", "infinite");
    bad = 1;
    e.reward = bad_reward;
    verify_rejects(v, dp_federated_bandit_run(&p, &e, &result), ASSAY_BAD_DATA, "round 3", "NaN reward");
    p.rounds = 2;
    if (verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "rewards of 7"))
        verify_same_bits(v, result.clipped, 2 * 2, "rewards clipped");

    /* Noise that makes V indefinite is repaired, and counted. */
    e.reward = good_reward;
    p = tiny();
    p.protocol = DP_FEDERATED_BANDIT_LDP;
    p.noise_deviation = 1000;
    p.lambda = 0.01;
    p.rounds = 40;
    if (verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "large noise"))
        verify_at_least(v, (double)result.repairs, 1, "repairs",
                        "a random symmetric matrix is seldom positive definite");
}

static assay_status gather_one(void *self, const double *mine, double *all, const size_t *counts)
{
    (void)self;
    memmove(all, mine, counts[0] * sizeof *mine);
    return ASSAY_OK;
}

static assay_status broadcast_one(void *self, double *numbers, size_t count)
{
    (void)self;
    (void)numbers;
    (void)count;
    return ASSAY_OK;
}

void dp_federated_bandit_check_bad_ranks(verify_context *v)
{
    const dp_federated_bandit_environment e = {.features = good_features, .reward = good_reward};
    const dp_federated_bandit_ranks good = {.size = 1, .gather = gather_one, .broadcast = broadcast_one};
    const struct {
        size_t rank, size;
    } outside[] = {{0, 0}, {0, 3}, {1, 1}, {2, 2}, {3, 2}};
    dp_federated_bandit_parameters p = tiny();
    double shared[6] = {42, 42, 42, 42, 42, 42};
    dp_federated_bandit_result result = {.shared = shared, .total_regret = 42};
    dp_federated_bandit_ranks ranks = good;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        ranks.rank = outside[i].rank;
        ranks.size = outside[i].size;
        verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), ASSAY_OUT_OF_RANGE, "rank",
                       "rank %zu of %zu for 2 silos", ranks.rank, ranks.size);
    }
    ranks = good;
    ranks.gather = NULL;
    verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), ASSAY_INVALID_ARGUMENT, "ranks",
                   "no gather");
    ranks = good;
    ranks.broadcast = NULL;
    verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), ASSAY_INVALID_ARGUMENT, "ranks",
                   "no broadcast");
    ranks = good;
    ranks.size = 2;
    p.protocol = DP_FEDERATED_BANDIT_ADAPTIVE;
    verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), ASSAY_UNSUPPORTED, "protocol",
                   "ADAPTIVE over ranks");
    p.protocol = DP_FEDERATED_BANDIT_SDP_VEC;
    verify_rejects(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), ASSAY_UNSUPPORTED, "protocol",
                   "SDP_VEC over ranks");
    verify_true(v, shared[0] == 42 && result.total_regret == 42, "nothing is written");

    /* As many ranks as silos are allowed, and one rank does what none does. */
    p = tiny();
    p.silos = 1;
    double alone[6] = {0};
    dp_federated_bandit_result expected = {.shared = alone};
    if (verify_ok(v, dp_federated_bandit_run_ranks(&p, &e, &good, &result), "one rank, one silo") &&
        verify_ok(v, dp_federated_bandit_run(&p, &e, &expected), "no ranks"))
        verify_true(v, memcmp(shared, alone, sizeof alone) == 0, "one rank gives what none gives");
}

void dp_federated_bandit_check_bad_privacy(verify_context *v)
{
    double value = 42;
    uint64_t whole = 42;
    int64_t y = 42;
    int outcome = 42;
    size_t round = 42;
    const double x[] = {1, 0, NAN, 0};
    assay_privacy_stream s = {{1, 1}, 0};
    dp_federated_bandit_vector plan;
    verify_rejects(v, assay_privacy_gaussian_delta(-1, 1, &value), ASSAY_OUT_OF_RANGE, "epsilon", "negative");
    verify_rejects(v, assay_privacy_gaussian_delta(1, 0, &value), ASSAY_OUT_OF_RANGE, "mu", "0");
    verify_rejects(v, assay_privacy_gaussian_delta(1, 1, NULL), ASSAY_INVALID_ARGUMENT, "delta", "null");
    verify_rejects(v, assay_privacy_gaussian_mu(0, 0.1, &value), ASSAY_OUT_OF_RANGE, "epsilon", "0");
    verify_rejects(v, assay_privacy_gaussian_mu(1, 1, &value), ASSAY_OUT_OF_RANGE, "delta", "1");
    verify_rejects(v, assay_privacy_binomial_delta(0, 0.5, 1, 1, &value), ASSAY_OUT_OF_RANGE, "trials", "0");
    verify_rejects(v, assay_privacy_binomial_delta(10, 1, 1, 1, &value), ASSAY_OUT_OF_RANGE, "p", "1");
    verify_rejects(v, assay_privacy_binomial_delta(10, 0.5, 0, 1, &value), ASSAY_OUT_OF_RANGE, "shift", "0");
    verify_rejects(v, assay_privacy_binomial_delta_vector(10, 0.5, 0.5, 1, 1, &value), ASSAY_OUT_OF_RANGE, "length",
                   "0.5");
    verify_rejects(v, assay_privacy_binomial_trials(0.5, 1, 1, 1, 0, &whole), ASSAY_OUT_OF_RANGE, "delta", "0");
    verify_rejects(v, assay_privacy_discrete_laplace(&s, 0, 1, &y), ASSAY_OUT_OF_RANGE, "t is 0", "0");
    verify_rejects(v, assay_privacy_discrete_gaussian(&s, 1, 0, &y), ASSAY_OUT_OF_RANGE, "denominator", "0");
    verify_rejects(v, assay_privacy_bernoulli_exp(&s, 1, 0, &outcome), ASSAY_OUT_OF_RANGE, "denominator", "0");
    verify_rejects(v, assay_privacy_binomial(&s, 10, 1.5, &whole), ASSAY_OUT_OF_RANGE, "p 1.5", "1.5");
    verify_rejects(v, assay_privacy_audit(x, x, 3, 0, 0.9, &value), ASSAY_OUT_OF_RANGE, "n is 3", "3");
    verify_rejects(v, assay_privacy_audit(x, x, 4, 0, 0.9, &value), ASSAY_INVALID_ARGUMENT, "score 2", "NaN");
    verify_rejects(v, assay_privacy_shuffled(9, 1e-5, 1000, &value), ASSAY_OUT_OF_RANGE, "epsilon0", "too large");
    verify_rejects(v, dp_federated_bandit_trigger_round(2, NULL, 0, x, 1, &round), ASSAY_OUT_OF_RANGE, "rounds", "0");
    verify_rejects(v, dp_federated_bandit_trigger_round(2, NULL, 2, x, 1, &round), ASSAY_INVALID_ARGUMENT, NULL, "NaN");
    verify_rejects(v, dp_federated_bandit_vector_plan(&(dp_federated_bandit_vector_task){.records = 0}, &plan),
                   ASSAY_OUT_OF_RANGE, "records", "0");
    plan = (dp_federated_bandit_vector){.records = 1, .bound = 1, .grid = 4, .trials = 8};
    verify_rejects(v, dp_federated_bandit_vector_randomize(&plan, 1.5, 0.5, &whole), ASSAY_OUT_OF_RANGE, "x is 1.5",
                   "1.5");
    verify_rejects(v, dp_federated_bandit_vector_randomize(&plan, NAN, 0.5, &whole), ASSAY_OUT_OF_RANGE, "x is", "NaN");
    verify_true(v, value == 42 && whole == 42 && y == 42 && outcome == 42 && round == 42, "nothing is written");
}
