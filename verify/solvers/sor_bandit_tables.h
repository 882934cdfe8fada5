/* Tables of what every omega takes, and learners that play on them: what the claims of sor_bandit are measured by. */
#ifndef VERIFY_SOLVERS_SOR_BANDIT_TABLES_H
#define VERIFY_SOLVERS_SOR_BANDIT_TABLES_H

#include "verify/solvers/sor_bandit_checks.h"

enum { SOR_BANDIT_FEATURES_USED = 6, SOR_BANDIT_PAPER_STEPS = 5000 };

/* What every omega takes at each step, from which all totals follow without solving anything again. */
typedef struct sor_bandit_table {
    size_t steps, arms;
    const double *omegas;
    uint32_t *counts; /* steps x arms */
    double *contexts;
    double low, high; /* of the contexts */
    size_t bins;      /* in the paper's code */
} sor_bandit_table;

/* The functions give false, null or NaN, with a note, if something fails. */

/* The scenario of random shifts for a seed, with the paper's omegas from number @p first on; to be released. */
bool sor_bandit_table_shift(verify_context *v, bool high, size_t steps, size_t first, uint64_t seed,
                            sor_bandit_table *t);
void sor_bandit_table_release(sor_bandit_table *t);

/* The heat equation has nothing random: one table for all seeds of a check (which asks for one number of steps). */
const sor_bandit_table *sor_bandit_table_heat(verify_context *v, size_t nx, size_t steps);

/* Totals: of an arm, of the best arm, of the best arm for each step. */
double sor_bandit_table_arm(const sor_bandit_table *t, size_t arm);
double sor_bandit_table_best(const sor_bandit_table *t);
double sor_bandit_table_instance(const sor_bandit_table *t);

/* The total of a learner; *second gets that of the second half (may be null). */
typedef enum sor_bandit_kind { SOR_BANDIT_TSALLIS, SOR_BANDIT_BINS, SOR_BANDIT_CHEBYSHEV } sor_bandit_kind;
double sor_bandit_table_learner(verify_context *v, const sor_bandit_table *t, sor_bandit_kind which, uint64_t seed,
                                double *second);

#endif
