/* SSOR-preconditioned conjugate gradients on any sparse matrix. */
#include "assay/cpu.h"
#include "core/assert.h"
#include "optimized/solvers/sor_bandit_csr.h"

#include <math.h>
#include <string.h>

/*
 * Eisenstat's trick (1981). With K = D / omega + L and e = (2 - omega) / omega the preconditioner is K D^-1 K^T / e,
 * and A = K + K^T - e D. In the coordinates r^ = K^-1 r and p^ = K^T p a step needs the backward solve p = K^-T p^ and
 * the forward solve s = K^-1 (p^ - e D p) only: A p is K p + p^ - e D p, and in coordinates of r^ it is p + s. K p is
 * summed beside K s from the same elements, so that a step goes through each element of A once, where the definition
 * does twice. With a symmetric structure all elements before the diagonal are of lower levels, all behind it of higher
 * ones.
 */
typedef struct gradients {
    const sor_bandit_ordered *o;
    double omega;
    double *x, *r, *p, *q;
    double *r_hat, *p_hat, *s; /* unused without preconditioner */
} gradients;

/* r^ = K^-1 r, at the start. */
static void transform_residual(const gradients *g)
{
    const sor_bandit_ordered *o = g->o;
    ASSAY_ASSERT(g->r_hat);
    for (size_t i = 0; i < o->n; i++) {
        const size_t middle = o->diagonals[i];
        const double sum = sor_bandit_ordered_sum(o, o->starts[i], middle, g->r_hat, 0);
        g->r_hat[i] = (g->r[i] - sum) * (g->omega / o->values[middle]);
    }
}

/* r z = e r^ D r^. */
static double product_with_residual(const gradients *g)
{
    double sum = 0;
    for (size_t i = 0; i < g->o->n; i++)
        sum += g->o->values[g->o->diagonals[i]] * (g->r_hat[i] * g->r_hat[i]);
    return (2 - g->omega) / g->omega * sum;
}

/* p^ = e D r^ + beta p^, and p = K^-T p^. */
static void find_direction(const gradients *g, double beta)
{
    const sor_bandit_ordered *o = g->o;
    const double e = (2 - g->omega) / g->omega;
    for (size_t i = o->n; i-- > 0;) {
        const size_t middle = o->diagonals[i];
        const double diagonal = o->values[middle],
                     sum = sor_bandit_ordered_sum(o, middle + 1, o->starts[i + 1], g->p, 0);
        g->p_hat[i] = e * diagonal * g->r_hat[i] + beta * g->p_hat[i];
        g->p[i] = (g->p_hat[i] - sum) * (g->omega / diagonal);
    }
}

/* s = K^-1 (p^ - e D p) and q = A p; the product p q. */
static double apply(const gradients *g)
{
    const sor_bandit_ordered *o = g->o;
    const double e = (2 - g->omega) / g->omega;
    double product = 0;
    for (size_t i = 0; i < o->n; i++) {
        const size_t middle = o->diagonals[i];
        const double diagonal = o->values[middle], side = g->p_hat[i] - e * diagonal * g->p[i];
        double with_p = 0, with_s = 0;
        for (size_t k = o->starts[i]; k < middle; k++) {
            with_p += o->values[k] * g->p[o->indices[k]];
            with_s += o->values[k] * g->s[o->indices[k]];
        }
        g->q[i] = diagonal / g->omega * g->p[i] + with_p + side;
        g->s[i] = (side - with_s) * (g->omega / diagonal);
        product += g->p[i] * g->q[i];
    }
    return product;
}

/* x += alpha p, r -= alpha q, r^ -= alpha (p + s); the squares of r. */
static double advance(const gradients *g, double alpha)
{
    double squares = 0;
    for (size_t i = 0; i < g->o->n; i++) {
        g->x[i] += alpha * g->p[i];
        g->r[i] -= alpha * g->q[i];
        squares += g->r[i] * g->r[i];
    }
    for (size_t i = 0; g->r_hat && i < g->o->n; i++)
        g->r_hat[i] -= alpha * (g->p[i] + g->s[i]);
    return squares;
}

static assay_status iterate(const gradients *g, const double *b, const sor_bandit_goal *goal, sor_bandit_report *report)
{
    const size_t n = g->o->n;
    const bool plain = g->omega == SOR_BANDIT_PLAIN;
    double squares = sor_bandit_ordered_multiply(g->o, b, g->x, g->r, NULL), reference, rho = 0;
    const assay_status status = sor_bandit_ordered_reference(g->o, goal, squares, b, &reference);
    if (status != ASSAY_OK)
        return status;
    if (reference == 0) {
        if (goal->relative == SOR_BANDIT_TO_RIGHT_SIDE)
            memset(g->x, 0, n * sizeof *g->x);
        return ASSAY_OK;
    }
    if (!plain)
        transform_residual(g);
    for (;; report->iterations++) {
        const double now = sqrt(squares);
        report->residual = now / reference;
        if (now <= goal->tolerance * reference)
            return ASSAY_OK;
        if (report->iterations == goal->limit)
            return sor_bandit_ordered_not_converged(goal->limit, report->residual, goal->tolerance);
        const double rho_before = rho;
        rho = plain ? squares : product_with_residual(g);
        const double beta = report->iterations > 0 ? rho / rho_before : 0;
        if (!plain)
            find_direction(g, beta);
        for (size_t i = 0; plain && i < n; i++)
            g->p[i] = g->r[i] + beta * g->p[i];
        const double curvature = plain ? sor_bandit_ordered_multiply(g->o, NULL, g->p, g->q, g->p) : apply(g);
        if (!(curvature > 0))
            return assay_fail(ASSAY_SINGULAR, "the matrix is not positive definite: p^T A p is %g", curvature);
        squares = advance(g, rho / curvature);
    }
}

assay_status sor_bandit_gradients(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal,
                                  double *x, sor_bandit_report *report)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return sor_bandit_reference_gradients(a, b, omega, goal, x, report);
    assay_status status = sor_bandit_ordered_check(a, b, omega, true, goal, x);
    if (status != ASSAY_OK)
        return status;
    sor_bandit_ordered o;
    sor_bandit_report made = {0};
    const bool plain = omega == SOR_BANDIT_PLAIN;
    status = sor_bandit_ordered_make(a, plain ? 5 : 8, &o);
    if (status == ASSAY_OK) {
        double *m = o.memory;
        const size_t n = o.n;
        const gradients g = {.o = &o,
                             .omega = omega,
                             .x = m + n,
                             .r = m + 2 * n,
                             .p = m + 3 * n,
                             .q = m + 4 * n,
                             .r_hat = plain ? NULL : m + 5 * n,
                             .p_hat = plain ? NULL : m + 6 * n,
                             .s = plain ? NULL : m + 7 * n};
        sor_bandit_ordered_in(&o, b, m);
        sor_bandit_ordered_in(&o, x, g.x);
        status = iterate(&g, m, goal, &made);
        if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
            sor_bandit_ordered_out(&o, g.x, x);
            if (report)
                *report = made;
        }
    }
    sor_bandit_ordered_release(&o);
    return status;
}
