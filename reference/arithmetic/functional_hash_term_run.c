/*
 * Lambda terms at work: evaluation by value in environments, keys, fitness.
 */
#include "core/assert.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <pthread.h>

enum { STEPS = FUNCTIONAL_HASH_TERM_STEPS, DEPTH = FUNCTIONAL_HASH_TERM_DEPTH, PAIRS = 16, AUDIT_PAIRS = 64 };

/* ---- Evaluation ---- */

typedef struct binding binding;

/* A number, or a function (its node) with the environment that it was made in. */
typedef struct value {
    double number;
    const functional_hash_term_node *function;
    const binding *environment;
} value;

struct binding {
    uint8_t name;
    value value;
    const binding *outer;
};

typedef struct machine {
    const functional_hash_term *term;
    double p, y;
    size_t steps, depth, bindings;
    binding heap[STEPS];
} machine;

static const binding *bind(machine *m, uint8_t name, value v, const binding *outer)
{
    binding *b = &m->heap[m->bindings++]; /* at most one in a step */
    *b = (binding){name, v, outer};
    return b;
}

static assay_status stuck(const char *what)
{
    return assay_fail(ASSAY_BAD_DATA, "term gets stuck: %s", what);
}

static assay_status evaluate(machine *m, uint8_t at, const binding *environment, value *result);

static assay_status evaluate_number(machine *m, uint8_t at, const binding *environment, double *number)
{
    value v = {0};
    const assay_status status = evaluate(m, at, environment, &v);
    if (status == ASSAY_OK && v.function)
        return stuck("a function where a number is needed");
    *number = v.number;
    return status;
}

static assay_status calculate(machine *m, const functional_hash_term_node *n, const binding *environment,
                              double *number)
{
    double a = 0, b = 0;
    assay_status status = evaluate_number(m, n->a, environment, &a);
    if (status == ASSAY_OK && n->kind != FUNCTIONAL_HASH_TERM_ABSOLUTE)
        status = evaluate_number(m, n->b, environment, &b);
    switch ((functional_hash_term_kind)n->kind) {
    case FUNCTIONAL_HASH_TERM_ADD: *number = a + b; break;
    case FUNCTIONAL_HASH_TERM_SUBTRACT: *number = a - b; break;
    case FUNCTIONAL_HASH_TERM_MULTIPLY: *number = a * b; break;
    case FUNCTIONAL_HASH_TERM_DIVIDE: *number = a / b; break;
    case FUNCTIONAL_HASH_TERM_MAXIMUM: *number = a > b ? a : b; break;
    default: *number = fabs(a);
    }
    return status;
}

static assay_status call(machine *m, const functional_hash_term_node *n, const binding *environment, value *result)
{
    value function, argument;
    assay_status status = evaluate(m, n->a, environment, &function);
    if (status == ASSAY_OK && !function.function)
        return stuck("a number is called");
    if (status == ASSAY_OK)
        status = evaluate(m, n->b, environment, &argument);
    if (status != ASSAY_OK)
        return status;
    if (++m->depth > DEPTH)
        return assay_fail(ASSAY_NOT_CONVERGED, "term goes deeper than %d calls", DEPTH);
    status =
        evaluate(m, function.function->a, bind(m, function.function->name, argument, function.environment), result);
    m->depth--;
    return status;
}

static assay_status evaluate(machine *m, uint8_t at, const binding *environment, value *result)
{
    const functional_hash_term_node *n = &m->term->nodes[at];
    if (++m->steps > STEPS)
        return assay_fail(ASSAY_NOT_CONVERGED, "term takes more than %d steps", STEPS);
    *result = (value){0};
    switch ((functional_hash_term_kind)n->kind) {
    case FUNCTIONAL_HASH_TERM_NUMBER: result->number = n->number; return ASSAY_OK;
    case FUNCTIONAL_HASH_TERM_P: result->number = m->p; return ASSAY_OK;
    case FUNCTIONAL_HASH_TERM_Y: result->number = m->y; return ASSAY_OK;
    case FUNCTIONAL_HASH_TERM_VARIABLE:
        while (environment && environment->name != n->name)
            environment = environment->outer;
        ASSAY_ASSERT(environment); /* checked: it is bound */
        *result = environment->value;
        return ASSAY_OK;
    case FUNCTIONAL_HASH_TERM_FUNCTION:
        result->function = n;
        result->environment = environment;
        return ASSAY_OK;
    case FUNCTIONAL_HASH_TERM_APPLY: return call(m, n, environment, result);
    case FUNCTIONAL_HASH_TERM_LET: {
        value v;
        const assay_status status = evaluate(m, n->a, environment, &v);
        return status ? status : evaluate(m, n->b, bind(m, n->name, v, environment), result);
    }
    default: return calculate(m, n, environment, &result->number);
    }
}

