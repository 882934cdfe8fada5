/* local_lipschitz, steps 1 and 2: bounds of z for panels of neurons. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "core/network_parts.h"
#include "optimized/networks/local_lipschitz_plan.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* What one layer's bounds are made of. */
typedef struct stage {
    lipschitz_plan *plan;
    size_t k;
    const double *rows;                   /* W_k in the order of layer k-1; null for a convolution */
    size_t stride;                        /* of rows */
    double *low, *high;                   /* of z_k */
    double *h_low, *h_high, *h_magnitude; /* of h_{k-1}, in its order */
} stage;

/* ---- Intervals -------------------------------------------------------------------------------------------------- */

/* The interval of h_{k-1}, or x. */
static void fill_interval(const stage *s)
{
    const lipschitz_plan *plan = s->plan;
    const lipschitz_layer_plan *below = &plan->layer[s->k - 1];
    const size_t offset = plan->chain->offset[s->k - 1];
    for (size_t i = 0; i < below->compact; i++) {
        const size_t at = below->order[i];
        s->h_low[i] = s->k > 1 ? fmax(plan->values->low[offset + at], 0) : plan->box->low[at];
        s->h_high[i] = s->k > 1 ? fmax(plan->values->high[offset + at], 0) : plan->box->high[at];
        s->h_magnitude[i] = fmax(-s->h_low[i], s->h_high[i]);
    }
}

static void interval_rows(const stage *s)
{
    const lipschitz_plan *plan = s->plan;
    const size_t width = plan->chain->width[s->k], inputs = plan->layer[s->k - 1].compact;
    const double rounding = plan->options->rigorous ? lipschitz_rounding(plan->chain) : 0;
#pragma omp parallel for num_threads(lipschitz_threads(2.0 * (double)width * (double)inputs, width)) schedule(static)
    for (size_t i = 0; i < width; i++) {
        const double *w = s->rows + i * s->stride, b = lipschitz_bias(plan, s->k, i);
        s->high[i] = b + plan->kernels->dot(w, inputs, s->h_high, s->h_low);
        s->low[i] = b + plan->kernels->dot(w, inputs, s->h_low, s->h_high);
        if (rounding > 0) {
            const double slack = rounding * (fabs(b) + plan->kernels->dot_magnitude(w, inputs, s->h_magnitude));
            s->high[i] += slack;
            s->low[i] -= slack;
        }
    }
}

/* The same for a convolution: its positive and its negative weights each make one. */
static assay_status interval_convolution(const stage *s, lipschitz_workspace *w)
{
    const lipschitz_plan *plan = s->plan;
    const lipschitz_layer_plan *below = &plan->layer[s->k - 1];
    assay_layer_view view = plan->chain->view[s->k];
    const double *weights = view.weights;
    double *signed_weights = assay_allocate(view.weight_count, sizeof *signed_weights);
    if (!signed_weights)
        return ASSAY_NO_MEMORY;
    view.weights = signed_weights;
    double *x = w->full[0], *y = w->full[1];
    for (size_t i = 0; i < view.outputs; i++)
        s->low[i] = s->high[i] = lipschitz_bias(plan, s->k, i);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < view.weight_count; i++)
            signed_weights[i] = weights[i] * sign > 0 ? weights[i] : 0;
        for (int upper = 0; upper < 2; upper++) {
            const double *h = upper == (sign > 0) ? s->h_high : s->h_low;
            memset(x, 0, view.inputs * sizeof *x);
            for (size_t i = 0; i < below->compact; i++)
                x[below->order[i]] = h[i];
            network_convolution_forward_blas(&view, x, 1, y, w->scratch);
            for (size_t i = 0; i < view.outputs; i++)
                (upper ? s->high : s->low)[i] += y[i];
        }
    }
    assay_release(signed_weights);
    return ASSAY_OK;
}

/* ---- CROWN ------------------------------------------------------------------------------------------------------ */

/* Relaxes rows of an upper half and a lower half of a panel. */
static void relax_rows(const lipschitz_plan *plan, const lipschitz_line_arrays *lines, size_t columns, double *a,
                       size_t stride, size_t count, lipschitz_workspace *w)
{
    for (size_t r = 0; r < 2 * count; r++) {
        const lipschitz_sides sides = lipschitz_sides_of(lines, r >= count);
        if (lines->magnitude)
            w->total[r] += plan->kernels->dot_magnitude(a + r * stride, columns, lines->magnitude);
        w->bias[r] += plan->kernels->relax(a + r * stride, columns, &sides);
    }
}

