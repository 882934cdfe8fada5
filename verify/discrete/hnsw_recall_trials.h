/* Trials: an index is built, asked, and its recall measured; what the claims of hnsw_recall are made of. */
#ifndef ASSAY_VERIFY_HNSW_RECALL_TRIALS_H
#define ASSAY_VERIFY_HNSW_RECALL_TRIALS_H

#include "verify/discrete/hnsw_recall_checks.h"

enum { HNSW_K = 10 };

/* Vectors to be indexed, queries after them, and their exact neighbours. */
typedef struct hnsw_trial {
    float *x; /* n + queries rows */
    size_t n, queries, dimension;
    hnsw_recall_metric metric;
    uint64_t *exact; /* queries x HNSW_K */
    double *lid;     /* of the n rows, normalised for the cosine; null until asked for */
} hnsw_trial;

/* The fixed parameters of the claims. */
typedef struct hnsw_setting {
    size_t m, ef_construction, ef;
} hnsw_setting;

extern const hnsw_setting hnsw_usual_setting; /* 16, 128, 40 */

/* Takes x over and finds the exact neighbours; false, with the claim noted as not measurable, if x is null or it fails.
 */
bool hnsw_prepare_trial(verify_context *v, float *x, size_t n, size_t queries, size_t dimension,
                        hnsw_recall_metric metric, hnsw_trial *trial);
void hnsw_release_trial(hnsw_trial *trial);

/* n + 1000 rows of a subspace, and of the mixture. */
bool hnsw_subspace_trial(verify_context *v, uint64_t seed, size_t n, size_t intrinsic, hnsw_trial *trial);
bool hnsw_mixture_trial(verify_context *v, uint64_t seed, size_t n, hnsw_trial *trial);

/* The first n + 1000 rows of a data set. */
bool hnsw_data_trial(verify_context *v, const char *name, size_t n, hnsw_recall_metric metric, hnsw_trial *trial);

/* An index of the trial's vectors in an order (null: as they are); null, with a note, if it failed. Element after
 * element, as published: by rounds, whose elements know each other, most of the effect of the order is gone. */
hnsw_recall_index *hnsw_trial_index(verify_context *v, const hnsw_trial *trial, const hnsw_setting *setting,
                                    const size_t *order, uint64_t seed);

/* recall@10 of an index, of which `ef` are looked at. */
double hnsw_trial_recall(verify_context *v, const hnsw_trial *trial, const hnsw_recall_index *index, size_t ef);

/* Both. */
double hnsw_recall_in_order(verify_context *v, const hnsw_trial *trial, const hnsw_setting *setting,
                            const size_t *order, uint64_t seed);

/* The same in the orders asked for by a set of bits, 1 << hnsw_recall_ordering; by `keys`, or (null) by local intrinsic
 * dimension. */
bool hnsw_recall_by_order(verify_context *v, hnsw_trial *trial, const hnsw_setting *setting, const double *keys,
                          uint64_t seed, unsigned orders, double recall[4]);

#endif
