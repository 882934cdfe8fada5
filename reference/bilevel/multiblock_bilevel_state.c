/* The state of a run of multiblock_bilevel: made, started, released; and the small operations on estimators. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <math.h>
#include <string.h>

void multiblock_bilevel_msvr(double *e, const double *now, const double *before, double alpha, double gamma, size_t n)
{
    for (size_t i = 0; i < n; i++)
        e[i] = (1 - alpha) * e[i] + alpha * now[i] + gamma * (now[i] - before[i]);
}

void multiblock_bilevel_to_ball(double *v, size_t n, double radius)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += v[i] * v[i];
    if (squares > radius * radius) {
        const double scale = radius / sqrt(squares);
        for (size_t i = 0; i < n; i++)
            v[i] *= scale;
    }
}

assay_status multiblock_bilevel_project(double *h, size_t n, double floor, double *work)
{
    double *vectors = work, *values = work + n * n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            h[i * n + j] = h[j * n + i] = 0.5 * (h[i * n + j] + h[j * n + i]);
    }
    /* Nothing to raise: a Cholesky factor of h - floor tells it sooner than the eigenvalues. The slack is for Hessians
     * whose least eigenvalue is the floor itself, as those of few samples and a ridge of that size: there rounding
     * would decide. */
    memcpy(vectors, h, n * n * sizeof *h);
    for (size_t i = 0; i < n; i++)
        vectors[i * n + i] -= floor * (1 - MULTIBLOCK_BILEVEL_SLACK);
    if (assay_dense_cholesky(n, vectors, vectors) == ASSAY_OK)
        return ASSAY_OK;
    const assay_status status = assay_dense_symmetric_eigen(n, h, values, vectors);
    if (status != ASSAY_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += vectors[i * n + k] * fmax(values[k], floor) * vectors[j * n + k];
            h[i * n + j] = h[j * n + i] = sum;
        }
    }
    return ASSAY_OK;
}

assay_status multiblock_bilevel_solve(multiblock_bilevel_counters *counters, const double *h, size_t n, const double *b,
                                      double *factor, double *p)
{
    counters->factorisations++;
    counters->solves++;
    const assay_status status = assay_dense_cholesky(n, h, factor);
    return status == ASSAY_OK ? assay_dense_cholesky_solve(n, factor, 1, b, p) : status;
}

assay_status multiblock_bilevel_check_hessian(const multiblock_bilevel_options *options, size_t block, const double *h,
                                              size_t n)
{
    if (!options->check_hessians)
        return ASSAY_OK;
    double apart = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            norm += h[i * n + j] * h[i * n + j];
            apart += (h[i * n + j] - h[j * n + i]) * (h[i * n + j] - h[j * n + i]);
        }
    }
    if (!(sqrt(apart) <= 1e-10 * sqrt(norm)))
        return assay_fail(ASSAY_INVALID_ARGUMENT,
                          "problem: the Hessian of block %zu differs from its transpose by %g of its norm", block,
                          sqrt(apart / norm));
    return ASSAY_OK;
}

multiblock_bilevel_point multiblock_bilevel_at(const multiblock_bilevel_state *state, multiblock_bilevel_point batch,
                                               multiblock_bilevel_time time)
{
    const bool now = time == MULTIBLOCK_BILEVEL_NOW;
    batch.x = now ? state->x : state->x_before;
    batch.y = (now ? state->y : state->y_before) + batch.block * state->problem->dy;
    return batch;
}

/* ---- Making and releasing ---- */

static void *room(size_t count, size_t size, bool wanted, assay_status *status)
{
    if (!wanted || *status != ASSAY_OK)
        return NULL;
    void *memory = assay_allocate(count, size);
    if (!memory)
        *status = ASSAY_NO_MEMORY;
    return memory;
}

