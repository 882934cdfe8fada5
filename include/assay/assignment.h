/**
 * @file assignment.h
 * The linear sum assignment problem: each of n rows gets a column of its own such that the sum of costs is least.
 */
#ifndef ASSAY_ASSIGNMENT_H
#define ASSAY_ASSIGNMENT_H

#include "assay/status.h"

#include <stddef.h>

ASSAY_BEGIN_DECLARATIONS

/**
 * Minimises the sum of cost[i * columns + column_of[i]] over all ways to give @p rows rows different columns,
 * 1 <= rows <= columns, by shortest augmenting paths (Jonker and Volgenant 1987) in O(rows^2 columns). To maximise,
 * negate the costs, which must be finite.
 *
 * @p row_dual (rows numbers) and @p column_dual (columns numbers) prove that it is least: row_dual[i] + column_dual[j]
 * <= cost[i][j], with equality where i has j, column_dual[j] <= 0, and 0 where j has no row; the sum of all duals is
 * the least sum of costs. All of it exact if the costs are integers of at most 2^50 / rows in size, else
 * up to rounding: 16 rows^2 2^-53 times the largest size of a cost. Any of @p row_dual, @p column_dual and @p total
 * (the least sum) may be null. Ties are broken by the lowest column. Outputs are untouched when the call fails and
 * overlap nothing.
 */
assay_status assay_assignment_solve(size_t rows, size_t columns, const double *cost, size_t *column_of,
                                    double *row_dual, double *column_dual, double *total);

ASSAY_END_DECLARATIONS

#endif
