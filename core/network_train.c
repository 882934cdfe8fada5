/* Optimisers, and training by mini-batches. */
#include "assay/memory.h"
#include "core/network_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct assay_optimiser_state {
    assay_optimiser settings; /* with the usual values filled in */
    size_t count;
    size_t steps;
    double *first;  /* MOMENTUM: v; ADAM: m */
    double *second; /* ADAM: v */
};

/* ---- Optimisers ----------------------------------------------------------------------------------------------- */

static assay_status check_optimiser(const assay_optimiser *o)
{
    if (!o)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "optimiser is null");
    if ((unsigned)o->kind > ASSAY_ADAM)
        return assay_fail(ASSAY_OUT_OF_RANGE, "optimiser->kind is %d, must be 0 to %d", (int)o->kind, ASSAY_ADAM);
    if (!(o->rate > 0 && isfinite(o->rate)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "optimiser->rate is %g, must be above 0", o->rate);
    const struct {
        const char *name;
        double value;
        double below;
    } members[] = {{"momentum", o->momentum, 1},
                   {"b1", o->b1, 1},
                   {"b2", o->b2, 1},
                   {"epsilon", o->epsilon, INFINITY},
                   {"decay", o->decay, INFINITY}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!(members[i].value >= 0 && members[i].value < members[i].below))
            return assay_fail(ASSAY_OUT_OF_RANGE, "optimiser->%s is %g, must be in [0, %g)", members[i].name,
                              members[i].value, members[i].below);
    return ASSAY_OK;
}

static double usual(double value, double otherwise)
{
    return value != 0 ? value : otherwise;
}

assay_status assay_optimiser_create(const assay_optimiser *optimiser, size_t count, assay_optimiser_state **state)
{
    const assay_status status = check_optimiser(optimiser);
    if (status != ASSAY_OK)
        return status;
    if (!state)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "state is null");
    assay_optimiser_state *made = calloc(1, sizeof *made);
    if (!made)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for an optimiser");
    made->settings = *optimiser;
    made->settings.momentum = usual(optimiser->momentum, 0.9);
    made->settings.b1 = usual(optimiser->b1, 0.9);
    made->settings.b2 = usual(optimiser->b2, 0.999);
    made->settings.epsilon = usual(optimiser->epsilon, 1e-8);
    made->count = count;
    made->first = assay_allocate(count, sizeof *made->first);
    made->second = assay_allocate(count, sizeof *made->second);
    if (!made->first || !made->second) {
        assay_optimiser_release(made);
        return ASSAY_NO_MEMORY;
    }
    *state = made;
    return ASSAY_OK;
}

void assay_optimiser_release(assay_optimiser_state *state)
{
    if (!state)
        return;
    assay_release(state->first);
    assay_release(state->second);
    free(state);
}

static void adam_step(assay_optimiser_state *state, double *p, const double *gradient, double rate)
{
    const assay_optimiser *o = &state->settings;
    const double correct1 = 1 - pow(o->b1, (double)state->steps), correct2 = 1 - pow(o->b2, (double)state->steps);
    for (size_t i = 0; i < state->count; i++) {
        const double g = gradient[i] + o->decay * p[i];
        state->first[i] = o->b1 * state->first[i] + (1 - o->b1) * g;
        state->second[i] = o->b2 * state->second[i] + (1 - o->b2) * g * g;
        p[i] -= rate * (state->first[i] / correct1) / (sqrt(state->second[i] / correct2) + o->epsilon);
    }
}

assay_status assay_optimiser_step(assay_optimiser_state *state, double *parameters, const double *gradient,
                                  double factor)
{
    if (!state || ((!parameters || !gradient) && state->count > 0))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !state        ? "state"
                          : !parameters ? "parameters"
                                        : "gradient");
    if (!(factor >= 0 && isfinite(factor)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "factor is %g, must be at least 0", factor);
    const assay_optimiser *o = &state->settings;
    const double rate = o->rate * factor;
    state->steps++;
    if (!parameters || !gradient)
        return ASSAY_OK; /* there are none */
    if (o->kind == ASSAY_ADAM)
        adam_step(state, parameters, gradient, rate);
    for (size_t i = 0; o->kind != ASSAY_ADAM && i < state->count; i++) {
        const double g = gradient[i] + o->decay * parameters[i];
        state->first[i] = o->kind == ASSAY_MOMENTUM ? o->momentum * state->first[i] + g : g;
        parameters[i] -= rate * state->first[i];
    }
    return ASSAY_OK;
}

