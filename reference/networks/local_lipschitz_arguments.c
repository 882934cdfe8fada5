/* local_lipschitz: what is asked of its arguments, and networks as chains of dense matrices. */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>

/* ---- Networks -------------------------------------------------------------------------------------------------- */

static assay_status check_order(const assay_layer_view *view, size_t k, bool affine_expected)
{
    const assay_layer_kind kind = view->layer.kind;
    const bool affine = kind == ASSAY_DENSE || kind == ASSAY_CONVOLUTION;
    if (!affine && kind != ASSAY_RELU)
        return assay_fail(ASSAY_UNSUPPORTED, "layer %zu of the network has an activation (%d) that is not ReLU", k,
                          (int)kind);
    if (affine != affine_expected)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "layer %zu of the network is %s, must be %s", k,
                          affine ? "affine" : "ReLU", affine ? "ReLU" : "affine");
    return ASSAY_OK;
}

static assay_status check_affine(const assay_layer_view *view, size_t k, lipschitz_chain *chain)
{
    if (chain->n == LIPSCHITZ_LAYERS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the network has more than %d affine layers", LIPSCHITZ_LAYERS);
    if (view->inputs > LIPSCHITZ_WIDTH || view->outputs > LIPSCHITZ_WIDTH)
        return assay_fail(ASSAY_OUT_OF_RANGE, "layer %zu of the network is %zu x %zu, must be at most %d wide", k,
                          view->outputs, view->inputs, LIPSCHITZ_WIDTH);
    for (size_t i = 0; i < view->weight_count + view->bias_count; i++)
        if (!isfinite(view->weights[i])) /* biases follow */
            return assay_fail(ASSAY_OUT_OF_RANGE, "parameter %zu of layer %zu of the network is %g, must be finite", i,
                              k, view->weights[i]);
    const size_t n = ++chain->n;
    chain->view[n] = *view;
    chain->bias[n] = view->biases;
    chain->width[n - 1] = view->inputs;
    chain->width[n] = view->outputs;
    return ASSAY_OK;
}

assay_status lipschitz_check_network(const assay_network *network, lipschitz_chain *chain)
{
    if (!network)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "network is null");
    *chain = (lipschitz_chain){0};
    const size_t layers = assay_network_layers(network);
    for (size_t k = 0; k < layers; k++) {
        const assay_layer_view view = assay_network_layer(network, k);
        assay_status status = check_order(&view, k, k % 2 == 0);
        if (status == ASSAY_OK && k % 2 == 0)
            status = check_affine(&view, k, chain);
        if (status != ASSAY_OK)
            return status;
    }
    if (layers % 2 == 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the network ends with ReLU, must end with an affine layer");
    chain->widest = chain->width[0];
    for (size_t k = 1; k <= chain->n; k++) {
        chain->offset[k] = chain->hidden;
        chain->hidden += k < chain->n ? chain->width[k] : 0;
        chain->widest = chain->width[k] > chain->widest ? chain->width[k] : chain->widest;
    }
    return ASSAY_OK;
}

assay_status local_lipschitz_measure(const assay_network *network, local_lipschitz_shape *shape)
{
    lipschitz_chain chain;
    if (!shape)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "shape is null");
    const assay_status status = lipschitz_check_network(network, &chain);
    if (status == ASSAY_OK)
        *shape = (local_lipschitz_shape){chain.n, chain.width[0], chain.width[chain.n], chain.hidden};
    return status;
}

/* A convolution as a matrix: which weight joins an output number to an input number. */
static void lower_convolution(const assay_layer_view *view, double *matrix)
{
    const assay_layer *l = &view->layer;
    const assay_shape in = view->input, out = view->output;
    for (size_t o = 0; o < view->outputs; o++) {
        const size_t channel = o / (out.height * out.width), row = o / out.width % out.height, column = o % out.width;
        const double *weights = view->weights + channel * (view->weight_count / l->outputs);
        for (size_t c = 0; c < in.channels; c++)
            for (size_t a = 0; a < l->kernel_height; a++)
                for (size_t b = 0; b < l->kernel_width; b++, weights++) {
                    const size_t r = row * l->stride + a - l->padding; /* wraps around in the padding */
                    const size_t s = column * l->stride + b - l->padding;
                    if (r < in.height && s < in.width)
                        matrix[o * view->inputs + (c * in.height + r) * in.width + s] = *weights;
                }
    }
}

