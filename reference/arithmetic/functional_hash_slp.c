/*
 * The straight-line programs of evolved_exp as candidates: keys, and evaluation by CMA-ES.
 */
#include "assay/memory.h"
#include "core/assert.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>

enum { NODES = EVOLVED_EXP_NODES, AUDIT_POINTS = 64, DIGITS_MOST = 20 };

/* ---- Keys ---- */

static assay_status check(const evolved_exp_problem *problem, const evolved_exp_program *program)
{
    const assay_status status = evolved_exp_problem_check(problem);
    return status ? status : evolved_exp_check(program);
}

static bool is_before(functional_hash_key a, functional_hash_key b)
{
    return a.word[0] != b.word[0] ? a.word[0] < b.word[0] : a.word[1] < b.word[1];
}

/* The key of a node from those of its arguments; sums and products do not mind order. */
static functional_hash_key node_key(const evolved_exp_node *node, const functional_hash_key *keys)
{
    const uint32_t arguments[3] = {node->a, node->b, node->c};
    const unsigned count = evolved_exp_arguments(node->operation);
    functional_hash_key key = functional_hash_start((size_t)node->operation), part[3];
    ASSAY_ASSERT(count <= 3);
    for (unsigned k = 0; k < count; k++)
        part[k] = keys[arguments[k]];
    const bool commutes = node->operation == EVOLVED_EXP_ADD || node->operation == EVOLVED_EXP_MULTIPLY ||
                          node->operation == EVOLVED_EXP_FMA;
    if (commutes && is_before(part[1], part[0])) {
        const functional_hash_key swap = part[0];
        part[0] = part[1];
        part[1] = swap;
    }
    for (unsigned k = 0; k < count; k++) {
        functional_hash_add_word(&key, part[k].word[0]);
        functional_hash_add_word(&key, part[k].word[1]);
    }
    return key;
}

/* Up to the order of nodes and of what commutes. Every constant is a parameter of its own, so that a node that is used
 * twice is not two nodes used once: how often each key occurs goes in, too. */
static functional_hash_key isomorphism_key(const evolved_exp_program *program)
{
    functional_hash_key keys[NODES], result, sum = {{0, 0}};
    for (size_t i = 0; i < program->count; i++) {
        keys[i] = node_key(&program->nodes[i], keys);
        for (int lane = 0; lane < 2; lane++)
            sum.word[lane] += functional_hash_splitmix(keys[i].word[lane]); /* a multiset: order does not matter */
    }
    result = keys[program->output];
    functional_hash_add_word(&result, sum.word[0]);
    functional_hash_add_word(&result, sum.word[1]);
    return functional_hash_finish(result);
}

static functional_hash_key structure_key(const evolved_exp_program *program)
{
    functional_hash_key key = functional_hash_start(program->count);
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        const uint32_t arguments[3] = {node->a, node->b, node->c};
        const unsigned count = evolved_exp_arguments(node->operation);
        uint64_t word = (uint64_t)node->operation;
        ASSAY_ASSERT(count <= 3);
        for (unsigned k = 0; k < count; k++)
            word = word << 8 | arguments[k];
        functional_hash_add_word(&key, word);
    }
    functional_hash_add_word(&key, program->output);
    return functional_hash_finish(key);
}

assay_status functional_hash_slp_key(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                     functional_hash_equality equality, const functional_hash_options *options,
                                     functional_hash_key *key)
{
    functional_hash_options resolved;
    uint8_t order[NODES];
    assay_status status = functional_hash_resolve(equality, options, 1, key, &resolved);
    if (status == ASSAY_OK)
        status = check(problem, program);
    if (status != ASSAY_OK)
        return status;
    if (equality == FUNCTIONAL_HASH_BY_STRUCTURE) {
        *key = structure_key(program);
        return ASSAY_OK;
    }
    evolved_exp_program folded = *program;
    functional_hash_key found = {{0, 0}};
    evolved_exp_fold(&folded);
    if (equality == FUNCTIONAL_HASH_BY_ISOMORPHISM)
        found = isomorphism_key(&folded);
    else
        evolved_exp_function_key_of(problem, &folded, resolved.bits, options->floor, &found, order);
    *key = found;
    return ASSAY_OK;
}

