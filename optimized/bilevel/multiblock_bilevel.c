/*
 * Versions 1 and 2 of multiblock_bilevel, fast: blocks that are not sampled are left alone until they are, so that an
 * iteration costs O(I B dy) instead of O(m dy); see multiblock_bilevel_catch_up.c and _visit.c.
 *
 * Threads share the sampled blocks; their shares are added in the order of sampling, so that the bits do not depend on
 * the number of threads.
 */
#include "optimized/bilevel/multiblock_bilevel_lazy.h"

#include "assay/cpu.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>
#include <string.h>

typedef multiblock_bilevel_lazy lazy;
typedef multiblock_bilevel_slot slot;

/* Multiply-adds below which an iteration is over before threads have started. */
enum { PARALLEL_WORK = 20000 };

/* ---- One iteration ----------------------------------------------------------------------------------------------- */

/* As multiblock_bilevel_draw_batch() draws, four numbers at a time. */
static multiblock_bilevel_point draw(const lazy *f, uint64_t purpose, size_t number, size_t block, size_t samples,
                                     size_t *room)
{
    const multiblock_bilevel_options *o = &f->options;
    if (o->full_batch)
        return (multiblock_bilevel_point){.block = block, .count = samples};
    const assay_random r = {o->seed, (purpose << 56) ^ ((uint64_t)f->state->t << 24) ^ number};
    const uint64_t threshold = -(uint64_t)samples % samples;
    uint64_t words[4] = {0};
    for (size_t b = 0; b < o->batch; b++) {
        if (b % 4 == 0)
            assay_random_block(r, b / 4, words);
        const unsigned __int128 product = (unsigned __int128)words[b % 4] * samples;
        room[b] =
            (uint64_t)product >= threshold ? (size_t)(product >> 64) : (size_t)assay_random_integer(r, b, samples);
    }
    return (multiblock_bilevel_point){.block = block, .count = o->batch, .samples = room};
}

/* Draws the slots' batches and brings what they will read up to date. */
static void prepare(lazy *f)
{
    const multiblock_bilevel_problem *p = f->problem;
    multiblock_bilevel_state *s = f->state;
    multiblock_bilevel_draw_blocks(p, &f->options, s->t, MULTIBLOCK_BILEVEL_BLOCKS, s->order);
    for (size_t j = 0; j < f->options.sampled_blocks; j++) {
        slot *at = &f->slots[j];
        const size_t i = s->order[j];
        multiblock_bilevel_catch_up_block(f, i);
        const multiblock_bilevel_point lower =
            draw(f, MULTIBLOCK_BILEVEL_LOWER, j, i, p->lower_samples[i], at->lower_samples);
        const multiblock_bilevel_point upper =
            draw(f, MULTIBLOCK_BILEVEL_UPPER, j, i, p->upper_samples[i], at->upper_samples);
        for (int time = 0; time < 2; time++) {
            at->lower[time] = multiblock_bilevel_at(s, lower, (multiblock_bilevel_time)time);
            at->upper[time] = multiblock_bilevel_at(s, upper, (multiblock_bilevel_time)time);
        }
        for (size_t b = 0; f->settled_x && b < lower.count; b++) {
            const size_t k = lower.samples ? lower.samples[b] : b;
            multiblock_bilevel_catch_up_number(f, k);
            s->gradient[k] = s->gradient_before[k] = 0;
        }
    }
}

static bool worth_threads(const lazy *f)
{
    const size_t dy = f->problem->dy, block = f->options.batch * dy + (f->state->hessian ? dy * dy * dy : 0);
    return assay_threads() > 1 && f->options.sampled_blocks * block >= PARALLEL_WORK;
}

static assay_status visit_all(lazy *f)
{
    const size_t sampled = f->options.sampled_blocks;
    const bool parallel = worth_threads(f);
    if (parallel)
        assay_blas_serial_begin();
#pragma omp parallel for schedule(static) num_threads(assay_threads()) if (parallel)
    for (size_t j = 0; j < sampled; j++) {
        slot *s = &f->slots[j];
        s->status = multiblock_bilevel_visit(f, s);
        if (s->status != ASSAY_OK) { /* the message belongs to this thread */
            strncpy(s->detail, assay_error(), sizeof s->detail - 1);
            s->detail[sizeof s->detail - 1] = '\0';
        }
    }
    if (parallel)
        assay_blas_serial_end();
    for (size_t j = 0; j < sampled; j++) {
        if (f->slots[j].status != ASSAY_OK)
            return assay_fail(f->slots[j].status, "%s", f->slots[j].detail);
    }
    return ASSAY_OK;
}

