/* What the functions of both precisions and all levels share: a look at the arguments whatever their type, and the plan
 * of an approximation. */
#ifndef ASSAY_LORA_GRADIENT_ARGUMENTS_H
#define ASSAY_LORA_GRADIENT_ARGUMENTS_H

#include "assay/lora_gradient.h"

#include <stdint.h>

enum {
    LORA_QUERY = LORA_GRADIENT_QUERY,
    LORA_KEY = LORA_GRADIENT_KEY,
    LORA_VALUE = LORA_GRADIENT_VALUE,
    LORA_PARTS = LORA_GRADIENT_PARTS
};

/* A problem and its result of either precision. */
typedef struct lora_view {
    size_t length, width, rank;
    size_t element; /* size of a number: that of double or float */
    const void *tokens[LORA_PARTS], *target, *weight[LORA_PARTS], *a[LORA_PARTS], *b[LORA_PARTS];
    double alpha, beta;
    void *grad_a[LORA_PARTS], *grad_b[LORA_PARTS], *output;
    double *loss;
} lora_view;

/* ASSAY_INVALID_ARGUMENT for null pointers, else the view; what it shows is not looked at. */
assay_status lora_view_of(const lora_gradient_problem *problem, lora_gradient_result *result, lora_view *view);
assay_status lora_view_of_f32(const lora_gradient_problem_f32 *problem, lora_gradient_result_f32 *result,
                              lora_view *view);

/* Everything that lora_gradient_exact() refuses. */
assay_status lora_check(const lora_view *view, lora_gradient_mode mode);

assay_status lora_check_options(const lora_gradient_options *options);

/* Whether the mode trains the adapter of a part. */
static inline bool lora_trains(lora_gradient_mode mode, int part)
{
    return part != LORA_KEY || mode == LORA_GRADIENT_FULL;
}

/* Number i of an array of the view's type. */
static inline double lora_number(const lora_view *view, const void *array, size_t i)
{
    return view->element == sizeof(double) ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

/* W' = W + s B A of a part, d x d. */
void lora_effective_weight(const lora_view *view, int part, double *weight);

/* s = alpha / r. */
static inline double lora_scale(const lora_view *view)
{
    return view->alpha / (double)view->rank;
}

/* ---- Features ------------------------------------------------------------------------------------------------- */

/* The multisets of {0 .. width-1} of size 0 .. degree, graded, within a degree lexicographic as sorted tuples. Each is
 * its parent, which comes before it, and one variable more. */
typedef struct lora_features {
    size_t count;
    size_t *first;      /* [degree + 2]: where a degree begins, and the count */
    uint32_t *parent;   /* [count]; 0 for the empty multiset */
    uint32_t *variable; /* [count] */
    double *weight;     /* [count]: coefficient of the polynomial times multinomial coefficient */
    void *memory;
} lora_features;

/* Degree, coefficients and features for range R, as the options have it; fills info's range, degree, features, error
 * and bound (@p unit: the unit roundoff of the sums). */
assay_status lora_plan(const lora_gradient_options *options, size_t width, double range, double largest_value,
                       double unit, lora_gradient_info *info, lora_features *features);

void lora_release_features(lora_features *features);

#endif
