/* sor_bandit: matrices, pictures and exact solutions that the checks and benchmarks share. */
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/readers.h"
#include "verify/solvers/sor_bandit_checks.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>
#include <suitesparse/cholmod.h>

const double sor_bandit_arms[SOR_BANDIT_ARMS] = {1.00, 1.05, 1.10, 1.15, 1.20, 1.25, 1.30, 1.35, 1.40, 1.45,
                                                 1.50, 1.55, 1.60, 1.65, 1.70, 1.75, 1.80, 1.85, 1.90, 1.95};

/* ---- Dense matrices ------------------------------------------------------------------------------------------- */

double *sor_bandit_dense(const assay_csr *a)
{
    double *dense = assay_allocate(a->rows * a->rows, sizeof *dense);
    for (size_t i = 0; dense && i < a->rows; i++)
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            dense[i * a->rows + a->indices[k]] = a->values[k];
    return dense;
}

double *sor_bandit_iteration_matrix(const assay_csr *a, double omega)
{
    const size_t n = a->rows;
    double *c = sor_bandit_dense(a), *lower = sor_bandit_dense(a);
    if (c && lower) {
        for (size_t i = 0; i < n; i++)
            lower[i * n + i] /= omega;
        /* C^T row by row: row i of C is e_i - y with y (D / omega + L) = row i of A, solved from the last column on. */
        for (size_t i = 0; i < n; i++)
            for (size_t j = n; j-- > 0;) {
                double sum = c[i * n + j];
                for (size_t l = j + 1; l < n; l++)
                    sum -= c[i * n + l] * lower[l * n + j];
                c[i * n + j] = sum / lower[j * n + j];
            }
        for (size_t i = 0; i < n * n; i++)
            c[i] = (i % (n + 1) == 0) - c[i];
    }
    assay_release(lower);
    return c;
}

double sor_bandit_spectral_radius(size_t n, const double *a)
{
    double *values = assay_allocate(n, 2 * sizeof *values), largest = 0;
    if (!values || !a || assay_dense_eigenvalues(n, a, values, values + n) != ASSAY_OK)
        largest = NAN;
    for (size_t i = 0; values && i < n; i++)
        largest = fmax(largest, hypot(values[i], values[n + i])) + (isnan(largest) ? NAN : 0);
    assay_release(values);
    return largest;
}

double sor_bandit_norm(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

double sor_bandit_residual(const assay_csr *a, const double *b, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < a->rows; i++) {
        double r = b[i];
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++)
            r -= a->values[k] * x[a->indices[k]];
        sum += r * r;
    }
    return sqrt(sum);
}

/* ---- Matrices ------------------------------------------------------------------------------------------------- */

/* Pairs with weights become a Laplacian with @p shift on its diagonal. */
typedef struct pairs {
    size_t n, count, room;
    size_t *rows, *columns;
    double *values;
} pairs;

static bool make_pairs(size_t n, size_t room, pairs *p)
{
    *p = (pairs){.n = n, .room = 2 * room + n};
    p->rows = assay_allocate(p->room, sizeof *p->rows);
    p->columns = assay_allocate(p->room, sizeof *p->columns);
    p->values = assay_allocate(p->room, sizeof *p->values);
    for (size_t i = 0; p->rows && p->columns && p->values && i < n; i++) {
        p->rows[i] = p->columns[i] = i;
        p->count = n;
    }
    return p->count == n;
}

static void join(pairs *p, size_t i, size_t j, double weight)
{
    p->values[i] += weight;
    p->values[j] += weight;
    for (int turn = 0; turn < 2; turn++) {
        p->rows[p->count] = turn ? i : j;
        p->columns[p->count] = turn ? j : i;
        p->values[p->count++] = -weight;
    }
}

static assay_status finish_pairs(pairs *p, double shift, assay_csr *a)
{
    for (size_t i = 0; i < p->n; i++)
        p->values[i] += shift;
    const assay_status status = assay_csr_from_triplets(p->n, p->n, p->count, p->rows, p->columns, p->values, a);
    assay_release(p->rows);
    assay_release(p->columns);
    assay_release(p->values);
    return status;
}

