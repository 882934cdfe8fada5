/*
 * Evolution of candidates of any representation. Proposals, evaluations and their noise are addressed by the number of
 * the candidate, so that whether an evaluation was shared changes no random number.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <stdlib.h>

enum { STREAM_PROPOSAL, STREAM_EVALUATION, STREAM_NOISE, STREAM_STORED, POPULATION_MOST = 65536, BATCH_MOST = 4096 };

static assay_random stream_of(uint64_t seed, uint64_t purpose, uint64_t candidate)
{
    return (assay_random){seed, purpose << 60 | candidate}; /* far below 2^60 */
}

/* ---- Configuration ---- */

functional_hash_search_config functional_hash_search_default(void)
{
    return (functional_hash_search_config){
        .algorithm = FUNCTIONAL_HASH_REGULARIZED,
        .equality = FUNCTIONAL_HASH_BY_FUNCTION,
        .hash = functional_hash_domain_options(),
        .population = 50,
        .tournament = 10,
        .tie = 1e-9,
        .batch = 1,
        .hashing_time = 10,
        .evaluation_time = 400,
        .max_evaluations = 1,
        .aggregate = FUNCTIONAL_HASH_MEAN,
    };
}

static assay_status check_sizes(const functional_hash_search_config *c)
{
    if ((unsigned)c->algorithm > FUNCTIONAL_HASH_RANDOM)
        return assay_fail(ASSAY_OUT_OF_RANGE, "algorithm is %d, must be 0 to %d", (int)c->algorithm,
                          FUNCTIONAL_HASH_RANDOM);
    if ((unsigned)c->equality > FUNCTIONAL_HASH_BY_FUNCTION)
        return assay_fail(ASSAY_OUT_OF_RANGE, "equality is %d, must be 0 to %d", (int)c->equality,
                          FUNCTIONAL_HASH_BY_FUNCTION);
    if (c->population < 1 || c->population > POPULATION_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "population is %zu, must be 1 to %d", c->population, POPULATION_MOST);
    if (c->tournament < 1 || c->tournament > c->population)
        return assay_fail(ASSAY_OUT_OF_RANGE, "tournament is %zu, must be 1 to the population, %zu", c->tournament,
                          c->population);
    if (c->batch < 1 || c->batch > BATCH_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "batch is %zu, must be 1 to %d", c->batch, BATCH_MOST);
    return ASSAY_OK;
}

static assay_status check_numbers(const functional_hash_search_config *c)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"time", c->time},
                   {"hashing_time", c->hashing_time},
                   {"evaluation_time", c->evaluation_time},
                   {"noise", c->noise},
                   {"tie", c->tie}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!(numbers[i].value >= 0 && isfinite(numbers[i].value)))
            return assay_fail(ASSAY_OUT_OF_RANGE, "%s is %g, must be finite and at least 0", numbers[i].name,
                              numbers[i].value);
    if (c->candidates == 0 && c->evaluations == 0 && c->time == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "candidates, evaluations and time are 0, one must set a limit");
    return ASSAY_OK;
}

/* ---- A search in progress ---- */

typedef struct member {
    uint64_t age; /* the number of the candidate */
    double fitness;
    unsigned char *candidate;
} member;

typedef struct search {
    const functional_hash_domain *domain;
    const functional_hash_search_config *config;
    uint64_t seed;
    functional_hash_options hash;
    functional_hash_cache *cache;
    member *population; /* by age, oldest first */
    size_t members;
    size_t *tournament; /* room for its members */
    /* Of the batch: */
    uint64_t first; /* number of its first candidate */
    size_t count;
    unsigned char *candidates;
    functional_hash_key *keys, *audits;
    double *outputs; /* fitness and simulated seconds */
    functional_hash_lookup *lookups;
    size_t *looked_up; /* which candidates */
    size_t found;      /* how many of them */
} search;

enum { OUTPUTS = 2 };

