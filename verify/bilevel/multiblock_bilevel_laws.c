/* Laws of multiblock_bilevel: what theory demands of estimators, projections and iterations, whatever the problem. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include "assay/dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double norm(const double *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

static double distance(const double *a, const double *b, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(squares);
}

/* With I = m and gamma = 1 - alpha the estimator is STORM: now + (1 - alpha) (e - before). Five roundings of numbers of
 * that size on the one side, three on the other: 4 ulp of the largest. */
void multiblock_bilevel_check_storm(verify_context *v)
{
    const assay_random r = verify_random(v, 1);
    for (size_t k = 0; k < 1000; k++) {
        double e = assay_random_normal(r, 4 * k), storm;
        const double now = assay_random_normal(r, 4 * k + 1), before = assay_random_normal(r, 4 * k + 2);
        const double alpha = assay_random_uniform(r, 4 * k + 3), size = fabs(e) + fabs(now) + fabs(before);
        storm = now + (1 - alpha) * (e - before);
        multiblock_bilevel_msvr(&e, &now, &before, alpha, 1 - alpha, 1);
        verify_at_most(v, fabs(e - storm) / (size * 0x1p-52), 4, "ulp of the largest", "draw %zu", k);
    }
}

/* z = mean [df/dx - (d2g/dx dy) H^-1 df/dy] at the state's x, y and H. */
static bool plug_in(verify_context *v, const multiblock_bilevel_state *s, double *z)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dy = p->dy;
    memset(z, 0, p->dx * sizeof *z);
    for (size_t i = 0; i < p->blocks; i++) {
        double fy[32], l[32 * 32], direction[32];
        const multiblock_bilevel_point lower = {
            .block = i, .x = s->x, .y = s->y + i * dy, .count = p->lower_samples[i]};
        multiblock_bilevel_point upper = lower;
        upper.count = p->upper_samples[i];
        p->upper_gradient_y(p->context, &upper, fy);
        if (!verify_ok(v, assay_dense_cholesky(dy, s->hessian + i * dy * dy, l), "Cholesky") ||
            !verify_ok(v, assay_dense_cholesky_solve(dy, l, 1, fy, direction), "solve"))
            return false;
        if (p->upper_gradient_x)
            p->upper_gradient_x(p->context, &upper, 1.0 / (double)p->blocks, z);
        p->lower_cross_product(p->context, &lower, direction, -1.0 / (double)p->blocks, z);
    }
    return true;
}

static multiblock_bilevel_options full_options(const multiblock_bilevel_problem *p, multiblock_bilevel_method method)
{
    multiblock_bilevel_options o = multiblock_bilevel_defaults(p);
    o.method = method;
    o.sampled_blocks = p->blocks;
    o.full_batch = true;
    o.alpha = o.beta = 1;
    o.hessian_floor = 0.01;
    return o;
}

/* With all blocks, all samples, alpha = beta = 1: z is the plug-in hypergradient with the H of the iteration before;
 * and on the quadratic family, whose Hessian is constant, at y = y(x) the exact one. */
void multiblock_bilevel_check_plug_in(verify_context *v)
{
    for (int family = 0; family < MULTIBLOCK_BILEVEL_FAMILIES; family++) {
        multiblock_bilevel_instance q = {0};
        multiblock_bilevel_state *s = NULL;
        double x[32], y[256] = {0}, z[32], exact[32];
        if (!verify_ok(v, multiblock_bilevel_make_small(family, verify_seed_of(v), &q), "problem"))
            return;
        const multiblock_bilevel_options o = full_options(&q.problem, MULTIBLOCK_BILEVEL_V1);
        const size_t dx = q.problem.dx;
        for (size_t j = 0; j < dx; j++)
            x[j] = assay_random_normal(verify_random(v, 50), j);
        if (family == MULTIBLOCK_BILEVEL_QUADRATIC)
            verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-13, exact, y, NULL), "y(x)");
        if (verify_ok(v, multiblock_bilevel_create(&q.problem, &o, x, y, &s), "start")) {
            for (int t = 0; t < 4 && plug_in(v, s, z); t++) {
                verify_ok(v, multiblock_bilevel_step(s), "iteration %d", t);
                /* The same sum with the factor 1/I in another place. */
                verify_at_most(v, distance(s->z, z, dx) / norm(z, dx), 1e-13, "relative error", "%s: z after %d",
                               multiblock_bilevel_family_names[family], t);
                if (t == 0 && family == MULTIBLOCK_BILEVEL_QUADRATIC)
                    verify_at_most(v, distance(s->z, exact, dx) / norm(exact, dx), 1e-10, "relative error",
                                   "z at y(x) is the hypergradient");
            }
        }
        multiblock_bilevel_destroy(s);
        multiblock_bilevel_release(&q);
    }
}

