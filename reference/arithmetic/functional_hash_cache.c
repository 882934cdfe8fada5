/*
 * The cache of functions: lookups by key, with a limited number of evaluations for each, aggregated.
 */
#include "assay/memory.h"
#include "reference/arithmetic/functional_hash_cache_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_BITS = 32, SPARE = 8 };

/* ---- Creation ---- */

static assay_status check_config(const functional_hash_cache_config *config)
{
    if (!config)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "config is null");
    if (config->capacity < 1 || (uint64_t)config->capacity > UINT64_C(1) << CAPACITY_BITS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be 1 to 2^%d", config->capacity, CAPACITY_BITS);
    if (config->outputs < 1 || config->outputs > FUNCTIONAL_HASH_OUTPUTS_MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "outputs is %zu, must be 1 to %d", config->outputs,
                          FUNCTIONAL_HASH_OUTPUTS_MOST);
    if (config->max_evaluations < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "max_evaluations is 0, must be at least 1");
    if (!(config->remove_probability >= 0 && config->remove_probability <= 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "remove_probability is %g, must be 0 to 1", config->remove_probability);
    if ((unsigned)config->aggregate > FUNCTIONAL_HASH_LAST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "aggregate is %d, must be 0 to %d", (int)config->aggregate,
                          FUNCTIONAL_HASH_LAST);
    return ASSAY_OK;
}

assay_status functional_hash_cache_create(const functional_hash_cache_config *config, functional_hash_cache **cache)
{
    if (!cache)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "cache is null");
    assay_status status = check_config(config);
    if (status != ASSAY_OK)
        return status;
    functional_hash_cache *result = assay_allocate(1, sizeof *result);
    if (!result)
        return ASSAY_NO_MEMORY;
    result->config = *config;
    result->stride = sizeof(functional_hash_entry) + config->outputs * sizeof(double);
    result->parts = assay_allocate(FUNCTIONAL_HASH_PARTS, sizeof *result->parts);
    if (!result->parts) {
        assay_release(result);
        return ASSAY_NO_MEMORY;
    }
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) {
        functional_hash_part *part = &result->parts[i];
        pthread_mutex_init(&part->lock, NULL);
        pthread_cond_init(&part->settled, NULL);
        if (status == ASSAY_OK)
            status = functional_hash_cache_reserve(result, part, config->capacity / FUNCTIONAL_HASH_PARTS + SPARE);
    }
    if (status == ASSAY_OK)
        *cache = result;
    else
        functional_hash_cache_destroy(result);
    return status;
}

void functional_hash_cache_destroy(functional_hash_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) {
        functional_hash_part *part = &cache->parts[i];
        pthread_mutex_destroy(&part->lock);
        pthread_cond_destroy(&part->settled);
        free(part->entries);
        free(part->audits);
        free(part->slots);
    }
    assay_release(cache->parts);
    assay_release(cache);
}

/* ---- Claims and evaluations ---- */

static uint64_t *count_of(functional_hash_part *part, functional_hash_lookup lookup)
{
    switch (lookup) {
    case FUNCTIONAL_HASH_MISS: return &part->counts.misses;
    case FUNCTIONAL_HASH_PARTIAL: return &part->counts.partial_hits;
    case FUNCTIONAL_HASH_HIT: return &part->counts.hits;
    default: return &part->counts.uncached;
    }
}

assay_status functional_hash_cache_claim_in(const functional_hash_cache *cache, functional_hash_part *part,
                                            functional_hash_key key, const functional_hash_key *audit,
                                            functional_hash_lookup *lookup, functional_hash_entry **entry)
{
    *entry = NULL;
    *lookup = FUNCTIONAL_HASH_UNCACHED;
    if (functional_hash_is_hashable(key)) {
        *entry = functional_hash_cache_find(cache, part, key);
        *lookup = !*entry                                             ? FUNCTIONAL_HASH_MISS
                  : (*entry)->claimed < cache->config.max_evaluations ? FUNCTIONAL_HASH_PARTIAL
                                                                      : FUNCTIONAL_HASH_HIT;
    }
    if (*lookup == FUNCTIONAL_HASH_MISS) {
        *entry = functional_hash_cache_append(cache, part, key, audit);
        if (!*entry)
            return ASSAY_NO_MEMORY;
    } else if (*entry && part->audits && audit) {
        const size_t index = (size_t)((unsigned char *)*entry - part->entries) / cache->stride;
        part->counts.false_merges += !functional_hash_equal(part->audits[index], *audit);
    }
    if (*lookup == FUNCTIONAL_HASH_MISS || *lookup == FUNCTIONAL_HASH_PARTIAL)
        (*entry)->claimed++;
    ++*count_of(part, *lookup);
    return ASSAY_OK;
}

