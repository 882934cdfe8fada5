/* local_lipschitz: bounds of the chain rule's intermediate results and of the norm, steps 3 to 5. */
#include "assay/local_lipschitz.h"
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

ASSAY_CATALOGUE(local_lipschitz, .family = "networks",
                .title = "Efficiently Computing Local Lipschitz Constants of Neural Networks via Bound Propagation",
                .authors = "Zhouxing Shi, Yihan Wang, Huan Zhang, J. Zico Kolter, Cho-Jui Hsieh", .year = 2022,
                .identifier = "arXiv:2210.07394",
                .data = "numbers and a class below 100 as .csv, the class last in each row",
                .summary = "Bounds how fast a piecewise linear network can change within a box, by linear bound "
                           "propagation through the chain rule and by branch and bound.",
                .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) |
                          ASSAY_LEVEL_BIT(ASSAY_AVX2) | ASSAY_LEVEL_BIT(ASSAY_AVX512));

assay_status lipschitz_gradients_create(const lipschitz_chain *chain, lipschitz_gradients *gradients)
{
    const size_t count = chain->width[0] + chain->hidden;
    *gradients = (lipschitz_gradients){assay_allocate(count, sizeof(double)), assay_allocate(count, sizeof(double))};
    return gradients->low && gradients->high ? ASSAY_OK : ASSAY_NO_MEMORY;
}

void lipschitz_gradients_release(lipschitz_gradients *gradients)
{
    assay_release(gradients->low);
    assay_release(gradients->high);
}

/* The largest |g| of number i of layer k, which is that of y too. */
static double magnitude(const lipschitz_chain *chain, const lipschitz_gradients *g, size_t k, size_t i)
{
    const size_t at = lipschitz_gradient_offset(chain, k) + i;
    return fmax(-g->low[at], g->high[at]);
}

/* a (on g_{q-1}) becomes a W_q^T (on y_q). */
static void through_weights(const lipschitz_backward *b, const lipschitz_gradients *g, size_t q, const double *a,
                            double *next, double *total)
{
    const lipschitz_chain *chain = &b->net->chain;
    for (size_t m = 0; m < chain->width[q]; m++) {
        const double *w = b->net->weights[q] + m * chain->width[q - 1];
        double sum = 0, magnitudes = 0;
        for (size_t i = 0; i < chain->width[q - 1]; i++)
            sum += a[i] * w[i];
        for (size_t i = 0; b->options->rigorous && i < chain->width[q - 1]; i++)
            magnitudes += fabs(a[i] * w[i]);
        next[m] = sum;
        *total += magnitudes * magnitude(chain, g, q, m);
    }
}

/* y_q = D g_q: a (on y_q) becomes a (on g_q), and the upper bound's constant grows. */
static double relax(const lipschitz_backward *b, const lipschitz_gradients *g, size_t q, double *a, double *total)
{
    const lipschitz_chain *chain = &b->net->chain;
    const size_t first = lipschitz_gradient_offset(chain, q);
    double bias = 0;
    for (size_t i = 0; i < chain->width[q]; i++) {
        const lipschitz_lines lines = lipschitz_product_lines(b->sign[chain->offset[q] + i], g->low[first + i],
                                                              g->high[first + i], b->method, b->options->strict_code);
        *total += fabs(a[i]) * magnitude(chain, g, q, i);
        bias += a[i] * (a[i] > 0 ? lines.above : lines.below);
        a[i] *= a[i] > 0 ? lines.above_slope : lines.below_slope;
    }
    return bias;
}

/* An upper bound of a y_k, by walking up to g_{n-1}, which is known. @p coefficients as in the header. */
static double upper(const lipschitz_backward *b, const lipschitz_gradients *g, size_t k, double *a, double *other,
                    double total, double *coefficients)
{
    const lipschitz_chain *chain = &b->net->chain;
    double bias = 0;
    for (size_t q = k; q < chain->n; q++) {
        if (coefficients)
            memcpy(coefficients + chain->offset[q], a, chain->width[q] * sizeof *a);
        bias += relax(b, g, q, a, &total);
        if (q + 1 < chain->n) {
            through_weights(b, g, q + 1, a, other, &total);
            double *swap = a;
            a = other;
            other = swap;
        }
    }
    const double *top = g->low + lipschitz_gradient_offset(chain, chain->n - 1);
    for (size_t i = 0; i < chain->width[chain->n - 1]; i++) {
        bias += a[i] * top[i];
        total += fabs(a[i] * top[i]);
    }
    return b->options->rigorous ? bias + lipschitz_rounding(chain) * total : bias;
}

