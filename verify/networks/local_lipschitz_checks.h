/* What the files that verify local_lipschitz share. */
#ifndef VERIFY_NETWORKS_LOCAL_LIPSCHITZ_CHECKS_H
#define VERIFY_NETWORKS_LOCAL_LIPSCHITZ_CHECKS_H

#include "assay/local_lipschitz.h"
#include "assay/verify.h"

/* ---- Networks and boxes ----------------------------------------------------------------------------------------- */

/* A network with the box that its constant is sought on. */
typedef struct lipschitz_case {
    assay_network *network;
    local_lipschitz_shape shape;
    double *low, *high; /* of box */
    local_lipschitz_box box;
} lipschitz_case;

/* A network of n dense layers, d_0 to d_n, with ReLU between them; null (and assay_error()) if there is no memory. */
assay_network *lipschitz_dense(const size_t *widths, size_t n);

/* Weights normal with variance 2 / fan in, biases normal with variance 0.1. */
void lipschitz_randomise(assay_network *network, assay_random r);

/* A random network of the given widths, and a box around a normal point. */
bool lipschitz_case_make(verify_context *v, const size_t *widths, size_t n, double radius, assay_random r,
                         lipschitz_case *c);

/* The same with what the numbers of r say: 2 or 3 hidden layers of 3 to 7 (tiny), or 1 to 3 of 2 to 11, and three
 * outputs. */
bool lipschitz_case_random(verify_context *v, bool tiny, assay_random r, lipschitz_case *c);

/* A case around a network, which it takes over. */
bool lipschitz_case_around(verify_context *v, assay_network *network, lipschitz_case *c);

void lipschitz_case_release(lipschitz_case *c);

/* A uniform point of the box. */
void lipschitz_point(const lipschitz_case *c, assay_random r, uint64_t number, double *x);

/* x +- radius, within [0, 1]. */
void lipschitz_box_around(lipschitz_case *c, const double *x, double radius);

/* The largest norm of a Jacobian's row, or of row @p row, at @p points points of the box; 0 without memory. */
double lipschitz_sampled(const lipschitz_case *c, size_t row, size_t points, assay_random r);

/* The bound by a method; NaN, and the check has failed, if there is none. */
double lipschitz_value(verify_context *v, const lipschitz_case *c, size_t row, local_lipschitz_method method);
double lipschitz_value_with(verify_context *v, const lipschitz_case *c, size_t row, local_lipschitz_method method,
                            const local_lipschitz_options *options);

/* a / b, and 1 where both are 0, as in networks without any active neuron. */
static inline double lipschitz_ratio(double a, double b)
{
    return (a + 1e-9) / (b + 1e-9);
}

/* ---- Data ------------------------------------------------------------------------------------------------------- */

/* Rows of numbers in [0, 1] and what they show. */
typedef struct lipschitz_data {
    size_t rows, columns;
    double *x;
    size_t *labels;
} lipschitz_data;

assay_status lipschitz_read_digits(uint64_t seed, lipschitz_data *data); /* shuffled */
assay_status lipschitz_read_cancer(uint64_t seed, lipschitz_data *data); /* shuffled, columns scaled to [0, 1] */
/* The user's file: numbers, and a class below 100 as the last of each row; shuffled, columns scaled to [0, 1]. */
assay_status lipschitz_read_user(uint64_t seed, lipschitz_data *data);
assay_status lipschitz_read_mnist(uint64_t seed, size_t rows, lipschitz_data *data);
/* Points of the unit square that belong to the nearest of 12 leaders, whose classes are random: 3 classes. */
assay_status lipschitz_make_leaders(uint64_t seed, lipschitz_data *data);
void lipschitz_data_release(lipschitz_data *data);

/* Trains a new network on the first rows of the data. */
assay_status lipschitz_train(const size_t *widths, size_t n, const lipschitz_data *data, size_t rows, size_t epochs,
                             double rate, size_t batch, uint64_t seed, assay_network **network);

/* ---- Oracles ---------------------------------------------------------------------------------------------------- */

/* Steps 1 to 4 of LINEAR in 256 bits, for dense networks: value, and bounds of z and J, which may be null. */
bool lipschitz_linear_mpfr(const lipschitz_case *c, size_t row, double *value, double *z_low, double *z_high,
                           double *jacobian_low, double *jacobian_high);

/* The constant of a row as an integer program, solved by GLPK; the pattern's norm too (may be null). For networks whose
 * layers are at most 32 wide. */
assay_status lipschitz_integer_program(const lipschitz_case *c, size_t row, double *value, double *norm);

/* The norm of the Jacobian's row at the point c->low, in 256 bits and rounded upwards, and z there. */
bool lipschitz_point_mpfr(const lipschitz_case *c, size_t row, double *norm, double *z_low, double *z_high);

/* ---- Checks ----------------------------------------------------------------------------------------------------- */

void lipschitz_check_example(verify_context *v);
void lipschitz_check_enumeration(verify_context *v);
void lipschitz_check_enumeration_exact(verify_context *v);
void lipschitz_check_polytopes(verify_context *v);
void lipschitz_check_integer_program(verify_context *v);
void lipschitz_check_mpfr(verify_context *v);
void lipschitz_check_rigorous(verify_context *v);
void lipschitz_check_rigorous_boxes(verify_context *v);
void lipschitz_check_convolution(verify_context *v);

void lipschitz_check_agreement_small(verify_context *v);
void lipschitz_check_agreement_options(verify_context *v);
void lipschitz_check_agreement_convolution(verify_context *v);
void lipschitz_check_agreement_wide(verify_context *v);
void lipschitz_check_agreement_search(verify_context *v);

void lipschitz_check_sandwich(verify_context *v);
void lipschitz_check_containment(verify_context *v);
void lipschitz_check_box_monotone(verify_context *v);
void lipschitz_check_point_box(verify_context *v);
void lipschitz_check_stable(verify_context *v);
void lipschitz_check_scaling(verify_context *v);
void lipschitz_check_permutation(verify_context *v);
void lipschitz_check_single_layer(verify_context *v);
void lipschitz_check_trace(verify_context *v);
void lipschitz_check_leaf(verify_context *v);
void lipschitz_check_certificate(verify_context *v);
void lipschitz_check_alpha(verify_context *v);
void lipschitz_check_euclidean(verify_context *v);
void lipschitz_check_memory(verify_context *v);
void lipschitz_check_monotone(verify_context *v);
void lipschitz_record_curves(verify_context *v);

void lipschitz_check_rejects_networks(verify_context *v);
void lipschitz_check_rejects_arguments(verify_context *v);
void lipschitz_check_rejects_search(verify_context *v);
void lipschitz_check_overflow(verify_context *v);

extern const verify_claim lipschitz_claim_c1_mean, lipschitz_claim_c1_worst, lipschitz_claim_c1_search;
extern const verify_claim lipschitz_claim_c2_order, lipschitz_claim_c2_recurjac, lipschitz_claim_c2_naive;
extern const verify_claim lipschitz_claim_c3_naive, lipschitz_claim_c3_recurjac;
extern const verify_claim lipschitz_claim_c4, lipschitz_claim_c5;
extern const verify_claim lipschitz_claim_c6_interval, lipschitz_claim_c6_recurjac, lipschitz_claim_c6_sampled;
extern const verify_claim lipschitz_claim_c7_each, lipschitz_claim_c7_most;
extern const verify_claim lipschitz_claim_c8_medium, lipschitz_claim_c8_large, lipschitz_claim_c8_refused;

#endif
