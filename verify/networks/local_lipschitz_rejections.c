/* local_lipschitz: bad input gets its error, and outputs stay untouched. */
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>
#include <string.h>

static const double UNTOUCHED = 12345;

/* A good case of 2-3-2, to be spoilt. */
static bool make_good(verify_context *v, lipschitz_case *c)
{
    return lipschitz_case_make(v, (size_t[]){2, 3, 2}, 2, 0.5, verify_random(v, 100), c);
}

static void refuse_layers(verify_context *v, const assay_layer *layers, size_t count, assay_status expected,
                          const char *words, const char *what)
{
    assay_network *network = NULL;
    const double low[2] = {0}, high[2] = {1, 1};
    const local_lipschitz_box box = {low, high, 2};
    local_lipschitz_result result = {.value = UNTOUCHED};
    local_lipschitz_shape shape = {.layers = 77};
    if (!verify_ok(v, assay_network_create((assay_shape){2, 1, 1}, layers, count, &network), "a network"))
        return;
    verify_rejects(v, local_lipschitz_bound(network, &box, 0, LOCAL_LIPSCHITZ_LINEAR, NULL, &result), expected, words,
                   "%s", what);
    verify_rejects(v, local_lipschitz_measure(network, &shape), expected, words, "%s", what);
    verify_true(v, result.value == UNTOUCHED && shape.layers == 77, "outputs are untouched");
    assay_network_release(network);
}

void lipschitz_check_rejects_networks(verify_context *v)
{
    const assay_layer dense = {.kind = ASSAY_DENSE, .outputs = 2}, relu = {.kind = ASSAY_RELU};
    const assay_layer tanh = {.kind = ASSAY_TANH}, wide = {.kind = ASSAY_DENSE, .outputs = 65537};
    refuse_layers(v, &relu, 1, ASSAY_INVALID_ARGUMENT, "layer 0", "ReLU alone: no affine layer");
    refuse_layers(v, (assay_layer[]){dense, dense}, 2, ASSAY_INVALID_ARGUMENT, "layer 1", "two affine layers");
    refuse_layers(v, (assay_layer[]){dense, relu}, 2, ASSAY_INVALID_ARGUMENT, "ends with ReLU", "ReLU at the end");
    refuse_layers(v, (assay_layer[]){dense, tanh, dense}, 3, ASSAY_UNSUPPORTED, "activation", "tanh");
    refuse_layers(v, &wide, 1, ASSAY_OUT_OF_RANGE, "65536", "too wide");
    assay_layer deep[2 * 65 - 1];
    for (size_t k = 0; k < sizeof deep / sizeof *deep; k++)
        deep[k] = k % 2 ? relu : dense;
    refuse_layers(v, deep, 2 * 65 - 1, ASSAY_OUT_OF_RANGE, "more than 64", "too deep");
    lipschitz_case c;
    if (!make_good(v, &c))
        return;
    static const double bad[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++) {
        double *p = assay_network_parameters(c.network) + 7, kept = *p;
        local_lipschitz_result result = {.value = UNTOUCHED};
        *p = bad[i];
        verify_rejects(v, local_lipschitz_bound(c.network, &c.box, 0, LOCAL_LIPSCHITZ_NAIVE, NULL, &result),
                       ASSAY_OUT_OF_RANGE, "parameter 7", "a bias that is %g", bad[i]);
        verify_true(v, result.value == UNTOUCHED, "outputs are untouched");
        *p = kept;
    }
    lipschitz_case_release(&c);
}

static void refuse_bound(verify_context *v, const assay_network *network, const local_lipschitz_box *box, size_t row,
                         int method, const local_lipschitz_options *options, assay_status expected, const char *words)
{
    double numbers[16];
    for (int i = 0; i < 16; i++)
        numbers[i] = UNTOUCHED;
    local_lipschitz_result result = {.value = UNTOUCHED,
                                     .row_values = numbers,
                                     .jacobian_low = numbers + 2,
                                     .jacobian_high = numbers + 6,
                                     .z_low = numbers + 10,
                                     .z_high = numbers + 13};
    verify_rejects(v, local_lipschitz_bound(network, box, row, (local_lipschitz_method)method, options, &result),
                   expected, words, "%s", words);
    verify_rejects(v,
                   local_lipschitz_reference_bound(network, box, row, (local_lipschitz_method)method, options, &result),
                   expected, words, "%s, reference", words);
    bool untouched = result.value == UNTOUCHED;
    for (int i = 0; i < 16; i++)
        untouched = untouched && numbers[i] == UNTOUCHED;
    verify_true(v, untouched, "outputs are untouched by %s", words);
}

