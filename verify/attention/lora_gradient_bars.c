/* Magnitudes of the terms of all results, in plain loops. */
#include "verify/attention/lora_gradient_bars.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

enum { PARTS = LORA_GRADIENT_PARTS, QUERY = LORA_GRADIENT_QUERY, KEY = LORA_GRADIENT_KEY, VALUE = LORA_GRADIENT_VALUE };

typedef struct bars {
    const lora_gradient_problem *p;
    size_t length, d, r;
    double *plain[2];                              /* [L x d] Q and K as they are */
    double *projected[PARTS];                      /* [L x d] magnitudes of Q, K, V */
    double *output, *residual, *p_k, *pt_q, *ft_c; /* [L x d] */
    double *row, *weight, *adapted;                /* [L], [d x d], [d x d] */
    void *memory;
} bars;

static bool allocate(const lora_gradient_problem *p, bars *x)
{
    const size_t tokens = p->length * p->width, square = p->width * p->width;
    double *next = assay_allocate(10 * tokens + p->length + 2 * square, sizeof *next);
    *x = (bars){.p = p, .length = p->length, .d = p->width, .r = p->rank, .memory = next};
    if (!next)
        return false;
    double **const parts[] = {&x->plain[0], &x->plain[1], &x->projected[0], &x->projected[1], &x->projected[2],
                              &x->output,   &x->residual, &x->p_k,          &x->pt_q,         &x->ft_c};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++, next += tokens)
        *parts[i] = next;
    x->weight = next;
    x->adapted = next + square;
    x->row = next + 2 * square;
    return true;
}

/* X W' for a part, or with magnitudes |X| (|W| + s |B| |A|). */
static void project(const bars *x, int part, bool magnitudes, double *to)
{
    const size_t d = x->d, r = x->r;
    const double s = x->p->alpha / (double)r;
    memset(to, 0, x->length * d * sizeof *to);
    for (size_t u = 0; u < d; u++) {
        for (size_t t = 0; t < d; t++) {
            double w = x->p->weight[part][u * d + t];
            w = magnitudes ? fabs(w) : w;
            for (size_t i = 0; x->p->a[part] && i < r; i++) {
                const double update = s * x->p->b[part][u * r + i] * x->p->a[part][i * d + t];
                w += magnitudes ? fabs(update) : update;
            }
            for (size_t i = 0; i < x->length; i++) {
                const double token = x->p->tokens[part][i * d + u];
                to[i * d + t] += w * (magnitudes ? fabs(token) : token);
            }
        }
    }
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Row i of f. */
static void softmax(const bars *x, size_t i)
{
    double largest = -INFINITY, sum = 0;
    for (size_t j = 0; j < x->length; j++) {
        x->row[j] = x->p->beta * dot(x->plain[0] + i * x->d, x->plain[1] + j * x->d, x->d);
        largest = fmax(largest, x->row[j]);
    }
    for (size_t j = 0; j < x->length; j++)
        sum += x->row[j] = exp(x->row[j] - largest);
    for (size_t j = 0; j < x->length; j++)
        x->row[j] /= sum;
}

static void add_row(const bars *x, size_t i)
{
    const size_t d = x->d;
    double *o = x->output + i * d, *c = x->residual + i * d;
    const double *v = x->projected[VALUE];
    for (size_t j = 0; j < x->length; j++) {
        for (size_t t = 0; t < d; t++)
            o[t] += x->row[j] * v[j * d + t];
    }
    for (size_t t = 0; t < d; t++)
        c[t] = o[t] + fabs(x->p->target[i * d + t]);
    const double rho = dot(c, o, d);
    for (size_t j = 0; j < x->length; j++) {
        const double p = x->row[j] * (dot(c, v + j * d, d) + rho);
        for (size_t t = 0; t < d; t++) {
            x->p_k[i * d + t] += p * x->projected[KEY][j * d + t];
            x->pt_q[j * d + t] += p * x->projected[QUERY][i * d + t];
            x->ft_c[j * d + t] += x->row[j] * c[t];
        }
    }
}

/* The largest of s dW A^T and s B^T dW, with magnitudes. */
static void adapt(const bars *x, int part, lora_bars *result)
{
    const size_t d = x->d, r = x->r;
    const double *inner = part == QUERY ? x->p_k : part == KEY ? x->pt_q : x->ft_c;
    const double factor = x->p->alpha / (double)r * (part == VALUE ? 1 : x->p->beta);
    memset(x->weight, 0, d * d * sizeof *x->weight);
    for (size_t i = 0; i < x->length; i++) {
        for (size_t u = 0; u < d; u++) {
            for (size_t t = 0; t < d; t++)
                x->weight[u * d + t] += factor * fabs(x->p->tokens[part][i * d + u]) * inner[i * d + t];
        }
    }
    for (size_t i = 0; i < r; i++) {
        for (size_t u = 0; u < d; u++) {
            double of_b = 0, of_a = 0;
            for (size_t t = 0; t < d; t++) {
                of_b += x->weight[u * d + t] * fabs(x->p->a[part][i * d + t]);
                of_a += x->weight[t * d + u] * fabs(x->p->b[part][t * r + i]);
            }
            result->b[part] = fmax(result->b[part], of_b);
            result->a[part] = fmax(result->a[part], of_a);
        }
    }
}

assay_status lora_find_bars(const lora_gradient_problem *problem, lora_bars *result)
{
    bars x;
    if (!allocate(problem, &x))
        return ASSAY_NO_MEMORY;
    *result = (lora_bars){0};
    project(&x, QUERY, false, x.plain[0]);
    project(&x, KEY, false, x.plain[1]);
    for (int part = 0; part < PARTS; part++)
        project(&x, part, true, x.projected[part]);
    for (size_t i = 0; i < x.length; i++) {
        softmax(&x, i);
        add_row(&x, i);
    }
    for (int part = 0; part < PARTS; part++) {
        if (problem->a[part])
            adapt(&x, part, result);
    }
    for (size_t i = 0; i < x.length * x.d; i++) {
        result->output = fmax(result->output, x.output[i]);
        result->loss += x.residual[i] * x.residual[i];
    }
    assay_release(x.memory);
    return ASSAY_OK;
}
