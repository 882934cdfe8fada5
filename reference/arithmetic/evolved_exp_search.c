/*
 * The evolutionary search: rounds of mutation, tuning by CMA-ES, validation and NSGA-II selection.
 *
 * Written for any evaluator of E and any way of running the children of a round side by side: all random numbers are
 * addressed by (seed, round, child), and whatever depends on an order (the cache of functions, the archive, measured
 * costs) is done between the parallel parts, in the order of the children. The result is therefore one and the same.
 */
#include "assay/memory.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BITS = 24 }; /* of the keys of functions */

/* Purposes of random streams, beside round and index. */
enum { STREAM_CHILD, STREAM_TUNING, STREAM_EXCHANGE, STREAM_SELECTION, STREAM_MUTATION };

static assay_random stream_of(uint64_t seed, uint64_t purpose, uint64_t round, uint64_t index)
{
    return (assay_random){seed, purpose << 60 | round << 20 | index}; /* index below 2^20, round below 2^40 */
}

/* ---- Configuration ---- */

assay_status evolved_exp_search_default(evolved_exp_target target, evolved_exp_search_config *config)
{
    if (!config)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "config is null");
    evolved_exp_problem problem;
    assay_status status = evolved_exp_problem_default(target, &problem);
    if (status != ASSAY_OK)
        return status;
    *config = (evolved_exp_search_config){
        .problem = problem,
        .operations = 1u << EVOLVED_EXP_ADD | 1u << EVOLVED_EXP_SUBTRACT | 1u << EVOLVED_EXP_MULTIPLY |
                      1u << EVOLVED_EXP_DIVIDE | (target == EVOLVED_EXP_TARGET_BESSEL ? 1u << EVOLVED_EXP_SQRT : 0),
        .max_operations = 8,
        .population = 24,
        .islands = 1,
        .train_points = 64,
        .validation_points = 4096,
        .start = EVOLVED_EXP_EITHER,
        .decades = 4,
        .generations = 400,
        .sigma = 0.1,
        .collapse = true,
        .elitist = true,
        .evaluations = 12,
        .variant = EVOLVED_EXP_FULL,
    };
    return ASSAY_OK;
}

static assay_status check_number(const char *name, uint64_t value, uint64_t least, uint64_t most)
{
    if (value < least || value > most)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %llu, must be %llu to %llu", name, (unsigned long long)value,
                          (unsigned long long)least, (unsigned long long)most);
    return ASSAY_OK;
}

static assay_status check_sizes(const evolved_exp_search_config *config)
{
    const struct {
        const char *name;
        uint64_t value, least, most;
    } numbers[] = {
        {"max_operations", config->max_operations, 1, 30},
        {"population", config->population, 2, 4096},
        {"islands", config->islands, 1, 256},
        {"population * islands", (uint64_t)config->population * config->islands, 2, 65536},
        {"train_points", config->train_points, 2, 65536},
        {"validation_points", config->validation_points, 2, 1 << 20},
        {"start", (uint64_t)config->start, EVOLVED_EXP_NONANCHORED, EVOLVED_EXP_EITHER},
        {"generations", config->generations, 1, 1000000},
        {"lambda", config->lambda ? config->lambda : 4, 4, 256},
        {"variant", (uint64_t)config->variant, EVOLVED_EXP_FULL, EVOLVED_EXP_NO_STRUCTURE},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assay_status status = check_number(numbers[i].name, numbers[i].value, numbers[i].least, numbers[i].most);
        if (status != ASSAY_OK)
            return status;
    }
    return ASSAY_OK;
}

static assay_status check_operations(unsigned operations)
{
    const unsigned known = (2u << EVOLVED_EXP_FMA) - (1u << EVOLVED_EXP_ADD);
    if (operations == 0 || operations & ~known)
        return assay_fail(ASSAY_OUT_OF_RANGE, "operations is 0x%x, must be a set within 0x%x, not empty", operations,
                          known);
    return ASSAY_OK;
}