assay_csr sor_bandit_random_matrix(assay_random r, size_t n)
{
    pairs p;
    assay_csr a = {0};
    if (!make_pairs(n, 2 * n, &p))
        return a;
    for (size_t k = 0; k < 2 * n && n > 1; k++) {
        const size_t i = assay_random_integer(r, 3 * k, n), j = assay_random_integer(r, 3 * k + 1, n - 1);
        join(&p, i, j < i ? j : j + 1, assay_random_uniform(r, 3 * k + 2));
    }
    if (finish_pairs(&p, 0.5, &a) != ASSAY_OK)
        a = (assay_csr){0};
    return a;
}

enum { NEIGHBOURS = 10, PIXELS = 64 };

static double squared_distance(const double *x, const double *y)
{
    double sum = 0;
    for (size_t k = 0; k < PIXELS; k++)
        sum += (x[k] - y[k]) * (x[k] - y[k]);
    return sum;
}

/* The nearest images of image i, the nearest first. */
static void find_nearest(const assay_table *digits, size_t i, size_t nearest[NEIGHBOURS], double distances[NEIGHBOURS])
{
    size_t found = 0;
    for (size_t j = 0; j < digits->rows; j++) {
        if (j == i)
            continue;
        const double d = squared_distance(digits->values + i * digits->columns, digits->values + j * digits->columns);
        if (found == NEIGHBOURS && d >= distances[NEIGHBOURS - 1])
            continue;
        size_t at = found < NEIGHBOURS ? found++ : NEIGHBOURS - 1;
        for (; at > 0 && distances[at - 1] > d; at--) {
            distances[at] = distances[at - 1];
            nearest[at] = nearest[at - 1];
        }
        distances[at] = d;
        nearest[at] = j;
    }
}

/* Pixels are 0 to 16; images of one digit are some 20 apart, whence the width of the weights. */
static assay_status digits_graph(assay_csr *a)
{
    char path[4096];
    assay_table digits;
    assay_status status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &digits);
    if (status != ASSAY_OK)
        return status;
    pairs p;
    if (make_pairs(digits.rows, digits.rows * NEIGHBOURS, &p)) {
        for (size_t i = 0; i < digits.rows; i++) {
            size_t nearest[NEIGHBOURS] = {0};
            double distances[NEIGHBOURS] = {0};
            find_nearest(&digits, i, nearest, distances);
            for (size_t k = 0; k < NEIGHBOURS; k++) /* joined twice, and so with twice the weight, if it is mutual */
                join(&p, i, nearest[k], exp(-distances[k] / 400) / 2);
        }
        status = finish_pairs(&p, 0.05, a);
    } else {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the graph of the digits");
    }
    assay_table_release(&digits);
    return status;
}

assay_status sor_bandit_real_matrix(assay_csr *a)
{
    if (!assay_user_data())
        return digits_graph(a);
    assay_csr read;
    assay_status status = assay_read_mtx(assay_user_data(), &read);
    if (status != ASSAY_OK)
        return status;
    status = assay_csr_check_symmetric(&read);
    if (status == ASSAY_OK)
        *a = read;
    else
        assay_csr_release(&read);
    return status;
}

