/*
 * Minimax constants by exchange (Remez), in double-double arithmetic.
 *
 * At a best approximation with k independent constants the weighted error takes its largest size with alternating signs
 * at k + 1 points. For given points the k constants and that size E solve err(x_i) = (-1)^i E (Newton); for given
 * constants the points move to the extrema of the error; and so on in turn.
 */
#include "assay/memory.h"
#include "core/double_double.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWNS = 64, GRID = 1024, EXCHANGES = 40, NEWTON_STEPS = 40, GOLDEN_STEPS = 60 };

typedef struct tuner {
    const evolved_exp_problem *problem;
    evolved_exp_program program;
    uint32_t nodes[EVOLVED_EXP_NODES]; /* of the constants */
    size_t k;
    double_double constants[UNKNOWNS], level; /* the unknowns; level is E with the sign of the first point */
    double points[UNKNOWNS + 1];
    double grid[GRID + 1], errors[GRID + 1];
} tuner;

/* f(x), with the constants in pairs. Infinities pass as IEEE has them, which a pair alone does not do. */
static double_double run(const tuner *t, const double_double *constants, double x)
{
    double_double v[EVOLVED_EXP_NODES];
    v[0] = dd_from(0); /* stands for arguments that a node does not have */
    size_t constant = 0;
    for (size_t i = 0; i < t->program.count; i++) {
        const evolved_exp_node *node = &t->program.nodes[i];
        const double_double a = v[node->a < i ? node->a : 0], b = v[node->b < i ? node->b : 0];
        switch (node->operation) {
        case EVOLVED_EXP_X: v[i] = dd_from(x); break;
        case EVOLVED_EXP_CONSTANT: v[i] = constants[constant++]; break;
        case EVOLVED_EXP_ADD: v[i] = dd_add(a, b); break;
        case EVOLVED_EXP_SUBTRACT: v[i] = dd_subtract(a, b); break;
        case EVOLVED_EXP_MULTIPLY: v[i] = dd_multiply(a, b); break;
        case EVOLVED_EXP_DIVIDE: v[i] = dd_divide(a, b); break;
        case EVOLVED_EXP_SQRT: v[i] = dd_sqrt(a); break;
        case EVOLVED_EXP_FMA: v[i] = dd_add(dd_multiply(a, b), v[node->c]); break;
        }
    }
    return v[t->program.output];
}

/* (f - y) / y and the like, signed. */
static double_double error_at(const tuner *t, const double_double *constants, double x)
{
    double_double y;
    evolved_exp_target_pair(t->problem->target, x, &y.high, &y.low);
    const double_double weight = dd_from(evolved_exp_weight(t->problem, x, y.high));
    return dd_multiply(dd_subtract(run(t, constants, x), y), weight);
}

