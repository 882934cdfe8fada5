/*
 * The state of a search as a file (core/state_file.h). The payload begins with the configuration as text and the seed,
 * so that a state of another search is told from a damaged one.
 */
#include "assay/memory.h"
#include "core/state_file.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_TEXT = 1024 };
static const state_kind kind = {.magic = UINT64_C(0x4c4f56454c4f5645), .version = 2, .name = "state of a search"};

/* ---- Parts of the state, each written and read ---- */

static void put_program(state_bytes *b, const evolved_exp_program *program)
{
    state_put_word(b, program->count);
    state_put_word(b, program->output);
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        state_put_word(b, (uint64_t)node->operation);
        state_put_word(b, node->a);
        state_put_word(b, node->b);
        state_put_word(b, node->c);
        state_put_double(b, node->constant);
    }
}

static void take_program(state_bytes *b, evolved_exp_program *program)
{
    memset(program, 0, sizeof *program);
    program->count = state_take_count(b, EVOLVED_EXP_NODES);
    program->output = (uint32_t)state_take_count(b, EVOLVED_EXP_NODES);
    for (size_t i = 0; i < program->count; i++) {
        evolved_exp_node *node = &program->nodes[i];
        node->operation = (evolved_exp_operation)state_take_count(b, EVOLVED_EXP_FMA);
        node->a = (uint32_t)state_take_count(b, EVOLVED_EXP_NODES);
        node->b = (uint32_t)state_take_count(b, EVOLVED_EXP_NODES);
        node->c = (uint32_t)state_take_count(b, EVOLVED_EXP_NODES);
        node->constant = state_take_double(b);
    }
    if (!b->failed && evolved_exp_check(program) != ASSAY_OK)
        b->failed = true;
}

/* What a search keeps to by itself; it has no room for more. */
static bool fits(const evolved_exp_search_config *config, const evolved_exp_program *program)
{
    uint32_t nodes[EVOLVED_EXP_NODES];
    size_t operations = 0;
    for (size_t i = 0; i < program->count; i++)
        operations += evolved_exp_arguments(program->nodes[i].operation) > 0;
    return operations <= config->max_operations &&
           evolved_exp_constant_nodes(program, nodes) < evolved_exp_cache_config(config).outputs;
}

static void put_individual(state_bytes *b, const evolved_exp_individual *individual)
{
    put_program(b, &individual->program);
    state_put_double(b, individual->fitness.error);
    state_put_double(b, individual->fitness.cost);
}

static void take_individual(state_bytes *b, const evolved_exp_search_config *config, evolved_exp_individual *individual)
{
    take_program(b, &individual->program);
    individual->fitness.error = state_take_double(b);
    individual->fitness.cost = state_take_double(b);
    b->failed |= !fits(config, &individual->program) || !(individual->fitness.error >= 0) ||
                 !(individual->fitness.cost >= 0); /* not NaN: there would be no order */
}

static void put_child(state_bytes *b, const evolved_exp_child *child)
{
    put_individual(b, &child->individual);
    state_put_word(b, child->evaluations);
    state_put_word(b, child->key.word[0]);
    state_put_word(b, child->key.word[1]);
    state_put_word(b, child->plan);
    for (size_t i = 0; i < child->individual.program.count; i++)
        state_put_word(b, child->order[i]);
}

static void take_child(state_bytes *b, const evolved_exp_search *search, evolved_exp_child *child)
{
    const size_t constants = evolved_exp_cache_config(&search->config).outputs - 1;
    memset(child, 0, sizeof *child);
    take_individual(b, &search->config, &child->individual);
    child->evaluations = state_take_word(b);
    child->key.word[0] = state_take_word(b);
    child->key.word[1] = state_take_word(b);
    child->plan = (uint32_t)state_take_count(b, EVOLVED_EXP_TAKE);
    for (size_t i = 0; i < child->individual.program.count; i++)
        child->order[i] = (uint8_t)state_take_count(b, constants - 1);
    b->failed |= !search->cache && functional_hash_is_hashable(child->key);
}

