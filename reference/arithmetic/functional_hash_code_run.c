/*
 * Learning programs at work: running, keys, fitness, and the linear tasks for that.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <pthread.h>

enum { WIDTH = FUNCTIONAL_HASH_CODE_WIDTH };

/* ---- Tasks ---- */

static functional_hash_linear_task tasks[FUNCTIONAL_HASH_TASKS];
static pthread_once_t tasks_once = PTHREAD_ONCE_INIT;

static void make_tasks(void)
{
    static const size_t sizes[FUNCTIONAL_HASH_TASKS][2] = {{10, 10}, {10, 64}, {40, 40}, {40, 40}};
    for (size_t t = 0; t < FUNCTIONAL_HASH_TASKS; t++) {
        functional_hash_dice dice = {functional_hash_stream(FUNCTIONAL_HASH_STREAM_TASK + t), 0};
        double weights[WIDTH];
        tasks[t].training = sizes[t][0];
        tasks[t].validation = sizes[t][1];
        for (size_t k = 0; k < WIDTH; k++)
            weights[k] = functional_hash_draw_normal(&dice);
        for (size_t i = 0; i < sizes[t][0] + sizes[t][1]; i++) {
            tasks[t].labels[i] = 0;
            for (size_t k = 0; k < WIDTH; k++) {
                tasks[t].inputs[i][k] = functional_hash_draw_normal(&dice);
                tasks[t].labels[i] += weights[k] * tasks[t].inputs[i][k];
                tasks[t].largest = fmax(tasks[t].largest, fabs(tasks[t].inputs[i][k]));
            }
        }
    }
}

const functional_hash_linear_task *functional_hash_linear_task_at(size_t which)
{
    pthread_once(&tasks_once, make_tasks);
    return &tasks[which];
}

static double root_mean_square(const double *residuals, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += residuals[i] * residuals[i];
    return sqrt(sum / (double)n);
}

double functional_hash_fitness_of(const double *residuals, size_t each)
{
    const double pi = 0x1.921fb54442d18p+1;
    const double error = (root_mean_square(residuals, each) + root_mean_square(residuals + each, each)) / 2;
    return isfinite(error) ? 1 - 2 / pi * atan(error) : -INFINITY;
}

/* ---- Running ---- */

typedef struct registers {
    double s[FUNCTIONAL_HASH_CODE_SCALARS];
    double v[FUNCTIONAL_HASH_CODE_VECTORS][WIDTH];
} registers;

static double dot(const double *a, const double *b)
{
    return (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3]);
}

static void run_line(const functional_hash_instruction *line, registers *r)
{
    const uint8_t to = line->to, a = line->a, b = line->b;
    switch ((functional_hash_code_operation)line->operation) {
    case FUNCTIONAL_HASH_SCALAR_ADD: r->s[to] = r->s[a] + r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_SUBTRACT: r->s[to] = r->s[a] - r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_MULTIPLY: r->s[to] = r->s[a] * r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_DIVIDE: r->s[to] = r->s[b] == 0 ? 0 : r->s[a] / r->s[b]; break;
    case FUNCTIONAL_HASH_SCALAR_RELU: r->s[to] = r->s[a] > 0 ? r->s[a] : 0; break;
    case FUNCTIONAL_HASH_SCALAR_ABSOLUTE: r->s[to] = fabs(r->s[a]); break;
    case FUNCTIONAL_HASH_SCALAR_CONSTANT: r->s[to] = line->constant; break;
    case FUNCTIONAL_HASH_DOT: r->s[to] = dot(r->v[a], r->v[b]); break;
    case FUNCTIONAL_HASH_VECTOR_ADD:
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = r->v[a][k] + r->v[b][k];
        break;
    case FUNCTIONAL_HASH_VECTOR_SUBTRACT:
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = r->v[a][k] - r->v[b][k];
        break;
    case FUNCTIONAL_HASH_VECTOR_SCALE:
        for (int k = 0; k < WIDTH; k++)
            r->v[to][k] = r->s[a] * r->v[b][k];
        break;
    default: memset(r->v[to], 0, sizeof r->v[to]);
    }
}

static void run_function(const functional_hash_code *code, functional_hash_code_function function, registers *r)
{
    for (size_t i = 0; i < code->counts[function]; i++)
        run_line(&code->lines[function][i], r);
}

assay_status functional_hash_reference_code_run(const functional_hash_code *code, const double *inputs,
                                                const double *labels, size_t training, size_t validation,
                                                double *residuals)
{
    const assay_status status = functional_hash_code_check(code);
    if (status != ASSAY_OK)
        return status;
    if (training + validation > 0 && (!inputs || !labels))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", inputs ? "labels" : "inputs");
    if (validation > 0 && !residuals)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "residuals is null");
    registers r = {0};
    run_function(code, FUNCTIONAL_HASH_SETUP, &r);
    for (size_t i = 0; i < training + validation; i++) {
        memcpy(r.v[0], inputs + i * WIDTH, sizeof r.v[0]);
        r.s[1] = 0;
        run_function(code, FUNCTIONAL_HASH_PREDICT, &r);
        if (i < training) {
            r.s[1] = labels[i];
            run_function(code, FUNCTIONAL_HASH_LEARN, &r);
        } else {
            residuals[i - training] = labels[i] - r.s[0];
        }
    }
    return ASSAY_OK;
}

