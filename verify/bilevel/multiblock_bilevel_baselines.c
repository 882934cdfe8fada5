/* The methods that the paper compares to, step by step by their formulas on the example with two blocks; and what a run
 * says of itself. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- One iteration by the formulas --------------------------------------------------------------------------------
 */

/* The example: dg_i/dy = c_i y - (l_i x + o_i), d2g/dx dy = -l_i, df_i/dy = y - t_i, df_i/dx = x / 2. */
static const double curvature[] = {2, 4}, slope[] = {1, 2}, offset[] = {1, -1}, target[] = {1, 3};

/* All numbers of a run. */
typedef struct numbers {
    double x, x_before, y[2], y_before[2], s[2], h[2], cross[2], upper[2], z;
} numbers;

static numbers copy(const multiblock_bilevel_state *s)
{
    numbers n = {.x = *s->x, .x_before = *s->x_before, .z = *s->z};
    for (int i = 0; i < 2; i++) {
        n.y[i] = s->y[i];
        n.y_before[i] = s->y_before[i];
        n.s[i] = s->s[i];
        n.h[i] = s->hessian ? s->hessian[i] : 0;
        n.cross[i] = s->cross ? s->cross[i] : 0;
        n.upper[i] = s->upper ? s->upper[i] : 0;
    }
    return n;
}

static double lower_gradient(int i, double x, double y)
{
    return curvature[i] * y - (slope[i] * x + offset[i]);
}

/* e = (1 - alpha) (e - scale before) + scale now. */
static double recur(double e, double now, double before, double alpha, double scale)
{
    return (1 - alpha) * (e - scale * before) + scale * now;
}

/* RSVRB: estimators scaled by m / I; those of a block that is not sampled shrink; x by the estimates of the second
 * sample (here the same blocks), after and before this iteration; every y moves. */
static numbers rsvrb(const numbers *n, const multiblock_bilevel_options *o, const bool sampled[2])
{
    numbers next = *n;
    const double a = o->alpha, share = 1.0 / (double)o->sampled_blocks, scale = 2 * share;
    double now = 0, before = 0;
    for (int i = 0; i < 2; i++) {
        const bool is = sampled[i];
        next.s[i] = is ? recur(n->s[i], lower_gradient(i, n->x, n->y[i]),
                               lower_gradient(i, n->x_before, n->y_before[i]), a, scale)
                       : (1 - a) * n->s[i];
        next.upper[i] =
            is ? recur(n->upper[i], n->y[i] - target[i], n->y_before[i] - target[i], a, scale) : (1 - a) * n->upper[i];
        next.h[i] =
            fmax(is ? recur(n->h[i], curvature[i], curvature[i], a, scale) : (1 - a) * n->h[i], o->hessian_floor);
        next.cross[i] = is ? recur(n->cross[i], -slope[i], -slope[i], a, scale) : (1 - a) * n->cross[i];
        next.y[i] = n->y[i] - o->tau * next.s[i];
        now += is ? share * (n->x / 2 - next.cross[i] / next.h[i] * next.upper[i]) : 0;
        before += is ? share * (n->x_before / 2 - n->cross[i] / n->h[i] * n->upper[i]) : 0;
    }
    next.z = (1 - o->beta) * (n->z - before) + now;
    next.x = n->x - o->eta * next.z;
    return next;
}

/* eta_N sum_{q = 0..Q} (1 - eta_N c)^q f, or K eta_N (1 - eta_N c)^k f. */
static double neumann(const multiblock_bilevel_options *o, int i, double f, size_t k)
{
    const double factor = 1 - o->neumann_step * curvature[i];
    double sum = 0;
    if (o->method == MULTIBLOCK_BILEVEL_SUSTAIN)
        return (double)o->neumann_terms * o->neumann_step * pow(factor, (double)k) * f;
    for (size_t q = 0; q <= o->neumann_terms; q++)
        sum += o->neumann_step * pow(factor, (double)q) * f;
    return sum;
}