/* z_j = (1 - beta) (z_j - G_before_j) + G_j, and x_j - eta z_j. */
static void next_number(const lazy *f, size_t j, double *next_z, double *next_x)
{
    const multiblock_bilevel_state *s = f->state;
    const double keep = 1 - f->options.beta;
    *next_z = s->gradient[j] + (keep == 0 ? 0 : keep * (s->z[j] - s->gradient_before[j]));
    *next_x = s->x[j] - f->options.eta * *next_z;
}

static assay_status ran_away(const lazy *f, double size)
{
    if (isfinite(size))
        return assay_fail(ASSAY_NOT_CONVERGED, "iteration %zu: |x| is %g, over 1e12: the steps are too large",
                          f->state->t, size);
    return assay_fail(ASSAY_BAD_DATA, "iteration %zu: the hypergradient is not finite", f->state->t);
}

static assay_status move_all(lazy *f)
{
    multiblock_bilevel_state *s = f->state;
    const size_t dx = f->problem->dx;
    memset(s->gradient, 0, dx * sizeof(double));
    memset(s->gradient_before, 0, dx * sizeof(double));
    for (size_t j = 0; j < f->options.sampled_blocks; j++) {
        for (size_t k = 0; k < dx; k++) {
            s->gradient[k] += f->slots[j].gradient[0][k];
            s->gradient_before[k] += f->slots[j].gradient[1][k];
        }
    }
    double squares = 0;
    for (size_t k = 0; k < dx; k++) {
        double next_z, next_x;
        next_number(f, k, &next_z, &next_x);
        squares += next_x * next_x;
    }
    if (!(squares <= 1e24))
        return ran_away(f, sqrt(squares));
    memcpy(s->x_before, s->x, dx * sizeof(double));
    for (size_t k = 0; k < dx; k++) {
        double next_z, next_x;
        next_number(f, k, &next_z, &next_x);
        s->z[k] = next_z;
        s->x[k] = next_x;
    }
    return ASSAY_OK;
}

/* Looks whether the numbers of a slot may move, or moves those that have not moved yet: an example may be drawn twice.
 */
static assay_status move_slot(lazy *f, const slot *at, bool look)
{
    multiblock_bilevel_state *s = f->state;
    for (size_t b = 0; b < at->lower->count; b++) {
        const size_t k = at->lower->samples ? at->lower->samples[b] : b;
        double next_z, next_x;
        if (f->settled_x[k] != s->t)
            continue;
        next_number(f, k, &next_z, &next_x);
        if (!(fabs(next_x) <= 1e12))
            return ran_away(f, fabs(next_x));
        if (look)
            continue;
        s->x_before[k] = s->x[k];
        s->x[k] = next_x;
        s->z[k] = next_z;
        f->settled_x[k] = s->t + 1;
    }
    return ASSAY_OK;
}

/* A slot's share of the gradients, sample by sample where it is known so. */
static void add_touched(const lazy *f, const slot *s, double *const gradient[2])
{
    const double share = 1.0 / (double)f->options.sampled_blocks;
    if (!s->cross[0]) {
        multiblock_bilevel_add_shares(f, s, gradient);
        return;
    }
    for (int time = 0; time < 2; time++) {
        for (size_t b = 0; b < s->lower->count; b++)
            gradient[time][s->lower->samples ? s->lower->samples[b] : b] -= share * s->cross[time][b];
    }
}

/* As move_all(), where only the numbers of the sampled examples move. */
static assay_status move_touched(lazy *f)
{
    double *const gradient[] = {f->state->gradient, f->state->gradient_before};
    assay_status status = ASSAY_OK;
    for (size_t j = 0; j < f->options.sampled_blocks; j++)
        add_touched(f, &f->slots[j], gradient);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 0; status == ASSAY_OK && j < f->options.sampled_blocks; j++)
            status = move_slot(f, &f->slots[j], pass == 0);
    }
    return status;
}

static void count(lazy *f)
{
    multiblock_bilevel_counters *c = &f->state->counters;
    for (size_t j = 0; j < f->options.sampled_blocks; j++) {
        const uint64_t lower = 2 * f->slots[j].lower->count;
        c->lower_gradients += lower;
        c->cross_products += lower;
        c->upper_gradients += 2 * f->slots[j].upper->count;
        if (f->state->v) {
            c->hessian_products += lower;
        } else {
            c->hessians += lower;
            c->solves += 2;
            c->factorisations += 3;
        }
    }
}

