/* Laws of dp_federated_bandit: sums, noise, schedules, and what the server gets to see. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/privacy.h"
#include "assay/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 4, M = 3, K = 8, T = 64, B = 8, WIDTH = D + D * (D + 1) / 2 };

static dp_federated_bandit_parameters small(dp_federated_bandit_protocol protocol, uint64_t seed)
{
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    p.protocol = protocol;
    p.silos = M;
    p.dimension = D;
    p.arms = K;
    p.rounds = T;
    p.batch = B;
    p.seed = seed;
    return p;
}

/* A world whose features are up to three times too long, and are shortened by itself or are not. */
typedef struct long_world {
    dp_federated_bandit_environment sphere;
    bool shortens;
    uint64_t shortened;
} long_world;

static void long_features(void *context, size_t silo, size_t t, double *x)
{
    long_world *w = context;
    w->sphere.features(w->sphere.context, silo, t, x);
    for (size_t a = 0; a < K; a++) {
        double *row = x + a * D, squares = 0;
        const double factor = t % 4 == 1 ? 1 : 1 + (double)((silo + t + a) % 3); /* in some rounds all are good */
        for (size_t i = 0; i < D; i++)
            row[i] *= factor;
        for (size_t i = 0; i < D; i++)
            squares += row[i] * row[i];
        if (!w->shortens || squares <= (1 + 1e-9) * (1 + 1e-9))
            continue;
        w->shortened++;
        for (size_t i = 0; i < D; i++)
            row[i] /= sqrt(squares);
    }
}

static double long_reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    const long_world *w = context;
    return w->sphere.reward(w->sphere.context, silo, t, arm, x);
}

/* To have features clipped is to clip them: the same games, bit for bit. */
void dp_federated_bandit_check_clipping(verify_context *v)
{
    dp_federated_bandit_sphere world;
    long_world w = {0};
    static uint32_t played[2][M * T];
    double shared[2][D * D + D];
    uint64_t clipped = 0;
    if (!verify_ok(v, dp_federated_bandit_make_sphere(D, K, verify_seed_of(v), &world, &w.sphere), "world"))
        return;
    const int threads = assay_threads();
    assay_set_threads(1); /* the world counts */
    for (int i = 0; i < 2; i++) {
        const dp_federated_bandit_environment e = {.context = &w, .features = long_features, .reward = long_reward};
        dp_federated_bandit_parameters p = small(DP_FEDERATED_BANDIT_NONE, 1);
        dp_federated_bandit_result result = {.played = played[i], .shared = shared[i]};
        w.shortens = i > 0;
        p.clip = i == 0;
        if (!verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "run"))
            break;
        clipped = i == 0 ? result.clipped : clipped;
    }
    assay_set_threads(threads);
    verify_true(v, clipped > 0 && clipped == w.shortened, "%llu clipped, %llu too long", (unsigned long long)clipped,
                (unsigned long long)w.shortened);
    verify_true(v, memcmp(played[0], played[1], sizeof played[0]) == 0, "the same arms");
    verify_true(v, memcmp(shared[0], shared[1], sizeof shared[0]) == 0, "the same sums");
}

/* Without noise Ws and Us are the sums over everything that was played before the last synchronisation, and det(lambda
 * 1
 * + Ws) never falls with the rounds. */
void dp_federated_bandit_check_gram(verify_context *v)
{
    dp_federated_bandit_sphere world;
    dp_federated_bandit_environment e;
    double before = 0;
    if (!verify_ok(v, dp_federated_bandit_make_sphere(D, K, verify_seed_of(v), &world, &e), "world"))
        return;
    for (size_t rounds = B; rounds <= T; rounds += B + 3) { /* not all of them ends of batches */
        dp_federated_bandit_parameters p = small(DP_FEDERATED_BANDIT_NONE, 1);
        uint32_t played[M * T];
        double shared[D * D + D], sum[D * D + D] = {0}, x[K * D], values[D], determinant = 0;
        p.rounds = rounds;
        dp_federated_bandit_result result = {.played = played, .shared = shared};
        if (!verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "run"))
            return;
        for (size_t silo = 0; silo < M; silo++) {
            for (size_t t = 1; t <= rounds / B * B; t++) {
                const size_t arm = played[silo * rounds + t - 1];
                e.features(e.context, silo, t, x);
                const double *row = x + arm * D, y = e.reward(e.context, silo, t, arm, x);
                for (int i = 0; i < D; i++) {
                    sum[D * D + i] += y * row[i];
                    for (int j = 0; j < D; j++)
                        sum[i * D + j] += row[i] * row[j];
                }
            }
        }
        for (int k = 0; k < D * D + D; k++) /* 200 sums of products below 1 */
            verify_at_most(v, fabs(shared[k] - sum[k]), 1e-13, "absolute error", "number %d after %zu rounds", k,
                           rounds);
        for (int i = 0; i < D; i++)
            shared[i * D + i] += result.lambda;
        verify_ok(v, assay_dense_symmetric_eigen(D, shared, values, NULL), "eigenvalues");
        for (int i = 0; i < D; i++)
            determinant += log(values[i]);
        verify_at_least(v, determinant, before, "log det", "after %zu rounds", rounds);
        verify_at_least(v, values[0], result.lambda * (1 - 1e-12), "eigenvalue", "least of V");
        before = determinant;
    }
}