assay_status lipschitz_lower(const lipschitz_chain *chain, lipschitz_net *net)
{
    size_t total = 0;
    for (size_t k = 1; k <= chain->n; k++) {
        size_t count = 0;
        if (chain->view[k].layer.kind == ASSAY_CONVOLUTION &&
            __builtin_mul_overflow(chain->width[k], chain->width[k - 1], &count))
            return assay_fail(ASSAY_NO_MEMORY, "a convolution is too large for a matrix");
        if (__builtin_add_overflow(total, count + chain->width[k], &total))
            return assay_fail(ASSAY_NO_MEMORY, "the convolutions are too large for matrices");
    }
    *net = (lipschitz_net){.chain = *chain, .lowered = assay_allocate(total, sizeof(double))};
    if (!net->lowered)
        return ASSAY_NO_MEMORY;
    double *at = net->lowered;
    for (size_t k = 1; k <= chain->n; k++) {
        const assay_layer_view *view = &chain->view[k];
        net->weights[k] = view->weights;
        if (view->layer.kind == ASSAY_CONVOLUTION) {
            lower_convolution(view, at);
            net->weights[k] = at;
            at += view->outputs * view->inputs;
        }
        net->biases[k] = at;
        for (size_t i = 0; i < view->outputs; i++)
            *at++ = view->biases ? view->biases[i / (view->outputs / view->bias_count)] : 0;
    }
    return ASSAY_OK;
}

void lipschitz_net_release(lipschitz_net *net)
{
    assay_release(net->lowered);
}

/* ---- The rest -------------------------------------------------------------------------------------------------- */

assay_status lipschitz_check_box(const lipschitz_chain *chain, const local_lipschitz_box *box)
{
    if (!box || !box->low || !box->high)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !box ? "box" : !box->low ? "box->low" : "box->high");
    if (box->count != chain->width[0])
        return assay_fail(ASSAY_MISMATCH, "box->count is %zu, must be the network's %zu inputs", box->count,
                          chain->width[0]);
    for (size_t i = 0; i < box->count; i++)
        if (!isfinite(box->low[i]) || !isfinite(box->high[i]) || box->low[i] > box->high[i])
            return assay_fail(ASSAY_OUT_OF_RANGE, "box is [%g, %g] in direction %zu, must be finite and low <= high",
                              box->low[i], box->high[i], i);
    return ASSAY_OK;
}

assay_status lipschitz_check_row(const lipschitz_chain *chain, size_t row, bool all_allowed)
{
    if (row < chain->width[chain->n] || (all_allowed && row == LOCAL_LIPSCHITZ_ALL_ROWS))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "row is %zu, must be below %zu", row, chain->width[chain->n]);
}

