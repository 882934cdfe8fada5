/* The exact gradients, row by row of the L x L matrices S, f, q and p, of which only the row at hand is kept. */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/attention/lora_gradient_arguments.h"
#include "reference/attention/lora_gradient_loops.h"

#include <math.h>

ASSAY_CATALOGUE(lora_gradient, .family = "attention",
                .title = "Computational Limits of Low-Rank Adaptation (LoRA) Fine-Tuning for Transformer Models",
                .authors = "Jerry Yao-Chieh Hu, Maojiang Su, En-Jui Kuo, Zhao Song, Han Liu", .year = 2024,
                .identifier = "arXiv:2406.03136",
                .summary = "Gradients of the low-rank adapters of an attention head, exactly and, below a threshold of "
                           "the scores, in almost linear time by polynomial features and chained low-rank products.",
                .data = "tokens as rows of numbers, .npy or .csv",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* Everything of size L x d, and what is smaller. */
typedef struct workspace {
    double *q, *k, *v;  /* [L x d] the projections */
    double *o;          /* [L x d] the output */
    double *c;          /* [L x d] O - Y */
    double *p_k, *pt_q; /* [L x d] p K and p^T Q */
    double *ft_c;       /* [L x d] f^T c */
    double *row;        /* [L] a row of f */
    double *weight[3];  /* [d x d] W'_m */
    double *gradient;   /* [d x d] dW_m */
    void *memory;
} workspace;

static assay_status allocate(size_t length, size_t width, workspace *w)
{
    const size_t tokens = length * width, square = width * width;
    double *next = assay_allocate(8 * tokens + length + 4 * square, sizeof *next);
    *w = (workspace){.memory = next};
    if (!next)
        return ASSAY_NO_MEMORY;
    double **const of_tokens[] = {&w->q, &w->k, &w->v, &w->o, &w->c, &w->p_k, &w->pt_q, &w->ft_c};
    for (size_t i = 0; i < sizeof of_tokens / sizeof *of_tokens; i++, next += tokens)
        *of_tokens[i] = next;
    for (int m = 0; m < LORA_PARTS; m++, next += square)
        w->weight[m] = next;
    w->gradient = next;
    w->row = next + square;
    return ASSAY_OK;
}

/* f_i = softmax(beta <Q_i, K_j> over j), O_i = f_i V, c_i = O_i - Y_i. */
static void attend(const lora_gradient_problem *problem, workspace *w, size_t i)
{
    const size_t length = problem->length, d = problem->width;
    double largest = -INFINITY, sum = 0;
    for (size_t j = 0; j < length; j++) {
        w->row[j] = problem->beta * lora_dot(w->q + i * d, w->k + j * d, d);
        largest = w->row[j] > largest ? w->row[j] : largest;
    }
    for (size_t j = 0; j < length; j++) {
        w->row[j] = exp(w->row[j] - largest);
        sum += w->row[j];
    }
    for (size_t j = 0; j < length; j++) {
        w->row[j] /= sum;
        lora_add(w->o + i * d, w->row[j], w->v + j * d, d);
    }
    for (size_t t = 0; t < d; t++)
        w->c[i * d + t] = w->o[i * d + t] - problem->target[i * d + t];
}

/* Row i of p, p_ij = f_ij (q_ij - rho_i), into p K, p^T Q and f^T c. */
static void differentiate(const lora_gradient_problem *problem, workspace *w, size_t i)
{
    const size_t d = problem->width;
    const double *c = w->c + i * d;
    const double rho = lora_dot(c, w->o + i * d, d);
    for (size_t j = 0; j < problem->length; j++) {
        const double p = w->row[j] * (lora_dot(c, w->v + j * d, d) - rho);
        lora_add(w->p_k + i * d, p, w->k + j * d, d);
        lora_add(w->pt_q + j * d, p, w->q + i * d, d);
        lora_add(w->ft_c + j * d, w->row[j], c, d);
    }
}

/* dB = s dW A^T and dA = s B^T dW. */
static void adapt(const lora_gradient_problem *problem, int part, const double *dw, lora_gradient_result *result)
{
    const size_t d = problem->width, r = problem->rank;
    const double s = problem->alpha / (double)r;
    lora_multiply_by_transposed(d, r, d, dw, problem->a[part], result->b[part]);
    lora_multiply_transposed(r, d, d, s, problem->b[part], dw, result->a[part]);
    for (size_t i = 0; i < d * r; i++)
        result->b[part][i] *= s;
}

assay_status lora_gradient_reference_exact(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                           lora_gradient_result *result)
{
    lora_view view;
    workspace w;
    assay_status status = lora_view_of(problem, result, &view);
    if (status == ASSAY_OK)
        status = lora_check(&view, mode);
    if (status == ASSAY_OK)
        status = allocate(problem->length, problem->width, &w);
    if (status != ASSAY_OK)
        return status;

    const size_t length = problem->length, d = problem->width;
    double *const projection[LORA_PARTS] = {w.q, w.k, w.v};
    for (int m = 0; m < LORA_PARTS; m++) {
        lora_effective_weight(&view, m, w.weight[m]);
        lora_multiply(length, d, d, problem->tokens[m], w.weight[m], projection[m]);
    }
    for (size_t i = 0; i < length; i++) {
        attend(problem, &w, i);
        differentiate(problem, &w, i);
    }
    const double *const inner[LORA_PARTS] = {w.p_k, w.pt_q, w.ft_c};
    for (int m = 0; m < LORA_PARTS; m++) {
        if (!lora_trains(mode, m))
            continue;
        const double factor = m == LORA_VALUE ? 1 : problem->beta;
        lora_multiply_transposed(d, d, length, factor, problem->tokens[m], inner[m], w.gradient);
        adapt(problem, m, w.gradient, result);
    }
    result->loss = 0.5 * lora_dot(w.c, w.c, length * d);
    for (size_t i = 0; result->output && i < length * d; i++)
        result->output[i] = w.o[i];
    assay_release(w.memory);
    return ASSAY_OK;
}