static void catch_up_all(lazy *f)
{
    const size_t m = f->problem->blocks;
#pragma omp parallel for schedule(static) num_threads(assay_threads()) if (m * f->problem->dy >= PARALLEL_WORK)
    for (size_t i = 0; i < m; i++)
        multiblock_bilevel_catch_up_block(f, i);
}

static void catch_up_numbers(lazy *f)
{
    for (size_t j = 0; f->settled_x && j < f->problem->dx; j++)
        multiblock_bilevel_catch_up_number(f, j);
}

static assay_status step(void *self)
{
    lazy *f = self;
    prepare(f);
    assay_status status = visit_all(f);
    if (status == ASSAY_OK)
        status = f->settled_x ? move_touched(f) : move_all(f);
    if (status != ASSAY_OK)
        return status;
    count(f);
    f->state->t++;
    if (!f->options.lazy) {
        catch_up_all(f);
        catch_up_numbers(f);
    }
    return ASSAY_OK;
}

static assay_status settle(void *self, double *x, double *y)
{
    lazy *f = self;
    catch_up_numbers(f);
    memcpy(x, f->state->x, f->problem->dx * sizeof *x);
    if (!y)
        return ASSAY_OK;
    catch_up_all(f);
    const size_t all = f->problem->blocks * f->problem->dy;
    if (!multiblock_bilevel_finite(f->state->y, all))
        return assay_fail(ASSAY_BAD_DATA, "iteration %zu: y is not finite: tau is too large", f->state->t);
    memcpy(y, f->state->y, all * sizeof *y);
    return ASSAY_OK;
}

/* ---- Making a run ------------------------------------------------------------------------------------------------ */

/* How many numbers a slot has of each kind, for one time. */
typedef struct slot_sizes {
    size_t batch, square, own_x, pass, cross, each;
} slot_sizes;

static assay_status size_slot(const lazy *f, slot_sizes *size)
{
    const multiblock_bilevel_problem *p = f->problem;
    *size = (slot_sizes){.batch = f->options.full_batch ? 0 : f->options.batch,
                         .square = f->state->hessian ? p->dy * p->dy : 0,
                         .own_x = p->x_per_sample ? 0 : p->dx};
    if (p->lower_pass_pair && p->x_per_sample && f->state->v) {
        size->pass = p->dy;
        size->cross = f->options.full_batch ? p->dx : f->options.batch; /* with x_per_sample a block has dx samples */
    }
    if (__builtin_add_overflow(3 * p->dy + size->square + size->own_x + size->pass, size->cross, &size->each))
        return assay_fail(ASSAY_NO_MEMORY, "dy %zu, dx %zu and batch %zu do not fit", p->dy, p->dx, f->options.batch);
    return ASSAY_OK;
}

static void place_slot(lazy *f, size_t j, const slot_sizes *size)
{
    const size_t dy = f->problem->dy;
    slot *s = &f->slots[j];
    s->lower_samples = f->indices + 2 * j * size->batch;
    s->upper_samples = s->lower_samples + size->batch;
    for (size_t time = 0; time < 2; time++) {
        double *next = f->numbers + (2 * j + time) * size->each;
        s->first[time] = next;
        s->second[time] = next + dy;
        s->direction[time] = next + 2 * dy;
        next += 3 * dy;
        s->matrix[time] = next;
        next += size->square;
        s->gradient[time] = size->own_x ? next : NULL;
        next += size->own_x;
        s->gradient_y[time] = size->pass ? next : NULL;
        s->cross[time] = size->pass ? next + size->pass : NULL;
    }
}

static assay_status make_slots(lazy *f)
{
    const multiblock_bilevel_problem *p = f->problem;
    const size_t sampled = f->options.sampled_blocks;
    size_t numbers, samples;
    slot_sizes size;
    const assay_status status = size_slot(f, &size);
    if (status != ASSAY_OK)
        return status;
    if (__builtin_mul_overflow(2 * sampled, size.each, &numbers) ||
        __builtin_mul_overflow(2 * sampled, size.batch, &samples))
        return assay_fail(ASSAY_NO_MEMORY, "%zu sampled blocks with dy %zu and dx %zu do not fit", sampled, p->dy,
                          p->dx);
    f->slots = assay_allocate(sampled, sizeof *f->slots);
    f->numbers = assay_allocate(numbers, sizeof *f->numbers);
    f->indices = assay_allocate(samples, sizeof *f->indices);
    f->settled = assay_allocate(p->blocks, sizeof *f->settled);
    f->updated = assay_allocate(p->blocks, sizeof *f->updated);
    f->settled_x = p->x_per_sample ? assay_allocate(p->dx, sizeof *f->settled_x) : NULL;
    if (!f->slots || !f->numbers || !f->indices || !f->settled || !f->updated || (p->x_per_sample && !f->settled_x))
        return ASSAY_NO_MEMORY;
    for (size_t j = 0; j < sampled; j++)
        place_slot(f, j, &size);
    return ASSAY_OK;
}

