/* sor_bandit: what theory demands of the learners. */
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_learner.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { ARMS = 6 };

static double sum_of(const double *p, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p[i];
    return sum;
}

/* Losses over many magnitudes, with ties. */
static void draw_losses(assay_random r, uint64_t index, double *loss)
{
    for (uint64_t i = 0; i < ARMS; i++) {
        const double size = pow(10, 6 * assay_random_uniform(r, 100 * index + 2 * i) - 3);
        loss[i] = assay_random_integer(r, 100 * index + 50 + i, 4) ? size * assay_random_normal(r, 100 * index + i) : 1;
    }
}

/* ---- Tsallis-INF ---------------------------------------------------------------------------------------------- */

/* p > 0, sums to 1, falls with the loss, does not see a constant, and is uniform for equal losses. A constant changes a
 * loss by its rounding, and p by at most eta times that, times p^(3/2) <= 1. */
void sor_bandit_check_tsallis(verify_context *v)
{
    const assay_random r = verify_random(v, 600);
    for (uint64_t k = 0; k < 400; k++) {
        double loss[ARMS], moved[ARMS], p[ARMS], q[ARMS], largest = 0;
        const double eta = 2 / sqrt(1 + (double)(k * k)), constant = 100 * assay_random_normal(r, k);
        draw_losses(r, 1000 + k, loss);
        for (size_t i = 0; i < ARMS; i++) {
            moved[i] = loss[i] + constant;
            largest = fmax(largest, fabs(loss[i]) + fabs(constant));
        }
        verify_ok(v, sor_bandit_tsallis_distribution(ARMS, loss, eta, p), "p");
        verify_ok(v, sor_bandit_tsallis_distribution(ARMS, moved, eta, q), "p of moved losses");
        verify_at_most(v, fabs(sum_of(p, ARMS) - 1), 1e-12, "absolute error", "sum of p");
        for (size_t i = 0; i < ARMS; i++) {
            verify_true(v, p[i] > 0, "p_%zu is %g", i, p[i]);
            verify_at_most(v, fabs(p[i] - q[i]), 1e-12 + 8 * eta * DBL_EPSILON * largest, "absolute error", "constant");
            for (size_t j = 0; j < ARMS; j++)
                verify_true(v, !(loss[i] < loss[j]) || p[i] > p[j] || eta * (loss[j] - loss[i]) < 1e-12,
                            "loss %.17g has p %.17g, %.17g has %.17g", loss[i], p[i], loss[j], p[j]);
        }
    }
    double equal[50], p[50];
    for (size_t i = 0; i < 50; i++)
        equal[i] = 3.7;
    for (double eta = 1e-3; eta < 100; eta *= 3) {
        verify_ok(v, sor_bandit_tsallis_distribution(50, equal, eta, p), "equal losses");
        for (size_t i = 0; i < 50; i++)
            verify_at_most(v, fabs(p[i] - 0.02), 1e-14, "absolute error", "equal losses, eta %g", eta);
    }
}

/* p is least in <p, loss> - (4 / eta) sum sqrt(p) among points of the simplex: random ones, near it and far. */
void sor_bandit_check_tsallis_minimum(verify_context *v)
{
    const assay_random r = verify_random(v, 610);
    const uint64_t points = verify_depth_of(v) == VERIFY_QUICK ? 20000 : 100000;
    for (uint64_t k = 0; k < 5; k++) {
        double loss[ARMS], p[ARMS], q[ARMS], best = 0;
        const double eta = 0.1 + (double)k;
        for (size_t i = 0; i < ARMS; i++)
            loss[i] = 3 * assay_random_uniform(r, 10 * k + i);
        verify_ok(v, sor_bandit_tsallis_distribution(ARMS, loss, eta, p), "p");
        for (size_t i = 0; i < ARMS; i++)
            best += p[i] * loss[i] - 4 / eta * sqrt(p[i]);
        double nearest = INFINITY;
        for (uint64_t t = 0; t < points / 5; t++) {
            const double far = t % 2 ? 1 : 0.01;
            double total = 0, value = 0;
            for (size_t i = 0; i < ARMS; i++) {
                q[i] = -log(1 - assay_random_uniform(r, 1000000 * (k + 1) + ARMS * t + i));
                total += q[i];
            }
            for (size_t i = 0; i < ARMS; i++) {
                q[i] = far * q[i] / total + (1 - far) * p[i];
                value += q[i] * loss[i] - 4 / eta * sqrt(q[i]);
            }
            nearest = fmin(nearest, value - best);
        }
        /* Values are below 100: their sums are exact to 1e-13 */
        verify_at_least(v, nearest, -1e-13, "above the minimum", "eta %g", eta);
    }
}

