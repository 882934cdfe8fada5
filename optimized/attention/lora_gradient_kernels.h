/*
 * What the optimized files of lora_gradient share. Tokens are worked on in blocks of LORA_BLOCK; within a block arrays
 * are [column][LORA_BLOCK], so that vectors run over tokens whatever the width of the head.
 *
 * All gradients come from two d x d matrices, H = X1^T p X2 and N = (f X3)^T c:
 *     dW_Q = beta H W'_K,  dW_K = beta H^T W'_Q,  dW_V = N.
 * Row i of p X2 needs only the moments of the tokens under row i of f, because q_ij = <u_i, x3_j> with u_i = W'_V c_i:
 *     sum_j p_ij x2_j = (sum_j f_ij x2_j x3_j^T) u_i - rho_i sum_j f_ij x2_j.
 * Moments are sums over j of exp(S_ij) times the columns [1 | x2 | x3 | x2 x3^T]; if X2 is X3, the x3 and the upper
 * triangle of the products are left out.
 */
#ifndef ASSAY_LORA_GRADIENT_KERNELS_H
#define ASSAY_LORA_GRADIENT_KERNELS_H

#include "reference/attention/lora_gradient_arguments.h"

enum { LORA_BLOCK = 64, LORA_CHUNKS = 16 };

/* What the functions on blocks are told. */
typedef struct lora_job {
    const lora_view *view;
    lora_gradient_mode mode;
    size_t length, width, rank, blocks;
    bool same; /* X2 is X3 */
    double beta;
    double *weight[LORA_PARTS];                            /* [d x d] W'_m */
    double *adapter_a[LORA_PARTS], *adapter_b[LORA_PARTS]; /* [r x d] and [d x r] as double; null if there is none */
    size_t partial;                                        /* numbers that a block adds to the result, loss first */
    double *partials;                                      /* [blocks][partial] */
    double *spare;                                         /* [d x d + d x r] for the end */
    void *output;                                          /* O as it comes; null if it is not wanted */
    /* Exact: */
    bool one_pass;
    size_t columns; /* of the moments without the 1 (one pass), or of a token (two passes) */
    void *keys;     /* [L][d] K */
    void *moments;  /* [L][columns], one pass only */
    /* Approximate: */
    const lora_features *features;
    double *mean;               /* [d] of the rows of K; zeros if it is not to be taken off */
    bool chained;               /* else by moments */
    size_t trained_scores;      /* chained: of the adapters that act through p: 1 (Q) or 2 (Q and K) */
    size_t stride, stride_back; /* row lengths of sums over keys and over queries: columns, rounded up to a vector */
    size_t columns_back;
    void *table, *table_back; /* [features][stride] what pass B, and C, multiply features with */
} lora_job;

/* The code for one CPU level and precision. Functions on blocks use memory of their thread, of scratch() doubles. */
typedef struct lora_kernels {
    size_t lanes; /* numbers in a vector */
    size_t (*scratch)(const lora_job *job);
    /* Exact: keys and moments of a block of tokens; then everything for a block of queries. */
    void (*prepare)(const lora_job *job, size_t block, double *scratch);
    void (*exact)(const lora_job *job, size_t block, double *scratch);
    /* Approximate. Sums of the columns of X2; largest |Q_i|^2, |K_j|^2 and |V_jt|. */
    void (*sum_tokens)(const lora_job *job, size_t block, double *sums);
    void (*measure)(const lora_job *job, size_t block, double *scratch, double largest[3]);
    /* Pass A: adds a block of keys to sums [features][stride]. */
    void (*gather)(const lora_job *job, size_t block, double *scratch, double *sums);
    /* Pass B: everything for a block of queries; chained: adds to sums [features][stride_back] what pass C needs.
     * Returns the first row of the block whose sum is not positive, or LORA_BLOCK. */
    size_t (*query)(const lora_job *job, size_t block, double *scratch, double *sums, double *row_sum);
    /* Pass C, chained only: the keys again. */
    void (*answer)(const lora_job *job, size_t block, double *scratch);
    /* table[i] = weight[i / stride] sums[i]: what passes B and C multiply with, in the precision of the features. */
    void (*tabulate)(const double *sums, const double *weight, size_t features, size_t stride, void *table);
} lora_kernels;

extern const lora_kernels lora_kernels_baseline, lora_kernels_baseline_f32, lora_kernels_avx2, lora_kernels_avx2_f32,
    lora_kernels_avx512, lora_kernels_avx512_f32;

/* Those of the level in force; null at the reference level. */
const lora_kernels *lora_kernels_in_force(bool single);

/* lora_gradient_exact() by given kernels. */
assay_status lora_run_exact(const lora_kernels *kernels, const lora_view *view, lora_gradient_mode mode);

/* The number of moments, the 1 included. */
static inline size_t lora_moment_columns(size_t width, bool same)
{
    return same ? 1 + width + width * (width + 1) / 2 : 1 + 2 * width + width * width;
}

/* Numbers of a block's contribution by moments: the loss, H and N. */
static inline size_t lora_partial_moments(size_t width)
{
    return 1 + 2 * width * width;
}

/* Fills what exact and approximate jobs have in common and allocates partials; on success lora_release_job() is due. */
assay_status lora_begin_job(const lora_view *view, lora_gradient_mode mode, size_t partial, lora_job *job);
void lora_release_job(lora_job *job);

/* The number of threads, so that each has @p blocks blocks or more. */
int lora_threads(const lora_job *job, size_t blocks);

/* Adds up partials in the order of blocks into partials[0]. */
void lora_reduce(const lora_job *job);

/* dW_m from H and N, and the gradients of the adapters from dW_m; loss and output too. */
void lora_hand_over_moments(const lora_job *job);

/* Writes a gradient of an adapter in the precision of the problem. */
void lora_store(const lora_view *view, const double *from, double factor, size_t n, void *to);

/* Memory of numbers of the job's precision. */
void *lora_allocate(const lora_job *job, size_t count, size_t each);

#endif