/* ---- The error of the estimator over the choice of blocks ---------------------------------------------------------
 */

enum { MOST_BLOCKS = 6 };

/* The mean of |e' - h|^2 over all choices of I of m blocks, with exact h. */
static double mean_error(size_t m, size_t sampled, const double *e, const double *h, const double *before, double alpha,
                         double gamma)
{
    double sum = 0;
    int choices = 0;
    for (unsigned set = 0; set < 1u << m; set++) {
        if ((size_t)__builtin_popcount(set) != sampled)
            continue;
        choices++;
        for (size_t i = 0; i < m; i++) {
            double updated = e[i];
            if (set >> i & 1)
                multiblock_bilevel_msvr(&updated, &h[i], &before[i], alpha, gamma, 1);
            sum += (updated - h[i]) * (updated - h[i]);
        }
    }
    return sum / choices;
}

static double automatic_gamma(size_t m, size_t sampled, double alpha)
{
    multiblock_bilevel_problem p = multiblock_bilevel_example;
    p.blocks = m;
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&p);
    o.sampled_blocks = sampled;
    o.alpha = alpha;
    return multiblock_bilevel_resolve(&p, &o).gamma;
}

/* E|e' - h|^2 = (1 - q + q (1 - alpha)^2) |e - h_before|^2 + (1 - q + q (gamma - 1 + alpha)^2) |h - h_before|^2 with q
 * = I/m, by enumeration, for the automatic gamma: there the cross term vanishes. For another gamma it does not, and the
 * equation must fail. */
void multiblock_bilevel_check_error_recursion(verify_context *v)
{
    const assay_random r = verify_random(v, 60);
    uint64_t next = 0;
    for (size_t m = 2; m <= MOST_BLOCKS; m++) {
        for (size_t sampled = 1; sampled <= m; sampled++) {
            double e[MOST_BLOCKS], h[MOST_BLOCKS], before[MOST_BLOCKS], apart = 0, moved = 0, cross = 0;
            const double alpha = 0.1 + 0.8 * assay_random_uniform(r, next++), q = (double)sampled / (double)m;
            for (size_t i = 0; i < m; i++) {
                e[i] = assay_random_normal(r, 1000 + next++);
                h[i] = assay_random_normal(r, 1000 + next++);
                before[i] = assay_random_normal(r, 1000 + next++);
                apart += (e[i] - before[i]) * (e[i] - before[i]);
                moved += (h[i] - before[i]) * (h[i] - before[i]);
                cross += (e[i] - before[i]) * (h[i] - before[i]);
            }
            for (int wrong = 0; wrong < 2; wrong++) {
                const double gamma = automatic_gamma(m, sampled, alpha) + 0.5 * wrong;
                const double theory = (1 - q + q * (1 - alpha) * (1 - alpha)) * apart +
                                      (1 - q + q * (gamma - 1 + alpha) * (gamma - 1 + alpha)) * moved;
                const double error =
                    fabs(mean_error(m, sampled, e, h, before, alpha, gamma) - theory) / (apart + moved);
                if (!wrong)
                    verify_at_most(v, error, 1e-12 * (1 + gamma * gamma), "relative error", "m = %zu, I = %zu", m,
                                   sampled);
                else /* the cross term is then q (1 - alpha) 0.5 2 |cross| */
                    verify_at_least(v, error * (apart + moved), 0.999 * q * (1 - alpha) * fabs(cross) - 1e-9, "error",
                                    "m = %zu, I = %zu with another gamma", m, sampled);
            }
        }
    }
}

/* ---- The projection ------------------------------------------------------------------------------------------------
 */

static void random_symmetric(assay_random r, double *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++)
            a[i * n + j] = a[j * n + i] = assay_random_normal(r, i * n + j);
    }
}

/* P makes symmetric and at least the floor, changes nothing the second time, and brings no two matrices further apart.
 */
