/* local_lipschitz, step 6: Fast-Lip by matrix products. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "optimized/networks/local_lipschitz_plan.h"

#include <math.h>
#include <string.h>

/* The Jacobian of z_k by x lies in C + [L, U]; one array after the other. */
typedef struct band {
    double *c, *l, *u;
} band;

/* What one layer multiplies: its weights at active neurons; positive and negative weights at all that matter. */
typedef struct factors {
    double *active, *positive, *negative; /* rows x count of active, of neurons, of neurons */
    double *c, *low, *high;               /* count x inputs: what they are multiplied by */
    size_t actives, neurons;
} factors;

static void *slice(double **memory, size_t count)
{
    double *at = *memory;
    *memory += count;
    return at;
}

/* Neurons of layer k in their order: inactive ones are left out, active ones pass on C, L and U, the others the
 * interval between 0 and C + [L, U]. */
static void fill_factors(const lipschitz_net *net, const signed char *sign, size_t k, const double *weights,
                         size_t rows, const band *from, factors *f)
{
    const size_t width = net->chain.width[k], inputs = net->chain.width[0];
    for (size_t m = 0, active = 0, at = 0; m < width; m++) {
        if (sign[m] == LIPSCHITZ_INACTIVE)
            continue;
        const double *c = from->c + m * inputs, *l = from->l + m * inputs, *u = from->u + m * inputs;
        double *low = f->low + at * inputs, *high = f->high + at * inputs;
        for (size_t j = 0; j < rows; j++) {
            const double w = weights[j * width + m];
            f->positive[j * f->neurons + at] = w > 0 ? w : 0;
            f->negative[j * f->neurons + at] = w > 0 ? 0 : w;
            if (sign[m] == LIPSCHITZ_ACTIVE)
                f->active[j * f->actives + active] = w;
        }
        for (size_t i = 0; i < inputs; i++) {
            const bool known = sign[m] == LIPSCHITZ_ACTIVE;
            low[i] = known ? l[i] : fmin(c[i] + l[i], 0);
            high[i] = known ? u[i] : fmax(c[i] + u[i], 0);
        }
        if (sign[m] == LIPSCHITZ_ACTIVE)
            memcpy(f->c + active++ * inputs, c, inputs * sizeof *c);
        at++;
    }
}

/* C' = W C, L' = W+ L + W- U, U' = W+ U + W- L. */
static assay_status multiply(const factors *f, size_t rows, size_t inputs, const band *to)
{
    const assay_transpose none = ASSAY_TRANSPOSE_NONE;
    const size_t n = f->neurons, a = f->actives;
    assay_status status =
        assay_dense_multiply(none, rows, inputs, a, 1, f->active, a ? a : 1, f->c, inputs, 0, to->c, inputs);
    const struct {
        const double *w, *x;
        double *y, beta;
    } steps[] = {{f->positive, f->low, to->l, 0},
                 {f->negative, f->high, to->l, 1},
                 {f->positive, f->high, to->u, 0},
                 {f->negative, f->low, to->u, 1}};
    for (size_t s = 0; status == ASSAY_OK && s < sizeof steps / sizeof *steps; s++)
        status = assay_dense_multiply(none, rows, inputs, n, 1, steps[s].w, n ? n : 1, steps[s].x, inputs,
                                      steps[s].beta, steps[s].y, inputs);
    return status;
}

/* One layer up: from the Jacobian of z_{k-1} to that of the given rows of W_k. */
static assay_status step(const lipschitz_net *net, const lipschitz_values *values, size_t k, const double *weights,
                         size_t rows, const band *from, const band *to)
{
    const lipschitz_chain *chain = &net->chain;
    const signed char *sign = values->sign + chain->offset[k - 1];
    const size_t inputs = chain->width[0];
    factors f = {0};
    for (size_t m = 0; m < chain->width[k - 1]; m++) {
        f.actives += sign[m] == LIPSCHITZ_ACTIVE;
        f.neurons += sign[m] != LIPSCHITZ_INACTIVE;
    }
    size_t weighted, carried, count;
    if (__builtin_mul_overflow(rows, f.actives + 2 * f.neurons, &weighted) ||
        __builtin_mul_overflow(inputs, f.actives + 2 * f.neurons, &carried) ||
        __builtin_add_overflow(weighted, carried, &count))
        return assay_fail(ASSAY_NO_MEMORY, "layer %zu is too large for FASTLIP", k);
    double *memory = assay_allocate(count, sizeof *memory), *at = memory;
    if (!memory)
        return ASSAY_NO_MEMORY;
    f.active = slice(&at, rows * f.actives);
    f.positive = slice(&at, rows * f.neurons);
    f.negative = slice(&at, rows * f.neurons);
    f.c = slice(&at, inputs * f.actives);
    f.low = slice(&at, inputs * f.neurons);
    f.high = slice(&at, inputs * f.neurons);
    fill_factors(net, sign, k - 1, weights, rows, from, &f);
    const assay_status status = multiply(&f, rows, inputs, to);
    assay_release(memory);
    return status;
}

static assay_status make_band(size_t rows, size_t inputs, band *b, double **memory)
{
    size_t count;
    if (__builtin_mul_overflow(rows, inputs, &count) || __builtin_mul_overflow(count, (size_t)3, &count))
        return assay_fail(ASSAY_NO_MEMORY, "a Jacobian of %zu x %zu is too large", rows, inputs);
    if (!(*memory = assay_allocate(count, sizeof **memory)))
        return ASSAY_NO_MEMORY;
    *b = (band){*memory, *memory + rows * inputs, *memory + 2 * rows * inputs};
    return ASSAY_OK;
}

assay_status lipschitz_fastlip_products(const lipschitz_net *net, const lipschitz_values *values, size_t row,
                                        const local_lipschitz_options *options, double *row_values,
                                        local_lipschitz_result *result)
{
    const lipschitz_chain *chain = &net->chain;
    const size_t inputs = chain->width[0], rows = lipschitz_rows(chain, row);
    band before = {0}, after = {0};
    double *memory[2] = {NULL, NULL};
    assay_status status = ASSAY_OK;
    for (size_t k = 1; status == ASSAY_OK && k <= chain->n; k++) {
        const size_t first = k == chain->n ? lipschitz_first_row(row) : 0;
        const size_t count = k == chain->n ? rows : chain->width[k];
        const double *weights = net->weights[k] + first * chain->width[k - 1];
        status = make_band(count, inputs, &after, &memory[1]);
        if (status == ASSAY_OK && k == 1)
            memcpy(after.c, weights, count * inputs * sizeof *weights);
        else if (status == ASSAY_OK)
            status = step(net, values, k, weights, count, &before, &after);
        assay_release(memory[0]);
        memory[0] = memory[1];
        memory[1] = NULL;
        before = after;
    }
    if (status == ASSAY_OK)
        status = lipschitz_fastlip_finish(net, row, options, before.c, before.l, before.u, row_values, result);
    assay_release(memory[0]);
    assay_release(memory[1]);
    return status;
}