static assay_status check_config(const evolved_exp_search_config *config)
{
    if (!config)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "config is null");
    assay_status status = check_sizes(config);
    if (status == ASSAY_OK)
        status = check_operations(config->operations);
    if (status == ASSAY_OK)
        status = evolved_exp_problem_check(&config->problem);
    if (status != ASSAY_OK)
        return status;
    if (!(config->decades >= 0 && config->decades <= 300))
        return assay_fail(ASSAY_OUT_OF_RANGE, "decades is %g, must be 0 to 300", config->decades);
    if (!(config->sigma > 0 && config->sigma <= 1e100))
        return assay_fail(ASSAY_OUT_OF_RANGE, "sigma is %g, must be positive, at most 1e100", config->sigma);
    if (!config->cost.measure)
        return ASSAY_OK;
    if (!(config->feasible >= 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "feasible is %g, must be at least 0", config->feasible);
    if (!config->cost.name || strlen(config->cost.name) > 63)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "cost.name is %s, must have at most 63 characters",
                          config->cost.name ? "too long" : "null");
    return ASSAY_OK;
}

static double feasible_of(const evolved_exp_search *search)
{
    return search->config.cost.measure ? search->config.feasible : -1;
}

/* ---- Creation ---- */

static size_t children_of(const evolved_exp_search_config *config)
{
    return (size_t)2 * config->population * config->islands;
}

/* Constants of a program of n operations with up to three arguments: 3n arguments, of which at least n - 1 are other
 * operations. */
static size_t constants_of(const evolved_exp_search_config *config)
{
    const size_t most = 2 * (size_t)config->max_operations + 1;
    return most < EVOLVED_EXP_NODES ? most : EVOLVED_EXP_NODES;
}

functional_hash_cache_config evolved_exp_cache_config(const evolved_exp_search_config *config)
{
    return (functional_hash_cache_config){.capacity = 1024,
                                          .outputs = 1 + constants_of(config),
                                          .max_evaluations = config->evaluations,
                                          .aggregate = FUNCTIONAL_HASH_BEST};
}

static assay_status allocate(evolved_exp_search *search)
{
    const evolved_exp_search_config *config = &search->config;
    assay_status status = evolved_exp_points_create(&config->problem, config->train_points, &search->train);
    if (status == ASSAY_OK)
        status = evolved_exp_points_create(&config->problem, config->validation_points, &search->validation);
    if (status != ASSAY_OK)
        return status;
    search->parent_counts = assay_allocate(config->islands, sizeof *search->parent_counts);
    search->parents = assay_allocate((size_t)config->islands * config->population, sizeof *search->parents);
    search->children = assay_allocate(children_of(config), sizeof *search->children);
    if (!search->parent_counts || !search->parents || !search->children)
        return ASSAY_NO_MEMORY;
    const functional_hash_cache_config cache = evolved_exp_cache_config(config);
    return config->evaluations > 0 ? functional_hash_cache_create(&cache, &search->cache) : ASSAY_OK;
}

/* The S equal parents f(x) = x are one, because selection would keep only one of them. */
static void seed_population(evolved_exp_search *search)
{
    evolved_exp_individual first = {.program = {.count = 1, .nodes = {{.operation = EVOLVED_EXP_X}}}};
    first.fitness = (evolved_exp_fitness){evolved_exp_reference_error(&first.program, &search->validation), 2};
    for (uint32_t island = 0; island < search->config.islands; island++) {
        search->parents[(size_t)island * search->config.population] = first;
        search->parent_counts[island] = 1;
    }
}

assay_status evolved_exp_search_create(const evolved_exp_search_config *config, uint64_t seed,
                                       evolved_exp_search **search)
{
    if (!search)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "search is null");
    assay_status status = check_config(config);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_search *result = assay_allocate(1, sizeof *result);
    if (!result)
        return ASSAY_NO_MEMORY;
    result->config = *config;
    result->seed = seed;
    if (config->cost.measure)
        strcpy(result->cost_name, config->cost.name);
    result->config.cost.name = result->cost_name;
    status = allocate(result);
    if (status != ASSAY_OK) {
        evolved_exp_search_destroy(result);
        return status;
    }
    seed_population(result);
    *search = result;
    return ASSAY_OK;
}

