/**
 * @file dp_federated_bandit.h
 * Linear contextual bandits in several silos that learn together under differential privacy.
 *
 * Source: X. Zhou, S. R. Chowdhury: On Differentially Private Federated Linear Contextual Bandits, ICLR 2024,
 * arXiv:2302.13945.
 *
 * M silos each face one user per round t = 1..T with K feature vectors of R^d (norm at most 1), play one of them, and
 * see a reward of mean <x, theta*>. Every B rounds they synchronise sufficient statistics through a server that need
 * not be trusted: what is sent is private in the data of one user, replaced by another (epsilon, delta). A silo plays
 * argmax_a <x_a, theta> + beta_t |x_a|_{V^-1}, V = lambda 1 + Ws + W, theta = V^-1 (Us + U), where Ws, Us came with the
 * last synchronisation and W, U are the silo's own since then; beta_t = c (sqrt(lambda) S + R sqrt(2 ln(1/alpha) +
 * d ln(1 + t M / (d lambda)))).
 *
 * Released sums form a binary tree over the batches: node (k, j), j below the number of trailing zeros of k and one
 * more, holds batches k - 2^j + 1 .. k, and a prefix is the sum of the nodes at the set bits of k: each batch enters at
 * most N = floor(log2(T / B)) + 1 nodes.
 *
 * Noise is made in double precision: a simulation. A real release would take assay/privacy.h's integer noise.
 */
#ifndef ASSAY_DP_FEDERATED_BANDIT_H
#define ASSAY_DP_FEDERATED_BANDIT_H

#include "assay/random.h"
#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** Who adds noise, and where. */
typedef enum dp_federated_bandit_protocol {
    DP_FEDERATED_BANDIT_NONE,     /**< nobody: not private */
    DP_FEDERATED_BANDIT_LDP,      /**< every silo to its own sums: the server need not be trusted */
    DP_FEDERATED_BANDIT_SDP_AMP,  /**< the same with less noise: a shuffler hides who sent what */
    DP_FEDERATED_BANDIT_SDP_VEC,  /**< every user's record, as shuffled messages that sum to noisy sums */
    DP_FEDERATED_BANDIT_CENTRAL,  /**< the server, once: as if it were trusted */
    DP_FEDERATED_BANDIT_ADAPTIVE, /**< earlier work, flawed: synchronises when the data say so, noise miscounted */
    DP_FEDERATED_BANDIT_LOCAL,    /**< no synchronisation */
    DP_FEDERATED_BANDIT_PROTOCOLS /**< how many there are */
} dp_federated_bandit_protocol;

/** How much noise. */
typedef enum dp_federated_bandit_calibration {
    DP_FEDERATED_BANDIT_EXACT,       /**< what (epsilon, delta) needs, by the exact curve of Gaussian noise */
    DP_FEDERATED_BANDIT_PAPER,       /**< sigma^2 = 8 N (ln(2/delta) + epsilon) / epsilon^2 */
    DP_FEDERATED_BANDIT_CODE,        /**< sigma^2 = N (ln(1/delta) + epsilon) / epsilon^2: less than is needed */
    DP_FEDERATED_BANDIT_CALIBRATIONS /**< how many there are */
} dp_federated_bandit_calibration;

/** The name of a protocol, e.g. "ldp"; never null. */
const char *dp_federated_bandit_protocol_name(dp_federated_bandit_protocol protocol);

/** The world in which silos act. Its functions are called by several threads, for different silos at the same time. */
typedef struct dp_federated_bandit_environment {
    void *context; /**< given to all functions */
    /** Writes the K x d feature vectors of round @p t (from 1) in silo @p silo (from 0). */
    void (*features)(void *context, size_t silo, size_t t, double *x);
    /** The reward of an arm, in [-1, 1]. */
    double (*reward)(void *context, size_t silo, size_t t, size_t arm, const double *x);
    /** How much worse than the best arm's the mean reward of an arm is; null: regret is not known. */
    double (*gap)(void *context, size_t silo, size_t t, size_t arm, const double *x);
} dp_federated_bandit_environment;

/** What is played. dp_federated_bandit_defaults() gives every member a usable value. */
typedef struct dp_federated_bandit_parameters {
    size_t silos;                                /**< M, 1 to 4096 */
    size_t dimension;                            /**< d, 1 to 256 */
    size_t arms;                                 /**< K, 1 to 100000 */
    size_t rounds;                               /**< T, at least 1 */
    size_t batch;                                /**< B, 1 to T */
    dp_federated_bandit_protocol protocol;       /**< who adds noise */
    dp_federated_bandit_calibration calibration; /**< how much */
    double epsilon;                              /**< above 0, at most 1e4 */
    double delta;                                /**< in (0, 1) */
    double lambda; /**< ridge; at most 0: automatic, max(1, 2 s sqrt(N) (sqrt(d) + sqrt(ln(2 T / (B alpha))))) with
                    *   s^2 the noise variance of an aggregated node */
    double parameter_bound; /**< S >= |theta*|, above 0 */
    double noise_bound;     /**< R: sub-Gaussian constant of rewards, at least 0 */
    double alpha;           /**< failure probability of the confidence ellipsoids, in (0, 1) */
    double radius_scale;    /**< c, at least 0 */
    double radius;          /**< a constant beta_t instead of the formula; NaN: the formula */
    double noise_deviation; /**< sigma instead of the calibrated one; NaN: calibrated. No privacy is claimed then */
    double vector_scale;    /**< SDP_VEC with CODE: the tuned factor, 1 to 10 */
    double trigger;         /**< ADAPTIVE: D, above 0 */
    bool clip;              /**< scale feature vectors of norm above 1 down (counted) instead of refusing them */
    uint64_t seed;          /**< of all noise */
    /** Called with the K upper confidence bounds of a silo's round, before it plays; null: not. */
    void (*watch)(void *self, size_t silo, size_t t, const double *bounds);
    void *self; /**< given to @c watch */
} dp_federated_bandit_parameters;

