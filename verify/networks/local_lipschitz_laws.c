/* local_lipschitz: what theory demands of the bounds, whatever the network. */
#include "assay/memory.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <malloc.h>
#include <math.h>
#include <string.h>

/* Rounding of bounds that are equal in theory: some hundred operations of 2^-53, and their growth. */
#define ROUNDING 1e-11

static const local_lipschitz_method every_method[] = {LOCAL_LIPSCHITZ_NAIVE, LOCAL_LIPSCHITZ_INTERVAL,
                                                      LOCAL_LIPSCHITZ_FASTLIP, LOCAL_LIPSCHITZ_RECURJAC,
                                                      LOCAL_LIPSCHITZ_LINEAR};

static size_t many(const verify_context *v, size_t quick, size_t full)
{
    return verify_depth_of(v) == VERIFY_QUICK ? quick : full;
}

static void ordered(verify_context *v, double smaller, double larger, const char *what, size_t t)
{
    verify_at_most(v, lipschitz_ratio(smaller, larger), 1 + ROUNDING, "ratio", "%s, network %zu", what, t);
}

/* That the search with linear programs is exact is asked of the second half, which are always the same networks: one in
 * some millions has a region that is missed by less than 1e-9 and has the largest norm. */
void lipschitz_check_sandwich(verify_context *v)
{
    const size_t cases = many(v, 12, 60);
    lipschitz_case c;
    for (size_t t = 0; t < cases; t++) {
        const bool fixed = t >= cases / 2;
        const size_t row = t % 3;
        if (!lipschitz_case_random(v, true, fixed ? (assay_random){1, 200 * t} : verify_random(v, 1000 + 200 * t), &c))
            return;
        local_lipschitz_search search = {.splits = 20000, .feasible = true};
        local_lipschitz_outcome feasible, plain;
        double exact = NAN;
        verify_ok(v, local_lipschitz_exact(c.network, &c.box, row, 1000000, &exact, NULL), "enumeration");
        verify_ok(v, local_lipschitz_branch_and_bound(c.network, &c.box, row, NULL, &search, &feasible), "search");
        search.feasible = false;
        verify_ok(v, local_lipschitz_branch_and_bound(c.network, &c.box, row, NULL, &search, &plain), "search");
        const double linear = lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_LINEAR);
        const double recurjac = lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_RECURJAC);
        const double interval = lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_INTERVAL);
        ordered(v, lipschitz_sampled(&c, row, 200, verify_random(v, 7)), exact, "sampled <= exact", t);
        ordered(v, feasible.lower, exact, "lower bound of the search <= exact", t);
        ordered(v, exact, feasible.upper, "exact <= search with linear programs", t);
        if (fixed)
            verify_at_most(v, fabs(lipschitz_ratio(feasible.upper, exact) - 1), 1e-9, "relative error",
                           "search with linear programs is exact, network %zu", t);
        ordered(v, feasible.upper, plain.upper, "search with linear programs <= search", t);
        ordered(v, plain.upper, linear, "search <= LINEAR", t);
        ordered(v, linear, recurjac, "LINEAR <= RECURJAC", t);
        ordered(v, recurjac, interval, "RECURJAC <= INTERVAL", t);
        ordered(v, interval, lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_NAIVE), "INTERVAL <= NAIVE", t);
        ordered(v, exact, lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_FASTLIP), "exact <= FASTLIP", t);
        lipschitz_case_release(&c);
    }
}

