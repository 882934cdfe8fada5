/* sor_bandit: the paper's results for random shifts (C1 to C3), measured again. The earlier numbers come from
 * its authors' code. */
#include "assay/memory.h"
#include "verify/solvers/sor_bandit_tables.h"

#include <math.h>

enum { QUICK_STEPS = 700, SEEDS = 5 };

typedef struct totals {
    double best, second_best, fixed, tsallis, second, bins, chebyshev; /* second: halves */
} totals;

/* Young's omega for each shift: what the best policy takes whose omega depends on A alone. */
static double young_rule(void *self, double context)
{
    const sor_bandit_grid grid = {10, 10, 4 + context, 1};
    (void)self;
    return sor_bandit_young_omega(sor_bandit_jacobi_radius(&grid));
}

static double young_total(verify_context *v, bool high, uint64_t seed)
{
    sor_bandit_shift scenario = sor_bandit_shift_paper(high, (assay_random){seed, high ? 700 : 710});
    scenario.steps = SOR_BANDIT_PAPER_STEPS;
    const sor_bandit_policy policy = {.rule = young_rule};
    sor_bandit_trace trace = {0};
    if (sor_bandit_shift_run(&scenario, &policy, &trace) == ASSAY_OK)
        return (double)trace.total;
    verify_note(v, "%s", assay_error());
    return NAN;
}

/* What the arm that is best over the whole takes in the second half. */
static double second_half_best(const sor_bandit_table *t)
{
    size_t best = 0;
    double total = 0;
    for (size_t i = 0; i < t->arms; i++)
        best = sor_bandit_table_arm(t, i) < sor_bandit_table_arm(t, best) ? i : best;
    for (size_t k = t->steps / 2; k < t->steps; k++)
        total += t->counts[k * t->arms + best];
    return total;
}

static bool measure_shift(verify_context *v, bool high, uint64_t seed, totals *m)
{
    sor_bandit_table t;
    const bool made = sor_bandit_table_shift(v, high, SOR_BANDIT_PAPER_STEPS, 0, seed, &t);
    if (made) {
        m->best = sor_bandit_table_best(&t);
        m->second_best = second_half_best(&t);
        m->fixed = sor_bandit_table_arm(&t, 8);
        m->tsallis = sor_bandit_table_learner(v, &t, SOR_BANDIT_TSALLIS, seed, &m->second);
        m->bins = sor_bandit_table_learner(v, &t, SOR_BANDIT_BINS, seed, NULL);
        m->chebyshev = sor_bandit_table_learner(v, &t, SOR_BANDIT_CHEBYSHEV, seed, NULL);
    }
    sor_bandit_table_release(&t);
    return made;
}

static double c1_high(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.tsallis / m.best : NAN;
}

static double c1_low(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, false, seed, &m) ? m.tsallis / m.best : NAN;
}

static double c1_fixed(verify_context *v, uint64_t seed)
{
    totals high, low;
    return measure_shift(v, true, seed, &high) && measure_shift(v, false, seed, &low)
               ? fmax(high.tsallis / high.fixed, low.tsallis / low.fixed)
               : NAN;
}

static double c1_half(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.second / m.second_best : NAN;
}

static double c2_high(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, true, seed, &m) ? m.chebyshev / m.best : NAN;
}

static double c2_low(verify_context *v, uint64_t seed)
{
    totals m;
    return measure_shift(v, false, seed, &m) ? m.chebyshev / m.best : NAN;
}

static double c2_young(verify_context *v, uint64_t seed)
{
    double worst = 0;
    for (int high = 0; high < 2; high++) {
        totals m;
        if (!measure_shift(v, high, seed, &m))
            return NAN;
        const double ratio = m.chebyshev / young_total(v, high, seed);
        worst = ratio > worst || isnan(ratio) ? ratio : worst;
    }
    return worst;
}

/* Small enough for every day: 12 omegas from 1.40 on, which learners know sooner, and which take fewer sweeps. */
static double c2_quick(verify_context *v, uint64_t seed)
{
    sor_bandit_table t;
    const bool made = sor_bandit_table_shift(v, true, QUICK_STEPS, 8, seed, &t);
    const double ratio =
        made ? sor_bandit_table_learner(v, &t, SOR_BANDIT_CHEBYSHEV, seed, NULL) / sor_bandit_table_best(&t) : NAN;
    sor_bandit_table_release(&t);
    return ratio;
}

static double c3(verify_context *v, uint64_t seed)
{
    totals high, low;
    return measure_shift(v, true, seed, &high) && measure_shift(v, false, seed, &low)
               ? fmax(high.chebyshev / high.bins, low.chebyshev / low.bins)
               : NAN;
}

