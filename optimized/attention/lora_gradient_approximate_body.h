/*
 * The approximate gradients for a block of keys or queries, for one CPU level and precision. Features of a block are
 * made when they are needed and never stored for all tokens: pass A adds products of features and columns of the keys
 * over all keys, pass B multiplies the features of the queries with these sums. By moments that is all; the paper's
 * chains that are contracted from the side of the queries need sums over queries from pass B, and pass C over the keys.
 */
#include "optimized/attention/lora_gradient_finish.h"
#include "optimized/attention/lora_gradient_products.h"

/* ---- Measures ------------------------------------------------------------------------------------------------- */

static void sum_tokens(const lora_job *job, size_t block, double *sums)
{
    const size_t d = job->width, rows = rows_of(job, block);
    const real *x = (const real *)job->view->tokens[LORA_KEY] + block * BLOCK * d;
    for (size_t t = 0; t < d; t++) {
        double sum = 0;
        for (size_t i = 0; i < rows; i++)
            sum += (double)x[i * d + t];
        sums[t] = sum;
    }
}

/* Rows of K, less the mean. */
static void load_keys(const lora_job *job, size_t block, double *x, double *k)
{
    const size_t d = job->width, rows = rows_of(job, block);
    load_tokens(job, job->view->tokens[LORA_KEY], block, x);
    project(d, d, job->weight[LORA_KEY], d, x, k);
    for (size_t t = 0; t < d; t++) {
        for (size_t i = 0; i < rows; i++)
            k[t * BLOCK + i] -= job->mean[t];
    }
}

static double longest_row(size_t d, size_t rows, const double *x)
{
    double longest = 0;
    for (size_t i = 0; i < rows; i++) {
        double square = 0;
        for (size_t t = 0; t < d; t++)
            square += x[t * BLOCK + i] * x[t * BLOCK + i];
        longest = square > longest ? square : longest;
    }
    return longest;
}

static void measure(const lora_job *job, size_t block, double *scratch, double largest[3])
{
    const size_t d = job->width, rows = rows_of(job, block);
    double *x = take(&scratch, d * BLOCK), *y = take(&scratch, d * BLOCK);
    load_keys(job, block, x, y);
    largest[LORA_KEY] = longest_row(d, rows, y);
    load_tokens(job, job->view->tokens[LORA_QUERY], block, x);
    project(d, d, job->weight[LORA_QUERY], d, x, y);
    largest[LORA_QUERY] = longest_row(d, rows, y);
    load_tokens(job, job->view->tokens[LORA_VALUE], block, x);
    project(d, d, job->weight[LORA_VALUE], d, x, y);
    double most = 0;
    for (size_t i = 0; i < d * BLOCK; i++)
        most = fabs(y[i]) > most ? fabs(y[i]) : most;
    largest[LORA_VALUE] = most;
}

/* ---- Features ------------------------------------------------------------------------------------------------- */

/* u[a][row] for the rows factor x of a block: each feature is its parent times one variable. */
static void make_features(const lora_job *job, double factor, const double *x, real *scaled, real *u)
{
    const lora_features *f = job->features;
    for (size_t i = 0; i < job->width * BLOCK; i++)
        scaled[i] = (real)(factor * x[i]);
    for (size_t i = 0; i < BLOCK; i++)
        u[i] = 1;
    for (size_t a = 1; a < f->count; a++) {
        const real *parent = u + f->parent[a] * (size_t)BLOCK, *by = scaled + f->variable[a] * (size_t)BLOCK;
        for (size_t i = 0; i < BLOCK; i += LANES)
            store(u + a * BLOCK + i, load(parent + i) * load(by + i));
    }
}

/* Column c of g [BLOCK][stride]: x y by rows; y may be null. */
static void put_column(real *g, size_t stride, size_t c, const double *x, const double *y)
{
    g += c;
    if (y) {
        for (size_t i = 0; i < BLOCK; i++)
            g[i * stride] = (real)(x[i] * y[i]);
    } else {
        for (size_t i = 0; i < BLOCK; i++)
            g[i * stride] = (real)x[i];
    }
}

/* 1 for tokens, 0 for what fills up the last block. */
static void put_ones(const lora_job *job, size_t block, real *g, size_t stride, size_t c)
{
    const size_t rows = rows_of(job, block);
    for (size_t i = 0; i < BLOCK; i++)
        g[i * stride + c] = i < rows;
}

static void tabulate(const double *sums, const double *weight, size_t features, size_t stride, void *table)
{
    real *to = table;
    for (size_t a = 0; a < features; a++) {
        for (size_t c = 0; c < stride; c++)
            to[a * stride + c] = (real)(weight[a] * sums[a * stride + c]);
    }
}

