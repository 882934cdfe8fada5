/* local_lipschitz, step 6: the product of norms, and Fast-Lip. */
#include "assay/memory.h"
#include "core/assert.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

/* ---- The product of norms -------------------------------------------------------------------------------------- */

/* The norm of a row: the sum of magnitudes, or the root of the sum of squares. */
static double row_norm(const double *w, size_t count, bool euclidean)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += euclidean ? w[i] * w[i] : fabs(w[i]);
    return euclidean ? sqrt(sum) : sum;
}

/* The largest row sum, or the Frobenius norm, which is at least the spectral one. */
static double layer_norm(const lipschitz_net *net, size_t k, bool euclidean)
{
    const size_t rows = net->chain.width[k], columns = net->chain.width[k - 1];
    if (euclidean)
        return row_norm(net->weights[k], rows * columns, true);
    double largest = 0;
    for (size_t i = 0; i < rows; i++)
        largest = fmax(largest, row_norm(net->weights[k] + i * columns, columns, false));
    return largest;
}

assay_status lipschitz_naive(const lipschitz_net *net, size_t row, const local_lipschitz_options *options,
                             double *row_values)
{
    const lipschitz_chain *chain = &net->chain;
    const bool euclidean = options->norm == LOCAL_LIPSCHITZ_EUCLIDEAN;
    double product = 1, rounding = 0;
    for (size_t k = 1; k < chain->n; k++)
        product *= layer_norm(net, k, euclidean);
    for (size_t k = 1; k <= chain->n; k++) /* a Frobenius norm has rows times columns roundings */
        rounding += 2 * 0x1p-53 * ((euclidean ? (double)chain->width[k] : 1) * (double)chain->width[k - 1] + 4);
    for (size_t j = 0; j < lipschitz_rows(chain, row); j++) {
        const size_t width = chain->width[chain->n - 1];
        const double *w = net->weights[chain->n] + (lipschitz_first_row(row) + j) * width;
        row_values[j] = row_norm(w, width, euclidean) * product * (options->rigorous ? 1 + rounding : 1);
    }
    return ASSAY_OK;
}

/* ---- Fast-Lip -------------------------------------------------------------------------------------------------- */

/* The Jacobian of z_k by x lies in C + [L, U], all d_k x d_0. */
typedef struct band {
    double *c, *l, *u;
} band;

static assay_status band_create(size_t rows, size_t columns, band *b)
{
    size_t count;
    *b = (band){0};
    if (__builtin_mul_overflow(rows, columns, &count))
        return assay_fail(ASSAY_NO_MEMORY, "a Jacobian of %zu x %zu is too large", rows, columns);
    *b = (band){assay_allocate(count, sizeof(double)), assay_allocate(count, sizeof(double)),
                assay_allocate(count, sizeof(double))};
    return b->c && b->l && b->u ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void band_release(band *b)
{
    assay_release(b->c);
    assay_release(b->l);
    assay_release(b->u);
}

/* One row of the next layer's Jacobian: active neurons pass C, L and U on; those of unknown sign the interval between 0
 * and what they would pass on. */
static void fastlip_row(const band *from, const signed char *sign, const double *w, size_t width, size_t inputs,
                        double *c, double *l, double *u)
{
    for (size_t m = 0; m < width; m++)
        for (size_t i = 0; sign[m] != LIPSCHITZ_INACTIVE && i < inputs; i++) {
            const size_t at = m * inputs + i;
            double low = from->l[at], high = from->u[at];
            if (sign[m] == LIPSCHITZ_ACTIVE) {
                c[i] += w[m] * from->c[at];
            } else {
                low = fmin(from->c[at] + low, 0);
                high = fmax(from->c[at] + high, 0);
            }
            l[i] += w[m] * (w[m] > 0 ? low : high);
            u[i] += w[m] * (w[m] > 0 ? high : low);
        }
}

/* sum_i of (|W_n| ... |W_1|)_ji, times the rounding: what it can have done to a row. @p work: 2 x the widest. */
static double rounding_of_row(const lipschitz_net *net, size_t row, double *work)
{
    const lipschitz_chain *chain = &net->chain;
    double *before = work, *after = work + chain->widest;
    for (size_t i = 0; i < chain->width[0]; i++)
        before[i] = 1;
    for (size_t k = 1; k <= chain->n; k++) {
        const bool last = k == chain->n;
        for (size_t m = 0; m < (last ? 1 : chain->width[k]); m++) {
            const double *w = net->weights[k] + (last ? row : m) * chain->width[k - 1];
            after[m] = 0;
            for (size_t i = 0; i < chain->width[k - 1]; i++)
                after[m] += fabs(w[i]) * before[i];
        }
        double *swap = before;
        before = after;
        after = swap;
    }
    return 8 * lipschitz_rounding(chain) * before[0];
}

assay_status lipschitz_fastlip_finish(const lipschitz_net *net, size_t row, const local_lipschitz_options *options,
                                      const double *c, const double *l, const double *u, double *row_values,
                                      local_lipschitz_result *result)
{
    const size_t inputs = net->chain.width[0];
    const bool euclidean = options->norm == LOCAL_LIPSCHITZ_EUCLIDEAN;
    ASSAY_ASSERT(c && l && u);
    double *work = assay_allocate(2 * net->chain.widest, sizeof *work);
    if (!work)
        return ASSAY_NO_MEMORY;
    for (size_t j = 0; j < lipschitz_rows(&net->chain, row); j++) {
        /* Rounding is at most the part of the product of all |W| that its number of operations makes. */
        const double slack = options->rigorous ? rounding_of_row(net, lipschitz_first_row(row) + j, work) : 0;
        double sum = 0;
        for (size_t i = 0; i < inputs; i++) {
            const size_t at = j * inputs + i;
            const double low = c[at] + l[at] - slack, high = c[at] + u[at] + slack, most = fmax(-low, high);
            sum += euclidean ? most * most : most;
            if (result->jacobian_low)
                result->jacobian_low[at] = low;
            if (result->jacobian_high)
                result->jacobian_high[at] = high;
        }
        row_values[j] = euclidean ? sqrt(sum) : sum;
    }
    assay_release(work);
    return ASSAY_OK;
}

assay_status lipschitz_fastlip(const lipschitz_net *net, const lipschitz_values *values, size_t row,
                               const local_lipschitz_options *options, double *row_values,
                               local_lipschitz_result *result)
{
    const lipschitz_chain *chain = &net->chain;
    const size_t inputs = chain->width[0], rows = lipschitz_rows(chain, row);
    band before = {0}, after = {0};
    assay_status status = ASSAY_OK;
    for (size_t k = 1; status == ASSAY_OK && k <= chain->n; k++) {
        const size_t first = k == chain->n ? lipschitz_first_row(row) : 0;
        const size_t count = k == chain->n ? rows : chain->width[k], width = chain->width[k - 1];
        const double *weights = net->weights[k] + first * width;
        status = band_create(count, inputs, &after);
        for (size_t j = 0; status == ASSAY_OK && j < count; j++)
            if (k == 1)
                memcpy(after.c + j * inputs, weights + j * inputs, inputs * sizeof(double));
            else
                fastlip_row(&before, values->sign + chain->offset[k - 1], weights + j * width, width, inputs,
                            after.c + j * inputs, after.l + j * inputs, after.u + j * inputs);
        band_release(&before);
        before = after;
        after = (band){0};
    }
    if (status == ASSAY_OK)
        status = lipschitz_fastlip_finish(net, row, options, before.c, before.l, before.u, row_values, result);
    band_release(&before);
    band_release(&after);
    return status;
}
