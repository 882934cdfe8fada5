/*
 * Polynomials and quotients by interpolation and by Remez exchange, in double-double arithmetic.
 *
 * Unknowns are coefficients of Chebyshev polynomials of t in [-1, 1], which keeps the equations well conditioned; at
 * the end they become coefficients of powers of v. At N = n + m + 2 points x_i exchange solves
 *   P(t_i) = (g_i + (-1)^i E / w_i) Q(t_i)
 * where g is approximated, w turns differences into errors, and Q's first coefficient is 1: by Newton's method, as E Q
 * is a product of unknowns. The error of the solution then has extrema near the x_i, which take their place.
 */
#include "reference/arithmetic/evolved_exp_baseline_parts.h"

#include <math.h>

enum {
    POINTS = EVOLVED_EXP_DEGREES + 2,
    GRID = 64 * POINTS, /* where extrema are looked for, before they are refined */
    EXCHANGES = 60,
    STEPS = 40
};

/* The target at a point. */
typedef struct sample {
    double x;
    double_double v, g; /* the variable, and what is approximated */
    double weight;      /* (approximation - g) * weight is the error */
} sample;

typedef struct interval {
    double_double middle, half; /* of v */
} interval;

static sample sample_at(const evolved_exp_approximand *f, double x)
{
    sample s = {.x = x, .v = dd_from(x)};
    evolved_exp_target_pair(f->problem->target, x, &s.g.high, &s.g.low);
    s.weight = evolved_exp_weight(f->problem, x, s.g.high);
    if (f->odd) {
        s.v = dd_two_product(x, x);
        s.g = dd_divide(s.g, dd_from(x));
        s.weight *= x;
    }
    return s;
}

static interval interval_of(const evolved_exp_approximand *f)
{
    const double low = f->problem->low, high = f->problem->high;
    const double_double a = f->odd ? dd_two_product(low, low) : dd_from(low);
    const double_double b = f->odd ? dd_two_product(high, high) : dd_from(high);
    return (interval){dd_scale(dd_add(a, b), 0.5), dd_scale(dd_subtract(b, a), 0.5)};
}

/* The x of the point whose t is -cos(angle); it goes from low to high with the angle from 0 to pi. */
static double x_of_angle(const evolved_exp_approximand *f, const interval *range, double angle)
{
    const double v = dd_to_double(dd_subtract(range->middle, dd_multiply(range->half, dd_from(cos(angle)))));
    const double x = f->odd ? sqrt(fmax(v, 0)) : v;
    return fmin(fmax(x, f->problem->low), f->problem->high);
}

/* T_0(t) to T_degree(t). */
static void chebyshev(const interval *range, double_double v, uint32_t degree, double_double *values)
{
    const double_double t = dd_divide(dd_subtract(v, range->middle), range->half);
    values[0] = dd_from(1);
    if (degree >= 1)
        values[1] = t;
    for (uint32_t k = 2; k <= degree; k++)
        values[k] = dd_subtract(dd_scale(dd_multiply(t, values[k - 1]), 2), values[k - 2]);
}

/* Coefficients of T_k(t) become coefficients of v^k: b_k = a_k + 2 t b_(k+1) - b_(k+2) (Clenshaw) as polynomials. */
static void to_powers(double_double *a, uint32_t degree, const interval *range)
{
    double_double b[BASELINE_TERMS + 1] = {{0}}, before[BASELINE_TERMS + 1] = {{0}};
    for (uint32_t k = degree + 1; k-- > 0;) {
        double_double next[BASELINE_TERMS + 1] = {{0}};
        const double factor = k == 0 ? 1 : 2;
        for (uint32_t j = 0; j <= degree - k; j++) {
            next[j] = dd_negate(before[j]);
            if (j > 0)
                next[j] = dd_add(next[j], dd_scale(b[j - 1], factor));
        }
        next[0] = dd_add(next[0], a[k]);
        for (uint32_t j = 0; j <= degree; j++) {
            before[j] = b[j];
            b[j] = next[j];
        }
    }
    for (uint32_t j = 0; j <= degree; j++)
        a[j] = b[j];
    evolved_exp_substitute(a, degree, range->middle, range->half);
}

/* The error of a quotient in powers of v. */
static double error_at(const evolved_exp_approximand *f, const evolved_exp_quotient *r, double x)
{
    const sample s = sample_at(f, x);
    const double_double p = evolved_exp_horner(r->p, r->n, s.v), q = evolved_exp_horner(r->q, r->m, s.v);
    return dd_to_double(dd_subtract(dd_divide(p, q), s.g)) * s.weight;
}

