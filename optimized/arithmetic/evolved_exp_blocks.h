/*
 * Evaluation of a program over blocks of 64 points: each node is one loop over 64 values that stay in the first-level
 * cache, and the compiler turns the loop into the vector instructions of the file that includes this. One operation
 * per point and node, so the bits are those of the scalar code.
 *
 * The including file defines BLOCK_NAME(stem), the suffix of its functions.
 */
#include "optimized/arithmetic/evolved_exp_blocks_type.h"

#include <math.h>
#include <string.h>

#define BLOCK_LOOP(EXPRESSION)                                                                                         \
    do {                                                                                                               \
        for (int i = 0; i < EVOLVED_EXP_BLOCK; i++)                                                                    \
            v[i] = EXPRESSION;                                                                                         \
    } while (0)

/* The nodes of a program over one block; returns the values of the output. REAL is double or float. */
#define BLOCK_DEFINE_VALUES(REAL, NAME, ROOT, MULTIPLY_ADD)                                                            \
    static const REAL *NAME(const evolved_exp_program *program, const REAL *x, REAL(*values)[EVOLVED_EXP_BLOCK])       \
    {                                                                                                                  \
        for (size_t k = 0; k <= program->output; k++) {                                                                \
            const evolved_exp_node *node = &program->nodes[k];                                                         \
            REAL *restrict v = values[k];                                                                              \
            const REAL *a = values[node->a], *b = values[node->b], *c = values[node->c];                               \
            const REAL constant = (REAL)node->constant;                                                                \
            switch (node->operation) {                                                                                 \
            case EVOLVED_EXP_X: memcpy(v, x, sizeof *values); break;                                                   \
            case EVOLVED_EXP_CONSTANT: BLOCK_LOOP(constant); break;                                                    \
            case EVOLVED_EXP_ADD: BLOCK_LOOP(a[i] + b[i]); break;                                                      \
            case EVOLVED_EXP_SUBTRACT: BLOCK_LOOP(a[i] - b[i]); break;                                                 \
            case EVOLVED_EXP_MULTIPLY: BLOCK_LOOP(a[i] * b[i]); break;                                                 \
            case EVOLVED_EXP_DIVIDE: BLOCK_LOOP(a[i] / b[i]); break;                                                   \
            case EVOLVED_EXP_SQRT: BLOCK_LOOP(ROOT(a[i])); break;                                                      \
            case EVOLVED_EXP_FMA: BLOCK_LOOP(MULTIPLY_ADD(a[i], b[i], c[i])); break;                                   \
            }                                                                                                          \
        }                                                                                                              \
        return values[program->output];                                                                                \
    }

BLOCK_DEFINE_VALUES(double, values_f64, sqrt, fma)
BLOCK_DEFINE_VALUES(float, values_f32, sqrtf, fmaf)

/* Whole blocks in place of the caller's array ends: the last, partial one is copied in and out. */
#define BLOCK_DEFINE_EVALUATE(REAL, NAME, VALUES)                                                                      \
    void NAME(const evolved_exp_program *program, const REAL *x, REAL *y, size_t n)                                    \
    {                                                                                                                  \
        _Alignas(64) REAL values[EVOLVED_EXP_NODES][EVOLVED_EXP_BLOCK];                                                \
        _Alignas(64) REAL in[EVOLVED_EXP_BLOCK] = {0};                                                                 \
        for (size_t start = 0; start < n; start += EVOLVED_EXP_BLOCK) {                                                \
            size_t count = n - start < EVOLVED_EXP_BLOCK ? n - start : EVOLVED_EXP_BLOCK;                              \
            memcpy(in, x + start, count * sizeof *in);                                                                 \
            const REAL *out = VALUES(program, in, values);                                                             \
            for (int i = 0; i < EVOLVED_EXP_BLOCK; i++)                                                                \
                in[i] = isnan(out[i]) ? (REAL)NAN : out[i];                                                            \
            memcpy(y + start, in, count * sizeof *in);                                                                 \
        }                                                                                                              \
    }

BLOCK_DEFINE_EVALUATE(double, BLOCK_NAME(evaluate_f64), values_f64)
BLOCK_DEFINE_EVALUATE(float, BLOCK_NAME(evaluate_f32), values_f32)

/* Largest |f - y| * weight. The bits of non-negative doubles are ordered like the numbers, NaN after infinity: so the
 * maximum, which as a loop over doubles would be scalar, is one over integers, and bad values come out on top. */
#define BLOCK_ACCUMULATE(F)                                                                                            \
    for (int i = 0; i < EVOLVED_EXP_BLOCK; i++)                                                                        \
        errors[i] = fabs((double)(F)[i] - y[i]) * weight[i];                                                           \
    memcpy(bits, errors, sizeof bits);                                                                                 \
    for (int i = 0; i < EVOLVED_EXP_BLOCK; i++)                                                                        \
    worst = bits[i] > worst ? bits[i] : worst

double BLOCK_NAME(error)(const evolved_exp_program *program, const evolved_exp_points *points)
{
    _Alignas(64) double values[EVOLVED_EXP_NODES][EVOLVED_EXP_BLOCK];
    _Alignas(64) double errors[EVOLVED_EXP_BLOCK];
    _Alignas(64) int64_t bits[EVOLVED_EXP_BLOCK];
    int64_t worst = 0;
    for (size_t start = 0; start < points->count; start += EVOLVED_EXP_BLOCK) {
        const double *y = points->y + start, *weight = points->weight + start;
        if (points->precision == EVOLVED_EXP_F64) {
            const double *f = values_f64(program, points->x + start, values);
            BLOCK_ACCUMULATE(f);
        } else {
            const float *f = values_f32(program, points->x32 + start, (float(*)[EVOLVED_EXP_BLOCK])(void *)values);
            BLOCK_ACCUMULATE(f);
        }
    }
    double error;
    memcpy(&error, &worst, sizeof error);
    return isfinite(error) ? error : INFINITY;
}
