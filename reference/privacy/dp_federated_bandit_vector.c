/* The vector sum of the shuffle model, and the attack on data-dependent synchronisation. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/privacy.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

static assay_status check_task(const dp_federated_bandit_vector_task *t)
{
    if (t->records == 0 || t->dimension == 0 || t->releases == 0 || t->records > (size_t)1 << 40 ||
        t->dimension > (size_t)1 << 20 || t->releases > 64)
        return assay_fail(ASSAY_OUT_OF_RANGE,
                          "records %zu, dimension %zu, releases %zu: must be 1 to 2^40, 2^20 and 64", t->records,
                          t->dimension, t->releases);
    if (!(t->bound > 0 && isfinite(t->bound) && t->sensitivity > 0 && isfinite(t->sensitivity)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "bound is %g and sensitivity %g, must be above 0", t->bound,
                          t->sensitivity);
    if (!(t->epsilon > 0 && t->epsilon <= 700) || !(t->delta > 0 && t->delta < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g and delta %g, must be in (0, 700] and (0, 1)", t->epsilon,
                          t->delta);
    if (!(t->scale >= 1 && t->scale <= 10))
        return assay_fail(ASSAY_OUT_OF_RANGE, "scale is %g, must be 1 to 10", t->scale);
    return ASSAY_OK;
}

assay_status dp_federated_bandit_vector_plan(const dp_federated_bandit_vector_task *task,
                                             dp_federated_bandit_vector *plan)
{
    if (!task || !plan)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", task ? "plan" : "task");
    assay_status status = check_task(task);
    if (status != ASSAY_OK)
        return status;
    const double d = (double)task->dimension, releases = (double)task->releases;
    const double grid = ceil(fmax(2 * sqrt((double)task->records), fmax(d, 4)));
    const double relative = grid / task->epsilon;
    double trials;
    if (task->calibration == DP_FEDERATED_BANDIT_CODE) {
        trials = task->scale * relative * relative * log(d * d / task->delta) * log(d * d / task->delta);
    } else if (task->calibration == DP_FEDERATED_BANDIT_PAPER) {
        const double logarithm = log(4 * (d * d + 1) / task->delta);
        trials = 24e4 * relative * relative * logarithm * logarithm;
    } else { /* rounding moves each number by less than 1 more, but none can move by more than 2 g */
        const double moved = task->sensitivity * grid / task->bound + sqrt(d);
        const double length = sqrt(releases) * fmin(moved, 2 * grid * sqrt(d));
        uint64_t least = 0;
        status = assay_privacy_binomial_trials(0.25, length, task->dimension * task->releases, task->epsilon,
                                               task->delta, &least);
        trials = (double)least;
    }
    if (status == ASSAY_OK && !(trials <= 0x1p53))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "%g noise messages are needed, at most 2^53 can be", trials);
    if (status == ASSAY_OK)
        *plan = (dp_federated_bandit_vector){
            .records = task->records, .bound = task->bound, .grid = (uint64_t)grid, .trials = (uint64_t)ceil(trials)};
    return status;
}

assay_status dp_federated_bandit_vector_randomize(const dp_federated_bandit_vector *plan, double x, double uniform,
                                                  uint64_t *messages)
{
    if (!plan || !messages)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", plan ? "messages" : "plan");
    if (!(fabs(x) <= plan->bound))
        return assay_fail(ASSAY_OUT_OF_RANGE, "x is %g, must be in [-%g, %g]", x, plan->bound, plan->bound);
    if (!(uniform >= 0 && uniform < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "uniform is %g, must be in [0, 1)", uniform);
    const double scaled = (x + plan->bound) * ((double)plan->grid / plan->bound), whole = floor(scaled);
    *messages = (uint64_t)whole + (uniform < scaled - whole);
    return ASSAY_OK;
}

assay_status dp_federated_bandit_vector_analyze(const dp_federated_bandit_vector *plan, uint64_t messages, double *sum)
{
    if (!plan || !sum)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", plan ? "sum" : "plan");
    *sum = plan->bound / (double)plan->grid * ((double)messages - (double)plan->trials / 4) -
           (double)plan->records * plan->bound;
    return ASSAY_OK;
}

/* ---- The attack
 * -------------------------------------------------------------------------------------------------------- */

static assay_status log_determinant(size_t d, const double *v, double *factor, double *value)
{
    const assay_status status = assay_dense_cholesky(d, v, factor);
    *value = 0;
    for (size_t i = 0; status == ASSAY_OK && i < d; i++)
        *value += 2 * log(factor[i * d + i]);
    return status;
}

assay_status dp_federated_bandit_trigger_round(size_t dimension, const double *v, size_t rounds, const double *x,
                                               double trigger, size_t *round)
{
    if (!x || !round)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "round" : "x");
    if (dimension == 0 || dimension > 256 || rounds == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "dimension is %zu and rounds %zu, must be 1 to 256 and at least 1",
                          dimension, rounds);
    if (!(trigger > 0 && isfinite(trigger)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "trigger is %g, must be above 0", trigger);
    const size_t d = dimension;
    double *sum = assay_allocate(2 * d * d, sizeof *sum), first = 0, now = 0;
    if (!sum)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < d * d; i++)
        sum[i] = v ? v[i] : i % (d + 1) == 0;
    size_t found = 0;
    assay_status status = log_determinant(d, sum, sum + d * d, &first);
    for (size_t t = 1; status == ASSAY_OK && !found && t <= rounds; t++) {
        const double *row = x + (t - 1) * d;
        for (size_t i = 0; i < d; i++) {
            for (size_t j = 0; j < d; j++)
                sum[i * d + j] += row[i] * row[j];
        }
        status = log_determinant(d, sum, sum + d * d, &now);
        if ((double)t * (now - first) >= trigger)
            found = t;
    }
    assay_release(sum);
    if (status == ASSAY_OK)
        *round = found;
    return status;
}
