#include "cli/regress.h"

#include <math.h>
#include <stdlib.h>

const char *regress_verdict_name(regress_verdict verdict)
{
    static const char *const names[] = {"same", "faster", "slower", "undecided"};
    return (unsigned)verdict < 4 ? names[verdict] : "unknown";
}

assay_status regress_add_pair(regress_comparison *c, double base, double now)
{
    if (!(base > 0) || !(now > 0) || isinf(base) || isinf(now))
        return assay_fail(ASSAY_BAD_DATA, "%s: a pair of %g and %g, both must be positive and finite", c->name, base,
                          now);
    if (c->pairs == c->capacity) {
        const size_t capacity = c->capacity ? 2 * c->capacity : 32;
        double *larger_base = realloc(c->base, capacity * sizeof *larger_base);
        if (larger_base)
            c->base = larger_base;
        double *larger_now = realloc(c->now, capacity * sizeof *larger_now);
        if (larger_now)
            c->now = larger_now;
        if (!larger_base || !larger_now)
            return assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu pairs", capacity);
        c->capacity = capacity;
    }
    c->base[c->pairs] = base;
    c->now[c->pairs++] = now;
    return ASSAY_OK;
}

void regress_forget_pairs(regress_comparison *c)
{
    c->pairs = 0;
}

void regress_release(regress_comparison *c)
{
    free(c->base);
    free(c->now);
    c->base = c->now = NULL;
    c->pairs = c->capacity = 0;
}

/* Two-sided sign test: how likely a fair coin is at least so one-sided. Not the signed-rank test, because now and then
 * a whole process is slow by a half, and such pairs would get the largest ranks. */
static double sign_test(const regress_comparison *c)
{
    size_t slower = 0, faster = 0;
    for (size_t i = 0; i < c->pairs; i++) {
        slower += c->now[i] > c->base[i];
        faster += c->now[i] < c->base[i];
    }
    const size_t n = slower + faster, more = slower > faster ? slower : faster;
    double term = pow(0.5, (double)n), tail = 0; /* term: n over k times 2^-n, from k = n down */
    for (size_t k = n; k + 1 > more; k--) {
        tail += term;
        term *= (double)k / (double)(n - k + 1);
        if (k == 0)
            break;
    }
    return fmin(1, 2 * tail);
}

assay_status regress_estimate(regress_comparison *c, uint64_t seed)
{
    enum { RESAMPLES = 1000 };
    c->p = sign_test(c);
    return assay_bootstrap_paired_ratio(c->now, c->base, c->pairs, 0.95, RESAMPLES, (assay_random){seed, 0}, &c->ratio);
}

bool regress_is_precise(const regress_comparison *c, double threshold)
{
    return c->ratio.high - c->ratio.low < threshold;
}

static regress_verdict judge(const regress_comparison *c, double threshold, double rate)
{
    const double above = 1 + threshold, below = 1 / (1 + threshold);
    const bool significant = c->adjusted < rate;
    if (significant && c->ratio.estimate > above)
        return REGRESS_SLOWER;
    if (significant && c->ratio.estimate < below)
        return REGRESS_FASTER;
    if (c->ratio.low >= below && c->ratio.high <= above)
        return REGRESS_SAME;
    return significant ? REGRESS_SAME : REGRESS_UNDECIDED;
}

assay_status regress_decide(regress_comparison *c, size_t count, double threshold, double rate)
{
    double *p = calloc(count + 1, 2 * sizeof *p);
    if (!p)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu p values", count);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (c[i].pairs > 0)
            p[used++] = c[i].p;
    }
    double *adjusted = p + used;
    assay_status status = used ? assay_benjamini_hochberg(p, used, adjusted) : ASSAY_OK;
    used = 0;
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        c[i].verdict = REGRESS_UNDECIDED;
        if (c[i].pairs > 0) {
            c[i].adjusted = adjusted[used++];
            c[i].verdict = judge(&c[i], threshold, rate);
        }
    }
    free(p);
    return status;
}