assay_status sor_bandit_picture(double **pixels)
{
    enum { SIDE = 28 };
    char path[4096];
    assay_array images;
    assay_status status = assay_data_path("mnist_small-images.idx", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_idx(path, &images);
    if (status != ASSAY_OK)
        return status;
    const size_t rows = SOR_BANDIT_PICTURE_ROWS, columns = SOR_BANDIT_PICTURE_COLUMNS, across = columns / SIDE;
    double *made = assay_allocate(rows * columns, sizeof *made);
    if (images.element != ASSAY_ELEMENT_U8 || images.dimensions != 3 || images.shape[1] != SIDE ||
        images.shape[2] != SIDE || images.shape[0] < rows / SIDE * across)
        status = assay_fail(ASSAY_BAD_DATA, "%s: must be %zu images of 28 x 28 bytes", path, rows / SIDE * across);
    else if (!made)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the picture");
    for (size_t i = 0; status == ASSAY_OK && i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t image = i / SIDE * across + j / SIDE;
            made[i * columns + j] = ((const uint8_t *)images.data)[(image * SIDE + i % SIDE) * SIDE + j % SIDE] / 255.0;
        }
    assay_array_release(&images);
    if (status == ASSAY_OK)
        *pixels = made;
    else
        assay_release(made);
    return status;
}

/* ---- Exact solutions ------------------------------------------------------------------------------------------ */

/* CHOLMOD wants the columns of one triangle: rows of the other one of a symmetric matrix. */
static cholmod_sparse *to_cholmod(const assay_csr *a, cholmod_common *common)
{
    const size_t n = a->rows;
    cholmod_sparse *s = cholmod_allocate_sparse(n, n, a->starts[n], 1, 1, 1, CHOLMOD_REAL, common);
    if (!s)
        return NULL;
    int *p = s->p, *rows = s->i, count = 0;
    double *x = s->x;
    for (size_t j = 0; j < n; j++) {
        p[j] = count;
        for (size_t k = a->starts[j]; k < a->starts[j + 1] && a->indices[k] <= j; k++) {
            rows[count] = (int)a->indices[k];
            x[count++] = a->values[k];
        }
    }
    p[n] = count;
    return s;
}

assay_status sor_bandit_cholmod_solve(const assay_csr *a, const double *b, double *x)
{
    cholmod_common common;
    cholmod_start(&common);
    common.print = 0;
    cholmod_sparse *s = to_cholmod(a, &common);
    cholmod_factor *l = s ? cholmod_analyze(s, &common) : NULL;
    cholmod_dense side = {a->rows, 1, a->rows, a->rows, (void *)b, NULL, CHOLMOD_REAL, CHOLMOD_DOUBLE};
    cholmod_dense *solution = NULL;
    if (l && cholmod_factorize(s, l, &common) && common.status == CHOLMOD_OK)
        solution = cholmod_solve(CHOLMOD_A, l, &side, &common);
    if (solution)
        memcpy(x, solution->x, a->rows * sizeof *x);
    const bool solved = solution != NULL;
    cholmod_free_dense(&solution, &common);
    cholmod_free_factor(&l, &common);
    cholmod_free_sparse(&s, &common);
    cholmod_finish(&common);
    return solved ? ASSAY_OK : assay_fail(ASSAY_SINGULAR, "CHOLMOD could not solve the system");
}

static void add_source(const sor_bandit_heat *s, double time, double *b)
{
    const double x = 0.5 + cos(16 * M_PI * time) / 4, y = 0.5 + sin(16 * M_PI * time) / 4;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++) {
            const double dx = (double)(j + 1) * s->spacing - x, dy = (double)(i + 1) * s->spacing - y;
            const double part = (dx * dx + dy * dy) * 64;
            if (part < 1)
                b[i * s->columns + j] += s->step * s->source * 32 * exp(1 - 1 / (1 - part));
        }
}

/* In the eigenvectors sin(pi i k / (rows + 1)) sin(pi j l / (columns + 1)) the step is (1 - g e) / (1 + g e) with
 * e = 4 sin^2(pi k / (2 (rows + 1))) + 4 sin^2(pi l / (2 (columns + 1))). */
assay_status sor_bandit_exact_step(const sor_bandit_heat *s, const double *u, double *next)
{
    const size_t n = s->rows * s->columns;
    const double middle = s->start + s->step / 2;
    const double g = sor_bandit_heat_conductivity(middle) * s->step / (2 * s->spacing * s->spacing);
    double *state = fftw_alloc_real(n), *source = fftw_alloc_real(n);
    fftw_plan plan = state && source ? fftw_plan_r2r_2d((int)s->rows, (int)s->columns, state, state, FFTW_RODFT00,
                                                        FFTW_RODFT00, FFTW_ESTIMATE | FFTW_UNALIGNED)
                                     : NULL;
    if (plan) {
        memcpy(state, u, n * sizeof *state);
        memset(source, 0, n * sizeof *source);
        add_source(s, middle, source);
        fftw_execute(plan);
        fftw_execute_r2r(plan, source, source);
        for (size_t k = 0; k < s->rows; k++)
            for (size_t l = 0; l < s->columns; l++) {
                const double a = sin(M_PI * (double)(k + 1) / (2 * (double)(s->rows + 1)));
                const double b = sin(M_PI * (double)(l + 1) / (2 * (double)(s->columns + 1)));
                const double e = 4 * (a * a + b * b), scale = 4 * (double)((s->rows + 1) * (s->columns + 1));
                double *at = state + k * s->columns + l;
                *at = ((1 - g * e) * *at + source[k * s->columns + l]) / ((1 + g * e) * scale);
            }
        fftw_execute(plan);
        memcpy(next, state, n * sizeof *next);
        fftw_destroy_plan(plan);
    }
    fftw_free(state);
    fftw_free(source);
    return plan ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for sine transforms");
}
