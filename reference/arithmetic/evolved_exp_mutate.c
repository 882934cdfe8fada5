/*
 * Mutation of programs as graphs: insert a node into an edge, remove a node, redirect an edge.
 *
 * A graph has its nodes in any order; node 0 is the input. An edge is a reader's argument slot, or the output's.
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <string.h>

enum {
    CAPACITY = EVOLVED_EXP_NODES + 8, /* an insertion adds an operation and at most two constants before it prunes */
    RETRIES = 1000,                   /* a mutation that leaves the structure as it was is rare */
    INPUT = 0
};

typedef struct graph {
    uint32_t count, output;
    evolved_exp_node nodes[CAPACITY];
} graph;

/* The reader of an edge that is the output's. */
#define OUTPUT UINT32_MAX

typedef struct edge {
    uint32_t reader, slot;
} edge;

static uint32_t *slot_of(evolved_exp_node *node, uint32_t slot)
{
    return slot == 0 ? &node->a : slot == 1 ? &node->b : &node->c;
}

static uint32_t argument_of(const evolved_exp_node *node, uint32_t slot)
{
    return slot == 0 ? node->a : slot == 1 ? node->b : node->c;
}

static uint32_t *source_of(graph *g, edge e)
{
    return e.reader == OUTPUT ? &g->output : slot_of(&g->nodes[e.reader], e.slot);
}

double evolved_exp_draw_constant(evolved_exp_dice *dice, double decades, bool negative)
{
    const double magnitude = pow(10, -decades * evolved_exp_dice_uniform(dice));
    return negative ? -magnitude : magnitude;
}

static uint32_t append(graph *g, evolved_exp_node node)
{
    g->nodes[g->count] = node;
    return g->count++;
}

static uint32_t append_constant(graph *g, evolved_exp_dice *dice, double decades, bool negative)
{
    const double number = evolved_exp_draw_constant(dice, decades, negative);
    return append(g, (evolved_exp_node){.operation = EVOLVED_EXP_CONSTANT, .constant = number});
}

static void load(graph *g, const evolved_exp_program *program)
{
    uint32_t place[EVOLVED_EXP_NODES];
    g->count = 1;
    g->nodes[INPUT] = (evolved_exp_node){.operation = EVOLVED_EXP_X};
    for (uint32_t i = 0; i < program->count; i++) {
        evolved_exp_node node = program->nodes[i];
        if (node.operation == EVOLVED_EXP_X) {
            place[i] = INPUT;
            continue;
        }
        for (uint32_t slot = 0; slot < evolved_exp_arguments(node.operation); slot++)
            *slot_of(&node, slot) = place[argument_of(&node, slot)];
        place[i] = append(g, node);
    }
    g->output = place[program->output];
}

/* Appends node @p i and what it needs to the program, arguments first and each once. */
static void store_node(const graph *g, uint32_t i, uint32_t *place, evolved_exp_program *program)
{
    if (place[i] != UINT32_MAX)
        return;
    evolved_exp_node node = g->nodes[i];
    const uint32_t arguments = evolved_exp_arguments(node.operation);
    for (uint32_t slot = 0; slot < arguments; slot++) {
        const uint32_t source = argument_of(&node, slot);
        store_node(g, source, place, program);
        *slot_of(&node, slot) = place[source];
    }
    for (uint32_t slot = arguments; slot < 3; slot++)
        *slot_of(&node, slot) = 0;
    place[i] = (uint32_t)program->count;
    program->nodes[program->count++] = node;
}

/* The program of a graph, in the order of a walk from the output: equal structures give equal programs. */
static void store(const graph *g, evolved_exp_program *program)
{
    uint32_t place[CAPACITY];
    memset(place, 0xff, sizeof place);
    memset(program, 0, sizeof *program);
    store_node(g, g->output, place, program);
    program->output = place[g->output];
}

/* Drops what the output does not need; the input always stays. */
static void prune(graph *g)
{
    evolved_exp_program program;
    store(g, &program);
    load(g, &program);
}

/* All edges into needed nodes, the output's first. The graph is pruned. */
static uint32_t list_edges(const graph *g, edge *edges)
{
    uint32_t count = 0;
    edges[count++] = (edge){OUTPUT, 0};
    for (uint32_t i = 0; i < g->count; i++)
        for (uint32_t slot = 0; slot < evolved_exp_arguments(g->nodes[i].operation); slot++)
            edges[count++] = (edge){i, slot};
    return count;
}

/* Adds the nodes that need a marked node, directly or not: an edge from one of them to a marked node would close a
 * cycle. */
static void mark_descendants(const graph *g, bool *marked)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < g->count; i++)
            for (uint32_t slot = 0; !marked[i] && slot < evolved_exp_arguments(g->nodes[i].operation); slot++)
                if (marked[argument_of(&g->nodes[i], slot)])
                    changed = marked[i] = true;
    }
}

/* A uniform choice among the first @p count nodes, those marked excepted; the input never is. */
static uint32_t choose_unmarked(uint32_t count, evolved_exp_dice *dice, const bool *marked)
{
    uint32_t candidates[CAPACITY], found = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!marked[i])
            candidates[found++] = i;
    return candidates[evolved_exp_dice_below(dice, found)];
}

/* The operation for an insertion: positive constant, negative constant, or one of the allowed ones. */
static evolved_exp_operation choose_operation(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                                              bool *negative)
{
    evolved_exp_operation choices[EVOLVED_EXP_FMA + 1];
    uint32_t count = 0;
    for (uint32_t i = EVOLVED_EXP_ADD; i <= EVOLVED_EXP_FMA; i++)
        if (config->operations & 1u << i)
            choices[count++] = (evolved_exp_operation)i;
    const uint32_t pick = evolved_exp_dice_below(dice, count + 2);
    *negative = pick == 1;
    return pick < 2 ? EVOLVED_EXP_CONSTANT : choices[pick - 2];
}

