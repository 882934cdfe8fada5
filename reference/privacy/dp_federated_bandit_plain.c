/* The plain engine of dp_federated_bandit: V^-1 anew in every round. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

typedef struct plain {
    double *v, *inverse, *factor, *identity; /* d x d */
    double *u, *theta;                       /* d */
} plain;

static void release_plain(void *engine)
{
    plain *e = engine;
    assay_release(e->v);
    assay_release(e);
}

static void *create_plain(size_t d, size_t arms)
{
    (void)arms;
    plain *e = assay_allocate(1, sizeof *e);
    double *numbers = assay_allocate(4 * d * d + 2 * d, sizeof *numbers);
    if (!e || !numbers) {
        assay_release(e);
        assay_release(numbers);
        return NULL;
    }
    *e = (plain){.v = numbers,
                 .inverse = numbers + d * d,
                 .factor = numbers + 2 * d * d,
                 .identity = numbers + 3 * d * d,
                 .u = numbers + 4 * d * d,
                 .theta = numbers + 4 * d * d + d};
    for (size_t i = 0; i < d; i++)
        e->identity[i * d + i] = 1;
    return e;
}

static assay_status begin_plain(void *engine, size_t d, const double *base, const double *shared)
{
    plain *e = engine;
    memcpy(e->v, base, d * d * sizeof *base);
    memcpy(e->u, shared, d * sizeof *shared);
    return ASSAY_OK;
}

static assay_status score_plain(void *engine, const dp_federated_bandit_silo *silo, double beta)
{
    plain *e = engine;
    const size_t d = silo->dimension;
    assay_status status = assay_dense_cholesky(d, e->v, e->factor);
    if (status == ASSAY_OK)
        status = assay_dense_cholesky_solve(d, e->factor, d, e->identity, e->inverse);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < d; i++) {
        e->theta[i] = 0;
        for (size_t j = 0; j < d; j++)
            e->theta[i] += e->inverse[i * d + j] * e->u[j];
    }
    for (size_t a = 0; a < silo->arms; a++) {
        const double *x = silo->x + a * d;
        double mean = 0, squares = 0;
        for (size_t i = 0; i < d; i++) {
            double row = 0;
            for (size_t j = 0; j < d; j++)
                row += e->inverse[i * d + j] * x[j];
            mean += x[i] * e->theta[i];
            squares += x[i] * row;
        }
        silo->bounds[a] = mean + beta * sqrt(fmax(0, squares));
    }
    return ASSAY_OK;
}

static assay_status learn_plain(void *engine, size_t d, const double *x, double y)
{
    plain *e = engine;
    for (size_t i = 0; i < d; i++) {
        e->u[i] += y * x[i];
        for (size_t j = 0; j < d; j++)
            e->v[i * d + j] += x[i] * x[j];
    }
    return ASSAY_OK;
}

const dp_federated_bandit_engine dp_federated_bandit_plain_engine = {
    .create = create_plain, .release = release_plain, .begin = begin_plain, .score = score_plain, .learn = learn_plain};
