/* local_lipschitz, step 1: bounds of all z by intervals and by CROWN (Zhang et al., NeurIPS 2018). */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

assay_status lipschitz_values_create(size_t hidden, lipschitz_values *values)
{
    *values = (lipschitz_values){assay_allocate(hidden, sizeof(double)), assay_allocate(hidden, sizeof(double)),
                                 assay_allocate(hidden, 1)};
    return values->low && values->high && values->sign ? ASSAY_OK : ASSAY_NO_MEMORY;
}

void lipschitz_values_release(lipschitz_values *values)
{
    assay_release(values->low);
    assay_release(values->high);
    assay_release(values->sign);
}

void lipschitz_signs(lipschitz_values *values, size_t hidden)
{
    for (size_t i = 0; i < hidden; i++)
        values->sign[i] = values->low[i] > LIPSCHITZ_MARGIN     ? LIPSCHITZ_ACTIVE
                          : values->high[i] < -LIPSCHITZ_MARGIN ? LIPSCHITZ_INACTIVE
                                                                : LIPSCHITZ_UNSTABLE;
}

/* Every number that goes into a bound is the result of at most sum_k (d_k + 16) + 64 roundings, each of which is off by
 * at most 2^-53 of a magnitude, and all magnitudes are summed up in "total". The factor 2 is for the higher orders and
 * for the rounding of the total itself. */
double lipschitz_rounding(const lipschitz_chain *chain)
{
    double roundings = 64;
    for (size_t k = 0; k <= chain->n; k++)
        roundings += (double)chain->width[k] + 16;
    return 2 * roundings * 0x1p-53;
}

static double magnitude(double low, double high)
{
    return fmax(-low, high);
}

/* One pass down the chain: everything that is the same for all bounds of z. */
typedef struct pass {
    const lipschitz_net *net;
    const local_lipschitz_box *box;
    const lipschitz_values *values;
    local_lipschitz_forward how;
    bool rigorous;
    const double *alpha;  /* lower slopes of the hidden neurons, or null: as "how" says */
    double *coefficients; /* on the hidden h, before they are relaxed, or null */
} pass;

/* The interval of number i of h_q, or of x for q = 0. */
static void interval_of(const pass *p, size_t q, size_t i, double *low, double *high)
{
    const size_t at = p->net->chain.offset[q] + i;
    *low = q ? fmax(p->values->low[at], 0) : p->box->low[i];
    *high = q ? fmax(p->values->high[at], 0) : p->box->high[i];
}

static lipschitz_lines lines_of(const pass *p, size_t at)
{
    lipschitz_lines lines = lipschitz_relu_lines(p->values->low[at], p->values->high[at], p->how);
    if (p->alpha && p->values->low[at] < 0 && p->values->high[at] > 0)
        lines.below_slope = p->alpha[at];
    return lines;
}

/* a (on z_q) becomes a W_q (on h_{q-1}); adds to the total what rounding is measured by. */
static void through_weights(const pass *p, size_t q, const double *a, double *next, double *total)
{
    const lipschitz_chain *chain = &p->net->chain;
    memset(next, 0, chain->width[q - 1] * sizeof *next);
    for (size_t m = 0; m < chain->width[q]; m++) {
        const double *w = p->net->weights[q] + m * chain->width[q - 1];
        for (size_t i = 0; i < chain->width[q - 1]; i++)
            next[i] += a[m] * w[i];
        for (size_t i = 0; p->rigorous && i < chain->width[q - 1]; i++) {
            double low, high;
            interval_of(p, q - 1, i, &low, &high);
            *total += fabs(a[m] * w[i]) * magnitude(low, high);
        }
    }
}

/* An upper bound of a h_{k-1} + bias over the box. @p a (d_{k-1} numbers) and @p other (the widest layer's) are used
 * up; the corner where the linear bound is reached stays in one of them, which is returned through @p corner. */
static double crown_upper(const pass *p, size_t k, double *a, double *other, double bias, double **corner)
{
    const lipschitz_chain *chain = &p->net->chain;
    double total = fabs(bias);
    for (size_t q = k - 1; q > 0; q--) {
        for (size_t i = 0; i < chain->width[q]; i++) {
            const size_t at = chain->offset[q] + i;
            const lipschitz_lines lines = lines_of(p, at);
            if (p->coefficients)
                p->coefficients[at] = a[i];
            total += fabs(a[i]) * (magnitude(p->values->low[at], p->values->high[at]) + fabs(p->net->biases[q][i]));
            bias += a[i] * (a[i] > 0 ? lines.above : lines.below);
            a[i] *= a[i] > 0 ? lines.above_slope : lines.below_slope;
            bias += a[i] * p->net->biases[q][i];
        }
        through_weights(p, q, a, other, &total);
        double *swap = a;
        a = other;
        other = swap;
    }
    for (size_t i = 0; i < chain->width[0]; i++) {
        const double x = a[i] > 0 ? p->box->high[i] : p->box->low[i];
        bias += a[i] * x;
        total += fabs(a[i]) * magnitude(p->box->low[i], p->box->high[i]);
        a[i] = x;
    }
    if (corner)
        *corner = a;
    return p->rigorous ? bias + lipschitz_rounding(chain) * total : bias;
}