void lipschitz_gradient_top(const lipschitz_net *net, size_t row, lipschitz_gradients *g)
{
    const lipschitz_chain *chain = &net->chain;
    const size_t first = lipschitz_gradient_offset(chain, chain->n - 1), width = chain->width[chain->n - 1];
    for (size_t i = 0; i < width; i++)
        g->low[first + i] = g->high[first + i] = net->weights[chain->n][row * width + i];
}

void lipschitz_gradient_layer(const lipschitz_backward *b, size_t k, lipschitz_gradients *g)
{
    const lipschitz_chain *chain = &b->net->chain;
    const size_t first = lipschitz_gradient_offset(chain, k - 1);
    double *a = b->work, *other = a + chain->widest;
    for (size_t i = 0; i < chain->width[k - 1]; i++) {
        double bound[2];
        for (int below = 0; below < 2; below++) {
            for (size_t m = 0; m < chain->width[k]; m++)
                a[m] = (below ? -1 : 1) * b->net->weights[k][m * chain->width[k - 1] + i];
            bound[below] = upper(b, g, k, a, other, 0, NULL);
        }
        /* Where nothing is relaxed the two are equal but for rounding. */
        g->low[first + i] = fmin(-bound[1], bound[0]);
        g->high[first + i] = fmax(-bound[1], bound[0]);
    }
}

double lipschitz_gradient_norm(const lipschitz_backward *b, const lipschitz_gradients *g, double *coefficients)
{
    const lipschitz_chain *chain = &b->net->chain;
    const bool euclidean = b->options->norm == LOCAL_LIPSCHITZ_EUCLIDEAN;
    double *a = b->work, *other = a + chain->widest;
    double intercepts = 0, largest = 0, total = 0;
    for (size_t i = 0; i < chain->width[0]; i++) {
        const lipschitz_lines lines = lipschitz_norm_lines(g->low[i], g->high[i], b->method, euclidean);
        const double most = magnitude(chain, g, 0, i);
        a[i] = lines.above_slope;
        intercepts += lines.above;
        largest += euclidean ? most * most : most;
    }
    const double rounding = b->options->rigorous ? lipschitz_rounding(chain) : 0;
    total = 4 * largest; /* of the lines themselves; a Euclidean slope is at most twice the magnitude */
    double linear = intercepts;
    if (chain->n > 1) {
        through_weights(b, g, 1, a, other, &total);
        linear += upper(b, g, 1, other, a, total, coefficients);
    } else {
        for (size_t i = 0; i < chain->width[0]; i++)
            linear += a[i] * g->low[i];
        linear += rounding * total;
    }
    const double bound = fmin(linear, largest * (1 + rounding));
    return euclidean ? sqrt(fmax(bound, 0)) * (1 + rounding) : bound;
}

void lipschitz_finish(const double *row_values, size_t rows, local_lipschitz_result *result)
{
    result->value = 0;
    result->overflow = false;
    for (size_t j = 0; j < rows; j++) {
        result->overflow = result->overflow || !isfinite(row_values[j]);
        result->value = fmax(result->value, row_values[j]);
    }
    if (result->overflow)
        result->value = INFINITY;
    if (result->row_values)
        memcpy(result->row_values, row_values, rows * sizeof *row_values);
}

/* ---- All of it ------------------------------------------------------------------------------------------------- */

