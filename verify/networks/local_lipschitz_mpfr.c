/*
 * local_lipschitz, oracle: steps 1 to 4 once more, in 256 bits. What it shares with the code under test is the paper,
 * and the margin of 1e-12 within which signs count as unknown.
 */
#include "assay/memory.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>
#include <mpfr.h>

enum { BITS = 256, MOST = 64, LAYERS = 9 };

#define R MPFR_RNDN

/* Numbers of one layer, or coefficients on them. */
typedef mpfr_t vector[MOST];

typedef enum sign { INACTIVE, UNSTABLE, ACTIVE } sign;

typedef struct machine {
    size_t n, width[LAYERS];
    assay_layer_view layer[LAYERS];
    vector z_low[LAYERS], z_high[LAYERS], g_low[LAYERS], g_high[LAYERS];
    sign signs[LAYERS][MOST];
    vector x_low, x_high, a, next;
    mpfr_t t, s, slope, intercept, bias;
} machine;

static void each_number(machine *m, void (*act)(mpfr_ptr))
{
    for (size_t k = 0; k < LAYERS; k++)
        for (size_t i = 0; i < MOST; i++) {
            act(m->z_low[k][i]);
            act(m->z_high[k][i]);
            act(m->g_low[k][i]);
            act(m->g_high[k][i]);
        }
    for (size_t i = 0; i < MOST; i++) {
        act(m->x_low[i]);
        act(m->x_high[i]);
        act(m->a[i]);
        act(m->next[i]);
    }
    mpfr_ptr single[] = {m->t, m->s, m->slope, m->intercept, m->bias};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        act(single[i]);
}

static void begin(mpfr_ptr number)
{
    mpfr_init2(number, BITS);
    mpfr_set_zero(number, 1);
}

static void end(mpfr_ptr number)
{
    mpfr_clear(number);
}

static machine *make(const lipschitz_case *c)
{
    machine *m = assay_allocate(1, sizeof *m);
    if (!m)
        return NULL;
    m->n = c->shape.layers;
    m->width[0] = c->shape.inputs;
    each_number(m, begin);
    for (size_t k = 1; k <= m->n; k++) {
        m->layer[k] = assay_network_layer(c->network, 2 * (k - 1));
        m->width[k] = m->layer[k].outputs;
    }
    for (size_t i = 0; i < m->width[0]; i++) {
        mpfr_set_d(m->x_low[i], c->low[i], R);
        mpfr_set_d(m->x_high[i], c->high[i], R);
    }
    return m;
}

static void drop(machine *m)
{
    each_number(m, end);
    assay_release(m);
    mpfr_free_cache();
}

static double weight(const machine *m, size_t k, size_t row, size_t column)
{
    return m->layer[k].weights[row * m->width[k - 1] + column];
}

static void add_product(mpfr_t sum, const mpfr_t a, const mpfr_t b, mpfr_t scratch)
{
    mpfr_mul(scratch, a, b, R);
    mpfr_add(sum, sum, scratch, R);
}

/* Applies the line to coefficient a: the bias grows by a times intercept, a shrinks to a times slope. */
static void apply_line(machine *m, mpfr_t a)
{
    add_product(m->bias, a, m->intercept, m->t);
    mpfr_mul(a, a, m->slope, R);
}

static void set_line(machine *m, double slope, double intercept)
{
    mpfr_set_d(m->slope, slope, R);
    mpfr_set_d(m->intercept, intercept, R);
}

/* ---- Step 1 ----------------------------------------------------------------------------------------------------- */

/* The line above (or below) max(z, 0). */
static void relu_line(machine *m, size_t q, size_t i, bool above)
{
    mpfr_ptr low = m->z_low[q][i], high = m->z_high[q][i];
    if (mpfr_sgn(low) >= 0) {
        set_line(m, 1, 0);
    } else if (mpfr_sgn(high) <= 0) {
        set_line(m, 0, 0);
    } else if (above) {
        mpfr_sub(m->t, high, low, R);
        mpfr_div(m->slope, high, m->t, R);
        mpfr_mul(m->intercept, m->slope, low, R);
        mpfr_neg(m->intercept, m->intercept, R);
    } else {
        mpfr_sub(m->t, high, low, R);
        mpfr_mul_d(m->t, m->t, 1e-12, R);
        mpfr_add(m->s, high, low, R);
        set_line(m, mpfr_greater_p(m->s, m->t), 0);
    }
}

