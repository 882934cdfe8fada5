/* multiblock_bilevel as the paper has it: one iteration of versions 1 and 2, and the loop around it. */
#include "assay/catalogue.h"
#include "assay/memory.h"
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include <math.h>
#include <string.h>

ASSAY_CATALOGUE(
    multiblock_bilevel, .family = "bilevel",
    .title = "Blockwise Stochastic Variance-Reduced Methods with Parallel Speedup for Multi-Block Bilevel "
             "Optimization",
    .authors = "Q. Hu, Z.-H. Qiu, Z. Guo, L. Zhang, T. Yang", .year = 2023, .identifier = "arXiv:2305.18730",
    .summary = "Minimises the mean of many upper problems, each over the solution of its own lower problem, "
               "touching a few sampled blocks in each iteration.",
    .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2) |
              ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* ---- One iteration ---- */

/* s_i: the estimate of dg_i/dy. */
static void update_gradient_estimate(multiblock_bilevel_state *s, const multiblock_bilevel_point *now,
                                     const multiblock_bilevel_point *before)
{
    const multiblock_bilevel_problem *p = s->problem;
    double *g = s->work, *g_before = s->work + p->dy;
    p->lower_gradient(p->context, now, g);
    p->lower_gradient(p->context, before, g_before);
    s->counters.lower_gradients += 2 * now->count;
    multiblock_bilevel_msvr(s->s + now->block * p->dy, g, g_before, s->options.alpha, s->options.gamma, p->dy);
}

/* Adds a block's share (1/I) [df/dx - (d2g/dx dy) p] of the hypergradient. */
static void add_share(multiblock_bilevel_state *s, const multiblock_bilevel_point *lower,
                      const multiblock_bilevel_point *upper, const double *direction, double *gradient)
{
    const multiblock_bilevel_problem *p = s->problem;
    const double share = 1.0 / (double)s->options.sampled_blocks;
    if (p->upper_gradient_x)
        p->upper_gradient_x(p->context, upper, share, gradient);
    p->lower_cross_product(p->context, lower, direction, -share, gradient);
    s->counters.cross_products += lower->count;
}

/* Version 1: p_i = H_i^-1 df_i/dy by the estimates before this iteration; then the fresh H_i = P(MSVR on
 * d2g_i/dy2). */
static assay_status version_1(multiblock_bilevel_state *s, const multiblock_bilevel_point lower[2],
                              const multiblock_bilevel_point upper[2], double *fresh)
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dy = p->dy, square = dy * dy, i = lower->block;
    double *fy = s->work, *direction = fy + dy, *h = direction + dy, *h_before = h + square, *more = h_before + square;
    const double *const tracked[] = {s->hessian + i * square, s->hessian_before + i * square};
    double *const gradient[] = {s->gradient, s->gradient_before};
    assay_status status = ASSAY_OK;
    for (int time = 0; status == ASSAY_OK && time < 2; time++) {
        p->upper_gradient_y(p->context, &upper[time], fy);
        s->counters.upper_gradients += upper[time].count;
        status = multiblock_bilevel_solve(&s->counters, tracked[time], dy, fy, h, direction);
        if (status == ASSAY_OK)
            add_share(s, &lower[time], &upper[time], direction, gradient[time]);
    }
    if (status != ASSAY_OK)
        return status;
    p->lower_hessian(p->context, &lower[0], h);
    p->lower_hessian(p->context, &lower[1], h_before);
    s->counters.hessians += 2 * lower->count;
    s->counters.factorisations++;
    status = multiblock_bilevel_check_hessian(&s->options, i, h, dy);
    memcpy(fresh, tracked[0], square * sizeof *fresh);
    multiblock_bilevel_msvr(fresh, h, h_before, s->options.alpha, s->options.gamma, square);
    if (status == ASSAY_OK && !multiblock_bilevel_finite(fresh, square))
        return assay_fail(ASSAY_BAD_DATA, "iteration %zu: the Hessian of block %zu is not finite", s->t, i);
    return status == ASSAY_OK ? multiblock_bilevel_project(fresh, dy, s->options.hessian_floor, more) : status;
}

/* Version 2: p_i = v_i; u_i = MSVR on (d2g_i/dy2) v_i - df_i/dy. */
static void version_2(multiblock_bilevel_state *s, const multiblock_bilevel_point lower[2],
                      const multiblock_bilevel_point upper[2])
{
    const multiblock_bilevel_problem *p = s->problem;
    const size_t dy = p->dy, i = lower->block;
    const double *const v[] = {s->v + i * dy, s->v_before + i * dy};
    double *const gradient[] = {s->gradient, s->gradient_before};
    double *fy = s->work, *residual[] = {fy + dy, fy + 2 * dy};
    for (int time = 0; time < 2; time++) {
        add_share(s, &lower[time], &upper[time], v[time], gradient[time]);
        p->lower_hessian_product(p->context, &lower[time], v[time], residual[time]);
        p->upper_gradient_y(p->context, &upper[time], fy);
        for (size_t k = 0; k < dy; k++)
            residual[time][k] -= fy[k];
    }
    s->counters.hessian_products += 2 * lower->count;
    s->counters.upper_gradients += 2 * upper->count;
    multiblock_bilevel_msvr(s->u + i * dy, residual[0], residual[1], s->options.alpha, s->options.gamma, dy);
}

