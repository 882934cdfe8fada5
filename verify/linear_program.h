/*
 * Linear and mixed-integer programs, solved by GLPK: truth for what an optimum is to be held against.
 *
 *     maximise or minimise   c x   subject to   low_i <= A_i x <= high_i   and   low_j <= x_j <= high_j
 *
 * with any bound infinite, and some x_j integer. Columns are free and cost nothing until told otherwise. GLPK ends the
 * process on bad input; everything is therefore looked at here first. Nothing is printed.
 */
#ifndef VERIFY_LINEAR_PROGRAM_H
#define VERIFY_LINEAR_PROGRAM_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A program. */
typedef struct linear_program linear_program;

typedef enum linear_program_sense { LINEAR_PROGRAM_MINIMISE, LINEAR_PROGRAM_MAXIMISE } linear_program_sense;

/* How it is solved. */
typedef enum linear_program_method {
    LINEAR_PROGRAM_SIMPLEX, /* in double precision, feasible and optimal within 1e-9, scaled to the data; integrality is
                             * ignored */
    LINEAR_PROGRAM_EXACT,   /* in rational arithmetic on the data as they are, result rounded to double; slow */
    LINEAR_PROGRAM_INTEGER  /* branch and bound on the simplex method's relaxations, without a gap */
} linear_program_method;

/* What came of it. */
typedef enum linear_program_outcome {
    LINEAR_PROGRAM_OPTIMAL,
    LINEAR_PROGRAM_INFEASIBLE,
    LINEAR_PROGRAM_UNBOUNDED, /* INTEGER: the relaxation is */
    LINEAR_PROGRAM_LIMIT      /* the time was over before anything was proved */
} linear_program_outcome;

/* "optimal", "infeasible", "unbounded", "limit". */
const char *linear_program_outcome_name(linear_program_outcome outcome);

/* Makes a program of @p columns >= 1 variables and no rows. Release it with linear_program_release(). */
assay_status linear_program_create(size_t columns, linear_program_sense sense, linear_program **program);

/* Releases a program; null is fine. */
void linear_program_release(linear_program *program);

/* low <= x[column] <= high, either of them infinite; low > high is refused. */
assay_status linear_program_bound(linear_program *program, size_t column, double low, double high);

/* The finite cost of one unit of x[column]. */
assay_status linear_program_cost(linear_program *program, size_t column, double cost);

/* x[column] must be an integer. */
assay_status linear_program_integer(linear_program *program, size_t column);

/* Adds the row low <= sum_k values[k] x[columns[k]] <= high. Every column at most once, values finite, zeros are left
 * out. */
assay_status linear_program_row(linear_program *program, size_t count, const size_t *columns, const double *values,
                                double low, double high);

/* Takes the last @p count rows away again. */
assay_status linear_program_drop_rows(linear_program *program, size_t count);

/* Solves it within @p seconds (0: no limit). ASSAY_NOT_CONVERGED if GLPK gives up for numerical reasons. May be called
 * again after changes, and then begins at the last basis. */
assay_status linear_program_solve(linear_program *program, linear_program_method method, double seconds,
                                  linear_program_outcome *outcome);

/* After OPTIMAL: the value of the goal, x[column], and (not after INTEGER) the change of the goal for each unit that
 * row @p row, counted from 0, is shifted by. NaN otherwise. */
double linear_program_value(const linear_program *program);
double linear_program_variable(const linear_program *program, size_t column);
double linear_program_dual(const linear_program *program, size_t row);

#endif
