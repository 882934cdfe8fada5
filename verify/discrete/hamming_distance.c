/* hamming_distance: what is checked. */
#include "verify/discrete/hamming_distance_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracle. */
    {ASSAY_ORACLE, "examples", "worked examples", EVERY_LEVEL, .run = hamming_check_examples},
    {ASSAY_ORACLE, "period_example", "the worked example by every period", .run = hamming_check_period_example},
    {ASSAY_ORACLE, "repair_example", "the worked example of the repair", .run = hamming_check_repair_example},
    {ASSAY_ORACLE, "definition", "all pairs of 13 lengths, every method", EVERY_LEVEL, .run = hamming_check_definition},
    {ASSAY_ORACLE, "kronecker", "9 inputs, every method, against products of large integers", EVERY_LEVEL,
     .run = hamming_check_kronecker},

    {ASSAY_ORACLE, "off_integers", "70 lengths, every place", EVERY_LEVEL, .run = hamming_check_off_integers},
    {ASSAY_ORACLE, "float64", "transforms of 2^21 numbers", .run = hamming_check_float64},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "simd", .kernel = &hamming_kernel_simd},
    {ASSAY_AGREEMENT, "simd_u16", .kernel = &hamming_kernel_simd_u16},
    {ASSAY_AGREEMENT, "dna2", .kernel = &hamming_kernel_dna2},
    {ASSAY_AGREEMENT, "sliced", .kernel = &hamming_kernel_sliced},
    {ASSAY_AGREEMENT, "sliced_u16", .kernel = &hamming_kernel_sliced_u16},
    {ASSAY_AGREEMENT, "fft_all", .kernel = &hamming_kernel_fft_all},
    {ASSAY_AGREEMENT, "abrahamson", .kernel = &hamming_kernel_abrahamson},
    {ASSAY_AGREEMENT, "las_vegas", .kernel = &hamming_kernel_las_vegas},
    {ASSAY_AGREEMENT, "auto", .kernel = &hamming_kernel_auto},
    {ASSAY_AGREEMENT, "bounded", .kernel = &hamming_kernel_bounded},
    {ASSAY_AGREEMENT, "bounded_u16", .kernel = &hamming_kernel_bounded_u16},
    {ASSAY_AGREEMENT, "product", .kernel = &hamming_kernel_product},
    {ASSAY_AGREEMENT, "methods", "5 inputs, every method", EVERY_LEVEL, .run = hamming_check_methods_agree},
    {ASSAY_AGREEMENT, "long_patterns", "up to 266,465 symbols, every method", VERIFY_FULL, EVERY_LEVEL,
     .run = hamming_check_long_patterns},
    {ASSAY_AGREEMENT, "pattern_in_parts", "262,465 symbols", EVERY_LEVEL, .run = hamming_check_pattern_in_parts},
    {ASSAY_AGREEMENT, "options", "11 settings", EVERY_LEVEL, .run = hamming_check_options_agree},
    {ASSAY_AGREEMENT, "counters", "the same for 1, 2 and 5 threads", EVERY_LEVEL, .run = hamming_check_counters},
    {ASSAY_AGREEMENT, "bounded_inputs", "6 inputs", EVERY_LEVEL, .run = hamming_check_bounded_agrees},
    {ASSAY_AGREEMENT, "approximate", "2 estimators", EVERY_LEVEL, .run = hamming_check_approximate_agrees},
    {ASSAY_AGREEMENT, "classes", "the largest distance of classes", EVERY_LEVEL, .run = hamming_check_classes},
    {ASSAY_AGREEMENT, "karloff", "16 repetitions", EVERY_LEVEL, .run = hamming_check_karloff_agrees},
    {ASSAY_AGREEMENT, "products", "4 shapes", EVERY_LEVEL, .run = hamming_check_product_agrees},

    /* Laws. */
    {ASSAY_LAW, "range", "0 to m, and 0 exactly where the strings are equal", EVERY_LEVEL, .run = hamming_check_range},
    {ASSAY_LAW, "reversal", "both strings reversed", EVERY_LEVEL, .run = hamming_check_reversal},
    {ASSAY_LAW, "relabelling", "symbols renamed and merged", EVERY_LEVEL, .run = hamming_check_relabelling},
    {ASSAY_LAW, "sum", "over all shifts, by prefix counts", EVERY_LEVEL, .run = hamming_check_sum},
    {ASSAY_LAW, "additivity", "a pattern in two parts", EVERY_LEVEL, .run = hamming_check_additivity},
    {ASSAY_LAW, "triangle", "two patterns", EVERY_LEVEL, .run = hamming_check_triangle},
    {ASSAY_LAW, "period_identity", "50 random inputs and periods", .run = hamming_check_period_identity},
    {ASSAY_LAW, "certificate", "deficits of 3 primes for 5 moduli", .run = hamming_check_certificate},
    {ASSAY_LAW, "bounded_monotone", "7 bounds on 9 inputs", EVERY_LEVEL, .run = hamming_check_bounded_monotone},
    {ASSAY_LAW, "lower_bound", "the largest estimate on 9 inputs", EVERY_LEVEL, .run = hamming_check_lower_bound},
    {ASSAY_LAW, "product_row", "a row of an equality product", EVERY_LEVEL, .run = hamming_check_product_row},
    {ASSAY_LAW, "karloff_mean", "1024 repetitions at 61 shifts", EVERY_LEVEL, .false_alarm = 1.9e-8,
     .run = hamming_check_karloff_mean},

    /* Claims. */
    {ASSAY_CLAIM, "C1", "7 kinds of text, 3 moduli", .claim = &hamming_claim_c1},
    {ASSAY_CLAIM, "C2", "hard family, m = 2^12", .claim = &hamming_claim_c2},
    {ASSAY_CLAIM, "C2_long", "hard family, m = 2^12 to 2^16", VERIFY_FULL, .claim = &hamming_claim_c2_long},
    {ASSAY_CLAIM, "C3", "noisy periodic texts", .claim = &hamming_claim_c3},
    {ASSAY_CLAIM, "C4", "4 kinds of text", .claim = &hamming_claim_c4},
    {ASSAY_CLAIM, "C4_transforms", "1000 symbols", .claim = &hamming_claim_c4_transforms},
    {ASSAY_CLAIM, "C5", "none", .claim = &hamming_claim_c5},
    {ASSAY_CLAIM, "C6", "DNA", VERIFY_FULL, .claim = &hamming_claim_c6},
    {ASSAY_CLAIM, "C6_dna2", "DNA", VERIFY_FULL, .claim = &hamming_claim_c6_dna2},
    {ASSAY_CLAIM, "C7", "14 workloads", VERIFY_FULL, .claim = &hamming_claim_c7},
    {ASSAY_LAW, "growth", "hard family, m = 2^10 to 2^14", VERIFY_FULL, .run = hamming_record_exponents},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_strings", "null, empty, short, long, misaligned, overlapping", EVERY_LEVEL,
     .run = hamming_check_rejects_strings},
    {ASSAY_REJECTION, "rejects_options", "methods, symbols of DNA, moduli, blocks, filters", EVERY_LEVEL,
     .run = hamming_check_rejects_options},
    {ASSAY_REJECTION, "rejects_estimates", "epsilon, repetitions, estimator", EVERY_LEVEL,
     .run = hamming_check_rejects_estimates},
    {ASSAY_REJECTION, "rejects_product", "null, empty, large, overlapping", EVERY_LEVEL,
     .run = hamming_check_rejects_product},
};

VERIFY_CHECKS(hamming_distance, checks);
