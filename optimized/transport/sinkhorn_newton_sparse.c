/* The sparsified Hessian: which entries it keeps, by one pass over a histogram; and its system, on the side of y. */
#include "optimized/transport/sinkhorn_newton_truncated.h"

#include "assay/dense.h"
#include "assay/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bins of the histogram of values: 32 for each power of two, 80 powers below the sum of P; smaller ones are in the last
 * bin. */
enum { BINS_OF_OCTAVE = 32, SHIFT = 52 - 5, BINS = 80 * BINS_OF_OCTAVE + 1 };

assay_status sparse_newton_allocate(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options,
                                    sparse_newton *system)
{
    *system = (sparse_newton){.options = *options};
    system->row_begin = assay_allocate(p->n + 1, sizeof(uint32_t));
    system->column_begin = assay_allocate(p->m + 1, sizeof(uint32_t));
    system->work = assay_allocate(2 * p->n + 6 * p->m, sizeof(double));
    system->bin_count = assay_allocate(BINS, sizeof(size_t));
    system->bin_mass = assay_allocate(BINS, sizeof(double));
    return system->row_begin && system->column_begin && system->work && system->bin_count && system->bin_mass
               ? ASSAY_OK
               : ASSAY_NO_MEMORY;
}

static void release_entries(sparse_newton *system)
{
    assay_release(system->columns);
    assay_release(system->rows);
    assay_release(system->by_rows);
    assay_release(system->by_columns);
    system->columns = system->rows = NULL;
    system->by_rows = system->by_columns = NULL;
    system->capacity = 0;
}

void sparse_newton_release(sparse_newton *system)
{
    release_entries(system);
    assay_release(system->row_begin);
    assay_release(system->column_begin);
    assay_release(system->work);
    assay_release(system->bin_count);
    assay_release(system->bin_mass);
}

