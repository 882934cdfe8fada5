/* What the files of multiblock_bilevel share: the state of a run, samples, estimators. */
#ifndef ASSAY_MULTIBLOCK_BILEVEL_REFERENCE_H
#define ASSAY_MULTIBLOCK_BILEVEL_REFERENCE_H

#include "assay/multiblock_bilevel.h"

/* Each purpose has its own random numbers. */
enum {
    MULTIBLOCK_BILEVEL_BLOCKS = 1,
    MULTIBLOCK_BILEVEL_BLOCKS_AGAIN,
    MULTIBLOCK_BILEVEL_LOWER,
    MULTIBLOCK_BILEVEL_UPPER,
    MULTIBLOCK_BILEVEL_FURTHER, /* batches beyond the first: inner steps, Neumann terms */
    MULTIBLOCK_BILEVEL_TRUNCATION,
    MULTIBLOCK_BILEVEL_FIRST_LOWER, /* the batches of the start */
    MULTIBLOCK_BILEVEL_FIRST_UPPER,
    MULTIBLOCK_BILEVEL_ITERATE
};

/* Share of the floor by which an eigenvalue may be below it before it is raised. */
#define MULTIBLOCK_BILEVEL_SLACK 1e-10

/* Everything that a run of the reference knows after t iterations: x_t, y_t, ... and what they were before the last
 * one. Members that a method does not use are null. */
typedef struct multiblock_bilevel_state {
    const multiblock_bilevel_problem *problem;
    multiblock_bilevel_options options; /* with the automatic values filled in */
    size_t t;
    double *x, *x_before;               /* dx */
    double *y, *y_before;               /* m x dy */
    double *s;                          /* m x dy: estimates of dg/dy */
    double *hessian, *hessian_before;   /* m x dy x dy: estimates of d2g/dy2, projected */
    double *fresh;                      /* I x dy x dy: the sampled blocks' next Hessians */
    double *v, *v_before, *u;           /* m x dy: linear solutions, and estimates of their residuals */
    double *cross, *cross_before;       /* m x dx x dy: RSVRB's estimates of d2g/dx dy */
    double *upper, *upper_before;       /* m x dy: RSVRB's estimates of df/dy */
    double *z;                          /* dx: estimate of the hypergradient */
    double *gradient, *gradient_before; /* dx: this iteration's, at now and at before */
    double *work;                       /* 8 dy + 4 dy dy + 2 dx */
    size_t *order;                      /* m: a permutation, whose first I are drawn anew in every iteration */
    size_t *lower, *upper_samples;      /* B each: the samples of the block at hand; null with full batches */
    bool *moves;                        /* m: blocks whose y moves in this iteration; null: all do */
    multiblock_bilevel_counters counters;
} multiblock_bilevel_state;

/* Two times at which the same samples are evaluated. */
typedef enum multiblock_bilevel_time { MULTIBLOCK_BILEVEL_NOW, MULTIBLOCK_BILEVEL_BEFORE } multiblock_bilevel_time;

/* ---- Arguments ---- */

assay_status multiblock_bilevel_check_problem(const multiblock_bilevel_problem *problem);
assay_status multiblock_bilevel_check_run(const multiblock_bilevel_problem *problem,
                                          const multiblock_bilevel_options *options, const double *x, const double *y,
                                          const multiblock_bilevel_trace *trace);

/* The options with NaN replaced by what it stands for. */
multiblock_bilevel_options multiblock_bilevel_resolve(const multiblock_bilevel_problem *problem,
                                                      const multiblock_bilevel_options *options);

/* True if all are finite. */
bool multiblock_bilevel_finite(const double *x, size_t n);

/* ---- Samples ---- */

/* Draws the first I of order[m] for iteration t (or takes them from options->block_sequence). */
void multiblock_bilevel_draw_blocks(const multiblock_bilevel_problem *problem,
                                    const multiblock_bilevel_options *options, size_t t, uint64_t purpose,
                                    size_t *order);

/* Draws a batch of B from @p samples and returns it as a point without x and y; a full batch has null samples. The
 * address (t, slot) says which random numbers are used. */
multiblock_bilevel_point multiblock_bilevel_draw_batch(const multiblock_bilevel_options *options, uint64_t purpose,
                                                       size_t t, size_t slot, size_t block, size_t samples,
                                                       size_t *room);

/* ---- State ---- */

