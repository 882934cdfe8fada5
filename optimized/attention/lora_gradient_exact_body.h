/*
 * The exact gradients for a block of queries, for one CPU level and precision: scores by tiles of KEYS keys and STRIP
 * queries with the softmax's maximum kept up to date, then moments by one matrix product (one pass), or, where the
 * products of pairs would cost more than a second exponential, means and then p X2 (two passes).
 */
#include "optimized/attention/lora_gradient_finish.h"
#include "optimized/attention/lora_gradient_products.h"

/* K, and for one pass the moments of each key: [x2 | x3 if it is another | x2 x3^T]. */
static void prepare(const lora_job *job, size_t block, double *scratch)
{
    const size_t d = job->width, rows = rows_of(job, block), first = block * BLOCK;
    const real *x2 = (const real *)job->view->tokens[LORA_KEY] + first * d;
    const real *x3 = (const real *)job->view->tokens[LORA_VALUE] + first * d;
    double *x = take(&scratch, d * BLOCK), *k = take(&scratch, d * BLOCK);
    real *keys = (real *)job->keys + first * d, *m = job->one_pass ? (real *)job->moments + first * job->columns : NULL;
    load_tokens(job, job->view->tokens[LORA_KEY], block, x);
    project(d, d, job->weight[LORA_KEY], d, x, k);
    for (size_t i = 0; i < rows; i++) {
        for (size_t t = 0; t < d; t++)
            keys[i * d + t] = (real)k[t * BLOCK + i];
    }
    for (size_t i = 0; job->one_pass && i < rows; i++, x2 += d, x3 += d) {
        for (size_t t = 0; t < d; t++)
            *m++ = x2[t];
        for (size_t t = 0; !job->same && t < d; t++)
            *m++ = x3[t];
        for (size_t s = 0; s < d; s++) {
            const size_t pairs = job->same ? s + 1 : d;
            for (size_t t = 0; t < pairs; t++)
                *m++ = x2[s] * x3[t];
        }
    }
}

/* ---- Scores of a tile ----------------------------------------------------------------------------------------- */

/* A tile's scores, [n][STRIP], of the queries q [d][BLOCK] with n rows of length d. */
static void scores(size_t n, size_t d, const real *q, const real *rows, real *s)
{
    size_t j = 0;
    for (; j + 4 <= n; j += 4, rows += 4 * d, s += 4 * STRIP) {
        vector sum[4][2] = {0};
        for (size_t t = 0; t < d; t++) {
            const vector q0 = load(q + t * BLOCK), q1 = load(q + t * BLOCK + LANES);
            for (size_t u = 0; u < 4; u++) {
                const vector x = spread(rows[u * d + t]);
                sum[u][0] = LORA_FMA(q0, x, sum[u][0]);
                sum[u][1] = LORA_FMA(q1, x, sum[u][1]);
            }
        }
        for (size_t u = 0; u < 4; u++) {
            store(s + u * STRIP, sum[u][0]);
            store(s + u * STRIP + LANES, sum[u][1]);
        }
    }
    for (; j < n; j++, rows += d, s += STRIP) {
        vector s0 = {0}, s1 = {0};
        for (size_t t = 0; t < d; t++) {
            const vector x = spread(rows[t]);
            s0 = LORA_FMA(load(q + t * BLOCK), x, s0);
            s1 = LORA_FMA(load(q + t * BLOCK + LANES), x, s1);
        }
        store(s, s0);
        store(s + LANES, s1);
    }
}

/* What a strip of queries has seen so far. */
typedef struct strip {
    const real *q; /* [d][BLOCK] scaled by beta LORA_SCORE_SCALE */
    real *largest; /* [STRIP] of the scores */
    double *sum;   /* [STRIP] of their powers of 2 */
    double *sums;  /* [columns][BLOCK] of powers times columns */
} strip;

/* Raises the maximum to that of the tile, scaling down what was summed up under a smaller one. */
static void raise_largest(const strip *at, size_t columns, size_t n, const real *s)
{
    vector m0 = load(at->largest), m1 = load(at->largest + LANES);
    for (size_t j = 0; j < n; j++) {
        m0 = LORA_MAX(m0, load(s + j * STRIP));
        m1 = LORA_MAX(m1, load(s + j * STRIP + LANES));
    }
    real after[STRIP], factor[STRIP];
    store(after, m0);
    store(after + LANES, m1);
    if (memcmp(after, at->largest, sizeof after) == 0)
        return;
    store(factor, LORA_EXPONENTIAL(load(at->largest) - m0));
    store(factor + LANES, LORA_EXPONENTIAL(load(at->largest + LANES) - m1));
    memcpy(at->largest, after, sizeof after);
    for (size_t i = 0; i < STRIP; i++)
        at->sum[i] *= (double)factor[i];
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < STRIP; i++)
            at->sums[c * BLOCK + i] *= (double)factor[i];
    }
}

