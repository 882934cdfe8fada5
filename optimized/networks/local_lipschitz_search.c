/* local_lipschitz, step 7: domains of the search, several at once, each from what its parent knows. */
#include "assay/cpu.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/networks/local_lipschitz_plan.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef struct engine_state {
    lipschitz_plan plan;
    local_lipschitz_heuristic heuristic;
    size_t threads;
    lipschitz_workspace *workspaces; /* of each thread */
    lipschitz_output *outputs;
    double *coefficients; /* threads x hidden */
} engine_state;

/* ---- Domains ----------------------------------------------------------------------------------------------------- */

static void release_bounds(void *self, void *bounds)
{
    (void)self;
    assay_release(bounds);
}

/* The largest score; of equal ones the first layer's first neuron, which is also the plan's order. */
static void choose(const engine_state *e, const lipschitz_output *output, const double *coefficients,
                   lipschitz_domain *domain)
{
    const lipschitz_chain *chain = e->plan.chain;
    double best = -1;
    domain->layer = 0;
    for (size_t q = 1; q < chain->n; q++) {
        const lipschitz_layer_plan *layer = &e->plan.layer[q];
        for (size_t i = 0; i < layer->unstable; i++) {
            if (domain->sign[chain->offset[q] + layer->order[i]] != LIPSCHITZ_UNSTABLE)
                continue;
            const double score = lipschitz_score(e->heuristic, q + 1 == chain->n, output->g_low[q][i],
                                                 output->g_high[q][i], coefficients[i]);
            if (score > best) {
                best = score;
                domain->layer = q;
                domain->neuron = layer->order[i];
            }
        }
        coefficients += layer->unstable;
    }
}

/* What the parent knew of the same numbers holds too. */
static void intersect(const double *parent_low, const double *parent_high, double *low, double *high, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double l = low[i] > parent_low[i] ? low[i] : parent_low[i];
        const double h = high[i] < parent_high[i] ? high[i] : parent_high[i];
        low[i] = l < h ? l : h; /* a domain that is empty, or rounding */
        high[i] = l < h ? h : l;
    }
}

static void evaluate_one(const engine_state *e, lipschitz_domain *domain, const lipschitz_domain *parent, size_t thread)
{
    const lipschitz_plan *plan = &e->plan;
    const size_t n = plan->chain->n;
    lipschitz_output *output = &e->outputs[thread], before;
    lipschitz_workspace *w = &e->workspaces[thread];
    double *coefficients = e->coefficients + thread * (plan->chain->hidden + 1);
    output->sign = domain->sign;
    lipschitz_output_place(plan, domain->bounds, output);
    if (parent) {
        memcpy(domain->bounds, parent->bounds, lipschitz_output_bounds(plan) * sizeof(double));
        lipschitz_output_place(plan, parent->bounds, &before);
    }
    /* A split in layer q changes y_q, and so g_{q-1} and what is below. */
    const size_t changed = parent ? parent->layer : n - 1;
    lipschitz_output_top(plan, domain->row, output);
    for (size_t q = n - 1; q >= changed && q > 0; q--)
        lipschitz_output_lines(plan, q, output);
    for (size_t k = changed; k > 0; k--) {
        const size_t bounded = plan->layer[k - 1].bounded;
        for (size_t first = 0; first < bounded; first += LIPSCHITZ_ROWS) {
            const size_t left = bounded - first;
            lipschitz_bound_panel(plan, output, k, first, left < LIPSCHITZ_ROWS ? left : LIPSCHITZ_ROWS, w);
        }
        if (parent)
            intersect(before.g_low[k - 1], before.g_high[k - 1], output->g_low[k - 1], output->g_high[k - 1], bounded);
        lipschitz_output_lines(plan, k - 1, output);
    }
    lipschitz_norms(plan, &output, 1, &domain->value, coefficients, w);
    choose(e, output, coefficients, domain);
}

static assay_status evaluate(void *self, lipschitz_domain **domains, lipschitz_domain *const *parents, size_t count)
{
    engine_state *e = self;
    const size_t bounds = lipschitz_output_bounds(&e->plan);
    double work = 0;
    for (size_t k = 1; k < e->plan.chain->n; k++)
        work += (double)e->plan.layer[k - 1].bounded * lipschitz_bound_work(&e->plan, k);
    for (size_t c = 0; c < count; c++)
        if (!(domains[c]->bounds = assay_allocate(bounds, sizeof(double))))
            return ASSAY_NO_MEMORY;
#pragma omp parallel for num_threads(lipschitz_threads((double)count *work, count)) schedule(dynamic)
    for (size_t c = 0; c < count; c++)
        evaluate_one(e, domains[c], parents ? parents[c] : NULL, (size_t)omp_get_thread_num());
    return ASSAY_OK;
}

/* ---- Points ------------------------------------------------------------------------------------------------------ */

/* 1 or 0 for the neurons of each layer in the plan's order, those left out being inactive all over the box. */
static void diagonals_at(const engine_state *e, const double *x, double *d)
{
    const lipschitz_plan *plan = &e->plan;
    double *h = e->workspaces[0].panel[0], *z = e->workspaces[0].panel[1];
    memcpy(h, x, plan->chain->width[0] * sizeof *h);
    for (size_t k = 1; k < plan->chain->n; k++) {
        const lipschitz_layer_plan *layer = &plan->layer[k];
        plan->kernels->multiply(1, plan->layer[k - 1].compact, h, plan->layer[k - 1].stride, &plan->up[k], 0, NULL, z,
                                layer->stride);
        for (size_t i = 0; i < layer->compact; i++) {
            z[i] += lipschitz_bias(plan, k, layer->order[i]);
            d[i] = z[i] > 0;
            z[i] *= d[i];
        }
        d += layer->compact;
        double *swap = h;
        h = z;
        z = swap;
    }
}

