/* What the optimized files of sinkhorn_newton share. */
#ifndef ASSAY_SINKHORN_NEWTON_TRUNCATED_H
#define ASSAY_SINKHORN_NEWTON_TRUNCATED_H

#include "optimized/transport/sinkhorn_newton_kernels.h"
#include "reference/transport/sinkhorn_newton_reference.h"

/*
 * The plan without the entries that are too small to count.
 *
 * At large eta most of P is nothing. Around an origin (potentials X, Y in units of 1/eta) the entries whose exponent is
 * above -(depth + margin) are listed; at any potentials that are above the origin's by a and b at most, a + b <=
 * margin, those that are not listed are below exp(-depth). depth is such that n or m of these together are below a
 * relative 1e-15 of the least sum that a sweep may see: after an update of y each column is c, none was more than the
 * sum of all before, hence P_ij was multiplied by c_j / sum at least, and rows that were r have r_i min(c) / sum or
 * more. The same holds for columns after an update of x; but not in the first sweep, which is made in the log domain.
 *
 * A row is a list of columns, or, if more than a third of the columns between its first and last count, a span of all
 * of them, which needs no indices. Rows are cut into blocks by n alone; a block adds to column sums of its own, which
 * are added in order: the same bits for any number of threads.
 */
typedef struct truncated_row {
    size_t offset;  /* into its block's arrays */
    uint32_t count; /* a multiple of SINKHORN_NEWTON_PAD */
    uint32_t first; /* column of a span's first entry; TRUNCATED_LIST for a list */
} truncated_row;

#define TRUNCATED_LIST UINT32_MAX

typedef struct truncated_block {
    size_t capacity, used;
    uint32_t *column;
    double *exponent; /* eta C + 1 */
    double *value;    /* P at the potentials of the last evaluation */
} truncated_block;

typedef struct truncated_plan {
    const sinkhorn_newton_problem *problem;
    const sinkhorn_newton_kernels *kernels;
    size_t block_rows, blocks, stride; /* stride: m and the padding */
    double depth;
    double *origin_x, *origin_y; /* n, m */
    bool made;
    size_t entries; /* listed, padding included */
    truncated_row *rows;
    truncated_block *block;
    double *sums; /* blocks x stride */
    double exponentials, scanned, multiply_adds;
} truncated_plan;

assay_status truncated_allocate(const sinkhorn_newton_problem *problem, truncated_plan *plan);
void truncated_release(truncated_plan *plan);

/* Lists the entries around (x, y), which becomes the origin. */
assay_status truncated_list(truncated_plan *plan, const double *x, const double *y);

/* P at (x, y) with its marginals and its sum, listed anew if the list does not reach so far. */
assay_status truncated_evaluate(truncated_plan *plan, const double *x, const double *y, double *rows, double *columns,
                                double *total);

/* How far potentials may rise above the origin's before entries must be listed anew. */
#define TRUNCATED_MARGIN 12.0

/* First row of a block; n for the one after the last. */
size_t truncated_first_row(const truncated_plan *plan, size_t block);

/* Adds the blocks' column sums in order. */
void truncated_add_blocks(const truncated_plan *plan, double *columns);

/* Threads worth while for so many elementary operations, some of them exponentials. */
int truncated_threads(double operations);

/* Sweeps from (x, y) in units of 1/eta: at most limit, or until the error is at most tolerance. */
assay_status truncated_sweep(truncated_plan *plan, sinkhorn_newton_call *call, size_t limit, double tolerance,
                             double *x, double *y);

/* logs[i] = log sum_j exp(y_j - eta C_ij - 1), over all entries. */
void truncated_row_logs(truncated_plan *plan, const double *y, double *logs);

/* The columns' half of a sweep over all entries, in the log domain. */
assay_status truncated_update_columns(truncated_plan *plan, const double *x, double *y);

/* A system M d = g with the sparsified Hessian; what is kept from step to step. */
typedef struct sparse_newton {
    sinkhorn_newton_options options;
    sinkhorn_newton_progress progress;
    size_t capacity, kept, failures;
    uint32_t *row_begin, *column_begin; /* n + 1, m + 1 */
    uint32_t *columns, *rows;           /* of the kept entries by rows; by columns */
    double *by_rows, *by_columns;       /* their values */
    double *work;                       /* 2 n + 6 m */
    size_t *bin_count;
    double *bin_mass;
} sparse_newton;

assay_status sparse_newton_allocate(const sinkhorn_newton_problem *problem, const sinkhorn_newton_options *options,
                                    sparse_newton *system);
void sparse_newton_release(sparse_newton *system);

/* Finds the kept entries of the values that plan was last evaluated at; total is their sum. */
assay_status sparse_newton_keep(sparse_newton *system, const truncated_plan *plan, double total);

/* The direction d (n + m, in units of 1/eta) at the potentials that plan was last evaluated at. */
assay_status sparse_newton_direction(sparse_newton *system, truncated_plan *plan, sinkhorn_newton_call *call,
                                     const double *marginals, const double *gradient, double error, double total,
                                     double *d, sinkhorn_newton_iteration *iteration);

/* P at (x, y) in units of 1/eta, all entries. */
assay_status truncated_whole_plan(const truncated_plan *plan, const double *x, const double *y, double *out);

#endif