/* The first step: what active neurons pass on is the same for both sides. */
static void first_step(const stage *s, const double *rows, size_t stride, size_t count, lipschitz_workspace *w)
{
    const lipschitz_plan *plan = s->plan;
    const size_t q = s->k - 1;
    const lipschitz_layer_plan *at = &plan->layer[q], *below = &plan->layer[q - 1];
    const lipschitz_line_arrays *lines = &plan->relu[q];
    const size_t unstable = at->unstable, active = at->compact - unstable, narrow = lipschitz_padded(unstable);
    double *a = w->panel[0], *next = w->panel[1];
    plan->kernels->multiply(count, active, rows + unstable, stride, &plan->down[q], unstable, NULL, next,
                            below->stride);
    for (size_t r = 0; r < 2 * count; r++) {
        const double *row = rows + r % count * stride;
        memcpy(a + r * narrow, row, unstable * sizeof *a);
        w->bias[r] += plan->kernels->dot(row + unstable, active, lines->above + unstable, lines->above + unstable);
        if (lines->magnitude)
            w->total[r] += plan->kernels->dot_magnitude(row + unstable, active, lines->magnitude + unstable);
    }
    relax_rows(plan, lines, unstable, a, narrow, count, w);
    plan->kernels->multiply(count, unstable, a + count * narrow, narrow, &plan->down[q], 0, next,
                            next + count * below->stride, below->stride);
    plan->kernels->multiply(count, unstable, a, narrow, &plan->down[q], 0, next, next, below->stride);
}

/* Coefficients of z_k on h_{k-1}, for a convolution: what it does backwards to unit vectors. */
static void unit_rows(const stage *s, size_t first, size_t count, double *a, lipschitz_workspace *w)
{
    const lipschitz_plan *plan = s->plan;
    const lipschitz_layer_plan *below = &plan->layer[s->k - 1];
    const size_t width = plan->chain->width[s->k], inputs = plan->chain->width[s->k - 1];
    memset(w->full[0], 0, count * width * sizeof *w->full[0]);
    for (size_t r = 0; r < count; r++)
        w->full[0][r * width + first + r] = 1;
    network_convolution_backward_blas(&plan->chain->view[s->k], NULL, w->full[0], count, w->full[1], NULL, w->scratch);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < below->compact; i++)
            a[r * below->stride + i] = w->full[1][r * inputs + below->order[i]];
}

/* Rows first to first + count - 1 of z_k, bounded from both sides. */
static void crown_panel(const stage *s, size_t first, size_t count, lipschitz_workspace *w)
{
    const lipschitz_plan *plan = s->plan;
    size_t q = s->k - 1;
    for (size_t r = 0; r < 2 * count; r++) {
        w->bias[r] = lipschitz_bias(plan, s->k, first + r % count);
        w->total[r] = fabs(w->bias[r]);
    }
    if (s->rows && plan->weights[q]) {
        first_step(s, s->rows + first * s->stride, s->stride, count, w);
    } else {
        const size_t stride = plan->layer[q].stride;
        double *a = w->panel[0];
        if (s->rows)
            for (size_t r = 0; r < count; r++)
                memcpy(a + r * stride, s->rows + (first + r) * s->stride, plan->layer[q].compact * sizeof *a);
        else
            unit_rows(s, first, count, a, w);
        memcpy(a + count * stride, a, count * stride * sizeof *a);
        relax_rows(plan, &plan->relu[q], plan->layer[q].compact, a, stride, count, w);
        lipschitz_through_down(plan, q, 2 * count, a, stride, w->panel[1], w);
    }
    double *a = w->panel[1], *next = w->panel[0];
    for (q--; q > 0; q--) {
        relax_rows(plan, &plan->relu[q], plan->layer[q].compact, a, plan->layer[q].stride, count, w);
        lipschitz_through_down(plan, q, 2 * count, a, plan->layer[q].stride, next, w);
        double *swap = a;
        a = next;
        next = swap;
    }
    const size_t inputs = plan->chain->width[0], stride = plan->layer[0].stride;
    const double rounding = plan->options->rigorous ? lipschitz_rounding(plan->chain) : 0;
    for (size_t r = 0; r < count; r++) {
        const double *up = a + r * stride, *down = a + (count + r) * stride;
        double high = w->bias[r] + plan->kernels->dot(up, inputs, plan->box->high, plan->box->low);
        double low = w->bias[count + r] + plan->kernels->dot(down, inputs, plan->box->low, plan->box->high);
        if (rounding > 0) {
            high += rounding * (w->total[r] + plan->kernels->dot_magnitude(up, inputs, plan->relu[0].magnitude));
            low -=
                rounding * (w->total[count + r] + plan->kernels->dot_magnitude(down, inputs, plan->relu[0].magnitude));
        }
        s->high[first + r] = fmin(s->high[first + r], high);
        s->low[first + r] = fmax(s->low[first + r], low);
    }
}

