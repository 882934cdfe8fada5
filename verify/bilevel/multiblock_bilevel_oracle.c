/* Oracles of multiblock_bilevel: exact rationals, a closed form in high precision, finite differences. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include "assay/memory.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

/* ---- The worked example, in exact rationals ---------------------------------------------------------------------- */

/* What is known after an iteration; NaN where the example does not say. */
typedef struct expected {
    double s[2], second[2], z, x, y[2], v[2]; /* second: H in version 1, u in version 2 */
} expected;

static multiblock_bilevel_options example_options(multiblock_bilevel_method method)
{
    static const size_t sequence[] = {0, 1, 0};
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    o.method = method;
    o.iterations = 3;
    o.sampled_blocks = 1;
    o.batch = 1;
    o.block_sequence = sequence;
    o.alpha = o.beta = 0.5;
    o.eta = o.tau = 0.25;
    o.hessian_floor = 1;
    o.radius = 10;
    return o;
}

/* Every number is a fraction with a small denominator: a few roundings of numbers below 4 at most. */
static void compare(verify_context *v, double actual, double wanted, const char *name, int t)
{
    if (!isnan(wanted))
        verify_at_most(v, fabs(actual - wanted), 8 * 0x1p-52, "absolute error", "%s after iteration %d: %.17g", name, t,
                       actual);
}

static void follow_example(verify_context *v, multiblock_bilevel_method method, double z0, const expected *rows)
{
    const multiblock_bilevel_options o = example_options(method);
    const double x = 1, y[] = {0, 0};
    multiblock_bilevel_state *s = NULL;
    if (!verify_ok(v, multiblock_bilevel_create(&multiblock_bilevel_example, &o, &x, y, &s), "start"))
        return;
    verify_at_most(v, fabs(s->options.gamma - 2.5), 0, "absolute error", "automatic gamma");
    verify_at_most(v, fabs(s->s[0] + 2) + fabs(s->s[1] + 1), 0, "absolute error", "s at the start");
    s->z[0] = z0;
    if (s->hessian)
        s->hessian[0] = s->hessian[1] = s->hessian_before[0] = s->hessian_before[1] = 3;
    for (int t = 0; t < 3; t++) {
        if (!verify_ok(v, multiblock_bilevel_step(s), "iteration %d", t))
            break;
        const double *second = s->hessian ? s->hessian : s->u;
        compare(v, s->z[0], rows[t].z, "z", t);
        compare(v, s->x[0], rows[t].x, "x", t);
        for (int i = 0; i < 2; i++) {
            compare(v, s->s[i], rows[t].s[i], "s", t);
            compare(v, second[i], rows[t].second[i], s->hessian ? "H" : "u", t);
            compare(v, s->y[i], rows[t].y[i], "y", t);
            if (s->v)
                compare(v, s->v[i], rows[t].v[i], "v", t);
        }
    }
    multiblock_bilevel_destroy(s);
}

void multiblock_bilevel_check_example_v1(verify_context *v)
{
    static const expected rows[] = {
        {{-2, -1}, {2.5, 3}, -0.25, 17.0 / 16, {0.5, 0.25}, {0}},
        {{-2, 13.0 / 8}, {2.5, 3.5}, -65.0 / 96, 473.0 / 384, {1, -5.0 / 32}, {0}},
        {{123.0 / 128, 13.0 / 8}, {2.25, 3.5}, 143.0 / 1280, 18491.0 / 15360, {389.0 / 512, -9.0 / 16}, {0}}};
    follow_example(v, MULTIBLOCK_BILEVEL_V1, -2.0 / 3, rows);
}

void multiblock_bilevel_check_example_v2(verify_context *v)
{
    static const expected rows[] = {
        {{NAN, NAN}, {1, 3}, 0.5, 7.0 / 8, {0.5, 0.25}, {-0.25, -0.75}},
        {{-2, 11.0 / 4}, {1, -27.0 / 4}, -17.0 / 16, 73.0 / 64, {1, -7.0 / 16}, {-0.5, 15.0 / 16}},
        {{49.0 / 64, 11.0 / 4},
         {-2.5, -27.0 / 4},
         -71.0 / 128,
         655.0 / 512,
         {207.0 / 256, -9.0 / 8},
         {1.0 / 8, 21.0 / 8}}};
    follow_example(v, MULTIBLOCK_BILEVEL_V2, 0.5, rows);
}

