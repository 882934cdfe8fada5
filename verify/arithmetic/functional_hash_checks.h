/* The checks of functional_hash by file; their table is in functional_hash.c. */
#ifndef ASSAY_VERIFY_FUNCTIONAL_HASH_CHECKS_H
#define ASSAY_VERIFY_FUNCTIONAL_HASH_CHECKS_H

#include "assay/functional_hash_search.h"
#include "assay/verify.h"

#include <string.h>

/* functional_hash_common.c: what several files of checks need. */

/* Graphs' images: the user's data if given, else the committed digits; 600 for training, 400 for validation. Null after
 * a failed check. */
functional_hash_dag_task *functional_hash_digits(verify_context *v);

/* @p count random graphs. */
void functional_hash_random_dags(assay_random random, functional_hash_dag *dags, size_t count);

/* Lines of mutants, each of @p line programs or terms from the empty program or a random term. */
void functional_hash_random_codes(assay_random random, functional_hash_code *codes, size_t count, size_t line);
void functional_hash_random_terms(assay_random random, functional_hash_term *terms, size_t count, size_t line);

/* The number of distinct keys among @p count, which are sorted. */
size_t functional_hash_count_distinct(functional_hash_key *keys, size_t count);

/* One run of evolution, with all its records and candidates. */
typedef struct functional_hash_history {
    functional_hash_search_result result;
    functional_hash_record *records;
    unsigned char *candidates;
    size_t count, capacity, size;
} functional_hash_history;

/* Runs and keeps; false (with the check failed) if it could not. Release in any case. */
bool functional_hash_run_search(verify_context *v, const functional_hash_domain *domain,
                                const functional_hash_search_config *config, uint64_t seed,
                                functional_hash_history *history);
void functional_hash_release_history(functional_hash_history *history);

/* Distinct keys of a history's candidates by an equality. */
size_t functional_hash_distinct_candidates(verify_context *v, const functional_hash_domain *domain,
                                           const functional_hash_history *history, functional_hash_equality equality);

/* functional_hash_oracle.c */
void functional_hash_check_nauty(verify_context *v);
void functional_hash_check_space(verify_context *v);
void functional_hash_check_replay(verify_context *v);
void functional_hash_check_examples(verify_context *v);

/* functional_hash_truth.c */
void functional_hash_check_graph_values(verify_context *v);
void functional_hash_check_graph_fitness(verify_context *v);
void functional_hash_check_code_values(verify_context *v);

/* functional_hash_evolution.c */
void functional_hash_check_evolution(verify_context *v);
void functional_hash_check_odds(verify_context *v);

/* functional_hash_rational.c */
void functional_hash_check_rational_terms(verify_context *v);
void functional_hash_check_rational_programs(verify_context *v);

/* functional_hash_agreement.c */
extern const verify_kernel functional_hash_kernel_rows, functional_hash_kernel_long, functional_hash_kernel_sentinel;
void functional_hash_agree_dag(verify_context *v);
void functional_hash_agree_code(verify_context *v);
void functional_hash_agree_term(verify_context *v);
void functional_hash_agree_cache(verify_context *v);
void functional_hash_agree_search(verify_context *v);

/* functional_hash_laws.c */
void functional_hash_check_invariance_dag(verify_context *v);
void functional_hash_check_invariance_code(verify_context *v);
void functional_hash_check_invariance_term(verify_context *v);
void functional_hash_check_representations(verify_context *v);
void functional_hash_check_coarser(verify_context *v);
void functional_hash_check_accounting(verify_context *v);
void functional_hash_check_trajectory(verify_context *v);
void functional_hash_check_order(verify_context *v);
void functional_hash_check_collisions(verify_context *v);
void functional_hash_check_text(verify_context *v);
void functional_hash_check_streams(verify_context *v);

/* functional_hash_cache_laws.c */
void functional_hash_check_saved(verify_context *v);
void functional_hash_check_failing_together(verify_context *v);
void functional_hash_check_concurrent(verify_context *v);
void functional_hash_check_aggregates(verify_context *v);

/* functional_hash_claims.c */
extern const verify_claim functional_hash_claim_c1, functional_hash_claim_c2, functional_hash_claim_c3,
    functional_hash_claim_c3_trajectory, functional_hash_claim_c3_key, functional_hash_claim_c4,
    functional_hash_claim_c5, functional_hash_claim_c5_programs, functional_hash_claim_c7_wide,
    functional_hash_claim_c7_scalar, functional_hash_claim_c7_fitness, functional_hash_claim_c8,
    functional_hash_claim_c8_elitism;

/* functional_hash_slp_claims.c */
extern const verify_claim functional_hash_claim_c6, functional_hash_claim_c9, functional_hash_claim_c9_best,
    functional_hash_claim_c10, functional_hash_claim_c10_digits, functional_hash_claim_c10_quick;

/* functional_hash_rejections.c */
void functional_hash_check_rejects_mix(verify_context *v);
void functional_hash_check_rejects_cache(verify_context *v);
void functional_hash_check_rejects_files(verify_context *v);
void functional_hash_check_rejects_candidates(verify_context *v);
void functional_hash_check_rejects_search(verify_context *v);

#endif
