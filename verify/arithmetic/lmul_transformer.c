/* The small transformer of task T2: forward, backward, Adam. */
#include "verify/arithmetic/lmul_transformer.h"

#include "assay/random.h"
#include "reference/arithmetic/lmul_softmax.h"

#include <stdlib.h>

enum { BATCH = 50, ROWS = BATCH * TOKENS };

/* Everything that the backward pass needs of the forward pass; a row is a patch of an image. */
typedef struct activations {
    size_t images, rows;
    float x[ROWS][PATCH], e[ROWS][MODEL_WIDTH];
    float q[ROWS][MODEL_WIDTH], k[ROWS][MODEL_WIDTH], v[ROWS][MODEL_WIDTH];
    float a[ROWS][TOKENS]; /* attention of a patch to those of its image */
    float z[ROWS][MODEL_WIDTH], h[ROWS][MODEL_WIDTH], r[ROWS][HIDDEN_WIDTH], h2[ROWS][MODEL_WIDTH];
    float pool[BATCH][MODEL_WIDTH], logits[BATCH][DIGIT_CLASSES];
    int labels[BATCH];
} activations;

/* Gradients of the loss by activations. */
typedef struct activation_gradients {
    float e[ROWS][MODEL_WIDTH], q[ROWS][MODEL_WIDTH], k[ROWS][MODEL_WIDTH], v[ROWS][MODEL_WIDTH];
    float z[ROWS][MODEL_WIDTH], h[ROWS][MODEL_WIDTH], r[ROWS][HIDDEN_WIDTH], h2[ROWS][MODEL_WIDTH];
    float pool[BATCH][MODEL_WIDTH], logits[BATCH][DIGIT_CLASSES];
    float transposed[ROWS * HIDDEN_WIDTH];
} activation_gradients;

/* ---- Products: C += A B, C += A^T B, C += A B^T ---------------------------------------------------------------- */

static assay_status multiply(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k, const float *a,
                             const float *b, float *c)
{
    return lmul_gemm(arithmetic, m, n, k, a, k, b, n, c, n);
}

static void transpose(const float *a, size_t rows, size_t columns, float *out)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[j * rows + i] = a[i * columns + j];
}

/* C (m x n) += A^T B with A k x m, B k x n, exactly. */
static assay_status multiply_left_transposed(size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                                             float *scratch)
{
    const lmul_arithmetic exact = lmul_exact();
    transpose(a, k, m, scratch);
    return multiply(&exact, m, n, k, scratch, b, c);
}

/* C (m x n) += A B^T with A m x k, B n x k. */
static assay_status multiply_right_transposed(const lmul_arithmetic *arithmetic, size_t m, size_t n, size_t k,
                                              const float *a, const float *b, float *c, float *scratch)
{
    transpose(b, n, k, scratch);
    return multiply(arithmetic, m, n, k, a, scratch, c);
}

/* Runs a step unless an earlier one failed. */
#define STEP(CALL)                                                                                                     \
    do {                                                                                                               \
        if (status == ASSAY_OK)                                                                                        \
            status = (CALL);                                                                                           \
    } while (0)

/* ---- Forward -------------------------------------------------------------------------------------------------- */

static void load_images(const lmul_digits *digits, const size_t *images, size_t count, activations *t)
{
    memset(t, 0, sizeof *t);
    t->images = count;
    t->rows = count * TOKENS;
    for (size_t i = 0; i < count; i++) {
        t->labels[i] = digits->labels[images[i]];
        for (size_t pixel = 0; pixel < DIGIT_PIXELS; pixel++) {
            const size_t y = pixel / 8, x = pixel % 8, token = y / 2 * 4 + x / 2, within = y % 2 * 2 + x % 2;
            t->x[i * TOKENS + token][within] = digits->pixels[images[i]][pixel] / 16 - 0.3f;
        }
    }
}