assay_status functional_hash_slp_audit(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                       functional_hash_key *key)
{
    if (!key)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "key is null");
    assay_status status = check(problem, program);
    if (status != ASSAY_OK)
        return status;
    const assay_random random = functional_hash_stream(FUNCTIONAL_HASH_STREAM_POINTS_AUDIT);
    evolved_exp_program folded = *program;
    uint32_t nodes[NODES];
    uint8_t order[NODES];
    double x[AUDIT_POINTS], y[AUDIT_POINTS];
    functional_hash_key unused;
    evolved_exp_fold(&folded);
    if (!evolved_exp_function_key_of(problem, &folded, functional_hash_default().bits, -1, &unused, order)) {
        *key = (functional_hash_key){{0, 0}};
        return ASSAY_OK;
    }
    const size_t constants = evolved_exp_constant_nodes(&folded, nodes);
    for (uint64_t i = 0; i < AUDIT_POINTS; i++)
        x[i] = problem->low + (problem->high - problem->low) * assay_random_uniform(random, i);
    for (size_t j = 0; j < constants; j++)
        folded.nodes[nodes[j]].constant = 0.5 + 1.5 * assay_random_uniform(random, AUDIT_POINTS + order[j]);
    status = evolved_exp_evaluate_f64(&folded, x, y, AUDIT_POINTS);
    const functional_hash_options options =
        functional_hash_audit_options(fmax(2, fmax(fabs(problem->low), fabs(problem->high))));
    return status ? status : functional_hash_mix(y, AUDIT_POINTS, &options, key);
}

/* ---- The domain ---- */

struct functional_hash_slp_task {
    evolved_exp_search_config config;
    evolved_exp_points train, validation;
};

assay_status functional_hash_slp_task_create(const evolved_exp_search_config *config, functional_hash_slp_task **task)
{
    evolved_exp_search *search; /* which checks the configuration */
    if (!task)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "task is null");
    assay_status status = evolved_exp_search_create(config, 0, &search);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_search_destroy(search);
    functional_hash_slp_task *result = assay_allocate(1, sizeof *result);
    if (!result)
        return ASSAY_NO_MEMORY;
    result->config = *config;
    status = evolved_exp_points_create(&config->problem, config->train_points, &result->train);
    if (status == ASSAY_OK)
        status = evolved_exp_points_create(&config->problem, config->validation_points, &result->validation);
    if (status == ASSAY_OK)
        *task = result;
    else
        functional_hash_slp_task_destroy(result);
    return status;
}

void functional_hash_slp_task_destroy(functional_hash_slp_task *task)
{
    if (!task)
        return;
    evolved_exp_points_release(&task->train);
    evolved_exp_points_release(&task->validation);
    assay_release(task);
}

static assay_status draw(const void *task, functional_hash_dice *dice, void *candidate)
{
    (void)task;
    (void)dice;
    evolved_exp_program *program = candidate;
    memset(program, 0, sizeof *program);
    program->count = 1; /* f(x) = x */
    return ASSAY_OK;
}

static assay_status mutate(const void *task, functional_hash_dice *dice, const void *parent, void *child)
{
    const functional_hash_slp_task *t = task;
    evolved_exp_dice own = {dice->random, dice->next};
    evolved_exp_mutate_once(&t->config, &own, parent, child);
    dice->next = own.next;
    return ASSAY_OK;
}

static assay_status key_of(const void *task, const void *candidate, functional_hash_equality equality,
                           const functional_hash_options *options, functional_hash_key *key)
{
    const functional_hash_slp_task *t = task;
    return functional_hash_slp_key(&t->config.problem, candidate, equality, options, key);
}

static assay_status audit(const void *task, const void *candidate, functional_hash_key *key)
{
    const functional_hash_slp_task *t = task;
    return functional_hash_slp_audit(&t->config.problem, candidate, key);
}

static assay_status evaluate(const void *task, const void *candidate, assay_random random, double *fitness)
{
    const functional_hash_slp_task *t = task;
    evolved_exp_program program = *(const evolved_exp_program *)candidate;
    evolved_exp_dice dice = {random, 0};
    uint32_t nodes[NODES];
    uint64_t evaluations;
    const size_t constants = evolved_exp_constant_nodes(&program, nodes);
    for (size_t j = 0; j < constants; j++) {
        double *constant = &program.nodes[nodes[j]].constant;
        *constant = evolved_exp_draw_constant(&dice, t->config.decades, signbit(*constant));
    }
    const assay_random normals = {random.seed, random.stream | UINT64_C(1) << 63};
    evolved_exp_evaluator *evaluator = evolved_exp_evaluator_in_force();
    evolved_exp_cma(&t->config, evaluator, &t->train, normals, &program, &evaluations);
    *fitness = fmin(DIGITS_MOST, -log10(evaluator(&program, &t->validation)));
    return ASSAY_OK;
}

static assay_status print(const void *candidate, char *text, size_t capacity, size_t *length)
{
    return evolved_exp_print(candidate, text, capacity, length);
}

functional_hash_domain functional_hash_slp_domain(const functional_hash_slp_task *task)
{
    return (functional_hash_domain){"slp", sizeof(evolved_exp_program), task, draw, mutate, key_of, audit, evaluate,
                                    print};
}
