/* Random problems, and the memory of all. */
#include "verify/attention/lora_gradient_tokens.h"

#include "assay/memory.h"
#include "assay/random.h"

#include <math.h>

enum { PARTS = LORA_GRADIENT_PARTS };

assay_status lora_make_empty(size_t length, size_t width, size_t rank, bool same, lora_case *x)
{
    const size_t tokens = length * width, square = width * width, adapter = rank * width;
    const size_t copies = same ? 1 : PARTS;
    double *next = assay_allocate((copies + 2) * tokens + PARTS * (square + 4 * adapter), sizeof *next);
    *x = (lora_case){.memory = next};
    if (!next)
        return ASSAY_NO_MEMORY;
    x->problem = (lora_gradient_problem){
        .length = length, .width = width, .rank = rank, .alpha = 2 * (double)rank, .beta = 1 / (double)width};
    for (int m = 0; m < PARTS; m++) {
        x->tokens[m] = m == 0 || !same ? next : x->tokens[0];
        next += m == 0 || !same ? tokens : 0;
        x->weight[m] = next;
        x->a[m] = x->weight[m] + square;
        x->b[m] = x->a[m] + adapter;
        x->result.a[m] = x->b[m] + adapter;
        x->result.b[m] = x->result.a[m] + adapter;
        next = x->result.b[m] + adapter;
        x->problem.tokens[m] = x->tokens[m];
        x->problem.weight[m] = x->weight[m];
        x->problem.a[m] = x->a[m];
        x->problem.b[m] = x->b[m];
    }
    x->target = next;
    x->problem.target = next;
    x->result.output = next + tokens;
    return ASSAY_OK;
}

void lora_release_case(lora_case *x)
{
    assay_release(x->memory);
    assay_release(x->memory_f32);
    *x = (lora_case){0};
}

/* ---- Single precision ----------------------------------------------------------------------------------------- */

static const float *round_numbers(double *from, size_t n, float **next)
{
    float *to = *next;
    for (size_t i = 0; i < n; i++) {
        to[i] = (float)from[i];
        from[i] = to[i];
    }
    *next += n;
    return to;
}

assay_status lora_round_case(lora_case *x)
{
    const lora_gradient_problem *p = &x->problem;
    const size_t tokens = p->length * p->width, square = p->width * p->width, adapter = p->rank * p->width;
    float *next = assay_allocate(5 * tokens + PARTS * (square + 4 * adapter), sizeof *next);
    if (!next)
        return ASSAY_NO_MEMORY;
    assay_release(x->memory_f32);
    x->memory_f32 = next;
    lora_gradient_problem_f32 *q = &x->problem_f32;
    *q = (lora_gradient_problem_f32){
        .length = p->length, .width = p->width, .rank = p->rank, .alpha = p->alpha, .beta = p->beta};
    for (int m = 0; m < PARTS; m++) {
        q->tokens[m] =
            m > 0 && x->tokens[m] == x->tokens[0] ? q->tokens[0] : round_numbers(x->tokens[m], tokens, &next);
        q->weight[m] = round_numbers(x->weight[m], square, &next);
        q->a[m] = round_numbers(x->a[m], adapter, &next);
        q->b[m] = round_numbers(x->b[m], adapter, &next);
        x->result_f32.a[m] = next;
        x->result_f32.b[m] = next + adapter;
        next += 2 * adapter;
    }
    q->target = round_numbers(x->target, tokens, &next);
    x->result_f32.output = next;
    return ASSAY_OK;
}

/* ---- Random numbers ------------------------------------------------------------------------------------------- */