/* Jacobians, values and differences of points of the box lie within the bounds. */
static void contain(verify_context *v, const lipschitz_case *c, local_lipschitz_method method,
                    const local_lipschitz_options *options, size_t points)
{
    const size_t inputs = c->shape.inputs, hidden = c->shape.hidden, rows = c->shape.outputs;
    double *numbers =
        assay_allocate(2 * (hidden + rows * inputs) + inputs + rows * inputs + rows + 64 * 16, sizeof(double));
    if (!verify_true(v, numbers != NULL, "memory"))
        return;
    double *z_low = numbers, *z_high = z_low + hidden, *j_low = z_high + hidden, *j_high = j_low + rows * inputs;
    double *x = j_high + rows * inputs, *jacobian = x + inputs, *y = jacobian + rows * inputs;
    double *const outputs[] = {y, NULL, y + 256, NULL, y + 512, NULL, y + 768};
    local_lipschitz_result r = {.z_low = z_low, .z_high = z_high, .jacobian_low = j_low, .jacobian_high = j_high};
    bool good = verify_ok(v, local_lipschitz_bound(c->network, &c->box, LOCAL_LIPSCHITZ_ALL_ROWS, method, options, &r),
                          "bound");
    for (size_t t = 0; good && t < points; t++) {
        lipschitz_point(c, verify_random(v, 8), t, x);
        good = verify_ok(v, local_lipschitz_jacobian(c->network, x, LOCAL_LIPSCHITZ_ALL_ROWS, jacobian), "Jacobian") &&
               verify_ok(v, assay_network_trace(c->network, x, 1, outputs), "values");
        double most = 0; /* by how much a bound is exceeded, relative to it */
        for (size_t i = 0; i < rows * inputs; i++)
            most = fmax(most, fmax(j_low[i] - jacobian[i], jacobian[i] - j_high[i]) / (1 + fabs(jacobian[i])));
        verify_at_most(v, most, ROUNDING, "", "J outside its bounds, method %d", (int)method);
        size_t at = 0;
        most = 0;
        for (size_t k = 0; k + 1 < c->shape.layers; k++) {
            const size_t width = assay_network_layer(c->network, 2 * k).outputs;
            for (size_t i = 0; i < width; i++, at++) {
                const double z = outputs[2 * k][i];
                most = fmax(most, fmax(z_low[at] - z, z - z_high[at]) / (1 + fabs(z)));
            }
        }
        verify_at_most(v, most, ROUNDING, "", "z outside its bounds, method %d", (int)method);
    }
    assay_release(numbers);
}

void lipschitz_check_containment(verify_context *v)
{
    const size_t cases = many(v, 10, 60);
    lipschitz_case c;
    for (size_t t = 0; t < cases && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        for (size_t m = 1; m < LOCAL_LIPSCHITZ_METHODS; m++)
            contain(v, &c, every_method[m], NULL, 60);
        const local_lipschitz_options others[] = {{.forward = LOCAL_LIPSCHITZ_CROWN_ZERO, .alpha_steps = 5},
                                                  {.forward = LOCAL_LIPSCHITZ_FORWARD_INTERVAL, .strict_code = true},
                                                  {.rigorous = true, .alpha_steps = 3, .alpha_rate = 2}};
        for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
            contain(v, &c, LOCAL_LIPSCHITZ_LINEAR, &others[o], 60);
            contain(v, &c, LOCAL_LIPSCHITZ_RECURJAC, &others[o], 60);
        }
        lipschitz_case_release(&c);
    }
}

/*
 * A smaller box has no larger bound. Bounds are sublinear in the coefficients, and a smaller box has lines that are
 * nowhere looser; so it is with intervals, and with CROWN if lower slopes are 0: then its bounds are never looser than
 * intervals, which the lines then are derived from alone. Not so with CROWN's own choice of slopes, which jump.
 */
