/* local_lipschitz, step 7: how the reference bounds the domains of the search. */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct engine_state {
    const lipschitz_net *net;
    const local_lipschitz_options *options;
    local_lipschitz_heuristic heuristic;
    double *coefficients, *work, *jacobian;
} engine_state;

static void release_bounds(void *self, void *bounds)
{
    (void)self;
    lipschitz_gradients_release(bounds);
    free(bounds);
}

/* The largest score; of equal ones the first layer's first neuron. */
static void choose(const engine_state *e, const lipschitz_gradients *g, lipschitz_domain *domain)
{
    const lipschitz_chain *chain = &e->net->chain;
    double best = -1;
    domain->layer = 0;
    for (size_t q = 1; q < chain->n; q++)
        for (size_t i = 0; i < chain->width[q]; i++) {
            const size_t hidden = chain->offset[q] + i, at = chain->width[0] + hidden;
            if (domain->sign[hidden] != LIPSCHITZ_UNSTABLE)
                continue;
            const double score =
                lipschitz_score(e->heuristic, q + 1 == chain->n, g->low[at], g->high[at], e->coefficients[hidden]);
            if (score > best) {
                best = score;
                domain->layer = q;
                domain->neuron = i;
            }
        }
}

/* The parent's bounds hold too. */
static void intersect(const lipschitz_chain *chain, size_t k, const lipschitz_gradients *parent, lipschitz_gradients *g)
{
    const size_t first = lipschitz_gradient_offset(chain, k);
    for (size_t at = first; at < first + chain->width[k]; at++) {
        const double low = fmax(g->low[at], parent->low[at]), high = fmin(g->high[at], parent->high[at]);
        g->low[at] = fmin(low, high); /* a domain that is empty, or rounding */
        g->high[at] = fmax(low, high);
    }
}

static assay_status evaluate_one(const engine_state *e, lipschitz_domain *domain, const lipschitz_domain *parent)
{
    const lipschitz_chain *chain = &e->net->chain;
    const lipschitz_backward b = {e->net, domain->sign, LOCAL_LIPSCHITZ_LINEAR, e->options, e->work};
    lipschitz_gradients *g = calloc(1, sizeof *g);
    if (!g)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a domain");
    domain->bounds = g;
    const assay_status status = lipschitz_gradients_create(chain, g);
    if (status != ASSAY_OK)
        return status;
    const lipschitz_gradients *before = parent ? parent->bounds : NULL;
    if (before) {
        memcpy(g->low, before->low, (chain->width[0] + chain->hidden) * sizeof *g->low);
        memcpy(g->high, before->high, (chain->width[0] + chain->hidden) * sizeof *g->high);
    } else {
        lipschitz_gradient_top(e->net, domain->row, g);
    }
    /* A split in layer q changes y_q, and so g_{q-1} and what is below. */
    for (size_t k = parent ? parent->layer : chain->n - 1; k > 0; k--) {
        lipschitz_gradient_layer(&b, k, g);
        if (before)
            intersect(chain, k - 1, before, g);
    }
    domain->value = lipschitz_gradient_norm(&b, g, e->coefficients);
    choose(e, g, domain);
    return ASSAY_OK;
}

static assay_status evaluate(void *self, lipschitz_domain **domains, lipschitz_domain *const *parents, size_t count)
{
    assay_status status = ASSAY_OK;
    for (size_t c = 0; status == ASSAY_OK && c < count; c++)
        status = evaluate_one(self, domains[c], parents ? parents[c] : NULL);
    return status;
}

static double norm_at(void *self, const double *x, size_t first, size_t rows)
{
    const engine_state *e = self;
    double largest = 0;
    for (size_t j = first; j < first + rows; j++) {
        double sum = 0;
        lipschitz_jacobian_rows(e->net, x, j, 1, e->jacobian, e->work);
        for (size_t i = 0; i < e->net->chain.width[0]; i++)
            sum += fabs(e->jacobian[i]);
        largest = fmax(largest, sum);
    }
    return largest;
}

assay_status local_lipschitz_reference_branch_and_bound(const assay_network *network, const local_lipschitz_box *box,
                                                        size_t row, const local_lipschitz_options *options,
                                                        const local_lipschitz_search *search,
                                                        local_lipschitz_outcome *outcome)
{
    lipschitz_chain chain;
    local_lipschitz_options filled;
    local_lipschitz_search settings;
    lipschitz_net net = {0};
    lipschitz_values values = {0};
    engine_state e = {.net = &net, .options = &filled};
    const lipschitz_engine engine = {&e, evaluate, release_bounds, norm_at};
    assay_status status =
        lipschitz_check_search(network, box, row, options, search, outcome, &chain, &filled, &settings);
    if (status == ASSAY_OK)
        status = lipschitz_lower(&chain, &net);
    if (status == ASSAY_OK)
        status = lipschitz_values_create(chain.hidden, &values);
    if (status == ASSAY_OK)
        status = lipschitz_forward(&net, box, &filled, &values);
    if (status == ASSAY_OK) {
        e.heuristic = settings.heuristic;
        e.coefficients =
            assay_allocate(chain.hidden + chain.width[0] + lipschitz_jacobian_work(&chain), sizeof *e.coefficients);
        status = e.coefficients ? ASSAY_OK : ASSAY_NO_MEMORY;
    }
    if (status == ASSAY_OK) {
        e.jacobian = e.coefficients + chain.hidden;
        e.work = e.jacobian + chain.width[0];
        status = lipschitz_search(&net, box, row, &values, &settings, &engine, outcome);
    }
    assay_release(e.coefficients);
    lipschitz_values_release(&values);
    lipschitz_net_release(&net);
    return status;
}