assay_status multiblock_bilevel_create(const multiblock_bilevel_problem *problem,
                                       const multiblock_bilevel_options *options, const double *x, const double *y,
                                       multiblock_bilevel_state **state);
void multiblock_bilevel_destroy(multiblock_bilevel_state *state);

/* One iteration. After a failure x and y are as before it. */
assay_status multiblock_bilevel_step(multiblock_bilevel_state *state);

/* Copies the iterate out; null y: only x. */
assay_status multiblock_bilevel_copy_out(const multiblock_bilevel_state *state, double *x, double *y);

/* The same point at another time. */
multiblock_bilevel_point multiblock_bilevel_at(const multiblock_bilevel_state *state, multiblock_bilevel_point batch,
                                               multiblock_bilevel_time time);

/* e = (1 - alpha) e + alpha now + gamma (now - before), n numbers. */
void multiblock_bilevel_msvr(double *e, const double *now, const double *before, double alpha, double gamma, size_t n);

/* P: makes h (n x n) symmetric and raises eigenvalues below (1 - SLACK) floor to the floor. @p work has n n + n
 * numbers. */
assay_status multiblock_bilevel_project(double *h, size_t n, double floor, double *work);

/* p = h^-1 b for a projected h. @p factor has n n numbers. */
assay_status multiblock_bilevel_solve(multiblock_bilevel_counters *counters, const double *h, size_t n, const double *b,
                                      double *factor, double *p);

/* Refuses a Hessian of the problem that is not symmetric, if the options ask for it. */
assay_status multiblock_bilevel_check_hessian(const multiblock_bilevel_options *options, size_t block, const double *h,
                                              size_t n);

/* Scales v to at most @p radius. */
void multiblock_bilevel_to_ball(double *v, size_t n, double radius);

/* The middle of an iteration of the baselines: everything up to gradient and gradient_before, and s. */
assay_status multiblock_bilevel_rsvrb(multiblock_bilevel_state *state);
assay_status multiblock_bilevel_stocbio(multiblock_bilevel_state *state);
assay_status multiblock_bilevel_neumann(multiblock_bilevel_state *state); /* MRBO and SUSTAIN */

/* ---- The loop that all runs share ---- */

/* A run seen from the loop. */
typedef struct multiblock_bilevel_runner {
    void *self;
    assay_status (*step)(void *self);                         /* one iteration; x and y as before if it fails */
    assay_status (*settle)(void *self, double *x, double *y); /* copies the iterate out; null y: only x */
    const multiblock_bilevel_counters *counters;
} multiblock_bilevel_runner;

assay_status multiblock_bilevel_loop(const multiblock_bilevel_problem *problem,
                                     const multiblock_bilevel_options *options, const multiblock_bilevel_runner *runner,
                                     double *x, double *y, multiblock_bilevel_trace *trace);

/* ---- Families, as the reference makes them ---- */

assay_status multiblock_bilevel_reference_make_quadratic(const multiblock_bilevel_quadratic *sizes, uint64_t seed,
                                                         multiblock_bilevel_instance *instance);

assay_status multiblock_bilevel_reference_make_weights(const multiblock_bilevel_examples *training,
                                                       const multiblock_bilevel_examples *validation, size_t blocks,
                                                       const double *temperatures, double lambda,
                                                       multiblock_bilevel_instance *instance);

/* Examples, each row (of features numbers) times its label, so that a margin is row.y / s. */
typedef struct multiblock_bilevel_rows {
    size_t count;
    double *rows;
} multiblock_bilevel_rows;

/* The data of the weights of training examples. */
typedef struct multiblock_bilevel_weights_data {
    multiblock_bilevel_rows training, validation;
    size_t features;
    double lambda;
    double *temperatures;
    size_t *training_counts, *validation_counts;
} multiblock_bilevel_weights_data;

/* The data of a quadratic problem. */
typedef struct multiblock_bilevel_quadratic_data {
    multiblock_bilevel_quadratic sizes;
    size_t *counts;         /* m: samples of each block, the same for both levels */
    double *a, *c, *b;      /* m x n x dy, m x n x dx, m x n */
    double *p, *q;          /* m x n x dy, m x n */
    double *solution;       /* m x dy x (dx + 1): y_i(x) = solution (x, 1) */
    double *normal, *right; /* dx x dx and dx: grad F(x) = normal x - right */
} multiblock_bilevel_quadratic_data;

#endif
