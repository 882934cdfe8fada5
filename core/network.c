/* Networks: shapes, parameters, initialisation. */
#include "assay/memory.h"
#include "core/network_parts.h"

#include <math.h>
#include <stdlib.h>

static bool multiply_sizes(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static bool shape_size(assay_shape shape, size_t *size)
{
    return multiply_sizes(shape.channels, shape.height, size) && multiply_sizes(*size, shape.width, size);
}

static assay_status plan_dense(assay_layer_view *view, size_t k)
{
    if (view->layer.outputs < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].outputs is 0, must be at least 1", k);
    view->output = (assay_shape){view->layer.outputs, 1, 1};
    if (!multiply_sizes(view->layer.outputs, view->inputs, &view->weight_count))
        return assay_fail(ASSAY_NO_MEMORY, "layers[%zu] has %zu x %zu weights, too many", k, view->layer.outputs,
                          view->inputs);
    return ASSAY_OK;
}

/* The output's length along one direction. */
static assay_status plan_direction(const char *direction, size_t length, size_t kernel, const assay_layer *layer,
                                   size_t k, size_t *output)
{
    size_t padded;
    if (__builtin_add_overflow(length, layer->padding, &padded) ||
        __builtin_add_overflow(padded, layer->padding, &padded))
        return assay_fail(ASSAY_NO_MEMORY, "layers[%zu].padding is %zu, too much", k, layer->padding);
    if (kernel < 1 || kernel > padded)
        return assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].kernel_%s is %zu, must be 1 to %zu", k, direction, kernel,
                          padded);
    *output = (padded - kernel) / layer->stride + 1;
    return ASSAY_OK;
}

static assay_status plan_convolution(assay_layer_view *view, size_t k)
{
    const assay_layer *layer = &view->layer;
    if (layer->outputs < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].outputs is 0, must be at least 1", k);
    if (layer->stride < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].stride is 0, must be at least 1", k);
    view->output.channels = layer->outputs;
    assay_status status =
        plan_direction("height", view->input.height, layer->kernel_height, layer, k, &view->output.height);
    if (status == ASSAY_OK)
        status = plan_direction("width", view->input.width, layer->kernel_width, layer, k, &view->output.width);
    if (status != ASSAY_OK)
        return status;
    size_t patch;
    if (!shape_size((assay_shape){view->input.channels, layer->kernel_height, layer->kernel_width}, &patch) ||
        !multiply_sizes(patch, layer->outputs, &view->weight_count))
        return assay_fail(ASSAY_NO_MEMORY, "layers[%zu] has too many weights", k);
    return ASSAY_OK;
}

/* Derives everything about a layer from its input's shape. */
static assay_status plan_layer(assay_layer_view *view, size_t k)
{
    view->output = view->input;
    assay_status status = ASSAY_OK;
    switch (view->layer.kind) {
    case ASSAY_DENSE: status = plan_dense(view, k); break;
    case ASSAY_CONVOLUTION: status = plan_convolution(view, k); break;
    case ASSAY_RELU:
    case ASSAY_TANH:
    case ASSAY_SIGMOID: break;
    case ASSAY_LEAKY_RELU:
        if (!isfinite(view->layer.slope))
            status = assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].slope is %g, must be finite", k, view->layer.slope);
        break;
    case ASSAY_MAXMIN:
        if (view->input.channels % 2)
            status = assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu] is MAXMIN of %zu channels, must be an even number", k,
                                view->input.channels);
        break;
    default:
        status = assay_fail(ASSAY_OUT_OF_RANGE, "layers[%zu].kind is %d, must be 0 to %d", k, (int)view->layer.kind,
                            ASSAY_LAYER_KINDS - 1);
    }
    if (status == ASSAY_OK && view->weight_count > 0 && !view->layer.without_bias)
        view->bias_count = view->layer.outputs;
    if (status == ASSAY_OK && !shape_size(view->output, &view->outputs))
        status = assay_fail(ASSAY_NO_MEMORY, "layers[%zu] has too many outputs", k);
    return status;
}

