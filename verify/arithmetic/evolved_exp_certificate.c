/*
 * Proofs of error bounds by interval Taylor arithmetic (MPFI).
 *
 * On a piece of radius rho about m, the error e(x) = f(x) 2^-x - 1 is
 *   e(m + h) in e_0 + e_1 h + ... + e_9 h^9 + R h^10,  |h| <= rho,
 * e_k the Taylor coefficients at m and R an interval that holds the tenth coefficient at every point of the piece
 * (Lagrange's remainder). Both come out of the same arithmetic on series, once with x = m and once with x = the piece.
 * The polynomial's range is then taken over boxes that are so small that the dependencies between its terms matter
 * little. Programs divide by x near 0, so values are kept as fractions of two series and divided once, at the end.
 */
#include "verify/arithmetic/evolved_exp_certificate.h"
#include "assay/evolved_exp_search.h"

#include <math.h>
#include <mpfi.h>
#include <stdlib.h>

enum { PIECES = 32, ORDER = 10, BOXES = 64, BITS = 200 };

/* A function of h near 0: sum over k <= ORDER of c[k] h^k. */
typedef struct series {
    mpfi_t c[ORDER + 1];
} series;

typedef struct fraction {
    series above, below;
} fraction;

/* All that a proof works on; made once. */
typedef struct workshop {
    fraction node[EVOLVED_EXP_NODES];
    series power;         /* 2^-x */
    series first, second; /* for intermediate results */
    series error, remainder;
    mpfi_t t, u, x, h, sum;
} workshop;

/* ---- Series -------------------------------------------------------------------------------------------------------
 */

static void series_init(series *s)
{
    for (int k = 0; k <= ORDER; k++)
        mpfi_init2(s->c[k], BITS);
}

static void series_clear(series *s)
{
    for (int k = 0; k <= ORDER; k++)
        mpfi_clear(s->c[k]);
}

static void series_constant(series *s, double value)
{
    mpfi_set_d(s->c[0], value);
    for (int k = 1; k <= ORDER; k++)
        mpfi_set_ui(s->c[k], 0);
}

static void series_multiply(series *result, const series *a, const series *b, mpfi_t t)
{
    for (int k = 0; k <= ORDER; k++) {
        mpfi_set_ui(result->c[k], 0);
        for (int j = 0; j <= k; j++) {
            mpfi_mul(t, a->c[j], b->c[k - j]);
            mpfi_add(result->c[k], result->c[k], t);
        }
    }
}

static void series_add(series *result, const series *a, const series *b)
{
    for (int k = 0; k <= ORDER; k++)
        mpfi_add(result->c[k], a->c[k], b->c[k]);
}

static void series_subtract(series *result, const series *a, const series *b)
{
    for (int k = 0; k <= ORDER; k++)
        mpfi_sub(result->c[k], a->c[k], b->c[k]);
}

/* result b = a; fails if b may be 0. */
static bool series_divide(series *result, const series *a, const series *b, mpfi_t t)
{
    if (mpfi_has_zero(b->c[0]))
        return false;
    for (int k = 0; k <= ORDER; k++) {
        mpfi_set(result->c[k], a->c[k]);
        for (int j = 0; j < k; j++) {
            mpfi_mul(t, result->c[j], b->c[k - j]);
            mpfi_sub(result->c[k], result->c[k], t);
        }
        mpfi_div(result->c[k], result->c[k], b->c[0]);
    }
    return true;
}

/* 2^-(x + h): the coefficients are 2^-x (-ln 2)^k / k!. */
static void series_power(series *s, workshop *w)
{
    mpfi_const_log2(w->t);
    mpfi_mul(w->u, w->x, w->t);
    mpfi_neg(w->u, w->u);
    mpfi_exp(s->c[0], w->u);
    mpfi_neg(w->t, w->t);
    for (unsigned k = 1; k <= ORDER; k++) {
        mpfi_mul(s->c[k], s->c[k - 1], w->t);
        mpfi_div_ui(s->c[k], s->c[k], k);
    }
}

/* ---- Programs -----------------------------------------------------------------------------------------------------
 */

/* a / b + sign c / d = (a d + sign c b) / (b d) */
static void add_fractions(workshop *w, fraction *result, const fraction *a, const fraction *b, bool minus)
{
    series_multiply(&w->first, &a->above, &b->below, w->t);
    series_multiply(&w->second, &b->above, &a->below, w->t);
    (minus ? series_subtract : series_add)(&result->above, &w->first, &w->second);
    series_multiply(&result->below, &a->below, &b->below, w->t);
}

