/**
 * @file functional_hash_search.h
 * Evolution of candidates of any representation, with evaluations shared between those that are equal.
 *
 * R. Gillard et al., Unified Functional Hashing in Automatic Machine Learning, arXiv:2302.05433.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_SEARCH_H
#define ASSAY_FUNCTIONAL_HASH_SEARCH_H

#include "assay/functional_hash_domains.h"

ASSAY_BEGIN_DECLARATIONS

/**
 * A representation, as evolution sees it: candidates are @c size bytes that can be copied. All functions may be called
 * by several threads at once, with a task that they only read. They give what the functions of
 * functional_hash_domains.h give.
 */
typedef struct functional_hash_domain {
    const char *name;                                                                      /**< e.g. "dag" */
    size_t size;                                                                           /**< bytes of a candidate */
    const void *task;                                                                      /**< given to all of these */
    assay_status (*random)(const void *task, functional_hash_dice *dice, void *candidate); /**< draws one */
    assay_status (*mutate)(const void *task, functional_hash_dice *dice, const void *parent,
                           void *child); /**< makes a child */
    assay_status (*key)(const void *task, const void *candidate, functional_hash_equality equality,
                        const functional_hash_options *options, functional_hash_key *key);    /**< never BY_NOTHING */
    assay_status (*audit)(const void *task, const void *candidate, functional_hash_key *key); /**< an independent key */
    assay_status (*evaluate)(const void *task, const void *candidate, assay_random random,
                             double *fitness); /**< random numbers are for evaluations that are random themselves */
    assay_status (*print)(const void *candidate, char *text, size_t capacity, size_t *length); /**< serialises */
} functional_hash_domain;

/** The task of the domain of graphs. */
typedef struct functional_hash_dag_domain_task {
    const functional_hash_dag_task *images; /**< what is evaluated on */
    functional_hash_dag_view view;          /**< what is hashed */
} functional_hash_dag_domain_task;

/** Candidates are functional_hash_dag. The task must live as long as the domain. */
functional_hash_domain functional_hash_dag_domain(const functional_hash_dag_domain_task *task);

/** Candidates are functional_hash_code. */
functional_hash_domain functional_hash_code_domain(void);

/** Candidates are functional_hash_term. */
functional_hash_domain functional_hash_term_domain(void);

/** The task of the domain of straight-line programs: a configuration of evolved_exp's search, of which the problem, the
 *  operations and what CMA-ES and mutation need matters, and the points of its evaluations. */
typedef struct functional_hash_slp_task functional_hash_slp_task;

/** Makes the task; errors as of evolved_exp_search_create(). */
assay_status functional_hash_slp_task_create(const evolved_exp_search_config *config, functional_hash_slp_task **task);

/** Ends it; null is fine. */
void functional_hash_slp_task_destroy(functional_hash_slp_task *task);

/** Candidates are evolved_exp_program, and start as f(x) = x. An evaluation tunes the constants by CMA-ES from a random
 *  start; the fitness is -log10 of the error over the validation points, at most 20. */
functional_hash_domain functional_hash_slp_domain(const functional_hash_slp_task *task);

/** How candidates come about. */
typedef enum functional_hash_algorithm {
    FUNCTIONAL_HASH_REGULARIZED, /**< the child of the best of a tournament replaces the oldest member */
    FUNCTIONAL_HASH_ELITISM,     /**< it replaces the worst member */
    FUNCTIONAL_HASH_RANDOM       /**< every candidate is drawn afresh */
} functional_hash_algorithm;

/** One candidate of a search. */
typedef struct functional_hash_record {
    uint64_t candidate;            /**< its number, from 0 */
    functional_hash_key key;       /**< by the configured equality */
    functional_hash_lookup lookup; /**< whether it was evaluated */
    double fitness;                /**< as evolution saw it: noisy, cached, or both */
    uint64_t evaluations;          /**< real ones so far */
    double time;                   /**< simulated seconds so far */
} functional_hash_record;

/** The configuration of a search; start from functional_hash_search_default(). At least one of the limits must be set.
 */
typedef struct functional_hash_search_config {
    functional_hash_algorithm algorithm; /**< how candidates come about */
    functional_hash_equality equality;   /**< which of them share evaluations */
    functional_hash_options hash;        /**< of the function's key; the floor may be FUNCTIONAL_HASH_FLOOR_OF_DOMAIN */
    size_t population;                   /**< members, 1 to 65536 */
    size_t tournament;                   /**< distinct members among which the parent is the best, at most population;
                                          *   the youngest if equal */
    double tie;                          /**< fitnesses that differ by at most this count as equal; at least 0. One
                                          *   function written in two ways may have two fitnesses, by rounding */
    size_t batch;                        /**< candidates made at once from one population, 1 to 4096; they are hashed
                                          *   and evaluated on all threads. The paper's is 1; the outcome depends on it,
                                          *   but not on the number of threads */
    uint64_t candidates;                 /**< limit; 0: none */
    uint64_t evaluations;                /**< limit of real ones, reached within a batch or after it; 0: none */
    double time;                         /**< limit in simulated seconds, reached likewise; 0: none */
    double hashing_time;                 /**< simulated seconds for a key, if any; at least 0 */
    double evaluation_time;              /**< simulated seconds for an evaluation; at least 0 */
    double noise;                        /**< standard deviation of what is added to each evaluation; at least 0 */
    uint32_t stored_runs;                /**< 0: noise afresh; else each function (by isomorphism) has so many stored
                                          *   noises, of which each evaluation draws one */
    uint32_t max_evaluations;            /**< as of the cache */
    double remove_probability;           /**< as of the cache */
    functional_hash_aggregate aggregate; /**< as of the cache */
    bool audit;                          /**< as of the cache */
    void (*observe)(void *self, const functional_hash_record *record, const void *candidate); /**< may be null */
    void *self;                                                                               /**< given to observe */
} functional_hash_search_config;

/** Regularized evolution by function, population 50, tournament 10, ties within 1e-9, batch 1, no limit; hashing 10 s,
 * evaluation 400 s; no noise; one evaluation of a key, no removal, mean. */
functional_hash_search_config functional_hash_search_default(void);

/** What a search came to. */
typedef struct functional_hash_search_result {
    uint64_t candidates;                 /**< made */
    uint64_t evaluations;                /**< real ones */
    double time;                         /**< simulated seconds */
    double best_fitness;                 /**< largest that evolution saw; minus infinity if all were that */
    uint64_t best_candidate;             /**< its number, the first one if several */
    functional_hash_cache_counts counts; /**< of the cache; zeros (but lookups and uncached) by nothing */
} functional_hash_search_result;

/**
 * Runs a search. Candidates whose key is that of none get the fitness minus infinity and are neither evaluated nor
 * cached. Proposals, evaluations, their noise and removals each have a random stream of their own, addressed by seed
 * and candidate, so that sharing evaluations does not change what is proposed after equal fitnesses. @p best, which may
 * be null, receives the candidate of best_candidate. ASSAY_OUT_OF_RANGE, naming the member, for a configuration that
 * its comments forbid.
 */
assay_status functional_hash_search_run(const functional_hash_domain *domain,
                                        const functional_hash_search_config *config, uint64_t seed,
                                        functional_hash_search_result *result, void *best);

ASSAY_END_DECLARATIONS

#endif