/* Solves the n by n system a s = b in place by Gaussian elimination with scaled rows; false if it is singular. */
static bool solve(size_t n, double_double a[][UNKNOWNS + 1], double_double *b)
{
    for (size_t column = 0; column < n; column++) {
        size_t pivot = column;
        for (size_t row = column + 1; row < n; row++)
            if (fabs(a[row][column].high) > fabs(a[pivot][column].high))
                pivot = row;
        if (!(fabs(a[pivot][column].high) > 0) || !isfinite(a[pivot][column].high))
            return false;
        for (size_t j = 0; j < n; j++) {
            const double_double swap = a[column][j];
            a[column][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        const double_double swap = b[column];
        b[column] = b[pivot];
        b[pivot] = swap;
        for (size_t row = column + 1; row < n; row++) {
            const double_double factor = dd_divide(a[row][column], a[column][column]);
            for (size_t j = column; j < n; j++)
                a[row][j] = dd_subtract(a[row][j], dd_multiply(factor, a[column][j]));
            b[row] = dd_subtract(b[row], dd_multiply(factor, b[column]));
        }
    }
    for (size_t row = n; row-- > 0;) {
        for (size_t j = row + 1; j < n; j++)
            b[row] = dd_subtract(b[row], dd_multiply(a[row][j], b[j]));
        b[row] = dd_divide(b[row], a[row][row]);
    }
    return true;
}

/* One Newton step; *change is the largest relative change that was wanted. The Jacobian is taken by differences, which
 * 32 digits allow: a relative step of 2^-50 leaves as many correct ones. The unknowns are scaled to 1. */
static bool newton_step(tuner *t, double *change)
{
    static const double tiny = 0x1p-50, cap = 0.3;
    const size_t n = t->k + 1;
    double_double a[UNKNOWNS + 1][UNKNOWNS + 1], b[UNKNOWNS + 1] = {{0}};
    double scale[UNKNOWNS] = {0};
    for (size_t i = 0; i < n; i++) {
        const double sign = i % 2 ? -1 : 1;
        const double_double here = error_at(t, t->constants, t->points[i]);
        if (!isfinite(here.high))
            return false;
        b[i] = dd_subtract(dd_scale(t->level, sign), here);
        a[i][t->k] = dd_from(-sign);
        for (size_t j = 0; j < t->k; j++) {
            double_double moved[UNKNOWNS];
            memcpy(moved, t->constants, sizeof moved);
            scale[j] = fmax(fabs(moved[j].high), 1e-30);
            moved[j] = dd_add(moved[j], dd_from(tiny * scale[j]));
            const double_double difference = dd_subtract(error_at(t, moved, t->points[i]), here);
            a[i][j] = dd_scale(difference, 1 / tiny);
        }
    }
    if (!solve(n, a, b))
        return false;
    *change = 0;
    for (size_t j = 0; j < t->k; j++)
        *change = fmax(*change, fabs(b[j].high));
    if (!isfinite(*change) || !isfinite(b[t->k].high))
        return false;
    const double damping = *change > cap ? cap / *change : 1;
    for (size_t j = 0; j < t->k; j++)
        t->constants[j] = dd_add(t->constants[j], dd_multiply(b[j], dd_from(damping * scale[j])));
    t->level = dd_add(t->level, dd_multiply(b[t->k], dd_from(damping)));
    return true;
}

static bool newton(tuner *t)
{
    double change = INFINITY;
    for (int step = 0; step < NEWTON_STEPS && change > 1e-24; step++)
        if (!newton_step(t, &change))
            return false;
    return change < 1e-12;
}

/* Finds the extremum near a grid point by golden section between its neighbours. */
static double refine(const tuner *t, size_t i)
{
    static const double golden = 0.6180339887498949;
    double low = t->grid[i > 0 ? i - 1 : 0], high = t->grid[i < GRID ? i + 1 : GRID];
    const double sign = copysign(1, t->errors[i]);
    double p = high - golden * (high - low), q = low + golden * (high - low);
    double at_p = sign * error_at(t, t->constants, p).high, at_q = sign * error_at(t, t->constants, q).high;
    for (int step = 0; step < GOLDEN_STEPS && q > p; step++) {
        if (at_p > at_q) {
            high = q;
            q = p;
            at_q = at_p;
            p = high - golden * (high - low);
            at_p = sign * error_at(t, t->constants, p).high;
        } else {
            low = p;
            p = q;
            at_p = at_q;
            q = low + golden * (high - low);
            at_q = sign * error_at(t, t->constants, q).high;
        }
    }
    const double x = 0.5 * (low + high);
    return sign * error_at(t, t->constants, x).high > fabs(t->errors[i]) ? x : t->grid[i];
}

/* An extremum. */
typedef struct extremum {
    double x, error;
} extremum;

static bool is_extremum(const double *errors, size_t i)
{
    const double here = fabs(errors[i]);
    const bool left = i == 0 || signbit(errors[i - 1]) != signbit(errors[i]) || fabs(errors[i - 1]) <= here;
    const bool right = i == GRID || signbit(errors[i + 1]) != signbit(errors[i]) || fabs(errors[i + 1]) < here;
    return left && right;
}

/* The alternating extrema: of neighbours with the same sign the larger one. Returns their number; false on bad values.
 */
static bool find_extrema(tuner *t, extremum *found, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i <= GRID; i++) {
        t->errors[i] = error_at(t, t->constants, t->grid[i]).high;
        if (!isfinite(t->errors[i]))
            return false;
    }
    for (size_t i = 0; i <= GRID; i++) {
        if (!is_extremum(t->errors, i))
            continue;
        extremum e = {.x = refine(t, i)};
        e.error = error_at(t, t->constants, e.x).high;
        extremum *last = *count > 0 ? &found[*count - 1] : NULL;
        if (last && signbit(last->error) == signbit(e.error)) {
            if (fabs(e.error) > fabs(last->error))
                *last = e;
        } else {
            found[(*count)++] = e;
        }
    }
    return true;
}

/* Moves the points to the extrema, dropping the smaller end as long as there are too many. */
static bool exchange(tuner *t, evolved_exp_tuning *tuning)
{
    extremum found[GRID + 1], *first = found;
    size_t count;
    if (!find_extrema(t, found, &count))
        return false;
    for (; count > t->k + 1; count--)
        if (fabs(first[0].error) < fabs(first[count - 1].error))
            first++;
    tuning->extrema = count;
    if (count < t->k + 1)
        return false;
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < count; i++) {
        t->points[i] = first[i].x;
        least = fmin(least, fabs(first[i].error));
        most = fmax(most, fabs(first[i].error));
    }
    if (signbit(t->level.high) != signbit(first[0].error))
        t->level = dd_negate(t->level);
    tuning->error = most;
    tuning->spread = (most - least) / most;
    return most > 0;
}

