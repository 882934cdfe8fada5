/**
 * @file privacy.h
 * Differential privacy: how much noise, exact integer noise, and audits.
 *
 * (epsilon, delta)-privacy of neighbouring data sets D, D': P(output in S | D) <= e^epsilon P(output in S | D') +
 * delta. mu is the sensitivity over the standard deviation of Gaussian noise.
 */
#ifndef ASSAY_PRIVACY_H
#define ASSAY_PRIVACY_H

#include "assay/random.h"
#include "assay/statistics.h"

#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Gaussian noise ------------------------------------------------------------------------------------------- */

/**
 * The least delta of Gaussian noise: Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu) (Balle and Wang 2018),
 * to a relative error of 1e-11 for mu >= 1e-3, evaluated by scaled complementary error functions, without the
 * cancellation of the formula. @p epsilon is at least 0, @p mu above 0, both finite.
 */
assay_status assay_privacy_gaussian_delta(double epsilon, double mu, double *delta);

/** The largest mu whose delta is at most @p delta in (0, 1), by bisection to the last bits. @p epsilon is above 0 and
 *  at most 1e4. */
assay_status assay_privacy_gaussian_mu(double epsilon, double delta, double *mu);

/* ---- Binomial noise ------------------------------------------------------------------------------------------- */

/**
 * The least delta of adding Binomial(@p trials, @p p) noise to a whole number that may move by @p shift: the larger of
 * sum_x max(0, P(x) - e^epsilon P(x - shift)) over both directions. An upper bound: what is left out of the sums (below
 * 1e-20) is added. trials is 1 to 2^53, p in (0, 1), shift at least 1.
 */
assay_status assay_privacy_binomial_delta(uint64_t trials, double p, uint64_t shift, double epsilon, double *delta);

/**
 * The same for @p dimensions independent noises of numbers that move by whole numbers whose Euclidean length is at most
 * @p length: an upper bound for each of two allocations, all of the length in one number, and equal parts; the larger
 * of the two. By the distribution of the privacy loss on a grid (losses rounded up), convolved by Fourier transforms.
 */
assay_status assay_privacy_binomial_delta_vector(uint64_t trials, double p, double length, size_t dimensions,
                                                 double epsilon, double *delta);

/** The least number of trials for which assay_privacy_binomial_delta_vector() is at most @p delta, to 1 in 1000.
 *  ASSAY_OUT_OF_RANGE if 2^40 are not enough. */
assay_status assay_privacy_binomial_trials(double p, double length, size_t dimensions, double epsilon, double delta,
                                           uint64_t *trials);

/* ---- Exact integer noise -------------------------------------------------------------------------------------- */

/** Numbers to be drawn one after the other. */
typedef struct assay_privacy_stream {
    assay_random random; /**< where from */
    uint64_t next;       /**< index of the next one */
} assay_privacy_stream;

/** True with probability exp(-numerator / denominator), exactly (Canonne, Kamath and Steinke 2020): integers only.
 *  @p denominator is at least 1; both are below 2^96. */
assay_status assay_privacy_bernoulli_exp(assay_privacy_stream *stream, unsigned __int128 numerator,
                                         unsigned __int128 denominator, int *outcome);

/** The discrete Laplace distribution, P(y) proportional to exp(-|y| s / t), exactly; 1 <= s, t < 2^31. */
assay_status assay_privacy_discrete_laplace(assay_privacy_stream *stream, uint64_t t, uint64_t s, int64_t *y);

/** The discrete Gaussian distribution, P(y) proportional to exp(-y^2 / (2 sigma^2)) with sigma^2 = numerator /
 *  denominator, exactly; both 1 to 2^20. */
assay_status assay_privacy_discrete_gaussian(assay_privacy_stream *stream, uint64_t numerator, uint64_t denominator,
                                             int64_t *y);

/** Binomial(trials, p) by rejection (Hormann 1993), with the exact distribution up to the rounding of double
 * arithmetic; trials is at most 2^53, p in [0, 1]. For simulation, not for release. */
assay_status assay_privacy_binomial(assay_privacy_stream *stream, uint64_t trials, double p, uint64_t *y);

/* ---- Audits --------------------------------------------------------------------------------------------------- */

/**
 * A lower bound for epsilon at @p delta from scores of a distinguisher: @p n under each of two neighbours, larger where
 * the second is believed. The threshold is chosen on the first half, the bound taken on the second: (TPR_low - delta) /
 * FPR_high with Clopper-Pearson bounds whose two errors add up to 1 - @p confidence. At least 0. n is at least 4.
 */
assay_status assay_privacy_audit(const double *scores0, const double *scores1, size_t n, double delta,
                                 double confidence, double *epsilon);

/** The bound of Feldman, McMillan and Talwar (2021) for shuffling @p n reports of epsilon0-private users:
 *  ln(1 + (e^e0 - 1) / (e^e0 + 1) (8 sqrt(e^e0 ln(4/delta) / n) + 8 e^e0 / n)); ASSAY_OUT_OF_RANGE where it does not
 *  hold (epsilon0 > ln(n / (16 ln(2/delta)))). */
assay_status assay_privacy_shuffled(double epsilon0, double delta, size_t n, double *epsilon);

ASSAY_END_DECLARATIONS

#endif
