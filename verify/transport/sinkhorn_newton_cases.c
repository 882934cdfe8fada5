/* sinkhorn_newton: the problems of the checks. */
#include "verify/transport/sinkhorn_newton_checks.h"

#include "assay/memory.h"
#include "assay/readers.h"

#include <math.h>
#include <string.h>

enum { IMAGE_SIDE = 28, PIXELS = IMAGE_SIDE * IMAGE_SIDE, FIRST_IMAGE = 3, SECOND_IMAGE = 7, UNITS = 1 << 19 };

const char *const transport_method_names[TRANSPORT_METHODS] = {"sweeps in logs", "sweeps", "sparse Newton",
                                                               "dense Newton", "L-BFGS"};

/* Masses that are whole numbers of 2^-19, at least a fourth of the mean each. */
static void fill_masses(assay_random random, double *mass, size_t n)
{
    const size_t least = UNITS / (4 * n);
    size_t left = UNITS - n * least;
    double sum = 0, passed = 0;
    for (size_t i = 0; i < n; i++)
        sum += assay_random_uniform(random, i);
    for (size_t i = 0; i < n; i++) {
        passed += assay_random_uniform(random, i) / sum;
        const double until = i + 1 == n ? 1 : passed;
        const size_t taken = (size_t)(until * (double)(UNITS - n * least)) - (UNITS - n * least - left);
        mass[i] = (double)(least + taken) / UNITS;
        left -= taken;
    }
}

static assay_status fill_digits(transport *t, int power)
{
    char path[4096];
    assay_array images = {0};
    assay_status status = assay_data_path("mnist_small-images.idx", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_idx(path, &images);
    if (status == ASSAY_OK && (images.element != ASSAY_ELEMENT_U8 || images.count < PIXELS * (SECOND_IMAGE + 1)))
        status =
            assay_fail(ASSAY_BAD_DATA, "%s has %zu numbers, must be bytes of 8 images or more", path, images.count);
    if (status == ASSAY_OK) {
        const uint8_t *pixels = images.data;
        status = sinkhorn_newton_make_grid(IMAGE_SIDE, IMAGE_SIDE, power, t->cost);
        if (status == ASSAY_OK)
            status = sinkhorn_newton_make_histogram(pixels + FIRST_IMAGE * PIXELS, PIXELS, t->r);
        if (status == ASSAY_OK)
            status = sinkhorn_newton_make_histogram(pixels + SECOND_IMAGE * PIXELS, PIXELS, t->c);
    }
    assay_array_release(&images);
    return status;
}

static assay_status fill_user(transport *t, const assay_array *matrix)
{
    const size_t n = t->problem.n, m = t->problem.m;
    for (size_t k = 0; k < n * m; k++)
        t->cost[k] =
            matrix->element == ASSAY_ELEMENT_F64 ? ((const double *)matrix->data)[k] : ((const float *)matrix->data)[k];
    for (size_t i = 0; i < n; i++)
        t->r[i] = 1 / (double)n;
    for (size_t j = 0; j < m; j++)
        t->c[j] = 1 / (double)m;
    return ASSAY_OK;
}

/* The user's matrix, as .npy of float or double, or .csv. */
static assay_status read_user(assay_array *matrix)
{
    const char *path = assay_user_data();
    const size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".npy") == 0) {
        const assay_status status = assay_read_npy(path, matrix);
        if (status == ASSAY_OK &&
            (matrix->dimensions != 2 || (matrix->element != ASSAY_ELEMENT_F64 && matrix->element != ASSAY_ELEMENT_F32)))
            return assay_fail(ASSAY_BAD_DATA, "%s must be a matrix of float64 or float32", path);
        return status;
    }
    assay_table table = {0};
    const assay_status status = assay_read_csv(path, &table);
    if (status == ASSAY_OK)
        *matrix = (assay_array){.element = ASSAY_ELEMENT_F64,
                                .dimensions = 2,
                                .shape = {table.rows, table.columns},
                                .count = table.rows * table.columns,
                                .data = table.values};
    return status;
}