static unsigned char *candidate_at(const search *s, size_t i)
{
    return s->candidates + i * s->domain->size;
}

/* Enters a number into a sorted list; the place behind the last one if it is there already. */
static size_t enter(size_t *list, size_t count, size_t number)
{
    size_t at = count;
    while (at > 0 && list[at - 1] > number)
        at--;
    if (at > 0 && list[at - 1] == number)
        return count;
    memmove(list + at + 1, list + at, (count - at) * sizeof *list);
    list[at] = number;
    return count + 1;
}

/* The best of a tournament: distinct members (Floyd's way of drawing them), by age, the last of the best. */
static const member *select_parent(const search *s, functional_hash_dice *dice)
{
    const member *best = NULL;
    size_t count = 0;
    for (size_t last = s->members - s->config->tournament; last < s->members; last++) {
        const size_t before = count;
        count = enter(s->tournament, count, functional_hash_draw_below(dice, (uint32_t)last + 1));
        if (count == before) /* drawn before: take the last one, which cannot have been */
            count = enter(s->tournament, count, last);
    }
    for (size_t k = 0; k < count; k++) {
        const member *m = &s->population[s->tournament[k]];
        if (!best || m->fitness >= best->fitness - s->config->tie)
            best = m;
    }
    return best;
}

static assay_status propose(const search *s, size_t i)
{
    const functional_hash_domain *d = s->domain;
    functional_hash_dice dice = {stream_of(s->seed, STREAM_PROPOSAL, s->first + i), 0};
    if (s->config->algorithm == FUNCTIONAL_HASH_RANDOM || s->members < s->config->population)
        return d->random(d->task, &dice, candidate_at(s, i));
    return d->mutate(d->task, &dice, select_parent(s, &dice)->candidate, candidate_at(s, i));
}

/* What noise adds to the fitness of candidate i of the batch. */
static assay_status noise_of(const search *s, size_t i, double *noise)
{
    const functional_hash_search_config *c = s->config;
    const functional_hash_domain *d = s->domain;
    const assay_random random = stream_of(s->seed, STREAM_NOISE, s->first + i);
    *noise = 0;
    if (c->noise == 0)
        return ASSAY_OK;
    if (c->stored_runs == 0) {
        *noise = c->noise * assay_random_normal(random, 0);
        return ASSAY_OK;
    }
    functional_hash_key key;
    const assay_status status = d->key(d->task, candidate_at(s, i), FUNCTIONAL_HASH_BY_ISOMORPHISM, &s->hash, &key);
    const assay_random stored = {s->seed ^ key.word[0], (uint64_t)STREAM_STORED << 60 | key.word[1] >> 4};
    if (status == ASSAY_OK)
        *noise = c->noise * assay_random_normal(stored, 2 * assay_random_integer(random, 0, c->stored_runs));
    return status;
}

/* An evaluation, as the cache calls it for the k-th candidate that was looked up. */
static assay_status evaluate(void *self, size_t k, double *outputs)
{
    const search *s = self;
    const size_t i = s->looked_up[k];
    const functional_hash_domain *d = s->domain;
    double noise, fitness = -INFINITY;
    assay_status status = noise_of(s, i, &noise);
    if (status == ASSAY_OK)
        status =
            d->evaluate(d->task, candidate_at(s, i), stream_of(s->seed, STREAM_EVALUATION, s->first + i), &fitness);
    outputs[0] = fitness + noise;
    outputs[1] = s->config->evaluation_time;
    return status;
}