static void put_cache(state_bytes *b, const evolved_exp_search *search)
{
    unsigned char *bytes = NULL;
    size_t count = 0;
    if (search->cache && functional_hash_cache_pack(search->cache, &bytes, &count) != ASSAY_OK)
        b->failed = true;
    state_put_word(b, count);
    state_put(b, bytes, count);
    assay_release(bytes);
}

static void take_cache(state_bytes *b, evolved_exp_search *search)
{
    const functional_hash_cache_config config = evolved_exp_cache_config(&search->config);
    const size_t count = (size_t)state_take_count(b, b->capacity);
    const unsigned char *bytes = state_take(b, count);
    functional_hash_cache *cache = NULL;
    b->failed |= (count > 0) != (search->cache != NULL);
    if (b->failed || count == 0)
        return;
    const assay_status status = functional_hash_cache_unpack(&config, bytes, count, &cache);
    b->failed = status != ASSAY_OK;
    b->no_memory = status == ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
        functional_hash_cache_destroy(search->cache);
        search->cache = cache;
    }
}

static void put_archive(state_bytes *b, const evolved_exp_archive *archive)
{
    state_put_word(b, archive->count);
    for (size_t i = 0; i < archive->count; i++) {
        const evolved_exp_found *found = &archive->found[i];
        put_program(b, &found->program);
        state_put_double(b, found->error);
        state_put_word(b, found->operations);
        state_put_double(b, found->cost);
        state_put_word(b, found->candidate);
    }
}

static void take_archive(state_bytes *b, const evolved_exp_search_config *config, evolved_exp_archive *archive)
{
    archive->count = state_take_count(b, sizeof archive->found / sizeof archive->found[0]);
    for (size_t i = 0; i < archive->count && !b->failed; i++) {
        evolved_exp_found *found = &archive->found[i];
        take_program(b, &found->program);
        found->error = state_take_double(b);
        found->operations = (uint32_t)state_take_count(b, EVOLVED_EXP_NODES);
        found->cost = state_take_double(b);
        found->candidate = state_take_word(b);
        uint32_t operations = 0;
        b->failed |= evolved_exp_cost(&found->program, &operations) != ASSAY_OK || operations != found->operations ||
                     !fits(config, &found->program) || !isfinite(found->error) || !(found->cost >= 0) ||
                     (i > 0 && operations <= archive->found[i - 1].operations); /* so there is room for what comes */
    }
}

static void put_counts(state_bytes *b, const evolved_exp_search_counts *counts)
{
    state_put_word(b, counts->candidates);
    state_put_word(b, counts->cached);
    state_put_word(b, counts->tuned);
    state_put_word(b, counts->evaluations);
    state_put_word(b, counts->functions);
}

static void take_counts(state_bytes *b, evolved_exp_search_counts *counts)
{
    counts->candidates = state_take_word(b);
    counts->cached = state_take_word(b);
    counts->tuned = state_take_word(b);
    counts->evaluations = state_take_word(b);
    counts->functions = state_take_word(b);
}

/* ---- The whole ---- */

/* Everything of a configuration that results depend on, in words. */
static size_t describe(const evolved_exp_search_config *c, const char *cost_name, char *text)
{
    const evolved_exp_problem *p = &c->problem;
    return (size_t)snprintf(
        text, CONFIG_TEXT,
        "target=%s low=%a high=%a error=%u ulp_of=%a precision=%u operations=%x max_operations=%u population=%u "
        "islands=%u train_points=%u validation_points=%u start=%u decades=%a generations=%u lambda=%u sigma=%a "
        "collapse=%d elitist=%d evaluations=%u variant=%u feasible=%a cost=%s",
        evolved_exp_target_name(p->target), p->low, p->high, (unsigned)p->error, p->ulp_of, (unsigned)p->precision,
        c->operations, (unsigned)c->max_operations, (unsigned)c->population, (unsigned)c->islands,
        (unsigned)c->train_points, (unsigned)c->validation_points, (unsigned)c->start, c->decades,
        (unsigned)c->generations, (unsigned)c->lambda, c->sigma, c->collapse, c->elitist, (unsigned)c->evaluations,
        (unsigned)c->variant, c->cost.measure ? c->feasible : 0.0, c->cost.measure ? cost_name : "");
}

