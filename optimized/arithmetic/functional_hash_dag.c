/*
 * Graphs on groups of eight images, all vertices of a group while its tiles are in the first cache, and the regression
 * of all outputs with its sums in registers.
 */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "optimized/arithmetic/functional_hash_dag_kernels.h"

#include <math.h>
#include <stdlib.h>

enum {
    PIXELS = FUNCTIONAL_HASH_DAG_PIXELS,
    LANES = FUNCTIONAL_HASH_DAG_LANES,
    CLASSES = FUNCTIONAL_HASH_DAG_CLASSES,
    WEIGHTS = FUNCTIONAL_HASH_DAG_WEIGHTS,
    ROWS = FUNCTIONAL_HASH_DAG_ROWS,
    VERTICES = FUNCTIONAL_HASH_DAG_VERTICES,
    TILE = FUNCTIONAL_HASH_TILE,
    GRAM_TILE = FUNCTIONAL_HASH_GRAM_TILE,
    WIDTH = FUNCTIONAL_HASH_GRAM_WIDTH
};

static const functional_hash_dag_kernels *kernels_in_force(void)
{
    switch (assay_cpu_level()) {
    case ASSAY_BASELINE: return &functional_hash_dag_kernels_baseline;
#if defined(__x86_64__)
    case ASSAY_AVX512: return &functional_hash_dag_kernels_avx512;
#endif
    default: return &functional_hash_dag_kernels_avx2;
    }
}

/* ---- Running ---- */

/* Tiles of the vertices, and what conv3 needs. */
typedef struct workspace {
    _Alignas(64) double tiles[VERTICES][TILE];
    _Alignas(64) double padded[FUNCTIONAL_HASH_PADDED]; /* its border stays 0 */
} workspace;

/* The predecessors' tiles of a vertex; those of the input may lie elsewhere. */
static size_t gather(const functional_hash_dag_plan *plan, size_t v, const workspace *w, const double *input,
                     const double **tiles)
{
    for (size_t k = 0; k < plan->counts[v]; k++) {
        const uint8_t from = plan->predecessors[v][k];
        tiles[k] = from == 0 ? input : w->tiles[from];
    }
    return plan->counts[v];
}

/* The inner vertices on one group, whose tile is @p input, from vertex @p first on. */
static void run_group(const functional_hash_dag_kernels *kernels, const functional_hash_dag_plan *plan, size_t first,
                      size_t last, const double *input, workspace *w)
{
    for (size_t v = first; v < last; v++) {
        const double *tiles[VERTICES];
        const size_t count = gather(plan, v, w, input, tiles);
        kernels->vertex(plan->operations[v], tiles, count, w->padded, w->tiles[v]);
    }
}

/* Up to eight images (row-major) as a tile; those that there are not are 0. */
static void load_tile(const double *images, size_t count, double *tile)
{
    memset(tile, 0, TILE * sizeof *tile);
    for (size_t image = 0; image < count; image++)
        for (size_t i = 0; i < PIXELS; i++)
            tile[i * LANES + image] = images[image * PIXELS + i];
}

/* Whether one tile comes before the other, canonical image by image, pixel by pixel. */
static bool is_before(const double *a, const double *b)
{
    for (size_t image = 0; image < FUNCTIONAL_HASH_DAG_CANONICAL; image++)
        for (size_t i = image; i < TILE; i += LANES)
            if (a[i] != b[i])
                return a[i] < b[i];
    return false;
}

/* The reference's order of sums, and as by-products the tiles of the canonical images. */
static void order_predecessors(const functional_hash_dag_kernels *kernels, functional_hash_dag_plan *plan, workspace *w)
{
    for (size_t v = 1; v < plan->vertices; v++) {
        uint8_t *sorted = plan->predecessors[v];
        for (size_t k = 1; k < plan->counts[v]; k++)
            for (size_t l = k; l > 0 && is_before(w->tiles[sorted[l]], w->tiles[sorted[l - 1]]); l--) {
                const uint8_t swap = sorted[l];
                sorted[l] = sorted[l - 1];
                sorted[l - 1] = swap;
            }
        if (v + 1 < plan->vertices)
            run_group(kernels, plan, v, v + 1, w->tiles[0], w);
    }
}

