/* The choice of kernels, what jobs have in common, and the exact gradients: blocks over threads. */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/attention/lora_gradient_kernels.h"

#include <omp.h>
#include <string.h>

const lora_kernels *lora_kernels_in_force(bool single)
{
    switch (assay_cpu_level()) {
    case ASSAY_REFERENCE: return NULL;
    case ASSAY_BASELINE: return single ? &lora_kernels_baseline_f32 : &lora_kernels_baseline;
    case ASSAY_AVX2: return single ? &lora_kernels_avx2_f32 : &lora_kernels_avx2;
    case ASSAY_AVX512: break;
    }
#if defined(__x86_64__)
    return single ? &lora_kernels_avx512_f32 : &lora_kernels_avx512;
#else
    return single ? &lora_kernels_avx2_f32 : &lora_kernels_avx2;
#endif
}

void *lora_allocate(const lora_job *job, size_t count, size_t each)
{
    size_t numbers;
    if (__builtin_mul_overflow(count, each, &numbers)) {
        assay_fail(ASSAY_NO_MEMORY, "%zu times %zu numbers do not fit in size_t", count, each);
        return NULL;
    }
    return assay_allocate(numbers, job->view->element);
}

/* ---- Jobs ----------------------------------------------------------------------------------------------------- */

assay_status lora_begin_job(const lora_view *view, lora_gradient_mode mode, size_t partial, lora_job *job)
{
    const size_t d = view->width, adapter = d * view->rank;
    *job = (lora_job){.view = view,
                      .mode = mode,
                      .length = view->length,
                      .width = d,
                      .rank = view->rank,
                      .blocks = (view->length + LORA_BLOCK - 1) / LORA_BLOCK,
                      .same = view->tokens[LORA_KEY] == view->tokens[LORA_VALUE],
                      .beta = view->beta,
                      .partial = partial};
    size_t numbers;
    if (__builtin_mul_overflow(job->blocks, partial, &numbers) ||
        __builtin_add_overflow(numbers, LORA_PARTS * (d * d + 2 * adapter) + d * d + adapter, &numbers))
        return assay_fail(ASSAY_NO_MEMORY, "length %zu with width %zu does not fit in size_t", view->length, d);
    double *next = assay_allocate(numbers, sizeof *next);
    if (!next)
        return ASSAY_NO_MEMORY;
    job->partials = next;
    next += job->blocks * partial;
    for (int m = 0; m < LORA_PARTS; m++, next += d * d) {
        job->weight[m] = next;
        lora_effective_weight(view, m, next);
    }
    for (int m = 0; m < LORA_PARTS; m++, next += 2 * adapter) {
        job->adapter_a[m] = view->a[m] ? next : NULL;
        job->adapter_b[m] = view->a[m] ? next + adapter : NULL;
        for (size_t i = 0; view->a[m] && i < adapter; i++) {
            next[i] = lora_number(view, view->a[m], i);
            next[adapter + i] = lora_number(view, view->b[m], i);
        }
    }
    job->spare = next;
    return ASSAY_OK;
}

void lora_release_job(lora_job *job)
{
    assay_release(job->partials);
    assay_release(job->keys);
    assay_release(job->moments);
    assay_release(job->mean);
    assay_release(job->table);
    assay_release(job->table_back);
}

int lora_threads(const lora_job *job, size_t blocks)
{
    const size_t useful = job->blocks / blocks;
    const int threads = assay_threads();
    return useful <= 1 ? 1 : useful < (size_t)threads ? (int)useful : threads;
}

void lora_reduce(const lora_job *job)
{
    for (size_t block = 1; block < job->blocks; block++) {
        for (size_t i = 0; i < job->partial; i++)
            job->partials[i] += job->partials[block * job->partial + i];
    }
}

/* ---- Results -------------------------------------------------------------------------------------------------- */

void lora_store(const lora_view *view, const double *from, double factor, size_t n, void *to)
{
    for (size_t i = 0; i < n; i++) {
        if (view->element == sizeof(double))
            ((double *)to)[i] = factor * from[i];
        else
            ((float *)to)[i] = (float)(factor * from[i]);
    }
}

/* C (m x n) = A B, with A given by strides so that it may be a transpose; B is k x n by strides too. */
static void multiply(size_t m, size_t n, size_t k, const double *a, size_t a_row, size_t a_column, const double *b,
                     size_t b_row, size_t b_column, double *c)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t t = 0; t < k; t++)
                sum += a[i * a_row + t * a_column] * b[t * b_row + j * b_column];
            c[i * n + j] = sum;
        }
    }
}