void functional_hash_cache_add(const functional_hash_cache *cache, functional_hash_entry *entry, const double *outputs)
{
    const size_t bytes = cache->config.outputs * sizeof *outputs;
    const double n = ++entry->evaluations;
    switch (cache->config.aggregate) {
    case FUNCTIONAL_HASH_MEAN:
        for (size_t i = 0; i < cache->config.outputs; i++) {
            const double mean = n == 1 ? outputs[i] : entry->outputs[i], step = (outputs[i] - mean) / n;
            entry->outputs[i] = isfinite(step) ? mean + step : mean + outputs[i]; /* an infinity stays one */
        }
        break;
    case FUNCTIONAL_HASH_BEST:
        if (n == 1 || outputs[0] > entry->outputs[0])
            memcpy(entry->outputs, outputs, bytes);
        break;
    case FUNCTIONAL_HASH_LAST: memcpy(entry->outputs, outputs, bytes); break;
    }
}

void functional_hash_cache_give_up(const functional_hash_cache *cache, functional_hash_part *part,
                                   functional_hash_entry *entry, functional_hash_lookup lookup)
{
    --*count_of(part, lookup);
    if (entry && --entry->claimed == 0)
        functional_hash_cache_remove(cache, part, entry);
}

/* The removals of a part have a stream of their own, by the number of its hits. */
bool functional_hash_cache_removes_next(const functional_hash_cache *cache, const functional_hash_part *part)
{
    const assay_random random = {cache->config.seed, (uint64_t)(part - cache->parts)};
    return cache->config.remove_probability > 0 &&
           assay_random_uniform(random, part->counts.hits) < cache->config.remove_probability;
}

/* ---- Lookups ---- */

assay_status functional_hash_cache_check_get(const functional_hash_cache *cache, const functional_hash_key *keys,
                                             const functional_hash_key *audits, size_t n,
                                             functional_hash_evaluation *evaluate, const double *outputs)
{
    if (!cache || !evaluate)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cache ? "evaluate" : "cache");
    if (n > 0 && (!keys || !outputs))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", keys ? "outputs" : "keys");
    if (n > 0 && cache->config.audit && !audits)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "audit is null, but the cache audits");
    return ASSAY_OK;
}

/* A hit: waits for what is still being evaluated, reads, removes. False if the entry went meanwhile. */
static bool read_hit(functional_hash_cache *cache, functional_hash_part *part, functional_hash_key key, double *outputs)
{
    functional_hash_entry *entry;
    while ((entry = functional_hash_cache_find(cache, part, key)) && functional_hash_is_pending(entry))
        pthread_cond_wait(&part->settled, &part->lock);
    if (!entry)
        return false;
    memcpy(outputs, entry->outputs, cache->config.outputs * sizeof *outputs);
    part->counts.hits--; /* removal goes by the hits before this one */
    const bool remove = functional_hash_cache_removes_next(cache, part);
    part->counts.hits++;
    if (remove) {
        functional_hash_cache_remove(cache, part, entry);
        part->counts.removed++;
    }
    return true;
}

