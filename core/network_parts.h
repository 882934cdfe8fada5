/* What the files of the network module share. */
#ifndef CORE_NETWORK_PARTS_H
#define CORE_NETWORK_PARTS_H

#include "assay/network.h"

struct assay_network {
    size_t count;
    size_t parameter_count;
    double *parameters;
    assay_layer_view *layers; /* weights and biases point into parameters */
};

/* Rows that are worked on at once; what is more is cut into such blocks, which bounds the memory. */
enum { NETWORK_BLOCK = 256 };

/* Groups of examples whose shares of a convolution's gradient are summed on their own, then in order: the threads have
 * something to divide, and the number of threads leaves no trace. */
enum { NETWORK_GROUPS = 8 };

/* Memory for one pass over at most NETWORK_BLOCK rows. */
typedef struct network_workspace {
    double **outputs;     /* of each layer: rows x outputs */
    double *gradients[2]; /* rows x the widest layer or input, two to swap */
    double *scratch;      /* NETWORK_GROUPS times (patches, and weights' gradient) of the largest convolution */
} network_workspace;

/* y = layer(z) for n rows; @p scratch as in the workspace. */
void network_layer_forward(const assay_layer_view *layer, const double *z, size_t n, double *y, double *scratch);

/* From dy to dz (or null), and adds the parameters' gradient to dw and db (null together with dw: not wanted; db null:
 * there are none). @p y is the layer's output for z. */
void network_layer_backward(const assay_layer_view *layer, const double *z, const double *y, const double *dy, size_t n,
                            double *dz, double *dw, double *db, double *scratch);

/* Written-out loops for the layers with weights, of the same meaning. */
void network_dense_forward_loops(const assay_layer_view *layer, const double *z, size_t n, double *y);
void network_dense_backward_loops(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                  double *dz, double *dw);
void network_convolution_forward_loops(const assay_layer_view *layer, const double *z, size_t n, double *y);
void network_convolution_backward_loops(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                        double *dz, double *dw);

/* The same through OpenBLAS. */
void network_dense_forward_blas(const assay_layer_view *layer, const double *z, size_t n, double *y);
void network_dense_backward_blas(const assay_layer_view *layer, const double *z, const double *dy, size_t n, double *dz,
                                 double *dw);
void network_convolution_forward_blas(const assay_layer_view *layer, const double *z, size_t n, double *y,
                                      double *scratch);
void network_convolution_backward_blas(const assay_layer_view *layer, const double *z, const double *dy, size_t n,
                                       double *dz, double *dw, double *scratch);

/* Numbers of scratch memory that the convolution needs through OpenBLAS. */
assay_status network_convolution_scratch(const assay_layer_view *layer, size_t *count);

/* Loss of n rows of outputs, summed, and the gradient of sum / total by the outputs (or null). */
double network_loss_rows(const assay_targets *targets, size_t first, size_t n, size_t outputs, size_t total,
                         const double *y, double *gradient);

assay_status network_check_data(const assay_network *network, const double *x, size_t n);
assay_status network_check_targets(const assay_network *network, const assay_targets *targets, size_t n);

#endif
