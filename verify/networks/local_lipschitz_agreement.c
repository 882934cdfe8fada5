/* local_lipschitz: every level against the reference. */
#include "assay/memory.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>
#include <string.h>

/* The header's promise: sums in another order. A sign or slope is chosen otherwise if a bound comes within rounding of
 * where it changes: at most 300 bounds in a check with some 1e-14 each, 1e-11 in all. */
#define AGREEMENT 1e-9

/* Everything that local_lipschitz_bound() can give, one array after the other. */
static size_t numbers_of(const lipschitz_case *c, size_t rows)
{
    return 2 + rows * (1 + 2 * c->shape.inputs + 2 * c->shape.hidden) + 2 * c->shape.hidden;
}

static assay_status collect(const lipschitz_case *c, size_t row, local_lipschitz_method method,
                            const local_lipschitz_options *options, double *out)
{
    const size_t rows = row == LOCAL_LIPSCHITZ_ALL_ROWS ? c->shape.outputs : 1;
    const size_t jacobian = rows * c->shape.inputs, hidden = c->shape.hidden;
    local_lipschitz_result r;
    memset(&r, 0, sizeof r);
    r.row_values = out + 2;
    r.jacobian_low = r.row_values + rows;
    r.jacobian_high = r.jacobian_low + jacobian;
    r.z_low = r.jacobian_high + jacobian;
    r.z_high = r.z_low + hidden;
    r.g_low = r.z_high + hidden;
    r.g_high = r.g_low + rows * hidden;
    const assay_status status = local_lipschitz_bound(c->network, &c->box, row, method, options, &r);
    out[0] = r.value;
    out[1] = (double)r.unstable;
    for (size_t i = 0; i < numbers_of(c, rows); i++)
        out[i] = isinf(out[i]) ? copysign(1, out[i]) : out[i]; /* "anything" */
    return status;
}

static bool agree(verify_context *v, const lipschitz_case *c, size_t row, local_lipschitz_method method,
                  const local_lipschitz_options *options, const char *name)
{
    const size_t count = numbers_of(c, row == LOCAL_LIPSCHITZ_ALL_ROWS ? c->shape.outputs : 1);
    double *expected = assay_allocate(2 * count, sizeof *expected), *actual = expected + count;
    if (!verify_true(v, expected != NULL, "memory"))
        return false;
    verify_use_reference(v);
    bool good = verify_ok(v, collect(c, row, method, options, expected), "reference, %s", name);
    double *one = good ? assay_allocate(count, sizeof *one) : NULL;
    good = good && verify_true(v, one != NULL, "memory");
    for (const int *threads = verify_thread_counts; good && *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, count * sizeof *actual);
        good = verify_ok(v, collect(c, row, method, options, actual), "%s", name) &&
               verify_agree(v, VERIFY_RELATIVE_NORM, AGREEMENT, VERIFY_F64, expected, actual, count,
                            "method %d, %s, %d threads", (int)method, name, *threads);
        if (threads == verify_thread_counts)
            memcpy(one, actual, count * sizeof *one);
        good = good &&
               verify_true(v, !memcmp(one, actual, count * sizeof *one), "%d threads give the same bits", *threads);
    }
    assay_release(expected);
    assay_release(one);
    return good;
}

/* Widths around the lanes of vectors, one row and all. */
void lipschitz_check_agreement_small(verify_context *v)
{
    static const size_t widths[][6] = {{1, 1, 1}, {3, 2, 5, 4}, {7, 17, 9, 3}, {16, 8, 16, 8, 2}, {9, 33, 31, 7, 5, 3}};
    static const size_t layers[] = {2, 3, 3, 4, 5};
    for (size_t t = 0; t < sizeof layers / sizeof *layers; t++) {
        lipschitz_case c;
        if (!lipschitz_case_make(v, widths[t], layers[t], 0.15, verify_random(v, 1000 + 200 * t), &c))
            return;
        for (int method = 0; method < LOCAL_LIPSCHITZ_METHODS; method++) {
            agree(v, &c, 0, (local_lipschitz_method)method, NULL, "one row");
            agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, (local_lipschitz_method)method, NULL, "all rows");
        }
        lipschitz_case_release(&c);
    }
}

void lipschitz_check_agreement_options(verify_context *v)
{
    static const struct {
        const char *name;
        local_lipschitz_options options;
    } variants[] = {
        {"CROWN with slopes 0", {.forward = LOCAL_LIPSCHITZ_CROWN_ZERO}},
        {"intervals", {.forward = LOCAL_LIPSCHITZ_FORWARD_INTERVAL}},
        {"Euclidean", {.norm = LOCAL_LIPSCHITZ_EUCLIDEAN}},
        {"slopes by the gradient", {.alpha_steps = 4}},
        {"the authors' code", {.strict_code = true}},
        {"rigorous", {.rigorous = true}},
        {"rigorous and Euclidean", {.rigorous = true, .norm = LOCAL_LIPSCHITZ_EUCLIDEAN}},
    };
    lipschitz_case c;
    if (!lipschitz_case_make(v, (size_t[]){6, 19, 14, 9, 3}, 4, 0.1, verify_random(v, 2000), &c))
        return;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        for (int method = 0; method < LOCAL_LIPSCHITZ_METHODS; method++)
            agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, (local_lipschitz_method)method, &variants[i].options,
                  variants[i].name);
    lipschitz_case_release(&c);
}

