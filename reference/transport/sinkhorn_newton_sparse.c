/* The sparsified Hessian: which entries of P it keeps, and the direction that solves its system. */
#include "assay/memory.h"
#include "reference/transport/sinkhorn_newton_reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An entry of P. */
typedef struct kept_entry {
    double value;
    size_t i, j;
} kept_entry;

/* M = [[diag(P 1), P_s], [P_s^T, diag(P^T 1)]], n + m unknowns, with the first `count` of all entries of P. */
typedef struct sparse_system {
    size_t n, m, count;
    kept_entry *entries; /* n m, largest first */
    const double *diagonal;
} sparse_system;

/* What is kept from one step to the next. */
typedef struct sparse_method {
    sinkhorn_newton_options options;
    sinkhorn_newton_progress progress;
    sparse_system system;
    double *work;    /* 3 (n + m) */
    size_t failures; /* of CG to reach its goal */
} sparse_method;

static int compare_entries(const void *a, const void *b)
{
    const kept_entry *s = a, *t = b;
    if (s->value != t->value)
        return s->value > t->value ? -1 : 1;
    if (s->i != t->i)
        return s->i < t->i ? -1 : 1;
    return (s->j > t->j) - (s->j < t->j);
}

static void sparsify(const sinkhorn_newton_problem *p, const sinkhorn_newton_options *options,
                     const sinkhorn_newton_point *at, sparse_system *system)
{
    const size_t all = p->n * p->m;
    double total = 0, prefix = 0;
    for (size_t k = 0; k < all; k++) {
        system->entries[k] = (kept_entry){at->plan[k], k / p->m, k % p->m};
        total += at->plan[k];
    }
    qsort(system->entries, all, sizeof *system->entries, compare_entries);
    system->diagonal = at->rows; /* the columns' sums follow */
    system->count = sinkhorn_newton_kept_entries(p, options);
    if (options->rule == SINKHORN_NEWTON_MASS) {
        for (system->count = 0; system->count < all && prefix < (1 - options->keep) * total; system->count++)
            prefix += system->entries[system->count].value;
    }
}

/* out = M v. */
static void multiply(const sparse_system *system, const double *v, double *out)
{
    const size_t n = system->n;
    for (size_t k = 0; k < n + system->m; k++)
        out[k] = system->diagonal[k] * v[k];
    for (size_t k = 0; k < system->count; k++) {
        const kept_entry *e = &system->entries[k];
        out[e->i] += e->value * v[n + e->j];
        out[n + e->j] += e->value * v[e->i];
    }
}

static double scaled_norm_squared(const double *residual, const double *diagonal, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += residual[k] * residual[k] / diagonal[k];
    return sum;
}

static double weighted_square(const double *a, const double *weight, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += weight[k] * a[k] * a[k];
    return sum;
}

static double longest_of(const double *a, size_t n)
{
    double longest = 0;
    for (size_t k = 0; k < n; k++)
        longest = fmax(longest, fabs(a[k]));
    return longest;
}

/* Solves M d = g by conjugate gradients with the diagonal as preconditioner, from 0. Returns the iterations made; at
 * most limit. */
static size_t conjugate_gradients(const sparse_system *system, const double *g, double goal, size_t limit, double *work,
                                  double *d)
{
    const size_t unknowns = system->n + system->m;
    double *residual = work, *direction = residual + unknowns, *product = direction + unknowns;
    memset(d, 0, unknowns * sizeof *d);
    memcpy(residual, g, unknowns * sizeof *residual);
    memset(direction, 0, unknowns * sizeof *direction);
    double norm = scaled_norm_squared(residual, system->diagonal, unknowns), before = norm;
    const double enough = goal * goal * norm;
    size_t k = 0;
    for (; k < limit && norm > enough; k++) {
        for (size_t l = 0; l < unknowns; l++)
            direction[l] = residual[l] / system->diagonal[l] + norm / before * direction[l];
        multiply(system, direction, product);
        const double curvature = sinkhorn_newton_dot(direction, product, unknowns);
        const bool is_flat =
            !(curvature > SINKHORN_NEWTON_FLAT * weighted_square(direction, system->diagonal, unknowns));
        const double along = is_flat ? 1e3 * SINKHORN_NEWTON_LONGEST_STEP / longest_of(direction, unknowns) /* far */
                                     : norm / curvature;
        for (size_t l = 0; l < unknowns; l++) {
            d[l] += along * direction[l];
            residual[l] -= along * product[l];
        }
        if (is_flat)
            return k + 1;
        before = norm;
        norm = scaled_norm_squared(residual, system->diagonal, unknowns);
    }
    return k;
}

bool sinkhorn_newton_cholesky(double *a, size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double sum = a[i * n + j] - sinkhorn_newton_dot(a + i * n, a + j * n, j);
            if (j < i)
                a[i * n + j] = sum / a[j * n + j];
            else if (sum > 0)
                a[i * n + i] = sqrt(sum);
            else
                return false;
        }
    }
    for (size_t i = 0; i < n; i++)
        b[i] = (b[i] - sinkhorn_newton_dot(a + i * n, b, i)) / a[i * n + i];
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            b[i] -= a[j * n + i] * b[j];
        b[i] /= a[i * n + i];
    }
    return true;
}

/* Solves M d = g by the Schur complement S = diag(P^T 1) - P_s^T diag(P 1)^-1 P_s: S d_y = g_y - P_s^T diag^-1 g_x,
 * d_x = diag^-1 (g_x - P_s d_y). */