/* stocBiO: inner steps of the sampled blocks, then the hypergradient where they led, alone. */
static numbers stocbio(const numbers *n, const multiblock_bilevel_options *o, const bool sampled[2])
{
    numbers next = *n;
    next.z = 0;
    for (int i = 0; i < 2; i++) {
        for (size_t d = 0; sampled[i] && d < o->inner_steps; d++)
            next.y[i] -= o->tau * lower_gradient(i, n->x, next.y[i]);
        if (sampled[i])
            next.z += (n->x / 2 + slope[i] * neumann(o, i, next.y[i] - target[i], 0)) / (double)o->sampled_blocks;
    }
    next.x = n->x - o->eta * next.z;
    return next;
}

/* MRBO and SUSTAIN: recursive momentum on dg/dy of the sampled blocks and on the whole hypergradient, whose Neumann
 * part is the same at both times (k[i] terms for SUSTAIN). */
static numbers recursive(const numbers *n, const multiblock_bilevel_options *o, const bool sampled[2],
                         const size_t k[2])
{
    numbers next = *n;
    double now = 0, before = 0;
    for (int i = 0; i < 2; i++) {
        if (!sampled[i])
            continue;
        next.s[i] = recur(n->s[i], lower_gradient(i, n->x, n->y[i]), lower_gradient(i, n->x_before, n->y_before[i]),
                          o->alpha, 1);
        next.y[i] = n->y[i] - o->tau * next.s[i];
        now += (n->x / 2 + slope[i] * neumann(o, i, n->y[i] - target[i], k[i])) / (double)o->sampled_blocks;
        before +=
            (n->x_before / 2 + slope[i] * neumann(o, i, n->y_before[i] - target[i], k[i])) / (double)o->sampled_blocks;
    }
    next.z = (1 - o->beta) * (n->z - before) + now;
    next.x = n->x - o->eta * next.z;
    return next;
}

/* ---- Against the code ----------------------------------------------------------------------------------------------
 */

static double distance(const numbers *a, const numbers *b, bool estimates)
{
    double most = fmax(fabs(a->x - b->x), fabs(a->z - b->z));
    for (int i = 0; i < 2; i++) {
        most = fmax(most, fabs(a->y[i] - b->y[i]));
        if (estimates)
            most = fmax(most, fmax(fmax(fabs(a->s[i] - b->s[i]), fabs(a->h[i] - b->h[i])),
                                   fmax(fabs(a->cross[i] - b->cross[i]), fabs(a->upper[i] - b->upper[i]))));
    }
    return most;
}

enum { TERMS = 4 };

/* SUSTAIN draws its numbers of terms: those that explain the step best, which are counted. */
static double explain(const numbers *n, const multiblock_bilevel_options *o, const bool sampled[2],
                      const numbers *found, size_t counts[TERMS])
{
    size_t k[2], best = 0;
    double least = INFINITY;
    for (size_t pair = 0; pair < (size_t)TERMS * TERMS; pair++) {
        k[0] = pair / TERMS;
        k[1] = pair % TERMS;
        const numbers next = recursive(n, o, sampled, k);
        const double apart = distance(&next, found, false);
        best = apart < least ? pair : best;
        least = fmin(least, apart);
    }
    for (int i = 0; i < 2; i++)
        counts[i ? best % TERMS : best / TERMS] += sampled[i];
    return least;
}

/* Numbers stay below 10, and an iteration makes at most 40 roundings one after the other. */
#define STEP_LIMIT (400 * 0x1p-53)