static bool compute_node(workshop *w, const evolved_exp_node *node, fraction *result)
{
    const fraction *a = &w->node[node->a], *b = &w->node[node->b];
    switch (node->operation) {
    case EVOLVED_EXP_X:
        series_constant(&result->above, 0);
        mpfi_set(result->above.c[0], w->x);
        mpfi_set_ui(result->above.c[1], 1);
        series_constant(&result->below, 1);
        return true;
    case EVOLVED_EXP_CONSTANT:
        series_constant(&result->above, node->constant);
        series_constant(&result->below, 1);
        return true;
    case EVOLVED_EXP_ADD: add_fractions(w, result, a, b, false); return true;
    case EVOLVED_EXP_SUBTRACT: add_fractions(w, result, a, b, true); return true;
    case EVOLVED_EXP_MULTIPLY:
        series_multiply(&result->above, &a->above, &b->above, w->t);
        series_multiply(&result->below, &a->below, &b->below, w->t);
        return true;
    case EVOLVED_EXP_DIVIDE:
        series_multiply(&result->above, &a->above, &b->below, w->t);
        series_multiply(&result->below, &a->below, &b->above, w->t);
        return true;
    case EVOLVED_EXP_SQRT:
    case EVOLVED_EXP_FMA: return false;
    }
    return false;
}

/* The series of e at w->x. */
static bool compute_error(workshop *w, const evolved_exp_program *program, series *error)
{
    for (uint32_t i = 0; i <= program->output; i++)
        if (!compute_node(w, &program->nodes[i], &w->node[i]))
            return false;
    const fraction *f = &w->node[program->output];
    series_power(&w->power, w);
    series_multiply(&w->first, &f->above, &w->power, w->t);
    if (!series_divide(error, &w->first, &f->below, w->t))
        return false;
    mpfi_sub_ui(error->c[0], error->c[0], 1);
    return true;
}

/* An upper bound of |e| on the piece about w->x of radius rho, w->error and w->remainder being known. */
static double range_of_error(workshop *w, const mpfi_t rho)
{
    double largest = 0;
    mpfr_t magnitude;
    mpfr_init2(magnitude, BITS);
    for (int box = 0; box < BOXES; box++) {
        /* h in rho [2 box / BOXES - 1, 2 (box + 1) / BOXES - 1]: exact, as BOXES is a power of two */
        mpfi_interv_d(w->t, 2.0 * box / BOXES - 1, 2.0 * (box + 1) / BOXES - 1);
        mpfi_mul(w->h, rho, w->t);
        mpfi_set(w->sum, w->remainder.c[ORDER]);
        for (int k = ORDER - 1; k >= 0; k--) {
            mpfi_mul(w->sum, w->sum, w->h);
            mpfi_add(w->sum, w->sum, w->error.c[k]);
        }
        mpfi_mag(magnitude, w->sum);
        largest = fmax(largest, mpfr_nan_p(magnitude) ? INFINITY : mpfr_get_d(magnitude, MPFR_RNDU));
    }
    mpfr_clear(magnitude);
    return largest;
}

static double certify_piece(workshop *w, const evolved_exp_program *program, double low, double high, int piece)
{
    mpfi_t rho, whole;
    double bound = INFINITY;
    mpfi_init2(rho, BITS);
    mpfi_init2(whole, BITS);
    /* The piece's ends as intervals, so that neighbours overlap rather than leave a gap. */
    mpfi_set_d(rho, high);
    mpfi_sub_d(rho, rho, low);
    mpfi_div_ui(rho, rho, 2 * PIECES);
    mpfi_mul_ui(w->x, rho, 2 * (unsigned)piece + 1);
    mpfi_add_d(w->x, w->x, low);
    mpfi_interv_d(w->t, -1, 1);
    mpfi_mul(w->t, w->t, rho);
    mpfi_add(whole, w->x, w->t);
    if (compute_error(w, program, &w->error)) {
        mpfi_set(w->x, whole);
        if (compute_error(w, program, &w->remainder))
            bound = range_of_error(w, rho);
    }
    mpfi_clear(rho);
    mpfi_clear(whole);
    return bound;
}

static void each_series(workshop *w, void (*act)(series *s))
{
    for (int i = 0; i < EVOLVED_EXP_NODES; i++) {
        act(&w->node[i].above);
        act(&w->node[i].below);
    }
    act(&w->power);
    act(&w->first);
    act(&w->second);
    act(&w->error);
    act(&w->remainder);
}

double evolved_exp_certify(const evolved_exp_program *program, double low, double high)
{
    if (evolved_exp_check(program) != ASSAY_OK || !(low < high))
        return INFINITY;
    workshop *w = malloc(sizeof *w);
    if (!w)
        return INFINITY;
    __mpfi_struct *numbers[] = {w->t, w->u, w->x, w->h, w->sum};
    for (int i = 0; i < 5; i++)
        mpfi_init2(numbers[i], BITS);
    each_series(w, series_init);
    double bound = 0;
    for (int piece = 0; piece < PIECES; piece++)
        bound = fmax(bound, certify_piece(w, program, low, high, piece));
    each_series(w, series_clear);
    for (int i = 0; i < 5; i++)
        mpfi_clear(numbers[i]);
    free(w);
    return bound;
}
