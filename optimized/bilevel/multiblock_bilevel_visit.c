/*
 * A sampled block of versions 1 and 2: both times at once.
 *
 * A tracked Hessian H needs no eigenvalues to be projected when H - floor 1 has a Cholesky factor, and is factorised
 * only once unless the block was visited in the last iteration as well: else H_before is H.
 */
#include "optimized/bilevel/multiblock_bilevel_lazy.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

enum { SMALL_MATRIX = 32 }; /* up to which LAPACK's calls cost more than the work */

/* ---- Small matrices ---------------------------------------------------------------------------------------------- */

/* l l^T = a - shift 1; false if it is not positive definite. Above the diagonal l has its transpose: rows of that are
 * taken from rows, which the compiler does in vectors, each number in the order of a sum from the left. */
static bool factorise(size_t n, const double *restrict a, double shift, double *restrict l)
{
    for (size_t k = 0; k < n; k++) {
        double *restrict row = l + k * n;
        for (size_t j = k; j < n; j++)
            row[j] = a[j * n + k];
        row[k] -= shift;
        size_t m = 0;
        for (; m + 4 <= k; m += 4) { /* four at a time, so that the row is seldom stored */
            const double *a0 = l + m * n, *a1 = a0 + n, *a2 = a1 + n, *a3 = a2 + n;
            for (size_t j = k; j < n; j++)
                row[j] = row[j] - a0[k] * a0[j] - a1[k] * a1[j] - a2[k] * a2[j] - a3[k] * a3[j];
        }
        for (; m < k; m++) {
            const double *before = l + m * n, factor = before[k];
            for (size_t j = k; j < n; j++)
                row[j] -= factor * before[j];
        }
        if (!(row[k] > 0))
            return false;
        row[k] = sqrt(row[k]);
        const double diagonal = row[k];
        for (size_t j = k + 1; j < n; j++)
            row[j] /= diagonal;
        for (size_t j = k + 1; j < n; j++)
            l[j * n + k] = row[j];
    }
    return true;
}

static void substitute(size_t n, const double *restrict l, const double *restrict b, double *restrict x)
{
    memcpy(x, b, n * sizeof *b);
    for (size_t i = 0; i < n; i++) {
        x[i] /= l[i * n + i];
        const double value = x[i];
        for (size_t k = i + 1; k < n; k++)
            x[k] -= l[i * n + k] * value;
    }
    for (size_t i = n; i-- > 0;) {
        x[i] /= l[i * n + i];
        const double value = x[i];
        for (size_t k = 0; k < i; k++)
            x[k] -= l[i * n + k] * value;
    }
}

static assay_status factorise_any(size_t n, const double *h, double *factor)
{
    if (n > SMALL_MATRIX)
        return assay_dense_cholesky(n, h, factor);
    return factorise(n, h, 0, factor) ? ASSAY_OK
                                      : assay_fail(ASSAY_SINGULAR, "a tracked Hessian is not positive definite");
}

static assay_status solve_any(size_t n, const double *factor, const double *b, double *x)
{
    if (n > SMALL_MATRIX)
        return assay_dense_cholesky_solve(n, factor, 1, b, x);
    substitute(n, factor, b, x);
    return ASSAY_OK;
}

static bool is_above(size_t n, const double *h, double floor, double *factor)
{
    if (n <= SMALL_MATRIX)
        return factorise(n, h, floor * (1 - MULTIBLOCK_BILEVEL_SLACK), factor);
    memcpy(factor, h, n * n * sizeof *h);
    for (size_t i = 0; i < n; i++)
        factor[i * n + i] -= floor * (1 - MULTIBLOCK_BILEVEL_SLACK);
    return assay_dense_cholesky(n, factor, factor) == ASSAY_OK;
}

