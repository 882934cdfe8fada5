/*
 * The solvers on any sparse matrix. Rows are taken level by level: a row's level is above those of all rows before it
 * that it needs, or that need its old value. A level's rows do not need each other, so that a processor with many
 * instructions in flight works on several of them at once, where the natural order has it wait for the one before; and
 * each row is summed in its own order, so that the values are those of the natural order, bit for bit.
 */
#include "assay/cpu.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <string.h>

/* A matrix with its rows and columns in the order of levels; each row's elements stay in their order. */
typedef struct ordered {
    size_t n;
    size_t *row_of;             /* position to row */
    size_t *starts, *diagonals; /* of elements; diagonals: where each row's diagonal element is */
    uint32_t *indices;          /* positions */
    double *values;
    double *memory; /* vectors of n */
} ordered;

static void release(ordered *o)
{
    assay_release(o->row_of);
    assay_release(o->starts);
    assay_release(o->diagonals);
    assay_release(o->indices);
    assay_release(o->values);
    assay_release(o->memory);
}

/* Level of each row; the number of levels. */
static size_t find_levels(const assay_csr *a, uint32_t *levels)
{
    uint32_t most = 0;
    memset(levels, 0, a->rows * sizeof *levels);
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t k = a->starts[i]; k < a->starts[i + 1] && a->indices[k] < i; k++)
            levels[i] = levels[a->indices[k]] + 1 > levels[i] ? levels[a->indices[k]] + 1 : levels[i];
        for (size_t k = a->starts[i + 1]; k-- > a->starts[i] && a->indices[k] > i;)
            if (levels[a->indices[k]] < levels[i] + 1)
                levels[a->indices[k]] = levels[i] + 1;
        most = levels[i] > most ? levels[i] : most;
    }
    return (size_t)most + 1;
}

static assay_status order_rows(const assay_csr *a, ordered *o, size_t *position_of)
{
    uint32_t *levels = assay_allocate(a->rows, sizeof *levels);
    const size_t count = levels ? find_levels(a, levels) : 0;
    size_t *begins = assay_allocate(count + 1, sizeof *begins);
    if (levels && begins) {
        for (size_t i = 0; i < a->rows; i++)
            begins[levels[i] + 1]++;
        for (size_t l = 0; l < count; l++)
            begins[l + 1] += begins[l];
        for (size_t i = 0; i < a->rows; i++) {
            position_of[i] = begins[levels[i]]++;
            o->row_of[position_of[i]] = i;
        }
    }
    const bool done = levels && begins;
    assay_release(levels);
    assay_release(begins);
    return done ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for the levels of %zu rows", a->rows);
}

static void copy_rows(const assay_csr *a, ordered *o, const size_t *position_of)
{
    size_t to = 0;
    for (size_t position = 0; position < o->n; position++) {
        const size_t i = o->row_of[position];
        for (size_t k = a->starts[i]; k < a->starts[i + 1]; k++, to++) {
            o->indices[to] = (uint32_t)position_of[a->indices[k]];
            o->values[to] = a->values[k];
            if (a->indices[k] == i)
                o->diagonals[position] = to;
        }
        o->starts[position + 1] = to;
    }
}

static assay_status make(const assay_csr *a, size_t vectors, ordered *o)
{
    const size_t n = a->rows, count = a->starts[n];
    *o = (ordered){.n = n};
    o->row_of = assay_allocate(n, sizeof *o->row_of);
    o->starts = assay_allocate(n + 1, sizeof *o->starts);
    o->diagonals = assay_allocate(n, sizeof *o->diagonals);
    o->indices = assay_allocate(count, sizeof *o->indices);
    o->values = assay_allocate(count, sizeof *o->values);
    o->memory = assay_allocate(n, vectors * sizeof *o->memory);
    size_t *position_of = assay_allocate(n, sizeof *position_of);
    assay_status status = ASSAY_OK;
    if (!o->row_of || !o->starts || !o->diagonals || !o->indices || !o->values || !o->memory || !position_of)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for a matrix of %zu rows in levels", n);
    if (status == ASSAY_OK)
        status = order_rows(a, o, position_of);
    if (status == ASSAY_OK)
        copy_rows(a, o, position_of);
    assay_release(position_of);
    return status;
}

static void take_in(const ordered *o, const double *natural, double *x)
{
    for (size_t i = 0; i < o->n; i++)
        x[i] = natural[o->row_of[i]];
}

