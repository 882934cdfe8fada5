/* E-divisive means: where a sequence changes. The letters are those of Matteson and James (2014), whose equations are
 * named; indices begin at 0. */
#include "assay/change_points.h"

#include "assay/memory.h"
#include "assay/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MIN_SEGMENT = 3, PERMUTATIONS = 4999, EXCEEDANCES = 20 };

static const double default_level = 0.01;

/* Two arrangements of the same numbers give the same Q but for rounding. */
static const double same = 1 - 1e-9;

/* ---- The best cut of one segment -------------------------------------------------------------------------------- */

/* For each cut t of the numbers seen so far: sums of distances. */
typedef struct sums {
    double *to_prefix; /* of the newest number to those before t */
    double *between;   /* of those before t to those from t on */
    double *left;      /* among those before t */
    double *right;     /* among those from t on */
} sums;

/* Q of equation (6), with the means of equation (5) over n numbers before the cut and m after it. */
static double statistic(const sums *s, size_t t, size_t n, size_t m)
{
    const double a = (double)n, b = (double)m;
    const double divergence =
        2 / (a * b) * s->between[t] - 2 / (a * (a - 1)) * s->left[t] - 2 / (b * (b - 1)) * s->right[t];
    return a * b / (a + b) * divergence;
}

/* Takes in number k: its distances to all before it are added to the sums of every cut. */
static void take_in(const sums *s, const double *x, size_t k)
{
    double total = 0;
    for (size_t t = 0; t < k; t++) {
        s->to_prefix[t] = total;
        total += fabs(x[t] - x[k]);
    }
    for (size_t t = 0; t < k; t++) {
        s->between[t] += s->to_prefix[t];
        s->right[t] += total - s->to_prefix[t];
    }
    s->between[k] = total;
    s->right[k] = 0;
    s->left[k + 1] = s->left[k] + total;
}

/* Equation (7): the largest Q over all cuts t and all ends of the second part. */
static assay_split best_split(const sums *s, const double *x, size_t n, size_t min_segment)
{
    assay_split best = {0};
    s->left[0] = 0;
    for (size_t k = 0; k < n; k++) {
        take_in(s, x, k);
        for (size_t t = min_segment; t + min_segment <= k + 1; t++) {
            const double q = statistic(s, t, t, k + 1 - t);
            if (best.at == 0 || q > best.statistic)
                best = (assay_split){.at = t, .end = k + 1, .statistic = q};
        }
    }
    return best;
}

static assay_status allocate_sums(size_t n, sums *s)
{
    double *memory = assay_allocate(4 * (n + 1), sizeof *memory);
    if (!memory)
        return ASSAY_NO_MEMORY;
    *s = (sums){memory, memory + (n + 1), memory + 2 * (n + 1), memory + 3 * (n + 1)};
    return ASSAY_OK;
}

static void release_sums(sums *s)
{
    assay_release(s->to_prefix);
}

static assay_status check_numbers(const char *name, const double *x, size_t n, size_t most)
{
    if (!x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name);
    if (n < 1 || n > most)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s has %zu numbers, must have 1 to %zu", name, n, most);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%zu] is %g, must be finite", name, i, x[i]);
    }
    return ASSAY_OK;
}

assay_status assay_best_split(const double *x, size_t n, size_t min_segment, assay_split *split)
{
    sums s;
    if (!split)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "split is null");
    if (min_segment < 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "min_segment is %zu, must be at least 2", min_segment);
    assay_status status = check_numbers("x", x, n, ASSAY_CHANGE_MOST);
    if (status == ASSAY_OK)
        status = allocate_sums(n, &s);
    if (status != ASSAY_OK)
        return status;
    *split = best_split(&s, x, n, min_segment);
    release_sums(&s);
    return ASSAY_OK;
}

/* ---- One cut after the other ------------------------------------------------------------------------------------ */

typedef struct segment {
    size_t first, end;
    assay_split best; /* counted from first */
} segment;

typedef struct division {
    const double *x;
    size_t n;
    assay_change_options options; /* without zeros */
    sums sums;
    double *permuted;
    segment *segments;
    size_t count;
} division;

static segment make_segment(const division *d, size_t first, size_t end)
{
    return (segment){first, end, best_split(&d->sums, d->x + first, end - first, d->options.min_segment)};
}

/* The segment whose best cut has the largest Q; null if none can be cut. */
static segment *most_divisible(division *d)
{
    segment *most = NULL;
    for (size_t i = 0; i < d->count; i++) {
        segment *s = &d->segments[i];
        if (s->best.at && (!most || s->best.statistic > most->best.statistic))
            most = s;
    }
    return most;
}

/* Fisher and Yates within a segment. @p base is the index of the first random number. */
static void permute(division *d, const segment *s, uint64_t base)
{
    double *y = d->permuted + s->first;
    const size_t n = s->end - s->first;
    memcpy(y, d->x + s->first, n * sizeof *y);
    for (size_t i = n; i > 1; i--) {
        const size_t k = (size_t)assay_random_integer(d->options.random, base + s->first + i - 1, i);
        const double swapped = y[i - 1];
        y[i - 1] = y[k];
        y[k] = swapped;
    }
}

/* Whether a permutation within all segments reaches @p q somewhere. */
static bool reaches(division *d, double q, uint64_t base)
{
    for (size_t i = 0; i < d->count; i++) {
        const segment *s = &d->segments[i];
        if (!s->best.at)
            continue;
        permute(d, s, base);
        if (best_split(&d->sums, d->permuted + s->first, s->end - s->first, d->options.min_segment).statistic >= q)
            return true;
    }
    return false;
}