/* ---- Training ------------------------------------------------------------------------------------------------- */

typedef struct course {
    size_t *order;
    size_t *labels;
    double *x, *values;
    double *gradient;
    assay_optimiser_state *optimiser;
} course;

static void release_course(course *c)
{
    assay_release(c->order);
    assay_release(c->labels);
    assay_release(c->x);
    assay_release(c->values);
    assay_release(c->gradient);
    assay_optimiser_release(c->optimiser);
}

static assay_status make_course(const assay_network *network, size_t n, size_t batch, const assay_optimiser *optimiser,
                                course *c)
{
    c->order = assay_allocate(n, sizeof *c->order);
    c->labels = assay_allocate(batch, sizeof *c->labels);
    c->x = assay_allocate(batch * assay_network_inputs(network), sizeof *c->x);
    c->values = assay_allocate(batch * assay_network_outputs(network), sizeof *c->values);
    c->gradient = assay_allocate(network->parameter_count, sizeof *c->gradient);
    if (!c->order || !c->labels || !c->x || !c->values || !c->gradient)
        return ASSAY_NO_MEMORY;
    return assay_optimiser_create(optimiser, network->parameter_count, &c->optimiser);
}

/* Copies the examples of a batch next to each other. */
static assay_targets gather(const assay_network *network, const double *x, const assay_targets *targets,
                            const size_t *order, size_t n, course *c)
{
    const size_t inputs = assay_network_inputs(network), outputs = assay_network_outputs(network);
    for (size_t i = 0; i < n; i++) {
        memcpy(c->x + i * inputs, x + order[i] * inputs, inputs * sizeof *x);
        if (targets->loss == ASSAY_CROSS_ENTROPY)
            c->labels[i] = targets->labels[order[i]];
        else
            memcpy(c->values + i * outputs, targets->values + order[i] * outputs, outputs * sizeof *c->values);
    }
    return (assay_targets){targets->loss, c->labels, c->values};
}

/* One pass through the examples in the order c->order. */
static assay_status train_epoch(assay_network *network, const double *x, size_t n, const assay_targets *targets,
                                const assay_training *training, size_t batch, double factor, course *c, double *mean)
{
    double sum = 0;
    for (size_t first = 0; first < n; first += batch) {
        const size_t count = n - first < batch ? n - first : batch;
        const assay_targets chosen = gather(network, x, targets, c->order + first, count, c);
        double loss;
        assay_status status = assay_network_loss(network, c->x, count, &chosen, &loss, c->gradient, NULL);
        if (status == ASSAY_OK && !isfinite(loss))
            status = assay_fail(ASSAY_NOT_CONVERGED, "the loss has become %g", loss);
        if (status == ASSAY_OK)
            status = assay_optimiser_step(c->optimiser, network->parameters, c->gradient, factor);
        if (status != ASSAY_OK)
            return status;
        if (training->after_step)
            training->after_step(training->self, network);
        sum += loss * (double)count;
    }
    *mean = sum / (double)n;
    return ASSAY_OK;
}

static assay_status check_training(const assay_training *training)
{
    if (!training)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "training is null");
    if (training->batch < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "training->batch is 0, must be at least 1");
    if (!(training->epoch_factor >= 0 && isfinite(training->epoch_factor)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "training->epoch_factor is %g, must be above 0", training->epoch_factor);
    return check_optimiser(&training->optimiser);
}

assay_status assay_network_train(assay_network *network, const double *x, size_t n, const assay_targets *targets,
                                 const assay_training *training, assay_random r, double *history)
{
    assay_status status = network_check_data(network, x, n);
    if (status == ASSAY_OK && n == 0)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "n is 0, must be at least 1");
    if (status == ASSAY_OK)
        status = network_check_targets(network, targets, n);
    if (status == ASSAY_OK)
        status = check_training(training);
    if (status != ASSAY_OK)
        return status;
    const size_t batch = training->batch < n ? training->batch : n;
    double factor = 1;
    course c = {0};
    status = make_course(network, n, batch, &training->optimiser, &c);
    for (size_t epoch = 0; status == ASSAY_OK && epoch < training->epochs; epoch++) {
        double mean;
        status = assay_random_permutation((assay_random){r.seed, r.stream + epoch}, c.order, n);
        if (status == ASSAY_OK)
            status = train_epoch(network, x, n, targets, training, batch, factor, &c, &mean);
        if (status == ASSAY_OK && history)
            history[epoch] = mean;
        factor *= usual(training->epoch_factor, 1);
    }
    release_course(&c);
    return status;
}
