/**
 * @file local_lipschitz.h
 * Guaranteed bounds of the local Lipschitz constants of piecewise linear networks.
 *
 * Z. Shi, Y. Wang, H. Zhang, J. Z. Kolter, C.-J. Hsieh, Efficiently Computing Local Lipschitz Constants of Neural
 * Networks via Bound Propagation, NeurIPS 2022, arXiv:2210.07394.
 *
 * For a network f of affine layers with ReLU between them and a box B = {x : low <= x <= high}, the local Lipschitz
 * constant of its output j in the l_inf norm is L_j = max over x in B and J in Clarke's Jacobian of f at x of
 * sum_i |J_ji|, so that |f_j(x) - f_j(y)| <= L_j max_i |x_i - y_i| for x, y in B. The paper bounds it by linear bound
 * propagation through the graph of the chain rule
 *
 *     z_k = W_k h_{k-1} + b_k, h_0 = x, h_k = max(z_k, 0);   g_{n-1} = W_n^T e_j, y_k = D_k g_k, g_{k-1} = W_k^T y_k,
 *
 * D_k diagonal with 1 where z_k > 0, 0 where z_k < 0, anything in [0, 1] where the sign is not known; J_j = g_0.
 *
 * A network is an assay_network whose layers are dense or convolutions, each but the last followed by ReLU. It may have
 * 1 to 64 of these affine layers, 1 to 65536 numbers in each, all parameters finite. Its affine layers are counted 1 to
 * n, and its hidden neurons, those of layers 1 to n-1, in this order.
 *
 * Results are the same bits for any number of threads. CPU levels, and OpenBLAS in place of loops, change the order of
 * sums: at most 1e-9 of a bound relative to the sums of magnitudes that went into it. Outputs are untouched when a call
 * fails. Errors of all functions: ASSAY_INVALID_ARGUMENT for null pointers, layers in another order, or a network
 * without an affine layer; ASSAY_UNSUPPORTED for other activations; ASSAY_MISMATCH if a box has not as many numbers as
 * the network has inputs; ASSAY_OUT_OF_RANGE for what is not finite, low > high, sizes, rows, features or settings
 * outside their range; ASSAY_NO_MEMORY.
 */
#ifndef ASSAY_LOCAL_LIPSCHITZ_H
#define ASSAY_LOCAL_LIPSCHITZ_H

#include "assay/network.h"

ASSAY_BEGIN_DECLARATIONS

/* ---- Bounds --------------------------------------------------------------------------------------------------- */

/** A box of inputs; low = high is fine. */
typedef struct local_lipschitz_box {
    const double *low;  /**< finite */
    const double *high; /**< finite, at least low */
    size_t count;       /**< numbers in each: those of the network's input */
} local_lipschitz_box;

/** The lengths of a network. */
typedef struct local_lipschitz_shape {
    size_t layers;  /**< affine ones, n */
    size_t inputs;  /**< d_0 */
    size_t outputs; /**< d_n */
    size_t hidden;  /**< d_1 + ... + d_{n-1} */
} local_lipschitz_shape;

/** Looks whether a network is of the supported kind, and gives its lengths. */
assay_status local_lipschitz_measure(const assay_network *network, local_lipschitz_shape *shape);

/** How the constant is bounded. */
typedef enum local_lipschitz_method {
    LOCAL_LIPSCHITZ_NAIVE,    /**< product of the layers' norms, wherever the box is */
    LOCAL_LIPSCHITZ_INTERVAL, /**< interval arithmetic through the chain rule (IBP) */
    LOCAL_LIPSCHITZ_FASTLIP,  /**< Fast-Lip of Weng et al., ICML 2018 */
    LOCAL_LIPSCHITZ_RECURJAC, /**< RecurJac of Zhang et al., AAAI 2019: constants where the sign of g is not known */
    LOCAL_LIPSCHITZ_LINEAR,   /**< the paper's: the tightest convex relaxation of y = D g */
    LOCAL_LIPSCHITZ_METHODS   /**< how many there are */
} local_lipschitz_method;