/*
 * Importance weights are unbiased: over N learners the weighted loss of each arm has the arm's loss as its mean. Each
 * learner has seen one loss, so that its second choice is from a distribution that is not uniform, known exactly. By
 * Bernstein a mean of N independent numbers with variance s^2, within m of their mean, is off by more than e with a
 * probability of at most 2 exp(-N e^2 / (2 s^2 + 2 m e / 3)); e is what makes that 1e-10, for each of 6 arms.
 */
void sor_bandit_check_unbiased(verify_context *v)
{
    const size_t n = verify_depth_of(v) == VERIFY_QUICK ? 30000 : 100000;
    static const double losses[ARMS] = {3, 5, 2, 8, 4, 6};
    double estimate[ARMS] = {0}, variance = 0, largest = 0;
    for (size_t k = 0; k < n; k++) {
        sor_bandit_learner *learner;
        double p[ARMS];
        size_t arm;
        const assay_random r = {verify_seed_of(v) * 1000003 + k, 620};
        if (!verify_ok(v, sor_bandit_create_tsallis(ARMS, r, &learner), "learner"))
            return;
        verify_ok(v, sor_bandit_choose(learner, 0, &arm), "first");
        verify_ok(v, sor_bandit_learn(learner, 1.5), "first");
        verify_ok(v, sor_bandit_choose(learner, 0, &arm), "second");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        estimate[arm] += losses[arm] / p[arm] / (double)n;
        for (size_t i = 0; i < ARMS; i++) {
            variance = fmax(variance, losses[i] * losses[i] * (1 / p[i] - 1));
            largest = fmax(largest, losses[i] / p[i]);
        }
        sor_bandit_release(learner);
    }
    const double exponent = log(2 / 1e-10) / (double)n;
    const double e = exponent * largest / 3 + sqrt(pow(exponent * largest / 3, 2) + 2 * exponent * variance);
    for (size_t i = 0; i < ARMS; i++)
        verify_at_most(v, fabs(estimate[i] - losses[i]), e, "absolute error", "arm %zu: estimate %g of %g", i,
                       estimate[i], losses[i]);
    verify_at_most(v, e, 4, "absolute error", "what would be noticed");
}

/* The learner's distribution after each step of a tape is that of the sums K, the scale s and the rate of the
 * definition, kept here: a loss counts from 1 and is weighted by its probability. K / s and eta have a few roundings
 * each; p changes by at most eta times what a loss does. */
void sor_bandit_check_tsallis_steps(verify_context *v)
{
    const assay_random r = verify_random(v, 625);
    sor_bandit_learner *learner;
    double sums[ARMS] = {0}, total = 0;
    if (!verify_ok(v, sor_bandit_create_tsallis(ARMS, verify_random(v, 626), &learner), "learner"))
        return;
    for (uint64_t t = 1; t <= 300; t++) {
        double scaled[ARMS], expected[ARMS], p[ARMS], largest = 0;
        size_t arm;
        const double scale = t > 1 ? fmax(total / (double)(t - 1) - 1, 1e-12) : 1, eta = 2 / sqrt((double)t);
        for (size_t i = 0; i < ARMS; i++) {
            scaled[i] = sums[i] / scale;
            largest = fmax(largest, fabs(scaled[i]));
        }
        verify_ok(v, sor_bandit_choose(learner, 0, &arm), "choose");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        verify_ok(v, sor_bandit_tsallis_distribution(ARMS, scaled, eta, expected), "expected");
        for (size_t i = 0; i < ARMS; i++)
            verify_at_most(v, fabs(p[i] - expected[i]), 1e-12 + 16 * eta * DBL_EPSILON * largest, "absolute error",
                           "step %llu, arm %zu", (unsigned long long)t, i);
        const double loss = floor(2 + 9 * assay_random_uniform(r, t) + 3 * (double)arm);
        verify_ok(v, sor_bandit_learn(learner, loss), "learn");
        sums[arm] += (loss - 1) / p[arm];
        total += loss;
    }
    sor_bandit_release(learner);
}

/* ---- ChebCB --------------------------------------------------------------------------------------------------- */

/* Inverse-gap weights: at most 1 / d except for the best arm, which has at least 1 / d and all of it for eta =
 * infinity. */
