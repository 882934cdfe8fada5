/*
 * The exact gradients by MPFR with 200 bits, by the formulas of the header, and a bound of the error that computing in
 * a precision of unit roundoff u may make, to the first order in u.
 *
 * The bound follows the magnitudes: a matrix under a bar is the same product of the absolute values of its factors.
 * Sums of n products err by at most n u of their bar, and a product of factors with relative errors by their sum.
 * Scores have an absolute error of at most u (2 (d + r) + 6) S-bar (weights, two projections, a product, the
 * exponential's argument), so that f has a relative error of u times F = 2 [(2 (d + r) + 6) max S-bar + 4] + L, and
 * everything that follows has at most F, the sums of its own (L + 4 d + 2 r + 10), and the error of O relative to O-bar
 * (the same again) above what its bar says: dG <= u 2 (F + L + 4 d + 2 r + 10) G-bar,   with c-bar = O-bar + |Y|, p-bar
 * = f (c-bar V-bar^T + <c-bar, O-bar>). This holds for any order of summation and for all of our ways to compute p X2,
 * because V-bar is |X3| times the bar of W'.
 */
#include "verify/attention/lora_gradient_truth.h"

#include "assay/memory.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>

enum { PARTS = LORA_GRADIENT_PARTS, QUERY = LORA_GRADIENT_QUERY, KEY = LORA_GRADIENT_KEY, VALUE = LORA_GRADIENT_VALUE };
enum { BITS = 200 };

/* ---- Matrices ------------------------------------------------------------------------------------------------- */

/* A matrix in 200 bits with the bar of it in double. */
typedef struct matrix {
    size_t rows, columns;
    mpfr_t *x;
    double *bar;
} matrix;

static bool make(size_t rows, size_t columns, matrix *m)
{
    const size_t n = rows * columns;
    *m = (matrix){.rows = rows, .columns = columns, .x = malloc(n * sizeof *m->x), .bar = calloc(n, sizeof *m->bar)};
    if (!m->x || !m->bar) {
        free(m->x);
        m->x = NULL;
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        mpfr_init2(m->x[i], BITS);
        mpfr_set_zero(m->x[i], 1);
    }
    return true;
}

static void drop(matrix *m)
{
    for (size_t i = 0; m->x && i < m->rows * m->columns; i++)
        mpfr_clear(m->x[i]);
    free(m->x);
    free(m->bar);
    *m = (matrix){0};
}

static void set(const double *from, matrix *m)
{
    for (size_t i = 0; i < m->rows * m->columns; i++) {
        mpfr_set_d(m->x[i], from[i], MPFR_RNDN);
        m->bar[i] = fabs(from[i]);
    }
}

/* c += factor op(A) op(B) */
static void multiply(bool first_transposed, bool second_transposed, double factor, const matrix *a, const matrix *b,
                     matrix *c)
{
    mpfr_t sum, term;
    const size_t inner = first_transposed ? a->rows : a->columns;
    mpfr_inits2(BITS, sum, term, (mpfr_ptr)0);
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->columns; j++) {
            double bar = 0;
            mpfr_set_zero(sum, 1);
            for (size_t t = 0; t < inner; t++) {
                const size_t p = first_transposed ? t * a->columns + i : i * a->columns + t;
                const size_t q = second_transposed ? j * b->columns + t : t * b->columns + j;
                mpfr_mul(term, a->x[p], b->x[q], MPFR_RNDN);
                mpfr_add(sum, sum, term, MPFR_RNDN);
                bar += a->bar[p] * b->bar[q];
            }
            mpfr_mul_d(sum, sum, factor, MPFR_RNDN);
            mpfr_add(c->x[i * c->columns + j], c->x[i * c->columns + j], sum, MPFR_RNDN);
            c->bar[i * c->columns + j] += fabs(factor) * bar;
        }
    }
    mpfr_clears(sum, term, (mpfr_ptr)0);
}

/* ---- The head ------------------------------------------------------------------------------------------------- */

enum {
    TOKENS = 0,
    WEIGHT = 3,
    FACTOR_A = 6,
    FACTOR_B = 9,
    PROJECTED = 12,
    OUTPUT = 15,
    RESIDUAL,
    SCORES,
    INNER,
    THIN,
    GRADIENT,
    RESULT_A,
    RESULT_B,
    MATRICES
};

