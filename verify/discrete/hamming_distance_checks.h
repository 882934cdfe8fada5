/* The checks of hamming_distance by file; their table is in hamming_distance.c. */
#ifndef ASSAY_VERIFY_HAMMING_DISTANCE_CHECKS_H
#define ASSAY_VERIFY_HAMMING_DISTANCE_CHECKS_H

#include "assay/hamming_distance.h"
#include "assay/verify.h"

/* ---- hamming_distance_inputs.c ---- */

/* How a text and a pattern are made. */
typedef enum hamming_input_kind {
    HAMMING_UNIFORM,  /* independent symbols, all as likely */
    HAMMING_PERIODIC, /* one random period for both, each symbol replaced at random with some probability */
    HAMMING_ZIPF,     /* independent, symbol s with probability proportional to (s + 1)^-1.5 */
    HAMMING_BLOCKS,   /* runs of one symbol, 1 to 64 long */
    HAMMING_NEAR      /* uniform, the pattern being a part of the text with a tenth of its symbols replaced */
} hamming_input_kind;

typedef struct hamming_input_recipe {
    const char *name;
    hamming_input_kind kind;
    unsigned symbols, period;
    double noise;
} hamming_input_recipe;

/* Those of the claims and of the checks. */
enum { HAMMING_RECIPES = 9, HAMMING_RECIPES_C1 = 7 };
extern const hamming_input_recipe hamming_recipes[HAMMING_RECIPES];

/* A text and a pattern in both widths; bytes only if all symbols fit. */
typedef struct hamming_input {
    size_t n, m;
    uint16_t *text, *pattern;
    uint8_t *text8, *pattern8;
    int32_t *expected, *actual; /* n - m + 1 each */
} hamming_input;

/* False, with the check failed, if there is no memory. */
bool hamming_make_input(verify_context *v, const hamming_input_recipe *recipe, assay_random r, size_t n, size_t m,
                        hamming_input *input);
void hamming_release_input(hamming_input *input);

/* expected = distances by the definition, computed here. */
void hamming_expect(hamming_input *input);

/* Index of the first number that differs, or n. */
size_t hamming_first_difference(const int32_t *a, const int32_t *b, size_t n);

/* ---- hamming_distance_oracle.c ---- */
void hamming_check_examples(verify_context *v);
void hamming_check_period_example(verify_context *v);
void hamming_check_repair_example(verify_context *v);
void hamming_check_off_integers(verify_context *v);
void hamming_check_float64(verify_context *v);
void hamming_check_kronecker(verify_context *v);
void hamming_check_definition(verify_context *v);

/* ---- hamming_distance_agreement.c ---- */
extern const verify_kernel hamming_kernel_simd, hamming_kernel_simd_u16, hamming_kernel_dna2, hamming_kernel_sliced,
    hamming_kernel_sliced_u16, hamming_kernel_fft_all, hamming_kernel_abrahamson, hamming_kernel_las_vegas,
    hamming_kernel_auto, hamming_kernel_bounded, hamming_kernel_bounded_u16, hamming_kernel_product;
void hamming_check_methods_agree(verify_context *v);
void hamming_check_long_patterns(verify_context *v);
void hamming_check_pattern_in_parts(verify_context *v);
void hamming_check_options_agree(verify_context *v);
void hamming_check_classes(verify_context *v);
void hamming_check_bounded_agrees(verify_context *v);
void hamming_check_approximate_agrees(verify_context *v);
void hamming_check_karloff_agrees(verify_context *v);
void hamming_check_product_agrees(verify_context *v);
void hamming_check_counters(verify_context *v);

/* ---- hamming_distance_laws.c ---- */
void hamming_check_range(verify_context *v);
void hamming_check_reversal(verify_context *v);
void hamming_check_relabelling(verify_context *v);
void hamming_check_sum(verify_context *v);
void hamming_check_additivity(verify_context *v);
void hamming_check_triangle(verify_context *v);
void hamming_check_period_identity(verify_context *v);
void hamming_check_certificate(verify_context *v);
void hamming_check_bounded_monotone(verify_context *v);
void hamming_check_lower_bound(verify_context *v);
void hamming_check_product_row(verify_context *v);
void hamming_check_karloff_mean(verify_context *v);

/* ---- hamming_distance_claims.c ---- */
extern const verify_claim hamming_claim_c1, hamming_claim_c2, hamming_claim_c2_long, hamming_claim_c3, hamming_claim_c4,
    hamming_claim_c4_transforms, hamming_claim_c5;
void hamming_record_exponents(verify_context *v);

/* ---- hamming_distance_speed.c ---- */
extern const verify_claim hamming_claim_c6, hamming_claim_c6_dna2, hamming_claim_c7;

/* ---- hamming_distance_rejections.c ---- */
void hamming_check_rejects_strings(verify_context *v);
void hamming_check_rejects_options(verify_context *v);
void hamming_check_rejects_estimates(verify_context *v);
void hamming_check_rejects_product(verify_context *v);

#endif
