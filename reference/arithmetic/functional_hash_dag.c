/*
 * Graphs of image operations as data: validity, random graphs and mutants, text, structural keys.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <ctype.h>
#include <stdlib.h>

enum { VERTICES = FUNCTIONAL_HASH_DAG_VERTICES, OPERATIONS = FUNCTIONAL_HASH_POOL + 1 };

static const char *const names[OPERATIONS] = {"conv3", "conv1", "pool"};

static bool has_edge(const functional_hash_dag *dag, size_t from, size_t to)
{
    return dag->successors[from] >> to & 1;
}

/* ---- Validity and pruning ---- */

/* Everything but paths and the number of edges. */
static assay_status check_form(const functional_hash_dag *dag)
{
    if (!dag)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "dag is null");
    if (dag->vertices < 2 || dag->vertices > VERTICES)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "dag has %u vertices, must have 2 to %d", dag->vertices, VERTICES);
    for (size_t i = 0; i < dag->vertices; i++) {
        const bool inner = i > 0 && i + 1u < dag->vertices;
        const unsigned later = ((1u << dag->vertices) - 1) & ~((2u << i) - 1);
        if (dag->successors[i] & ~later)
            return assay_fail(ASSAY_INVALID_ARGUMENT,
                              "dag has an edge from vertex %zu that does not lead to a higher one (set 0x%x)", i,
                              dag->successors[i]);
        if (dag->operations[i] >= (inner ? OPERATIONS : 1))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "dag has operation %u at vertex %zu, must be 0 to %d",
                              dag->operations[i], i, inner ? OPERATIONS - 1 : 0);
    }
    return ASSAY_OK;
}

/* The vertices on paths from input to output. */
static unsigned on_paths(const functional_hash_dag *dag)
{
    unsigned forward = 1, backward = 1u << (dag->vertices - 1);
    for (size_t i = 0; i < dag->vertices; i++)
        if (forward >> i & 1)
            forward |= dag->successors[i];
    for (size_t i = dag->vertices; i-- > 0;)
        if (dag->successors[i] & backward)
            backward |= 1u << i;
    return forward & backward;
}

/* The graph of the vertices in a set. */
static functional_hash_dag keep(const functional_hash_dag *dag, unsigned kept)
{
    functional_hash_dag result = {0};
    uint8_t place[VERTICES] = {0};
    for (size_t i = 0; i < dag->vertices; i++)
        if (kept >> i & 1) {
            place[i] = result.vertices;
            result.operations[result.vertices++] = dag->operations[i];
        }
    for (size_t i = 0; i < dag->vertices; i++)
        for (size_t j = i + 1; j < dag->vertices; j++)
            if ((kept >> i & kept >> j & 1) && has_edge(dag, i, j))
                result.successors[place[i]] |= (uint8_t)(1u << place[j]);
    return result;
}

assay_status functional_hash_dag_prune(const functional_hash_dag *dag, functional_hash_dag *pruned)
{
    assay_status status = check_form(dag);
    if (status != ASSAY_OK)
        return status;
    if (!pruned)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "pruned is null");
    const unsigned kept = on_paths(dag);
    if (!(kept & 1))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "dag has no path from input to output");
    const functional_hash_dag result = keep(dag, kept);
    int edges = 0;
    for (size_t i = 0; i < result.vertices; i++)
        edges += __builtin_popcount(result.successors[i]);
    if (edges > FUNCTIONAL_HASH_DAG_EDGES)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "dag has %d edges on paths, must have at most %d", edges,
                          FUNCTIONAL_HASH_DAG_EDGES);
    *pruned = result;
    return ASSAY_OK;
}

assay_status functional_hash_dag_check(const functional_hash_dag *dag)
{
    functional_hash_dag pruned;
    return functional_hash_dag_prune(dag, &pruned);
}

assay_status functional_hash_dag_plan_of(const functional_hash_dag *dag, functional_hash_dag_plan *plan)
{
    functional_hash_dag pruned;
    const assay_status status = functional_hash_dag_prune(dag, &pruned);
    if (status != ASSAY_OK)
        return status;
    *plan = (functional_hash_dag_plan){.vertices = pruned.vertices};
    for (size_t j = 0; j < pruned.vertices; j++) {
        plan->operations[j] = (functional_hash_dag_operation)pruned.operations[j];
        for (size_t i = 0; i < j; i++)
            if (has_edge(&pruned, i, j))
                plan->predecessors[j][plan->counts[j]++] = (uint8_t)i;
    }
    return ASSAY_OK;
}

/* ---- Random graphs ---- */

/* True if a graph of right form is valid; says nothing to assay_error(). */
static bool is_valid(const functional_hash_dag *dag)
{
    const unsigned kept = on_paths(dag);
    int edges = 0;
    for (size_t i = 0; i < dag->vertices; i++)
        edges += kept >> i & 1 ? __builtin_popcount(dag->successors[i] & kept) : 0;
    return kept & 1 && edges <= FUNCTIONAL_HASH_DAG_EDGES;
}

