/* local_lipschitz: Jacobians at points, and the constant by enumeration of all regions, step 8. */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

/* A region lives if it holds a ball of this radius. */
#define LIVING_RADIUS 1e-9

/* ---- Jacobians at points ---------------------------------------------------------------------------------------- */

size_t lipschitz_jacobian_work(const lipschitz_chain *chain)
{
    return chain->hidden + 2 * chain->widest;
}

/* g_0 of a row for given diagonals D: d[i] is 0 or 1 for each hidden neuron. @p work: 2 x the widest. */
static void multiply_out(const lipschitz_net *net, const double *d, size_t row, double *jacobian, double *work)
{
    const lipschitz_chain *chain = &net->chain;
    double *g = work, *next = work + chain->widest;
    memcpy(g, net->weights[chain->n] + row * chain->width[chain->n - 1], chain->width[chain->n - 1] * sizeof *g);
    for (size_t k = chain->n - 1; k > 0; k--) {
        memset(next, 0, chain->width[k - 1] * sizeof *next);
        for (size_t m = 0; m < chain->width[k]; m++) {
            const double y = d[chain->offset[k] + m] * g[m];
            for (size_t i = 0; y != 0 && i < chain->width[k - 1]; i++)
                next[i] += y * net->weights[k][m * chain->width[k - 1] + i];
        }
        double *swap = g;
        g = next;
        next = swap;
    }
    memcpy(jacobian, g, chain->width[0] * sizeof *g);
}

/* d[i] = 1 where z > 0 at x. */
static void diagonals_at(const lipschitz_net *net, const double *x, double *d, double *work)
{
    const lipschitz_chain *chain = &net->chain;
    double *h = work, *next = work + chain->widest;
    memcpy(h, x, chain->width[0] * sizeof *h);
    for (size_t k = 1; k < chain->n; k++) {
        for (size_t m = 0; m < chain->width[k]; m++) {
            double z = net->biases[k][m];
            for (size_t i = 0; i < chain->width[k - 1]; i++)
                z += net->weights[k][m * chain->width[k - 1] + i] * h[i];
            d[chain->offset[k] + m] = z > 0;
            next[m] = z > 0 ? z : 0;
        }
        double *swap = h;
        h = next;
        next = swap;
    }
}

void lipschitz_jacobian_rows(const lipschitz_net *net, const double *x, size_t first, size_t rows, double *jacobian,
                             double *work)
{
    double *d = work + 2 * net->chain.widest;
    diagonals_at(net, x, d, work);
    for (size_t j = 0; j < rows; j++)
        multiply_out(net, d, first + j, jacobian + j * net->chain.width[0], work);
}

assay_status local_lipschitz_jacobian(const assay_network *network, const double *x, size_t row, double *jacobian)
{
    lipschitz_chain chain;
    lipschitz_net net = {0};
    assay_status status = lipschitz_check_network(network, &chain);
    if (status == ASSAY_OK && (!x || !jacobian))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "jacobian" : "x");
    if (status == ASSAY_OK)
        status = lipschitz_check_row(&chain, row, true);
    for (size_t i = 0; status == ASSAY_OK && i < chain.width[0]; i++)
        if (!isfinite(x[i]))
            status = assay_fail(ASSAY_OUT_OF_RANGE, "x[%zu] is %g, must be finite", i, x[i]);
    if (status == ASSAY_OK)
        status = lipschitz_lower(&chain, &net);
    double *work = status ? NULL : assay_allocate(lipschitz_jacobian_work(&chain), sizeof *work);
    if (status == ASSAY_OK && !work)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        lipschitz_jacobian_rows(&net, x, lipschitz_first_row(row), lipschitz_rows(&chain, row), jacobian, work);
    assay_release(work);
    lipschitz_net_release(&net);
    return status;
}

/* ---- Enumeration ----------------------------------------------------------------------------------------------- */

/* Where the depth-first walk through the neurons' signs is. */
typedef struct walk {
    const lipschitz_net *net;
    size_t row, limit, programs, regions;
    lipschitz_polytope prefix; /* where the signs so far hold */
    double *d;                 /* the signs so far: 1 or 0 */
    double *forms;             /* hidden x (inputs + 1): each z as a function of x, as the signs so far make it */
    double *jacobian, *work;
    double value;
} walk;

