/* Tests of the neural networks: gradients against differences and MPFR, loops against OpenBLAS, training, refusals. */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "assay/network.h"
#include "assay/readers.h"
#include "assay/threads.h"

#include <check.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#define assert_good(CALL) ck_assert_msg((CALL) == ASSAY_OK, "%s", assay_error())

static void to_default_level(void)
{
    assay_cpu_set_level(assay_cpu_best());
    assay_set_threads(0);
}

/* ---- The networks that are tried ------------------------------------------------------------------------------ */

typedef struct example {
    const char *name;
    assay_shape input;
    size_t count;
    assay_layer layers[6];
} example;

#define DENSE(N)                                                                                                       \
    {                                                                                                                  \
        .kind = ASSAY_DENSE, .outputs = (N)                                                                            \
    }
#define CONVOLUTION(N, H, W, S, P)                                                                                     \
    {                                                                                                                  \
        .kind = ASSAY_CONVOLUTION, .outputs = (N), .kernel_height = (H), .kernel_width = (W), .stride = (S),           \
        .padding = (P)                                                                                                 \
    }
#define ELEMENTS(KIND)                                                                                                 \
    {                                                                                                                  \
        .kind = (KIND), .slope = 0.1                                                                                   \
    }

static const example examples[] = {
    {"dense", {3, 1, 1}, 1, {DENSE(4)}},
    {"without bias", {5, 1, 1}, 1, {{.kind = ASSAY_DENSE, .outputs = 3, .without_bias = true}}},
    {"relu", {4, 1, 1}, 3, {DENSE(6), ELEMENTS(ASSAY_RELU), DENSE(3)}},
    {"leaky", {4, 1, 1}, 3, {DENSE(6), ELEMENTS(ASSAY_LEAKY_RELU), DENSE(3)}},
    {"tanh", {4, 1, 1}, 3, {DENSE(6), ELEMENTS(ASSAY_TANH), DENSE(3)}},
    {"sigmoid", {4, 1, 1}, 3, {DENSE(6), ELEMENTS(ASSAY_SIGMOID), DENSE(3)}},
    {"maxmin", {4, 1, 1}, 4, {DENSE(6), ELEMENTS(ASSAY_MAXMIN), DENSE(4), ELEMENTS(ASSAY_MAXMIN)}},
    {"convolution", {2, 5, 4}, 1, {CONVOLUTION(3, 3, 2, 1, 0)}},
    {"padding", {2, 4, 5}, 3, {CONVOLUTION(4, 3, 3, 1, 1), ELEMENTS(ASSAY_RELU), DENSE(3)}},
    {"stride",
     {1, 7, 6},
     5,
     {CONVOLUTION(2, 3, 2, 2, 1), ELEMENTS(ASSAY_MAXMIN), CONVOLUTION(3, 2, 2, 3, 2), ELEMENTS(ASSAY_TANH), DENSE(2)}},
    {"wide padding", {1, 2, 2}, 1, {CONVOLUTION(2, 2, 3, 2, 3)}},
    {"no first weights", {4, 1, 1}, 2, {ELEMENTS(ASSAY_TANH), DENSE(2)}},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

static assay_network *make(const example *e)
{
    assay_network *network;
    ck_assert_msg(assay_network_create(e->input, e->layers, e->count, &network) == ASSAY_OK, "%s: %s", e->name,
                  assay_error());
    double *p = assay_network_parameters(network);
    assert_good(assay_random_fill_normal((assay_random){7, 1}, 0, 0, 0.7, p, assay_network_parameter_count(network)));
    return network;
}

typedef struct problem {
    assay_network *network;
    size_t n, inputs, outputs, parameters;
    double *x, *values;
    size_t *labels;
    double *parameter_gradient, *input_gradient, *y;
} problem;

static problem pose(const example *e, size_t n)
{
    problem p = {.network = make(e), .n = n};
    p.inputs = assay_network_inputs(p.network);
    p.outputs = assay_network_outputs(p.network);
    p.parameters = assay_network_parameter_count(p.network);
    p.x = assay_allocate(n * p.inputs, sizeof(double));
    p.values = assay_allocate(n * p.outputs, sizeof(double));
    p.y = assay_allocate(n * p.outputs, sizeof(double));
    p.labels = assay_allocate(n, sizeof(size_t));
    p.parameter_gradient = assay_allocate(p.parameters, sizeof(double));
    p.input_gradient = assay_allocate(n * p.inputs, sizeof(double));
    assert_good(assay_random_fill_normal((assay_random){7, 2}, 0, 0, 1, p.x, n * p.inputs));
    assert_good(assay_random_fill_normal((assay_random){7, 3}, 0, 0, 1, p.values, n * p.outputs));
    for (size_t i = 0; i < n; i++)
        p.labels[i] = assay_random_integer((assay_random){7, 4}, i, p.outputs);
    return p;
}

static void drop(problem *p)
{
    assay_network_release(p->network);
    assay_release(p->x);
    assay_release(p->values);
    assay_release(p->y);
    assay_release(p->labels);
    assay_release(p->parameter_gradient);
    assay_release(p->input_gradient);
}

static assay_targets targets_of(const problem *p, assay_loss loss)
{
    return (assay_targets){loss, p->labels, p->values};
}

/* ---- Gradients against differences ---------------------------------------------------------------------------- */

static double loss_at(const problem *p, const assay_targets *targets)
{
    double loss;
    assert_good(assay_network_loss(p->network, p->x, p->n, targets, &loss, NULL, NULL));
    return loss;
}

/* (f(t + h) - f(t - h)) / 2h is off by h^2/6 f''' and by rounding, 2^-53 |f| / h: with h = 2^-17 and third derivatives
 * and values below a few hundred, under 1e-8 in all. A step across a kink would show up as an error of the order of the
 * gradient; no number here is that near to one. */
static void compare_gradient(const problem *p, const assay_targets *targets, double *at, const double *gradient,
                             size_t count, const char *name)
{
    const double h = 0x1p-17;
    for (size_t i = 0; i < count; i++) {
        const double kept = at[i];
        at[i] = kept + h;
        const double above = loss_at(p, targets);
        at[i] = kept - h;
        const double below = loss_at(p, targets);
        at[i] = kept;
        const double difference = (above - below) / (2 * h);
        ck_assert_msg(fabs(difference - gradient[i]) <= 1e-7, "%s: gradient %zu is %.12g, differences give %.12g", name,
                      i, gradient[i], difference);
    }
}

START_TEST(gradients_are_differences)
{
    const assay_level levels[] = {ASSAY_REFERENCE, assay_cpu_best()};
    assert_good(assay_cpu_set_level(levels[_i % 2]));
    const example *e = &examples[_i / 2];
    problem p = pose(e, 3);
    for (int loss = ASSAY_CROSS_ENTROPY; loss <= ASSAY_SQUARED_ERROR; loss++) {
        const assay_targets targets = targets_of(&p, (assay_loss)loss);
        double value;
        assert_good(assay_network_loss(p.network, p.x, p.n, &targets, &value, p.parameter_gradient, p.input_gradient));
        ck_assert_double_eq(value, loss_at(&p, &targets));
        compare_gradient(&p, &targets, assay_network_parameters(p.network), p.parameter_gradient, p.parameters,
                         e->name);
        compare_gradient(&p, &targets, p.x, p.input_gradient, p.n * p.inputs, e->name);
    }
    drop(&p);
}
END_TEST

/* ---- Against MPFR --------------------------------------------------------------------------------------------- */

enum { BITS = 300, WIDEST = 8 };

/* -log softmax(net(x))[label] in BITS bits for dense, leaky, tanh and sigmoid layers. Parameters and inputs are those
 * of the network but for number @p moved of them (parameters first), which is shifted by @p shift. */
static void exact_loss(mpfr_t loss, const problem *p, size_t moved, const mpfr_t shift)
{
    mpfr_t z[WIDEST], y[WIDEST], t;
    mpfr_init2(t, BITS);
    for (int i = 0; i < WIDEST; i++)
        mpfr_inits2(BITS, z[i], y[i], (mpfr_ptr)0);
    const double *parameters = assay_network_parameters(p->network);
    for (size_t j = 0; j < p->inputs; j++) {
        mpfr_set_d(z[j], p->x[j], MPFR_RNDN);
        if (moved == p->parameters + j)
            mpfr_add(z[j], z[j], shift, MPFR_RNDN);
    }
    for (size_t k = 0; k < assay_network_layers(p->network); k++) {
        const assay_layer_view layer = assay_network_layer(p->network, k);
        for (size_t o = 0; o < layer.outputs; o++) {
            if (layer.layer.kind == ASSAY_DENSE) {
                mpfr_set_zero(y[o], 1);
                for (size_t j = 0; j <= layer.inputs; j++) { /* the bias last */
                    const double *w = j < layer.inputs ? &layer.weights[o * layer.inputs + j] : &layer.biases[o];
                    mpfr_set_d(t, *w, MPFR_RNDN);
                    if (moved == (size_t)(w - parameters))
                        mpfr_add(t, t, shift, MPFR_RNDN);
                    if (j < layer.inputs)
                        mpfr_mul(t, t, z[j], MPFR_RNDN);
                    mpfr_add(y[o], y[o], t, MPFR_RNDN);
                }
            } else if (layer.layer.kind == ASSAY_TANH) {
                mpfr_tanh(y[o], z[o], MPFR_RNDN);
            } else if (layer.layer.kind == ASSAY_SIGMOID) {
                mpfr_neg(t, z[o], MPFR_RNDN);
                mpfr_exp(t, t, MPFR_RNDN);
                mpfr_add_ui(t, t, 1, MPFR_RNDN);
                mpfr_ui_div(y[o], 1, t, MPFR_RNDN);
            } else {
                ck_assert_int_eq(layer.layer.kind, ASSAY_LEAKY_RELU);
                mpfr_mul_d(y[o], z[o], mpfr_sgn(z[o]) > 0 ? 1 : layer.layer.slope, MPFR_RNDN);
            }
        }
        for (size_t o = 0; o < layer.outputs; o++)
            mpfr_swap(z[o], y[o]);
    }
    mpfr_set_zero(loss, 1);
    for (size_t o = 0; o < p->outputs; o++) {
        mpfr_exp(t, z[o], MPFR_RNDN);
        mpfr_add(loss, loss, t, MPFR_RNDN);
    }
    mpfr_log(loss, loss, MPFR_RNDN);
    mpfr_sub(loss, loss, z[p->labels[0]], MPFR_RNDN);
    mpfr_clear(t);
    for (int i = 0; i < WIDEST; i++)
        mpfr_clears(z[i], y[i], (mpfr_ptr)0);
}

/* Sums of at most 6 terms of order 1, six layers deep: 100 roundings of numbers below 10 are less than 1e-13. The
 * difference in MPFR is off by 2^-160 and 2^-300+80. */
START_TEST(a_tiny_network_agrees_with_mpfr)
{
    static const example tiny = {
        "tiny",
        {3, 1, 1},
        6,
        {DENSE(6), ELEMENTS(ASSAY_TANH), DENSE(5), ELEMENTS(ASSAY_LEAKY_RELU), ELEMENTS(ASSAY_SIGMOID), DENSE(4)}};
    assert_good(assay_cpu_set_level(_i ? assay_cpu_best() : ASSAY_REFERENCE));
    problem p = pose(&tiny, 1);
    const assay_targets targets = targets_of(&p, ASSAY_CROSS_ENTROPY);
    double value;
    assert_good(assay_network_loss(p.network, p.x, 1, &targets, &value, p.parameter_gradient, p.input_gradient));
    mpfr_t shift, above, below;
    mpfr_inits2(BITS, shift, above, below, (mpfr_ptr)0);
    mpfr_set_zero(shift, 1);
    exact_loss(above, &p, 0, shift);
    ck_assert_double_eq_tol(value, mpfr_get_d(above, MPFR_RNDN), 1e-13);
    for (size_t i = 0; i < p.parameters + p.inputs; i++) {
        mpfr_set_ui_2exp(shift, 1, -80, MPFR_RNDN);
        exact_loss(above, &p, i, shift);
        mpfr_neg(shift, shift, MPFR_RNDN);
        exact_loss(below, &p, i, shift);
        mpfr_sub(above, above, below, MPFR_RNDN);
        mpfr_mul_2si(above, above, 79, MPFR_RNDN);
        const double gradient = i < p.parameters ? p.parameter_gradient[i] : p.input_gradient[i - p.parameters];
        ck_assert_msg(fabs(gradient - mpfr_get_d(above, MPFR_RNDN)) <= 1e-13, "gradient %zu is %.17g, truth %.17g", i,
                      gradient, mpfr_get_d(above, MPFR_RNDN));
    }
    mpfr_clears(shift, above, below, (mpfr_ptr)0);
    mpfr_free_cache();
    drop(&p);
}
END_TEST

/* ---- Worked by hand ------------------------------------------------------------------------------------------- */

START_TEST(a_convolution_by_hand)
{
    static const example e = {"by hand", {1, 2, 3}, 1, {CONVOLUTION(1, 2, 2, 2, 1)}};
    assay_network *network = make(&e);
    const assay_layer_view layer = assay_network_layer(network, 0);
    ck_assert_uint_eq(layer.output.height, 2); /* (2 + 2 - 2) / 2 + 1 */
    ck_assert_uint_eq(layer.output.width, 2);  /* (3 + 2 - 2) / 2 + 1, rounded down */
    memcpy(layer.weights, (double[]){1, 10, 100, 1000}, 4 * sizeof(double));
    layer.biases[0] = 0.5;
    const double x[] = {1, 2, 3, 4, 5, 6};
    double y[4];
    for (int level = ASSAY_REFERENCE; level <= ASSAY_BASELINE; level++) {
        assert_good(assay_cpu_set_level((assay_level)level));
        assert_good(assay_network_forward(network, x, 1, y));
        ck_assert_double_eq(y[0], 1000.5); /* patch 0 0 / 0 1 */
        ck_assert_double_eq(y[1], 3200.5); /* patch 0 0 / 2 3 */
        ck_assert_double_eq(y[2], 40.5);   /* patch 0 4 / 0 0 */
        ck_assert_double_eq(y[3], 65.5);   /* patch 5 6 / 0 0 */
    }
    assay_network_release(network);
}
END_TEST

START_TEST(activations_by_hand)
{
    static const example e = {
        "trace", {4, 1, 1}, 3, {ELEMENTS(ASSAY_MAXMIN), ELEMENTS(ASSAY_LEAKY_RELU), ELEMENTS(ASSAY_RELU)}};
    assay_network *network = make(&e);
    const double x[] = {-2, 1, 3, 3};
    double sorted[4], last[4];
    double *const outputs[] = {sorted, NULL, last};
    assert_good(assay_network_trace(network, x, 1, outputs));
    ck_assert_mem_eq(sorted, ((double[]){1, -2, 3, 3}), sizeof sorted);
    ck_assert_mem_eq(last, ((double[]){1, 0, 3, 3}), sizeof last);
    double gradient[4];
    assert_good(assay_network_backward(network, x, 1, (double[]){5, 6, 7, 8}, NULL, gradient));
    ck_assert_mem_eq(gradient, ((double[]){0, 5, 7, 8}), sizeof gradient); /* the swap undone, the -2 cut off */
    assay_network_release(network);
}
END_TEST

START_TEST(large_outputs_do_not_overflow)
{
    static const example e = {"identity", {2, 1, 1}, 1, {DENSE(2)}};
    assay_network *network = make(&e);
    memcpy(assay_network_parameters(network), (double[]){1, 0, 0, 1, 0, 0}, 6 * sizeof(double));
    const double x[] = {2000, -2000};
    const size_t label = 1;
    double loss, gradient[2];
    assert_good(
        assay_network_loss(network, x, 1, &(assay_targets){ASSAY_CROSS_ENTROPY, &label, NULL}, &loss, NULL, gradient));
    ck_assert_double_eq(loss, 4000);
    ck_assert_mem_eq(gradient, ((double[]){1, -1}), sizeof gradient);
    assay_network_release(network);
}
END_TEST

START_TEST(optimisers_by_hand)
{
    const struct {
        assay_optimiser optimiser;
        double after[2]; /* of p from 1, with gradients 2 and then 1 */
    } cases[] = {
        {{.kind = ASSAY_SGD, .rate = 0.25}, {0.5, 0.25}},
        {{.kind = ASSAY_SGD, .rate = 0.25, .decay = 2}, {0, -0.25}},
        {{.kind = ASSAY_MOMENTUM, .rate = 0.25, .momentum = 0.5}, {0.5, 0}},
        /* m = 1, v = 3: m/(1/2) = 2, v/(3/4) = 4, step 1/2 of 2/2; m = 1, v = 3/2: m/(3/4), v/(15/16) */
        {{.kind = ASSAY_ADAM, .rate = 0.5, .b1 = 0.5, .b2 = 0.25, .epsilon = 1e-300},
         {0.5, 0.5 - 0.5 * (1 / 0.75) / sqrt(1.5 / 0.9375)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_optimiser_state *state;
        assert_good(assay_optimiser_create(&cases[i].optimiser, 1, &state));
        double p = 1;
        for (int step = 0; step < 2; step++) {
            const double gradient = step ? 1 : 2;
            assert_good(assay_optimiser_step(state, &p, &gradient, 1));
            ck_assert_double_eq_tol(p, cases[i].after[step], 1e-15);
        }
        const double before = p;
        assert_good(assay_optimiser_step(state, &p, &(double){1}, 0));
        ck_assert_double_eq(p, before);
        assay_optimiser_release(state);
    }
}
END_TEST

/* ---- Loops against OpenBLAS, and threads ----------------------------------------------------------------------- */

static void evaluate(problem *p, assay_level level, int threads)
{
    assert_good(assay_cpu_set_level(level));
    assert_good(assay_set_threads(threads));
    assert_good(assay_network_forward(p->network, p->x, p->n, p->y));
    const assay_targets targets = targets_of(p, ASSAY_SQUARED_ERROR);
    assert_good(assay_network_loss(p->network, p->x, p->n, &targets, NULL, p->parameter_gradient, p->input_gradient));
}

/* Largest difference, relative to the largest number. */
static double distance(const double *a, const double *b, size_t n)
{
    double difference = 0, size = 1e-300;
    for (size_t i = 0; i < n; i++) {
        difference = fmax(difference, fabs(a[i] - b[i]));
        size = fmax(size, fabs(b[i]));
    }
    return difference / size;
}

static void loops_and_blas_agree(const example *e, size_t n)
{
    problem loops = pose(e, n), blas = pose(e, n), threads = pose(e, n);
    evaluate(&loops, ASSAY_REFERENCE, 1);
    evaluate(&blas, assay_cpu_best(), 1);
    /* Sums of up to 400 terms, or 144 n for gradients, in another order: 1e-16 times their number, with a few layers.
     */
    const double bound = 1e-14 * (double)(400 + n);
    ck_assert_double_le(distance(blas.y, loops.y, n * loops.outputs), bound);
    ck_assert_double_le(distance(blas.parameter_gradient, loops.parameter_gradient, loops.parameters), bound);
    ck_assert_double_le(distance(blas.input_gradient, loops.input_gradient, n * loops.inputs), bound);
    static const int counts[] = {2, 3, 5};
    for (int i = 0; i < 3; i++) {
        evaluate(&threads, assay_cpu_best(), counts[i]);
        ck_assert_mem_eq(threads.y, blas.y, n * blas.outputs * sizeof(double));
        ck_assert_mem_eq(threads.parameter_gradient, blas.parameter_gradient, blas.parameters * sizeof(double));
        ck_assert_mem_eq(threads.input_gradient, blas.input_gradient, n * blas.inputs * sizeof(double));
    }
    drop(&loops);
    drop(&blas);
    drop(&threads);
}

START_TEST(loops_and_openblas_agree)
{
    static const size_t rows[] = {1, 2, 9, 300};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        loops_and_blas_agree(&examples[_i], rows[i]);
}
END_TEST

START_TEST(panels_are_put_together)
{
    /* Enough for threads: 2e7 multiply-adds. */
    static const example wide = {"wide", {400, 1, 1}, 3, {DENSE(420), ELEMENTS(ASSAY_RELU), DENSE(7)}};
    loops_and_blas_agree(&wide, 130);
    static const example images = {"images", {8, 12, 12}, 1, {CONVOLUTION(16, 3, 3, 1, 1)}};
    loops_and_blas_agree(&images, 131);
}
END_TEST

START_TEST(blocks_of_rows_are_put_together)
{
    /* 600 rows at once are three blocks; one by one they must give the same values and the same sum of gradients. */
    const example *e = &examples[8];
    problem p = pose(e, 600);
    evaluate(&p, assay_cpu_best(), 0);
    double *sum = assay_allocate(p.parameters, sizeof *sum), *one = assay_allocate(p.parameters, sizeof *one);
    for (size_t i = 0; i < p.n; i++) {
        double y[3], g[40];
        assert_good(assay_network_forward(p.network, p.x + i * p.inputs, 1, y));
        ck_assert_double_le(distance(y, p.y + i * p.outputs, p.outputs), 1e-13);
        const assay_targets targets = {ASSAY_SQUARED_ERROR, NULL, p.values + i * p.outputs};
        assert_good(assay_network_loss(p.network, p.x + i * p.inputs, 1, &targets, NULL, one, g));
        for (size_t j = 0; j < p.parameters; j++)
            sum[j] += one[j] / (double)p.n;
        for (size_t j = 0; j < p.inputs; j++)
            ck_assert_double_eq_tol(g[j] / (double)p.n, p.input_gradient[i * p.inputs + j], 1e-14);
    }
    ck_assert_double_le(distance(sum, p.parameter_gradient, p.parameters), 1e-12);
    assay_release(sum);
    assay_release(one);
    drop(&p);
}
END_TEST

/* ---- Initialisation and training ------------------------------------------------------------------------------ */

START_TEST(weights_have_the_variance_they_should)
{
    static const example e = {"fans", {4, 9, 9}, 2, {CONVOLUTION(16, 5, 5, 1, 0), DENSE(100)}};
    assay_network *network = make(&e);
    const double fans[2][2] = {{100, 400}, {400, 100}};
    for (int how = ASSAY_HE_NORMAL; how <= ASSAY_GLOROT_UNIFORM; how++) {
        assert_good(assay_network_initialise(network, (assay_initialisation)how, (assay_random){3, 4}));
        for (size_t k = 0; k < 2; k++) {
            const assay_layer_view layer = assay_network_layer(network, k);
            const double expected = how <= ASSAY_HE_UNIFORM ? 2 / fans[k][0] : 2 / (fans[k][0] + fans[k][1]);
            double mean = 0, variance = 0, largest = 0;
            for (size_t i = 0; i < layer.weight_count; i++) {
                mean += layer.weights[i] / (double)layer.weight_count;
                variance += layer.weights[i] * layer.weights[i] / (double)layer.weight_count;
                largest = fmax(largest, fabs(layer.weights[i]));
            }
            const double deviations = 6 / sqrt((double)layer.weight_count); /* six standard errors */
            ck_assert_double_eq_tol(mean, 0, deviations * sqrt(expected));
            ck_assert_double_eq_tol(variance / expected, 1, deviations * sqrt(2));
            if (how == ASSAY_HE_UNIFORM || how == ASSAY_GLOROT_UNIFORM)
                ck_assert_double_le(largest, sqrt(3 * expected));
            for (size_t i = 0; i < layer.bias_count; i++)
                ck_assert_double_eq(layer.biases[i], 0);
        }
    }
    assay_network_release(network);
}
END_TEST

enum { DIGITS = 1797, LEARNT = 1200, PIXELS = 64 };

static size_t digit_labels[DIGITS];
static double digit_pixels[DIGITS * PIXELS];

static void read_digits(void)
{
    char path[4096];
    assay_table table;
    assert_good(assay_data_path("digits.csv", path, sizeof path));
    assert_good(assay_read_csv(path, &table));
    ck_assert_uint_eq(table.rows, DIGITS);
    for (size_t i = 0; i < DIGITS; i++) {
        for (size_t j = 0; j < PIXELS; j++)
            digit_pixels[i * PIXELS + j] = table.values[i * table.columns + j] / 16;
        digit_labels[i] = (size_t)table.values[i * table.columns + PIXELS];
    }
    assay_table_release(&table);
}

typedef struct lesson {
    example network;
    assay_training training;
    double accuracy; /* at least, on digits that were not seen; guessing would be 0.1 */
} lesson;

static const lesson lessons[] = {
    {{"adam", {64, 1, 1}, 3, {DENSE(32), ELEMENTS(ASSAY_RELU), DENSE(10)}},
     {.optimiser = {.kind = ASSAY_ADAM, .rate = 3e-3}, .epochs = 12, .batch = 32, .epoch_factor = 0.9},
     0.88},
    {{"momentum", {64, 1, 1}, 3, {DENSE(32), ELEMENTS(ASSAY_MAXMIN), DENSE(10)}},
     {.optimiser = {.kind = ASSAY_MOMENTUM, .rate = 0.05}, .epochs = 12, .batch = 32},
     0.88},
    {{"sgd", {64, 1, 1}, 3, {DENSE(32), ELEMENTS(ASSAY_TANH), DENSE(10)}},
     {.optimiser = {.kind = ASSAY_SGD, .rate = 0.3}, .epochs = 12, .batch = 32},
     0.88},
    {{"convolution", {1, 8, 8}, 3, {CONVOLUTION(8, 3, 3, 1, 1), ELEMENTS(ASSAY_RELU), DENSE(10)}},
     {.optimiser = {.kind = ASSAY_ADAM, .rate = 3e-3}, .epochs = 5, .batch = 32},
     0.88},
};

START_TEST(digits_are_learnt)
{
    read_digits();
    const lesson *l = &lessons[_i];
    assay_network *network = make(&l->network);
    assert_good(assay_network_initialise(network, ASSAY_HE_NORMAL, (assay_random){1, 0}));
    const assay_targets targets = {ASSAY_CROSS_ENTROPY, digit_labels, NULL};
    double history[12], accuracy;
    assert_good(
        assay_network_train(network, digit_pixels, LEARNT, &targets, &l->training, (assay_random){1, 1}, history));
    ck_assert_double_lt(history[l->training.epochs - 1], history[0] / 3);
    assert_good(assay_network_accuracy(network, digit_pixels + LEARNT * PIXELS, DIGITS - LEARNT, digit_labels + LEARNT,
                                       &accuracy));
    ck_assert_msg(accuracy >= l->accuracy, "%s: accuracy %g, must be at least %g", l->network.name, accuracy,
                  l->accuracy);
    assay_network_release(network);
}
END_TEST

static void count_steps(void *self, assay_network *network)
{
    ck_assert_ptr_nonnull(network);
    ++*(int *)self;
}

START_TEST(training_is_repeatable_and_calls_back)
{
    problem p = pose(&examples[2], 50), q = pose(&examples[2], 50);
    int steps = 0;
    const assay_targets targets = targets_of(&p, ASSAY_SQUARED_ERROR);
    const assay_training training = {.optimiser = {.kind = ASSAY_ADAM, .rate = 0.01},
                                     .epochs = 3,
                                     .batch = 16,
                                     .after_step = count_steps,
                                     .self = &steps};
    assert_good(assay_network_train(p.network, p.x, p.n, &targets, &training, (assay_random){1, 1}, NULL));
    ck_assert_int_eq(steps, 12);
    assert_good(assay_set_threads(3));
    assert_good(assay_network_train(q.network, q.x, q.n, &targets, &training, (assay_random){1, 1}, NULL));
    ck_assert_mem_eq(assay_network_parameters(q.network), assay_network_parameters(p.network),
                     p.parameters * sizeof(double));
    drop(&p);
    drop(&q);
}
END_TEST

START_TEST(training_that_diverges_says_so)
{
    problem p = pose(&examples[0], 10);
    const assay_targets targets = targets_of(&p, ASSAY_SQUARED_ERROR);
    const assay_training training = {.optimiser = {.kind = ASSAY_SGD, .rate = 1e100}, .epochs = 50, .batch = 2};
    ck_assert_int_eq(assay_network_train(p.network, p.x, p.n, &targets, &training, (assay_random){1, 1}, NULL),
                     ASSAY_NOT_CONVERGED);
    drop(&p);
}
END_TEST

/* ---- Refusals -------------------------------------------------------------------------------------------------- */

static void refuse_layer(assay_shape input, assay_layer layer, assay_status expected, const char *word)
{
    assay_network *untouched = NULL;
    ck_assert_int_eq(assay_network_create(input, &layer, 1, &untouched), expected);
    ck_assert_msg(strstr(assay_error(), word) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), word);
    ck_assert_ptr_null(untouched);
}

START_TEST(bad_shapes_are_refused)
{
    const assay_shape image = {3, 4, 4}, vector = {5, 1, 1};
    refuse_layer((assay_shape){0, 1, 1}, (assay_layer)DENSE(1), ASSAY_OUT_OF_RANGE, "input");
    refuse_layer((assay_shape){SIZE_MAX / 2, 3, 1}, (assay_layer)DENSE(1), ASSAY_NO_MEMORY, "input");
    refuse_layer(vector, (assay_layer)DENSE(0), ASSAY_OUT_OF_RANGE, "outputs");
    refuse_layer(vector, (assay_layer)DENSE(SIZE_MAX / 4), ASSAY_NO_MEMORY, "weights");
    refuse_layer(vector, (assay_layer)ELEMENTS(ASSAY_MAXMIN), ASSAY_OUT_OF_RANGE, "5 channels");
    refuse_layer(vector, (assay_layer){.kind = ASSAY_LAYER_KINDS}, ASSAY_OUT_OF_RANGE, "kind");
    refuse_layer(vector, (assay_layer){.kind = ASSAY_LEAKY_RELU, .slope = NAN}, ASSAY_OUT_OF_RANGE, "slope");
    refuse_layer(image, (assay_layer)CONVOLUTION(2, 5, 2, 1, 0), ASSAY_OUT_OF_RANGE, "kernel_height is 5");
    refuse_layer(image, (assay_layer)CONVOLUTION(2, 2, 7, 1, 1), ASSAY_OUT_OF_RANGE, "kernel_width is 7");
    refuse_layer(image, (assay_layer)CONVOLUTION(2, 0, 2, 1, 0), ASSAY_OUT_OF_RANGE, "kernel_height is 0");
    refuse_layer(image, (assay_layer)CONVOLUTION(2, 2, 2, 0, 0), ASSAY_OUT_OF_RANGE, "stride");
    refuse_layer(image, (assay_layer)CONVOLUTION(0, 2, 2, 1, 0), ASSAY_OUT_OF_RANGE, "outputs");
    refuse_layer(image, (assay_layer)CONVOLUTION(2, 2, 2, 1, SIZE_MAX), ASSAY_NO_MEMORY, "padding");
    assay_network *untouched = NULL;
    const assay_layer fine = DENSE(2);
    ck_assert_int_eq(assay_network_create(vector, &fine, 0, &untouched), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_create(vector, &fine, ASSAY_NETWORK_LAYERS + 1, &untouched), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_create(vector, NULL, 1, &untouched), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_create(vector, &fine, 1, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_ptr_null(untouched);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    problem p = pose(&examples[0], 2);
    double loss = 77, history;
    const size_t wrong = 4;
    const assay_targets good = targets_of(&p, ASSAY_SQUARED_ERROR), beyond = {ASSAY_CROSS_ENTROPY, &wrong, NULL},
                        null = {ASSAY_SQUARED_ERROR, &wrong, NULL}, unknown = {(assay_loss)2, &wrong, p.values};
    ck_assert_int_eq(assay_network_forward(NULL, p.x, 2, p.y), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_forward(p.network, NULL, 2, p.y), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_forward(p.network, p.x, 2, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_forward(p.network, p.x, SIZE_MAX / 8, p.y), ASSAY_NO_MEMORY);
    ck_assert_int_eq(assay_network_forward(p.network, NULL, 0, NULL), ASSAY_OK);
    ck_assert_int_eq(assay_network_trace(p.network, p.x, 2, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_backward(p.network, p.x, 2, NULL, p.parameter_gradient, NULL),
                     ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_loss(p.network, p.x, 0, &good, &loss, NULL, NULL), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_loss(p.network, p.x, 1, NULL, &loss, NULL, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_loss(p.network, p.x, 1, &beyond, &loss, NULL, NULL), ASSAY_OUT_OF_RANGE);
    ck_assert_ptr_nonnull(strstr(assay_error(), "labels[0] is 4"));
    ck_assert_int_eq(assay_network_loss(p.network, p.x, 1, &null, &loss, NULL, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_loss(p.network, p.x, 1, &unknown, &loss, NULL, NULL), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_accuracy(p.network, p.x, 1, &wrong, &loss), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_accuracy(p.network, p.x, 0, p.labels, &loss), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(assay_network_accuracy(p.network, p.x, 1, p.labels, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(assay_network_initialise(p.network, (assay_initialisation)9, (assay_random){0, 0}),
                     ASSAY_OUT_OF_RANGE);
    const assay_training trainings[] = {
        {.optimiser = {.kind = ASSAY_SGD, .rate = 0}, .batch = 1},
        {.optimiser = {.kind = ASSAY_SGD, .rate = NAN}, .batch = 1},
        {.optimiser = {.kind = (assay_optimiser_kind)3, .rate = 1}, .batch = 1},
        {.optimiser = {.kind = ASSAY_MOMENTUM, .rate = 1, .momentum = 1}, .batch = 1},
        {.optimiser = {.kind = ASSAY_ADAM, .rate = 1, .b2 = -1}, .batch = 1},
        {.optimiser = {.kind = ASSAY_SGD, .rate = 1}, .batch = 0},
        {.optimiser = {.kind = ASSAY_SGD, .rate = 1}, .batch = 1, .epoch_factor = INFINITY},
    };
    for (size_t i = 0; i < sizeof trainings / sizeof *trainings; i++)
        ck_assert_int_eq(assay_network_train(p.network, p.x, 2, &good, &trainings[i], (assay_random){0, 0}, &history),
                         ASSAY_OUT_OF_RANGE);
    ck_assert_double_eq(loss, 77);
    const assay_layer_view none = assay_network_layer(p.network, 1);
    ck_assert(none.weights == NULL && none.outputs == 0);
    drop(&p);
}
END_TEST

Suite *test_network(void);
Suite *test_network(void)
{
    Suite *suite = suite_create("network");
    TCase *cases = tcase_create("network");
    tcase_add_checked_fixture(cases, to_default_level, NULL);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, gradients_are_differences, 0, 2 * EXAMPLES);
    tcase_add_loop_test(cases, a_tiny_network_agrees_with_mpfr, 0, 2);
    tcase_add_test(cases, a_convolution_by_hand);
    tcase_add_test(cases, activations_by_hand);
    tcase_add_test(cases, large_outputs_do_not_overflow);
    tcase_add_test(cases, optimisers_by_hand);
    tcase_add_loop_test(cases, loops_and_openblas_agree, 0, EXAMPLES);
    tcase_add_test(cases, panels_are_put_together);
    tcase_add_test(cases, blocks_of_rows_are_put_together);
    tcase_add_test(cases, weights_have_the_variance_they_should);
    tcase_add_loop_test(cases, digits_are_learnt, 0, sizeof lessons / sizeof *lessons);
    tcase_add_test(cases, training_is_repeatable_and_calls_back);
    tcase_add_test(cases, training_that_diverges_says_so);
    tcase_add_test(cases, bad_shapes_are_refused);
    tcase_add_test(cases, bad_arguments_are_refused);
    suite_add_tcase(suite, cases);
    return suite;
}