const verify_claim sor_bandit_claim_c1_high = {
    "Tsallis-INF over the best fixed omega, 10 x 10 grid, high variance, 5000 systems",
    "approaches the best fixed omega",
    "abstract",
    "",
    c1_high,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_low = {
    "Tsallis-INF over the best fixed omega, 10 x 10 grid, low variance, 5000 systems",
    "approaches the best fixed omega",
    "abstract",
    "",
    c1_low,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_fixed = {
    "Tsallis-INF over omega = 1.4 always, the worse of both variances, 5000 systems",
    "well below a guessed omega",
    "code",
    "",
    c1_fixed,
    -INFINITY,
    0.70,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c1_half = {
    "The second half of Tsallis-INF over that of the best fixed omega, high variance",
    "the regret fades",
    "abstract",
    "",
    c1_half,
    -INFINITY,
    1.12,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c2_high = {"ChebCB over the best fixed omega, high variance, 5000 systems",
                                               "near instance-optimal, below every fixed omega",
                                               "abstract",
                                               "",
                                               c2_high,
                                               -INFINITY,
                                               0.72,
                                               0,
                                               0,
                                               SEEDS};
const verify_claim sor_bandit_claim_c2_low = {"ChebCB over the best fixed omega, low variance, 5000 systems",
                                              "near instance-optimal, below every fixed omega",
                                              "abstract",
                                              "",
                                              c2_low,
                                              -INFINITY,
                                              0.85,
                                              0,
                                              0,
                                              SEEDS};
const verify_claim sor_bandit_claim_c2_young = {
    "ChebCB over Young's omega for each system, the worse of both variances, 5000 systems",
    "near instance-optimal",
    "abstract",
    "",
    c2_young,
    -INFINITY,
    1.25,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c2_quick = {
    "ChebCB over the best fixed omega, high variance, 700 systems, 12 omegas from 1.4",
    "below every fixed omega",
    "abstract",
    "",
    c2_quick,
    -INFINITY,
    1,
    0,
    0,
    SEEDS};
const verify_claim sor_bandit_claim_c3 = {
    "ChebCB over Tsallis-INF with 5 bins of contexts, the worse of both variances, 5000 systems",
    "regression beats binning",
    "code",
    "",
    c3,
    -INFINITY,
    0.80,
    0,
    0,
    SEEDS};

/* ---- For the report --------------------------------------------------------------------------------------------- */

/* Mean iterations so far over the steps, for learners and fixed omegas; their ends lie between the best and the worst.
 */
void sor_bandit_record_regret(verify_context *v)
{
    enum { POINTS = 60 };
    const size_t steps = verify_depth_of(v) == VERIFY_QUICK ? 400 : SOR_BANDIT_PAPER_STEPS;
    sor_bandit_table t;
    if (!sor_bandit_table_shift(v, true, steps, 0, verify_seed_of(v), &t)) {
        verify_true(v, false, "%s", assay_error());
        sor_bandit_table_release(&t);
        return;
    }
    static const char *const names[6] = {"Tsallis-INF",      "Tsallis-INF, 5 bins", "ChebCB",
                                         "best fixed omega", "omega = 1.4",         "best omega for each"};
    size_t best = 0;
    for (size_t i = 0; i < SOR_BANDIT_ARMS; i++)
        best = sor_bandit_table_arm(&t, i) < sor_bandit_table_arm(&t, best) ? i : best;
    uint32_t *iterations = assay_allocate(steps, sizeof *iterations);
    for (int k = 0; iterations && k < 6; k++) {
        double x[POINTS], y[POINTS], sum = 0;
        sor_bandit_learner *learner = NULL;
        const assay_random r = {verify_seed_of(v), 720 + (uint64_t)k};
        if (k < 3) {
            sor_bandit_trace trace = {.iterations = iterations};
            const assay_status made =
                k == 0   ? sor_bandit_create_tsallis(SOR_BANDIT_ARMS, r, &learner)
                : k == 1 ? sor_bandit_create_tsallis_bins(SOR_BANDIT_ARMS, t.bins, t.low, t.high, r, &learner)
                         : sor_bandit_create_chebyshev(SOR_BANDIT_ARMS, SOR_BANDIT_FEATURES_USED, t.low, t.high, r,
                                                       &learner);
            verify_ok(v, made, "%s", names[k]);
            verify_ok(v, sor_bandit_replay(learner, steps, SOR_BANDIT_ARMS, t.counts, t.contexts, &trace), "%s",
                      names[k]);
            sor_bandit_release(learner);
        }
        size_t point = 0;
        double most_total = 0;
        for (size_t s = 0; s < steps; s++) {
            uint32_t least = UINT32_MAX, most = 0;
            for (size_t i = 0; i < SOR_BANDIT_ARMS; i++) {
                const uint32_t count = t.counts[s * SOR_BANDIT_ARMS + i];
                least = count < least ? count : least;
                most = count > most ? count : most;
            }
            most_total += most;
            sum += k < 3    ? iterations[s]
                   : k == 3 ? t.counts[s * SOR_BANDIT_ARMS + best]
                   : k == 4 ? t.counts[s * SOR_BANDIT_ARMS + 8]
                            : least;
            if ((s + 1) * POINTS / steps > point) {
                x[point] = (double)(s + 1);
                y[point++] = sum / (double)(s + 1);
            }
        }
        verify_record_series(v, &(assay_series){.chart = "iterations per system, random shifts of high variance",
                                                .label = names[k],
                                                .style = ASSAY_LINE,
                                                .x_label = "systems solved",
                                                .y_label = "mean sweeps so far",
                                                .count = point,
                                                .x = x,
                                                .y = y});
        verify_true(v, sum >= sor_bandit_table_instance(&t) && sum <= most_total, "%s: total %g", names[k], sum);
    }
    assay_release(iterations);
    sor_bandit_table_release(&t);
}
