/* ChebCB (R7): regression of the loss on Chebyshev polynomials of the context, and inverse-gap weights. */
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_learner.h"

#include <math.h>
#include <string.h>

/* The lowest of the least elements. */
static size_t least_of(size_t count, const double *x)
{
    size_t least = 0;
    for (size_t i = 1; i < count; i++)
        least = x[i] < x[least] ? i : least;
    return least;
}

static void weigh(size_t arms, const double *predicted, double eta, double *p)
{
    const size_t best = least_of(arms, predicted);
    double rest = 1;
    for (size_t i = 0; i < arms; i++)
        if (i != best) {
            p[i] = 1 / ((double)arms + eta * (predicted[i] - predicted[best]));
            rest -= p[i];
        }
    p[best] = rest;
}

assay_status sor_bandit_gap_distribution(size_t arms, const double *predicted, double eta, double *p)
{
    if (arms < 1 || !predicted || !p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s",
                          arms < 1     ? "arms is 0"
                          : !predicted ? "predicted is null"
                                       : "p is null");
    if (!(eta >= 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eta is %g, must be at least 0", eta);
    for (size_t i = 0; i < arms; i++)
        if (!isfinite(predicted[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "predicted[%zu] is %g, must be finite", i, predicted[i]);
    weigh(arms, predicted, fmin(eta, 0x1p1000), p); /* finite, because infinity times a gap of 0 is no number */
    return ASSAY_OK;
}

static void set_features(sor_bandit_chebyshev *c, double context)
{
    const double z = 2 * (context - c->base.low) / (c->base.high - c->base.low) - 1;
    c->phi[0] = 1;
    c->phi[1] = z;
    for (size_t j = 2; j < c->features; j++)
        c->phi[j] = 2 * z * c->phi[j - 1] - c->phi[j - 2];
}

static void predict(sor_bandit_learner *self, double context)
{
    sor_bandit_chebyshev *c = (sor_bandit_chebyshev *)self;
    set_features(c, context);
    for (size_t i = 0; i < self->arms; i++) {
        c->predicted[i] = 0;
        for (size_t j = 0; j < c->features; j++)
            c->predicted[i] += c->theta[i * c->features + j] * c->phi[j];
    }
    weigh(self->arms, c->predicted, c->eta, self->p);
}

/* Steps 1 and 2: the losses' scale and Lipschitz constant, and the box that they leave to the coefficients. Losses
 * count at least 1 here, so that the scale of one that is always 0 is not 0. */
static void set_box(sor_bandit_chebyshev *c, double loss, double *lipschitz)
{
    const double width = c->base.high - c->base.low, m = (double)c->features;
    c->most = fmax(c->most, loss);
    c->least = fmin(c->least, loss);
    *lipschitz = (c->most - c->least) / width;
    const double most = fmax(c->most, 1), n = 2 + 4 * width * (*lipschitz / most) * (1 + log(m));
    c->scale = most * n;
    c->box[0] = 1 / n;
    for (size_t j = 1; j < c->features; j++)
        c->box[j] = 2 * width * *lipschitz / (c->scale * (double)j);
}

/* Step 3. */
static void fit(sor_bandit_chebyshev *c, size_t arm)
{
    double gram[SOR_BANDIT_FEATURES * SOR_BANDIT_FEATURES], side[SOR_BANDIT_FEATURES], psi[SOR_BANDIT_FEATURES];
    if (!c->past->moments(c, arm, gram, side))
        return;
    sor_bandit_least_norm(c->features, gram, side, psi);
    sor_bandit_fit_box(c->features, gram, side, psi, c->scale, c->box, c->theta + arm * c->features);
}

/* Step 4: the rate, from the regret of the predictions and the error of approximation. */
static void set_rate(sor_bandit_chebyshev *c, double lipschitz)
{
    const double width = c->base.high - c->base.low, m = (double)c->features, t = (double)c->steps;
    const double error = (M_PI + 2 / M_PI * log(2 * m + 1)) * width * lipschitz / (2 * c->scale * (m + 1));
    const double regret = c->past->squares(c, c->scale) + 2 * error * error * t;
    const double rate = 2 * t * sqrt((double)c->base.arms * t / fmax(regret, 0));
    c->eta = fmin(rate, 0x1p1000); /* a regret of 0 */
}

static assay_status update(sor_bandit_learner *self, double loss)
{
    sor_bandit_chebyshev *c = (sor_bandit_chebyshev *)self;
    const assay_status status = c->past->add(c, loss - 1);
    if (status != ASSAY_OK)
        return status;
    const double scale_before = c->scale;
    double lipschitz;
    set_box(c, loss, &lipschitz);
    if (c->scale != scale_before) {
        for (size_t i = 0; i < self->arms; i++)
            fit(c, i);
    } else {
        fit(c, self->arm);
    }
    c->steps++;
    set_rate(c, lipschitz);
    return ASSAY_OK;
}

static void release(sor_bandit_learner *self)
{
    sor_bandit_chebyshev *c = (sor_bandit_chebyshev *)self;
    c->past->release(c);
    assay_release(c->theta);
    assay_release(c->predicted);
}

static assay_status coefficients(const sor_bandit_learner *self, double *values, double *box)
{
    const sor_bandit_chebyshev *c = (const sor_bandit_chebyshev *)self;
    memcpy(values, c->theta, self->arms * c->features * sizeof *values);
    if (box)
        memcpy(box, c->box, c->features * sizeof *box);
    return ASSAY_OK;
}

assay_status sor_bandit_make_chebyshev(const sor_bandit_past *past, size_t arms, size_t features, double low,
                                       double high, assay_random random, sor_bandit_learner **learner)
{
    if (!learner)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner is null");
    if (features < 1 || features > SOR_BANDIT_FEATURES)
        return assay_fail(ASSAY_OUT_OF_RANGE, "features is %zu, must be 1 to %d", features, SOR_BANDIT_FEATURES);
    sor_bandit_learner *made;
    assay_status status = sor_bandit_make_learner(past->size, arms, low, high, random, &made);
    if (status != ASSAY_OK)
        return status;
    made->predict = predict;
    made->update = update;
    made->release = release;
    made->coefficients = coefficients;
    sor_bandit_chebyshev *c = (sor_bandit_chebyshev *)made;
    c->past = past;
    c->features = features;
    c->least = INFINITY;
    c->theta = assay_allocate(arms * features, sizeof *c->theta);
    c->predicted = assay_allocate(arms, sizeof *c->predicted);
    if (c->theta && c->predicted)
        status = past->prepare(c);
    else
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the regressions of %zu arms", arms);
    if (status == ASSAY_OK)
        *learner = made;
    else
        sor_bandit_release(made);
    return status;
}

/* ---- The past as a list --------------------------------------------------------------------------------------- */

typedef struct event {
    size_t arm;
    double target, predicted, phi[SOR_BANDIT_FEATURES];
} event;

typedef struct listed {
    sor_bandit_chebyshev c;
    event *events;
    size_t count, room;
} listed;

static assay_status prepare_list(sor_bandit_chebyshev *self)
{
    (void)self;
    return ASSAY_OK;
}

static assay_status add_to_list(sor_bandit_chebyshev *self, double target)
{
    listed *l = (listed *)self;
    if (l->count == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        event *grown = assay_allocate(room, sizeof *grown);
        if (!grown)
            return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu steps", room);
        if (l->count)
            memcpy(grown, l->events, l->count * sizeof *grown);
        assay_release(l->events);
        l->events = grown;
        l->room = room;
    }
    event *e = &l->events[l->count++];
    *e = (event){self->base.arm, target, self->predicted[self->base.arm], {0}};
    memcpy(e->phi, self->phi, self->features * sizeof *e->phi);
    return ASSAY_OK;
}

static bool moments_of_list(const sor_bandit_chebyshev *self, size_t arm, double *gram, double *side)
{
    const listed *l = (const listed *)self;
    const size_t m = self->features;
    bool any = false;
    memset(gram, 0, m * m * sizeof *gram);
    memset(side, 0, m * sizeof *side);
    for (size_t t = 0; t < l->count; t++) {
        const event *e = &l->events[t];
        if (e->arm != arm)
            continue;
        any = true;
        for (size_t i = 0; i < m; i++) {
            side[i] += e->phi[i] * e->target;
            for (size_t j = 0; j < m; j++)
                gram[i * m + j] += e->phi[i] * e->phi[j];
        }
    }
    return any;
}

static double squares_of_list(const sor_bandit_chebyshev *self, double scale)
{
    const listed *l = (const listed *)self;
    double sum = 0;
    for (size_t t = 0; t < l->count; t++) {
        const double error = l->events[t].predicted - l->events[t].target / scale;
        sum += error * error;
    }
    return sum;
}

static void release_list(sor_bandit_chebyshev *self)
{
    assay_release(((listed *)self)->events);
}

static const sor_bandit_past list = {sizeof(listed),  prepare_list,    add_to_list,
                                     moments_of_list, squares_of_list, release_list};

assay_status sor_bandit_reference_create_chebyshev(size_t arms, size_t features, double low, double high,
                                                   assay_random random, sor_bandit_learner **learner)
{
    return sor_bandit_make_chebyshev(&list, arms, features, low, high, random, learner);
}