/* m->bias becomes the upper bound of sign * z[k][i] by CROWN. */
static void crown(machine *m, size_t k, size_t i, int by)
{
    const double *b = m->layer[k].biases;
    mpfr_set_d(m->bias, by * b[i], R);
    for (size_t j = 0; j < m->width[k - 1]; j++)
        mpfr_set_d(m->a[j], by * weight(m, k, i, j), R);
    for (size_t q = k - 1; q > 0; q--) {
        for (size_t j = 0; j < m->width[q]; j++) {
            relu_line(m, q, j, mpfr_sgn(m->a[j]) > 0);
            apply_line(m, m->a[j]);
            mpfr_mul_d(m->t, m->a[j], m->layer[q].biases[j], R);
            mpfr_add(m->bias, m->bias, m->t, R);
        }
        for (size_t p = 0; p < m->width[q - 1]; p++) {
            mpfr_set_zero(m->next[p], 1);
            for (size_t j = 0; j < m->width[q]; j++) {
                mpfr_mul_d(m->t, m->a[j], weight(m, q, j, p), R);
                mpfr_add(m->next[p], m->next[p], m->t, R);
            }
        }
        for (size_t p = 0; p < m->width[q - 1]; p++)
            mpfr_swap(m->a[p], m->next[p]);
    }
    for (size_t j = 0; j < m->width[0]; j++)
        add_product(m->bias, m->a[j], mpfr_sgn(m->a[j]) > 0 ? m->x_high[j] : m->x_low[j], m->t);
}

/* The upper bound of by * z[k][i] by intervals, in m->s. */
static void interval(machine *m, size_t k, size_t i, int by)
{
    mpfr_set_d(m->s, by * m->layer[k].biases[i], R);
    for (size_t j = 0; j < m->width[k - 1]; j++) {
        const double w = by * weight(m, k, i, j);
        mpfr_srcptr end_point =
            k == 1 ? (w > 0 ? m->x_high[j] : m->x_low[j]) : (w > 0 ? m->z_high[k - 1][j] : m->z_low[k - 1][j]);
        if (k > 1 && mpfr_sgn(end_point) < 0)
            continue; /* h is 0 there */
        mpfr_mul_d(m->t, end_point, w, R);
        mpfr_add(m->s, m->s, m->t, R);
    }
}

static void forward(machine *m)
{
    for (size_t k = 1; k < m->n; k++)
        for (size_t i = 0; i < m->width[k]; i++) {
            for (int by = 1; by >= -1; by -= 2) {
                mpfr_ptr to = by > 0 ? m->z_high[k][i] : m->z_low[k][i];
                interval(m, k, i, by);
                mpfr_set(to, m->s, R);
                if (k > 1) {
                    crown(m, k, i, by);
                    mpfr_min(to, to, m->bias, R);
                }
                mpfr_mul_si(to, to, by, R);
            }
            m->signs[k][i] = mpfr_cmp_d(m->z_low[k][i], 1e-12) > 0     ? ACTIVE
                             : mpfr_cmp_d(m->z_high[k][i], -1e-12) < 0 ? INACTIVE
                                                                       : UNSTABLE;
        }
}

/* ---- Steps 3 and 4 ---------------------------------------------------------------------------------------------- */

/* The line above (or below) y = D g. */
static void product_line(machine *m, size_t q, size_t i, bool above)
{
    mpfr_ptr low = m->g_low[q][i], high = m->g_high[q][i];
    if (m->signs[q][i] != UNSTABLE) {
        set_line(m, m->signs[q][i] == ACTIVE, 0);
    } else if (mpfr_sgn(low) >= 0) {
        set_line(m, above, 0);
    } else if (mpfr_sgn(high) <= 0) {
        set_line(m, !above, 0);
    } else { /* above: high (g - low) / width; below: low (high - g) / width */
        mpfr_sub(m->t, high, low, R);
        mpfr_div(m->slope, above ? high : low, m->t, R);
        mpfr_mul(m->intercept, m->slope, above ? low : high, R);
        if (above)
            mpfr_neg(m->intercept, m->intercept, R);
        else
            mpfr_neg(m->slope, m->slope, R);
    }
}

/* From coefficients m->a on y_k to the upper bound, added to m->bias. */
static void backward(machine *m, size_t k)
{
    for (size_t q = k; q < m->n; q++) {
        for (size_t i = 0; i < m->width[q]; i++) {
            product_line(m, q, i, mpfr_sgn(m->a[i]) > 0);
            apply_line(m, m->a[i]);
        }
        for (size_t p = 0; q + 1 < m->n && p < m->width[q + 1]; p++) {
            mpfr_set_zero(m->next[p], 1);
            for (size_t i = 0; i < m->width[q]; i++) {
                mpfr_mul_d(m->t, m->a[i], weight(m, q + 1, p, i), R);
                mpfr_add(m->next[p], m->next[p], m->t, R);
            }
        }
        for (size_t p = 0; q + 1 < m->n && p < m->width[q + 1]; p++)
            mpfr_swap(m->a[p], m->next[p]);
    }
    for (size_t i = 0; i < m->width[m->n - 1]; i++)
        add_product(m->bias, m->a[i], m->g_low[m->n - 1][i], m->t);
}

static void gradients(machine *m, size_t row)
{
    for (size_t i = 0; i < m->width[m->n - 1]; i++) {
        mpfr_set_d(m->g_low[m->n - 1][i], weight(m, m->n, row, i), R);
        mpfr_set(m->g_high[m->n - 1][i], m->g_low[m->n - 1][i], R);
    }
    for (size_t k = m->n - 1; k > 0; k--)
        for (size_t i = 0; i < m->width[k - 1]; i++)
            for (int by = 1; by >= -1; by -= 2) {
                mpfr_set_zero(m->bias, 1);
                for (size_t j = 0; j < m->width[k]; j++)
                    mpfr_set_d(m->a[j], by * weight(m, k, j, i), R);
                backward(m, k);
                mpfr_mul_si(by > 0 ? m->g_high[k - 1][i] : m->g_low[k - 1][i], m->bias, by, R);
            }
}