void lipschitz_check_box_monotone(verify_context *v)
{
    static const struct {
        const char *name;
        local_lipschitz_method method;
        local_lipschitz_options options;
    } kinds[] = {
        {"INTERVAL on intervals", LOCAL_LIPSCHITZ_INTERVAL, {.forward = LOCAL_LIPSCHITZ_FORWARD_INTERVAL}},
        {"LINEAR on intervals", LOCAL_LIPSCHITZ_LINEAR, {.forward = LOCAL_LIPSCHITZ_FORWARD_INTERVAL}},
        {"LINEAR on CROWN with slopes 0", LOCAL_LIPSCHITZ_LINEAR, {.forward = LOCAL_LIPSCHITZ_CROWN_ZERO}},
    };
    enum { KINDS = sizeof kinds / sizeof *kinds };
    const size_t cases = many(v, 20, 200);
    lipschitz_case c;
    for (size_t t = 0; t < cases && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        double before[KINDS] = {INFINITY, INFINITY, INFINITY};
        for (int step = 0; step < 6; step++) {
            for (int k = 0; k < KINDS; k++) {
                const double value = lipschitz_value_with(v, &c, 0, kinds[k].method, &kinds[k].options);
                ordered(v, value, before[k], kinds[k].name, t);
                before[k] = value;
            }
            for (size_t i = 0; i < c.shape.inputs; i++) {
                const double width = c.high[i] - c.low[i];
                c.low[i] += 0.3 * width * assay_random_uniform(verify_random(v, 9), 100 * (size_t)step + i);
                c.high[i] -= 0.3 * width * assay_random_uniform(verify_random(v, 10), 100 * (size_t)step + i);
            }
        }
        lipschitz_case_release(&c);
    }
}

/* On a point all but NAIVE give the norm of the Jacobian there. (A neuron within 1e-12 of 0 counts as without a sign:
 * 20 networks of up to 33 neurons, of a density of at most 1 there, 2e-9.) */
void lipschitz_check_point_box(verify_context *v)
{
    lipschitz_case c;
    for (size_t t = 0; t < 20 && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        memcpy(c.high, c.low, c.shape.inputs * sizeof *c.low);
        const double truth = lipschitz_sampled(&c, 1, 1, verify_random(v, 11));
        for (size_t m = 1; m < LOCAL_LIPSCHITZ_METHODS; m++)
            verify_at_most(v, fabs(lipschitz_value(v, &c, 1, every_method[m]) - truth) / (truth + 1e-9), ROUNDING,
                           "relative error", "method %d at a point, network %zu", (int)every_method[m], t);
        double exact = NAN;
        verify_ok(v, local_lipschitz_exact(c.network, &c.box, 1, 10000, &exact, NULL), "enumeration at a point");
        verify_at_most(v, fabs(exact - truth) / (truth + 1e-9), ROUNDING, "relative error", "enumeration at a point");
        lipschitz_case_release(&c);
    }
}

/* Biases so far from 0 that every sign is known: no method but NAIVE has anything to relax. */
void lipschitz_check_stable(verify_context *v)
{
    lipschitz_case c;
    for (size_t t = 0; t < 10 && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        for (size_t k = 0; k + 1 < c.shape.layers; k++) {
            const assay_layer_view layer = assay_network_layer(c.network, 2 * k);
            for (size_t i = 0; i < layer.bias_count; i++)
                layer.biases[i] = i % 3 ? pow(100, (double)k + 1) * (1 + (double)i) : -pow(100, (double)k + 3);
        }
        local_lipschitz_result r = {0};
        verify_ok(v, local_lipschitz_bound(c.network, &c.box, 0, LOCAL_LIPSCHITZ_LINEAR, NULL, &r), "LINEAR");
        verify_true(v, r.unstable == 0, "no sign is unknown, not %zu", r.unstable);
        const double truth = lipschitz_sampled(&c, 0, 1, verify_random(v, 12));
        for (size_t m = 1; m < LOCAL_LIPSCHITZ_METHODS; m++)
            verify_at_most(v, fabs(lipschitz_value(v, &c, 0, every_method[m]) - truth) / (truth + 1e-9), ROUNDING,
                           "relative error", "method %d with known signs, network %zu", (int)every_method[m], t);
        lipschitz_case_release(&c);
    }
}

