/* What the paper compares to: RSVRB, stocBiO, MRBO and SUSTAIN, each with m blocks of which I are sampled. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include <string.h>

/* ---- RSVRB ------------------------------------------------------------------------------------------------------- */

/* e = (1 - alpha) (e - scale before) + scale now for a sampled block. */
static void recur(double *e, const double *now, const double *before, double alpha, double scale, size_t n)
{
    for (size_t k = 0; k < n; k++)
        e[k] = (1 - alpha) * (e[k] - scale * before[k]) + scale * now[k];
}

static void shrink(double *e, double alpha, size_t n)
{
    for (size_t k = 0; k < n; k++)
        e[k] *= 1 - alpha;
}

/* Adds the change of J = d2g/dx dy, column by column: J = (1 - alpha) J + ... for a sampled block. */
static void recur_cross(multiblock_bilevel_state *s, const multiblock_bilevel_point *now,
                        const multiblock_bilevel_point *before, double scale)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dx = p->dx, dy = p->dy;
    double *cross = s->cross + now->block * dx * dy, *unit = s->work, *column = s->work + dy;
    for (size_t k = 0; k < dy; k++) {
        memset(unit, 0, dy * sizeof *unit);
        memset(column, 0, dx * sizeof *column);
        unit[k] = 1;
        p->lower_cross_product(p->context, now, unit, scale, column);
        p->lower_cross_product(p->context, before, unit, -(1 - s->options.alpha) * scale, column);
        for (size_t j = 0; j < dx; j++)
            cross[j * dy + k] = (1 - s->options.alpha) * cross[j * dy + k] + column[j];
    }
    s->counters.cross_products += 2 * dy * now->count;
}

static assay_status recur_block(multiblock_bilevel_state *s, size_t slot, size_t i, double scale)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    const size_t dy = p->dy, square = dy * dy;
    const multiblock_bilevel_point batch =
        multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_LOWER, s->t, slot, i, p->lower_samples[i], s->lower);
    const multiblock_bilevel_point above = multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_UPPER, s->t, slot, i,
                                                                         p->upper_samples[i], s->upper_samples);
    const multiblock_bilevel_point now = multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_NOW),
                                   before = multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_BEFORE),
                                   upper = multiblock_bilevel_at(s, above, MULTIBLOCK_BILEVEL_NOW),
                                   upper_before = multiblock_bilevel_at(s, above, MULTIBLOCK_BILEVEL_BEFORE);
    double *g = s->work, *g_before = g + dy, *h = g_before + dy, *h_before = h + square, *more = h_before + square;

    p->lower_gradient(p->context, &now, g);
    p->lower_gradient(p->context, &before, g_before);
    recur(s->s + i * dy, g, g_before, o->alpha, scale, dy);
    p->upper_gradient_y(p->context, &upper, g);
    p->upper_gradient_y(p->context, &upper_before, g_before);
    recur(s->upper + i * dy, g, g_before, o->alpha, scale, dy);
    p->lower_hessian(p->context, &now, h);
    p->lower_hessian(p->context, &before, h_before);
    recur(s->hessian + i * square, h, h_before, o->alpha, scale, square);
    s->counters.lower_gradients += 2 * now.count;
    s->counters.upper_gradients += 2 * upper.count;
    s->counters.hessians += 2 * now.count;
    s->counters.factorisations++;
    assay_status status = multiblock_bilevel_check_hessian(o, i, h, dy);
    if (status == ASSAY_OK && !multiblock_bilevel_finite(s->hessian + i * square, square))
        status = assay_fail(ASSAY_BAD_DATA, "iteration %zu: the Hessian of block %zu is not finite", s->t, i);
    if (status == ASSAY_OK)
        status = multiblock_bilevel_project(s->hessian + i * square, dy, o->hessian_floor, more);
    if (status == ASSAY_OK)
        recur_cross(s, &now, &before, scale);
    return status;
}