static assay_status check_memory(const multiblock_bilevel_problem *p, const multiblock_bilevel_options *o)
{
    size_t bytes;
    if (o->method == MULTIBLOCK_BILEVEL_RSVRB &&
        (__builtin_mul_overflow(p->blocks, p->dx, &bytes) || __builtin_mul_overflow(bytes, p->dy, &bytes) ||
         __builtin_mul_overflow(bytes, 2 * sizeof(double), &bytes) || bytes > o->memory_limit))
        return assay_fail(ASSAY_NO_MEMORY,
                          "rsvrb needs 16 bytes for each of %zu blocks x dx %zu x dy %zu: over memory_limit %zu",
                          p->blocks, p->dx, p->dy, o->memory_limit);
    return ASSAY_OK;
}

static assay_status allocate(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_method method = s->options.method;
    const size_t all = p->blocks * p->dy, matrices = all * p->dy, number = sizeof(double);
    const bool rsvrb = method == MULTIBLOCK_BILEVEL_RSVRB, v2 = method == MULTIBLOCK_BILEVEL_V2;
    const bool tracks_hessians = method == MULTIBLOCK_BILEVEL_V1 || method == MULTIBLOCK_BILEVEL_AVERAGE || rsvrb;
    const bool moves_sampled = method == MULTIBLOCK_BILEVEL_STOCBIO || method == MULTIBLOCK_BILEVEL_MRBO ||
                               method == MULTIBLOCK_BILEVEL_SUSTAIN;
    assay_status status = check_memory(p, &s->options);
    s->x = room(p->dx, number, true, &status);
    s->x_before = room(p->dx, number, true, &status);
    s->z = room(p->dx, number, true, &status);
    s->gradient = room(p->dx, number, true, &status);
    s->gradient_before = room(p->dx, number, true, &status);
    s->y = room(all, number, true, &status);
    s->y_before = room(all, number, true, &status);
    s->s = room(all, number, true, &status);
    s->hessian = room(matrices, number, tracks_hessians, &status);
    s->hessian_before = room(matrices, number, tracks_hessians, &status);
    s->fresh = room(s->options.sampled_blocks * p->dy * p->dy, number, tracks_hessians && !rsvrb, &status);
    s->v = room(all, number, v2, &status);
    s->v_before = room(all, number, v2, &status);
    s->u = room(all, number, v2, &status);
    s->cross = room(all * p->dx, number, rsvrb, &status);
    s->cross_before = room(all * p->dx, number, rsvrb, &status);
    s->upper = room(all, number, rsvrb, &status);
    s->upper_before = room(all, number, rsvrb, &status);
    s->work = room(8 * p->dy + 4 * p->dy * p->dy + 2 * p->dx, number, true, &status);
    s->order = room(p->blocks, sizeof *s->order, true, &status);
    s->moves = room(p->blocks, sizeof *s->moves, moves_sampled, &status);
    s->lower = room(s->options.batch, sizeof *s->lower, !s->options.full_batch, &status);
    s->upper_samples = room(s->options.batch, sizeof *s->upper_samples, !s->options.full_batch, &status);
    return status;
}

void multiblock_bilevel_destroy(multiblock_bilevel_state *s)
{
    if (!s)
        return;
    void *const all[] = {s->x,
                         s->x_before,
                         s->y,
                         s->y_before,
                         s->s,
                         s->hessian,
                         s->hessian_before,
                         s->v,
                         s->v_before,
                         s->u,
                         s->cross,
                         s->upper,
                         s->cross_before,
                         s->upper_before,
                         s->z,
                         s->gradient,
                         s->work,
                         s->gradient_before,
                         s->order,
                         s->moves,
                         s->lower,
                         s->upper_samples,
                         s->fresh};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assay_release(all[i]);
    assay_release(s);
}

/* ---- The start: one batch for each block ---- */

/* J = d2g/dx dy as a dx x dy matrix, one column for each unit vector. */
static void cross_derivative(multiblock_bilevel_state *s, const multiblock_bilevel_point *at, double *cross)
{
    const size_t dx = s->problem->dx, dy = s->problem->dy;
    double *unit = s->work, *column = s->work + dy;
    for (size_t k = 0; k < dy; k++) {
        memset(unit, 0, dy * sizeof *unit);
        memset(column, 0, dx * sizeof *column);
        unit[k] = 1;
        s->problem->lower_cross_product(s->problem->context, at, unit, 1, column);
        for (size_t j = 0; j < dx; j++)
            cross[j * dy + k] = column[j];
    }
}

