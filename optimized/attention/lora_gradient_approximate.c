/* The approximate gradients: the passes over blocks of tokens (see lora_gradient_approximate_body.h), sums over tokens
 * by a fixed division into chunks, so that they are the same for any number of threads. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/attention/lora_gradient_kernels.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

/* Blocks for each thread below which starting it costs more than it saves. */
enum { APPROXIMATE_BLOCKS = 8 };

/* An approximation in progress. */
typedef struct approximation {
    const lora_kernels *kernels;
    lora_job job;
    lora_features features;
    lora_gradient_info info;
    double *scratch; /* [threads][scratch_numbers] */
    size_t scratch_numbers;
    int threads;
    size_t chunks;
    double *sums;      /* [chunks][features][stride] over keys */
    double *sums_back; /* [chunks][features][stride_back] over queries */
    void *output;      /* O, until it is known that nothing fails */
} approximation;

static double *scratch_of_thread(const approximation *x)
{
    return x->scratch + (size_t)omp_get_thread_num() * x->scratch_numbers;
}

/* ---- Range ---------------------------------------------------------------------------------------------------- */

/* The mean of the rows of K = X2 W'_K is that of the rows of X2, projected. */
static void set_mean(approximation *x, const double *sums)
{
    lora_job *job = &x->job;
    const size_t d = job->width;
    for (size_t t = 0; t < d; t++) {
        double mean = 0;
        for (size_t s = 0; s < d; s++)
            mean += sums[s] / (double)job->length * job->weight[LORA_KEY][s * d + t];
        job->mean[t] = mean;
    }
}

static void sum_tokens(approximation *x, double *sums)
{
    const size_t d = x->job.width;
#pragma omp parallel for num_threads(x->threads) schedule(static)
    for (size_t block = 0; block < x->job.blocks; block++)
        x->kernels->sum_tokens(&x->job, block, sums + block * d);
    for (size_t block = 1; block < x->job.blocks; block++) {
        for (size_t t = 0; t < d; t++)
            sums[t] += sums[block * d + t];
    }
}

/* Largest |Q_i|, |K_j| and |V_jt|. */
static void measure(approximation *x, double *squares, double largest[LORA_PARTS])
{
#pragma omp parallel for num_threads(x->threads) schedule(static)
    for (size_t block = 0; block < x->job.blocks; block++)
        x->kernels->measure(&x->job, block, scratch_of_thread(x), squares + block * LORA_PARTS);
    for (int m = 0; m < LORA_PARTS; m++) {
        largest[m] = 0;
        for (size_t block = 0; block < x->job.blocks; block++)
            largest[m] = fmax(largest[m], squares[block * LORA_PARTS + (size_t)m]);
    }
    largest[LORA_QUERY] = sqrt(largest[LORA_QUERY]);
    largest[LORA_KEY] = sqrt(largest[LORA_KEY]);
}

static assay_status set_threads(approximation *x)
{
    const size_t numbers = x->kernels->scratch(&x->job);
    assay_release(x->scratch);
    x->threads = lora_threads(&x->job, APPROXIMATE_BLOCKS);
    x->scratch_numbers = numbers;
    x->scratch = assay_allocate((size_t)x->threads * numbers, sizeof *x->scratch);
    return x->scratch ? ASSAY_OK : ASSAY_NO_MEMORY;
}

/* The mean of K, the range, and from them degree and features. */
static assay_status plan(approximation *x, const lora_gradient_options *options)
{
    lora_job *job = &x->job;
    const size_t d = job->width, each = d > LORA_PARTS ? d : LORA_PARTS;
    double largest[LORA_PARTS];
    double *by_block = assay_allocate(job->blocks * each, sizeof *by_block);
    job->mean = assay_allocate(d, sizeof *job->mean);
    assay_status status = by_block && job->mean ? set_threads(x) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        if (options->center) {
            sum_tokens(x, by_block);
            set_mean(x, by_block);
        }
        measure(x, by_block, largest);
        const double unit = job->view->element == sizeof(double) ? DBL_EPSILON / 2 : FLT_EPSILON / 2;
        status = lora_plan(options, d, job->beta * largest[LORA_QUERY] * largest[LORA_KEY], largest[LORA_VALUE], unit,
                           &x->info, &x->features);
    }
    assay_release(by_block);
    return status;
}

/* ---- Shapes --------------------------------------------------------------------------------------------------- */

static size_t round_up(size_t columns, size_t lanes)
{
    return (columns + lanes - 1) / lanes * lanes;
}

