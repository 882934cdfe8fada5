/* Vectors on a grid in the order of its anti-diagonals. */
#include "assay/memory.h"
#include "optimized/solvers/sor_bandit_kernels.h"

#include <string.h>

assay_status sor_bandit_skew_make(size_t rows, size_t columns, size_t alignment, sor_bandit_skew *skew)
{
    const size_t diagonals = rows + columns - 1;
    /* A vector's length of zeros at both ends, for neighbours and for lanes that run over. */
    const size_t margin = 2 * SOR_BANDIT_ALIGNED;
    *skew = (sor_bandit_skew){.rows = rows, .columns = columns, .diagonals = diagonals};
    skew->origin = assay_allocate(diagonals, sizeof *skew->origin);
    skew->places = assay_allocate(diagonals, sizeof *skew->places);
    if (!skew->origin || !skew->places) {
        sor_bandit_skew_release(skew);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu anti-diagonals", diagonals);
    }
    size_t at = margin;
    for (size_t s = 0; s < diagonals; s++) {
        const size_t first = s < columns ? 0 : s - columns + 1, last = s < rows ? s : rows - 1;
        const size_t n = last - first + 1;
        skew->origin[s] = (ptrdiff_t)at - (ptrdiff_t)first;
        skew->places[s] = (sor_bandit_place){
            .n = n, .here = (ptrdiff_t)at, .level_before = s < columns, .level_behind = s + 1 < columns};
        /* At least one zero behind the last point, which is also the one before the next anti-diagonal's first. */
        at = (at + n + alignment) / alignment * alignment;
    }
    skew->elements = at + margin;
    for (size_t s = 0; s < diagonals; s++) {
        sor_bandit_place *p = &skew->places[s];
        const ptrdiff_t first = p->here - skew->origin[s];
        p->before = s > 0 ? skew->origin[s - 1] + first : SOR_BANDIT_ALIGNED;
        p->behind = s + 1 < diagonals ? skew->origin[s + 1] + first : (ptrdiff_t)at;
    }
    return ASSAY_OK;
}

void sor_bandit_skew_release(sor_bandit_skew *skew)
{
    assay_release(skew->origin);
    assay_release(skew->places);
    *skew = (sor_bandit_skew){0};
}

double *sor_bandit_skew_vector(const sor_bandit_skew *skew, size_t lanes)
{
    return assay_allocate(skew->elements, lanes * sizeof(double));
}

void sor_bandit_skew_in(const sor_bandit_skew *skew, const double *natural, double *skewed)
{
    for (size_t i = 0; i < skew->rows; i++)
        for (size_t j = 0; j < skew->columns; j++)
            skewed[skew->origin[i + j] + (ptrdiff_t)i] = natural[i * skew->columns + j];
}

void sor_bandit_skew_out(const sor_bandit_skew *skew, const double *skewed, double *natural)
{
    for (size_t i = 0; i < skew->rows; i++)
        for (size_t j = 0; j < skew->columns; j++)
            natural[i * skew->columns + j] = skewed[skew->origin[i + j] + (ptrdiff_t)i];
}

assay_status sor_bandit_workspace_make(const sor_bandit_skew *skew, sor_bandit_workspace *w)
{
    w->r = sor_bandit_skew_vector(skew, 1);
    w->y = sor_bandit_skew_vector(skew, 1);
    w->p = sor_bandit_skew_vector(skew, 1);
    w->q = sor_bandit_skew_vector(skew, 1);
    return w->r && w->y && w->p && w->q
               ? ASSAY_OK
               : assay_fail(ASSAY_NO_MEMORY, "no memory for vectors of %zu elements", skew->elements);
}

void sor_bandit_workspace_release(sor_bandit_workspace *w)
{
    assay_release(w->r);
    assay_release(w->y);
    assay_release(w->p);
    assay_release(w->q);
    *w = (sor_bandit_workspace){0};
}