/* s = 2^(s - largest), added to the sum. */
static void exponentiate(const strip *at, size_t n, real *s)
{
    const vector m0 = load(at->largest), m1 = load(at->largest + LANES);
    vector sum0 = {0}, sum1 = {0};
    for (size_t j = 0; j < n; j++, s += STRIP) {
        const vector e0 = LORA_EXPONENTIAL(load(s) - m0), e1 = LORA_EXPONENTIAL(load(s + LANES) - m1);
        store(s, e0);
        store(s + LANES, e1);
        sum0 += e0;
        sum1 += e1;
    }
    add_to(at->sum, sum0);
    add_to(at->sum + LANES, sum1);
}

/* s = 2^(s - largest) (q - rho) / D, row of p. */
static void differentiate(const strip *at, const real *rho, const real *inverse, size_t n, const real *q, real *s)
{
    const vector m0 = load(at->largest), m1 = load(at->largest + LANES);
    const vector rho0 = load(rho), rho1 = load(rho + LANES), i0 = load(inverse), i1 = load(inverse + LANES);
    for (size_t j = 0; j < n; j++, s += STRIP, q += STRIP) {
        store(s, LORA_EXPONENTIAL(load(s) - m0) * i0 * (load(q) - rho0));
        store(s + LANES, LORA_EXPONENTIAL(load(s + LANES) - m1) * i1 * (load(q + LANES) - rho1));
    }
}

/* ---- A block of queries --------------------------------------------------------------------------------------- */

/* Rows of each token that are multiplied with its weight in the first pass, and their number. */
static const real *first_columns(const lora_job *job, size_t *columns)
{
    *columns = job->columns;
    return job->one_pass ? job->moments : job->view->tokens[LORA_VALUE];
}

/* sum = D, sums = sum_j 2^(S_ij - largest_i) columns_j. */
static void first_pass(const lora_job *job, const real *q, real *tile, real *largest, double *sum, double *sums)
{
    size_t columns;
    const real *rows = first_columns(job, &columns), *keys = job->keys;
    for (size_t i = 0; i < BLOCK; i++)
        largest[i] = LEAST_SCORE;
    memset(sum, 0, BLOCK * sizeof *sum);
    memset(sums, 0, columns * BLOCK * sizeof *sums);
    for (size_t j = 0; j < job->length; j += KEYS) {
        const size_t n = job->length - j < KEYS ? job->length - j : KEYS;
        for (size_t i = 0; i < BLOCK; i += STRIP) {
            const strip at = {q + i, largest + i, sum + i, sums + i};
            scores(n, job->width, at.q, keys + j * job->width, tile);
            raise_largest(&at, columns, n, tile);
            exponentiate(&at, n, tile);
            product(columns, n, tile, STRIP, rows + j * columns, columns, at.sums);
        }
    }
}

/* z = p X2, with p computed from the scores again. */
static void second_pass(const lora_job *job, const real *q, real *tile, real *largest, const queries *y,
                        double *scratch)
{
    const size_t d = job->width;
    real *u = take_reals(&scratch, d * BLOCK), *tile_q = take_reals(&scratch, KEYS * STRIP);
    real *rho = take_reals(&scratch, BLOCK), *inverse = take_reals(&scratch, BLOCK);
    const real *keys = job->keys, *x2 = job->view->tokens[LORA_KEY], *x3 = job->view->tokens[LORA_VALUE];
    narrow(y->u, d * BLOCK, u);
    narrow(y->rho, BLOCK, rho);
    narrow(y->inverse, BLOCK, inverse);
    memset(y->z, 0, d * BLOCK * sizeof *y->z);
    for (size_t j = 0; j < job->length; j += KEYS) {
        const size_t n = job->length - j < KEYS ? job->length - j : KEYS;
        for (size_t i = 0; i < BLOCK; i += STRIP) {
            const strip at = {.q = q + i, .largest = largest + i};
            scores(n, d, at.q, keys + j * d, tile);
            scores(n, d, u + i, x3 + j * d, tile_q);
            differentiate(&at, rho + i, inverse + i, n, tile_q, tile);
            product(d, n, tile, STRIP, x2 + j * d, d, y->z + i);
        }
    }
}

static size_t scratch_of_exact(const lora_job *job)
{
    const size_t d = job->width;
    return scratch_of_queries(d) + (1 + job->columns) * BLOCK + 2 * (d + 1) * BLOCK + 2 * BLOCK + 2 * KEYS * STRIP;
}

static void exact(const lora_job *job, size_t block, double *scratch)
{
    const size_t d = job->width;
    queries y = take_queries(&scratch, d);
    double *sum = take(&scratch, BLOCK), *sums = take(&scratch, job->columns * BLOCK);
    real *q = take_reals(&scratch, d * BLOCK), *largest = take_reals(&scratch, BLOCK);
    real *tile = take_reals(&scratch, KEYS * STRIP);
    load_queries(job, block, &y);
    for (size_t i = 0; i < d * BLOCK; i++)
        q[i] = (real)(job->beta * LORA_SCORE_SCALE * y.q[i]);
    first_pass(job, q, tile, largest, sum, sums);
    const double *sum3 = sums + (job->one_pass && !job->same ? d * BLOCK : 0);
    const double loss = finish_output(job, block, sum, sum3, &y);
    if (job->one_pass)
        finish_moments(job, sums, &y);
    else
        second_pass(job, q, tile, largest, &y, scratch);
    finish_block(job, loss, &y, job->partials + block * job->partial);
}
