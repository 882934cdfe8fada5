/* Oracles of dp_federated_bandit: worked examples, and an independent learner in high precision. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

/* ---- The worked example --------------------------------------------------------------------------------------------
 */

static void example_features(void *context, size_t silo, size_t t, double *x)
{
    (void)context;
    (void)silo;
    (void)t;
    memcpy(x, (const double[]){1, 0, 0.6, 0.8}, 4 * sizeof *x);
}

/* theta* = (0, 1), without noise. */
static double example_reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    (void)context;
    (void)silo;
    (void)t;
    return x[2 * arm + 1];
}

typedef struct seen {
    double bounds[2][8][2]; /* silo, round, arm */
} seen;

static void watch(void *self, size_t silo, size_t t, const double *bounds)
{
    memcpy(((seen *)self)->bounds[silo][t - 1], bounds, 2 * sizeof *bounds);
}

void dp_federated_bandit_check_example(verify_context *v)
{
    static const double bounds[5][2] = {
        {1, 1}, {0.707107, 0.905539}, {0.676154, 1.031709}, {0.691087, 1.037457}, {0.711334, 1.025832}};
    static const uint32_t arms[5] = {0, 1, 1, 1, 1};
    const dp_federated_bandit_environment e = {.features = example_features, .reward = example_reward};
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    seen s;
    uint32_t played[10];
    double shared[6];
    p.silos = p.dimension = p.arms = p.batch = 2;
    p.rounds = 5;
    p.lambda = p.radius = 1;
    p.watch = watch;
    p.self = &s;
    dp_federated_bandit_result result = {.played = played, .shared = shared};
    if (!verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "run"))
        return;
    for (int silo = 0; silo < 2; silo++) {
        for (int t = 0; t < 5; t++) {
            for (int a = 0; a < 2; a++) /* the example gives six decimals */
                verify_at_most(v, fabs(s.bounds[silo][t][a] - bounds[t][a]), 6e-7, "absolute error",
                               "bound of arm %d in round %d", a, t + 1);
            verify_true(v, played[silo * 5 + t] == arms[t], "arm of silo %d in round %d", silo, t + 1);
        }
    }
    static const double at_the_end[] = {4.16, 2.88, 2.88, 3.84, 0.96 + 2 * 2 * 0.8 * 0.6, 1.28 + 2 * 2 * 0.64};
    for (int k = 0; k < 6; k++)
        verify_at_most(v, fabs(shared[k] - at_the_end[k]), 1e-14, "absolute error", "shared number %d", k);
    verify_true(v, result.synchronisations == 2 && result.numbers_sent == 2 * 2 * 2 * 5, "communication");
}

/* Two data sets that differ in one user synchronise at different rounds. */
void dp_federated_bandit_check_attack_example(verify_context *v)
{
    const double a[] = {1, 0, 1, 0, 1, 0}, b[] = {0, 1, 1, 0, 1, 0};
    size_t round;
    if (verify_ok(v, dp_federated_bandit_trigger_round(2, NULL, 3, a, 2.5, &round), "A"))
        verify_true(v, round == 3, "A synchronises in round %zu, should in 3", round);
    if (verify_ok(v, dp_federated_bandit_trigger_round(2, NULL, 3, b, 2.5, &round), "B"))
        verify_true(v, round == 2, "B synchronises in round %zu, should in 2", round);
    if (verify_ok(v, dp_federated_bandit_trigger_round(2, NULL, 3, a, 2 * log(3) * (1 - 1e-14), &round), "threshold"))
        verify_true(v, round == 2, "2 ln 3 is reached in round %zu, should be in 2", round);
    if (verify_ok(v, dp_federated_bandit_trigger_round(2, NULL, 3, a, 5, &round), "never"))
        verify_true(v, round == 0, "5 is never reached");
}

/* ---- LinUCB in 128 bits
 * ----------------------------------------------------------------------------------------------- */

enum { D = 4, M = 2, K = 6, T = 120, B = 10 };

/* x = V^-1 b by elimination with pivoting; V and b are spoiled. */
static void eliminate(mpfr_t v[D][D], mpfr_t b[D])
{
    mpfr_t factor, product;
    mpfr_inits2(128, factor, product, NULL);
    for (int c = 0; c < D; c++) {
        int best = c;
        for (int r = c + 1; r < D; r++)
            best = mpfr_cmpabs(v[r][c], v[best][c]) > 0 ? r : best;
        for (int k = 0; k < D; k++)
            mpfr_swap(v[c][k], v[best][k]);
        mpfr_swap(b[c], b[best]);
        for (int r = 0; r < D; r++) {
            if (r == c)
                continue;
            mpfr_div(factor, v[r][c], v[c][c], MPFR_RNDN);
            for (int k = c; k < D; k++) {
                mpfr_mul(product, factor, v[c][k], MPFR_RNDN);
                mpfr_sub(v[r][k], v[r][k], product, MPFR_RNDN);
            }
            mpfr_mul(product, factor, b[c], MPFR_RNDN);
            mpfr_sub(b[r], b[r], product, MPFR_RNDN);
        }
    }
    for (int r = 0; r < D; r++)
        mpfr_div(b[r], b[r], v[r][r], MPFR_RNDN);
    mpfr_clears(factor, product, NULL);
}

