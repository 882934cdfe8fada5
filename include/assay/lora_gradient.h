/**
 * @file lora_gradient.h
 * Gradients of low-rank adapters (LoRA) in one attention head, exactly in time quadratic in the length of the sequence,
 * and approximately in almost linear time (Hu, Su, Kuo, Song and Liu 2024, arXiv:2406.03136).
 *
 * With weights W'_m = W_m + s B_m A_m, s = alpha / r, for m = Q, K, V, the head computes from tokens X1, X2, X3
 *
 *     Q = X1 W'_Q,  K = X2 W'_K,  V = X3 W'_V,   S = beta Q K^T,   f = softmax of the rows of S,   O = f V,
 *     loss = 1/2 ||O - Y||_F^2.
 *
 * With c = O - Y, q = c V^T, rho_i = <c_i, O_i> and p_ij = f_ij (q_ij - rho_i), the gradients are
 *
 *     dW_Q = beta X1^T p K,   dW_K = beta X2^T p^T Q,   dW_V = X3^T f^T c,
 *     dB_m = s dW_m A_m^T (d x r),   dA_m = s B_m^T dW_m (r x d).
 *
 * Below a threshold of the entries of Q and K, exp(S) is to within a relative error eps the product U1 U2^T of two
 * matrices of C(d + g, g) columns (monomials of the rows of Q and K), and every product above can be made without
 * an L x L matrix.
 *
 * All matrices are dense and row-major, indices begin at 0, and everything is deterministic: results are the same bits
 * for any number of threads. They differ between CPU levels by rounding: relative to the Frobenius norm of a gradient
 * by about the unit roundoff times its condition (1e-12 is held by the checks; 2e-4 in float32).
 */
#ifndef ASSAY_LORA_GRADIENT_H
#define ASSAY_LORA_GRADIENT_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>

ASSAY_BEGIN_DECLARATIONS

/** The three projections of a head, in this order wherever there is one of something for each. */
typedef enum lora_gradient_part {
    LORA_GRADIENT_QUERY, /**< X1, W_Q, A_Q, B_Q */
    LORA_GRADIENT_KEY,   /**< X2, W_K, A_K, B_K */
    LORA_GRADIENT_VALUE, /**< X3, W_V, A_V, B_V */
    LORA_GRADIENT_PARTS  /**< how many there are */
} lora_gradient_part;

/** Which adapters get gradients. */
typedef enum lora_gradient_mode {
    LORA_GRADIENT_PARTIAL, /**< those of W_Q and W_V; an adapter of W_K, if there is one, acts but is not trained */
    LORA_GRADIENT_FULL     /**< those of W_Q, W_K and W_V */
} lora_gradient_mode;

/** One head, its tokens and its target, in double precision. */
typedef struct lora_gradient_problem {
    size_t length; /**< L: number of tokens, at least 1 */
    size_t width;  /**< d: width of the head, at least 1 */
    size_t rank;   /**< r: of the adapters, 1 to d */
    const double
        *tokens[LORA_GRADIENT_PARTS]; /**< X1, X2, X3: L x d; may be the same (self-attention), which is faster */
    const double *target;             /**< Y: L x d */
    const double *weight[LORA_GRADIENT_PARTS]; /**< frozen W_Q, W_K, W_V: d x d, acting from the right */
    const double *a[LORA_GRADIENT_PARTS];      /**< A_m: r x d; null together with @c b: no adapter */
    const double *b[LORA_GRADIENT_PARTS];      /**< B_m: d x r */
    double alpha;                              /**< strength of the adapters, above 0: s = alpha / r */
    double beta; /**< scale of the scores, above 0: 1/d in this family of papers, 1/sqrt(d) in transformers */
} lora_gradient_problem;

/** The same in single precision. */
typedef struct lora_gradient_problem_f32 {
    size_t length;                            /**< L: number of tokens, at least 1 */
    size_t width;                             /**< d: width of the head, at least 1 */
    size_t rank;                              /**< r: of the adapters, 1 to d */
    const float *tokens[LORA_GRADIENT_PARTS]; /**< X1, X2, X3: L x d; may be the same */
    const float *target;                      /**< Y: L x d */
    const float *weight[LORA_GRADIENT_PARTS]; /**< frozen W_Q, W_K, W_V: d x d */
    const float *a[LORA_GRADIENT_PARTS];      /**< A_m: r x d; null together with @c b: no adapter */
    const float *b[LORA_GRADIENT_PARTS];      /**< B_m: d x r */
    double alpha;                             /**< strength of the adapters, above 0 */
    double beta;                              /**< scale of the scores, above 0 */
} lora_gradient_problem_f32;

/** Where the results go. Arrays of the parts that the mode trains must be there; those of the others are not looked at.
 *  No output may overlap an input or another output. */
