/*
 * local_lipschitz: the largest ball in a polytope, by the simplex method on dense dictionaries (Chvatal 1983).
 *
 * With rows of length 1 the radius r is the largest number with a_i v + r <= r_i, v_j + r <= high_j, low_j <= v_j - r.
 * With v = low + v', v' >= 0, and r = R - s, R half the box's least width and s >= 0, s is to be as small as possible:
 *
 *     a_i v' - s <= r_i - a_i low - R,   v'_j - s <= high_j - low_j - R,   -v'_j - s <= -R.
 *
 * s alone, made large enough, satisfies all rows: that is the first dictionary. From then on the row of s is the goal.
 */
#include "assay/memory.h"
#include "core/assert.h"
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>
#include <string.h>

#define PIVOT 1e-11 /* rows have length 1: smaller coefficients count as 0 */

assay_status lipschitz_polytope_create(size_t dimension, size_t room, lipschitz_polytope *p)
{
    size_t count;
    *p = (lipschitz_polytope){.dimension = dimension, .room = room};
    if (__builtin_mul_overflow(dimension, room, &count))
        return assay_fail(ASSAY_NO_MEMORY, "a polytope of %zu x %zu is too large", room, dimension);
    p->a = assay_allocate(count, sizeof *p->a);
    p->r = assay_allocate(room, sizeof *p->r);
    return p->a && p->r ? ASSAY_OK : ASSAY_NO_MEMORY;
}

void lipschitz_polytope_release(lipschitz_polytope *p)
{
    assay_release(p->a);
    assay_release(p->r);
}

void lipschitz_polytope_add(lipschitz_polytope *p, double sign, const double *a, double r)
{
    ASSAY_ASSERT(p->rows < p->room);
    double *to = p->a + p->rows * p->dimension;
    for (size_t j = 0; j < p->dimension; j++)
        to[j] = sign * a[j];
    p->r[p->rows++] = -sign * r;
}

/* basic_i = b_i - sum_j t_ij nonbasic_j; all variables are at least 0. Row i is table + i * (columns + 1), b_i last. */
typedef struct dictionary {
    size_t rows, columns;
    double *table;
    size_t *basic, *nonbasic; /* numbers of variables: v' from 0, then s, then the rows' slacks */
    size_t goal;              /* the row whose basic variable is s; rows: s is not basic */
} dictionary;

static double *row_of(const dictionary *d, size_t i)
{
    return d->table + i * (d->columns + 1);
}

static void pivot(dictionary *d, size_t row, size_t column)
{
    const size_t width = d->columns + 1;
    double *p = row_of(d, row);
    const double inverse = 1 / p[column];
    for (size_t j = 0; j < width; j++)
        p[j] *= inverse;
    p[column] = inverse;
    for (size_t i = 0; i < d->rows; i++) {
        double *t = row_of(d, i);
        const double factor = t[column];
        if (i == row || factor == 0)
            continue;
        t[column] = 0;
        for (size_t j = 0; j < width; j++)
            t[j] -= factor * p[j];
    }
    const size_t entering = d->nonbasic[column];
    d->nonbasic[column] = d->basic[row];
    d->basic[row] = entering;
    if (d->goal == row)
        d->goal = d->rows;
}

/* The column by which s falls: the steepest, or with Bland's rule, which cannot cycle, the first variable. */
static size_t choose_column(const dictionary *d, bool bland)
{
    const double *goal = row_of(d, d->goal);
    size_t best = d->columns;
    for (size_t j = 0; j < d->columns; j++)
        if (goal[j] > PIVOT &&
            (best == d->columns || (bland ? d->nonbasic[j] < d->nonbasic[best] : goal[j] > goal[best])))
            best = j;
    return best;
}

/* The row whose basic variable is the first to reach 0; there is one, because s cannot fall below 0. */
static size_t choose_row(const dictionary *d, size_t column, double *step)
{
    size_t best = d->goal;
    *step = row_of(d, best)[d->columns] / row_of(d, best)[column];
    for (size_t i = 0; i < d->rows; i++) {
        const double *t = row_of(d, i);
        if (t[column] <= PIVOT)
            continue;
        const double ratio = fmax(t[d->columns], 0) / t[column];
        if (ratio < *step || (ratio == *step && best != d->goal && d->basic[i] < d->basic[best])) {
            best = i;
            *step = ratio;
        }
    }
    return best;
}

/* Makes s as small as possible, or small enough. */
static assay_status minimise(dictionary *d, double enough)
{
    unsigned still = 0; /* steps that went nowhere, one after the other */
    for (size_t count = 0; d->goal < d->rows && row_of(d, d->goal)[d->columns] > enough; count++) {
        if (count > 50 * (d->rows + d->columns))
            return assay_fail(ASSAY_NOT_CONVERGED, "the simplex method made %zu steps to no end", count);
        const size_t column = choose_column(d, still > 20);
        if (column == d->columns)
            break;
        double step;
        const size_t row = choose_row(d, column, &step);
        still = step > 0 ? 0 : still + 1;
        pivot(d, row, column);
    }
    return ASSAY_OK;
}