/** M = 8, d = 5, K = 10, T = 1000, B = 25, NONE, EXACT, epsilon 1, delta 0.01, automatic lambda, S 1, R 0.5, alpha
 * 0.01, scale 1, trigger 10. */
dp_federated_bandit_parameters dp_federated_bandit_defaults(void);

/** What may be claimed, and of which neighbours. */
typedef struct dp_federated_bandit_ledger {
    size_t nodes;      /**< N: in how many released sums a batch is at most */
    double sigma;      /**< standard deviation of a noise (of off-diagonal entries of W: divided by sqrt 2) */
    double aggregate;  /**< of an aggregated node: sqrt(M) sigma for LDP, sigma for CENTRAL */
    double mu;         /**< of one user replaced: sensitivities 2 of U and sqrt 2 of W (Frobenius) over N nodes */
    double epsilon;    /**< as asked for */
    double delta;      /**< that the noise really gives at epsilon; 1 if nothing is proved, 0 for no release */
    bool amplified;    /**< SDP_AMP: whether its lemma's range holds (2 B 2^(N-1) <= sigma) */
    uint64_t messages; /**< SDP_VEC: noise messages n b of one number of the smallest node */
} dp_federated_bandit_ledger;

/** What came of it. Pointers that are not null are arrays of the caller, to be filled. */
typedef struct dp_federated_bandit_result {
    uint32_t *played;                  /**< M x T arms (silo by silo), or null */
    double *regret;                    /**< T numbers: the group's regret up to each round, or null */
    double *shared;                    /**< d x d + d numbers: Ws and Us at the end, or null */
    size_t *synchronised;              /**< @c capacity rounds after which there was a synchronisation, or null */
    size_t capacity;                   /**< of @c synchronised */
    size_t synchronisations;           /**< how many there were */
    double total_regret;               /**< of the group over all rounds; NaN without gaps */
    double lambda;                     /**< in force */
    uint64_t numbers_sent;             /**< doubles sent up and down: 2 M (d + d (d + 1) / 2) each time */
    uint64_t clipped;                  /**< rewards outside [-1, 1] and feature vectors of norm above 1 */
    uint64_t repairs;                  /**< of matrices V that noise had made indefinite: 2 |lambda_min| was added */
    dp_federated_bandit_ledger ledger; /**< what may be claimed */
} dp_federated_bandit_result;

/**
 * Plays T rounds. Ties (within 1e-12 relative of the best bound) go to the lowest index.
 *
 * The same bits for any number of threads or ranks; the CPU levels differ by rounding. ASSAY_OUT_OF_RANGE and
 * ASSAY_INVALID_ARGUMENT for parameters; ASSAY_BAD_DATA for features or rewards that are NaN or infinite, and for
 * features of norm above 1 + 1e-9 without @c clip: then the result is not written.
 */
assay_status dp_federated_bandit_run(const dp_federated_bandit_parameters *parameters,
                                     const dp_federated_bandit_environment *environment,
                                     dp_federated_bandit_result *result);

/** The same by the reference, whatever the CPU level. */
assay_status dp_federated_bandit_reference_run(const dp_federated_bandit_parameters *parameters,
                                               const dp_federated_bandit_environment *environment,
                                               dp_federated_bandit_result *result);

/** How processes share the silos: rank r of P owns silos r M / P to (r + 1) M / P - 1. Every function is called by all
 *  ranks together, in the same order. */
typedef struct dp_federated_bandit_ranks {
    void *self;  /**< given to the functions */
    size_t rank; /**< this process, from 0 */
    size_t size; /**< P, at least 1 and at most M */
    /** Rank r's @p counts[r] numbers, one after the other, to rank 0 (where alone @p all is not null). */
    assay_status (*gather)(void *self, const double *mine, double *all, const size_t *counts);
    /** Rank 0's numbers to all. */
    assay_status (*broadcast)(void *self, double *numbers, size_t count);
} dp_federated_bandit_ranks;

/** dp_federated_bandit_run() over ranks: what is gathered already has the silos' noise, so that rank 0 never sees sums
 *  without it (LDP, SDP_AMP). Every rank gets the result; @c played only of its own silos. ADAPTIVE and SDP_VEC, whose
 *  servers need more than sums, are ASSAY_UNSUPPORTED with more than one rank. */