assay_status functional_hash_dag_random(functional_hash_dice *dice, functional_hash_dag *dag)
{
    if (!dice || !dag)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "dag" : "dice");
    do {
        *dag = (functional_hash_dag){.vertices = VERTICES};
        for (size_t i = 0; i < VERTICES; i++)
            for (size_t j = i + 1; j < VERTICES; j++)
                dag->successors[i] |= (uint8_t)(functional_hash_draw_below(dice, 2) << j);
        for (size_t i = 1; i + 1 < VERTICES; i++)
            dag->operations[i] = (uint8_t)functional_hash_draw_below(dice, OPERATIONS);
    } while (!is_valid(dag));
    return ASSAY_OK;
}

assay_status functional_hash_dag_mutate(functional_hash_dice *dice, const functional_hash_dag *parent,
                                        functional_hash_dag *child)
{
    if (!dice || !child)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "child" : "dice");
    const assay_status status = functional_hash_dag_check(parent);
    if (status != ASSAY_OK)
        return status;
    if (parent->vertices != VERTICES)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "parent has %u vertices, must have %d", parent->vertices, VERTICES);
    do {
        *child = *parent;
        for (size_t i = 0; i < VERTICES; i++)
            for (size_t j = i + 1; j < VERTICES; j++)
                child->successors[i] ^= (uint8_t)((functional_hash_draw_below(dice, VERTICES) == 0) << j);
        for (size_t i = 1; i + 1 < VERTICES; i++)
            if (functional_hash_draw_below(dice, VERTICES - 2) == 0)
                child->operations[i] =
                    (uint8_t)((child->operations[i] + 1 + functional_hash_draw_below(dice, OPERATIONS - 1)) %
                              OPERATIONS);
    } while (!is_valid(child));
    return ASSAY_OK;
}

/* ---- Text ---- */

assay_status functional_hash_dag_print(const functional_hash_dag *dag, char *text, size_t capacity, size_t *length)
{
    const assay_status status = check_form(dag);
    if (status != ASSAY_OK)
        return status;
    if (!text && capacity > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "text is null");
    functional_hash_text t = {text, capacity, 0};
    for (size_t i = 1; i + 1u < dag->vertices; i++)
        functional_hash_append(&t, "%s%s", i > 1 ? " " : "", names[dag->operations[i]]);
    functional_hash_append(&t, ":");
    for (size_t i = 0; i < dag->vertices; i++)
        for (size_t j = i + 1; j < dag->vertices; j++)
            if (has_edge(dag, i, j))
                functional_hash_append(&t, " %zu%zu", i, j);
    return functional_hash_end_text(&t, length);
}

/* The operation at the beginning of a text, or OPERATIONS. */
static uint8_t operation_of(const char *text, size_t length)
{
    uint8_t operation = 0;
    while (operation < OPERATIONS &&
           (strlen(names[operation]) != length || memcmp(names[operation], text, length) != 0))
        operation++;
    return operation;
}

assay_status functional_hash_dag_parse(const char *text, functional_hash_dag *dag)
{
    if (!text || !dag)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", text ? "dag" : "text");
    functional_hash_dag result = {.vertices = 1};
    const char *at = text + strspn(text, " ");
    while (isalnum((unsigned char)*at)) {
        const size_t length = strcspn(at, " :");
        const uint8_t operation = operation_of(at, length);
        if (operation == OPERATIONS || result.vertices > VERTICES - 2)
            return assay_fail(ASSAY_BAD_DATA, "text \"%s\" has no or too many operations at byte %zu", text,
                              (size_t)(at - text));
        result.operations[result.vertices++] = operation;
        at += length;
        at += strspn(at, " ");
    }
    result.vertices++;
    if (*at++ != ':')
        return assay_fail(ASSAY_BAD_DATA, "text \"%s\" has no colon after the operations", text);
    for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
        const unsigned from = (unsigned)at[0] - '0', to = at[1] ? (unsigned)at[1] - '0' : 0;
        if (from >= to || to >= result.vertices || (at[2] && at[2] != ' '))
            return assay_fail(ASSAY_BAD_DATA, "text \"%s\" has no edge at byte %zu", text, (size_t)(at - text));
        result.successors[from] |= (uint8_t)(1u << to);
        at += 2;
    }
    *dag = result;
    return ASSAY_OK;
}

/* ---- Structural keys ---- */

/* The hash of NAS-Bench-101: vertices begin with degrees and label, and take their neighbours' hashes in as many rounds
 * as there are vertices. Isomorphic graphs have equal keys; that others have different ones is not certain. */
static int by_key(const void *a, const void *b)
{
    const functional_hash_key *x = a, *y = b;
    const int side = x->word[0] != y->word[0] ? 0 : 1;
    return (x->word[side] > y->word[side]) - (x->word[side] < y->word[side]);
}

