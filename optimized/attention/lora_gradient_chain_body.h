/*
 * The paper's chains for a block. For each adapter m that acts through p (Q, and K if it is trained) there is a thin
 * side (L x r) over the keys, contracted first with p from the right, and one over the queries, contracted from the
 * left: m = Q: dB = s beta X1^T [p (K A^T)],    dA = s beta [p^T (X1 B)]^T K; m = K: dA = s beta [p (X2 B)]^T Q, dB = s
 * beta X2^T [p^T (Q A^T)]; and of the value's adapter dA = s [f (X3 B)]^T c, dB = s X3^T [f^T (c A^T)]. In brackets is
 * what comes of the chains.
 *
 * Columns over keys:    1, v, then for each m right_m v^T (index b d + t) and right_m, then X3 B_V.
 * Columns over queries: for each m left_m c^T (index b d + t) and rho left_m, then c A_V^T; all divided by D.
 * Parts of a block: the loss, then d r numbers for each m from pass B and from pass C, then the same for the value.
 */

static double *chain_part(const lora_job *job, size_t block, size_t adapter, size_t pass)
{
    return job->partials + block * job->partial + 1 + (2 * adapter + pass) * job->width * job->rank;
}

/* Adapter number m of those that act through p. */
static int score_part(size_t m)
{
    return m == 0 ? LORA_QUERY : LORA_KEY;
}

/* A X of the thin side: rows of K A_Q^T, or X2 B_K. */
static void right_side(const lora_job *job, size_t m, const double *x2, const double *k, double *right)
{
    const size_t d = job->width, r = job->rank;
    if (score_part(m) == LORA_QUERY)
        project_transposed(d, r, job->adapter_a[LORA_QUERY], k, right);
    else
        project(d, r, job->adapter_b[LORA_KEY], r, x2, right);
}

/* Rows of X1 B_Q, or Q A_K^T. */
static void left_side(const lora_job *job, size_t m, const double *x1, const double *q, double *left)
{
    const size_t d = job->width, r = job->rank;
    if (score_part(m) == LORA_QUERY)
        project(d, r, job->adapter_b[LORA_QUERY], r, x1, left);
    else
        project_transposed(d, r, job->adapter_a[LORA_KEY], q, left);
}

/* The columns over keys. */
static void put_chain(const lora_job *job, size_t block, const double *x2, const double *x3, const double *k, real *g,
                      double *scratch)
{
    const size_t d = job->width, r = job->rank, stride = job->stride;
    double *v = take(&scratch, d * BLOCK), *right = take(&scratch, r * BLOCK);
    size_t c = 0;
    project(d, d, job->weight[LORA_VALUE], d, x3, v);
    put_ones(job, block, g, stride, c++);
    for (size_t t = 0; t < d; t++)
        put_column(g, stride, c++, v + t * BLOCK, NULL);
    for (size_t m = 0; m < job->trained_scores; m++) {
        right_side(job, m, x2, k, right);
        for (size_t b = 0; b < r; b++) {
            for (size_t t = 0; t < d; t++)
                put_column(g, stride, c++, right + b * BLOCK, v + t * BLOCK);
        }
        for (size_t b = 0; b < r; b++)
            put_column(g, stride, c++, right + b * BLOCK, NULL);
    }
    project(d, r, job->adapter_b[LORA_VALUE], r, x3, right);
    for (size_t b = 0; b < r; b++)
        put_column(g, stride, c++, right + b * BLOCK, NULL);
}

static void multiply_by_row(size_t columns, const double *by, double *x)
{
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < BLOCK; i++)
            x[c * BLOCK + i] *= by[i];
    }
}

/* z[b] = sum_t w[b d + t] x[t] - w[r d + b] (rho, or 1 if it is null), by rows. */
static void contract(const lora_job *job, const double *w, const double *x, const double *rho, double *z)
{
    const size_t d = job->width, r = job->rank;
    for (size_t i = 0; i < BLOCK; i += WIDE_LANES) {
        const wide by = rho ? load_wide(rho + i) : spread_wide(1);
        for (size_t b = 0; b < r; b++) {
            wide sum = -by * load_wide(w + (r * d + b) * BLOCK + i);
            for (size_t t = 0; t < d; t++)
                sum = LORA_FMA_WIDE(load_wide(w + (b * d + t) * BLOCK + i), load_wide(x + t * BLOCK + i), sum);
            store_wide(z + b * BLOCK + i, sum);
        }
    }
}

