/* lora_gradient: what is checked. */
#include "verify/attention/lora_gradient_checks.h"

#define EVERY_LEVEL .every_level = true

static const char random_tokens[] = "150 random tokens, d = 4, r = 2, Gamma = 1";

static const verify_check checks[] = {
    /* Oracle. */
    {ASSAY_ORACLE, "example", "2 tokens, d = 1, worked out by hand", EVERY_LEVEL, .run = lora_check_example},
    {ASSAY_ORACLE, "mpfr", "8 shapes of up to 64 tokens, in 200 bits", EVERY_LEVEL, .run = lora_check_truth},
    {ASSAY_ORACLE, "mpfr_f32", "8 shapes of up to 64 tokens, in 200 bits", EVERY_LEVEL, .run = lora_check_truth_f32},
    {ASSAY_ORACLE, "differences", "64 random tokens, every number of every adapter", EVERY_LEVEL, .false_alarm = 1e-15,
     .run = lora_check_differences},
    {ASSAY_ORACLE, "degrees", "largest ranges for eps = 1e-3, degrees 1 to 8", .run = lora_check_degrees},
    {ASSAY_ORACLE, "polynomial", "coefficients up to degree 20, in 200 bits", .run = lora_check_polynomial},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "exact", "13 shapes, partial or full", EVERY_LEVEL, .run = lora_check_exact},
    {ASSAY_AGREEMENT, "exact_f32", "13 shapes, partial or full", EVERY_LEVEL, .run = lora_check_exact_f32},
    {ASSAY_AGREEMENT, "materialised", "5 shapes", .run = lora_check_materialised},
    {ASSAY_AGREEMENT, "approximate", "8 shapes, chained and by moments, partial and full", EVERY_LEVEL,
     .run = lora_check_approximate},
    {ASSAY_AGREEMENT, "approximate_f32", "8 shapes, chained and by moments, partial and full", EVERY_LEVEL,
     .run = lora_check_approximate_f32},
    {ASSAY_AGREEMENT, "repeatable", "1500 tokens: the same bits for 1, 2 and 5 threads", EVERY_LEVEL,
     .run = lora_check_repeatable},

    /* Laws. */
    {ASSAY_LAW, "close_to_exact", random_tokens, EVERY_LEVEL, .run = lora_check_close_to_exact},
    {ASSAY_LAW, "output_bound", random_tokens, EVERY_LEVEL, .run = lora_check_output_bound},
    {ASSAY_LAW, "balance", random_tokens, EVERY_LEVEL, .run = lora_check_balance},
    {ASSAY_LAW, "zero_factor", random_tokens, EVERY_LEVEL, .false_alarm = 1e-12, .run = lora_check_zero_factor},
    {ASSAY_LAW, "zero_residual", random_tokens, EVERY_LEVEL, .run = lora_check_zero_residual},
    {ASSAY_LAW, "single_token", "1 token, d = 1 to 12", EVERY_LEVEL, .run = lora_check_single_token},
    {ASSAY_LAW, "common_shift", random_tokens, EVERY_LEVEL, .run = lora_check_common_shift},
    {ASSAY_LAW, "key_order", random_tokens, EVERY_LEVEL, .run = lora_check_key_order},
    {ASSAY_LAW, "query_order", random_tokens, EVERY_LEVEL, .run = lora_check_query_order},
    {ASSAY_LAW, "scaling", random_tokens, EVERY_LEVEL, .run = lora_check_scaling},
    {ASSAY_LAW, "polynomial_error", "6 ranges, 3 errors, both kinds", .run = lora_check_polynomial_error},
    {ASSAY_LAW, "features", "widths and degrees up to 30; monotony", .run = lora_check_features},
    {ASSAY_LAW, "threshold", "6 shapes: on either side of it", .run = lora_check_threshold},
    {ASSAY_LAW, "text", "4096 words of licence texts, 4 components", VERIFY_FULL, .run = lora_check_text},

    /* Claims. */
    {ASSAY_CLAIM, "P1", "random tokens, d = 4, r = 2", .claim = &lora_claim_p1},
    {ASSAY_CLAIM, "P1_moments", "random tokens, d = 4, r = 2", .claim = &lora_claim_p1_moments},
    {ASSAY_CLAIM, "P1_operations", "random tokens, d = 4, r = 2", .claim = &lora_claim_p1_operations},
    {ASSAY_CLAIM, "P1_exact", "random tokens, d = 4, r = 2", .claim = &lora_claim_p1_exact},
    {ASSAY_CLAIM, "P2", "random tokens, d = 4, r = 2", .claim = &lora_claim_p2},
    {ASSAY_CLAIM, "P2_ratio", "16384 random tokens, d = 4, r = 2", .claim = &lora_claim_p2_ratio},
    {ASSAY_CLAIM, "P3", "64 random tokens, d = 4, r = 2", .claim = &lora_claim_p3},
    {ASSAY_CLAIM, "P4", "flop model", .claim = &lora_claim_p4},
    {ASSAY_CLAIM, "P5_below", "1024 random tokens, d = 5, r = 1", .claim = &lora_claim_p5_below},
    {ASSAY_CLAIM, "P5_above", "1024 random tokens, d = 5, r = 1", .claim = &lora_claim_p5_above},
    {ASSAY_CLAIM, "P6", "8192 random tokens, d = 8", VERIFY_FULL, .claim = &lora_claim_p6},
    {ASSAY_CLAIM, "P6_operations", "512 random tokens, d = 8", .claim = &lora_claim_p6_operations},
    {ASSAY_CLAIM, "P7_features", "digits, or the user's tokens", .claim = &lora_claim_p7_features},
    {ASSAY_CLAIM, "P7_slower", "digits, or the user's tokens", VERIFY_FULL, .claim = &lora_claim_p7_slower},
    {ASSAY_CLAIM, "P7_speed", "digits, or the user's tokens", VERIFY_FULL, .claim = &lora_claim_p7_speed},
    {ASSAY_CLAIM, "P7_error", "digits, or the user's tokens", .claim = &lora_claim_p7_error},

    /* Curves for the report; it also holds something. */
    {ASSAY_LAW, "transition", "1024 random tokens, d = 5, Gamma from 0.5 to 3", .run = lora_record_transition},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_problem", "sizes, scales, null pointers, modes", EVERY_LEVEL,
     .run = lora_check_rejects_problem},
    {ASSAY_REJECTION, "rejects_numbers", "NaN and infinities in every array", EVERY_LEVEL,
     .run = lora_check_rejects_numbers},
    {ASSAY_REJECTION, "rejects_overlap", "outputs over inputs and outputs", EVERY_LEVEL,
     .run = lora_check_rejects_overlap},
    {ASSAY_REJECTION, "rejects_options", "every option out of its range", EVERY_LEVEL,
     .run = lora_check_rejects_options},
    {ASSAY_REJECTION, "rejects_features", "too many features, too high a degree, a negative row sum", EVERY_LEVEL,
     .run = lora_check_rejects_features},
    {ASSAY_REJECTION, "rejects_polynomials", "kind, degree, range, eps, null", .run = lora_check_rejects_polynomials},
};

VERIFY_CHECKS(lora_gradient, checks);