static assay_status fill(transport *t, transport_kind kind, uint64_t seed, const assay_array *matrix)
{
    const size_t n = t->problem.n, m = t->problem.m;
    switch (kind) {
    case TRANSPORT_ASSIGNMENT: return sinkhorn_newton_make_assignment(n, seed, t->cost, t->r, t->c);
    case TRANSPORT_GAUSSIANS: return sinkhorn_newton_make_gaussians(n, seed, t->cost, t->r, t->c);
    case TRANSPORT_W1: return sinkhorn_newton_make_densities(n, 1, t->cost, t->r, t->c);
    case TRANSPORT_W2: return sinkhorn_newton_make_densities(n, 2, t->cost, t->r, t->c);
    case TRANSPORT_DIGITS_L1: return fill_digits(t, 1);
    case TRANSPORT_DIGITS_L2: return fill_digits(t, 2);
    case TRANSPORT_USER: return fill_user(t, matrix);
    case TRANSPORT_MASSES: break;
    }
    fill_masses((assay_random){seed, 1}, t->r, n);
    fill_masses((assay_random){seed, 2}, t->c, m);
    return assay_random_fill_uniform((assay_random){seed, 3}, 0, 0, 1, t->cost, n * m);
}

assay_status transport_make(transport *t, transport_kind kind, size_t n, size_t m, double eta, uint64_t seed)
{
    assay_array matrix = {0};
    assay_status status = ASSAY_OK;
    *t = (transport){0};
    if (kind == TRANSPORT_DIGITS_L1 || kind == TRANSPORT_DIGITS_L2)
        n = m = PIXELS;
    if (kind == TRANSPORT_USER) {
        status = read_user(&matrix);
        n = matrix.shape[0];
        m = matrix.shape[1];
    }
    if (status != ASSAY_OK)
        return status;
    t->cost = assay_allocate(n * m, sizeof *t->cost);
    t->r = assay_allocate(n, sizeof *t->r);
    t->c = assay_allocate(m, sizeof *t->c);
    t->solution.x = assay_allocate(n, sizeof(double));
    t->solution.y = assay_allocate(m, sizeof(double));
    t->solution.plan = assay_allocate(n * m, sizeof(double));
    t->problem = (sinkhorn_newton_problem){n, m, t->cost, t->r, t->c, eta};
    if (!t->cost || !t->r || !t->c || !t->solution.x || !t->solution.y || !t->solution.plan)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = fill(t, kind, seed, &matrix);
    assay_array_release(&matrix);
    return status;
}

bool transport_open(verify_context *v, transport *t, transport_kind kind, size_t n, size_t m, double eta, uint64_t seed)
{
    return verify_ok(v, transport_make(t, kind, n, m, eta, seed), "a problem of %zu x %zu", n, m);
}

void transport_close(transport *t)
{
    assay_release(t->cost);
    assay_release(t->r);
    assay_release(t->c);
    assay_release(t->solution.x);
    assay_release(t->solution.y);
    assay_release(t->solution.plan);
    assay_release(t->solution.trace);
    *t = (transport){0};
}

assay_status transport_run(transport *t, transport_method method, const sinkhorn_newton_options *options)
{
    switch (method) {
    case TRANSPORT_SCALE_LOG:
        return sinkhorn_newton_scale_log(&t->problem, options->sweeps, options->tolerance, &t->solution);
    case TRANSPORT_SCALE: return sinkhorn_newton_scale(&t->problem, options->sweeps, options->tolerance, &t->solution);
    case TRANSPORT_SOLVE: return sinkhorn_newton_solve(&t->problem, options, &t->solution);
    case TRANSPORT_DENSE: return sinkhorn_newton_solve_dense(&t->problem, options, &t->solution);
    case TRANSPORT_LBFGS: return sinkhorn_newton_solve_lbfgs(&t->problem, options, &t->solution);
    case TRANSPORT_METHODS: break;
    }
    return ASSAY_INVALID_ARGUMENT;
}

sinkhorn_newton_options transport_options(double tolerance)
{
    sinkhorn_newton_options options = sinkhorn_newton_defaults();
    options.tolerance = tolerance;
    return options;
}

double transport_rounding(const transport *t)
{
    double most = 0;
    for (size_t k = 0; k < t->problem.n * t->problem.m; k++)
        most = fmax(most, fabs(t->cost[k]));
    return 0x1p-50 * (t->problem.eta * most + 60);
}

double transport_distance_bound(const transport *t, double e)
{
    const double rounding = transport_rounding(t);
    return (double)(t->problem.n + t->problem.m - 1) * (e + rounding) + rounding;
}

double transport_distance(const double *p, const double *q, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += fabs(p[k] - q[k]);
    return sum;
}