/* A block's share of the hypergradient from its estimates alone. */
static assay_status add_estimated_share(multiblock_bilevel_state *s, size_t slot, size_t i,
                                        multiblock_bilevel_time time)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dx = p->dx, dy = p->dy;
    const bool now = time == MULTIBLOCK_BILEVEL_NOW;
    const double share = 1.0 / (double)s->options.sampled_blocks;
    const double *h = (now ? s->hessian : s->hessian_before) + i * dy * dy;
    const double *cross = (now ? s->cross : s->cross_before) + i * dx * dy;
    const double *fy = (now ? s->upper : s->upper_before) + i * dy;
    double *gradient = now ? s->gradient : s->gradient_before, *direction = s->work, *factor = direction + dy;
    const assay_status status = multiblock_bilevel_solve(&s->counters, h, dy, fy, factor, direction);
    if (status != ASSAY_OK)
        return status;
    for (size_t j = 0; j < dx; j++) {
        for (size_t k = 0; k < dy; k++)
            gradient[j] -= share * cross[j * dy + k] * direction[k];
    }
    if (p->upper_gradient_x) {
        const multiblock_bilevel_point batch = multiblock_bilevel_draw_batch(
            &s->options, MULTIBLOCK_BILEVEL_FURTHER, s->t, slot, i, p->upper_samples[i], s->upper_samples);
        const multiblock_bilevel_point at = multiblock_bilevel_at(s, batch, time);
        p->upper_gradient_x(p->context, &at, share, gradient);
    }
    return ASSAY_OK;
}

assay_status multiblock_bilevel_rsvrb(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dx = p->dx, dy = p->dy, m = p->blocks, sampled = s->options.sampled_blocks;
    const double alpha = s->options.alpha, scale = (double)m / (double)sampled;
    memcpy(s->hessian_before, s->hessian, m * dy * dy * sizeof(double));
    memcpy(s->cross_before, s->cross, m * dx * dy * sizeof(double));
    memcpy(s->upper_before, s->upper, m * dy * sizeof(double));
    for (size_t j = sampled; j < m; j++) {
        const size_t i = s->order[j];
        shrink(s->s + i * dy, alpha, dy);
        shrink(s->upper + i * dy, alpha, dy);
        shrink(s->hessian + i * dy * dy, alpha, dy * dy);
        shrink(s->cross + i * dx * dy, alpha, dx * dy);
        const assay_status status =
            multiblock_bilevel_project(s->hessian + i * dy * dy, dy, s->options.hessian_floor, s->work);
        if (status != ASSAY_OK)
            return status;
    }
    assay_status status = ASSAY_OK;
    for (size_t j = 0; status == ASSAY_OK && j < sampled; j++)
        status = recur_block(s, j, s->order[j], scale);
    multiblock_bilevel_draw_blocks(p, &s->options, s->t, MULTIBLOCK_BILEVEL_BLOCKS_AGAIN, s->order);
    for (size_t j = 0; status == ASSAY_OK && j < sampled; j++) {
        status = add_estimated_share(s, j, s->order[j], MULTIBLOCK_BILEVEL_NOW);
        if (status == ASSAY_OK)
            status = add_estimated_share(s, j, s->order[j], MULTIBLOCK_BILEVEL_BEFORE);
    }
    return status;
}

/* ---- Neumann sums ------------------------------------------------------------------------------------------------ */

/* r = r - step (d2g/dy2) r with a batch of its own. */
static void contract(multiblock_bilevel_state *s, size_t slot, size_t block, size_t term, multiblock_bilevel_time time,
                     double *r)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_point batch =
        multiblock_bilevel_draw_batch(&s->options, MULTIBLOCK_BILEVEL_FURTHER, s->t,
                                      slot + s->options.sampled_blocks * (term + 1 + s->options.inner_steps), block,
                                      p->lower_samples[block], s->lower);
    const multiblock_bilevel_point at = multiblock_bilevel_at(s, batch, time);
    double *product = s->work + 6 * p->dy;
    p->lower_hessian_product(p->context, &at, r, product);
    s->counters.hessian_products += at.count;
    for (size_t k = 0; k < p->dy; k++)
        r[k] -= s->options.neumann_step * product[k];
}

/* stocBiO and MRBO: p = step sum_{q = 0..Q} r_q. SUSTAIN: p = K step r_k, with k < K drawn. */
static void neumann_direction(multiblock_bilevel_state *s, size_t slot, const multiblock_bilevel_point *upper,
                              multiblock_bilevel_time time, double *direction)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    const bool truncated = o->method == MULTIBLOCK_BILEVEL_SUSTAIN;
    const assay_random r = {o->seed, ((uint64_t)MULTIBLOCK_BILEVEL_TRUNCATION << 56) ^ s->t};
    const size_t terms = truncated ? (size_t)assay_random_integer(r, slot, o->neumann_terms) : o->neumann_terms;
    double *rest = s->work + 5 * p->dy;
    p->upper_gradient_y(p->context, upper, rest);
    s->counters.upper_gradients += upper->count;
    for (size_t k = 0; k < p->dy; k++)
        direction[k] = truncated ? 0 : o->neumann_step * rest[k];
    for (size_t q = 0; q < terms; q++) {
        contract(s, slot, upper->block, q, time, rest);
        for (size_t k = 0; k < p->dy; k++)
            direction[k] += truncated ? 0 : o->neumann_step * rest[k];
    }
    for (size_t k = 0; truncated && k < p->dy; k++)
        direction[k] = (double)o->neumann_terms * o->neumann_step * rest[k];
}

