/* The reference in single precision: the inputs as double, the results rounded at the end. */
#include "assay/memory.h"
#include "reference/attention/lora_gradient_arguments.h"

/* The problem and the results as double, in one piece of memory. */
typedef struct widened {
    lora_gradient_problem problem;
    lora_gradient_result result;
    double *memory;
} widened;

static const double *widen(const float *x, size_t n, double **next)
{
    double *wide = *next;
    for (size_t i = 0; i < n; i++)
        wide[i] = x[i];
    *next += n;
    return wide;
}

static assay_status make_wide(const lora_gradient_problem_f32 *x, const lora_gradient_result_f32 *result, widened *w)
{
    const size_t d = x->width, tokens = x->length * d, adapter = x->rank * d;
    double *next = assay_allocate(5 * tokens + LORA_PARTS * (d * d + 4 * adapter), sizeof *next);
    *w = (widened){.problem = {.length = x->length, .width = d, .rank = x->rank, .alpha = x->alpha, .beta = x->beta},
                   .memory = next};
    if (!next)
        return ASSAY_NO_MEMORY;
    w->problem.target = widen(x->target, tokens, &next);
    for (int m = 0; m < LORA_PARTS; m++) {
        w->problem.tokens[m] = widen(x->tokens[m], tokens, &next);
        w->problem.weight[m] = widen(x->weight[m], d * d, &next);
        if (x->a[m]) {
            w->problem.a[m] = widen(x->a[m], adapter, &next);
            w->problem.b[m] = widen(x->b[m], adapter, &next);
        }
        w->result.a[m] = next;
        w->result.b[m] = next + adapter;
        next += 2 * adapter;
    }
    w->result.output = result->output ? next : NULL;
    return ASSAY_OK;
}

static void narrow(const double *wide, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)wide[i];
}

static void hand_over(const widened *w, lora_gradient_mode mode, lora_gradient_result_f32 *result)
{
    const size_t adapter = w->problem.rank * w->problem.width;
    for (int m = 0; m < LORA_PARTS; m++) {
        if (lora_trains(mode, m)) {
            narrow(w->result.a[m], result->a[m], adapter);
            narrow(w->result.b[m], result->b[m], adapter);
        }
    }
    if (result->output)
        narrow(w->result.output, result->output, w->problem.length * w->problem.width);
    result->loss = w->result.loss;
}

static assay_status begin(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                          lora_gradient_result_f32 *result, widened *w)
{
    lora_view view;
    assay_status status = lora_view_of_f32(problem, result, &view);
    if (status == ASSAY_OK)
        status = lora_check(&view, mode);
    return status ? status : make_wide(problem, result, w);
}

assay_status lora_gradient_reference_exact_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                               lora_gradient_result_f32 *result)
{
    widened w;
    assay_status status = begin(problem, mode, result, &w);
    if (status != ASSAY_OK)
        return status;
    status = lora_gradient_reference_exact(&w.problem, mode, &w.result);
    if (status == ASSAY_OK)
        hand_over(&w, mode, result);
    assay_release(w.memory);
    return status;
}

assay_status lora_gradient_reference_approximate_f32(const lora_gradient_problem_f32 *problem, lora_gradient_mode mode,
                                                     const lora_gradient_options *options,
                                                     lora_gradient_result_f32 *result, lora_gradient_info *info)
{
    widened w;
    assay_status status = begin(problem, mode, result, &w);
    if (status != ASSAY_OK)
        return status;
    status = lora_gradient_reference_approximate(&w.problem, mode, options, &w.result, info);
    if (status == ASSAY_OK)
        hand_over(&w, mode, result);
    assay_release(w.memory);
    return status;
}