/* The columns over queries, of rows c / D and rho / D. */
static void put_chain_back(const lora_job *job, const queries *y, const double *c, const double *rho, real *g,
                           double *thin)
{
    const size_t d = job->width, r = job->rank, stride = job->stride_back;
    size_t column = 0;
    for (size_t m = 0; m < job->trained_scores; m++) {
        left_side(job, m, y->x, y->q, thin);
        for (size_t b = 0; b < r; b++) {
            for (size_t t = 0; t < d; t++)
                put_column(g, stride, column++, thin + b * BLOCK, c + t * BLOCK);
        }
        for (size_t b = 0; b < r; b++)
            put_column(g, stride, column++, thin + b * BLOCK, rho);
    }
    project_transposed(d, r, job->adapter_a[LORA_VALUE], c, thin);
    for (size_t b = 0; b < r; b++)
        put_column(g, stride, column++, thin + b * BLOCK, NULL);
    for (; column < stride; column++) {
        for (size_t i = 0; i < BLOCK; i++)
            g[i * stride + column] = 0;
    }
}

/* Pass B. */
static size_t query_chain(const lora_job *job, size_t block, double *scratch, double *sums, double *row_sum)
{
    const size_t d = job->width, r = job->rank, each = r * d + r;
    queries y = take_queries(&scratch, d);
    double *m = take(&scratch, job->columns * BLOCK), *thin = take(&scratch, r * BLOCK);
    real *scaled = take_reals(&scratch, d * BLOCK), *u = take_reals(&scratch, job->features->count * BLOCK);
    real *g = take_reals(&scratch, job->stride_back * BLOCK);
    load_queries(job, block, &y);
    make_features(job, job->beta, y.q, scaled, u);
    multiply_features(job, u, job->table, job->stride, job->columns, m);
    const size_t wrong = first_not_positive(job, block, m, row_sum);
    if (wrong < BLOCK)
        return wrong;
    for (size_t i = 0; i < BLOCK; i++)
        y.inverse[i] = 1 / m[i];
    multiply_by_row(job->columns - 1, y.inverse, m + BLOCK);
    memcpy(y.o, m + BLOCK, d * BLOCK * sizeof *y.o);
    job->partials[block * job->partial] = compare_with_target(job, block, &y);

    const double *chain = m + (1 + d) * BLOCK;
    for (size_t s = 0; s < job->trained_scores; s++, chain += each * BLOCK) {
        contract(job, chain, y.c, y.rho, thin);
        if (score_part(s) == LORA_QUERY)
            multiply_rows(d, r, y.x, thin, chain_part(job, block, s, 0));
        else
            multiply_rows(r, d, thin, y.q, chain_part(job, block, s, 0));
    }
    multiply_rows(r, d, chain, y.c, chain_part(job, block, job->trained_scores, 0));

    multiply_by_row(d, y.inverse, y.c);
    multiply_by_row(1, y.inverse, y.rho);
    put_chain_back(job, &y, y.c, y.rho, g, thin);
    gather_rows(job->features->count, u, g, job->stride_back, sums);
    return BLOCK;
}

/* Pass C. */
static void answer(const lora_job *job, size_t block, double *scratch)
{
    const size_t d = job->width, r = job->rank, each = r * d + r;
    double *x2 = take(&scratch, d * BLOCK), *x3 = job->same ? x2 : take(&scratch, d * BLOCK);
    double *k = take(&scratch, d * BLOCK), *v = take(&scratch, d * BLOCK), *thin = take(&scratch, r * BLOCK);
    double *m = take(&scratch, job->columns_back * BLOCK);
    real *scaled = take_reals(&scratch, d * BLOCK), *u = take_reals(&scratch, job->features->count * BLOCK);
    load_keys(job, block, x2, k);
    if (!job->same)
        load_tokens(job, job->view->tokens[LORA_VALUE], block, x3);
    project(d, d, job->weight[LORA_VALUE], d, x3, v);
    make_features(job, 1, k, scaled, u);
    multiply_features(job, u, job->table_back, job->stride_back, job->columns_back, m);
    for (size_t s = 0; s < job->trained_scores; s++) {
        contract(job, m + s * each * BLOCK, v, NULL, thin);
        if (score_part(s) == LORA_QUERY)
            multiply_rows(r, d, thin, k, chain_part(job, block, s, 1));
        else
            multiply_rows(d, r, x2, thin, chain_part(job, block, s, 1));
    }
    multiply_rows(d, r, x3, m + job->trained_scores * each * BLOCK, chain_part(job, block, job->trained_scores, 1));
}