static bool has_pole(const evolved_exp_approximand *f, const interval *range, const evolved_exp_quotient *r)
{
    double first = 0;
    for (int i = 0; i <= GRID; i++) {
        const sample s = sample_at(f, x_of_angle(f, range, i * (M_PI / GRID)));
        const double q = evolved_exp_horner(r->q, r->m, s.v).high;
        if (i == 0)
            first = q;
        if (!(q * first > 0))
            return true;
    }
    return false;
}

/* An extremum of the error. */
typedef struct extremum {
    double x, error;
} extremum;

/* The vertex of the parabola through three neighbouring points of the grid, if the error there is larger. */
static extremum refine(const evolved_exp_approximand *f, const interval *range, const evolved_exp_quotient *r,
                       const double *errors, int i)
{
    const double step = M_PI / GRID;
    extremum e = {x_of_angle(f, range, i * step), errors[i]};
    if (i == 0 || i == GRID)
        return e;
    const double bend = errors[i - 1] - 2 * errors[i] + errors[i + 1];
    const double shift = bend == 0 ? 0 : 0.5 * (errors[i - 1] - errors[i + 1]) / bend;
    const double x = x_of_angle(f, range, (i + fmin(fmax(shift, -1), 1)) * step);
    const double error = error_at(f, r, x);
    return fabs(error) > fabs(e.error) ? (extremum){x, error} : e;
}

/* The largest error of each run of one sign, refined; returns their number, at most GRID + 1. */
static int find_extrema(const evolved_exp_approximand *f, const interval *range, const evolved_exp_quotient *r,
                        extremum *found)
{
    double errors[GRID + 1];
    for (int i = 0; i <= GRID; i++)
        errors[i] = error_at(f, r, x_of_angle(f, range, i * (M_PI / GRID)));
    int count = 0;
    for (int i = 0; i <= GRID;) {
        int largest = i, next = i;
        for (; next <= GRID && (errors[next] < 0) == (errors[i] < 0); next++)
            if (fabs(errors[next]) > fabs(errors[largest]))
                largest = next;
        found[count++] = refine(f, range, r, errors, largest);
        i = next;
    }
    return count;
}

/* A solution, with coefficients of Chebyshev polynomials. */
typedef struct solution {
    uint32_t n, m;
    double_double p[BASELINE_TERMS], q[BASELINE_TERMS], deviation; /* q[0] = 1; the last is E */
} solution;

static double_double combine(const double_double *coefficients, const double_double *values, uint32_t degree)
{
    double_double sum = dd_multiply(coefficients[0], values[0]);
    for (uint32_t k = 1; k <= degree; k++)
        sum = dd_add(sum, dd_multiply(coefficients[k], values[k]));
    return sum;
}

/* One step of Newton's method from Q_0 and E_0, with S = (-1)^i / w and g_0 = g + S E_0:
 *   P - g_0 (Q - 1) - S Q_0 E = g_0 - S Q_0 E_0. */
static bool improve(const sample *points, const interval *range, solution *at)
{
    const uint32_t n = at->n, m = at->m, order = n + m + 2;
    double_double rows[LINEAR_ORDER][LINEAR_ORDER + 1], t[BASELINE_TERMS];
    for (uint32_t i = 0; i < order; i++) {
        const sample *s = &points[i];
        const double_double sign = dd_divide(dd_from(i % 2 ? -1 : 1), dd_from(s->weight));
        const double_double value = dd_add(s->g, dd_multiply(at->deviation, sign));
        chebyshev(range, s->v, n > m ? n : m, t);
        const double_double slope = dd_multiply(sign, combine(at->q, t, m));
        for (uint32_t k = 0; k <= n; k++)
            rows[i][k] = t[k];
        for (uint32_t k = 1; k <= m; k++)
            rows[i][n + k] = dd_negate(dd_multiply(value, t[k]));
        rows[i][n + m + 1] = dd_negate(slope);
        rows[i][order] = dd_subtract(value, dd_multiply(slope, at->deviation));
    }
    if (!evolved_exp_solve(rows, order))
        return false;
    for (uint32_t k = 0; k <= n; k++)
        at->p[k] = rows[k][order];
    for (uint32_t k = 1; k <= m; k++)
        at->q[k] = rows[n + k][order];
    at->deviation = rows[n + m + 1][order];
    return true;
}

