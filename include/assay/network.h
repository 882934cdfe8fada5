/**
 * @file network.h
 * Small feed-forward neural networks in double precision: their values, their gradients, their training.
 *
 * A network is a chain of layers. It works on @c n examples at once: an array of n rows, one example each, whose
 * numbers are those of an assay_shape, the width running fastest (a plain vector of d numbers has the shape {d, 1, 1}).
 *
 * Nothing here keeps state between calls but the parameters, so that several threads may ask the same network at once.
 * At ASSAY_REFERENCE everything is written-out loops; at all other levels products go through OpenBLAS (convolutions by
 * way of a matrix of patches), which changes results by rounding alone. Results are the same bits for any number of
 * threads. Outputs are untouched when a call fails, unless it says otherwise. Arrays of numbers must not overlap.
 */
#ifndef ASSAY_NETWORK_H
#define ASSAY_NETWORK_H

#include "assay/random.h"

#include <stdbool.h>
#include <stddef.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Layers --------------------------------------------------------------------------------------------------- */

/** The lengths of one example's numbers; the number of row, column and channel (c, i, j) is (c height + i) width + j.
 */
typedef struct assay_shape {
    size_t channels; /**< at least 1 */
    size_t height;   /**< at least 1 */
    size_t width;    /**< at least 1 */
} assay_shape;

/** What a layer does to its input z. */
typedef enum assay_layer_kind {
    ASSAY_DENSE,       /**< W z + b, whatever the shape of z; the output is a vector */
    ASSAY_CONVOLUTION, /**< cross-correlation with zero padding, plus one bias for each output channel */
    ASSAY_RELU,        /**< max(z, 0); its derivative at 0 is 0 */
    ASSAY_LEAKY_RELU,  /**< z for z > 0, else slope z; its derivative at 0 is the slope */
    ASSAY_TANH,        /**< tanh(z) */
    ASSAY_SIGMOID,     /**< 1 / (1 + exp(-z)) */
    ASSAY_MAXMIN,      /**< channels 2c and 2c+1 become their maximum and minimum (GroupSort of 2); of equal ones the
                        *   first counts as the larger. The number of channels must be even */
    ASSAY_LAYER_KINDS  /**< how many there are */
} assay_layer_kind;

/** One layer as it is asked for. Members that the kind does not name are ignored. */
typedef struct assay_layer {
    assay_layer_kind kind; /**< which members below matter */
    size_t outputs;        /**< DENSE, CONVOLUTION: numbers, or channels, of the output; at least 1 */
    size_t kernel_height;  /**< CONVOLUTION: 1 to height + 2 padding */
    size_t kernel_width;   /**< CONVOLUTION: 1 to width + 2 padding */
    size_t stride;         /**< CONVOLUTION: along both directions, at least 1 */
    size_t padding;        /**< CONVOLUTION: zeros on every side */
    double slope;          /**< LEAKY_RELU: finite */
    bool without_bias;     /**< DENSE, CONVOLUTION: there is no b */
} assay_layer;

/** One layer as it is. */
typedef struct assay_layer_view {
    assay_layer layer; /**< as it was asked for */
    assay_shape input; /**< shape of z */
    assay_shape
        output;     /**< shape of the result; a convolution's height is (height + 2 padding - kernel_height) / stride
                     *   + 1, rounded down */
    size_t inputs;  /**< product of the input's shape */
    size_t outputs; /**< product of the output's shape */
    size_t weight_count; /**< 0 for layers without parameters */
    size_t bias_count;   /**< 0 if there is no b */
    double *weights;     /**< DENSE: outputs x inputs; CONVOLUTION: outputs x channels x kernel_height x kernel_width */
    double *biases;      /**< one for each output, or output channel; they follow the weights in memory */
} assay_layer_view;

/** A network. */
typedef struct assay_network assay_network;

/** Most layers of a network. */
#define ASSAY_NETWORK_LAYERS 256

/** Makes a network of @p count layers (1 to ASSAY_NETWORK_LAYERS) for inputs of a shape, all parameters 0. Release it
 *  with assay_network_release(). ASSAY_OUT_OF_RANGE, naming the layer, if one does not fit to what comes before it. */
assay_status assay_network_create(assay_shape input, const assay_layer *layers, size_t count, assay_network **network);

/** Releases a network; null is fine. */
void assay_network_release(assay_network *network);

/** Number of layers. */
size_t assay_network_layers(const assay_network *network);

/** Layer @p k, counted from 0; all members are 0 or null if there is none. Its parameters may be written to. */
assay_layer_view assay_network_layer(const assay_network *network, size_t k);

/** Numbers in one example. */
size_t assay_network_inputs(const assay_network *network);

/** Numbers in one output. */
size_t assay_network_outputs(const assay_network *network);

/** Number of parameters. */
size_t assay_network_parameter_count(const assay_network *network);

/** All parameters, layer by layer, weights before biases. Gradients have the same order. May be written to. */
double *assay_network_parameters(const assay_network *network);

/** How weights are drawn. Fans are the numbers of weights that meet in an output (in), and that an input is spread over
 *  (out): for a convolution channels, or output channels, times the area of the kernel. */
