/* lmul, task T1: the training images of the digits are a memory, attention to them labels the test images (C6). */
#include "verify/arithmetic/lmul_checks.h"
#include "verify/arithmetic/lmul_digits_data.h"

#include <math.h>
#include <stdlib.h>

/* Keys and queries are centred by the training mean and of length 1; values are one-hot labels. */
typedef struct memory_task {
    float keys[DIGITS_TRAIN][DIGIT_PIXELS], queries[DIGITS_TEST][DIGIT_PIXELS];
    float values[DIGITS_TRAIN][DIGIT_CLASSES];
    int truth[DIGITS_TEST];
    float exact[DIGITS_TEST][DIGIT_CLASSES], output[DIGITS_TEST][DIGIT_CLASSES];
} memory_task;

static void normalise(const float *pixels, const double *mean, float *row)
{
    double squares = 0;
    for (int j = 0; j < DIGIT_PIXELS; j++)
        squares += (pixels[j] - mean[j]) * (pixels[j] - mean[j]);
    for (int j = 0; j < DIGIT_PIXELS; j++)
        row[j] = (float)((pixels[j] - mean[j]) / sqrt(squares));
}

static void prepare(const lmul_digits *digits, memory_task *t)
{
    double mean[DIGIT_PIXELS] = {0};
    for (int i = 0; i < DIGITS_TRAIN; i++)
        for (int j = 0; j < DIGIT_PIXELS; j++)
            mean[j] += digits->pixels[i][j] / (double)DIGITS_TRAIN;
    for (int i = 0; i < DIGITS_TRAIN; i++) {
        normalise(digits->pixels[i], mean, t->keys[i]);
        t->values[i][digits->labels[i]] = 1;
    }
    for (int i = 0; i < DIGITS_TEST; i++) {
        normalise(digits->pixels[DIGITS_TRAIN + i], mean, t->queries[i]);
        t->truth[i] = digits->labels[DIGITS_TRAIN + i];
    }
}

static assay_status attend(memory_task *t, const lmul_arithmetic *arithmetic, float output[][DIGIT_CLASSES])
{
    return lmul_attention(arithmetic, DIGITS_TEST, DIGITS_TRAIN, DIGIT_PIXELS, DIGIT_CLASSES, t->queries[0], t->keys[0],
                          t->values[0], 30, output[0]);
}

/* Reads the data and attends exactly; null with a note, or the check skipped if there are no data. */
static memory_task *make_task(verify_context *v, uint64_t seed)
{
    lmul_digits *digits = NULL;
    const assay_status status = lmul_digits_read(seed, &digits);
    if (status == ASSAY_IO) {
        verify_skip(v, "%s", assay_error());
        return NULL;
    }
    memory_task *t = status == ASSAY_OK ? calloc(1, sizeof *t) : NULL;
    const lmul_arithmetic exact = lmul_exact();
    if (t)
        prepare(digits, t);
    free(digits);
    if (!t || attend(t, &exact, t->exact) != ASSAY_OK) {
        verify_note(v, "the task could not be made: %s", assay_error());
        free(t);
        return NULL;
    }
    return t;
}

static int largest(const float *row)
{
    int best = 0;
    for (int j = 1; j < DIGIT_CLASSES; j++)
        best = row[j] > row[best] ? j : best;
    return best;
}

/* In %: right answers, and answers that are the exact arithmetic's. */
static double accuracy(const memory_task *t, const float output[][DIGIT_CLASSES])
{
    int right = 0;
    for (int i = 0; i < DIGITS_TEST; i++)
        right += largest(output[i]) == t->truth[i];
    return 100.0 * right / DIGITS_TEST;
}

static double agreement(const memory_task *t)
{
    int same = 0;
    for (int i = 0; i < DIGITS_TEST; i++)
        same += largest(t->output[i]) == largest(t->exact[i]);
    return 100.0 * same / DIGITS_TEST;
}

static double output_error(const memory_task *t)
{
    return verify_compare(VERIFY_RELATIVE_NORM, VERIFY_F32, t->exact, t->output, DIGITS_TEST * DIGIT_CLASSES).measure;
}

static const unsigned claimed_widths[] = {3, 4, 5, 7, 23};
enum { CLAIMED = sizeof claimed_widths / sizeof *claimed_widths };

static double measure_c6(verify_context *v, uint64_t seed)
{
    memory_task *t = make_task(v, seed);
    double worst = t ? 0 : NAN;
    for (int w = 0; t && w < CLAIMED; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(claimed_widths[w]);
        if (attend(t, &arithmetic, t->output))
            worst = NAN;
        const double change = accuracy(t, t->output) - accuracy(t, t->exact);
        worst = fabs(change) > fabs(worst) ? change : worst;
    }
    if (t)
        verify_note(v, "exact accuracy %.2f %% (seed %llu)", accuracy(t, t->exact), (unsigned long long)seed);
    free(t);
    return worst;
}