void multiblock_bilevel_check_example_optimum(verify_context *v)
{
    double gradient, y[2], value;
    const double start = 1, optimum = 1.25;
    const multiblock_bilevel_problem *p = &multiblock_bilevel_example;
    if (verify_ok(v, multiblock_bilevel_hypergradient(p, &start, 1e-14, &gradient, y, &value), "at x = 1")) {
        verify_at_most(v, fabs(gradient + 3.0 / 16), 0x1p-50, "absolute error", "grad F(1) = %.17g", gradient);
        verify_at_most(v, fabs(y[0] - 1) + fabs(y[1] - 0.25), 0x1p-50, "absolute error", "y(1)");
    }
    if (verify_ok(v, multiblock_bilevel_hypergradient(p, &optimum, 1e-14, &gradient, NULL, NULL), "at x = 5/4"))
        verify_at_most(v, fabs(gradient), 0x1p-50, "absolute error", "grad F(5/4) = %.17g", gradient);
}

/* ---- The closed form of the quadratic family ----------------------------------------------------------------------
 */

static void random_x(assay_random r, double *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        x[j] = assay_random_normal(r, j);
}

static double norm(const double *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

/* The closed form, Newton's method and the minimiser know one another: three ways to the same vector. */
void multiblock_bilevel_check_closed_form(verify_context *v)
{
    multiblock_bilevel_instance q = {0};
    double x[10], closed[10], newton[10];
    if (!verify_ok(v, multiblock_bilevel_make_quadratic(&multiblock_bilevel_default_quadratic, verify_seed_of(v), &q),
                   "problem"))
        return;
    for (int k = 0; k < 5; k++) {
        random_x(verify_random(v, 10 + (uint64_t)k), x, 10);
        if (!verify_ok(v, q.problem.exact_gradient(q.problem.context, x, closed), "closed form") ||
            !verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-11, newton, NULL, NULL), "Newton"))
            break;
        double apart = 0;
        for (int j = 0; j < 10; j++)
            apart = fmax(apart, fabs(closed[j] - newton[j]));
        /* Hessians have condition numbers below 100: 1e-11 in |dg/dy| and 40 x 5 roundings. */
        verify_at_most(v, apart / norm(closed, 10), 1e-10, "relative error", "hypergradient at point %d", k);
    }
    if (verify_ok(v, multiblock_bilevel_quadratic_minimiser(&q, x), "minimiser") &&
        verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-12, newton, NULL, NULL), "Newton"))
        verify_at_most(v, norm(newton, 10), 1e-10, "norm", "hypergradient at the minimiser");
    multiblock_bilevel_release(&q);
}

/* Gauss elimination on an n x (n + 1) system in high precision, without pivoting: the matrix is positive definite. */
static void eliminate(mpfr_t *a, size_t n)
{
    mpfr_t factor, product;
    mpfr_inits2(128, factor, product, NULL);
    for (size_t c = 0; c < n; c++) {
        for (size_t r = 0; r < n; r++) {
            if (r == c)
                continue;
            mpfr_div(factor, a[r * (n + 1) + c], a[c * (n + 1) + c], MPFR_RNDN);
            for (size_t k = c; k <= n; k++) {
                mpfr_mul(product, factor, a[c * (n + 1) + k], MPFR_RNDN);
                mpfr_sub(a[r * (n + 1) + k], a[r * (n + 1) + k], product, MPFR_RNDN);
            }
        }
    }
    for (size_t r = 0; r < n; r++)
        mpfr_div(a[r * (n + 1) + n], a[r * (n + 1) + n], a[r * (n + 1) + r], MPFR_RNDN);
    mpfr_clears(factor, product, NULL);
}

enum { WIDTH = 4, SYSTEM = WIDTH * (WIDTH + 1) }; /* dy of the small problem */