/* Steps 1 to 4 for versions 1 and 2: the sampled blocks' estimates, and this iteration's gradients. */
static assay_status visit_blocks(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    assay_status status = ASSAY_OK;
    for (size_t j = 0; status == ASSAY_OK && j < o->sampled_blocks; j++) {
        const size_t i = s->order[j];
        const multiblock_bilevel_point batch =
            multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_LOWER, s->t, j, i, p->lower_samples[i], s->lower);
        const multiblock_bilevel_point above = multiblock_bilevel_draw_batch(o, MULTIBLOCK_BILEVEL_UPPER, s->t, j, i,
                                                                             p->upper_samples[i], s->upper_samples);
        const multiblock_bilevel_point lower[] = {multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_NOW),
                                                  multiblock_bilevel_at(s, batch, MULTIBLOCK_BILEVEL_BEFORE)};
        const multiblock_bilevel_point upper[] = {multiblock_bilevel_at(s, above, MULTIBLOCK_BILEVEL_NOW),
                                                  multiblock_bilevel_at(s, above, MULTIBLOCK_BILEVEL_BEFORE)};
        update_gradient_estimate(s, &lower[0], &lower[1]);
        if (o->method == MULTIBLOCK_BILEVEL_V2)
            version_2(s, lower, upper);
        else
            status = version_1(s, lower, upper, s->fresh + j * p->dy * p->dy);
    }
    return status;
}