const verify_claim lmul_claim_c6 = {.statement = "Attention by L-Mul (3, 4, 5, 7, 23 bits) is almost lossless: largest "
                                                 "change of the accuracy on 597 digits by attention to 1200",
                                    .paper_value = "almost lossless",
                                    .provenance = "abstract",
                                    .unit = "percentage points",
                                    .measure = measure_c6,
                                    .low = -0.5,
                                    .high = 0.5,
                                    .part_low = -1,
                                    .part_high = 1,
                                    .seeds = 5};

static double measure_c6_agreement(verify_context *v, uint64_t seed)
{
    memory_task *t = make_task(v, seed);
    double least = t ? 100 : NAN;
    for (int w = 0; t && w < CLAIMED; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(claimed_widths[w]);
        least = attend(t, &arithmetic, t->output) ? NAN : fmin(least, agreement(t));
    }
    free(t);
    return least;
}

const verify_claim lmul_claim_c6_agreement = {.statement = "Attention by L-Mul (3, 4, 5, 7, 23 bits) predicts as exact "
                                                           "attention does, on 597 digits by attention to 1200",
                                              .paper_value = "almost lossless",
                                              .provenance = "abstract",
                                              .unit = "% same predictions",
                                              .measure = measure_c6_agreement,
                                              .low = 99.5,
                                              .high = 100,
                                              .part_low = 99,
                                              .part_high = 100,
                                              .seeds = 5};

/* Precision of a product is not precision of an output: L-Mul's errors have a mean, those of E4M3 average out. */
static double measure_output_error(verify_context *v, uint64_t seed)
{
    memory_task *t = make_task(v, seed);
    const lmul_arithmetic arithmetic[] = {lmul_with_bits(3), lmul_with_bits(4), lmul_with_bits(23),
                                          lmul_fp8(LMUL_E4M3)};
    double error[4] = {NAN, NAN, NAN, NAN};
    for (int i = 0; t && i < 4; i++)
        error[i] = attend(t, &arithmetic[i], t->output) ? NAN : output_error(t);
    free(t);
    verify_note(v, "relative errors of the outputs: 3 bits %.3f, 4 bits %.3f, 23 bits %.3f, E4M3 %.3f", error[0],
                error[1], error[2], error[3]);
    return fmin(error[0], fmin(error[1], error[2])) / error[3];
}

const verify_claim lmul_claim_output_error = {.statement =
                                                  "L-Mul's outputs of attention are less precise than those of "
                                                  "E4M3, though its products are not: ratio of the relative "
                                                  "errors, best of 3, 4 and 23 bits",
                                              .paper_value = "(not said)",
                                              .provenance = "derived",
                                              .unit = "ratio",
                                              .measure = measure_output_error,
                                              .low = 1.5,
                                              .high = INFINITY,
                                              .seeds = 5};

void lmul_record_digits_curve(verify_context *v)
{
    enum { POINTS = 10 };
    double bits[POINTS], right[POINTS], exact[POINTS], error[POINTS], e4m3_right[POINTS], e4m3_error[POINTS];
    memory_task *t = make_task(v, verify_seed_of(v));
    if (!t)
        return;
    const lmul_arithmetic e4m3 = lmul_fp8(LMUL_E4M3);
    verify_ok(v, attend(t, &e4m3, t->output), "attention with E4M3");
    const double fp8_right = accuracy(t, t->output), fp8_error = output_error(t);
    for (unsigned k = 1; k <= POINTS; k++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(k);
        verify_ok(v, attend(t, &arithmetic, t->output), "attention with %u bits", k);
        bits[k - 1] = k;
        right[k - 1] = accuracy(t, t->output);
        error[k - 1] = output_error(t);
        exact[k - 1] = accuracy(t, t->exact);
        e4m3_right[k - 1] = fp8_right;
        e4m3_error[k - 1] = fp8_error;
        /* Far from guessing: a broken product would show here first. With every width at most 3.6 % of the answers were
         * wrong in 38 seeds; if that is the probability of a wrong one, more than 10 % of 597 are wrong with at most
         * exp(-597 D(0.1 || 0.036)) < 1e-10 / 10 (Hoeffding 1963, theorem 1, which holds for draws without
         * replacement), D(a || b) = a ln(a / b) + (1 - a) ln((1 - a) / (1 - b)). */
        verify_at_least(v, right[k - 1], 90, "% right", "%u bits", k);
    }
    const struct {
        const char *chart, *label, *y_label;
        const double *y;
    } lines[] = {{"digits by attention to a memory", "L-Mul", "% right", right},
                 {"digits by attention to a memory", "exact", "% right", exact},
                 {"digits by attention to a memory", "E4M3", "% right", e4m3_right},
                 {"error of the outputs of attention", "L-Mul", "relative error", error},
                 {"error of the outputs of attention", "E4M3", "relative error", e4m3_error}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const assay_series series = {.chart = lines[i].chart,
                                     .label = lines[i].label,
                                     .style = ASSAY_LINE,
                                     .x_label = "mantissa bits",
                                     .y_label = lines[i].y_label,
                                     .count = POINTS,
                                     .x = bits,
                                     .y = lines[i].y};
        verify_record_series(v, &series);
    }
    free(t);
}
