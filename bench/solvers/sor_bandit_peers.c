/* Peers of sor_bandit in C: CHOLMOD and FFTW. */
#include "bench/solvers/sor_bandit_peers.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <suitesparse/cholmod.h>

/* ---- CHOLMOD -------------------------------------------------------------------------------------------------- */

typedef struct direct {
    cholmod_common common;
    cholmod_sparse *a;
    cholmod_factor *l;
} direct;

/* The upper triangle by columns is the lower one by rows. */
static void copy_values(const assay_csr *a, cholmod_sparse *s)
{
    int *p = s->p, *rows = s->i, count = 0;
    double *x = s->x;
    for (size_t j = 0; j < a->rows; j++) {
        p[j] = count;
        for (size_t k = a->starts[j]; k < a->starts[j + 1] && a->indices[k] <= j; k++) {
            rows[count] = (int)a->indices[k];
            x[count++] = a->values[k];
        }
    }
    p[a->rows] = count;
}

void *sor_bandit_cholmod_new(const assay_csr *a)
{
    direct *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    cholmod_start(&d->common);
    d->common.print = 0;
    d->a = cholmod_allocate_sparse(a->rows, a->rows, a->starts[a->rows], 1, 1, 1, CHOLMOD_REAL, &d->common);
    if (d->a) {
        copy_values(a, d->a);
        d->l = cholmod_analyze(d->a, &d->common);
    }
    if (d->l)
        return d;
    sor_bandit_cholmod_delete(d);
    return NULL;
}

int sor_bandit_cholmod_run(void *self, const assay_csr *a, const double *b, double *x)
{
    direct *d = self;
    cholmod_dense side = {a->rows, 1, a->rows, a->rows, (void *)b, NULL, CHOLMOD_REAL, CHOLMOD_DOUBLE};
    copy_values(a, d->a);
    if (!cholmod_factorize(d->a, d->l, &d->common) || d->common.status != CHOLMOD_OK)
        return 0;
    cholmod_dense *solution = cholmod_solve(CHOLMOD_A, d->l, &side, &d->common);
    if (!solution)
        return 0;
    memcpy(x, solution->x, a->rows * sizeof *x);
    cholmod_free_dense(&solution, &d->common);
    return 1;
}

void sor_bandit_cholmod_delete(void *self)
{
    direct *d = self;
    if (!d)
        return;
    cholmod_free_factor(&d->l, &d->common);
    cholmod_free_sparse(&d->a, &d->common);
    cholmod_finish(&d->common);
    free(d);
}

/* ---- FFTW ----------------------------------------------------------------------------------------------------- */

typedef struct sine {
    int rows, columns;
    double *work, *row_values, *column_values; /* eigenvalues of the second differences */
    fftw_plan plan;
} sine;

void *sor_bandit_sine_new(int rows, int columns)
{
    sine *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (sine){rows,
                columns,
                fftw_alloc_real((size_t)rows * (size_t)columns),
                fftw_alloc_real((size_t)rows),
                fftw_alloc_real((size_t)columns),
                NULL};
    if (s->work && s->row_values && s->column_values)
        s->plan = fftw_plan_r2r_2d(rows, columns, s->work, s->work, FFTW_RODFT00, FFTW_RODFT00, FFTW_MEASURE);
    if (!s->plan) {
        sor_bandit_sine_delete(s);
        return NULL;
    }
    for (int k = 0; k < rows; k++)
        s->row_values[k] = 4 * pow(sin(M_PI * (k + 1) / (2.0 * (rows + 1))), 2);
    for (int k = 0; k < columns; k++)
        s->column_values[k] = 4 * pow(sin(M_PI * (k + 1) / (2.0 * (columns + 1))), 2);
    return s;
}

void sor_bandit_sine_run(void *self, double g, const double *b, double *x)
{
    const sine *s = self;
    const size_t columns = (size_t)s->columns, n = (size_t)s->rows * columns;
    const double scale = 4.0 * (s->rows + 1) * (s->columns + 1);
    memcpy(s->work, b, n * sizeof *b);
    fftw_execute(s->plan);
    for (size_t k = 0; k < (size_t)s->rows; k++)
        for (size_t l = 0; l < columns; l++)
            s->work[k * columns + l] /= scale * (1 + g * (s->row_values[k] + s->column_values[l]));
    fftw_execute(s->plan);
    memcpy(x, s->work, n * sizeof *x);
}

void sor_bandit_sine_delete(void *self)
{
    sine *s = self;
    if (!s)
        return;
    if (s->plan)
        fftw_destroy_plan(s->plan);
    fftw_free(s->work);
    fftw_free(s->row_values);
    fftw_free(s->column_values);
    free(s);
}
