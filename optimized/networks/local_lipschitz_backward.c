/* local_lipschitz, steps 3 and 4: bounds of g and of the norm, for panels of numbers. */
#include "assay/memory.h"
#include "core/network_parts.h"
#include "optimized/networks/local_lipschitz_plan.h"

#include <math.h>
#include <string.h>

/* ---- Outputs ---------------------------------------------------------------------------------------------------- */

size_t lipschitz_output_bounds(const lipschitz_plan *plan)
{
    size_t count = 0;
    for (size_t q = 0; q + 1 < plan->chain->n; q++)
        count += 2 * plan->layer[q].bounded;
    return count;
}

void lipschitz_output_place(const lipschitz_plan *plan, double *bounds, lipschitz_output *output)
{
    for (size_t q = 0; q + 1 < plan->chain->n; q++) {
        output->g_low[q] = bounds;
        output->g_high[q] = bounds + plan->layer[q].bounded;
        bounds += 2 * plan->layer[q].bounded;
    }
}

assay_status lipschitz_output_create(const lipschitz_plan *plan, lipschitz_output *output)
{
    const size_t n = plan->chain->n, bounds = lipschitz_output_bounds(plan), top = plan->chain->width[n - 1];
    *output = (lipschitz_output){.sign = plan->values->sign, .memory = assay_allocate(bounds + top, sizeof(double))};
    if (!output->memory)
        return ASSAY_NO_MEMORY;
    lipschitz_output_place(plan, output->memory, output);
    output->g_low[n - 1] = output->g_high[n - 1] = output->memory + bounds;
    for (size_t q = 0; q < n; q++) {
        const assay_status status =
            lipschitz_lines_create(plan->layer[q].stride, plan->options->rigorous, &output->lines[q]);
        if (status != ASSAY_OK)
            return status;
        for (size_t i = 0; i < plan->layer[q].compact; i++) /* active neurons pass everything on */
            output->lines[q].above_slope[i] = output->lines[q].below_slope[i] = 1;
    }
    return ASSAY_OK;
}

void lipschitz_output_release(lipschitz_output *output)
{
    assay_release(output->memory);
    for (size_t q = 0; q < LIPSCHITZ_LAYERS; q++)
        lipschitz_lines_release(&output->lines[q]);
}

void lipschitz_output_top(const lipschitz_plan *plan, size_t row, lipschitz_output *output)
{
    const size_t n = plan->chain->n, width = plan->chain->width[n - 1];
    const assay_layer_view *view = &plan->chain->view[n];
    double *top = output->g_low[n - 1];
    if (plan->weights[n]) {
        for (size_t i = 0; i < width; i++)
            top[i] = plan->weights[n][row * width + plan->layer[n - 1].order[i]];
        return;
    }
    /* A convolution as the last layer: the row's weights lie where its patch is. */
    const assay_layer *l = &view->layer;
    const size_t area = view->output.height * view->output.width;
    const size_t down = row % area / view->output.width * l->stride, right = row % view->output.width * l->stride;
    const double *weights = view->weights + row / area * (view->weight_count / l->outputs);
    for (size_t i = 0; i < width; i++) {
        const size_t at = plan->layer[n - 1].order[i];
        const size_t channel = at / (view->input.height * view->input.width);
        const size_t a = at / view->input.width % view->input.height + l->padding - down; /* wraps around outside */
        const size_t b = at % view->input.width + l->padding - right;
        top[i] = a < l->kernel_height && b < l->kernel_width
                     ? weights[(channel * l->kernel_height + a) * l->kernel_width + b]
                     : 0;
    }
}

/* What a coefficient on y_q counts in the bound of rounding errors: |g_q|, and all that its product with W_{q+1}^T is
 * made of. */
static void fill_magnitudes(const lipschitz_plan *plan, size_t q, lipschitz_output *output)
{
    const size_t compact = plan->layer[q].compact, n = plan->chain->n;
    const lipschitz_line_arrays *lines = &output->lines[q];
    for (size_t i = 0; i < compact; i++) {
        lines->size[i] = fmax(-output->g_low[q][i], output->g_high[q][i]);
        lines->magnitude[i] = q + 1 == n ? 2 * lines->size[i] : lines->size[i];
    }
    for (size_t i = 0; q + 1 < n && i < compact; i++) {
        const lipschitz_layer_plan *above = &plan->layer[q + 1];
        lines->magnitude[i] += plan->kernels->dot_magnitude(plan->start[q + 1] + i * above->stride, above->compact,
                                                            output->lines[q + 1].size);
    }
}