/* A learner's sums, in doubles that are exact enough: they only enter as the data of each solve. */
typedef struct sums {
    double v[D][D], u[D];
} sums;

static double solve_for(const sums *s, const double *right, const double *with)
{
    mpfr_t v[D][D], b[D], sum;
    mpfr_init2(sum, 128);
    for (int i = 0; i < D; i++) {
        mpfr_init2(b[i], 128);
        mpfr_set_d(b[i], right[i], MPFR_RNDN);
        for (int j = 0; j < D; j++) {
            mpfr_init2(v[i][j], 128);
            mpfr_set_d(v[i][j], s->v[i][j], MPFR_RNDN);
        }
    }
    eliminate(v, b);
    mpfr_set_zero(sum, 1);
    for (int i = 0; i < D; i++) {
        mpfr_mul_d(b[i], b[i], with[i], MPFR_RNDN);
        mpfr_add(sum, sum, b[i], MPFR_RNDN);
    }
    const double value = mpfr_get_d(sum, MPFR_RNDN);
    for (int i = 0; i < D; i++) {
        mpfr_clear(b[i]);
        for (int j = 0; j < D; j++)
            mpfr_clear(v[i][j]);
    }
    mpfr_clear(sum);
    return value;
}

static void add(sums *s, const double *x, double y)
{
    for (int i = 0; i < D; i++) {
        s->u[i] += y * x[i];
        for (int j = 0; j < D; j++)
            s->v[i][j] += x[i] * x[j];
    }
}

/* One silo's round: true if the arm that was played is the best, or within 1e-9 of it (then either is right). */
static bool is_right(const sums *s, const double *x, double beta, size_t arm, double *apart)
{
    double best = -INFINITY, chosen = 0;
    for (size_t a = 0; a < K; a++) {
        const double bound = solve_for(s, s->u, x + a * D) + beta * sqrt(solve_for(s, x + a * D, x + a * D));
        best = fmax(best, bound);
        chosen = a == arm ? bound : chosen;
    }
    *apart = best - chosen;
    return *apart <= 1e-9 * (1 + fabs(best));
}

static double formula_radius(const dp_federated_bandit_parameters *p, double lambda, double t)
{
    return sqrt(lambda) * p->parameter_bound +
           p->noise_bound * sqrt(2 * log(1 / p->alpha) + D * log(1 + t * M / (D * lambda)));
}

/* Without noise: the played arms are those that an independent learner finds best, round by round. */
void dp_federated_bandit_check_lu(verify_context *v)
{
    dp_federated_bandit_sphere world;
    dp_federated_bandit_environment e;
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    uint32_t played[M * T];
    double x[M][K * D], regret[T], expected = 0, worst = 0;
    p.silos = M;
    p.dimension = D;
    p.arms = K;
    p.rounds = T;
    p.batch = B;
    p.lambda = 0.5;
    dp_federated_bandit_result result = {.played = played, .regret = regret};
    if (!verify_ok(v, dp_federated_bandit_make_sphere(D, K, verify_seed_of(v), &world, &e), "world") ||
        !verify_ok(v, dp_federated_bandit_run(&p, &e, &result), "run"))
        return;
    sums common = {0}, own[M];
    for (int i = 0; i < D; i++)
        common.v[i][i] = p.lambda;
    own[0] = own[1] = common;
    for (size_t t = 1; t <= T; t++) {
        for (size_t silo = 0; silo < M; silo++) {
            double apart = 0;
            const size_t arm = played[silo * T + t - 1];
            e.features(e.context, silo, t, x[silo]);
            if (!verify_true(v, is_right(&own[silo], x[silo], formula_radius(&p, p.lambda, (double)t), arm, &apart),
                             "silo %zu plays arm %zu in round %zu, worse by %g", silo, arm, t, apart))
                return;
            worst = fmax(worst, apart);
            const double y = e.reward(e.context, silo, t, arm, x[silo]);
            expected += e.gap(e.context, silo, t, arm, x[silo]);
            add(&own[silo], x[silo] + arm * D, y);
            add(&common, x[silo] + arm * D, y);
        }
        verify_at_most(v, fabs(regret[t - 1] - expected), 1e-10, "absolute error", "regret up to round %zu", t);
        if (t % B == 0)
            own[0] = own[1] = common;
    }
    verify_at_most(v, worst, 1e-9, "bound", "the played arm is the best");
}
