/* Plans in 256 bits. */
#include "verify/transport/sinkhorn_newton_truth.h"

#include <math.h>
#include <mpfr.h>
#include <string.h>

enum { BITS = 256, UNKNOWNS = 16, STEPS = 12 };

/*
 * With a = P_11 the others are r_1 - a, c_1 - a and r_2 - c_1 + a, and P_11 P_22 = E P_12 P_21 with
 * E = exp(-eta (C_11 + C_22 - C_12 - C_21)): (1 - E) a^2 + B a - E r_1 c_1 = 0, B = r_2 - c_1 + E (r_1 + c_1). The
 * feasible root is 2 E r_1 c_1 / (B + sqrt(B^2 + 4 (1 - E) E r_1 c_1)); the other one has P_22 or P_12 negative.
 */
bool truth_two_by_two(const sinkhorn_newton_problem *p, double plan[4])
{
    mpfr_t e, b, a, product, t;
    mpfr_inits2(BITS, e, b, a, product, t, (mpfr_ptr)0);
    mpfr_set_d(e, p->cost[0], MPFR_RNDN);
    mpfr_add_d(e, e, p->cost[3], MPFR_RNDN);
    mpfr_sub_d(e, e, p->cost[1], MPFR_RNDN);
    mpfr_sub_d(e, e, p->cost[2], MPFR_RNDN);
    mpfr_mul_d(e, e, -p->eta, MPFR_RNDN);
    mpfr_exp(e, e, MPFR_RNDN);

    mpfr_set_d(b, p->r[0], MPFR_RNDN);
    mpfr_add_d(b, b, p->c[0], MPFR_RNDN);
    mpfr_mul(b, b, e, MPFR_RNDN);
    mpfr_add_d(b, b, p->r[1], MPFR_RNDN);
    mpfr_sub_d(b, b, p->c[0], MPFR_RNDN);
    mpfr_mul_d(product, e, p->r[0], MPFR_RNDN);
    mpfr_mul_d(product, product, p->c[0], MPFR_RNDN);

    mpfr_ui_sub(t, 1, e, MPFR_RNDN);
    mpfr_mul(t, t, product, MPFR_RNDN);
    mpfr_mul_ui(t, t, 4, MPFR_RNDN);
    mpfr_sqr(a, b, MPFR_RNDN);
    mpfr_add(t, t, a, MPFR_RNDN);
    mpfr_sqrt(t, t, MPFR_RNDN);
    mpfr_add(t, t, b, MPFR_RNDN);
    mpfr_mul_ui(a, product, 2, MPFR_RNDN);
    mpfr_div(a, a, t, MPFR_RNDN);

    plan[0] = mpfr_get_d(a, MPFR_RNDN);
    mpfr_d_sub(t, p->r[0], a, MPFR_RNDN);
    plan[1] = mpfr_get_d(t, MPFR_RNDN);
    mpfr_d_sub(t, p->c[0], a, MPFR_RNDN);
    plan[2] = mpfr_get_d(t, MPFR_RNDN);
    mpfr_d_sub(t, p->r[1], t, MPFR_RNDN);
    plan[3] = mpfr_get_d(t, MPFR_RNDN);
    mpfr_clears(e, b, a, product, t, (mpfr_ptr)0);
    mpfr_free_cache();
    return plan[0] > 0 && plan[1] > 0 && plan[2] > 0 && plan[3] > 0;
}

/* A Newton iteration in 256 bits. */
typedef struct iteration {
    size_t n, m;
    mpfr_t z[UNKNOWNS];                      /* eta x, eta y */
    mpfr_t g[UNKNOWNS];                      /* gradient, then the step */
    mpfr_t h[UNKNOWNS][UNKNOWNS];            /* [[diag, P], [P^T, diag]] + v v^T */
    mpfr_t p[UNKNOWNS * UNKNOWNS / 4], t, s; /* P; two temporaries */
} iteration;

static void each(iteration *it, void (*visit)(mpfr_ptr))
{
    for (size_t k = 0; k < UNKNOWNS; k++) {
        visit(it->z[k]);
        visit(it->g[k]);
        for (size_t l = 0; l < UNKNOWNS; l++)
            visit(it->h[k][l]);
    }
    for (size_t k = 0; k < UNKNOWNS * UNKNOWNS / 4; k++)
        visit(it->p[k]);
    visit(it->t);
    visit(it->s);
}

static void initialise(mpfr_ptr x)
{
    mpfr_init2(x, BITS);
    mpfr_set_zero(x, 1);
}