static void follow(verify_context *v, multiblock_bilevel_method method, size_t sampled_blocks, size_t iterations)
{
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    size_t *sequence = malloc(iterations * sampled_blocks * sizeof *sequence), counts[TERMS] = {0};
    const double x = 1, y[] = {0.3, -0.2};
    multiblock_bilevel_state *s = NULL;
    o.method = method;
    o.sampled_blocks = sampled_blocks;
    o.block_sequence = sequence;
    o.batch = 1;
    o.eta = 0.05;
    o.tau = 0.1;
    o.alpha = 0.4;
    o.beta = 0.3;
    o.hessian_floor = 1.5;
    o.inner_steps = 3;
    o.neumann_terms = TERMS;
    o.neumann_step = 0.15;
    o.seed = verify_seed_of(v);
    for (size_t k = 0; sequence && k < iterations * sampled_blocks; k++) /* 0 1 1 0 1 1 ..., or both */
        sequence[k] = sampled_blocks == 2 ? k % 2 : k % 3 > 0;
    bool good = verify_true(v, sequence != NULL, "memory") &&
                verify_ok(v, multiblock_bilevel_create(&multiblock_bilevel_example, &o, &x, y, &s), "start");
    const char *name = multiblock_bilevel_method_name(method);
    for (size_t t = 0; good && t < iterations; t++) {
        const numbers n = copy(s);
        const size_t first = sequence[t * sampled_blocks];
        const bool sampled[] = {sampled_blocks == 2 || first == 0, sampled_blocks == 2 || first == 1};
        good = verify_ok(v, multiblock_bilevel_step(s), "%s: iteration %zu", name, t);
        const numbers found = copy(s);
        numbers next = n;
        double apart = 0;
        if (method == MULTIBLOCK_BILEVEL_RSVRB)
            next = rsvrb(&n, &o, sampled);
        else if (method == MULTIBLOCK_BILEVEL_STOCBIO)
            next = stocbio(&n, &o, sampled);
        else if (method == MULTIBLOCK_BILEVEL_MRBO)
            next = recursive(&n, &o, sampled, (const size_t[]){0, 0});
        apart = method == MULTIBLOCK_BILEVEL_SUSTAIN ? explain(&n, &o, sampled, &found, counts)
                                                     : distance(&next, &found, method == MULTIBLOCK_BILEVEL_RSVRB);
        verify_at_most(v, apart, STEP_LIMIT, "absolute error", "%s, %zu of 2 blocks: iteration %zu", name,
                       sampled_blocks, t);
    }
    if (good && method == MULTIBLOCK_BILEVEL_SUSTAIN) {
        /* Uniform: by Hoeffding off by so much with a probability of 1e-10. */
        const double draws = (double)(iterations * sampled_blocks), most = sqrt(log(2e10) / (2 * draws));
        for (size_t k = 0; k < TERMS; k++)
            verify_at_most(v, fabs((double)counts[k] / draws - 1.0 / TERMS), most, "absolute error",
                           "share of %zu terms", k);
    }
    multiblock_bilevel_destroy(s);
    free(sequence);
}

/* False alarms: SUSTAIN's 2 x 4 shares, 8e-10. */
void multiblock_bilevel_check_baselines(verify_context *v)
{
    for (size_t sampled = 1; sampled <= 2; sampled++) {
        follow(v, MULTIBLOCK_BILEVEL_RSVRB, sampled, 60);
        follow(v, MULTIBLOCK_BILEVEL_STOCBIO, sampled, 60);
        follow(v, MULTIBLOCK_BILEVEL_MRBO, sampled, 60);
        follow(v, MULTIBLOCK_BILEVEL_SUSTAIN, sampled, 3000);
    }
}

/* ---- The trace ------------------------------------------------------------------------------------------------------
 */

enum { T = 50, EVERY = 7, ROWS = 9, DX = 7 }; /* rows 0, 7, ..., 49 and 50 */

typedef struct traced {
    size_t iteration[ROWS];
    double norm[ROWS], value[ROWS], x[DX];
    multiblock_bilevel_trace trace;
} traced;

static bool run_traced(verify_context *v, const multiblock_bilevel_problem *p, const multiblock_bilevel_options *o,
                       size_t capacity, traced *r)
{
    double y[256] = {0};
    *r = (traced){{0}, {0}, {0}, {0}, {0}};
    r->trace = (multiblock_bilevel_trace){
        .capacity = capacity, .iteration = r->iteration, .gradient_norm = r->norm, .value = r->value};
    return verify_ok(v, multiblock_bilevel_run(p, o, r->x, y, &r->trace), "run");
}

static bool same_x(const traced *a, const traced *b)
{
    return memcmp(a->x, b->x, sizeof a->x) == 0;
}

/* Rows hold the iterations asked for, with the norm of the hypergradient and F there; those beyond the capacity are
 * dropped. */
