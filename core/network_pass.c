/* Passes through all layers, in blocks of rows. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "core/network_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Arguments ------------------------------------------------------------------------------------------------ */

assay_status network_check_data(const assay_network *network, const double *x, size_t n)
{
    if (!network || (!x && n > 0))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", network ? "x" : "network");
    size_t widest = 0, bytes;
    for (size_t k = 0; k < network->count; k++) {
        const assay_layer_view *layer = &network->layers[k];
        widest = layer->inputs > widest ? layer->inputs : widest;
        widest = layer->outputs > widest ? layer->outputs : widest;
    }
    if (__builtin_mul_overflow(widest, n, &bytes) || __builtin_mul_overflow(bytes, sizeof *x, &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "n is %zu, too many rows of %zu", n, widest);
    return ASSAY_OK;
}

/* ---- Workspace ------------------------------------------------------------------------------------------------ */

static void release_workspace(const assay_network *network, network_workspace *w)
{
    for (size_t k = 0; w->outputs && k < network->count; k++)
        assay_release(w->outputs[k]);
    free(w->outputs);
    assay_release(w->gradients[0]);
    assay_release(w->gradients[1]);
    assay_release(w->scratch);
}

static assay_status make_workspace(const assay_network *network, size_t n, bool backward, network_workspace *w)
{
    const size_t rows = n < NETWORK_BLOCK ? n : NETWORK_BLOCK;
    size_t widest = assay_network_inputs(network), scratch = 0;
    bool made = (w->outputs = calloc(network->count, sizeof *w->outputs)) != NULL;
    for (size_t k = 0; made && k < network->count; k++) {
        const assay_layer_view *layer = &network->layers[k];
        made = (w->outputs[k] = assay_allocate(rows * layer->outputs, sizeof(double))) != NULL;
        widest = layer->outputs > widest ? layer->outputs : widest;
        if (layer->layer.kind == ASSAY_CONVOLUTION) {
            size_t wanted;
            const assay_status status = network_convolution_scratch(layer, &wanted);
            if (status != ASSAY_OK)
                return status;
            scratch = wanted > scratch ? wanted : scratch;
        }
    }
    made = made && (w->scratch = assay_allocate(scratch, sizeof(double)));
    for (int g = 0; made && backward && g < 2; g++)
        made = (w->gradients[g] = assay_allocate(rows * widest, sizeof(double))) != NULL;
    return made ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu rows of a network", rows);
}

/* ---- One block ------------------------------------------------------------------------------------------------ */

static void forward_block(const assay_network *network, const double *x, size_t n, network_workspace *w)
{
    for (size_t k = 0; k < network->count; k++)
        network_layer_forward(&network->layers[k], k ? w->outputs[k - 1] : x, n, w->outputs[k], w->scratch);
}

/* From the gradient by the outputs in w->gradients[0]; adds to @p parameter_gradient, writes @p input_gradient. */
static void backward_block(const assay_network *network, const double *x, size_t n, network_workspace *w,
                           double *parameter_gradient, double *input_gradient)
{
    const double *g = w->gradients[0];
    int next = 1;
    for (size_t k = network->count; k-- > 0; next = !next) {
        const assay_layer_view *layer = &network->layers[k];
        const size_t offset = layer->weights ? (size_t)(layer->weights - network->parameters) : 0;
        double *dw = parameter_gradient && layer->weights ? parameter_gradient + offset : NULL;
        double *db = dw && layer->biases ? dw + layer->weight_count : NULL;
        double *dz = k ? w->gradients[next] : input_gradient;
        network_layer_backward(layer, k ? w->outputs[k - 1] : x, w->outputs[k], g, n, dz, dw, db, w->scratch);
        g = dz;
    }
}

/* ---- Public functions ----------------------------------------------------------------------------------------- */

static assay_status pass(const assay_network *network, const double *x, size_t n, double *y, double *const *outputs)
{
    network_workspace w = {0};
    assay_status status = make_workspace(network, n, false, &w);
    assay_blas_serial_begin();
    for (size_t first = 0; status == ASSAY_OK && first < n; first += NETWORK_BLOCK) {
        const size_t rows = n - first < NETWORK_BLOCK ? n - first : NETWORK_BLOCK;
        forward_block(network, x + first * assay_network_inputs(network), rows, &w);
        for (size_t k = 0; k < network->count; k++) {
            const size_t width = network->layers[k].outputs;
            double *to = outputs ? outputs[k] : k + 1 == network->count ? y : NULL;
            if (to)
                memcpy(to + first * width, w.outputs[k], rows * width * sizeof *to);
        }
    }
    assay_blas_serial_end();
    release_workspace(network, &w);
    return status;
}

assay_status assay_network_forward(const assay_network *network, const double *x, size_t n, double *y)
{
    const assay_status status = network_check_data(network, x, n);
    if (status != ASSAY_OK || n == 0)
        return status;
    return y ? pass(network, x, n, y, NULL) : assay_fail(ASSAY_INVALID_ARGUMENT, "y is null");
}

assay_status assay_network_trace(const assay_network *network, const double *x, size_t n, double *const *outputs)
{
    const assay_status status = network_check_data(network, x, n);
    if (status != ASSAY_OK)
        return status;
    if (!outputs)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "outputs is null");
    return n ? pass(network, x, n, NULL, outputs) : ASSAY_OK;
}

