/* Many SOR solves in the lanes of vectors: a lane that has converged takes the next problem. */
#include "assay/memory.h"
#include "assay/threads.h"
#include "optimized/solvers/sor_bandit_kernels.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST_LANES = 8 };

/* What the threads share. Which lane and thread solves a problem does not matter to its count. */
typedef struct queue {
    const sor_bandit_kernels *kernels;
    const sor_bandit_skew *skew;
    double neighbour;
    const sor_bandit_problem *problems;
    size_t count;
    const sor_bandit_goal *goal;
    uint32_t *iterations;
    atomic_size_t next;
} queue;

typedef struct lanes {
    double *b, *x; /* elements x lanes */
    double diagonals[MOST_LANES], omegas[MOST_LANES], limits[MOST_LANES];
    size_t problem[MOST_LANES], made[MOST_LANES];
    bool busy[MOST_LANES];
} lanes;

/* Gives a lane the next problem that needs sweeps; without one it goes on with 0 = 0. */
static void take(queue *q, lanes *t, size_t lane)
{
    const sor_bandit_skew *skew = q->skew;
    const size_t width = q->kernels->lanes;
    for (;;) {
        const size_t k = atomic_fetch_add(&q->next, 1);
        const double *b = k < q->count ? q->problems[k].b : NULL;
        double squares = 0;
        for (size_t i = 0; i < skew->rows; i++)
            for (size_t j = 0; j < skew->columns; j++) {
                const size_t at = (size_t)(skew->origin[i + j] + (ptrdiff_t)i) * width + lane;
                t->b[at] = b ? b[i * skew->columns + j] : 0;
                t->x[at] = 0;
                squares += t->b[at] * t->b[at];
            }
        t->busy[lane] = b != NULL;
        t->made[lane] = 0;
        t->problem[lane] = k;
        if (!b)
            return;
        t->diagonals[lane] = q->problems[k].diagonal;
        t->omegas[lane] = q->problems[k].omega;
        t->limits[lane] = q->goal->tolerance * sqrt(squares); /* from x = 0, both kinds of goal are relative to b */
        if (squares > 0)
            return;
        q->iterations[k] = 0;
    }
}

static void work(queue *q, lanes *t)
{
    const size_t width = q->kernels->lanes;
    size_t busy = 0;
    for (size_t lane = 0; lane < width; lane++) {
        t->diagonals[lane] = t->omegas[lane] = 1;
        take(q, t, lane);
        busy += t->busy[lane];
    }
    while (busy > 0) {
        double squares[MOST_LANES];
        q->kernels->sweep_lanes(q->skew, q->neighbour, t->diagonals, t->omegas, t->b, t->x, squares);
        for (size_t lane = 0; lane < width; lane++) {
            if (!t->busy[lane])
                continue;
            t->made[lane]++;
            if (!(sqrt(squares[lane]) < t->limits[lane]) && t->made[lane] < q->goal->limit)
                continue;
            q->iterations[t->problem[lane]] = (uint32_t)t->made[lane];
            take(q, t, lane);
            busy -= !t->busy[lane];
        }
    }
}

/* Problems for each thread below which starting it does not pay. */
enum { FEW = 64 };

static assay_status count_all(queue *q)
{
    const int threads = q->count < FEW ? 1 : assay_threads();
    atomic_bool failed = false;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        lanes t = {.b = sor_bandit_skew_vector(q->skew, q->kernels->lanes),
                   .x = sor_bandit_skew_vector(q->skew, q->kernels->lanes)};
        if (t.b && t.x)
            work(q, &t);
        else
            atomic_store(&failed, true);
        assay_release(t.b);
        assay_release(t.x);
    }
    return atomic_load(&failed) ? assay_fail(ASSAY_NO_MEMORY, "no memory for lanes of %zu elements", q->skew->elements)
                                : ASSAY_OK;
}

assay_status sor_bandit_grid_counts(const sor_bandit_grid *grid, const sor_bandit_problem *problems, size_t count,
                                    const sor_bandit_goal *goal, uint32_t *iterations)
{
    const sor_bandit_kernels *kernels = sor_bandit_kernels_in_force();
    if (!kernels)
        return sor_bandit_reference_grid_counts(grid, problems, count, goal, iterations);
    assay_status status = sor_bandit_check_problems(grid, problems, count, iterations);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status != ASSAY_OK || count == 0)
        return status;
    sor_bandit_skew skew;
    status = sor_bandit_skew_make(grid->rows, grid->columns, SOR_BANDIT_PACKED, &skew);
    if (status != ASSAY_OK)
        return status;
    uint32_t *made = assay_allocate(count, sizeof *made);
    queue q = {kernels, &skew, grid->neighbour, problems, count, goal, made};
    status = made ? count_all(&q) : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu counts", count);
    if (status == ASSAY_OK)
        memcpy(iterations, made, count * sizeof *made);
    assay_release(made);
    sor_bandit_skew_release(&skew);
    return status;
}
