/* The checks of hnsw_recall by file; their table is in hnsw_recall.c. */
#ifndef ASSAY_VERIFY_HNSW_RECALL_CHECKS_H
#define ASSAY_VERIFY_HNSW_RECALL_CHECKS_H

#include "assay/hnsw_recall.h"
#include "assay/verify.h"

/* ---- hnsw_recall_inputs.c ---- */

/* n x dimension small integers, -most to most: sums of their products and squares are exact in float32 as long as
 * dimension (2 most)^2 < 2^24, so that every level computes the same distances, with many ties among them. */
float *hnsw_integers(assay_random r, size_t n, size_t dimension, unsigned most);

/* n x dimension standard normal numbers. */
float *hnsw_normals(assay_random r, size_t n, size_t dimension);

/* What an index is to be built of. Null vectors: none could be made. */
typedef struct hnsw_recipe {
    const float *vectors;
    size_t n, dimension;
    hnsw_recall_options options;
    const size_t *order;
} hnsw_recipe;

/* Builds at the level in force; null, with the check failed, if it could not. */
hnsw_recall_index *hnsw_built(verify_context *v, const hnsw_recipe *recipe);

/* Everything about a graph as numbers: entry, levels, and of every list the ids in their order. */
typedef struct hnsw_dump {
    uint32_t *words;
    size_t count;
} hnsw_dump;

/* False, with the check failed, if there is no memory. */
bool hnsw_dump_graph(verify_context *v, const hnsw_recall_index *index, hnsw_dump *dump);

/* Rows of numbers from a data set, or (null name) those of the user's file or, if there is none, of the small set of
 * words: at most `most` of them (0: all). Null, with the check skipped or failed, if there are none. */
float *hnsw_read_rows(verify_context *v, const char *name, size_t most, size_t *n, size_t *dimension);
uint8_t *hnsw_read_bytes(verify_context *v, const char *name, size_t *n);

/* ---- hnsw_recall_oracle.c ---- */
void hnsw_check_example(verify_context *v);
void hnsw_check_levels(verify_context *v);
void hnsw_check_hnswlib_graph(verify_context *v);
void hnsw_check_hnswlib_search(verify_context *v);
void hnsw_check_exact_truth(verify_context *v);
void hnsw_check_lid_truth(verify_context *v);
void hnsw_check_lid_closed_form(verify_context *v);
void hnsw_check_measures(verify_context *v);

/* ---- hnsw_recall_agreement.c ---- */
extern const verify_kernel hnsw_kernel_exact, hnsw_kernel_exact_many, hnsw_kernel_lid;
void hnsw_check_graphs(verify_context *v);
void hnsw_check_rounds(verify_context *v);
void hnsw_check_searches(verify_context *v);
void hnsw_check_near_graphs(verify_context *v);
void hnsw_check_counts(verify_context *v);

/* ---- hnsw_recall_laws.c ---- */
void hnsw_check_structure(verify_context *v);
void hnsw_check_detects(verify_context *v);
void hnsw_check_results(verify_context *v);
void hnsw_check_batch(verify_context *v);
void hnsw_check_stored(verify_context *v);
void hnsw_check_all_found(verify_context *v);
void hnsw_check_exact_ways(verify_context *v);
void hnsw_check_monotone(verify_context *v);
void hnsw_check_invariances(verify_context *v);
void hnsw_check_cosine(verify_context *v);
void hnsw_check_bounds(verify_context *v);
void hnsw_check_lid_invariances(verify_context *v);
void hnsw_check_level_law(verify_context *v);
void hnsw_check_ndcg_order(verify_context *v);
void hnsw_check_orders(verify_context *v);
void hnsw_check_subspaces(verify_context *v);

/* ---- hnsw_recall_trials.c ---- */
void hnsw_check_real_data(verify_context *v);

/* ---- hnsw_recall_files.c ---- */
void hnsw_check_save_load(verify_context *v);
void hnsw_check_grows(verify_context *v);
void hnsw_check_flips(verify_context *v);
void hnsw_check_truncations(verify_context *v);
void hnsw_check_forged(verify_context *v);

/* ---- hnsw_recall_claims.c ---- */
extern const verify_claim hnsw_claim_h1, hnsw_claim_h1_quick, hnsw_claim_h2, hnsw_claim_h3, hnsw_claim_h4,
    hnsw_claim_h5, hnsw_claim_h5_images, hnsw_claim_h6, hnsw_claim_h8;
void hnsw_record_curves(verify_context *v);

/* ---- hnsw_recall_models.c ---- */
extern const verify_claim hnsw_claim_h7, hnsw_claim_h7_places, hnsw_claim_h7_weak, hnsw_claim_h7_worse;

/* ---- hnsw_recall_rejections.c ---- */
void hnsw_check_rejects_create(verify_context *v);
void hnsw_check_rejects_add(verify_context *v);
void hnsw_check_rejects_search(verify_context *v);
void hnsw_check_rejects_exact(verify_context *v);
void hnsw_check_rejects_data(verify_context *v);
void hnsw_check_accepts_empty(verify_context *v);

#endif