/* Steps 3 to 5 for every row asked for. */
static assay_status bound_rows(lipschitz_backward *b, size_t row, double *row_values, const local_lipschitz_result *to)
{
    const lipschitz_chain *chain = &b->net->chain;
    lipschitz_gradients g;
    assay_status status = lipschitz_gradients_create(chain, &g);
    b->work = assay_allocate(2 * chain->widest, sizeof *b->work);
    if (!b->work)
        status = ASSAY_NO_MEMORY;
    for (size_t j = 0; status == ASSAY_OK && j < lipschitz_rows(chain, row); j++) {
        lipschitz_gradient_top(b->net, lipschitz_first_row(row) + j, &g);
        for (size_t k = chain->n - 1; k > 0; k--)
            lipschitz_gradient_layer(b, k, &g);
        row_values[j] = lipschitz_gradient_norm(b, &g, NULL);
        const double *const from[] = {g.low, g.high, g.low + chain->width[0], g.high + chain->width[0]};
        double *const arrays[] = {to->jacobian_low, to->jacobian_high, to->g_low, to->g_high};
        for (int k = 0; k < 4; k++) {
            const size_t count = k < 2 ? chain->width[0] : chain->hidden;
            if (arrays[k])
                memcpy(arrays[k] + j * count, from[k], count * sizeof(double));
        }
    }
    assay_release(b->work);
    lipschitz_gradients_release(&g);
    return status;
}

void lipschitz_fill_unknown(double *low, double *high, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (low)
            low[i] = -INFINITY;
        if (high)
            high[i] = INFINITY;
    }
}

void lipschitz_copy_values(const lipschitz_values *values, size_t hidden, local_lipschitz_result *result)
{
    result->unstable = 0;
    for (size_t i = 0; i < hidden; i++)
        result->unstable += values->sign[i] == LIPSCHITZ_UNSTABLE;
    if (result->z_low)
        memcpy(result->z_low, values->low, hidden * sizeof(double));
    if (result->z_high)
        memcpy(result->z_high, values->high, hidden * sizeof(double));
}

static assay_status bound(const lipschitz_net *net, const local_lipschitz_box *box, size_t row,
                          local_lipschitz_method method, const local_lipschitz_options *options,
                          local_lipschitz_result *result)
{
    const lipschitz_chain *chain = &net->chain;
    const size_t rows = lipschitz_rows(chain, row);
    lipschitz_values values = {0};
    double *row_values = assay_allocate(rows, sizeof *row_values);
    assay_status status = row_values ? lipschitz_values_create(chain->hidden, &values) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK && method != LOCAL_LIPSCHITZ_NAIVE)
        status = lipschitz_forward(net, box, options, &values);
    lipschitz_backward b = {net, values.sign, method, options, NULL};
    if (status == ASSAY_OK && method == LOCAL_LIPSCHITZ_NAIVE)
        status = lipschitz_naive(net, row, options, row_values);
    else if (status == ASSAY_OK && method == LOCAL_LIPSCHITZ_FASTLIP)
        status = lipschitz_fastlip(net, &values, row, options, row_values, result);
    else if (status == ASSAY_OK)
        status = bound_rows(&b, row, row_values, result);
    if (status == ASSAY_OK) {
        const bool naive = method == LOCAL_LIPSCHITZ_NAIVE;
        if (naive) {
            lipschitz_fill_unknown(result->jacobian_low, result->jacobian_high, rows * chain->width[0]);
            lipschitz_fill_unknown(values.low, values.high, chain->hidden);
        }
        if (naive || method == LOCAL_LIPSCHITZ_FASTLIP)
            lipschitz_fill_unknown(result->g_low, result->g_high, rows * chain->hidden);
        lipschitz_copy_values(&values, chain->hidden, result);
        result->unstable = naive ? 0 : result->unstable;
        lipschitz_finish(row_values, rows, result);
    }
    assay_release(row_values);
    lipschitz_values_release(&values);
    return status;
}

assay_status local_lipschitz_reference_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                             local_lipschitz_method method, const local_lipschitz_options *options,
                                             local_lipschitz_result *result)
{
    lipschitz_chain chain;
    local_lipschitz_options filled;
    lipschitz_net net = {0};
    assay_status status = lipschitz_check_bound(network, box, row, method, options, result, &chain, &filled);
    if (status == ASSAY_OK)
        status = lipschitz_lower(&chain, &net);
    if (status == ASSAY_OK)
        status = bound(&net, box, row, method, &filled, result);
    lipschitz_net_release(&net);
    return status;
}
