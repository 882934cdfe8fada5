/* Bad input to multiblock_bilevel. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run of the example with one thing wrong; x and y must stay as they were. */
static void refuse(verify_context *v, const multiblock_bilevel_options *o, assay_status expected, const char *mentions)
{
    double x = 0.5, y[] = {0.25, 0.75};
    verify_rejects(v, multiblock_bilevel_run(&multiblock_bilevel_example, o, &x, y, NULL), expected, mentions, "%s",
                   mentions);
    verify_rejects(v, multiblock_bilevel_reference_run(&multiblock_bilevel_example, o, &x, y, NULL), expected, mentions,
                   "reference: %s", mentions);
    verify_true(v, x == 0.5 && y[0] == 0.25 && y[1] == 0.75, "outputs untouched: %s", mentions);
}

#define REFUSE(MEMBER, VALUE, STATUS)                                                                                  \
    do {                                                                                                               \
        multiblock_bilevel_options o_ = multiblock_bilevel_defaults(&multiblock_bilevel_example);                      \
        o_.MEMBER = VALUE;                                                                                             \
        refuse(v, &o_, STATUS, #MEMBER);                                                                               \
    } while (0)

void multiblock_bilevel_check_bad_options(verify_context *v)
{
    static const size_t outside[] = {0, 1, 2, 0}, twice[] = {0, 1, 1, 1};
    REFUSE(method, (multiblock_bilevel_method)99, ASSAY_OUT_OF_RANGE);
    REFUSE(iterations, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(sampled_blocks, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(sampled_blocks, 3, ASSAY_OUT_OF_RANGE);
    REFUSE(batch, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(iterations, SIZE_MAX, ASSAY_NO_MEMORY);
    REFUSE(alpha, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(alpha, 1.5, ASSAY_OUT_OF_RANGE);
    REFUSE(alpha, NAN, ASSAY_OUT_OF_RANGE);
    REFUSE(beta, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(beta, NAN, ASSAY_OUT_OF_RANGE);
    REFUSE(gamma, INFINITY, ASSAY_OUT_OF_RANGE);
    REFUSE(eta, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(eta, -1, ASSAY_OUT_OF_RANGE);
    REFUSE(eta, INFINITY, ASSAY_OUT_OF_RANGE);
    REFUSE(tau, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(tau_v, -1, ASSAY_OUT_OF_RANGE);
    REFUSE(hessian_floor, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(radius, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(neumann_step, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(neumann_terms, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(inner_steps, 0, ASSAY_OUT_OF_RANGE);
    REFUSE(tolerance, -1, ASSAY_OUT_OF_RANGE);
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    o.sampled_blocks = 1;
    o.alpha = 1;
    refuse(v, &o, ASSAY_OUT_OF_RANGE, "alpha");
    o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    o.iterations = 2;
    o.block_sequence = outside;
    refuse(v, &o, ASSAY_OUT_OF_RANGE, "block_sequence");
    o.block_sequence = twice;
    refuse(v, &o, ASSAY_INVALID_ARGUMENT, "block_sequence");
    o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    o.method = MULTIBLOCK_BILEVEL_RSVRB;
    o.memory_limit = 8;
    refuse(v, &o, ASSAY_NO_MEMORY, "memory_limit");
}

/* A Hessian that is not symmetric. */
static void crooked_hessian(const void *context, const multiblock_bilevel_point *at, double *out)
{
    (void)context;
    (void)at;
    const double crooked[] = {2, 0.5, 0.25, 2};
    memcpy(out, crooked, sizeof crooked);
}

static void zero(const void *context, const multiblock_bilevel_point *at, double *out)
{
    (void)context;
    (void)at;
    out[0] = out[1] = 0;
}

static void no_cross(const void *context, const multiblock_bilevel_point *at, const double *direction, double scale,
                     double *sum)
{
    (void)context;
    (void)at;
    (void)direction;
    (void)scale;
    (void)sum;
}

void multiblock_bilevel_check_bad_problems(verify_context *v)
{
    static const size_t none[] = {1, 0};
    double x = 0, y[4] = {0}, gradient = 42;
    multiblock_bilevel_problem p = multiblock_bilevel_example;
    const multiblock_bilevel_options o = multiblock_bilevel_defaults(&p);
    verify_rejects(v, multiblock_bilevel_run(NULL, &o, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "problem", "null");
    verify_rejects(v, multiblock_bilevel_run(&p, NULL, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "options", "null");
    verify_rejects(v, multiblock_bilevel_run(&p, &o, NULL, y, NULL), ASSAY_INVALID_ARGUMENT, "x", "null");
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, NULL, NULL), ASSAY_INVALID_ARGUMENT, "y", "null");
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, y, &(multiblock_bilevel_trace){.capacity = 3}),
                   ASSAY_INVALID_ARGUMENT, "trace", "no room");
    verify_rejects(v, multiblock_bilevel_hypergradient(&p, &x, 0, &gradient, NULL, NULL), ASSAY_OUT_OF_RANGE,
                   "tolerance", "0");
    p.lower_samples = none;
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, y, NULL), ASSAY_OUT_OF_RANGE, "lower_samples[1]", "0 samples");
    p = multiblock_bilevel_example;
    p.lower_gradient = NULL;
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "problem", "no function");
    p = multiblock_bilevel_example;
    p.x_per_sample = true;
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "x_per_sample", "f of x");
    p = multiblock_bilevel_example;
    p.blocks = SIZE_MAX / 8;
    verify_rejects(v, multiblock_bilevel_run(&p, &o, &x, y, NULL), ASSAY_NO_MEMORY, "blocks", "too large");

    multiblock_bilevel_problem crooked = multiblock_bilevel_example;
    crooked.dy = 2;
    crooked.lower_gradient = crooked.upper_gradient_y = zero;
    crooked.lower_hessian = crooked_hessian;
    crooked.lower_cross_product = no_cross;
    multiblock_bilevel_options checked = o;
    checked.check_hessians = true;
    verify_rejects(v, multiblock_bilevel_run(&crooked, &checked, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "Hessian",
                   "not symmetric");
    verify_ok(v, multiblock_bilevel_run(&crooked, &o, &x, y, NULL), "the same, not checked");
}

/* A derivative that becomes NaN once y has moved away from 0. */
static void breaking_gradient(const void *context, const multiblock_bilevel_point *at, double *out)
{
    multiblock_bilevel_example.lower_gradient(context, at, out);
    if (*at->y > 0.3)
        *out = NAN;
}

/* One of a single block. */
static void breaking_block(const void *context, const multiblock_bilevel_point *at, double *out)
{
    const size_t *which = context;
    multiblock_bilevel_example.lower_gradient(NULL, at, out);
    if (at->block == *which && *at->y > 0.3)
        *out = NAN;
}

/* In an iteration each block comes in its turn, always the same: none is overlooked. */
static void refuse_breaking_blocks(verify_context *v)
{
    enum { ITERATIONS = 200 };
    size_t sequence[2 * ITERATIONS];
    for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++)
        sequence[i] = i % 2;
    multiblock_bilevel_problem breaking = multiblock_bilevel_example;
    breaking.lower_gradient = breaking_block;
    for (size_t which = 0; which < breaking.blocks; which++) {
        double x = 1, y[] = {0, 0};
        multiblock_bilevel_options o = multiblock_bilevel_defaults(&breaking);
        o.sampled_blocks = breaking.blocks;
        o.block_sequence = sequence;
        o.iterations = ITERATIONS;
        o.alpha = 0.5;
        breaking.context = &which;
        verify_rejects(v, multiblock_bilevel_run(&breaking, &o, &x, y, NULL), ASSAY_BAD_DATA,
                       which ? "block 1" : "block 0", "NaN for block %zu", which);
    }
}

void multiblock_bilevel_check_bad_numbers(verify_context *v)
{
    refuse_breaking_blocks(v);
    double x = 1, y[] = {0, 0};
    const double not_a_number = NAN;
    multiblock_bilevel_options o = multiblock_bilevel_defaults(&multiblock_bilevel_example);
    verify_rejects(v, multiblock_bilevel_run(&multiblock_bilevel_example, &o, &(double){not_a_number}, y, NULL),
                   ASSAY_INVALID_ARGUMENT, "x", "NaN");
    y[1] = INFINITY;
    verify_rejects(v, multiblock_bilevel_run(&multiblock_bilevel_example, &o, &x, y, NULL), ASSAY_INVALID_ARGUMENT, "y",
                   "infinite");

    multiblock_bilevel_problem breaking = multiblock_bilevel_example;
    breaking.lower_gradient = breaking_gradient;
    o.alpha = 0.5;
    y[1] = 0;
    verify_rejects(v, multiblock_bilevel_run(&breaking, &o, &x, y, NULL), ASSAY_BAD_DATA, "iteration",
                   "NaN from a callback");
    verify_true(v, isfinite(x) && isfinite(y[0]) && isfinite(y[1]) && y[0] > 0, "the last good iterate is returned");

    o.eta = 1e6; /* far above 2 over the curvature: x grows by a factor in every iteration */
    x = 1;
    y[0] = y[1] = 0;
    verify_rejects(v, multiblock_bilevel_run(&multiblock_bilevel_example, &o, &x, y, NULL), ASSAY_NOT_CONVERGED, "|x|",
                   "divergence");
    verify_true(v, fabs(x) <= 1e12 && isfinite(y[0]), "x %g of before it ran away", x);

    multiblock_bilevel_instance q = {0};
    multiblock_bilevel_quadratic sizes = multiblock_bilevel_default_quadratic;
    sizes.mu = 0;
    verify_rejects(v, multiblock_bilevel_make_quadratic(&sizes, 1, &q), ASSAY_OUT_OF_RANGE, "mu", "0");
    sizes = multiblock_bilevel_default_quadratic;
    sizes.blocks = SIZE_MAX / 4;
    verify_rejects(v, multiblock_bilevel_make_quadratic(&sizes, 1, &q), ASSAY_NO_MEMORY, "blocks", "too many");
    const signed char wrong[] = {1, 0};
    const double rows[] = {1, 2}, temperature = 1, cold = 0;
    const multiblock_bilevel_examples bad = {2, 1, rows, wrong}, good = {1, 1, rows, wrong};
    verify_rejects(v, multiblock_bilevel_make_weights(&bad, &good, 1, &temperature, 0.1, &q), ASSAY_OUT_OF_RANGE,
                   "label[1]", "label 0");
    verify_rejects(v, multiblock_bilevel_make_weights(&good, &good, 1, &cold, 0.1, &q), ASSAY_OUT_OF_RANGE,
                   "temperatures[0]", "0");
    verify_rejects(v, multiblock_bilevel_make_weights(&good, &good, 1, &temperature, 0, &q), ASSAY_OUT_OF_RANGE,
                   "lambda", "0");
    const double irrelevant[] = {0, 0};
    const multiblock_bilevel_ranking ranking = {
        .queries = 1, .items = 2, .features = 1, .top = 1, .t1 = 1, .t2 = 1, .rows = rows, .relevance = irrelevant};
    verify_rejects(v, multiblock_bilevel_make_ranking(&ranking, &q), ASSAY_INVALID_ARGUMENT, "query 0", "no gain");
    verify_true(v, !q.data, "nothing was made");
}
