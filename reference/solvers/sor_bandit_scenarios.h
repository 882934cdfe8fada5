/* What the reference and the optimized scenarios share: the systems themselves, and how a policy is driven over them.
 */
#ifndef REFERENCE_SOLVERS_SOR_BANDIT_SCENARIOS_H
#define REFERENCE_SOLVERS_SOR_BANDIT_SCENARIOS_H

#include "assay/sor_bandit.h"

/* A sequence of systems that is being solved. */
typedef struct sor_bandit_sequence {
    void *self;
    size_t steps, limit; /* limit: of the iterations of a step */
    bool may_be_plain;   /* whether omega may be SOR_BANDIT_PLAIN */
    /* Prepares step t and tells its context. */
    assay_status (*prepare)(void *self, size_t t, double *context);
    /* Solves it; ASSAY_NOT_CONVERGED counts as the limit. */
    assay_status (*solve)(void *self, double omega, sor_bandit_report *report);
} sor_bandit_sequence;

/* Solves all steps with the omegas that the policy (checked) chooses. */
assay_status sor_bandit_drive(const sor_bandit_sequence *sequence, const sor_bandit_policy *policy,
                              sor_bandit_trace *trace);

/* The middle of step t of the heat equation. */
double sor_bandit_heat_middle(const sor_bandit_heat *scenario, size_t t);

/* B(c, r) at (x, y). */
double sor_bandit_bump(double x, double y, double center_x, double center_y, double radius);

/* u at the beginning. */
void sor_bandit_heat_initial(const sor_bandit_heat *scenario, double *u);

/* The rows and columns in which f(time) may be other than 0: [from[0], to[0]) x [from[1], to[1]). */
void sor_bandit_heat_source_range(const sor_bandit_heat *scenario, double time, size_t from[2], size_t to[2]);

/* f(time) at a point. */
double sor_bandit_heat_source(const sor_bandit_heat *scenario, double time, size_t row, size_t column);

#endif
