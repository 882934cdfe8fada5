/* What the files of the optimized multiblock_bilevel share. */
#ifndef ASSAY_MULTIBLOCK_BILEVEL_LAZY_H
#define ASSAY_MULTIBLOCK_BILEVEL_LAZY_H

#include "reference/bilevel/multiblock_bilevel_reference.h"

/* What a sampled block needs of its own; pairs are now and before. */
typedef struct multiblock_bilevel_slot {
    multiblock_bilevel_point lower[2], upper[2];
    size_t *lower_samples, *upper_samples;
    double *first[2], *second[2], *direction[2]; /* dy each */
    double *matrix[2];                           /* dy x dy each; version 1 */
    double *gradient[2];                         /* dx each; null with x_per_sample */
    double *gradient_y[2], *cross[2];            /* dy, and one for each sample; null without lower_pass_pair */
    assay_status status;
    char detail[160];
} multiblock_bilevel_slot;

typedef struct multiblock_bilevel_lazy {
    multiblock_bilevel_state *state; /* its arrays hold block i as it is at settled[i] */
    const multiblock_bilevel_problem *problem;
    multiblock_bilevel_options options;
    size_t *settled;                /* m: the iteration that y_i and v_i are at */
    size_t *updated;                /* m: one more than the iteration that last updated H_i; 0: none */
    size_t *settled_x;              /* dx, with x_per_sample: the iteration that x_j and z_j are at; else null */
    multiblock_bilevel_slot *slots; /* I */
    double *numbers;
    size_t *indices;
} multiblock_bilevel_lazy;

/* Brings block i, and number j of x, up to the state's iteration. */
void multiblock_bilevel_catch_up_block(const multiblock_bilevel_lazy *f, size_t i);
void multiblock_bilevel_catch_up_number(const multiblock_bilevel_lazy *f, size_t j);

/* A sampled block's estimates and directions, and its share of the gradients where it has room of its own. */
assay_status multiblock_bilevel_visit(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s);

/* Adds (1/I) [df/dx - (d2g/dx dy) direction] at both times. */
void multiblock_bilevel_add_shares(const multiblock_bilevel_lazy *f, const multiblock_bilevel_slot *s,
                                   double *const gradient[2]);

#endif
