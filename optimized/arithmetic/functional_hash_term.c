/*
 * Lambda terms over many pairs: which calculations an evaluation makes does not depend on the numbers, so that the term
 * is evaluated once, on places instead of numbers, and leaves a list of calculations that runs over blocks of pairs.
 */
#include "assay/cpu.h"
#include "core/assert.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = FUNCTIONAL_HASH_TERM_STEPS, DEPTH = FUNCTIONAL_HASH_TERM_DEPTH, BLOCK = 64, P = 0, Y = 1 };

/* One calculation; its place is its index. */
typedef struct calculation {
    uint16_t kind, a, b;
    double number;
} calculation;

typedef struct binding binding;

typedef struct value {
    uint16_t place; /* of a number */
    const functional_hash_term_node *function;
    const binding *environment;
} value;

struct binding {
    uint8_t name;
    value value;
    const binding *outer;
};

typedef struct tracer {
    const functional_hash_term *term;
    size_t steps, depth, bindings, count;
    binding heap[STEPS];
    calculation list[STEPS + 2];
} tracer;

static uint16_t append(tracer *t, calculation c)
{
    t->list[t->count] = c; /* at most one in a step */
    return (uint16_t)t->count++;
}

static const binding *bind(tracer *t, uint8_t name, value v, const binding *outer)
{
    binding *b = &t->heap[t->bindings++];
    *b = (binding){name, v, outer};
    return b;
}

static assay_status stuck(const char *what)
{
    return assay_fail(ASSAY_BAD_DATA, "term gets stuck: %s", what);
}

static assay_status trace(tracer *t, uint8_t at, const binding *environment, value *result);

static assay_status trace_number(tracer *t, uint8_t at, const binding *environment, uint16_t *place)
{
    value v = {0};
    const assay_status status = trace(t, at, environment, &v);
    if (status == ASSAY_OK && v.function)
        return stuck("a function where a number is needed");
    *place = v.place;
    return status;
}

static assay_status trace_call(tracer *t, const functional_hash_term_node *n, const binding *environment, value *result)
{
    value function, argument;
    assay_status status = trace(t, n->a, environment, &function);
    if (status == ASSAY_OK && !function.function)
        return stuck("a number is called");
    if (status == ASSAY_OK)
        status = trace(t, n->b, environment, &argument);
    if (status != ASSAY_OK)
        return status;
    if (++t->depth > DEPTH)
        return assay_fail(ASSAY_NOT_CONVERGED, "term goes deeper than %d calls", DEPTH);
    status = trace(t, function.function->a, bind(t, function.function->name, argument, function.environment), result);
    t->depth--;
    return status;
}

static assay_status trace(tracer *t, uint8_t at, const binding *environment, value *result)
{
    const functional_hash_term_node *n = &t->term->nodes[at];
    if (++t->steps > STEPS)
        return assay_fail(ASSAY_NOT_CONVERGED, "term takes more than %d steps", STEPS);
    *result = (value){0};
    assay_status status = ASSAY_OK;
    calculation c = {.kind = n->kind, .number = n->number};
    switch ((functional_hash_term_kind)n->kind) {
    case FUNCTIONAL_HASH_TERM_P: result->place = P; break;
    case FUNCTIONAL_HASH_TERM_Y: result->place = Y; break;
    case FUNCTIONAL_HASH_TERM_NUMBER: result->place = append(t, c); break;
    case FUNCTIONAL_HASH_TERM_VARIABLE:
        while (environment && environment->name != n->name)
            environment = environment->outer;
        ASSAY_ASSERT(environment); /* checked: it is bound */
        *result = environment->value;
        break;
    case FUNCTIONAL_HASH_TERM_FUNCTION:
        result->function = n;
        result->environment = environment;
        break;
    case FUNCTIONAL_HASH_TERM_APPLY: return trace_call(t, n, environment, result);
    case FUNCTIONAL_HASH_TERM_LET: {
        value v;
        status = trace(t, n->a, environment, &v);
        return status ? status : trace(t, n->b, bind(t, n->name, v, environment), result);
    }
    default:
        status = trace_number(t, n->a, environment, &c.a);
        if (status == ASSAY_OK && n->kind != FUNCTIONAL_HASH_TERM_ABSOLUTE)
            status = trace_number(t, n->b, environment, &c.b);
        if (status == ASSAY_OK)
            result->place = append(t, c);
    }
    return status;
}

#define FOR_BLOCK(EXPRESSION)                                                                                          \
    for (size_t i = 0; i < BLOCK; i++)                                                                                 \
        out[i] = (EXPRESSION);                                                                                         \
    break

static void calculate(const calculation *c, const double *restrict a, const double *restrict b, double *restrict out)
{
    switch ((functional_hash_term_kind)c->kind) {
    case FUNCTIONAL_HASH_TERM_ADD: FOR_BLOCK(a[i] + b[i]);
    case FUNCTIONAL_HASH_TERM_SUBTRACT: FOR_BLOCK(a[i] - b[i]);
    case FUNCTIONAL_HASH_TERM_MULTIPLY: FOR_BLOCK(a[i] * b[i]);
    case FUNCTIONAL_HASH_TERM_DIVIDE: FOR_BLOCK(a[i] / b[i]);
    case FUNCTIONAL_HASH_TERM_MAXIMUM: FOR_BLOCK(a[i] > b[i] ? a[i] : b[i]);
    case FUNCTIONAL_HASH_TERM_ABSOLUTE: FOR_BLOCK(fabs(a[i]));
    default: FOR_BLOCK(c->number);
    }
}

static void run_blocks(const tracer *t, uint16_t place, const double *p, const double *y, size_t count, double *values,
                       double (*places)[BLOCK])
{
    memset(places, 0, 2 * sizeof *places);
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = count - first < BLOCK ? count - first : BLOCK;
        memcpy(places[P], p + first, size * sizeof *p);
        memcpy(places[Y], y + first, size * sizeof *y);
        for (size_t i = 2; i <= place; i++)
            calculate(&t->list[i], places[t->list[i].a], places[t->list[i].b], places[i]);
        memcpy(values + first, places[place], size * sizeof *values);
    }
}

assay_status functional_hash_term_run(const functional_hash_term *term, const double *p, const double *y, size_t count,
                                      double *values)
{
    if (assay_cpu_level() == ASSAY_REFERENCE)
        return functional_hash_reference_term_run(term, p, y, count, values);
    assay_status status = functional_hash_term_check_run(term, p, y, count, values);
    if (status != ASSAY_OK || count == 0)
        return status;
    tracer t;
    uint16_t place = 0;
    t.term = term;
    t.steps = t.depth = t.bindings = 0;
    t.count = 2; /* p and y */
    status = trace_number(&t, (uint8_t)(term->count - 1), NULL, &place);
    if (status != ASSAY_OK)
        return status;
    double(*places)[BLOCK] = malloc(t.count * sizeof *places);
    if (!places)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu calculations", t.count);
    run_blocks(&t, place, p, y, count, values, places);
    free(places);
    return ASSAY_OK;
}