typedef struct lora_gradient_result {
    double loss;                    /**< 1/2 ||O - Y||_F^2 */
    double *a[LORA_GRADIENT_PARTS]; /**< dloss/dA_m: r x d */
    double *b[LORA_GRADIENT_PARTS]; /**< dloss/dB_m: d x r */
    double *output;                 /**< O: L x d; null if it is not wanted */
} lora_gradient_result;

/** The same in single precision (the loss is summed up in double). */
typedef struct lora_gradient_result_f32 {
    double loss;                   /**< 1/2 ||O - Y||_F^2 */
    float *a[LORA_GRADIENT_PARTS]; /**< dloss/dA_m: r x d */
    float *b[LORA_GRADIENT_PARTS]; /**< dloss/dB_m: d x r */
    float *output;                 /**< O: L x d; null if it is not wanted */
} lora_gradient_result_f32;

/* ---- Exact ---------------------------------------------------------------------------------------------------- */

/**
 * The exact gradients in memory O(L d) by tiles: no L x L matrix is stored. With H = X1^T p X2 the gradients are
 * dW_Q = beta H W'_K, dW_K = beta H^T W'_Q and dW_V = (f X3)^T c, and row i of p X2 needs only the moments of the
 * tokens under row i of f, sum_j f_ij x2_j x3_j^T (W'_V c_i) - rho_i sum_j f_ij x2_j. For narrow heads (d up to 8 in
 * self-attention, up to 4 otherwise) these are summed up in one pass with one exponential for each pair of tokens;
 * wider ones take two passes.
 *
 * Refused, with outputs untouched: ASSAY_INVALID_ARGUMENT for null pointers, an adapter of which one factor is missing,
 * a part that @p mode trains without an adapter, and outputs that overlap something; ASSAY_OUT_OF_RANGE for sizes,
 * alpha, beta and mode outside their range and for NaN or infinities in any input; ASSAY_NO_MEMORY if memory is short
 * or a size does not fit in size_t.
 */
assay_status lora_gradient_exact(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                 lora_gradient_result *result);

/** The same in single precision; sums over tokens are kept in double. */
assay_status lora_gradient_exact_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                     lora_gradient_result_f32 *result);

/** The usual way, as a baseline: S, f, q and p as L x L matrices, products by OpenBLAS with assay_threads() threads.
 *  @p workspace has room for 2 L^2 numbers; null: it is allocated. Refuses what lora_gradient_exact() refuses. */
assay_status lora_gradient_materialised(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                        double *workspace, lora_gradient_result *result);

/* ---- Approximate ---------------------------------------------------------------------------------------------- */

/** Largest degree of the polynomials. */
#define LORA_GRADIENT_DEGREE_MAX 40

/** Polynomials for e^x on [-R, R]. */
typedef enum lora_gradient_kind {
    LORA_GRADIENT_CHEBYSHEV, /**< interpolates at the Chebyshev nodes of the first kind */
    LORA_GRADIENT_TAYLOR     /**< 1 + x + ... + x^g / g! */
} lora_gradient_kind;

/** How the gradients are made from the factors U1, U2 of exp(S). */
typedef enum lora_gradient_chain {
    LORA_GRADIENT_CHEAPER, /**< whichever of the two needs fewer operations */
    LORA_GRADIENT_CHAINED, /**< the paper's chains of low-rank products, contracted from the side of rank r: about
                            *   4 L k (1 + d + 2 d r + 4 r) operations for k features (partial) */
    LORA_GRADIENT_MOMENTS  /**< moments of the tokens as in lora_gradient_exact(), whatever the rank: about
                            *   4 L k (1 + d + d (d + 1) / 2) in self-attention, 4 L k (1 + 2 d + d^2) otherwise */
} lora_gradient_chain;

/** How to approximate; lora_gradient_with_eps() gives the usual choice. */
typedef struct lora_gradient_options {
    double eps; /**< in (0, 1): relative error of the polynomial on [-R, R]; not looked at if @c degree >= 0 */
    lora_gradient_kind kind;   /**< of polynomial */
    bool center;               /**< the mean of the rows of K is taken from each first, which changes no gradient and
                                *   makes R smaller where tokens have a common part */
    size_t features_max;       /**< most features; more are refused */
    int degree;                /**< of the polynomial; -1: the least that has the relative error eps */
    double range;              /**< R that the polynomial is fitted on; 0: beta max |Q_i| max |K_j|, which is safe */
    lora_gradient_chain chain; /**< the reference always computes the paper's chains */
} lora_gradient_options;

/** Chebyshev polynomials of relative error @p eps, centred, at most 20000 features, by the cheaper chain. */
lora_gradient_options lora_gradient_with_eps(double eps);