/* Weights and adapters; one stream for each array. */
static void draw_weights(uint64_t seed, lora_case *x)
{
    const size_t square = x->problem.width * x->problem.width, adapter = x->problem.rank * x->problem.width;
    const double unit = 1 / sqrt((double)x->problem.width);
    for (int m = 0; m < PARTS; m++) {
        const uint64_t stream = 100 + 10 * (uint64_t)m;
        assay_random_fill_uniform((assay_random){seed, stream}, 0, -unit, unit, x->weight[m], square);
        assay_random_fill_uniform((assay_random){seed, stream + 1}, 0, -unit, unit, x->a[m], adapter);
        assay_random_fill_uniform((assay_random){seed, stream + 2}, 0, -0.5, 0.5, x->b[m], adapter);
    }
}

/* W' of a part, column t: the tokens' projections on it go to y [L]. */
static void project(const lora_case *x, int part, size_t t, double *y)
{
    const size_t d = x->problem.width, r = x->problem.rank;
    const double s = x->problem.alpha / (double)r;
    for (size_t i = 0; i < x->problem.length; i++)
        y[i] = 0;
    for (size_t u = 0; u < d; u++) {
        double weight = x->weight[part][u * d + t];
        for (size_t v = 0; v < r; v++)
            weight += s * x->b[part][u * r + v] * x->a[part][v * d + t];
        for (size_t i = 0; i < x->problem.length; i++)
            y[i] += weight * x->tokens[part][i * d + u];
    }
}

static assay_status scale_to(lora_case *x, int part, double gamma)
{
    const size_t length = x->problem.length, d = x->problem.width;
    double *y = assay_allocate(length, sizeof *y), largest = 0;
    if (!y)
        return ASSAY_NO_MEMORY;
    for (size_t t = 0; t < d; t++) {
        project(x, part, t, y);
        for (size_t i = 0; i < length; i++)
            largest = fmax(largest, fabs(y[i]));
    }
    assay_release(y);
    for (size_t i = 0; i < d * d; i++)
        x->weight[part][i] *= gamma / largest;
    for (size_t i = 0; i < d * x->problem.rank; i++)
        x->b[part][i] *= gamma / largest;
    return ASSAY_OK;
}

assay_status lora_make_random(size_t length, size_t width, size_t rank, bool same, double gamma, uint64_t seed,
                              lora_case *x)
{
    assay_status status = lora_make_empty(length, width, rank, same, x);
    if (status != ASSAY_OK)
        return status;
    for (int m = 0; m < (same ? 1 : PARTS); m++)
        assay_random_fill_uniform((assay_random){seed, 90 + (uint64_t)m}, 0, -1, 1, x->tokens[m], length * width);
    assay_random_fill_uniform((assay_random){seed, 93}, 0, -1, 1, x->target, length * width);
    draw_weights(seed, x);
    status = scale_to(x, LORA_GRADIENT_QUERY, gamma);
    if (status == ASSAY_OK)
        status = scale_to(x, LORA_GRADIENT_KEY, gamma);
    if (status != ASSAY_OK)
        lora_release_case(x);
    return status;
}

void lora_draw_head(uint64_t seed, lora_case *x)
{
    draw_weights(seed, x);
    assay_random_fill_uniform((assay_random){seed, 93}, 0, -1, 1, x->target, x->problem.length * x->problem.width);
}

/* ---- Range ---------------------------------------------------------------------------------------------------- */

double lora_score_range(const lora_case *x)
{
    const size_t length = x->problem.length, d = x->problem.width;
    double *y = assay_allocate(3 * length, sizeof *y), longest[2] = {0};
    if (!y)
        return NAN;
    for (int part = 0; part < 2; part++) {
        double *square = y + (size_t)(part + 1) * length;
        for (size_t t = 0; t < d; t++) {
            double mean = 0;
            project(x, part, t, y);
            for (size_t i = 0; part == LORA_GRADIENT_KEY && i < length; i++)
                mean += y[i] / (double)length;
            for (size_t i = 0; i < length; i++)
                square[i] += (y[i] - mean) * (y[i] - mean);
        }
        for (size_t i = 0; i < length; i++)
            longest[part] = fmax(longest[part], sqrt(square[i]));
    }
    assay_release(y);
    return x->problem.beta * longest[0] * longest[1];
}