/* Columns, and which of the two ways. */
static void choose_chain(approximation *x, lora_gradient_chain chain)
{
    lora_job *job = &x->job;
    const size_t d = job->width, r = job->rank, scores = job->mode == LORA_GRADIENT_FULL ? 2 : 1;
    const size_t moments = lora_moment_columns(d, job->same);
    const size_t back = scores * (r * d + r) + r, keys = 1 + d + back;
    job->features = &x->features;
    job->chained = chain == LORA_GRADIENT_CHAINED || (chain == LORA_GRADIENT_CHEAPER && keys + back < moments);
    job->trained_scores = scores;
    job->columns = job->chained ? keys : moments;
    job->columns_back = job->chained ? back : 0;
    job->stride = round_up(job->columns, x->kernels->lanes);
    job->stride_back = round_up(job->columns_back, x->kernels->lanes);
    job->partial = job->chained ? 1 + 2 * (scores + 1) * d * r : lora_partial_moments(d);
    x->info.chain = job->chained ? LORA_GRADIENT_CHAINED : LORA_GRADIENT_MOMENTS;
}

/* As many chunks as blocks, at most LORA_CHUNKS, fewer if sums are large. */
static size_t chunks_of(const approximation *x)
{
    const size_t numbers = x->features.count * (x->job.stride + x->job.stride_back), most = (size_t)1 << 22;
    size_t chunks = x->job.blocks < LORA_CHUNKS ? x->job.blocks : LORA_CHUNKS;
    while (chunks > 2 && chunks * numbers > most)
        chunks /= 2;
    return chunks;
}

static assay_status allocate_sums(approximation *x)
{
    lora_job *job = &x->job;
    const size_t k = x->features.count;
    size_t numbers, back;
    if (__builtin_mul_overflow(k, job->stride * LORA_CHUNKS, &numbers) ||
        __builtin_mul_overflow(k, job->stride_back * LORA_CHUNKS, &back))
        return assay_fail(ASSAY_NO_MEMORY, "%zu features of %zu columns do not fit in size_t", k, job->stride);
    x->chunks = chunks_of(x);
    x->sums = assay_allocate(x->chunks * k * job->stride, sizeof *x->sums);
    job->table = lora_allocate(job, k, job->stride);
    if (!x->sums || !job->table)
        return ASSAY_NO_MEMORY;
    if (job->chained) {
        x->sums_back = assay_allocate(x->chunks * k * job->stride_back, sizeof *x->sums_back);
        job->table_back = lora_allocate(job, k, job->stride_back);
        if (!x->sums_back || !job->table_back)
            return ASSAY_NO_MEMORY;
    }
    if (job->view->output) {
        x->output = job->output = lora_allocate(job, job->length, job->width);
        if (!x->output)
            return ASSAY_NO_MEMORY;
    }
    return set_threads(x);
}

/* ---- Passes --------------------------------------------------------------------------------------------------- */

/* Adds the chunks' sums up in their order, and makes the table that features are multiplied with. */
static void reduce_sums(const approximation *x, double *sums, size_t stride, void *table)
{
    const size_t numbers = x->features.count * stride;
    for (size_t chunk = 1; chunk < x->chunks; chunk++) {
        for (size_t i = 0; i < numbers; i++)
            sums[i] += sums[chunk * numbers + i];
    }
    x->kernels->tabulate(sums, x->features.weight, x->features.count, stride, table);
}

/* Sums over keys. */
static void pass_a(const approximation *x)
{
    const lora_job *job = &x->job;
    const size_t numbers = x->features.count * job->stride;
#pragma omp parallel for num_threads(x->threads) schedule(static)
    for (size_t chunk = 0; chunk < x->chunks; chunk++) {
        const size_t end = job->blocks * (chunk + 1) / x->chunks;
        for (size_t block = job->blocks * chunk / x->chunks; block < end; block++)
            x->kernels->gather(job, block, scratch_of_thread(x), x->sums + chunk * numbers);
    }
    reduce_sums(x, x->sums, job->stride, job->table);
}

/* Everything for the queries; fails with the first row whose sum is not positive. */
static assay_status pass_b(const approximation *x)
{
    const lora_job *job = &x->job;
    const size_t numbers = x->features.count * job->stride_back;
    size_t wrong[LORA_CHUNKS];
    double row_sum[LORA_CHUNKS] = {0};
#pragma omp parallel for num_threads(x->threads) schedule(static)
    for (size_t chunk = 0; chunk < x->chunks; chunk++) {
        const size_t end = job->blocks * (chunk + 1) / x->chunks;
        wrong[chunk] = SIZE_MAX;
        for (size_t block = job->blocks * chunk / x->chunks; block < end && wrong[chunk] == SIZE_MAX; block++) {
            double *sums = job->chained ? x->sums_back + chunk * numbers : NULL;
            const size_t row = x->kernels->query(job, block, scratch_of_thread(x), sums, &row_sum[chunk]);
            if (row < LORA_BLOCK)
                wrong[chunk] = block * LORA_BLOCK + row;
        }
    }
    for (size_t chunk = 0; chunk < x->chunks; chunk++) {
        if (wrong[chunk] != SIZE_MAX)
            return assay_fail(ASSAY_MISMATCH,
                              "the sum of row %zu of the polynomial of S is %g, must be positive: the "
                              "polynomial does not fit the range of S",
                              wrong[chunk], row_sum[chunk]);
    }
    return ASSAY_OK;
}

