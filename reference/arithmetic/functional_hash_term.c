/*
 * Lambda terms as data: validity, what is dead, random terms and mutants.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>

enum {
    NODES = FUNCTIONAL_HASH_TERM_NODES,
    NAMES = FUNCTIONAL_HASH_TERM_NAMES,
    NAMES_DRAWN = 8, /* few, so that names shadow each other */
    RETRIES = 100
};

typedef functional_hash_term_node node;

unsigned functional_hash_term_parts(functional_hash_term_kind kind)
{
    switch (kind) {
    case FUNCTIONAL_HASH_TERM_ADD:
    case FUNCTIONAL_HASH_TERM_SUBTRACT:
    case FUNCTIONAL_HASH_TERM_MULTIPLY:
    case FUNCTIONAL_HASH_TERM_DIVIDE:
    case FUNCTIONAL_HASH_TERM_MAXIMUM:
    case FUNCTIONAL_HASH_TERM_LET:
    case FUNCTIONAL_HASH_TERM_APPLY: return 2;
    case FUNCTIONAL_HASH_TERM_ABSOLUTE:
    case FUNCTIONAL_HASH_TERM_FUNCTION: return 1;
    default: return 0;
    }
}

/* ---- Validity ---- */

/* Counts how often each node is a part, and finds a node that cannot be one. */
static assay_status check_nodes(const functional_hash_term *term, uint8_t *uses)
{
    for (size_t i = 0; i < term->count; i++) {
        const node *n = &term->nodes[i];
        const unsigned parts = n->kind < FUNCTIONAL_HASH_TERM_KINDS ? functional_hash_term_parts(n->kind) : 0;
        if (n->kind >= FUNCTIONAL_HASH_TERM_KINDS || n->name >= NAMES || !isfinite(n->number))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "term: node %zu has kind %u, name %u, number %g", i, n->kind,
                              n->name, n->number);
        if ((parts > 0 && n->a >= i) || (parts > 1 && n->b >= i))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "term: a part of node %zu is no earlier one", i);
        if (parts > 0)
            uses[n->a]++;
        if (parts > 1)
            uses[n->b]++;
    }
    for (size_t i = 0; i < term->count; i++)
        if (uses[i] != (i + 1u < term->count))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "term: node %zu is the part of %u nodes", i, uses[i]);
    return ASSAY_OK;
}

/* The first node that is a variable bound nowhere around it, or NODES. */
static size_t find_free(const functional_hash_term *term, size_t at, uint64_t bound)
{
    const node *n = &term->nodes[at];
    const uint64_t inside = bound | UINT64_C(1) << n->name;
    if (n->kind == FUNCTIONAL_HASH_TERM_VARIABLE)
        return bound >> n->name & 1 ? NODES : at;
    if (n->kind == FUNCTIONAL_HASH_TERM_FUNCTION)
        return find_free(term, n->a, inside);
    const unsigned parts = functional_hash_term_parts(n->kind);
    const size_t first = parts > 0 ? find_free(term, n->a, bound) : NODES;
    if (first < NODES || parts < 2)
        return first;
    return find_free(term, n->b, n->kind == FUNCTIONAL_HASH_TERM_LET ? inside : bound);
}

assay_status functional_hash_term_check(const functional_hash_term *term)
{
    if (!term)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "term is null");
    if (term->count < 1 || term->count > NODES)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "term has %u nodes, must have 1 to %d", term->count, NODES);
    uint8_t uses[NODES] = {0};
    const assay_status status = check_nodes(term, uses);
    if (status != ASSAY_OK)
        return status;
    const size_t free = find_free(term, term->count - 1u, 0);
    return free == NODES ? ASSAY_OK
                         : assay_fail(ASSAY_INVALID_ARGUMENT, "term: node %zu is the free variable x%u", free,
                                      term->nodes[free].name);
}

/* ---- Building ---- */

uint8_t functional_hash_term_append(functional_hash_term *term, functional_hash_term_node n)
{
    if (term->count > NODES) /* full since long */
        return 0;
    if (term->count < NODES)
        term->nodes[term->count] = n;
    return term->count++; /* NODES + 1 says that it does not fit */
}

/* Copies the part of @p from at @p at; returns its place. */
static uint8_t copy_part(const functional_hash_term *from, size_t at, functional_hash_term *to)
{
    node n = from->nodes[at];
    const unsigned parts = functional_hash_term_parts(n.kind);
    n.a = parts > 0 ? copy_part(from, n.a, to) : 0;
    n.b = parts > 1 ? copy_part(from, n.b, to) : 0;
    return functional_hash_term_append(to, n);
}

/* ---- What is dead ---- */