static void insert(const evolved_exp_search_config *config, evolved_exp_dice *dice, graph *g)
{
    edge edges[3 * CAPACITY + 1];
    bool negative, marked[CAPACITY] = {false};
    const evolved_exp_operation operation = choose_operation(config, dice, &negative);
    const edge e = edges[evolved_exp_dice_below(dice, list_edges(g, edges))];
    if (operation == EVOLVED_EXP_CONSTANT) {
        *source_of(g, e) = append_constant(g, dice, config->decades, negative);
        prune(g);
        return;
    }
    if (e.reader != OUTPUT) {
        marked[e.reader] = true;
        mark_descendants(g, marked);
    }
    evolved_exp_node node = {.operation = operation};
    const uint32_t arguments = evolved_exp_arguments(operation), old = g->count;
    const uint32_t kept = evolved_exp_dice_below(dice, arguments);
    for (uint32_t slot = 0; slot < arguments; slot++) {
        if (slot == kept) {
            *slot_of(&node, slot) = *source_of(g, e);
        } else if (evolved_exp_dice_below(dice, 2)) {
            const bool minus = evolved_exp_dice_below(dice, 2);
            *slot_of(&node, slot) = append_constant(g, dice, config->decades, minus);
        } else {
            *slot_of(&node, slot) = choose_unmarked(old, dice, marked);
        }
    }
    *source_of(g, e) = append(g, node);
    prune(g);
}

static void remove_node(evolved_exp_dice *dice, graph *g)
{
    bool marked[CAPACITY] = {false};
    const uint32_t victim = 1 + evolved_exp_dice_below(dice, g->count - 1);
    const uint32_t arguments = evolved_exp_arguments(g->nodes[victim].operation);
    uint32_t heir;
    if (arguments > 0) {
        heir = argument_of(&g->nodes[victim], evolved_exp_dice_below(dice, arguments));
    } else {
        marked[victim] = true; /* and so its readers and theirs */
        mark_descendants(g, marked);
        heir = choose_unmarked(g->count, dice, marked);
    }
    edge edges[3 * CAPACITY + 1];
    const uint32_t count = list_edges(g, edges);
    for (uint32_t i = 0; i < count; i++)
        if (*source_of(g, edges[i]) == victim)
            *source_of(g, edges[i]) = heir;
    prune(g);
}

static void redirect(evolved_exp_dice *dice, graph *g)
{
    edge edges[3 * CAPACITY + 1];
    bool marked[CAPACITY] = {false};
    const edge e = edges[evolved_exp_dice_below(dice, list_edges(g, edges))];
    if (e.reader != OUTPUT) {
        marked[e.reader] = true;
        mark_descendants(g, marked);
    }
    *source_of(g, e) = choose_unmarked(g->count, dice, marked);
    prune(g);
}

static uint32_t count_operations(const graph *g)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->count; i++)
        count += evolved_exp_arguments(g->nodes[i].operation) > 0;
    return count;
}

/* One step: insert, remove and redirect with weights 1 : 2 : 3, within the limits of size. */
static void step(const evolved_exp_search_config *config, evolved_exp_dice *dice, graph *g)
{
    if (g->count == 1) { /* with the output, two vertices */
        insert(config, dice, g);
    } else if (count_operations(g) < config->max_operations) {
        const uint32_t pick = evolved_exp_dice_below(dice, 6);
        if (pick < 1)
            insert(config, dice, g);
        else if (pick < 3)
            remove_node(dice, g);
        else
            redirect(dice, g);
    } else if (evolved_exp_dice_below(dice, 2)) {
        remove_node(dice, g);
    } else {
        redirect(dice, g);
    }
}

/* Constant parts become constants; one whose value is not finite starts afresh. */
static void collapse(const evolved_exp_search_config *config, evolved_exp_dice *dice, evolved_exp_program *program)
{
    graph g;
    if (config->collapse) {
        evolved_exp_fold(program);
        load(&g, program);
        store(&g, program); /* the order of a walk again */
    }
    for (size_t i = 0; i < program->count; i++)
        if (program->nodes[i].operation == EVOLVED_EXP_CONSTANT && !isfinite(program->nodes[i].constant))
            program->nodes[i].constant = evolved_exp_draw_constant(dice, config->decades, false);
}

static bool same_structure(const evolved_exp_program *p, const evolved_exp_program *q)
{
    if (p->count != q->count)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        const evolved_exp_node *m = &p->nodes[i], *n = &q->nodes[i];
        if (m->operation != n->operation || m->a != n->a || m->b != n->b || m->c != n->c)
            return false;
    }
    return true;
}

void evolved_exp_mutate_once(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                             const evolved_exp_program *parent, evolved_exp_program *child)
{
    graph g;
    evolved_exp_program original;
    load(&g, parent);
    store(&g, &original);
    load(&g, &original); /* without what the output does not need */
    for (int i = 0; i < RETRIES; i++) {
        step(config, dice, &g);
        store(&g, child);
        collapse(config, dice, child);
        if (!same_structure(&original, child))
            return;
        load(&g, child);
    }
}

void evolved_exp_random_program(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                                evolved_exp_program *program)
{
    graph g = {.count = 1, .output = INPUT, .nodes = {{.operation = EVOLVED_EXP_X}}};
    const uint32_t insertions = 1 + evolved_exp_dice_below(dice, config->max_operations);
    for (uint32_t i = 0; i < insertions; i++)
        insert(config, dice, &g);
    store(&g, program);
    collapse(config, dice, program);
}