static void give_out(const ordered *o, const double *x, double *natural)
{
    for (size_t i = 0; i < o->n; i++)
        natural[o->row_of[i]] = x[i];
}

/* Sum of the elements from k to end times x, on top of @p sum. */
static inline double sum_row(const ordered *o, size_t k, size_t end, const double *x, double sum)
{
    for (; k < end; k++)
        sum += o->values[k] * x[o->indices[k]];
    return sum;
}

/* Passes over all rows whose order does not matter are cut into pieces of so many, whose sums are added in order. */
enum { PIECE = 1024 };

/* out = A x, or b - A x if b is not null, as the products with @p other (null: with itself) of each piece. */
static void multiply_piece(const ordered *o, size_t piece, const double *b, const double *x, double *out,
                           const double *other, double *piece_sum)
{
    const size_t from = piece * PIECE, to = from + PIECE < o->n ? from + PIECE : o->n;
    double sum = 0;
    for (size_t i = from; i < to; i++) {
        const double product = sum_row(o, o->starts[i], o->starts[i + 1], x, 0);
        out[i] = b ? b[i] - product : product;
        sum += out[i] * (other ? other[i] : out[i]);
    }
    *piece_sum = sum;
}

static double multiply(const ordered *o, const double *b, const double *x, double *out, const double *other)
{
    enum { MOST = 1 << 9 };
    const size_t pieces = (o->n + PIECE - 1) / PIECE;
    const int threads = pieces < 8 ? 1 : assay_threads();
    double total = 0, sums[MOST];
    for (size_t from = 0; from < pieces; from += MOST) {
        const size_t now = pieces - from < MOST ? pieces - from : MOST;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
        for (size_t piece = 0; piece < now; piece++)
            multiply_piece(o, from + piece, b, x, out, other, &sums[piece]);
        for (size_t piece = 0; piece < now; piece++)
            total += sums[piece];
    }
    return total;
}

static double squares_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

static assay_status check(const assay_csr *a, const double *b, double omega, bool may_be_plain,
                          const sor_bandit_goal *goal, const double *x)
{
    assay_status status = sor_bandit_check_matrix(a);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omega("omega", omega, may_be_plain);
    return status ? status : sor_bandit_check_vectors(a->rows, b, x);
}

static assay_status not_converged(size_t limit, double reached, double tolerance)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "the relative residual is %.3g after %zu iterations, must come to %g",
                      reached, limit, tolerance);
}

/* What residuals are relative to, from the squares of the first one and of b. */
static assay_status find_reference(const sor_bandit_goal *goal, double start, double right_side, double *reference)
{
    *reference = sqrt(goal->relative == SOR_BANDIT_TO_START ? start : right_side);
    if (isfinite(start) && isfinite(right_side))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "the norm of b or of the first residual overflows");
}

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

static void sweep(const ordered *o, const double *b, double omega, double *x)
{
    for (size_t i = 0; i < o->n; i++) {
        const size_t middle = o->diagonals[i];
        const double sum = sum_row(o, middle + 1, o->starts[i + 1], x, sum_row(o, o->starts[i], middle, x, 0));
        x[i] += omega * ((b[i] - sum) / o->values[middle] - x[i]);
    }
}

static assay_status sweep_to_goal(const ordered *o, const double *b, double omega, const sor_bandit_goal *goal,
                                  double *x, double *r, sor_bandit_report *report)
{
    double now = multiply(o, b, x, r, NULL), reference;
    const assay_status status = find_reference(goal, now, squares_of(b, o->n), &reference);
    if (status != ASSAY_OK)
        return status;
    if (reference == 0 && goal->relative == SOR_BANDIT_TO_RIGHT_SIDE)
        memset(x, 0, o->n * sizeof *x);
    if (reference == 0 || now == 0)
        return ASSAY_OK;
    do {
        sweep(o, b, omega, x);
        now = sqrt(multiply(o, b, x, r, NULL));
        report->iterations++;
    } while (!(now < goal->tolerance * reference) && report->iterations < goal->limit);
    report->residual = now / reference;
    return now < goal->tolerance * reference ? ASSAY_OK
                                             : not_converged(report->iterations, report->residual, goal->tolerance);
}

