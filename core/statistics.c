/* Order statistics, bootstrap intervals, rank tests and the correction for many tests. docs/statistics.md has the
 * formulas, the reasons for the choices and the references. */
#include "assay/statistics.h"

#include "assay/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_LIMIT = 40 }; /* C(40, 20) and 2^40 are the largest counts: exact in 64 bits with much room */

/* ---- Arguments ------------------------------------------------------------------------------------------------- */

static assay_status check_sample(const char *name, const double *x, size_t n)
{
    if (!x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
    if (n == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s has 0 numbers, must have at least 1", name);
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is NaN, must be a number", name, i);
    }
    return ASSAY_OK;
}

static assay_status check_finite(const char *name, const double *x, size_t n)
{
    assay_status status = check_sample(name, x, n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        if (!isfinite(x[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is %g, must be finite", name, i, x[i]);
    }
    return status;
}

static assay_status check_positive(const char *name, const double *x, size_t n)
{
    assay_status status = check_finite(name, x, n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        if (!(x[i] > 0))
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s[%zu] is %g, must be above 0", name, i, x[i]);
    }
    return status;
}

/* The numbers of one resample after another are addressed consecutively, so resamples * n must be an index. */
static assay_status check_bootstrap(size_t n, double confidence, size_t resamples, const void *interval)
{
    size_t product;
    if (!interval)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "interval is null");
    if (!(confidence > 0 && confidence < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "confidence is %g, must be above 0 and below 1", confidence);
    if (resamples < 100)
        return assay_fail(ASSAY_OUT_OF_RANGE, "resamples is %zu, must be at least 100", resamples);
    if (__builtin_mul_overflow(n, resamples, &product))
        return assay_fail(ASSAY_OUT_OF_RANGE, "%zu resamples of %zu numbers do not fit in size_t", resamples, n);
    return ASSAY_OK;
}

/* ---- Order statistics ------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
}

static assay_status sorted_copy(const double *x, size_t n, double **sorted)
{
    *sorted = assay_allocate(n, sizeof **sorted);
    if (!*sorted)
        return ASSAY_NO_MEMORY;
    memcpy(*sorted, x, n * sizeof *x);
    sort(*sorted, n);
    return ASSAY_OK;
}

/* low + t (high - low) for 0 <= t <= 1: exact at both ends, without overflow; NaN only between -inf and inf. */
static double between(double low, double high, double t)
{
    if (t == 0 || low == high)
        return low;
    if (t == 1)
        return high;
    const double difference = high - low;
    return isfinite(difference) ? low + t * difference : (1 - t) * low + t * high;
}

static double sorted_quantile(const double *sorted, size_t n, double q)
{
    const double position = q * (double)(n - 1);
    const size_t below = (size_t)position;
    return below + 1 < n ? between(sorted[below], sorted[below + 1], position - (double)below) : sorted[n - 1];
}

/* Not sorted_quantile(0.5), whose low + (high - low) / 2 may round twice. */
static double sorted_median(const double *sorted, size_t n)
{
    const double low = sorted[(n - 1) / 2], high = sorted[n / 2];
    if (low == high)
        return low;
    const double sum = low + high;
    return isfinite(sum) ? sum / 2 : low / 2 + high / 2;
}

assay_status assay_median(const double *x, size_t n, double *median)
{
    double *sorted;
    if (!median)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "median is null");
    assay_status status = check_sample("x", x, n);
    if (status == ASSAY_OK)
        status = sorted_copy(x, n, &sorted);
    if (status != ASSAY_OK)
        return status;
    const double value = sorted_median(sorted, n);
    assay_release(sorted);
    if (isnan(value))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the median of x lies between -inf and inf");
    *median = value;
    return ASSAY_OK;
}

assay_status assay_quantile(const double *x, size_t n, double q, double *quantile)
{
    double *sorted;
    if (!quantile)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "quantile is null");
    if (!(q >= 0 && q <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "q is %g, must be 0 to 1", q);
    assay_status status = check_sample("x", x, n);
    if (status == ASSAY_OK)
        status = sorted_copy(x, n, &sorted);
    if (status != ASSAY_OK)
        return status;
    const double value = sorted_quantile(sorted, n, q);
    assay_release(sorted);
    if (isnan(value))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the quantile of x lies between -inf and inf");
    *quantile = value;
    return ASSAY_OK;
}

/* ---- Bootstrap ------------------------------------------------------------------------------------------------- */

/* The median of a resample of sorted numbers: which element was drawn how often is enough to find the middle, so
 * nothing has to be sorted again. @p drawn has room for n counts. */
static double resampled_median(const double *sorted, size_t n, assay_random r, uint64_t first, size_t *drawn)
{
    memset(drawn, 0, n * sizeof *drawn);
    for (size_t i = 0; i < n; i++)
        drawn[assay_random_integer(r, first + i, n)]++;
    size_t seen = 0, low = 0;
    while ((seen += drawn[low]) <= (n - 1) / 2)
        low++;
    size_t high = low;
    while (seen <= n / 2)
        seen += drawn[++high];
    const double middle[] = {sorted[low], sorted[high]};
    return sorted_median(middle, 2);
}

/* The interval between the (1 - confidence) / 2 quantiles of the resampled estimates (Efron's percentile method). */
static assay_interval percentile_interval(double estimate, double *resampled, size_t resamples, double confidence)
{
    sort(resampled, resamples);
    const double tail = (1 - confidence) / 2;
    return (assay_interval){.estimate = estimate,
                            .low = sorted_quantile(resampled, resamples, tail),
                            .high = sorted_quantile(resampled, resamples, 1 - tail)};
}

/* Bootstraps the median of @p sorted or, unless @p denominator is null, its ratio to the median of @p denominator. */
static assay_status bootstrap(const double *sorted, size_t nx, const double *denominator, size_t ny, double confidence,
                              size_t resamples, assay_random r, assay_interval *interval)
{
    double *resampled = assay_allocate(resamples, sizeof *resampled);
    size_t *drawn = assay_allocate(nx > ny ? nx : ny, sizeof *drawn);
    assay_status status = resampled && drawn ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        for (size_t b = 0; b < resamples; b++) {
            const uint64_t first = (uint64_t)b * (nx + ny);
            resampled[b] = resampled_median(sorted, nx, r, first, drawn);
            if (denominator)
                resampled[b] /= resampled_median(denominator, ny, r, first + nx, drawn);
        }
        double estimate = sorted_median(sorted, nx);
        if (denominator)
            estimate /= sorted_median(denominator, ny);
        *interval = percentile_interval(estimate, resampled, resamples, confidence);
    }
    assay_release(drawn);
    assay_release(resampled);
    return status;
}

assay_status assay_bootstrap_median(const double *x, size_t n, double confidence, size_t resamples, assay_random r,
                                    assay_interval *interval)
{
    double *sorted = NULL;
    assay_status status = check_finite("x", x, n);
    if (status == ASSAY_OK)
        status = check_bootstrap(n, confidence, resamples, interval);
    if (status == ASSAY_OK)
        status = sorted_copy(x, n, &sorted);
    if (status == ASSAY_OK)
        status = bootstrap(sorted, n, NULL, 0, confidence, resamples, r, interval);
    assay_release(sorted);
    return status;
}

assay_status assay_bootstrap_ratio(const double *x, size_t nx, const double *y, size_t ny, double confidence,
                                   size_t resamples, assay_random r, assay_interval *interval)
{
    double *sorted_x = NULL, *sorted_y = NULL;
    size_t n;
    assay_status status = check_finite("x", x, nx);
    if (status == ASSAY_OK)
        status = check_positive("y", y, ny);
    if (status == ASSAY_OK && __builtin_add_overflow(nx, ny, &n))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "nx + ny does not fit in size_t");
    if (status == ASSAY_OK)
        status = check_bootstrap(n, confidence, resamples, interval);
    if (status == ASSAY_OK)
        status = sorted_copy(x, nx, &sorted_x);
    if (status == ASSAY_OK)
        status = sorted_copy(y, ny, &sorted_y);
    if (status == ASSAY_OK && !isfinite(fmax(fabs(sorted_x[0]), fabs(sorted_x[nx - 1])) / sorted_y[0]))
        status =
            assay_fail(ASSAY_OUT_OF_RANGE, "the largest |x| divided by the smallest y, %g, overflows", sorted_y[0]);
    if (status == ASSAY_OK)
        status = bootstrap(sorted_x, nx, sorted_y, ny, confidence, resamples, r, interval);
    assay_release(sorted_y);
    assay_release(sorted_x);
    return status;
}

assay_status assay_bootstrap_paired_ratio(const double *x, const double *y, size_t n, double confidence,
                                          size_t resamples, assay_random r, assay_interval *interval)
{
    assay_status status = check_finite("x", x, n);
    if (status == ASSAY_OK)
        status = check_positive("y", y, n);
    if (status == ASSAY_OK)
        status = check_bootstrap(n, confidence, resamples, interval);
    if (status != ASSAY_OK)
        return status;
    double *ratio = assay_allocate(n, sizeof *ratio);
    if (!ratio)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        ratio[i] = x[i] / y[i];
        if (!isfinite(ratio[i]))
            status = assay_fail(ASSAY_OUT_OF_RANGE, "x[%zu] / y[%zu] = %g / %g overflows", i, i, x[i], y[i]);
    }
    /* Resampling the pairs is resampling their ratios. */
    if (status == ASSAY_OK) {
        sort(ratio, n);
        status = bootstrap(ratio, n, NULL, 0, confidence, resamples, r, interval);
    }
    assay_release(ratio);
    return status;
}