static bool make_all(const lora_gradient_problem *p, matrix *m)
{
    const size_t length = p->length, d = p->width, r = p->rank;
    bool made = true;
    for (int i = 0; i < PARTS; i++) {
        made = made && make(length, d, &m[TOKENS + i]) && make(d, d, &m[WEIGHT + i]) && make(r, d, &m[FACTOR_A + i]) &&
               make(d, r, &m[FACTOR_B + i]) && make(length, d, &m[PROJECTED + i]);
    }
    return made && make(length, d, &m[OUTPUT]) && make(length, d, &m[RESIDUAL]) && make(length, length, &m[SCORES]) &&
           make(length, length, &m[INNER]) && make(length, d, &m[THIN]) && make(d, d, &m[GRADIENT]) &&
           make(r, d, &m[RESULT_A]) && make(d, r, &m[RESULT_B]);
}

/* Rows of S become rows of f; returns the largest S-bar. */
static double softmax(matrix *s)
{
    mpfr_t largest, sum;
    double most = 0;
    mpfr_inits2(BITS, largest, sum, (mpfr_ptr)0);
    for (size_t i = 0; i < s->rows; i++) {
        mpfr_t *row = s->x + i * s->columns;
        mpfr_set(largest, row[0], MPFR_RNDN);
        for (size_t j = 1; j < s->columns; j++)
            mpfr_max(largest, largest, row[j], MPFR_RNDN);
        mpfr_set_zero(sum, 1);
        for (size_t j = 0; j < s->columns; j++) {
            mpfr_sub(row[j], row[j], largest, MPFR_RNDN);
            mpfr_exp(row[j], row[j], MPFR_RNDN);
            mpfr_add(sum, sum, row[j], MPFR_RNDN);
        }
        for (size_t j = 0; j < s->columns; j++) {
            mpfr_div(row[j], row[j], sum, MPFR_RNDN);
            most = fmax(most, s->bar[i * s->columns + j]);
            s->bar[i * s->columns + j] = mpfr_get_d(row[j], MPFR_RNDU);
        }
    }
    mpfr_clears(largest, sum, (mpfr_ptr)0);
    return most;
}

/* c = O - Y; returns the loss. */
static double residual(const double *target, matrix *m)
{
    mpfr_t loss, term;
    matrix *c = &m[RESIDUAL];
    mpfr_inits2(BITS, loss, term, (mpfr_ptr)0);
    mpfr_set_zero(loss, 1);
    for (size_t i = 0; i < c->rows * c->columns; i++) {
        mpfr_sub_d(c->x[i], m[OUTPUT].x[i], target[i], MPFR_RNDN);
        c->bar[i] = m[OUTPUT].bar[i] + fabs(target[i]);
        mpfr_sqr(term, c->x[i], MPFR_RNDN);
        mpfr_add(loss, loss, term, MPFR_RNDN);
    }
    const double result = 0.5 * mpfr_get_d(loss, MPFR_RNDN);
    mpfr_clears(loss, term, (mpfr_ptr)0);
    return result;
}

/* q becomes p = f (q - rho). */
static void differentiate(matrix *m)
{
    mpfr_t rho, term;
    matrix *p = &m[INNER];
    const size_t d = m[OUTPUT].columns;
    mpfr_inits2(BITS, rho, term, (mpfr_ptr)0);
    for (size_t i = 0; i < p->rows; i++) {
        double bar = 0;
        mpfr_set_zero(rho, 1);
        for (size_t t = i * d; t < (i + 1) * d; t++) {
            mpfr_mul(term, m[RESIDUAL].x[t], m[OUTPUT].x[t], MPFR_RNDN);
            mpfr_add(rho, rho, term, MPFR_RNDN);
            bar += m[RESIDUAL].bar[t] * m[OUTPUT].bar[t];
        }
        for (size_t j = i * p->columns; j < (i + 1) * p->columns; j++) {
            mpfr_sub(p->x[j], p->x[j], rho, MPFR_RNDN);
            mpfr_mul(p->x[j], p->x[j], m[SCORES].x[j], MPFR_RNDN);
            p->bar[j] = (p->bar[j] + bar) * m[SCORES].bar[j];
        }
    }
    mpfr_clears(rho, term, (mpfr_ptr)0);
}

static void clear(matrix *m)
{
    for (size_t i = 0; i < m->rows * m->columns; i++) {
        mpfr_set_zero(m->x[i], 1);
        m->bar[i] = 0;
    }
}

static void round_off(const matrix *m, double per_unit, double *x, double *bound)
{
    for (size_t i = 0; i < m->rows * m->columns; i++) {
        x[i] = mpfr_get_d(m->x[i], MPFR_RNDN);
        bound[i] = per_unit * m->bar[i];
    }
}

