/*
 * Linear equations and polynomials in double-double arithmetic.
 */
#include "reference/arithmetic/evolved_exp_baseline_parts.h"

#include <math.h>

static void swap_rows(double_double *a, double_double *b, size_t length)
{
    for (size_t j = 0; j < length; j++) {
        const double_double t = a[j];
        a[j] = b[j];
        b[j] = t;
    }
}

/* Row a loses as many times row b as makes its element at the pivot 0. */
static void eliminate(double_double *a, const double_double *b, size_t pivot, size_t length)
{
    const double_double factor = dd_divide(a[pivot], b[pivot]);
    for (size_t j = pivot; j < length; j++)
        a[j] = dd_subtract(a[j], dd_multiply(factor, b[j]));
}

bool evolved_exp_solve(double_double rows[][LINEAR_ORDER + 1], size_t order)
{
    for (size_t pivot = 0; pivot < order; pivot++) {
        size_t largest = pivot;
        for (size_t i = pivot; i < order; i++)
            if (fabs(rows[i][pivot].high) > fabs(rows[largest][pivot].high))
                largest = i;
        swap_rows(rows[pivot], rows[largest], order + 1);
        if (!(fabs(rows[pivot][pivot].high) > 0) || !isfinite(rows[pivot][pivot].high))
            return false;
        for (size_t i = 0; i < order; i++)
            if (i != pivot)
                eliminate(rows[i], rows[pivot], pivot, order + 1);
    }
    for (size_t i = 0; i < order; i++)
        rows[i][order] = dd_divide(rows[i][order], rows[i][i]);
    return true;
}

double_double evolved_exp_horner(const double_double *p, uint32_t degree, double_double v)
{
    double_double sum = p[degree];
    for (uint32_t j = degree; j-- > 0;)
        sum = dd_add(dd_multiply(sum, v), p[j]);
    return sum;
}

/* Scaling divides the coefficients by powers; moving the origin is repeated synthetic division. */
void evolved_exp_substitute(double_double *p, uint32_t degree, double_double origin, double_double scale)
{
    double_double power = dd_from(1);
    for (uint32_t j = 0; j <= degree; j++) {
        p[j] = dd_divide(p[j], power);
        power = dd_multiply(power, scale);
    }
    for (uint32_t i = 0; i < degree; i++)
        for (uint32_t j = degree; j-- > i;)
            p[j] = dd_subtract(p[j], dd_multiply(origin, p[j + 1]));
}
