/* hnsw_recall: the paper's claims about dimension and order (H1 to H6, H8), and curves for the report. */
#include "assay/threads.h"
#include "verify/discrete/hnsw_recall_trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    RANDOM = 1 << HNSW_RECALL_RANDOM,
    ASCENDING = 1 << HNSW_RECALL_ASCENDING,
    DESCENDING = 1 << HNSW_RECALL_DESCENDING
};

/* ---- H1: recall falls with the intrinsic dimension ------------------------------------------------------------- */

static double subspace_recall(verify_context *v, uint64_t seed, size_t n, size_t intrinsic)
{
    hnsw_trial trial;
    if (!hnsw_subspace_trial(v, seed, n, intrinsic, &trial))
        return NAN;
    const double recall = hnsw_recall_in_order(v, &trial, &hnsw_usual_setting, NULL, seed);
    hnsw_release_trial(&trial);
    return recall;
}

/* The least fall from 8 dimensions on; if recall in the plane or at 64 dimensions is not what it should be, how far it
 * is off, which is negative. */
static double measure_h1(verify_context *v, uint64_t seed)
{
    static const size_t dimensions[] = {2, 8, 16, 32, 64, 128};
    double recall[6], least = INFINITY;
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic)
    for (size_t i = 0; i < 6; i++)
        recall[i] = subspace_recall(v, seed, 10000, dimensions[i]);
    for (size_t i = 2; i < 6; i++)
        least = fmin(least, recall[i - 1] - recall[i]);
    verify_note(v, "recall@10 of intrinsic dimensions 2, 8, 16, 32, 64, 128: %.4f %.4f %.4f %.4f %.4f %.4f", recall[0],
                recall[1], recall[2], recall[3], recall[4], recall[5]);
    const double off = fmin(recall[0] - 0.999, fmin(recall[4] - 0.62, 0.77 - recall[4]));
    for (size_t i = 0; i < 6; i++) {
        if (isnan(recall[i]))
            return NAN;
    }
    return off < 0 ? off : least;
}

const verify_claim hnsw_claim_h1 = {
    .statement =
        "Recall falls with the intrinsic dimension: least fall of recall@10 from one of 8, 16, 32, 64, 128 to the "
        "next, if it is 0.999 or more for 2 and 0.62 to 0.77 for 64 (10,000 vectors of 128 numbers, M = 16, "
        "ef_construction = 128, ef = 40)",
    .paper_value = "strictly decreasing",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h1,
    .low = 0.005,
    .high = 1,
    .seeds = 5};

static double measure_h1_quick(verify_context *v, uint64_t seed)
{
    static const size_t dimensions[] = {16, 128};
    double recall[2];
#pragma omp parallel for num_threads(assay_threads())
    for (size_t i = 0; i < 2; i++)
        recall[i] = subspace_recall(v, seed, 2000, dimensions[i]);
    return recall[0] - recall[1];
}

const verify_claim hnsw_claim_h1_quick = {
    .statement =
        "Recall falls with the intrinsic dimension: recall@10 at 16 less that at 128 (2,000 vectors of 128 numbers, "
        "M = 16, ef_construction = 128, ef = 40)",
    .paper_value = "decreasing",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h1_quick,
    .low = 0.005,
    .high = 1,
    .seeds = 5};

/* ---- H2 to H5, H8: the order of insertion ---------------------------------------------------------------------- */

/* The trial of a data set, kept from seed to seed: only levels and shuffles change. */
static hnsw_trial *kept(verify_context *v, const char *name, size_t n, hnsw_recall_metric metric)
{
    static hnsw_trial trial;
    return trial.x || hnsw_data_trial(v, name, n, metric, &trial) ? &trial : NULL;
}

static double descending_less_ascending(verify_context *v, hnsw_trial *trial, const hnsw_setting *setting,
                                        uint64_t seed)
{
    double recall[4];
    if (!trial || !hnsw_recall_by_order(v, trial, setting, NULL, seed, ASCENDING | DESCENDING, recall))
        return NAN;
    verify_note(v, "recall@10 by descending and ascending dimension: %.4f %.4f", recall[HNSW_RECALL_DESCENDING],
                recall[HNSW_RECALL_ASCENDING]);
    return recall[HNSW_RECALL_DESCENDING] - recall[HNSW_RECALL_ASCENDING];
}

