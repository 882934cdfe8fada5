/* The checks of multiblock_bilevel by file; their table is in multiblock_bilevel.c. */
#ifndef ASSAY_VERIFY_MULTIBLOCK_BILEVEL_CHECKS_H
#define ASSAY_VERIFY_MULTIBLOCK_BILEVEL_CHECKS_H

#include "assay/verify.h"
#include "reference/bilevel/multiblock_bilevel_reference.h"

/* ---- Problems (multiblock_bilevel_problems.c) ---- */

/* The quadratic problem of the claims: m = 40, dx = 10, dy = 5, n = 100, mu = 0.3, rho = 0.02. */
extern const multiblock_bilevel_quadratic multiblock_bilevel_default_quadratic;

/* A small random problem of each family. */
typedef enum multiblock_bilevel_family {
    MULTIBLOCK_BILEVEL_QUADRATIC,
    MULTIBLOCK_BILEVEL_WEIGHTS,
    MULTIBLOCK_BILEVEL_RANKING,
    MULTIBLOCK_BILEVEL_FAMILIES
} multiblock_bilevel_family;

extern const char *const multiblock_bilevel_family_names[];

assay_status multiblock_bilevel_make_small(multiblock_bilevel_family family, uint64_t seed,
                                           multiblock_bilevel_instance *instance);

/* Whether the small problem of a seed is smooth around x (the hinges of the ranking have a kink each, and none is
 * within 0.01 of its own), so that differences see derivatives. */
bool multiblock_bilevel_is_smooth(multiblock_bilevel_family family, uint64_t seed, const double *x);

/* The worked example with two blocks and one number each: g_1 = y^2 - y (x + 1), g_2 = 2 y^2 - y (2 x - 1),
 * f_i = (y - t_i)^2 / 2 + x^2 / 4 with t = (1, 3). */
extern const multiblock_bilevel_problem multiblock_bilevel_example;

/* ---- multiblock_bilevel_oracle.c ---- */
void multiblock_bilevel_check_example_v1(verify_context *v);
void multiblock_bilevel_check_example_v2(verify_context *v);
void multiblock_bilevel_check_example_optimum(verify_context *v);
void multiblock_bilevel_check_closed_form(verify_context *v);
void multiblock_bilevel_check_mpfr(verify_context *v);
void multiblock_bilevel_check_finite_differences(verify_context *v);
void multiblock_bilevel_check_derivatives(verify_context *v);

/* ---- multiblock_bilevel_baselines.c ---- */
void multiblock_bilevel_check_baselines(verify_context *v);
void multiblock_bilevel_check_trace(verify_context *v);

/* ---- multiblock_bilevel_agreement.c ---- */
void multiblock_bilevel_check_agreement(verify_context *v);
void multiblock_bilevel_check_lazy(verify_context *v);
void multiblock_bilevel_check_pieces(verify_context *v);

/* ---- multiblock_bilevel_laws.c ---- */
void multiblock_bilevel_check_storm(verify_context *v);
void multiblock_bilevel_check_plug_in(verify_context *v);
void multiblock_bilevel_check_error_recursion(verify_context *v);
void multiblock_bilevel_check_projection(verify_context *v);
void multiblock_bilevel_check_invariants(verify_context *v);
void multiblock_bilevel_check_fixed_point(verify_context *v);
void multiblock_bilevel_check_relabelling(verify_context *v);
void multiblock_bilevel_check_counters(verify_context *v);

/* ---- multiblock_bilevel_rejections.c ---- */
void multiblock_bilevel_check_bad_options(verify_context *v);
void multiblock_bilevel_check_bad_problems(verify_context *v);
void multiblock_bilevel_check_bad_numbers(verify_context *v);

/* ---- multiblock_bilevel_claims.c, multiblock_bilevel_noise.c ---- */
extern const verify_claim multiblock_bilevel_claim_c1_v1, multiblock_bilevel_claim_c1_v2,
    multiblock_bilevel_claim_c2_worst, multiblock_bilevel_claim_c2_batch, multiblock_bilevel_claim_c2_blocks,
    multiblock_bilevel_claim_c3, multiblock_bilevel_claim_c5, multiblock_bilevel_claim_c6,
    multiblock_bilevel_claim_c4_auc, multiblock_bilevel_claim_c4_loss, multiblock_bilevel_claim_c4_accuracy,
    multiblock_bilevel_claim_c4_auc_v1, multiblock_bilevel_claim_c4_single, multiblock_bilevel_claim_c4_digits;

#endif
