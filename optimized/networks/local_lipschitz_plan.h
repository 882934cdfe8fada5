/*
 * How local_lipschitz is computed fast: what is the same for all bounds on one box is arranged once.
 *
 * Neurons that are known to be inactive are left out of all matrices, those whose sign is not known stand first. g is
 * bounded only for neurons whose lines need it. Upper and lower bounds of many rows are carried along as one panel, and
 * what active neurons contribute in the first step, which is the same for both sides and all outputs, is computed once.
 */
#ifndef OPTIMIZED_NETWORKS_LOCAL_LIPSCHITZ_PLAN_H
#define OPTIMIZED_NETWORKS_LOCAL_LIPSCHITZ_PLAN_H

#include "optimized/networks/local_lipschitz_kernels.h"
#include "reference/networks/local_lipschitz_parts.h"

/* Rows that are bounded at once, each by an upper and a lower bound. */
enum { LIPSCHITZ_ROWS = 64 };

/* Below this number of multiply-adds threads cost more than they give. */
#define LIPSCHITZ_WORK_FOR_THREADS 2e6

/* Lines for the neurons of one layer, in the plan's order. */
typedef struct lipschitz_line_arrays {
    double *above_slope, *below_slope, *above, *below;
    double *magnitude; /* what a coefficient's magnitude counts in the bound of rounding errors; null: not wanted */
    double *size;      /* with it: the largest magnitude of the relaxed number itself */
} lipschitz_line_arrays;

/* The inputs (0) or a hidden layer. */
typedef struct lipschitz_layer_plan {
    size_t *order;   /* all its neurons: of unknown sign, active, inactive */
    size_t unstable; /* of unknown sign */
    size_t compact;  /* of unknown sign or active: these are in the matrices */
    size_t relaxed;  /* the first of them, whose lines depend on g */
    size_t bounded;  /* the first of all, whose g is bounded */
    size_t stride;   /* row length of panels */
} lipschitz_layer_plan;

typedef struct lipschitz_plan {
    const lipschitz_chain *chain;
    const lipschitz_kernels *kernels;
    const local_lipschitz_box *box;
    const local_lipschitz_options *options;
    local_lipschitz_method method;
    bool all_g;    /* g is wanted for all neurons */
    bool all_down; /* down[n-1] is wanted too */
    lipschitz_values *values;
    const double *weights[LIPSCHITZ_LAYERS + 1]; /* null: a convolution that is run as such */
    lipschitz_layer_plan layer[LIPSCHITZ_LAYERS + 1];
    lipschitz_packed down[LIPSCHITZ_LAYERS + 1]; /* W_q: from coefficients on z_q to those on h_{q-1} */
    lipschitz_packed up[LIPSCHITZ_LAYERS + 1];   /* W_q^T: from coefficients on g_{q-1} to those on y_q */
    double *start[LIPSCHITZ_LAYERS + 1];         /* rows of W_q^T in the order of layer q-1, columns in that of q */
    double *shared[LIPSCHITZ_LAYERS + 1];        /* what the active neurons of layer q carry from there to y_{q+1} */
    lipschitz_line_arrays relu[LIPSCHITZ_LAYERS + 1]; /* of h = max(z, 0) */
    size_t stride;                                    /* the longest */
} lipschitz_plan;

/* The bias of neuron i of layer k. */
static inline double lipschitz_bias(const lipschitz_plan *plan, size_t k, size_t i)
{
    const assay_layer_view *view = &plan->chain->view[k];
    return view->biases ? view->biases[i / (view->outputs / view->bias_count)] : 0;
}

/* Memory of one thread. */
typedef struct lipschitz_workspace {
    double *panel[2]; /* 2 LIPSCHITZ_ROWS x the longest stride */
    double *full[2];  /* the same for whole layers: convolutions */
    double *scratch;
    double bias[2 * LIPSCHITZ_ROWS], total[2 * LIPSCHITZ_ROWS];
} lipschitz_workspace;

assay_status lipschitz_workspaces_create(const lipschitz_chain *chain, size_t count, lipschitz_workspace **workspaces);
void lipschitz_workspaces_release(lipschitz_workspace *workspaces, size_t count);

/* Threads that are worth it for so many multiply-adds in so many pieces. */
int lipschitz_threads(double work, size_t pieces);

