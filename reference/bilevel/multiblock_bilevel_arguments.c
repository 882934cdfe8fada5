/* Arguments of multiblock_bilevel: defaults, automatic values, ranges. */
#include "reference/bilevel/multiblock_bilevel_reference.h"

#include <math.h>

const char *multiblock_bilevel_method_name(multiblock_bilevel_method method)
{
    static const char *const names[] = {"v1", "v2", "average", "rsvrb", "stocbio", "mrbo", "sustain"};
    return (unsigned)method < MULTIBLOCK_BILEVEL_METHODS ? names[method] : "unknown";
}

multiblock_bilevel_options multiblock_bilevel_defaults(const multiblock_bilevel_problem *problem)
{
    const size_t blocks = problem ? problem->blocks : 1;
    return (multiblock_bilevel_options){.method = MULTIBLOCK_BILEVEL_V1,
                                        .iterations = 1000,
                                        .sampled_blocks = blocks < 8 ? blocks : 8,
                                        .batch = 8,
                                        .eta = 0.02,
                                        .tau = 0.05,
                                        .tau_v = NAN,
                                        .alpha = 0.05,
                                        .beta = 0.05,
                                        .gamma = NAN,
                                        .hessian_floor = 0.1,
                                        .radius = 100,
                                        .inner_steps = 5,
                                        .neumann_terms = 10,
                                        .neumann_step = 0.1,
                                        .memory_limit = (size_t)1 << 30,
                                        .lazy = true};
}

multiblock_bilevel_options multiblock_bilevel_resolve(const multiblock_bilevel_problem *problem,
                                                      const multiblock_bilevel_options *options)
{
    multiblock_bilevel_options o = *options;
    const double m = (double)problem->blocks, sampled = (double)o.sampled_blocks;
    if (isnan(o.tau_v))
        o.tau_v = o.tau;
    if (o.method == MULTIBLOCK_BILEVEL_AVERAGE || (isnan(o.gamma) && o.alpha == 1))
        o.gamma = 0;
    else if (isnan(o.gamma)) /* the weight that makes the cross term of the error vanish */
        o.gamma = (m - sampled) / (sampled * (1 - o.alpha)) + (1 - o.alpha);
    return o;
}

bool multiblock_bilevel_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return false;
    }
    return true;
}

assay_status multiblock_bilevel_check_problem(const multiblock_bilevel_problem *p)
{
    if (!p)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "problem is null");
    if (p->blocks == 0 || p->dx == 0 || p->dy == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "problem has %zu blocks, dx %zu and dy %zu, must be at least 1 each",
                          p->blocks, p->dx, p->dy);
    size_t matrix, numbers;
    if (__builtin_mul_overflow(p->dy, p->dy, &matrix) || __builtin_mul_overflow(p->blocks, matrix, &numbers) ||
        __builtin_mul_overflow(numbers, 4 * sizeof(double), &numbers) ||
        __builtin_mul_overflow(p->dx, 8 * sizeof(double), &numbers))
        return assay_fail(ASSAY_NO_MEMORY, "%zu blocks with dy %zu and dx %zu do not fit in size_t", p->blocks, p->dy,
                          p->dx);
    if (!p->lower_gradient || !p->lower_hessian || !p->lower_hessian_product || !p->lower_cross_product ||
        !p->upper_gradient_y || !p->lower_samples || !p->upper_samples)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "problem lacks a function or its numbers of samples");
    for (size_t i = 0; i < p->blocks; i++) {
        if (p->lower_samples[i] == 0 || p->upper_samples[i] == 0)
            return assay_fail(ASSAY_OUT_OF_RANGE, "problem: %s[%zu] is 0, must be at least 1",
                              p->lower_samples[i] ? "upper_samples" : "lower_samples", i);
        if (p->x_per_sample && p->upper_gradient_x)
            return assay_fail(ASSAY_INVALID_ARGUMENT, "problem: with x_per_sample f must not depend on x");
        if (p->x_per_sample && p->lower_samples[i] != p->dx)
            return assay_fail(ASSAY_INVALID_ARGUMENT,
                              "problem: lower_samples[%zu] is %zu, must be dx = %zu with x_per_sample", i,
                              p->lower_samples[i], p->dx);
    }
    return ASSAY_OK;
}