/* Looks the batch up: by nothing all candidates, with the key of none, else those that have a key. */
static assay_status look_up(search *s)
{
    const functional_hash_domain *d = s->domain;
    const bool by_key = s->config->equality != FUNCTIONAL_HASH_BY_NOTHING;
    size_t found = 0;
    for (size_t i = 0; i < s->count; i++) {
        functional_hash_key key = {{0, 0}}, audit = {{0, 0}};
        assay_status status = ASSAY_OK;
        if (by_key)
            status = d->key(d->task, candidate_at(s, i), s->config->equality, &s->hash, &key);
        if (status == ASSAY_OK && s->config->audit)
            status = d->audit(d->task, candidate_at(s, i), &audit);
        if (status != ASSAY_OK)
            return status;
        if (by_key && !functional_hash_is_hashable(key))
            continue;
        s->keys[found] = key;
        s->audits[found] = audit;
        s->looked_up[found++] = i;
    }
    s->found = found;
    return functional_hash_cache_get_all(s->cache, s->keys, s->audits, found, evaluate, s, s->outputs, s->lookups);
}

/* ---- Survival ---- */

static void take_in(search *s, size_t i, uint64_t number, double fitness)
{
    size_t leaves = 0; /* the oldest */
    if (s->members < s->config->population) {
        leaves = s->members++;
    } else if (s->config->algorithm == FUNCTIONAL_HASH_ELITISM) {
        for (size_t j = 1; j < s->members; j++)
            if (s->population[j].fitness < s->population[leaves].fitness - s->config->tie)
                leaves = j;
    }
    unsigned char *room = s->population[leaves].candidate;
    memmove(&s->population[leaves], &s->population[leaves + 1], (s->members - leaves - 1) * sizeof *s->population);
    memcpy(room, candidate_at(s, i), s->domain->size);
    s->population[s->members - 1] = (member){number, fitness, room};
}

/* The batch's candidates, one after the other, with what their lookups gave. */
static void account(search *s, functional_hash_search_result *result, unsigned char *best)
{
    const functional_hash_search_config *c = s->config;
    for (size_t i = 0, k = 0; i < s->count; i++) {
        functional_hash_record record = {
            .candidate = s->first + i, .lookup = FUNCTIONAL_HASH_UNCACHED, .fitness = -INFINITY};
        double time = c->equality == FUNCTIONAL_HASH_BY_NOTHING ? 0 : c->hashing_time;
        if (k < s->found && s->looked_up[k] == i) {
            record.key = s->keys[k];
            record.lookup = s->lookups[k];
            record.fitness = s->outputs[OUTPUTS * k];
            result->evaluations += record.lookup != FUNCTIONAL_HASH_HIT;
            time += record.lookup != FUNCTIONAL_HASH_HIT ? s->outputs[OUTPUTS * k + 1] : 0;
            k++;
        }
        if (record.fitness > result->best_fitness || result->candidates == 0) {
            result->best_fitness = record.fitness;
            result->best_candidate = record.candidate;
            memcpy(best, candidate_at(s, i), s->domain->size);
        }
        result->candidates++;
        result->time += time;
        record.evaluations = result->evaluations;
        record.time = result->time;
        if (c->observe)
            c->observe(c->self, &record, candidate_at(s, i));
        take_in(s, i, record.candidate, record.fitness);
    }
}

/* ---- Running ---- */

/* How many candidates may be proposed from the present population; 0 at a limit. */
static size_t next_count(const search *s, const functional_hash_search_result *result)
{
    const functional_hash_search_config *c = s->config;
    if ((c->evaluations > 0 && result->evaluations >= c->evaluations) || (c->time > 0 && result->time >= c->time))
        return 0;
    size_t count = c->batch;
    if (s->members < c->population && c->population - s->members > count) /* the first ones depend on nobody */
        count = c->population - s->members;
    if (s->members < c->population && c->population - s->members < count)
        count = c->population - s->members;
    count = count < BATCH_MOST ? count : BATCH_MOST;
    if (c->candidates > 0 && c->candidates - result->candidates < count)
        count = (size_t)(c->candidates - result->candidates);
    return count;
}