/** How the values z are bounded before anything else. */
typedef enum local_lipschitz_forward {
    LOCAL_LIPSCHITZ_CROWN,           /**< CROWN with the lower slope 1 where high > -low, else 0; and intervals */
    LOCAL_LIPSCHITZ_CROWN_ZERO,      /**< the same with the lower slope always 0 */
    LOCAL_LIPSCHITZ_FORWARD_INTERVAL /**< interval arithmetic alone */
} local_lipschitz_forward;

/** The norm of a Jacobian's row. */
typedef enum local_lipschitz_norm {
    LOCAL_LIPSCHITZ_SUM,      /**< sum of |J_ji|: for changes of x in the l_inf norm */
    LOCAL_LIPSCHITZ_EUCLIDEAN /**< root of the sum of J_ji^2: for changes of x in the l_2 norm */
} local_lipschitz_norm;

/** Settings; zeroed they are the paper's. */
typedef struct local_lipschitz_options {
    local_lipschitz_forward forward; /**< how z is bounded */
    local_lipschitz_norm norm;       /**< of a row. NAIVE then takes Frobenius norms */
    unsigned alpha_steps; /**< at most 10000 steps of projected gradient for CROWN's lower slopes, one set for
                           *   each bound of each neuron whose sign is not known otherwise (the paper's code:
                           *   20). Not with FORWARD_INTERVAL */
    double alpha_rate;    /**< of these, above 0; 0 means 0.5 */
    double alpha_factor;  /**< the rate's factor after each step, in (0, 1]; 0 means 0.98 */
    bool strict_code;     /**< RECURJAC: constants for active neurons too, as the authors' code has it */
    bool rigorous;        /**< adds a bound of all rounding errors, so that the results hold as they stand */
} local_lipschitz_options;

/** All outputs at once, in place of the number of one. */
#define LOCAL_LIPSCHITZ_ALL_ROWS ((size_t)-1)

/** What local_lipschitz_bound() finds. The arrays are the caller's, and null where they are not wanted. "rows" is the
 *  number of outputs asked for: one or all. */
typedef struct local_lipschitz_result {
    double value;          /**< the bound: the largest of its rows */
    bool overflow;         /**< a bound exceeded the range of double; @c value is then infinite */
    size_t unstable;       /**< hidden neurons whose sign is not known; 0 after NAIVE */
    double *row_values;    /**< rows bounds */
    double *jacobian_low;  /**< rows x inputs: J lies between these; -inf and inf after NAIVE */
    double *jacobian_high; /**< see @c jacobian_low */
    double *z_low;         /**< hidden: z lies between these; -inf and inf after NAIVE */
    double *z_high;        /**< see @c z_low */
    double *g_low;         /**< rows x hidden: g lies between these; -inf and inf after NAIVE and FASTLIP */
    double *g_high;        /**< see @c g_low */
} local_lipschitz_result;

/** Bounds the Lipschitz constant of output @p row, or the largest of all, over a box. @p options may be null. FASTLIP
 *  and NAIVE cost least; the rest costs the more the more neurons have no known sign. */
assay_status local_lipschitz_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   local_lipschitz_method method, const local_lipschitz_options *options,
                                   local_lipschitz_result *result);

/** The same by the reference code. */
assay_status local_lipschitz_reference_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                             local_lipschitz_method method, const local_lipschitz_options *options,
                                             local_lipschitz_result *result);

/* ---- Branch and bound ----------------------------------------------------------------------------------------- */

/** Which neuron is split. */
typedef enum local_lipschitz_heuristic {
    LOCAL_LIPSCHITZ_AREA, /**< 1 + (h|h| - l|l|) |a|: g in [l, h], a its coefficient in the bound of the norm */
    LOCAL_LIPSCHITZ_GAP   /**< what the intercepts give to the bound: a weak one */
} local_lipschitz_heuristic;

/** One split, as it was made. */
typedef struct local_lipschitz_split {
    size_t row;    /**< output whose domain was split */
    size_t layer;  /**< of the neuron, 1 to n-1 */
    size_t neuron; /**< within its layer */
    double bound;  /**< what is guaranteed after the round that this split belongs to */
} local_lipschitz_split;

