/* hnsw_recall: claim H7. Fifteen ways to turn an image of a digit into a vector are ranked as retrieval models by
 * NDCG@10: with exact neighbours, and with those that an index finds. */
#include "assay/dense.h"
#include "assay/threads.h"
#include "verify/discrete/hnsw_recall_trials.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 10000, INDEXED = 9000, ASKED = IMAGES - INDEXED, PIXELS = 784, MODELS = 15 };

/* The images, and what all seeds share. */
typedef struct gallery {
    float *pixels; /* IMAGES x PIXELS */
    uint8_t *digits;
    double *axes; /* PIXELS x PIXELS: column j is the principal axis of variance values[j], in ascending order */
    double *values;
} gallery;

/* ---- Feature maps ---------------------------------------------------------------------------------------------- */

/* Principal axes of the indexed images. */
static bool find_axes(gallery *g)
{
    const size_t cells = (size_t)PIXELS * PIXELS;
    double *rows = malloc(sizeof *rows * INDEXED * PIXELS), *covariance = malloc(cells * sizeof *covariance);
    g->axes = malloc(cells * sizeof *g->axes);
    g->values = malloc(PIXELS * sizeof *g->values);
    bool good = rows && covariance && g->axes && g->values;
    for (size_t j = 0; good && j < PIXELS; j++) {
        double mean = 0;
        for (size_t i = 0; i < INDEXED; i++)
            mean += g->pixels[i * PIXELS + j] / INDEXED;
        for (size_t i = 0; i < INDEXED; i++)
            rows[i * PIXELS + j] = g->pixels[i * PIXELS + j] - mean;
    }
    if (good) {
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, PIXELS, INDEXED, 1.0 / INDEXED, rows, PIXELS, 0, covariance,
                    PIXELS);
        good = assay_dense_symmetric_eigen(PIXELS, covariance, g->values, g->axes) == ASSAY_OK;
    }
    free(rows);
    free(covariance);
    return good;
}

/* All images times `count` axes (count x PIXELS). */
static void project(const gallery *g, const float *axes, size_t count, float *out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, IMAGES, (blasint)count, PIXELS, 1, g->pixels, PIXELS, axes,
                PIXELS, 0, out, (blasint)count);
}

/* The first `count` principal components; means shift all alike and are left out. Whitened: of variance 1. */
static void principal(const gallery *g, size_t count, bool whitened, float *axes, float *out)
{
    for (size_t c = 0; c < count; c++) {
        const size_t column = PIXELS - 1 - c;
        for (size_t p = 0; p < PIXELS; p++)
            axes[c * PIXELS + p] = (float)(g->axes[p * PIXELS + column] / (whitened ? sqrt(g->values[column]) : 1));
    }
    project(g, axes, count, out);
}

static void random_projection(const gallery *g, size_t count, uint64_t seed, float *axes, float *out)
{
    assay_random_fill_normal_f32((assay_random){seed, 70 + count}, 0, 0, 1, axes, count * PIXELS);
    project(g, axes, count, out);
}

/* Sums over squares of 4 x 4 pixels. */
static void pool(const gallery *g, float *out)
{
    memset(out, 0, (size_t)IMAGES * 49 * sizeof *out);
    for (size_t i = 0; i < IMAGES; i++) {
        for (size_t p = 0; p < PIXELS; p++)
            out[i * 49 + p / 28 / 4 * 7 + p % 28 / 4] += g->pixels[i * PIXELS + p];
    }
}

static const struct {
    enum { RAW, COSINE, PRINCIPAL, WHITENED, PROJECTED, POOLED, BINARY } kind;
    size_t width;
} models[MODELS] = {{RAW, PIXELS},   {COSINE, PIXELS}, {PRINCIPAL, 8},   {PRINCIPAL, 16}, {PRINCIPAL, 32},
                    {PRINCIPAL, 64}, {PRINCIPAL, 128}, {WHITENED, 16},   {WHITENED, 32},  {WHITENED, 64},
                    {PROJECTED, 32}, {PROJECTED, 64},  {PROJECTED, 128}, {POOLED, 49},    {BINARY, PIXELS}};

