/*
 * Audits: how private a mechanism can be at most, seen from its outputs; and amplification by shuffling.
 */
#include "assay/memory.h"
#include "assay/privacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The number of sorted scores that are at least @p threshold. */
static size_t above(const double *sorted, size_t n, double threshold)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (sorted[middle] < threshold)
            low = middle + 1;
        else
            high = middle;
    }
    return n - low;
}

static assay_status bound_at(const double *zero, const double *one, size_t n, double threshold, double delta,
                             double confidence, double *epsilon)
{
    assay_interval hits, false_alarms;
    assay_status status = assay_clopper_pearson(above(one, n, threshold), n, confidence, &hits);
    if (status == ASSAY_OK)
        status = assay_clopper_pearson(above(zero, n, threshold), n, confidence, &false_alarms);
    if (status == ASSAY_OK)
        *epsilon = hits.low > delta ? fmax(0, log((hits.low - delta) / false_alarms.high)) : 0;
    return status;
}

/* The best of a hundred quantiles of the scores as threshold. */
static assay_status choose(const double *zero, const double *one, size_t n, double delta, double confidence,
                           double *threshold)
{
    double best = -1;
    for (int k = 0; k < 200; k++) {
        const double *from = k < 100 ? zero : one, candidate = from[(size_t)((double)(n - 1) * (k % 100) / 99)];
        double epsilon;
        const assay_status status = bound_at(zero, one, n, candidate, delta, confidence, &epsilon);
        if (status != ASSAY_OK)
            return status;
        if (epsilon > best) {
            best = epsilon;
            *threshold = candidate;
        }
    }
    return ASSAY_OK;
}

assay_status assay_privacy_audit(const double *scores0, const double *scores1, size_t n, double delta,
                                 double confidence, double *epsilon)
{
    if (!scores0 || !scores1 || !epsilon)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null",
                          !scores0   ? "scores0"
                          : !scores1 ? "scores1"
                                     : "epsilon");
    if (n < 4 || n > SIZE_MAX / 64)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n is %zu, must be at least 4", n);
    if (!(delta >= 0 && delta < 1) || !(confidence > 0 && confidence < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "delta is %g and confidence %g, must be in [0, 1) and (0, 1)", delta,
                          confidence);
    for (size_t i = 0; i < n; i++) {
        if (isnan(scores0[i]) || isnan(scores1[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "score %zu is NaN", i);
    }
    const size_t half = n / 2, rest = n - half;
    double *sorted = assay_allocate(2 * n, sizeof *sorted), threshold = 0;
    if (!sorted)
        return ASSAY_NO_MEMORY;
    memcpy(sorted, scores0, n * sizeof *sorted);
    memcpy(sorted + n, scores1, n * sizeof *sorted);
    for (int k = 0; k < 2; k++) {
        qsort(sorted + (size_t)k * n, half, sizeof *sorted, compare);
        qsort(sorted + (size_t)k * n + half, rest, sizeof *sorted, compare);
    }
    assay_status status = choose(sorted, sorted + n, half, delta, confidence, &threshold);
    if (status == ASSAY_OK)
        status = bound_at(sorted + half, sorted + n + half, rest, threshold, delta, confidence, epsilon);
    assay_release(sorted);
    return status;
}

assay_status assay_privacy_shuffled(double epsilon0, double delta, size_t n, double *epsilon)
{
    if (!epsilon)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "epsilon is null");
    if (!(delta > 0 && delta < 1) || n == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "delta is %g and n %zu, must be in (0, 1) and at least 1", delta, n);
    const double most = log((double)n / (16 * log(2 / delta)));
    if (!(epsilon0 > 0 && epsilon0 <= most))
        return assay_fail(ASSAY_OUT_OF_RANGE, "epsilon0 is %g, must be in (0, %g] for n = %zu", epsilon0, most, n);
    const double e = exp(epsilon0);
    *epsilon = log1p((e - 1) / (e + 1) * (8 * sqrt(e * log(4 / delta) / (double)n) + 8 * e / (double)n));
    return ASSAY_OK;
}
