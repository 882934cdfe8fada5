/*
 * Running a graph on images, one after the other.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <pthread.h>

enum { SIDE = 8, PIXELS = FUNCTIONAL_HASH_DAG_PIXELS, VERTICES = FUNCTIONAL_HASH_DAG_VERTICES };

/* ---- Canonical images ---- */

static double canonical[FUNCTIONAL_HASH_DAG_INPUTS * PIXELS];
static pthread_once_t canonical_once = PTHREAD_ONCE_INIT;

static void make_canonical(void)
{
    assay_random_fill_normal(functional_hash_stream(FUNCTIONAL_HASH_STREAM_DAG), 0, 0, 1, canonical,
                             sizeof canonical / sizeof *canonical);
}

const double *functional_hash_dag_canonical(void)
{
    pthread_once(&canonical_once, make_canonical);
    return canonical;
}

double functional_hash_dag_largest(size_t count)
{
    const double *images = functional_hash_dag_canonical();
    double largest = 0;
    for (size_t i = 0; i < count * PIXELS; i++)
        largest = fmax(largest, fabs(images[i]));
    return largest;
}

/* ---- Operations ---- */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static bool is_inside(int y, int x)
{
    return y >= 0 && y < SIDE && x >= 0 && x < SIDE;
}

static void conv3(const double *z, double *out)
{
    static const double weights[3][3] = {{.4, -.3, .1}, {.5, .7, -.6}, {-.2, .3, .25}};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double sum = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    if (is_inside(y + dy, x + dx))
                        sum += weights[dy + 1][dx + 1] * z[(y + dy) * SIDE + x + dx];
            out[y * SIDE + x] = larger(sum - 0.05, 0);
        }
}

static void conv1(const double *z, double *out)
{
    for (int i = 0; i < PIXELS; i++)
        out[i] = larger(0.8 * z[i] + 0.1, 0);
}

static void pool(const double *z, double *out)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double largest = -INFINITY;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    if (is_inside(y + dy, x + dx))
                        largest = larger(z[(y + dy) * SIDE + x + dx], largest);
            out[y * SIDE + x] = largest;
        }
}

/* The output of vertex v > 0 from those of earlier ones, which are @p stride numbers apart. */
static void run_vertex(const functional_hash_dag_plan *plan, size_t v, const double *values, size_t stride, double *out)
{
    double sum[PIXELS];
    memcpy(sum, values + plan->predecessors[v][0] * stride, sizeof sum);
    for (size_t k = 1; k < plan->counts[v]; k++)
        for (int i = 0; i < PIXELS; i++)
            sum[i] += values[plan->predecessors[v][k] * stride + (size_t)i];
    if (v + 1 == plan->vertices)
        memcpy(out, sum, sizeof sum);
    else if (plan->operations[v] == FUNCTIONAL_HASH_CONV3)
        conv3(sum, out);
    else if (plan->operations[v] == FUNCTIONAL_HASH_CONV1)
        conv1(sum, out);
    else
        pool(sum, out);
}

/* ---- The order of sums ---- */

static bool is_before(const double *a, const double *b, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] == b[i])
        i++;
    return i < n && a[i] < b[i];
}

/* Sorts each vertex's predecessors by their values on the canonical images, vertex by vertex: equal functions have
 * equal bits, because what goes into them is added in an order that knows no names. */
static void order_predecessors(functional_hash_dag_plan *plan)
{
    enum { INPUTS = FUNCTIONAL_HASH_DAG_CANONICAL, STRIDE = INPUTS * PIXELS };
    double values[VERTICES][STRIDE];
    memcpy(values[0], functional_hash_dag_canonical(), sizeof values[0]);
    for (size_t v = 1; v < plan->vertices; v++) {
        uint8_t *sorted = plan->predecessors[v];
        for (size_t k = 1; k < plan->counts[v]; k++)
            for (size_t l = k; l > 0 && is_before(values[sorted[l]], values[sorted[l - 1]], STRIDE); l--) {
                const uint8_t swap = sorted[l];
                sorted[l] = sorted[l - 1];
                sorted[l - 1] = swap;
            }
        for (size_t image = 0; image < INPUTS; image++)
            run_vertex(plan, v, values[0] + image * PIXELS, STRIDE, values[v] + image * PIXELS);
    }
}

assay_status functional_hash_reference_dag_run(const functional_hash_dag *dag, const double *images, size_t count,
                                               double *outputs)
{
    functional_hash_dag_plan plan;
    const assay_status status = functional_hash_dag_plan_of(dag, &plan);
    if (status != ASSAY_OK)
        return status;
    if (count > 0 && (!images || !outputs))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", images ? "outputs" : "images");
    order_predecessors(&plan);
    for (size_t image = 0; image < count; image++) {
        double values[VERTICES][PIXELS];
        memcpy(values[0], images + image * PIXELS, sizeof values[0]);
        for (size_t v = 1; v < plan.vertices; v++)
            run_vertex(&plan, v, values[0], PIXELS, values[v]);
        memcpy(outputs + image * PIXELS, values[plan.vertices - 1], sizeof values[0]);
    }
    return ASSAY_OK;
}