static bool uses_name(const functional_hash_term *term, size_t at, uint8_t name)
{
    const node *n = &term->nodes[at];
    const unsigned parts = functional_hash_term_parts(n->kind);
    if (n->kind == FUNCTIONAL_HASH_TERM_VARIABLE)
        return n->name == name;
    if (n->kind == FUNCTIONAL_HASH_TERM_FUNCTION)
        return n->name != name && uses_name(term, n->a, name);
    const bool hidden = n->kind == FUNCTIONAL_HASH_TERM_LET && n->name == name;
    return (parts > 0 && uses_name(term, n->a, name)) || (parts > 1 && !hidden && uses_name(term, n->b, name));
}

/* Whether a part is arithmetic alone, which comes to a number whatever happens. */
static bool is_arithmetic(const functional_hash_term *term, size_t at)
{
    const node *n = &term->nodes[at];
    const unsigned parts = functional_hash_term_parts(n->kind);
    if (n->kind == FUNCTIONAL_HASH_TERM_VARIABLE || n->kind >= FUNCTIONAL_HASH_TERM_LET)
        return false;
    return (parts < 1 || is_arithmetic(term, n->a)) && (parts < 2 || is_arithmetic(term, n->b));
}

/* copy_part() without lets that nobody needs. Inner ones first, because they may use the names of outer ones. */
static uint8_t copy_live(const functional_hash_term *from, size_t at, functional_hash_term *to)
{
    node n = from->nodes[at];
    const unsigned parts = functional_hash_term_parts(n.kind);
    if (n.kind == FUNCTIONAL_HASH_TERM_LET) {
        functional_hash_term bound = {0}, body = {0};
        copy_live(from, n.a, &bound);
        copy_live(from, n.b, &body);
        const bool needed = !is_arithmetic(&bound, bound.count - 1u) || uses_name(&body, body.count - 1u, n.name);
        n.a = needed ? copy_part(&bound, bound.count - 1u, to) : 0;
        const uint8_t place = copy_part(&body, body.count - 1u, to);
        n.b = place;
        return needed ? functional_hash_term_append(to, n) : place;
    }
    n.a = parts > 0 ? copy_live(from, n.a, to) : 0;
    n.b = parts > 1 ? copy_live(from, n.b, to) : 0;
    return functional_hash_term_append(to, n);
}

assay_status functional_hash_term_prune(const functional_hash_term *term, functional_hash_term *pruned)
{
    const assay_status status = functional_hash_term_check(term);
    if (status != ASSAY_OK)
        return status;
    if (!pruned)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "pruned is null");
    functional_hash_term result = {0};
    copy_live(term, term->count - 1u, &result);
    *pruned = result;
    return ASSAY_OK;
}

/* ---- Random terms ---- */

/* The names that are bound to numbers and to functions of numbers. */
typedef struct scope {
    uint64_t numbers, functions;
} scope;

static scope bind(scope s, uint8_t name, bool function)
{
    const uint64_t bit = UINT64_C(1) << name;
    return function ? (scope){s.numbers & ~bit, s.functions | bit} : (scope){s.numbers | bit, s.functions & ~bit};
}

static uint8_t draw_name(functional_hash_dice *dice, uint64_t names)
{
    for (uint32_t skip = functional_hash_draw_below(dice, (uint32_t)__builtin_popcountll(names)); skip > 0; skip--)
        names &= names - 1;
    return (uint8_t)__builtin_ctzll(names);
}

static uint8_t draw_leaf(functional_hash_dice *dice, scope s, functional_hash_term *to)
{
    const uint32_t pick = functional_hash_draw_below(dice, s.numbers ? 5 : 3);
    if (pick == 0)
        return functional_hash_term_append(
            to, (node){.kind = FUNCTIONAL_HASH_TERM_NUMBER, .number = functional_hash_draw_normal(dice)});
    if (pick <= 2)
        return functional_hash_term_append(to,
                                           (node){.kind = pick == 1 ? FUNCTIONAL_HASH_TERM_P : FUNCTIONAL_HASH_TERM_Y});
    return functional_hash_term_append(
        to, (node){.kind = FUNCTIONAL_HASH_TERM_VARIABLE, .name = draw_name(dice, s.numbers)});
}

static uint8_t draw_number(functional_hash_dice *dice, scope s, unsigned depth, functional_hash_term *to);

static uint8_t draw_function(functional_hash_dice *dice, scope s, unsigned depth, functional_hash_term *to)
{
    node n = {.kind = FUNCTIONAL_HASH_TERM_FUNCTION};
    n.name = (uint8_t)functional_hash_draw_below(dice, NAMES_DRAWN);
    n.a = draw_number(dice, bind(s, n.name, false), depth - 1, to);
    return functional_hash_term_append(to, n);
}

