/*
 * The kernels of sinkhorn_newton for one instruction set. The including file defines
 *   LANES            doubles of a vector, a divisor of SINKHORN_NEWTON_PAD
 *   FMA(a, b, c)     a b + c on vectors, fused where the instruction set can
 *   GATHER(y, k)     the vector of y[k[0]], y[k[1]], ...
 *   MOST(a, b)       the greater of each lane
 *   ANY_ABOVE(a, b)  whether a > b in any lane
 *   FILTER           the kernel filter
 *   TABLE            the name of the table
 */
#include "core/assert.h"

#include <math.h>
#include <string.h>

typedef double f64v __attribute__((vector_size(8 * LANES)));
typedef int64_t i64v __attribute__((vector_size(8 * LANES)));
typedef uint64_t u64v __attribute__((vector_size(8 * LANES)));

static inline f64v load(const double *p)
{
    f64v v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(double *p, f64v v)
{
    memcpy(p, &v, sizeof v);
}

static inline f64v spread(double x)
{
    return x - (f64v){0};
}

static inline double sum_of(f64v v)
{
    double sum = 0;
    for (int l = 0; l < LANES; l++)
        sum += v[l];
    return sum;
}

static inline f64v choose(i64v mask, f64v a, f64v b)
{
    return (f64v)((mask & (i64v)a) | (~mask & (i64v)b));
}

/*
 * exp(t) = 2^k exp(r + low), k = round(t / log 2), |r| <= log(2)/2 (1 + 2^-40), low what is lost in rounding r.
 * exp(r) = 1 + r + r^2 q(r) with q the interpolation of degree 9 in the Chebyshev nodes of that interval, whose error
 * is below 2^-57 relative to exp(r). The last two additions are wrong by at most 1/2 and 1/4 ulp (where the result is
 * below 1, |r + r^2 q| is below 1/2), r^2 q <= 0.07 by three roundings or less, 0.15 ulp, and low (1 + r) is taken for
 * low, 2^-55 0.35 or 0.09 ulp: below 1 ulp together, with and without fused operations.
 */
static inline f64v exponential(f64v t)
{
    const double shift = 0x1.8p52; /* whose last bits then hold k */
    const f64v shifted = FMA(t, spread(0x1.71547652b82fep0), spread(shift));
    const f64v k = shifted - shift;
    /* log 2 in two parts: k times the first is exact, and so is the difference. */
    const f64v high = FMA(k, spread(-0x1.62e42feep-1), t);
    const f64v r = FMA(k, spread(-0x1.a39ef35793c76p-33), high);
    const f64v low = FMA(k, spread(-0x1.a39ef35793c76p-33), high - r);
    const f64v r2 = r * r, r4 = r2 * r2;
    const f64v q01 = FMA(r, spread(0x1.5555555555556p-3), spread(0x1.0000000000001p-1));
    const f64v q23 = FMA(r, spread(0x1.11111111109b3p-7), spread(0x1.5555555553d63p-5));
    const f64v q45 = FMA(r, spread(0x1.a01a01a7c41d5p-13), spread(0x1.6c16c1788bd90p-10));
    const f64v q67 = FMA(r, spread(0x1.71de0dae63bb3p-19), spread(0x1.a019b90d2ae7ap-16));
    const f64v q89 = FMA(r, spread(0x1.af38a9b0ec855p-26), spread(0x1.289185613a3d6p-22));
    const f64v q = FMA(FMA(r4, q89, FMA(r2, q67, q45)), r4, FMA(r2, q23, q01));
    const u64v bits = (u64v)(1 + (r + FMA(q, r2, low))) + ((u64v)shifted << 52);
    const f64v result = choose(t > 709, spread(INFINITY), (f64v)bits);
    return choose(t >= -708, result, spread(0));
}

static void exponentials(const double *t, double *out, size_t count)
{
    ASSAY_ASSERT(count % SINKHORN_NEWTON_PAD == 0);
    for (size_t k = 0; k < count; k += LANES)
        store(out + k, exponential(load(t + k)));
}

/* Sums of exponentials leave out what is below exp(-60) of the largest: 2^32 of them would be 4e-17 of it. */
#define NEGLIGIBLE (-60.0)

static double log_sum(const double *cost, const double *y, size_t m, double eta)
{
    f64v most_v = spread(-INFINITY), sum_v = spread(0);
    double most = -INFINITY, sum = 0;
    const size_t whole = m - m % LANES;
    for (size_t j = 0; j < whole; j += LANES)
        most_v = MOST(most_v, load(y + j) - eta * load(cost + j));
    for (size_t j = whole; j < m; j++)
        most = fmax(most, y[j] - eta * cost[j]);
    for (int l = 0; l < LANES; l++)
        most = fmax(most, most_v[l]);
    for (size_t j = 0; j < whole; j += LANES) {
        const f64v t = load(y + j) - eta * load(cost + j) - most;
        if (ANY_ABOVE(t, spread(NEGLIGIBLE)))
            sum_v += exponential(t);
    }
    for (size_t j = whole; j < m; j++)
        sum += exp(y[j] - eta * cost[j] - most);
    return most + log(sum_of(sum_v) + sum) - 1;
}

static void column_most(const double *cost, double x, size_t m, double eta, double *most)
{
    const size_t whole = m - m % LANES;
    for (size_t j = 0; j < whole; j += LANES)
        store(most + j, MOST(load(most + j), x - eta * load(cost + j)));
    for (size_t j = whole; j < m; j++)
        most[j] = fmax(most[j], x - eta * cost[j]);
}

static void column_sum(const double *cost, double x, size_t m, double eta, const double *most, double *sum)
{
    const size_t whole = m - m % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        const f64v t = x - eta * load(cost + j) - load(most + j);
        if (ANY_ABOVE(t, spread(NEGLIGIBLE)))
            store(sum + j, load(sum + j) + exponential(t));
    }
    for (size_t j = whole; j < m; j++)
        sum[j] += exp(x - eta * cost[j] - most[j]);
}