/* ---- The tree
 * ------------------------------------------------------------------------------------------------------------- */

/* Without noise the tree gives prefix sums; whole numbers, so that every order of adding them is exact. */
void dp_federated_bandit_check_prefixes(verify_context *v)
{
    enum { LENGTH = 100, NUMBERS = 3 };
    dp_federated_bandit_tree *tree = NULL;
    double sum[NUMBERS] = {0}, vector[NUMBERS], prefix[NUMBERS];
    if (!verify_ok(v, dp_federated_bandit_tree_create(NUMBERS, LENGTH, 0, verify_random(v, 1), &tree), "tree"))
        return;
    for (size_t k = 1; k <= LENGTH; k++) {
        for (size_t i = 0; i < NUMBERS; i++) {
            vector[i] = (double)assay_random_integer(verify_random(v, 2), k * NUMBERS + i, 1000);
            sum[i] += vector[i];
        }
        if (!verify_ok(v, dp_federated_bandit_tree_add(tree, vector, prefix), "vector %zu", k))
            break;
        for (int i = 0; i < NUMBERS; i++)
            verify_at_most(v, fabs(prefix[i] - sum[i]), 0, "absolute error", "prefix %zu", k);
    }
    verify_rejects(v, dp_federated_bandit_tree_add(tree, vector, prefix), ASSAY_OUT_OF_RANGE, "100", "one too many");
    dp_federated_bandit_tree_release(tree);
}

/* The noise of prefix(k) has popcount(k) times a node's variance: sums of squares over 2000 numbers are chi-square, and
 * beyond n + 2 sqrt(n x) + 2 x, or below n - 2 sqrt(n x), with probability e^-x each (Laurent and Massart 2000): x = 25
 * and 100 tests give 3e-9. */
void dp_federated_bandit_check_prefix_noise(verify_context *v)
{
    enum { LENGTH = 50, NUMBERS = 2000 };
    static const double zero[NUMBERS];
    const double deviation = 3, n = NUMBERS, x = 25;
    dp_federated_bandit_tree *tree = NULL;
    double *prefix = assay_allocate(NUMBERS, sizeof *prefix);
    if (!verify_true(v, prefix, "memory") ||
        !verify_ok(v, dp_federated_bandit_tree_create(NUMBERS, LENGTH, deviation, verify_random(v, 3), &tree),
                   "tree")) {
        assay_release(prefix);
        return;
    }
    for (unsigned k = 1; k <= LENGTH; k++) {
        double squares = 0;
        if (!verify_ok(v, dp_federated_bandit_tree_add(tree, zero, prefix), "vector"))
            break;
        for (int i = 0; i < NUMBERS; i++)
            squares += prefix[i] * prefix[i];
        squares /= deviation * deviation * __builtin_popcount(k);
        verify_at_most(v, squares, n + 2 * sqrt(n * x) + 2 * x, "chi-square", "prefix %u", k);
        verify_at_least(v, squares, n - 2 * sqrt(n * x), "chi-square", "prefix %u", k);
    }
    dp_federated_bandit_tree_release(tree);
    assay_release(prefix);
}

/* A batch enters at most N nodes, and no fewer are enough for some batch: counted over the nodes' definition. */
void dp_federated_bandit_check_nodes(verify_context *v)
{
    for (size_t batches = 1; batches <= 200; batches++) {
        dp_federated_bandit_parameters p = small(DP_FEDERATED_BANDIT_LDP, 1);
        dp_federated_bandit_ledger ledger;
        p.batch = 1;
        p.rounds = batches;
        if (!verify_ok(v, dp_federated_bandit_calibrate(&p, &ledger), "ledger"))
            return;
        size_t most = 0;
        for (size_t b = 1; b <= batches; b++) {
            size_t entered = 0;
            for (size_t k = b; k <= batches; k++)
                entered += k - (k & -k) < b; /* node k holds k - 2^j + 1 .. k with 2^j the lowest bit of k */
            most = entered > most ? entered : most;
        }
        verify_true(v, most == ledger.nodes, "%zu batches: one enters %zu nodes, the ledger says %zu", batches, most,
                    ledger.nodes);
    }
}

