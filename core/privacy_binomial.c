/*
 * The privacy of binomial noise: sums over its distribution, and the distribution of the privacy loss for vectors.
 */
#include "assay/fourier.h"
#include "assay/memory.h"
#include "assay/privacy.h"

#include <math.h>
#include <string.h>

/* Probabilities P(first), P(first + 1), ... of a binomial distribution; what lies outside is below 1e-20. */
typedef struct window {
    uint64_t first;
    size_t count;
    double *p;
} window;

enum { WINDOW_LIMIT = 1 << 26 };

/* By the ratios of neighbours outwards from the mode, so that no logarithm of a large factorial is needed; then
 * normalised. Bernstein's inequality gives the width. */
static assay_status make_window(uint64_t trials, double p, window *w)
{
    const double n = (double)trials, mean = n * p, spread = sqrt(n * p * (1 - p));
    const double reach = 10 * spread + 40;
    const double low = fmax(0, floor(mean - reach)), high = fmin(n, ceil(mean + reach));
    if (high - low >= WINDOW_LIMIT)
        return assay_fail(ASSAY_OUT_OF_RANGE, "trials is %llu: the distribution is too wide",
                          (unsigned long long)trials);
    w->first = (uint64_t)low;
    w->count = (size_t)(high - low) + 1;
    w->p = assay_allocate(w->count, sizeof *w->p);
    if (!w->p)
        return ASSAY_NO_MEMORY;
    size_t mode = (size_t)(fmin(high, fmax(low, floor((n + 1) * p))) - low);
    double sum = w->p[mode] = 1;
    for (size_t k = mode; k + 1 < w->count; k++) {
        const double x = low + (double)k;
        sum += w->p[k + 1] = w->p[k] * (n - x) / (x + 1) * p / (1 - p);
    }
    for (size_t k = mode; k > 0; k--) {
        const double x = low + (double)k;
        sum += w->p[k - 1] = w->p[k] * x / (n - x + 1) * (1 - p) / p;
    }
    for (size_t k = 0; k < w->count; k++)
        w->p[k] /= sum;
    return ASSAY_OK;
}

static double probability(const window *w, double x)
{
    const double k = x - (double)w->first;
    return k >= 0 && k < (double)w->count ? w->p[(size_t)k] : 0;
}

/* sum_x max(0, P(x) - e^epsilon P(x - shift)); outside of the support P is 0. */
static double one_sided(const window *w, double shift, double epsilon)
{
    const double factor = exp(epsilon);
    double sum = 1e-20;
    for (size_t k = 0; k < w->count; k++)
        sum += fmax(0, w->p[k] - factor * probability(w, (double)w->first + (double)k - shift));
    return sum;
}

static assay_status check(uint64_t trials, double p, double epsilon, const double *delta)
{
    if (!delta)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "delta is null");
    if (trials == 0 || trials > (UINT64_C(1) << 53))
        return assay_fail(ASSAY_OUT_OF_RANGE, "trials is %llu, must be 1 to 2^53", (unsigned long long)trials);
    if (!(p > 0 && p < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "p is %g, must be in (0, 1)", p);
    if (!(epsilon >= 0 && epsilon <= 700))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon is %g, must be 0 to 700", epsilon);
    return ASSAY_OK;
}

assay_status assay_privacy_binomial_delta(uint64_t trials, double p, uint64_t shift, double epsilon, double *delta)
{
    assay_status status = check(trials, p, epsilon, delta);
    if (status == ASSAY_OK && (shift == 0 || shift > (UINT64_C(1) << 53)))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "shift is %llu, must be 1 to 2^53", (unsigned long long)shift);
    window w = {0};
    if (status == ASSAY_OK)
        status = make_window(trials, p, &w);
    if (status == ASSAY_OK)
        *delta = fmax(one_sided(&w, (double)shift, epsilon), one_sided(&w, -(double)shift, epsilon));
    assay_release(w.p);
    return status;
}

/* ---- Vectors ------------------------------------------------------------------------------------------------------
 */

/* The privacy loss ln(P(x) / P(x - shift)) under P, on a grid from @c least upwards. */
typedef struct losses {
    double least, step;
    size_t count;
    double *p;
    double infinite; /* mass where the other has none */
} losses;

/* Losses are rounded up to the grid, which can only raise delta. */
static assay_status make_losses(const window *w, double shift, double step, losses *l)
{
    double least = INFINITY, most = -INFINITY;
    *l = (losses){.step = step};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < w->count; k++) {
            const double other = probability(w, (double)w->first + (double)k - shift);
            if (w->p[k] <= 0)
                continue;
            if (other <= 0 || w->p[k] < 1e-30) { /* what the window leaves out may be anything */
                l->infinite += pass ? w->p[k] : 0;
                continue;
            }
            const double loss = log(w->p[k] / other);
            if (pass)
                l->p[(size_t)(ceil(loss / step) - l->least / step + 0.5)] += w->p[k];
            least = fmin(least, loss);
            most = fmax(most, loss);
        }
        if (pass || !(least <= most))
            break;
        l->least = ceil(least / step) * step;
        l->count = (size_t)(ceil(most / step) - ceil(least / step)) + 1;
        l->p = assay_allocate(l->count, sizeof *l->p);
        if (!l->p)
            return ASSAY_NO_MEMORY;
    }
    return ASSAY_OK;
}

