/* A world for dp_federated_bandit: features on the sphere, rewards of -1 and 1. */
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

enum { THETA = 1, FEATURES, REWARD };

static void normalise(double *x, size_t d)
{
    double squares = 0;
    for (size_t i = 0; i < d; i++)
        squares += x[i] * x[i];
    const double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (size_t i = 0; i < d; i++)
        x[i] *= scale;
}

static uint64_t address(uint64_t purpose, size_t silo, size_t t)
{
    return purpose << 60 ^ (uint64_t)silo << 44 ^ (uint64_t)t;
}

static void features(void *context, size_t silo, size_t t, double *x)
{
    const dp_federated_bandit_sphere *s = context;
    assay_random_fill_normal((assay_random){s->seed, address(FEATURES, silo, t)}, 0, 0, 1, x, s->arms * s->dimension);
    for (size_t a = 0; a < s->arms; a++)
        normalise(x + a * s->dimension, s->dimension);
}

static double mean(const dp_federated_bandit_sphere *s, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < s->dimension; i++)
        sum += x[i] * s->theta[i];
    return sum;
}

static double reward(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    const dp_federated_bandit_sphere *s = context;
    const double chance = (1 + mean(s, x + arm * s->dimension)) / 2;
    return assay_random_uniform((assay_random){s->seed, address(REWARD, silo, 0)}, t) < chance ? 1 : -1;
}

static double gap(void *context, size_t silo, size_t t, size_t arm, const double *x)
{
    const dp_federated_bandit_sphere *s = context;
    (void)silo;
    (void)t;
    double best = -INFINITY;
    for (size_t a = 0; a < s->arms; a++)
        best = fmax(best, mean(s, x + a * s->dimension));
    return best - mean(s, x + arm * s->dimension);
}

assay_status dp_federated_bandit_make_sphere(size_t dimension, size_t arms, uint64_t seed,
                                             dp_federated_bandit_sphere *sphere,
                                             dp_federated_bandit_environment *environment)
{
    if (!sphere || !environment)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", sphere ? "environment" : "sphere");
    if (dimension == 0 || dimension > 256 || arms == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu and arms %zu, must be 1 to 256 and at least 1",
                          dimension, arms);
    *sphere = (dp_federated_bandit_sphere){.dimension = dimension, .arms = arms, .seed = seed};
    for (size_t i = 0; i < dimension; i++)
        sphere->theta[i] = assay_random_normal((assay_random){seed, address(THETA, 0, 0)}, i);
    normalise(sphere->theta, dimension);
    *environment =
        (dp_federated_bandit_environment){.context = sphere, .features = features, .reward = reward, .gap = gap};
    return ASSAY_OK;
}