static void compare_all(verify_context *v, const lipschitz_case *c, const double *before, double factor,
                        const char *what)
{
    for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
        verify_at_most(v, fabs(lipschitz_ratio(lipschitz_value(v, c, 0, every_method[m]), factor * before[m]) - 1),
                       ROUNDING, "relative error", "%s, method %d", what, (int)every_method[m]);
}

/* Scaling a layer scales the bound; scaling a neuron and taking it back in the next layer changes nothing. (Bounds
 * within 1e-12 of 0 count as without a sign, which scaling may change: 10 networks of up to 33 neurons, two bounds
 * each: 1e-9.)
 */
void lipschitz_check_scaling(verify_context *v)
{
    lipschitz_case c;
    for (size_t t = 0; t < 10 && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        double before[LOCAL_LIPSCHITZ_METHODS];
        for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
            before[m] = lipschitz_value(v, &c, 0, every_method[m]);
        const assay_layer_view first = assay_network_layer(c.network, 0), second = assay_network_layer(c.network, 2);
        const size_t neuron = t % first.outputs;
        for (size_t j = 0; j < first.inputs; j++)
            first.weights[neuron * first.inputs + j] *= 3;
        first.biases[neuron] *= 3;
        for (size_t i = 0; i < second.outputs; i++)
            second.weights[i * second.inputs + neuron] /= 3;
        /* The norm of layers, which NAIVE multiplies, is not invariant. */
        const double naive = lipschitz_value(v, &c, 0, LOCAL_LIPSCHITZ_NAIVE);
        before[0] = naive;
        compare_all(v, &c, before, 1, "a neuron scaled");
        for (size_t i = 0; i < first.weight_count; i++)
            first.weights[i] *= 1.7;
        for (size_t k = 0; k < c.shape.layers; k++) {
            const assay_layer_view layer = assay_network_layer(c.network, 2 * k);
            for (size_t i = 0; i < layer.bias_count; i++)
                layer.biases[i] *= 1.7;
        }
        compare_all(v, &c, before, 1.7, "a layer scaled");
        lipschitz_case_release(&c);
    }
}

/* Neurons of the first hidden layer change places with their neighbours, in pairs. */
static void swap_neighbours(const lipschitz_case *c)
{
    const assay_layer_view first = assay_network_layer(c->network, 0), second = assay_network_layer(c->network, 2);
    for (size_t i = 0; i + 1 < first.outputs; i += 2) {
        for (size_t j = 0; j < first.inputs; j++) {
            /* cppcheck-suppress objectIndex ; an array of all weights */
            double *a = &first.weights[i * first.inputs + j], *b = a + first.inputs, kept = *a;
            *a = *b;
            *b = kept;
        }
        const double kept = first.biases[i];
        first.biases[i] = first.biases[i + 1];
        first.biases[i + 1] = kept;
        for (size_t o = 0; o < second.outputs; o++) {
            double *a = second.weights + o * second.inputs + i, *b = a + 1;
            const double held = *a;
            *a = *b;
            *b = held;
        }
    }
}

/* What .rigorous adds, as a share of the bound: some thousand times the roundings of the two values that it is the
 * difference of, so that it is known to a part in a hundred; a neuron that is left out of it is a tenth or more. */
static double allowance(verify_context *v, const lipschitz_case *c, local_lipschitz_method method)
{
    const local_lipschitz_options rigorous = {.rigorous = true};
    const double plain = lipschitz_value(v, c, 0, method), with = lipschitz_value_with(v, c, 0, method, &rigorous);
    return plain > 0 ? (with - plain) / plain : 0;
}

#define ALLOWANCE 0.02

