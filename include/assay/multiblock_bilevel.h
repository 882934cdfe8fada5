/**
 * @file multiblock_bilevel.h
 * Blockwise stochastic variance-reduced methods for bilevel problems with many lower levels.
 *
 * Source: Q. Hu, Z.-H. Qiu, Z. Guo, L. Zhang, T. Yang: Blockwise Stochastic Variance-Reduced Methods with Parallel
 * Speedup for Multi-Block Bilevel Optimization, ICML 2023, arXiv:2305.18730.
 *
 * Minimises F(x) = (1/m) sum_i f_i(x, y_i(x)) over x of dx numbers, where y_i(x) = argmin_y g_i(x, y) of dy numbers and
 * every g_i(x, .) is strongly convex. Only sampled derivatives are seen, and in each iteration only I of the m blocks
 * are touched, with B samples each. Version 1 tracks each block's Hessian of g, version 2 the solution v_i of
 * (d2g_i/dy2) v_i = df_i/dy.
 *
 * The hypergradient is (1/m) sum_i [df_i/dx - (d2g_i/dx dy) (d2g_i/dy2)^-1 df_i/dy] at y_i = y_i(x).
 */
#ifndef ASSAY_MULTIBLOCK_BILEVEL_H
#define ASSAY_MULTIBLOCK_BILEVEL_H

#include "assay/random.h"
#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Problems ------------------------------------------------------------------------------------------------- */

/** One block at one point: what a derivative is taken of, averaged over @c count of the block's samples. */
typedef struct multiblock_bilevel_point {
    size_t block;          /**< 0 <= block < blocks */
    const double *x;       /**< dx numbers */
    const double *y;       /**< dy numbers */
    size_t count;          /**< samples to average over, at least 1 */
    const size_t *samples; /**< their indices within the block; null: the first @c count */
} multiblock_bilevel_point;

/**
 * A problem. The functions read only the context and their arguments, may be called by several threads at once, and
 * write @c out (overwritten) or add to @c sum. Hessians are symmetric, dy x dy.
 */
typedef struct multiblock_bilevel_problem {
    const void *context;         /**< given to all functions */
    size_t blocks;               /**< m, at least 1 */
    size_t dx;                   /**< length of x, at least 1 */
    size_t dy;                   /**< length of each y, at least 1 */
    const size_t *lower_samples; /**< samples of g_i, m numbers, each at least 1 */
    const size_t *upper_samples; /**< samples of f_i, m numbers, each at least 1 */
    /** x has one number for each lower sample: sample j of any block touches x[j] alone, and f does not depend on x.
     *  Lazy runs then touch only the sampled numbers of x. All lower_samples must be dx. */
    bool x_per_sample;
    /** out = dg/dy, dy numbers. */
    void (*lower_gradient)(const void *context, const multiblock_bilevel_point *at, double *out);
    /** out = d2g/dy2, dy x dy. */
    void (*lower_hessian)(const void *context, const multiblock_bilevel_point *at, double *out);
    /** out = (d2g/dy2) v, dy numbers. */
    void (*lower_hessian_product)(const void *context, const multiblock_bilevel_point *at, const double *v,
                                  double *out);
    /** sum += scale (d2g/dx dy) v, dx numbers. */
    void (*lower_cross_product)(const void *context, const multiblock_bilevel_point *at, const double *v, double scale,
                                double *sum);
    /** out = df/dy, dy numbers. */
    void (*upper_gradient_y)(const void *context, const multiblock_bilevel_point *at, double *out);
    /** sum += scale df/dx, dx numbers; null: f does not depend on x. */
    void (*upper_gradient_x)(const void *context, const multiblock_bilevel_point *at, double scale, double *sum);
    /** f itself; for traces and tests. */
    double (*upper_value)(const void *context, const multiblock_bilevel_point *at);
    /* The same functions at two points that share block and samples, for which the data need be read but once; null:
     * the functions above are called twice. */
    /** out[k] = dg/dy at at[k]. */
    void (*lower_gradient_pair)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
    /** out[k] = d2g/dy2 at at[k]. */
    void (*lower_hessian_pair)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
    /** out[k] = (d2g/dy2) v[k] at at[k]. */
    void (*lower_hessian_product_pair)(const void *context, const multiblock_bilevel_point at[2],
                                       const double *const v[2], double *const out[2]);
    /** sum[k] += scale (d2g/dx dy) v[k] at at[k]. */
    void (*lower_cross_product_pair)(const void *context, const multiblock_bilevel_point at[2],
                                     const double *const v[2], double scale, double *const sum[2]);
    /** With x_per_sample, all of version 2 at once: gradient[k] = dg/dy, product[k] = (d2g/dy2) v[k], and cross[k][b]
     * what lower_cross_product() with v[k] and scale 1 adds for sample b of the batch. */
    void (*lower_pass_pair)(const void *context, const multiblock_bilevel_point at[2], const double *const v[2],
                            double *const gradient[2], double *const product[2], double *const cross[2]);
    /** out[k] = df/dy at at[k]. */
    void (*upper_gradient_y_pair)(const void *context, const multiblock_bilevel_point at[2], double *const out[2]);
    /** The exact hypergradient, dx numbers, where there is a closed form; null: multiblock_bilevel_hypergradient()
     *  is used. */
    assay_status (*exact_gradient)(const void *context, const double *x, double *out);
} multiblock_bilevel_problem;