static assay_status project(size_t n, double *h, double floor, double *factor)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            h[i * n + j] = h[j * n + i] = 0.5 * (h[i * n + j] + h[j * n + i]);
    }
    if (is_above(n, h, floor, factor))
        return ASSAY_OK;
    double *work = assay_allocate(n * n + n, sizeof *work);
    if (!work)
        return ASSAY_NO_MEMORY;
    const assay_status status = multiblock_bilevel_project(h, n, floor, work);
    assay_release(work);
    return status;
}

/* ---- Derivatives at both times ----------------------------------------------------------------------------------- */

static void lower_gradients(const multiblock_bilevel_problem *p, const multiblock_bilevel_slot *s, double *const out[2])
{
    if (p->lower_gradient_pair) {
        p->lower_gradient_pair(p->context, s->lower, out);
        return;
    }
    p->lower_gradient(p->context, &s->lower[0], out[0]);
    p->lower_gradient(p->context, &s->lower[1], out[1]);
}

static void lower_hessians(const multiblock_bilevel_problem *p, const multiblock_bilevel_slot *s, double *const out[2])
{
    if (p->lower_hessian_pair) {
        p->lower_hessian_pair(p->context, s->lower, out);
        return;
    }
    p->lower_hessian(p->context, &s->lower[0], out[0]);
    p->lower_hessian(p->context, &s->lower[1], out[1]);
}

static void hessian_products(const multiblock_bilevel_problem *p, const multiblock_bilevel_slot *s,
                             const double *const v[2], double *const out[2])
{
    if (p->lower_hessian_product_pair) {
        p->lower_hessian_product_pair(p->context, s->lower, v, out);
        return;
    }
    p->lower_hessian_product(p->context, &s->lower[0], v[0], out[0]);
    p->lower_hessian_product(p->context, &s->lower[1], v[1], out[1]);
}

static void upper_gradients(const multiblock_bilevel_problem *p, const multiblock_bilevel_slot *s, double *const out[2])
{
    if (p->upper_gradient_y_pair) {
        p->upper_gradient_y_pair(p->context, s->upper, out);
        return;
    }
    p->upper_gradient_y(p->context, &s->upper[0], out[0]);
    p->upper_gradient_y(p->context, &s->upper[1], out[1]);
}

void multiblock_bilevel_add_shares(const multiblock_bilevel_lazy *f, const multiblock_bilevel_slot *s,
                                   double *const gradient[2])
{
    const multiblock_bilevel_problem *p = f->problem;
    const double share = 1.0 / (double)f->options.sampled_blocks;
    const double *const v[] = {s->direction[0], s->direction[1]};
    for (int time = 0; p->upper_gradient_x && time < 2; time++)
        p->upper_gradient_x(p->context, &s->upper[time], share, gradient[time]);
    if (p->lower_cross_product_pair) {
        p->lower_cross_product_pair(p->context, s->lower, v, -share, gradient);
        return;
    }
    p->lower_cross_product(p->context, &s->lower[0], v[0], -share, gradient[0]);
    p->lower_cross_product(p->context, &s->lower[1], v[1], -share, gradient[1]);
}

/* ---- Version 1 and version 2 ------------------------------------------------------------------------------------- */

/* p = H^-1 df/dy at both times. */
static assay_status solve_directions(const multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s, const double *h,
                                     const double *before)
{
    const size_t dy = f->problem->dy;
    const bool moved = f->state->t > 0 && f->updated[s->lower->block] == f->state->t;
    assay_status status = factorise_any(dy, h, s->matrix[0]);
    if (status == ASSAY_OK)
        status = solve_any(dy, s->matrix[0], s->second[0], s->direction[0]);
    if (status == ASSAY_OK && moved)
        status = factorise_any(dy, before, s->matrix[0]);
    return status == ASSAY_OK ? solve_any(dy, s->matrix[0], s->second[1], s->direction[1]) : status;
}