/* The form of neuron i of layer k, from those of the layer below. */
static const double *form_of(walk *w, size_t k, size_t i)
{
    const lipschitz_chain *chain = &w->net->chain;
    const size_t length = chain->width[0] + 1, width = chain->width[k - 1];
    const double *weights = w->net->weights[k] + i * width;
    double *form = w->forms + (chain->offset[k] + i) * length;
    memset(form, 0, length * sizeof *form);
    if (k == 1)
        memcpy(form, weights, width * sizeof *form);
    for (size_t m = 0; k > 1 && m < width; m++) {
        const size_t below = chain->offset[k - 1] + m;
        for (size_t j = 0; w->d[below] != 0 && j < length; j++)
            form[j] += weights[m] * w->forms[below * length + j];
    }
    form[length - 1] += w->net->biases[k][i];
    return form;
}

static void reach_region(walk *w)
{
    const lipschitz_chain *chain = &w->net->chain;
    const size_t first = lipschitz_first_row(w->row);
    w->regions++;
    for (size_t j = first; j < first + lipschitz_rows(chain, w->row); j++) {
        double sum = 0;
        multiply_out(w->net, w->d, j, w->jacobian, w->work);
        for (size_t i = 0; i < chain->width[0]; i++)
            sum += fabs(w->jacobian[i]);
        w->value = fmax(w->value, sum);
    }
}

/* Tries both signs of neuron i of layer k and goes on from there. */
static assay_status descend(walk *w, size_t k, size_t i)
{
    const lipschitz_chain *chain = &w->net->chain;
    if (k == chain->n) {
        reach_region(w);
        return ASSAY_OK;
    }
    const double *form = form_of(w, k, i);
    const bool last = i + 1 == chain->width[k];
    assay_status status = ASSAY_OK;
    for (int active = 0; status == ASSAY_OK && active < 2; active++) {
        double radius;
        if (w->programs++ == w->limit)
            return assay_fail(ASSAY_NOT_CONVERGED, "limit is %zu, which are too few linear programs for this network",
                              w->limit);
        lipschitz_polytope_add(&w->prefix, active ? -1 : 1, form, form[chain->width[0]]);
        status = lipschitz_polytope_radius(&w->prefix, 2 * LIVING_RADIUS, &radius, NULL);
        w->d[chain->offset[k] + i] = active;
        if (status == ASSAY_OK && radius > LIVING_RADIUS)
            status = descend(w, last ? k + 1 : k, last ? 0 : i + 1);
        w->prefix.rows--;
    }
    return status;
}

static assay_status make_walk(const lipschitz_net *net, const local_lipschitz_box *box, walk *w)
{
    const lipschitz_chain *chain = &net->chain;
    size_t count;
    if (__builtin_mul_overflow(chain->hidden, chain->width[0] + 1, &count))
        return assay_fail(ASSAY_NO_MEMORY, "the network is too large to be enumerated");
    assay_status status = lipschitz_polytope_create(chain->width[0], chain->hidden + 1, &w->prefix);
    if (status != ASSAY_OK)
        return status;
    w->prefix.low = box->low;
    w->prefix.high = box->high;
    w->d = assay_allocate(chain->hidden, sizeof *w->d);
    w->forms = assay_allocate(count, sizeof *w->forms);
    w->jacobian = assay_allocate(chain->width[0], sizeof *w->jacobian);
    w->work = assay_allocate(2 * chain->widest, sizeof *w->work);
    return w->d && w->forms && w->jacobian && w->work ? ASSAY_OK : ASSAY_NO_MEMORY;
}

assay_status local_lipschitz_exact(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   size_t limit, double *value, size_t *regions)
{
    lipschitz_chain chain;
    lipschitz_net net = {0};
    assay_status status = lipschitz_check_network(network, &chain);
    if (status == ASSAY_OK)
        status = lipschitz_check_box(&chain, box);
    if (status == ASSAY_OK)
        status = lipschitz_check_row(&chain, row, true);
    if (status == ASSAY_OK && !value)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "value is null");
    if (status == ASSAY_OK && chain.hidden > 4096) /* the walk is recursive, one step down for each neuron */
        status = assay_fail(ASSAY_NOT_CONVERGED, "the network has %zu hidden neurons, more than 4096", chain.hidden);
    if (status == ASSAY_OK)
        status = lipschitz_lower(&chain, &net);
    walk w = {.net = &net, .row = row, .limit = limit};
    if (status == ASSAY_OK)
        status = make_walk(&net, box, &w);
    if (status == ASSAY_OK)
        status = descend(&w, 1, 0);
    if (status == ASSAY_OK) {
        *value = w.value;
        if (regions)
            *regions = w.regions;
    }
    lipschitz_polytope_release(&w.prefix);
    assay_release(w.d);
    assay_release(w.forms);
    assay_release(w.jacobian);
    assay_release(w.work);
    lipschitz_net_release(&net);
    return status;
}
