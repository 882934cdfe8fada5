/* lmul, task T2: claims about a transformer trained from scratch on the digits (C7 to C9). */
#include "assay/threads.h"
#include "verify/arithmetic/lmul_checks.h"
#include "verify/arithmetic/lmul_transformer.h"

#include <math.h>
#include <stdlib.h>

/* One test set of 597 images has a sampling error of about a percentage point, so that a measurement is the mean over
 * so many trainings. */
enum { TRAININGS = 3, EPOCHS = 60, EPOCHS_BEFORE_TUNING = 40, TUNING_EPOCHS = 3, MOST_RUNS = 8 };

static const float RATE = 3e-3f, TUNING_RATE = 1e-3f;

static lmul_forward attention_only(lmul_arithmetic arithmetic)
{
    return (lmul_forward){arithmetic, lmul_exact()};
}

static lmul_forward everywhere(lmul_arithmetic arithmetic)
{
    return (lmul_forward){arithmetic, arithmetic};
}

/* A training and its tests: accuracy in %, and % of predictions that are those of run 0. */
typedef struct training {
    assay_status status;
    char error[200];
    lmul_model model;
    lmul_digits *digits;
    int predictions[MOST_RUNS][DIGITS_TEST];
    double accuracy[MOST_RUNS], agreement[MOST_RUNS];
} training;

static void test_run(training *t, const lmul_model *model, int run, const lmul_forward *forward)
{
    if (t->status == ASSAY_OK)
        t->status = lmul_model_predict(model, t->digits, forward, t->predictions[run]);
    int right = 0, same = 0;
    for (int i = 0; t->status == ASSAY_OK && i < DIGITS_TEST; i++) {
        right += t->predictions[run][i] == t->digits->labels[DIGITS_TRAIN + i];
        same += t->predictions[run][i] == t->predictions[0][i];
    }
    t->accuracy[run] = 100.0 * right / DIGITS_TEST;
    t->agreement[run] = 100.0 * same / DIGITS_TEST;
}

static void train(training *t, const lmul_forward *forward, int epochs, float rate)
{
    if (t->status == ASSAY_OK)
        t->status = lmul_model_train(&t->model, t->digits, forward, epochs, rate);
}

/* Does the trainings of a measurement, each in a thread, with the seeds 3 seed, 3 seed + 1, ...; null if one failed (or
 * the check was skipped). */
static training *run_trainings(verify_context *v, uint64_t seed, int count, void (*work)(training *t))
{
    training *all = calloc((size_t)count, sizeof *all);
    if (!all) {
        verify_true(v, false, "memory for %d trainings", count);
        return NULL;
    }
#pragma omp parallel for num_threads(assay_threads() < count ? assay_threads() : count) schedule(dynamic)
    for (int i = 0; i < count; i++) {
        training *t = &all[i];
        t->status = lmul_digits_read((uint64_t)count * seed + (uint64_t)i, &t->digits);
        if (t->status == ASSAY_OK) {
            lmul_model_start(&t->model, (uint64_t)count * seed + (uint64_t)i);
            work(t);
        }
        if (t->status != ASSAY_OK) /* messages belong to threads */
            memcpy(t->error, assay_error(), strnlen(assay_error(), sizeof t->error - 1));
    }
    bool failed = false;
    for (int i = 0; i < count; i++) {
        free(all[i].digits);
        all[i].digits = NULL;
        if (all[i].status == ASSAY_IO)
            verify_skip(v, "%s", all[i].error);
        else if (all[i].status != ASSAY_OK)
            verify_true(v, false, "training %d: %s", i, all[i].error);
        failed = failed || all[i].status != ASSAY_OK;
    }
    if (failed) {
        free(all);
        return NULL;
    }
    return all;
}

static double mean_accuracy(const training *all, int run)
{
    double sum = 0;
    for (int i = 0; i < TRAININGS; i++)
        sum += all[i].accuracy[run] / TRAININGS;
    return sum;
}