static double evaluate_list(double x, const double *y, const double *exponent, const uint32_t *column, size_t count,
                            double *value, double *sums)
{
    f64v total = spread(0);
    for (size_t k = 0; k < count; k += LANES) {
        const f64v p = exponential(x + GATHER(y, column + k) - load(exponent + k));
        store(value + k, p);
        total += p;
        for (int l = 0; l < LANES; l++)
            sums[column[k + (size_t)l]] += p[l];
    }
    return sum_of(total);
}

static double evaluate_span(double x, const double *y, const double *exponent, size_t count, double *value,
                            double *sums)
{
    f64v total = spread(0);
    for (size_t k = 0; k < count; k += LANES) {
        const f64v p = exponential(x + load(y + k) - load(exponent + k));
        store(value + k, p);
        store(sums + k, load(sums + k) + p);
        total += p;
    }
    return sum_of(total);
}

static double evaluate(double x, const double *y, const double *exponent, const uint32_t *column, size_t count,
                       double *value, double *sums)
{
    ASSAY_ASSERT(count % SINKHORN_NEWTON_PAD == 0);
    return column ? evaluate_list(x, y, exponent, column, count, value, sums)
                  : evaluate_span(x, y, exponent, count, value, sums);
}

static double scale_list(const double *value, const uint32_t *column, size_t count, const double *v, double mass,
                         double *sums)
{
    f64v s_v = spread(0);
    for (size_t k = 0; k < count; k += LANES)
        s_v = FMA(load(value + k), GATHER(v, column + k), s_v);
    const double s = sum_of(s_v), u = mass / s;
    for (size_t k = 0; k < count; k++)
        sums[column[k]] += u * value[k];
    return s;
}

static double scale_span(const double *value, size_t count, const double *v, double mass, double *sums)
{
    f64v a = spread(0), b = a, c = a, d = a;
    size_t k = 0;
    for (; k + 4 * LANES <= count; k += 4 * LANES) {
        a = FMA(load(value + k), load(v + k), a);
        b = FMA(load(value + k + LANES), load(v + k + LANES), b);
        c = FMA(load(value + k + 2 * LANES), load(v + k + 2 * LANES), c);
        d = FMA(load(value + k + 3 * LANES), load(v + k + 3 * LANES), d);
    }
    for (; k < count; k += LANES)
        a = FMA(load(value + k), load(v + k), a);
    const double s = sum_of((a + b) + (c + d));
    const f64v u = spread(mass / s);
    for (k = 0; k < count; k += LANES)
        store(sums + k, FMA(u, load(value + k), load(sums + k)));
    return s;
}

static double scale(const double *value, const uint32_t *column, size_t count, const double *v, double mass,
                    double *sums)
{
    ASSAY_ASSERT(count % SINKHORN_NEWTON_PAD == 0);
    return column ? scale_list(value, column, count, v, mass, sums) : scale_span(value, count, v, mass, sums);
}

static void multiply(const uint32_t *begin, const uint32_t *column, const double *value, const double *v, size_t rows,
                     double *out)
{
    for (size_t i = 0; i < rows; i++) {
        double a = 0, b = 0;
        size_t k = begin[i];
        const size_t end = begin[i + 1];
        if (end - k >= 4 * LANES) {
            f64v s = spread(0), t = spread(0);
            for (; k + 2 * LANES <= end; k += 2 * LANES) {
                s = FMA(load(value + k), GATHER(v, column + k), s);
                t = FMA(load(value + k + LANES), GATHER(v, column + k + LANES), t);
            }
            a = sum_of(s + t);
        }
        for (; k + 2 <= end; k += 2) {
            a += value[k] * v[column[k]];
            b += value[k + 1] * v[column[k + 1]];
        }
        if (k < end)
            a += value[k] * v[column[k]];
        out[i] = a + b;
    }
}

const sinkhorn_newton_kernels TABLE = {.exponentials = exponentials,
                                       .filter = FILTER,
                                       .log_sum = log_sum,
                                       .column_most = column_most,
                                       .column_sum = column_sum,
                                       .evaluate = evaluate,
                                       .scale = scale,
                                       .multiply = multiply};