static double norm(machine *m)
{
    mpfr_t most;
    mpfr_init2(most, BITS);
    mpfr_set_zero(most, 1);
    mpfr_set_zero(m->bias, 1);
    vector *s = &m->a;
    for (size_t i = 0; i < m->width[0]; i++) {
        mpfr_ptr low = m->g_low[0][i], high = m->g_high[0][i];
        mpfr_neg(m->t, low, R);
        mpfr_max(m->t, m->t, high, R);
        mpfr_add(most, most, m->t, R);
        if (mpfr_sgn(low) >= 0 || mpfr_sgn(high) <= 0) {
            mpfr_set_si((*s)[i], mpfr_sgn(low) >= 0 ? 1 : -1, R);
            continue;
        }
        mpfr_sub(m->t, high, low, R);
        mpfr_add((*s)[i], high, low, R);
        mpfr_div((*s)[i], (*s)[i], m->t, R);
        mpfr_mul(m->s, low, high, R);
        mpfr_div(m->s, m->s, m->t, R);
        mpfr_mul_si(m->s, m->s, -2, R);
        mpfr_add(m->bias, m->bias, m->s, R);
    }
    for (size_t p = 0; p < m->width[1]; p++) {
        mpfr_set_zero(m->next[p], 1);
        for (size_t i = 0; i < m->width[0]; i++) {
            mpfr_mul_d(m->t, m->a[i], weight(m, 1, p, i), R);
            mpfr_add(m->next[p], m->next[p], m->t, R);
        }
    }
    for (size_t p = 0; p < m->width[1]; p++)
        mpfr_swap(m->a[p], m->next[p]);
    backward(m, 1);
    mpfr_min(most, most, m->bias, R);
    const double value = mpfr_get_d(most, R);
    mpfr_clear(most);
    return value;
}

static bool fits(const lipschitz_case *c)
{
    bool good = c->shape.layers >= 2 && c->shape.layers < LAYERS && c->shape.inputs <= MOST;
    for (size_t k = 0; good && k < c->shape.layers; k++)
        good = assay_network_layer(c->network, 2 * k).outputs <= MOST;
    return good;
}

bool lipschitz_linear_mpfr(const lipschitz_case *c, size_t row, double *value, double *z_low, double *z_high,
                           double *jacobian_low, double *jacobian_high)
{
    machine *m = fits(c) ? make(c) : NULL;
    if (!m)
        return false;
    forward(m);
    gradients(m, row);
    *value = norm(m);
    size_t at = 0;
    for (size_t k = 1; k < m->n; k++)
        for (size_t i = 0; i < m->width[k]; i++, at++) {
            if (z_low)
                z_low[at] = mpfr_get_d(m->z_low[k][i], R);
            if (z_high)
                z_high[at] = mpfr_get_d(m->z_high[k][i], R);
        }
    for (size_t i = 0; i < m->width[0]; i++) {
        if (jacobian_low)
            jacobian_low[i] = mpfr_get_d(m->g_low[0][i], R);
        if (jacobian_high)
            jacobian_high[i] = mpfr_get_d(m->g_high[0][i], R);
    }
    drop(m);
    return true;
}

bool lipschitz_point_mpfr(const lipschitz_case *c, size_t row, double *largest, double *z_low, double *z_high)
{
    machine *m = fits(c) ? make(c) : NULL;
    if (!m)
        return false;
    /* Products of 53 bits and sums of them: 256 bits are off by 2^-190 or so, which the outward rounding covers. */
    size_t at = 0;
    for (size_t k = 1; k < m->n; k++)
        for (size_t i = 0; i < m->width[k]; i++, at++) {
            mpfr_set_d(m->s, m->layer[k].biases[i], R);
            for (size_t j = 0; j < m->width[k - 1]; j++) {
                mpfr_srcptr h = k == 1 ? m->x_low[j] : m->z_low[k - 1][j];
                if (k > 1 && mpfr_sgn(h) < 0)
                    continue;
                mpfr_mul_d(m->t, h, weight(m, k, i, j), R);
                mpfr_add(m->s, m->s, m->t, R);
            }
            mpfr_set(m->z_low[k][i], m->s, R);
            z_low[at] = mpfr_get_d(m->s, MPFR_RNDD);
            z_high[at] = mpfr_get_d(m->s, MPFR_RNDU);
            m->signs[k][i] = mpfr_sgn(m->s) > 0 ? ACTIVE : INACTIVE;
        }
    gradients(m, row);
    mpfr_set_zero(m->s, 1);
    for (size_t i = 0; i < m->width[0]; i++) {
        mpfr_abs(m->t, m->g_high[0][i], R);
        mpfr_add(m->s, m->s, m->t, R);
    }
    *largest = mpfr_get_d(m->s, MPFR_RNDU);
    drop(m);
    return true;
}