/* Finds the quotient whose error is (-1)^i E at the points. */
static bool solve(const sample *points, const interval *range, solution *at)
{
    for (int k = 0; k < STEPS; k++) {
        const double_double before = at->deviation;
        if (!improve(points, range, at))
            return false;
        const double change = dd_to_double(dd_subtract(at->deviation, before));
        if (at->m == 0 || fabs(change) <= 1e-9 * fabs(at->deviation.high))
            return true;
    }
    return false;
}

static evolved_exp_quotient quotient_of(const solution *at, const interval *range)
{
    evolved_exp_quotient r = {.n = at->n, .m = at->m};
    for (uint32_t k = 0; k <= at->n; k++)
        r.p[k] = at->p[k];
    for (uint32_t k = 0; k <= at->m; k++)
        r.q[k] = at->q[k];
    to_powers(r.p, r.n, range);
    to_powers(r.q, r.m, range);
    return r;
}

/* Keeps as many extrema as there are points, by dropping the smaller end. Returns false if there are too few. */
static bool choose(extremum *found, int count, int wanted, int *first)
{
    int begin = 0, end = count;
    while (end - begin > wanted) {
        if (fabs(found[begin].error) < fabs(found[end - 1].error))
            begin++;
        else
            end--;
    }
    *first = begin;
    return end - begin == wanted;
}

static assay_status not_converged(const evolved_exp_approximand *f, uint32_t n, uint32_t m, const char *reason)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "minimax of degrees n = %u and m = %u for %s on [%g, %g]: %s", n, m,
                      evolved_exp_target_name(f->problem->target), f->problem->low, f->problem->high, reason);
}

assay_status evolved_exp_exchange(const evolved_exp_approximand *f, uint32_t n, uint32_t m,
                                  evolved_exp_quotient *quotient)
{
    const interval range = interval_of(f);
    const int count = (int)(n + m + 2);
    sample points[POINTS] = {0};
    extremum found[GRID + 1];
    solution at = {.n = n, .m = m, .q = {{1, 0}}};
    for (int i = 0; i < count; i++)
        points[i] = sample_at(f, x_of_angle(f, &range, i * (M_PI / (count - 1))));
    for (int exchange = 0; exchange < EXCHANGES; exchange++) {
        if (!solve(points, &range, &at))
            return not_converged(f, n, m, "Newton's method finds no solution");
        const evolved_exp_quotient r = quotient_of(&at, &range);
        if (has_pole(f, &range, &r))
            return not_converged(f, n, m, "the quotient has a pole");
        int first;
        const int extrema = find_extrema(f, &range, &r, found);
        if (!choose(found, extrema, count, &first))
            return not_converged(f, n, m, "the error does not alternate often enough");
        double largest = 0, smallest = INFINITY;
        for (int i = 0; i < count; i++) {
            points[i] = sample_at(f, found[first + i].x);
            largest = fmax(largest, fabs(found[first + i].error));
            smallest = fmin(smallest, fabs(found[first + i].error));
        }
        if (largest - smallest <= 1e-7 * largest) {
            *quotient = r;
            return ASSAY_OK;
        }
        if (found[first].error * at.deviation.high < 0) /* another sign comes first now */
            at.deviation = dd_negate(at.deviation);
    }
    return not_converged(f, n, m, "exchange does not settle");
}

assay_status evolved_exp_interpolate(const evolved_exp_approximand *f, uint32_t n, evolved_exp_quotient *quotient)
{
    const interval range = interval_of(f);
    double_double rows[LINEAR_ORDER][LINEAR_ORDER + 1];
    for (uint32_t i = 0; i <= n; i++) {
        const sample s = sample_at(f, x_of_angle(f, &range, (2 * i + 1) * (M_PI / (2 * n + 2))));
        chebyshev(&range, s.v, n, rows[i]);
        rows[i][n + 1] = s.g;
    }
    if (!evolved_exp_solve(rows, n + 1))
        return assay_fail(ASSAY_NOT_CONVERGED, "interpolation of degree n = %u: the nodes coincide", n);
    evolved_exp_quotient r = {.n = n, .q = {{1, 0}}};
    for (uint32_t k = 0; k <= n; k++)
        r.p[k] = rows[k][n + 1];
    to_powers(r.p, n, &range);
    *quotient = r;
    return ASSAY_OK;
}

double evolved_exp_largest_error(const evolved_exp_approximand *f, const evolved_exp_quotient *quotient)
{
    const interval range = interval_of(f);
    extremum found[GRID + 1];
    if (has_pole(f, &range, quotient))
        return INFINITY;
    const int count = find_extrema(f, &range, quotient, found);
    double largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmax(largest, fabs(found[i].error));
    return largest;
}