static void put_search(state_bytes *b, const evolved_exp_search *search)
{
    char text[CONFIG_TEXT];
    const size_t length = describe(&search->config, search->cost_name, text);
    state_put_word(b, length);
    state_put(b, text, length);
    state_put_word(b, search->seed);
    state_put_word(b, search->round);
    state_put_word(b, search->done);
    put_counts(b, &search->counts);
    put_cache(b, search);
    for (uint32_t island = 0; island < search->config.islands; island++) {
        state_put_word(b, search->parent_counts[island]);
        for (uint32_t i = 0; i < search->parent_counts[island]; i++)
            put_individual(b, &search->parents[(size_t)island * search->config.population + i]);
    }
    for (size_t i = 0; i < search->done; i++)
        put_child(b, &search->children[i]);
    put_archive(b, &search->archive);
}

/* Fails with ASSAY_MISMATCH if the payload begins with another configuration or seed. */
static assay_status take_identity(state_bytes *b, const evolved_exp_search *search)
{
    char ours[CONFIG_TEXT];
    const size_t length = describe(&search->config, search->cost_name, ours);
    const uint64_t theirs = state_take_count(b, CONFIG_TEXT);
    if (b->failed || b->capacity - b->used < theirs)
        return assay_fail(ASSAY_BAD_DATA, "state: the configuration is cut off");
    const char *text = (const char *)b->bytes + b->used;
    b->used += theirs;
    if (theirs != length || memcmp(text, ours, length) != 0)
        return assay_fail(ASSAY_MISMATCH, "state: it belongs to another configuration: %.*s", (int)theirs, text);
    const uint64_t seed = state_take_word(b);
    if (!b->failed && seed != search->seed)
        return assay_fail(ASSAY_MISMATCH, "state: it belongs to seed %llu, not %llu", (unsigned long long)seed,
                          (unsigned long long)search->seed);
    return ASSAY_OK;
}

static void take_search(state_bytes *b, evolved_exp_search *search)
{
    const evolved_exp_search_config *config = &search->config;
    search->round = state_take_word(b);
    search->done = state_take_count(b, (uint64_t)2 * config->population * config->islands - 1);
    take_counts(b, &search->counts);
    take_cache(b, search);
    for (uint32_t island = 0; island < config->islands; island++) {
        search->parent_counts[island] = (uint32_t)state_take_count(b, config->population);
        for (uint32_t i = 0; i < search->parent_counts[island] && !b->failed; i++)
            take_individual(b, config, &search->parents[(size_t)island * config->population + i]);
        b->failed |= search->parent_counts[island] == 0;
    }
    for (size_t i = 0; i < search->done && !b->failed; i++)
        take_child(b, search, &search->children[i]);
    take_archive(b, config, &search->archive);
    b->failed |= b->used != b->capacity;
}

assay_status evolved_exp_search_save(const evolved_exp_search *search, const char *path)
{
    if (!search || !path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", search ? "path" : "search");
    if (search->failed != ASSAY_OK)
        return assay_fail(search->failed, "search failed in the middle of a round: there is no state to save");
    state_bytes payload = {0};
    put_search(&payload, search);
    const assay_status status = state_write_file(path, &kind, &payload);
    state_release(&payload);
    return status;
}

assay_status evolved_exp_search_load(const evolved_exp_search_config *config, uint64_t seed, const char *path,
                                     evolved_exp_search **search)
{
    if (!path || !search)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "search" : "path");
    evolved_exp_search *result;
    assay_status status = evolved_exp_search_create(config, seed, &result);
    if (status != ASSAY_OK)
        return status;
    state_bytes b = {0};
    status = state_read_file(path, &kind, &b);
    if (status == ASSAY_OK) {
        status = take_identity(&b, result);
        if (status != ASSAY_OK)
            status = assay_fail(status, "path %s: %s", path, assay_error());
    }
    if (status == ASSAY_OK) {
        take_search(&b, result);
        if (b.no_memory)
            status = assay_fail(ASSAY_NO_MEMORY, "no memory for the state that path %s holds", path);
        else if (b.failed)
            status = assay_fail(ASSAY_BAD_DATA, "path %s holds a malformed state", path);
    }
    state_release(&b);
    if (status == ASSAY_OK)
        *search = result;
    else
        evolved_exp_search_destroy(result);
    return status;
}
