/* Checks of arguments, for the reference and the optimized code alike, in either precision. */
#include "reference/attention/lora_gradient_arguments.h"

#include <math.h>
#include <string.h>

static const char *const part_names[LORA_PARTS] = {"query", "key", "value"};

#define FILL_VIEW(REAL)                                                                                                \
    do {                                                                                                               \
        if (!problem || !result)                                                                                       \
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", problem ? "result" : "problem");                   \
        *view = (lora_view){.length = problem->length,                                                                 \
                            .width = problem->width,                                                                   \
                            .rank = problem->rank,                                                                     \
                            .element = sizeof(REAL),                                                                   \
                            .target = problem->target,                                                                 \
                            .alpha = problem->alpha,                                                                   \
                            .beta = problem->beta,                                                                     \
                            .output = result->output,                                                                  \
                            .loss = &result->loss};                                                                    \
        for (int m = 0; m < LORA_PARTS; m++) {                                                                         \
            view->tokens[m] = problem->tokens[m];                                                                      \
            view->weight[m] = problem->weight[m];                                                                      \
            view->a[m] = problem->a[m];                                                                                \
            view->b[m] = problem->b[m];                                                                                \
            view->grad_a[m] = result->a[m];                                                                            \
            view->grad_b[m] = result->b[m];                                                                            \
        }                                                                                                              \
        return ASSAY_OK;                                                                                               \
    } while (0)

assay_status lora_view_of(const lora_gradient_problem *problem, lora_gradient_result *result, lora_view *view)
{
    FILL_VIEW(double);
}

assay_status lora_view_of_f32(const lora_gradient_problem_f32 *problem, lora_gradient_result_f32 *result,
                              lora_view *view)
{
    FILL_VIEW(float);
}

/* ---- Shapes and pointers -------------------------------------------------------------------------------------- */

static assay_status check_shape(const lora_view *v, lora_gradient_mode mode)
{
    size_t bytes;
    if ((unsigned)mode > LORA_GRADIENT_FULL)
        return assay_fail(ASSAY_OUT_OF_RANGE, "mode is %d, must be 0 or 1", (int)mode);
    if (v->length < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "length is 0, must be at least 1");
    if (v->width < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "width is 0, must be at least 1");
    if (v->rank < 1 || v->rank > v->width)
        return assay_fail(ASSAY_OUT_OF_RANGE, "rank is %zu, must be 1 to the width %zu", v->rank, v->width);
    if (!(v->alpha > 0) || !isfinite(v->alpha))
        return assay_fail(ASSAY_OUT_OF_RANGE, "alpha is %g, must be above 0 and finite", v->alpha);
    if (!(v->beta > 0) || !isfinite(v->beta))
        return assay_fail(ASSAY_OUT_OF_RANGE, "beta is %g, must be above 0 and finite", v->beta);
    if (__builtin_mul_overflow(v->length > v->width ? v->length : v->width, v->width, &bytes) ||
        __builtin_mul_overflow(bytes, 16 * sizeof(double), &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "length %zu times width %zu does not fit in size_t", v->length, v->width);
    return ASSAY_OK;
}

static assay_status check_pointers(const lora_view *v, lora_gradient_mode mode)
{
    if (!v->target)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "target is null");
    for (int m = 0; m < LORA_PARTS; m++) {
        if (!v->tokens[m] || !v->weight[m])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%s] is null", v->tokens[m] ? "weight" : "tokens",
                              part_names[m]);
        if (!v->a[m] != !v->b[m])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "%s[%s] is null, but the adapter's other factor is not",
                              v->a[m] ? "b" : "a", part_names[m]);
        if (!lora_trains(mode, m))
            continue;
        if (!v->a[m])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "a[%s] is null, but the mode trains this adapter", part_names[m]);
        if (!v->grad_a[m] || !v->grad_b[m])
            return assay_fail(ASSAY_INVALID_ARGUMENT, "result %s[%s] is null", v->grad_a[m] ? "b" : "a", part_names[m]);
    }
    return ASSAY_OK;
}

/* ---- Overlap -------------------------------------------------------------------------------------------------- */

/* An array of the problem or the result. */
typedef struct extent {
    const char *name, *part;
    const void *data;
    size_t count;
} extent;

enum { EXTENTS = 4 * LORA_PARTS + 1, OUTPUTS = 2 * LORA_PARTS + 1 };

static bool overlaps(const extent *x, const extent *y, size_t element)
{
    const uintptr_t a = (uintptr_t)x->data, b = (uintptr_t)y->data;
    return a < b + y->count * element && b < a + x->count * element;
}

static size_t list_inputs(const lora_view *v, extent *list)
{
    const size_t tokens = v->length * v->width, square = v->width * v->width, adapter = v->rank * v->width;
    size_t n = 0;
    for (int m = 0; m < LORA_PARTS; m++) {
        if (m == 0 || v->tokens[m] != v->tokens[m - 1])
            list[n++] = (extent){"tokens", part_names[m], v->tokens[m], tokens};
        list[n++] = (extent){"weight", part_names[m], v->weight[m], square};
        if (v->a[m]) {
            list[n++] = (extent){"a", part_names[m], v->a[m], adapter};
            list[n++] = (extent){"b", part_names[m], v->b[m], adapter};
        }
    }
    list[n++] = (extent){"target", "all", v->target, tokens};
    return n;
}