/* ---- Rank tests ------------------------------------------------------------------------------------------------ */

/* A number whose rank counts (positive) or does not. */
typedef struct ranked {
    double value;
    bool counted;
} ranked;

/* Sum of the counted ranks (midranks for ties), and how much there was tied. */
typedef struct rank_sum {
    double sum;
    double tied; /* sum of t^3 - t over groups of t tied numbers; 0 without ties */
} rank_sum;

static int compare_ranked(const void *a, const void *b)
{
    return compare(&((const ranked *)a)->value, &((const ranked *)b)->value);
}

static rank_sum sum_ranks(ranked *all, size_t n)
{
    rank_sum total = {0, 0};
    qsort(all, n, sizeof *all, compare_ranked);
    for (size_t first = 0, next; first < n; first = next) {
        size_t counted = 0;
        for (next = first; next < n && all[next].value == all[first].value; next++)
            counted += all[next].counted;
        const double ties = (double)(next - first);
        const double midrank = (double)first + (ties + 1) / 2;
        total.sum += midrank * (double)counted;
        total.tied += ties * ties * ties - ties;
    }
    return total;
}

/* Two-sided p of a statistic that is nearly normal and moves in steps of one (hence the correction by a half). */
static double normal_p(double statistic, double mean, double variance)
{
    const double distance = fmax(fabs(statistic - mean) - 0.5, 0);
    return variance > 0 ? erfc(distance / sqrt(2 * variance)) : 1;
}