void lora_hand_over_moments(const lora_job *job)
{
    const lora_view *view = job->view;
    const size_t d = job->width, r = job->rank;
    const double *h = job->partials + 1, *n = h + d * d;
    double *dw = job->spare, *thin = dw + d * d;
    for (int m = 0; m < LORA_PARTS; m++) {
        if (!lora_trains(job->mode, m))
            continue;
        if (m == LORA_QUERY)
            multiply(d, d, d, h, d, 1, job->weight[LORA_KEY], d, 1, dw);
        else if (m == LORA_KEY)
            multiply(d, d, d, h, 1, d, job->weight[LORA_QUERY], d, 1, dw);
        else
            memcpy(dw, n, d * d * sizeof *dw);
        const double factor = lora_scale(view) * (m == LORA_VALUE ? 1 : view->beta);
        multiply(d, r, d, dw, d, 1, job->adapter_a[m], 1, d, thin); /* dW A^T */
        lora_store(view, thin, factor, d * r, view->grad_b[m]);
        multiply(r, d, d, job->adapter_b[m], 1, r, dw, d, 1, thin); /* B^T dW */
        lora_store(view, thin, factor, d * r, view->grad_a[m]);
    }
    *view->loss = job->partials[0];
}

/* ---- Exact ---------------------------------------------------------------------------------------------------- */

/* Operations for a pair of tokens besides those that one and two passes share: the pairs' moments, against scores, an
 * exponential (of which loads hide a part), q, p and p X2 again; measured equal at d = 8. */
static bool one_pass_is_cheaper(size_t d, bool same)
{
    const size_t pairs = same ? d * (d + 1) / 2 : d * d + d;
    return pairs <= 3 * d + 12;
}

static assay_status allocate_exact(lora_job *job)
{
    const size_t d = job->width;
    job->one_pass = one_pass_is_cheaper(d, job->same);
    job->columns = job->one_pass ? lora_moment_columns(d, job->same) - 1 : d;
    job->keys = lora_allocate(job, job->length, d);
    if (job->one_pass)
        job->moments = lora_allocate(job, job->length, job->columns);
    return job->keys && (job->moments || !job->one_pass) ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* Blocks for each thread below which starting it costs more than it saves. */
enum { EXACT_BLOCKS = 2 };

/* Both steps for all blocks, each thread with memory of its own. */
static assay_status run_exact(const lora_kernels *kernels, const lora_job *job)
{
    const size_t numbers = kernels->scratch(job);
    const int threads = lora_threads(job, EXACT_BLOCKS);
    double *scratch = assay_allocate((size_t)threads * numbers, sizeof *scratch);
    if (!scratch)
        return ASSAY_NO_MEMORY;
#pragma omp parallel num_threads(threads)
    {
        double *mine = scratch + (size_t)omp_get_thread_num() * numbers;
#pragma omp for schedule(static)
        for (size_t block = 0; block < job->blocks; block++)
            kernels->prepare(job, block, mine);
#pragma omp for schedule(static)
        for (size_t block = 0; block < job->blocks; block++)
            kernels->exact(job, block, mine);
    }
    assay_release(scratch);
    return ASSAY_OK;
}

assay_status lora_run_exact(const lora_kernels *kernels, const lora_view *view, lora_gradient_mode mode)
{
    lora_job job;
    assay_status status = lora_check(view, mode);
    if (status == ASSAY_OK)
        status = lora_begin_job(view, mode, lora_partial_moments(view->width), &job);
    if (status != ASSAY_OK)
        return status;
    job.output = view->output;
    status = allocate_exact(&job);
    if (status == ASSAY_OK)
        status = run_exact(kernels, &job);
    if (status == ASSAY_OK) {
        lora_reduce(&job);
        lora_hand_over_moments(&job);
    }
    lora_release_job(&job);
    return status;
}

assay_status lora_gradient_exact(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                 lora_gradient_result *result)
{
    const lora_kernels *kernels = lora_kernels_in_force(false);
    lora_view view;
    if (!kernels)
        return lora_gradient_reference_exact(problem, mode, result);
    const assay_status status = lora_view_of(problem, result, &view);
    return status ? status : lora_run_exact(kernels, &view, mode);
}

assay_status lora_gradient_exact_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                     lora_gradient_result_f32 *result)
{
    const lora_kernels *kernels = lora_kernels_in_force(true);
    lora_view view;
    if (!kernels)
        return lora_gradient_reference_exact_f32(problem, mode, result);
    const assay_status status = lora_view_of_f32(problem, result, &view);
    return status ? status : lora_run_exact(kernels, &view, mode);
}