/* The p-value of the largest Q of all segments, at step @p step. */
static double permutation_test(division *d, double q, size_t step)
{
    size_t reached = 0;
    if (!(q > 0))
        return 1;
    for (size_t b = 0; b < d->options.permutations; b++) {
        const uint64_t base = ((uint64_t)step * d->options.permutations + b) * d->n;
        reached += reaches(d, q * same, base);
        if (reached == EXCEEDANCES)
            return (double)reached / (double)(b + 1);
    }
    return (double)(reached + 1) / (double)(d->options.permutations + 1);
}

/* Replaces a segment by its two parts. */
static void cut(division *d, segment *s)
{
    const size_t middle = s->first + s->best.at, end = s->end;
    memmove(s + 2, s + 1, (size_t)(d->segments + d->count - (s + 1)) * sizeof *s);
    *s = make_segment(d, s->first, middle);
    s[1] = make_segment(d, middle, end);
    d->count++;
}

static void insert(assay_change_point *points, size_t count, assay_change_point point)
{
    for (; count > 0 && points[count - 1].at > point.at; count--)
        points[count] = points[count - 1];
    points[count] = point;
}

static size_t divide(division *d, assay_change_point *points)
{
    size_t found = 0;
    d->count = 1;
    d->segments[0] = make_segment(d, 0, d->n);
    while (found < d->options.most) {
        segment *s = most_divisible(d);
        const double p = s ? permutation_test(d, s->best.statistic, found) : 1;
        if (!s || p > d->options.level)
            break;
        insert(
            points, found,
            (assay_change_point){.at = s->first + s->best.at, .statistic = s->best.statistic, .p = p, .step = found});
        found++;
        cut(d, s);
    }
    return found;
}

static assay_status fill_options(assay_change_options *o, size_t n)
{
    o->min_segment = o->min_segment ? o->min_segment : MIN_SEGMENT;
    o->permutations = o->permutations ? o->permutations : PERMUTATIONS;
    o->level = o->level == 0 ? default_level : o->level;
    o->most = o->most ? o->most : n;
    if (o->min_segment < 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "min_segment is %zu, must be at least 2", o->min_segment);
    if (o->permutations < 19 || o->permutations > 1000000000)
        return assay_fail(ASSAY_OUT_OF_RANGE, "permutations is %zu, must be 19 to 1000000000", o->permutations);
    if (!(o->level > 0 && o->level <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "level is %g, must be above 0 and at most 1", o->level);
    return ASSAY_OK;
}

assay_status assay_change_points(const double *x, size_t n, const assay_change_options *options,
                                 assay_change_point *points, size_t *count)
{
    division d = {.x = x, .n = n};
    if (!options || !points || !count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !options ? "options" : points ? "count" : "points");
    d.options = *options;
    assay_status status = check_numbers("x", x, n, ASSAY_CHANGE_MOST);
    if (status == ASSAY_OK)
        status = fill_options(&d.options, n);
    if (status == ASSAY_OK)
        status = allocate_sums(n, &d.sums);
    if (status != ASSAY_OK)
        return status;
    d.permuted = assay_allocate(n, sizeof *d.permuted);
    d.segments = assay_allocate(n / d.options.min_segment + 2, sizeof *d.segments);
    if (d.permuted && d.segments)
        *count = divide(&d, points);
    else
        status = ASSAY_NO_MEMORY;
    assay_release(d.segments);
    assay_release(d.permuted);
    release_sums(&d.sums);
    return status;
}

/* ---- The newest numbers ----------------------------------------------------------------------------------------- */

typedef struct moments {
    double mean, squares; /* sum of squared deviations */
} moments;

/* A mean that is exact if all numbers are equal, and deviations that are then 0. */
static moments moments_of(const double *x, size_t n)
{
    moments m = {0};
    for (size_t i = 0; i < n; i++)
        m.mean += (x[i] - x[0]) / (double)n;
    for (size_t i = 0; i < n; i++)
        m.squares += (x[i] - x[0] - m.mean) * (x[i] - x[0] - m.mean);
    m.mean += x[0];
    return m;
}

/* P(T > t) of Student's distribution. */
static assay_status student_tail(double t, double freedom, double *p)
{
    double both;
    const assay_status status = assay_incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t), &both);
    if (status == ASSAY_OK)
        *p = t > 0 ? both / 2 : 1 - both / 2;
    return status;
}

assay_status assay_step_up(const double *before, size_t n, const double *after, size_t m, double *p)
{
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "p is null");
    assay_status status = check_numbers("before", before, n, ASSAY_CHANGE_MOST);
    if (status == ASSAY_OK)
        status = check_numbers("after", after, m, ASSAY_CHANGE_MOST);
    if (status != ASSAY_OK)
        return status;
    if (n + m < 3)
        return assay_fail(ASSAY_OUT_OF_RANGE, "before and after have %zu numbers together, must have 3", n + m);
    const moments a = moments_of(before, n), b = moments_of(after, m);
    const double freedom = (double)(n + m - 2);
    const double error = sqrt((a.squares + b.squares) / freedom * (1 / (double)n + 1 / (double)m));
    if (!(error > 0)) {
        *p = b.mean > a.mean ? 0 : 1;
        return ASSAY_OK;
    }
    return student_tail((b.mean - a.mean) / error, freedom, p);
}