static void crown(const stage *s, lipschitz_workspace *workspaces)
{
    const lipschitz_plan *plan = s->plan;
    const size_t width = plan->chain->width[s->k], panels = (width + LIPSCHITZ_ROWS - 1) / LIPSCHITZ_ROWS;
    double work = 0;
    for (size_t q = s->k - 1; q > 0; q--)
        work += 2 * (double)width * (double)plan->layer[q].compact * (double)plan->layer[q - 1].compact;
#pragma omp parallel for num_threads(lipschitz_threads(work, panels)) schedule(dynamic)
    for (size_t p = 0; p < panels; p++) {
        const size_t first = p * LIPSCHITZ_ROWS, left = width - first;
        crown_panel(s, first, left < LIPSCHITZ_ROWS ? left : LIPSCHITZ_ROWS, &workspaces[omp_get_thread_num()]);
    }
}

/* ---- Lower slopes by the gradient ------------------------------------------------------------------------------- */

/* The reference's, for all neurons without a known sign at once. */
static assay_status improve(const stage *s, const lipschitz_net *net)
{
    const lipschitz_plan *plan = s->plan;
    const size_t width = plan->chain->width[s->k], work = lipschitz_alpha_work(net), threads = (size_t)assay_threads();
    double *memory = assay_allocate(threads * work, sizeof *memory);
    if (!memory)
        return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads((int)threads) schedule(dynamic)
    for (size_t i = 0; i < width; i++)
        if (s->low[i] <= 0 && s->high[i] >= 0)
            lipschitz_alpha(net, plan->box, plan->options, plan->values, s->k, i,
                            memory + (size_t)omp_get_thread_num() * work, &s->low[i], &s->high[i]);
    assay_release(memory);
    return ASSAY_OK;
}

/* ---- Layer after layer ------------------------------------------------------------------------------------------ */

/* Those of unknown sign first, then the active, then the inactive ones; all inputs count as active. */
static assay_status make_order(lipschitz_plan *plan, size_t q)
{
    const size_t width = plan->chain->width[q];
    lipschitz_layer_plan *layer = &plan->layer[q];
    layer->order = assay_allocate(width, sizeof *layer->order);
    if (!layer->order)
        return ASSAY_NO_MEMORY;
    static const signed char signs[] = {LIPSCHITZ_UNSTABLE, LIPSCHITZ_ACTIVE, LIPSCHITZ_INACTIVE};
    size_t count = 0;
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < width; i++)
            if ((q ? plan->values->sign[plan->chain->offset[q] + i] : LIPSCHITZ_ACTIVE) == signs[s])
                layer->order[count++] = i;
        layer->unstable = s == 0 ? count : layer->unstable;
        layer->compact = s <= 1 ? count : layer->compact;
    }
    layer->stride = lipschitz_padded(layer->compact);
    return ASSAY_OK;
}

/* The lines of h_q, b_q included, and what the coefficients' magnitudes count. */
static assay_status make_relu(const stage *s)
{
    lipschitz_plan *plan = s->plan;
    const size_t q = s->k, offset = plan->chain->offset[q];
    const lipschitz_layer_plan *layer = &plan->layer[q];
    lipschitz_line_arrays *lines = &plan->relu[q];
    const assay_status status = lipschitz_lines_create(layer->stride, plan->options->rigorous, lines);
    for (size_t i = 0; status == ASSAY_OK && i < layer->compact; i++) {
        const size_t at = layer->order[i];
        const double low = plan->values->low[offset + at], high = plan->values->high[offset + at];
        const double b = lipschitz_bias(plan, q, at);
        const lipschitz_lines l = lipschitz_relu_lines(low, high, plan->options->forward);
        lines->above_slope[i] = l.above_slope;
        lines->below_slope[i] = l.below_slope;
        lines->above[i] = l.above + l.above_slope * b;
        lines->below[i] = l.below + l.below_slope * b;
        if (lines->magnitude)
            lines->magnitude[i] =
                fmax(-low, high) + fabs(b) +
                plan->kernels->dot_magnitude(s->rows + at * s->stride, plan->layer[q - 1].compact, s->h_magnitude);
    }
    return status;
}

