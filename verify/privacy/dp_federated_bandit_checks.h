/* The checks of dp_federated_bandit by file; their table is in dp_federated_bandit.c. */
#ifndef ASSAY_VERIFY_DP_FEDERATED_BANDIT_CHECKS_H
#define ASSAY_VERIFY_DP_FEDERATED_BANDIT_CHECKS_H

#include "assay/dp_federated_bandit.h"
#include "assay/verify.h"

/* dp_federated_bandit_oracle.c: the bandit */
void dp_federated_bandit_check_example(verify_context *v);
void dp_federated_bandit_check_attack_example(verify_context *v);
void dp_federated_bandit_check_lu(verify_context *v);

/* dp_federated_bandit_privacy.c: the calculus of privacy, which other algorithms share */
void dp_federated_bandit_check_gaussian_delta(verify_context *v);
void dp_federated_bandit_check_gaussian_mu(verify_context *v);
void dp_federated_bandit_check_binomial_delta(verify_context *v);
void dp_federated_bandit_check_binomial_vector(verify_context *v);
void dp_federated_bandit_check_samplers(verify_context *v);
void dp_federated_bandit_check_clopper_pearson(verify_context *v);

/* dp_federated_bandit_agreement.c */
void dp_federated_bandit_check_agreement(verify_context *v);
void dp_federated_bandit_check_ranks(verify_context *v);

/* dp_federated_bandit_laws.c */
void dp_federated_bandit_check_clipping(verify_context *v);
void dp_federated_bandit_check_gram(verify_context *v);
void dp_federated_bandit_check_prefixes(verify_context *v);
void dp_federated_bandit_check_prefix_noise(verify_context *v);
void dp_federated_bandit_check_nodes(verify_context *v);
void dp_federated_bandit_check_schedule(verify_context *v);
void dp_federated_bandit_check_server_view(verify_context *v);
void dp_federated_bandit_check_vector_sum(verify_context *v);
void dp_federated_bandit_check_calibration(verify_context *v);

/* dp_federated_bandit_rejections.c */
void dp_federated_bandit_check_bad_parameters(verify_context *v);
void dp_federated_bandit_check_bad_worlds(verify_context *v);
void dp_federated_bandit_check_bad_ranks(verify_context *v);
void dp_federated_bandit_check_bad_privacy(verify_context *v);

/* dp_federated_bandit_claims.c */
extern const verify_claim dp_federated_bandit_claim_c1, dp_federated_bandit_claim_c2, dp_federated_bandit_claim_c3,
    dp_federated_bandit_claim_c4, dp_federated_bandit_claim_c5, dp_federated_bandit_claim_c6,
    dp_federated_bandit_claim_c7, dp_federated_bandit_claim_c8, dp_federated_bandit_claim_c9,
    dp_federated_bandit_claim_c10, dp_federated_bandit_claim_c11;

#endif
