/* What the reference files of local_lipschitz share; the optimized ones use its arguments and linear programs too. */
#ifndef REFERENCE_NETWORKS_LOCAL_LIPSCHITZ_PARTS_H
#define REFERENCE_NETWORKS_LOCAL_LIPSCHITZ_PARTS_H

#include "assay/local_lipschitz.h"

enum { LIPSCHITZ_LAYERS = 64, LIPSCHITZ_WIDTH = 65536 };

/* Nearer to 0 than this a number z counts as one of unknown sign, and two slopes' candidates as equally good: rounding
 * then decides nothing. Always on the safe side. */
#define LIPSCHITZ_MARGIN 1e-12

/* What is known of the sign of z. */
enum { LIPSCHITZ_INACTIVE = -1, LIPSCHITZ_UNSTABLE = 0, LIPSCHITZ_ACTIVE = 1 };

/* ---- Arguments ------------------------------------------------------------------------------------------------ */

/* The affine layers of a network, 1 to n. */
typedef struct lipschitz_chain {
    size_t n;
    size_t width[LIPSCHITZ_LAYERS + 1];          /* d_0 to d_n */
    size_t offset[LIPSCHITZ_LAYERS + 1];         /* of layer k's first hidden neuron among all */
    size_t hidden, widest;                       /* d_1 + ... + d_{n-1}; the largest d_k */
    assay_layer_view view[LIPSCHITZ_LAYERS + 1]; /* [1] to [n] */
    const double *bias[LIPSCHITZ_LAYERS + 1];    /* null: there is none */
} lipschitz_chain;

/* The same with its weights as dense matrices, d_k x d_{k-1}. */
typedef struct lipschitz_net {
    lipschitz_chain chain;
    const double *weights[LIPSCHITZ_LAYERS + 1];
    const double *biases[LIPSCHITZ_LAYERS + 1]; /* one for each neuron */
    double *lowered;                            /* memory of those that had to be made */
} lipschitz_net;

assay_status lipschitz_check_network(const assay_network *network, lipschitz_chain *chain);
assay_status lipschitz_check_box(const lipschitz_chain *chain, const local_lipschitz_box *box);
assay_status lipschitz_check_row(const lipschitz_chain *chain, size_t row, bool all_allowed);
/* Also fills in the usual values; @p options may be null. */
assay_status lipschitz_check_options(const local_lipschitz_options *options, local_lipschitz_method method,
                                     local_lipschitz_options *filled);
/* Network, box, row, method, options and result of local_lipschitz_bound(). */
assay_status lipschitz_check_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   local_lipschitz_method method, const local_lipschitz_options *options,
                                   const local_lipschitz_result *result, lipschitz_chain *chain,
                                   local_lipschitz_options *filled);
/* The same for local_lipschitz_branch_and_bound(); fills in the usual batch. */
assay_status lipschitz_check_search(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                    const local_lipschitz_options *options, const local_lipschitz_search *search,
                                    const local_lipschitz_outcome *outcome, lipschitz_chain *chain,
                                    local_lipschitz_options *filled, local_lipschitz_search *filled_search);

assay_status lipschitz_lower(const lipschitz_chain *chain, lipschitz_net *net);
void lipschitz_net_release(lipschitz_net *net);

static inline size_t lipschitz_rows(const lipschitz_chain *chain, size_t row)
{
    return row == LOCAL_LIPSCHITZ_ALL_ROWS ? chain->width[chain->n] : 1;
}

static inline size_t lipschitz_first_row(size_t row)
{
    return row == LOCAL_LIPSCHITZ_ALL_ROWS ? 0 : row;
}

/* ---- Relaxations ---------------------------------------------------------------------------------------------- */

/* Two lines: below_slope v + below <= w <= above_slope v + above. */
typedef struct lipschitz_lines {
    double below_slope, below, above_slope, above;
} lipschitz_lines;