static assay_status solve_schur(const sparse_system *system, const double *g, double *d)
{
    const size_t n = system->n, m = system->m;
    const double *rows = system->diagonal, *columns = rows + n;
    double *kept = assay_allocate(n * m, sizeof *kept), *s = assay_allocate(m * m, sizeof *s), mean = 0;
    double *d_x = d, *d_y = d + n;
    assay_status status = kept && s ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (double shift = 1e-15; status == ASSAY_OK; shift *= 10) {
        memcpy(d, g, (n + m) * sizeof *d);
        memset(s, 0, m * m * sizeof *s);
        for (size_t k = 0; k < system->count; k++)
            kept[system->entries[k].i * m + system->entries[k].j] = system->entries[k].value;
        for (size_t k = 0; k < system->count; k++) {
            const kept_entry *e = &system->entries[k];
            for (size_t j = 0; j < m; j++)
                s[e->j * m + j] -= e->value * kept[e->i * m + j] / rows[e->i];
            d_y[e->j] -= e->value * g[e->i] / rows[e->i];
        }
        mean = 0;
        for (size_t j = 0; j < m; j++)
            mean += (s[j * m + j] += columns[j]) / (double)m;
        for (size_t j = 0; j < m; j++)
            s[j * m + j] += shift * mean;
        if (sinkhorn_newton_cholesky(s, m, d_y))
            break;
        if (shift > 1e-8)
            status = assay_fail(ASSAY_NOT_CONVERGED, "the Schur complement is not positive definite");
    }
    for (size_t k = 0; status == ASSAY_OK && k < system->count; k++)
        d_x[system->entries[k].i] -= system->entries[k].value * d_y[system->entries[k].j];
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        d_x[i] /= rows[i];
    assay_release(kept);
    assay_release(s);
    return status;
}

static assay_status sparse_direction(void *context, sinkhorn_newton_call *call, const sinkhorn_newton_point *at,
                                     double *d, sinkhorn_newton_iteration *iteration)
{
    sparse_method *method = context;
    const sinkhorn_newton_problem *p = call->problem;
    sinkhorn_newton_options *options = &method->options;
    const size_t unknowns = p->n + p->m, limit = options->cg_limit ? options->cg_limit : 10 * unknowns;
    assay_status status = ASSAY_OK;
    sinkhorn_newton_adapt(p, options, &method->progress, at->error);
    sparsify(p, options, at, &method->system);
    iteration->kept = method->system.count;
    if (options->solver == SINKHORN_NEWTON_CG && method->failures < 2) {
        iteration->cg_iterations = conjugate_gradients(
            &method->system, at->gradient, sinkhorn_newton_cg_goal(options, at->error), limit, method->work, d);
        call->solution->multiply_adds += 2 * (double)method->system.count * (double)iteration->cg_iterations;
        method->failures += iteration->cg_iterations == limit;
    } else {
        status = solve_schur(&method->system, at->gradient, d);
        call->solution->factorisations++;
        call->solution->multiply_adds += (double)p->m * (double)p->m * ((double)p->m / 6 + 1);
    }
    for (size_t k = 0; k < unknowns; k++)
        d[k] /= p->eta;
    return status;
}

assay_status sinkhorn_newton_reference_sparsify(const sinkhorn_newton_problem *problem,
                                                const sinkhorn_newton_options *options, const double *x,
                                                const double *y, double *kept, size_t *count)
{
    assay_status status = sinkhorn_newton_check_sparsify(problem, options, x, y, kept, count);
    if (status != ASSAY_OK)
        return status;
    sinkhorn_newton_point at;
    sparse_system system = {.n = problem->n, .m = problem->m};
    system.entries = assay_allocate(problem->n * problem->m, sizeof *system.entries);
    status = sinkhorn_newton_point_allocate(problem, &at);
    if (status == ASSAY_OK && !system.entries)
        status = ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = sinkhorn_newton_plan(problem, x, y, at.plan);
    if (status == ASSAY_OK) {
        sparsify(problem, options, &at, &system);
        memset(kept, 0, problem->n * problem->m * sizeof *kept);
        *count = 0;
        for (size_t k = 0; k < system.count; k++) {
            kept[system.entries[k].i * problem->m + system.entries[k].j] = system.entries[k].value;
            *count += system.entries[k].value > 0;
        }
    }
    sinkhorn_newton_point_release(&at);
    assay_release(system.entries);
    return status;
}

assay_status sinkhorn_newton_reference_solve(const sinkhorn_newton_problem *problem,
                                             const sinkhorn_newton_options *options, sinkhorn_newton_solution *solution)
{
    assay_status status = sinkhorn_newton_check_problem(problem);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_options(problem, options, true);
    if (status == ASSAY_OK)
        status = sinkhorn_newton_check_solution(solution);
    if (status != ASSAY_OK)
        return status;
    sparse_method method = {.options = *options, .system = {.n = problem->n, .m = problem->m}};
    method.system.entries = assay_allocate(problem->n * problem->m, sizeof *method.system.entries);
    method.work = assay_allocate(3 * (problem->n + problem->m), sizeof *method.work);
    status = method.system.entries && method.work
                 ? sinkhorn_newton_ascend(problem, options, solution, sparse_direction, &method)
                 : ASSAY_NO_MEMORY;
    assay_release(method.system.entries);
    assay_release(method.work);
    return status;
}