/* P, the gradient and the matrix at z. The error |g|_1 is left in t. */
static void evaluate(iteration *it, const sinkhorn_newton_problem *p)
{
    const size_t n = it->n, unknowns = n + it->m;
    for (size_t k = 0; k < unknowns; k++) {
        mpfr_set_d(it->g[k], k < n ? p->r[k] : p->c[k - n], MPFR_RNDN);
        for (size_t l = 0; l < unknowns; l++)
            mpfr_set_si(it->h[k][l], (k < n) == (l < n) ? 1 : -1, MPFR_RNDN);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < it->m; j++) {
            mpfr_ptr value = it->p[i * it->m + j];
            mpfr_set_d(it->t, p->cost[i * it->m + j], MPFR_RNDN);
            mpfr_mul_d(it->t, it->t, p->eta, MPFR_RNDN);
            mpfr_add(it->s, it->z[i], it->z[n + j], MPFR_RNDN);
            mpfr_sub(it->s, it->s, it->t, MPFR_RNDN);
            mpfr_sub_ui(it->s, it->s, 1, MPFR_RNDN);
            mpfr_exp(value, it->s, MPFR_RNDN);
            mpfr_sub(it->g[i], it->g[i], value, MPFR_RNDN);
            mpfr_sub(it->g[n + j], it->g[n + j], value, MPFR_RNDN);
            mpfr_add(it->h[i][i], it->h[i][i], value, MPFR_RNDN);
            mpfr_add(it->h[n + j][n + j], it->h[n + j][n + j], value, MPFR_RNDN);
            mpfr_add(it->h[i][n + j], it->h[i][n + j], value, MPFR_RNDN);
            mpfr_add(it->h[n + j][i], it->h[n + j][i], value, MPFR_RNDN);
        }
    }
    mpfr_set_zero(it->t, 1);
    for (size_t k = 0; k < unknowns; k++) {
        mpfr_abs(it->s, it->g[k], MPFR_RNDN);
        mpfr_add(it->t, it->t, it->s, MPFR_RNDN);
    }
}

/* z += h^-1 g by Gauss's elimination, without pivots: h is positive definite. */
static void step(iteration *it)
{
    const size_t unknowns = it->n + it->m;
    for (size_t k = 0; k < unknowns; k++) {
        for (size_t i = k + 1; i < unknowns; i++) {
            mpfr_div(it->t, it->h[i][k], it->h[k][k], MPFR_RNDN);
            for (size_t j = k; j < unknowns; j++) {
                mpfr_mul(it->s, it->t, it->h[k][j], MPFR_RNDN);
                mpfr_sub(it->h[i][j], it->h[i][j], it->s, MPFR_RNDN);
            }
            mpfr_mul(it->s, it->t, it->g[k], MPFR_RNDN);
            mpfr_sub(it->g[i], it->g[i], it->s, MPFR_RNDN);
        }
    }
    for (size_t k = unknowns; k-- > 0;) {
        for (size_t j = k + 1; j < unknowns; j++) {
            mpfr_mul(it->s, it->h[k][j], it->g[j], MPFR_RNDN);
            mpfr_sub(it->g[k], it->g[k], it->s, MPFR_RNDN);
        }
        mpfr_div(it->g[k], it->g[k], it->h[k][k], MPFR_RNDN);
        mpfr_add(it->z[k], it->z[k], it->g[k], MPFR_RNDN);
    }
}

bool truth_plan(const sinkhorn_newton_problem *p, const double *x, const double *y, double *plan)
{
    iteration it = {.n = p->n, .m = p->m};
    bool good = false;
    each(&it, initialise);
    for (size_t k = 0; k < p->n + p->m; k++) {
        mpfr_set_d(it.z[k], k < p->n ? x[k] : y[k - p->n], MPFR_RNDN);
        mpfr_mul_d(it.z[k], it.z[k], p->eta, MPFR_RNDN);
    }
    for (int k = 0; k < STEPS && !good; k++) {
        evaluate(&it, p);
        good = mpfr_cmp_d(it.t, 1e-40) < 0;
        step(&it);
    }
    for (size_t k = 0; k < p->n * p->m; k++)
        plan[k] = mpfr_get_d(it.p[k], MPFR_RNDN);
    each(&it, mpfr_clear);
    mpfr_free_cache();
    return good;
}

/* Heap's algorithm. */
double truth_assignment(const double *cost, size_t n, double *second, size_t *column_of)
{
    size_t order[8], counter[8] = {0};
    double best = INFINITY, next = INFINITY;
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t k = 0;;) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += cost[i * n + order[i]];
        next = sum < best ? best : fmin(next, sum);
        if (sum < best && column_of)
            memcpy(column_of, order, n * sizeof *order);
        best = fmin(best, sum);
        for (k = 1; k < n && counter[k] == k; k++)
            counter[k] = 0;
        if (k >= n)
            break;
        const size_t other = k % 2 ? counter[k] : 0, left = order[other];
        order[other] = order[k];
        order[k] = left;
        counter[k]++;
    }
    if (second)
        *second = next;
    return best;
}