void evolved_exp_search_destroy(evolved_exp_search *search)
{
    if (!search)
        return;
    evolved_exp_points_release(&search->train);
    evolved_exp_points_release(&search->validation);
    assay_release(search->parent_counts);
    assay_release(search->parents);
    assay_release(search->children);
    functional_hash_cache_destroy(search->cache);
    assay_release(search);
}

/* ---- One batch of children ---- */

/* A part of a round, for the parallel bodies. */
typedef struct batch {
    evolved_exp_search *search;
    evolved_exp_evaluator *evaluator;
    size_t first;
    bool *changed; /* at the end of the round: which children took other constants */
} batch;

static uint32_t operations_of(const evolved_exp_program *program)
{
    uint32_t operations = 2;
    evolved_exp_cost(program, &operations);
    return operations;
}

/* Child i of the round: a mutant of parent i modulo the number of parents of its island. */
static void propose(void *self, size_t at)
{
    batch *b = self;
    evolved_exp_search *search = b->search;
    const evolved_exp_search_config *config = &search->config;
    const size_t i = b->first + at, island = i / (2 * (size_t)config->population);
    const size_t within = i % (2 * (size_t)config->population) % config->population;
    evolved_exp_child *child = &search->children[i];
    evolved_exp_dice dice = {stream_of(search->seed, STREAM_CHILD, search->round, i), 0};
    const evolved_exp_individual *parent =
        &search->parents[island * config->population + within % search->parent_counts[island]];
    memset(child, 0, sizeof *child);
    if (config->variant == EVOLVED_EXP_NO_STRUCTURE)
        evolved_exp_random_program(config, &dice, &child->individual.program);
    else if (!config->elitist && evolved_exp_dice_below(&dice, 2))
        child->individual.program = parent->program;
    else
        evolved_exp_mutate_once(config, &dice, &parent->program, &child->individual.program);
    const uint32_t operations = operations_of(&child->individual.program);
    child->individual.fitness = (evolved_exp_fitness){INFINITY, operations};
    functional_hash_key key;
    if (search->cache &&
        evolved_exp_function_key_of(&config->problem, &child->individual.program, KEY_BITS, -1, &key, child->order))
        child->key = functional_hash_salt(key, operations);
}

/* Decides which children are tuned: the first ones of each function, in order. */
static assay_status plan(batch *b, size_t count)
{
    evolved_exp_search *search = b->search;
    for (size_t at = 0; at < count; at++) {
        evolved_exp_child *child = &search->children[b->first + at];
        child->plan = EVOLVED_EXP_TUNE;
        if (!functional_hash_is_hashable(child->key))
            continue;
        functional_hash_lookup lookup;
        const assay_status status = functional_hash_cache_claim(search->cache, child->key, NULL, &lookup);
        if (status != ASSAY_OK)
            return status;
        if (lookup == FUNCTIONAL_HASH_HIT)
            child->plan = EVOLVED_EXP_TAKE;
    }
    return ASSAY_OK;
}

/* Gives the constants their start, by the configuration. */
static void start_constants(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                            evolved_exp_program *program)
{
    uint32_t nodes[EVOLVED_EXP_NODES];
    const bool inherit = config->start == EVOLVED_EXP_LAMARCKIAN ||
                         (config->start == EVOLVED_EXP_EITHER && evolved_exp_dice_below(dice, 2));
    const size_t count = inherit ? 0 : evolved_exp_constant_nodes(program, nodes);
    for (size_t i = 0; i < count; i++) {
        double *constant = &program->nodes[nodes[i]].constant;
        *constant = evolved_exp_draw_constant(dice, config->decades, signbit(*constant));
    }
}

static void tune(void *self, size_t at)
{
    batch *b = self;
    evolved_exp_search *search = b->search;
    const size_t i = b->first + at;
    evolved_exp_child *child = &search->children[i];
    if (child->plan != EVOLVED_EXP_TUNE)
        return;
    evolved_exp_dice dice = {stream_of(search->seed, STREAM_TUNING, search->round, i), 0};
    assay_random normals = {dice.random.seed, dice.random.stream | UINT64_C(1) << 63};
    evolved_exp_program *program = &child->individual.program;
    start_constants(&search->config, &dice, program);
    evolved_exp_cma(&search->config, b->evaluator, &search->train, normals, program, &child->evaluations);
    child->individual.fitness.error = b->evaluator(program, &search->validation);
}

