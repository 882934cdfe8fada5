/* GSL's samplers as peers. They are apart because GSL's header of CBLAS and OpenBLAS's do not go together. */
#ifndef ASSAY_BENCH_DP_FEDERATED_BANDIT_GSL_H
#define ASSAY_BENCH_DP_FEDERATED_BANDIT_GSL_H

#include "assay/bench.h"

/* state->size draws of standard deviation 20; the sum goes to state->data. */
assay_status dp_federated_bandit_gsl_gaussian(bench_state *state);

/* The same of Binomial(1000000, 1/4). */
assay_status dp_federated_bandit_gsl_binomial(bench_state *state);

#endif
