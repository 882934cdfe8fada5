/*
 * Straight-line programs: validity, evaluation one point and one node at a time, cost, pruning and collapsing.
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <string.h>

unsigned evolved_exp_arguments(evolved_exp_operation operation)
{
    switch (operation) {
    case EVOLVED_EXP_X:
    case EVOLVED_EXP_CONSTANT: return 0;
    case EVOLVED_EXP_SQRT: return 1;
    case EVOLVED_EXP_ADD:
    case EVOLVED_EXP_SUBTRACT:
    case EVOLVED_EXP_MULTIPLY:
    case EVOLVED_EXP_DIVIDE: return 2;
    case EVOLVED_EXP_FMA: return 3;
    }
    return 0;
}

static assay_status check_node(const evolved_exp_node *node, size_t index)
{
    if ((unsigned)node->operation > EVOLVED_EXP_FMA)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program: operation of node %zu is %u, must be 0 to %u", index,
                          (unsigned)node->operation, (unsigned)EVOLVED_EXP_FMA);
    if (node->operation == EVOLVED_EXP_CONSTANT && !isfinite(node->constant))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program: constant of node %zu is %g, must be finite", index,
                          node->constant);
    const uint32_t arguments[3] = {node->a, node->b, node->c};
    for (unsigned i = 0; i < evolved_exp_arguments(node->operation); i++)
        if (arguments[i] >= index)
            return assay_fail(ASSAY_INVALID_ARGUMENT,
                              "program: argument %u of node %zu is node %u, must be an earlier one", i, index,
                              (unsigned)arguments[i]);
    return ASSAY_OK;
}

assay_status evolved_exp_check(const evolved_exp_program *program)
{
    if (!program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program is null");
    if (program->count < 1 || program->count > EVOLVED_EXP_NODES)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program: count is %zu, must be 1 to %d", program->count,
                          EVOLVED_EXP_NODES);
    if (program->output >= program->count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program: output is node %u of %zu", (unsigned)program->output,
                          program->count);
    for (size_t i = 0; i < program->count; i++) {
        assay_status status = check_node(&program->nodes[i], i);
        if (status != ASSAY_OK)
            return status;
    }
    return ASSAY_OK;
}

static double value_f64(const evolved_exp_program *program, double x)
{
    double v[EVOLVED_EXP_NODES];
    for (size_t i = 0; i <= program->output; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        switch (node->operation) {
        case EVOLVED_EXP_X: v[i] = x; break;
        case EVOLVED_EXP_CONSTANT: v[i] = node->constant; break;
        case EVOLVED_EXP_ADD: v[i] = v[node->a] + v[node->b]; break;
        case EVOLVED_EXP_SUBTRACT: v[i] = v[node->a] - v[node->b]; break;
        case EVOLVED_EXP_MULTIPLY: v[i] = v[node->a] * v[node->b]; break;
        case EVOLVED_EXP_DIVIDE: v[i] = v[node->a] / v[node->b]; break;
        case EVOLVED_EXP_SQRT: v[i] = sqrt(v[node->a]); break;
        case EVOLVED_EXP_FMA: v[i] = fma(v[node->a], v[node->b], v[node->c]); break;
        }
    }
    double y = v[program->output];
    return isnan(y) ? (double)NAN : y; /* which of two NaNs an instruction passes on depends on its operand order */
}

static float value_f32(const evolved_exp_program *program, float x)
{
    float v[EVOLVED_EXP_NODES];
    for (size_t i = 0; i <= program->output; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        switch (node->operation) {
        case EVOLVED_EXP_X: v[i] = x; break;
        case EVOLVED_EXP_CONSTANT: v[i] = (float)node->constant; break;
        case EVOLVED_EXP_ADD: v[i] = v[node->a] + v[node->b]; break;
        case EVOLVED_EXP_SUBTRACT: v[i] = v[node->a] - v[node->b]; break;
        case EVOLVED_EXP_MULTIPLY: v[i] = v[node->a] * v[node->b]; break;
        case EVOLVED_EXP_DIVIDE: v[i] = v[node->a] / v[node->b]; break;
        case EVOLVED_EXP_SQRT: v[i] = sqrtf(v[node->a]); break;
        case EVOLVED_EXP_FMA: v[i] = fmaf(v[node->a], v[node->b], v[node->c]); break;
        }
    }
    float y = v[program->output];
    return isnan(y) ? NAN : y;
}

