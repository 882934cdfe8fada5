/* What is left for each query once its moments are known; all in double. */
#ifndef ASSAY_LORA_GRADIENT_FINISH_H
#define ASSAY_LORA_GRADIENT_FINISH_H

#include "optimized/attention/lora_gradient_vectors.h"

/* Numbers of a block of queries, [column][BLOCK]. */
typedef struct queries {
    double *x;       /* [d] rows of X1 */
    double *q;       /* [d] rows of Q */
    double *c;       /* [d] O - Y, 0 beyond the last token */
    double *o;       /* [d] O */
    double *u;       /* [d] W'_V c, so that q_ij = <u_i, x3_j> */
    double *z;       /* [d] row of p X2 */
    double *mean3;   /* [d] f X3 */
    double *rho;     /* [1] */
    double *inverse; /* [1] 1 / D */
} queries;

enum { QUERY_ARRAYS = 7 };

static inline size_t scratch_of_queries(size_t width)
{
    return (QUERY_ARRAYS * width + 2) * BLOCK;
}

static inline queries take_queries(double **scratch, size_t width)
{
    queries y;
    double **const arrays[QUERY_ARRAYS] = {&y.x, &y.q, &y.c, &y.o, &y.u, &y.z, &y.mean3};
    for (int i = 0; i < QUERY_ARRAYS; i++)
        *arrays[i] = take(scratch, width * BLOCK);
    y.rho = take(scratch, BLOCK);
    y.inverse = take(scratch, BLOCK);
    return y;
}

/* Rows of X1 and of Q. */
static inline void load_queries(const lora_job *job, size_t block, queries *y)
{
    load_tokens(job, job->view->tokens[LORA_QUERY], block, y->x);
    project(job->width, job->width, job->weight[LORA_QUERY], job->width, y->x, y->q);
}

/* Given 1/D and O: c, rho and the part of the loss, and O to where it is wanted. */
static inline double compare_with_target(const lora_job *job, size_t block, queries *y)
{
    const size_t d = job->width, rows = rows_of(job, block), first = block * BLOCK;
    load_tokens(job, job->view->target, block, y->c);
    if (job->output) {
        real *output = (real *)job->output + first * d;
        for (size_t i = 0; i < rows; i++) {
            for (size_t t = 0; t < d; t++)
                output[i * d + t] = (real)y->o[t * BLOCK + i];
        }
    }
    wide loss = {0};
    for (size_t t = 0; t < d; t++) {
        double *o = y->o + t * BLOCK, *c = y->c + t * BLOCK;
        for (size_t i = rows; i < BLOCK; i++)
            o[i] = 0; /* so that c and everything after it is 0 there */
        for (size_t i = 0; i < BLOCK; i += WIDE_LANES) {
            const wide difference = load_wide(o + i) - load_wide(c + i);
            store_wide(c + i, difference);
            loss = LORA_FMA_WIDE(difference, difference, loss);
            const wide zero = {0}, before = t == 0 ? zero : load_wide(y->rho + i);
            store_wide(y->rho + i, LORA_FMA_WIDE(difference, load_wide(o + i), before));
        }
    }
    return 0.5 * sum_of(loss);
}

/* From D and sums of x3 (not divided by D yet): the mean, O, c, rho, u; returns the loss. */
static inline double finish_output(const lora_job *job, size_t block, const double *sum, const double *sum3, queries *y)
{
    const size_t d = job->width;
    for (size_t i = 0; i < BLOCK; i++)
        y->inverse[i] = 1 / sum[i];
    for (size_t t = 0; t < d; t++) {
        for (size_t i = 0; i < BLOCK; i++)
            y->mean3[t * BLOCK + i] = sum3[t * BLOCK + i] * y->inverse[i];
    }
    project(d, d, job->weight[LORA_VALUE], d, y->mean3, y->o);
    const double loss = compare_with_target(job, block, y);
    project_transposed(d, d, job->weight[LORA_VALUE], y->c, y->u);
    return loss;
}

/* From the moments, with rows [x2 | x3 if it is another | x2 x3^T]: z = (sum x2 x3^T) u / D - rho (sum x2) / D. */
static inline void finish_moments(const lora_job *job, const double *moments, queries *y)
{
    const size_t d = job->width;
    const double *second = moments + (job->same ? d : 2 * d) * BLOCK;
    for (size_t i = 0; i < BLOCK; i += WIDE_LANES) {
        const wide inverse = load_wide(y->inverse + i), rho = load_wide(y->rho + i);
        for (size_t s = 0; s < d; s++) {
            wide sum = -rho * load_wide(moments + s * BLOCK + i);
            for (size_t t = 0; t < d; t++) {
                const size_t low = s < t ? s : t, high = s < t ? t : s;
                const size_t pair = job->same ? high * (high + 1) / 2 + low : s * d + t;
                sum = LORA_FMA_WIDE(load_wide(second + pair * BLOCK + i), load_wide(y->u + t * BLOCK + i), sum);
            }
            store_wide(y->z + s * BLOCK + i, sum * inverse);
        }
    }
}

/* The block's parts of H = X1^T p X2 and N = (f X3)^T c. */
static inline void finish_block(const lora_job *job, double loss, const queries *y, double *partial)
{
    const size_t d = job->width;
    partial[0] = loss;
    multiply_rows(d, d, y->x, y->z, partial + 1);
    multiply_rows(d, d, y->mean3, y->c, partial + 1 + d * d);
}

#endif