/* The keys again. */
static void pass_c(const approximation *x)
{
    const lora_job *job = &x->job;
    reduce_sums(x, x->sums_back, job->stride_back, job->table_back);
#pragma omp parallel for num_threads(x->threads) schedule(static)
    for (size_t block = 0; block < job->blocks; block++)
        x->kernels->answer(job, block, scratch_of_thread(x));
}

/* ---- Results -------------------------------------------------------------------------------------------------- */

/* The parts as lora_gradient_chain_body.h has them. */
static void hand_over_chain(const lora_job *job)
{
    const lora_view *view = job->view;
    const size_t each = job->width * job->rank;
    const double *part = job->partials + 1;
    const double s = lora_scale(view);
    lora_store(view, part, s * view->beta, each, view->grad_b[LORA_QUERY]);
    lora_store(view, part + each, s * view->beta, each, view->grad_a[LORA_QUERY]);
    part += 2 * each;
    if (job->trained_scores == 2) {
        lora_store(view, part, s * view->beta, each, view->grad_a[LORA_KEY]);
        lora_store(view, part + each, s * view->beta, each, view->grad_b[LORA_KEY]);
        part += 2 * each;
    }
    lora_store(view, part, s, each, view->grad_a[LORA_VALUE]);
    lora_store(view, part + each, s, each, view->grad_b[LORA_VALUE]);
    *view->loss = job->partials[0];
}

static void hand_over(const approximation *x)
{
    lora_reduce(&x->job);
    if (x->job.chained)
        hand_over_chain(&x->job);
    else
        lora_hand_over_moments(&x->job);
    if (x->output)
        memcpy(x->job.view->output, x->output, x->job.length * x->job.width * x->job.view->element);
}

/* For each token: projections (measured, and made again in each pass), features in each pass, the columns, the products
 * with the sums, and what is left to be done for a query. */
static double operations(const approximation *x)
{
    const lora_job *job = &x->job;
    const double d = (double)job->width, r = (double)job->rank, k = (double)x->features.count;
    const double passes = job->chained ? 3 : 2, columns = (double)(job->columns + job->columns_back);
    const double left = job->chained ? 2 * d * d + 12 * (double)(job->trained_scores + 1) * d * r
                                     : 10 * d * d + 2 * (double)job->columns;
    return (double)job->length * (2 * d * d * (3 + passes) + passes * k + columns + 4 * k * columns + left);
}

static void release(approximation *x)
{
    lora_release_job(&x->job);
    lora_release_features(&x->features);
    assay_release(x->scratch);
    assay_release(x->sums);
    assay_release(x->sums_back);
    assay_release(x->output);
}

static assay_status approximate(const lora_kernels *kernels, const lora_view *view, lora_gradient_mode mode,
                                const lora_gradient_options *options, lora_gradient_info *info)
{
    approximation x = {.kernels = kernels};
    const size_t d = view->width, chained = 1 + 6 * d * view->rank, moments = lora_partial_moments(d);
    assay_status status = lora_check(view, mode);
    if (status == ASSAY_OK)
        status = lora_check_options(options);
    if (status == ASSAY_OK)
        status = lora_begin_job(view, mode, chained > moments ? chained : moments, &x.job);
    if (status != ASSAY_OK)
        return status;
    status = plan(&x, options);
    if (status == ASSAY_NOT_CONVERGED && info)
        *info = x.info;
    if (status == ASSAY_OK) {
        choose_chain(&x, options->chain);
        status = allocate_sums(&x);
    }
    if (status == ASSAY_OK) {
        pass_a(&x);
        status = pass_b(&x);
    }
    if (status == ASSAY_OK) {
        if (x.job.chained)
            pass_c(&x);
        hand_over(&x);
        x.info.flops = operations(&x);
        if (info)
            *info = x.info;
    }
    release(&x);
    return status;
}

assay_status lora_gradient_approximate(const lora_gradient_problem *problem, lora_gradient_mode mode,
                                       const lora_gradient_options *options, lora_gradient_result *result,
                                       lora_gradient_info *info)
{
    const lora_kernels *kernels = lora_kernels_in_force(false);
    lora_view view;
    if (!kernels)
        return lora_gradient_reference_approximate(problem, mode, options, result, info);
    const assay_status status = lora_view_of(problem, result, &view);
    return status ? status : approximate(kernels, &view, mode, options, info);
}

assay_status lora_gradient_approximate_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                           const lora_gradient_options *options, lora_gradient_result_f32 *result,
                                           lora_gradient_info *info)
{
    const lora_kernels *kernels = lora_kernels_in_force(true);
    lora_view view;
    if (!kernels)
        return lora_gradient_reference_approximate_f32(problem, mode, options, result, info);
    const assay_status status = lora_view_of_f32(problem, result, &view);
    return status ? status : approximate(kernels, &view, mode, options, info);
}
