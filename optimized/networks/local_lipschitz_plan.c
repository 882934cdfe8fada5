/* local_lipschitz: orders of neurons, matrices in these orders, products with them. */
#include "optimized/networks/local_lipschitz_plan.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "core/network_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int lipschitz_threads(double work, size_t pieces)
{
    const int threads = assay_threads();
    if (work < LIPSCHITZ_WORK_FOR_THREADS || pieces < 2)
        return 1;
    return (size_t)threads < pieces ? threads : (int)pieces;
}

/* ---- Memory of threads ------------------------------------------------------------------------------------------ */

void lipschitz_workspaces_release(lipschitz_workspace *workspaces, size_t count)
{
    for (size_t t = 0; workspaces && t < count; t++) {
        for (int i = 0; i < 2; i++) {
            assay_release(workspaces[t].panel[i]);
            assay_release(workspaces[t].full[i]);
        }
        assay_release(workspaces[t].scratch);
    }
    free(workspaces);
}

assay_status lipschitz_workspaces_create(const lipschitz_chain *chain, size_t count, lipschitz_workspace **workspaces)
{
    const size_t panel = 2 * LIPSCHITZ_ROWS * lipschitz_padded(chain->widest);
    size_t scratch = 0;
    bool convolutions = false;
    for (size_t k = 1; k <= chain->n; k++)
        if (chain->view[k].layer.kind == ASSAY_CONVOLUTION) {
            size_t wanted;
            const assay_status status = network_convolution_scratch(&chain->view[k], &wanted);
            if (status != ASSAY_OK)
                return status;
            scratch = wanted > scratch ? wanted : scratch;
            convolutions = true;
        }
    lipschitz_workspace *made = calloc(count, sizeof *made);
    bool good = made != NULL;
    for (size_t t = 0; good && t < count; t++) {
        for (int i = 0; i < 2; i++) {
            made[t].panel[i] = assay_allocate(panel, sizeof(double));
            made[t].full[i] = assay_allocate(convolutions ? panel : 0, sizeof(double));
            good = good && made[t].panel[i] && made[t].full[i];
        }
        made[t].scratch = assay_allocate(scratch, sizeof(double));
        good = good && made[t].scratch;
    }
    if (!good) {
        lipschitz_workspaces_release(made, count);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu threads", count);
    }
    *workspaces = made;
    return ASSAY_OK;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

assay_status lipschitz_lines_create(size_t stride, bool magnitude, lipschitz_line_arrays *lines)
{
    double *numbers = assay_allocate(stride, (magnitude ? 6 : 4) * sizeof *numbers);
    *lines = (lipschitz_line_arrays){0};
    if (!numbers)
        return ASSAY_NO_MEMORY;
    *lines = (lipschitz_line_arrays){numbers,
                                     numbers + stride,
                                     numbers + 2 * stride,
                                     numbers + 3 * stride,
                                     magnitude ? numbers + 4 * stride : NULL,
                                     magnitude ? numbers + 5 * stride : NULL};
    return ASSAY_OK;
}

void lipschitz_lines_release(lipschitz_line_arrays *lines)
{
    assay_release(lines->above_slope);
}

/* ---- Matrices --------------------------------------------------------------------------------------------------- */

assay_status lipschitz_pack(const lipschitz_plan *plan, const double *plain, size_t stride, size_t rows, size_t columns,
                            lipschitz_packed *packed)
{
    const size_t padded = lipschitz_padded(columns);
    const size_t panel = plan->kernels->panel ? plan->kernels->panel : padded;
    *packed = (lipschitz_packed){rows, columns, panel, assay_allocate(rows * padded, sizeof(double))};
    if (!packed->numbers)
        return ASSAY_NO_MEMORY;
    double *to = packed->numbers;
    for (size_t column = 0; column < padded; column += panel) {
        const size_t width = padded - column < panel ? padded - column : panel;
        const size_t real = columns - column < width ? columns - column : width;
        for (size_t i = 0; i < rows; i++, to += width)
            memcpy(to, plain + i * stride + column, real * sizeof *to); /* the rest is 0 */
    }
    return ASSAY_OK;
}

/* start[k]: rows of W_k^T. A block of columns at a time, so that what is written stays in the cache. */
static assay_status make_start(lipschitz_plan *plan, size_t k)
{
    const lipschitz_layer_plan *below = &plan->layer[k - 1], *above = &plan->layer[k];
    const size_t rows = below->bounded > below->compact ? below->bounded : below->compact;
    const size_t width = plan->chain->width[k - 1];
    enum { BLOCK = 16 };
    size_t count;
    if (__builtin_mul_overflow(rows, above->stride, &count))
        return assay_fail(ASSAY_NO_MEMORY, "layer %zu is too large", k);
    plan->start[k] = assay_allocate(count, sizeof(double));
    if (!plan->start[k])
        return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads(lipschitz_threads((double)count, above->compact)) schedule(static)
    for (size_t first = 0; first < above->compact; first += BLOCK)
        for (size_t i = 0; i < rows; i++)
            for (size_t m = first; m < first + BLOCK && m < above->compact; m++)
                plan->start[k][i * above->stride + m] = plan->weights[k][above->order[m] * width + below->order[i]];
    return ASSAY_OK;
}

/* shared[k]: coefficients that start at g_{k-1} and go through active neurons of layer k only. */
static assay_status make_shared(lipschitz_plan *plan, size_t k)
{
    const lipschitz_layer_plan *below = &plan->layer[k - 1], *at = &plan->layer[k], *above = &plan->layer[k + 1];
    const size_t rows = below->bounded, inner = at->compact - at->relaxed,
                 panels = (rows + LIPSCHITZ_ROWS - 1) / LIPSCHITZ_ROWS;
    size_t count;
    if (__builtin_mul_overflow(rows, above->stride, &count))
        return assay_fail(ASSAY_NO_MEMORY, "layer %zu is too large", k);
    plan->shared[k] = assay_allocate(count, sizeof(double));
    if (!plan->shared[k])
        return ASSAY_NO_MEMORY;
    const int threads = lipschitz_threads((double)rows * (double)inner * (double)above->compact, panels);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (size_t p = 0; p < panels; p++) {
        const size_t first = p * LIPSCHITZ_ROWS, height = rows - first < LIPSCHITZ_ROWS ? rows - first : LIPSCHITZ_ROWS;
        plan->kernels->multiply(height, inner, plan->start[k] + first * at->stride + at->relaxed, at->stride,
                                &plan->up[k + 1], at->relaxed, NULL, plan->shared[k] + first * above->stride,
                                above->stride);
    }
    return ASSAY_OK;
}

assay_status lipschitz_plan_backward(lipschitz_plan *plan)
{
    const size_t n = plan->chain->n;
    const bool every_line = plan->method == LOCAL_LIPSCHITZ_INTERVAL ||
                            (plan->method == LOCAL_LIPSCHITZ_RECURJAC && plan->options->strict_code);
    for (size_t q = 0; q < n; q++) {
        lipschitz_layer_plan *layer = &plan->layer[q];
        layer->relaxed = every_line ? layer->compact : layer->unstable;
        layer->bounded = q == 0 || plan->all_g     ? plan->chain->width[q]
                         : plan->options->rigorous ? layer->compact
                                                   : layer->relaxed;
    }
    assay_status status = ASSAY_OK;
    for (size_t k = n - 1; status == ASSAY_OK && k > 0; k--) {
        if (!plan->weights[k])
            continue;
        status = make_start(plan, k);
        if (status == ASSAY_OK && plan->method != LOCAL_LIPSCHITZ_INTERVAL) /* whose slopes are all 0 */
            status = lipschitz_pack(plan, plan->start[k], plan->layer[k].stride, plan->layer[k - 1].compact,
                                    plan->layer[k].compact, &plan->up[k]);
        if (status == ASSAY_OK && k + 1 < n && plan->weights[k + 1] && plan->method != LOCAL_LIPSCHITZ_INTERVAL)
            status = make_shared(plan, k);
    }
    return status;
}

void lipschitz_plan_release(lipschitz_plan *plan)
{
    for (size_t k = 0; k <= LIPSCHITZ_LAYERS; k++) {
        assay_release(plan->layer[k].order);
        assay_release(plan->down[k].numbers);
        assay_release(plan->up[k].numbers);
        assay_release(plan->start[k]);
        assay_release(plan->shared[k]);
        lipschitz_lines_release(&plan->relu[k]);
    }
}

/* ---- From layer to layer ---------------------------------------------------------------------------------------- */

/* From the plan's order to the layer's own, zeros where neurons were left out; and back. */
static void scatter(const lipschitz_layer_plan *layer, size_t width, size_t m, const double *a, size_t lda,
                    double *full)
{
    memset(full, 0, m * width * sizeof *full);
    for (size_t r = 0; r < m; r++)
        for (size_t i = 0; i < layer->compact; i++)
            full[r * width + layer->order[i]] = a[r * lda + i];
}

static void gather(const lipschitz_layer_plan *layer, size_t width, size_t m, const double *full, double *c)
{
    for (size_t r = 0; r < m; r++) {
        for (size_t i = 0; i < layer->compact; i++)
            c[r * layer->stride + i] = full[r * width + layer->order[i]];
        for (size_t i = layer->compact; i < layer->stride; i++)
            c[r * layer->stride + i] = 0;
    }
}

void lipschitz_through_down(const lipschitz_plan *plan, size_t q, size_t m, const double *a, size_t lda, double *c,
                            lipschitz_workspace *w)
{
    const lipschitz_layer_plan *from = &plan->layer[q], *to = &plan->layer[q - 1];
    if (plan->weights[q]) {
        plan->kernels->multiply(m, from->compact, a, lda, &plan->down[q], 0, NULL, c, to->stride);
        return;
    }
    const size_t *width = plan->chain->width;
    scatter(from, width[q], m, a, lda, w->full[0]);
    network_convolution_backward_blas(&plan->chain->view[q], NULL, w->full[0], m, w->full[1], NULL, w->scratch);
    gather(to, width[q - 1], m, w->full[1], c);
}

void lipschitz_through_up(const lipschitz_plan *plan, size_t q, size_t m, const double *a, size_t lda, double *c,
                          lipschitz_workspace *w)
{
    const lipschitz_layer_plan *from = &plan->layer[q - 1], *to = &plan->layer[q];
    if (plan->weights[q]) {
        plan->kernels->multiply(m, from->compact, a, lda, &plan->up[q], 0, NULL, c, to->stride);
        return;
    }
    const size_t *width = plan->chain->width;
    scatter(from, width[q - 1], m, a, lda, w->full[0]);
    network_convolution_forward_blas(&plan->chain->view[q], w->full[0], m, w->full[1], w->scratch);
    gather(to, width[q], m, w->full[1], c);
}