/* ---- Keys and fitness ---- */

static assay_status function_key(const functional_hash_code *code, size_t which, const functional_hash_options *options,
                                 functional_hash_key *key)
{
    const functional_hash_linear_task *task = functional_hash_linear_task_at(which);
    double residuals[FUNCTIONAL_HASH_TASK_MOST];
    const assay_status status =
        functional_hash_code_run(code, task->inputs[0], task->labels, task->training, task->validation, residuals);
    return status ? status : functional_hash_mix(residuals, task->validation, options, key);
}

/* What commutes is put into one order. */
static functional_hash_code in_order(const functional_hash_code *code)
{
    functional_hash_code result = *code;
    for (int f = 0; f < FUNCTIONAL_HASH_CODE_FUNCTIONS; f++)
        for (size_t i = 0; i < result.counts[f]; i++) {
            functional_hash_instruction *line = &result.lines[f][i];
            const uint8_t operation = line->operation, a = line->a;
            const bool commutes = operation == FUNCTIONAL_HASH_SCALAR_ADD ||
                                  operation == FUNCTIONAL_HASH_SCALAR_MULTIPLY || operation == FUNCTIONAL_HASH_DOT ||
                                  operation == FUNCTIONAL_HASH_VECTOR_ADD;
            if (commutes && line->b < a) {
                line->a = line->b;
                line->b = a;
            }
        }
    return result;
}

static functional_hash_key structure_key(const functional_hash_code *code)
{
    functional_hash_key key = functional_hash_start(FUNCTIONAL_HASH_CODE_FUNCTIONS);
    for (int f = 0; f < FUNCTIONAL_HASH_CODE_FUNCTIONS; f++) {
        functional_hash_add_word(&key, code->counts[f]);
        for (size_t i = 0; i < code->counts[f]; i++) {
            const functional_hash_instruction *line = &code->lines[f][i];
            uint64_t constant;
            memcpy(&constant, &line->constant, sizeof constant);
            functional_hash_add_word(&key, (uint64_t)line->operation | (uint64_t)line->to << 8 |
                                               (uint64_t)line->a << 16 | (uint64_t)line->b << 24);
            functional_hash_add_word(&key, constant);
        }
    }
    return functional_hash_finish(key);
}

assay_status functional_hash_code_key(const functional_hash_code *code, functional_hash_equality equality,
                                      const functional_hash_options *options, functional_hash_key *key)
{
    functional_hash_options resolved;
    functional_hash_code pruned;
    const functional_hash_linear_task *task = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_KEY);
    assay_status status = functional_hash_resolve(equality, options, task->largest, key, &resolved);
    if (status == ASSAY_OK && equality == FUNCTIONAL_HASH_BY_FUNCTION)
        return function_key(code, FUNCTIONAL_HASH_TASK_KEY, &resolved, key);
    if (status == ASSAY_OK)
        status = functional_hash_code_prune(code, &pruned);
    if (status != ASSAY_OK)
        return status;
    if (equality == FUNCTIONAL_HASH_BY_ISOMORPHISM)
        pruned = in_order(&pruned);
    *key = structure_key(equality == FUNCTIONAL_HASH_BY_ISOMORPHISM ? &pruned : code);
    return ASSAY_OK;
}

assay_status functional_hash_code_audit(const functional_hash_code *code, functional_hash_key *key)
{
    if (!key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "key is null");
    const functional_hash_linear_task *task = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_AUDIT);
    const functional_hash_options options = functional_hash_audit_options(task->largest);
    return function_key(code, FUNCTIONAL_HASH_TASK_AUDIT, &options, key);
}

assay_status functional_hash_code_evaluate(const functional_hash_code *code, double *fitness)
{
    const size_t each = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_FIRST)->validation;
    const functional_hash_options options = functional_hash_default();
    functional_hash_key key;
    double residuals[2 * FUNCTIONAL_HASH_TASK_MOST];
    if (!fitness)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "fitness is null");
    assay_status status = function_key(code, FUNCTIONAL_HASH_TASK_KEY, &options, &key);
    const bool hashable = status == ASSAY_OK && functional_hash_is_hashable(key);
    if (hashable)
        status = functional_hash_code_run_both(code, residuals);
    if (status == ASSAY_OK)
        *fitness = hashable ? functional_hash_fitness_of(residuals, each) : -INFINITY;
    return status;
}
