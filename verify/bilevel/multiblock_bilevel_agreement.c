/* Agreement of multiblock_bilevel: the fast runs against the reference, over families, methods and sizes. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run to be compared. */
typedef struct scenario {
    const char *name;
    multiblock_bilevel_family family;
    multiblock_bilevel_quadratic sizes; /* quadratic: of these sizes; blocks 0: the small problem */
    multiblock_bilevel_method method;
    size_t sampled, batch, iterations;
    double eta, tau, radius;
} scenario;

static const scenario scenarios[] = {
    {"small v1", MULTIBLOCK_BILEVEL_QUADRATIC, {0}, MULTIBLOCK_BILEVEL_V1, 2, 3, 200, 0.02, 0.05, 100},
    {"small v2", MULTIBLOCK_BILEVEL_QUADRATIC, {0}, MULTIBLOCK_BILEVEL_V2, 2, 3, 200, 0.02, 0.05, 100},
    {"v2 at the ball", MULTIBLOCK_BILEVEL_QUADRATIC, {0}, MULTIBLOCK_BILEVEL_V2, 2, 3, 200, 0.02, 0.05, 0.3},
    {"average", MULTIBLOCK_BILEVEL_QUADRATIC, {0}, MULTIBLOCK_BILEVEL_AVERAGE, 1, 5, 200, 0.02, 0.05, 100},
    {"all blocks", MULTIBLOCK_BILEVEL_QUADRATIC, {0}, MULTIBLOCK_BILEVEL_V1, 5, 2, 200, 0.02, 0.05, 100},
    {"weights v1", MULTIBLOCK_BILEVEL_WEIGHTS, {0}, MULTIBLOCK_BILEVEL_V1, 2, 4, 200, 1, 0.05, 100},
    {"weights v2", MULTIBLOCK_BILEVEL_WEIGHTS, {0}, MULTIBLOCK_BILEVEL_V2, 2, 4, 200, 1, 0.05, 100},
    {"ranking v1", MULTIBLOCK_BILEVEL_RANKING, {0}, MULTIBLOCK_BILEVEL_V1, 2, 3, 200, 0.05, 0.05, 100},
    {"ranking v2", MULTIBLOCK_BILEVEL_RANKING, {0}, MULTIBLOCK_BILEVEL_V2, 2, 3, 200, 0.05, 0.05, 100},
    /* Large enough for threads; dy on both sides of where LAPACK takes over; lengths that are no multiple of lanes. */
    {"dy 29",
     MULTIBLOCK_BILEVEL_QUADRATIC,
     {9, 13, 29, 60, 0.3, 0.02},
     MULTIBLOCK_BILEVEL_V1,
     4,
     8,
     40,
     0.01,
     0.02,
     100},
    {"dy 37",
     MULTIBLOCK_BILEVEL_QUADRATIC,
     {9, 33, 37, 60, 0.3, 0.02},
     MULTIBLOCK_BILEVEL_V1,
     4,
     8,
     40,
     0.01,
     0.02,
     100},
    {"dy 97, v2",
     MULTIBLOCK_BILEVEL_QUADRATIC,
     {9, 17, 97, 60, 0.3, 0.02},
     MULTIBLOCK_BILEVEL_V2,
     7,
     40,
     40,
     0.005,
     0.005,
     100},
};

static assay_status make(const scenario *s, uint64_t seed, multiblock_bilevel_instance *q)
{
    return s->sizes.blocks ? multiblock_bilevel_make_quadratic(&s->sizes, seed, q)
                           : multiblock_bilevel_make_small(s->family, seed, q);
}

static multiblock_bilevel_options options_of(const scenario *s, const multiblock_bilevel_problem *p, uint64_t seed)
{
    multiblock_bilevel_options o = multiblock_bilevel_defaults(p);
    o.method = s->method;
    o.iterations = s->iterations;
    o.sampled_blocks = s->sampled;
    o.batch = s->batch;
    o.eta = s->eta;
    o.tau = s->tau;
    o.radius = s->radius;
    o.alpha = o.beta = 0.2;
    o.hessian_floor = 0.05;
    o.check_hessians = true;
    o.seed = seed;
    return o;
}

/* x and then y, in one array. */
static bool run(verify_context *v, const multiblock_bilevel_problem *p, const multiblock_bilevel_options *o,
                double *numbers)
{
    memset(numbers, 0, (p->dx + p->blocks * p->dy) * sizeof *numbers);
    return verify_ok(v, multiblock_bilevel_run(p, o, numbers, numbers + p->dx, NULL), "run");
}