assay_status sor_bandit_sor(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal, double *x,
                            sor_bandit_report *report)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return sor_bandit_reference_sor(a, b, omega, goal, x, report);
    assay_status status = check(a, b, omega, false, goal, x);
    if (status != ASSAY_OK)
        return status;
    ordered o;
    sor_bandit_report made = {0};
    status = make(a, 3, &o);
    if (status == ASSAY_OK) {
        double *own_b = o.memory, *own_x = o.memory + o.n, *r = o.memory + 2 * o.n;
        take_in(&o, b, own_b);
        take_in(&o, x, own_x);
        status = sweep_to_goal(&o, own_b, omega, goal, own_x, r, &made);
        if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
            give_out(&o, own_x, x);
            if (report)
                *report = made;
        }
    }
    release(&o);
    return status;
}

/* ---- SSOR-preconditioned conjugate gradients -------------------------------------------------------------------- */

/* With a symmetric structure all elements before the diagonal are of lower levels, all behind it of higher ones. */
typedef struct gradients {
    const ordered *o;
    double omega;
    double *b, *x, *r, *z, *p, *q;
} gradients;

/* x += alpha p, r -= alpha q, then (D + omega L) z = r; the squares of r. */
static double advance(const gradients *g, double alpha)
{
    const ordered *o = g->o;
    double squares = 0;
    for (size_t i = 0; i < o->n; i++) {
        const size_t middle = o->diagonals[i];
        g->x[i] += alpha * g->p[i];
        g->r[i] -= alpha * g->q[i];
        squares += g->r[i] * g->r[i];
        if (g->omega != SOR_BANDIT_PLAIN)
            g->z[i] = (g->r[i] - g->omega * sum_row(o, o->starts[i], middle, g->z, 0)) / o->values[middle];
    }
    return squares;
}

/* (D + omega L)^T z = omega (2 - omega) D z; the product r z. */
static double backward(const gradients *g)
{
    const ordered *o = g->o;
    const double omega = g->omega;
    double product = 0;
    for (size_t i = o->n; i-- > 0;) {
        const size_t middle = o->diagonals[i];
        const double diagonal = o->values[middle], sum = sum_row(o, middle + 1, o->starts[i + 1], g->z, 0);
        g->z[i] = (g->z[i] * (diagonal * omega * (2 - omega)) - omega * sum) / diagonal;
        product += g->r[i] * g->z[i];
    }
    return product;
}

static assay_status iterate(const gradients *g, const sor_bandit_goal *goal, sor_bandit_report *report)
{
    const size_t n = g->o->n;
    const bool plain = g->omega == SOR_BANDIT_PLAIN;
    double squares = multiply(g->o, g->b, g->x, g->r, NULL), reference, rho = 0;
    const assay_status status = find_reference(goal, squares, squares_of(g->b, n), &reference);
    if (status != ASSAY_OK)
        return status;
    if (reference == 0) {
        if (goal->relative == SOR_BANDIT_TO_RIGHT_SIDE)
            memset(g->x, 0, n * sizeof *g->x);
        return ASSAY_OK;
    }
    if (!plain)
        advance(g, 0); /* p and q are 0 */
    for (;; report->iterations++) {
        const double now = sqrt(squares);
        report->residual = now / reference;
        if (now <= goal->tolerance * reference)
            return ASSAY_OK;
        if (report->iterations == goal->limit)
            return not_converged(goal->limit, report->residual, goal->tolerance);
        const double rho_before = rho, *z = plain ? g->r : g->z;
        rho = plain ? squares : backward(g);
        const double beta = report->iterations > 0 ? rho / rho_before : 0;
        for (size_t i = 0; i < n; i++)
            g->p[i] = z[i] + beta * g->p[i];
        const double curvature = multiply(g->o, NULL, g->p, g->q, g->p);
        if (!(curvature > 0))
            return assay_fail(ASSAY_SINGULAR, "the matrix is not positive definite: p^T A p is %g", curvature);
        squares = advance(g, rho / curvature);
    }
}

assay_status sor_bandit_gradients(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal,
                                  double *x, sor_bandit_report *report)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return sor_bandit_reference_gradients(a, b, omega, goal, x, report);
    assay_status status = check(a, b, omega, true, goal, x);
    if (status != ASSAY_OK)
        return status;
    ordered o;
    sor_bandit_report made = {0};
    status = make(a, 6, &o);
    if (status == ASSAY_OK) {
        double *m = o.memory;
        const size_t n = o.n;
        const gradients g = {&o, omega, m, m + n, m + 2 * n, m + 3 * n, m + 4 * n, m + 5 * n};
        take_in(&o, b, g.b);
        take_in(&o, x, g.x);
        status = iterate(&g, goal, &made);
        if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
            give_out(&o, g.x, x);
            if (report)
                *report = made;
        }
    }
    release(&o);
    return status;
}