static double mean_agreement(const training *all, int run)
{
    double sum = 0;
    for (int i = 0; i < TRAININGS; i++)
        sum += all[i].agreement[run] / TRAININGS;
    return sum;
}

/* ---- C7: L-Mul in attention only ------------------------------------------------------------------------------ */

static const unsigned attention_widths[] = {3, 4, 23};
enum { ATTENTION_WIDTHS = sizeof attention_widths / sizeof *attention_widths };

static void work_c7(training *t)
{
    const lmul_forward exact = everywhere(lmul_exact());
    train(t, &exact, EPOCHS, RATE);
    test_run(t, &t->model, 0, &exact);
    for (int w = 0; w < ATTENTION_WIDTHS; w++) {
        const lmul_forward forward = attention_only(lmul_with_bits(attention_widths[w]));
        test_run(t, &t->model, 1 + w, &forward);
    }
}

static double measure_c7(verify_context *v, uint64_t seed)
{
    training *all = run_trainings(v, seed, TRAININGS, work_c7);
    if (!all)
        return NAN;
    const double exact = mean_accuracy(all, 0);
    double worst = INFINITY;
    for (int w = 0; w < ATTENTION_WIDTHS; w++)
        worst = fmin(worst, mean_accuracy(all, 1 + w) - exact);
    verify_note(v, "mean accuracy: exact %.2f %%, 3 bits %.2f %%, 4 bits %.2f %%, 23 bits %.2f %%", exact,
                mean_accuracy(all, 1), mean_accuracy(all, 2), mean_accuracy(all, 3));
    free(all);
    return worst;
}

const verify_claim lmul_claim_c7 = {.statement =
                                        "L-Mul in the attention of a trained transformer is almost lossless: "
                                        "change of the accuracy, worst of 3, 4 and 23 bits, mean of 3 trainings",
                                    .paper_value = "almost lossless",
                                    .provenance = "abstract",
                                    .unit = "percentage points",
                                    .measure = measure_c7,
                                    .low = -0.5,
                                    .high = INFINITY,
                                    .part_low = -1,
                                    .part_high = INFINITY,
                                    .seeds = 5};

static double measure_c7_agreement(verify_context *v, uint64_t seed)
{
    training *all = run_trainings(v, seed, TRAININGS, work_c7);
    double least = all ? 100 : NAN;
    for (int w = 0; all && w < ATTENTION_WIDTHS; w++)
        least = fmin(least, mean_agreement(all, 1 + w));
    free(all);
    return least;
}

const verify_claim lmul_claim_c7_agreement = {.statement =
                                                  "L-Mul in the attention of a trained transformer predicts as "
                                                  "exact products do, worst of 3, 4 and 23 bits, mean of 3 "
                                                  "trainings",
                                              .paper_value = "almost lossless",
                                              .provenance = "abstract",
                                              .unit = "% same predictions",
                                              .measure = measure_c7_agreement,
                                              .low = 98.5,
                                              .high = 100,
                                              .part_low = 97.5,
                                              .part_high = 100,
                                              .seeds = 5};

/* ---- C8: all products ----------------------------------------------------------------------------------------- */

static void work_c8(training *t)
{
    const lmul_forward exact = everywhere(lmul_exact()), short_one = everywhere(lmul_with_bits(3)),
                       e4m3 = everywhere(lmul_fp8(LMUL_E4M3));
    train(t, &exact, EPOCHS, RATE);
    test_run(t, &t->model, 0, &exact);
    test_run(t, &t->model, 1, &short_one);
    test_run(t, &t->model, 2, &e4m3);
}

static double measure_c8(verify_context *v, uint64_t seed)
{
    training *all = run_trainings(v, seed, TRAININGS, work_c8);
    if (!all)
        return NAN;
    const double difference = mean_accuracy(all, 1) - mean_accuracy(all, 2);
    verify_note(v, "mean accuracy: exact %.2f %%, 3 bits %.2f %%, E4M3 %.2f %%", mean_accuracy(all, 0),
                mean_accuracy(all, 1), mean_accuracy(all, 2));
    free(all);
    return difference;
}