/* ---- Schedules
 * ---------------------------------------------------------------------------------------------------------------- */

/* Fixed schedules do not depend on the data; what is sent is 2 M (d + d (d + 1) / 2) floor(T / B) numbers. */
void dp_federated_bandit_check_schedule(verify_context *v)
{
    for (int protocol = 0; protocol < DP_FEDERATED_BANDIT_PROTOCOLS; protocol++) {
        size_t rounds[2][T] = {{0}};
        if (protocol == DP_FEDERATED_BANDIT_ADAPTIVE)
            continue;
        for (uint64_t data = 0; data < 2; data++) {
            dp_federated_bandit_sphere world;
            dp_federated_bandit_environment e;
            dp_federated_bandit_parameters p = small(protocol, 1);
            p.calibration = protocol == DP_FEDERATED_BANDIT_SDP_VEC ? DP_FEDERATED_BANDIT_CODE : p.calibration;
            p.rounds = T - 3;
            dp_federated_bandit_result result = {.synchronised = rounds[data], .capacity = T};
            if (!verify_ok(v, dp_federated_bandit_make_sphere(D, K, verify_seed_of(v) + data, &world, &e), "world") ||
                !verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "run"))
                return;
            const uint64_t times = protocol == DP_FEDERATED_BANDIT_LOCAL ? 0 : (T - 3) / B;
            verify_same_bits(v, result.synchronisations, times, "%s: synchronisations",
                             dp_federated_bandit_protocol_name(protocol));
            verify_same_bits(v, result.numbers_sent, 2 * M * WIDTH * times, "%s: numbers sent",
                             dp_federated_bandit_protocol_name(protocol));
            if (data == 0)
                verify_record_count(v, "3 silos, 61 rounds, batches of 8", dp_federated_bandit_protocol_name(protocol),
                                    "numbers sent", (double)result.numbers_sent, 2.0 * M * WIDTH * (double)times);
        }
        verify_true(v, memcmp(rounds[0], rounds[1], sizeof rounds[0]) == 0, "%s: the rounds depend on the data",
                    dp_federated_bandit_protocol_name(protocol));
    }
}

/* What came to rank 0 first. */
typedef struct view {
    double numbers[M * WIDTH];
    bool taken;
} view;

static assay_status gather(void *self, const double *mine, double *all, const size_t *counts)
{
    view *seen = self;
    if (counts[0] == M * WIDTH && !seen->taken) {
        memcpy(seen->numbers, mine, sizeof seen->numbers);
        seen->taken = true;
    }
    memcpy(all, mine, counts[0] * sizeof *all);
    return ASSAY_OK;
}

static assay_status broadcast(void *self, double *numbers, size_t count)
{
    (void)self;
    (void)numbers;
    (void)count;
    return ASSAY_OK;
}

/* Before the first synchronisation all protocols play the same, so that the messages of LDP less those of NONE are the
 * noise that the silos added before they sent anything: M (d + d (d + 1) / 2) numbers with the ledger's deviations. The
 * sum of squares is chi-square with 42 degrees of freedom: outside [n - 2 sqrt(n x), n + 2 sqrt(n x) + 2 x] with
 * probability 2 e^-x, x = 20: 4e-9 (the lower end is below 0; 4 of 42 has probability below 1e-9 by Chernoff's bound).
 */
void dp_federated_bandit_check_server_view(verify_context *v)
{
    static const dp_federated_bandit_protocol noisy[] = {DP_FEDERATED_BANDIT_LDP, DP_FEDERATED_BANDIT_SDP_AMP};
    dp_federated_bandit_sphere world;
    dp_federated_bandit_environment e;
    if (!verify_ok(v, dp_federated_bandit_make_sphere(D, K, verify_seed_of(v), &world, &e), "world"))
        return;
    for (int k = 0; k < 2; k++) {
        view plain = {.taken = false}, hidden = {.taken = false};
        dp_federated_bandit_ranks ranks = {.self = &plain, .size = 1, .gather = gather, .broadcast = broadcast};
        dp_federated_bandit_result result = {0};
        dp_federated_bandit_parameters p = small(DP_FEDERATED_BANDIT_NONE, verify_seed_of(v));
        p.lambda = 5; /* the same for both */
        if (!verify_ok(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), "without noise"))
            return;
        p.protocol = noisy[k];
        ranks.self = &hidden;
        if (!verify_ok(v, dp_federated_bandit_run_ranks(&p, &e, &ranks, &result), "with noise"))
            return;
        double squares = 0;
        for (size_t silo = 0; silo < M; silo++) {
            size_t next = 0, row = 0, column = 0;
            for (; next < WIDTH; next++) {
                double deviation = result.ledger.sigma;
                if (next >= D) {
                    deviation *= row == column ? 1 : M_SQRT1_2;
                    if (++column == D)
                        column = ++row;
                }
                const double noise =
                    (hidden.numbers[silo * WIDTH + next] - plain.numbers[silo * WIDTH + next]) / deviation;
                verify_true(v, noise != 0, "number %zu of silo %zu is sent without noise", next, silo);
                squares += noise * noise;
            }
        }
        const double n = M * WIDTH;
        verify_at_most(v, squares, n + 2 * sqrt(n * 20) + 40, "chi-square", "%s",
                       dp_federated_bandit_protocol_name(noisy[k]));
        verify_at_least(v, squares, 4, "chi-square", "%s", dp_federated_bandit_protocol_name(noisy[k]));
    }
}