/* w = max(v, 0) for v in [low, high]. */
lipschitz_lines lipschitz_relu_lines(double low, double high, local_lipschitz_forward how);

/* w = D v for v in [low, high] and D as the sign says; the paper's, or RecurJac's. */
lipschitz_lines lipschitz_product_lines(int sign, double low, double high, local_lipschitz_method method,
                                        bool strict_code);

/* w = |v|, or v^2 if Euclidean, for v in [low, high]: only the line above. */
lipschitz_lines lipschitz_norm_lines(double low, double high, local_lipschitz_method method, bool euclidean);

/* ---- Forward bounds ------------------------------------------------------------------------------------------- */

/* Bounds of z and what follows for the signs; hidden numbers each. */
typedef struct lipschitz_values {
    double *low, *high;
    signed char *sign;
} lipschitz_values;

assay_status lipschitz_values_create(size_t hidden, lipschitz_values *values);
void lipschitz_values_release(lipschitz_values *values);
void lipschitz_signs(lipschitz_values *values, size_t hidden);

/* Step 1 and 2. */
assay_status lipschitz_forward(const lipschitz_net *net, const local_lipschitz_box *box,
                               const local_lipschitz_options *options, lipschitz_values *values);

/* Tightens low[k, i] and high[k, i] by the gradient; for one neuron of layer k >= 2 without a known sign. The bounds of
 * the layers below are taken from @p values. @p work: lipschitz_alpha_work() numbers. */
void lipschitz_alpha(const lipschitz_net *net, const local_lipschitz_box *box, const local_lipschitz_options *options,
                     const lipschitz_values *values, size_t k, size_t i, double *work, double *low, double *high);
size_t lipschitz_alpha_work(const lipschitz_net *net);

/* ---- Backward bounds ------------------------------------------------------------------------------------------ */

/* Bounds of g_0, ..., g_{n-1} for one row: d_0 numbers, and the hidden ones after them. */
typedef struct lipschitz_gradients {
    double *low, *high;
} lipschitz_gradients;

assay_status lipschitz_gradients_create(const lipschitz_chain *chain, lipschitz_gradients *gradients);
void lipschitz_gradients_release(lipschitz_gradients *gradients);

/* What steps 3 and 4 work with. */
typedef struct lipschitz_backward {
    const lipschitz_net *net;
    const signed char *sign; /* of the hidden neurons */
    local_lipschitz_method method;
    const local_lipschitz_options *options;
    double *work; /* 2 x the widest layer */
} lipschitz_backward;

static inline size_t lipschitz_gradient_offset(const lipschitz_chain *chain, size_t k)
{
    return k == 0 ? 0 : chain->width[0] + chain->offset[k];
}

/* Writes g_{n-1} of a row. */
void lipschitz_gradient_top(const lipschitz_net *net, size_t row, lipschitz_gradients *g);

/* Step 3: bounds of g_{k-1} from those of g_k, ..., g_{n-1}. */
void lipschitz_gradient_layer(const lipschitz_backward *b, size_t k, lipschitz_gradients *g);

/* Step 4: the bound of the row's norm. @p coefficients (hidden numbers, or null): those on y in the linear bound. */
double lipschitz_gradient_norm(const lipschitz_backward *b, const lipschitz_gradients *g, double *coefficients);

/* Factor of the sum of all magnitudes that bounds what rounding can have done to a bound; see the definition. */
double lipschitz_rounding(const lipschitz_chain *chain);

/* ---- Baselines ------------------------------------------------------------------------------------------------ */

/* Step 6. */
assay_status lipschitz_naive(const lipschitz_net *net, size_t row, const local_lipschitz_options *options,
                             double *row_values);
/* Also writes the Jacobian's bounds that @p result asks for. */
assay_status lipschitz_fastlip(const lipschitz_net *net, const lipschitz_values *values, size_t row,
                               const local_lipschitz_options *options, double *row_values,
                               local_lipschitz_result *result);