assay_status lipschitz_check_options(const local_lipschitz_options *options, local_lipschitz_method method,
                                     local_lipschitz_options *filled)
{
    const local_lipschitz_options o = options ? *options : (local_lipschitz_options){0};
    if ((unsigned)method >= LOCAL_LIPSCHITZ_METHODS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "method is %d, must be 0 to %d", (int)method,
                          LOCAL_LIPSCHITZ_METHODS - 1);
    if ((unsigned)o.forward > LOCAL_LIPSCHITZ_FORWARD_INTERVAL)
        return assay_fail(ASSAY_OUT_OF_RANGE, "options->forward is %d, must be 0 to %d", (int)o.forward,
                          LOCAL_LIPSCHITZ_FORWARD_INTERVAL);
    if (o.norm != LOCAL_LIPSCHITZ_SUM && o.norm != LOCAL_LIPSCHITZ_EUCLIDEAN)
        return assay_fail(ASSAY_OUT_OF_RANGE, "options->norm is %d, must be 0 or 1", (int)o.norm);
    if (o.alpha_steps > 10000)
        return assay_fail(ASSAY_OUT_OF_RANGE, "options->alpha_steps is %u, must be at most 10000", o.alpha_steps);
    if (o.alpha_steps > 0 && o.forward == LOCAL_LIPSCHITZ_FORWARD_INTERVAL)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options->alpha_steps is %u, must be 0 with interval arithmetic",
                          o.alpha_steps);
    if (!(o.alpha_rate >= 0 && isfinite(o.alpha_rate)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "options->alpha_rate is %g, must be above 0", o.alpha_rate);
    if (!(o.alpha_factor >= 0 && o.alpha_factor <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "options->alpha_factor is %g, must be in (0, 1]", o.alpha_factor);
    *filled = o;
    filled->alpha_rate = o.alpha_rate > 0 ? o.alpha_rate : 0.5;
    filled->alpha_factor = o.alpha_factor > 0 ? o.alpha_factor : 0.98;
    return ASSAY_OK;
}

/* The largest arrays that a caller asks for must have sizes. */
static assay_status check_sizes(const lipschitz_chain *chain, size_t rows)
{
    size_t numbers;
    if (__builtin_mul_overflow(rows, chain->hidden + chain->width[0], &numbers) ||
        __builtin_mul_overflow(numbers, 2 * sizeof(double), &numbers))
        return assay_fail(ASSAY_NO_MEMORY, "%zu rows of %zu bounds are too many", rows,
                          chain->hidden + chain->width[0]);
    return ASSAY_OK;
}

assay_status lipschitz_check_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   local_lipschitz_method method, const local_lipschitz_options *options,
                                   const local_lipschitz_result *result, lipschitz_chain *chain,
                                   local_lipschitz_options *filled)
{
    assay_status status = lipschitz_check_network(network, chain);
    if (status == ASSAY_OK)
        status = lipschitz_check_box(chain, box);
    if (status == ASSAY_OK)
        status = lipschitz_check_row(chain, row, true);
    if (status == ASSAY_OK)
        status = lipschitz_check_options(options, method, filled);
    if (status == ASSAY_OK && !result)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "result is null");
    return status ? status : check_sizes(chain, lipschitz_rows(chain, row));
}

assay_status lipschitz_check_search(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                    const local_lipschitz_options *options, const local_lipschitz_search *search,
                                    const local_lipschitz_outcome *outcome, lipschitz_chain *chain,
                                    local_lipschitz_options *filled, local_lipschitz_search *filled_search)
{
    assay_status status = lipschitz_check_network(network, chain);
    if (status == ASSAY_OK)
        status = lipschitz_check_box(chain, box);
    if (status == ASSAY_OK)
        status = lipschitz_check_row(chain, row, true);
    if (status == ASSAY_OK)
        status = lipschitz_check_options(options, LOCAL_LIPSCHITZ_LINEAR, filled);
    if (status != ASSAY_OK)
        return status;
    if (!search || !outcome)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", search ? "outcome" : "search");
    if (filled->norm != LOCAL_LIPSCHITZ_SUM || filled->rigorous)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options->%s is set, which the search has not",
                          filled->rigorous ? "rigorous" : "norm");
    if (search->batch > 65536)
        return assay_fail(ASSAY_OUT_OF_RANGE, "search->batch is %zu, must be at most 65536", search->batch);
    if (!(search->seconds >= 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "search->seconds is %g, must be at least 0", search->seconds);
    if (!(search->tolerance >= 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "search->tolerance is %g, must be at least 0", search->tolerance);
    if ((unsigned)search->heuristic > LOCAL_LIPSCHITZ_GAP)
        return assay_fail(ASSAY_OUT_OF_RANGE, "search->heuristic is %d, must be 0 or 1", (int)search->heuristic);
    if (search->history_count > 0 && !search->history)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "search->history is null");
    *filled_search = *search;
    filled_search->batch = search->batch ? search->batch : 128;
    return check_sizes(chain, lipschitz_rows(chain, row));
}
