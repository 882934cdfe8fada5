/* The approximate gradients: exp(S) = U1 U2^T by polynomial features, and the paper's chains of low-rank products. */
#include "assay/memory.h"
#include "reference/attention/lora_gradient_arguments.h"
#include "reference/attention/lora_gradient_loops.h"

#include <float.h>
#include <math.h>

/* Everything that the steps hand on. */
typedef struct chain {
    const lora_gradient_problem *problem;
    size_t length, d, r, features;
    double *q, *k, *k_centred, *v; /* [L x d] */
    double *o, *c, *rho;           /* [L x d], [L x d], [L] */
    double *u1, *u2;               /* [L x features], rows of u1 divided by D */
    double *t;                     /* [features x d x r] a contracted side of a chain */
    double *n;                     /* [features x d] the same for the part of rho, and other sums over tokens */
    double *z;                     /* [L x r] what p does to the thin side */
    double *thin;                  /* [L x r] the thin side */
    double *weight;                /* [3 x d x d] W'_m */
    double flops;
    void *of_tokens, *of_features;
} chain;

/* ---- 1, 2: projections, range --------------------------------------------------------------------------------- */

static assay_status project(const lora_view *view, const lora_gradient_options *options, chain *w)
{
    const size_t tokens = w->length * w->d, square = w->d * w->d;
    double *next = assay_allocate(6 * tokens + w->length * (1 + 2 * w->r) + 3 * square, sizeof *next);
    w->of_tokens = next;
    if (!next)
        return ASSAY_NO_MEMORY;
    double **const parts[] = {&w->q, &w->k, &w->v, &w->k_centred, &w->o, &w->c};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++, next += tokens)
        *parts[i] = next;
    w->rho = next;
    w->z = w->rho + w->length;
    w->thin = w->z + w->length * w->r;
    w->weight = w->thin + w->length * w->r;
    for (int m = 0; m < LORA_PARTS; m++) {
        lora_effective_weight(view, m, w->weight + (size_t)m * square);
        lora_multiply(w->length, w->d, w->d, w->problem->tokens[m], w->weight + (size_t)m * square, *parts[m]);
        w->flops += 2 * (double)tokens * (double)w->d;
    }
    for (size_t t = 0; t < w->d; t++) { /* rows of p sum to 0: a vector common to all rows of K changes nothing */
        double mean = 0;
        for (size_t j = 0; options->center && j < w->length; j++)
            mean += w->k[j * w->d + t] / (double)w->length;
        for (size_t j = 0; j < w->length; j++)
            w->k_centred[j * w->d + t] = w->k[j * w->d + t] - mean;
    }
    return ASSAY_OK;
}

static double longest_row(const double *x, size_t rows, size_t d)
{
    double longest = 0;
    for (size_t i = 0; i < rows; i++)
        longest = fmax(longest, sqrt(lora_dot(x + i * d, x + i * d, d)));
    return longest;
}

