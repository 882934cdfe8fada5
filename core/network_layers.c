/* Every kind of layer, forward and backward, on rows of examples. */
#include "assay/cpu.h"
#include "core/assert.h"
#include "core/network_parts.h"

#include <math.h>

static void add_biases(const assay_layer_view *layer, size_t n, double *y)
{
    const size_t positions = layer->outputs / layer->layer.outputs;
    for (size_t i = 0; layer->biases && i < n; i++)
        for (size_t o = 0; o < layer->layer.outputs; o++)
            for (size_t p = 0; p < positions; p++)
                *y++ += layer->biases[o];
}

static void sum_bias_gradient(const assay_layer_view *layer, const double *dy, size_t n, double *db)
{
    const size_t positions = layer->outputs / layer->layer.outputs;
    for (size_t i = 0; db && i < n; i++)
        for (size_t o = 0; o < layer->layer.outputs; o++)
            for (size_t p = 0; p < positions; p++)
                db[o] += *dy++;
}

/* out = g with the numbers of channels 2c and 2c+1 swapped wherever those of z are in the wrong order. It is its own
 * transpose: forward with g = z, backward with g the gradient. */
static void maxmin(const assay_layer_view *layer, const double *z, const double *g, size_t n, double *out)
{
    const size_t positions = layer->input.height * layer->input.width;
    for (size_t pair = 0; pair < n * layer->input.channels / 2; pair++)
        for (size_t p = 0; p < positions; p++) {
            const size_t first = 2 * pair * positions + p, second = first + positions;
            const bool ordered = z[first] >= z[second];
            out[first] = g[ordered ? first : second];
            out[second] = g[ordered ? second : first];
        }
}

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

void network_layer_forward(const assay_layer_view *layer, const double *z, size_t n, double *y, double *scratch)
{
    ASSAY_ASSERT(n <= NETWORK_BLOCK);
    const bool loops = assay_cpu_level() == ASSAY_REFERENCE;
    const size_t count = n * layer->outputs;
    switch (layer->layer.kind) {
    case ASSAY_DENSE:
        (loops ? network_dense_forward_loops : network_dense_forward_blas)(layer, z, n, y);
        add_biases(layer, n, y);
        break;
    case ASSAY_CONVOLUTION:
        if (loops)
            network_convolution_forward_loops(layer, z, n, y);
        else
            network_convolution_forward_blas(layer, z, n, y, scratch);
        add_biases(layer, n, y);
        break;
    case ASSAY_RELU:
        for (size_t i = 0; i < count; i++)
            y[i] = z[i] <= 0 ? 0 : z[i]; /* NaN stays NaN */
        break;
    case ASSAY_LEAKY_RELU:
        for (size_t i = 0; i < count; i++)
            y[i] = z[i] > 0 ? z[i] : layer->layer.slope * z[i];
        break;
    case ASSAY_TANH:
        for (size_t i = 0; i < count; i++)
            y[i] = tanh(z[i]);
        break;
    case ASSAY_SIGMOID:
        for (size_t i = 0; i < count; i++)
            y[i] = sigmoid(z[i]);
        break;
    case ASSAY_MAXMIN: maxmin(layer, z, z, n, y); break;
    default: break; /* refused when the network was made */
    }
}

/* Derivatives of a layer that works on each number alone. */
static void elements_backward(const assay_layer_view *layer, const double *z, const double *y, const double *dy,
                              size_t count, double *dz)
{
    switch (layer->layer.kind) {
    case ASSAY_RELU:
        for (size_t i = 0; i < count; i++)
            dz[i] = z[i] > 0 ? dy[i] : 0;
        break;
    case ASSAY_LEAKY_RELU:
        for (size_t i = 0; i < count; i++)
            dz[i] = z[i] > 0 ? dy[i] : layer->layer.slope * dy[i];
        break;
    case ASSAY_TANH:
        for (size_t i = 0; i < count; i++)
            dz[i] = dy[i] * (1 - y[i]) * (1 + y[i]);
        break;
    case ASSAY_SIGMOID:
        for (size_t i = 0; i < count; i++)
            dz[i] = dy[i] * y[i] * (1 - y[i]);
        break;
    default: break;
    }
}

void network_layer_backward(const assay_layer_view *layer, const double *z, const double *y, const double *dy, size_t n,
                            double *dz, double *dw, double *db, double *scratch)
{
    const bool loops = assay_cpu_level() == ASSAY_REFERENCE;
    switch (layer->layer.kind) {
    case ASSAY_DENSE:
        (loops ? network_dense_backward_loops : network_dense_backward_blas)(layer, z, dy, n, dz, dw);
        sum_bias_gradient(layer, dy, n, db);
        break;
    case ASSAY_CONVOLUTION:
        if (loops)
            network_convolution_backward_loops(layer, z, dy, n, dz, dw);
        else
            network_convolution_backward_blas(layer, z, dy, n, dz, dw, scratch);
        sum_bias_gradient(layer, dy, n, db);
        break;
    case ASSAY_MAXMIN:
        if (dz)
            maxmin(layer, z, dy, n, dz);
        break;
    default:
        if (dz)
            elements_backward(layer, z, y, dy, n * layer->outputs, dz);
    }
}