/* Either the lazy run or, for the baselines and at the level of the reference, the reference's state. */
struct multiblock_bilevel_solver {
    lazy lazy;
    bool is_lazy;
};

static assay_status step_any(void *self)
{
    multiblock_bilevel_solver *solver = self;
    return solver->is_lazy ? step(&solver->lazy) : multiblock_bilevel_step(solver->lazy.state);
}

static assay_status settle_any(void *self, double *x, double *y)
{
    multiblock_bilevel_solver *solver = self;
    return solver->is_lazy ? settle(&solver->lazy, x, y) : multiblock_bilevel_copy_out(solver->lazy.state, x, y);
}

void multiblock_bilevel_stop(multiblock_bilevel_solver *solver)
{
    if (!solver)
        return;
    multiblock_bilevel_destroy(solver->lazy.state);
    assay_release(solver->lazy.slots);
    assay_release(solver->lazy.numbers);
    assay_release(solver->lazy.indices);
    assay_release(solver->lazy.settled);
    assay_release(solver->lazy.updated);
    assay_release(solver->lazy.settled_x);
    assay_release(solver);
}

static assay_status begin(const multiblock_bilevel_problem *problem, const multiblock_bilevel_options *options,
                          const double *x, const double *y, multiblock_bilevel_solver **solver)
{
    multiblock_bilevel_solver *s = assay_allocate(1, sizeof *s);
    if (!s)
        return ASSAY_NO_MEMORY;
    s->lazy = (lazy){.problem = problem, .options = multiblock_bilevel_resolve(problem, options)};
    s->is_lazy = assay_cpu_level() != ASSAY_REFERENCE &&
                 (options->method == MULTIBLOCK_BILEVEL_V1 || options->method == MULTIBLOCK_BILEVEL_V2 ||
                  options->method == MULTIBLOCK_BILEVEL_AVERAGE);
    assay_status status = multiblock_bilevel_create(problem, options, x, y, &s->lazy.state);
    if (status == ASSAY_OK && s->is_lazy)
        status = make_slots(&s->lazy);
    if (status == ASSAY_OK)
        *solver = s;
    else
        multiblock_bilevel_stop(s);
    return status;
}

assay_status multiblock_bilevel_start(const multiblock_bilevel_problem *problem,
                                      const multiblock_bilevel_options *options, const double *x, const double *y,
                                      multiblock_bilevel_solver **solver)
{
    const assay_status status = multiblock_bilevel_check_run(problem, options, x, y, NULL);
    if (status != ASSAY_OK)
        return status;
    if (!solver)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "solver is null");
    return begin(problem, options, x, y, solver);
}

assay_status multiblock_bilevel_advance(multiblock_bilevel_solver *solver, size_t iterations)
{
    if (!solver)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "solver is null");
    assay_status status = ASSAY_OK;
    for (size_t t = 0; status == ASSAY_OK && t < iterations; t++)
        status = step_any(solver);
    return status;
}

assay_status multiblock_bilevel_read(multiblock_bilevel_solver *solver, double *x, double *y)
{
    if (!solver || !x)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", solver ? "x" : "solver");
    return settle_any(solver, x, y);
}

assay_status multiblock_bilevel_run(const multiblock_bilevel_problem *problem,
                                    const multiblock_bilevel_options *options, double *x, double *y,
                                    multiblock_bilevel_trace *trace)
{
    assay_status status = multiblock_bilevel_check_run(problem, options, x, y, trace);
    multiblock_bilevel_solver *solver = NULL;
    if (status == ASSAY_OK)
        status = begin(problem, options, x, y, &solver);
    if (status != ASSAY_OK)
        return status;
    const multiblock_bilevel_runner runner = {solver, step_any, settle_any, &solver->lazy.state->counters};
    status = multiblock_bilevel_loop(problem, options, &runner, x, y, trace);
    multiblock_bilevel_stop(solver);
    return status;
}