/* A = softmax(Q K^T / sqrt(d)), Z = A V for each image. */
static assay_status attend(const lmul_arithmetic *arithmetic, activations *t)
{
    assay_status status = ASSAY_OK;
    float scratch[TOKENS * MODEL_WIDTH];
    for (size_t first = 0; first < t->rows; first += TOKENS) {
        STEP(multiply_right_transposed(arithmetic, TOKENS, TOKENS, MODEL_WIDTH, t->q[first], t->k[first], t->a[first],
                                       scratch));
        for (size_t i = 0; i < TOKENS; i++)
            lmul_softmax_row(t->a[first + i], TOKENS, 1 / sqrtf(MODEL_WIDTH));
        STEP(multiply(arithmetic, TOKENS, MODEL_WIDTH, TOKENS, t->a[first], t->v[first], t->z[first]));
    }
    return status;
}

static assay_status run_forward(const lmul_parameters *p, const lmul_forward *forward, activations *t)
{
    const lmul_arithmetic *rest = &forward->rest;
    const size_t n = t->rows;
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < n; i++)
        memcpy(t->e[i], p->pe[i % TOKENS], sizeof t->e[i]);
    STEP(multiply(rest, n, MODEL_WIDTH, PATCH, t->x[0], p->we[0], t->e[0]));
    STEP(multiply(rest, n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wq[0], t->q[0]));
    STEP(multiply(rest, n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wk[0], t->k[0]));
    STEP(multiply(rest, n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wv[0], t->v[0]));
    STEP(attend(&forward->attention, t));
    memcpy(t->h, t->e, sizeof t->h);
    STEP(multiply(rest, n, MODEL_WIDTH, MODEL_WIDTH, t->z[0], p->wo[0], t->h[0]));
    STEP(multiply(rest, n, HIDDEN_WIDTH, MODEL_WIDTH, t->h[0], p->w1[0], t->r[0]));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < HIDDEN_WIDTH; j++)
            t->r[i][j] = t->r[i][j] > 0 ? t->r[i][j] : 0;
    memcpy(t->h2, t->h, sizeof t->h2);
    STEP(multiply(rest, n, MODEL_WIDTH, HIDDEN_WIDTH, t->r[0], p->w2[0], t->h2[0]));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < MODEL_WIDTH; j++)
            t->pool[i / TOKENS][j] += t->h2[i][j] / TOKENS;
    for (size_t i = 0; i < t->images; i++)
        memcpy(t->logits[i], p->bc, sizeof t->logits[i]);
    STEP(multiply(rest, t->images, DIGIT_CLASSES, MODEL_WIDTH, t->pool[0], p->wc[0], t->logits[0]));
    return status;
}

/* Mean cross-entropy; leaves its gradient by the logits. */
static double cross_entropy(const activations *t, float gradient[][DIGIT_CLASSES])
{
    double loss = 0;
    for (size_t i = 0; i < t->images; i++) {
        double most = t->logits[i][0], sum = 0, e[DIGIT_CLASSES];
        for (size_t j = 1; j < DIGIT_CLASSES; j++)
            most = fmax(most, t->logits[i][j]);
        for (size_t j = 0; j < DIGIT_CLASSES; j++)
            sum += e[j] = exp(t->logits[i][j] - most);
        loss += (log(sum) + most - t->logits[i][t->labels[i]]) / (double)t->images;
        for (size_t j = 0; j < DIGIT_CLASSES; j++)
            gradient[i][j] = (float)((e[j] / sum - (j == (size_t)t->labels[i])) / (double)t->images);
    }
    return loss;
}

/* ---- Backward ------------------------------------------------------------------------------------------------- */

/* From the gradient by Z to those by Q, K and V. */
static assay_status attend_backward(const activations *t, activation_gradients *d)
{
    const lmul_arithmetic exact = lmul_exact();
    const float scale = 1 / sqrtf(MODEL_WIDTH);
    assay_status status = ASSAY_OK;
    for (size_t first = 0; first < t->rows; first += TOKENS) {
        float da[TOKENS][TOKENS] = {{0}};
        STEP(multiply_right_transposed(&exact, TOKENS, TOKENS, MODEL_WIDTH, d->z[first], t->v[first], da[0],
                                       d->transposed));
        STEP(multiply_left_transposed(TOKENS, MODEL_WIDTH, TOKENS, t->a[first], d->z[first], d->v[first],
                                      d->transposed));
        for (size_t i = 0; i < TOKENS; i++) { /* through the softmax and the scale */
            float mean = 0;
            for (size_t j = 0; j < TOKENS; j++)
                mean += da[i][j] * t->a[first + i][j];
            for (size_t j = 0; j < TOKENS; j++)
                da[i][j] = t->a[first + i][j] * (da[i][j] - mean) * scale;
        }
        STEP(multiply(&exact, TOKENS, MODEL_WIDTH, TOKENS, da[0], t->k[first], d->q[first]));
        STEP(multiply_left_transposed(TOKENS, MODEL_WIDTH, TOKENS, da[0], t->q[first], d->k[first], d->transposed));
    }
    return status;
}