/** What an approximation was made of. */
typedef struct lora_gradient_info {
    double range;              /**< R */
    size_t degree;             /**< g; LORA_GRADIENT_DEGREE_MAX + 1 if none is enough */
    size_t features;           /**< k = C(d + g, g); SIZE_MAX if it is larger */
    double error;              /**< relative error of the approximation of exp(S), all entries: the polynomial's at 2001
                                *   points, and the rounding of its sum by u (g + 4) e^R sum_j |coefficient_j| R^j, where u is
                                *   2^-53, or 2^-24 for float at the optimized levels */
    double bound;              /**< largest |O~ - O|: 2 error / (1 - error) max |V|; infinite if error is not below 1 */
    double flops;              /**< operations made on L-sized data, an addition and a multiplication counting 1 each */
    lora_gradient_chain chain; /**< that was taken */
} lora_gradient_info;

/**
 * The gradients with exp(S) replaced by P(S) for a polynomial P of relative error eps: relative errors of the gradients
 * of the order of eps. P(S) = U1 U2^T exactly, where the columns of U1, U2 are the C(d + g, g) monomials of degree up
 * to g in beta Q_i and in K_j. Time O(L C(d + g, g) min(d r, d^2)), memory O(L d) at the optimized levels (O(L C(d + g,
 * g)) in the reference).
 *
 * Refused besides what lora_gradient_exact() refuses: ASSAY_OUT_OF_RANGE for options outside their ranges;
 * ASSAY_NOT_CONVERGED if the degree needed is above LORA_GRADIENT_DEGREE_MAX or there would be more than features_max
 * features (then the exact gradient is to be taken; @p info is filled in as far as range, degree and features);
 * ASSAY_MISMATCH if a row sum of P(S) is not positive, which only a polynomial used outside the range that it was
 * fitted on can do. @p info may be null; it is written only then and on success.
 */
assay_status lora_gradient_approximate(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                       const lora_gradient_options *options, lora_gradient_result *result,
                                       lora_gradient_info *info);

/** The same in single precision; sums over tokens are kept in double. The rounding in info.error is that of float. */
assay_status lora_gradient_approximate_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                           const lora_gradient_options *options, lora_gradient_result_f32 *result,
                                           lora_gradient_info *info);

/* ---- Polynomials and the threshold ---------------------------------------------------------------------------- */

/** Coefficients of the polynomial of degree @p degree (at most LORA_GRADIENT_DEGREE_MAX) for e^x on [-range, range],
 *  range >= 0 and at most 350: P(x) = sum of coefficients[j] x^j, j = 0 .. degree. @p error, if not null, gets the
 * largest |P(x) / e^x - 1| on 2001 equispaced points. Coefficients are converted from the Chebyshev basis in long
 * double, which loses about 0.38 digits a degree: above degree 20 the error shows it. */
assay_status lora_gradient_polynomial(lora_gradient_kind kind, size_t degree, double range, double *coefficients,
                                      double *error);

/** The least degree whose polynomial has a relative error of at most @p eps in (0, 1) on [-range, range].
 *  ASSAY_NOT_CONVERGED if that is above LORA_GRADIENT_DEGREE_MAX. */
assay_status lora_gradient_degree(lora_gradient_kind kind, double range, double eps, size_t *degree);

/** C(width + degree, degree): the number of features; SIZE_MAX if it does not fit. */
size_t lora_gradient_features(size_t width, size_t degree);

/** Operations of the exact gradient in the paper's model, L^2 (12 d + 30); NaN if an argument is 0. */
double lora_gradient_model_exact(size_t length, size_t width);

/** Operations of the approximate gradient in the paper's model with @p features features, L k (4 + 8 d + 8 d r + 10 r)
 * for LORA_GRADIENT_PARTIAL, and two chains more, L k (8 d r + 8 r), for LORA_GRADIENT_FULL; NaN if an argument is 0.
 */
double lora_gradient_model_approximate(size_t length, size_t width, size_t rank, lora_gradient_mode mode,
                                       size_t features);

/** The threshold: the largest R for which a Chebyshev polynomial of relative error @p eps in (0, 1) has so few features
 *  that the approximate gradient needs fewer operations than the exact one, by the models above; and @p gamma =
 * sqrt(R), the entries of Q and K that guarantee it for beta = 1/d. Both are 0 if even one feature costs more. Outputs
 * may be null. */
assay_status lora_gradient_threshold(size_t length, size_t width, size_t rank, double eps, lora_gradient_mode mode,
                                     double *range, double *gamma);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** lora_gradient_exact() plainly, row by row. */
assay_status lora_gradient_reference_exact(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                           lora_gradient_result *result);

/** lora_gradient_reference_exact() of the inputs as double, rounded at the end. */
assay_status lora_gradient_reference_exact_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                               lora_gradient_result_f32 *result);

/** lora_gradient_approximate() plainly: all features stored, the paper's chains. */
assay_status lora_gradient_reference_approximate(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                                 const lora_gradient_options *options, lora_gradient_result *result,
                                                 lora_gradient_info *info);

/** lora_gradient_reference_approximate() of the inputs as double, rounded at the end. */
assay_status lora_gradient_reference_approximate_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                                     const lora_gradient_options *options,
                                                     lora_gradient_result_f32 *result, lora_gradient_info *info);

ASSAY_END_DECLARATIONS

#endif