static size_t list_outputs(const lora_view *v, lora_gradient_mode mode, extent *list)
{
    const size_t adapter = v->rank * v->width;
    size_t n = 0;
    for (int m = 0; m < LORA_PARTS; m++) {
        if (lora_trains(mode, m)) {
            list[n++] = (extent){"a", part_names[m], v->grad_a[m], adapter};
            list[n++] = (extent){"b", part_names[m], v->grad_b[m], adapter};
        }
    }
    if (v->output)
        list[n++] = (extent){"output", "all", v->output, v->length * v->width};
    return n;
}

static assay_status check_overlap(const lora_view *v, const extent *in, size_t ins, const extent *out, size_t outs)
{
    for (size_t i = 0; i < outs; i++) {
        for (size_t j = 0; j < ins; j++) {
            if (overlaps(&out[i], &in[j], v->element))
                return assay_fail(ASSAY_INVALID_ARGUMENT, "result %s[%s] overlaps the input %s[%s]", out[i].name,
                                  out[i].part, in[j].name, in[j].part);
        }
        for (size_t j = 0; j < i; j++) {
            if (overlaps(&out[i], &out[j], v->element))
                return assay_fail(ASSAY_INVALID_ARGUMENT, "result %s[%s] overlaps the result %s[%s]", out[i].name,
                                  out[i].part, out[j].name, out[j].part);
        }
    }
    return ASSAY_OK;
}

/* ---- Finite numbers ------------------------------------------------------------------------------------------- */

/* By bit patterns, without branches, because in the almost linear algorithm a pass over the tokens is a cost: with the
 * sign shifted out, adding 1 to an exponent of all ones overflows. */
static bool all_finite_f64(const double *x, size_t n)
{
    uint64_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits = (bits << 1) + (UINT64_C(1) << 53); /* wraps to below 2^53 if it overflows */
        bad |= (uint64_t)(bits < (UINT64_C(1) << 53));
    }
    return !bad;
}

static bool all_finite_f32(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits = (bits << 1) + (UINT32_C(1) << 24);
        bad |= (uint32_t)(bits < (UINT32_C(1) << 24));
    }
    return !bad;
}

static assay_status check_finite(const lora_view *v, const extent *in, size_t ins)
{
    for (size_t j = 0; j < ins; j++) {
        if (v->element == sizeof(double) ? all_finite_f64(in[j].data, in[j].count)
                                         : all_finite_f32(in[j].data, in[j].count))
            continue;
        size_t i = 0;
        while (isfinite(lora_number(v, in[j].data, i)))
            i++;
        return assay_fail(ASSAY_OUT_OF_RANGE, "number %zu of %s[%s] is %g, must be finite", i, in[j].name, in[j].part,
                          lora_number(v, in[j].data, i));
    }
    return ASSAY_OK;
}

assay_status lora_check(const lora_view *view, lora_gradient_mode mode)
{
    extent in[EXTENTS], out[OUTPUTS];
    assay_status status = check_shape(view, mode);
    if (status == ASSAY_OK)
        status = check_pointers(view, mode);
    if (status != ASSAY_OK)
        return status;
    const size_t ins = list_inputs(view, in), outs = list_outputs(view, mode, out);
    status = check_overlap(view, in, ins, out, outs);
    return status ? status : check_finite(view, in, ins);
}

assay_status lora_check_options(const lora_gradient_options *options)
{
    if (!options)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "options is null");
    if (options->degree < -1 || options->degree > LORA_GRADIENT_DEGREE_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "degree is %d, must be -1 (chosen by eps) to %d", options->degree,
                          LORA_GRADIENT_DEGREE_MAX);
    if (options->degree < 0 && !(options->eps > 0 && options->eps < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eps is %g, must be above 0 and below 1", options->eps);
    if ((unsigned)options->kind > LORA_GRADIENT_TAYLOR)
        return assay_fail(ASSAY_OUT_OF_RANGE, "kind is %d, must be 0 or 1", (int)options->kind);
    if ((unsigned)options->chain > LORA_GRADIENT_MOMENTS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "chain is %d, must be 0 to 2", (int)options->chain);
    if (!(options->range >= 0) || !isfinite(options->range))
        return assay_fail(ASSAY_OUT_OF_RANGE, "range is %g, must be finite and at least 0", options->range);
    if (options->features_max < 1 || options->features_max > UINT32_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "features_max is %zu, must be 1 to %u", options->features_max,
                          UINT32_MAX);
    return ASSAY_OK;
}

lora_gradient_options lora_gradient_with_eps(double eps)
{
    return (lora_gradient_options){.eps = eps,
                                   .kind = LORA_GRADIENT_CHEBYSHEV,
                                   .center = true,
                                   .features_max = 20000,
                                   .degree = -1,
                                   .chain = LORA_GRADIENT_CHEAPER};
}

void lora_effective_weight(const lora_view *view, int part, double *weight)
{
    const size_t d = view->width, r = view->rank;
    const double s = lora_scale(view);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            double update = 0;
            for (size_t t = 0; view->a[part] && t < r; t++)
                update += lora_number(view, view->b[part], i * r + t) * lora_number(view, view->a[part], t * d + j);
            weight[i * d + j] = lora_number(view, view->weight[part], i * d + j) + s * update;
        }
    }
}