/* ---- Archive and costs ---- */

static void enter_archive(evolved_exp_search *search, const evolved_exp_individual *individual, uint64_t candidate)
{
    if (!isfinite(individual->fitness.error))
        return;
    evolved_exp_archive *archive = &search->archive;
    const uint32_t operations = operations_of(&individual->program);
    size_t at = 0;
    while (at < archive->count && archive->found[at].operations < operations)
        at++;
    const bool known = at < archive->count && archive->found[at].operations == operations;
    if (known) {
        const evolved_exp_fitness old = {archive->found[at].error, archive->found[at].cost};
        if (!evolved_exp_better(individual->fitness, old, feasible_of(search)))
            return;
    } else {
        memmove(&archive->found[at + 1], &archive->found[at], (archive->count - at) * sizeof archive->found[0]);
        archive->count++;
    }
    archive->found[at] = (evolved_exp_found){.program = individual->program,
                                             .error = individual->fitness.error,
                                             .operations = operations,
                                             .cost = individual->fitness.cost,
                                             .candidate = candidate};
}

/* Hardware mode: replaces the counted cost of a feasible program by the measured one. */
static assay_status measure_cost(evolved_exp_search *search, evolved_exp_individual *individual)
{
    const evolved_exp_cost_function *cost = &search->config.cost;
    if (!cost->measure || !(individual->fitness.error <= search->config.feasible))
        return ASSAY_OK;
    double measured = NAN;
    assay_status status = cost->measure(cost->self, &individual->program, &measured);
    if (status != ASSAY_OK)
        return status;
    if (!(measured >= 0 && isfinite(measured)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "cost.measure gave %g, must be finite and at least 0", measured);
    individual->fitness.cost = measured;
    return ASSAY_OK;
}

static uint64_t candidate_of(const evolved_exp_search *search, size_t i)
{
    return search->round * children_of(&search->config) + i + 1;
}

/* Counts, measures and archives the tuned children of a batch, in order. */
static assay_status account(batch *b, size_t count)
{
    evolved_exp_search *search = b->search;
    for (size_t i = b->first; i < b->first + count; i++) {
        evolved_exp_child *child = &search->children[i];
        search->counts.candidates++;
        search->counts.evaluations += child->evaluations;
        if (child->plan == EVOLVED_EXP_TAKE) {
            search->counts.cached++;
            continue;
        }
        search->counts.tuned++;
        assay_status status = measure_cost(search, &child->individual);
        if (status != ASSAY_OK)
            return status;
        enter_archive(search, &child->individual, candidate_of(search, i));
    }
    functional_hash_cache_counts functions = {0};
    if (search->cache)
        functional_hash_cache_count(search->cache, &functions);
    search->counts.functions = functions.size;
    return ASSAY_OK;
}

/* ---- The end of a round ---- */

/* Enters this round's constants, in the key's order; the cache keeps the best for each function. */
static assay_status merge_cache(evolved_exp_search *search, size_t total)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < total; i++) {
        const evolved_exp_child *child = &search->children[i];
        if (!functional_hash_is_hashable(child->key) || child->plan != EVOLVED_EXP_TUNE)
            continue;
        uint32_t nodes[EVOLVED_EXP_NODES];
        double outputs[1 + EVOLVED_EXP_NODES] = {-child->individual.fitness.error};
        const size_t count = evolved_exp_constant_nodes(&child->individual.program, nodes);
        for (size_t j = 0; j < count; j++)
            outputs[1 + child->order[j]] = child->individual.program.nodes[nodes[j]].constant;
        status = functional_hash_cache_enter(search->cache, child->key, outputs);
    }
    return status;
}