static assay_status prepare(const functional_hash_dag_kernels *kernels, const functional_hash_dag *dag,
                            functional_hash_dag_plan *plan, workspace *w)
{
    const assay_status status = functional_hash_dag_plan_of(dag, plan);
    if (status != ASSAY_OK)
        return status;
    memset(w->padded, 0, sizeof w->padded);
    load_tile(functional_hash_dag_canonical(), FUNCTIONAL_HASH_DAG_INPUTS, w->tiles[0]);
    order_predecessors(kernels, plan, w);
    return ASSAY_OK;
}

/* The output of a group that has been run, pixel after pixel. */
static void sum_group(const functional_hash_dag_kernels *kernels, const functional_hash_dag_plan *plan,
                      const double *input, const workspace *w, double *out, size_t stride)
{
    const double *tiles[VERTICES];
    const size_t count = gather(plan, plan->vertices - 1, w, input, tiles);
    kernels->sum(tiles, count, out, stride);
}

static void store_tile(const double *tile, size_t count, double *outputs)
{
    for (size_t image = 0; image < count; image++)
        for (size_t i = 0; i < PIXELS; i++)
            outputs[image * PIXELS + i] = tile[i * LANES + image];
}

assay_status functional_hash_dag_run(const functional_hash_dag *dag, const double *images, size_t count,
                                     double *outputs)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return functional_hash_reference_dag_run(dag, images, count, outputs);
    const functional_hash_dag_kernels *kernels = kernels_in_force();
    functional_hash_dag_plan plan;
    workspace w;
    const assay_status status = prepare(kernels, dag, &plan, &w);
    if (status != ASSAY_OK)
        return status;
    if (count > 0 && (!images || !outputs))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", images ? "outputs" : "images");
    const bool canonical = images == functional_hash_dag_canonical(); /* whose tiles are there already */
    for (size_t first = 0; first < count; first += LANES) {
        const size_t group = count - first < LANES ? count - first : LANES;
        double out[TILE];
        if (!canonical) {
            load_tile(images + first * PIXELS, group, w.tiles[0]);
            run_group(kernels, &plan, 1, plan.vertices - 1, w.tiles[0], &w);
        }
        sum_group(kernels, &plan, w.tiles[0], &w, out, LANES);
        store_tile(out, group, outputs + first * PIXELS);
    }
    return ASSAY_OK;
}

/* ---- The regression ---- */

/* Products of all pairs of rows, tile by tile of the upper triangle. Rows beyond the last are that one again. */
void functional_hash_dag_products(const double *rows, size_t stride, size_t n, double ridge, double (*a)[WIDTH])
{
    const functional_hash_dag_kernels *kernels = kernels_in_force();
    for (size_t i = 0; i < WEIGHTS; i += GRAM_TILE) {
        for (size_t k = i; k < ROWS; k += GRAM_TILE) {
            const double *left[GRAM_TILE], *right[GRAM_TILE];
            double tile[GRAM_TILE][GRAM_TILE];
            for (size_t t = 0; t < GRAM_TILE; t++) {
                left[t] = rows + (i + t < ROWS ? i + t : ROWS - 1) * stride;
                right[t] = rows + (k + t < ROWS ? k + t : ROWS - 1) * stride;
            }
            kernels->products(left, right, n, tile);
            for (size_t s = 0; s < GRAM_TILE && i + s < WEIGHTS; s++)
                for (size_t t = 0; t < GRAM_TILE && k + t < WIDTH; t++)
                    a[i + s][k + t] = tile[s][t];
        }
        for (size_t s = i; s < i + GRAM_TILE && s < WEIGHTS; s++)
            a[s][s] += ridge;
    }
}

