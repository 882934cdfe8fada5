/* ChebCB with sums in place of the list of the past: a step takes the same time however many there were. The sums of an
 * arm grow in the order in which the reference adds them up, so that they have the same bits. */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_learner.h"

#include <math.h>
#include <string.h>

typedef struct summed {
    sor_bandit_chebyshev c;
    double *gram; /* arms x features x features */
    double *side; /* arms x features */
    size_t *chosen;
    double predicted_squared, product, target_squared; /* sums of predicted^2, predicted target, target^2 */
} summed;

static assay_status prepare(sor_bandit_chebyshev *self)
{
    summed *s = (summed *)self;
    const size_t arms = self->base.arms, m = self->features;
    s->gram = assay_allocate(arms * m * m, sizeof *s->gram);
    s->side = assay_allocate(arms * m, sizeof *s->side);
    s->chosen = assay_allocate(arms, sizeof *s->chosen);
    return s->gram && s->side && s->chosen ? ASSAY_OK
                                           : assay_fail(ASSAY_NO_MEMORY, "no memory for the sums of %zu arms", arms);
}

static assay_status add(sor_bandit_chebyshev *self, double target)
{
    summed *s = (summed *)self;
    const size_t arm = self->base.arm, m = self->features;
    const double predicted = self->predicted[arm], *phi = self->phi;
    double *gram = s->gram + arm * m * m, *side = s->side + arm * m;
    for (size_t i = 0; i < m; i++) {
        side[i] += phi[i] * target;
        for (size_t j = 0; j < m; j++)
            gram[i * m + j] += phi[i] * phi[j];
    }
    s->chosen[arm]++;
    s->predicted_squared += predicted * predicted;
    s->product += predicted * target;
    s->target_squared += target * target;
    return ASSAY_OK;
}

static bool moments(const sor_bandit_chebyshev *self, size_t arm, double *gram, double *side)
{
    const summed *s = (const summed *)self;
    const size_t m = self->features;
    memcpy(gram, s->gram + arm * m * m, m * m * sizeof *gram);
    memcpy(side, s->side + arm * m, m * sizeof *side);
    return s->chosen[arm] > 0;
}

static double squares(const sor_bandit_chebyshev *self, double scale)
{
    const summed *s = (const summed *)self;
    return fmax(0, s->predicted_squared - 2 * s->product / scale + s->target_squared / (scale * scale));
}

static void release(sor_bandit_chebyshev *self)
{
    summed *s = (summed *)self;
    assay_release(s->gram);
    assay_release(s->side);
    assay_release(s->chosen);
}

static const sor_bandit_past sums = {sizeof(summed), prepare, add, moments, squares, release};

assay_status sor_bandit_create_chebyshev(size_t arms, size_t features, double low, double high, assay_random random,
                                         sor_bandit_learner **learner)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return sor_bandit_reference_create_chebyshev(arms, features, low, high, random, learner);
    return sor_bandit_make_chebyshev(&sums, arms, features, low, high, random, learner);
}