static void add_sorted(functional_hash_key *key, functional_hash_key *neighbours, size_t count)
{
    qsort(neighbours, count, sizeof *neighbours, by_key);
    functional_hash_add_word(key, count);
    for (size_t i = 0; i < count; i++) {
        functional_hash_add_word(key, neighbours[i].word[0]);
        functional_hash_add_word(key, neighbours[i].word[1]);
    }
}

static functional_hash_key isomorphism_key(const functional_hash_dag *dag)
{
    functional_hash_key keys[VERTICES], next[VERTICES], neighbours[VERTICES];
    const size_t n = dag->vertices;
    for (size_t i = 0; i < n; i++) {
        size_t incoming = 0;
        for (size_t j = 0; j < i; j++)
            incoming += has_edge(dag, j, i);
        const uint64_t label = i == 0 ? OPERATIONS : i + 1 == n ? OPERATIONS + 1 : dag->operations[i];
        keys[i] = functional_hash_start(3);
        functional_hash_add_word(&keys[i], incoming);
        functional_hash_add_word(&keys[i], (uint64_t)__builtin_popcount(dag->successors[i]));
        functional_hash_add_word(&keys[i], label);
    }
    for (size_t round = 0; round < n; round++) {
        for (size_t i = 0; i < n; i++) {
            size_t before = 0, after = 0;
            next[i] = keys[i];
            for (size_t j = 0; j < i; j++)
                if (has_edge(dag, j, i))
                    neighbours[before++] = keys[j];
            add_sorted(&next[i], neighbours, before);
            for (size_t j = i + 1; j < n; j++)
                if (has_edge(dag, i, j))
                    neighbours[after++] = keys[j];
            add_sorted(&next[i], neighbours, after);
        }
        memcpy(keys, next, n * sizeof *keys);
    }
    functional_hash_key result = functional_hash_start(n);
    add_sorted(&result, keys, n);
    return functional_hash_finish(result);
}

assay_status functional_hash_dag_key(const functional_hash_dag *dag, functional_hash_equality equality,
                                     const functional_hash_dag_view *view, const functional_hash_options *options,
                                     functional_hash_key *key)
{
    const functional_hash_dag_view usual = {.inputs = FUNCTIONAL_HASH_DAG_CANONICAL}, *seen = view ? view : &usual;
    functional_hash_dag pruned;
    functional_hash_options resolved;
    double outputs[FUNCTIONAL_HASH_DAG_INPUTS * FUNCTIONAL_HASH_DAG_PIXELS];
    if (seen->inputs < 1 || seen->inputs > FUNCTIONAL_HASH_DAG_INPUTS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "inputs is %zu, must be 1 to %d", seen->inputs,
                          FUNCTIONAL_HASH_DAG_INPUTS);
    assay_status status =
        functional_hash_resolve(equality, options, functional_hash_dag_largest(seen->inputs), key, &resolved);
    if (status == ASSAY_OK)
        status = functional_hash_dag_prune(dag, &pruned);
    if (status != ASSAY_OK)
        return status;
    if (equality == FUNCTIONAL_HASH_BY_STRUCTURE) {
        *key = functional_hash_bytes_key(dag, sizeof *dag);
        return ASSAY_OK;
    }
    if (equality == FUNCTIONAL_HASH_BY_ISOMORPHISM) {
        *key = isomorphism_key(&pruned);
        return ASSAY_OK;
    }
    const size_t values = seen->inputs * FUNCTIONAL_HASH_DAG_PIXELS;
    status = functional_hash_dag_run(dag, functional_hash_dag_canonical(), seen->inputs, outputs);
    if (status != ASSAY_OK || !seen->scalar)
        return status ? status : functional_hash_mix(outputs, values, &resolved, key);
    double mean = 0;
    for (size_t i = 0; i < values; i++)
        mean += outputs[i] / (double)values;
    return functional_hash_mix(&mean, 1, &resolved, key);
}

assay_status functional_hash_dag_audit(const functional_hash_dag *dag, functional_hash_key *key)
{
    enum { IMAGES = 64, VALUES = IMAGES * FUNCTIONAL_HASH_DAG_PIXELS };
    if (!key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "key is null");
    double *images = malloc(2 * VALUES * sizeof *images);
    if (!images)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the images of an audit");
    assay_random_fill_normal(functional_hash_stream(FUNCTIONAL_HASH_STREAM_DAG_AUDIT), 0, 0, 1, images, VALUES);
    assay_status status = functional_hash_dag_run(dag, images, IMAGES, images + VALUES);
    const functional_hash_options options = functional_hash_audit_options(functional_hash_dag_largest(1));
    if (status == ASSAY_OK)
        status = functional_hash_mix(images + VALUES, VALUES, &options, key);
    free(images);
    return status;
}