/* As the reference's; what lies left of the diagonal in the first vector is changed, too, and never used. */
static void solve(const functional_hash_dag_kernels *kernels, double (*a)[WIDTH], double ridge)
{
    enum { SIDES = WEIGHTS / LANES * LANES }; /* where the right sides' first vector begins */
    for (size_t j = 0; j < WEIGHTS; j++) {
        const double pivot = sqrt(a[j][j] > ridge ? a[j][j] : ridge);
        const size_t from = (j + 1) / LANES * LANES;
        kernels->divide(a[j] + from, pivot, WIDTH - from);
        a[j][j] = pivot;
        for (size_t i = j + 1; i < WEIGHTS; i++)
            kernels->subtract(a[i] + i / LANES * LANES, a[j] + i / LANES * LANES, a[j][i], WIDTH - i / LANES * LANES);
    }
    for (size_t j = WEIGHTS; j-- > 0;) {
        const double last = a[j][SIDES]; /* the last weight's column shares a vector with the right sides */
        kernels->divide(a[j] + SIDES, a[j][j], WIDTH - SIDES);
        a[j][SIDES] = last;
        for (size_t i = 0; i < j; i++) {
            const double kept = a[i][SIDES];
            kernels->subtract(a[i] + SIDES, a[j] + SIDES, a[i][j], WIDTH - SIDES);
            a[i][SIDES] = kept;
        }
    }
}

static double judge(const functional_hash_dag_kernels *kernels, const functional_hash_dag_task *task,
                    const double *rows, double (*weights)[WIDTH])
{
    const size_t count = task->training + task->validation;
    double part[LANES] = {0};
    size_t right = 0;
    for (size_t first = task->training; first < count; first += LANES) {
        double predictions[CLASSES][LANES];
        size_t best[LANES] = {0};
        kernels->predict(rows + first, count, weights[0] + WEIGHTS, WIDTH, predictions[0]);
        for (size_t c = 0; c < CLASSES; c++)
            for (size_t lane = 0; lane < LANES; lane++) {
                const double error = predictions[c][lane] - task->hot[c * count + first + lane];
                part[lane] += error * error;
                best[lane] = predictions[c][lane] > predictions[best[lane]][lane] ? c : best[lane];
            }
        for (size_t lane = 0; lane < LANES; lane++)
            right += best[lane] == task->labels[first + lane];
    }
    const double sum = ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
    const double images = (double)task->validation, error = sum / (images * CLASSES);
    return (double)right / images - FUNCTIONAL_HASH_DAG_ERROR * error;
}

/* Rows of the regression: the outputs of all images, scaled, the constant, the classes. */
static void make_rows(const functional_hash_dag_kernels *kernels, const functional_hash_dag_task *task,
                      const functional_hash_dag_plan *plan, workspace *w, double *rows)
{
    const size_t count = task->training + task->validation;
    for (size_t first = 0; first < count; first += LANES) {
        const double *input = task->tiles + first * PIXELS;
        run_group(kernels, plan, 1, plan->vertices - 1, input, w);
        sum_group(kernels, plan, input, w, rows + first, count);
    }
    for (size_t j = 0; j < PIXELS; j += GRAM_TILE)
        kernels->scale(rows + j * count, count, task->training, count);
    for (size_t i = 0; i < count; i++)
        rows[PIXELS * count + i] = 1;
    memcpy(rows + WEIGHTS * count, task->hot, CLASSES * count * sizeof *rows);
}

assay_status functional_hash_dag_evaluate(const functional_hash_dag_task *task, const functional_hash_dag *dag,
                                          double *fitness)
{
    if (assay_cpu_level() == ASSAY_REFERENCE || !task || !fitness)
        return functional_hash_reference_dag_evaluate(task, dag, fitness);
    const functional_hash_dag_kernels *kernels = kernels_in_force();
    const size_t count = task->training + task->validation;
    functional_hash_dag_plan plan;
    workspace w;
    _Alignas(64) double a[WEIGHTS][WIDTH] = {{0}}; /* whole vectors are used of which the left part means nothing */
    assay_status status = prepare(kernels, dag, &plan, &w);
    double *rows = status == ASSAY_OK ? malloc(count * ROWS * sizeof *rows) : NULL; /* all of it is written */
    if (status == ASSAY_OK && !rows)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu images", count);
    if (status == ASSAY_OK) {
        const double ridge = FUNCTIONAL_HASH_DAG_RIDGE * (double)task->training;
        make_rows(kernels, task, &plan, &w, rows);
        functional_hash_dag_products(rows, count, task->training, ridge, a);
        solve(kernels, a, ridge);
        *fitness = judge(kernels, task, rows, a);
    }
    free(rows);
    return status;
}
