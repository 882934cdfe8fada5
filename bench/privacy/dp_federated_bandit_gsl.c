#include "bench/privacy/dp_federated_bandit_gsl.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

assay_status dp_federated_bandit_gsl_gaussian(bench_state *state)
{
    gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
    double sum = 0;
    for (uint64_t k = 0; k < state->size; k++)
        sum += gsl_ran_gaussian_ziggurat(r, 20);
    gsl_rng_free(r);
    *(uint64_t *)state->data = (uint64_t)(int64_t)sum;
    bench_consume(state->data);
    return ASSAY_OK;
}

assay_status dp_federated_bandit_gsl_binomial(bench_state *state)
{
    gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
    uint64_t sum = 0;
    for (uint64_t k = 0; k < state->size; k++)
        sum += gsl_ran_binomial(r, 0.25, 1000000);
    gsl_rng_free(r);
    *(uint64_t *)state->data = sum;
    bench_consume(state->data);
    return ASSAY_OK;
}