/* dW of a part, then dB = s dW A^T and dA = s B^T dW. */
static void gradient(const lora_gradient_problem *p, int part, double per_unit, matrix *m, lora_truth *truth)
{
    const double s = p->alpha / (double)p->rank;
    const matrix *square = part == VALUE ? &m[SCORES] : &m[INNER];
    const matrix *by = part == QUERY ? &m[PROJECTED + KEY] : part == KEY ? &m[PROJECTED + QUERY] : &m[RESIDUAL];
    clear(&m[THIN]);
    clear(&m[GRADIENT]);
    clear(&m[RESULT_A]);
    clear(&m[RESULT_B]);
    multiply(part != QUERY, false, part == VALUE ? 1 : p->beta, square, by, &m[THIN]);
    multiply(true, false, 1, &m[TOKENS + part], &m[THIN], &m[GRADIENT]);
    multiply(false, true, s, &m[GRADIENT], &m[FACTOR_A + part], &m[RESULT_B]);
    multiply(true, false, s, &m[FACTOR_B + part], &m[GRADIENT], &m[RESULT_A]);
    round_off(&m[RESULT_A], per_unit, truth->a[part], truth->a_bound[part]);
    round_off(&m[RESULT_B], per_unit, truth->b[part], truth->b_bound[part]);
}

static void compute(const lora_gradient_problem *p, matrix *m, lora_truth *truth)
{
    const double length = (double)p->length, d = (double)p->width, r = (double)p->rank;
    for (int i = 0; i < PARTS; i++) {
        set(p->tokens[i], &m[TOKENS + i]);
        set(p->weight[i], &m[WEIGHT + i]);
        set(p->a[i], &m[FACTOR_A + i]);
        set(p->b[i], &m[FACTOR_B + i]);
        multiply(false, false, p->alpha / r, &m[FACTOR_B + i], &m[FACTOR_A + i], &m[WEIGHT + i]);
        multiply(false, false, 1, &m[TOKENS + i], &m[WEIGHT + i], &m[PROJECTED + i]);
    }
    multiply(false, true, p->beta, &m[PROJECTED + QUERY], &m[PROJECTED + KEY], &m[SCORES]);
    const double score = softmax(&m[SCORES]);
    multiply(false, false, 1, &m[SCORES], &m[PROJECTED + VALUE], &m[OUTPUT]);
    truth->loss = residual(p->target, m);
    multiply(false, true, 1, &m[RESIDUAL], &m[PROJECTED + VALUE], &m[INNER]);
    differentiate(m);
    const double of_f = 2 * ((2 * (d + r) + 6) * score + 4) + length;
    const double per_unit = 2 * (of_f + length + 4 * d + 2 * r + 10);
    for (int part = 0; part < PARTS; part++)
        gradient(p, part, per_unit, m, truth);
    for (size_t i = 0; i < p->length * p->width; i++) {
        truth->output[i] = mpfr_get_d(m[OUTPUT].x[i], MPFR_RNDN);
        truth->output_bound = fmax(truth->output_bound, per_unit * m[OUTPUT].bar[i]);
        truth->loss_bound += per_unit * m[RESIDUAL].bar[i] * m[RESIDUAL].bar[i];
    }
}

assay_status lora_find_truth(const lora_gradient_problem *problem, lora_truth *truth)
{
    const size_t tokens = problem->length * problem->width, adapter = problem->rank * problem->width;
    double *next = assay_allocate(tokens + 4 * PARTS * adapter, sizeof *next);
    *truth = (lora_truth){.memory = next};
    if (!next)
        return ASSAY_NO_MEMORY;
    for (int part = 0; part < PARTS; part++, next += 4 * adapter) {
        truth->a[part] = next;
        truth->b[part] = next + adapter;
        truth->a_bound[part] = next + 2 * adapter;
        truth->b_bound[part] = next + 3 * adapter;
    }
    truth->output = next;
    matrix m[MATRICES] = {0};
    const bool made = make_all(problem, m);
    if (made)
        compute(problem, m, truth);
    for (int i = 0; i < MATRICES; i++)
        drop(&m[i]);
    mpfr_free_cache();
    if (!made) {
        lora_release_truth(truth);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu x %zu numbers of %d bits", problem->length,
                          problem->length, BITS);
    }
    return ASSAY_OK;
}

void lora_release_truth(lora_truth *truth)
{
    assay_release(truth->memory);
    *truth = (lora_truth){0};
}