void lipschitz_output_lines(const lipschitz_plan *plan, size_t q, lipschitz_output *output)
{
    const lipschitz_layer_plan *layer = &plan->layer[q];
    const size_t offset = plan->chain->offset[q];
    const lipschitz_line_arrays *to = &output->lines[q];
    const double *low = output->g_low[q], *high = output->g_high[q];
    for (size_t i = 0; q > 0 && i < layer->relaxed; i++) {
        const lipschitz_lines l = lipschitz_product_lines(output->sign[offset + layer->order[i]], low[i], high[i],
                                                          plan->method, plan->options->strict_code);
        to->above_slope[i] = l.above_slope;
        to->below_slope[i] = l.below_slope;
        to->above[i] = l.above;
        to->below[i] = l.below;
    }
    if (q > 0 && q + 1 == plan->chain->n) /* g is known there: what is left are two numbers */
        for (size_t i = 0; i < layer->compact; i++) {
            to->above[i] = to->above_slope[i] * low[i] + (i < layer->relaxed ? to->above[i] : 0);
            to->below[i] = to->below_slope[i] * low[i] + (i < layer->relaxed ? to->below[i] : 0);
        }
    if (to->magnitude)
        fill_magnitudes(plan, q, output);
}

/* ---- Panels ----------------------------------------------------------------------------------------------------- */

/* Rows that are relaxed by the lines of one output, an upper and a lower half. */
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

/* Ends with numbers instead of lines: the last layer, or intervals. */
static void finish_rows(const lipschitz_plan *plan, const lipschitz_line_arrays *lines, size_t columns, const double *a,
                        size_t stride, size_t count, size_t half, lipschitz_workspace *w)
{
    for (size_t r = 0; r < 2 * count; r++) {
        const bool lower = r >= count;
        const double *row = a + (lower ? r - count + half : r) * stride;
        if (lines->magnitude)
            w->total[r] += plan->kernels->dot_magnitude(row, columns, lines->magnitude);
        w->bias[r] += lower ? plan->kernels->dot(row, columns, lines->below, lines->above)
                            : plan->kernels->dot(row, columns, lines->above, lines->below);
    }
}

/* Coefficients of g_{k-1} on y_k, for a convolution: what it does to unit vectors. */
static void unit_rows(const lipschitz_plan *plan, size_t k, size_t first, size_t count, double *a,
                      lipschitz_workspace *w)
{
    const lipschitz_layer_plan *below = &plan->layer[k - 1], *at = &plan->layer[k];
    const size_t width = plan->chain->width[k], inputs = plan->chain->width[k - 1];
    memset(w->full[0], 0, count * inputs * sizeof *w->full[0]);
    for (size_t r = 0; r < count; r++)
        w->full[0][r * inputs + below->order[first + r]] = 1;
    network_convolution_forward_blas(&plan->chain->view[k], w->full[0], count, w->full[1], w->scratch);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < at->compact; i++)
            a[r * at->stride + i] = w->full[1][r * width + at->order[i]];
}

/* The first step from y_k to y_{k+1}, in which active neurons need no lines. The result is in w->panel[1]. */
static void first_step(const lipschitz_plan *plan, const lipschitz_output *output, size_t k, size_t first, size_t count,
                       lipschitz_workspace *w)
{
    const lipschitz_layer_plan *at = &plan->layer[k], *above = &plan->layer[k + 1];
    const lipschitz_line_arrays *lines = &output->lines[k];
    double *a = w->panel[0], *next = w->panel[1];
    if (!plan->shared[k]) {
        if (plan->weights[k])
            memcpy(a, plan->start[k] + first * at->stride, count * at->stride * sizeof *a);
        else
            unit_rows(plan, k, first, count, a, w);
        memcpy(a + count * at->stride, a, count * at->stride * sizeof *a);
        relax_rows(plan, lines, at->compact, a, at->stride, count, w);
        lipschitz_through_up(plan, k + 1, 2 * count, a, at->stride, next, w);
        return;
    }
    const size_t narrow = lipschitz_padded(at->relaxed), active = at->compact - at->relaxed;
    for (size_t r = 0; r < 2 * count; r++) {
        const double *row = plan->start[k] + (first + r % count) * at->stride;
        memcpy(a + r * narrow, row, at->relaxed * sizeof *a);
        if (lines->magnitude)
            w->total[r] += plan->kernels->dot_magnitude(row + at->relaxed, active, lines->magnitude + at->relaxed);
    }
    relax_rows(plan, lines, at->relaxed, a, narrow, count, w);
    const double *shared = plan->shared[k] + first * above->stride;
    for (size_t side = 0; side < 2; side++)
        plan->kernels->multiply(count, at->relaxed, a + side * count * narrow, narrow, &plan->up[k + 1], 0, shared,
                                next + side * count * above->stride, above->stride);
}