/* A child whose function has better constants than its own takes them; its error is evaluated, not believed. */
static void take(void *self, size_t i)
{
    batch *b = self;
    evolved_exp_child *child = &b->search->children[i];
    double outputs[1 + EVOLVED_EXP_NODES];
    uint32_t nodes[EVOLVED_EXP_NODES], evaluations = 0;
    b->changed[i] = false;
    if (functional_hash_is_hashable(child->key))
        functional_hash_cache_peek(b->search->cache, child->key, outputs, &evaluations);
    if (evaluations == 0 || !(-outputs[0] < child->individual.fitness.error))
        return;
    evolved_exp_program program = child->individual.program;
    const size_t count = evolved_exp_constant_nodes(&program, nodes);
    for (size_t j = 0; j < count; j++)
        program.nodes[nodes[j]].constant = outputs[1 + child->order[j]];
    const double error = b->evaluator(&program, &b->search->validation);
    if (!(error < child->individual.fitness.error))
        return;
    child->individual.program = program;
    child->individual.fitness.error = error;
    b->changed[i] = true;
}

static assay_status account_taken(batch *b, size_t total)
{
    for (size_t i = 0; i < total; i++) {
        evolved_exp_individual *individual = &b->search->children[i].individual;
        if (!b->changed[i])
            continue;
        individual->fitness.cost = operations_of(&individual->program);
        assay_status status = measure_cost(b->search, individual);
        if (status != ASSAY_OK)
            return status;
        enter_archive(b->search, individual, candidate_of(b->search, i));
    }
    return ASSAY_OK;
}

/* RANDOM: a uniform choice without regard to fitness. */
static size_t choose_uniformly(assay_random random, size_t count, size_t want, size_t *chosen)
{
    size_t *order = malloc(count * sizeof *order);
    if (!order)
        return 0;
    assay_random_permutation(random, order, count);
    const size_t picked = want < count ? want : count;
    memcpy(chosen, order, picked * sizeof *chosen);
    free(order);
    return picked;
}

/* The S parents of an island's next round, from its share of the children and, if elitist, its present parents. */
static assay_status select_parents(evolved_exp_search *search, uint32_t island, const size_t *share)
{
    const evolved_exp_search_config *config = &search->config;
    const size_t population = config->population, received = 2 * population;
    evolved_exp_individual *parents = &search->parents[island * population];
    const size_t kept = config->elitist ? search->parent_counts[island] : 0, count = kept + received;
    evolved_exp_individual *pool = malloc(count * sizeof *pool);
    evolved_exp_fitness *fitness = malloc(count * sizeof *fitness);
    size_t *chosen = malloc(count * sizeof *chosen), picked = 0;
    if (pool && fitness && chosen) {
        for (size_t i = 0; i < count; i++) {
            pool[i] = i < kept ? parents[i] : search->children[share[i - kept]].individual;
            fitness[i] = pool[i].fitness;
        }
        picked = config->variant == EVOLVED_EXP_RANDOM
                     ? choose_uniformly(stream_of(search->seed, STREAM_SELECTION, search->round, island), count,
                                        population, chosen)
                     : evolved_exp_select(fitness, count, population, feasible_of(search), chosen);
        for (size_t i = 0; i < picked; i++)
            parents[i] = pool[chosen[i]];
        search->parent_counts[island] = (uint32_t)picked;
    }
    free(pool);
    free(fitness);
    free(chosen);
    return picked > 0 ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory to select from %zu programs", count);
}

/* Every island receives 2S of all children (dNSGA-II): a random share if there are several islands. */
static assay_status select_all(evolved_exp_search *search)
{
    const size_t total = children_of(&search->config);
    size_t *order = calloc(total, sizeof *order);
    if (!order)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to exchange %zu programs", total);
    if (search->config.islands > 1)
        assay_random_permutation(stream_of(search->seed, STREAM_EXCHANGE, search->round, 0), order, total);
    else
        for (size_t i = 0; i < total; i++)
            order[i] = i;
    assay_status status = ASSAY_OK;
    for (uint32_t island = 0; status == ASSAY_OK && island < search->config.islands; island++)
        status = select_parents(search, island, order + (size_t)island * 2 * search->config.population);
    free(order);
    return status;
}

static assay_status finish_round(batch *b, evolved_exp_map *map)
{
    evolved_exp_search *search = b->search;
    const size_t total = children_of(&search->config);
    assay_status status = merge_cache(search, total);
    if (status == ASSAY_OK) {
        map(total, take, b);
        status = account_taken(b, total);
    }
    if (status == ASSAY_OK)
        status = select_all(search);
    search->round++;
    search->done = 0;
    return status;
}