/* One row of the dictionary, of length 1; false if it is empty in the free directions, then @p slack is what is left.
 */
static bool fill_row(const lipschitz_polytope *p, size_t i, const size_t *free_of, size_t columns, double radius,
                     double *t, double *slack)
{
    const double *a = p->a + i * p->dimension;
    double norm = 0, rest = p->r[i];
    for (size_t j = 0; j < p->dimension; j++) {
        rest -= a[j] * p->low[j];
        if (free_of[j] < p->dimension)
            norm = hypot(norm, a[j]);
    }
    *slack = rest;
    if (norm == 0)
        return false;
    for (size_t j = 0; j < p->dimension; j++)
        if (free_of[j] < p->dimension)
            t[free_of[j]] = a[j] / norm;
    t[columns - 1] = -1;
    t[columns] = rest / norm - radius;
    return true;
}

/* The first dictionary: rows of the polytope, then those of the box. False if an empty row cannot be satisfied. */
static bool fill(const lipschitz_polytope *p, const size_t *free_of, double radius, dictionary *d)
{
    for (size_t i = 0; i < p->rows; i++) {
        double slack;
        if (fill_row(p, i, free_of, d->columns, radius, row_of(d, d->rows), &slack))
            d->rows++;
        else if (slack < 0)
            return false;
    }
    for (size_t j = 0; j < p->dimension; j++)
        for (int side = 0; free_of[j] < p->dimension && side < 2; side++) {
            double *t = row_of(d, d->rows++);
            t[free_of[j]] = side ? -1 : 1;
            t[d->columns - 1] = -1;
            t[d->columns] = (side ? 0 : p->high[j] - p->low[j]) - radius;
        }
    for (size_t i = 0; i < d->rows; i++)
        d->basic[i] = d->columns + i;
    for (size_t j = 0; j < d->columns; j++)
        d->nonbasic[j] = j;
    d->goal = d->rows;
    return true;
}

/* s enters where the most is missing. */
static void start(dictionary *d)
{
    size_t least = 0;
    for (size_t i = 1; i < d->rows; i++)
        least = row_of(d, i)[d->columns] < row_of(d, least)[d->columns] ? i : least;
    if (row_of(d, least)[d->columns] >= 0)
        return;
    pivot(d, least, d->columns - 1);
    d->goal = least;
}

static void read_centre(const lipschitz_polytope *p, const size_t *free_of, const dictionary *d, double *centre)
{
    memcpy(centre, p->low, p->dimension * sizeof *centre);
    for (size_t j = 0; j < p->dimension; j++)
        for (size_t i = 0; free_of[j] < p->dimension && i < d->rows; i++)
            if (d->basic[i] == free_of[j])
                centre[j] = fmin(p->low[j] + row_of(d, i)[d->columns], p->high[j]);
}

assay_status lipschitz_polytope_radius(const lipschitz_polytope *p, double enough, double *radius, double *centre)
{
    dictionary d = {.columns = 1};
    size_t rows = p->rows, cells;
    double most = INFINITY;
    size_t *free_of = assay_allocate(p->dimension, sizeof *free_of); /* number among the free directions */
    if (!free_of)
        return ASSAY_NO_MEMORY;
    for (size_t j = 0; j < p->dimension; j++) {
        const bool is_free = p->high[j] > p->low[j];
        free_of[j] = is_free ? d.columns++ - 1 : p->dimension;
        rows += is_free ? 2 : 0;
        most = is_free ? fmin(most, (p->high[j] - p->low[j]) / 2) : most;
    }
    assay_status status = ASSAY_OK;
    if (__builtin_mul_overflow(rows + 1, d.columns + 1, &cells))
        status = assay_fail(ASSAY_NO_MEMORY, "a linear program of %zu x %zu is too large", rows, d.columns);
    d.table = status ? NULL : assay_allocate(cells, sizeof *d.table);
    d.basic = assay_allocate(rows + 1, sizeof *d.basic);
    d.nonbasic = assay_allocate(d.columns, sizeof *d.nonbasic);
    if (!d.table || !d.basic || !d.nonbasic)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK && !fill(p, free_of, isfinite(most) ? most : 0, &d)) {
        *radius = -INFINITY;
    } else if (status == ASSAY_OK && d.columns == 1) { /* a single point, which satisfies everything */
        *radius = INFINITY;
        if (centre)
            memcpy(centre, p->low, p->dimension * sizeof *centre);
    } else if (status == ASSAY_OK) {
        start(&d);
        status = minimise(&d, most - enough);
        *radius = most - (d.goal < d.rows ? row_of(&d, d.goal)[d.columns] : 0);
        if (status == ASSAY_OK && centre)
            read_centre(p, free_of, &d, centre);
    }
    assay_release(free_of);
    assay_release(d.table);
    assay_release(d.basic);
    assay_release(d.nonbasic);
    return status;
}