typedef enum assay_initialisation {
    ASSAY_HE_NORMAL,     /**< normal, variance 2 / fan in */
    ASSAY_HE_UNIFORM,    /**< uniform, the same variance */
    ASSAY_GLOROT_NORMAL, /**< normal, variance 2 / (fan in + fan out) */
    ASSAY_GLOROT_UNIFORM /**< uniform, the same variance */
} assay_initialisation;

/** Draws the weights, parameter i by the number i of @p r; biases become 0. */
assay_status assay_network_initialise(assay_network *network, assay_initialisation how, assay_random r);

/* ---- Values and gradients ------------------------------------------------------------------------------------- */

/** y (n x outputs) = the network's values at the n rows of x (n x inputs). n = 0 does nothing. */
assay_status assay_network_forward(const assay_network *network, const double *x, size_t n, double *y);

/** The outputs of every layer: @p outputs has one array of n x outputs numbers for each layer, or null where they are
 *  not wanted. */
assay_status assay_network_trace(const assay_network *network, const double *x, size_t n, double *const *outputs);

/**
 * Backpropagation. With g (n x outputs) as @p output_gradient, the function is sum_i <g_i, y(x_i)>: its gradient by the
 * parameters is written to @p parameter_gradient (or null), that by x_i to row i of @p input_gradient (n x inputs, or
 * null).
 */
assay_status assay_network_backward(const assay_network *network, const double *x, size_t n,
                                    const double *output_gradient, double *parameter_gradient, double *input_gradient);

/** What is minimised. */
typedef enum assay_loss {
    ASSAY_CROSS_ENTROPY, /**< mean over examples of -log softmax(y)[label] */
    ASSAY_SQUARED_ERROR  /**< mean over examples of 1/2 ||y - value||^2 */
} assay_loss;

/** What the outputs should be. */
typedef struct assay_targets {
    assay_loss loss;      /**< which of the two below */
    const size_t *labels; /**< CROSS_ENTROPY: n numbers below outputs */
    const double *values; /**< SQUARED_ERROR: n x outputs */
} assay_targets;

/** The loss over n >= 1 examples, and its gradients as assay_network_backward() gives them; each output may be null. */
assay_status assay_network_loss(const assay_network *network, const double *x, size_t n, const assay_targets *targets,
                                double *loss, double *parameter_gradient, double *input_gradient);

/** The share of n >= 1 examples whose largest output (the first of equal ones) is at their label. */
assay_status assay_network_accuracy(const assay_network *network, const double *x, size_t n, const size_t *labels,
                                    double *accuracy);

/* ---- Training ------------------------------------------------------------------------------------------------- */

/** How parameters p follow their gradient g; t counts steps from 1. */
typedef enum assay_optimiser_kind {
    ASSAY_SGD,      /**< p -= rate g */
    ASSAY_MOMENTUM, /**< v = momentum v + g; p -= rate v */
    ASSAY_ADAM      /**< m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
                     *   p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) */
} assay_optimiser_kind;

/** An optimiser's settings. Zeroed but for kind and rate it is the usual one: momentum 0.9, b1 0.9, b2 0.999, epsilon
 *  1e-8, no decay. */
typedef struct assay_optimiser {
    assay_optimiser_kind kind; /**< which members below matter */
    double rate;               /**< above 0, finite */
    double momentum;           /**< MOMENTUM: in [0, 1); 0 means 0.9 */
    double b1;                 /**< ADAM: in [0, 1); 0 means 0.9 */
    double b2;                 /**< ADAM: in [0, 1); 0 means 0.999 */
    double epsilon;            /**< ADAM: at least 0; 0 means 1e-8 */
    double decay;              /**< decay p is added to g first; at least 0 */
} assay_optimiser;

/** An optimiser's memory: what it knows of @c count parameters. */
typedef struct assay_optimiser_state assay_optimiser_state;

/** Makes the memory for @p count parameters. Release it with assay_optimiser_release(). */
assay_status assay_optimiser_create(const assay_optimiser *optimiser, size_t count, assay_optimiser_state **state);

/** Releases the memory; null is fine. */
void assay_optimiser_release(assay_optimiser_state *state);

/** One step of the parameters along the gradient, with the rate times @p factor (finite, at least 0). */
assay_status assay_optimiser_step(assay_optimiser_state *state, double *parameters, const double *gradient,
                                  double factor);

/** How a network is trained. */
typedef struct assay_training {
    assay_optimiser optimiser;                              /**< what makes the steps */
    size_t epochs;                                          /**< passes through the examples */
    size_t batch;                                           /**< examples of one step, at least 1; the last step of an
                                                             *   epoch has what is left */
    double epoch_factor;                                    /**< the rate is multiplied by this after every epoch; above
                                                             *   0, finite; 0 means 1 */
    void (*after_step)(void *self, assay_network *network); /**< e.g. projects the parameters; may be null */
    void *self;                                             /**< given to after_step */
} assay_training;

/** Trains the network on n >= 1 examples, which are shuffled anew for epoch e by the stream r.stream + e. @p history
 *  (epochs numbers, or null) receives each epoch's mean loss, measured along the way. If it fails (ASSAY_NO_MEMORY; or
 *  ASSAY_NOT_CONVERGED as soon as a loss is not finite), parameters are as they were after the last good step. */
assay_status assay_network_train(assay_network *network, const double *x, size_t n, const assay_targets *targets,
                                 const assay_training *training, assay_random r, double *history);

ASSAY_END_DECLARATIONS

#endif