/* Values, and gradients of either the given weighting of the outputs or the loss. */
static assay_status differentiate(const assay_network *network, const double *x, size_t n, const double *weighting,
                                  const assay_targets *targets, double *loss, double *parameter_gradient,
                                  double *input_gradient)
{
    const size_t inputs = assay_network_inputs(network), outputs = assay_network_outputs(network);
    const bool backward = parameter_gradient || input_gradient;
    network_workspace w = {0};
    assay_status status = make_workspace(network, n, backward, &w);
    assay_blas_serial_begin();
    double sum = 0;
    if (status == ASSAY_OK && parameter_gradient)
        memset(parameter_gradient, 0, network->parameter_count * sizeof *parameter_gradient);
    for (size_t first = 0; status == ASSAY_OK && first < n; first += NETWORK_BLOCK) {
        const size_t rows = n - first < NETWORK_BLOCK ? n - first : NETWORK_BLOCK;
        forward_block(network, x + first * inputs, rows, &w);
        if (targets)
            sum += network_loss_rows(targets, first, rows, outputs, n, w.outputs[network->count - 1], w.gradients[0]);
        else if (weighting)
            memcpy(w.gradients[0], weighting + first * outputs, rows * outputs * sizeof *weighting);
        if (backward)
            backward_block(network, x + first * inputs, rows, &w, parameter_gradient,
                           input_gradient ? input_gradient + first * inputs : NULL);
    }
    assay_blas_serial_end();
    release_workspace(network, &w);
    if (status == ASSAY_OK && loss)
        *loss = sum / (double)n;
    return status;
}

assay_status assay_network_backward(const assay_network *network, const double *x, size_t n,
                                    const double *output_gradient, double *parameter_gradient, double *input_gradient)
{
    const assay_status status = network_check_data(network, x, n);
    if (status != ASSAY_OK)
        return status;
    if (!output_gradient && n > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "output_gradient is null");
    if (!parameter_gradient && !input_gradient)
        return ASSAY_OK;
    return differentiate(network, x, n, output_gradient, NULL, NULL, parameter_gradient, input_gradient);
}

assay_status assay_network_loss(const assay_network *network, const double *x, size_t n, const assay_targets *targets,
                                double *loss, double *parameter_gradient, double *input_gradient)
{
    assay_status status = network_check_data(network, x, n);
    if (status == ASSAY_OK && n == 0)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "n is 0, must be at least 1");
    if (status == ASSAY_OK)
        status = network_check_targets(network, targets, n);
    return status ? status : differentiate(network, x, n, NULL, targets, loss, parameter_gradient, input_gradient);
}

assay_status assay_network_accuracy(const assay_network *network, const double *x, size_t n, const size_t *labels,
                                    double *accuracy)
{
    const assay_targets targets = {ASSAY_CROSS_ENTROPY, labels, NULL};
    assay_status status = network_check_data(network, x, n);
    if (status == ASSAY_OK && (n == 0 || !accuracy))
        status = n ? assay_fail(ASSAY_INVALID_ARGUMENT, "accuracy is null")
                   : assay_fail(ASSAY_OUT_OF_RANGE, "n is 0, must be at least 1");
    if (status == ASSAY_OK)
        status = network_check_targets(network, &targets, n);
    if (status != ASSAY_OK)
        return status;
    const size_t outputs = assay_network_outputs(network);
    double *y = assay_allocate(n * outputs, sizeof *y);
    status = y ? assay_network_forward(network, x, n, y) : ASSAY_NO_MEMORY;
    size_t right = 0;
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        size_t best = 0;
        for (size_t o = 1; o < outputs; o++)
            best = y[i * outputs + o] > y[i * outputs + best] ? o : best;
        right += best == labels[i];
    }
    assay_release(y);
    if (status == ASSAY_OK)
        *accuracy = (double)right / (double)n;
    return status;
}