assay_status dp_federated_bandit_run_ranks(const dp_federated_bandit_parameters *parameters,
                                           const dp_federated_bandit_environment *environment,
                                           const dp_federated_bandit_ranks *ranks, dp_federated_bandit_result *result);

/** The noise that the parameters call for, and the ledger, without playing. */
assay_status dp_federated_bandit_calibrate(const dp_federated_bandit_parameters *parameters,
                                           dp_federated_bandit_ledger *ledger);

/* ---- The tree alone ------------------------------------------------------------------------------------------- */

/** Noisy prefix sums of a sequence of vectors. */
typedef struct dp_federated_bandit_tree dp_federated_bandit_tree;

/** A tree for up to @p length vectors of @p width numbers; noise of a node is @p deviation N(0, 1) for each number,
 * drawn from @p random by node and number. */
assay_status dp_federated_bandit_tree_create(size_t width, size_t length, double deviation, assay_random random,
                                             dp_federated_bandit_tree **tree);

/** Takes the next vector in and gives the noisy sum of all so far; ASSAY_OUT_OF_RANGE beyond @c length. */
assay_status dp_federated_bandit_tree_add(dp_federated_bandit_tree *tree, const double *vector, double *prefix);

/** Releases a tree; null is fine. */
void dp_federated_bandit_tree_release(dp_federated_bandit_tree *tree);

/* ---- The vector sum of the shuffle model alone ------------------------------------------------------------------ */

/** How numbers in [-bound, bound] become messages: each is rounded at random to bound / grid, and Binomial(b, 1/4) more
 *  messages hide it. */
typedef struct dp_federated_bandit_vector {
    size_t records;  /**< n */
    double bound;    /**< L, above 0 */
    uint64_t grid;   /**< g */
    uint64_t trials; /**< n b: noise messages of one number, all records together */
} dp_federated_bandit_vector;

/** What a plan is for. */
typedef struct dp_federated_bandit_vector_task {
    size_t records;     /**< n, at least 1 */
    size_t dimension;   /**< numbers of a record, at least 1 */
    double bound;       /**< L of each number, above 0 */
    double sensitivity; /**< Euclidean distance of two records at most, above 0; 2 L for records in a ball */
    size_t releases;    /**< sums that a record enters, each with noise of its own, at least 1 */
    double epsilon;     /**< for all releases together */
    double delta;       /**< for all releases together */
    dp_federated_bandit_calibration calibration; /**< how the noise is chosen */
    double scale;                                /**< CODE: the tuned factor */
} dp_federated_bandit_vector_task;

/** g = ceil(max(2 sqrt(n), d, 4)) and the noise. EXACT: the least that the privacy loss of the shifted binomial allows,
 *  when the numbers of a record move by whole numbers of length at most sensitivity g / L + sqrt(d), and by at most
 *  2 g each, in each release;
 *  CODE: scale g^2 ln^2(d^2 / delta) / epsilon^2, which proves nothing; PAPER: 24e4 g^2 ln^2(4 (d^2 + 1) / delta) /
 *  epsilon^2. */
assay_status dp_federated_bandit_vector_plan(const dp_federated_bandit_vector_task *task,
                                             dp_federated_bandit_vector *plan);

/** The number of messages of one record's number: floor((x + L) g / L), randomly one more. ASSAY_OUT_OF_RANGE for |x| >
 *  L. */
assay_status dp_federated_bandit_vector_randomize(const dp_federated_bandit_vector *plan, double x, double uniform,
                                                  uint64_t *messages);

/** The noisy sum from the count of all messages (noise included): (L/g) (y - n b / 4) - n L. */
assay_status dp_federated_bandit_vector_analyze(const dp_federated_bandit_vector *plan, uint64_t messages, double *sum);

/* ---- The attack on data-dependent synchronisation ---------------------------------------------------------------- */

/** The first round t at which (t) ln(det(V + sum_{s<=t} x_s x_s^T) / det V) reaches @p trigger, 0 if none of @p rounds
 *  does: what everybody sees of the adaptive protocol. V is the d x d identity if null; @p x is rounds x d. Two users'
 *  data that differ in one record and give different rounds are told apart with certainty. */
assay_status dp_federated_bandit_trigger_round(size_t dimension, const double *v, size_t rounds, const double *x,
                                               double trigger, size_t *round);

/* ---- A world ------------------------------------------------------------------------------------------------------
 */

/** Feature vectors uniform on the unit sphere, theta* as well, rewards -1 or 1 with mean <x, theta*>. */
typedef struct dp_federated_bandit_sphere {
    size_t dimension;  /**< d, up to 256 */
    size_t arms;       /**< K */
    uint64_t seed;     /**< of everything */
    double theta[256]; /**< theta*, set by dp_federated_bandit_make_sphere() */
} dp_federated_bandit_sphere;

/** Makes a world; @p sphere must live as long as @p environment. */
assay_status dp_federated_bandit_make_sphere(size_t dimension, size_t arms, uint64_t seed,
                                             dp_federated_bandit_sphere *sphere,
                                             dp_federated_bandit_environment *environment);

ASSAY_END_DECLARATIONS

#endif