void lipschitz_bound_panel(const lipschitz_plan *plan, lipschitz_output *output, size_t k, size_t first, size_t count,
                           lipschitz_workspace *w)
{
    const size_t n = plan->chain->n;
    const lipschitz_layer_plan *at = &plan->layer[k];
    memset(w->bias, 0, 2 * count * sizeof *w->bias);
    memset(w->total, 0, 2 * count * sizeof *w->total);
    if (k + 1 == n || plan->method == LOCAL_LIPSCHITZ_INTERVAL) {
        const double *rows = plan->start[k] ? plan->start[k] + first * at->stride : w->panel[0];
        if (!plan->start[k])
            unit_rows(plan, k, first, count, w->panel[0], w);
        finish_rows(plan, &output->lines[k], at->compact, rows, at->stride, count, 0, w);
    } else {
        first_step(plan, output, k, first, count, w);
        double *a = w->panel[1], *next = w->panel[0];
        for (size_t q = k + 1; q + 1 < n; q++) {
            relax_rows(plan, &output->lines[q], plan->layer[q].compact, a, plan->layer[q].stride, count, w);
            lipschitz_through_up(plan, q + 1, 2 * count, a, plan->layer[q].stride, next, w);
            double *swap = a;
            a = next;
            next = swap;
        }
        finish_rows(plan, &output->lines[n - 1], plan->layer[n - 1].compact, a, plan->layer[n - 1].stride, count, count,
                    w);
    }
    const double rounding = plan->options->rigorous ? lipschitz_rounding(plan->chain) : 0;
    for (size_t r = 0; r < count; r++) {
        const double high = w->bias[r] + rounding * w->total[r];
        const double low = w->bias[count + r] - rounding * w->total[count + r];
        output->g_low[k - 1][first + r] = fmin(low, high);
        output->g_high[k - 1][first + r] = fmax(low, high);
    }
}

double lipschitz_bound_work(const lipschitz_plan *plan, size_t k)
{
    double work = (double)plan->layer[k].compact;
    for (size_t q = k; q + 1 < plan->chain->n && plan->method != LOCAL_LIPSCHITZ_INTERVAL; q++)
        work += (double)(q == k ? plan->layer[q].relaxed : plan->layer[q].compact) * (double)plan->layer[q + 1].compact;
    return 2 * work;
}

/* ---- Norms ------------------------------------------------------------------------------------------------------ */

/* The lines above |J_i|: slopes to @p a; intercepts, and the sum of the largest |J_i|, are returned. */
static double norm_lines(const lipschitz_plan *plan, const lipschitz_output *output, double *a, double *largest)
{
    const bool euclidean = plan->options->norm == LOCAL_LIPSCHITZ_EUCLIDEAN;
    const double *low = output->g_low[0], *high = output->g_high[0];
    double intercepts = 0, sum = 0;
    for (size_t i = 0; i < plan->chain->width[0]; i++) {
        const lipschitz_lines lines = lipschitz_norm_lines(low[i], high[i], plan->method, euclidean);
        const double most = fmax(-low[i], high[i]);
        a[i] = lines.above_slope;
        intercepts += lines.above;
        sum += euclidean ? most * most : most;
    }
    *largest = sum;
    return intercepts;
}

/* One output's step from y_q to g_q. */
static void relax_one(const lipschitz_plan *plan, const lipschitz_output *output, size_t q, size_t r, double *a,
                      double **coefficients, lipschitz_workspace *w)
{
    const lipschitz_layer_plan *layer = &plan->layer[q];
    const lipschitz_line_arrays *lines = &output->lines[q];
    double *row = a + r * layer->stride;
    const lipschitz_sides sides = lipschitz_sides_of(lines, false);
    if (*coefficients) {
        memcpy(*coefficients, row, layer->unstable * sizeof *row);
        *coefficients += layer->unstable;
    }
    if (lines->magnitude)
        w->total[r] += plan->kernels->dot_magnitude(row, layer->compact, lines->magnitude);
    w->bias[r] += q + 1 == plan->chain->n ? plan->kernels->dot(row, layer->compact, lines->above, lines->below)
                                          : plan->kernels->relax(row, layer->compact, &sides);
}

void lipschitz_norms(const lipschitz_plan *plan, lipschitz_output *const *outputs, size_t count, double *values,
                     double *coefficients, lipschitz_workspace *w)
{
    const size_t n = plan->chain->n, inputs = plan->chain->width[0], stride = plan->layer[0].stride;
    const bool euclidean = plan->options->norm == LOCAL_LIPSCHITZ_EUCLIDEAN;
    const double rounding = plan->options->rigorous ? lipschitz_rounding(plan->chain) : 0;
    double largest[2 * LIPSCHITZ_ROWS], *a = w->panel[0], *next = w->panel[1];
    for (size_t r = 0; r < count; r++) {
        double *row = a + r * stride;
        w->bias[r] = norm_lines(plan, outputs[r], row, &largest[r]);
        w->total[r] = 4 * largest[r];
        if (outputs[r]->lines[0].magnitude)
            w->total[r] += plan->kernels->dot_magnitude(row, inputs, outputs[r]->lines[0].magnitude);
        for (size_t i = 0; n == 1 && i < inputs; i++)
            w->bias[r] += row[i] * outputs[r]->g_low[0][i];
    }
    for (size_t q = 1; q < n && plan->method != LOCAL_LIPSCHITZ_INTERVAL; q++) {
        lipschitz_through_up(plan, q, count, a, plan->layer[q - 1].stride, next, w);
        for (size_t r = 0; r < count; r++)
            relax_one(plan, outputs[r], q, r, next, &coefficients, w);
        double *swap = a;
        a = next;
        next = swap;
    }
    for (size_t r = 0; r < count; r++) {
        const double bound = fmin(w->bias[r] + rounding * w->total[r], largest[r] * (1 + rounding));
        values[r] = euclidean ? sqrt(fmax(bound, 0)) * (1 + rounding) : bound;
    }
}
