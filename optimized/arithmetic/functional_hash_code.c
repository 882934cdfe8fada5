/*
 * Learning programs without what is dead in them, two tasks side by side in one vector: what is left of a run is mostly
 * finding out what to do next, and that is then done half as often.
 */
#include "assay/cpu.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"

enum { WIDTH = FUNCTIONAL_HASH_CODE_WIDTH, LANES = 2, FEW = 64 };

typedef double pair __attribute__((vector_size(16)));
typedef int64_t mask __attribute__((vector_size(16)));

typedef struct registers {
    pair s[FUNCTIONAL_HASH_CODE_SCALARS];
    pair v[FUNCTIONAL_HASH_CODE_VECTORS][WIDTH];
} registers;

static inline pair where(mask condition, pair x)
{
    return (pair)((mask)x & condition);
}

static void run_line(const functional_hash_instruction *line, registers *r)
{
    const uint8_t to = line->to, a = line->a, b = line->b;
    switch ((functional_hash_code_operation)line->operation) {
    case FUNCTIONAL_HASH_SCALAR_ADD: r->s[to] = r->s[a] + r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_SUBTRACT: r->s[to] = r->s[a] - r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_MULTIPLY: r->s[to] = r->s[a] * r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_DIVIDE: r->s[to] = where(r->s[b] != 0, r->s[a] / r->s[b]); break;
    case FUNCTIONAL_HASH_SCALAR_RELU: r->s[to] = where(r->s[a] > 0, r->s[a]); break;
    case FUNCTIONAL_HASH_SCALAR_ABSOLUTE: r->s[to] = (pair)((mask)r->s[a] & INT64_MAX); break;
    case FUNCTIONAL_HASH_SCALAR_CONSTANT: r->s[to] = (pair){line->constant, line->constant}; break;
    case FUNCTIONAL_HASH_DOT: {
        const pair *x = r->v[a], *y = r->v[b];
        r->s[to] = (x[0] * y[0] + x[1] * y[1]) + (x[2] * y[2] + x[3] * y[3]);
        break;
    }
    case FUNCTIONAL_HASH_VECTOR_ADD:
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = r->v[a][k] + r->v[b][k];
        break;
    case FUNCTIONAL_HASH_VECTOR_SUBTRACT:
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = r->v[a][k] - r->v[b][k];
        break;
    case FUNCTIONAL_HASH_VECTOR_SCALE: {
        const pair factor = r->s[a];
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = factor * r->v[b][k];
        break;
    }
    default: memset(r->v[to], 0, sizeof r->v[to]);
    }
}

static void run_function(const functional_hash_code *code, functional_hash_code_function function, registers *r)
{
    for (size_t i = 0; i < code->counts[function]; i++)
        run_line(&code->lines[function][i], r);
}

/* One lane's part of a run. */
typedef struct lane {
    const double *inputs, *labels;
    double *residuals;
} lane;

/* Runs a pruned program on two tasks of the same size. */
static void run_lanes(const functional_hash_code *code, const lane lanes[LANES], size_t training, size_t validation)
{
    registers r;
    memset(&r, 0, sizeof r);
    run_function(code, FUNCTIONAL_HASH_SETUP, &r);
    for (size_t i = 0; i < training + validation; i++) {
        for (size_t k = 0; k < WIDTH; k++)
            r.v[0][k] = (pair){lanes[0].inputs[i * WIDTH + k], lanes[1].inputs[i * WIDTH + k]};
        r.s[1] = (pair){0, 0};
        run_function(code, FUNCTIONAL_HASH_PREDICT, &r);
        const pair label = {lanes[0].labels[i], lanes[1].labels[i]};
        if (i < training) {
            r.s[1] = label;
            run_function(code, FUNCTIONAL_HASH_LEARN, &r);
        } else {
            const pair residual = label - r.s[0];
            lanes[0].residuals[i - training] = residual[0];
            lanes[1].residuals[i - training] = residual[1];
        }
    }
}

assay_status functional_hash_code_run(const functional_hash_code *code, const double *inputs, const double *labels,
                                      size_t training, size_t validation, double *residuals)
{
    /* For few examples it does not pay to look for what is dead; the reference also refuses what is not complete. */
    const bool few = training + validation < FEW || !inputs || !labels || !residuals;
    if (few || assay_cpu_level() == ASSAY_REFERENCE)
        return functional_hash_reference_code_run(code, inputs, labels, training, validation, residuals);
    functional_hash_code pruned;
    const assay_status status = functional_hash_code_prune(code, &pruned);
    return status ? status
                  : functional_hash_reference_code_run(&pruned, inputs, labels, training, validation, residuals);
}

assay_status functional_hash_code_run_both(const functional_hash_code *code, double *residuals)
{
    const functional_hash_linear_task *first = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_FIRST),
                                      *second = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_FIRST + 1);
    double *other = residuals + first->validation;
    if (assay_cpu_level() == ASSAY_REFERENCE) {
        const assay_status status = functional_hash_reference_code_run(code, first->inputs[0], first->labels,
                                                                       first->training, first->validation, residuals);
        return status ? status
                      : functional_hash_reference_code_run(code, second->inputs[0], second->labels, second->training,
                                                           second->validation, other);
    }
    functional_hash_code pruned;
    const assay_status status = functional_hash_code_prune(code, &pruned);
    const lane lanes[LANES] = {{first->inputs[0], first->labels, residuals},
                               {second->inputs[0], second->labels, other}};
    if (status == ASSAY_OK)
        run_lanes(&pruned, lanes, first->training, first->validation);
    return status;
}