/* ---- Driving ---- */

static assay_status run_batch(batch *b, size_t count, evolved_exp_map *map)
{
    evolved_exp_search *search = b->search;
    b->first = search->done;
    map(count, propose, b);
    assay_status status = plan(b, count);
    if (status != ASSAY_OK)
        return status;
    map(count, tune, b);
    status = account(b, count);
    search->done += count;
    if (status == ASSAY_OK && search->done == children_of(&search->config))
        status = finish_round(b, map);
    return status;
}

assay_status evolved_exp_search_drive(evolved_exp_search *search, uint64_t candidates, evolved_exp_evaluator *evaluator,
                                      evolved_exp_map *map)
{
    if (!search)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "search is null");
    if (candidates == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "candidates is 0, must be at least 1");
    if (search->failed != ASSAY_OK)
        return assay_fail(search->failed, "the search ended at candidate %llu: it failed in the middle of a round",
                          (unsigned long long)search->counts.candidates);
    const size_t total = children_of(&search->config);
    batch b = {.search = search, .evaluator = evaluator};
    b.changed = malloc(total * sizeof *b.changed);
    assay_status status = b.changed ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory for %zu children", total);
    while (status == ASSAY_OK && candidates > 0) {
        const size_t left = total - search->done, count = candidates < left ? (size_t)candidates : left;
        status = search->failed = run_batch(&b, count, map);
        candidates -= count;
    }
    free(b.changed);
    return status;
}

static void one_after_another(size_t n, void (*body)(void *self, size_t i), void *self)
{
    for (size_t i = 0; i < n; i++)
        body(self, i);
}

assay_status evolved_exp_reference_search_run(evolved_exp_search *search, uint64_t candidates)
{
    return evolved_exp_search_drive(search, candidates, evolved_exp_reference_error, one_after_another);
}

/* ---- Results ---- */

/* Tries minimax constants; keeps them if there are some and the error over the validation points falls. */
static assay_status polish_found(const evolved_exp_search *search, evolved_exp_found *found)
{
    evolved_exp_program tuned = found->program;
    const assay_status status = evolved_exp_tune(&search->config.problem, &tuned, NULL);
    if (status != ASSAY_OK)
        return status == ASSAY_NO_MEMORY ? status : ASSAY_OK;
    const double error = evolved_exp_reference_error(&tuned, &search->validation);
    if (error < found->error) {
        found->program = tuned;
        found->error = error;
    }
    return ASSAY_OK;
}

assay_status evolved_exp_search_archive(const evolved_exp_search *search, bool polish, evolved_exp_archive *archive)
{
    if (!search || !archive)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", search ? "archive" : "search");
    assay_status status = ASSAY_OK;
    *archive = search->archive;
    for (size_t i = 0; polish && status == ASSAY_OK && i < archive->count; i++)
        status = polish_found(search, &archive->found[i]);
    if (status != ASSAY_OK)
        *archive = search->archive;
    return status;
}

assay_status evolved_exp_search_count(const evolved_exp_search *search, evolved_exp_search_counts *counts)
{
    if (!search || !counts)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", search ? "counts" : "search");
    *counts = search->counts;
    return ASSAY_OK;
}

assay_status evolved_exp_mutate(const evolved_exp_search_config *config, uint64_t seed, uint64_t index,
                                const evolved_exp_program *parent, evolved_exp_program *child)
{
    if (!child)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "child is null");
    assay_status status = check_config(config);
    if (status == ASSAY_OK)
        status = evolved_exp_check(parent);
    if (status == ASSAY_OK && parent->count == EVOLVED_EXP_NODES) /* a child of it may need x besides */
        status = assay_fail(ASSAY_OUT_OF_RANGE, "parent has %zu nodes, must have at most %d", parent->count,
                            EVOLVED_EXP_NODES - 1);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_dice dice = {{seed, (uint64_t)STREAM_MUTATION << 60 | (index & (UINT64_MAX >> 4))}, 0};
    const evolved_exp_program source = *parent; /* which may be the child */
    evolved_exp_mutate_once(config, &dice, &source, child);
    return ASSAY_OK;
}
