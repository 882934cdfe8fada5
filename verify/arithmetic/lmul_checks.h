/* The checks of lmul by file; their table is in lmul.c. */
#ifndef ASSAY_VERIFY_LMUL_CHECKS_H
#define ASSAY_VERIFY_LMUL_CHECKS_H

#include "assay/lmul.h"
#include "assay/verify.h"

#include <string.h>

static inline uint32_t lmul_bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float lmul_float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* lmul_oracle.c */
void lmul_check_e4m3_pairs(verify_context *v);
void lmul_check_e5m2_pairs(verify_context *v);
void lmul_check_bf16_mantissas(verify_context *v);
void lmul_check_wide_samples(verify_context *v);
void lmul_check_fp8_encode(verify_context *v);
void lmul_check_theory(verify_context *v);
void lmul_check_theory_rounded(verify_context *v);
void lmul_check_theory_continuous(verify_context *v);
void lmul_check_exponential(verify_context *v);
void lmul_check_examples(verify_context *v);
void lmul_check_openblas(verify_context *v);

/* lmul_exhaustive.c */
void lmul_check_bf16_all_pairs(verify_context *v);
void lmul_check_fp16_all_pairs(verify_context *v);
void lmul_check_f32_all_patterns(verify_context *v);

/* lmul_agreement.c */
extern const verify_kernel lmul_kernel_multiply, lmul_kernel_multiply_long, lmul_kernel_multiply_special,
    lmul_kernel_multiply_in_place, lmul_kernel_multiply_u16, lmul_kernel_multiply_u8, lmul_kernel_round,
    lmul_kernel_fp8_encode, lmul_kernel_fp8_decode, lmul_kernel_dot, lmul_kernel_gemm, lmul_kernel_gemm_sparse,
    lmul_kernel_gemm_extreme, lmul_kernel_gemm_special, lmul_kernel_gemm_special_small, lmul_kernel_attention;

/* lmul_laws.c */
void lmul_check_commutative(verify_context *v);
void lmul_check_signs(verify_context *v);
void lmul_check_scaling(verify_context *v);
void lmul_check_monotone(verify_context *v);
void lmul_check_powers_of_two(verify_context *v);
void lmul_check_error_range(verify_context *v);
void lmul_check_mitchell_range(verify_context *v);
void lmul_check_truncation_shift(verify_context *v);
void lmul_check_kbit_in_f32(verify_context *v);
void lmul_check_e4m3_is_kbit_3(verify_context *v);
void lmul_check_sampled_moments(verify_context *v);
void lmul_check_attention_weights(verify_context *v);
void lmul_check_gemm_edges(verify_context *v);

/* lmul_claims.c */
extern const verify_claim lmul_claim_c1, lmul_claim_c2, lmul_claim_c3, lmul_claim_c4, lmul_claim_c5,
    lmul_claim_c5_least, lmul_claim_c10_half, lmul_claim_c10_eight, lmul_claim_c11_element, lmul_claim_c11_dot;
void lmul_record_error_curves(verify_context *v);
void lmul_check_theory_values(verify_context *v);

/* lmul_digits.c */
extern const verify_claim lmul_claim_c6, lmul_claim_c6_agreement, lmul_claim_output_error;
void lmul_record_digits_curve(verify_context *v);

/* lmul_transformer_claims.c */
extern const verify_claim lmul_claim_c7, lmul_claim_c7_agreement, lmul_claim_c8, lmul_claim_c9, lmul_claim_c9_gain;
void lmul_check_gradient(verify_context *v);
void lmul_record_transformer_curve(verify_context *v);

/* lmul_rejections.c */
void lmul_check_rejects_arithmetic(verify_context *v);
void lmul_check_rejects_arrays(verify_context *v);
void lmul_check_rejects_gemm(verify_context *v);
void lmul_check_rejects_attention(verify_context *v);
void lmul_check_rejects_theory(verify_context *v);
void lmul_check_accepts_empty(verify_context *v);

#endif
