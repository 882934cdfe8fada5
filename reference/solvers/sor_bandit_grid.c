/* The 5-point grid as a matrix, and the solvers on it. */
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <string.h>

assay_status sor_bandit_grid_matrix(const sor_bandit_grid *grid, assay_csr *a)
{
    assay_status status = sor_bandit_check_grid(grid);
    if (status == ASSAY_OK && !a)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "a is null");
    if (status != ASSAY_OK)
        return status;
    const size_t rows = grid->rows, columns = grid->columns, n = rows * columns;
    assay_csr made = {n, n};
    made.starts = assay_allocate(n + 1, sizeof *made.starts);
    made.indices = assay_allocate(5 * n, sizeof *made.indices);
    made.values = assay_allocate(5 * n, sizeof *made.values);
    if (!made.starts || !made.indices || !made.values) {
        assay_csr_release(&made);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the matrix of %zu points", n);
    }
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t row = i / columns, column = i % columns;
        const bool has[] = {row > 0, column > 0, true, column + 1 < columns, row + 1 < rows};
        const size_t at[] = {i - columns, i - 1, i, i + 1, i + columns};
        for (size_t k = 0; k < 5; k++)
            if (has[k]) {
                made.indices[count] = (uint32_t)at[k];
                made.values[count++] = k == 2 ? grid->diagonal : -grid->neighbour;
            }
        made.starts[i + 1] = count;
    }
    *a = made;
    return ASSAY_OK;
}

assay_status sor_bandit_reference_grid_sor(const sor_bandit_grid *grid, const double *b, double omega,
                                           const sor_bandit_goal *goal, double *x, sor_bandit_report *report)
{
    assay_csr a;
    assay_status status = sor_bandit_grid_matrix(grid, &a);
    if (status != ASSAY_OK)
        return status;
    status = sor_bandit_reference_sor(&a, b, omega, goal, x, report);
    assay_csr_release(&a);
    return status;
}

assay_status sor_bandit_reference_grid_gradients(const sor_bandit_grid *grid, const double *b, double omega,
                                                 const sor_bandit_goal *goal, double *x, sor_bandit_report *report)
{
    assay_csr a;
    assay_status status = sor_bandit_grid_matrix(grid, &a);
    if (status != ASSAY_OK)
        return status;
    status = sor_bandit_reference_gradients(&a, b, omega, goal, x, report);
    assay_csr_release(&a);
    return status;
}

assay_status sor_bandit_reference_grid_counts(const sor_bandit_grid *grid, const sor_bandit_problem *problems,
                                              size_t count, const sor_bandit_goal *goal, uint32_t *iterations)
{
    assay_status status = sor_bandit_check_problems(grid, problems, count, iterations);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status != ASSAY_OK)
        return status;
    double *x = assay_allocate(grid->rows * grid->columns, sizeof *x);
    uint32_t *made = assay_allocate(count, sizeof *made);
    if (!x || !made)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu problems", count);
    for (size_t k = 0; status == ASSAY_OK && k < count; k++) {
        sor_bandit_grid own = *grid;
        own.diagonal = problems[k].diagonal;
        sor_bandit_report report = {0};
        memset(x, 0, grid->rows * grid->columns * sizeof *x);
        status = sor_bandit_reference_grid_sor(&own, problems[k].b, problems[k].omega, goal, x, &report);
        if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
            made[k] = (uint32_t)report.iterations;
            status = ASSAY_OK;
        }
    }
    if (status == ASSAY_OK && count > 0)
        memcpy(iterations, made, count * sizeof *made);
    assay_release(x);
    assay_release(made);
    return status;
}