static void check_rows(verify_context *v, const multiblock_bilevel_problem *p, const multiblock_bilevel_options *o,
                       const traced *whole)
{
    traced cut;
    verify_true(v, whole->trace.count == ROWS && whole->trace.iterations == T, "%zu rows of %zu iterations",
                whole->trace.count, whole->trace.iterations);
    /* m = 5, I = 2 */
    verify_at_most(v, fabs(whole->trace.gamma - (3 / (2 * (1 - o->alpha)) + 1 - o->alpha)), 0x1p-50, "absolute error",
                   "automatic gamma");
    for (size_t k = 0; k < ROWS; k++) {
        double gradient[DX], value = NAN, squares = 0;
        multiblock_bilevel_options shorter = *o;
        traced part = {.x = {0}};
        const size_t wanted = k + 1 < ROWS ? k * EVERY : T;
        shorter.iterations = wanted;
        shorter.log_every = 0;
        verify_true(v, whole->iteration[k] == wanted, "row %zu is iteration %zu", k, whole->iteration[k]);
        if (wanted > 0 && !run_traced(v, p, &shorter, 0, &part))
            return;
        verify_ok(v, multiblock_bilevel_hypergradient(p, part.x, 1e-12, gradient, NULL, &value), "hypergradient");
        for (size_t j = 0; j < DX; j++)
            squares += gradient[j] * gradient[j];
        verify_at_most(v, fabs(whole->norm[k] - sqrt(squares)), 1e-9, "absolute error", "norm in row %zu", k);
        verify_at_most(v, fabs(whole->value[k] - value), 1e-9, "absolute error", "F in row %zu", k);
    }
    if (run_traced(v, p, o, 4, &cut))
        verify_true(v, cut.trace.count == 4 && cut.iteration[3] == 3 * EVERY && same_x(&cut, whole),
                    "%zu rows fit into 4", cut.trace.count);
}

/* A run stops at the first row whose norm is at most the tolerance. */
static void check_stop(verify_context *v, const multiblock_bilevel_problem *p, const multiblock_bilevel_options *o,
                       const traced *whole)
{
    multiblock_bilevel_options stopping = *o;
    traced stopped;
    size_t first = 0;
    stopping.tolerance = whole->norm[5];
    while (whole->norm[first] > stopping.tolerance)
        first++;
    if (run_traced(v, p, &stopping, ROWS, &stopped))
        verify_true(v, stopped.trace.iterations == whole->iteration[first] && stopped.trace.count == first + 1,
                    "stops after %zu iterations, not %zu", whole->iteration[first], stopped.trace.iterations);
}

/* A random iterate is that of an iteration, each as likely: by Hoeffding the mean place of 400 is off by more than 0.17
 * with 2 exp(-2 400 0.17^2) = 2e-10. */
static void check_random_iterate(verify_context *v, const multiblock_bilevel_problem *p,
                                 const multiblock_bilevel_options *o)
{
    enum { RUNS = 400 };
    multiblock_bilevel_options random = *o;
    double places = 0;
    traced one, same;
    random.random_iterate = true;
    random.log_every = 0;
    for (uint64_t k = 0; k < RUNS; k++) {
        random.seed = o->seed * RUNS + k;
        if (!run_traced(v, p, &random, 0, &one) ||
            !verify_true(v, one.trace.iterations >= 1 && one.trace.iterations <= T, "iterate %zu",
                         one.trace.iterations))
            return;
        places += ((double)one.trace.iterations - 1) / (T - 1) / RUNS;
    }
    verify_at_most(v, fabs(places - 0.5), 0.17, "absolute error", "mean place of random iterates");
    multiblock_bilevel_options shorter = random;
    shorter.random_iterate = false;
    shorter.iterations = one.trace.iterations;
    if (run_traced(v, p, &shorter, 0, &same))
        verify_true(v, same_x(&one, &same), "it is that of iteration %zu", one.trace.iterations);
}

void multiblock_bilevel_check_trace(verify_context *v)
{
    multiblock_bilevel_instance q = {0};
    traced whole;
    if (!verify_ok(v, multiblock_bilevel_make_small(MULTIBLOCK_BILEVEL_QUADRATIC, verify_seed_of(v), &q), "problem"))
        return;
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&q.problem);
    o.iterations = T;
    o.sampled_blocks = 2;
    o.log_every = EVERY;
    o.seed = verify_seed_of(v);
    if (verify_true(v, q.problem.dx == DX && q.problem.blocks == 5, "sizes") &&
        run_traced(v, &q.problem, &o, ROWS, &whole)) {
        check_rows(v, &q.problem, &o, &whole);
        check_stop(v, &q.problem, &o, &whole);
        check_random_iterate(v, &q.problem, &o);
    }
    multiblock_bilevel_release(&q);
}