static double largest_magnitude(const double *x, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* ---- 3, 4: features, output ----------------------------------------------------------------------------------- */

static assay_status allocate_features(chain *w)
{
    size_t sides;
    const size_t per_feature = w->d * (w->r + 1);
    if (__builtin_mul_overflow(w->length + per_feature, 2 * w->features, &sides))
        return assay_fail(ASSAY_NO_MEMORY, "length %zu times %zu features does not fit in size_t", w->length,
                          w->features);
    double *next = assay_allocate(sides, sizeof *next);
    w->of_features = next;
    if (!next)
        return ASSAY_NO_MEMORY;
    w->u1 = next;
    w->u2 = w->u1 + w->length * w->features;
    w->t = w->u2 + w->length * w->features;
    w->n = w->t + w->features * w->d * w->r;
    return ASSAY_OK;
}

/* All monomials of factor x, each from its parent. */
static void monomials(const lora_features *features, double factor, const double *x, double *u)
{
    u[0] = 1;
    for (size_t a = 1; a < features->count; a++)
        u[a] = u[features->parent[a]] * (factor * x[features->variable[a]]);
}

/* U1 and U2, D = U1 (U2^T 1), O = D^-1 U1 (U2^T V), c = O - Y, rho_i = <c_i, O_i>. */
static assay_status attend(const lora_features *features, chain *w)
{
    const size_t length = w->length, d = w->d, k = w->features;
    double *sum = w->t; /* U2^T 1 */
    for (size_t a = 0; a < k * (d + 1); a++)
        (a < k ? sum : w->n)[a < k ? a : a - k] = 0;
    for (size_t j = 0; j < length; j++) {
        double *u = w->u2 + j * k;
        monomials(features, 1, w->k_centred + j * d, u);
        lora_add(sum, 1, u, k);
        for (size_t a = 0; a < k; a++)
            lora_add(w->n + a * d, u[a], w->v + j * d, d); /* U2^T V */
    }
    for (size_t i = 0; i < length; i++) {
        double *u = w->u1 + i * k, *c = w->c + i * d, *o = w->o + i * d;
        monomials(features, w->problem->beta, w->q + i * d, u);
        for (size_t a = 0; a < k; a++)
            u[a] *= features->weight[a];
        const double row = lora_dot(u, sum, k);
        if (!(row > 0))
            return assay_fail(ASSAY_MISMATCH,
                              "the sum of row %zu of the polynomial of S is %g, must be positive: the "
                              "polynomial does not fit the range of S",
                              i, row);
        for (size_t a = 0; a < k; a++) {
            u[a] /= row;
            lora_add(o, u[a], w->n + a * d, d);
        }
        for (size_t t = 0; t < d; t++)
            c[t] = o[t] - w->problem->target[i * d + t];
        w->rho[i] = lora_dot(c, o, d);
    }
    w->flops += (double)length * (double)k * (2 * 2 + 3 + 2 + 4 * (double)d);
    return ASSAY_OK;
}

/* ---- 5: chains ------------------------------------------------------------------------------------------------ */

/* z = p right, with right (L x r) the thin side: sums over the tokens of the keys first. Then wide^T z is a gradient.
 */
static void chain_from_right(chain *w, const double *right)
{
    const size_t d = w->d, r = w->r, k = w->features;
    for (size_t a = 0; a < k * (d + 1) * r; a++)
        (a < k * d * r ? w->t : w->n)[a < k * d * r ? a : a - k * d * r] = 0;
    for (size_t j = 0; j < w->length; j++) {
        for (size_t a = 0; a < k; a++) {
            const double u = w->u2[j * k + a];
            for (size_t t = 0; t < d; t++)
                lora_add(w->t + (a * d + t) * r, u * w->v[j * d + t], right + j * r, r);
            lora_add(w->n + a * r, u, right + j * r, r);
        }
    }
    for (size_t i = 0; i < w->length; i++) {
        for (size_t t = 0; t < r; t++)
            w->z[i * r + t] = 0;
        for (size_t a = 0; a < k; a++) {
            const double u = w->u1[i * k + a];
            for (size_t t = 0; t < d; t++)
                lora_add(w->z + i * r, u * w->c[i * d + t], w->t + (a * d + t) * r, r);
            lora_add(w->z + i * r, -w->rho[i] * u, w->n + a * r, r);
        }
    }
    w->flops += (double)w->length * (double)k * (4 * (double)(d * r) + 2 * (double)d + 4 * (double)r + 1);
}

/* z = p^T left, with left (L x r) the thin side: sums over the tokens of the queries first. */
static void chain_from_left(chain *w, const double *left)
{
    const size_t d = w->d, r = w->r, k = w->features;
    for (size_t a = 0; a < k * (d + 1) * r; a++)
        (a < k * d * r ? w->t : w->n)[a < k * d * r ? a : a - k * d * r] = 0;
    for (size_t i = 0; i < w->length; i++) {
        for (size_t a = 0; a < k; a++) {
            const double u = w->u1[i * k + a];
            for (size_t t = 0; t < d; t++)
                lora_add(w->t + (a * d + t) * r, u * w->c[i * d + t], left + i * r, r);
            lora_add(w->n + a * r, u * w->rho[i], left + i * r, r);
        }
    }
    for (size_t j = 0; j < w->length; j++) {
        for (size_t t = 0; t < r; t++)
            w->z[j * r + t] = 0;
        for (size_t a = 0; a < k; a++) {
            const double u = w->u2[j * k + a];
            for (size_t t = 0; t < d; t++)
                lora_add(w->z + j * r, u * w->v[j * d + t], w->t + (a * d + t) * r, r);
            lora_add(w->z + j * r, -u, w->n + a * r, r);
        }
    }
    w->flops += (double)w->length * (double)k * (4 * (double)(d * r) + 2 * (double)d + 4 * (double)r + 1);
}

/* ---- 6: gradients --------------------------------------------------------------------------------------------- */

/* dB_Q = s beta X1^T p (K A_Q^T) and dA_Q = s beta (X1 B_Q)^T p K. */
static void query_gradients(chain *w, double factor, lora_gradient_result *result)
{
    const lora_gradient_problem *x = w->problem;
    lora_multiply_by_transposed(w->length, w->r, w->d, w->k_centred, x->a[LORA_QUERY], w->thin);
    chain_from_right(w, w->thin);
    lora_multiply_transposed(w->d, w->r, w->length, factor, x->tokens[LORA_QUERY], w->z, result->b[LORA_QUERY]);
    lora_multiply(w->length, w->r, w->d, x->tokens[LORA_QUERY], x->b[LORA_QUERY], w->thin);
    chain_from_left(w, w->thin);
    lora_multiply_transposed(w->r, w->d, w->length, factor, w->z, w->k_centred, result->a[LORA_QUERY]);
    w->flops += 8 * (double)w->length * (double)(w->d * w->r);
}

/* dB_K = s beta X2^T p^T (Q A_K^T) and dA_K = s beta (X2 B_K)^T p^T Q. */
static void key_gradients(chain *w, double factor, lora_gradient_result *result)
{
    const lora_gradient_problem *x = w->problem;
    lora_multiply_by_transposed(w->length, w->r, w->d, w->q, x->a[LORA_KEY], w->thin);
    chain_from_left(w, w->thin);
    lora_multiply_transposed(w->d, w->r, w->length, factor, x->tokens[LORA_KEY], w->z, result->b[LORA_KEY]);
    lora_multiply(w->length, w->r, w->d, x->tokens[LORA_KEY], x->b[LORA_KEY], w->thin);
    chain_from_right(w, w->thin);
    lora_multiply_transposed(w->r, w->d, w->length, factor, w->z, w->q, result->a[LORA_KEY]);
    w->flops += 8 * (double)w->length * (double)(w->d * w->r);
}

/* With T = U1^T c: dB_V = s X3^T (U2 (T A_V^T)) and dA_V = s ((X3 B_V)^T U2) T. */
static void value_gradients(chain *w, double s, lora_gradient_result *result)
{
    const lora_gradient_problem *x = w->problem;
    const size_t length = w->length, d = w->d, r = w->r, k = w->features;
    double *t = w->n, *t_a = w->t, *left = w->t;
    lora_multiply_transposed(k, d, length, 1, w->u1, w->c, t);
    lora_multiply_by_transposed(k, r, d, t, x->a[LORA_VALUE], t_a);
    lora_multiply(length, r, k, w->u2, t_a, w->z);
    lora_multiply_transposed(d, r, length, s, x->tokens[LORA_VALUE], w->z, result->b[LORA_VALUE]);
    lora_multiply(length, r, d, x->tokens[LORA_VALUE], x->b[LORA_VALUE], w->thin);
    lora_multiply_transposed(r, k, length, s, w->thin, w->u2, left);
    lora_multiply(r, d, k, left, t, result->a[LORA_VALUE]);
    w->flops += (double)length * ((double)k * (2 * (double)d + 4 * (double)r) + 4 * (double)(d * r));
}

static void gradients(chain *w, lora_gradient_mode mode, lora_gradient_result *result)
{
    const double s = w->problem->alpha / (double)w->r;
    query_gradients(w, s * w->problem->beta, result);
    if (mode == LORA_GRADIENT_FULL)
        key_gradients(w, s * w->problem->beta, result);
    value_gradients(w, s, result);
    result->loss = 0.5 * lora_dot(w->c, w->c, w->length * w->d);
    for (size_t i = 0; result->output && i < w->length * w->d; i++)
        result->output[i] = w->o[i];
}

assay_status lora_gradient_reference_approximate(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                                 const lora_gradient_options *options, lora_gradient_result *result,
                                                 lora_gradient_info *info)
{
    lora_view view;
    lora_features features = {0};
    lora_gradient_info made = {.chain = LORA_GRADIENT_CHAINED};
    assay_status status = lora_view_of(problem, result, &view);
    if (status == ASSAY_OK)
        status = lora_check(&view, mode);
    if (status == ASSAY_OK)
        status = lora_check_options(options);
    if (status != ASSAY_OK)
        return status;

    chain w = {.problem = problem, .length = problem->length, .d = problem->width, .r = problem->rank};
    status = project(&view, options, &w);
    if (status == ASSAY_OK) {
        const double range = problem->beta * longest_row(w.q, w.length, w.d) * longest_row(w.k_centred, w.length, w.d);
        status =
            lora_plan(options, w.d, range, largest_magnitude(w.v, w.length * w.d), DBL_EPSILON / 2, &made, &features);
        if (status == ASSAY_NOT_CONVERGED && info)
            *info = made;
    }
    w.features = features.count;
    if (status == ASSAY_OK)
        status = allocate_features(&w);
    if (status == ASSAY_OK)
        status = attend(&features, &w);
    if (status == ASSAY_OK) {
        gradients(&w, mode, result);
        made.flops = w.flops;
        if (info)
            *info = made;
    }
    assay_release(w.of_tokens);
    assay_release(w.of_features);
    lora_release_features(&features);
    return status;
}