void sor_bandit_check_gap(verify_context *v)
{
    const assay_random r = verify_random(v, 630);
    for (uint64_t k = 0; k < 300; k++) {
        double predicted[ARMS], p[ARMS];
        size_t best = 0;
        for (size_t i = 0; i < ARMS; i++) {
            predicted[i] = (double)assay_random_integer(r, ARMS * k + i, 10) / 7;
            best = predicted[i] < predicted[best] ? i : best;
        }
        const double eta = k % 10 == 0 ? INFINITY : exp(20 * assay_random_uniform(r, 10000 + k) - 5);
        verify_ok(v, sor_bandit_gap_distribution(ARMS, predicted, eta, p), "p");
        verify_at_most(v, fabs(sum_of(p, ARMS) - 1), 4 * DBL_EPSILON, "absolute error", "sum of p");
        verify_at_least(v, p[best], 1.0 / ARMS - 2 * DBL_EPSILON, "probability", "the best arm");
        for (size_t i = 0; i < ARMS; i++) {
            verify_true(v, p[i] >= 0 && (i == best || p[i] <= 1.0 / ARMS), "p_%zu is %g", i, p[i]);
            const double wanted = 1 / (ARMS + eta * (predicted[i] - predicted[best]));
            if (i != best && predicted[i] > predicted[best])
                verify_at_most(v, fabs(p[i] - wanted), 4 * DBL_EPSILON * wanted + 1e-300, "absolute error", "p_%zu", i);
        }
    }
}

/* Box, rate and distribution of ChebCB by the formulas of the definition, from its coefficients and the losses: the
 * largest loss K, L' = (largest - least) / width, N = 2 + 4 width L' / K (1 + ln m), S = K N, |theta_0| <= 1 / N,
 * |theta_j| <= 2 width L' / (S j); a = (pi + 2 / pi ln(2 m + 1)) width L' / (2 S (m + 1)),
 * eta = 2 t sqrt(d t / (sum of (predicted - (loss - 1) / S)^2 + 2 a^2 t)). */
void sor_bandit_check_chebyshev_steps(verify_context *v)
{
    enum { FEATURES = 5, STEPS = 200 };
    const assay_random r = verify_random(v, 635);
    const double low = 1, width = 3, m = FEATURES;
    sor_bandit_learner *learner;
    if (!verify_ok(v, sor_bandit_create_chebyshev(ARMS, FEATURES, low, low + width, verify_random(v, 636), &learner),
                   "learner"))
        return;
    double theta[ARMS * FEATURES] = {0}, box[FEATURES], predicted[STEPS], losses[STEPS], eta = 0;
    double most = 0, least = INFINITY;
    for (uint64_t t = 0; t < STEPS; t++) {
        const double context = low + width * assay_random_uniform(r, 2 * t), z = 2 * (context - low) / width - 1;
        double values[ARMS] = {0}, expected[ARMS], p[ARMS];
        size_t arm;
        for (size_t i = 0; i < ARMS; i++)
            for (size_t j = 0; j < FEATURES; j++)
                values[i] += theta[i * FEATURES + j] * cos((double)j * acos(z));
        verify_ok(v, sor_bandit_choose(learner, context, &arm), "choose");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        verify_ok(v, sor_bandit_gap_distribution(ARMS, values, eta, expected), "expected");
        /* Polynomials by cosines are within 1e-14; a gap so much off moves p by eta p^2 times that, eta < 1e5 here. Two
         * arms so near to each other that the best one is in doubt (2e-14 of predictions from 0 to 0.1, 200 steps, 5
         * rivals): below 1e-9 */
        for (size_t i = 0; i < ARMS; i++)
            verify_at_most(v, fabs(p[i] - expected[i]), 1e-12 + 1e-13 * eta, "absolute error", "step %llu, arm %zu",
                           (unsigned long long)t, i);
        losses[t] = floor(3 + 12 * assay_random_uniform(r, 2 * t + 1) + 2 * (double)arm * (z + 1));
        predicted[t] = values[arm];
        verify_ok(v, sor_bandit_learn(learner, losses[t]), "learn");
        verify_ok(v, sor_bandit_coefficients(learner, theta, box), "coefficients");
        most = fmax(most, losses[t]);
        least = fmin(least, losses[t]);
        const double lipschitz = (most - least) / width, n = 2 + 4 * width * lipschitz / most * (1 + log(m));
        const double scale = most * n, steps = (double)t + 1;
        for (size_t j = 0; j < FEATURES; j++)
            verify_at_most(v, fabs(box[j] - (j ? 2 * width * lipschitz / (scale * (double)j) : 1 / n)), 8 * DBL_EPSILON,
                           "absolute error", "step %llu, box %zu", (unsigned long long)t, j);
        double regret = 0;
        for (uint64_t k = 0; k <= t; k++)
            regret += pow(predicted[k] - (losses[k] - 1) / scale, 2);
        const double a = (M_PI + 2 / M_PI * log(2 * m + 1)) * width * lipschitz / (2 * scale * (m + 1));
        eta = 2 * steps * sqrt(ARMS * steps / (regret + 2 * a * a * steps));
    }
    sor_bandit_release(learner);
}

