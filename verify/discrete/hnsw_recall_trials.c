/* hnsw_recall: trials. */
#include "verify/discrete/hnsw_recall_trials.h"

#include "assay/readers.h"
#include "assay/threads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { QUERIES = 1000, NEIGHBOURS = 100, WIDTH = 128 };

const hnsw_setting hnsw_usual_setting = {16, 128, 40};

/* Trials go on side by side. */
static bool good(verify_context *v, assay_status status, const char *what)
{
    if (status != ASSAY_OK) {
#pragma omp critical(hnsw_trial_note)
        verify_note(v, "%s: %s", what, assay_error());
    }
    return status == ASSAY_OK;
}

void hnsw_release_trial(hnsw_trial *trial)
{
    free(trial->x);
    free(trial->exact);
    free(trial->lid);
    *trial = (hnsw_trial){0};
}

bool hnsw_prepare_trial(verify_context *v, float *x, size_t n, size_t queries, size_t dimension,
                        hnsw_recall_metric metric, hnsw_trial *trial)
{
    *trial = (hnsw_trial){.x = x, .n = n, .queries = queries, .dimension = dimension, .metric = metric};
    trial->exact = x ? malloc(queries * HNSW_K * sizeof *trial->exact) : NULL;
    if (verify_true(v, trial->exact != NULL, "vectors, or memory for their neighbours") &&
        good(v, hnsw_recall_exact(metric, dimension, x, n, x + n * dimension, queries, HNSW_K, trial->exact, NULL),
             "exact neighbours"))
        return true;
    hnsw_release_trial(trial);
    return false;
}

bool hnsw_subspace_trial(verify_context *v, uint64_t seed, size_t n, size_t intrinsic, hnsw_trial *trial)
{
    float *x = malloc((n + QUERIES) * WIDTH * sizeof *x);
    if (x && good(v, hnsw_recall_subspace((assay_random){seed, 60}, WIDTH, intrinsic, 0, n + QUERIES, x), "vectors"))
        return hnsw_prepare_trial(v, x, n, QUERIES, WIDTH, HNSW_RECALL_L2, trial);
    free(x);
    return false;
}

bool hnsw_mixture_trial(verify_context *v, uint64_t seed, size_t n, hnsw_trial *trial)
{
    float *x = malloc((n + QUERIES) * WIDTH * sizeof *x);
    if (x && good(v, hnsw_recall_mixture((assay_random){seed, 61}, WIDTH, 0, n + QUERIES, x), "vectors"))
        return hnsw_prepare_trial(v, x, n, QUERIES, WIDTH, HNSW_RECALL_L2, trial);
    free(x);
    return false;
}

bool hnsw_data_trial(verify_context *v, const char *name, size_t n, hnsw_recall_metric metric, hnsw_trial *trial)
{
    size_t rows, dimension;
    float *x = hnsw_read_rows(v, name, n + QUERIES, &rows, &dimension);
    if (x && rows == n + QUERIES)
        return hnsw_prepare_trial(v, x, n, QUERIES, dimension, metric, trial);
    free(x);
    return false;
}

hnsw_recall_index *hnsw_trial_index(verify_context *v, const hnsw_trial *trial, const hnsw_setting *setting,
                                    const size_t *order, uint64_t seed)
{
    hnsw_recall_options options = hnsw_recall_defaults(trial->metric);
    hnsw_recall_index *index = NULL;
    options.m = setting->m;
    options.ef_construction = setting->ef_construction;
    options.seed = seed;
    if (good(v, hnsw_recall_create(trial->dimension, trial->n, &options, &index), "create") &&
        good(v, hnsw_recall_add_batch(index, trial->x, NULL, trial->n, order), "add"))
        return index;
    hnsw_recall_release(index);
    return NULL;
}

double hnsw_trial_recall(verify_context *v, const hnsw_trial *trial, const hnsw_recall_index *index, size_t ef)
{
    double recall = NAN;
    uint64_t *found = malloc(trial->queries * HNSW_K * sizeof *found);
    if (index && found &&
        good(v,
             hnsw_recall_search_batch(index, trial->x + trial->n * trial->dimension, trial->queries, HNSW_K, ef, found,
                                      NULL),
             "search"))
        hnsw_recall_at_k(found, trial->exact, trial->queries, HNSW_K, &recall);
    free(found);
    return recall;
}