static float *features(const gallery *g, size_t model, uint64_t seed)
{
    const size_t width = models[model].width;
    float *out = malloc(IMAGES * width * sizeof *out), *axes = malloc(width * PIXELS * sizeof *axes);
    if (!out || !axes) {
        free(axes);
        free(out);
        return NULL;
    }
    switch (models[model].kind) {
    case RAW:
    case COSINE: memcpy(out, g->pixels, IMAGES * width * sizeof *out); break;
    case PRINCIPAL: principal(g, width, false, axes, out); break;
    case WHITENED: principal(g, width, true, axes, out); break;
    case PROJECTED: random_projection(g, width, seed, axes, out); break;
    case POOLED: pool(g, out); break;
    case BINARY:
        for (size_t i = 0; i < (size_t)IMAGES * PIXELS; i++)
            out[i] = g->pixels[i] > 127;
        break;
    }
    free(axes);
    return out;
}

/* A model's features with their exact neighbours: kept from seed to seed where they do not depend on it. */
static hnsw_trial *trial_of(verify_context *v, const gallery *g, size_t model, uint64_t seed)
{
    static hnsw_trial trials[MODELS];
    hnsw_trial *trial = &trials[model];
    if (trial->x && models[model].kind != PROJECTED)
        return trial;
    hnsw_release_trial(trial);
    return hnsw_prepare_trial(v, features(g, model, seed), INDEXED, ASKED, models[model].width,
                              models[model].kind == COSINE ? HNSW_RECALL_COSINE : HNSW_RECALL_L2, trial)
               ? trial
               : NULL;
}

/* ---- Ranking --------------------------------------------------------------------------------------------------- */

static double ndcg_of(const gallery *g, const uint64_t *found)
{
    bool *relevant = malloc(ASKED * HNSW_K * sizeof *relevant);
    double ndcg = NAN;
    for (size_t i = 0; relevant && i < (size_t)ASKED * HNSW_K; i++)
        relevant[i] = found[i] != UINT64_MAX && g->digits[found[i]] == g->digits[INDEXED + i / HNSW_K];
    if (relevant)
        hnsw_recall_ndcg(relevant, ASKED, HNSW_K, &ndcg);
    free(relevant);
    return ndcg;
}

/* NDCG of a model by exact search and by an index. */
static bool judge(verify_context *v, const gallery *g, size_t model, const hnsw_setting *setting, uint64_t seed,
                  double *exact, double *found)
{
    const hnsw_trial *trial = trial_of(v, g, model, seed);
    uint64_t *labels = malloc(ASKED * HNSW_K * sizeof *labels);
    hnsw_recall_index *index = trial && labels ? hnsw_trial_index(v, trial, setting, NULL, seed) : NULL;
    const bool good = index && hnsw_recall_search_batch(index, trial->x + INDEXED * trial->dimension, ASKED, HNSW_K,
                                                        setting->ef, labels, NULL) == ASSAY_OK;
    if (good) {
        *exact = ndcg_of(g, trial->exact);
        *found = ndcg_of(g, labels);
    }
    hnsw_recall_release(index);
    free(labels);
    return good;
}

/* How many models are better. */
static int place_of(const double score[MODELS], size_t model)
{
    int better = 0;
    for (size_t i = 0; i < MODELS; i++)
        better += score[i] > score[model] || (score[i] == score[model] && i < model);
    return better;
}

typedef struct judgement {
    double change; /* largest |NDCG difference| */
    double loss;   /* smallest loss of NDCG */
    double shift;  /* most places that a model moves */
} judgement;