/* Coefficients stay in their box on losses as wild as can be. */
void sor_bandit_check_box(verify_context *v)
{
    enum { FEATURES = 7 };
    const assay_random r = verify_random(v, 640);
    sor_bandit_learner *learner;
    if (!verify_ok(v, sor_bandit_create_chebyshev(ARMS, FEATURES, 0, 3, verify_random(v, 641), &learner), "learner"))
        return;
    double theta[ARMS * FEATURES], box[FEATURES], p[ARMS];
    for (uint64_t k = 0; k < 500; k++) {
        size_t arm;
        /* Out of the interval now and then, and in few places for a while: singular regressions */
        const double context = k < 100 ? (double)(k % 2) : 4 * assay_random_uniform(r, 2 * k) - 0.5;
        verify_ok(v, sor_bandit_choose(learner, context, &arm), "step %llu", (unsigned long long)k);
        verify_ok(v, sor_bandit_learn(learner, floor(exp(8 * assay_random_uniform(r, 2 * k + 1)))), "step");
        verify_ok(v, sor_bandit_coefficients(learner, theta, box), "coefficients");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        verify_at_most(v, fabs(sum_of(p, ARMS) - 1), 1e-12, "absolute error", "sum of p");
        for (size_t i = 0; i < ARMS * FEATURES; i++)
            if (!verify_true(v, fabs(theta[i]) <= box[i % FEATURES], "step %llu: coefficient %zu is %g, box %g",
                             (unsigned long long)k, i, theta[i], box[i % FEATURES]))
                break;
    }
    verify_true(v, sor_bandit_clamped(learner) > 0, "no context lay outside");
    sor_bandit_release(learner);
}

/* The minimum over a box by its conditions (Karush, Kuhn and Tucker): the gradient is 0 where a coefficient is free and
 * points outwards where it is held. G theta is summed from terms of a size s, and so known to some epsilon s. The
 * problems are always the same: of others one in some thousand may be so nearly singular that the limit is none. */
void sor_bandit_check_least_squares(verify_context *v)
{
    const assay_random r = {1, 650};
    uint64_t used = 0, held = 0, free = 0;
    for (int k = 0; k < 2000; k++) {
        const size_t m = 1 + (size_t)k % 6, rows = 1 + (size_t)k % 17;
        double gram[36] = {0}, side[6] = {0}, psi[6], theta[6], box[6];
        for (size_t t = 0; t < rows; t++) {
            double phi[6] = {1, 2 * assay_random_uniform(r, used) - 1};
            const double target = 100 * assay_random_uniform(r, used + 1);
            used += 2;
            for (size_t j = 2; j < m; j++)
                phi[j] = 2 * phi[1] * phi[j - 1] - phi[j - 2];
            for (size_t i = 0; i < m; i++) {
                side[i] += phi[i] * target;
                for (size_t j = 0; j < m; j++)
                    gram[i * m + j] += phi[i] * phi[j];
            }
        }
        for (size_t j = 0; j < m; j++)
            box[j] = assay_random_integer(r, used++, 9) ? 0.6 * assay_random_uniform(r, used++) : 0;
        sor_bandit_least_norm(m, gram, side, psi);
        sor_bandit_fit_box(m, gram, side, psi, 100, box, theta);
        for (size_t j = 0; j < m; j++) {
            double gradient = -side[j] / 100, size = fabs(gradient);
            for (size_t l = 0; l < m; l++) {
                gradient += gram[j * m + l] * theta[l];
                size += fabs(gram[j * m + l] * theta[l]);
            }
            if (box[j] == 0) {
                verify_true(v, theta[j] == 0, "problem %d: coefficient %zu is %g in an empty box", k, j, theta[j]);
                continue;
            }
            const bool at_end = fabs(theta[j]) == box[j];
            held += at_end;
            free += !at_end;
            verify_at_most(v, at_end ? gradient * copysign(1, theta[j]) : fabs(gradient), 1e-10 * size, "gradient",
                           "problem %d, coefficient %zu", k, j);
        }
    }
    verify_true(v, held > 500 && free > 500, "%llu held and %llu free", (unsigned long long)held,
                (unsigned long long)free);
}