void multiblock_bilevel_check_projection(verify_context *v)
{
    enum { MOST = 9 };
    double work[MOST * MOST + MOST], a[MOST * MOST], b[MOST * MOST], again[MOST * MOST], values[MOST];
    for (size_t k = 0; k < 200; k++) {
        const size_t n = 1 + k % MOST, square = n * n;
        const double floor = 0.1 + 0.01 * (double)(k % 7);
        random_symmetric(verify_random(v, 1000 + 2 * k), a, n);
        random_symmetric(verify_random(v, 1001 + 2 * k), b, n);
        const double before = distance(a, b, square), size = norm(a, square) + norm(b, square);
        if (!verify_ok(v, multiblock_bilevel_project(a, n, floor, work), "P(A)") ||
            !verify_ok(v, multiblock_bilevel_project(b, n, floor, work), "P(B)") ||
            !verify_ok(v, assay_dense_symmetric_eigen(n, a, values, NULL), "eigenvalues"))
            return;
        memcpy(again, a, square * sizeof *a);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < i; j++)
                verify_true(v, a[i * n + j] == a[j * n + i], "P(A) is symmetric, n = %zu", n);
        }
        /* Eigenvectors are orthogonal to a few n eps of |A|. */
        verify_at_least(v, values[0], floor * (1 - MULTIBLOCK_BILEVEL_SLACK) - 1e-14 * (double)n * size,
                        "least eigenvalue", "n = %zu", n);
        verify_at_most(v, distance(a, b, square), before + 1e-14 * (double)n * size, "distance", "|P(A) - P(B)|");
        verify_ok(v, multiblock_bilevel_project(again, n, floor, work), "P(P(A))");
        verify_at_most(v, distance(again, a, square), 2e-14 * (double)n * size, "distance", "P(P(A)) and P(A), n = %zu",
                       n);
    }
}

/* ---- What every iteration keeps ------------------------------------------------------------------------------------
 */

static bool is_sampled(const multiblock_bilevel_state *s, size_t i)
{
    for (size_t j = 0; j < s->options.sampled_blocks; j++) {
        if (s->order[j] == i)
            return true;
    }
    return false;
}

/* |v_i| <= radius, H_i symmetric and above the floor, and not one bit of the estimates of blocks that were not sampled
 * changes. */
static void watch(verify_context *v, const multiblock_bilevel_state *s, const double *old, size_t count,
                  const double *old_s)
{
    const size_t dy = s->problem->dy, width = count / s->problem->blocks;
    const double *estimate = s->hessian ? s->hessian : s->u;
    double values[32];
    for (size_t i = 0; i < s->problem->blocks; i++) {
        if (!is_sampled(s, i))
            verify_true(v,
                        memcmp(old + i * width, estimate + i * width, width * sizeof *old) == 0 &&
                            memcmp(old_s + i * dy, s->s + i * dy, dy * sizeof *old) == 0,
                        "block %zu, not sampled, keeps its estimates", i);
        if (s->v)
            verify_at_most(v, norm(s->v + i * dy, dy), s->options.radius * (1 + 4 * 0x1p-52), "norm",
                           "|v| of block %zu", i);
        if (s->hessian && verify_ok(v, assay_dense_symmetric_eigen(dy, s->hessian + i * dy * dy, values, NULL), "H"))
            verify_at_least(v, values[0], s->options.hessian_floor * (1 - 2 * MULTIBLOCK_BILEVEL_SLACK),
                            "least eigenvalue", "H of block %zu", i);
    }
}

void multiblock_bilevel_check_invariants(verify_context *v)
{
    for (int method = MULTIBLOCK_BILEVEL_V1; method <= MULTIBLOCK_BILEVEL_V2; method++) {
        multiblock_bilevel_instance q = {0};
        multiblock_bilevel_state *s = NULL;
        if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q),
                       "problem"))
            return;
        const multiblock_bilevel_problem *p = &q.problem;
        multiblock_bilevel_options o = multiblock_bilevel_defaults(p);
        double x[32] = {0}, y[256] = {0}, old[256], old_s[256];
        o.method = method;
        o.sampled_blocks = 2;
        o.batch = 2;
        o.alpha = o.beta = 0.3;
        o.hessian_floor = 0.8; /* above some of the true eigenvalues */
        o.radius = 0.5;
        o.seed = verify_seed_of(v);
        if (verify_ok(v, multiblock_bilevel_create(p, &o, x, y, &s), "start")) {
            const size_t count = p->blocks * p->dy * (s->hessian ? p->dy : 1);
            for (int t = 0; t < 50; t++) {
                memcpy(old, s->hessian ? s->hessian : s->u, count * sizeof *old);
                memcpy(old_s, s->s, p->blocks * p->dy * sizeof *old_s);
                if (!verify_ok(v, multiblock_bilevel_step(s), "iteration %d", t))
                    break;
                watch(v, s, old, count, old_s);
            }
        }
        multiblock_bilevel_destroy(s);
        multiblock_bilevel_release(&q);
    }
}