static hnsw_trial *words(verify_context *v)
{
    return kept(v, "words.fvecs", 20000, HNSW_RECALL_COSINE);
}

static hnsw_trial *images(verify_context *v)
{
    return kept(v, "mnist-images.idx", 9000, HNSW_RECALL_L2);
}

/* Descending less ascending, if random order lies between; else how far it lies outside, which is negative. */
static double measure_h2(verify_context *v, uint64_t seed)
{
    double recall[4];
    hnsw_trial *trial = words(v);
    if (!trial ||
        !hnsw_recall_by_order(v, trial, &hnsw_usual_setting, NULL, seed, RANDOM | ASCENDING | DESCENDING, recall))
        return NAN;
    const double best = recall[HNSW_RECALL_DESCENDING], middle = recall[HNSW_RECALL_RANDOM],
                 worst = recall[HNSW_RECALL_ASCENDING];
    verify_note(v, "recall@10 by descending dimension, at random, by ascending dimension: %.4f %.4f %.4f", best, middle,
                worst);
    return best > middle && middle > worst ? best - worst : fmin(best - middle, middle - worst);
}

const verify_claim hnsw_claim_h2 = {
    .statement =
        "Inserted by descending local intrinsic dimension, recall@10 is higher than in random order, and by "
        "ascending one lower: difference of the two on 20,000 word vectors, if random order lies between (cosine, "
        "M = 16, ef_construction = 128, ef = 40)",
    .paper_value = "descending best, ascending worst",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h2,
    .low = 0.004,
    .high = 1,
    .part_low = 0.0005,
    .part_high = 1,
    .seeds = 5};

static double measure_h3(verify_context *v, uint64_t seed)
{
    return descending_less_ascending(v, images(v), &hnsw_usual_setting, seed);
}

const verify_claim hnsw_claim_h3 = {
    .statement =
        "Descending order is better than ascending one, for 9,000 images of digits (MNIST, Euclidean) as in H2",
    .paper_value = "descending best, ascending worst",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h3,
    .low = 0.0015,
    .high = 1,
    .part_low = 0.0002,
    .part_high = 1,
    .seeds = 5};

static const hnsw_setting small_setting = {8, 64, 40};

static double measure_h4(verify_context *v, uint64_t seed)
{
    hnsw_trial trial;
    if (!hnsw_mixture_trial(v, seed, 12000, &trial))
        return NAN;
    const double difference = descending_less_ascending(v, &trial, &small_setting, seed);
    hnsw_release_trial(&trial);
    return difference;
}

const verify_claim hnsw_claim_h4 = {
    .statement = "The order shifts recall by up to 12 points: descending less ascending local intrinsic dimension on a "
                 "mixture of subspaces of 2 to 64 dimensions (12,000 vectors, M = 8, ef_construction = 64, ef = 40)",
    .paper_value = "up to 0.12",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h4,
    .low = 0.03,
    .high = 1,
    .part_low = 0.01,
    .part_high = 1,
    .seeds = 5};

/* Random order less that by category. */
static double random_less_category(verify_context *v, hnsw_trial *trial, const hnsw_setting *setting,
                                   const double *category, uint64_t seed)
{
    double recall[4];
    if (!hnsw_recall_by_order(v, trial, setting, category, seed, RANDOM | ASCENDING, recall))
        return NAN;
    verify_note(v, "recall@10 at random and by category: %.4f %.4f", recall[HNSW_RECALL_RANDOM],
                recall[HNSW_RECALL_ASCENDING]);
    return recall[HNSW_RECALL_RANDOM] - recall[HNSW_RECALL_ASCENDING];
}

static double measure_h5(verify_context *v, uint64_t seed)
{
    static double group[12000];
    hnsw_trial trial;
    for (size_t i = 0; i < 12000; i++)
        group[i] = (double)(i % HNSW_RECALL_GROUPS);
    if (!hnsw_mixture_trial(v, seed, 12000, &trial))
        return NAN;
    const double difference = random_less_category(v, &trial, &small_setting, group, seed);
    hnsw_release_trial(&trial);
    return difference;
}

const verify_claim hnsw_claim_h5 = {
    .statement =
        "Inserted category after category, recall is lower than in random order: difference on H4's mixture, whose "
        "categories are its subspaces by increasing dimension",
    .paper_value = "lower",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h5,
    .low = 0.03,
    .high = 1,
    .part_low = 0.01,
    .part_high = 1,
    .seeds = 5};