/* ---- The vector sum
 * ---------------------------------------------------------------------------------------------------------------- */

/* Over all random roundings the number of messages has the mean (x + L) g / L, exactly: it is rounded up with a
 * probability that is the fraction. And the analysis undoes it, without noise to the last bits. */
void dp_federated_bandit_check_vector_sum(verify_context *v)
{
    const dp_federated_bandit_vector plan = {.records = 7, .bound = 1.5, .grid = 20, .trials = 0};
    const assay_random r = verify_random(v, 4);
    double sum = 0, analysed;
    uint64_t total = 0, messages;
    for (uint64_t k = 0; k < 7; k++) { /* on the grid: nothing is rounded */
        const double x = ((double)assay_random_integer(r, k, 41) - 20) * 1.5 / 20;
        sum += x;
        if (!verify_ok(v, dp_federated_bandit_vector_randomize(&plan, x, 0.999, &messages), "x = %g", x))
            return;
        total += messages;
    }
    if (verify_ok(v, dp_federated_bandit_vector_analyze(&plan, total, &analysed), "analysis"))
        verify_at_most(v, fabs(analysed - sum), 1e-13, "absolute error", "sum of 7 numbers on the grid");
    for (uint64_t k = 100; k < 300; k++) {
        const double x = 3 * assay_random_uniform(r, k) - 1.5, scaled = (x + 1.5) * (20 / 1.5), whole = floor(scaled);
        uint64_t low, high;
        verify_ok(v, dp_federated_bandit_vector_randomize(&plan, x, fmax(0, scaled - whole - 1e-9), &low), "below");
        verify_ok(v, dp_federated_bandit_vector_randomize(&plan, x, fmin(1 - 1e-12, scaled - whole + 1e-9), &high),
                  "above");
        verify_true(v, low == (uint64_t)whole + (scaled - whole > 0) && high == (uint64_t)whole,
                    "x = %.17g is rounded up below its fraction, down above: %llu, %llu", x, (unsigned long long)low,
                    (unsigned long long)high);
    }
}

/* ---- Calibration
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* EXACT spends delta and no more; PAPER's noise is larger; mu, aggregate and nodes are what the header says. */
void dp_federated_bandit_check_calibration(verify_context *v)
{
    for (int k = 0; k < 30; k++) {
        dp_federated_bandit_parameters p = small(DP_FEDERATED_BANDIT_LDP, 1);
        dp_federated_bandit_ledger exact, paper;
        p.epsilon = 0.1 * pow(1.2, k);
        p.delta = pow(10, -1 - k % 6);
        p.silos = 1 + (size_t)k;
        if (!verify_ok(v, dp_federated_bandit_calibrate(&p, &exact), "exact"))
            return;
        p.calibration = DP_FEDERATED_BANDIT_PAPER;
        if (!verify_ok(v, dp_federated_bandit_calibrate(&p, &paper), "paper"))
            return;
        verify_at_most(v, exact.delta, p.delta * (1 + 1e-10), "delta", "epsilon %g", p.epsilon);
        verify_at_least(v, exact.delta, p.delta * (1 - 1e-9), "delta", "epsilon %g: nothing is wasted", p.epsilon);
        verify_at_most(v, fabs(exact.mu * exact.sigma / sqrt(6 * (double)exact.nodes) - 1), 1e-14, "relative error",
                       "mu");
        verify_at_most(v, fabs(exact.aggregate / exact.sigma / sqrt((double)p.silos) - 1), 1e-14, "relative error",
                       "aggregate");
        if (p.epsilon <= 1) /* where the lemma behind it is meant */
            verify_at_most(v, paper.delta, p.delta, "delta", "PAPER at epsilon %g", p.epsilon);
    }
}