/* system = (d2g/dy2 of all samples | 0). */
static void load_hessian(const multiblock_bilevel_quadratic_data *q, size_t i, mpfr_t *system)
{
    const size_t n = q->sizes.samples;
    mpfr_t a, b;
    mpfr_inits2(128, a, b, NULL);
    for (size_t l = 0; l < WIDTH; l++) {
        for (size_t r = 0; r <= WIDTH; r++)
            mpfr_set_zero(system[l * (WIDTH + 1) + r], 1);
        for (size_t row = i * n; row < (i + 1) * n; row++) {
            for (size_t r = 0; r < WIDTH; r++) {
                mpfr_set_d(a, q->a[row * WIDTH + l], MPFR_RNDN);
                mpfr_mul_d(b, a, q->a[row * WIDTH + r], MPFR_RNDN);
                mpfr_add(system[l * (WIDTH + 1) + r], system[l * (WIDTH + 1) + r], b, MPFR_RNDN);
            }
        }
        for (size_t r = 0; r < WIDTH; r++)
            mpfr_div_ui(system[l * (WIDTH + 1) + r], system[l * (WIDTH + 1) + r], (unsigned long)n, MPFR_RNDN);
        mpfr_add_d(system[l * (WIDTH + 1) + l], system[l * (WIDTH + 1) + l], q->sizes.mu, MPFR_RNDN);
    }
    mpfr_clears(a, b, NULL);
}

/* sum += weight row.point - offset for a sample's row. */
static void residual_of(mpfr_t sum, const double *row, mpfr_t *point, size_t step, size_t n, double offset)
{
    mpfr_t product;
    mpfr_init2(product, 128);
    mpfr_set_d(sum, -offset, MPFR_RNDN);
    for (size_t k = 0; k < n; k++) {
        mpfr_mul_d(product, point[k * step], row[k], MPFR_RNDN);
        mpfr_add(sum, sum, product, MPFR_RNDN);
    }
    mpfr_clear(product);
}

/* Adds block i's share of the hypergradient to @p gradient, everything in 128 bits. */
static void exact_share(const multiblock_bilevel_quadratic_data *q, size_t i, mpfr_t *x, mpfr_t *system, mpfr_t *y,
                        mpfr_t *gradient)
{
    const size_t n = q->sizes.samples, dx = q->sizes.dx;
    mpfr_t number, product;
    mpfr_inits2(128, number, product, NULL);
    load_hessian(q, i, system); /* y = H^-1 mean a (c.x + b) */
    for (size_t row = i * n; row < (i + 1) * n; row++) {
        residual_of(number, q->c + row * dx, x, 1, dx, -q->b[row]);
        mpfr_div_ui(number, number, (unsigned long)n, MPFR_RNDN);
        for (size_t l = 0; l < WIDTH; l++) {
            mpfr_mul_d(product, number, q->a[row * WIDTH + l], MPFR_RNDN);
            mpfr_add(system[l * (WIDTH + 1) + WIDTH], system[l * (WIDTH + 1) + WIDTH], product, MPFR_RNDN);
        }
    }
    eliminate(system, WIDTH);
    for (size_t l = 0; l < WIDTH; l++)
        mpfr_set(y[l], system[l * (WIDTH + 1) + WIDTH], MPFR_RNDN);
    load_hessian(q, i, system); /* p = H^-1 mean p (p.y - q) */
    for (size_t row = i * n; row < (i + 1) * n; row++) {
        residual_of(number, q->p + row * WIDTH, y, 1, WIDTH, q->q[row]);
        mpfr_div_ui(number, number, (unsigned long)n, MPFR_RNDN);
        for (size_t l = 0; l < WIDTH; l++) {
            mpfr_mul_d(product, number, q->p[row * WIDTH + l], MPFR_RNDN);
            mpfr_add(system[l * (WIDTH + 1) + WIDTH], system[l * (WIDTH + 1) + WIDTH], product, MPFR_RNDN);
        }
    }
    eliminate(system, WIDTH);
    for (size_t row = i * n; row < (i + 1) * n; row++) { /* -(d2g/dx dy) p = mean c (a.p) */
        residual_of(number, q->a + row * WIDTH, system + WIDTH, WIDTH + 1, WIDTH, 0);
        mpfr_div_ui(number, number, (unsigned long)(n * q->sizes.blocks), MPFR_RNDN);
        for (size_t j = 0; j < dx; j++) {
            mpfr_mul_d(product, number, q->c[row * dx + j], MPFR_RNDN);
            mpfr_add(gradient[j], gradient[j], product, MPFR_RNDN);
        }
    }
    mpfr_clears(number, product, NULL);
}

