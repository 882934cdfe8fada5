/* Baseline: Newton's method with the whole Hessian of the augmented potential f - (w/2) (sum x - sum y)^2. */
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <string.h>

/* Solves (M + w v v^T) d = g, v = (1_n, -1_m), w the mean of P 1 over n + m. v spans the kernel of M and g is
 * orthogonal to it, hence so is d. context: (n + m)^2 numbers. */
static assay_status dense_direction(void *context, sinkhorn_newton_call *call, const sinkhorn_newton_point *at,
                                    double *d, sinkhorn_newton_iteration *iteration)
{
    const sinkhorn_newton_problem *p = call->problem;
    const size_t n = p->n, unknowns = n + p->m;
    double *hessian = context, mean = 0;
    (void)iteration;
    for (size_t i = 0; i < n; i++)
        mean += at->rows[i] / (double)n;
    const double weight = mean / (double)unknowns;
    for (size_t k = 0; k < unknowns; k++) {
        for (size_t l = 0; l <= k; l++)
            hessian[k * unknowns + l] = k < n || l >= n ? weight : at->plan[l * p->m + k - n] - weight;
        hessian[k * unknowns + k] += k < n ? at->rows[k] : at->columns[k - n];
    }
    memcpy(d, at->gradient, unknowns * sizeof *d);
    call->solution->factorisations++;
    call->solution->multiply_adds += (double)unknowns * (double)unknowns * ((double)unknowns / 6 + 1);
    if (!sinkhorn_newton_cholesky(hessian, unknowns, d)) /* to rounding; the line search will refuse this */
        memset(d, 0, unknowns * sizeof *d);
    for (size_t k = 0; k < unknowns; k++)
        d[k] /= p->eta;
    return ASSAY_OK;
}

assay_status sinkhorn_newton_reference_solve_dense(const sinkhorn_newton_problem *problem,
                                                   const sinkhorn_newton_options *options,
                                                   sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, false);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    const size_t unknowns = problem->n + problem->m;
    size_t bytes;
    if (__builtin_mul_overflow(unknowns, unknowns * sizeof(double), &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "a matrix of n + m = %zu rows does not fit in memory", unknowns);
    double *hessian = assay_allocate(bytes, 1);
    status = hessian ? sinkhorn_newton_ascend(problem, options, solution, dense_direction, hessian) : ASSAY_NO_MEMORY;
    assay_release(hessian);
    return status;
}