const verify_claim lmul_claim_c8 = {.statement =
                                        "A transformer with all products by 3-bit L-Mul is as accurate as with "
                                        "E4M3 products: accuracy less that of E4M3, mean of 3 trainings",
                                    .paper_value = "equivalent",
                                    .provenance = "abstract",
                                    .unit = "percentage points",
                                    .measure = measure_c8,
                                    .low = -1,
                                    .high = INFINITY,
                                    .part_low = -2,
                                    .part_high = INFINITY,
                                    .seeds = 5};

/* ---- C9: fine-tuning ------------------------------------------------------------------------------------------ */

enum { EXACT_RUN, BEFORE_SHORT, BEFORE_E4M3, AFTER_SHORT, AFTER_E4M3 };

static void tune(training *t, const lmul_model *trained, const lmul_forward *forward, int run)
{
    t->model = *trained;
    lmul_model_restart_optimizer(&t->model);
    train(t, forward, TUNING_EPOCHS, TUNING_RATE);
    test_run(t, &t->model, run, forward);
}

static void work_c9(training *t)
{
    const lmul_forward exact = everywhere(lmul_exact()), short_one = everywhere(lmul_with_bits(3)),
                       e4m3 = everywhere(lmul_fp8(LMUL_E4M3));
    train(t, &exact, EPOCHS_BEFORE_TUNING, RATE);
    test_run(t, &t->model, EXACT_RUN, &exact);
    test_run(t, &t->model, BEFORE_SHORT, &short_one);
    test_run(t, &t->model, BEFORE_E4M3, &e4m3);
    const lmul_model trained = t->model;
    tune(t, &trained, &short_one, AFTER_SHORT);
    tune(t, &trained, &e4m3, AFTER_E4M3);
}

static double measure_c9(verify_context *v, uint64_t seed)
{
    training *all = run_trainings(v, seed, TRAININGS, work_c9);
    if (!all)
        return NAN;
    const double difference = mean_accuracy(all, AFTER_SHORT) - mean_accuracy(all, AFTER_E4M3);
    verify_note(v, "mean accuracy: exact %.2f %%, 3 bits %.2f then %.2f %%, E4M3 %.2f then %.2f %%",
                mean_accuracy(all, EXACT_RUN), mean_accuracy(all, BEFORE_SHORT), mean_accuracy(all, AFTER_SHORT),
                mean_accuracy(all, BEFORE_E4M3), mean_accuracy(all, AFTER_E4M3));
    free(all);
    return difference;
}

const verify_claim lmul_claim_c9 = {.statement =
                                        "Fine-tuned for 3 epochs with 3-bit L-Mul in all products, a "
                                        "transformer is as accurate as one fine-tuned with E4M3: accuracy less "
                                        "that of E4M3, mean of 3 trainings",
                                    .paper_value = "equivalent",
                                    .provenance = "abstract",
                                    .unit = "percentage points",
                                    .measure = measure_c9,
                                    .low = -1,
                                    .high = INFINITY,
                                    .part_low = -2,
                                    .part_high = INFINITY,
                                    .seeds = 5};

static double measure_c9_gain(verify_context *v, uint64_t seed)
{
    training *all = run_trainings(v, seed, TRAININGS, work_c9);
    if (!all)
        return NAN;
    const double gain = mean_accuracy(all, AFTER_SHORT) - mean_accuracy(all, BEFORE_SHORT);
    free(all);
    return gain;
}

const verify_claim lmul_claim_c9_gain = {.statement = "Fine-tuning with 3-bit L-Mul does not lose accuracy with 3-bit "
                                                      "L-Mul: accuracy after less before, mean of 3 trainings",
                                         .paper_value = "gains",
                                         .provenance = "abstract",
                                         .unit = "percentage points",
                                         .measure = measure_c9_gain,
                                         .low = 0,
                                         .high = INFINITY,
                                         .part_low = -0.5,
                                         .part_high = INFINITY,
                                         .seeds = 5};