/* The largest norm of at most 2 LIPSCHITZ_ROWS rows. @p end is the end of the diagonals. */
static double norm_of_rows(const engine_state *e, const double *end, size_t first, size_t rows)
{
    const lipschitz_plan *plan = &e->plan;
    const size_t n = plan->chain->n, width = plan->chain->width[n - 1];
    double *g = e->workspaces[0].panel[0], *next = e->workspaces[0].panel[1], largest = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < plan->layer[n - 1].compact; i++)
            g[r * plan->layer[n - 1].stride + i] = plan->weights[n][(first + r) * width + plan->layer[n - 1].order[i]];
    for (size_t k = n - 1; k > 0; k--) {
        const lipschitz_layer_plan *layer = &plan->layer[k], *below = &plan->layer[k - 1];
        end -= layer->compact;
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < layer->compact; i++)
                g[r * layer->stride + i] *= end[i];
        plan->kernels->multiply(rows, layer->compact, g, layer->stride, &plan->down[k], 0, NULL, next, below->stride);
        double *swap = g;
        g = next;
        next = swap;
    }
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t i = 0; i < plan->chain->width[0]; i++)
            sum += fabs(g[r * plan->layer[0].stride + i]);
        largest = fmax(largest, sum);
    }
    return largest;
}

static double norm_at(void *self, const double *x, size_t first, size_t rows)
{
    const engine_state *e = self;
    double *d = e->coefficients, largest = 0; /* hidden numbers, free between evaluations */
    size_t count = 0;
    for (size_t k = 1; k < e->plan.chain->n; k++)
        count += e->plan.layer[k].compact;
    diagonals_at(e, x, d);
    for (size_t from = 0; from < rows; from += 2 * LIPSCHITZ_ROWS) {
        const size_t left = rows - from;
        largest = fmax(largest,
                       norm_of_rows(e, d + count, first + from, left < 2 * LIPSCHITZ_ROWS ? left : 2 * LIPSCHITZ_ROWS));
    }
    return largest;
}

/* ---- The search ------------------------------------------------------------------------------------------------- */

static assay_status make_engine(engine_state *e)
{
    const lipschitz_chain *chain = e->plan.chain;
    assay_status status = lipschitz_plan_backward(&e->plan);
    e->outputs = calloc(e->threads, sizeof *e->outputs);
    e->coefficients = assay_allocate(e->threads * (chain->hidden + 1), sizeof *e->coefficients);
    if (status == ASSAY_OK && (!e->outputs || !e->coefficients))
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu threads", e->threads);
    for (size_t t = 0; status == ASSAY_OK && t < e->threads; t++)
        status = lipschitz_output_create(&e->plan, &e->outputs[t]);
    return status;
}

static void release_engine(engine_state *e)
{
    for (size_t t = 0; e->outputs && t < e->threads; t++)
        lipschitz_output_release(&e->outputs[t]);
    free(e->outputs);
    assay_release(e->coefficients);
    lipschitz_workspaces_release(e->workspaces, e->threads);
    lipschitz_plan_release(&e->plan);
}

/* The search itself, with convolutions as matrices: domains differ in few neurons of a small network. */
static assay_status search_by_plan(const lipschitz_net *net, const local_lipschitz_box *box, size_t row,
                                   const local_lipschitz_options *options, const local_lipschitz_search *settings,
                                   lipschitz_values *values, local_lipschitz_outcome *outcome)
{
    engine_state *e = calloc(1, sizeof *e);
    if (!e)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a plan");
    *e = (engine_state){.plan = {.chain = &net->chain,
                                 .kernels = lipschitz_kernels_in_force(),
                                 .box = box,
                                 .options = options,
                                 .method = LOCAL_LIPSCHITZ_LINEAR,
                                 .all_down = true,
                                 .values = values},
                        .heuristic = settings->heuristic,
                        .threads = (size_t)assay_threads()};
    memcpy(e->plan.weights, net->weights, sizeof e->plan.weights);
    const lipschitz_engine engine = {e, evaluate, release_bounds, norm_at};
    assay_status status = lipschitz_workspaces_create(&net->chain, e->threads, &e->workspaces);
    assay_blas_serial_begin();
    if (status == ASSAY_OK)
        status = lipschitz_plan_forward(&e->plan, net, e->workspaces);
    if (status == ASSAY_OK)
        status = make_engine(e);
    if (status == ASSAY_OK)
        status = lipschitz_search(net, box, row, values, settings, &engine, outcome);
    assay_blas_serial_end();
    release_engine(e);
    free(e);
    return status;
}

assay_status local_lipschitz_branch_and_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                              const local_lipschitz_options *options,
                                              const local_lipschitz_search *search, local_lipschitz_outcome *outcome)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return local_lipschitz_reference_branch_and_bound(network, box, row, options, search, outcome);
    lipschitz_chain chain;
    local_lipschitz_options filled;
    local_lipschitz_search settings;
    lipschitz_net net = {0};
    lipschitz_values values = {0};
    assay_status status =
        lipschitz_check_search(network, box, row, options, search, outcome, &chain, &filled, &settings);
    if (status == ASSAY_OK)
        status = lipschitz_lower(&chain, &net);
    if (status == ASSAY_OK)
        status = lipschitz_values_create(chain.hidden, &values);
    if (status == ASSAY_OK)
        status = search_by_plan(&net, box, row, &filled, &settings, &values, outcome);
    lipschitz_values_release(&values);
    lipschitz_net_release(&net);
    return status;
}