/* From C, L and U of the rows asked for (rows x inputs) to the norms, and the Jacobian's bounds that are wanted. */
assay_status lipschitz_fastlip_finish(const lipschitz_net *net, size_t row, const local_lipschitz_options *options,
                                      const double *c, const double *l, const double *u, double *row_values,
                                      local_lipschitz_result *result);

/* -inf to inf for what a method does not know. Null arrays are left alone. */
void lipschitz_fill_unknown(double *low, double *high, size_t count);

/* z and the number of neurons without a sign, as far as wanted. */
void lipschitz_copy_values(const lipschitz_values *values, size_t hidden, local_lipschitz_result *result);

/* value and overflow from row_values, and these, if wanted. */
void lipschitz_finish(const double *row_values, size_t rows, local_lipschitz_result *result);

/* ---- Polytopes ------------------------------------------------------------------------------------------------ */

/* {v : a_i v <= r_i} within a box low <= v <= high. */
typedef struct lipschitz_polytope {
    size_t dimension, rows, room;
    double *a; /* rows x dimension */
    double *r;
    const double *low, *high;
} lipschitz_polytope;

assay_status lipschitz_polytope_create(size_t dimension, size_t room, lipschitz_polytope *p);
void lipschitz_polytope_release(lipschitz_polytope *p);

/* Adds sign * (a v + r) <= 0. There must be room. */
void lipschitz_polytope_add(lipschitz_polytope *p, double sign, const double *a, double r);

/* The radius of the largest ball within it; negative if it is empty. Stops early when the radius exceeds @p enough.
 * Directions in which the box has no extent take no part. @p centre (dimension numbers) may be null. */
assay_status lipschitz_polytope_radius(const lipschitz_polytope *p, double enough, double *radius, double *centre);

/* ---- Domains of the search ------------------------------------------------------------------------------------- */

/* What the search does not know about how domains are bounded. */
typedef struct lipschitz_domain {
    double value; /* bound of the row's norm in it */
    size_t id;    /* in the order of making */
    size_t row;
    size_t layer; /* of the neuron to be split next; 0: all signs are fixed */
    size_t neuron;
    signed char *sign; /* hidden */
    void *bounds;      /* of the implementation */
} lipschitz_domain;

/* How an implementation bounds domains. */
typedef struct lipschitz_engine {
    void *self;
    /* Bounds @p count domains, each from its parent, whose layer and neuron say what has been split (parents null: root
     * domains): sets value, layer, neuron and bounds. */
    assay_status (*evaluate)(void *self, lipschitz_domain **domains, lipschitz_domain *const *parents, size_t count);
    void (*release_bounds)(void *self, void *bounds);
    /* The largest norm of rows first to first + rows - 1 at the point x. */
    double (*norm_at)(void *self, const double *x, size_t first, size_t rows);
} lipschitz_engine;

/* Best first search; arguments have been checked. */
assay_status lipschitz_search(const lipschitz_net *net, const local_lipschitz_box *box, size_t row,
                              const lipschitz_values *values, const local_lipschitz_search *search,
                              const lipschitz_engine *engine, local_lipschitz_outcome *outcome);

/* How much a split of a neuron without a sign promises: its g lies in [low, high], and @p coefficient is that of its y
 * in the bound of the norm. */
double lipschitz_score(local_lipschitz_heuristic heuristic, bool last_layer, double low, double high,
                       double coefficient);

/* Whether the triangle relaxation of a domain has a point, @p centre (inputs numbers). */
assay_status lipschitz_feasible(const lipschitz_net *net, const local_lipschitz_box *box,
                                const lipschitz_values *values, const signed char *sign, bool *feasible,
                                double *centre);

/* Jacobians of rows first to first + rows - 1 at x, by the signs of z > 0. */
void lipschitz_jacobian_rows(const lipschitz_net *net, const double *x, size_t first, size_t rows, double *jacobian,
                             double *work);
size_t lipschitz_jacobian_work(const lipschitz_chain *chain);

#endif