/* ---- Methods -------------------------------------------------------------------------------------------------- */

/** The methods, of the paper and of those that it compares to. */
typedef enum multiblock_bilevel_method {
    MULTIBLOCK_BILEVEL_V1,      /**< the paper's version 1: tracks each block's Hessian */
    MULTIBLOCK_BILEVEL_V2,      /**< the paper's version 2: tracks each block's linear solution */
    MULTIBLOCK_BILEVEL_AVERAGE, /**< version 1 with gamma = 0: moving averages without variance reduction */
    MULTIBLOCK_BILEVEL_RSVRB,   /**< Guo et al. 2021: estimators scaled by m / I, also of the cross derivative */
    MULTIBLOCK_BILEVEL_STOCBIO, /**< Ji et al. 2021 with m blocks: inner descent and a Neumann sum */
    MULTIBLOCK_BILEVEL_MRBO,    /**< Yang et al. 2021 with m blocks: recursive momentum, Neumann sum */
    MULTIBLOCK_BILEVEL_SUSTAIN, /**< Khanduri et al. 2021 with m blocks: the same, randomly truncated Neumann product */
    MULTIBLOCK_BILEVEL_METHODS  /**< how many there are */
} multiblock_bilevel_method;

/** The name of a method, e.g. "v1"; never null. */
const char *multiblock_bilevel_method_name(multiblock_bilevel_method method);

/** How to run. multiblock_bilevel_defaults() gives every member a usable value. */
typedef struct multiblock_bilevel_options {
    multiblock_bilevel_method method; /**< which one */
    size_t iterations;                /**< T, at least 1 */
    size_t sampled_blocks;            /**< I, 1 to m */
    size_t batch;                     /**< B, at least 1: lower and as many upper samples of each sampled block */
    bool full_batch;                  /**< every sample of a block instead of B drawn ones; for tests */
    const size_t *block_sequence;     /**< T I block numbers to be taken instead of drawn ones, distinct within
                                       *   an iteration; null: drawn */
    double eta;                       /**< step of x, above 0 */
    double tau;                       /**< step of y, above 0 */
    double tau_v;                     /**< step of v (version 2), above 0; NaN: tau */
    double alpha;                     /**< momentum of the blocks' estimators, in (0, 1]; 1 only with I = m */
    double beta;                      /**< momentum of z, in (0, 1] */
    double gamma;         /**< weight of the difference; NaN: (m - I) / (I (1 - alpha)) + 1 - alpha, 0 if alpha = 1 */
    double hessian_floor; /**< least eigenvalue of tracked Hessians (to 1e-10 of it), above 0 */
    double radius;        /**< of the ball that holds each v_i, above 0 */
    size_t inner_steps;   /**< STOCBIO: steps of y in an iteration, at least 1 */
    size_t neumann_terms; /**< Q of STOCBIO and MRBO, K of SUSTAIN: at least 1 */
    double neumann_step;  /**< eta_N of STOCBIO and MRBO, 1 / L_g of SUSTAIN: above 0 */
    size_t memory_limit;  /**< bytes that RSVRB's cross derivatives may take */
    bool check_hessians;  /**< refuse a Hessian H of the problem with |H - H^T| > 1e-10 |H| */
    bool lazy;            /**< leave blocks that are not sampled alone until they are (optimized V1, V2, AVERAGE) */
    bool random_iterate;  /**< return x of an iteration drawn uniformly instead of the last one */
    double tolerance;     /**< stop when a logged hypergradient's norm is at most this; 0: never */
    uint64_t seed;        /**< of all samples */
    size_t log_every;     /**< iterations between rows of the trace; 0: none */
} multiblock_bilevel_options;