double hnsw_recall_in_order(verify_context *v, const hnsw_trial *trial, const hnsw_setting *setting,
                            const size_t *order, uint64_t seed)
{
    hnsw_recall_index *index = hnsw_trial_index(v, trial, setting, order, seed);
    const double recall = hnsw_trial_recall(v, trial, index, setting->ef);
    hnsw_recall_release(index);
    return recall;
}

/* Local intrinsic dimensions by Euclidean distances, for the cosine those of the normalised vectors. */
static const double *lid_of(verify_context *v, hnsw_trial *trial)
{
    if (trial->lid)
        return trial->lid;
    const size_t dimension = trial->dimension;
    float *unit = trial->metric == HNSW_RECALL_COSINE ? malloc(trial->n * dimension * sizeof *unit) : NULL;
    trial->lid = malloc(trial->n * sizeof *trial->lid);
    bool fine = trial->lid && (unit || trial->metric != HNSW_RECALL_COSINE);
    if (fine && unit)
        fine = good(v, hnsw_recall_normalise(dimension, trial->x, trial->n, unit), "normalise");
    if (!fine ||
        !good(v, hnsw_recall_lid(dimension, unit ? unit : trial->x, trial->n, NEIGHBOURS, trial->lid), "lid")) {
        free(trial->lid);
        trial->lid = NULL;
    }
    free(unit);
    return trial->lid;
}

bool hnsw_recall_by_order(verify_context *v, hnsw_trial *trial, const hnsw_setting *setting, const double *keys,
                          uint64_t seed, unsigned orders, double recall[4])
{
    keys = keys ? keys : lid_of(v, trial);
    if (!keys)
        return false;
    bool failed = false;
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) reduction(|| : failed)
    for (int kind = 0; kind < 4; kind++) {
        recall[kind] = NAN;
        if (!(orders & 1u << kind))
            continue;
        size_t *order = malloc(trial->n * sizeof *order);
        if (order &&
            good(v, hnsw_recall_order((hnsw_recall_ordering)kind, keys, trial->n, (assay_random){seed, 62}, order),
                 "order"))
            recall[kind] = hnsw_recall_in_order(v, trial, setting, order, seed);
        failed = failed || isnan(recall[kind]);
        free(order);
    }
    return !failed;
}

/* ---- Real data ------------------------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Records recall over speed, and holds the largest breadth to what it must find. */
static void record_curve(verify_context *v, const hnsw_trial *trial, const hnsw_recall_index *index)
{
    static const size_t efs[] = {10, 16, 24, 40, 60, 80, 120, 160, 240, 320};
    enum { POINTS = sizeof efs / sizeof *efs };
    double recall[POINTS], speed[POINTS];
    char chart[96];
    for (size_t i = 0; i < POINTS; i++) {
        const double begun = now();
        recall[i] = hnsw_trial_recall(v, trial, index, efs[i]);
        speed[i] = (double)trial->queries / (now() - begun);
    }
    snprintf(chart, sizeof chart, "recall over speed, %zu vectors of %zu numbers", trial->n, trial->dimension);
    verify_record_quality_speed(v, chart, "M = 16, ef_construction = 128", "recall@10", "queries per second", recall,
                                speed, POINTS);
    verify_note(v, "recall@10 of ef = 40: %.4f", recall[3]);
    /* Not for the user's data, which may be of any kind; words reach 0.9998. */
    if (!assay_user_data())
        verify_at_least(v, recall[POINTS - 1], 0.95, "recall", "ef = 320");
}

void hnsw_check_real_data(verify_context *v)
{
    static hnsw_recall_statistics s;
    size_t rows, dimension;
    hnsw_trial trial;
    float *x = hnsw_read_rows(v, NULL, 20000, &rows, &dimension);
    if (!x)
        return;
    const size_t queries = rows / 10 < 500 ? rows / 10 : 500;
    if (!verify_true(v, queries > 0 && rows - queries >= HNSW_K, "there are %zu vectors, must be 20 at least", rows) ||
        !hnsw_prepare_trial(v, x, rows - queries, queries, dimension, HNSW_RECALL_L2, &trial))
        return;
    hnsw_recall_index *index = hnsw_trial_index(v, &trial, &hnsw_usual_setting, NULL, 100);
    if (verify_true(v, index != NULL, "index") && verify_ok(v, hnsw_recall_check(index), "laws") &&
        verify_ok(v, hnsw_recall_measure(index, &s), "statistics")) {
        verify_at_least(v, s.reachable, 0.5, "share", "elements that can be reached");
        record_curve(v, &trial, index);
    }
    hnsw_recall_release(index);
    hnsw_release_trial(&trial);
}