/* Through Y += X W: dW += X^T dY and dX += dY W^T. */
static assay_status linear_backward(size_t n, size_t in, size_t out, const float *x, const float *w, const float *dy,
                                    float *dw, float *dx, float *scratch)
{
    const lmul_arithmetic exact = lmul_exact();
    assay_status status = multiply_left_transposed(in, out, n, x, dy, dw, scratch);
    if (dx)
        STEP(multiply_right_transposed(&exact, n, in, out, dy, w, dx, scratch));
    return status;
}

static assay_status run_backward(const lmul_parameters *p, const activations *t, activation_gradients *d,
                                 lmul_parameters *g)
{
    const size_t n = t->rows;
    float *s = d->transposed;
    assay_status status = ASSAY_OK;
    memset(g, 0, sizeof *g);
    for (size_t i = 0; i < t->images; i++)
        for (size_t j = 0; j < DIGIT_CLASSES; j++)
            g->bc[j] += d->logits[i][j];
    STEP(linear_backward(t->images, MODEL_WIDTH, DIGIT_CLASSES, t->pool[0], p->wc[0], d->logits[0], g->wc[0],
                         d->pool[0], s));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < MODEL_WIDTH; j++)
            d->h2[i][j] = d->pool[i / TOKENS][j] / TOKENS;
    memcpy(d->h, d->h2, sizeof d->h);
    STEP(linear_backward(n, HIDDEN_WIDTH, MODEL_WIDTH, t->r[0], p->w2[0], d->h2[0], g->w2[0], d->r[0], s));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < HIDDEN_WIDTH; j++)
            d->r[i][j] = t->r[i][j] > 0 ? d->r[i][j] : 0;
    STEP(linear_backward(n, MODEL_WIDTH, HIDDEN_WIDTH, t->h[0], p->w1[0], d->r[0], g->w1[0], d->h[0], s));
    memcpy(d->e, d->h, sizeof d->e);
    STEP(linear_backward(n, MODEL_WIDTH, MODEL_WIDTH, t->z[0], p->wo[0], d->h[0], g->wo[0], d->z[0], s));
    STEP(attend_backward(t, d));
    STEP(linear_backward(n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wq[0], d->q[0], g->wq[0], d->e[0], s));
    STEP(linear_backward(n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wk[0], d->k[0], g->wk[0], d->e[0], s));
    STEP(linear_backward(n, MODEL_WIDTH, MODEL_WIDTH, t->e[0], p->wv[0], d->v[0], g->wv[0], d->e[0], s));
    STEP(linear_backward(n, PATCH, MODEL_WIDTH, t->x[0], p->we[0], d->e[0], g->we[0], NULL, s));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < MODEL_WIDTH; j++)
            g->pe[i % TOKENS][j] += d->e[i][j];
    return status;
}

static int largest(const float *row)
{
    int best = 0;
    for (int j = 1; j < DIGIT_CLASSES; j++)
        best = row[j] > row[best] ? j : best;
    return best;
}

assay_status lmul_model_loss(const lmul_parameters *parameters, const lmul_digits *digits, const size_t *images,
                             size_t count, const lmul_forward *forward, double *loss, lmul_parameters *gradient,
                             int *predictions)
{
    if (count < 1 || count > BATCH)
        return assay_fail(ASSAY_OUT_OF_RANGE, "count is %zu, must be 1 to %d", count, BATCH);
    activations *t = malloc(sizeof *t);
    activation_gradients *d = calloc(1, sizeof *d);
    assay_status status = t && d ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for the activations");
    if (status == ASSAY_OK)
        load_images(digits, images, count, t);
    STEP(run_forward(parameters, forward, t));
    if (status == ASSAY_OK)
        *loss = cross_entropy(t, d->logits);
    if (gradient)
        STEP(run_backward(parameters, t, d, gradient));
    for (size_t i = 0; status == ASSAY_OK && predictions && i < count; i++)
        predictions[i] = largest(t->logits[i]);
    free(t);
    free(d);
    return status;
}