/* ---- The experiment itself ------------------------------------------------------------------------------------ */

/* The gradient against central differences along random directions. The loss has kinks (relu) and is computed in
 * float32, so that agreement is to parts in a thousand; how many kinks a direction crosses is chance, so that images,
 * model and directions are the same whatever the run's seed. */
void lmul_check_gradient(verify_context *v)
{
    enum { DIRECTIONS = 12, IMAGES = 20, SEED = 1 };
    lmul_digits *digits = NULL;
    const assay_status status = lmul_digits_read(SEED, &digits);
    if (status == ASSAY_IO) {
        verify_skip(v, "%s", assay_error());
        return;
    }
    lmul_model *model = malloc(sizeof *model);
    lmul_parameters *gradient = malloc(sizeof *gradient), *moved = malloc(sizeof *moved);
    if (verify_ok(v, status, "digits") && verify_true(v, model && gradient && moved, "memory")) {
        const lmul_forward exact = everywhere(lmul_exact());
        size_t images[IMAGES];
        for (size_t i = 0; i < IMAGES; i++)
            images[i] = i;
        double loss = 0;
        lmul_model_start(model, SEED);
        verify_ok(v, lmul_model_loss(&model->parameters, digits, images, IMAGES, &exact, &loss, gradient, NULL),
                  "loss");
        for (uint64_t direction = 0; direction < DIRECTIONS; direction++) {
            const assay_random r = {SEED, 70 + direction};
            const double step = 1e-4;
            const float *g = lmul_parameter_vector(gradient);
            double expected = 0, size = 0, losses[2] = {0, 0};
            for (uint64_t i = 0; i < PARAMETERS; i++) {
                expected += g[i] * assay_random_normal(r, i);
                size += (double)g[i] * g[i];
            }
            for (int side = 0; side < 2; side++) {
                *moved = model->parameters;
                for (uint64_t i = 0; i < PARAMETERS; i++)
                    lmul_parameter_vector(moved)[i] += (float)((side ? step : -step) * assay_random_normal(r, i));
                verify_ok(v, lmul_model_loss(moved, digits, images, IMAGES, &exact, &losses[side], NULL, NULL), "loss");
            }
            const double found = (losses[1] - losses[0]) / (2 * step);
            verify_at_most(v, fabs(found - expected) / sqrt(size), 5e-3, "of the gradient's length",
                           "direction %llu: difference %.6g, gradient %.6g", (unsigned long long)direction, found,
                           expected);
        }
    }
    free(gradient);
    free(moved);
    free(model);
    free(digits);
}

enum { CURVE = 8 };

static void work_curve(training *t)
{
    const lmul_forward exact = everywhere(lmul_exact());
    train(t, &exact, EPOCHS, RATE);
    for (int k = 1; k <= CURVE; k++) {
        const lmul_forward forward = everywhere(lmul_with_bits((unsigned)k));
        test_run(t, &t->model, k - 1, &forward);
    }
}

void lmul_record_transformer_curve(verify_context *v)
{
    double bits[CURVE];
    training *all = run_trainings(v, verify_seed_of(v), 1, work_curve);
    if (!all)
        return;
    for (int k = 1; k <= CURVE; k++)
        bits[k - 1] = k;
    const assay_series series = {.chart = "digits by a transformer, all products by L-Mul",
                                 .label = "L-Mul at inference",
                                 .style = ASSAY_LINE,
                                 .x_label = "mantissa bits",
                                 .y_label = "% right",
                                 .count = CURVE,
                                 .x = bits,
                                 .y = all->accuracy};
    verify_record_series(v, &series);
    for (int k = 3; k <= CURVE; k++)
        verify_at_least(v, all->accuracy[k - 1], 80, "% right", "%d bits", k);
    free(all);
}