static assay_status visit_hessian(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    const size_t dy = f->problem->dy, square = dy * dy, i = s->lower->block;
    double *h = f->state->hessian + i * square, *before = f->state->hessian_before + i * square;
    assay_status status = solve_directions(f, s, h, before);
    if (status != ASSAY_OK)
        return status;
    lower_hessians(f->problem, s, s->matrix);
    status = multiblock_bilevel_check_hessian(&f->options, i, s->matrix[0], dy);
    if (status != ASSAY_OK)
        return status;
    memcpy(before, h, square * sizeof *h);
    multiblock_bilevel_msvr(h, s->matrix[0], s->matrix[1], f->options.alpha, f->options.gamma, square);
    if (!multiblock_bilevel_finite(h, square))
        return assay_fail(ASSAY_BAD_DATA, "iteration %zu: the Hessian of block %zu is not finite", f->state->t, i);
    f->updated[i] = f->state->t + 1;
    return project(dy, h, f->options.hessian_floor, s->matrix[0]);
}

/* u_i of the products in s->first, less df/dy. */
static void update_residual(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    const size_t dy = f->problem->dy;
    for (size_t k = 0; k < dy; k++) {
        s->first[0][k] -= s->second[0][k];
        s->first[1][k] -= s->second[1][k];
    }
    multiblock_bilevel_msvr(f->state->u + s->lower->block * dy, s->first[0], s->first[1], f->options.alpha,
                            f->options.gamma, dy);
}

static void take_directions(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    const size_t dy = f->problem->dy, i = s->lower->block;
    memcpy(s->direction[0], f->state->v + i * dy, dy * sizeof(double));
    memcpy(s->direction[1], f->state->v_before + i * dy, dy * sizeof(double));
}

static void visit_solution(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    take_directions(f, s);
    const double *const v[] = {s->direction[0], s->direction[1]};
    hessian_products(f->problem, s, v, s->first);
    update_residual(f, s);
}

/* The same with the gradient, in one pass over the samples. */
static assay_status visit_pass(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    const size_t dy = f->problem->dy, i = s->lower->block;
    take_directions(f, s);
    const double *const v[] = {s->direction[0], s->direction[1]};
    f->problem->lower_pass_pair(f->problem->context, s->lower, v, s->gradient_y, s->first, s->cross);
    upper_gradients(f->problem, s, s->second);
    if (!multiblock_bilevel_finite(s->gradient_y[0], dy) || !multiblock_bilevel_finite(s->second[0], dy))
        return assay_fail(ASSAY_BAD_DATA, "iteration %zu: a derivative of block %zu is not finite", f->state->t, i);
    multiblock_bilevel_msvr(f->state->s + i * dy, s->gradient_y[0], s->gradient_y[1], f->options.alpha,
                            f->options.gamma, dy);
    update_residual(f, s);
    return ASSAY_OK;
}

assay_status multiblock_bilevel_visit(multiblock_bilevel_lazy *f, multiblock_bilevel_slot *s)
{
    const size_t dy = f->problem->dy, i = s->lower->block;
    if (s->cross[0])
        return visit_pass(f, s);
    lower_gradients(f->problem, s, s->first);
    upper_gradients(f->problem, s, s->second);
    if (!multiblock_bilevel_finite(s->first[0], dy) || !multiblock_bilevel_finite(s->second[0], dy))
        return assay_fail(ASSAY_BAD_DATA, "iteration %zu: a derivative of block %zu is not finite", f->state->t, i);
    multiblock_bilevel_msvr(f->state->s + i * dy, s->first[0], s->first[1], f->options.alpha, f->options.gamma, dy);
    assay_status status = ASSAY_OK;
    if (f->state->v)
        visit_solution(f, s);
    else
        status = visit_hessian(f, s);
    if (status == ASSAY_OK && s->gradient[0]) {
        memset(s->gradient[0], 0, f->problem->dx * sizeof(double));
        memset(s->gradient[1], 0, f->problem->dx * sizeof(double));
        multiblock_bilevel_add_shares(f, s, s->gradient);
    }
    return status;
}