/* The constants as they are, Chebyshev points (a hair inside the ends: programs may divide by x), and the level that
 * fits the first extrema if there are enough. */
static void prepare(tuner *t, evolved_exp_tuning *tuning)
{
    const double pi = 0x1.921fb54442d18p+1, low = t->problem->low, width = t->problem->high - low;
    for (size_t i = 0; i <= GRID; i++)
        t->grid[i] = low + width * (0.5 * (1 - cos(pi * (double)i / GRID)));
    t->grid[0] = low + width * 0x1p-40;
    t->grid[GRID] = t->problem->high;
    for (size_t j = 0; j < t->k; j++)
        t->constants[j] = dd_from(t->program.nodes[t->nodes[j]].constant);
    for (size_t i = 0; i <= t->k; i++)
        t->points[i] = t->grid[i * GRID / (t->k > 0 ? t->k : 1)];
    t->level = dd_from(0);
    tuning->error = 0;
    if (exchange(t, tuning))
        t->level = error_at(t, t->constants, t->points[0]);
}

static assay_status tune(tuner *t, evolved_exp_tuning *tuning)
{
    prepare(t, tuning);
    for (tuning->exchanges = 1; tuning->exchanges <= EXCHANGES; tuning->exchanges++) {
        if (!newton(t))
            return assay_fail(ASSAY_NOT_CONVERGED, "Newton's method failed in exchange %d", tuning->exchanges);
        if (!exchange(t, tuning))
            return assay_fail(ASSAY_NOT_CONVERGED, "the error alternates at %zu points, %zu are needed",
                              tuning->extrema, t->k + 1);
        if (fabs(tuning->error - fabs(t->level.high)) < 1e-6 * fabs(t->level.high))
            return ASSAY_OK;
    }
    return assay_fail(ASSAY_NOT_CONVERGED, "no minimax constants after %d exchanges", EXCHANGES);
}

assay_status evolved_exp_tune(const evolved_exp_problem *problem, evolved_exp_program *program,
                              evolved_exp_tuning *tuning)
{
    assay_status status = evolved_exp_problem_check(problem);
    if (status == ASSAY_OK)
        status = evolved_exp_check(program);
    if (status != ASSAY_OK)
        return status;
    tuner *t = assay_allocate(1, sizeof *t);
    if (!t)
        return ASSAY_NO_MEMORY;
    evolved_exp_tuning result = {0};
    t->problem = problem;
    t->program = *program;
    t->k = evolved_exp_constant_nodes(program, t->nodes);
    if (t->k >= UNKNOWNS)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "program: %zu constants, at most %d can be tuned", t->k, UNKNOWNS - 1);
    else
        status = tune(t, &result);
    for (size_t j = 0; status == ASSAY_OK && j < t->k; j++) {
        program->nodes[t->nodes[j]].constant = t->constants[j].high;
        result.low_parts[t->nodes[j]] = t->constants[j].low;
    }
    if (status == ASSAY_OK && tuning)
        *tuning = result;
    assay_release(t);
    return status;
}
