/* Problems for lora_gradient with room for their results: random ones, and heads over real tokens. For checks and
 * benchmarks alike. */
#ifndef ASSAY_LORA_GRADIENT_PROBLEMS_H
#define ASSAY_LORA_GRADIENT_PROBLEMS_H

#include "assay/lora_gradient.h"

#include <stdint.h>

/* A problem in both precisions, with writable access to its numbers. */
typedef struct lora_case {
    lora_gradient_problem problem;
    lora_gradient_problem_f32 problem_f32; /* the same numbers, rounded: see lora_round_case() */
    lora_gradient_result result;
    lora_gradient_result_f32 result_f32;
    double *tokens[LORA_GRADIENT_PARTS], *target, *weight[LORA_GRADIENT_PARTS], *a[LORA_GRADIENT_PARTS],
        *b[LORA_GRADIENT_PARTS];
    void *memory, *memory_f32;
} lora_case;

/* Memory for a case of that shape, numbers all zero, alpha = 2 r, beta = 1/d; self-attention if @p same. */
assay_status lora_make_empty(size_t length, size_t width, size_t rank, bool same, lora_case *x);
void lora_release_case(lora_case *x);

/* The problems of the claims: tokens and targets uniform in (-1, 1), weights and A uniform in (-1, 1) /
 * sqrt(d), B in (-1/2, 1/2), then W_Q, B_Q and W_K, B_K scaled so that the largest entries of Q and K are gamma. */
assay_status lora_make_random(size_t length, size_t width, size_t rank, bool same, double gamma, uint64_t seed,
                              lora_case *x);

/* Fills the float copy with the numbers rounded to float, and rounds those of the double problem to the same. */
assay_status lora_round_case(lora_case *x);

/* Where tokens come from. */
typedef enum lora_source {
    LORA_DIGITS, /* data/digits.csv: 1797 images, or the user's file in its place */
    LORA_TEXT    /* the first words of licences.txt that words_small.fvecs knows */
} lora_source;

/* The principal components of largest variance of the tokens, each scaled to a root mean square of @p scale; weights
 * and adapters as lora_make_random() draws them, not scaled afterwards; beta = 1/sqrt(d). At most @p most tokens. */
assay_status lora_make_real(lora_source source, size_t most, size_t width, size_t rank, double scale, uint64_t seed,
                            lora_case *x);

/* beta max |Q_i| max |K_j| with K centred: the range of the scores, as the approximation takes it. */
double lora_score_range(const lora_case *x);

#endif