static assay_status plan(assay_shape input, const assay_layer *layers, assay_network *network)
{
    size_t inputs;
    if (!shape_size(input, &inputs))
        return assay_fail(ASSAY_NO_MEMORY, "input is %zu x %zu x %zu, too large", input.channels, input.height,
                          input.width);
    for (size_t k = 0; k < network->count; k++) {
        assay_layer_view *view = &network->layers[k];
        *view = (assay_layer_view){.layer = layers[k], .input = input, .inputs = inputs};
        const assay_status status = plan_layer(view, k);
        if (status != ASSAY_OK)
            return status;
        if (__builtin_add_overflow(network->parameter_count, view->weight_count, &network->parameter_count) ||
            __builtin_add_overflow(network->parameter_count, view->bias_count, &network->parameter_count))
            return assay_fail(ASSAY_NO_MEMORY, "the network has too many parameters");
        input = view->output;
        inputs = view->outputs;
    }
    return ASSAY_OK;
}

assay_status assay_network_create(assay_shape input, const assay_layer *layers, size_t count, assay_network **network)
{
    if (!layers || !network)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", layers ? "network" : "layers");
    if (count < 1 || count > ASSAY_NETWORK_LAYERS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "count is %zu, must be 1 to %d", count, ASSAY_NETWORK_LAYERS);
    if (input.channels < 1 || input.height < 1 || input.width < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "input is %zu x %zu x %zu, must be at least 1 x 1 x 1", input.channels,
                          input.height, input.width);
    assay_network *made = calloc(1, sizeof *made);
    if (made) {
        made->count = count;
        made->layers = calloc(count, sizeof *made->layers);
    }
    assay_status status = made && made->layers ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for a network");
    if (status == ASSAY_OK)
        status = plan(input, layers, made);
    if (status == ASSAY_OK && !(made->parameters = assay_allocate(made->parameter_count, sizeof *made->parameters)))
        status = ASSAY_NO_MEMORY;
    if (status != ASSAY_OK) {
        assay_network_release(made);
        return status;
    }
    double *at = made->parameters;
    for (size_t k = 0; k < count; k++) {
        assay_layer_view *view = &made->layers[k];
        view->weights = view->weight_count ? at : NULL;
        at += view->weight_count;
        view->biases = view->bias_count ? at : NULL;
        at += view->bias_count;
    }
    *network = made;
    return ASSAY_OK;
}

void assay_network_release(assay_network *network)
{
    if (!network)
        return;
    assay_release(network->parameters);
    free(network->layers);
    free(network);
}

size_t assay_network_layers(const assay_network *network)
{
    return network ? network->count : 0;
}

assay_layer_view assay_network_layer(const assay_network *network, size_t k)
{
    return network && k < network->count ? network->layers[k] : (assay_layer_view){0};
}

size_t assay_network_inputs(const assay_network *network)
{
    return network ? network->layers[0].inputs : 0;
}

size_t assay_network_outputs(const assay_network *network)
{
    return network ? network->layers[network->count - 1].outputs : 0;
}

size_t assay_network_parameter_count(const assay_network *network)
{
    return network ? network->parameter_count : 0;
}

double *assay_network_parameters(const assay_network *network)
{
    return network ? network->parameters : NULL;
}

assay_status assay_network_initialise(assay_network *network, assay_initialisation how, assay_random r)
{
    if (!network)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "network is null");
    if ((unsigned)how > ASSAY_GLOROT_UNIFORM)
        return assay_fail(ASSAY_OUT_OF_RANGE, "how is %d, must be 0 to %d", (int)how, ASSAY_GLOROT_UNIFORM);
    for (size_t k = 0; k < network->count; k++) {
        const assay_layer_view *view = &network->layers[k];
        if (view->weight_count == 0)
            continue;
        const size_t inputs = view->weight_count / view->layer.outputs;
        const double fan_in = (double)inputs;
        const double fan_out = view->layer.kind == ASSAY_DENSE
                                   ? (double)view->outputs
                                   : fan_in / (double)view->input.channels * (double)view->layer.outputs;
        const bool glorot = how == ASSAY_GLOROT_NORMAL || how == ASSAY_GLOROT_UNIFORM;
        const double deviation = sqrt(2 / (glorot ? fan_in + fan_out : fan_in));
        const double half_width = sqrt(3) * deviation; /* a uniform number in [-w, w] has the variance w^2 / 3 */
        const uint64_t first = (uint64_t)(view->weights - network->parameters);
        if (how == ASSAY_HE_NORMAL || how == ASSAY_GLOROT_NORMAL)
            assay_random_fill_normal(r, first, 0, deviation, view->weights, view->weight_count);
        else
            assay_random_fill_uniform(r, first, -half_width, half_width, view->weights, view->weight_count);
        for (size_t i = 0; i < view->bias_count; i++)
            view->biases[i] = 0;
    }
    return ASSAY_OK;
}