/* Losses that are linear in the context are predicted exactly by an arm that has been chosen 50 times. Each arm is the
 * best one for a part of the contexts, so that all are. A prediction is of (loss - 1) / scale. Contexts and choices are
 * always the same: how long it takes until all have been chosen is a matter of luck. */
void sor_bandit_check_linear(verify_context *v)
{
    enum { LINES = 3, FEATURES = 6 };
    static const double middle[LINES] = {20, 20, 14}, slope[LINES] = {-10, 10, 0};
    const assay_random r = {1, 660};
    sor_bandit_learner *learner;
    if (!verify_ok(v, sor_bandit_create_chebyshev(LINES, FEATURES, -1, 1, (assay_random){1, 661}, &learner), "learner"))
        return;
    size_t visits[LINES] = {0};
    double least = INFINITY, most = 0;
    for (uint64_t k = 0; k < 20000 && (visits[0] < 50 || visits[1] < 50 || visits[2] < 50); k++) {
        const double z = 2 * assay_random_uniform(r, k) - 1;
        size_t arm;
        if (!verify_ok(v, sor_bandit_choose(learner, z, &arm), "choose"))
            return;
        const double loss = middle[arm] + slope[arm] * z;
        verify_ok(v, sor_bandit_learn(learner, loss), "learn");
        least = fmin(least, loss);
        most = fmax(most, loss);
        visits[arm]++;
    }
    double theta[LINES * FEATURES];
    verify_ok(v, sor_bandit_coefficients(learner, theta, NULL), "coefficients");
    const double scale = most * (2 + 4 * ((most - least) / most) * (1 + log((double)FEATURES)));
    for (size_t i = 0; i < LINES; i++) {
        verify_true(v, visits[i] >= 50, "arm %zu was chosen %zu times", i, visits[i]);
        for (double z = -1; z <= 1; z += 0.125) {
            double predicted = 0;
            for (size_t j = 0; j < FEATURES; j++)
                predicted += theta[i * FEATURES + j] * cos((double)j * acos(z));
            verify_at_most(v, fabs(1 + scale * predicted - (middle[i] + slope[i] * z)), 1e-6, "absolute error",
                           "arm %zu at %g", i, z);
        }
    }
    sor_bandit_release(learner);
}

/* Bins do not know of each other: what happens in one leaves the distribution of another as it was. Always the same
 * choices, so that the first bin has learned something for certain. */
void sor_bandit_check_bins(verify_context *v)
{
    sor_bandit_learner *learner;
    double p[ARMS];
    size_t arm;
    if (!verify_ok(v, sor_bandit_create_tsallis_bins(ARMS, 4, 0, 8, (assay_random){1, 670}, &learner), "learner"))
        return;
    for (int k = 0; k < 200; k++) { /* the first bin, to its edge, and what lies before it */
        verify_ok(v, sor_bandit_choose(learner, k % 3 == 0 ? 1.999 : k % 3 == 1 ? 0 : -5, &arm), "choose");
        verify_ok(v, sor_bandit_learn(learner, arm == 2 ? 2 : 20), "learn");
    }
    verify_ok(v, sor_bandit_choose(learner, 1, &arm), "choose");
    verify_ok(v, sor_bandit_probabilities(learner, p), "p");
    double apart = 0;
    for (size_t i = 0; i < ARMS; i++)
        apart = fmax(apart, fabs(p[i] - 1.0 / ARMS));
    verify_at_least(v, apart, 0.01, "difference from uniform", "the first bin");
    verify_ok(v, sor_bandit_learn(learner, 2), "learn");
    static const double others[4] = {2, 4.1, 8, 100};
    for (int k = 0; k < 3; k++) {
        verify_ok(v, sor_bandit_choose(learner, others[k], &arm), "choose");
        verify_ok(v, sor_bandit_probabilities(learner, p), "p");
        for (size_t i = 0; i < ARMS; i++)
            verify_at_most(v, fabs(p[i] - 1.0 / ARMS), 1e-14, "absolute error", "fresh bin at %g", others[k]);
        verify_ok(v, sor_bandit_learn(learner, 1), "learn");
    }
    verify_true(v, sor_bandit_clamped(learner) == 66, "%zu contexts lay outside, must be 66",
                sor_bandit_clamped(learner));
    sor_bandit_release(learner);
}
