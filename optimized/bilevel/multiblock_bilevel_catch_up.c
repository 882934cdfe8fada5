/*
 * Blocks and numbers that were left alone, brought up to date in one jump.
 *
 * A block last visited at iteration l moves by the same s_i ever since: y_t = y_l - (t - l) tau s_i, and one iteration
 * earlier y_l - (t - l - 1) tau s_i. v_i likewise, as long as both ends lie in its ball, which is convex. With
 * x_per_sample a number that no sample touches moves by eta z_j while z_j falls by the factor 1 - beta:
 * sum_{k = 1..n} (1 - beta)^k = (1 - beta) (1 - (1 - beta)^n) / beta.
 */
#include "optimized/bilevel/multiblock_bilevel_lazy.h"

#include <math.h>
#include <string.h>

static double norm(const double *v, size_t n)
{
    double squares = 0;
    for (size_t k = 0; k < n; k++)
        squares += v[k] * v[k];
    return sqrt(squares);
}

/* x and x_before (of @p n numbers) after @p steps steps of @p step along -direction. */
static void jump(double *x, double *before, const double *direction, double step, size_t steps, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        before[k] = x[k] - step * (double)(steps - 1) * direction[k];
        x[k] -= step * (double)steps * direction[k];
    }
}

static bool stays_inside(const double *v, const double *u, double length, double radius, size_t n)
{
    double squares = 0;
    for (size_t k = 0; k < n; k++) {
        const double end = v[k] - length * u[k];
        squares += end * end;
    }
    return squares <= radius * radius && norm(v, n) <= radius;
}

static void catch_up_solution(const multiblock_bilevel_lazy *f, size_t i, size_t steps)
{
    const size_t dy = f->problem->dy;
    double *v = f->state->v + i * dy, *before = f->state->v_before + i * dy;
    const double *u = f->state->u + i * dy, tau = f->options.tau_v, radius = f->options.radius;
    if (stays_inside(v, u, tau * (double)steps, radius, dy)) {
        jump(v, before, u, tau, steps, dy);
        return;
    }
    for (size_t step = 0; step < steps; step++) {
        jump(v, before, u, tau, 1, dy);
        multiblock_bilevel_to_ball(v, dy, radius);
    }
}

void multiblock_bilevel_catch_up_block(const multiblock_bilevel_lazy *f, size_t i)
{
    const size_t dy = f->problem->dy, steps = f->state->t - f->settled[i];
    if (steps == 0)
        return;
    jump(f->state->y + i * dy, f->state->y_before + i * dy, f->state->s + i * dy, f->options.tau, steps, dy);
    if (f->state->v)
        catch_up_solution(f, i, steps);
    f->settled[i] = f->state->t;
}

void multiblock_bilevel_catch_up_number(const multiblock_bilevel_lazy *f, size_t j)
{
    multiblock_bilevel_state *s = f->state;
    const size_t steps = s->t - f->settled_x[j];
    if (steps == 0)
        return;
    const double rate = log1p(-f->options.beta), x = s->x[j];
    const double first = f->options.eta * s->z[j] * exp(rate) / f->options.beta;
    s->x_before[j] = steps == 1 ? x : x + first * expm1(rate * (double)(steps - 1));
    s->x[j] = x + first * expm1(rate * (double)steps);
    s->z[j] *= exp(rate * (double)steps);
    f->settled_x[j] = s->t;
}