/* A block's share of the hypergradient with the Neumann direction. */
static void add_neumann_share(multiblock_bilevel_state *s, size_t slot, size_t i, multiblock_bilevel_time time,
                              double *gradient)
{
    const multiblock_bilevel_problem *p = s->problem;
    const double share = 1.0 / (double)s->options.sampled_blocks;
    double *direction = s->work + 4 * p->dy;
    const multiblock_bilevel_point upper =
        multiblock_bilevel_at(s,
                              multiblock_bilevel_draw_batch(&s->options, MULTIBLOCK_BILEVEL_UPPER, s->t, slot, i,
                                                            p->upper_samples[i], s->upper_samples),
                              time);
    neumann_direction(s, slot, &upper, time, direction);
    if (p->upper_gradient_x)
        p->upper_gradient_x(p->context, &upper, share, gradient);
    const multiblock_bilevel_point lower =
        multiblock_bilevel_at(s,
                              multiblock_bilevel_draw_batch(&s->options, MULTIBLOCK_BILEVEL_LOWER, s->t, slot, i,
                                                            p->lower_samples[i], s->lower),
                              time);
    p->lower_cross_product(p->context, &lower, direction, -share, gradient);
    s->counters.cross_products += lower.count;
}

static void mark_sampled(multiblock_bilevel_state *s)
{
    memset(s->moves, 0, s->problem->blocks * sizeof *s->moves);
    for (size_t j = 0; j < s->options.sampled_blocks; j++)
        s->moves[s->order[j]] = true;
}

/* The inner steps move y at once; the last of them is left to the end of the iteration, as s. */
assay_status multiblock_bilevel_stocbio(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    mark_sampled(s);
    for (size_t j = 0; j < o->sampled_blocks; j++) {
        const size_t i = s->order[j];
        double *y = s->y + i * p->dy, *start = s->work + 2 * p->dy, *g = s->work;
        memcpy(start, y, p->dy * sizeof *y);
        for (size_t step = 0; step < o->inner_steps; step++) {
            const multiblock_bilevel_point at = multiblock_bilevel_at(
                s,
                multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_FURTHER, s->t, j + o->sampled_blocks * step, i,
                                              p->lower_samples[i], s->lower),
                MULTIBLOCK_BILEVEL_NOW);
            p->lower_gradient(p->context, &at, g);
            s->counters.lower_gradients += at.count;
            for (size_t k = 0; k < p->dy; k++)
                y[k] -= o->tau * g[k];
        }
        add_neumann_share(s, j, i, MULTIBLOCK_BILEVEL_NOW, s->gradient);
        for (size_t k = 0; k < p->dy; k++) { /* so that y - tau s is where the steps led */
            s->s[i * p->dy + k] = (start[k] - y[k]) / o->tau;
            y[k] = start[k];
        }
    }
    return ASSAY_OK;
}

/* MRBO and SUSTAIN: recursive momentum on dg/dy and on the hypergradient, the same batches at both times. */
assay_status multiblock_bilevel_neumann(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    mark_sampled(s);
    for (size_t j = 0; j < s->options.sampled_blocks; j++) {
        const size_t i = s->order[j];
        const multiblock_bilevel_point batch = multiblock_bilevel_draw_batch(&s->options, MULTIBLOCK_BILEVEL_LOWER,
                                                                             s->t, j, i, p->lower_samples[i], s->lower);
        const multiblock_bilevel_point now = multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_NOW),
                                       before = multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_BEFORE);
        double *g = s->work, *g_before = s->work + p->dy;
        p->lower_gradient(p->context, &now, g);
        p->lower_gradient(p->context, &before, g_before);
        s->counters.lower_gradients += 2 * now.count;
        recur(s->s + i * p->dy, g, g_before, s->options.alpha, 1, p->dy);
        add_neumann_share(s, j, i, MULTIBLOCK_BILEVEL_NOW, s->gradient);
        add_neumann_share(s, j, i, MULTIBLOCK_BILEVEL_BEFORE, s->gradient_before);
    }
    return ASSAY_OK;
}