/* Two-sided p of a statistic that takes the value k in ways[k] of all cases, k <= top, symmetrically. */
static double exact_p(const uint64_t *ways, size_t top, double statistic)
{
    const size_t tail = (size_t)fmin(statistic, (double)top - statistic);
    uint64_t in_tail = 0, all = 0;
    for (size_t k = 0; k <= top; k++) {
        all += ways[k];
        in_tail += k <= tail ? ways[k] : 0;
    }
    return fmin(2 * (double)in_tail / (double)all, 1);
}

/* Exact distribution of U: the number of arrangements with U = u is the coefficient of q^u in the Gaussian binomial
 * product over i = 1..nx of (1 - q^(ny + i)) / (1 - q^i) (Mann and Whitney 1947). Every partial product is a Gaussian
 * binomial itself, so that each division comes out even; coefficients between are taken modulo 2^64, which is harmless.
 */
static double exact_mann_whitney_p(size_t nx, size_t ny, double u)
{
    uint64_t ways[EXACT_LIMIT * EXACT_LIMIT / 4 + 1] = {1};
    const size_t top = nx * ny;
    for (size_t i = 1; i <= nx; i++) {
        for (size_t k = top; k >= ny + i; k--)
            ways[k] -= ways[k - ny - i];
        for (size_t k = i; k <= top; k++)
            ways[k] += ways[k - i];
    }
    return exact_p(ways, top, u);
}

