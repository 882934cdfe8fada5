/* The checks of lora_gradient, by file; the table is in lora_gradient.c. */
#ifndef ASSAY_LORA_GRADIENT_CHECKS_H
#define ASSAY_LORA_GRADIENT_CHECKS_H

#include "assay/verify.h"
#include "verify/attention/lora_gradient_bars.h"
#include "verify/attention/lora_gradient_problems.h"

enum {
    LORA_Q = LORA_GRADIENT_QUERY,
    LORA_K = LORA_GRADIENT_KEY,
    LORA_V = LORA_GRADIENT_VALUE,
    LORA_PART_COUNT = LORA_GRADIENT_PARTS
};

extern const char *const lora_part_names[LORA_PART_COUNT];

/* ||x - y|| / ||y||; 0 if both are 0. */
double lora_relative(const double *x, const double *y, size_t n);

/* Copies of the gradients of a case, [part][a, b], and its output and loss. */
typedef struct lora_snapshot {
    double *a[LORA_PART_COUNT], *b[LORA_PART_COUNT], *output;
    double loss;
    void *memory;
} lora_snapshot;

/* Keeps the results of a case; false, with the check failed, if memory is short. */
bool lora_keep(verify_context *v, const lora_case *x, lora_snapshot *kept);
void lora_release_snapshot(lora_snapshot *kept);

/* The largest lora_relative() over the gradients that the mode trains: those of the case against the kept ones. */
double lora_distance(const lora_case *x, lora_gradient_mode mode, const lora_snapshot *kept);

/* The largest |x - y| over all gradients of the mode, in units of the largest bar of each. */
double lora_deviation(const lora_case *x, lora_gradient_mode mode, const lora_snapshot *kept, const lora_bars *bars);

/* Median of @p n times; sorts them. */
double lora_median(double *x, size_t n);

/* Seconds that this thread has computed: what others do on a shared machine counts less than by the clock. */
double lora_seconds(void);

/* Oracles. */
void lora_check_example(verify_context *v);
void lora_check_truth(verify_context *v);
void lora_check_truth_f32(verify_context *v);
void lora_check_differences(verify_context *v);
void lora_check_degrees(verify_context *v);
void lora_check_polynomial(verify_context *v);

/* Agreement. */
void lora_check_exact(verify_context *v);
void lora_check_exact_f32(verify_context *v);
void lora_check_materialised(verify_context *v);
void lora_check_approximate(verify_context *v);
void lora_check_approximate_f32(verify_context *v);
void lora_check_repeatable(verify_context *v);

/* Laws. */
void lora_check_close_to_exact(verify_context *v);
void lora_check_balance(verify_context *v);
void lora_check_zero_factor(verify_context *v);
void lora_check_zero_residual(verify_context *v);
void lora_check_single_token(verify_context *v);
void lora_check_common_shift(verify_context *v);
void lora_check_key_order(verify_context *v);
void lora_check_query_order(verify_context *v);
void lora_check_scaling(verify_context *v);
void lora_check_output_bound(verify_context *v);
void lora_check_polynomial_error(verify_context *v);
void lora_check_features(verify_context *v);
void lora_check_threshold(verify_context *v);
void lora_check_text(verify_context *v);
void lora_record_transition(verify_context *v);

/* Claims. */
extern const verify_claim lora_claim_p1, lora_claim_p1_moments, lora_claim_p1_operations, lora_claim_p1_exact,
    lora_claim_p2, lora_claim_p2_ratio, lora_claim_p3, lora_claim_p4, lora_claim_p5_below, lora_claim_p5_above,
    lora_claim_p6, lora_claim_p6_operations, lora_claim_p7_features, lora_claim_p7_slower, lora_claim_p7_speed,
    lora_claim_p7_error;

/* Rejections. */
void lora_check_rejects_problem(verify_context *v);
void lora_check_rejects_numbers(verify_context *v);
void lora_check_rejects_overlap(verify_context *v);
void lora_check_rejects_options(verify_context *v);
void lora_check_rejects_features(verify_context *v);
void lora_check_rejects_polynomials(verify_context *v);

#endif