/* The spectrum to the power of @p folds. */
static void raise_spectrum(double *z, size_t count, size_t folds)
{
    for (size_t k = 0; k < count; k++) {
        double re = 1, im = 0, base_re = z[2 * k], base_im = z[2 * k + 1];
        for (size_t e = folds; e; e >>= 1) {
            if (e & 1) {
                const double t = re * base_re - im * base_im;
                im = re * base_im + im * base_re;
                re = t;
            }
            const double t = base_re * base_re - base_im * base_im;
            base_im = 2 * base_re * base_im;
            base_re = t;
        }
        z[2 * k] = re;
        z[2 * k + 1] = im;
    }
}

/* delta = E max(0, 1 - e^(epsilon - loss)) + P(infinite), for the sum of @p folds independent losses. */
static assay_status fold(const losses *l, size_t folds, double epsilon, double *delta)
{
    size_t size = 1;
    while (size < (l->count - 1) * folds + 1)
        size *= 2;
    if (size > WINDOW_LIMIT)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the privacy losses of %zu numbers are too many for their grid", folds);
    double *x = assay_allocate(size, sizeof *x), *z = assay_allocate(size + 2, sizeof *z);
    assay_status status = x && z ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        memcpy(x, l->p, l->count * sizeof *x);
        status = assay_fourier_real_forward(1, &size, x, z);
    }
    if (status == ASSAY_OK) {
        raise_spectrum(z, size / 2 + 1, folds);
        status = assay_fourier_real_inverse(1, &size, z, x);
    }
    if (status == ASSAY_OK) {
        double sum = 1 - pow(1 - l->infinite, (double)folds);
        for (size_t k = 0; k < size; k++) {
            const double loss = l->least * (double)folds + (double)k * l->step;
            if (loss > epsilon)
                sum += fmax(0, x[k]) * -expm1(epsilon - loss);
        }
        *delta = fmin(1, sum);
    }
    assay_release(x);
    assay_release(z);
    return status;
}

/* The larger delta of both directions for @p folds numbers that move by @p shift each. */
static assay_status both_directions(const window *w, double shift, size_t folds, double epsilon, double *delta)
{
    double worst = 0;
    for (int side = 0; side < 2; side++) {
        losses l = {0};
        double one = 0;
        assay_status status = make_losses(w, side ? -shift : shift, folds > 1 ? 1e-4 : 1e-5, &l);
        if (status == ASSAY_OK && l.p)
            status = fold(&l, folds, epsilon, &one);
        else if (status == ASSAY_OK)
            one = 1;
        assay_release(l.p);
        if (status != ASSAY_OK)
            return status;
        worst = fmax(worst, one);
    }
    *delta = worst;
    return ASSAY_OK;
}

assay_status assay_privacy_binomial_delta_vector(uint64_t trials, double p, double length, size_t dimensions,
                                                 double epsilon, double *delta)
{
    assay_status status = check(trials, p, epsilon, delta);
    if (status == ASSAY_OK && !(length >= 1 && length <= 0x1p53))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "length is %g, must be 1 to 2^53", length);
    if (status == ASSAY_OK && (dimensions == 0 || dimensions > 1 << 20))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "dimensions is %zu, must be 1 to 2^20", dimensions);
    if (status != ASSAY_OK)
        return status;
    window w = {0};
    double single = 0, equal = 0;
    status = make_window(trials, p, &w);
    if (status == ASSAY_OK)
        status = assay_privacy_binomial_delta(trials, p, (uint64_t)length, epsilon, &single);
    const double each = ceil(length / sqrt((double)dimensions));
    if (status == ASSAY_OK && dimensions > 1)
        status = both_directions(&w, each, dimensions, epsilon, &equal);
    assay_release(w.p);
    if (status == ASSAY_OK)
        *delta = fmax(single, equal);
    return status;
}

assay_status assay_privacy_binomial_trials(double p, double length, size_t dimensions, double epsilon, double delta,
                                           uint64_t *trials)
{
    if (!trials)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "trials is null");
    if (!(delta > 0 && delta < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "delta is %g, must be in (0, 1)", delta);
    uint64_t low = 0, high = 16;
    double reached = 1;
    for (;; high *= 2) {
        const assay_status status = assay_privacy_binomial_delta_vector(high, p, length, dimensions, epsilon, &reached);
        if (status != ASSAY_OK)
            return status;
        if (reached <= delta)
            break;
        if (high > UINT64_C(1) << 40)
            return assay_fail(ASSAY_OUT_OF_RANGE, "2^40 trials are not enough for epsilon %g and delta %g", epsilon,
                              delta);
        low = high;
    }
    while (high - low > 1 && high - low > high / 1000) {
        const uint64_t middle = low + (high - low) / 2;
        const assay_status status =
            assay_privacy_binomial_delta_vector(middle, p, length, dimensions, epsilon, &reached);
        if (status != ASSAY_OK)
            return status;
        if (reached <= delta)
            high = middle;
        else
            low = middle;
    }
    *trials = high;
    return ASSAY_OK;
}