/* ---- Training ------------------------------------------------------------------------------------------------- */

void lmul_model_start(lmul_model *model, uint64_t seed)
{
    memset(model, 0, sizeof *model);
    model->seed = seed;
    lmul_parameters *p = &model->parameters;
    const struct {
        float *to;
        size_t count;
        double deviation;
    } parts[] = {{p->we[0], sizeof p->we, sqrt(1.0 / PATCH)},       {p->pe[0], sizeof p->pe, 0.3},
                 {p->wq[0], sizeof p->wq, sqrt(1.0 / MODEL_WIDTH)}, {p->wk[0], sizeof p->wk, sqrt(1.0 / MODEL_WIDTH)},
                 {p->wv[0], sizeof p->wv, sqrt(1.0 / MODEL_WIDTH)}, {p->wo[0], sizeof p->wo, sqrt(1.0 / MODEL_WIDTH)},
                 {p->w1[0], sizeof p->w1, sqrt(1.0 / MODEL_WIDTH)}, {p->w2[0], sizeof p->w2, sqrt(1.0 / HIDDEN_WIDTH)},
                 {p->wc[0], sizeof p->wc, sqrt(1.0 / MODEL_WIDTH)}};
    for (uint64_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (uint64_t j = 0; j < parts[i].count / sizeof(float); j++)
            parts[i].to[j] = (float)(parts[i].deviation * assay_random_normal((assay_random){seed, 60 + i}, j));
}

void lmul_model_restart_optimizer(lmul_model *model)
{
    memset(model->first, 0, sizeof model->first);
    memset(model->second, 0, sizeof model->second);
    model->steps = 0;
}

static void adam(lmul_model *model, lmul_parameters *gradient, float rate)
{
    const double beta1 = 0.9, beta2 = 0.999;
    float *p = lmul_parameter_vector(&model->parameters);
    const float *g = lmul_parameter_vector(gradient);
    model->steps++;
    const double correct1 = 1 - pow(beta1, (double)model->steps), correct2 = 1 - pow(beta2, (double)model->steps);
    for (size_t i = 0; i < PARAMETERS; i++) {
        model->first[i] = (float)(beta1 * model->first[i] + (1 - beta1) * g[i]);
        model->second[i] = (float)(beta2 * model->second[i] + (1 - beta2) * g[i] * g[i]);
        p[i] -= (float)(rate * (model->first[i] / correct1) / (sqrt(model->second[i] / correct2) + 1e-8));
    }
}

assay_status lmul_model_train(lmul_model *model, const lmul_digits *digits, const lmul_forward *forward, int epochs,
                              float rate)
{
    assay_status status = ASSAY_OK;
    lmul_parameters *gradient = malloc(sizeof *gradient);
    if (!gradient)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a gradient");
    for (int epoch = 0; epoch < epochs; epoch++) {
        size_t order[DIGITS_TRAIN];
        STEP(assay_random_permutation((assay_random){model->seed, 1000 + model->epochs++}, order, DIGITS_TRAIN));
        for (size_t first = 0; first < DIGITS_TRAIN && status == ASSAY_OK; first += BATCH) {
            double loss;
            STEP(lmul_model_loss(&model->parameters, digits, order + first, BATCH, forward, &loss, gradient, NULL));
            if (status == ASSAY_OK)
                adam(model, gradient, rate);
        }
    }
    free(gradient);
    return status;
}

assay_status lmul_model_predict(const lmul_model *model, const lmul_digits *digits, const lmul_forward *forward,
                                int predictions[DIGITS_TEST])
{
    assay_status status = ASSAY_OK;
    for (size_t first = 0; first < DIGITS_TEST && status == ASSAY_OK; first += BATCH) {
        size_t images[BATCH];
        const size_t count = DIGITS_TEST - first < BATCH ? DIGITS_TEST - first : BATCH;
        for (size_t i = 0; i < count; i++)
            images[i] = DIGITS_TRAIN + first + i;
        double loss;
        STEP(lmul_model_loss(&model->parameters, digits, images, count, forward, &loss, NULL, predictions + first));
    }
    return status;
}