/* 200 contracting iterations of a few hundred roundings each, and Cholesky for eigenvalues: 1e-9. Between thread counts
 * not one bit may differ. Only the ranking's max(u, 1/N) has a derivative that jumps: each of 30 numbers u passes 1/N,
 * perhaps ten times, in steps of 0.05, and comes within the 2e-14 of rounding with 30 10 2e-14 / 0.05 = 1.2e-10. */
static bool compare_scenario(verify_context *v, const scenario *s, bool lazy)
{
    multiblock_bilevel_instance q = {0};
    if (!verify_ok(v, make(s, verify_seed_of(v), &q), "%s", s->name))
        return false;
    multiblock_bilevel_options o = options_of(s, &q.problem, verify_seed_of(v));
    const size_t n = q.problem.dx + q.problem.blocks * q.problem.dy;
    double *expected = malloc(3 * n * sizeof *expected), *first = expected + n, *actual = first + n;
    bool good = verify_true(v, expected, "memory");
    verify_use_reference(v);
    good = good && run(v, &q.problem, &o, expected);
    o.lazy = lazy;
    for (const int *threads = verify_thread_counts; good && *threads; threads++) {
        verify_use_level(v, *threads);
        good = run(v, &q.problem, &o, actual);
        if (good && threads == verify_thread_counts)
            memcpy(first, actual, n * sizeof *first);
        good =
            good &&
            verify_agree(v, VERIFY_RELATIVE_NORM, 1e-9, VERIFY_F64, expected, actual, n, "%s, %d threads", s->name,
                         *threads) &&
            verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, first, actual, n, "%s, 1 and %d threads", s->name, *threads);
    }
    free(expected);
    multiblock_bilevel_release(&q);
    return good;
}

void multiblock_bilevel_check_agreement(verify_context *v)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (!compare_scenario(v, &scenarios[i], true) || !compare_scenario(v, &scenarios[i], false))
            return;
    }
}

/* A jump of k steps is rounded once where k steps are rounded k times: 2^-53 k each, with k below 200. */
void multiblock_bilevel_check_lazy(verify_context *v)
{
    for (size_t i = 0; i < 9; i++) {
        multiblock_bilevel_instance q = {0};
        if (!verify_ok(v, make(&scenarios[i], verify_seed_of(v), &q), "%s", scenarios[i].name))
            return;
        multiblock_bilevel_options o = options_of(&scenarios[i], &q.problem, verify_seed_of(v));
        const size_t n = q.problem.dx + q.problem.blocks * q.problem.dy;
        double *eager = malloc(2 * n * sizeof *eager), *lazy = eager + n;
        bool good = verify_true(v, eager, "memory");
        o.lazy = false;
        good = good && run(v, &q.problem, &o, eager);
        o.lazy = true;
        good = good && run(v, &q.problem, &o, lazy);
        if (good)
            good = verify_agree(v, VERIFY_RELATIVE_NORM, 1e-12 * (double)o.iterations, VERIFY_F64, eager, lazy, n,
                                "%s, lazy", scenarios[i].name);
        free(eager);
        multiblock_bilevel_release(&q);
        if (!good)
            return;
    }
}

/* A run in pieces, read in between, is the run in one piece. Reading settles blocks, which rounds once more. */
void multiblock_bilevel_check_pieces(verify_context *v)
{
    for (size_t i = 0; i < 9; i++) {
        multiblock_bilevel_instance q = {0};
        multiblock_bilevel_solver *solver = NULL;
        if (!verify_ok(v, make(&scenarios[i], verify_seed_of(v), &q), "%s", scenarios[i].name))
            return;
        const multiblock_bilevel_options o = options_of(&scenarios[i], &q.problem, verify_seed_of(v));
        const size_t n = q.problem.dx + q.problem.blocks * q.problem.dy;
        double *whole = malloc(2 * n * sizeof *whole), *pieces = whole + n;
        bool good = verify_true(v, whole, "memory") && run(v, &q.problem, &o, whole);
        memset(pieces, 0, n * sizeof *pieces);
        good = good &&
               verify_ok(v, multiblock_bilevel_start(&q.problem, &o, pieces, pieces + q.problem.dx, &solver), "start");
        for (int part = 0; good && part < 8; part++)
            good = verify_ok(v, multiblock_bilevel_advance(solver, o.iterations / 8), "part %d", part) &&
                   verify_ok(v, multiblock_bilevel_read(solver, pieces, pieces + q.problem.dx), "read");
        if (good)
            good = verify_agree(v, VERIFY_RELATIVE_NORM, 1e-12 * (double)o.iterations, VERIFY_F64, whole, pieces, n,
                                "%s, in pieces", scenarios[i].name);
        multiblock_bilevel_stop(solver);
        free(whole);
        multiblock_bilevel_release(&q);
        if (!good)
            return;
    }
}