/* Both versions rest at x*, y_i(x*), v_i = H_i^-1 df_i/dy with exact estimators. */
void multiblock_bilevel_check_fixed_point(verify_context *v)
{
    for (int method = MULTIBLOCK_BILEVEL_V1; method <= MULTIBLOCK_BILEVEL_V2; method++) {
        multiblock_bilevel_instance q = {0};
        multiblock_bilevel_state *s = NULL;
        double x[32], y[256], z[32], moved;
        if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q),
                       "problem") ||
            !verify_ok(v, multiblock_bilevel_quadratic_minimiser(&q, x), "x*") ||
            !verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-14, z, y, NULL), "y(x*)"))
            return;
        const multiblock_bilevel_problem *p = &q.problem;
        const size_t dy = p->dy, all = p->blocks * dy;
        multiblock_bilevel_options o = full_options(p, method);
        o.alpha = o.beta = 0.5;
        if (verify_ok(v, multiblock_bilevel_create(p, &o, x, y, &s), "start")) {
            double wanted[256] = {0};
            for (size_t i = 0; method == MULTIBLOCK_BILEVEL_V2 && i < p->blocks; i++) {
                double h[32 * 32], fy[32];
                const multiblock_bilevel_point at = {.block = i, .x = x, .y = y + i * dy, .count = p->lower_samples[i]};
                p->lower_hessian(p->context, &at, h);
                p->upper_gradient_y(p->context, &at, fy);
                verify_ok(v, assay_dense_cholesky(dy, h, h), "H");
                verify_ok(v, assay_dense_cholesky_solve(dy, h, 1, fy, wanted + i * dy), "v");
            }
            memset(s->z, 0, p->dx * sizeof *s->z);
            if (s->v) {
                memcpy(s->v, wanted, all * sizeof *wanted);
                memcpy(s->v_before, wanted, all * sizeof *wanted);
                memset(s->u, 0, all * sizeof *wanted);
            }
            verify_ok(v, multiblock_bilevel_step(s), "iteration");
            moved = distance(s->x, x, p->dx) + distance(s->y, y, all) + (s->v ? distance(s->v, wanted, all) : 0);
            verify_at_most(v, moved, 1e-12, "distance", "%s moves at its fixed point",
                           multiblock_bilevel_method_name(method));
        }
        multiblock_bilevel_destroy(s);
        multiblock_bilevel_release(&q);
    }
}

/* ---- Relabelling ----------------------------------------------------------------------------------------------------
 */

/* A problem whose block i is block label[i] of another. */
typedef struct relabelled {
    const multiblock_bilevel_problem *inner;
    size_t label[8];
} relabelled;

static multiblock_bilevel_point inner_point(const relabelled *r, const multiblock_bilevel_point *at)
{
    multiblock_bilevel_point inner = *at;
    inner.block = r->label[at->block];
    return inner;
}

#define RELABEL(NAME, PARAMETERS, ...)                                                                                 \
    static void relabelled_##NAME PARAMETERS                                                                           \
    {                                                                                                                  \
        const relabelled *r = context;                                                                                 \
        const multiblock_bilevel_point inner = inner_point(r, at);                                                     \
        r->inner->NAME(r->inner->context, &inner, __VA_ARGS__);                                                        \
    }

RELABEL(lower_gradient, (const void *context, const multiblock_bilevel_point *at, double *out), out)
RELABEL(lower_hessian, (const void *context, const multiblock_bilevel_point *at, double *out), out)
RELABEL(lower_hessian_product, (const void *context, const multiblock_bilevel_point *at, const double *v, double *out),
        v, out)
RELABEL(lower_cross_product,
        (const void *context, const multiblock_bilevel_point *at, const double *v, double scale, double *sum), v, scale,
        sum)
RELABEL(upper_gradient_y, (const void *context, const multiblock_bilevel_point *at, double *out), out)
RELABEL(upper_gradient_x, (const void *context, const multiblock_bilevel_point *at, double scale, double *sum), scale,
        sum)

static multiblock_bilevel_state *started(verify_context *v, const multiblock_bilevel_problem *p,
                                         const multiblock_bilevel_options *o)
{
    const double x[32] = {0}, y[256] = {0};
    multiblock_bilevel_state *s = NULL;
    verify_ok(v, multiblock_bilevel_create(p, o, x, y, &s), "start");
    return s;
}