static gallery *open_gallery(verify_context *v)
{
    static gallery g;
    size_t n, width, labels;
    if (g.axes)
        return &g;
    g.pixels = hnsw_read_rows(v, "mnist-images.idx", IMAGES, &n, &width);
    g.digits = g.pixels ? hnsw_read_bytes(v, "mnist-labels.idx", &labels) : NULL;
    return g.digits && n == IMAGES && width == PIXELS && labels >= IMAGES && find_axes(&g) ? &g : NULL;
}

static bool judge_all(verify_context *v, const hnsw_setting *setting, uint64_t seed, judgement *j)
{
    double exact[MODELS], found[MODELS];
    const gallery *g = open_gallery(v);
    bool failed = g == NULL;
    *j = (judgement){.loss = INFINITY};
    assay_blas_serial_begin();
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) reduction(|| : failed)
    for (size_t i = 0; i < MODELS; i++)
        failed = failed || !judge(v, g, i, setting, seed, &exact[i], &found[i]);
    assay_blas_serial_end();
    if (failed)
        return false;
    for (size_t i = 0; i < MODELS; i++) {
        j->change = fmax(j->change, fabs(exact[i] - found[i]));
        j->loss = fmin(j->loss, exact[i] - found[i]);
    }
    for (size_t i = 0; i < MODELS; i++)
        j->shift = fmax(j->shift, abs(place_of(exact, i) - place_of(found, i)));
    verify_note(v, "NDCG@10 changes by at most %.4f and falls by at least %.4f; models move %g places at most",
                j->change, j->loss, j->shift);
    return true;
}

static const hnsw_setting weak_setting = {4, 32, 10};

static double measure_h7(verify_context *v, uint64_t seed)
{
    judgement j;
    return judge_all(v, &hnsw_usual_setting, seed, &j) ? j.change : NAN;
}

const verify_claim hnsw_claim_h7 = {
    .statement =
        "With usual parameters an index hardly changes how good a model looks: largest change of NDCG@10 among 15 "
        "feature maps of 9,000 digits (M = 16, ef_construction = 128, ef = 40)",
    .paper_value = "small",
    .provenance = "derived",
    .unit = "NDCG",
    .measure = measure_h7,
    .low = 0,
    .high = 0.003,
    .seeds = 5};

static double measure_h7_places(verify_context *v, uint64_t seed)
{
    judgement j;
    return judge_all(v, &hnsw_usual_setting, seed, &j) ? j.shift : NAN;
}

const verify_claim hnsw_claim_h7_places = {
    .statement = "An index instead of exact search moves models in a ranking by up to 3 places: most places among 15 "
                 "feature maps of 9,000 digits, otherwise as H7",
    .paper_value = "up to 3",
    .provenance = "paper",
    .unit = "places",
    .measure = measure_h7_places,
    .low = 1,
    .high = 3,
    .seeds = 5};

static double measure_h7_weak(verify_context *v, uint64_t seed)
{
    judgement j;
    return judge_all(v, &weak_setting, seed, &j) ? j.shift : NAN;
}

const verify_claim hnsw_claim_h7_weak = {
    .statement = "With weak parameters models move by 3 places or more: most places, otherwise as H7 (M = 4, "
                 "ef_construction = 32, ef = 10)",
    .paper_value = "up to 3",
    .provenance = "paper",
    .unit = "places",
    .measure = measure_h7_weak,
    .low = 3,
    .high = MODELS,
    .seeds = 5};

static double measure_h7_worse(verify_context *v, uint64_t seed)
{
    judgement j;
    return judge_all(v, &weak_setting, seed, &j) ? j.loss : NAN;
}

const verify_claim hnsw_claim_h7_worse = {
    .statement = "With weak parameters every model looks worse than it is: least loss of NDCG@10, otherwise as H7_weak",
    .paper_value = "lower",
    .provenance = "derived",
    .unit = "NDCG",
    .measure = measure_h7_worse,
    .low = 1e-9,
    .high = 1,
    .seeds = 5};