/* ---- The plan --------------------------------------------------------------------------------------------------- */

/* Steps 1 and 2, with the matrices that they need. @p net may be null if no convolution has to be a matrix. */
assay_status lipschitz_plan_forward(lipschitz_plan *plan, const lipschitz_net *net, lipschitz_workspace *workspaces);

/* The matrices that steps 3 and 4 need. */
assay_status lipschitz_plan_backward(lipschitz_plan *plan);

void lipschitz_plan_release(lipschitz_plan *plan);

/* ---- Pieces of it ----------------------------------------------------------------------------------------------- */

assay_status lipschitz_lines_create(size_t stride, bool magnitude, lipschitz_line_arrays *lines);
void lipschitz_lines_release(lipschitz_line_arrays *lines);

/* The upper bound's lines, or with @p lower those of the lower bound. */
static inline lipschitz_sides lipschitz_sides_of(const lipschitz_line_arrays *l, bool lower)
{
    return lower ? (lipschitz_sides){l->below_slope, l->above_slope, l->below, l->above}
                 : (lipschitz_sides){l->above_slope, l->below_slope, l->above, l->below};
}

/* c (m x compact of q-1) = a (m x compact of q) W_q, and the other way up. */
void lipschitz_through_down(const lipschitz_plan *plan, size_t q, size_t m, const double *a, size_t lda, double *c,
                            lipschitz_workspace *w);
void lipschitz_through_up(const lipschitz_plan *plan, size_t q, size_t m, const double *a, size_t lda, double *c,
                          lipschitz_workspace *w);

assay_status lipschitz_pack(const lipschitz_plan *plan, const double *plain, size_t stride, size_t rows, size_t columns,
                            lipschitz_packed *packed);

/* ---- Outputs ---------------------------------------------------------------------------------------------------- */

/* What is known of one output row, or of one domain of it. */
typedef struct lipschitz_output {
    const signed char *sign;                                    /* of the hidden neurons */
    double *g_low[LIPSCHITZ_LAYERS], *g_high[LIPSCHITZ_LAYERS]; /* of layers 0 to n-1, as many as are bounded */
    lipschitz_line_arrays lines[LIPSCHITZ_LAYERS];              /* of y = D g */
    double *memory;
} lipschitz_output;

/* Numbers of g_low and g_high of layers 0 to n-2 together, and of all that an output has. */
size_t lipschitz_output_bounds(const lipschitz_plan *plan);
assay_status lipschitz_output_create(const lipschitz_plan *plan, lipschitz_output *output);
void lipschitz_output_release(lipschitz_output *output);

/* Lets g_low and g_high of layers 0 to n-2 lie in @p bounds. */
void lipschitz_output_place(const lipschitz_plan *plan, double *bounds, lipschitz_output *output);

/* g_{n-1} of a row, and lines of a layer from its g. */
void lipschitz_output_top(const lipschitz_plan *plan, size_t row, lipschitz_output *output);
void lipschitz_output_lines(const lipschitz_plan *plan, size_t q, lipschitz_output *output);

/* Step 3 for numbers first to first + count - 1 (at most LIPSCHITZ_ROWS) of g_{k-1}. */
void lipschitz_bound_panel(const lipschitz_plan *plan, lipschitz_output *output, size_t k, size_t first, size_t count,
                           lipschitz_workspace *w);

/* Multiply-adds that a number of g_{k-1} costs. */
double lipschitz_bound_work(const lipschitz_plan *plan, size_t k);

/* Step 4 for @p count outputs, at most 2 LIPSCHITZ_ROWS. @p coefficients (null: not wanted): those on the unstable
 * neurons' y, layer after layer, for one output. */
void lipschitz_norms(const lipschitz_plan *plan, lipschitz_output *const *outputs, size_t count, double *values,
                     double *coefficients, lipschitz_workspace *w);

/* ---- Whole methods ---------------------------------------------------------------------------------------------- */

/* FASTLIP on dense matrices. */
assay_status lipschitz_fastlip_products(const lipschitz_net *net, const lipschitz_values *values, size_t row,
                                        const local_lipschitz_options *options, double *row_values,
                                        local_lipschitz_result *result);

#endif