static assay_status start_block(multiblock_bilevel_state *s, size_t i)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    const size_t dx = p->dx, dy = p->dy;
    const multiblock_bilevel_point lower = multiblock_bilevel_at(
        s, multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_FIRST_LOWER, 0, i, i, p->lower_samples[i], s->lower),
        MULTIBLOCK_BILEVEL_NOW);
    const multiblock_bilevel_point upper =
        multiblock_bilevel_at(s,
                              multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_FIRST_UPPER, 0, i, i,
                                                            p->upper_samples[i], s->upper_samples),
                              MULTIBLOCK_BILEVEL_NOW);
    double *fy = s->work, *product = fy + dy, *factor = product + dy, *work = factor + dy * dy;
    assay_status status = ASSAY_OK;

    p->lower_gradient(p->context, &lower, s->s + i * dy);
    p->upper_gradient_y(p->context, &upper, fy);
    if (p->upper_gradient_x)
        p->upper_gradient_x(p->context, &upper, 1.0 / (double)p->blocks, s->z);
    s->counters.lower_gradients += lower.count;
    s->counters.upper_gradients += upper.count;
    if (s->u) {
        for (size_t k = 0; k < dy; k++)
            s->u[i * dy + k] = -fy[k];
    }
    if (s->hessian) {
        double *h = s->hessian + i * dy * dy;
        p->lower_hessian(p->context, &lower, h);
        s->counters.hessians += lower.count;
        s->counters.factorisations++;
        status = multiblock_bilevel_check_hessian(o, i, h, dy);
        if (status == ASSAY_OK)
            status = multiblock_bilevel_project(h, dy, o->hessian_floor, work);
        if (status == ASSAY_OK)
            status = multiblock_bilevel_solve(&s->counters, h, dy, fy, factor, product);
        if (status == ASSAY_OK)
            p->lower_cross_product(p->context, &lower, product, -1.0 / (double)p->blocks, s->z);
        s->counters.cross_products += lower.count;
    }
    if (s->cross && status == ASSAY_OK) {
        memcpy(s->upper + i * dy, fy, dy * sizeof *fy);
        cross_derivative(s, &lower, s->cross + i * dx * dy);
        s->counters.cross_products += lower.count * dy;
    }
    return status;
}

static void copy(double *to, const double *from, size_t n)
{
    if (to)
        memcpy(to, from, n * sizeof *to);
}

static assay_status start(multiblock_bilevel_state *s, const double *x, const double *y)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t all = p->blocks * p->dy;
    copy(s->x, x, p->dx);
    copy(s->y, y, all);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < p->blocks; i++) {
        s->order[i] = i;
        status = start_block(s, i);
    }
    copy(s->x_before, s->x, p->dx);
    copy(s->y_before, s->y, all);
    copy(s->hessian_before, s->hessian, all * p->dy);
    copy(s->v_before, s->v, all);
    copy(s->cross_before, s->cross, all * p->dx);
    copy(s->upper_before, s->upper, all);
    if (status == ASSAY_OK && !(multiblock_bilevel_finite(s->z, p->dx) && multiblock_bilevel_finite(s->s, all)))
        status = assay_fail(ASSAY_BAD_DATA, "problem: a derivative at the start is not finite");
    return status;
}

assay_status multiblock_bilevel_create(const multiblock_bilevel_problem *problem,
                                       const multiblock_bilevel_options *options, const double *x, const double *y,
                                       multiblock_bilevel_state **state)
{
    multiblock_bilevel_state *s = assay_allocate(1, sizeof *s);
    if (!s)
        return ASSAY_NO_MEMORY;
    s->problem = problem;
    s->options = multiblock_bilevel_resolve(problem, options);
    assay_status status = allocate(s);
    if (status == ASSAY_OK)
        status = start(s, x, y);
    if (status == ASSAY_OK)
        *state = s;
    else
        multiblock_bilevel_destroy(s);
    return status;
}
