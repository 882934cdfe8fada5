/* What all learners share, and Tsallis-INF. */
#include "reference/solvers/sor_bandit_learner.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

assay_status sor_bandit_make_learner(size_t size, size_t arms, double low, double high, assay_random random,
                                     sor_bandit_learner **learner)
{
    if (arms < 2 || arms > 1 << 20)
        return assay_fail(ASSAY_OUT_OF_RANGE, "arms is %zu, must be 2 to %d", arms, 1 << 20);
    if (!isfinite(low) || !isfinite(high) || !(low < high) || !isfinite(high - low))
        return assay_fail(ASSAY_OUT_OF_RANGE, "low is %g and high %g, must be finite and low below high", low, high);
    sor_bandit_learner *made = assay_allocate(1, size);
    double *p = assay_allocate(arms, sizeof *p);
    if (!made || !p) {
        assay_release(made);
        assay_release(p);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a learner of %zu arms", arms);
    }
    made->arms = arms;
    made->low = low;
    made->high = high;
    made->random = random;
    made->p = p;
    for (size_t i = 0; i < arms; i++)
        p[i] = 1 / (double)arms;
    *learner = made;
    return ASSAY_OK;
}

/* By the inverse of the distribution function. */
static size_t draw(size_t arms, const double *p, double uniform)
{
    double sum = 0;
    for (size_t i = 0; i < arms; i++) {
        sum += p[i];
        if (uniform < sum)
            return i;
    }
    return arms - 1;
}

assay_status sor_bandit_choose(sor_bandit_learner *learner, double context, size_t *arm)
{
    if (!learner || !arm)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", learner ? "arm" : "learner");
    if (learner->waiting)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner waits for a loss, must learn before it chooses again");
    if (!isfinite(context))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "context is %g, must be finite", context);
    if (context < learner->low || context > learner->high)
        learner->clamped++;
    learner->predict(learner, fmin(fmax(context, learner->low), learner->high));
    learner->arm = draw(learner->arms, learner->p, assay_random_uniform(learner->random, learner->choices++));
    learner->waiting = true;
    *arm = learner->arm;
    return ASSAY_OK;
}

assay_status sor_bandit_learn(sor_bandit_learner *learner, double loss)
{
    if (!learner)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner is null");
    if (!learner->waiting)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner has chosen nothing, must choose before it learns");
    if (!(loss >= 0) || !isfinite(loss))
        return assay_fail(ASSAY_OUT_OF_RANGE, "loss is %g, must be finite and at least 0", loss);
    const assay_status status = learner->update(learner, loss);
    learner->waiting = status != ASSAY_OK;
    return status;
}