static double norm(const double *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

/* Step 5: z = (1 - beta) (z - G_before) + G, into s->gradient; SUSTAIN and MRBO do the same, STOCBIO takes G alone. */
static assay_status update_direction(multiblock_bilevel_state *s)
{
    const double keep = s->options.method == MULTIBLOCK_BILEVEL_STOCBIO ? 0 : 1 - s->options.beta;
    for (size_t j = 0; j < s->problem->dx; j++)
        s->gradient[j] += keep == 0 ? 0 : keep * (s->z[j] - s->gradient_before[j]);
    return multiblock_bilevel_finite(s->gradient, s->problem->dx)
               ? ASSAY_OK
               : assay_fail(ASSAY_BAD_DATA, "iteration %zu: the hypergradient is not finite", s->t);
}

/* What x and y will be; refused if they are not finite or x has run away. */
static assay_status foresee(const multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    double squares = 0;
    for (size_t j = 0; j < p->dx; j++) {
        const double next = s->x[j] - s->options.eta * s->gradient[j];
        squares += next * next;
    }
    for (size_t k = 0; k < p->blocks * p->dy; k++) {
        if (!isfinite(s->y[k] - s->options.tau * s->s[k]))
            return assay_fail(ASSAY_BAD_DATA, "iteration %zu: y of block %zu is not finite", s->t, k / p->dy);
    }
    if (!(squares <= 1e24))
        return assay_fail(ASSAY_NOT_CONVERGED, "iteration %zu: |x| is %g, over 1e12: the steps are too large", s->t,
                          sqrt(squares));
    return ASSAY_OK;
}

/* Steps 6 and 7: x, every y_i (also of blocks that were not sampled, by their old s_i) and every v_i move. */
static void move(multiblock_bilevel_state *s)
{
    const multiblock_bilevel_problem *p = s->problem;
    const multiblock_bilevel_options *o = &s->options;
    const size_t dy = p->dy, all = p->blocks * dy, square = dy * dy;
    memcpy(s->x_before, s->x, p->dx * sizeof(double));
    memcpy(s->y_before, s->y, all * sizeof(double));
    memcpy(s->z, s->gradient, p->dx * sizeof(double));
    for (size_t j = 0; j < p->dx; j++)
        s->x[j] -= o->eta * s->z[j];
    for (size_t i = 0; i < p->blocks; i++) {
        for (size_t k = i * dy; (!s->moves || s->moves[i]) && k < (i + 1) * dy; k++)
            s->y[k] -= o->tau * s->s[k];
    }
    if (s->v) {
        memcpy(s->v_before, s->v, all * sizeof(double));
        for (size_t i = 0; i < p->blocks; i++) {
            for (size_t k = i * dy; k < (i + 1) * dy; k++)
                s->v[k] -= o->tau_v * s->u[k];
            multiblock_bilevel_to_ball(s->v + i * dy, dy, o->radius);
        }
    }
    if (s->fresh) {
        memcpy(s->hessian_before, s->hessian, all * dy * sizeof(double));
        for (size_t j = 0; j < o->sampled_blocks; j++)
            memcpy(s->hessian + s->order[j] * square, s->fresh + j * square, square * sizeof(double));
    }
    s->t++;
}

assay_status multiblock_bilevel_step(multiblock_bilevel_state *s)
{
    static assay_status (*const visits[MULTIBLOCK_BILEVEL_METHODS])(multiblock_bilevel_state *) = {
        visit_blocks,
        visit_blocks,
        visit_blocks,
        multiblock_bilevel_rsvrb,
        multiblock_bilevel_stocbio,
        multiblock_bilevel_neumann,
        multiblock_bilevel_neumann};
    memset(s->gradient, 0, s->problem->dx * sizeof(double));
    memset(s->gradient_before, 0, s->problem->dx * sizeof(double));
    multiblock_bilevel_draw_blocks(s->problem, &s->options, s->t, MULTIBLOCK_BILEVEL_BLOCKS, s->order);
    assay_status status = visits[s->options.method](s);
    if (status == ASSAY_OK)
        status = update_direction(s);
    if (status == ASSAY_OK)
        status = foresee(s);
    if (status == ASSAY_OK)
        move(s);
    return status;
}

/* ---- The loop ---- */

/* Writes a row of the trace. */
static assay_status log_row(const multiblock_bilevel_problem *problem, size_t t, const double *x, double *gradient,
                            multiblock_bilevel_trace *trace, double *size)
{
    double *value = trace->value && trace->count < trace->capacity ? &trace->value[trace->count] : NULL;
    assay_status status = ASSAY_OK;
    if (value || !problem->exact_gradient)
        status = multiblock_bilevel_hypergradient(problem, x, 1e-10, gradient, NULL, value);
    if (status == ASSAY_OK && problem->exact_gradient)
        status = problem->exact_gradient(problem->context, x, gradient);
    if (status != ASSAY_OK)
        return status;
    *size = norm(gradient, problem->dx);
    if (trace->count < trace->capacity) {
        trace->iteration[trace->count] = t;
        trace->gradient_norm[trace->count++] = *size;
    }
    return ASSAY_OK;
}

static assay_status iterate(const multiblock_bilevel_problem *problem, const multiblock_bilevel_options *options,
                            const multiblock_bilevel_runner *runner, double *x, double *gradient,
                            multiblock_bilevel_trace *trace)
{
    const assay_random r = {options->seed, (uint64_t)MULTIBLOCK_BILEVEL_ITERATE << 56};
    const size_t chosen =
        options->random_iterate ? 1 + (size_t)assay_random_integer(r, 0, options->iterations) : SIZE_MAX;
    assay_status status = ASSAY_OK;
    for (size_t t = 0; status == ASSAY_OK && t <= options->iterations; t++) {
        trace->iterations = t;
        double size = INFINITY;
        if (options->log_every && (t % options->log_every == 0 || t == options->iterations)) {
            status = runner->settle(runner->self, x, NULL);
            if (status == ASSAY_OK)
                status = log_row(problem, t, x, gradient, trace, &size);
        }
        if (status != ASSAY_OK || t == options->iterations || t == chosen || size <= options->tolerance)
            break;
        status = runner->step(runner->self);
    }
    return status;
}

assay_status multiblock_bilevel_loop(const multiblock_bilevel_problem *problem,
                                     const multiblock_bilevel_options *options, const multiblock_bilevel_runner *runner,
                                     double *x, double *y, multiblock_bilevel_trace *trace)
{
    multiblock_bilevel_trace none = {0};
    multiblock_bilevel_trace *kept = trace ? trace : &none;
    double *gradient = assay_allocate(problem->dx, sizeof *gradient);
    if (!gradient)
        return ASSAY_NO_MEMORY;
    kept->count = kept->iterations = 0;
    kept->gamma = multiblock_bilevel_resolve(problem, options).gamma;
    assay_status status = iterate(problem, options, runner, x, gradient, kept);
    const assay_status settled = runner->settle(runner->self, x, y);
    kept->counters = *runner->counters;
    assay_release(gradient);
    return status == ASSAY_OK ? settled : status;
}

static assay_status step_reference(void *self)
{
    return multiblock_bilevel_step(self);
}

assay_status multiblock_bilevel_copy_out(const multiblock_bilevel_state *s, double *x, double *y)
{
    memcpy(x, s->x, s->problem->dx * sizeof *x);
    if (y)
        memcpy(y, s->y, s->problem->blocks * s->problem->dy * sizeof *y);
    return ASSAY_OK;
}

static assay_status settle_reference(void *self, double *x, double *y)
{
    return multiblock_bilevel_copy_out(self, x, y);
}

assay_status multiblock_bilevel_reference_run(const multiblock_bilevel_problem *problem,
                                              const multiblock_bilevel_options *options, double *x, double *y,
                                              multiblock_bilevel_trace *trace)
{
    assay_status status = multiblock_bilevel_check_run(problem, options, x, y, trace);
    multiblock_bilevel_state *state = NULL;
    if (status == ASSAY_OK)
        status = multiblock_bilevel_create(problem, options, x, y, &state);
    if (status == ASSAY_OK)
        status = multiblock_bilevel_loop(
            problem, options, &(multiblock_bilevel_runner){state, step_reference, settle_reference, &state->counters},
            x, y, trace);
    multiblock_bilevel_destroy(state);
    return status;
}