void multiblock_bilevel_check_mpfr(verify_context *v)
{
    multiblock_bilevel_instance q = {0};
    if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q), "problem"))
        return;
    enum { DX = 7, NUMBERS = 2 * DX + WIDTH + SYSTEM };
    const multiblock_bilevel_quadratic_data *data = q.data;
    mpfr_t numbers[NUMBERS], *x = numbers, *gradient = x + DX, *y = gradient + DX, *system = y + WIDTH;
    double point[DX], closed[DX], newton[DX], worst[2] = {0, 0}, size = 0;
    random_x(verify_random(v, 20), point, DX);
    for (size_t k = 0; k < NUMBERS; k++)
        mpfr_init2(numbers[k], 128);
    for (size_t j = 0; j < DX; j++) {
        mpfr_set_d(x[j], point[j], MPFR_RNDN);
        mpfr_mul_d(gradient[j], x[j], data->sizes.rho, MPFR_RNDN);
    }
    for (size_t i = 0; i < q.problem.blocks; i++)
        exact_share(data, i, x, system, y, gradient);
    if (verify_ok(v, q.problem.exact_gradient(q.problem.context, point, closed), "closed form") &&
        verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, point, 1e-13, newton, NULL, NULL), "Newton")) {
        for (size_t j = 0; j < DX; j++) {
            const double truth = mpfr_get_d(gradient[j], MPFR_RNDN);
            size = fmax(size, fabs(truth));
            worst[0] = fmax(worst[0], fabs(closed[j] - truth));
            worst[1] = fmax(worst[1], fabs(newton[j] - truth));
        }
        /* About 100 operations on Hessians of condition number below 100, forwards and in the solve. */
        verify_at_most(v, worst[0] / size, 1e-12, "relative error", "closed form against 128 bits");
        verify_at_most(v, worst[1] / size, 1e-11, "relative error", "Newton and solve against 128 bits");
    }
    for (size_t k = 0; k < NUMBERS; k++)
        mpfr_clear(numbers[k]);
    multiblock_bilevel_release(&q);
}

/* ---- Finite differences -------------------------------------------------------------------------------------------
 */

/* A random x around which the family is smooth. A kink within a step of a difference would add the step times the
 * kink's curvature to its error, once in some hundred seeds. */
static void smooth_x(verify_context *v, int family, uint64_t stream, double *x, size_t n)
{
    do
        random_x(verify_random(v, stream), x, n);
    while (!multiblock_bilevel_is_smooth((multiblock_bilevel_family)family, verify_seed_of(v), x) &&
           (stream += 1000) < 1000000);
}

/* The hypergradient against central differences of F, which see every formula at once. With a step h = 1e-4 the error
 * is h^2 F''' / 6 + eps F / h, about 1e-8 and 1e-12. */
void multiblock_bilevel_check_finite_differences(verify_context *v)
{
    for (int family = 0; family < MULTIBLOCK_BILEVEL_FAMILIES; family++) {
        multiblock_bilevel_instance q = {0};
        double x[32], gradient[32], values[2];
        if (!verify_ok(v, multiblock_bilevel_make_small(family, verify_seed_of(v), &q), "problem"))
            return;
        const size_t dx = q.problem.dx;
        smooth_x(v, family, 30 + (uint64_t)family, x, dx);
        if (!verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-12, gradient, NULL, NULL), "gradient"))
            break;
        const double size = norm(gradient, dx);
        for (size_t j = 0; j < dx; j++) {
            const double at = x[j], h = 1e-4;
            for (int side = 0; side < 2; side++) {
                double unused[32];
                x[j] = side ? at + h : at - h;
                verify_ok(v, multiblock_bilevel_hypergradient(&q.problem, x, 1e-12, unused, NULL, &values[side]), "F");
            }
            x[j] = at;
            verify_at_most(v, fabs((values[1] - values[0]) / (2 * h) - gradient[j]) / size, 1e-6, "relative error",
                           "%s: dF/dx[%zu]", multiblock_bilevel_family_names[family], j);
        }
        multiblock_bilevel_release(&q);
    }
}

