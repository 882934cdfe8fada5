/* Layers with weights, as loops: the reference. The biases' share is in network_layers.c. */
#include "core/network_parts.h"

void network_dense_forward_loops(const assay_layer_view *layer, const double *z, size_t n, double *y)
{
    for (size_t i = 0; i < n; i++)
        for (size_t o = 0; o < layer->outputs; o++) {
            double sum = 0;
            for (size_t j = 0; j < layer->inputs; j++)
                sum += layer->weights[o * layer->inputs + j] * z[i * layer->inputs + j];
            y[i * layer->outputs + o] = sum;
        }
}

/* dz = dy W and dW += dy^T z. */
void network_dense_backward_loops(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                  double *dz, double *dw)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; dz && j < layer->inputs; j++)
            dz[i * layer->inputs + j] = 0;
        for (size_t o = 0; o < layer->outputs; o++) {
            const double g = dy[i * layer->outputs + o];
            for (size_t j = 0; j < layer->inputs; j++) {
                if (dz)
                    dz[i * layer->inputs + j] += g * layer->weights[o * layer->inputs + j];
                if (dw)
                    dw[o * layer->inputs + j] += g * z[i * layer->inputs + j];
            }
        }
    }
}

/* Calls BODY for every product of a weight w and an input number z that the output number y has a share of. */
#define FOR_EACH_PRODUCT(LAYER, N, BODY)                                                                               \
    do {                                                                                                               \
        const assay_layer *l_ = &(LAYER)->layer;                                                                       \
        const assay_shape in_ = (LAYER)->input, out_ = (LAYER)->output;                                                \
        for (size_t i_ = 0; i_ < (N); i_++)                                                                            \
            for (size_t o_ = 0; o_ < out_.channels; o_++)                                                              \
                for (size_t row_ = 0; row_ < out_.height; row_++)                                                      \
                    for (size_t column_ = 0; column_ < out_.width; column_++)                                          \
                        for (size_t c_ = 0; c_ < in_.channels; c_++)                                                   \
                            for (size_t a_ = 0; a_ < l_->kernel_height; a_++)                                          \
                                for (size_t b_ = 0; b_ < l_->kernel_width; b_++) {                                     \
                                    /* Wraps around where the padding is: then it is beyond the input too. */          \
                                    const size_t r_ = row_ * l_->stride + a_ - l_->padding;                            \
                                    const size_t s_ = column_ * l_->stride + b_ - l_->padding;                         \
                                    if (r_ >= in_.height || s_ >= in_.width)                                           \
                                        continue;                                                                      \
                                    const size_t at_w =                                                                \
                                        ((o_ * in_.channels + c_) * l_->kernel_height + a_) * l_->kernel_width + b_;   \
                                    const size_t at_z =                                                                \
                                        i_ * (LAYER)->inputs + (c_ * in_.height + r_) * in_.width + s_;                \
                                    const size_t at_y =                                                                \
                                        i_ * (LAYER)->outputs + (o_ * out_.height + row_) * out_.width + column_;      \
                                    BODY;                                                                              \
                                }                                                                                      \
    } while (0)

void network_convolution_forward_loops(const assay_layer_view *layer, const double *z, size_t n, double *y)
{
    for (size_t i = 0; i < n * layer->outputs; i++)
        y[i] = 0;
    FOR_EACH_PRODUCT(layer, n, y[at_y] += layer->weights[at_w] * z[at_z]);
}

void network_convolution_backward_loops(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                        double *dz, double *dw)
{
    for (size_t i = 0; dz && i < n * layer->inputs; i++)
        dz[i] = 0;
    if (dz)
        FOR_EACH_PRODUCT(layer, n, dz[at_z] += dy[at_y] * layer->weights[at_w]);
    if (dw)
        FOR_EACH_PRODUCT(layer, n, dw[at_w] += dy[at_y] * z[at_z]);
}
