/* local_lipschitz: what is checked. */
#include "verify/networks/local_lipschitz_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracles. */
    {ASSAY_ORACLE, "example", "worked example 2-2-2-1", EVERY_LEVEL, .run = lipschitz_check_example},
    {ASSAY_ORACLE, "enumeration", "tiny random networks, regions by GLPK", .run = lipschitz_check_enumeration},
    {ASSAY_ORACLE, "enumeration_exact", "2-3-3-1, regions by GLPK in rational numbers",
     .run = lipschitz_check_enumeration_exact},
    {ASSAY_ORACLE, "polytopes", "random polytopes, largest balls by GLPK", .run = lipschitz_check_polytopes},
    {ASSAY_ORACLE, "integer_program", "tiny random networks, GLPK's branch and bound", .false_alarm = 1e-7,
     .run = lipschitz_check_integer_program},
    {ASSAY_ORACLE, "mpfr", "random networks, steps 1 to 4 in 256 bits", EVERY_LEVEL, .false_alarm = 1e-12,
     .run = lipschitz_check_mpfr},
    {ASSAY_ORACLE, "rigorous_points", "12 networks at points, in 256 bits", EVERY_LEVEL, .false_alarm = 1e-9,
     .run = lipschitz_check_rigorous},
    {ASSAY_ORACLE, "rigorous_boxes", "3 networks on boxes, in 256 bits", EVERY_LEVEL, .false_alarm = 1e-12,
     .run = lipschitz_check_rigorous_boxes},
    {ASSAY_ORACLE, "convolution", "convolutions against the same layers as matrices", EVERY_LEVEL,
     .run = lipschitz_check_convolution},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "bounds", "1-1-1 to 9-33-31-7-5-3, all methods", EVERY_LEVEL, .false_alarm = 1e-11,
     .run = lipschitz_check_agreement_small},
    {ASSAY_AGREEMENT, "options", "6-19-14-9-3, all methods", EVERY_LEVEL, .false_alarm = 1e-11,
     .run = lipschitz_check_agreement_options},
    {ASSAY_AGREEMENT, "bounds_convolution", "two convolutions and two dense layers", EVERY_LEVEL, .false_alarm = 1e-11,
     .run = lipschitz_check_agreement_convolution},
    {ASSAY_AGREEMENT, "bounds_wide", "widths that OpenBLAS and threads work on", EVERY_LEVEL, .false_alarm = 1e-11,
     .run = lipschitz_check_agreement_wide},
    {ASSAY_AGREEMENT, "search", "40 splits, batches of 1, 3 and 8", EVERY_LEVEL, .false_alarm = 2e-8,
     .run = lipschitz_check_agreement_search},

    /* Laws. */
    {ASSAY_LAW, "sandwich", "sampled <= exact <= search <= LINEAR <= RECURJAC <= INTERVAL <= NAIVE", EVERY_LEVEL,
     .run = lipschitz_check_sandwich},
    {ASSAY_LAW, "containment", "random networks, sampled Jacobians and values", EVERY_LEVEL,
     .run = lipschitz_check_containment},
    {ASSAY_LAW, "box_monotone", "nested boxes", EVERY_LEVEL, .run = lipschitz_check_box_monotone},
    {ASSAY_LAW, "point_box", "low = high", EVERY_LEVEL, .false_alarm = 2e-9, .run = lipschitz_check_point_box},
    {ASSAY_LAW, "stable", "all signs known", EVERY_LEVEL, .run = lipschitz_check_stable},
    {ASSAY_LAW, "scaling", "a layer scaled, a neuron scaled and scaled back", EVERY_LEVEL, .false_alarm = 1e-9,
     .run = lipschitz_check_scaling},
    {ASSAY_LAW, "permutation", "neurons in another order, equal outputs", EVERY_LEVEL,
     .run = lipschitz_check_permutation},
    {ASSAY_LAW, "single_layer", "n = 1", EVERY_LEVEL, .run = lipschitz_check_single_layer},
    {ASSAY_LAW, "trace", "the search's bounds fall", EVERY_LEVEL, .run = lipschitz_check_trace},
    {ASSAY_LAW, "leaf", "a search that ends gives a product with known signs", EVERY_LEVEL,
     .run = lipschitz_check_leaf},
    {ASSAY_LAW, "certificate", "changes of outputs between random points", EVERY_LEVEL,
     .run = lipschitz_check_certificate},
    {ASSAY_LAW, "alpha", "lower slopes by the gradient", EVERY_LEVEL, .run = lipschitz_check_alpha},
    {ASSAY_LAW, "euclidean", "bounds in the l_2 norm", EVERY_LEVEL, .run = lipschitz_check_euclidean},
    {ASSAY_LAW, "monotone", "slopes of what is proved to be monotone", EVERY_LEVEL, .run = lipschitz_check_monotone},
    {ASSAY_LAW, "memory", "calls of every method leave nothing behind", EVERY_LEVEL, .run = lipschitz_check_memory},

    /* Claims. */
    {ASSAY_CLAIM, "C1", "12 leaders: 6 networks 2-12-12-3", .claim = &lipschitz_claim_c1_mean},
    {ASSAY_CLAIM, "C1_worst", "12 leaders: 6 networks 2-12-12-3", VERIFY_FULL, .claim = &lipschitz_claim_c1_worst},
    {ASSAY_CLAIM, "C1_search", "12 leaders: 6 networks 2-12-12-3", VERIFY_FULL, .claim = &lipschitz_claim_c1_search},
    {ASSAY_CLAIM, "C2", "digits: 6 networks, 2 boxes, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c2_order},
    {ASSAY_CLAIM, "C2_recurjac", "digits: 5 networks, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c2_recurjac},
    {ASSAY_CLAIM, "C2_naive", "digits: 5 networks, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c2_naive},
    {ASSAY_CLAIM, "C3_naive", "digits: 3 depths, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c3_naive},
    {ASSAY_CLAIM, "C3_recurjac", "digits: 3 depths, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c3_recurjac},
    {ASSAY_CLAIM, "C4", "digits: 64-32-32-10, 3 images", .claim = &lipschitz_claim_c4},
    {ASSAY_CLAIM, "C5", "60 random networks a seed", .claim = &lipschitz_claim_c5},
    {ASSAY_CLAIM, "C6_interval", "breast cancer: 30-32-32-2, 20 samples, 30 features", VERIFY_FULL,
     .claim = &lipschitz_claim_c6_interval},
    {ASSAY_CLAIM, "C6_recurjac", "breast cancer: 30-32-32-2, 20 samples, 30 features", VERIFY_FULL,
     .claim = &lipschitz_claim_c6_recurjac},
    {ASSAY_CLAIM, "C6_sampled", "breast cancer: 30-32-32-2, 20 samples, 30 features", VERIFY_FULL,
     .claim = &lipschitz_claim_c6_sampled},
    {ASSAY_CLAIM, "C7", "digits: 64-32-32-10, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c7_each},
    {ASSAY_CLAIM, "C7_most", "digits: 64-32-32-10, 3 images", VERIFY_FULL, .claim = &lipschitz_claim_c7_most},
    {ASSAY_CLAIM, "C8_medium", "mnist: 784-256-256-10, one image", VERIFY_FULL, .claim = &lipschitz_claim_c8_medium},
    {ASSAY_CLAIM, "C8_large", "mnist: 784-512-512-512-512-10, one image", VERIFY_FULL,
     .claim = &lipschitz_claim_c8_large},
    {ASSAY_CLAIM, "C8_refused", "digits: 64-64-64-10, enumeration", VERIFY_FULL, .claim = &lipschitz_claim_c8_refused},

    /* Curves for the report; each also holds something. */
    {ASSAY_LAW, "curves", "digits: bounds over depth, the search's progress", VERIFY_FULL,
     .run = lipschitz_record_curves},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_networks", "other activations, orders, sizes, parameters", EVERY_LEVEL,
     .run = lipschitz_check_rejects_networks},
    {ASSAY_REJECTION, "rejects_arguments", "boxes, rows, methods, options, null pointers", EVERY_LEVEL,
     .run = lipschitz_check_rejects_arguments},
    {ASSAY_REJECTION, "rejects_search", "settings of the search", EVERY_LEVEL, .run = lipschitz_check_rejects_search},
    {ASSAY_REJECTION, "overflow", "bounds beyond double", EVERY_LEVEL, .run = lipschitz_check_overflow},
};

VERIFY_CHECKS(local_lipschitz, checks);