static assay_status run(search *s, functional_hash_search_result *result, unsigned char *best)
{
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && (s->count = next_count(s, result)) > 0) {
        s->first = result->candidates;
        for (size_t i = 0; status == ASSAY_OK && i < s->count; i++)
            status = propose(s, i);
        if (status == ASSAY_OK)
            status = look_up(s);
        if (status == ASSAY_OK)
            account(s, result, best);
    }
    return status == ASSAY_OK ? functional_hash_cache_count(s->cache, &result->counts) : status;
}

static assay_status allocate(search *s, unsigned char **members, unsigned char **best)
{
    const functional_hash_search_config *c = s->config;
    const size_t room = c->batch > c->population ? c->batch : c->population < BATCH_MOST ? c->population : BATCH_MOST;
    const functional_hash_cache_config cache = {.capacity = 1024,
                                                .outputs = OUTPUTS,
                                                .max_evaluations = c->max_evaluations,
                                                .remove_probability = c->remove_probability,
                                                .aggregate = c->aggregate,
                                                .seed = s->seed,
                                                .audit = c->audit};
    const assay_status status = functional_hash_cache_create(&cache, &s->cache);
    if (status != ASSAY_OK)
        return status;
    s->population = calloc(c->population, sizeof *s->population);
    s->tournament = calloc(c->tournament, sizeof *s->tournament);
    *members = calloc(c->population, s->domain->size);
    *best = calloc(1, s->domain->size);
    s->candidates = calloc(room, s->domain->size);
    s->keys = calloc(room, sizeof *s->keys);
    s->audits = calloc(room, sizeof *s->audits);
    s->outputs = calloc(room * OUTPUTS, sizeof *s->outputs);
    s->lookups = calloc(room, sizeof *s->lookups);
    s->looked_up = calloc(room, sizeof *s->looked_up);
    if (!s->population || !s->tournament || !*members || !*best || !s->candidates || !s->keys || !s->audits ||
        !s->outputs || !s->lookups || !s->looked_up)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a population of %zu candidates of %zu bytes", c->population,
                          s->domain->size);
    for (size_t i = 0; i < c->population; i++)
        s->population[i].candidate = *members + i * s->domain->size;
    return ASSAY_OK;
}

static assay_status check_domain(const functional_hash_domain *domain)
{
    if (!domain)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "domain is null");
    if (domain->size == 0 || !domain->random || !domain->mutate || !domain->key || !domain->audit || !domain->evaluate)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "domain lacks its size or a function");
    return ASSAY_OK;
}

assay_status functional_hash_search_run(const functional_hash_domain *domain,
                                        const functional_hash_search_config *config, uint64_t seed,
                                        functional_hash_search_result *result, void *best)
{
    assay_status status = check_domain(domain);
    if (status != ASSAY_OK)
        return status;
    if (!config || !result)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", config ? "result" : "config");
    status = check_sizes(config);
    if (status == ASSAY_OK)
        status = check_numbers(config);
    functional_hash_options resolved;
    functional_hash_key unused;
    if (status == ASSAY_OK)
        status = functional_hash_resolve(FUNCTIONAL_HASH_BY_FUNCTION, &config->hash, 1, &unused, &resolved);
    if (status != ASSAY_OK)
        return status;
    search s = {.domain = domain, .config = config, .seed = seed, .hash = config->hash};
    functional_hash_search_result found = {.best_fitness = -INFINITY};
    unsigned char *members = NULL, *best_candidate = NULL;
    status = allocate(&s, &members, &best_candidate);
    if (status == ASSAY_OK)
        status = run(&s, &found, best_candidate);
    if (status == ASSAY_OK) {
        *result = found;
        if (best)
            memcpy(best, best_candidate, domain->size);
    }
    functional_hash_cache_destroy(s.cache);
    free(s.population);
    free(s.tournament);
    free(members);
    free(best_candidate);
    free(s.candidates);
    free(s.keys);
    free(s.audits);
    free(s.outputs);
    free(s.lookups);
    free(s.looked_up);
    return status;
}