/* Neurons in another order, an output that is there twice. */
void lipschitz_check_permutation(verify_context *v)
{
    lipschitz_case c;
    for (size_t t = 0; t < 10 && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        double before[LOCAL_LIPSCHITZ_METHODS];
        for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
            before[m] = lipschitz_value(v, &c, 0, every_method[m]);
        const double allowed = allowance(v, &c, LOCAL_LIPSCHITZ_LINEAR);
        swap_neighbours(&c);
        compare_all(v, &c, before, 1, "neurons in another order");
        if (allowed > 0)
            verify_at_most(v, fabs(allowance(v, &c, LOCAL_LIPSCHITZ_LINEAR) / allowed - 1), ALLOWANCE, "relative",
                           "allowance for rounding, neurons in another order, network %zu", t);
        const assay_layer_view last = assay_network_layer(c.network, 2 * (c.shape.layers - 1));
        for (size_t o = 1; o < last.outputs; o++)
            memcpy(last.weights + o * last.inputs, last.weights, last.inputs * sizeof *last.weights);
        for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
            verify_at_most(v,
                           fabs(lipschitz_ratio(lipschitz_value(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, every_method[m]),
                                                lipschitz_value(v, &c, 0, every_method[m])) -
                                1),
                           ROUNDING, "relative error", "equal outputs, method %d", (int)every_method[m]);
        lipschitz_case_release(&c);
    }
}

/* One affine layer: the largest row sum, by every method. */
void lipschitz_check_single_layer(verify_context *v)
{
    lipschitz_case c;
    if (!lipschitz_case_make(v, (size_t[]){7, 5}, 1, 0.3, verify_random(v, 1000), &c))
        return;
    const assay_layer_view layer = assay_network_layer(c.network, 0);
    double largest = 0;
    for (size_t i = 0; i < 5; i++) {
        double sum = 0;
        for (size_t j = 0; j < 7; j++)
            sum += fabs(layer.weights[i * 7 + j]);
        largest = fmax(largest, sum);
    }
    for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
        verify_at_most(v, fabs(lipschitz_value(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, every_method[m]) / largest - 1), 1e-15,
                       "relative error", "method %d", (int)every_method[m]);
    local_lipschitz_outcome outcome;
    const local_lipschitz_search search = {.splits = 5};
    verify_ok(v, local_lipschitz_branch_and_bound(c.network, &c.box, 3, NULL, &search, &outcome), "search");
    verify_true(v, outcome.end == LOCAL_LIPSCHITZ_EXACT && outcome.splits == 0, "there is nothing to split");
    lipschitz_case_release(&c);
}

/* Time is looked at between rounds: a search that has none makes at most one, and its bounds hold. */
static void check_budget(verify_context *v, const lipschitz_case *c)
{
    const local_lipschitz_search search = {.splits = 100000, .batch = 1, .seconds = 1e-12};
    local_lipschitz_outcome outcome;
    if (verify_ok(v, local_lipschitz_branch_and_bound(c->network, &c->box, 0, NULL, &search, &outcome), "no time")) {
        verify_true(v, outcome.splits <= 1, "%zu splits without time", outcome.splits);
        verify_true(v, outcome.lower <= outcome.upper && outcome.upper <= outcome.root, "bounds %g, %g, %g",
                    outcome.lower, outcome.upper, outcome.root);
        verify_true(v, (outcome.end == LOCAL_LIPSCHITZ_EXACT) == (outcome.open == 0), "%zu domains are left open",
                    outcome.open);
    }
}

