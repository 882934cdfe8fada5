/* Problems that the checks of multiblock_bilevel share. */
#include "verify/bilevel/multiblock_bilevel_checks.h"

#include <math.h>

const multiblock_bilevel_quadratic multiblock_bilevel_default_quadratic = {
    .blocks = 40, .dx = 10, .dy = 5, .samples = 100, .mu = 0.3, .rho = 0.02};

const char *const multiblock_bilevel_family_names[] = {"quadratic", "weights", "ranking"};

/* ---- Small random problems ---- */

enum { EXAMPLES = 24, FEATURES = 4, BLOCKS = 5, ITEMS = 6 };

static assay_status make_small_weights(uint64_t seed, multiblock_bilevel_instance *instance)
{
    const assay_random r = {seed, 900};
    double rows[2 * EXAMPLES * FEATURES], temperatures[BLOCKS];
    signed char label[2 * EXAMPLES];
    for (size_t k = 0; k < 2 * EXAMPLES * FEATURES; k++)
        rows[k] = 0.5 * assay_random_normal(r, k);
    for (size_t k = 0; k < 2 * EXAMPLES; k++)
        label[k] = rows[k * FEATURES] + 0.3 * assay_random_normal(r, 10000 + k) > 0 ? 1 : -1;
    for (size_t i = 0; i < BLOCKS; i++)
        temperatures[i] = 0.3 + 0.2 * (double)i;
    const multiblock_bilevel_examples training = {EXAMPLES, FEATURES, rows, label};
    const multiblock_bilevel_examples validation = {EXAMPLES, FEATURES, rows + EXAMPLES * FEATURES, label + EXAMPLES};
    return multiblock_bilevel_make_weights(&training, &validation, BLOCKS, temperatures, 0.05, instance);
}

/* Number j of the features of item i of a query. */
static double feature(uint64_t seed, size_t query, size_t i, size_t j)
{
    return 0.5 * assay_random_normal((assay_random){seed, 901}, (query * ITEMS + i) * FEATURES + j);
}

bool multiblock_bilevel_is_smooth(multiblock_bilevel_family family, uint64_t seed, const double *x)
{
    bool smooth = true;
    for (size_t pair = 0; family == MULTIBLOCK_BILEVEL_RANKING && pair < BLOCKS * ITEMS * ITEMS; pair++) {
        const size_t query = pair / (ITEMS * ITEMS), i = pair / ITEMS % ITEMS, k = pair % ITEMS;
        double hinge = 1;
        for (size_t j = 0; j < FEATURES; j++)
            hinge += x[j] * (feature(seed, query, k, j) - feature(seed, query, i, j));
        smooth = smooth && fabs(hinge) > 1e-2;
    }
    return smooth;
}

static assay_status make_small_ranking(uint64_t seed, multiblock_bilevel_instance *instance)
{
    const assay_random r = {seed, 901};
    double rows[BLOCKS * ITEMS * FEATURES], relevance[BLOCKS * ITEMS];
    for (size_t k = 0; k < BLOCKS * ITEMS * FEATURES; k++)
        rows[k] = feature(seed, k / (ITEMS * FEATURES), k / FEATURES % ITEMS, k % FEATURES);
    for (size_t k = 0; k < BLOCKS * ITEMS; k++)
        relevance[k] = k % ITEMS == 0 ? 2 : (double)assay_random_integer(r, 10000 + k, 3);
    const multiblock_bilevel_ranking sizes = {.queries = BLOCKS,
                                              .items = ITEMS,
                                              .features = FEATURES,
                                              .top = 2,
                                              .t1 = 0.5,
                                              .t2 = 0.1,
                                              .rows = rows,
                                              .relevance = relevance};
    return multiblock_bilevel_make_ranking(&sizes, instance);
}

assay_status multiblock_bilevel_make_small(multiblock_bilevel_family family, uint64_t seed,
                                           multiblock_bilevel_instance *instance)
{
    if (family == MULTIBLOCK_BILEVEL_WEIGHTS)
        return make_small_weights(seed, instance);
    if (family == MULTIBLOCK_BILEVEL_RANKING)
        return make_small_ranking(seed, instance);
    const multiblock_bilevel_quadratic sizes = {
        .blocks = BLOCKS, .dx = 7, .dy = FEATURES, .samples = 12, .mu = 0.3, .rho = 0.02};
    return multiblock_bilevel_make_quadratic(&sizes, seed, instance);
}

/* ---- The example ---- */

static const double target[] = {1, 3};
static const size_t one_sample[] = {1, 1};

static void lower_gradient(const void *context, const multiblock_bilevel_point *at, double *out)
{
    (void)context;
    *out = at->block == 0 ? 2 * *at->y - (*at->x + 1) : 4 * *at->y - (2 * *at->x - 1);
}

static void lower_hessian(const void *context, const multiblock_bilevel_point *at, double *out)
{
    (void)context;
    *out = at->block == 0 ? 2 : 4;
}

static void lower_hessian_product(const void *context, const multiblock_bilevel_point *at, const double *v, double *out)
{
    lower_hessian(context, at, out);
    *out *= *v;
}

static void lower_cross_product(const void *context, const multiblock_bilevel_point *at, const double *v, double scale,
                                double *sum)
{
    (void)context;
    *sum += scale * (at->block == 0 ? -1 : -2) * *v;
}

static void upper_gradient_y(const void *context, const multiblock_bilevel_point *at, double *out)
{
    (void)context;
    *out = *at->y - target[at->block];
}

static void upper_gradient_x(const void *context, const multiblock_bilevel_point *at, double scale, double *sum)
{
    (void)context;
    *sum += scale * 0.5 * *at->x;
}

static double upper_value(const void *context, const multiblock_bilevel_point *at)
{
    (void)context;
    const double apart = *at->y - target[at->block];
    return 0.5 * apart * apart + 0.25 * *at->x * *at->x;
}

const multiblock_bilevel_problem multiblock_bilevel_example = {.blocks = 2,
                                                               .dx = 1,
                                                               .dy = 1,
                                                               .lower_samples = one_sample,
                                                               .upper_samples = one_sample,
                                                               .lower_gradient = lower_gradient,
                                                               .lower_hessian = lower_hessian,
                                                               .lower_hessian_product = lower_hessian_product,
                                                               .lower_cross_product = lower_cross_product,
                                                               .upper_gradient_y = upper_gradient_y,
                                                               .upper_gradient_x = upper_gradient_x,
                                                               .upper_value = upper_value};