void lipschitz_check_agreement_convolution(verify_context *v)
{
    const assay_layer layers[] = {
        {.kind = ASSAY_CONVOLUTION, .outputs = 4, .kernel_height = 3, .kernel_width = 3, .stride = 2, .padding = 1},
        {.kind = ASSAY_RELU},
        {.kind = ASSAY_CONVOLUTION,
         .outputs = 5,
         .kernel_height = 2,
         .kernel_width = 3,
         .stride = 1,
         .padding = 1,
         .without_bias = true},
        {.kind = ASSAY_RELU},
        {.kind = ASSAY_DENSE, .outputs = 12},
        {.kind = ASSAY_RELU},
        {.kind = ASSAY_DENSE, .outputs = 3}};
    assay_network *network = NULL;
    lipschitz_case c;
    assay_network_create((assay_shape){1, 8, 7}, layers, 7, &network);
    if (!lipschitz_case_around(v, network, &c))
        return;
    lipschitz_randomise(c.network, verify_random(v, 3000));
    for (size_t i = 0; i < c.shape.inputs; i++) {
        const double x = assay_random_uniform(verify_random(v, 3001), i);
        c.low[i] = x - 0.05;
        c.high[i] = x + 0.05;
    }
    for (int method = 0; method < LOCAL_LIPSCHITZ_METHODS; method++)
        agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, (local_lipschitz_method)method, NULL, "convolutions");
    agree(v, &c, 1, LOCAL_LIPSCHITZ_LINEAR, &(local_lipschitz_options){.rigorous = true}, "rigorous convolutions");
    for (size_t i = 0; i < c.shape.inputs; i++) { /* so wide that no sign is known */
        c.low[i] -= 100;
        c.high[i] += 100;
    }
    agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, LOCAL_LIPSCHITZ_LINEAR, NULL, "convolutions, wide box");
    lipschitz_case_release(&c);
}

/* Wide enough for OpenBLAS and threads. */
void lipschitz_check_agreement_wide(verify_context *v)
{
    lipschitz_case c;
    const bool quick = verify_depth_of(v) == VERIFY_QUICK;
    const size_t widths[] = {70, quick ? 90 : 200, quick ? 80 : 180, 10};
    if (!lipschitz_case_make(v, widths, 3, 0.02, verify_random(v, 4000), &c))
        return;
    agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, LOCAL_LIPSCHITZ_LINEAR, NULL, "wide");
    if (!quick)
        agree(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, LOCAL_LIPSCHITZ_RECURJAC, NULL, "wide");
    lipschitz_case_release(&c);
}

/* ---- The search -------------------------------------------------------------------------------------------------- */

enum { SPLITS = 40, SEARCH_NUMBERS = 7 + 4 * SPLITS };

static assay_status collect_search(const lipschitz_case *c, size_t row, size_t batch, bool feasible, double *out)
{
    local_lipschitz_split history[SPLITS] = {{0}};
    const local_lipschitz_search search = {.splits = SPLITS,
                                           .batch = batch,
                                           .feasible = feasible,
                                           .heuristic = batch == 3 ? LOCAL_LIPSCHITZ_GAP : LOCAL_LIPSCHITZ_AREA,
                                           .history = history,
                                           .history_count = SPLITS};
    local_lipschitz_outcome o;
    memset(&o, 0, sizeof o);
    const assay_status status = local_lipschitz_branch_and_bound(c->network, &c->box, row, NULL, &search, &o);
    const double summary[] = {o.upper,        o.lower,           o.root,       (double)o.splits,
                              (double)o.open, (double)o.domains, (double)o.end};
    memcpy(out, summary, sizeof summary);
    for (size_t i = 0; i < SPLITS; i++) {
        out[7 + 4 * i] = (double)history[i].row;
        out[8 + 4 * i] = (double)history[i].layer;
        out[9 + 4 * i] = (double)history[i].neuron;
        out[10 + 4 * i] = history[i].bound;
    }
    return status;
}

static void agree_search(verify_context *v, const lipschitz_case *c, size_t row, size_t batch, bool feasible)
{
    double expected[SEARCH_NUMBERS], actual[SEARCH_NUMBERS], one[SEARCH_NUMBERS];
    verify_use_reference(v);
    if (!verify_ok(v, collect_search(c, row, batch, feasible, expected), "reference"))
        return;
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(actual, sizeof actual);
        if (!verify_ok(v, collect_search(c, row, batch, feasible, actual), "search") ||
            !verify_agree(v, VERIFY_RELATIVE_NORM, AGREEMENT, VERIFY_F64, expected, actual, SEARCH_NUMBERS,
                          "search of %zu, %d threads", batch, *threads))
            return;
        if (threads == verify_thread_counts)
            memcpy(one, actual, sizeof one);
        verify_true(v, !memcmp(one, actual, sizeof one), "%d threads give the same bits", *threads);
    }
}

/* Another split is made where two scores, or two domains' bounds, are the same to rounding, 1e-12: of 9 searches with
 * 40 splits among 25 neurons and as many domains each, 360 (25 + 25) 1e-12 = 2e-8. */
void lipschitz_check_agreement_search(verify_context *v)
{
    static const size_t widths[][5] = {{3, 5, 4, 2}, {8, 13, 11, 3}, {5, 9, 10, 8, 2}};
    static const size_t layers[] = {3, 3, 4};
    for (size_t t = 0; t < 3; t++) {
        lipschitz_case c;
        if (!lipschitz_case_make(v, widths[t], layers[t], 0.3, verify_random(v, 5000 + 200 * t), &c))
            return;
        agree_search(v, &c, 0, 1, t == 0);
        agree_search(v, &c, 1, 3, false);
        agree_search(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, 8, false);
        lipschitz_case_release(&c);
    }
}