assay_status sor_bandit_probabilities(const sor_bandit_learner *learner, double *p)
{
    if (!learner || !p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", learner ? "p" : "learner");
    memcpy(p, learner->p, learner->arms * sizeof *p);
    return ASSAY_OK;
}

assay_status sor_bandit_coefficients(const sor_bandit_learner *learner, double *coefficients, double *box)
{
    if (!learner || !coefficients)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", learner ? "coefficients" : "learner");
    if (!learner->coefficients)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner has no regressions, must be ChebCB");
    return learner->coefficients(learner, coefficients, box);
}

size_t sor_bandit_clamped(const sor_bandit_learner *learner)
{
    return learner ? learner->clamped : 0;
}

void sor_bandit_release(sor_bandit_learner *learner)
{
    if (!learner)
        return;
    if (learner->release)
        learner->release(learner);
    assay_release(learner->p);
    assay_release(learner);
}

/* ---- Tsallis-INF (R5) ----------------------------------------------------------------------------------------- */

/* Newton's method for the normalisation x < min loss, from min loss - 2 / eta: the sum of p is at least 1 there (the
 * best arm alone has p = 1) and convex and increasing in x, so that x falls monotonically to the root. Losses count
 * from the least one, which takes nothing away from x. */
static void distribute(size_t arms, const double *loss, double scale, double eta, double *p)
{
    double least = loss[0];
    for (size_t i = 1; i < arms; i++)
        least = fmin(least, loss[i]);
    double x = -2 / eta, sum = INFINITY;
    for (int step = 0; step < 60; step++) {
        double slope = 0;
        sum = 0;
        for (size_t i = 0; i < arms; i++) {
            const double root = 2 / (eta * ((loss[i] - least) / scale - x));
            p[i] = root * root;
            sum += p[i];
            slope += p[i] * root;
        }
        if (sum - 1 <= 1e-13)
            break;
        x -= (sum - 1) / (eta * slope);
    }
    for (size_t i = 0; i < arms; i++)
        p[i] /= sum;
}

assay_status sor_bandit_tsallis_distribution(size_t arms, const double *loss, double eta, double *p)
{
    if (arms < 1 || !loss || !p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s", arms < 1 ? "arms is 0" : !loss ? "loss is null" : "p is null");
    if (!(eta > 0) || !isfinite(eta))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eta is %g, must be finite and above 0", eta);
    for (size_t i = 0; i < arms; i++)
        if (!isfinite(loss[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "loss[%zu] is %g, must be finite", i, loss[i]);
    distribute(arms, loss, 1, eta, p);
    return ASSAY_OK;
}

/* The state of one bin. */
typedef struct bin {
    double *losses; /* K: importance-weighted sums */
    double sum;     /* of the losses seen */
    uint64_t count; /* of them */
} bin;

typedef struct tsallis {
    sor_bandit_learner base;
    size_t bins, now;
    bin *bin;
    double *losses; /* bins x arms */
} tsallis;

static void predict(sor_bandit_learner *self, double context)
{
    tsallis *t = (tsallis *)self;
    const double place = (double)t->bins * ((context - self->low) / (self->high - self->low));
    t->now = t->bins == 1 ? 0 : place < (double)t->bins ? (size_t)place : t->bins - 1;
    const bin *b = &t->bin[t->now];
    const double scale = b->count > 0 ? fmax(b->sum / (double)b->count - 1, 1e-12) : 1;
    distribute(self->arms, b->losses, scale, 2 / sqrt((double)(b->count + 1)), self->p);
}

/* The loss counts from 1, because one iteration is unavoidable. */
static assay_status update(sor_bandit_learner *self, double loss)
{
    tsallis *t = (tsallis *)self;
    bin *b = &t->bin[t->now];
    b->sum += loss;
    b->count++;
    b->losses[self->arm] += (loss - 1) / self->p[self->arm];
    return ASSAY_OK;
}

static void release(sor_bandit_learner *self)
{
    tsallis *t = (tsallis *)self;
    assay_release(t->bin);
    assay_release(t->losses);
}

assay_status sor_bandit_create_tsallis_bins(size_t arms, size_t bins, double low, double high, assay_random random,
                                            sor_bandit_learner **learner)
{
    if (bins < 1 || bins > 1 << 20)
        return assay_fail(ASSAY_OUT_OF_RANGE, "bins is %zu, must be 1 to %d", bins, 1 << 20);
    if (!learner)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "learner is null");
    sor_bandit_learner *made;
    const assay_status status = sor_bandit_make_learner(sizeof(tsallis), arms, low, high, random, &made);
    if (status != ASSAY_OK)
        return status;
    tsallis *t = (tsallis *)made;
    made->predict = predict;
    made->update = update;
    made->release = release;
    t->bins = bins;
    t->bin = assay_allocate(bins, sizeof *t->bin);
    t->losses = assay_allocate(bins * arms, sizeof *t->losses);
    if (!t->bin || !t->losses) {
        sor_bandit_release(made);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu bins of %zu arms", bins, arms);
    }
    for (size_t i = 0; i < bins; i++)
        t->bin[i].losses = t->losses + i * arms;
    *learner = made;
    return ASSAY_OK;
}

assay_status sor_bandit_create_tsallis(size_t arms, assay_random random, sor_bandit_learner **learner)
{
    const assay_status status = sor_bandit_create_tsallis_bins(arms, 1, 0, 1, random, learner);
    if (status == ASSAY_OK) {
        (*learner)->low = -INFINITY; /* no context lies outside */
        (*learner)->high = INFINITY;
    }
    return status;
}