/** V1 with T = 1000, I = min(8, m), B = 8, eta = 0.02, tau = 0.05, alpha = beta = 0.05 (alpha 1 if I = m would be
 *  allowed, but is not set), automatic gamma, floor 0.1, radius 100, 5 inner steps, 10 Neumann terms of step 0.1. */
multiblock_bilevel_options multiblock_bilevel_defaults(const multiblock_bilevel_problem *problem);

/** Sampled derivatives that a run evaluated, a batch counting once for each sample; and its factorisations. */
typedef struct multiblock_bilevel_counters {
    uint64_t lower_gradients;  /**< of dg/dy */
    uint64_t hessians;         /**< dy x dy matrices of samples */
    uint64_t hessian_products; /**< (d2g/dy2) v of samples */
    uint64_t cross_products;   /**< (d2g/dx dy) v of samples */
    uint64_t upper_gradients;  /**< of df/dy */
    uint64_t factorisations;   /**< of dy x dy matrices: eigenvalues or Cholesky */
    uint64_t solves;           /**< with a dy x dy matrix */
} multiblock_bilevel_counters;

/** What a run leaves behind. The caller gives rows; those that do not fit are dropped. */
typedef struct multiblock_bilevel_trace {
    size_t capacity;                      /**< rows that fit; 0: only the counters are wanted */
    size_t *iteration;                    /**< of the row: before that many iterations were done */
    double *gradient_norm;                /**< Euclidean norm of the exact hypergradient there */
    double *value;                        /**< F(x) there; null: it is not wanted */
    size_t count;                         /**< rows written */
    size_t iterations;                    /**< done in all */
    double gamma;                         /**< in force */
    multiblock_bilevel_counters counters; /**< without the exact hypergradients of the rows */
} multiblock_bilevel_trace;

/**
 * Runs a method from @p x (dx numbers) and @p y (m x dy numbers, row i for block i) in place.
 *
 * The same bits for any number of threads; the CPU levels differ by rounding. @p trace may be null.
 * ASSAY_INVALID_ARGUMENT and ASSAY_OUT_OF_RANGE for what contradicts the ranges above, also a Hessian that is not
 * symmetric; ASSAY_NO_MEMORY. If a number becomes NaN or infinite (ASSAY_BAD_DATA, naming the iteration) or |x| exceeds
 * 1e12 (ASSAY_NOT_CONVERGED), x and y are those of the last good iteration.
 */
assay_status multiblock_bilevel_run(const multiblock_bilevel_problem *problem,
                                    const multiblock_bilevel_options *options, double *x, double *y,
                                    multiblock_bilevel_trace *trace);

/** A run that is taken in pieces. */
typedef struct multiblock_bilevel_solver multiblock_bilevel_solver;

/** Begins a run, as multiblock_bilevel_run() does, by the code of the CPU level in force; the problem must live as long
 *  as the solver. Options about the trace, the tolerance and the number of iterations are not looked at. */
assay_status multiblock_bilevel_start(const multiblock_bilevel_problem *problem,
                                      const multiblock_bilevel_options *options, const double *x, const double *y,
                                      multiblock_bilevel_solver **solver);

/** Does @p iterations more iterations, with the errors of multiblock_bilevel_run(). A block_sequence must be long
 *  enough. */
assay_status multiblock_bilevel_advance(multiblock_bilevel_solver *solver, size_t iterations);

/** Copies the iterate out: @p x (dx numbers), and @p y (m x dy; may be null). */
assay_status multiblock_bilevel_read(multiblock_bilevel_solver *solver, double *x, double *y);

/** Releases a solver; null is fine. */
void multiblock_bilevel_stop(multiblock_bilevel_solver *solver);

/** The same by the reference, whatever the CPU level; it is never lazy. */
assay_status multiblock_bilevel_reference_run(const multiblock_bilevel_problem *problem,
                                              const multiblock_bilevel_options *options, double *x, double *y,
                                              multiblock_bilevel_trace *trace);

/**
 * The hypergradient at @p x from all samples: each y_i(x) by Newton's method with step halving from 0 until |dg/dy| is
 * at most @p tolerance (above 0), then a direct solve. @p y (m x dy; may be null) gets the y_i(x), @p value (may be
 * null) F(x). ASSAY_NOT_CONVERGED after 200 steps.
 */
assay_status multiblock_bilevel_hypergradient(const multiblock_bilevel_problem *problem, const double *x,
                                              double tolerance, double *gradient, double *y, double *value);