/* y[c][BLOCK] = sum_a u[a] table[a][c] */
static void multiply_features(const lora_job *job, const real *u, const real *table, size_t stride, size_t columns,
                              double *y)
{
    memset(y, 0, columns * BLOCK * sizeof *y);
    for (size_t i = 0; i < BLOCK; i += STRIP)
        product(columns, job->features->count, u + i, BLOCK, table, stride, y + i);
}

/* The first row whose sum is not positive, or BLOCK. */
static size_t first_not_positive(const lora_job *job, size_t block, const double *sum, double *row_sum)
{
    const size_t rows = rows_of(job, block);
    for (size_t i = 0; i < rows; i++) {
        if (!(sum[i] > 0)) {
            *row_sum = sum[i];
            return i;
        }
    }
    return BLOCK;
}

/* ---- By moments ----------------------------------------------------------------------------------------------- */

/* Columns [1 | x2 | x3 if it is another | x2 x3^T]. */
static void put_moments(const lora_job *job, size_t block, const double *x2, const double *x3, real *g)
{
    const size_t d = job->width, stride = job->stride;
    size_t c = 0;
    put_ones(job, block, g, stride, c++);
    for (size_t t = 0; t < d; t++)
        put_column(g, stride, c++, x2 + t * BLOCK, NULL);
    for (size_t t = 0; !job->same && t < d; t++)
        put_column(g, stride, c++, x3 + t * BLOCK, NULL);
    for (size_t s = 0; s < d; s++) {
        const size_t pairs = job->same ? s + 1 : d;
        for (size_t t = 0; t < pairs; t++)
            put_column(g, stride, c++, x2 + s * BLOCK, x3 + t * BLOCK);
    }
}

static size_t query_moments(const lora_job *job, size_t block, double *scratch, double *row_sum)
{
    const size_t d = job->width;
    queries y = take_queries(&scratch, d);
    double *m = take(&scratch, job->columns * BLOCK);
    real *scaled = take_reals(&scratch, d * BLOCK), *u = take_reals(&scratch, job->features->count * BLOCK);
    load_queries(job, block, &y);
    make_features(job, job->beta, y.q, scaled, u);
    multiply_features(job, u, job->table, job->stride, job->columns, m);
    const size_t wrong = first_not_positive(job, block, m, row_sum);
    if (wrong < BLOCK)
        return wrong;
    const double loss = finish_output(job, block, m, m + (job->same ? 1 : 1 + d) * BLOCK, &y);
    finish_moments(job, m + BLOCK, &y);
    finish_block(job, loss, &y, job->partials + block * job->partial);
    return BLOCK;
}

#include "optimized/attention/lora_gradient_chain_body.h"

/* ---- The passes ----------------------------------------------------------------------------------------------- */

static void gather(const lora_job *job, size_t block, double *scratch, double *sums)
{
    const size_t d = job->width;
    double *x2 = take(&scratch, d * BLOCK), *x3 = job->same ? x2 : take(&scratch, d * BLOCK);
    double *k = take(&scratch, d * BLOCK);
    real *scaled = take_reals(&scratch, d * BLOCK), *u = take_reals(&scratch, job->features->count * BLOCK);
    real *g = take_reals(&scratch, job->stride * BLOCK);
    load_keys(job, block, x2, k);
    if (!job->same)
        load_tokens(job, job->view->tokens[LORA_VALUE], block, x3);
    make_features(job, 1, k, scaled, u);
    for (size_t i = 0; i < BLOCK; i++) { /* what fills up the last vector of columns */
        for (size_t c = job->columns; c < job->stride; c++)
            g[i * job->stride + c] = 0;
    }
    if (job->chained)
        put_chain(job, block, x2, x3, k, g, scratch);
    else
        put_moments(job, block, x2, x3, g);
    gather_rows(job->features->count, u, g, job->stride, sums);
}

static size_t query(const lora_job *job, size_t block, double *scratch, double *sums, double *row_sum)
{
    return job->chained ? query_chain(job, block, scratch, sums, row_sum) : query_moments(job, block, scratch, row_sum);
}

static size_t scratch_of(const lora_job *job)
{
    if (!job->features)
        return scratch_of_exact(job);
    const size_t columns = job->stride + job->stride_back + 2 * job->columns + 2 * job->columns_back;
    return scratch_of_queries(job->width) + (job->features->count + columns + 16 * job->width + 16) * BLOCK;
}

const lora_kernels LORA_KERNELS = {.lanes = LANES,
                                   .scratch = scratch_of,
                                   .prepare = prepare,
                                   .exact = exact,
                                   .sum_tokens = sum_tokens,
                                   .measure = measure,
                                   .gather = gather,
                                   .query = query,
                                   .answer = answer,
                                   .tabulate = tabulate};