/* The same blocks under other numbers, sampled in the same order: the rows of y trade places, x stays bit for bit. */
void multiblock_bilevel_check_relabelling(verify_context *v)
{
    enum { ITERATIONS = 20, SAMPLED = 2 };
    multiblock_bilevel_instance q = {0};
    if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q), "problem"))
        return;
    const size_t m = q.problem.blocks, dy = q.problem.dy;
    relabelled r = {.inner = &q.problem, .label = {3, 0, 4, 1, 2}};
    multiblock_bilevel_problem other = q.problem;
    other.context = &r;
    other.lower_gradient = relabelled_lower_gradient;
    other.lower_hessian = relabelled_lower_hessian;
    other.lower_hessian_product = relabelled_lower_hessian_product;
    other.lower_cross_product = relabelled_lower_cross_product;
    other.upper_gradient_y = relabelled_upper_gradient_y;
    other.upper_gradient_x = relabelled_upper_gradient_x;
    size_t sequence[ITERATIONS * SAMPLED], renamed[ITERATIONS * SAMPLED];
    for (size_t k = 0; k < ITERATIONS * SAMPLED; k++) {
        renamed[k] = (k * 2 + k / 5) % m;
        if (k % SAMPLED && renamed[k] == renamed[k - 1])
            renamed[k] = (renamed[k] + 1) % m;
        sequence[k] = r.label[renamed[k]];
    }
    for (int method = MULTIBLOCK_BILEVEL_V1; method <= MULTIBLOCK_BILEVEL_V2; method++) {
        multiblock_bilevel_options o = multiblock_bilevel_defaults(&q.problem);
        o.method = method;
        o.sampled_blocks = SAMPLED;
        o.full_batch = true;
        o.block_sequence = sequence;
        multiblock_bilevel_state *a = started(v, &q.problem, &o);
        o.block_sequence = renamed;
        multiblock_bilevel_state *b = started(v, &other, &o);
        for (int t = 0; a && b && t < ITERATIONS; t++) {
            if (t == 0) /* the sum over all blocks at the start has another order */
                memcpy(b->z, a->z, q.problem.dx * sizeof *b->z);
            verify_ok(v, multiblock_bilevel_step(a), "iteration %d", t);
            verify_ok(v, multiblock_bilevel_step(b), "iteration %d, relabelled", t);
            verify_true(v, memcmp(a->x, b->x, q.problem.dx * sizeof *a->x) == 0, "x after iteration %d", t);
            for (size_t i = 0; i < m; i++)
                verify_true(v, memcmp(a->y + r.label[i] * dy, b->y + i * dy, dy * sizeof *a->y) == 0,
                            "y of block %zu after iteration %d", i, t);
        }
        multiblock_bilevel_destroy(a);
        multiblock_bilevel_destroy(b);
    }
    multiblock_bilevel_release(&q);
}

/* ---- Counters -------------------------------------------------------------------------------------------------------
 */

/* Beyond the start (one batch for each block): 2 I B sampled gradients of g in each iteration; version 1 solves 2 I
 * systems; version 2 makes, factorises and solves none. */
void multiblock_bilevel_check_counters(verify_context *v)
{
    enum { T = 37, I = 3, B = 4 };
    multiblock_bilevel_instance q = {0};
    if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q), "problem"))
        return;
    const uint64_t m = q.problem.blocks;
    for (int method = MULTIBLOCK_BILEVEL_V1; method <= MULTIBLOCK_BILEVEL_V2; method++) {
        const bool v1 = method == MULTIBLOCK_BILEVEL_V1;
        multiblock_bilevel_options o = multiblock_bilevel_defaults(&q.problem);
        multiblock_bilevel_trace trace = {0};
        double x[32] = {0}, y[256] = {0};
        o.method = method;
        o.iterations = T;
        o.sampled_blocks = I;
        o.batch = B;
        if (!verify_ok(v, multiblock_bilevel_run(&q.problem, &o, x, y, &trace), "run"))
            break;
        const multiblock_bilevel_counters *c = &trace.counters;
        const char *name = multiblock_bilevel_method_name(method);
        verify_same_bits(v, c->lower_gradients, m * B + 2 * T * I * B, "%s: gradients of g", name);
        verify_same_bits(v, c->upper_gradients, m * B + 2 * T * I * B, "%s: gradients of f", name);
        verify_same_bits(v, c->solves, v1 ? m + 2 * T * I : 0, "%s: solves", name);
        verify_same_bits(v, c->hessians, v1 ? m * B + 2 * T * I * B : 0, "%s: Hessians", name);
        verify_same_bits(v, c->hessian_products, v1 ? 0 : 2 * T * I * B, "%s: Hessian products", name);
        verify_true(v, v1 || c->factorisations == 0, "v2 factorises nothing");
        verify_record_count(v, "small quadratic problem, 37 iterations", name, "sampled gradients of g",
                            (double)c->lower_gradients, (double)(m * B + 2 * T * I * B));
    }
    multiblock_bilevel_release(&q);
}