/* ---- Families of problems -------------------------------------------------------------------------------------- */

/** A generated problem with its data; release with multiblock_bilevel_release(). */
typedef struct multiblock_bilevel_instance {
    multiblock_bilevel_problem problem; /**< to be run */
    void *data;                         /**< of its own */
    void (*release)(void *data);        /**< releases them */
} multiblock_bilevel_instance;

/** Releases what a family made and zeroes it; a zeroed structure is fine. */
void multiblock_bilevel_release(multiblock_bilevel_instance *instance);

/** Sizes of a quadratic problem. */
typedef struct multiblock_bilevel_quadratic {
    size_t blocks;  /**< m, at least 1 */
    size_t dx;      /**< numbers of the upper level, at least 1 */
    size_t dy;      /**< numbers of each lower level, at least 1 */
    size_t samples; /**< n of both levels, at least 1 */
    double mu;      /**< strong convexity of g, above 0 */
    double rho;     /**< of f in x, at least 0 */
} multiblock_bilevel_quadratic;

/**
 * Family Q: g_i = (1/2n) sum_j (a_ij.y - c_ij.x - b_ij)^2 + mu/2 |y|^2, f_i = (1/2n) sum_j (p_ij.y - q_ij)^2 + rho/2
 * |x|^2 with standard normal a, p; C_i (dx x dy) normal / sqrt(dx); c_ij = C_i a_ij + 0.5 N / sqrt(dx), b = 0.5 N,
 * q_ij = p_ij.(C_i^T x*) + 0.5 N. The hypergradient has a closed form.
 */
assay_status multiblock_bilevel_make_quadratic(const multiblock_bilevel_quadratic *sizes, uint64_t seed,
                                               multiblock_bilevel_instance *instance);

/** The minimiser of F of a quadratic problem (dx numbers) from its normal equations. ASSAY_INVALID_ARGUMENT for another
 *  family. */
assay_status multiblock_bilevel_quadratic_minimiser(const multiblock_bilevel_instance *instance, double *x);

/** Labelled examples for the family of data weights. */
typedef struct multiblock_bilevel_examples {
    size_t count;             /**< at least 1 */
    size_t features;          /**< at least 1 */
    const double *rows;       /**< count x features; copied */
    const signed char *label; /**< -1 or +1 each; copied */
} multiblock_bilevel_examples;

/**
 * Family HO: weights of training examples. x has a number for each training example, sigmoid(x_j) is its weight; block
 * i has temperature s_i: g_i = (1/n) sum_j sigmoid(x_j) log(1 + exp(-b_j a_j.y / s_i)) + lambda/2 |y|^2 on the training
 * examples, f_i = the same loss, unweighted, on the validation examples.
 */
assay_status multiblock_bilevel_make_weights(const multiblock_bilevel_examples *training,
                                             const multiblock_bilevel_examples *validation, size_t blocks,
                                             const double *temperatures, double lambda,
                                             multiblock_bilevel_instance *instance);

/** A ranking problem: queries with items that a linear score h(x) = w.features ranks. */
typedef struct multiblock_bilevel_ranking {
    size_t queries;          /**< m, at least 1 */
    size_t items;            /**< N of each query, at least 2 */
    size_t features;         /**< length of w, at least 1 */
    size_t top;              /**< K of the top-K threshold, 1 to items - 1 */
    double t1;               /**< temperature of the gate, above 0 */
    double t2;               /**< strong convexity of the threshold's problem, above 0 */
    const double *rows;      /**< queries x items x features; copied */
    const double *relevance; /**< queries x items, at least 0; copied */
} multiblock_bilevel_ranking;

/**
 * Family NDCG: x = w. The lower level of query q has dy = 1 + N numbers: the smoothed top-K threshold lambda, whose
 * gradient is K/N + t2 lambda - mean_k sigmoid((h_k - lambda) / t1), and the squared-hinge surrogate of each item's
 * rank, u_i = mean_k max(0, h_k - h_i + 1)^2, as argmin of (u_i - mean)^2 / 2. The upper level is f_q = -mean_i
 * sigmoid((h_i - lambda) / t1) (2^relevance_i - 1) N / log2(1 + N max(u_i, 1/N)) / ideal DCG (the exact u_i is at least
 * 1/N, as item i is among the k). Samples of the lower level are the items k, of the upper level the items i.
 */
assay_status multiblock_bilevel_make_ranking(const multiblock_bilevel_ranking *ranking,
                                             multiblock_bilevel_instance *instance);

ASSAY_END_DECLARATIONS

#endif