static assay_status reserve(sparse_newton *system, size_t count)
{
    if (count <= system->capacity)
        return ASSAY_OK;
    if (count > UINT32_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%zu entries are kept, can be at most 2^32 - 1", count);
    release_entries(system);
    const size_t capacity = count + count / 4 + 64;
    system->columns = assay_allocate(capacity, sizeof(uint32_t));
    system->rows = assay_allocate(capacity, sizeof(uint32_t));
    system->by_rows = assay_allocate(capacity, sizeof(double));
    system->by_columns = assay_allocate(capacity, sizeof(double));
    if (!system->columns || !system->rows || !system->by_rows || !system->by_columns)
        return ASSAY_NO_MEMORY;
    system->capacity = capacity;
    return ASSAY_OK;
}

/* ---- Which entries are kept -------------------------------------------------------------------------------------- */

/* Those above a value, and of those equal to it the ones up to an index. */
typedef struct threshold {
    double value;
    uint64_t last; /* i m + j */
    size_t count;  /* of those that are kept */
} threshold;

/* An entry of the bin in which the threshold lies. */
typedef struct candidate {
    double value;
    uint64_t index;
} candidate;

static int compare_candidates(const void *a, const void *b)
{
    const candidate *s = a, *t = b;
    if (s->value != t->value)
        return s->value > t->value ? -1 : 1;
    return (s->index > t->index) - (s->index < t->index);
}

static int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static size_t bin_of(int64_t top, double value)
{
    const int64_t bin = top - (bits_of(value) >> SHIFT);
    return bin < BINS - 1 ? (size_t)bin : BINS - 1;
}

/* Does the rest with entry `value` of row i, column j for all listed ones of at least LEAST > 0, by rows and columns in
 * order. What fills rows up is 0 and thus left out. */
#define FOR_ENTRIES(PLAN, LEAST, ...)                                                                                  \
    for (size_t i = 0; i < (PLAN)->problem->n; i++) {                                                                  \
        const truncated_row *row = &(PLAN)->rows[i];                                                                   \
        const truncated_block *block = &(PLAN)->block[i / (PLAN)->block_rows];                                         \
        const double *values = block->value + row->offset;                                                             \
        const uint32_t *listed = block->column + row->offset;                                                          \
        for (size_t k = 0; k < row->count; k++) {                                                                      \
            const double value = values[k];                                                                            \
            if (value >= (LEAST)) {                                                                                    \
                const size_t j = row->first == TRUNCATED_LIST ? listed[k] : row->first + k;                            \
                __VA_ARGS__;                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

/* The least value of a bin that counts, where none below `least` does. */
static double bottom_of(int64_t top, size_t bin, double least)
{
    const int64_t bits = (top - (int64_t)bin) * (INT64_C(1) << SHIFT);
    double value;
    memcpy(&value, &bits, sizeof value);
    return bin < BINS - 1 && bits > 0 ? fmax(value, least) : least;
}

/* The entries of the bin where the wanted count or mass is reached, in order. `before` and `mass` are what lies above
 * the bin; so many of the bin's are kept as bring these to `wanted` or `goal`. */
static assay_status find_in_bin(const truncated_plan *plan, int64_t top, size_t bin, double least_used, size_t in_bin,
                                size_t before, size_t wanted, double mass, double goal, threshold *least)
{
    const size_t m = plan->problem->m;
    candidate *candidates = assay_allocate(in_bin, sizeof *candidates);
    size_t found = 0, kept = 0;
    if (!candidates)
        return ASSAY_NO_MEMORY;
    const double bottom = bottom_of(top, bin, least_used);
    FOR_ENTRIES(plan, bottom, {
        if (bin_of(top, value) == bin)
            candidates[found++] = (candidate){value, (uint64_t)i * m + j};
    });
    qsort(candidates, found, sizeof *candidates, compare_candidates);
    while (kept < found && before + kept < wanted && mass < goal)
        mass += candidates[kept++].value;
    /* kept > 0: what lies above the bin has neither the count nor the mass */
    *least = (threshold){candidates[kept - 1].value, candidates[kept - 1].index, before + kept};
    assay_release(candidates);
    return ASSAY_OK;
}

/* The least entry that the options keep; all are kept if there are fewer. */
static assay_status find_threshold(sparse_newton *system, const truncated_plan *plan, double total, threshold *least)
{
    const sinkhorn_newton_options *options = &system->options;
    const size_t wanted = sinkhorn_newton_kept_entries(plan->problem, options);
    const double goal = options->rule == SINKHORN_NEWTON_MASS ? (1 - options->keep) * total : INFINITY;
    /* MASS: all that is below the dropped mass over the number of entries is dropped, whatever the others. */
    const double useless = options->rule == SINKHORN_NEWTON_MASS ? options->keep * total / (double)plan->entries : 0;
    const double least_used = fmax(useless, DBL_TRUE_MIN);
    const int64_t top = bits_of(total) >> SHIFT;
    memset(system->bin_count, 0, BINS * sizeof *system->bin_count);
    memset(system->bin_mass, 0, BINS * sizeof *system->bin_mass);
    FOR_ENTRIES(plan, least_used, {
        const size_t bin = bin_of(top, value);
        system->bin_count[bin]++;
        system->bin_mass[bin] += value;
        (void)j;
    });
    size_t count = 0;
    double mass = 0;
    for (size_t bin = 0; bin < BINS; bin++) {
        const size_t in_bin = system->bin_count[bin];
        if (in_bin > 0 && (count + in_bin >= wanted || mass + system->bin_mass[bin] >= goal))
            return find_in_bin(plan, top, bin, least_used, in_bin, count, wanted, mass, goal, least);
        count += in_bin;
        mass += system->bin_mass[bin];
    }
    *least = (threshold){least_used, UINT64_MAX, count};
    return ASSAY_OK;
}

/* Copies the kept entries, by rows and by columns. */
static assay_status keep_entries(sparse_newton *system, const truncated_plan *plan, threshold least)
{
    const size_t n = plan->problem->n, m = plan->problem->m;
    uint32_t *const column_begin = system->column_begin;
    const assay_status status = reserve(system, least.count);
    if (status != ASSAY_OK)
        return status;
    memset(system->row_begin, 0, (n + 1) * sizeof *system->row_begin);
    memset(column_begin, 0, (m + 1) * sizeof *column_begin);
    size_t count = 0;
    FOR_ENTRIES(plan, least.value, {
        if (value > least.value || (value == least.value && (uint64_t)i * m + j <= least.last)) {
            system->columns[count] = (uint32_t)j;
            system->by_rows[count++] = value;
            system->row_begin[i + 1]++;
            column_begin[j + 1]++;
        }
    });
    system->kept = count;
    for (size_t i = 0; i < n; i++)
        system->row_begin[i + 1] += system->row_begin[i];
    for (size_t j = 0; j < m; j++)
        column_begin[j + 1] += column_begin[j];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = system->row_begin[i]; k < system->row_begin[i + 1]; k++) {
            const size_t to = column_begin[system->columns[k]]++;
            system->rows[to] = (uint32_t)i;
            system->by_columns[to] = system->by_rows[k];
        }
    }
    memmove(column_begin + 1, column_begin, m * sizeof *column_begin); /* each had moved to the next one's begin */
    column_begin[0] = 0;
    return ASSAY_OK;
}

assay_status sparse_newton_keep(sparse_newton *system, const truncated_plan *plan, double total)
{
    threshold least;
    const assay_status status = find_threshold(system, plan, total, &least);
    return status == ASSAY_OK ? keep_entries(system, plan, least) : status;
}

/* ---- The system ----------------------------------------------------------------------------------------------------
 */

/* The Schur complement S = diag(columns) - P_s^T diag(rows)^-1 P_s, and the sides of S d_y = b. */
typedef struct complement {
    const sparse_newton *system;
    const sinkhorn_newton_kernels *kernels;
    size_t n, m;
    const double *rows, *columns;
    double *through; /* n: what passes through the eliminated unknowns */
} complement;

/* out = S v. */
static void multiply(const complement *c, const double *v, double *out)
{
    const sparse_newton *s = c->system;
    c->kernels->multiply(s->row_begin, s->columns, s->by_rows, v, c->n, c->through);
    for (size_t i = 0; i < c->n; i++)
        c->through[i] /= c->rows[i];
    c->kernels->multiply(s->column_begin, s->rows, s->by_columns, c->through, c->m, out);
    for (size_t j = 0; j < c->m; j++)
        out[j] = c->columns[j] * v[j] - out[j];
}

/* The diagonal of S without cancellation: what of a column is not kept, and for each kept entry the part of its row
 * that lies elsewhere. */
static void find_diagonal(const complement *c, double *diagonal)
{
    const sparse_newton *s = c->system;
    for (size_t j = 0; j < c->m; j++) {
        double kept = 0, elsewhere = 0;
        for (size_t k = s->column_begin[j]; k < s->column_begin[j + 1]; k++) {
            const double row = c->rows[s->rows[k]], value = s->by_columns[k];
            kept += value;
            elsewhere += value * fmax(row - value, 0) / row;
        }
        diagonal[j] = fmax(c->columns[j] - kept, 0) + elsewhere;
        if (!(diagonal[j] > 0x1p-40 * c->columns[j])) /* rounding alone: as good as any */
            diagonal[j] = 0x1p-40 * c->columns[j];
    }
}

/* Solves S d = b by conjugate gradients from 0, preconditioned by the diagonal of S, until the residual in the norm of
 * the inverse of `columns` is at most `enough` (squared). The residual on the other side is 0. Returns the iterations.
 */
static size_t conjugate_gradients(const complement *c, double *residual, double enough, size_t limit, double *work,
                                  double *d)
{
    const size_t m = c->m;
    double *inverse = work, *direction = work + m, *product = work + 2 * m, rho = 0, norm = 0;
    find_diagonal(c, inverse);
    for (size_t j = 0; j < m; j++) {
        inverse[j] = 1 / inverse[j];
        direction[j] = inverse[j] * residual[j];
        rho += residual[j] * direction[j];
        norm += residual[j] * residual[j] / c->columns[j];
        d[j] = 0;
    }
    size_t k = 0;
    for (; k < limit && norm > enough; k++) {
        multiply(c, direction, product);
        double curvature = 0, diagonal = 0, new_rho = 0, longest = 0;
        for (size_t j = 0; j < m; j++) {
            curvature += direction[j] * product[j];
            diagonal += c->columns[j] * direction[j] * direction[j];
        }
        const bool is_flat = !(curvature > SINKHORN_NEWTON_FLAT * diagonal);
        for (size_t j = 0; j < m && is_flat; j++)
            longest = fmax(longest, fabs(direction[j]));
        const double alpha = is_flat ? 1e3 * SINKHORN_NEWTON_LONGEST_STEP / longest : rho / curvature; /* far if flat */
        norm = 0;
        for (size_t j = 0; j < m; j++) {
            d[j] += alpha * direction[j];
            residual[j] -= alpha * product[j];
            new_rho += residual[j] * residual[j] * inverse[j];
            norm += residual[j] * residual[j] / c->columns[j];
        }
        if (is_flat)
            return k + 1;
        const double beta = new_rho / rho;
        rho = new_rho;
        for (size_t j = 0; j < m; j++)
            direction[j] = inverse[j] * residual[j] + beta * direction[j];
    }
    return k;
}

/* Solves S d = b by a Cholesky factor; the diagonal is raised a little, and more if need be. */
static assay_status factorise(const complement *c, const double *b, double *d)
{
    const size_t m = c->m;
    const sparse_newton *s = c->system;
    size_t bytes;
    if (__builtin_mul_overflow(m, m * sizeof(double), &bytes))
        return assay_fail(ASSAY_NO_MEMORY, "a matrix of m = %zu rows does not fit in memory", m);
    double *matrix = assay_allocate(bytes, 1), *factor = assay_allocate(bytes, 1), mean = 0;
    assay_status status = matrix && factor ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < c->n; i++) {
        for (size_t k = s->row_begin[i]; k < s->row_begin[i + 1]; k++) {
            double *line = matrix + (size_t)s->columns[k] * m;
            const double part = s->by_rows[k] / c->rows[i];
            for (size_t l = s->row_begin[i]; l <= k; l++)
                line[s->columns[l]] -= part * s->by_rows[l];
        }
    }
    for (size_t j = 0; status == ASSAY_OK && j < m; j++)
        mean += (matrix[j * m + j] += c->columns[j]) / (double)m;
    for (double shift = 1e-15; status == ASSAY_OK; shift *= 10) {
        memcpy(factor, matrix, bytes);
        for (size_t j = 0; j < m; j++)
            factor[j * m + j] += shift * mean;
        status = assay_dense_cholesky(m, factor, factor);
        if (status == ASSAY_OK) {
            status = assay_dense_cholesky_solve(m, factor, 1, b, d);
            break;
        }
        if (status == ASSAY_SINGULAR && shift < 1e-8)
            status = ASSAY_OK;
    }
    assay_release(matrix);
    assay_release(factor);
    return status;
}

assay_status sparse_newton_direction(sparse_newton *system, truncated_plan *plan, sinkhorn_newton_call *call,
                                     const double *marginals, const double *gradient, double error, double total,
                                     double *d, sinkhorn_newton_iteration *iteration)
{
    const size_t n = plan->problem->n, m = plan->problem->m;
    const sinkhorn_newton_options *options = &system->options;
    const size_t limit = options->cg_limit ? options->cg_limit : 10 * (n + m);
    sinkhorn_newton_adapt(plan->problem, &system->options, &system->progress, error);
    assay_status status = sparse_newton_keep(system, plan, total);
    if (status != ASSAY_OK)
        return status;
    complement c = {system, plan->kernels, n, m, marginals, marginals + n, system->work};
    double *pushed = system->work + n, *b = system->work + 2 * n, norm = 0, *d_x = d, *d_y = d + n;
    for (size_t i = 0; i < n; i++) {
        pushed[i] = gradient[i] / c.rows[i];
        norm += gradient[i] * pushed[i];
    }
    plan->kernels->multiply(system->column_begin, system->rows, system->by_columns, pushed, m, b);
    for (size_t j = 0; j < m; j++) {
        b[j] = gradient[n + j] - b[j];
        norm += gradient[n + j] * gradient[n + j] / c.columns[j];
    }
    iteration->kept = system->kept;
    if (options->solver == SINKHORN_NEWTON_CG && system->failures < 2) {
        const double goal = sinkhorn_newton_cg_goal(options, error);
        iteration->cg_iterations = conjugate_gradients(&c, b, goal * goal * norm, limit, b + m, d_y);
        system->failures += iteration->cg_iterations == limit;
        plan->multiply_adds += 2 * (double)system->kept * (double)iteration->cg_iterations;
    } else {
        status = factorise(&c, b, d_y);
        call->solution->factorisations++;
        plan->multiply_adds += (double)m * (double)m * ((double)m / 6 + 1);
    }
    if (status != ASSAY_OK)
        return status;
    plan->kernels->multiply(system->row_begin, system->columns, system->by_rows, d_y, n, d_x);
    for (size_t i = 0; i < n; i++)
        d_x[i] = (gradient[i] - d_x[i]) / c.rows[i];
    return ASSAY_OK;
}