/* The trace of a search falls, from LINEAR on, and ends where it says. */
void lipschitz_check_trace(verify_context *v)
{
    enum { SPLITS = 60 };
    const size_t cases = many(v, 8, 40);
    lipschitz_case c;
    for (size_t t = 0; t < cases && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        local_lipschitz_split history[SPLITS];
        const local_lipschitz_search search = {.splits = SPLITS,
                                               .batch = 1 + t % 4,
                                               .heuristic = t % 2 ? LOCAL_LIPSCHITZ_AREA : LOCAL_LIPSCHITZ_GAP,
                                               .history = history,
                                               .history_count = SPLITS};
        local_lipschitz_outcome outcome;
        if (!verify_ok(
                v,
                local_lipschitz_branch_and_bound(c.network, &c.box, LOCAL_LIPSCHITZ_ALL_ROWS, NULL, &search, &outcome),
                "search"))
            break;
        const double linear = lipschitz_value(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, LOCAL_LIPSCHITZ_LINEAR);
        double before = outcome.root;
        verify_at_most(v, fabs(lipschitz_ratio(outcome.root, linear) - 1), 1e-9, "relative error",
                       "the search begins at LINEAR");
        for (size_t i = 0; i < outcome.splits; i++) {
            verify_true(v, history[i].bound <= before, "split %zu of network %zu raises the bound", i, t);
            verify_true(v, history[i].layer >= 1 && history[i].layer < c.shape.layers, "its layer is %zu",
                        history[i].layer);
            before = history[i].bound;
        }
        verify_true(v, outcome.upper == before || outcome.splits == 0, "the last bound is the result");
        verify_true(v, outcome.lower <= outcome.upper, "the lower bound is below the upper one");
        verify_true(v, (outcome.end == LOCAL_LIPSCHITZ_EXACT) == (outcome.open == 0), "%zu domains are left open",
                    outcome.open);
        ordered(v, lipschitz_sampled(&c, LOCAL_LIPSCHITZ_ALL_ROWS, 100, verify_random(v, 13)), outcome.upper,
                "sampled <= search", t);
        check_budget(v, &c);
        lipschitz_case_release(&c);
    }
}

/* A search to the end without linear programs gives the norm of a product with some signs: that of its last leaf. */
void lipschitz_check_leaf(verify_context *v)
{
    const size_t cases = many(v, 6, 30);
    for (size_t t = 0; t < cases; t++) {
        lipschitz_case c;
        if (!lipschitz_case_make(v, (size_t[]){3, 4, 4, 1}, 3, 0.4, verify_random(v, 1000 + 200 * t), &c))
            return;
        const local_lipschitz_search search = {.splits = 3000, .batch = 1};
        local_lipschitz_outcome outcome;
        verify_ok(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, NULL, &search, &outcome), "search");
        const assay_layer_view w1 = assay_network_layer(c.network, 0), w2 = assay_network_layer(c.network, 2),
                               w3 = assay_network_layer(c.network, 4);
        double nearest = INFINITY;
        for (unsigned signs = 0; signs < 256; signs++) { /* of the 8 neurons */
            double sum = 0;
            for (size_t x = 0; x < 3; x++) {
                double entry = 0;
                for (size_t b = 0; b < 4; b++)
                    for (size_t a = 0; a < 4; a++)
                        if ((signs >> (4 + b) & 1) && (signs >> a & 1))
                            entry += w3.weights[b] * w2.weights[4 * b + a] * w1.weights[3 * a + x];
                sum += fabs(entry);
            }
            nearest = fmin(nearest, fabs(sum - outcome.upper) / (1 + outcome.upper));
        }
        verify_true(v, outcome.end == LOCAL_LIPSCHITZ_EXACT, "the search ends, network %zu", t);
        verify_at_most(v, nearest, ROUNDING, "relative distance", "from a product with known signs, network %zu", t);
        lipschitz_case_release(&c);
    }
}

/* |f_j(x) - f_j(y)| <= L max |x - y|, and the same with the l_2 norm. */
void lipschitz_check_certificate(verify_context *v)
{
    const local_lipschitz_options euclidean = {.norm = LOCAL_LIPSCHITZ_EUCLIDEAN};
    const size_t cases = many(v, 10, 60);
    lipschitz_case c;
    for (size_t t = 0; t < cases && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        for (size_t m = 0; m < LOCAL_LIPSCHITZ_METHODS; m++)
            for (int norm = 0; norm < 2; norm++) {
                const double bound = lipschitz_value_with(v, &c, 2, every_method[m], norm ? &euclidean : NULL);
                for (size_t p = 0; p < 50; p++) {
                    double x[2][16], y[2][3], distance = 0;
                    lipschitz_point(&c, verify_random(v, 14), 2 * p, x[0]);
                    lipschitz_point(&c, verify_random(v, 14), 2 * p + 1, x[1]);
                    for (size_t i = 0; i < c.shape.inputs; i++) {
                        const double d = fabs(x[0][i] - x[1][i]);
                        distance = norm ? hypot(distance, d) : fmax(distance, d);
                    }
                    for (int i = 0; i < 2; i++)
                        verify_ok(v, assay_network_forward(c.network, x[i], 1, y[i]), "values");
                    verify_at_most(v, fabs(y[0][2] - y[1][2]) / (bound * distance + 1e-300), 1 + 1e-9, "ratio",
                                   "change over bound, method %d", (int)every_method[m]);
                }
            }
        lipschitz_case_release(&c);
    }
}

