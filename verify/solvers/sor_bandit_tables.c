/* Tables of what every omega takes, and learners that play on them. */
#include "verify/solvers/sor_bandit_tables.h"
#include "assay/memory.h"

#include <math.h>

void sor_bandit_table_release(sor_bandit_table *t)
{
    assay_release(t->counts);
    assay_release(t->contexts);
    *t = (sor_bandit_table){0};
}

/* Of the paper's omegas from number @p first on. */
static bool make_table(verify_context *v, size_t steps, size_t first, double low, double high, size_t bins,
                       sor_bandit_table *t)
{
    *t = (sor_bandit_table){.steps = steps, .arms = SOR_BANDIT_ARMS - first, .omegas = sor_bandit_arms + first};
    t->counts = assay_allocate(steps * t->arms, sizeof *t->counts);
    t->contexts = assay_allocate(steps, sizeof *t->contexts);
    t->low = low;
    t->high = high;
    t->bins = bins;
    if (!t->counts || !t->contexts)
        verify_note(v, "no memory for a table of %zu steps", steps);
    return t->counts && t->contexts;
}

bool sor_bandit_table_shift(verify_context *v, bool high, size_t steps, size_t first, uint64_t seed,
                            sor_bandit_table *t)
{
    sor_bandit_shift scenario = sor_bandit_shift_paper(high, (assay_random){seed, high ? 700 : 710});
    scenario.steps = steps;
    if (!make_table(v, steps, first, -0.15, 0.65, 5, t))
        return false;
    if (sor_bandit_shift_counts(&scenario, t->arms, t->omegas, t->counts, t->contexts) == ASSAY_OK)
        return true;
    verify_note(v, "%s", assay_error());
    return false;
}

const sor_bandit_table *sor_bandit_table_heat(verify_context *v, size_t nx, size_t steps)
{
    static sor_bandit_table tables[2];
    static size_t of[2];
    const size_t slot = nx == 25;
    if (of[slot] == nx)
        return &tables[slot];
    sor_bandit_heat scenario = sor_bandit_heat_paper(nx);
    scenario.steps = steps;
    sor_bandit_table_release(&tables[slot]);
    of[slot] = 0;
    if (!make_table(v, steps, 0, 0, 10, 6, &tables[slot]))
        return NULL;
    if (sor_bandit_heat_counts(&scenario, SOR_BANDIT_ARMS, sor_bandit_arms, tables[slot].counts,
                               tables[slot].contexts) != ASSAY_OK) {
        verify_note(v, "%s", assay_error());
        return NULL;
    }
    of[slot] = nx;
    return &tables[slot];
}

double sor_bandit_table_arm(const sor_bandit_table *t, size_t arm)
{
    double total = 0;
    for (size_t k = 0; k < t->steps; k++)
        total += t->counts[k * t->arms + arm];
    return total;
}

double sor_bandit_table_best(const sor_bandit_table *t)
{
    double best = INFINITY;
    for (size_t i = 0; i < t->arms; i++)
        best = fmin(best, sor_bandit_table_arm(t, i));
    return best;
}

double sor_bandit_table_instance(const sor_bandit_table *t)
{
    double total = 0;
    for (size_t k = 0; k < t->steps; k++) {
        uint32_t best = UINT32_MAX;
        for (size_t i = 0; i < t->arms; i++)
            best = t->counts[k * t->arms + i] < best ? t->counts[k * t->arms + i] : best;
        total += best;
    }
    return total;
}

double sor_bandit_table_learner(verify_context *v, const sor_bandit_table *t, sor_bandit_kind which, uint64_t seed,
                                double *second)
{
    sor_bandit_learner *learner = NULL;
    const assay_random r = {seed, 720 + (uint64_t)which};
    assay_status status =
        which == SOR_BANDIT_TSALLIS ? sor_bandit_create_tsallis(t->arms, r, &learner)
        : which == SOR_BANDIT_BINS
            ? sor_bandit_create_tsallis_bins(t->arms, t->bins, t->low, t->high, r, &learner)
            : sor_bandit_create_chebyshev(t->arms, SOR_BANDIT_FEATURES_USED, t->low, t->high, r, &learner);
    uint32_t *iterations = assay_allocate(t->steps, sizeof *iterations);
    sor_bandit_trace trace = {.iterations = iterations};
    if (status == ASSAY_OK && iterations)
        status = sor_bandit_replay(learner, t->steps, t->arms, t->counts, t->contexts, &trace);
    double total = 0;
    if (second) {
        *second = 0;
        for (size_t k = t->steps / 2; iterations && k < t->steps; k++)
            *second += iterations[k];
    }
    if (status == ASSAY_OK && iterations)
        total = (double)trace.total;
    else
        verify_note(v, "%s", assay_error());
    sor_bandit_release(learner);
    assay_release(iterations);
    return total > 0 ? total : NAN;
}
