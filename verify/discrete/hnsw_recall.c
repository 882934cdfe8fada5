/* hnsw_recall: what is checked. */
#include "verify/discrete/hnsw_recall_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracle: the worked example, hnswlib, double, MPFR. */
    {ASSAY_ORACLE, "example", "7 points on a line", EVERY_LEVEL, .run = hnsw_check_example},
    {ASSAY_ORACLE, "levels", "the first 20 for seed 100 and M = 8", .run = hnsw_check_levels},
    {ASSAY_ORACLE, "hnswlib_graph", "6 sets of 40 to 1200 normal vectors: every list", .run = hnsw_check_hnswlib_graph},
    {ASSAY_ORACLE, "hnswlib_search", "100 queries to each of the same", .run = hnsw_check_hnswlib_search},
    {ASSAY_ORACLE, "exact", "700 normal vectors of 3, 50 and 100 numbers, against double", EVERY_LEVEL,
     .run = hnsw_check_exact_truth},
    {ASSAY_ORACLE, "lid", "100 random rows of 20 integers, in MPFR", EVERY_LEVEL, .run = hnsw_check_lid_truth},
    {ASSAY_ORACLE, "lid_closed_form", "distances c i^(1/d)", .run = hnsw_check_lid_closed_form},
    {ASSAY_ORACLE, "measures", "small examples of recall and NDCG", .run = hnsw_check_measures},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "graph", "10 sets of integer vectors: every list, bit for bit", EVERY_LEVEL,
     .run = hnsw_check_graphs},
    {ASSAY_AGREEMENT, "graph_rounds", "3 sets of integer vectors, by rounds and threads", EVERY_LEVEL,
     .run = hnsw_check_rounds},
    {ASSAY_AGREEMENT, "search", "4 sets of integer vectors, 40 queries", EVERY_LEVEL, .run = hnsw_check_searches},
    {ASSAY_AGREEMENT, "graph_rounding", "1000 normal vectors of 100 numbers: 99 % of the lists", EVERY_LEVEL,
     .run = hnsw_check_near_graphs},
    {ASSAY_AGREEMENT, "counts", "elements looked at and lists read", EVERY_LEVEL, .run = hnsw_check_counts},
    {ASSAY_AGREEMENT, "exact_search", .kernel = &hnsw_kernel_exact},
    {ASSAY_AGREEMENT, "exact_search_many", .kernel = &hnsw_kernel_exact_many},
    {ASSAY_AGREEMENT, "local_dimension", .kernel = &hnsw_kernel_lid},
    {ASSAY_AGREEMENT, "save_load", "300 vectors, 3 metrics", EVERY_LEVEL, .run = hnsw_check_save_load},
    {ASSAY_AGREEMENT, "grows", "400 vectors, saved halfway", EVERY_LEVEL, .run = hnsw_check_grows},

    /* Laws. */
    {ASSAY_LAW, "structure", "1 to 500 vectors, most of them several times, 4 variants", EVERY_LEVEL,
     .run = hnsw_check_structure},
    {ASSAY_LAW, "detects", "12 kinds of damage are found", .run = hnsw_check_detects},
    {ASSAY_LAW, "results", "distinct, in order, right distances", EVERY_LEVEL, .run = hnsw_check_results},
    {ASSAY_LAW, "batch", "a batch of queries gives what each gives alone", EVERY_LEVEL, .run = hnsw_check_batch},
    {ASSAY_LAW, "stored", "500 stored vectors find themselves", EVERY_LEVEL, .run = hnsw_check_stored},
    {ASSAY_LAW, "exact_ways", "one query alone, and with others: the same bits", EVERY_LEVEL,
     .run = hnsw_check_exact_ways},
    {ASSAY_LAW, "all_found", "ef = n: the exact order", EVERY_LEVEL, .run = hnsw_check_all_found},
    {ASSAY_LAW, "monotone", "recall rises with ef from 10 to 640", .run = hnsw_check_monotone},
    {ASSAY_LAW, "invariances", "translation, exchange of coordinates, scaling: the same graph", EVERY_LEVEL,
     .run = hnsw_check_invariances},
    {ASSAY_LAW, "cosine", "the graph is that of products of normalised vectors", EVERY_LEVEL, .run = hnsw_check_cosine},
    {ASSAY_LAW, "bounds", "no bound rules out what it must not, lengths of 2^-30 to 2^30", EVERY_LEVEL,
     .run = hnsw_check_bounds},
    {ASSAY_LAW, "lid_invariances", "scaling and translation", EVERY_LEVEL, .run = hnsw_check_lid_invariances},
    {ASSAY_LAW, "level_distribution", "100,000 draws, M = 2, 8, 16", .false_alarm = 1e-8, .run = hnsw_check_level_law},
    {ASSAY_LAW, "ndcg_order", "all sets of hits among 10 ranks", .run = hnsw_check_ndcg_order},
    {ASSAY_LAW, "orders", "300 elements with equal keys and NaN", .run = hnsw_check_orders},
    {ASSAY_LAW, "subspaces", "400 rows of 70 numbers in 12 dimensions", .false_alarm = 1e-8,
     .run = hnsw_check_subspaces},
    {ASSAY_LAW, "flips", "every bit of a file of 40 elements", .run = hnsw_check_flips},
    {ASSAY_LAW, "real_data", "5000 word vectors, or --data FILE", .run = hnsw_check_real_data},

    /* Claims. */
    {ASSAY_CLAIM, "H1", "subspaces, 10,000 vectors", VERIFY_FULL, .claim = &hnsw_claim_h1},
    {ASSAY_CLAIM, "H1_2000", "subspaces, 2000 vectors", .claim = &hnsw_claim_h1_quick},
    {ASSAY_CLAIM, "H2", "20,000 words", VERIFY_FULL, .claim = &hnsw_claim_h2},
    {ASSAY_CLAIM, "H3", "9000 images", VERIFY_FULL, .claim = &hnsw_claim_h3},
    {ASSAY_CLAIM, "H4", "mixture, 12,000 vectors", VERIFY_FULL, .claim = &hnsw_claim_h4},
    {ASSAY_CLAIM, "H5", "mixture, 12,000 vectors", VERIFY_FULL, .claim = &hnsw_claim_h5},
    {ASSAY_CLAIM, "H5_images", "9000 images", VERIFY_FULL, .claim = &hnsw_claim_h5_images},
    {ASSAY_CLAIM, "H6", "subspace, 10,000 vectors", VERIFY_FULL, .claim = &hnsw_claim_h6},
    {ASSAY_CLAIM, "H7", "9000 images, 15 models", VERIFY_FULL, .claim = &hnsw_claim_h7},
    {ASSAY_CLAIM, "H7_places", "9000 images, 15 models", VERIFY_FULL, .claim = &hnsw_claim_h7_places},
    {ASSAY_CLAIM, "H7_weak", "9000 images, 15 models", VERIFY_FULL, .claim = &hnsw_claim_h7_weak},
    {ASSAY_CLAIM, "H7_worse", "9000 images, 15 models", VERIFY_FULL, .claim = &hnsw_claim_h7_worse},
    {ASSAY_CLAIM, "H8", "50,000 words", VERIFY_FULL, .claim = &hnsw_claim_h8},

    /* Curves for the report; each also holds something. */
    {ASSAY_LAW, "curves", "recall over speed and dimension, degrees", VERIFY_FULL, .run = hnsw_record_curves},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_create", "sizes and options", .run = hnsw_check_rejects_create},
    {ASSAY_REJECTION, "rejects_add", "vectors, labels, orders, room", EVERY_LEVEL, .run = hnsw_check_rejects_add},
    {ASSAY_REJECTION, "rejects_search", "queries, k, ef, ids, files that are not there", EVERY_LEVEL,
     .run = hnsw_check_rejects_search},
    {ASSAY_REJECTION, "rejects_exact", "rows, k, sizes", EVERY_LEVEL, .run = hnsw_check_rejects_exact},
    {ASSAY_REJECTION, "rejects_data", "synthetic data, orders, measures", .run = hnsw_check_rejects_data},
    {ASSAY_REJECTION, "accepts_empty", "an empty index answers, is saved and loaded", EVERY_LEVEL,
     .run = hnsw_check_accepts_empty},
    {ASSAY_REJECTION, "rejects_truncated", "a file of 40 elements cut off at every byte",
     .run = hnsw_check_truncations},
    {ASSAY_REJECTION, "rejects_forged", "44 forgeries with right CRCs, and every byte changed",
     .run = hnsw_check_forged},
};

VERIFY_CHECKS(hnsw_recall, checks);
