/* local_lipschitz: the choice of the level, bounds of all outputs together, and what follows from them. */
#include "assay/cpu.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/networks/local_lipschitz_plan.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Outputs that are worked on together. */
enum { GROUP = 2 * LIPSCHITZ_ROWS };

static void copy_result(const lipschitz_plan *plan, const lipschitz_output *output, size_t j,
                        const local_lipschitz_result *result)
{
    const lipschitz_chain *chain = plan->chain;
    const size_t inputs = chain->width[0];
    if (result->jacobian_low)
        memcpy(result->jacobian_low + j * inputs, output->g_low[0], inputs * sizeof(double));
    if (result->jacobian_high)
        memcpy(result->jacobian_high + j * inputs, output->g_high[0], inputs * sizeof(double));
    for (size_t q = 1; plan->all_g && q < chain->n; q++)
        for (size_t i = 0; i < chain->width[q]; i++) {
            const size_t to = j * chain->hidden + chain->offset[q] + plan->layer[q].order[i];
            if (result->g_low)
                result->g_low[to] = output->g_low[q][i];
            if (result->g_high)
                result->g_high[to] = output->g_high[q][i];
        }
}

/* Step 3 for all numbers of g_{k-1} of all outputs, panel by panel. */
static void bound_layer(const lipschitz_plan *plan, lipschitz_output *outputs, size_t count, size_t k,
                        lipschitz_workspace *workspaces)
{
    const size_t bounded = plan->layer[k - 1].bounded, panels = (bounded + LIPSCHITZ_ROWS - 1) / LIPSCHITZ_ROWS;
    const double work = (double)count * (double)bounded * lipschitz_bound_work(plan, k);
    const int for_panels = lipschitz_threads(work, count * panels), for_lines = lipschitz_threads(work, count);
#pragma omp parallel for num_threads(for_panels) schedule(dynamic) if (for_panels > 1)
    for (size_t task = 0; task < count * panels; task++) {
        const size_t first = task % panels * LIPSCHITZ_ROWS, left = bounded - first;
        lipschitz_bound_panel(plan, &outputs[task / panels], k, first, left < LIPSCHITZ_ROWS ? left : LIPSCHITZ_ROWS,
                              &workspaces[omp_get_thread_num()]);
    }
#pragma omp parallel for num_threads(for_lines) schedule(static) if (for_lines > 1)
    for (size_t j = 0; j < count; j++)
        lipschitz_output_lines(plan, k - 1, &outputs[j]);
}

/* Steps 3 to 5 for outputs @p from to @p from + count - 1 of those asked for, which begin at row @p first. */
static assay_status bound_group(const lipschitz_plan *plan, size_t first, size_t from, size_t count,
                                lipschitz_workspace *workspaces, double *row_values,
                                const local_lipschitz_result *result)
{
    lipschitz_output *outputs = calloc(count, sizeof *outputs), *addresses[GROUP];
    assay_status status = outputs ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu outputs", count);
    for (size_t j = 0; status == ASSAY_OK && j < count; j++) {
        addresses[j] = &outputs[j];
        status = lipschitz_output_create(plan, &outputs[j]);
        if (status == ASSAY_OK) {
            lipschitz_output_top(plan, first + from + j, &outputs[j]);
            lipschitz_output_lines(plan, plan->chain->n - 1, &outputs[j]);
        }
    }
    for (size_t k = plan->chain->n - 1; status == ASSAY_OK && k > 0; k--)
        bound_layer(plan, outputs, count, k, workspaces);
    if (status == ASSAY_OK)
        lipschitz_norms(plan, addresses, count, row_values + from, NULL, workspaces);
    for (size_t j = 0; status == ASSAY_OK && j < count; j++)
        copy_result(plan, &outputs[j], from + j, result);
    for (size_t j = 0; outputs && j < count; j++)
        lipschitz_output_release(&outputs[j]);
    free(outputs);
    return status;
}

static assay_status bound_rows(lipschitz_plan *plan, size_t row, lipschitz_workspace *workspaces, double *row_values,
                               const local_lipschitz_result *result)
{
    const size_t rows = lipschitz_rows(plan->chain, row);
    assay_status status = lipschitz_plan_backward(plan);
    for (size_t from = 0; status == ASSAY_OK && from < rows; from += GROUP)
        status = bound_group(plan, lipschitz_first_row(row), from, rows - from < GROUP ? rows - from : GROUP,
                             workspaces, row_values, result);
    return status;
}