static assay_status get_one(functional_hash_cache *cache, functional_hash_key key, const functional_hash_key *audit,
                            functional_hash_evaluation *evaluate, void *self, size_t i, double *outputs,
                            functional_hash_lookup *lookup)
{
    functional_hash_part *part = functional_hash_part_of(cache, key);
    functional_hash_lookup found;
    functional_hash_entry *entry;
    pthread_mutex_lock(&part->lock);
    assay_status status = functional_hash_cache_claim_in(cache, part, key, audit, &found, &entry);
    while (status == ASSAY_OK && found == FUNCTIONAL_HASH_HIT && !read_hit(cache, part, key, outputs)) {
        part->counts.hits--;
        status = functional_hash_cache_claim_in(cache, part, key, audit, &found, &entry);
    }
    pthread_mutex_unlock(&part->lock);
    if (status == ASSAY_OK && found != FUNCTIONAL_HASH_HIT) {
        status = evaluate(self, i, outputs);
        pthread_mutex_lock(&part->lock);
        entry = found == FUNCTIONAL_HASH_UNCACHED ? NULL : functional_hash_cache_find(cache, part, key);
        if (status != ASSAY_OK) {
            functional_hash_cache_give_up(cache, part, entry, found);
        } else if (entry) {
            functional_hash_cache_add(cache, entry, outputs);
            memcpy(outputs, entry->outputs, cache->config.outputs * sizeof *outputs);
        }
        pthread_cond_broadcast(&part->settled);
        pthread_mutex_unlock(&part->lock);
    }
    if (status == ASSAY_OK && lookup)
        *lookup = found;
    return status;
}

assay_status functional_hash_cache_get(functional_hash_cache *cache, functional_hash_key key,
                                       const functional_hash_key *audit, functional_hash_evaluation *evaluate,
                                       void *self, double *outputs, functional_hash_lookup *lookup)
{
    const assay_status status = functional_hash_cache_check_get(cache, &key, audit, 1, evaluate, outputs);
    return status == ASSAY_OK ? get_one(cache, key, audit, evaluate, self, 0, outputs, lookup) : status;
}

assay_status functional_hash_reference_cache_get_all(functional_hash_cache *cache, const functional_hash_key *keys,
                                                     const functional_hash_key *audits, size_t n,
                                                     functional_hash_evaluation *evaluate, void *self, double *outputs,
                                                     functional_hash_lookup *lookups)
{
    assay_status status = functional_hash_cache_check_get(cache, keys, audits, n, evaluate, outputs);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++)
        status = get_one(cache, keys[i], audits ? &audits[i] : NULL, evaluate, self, i,
                         outputs + i * cache->config.outputs, lookups ? &lookups[i] : NULL);
    return status;
}

/* ---- Looking without counting ---- */

assay_status functional_hash_cache_peek(const functional_hash_cache *cache, functional_hash_key key, double *outputs,
                                        uint32_t *evaluations)
{
    return functional_hash_reference_cache_peek_all(cache, &key, 1, outputs, evaluations);
}

assay_status functional_hash_reference_cache_peek_all(const functional_hash_cache *cache,
                                                      const functional_hash_key *keys, size_t n, double *outputs,
                                                      uint32_t *evaluations)
{
    if (!cache)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "cache is null");
    if (n > 0 && (!keys || !evaluations))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", keys ? "evaluations" : "keys");
    for (size_t i = 0; i < n; i++) {
        functional_hash_part *part = functional_hash_part_of(cache, keys[i]);
        pthread_mutex_lock(&part->lock);
        const functional_hash_entry *entry = functional_hash_cache_find(cache, part, keys[i]);
        evaluations[i] = entry ? entry->evaluations : 0;
        if (outputs && evaluations[i] > 0)
            memcpy(outputs + i * cache->config.outputs, entry->outputs, cache->config.outputs * sizeof *outputs);
        pthread_mutex_unlock(&part->lock);
    }
    return ASSAY_OK;
}

assay_status functional_hash_cache_count(const functional_hash_cache *cache, functional_hash_cache_counts *counts)
{
    if (!cache || !counts)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cache ? "counts" : "cache");
    functional_hash_cache_counts sum = {0};
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) {
        functional_hash_part *part = &cache->parts[i];
        pthread_mutex_lock(&part->lock);
        sum.misses += part->counts.misses;
        sum.partial_hits += part->counts.partial_hits;
        sum.hits += part->counts.hits;
        sum.uncached += part->counts.uncached;
        sum.removed += part->counts.removed;
        sum.false_merges += part->counts.false_merges;
        sum.size += part->count;
        pthread_mutex_unlock(&part->lock);
    }
    sum.lookups = sum.misses + sum.partial_hits + sum.hits + sum.uncached;
    *counts = sum;
    return ASSAY_OK;
}
