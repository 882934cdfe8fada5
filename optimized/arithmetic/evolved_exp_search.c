/*
 * The search with block evaluation and the children of a round on all threads.
 */
#include "assay/cpu.h"
#include "assay/threads.h"
#include "optimized/arithmetic/evolved_exp_blocks_type.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

evolved_exp_evaluator *evolved_exp_evaluator_in_force(void)
{
    switch (assay_cpu_level()) {
#if defined(__x86_64__)
    case ASSAY_AVX512: return evolved_exp_block_error_avx512;
#endif
    case ASSAY_AVX2: return evolved_exp_block_error_avx2;
    case ASSAY_BASELINE: return evolved_exp_block_error_baseline;
    default: return evolved_exp_reference_error;
    }
}

/* Children take very different times, so threads take the next one as they get free. */
static void side_by_side(size_t n, void (*body)(void *self, size_t i), void *self)
{
    const int threads = assay_threads();
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i++)
        body(self, i);
}

assay_status evolved_exp_search_run(evolved_exp_search *search, uint64_t candidates)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return evolved_exp_reference_search_run(search, candidates);
    return evolved_exp_search_drive(search, candidates, evolved_exp_evaluator_in_force(), side_by_side);
}

assay_status evolved_exp_measure(const evolved_exp_problem *problem, const evolved_exp_program *program, size_t points,
                                 double *error)
{
    if (!error)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "error is null");
    assay_status status = evolved_exp_check(program);
    if (status == ASSAY_OK)
        status = evolved_exp_problem_check(problem);
    evolved_exp_points prepared;
    if (status == ASSAY_OK)
        status = evolved_exp_points_create(problem, points, &prepared);
    if (status != ASSAY_OK)
        return status;
    *error = evolved_exp_evaluator_in_force()(program, &prepared);
    evolved_exp_points_release(&prepared);
    return ASSAY_OK;
}