void lipschitz_check_rejects_arguments(verify_context *v)
{
    lipschitz_case c;
    if (!make_good(v, &c))
        return;
    const local_lipschitz_box no_low = {NULL, c.high, 2}, no_high = {c.low, NULL, 2}, short_box = {c.low, c.high, 1};
    const double nan[] = {-9, NAN}, infinite[] = {9, INFINITY}, far[] = {9, 9};
    const local_lipschitz_box box_nan = {nan, c.high, 2}, box_infinite = {c.low, infinite, 2},
                              reversed = {far, c.high, 2};
    const int linear = LOCAL_LIPSCHITZ_LINEAR;
    refuse_bound(v, NULL, &c.box, 0, linear, NULL, ASSAY_INVALID_ARGUMENT, "network is null");
    refuse_bound(v, c.network, NULL, 0, linear, NULL, ASSAY_INVALID_ARGUMENT, "box is null");
    refuse_bound(v, c.network, &no_low, 0, linear, NULL, ASSAY_INVALID_ARGUMENT, "box->low is null");
    refuse_bound(v, c.network, &no_high, 0, linear, NULL, ASSAY_INVALID_ARGUMENT, "box->high is null");
    refuse_bound(v, c.network, &short_box, 0, linear, NULL, ASSAY_MISMATCH, "box->count is 1");
    refuse_bound(v, c.network, &box_nan, 0, linear, NULL, ASSAY_OUT_OF_RANGE, "direction 1");
    refuse_bound(v, c.network, &box_infinite, 0, linear, NULL, ASSAY_OUT_OF_RANGE, "direction 1");
    refuse_bound(v, c.network, &reversed, 0, linear, NULL, ASSAY_OUT_OF_RANGE, "low <= high");
    refuse_bound(v, c.network, &c.box, 2, linear, NULL, ASSAY_OUT_OF_RANGE, "row is 2");
    refuse_bound(v, c.network, &c.box, 0, LOCAL_LIPSCHITZ_METHODS, NULL, ASSAY_OUT_OF_RANGE, "method is 5");
    const struct {
        local_lipschitz_options options;
        assay_status status;
        const char *words;
    } options[] = {
        {{.forward = (local_lipschitz_forward)3}, ASSAY_OUT_OF_RANGE, "options->forward is 3"},
        {{.norm = (local_lipschitz_norm)2}, ASSAY_OUT_OF_RANGE, "options->norm is 2"},
        {{.alpha_steps = 10001}, ASSAY_OUT_OF_RANGE, "options->alpha_steps is 10001"},
        {{.alpha_steps = 1, .forward = LOCAL_LIPSCHITZ_FORWARD_INTERVAL}, ASSAY_INVALID_ARGUMENT, "alpha_steps"},
        {{.alpha_rate = -1}, ASSAY_OUT_OF_RANGE, "options->alpha_rate"},
        {{.alpha_factor = 2}, ASSAY_OUT_OF_RANGE, "options->alpha_factor"}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        refuse_bound(v, c.network, &c.box, 0, linear, &options[i].options, options[i].status, options[i].words);
    verify_rejects(v, local_lipschitz_bound(c.network, &c.box, 0, LOCAL_LIPSCHITZ_LINEAR, NULL, NULL),
                   ASSAY_INVALID_ARGUMENT, "result", "no result");
    verify_rejects(v, local_lipschitz_measure(c.network, NULL), ASSAY_INVALID_ARGUMENT, "shape", "no shape");

    double value = UNTOUCHED, jacobian[4] = {UNTOUCHED};
    verify_rejects(v, local_lipschitz_exact(c.network, &c.box, 0, 3, &value, NULL), ASSAY_NOT_CONVERGED, "limit is 3",
                   "too few linear programs");
    verify_rejects(v, local_lipschitz_exact(c.network, &c.box, 5, 99, &value, NULL), ASSAY_OUT_OF_RANGE, "row",
                   "row 5");
    verify_rejects(v, local_lipschitz_exact(c.network, &c.box, 0, 99, NULL, NULL), ASSAY_INVALID_ARGUMENT, "value",
                   "no value");
    verify_rejects(v, local_lipschitz_jacobian(c.network, nan, 0, jacobian), ASSAY_OUT_OF_RANGE, "x[1]", "NaN");
    verify_rejects(v, local_lipschitz_jacobian(c.network, NULL, 0, jacobian), ASSAY_INVALID_ARGUMENT, "x is null", "x");
    verify_rejects(v, local_lipschitz_jacobian(c.network, c.low, 2, jacobian), ASSAY_OUT_OF_RANGE, "row", "row 2");
    local_lipschitz_direction direction = (local_lipschitz_direction)77;
    verify_rejects(v, local_lipschitz_monotone(c.network, &c.box, 0, 2, LOCAL_LIPSCHITZ_LINEAR, NULL, &direction),
                   ASSAY_OUT_OF_RANGE, "feature is 2", "feature 2");
    verify_rejects(v,
                   local_lipschitz_monotone(c.network, &c.box, LOCAL_LIPSCHITZ_ALL_ROWS, 0, LOCAL_LIPSCHITZ_LINEAR,
                                            NULL, &direction),
                   ASSAY_OUT_OF_RANGE, "row", "all rows");
    verify_rejects(v, local_lipschitz_monotone(c.network, &c.box, 0, 0, LOCAL_LIPSCHITZ_LINEAR, NULL, NULL),
                   ASSAY_INVALID_ARGUMENT, "direction", "no direction");
    verify_true(v, value == UNTOUCHED && jacobian[0] == UNTOUCHED && (int)direction == 77, "outputs are untouched");
    lipschitz_case_release(&c);
}

void lipschitz_check_rejects_search(verify_context *v)
{
    lipschitz_case c;
    if (!make_good(v, &c))
        return;
    local_lipschitz_outcome outcome = {.upper = UNTOUCHED};
    const local_lipschitz_search good = {.splits = 1};
    const struct {
        local_lipschitz_search search;
        assay_status status;
        const char *words;
    } searches[] = {{{.batch = 65537}, ASSAY_OUT_OF_RANGE, "batch is 65537"},
                    {{.seconds = -1}, ASSAY_OUT_OF_RANGE, "seconds is -1"},
                    {{.seconds = NAN}, ASSAY_OUT_OF_RANGE, "seconds"},
                    {{.tolerance = -1e-3}, ASSAY_OUT_OF_RANGE, "tolerance is -0.001"},
                    {{.heuristic = (local_lipschitz_heuristic)2}, ASSAY_OUT_OF_RANGE, "heuristic is 2"},
                    {{.history_count = 1}, ASSAY_INVALID_ARGUMENT, "history is null"}};
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
        verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, NULL, &searches[i].search, &outcome),
                       searches[i].status, searches[i].words, "%s", searches[i].words);
    const local_lipschitz_options rigorous = {.rigorous = true}, euclidean = {.norm = LOCAL_LIPSCHITZ_EUCLIDEAN};
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, &rigorous, &good, &outcome),
                   ASSAY_INVALID_ARGUMENT, "rigorous", "rigorous search");
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, &euclidean, &good, &outcome),
                   ASSAY_INVALID_ARGUMENT, "norm", "Euclidean search");
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, NULL, NULL, &outcome),
                   ASSAY_INVALID_ARGUMENT, "search", "no search");
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, NULL, &good, NULL), ASSAY_INVALID_ARGUMENT,
                   "outcome", "no outcome");
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, &c.box, 2, NULL, &good, &outcome), ASSAY_OUT_OF_RANGE,
                   "row is 2", "row 2");
    verify_rejects(v, local_lipschitz_branch_and_bound(c.network, NULL, 0, NULL, &good, &outcome),
                   ASSAY_INVALID_ARGUMENT, "box", "no box");
    verify_true(v, outcome.upper == UNTOUCHED, "outputs are untouched");
    lipschitz_case_release(&c);
}

/* A product of norms beyond the range of double is infinite, and says so. */
void lipschitz_check_overflow(verify_context *v)
{
    lipschitz_case c;
    if (!make_good(v, &c))
        return;
    double *p = assay_network_parameters(c.network);
    for (size_t i = 0; i < assay_network_parameter_count(c.network); i++)
        p[i] *= 1e200;
    for (size_t i = 0; i < 3; i++) /* all neurons active */
        assay_network_layer(c.network, 0).biases[i] = 1e300;
    for (int method = 0; method < LOCAL_LIPSCHITZ_METHODS; method++) {
        local_lipschitz_result result = {0};
        verify_ok(v, local_lipschitz_bound(c.network, &c.box, 0, (local_lipschitz_method)method, NULL, &result),
                  "bound");
        verify_true(v, result.overflow && result.value == INFINITY, "method %d overflows to %g", method, result.value);
    }
    lipschitz_case_release(&c);
}