/* The directional change of one derivative against another; see check_derivatives. */
typedef struct direction_test {
    const multiblock_bilevel_problem *p;
    multiblock_bilevel_point at;
    double *x, *y, *v, *w; /* the point; directions of y and x */
} direction_test;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* (dg/dy).v at y + h v and x + k w. */
static double slope(const direction_test *d, double h, double k)
{
    double y[32], x[32], g[32];
    multiblock_bilevel_point at = d->at;
    for (size_t l = 0; l < d->p->dy; l++)
        y[l] = d->y[l] + h * d->v[l];
    for (size_t j = 0; j < d->p->dx; j++)
        x[j] = d->x[j] + k * d->w[j];
    at.x = x;
    at.y = y;
    d->p->lower_gradient(d->p->context, &at, g);
    return dot(g, d->v, d->p->dy);
}

static double value(const direction_test *d, double h, double k)
{
    double y[32], x[32];
    multiblock_bilevel_point at = d->at;
    for (size_t l = 0; l < d->p->dy; l++)
        y[l] = d->y[l] + h * d->v[l];
    for (size_t j = 0; j < d->p->dx; j++)
        x[j] = d->x[j] + k * d->w[j];
    at.x = x;
    at.y = y;
    return d->p->upper_value(d->p->context, &at);
}

static void hold_direction(verify_context *v, double analytic, double plus, double minus, const char *name, int family)
{
    const double h = 1e-5, numeric = (plus - minus) / (2 * h);
    /* Third derivatives of order 10 times h^2, and rounding of values of order 10 over h. */
    verify_at_most(v, fabs(analytic - numeric) / (1 + fabs(analytic)), 1e-7, "relative error", "%s: %s",
                   multiblock_bilevel_family_names[family], name);
}

/* Every function of a family against differences of another one: H v, v^T H v by the matrix, v^T (d2g/dx dy)^T w, df/dy
 * and df/dx, on a drawn batch with a repeated sample. */
void multiblock_bilevel_check_derivatives(verify_context *v)
{
    static const size_t samples[] = {1, 3, 3, 0, 5};
    for (int family = 0; family < MULTIBLOCK_BILEVEL_FAMILIES; family++) {
        multiblock_bilevel_instance q = {0};
        if (!verify_ok(v, multiblock_bilevel_make_small(family, verify_seed_of(v), &q), "problem"))
            return;
        const multiblock_bilevel_problem *p = &q.problem;
        const size_t dx = p->dx, dy = p->dy;
        double x[32], y[32], direction[32], other[32], product[32], matrix[32 * 32], sum[32] = {0}, by_matrix = 0;
        smooth_x(v, family, 40, x, dx);
        random_x(verify_random(v, 41), direction, dy);
        random_x(verify_random(v, 42), other, dx);
        for (size_t l = 0; l < dy; l++) /* away from the kinks of the ranking's max(u, 1/N) */
            y[l] = 1.5 + 0.3 * assay_random_normal(verify_random(v, 43), l);
        const direction_test d = {p,    {.block = 2, .x = x, .y = y, .count = 5, .samples = samples}, x, y, direction,
                                  other};
        const double h = 1e-5;
        p->lower_hessian_product(p->context, &d.at, direction, product);
        p->lower_hessian(p->context, &d.at, matrix);
        hold_direction(v, dot(product, direction, dy), slope(&d, h, 0), slope(&d, -h, 0), "Hessian product", family);
        for (size_t l = 0; l < dy; l++)
            by_matrix += direction[l] * dot(matrix + l * dy, direction, dy);
        verify_at_most(v, fabs(by_matrix - dot(product, direction, dy)) / (1 + fabs(by_matrix)), 1e-13,
                       "relative error", "%s: matrix and product", multiblock_bilevel_family_names[family]);
        p->lower_cross_product(p->context, &d.at, direction, 1, sum);
        hold_direction(v, dot(sum, other, dx), slope(&d, 0, h), slope(&d, 0, -h), "cross derivative", family);
        p->upper_gradient_y(p->context, &d.at, product);
        hold_direction(v, dot(product, direction, dy), value(&d, h, 0), value(&d, -h, 0), "df/dy", family);
        memset(sum, 0, sizeof sum);
        if (p->upper_gradient_x)
            p->upper_gradient_x(p->context, &d.at, 1, sum);
        hold_direction(v, dot(sum, other, dx), value(&d, 0, h), value(&d, 0, -h), "df/dx", family);
        multiblock_bilevel_release(&q);
    }
}