/** How the search goes about it; zeroed it would make no split. */
typedef struct local_lipschitz_search {
    size_t splits;                       /**< at most so many */
    double seconds;                      /**< at most so long, looked at between rounds; 0: no limit */
    size_t batch;                        /**< domains split in a round, at most 65536; 0 means 128. The fewer, the fewer
                                          *   splits; the more, the more work for threads */
    local_lipschitz_heuristic heuristic; /**< which neuron */
    bool feasible;                       /**< drop domains that a linear program proves empty: for tiny networks, whose
                                          *   constant is then found exactly */
    double tolerance;               /**< the search ends when no open domain exceeds the best closed one, or the best
                                     *   point that was tried, by more (1e-12 of it for rounding); at least 0 */
    local_lipschitz_split *history; /**< receives the splits, or null */
    size_t history_count;           /**< room in @c history; splits beyond it are not recorded */
} local_lipschitz_search;

/** How a search ended. */
typedef enum local_lipschitz_end {
    LOCAL_LIPSCHITZ_EXACT, /**< no open domain is above the best closed one: with @c feasible this is the constant */
    LOCAL_LIPSCHITZ_BUDGET /**< splits or seconds were used up; the upper bound holds all the same */
} local_lipschitz_end;

/** What a search found. */
typedef struct local_lipschitz_outcome {
    double upper;            /**< the constant is at most this */
    double lower;            /**< and at least this: the largest norm at the points that were tried */
    double root;             /**< the upper bound before any split, that of LOCAL_LIPSCHITZ_LINEAR */
    size_t splits;           /**< that were made */
    size_t domains;          /**< that were bounded */
    size_t open;             /**< left that are above the best closed one */
    local_lipschitz_end end; /**< why it ended */
} local_lipschitz_outcome;

/** Best first search over the signs of neurons, for one output or all. Options as above, but LOCAL_LIPSCHITZ_SUM and
 *  not rigorous. The same splits in the same order for the same batch, up to ties within rounding. */
assay_status local_lipschitz_branch_and_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                              const local_lipschitz_options *options,
                                              const local_lipschitz_search *search, local_lipschitz_outcome *outcome);

/** The same by the reference code. */
assay_status local_lipschitz_reference_branch_and_bound(const assay_network *network, const local_lipschitz_box *box,
                                                        size_t row, const local_lipschitz_options *options,
                                                        const local_lipschitz_search *search,
                                                        local_lipschitz_outcome *outcome);

/* ---- Exact values --------------------------------------------------------------------------------------------- */

/** The constant by enumeration of all patterns of signs whose region holds a ball of radius 1e-9 (in the directions in
 *  which the box has any extent): for tiny networks. ASSAY_NOT_CONVERGED if more than @p limit linear programs would be
 *  needed. @p regions, their number for the one network, may be null. */
assay_status local_lipschitz_exact(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   size_t limit, double *value, size_t *regions);

/** The Jacobian at @p x (inputs numbers) of one output or all: rows x inputs, by backpropagation with ReLU'(z) = 1 for
 *  z > 0, else 0. */
assay_status local_lipschitz_jacobian(const assay_network *network, const double *x, size_t row, double *jacobian);

/** Whether an output only grows or only falls with a feature. */
typedef enum local_lipschitz_direction {
    LOCAL_LIPSCHITZ_UNKNOWN,    /**< neither could be proved */
    LOCAL_LIPSCHITZ_INCREASING, /**< the derivative is at least 0 all over the box (also where it is always 0) */
    LOCAL_LIPSCHITZ_DECREASING  /**< at most 0 */
} local_lipschitz_direction;

/** Whether output @p row is monotone in input @p feature over a box, as far as the method can tell (NAIVE never can).
 *  @p options may be null. */
assay_status local_lipschitz_monotone(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                      size_t feature, local_lipschitz_method method,
                                      const local_lipschitz_options *options, local_lipschitz_direction *direction);

ASSAY_END_DECLARATIONS

#endif