assay_status assay_mann_whitney(const double *x, size_t nx, const double *y, size_t ny, double *u, double *p)
{
    size_t n;
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "p is null");
    assay_status status = check_finite("x", x, nx);
    if (status == ASSAY_OK)
        status = check_finite("y", y, ny);
    if (status != ASSAY_OK)
        return status;
    if (__builtin_add_overflow(nx, ny, &n))
        return assay_fail(ASSAY_OUT_OF_RANGE, "nx + ny does not fit in size_t");
    ranked *all = assay_allocate(n, sizeof *all);
    if (!all)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        all[i] = i < nx ? (ranked){x[i], true} : (ranked){y[i - nx], false};
    const rank_sum ranks = sum_ranks(all, n);
    assay_release(all);

    const double m = (double)nx, k = (double)ny, both = m + k;
    const double pairs_above = ranks.sum - m * (m + 1) / 2;
    if (ranks.tied == 0 && n <= EXACT_LIMIT)
        *p = exact_mann_whitney_p(nx, ny, pairs_above);
    else
        *p = normal_p(pairs_above, m * k / 2, m * k / 12 * (both + 1 - ranks.tied / (both * (both - 1))));
    if (u)
        *u = pairs_above;
    return ASSAY_OK;
}

/* Exact distribution of W: the number of sets of signs with W = w is that of the subsets of {1..n} with sum w. */
static double exact_wilcoxon_p(size_t n, double w)
{
    uint64_t ways[EXACT_LIMIT * (EXACT_LIMIT + 1) / 2 + 1] = {1};
    const size_t top = n * (n + 1) / 2;
    for (size_t rank = 1; rank <= n; rank++) {
        for (size_t k = top; k >= rank; k--)
            ways[k] += ways[k - rank];
    }
    return exact_p(ways, top, w);
}

assay_status assay_wilcoxon(const double *d, size_t n, double *w, double *p)
{
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "p is null");
    assay_status status = check_finite("d", d, n);
    if (status != ASSAY_OK)
        return status;
    ranked *all = assay_allocate(n, sizeof *all);
    if (!all)
        return ASSAY_NO_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (d[i] != 0)
            all[kept++] = (ranked){fabs(d[i]), d[i] > 0};
    }
    const rank_sum ranks = sum_ranks(all, kept);
    assay_release(all);

    const double m = (double)kept;
    if (ranks.tied == 0 && kept <= EXACT_LIMIT)
        *p = exact_wilcoxon_p(kept, ranks.sum);
    else
        *p = normal_p(ranks.sum, m * (m + 1) / 4, m * (m + 1) * (2 * m + 1) / 24 - ranks.tied / 48);
    if (w)
        *w = ranks.sum;
    return ASSAY_OK;
}

/* ---- Many tests ------------------------------------------------------------------------------------------------ */

typedef struct hypothesis {
    double p;
    size_t where;
} hypothesis;

static int compare_hypotheses(const void *a, const void *b)
{
    return compare(&((const hypothesis *)a)->p, &((const hypothesis *)b)->p);
}

assay_status assay_benjamini_hochberg(const double *p, size_t n, double *adjusted)
{
    if (!adjusted)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "adjusted is null");
    assay_status status = check_sample("p", p, n);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1))
            return assay_fail(ASSAY_OUT_OF_RANGE, "p[%zu] is %g, must be 0 to 1", i, p[i]);
    }
    hypothesis *ordered = assay_allocate(n, sizeof *ordered);
    if (!ordered)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        ordered[i] = (hypothesis){p[i], i};
    qsort(ordered, n, sizeof *ordered, compare_hypotheses);
    double least = 1;
    for (size_t rank = n; rank > 0; rank--) {
        least = fmin(least, ordered[rank - 1].p * ((double)n / (double)rank));
        adjusted[ordered[rank - 1].where] = least;
    }
    assay_release(ordered);
    return ASSAY_OK;
}