/* W_q with rows and columns in the plan's orders. */
static assay_status make_down(const stage *s)
{
    lipschitz_plan *plan = s->plan;
    const lipschitz_layer_plan *at = &plan->layer[s->k], *below = &plan->layer[s->k - 1];
    double *plain = assay_allocate(at->compact * below->stride, sizeof *plain);
    if (!plain)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < at->compact; i++)
        memcpy(plain + i * below->stride, s->rows + at->order[i] * s->stride, below->compact * sizeof *plain);
    const assay_status status =
        lipschitz_pack(plan, plain, below->stride, at->compact, below->compact, &plan->down[s->k]);
    assay_release(plain);
    return status;
}

/* The rows of W_k in the order of layer k-1: a copy for k > 1. */
static assay_status make_rows(stage *s, double **copy)
{
    const lipschitz_plan *plan = s->plan;
    const double *weights = plan->weights[s->k];
    const size_t width = plan->chain->width[s->k], inputs = plan->chain->width[s->k - 1];
    const lipschitz_layer_plan *below = &plan->layer[s->k - 1];
    *copy = NULL;
    s->rows = weights;
    s->stride = inputs;
    if (!weights || s->k == 1)
        return ASSAY_OK;
    if (!(*copy = assay_allocate(width * below->stride, sizeof **copy)))
        return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads(lipschitz_threads((double)width *(double)inputs, width)) schedule(static)
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j < below->compact; j++)
            (*copy)[i * below->stride + j] = weights[i * inputs + below->order[j]];
    s->rows = *copy;
    s->stride = below->stride;
    return ASSAY_OK;
}

static assay_status run_stage(stage *s, const lipschitz_net *net, lipschitz_workspace *workspaces)
{
    lipschitz_plan *plan = s->plan;
    const local_lipschitz_options *options = plan->options;
    const size_t width = plan->chain->width[s->k], offset = plan->chain->offset[s->k];
    const bool crowned = options->forward != LOCAL_LIPSCHITZ_FORWARD_INTERVAL;
    double *copy;
    assay_status status = make_rows(s, &copy);
    s->low = plan->values->low + offset;
    s->high = plan->values->high + offset;
    if (status == ASSAY_OK) {
        fill_interval(s);
        if (s->rows)
            interval_rows(s);
        else
            status = interval_convolution(s, workspaces);
    }
    if (status == ASSAY_OK && s->k > 1 && crowned)
        crown(s, workspaces);
    if (status == ASSAY_OK && s->k > 1 && options->alpha_steps > 0)
        status = improve(s, net);
    for (size_t i = 0; status == ASSAY_OK && i < width; i++) {
        const double low = fmin(s->low[i], s->high[i]);
        s->high[i] = fmax(s->low[i], s->high[i]);
        s->low[i] = low;
    }
    if (status == ASSAY_OK) {
        lipschitz_values own = {s->low, s->high, plan->values->sign + offset};
        lipschitz_signs(&own, width);
        status = make_order(plan, s->k);
    }
    const bool more = s->k + 1 < plan->chain->n; /* another layer is to be bounded through this one */
    if (status == ASSAY_OK && more && crowned)
        status = make_relu(s);
    if (status == ASSAY_OK && ((more && crowned) || plan->all_down) && s->rows)
        status = make_down(s);
    assay_release(copy);
    return status;
}

assay_status lipschitz_plan_forward(lipschitz_plan *plan, const lipschitz_net *net, lipschitz_workspace *workspaces)
{
    const lipschitz_chain *chain = plan->chain;
    const size_t stride = lipschitz_padded(chain->widest);
    double *interval = assay_allocate(3 * stride, sizeof *interval);
    assay_status status = interval ? make_order(plan, 0) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK && plan->options->rigorous)
        status = lipschitz_lines_create(plan->layer[0].stride, true, &plan->relu[0]);
    for (size_t i = 0; status == ASSAY_OK && plan->options->rigorous && i < chain->width[0]; i++)
        plan->relu[0].magnitude[i] = fmax(-plan->box->low[i], plan->box->high[i]);
    for (size_t k = 1; status == ASSAY_OK && k < chain->n; k++) {
        stage s = {
            .plan = plan, .k = k, .h_low = interval, .h_high = interval + stride, .h_magnitude = interval + 2 * stride};
        status = run_stage(&s, net, workspaces);
    }
    assay_release(interval);
    return status;
}
