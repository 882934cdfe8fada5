/*
 * The solvers on any sparse matrix. Rows are taken level by level: a row's level is above those of all rows before it
 * that it needs, or that need its old value. A level's rows do not need each other, so that a processor with many
 * instructions in flight works on several of them at once, where the natural order has it wait for the one before; and
 * each row is summed in its own order, so that the values are those of the natural order, bit for bit.
 */
#include "optimized/solvers/sor_bandit_csr.h"
#include "assay/cpu.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>
#include <string.h>

void sor_bandit_ordered_release(sor_bandit_ordered *o)
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

static assay_status order_rows(const assay_csr *a, sor_bandit_ordered *o, size_t *position_of)
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

static void copy_rows(const assay_csr *a, sor_bandit_ordered *o, const size_t *position_of)
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

assay_status sor_bandit_ordered_make(const assay_csr *a, size_t vectors, sor_bandit_ordered *o)
{
    const size_t n = a->rows, count = a->starts[n];
    *o = (sor_bandit_ordered){.n = n};
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

void sor_bandit_ordered_in(const sor_bandit_ordered *o, const double *natural, double *x)
{
    for (size_t i = 0; i < o->n; i++)
        x[i] = natural[o->row_of[i]];
}

void sor_bandit_ordered_out(const sor_bandit_ordered *o, const double *x, double *natural)
{
    for (size_t i = 0; i < o->n; i++)
        natural[o->row_of[i]] = x[i];
}

/* Passes over all rows whose order does not matter are cut into pieces of so many, whose sums are added in order. */
enum { PIECE = 1024 };

/* out = A x, or b - A x if b is not null, as the products with @p other (null: with itself) of each piece. */
static void multiply_piece(const sor_bandit_ordered *o, size_t piece, const double *b, const double *x, double *out,
                           const double *other, double *piece_sum)
{
    const size_t from = piece * PIECE, to = from + PIECE < o->n ? from + PIECE : o->n;
    double sum = 0;
    for (size_t i = from; i < to; i++) {
        const double product = sor_bandit_ordered_sum(o, o->starts[i], o->starts[i + 1], x, 0);
        out[i] = b ? b[i] - product : product;
        sum += out[i] * (other ? other[i] : out[i]);
    }
    *piece_sum = sum;
}

double sor_bandit_ordered_multiply(const sor_bandit_ordered *o, const double *b, const double *x, double *out,
                                   const double *other)
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

assay_status sor_bandit_ordered_check(const assay_csr *a, const double *b, double omega, bool may_be_plain,
                                      const sor_bandit_goal *goal, const double *x)
{
    assay_status status = sor_bandit_check_matrix(a);
    if (status == ASSAY_OK)
        status = sor_bandit_check_goal(goal);
    if (status == ASSAY_OK)
        status = sor_bandit_check_omega("omega", omega, may_be_plain);
    return status ? status : sor_bandit_check_vectors(a->rows, b, x);
}

assay_status sor_bandit_ordered_not_converged(size_t limit, double reached, double tolerance)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "the relative residual is %.3g after %zu iterations, must come to %g",
                      reached, limit, tolerance);
}

static double squares_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

assay_status sor_bandit_ordered_reference(const sor_bandit_ordered *o, const sor_bandit_goal *goal, double start,
                                          const double *b, double *reference)
{
    const double right_side = squares_of(b, o->n);
    *reference = sqrt(goal->relative == SOR_BANDIT_TO_START ? start : right_side);
    if (isfinite(start) && isfinite(right_side))
        return ASSAY_OK;
    return assay_fail(ASSAY_OUT_OF_RANGE, "the norm of b or of the first residual overflows");
}

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

static void sweep(const sor_bandit_ordered *o, const double *b, double omega, double *x)
{
    for (size_t i = 0; i < o->n; i++) {
        const size_t middle = o->diagonals[i];
        const double sum = sor_bandit_ordered_sum(o, middle + 1, o->starts[i + 1], x,
                                                  sor_bandit_ordered_sum(o, o->starts[i], middle, x, 0));
        x[i] += omega * ((b[i] - sum) / o->values[middle] - x[i]);
    }
}

static assay_status sweep_to_goal(const sor_bandit_ordered *o, const double *b, double omega,
                                  const sor_bandit_goal *goal, double *x, double *r, sor_bandit_report *report)
{
    double now = sor_bandit_ordered_multiply(o, b, x, r, NULL), reference;
    const assay_status status = sor_bandit_ordered_reference(o, goal, now, b, &reference);
    if (status != ASSAY_OK)
        return status;
    if (reference == 0 && goal->relative == SOR_BANDIT_TO_RIGHT_SIDE)
        memset(x, 0, o->n * sizeof *x);
    if (reference == 0 || now == 0)
        return ASSAY_OK;
    do {
        sweep(o, b, omega, x);
        now = sqrt(sor_bandit_ordered_multiply(o, b, x, r, NULL));
        report->iterations++;
    } while (!(now < goal->tolerance * reference) && report->iterations < goal->limit);
    report->residual = now / reference;
    return now < goal->tolerance * reference
               ? ASSAY_OK
               : sor_bandit_ordered_not_converged(report->iterations, report->residual, goal->tolerance);
}

assay_status sor_bandit_sor(const assay_csr *a, const double *b, double omega, const sor_bandit_goal *goal, double *x,
                            sor_bandit_report *report)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return sor_bandit_reference_sor(a, b, omega, goal, x, report);
    assay_status status = sor_bandit_ordered_check(a, b, omega, false, goal, x);
    if (status != ASSAY_OK)
        return status;
    sor_bandit_ordered o;
    sor_bandit_report made = {0};
    status = sor_bandit_ordered_make(a, 3, &o);
    if (status == ASSAY_OK) {
        double *own_b = o.memory, *own_x = o.memory + o.n, *r = o.memory + 2 * o.n;
        sor_bandit_ordered_in(&o, b, own_b);
        sor_bandit_ordered_in(&o, x, own_x);
        status = sweep_to_goal(&o, own_b, omega, goal, own_x, r, &made);
        if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
            sor_bandit_ordered_out(&o, own_x, x);
            if (report)
                *report = made;
        }
    }
    sor_bandit_ordered_release(&o);
    return status;
}