static double measure_h5_images(verify_context *v, uint64_t seed)
{
    static double digit[9000];
    size_t n = 0;
    hnsw_trial *trial = images(v);
    uint8_t *labels = trial ? hnsw_read_bytes(v, "mnist-labels.idx", &n) : NULL;
    for (size_t i = 0; labels && i < 9000 && i < n; i++)
        digit[i] = labels[i];
    const double difference =
        labels && n >= 9000 ? random_less_category(v, trial, &hnsw_usual_setting, digit, seed) : NAN;
    free(labels);
    return difference;
}

const verify_claim hnsw_claim_h5_images = {
    .statement = "The same as H5 for 9,000 images, digit after digit (M = 16, ef_construction = 128, ef = 40)",
    .paper_value = "lower",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h5_images,
    .low = 0.0015,
    .high = 1,
    .part_low = 0.0002,
    .part_high = 1,
    .seeds = 5};

static double measure_h8(verify_context *v, uint64_t seed)
{
    return descending_less_ascending(v, kept(v, "words.fvecs", 50000, HNSW_RECALL_COSINE), &hnsw_usual_setting, seed);
}

const verify_claim hnsw_claim_h8 = {
    .statement = "The effect of the order stays when there are more vectors: descending less ascending on 50,000 word "
                 "vectors, otherwise as H2",
    .paper_value = "persists",
    .provenance = "paper",
    .unit = "recall",
    .measure = measure_h8,
    .low = 0.002,
    .high = 1,
    .part_low = 0.0005,
    .part_high = 1,
    .seeds = 5};

/* ---- H6: the breadth of the search ----------------------------------------------------------------------------- */

enum { BREADTHS = 6 };
static const size_t breadths[BREADTHS] = {10, 40, 80, 160, 320, 2000};

static bool breadth_recall(verify_context *v, uint64_t seed, double recall[BREADTHS])
{
    hnsw_trial trial;
    if (!hnsw_subspace_trial(v, seed, 10000, 64, &trial))
        return false;
    hnsw_recall_index *index = hnsw_trial_index(v, &trial, &hnsw_usual_setting, NULL, seed);
    for (size_t i = 0; i < BREADTHS; i++)
        recall[i] = hnsw_trial_recall(v, &trial, index, breadths[i]);
    const bool built = index != NULL;
    hnsw_recall_release(index);
    hnsw_release_trial(&trial);
    return built;
}

/* The least rise, if the narrowest search finds as little and ef = 320 as much as it should; else how far off they are.
 */
static double measure_h6(verify_context *v, uint64_t seed)
{
    double recall[BREADTHS], least = INFINITY;
    if (!breadth_recall(v, seed, recall))
        return NAN;
    for (size_t i = 1; i < BREADTHS; i++)
        least = fmin(least, recall[i] - recall[i - 1]);
    verify_note(v, "recall@10 of ef = 10, 40, 80, 160, 320, 2000: %.3f %.3f %.3f %.3f %.3f %.3f", recall[0], recall[1],
                recall[2], recall[3], recall[4], recall[5]);
    const double off = fmin(0.45 - recall[0], recall[4] - 0.99);
    return off < 0 ? off : least;
}

const verify_claim hnsw_claim_h6 = {
    .statement =
        "The breadth of the search dominates: least rise of recall@10 from one ef of 10, 40, 80, 160, 320, 2000 to "
        "the next, if it is at most 0.45 for 10 and at least 0.99 for 320 (intrinsic dimension 64, 10,000 "
        "vectors, M = 16, ef_construction = 128)",
    .paper_value = "increasing",
    .provenance = "note",
    .unit = "recall",
    .measure = measure_h6,
    .low = 1e-9,
    .high = 1,
    .seeds = 5};