assay_status functional_hash_term_check_run(const functional_hash_term *term, const double *p, const double *y,
                                            size_t count, const double *values)
{
    if (count > 0 && (!p || !y || !values))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !p ? "p" : !y ? "y" : "values");
    return functional_hash_term_check(term);
}

assay_status functional_hash_reference_term_run(const functional_hash_term *term, const double *p, const double *y,
                                                size_t count, double *values)
{
    assay_status status = functional_hash_term_check_run(term, p, y, count, values);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        machine m;
        double number = 0;
        m.term = term;
        m.p = p[i];
        m.y = y[i];
        m.steps = m.depth = m.bindings = 0;
        status = evaluate_number(&m, (uint8_t)(term->count - 1), NULL, &number);
        if (status == ASSAY_OK)
            values[i] = number;
    }
    return status;
}

/* ---- Keys ---- */

static double canonical[2 * PAIRS], audit[2 * AUDIT_PAIRS], largest;
static pthread_once_t pairs_once = PTHREAD_ONCE_INIT;

static void make_pairs(void)
{
    assay_random_fill_normal(functional_hash_stream(FUNCTIONAL_HASH_STREAM_PAIRS), 0, 0, 1, canonical, 2 * PAIRS);
    assay_random_fill_normal(functional_hash_stream(FUNCTIONAL_HASH_STREAM_PAIRS_AUDIT), 0, 0, 1, audit,
                             2 * AUDIT_PAIRS);
    for (size_t i = 0; i < 2 * PAIRS; i++)
        largest = fmax(largest, fabs(canonical[i]));
}

const double *functional_hash_term_pairs(void)
{
    pthread_once(&pairs_once, make_pairs);
    return canonical;
}

static assay_status function_key(const functional_hash_term *term, const double *pairs, size_t count,
                                 const functional_hash_options *options, functional_hash_key *key)
{
    double values[AUDIT_PAIRS];
    const assay_status status = functional_hash_term_run(term, pairs, pairs + count, count, values);
    if (status == ASSAY_BAD_DATA || status == ASSAY_NOT_CONVERGED) {
        *key = (functional_hash_key){{0, 0}};
        return ASSAY_OK;
    }
    return status ? status : functional_hash_mix(values, count, options, key);
}

/* Names around a part, the innermost last. */
typedef struct names {
    uint8_t name[FUNCTIONAL_HASH_TERM_NODES];
    size_t count;
} names;

static bool is_before(functional_hash_key a, functional_hash_key b)
{
    return a.word[0] != b.word[0] ? a.word[0] < b.word[0] : a.word[1] < b.word[1];
}

/* The key of a part's structure, from those of its parts. With @p bound, variables are how many binders away theirs is,
 * and sums and products do not mind order; with null, names count. */
static functional_hash_key structure_key(const functional_hash_term *term, uint8_t at, names *bound)
{
    const functional_hash_term_node *n = &term->nodes[at];
    const unsigned parts = functional_hash_term_parts(n->kind);
    functional_hash_key key = functional_hash_start(n->kind), part[2] = {{{0, 0}}, {{0, 0}}};
    uint64_t number, name = n->name;
    if (bound && n->kind == FUNCTIONAL_HASH_TERM_VARIABLE) {
        size_t away = 1;
        while (bound->name[bound->count - away] != n->name)
            away++;
        name = away;
    } else if (bound) {
        name = 0;
    }
    memcpy(&number, &n->number, sizeof number);
    functional_hash_add_word(&key, name);
    functional_hash_add_word(&key, number);
    for (unsigned k = 0; k < parts; k++) {
        const bool binds = n->kind == FUNCTIONAL_HASH_TERM_FUNCTION || (n->kind == FUNCTIONAL_HASH_TERM_LET && k == 1);
        if (bound && binds)
            bound->name[bound->count++] = n->name;
        part[k] = structure_key(term, k ? n->b : n->a, bound);
        if (bound && binds)
            bound->count--;
    }
    const bool commutes = n->kind == FUNCTIONAL_HASH_TERM_ADD || n->kind == FUNCTIONAL_HASH_TERM_MULTIPLY;
    const unsigned first = bound && commutes && is_before(part[1], part[0]);
    for (unsigned k = 0; k < 2; k++) {
        functional_hash_add_word(&key, part[k ^ first].word[0]);
        functional_hash_add_word(&key, part[k ^ first].word[1]);
    }
    return functional_hash_finish(key);
}