static assay_status above_zero(const char *name, double value)
{
    if (!(value > 0 && isfinite(value)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %g, must be above 0", name, value);
    return ASSAY_OK;
}

static assay_status fraction(const char *name, double value)
{
    if (!(value > 0 && value <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %g, must be in (0, 1]", name, value);
    return ASSAY_OK;
}

static assay_status check_steps(const multiblock_bilevel_options *o)
{
    const struct {
        const char *name;
        double value;
    } steps[] = {{"eta", o->eta},
                 {"tau", o->tau},
                 {"tau_v", isnan(o->tau_v) ? o->tau : o->tau_v},
                 {"hessian_floor", o->hessian_floor},
                 {"radius", o->radius},
                 {"neumann_step", o->neumann_step}};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < sizeof steps / sizeof *steps; i++)
        status = above_zero(steps[i].name, steps[i].value);
    if (status == ASSAY_OK)
        status = fraction("alpha", o->alpha);
    if (status == ASSAY_OK)
        status = fraction("beta", o->beta);
    if (status == ASSAY_OK && isinf(o->gamma))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "gamma is %g, must be finite, or NaN for automatic", o->gamma);
    if (status == ASSAY_OK && !(o->tolerance >= 0 && isfinite(o->tolerance)))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "tolerance is %g, must be at least 0", o->tolerance);
    return status;
}

static assay_status check_options(const multiblock_bilevel_problem *problem, const multiblock_bilevel_options *o)
{
    if (!o)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options is null");
    if ((unsigned)o->method >= MULTIBLOCK_BILEVEL_METHODS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "method is %d, must be 0 to %d", (int)o->method,
                          MULTIBLOCK_BILEVEL_METHODS - 1);
    if (o->iterations == 0 || o->batch == 0 || o->inner_steps == 0 || o->neumann_terms == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE,
                          "iterations %zu, batch %zu, inner_steps %zu, neumann_terms %zu: must be at least 1 each",
                          o->iterations, o->batch, o->inner_steps, o->neumann_terms);
    if (o->sampled_blocks == 0 || o->sampled_blocks > problem->blocks)
        return assay_fail(ASSAY_OUT_OF_RANGE, "sampled_blocks is %zu, must be 1 to %zu", o->sampled_blocks,
                          problem->blocks);
    size_t draws;
    if (__builtin_mul_overflow(o->iterations, o->sampled_blocks, &draws) ||
        __builtin_mul_overflow(draws, o->batch, &draws))
        return assay_fail(ASSAY_NO_MEMORY, "iterations %zu times sampled_blocks %zu times batch %zu do not fit",
                          o->iterations, o->sampled_blocks, o->batch);
    const assay_status status = check_steps(o);
    if (status != ASSAY_OK)
        return status;
    if (o->alpha == 1 && o->sampled_blocks < problem->blocks)
        return assay_fail(ASSAY_OUT_OF_RANGE, "alpha is 1, must be below 1 when sampled_blocks %zu is below %zu",
                          o->sampled_blocks, problem->blocks);
    for (size_t i = 0; o->block_sequence && i < o->iterations * o->sampled_blocks; i++) {
        if (o->block_sequence[i] >= problem->blocks)
            return assay_fail(ASSAY_OUT_OF_RANGE, "block_sequence[%zu] is %zu, must be below %zu", i,
                              o->block_sequence[i], problem->blocks);
        for (size_t k = i - i % o->sampled_blocks; k < i; k++) {
            if (o->block_sequence[k] == o->block_sequence[i])
                return assay_fail(ASSAY_INVALID_ARGUMENT, "block_sequence[%zu] and [%zu] are both %zu", k, i,
                                  o->block_sequence[i]);
        }
    }
    return ASSAY_OK;
}

assay_status multiblock_bilevel_check_run(const multiblock_bilevel_problem *problem,
                                          const multiblock_bilevel_options *options, const double *x, const double *y,
                                          const multiblock_bilevel_trace *trace)
{
    assay_status status = multiblock_bilevel_check_problem(problem);
    if (status == ASSAY_OK)
        status = check_options(problem, options);
    if (status != ASSAY_OK)
        return status;
    if (!x || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", x ? "y" : "x");
    if (!multiblock_bilevel_finite(x, problem->dx))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "x has a number that is not finite");
    if (!multiblock_bilevel_finite(y, problem->blocks * problem->dy))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "y has a number that is not finite");
    if (trace && trace->capacity && (!trace->iteration || !trace->gradient_norm))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "trace has a capacity of %zu but no room", trace->capacity);
    return ASSAY_OK;
}