/* ---- Curves ---------------------------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void record_breadths(verify_context *v, size_t intrinsic)
{
    static const size_t efs[] = {10, 16, 24, 40, 60, 80, 120, 160, 240, 320};
    enum { POINTS = sizeof efs / sizeof *efs };
    double recall[POINTS], speed[POINTS];
    char label[64];
    hnsw_trial trial;
    if (!verify_true(v, hnsw_subspace_trial(v, verify_seed_of(v), 5000, intrinsic, &trial), "trial"))
        return;
    hnsw_recall_index *index = hnsw_trial_index(v, &trial, &hnsw_usual_setting, NULL, verify_seed_of(v));
    for (size_t i = 0; i < POINTS; i++) {
        const double begun = now();
        recall[i] = hnsw_trial_recall(v, &trial, index, efs[i]);
        speed[i] = (double)trial.queries / (now() - begun);
    }
    /* Far from nothing found: a broken search would show here first. */
    verify_at_least(v, recall[POINTS - 1], 0.9, "recall", "intrinsic dimension %zu, ef = 320", intrinsic);
    snprintf(label, sizeof label, "intrinsic dimension %zu", intrinsic);
    verify_record_quality_speed(v, "recall over speed, 5000 vectors of 128 numbers", label, "recall@10",
                                "queries per second", recall, speed, POINTS);
    hnsw_recall_release(index);
    hnsw_release_trial(&trial);
}

static void record_dimensions(verify_context *v)
{
    static const size_t intrinsics[] = {2, 4, 8, 16, 32, 64, 128};
    enum { POINTS = sizeof intrinsics / sizeof *intrinsics };
    double x[POINTS], recall[POINTS], lid[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
        hnsw_trial trial;
        x[i] = (double)intrinsics[i];
        lid[i] = 0;
        if (!verify_true(v, hnsw_subspace_trial(v, verify_seed_of(v), 5000, intrinsics[i], &trial), "trial"))
            return;
        recall[i] = hnsw_recall_in_order(v, &trial, &hnsw_usual_setting, NULL, verify_seed_of(v));
        double *all = malloc(trial.n * sizeof *all);
        if (all && verify_ok(v, hnsw_recall_lid(trial.dimension, trial.x, trial.n, 100, all), "lid")) {
            for (size_t j = 0; j < trial.n; j++)
                lid[i] += all[j] / (double)trial.n;
        }
        free(all);
        hnsw_release_trial(&trial);
    }
    const assay_series lines[] = {{.chart = "recall over intrinsic dimension",
                                   .label = "5000 vectors of 128 numbers, ef = 40",
                                   .style = ASSAY_LINE,
                                   .x_label = "intrinsic dimension",
                                   .y_label = "recall@10",
                                   .x_log = 1,
                                   .count = POINTS,
                                   .x = x,
                                   .y = recall},
                                  {.chart = "estimated over true intrinsic dimension",
                                   .label = "mean of the local estimates, k = 100",
                                   .style = ASSAY_LINE,
                                   .x_label = "intrinsic dimension",
                                   .y_label = "estimate",
                                   .x_log = 1,
                                   .y_log = 1,
                                   .count = POINTS,
                                   .x = x,
                                   .y = lid}};
    verify_record_series(v, &lines[0]);
    verify_record_series(v, &lines[1]);
}

static void record_degrees(verify_context *v)
{
    static hnsw_recall_statistics s;
    enum { DEGREES = 101 };
    double degree[DEGREES], in[DEGREES], out[DEGREES];
    hnsw_trial trial;
    if (!verify_true(v, hnsw_subspace_trial(v, verify_seed_of(v), 5000, 32, &trial), "trial"))
        return;
    hnsw_recall_index *index = hnsw_trial_index(v, &trial, &hnsw_usual_setting, NULL, verify_seed_of(v));
    if (verify_true(v, index != NULL, "index") && verify_ok(v, hnsw_recall_measure(index, &s), "statistics")) {
        for (size_t i = 0; i < DEGREES; i++) {
            degree[i] = (double)i;
            in[i] = (double)s.in_degrees[i];
            out[i] = (double)s.out_degrees[i];
        }
        assay_series series = {.chart = "links on level 0",
                               .label = "to an element",
                               .style = ASSAY_HISTOGRAM,
                               .x_label = "links",
                               .y_label = "elements",
                               .count = DEGREES,
                               .x = degree,
                               .y = in};
        verify_record_series(v, &series);
        series.label = "of an element";
        series.y = out;
        verify_record_series(v, &series);
        verify_note(v, "%.4f of the elements can be reached from the entry", s.reachable);
    }
    hnsw_recall_release(index);
    hnsw_release_trial(&trial);
}

void hnsw_record_curves(verify_context *v)
{
    record_breadths(v, 8);
    record_breadths(v, 32);
    record_breadths(v, 64);
    record_dimensions(v);
    record_degrees(v);
}