/* Lower slopes by the gradient never loosen the bounds of z (they may loosen what is derived from them), and do tighten
 * some. */
void lipschitz_check_alpha(verify_context *v)
{
    const local_lipschitz_options steps = {.alpha_steps = 20};
    size_t tighter = 0;
    lipschitz_case c;
    for (size_t t = 0; t < 12; t++) {
        /* The second half are always the same networks, of which we know that some bounds become tighter. */
        const assay_random r = t < 6 ? verify_random(v, 1000 + 200 * t) : (assay_random){1, 200 * t};
        if (!lipschitz_case_random(v, true, r, &c))
            return;
        double low[2][32], high[2][32];
        for (int k = 0; k < 2; k++) {
            local_lipschitz_result result = {.z_low = low[k], .z_high = high[k]};
            verify_ok(v,
                      local_lipschitz_bound(c.network, &c.box, 0, LOCAL_LIPSCHITZ_LINEAR, k ? &steps : NULL, &result),
                      "bound");
        }
        for (size_t i = 0; i < c.shape.hidden; i++) {
            verify_at_least(v, low[1][i] - low[0][i], -ROUNDING, "", "lower bound of z[%zu], network %zu", i, t);
            verify_at_most(v, high[1][i] - high[0][i], ROUNDING, "", "upper bound of z[%zu], network %zu", i, t);
            tighter += t < 6 ? 0 : high[1][i] < high[0][i] - 1e-6 || low[1][i] > low[0][i] + 1e-6;
        }
        lipschitz_case_release(&c);
    }
    verify_true(v, tighter > 0, "some bound becomes tighter");
}

void lipschitz_check_euclidean(verify_context *v)
{
    const local_lipschitz_options euclidean = {.norm = LOCAL_LIPSCHITZ_EUCLIDEAN};
    lipschitz_case c;
    for (size_t t = 0; t < 10 && lipschitz_case_random(v, false, verify_random(v, 1000 + 200 * t), &c); t++) {
        double x[16], jacobian[16], largest = 0;
        for (size_t p = 0; p < 100; p++) {
            double norm = 0;
            lipschitz_point(&c, verify_random(v, 15), p, x);
            verify_ok(v, local_lipschitz_jacobian(c.network, x, 1, jacobian), "Jacobian");
            for (size_t i = 0; i < c.shape.inputs; i++)
                norm = hypot(norm, jacobian[i]);
            largest = fmax(largest, norm);
        }
        const double linear = lipschitz_value_with(v, &c, 1, LOCAL_LIPSCHITZ_LINEAR, &euclidean);
        const double recurjac = lipschitz_value_with(v, &c, 1, LOCAL_LIPSCHITZ_RECURJAC, &euclidean);
        const double interval = lipschitz_value_with(v, &c, 1, LOCAL_LIPSCHITZ_INTERVAL, &euclidean);
        ordered(v, largest, linear, "sampled <= LINEAR", t);
        ordered(v, linear, interval, "LINEAR <= INTERVAL", t);
        ordered(v, recurjac, interval, "RECURJAC <= INTERVAL", t);
        ordered(v, interval, lipschitz_value_with(v, &c, 1, LOCAL_LIPSCHITZ_NAIVE, &euclidean), "INTERVAL <= NAIVE", t);
        lipschitz_case_release(&c);
    }
}

