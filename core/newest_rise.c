/* Whether the newest numbers of a sequence are a new, higher segment: few numbers, hence two tests. */
#include "assay/change_points.h"

#include "assay/memory.h"
#include "assay/statistics.h"

#include <math.h>

enum { RECENT = 5 };

/* Whether the numbers from @p at on are higher than those from @p base on by the size that counts. */
static assay_status is_higher(const double *x, size_t n, size_t base, size_t at, double size, int *higher)
{
    double before = 0, after = 0;
    assay_status status = assay_median(x + base, at - base, &before);
    if (status == ASSAY_OK)
        status = assay_median(x + at, n - at, &after);
    *higher = status == ASSAY_OK && after > before && after - before >= size;
    for (size_t i = at; i < n && *higher; i++)
        *higher = x[i] > before && x[i] - before >= size / 2;
    return status;
}

/* Enters a segment with its p-value if it is the best one so far. */
static void consider(assay_rise *rise, size_t base, size_t at, double p)
{
    if (p < rise->p)
        *rise = (assay_rise){.p = p, .at = at, .base = base};
}

/* How many numbers a new segment may have, and the size that counts. */
typedef struct bounds {
    size_t least, most;
    double size;
} bounds;

/* The newest @p m numbers against all before them from @p base on; 1 if they are not higher. */
static assay_status test_step(const double *x, size_t n, size_t base, size_t m, double size, double *p)
{
    int higher = 0;
    *p = 1;
    assay_status status = is_higher(x, n, base, n - m, size, &higher);
    if (status == ASSAY_OK && higher)
        status = assay_step_up(x + base, n - m - base, x + n - m, m, p);
    return status;
}

/* All counts within the bounds. Where more numbers than that make a better segment, it is not new. */
static assay_status test_steps(const double *x, size_t n, size_t base, bounds b, assay_rise *rise)
{
    assay_status status = ASSAY_OK;
    const double tests = (double)(b.most - b.least + 1);
    double p, old = 2;
    for (size_t m = b.most + 1; status == ASSAY_OK && n - base >= m + ASSAY_RISE_BASE; m++) {
        status = test_step(x, n, base, m, b.size, &p);
        old = fmin(old, p);
    }
    for (size_t m = b.most; status == ASSAY_OK && m >= b.least; m--) {
        status = test_step(x, n, base, m, b.size, &p);
        if (status == ASSAY_OK && p < old)
            consider(rise, base, n - m, fmin(1, tests * p));
    }
    return status;
}

/* The newest change point, if it is recent. */
static assay_status test_change(const double *x, size_t n, const assay_change_point *points, size_t count, bounds b,
                                assay_rise *rise)
{
    int higher = 0;
    if (count == 0 || n - points[count - 1].at > b.most || n - points[count - 1].at < b.least)
        return ASSAY_OK;
    const assay_change_point *newest = &points[count - 1];
    const size_t base = count > 1 ? points[count - 2].at : 0;
    const assay_status status = is_higher(x, n, base, newest->at, b.size, &higher);
    if (higher)
        consider(rise, base, newest->at, newest->p);
    return status;
}

/* The segments of what is not new are found without it. */
static assay_status test(const double *x, size_t n, const assay_change_options *options, bounds b,
                         assay_change_point *points, assay_rise *rise)
{
    size_t count = 0;
    assay_status status = assay_change_points(x, n - b.most, options, points, &count);
    if (status == ASSAY_OK)
        status = test_steps(x, n, count ? points[count - 1].at : 0, b, rise);
    if (status == ASSAY_OK)
        status = assay_change_points(x, n, options, points, &count);
    if (status == ASSAY_OK)
        status = test_change(x, n, points, count, b, rise);
    rise->p = fmin(1, 2 * rise->p);
    return status;
}

static assay_status check(const double *x, const assay_rise_options *options, const assay_rise *rise, bounds b)
{
    if (!x || !options || !rise)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !x ? "x" : options ? "rise" : "options");
    if (!(options->size >= 0 && isfinite(options->size)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "size is %g, must be finite and at least 0", options->size);
    if (b.least > b.most)
        return assay_fail(ASSAY_OUT_OF_RANGE, "least is %zu, must be at most recent, %zu", b.least, b.most);
    return ASSAY_OK;
}

assay_status assay_newest_rise(const double *x, size_t n, const assay_rise_options *options, assay_rise *rise)
{
    bounds b = {1, RECENT, 0};
    if (options)
        b = (bounds){options->least ? options->least : 1, options->recent ? options->recent : RECENT, options->size};
    assay_status status = check(x, options, rise, b);
    if (status != ASSAY_OK)
        return status;
    assay_rise found = {.p = NAN, .at = n};
    if (n >= ASSAY_RISE_BASE && n - ASSAY_RISE_BASE >= b.least) {
        b.most = b.most < n - ASSAY_RISE_BASE ? b.most : n - ASSAY_RISE_BASE;
        assay_change_point *points = assay_allocate(n, sizeof *points);
        found.p = 1;
        status = points ? test(x, n, &options->changes, b, points, &found) : ASSAY_NO_MEMORY;
        if (found.p >= 1)
            found = (assay_rise){.p = 1, .at = n};
        assay_release(points);
    }
    if (status == ASSAY_OK)
        *rise = found;
    return status;
}
