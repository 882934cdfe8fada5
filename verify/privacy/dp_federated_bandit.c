/* What must hold of dp_federated_bandit: the table of its checks. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#define ONCE(KIND, NAME, WORKLOAD, RUN)                                                                                \
    {                                                                                                                  \
        .kind = KIND, .name = NAME, .workload = WORKLOAD, .run = RUN                                                   \
    }

static const verify_check checks[] = {
    ONCE(ASSAY_ORACLE, "gaussian_delta", "256 bits", dp_federated_bandit_check_gaussian_delta),
    ONCE(ASSAY_ORACLE, "gaussian_mu", "known values, inverse", dp_federated_bandit_check_gaussian_mu),
    ONCE(ASSAY_ORACLE, "binomial_delta", "exact rationals", dp_federated_bandit_check_binomial_delta),
    ONCE(ASSAY_ORACLE, "binomial_vector", "exact sums", dp_federated_bandit_check_binomial_vector),
    /* Six chi-square statistics at 2e-9 each, one of Hoeffding's at 4e-9. */
    {.kind = ASSAY_ORACLE,
     .name = "samplers",
     .workload = "40,000 draws each",
     .false_alarm = 2e-8,
     .run = dp_federated_bandit_check_samplers},
    ONCE(ASSAY_ORACLE, "clopper_pearson", "its definition", dp_federated_bandit_check_clopper_pearson),
    {.kind = ASSAY_ORACLE,
     .name = "example",
     .workload = "two silos",
     .every_level = true,
     .run = dp_federated_bandit_check_example},
    ONCE(ASSAY_ORACLE, "attack_example", "two data sets", dp_federated_bandit_check_attack_example),
    {.kind = ASSAY_ORACLE,
     .name = "lu_in_128_bits",
     .workload = "2 silos, 120 rounds",
     .every_level = true,
     .run = dp_federated_bandit_check_lu},

    /* 1300 rounds in all, in each of which two of some 30 bounds would have to be within 1e-13: below 1e-8. */
    {.kind = ASSAY_AGREEMENT,
     .name = "run",
     .workload = "all protocols",
     .every_level = true,
     .false_alarm = 1e-8,
     .run = dp_federated_bandit_check_agreement},
    ONCE(ASSAY_AGREEMENT, "ranks", "1, 2 and 3 MPI ranks", dp_federated_bandit_check_ranks),

    {.kind = ASSAY_LAW,
     .name = "clipping",
     .workload = "3 silos, features up to 3 long",
     .every_level = true,
     .run = dp_federated_bandit_check_clipping},
    ONCE(ASSAY_LAW, "gram", "3 silos", dp_federated_bandit_check_gram),
    ONCE(ASSAY_LAW, "prefixes", "100 vectors", dp_federated_bandit_check_prefixes),
    {.kind = ASSAY_LAW,
     .name = "prefix_noise",
     .workload = "2000 numbers, 50 prefixes",
     .false_alarm = 3e-9,
     .run = dp_federated_bandit_check_prefix_noise},
    ONCE(ASSAY_LAW, "nodes", "1 to 200 batches", dp_federated_bandit_check_nodes),
    ONCE(ASSAY_LAW, "schedule", "two data sets", dp_federated_bandit_check_schedule),
    {.kind = ASSAY_LAW,
     .name = "server_view",
     .workload = "the first messages",
     .false_alarm = 1e-8,
     .run = dp_federated_bandit_check_server_view},
    ONCE(ASSAY_LAW, "vector_sum", "random numbers", dp_federated_bandit_check_vector_sum),
    ONCE(ASSAY_LAW, "calibration", "30 settings", dp_federated_bandit_check_calibration),

    {.kind = ASSAY_REJECTION,
     .name = "bad_parameters",
     .every_level = true,
     .run = dp_federated_bandit_check_bad_parameters},
    {.kind = ASSAY_REJECTION, .name = "bad_worlds", .every_level = true, .run = dp_federated_bandit_check_bad_worlds},
    ONCE(ASSAY_REJECTION, "bad_ranks", NULL, dp_federated_bandit_check_bad_ranks),
    ONCE(ASSAY_REJECTION, "bad_privacy", NULL, dp_federated_bandit_check_bad_privacy),

    {.name = "C1", .workload = "sphere", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c1},
    {.name = "C2", .workload = "sphere", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c2},
    {.name = "C3", .workload = "sphere", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c3},
    {.name = "C4", .workload = "no data", .claim = &dp_federated_bandit_claim_c4},
    {.name = "C5", .workload = "two data sets", .claim = &dp_federated_bandit_claim_c5},
    {.name = "C6", .workload = "sphere", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c6},
    {.name = "C7", .workload = "7 nodes", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c7},
    {.name = "C8", .workload = "7 nodes", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c8},
    {.name = "C9", .workload = "one number", .claim = &dp_federated_bandit_claim_c9},
    {.name = "C10", .workload = "7 nodes", .claim = &dp_federated_bandit_claim_c10},
    {.name = "C11", .workload = "40,000 draws", .from = VERIFY_FULL, .claim = &dp_federated_bandit_claim_c11},
};

VERIFY_CHECKS(dp_federated_bandit, checks);