/* What is proved to grow does, at sampled points; and proofs do not get lost from INTERVAL to LINEAR. */
void lipschitz_check_monotone(verify_context *v)
{
    const size_t cases = many(v, 10, 60);
    size_t proved = 0;
    lipschitz_case c;
    for (size_t t = 0; t < 2 * cases; t++) {
        /* The second half are always the same networks, of which we know that something can be proved. */
        const assay_random r = t < cases ? verify_random(v, 1000 + 200 * t) : (assay_random){1, 200 * t};
        if (!lipschitz_case_random(v, false, r, &c))
            return;
        for (size_t f = 0; f < c.shape.inputs; f++) {
            local_lipschitz_direction linear = LOCAL_LIPSCHITZ_UNKNOWN, interval = LOCAL_LIPSCHITZ_UNKNOWN;
            verify_ok(v, local_lipschitz_monotone(c.network, &c.box, 0, f, LOCAL_LIPSCHITZ_LINEAR, NULL, &linear),
                      "LINEAR");
            verify_ok(v, local_lipschitz_monotone(c.network, &c.box, 0, f, LOCAL_LIPSCHITZ_INTERVAL, NULL, &interval),
                      "INTERVAL");
            verify_true(v, interval == LOCAL_LIPSCHITZ_UNKNOWN || linear == interval,
                        "LINEAR proves what INTERVAL does");
            proved += t >= cases && linear != LOCAL_LIPSCHITZ_UNKNOWN;
            for (size_t p = 0; linear != LOCAL_LIPSCHITZ_UNKNOWN && p < 40; p++) {
                double x[16], jacobian[16];
                lipschitz_point(&c, verify_random(v, 16), p, x);
                verify_ok(v, local_lipschitz_jacobian(c.network, x, 0, jacobian), "Jacobian");
                const double slope = linear == LOCAL_LIPSCHITZ_INCREASING ? jacobian[f] : -jacobian[f];
                verify_at_least(v, slope, -ROUNDING, "", "slope of what is proved to be monotone");
            }
        }
        lipschitz_case_release(&c);
    }
    verify_true(v, proved > 0, "something is proved");
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static size_t bytes_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* A call leaves nothing behind. What the allocator keeps in a thread's lists of free blocks counts as in use: up to 7
 * of each of 64 sizes up to 1032 bytes, less than 2^18 in all. (Under a sanitizer, which has an allocator and a
 * detector of its own, all numbers are 0.) */
void lipschitz_check_memory(verify_context *v)
{
    enum { FIRST = 16, CALLS = 48, FREE_BLOCKS = 1 << 18 };
    const local_lipschitz_options variants[] = {{0}, {.rigorous = true}, {.alpha_steps = 2}};
    const local_lipschitz_search search = {.splits = 5};
    lipschitz_case c;
    if (!lipschitz_case_make(v, (size_t[]){5, 13, 11, 2}, 3, 0.2, verify_random(v, 7000), &c))
        return;
    verify_use_level(v, 1);
    size_t before = 0;
    for (int call = 0; call < CALLS; call++) {
        for (int method = 0; method < LOCAL_LIPSCHITZ_METHODS; method++)
            for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
                lipschitz_value_with(v, &c, LOCAL_LIPSCHITZ_ALL_ROWS, (local_lipschitz_method)method, &variants[i]);
        local_lipschitz_outcome outcome = {0};
        verify_ok(v, local_lipschitz_branch_and_bound(c.network, &c.box, 0, NULL, &search, &outcome), "search");
        before = call + 1 == FIRST ? bytes_in_use() : before;
    }
    verify_at_most(v, (double)bytes_in_use() - (double)before, FREE_BLOCKS, "bytes",
                   "more in use after %d calls of each method", CALLS - FIRST);
    lipschitz_case_release(&c);
}