assay_status functional_hash_term_key(const functional_hash_term *term, functional_hash_equality equality,
                                      const functional_hash_options *options, functional_hash_key *key)
{
    functional_hash_options resolved;
    functional_hash_term pruned;
    names bound = {.count = 0};
    const double *pairs = functional_hash_term_pairs();
    assay_status status = functional_hash_resolve(equality, options, largest, key, &resolved);
    if (status == ASSAY_OK)
        status = functional_hash_term_prune(term, &pruned);
    if (status != ASSAY_OK)
        return status;
    if (equality == FUNCTIONAL_HASH_BY_FUNCTION)
        return function_key(term, pairs, PAIRS, &resolved, key);
    *key = equality == FUNCTIONAL_HASH_BY_STRUCTURE ? structure_key(term, (uint8_t)(term->count - 1), NULL)
                                                    : structure_key(&pruned, (uint8_t)(pruned.count - 1), &bound);
    return ASSAY_OK;
}

assay_status functional_hash_term_audit(const functional_hash_term *term, functional_hash_key *key)
{
    if (!key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "key is null");
    functional_hash_term_pairs();
    const functional_hash_options options = functional_hash_audit_options(largest);
    return function_key(term, audit, AUDIT_PAIRS, &options, key);
}

/* ---- Fitness ---- */

enum { EXAMPLES = 40, DESCENT = 20, WIDTH = FUNCTIONAL_HASH_CODE_WIDTH };

static double predict(const double *weights, const double *inputs)
{
    double sum = 0;
    for (size_t k = 0; k < WIDTH; k++)
        sum += weights[k] * inputs[k];
    return sum;
}

/* Trains a linear model by the loss; writes the residuals of the validation examples. */
static assay_status train(const functional_hash_term *term, const functional_hash_linear_task *task, double *residuals)
{
    const double h = 0x1p-12, rate = 0.1;
    double weights[WIDTH] = {0}, p[2 * EXAMPLES], y[2 * EXAMPLES], loss[2 * EXAMPLES];
    for (int step = 0; step < DESCENT; step++) {
        for (size_t i = 0; i < EXAMPLES; i++) {
            const double prediction = predict(weights, task->inputs[i]);
            p[i] = prediction + h;
            p[EXAMPLES + i] = prediction - h;
            y[i] = y[EXAMPLES + i] = task->labels[i];
        }
        const assay_status status = functional_hash_term_run(term, p, y, 2 * EXAMPLES, loss);
        if (status != ASSAY_OK)
            return status;
        for (size_t k = 0; k < WIDTH; k++) {
            double slope = 0;
            for (size_t i = 0; i < EXAMPLES; i++)
                slope += (loss[i] - loss[EXAMPLES + i]) / (2 * h) * task->inputs[i][k];
            weights[k] -= rate * slope / EXAMPLES;
        }
    }
    for (size_t i = 0; i < EXAMPLES; i++)
        residuals[i] = task->labels[EXAMPLES + i] - predict(weights, task->inputs[EXAMPLES + i]);
    return ASSAY_OK;
}

assay_status functional_hash_term_evaluate(const functional_hash_term *term, double *fitness)
{
    const functional_hash_options options = functional_hash_default();
    functional_hash_key key;
    double residuals[2 * EXAMPLES];
    if (!fitness)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "fitness is null");
    assay_status status = functional_hash_term_key(term, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key);
    const bool hashable = status == ASSAY_OK && functional_hash_is_hashable(key);
    for (size_t t = 0; status == ASSAY_OK && hashable && t < 2; t++)
        status = train(term, functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_FIRST + t), residuals + t * EXAMPLES);
    if (status == ASSAY_OK)
        *fitness = hashable ? functional_hash_fitness_of(residuals, EXAMPLES) : -INFINITY;
    return status;
}
