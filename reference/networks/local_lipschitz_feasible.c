/* local_lipschitz: whether a domain of the search can be empty, by the triangle relaxation of its neurons. */
#include "assay/memory.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

/* By how much all rows, of length 1, may be violated before a domain counts as empty: well above rounding. */
#define FEASIBLE 1e-9

/* Variables are x, then h of the neurons without a sign. Every z and h is a form in them, a constant last. */
typedef struct relaxation {
    const lipschitz_net *net;
    const lipschitz_values *values;
    const signed char *sign;
    size_t length; /* of a form */
    double *h;     /* hidden forms */
    double *row;   /* one form */
    double *low, *high;
    size_t variables; /* so far */
    lipschitz_polytope polytope;
} relaxation;

static void form_z(const relaxation *r, size_t k, size_t i, double *z)
{
    const lipschitz_chain *chain = &r->net->chain;
    const size_t width = chain->width[k - 1];
    const double *w = r->net->weights[k] + i * width;
    memset(z, 0, r->length * sizeof *z);
    for (size_t m = 0; m < width; m++) {
        if (k == 1)
            z[m] = w[m];
        const double *below = r->h + (chain->offset[k - 1] + m) * r->length;
        for (size_t j = 0; k > 1 && j < r->length; j++)
            z[j] += w[m] * below[j];
    }
    z[r->length - 1] += r->net->biases[k][i];
}

/* 0 <= h <= high, h >= z and (high - low) h <= high (z - low). */
static void add_triangle(relaxation *r, double low, double high, const double *z, double *h)
{
    const size_t at = r->variables++;
    r->low[at] = 0;
    r->high[at] = fmax(high, 0);
    memset(h, 0, r->length * sizeof *h);
    h[at] = 1;
    for (size_t j = 0; j < r->length; j++)
        r->row[j] = z[j] - h[j];
    lipschitz_polytope_add(&r->polytope, 1, r->row, r->row[r->length - 1]);
    for (size_t j = 0; j < r->length; j++)
        r->row[j] = (high - low) * h[j] - high * z[j];
    lipschitz_polytope_add(&r->polytope, 1, r->row, r->row[r->length - 1] + high * low);
}

static void add_neuron(relaxation *r, size_t k, size_t i, double *z)
{
    const size_t at = r->net->chain.offset[k] + i;
    double *h = r->h + at * r->length;
    form_z(r, k, i, z);
    if (r->sign[at] == LIPSCHITZ_UNSTABLE) {
        add_triangle(r, r->values->low[at], r->values->high[at], z, h);
        return;
    }
    const bool active = r->sign[at] == LIPSCHITZ_ACTIVE;
    if (active)
        memcpy(h, z, r->length * sizeof *h);
    else
        memset(h, 0, r->length * sizeof *h);
    if (r->values->sign[at] == LIPSCHITZ_UNSTABLE) /* the search has fixed it */
        lipschitz_polytope_add(&r->polytope, active ? -1 : 1, z, z[r->length - 1]);
}

assay_status lipschitz_feasible(const lipschitz_net *net, const local_lipschitz_box *box,
                                const lipschitz_values *values, const signed char *sign, bool *feasible, double *centre)
{
    const lipschitz_chain *chain = &net->chain;
    relaxation r = {.net = net, .values = values, .sign = sign, .variables = chain->width[0]};
    size_t dimension = chain->width[0], count;
    for (size_t i = 0; i < chain->hidden; i++)
        dimension += sign[i] == LIPSCHITZ_UNSTABLE;
    r.length = dimension + 1;
    if (__builtin_mul_overflow(chain->hidden, r.length, &count))
        return assay_fail(ASSAY_NO_MEMORY, "the network is too large for linear programs");
    assay_status status = lipschitz_polytope_create(dimension, 2 * chain->hidden, &r.polytope);
    r.h = assay_allocate(count, sizeof *r.h);
    r.row = assay_allocate(2 * r.length, sizeof *r.row);
    r.low = assay_allocate(3 * dimension, sizeof *r.low);
    if (!r.h || !r.row || !r.low)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        double radius, *point = r.low + 2 * dimension;
        r.high = r.low + dimension;
        memcpy(r.low, box->low, chain->width[0] * sizeof *r.low);
        memcpy(r.high, box->high, chain->width[0] * sizeof *r.high);
        for (size_t k = 1; k < chain->n; k++)
            for (size_t i = 0; i < chain->width[k]; i++)
                add_neuron(&r, k, i, r.row + r.length);
        r.polytope.low = r.low;
        r.polytope.high = r.high;
        memcpy(point, r.low, dimension * sizeof *point);
        status = lipschitz_polytope_radius(&r.polytope, INFINITY, &radius, point);
        *feasible = status != ASSAY_OK || radius >= -FEASIBLE;
        if (status == ASSAY_NOT_CONVERGED) /* not proved empty: it stays */
            status = ASSAY_OK;
        memcpy(centre, point, chain->width[0] * sizeof *centre);
    }
    lipschitz_polytope_release(&r.polytope);
    assay_release(r.h);
    assay_release(r.row);
    assay_release(r.low);
    return status;
}
