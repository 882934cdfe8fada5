/* local_lipschitz: the networks and boxes that it is tried on. */
#include "assay/memory.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>

enum { MOST_LAYERS = 8 };

assay_network *lipschitz_dense(const size_t *widths, size_t n)
{
    assay_layer layers[2 * MOST_LAYERS];
    assay_network *network = NULL;
    if (n > MOST_LAYERS) {
        assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at most %d", n, MOST_LAYERS);
        return NULL;
    }
    for (size_t k = 0; k < n; k++) {
        layers[2 * k] = (assay_layer){.kind = ASSAY_DENSE, .outputs = widths[k + 1]};
        layers[2 * k + 1] = (assay_layer){.kind = ASSAY_RELU};
    }
    assay_network_create((assay_shape){widths[0], 1, 1}, layers, 2 * n - 1, &network);
    return network;
}

void lipschitz_randomise(assay_network *network, assay_random r)
{
    assay_network_initialise(network, ASSAY_HE_NORMAL, r);
    for (size_t k = 0; k < assay_network_layers(network); k++) {
        const assay_layer_view layer = assay_network_layer(network, k);
        for (size_t i = 0; i < layer.bias_count; i++)
            layer.biases[i] = sqrt(0.1) * assay_random_normal((assay_random){r.seed, r.stream + 1 + k}, i);
    }
}

void lipschitz_case_release(lipschitz_case *c)
{
    assay_network_release(c->network);
    assay_release(c->low);
    *c = (lipschitz_case){0};
}

bool lipschitz_case_around(verify_context *v, assay_network *network, lipschitz_case *c)
{
    *c = (lipschitz_case){.network = network};
    if (!verify_true(v, network != NULL, "a network: %s", assay_error()) ||
        !verify_ok(v, local_lipschitz_measure(network, &c->shape), "its shape")) {
        lipschitz_case_release(c);
        return false;
    }
    c->low = assay_allocate(2 * c->shape.inputs, sizeof *c->low);
    c->high = c->low + c->shape.inputs;
    c->box = (local_lipschitz_box){c->low, c->high, c->shape.inputs};
    return verify_true(v, c->low != NULL, "memory");
}

bool lipschitz_case_make(verify_context *v, const size_t *widths, size_t n, double radius, assay_random r,
                         lipschitz_case *c)
{
    if (!lipschitz_case_around(v, lipschitz_dense(widths, n), c))
        return false;
    lipschitz_randomise(c->network, r);
    for (size_t i = 0; i < c->shape.inputs; i++) {
        const double centre = assay_random_normal((assay_random){r.seed, r.stream + 90}, i);
        c->low[i] = centre - radius;
        c->high[i] = centre + radius;
    }
    return true;
}

bool lipschitz_case_random(verify_context *v, bool tiny, assay_random r, lipschitz_case *c)
{
    const assay_random shape = {r.seed, r.stream + 99};
    size_t widths[MOST_LAYERS + 1];
    const size_t n = tiny ? 3 : 2 + assay_random_integer(shape, 0, 3);
    widths[0] = tiny ? 2 + assay_random_integer(shape, 1, 2) : 2 + assay_random_integer(shape, 1, 10);
    for (size_t k = 1; k < n; k++)
        widths[k] = tiny ? 3 + assay_random_integer(shape, 1 + k, 5) : 2 + assay_random_integer(shape, 1 + k, 10);
    widths[n] = 3;
    return lipschitz_case_make(v, widths, n, 0.05 + 0.6 * assay_random_uniform(shape, 20), r, c);
}

void lipschitz_point(const lipschitz_case *c, assay_random r, uint64_t number, double *x)
{
    for (size_t i = 0; i < c->shape.inputs; i++)
        x[i] = c->low[i] + (c->high[i] - c->low[i]) * assay_random_uniform(r, number * c->shape.inputs + i);
}

void lipschitz_box_around(lipschitz_case *c, const double *x, double radius)
{
    for (size_t i = 0; i < c->shape.inputs; i++) {
        c->low[i] = fmax(x[i] - radius, 0);
        c->high[i] = fmin(x[i] + radius, 1);
    }
}

double lipschitz_sampled(const lipschitz_case *c, size_t row, size_t points, assay_random r)
{
    const size_t inputs = c->shape.inputs, rows = row == LOCAL_LIPSCHITZ_ALL_ROWS ? c->shape.outputs : 1;
    double *x = assay_allocate((1 + rows) * inputs, sizeof *x), *jacobian = x + inputs, largest = 0;
    for (size_t t = 0; x && t < points; t++) {
        lipschitz_point(c, r, t, x);
        if (local_lipschitz_jacobian(c->network, x, row, jacobian))
            break;
        for (size_t j = 0; j < rows; j++) {
            double sum = 0;
            for (size_t i = 0; i < inputs; i++)
                sum += fabs(jacobian[j * inputs + i]);
            largest = fmax(largest, sum);
        }
    }
    assay_release(x);
    return largest;
}

double lipschitz_value_with(verify_context *v, const lipschitz_case *c, size_t row, local_lipschitz_method method,
                            const local_lipschitz_options *options)
{
    local_lipschitz_result result = {0};
    const bool good =
        verify_ok(v, local_lipschitz_bound(c->network, &c->box, row, method, options, &result), "method %d", method);
    return good ? result.value : NAN;
}

double lipschitz_value(verify_context *v, const lipschitz_case *c, size_t row, local_lipschitz_method method)
{
    return lipschitz_value_with(v, c, row, method, NULL);
}