/* The row of W_k and its bias, times +-1: an upper bound of +-z. */
static double bound_row(const pass *p, size_t k, size_t i, double sign, double *work, double **corner)
{
    const lipschitz_chain *chain = &p->net->chain;
    for (size_t j = 0; j < chain->width[k - 1]; j++)
        work[j] = sign * p->net->weights[k][i * chain->width[k - 1] + j];
    return crown_upper(p, k, work, work + chain->widest, sign * p->net->biases[k][i], corner);
}

static void interval_row(const pass *p, size_t k, size_t i, double *low, double *high)
{
    const lipschitz_chain *chain = &p->net->chain;
    const double *w = p->net->weights[k] + i * chain->width[k - 1];
    double total = fabs(p->net->biases[k][i]);
    *low = *high = p->net->biases[k][i];
    for (size_t j = 0; j < chain->width[k - 1]; j++) {
        double l, h;
        interval_of(p, k - 1, j, &l, &h);
        *low += w[j] * (w[j] > 0 ? l : h);
        *high += w[j] * (w[j] > 0 ? h : l);
        total += fabs(w[j]) * magnitude(l, h);
    }
    if (p->rigorous) {
        *low -= lipschitz_rounding(chain) * total;
        *high += lipschitz_rounding(chain) * total;
    }
}

assay_status lipschitz_forward(const lipschitz_net *net, const local_lipschitz_box *box,
                               const local_lipschitz_options *options, lipschitz_values *values)
{
    const lipschitz_chain *chain = &net->chain;
    const pass p = {net, box, values, options->forward, options->rigorous, NULL, NULL};
    double *work = assay_allocate(2 * chain->widest + lipschitz_alpha_work(net), sizeof *work);
    if (!work)
        return ASSAY_NO_MEMORY;
    for (size_t k = 1; k < chain->n; k++)
        for (size_t i = 0; i < chain->width[k]; i++) {
            double low, high;
            interval_row(&p, k, i, &low, &high);
            if (k > 1 && options->forward != LOCAL_LIPSCHITZ_FORWARD_INTERVAL) {
                high = fmin(high, bound_row(&p, k, i, 1, work, NULL));
                low = fmax(low, -bound_row(&p, k, i, -1, work, NULL));
            }
            if (k > 1 && options->alpha_steps > 0 && low <= 0 && high >= 0)
                lipschitz_alpha(net, box, options, values, k, i, work, &low, &high);
            /* A point box has low = high but for rounding. */
            values->low[chain->offset[k] + i] = fmin(low, high);
            values->high[chain->offset[k] + i] = fmax(low, high);
        }
    assay_release(work);
    lipschitz_signs(values, chain->hidden);
    return ASSAY_OK;
}

/* ---- Lower slopes by the gradient ------------------------------------------------------------------------------ */

/* Runs the relaxed chain from the corner x of the linear bound, and moves each lower slope that takes part in it along
 * its gradient: d bound / d alpha_i = a_i z_i for a_i < 0, by the envelope theorem. */
static void move_slopes(const pass *p, size_t k, const double *x, double rate, double *alpha, double *z)
{
    const lipschitz_chain *chain = &p->net->chain;
    for (size_t q = 1; q < k; q++)
        for (size_t m = 0; m < chain->width[q]; m++) {
            const double *w = p->net->weights[q] + m * chain->width[q - 1];
            const double *before = q > 1 ? z + chain->offset[q - 1] : x;
            double sum = p->net->biases[q][m];
            for (size_t i = 0; i < chain->width[q - 1]; i++)
                sum += w[i] * before[i];
            const size_t at = chain->offset[q] + m;
            const double a = p->coefficients[at];
            const lipschitz_lines lines = lines_of(p, at);
            z[at] = a > 0 ? lines.above_slope * sum + lines.above : lines.below_slope * sum + lines.below;
            /* The new slope is for the next pass: lines_of() has been asked already. */
            if (a < 0 && p->values->low[at] < 0 && p->values->high[at] > 0)
                alpha[at] = fmin(fmax(alpha[at] - rate * a * sum, 0), 1);
        }
}

/* The least upper bound of sign * z[k, i] that is met on the way. */
static double descend(pass *p, const local_lipschitz_options *options, size_t k, size_t i, double sign, double *work)
{
    const lipschitz_chain *chain = &p->net->chain;
    double *alpha = work + 2 * chain->widest, *z = alpha + chain->hidden;
    p->coefficients = z + chain->hidden;
    p->alpha = alpha;
    for (size_t at = 0; at < chain->offset[k]; at++)
        alpha[at] = lipschitz_relu_lines(p->values->low[at], p->values->high[at], options->forward).below_slope;
    double best = INFINITY, rate = options->alpha_rate;
    for (unsigned step = 0; step <= options->alpha_steps; step++, rate *= options->alpha_factor) {
        double *corner;
        best = fmin(best, bound_row(p, k, i, sign, work, &corner));
        move_slopes(p, k, corner, rate, alpha, z);
    }
    return best;
}

size_t lipschitz_alpha_work(const lipschitz_net *net)
{
    return 2 * net->chain.widest + 3 * net->chain.hidden;
}

void lipschitz_alpha(const lipschitz_net *net, const local_lipschitz_box *box, const local_lipschitz_options *options,
                     const lipschitz_values *values, size_t k, size_t i, double *work, double *low, double *high)
{
    pass p = {net, box, values, options->forward, options->rigorous, NULL, NULL};
    *high = fmin(*high, descend(&p, options, k, i, 1, work));
    *low = fmax(*low, -descend(&p, options, k, i, -1, work));
}
