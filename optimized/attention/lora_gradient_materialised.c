/* The baseline: L x L matrices, products by OpenBLAS, the element-wise parts by threads over rows. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/attention/lora_gradient_kernels.h"

#include <math.h>
#include <string.h>

/* Matrices of size L x d in one piece of memory, and the two of size L x L. */
typedef struct materialised {
    double *q, *k, *v, *o, *c, *inner; /* [L x d] */
    double *dw;                        /* [d x d] */
    double *f, *p;                     /* [L x L] */
    void *tokens_memory, *workspace_memory;
} materialised;

static assay_status allocate(const lora_gradient_problem *problem, double *workspace, materialised *w)
{
    const size_t length = problem->length, tokens = length * problem->width;
    size_t square;
    *w = (materialised){0};
    if (__builtin_mul_overflow(length, length, &square) || square > SIZE_MAX / 2)
        return assay_fail(ASSAY_NO_MEMORY, "length %zu squared does not fit in size_t", length);
    double *next = assay_allocate(6 * tokens + problem->width * problem->width, sizeof *next);
    w->tokens_memory = next;
    if (!workspace)
        workspace = w->workspace_memory = assay_allocate(2 * square, sizeof *workspace);
    if (!next || !workspace)
        return ASSAY_NO_MEMORY;
    double **const parts[] = {&w->q, &w->k, &w->v, &w->o, &w->c, &w->inner};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++, next += tokens)
        *parts[i] = next;
    w->dw = next;
    w->f = workspace;
    w->p = workspace + square;
    return ASSAY_OK;
}

/* C (m x n) = factor op(A) op(B), dense. */
static assay_status multiply(assay_transpose transpose, size_t m, size_t n, size_t k, double factor, const double *a,
                             const double *b, double *c)
{
    return assay_dense_multiply(transpose, m, n, k, factor, a, transpose == ASSAY_TRANSPOSE_FIRST ? m : k, b,
                                transpose == ASSAY_TRANSPOSE_SECOND ? k : n, 0, c, n);
}

/* Rows of S become rows of f. */
static void softmax(size_t length, double *s)
{
#pragma omp parallel for num_threads(assay_threads()) schedule(static)
    for (size_t i = 0; i < length; i++) {
        double *row = s + i * length, largest = row[0], sum = 0;
        for (size_t j = 1; j < length; j++)
            largest = row[j] > largest ? row[j] : largest;
        for (size_t j = 0; j < length; j++) {
            row[j] = exp(row[j] - largest);
            sum += row[j];
        }
        for (size_t j = 0; j < length; j++)
            row[j] /= sum;
    }
}

/* Rows of q become rows of p. */
static void differentiate(const lora_gradient_problem *problem, const materialised *w)
{
    const size_t length = problem->length, d = problem->width;
#pragma omp parallel for num_threads(assay_threads()) schedule(static)
    for (size_t i = 0; i < length; i++) {
        double *p = w->p + i * length, rho = 0;
        const double *f = w->f + i * length;
        for (size_t t = 0; t < d; t++)
            rho += w->c[i * d + t] * w->o[i * d + t];
        for (size_t j = 0; j < length; j++)
            p[j] = f[j] * (p[j] - rho);
    }
}

/* f, O, c, p. */
static assay_status forward(const lora_gradient_problem *problem, const materialised *w)
{
    const size_t length = problem->length, d = problem->width;
    assay_status status = multiply(ASSAY_TRANSPOSE_SECOND, length, length, d, problem->beta, w->q, w->k, w->f);
    if (status != ASSAY_OK)
        return status;
    softmax(length, w->f);
    status = multiply(ASSAY_TRANSPOSE_NONE, length, d, length, 1, w->f, w->v, w->o);
    for (size_t i = 0; i < length * d; i++)
        w->c[i] = w->o[i] - problem->target[i];
    if (status == ASSAY_OK)
        status = multiply(ASSAY_TRANSPOSE_SECOND, length, length, d, 1, w->c, w->v, w->p);
    if (status == ASSAY_OK)
        differentiate(problem, w);
    return status;
}

/* dW_m for one part: what stands right of its tokens, and their product. */
static assay_status gradient(const lora_gradient_problem *problem, const materialised *w, int part)
{
    const size_t length = problem->length, d = problem->width;
    const double *by = part == LORA_QUERY ? w->k : part == LORA_KEY ? w->q : w->c;
    const double *square = part == LORA_VALUE ? w->f : w->p;
    const assay_transpose transpose = part == LORA_QUERY ? ASSAY_TRANSPOSE_NONE : ASSAY_TRANSPOSE_FIRST;
    const assay_status status = multiply(transpose, length, d, length, 1, square, by, w->inner);
    return status ? status
                  : multiply(ASSAY_TRANSPOSE_FIRST, d, d, length, part == LORA_VALUE ? 1 : problem->beta,
                             problem->tokens[part], w->inner, w->dw);
}

assay_status lora_gradient_materialised(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                        double *workspace, lora_gradient_result *result)
{
    lora_view view;
    materialised w;
    assay_status status = lora_view_of(problem, result, &view);
    if (status == ASSAY_OK)
        status = lora_check(&view, mode);
    if (status == ASSAY_OK)
        status = allocate(problem, workspace, &w);
    if (status != ASSAY_OK)
        return status;
    const size_t length = problem->length, d = problem->width, r = problem->rank;
    double *const projection[LORA_PARTS] = {w.q, w.k, w.v};
    for (int m = 0; status == ASSAY_OK && m < LORA_PARTS; m++) {
        lora_effective_weight(&view, m, w.dw);
        status = multiply(ASSAY_TRANSPOSE_NONE, length, d, d, 1, problem->tokens[m], w.dw, projection[m]);
    }
    if (status == ASSAY_OK)
        status = forward(problem, &w);
    for (int m = 0; status == ASSAY_OK && m < LORA_PARTS; m++) {
        if (!lora_trains(mode, m))
            continue;
        status = gradient(problem, &w, m);
        if (status == ASSAY_OK)
            status = multiply(ASSAY_TRANSPOSE_SECOND, d, r, d, lora_scale(&view), w.dw, problem->a[m], result->b[m]);
        if (status == ASSAY_OK)
            status = multiply(ASSAY_TRANSPOSE_FIRST, r, d, d, lora_scale(&view), problem->b[m], w.dw, result->a[m]);
    }
    if (status == ASSAY_OK) {
        result->loss = 0;
        for (size_t i = 0; i < length * d; i++)
            result->loss += 0.5 * w.c[i] * w.c[i];
        if (result->output)
            memcpy(result->output, w.o, length * d * sizeof *w.o);
    }
    assay_release(w.tokens_memory);
    assay_release(w.workspace_memory);
    return status;
}