static assay_status check_arrays(const evolved_exp_program *program, const void *x, const void *y, size_t n)
{
    if (n > 0 && (!x || !y))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with n = %zu", x ? "y" : "x", n);
    return evolved_exp_check(program);
}

assay_status evolved_exp_reference_evaluate_f64(const evolved_exp_program *program, const double *x, double *y,
                                                size_t n)
{
    assay_status status = check_arrays(program, x, y, n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = value_f64(program, x[i]);
    return status;
}

assay_status evolved_exp_reference_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n)
{
    assay_status status = check_arrays(program, x, y, n);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        y[i] = value_f32(program, x[i]);
    return status;
}

/* Marks the nodes that the output needs: arguments come before their readers, so one pass from the output down. */
static void mark_needed(const evolved_exp_program *program, bool *needed)
{
    memset(needed, 0, program->count * sizeof *needed);
    needed[program->output] = true;
    for (size_t i = program->output + 1; i-- > 0;) {
        const evolved_exp_node *node = &program->nodes[i];
        const uint32_t arguments[3] = {node->a, node->b, node->c};
        for (unsigned j = 0; needed[i] && j < evolved_exp_arguments(node->operation); j++)
            needed[arguments[j]] = true;
    }
}

/* Marks the nodes that depend on x. */
static void mark_dependent(const evolved_exp_program *program, bool *dependent)
{
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        const uint32_t arguments[3] = {node->a, node->b, node->c};
        dependent[i] = node->operation == EVOLVED_EXP_X;
        for (unsigned j = 0; j < evolved_exp_arguments(node->operation); j++)
            dependent[i] |= dependent[arguments[j]];
    }
}

assay_status evolved_exp_cost(const evolved_exp_program *program, uint32_t *cost)
{
    if (!cost)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "cost is null");
    assay_status status = evolved_exp_check(program);
    if (status != ASSAY_OK)
        return status;
    bool needed[EVOLVED_EXP_NODES], dependent[EVOLVED_EXP_NODES];
    mark_needed(program, needed);
    mark_dependent(program, dependent);
    uint32_t operations = 0;
    for (size_t i = 0; i < program->count; i++)
        operations += needed[i] && dependent[i] && evolved_exp_arguments(program->nodes[i].operation) > 0;
    *cost = operations < 2 ? 2 : operations;
    return ASSAY_OK;
}

static void prune(evolved_exp_program *program)
{
    bool needed[EVOLVED_EXP_NODES];
    uint32_t place[EVOLVED_EXP_NODES] = {0};
    mark_needed(program, needed);
    uint32_t kept = 0;
    for (size_t i = 0; i < program->count; i++) {
        if (!needed[i])
            continue;
        evolved_exp_node node = program->nodes[i];
        unsigned arguments = evolved_exp_arguments(node.operation);
        node.a = arguments > 0 ? place[node.a] : 0;
        node.b = arguments > 1 ? place[node.b] : 0;
        node.c = arguments > 2 ? place[node.c] : 0;
        place[i] = kept;
        program->nodes[kept++] = node;
    }
    program->output = place[program->output];
    program->count = kept;
}

assay_status evolved_exp_prune(evolved_exp_program *program)
{
    assay_status status = evolved_exp_check(program);
    if (status == ASSAY_OK)
        prune(program);
    return status;
}

void evolved_exp_fold(evolved_exp_program *program)
{
    bool dependent[EVOLVED_EXP_NODES];
    mark_dependent(program, dependent);
    evolved_exp_program result = *program;
    for (uint32_t i = 0; i < program->count; i++) {
        if (dependent[i] || evolved_exp_arguments(program->nodes[i].operation) == 0)
            continue;
        evolved_exp_program part = *program;
        part.output = i;
        result.nodes[i] = (evolved_exp_node){.operation = EVOLVED_EXP_CONSTANT, .constant = value_f64(&part, 0.0)};
    }
    prune(&result);
    *program = result;
}

assay_status evolved_exp_collapse(evolved_exp_program *program)
{
    assay_status status = evolved_exp_check(program);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_program result = *program;
    evolved_exp_fold(&result);
    for (size_t i = 0; i < result.count; i++)
        if (result.nodes[i].operation == EVOLVED_EXP_CONSTANT && !isfinite(result.nodes[i].constant))
            return assay_fail(ASSAY_OUT_OF_RANGE, "program: a constant part has the value %g, must be finite",
                              result.nodes[i].constant);
    *program = result;
    return ASSAY_OK;
}