/* A term that comes to a number. */
static uint8_t draw_number(functional_hash_dice *dice, scope s, unsigned depth, functional_hash_term *to)
{
    const uint32_t pick = depth == 0 ? 0 : functional_hash_draw_below(dice, 10);
    if (pick < 2)
        return draw_leaf(dice, s, to);
    node n = {0};
    if (pick < 8) {
        n.kind = (uint8_t)(FUNCTIONAL_HASH_TERM_ADD + pick - 2); /* ADD to ABSOLUTE */
        n.a = draw_number(dice, s, depth - 1, to);
        n.b = functional_hash_term_parts(n.kind) > 1 ? draw_number(dice, s, depth - 1, to) : 0;
    } else if (pick == 8) {
        const bool function = functional_hash_draw_below(dice, 2);
        n.kind = FUNCTIONAL_HASH_TERM_LET;
        n.name = (uint8_t)functional_hash_draw_below(dice, NAMES_DRAWN);
        n.a = function ? draw_function(dice, s, depth, to) : draw_number(dice, s, depth - 1, to);
        n.b = draw_number(dice, bind(s, n.name, function), depth - 1, to);
    } else {
        n.kind = FUNCTIONAL_HASH_TERM_APPLY;
        n.a = s.functions && functional_hash_draw_below(dice, 2)
                  ? functional_hash_term_append(
                        to, (node){.kind = FUNCTIONAL_HASH_TERM_VARIABLE, .name = draw_name(dice, s.functions)})
                  : draw_function(dice, s, depth, to);
        n.b = draw_number(dice, s, depth - 1, to);
    }
    return functional_hash_term_append(to, n);
}

assay_status functional_hash_term_random(functional_hash_dice *dice, functional_hash_term *term)
{
    if (!dice || !term)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "term" : "dice");
    do {
        memset(term, 0, sizeof *term);
        draw_number(dice, (scope){0}, 3, term);
    } while (term->count > NODES);
    return ASSAY_OK;
}

/* ---- Mutation ---- */

typedef struct mutation {
    functional_hash_dice *dice;
    const functional_hash_term *parent;
    functional_hash_term *child;
    size_t target;
} mutation;

/* What stands in place of the target. */
static uint8_t replace(const mutation *m, scope s)
{
    const node *n = &m->parent->nodes[m->target];
    const unsigned parts = functional_hash_term_parts(n->kind);
    const uint32_t what = functional_hash_draw_below(m->dice, parts > 0 ? 3 : 2);
    if (what == 0)
        return draw_number(m->dice, s, 2, m->child);
    if (what == 2)
        return copy_part(m->parent, parts > 1 && functional_hash_draw_below(m->dice, 2) ? n->b : n->a, m->child);
    node wrap = {.kind = (uint8_t)(FUNCTIONAL_HASH_TERM_ADD + functional_hash_draw_below(m->dice, 6))};
    wrap.a = copy_part(m->parent, m->target, m->child);
    wrap.b = functional_hash_term_parts(wrap.kind) > 1 ? draw_number(m->dice, s, 1, m->child) : 0;
    return functional_hash_term_append(m->child, wrap);
}

static uint8_t copy_mutated(const mutation *m, size_t at, scope s)
{
    if (at == m->target)
        return replace(m, s);
    node n = m->parent->nodes[at];
    const unsigned parts = functional_hash_term_parts(n.kind);
    const bool function =
        n.kind == FUNCTIONAL_HASH_TERM_LET && m->parent->nodes[n.a].kind == FUNCTIONAL_HASH_TERM_FUNCTION;
    const scope inside = bind(s, n.name, function);
    n.a = parts > 0 ? copy_mutated(m, n.a, n.kind == FUNCTIONAL_HASH_TERM_FUNCTION ? inside : s) : 0;
    n.b = parts > 1 ? copy_mutated(m, n.b, n.kind == FUNCTIONAL_HASH_TERM_LET ? inside : s) : 0;
    return functional_hash_term_append(m->child, n);
}

/* Whether a node is a function or called as one: such stay what they are. */
static bool is_called(const functional_hash_term *term, size_t at)
{
    bool called = term->nodes[at].kind == FUNCTIONAL_HASH_TERM_FUNCTION;
    for (size_t i = at + 1; i < term->count; i++)
        called |= term->nodes[i].kind == FUNCTIONAL_HASH_TERM_APPLY && term->nodes[i].a == at;
    return called;
}

assay_status functional_hash_term_mutate(functional_hash_dice *dice, const functional_hash_term *parent,
                                         functional_hash_term *child)
{
    if (!dice || !child)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "child" : "dice");
    const assay_status status = functional_hash_term_check(parent);
    if (status != ASSAY_OK)
        return status;
    functional_hash_term result;
    for (int i = 0; i < RETRIES; i++) {
        const mutation m = {dice, parent, &result, functional_hash_draw_below(dice, parent->count)};
        if (is_called(parent, m.target))
            continue;
        memset(&result, 0, sizeof result);
        copy_mutated(&m, parent->count - 1u, (scope){0});
        if (result.count <= NODES && find_free(&result, result.count - 1u, 0) == NODES) {
            *child = result;
            return ASSAY_OK;
        }
    }
    memmove(child, parent, sizeof *child); /* so large that nothing fits */
    return ASSAY_OK;
}
