/*
 * The small transformer of task T2: one layer that reads a digit of 8 x 8 pixels as 16 patches of 2 x 2.
 *
 *     E = X We + Pe,  Q, K, V = E Wq, E Wk, E Wv,  A = softmax(Q K^T / sqrt(d)),  H = E + (A V) Wo,
 *     H2 = H + relu(H W1) W2,  logits = mean over patches of H2, times Wc, plus bc.
 *
 * The forward pass makes its matrix products by any arithmetic, those of attention possibly by another one than the
 * rest; the backward pass is exact (straight-through).
 */
#ifndef ASSAY_VERIFY_LMUL_TRANSFORMER_H
#define ASSAY_VERIFY_LMUL_TRANSFORMER_H

#include "assay/lmul.h"
#include "verify/arithmetic/lmul_digits_data.h"

enum {
    TOKENS = 16,
    PATCH = 4,
    MODEL_WIDTH = 32,
    HIDDEN_WIDTH = 64,
};

/* All parameters, in one piece of memory so that the optimizer sees a vector. */
typedef struct lmul_parameters {
    float we[PATCH][MODEL_WIDTH], pe[TOKENS][MODEL_WIDTH];
    float wq[MODEL_WIDTH][MODEL_WIDTH], wk[MODEL_WIDTH][MODEL_WIDTH], wv[MODEL_WIDTH][MODEL_WIDTH],
        wo[MODEL_WIDTH][MODEL_WIDTH];
    float w1[MODEL_WIDTH][HIDDEN_WIDTH], w2[HIDDEN_WIDTH][MODEL_WIDTH];
    float wc[MODEL_WIDTH][DIGIT_CLASSES], bc[DIGIT_CLASSES];
} lmul_parameters;

enum { PARAMETERS = sizeof(lmul_parameters) / sizeof(float) };

/* All parameters as one vector. */
static inline float *lmul_parameter_vector(lmul_parameters *parameters)
{
    return (float *)(void *)parameters;
}

/* How the forward pass multiplies. */
typedef struct lmul_forward {
    lmul_arithmetic attention, rest;
} lmul_forward;

/* A model in training: parameters and Adam's moments. */
typedef struct lmul_model {
    lmul_parameters parameters;
    float first[PARAMETERS], second[PARAMETERS];
    uint64_t steps;  /* since the optimizer was started */
    uint64_t epochs; /* of all trainings: each has an order of its own */
    uint64_t seed;
} lmul_model;

/* Parameters from N(0, 1/fan-in), Pe from 0.3 N(0, 1), bc 0. */
void lmul_model_start(lmul_model *model, uint64_t seed);

/* Forgets the optimizer's moments. */
void lmul_model_restart_optimizer(lmul_model *model);

/* Trains with Adam (0.9, 0.999, 1e-8) on batches of 50 of the training images, reshuffled each epoch. */
assay_status lmul_model_train(lmul_model *model, const lmul_digits *digits, const lmul_forward *forward, int epochs,
                              float rate);

/* Predicts the test images. */
assay_status lmul_model_predict(const lmul_model *model, const lmul_digits *digits, const lmul_forward *forward,
                                int predictions[DIGITS_TEST]);

/* Mean cross-entropy of up to 50 images, and unless they are null its gradient and the predictions. */
assay_status lmul_model_loss(const lmul_parameters *parameters, const lmul_digits *digits, const size_t *images,
                             size_t count, const lmul_forward *forward, double *loss, lmul_parameters *gradient,
                             int *predictions);

#endif