/* All methods but NAIVE. @p net may be null if every convolution can be run as such. */
static assay_status bound_by_plan(const lipschitz_chain *chain, const lipschitz_net *net,
                                  const local_lipschitz_box *box, size_t row, local_lipschitz_method method,
                                  const local_lipschitz_options *options, double *row_values, lipschitz_values *values,
                                  local_lipschitz_result *result)
{
    lipschitz_plan *plan = calloc(1, sizeof *plan);
    lipschitz_workspace *workspaces = NULL;
    const size_t threads = (size_t)assay_threads();
    if (!plan)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a plan");
    *plan = (lipschitz_plan){.chain = chain,
                             .kernels = lipschitz_kernels_in_force(),
                             .box = box,
                             .options = options,
                             .method = method,
                             .all_g = result->g_low || result->g_high,
                             .values = values};
    for (size_t k = 1; k <= chain->n; k++) {
        const bool dense = chain->view[k].layer.kind == ASSAY_DENSE;
        plan->weights[k] = net ? net->weights[k] : dense ? chain->view[k].weights : NULL;
    }
    assay_status status = lipschitz_workspaces_create(chain, threads, &workspaces);
    if (status == ASSAY_OK) {
        assay_blas_serial_begin();
        status = lipschitz_plan_forward(plan, net, workspaces);
        if (status == ASSAY_OK && method == LOCAL_LIPSCHITZ_FASTLIP)
            status = lipschitz_fastlip_products(net, values, row, options, row_values, result);
        else if (status == ASSAY_OK)
            status = bound_rows(plan, row, workspaces, row_values, result);
        assay_blas_serial_end();
    }
    lipschitz_workspaces_release(workspaces, threads);
    lipschitz_plan_release(plan);
    free(plan);
    return status;
}

static bool has_convolution(const lipschitz_chain *chain)
{
    for (size_t k = 1; k <= chain->n; k++)
        if (chain->view[k].layer.kind == ASSAY_CONVOLUTION)
            return true;
    return false;
}

/* Convolutions have to be matrices for what knows nothing of them. */
static bool needs_matrices(const lipschitz_chain *chain, local_lipschitz_method method,
                           const local_lipschitz_options *options)
{
    return !has_convolution(chain) || method == LOCAL_LIPSCHITZ_NAIVE || method == LOCAL_LIPSCHITZ_FASTLIP ||
           options->alpha_steps > 0 || options->rigorous;
}

static void fill_what_is_unknown(const lipschitz_chain *chain, size_t rows, local_lipschitz_method method,
                                 lipschitz_values *values, local_lipschitz_result *result)
{
    const bool naive = method == LOCAL_LIPSCHITZ_NAIVE;
    if (naive) {
        lipschitz_fill_unknown(result->jacobian_low, result->jacobian_high, rows * chain->width[0]);
        lipschitz_fill_unknown(values->low, values->high, chain->hidden);
    }
    if (naive || method == LOCAL_LIPSCHITZ_FASTLIP)
        lipschitz_fill_unknown(result->g_low, result->g_high, rows * chain->hidden);
    lipschitz_copy_values(values, chain->hidden, result);
    result->unstable = naive ? 0 : result->unstable;
}

assay_status local_lipschitz_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   local_lipschitz_method method, const local_lipschitz_options *options,
                                   local_lipschitz_result *result)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return local_lipschitz_reference_bound(network, box, row, method, options, result);
    lipschitz_chain chain;
    local_lipschitz_options filled;
    lipschitz_net net = {0};
    lipschitz_values values = {0};
    assay_status status = lipschitz_check_bound(network, box, row, method, options, result, &chain, &filled);
    if (status != ASSAY_OK)
        return status;
    const bool matrices = needs_matrices(&chain, method, &filled);
    double *row_values = assay_allocate(lipschitz_rows(&chain, row), sizeof *row_values);
    status = row_values ? lipschitz_values_create(chain.hidden, &values) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK && matrices)
        status = lipschitz_lower(&chain, &net);
    if (status == ASSAY_OK && method == LOCAL_LIPSCHITZ_NAIVE)
        status = lipschitz_naive(&net, row, &filled, row_values);
    else if (status == ASSAY_OK)
        status = bound_by_plan(&chain, matrices ? &net : NULL, box, row, method, &filled, row_values, &values, result);
    if (status == ASSAY_OK) {
        fill_what_is_unknown(&chain, lipschitz_rows(&chain, row), method, &values, result);
        lipschitz_finish(row_values, lipschitz_rows(&chain, row), result);
    }
    assay_release(row_values);
    lipschitz_values_release(&values);
    lipschitz_net_release(&net);
    return status;
}

/* ---- Monotonicity ---------------------------------------------------------------------------------------------- */

assay_status local_lipschitz_monotone(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                      size_t feature, local_lipschitz_method method,
                                      const local_lipschitz_options *options, local_lipschitz_direction *direction)
{
    lipschitz_chain chain;
    assay_status status = lipschitz_check_network(network, &chain);
    if (status == ASSAY_OK)
        status = lipschitz_check_row(&chain, row, false);
    if (status == ASSAY_OK && feature >= chain.width[0])
        status = assay_fail(ASSAY_OUT_OF_RANGE, "feature is %zu, must be below %zu", feature, chain.width[0]);
    if (status == ASSAY_OK && !direction)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "direction is null");
    if (status != ASSAY_OK)
        return status;
    double *bounds = assay_allocate(2 * chain.width[0], sizeof *bounds);
    if (!bounds)
        return ASSAY_NO_MEMORY;
    local_lipschitz_result result = {.jacobian_low = bounds, .jacobian_high = bounds + chain.width[0]};
    status = local_lipschitz_bound(network, box, row, method, options, &result);
    if (status == ASSAY_OK)
        *direction = result.jacobian_low[feature] >= 0    ? LOCAL_LIPSCHITZ_INCREASING
                     : result.jacobian_high[feature] <= 0 ? LOCAL_LIPSCHITZ_DECREASING
                                                          : LOCAL_LIPSCHITZ_UNKNOWN;
    assay_release(bounds);
    return status;
}
